/* gateway/router.c: what the driver tells, and when. */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

int64_t router_now(const struct router *router)
{
    return dna_uv_now(router->options.uv).mono;
}

struct router *router_new(const struct router_options *options)
{
    struct router *router = calloc(1, sizeof *router);
    if (router == NULL) {
        return NULL;
    }
    router->options = *options;
    router->resume_at = DNA_NEVER;
    router->queues.limits = options->queue;
    if (!table_init(&router->pairs, options->key) ||
        !table_init(&router->places, options->key) ||
        !table_init(&router->accounts, options->key)) {
        table_fini(&router->pairs);
        table_fini(&router->places);
        free(router);
        return NULL;
    }
    return router;
}

void router_free(struct router *router)
{
    struct table_node *node;
    if (router == NULL) {
        return;
    }
    while (router->oldest_hold != NULL) {
        struct hold *hold = router->oldest_hold;
        router->oldest_hold = hold->newer;
        free(hold->why);
    }
    while ((node = table_take(&router->pairs)) != NULL) {
        struct pair *pair = (struct pair *)(void *)((char *)node - offsetof(struct pair, node));
        struct waiting *w;
        while ((w = queue_take(&router->queues, &pair->queue)) != NULL) {
            queue_free_waiting(w);
        }
        share_leave(router, pair);
        free(pair);
    }
    while ((node = table_take(&router->places)) != NULL) {
        free((char *)node - offsetof(struct place, node));
    }
    resume_fini(router);
    table_fini(&router->pairs);
    table_fini(&router->places);
    table_fini(&router->accounts);
    free(router);
}

struct stream *router_accepted(struct router *router, struct dna_uv_stream *uv,
                               struct dna_link *link)
{
    struct stream *stream = stream_new(router, link, "", "", "", 0);
    if (stream != NULL) {
        stream->uv = uv;
        stream->connected = true;
    }
    return stream;
}

struct router *router_of(const struct stream *stream)
{
    return stream->router;
}

/* The pairs that wait on a stream are asked for (again). */
static void ask_pairs(struct stream *stream)
{
    struct pair *next;
    for (struct pair *pair = stream->pairs; pair != NULL; pair = next) {
        next = pair->next_carried;
        if (pair->state == PAIR_WAITS) {
            pair_ask(stream->router, pair);
        }
    }
}

void router_connected(struct stream *stream)
{
    stream->connected = true;
    place_connected(stream->router, stream);
    ask_pairs(stream);
}

static void lose(struct router *router, const struct dna_stanza *stanza, const char *why)
{
    if (returns_worth_a_line(++router->counts.lost)) {
        gateway_log(router->options.log, DNA_LOG_WARNING, "lost", "from",
                    stanza->from_domain.text, "to", stanza->to_domain.text, "why", why, NULL);
    }
}

/* There is no place for the pair; the opposite one may be there. */
static void turn_away(struct router *router, const struct dna_stanza *stanza)
{
    static const char why[] = "the gateway cannot serve more pairs of domains";
    struct pair *back = NULL;
    if (dna_stanza_answerable(stanza)) {
        back = pair_find(router, stanza->to_domain.text, stanza->from_domain.text);
    }
    if (back != NULL) {
        pair_error(router, back, stanza, DNA_STANZA_RESOURCE_CONSTRAINT, why);
    } else {
        lose(router, stanza, why);
    }
}

void router_stanza(struct stream *stream, const struct dna_stanza *stanza)
{
    struct router *router = stream->router;
    const char *from = stanza->from_domain.text, *to = stanza->to_domain.text;
    struct pair *pair = stream->last;
    stream->busy = true;
    if (strcmp(from, to) == 0) {
        lose(router, stanza, "a domain needs no gateway to reach itself");
        return;
    }
    if (pair == NULL || stream->last_generation != router->generation ||
        strcmp(pair->source->domain, from) != 0 || strcmp(pair->target->domain, to) != 0) {
        pair = pair_of(router, from, to, stream);
        if (pair == NULL) {
            turn_away(router, stanza);
            return;
        }
        stream->last = pair;
        stream->last_generation = router->generation;
    }
    if (stream->errors_only) {
        unproven_return(router, pair, stream, stanza);
        return;
    }
    if (pair_lacks_proof(pair, stream)) {
        returns_stanza(router, pair, stanza, DNA_STANZA_REMOTE_SERVER_REFUSED, NEEDS_PROOF);
        pair_release(router, pair);
        return;
    }
    pair_stanza(router, pair, stream, stanza);
}

