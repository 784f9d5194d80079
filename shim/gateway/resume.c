/* gateway/resume.c: streams that broke with something on them that was not acknowledged.
 *
 * Such a stream is opened again at once, from and to the same domains, so that it can be
 * resumed (XEP-0198); the others of its pairs wait for that one.  If that fails it is tried
 * again, with pauses that double, as long as the session keeps what was not acknowledged: a
 * peer that is back soon loses nothing, whether or not there is anything new to say to it.
 * What the session gives up comes as unsent, and is returned then.
 */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

struct resumption {
    struct resumption *next;
    int64_t at; /* when it is looked at again */
    unsigned failures;
    const char *peer;
    char own[];
};

static bool may_resume(const struct router *router, const char *own, const char *peer)
{
    const struct dna_session *session = router->options.session;
    return !router->draining && dna_session_hosts(session, own) &&
           dna_session_may_resume(session, own, peer);
}

static struct resumption *find(const struct router *router, const struct stream *stream)
{
    struct resumption *r = router->resumptions;
    while (r != NULL && (strcmp(r->own, stream->own) != 0 || strcmp(r->peer, stream->peer) != 0)) {
        r = r->next;
    }
    return r;
}

/* NULL: no memory; it is not tried again then. */
static struct resumption *add(struct router *router, const struct stream *stream)
{
    size_t own = strlen(stream->own) + 1, peer = strlen(stream->peer) + 1;
    struct resumption *r = calloc(1, sizeof *r + own + peer);
    if (r != NULL) {
        memcpy(r->own, stream->own, own);
        r->peer = memcpy(r->own + own, stream->peer, peer);
        r->next = router->resumptions;
        router->resumptions = r;
    }
    return r;
}

static void put_off(const struct router *router, struct resumption *r)
{
    r->at = router_now(router) + hold_pause(router, r->failures, ROUTER_RESUME_MS);
}

static void find_earliest(struct router *router)
{
    router->resume_at = DNA_NEVER;
    for (const struct resumption *r = router->resumptions; r != NULL; r = r->next) {
        if (r->at < router->resume_at) {
            router->resume_at = r->at;
        }
    }
}

void resume_closed(struct router *router, struct stream *stream)
{
    struct resumption *r;
    struct pair *pair;
    if (stream->link != NULL || stream->own[0] == '\0' ||
        !may_resume(router, stream->own, stream->peer)) {
        return;
    }
    r = find(router, stream);
    if (r == NULL) {
        r = add(router, stream);
    }
    if (r != NULL) {
        r->failures++;
        put_off(router, r);
        find_earliest(router);
    }
    if (!stream->up) {
        return;
    }
    pair = pair_of(router, stream->own, stream->peer, NULL);
    if (pair != NULL && (pair->stream == stream || pair->state == PAIR_RESTS) &&
        pair->target->hold.failures <= ROUTER_RESUMPTIONS) {
        pair_detach(pair);
        place_dial(router, pair);
    } else if (pair != NULL) {
        pair_release(router, pair);
    }
}

/* False: there is nothing to resume any more. */
static bool try_again(struct router *router, struct resumption *r)
{
    struct pair *pair = pair_find(router, r->own, r->peer);
    if (pair != NULL && pair->stream != NULL && !pair->stream->up) {
        put_off(router, r); /* that is being done */
        return true;
    }
    if (!may_resume(router, r->own, r->peer)) {
        return false;
    }
    put_off(router, r);
    pair = pair_of(router, r->own, r->peer, NULL);
    if (pair != NULL && pair->state == PAIR_RESTS) {
        place_dial(router, pair);
    }
    return true;
}

int64_t resume_deadline(const struct router *router)
{
    return router->resume_at;
}

void resume_tick(struct router *router, int64_t now)
{
    struct resumption **at = &router->resumptions, *r;
    if (router->resume_at > now) {
        return;
    }
    while ((r = *at) != NULL) {
        if (r->at <= now && !try_again(router, r)) {
            *at = r->next;
            free(r);
        } else {
            at = &r->next;
        }
    }
    find_earliest(router);
}

void resume_fini(struct router *router)
{
    struct resumption *r;
    while ((r = router->resumptions) != NULL) {
        router->resumptions = r->next;
        free(r);
    }
}
