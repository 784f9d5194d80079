/* proof/attribute_cert.c: an attribute certificate, signed with the key of a certificate that
 * names the domain, delegates the service to the peer (RFC 5755).
 *
 * Two paths of trust meet here and both are walked: the issuer's certificate leads to a CA and
 * names the domain; the holder is the very certificate that the peer presented.  A holder
 * that is only named counts only for a peer whose own certificate leads to a CA (S2): names,
 * issuers and serial numbers are anybody's to choose.  A digest stands for path and name, never for
 * the dates.  What needs no public-key work is looked at first; and nothing is fetched on the
 * word of an attribute certificate before its issuer's signature is found good.
 */
#include <stdio.h>
#include <string.h>

#include <mod_dna/dns.h>
#include <proof/certificate.h>
#include <proof/facts.h>
#include <proof/rule.h>
#include <proof/srv_status.h>
#include <proof/supplied.h>
#include <proof/verdict.h>
#include <proof/wants.h>
#include <x509/acert.h>
#include <x509/crl.h>
#include <x509/identity.h>

#define TYPE DNA_PROOF_ATTRIBUTE_CERT

/* One run. */
struct proof {
    const struct dna_question *q;
    struct dna_time now;
    const struct dna_facts *have;
    struct dna_wants *wants;
    struct dna_arena *arena;
    struct dna_ruling *out;
};

/* One attribute certificate and one certificate that may be its issuer's. */
struct attempt {
    struct proof *p;
    const struct dna_acert *acert;
    const struct dna_chain *issuer;
    const struct dna_path *path;           /* the issuer's */
    const struct dna_signature *signature;
    const struct dna_path *peer;           /* for holders that are only named */
    int64_t next_update;                   /* of its issuer's revocation list */
    bool open;                             /* wants were named */
    struct dna_ruling ruling;
};

static bool refuse(struct attempt *a, enum dna_code code, const char *why)
{
    (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, code, "%s", why);
    return false;
}

static bool wait(struct attempt *a)
{
    a->open = true;
    return false;
}

static bool fault(struct attempt *a, enum dna_err err)
{
    dna_wants_fault(a->p->wants, err);
    return wait(a);
}

/* --- without public-key work -------------------------------------------------------- */

/* Steps 3 to 5, and 14. */
static bool is_in_order(struct attempt *a)
{
    int64_t now = a->p->now.wall;
    if (a->acert->fault != NULL) {
        (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                       "the attribute certificate is not valid: %s", a->acert->fault);
        return false;
    }
    if (now < a->acert->not_before || now > a->acert->not_after) {
        return refuse(a, DNA_CODE_NOT_VALID_NOW,
                      "the attribute certificate is not valid at this time");
    }
    return a->issuer != NULL ||
           refuse(a, DNA_CODE_BAD_MATERIAL,
                  "the certificate of the attribute certificate's issuer is not supplied");
}

/* Steps 10 to 12. */
static bool is_for_us(struct attempt *a)
{
    const struct dna_question *q = a->p->q;
    const char *service = dna_certificate_service(q->service);
    if (!dna_acert_delegates(a->acert, service, q->domain)) {
        (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, DNA_CODE_NO_MATCH,
                       "the attribute certificate does not delegate the service %s of %s",
                       service, q->domain);
        return false;
    }
    if (a->acert->targeted && !dna_acert_is_for(a->acert, q->own)) {
        return refuse(a, DNA_CODE_NO_MATCH, "the attribute certificate is for others than us");
    }
    return dna_acert_permitted(a->issuer) ||
           refuse(a, DNA_CODE_UNTRUSTED,
                  "a certificate of the issuer's chain does not permit delegations");
}

static bool is_leaf(struct attempt *a)
{
    bool match;
    enum dna_err err = dna_acert_borne_by(a->acert, a->p->q->chain, &match);
    if (err != DNA_OK) {
        return fault(a, err);
    }
    return match || refuse(a, DNA_CODE_NO_MATCH,
                           "the attribute certificate is about another certificate");
}

