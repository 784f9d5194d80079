/* Facts and wants: copied, put right, found again, and bounded. */
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
#include <proof/facts.h>
#include <proof/wants.h>

static const struct dna_want srv_want = {
    .kind = DNA_WANT_DNS, .u.dns = {.name = "_xmpp-server._tcp.example.com", .type = 33}};

struct desk {
    struct dna_arena arena;
    struct dna_facts facts;
};

static struct dna_known *desk_init(struct desk *d, const struct dna_want *want)
{
    struct dna_known *known;
    dna_arena_init(&d->arena, NULL, DNA_LIMIT_QUESTION_ARENA);
    dna_facts_init(&d->facts, &d->arena);
    assert_int_equal(dna_facts_expect(&d->facts, want, &known), DNA_OK);
    return known;
}

static void desk_fini(struct desk *d)
{
    dna_facts_fini(&d->facts);
    dna_arena_fini(&d->arena);
}

static void an_answer_is_copied(void **state)
{
    struct desk d;
    struct dna_known *known = desk_init(&d, &srv_want);
    char bytes[] = "abc", name[] = "_xmpp-server._tcp.example.com", why[] = "x";
    struct dna_span rdata[2] = {{bytes, 3}, {bytes, 1}};
    struct dna_fact fact = {
        .kind = DNA_WANT_DNS,
        .u.dns = {.name = name, .type = 33, .outcome = DNA_DNS_FOUND, .secure = true,
                  .signatures_end = 5, .rdata = rdata, .n_rdata = 2, .why = why}};
    const struct dna_dns_answer *answer = &known->fact.u.dns;
    (void)state;
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    memset(bytes, 'z', sizeof bytes);
    memset(name, 'z', sizeof name);
    memset(why, 'z', sizeof why);
    rdata[0].len = 0;
    assert_true(known->answered && answer->secure);
    assert_string_equal(answer->name, srv_want.u.dns.name);
    assert_string_equal(answer->why, "x");
    assert_int_equal(answer->n_rdata, 2);
    assert_true(dna_span_is(answer->rdata[0], "abc"));
    assert_true(dna_span_is(answer->rdata[1], "a"));
    assert_int_equal(answer->signatures_end, 5);
    desk_fini(&d);
}

