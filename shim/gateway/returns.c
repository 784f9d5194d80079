/* gateway/returns.c: what goes back to where it came from, and what cannot.
 *
 * An error about a stanza is carried by the opposite pair.  One line is logged for the
 * first, second, fourth, eighth ... stanza of a pair: nothing is silent, and nobody can
 * fill a disk.
 */
#include "routing.h"

#include <inttypes.h>

#include "log.h"

bool returns_worth_a_line(uint64_t count)
{
    return (count & (count - 1)) == 0;
}

static void log_line(const struct router *router, enum dna_log_level level,
                     const char *event, const struct pair *pair, uint64_t count,
                     const char *condition, const char *why)
{
    char number[24];
    if (!returns_worth_a_line(count)) {
        return;
    }
    (void)snprintf(number, sizeof number, "%" PRIu64, count);
    gateway_log(router->options.log, level, event, "from", pair->source->domain, "to",
                pair->target->domain, "count", number, "condition", condition, "why", why,
                NULL);
}

void returns_lost(struct router *router, struct pair *pair, const char *why)
{
    router->counts.lost++;
    log_line(router, DNA_LOG_WARNING, "lost", pair, ++pair->lost, "-", why);
}

void returns_stanza(struct router *router, struct pair *pair,
                    const struct dna_stanza *stanza, enum dna_stanza_condition condition,
                    const char *why)
{
    struct pair *back = NULL;
    if (dna_stanza_answerable(stanza)) {
        back = pair_back(router, pair);
    }
    if (back == NULL) {
        returns_lost(router, pair, why);
        return;
    }
    log_line(router, DNA_LOG_INFO, "returned", pair, ++pair->returned,
             dna_stanza_condition_name(condition), why);
    pair_error(router, back, stanza, condition, why);
}
