/* gateway/router.c: streams that come, stanzas, time, and the end of all.
 *
 * What else the driver tells of a stream is in changed.c and closed.c.
 */
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

void router_connected(struct stream *stream)
{
    stream->connected = true;
    place_connected(stream->router, stream);
    stream_ask(stream);
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

void router_drained(struct stream *stream)
{
    pressure_drained(stream->router, stream);
    stream_ask(stream);
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
