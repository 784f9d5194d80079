/* gateway/pressure.c: slow destinations.
 *
 * A local server's stream whose stanzas can only go to one destination is not read while that
 * one is slow.  Nobody else waits for a slow destination: what other streams bring for it
 * beyond a bound is returned, until it has drained.  A public stream is one of these even
 * where one pair is all that it carries so far: further domains are proven on it, and what
 * keeps it alive is answered there.
 *
 * What the destinations of such streams hold has a bound, too, all of it together.
 */
#include "routing.h"

static bool may_wait(const struct stream *source)
{
    return source != NULL && source->link != NULL && !source->shared;
}

/* --- sources that wait ---------------------------------------------------------------- */

static void pause_source(struct stream *source, struct stream *destination)
{
    source->paused_for = destination;
    source->next_paused = destination->sources;
    source->paused = &destination->sources;
    if (source->next_paused != NULL) {
        source->next_paused->paused = &source->next_paused;
    }
    destination->sources = source;
    dna_uv_stream_pause(source->uv);
}

static void unpause(struct stream *source)
{
    *source->paused = source->next_paused;
    if (source->next_paused != NULL) {
        source->next_paused->paused = source->paused;
    }
    source->paused_for = NULL;
}

void pressure_shared(struct stream *source)
{
    if (source->paused_for != NULL) {
        unpause(source);
        dna_uv_stream_resume(source->uv);
    }
}

static void resume_all(struct stream *destination)
{
    while (destination->sources != NULL) {
        pressure_shared(destination->sources);
    }
}

/* --- what destinations hold ----------------------------------------------------------- */

static void note(struct router *router, struct stream *destination, size_t bytes)
{
    router->held = router->held - destination->held + bytes;
    destination->held = bytes;
}

/* Nobody says what was written since; it is looked at anew, but not for every stanza. */
static bool too_much_is_held(struct router *router)
{
    size_t most = router->options.shares.memory / 2;
    int64_t now = router_now(router);
    if (router->held > most && now >= router->recount_at) {
        router->recount_at = now + ROUTER_RECOUNT_MS;
        for (struct stream *s = router->streams; s != NULL; s = s->next) {
            if (s->held != 0) {
                note(router, s, dna_uv_stream_backlog(s->uv));
            }
        }
    }
    return router->held > most;
}

const char *pressure_refuses(struct router *router, const struct stream *source,
                             const struct stream *destination)
{
    if (may_wait(source)) {
        /* One that is not paused yet will be, behind this stanza. */
        return source->paused_for != NULL &&
                       dna_uv_stream_backlog(destination->uv) > ROUTER_STUCK_BYTES
                   ? "the other server does not keep up"
                   : NULL;
    }
    if (destination->refuses) {
        return "the other server does not keep up";
    }
    return too_much_is_held(router) &&
                   dna_uv_stream_backlog(destination->uv) > ROUTER_SHARE_BYTES
               ? "too much is held for servers that do not keep up"
               : NULL;
}

void pressure_sent(struct router *router, struct stream *source, struct stream *destination)
{
    size_t backlog = dna_uv_stream_backlog(destination->uv);
    if (!may_wait(source)) {
        note(router, destination, backlog);
        destination->refuses = destination->refuses || backlog > ROUTER_STUCK_BYTES;
    } else if (backlog > ROUTER_SLOW_BYTES && source->paused_for == NULL) {
        pause_source(source, destination);
    }
}

void pressure_drained(struct router *router, struct stream *destination)
{
    note(router, destination, dna_uv_stream_backlog(destination->uv));
    destination->refuses = false;
    resume_all(destination);
}

void pressure_forget(struct router *router, struct stream *stream)
{
    note(router, stream, 0);
    if (stream->paused_for != NULL) {
        unpause(stream);
    }
    resume_all(stream);
}