void router_seek(struct router *router, const char *from, const char *to)
{
    struct pair *pair = from[0] != '\0' && strcmp(from, to) != 0 && !router->draining
                            ? pair_of(router, from, to, NULL)
                            : NULL;
    if (pair != NULL && pair->state == PAIR_RESTS && !hold_holds(router, &pair->hold)) {
        place_seek(router, pair);
    }
}

bool router_seeks(struct router *router, const char *from, const char *to)
{
    const struct pair *pair = from[0] != '\0' ? pair_find(router, from, to) : NULL;
    return pair != NULL && (pair->state == PAIR_SEEKS || pair->state == PAIR_WAITS);
}

/* --- what may flow has changed ------------------------------------------------------ */

static void check_ready(struct pair *pair, struct stream *stream)
{
    if (pair->stream == stream && pair->state == PAIR_WAITS) {
        pair_ask(stream->router, pair);
    }
}

static enum dna_stanza_condition condition_of(const struct dna_ruling *ruling)
{
    return ruling != NULL && ruling->verdict == DNA_TEMPFAIL
               ? DNA_STANZA_REMOTE_SERVER_TIMEOUT
               : DNA_STANZA_REMOTE_SERVER_REFUSED;
}

static const char *reason(const struct dna_stream_effect *effect, char *text, size_t size)
{
    if (effect->ruling != NULL) {
        (void)snprintf(text, size, "%s", effect->ruling->why);
    } else if (effect->kind == DNA_STREAM_PEER) {
        (void)snprintf(text, size, "the other server does not speak for %s", effect->domain);
    } else {
        (void)snprintf(text, size, "the other server does not accept %s%s%s%s%s",
                       effect->domain, effect->condition[0] != '\0' ? ": " : "",
                       effect->condition, effect->text[0] != '\0' ? ": " : "", effect->text);
    }
    return text;
}

/* The peer no longer takes stanzas from our domain, or never did. */
static void own_refused(struct stream *stream, const struct dna_stream_effect *effect)
{
    struct router *router = stream->router;
    struct place *place = place_find(router, effect->domain);
    char why[512];
    struct pair *next;
    (void)reason(effect, why, sizeof why);
    for (struct pair *pair = place != NULL ? place->out : NULL; pair != NULL; pair = next) {
        next = pair->next_out;
        if (pair->stream == stream) {
            pair_fail(router, pair, DNA_STANZA_REMOTE_SERVER_REFUSED, why, ROUTER_HOLD_MS);
        }
    }
}

static void own_accepted(struct stream *stream, const char *domain)
{
    struct place *place = place_find(stream->router, domain);
    struct pair *next;
    stream_add_way(stream, domain);
    for (struct pair *pair = place != NULL ? place->out : NULL; pair != NULL; pair = next) {
        next = pair->next_out;
        check_ready(pair, stream);
    }
}

/* The peer is not, or no longer, believed to speak for domain.  On a stream that was opened
 * for another one that is no last word, unless nothing could be found out: this domain's own
 * endpoint may be a proof. */
