#include <world.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <proof/bundle.h>
#include <x509/spki.h>

const char *const says_names[N_SAYS] = {"records", "denied", "absent",   "insecure",
                                        "unproven", "bogus", "failed", "silent"};

void world_init(struct world *w, const struct cert_order *leaf)
{
    struct cert_order order = *leaf;
    const struct cert *one;
    memset(w, 0, sizeof *w);
    w->root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    if (order.issuer == NULL) {
        order.issuer = &w->root;
    }
    w->leaf = cert_make(&order);
    one = &w->leaf;
    w->chain = cert_chain(&one, 1);
    w->roots = cert_roots(&w->root);
    w->now = (struct dna_time){.wall = NOW, .mono = 1000};
    w->q = (struct dna_question){
        .domain = DOMAIN,
        .role = DNA_RECEIVING,
        .chain = w->chain,
        .policy = dna_policy_default(),
    };
    w->peer.outcome = DNA_PEER_SILENT;
}

void world_present(struct world *w, struct dna_chain *chain)
{
    dna_chain_free(w->chain);
    w->chain = chain;
    w->q.chain = chain;
}

void world_fini(struct world *w)
{
    dna_court_free(w->court);
    dna_papers_free(w->papers);
    dna_chain_free(w->chain);
    dna_roots_free(w->roots);
    cert_free(&w->leaf);
    cert_free(&w->root);
    world_free_bytes(w, 0);
}

void world_free_bytes(struct world *w, size_t n)
{
    while (w->n_bytes > n) {
        free(w->bytes[--w->n_bytes]);
    }
}

struct dna_span world_rdata(struct world *w, const void *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    assert_true(w->n_bytes < sizeof w->bytes / sizeof *w->bytes && copy != NULL);
    memcpy(copy, bytes, len);
    w->bytes[w->n_bytes++] = copy;
    return (struct dna_span){copy, len};
}

struct dna_span world_srv_rdata(struct world *w, const char *target, uint16_t port)
{
    unsigned char bytes[300] = {0, 10, 0, 0, (unsigned char)(port >> 8),
                                (unsigned char)(port & 0xff)};
    size_t at = 6;
    for (const char *label = target; *label != '\0' && strcmp(target, ".") != 0;) {
        size_t n = strcspn(label, ".");
        bytes[at++] = (unsigned char)n;
        memcpy(bytes + at, label, n);
        at += n;
        label += n + (label[n] == '.');
    }
    return world_rdata(w, bytes, at + 1);
}

struct dna_span world_dnskey(struct world *w, const struct cert *cert, uint16_t flags,
                             unsigned char protocol, int algorithm_off)
{
    struct dna_chain *chain = cert_chain(&cert, 1);
    struct dna_spki_dnskey key;
    unsigned char bytes[4 + DNA_DNSKEY_KEY_MAX];
    assert_int_equal(dna_spki_to_dnskey(chain, &key), DNA_OK);
    dna_chain_free(chain);
    bytes[0] = (unsigned char)(flags >> 8);
    bytes[1] = (unsigned char)(flags & 0xff);
    bytes[2] = protocol;
    bytes[3] = (unsigned char)(key.algorithms[0] + algorithm_off);
    memcpy(bytes + 4, key.key, key.key_len);
    return world_rdata(w, bytes, 4 + key.key_len);
}

struct dna_dns_answer world_answer(struct world *w, uint16_t type, enum says says,
                                   struct dna_span rdata)
{
    static const enum dna_dns_outcome outcomes[N_SAYS] = {
        DNA_DNS_FOUND,  DNA_DNS_FOUND, DNA_DNS_ABSENT, DNA_DNS_FOUND,
        DNA_DNS_ABSENT, DNA_DNS_BOGUS, DNA_DNS_FAILED, DNA_DNS_FAILED,
    };
    struct dna_span *list = malloc(sizeof *list);
    struct dna_dns_answer answer = {
        .type = type,
        .outcome = outcomes[says],
        .secure = says <= ABSENT,
        .ttl = 3600,
        .obtained = NOW,
        .signatures_end = says <= ABSENT ? NOW + 7 * DAY : DNA_NEVER,
        .why = says == BOGUS ? "signature crypto failed" : says == FAILED ? "SERVFAIL" : "",
    };
    assert_true(list != NULL && w->n_bytes < sizeof w->bytes / sizeof *w->bytes);
    w->bytes[w->n_bytes++] = list;
    *list = says == DENIED ? world_srv_rdata(w, ".", 0) : rdata;
    if (answer.outcome == DNA_DNS_FOUND) {
        answer.rdata = list;
        answer.n_rdata = 1;
    }
    return answer;
}

