/* proof/srvname.c: a SRV-ID of the certificate names the domain and the service (RFC 4985,
 * RFC 9525 6.5).
 *
 * Such a certificate lets its holder serve XMPP for the domain and nothing else of it.  It
 * counts only where no CA of the path has constrained names, or each of those expressly
 * permits the SRVName: CAs whose constraints speak of other forms might else name the
 * services of the whole world (S7).
 */
#include <proof/certificate.h>
#include <proof/rule.h>
#include <proof/wants.h>
#include <x509/identity.h>

#define TYPE DNA_PROOF_SRVNAME

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    const char *service = dna_certificate_service(q->service);
    const struct dna_path *path;
    struct dna_span any;
    (void)arena;
    if (dna_chain_leaf_name(q->chain, DNA_NAME_SRV, 0, &any) != DNA_OK) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "the peer's certificate names no service");
    }
    path = dna_wants_path(wants, have, q->chain);
    if (path == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_certificate_trusted(path, TYPE, now.wall, "the peer's certificate", out)) {
        return DNA_STEP_RULES;
    }
    if (!dna_identity_srv(q->chain, service, q->domain)) {
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                        "the peer's certificate does not name the service %s of %s", service,
                        q->domain);
    }
    if (!path->srvname_usable) {
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                        "a CA with constrained names was not permitted to name services");
    }
    return dna_rule_proven(out, TYPE, path->not_after,
                           "a trusted certificate names the service %s of %s", service,
                           q->domain);
}

const struct dna_prover dna_prover_srvname = {
    .type = TYPE,
    .stage = DNA_STAGE_LOCAL,
    .survives_bogus = true,
    .step = step,
};
