/* sts policies: fetched when due, remembered whatever happens, never fetched too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <certs.h>
#include <failing_alloc.h>
#include <mod_dna/session.h>
#include <session/hearing.h>
#include <session/recollection.h>

#define D "a.example"
#define HOST "xmpp.host.example"
#define URL "https://xmpp-sts." D "/.well-known/xmpp-sts.txt"
#define POLICY(mode, host, max_age) \
    "version: XSTSv1\nmode: " mode "\nsrv: " host "\nmax_age: " max_age "\n"
#define WEEK 604800

static struct cert ca, leaf;
static struct dna_chain *chain;
static struct dna_roots *roots;

/* What the world says, and what it was asked. */
struct play {
    struct dna_session *session;
    struct dna_time now;
    unsigned generation; /* of the policy: no ruling is remembered */
    const char *id;      /* NULL: no TXT record */
    enum dna_fetch_outcome outcome;
    const char *body;
    unsigned ttl;
    bool renewal; /* of a proof that was accepted */
    unsigned records, fetches; /* how often they were asked for */
    unsigned held; /* id of the look-up that is not answered */
    bool hold;
    char events[400]; /* of the log */
};

static int make_world(void **state)
{
    const struct cert *one = &leaf;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    leaf = cert_make(&(struct cert_order){.subject = "leaf", .issuer = &ca,
                                          .names = "DNS:" HOST});
    chain = cert_chain(&one, 1);
    roots = cert_roots(&ca);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&ca);
    return 0;
}

static void write_log(void *arg, enum dna_log_level level, const char *event,
                      const struct dna_log_field *fields, size_t n)
{
    struct play *p = arg;
    (void)fields, (void)n;
    if (strncmp(event, "sts-", 4) == 0) {
        size_t len = strlen(p->events);
        (void)snprintf(p->events + len, sizeof p->events - len, "%d %s\n", (int)level, event);
    }
}

static void play_init(struct play *p, struct dna_log *log)
{
    struct dna_session_options options = {.size = sizeof options, .log = log, .seed = 3,
                                          .roots = roots};
    *log = (struct dna_log){.write = write_log, .arg = p, .least = DNA_LOG_INFO};
    *p = (struct play){.now = {.wall = CERTS_NOW, .mono = 500}, .id = "1",
                       .outcome = DNA_FETCH_OK, .body = POLICY("enforce", HOST, "604800")};
    assert_int_equal(dna_session_new(&options, &p->session), DNA_OK);
}

static void answer_dns(struct play *p, unsigned id, const struct dna_want *want)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    char bytes[100];
    struct dna_span rdata = {bytes, 0};
    fact.u.dns = (struct dna_dns_answer){
        .name = want->u.dns.name, .type = want->u.dns.type, .outcome = DNA_DNS_ABSENT,
        .ttl = p->ttl, .obtained = p->now.wall, .signatures_end = DNA_NEVER, .why = ""};
    p->records += want->u.dns.type == DNA_DNS_TXT;
    if (want->u.dns.type == DNA_DNS_TXT && p->id != NULL) {
        int len = snprintf(bytes + 1, sizeof bytes - 1, "v=XSTSv1; id=%s;", p->id);
        bytes[0] = (char)len;
        rdata.len = (size_t)len + 1;
        fact.u.dns.outcome = DNA_DNS_FOUND;
        fact.u.dns.rdata = &rdata;
        fact.u.dns.n_rdata = 1;
    }
    assert_int_equal(dna_session_give(p->session, id, &fact, p->now), DNA_OK);
}

static void answer_fetch(struct play *p, unsigned id)
{
    struct dna_fact fact = {.kind = DNA_WANT_FETCH};
    fact.u.fetch = (struct dna_fetch_result){
        .outcome = p->outcome, .body = dna_span_of(p->body), .final_url = URL, .why = "because",
        .obtained = p->now.wall, .media_type = "text/plain",
        .certificate_ends = p->now.wall + 1000, .exact_name = true};
    assert_int_equal(dna_session_give(p->session, id, &fact, p->now), DNA_OK);
}

