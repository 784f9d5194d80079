/* proof/prover.h: what a prooftype is.
 *
 * A prover is a pure function of the question and the facts so far.  It either names the
 * facts that it still wants or rules.  Each new fact re-runs it from the top: it keeps no
 * state, does no I/O, reads no clock and does no public-key work.  A prooftype is one file,
 * one row of registry.c and one table test.
 */
#ifndef DNA_PROOF_PROVER_H
#define DNA_PROOF_PROVER_H

#include <base/arena.h>
#include <mod_dna/fact.h>
#include <mod_dna/ruling.h>

struct dna_facts; /* what the court knows: proof/facts.h */
struct dna_wants; /* what provers ask for: proof/wants.h */

enum dna_step {
    DNA_STEP_WANTS, /* wants were named; nothing was ruled */
    DNA_STEP_RULES  /* *out is the ruling */
};

/* Before which stage a prover is heard (dna-exchange, "order of work"). */
enum dna_stage {
    DNA_STAGE_LOCAL,    /* certificate, DNSSEC: needs nobody's help */
    DNA_STAGE_FETCH     /* challenges the peer or fetches a document */
};

struct dna_prover {
    enum dna_prooftype type;
    enum dna_stage stage;
    bool rests_on_dns;     /* TEMPFAIL when a vetoing look-up ran out of time (S11) */
    bool survives_bogus;   /* may prove the receiving role although SRV is bogus (S10) */
    bool survives_sts;     /* may prove against an enforced sts policy (S10) */
    bool awaited;          /* its refusal can bar the others: nothing is proven before it has
                            * ruled (rule 7 of the proofs) */
    bool root_anchored;    /* admitted by the level "strong" (S1) */
    bool forbids;          /* what it looks for can forbid dialback, so that it is heard for that
                            * of a peer without a certificate, too, which it cannot prove */
    enum dna_step (*step)(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out);
};

#endif