static void peer_refused(struct stream *stream, const struct dna_stream_effect *effect)
{
    struct router *router = stream->router;
    struct place *place = place_find(router, effect->domain);
    bool last_word = strcmp(stream->peer, effect->domain) == 0 ||
                     condition_of(effect->ruling) == DNA_STANZA_REMOTE_SERVER_TIMEOUT;
    char why[512];
    struct pair *next;
    if (place == NULL) {
        return;
    }
    (void)reason(effect, why, sizeof why);
    if (place->stream == stream) {
        place_unlead(place);
    }
    if (place->in == NULL) {
        place_release(router, place);
        return;
    }
    for (struct pair *pair = place->in; pair != NULL; pair = next) {
        next = pair->next_in;
        if (pair->stream != stream) {
            continue;
        }
        if (last_word || pair->tries >= 2) {
            pair_fail(router, pair, condition_of(effect->ruling), why, ROUTER_HOLD_MS);
        } else if (pair->state == PAIR_READY && pair->queue.n == 0) {
            pair_detach(pair); /* revoked, and nobody has anything to say to it now */
            pair_release(router, pair);
        } else {
            pair_detach(pair);
            if (place->stream != NULL &&
                place_shares(router, place->stream, pair->source->domain)) {
                pair_attach(router, pair, place->stream);
            } else {
                place_dial(router, pair);
            }
        }
    }
    stream_settle(stream);
}

/* One that bidi made carry both ways leads back to the domain that opened it. */
static bool leads_back(const struct stream *stream, const char *domain)
{
    const struct dna_stream *core = dna_uv_stream_core(stream->uv);
    return dna_stream_speaks_dna(core) ||
           (stream->link == NULL && stream->own[0] == '\0' &&
            dna_stream_may_send(core, dna_stream_own(core), domain));
}

/* A public stream that speaks DNA leads to every domain that was proven on it. */
static void adopt(struct stream *stream, const char *domain)
{
    struct router *router = stream->router;
    struct place *place;
    struct pair *next;
    if (stream->ending || !leads_back(stream, domain) ||
        dna_session_hosts(router->options.session, domain)) {
        return;
    }
    place = place_of(router, domain);
    if (place != NULL && place->stream == stream) {
        place->hold.until = 0; /* what failed before bars nothing, though it counts */
    }
    if (place == NULL || place->stream != NULL) {
        return;
    }
    place_lead(place, stream);
    hold_end(router, &place->hold);
    for (struct pair *pair = place->in; pair != NULL; pair = next) {
        next = pair->next_in;
        if (pair->state == PAIR_SEEKS &&
            place_shares(router, stream, pair->source->domain)) {
            pair->state = PAIR_RESTS;
            pair_attach(router, pair, stream);
        }
    }
}

static void peer_accepted(struct stream *stream, const char *domain)
{
    struct place *place;
    struct pair *next;
    adopt(stream, domain);
    place = place_find(stream->router, domain);
    if (place == NULL) {
        return;
    }
    for (struct pair *pair = place->in; pair != NULL; pair = next) {
        next = pair->next_in;
        check_ready(pair, stream);
    }
}

static void rest(struct router *router, struct pair *pair)
{
    pair_detach(pair);
    if (pair->queue.n > 0) {
        place_seek(router, pair);
    } else {
        pair_release(router, pair);
    }
}

/* It speaks to us, so that it can be reached again, too. */
static void server_lives(struct router *router, const struct stream *stream,
                         const char *domain)
{
    struct place *place = place_find(router, domain);
    if (place != NULL && place->link == stream->link) {
        hold_end(router, &place->hold);
        place_release(router, place);
    }
}

/* Dialback admits pairs only.  On a stream that was accepted: its peer has something to say, so
 * that the way to the remote domain is sought before the stanza is here. */
