/* proof/bundle_check.c: bundles judged. */
#include <proof/bundle.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <proof/evidence.h>
#include <proof/registry.h>
#include <x509/digest.h>
#include <x509/seal.h>

/* Who answers for a fact. */
enum standing {
    NOBODY,
    UNSIGNED, /* an answer of the DNS that provably has no signatures */
    VOUCHED   /* signed by somebody, or computed here */
};

/* One entry of the bundle's facts. */
struct entry {
    const struct dna_json *value, *want;
    unsigned order;       /* 0: never answered */
    bool overdue, by_tick;
    enum standing standing;
    struct dna_time at;
};

struct check {
    const struct dna_alloc *alloc;
    const struct dna_bundle_terms *terms;
    struct dna_bundle_report *out;
    struct dna_arena arena; /* of the bundle's values */
    struct dna_json *root;
    struct dna_question question;
    struct dna_chain *chain;
    struct dna_time opened, ruled;
    struct entry entries[DNA_LIMIT_WANTS];
    size_t n;
    struct dna_span *messages;
    size_t n_messages;
};

static enum dna_err broken(struct check *c, const char *why)
{
    c->out->finding = DNA_BUNDLE_BROKEN;
    (void)snprintf(c->out->why, sizeof c->out->why, "%s", why);
    return DNA_ERR_FORMAT;
}

/* --- the signature ---------------------------------------------------------------------- */

static bool read_signature(struct check *c, const struct dna_json *value,
                           struct dna_seal *out)
{
    struct dna_span key, bytes;
    const struct dna_json *name = dna_json_member(value, "algorithm");
    if (dna_evidence_bytes(&c->arena, dna_json_member(value, "key"), &key) != DNA_OK ||
        dna_evidence_bytes(&c->arena, dna_json_member(value, "value"), &bytes) != DNA_OK ||
        name == NULL || name->kind != DNA_JSON_TEXT || key.len == 0 || bytes.len == 0 ||
        key.len > sizeof out->key || bytes.len > sizeof out->value ||
        value->last != dna_json_member(value, "value")) {
        return false;
    }
    memcpy(out->key, key.ptr, key.len);
    memcpy(out->value, bytes.ptr, bytes.len);
    out->key_len = key.len;
    out->len = bytes.len;
    out->algorithm = name->text.ptr;
    return true;
}

static enum dna_err check_signature(struct check *c)
{
    struct dna_seal signature, expected = {.key_len = 0};
    struct dna_json *value;
    struct dna_buf buf;
    bool good = false;
    enum dna_err err;
    if (c->terms->key_pem.len != 0 &&
        dna_seal_key(c->terms->key_pem, &expected) != DNA_OK) {
        return DNA_ERR_ARGUMENT;
    }
    value = dna_json_take(c->root, "signature");
    if (value == NULL) {
        return DNA_OK;
    }
    c->out->has_signature = true;
    if (!read_signature(c, value, &signature)) {
        return broken(c, "the signature is malformed");
    }
    /* The object as it is written without its last member. */
    dna_buf_init(&buf, c->alloc, DNA_LIMIT_BUNDLE);
    err = dna_json_write(c->root, &buf);
    if (err == DNA_OK) {
        err = dna_seal_verify(&signature, dna_buf_span(&buf), &good);
    }
    dna_buf_fini(&buf);
    if (err == DNA_ERR_MEMORY) {
        return err;
    }
    if (err != DNA_OK || !good) {
        return broken(c, "the signature does not verify");
    }
    c->out->signed_by_key =
        expected.key_len != 0 &&
        dna_same_bytes((struct dna_span){(const char *)expected.key, expected.key_len},
                       (struct dna_span){(const char *)signature.key, signature.key_len});
    return DNA_OK;
}

/* --- taking it apart -------------------------------------------------------------------- */

static bool read_overdue(const struct dna_json *value, struct entry *out)
{
    const struct dna_json *overdue = dna_json_member(value, "overdue");
    if (overdue == NULL || (overdue->kind != DNA_JSON_NULL && overdue->kind != DNA_JSON_TEXT)) {
        return false;
    }
    out->overdue = overdue->kind == DNA_JSON_TEXT;
    out->by_tick = out->overdue && dna_span_is(overdue->text, "by-tick");
    return true;
}