static void answer_all(struct play *p)
{
    const struct dna_want *want;
    unsigned id;
    while (dna_session_next_want(p->session, &id, &want)) {
        if (want->kind == DNA_WANT_DNS) {
            answer_dns(p, id, want);
            continue;
        }
        assert_int_equal(want->kind, DNA_WANT_FETCH);
        assert_string_equal(want->u.fetch.url, URL);
        assert_string_equal(want->u.fetch.policy_id, p->id);
        p->fetches++;
        if (p->hold) {
            p->held = id;
        } else {
            answer_fetch(p, id);
        }
    }
}

static struct dna_hearing *open_hearing(struct play *p)
{
    struct dna_question q = {
        .domain = D, .role = DNA_RECEIVING, .chain = chain, .policy = dna_policy_default()};
    struct dna_hearing *hearing;
    q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_STS);
    q.policy.generation = p->renewal ? p->generation : ++p->generation;
    assert_int_equal(p->renewal ? dna_hearing_open(p->session, &q, NULL, DNA_HEAR_RENEWAL,
                                                   NULL, p->now, &hearing)
                                : dna_session_hear(p->session, &q, p->now, NULL, &hearing),
                     DNA_OK);
    answer_all(p);
    return hearing;
}

/* A hearing later by some seconds; how often the policy was fetched for it. */
static unsigned hear(struct play *p, int64_t later, enum dna_verdict verdict)
{
    struct dna_hearing *hearing, *opened;
    struct dna_ruling ruling;
    unsigned before = p->fetches;
    p->now.wall += later;
    p->now.mono += later * 1000;
    opened = open_hearing(p);
    assert_true(dna_session_next_ruling(p->session, &hearing, &ruling));
    assert_ptr_equal(hearing, opened);
    dna_hearing_free(hearing);
    if (ruling.verdict != verdict) {
        fail_msg("%s (%s), not %s", dna_verdict_name(ruling.verdict), ruling.why,
                 dna_verdict_name(verdict));
    }
    return p->fetches - before;
}

static void a_policy_outlives_failures(void **state)
{
    struct dna_log log;
    struct play p;
    (void)state;
    play_init(&p, &log);
    assert_int_equal(hear(&p, 0, DNA_PROVEN), 1);
    assert_int_equal(hear(&p, 3600, DNA_PROVEN), 0);
    p.id = NULL; /* the record is suppressed */
    assert_int_equal(hear(&p, DNA_LIMIT_STS_REFRESH_S, DNA_PROVEN), 0);
    p.id = "1"; /* the daily refresh fails, and is tried again after five minutes */
    p.outcome = DNA_FETCH_FAILED;
    assert_int_equal(hear(&p, 0, DNA_PROVEN), 1);
    assert_string_equal(p.events, "2 sts-policy-not-renewed\n");
    assert_int_equal(hear(&p, DNA_LIMIT_STS_RETRY_S - 1, DNA_PROVEN), 0);
    assert_int_equal(hear(&p, 1, DNA_PROVEN), 1);
    p.outcome = DNA_FETCH_ABSENT;
    p.id = "2"; /* a new id is fetched at once */
    assert_int_equal(hear(&p, 0, DNA_PROVEN), 1);
    assert_int_equal(hear(&p, 60, DNA_PROVEN), 0);
    p.outcome = DNA_FETCH_OK;
    p.body = "version: XSTSv2\n"; /* no policy */
    assert_int_equal(hear(&p, DNA_LIMIT_STS_RETRY_S, DNA_PROVEN), 1);
    assert_int_equal(hear(&p, 60, DNA_PROVEN), 0);
    p.id = NULL; /* until its end */
    assert_int_equal(hear(&p, WEEK, DNA_NOT_APPLICABLE), 0);
    dna_session_free(p.session);
}

