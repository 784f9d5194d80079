/* How long each kind of fact may be used for other questions, and that it comes back whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <session/memory.h>

#define NOW 1000000

static const struct dna_span two_records[] = {{"\0\1\2", 3}, {"", 0}};

static struct dna_dns_answer answer(enum dna_dns_outcome outcome, uint32_t ttl)
{
    return (struct dna_dns_answer){
        .name = "_xmpp-server._tcp.a.example",
        .type = DNA_DNS_SRV,
        .outcome = outcome,
        .secure = outcome == DNA_DNS_FOUND || outcome == DNA_DNS_ABSENT,
        .ttl = ttl,
        .obtained = NOW,
        .signatures_end = DNA_NEVER,
        .rdata = outcome == DNA_DNS_FOUND ? two_records : NULL,
        .n_rdata = outcome == DNA_DNS_FOUND ? 2 : 0,
        .why = "because",
    };
}

static const struct dna_want well_known = {.kind = DNA_WANT_FETCH};

/* Of the kinds of want only that of a fetch matters. */
static int64_t until(const struct dna_fact *fact)
{
    return dna_memory_fact_until(&well_known, fact, NOW);
}

static int64_t dns_until(struct dna_dns_answer dns)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    fact.u.dns = dns;
    return until(&fact);
}

static void answers_keep_as_long_as_the_dns_says(void **state)
{
    struct dna_dns_answer dns = answer(DNA_DNS_FOUND, 100);
    (void)state;
    assert_int_equal(dns_until(dns), NOW + 100);
    assert_int_equal(dns_until(answer(DNA_DNS_ABSENT, 60)), NOW + 60);
    assert_int_equal(dns_until(answer(DNA_DNS_FOUND, 0)), NOW);
    assert_int_equal(dns_until(answer(DNA_DNS_FOUND, UINT32_MAX)), NOW + 24 * 3600);
    assert_int_equal(dns_until(answer(DNA_DNS_FAILED, 100)), NOW);
    assert_int_equal(dns_until(answer(DNA_DNS_BOGUS, 100)), NOW);
    dns.signatures_end = NOW + 7; /* S14 */
    assert_int_equal(dns_until(dns), NOW + 7);
    dns.signatures_end = DNA_NEVER;
    dns.obtained = NOW - 90;
    assert_int_equal(dns_until(dns), NOW + 10);
    dns.obtained = NOW + 1000; /* the clock was put back meanwhile */
    assert_int_equal(dns_until(dns), NOW + 100);
}

static void an_island_keeps_only_while_all_of_it_is_secure(void **state)
{
    struct dna_fact fact = {.kind = DNA_WANT_ANCHORED};
    (void)state;
    fact.u.anchored.dnskey = answer(DNA_DNS_FOUND, 300);
    fact.u.anchored.srv = answer(DNA_DNS_FOUND, 200);
    fact.u.anchored.srv_tls = answer(DNA_DNS_ABSENT, 100);
    assert_int_equal(until(&fact), NOW + 100);
    fact.u.anchored.srv_tls.secure = false;
    assert_int_equal(until(&fact), NOW);
    fact.u.anchored.srv_tls = answer(DNA_DNS_BOGUS, 100);
    fact.u.anchored.srv_tls.secure = true;
    assert_int_equal(until(&fact), NOW);
}

static void documents_keep_by_outcome(void **state)
{
    static const struct {
        enum dna_fetch_outcome outcome;
        int64_t keeps;
    } cases[] = {
        {DNA_FETCH_OK, 300}, {DNA_FETCH_ABSENT, 900}, {DNA_FETCH_FAILED, 60},
        {DNA_FETCH_REFUSED, 0}, /* our own limits say nothing about the domain (S13) */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_fact fact = {.kind = DNA_WANT_FETCH};
        fact.u.fetch.outcome = cases[i].outcome;
        fact.u.fetch.obtained = NOW;
        assert_int_equal(until(&fact), NOW + cases[i].keeps);
    }
}

/* The peer chose that URL: its absence says nothing about the domain. */
static void what_the_peer_chose_is_absent_for_a_minute(void **state)
{
    const struct dna_want want = {.kind = DNA_WANT_FETCH, .u.fetch = {.kind = DNA_FETCH_PEER}};
    struct dna_fact fact = {.kind = DNA_WANT_FETCH};
    (void)state;
    fact.u.fetch.outcome = DNA_FETCH_ABSENT;
    fact.u.fetch.obtained = NOW;
    assert_int_equal(dna_memory_fact_until(&want, &fact, NOW), NOW + 60);
}

