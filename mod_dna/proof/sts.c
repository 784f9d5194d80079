/* proof/sts.c: a policy on the web says which hosts may serve the domain (RFC 8461, moved to
 * XMPP; experimental).
 *
 * The TXT record of the domain says that there is a policy and which; the policy comes over
 * https from a host of the domain and is remembered for as long as it says, so that whoever
 * suppresses the record, the host or both suppresses nothing that was seen before.  A policy
 * that is enforced and does not admit the peer bars weaker proofs (S10).  One in testing mode
 * is evaluated, and decides nothing.  Clauses: RFC 8461 3 to 5.
 */
#include <string.h>

#include <base/limits.h>
#include <proof/certificate.h>
#include <proof/rule.h>
#include <proof/sts_policy.h>
#include <proof/wants.h>
#include <x509/identity.h>

#define TYPE DNA_PROOF_STS

/* One run. */
struct proof {
    const struct dna_question *q;
    int64_t now;
    const struct dna_facts *have;
    struct dna_wants *wants;
    const struct dna_alloc *alloc;
    struct dna_ruling *out;
    const char *url;
};

/* A policy that holds now. */
struct held {
    struct dna_sts_policy policy;
    int64_t until;
    bool exact_name;
};

static enum dna_step fault(struct proof *p, enum dna_err err)
{
    dna_wants_fault(p->wants, err);
    return DNA_STEP_WANTS;
}

/* Three texts in the arena; NULL: no memory. */
static const char *join(struct dna_arena *arena, const char *a, const char *b, const char *c)
{
    char *text = dna_arena_get(arena, strlen(a) + strlen(b) + strlen(c) + 1);
    if (text != NULL) {
        (void)stpcpy(stpcpy(stpcpy(text, a), b), c);
    }
    return text;
}

/* --- which policy --------------------------------------------------------------------- */

/* DNA_ERR_NOT_FOUND: malformed, or over; other errors are faults. */
static enum dna_err hold(const struct proof *p, struct dna_span body, int64_t obtained,
                         bool exact_name, struct held *out, const char **why)
{
    unsigned line;
    enum dna_err err = dna_sts_policy_parse(p->alloc, DNA_STS_XMPP, body, &out->policy, why,
                                            &line);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return DNA_ERR_NOT_FOUND;
    }
    if (err != DNA_OK) {
        return err;
    }
    out->exact_name = exact_name;
    out->until = dna_rule_sooner(obtained, p->now) + out->policy.max_age;
    if (out->until <= p->now) {
        dna_sts_policy_fini(&out->policy);
        *why = "its max_age is over";
        return DNA_ERR_NOT_FOUND;
    }
    return DNA_OK;
}

static enum dna_err hold_fetched(const struct proof *p, const struct dna_fetch_result *result,
                                 struct held *out, const char **why)
{
    if (result->outcome != DNA_FETCH_OK) {
        *why = result->why;
        return DNA_ERR_NOT_FOUND;
    }
    if (!dna_sts_media_type(result->media_type)) {
        *why = "it is not of type text/plain";
        return DNA_ERR_NOT_FOUND;
    }
    return hold(p, result->body, result->obtained, result->exact_name, out, why);
}

/* Whether the remembered policy is the record's, and not due for its daily refresh. */
static bool is_current(const struct proof *p, const struct dna_recall_result *recall,
                       const struct dna_sts_record *record)
{
    return strcmp(recall->policy_id, record->id) == 0 &&
           p->now - dna_rule_sooner(recall->obtained, p->now) < DNA_LIMIT_STS_REFRESH_S;
}

/* There is a record, and nothing is remembered that could stand in for its policy. */
static enum dna_step refuse_fetch(struct proof *p, const struct dna_fetch_result *result,
                                  const char *why)
{
    switch (result->outcome) {
    case DNA_FETCH_REFUSED:
        return dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED,
                        "the sts policy was not fetched: %s", why);
    case DNA_FETCH_OK:
        return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_BAD_MATERIAL,
                        "the sts policy is not valid: %s", why);
    case DNA_FETCH_ABSENT:
    case DNA_FETCH_FAILED:
        break;
    }
    return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_FETCH_FAILED,
                    "the sts policy could not be fetched: %s", why);
}

static enum dna_step refuse_record(struct proof *p, const struct dna_dns_answer *txt,
                                   const char *why)
{
    switch (txt->outcome) {
    case DNA_DNS_FOUND:
    case DNA_DNS_ABSENT:
        return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "%s announces no sts policy: %s", p->q->domain, why);
    case DNA_DNS_BOGUS:
        return dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_BOGUS,
                        "the record of the sts policy is bogus: %s", txt->why);
    case DNA_DNS_FAILED:
        break;
    }
    return dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                    "the record of the sts policy could not be looked up: %s", txt->why);
}

/* --- the peer under a policy ---------------------------------------------------------- */

/* Whether some name of the certificate is one that the policy lists. */
static bool names_listed(const struct dna_chain *chain, const struct dna_sts_policy *policy)
{
    struct dna_span name;
    for (size_t i = 0; dna_chain_leaf_name(chain, DNA_NAME_DNS, i, &name) == DNA_OK; i++) {
        if (dna_sts_policy_names_presented(policy, name)) {
            return true;
        }
    }
    return false;
}

/* Whether the policy admits the peer, whose path is known; the refusal is in p->out. */
static bool admits(struct proof *p, const struct dna_sts_policy *policy,
                   const struct dna_path *path)
{
    const struct dna_question *q = p->q;
    bool endpoint = q->role == DNA_INITIATING && q->host != NULL;
    if (endpoint && !dna_sts_policy_names(policy, q->host)) {
        (void)dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_WRONG_DELEGATE,
                       "the sts policy of %s does not list %s", q->domain, q->host);
        return false;
    }
    if (!dna_certificate_trusted(path, TYPE, p->now, "the peer's certificate", p->out)) {
        return false;
    }
    if (endpoint ? dna_identity_dns(q->chain, q->host, true)
                 : names_listed(q->chain, policy)) {
        return true;
    }
    (void)dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                   "the peer's certificate names no host that the sts policy of %s lists",
                   q->domain);
    return false;
}