static void a_new_policy_replaces_it(void **state)
{
    struct dna_log log;
    struct play p;
    (void)state;
    play_init(&p, &log);
    assert_int_equal(hear(&p, 0, DNA_PROVEN), 1);
    p.id = "2";
    p.body = POLICY("enforce", "other.example", "604800");
    assert_int_equal(hear(&p, 1, DNA_FAIL), 1);
    p.id = NULL;
    assert_int_equal(hear(&p, 1, DNA_FAIL), 0);
    p.id = "3";
    p.body = POLICY("testing", "other.example", "604800");
    assert_int_equal(hear(&p, 1, DNA_NOT_APPLICABLE), 1);
    assert_string_equal(p.events, "1 sts-testing\n");
    p.id = "4";
    p.body = POLICY("none", "other.example", "604800");
    assert_int_equal(hear(&p, 1, DNA_NOT_APPLICABLE), 1);
    p.outcome = DNA_FETCH_FAILED; /* nobody misses it */
    p.id = "5";
    assert_int_equal(hear(&p, 1, DNA_NOT_APPLICABLE), 1);
    assert_string_equal(p.events, "1 sts-testing\n");
    dna_session_free(p.session);
}

/* A renewal looks at the record again, and sees what has changed; the document is not fetched
 * more often than it may be (RFC 8461 3.3). */
static void a_renewal_sees_a_new_policy(void **state)
{
    struct dna_log log;
    struct play p;
    (void)state;
    play_init(&p, &log);
    p.ttl = DNA_LIMIT_STS_REFRESH_S * 2;
    assert_int_equal(hear(&p, 0, DNA_PROVEN), 1);
    assert_int_equal(hear(&p, 60, DNA_PROVEN), 0);
    assert_int_equal(p.records, 1); /* remembered */
    p.renewal = true;
    assert_int_equal(hear(&p, 60, DNA_PROVEN), 0);
    assert_int_equal(p.records, 2);
    p.outcome = DNA_FETCH_FAILED;
    assert_int_equal(hear(&p, DNA_LIMIT_STS_REFRESH_S, DNA_PROVEN), 1);
    assert_int_equal(hear(&p, DNA_LIMIT_STS_RETRY_S - 1, DNA_PROVEN), 0);
    assert_int_equal(hear(&p, 1, DNA_PROVEN), 1);
    p.outcome = DNA_FETCH_OK;
    p.id = "2";
    p.body = POLICY("enforce", "other.example", "604800");
    assert_int_equal(hear(&p, 60, DNA_FAIL), 1);
    p.id = NULL; /* suppressing the record does not bring the old one back */
    assert_int_equal(hear(&p, 60, DNA_FAIL), 0);
    dna_session_free(p.session);
}

/* Whoever asserts a domain and leaves at once does not keep its policy from being seen. */
static void the_fetch_goes_on_without_those_who_wait(void **state)
{
    struct dna_log log;
    struct play p;
    struct dna_hearing *first;
    unsigned id;
    (void)state;
    play_init(&p, &log);
    p.hold = true;
    first = open_hearing(&p);
    assert_int_equal(p.fetches, 1);
    dna_hearing_free(first);
    assert_false(dna_session_next_cancel(p.session, &id));
    first = open_hearing(&p); /* joins it */
    assert_int_equal(p.fetches, 1);
    dna_hearing_free(first);
    answer_fetch(&p, p.held);
    assert_int_equal(hear(&p, 1, DNA_PROVEN), 0);
    dna_session_free(p.session);
}

/* S13: what our own limits refused is tried again when somebody asks again. */
static void our_own_limits_are_not_remembered(void **state)
{
    struct dna_log log;
    struct play p;
    (void)state;
    play_init(&p, &log);
    p.outcome = DNA_FETCH_REFUSED;
    assert_int_equal(hear(&p, 0, DNA_TEMPFAIL), 1);
    assert_int_equal(hear(&p, 0, DNA_TEMPFAIL), 1);
    p.outcome = DNA_FETCH_FAILED;
    assert_int_equal(hear(&p, 0, DNA_NOT_APPLICABLE), 1);
    assert_int_equal(hear(&p, 0, DNA_NOT_APPLICABLE), 0);
    dna_session_free(p.session);
}

/* --- the recollection itself ---------------------------------------------------------- */

