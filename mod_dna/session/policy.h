/* session/policy.h: which policy holds for which peer (S26), until when, and which one is only
 * observed (S14). */
#ifndef DNA_SESSION_POLICY_H
#define DNA_SESSION_POLICY_H

#include <base/map.h>
#include <mod_dna/session.h>

struct dna_policies {
    const struct dna_alloc *alloc;
    struct dna_policy fallback;      /* where no rule decides */
    struct dna_policy_rule standard; /* "*" */
    struct dna_map *patterns; /* "peer.example" and ".example" to struct dna_policy_rule */
    unsigned generation;      /* of the latest change */
};

DNA_MUST_USE enum dna_err dna_policies_init(struct dna_policies *policies,
                                            const struct dna_alloc *alloc, uint64_t seed);
void dna_policies_fini(struct dna_policies *policies);
/* As dna_session_rule.  *changed: it is not what held before. */
DNA_MUST_USE enum dna_err dna_policies_set(struct dna_policies *policies, const char *pattern,
                                           const struct dna_policy_rule *rule, bool *changed);
/* Forgets a pattern; "*" is again what it was at first. */
DNA_MUST_USE enum dna_err dna_policies_drop(struct dna_policies *policies, const char *pattern,
                                            bool *changed);
/* Gives each a new generation, though it says what it said: what was ruled under it has to be
 * ruled again. */
void dna_policies_renew(struct dna_policies *policies);
/* now: wall seconds. */
struct dna_policy_standing dna_policies_standing(const struct dna_policies *policies,
                                                 const char *domain, int64_t now);
struct dna_policy dna_policies_for(const struct dna_policies *policies, const char *domain,
                                   int64_t now);
/* The soonest end of a rule after a time; INT64_MAX: none. */
int64_t dna_policies_next_end(const struct dna_policies *policies, int64_t now);
/* Whether what one prooftype proved still counts. */
bool dna_policy_admits(const struct dna_policy *policy, enum dna_prooftype type);
/* What else of the policy a proof of that type rests on, as a number to compare: it differs
 * where the prooftype is admitted still, but on other terms. */
unsigned dna_policy_terms(const struct dna_policy *policy, enum dna_prooftype type);

#endif