static bool read_entry(const struct dna_json *value, struct entry *out)
{
    const struct dna_json *order = dna_json_member(value, "order");
    *out = (struct entry){.value = value, .want = dna_json_member(value, "want")};
    if (out->want == NULL || order == NULL || order->kind != DNA_JSON_NUMBER ||
        order->number < 0 || order->number > DNA_LIMIT_WANTS) {
        return false;
    }
    out->order = (unsigned)order->number;
    return out->order == 0 ||
           (dna_evidence_time(dna_json_member(value, "at"), &out->at) == DNA_OK &&
            read_overdue(value, out));
}

static enum dna_err read_messages(struct check *c)
{
    struct dna_json *list = dna_json_take(c->root, "messages");
    const struct dna_json *one;
    enum dna_err err = DNA_OK;
    size_t n = 0;
    if (list == NULL) {
        return DNA_OK;
    }
    for (one = list->first; one != NULL; one = one->next) {
        n++;
    }
    if (list->kind != DNA_JSON_ARRAY || n > DNA_LIMIT_BUNDLE_MESSAGES) {
        return broken(c, "the messages of the DNS are no array, or too many");
    }
    c->messages = dna_arena_zero(&c->arena, n + 1, sizeof *c->messages);
    if (c->messages == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (one = list->first; one != NULL && err == DNA_OK; one = one->next) {
        err = dna_evidence_bytes(&c->arena, one, &c->messages[c->n_messages++]);
    }
    return err == DNA_ERR_FORMAT ? broken(c, "a message of the DNS is not base64") : err;
}

static enum dna_err read_entries(struct check *c)
{
    const struct dna_json *facts = dna_json_member(c->root, "facts");
    if (facts == NULL || facts->kind != DNA_JSON_ARRAY) {
        return broken(c, "there are no facts");
    }
    for (const struct dna_json *one = facts->first; one != NULL; one = one->next) {
        if (c->n == DNA_LIMIT_WANTS || !read_entry(one, &c->entries[c->n])) {
            return broken(c, "the facts are malformed, or too many");
        }
        c->n++;
    }
    c->out->facts = (unsigned)c->n;
    return DNA_OK;
}

static enum dna_err read_parts(struct check *c)
{
    const struct dna_json *format = dna_json_member(c->root, "format");
    enum dna_err err;
    if (format == NULL || format->kind != DNA_JSON_TEXT ||
        !dna_span_is(format->text, DNA_EVIDENCE_FORMAT)) {
        return broken(c, "it does not say that it is a bundle of a format known here");
    }
    err = dna_evidence_question(&c->arena, dna_json_member(c->root, "question"), &c->question,
                                &c->chain);
    if (err != DNA_OK) {
        return err == DNA_ERR_MEMORY ? err : broken(c, "the question is malformed");
    }
    if (dna_evidence_time(dna_json_member(c->root, "opened"), &c->opened) != DNA_OK ||
        dna_evidence_time(dna_json_member(c->root, "ruled"), &c->ruled) != DNA_OK) {
        return broken(c, "the times are malformed");
    }
    return read_entries(c);
}

/* --- hearing it again ------------------------------------------------------------------- */

static enum dna_err check_signed(const struct dna_want *want, struct dna_fact *out)
{
    *out = (struct dna_fact){.kind = DNA_WANT_SIGNATURE};
    return dna_signature_check(&want->u.signature, &out->u.signature);
}

static enum dna_err check_path(const struct check *c, const struct dna_want *want, int64_t at,
                               struct dna_fact *out)
{
    *out = (struct dna_fact){.kind = DNA_WANT_PATH};
    return dna_path_check_anchored(want->u.path.chain, c->terms->roots, want->u.path.tlsa, at,
                                   &out->u.path);
}

/* Gives the court what the entry says, where it asks for that. */
static enum dna_err give(struct check *c, struct dna_court *court, const struct entry *entry,
                         unsigned id)
{
    const struct dna_known *known = dna_facts_by_id(&court->docket.facts, id);
    struct dna_fact fact;
    enum dna_err err = dna_evidence_fact(&c->arena, entry->value, &fact);
    if (err != DNA_OK) {
        return err;
    }
    if (known == NULL || known->want.kind != fact.kind) {
        return DNA_ERR_FORMAT;
    }
    if (fact.kind == DNA_WANT_PATH) {
        err = check_path(c, &known->want, entry->at.wall, &fact);
    } else if (fact.kind == DNA_WANT_SIGNATURE) {
        err = check_signed(&known->want, &fact);
    }
    err = err == DNA_OK ? dna_court_give(court, id, &fact, entry->at) : err;
    return err == DNA_ERR_LIMIT ? DNA_OK : err; /* the hearing rules on its own limits */
}

/* The answers in their order; what is missing in it, or there twice, shows in the end. */
static enum dna_err give_all(struct check *c, struct dna_court *court)
{
    enum dna_err err = DNA_OK;
    for (unsigned order = 1; order <= c->n && err == DNA_OK; order++) {
        for (size_t i = 0; i < c->n && err == DNA_OK; i++) {
            const struct entry *entry = &c->entries[i];
            if (entry->order != order) {
                continue;
            }
            if (!entry->overdue) {
                err = give(c, court, entry, (unsigned)i + 1);
            } else if (entry->by_tick) {
                err = dna_court_tick(court, entry->at);
                err = err == DNA_ERR_LIMIT ? DNA_OK : err;
            }
        }
    }
    if (err == DNA_OK && !dna_court_ruling(court, NULL)) {
        err = dna_court_tick(court, c->ruled);
        err = err == DNA_ERR_LIMIT ? DNA_OK : err;
    }
    return err;
}

/* Where two values differ first, as "facts[3].fact.why". */
static void locate(const struct dna_json *a, const struct dna_json *b, char *out, size_t room)
{
    const struct dna_json *x = a->first, *y = b->first;
    size_t len = strlen(out), index = 0;
    if (a->kind != b->kind) {
        return;
    }
    while (x != NULL && y != NULL && dna_json_equal(x, y) &&
           (a->kind != DNA_JSON_OBJECT || strcmp(x->name, y->name) == 0)) {
        x = x->next;
        y = y->next;
        index++;
    }
    if (x == NULL && y == NULL) {
        return;
    }
    if (a->kind == DNA_JSON_OBJECT) {
        (void)snprintf(out + len, room - len, "%s%.40s", len != 0 ? "." : "",
                       y != NULL ? y->name : x->name);
    } else {
        (void)snprintf(out + len, room - len, "[%zu]", index);
    }
    if (x != NULL && y != NULL &&
        (a->kind != DNA_JSON_OBJECT || strcmp(x->name, y->name) == 0)) {
        locate(x, y, out, room);
    }
}

static enum dna_err compare(struct check *c, const struct dna_court *court)
{
    struct dna_json_maker maker = {&c->arena, DNA_OK};
    struct dna_json *again = dna_evidence_write(&maker, court);
    char where[160] = "", why[300];
    if (maker.err != DNA_OK) {
        return maker.err;
    }
    if (dna_json_equal(c->root, again)) {
        return DNA_OK;
    }
    locate(c->root, again, where, sizeof where);
    (void)snprintf(why, sizeof why, "heard again, the bundle differs at %s", where);
    return broken(c, why);
}

static enum dna_err open_court(struct check *c, struct dna_time now, struct dna_court **out)
{
    enum dna_err err = dna_court_new(c->alloc, &c->question, now, out);
    return err == DNA_ERR_ARGUMENT ? broken(c, "the question names no canonical domain") : err;
}

static enum dna_err hear_again(struct check *c)
{
    struct dna_court *court;
    enum dna_err err;
    if (c->opened.mono != 0) {
        return broken(c, "the hearing does not begin at its beginning");
    }
    err = open_court(c, c->opened, &court);
    if (err != DNA_OK) {
        return err;
    }
    err = give_all(c, court);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_ARGUMENT) {
        err = broken(c, "a fact is malformed, or answers what the court does not ask");
    }
    if (err == DNA_OK && !dna_court_ruling(court, NULL)) {
        err = broken(c, "the court does not come to a ruling over the recorded facts");
    }
    err = err == DNA_OK ? compare(c, court) : err;
    if (err == DNA_OK) {
        (void)dna_court_ruling(court, &c->out->ruling); /* which is the recorded one */
    }
    dna_court_free(court);
    return err;
}