static struct world_dns *find_dns(struct world *w, const char *name, uint16_t type)
{
    for (size_t i = 0; i < w->n_dns; i++) {
        if (w->dns[i].answer.type == type && strcmp(w->dns[i].name, name) == 0) {
            return &w->dns[i];
        }
    }
    return NULL;
}

struct dna_dns_answer *world_say(struct world *w, const char *name, uint16_t type,
                                 enum says says, struct dna_span rdata)
{
    struct world_dns *entry = find_dns(w, name, type);
    if (entry == NULL) {
        assert_true(w->n_dns < sizeof w->dns / sizeof *w->dns);
        entry = &w->dns[w->n_dns++];
        (void)snprintf(entry->name, sizeof entry->name, "%s", name);
    }
    entry->answer = world_answer(w, type, says, rdata);
    entry->answer.name = entry->name;
    entry->silent = says == SILENT;
    return &entry->answer;
}

struct dna_dns_answer *world_srv(struct world *w, enum which which, enum says says,
                                 const char *target, uint16_t port)
{
    char name[300];
    (void)snprintf(name, sizeof name, "%s-%s._tcp.%s", which == TLS ? "_xmpps" : "_xmpp",
                   w->q.service == DNA_XMPP_CLIENT ? "client" : "server", w->q.domain);
    return world_say(w, name, DNA_DNS_SRV, says, world_srv_rdata(w, target, port));
}

void world_document(struct world *w, const char *url, enum dna_fetch_outcome outcome,
                    const char *body)
{
    struct world_document *d = NULL;
    for (size_t i = 0; i < w->n_documents; i++) {
        d = strcmp(w->documents[i].url, url) == 0 ? &w->documents[i] : d;
    }
    if (d == NULL) {
        assert_true(w->n_documents < sizeof w->documents / sizeof *w->documents);
        d = &w->documents[w->n_documents++];
    }
    *d = (struct world_document){
        .url = url,
        .result = {.outcome = outcome, .status = 200, .body = dna_span_of(body),
                   .final_url = url, .why = "because", .obtained = NOW, .media_type = "",
                   .certificate_ends = NOW + 90 * DAY, .exact_name = true},
    };
}

/* --- answering ------------------------------------------------------------------------ */

static void note(struct world *w, const char *format, ...) DNA_PRINTF(2, 3);

static void note(struct world *w, const char *format, ...)
{
    size_t len = strlen(w->asked);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(w->asked + len, sizeof w->asked - len, format, args);
    va_end(args);
}

static void note_want(struct world *w, const struct dna_want *want)
{
    switch (want->kind) {
    case DNA_WANT_DNS:
        note(w, "dns %s %s\n", want->u.dns.name, dna_dns_type_name(want->u.dns.type));
        break;
    case DNA_WANT_ANCHORED:
        note(w, "anchored %s %s\n", want->u.anchored.zone, want->u.anchored.domain);
        break;
    case DNA_WANT_FETCH:
        note(w, "fetch%s %s %u\n", want->u.fetch.kind == DNA_FETCH_PEER ? " peer" : "",
             want->u.fetch.url, want->u.fetch.max_redirects);
        break;
    case DNA_WANT_PATH:
        note(w, "path\n");
        break;
    case DNA_WANT_PEER:
        note(w, "peer %x\n", want->u.peer.prooftypes);
        break;
    case DNA_WANT_RECALL:
        note(w, "recall %s\n", want->u.recall.url);
        break;
    case DNA_WANT_SIGNATURE:
        note(w, "signature\n");
        break;
    }
}

static bool answer_dns(struct world *w, const struct dna_want *want, struct dna_fact *fact)
{
    const struct world_dns *entry = find_dns(w, want->u.dns.name, want->u.dns.type);
    fact->u.dns = entry != NULL
                      ? entry->answer
                      : world_answer(w, want->u.dns.type, UNPROVEN, dna_span_of(""));
    return entry == NULL || !entry->silent;
}

