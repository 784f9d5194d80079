/* mod_dna/ruling.h: what the court answers.
 *
 * Room: proof.  Only PROVEN accepts.  Every other ruling refuses and says why.
 */
#ifndef MOD_DNA_RULING_H
#define MOD_DNA_RULING_H

#include <mod_dna/question.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dna_verdict {
    DNA_NOT_APPLICABLE, /* nothing published that could prove it */
    DNA_TEMPFAIL,       /* could not find out */
    DNA_FAIL,           /* material exists and contradicts */
    DNA_PROVEN
};

/* Why, for machines.  Each code belongs to one sentence of the specification. */
enum dna_code {
    DNA_CODE_OK,
    DNA_CODE_POLICY,            /* the policy refuses, or admits no prooftype */
    DNA_CODE_NO_CERTIFICATE,
    DNA_CODE_WEAK_KEY,          /* S9 */
    DNA_CODE_UNTRUSTED,         /* no valid path to a CA */
    DNA_CODE_NOT_VALID_NOW,     /* outside a certificate's dates */
    DNA_CODE_NAME_MISMATCH,     /* the certificate does not carry the name needed */
    DNA_CODE_DNS_BOGUS,
    DNA_CODE_DNS_FAILED,
    DNA_CODE_DNS_INSECURE,      /* not secured by DNSSEC */
    DNA_CODE_NO_DELEGATION,     /* no SRV record, or "." */
    DNA_CODE_WRONG_DELEGATE,    /* the SRV record names somebody else */
    DNA_CODE_NO_MATERIAL,       /* nothing published / nothing supplied */
    DNA_CODE_BAD_MATERIAL,      /* published or supplied, but malformed */
    DNA_CODE_NO_MATCH,          /* fingerprints that do not match */
    DNA_CODE_NOT_BOUND,         /* dnssec-ta: the certificate's key is not the zone's */
    DNA_CODE_FETCH_REFUSED,     /* by the guard or a budget of our own: never cached */
    DNA_CODE_FETCH_FAILED,
    DNA_CODE_PEER_SILENT,       /* no proof within T_proof */
    DNA_CODE_PEER_IMPOSSIBLE,   /* the peer does not speak for the domain */
    DNA_CODE_TESTING,           /* sts: a policy that only reports; never decides */
    DNA_CODE_TIMEOUT,
    DNA_CODE_CANCELED,
    DNA_CODE_INTERNAL
};

#define DNA_WHY_MAX 256

/* One prover's or the court's answer; a plain value. */
struct dna_ruling {
    enum dna_verdict verdict;
    enum dna_code code;
    enum dna_prooftype prooftype; /* which proof holds (PROVEN), or which spoke (others) */
    bool veto;                    /* FAIL that bars other proofs (S10) */
    int64_t expires_at;           /* PROVEN: wall time at which it ends; others: 0 */
    bool pinned;                  /* PROVEN by a key that the policy names, and by no prooftype:
                                   * prooftype says nothing */
    bool dialback;                /* not PROVEN, but server dialback may admit a pair of domains
                                   * (DNA_LEVEL_DIALBACK): that proves nothing (S18) */
    char why[DNA_WHY_MAX];        /* for people: one sentence, never empty */
};

/* What the ruling rests on: the prooftype's name, or "pin". */
DNA_API const char *dna_ruling_method(const struct dna_ruling *ruling);
DNA_API const char *dna_verdict_name(enum dna_verdict verdict); /* "PROVEN", ... */
DNA_API const char *dna_code_name(enum dna_code code);          /* "wrong-delegate", ... */

#ifdef __cplusplus
}
#endif
#endif
