/* gateway/pair.c: one direction between two domains. */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

static struct pair *with_node(struct table_node *node)
{
    return (struct pair *)(void *)((char *)node - offsetof(struct pair, node));
}

static struct pair *find(const struct router *router, const char *from, const char *to,
                         uint64_t hash)
{
    for (struct table_node *n = table_slot(&router->pairs, hash); n != NULL; n = n->next) {
        struct pair *pair = with_node(n);
        if (n->hash == hash && strcmp(pair->source->domain, from) == 0 &&
            strcmp(pair->target->domain, to) == 0) {
            return pair;
        }
    }
    return NULL;
}

struct pair *pair_find(struct router *router, const char *from, const char *to)
{
    return find(router, from, to, table_hash(&router->pairs, from, to));
}

static void link_places(struct pair *pair)
{
    struct place *source = pair->source, *target = pair->target;
    pair->next_out = source->out;
    pair->out = &source->out;
    if (pair->next_out != NULL) {
        pair->next_out->out = &pair->next_out;
    }
    source->out = pair;
    pair->next_in = target->in;
    pair->in = &target->in;
    if (pair->next_in != NULL) {
        pair->next_in->in = &pair->next_in;
    }
    target->in = pair;
}

static void unlink_places(struct pair *pair)
{
    *pair->out = pair->next_out;
    if (pair->next_out != NULL) {
        pair->next_out->out = pair->out;
    }
    *pair->in = pair->next_in;
    if (pair->next_in != NULL) {
        pair->next_in->in = pair->in;
    }
}

/* NULL: no memory, or a limit. */
static struct pair *new_pair(struct router *router, struct place *source,
                             struct place *target, const struct stream *stream,
                             enum share_use use)
{
    struct pair *pair = share_admits_pair(router, source, target, stream, use)
                            ? calloc(1, sizeof *pair)
                            : NULL;
    if (pair == NULL) {
        return NULL;
    }
    pair->source = source;
    pair->target = target;
    pair->hold.of_pair = true;
    if (!share_enter(router, pair, stream)) {
        free(pair);
        return NULL;
    }
    return pair;
}

static struct pair *find_or_make(struct router *router, const char *from, const char *to,
                                 const struct stream *stream, enum share_use use)
{
    uint64_t hash = table_hash(&router->pairs, from, to);
    struct pair *pair = find(router, from, to, hash);
    struct place *source, *target;
    if (pair != NULL) {
        return pair;
    }
    source = place_of(router, from);
    target = source != NULL ? place_of(router, to) : NULL;
    pair = target != NULL ? new_pair(router, source, target, stream, use) : NULL;
    if (pair == NULL) {
        if (target != NULL && target != source) {
            place_release(router, target);
        }
        if (source != NULL) {
            place_release(router, source);
        }
        return NULL;
    }
    link_places(pair);
    table_add(&router->pairs, &pair->node, hash);
    return pair;
}

struct pair *pair_of(struct router *router, const char *from, const char *to,
                     const struct stream *stream)
{
    return find_or_make(router, from, to, stream, SHARE_NEW);
}

struct pair *pair_back(struct router *router, const struct pair *pair)
{
    return find_or_make(router, pair->target->domain, pair->source->domain, NULL, SHARE_ERROR);
}

void pair_release(struct router *router, struct pair *pair)
{
    struct place *source = pair->source, *target = pair->target;
    if (pair->state != PAIR_RESTS || pair->queue.n > 0 || pair->hold.active) {
        return;
    }
    unlink_places(pair);
    share_leave(router, pair);
    table_remove(&router->pairs, &pair->node);
    free(pair);
    router->generation++;
    if (target != source) {
        place_release(router, target);
    }
    place_release(router, source);
}

void pair_detach(struct pair *pair)
{
    if (pair->stream != NULL) {
        *pair->carried = pair->next_carried;
        if (pair->next_carried != NULL) {
            pair->next_carried->carried = pair->carried;
        }
        pair->stream = NULL;
    }
    pair->state = PAIR_RESTS;
}