static void learn(struct dna_recollection *r, const char *url, const char *body, int64_t now,
                  bool stands)
{
    const struct dna_want_fetch fetch = {.url = url, .policy_id = "7"};
    const struct dna_fetch_result result = {
        .outcome = body != NULL ? DNA_FETCH_OK : DNA_FETCH_FAILED,
        .body = dna_span_of(body), .media_type = "", .exact_name = true, .obtained = now};
    bool stood;
    dna_recollection_learn(r, &fetch, &result, now, &stood);
    assert_int_equal(stood, stands);
}

static void what_is_remembered(void **state)
{
    struct dna_recollection r;
    struct dna_recall_result got;
    (void)state;
    assert_int_equal(dna_recollection_init(&r, NULL, 1), DNA_OK);
    dna_recollection_recall(&r, URL, 100, &got);
    assert_false(got.known);
    learn(&r, URL, NULL, 100, false);
    learn(&r, URL, POLICY("enforce", HOST, "50"), 100, false);
    dna_recollection_recall(&r, URL, 149, &got);
    assert_true(got.known && got.exact_name && got.obtained == 100);
    assert_string_equal(got.policy_id, "7");
    assert_true(dna_span_is(got.body, POLICY("enforce", HOST, "50")));
    learn(&r, URL, NULL, 149, true);
    dna_recollection_recall(&r, URL, 150, &got);
    assert_false(got.known);
    learn(&r, URL, POLICY("enforce", HOST, "50"), 200, false);
    learn(&r, URL, POLICY("testing", HOST, "50"), 200, false);
    dna_recollection_recall(&r, URL, 200, &got);
    assert_true(dna_span_is(got.body, POLICY("testing", HOST, "50")));
    learn(&r, URL, POLICY("enforce", HOST, "50"), 201, false);
    dna_recollection_recall(&r, URL, 201, &got);
    assert_true(dna_span_is(got.body, POLICY("enforce", HOST, "50")));
    learn(&r, URL, POLICY("none", HOST, "0"), 202, false); /* the owner takes it back */
    dna_recollection_recall(&r, URL, 202, &got);
    assert_false(got.known);
    dna_recollection_fini(&r);
}

/* No number of other domains makes an enforced policy go. */
static void no_flood_washes_it_out(void **state)
{
    struct dna_recollection r;
    struct dna_recall_result got;
    (void)state;
    assert_int_equal(dna_recollection_init(&r, NULL, 1), DNA_OK);
    learn(&r, URL, POLICY("enforce", HOST, "1000"), 100, false);
    for (unsigned i = 0; i < 2 * DNA_LIMIT_STS_REMEMBERED; i++) {
        char url[60];
        (void)snprintf(url, sizeof url, "https://xmpp-sts.%u.example/x", i);
        learn(&r, url, i % 2 == 0 ? POLICY("enforce", HOST, "31557600")
                                  : POLICY("testing", HOST, "31557600"), 101, false);
    }
    dna_recollection_recall(&r, URL, 102, &got);
    assert_true(got.known);
    assert_true(dna_cache_count(r.firm) + dna_cache_count(r.loose) <=
                DNA_LIMIT_STS_REMEMBERED);
    dna_recollection_fini(&r);
}

static void without_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        const struct dna_want_fetch fetch = {.url = URL, .policy_id = "7"};
        const struct dna_fetch_result result = {
            .outcome = DNA_FETCH_OK, .body = dna_span_of(POLICY("enforce", HOST, "1000")),
            .obtained = 100};
        struct dna_recollection r;
        struct dna_recall_result got;
        bool stands;
        if (dna_recollection_init(&r, alloc, 1) == DNA_OK) {
            dna_recollection_learn(&r, &fetch, &result, 100, &stands);
            dna_recollection_recall(&r, URL, 101, &got);
            assert_true(got.known || f.failed);
        }
        dna_recollection_fini(&r);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_outlives_failures),
        cmocka_unit_test(a_new_policy_replaces_it),
        cmocka_unit_test(a_renewal_sees_a_new_policy),
        cmocka_unit_test(the_fetch_goes_on_without_those_who_wait),
        cmocka_unit_test(our_own_limits_are_not_remembered),
        cmocka_unit_test(what_is_remembered),
        cmocka_unit_test(no_flood_washes_it_out),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