static bool answer_anchored(struct world *w, const struct dna_want *want,
                            struct dna_fact *fact)
{
    const unsigned char *key = (const unsigned char *)want->u.anchored.dnskey.ptr;
    for (size_t i = 0; i < w->n_anchored; i++) {
        const struct world_anchored *a = &w->anchored[i];
        if (strcmp(a->zone, want->u.anchored.zone) == 0 &&
            (a->flags == 0 || a->flags == (key[0] << 8 | key[1]))) {
            fact->u.anchored = a->result;
            return !a->silent;
        }
    }
    fail_msg("nobody expected an anchor at %s", want->u.anchored.zone);
    return false;
}

static bool answer_fetch(struct world *w, const struct dna_want *want, struct dna_fact *fact)
{
    for (size_t i = 0; i < w->n_documents; i++) {
        if (strcmp(w->documents[i].url, want->u.fetch.url) == 0) {
            fact->u.fetch = w->documents[i].result;
            return !w->documents[i].silent;
        }
    }
    fact->u.fetch = (struct dna_fetch_result){
        .outcome = DNA_FETCH_ABSENT, .status = 404, .why = "404", .obtained = NOW};
    return true;
}

/* False: there is no answer. */
static bool answer(struct world *w, const struct dna_want *want, struct dna_fact *fact)
{
    *fact = (struct dna_fact){.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        return answer_dns(w, want, fact);
    case DNA_WANT_ANCHORED:
        return answer_anchored(w, want, fact);
    case DNA_WANT_FETCH:
        return answer_fetch(w, want, fact);
    case DNA_WANT_PATH:
        if (w->path != NULL) {
            fact->u.path = *w->path;
        } else {
            assert_int_equal(dna_path_check_anchored(want->u.path.chain, w->roots,
                                                     want->u.path.tlsa, w->now.wall,
                                                     &fact->u.path),
                             DNA_OK);
        }
        return !w->path_silent;
    case DNA_WANT_PEER:
        fact->u.peer.outcome = w->peer.outcome;
        fact->u.peer.prooftype = w->peer.type;
        fact->u.peer.content = w->peer.content;
        return !w->peer.silent;
    case DNA_WANT_RECALL:
        fact->u.recall = w->recall;
        return true;
    case DNA_WANT_SIGNATURE:
        assert_int_equal(dna_signature_check(&want->u.signature, &fact->u.signature), DNA_OK);
        return true;
    }
    return false;
}

/* Memory that was not there once is there the next time: the call is made again. */
static bool again(struct world *w, enum dna_err err)
{
    if (err == DNA_OK) {
        return false;
    }
    assert_int_equal(err, DNA_ERR_MEMORY);
    w->refused++;
    return true;
}

struct pending {
    unsigned id;
    const struct dna_want *want;
};

static size_t collect(struct world *w, struct pending *pending, size_t n)
{
    while (dna_court_next_want(w->court, &pending[n].id, &pending[n].want)) {
        note_want(w, pending[n].want);
        n++;
        assert_true(n < DNA_LIMIT_WANTS);
    }
    return n;
}

static unsigned rank_of(const struct world *w, const struct dna_want *want)
{
    return w->rank != NULL ? w->rank(want) : 0;
}

/* Answers one want that has an answer; false: none has. */
static bool answer_one(struct world *w, struct pending *pending, size_t *n, struct dna_time now)
{
    size_t best = *n;
    struct dna_fact fact;
    unsigned id;
    for (size_t k = 0; k < *n; k++) {
        size_t i = w->backwards ? *n - 1 - k : k;
        if (answer(w, pending[i].want, &fact) &&
            (best == *n || rank_of(w, pending[i].want) < rank_of(w, pending[best].want))) {
            best = i;
        }
    }
    if (best == *n || !answer(w, pending[best].want, &fact)) {
        return false;
    }
    id = pending[best].id;
    --*n;
    memmove(&pending[best], &pending[best + 1], (*n - best) * sizeof *pending);
    while (again(w, dna_court_give(w->court, id, &fact, now))) {
    }
    return true;
}

