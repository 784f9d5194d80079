/* session/downgrade.h: which domains were proven lately, so that nobody may fall back to
 * dialback in their name (S12).
 *
 * Kept per domain and role, for a week after the last proof that a CA named or the web
 * published; root-anchored DNSSEC needs none, since its absence is shown at each hearing.
 * Newer entries never displace older ones (S16): what has ended makes room, nothing else.
 */
#ifndef DNA_SESSION_DOWNGRADE_H
#define DNA_SESSION_DOWNGRADE_H

#include <base/map.h>
#include <mod_dna/ruling.h>

struct dna_downgrade {
    const struct dna_alloc *alloc;
    struct dna_map *entries; /* by role and domain */
    uint64_t version;
    int64_t swept; /* wall: when what had ended was last looked for */
};

DNA_MUST_USE enum dna_err dna_downgrade_init(struct dna_downgrade *downgrade,
                                             const struct dna_alloc *alloc, uint64_t seed);
void dna_downgrade_fini(struct dna_downgrade *downgrade);

/* Whether a proof of that kind is remembered at all. */
bool dna_downgrade_counts(const struct dna_ruling *ruling);
/* The domain was proven then.  DNA_ERR_LIMIT, DNA_ERR_MEMORY: it is not remembered. */
DNA_MUST_USE enum dna_err dna_downgrade_learn(struct dna_downgrade *downgrade,
                                              const char *domain, enum dna_role role,
                                              int64_t proven_at, int64_t now);
/* Whether dialback is forbidden. */
bool dna_downgrade_forbids(const struct dna_downgrade *downgrade, const char *domain,
                           enum dna_role role, int64_t now);
/* Forgets what was proven until then, in both roles; NULL: of every domain. */
void dna_downgrade_take_back(struct dna_downgrade *downgrade, const char *domain,
                             int64_t until);
/* *domain borrows from the entry. */
bool dna_downgrade_next(const struct dna_downgrade *downgrade, size_t *cursor,
                        const char **domain, enum dna_role *role, int64_t *proven_at);

#endif