/* --- what nobody answers for ------------------------------------------------------------ */

/* What the messages show of one answer.  DNA_ERR_FORMAT: that it was another one. */
static enum dna_err show(struct check *c, const struct dna_bundle_claim *claim,
                         enum standing *out)
{
    enum dna_bundle_dns shown = DNA_BUNDLE_DNS_UNPROVEN;
    *out = NOBODY;
    if (c->terms->dns != NULL && (claim->answer->outcome == DNA_DNS_FOUND ||
                                  claim->answer->outcome == DNA_DNS_ABSENT)) {
        shown = c->terms->dns(c->terms->dns_arg, claim, c->messages, c->n_messages);
    }
    switch (shown) {
    case DNA_BUNDLE_DNS_UNPROVEN:
        return DNA_OK;
    case DNA_BUNDLE_DNS_DIFFERS:
        return broken(c, "a recorded answer of the DNS is not what its message says");
    case DNA_BUNDLE_DNS_INSECURE:
        *out = claim->answer->secure ? NOBODY : UNSIGNED;
        break;
    case DNA_BUNDLE_DNS_PROVEN:
        *out = claim->answer->secure ? VOUCHED : NOBODY;
        break;
    }
    c->out->validated += *out != NOBODY;
    return DNA_OK;
}

/* When a fact was used last: the ruling rests on it, so that its signatures must be good even
 * then, and a bundle whose clock jumps brings no old answers back. */
