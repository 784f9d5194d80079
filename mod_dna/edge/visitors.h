/* edge/visitors.h: who is connected to a listener, by address, and who comes too often.
 *
 * IPv4 counts by address, IPv6 by /64, which is what one customer has.
 */
#ifndef DNA_EDGE_VISITORS_H
#define DNA_EDGE_VISITORS_H

#include <base/address.h>
#include <mod_dna/uv.h>

struct dna_edge_visitors;

struct dna_edge_visitor_limits {
    unsigned connections; /* at once, from one address */
    unsigned handshakes;  /* ... of them without TLS yet */
    unsigned attempts;    /* admitted or not, from one address within a minute */
    unsigned addresses;   /* kept account of */
};

DNA_MUST_USE enum dna_err dna_edge_visitors_new(const struct dna_alloc *alloc, uint64_t seed,
                                                const struct dna_edge_visitor_limits *limits,
                                                struct dna_edge_visitors **out);
void dna_edge_visitors_free(struct dna_edge_visitors *visitors);
/* From now on; who is over them stays. */
void dna_edge_visitors_limit(struct dna_edge_visitors *visitors,
                             const struct dna_edge_visitor_limits *limits);
/* Whether one more connection may come; it is counted then, until it leaves, and as a handshake
 * until it is secured.  now: monotonic milliseconds.  *limit is set when not. */
DNA_MUST_USE bool dna_edge_visitors_enter(struct dna_edge_visitors *visitors,
                                          const struct dna_address *address, int64_t now,
                                          enum dna_uv_limit *limit);
void dna_edge_visitors_secured(struct dna_edge_visitors *visitors,
                               const struct dna_address *address);
void dna_edge_visitors_leave(struct dna_edge_visitors *visitors,
                             const struct dna_address *address, bool secured);

#endif