static bool is_valid_now(struct attempt *a)
{
    int64_t not_before, not_after;
    dna_chain_leaf_validity(a->p->q->chain, &not_before, &not_after);
    return (a->p->now.wall >= not_before && a->p->now.wall < not_after) ||
           refuse(a, DNA_CODE_NOT_VALID_NOW,
                  "the peer's certificate is not valid at this time");
}

/* Whether the host that the holder is named by is one that the peer's certificate names. */
static bool is_host(struct attempt *a)
{
    struct dna_name host;
    return (dna_name_parse(a->acert->host, &host) == DNA_OK &&
            dna_identity_dns(a->p->q->chain, host.text, true)) ||
           refuse(a, DNA_CODE_NAME_MISMATCH,
                  "the peer's certificate is not for the host that the attribute certificate "
                  "names");
}

/* Step 13, but for the peer's path. */
static bool is_borne_by_peer(struct attempt *a)
{
    switch (a->acert->bearer) {
    case DNA_ACERT_BEARER_NAME:
        return is_host(a);
    case DNA_ACERT_BEARER_CERTIFICATE:
    case DNA_ACERT_BEARER_KEY:
        return is_leaf(a) && is_valid_now(a);
    case DNA_ACERT_BEARER_SERIAL:
        if (!a->p->q->policy.attribute_cert_serial) {
            return refuse(a, DNA_CODE_POLICY,
                          "the policy admits no holder named by issuer and serial number");
        }
        return is_leaf(a);
    }
    return refuse(a, DNA_CODE_BAD_MATERIAL, "the attribute certificate has an unknown holder");
}

/* --- with it ------------------------------------------------------------------------ */

static bool is_named_only(const struct attempt *a)
{
    switch (a->acert->bearer) {
    case DNA_ACERT_BEARER_CERTIFICATE:
    case DNA_ACERT_BEARER_KEY:
        return false;
    case DNA_ACERT_BEARER_NAME:
    case DNA_ACERT_BEARER_SERIAL:
        break;
    }
    return true;
}

static bool is_looked_up(struct attempt *a)
{
    const struct proof *p = a->p;
    const struct dna_signed what = {
        .bytes = dna_acert_signed(a->acert),
        .algorithm = a->acert->algorithm,
        .signature = a->acert->signature,
        .signer = a->issuer,
    };
    a->path = dna_wants_path(p->wants, p->have, a->issuer);
    a->signature = dna_wants_signature(p->wants, p->have, &what);
    if (is_named_only(a)) {
        a->peer = dna_wants_path(p->wants, p->have, p->q->chain);
    }
    if (a->path == NULL || a->signature == NULL || (is_named_only(a) && a->peer == NULL)) {
        return wait(a);
    }
    return true;
}

/* Forged DNS bars a proof that does not name the domain itself (S10). */
static bool dns_is_genuine(struct attempt *a)
{
    struct dna_delegation delegation;
    if (!dna_delegation_ask(a->p->q, a->p->have, a->p->wants, &delegation)) {
        return wait(a);
    }
    switch (delegation.status) {
    case DNA_DELEGATION_INSECURE:
    case DNA_DELEGATION_NONE:
    case DNA_DELEGATION_SECURE:
        return true;
    case DNA_DELEGATION_BOGUS:
        return refuse(a, DNA_CODE_DNS_BOGUS, "the SRV records are bogus");
    case DNA_DELEGATION_FAILED:
        break;
    }
    (void)dna_rule(&a->ruling, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                   "the SRV look-up failed: %s", delegation.why);
    return false;
}