static int64_t last_used(const struct check *c, const struct entry *entry)
{
    return entry->at.wall > c->ruled.wall ? entry->at.wall : c->ruled.wall;
}

/* Three answers under one supplied key stand together. */
static enum dna_err show_anchored(struct check *c, struct entry *entry,
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
        enum standing one;
        claim.answer = answers[i];
        err = show(c, &claim, &one);
        all = all && one == VOUCHED;
    }
    entry->standing = all ? VOUCHED : NOBODY;
    return err;
}

/* Whence a document came that the peer referred to proves nothing, also when it is fetched:
 * it could be supplied by anybody, and is judged by what is signed in it. */
static bool speaks_for_itself(const struct entry *entry, const struct dna_fetch_result *fetch)
{
    const struct dna_json *by = dna_json_member(entry->want, "chosen_by");
    return fetch->outcome == DNA_FETCH_OK && by != NULL && by->kind == DNA_JSON_TEXT &&
           dna_span_is(by->text, "peer");
}

static enum dna_err vouch_for(struct check *c, struct entry *entry)
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
    case DNA_WANT_PATH: /* is made again */
    case DNA_WANT_SIGNATURE: /* the same */
        entry->standing = VOUCHED;
        break;
    case DNA_WANT_PEER: /* what it supplied speaks for itself, as its certificate does */
        entry->standing = fact.u.peer.outcome == DNA_PEER_PROOF ? VOUCHED : NOBODY;
        break;
    case DNA_WANT_FETCH:
        entry->standing = speaks_for_itself(entry, &fact.u.fetch) ? VOUCHED : NOBODY;
        break;
    case DNA_WANT_RECALL:
        break;
    }
    return DNA_OK;
}

static enum dna_err vouch(struct check *c)
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
    struct dna_dns_answer answer = {
        .outcome = worst, .obtained = at, .signatures_end = DNA_NEVER, .why = "not vouched for"};
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

static const struct entry *entry_of(struct check *c, const struct dna_want *want,
                                    enum dna_err *err)
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

static enum dna_err answer_worst(struct check *c, const struct dna_want *want,
                                 enum dna_dns_outcome worst, struct dna_fact *fact)
{
    enum dna_err err;
    const struct entry *entry;
    if (want->kind == DNA_WANT_PATH) {
        return check_path(c, want, c->ruled.wall, fact);
    }
    if (want->kind == DNA_WANT_SIGNATURE) {
        return check_signed(want, fact);
    }
    entry = entry_of(c, want, &err);
    if (err != DNA_OK) {
        return err;
    }
    if (entry != NULL && entry->standing != NOBODY) {
        err = dna_evidence_fact(&c->arena, entry->value, fact);
        /* A zone's keys without a signature only spare us a validation in vain. */
        if (err == DNA_OK && entry->standing == UNSIGNED && worst == DNA_DNS_FAILED &&
            fact->u.dns.type != DNA_DNS_DNSKEY) {
            fact->u.dns.outcome = DNA_DNS_ABSENT;
            fact->u.dns.n_rdata = 0;
        }
        return err;
    }
    assume_worst(want, c->ruled.wall, worst, fact);
    return DNA_OK;
}