static void pair_changed(struct stream *stream, const struct dna_stream_effect *effect)
{
    struct router *router = stream->router;
    struct pair *pair;
    if (stream->own[0] == '\0') {
        if (effect->accepted && !router->draining &&
            strcmp(effect->domain, effect->other) != 0) {
            if (stream->link == NULL) {
                adopt(stream, effect->domain);
            } else {
                server_lives(router, stream, effect->domain);
            }
            stream_add_way(stream, effect->other);
            pair = pair_of(router, effect->domain, effect->other, stream);
            if (pair != NULL && pair->state == PAIR_RESTS &&
                !hold_holds(router, &pair->hold)) {
                place_seek(router, pair);
            }
        }
        return;
    }
    pair = pair_find(router, effect->domain, effect->other);
    if (pair == NULL || pair->stream != stream) {
        return;
    }
    if (effect->accepted) {
        check_ready(pair, stream);
    } else if (strcmp(effect->condition, "reset") == 0) {
        rest(router, pair); /* it made room for others, and may be asked for again */
    } else if (stream->link == NULL) {
        char why[512];
        (void)reason(effect, why, sizeof why);
        pair_fail(router, pair,
                  strcmp(effect->condition, "remote-server-timeout") == 0 ||
                          strcmp(effect->condition, "remote-connection-failed") == 0 ||
                          strcmp(effect->condition, "resource-constraint") == 0
                      ? DNA_STANZA_REMOTE_SERVER_TIMEOUT
                      : DNA_STANZA_REMOTE_SERVER_REFUSED,
                  why, ROUTER_HOLD_MS);
    } else {
        char why[512];
        bool unknown = strcmp(effect->condition, "item-not-found") == 0 ||
                       strcmp(effect->condition, "host-unknown") == 0;
        (void)snprintf(why, sizeof why, "the server of %s refused: %s %s", effect->other,
                       effect->condition, effect->text);
        pair_fail(router, pair,
                  unknown ? DNA_STANZA_ITEM_NOT_FOUND : DNA_STANZA_INTERNAL_SERVER_ERROR, why,
                  ROUTER_HOLD_LINK_MS);
    }
}

void router_changed(struct stream *stream, const struct dna_stream_effect *effect)
{
    const struct dna_stream *core = dna_uv_stream_core(stream->uv);
    if (effect->accepted && !stream->up && effect->kind != DNA_STREAM_ERROR) {
        stream->up = true;
        ask_pairs(stream);
    }
    switch (effect->kind) {
    case DNA_STREAM_OWN:
        if (effect->accepted) {
            /* Whether the peer speaks DNA may not have been known when it was proven. */
            const char *peer = dna_stream_peer(core);
            if (peer[0] != '\0' && dna_stream_may_send(core, effect->domain, peer)) {
                adopt(stream, peer);
            }
            own_accepted(stream, effect->domain);
        } else {
            own_refused(stream, effect);
        }
        break;
    case DNA_STREAM_PEER:
        if (effect->accepted) {
            peer_accepted(stream, effect->domain);
        } else {
            peer_refused(stream, effect);
        }
        break;
    case DNA_STREAM_PAIR:
        pair_changed(stream, effect);
        break;
    case DNA_STREAM_SECURE:
    case DNA_STREAM_VERIFY:
    case DNA_STREAM_READY:
    case DNA_STREAM_VERIFIED:
    case DNA_STREAM_STANZA:
    case DNA_STREAM_FLOWS:
    case DNA_STREAM_ERROR:
    case DNA_STREAM_CLOSE:
        break;
    }
}

void router_drained(struct stream *stream)
{
    pressure_drained(stream->router, stream);
    ask_pairs(stream);
}

void router_unsent(struct router *router, const struct dna_stanza *stanza)
{
    static const char why[] = "the connection broke, and it may not have arrived";
    struct pair *pair = pair_of(router, stanza->from_domain.text, stanza->to_domain.text, NULL);
    if (pair == NULL) {
        turn_away(router, stanza);
        return;
    }
    returns_stanza(router, pair, stanza, DNA_STANZA_REMOTE_SERVER_TIMEOUT, why);
    pair_release(router, pair);
}

/* --- the end of a stream ------------------------------------------------------------ */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(word, *words) == 0) {
            return true;
        }
    }
    return false;
}

static enum dna_stanza_condition condition_of_end(const struct stream *stream,
                                                  const char *condition)
{
    static const char *const lasting[] = {
        "host-unknown", "host-gone", "not-authorized", "invalid-from", "policy-violation",
        "unsupported-version", "unsupported-feature", "invalid-namespace",
        "improper-addressing", NULL};
    if (stream->link == NULL && strcmp(condition, "remote-server-not-found") == 0) {
        return DNA_STANZA_REMOTE_SERVER_NOT_FOUND;
    }
    return stream->link == NULL && is_one_of(condition, lasting)
               ? DNA_STANZA_REMOTE_SERVER_REFUSED
               : DNA_STANZA_REMOTE_SERVER_TIMEOUT;
}

