/* resolver/island.h: positive answers of one zone, verified by libldns under one key.
 *
 * It only ever adds a "secure" where a validator with that key as its trust anchor would say
 * so too, and for less.  No statement about what does not exist, what is an alias or what a
 * wildcard made.
 */
#ifndef DNA_RESOLVER_ISLAND_H
#define DNA_RESOLVER_ISLAND_H

#include <mod_dna/dns.h>

struct dna_island;

/* The zone's keys out of the packet that answers DNSKEY, if this very key (RDATA as
 * published) is among them and has signed them; NULL otherwise.  now: wall time. */
struct dna_island *dna_island_new(const char *zone, struct dna_span dnskey,
                                  struct dna_span packet, int64_t now);
void dna_island_free(struct dna_island *island);
/* Whether one of the zone's keys has signed the records that packet gives for (name, type).
 * *ttl is lowered to what the signature grants. */
bool dna_island_secures(const struct dna_island *island, const char *name, uint16_t type,
                        struct dna_span packet, int64_t now, uint32_t *ttl);
/* Likewise for the keys themselves. */
void dna_island_lower_ttl(const struct dna_island *island, uint32_t *ttl);

#endif
