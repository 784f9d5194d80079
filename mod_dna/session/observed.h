/* session/observed.h: what a policy that decides nothing would have done (S14).
 *
 * It is heard once a peer has been accepted, by a hearing of its own that leaves nothing
 * behind: no ruling is remembered, no proof counts for the downgrade memory, no evidence is
 * kept, and the stream is told nothing.
 */
#ifndef DNA_SESSION_OBSERVED_H
#define DNA_SESSION_OBSERVED_H

#include <base/map.h>
#include <mod_dna/session.h>

struct dna_hearing;

struct dna_observed {
    const struct dna_alloc *alloc;
    struct dna_map *entries; /* by role and domain */
};

DNA_MUST_USE enum dna_err dna_observed_init(struct dna_observed *observed,
                                            const struct dna_alloc *alloc, uint64_t seed);
void dna_observed_fini(struct dna_observed *observed);

/* Lists, or unlists, a domain by what the observed policy says of it. */
void dna_observed_note(struct dna_observed *observed, const char *domain, enum dna_role role,
                       const struct dna_ruling *ruling, const char *accepted_by, int64_t now);
bool dna_observed_next(const struct dna_observed *observed, size_t *cursor,
                       struct dna_session_observed *out);

#endif
