/* resolver/walk.h: a reduced message walked as the answer was once read: along its aliases to
 * the records, or to what is not there.
 *
 * Every step must be signed or, where nothing is, denied; a step that a wildcard made also
 * needs the proof that nothing closer exists (RFC 4035 5.3.4).
 */
#ifndef DNA_RESOLVER_WALK_H
#define DNA_RESOLVER_WALK_H

#include <resolver/proving.h>

/* Where the walk along a message stands, and what holds for all of it so far. */
struct dna_walk {
    struct dna_proving *p;
    const struct dna_proving_message *message;
    const ldns_rdf *owner;
    uint32_t ttl;
    int64_t end;
    uint32_t minimum; /* of the SOA, once one was seen */
};

enum dna_walk_step {
    DNA_WALK_NO,  /* not shown */
    DNA_WALK_END, /* the records, or their denial */
    DNA_WALK_ON   /* an alias; owner is its target */
};

/* What follows at the walk's owner. */
enum dna_walk_step dna_walk_go(struct dna_walk *walk);
/* Whether some delegation on the way to the name has, provably, no DS, and no anchor lies
 * between the zone that says so and the name. */
bool dna_walk_is_unsigned(struct dna_proving *p, const ldns_rdf *name);

#endif
