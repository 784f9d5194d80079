/* edge/guard.h: the guard of outgoing connections, with what we listen on ourselves (S22).
 *
 * Listeners and links are added as they come.  A listener on a wildcard address stands for
 * every address of the machine, which are looked up again now and then.
 */
#ifndef DNA_EDGE_GUARD_H
#define DNA_EDGE_GUARD_H

#include <base/address.h>

struct dna_edge_guard {
    const struct dna_alloc *alloc;
    struct dna_address_guard face; /* for whoever connects by other means; stays in place */
    struct dna_prefix *allowed;
    struct dna_endpoint *own; /* n_given that were added, then the machine's addresses */
    size_t n_given, n_own, room;
    bool looked;
    int64_t looked_at;
};

/* DNA_ERR_FORMAT with *why: one is not a prefix. */
DNA_MUST_USE enum dna_err dna_edge_guard_init(struct dna_edge_guard *guard,
                                              const struct dna_alloc *alloc,
                                              const char *const *allow, size_t n_allow,
                                              const char **why);
void dna_edge_guard_fini(struct dna_edge_guard *guard);
DNA_MUST_USE enum dna_err dna_edge_guard_add(struct dna_edge_guard *guard,
                                             const struct dna_endpoint *own);
/* Adds it unless it is there already. */
DNA_MUST_USE enum dna_err dna_edge_guard_keep(struct dna_edge_guard *guard,
                                              const struct dna_endpoint *own);
/* Takes one such entry out. */
void dna_edge_guard_remove(struct dna_edge_guard *guard, const struct dna_endpoint *own);
/* Brings the machine's addresses up to date; now: monotonic milliseconds. */
DNA_MUST_USE enum dna_err dna_edge_guard_refresh(struct dna_edge_guard *guard, int64_t now);
/* Whether a connection may be made; *why: static; set when not. */
DNA_MUST_USE bool dna_edge_guard_admits(struct dna_edge_guard *guard,
                                        const struct dna_endpoint *to, int64_t now,
                                        const char **why);
/* The same for an address that the operator chose: any, but none of our own. */
DNA_MUST_USE bool dna_edge_guard_admits_route(struct dna_edge_guard *guard,
                                              const struct dna_endpoint *to, int64_t now,
                                              const char **why);

#endif
