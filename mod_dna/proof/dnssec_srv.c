/* proof/dnssec_srv.c: DNSSEC secures the delegation, the certificate names the delegate.
 *
 * RFC 7673 3 and 4 without TLSA.  Secure SRV records, validated from the root, name hosts
 * that may stand in for the domain; the peer needs a trusted certificate for such a host (the
 * very one that we connected to, where we did) or for the domain.  An endpoint that is not
 * delegated to proves nothing here, whatever its certificate names.  A bogus answer is a veto
 * (S10), a failed one is never taken for an insecure one.
 */
#include <proof/certificate.h>
#include <proof/rule.h>
#include <proof/srv_status.h>
#include <proof/wants.h>

#define TYPE DNA_PROOF_DNSSEC_SRV

static enum dna_step refuse(const struct dna_delegation *delegation, struct dna_ruling *out)
{
    switch (delegation->status) {
    case DNA_DELEGATION_BOGUS:
        return dna_rule_veto(out, TYPE, "the SRV records are bogus: %s", delegation->why);
    case DNA_DELEGATION_INSECURE:
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_DNS_INSECURE,
                        "the SRV records are not secured by DNSSEC");
    case DNA_DELEGATION_NONE:
        if (delegation->each[0] == DNA_SRV_ABSENT && delegation->each[1] == DNA_SRV_ABSENT) {
            return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_DELEGATION,
                            "there is no SRV record");
        }
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_NO_DELEGATION,
                        "the domain says that it has no such service");
    case DNA_DELEGATION_FAILED:
    case DNA_DELEGATION_SECURE:
        break;
    }
    return dna_rule(out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                    "the SRV look-up failed: %s", delegation->why);
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct dna_delegation delegation;
    struct dna_srv delegate;
    bool judged = dna_delegation_ask(q, have, wants, &delegation);
    const struct dna_path *path = dna_wants_path(wants, have, q->chain);
    int64_t until;
    (void)arena;
    if (judged && delegation.status != DNA_DELEGATION_SECURE) {
        return refuse(&delegation, out);
    }
    if (!judged || path == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_certificate_trusted(path, TYPE, now.wall, "the peer's certificate", out)) {
        return DNA_STEP_RULES;
    }
    until = dna_rule_sooner(path->not_after, dna_delegation_until(&delegation, now.wall));
    if (!dna_delegation_reaches(&delegation, q, TYPE, out)) {
        return DNA_STEP_RULES;
    }
    if (dna_delegation_serves(&delegation, q, path, TYPE, &delegate, out)) {
        return dna_rule_proven(out, TYPE, until, "DNSSEC delegates %s to %s, which a trusted "
                               "certificate names", q->domain, delegate.target.text);
    }
    if (dna_certificate_names_domain(q->chain, path, q->service, q->domain)) {
        return dna_rule_proven(out, TYPE, until, "DNSSEC secures the SRV records of %s, which "
                               "a trusted certificate names", q->domain);
    }
    return DNA_STEP_RULES;
}

const struct dna_prover dna_prover_dnssec_srv = {
    .type = TYPE,
    .stage = DNA_STAGE_LOCAL,
    .rests_on_dns = true,
    .root_anchored = true,
    .step = step,
};