/* Who presents no certificate is admitted by none. */
static bool refuse_nobody(struct proof *p)
{
    (void)dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_CERTIFICATE,
                   "the peer presented no certificate, and the sts policy of %s asks for one",
                   p->q->domain);
    return false;
}

static enum dna_step report(struct proof *p, bool admitted)
{
    char why[DNA_WHY_MAX];
    if (admitted) {
        return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_TESTING,
                        "the sts policy of %s is in testing mode; it admits the peer",
                        p->q->domain);
    }
    memcpy(why, p->out->why, sizeof why);
    return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_TESTING,
                    "an sts policy in testing mode would refuse the peer: %s", why);
}

static enum dna_step prove(struct proof *p, const struct held *held,
                           const struct dna_path *path)
{
    if (!held->exact_name) {
        return dna_rule(
            p->out, TYPE, DNA_FAIL, DNA_CODE_NOT_BOUND,
            "the certificate of the host of the sts policy covers it by a wildcard "
            "only");
    }
    return dna_rule_proven(p->out, TYPE, dna_rule_sooner(held->until, path->not_after),
                           "the sts policy of %s admits the peer", p->q->domain);
}

static enum dna_step apply(struct proof *p, const struct held *held)
{
    const struct dna_path *path;
    bool admitted;
    if (held->policy.mode == DNA_STS_NONE) {
        return dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "the sts policy of %s says that there is none", p->q->domain);
    }
    path = p->q->chain != NULL ? dna_wants_path(p->wants, p->have, p->q->chain) : NULL;
    if (p->q->chain != NULL && path == NULL) {
        return DNA_STEP_WANTS;
    }
    admitted = path != NULL ? admits(p, &held->policy, path) : refuse_nobody(p);
    if (held->policy.mode == DNA_STS_TESTING) {
        return report(p, admitted);
    }
    if (admitted) {
        return prove(p, held, path);
    }
    p->out->veto = true;
    return DNA_STEP_RULES;
}

static enum dna_step apply_and_drop(struct proof *p, struct held *held)
{
    enum dna_step step = apply(p, held);
    dna_sts_policy_fini(&held->policy);
    return step;
}

/* The record's policy is to be fetched; have_old: *old stands in for it. */
static enum dna_step renew(struct proof *p, const char *id, bool have_old, struct held *old)
{
    const struct dna_want_fetch fetch = {.kind = DNA_FETCH_WELL_KNOWN,
                                         .url = p->url,
                                         .policy_id = id};
    const struct dna_fetch_result *result = dna_wants_fetch(p->wants, p->have, &fetch);
    struct held fresh;
    const char *why = "";
    enum dna_err err = result != NULL ? hold_fetched(p, result, &fresh, &why)
                                      : DNA_ERR_NOT_FOUND;
    if (err == DNA_ERR_NOT_FOUND && result != NULL && have_old) {
        return apply_and_drop(p, old);
    }
    if (have_old) {
        dna_sts_policy_fini(&old->policy);
    }
    if (result == NULL) {
        return DNA_STEP_WANTS;
    }
    if (err == DNA_ERR_NOT_FOUND) {
        return refuse_fetch(p, result, why);
    }
    return err == DNA_OK ? apply_and_drop(p, &fresh) : fault(p, err);
}

static enum dna_step choose(struct proof *p, const struct dna_recall_result *recall,
                            const struct dna_dns_answer *txt)
{
    struct dna_sts_record record;
    struct held old;
    const char *why, *over;
    enum dna_err found = dna_sts_record_find(DNA_STS_XMPP, txt, &record, &why);
    enum dna_err err = recall->known ? hold(p, recall->body, recall->obtained,
                                            recall->exact_name, &old, &over)
                                     : DNA_ERR_NOT_FOUND;
    if (err != DNA_OK && err != DNA_ERR_NOT_FOUND) {
        return fault(p, err);
    }
    if (found == DNA_OK && !(err == DNA_OK && is_current(p, recall, &record))) {
        return renew(p, record.id, err == DNA_OK, &old);
    }
    return err == DNA_OK ? apply_and_drop(p, &old) : refuse_record(p, txt, why);
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    struct proof p = {
        .q = q,
        .now = now.wall,
        .have = have,
        .wants = wants,
        .alloc = arena->alloc,
        .out = out,
    };
    const char *name = join(arena, "_xmpp-sts.", q->domain, "");
    const struct dna_recall_result *recall;
    const struct dna_dns_answer *txt;
    p.url = join(arena, "https://xmpp-sts.", q->domain, "/.well-known/xmpp-sts.txt");
    if (name == NULL || p.url == NULL) {
        return fault(&p, DNA_ERR_MEMORY);
    }
    if (dna_name_parent(q->domain) == NULL || strlen(name) > DNA_NAME_MAX) {
        return dna_rule(out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                        "%s is no domain that has an sts policy", q->domain);
    }
    recall = dna_wants_recall(wants, have, p.url);
    txt = dna_wants_dns(wants, have, name, DNA_DNS_TXT);
    if (recall == NULL || txt == NULL) {
        return DNA_STEP_WANTS;
    }
    return choose(&p, recall, txt);
}

const struct dna_prover dna_prover_sts = {
    .type = TYPE,
    .stage = DNA_STAGE_LOCAL,
    .awaited = true,
    .forbids = true,
    .step = step,
};
