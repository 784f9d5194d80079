/* session/secrets.h: what dialback keys of the public side are made and known by (XEP-0185).
 *
 * A session has a secret of its own.  Where several processes answer for the same domains they
 * share some instead: keys are made by the first, and confirmed if made by any of them, so that
 * one can take the place of another while keys are under way.
 */
#ifndef DNA_SESSION_SECRETS_H
#define DNA_SESSION_SECRETS_H

#include <base/limits.h>
#include <mod_dna/base.h>

struct dna_secrets {
    const struct dna_alloc *alloc;
    struct dna_span own;                              /* empty: no dialback */
    struct dna_span shared[DNA_LIMIT_DIALBACK_SECRETS];
    size_t n_shared;
};

/* own: copied, may be empty.  DNA_ERR_ARGUMENT: it is too short. */
DNA_MUST_USE enum dna_err dna_secrets_init(struct dna_secrets *secrets,
                                           const struct dna_alloc *alloc, struct dna_span own);
void dna_secrets_fini(struct dna_secrets *secrets);
/* Copied; they take the place of those that were shared.  DNA_ERR_ARGUMENT: one is too short,
 * or there are too many; then and without memory nothing has changed. */
DNA_MUST_USE enum dna_err dna_secrets_share(struct dna_secrets *secrets,
                                            const struct dna_span *shared, size_t n);
/* The one that keys are made by; empty: none. */
struct dna_span dna_secrets_current(const struct dna_secrets *secrets);
/* Whether the key is one for the pair and stream id, by any of them. */
bool dna_secrets_made(const struct dna_secrets *secrets, struct dna_span receiving_domain,
                      struct dna_span initiating_domain, struct dna_span stream_id,
                      struct dna_span key);

#endif
