/* proof/dnssec_ta.c: a CA certificate stands in for a missing DNSSEC trust anchor.
 *
 * The zone is signed, but no chain leads to it from the root.  The peer supplies a
 * certificate whose key is the zone's own: a CA vouches for it under the domain's name, and
 * under that key the SRV records must validate and name the peer.  Nothing of this begins
 * unless the root-anchored resolver has rated the SRV records insecure (S3, S4): a supplied
 * anchor never competes with a chain from the root and never mends a broken one.  The steps
 * are those of the prooftype's description; each either goes on or ends the run.
 */
#include <proof/anchors.h>
#include <proof/certificate.h>
#include <proof/delegate.h>
#include <proof/facts.h>
#include <proof/rule.h>
#include <proof/srv_status.h>
#include <proof/supplied.h>
#include <proof/wants.h>

#define TYPE DNA_PROOF_DNSSEC_TA

/* One run. */
struct proof {
    const struct dna_question *q;
    struct dna_time now;
    const struct dna_facts *have;
    struct dna_wants *wants;
    struct dna_arena *arena;
    struct dna_ruling *out;
    enum dna_step ended;           /* set by the step that does not go on */
    struct dna_delegation root;    /* the SRV names as seen from the root */
    const struct dna_path *peer;   /* of the certificate on the stream */
    const struct dna_chain *chain; /* what was supplied */
    const struct dna_path *path;   /* of that */
    struct dna_anchors anchors;
    struct dna_run run;            /* about the delegate's endpoints */
};

static bool wait(struct proof *p)
{
    p->ended = DNA_STEP_WANTS;
    return false;
}

/* dna_rule() and dna_rule_veto() end a run. */
static bool end(struct proof *p, enum dna_step step)
{
    p->ended = step;
    return false;
}

/* Step 1. */
static bool is_domain(struct proof *p)
{
    if (dna_name_parent(p->q->domain) != NULL) {
        return true;
    }
    return end(p, dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                           "%s is no domain that could be a zone", p->q->domain));
}

/* Steps 2 and 3. */
static bool is_insecure(struct proof *p)
{
    if (!dna_delegation_ask(p->q, p->have, p->wants, &p->root)) {
        return wait(p);
    }
    switch (p->root.status) {
    case DNA_DELEGATION_INSECURE:
        return true;
    case DNA_DELEGATION_SECURE:
        return end(p, dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                               "DNSSEC secures the SRV records from the root already"));
    case DNA_DELEGATION_NONE:
        return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NO_DELEGATION,
                               "DNSSEC says that %s delegates this service to nobody",
                               p->q->domain));
    case DNA_DELEGATION_BOGUS:
        return end(p, dna_rule_veto(p->out, TYPE, "the SRV records are bogus: %s",
                                    p->root.why));
    case DNA_DELEGATION_FAILED:
        break;
    }
    return end(p, dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                           "the SRV look-up failed: %s", p->root.why));
}

/* Step 15, as far as it can save the rest. */
static bool is_peer_trusted(struct proof *p)
{
    p->peer = dna_wants_path(p->wants, p->have, p->q->chain);
    if (p->peer == NULL) {
        return wait(p);
    }
    return dna_certificate_trusted(p->peer, TYPE, p->now.wall, "the peer's certificate",
                                   p->out) ||
           end(p, DNA_STEP_RULES);
}

/* Step 5: the document, where the peer gave a URL. */
static bool fetch(struct proof *p, struct dna_span url)
{
    struct dna_want_fetch want = {.kind = DNA_FETCH_PEER, .max_redirects = 0};
    const struct dna_fetch_result *result;
    enum dna_err err;
    want.url = dna_arena_text(p->arena, url);
    if (want.url == NULL) {
        dna_wants_fault(p->wants, DNA_ERR_MEMORY);
        return wait(p);
    }
    result = dna_wants_fetch(p->wants, p->have, &want);
    if (result == NULL) {
        return wait(p);
    }
    switch (result->outcome) {
    case DNA_FETCH_OK:
        break;
    case DNA_FETCH_REFUSED:
        return end(p, dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED,
                               "the supplied URL was not fetched: %s", result->why));
    case DNA_FETCH_ABSENT:
        return end(p, dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED,
                               "there is no certificate at the supplied URL"));
    case DNA_FETCH_FAILED:
        return end(p, dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED,
                               "the certificate could not be fetched: %s", result->why));
    }
    err = dna_facts_fetched_chain(p->have, &want, &p->chain);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                               "the document at the supplied URL is no certificate (%s)",
                               dna_err_name(err)));
    }
    if (err != DNA_OK) {
        dna_wants_fault(p->wants, err);
        return wait(p);
    }
    return true;
}