static void a_document_keeps_no_longer_than_it_says(void **state)
{
    static const struct {
        const char *body;
        int64_t keeps;
    } cases[] = {
        {"", 300}, {"{\"expires\":60}", 60}, {"{\"expires\" :\n 86400 }", 300},
        {"{\"expires\":99999999999999999999999}", 300}, {"{\"expires\":0}", 0},
        {"{\"expires\":-5}", 0}, {"{\"expires\":\"60\"}", 0}, {"{\"expires\"", 0},
        {"{\"expires\":200,\"x\":{\"expires\":100}}", 100}, {"\"expire\"", 300},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_fact fact = {.kind = DNA_WANT_FETCH};
        fact.u.fetch.outcome = DNA_FETCH_OK;
        fact.u.fetch.body = dna_span_of(cases[i].body);
        fact.u.fetch.obtained = NOW;
        if (until(&fact) != NOW + cases[i].keeps) {
            fail_msg("%s", cases[i].body);
        }
    }
}

static void paths_keep_while_they_hold(void **state)
{
    struct dna_fact fact = {.kind = DNA_WANT_PATH};
    (void)state;
    fact.u.path.code = DNA_PATH_OK;
    fact.u.path.not_after = NOW + 50;
    assert_int_equal(until(&fact), NOW + 50);
    fact.u.path.code = DNA_PATH_UNTRUSTED;
    fact.u.path.not_after = NOW + 100000;
    assert_int_equal(until(&fact), NOW + 60);
}

static void what_the_peer_says_is_nobody_elses(void **state)
{
    struct dna_fact fact = {.kind = DNA_WANT_PEER};
    struct dna_buf buf;
    (void)state;
    assert_int_equal(until(&fact), NOW);
    dna_buf_init(&buf, NULL, 1000);
    assert_int_equal(dna_fact_write(&buf, &fact), DNA_ERR_ARGUMENT);
    dna_buf_fini(&buf);
}

static const struct dna_span key = {"key", 3};

static void learn(struct dna_memory *memory, const struct dna_fact *fact)
{
    dna_memory_learn(memory, key, &well_known, fact, NOW);
}

static void same_answer(const struct dna_dns_answer *a, const struct dna_dns_answer *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->why, b->why);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->secure, b->secure);
    assert_int_equal(a->ttl, b->ttl);
    assert_int_equal(a->n_rdata, b->n_rdata);
    assert_true(b->n_rdata == 0 || a->rdata != NULL);
    for (size_t i = 0; i < a->n_rdata && a->rdata != NULL && b->rdata != NULL; i++) {
        assert_true(dna_span_equal(a->rdata[i], b->rdata[i]));
    }
}

static void facts_come_back_whole(void **state)
{
    struct dna_fact fact = {.kind = DNA_WANT_ANCHORED};
    struct dna_fact_view view;
    struct dna_memory memory;
    (void)state;
    assert_int_equal(dna_memory_init(&memory, NULL, 7, 100), DNA_OK);
    fact.u.anchored.dnskey = answer(DNA_DNS_FOUND, 300);
    fact.u.anchored.srv = answer(DNA_DNS_FOUND, 200);
    fact.u.anchored.srv.name = "another";
    fact.u.anchored.srv_tls = answer(DNA_DNS_ABSENT, 100);
    learn(&memory, &fact);
    assert_true(dna_memory_recall(&memory, key, NOW + 99, &view));
    assert_int_equal(view.fact.kind, DNA_WANT_ANCHORED);
    same_answer(&view.fact.u.anchored.dnskey, &fact.u.anchored.dnskey);
    same_answer(&view.fact.u.anchored.srv, &fact.u.anchored.srv);
    same_answer(&view.fact.u.anchored.srv_tls, &fact.u.anchored.srv_tls);
    assert_false(dna_memory_recall(&memory, key, NOW + 100, &view));

    fact = (struct dna_fact){.kind = DNA_WANT_FETCH};
    fact.u.fetch = (struct dna_fetch_result){.outcome = DNA_FETCH_OK, .status = 200,
                                             .body = {"{\0}", 3}, .final_url = "https://f",
                                             .why = "", .obtained = NOW,
                                             .media_type = "text/xml",
                                             .certificate_ends = NOW + 7, .exact_name = true};
    learn(&memory, &fact);
    assert_true(dna_memory_recall(&memory, key, NOW, &view));
    assert_string_equal(view.fact.u.fetch.media_type, "text/xml");
    assert_true(view.fact.u.fetch.certificate_ends == NOW + 7);
    assert_true(view.fact.u.fetch.exact_name);
    assert_int_equal(view.fact.u.fetch.body.len, 3);
    assert_memory_equal(view.fact.u.fetch.body.ptr, "{\0}", 3);
    assert_string_equal(view.fact.u.fetch.final_url, "https://f");

    fact = (struct dna_fact){.kind = DNA_WANT_PATH};
    fact.u.path = (struct dna_path){.code = DNA_PATH_OK, .why = "fine", .not_after = NOW + 9};
    learn(&memory, &fact);
    assert_true(dna_memory_recall(&memory, key, NOW, &view));
    assert_string_equal(view.fact.u.path.why, "fine");
    dna_memory_fini(&memory);
}

