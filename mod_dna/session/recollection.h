/* session/recollection.h: sts policies that were fetched (RFC 8461 3.3, 5.1).
 *
 * They outlive every failure to fetch them again, until their own max_age: forgetting one is
 * what an attacker wants.  So those that are enforced have a share of the room in which
 * nothing displaces them; what does not fit there takes its chances with the others.
 */
#ifndef DNA_SESSION_RECOLLECTION_H
#define DNA_SESSION_RECOLLECTION_H

#include <cache/cache.h>
#include <mod_dna/fact.h>

struct dna_recollection {
    const struct dna_alloc *alloc;
    struct dna_cache *firm, *loose;
};

DNA_MUST_USE enum dna_err dna_recollection_init(struct dna_recollection *recollection,
                                                const struct dna_alloc *alloc, uint64_t seed);
void dna_recollection_fini(struct dna_recollection *recollection);

/* The end of a fetch that had a policy_id.  A good policy replaces what stood there; anything
 * else changes nothing.  *stands: it was no good one, and one that is no "none" stands in. */
void dna_recollection_learn(struct dna_recollection *recollection,
                            const struct dna_want_fetch *fetch,
                            const struct dna_fetch_result *result, int64_t now, bool *stands);
/* Nothing known: all zero.  *out borrows until the next learn. */
void dna_recollection_recall(struct dna_recollection *recollection, const char *url,
                             int64_t now, struct dna_recall_result *out);

#endif