/* Step 8. */
static bool names_domain(struct attempt *a)
{
    const struct dna_question *q = a->p->q;
    const struct dna_policy *policy = &q->policy;
    char www[sizeof "www." + DNA_NAME_MAX];
    if (dna_identity_dns(a->issuer, q->domain, policy->attribute_cert_wildcard) ||
        (a->path->srvname_usable &&
         dna_identity_srv(a->issuer, dna_certificate_service(q->service), q->domain))) {
        return true;
    }
    (void)snprintf(www, sizeof www, "www.%s", q->domain);
    if (policy->attribute_cert_accept_www && dna_identity_dns(a->issuer, www, false)) {
        return dns_is_genuine(a);
    }
    (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                   "the certificate of the attribute certificate's issuer does not name %s",
                   q->domain);
    return false;
}

/* Steps 6 to 9. */
static bool is_issued(struct attempt *a)
{
    if (!dna_certificate_trusted(a->path, TYPE, a->p->now.wall,
                                 "the certificate of the attribute certificate's issuer",
                                 &a->ruling)) {
        return false;
    }
    if (!a->path->digital_signature) {
        return refuse(a, DNA_CODE_UNTRUSTED,
                      "the key of the attribute certificate's issuer is not for signing");
    }
    if (!names_domain(a)) {
        return false;
    }
    if (!a->signature->valid) {
        (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                       "the attribute certificate was not signed by its issuer: %s",
                       a->signature->why);
        return false;
    }
    return true;
}

/* --- revocation --------------------------------------------------------------------- */

/* The list that the attribute certificate points to, whoever answered for that URL. */
static bool fetch_list(struct attempt *a, const struct dna_crl **out)
{
    struct dna_want_fetch want = {.kind = DNA_FETCH_PEER, .max_redirects = 0};
    const struct dna_fetch_result *result;
    const char *why;
    enum dna_err err;
    want.url = dna_arena_text(a->p->arena, a->acert->crl);
    if (want.url == NULL) {
        return fault(a, DNA_ERR_MEMORY);
    }
    result = dna_wants_fetch(a->p->wants, a->p->have, &want);
    if (result == NULL) {
        return wait(a);
    }
    if (result->outcome != DNA_FETCH_OK) {
        (void)dna_rule(&a->ruling, TYPE, DNA_TEMPFAIL,
                       result->outcome == DNA_FETCH_REFUSED ? DNA_CODE_FETCH_REFUSED
                                                            : DNA_CODE_FETCH_FAILED,
                       "the attribute certificate's revocation list was not obtained: %s",
                       result->why);
        return false;
    }
    err = dna_facts_fetched_crl(a->p->have, &want, out, &why);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                       "the attribute certificate's revocation list cannot be used: %s", why);
        return false;
    }
    return err == DNA_OK || fault(a, err);
}

/* Signed by whoever issued the attribute certificate, and of this time. */
static bool is_list_good(struct attempt *a, const struct dna_crl *crl)
{
    const struct dna_signed what = {.bytes = crl->bytes, .algorithm = crl->algorithm,
                                    .signature = crl->signature, .signer = a->issuer};
    const struct dna_signature *signature;
    int64_t now = a->p->now.wall;
    if (!dna_crl_is_of(crl, a->issuer)) {
        return refuse(a, DNA_CODE_UNTRUSTED,
                      "the revocation list is not one of the attribute certificate's issuer, "
                      "or its key is not for signing such lists");
    }
    if (now < crl->this_update || now >= crl->next_update) {
        (void)dna_rule(&a->ruling, TYPE, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW,
                       "the attribute certificate's revocation list is not of this time");
        return false;
    }
    signature = dna_wants_signature(a->p->wants, a->p->have, &what);
    if (signature == NULL) {
        return wait(a);
    }
    if (!signature->valid) {
        (void)dna_rule(&a->ruling, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                       "the revocation list was not signed by the attribute certificate's "
                       "issuer: %s", signature->why);
        return false;
    }
    return true;
}