static void a_failure_leaves_what_is_known(void **state)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    struct dna_fact_view view;
    struct dna_memory memory;
    (void)state;
    assert_int_equal(dna_memory_init(&memory, NULL, 7, 100), DNA_OK);
    fact.u.dns = answer(DNA_DNS_FAILED, 100);
    learn(&memory, &fact);
    assert_false(dna_memory_recall(&memory, key, NOW, &view));
    fact.u.dns = answer(DNA_DNS_FOUND, 100);
    learn(&memory, &fact);
    fact.u.dns = answer(DNA_DNS_FAILED, 100);
    learn(&memory, &fact);
    assert_true(dna_memory_recall(&memory, key, NOW, &view));
    assert_int_equal(view.fact.u.dns.outcome, DNA_DNS_FOUND);
    dna_memory_fini(&memory);
}

static void more_records_than_are_looked_at_are_not_kept(void **state)
{
    struct dna_span many[DNA_LIMIT_RECORDS + 1] = {{"x", 1}};
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    struct dna_fact_view view;
    struct dna_memory memory;
    (void)state;
    assert_int_equal(dna_memory_init(&memory, NULL, 7, 100), DNA_OK);
    fact.u.dns = answer(DNA_DNS_FOUND, 100);
    fact.u.dns.rdata = many;
    fact.u.dns.n_rdata = DNA_LIMIT_RECORDS + 1;
    learn(&memory, &fact);
    assert_false(dna_memory_recall(&memory, key, NOW, &view));
    fact.u.dns.n_rdata = DNA_LIMIT_RECORDS;
    learn(&memory, &fact);
    assert_true(dna_memory_recall(&memory, key, NOW, &view));
    dna_memory_fini(&memory);
}

static void a_ruling_ends(void **state)
{
    struct dna_ruling ruling = {.verdict = DNA_PROVEN, .expires_at = NOW + 5, .why = "so"};
    struct dna_ruling got;
    struct dna_memory memory;
    (void)state;
    assert_int_equal(dna_memory_init(&memory, NULL, 7, 100), DNA_OK);
    dna_memory_rule(&memory, key, &ruling, ruling.expires_at, NOW);
    assert_true(dna_memory_ruled(&memory, key, NOW + 4, &got));
    assert_string_equal(got.why, "so");
    assert_false(dna_memory_ruled(&memory, key, NOW + 5, &got));
    dna_memory_rule(&memory, key, &ruling, NOW + 100, NOW);
    dna_memory_forget(&memory, key);
    assert_false(dna_memory_ruled(&memory, key, NOW, &got));
    dna_memory_fini(&memory);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_memory memory;
        if (dna_memory_init(&memory, failing_alloc_init(&f, n), 7, 100) == DNA_OK) {
            struct dna_fact fact = {.kind = DNA_WANT_DNS};
            struct dna_fact_view view;
            fact.u.dns = answer(DNA_DNS_FOUND, 100);
            learn(&memory, &fact);
            assert_true(dna_memory_recall(&memory, key, NOW, &view) || f.failed);
            fact.u.dns.name = "newer";
            learn(&memory, &fact);
            if (dna_memory_recall(&memory, key, NOW, &view)) {
                assert_string_equal(view.fact.u.dns.name, "newer"); /* never the older one */
            }
        }
        dna_memory_fini(&memory);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_keep_as_long_as_the_dns_says),
        cmocka_unit_test(an_island_keeps_only_while_all_of_it_is_secure),
        cmocka_unit_test(documents_keep_by_outcome),
        cmocka_unit_test(what_the_peer_chose_is_absent_for_a_minute),
        cmocka_unit_test(a_document_keeps_no_longer_than_it_says),
        cmocka_unit_test(paths_keep_while_they_hold),
        cmocka_unit_test(what_the_peer_says_is_nobody_elses),
        cmocka_unit_test(facts_come_back_whole),
        cmocka_unit_test(a_failure_leaves_what_is_known),
        cmocka_unit_test(more_records_than_are_looked_at_are_not_kept),
        cmocka_unit_test(a_ruling_ends),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
