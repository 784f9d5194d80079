/* proof/rule.h: how a prover says what it found, and until when it holds. */
#ifndef DNA_PROOF_RULE_H
#define DNA_PROOF_RULE_H

#include <proof/prover.h>

/* Fills *out with a refusal and returns DNA_STEP_RULES.  The sentence is made printable
 * ASCII: parts of it may come from the network.  verdict is not PROVEN. */
enum dna_step dna_rule(struct dna_ruling *out, enum dna_prooftype type,
                       enum dna_verdict verdict, enum dna_code code, const char *format, ...)
    DNA_PRINTF(5, 6);
/* FAIL that bars other proofs (S10). */
enum dna_step dna_rule_veto(struct dna_ruling *out, enum dna_prooftype type,
                            const char *format, ...) DNA_PRINTF(3, 4);
enum dna_step dna_rule_proven(struct dna_ruling *out, enum dna_prooftype type,
                              int64_t expires_at, const char *format, ...) DNA_PRINTF(4, 5);

/* Until when an answer of the DNS may be relied on: its TTL, raised to a floor of
 * DNA_LIMIT_TTL_FLOOR_S from now, but never beyond a signature's end (S14). */
int64_t dna_rule_dns_until(const struct dna_dns_answer *answer, int64_t now);

static inline int64_t dna_rule_sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