/* Step 14. */
static bool is_unrevoked(struct attempt *a)
{
    const struct dna_crl *crl;
    a->next_update = DNA_NEVER;
    if (a->acert->crl.len == 0) {
        return true;
    }
    if (dna_supplied_kind(a->acert->crl) != DNA_SUPPLIED_URL) {
        return refuse(a, DNA_CODE_BAD_MATERIAL,
                      "the attribute certificate's revocation list is at no http or https URL");
    }
    if (!fetch_list(a, &crl) || !is_list_good(a, crl)) {
        return false;
    }
    a->next_update = crl->next_update;
    return !dna_crl_lists(crl, a->acert) ||
           refuse(a, DNA_CODE_UNTRUSTED, "the attribute certificate has been revoked");
}

/* Steps 13 and 15. */
static bool is_proven(struct attempt *a)
{
    int64_t not_before, peer_ends, until;
    dna_chain_leaf_validity(a->p->q->chain, &not_before, &peer_ends);
    if (is_named_only(a)) {
        if (!dna_certificate_trusted(a->peer, TYPE, a->p->now.wall, "the peer's certificate",
                                     &a->ruling)) {
            return false;
        }
        peer_ends = a->peer->not_after;
    }
    /* The last second of an attribute certificate belongs to it. */
    until = dna_rule_sooner(a->acert->not_after + 1,
                            dna_rule_sooner(a->path->not_after, peer_ends));
    until = dna_rule_sooner(until, a->next_update);
    (void)dna_rule_proven(&a->ruling, TYPE, until,
                          "%s has delegated the service to the peer by an attribute "
                          "certificate", a->p->q->domain);
    return true;
}

/* --- the prover --------------------------------------------------------------------- */

/* True: attempt->ruling is PROVEN.  False: it refuses, or attempt->open. */
static bool judge(struct attempt *a)
{
    static bool (*const steps[])(struct attempt *) = {
        is_in_order, is_for_us, is_borne_by_peer, is_looked_up, is_issued,
        is_unrevoked, is_proven,
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (!steps[i](a)) {
            return false;
        }
    }
    return true;
}

/* One of them is enough; else the refusal that tells most is the answer. */
static enum dna_step judge_all(struct proof *p, const struct dna_acert_bundle *bundle)
{
    for (size_t i = 0; i < bundle->n_cases; i++) {
        struct attempt a = {.p = p, .acert = bundle->cases[i].acert,
                            .issuer = bundle->cases[i].issuer};
        bool proven = judge(&a);
        if (a.open) {
            return DNA_STEP_WANTS;
        }
        if (proven || i == 0 || dna_verdict_tells_more(&a.ruling, p->out)) {
            *p->out = a.ruling;
        }
        if (proven) {
            break;
        }
    }
    return DNA_STEP_RULES;
}

static enum dna_step read(struct proof *p)
{
    const struct dna_acert_bundle *bundle;
    const char *why;
    enum dna_err err = dna_facts_supplied_acerts(p->have, &bundle, &why);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                        "the supplied proof cannot be read: %s", why);
    }
    if (err != DNA_OK) {
        dna_wants_fault(p->wants, err);
        return DNA_STEP_WANTS;
    }
    return judge_all(p, bundle);
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p = {.q = q, .now = now, .have = have, .wants = wants, .arena = arena,
                      .out = out};
    const struct dna_fact *fact = dna_wants_peer(wants, have, TYPE);
    if (fact == NULL) {
        return DNA_STEP_WANTS;
    }
    switch (fact->u.peer.outcome) {
    case DNA_PEER_IMPOSSIBLE:
        return dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE,
                        "the peer says that it does not speak for %s", q->domain);
    case DNA_PEER_SILENT:
        return dna_rule(out, TYPE, DNA_TEMPFAIL, DNA_CODE_PEER_SILENT,
                        "the peer did not answer the challenge");
    case DNA_PEER_PROOF:
        break;
    }
    if (fact->u.peer.prooftype != TYPE || fact->u.peer.content.len == 0) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "the peer supplied no attribute certificate");
    }
    return read(&p);
}

const struct dna_prover dna_prover_attribute_cert = {
    .type = TYPE,
    .stage = DNA_STAGE_FETCH,
    .survives_bogus = true,
    .step = step,
};