static void an_answer_is_put_right(void **state)
{
    static const struct dna_span one[1] = {{"a", 1}};
    static const struct {
        struct dna_dns_answer given;
        enum dna_dns_outcome outcome;
        bool secure;
        size_t n;
    } rows[] = {
        {{.type = 33, .outcome = DNA_DNS_FOUND, .secure = true, .rdata = one, .n_rdata = 1},
         DNA_DNS_FOUND, true, 1},
        {{.type = 33, .outcome = DNA_DNS_FOUND, .secure = true}, DNA_DNS_FAILED, false, 0},
        {{.type = 33, .outcome = DNA_DNS_FOUND, .secure = true, .n_rdata = 1}, DNA_DNS_FAILED,
         false, 0},
        {{.type = 33, .outcome = DNA_DNS_ABSENT, .secure = true, .rdata = one, .n_rdata = 1},
         DNA_DNS_ABSENT, true, 0},
        {{.type = 33, .outcome = DNA_DNS_BOGUS, .secure = true, .rdata = one, .n_rdata = 1},
         DNA_DNS_BOGUS, false, 0},
        {{.type = 33, .outcome = DNA_DNS_FAILED, .secure = true, .rdata = one, .n_rdata = 1},
         DNA_DNS_FAILED, false, 0},
        {{.type = 33, .outcome = (enum dna_dns_outcome)9, .secure = true, .rdata = one,
          .n_rdata = 1}, DNA_DNS_FAILED, false, 0},
        {{.type = 52, .outcome = DNA_DNS_FOUND, .secure = true, .rdata = one, .n_rdata = 1},
         DNA_DNS_FAILED, false, 0},
        {{.name = "example.org", .type = 33, .outcome = DNA_DNS_ABSENT, .secure = true},
         DNA_DNS_FAILED, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        struct dna_known *known = desk_init(&d, &srv_want);
        struct dna_fact fact = {.kind = DNA_WANT_DNS, .u.dns = rows[i].given};
        const struct dna_dns_answer *answer = &known->fact.u.dns;
        assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
        assert_int_equal(answer->outcome, rows[i].outcome);
        assert_int_equal(answer->secure, rows[i].secure);
        assert_int_equal(answer->n_rdata, rows[i].n);
        assert_string_equal(answer->name, srv_want.u.dns.name);
        assert_non_null(answer->why);
        if (!answer->secure) {
            assert_int_equal(answer->signatures_end, DNA_NEVER);
        }
        desk_fini(&d);
    }
}

static void an_answer_is_bounded(void **state)
{
    static char bytes[DNA_LIMIT_DNS_ANSWER + 1];
    static const struct {
        size_t n, len;
        enum dna_dns_outcome outcome;
        size_t kept;
    } rows[] = {
        {1, DNA_LIMIT_DNS_ANSWER, DNA_DNS_FOUND, 1},
        {1, DNA_LIMIT_DNS_ANSWER + 1, DNA_DNS_FAILED, 0},
        {2, DNA_LIMIT_DNS_ANSWER, DNA_DNS_FAILED, 0},
        {DNA_LIMIT_RECORDS, 10, DNA_DNS_FOUND, DNA_LIMIT_RECORDS},
        {DNA_LIMIT_RECORDS + 1, 10, DNA_DNS_FOUND, DNA_LIMIT_RECORDS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        struct dna_known *known = desk_init(&d, &srv_want);
        struct dna_span rdata[DNA_LIMIT_RECORDS + 1];
        struct dna_fact fact = {
            .kind = DNA_WANT_DNS,
            .u.dns = {.type = 33, .outcome = DNA_DNS_FOUND, .rdata = rdata,
                      .n_rdata = rows[i].n}};
        for (size_t k = 0; k < rows[i].n; k++) {
            rdata[k] = (struct dna_span){bytes, rows[i].len};
        }
        assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
        assert_int_equal(known->fact.u.dns.outcome, rows[i].outcome);
        assert_int_equal(known->fact.u.dns.n_rdata, rows[i].kept);
        desk_fini(&d);
    }
}

static void what_is_overdue_has_failed(void **state)
{
    static const struct dna_want anchored = {
        .kind = DNA_WANT_ANCHORED,
        .u.anchored = {.zone = "example.com", .dnskey = {"k", 1}, .domain = "example.com"}};
    struct desk d;
    struct dna_known *known = desk_init(&d, &srv_want);
    (void)state;
    dna_facts_overdue(known, (struct dna_time){7, 8});
    assert_true(known->answered && known->overdue);
    assert_int_equal(known->fact.u.dns.outcome, DNA_DNS_FAILED);
    assert_int_equal(dna_facts_expect(&d.facts, &anchored, &known), DNA_OK);
    dna_facts_overdue(known, (struct dna_time){7, 8});
    assert_int_equal(known->fact.kind, DNA_WANT_ANCHORED);
    assert_int_equal(known->fact.u.anchored.dnskey.outcome, DNA_DNS_FAILED);
    assert_int_equal(known->fact.u.anchored.srv.outcome, DNA_DNS_FAILED);
    assert_int_equal(known->fact.u.anchored.srv_tls.outcome, DNA_DNS_FAILED);
    desk_fini(&d);
}

/* Each part of an anchored answer answers its own question. */
static void anchored_answers_are_put_right(void **state)
{
    static const struct dna_want anchored = {
        .kind = DNA_WANT_ANCHORED,
        .u.anchored = {.zone = "example.com", .dnskey = {"k", 1}, .domain = "im.example.com"}};
    struct desk d;
    struct dna_known *known = desk_init(&d, &anchored);
    struct dna_fact fact = {.kind = DNA_WANT_ANCHORED};
    (void)state;
    fact.u.anchored.dnskey = (struct dna_dns_answer){
        .name = "im.example.com", .type = DNA_DNS_DNSKEY, .outcome = DNA_DNS_ABSENT};
    fact.u.anchored.srv = (struct dna_dns_answer){
        .name = "_xmpp-server._tcp.im.example.com", .type = DNA_DNS_SRV,
        .outcome = DNA_DNS_ABSENT, .secure = true};
    fact.u.anchored.srv_tls = (struct dna_dns_answer){
        .name = "_xmpp-server._tcp.im.example.com", .type = DNA_DNS_SRV,
        .outcome = DNA_DNS_ABSENT, .secure = true};
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    assert_int_equal(known->fact.u.anchored.dnskey.outcome, DNA_DNS_FAILED);
    assert_int_equal(known->fact.u.anchored.srv.outcome, DNA_DNS_ABSENT);
    assert_true(known->fact.u.anchored.srv.secure);
    assert_int_equal(known->fact.u.anchored.srv_tls.outcome, DNA_DNS_FAILED);
    assert_false(known->fact.u.anchored.srv_tls.secure);
    desk_fini(&d);
}

static void documents_are_bounded(void **state)
{
    static const struct dna_want fetch = {
        .kind = DNA_WANT_FETCH, .u.fetch = {.url = "https://example.com/"}};
    static char body[DNA_LIMIT_DOCUMENT + 1];
    struct desk d;
    struct dna_known *known = desk_init(&d, &fetch);
    struct dna_fact fact = {
        .kind = DNA_WANT_FETCH,
        .u.fetch = {.outcome = DNA_FETCH_OK, .body = {body, sizeof body}}};
    const struct dna_chain *chain;
    (void)state;
    assert_int_equal(dna_facts_fetched_chain(&d.facts, &fetch.u.fetch, &chain),
                     DNA_ERR_NOT_FOUND);
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    assert_int_equal(known->fact.u.fetch.outcome, DNA_FETCH_FAILED);
    assert_int_equal(known->fact.u.fetch.body.len, 0);
    assert_int_equal(dna_facts_fetched_chain(&d.facts, &fetch.u.fetch, &chain),
                     DNA_ERR_NOT_FOUND);
    fact.u.fetch.body.len--;
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    assert_int_equal(known->fact.u.fetch.outcome, DNA_FETCH_OK);
    for (int i = 0; i < 2; i++) { /* what the bytes deserve is remembered */
        assert_int_equal(dna_facts_fetched_chain(&d.facts, &fetch.u.fetch, &chain),
                         DNA_ERR_FORMAT);
    }
    desk_fini(&d);
}

/* What is not a document was certified by nobody. */
static void certified_documents_only(void **state)
{
    static const struct dna_want fetch = {
        .kind = DNA_WANT_FETCH, .u.fetch = {.url = "https://example.com/"}};
    struct desk d;
    struct dna_known *known = desk_init(&d, &fetch);
    struct dna_fact fact = {
        .kind = DNA_WANT_FETCH,
        .u.fetch = {.outcome = DNA_FETCH_OK, .media_type = "text/plain",
                    .certificate_ends = 7, .exact_name = true}};
    const struct dna_fetch_result *got = &known->fact.u.fetch;
    (void)state;
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    assert_string_equal(got->media_type, "text/plain");
    assert_true(got->certificate_ends == 7 && got->exact_name);
    fact.u.fetch.outcome = DNA_FETCH_ABSENT;
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    assert_string_equal(got->media_type, "");
    assert_true(got->certificate_ends == 0 && !got->exact_name);
    desk_fini(&d);
}

static void what_is_remembered_is_put_right(void **state)
{
    static const struct dna_want want = {
        .kind = DNA_WANT_RECALL, .u.recall = {.url = "https://example.com/"}};
    static char body[DNA_LIMIT_DOCUMENT + 1];
    struct desk d;
    struct dna_known *known = desk_init(&d, &want);
    struct dna_fact fact = {
        .kind = DNA_WANT_RECALL,
        .u.recall = {.known = true, .policy_id = "1", .obtained = 5, .exact_name = true,
                     .body = {body, sizeof body - 1}}};
    const struct dna_recall_result *got = &known->fact.u.recall;
    (void)state;
    assert_int_equal(dna_facts_record(&d.facts, known, &fact), DNA_OK);
    assert_true(got->known && got->exact_name && got->obtained == 5);
    assert_int_equal(got->body.len, sizeof body - 1);
    assert_string_equal(got->policy_id, "1");
    for (int i = 0; i < 3; i++) {
        struct dna_fact odd = fact;
        switch (i) {
        case 0: odd.u.recall.known = false; break;
        case 1: odd.u.recall.policy_id = NULL; break;
        default: odd.u.recall.body.len++; break;
        }
        assert_int_equal(dna_facts_record(&d.facts, known, &odd), DNA_OK);
        assert_true(!got->known && !got->exact_name && got->obtained == 0);
        assert_int_equal(got->body.len, 0);
        assert_string_equal(got->policy_id, "");
    }
    desk_fini(&d);
}

static void equal_wants_are_one(void **state)
{
    static const struct dna_want wants[] = {
        {.kind = DNA_WANT_DNS, .u.dns = {.name = "a.example", .type = 33}},
        {.kind = DNA_WANT_DNS, .u.dns = {.name = "a.example", .type = 48}},
        {.kind = DNA_WANT_DNS, .u.dns = {.name = "b.example", .type = 33}},
        {.kind = DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_PEER, "https://a.example/", 0, NULL}},
        {.kind = DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_WELL_KNOWN, "https://a.example/", 0,
                                                 NULL}},
        {.kind = DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_PEER, "https://a.example/", 5, NULL}},
        {.kind = DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_PEER, "https://a.example/b", 0, NULL}},
        {.kind = DNA_WANT_ANCHORED, .u.anchored = {"a.example", {"k", 1}, "a.example", 0}},
        {.kind = DNA_WANT_ANCHORED, .u.anchored = {"a.example", {"l", 1}, "a.example", 0}},
        {.kind = DNA_WANT_ANCHORED, .u.anchored = {"a.example", {"k", 1}, "b.a.example", 0}},
        {.kind = DNA_WANT_ANCHORED, .u.anchored = {"example", {"k", 1}, "a.example", 0}},
        {.kind = DNA_WANT_ANCHORED,
         .u.anchored = {"a.example", {"k", 1}, "a.example", DNA_XMPP_CLIENT}},
        {.kind = DNA_WANT_PEER, .u.peer = {4}},
        {.kind = DNA_WANT_FETCH,
         .u.fetch = {DNA_FETCH_PEER, "https://a.example/", 0, .policy_id = "1"}},
        {.kind = DNA_WANT_FETCH,
         .u.fetch = {DNA_FETCH_PEER, "https://a.example/", 0, .policy_id = "2"}},
        {.kind = DNA_WANT_RECALL, .u.recall = {"https://a.example/"}},
        {.kind = DNA_WANT_RECALL, .u.recall = {"https://a.example/b"}},
    };
    (void)state;
    for (size_t a = 0; a < sizeof wants / sizeof *wants; a++) {
        for (size_t b = 0; b < sizeof wants / sizeof *wants; b++) {
            assert_int_equal(dna_want_equal(&wants[a], &wants[b]), a == b);
        }
    }
    assert_true(dna_want_equal(&wants[12], &(struct dna_want){.kind = DNA_WANT_PEER}));
}