static struct dna_ruling hear_once(struct world *w)
{
    struct pending pending[DNA_LIMIT_WANTS];
    struct dna_time now = w->now;
    struct dna_ruling ruling;
    size_t n = 0, bytes = w->n_bytes;
    dna_court_free(w->court);
    w->court = NULL;
    w->asked[0] = '\0';
    while (again(w, dna_court_new_with(w->alloc, &w->q, now, w->papers, &w->court))) {
    }
    while (!dna_court_ruling(w->court, &ruling)) {
        n = collect(w, pending, n);
        if (!answer_one(w, pending, &n, now)) {
            int64_t deadline = dna_court_deadline(w->court);
            assert_true(deadline > now.mono && deadline < now.mono + 60000);
            now.wall += (deadline - now.mono) / 1000;
            now.mono = deadline;
            while (again(w, dna_court_tick(w->court, now))) {
            }
        }
    }
    assert_int_equal(dna_court_deadline(w->court), DNA_NEVER);
    world_free_bytes(w, bytes);
    return ruling;
}

void expect_same(const struct dna_ruling *a, const struct dna_ruling *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->prooftype, b->prooftype);
    assert_int_equal(a->veto, b->veto);
    assert_int_equal(a->expires_at, b->expires_at);
    assert_memory_equal(a->why, b->why, sizeof a->why);
}

/* Each hearing, written down and heard again, comes out the same. */
static void expect_bundle(struct world *w, const struct dna_ruling *ruling)
{
    const struct dna_bundle_terms terms = {.roots = w->roots};
    struct dna_bundle_report found;
    struct dna_span bundle;
    if (w->path != NULL || w->alloc != NULL || w->q.role > DNA_RECEIVING) {
        return; /* a path check that nobody can make again, memory that comes and goes */
    }
    assert_int_equal(dna_court_bundle(w->court, &bundle), DNA_OK);
    assert_int_equal(dna_bundle_check(NULL, bundle, &terms, &found), DNA_OK);
    if (found.finding == DNA_BUNDLE_BROKEN) {
        fail_msg("%s: %.*s", found.why, DNA_SPAN_FMT(bundle));
    }
    assert_int_equal(found.finding == DNA_BUNDLE_REFUSES, ruling->verdict != DNA_PROVEN);
    assert_string_equal(found.ruling.why, ruling->why);
}

/* What was parsed before changes neither the ruling nor a byte of the bundle. */
static void expect_papers(struct world *w, const struct dna_ruling *ruling)
{
    struct dna_span bundle;
    char *before;
    size_t len;
    if (w->alloc != NULL || w->q.role > DNA_RECEIVING) {
        return;
    }
    assert_int_equal(dna_court_bundle(w->court, &bundle), DNA_OK);
    len = bundle.len;
    before = malloc(len);
    assert_non_null(before);
    memcpy(before, bundle.ptr, len);
    assert_int_equal(dna_papers_new(NULL, &w->papers), DNA_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct dna_ruling again = hear_once(w);
        expect_same(ruling, &again);
        assert_int_equal(dna_court_bundle(w->court, &bundle), DNA_OK);
        assert_int_equal(bundle.len, len);
        assert_memory_equal(bundle.ptr, before, len);
    }
    free(before);
    dna_papers_free(w->papers);
    w->papers = NULL;
}

struct dna_ruling world_hear(struct world *w)
{
    unsigned types = w->q.policy.prooftypes;
    struct dna_ruling first = hear_once(w), second;
    expect_bundle(w, &first);
    assert_true(first.why[0] != '\0');
    assert_true(first.verdict == DNA_PROVEN ? first.expires_at > w->now.wall
                                            : first.expires_at == 0);
    if ((types & (types - 1)) == 0) {
        w->backwards = true;
        second = hear_once(w);
        expect_same(&first, &second);
        w->backwards = false;
    }
    second = hear_once(w);
    expect_same(&first, &second);
    expect_papers(w, &first);
    return first;
}

void expect_ruling(const char *what, const struct dna_ruling *ruling, enum dna_verdict verdict,
                   enum dna_code code)
{
    if (ruling->verdict != verdict || ruling->code != code) {
        fail_msg("%s: %s %s (%s), not %s %s", what, dna_verdict_name(ruling->verdict),
                 dna_code_name(ruling->code), ruling->why, dna_verdict_name(verdict),
                 dna_code_name(code));
    }
}
