/* gateway/stream.c: the router's side of a stream. */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

static const char *put_name(char **at, const char *name)
{
    size_t size = strlen(name) + 1;
    char *put = memcpy(*at, name, size);
    *at += size;
    return put;
}

struct stream *stream_new(struct router *router, struct dna_link *link, const char *own,
                          const char *peer, const char *host, uint16_t port)
{
    size_t names = strlen(own) + strlen(peer) + strlen(host) + 3;
    struct stream *stream = calloc(1, sizeof *stream + names);
    char *at;
    if (stream == NULL) {
        return NULL;
    }
    at = stream->names;
    stream->own = put_name(&at, own);
    stream->peer = put_name(&at, peer);
    stream->host = put_name(&at, host);
    stream->port = port;
    stream->user = (struct user){router->options.gateway, true};
    stream->router = router;
    stream->link = link;
    stream->since = router_now(router);
    stream->busy = true;
    if (router->streams == NULL) {
        router->swept = stream->since; /* none was there to be swept */
    }
    stream->next = router->streams;
    stream->self = &router->streams;
    if (stream->next != NULL) {
        stream->next->self = &stream->next;
    }
    router->streams = stream;
    router->n_streams++;
    return stream;
}

void stream_free(struct stream *stream)
{
    *stream->self = stream->next;
    if (stream->next != NULL) {
        stream->next->self = stream->self;
    }
    stream->router->n_streams--;
    share_close(stream->router, stream);
    free(stream->errors_why);
    free(stream);
}

void stream_end(struct stream *stream)
{
    if (!stream->ending) {
        stream->ending = true;
        dna_uv_stream_close(stream->uv, NULL, NULL);
    }
}

void stream_settle(struct stream *stream)
{
    if (stream->own[0] != '\0' && stream->pairs == NULL && stream->places == NULL) {
        stream_end(stream);
    }
}

void stream_ask(struct stream *stream)
{
    struct pair *next;
    for (struct pair *pair = stream->pairs; pair != NULL; pair = next) {
        next = pair->next_carried;
        if (pair->state == PAIR_WAITS) {
            pair_ask(stream->router, pair);
        }
    }
}

int64_t stream_sweep_deadline(const struct router *router)
{
    return router->streams == NULL ? DNA_NEVER : router->swept + ROUTER_IDLE_MS;
}

static bool is_awaited(const struct stream *stream)
{
    for (const struct pair *pair = stream->pairs; pair != NULL; pair = pair->next_carried) {
        if (pair->queue.n > 0) {
            return true;
        }
    }
    return false;
}

/* A stream that is always busy would else keep every pair that it ever carried, and there is
 * room for so many only, which one peer with names without number could fill. */
static void rest_idle_pairs(struct router *router, struct stream *stream)
{
    struct pair *next;
    for (struct pair *pair = stream->pairs; pair != NULL; pair = next) {
        bool idle = pair->queue.n == 0 && !pair->busy;
        next = pair->next_carried;
        pair->busy = false;
        if (idle) {
            pair_detach(pair);
            pair_release(router, pair);
        }
    }
}

void stream_sweep(struct router *router, int64_t now)
{
    if (stream_sweep_deadline(router) > now) {
        return;
    }
    router->swept = now;
    for (struct stream *s = router->streams; s != NULL; s = s->next) {
        if (s->own[0] != '\0' && !s->busy && !is_awaited(s)) {
            stream_end(s);
        }
        s->busy = false;
        if (!s->ending) {
            rest_idle_pairs(router, s);
        }
    }
}

void stream_add_way(struct stream *stream, const char *domain)
{
    uint64_t way = table_hash(&stream->router->places, domain, "");
    if (stream->way == 0) {
        stream->way = way;
    } else if (stream->way != way && !stream->shared) {
        stream->shared = true;
        pressure_shared(stream);
    }
}
