/* gateway/hold.c: what failed lately is not tried again at once.
 *
 * The pause doubles with each failure in a row, and is cut or lengthened by up to one half at
 * random: those who lost the same server at the same time do not all come back together.  What
 * is old is forgotten, in the order in which it happened.
 */
#include "routing.h"

#include <stdlib.h>
#include <string.h>

static void unlink_hold(struct router *router, struct hold *hold)
{
    *(hold->older != NULL ? &hold->older->newer : &router->oldest_hold) = hold->newer;
    *(hold->newer != NULL ? &hold->newer->older : &router->newest_hold) = hold->older;
    hold->older = hold->newer = NULL;
    free(hold->why);
    hold->why = NULL;
    hold->active = false;
}

int64_t hold_pause(const struct router *router, unsigned failures, int64_t first_ms)
{
    int64_t ms = first_ms;
    for (unsigned i = 1; i < failures && ms < ROUTER_HOLD_MAX_MS; i++) {
        ms *= 2;
    }
    ms = ms < ROUTER_HOLD_MAX_MS ? ms : ROUTER_HOLD_MAX_MS;
    return ms / 2 + (int64_t)(((uint64_t)ms * router->options.random()) >> 32);
}

void hold_begin(struct router *router, struct hold *hold, int64_t first_ms,
                enum dna_stanza_condition condition, const char *why)
{
    int64_t now = router_now(router);
    char *copy = strdup(why);
    if (copy == NULL) {
        return; /* it is tried again at once */
    }
    if (hold->active) {
        unlink_hold(router, hold);
    }
    hold->why = copy;
    hold->condition = condition;
    hold->failures++;
    hold->since = now;
    hold->until = now + hold_pause(router, hold->failures, first_ms);
    hold->active = true;
    hold->older = router->newest_hold;
    *(router->newest_hold != NULL ? &router->newest_hold->newer : &router->oldest_hold) = hold;
    router->newest_hold = hold;
}

void hold_end(struct router *router, struct hold *hold)
{
    hold->failures = 0;
    if (hold->active) {
        unlink_hold(router, hold);
    }
}

bool hold_holds(const struct router *router, const struct hold *hold)
{
    return hold->active && router_now(router) < hold->until;
}

int64_t hold_deadline(const struct router *router)
{
    return router->oldest_hold == NULL ? DNA_NEVER
                                       : router->oldest_hold->since + ROUTER_FORGET_MS;
}

static struct pair *pair_with(struct hold *hold)
{
    return (struct pair *)(void *)((char *)hold - offsetof(struct pair, hold));
}

static struct place *place_with(struct hold *hold)
{
    return (struct place *)(void *)((char *)hold - offsetof(struct place, hold));
}

void hold_tick(struct router *router, int64_t now)
{
    while (hold_deadline(router) <= now) {
        struct hold *hold = router->oldest_hold;
        hold_end(router, hold);
        if (hold->of_pair) {
            pair_release(router, pair_with(hold));
        } else {
            place_release(router, place_with(hold));
        }
    }
}
