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
/* What is known of a url, its end, and whether it is enforced.  False: nothing. */
bool dna_recollection_terms(struct dna_recollection *recollection, const char *url,
                            int64_t now, struct dna_recall_result *out, int64_t *until,
                            bool *enforced);
/* A policy that another process fetched then and that it kept until then.  An older one than
 * what is known changes nothing.  DNA_ERR_FORMAT: it is no policy, or not with that end. */
struct dna_learned_policy;
DNA_MUST_USE enum dna_err dna_recollection_restore(struct dna_recollection *recollection,
                                                   const struct dna_learned_policy *policy,
                                                   int64_t obtained, int64_t until,
                                                   int64_t now);
/* The operator's word of that time: a policy that was fetched later stays. */
void dna_recollection_forget(struct dna_recollection *recollection, const char *url,
                             int64_t said, int64_t now);
/* Nothing known: all zero.  *out borrows until the next learn. */
void dna_recollection_recall(struct dna_recollection *recollection, const char *url,
                             int64_t now, struct dna_recall_result *out);

#endif