/* Whether the domain is proven even so. */
static enum dna_err holds_at_worst(struct check *c, enum dna_dns_outcome worst, bool *holds)
{
    struct dna_time now = {.wall = c->ruled.wall, .mono = 0};
    struct dna_court *court;
    const struct dna_want *want;
    struct dna_ruling ruling;
    unsigned id;
    enum dna_err err = open_court(c, now, &court);
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

static enum dna_err weigh(struct check *c)
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
    err = holds_at_worst(c, DNA_DNS_BOGUS, &bogus);
    err = err == DNA_OK ? holds_at_worst(c, DNA_DNS_FAILED, &failed) : err;
    if (err != DNA_OK) {
        return err;
    }
    c->out->finding = bogus && failed ? DNA_BUNDLE_PROVES : DNA_BUNDLE_UNAUTHENTICATED;
    return DNA_OK;
}

/* --- the whole -------------------------------------------------------------------------- */

static void conclude(struct check *c)
{
    struct dna_bundle_report *out = c->out;
    switch (out->finding) {
    case DNA_BUNDLE_PROVES:
    case DNA_BUNDLE_REFUSES:
        (void)snprintf(out->why, sizeof out->why, "%s", out->ruling.why);
        break;
    case DNA_BUNDLE_UNAUTHENTICATED:
        (void)snprintf(out->why, sizeof out->why,
                       "the ruling PROVEN rests on answers that nobody signed%s: %s",
                       !out->has_signature ? "" : ", as far as the keys given can tell",
                       out->ruling.why);
        break;
    case DNA_BUNDLE_BROKEN:
        break;
    }
}

static enum dna_err judge(struct check *c, struct dna_span bundle)
{
    const char *why;
    char text[200];
    size_t at;
    enum dna_err err;
    if (bundle.len > DNA_LIMIT_BUNDLE) {
        return broken(c, "longer than 4 MiB");
    }
    err = dna_json_read(&c->arena, bundle, DNA_LIMIT_BUNDLE_DEPTH, &c->root, &at, &why);
    if (err == DNA_ERR_MEMORY) {
        return err;
    }
    if (err != DNA_OK || c->root->kind != DNA_JSON_OBJECT) {
        (void)snprintf(text, sizeof text, "not canonical JSON at byte %zu: %s", at,
                       err != DNA_OK ? why : "no object");
        return broken(c, text);
    }
    err = check_signature(c);
    err = err == DNA_OK ? read_messages(c) : err;
    err = err == DNA_OK ? read_parts(c) : err;
    err = err == DNA_OK ? hear_again(c) : err;
    if (err != DNA_OK) {
        return err;
    }
    c->out->role = c->question.role;
    c->out->at = c->ruled.wall;
    (void)snprintf(c->out->domain, sizeof c->out->domain, "%s", c->question.domain);
    c->out->finding = DNA_BUNDLE_REFUSES;
    return c->out->ruling.verdict == DNA_PROVEN ? weigh(c) : DNA_OK;
}

enum dna_err dna_bundle_check(const struct dna_alloc *alloc, struct dna_span bundle,
                              const struct dna_bundle_terms *terms,
                              struct dna_bundle_report *out)
{
    struct check *c = dna_alloc_zero(alloc, 1, sizeof *c);
    enum dna_err err;
    *out = (struct dna_bundle_report){.finding = DNA_BUNDLE_BROKEN};
    if (c == NULL) {
        return DNA_ERR_MEMORY;
    }
    c->alloc = alloc;
    c->terms = terms;
    c->out = out;
    dna_arena_init(&c->arena, alloc, DNA_LIMIT_BUNDLE_ARENA);
    err = judge(c, bundle);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        if (out->why[0] == '\0') {
            (void)broken(c, "more than one hearing can hold");
        }
        err = DNA_OK;
    }
    if (err != DNA_OK) {
        out->finding = DNA_BUNDLE_BROKEN;
    }
    conclude(c);
    dna_chain_free(c->chain);
    dna_arena_fini(&c->arena);
    dna_alloc_release(alloc, c);
    return err;
}