static bool read_text(struct proof *p)
{
    enum dna_err err = dna_facts_supplied_chain(p->have, &p->chain);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                               "the supplied proof is neither a URL nor a certificate"));
    }
    if (err != DNA_OK) {
        dna_wants_fault(p->wants, err);
        return wait(p);
    }
    return true;
}

/* Steps 4 to 6. */
static bool has_certificate(struct proof *p)
{
    const struct dna_fact *fact = dna_wants_peer(p->wants, p->have, TYPE);
    if (fact == NULL) {
        return wait(p);
    }
    if (fact->u.peer.outcome == DNA_PEER_IMPOSSIBLE) {
        return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE,
                               "the peer says that it does not speak for %s", p->q->domain));
    }
    if (fact->u.peer.outcome != DNA_PEER_PROOF) {
        return end(p, dna_rule(p->out, TYPE, DNA_TEMPFAIL, DNA_CODE_PEER_SILENT,
                               "the peer did not answer the challenge"));
    }
    if (fact->u.peer.prooftype != TYPE || fact->u.peer.content.len == 0) {
        return end(p, dna_rule(p->out, TYPE, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL,
                               "the peer supplied no certificate for the zone"));
    }
    switch (dna_supplied_kind(fact->u.peer.content)) {
    case DNA_SUPPLIED_URL:
        return fetch(p, fact->u.peer.content);
    case DNA_SUPPLIED_TEXT:
        return read_text(p);
    case DNA_SUPPLIED_BAD:
        break;
    }
    return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_BAD_MATERIAL,
                           "the supplied proof is no http or https URL"));
}

/* Step 7. */
static bool is_certificate_good(struct proof *p)
{
    p->path = dna_wants_path(p->wants, p->have, p->chain);
    if (p->path == NULL) {
        return wait(p);
    }
    if (!dna_certificate_trusted(p->path, TYPE, p->now.wall, "the supplied certificate",
                                 p->out)) {
        return end(p, DNA_STEP_RULES);
    }
    if (!p->path->digital_signature) {
        return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_UNTRUSTED,
                               "the supplied certificate's key is not for signing"));
    }
    if (!dna_certificate_names_exactly(p->chain, p->path, p->q->service, p->q->domain)) {
        return end(p, dna_rule(p->out, TYPE, DNA_FAIL, DNA_CODE_NAME_MISMATCH,
                               "the supplied certificate does not name %s itself",
                               p->q->domain));
    }
    return true;
}

/* Steps 8 to 10. */
static bool has_anchors(struct proof *p)
{
    return dna_anchors_find(p->q, p->chain, p->have, p->wants, &p->anchors, &p->ended, p->out);
}

/* Step 12: the zone's keys under one anchor.  A key that does not sign them is the peer's
 * mistake, not a sign of forged records: no veto. */
static bool keys_hold(const struct dna_anchor *anchor, const struct dna_dns_answer *keys,
                      struct dna_ruling *out)
{
    if (keys->outcome == DNA_DNS_BOGUS) {
        (void)dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_DNS_BOGUS,
                       "the supplied key does not validate the zone %s: %s", anchor->zone,
                       keys->why);
        return false;
    }
    if (keys->outcome == DNA_DNS_FAILED) {
        (void)dna_rule(out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                       "the keys of %s could not be validated: %s", anchor->zone, keys->why);
        return false;
    }
    if (!keys->secure || keys->aliased || !dna_anchors_holds(keys, anchor->dnskey)) {
        (void)dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_DNS_INSECURE,
                       "the supplied key does not secure the zone %s", anchor->zone);
        return false;
    }
    return true;
}

/* Step 13: an absent name must be provably absent, for here the zone itself is signed (S4). */
static bool records_hold(const struct dna_anchor *anchor,
                         const struct dna_delegation *delegation, struct dna_ruling *out)
{
    bool unproven = delegation->each[0] == DNA_SRV_UNPROVEN ||
                    delegation->each[1] == DNA_SRV_UNPROVEN;
    switch (delegation->status) {
    case DNA_DELEGATION_SECURE:
        if (!unproven) {
            return true;
        }
        break;
    case DNA_DELEGATION_INSECURE:
        break;
    case DNA_DELEGATION_NONE:
        (void)dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_NO_DELEGATION,
                       "the zone %s delegates this service to nobody", anchor->zone);
        return false;
    case DNA_DELEGATION_BOGUS:
        (void)dna_rule_veto(out, TYPE, "the SRV records are bogus under the supplied key: %s",
                            delegation->why);
        return false;
    case DNA_DELEGATION_FAILED:
        (void)dna_rule(out, TYPE, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED,
                       "the SRV look-up under the supplied key failed: %s", delegation->why);
        return false;
    }
    (void)dna_rule(out, TYPE, DNA_FAIL, DNA_CODE_DNS_INSECURE,
                   "the supplied key of %s does not secure the SRV records", anchor->zone);
    return false;
}

