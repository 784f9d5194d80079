/* proof/verdict.h: which of the provers' rulings is the court's. */
#ifndef DNA_PROOF_VERDICT_H
#define DNA_PROOF_VERDICT_H

#include <base/limits.h>
#include <proof/prover.h>

/* Wants of a hearing, as bits. */
struct dna_want_set {
    uint64_t words[DNA_LIMIT_WANTS / 64];
};

/* What the court knows of one prover. */
struct dna_testimony {
    bool admitted; /* by the policy */
    bool ruled;
    bool stale;    /* to be heard (again) */
    struct dna_want_set awaits; /* ids, less one, of the wants that it named last */
    struct dna_ruling ruling;
};

/* What restricts the choice. */
struct dna_bars {
    bool veto;        /* bogus DNSSEC (S10) */
    bool initiating;  /* ... then nothing may be proven */
    bool sts;         /* an enforced policy that does not admit the peer (S10) */
    bool dns_unknown; /* a look-up that can veto failed or ran out of time (S11) */
};

/* Whether a prover may prove anything under these bars. */
bool dna_verdict_may_prove(const struct dna_prover *prover, const struct dna_bars *bars);
/* The strongest proof that holds at now and is not barred, or NULL. */
const struct dna_ruling *dna_verdict_proof(
    const struct dna_testimony heard[DNA_N_PROOFTYPES], const struct dna_bars *bars,
    int64_t now);
/* Whether a says more to the operator, and to whoever keeps the ruling, than b. */
bool dna_verdict_tells_more(const struct dna_ruling *a, const struct dna_ruling *b);
/* The most telling refusal, or NULL where none was heard. */
const struct dna_ruling *dna_verdict_refusal(
    const struct dna_testimony heard[DNA_N_PROOFTYPES]);

#endif
