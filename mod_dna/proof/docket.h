/* proof/docket.h: what a hearing waits for, and who of the provers waits for it. */
#ifndef DNA_PROOF_DOCKET_H
#define DNA_PROOF_DOCKET_H

#include <proof/facts.h>
#include <proof/verdict.h>
#include <proof/wants.h>

struct dna_docket {
    struct dna_facts facts;
    struct dna_testimony heard[DNA_N_PROOFTYPES];
};

/* Takes over what a run named; *awaited (may be NULL) gets it too.  A look-up in the DNS has
 * DNA_LIMIT_VETO_MS from now.  DNA_ERR_LIMIT, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_docket_take(struct dna_docket *docket,
                                          const struct dna_wants *wants, struct dna_time now,
                                          struct dna_want_set *awaited);
/* The want that is put to the peer, or NULL. */
struct dna_known *dna_docket_challenge(const struct dna_docket *docket);
/* Until it is told to the host, the challenge lists every prooftype that is still open. */
void dna_docket_list_open(struct dna_docket *docket);
/* Whoever waits for it is to be heard again. */
void dna_docket_stir(struct dna_docket *docket, const struct dna_known *known);
/* What has run out of its own time is answered FAILED.  by_tick: nothing else was given in
 * the same breath. */
void dna_docket_expire(struct dna_docket *docket, struct dna_time now, bool by_tick);

bool dna_docket_veto_pending(const struct dna_docket *docket);
bool dna_docket_any_overdue(const struct dna_docket *docket);
/* Monotonic time at which the next look-up runs out of time, or DNA_NEVER. */
int64_t dna_docket_deadline(const struct dna_docket *docket);
/* A refusal because of what is still missing; something is. */
void dna_docket_rule_missing(const struct dna_docket *docket, struct dna_ruling *out);

#endif