static int64_t until(const struct proof *p, const struct dna_anchor *anchor,
                     const struct dna_dns_answer *keys,
                     const struct dna_delegation *delegation)
{
    int64_t now = p->now.wall;
    int64_t certificates = dna_rule_sooner(p->peer->not_after, p->path->not_after);
    int64_t zone = dna_rule_sooner(dna_rule_dns_until(anchor->source, now),
                                   dna_rule_dns_until(keys, now));
    int64_t records = dna_rule_sooner(dna_delegation_until(&p->root, now),
                                      dna_delegation_until(delegation, now));
    return dna_rule_sooner(certificates, dna_rule_sooner(zone, records));
}

/* Steps 12 to 16 for one anchor.  Where the delegate's own zone, secure from the root, has
 * TLSA records, one of them must match as well (S6).  False: wants were named. */
static bool judge(struct proof *p, const struct dna_anchor *anchor,
                  const struct dna_anchored_result *result, struct dna_ruling *out)
{
    struct dna_delegation delegation = dna_delegation_judge(&result->srv, &result->srv_tls);
    struct dna_delegate delegate;
    if (!keys_hold(anchor, &result->dnskey, out) || !records_hold(anchor, &delegation, out)) {
        return true;
    }
    switch (dna_delegate_find(&p->run, &delegation, p->peer, DNA_NAMES_HOST, TYPE, &delegate,
                              out)) {
    case DNA_MATCH_OPEN:
        return false;
    case DNA_MATCH_NONE:
        return true;
    case DNA_MATCH_FOUND:
        break;
    }
    (void)dna_rule_proven(out, TYPE,
                          dna_rule_sooner(delegate.until,
                                          until(p, anchor, &result->dnskey, &delegation)),
                          "a trusted certificate vouches for the key of the zone %s, "
                          "which delegates to %s", anchor->zone, delegate.host.text);
    return true;
}

/* Of several anchors one proof suffices; else what is worst speaks. */
static int weight(const struct dna_ruling *ruling)
{
    return ruling->verdict == DNA_PROVEN ? 3 : ruling->veto ? 2
           : ruling->verdict == DNA_TEMPFAIL ? 1 : 0;
}

/* Steps 11 to 16. */
static bool is_validated(struct proof *p)
{
    const struct dna_anchored_result *results[DNA_LIMIT_ANCHORS];
    size_t known = 0;
    bool open = false, judged = false;
    for (size_t i = 0; i < p->anchors.n; i++) {
        struct dna_want_anchored want = {
            .zone = p->anchors.list[i].zone,
            .dnskey = p->anchors.list[i].dnskey,
            .domain = p->q->domain,
            .service = p->q->service,
        };
        results[i] = dna_wants_anchored(p->wants, p->have, &want);
        known += results[i] != NULL;
    }
    if (known != p->anchors.n) {
        return wait(p);
    }
    for (size_t i = 0; i < p->anchors.n; i++) {
        struct dna_ruling ruling;
        if (!judge(p, &p->anchors.list[i], results[i], &ruling)) {
            open = true;
        } else if (!judged || weight(&ruling) > weight(p->out)) {
            *p->out = ruling;
            judged = true;
        }
    }
    return open ? wait(p) : end(p, DNA_STEP_RULES);
}

static enum dna_step step(const struct dna_question *q, struct dna_time now,
                          const struct dna_facts *have, struct dna_wants *wants,
                          struct dna_arena *arena, struct dna_ruling *out)
{
    static bool (*const steps[])(struct proof *) = {
        is_domain,           is_insecure, is_peer_trusted, has_certificate,
        is_certificate_good, has_anchors, is_validated,
    };
    struct proof p = {
        .q = q, .now = now, .have = have, .wants = wants, .arena = arena, .out = out,
        .ended = DNA_STEP_WANTS,
        .run = {.q = q, .now = now.wall, .have = have, .wants = wants},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps && steps[i](&p); i++) {
    }
    return p.ended;
}

const struct dna_prover dna_prover_dnssec_ta = {
    .type = TYPE,
    .stage = DNA_STAGE_FETCH,
    .rests_on_dns = true,
    .step = step,
};