static void wants_are_bounded(void **state)
{
    struct desk d;
    struct dna_wants wants;
    char name[20];
    (void)state;
    (void)desk_init(&d, &srv_want);
    dna_wants_init(&wants, &d.arena);
    for (unsigned i = 0; i < DNA_LIMIT_WANTS; i++) {
        (void)snprintf(name, sizeof name, "a%u.example", i);
        assert_null(dna_wants_dns(&wants, &d.facts, name, 33));
        assert_null(dna_wants_dns(&wants, &d.facts, name, 33));
        assert_int_equal(wants.n, i + 1);
    }
    assert_int_equal(wants.err, DNA_OK);
    assert_null(dna_wants_dns(&wants, &d.facts, "z.example", 33));
    assert_int_equal(wants.err, DNA_ERR_LIMIT);
    dna_wants_fault(&wants, DNA_ERR_MEMORY);
    assert_int_equal(wants.err, DNA_ERR_LIMIT); /* the first stays */
    for (unsigned i = 1; i < DNA_LIMIT_WANTS; i++) {
        struct dna_known *known;
        assert_int_equal(dna_facts_expect(&d.facts, &wants.list[i], &known), DNA_OK);
        assert_ptr_equal(dna_facts_by_id(&d.facts, known->id), known);
    }
    assert_int_equal(dna_facts_expect(&d.facts, &wants.list[0], &(struct dna_known *){NULL}),
                     DNA_ERR_LIMIT);
    desk_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_copied),
        cmocka_unit_test(an_answer_is_put_right),
        cmocka_unit_test(an_answer_is_bounded),
        cmocka_unit_test(what_is_overdue_has_failed),
        cmocka_unit_test(anchored_answers_are_put_right),
        cmocka_unit_test(documents_are_bounded),
        cmocka_unit_test(certified_documents_only),
        cmocka_unit_test(what_is_remembered_is_put_right),
        cmocka_unit_test(equal_wants_are_one),
        cmocka_unit_test(wants_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
