/* gateway/rehost.c: what a change of the configuration means for what is under way.
 *
 * Only the pairs of the domain that has changed are touched, and only the streams of the link
 * that has.
 */
#include "routing.h"

static void restart_pair(struct router *router, struct pair *pair)
{
    bool gone = pair->source->link == pair->target->link;
    pair_detach(pair);
    pair->tries = 0;
    hold_end(router, &pair->hold);
    if (pair->queue.n > 0 && gone) {
        pair_give_up(router, pair, DNA_STANZA_ITEM_NOT_FOUND,
                     "the domain is not served here any more");
    }
    if (pair->queue.n > 0) {
        place_seek(router, pair);
    } else {
        pair_release(router, pair);
    }
}

void router_rehost(struct router *router, const char *domain)
{
    struct place *place = place_find(router, domain);
    struct pair *next;
    if (place == NULL) {
        return;
    }
    place->link = dna_session_link_of(router->options.session, domain);
    if (place->stream != NULL) {
        place_unlead(place);
    }
    hold_end(router, &place->hold);
    /* The place is gone with its last pair, which is the last of one of the lists. */
    for (struct pair *pair = place->in; pair != NULL; pair = next) {
        next = pair->next_in;
        restart_pair(router, pair);
    }
    place = place_find(router, domain);
    for (struct pair *pair = place != NULL ? place->out : NULL; pair != NULL; pair = next) {
        next = pair->next_out;
        restart_pair(router, pair);
    }
    place = place_find(router, domain);
    if (place != NULL) {
        place_release(router, place);
    }
    for (struct stream *s = router->streams, *after; s != NULL; s = after) {
        after = s->next;
        stream_settle(s);
    }
}

void router_close_link(struct router *router, const struct dna_link *link)
{
    for (struct stream *s = router->streams; s != NULL; s = s->next) {
        if (s->link == link && !s->ending) {
            s->ending = true;
            dna_uv_stream_close(s->uv, "system-shutdown",
                                "the configuration of the link has changed");
        }
    }
}

void router_limit(struct router *router, const struct gateway_queue_config *limits)
{
    router->queues.limits = *limits;
}
