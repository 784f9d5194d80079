/* gateway/changed.c: what a stream may carry, and what not any more.
 *
 * The driver says which domains of ours and of the peer's were accepted or refused, and which
 * pairs dialback admitted.  Pairs that waited for it go on, or look elsewhere; what was refused
 * for good goes back to its senders.
 */
#include "routing.h"

#include <stdio.h>
#include <string.h>

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
    enum dna_stanza_condition condition = condition_of(effect->ruling);
    bool last_word = strcmp(stream->peer, effect->domain) == 0 ||
                     condition == DNA_STANZA_REMOTE_SERVER_TIMEOUT;
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
            pair_fail(router, pair, condition, why, ROUTER_HOLD_MS);
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

/* There are too many to the domain, which are counted once. */
static void turn_away(struct stream *stream)
{
    if (!stream->ending) {
        stream->ending = true;
        dna_uv_stream_close(stream->uv, "resource-constraint",
                            "there are too many streams to this domain");
    }
}

/* A copy of one of an effect's names. */
static const char *kept(const char *name, char copy[DNA_NAME_MAX + 1])
{
    (void)snprintf(copy, DNA_NAME_MAX + 1, "%s", name != NULL ? name : "");
    return name != NULL ? copy : NULL;
}

static void take(struct stream *stream, const struct dna_stream_effect *effect)
{
    const struct dna_stream *core = dna_uv_stream_core(stream->uv);
    if (effect->accepted && !stream->up && effect->kind != DNA_STREAM_ERROR) {
        if (!share_accept(router_of(stream), stream, dna_stream_own(core))) {
            turn_away(stream);
            return;
        }
        stream->up = true;
        stream_ask(stream);
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

/* Whatever is asked of the stream meanwhile ends the effect's names. */
void router_changed(struct stream *stream, const struct dna_stream_effect *effect)
{
    char domain[DNA_NAME_MAX + 1], other[DNA_NAME_MAX + 1];
    struct dna_stream_effect ours = *effect;
    ours.domain = kept(effect->domain, domain);
    ours.other = kept(effect->other, other);
    take(stream, &ours);
}
