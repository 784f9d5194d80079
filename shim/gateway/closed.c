/* gateway/closed.c: the end of a stream.
 *
 * What it carried is carried elsewhere, if there is something to carry; a stream that failed,
 * or ended soon after it began, is an attempt of each of its pairs, of which there are few.
 */
#include "routing.h"

#include <stdio.h>
#include <string.h>

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