static void carry_elsewhere(struct router *router, struct pair *pair, bool failed,
                            bool last_word, enum dna_stanza_condition condition,
                            const char *why)
{
    pair_detach(pair);
    if (pair->queue.n == 0) {
        pair->tries = 0;
        pair_release(router, pair);
    } else if (failed && (last_word || pair->tries >= 2)) {
        pair_fail(router, pair, condition, why,
                  pair->target->hold.active ? 0 : ROUTER_HOLD_MS);
    } else {
        pair->tries += failed;
        place_seek(router, pair);
    }
}

void router_closed(struct stream *stream, const char *condition, const char *why)
{
    struct router *router = stream->router;
    bool moved = stream->uv != NULL && dna_uv_stream_moved(stream->uv);
    bool failed = !moved && (!stream->up ||
                             router_now(router) - stream->since < ROUTER_SHORT_LIFE_MS);
    enum dna_stanza_condition returned = condition_of_end(stream, condition);
    struct place *target = stream->own[0] != '\0' ? place_find(router, stream->peer) : NULL;
    char text[512];
    (void)snprintf(text, sizeof text, "%s%s%s", condition,
                   condition[0] != '\0' && why[0] != '\0' ? ": " : "", why);
    pressure_forget(router, stream);
    while (stream->places != NULL) {
        struct place *place = stream->places;
        place_unlead(place);
        if (place == target && failed && !stream->ending) {
            hold_begin(router, &place->hold,
                       stream->link != NULL ? ROUTER_HOLD_LINK_MS : ROUTER_HOLD_MS, returned,
                       text);
        }
        place_release(router, place);
    }
    resume_closed(router, stream);
    while (stream->pairs != NULL) {
        struct pair *pair = stream->pairs;
        carry_elsewhere(router, pair, failed, strcmp(pair->target->domain, stream->peer) == 0,
                        returned, text);
    }
    stream_free(stream);
}

/* --- time, and the end of all ------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t router_deadline(const struct router *router)
{
    return earlier(earlier(queue_deadline(&router->queues), hold_deadline(router)),
                   earlier(earlier(resume_deadline(router), unproven_deadline(router)),
                           stream_sweep_deadline(router)));
}

static struct pair *with_queue(struct queue *queue)
{
    return (struct pair *)(void *)((char *)queue - offsetof(struct pair, queue));
}

static void return_overdue(struct router *router, struct pair *pair)
{
    struct waiting *w = pair_take(router, pair);
    struct dna_stanza stanza;
    if (w->is_error) {
        returns_lost(router, pair, w->text.ptr);
    } else {
        queue_stanza(w, pair->source->domain, pair->target->domain, &stanza);
        returns_stanza(router, pair, &stanza, DNA_STANZA_REMOTE_SERVER_TIMEOUT,
                       "no proof, or no connection, in time");
    }
    queue_free_waiting(w);
}

void router_tick(struct router *router)
{
    int64_t now = router_now(router);
    struct queue *queue;
    while ((queue = queue_overdue(&router->queues, now)) != NULL) {
        return_overdue(router, with_queue(queue));
    }
    hold_tick(router, now);
    resume_tick(router, now);
    unproven_tick(router, now);
    stream_sweep(router, now);
}

void router_drain(struct router *router)
{
    router->draining = true;
}

size_t router_waiting(const struct router *router)
{
    return router->queues.n;
}

size_t router_n_streams(const struct router *router)
{
    return router->n_streams;
}

void router_close_all(struct router *router)
{
    router->draining = router->stopped = true;
    while (router->queues.oldest != NULL) {
        struct pair *pair = with_queue(router->queues.oldest->queue);
        struct waiting *w = pair_take(router, pair);
        returns_lost(router, pair, "the gateway is being stopped");
        queue_free_waiting(w);
    }
    for (struct stream *s = router->streams; s != NULL; s = s->next) {
        s->ending = true;
        dna_uv_stream_close(s->uv, "system-shutdown", "the gateway is being stopped");
    }
}

struct router_counts router_counted(const struct router *router)
{
    return router->counts;
}
