/* proof/bundle_weigh.c: what is proven without what nobody answers for.
 *
 * Signatures in the DNS, certificates and what is computed here speak for themselves; every other
 * answer is put at its worst, forged or missing, and the court is held once more.
 */
#include <proof/bundle_trial.h>

#include <proof/evidence.h>
#include <proof/registry.h>

/* What the messages show of one answer.  DNA_ERR_FORMAT: that it was another one. */
static enum dna_err show(struct dna_bundle_trial *c, const struct dna_bundle_claim *claim,
                         enum dna_bundle_standing *out)
{
    enum dna_bundle_dns shown = DNA_BUNDLE_DNS_UNPROVEN;
    *out = DNA_BUNDLE_NOBODY;
    if (c->terms->dns != NULL && (claim->answer->outcome == DNA_DNS_FOUND ||
                                  claim->answer->outcome == DNA_DNS_ABSENT)) {
        shown = c->terms->dns(c->terms->dns_arg, claim, c->messages, c->n_messages);
    }
    switch (shown) {
    case DNA_BUNDLE_DNS_UNPROVEN:
        return DNA_OK;
    case DNA_BUNDLE_DNS_DIFFERS:
        return dna_bundle_broken(c,
                                 "a recorded answer of the DNS is not what its message says");
    case DNA_BUNDLE_DNS_INSECURE:
        *out = claim->answer->secure ? DNA_BUNDLE_NOBODY : DNA_BUNDLE_UNSIGNED;
        break;
    case DNA_BUNDLE_DNS_PROVEN:
        *out = claim->answer->secure ? DNA_BUNDLE_VOUCHED : DNA_BUNDLE_NOBODY;
        break;
    }
    c->out->validated += *out != DNA_BUNDLE_NOBODY;
    return DNA_OK;
}

/* When a fact was used last: the ruling rests on it, so that its signatures must be good even
 * then, and a bundle whose clock jumps brings no old answers back. */
static int64_t last_used(const struct dna_bundle_trial *c,
                         const struct dna_bundle_entry *entry)
{
    return entry->at.wall > c->ruled.wall ? entry->at.wall : c->ruled.wall;
}

/* Three answers under one supplied key stand together. */
static enum dna_err show_anchored(struct dna_bundle_trial *c, struct dna_bundle_entry *entry,
                                  const struct dna_anchored_result *result)
{
    const struct dna_dns_answer *answers[] = {&result->dnskey, &result->srv, &result->srv_tls};
    struct dna_bundle_claim claim = {.at = last_used(c, entry)};
    const struct dna_json *zone = dna_json_member(entry->want, "zone");
    bool all = true;
    enum dna_err err = dna_evidence_bytes(&c->arena, dna_json_member(entry->want, "dnskey"),
                                          &claim.dnskey);
    claim.zone = zone->text.ptr; /* the hearing was the same: it is what it should be */
    for (size_t i = 0; i < 3 && err == DNA_OK; i++) {
        enum dna_bundle_standing one;
        claim.answer = answers[i];
        err = show(c, &claim, &one);
        all = all && one == DNA_BUNDLE_VOUCHED;
    }
    entry->standing = all ? DNA_BUNDLE_VOUCHED : DNA_BUNDLE_NOBODY;
    return err;
}

/* Whence a document came that the peer referred to proves nothing, also when it is fetched:
 * it could be supplied by anybody, and is judged by what is signed in it. */
static bool speaks_for_itself(const struct dna_bundle_entry *entry,
                              const struct dna_fetch_result *fetch)
{
    const struct dna_json *by = dna_json_member(entry->want, "chosen_by");
    return fetch->outcome == DNA_FETCH_OK && by != NULL && by->kind == DNA_JSON_TEXT &&
           dna_span_is(by->text, "peer");
}

static enum dna_err vouch_for(struct dna_bundle_trial *c, struct dna_bundle_entry *entry)
{
    struct dna_bundle_claim claim = {.at = last_used(c, entry)};
    struct dna_fact fact;
    enum dna_err err = dna_evidence_fact(&c->arena, entry->value, &fact);
    if (err != DNA_OK) {
        return err;
    }
    switch (fact.kind) {
    case DNA_WANT_DNS:
        claim.answer = &fact.u.dns;
        return show(c, &claim, &entry->standing);
    case DNA_WANT_ANCHORED:
        return show_anchored(c, entry, &fact.u.anchored);
    case DNA_WANT_PATH:      /* is made again */
    case DNA_WANT_SIGNATURE: /* the same */
        entry->standing = DNA_BUNDLE_VOUCHED;
        break;
    case DNA_WANT_PEER: /* what it supplied speaks for itself, as its certificate does */
        entry->standing = fact.u.peer.outcome == DNA_PEER_PROOF ? DNA_BUNDLE_VOUCHED
                                                                : DNA_BUNDLE_NOBODY;
        break;
    case DNA_WANT_FETCH:
        entry->standing = speaks_for_itself(entry, &fact.u.fetch) ? DNA_BUNDLE_VOUCHED
                                                                  : DNA_BUNDLE_NOBODY;
        break;
    case DNA_WANT_RECALL:
        break;
    }
    return DNA_OK;
}

static enum dna_err vouch(struct dna_bundle_trial *c)
{
    enum dna_err err = DNA_OK;
    for (size_t i = 0; i < c->n && err == DNA_OK; i++) {
        if (c->entries[i].order != 0 && !c->entries[i].overdue) {
            err = vouch_for(c, &c->entries[i]);
        }
    }
    return err;
}

