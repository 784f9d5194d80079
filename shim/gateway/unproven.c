/* gateway/unproven.c: streams that carry errors alone (S25).
 *
 * The server behind a bridge wants a certificate for every domain.  One that is not proven is
 * shown with a certificate that proves nothing, so that users learn why their stanzas come
 * back; what such a stream is for never changes, even if the domain is proven meanwhile.  It
 * is closed soon, and the next one is judged anew.  So is one that was good for more once the
 * proof has ended and an error is to be said.
 */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

#define NOT_PROVEN "the domain is not proven"

/* Why stanzas to the remote domain do not get there, as far as it is known; NULL: not. */
static const struct hold *find_reason(struct router *router, const char *from, const char *to)
{
    const struct pair *pair = pair_find(router, from, to);
    const struct place *place = place_find(router, to);
    return pair != NULL                                        ? pair_hold(router, pair)
           : place != NULL && hold_holds(router, &place->hold) ? &place->hold
                                                               : NULL;
}

void router_errors_only(struct stream *stream)
{
    struct router *router = stream->router;
    const struct dna_stream *core = dna_uv_stream_core(stream->uv);
    const struct hold *hold =
        core != NULL ? find_reason(router, dna_stream_peer(core), dna_stream_own(core)) : NULL;
    int64_t now = router_now(router);
    if (!router->unproven) {
        router->unproven = true;
        router->unproven_swept = now;
    }
    stream->errors_only = true;
    stream->errors_since = now;
    stream->errors_condition =
        hold != NULL ? hold->condition : DNA_STANZA_REMOTE_SERVER_REFUSED;
    free(stream->errors_why);
    stream->errors_why = strdup(hold != NULL && hold->why != NULL ? hold->why : NOT_PROVEN);
}

void unproven_return(struct router *router, struct pair *pair, const struct stream *stream,
                     const struct dna_stanza *stanza)
{
    returns_stanza(router, pair, stanza, stream->errors_condition,
                   stream->errors_why != NULL ? stream->errors_why : NOT_PROVEN);
    pair_release(router, pair);
}

void router_shows_proof(struct stream *stream, int64_t seconds)
{
    stream->shown_until = router_now(stream->router) + 1000 * seconds;
}

bool unproven_meanwhile(const struct router *router, const struct pair *pair)
{
    const struct stream *stream = pair->stream;
    return dna_link_is_bridge(stream->link) && !stream->errors_only &&
           stream->shown_until <= router_now(router) && router->options.proves != NULL &&
           !router->options.proves(router->options.gateway, pair->source->domain);
}

void unproven_close(struct pair *pair)
{
    struct stream *stream = pair->stream;
    pair_detach(pair);
    if (pair->target->stream == stream) {
        place_unlead(pair->target);
    }
    stream_end(stream);
}

void unproven_leave(struct pair *pair)
{
    struct stream *stream = pair->stream;
    pair_detach(pair);
    if (pair->target->stream == stream) {
        place_unlead(pair->target);
    }
    stream_settle(stream);
}

int64_t unproven_deadline(const struct router *router)
{
    return router->unproven ? router->unproven_swept + ROUTER_ERRORS_MS : DNA_NEVER;
}

void unproven_tick(struct router *router, int64_t now)
{
    if (unproven_deadline(router) > now) {
        return;
    }
    router->unproven = false;
    router->unproven_swept = now;
    for (struct stream *s = router->streams; s != NULL; s = s->next) {
        if (!s->errors_only || s->ending) {
            continue;
        }
        if (now - s->errors_since >= ROUTER_ERRORS_MS) {
            stream_end(s);
        } else {
            router->unproven = true;
        }
    }
}

bool router_rehear(struct router *router, const char *domain)
{
    for (struct stream *s = router->streams; s != NULL; s = s->next) {
        if (s->link == NULL && s->connected && !s->ending &&
            dna_uv_stream_rehear(s->uv, domain)) {
            return true;
        }
    }
    return false;
}