void pair_attach(struct router *router, struct pair *pair, struct stream *stream)
{
    pair->stream = stream;
    pair->next_carried = stream->pairs;
    pair->carried = &stream->pairs;
    if (pair->next_carried != NULL) {
        pair->next_carried->carried = &pair->next_carried;
    }
    stream->pairs = pair;
    pair->state = PAIR_WAITS;
    if (stream->connected) {
        pair_ask(router, pair);
    }
}

/* --- waiting ------------------------------------------------------------------------ */

struct waiting *pair_take(struct router *router, struct pair *pair)
{
    size_t before = pair->queue.bytes;
    struct waiting *w = queue_take(&router->queues, &pair->queue);
    share_wait(pair, before, pair->queue.bytes);
    return w;
}

static enum dna_err let_wait(struct router *router, struct pair *pair,
                             const struct dna_stanza *stanza)
{
    size_t before = pair->queue.bytes;
    enum dna_err err = DNA_ERR_LIMIT;
    if (share_admits_bytes(router, pair, SHARE_STANZA, queue_cost(stanza, NULL))) {
        err = queue_add(&router->queues, &pair->queue, stanza, router_now(router));
        if (err == DNA_ERR_LIMIT) {
            share_refuse(router, ROUTER_LIMIT_BYTES, "-");
        }
    }
    share_wait(pair, before, pair->queue.bytes);
    return err;
}

static enum dna_err let_error_wait(struct router *router, struct pair *pair,
                                   const struct dna_stanza *stanza,
                                   enum dna_stanza_condition condition, const char *text)
{
    size_t before = pair->queue.bytes;
    enum dna_err err = DNA_ERR_LIMIT;
    if (share_admits_bytes(router, pair, SHARE_ERROR, queue_cost(stanza, text))) {
        err = queue_add_error(&router->queues, &pair->queue, stanza, condition, text,
                              router_now(router));
        if (err == DNA_ERR_LIMIT) {
            share_refuse(router, ROUTER_LIMIT_BYTES, "-");
        }
    }
    share_wait(pair, before, pair->queue.bytes);
    return err;
}

/* --- sending ------------------------------------------------------------------------ */

static enum dna_err send_waiting(const struct pair *pair, const struct waiting *w,
                                 struct dna_stanza *stanza)
{
    const char *from = pair->source->domain, *to = pair->target->domain;
    if (w->is_error) {
        queue_stanza(w, to, from, stanza);
        return dna_uv_stream_send_error(pair->stream->uv, stanza, w->condition, w->text.ptr);
    }
    queue_stanza(w, from, to, stanza);
    return dna_uv_stream_send(pair->stream->uv, stanza);
}

/* What the stream would not take, although it carries the pair. */
static void not_taken(struct router *router, struct pair *pair,
                      const struct dna_stanza *stanza, bool is_error, enum dna_err err)
{
    if (is_error) {
        returns_lost(router, pair, dna_err_name(err));
    } else if (err == DNA_ERR_LIMIT) {
        returns_stanza(router, pair, stanza, DNA_STANZA_POLICY_VIOLATION,
                       "longer than the other server admits");
    } else {
        returns_stanza(router, pair, stanza, DNA_STANZA_RESOURCE_CONSTRAINT,
                       "the gateway is out of memory");
    }
}

static void count_sent(struct router *router, struct pair *pair, bool is_error)
{
    pair->stream->busy = pair->busy = true;
    if (is_error) {
        router->counts.returned++;
    } else {
        router->counts.relayed++;
    }
}