/* The worst that could have been said: forged, or nothing at all. */
static void assume_worst(const struct dna_want *want, int64_t at, enum dna_dns_outcome worst,
                         struct dna_fact *out)
{
    struct dna_dns_answer answer = {.outcome = worst,
                                    .obtained = at,
                                    .signatures_end = DNA_NEVER,
                                    .why = "not vouched for"};
    *out = (struct dna_fact){.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        out->u.dns = answer;
        out->u.dns.type = want->u.dns.type;
        break;
    case DNA_WANT_ANCHORED:
        out->u.anchored = (struct dna_anchored_result){answer, answer, answer};
        out->u.anchored.dnskey.type = DNA_DNS_DNSKEY;
        out->u.anchored.srv.type = out->u.anchored.srv_tls.type = DNA_DNS_SRV;
        break;
    case DNA_WANT_FETCH:
        out->u.fetch.outcome = DNA_FETCH_FAILED;
        out->u.fetch.why = answer.why;
        out->u.fetch.obtained = at;
        break;
    case DNA_WANT_PEER:
        out->u.peer.outcome = DNA_PEER_IMPOSSIBLE;
        break;
    case DNA_WANT_PATH:
    case DNA_WANT_SIGNATURE:
    case DNA_WANT_RECALL:
        break;
    }
}

static const struct dna_bundle_entry *entry_of(struct dna_bundle_trial *c,
                                               const struct dna_want *want, enum dna_err *err)
{
    struct dna_json_maker maker = {&c->arena, DNA_OK};
    struct dna_json *written = dna_evidence_want(&maker, NULL, want);
    *err = maker.err;
    for (size_t i = 0; *err == DNA_OK && i < c->n; i++) {
        if (c->entries[i].order != 0 && !c->entries[i].overdue &&
            dna_json_equal(c->entries[i].want, written)) {
            return &c->entries[i];
        }
    }
    return NULL;
}

static enum dna_err answer_worst(struct dna_bundle_trial *c, const struct dna_want *want,
                                 enum dna_dns_outcome worst, struct dna_fact *fact)
{
    enum dna_err err;
    const struct dna_bundle_entry *entry;
    if (want->kind == DNA_WANT_PATH) {
        return dna_bundle_path(c, want, c->ruled.wall, fact);
    }
    if (want->kind == DNA_WANT_SIGNATURE) {
        return dna_bundle_signed(want, fact);
    }
    entry = entry_of(c, want, &err);
    if (err != DNA_OK) {
        return err;
    }
    if (entry != NULL && entry->standing != DNA_BUNDLE_NOBODY) {
        err = dna_evidence_fact(&c->arena, entry->value, fact);
        /* A zone's keys without a signature only spare us a validation in vain. */
        if (err == DNA_OK && entry->standing == DNA_BUNDLE_UNSIGNED &&
            worst == DNA_DNS_FAILED && fact->u.dns.type != DNA_DNS_DNSKEY) {
            fact->u.dns.outcome = DNA_DNS_ABSENT;
            fact->u.dns.n_rdata = 0;
        }
        return err;
    }
    assume_worst(want, c->ruled.wall, worst, fact);
    return DNA_OK;
}

/* Whether the domain is proven even so. */
static enum dna_err holds_at_worst(struct dna_bundle_trial *c, enum dna_dns_outcome worst,
                                   bool *holds)
{
    struct dna_time now = {.wall = c->ruled.wall, .mono = 0};
    struct dna_court *court;
    const struct dna_want *want;
    struct dna_ruling ruling;
    unsigned id;
    enum dna_err err = dna_bundle_court(c, now, &court);
    if (err != DNA_OK) {
        return err;
    }
    while (err == DNA_OK && dna_court_next_want(court, &id, &want)) {
        struct dna_fact fact;
        err = answer_worst(c, want, worst, &fact);
        err = err == DNA_OK ? dna_court_give(court, id, &fact, now) : err;
        err = err == DNA_ERR_LIMIT ? DNA_OK : err;
    }
    /* An sts policy that nobody vouches for might have barred all but these. */
    *holds = err == DNA_OK && dna_court_ruling(court, &ruling) &&
             ruling.verdict == DNA_PROVEN &&
             ((c->question.policy.prooftypes & DNA_PROOF_BIT(DNA_PROOF_STS)) == 0 ||
              dna_provers[ruling.prooftype]->survives_sts);
    dna_court_free(court);
    return err;
}

enum dna_err dna_bundle_weigh(struct dna_bundle_trial *c)
{
    bool bogus = false, failed = false;
    enum dna_err err = vouch(c);
    if (err != DNA_OK) {
        return err;
    }
    if (c->out->signed_by_key) {
        c->out->finding = DNA_BUNDLE_PROVES;
        return DNA_OK;
    }
    if (c->out->ruling.pinned) { /* the maker's word, which anybody may have written */
        c->out->finding = DNA_BUNDLE_UNAUTHENTICATED;
        return DNA_OK;
    }
    err = holds_at_worst(c, DNA_DNS_BOGUS, &bogus);
    err = err == DNA_OK ? holds_at_worst(c, DNA_DNS_FAILED, &failed) : err;
    if (err != DNA_OK) {
        return err;
    }
    c->out->finding = bogus && failed ? DNA_BUNDLE_PROVES : DNA_BUNDLE_UNAUTHENTICATED;
    return DNA_OK;
}
