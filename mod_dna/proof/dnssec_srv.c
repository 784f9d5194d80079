/* proof/dnssec_srv.c: DNSSEC secures the delegation, the certificate names the delegate.
 *
 * RFC 7673 3 and 4.  Secure SRV records, validated from the root, name hosts that may stand in
 * for the domain; the peer needs a trusted certificate for such a host (the very one that we
 * connected to, where we did) or for the domain.  An endpoint that is not delegated to proves
 * nothing here, whatever its certificate names; nor does one with usable TLSA records of which
 * none matches, or of which they could not be found out (S6).  A bogus answer about the
 * delegation is a veto (S10), a failed one is never taken for an insecure one.
 */
#include <proof/certificate.h>
#include <proof/delegate.h>
#include <proof/rule.h>
#include <proof/wants.h>

#define TYPE DNA_PROOF_DNSSEC_SRV

static enum dna_step refuse_client(const struct dna_endpoint *client, struct dna_ruling *out)
{
    switch (client->status) {
    case DNA_ENDPOINT_BOGUS:
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_DNS_BOGUS,
                        "the TLSA records for outgoing connections are bogus: %s",
                        client->why);
    case DNA_ENDPOINT_PINNED:
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                        "the domain's TLSA records for outgoing connections do not match");
    case DNA_ENDPOINT_PLAIN:
    case DNA_ENDPOINT_FAILED:
        break;
    }
    return dna_rule(out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                    "the look-up of the TLSA records for outgoing connections failed: %s",
                    client->why);
}

/* A record for the domain's own outgoing connections decides before all others.  FOUND: it
 * lets the peer pass. */
static enum dna_match passes_client(struct dna_run *run, int64_t *until,
                                    struct dna_ruling *out)
{
    struct dna_endpoint client;
    struct dna_matched matched = {.until = DNA_NEVER};
    enum dna_match match = DNA_MATCH_NONE;
    if (run->q->role != DNA_RECEIVING) {
        return DNA_MATCH_FOUND;
    }
    if (!dna_endpoint_ask_client(run, &client)) {
        return DNA_MATCH_OPEN;
    }
    if (client.status == DNA_ENDPOINT_PLAIN) {
        match = DNA_MATCH_FOUND;
    } else if (client.status == DNA_ENDPOINT_PINNED) {
        match = dna_endpoint_match(run, &client, DNA_USAGE_LEAF | DNA_USAGE_PATH, &matched);
    }
    if (match == DNA_MATCH_NONE) {
        (void)refuse_client(&client, out);
    }
    *until = dna_rule_sooner(*until, dna_rule_sooner(client.until, matched.until));
    return match;
}

static enum dna_step decide(struct dna_run *run, const struct dna_delegation *delegation,
                            const struct dna_path *path, struct dna_ruling *out)
{
    const struct dna_question *q = run->q;
    struct dna_delegate delegate;
    int64_t until = dna_rule_sooner(path->not_after,
                                    dna_delegation_until(delegation, run->now));
    enum dna_match client = passes_client(run, &until, out);
    if (client == DNA_MATCH_NONE) {
        return DNA_STEP_RULES;
    }
    switch (dna_delegate_find(run, delegation, path, DNA_NAMES_HOST_OR_DOMAIN, TYPE, &delegate,
                              out)) {
    case DNA_MATCH_OPEN:
        return DNA_STEP_WANTS;
    case DNA_MATCH_NONE:
        return client == DNA_MATCH_OPEN ? DNA_STEP_WANTS : DNA_STEP_RULES;
    case DNA_MATCH_FOUND:
        break;
    }
    if (client == DNA_MATCH_OPEN) {
        return DNA_STEP_WANTS;
    }
    until = dna_rule_sooner(until, delegate.until);
    if (delegate.by_domain) {
        return dna_rule_proven(out, TYPE, until, "DNSSEC secures the SRV records of %s, which "
                               "a trusted certificate names", q->domain);
    }
    return dna_rule_proven(out, TYPE, until, "DNSSEC delegates %s to %s, which a trusted "
                           "certificate names", q->domain, delegate.host.text);
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct dna_run run = {.q = q, .now = now.wall, .have = have, .wants = wants};
    struct dna_delegation delegation;
    bool judged = dna_delegation_ask(q, have, wants, &delegation);
    const struct dna_path *path = dna_wants_path(wants, have, q->chain);
    (void)arena;
    if (judged && delegation.status != DNA_DELEGATION_SECURE) {
        return dna_delegation_refuse(&delegation, TYPE, out);
    }
    if (!judged || path == NULL) {
        return DNA_STEP_WANTS;
    }
    if (!dna_certificate_trusted(path, TYPE, now.wall, "the peer's certificate", out)) {
        return DNA_STEP_RULES;
    }
    return decide(&run, &delegation, path, out);
}

const struct dna_prover dna_prover_dnssec_srv = {
    .type = TYPE,
    .stage = DNA_STAGE_LOCAL,
    .rests_on_dns = true,
    .root_anchored = true,
    .step = step,
};
