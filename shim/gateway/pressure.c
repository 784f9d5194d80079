/* gateway/pressure.c: slow destinations.
 *
 * A source whose stanzas can only go to one destination is not read while that one is
 * slow.  A source that others depend on is paused for two seconds at most; then the slow
 * destination refuses what is for it, which is returned, until it has drained.
 */
#include "routing.h"

static void leave_line(struct router *router, struct stream *source)
{
    if (!source->timed) {
        return;
    }
    *(source->older != NULL ? &source->older->newer : &router->oldest_paused) = source->newer;
    *(source->newer != NULL ? &source->newer->older : &router->newest_paused) = source->older;
    source->older = source->newer = NULL;
    source->timed = false;
}

static void unpause(struct router *router, struct stream *source)
{
    leave_line(router, source);
    *source->paused = source->next_paused;
    if (source->next_paused != NULL) {
        source->next_paused->paused = source->paused;
    }
    source->paused_for = NULL;
}

static void pause_source(struct router *router, struct stream *source,
                         struct stream *destination)
{
    source->paused_for = destination;
    source->next_paused = destination->sources;
    source->paused = &destination->sources;
    if (source->next_paused != NULL) {
        source->next_paused->paused = &source->next_paused;
    }
    destination->sources = source;
    dna_uv_stream_pause(source->uv);
    if (source->shared) {
        source->timed = true;
        source->paused_since = router_now(router);
        source->older = router->newest_paused;
        *(router->newest_paused != NULL ? &router->newest_paused->newer
                                        : &router->oldest_paused) = source;
        router->newest_paused = source;
    }
}

void pressure_sent(struct router *router, struct stream *source, struct stream *destination)
{
    if (dna_uv_stream_backlog(destination->uv) <= ROUTER_SLOW_BYTES) {
        return;
    }
    destination->slow = true;
    if (source != NULL && source->paused_for == NULL) {
        pause_source(router, source, destination);
    }
}

static void resume_all(struct router *router, struct stream *destination)
{
    while (destination->sources != NULL) {
        struct stream *source = destination->sources;
        unpause(router, source);
        dna_uv_stream_resume(source->uv);
    }
}

void pressure_drained(struct router *router, struct stream *destination)
{
    destination->slow = destination->refuses = false;
    resume_all(router, destination);
}

void pressure_forget(struct router *router, struct stream *stream)
{
    if (stream->paused_for != NULL) {
        unpause(router, stream);
    }
    resume_all(router, stream);
}

int64_t pressure_deadline(const struct router *router)
{
    return router->oldest_paused == NULL
               ? DNA_NEVER
               : router->oldest_paused->paused_since + ROUTER_PAUSE_MS;
}

void pressure_tick(struct router *router, int64_t now)
{
    while (pressure_deadline(router) <= now) {
        struct stream *source = router->oldest_paused;
        source->paused_for->refuses = true;
        unpause(router, source);
        dna_uv_stream_resume(source->uv);
    }
}