static void send_what_waits(struct router *router, struct pair *pair)
{
    struct dna_stanza stanza;
    while (pair->queue.first != NULL) {
        struct waiting *w;
        enum dna_err err;
        if (pair->stream->errors_only && !pair->queue.first->is_error) {
            pair_fail(router, pair, DNA_STANZA_INTERNAL_SERVER_ERROR, CANNOT_SHOW,
                      ROUTER_HOLD_MS);
            return;
        }
        err = send_waiting(pair, pair->queue.first, &stanza);
        if (err == DNA_ERR_STATE) {
            pair->state = PAIR_WAITS; /* until the stream says more, or ends */
            return;
        }
        w = pair_take(router, pair);
        if (err == DNA_OK) {
            count_sent(router, pair, w->is_error);
        } else {
            not_taken(router, pair, &stanza, w->is_error, err);
        }
        queue_free_waiting(w);
    }
}

/* It was asked and may not: another stream is tried, unless this one was made for it. */
static void try_another(struct router *router, struct pair *pair)
{
    struct stream *stream = pair->stream;
    struct place *place = pair->target;
    bool made_for_it = strcmp(stream->own, pair->source->domain) == 0 &&
                       strcmp(stream->peer, place->domain) == 0;
    pair_detach(pair);
    if (place->stream == stream && strcmp(stream->peer, place->domain) != 0) {
        place_unlead(place);
    }
    if (made_for_it || pair->tries >= 2) {
        pair_fail(router, pair, DNA_STANZA_REMOTE_SERVER_REFUSED,
                  "the other server does not take this pair of domains", ROUTER_HOLD_MS);
    } else {
        place_dial(router, pair);
    }
    stream_settle(stream);
}

bool pair_lacks_proof(const struct pair *pair, const struct stream *stream)
{
    const struct place *remote = pair->source->link == NULL ? pair->source : pair->target;
    const struct place *local = remote == pair->source ? pair->target : pair->source;
    return stream->link == NULL && dna_link_is_bridge(local->link) &&
           !dna_stream_proves(dna_uv_stream_core(stream->uv), remote->domain);
}

void pair_ask(struct router *router, struct pair *pair)
{
    struct stream *stream = pair->stream;
    const char *from = pair->source->domain, *to = pair->target->domain;
    enum dna_err err = dna_uv_stream_ask(stream->uv, from, to);
    if (err == DNA_OK) {
        if (dna_stream_may_send(dna_uv_stream_core(stream->uv), from, to)) {
            if (pair_lacks_proof(pair, stream)) {
                pair_fail(router, pair, DNA_STANZA_REMOTE_SERVER_REFUSED, NEEDS_PROOF,
                          ROUTER_HOLD_MS);
                return;
            }
            pair->state = PAIR_READY;
            pair->tries = 0;
            hold_end(router, &pair->hold);
            send_what_waits(router, pair);
        }
    } else if (err == DNA_ERR_MEMORY) {
        pair_fail(router, pair, DNA_STANZA_RESOURCE_CONSTRAINT, "the gateway is out of memory",
                  ROUTER_HOLD_MS);
    } else if (stream->up) {
        try_another(router, pair);
    } /* else it is asked again when the stream has been negotiated */
}

/* Whether it is settled: sent, or returned. */
static bool send_now(struct router *router, struct pair *pair, struct stream *source,
                     const struct dna_stanza *stanza)
{
    const char *refused = pressure_refuses(router, source, pair->stream);
    enum dna_err err;
    if (refused != NULL) {
        returns_stanza(router, pair, stanza, DNA_STANZA_RESOURCE_CONSTRAINT, refused);
        return true;
    }
    if (!share_admits_output(router, pair->stream, SHARE_STANZA, stanza->raw.len)) {
        returns_stanza(router, pair, stanza, DNA_STANZA_RESOURCE_CONSTRAINT,
                       "the gateway is short of memory");
        return true;
    }
    err = dna_uv_stream_send(pair->stream->uv, stanza);
    if (err == DNA_OK) {
        count_sent(router, pair, false);
        pressure_sent(router, source, pair->stream);
        return true;
    }
    if (err == DNA_ERR_STATE) {
        pair->state = PAIR_WAITS;
        return false;
    }
    not_taken(router, pair, stanza, false, err);
    return true;
}

