/* proof/pkix.c: the peer's certificate names the domain (RFC 6120 13.7, RFC 9525).
 *
 * Needs a path to a CA, and a DNS-ID or an XmppAddr for the domain; SRV-IDs are a prooftype of
 * their own.  Names from the DNS are never used here.  Holds until the first certificate of the path ends.
 */
#include <proof/certificate.h>
#include <proof/rule.h>
#include <proof/wants.h>
#include <x509/identity.h>

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    const struct dna_path *path = dna_wants_path(wants, have, q->chain);
    (void)arena;
    if (path == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_certificate_trusted(path, DNA_PROOF_PKIX, now.wall, "the peer's certificate",
                                 out)) {
        return DNA_STEP_RULES;
    }
    if (!dna_identity_dns(q->chain, q->domain, true) &&
        !dna_certificate_names_account(q->chain, path, q->domain)) {
        return dna_rule(out, DNA_PROOF_PKIX, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                        "the peer's certificate does not name %s", q->domain);
    }
    return dna_rule_proven(out, DNA_PROOF_PKIX, path->not_after,
                           "a trusted certificate names %s", q->domain);
}

const struct dna_prover dna_prover_pkix = {
    .type = DNA_PROOF_PKIX,
    .stage = DNA_STAGE_LOCAL,
    .survives_bogus = true,
    .survives_sts = true,
    .step = step,
};