const struct hold *pair_hold(const struct router *router, const struct pair *pair)
{
    if (pair->state != PAIR_RESTS) {
        return NULL;
    }
    return hold_holds(router, &pair->hold)           ? &pair->hold
           : hold_holds(router, &pair->target->hold) ? &pair->target->hold
                                                     : NULL;
}

/* Sets a pair at rest going, if something waits. */
static void begin(struct router *router, struct pair *pair)
{
    if (pair->state != PAIR_RESTS) {
        return;
    }
    if (pair->queue.n > 0) {
        place_seek(router, pair);
    } else {
        pair_release(router, pair);
    }
}

void pair_stanza(struct router *router, struct pair *pair, struct stream *source,
                 const struct dna_stanza *stanza)
{
    const struct hold *hold;
    enum dna_err err;
    if (pair->stream != NULL && pair->stream->errors_only) {
        unproven_leave(pair);
    }
    if (pair->state == PAIR_READY && pair->queue.n == 0 &&
        send_now(router, pair, source, stanza)) {
        return;
    }
    hold = pair_hold(router, pair);
    if (hold != NULL) {
        returns_stanza(router, pair, stanza, hold->condition, hold->why);
        pair_release(router, pair);
        return;
    }
    err = let_wait(router, pair, stanza);
    if (err != DNA_OK) {
        returns_stanza(router, pair, stanza, DNA_STANZA_RESOURCE_CONSTRAINT,
                       "too much is waiting already");
    }
    begin(router, pair);
}

void pair_error(struct router *router, struct pair *pair, const struct dna_stanza *stanza,
                enum dna_stanza_condition condition, const char *text)
{
    enum dna_err err = DNA_ERR_STATE;
    if (pair->state == PAIR_READY && pair->queue.n == 0 && unproven_meanwhile(router, pair)) {
        unproven_close(pair);
    }
    if (pair->state == PAIR_READY && pair->queue.n == 0) {
        err = pressure_refuses(router, NULL, pair->stream) != NULL ||
                      !share_admits_output(router, pair->stream, SHARE_ERROR, strlen(text))
                  ? DNA_ERR_LIMIT
                  : dna_uv_stream_send_error(pair->stream->uv, stanza, condition, text);
        if (err == DNA_OK) {
            count_sent(router, pair, true);
            pressure_sent(router, NULL, pair->stream);
            return;
        }
        pair->state = err == DNA_ERR_STATE ? PAIR_WAITS : PAIR_READY;
    } else if (pair_hold(router, pair) != NULL) {
        err = DNA_ERR_NOT_FOUND;
    }
    if (err == DNA_ERR_STATE) {
        err = let_error_wait(router, pair, stanza, condition, text);
    }
    if (err != DNA_OK) {
        returns_lost(router, pair, text);
    }
    begin(router, pair);
}

/* --- failing ------------------------------------------------------------------------ */

void pair_give_up(struct router *router, struct pair *pair,
                  enum dna_stanza_condition condition, const char *why)
{
    const char *from = pair->source->domain, *to = pair->target->domain;
    struct dna_stanza stanza;
    struct waiting *w;
    while ((w = pair_take(router, pair)) != NULL) {
        if (w->is_error) {
            returns_lost(router, pair, why);
        } else {
            queue_stanza(w, from, to, &stanza);
            returns_stanza(router, pair, &stanza, condition, why);
        }
        queue_free_waiting(w);
    }
}

void pair_fail(struct router *router, struct pair *pair, enum dna_stanza_condition condition,
               const char *why, int64_t hold_ms)
{
    struct stream *stream = pair->stream;
    pair_detach(pair);
    pair->tries = 0;
    if (hold_ms > 0) {
        hold_begin(router, &pair->hold, hold_ms, condition, why);
    }
    pair_give_up(router, pair, condition, why);
    pair_release(router, pair);
    if (stream != NULL) {
        stream_settle(stream);
    }
}
