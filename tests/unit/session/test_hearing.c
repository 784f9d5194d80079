/* Questions of the host: what is looked up, shared, remembered, cancelled, and logged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <failing_alloc.h>
#include <mod_dna/session.h>
#include <session/key.h>

#define D "a.example"
static const char *const names[] = {"_xmpp-server._tcp." D, "_xmpps-server._tcp." D};

static struct cert ca, one, two;
static struct dna_chain *chain_one, *chain_two;
static struct dna_roots *roots;
static struct dna_time now;

static int make_world(void **state)
{
    const struct cert *leaf = &one;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    one = cert_make(&(struct cert_order){.subject = "one", .issuer = &ca, .names = "DNS:" D});
    two = cert_make(&(struct cert_order){.subject = "two", .issuer = &ca, .names = "DNS:" D});
    chain_one = cert_chain(&leaf, 1);
    leaf = &two;
    chain_two = cert_chain(&leaf, 1);
    roots = cert_roots(&ca);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    dna_chain_free(chain_one);
    dna_chain_free(chain_two);
    dna_roots_free(roots);
    cert_free(&one);
    cert_free(&two);
    cert_free(&ca);
    return 0;
}

static enum dna_err begin_with(const struct dna_alloc *alloc, const struct dna_log *log,
                               struct dna_session **out)
{
    struct dna_session_options options = {
        .size = sizeof options, .alloc = alloc, .log = log, .seed = 3, .roots = roots};
    now = (struct dna_time){.wall = CERTS_NOW, .mono = 500};
    return dna_session_new(&options, out);
}

static struct dna_session *begin(void)
{
    struct dna_session *session;
    assert_int_equal(begin_with(NULL, NULL, &session), DNA_OK);
    return session;
}

static struct dna_question question(struct dna_chain *chain)
{
    return (struct dna_question){.domain = D, .role = DNA_RECEIVING, .chain = chain,
                                 .policy = dna_policy_default()};
}

static struct dna_hearing *hear(struct dna_session *session, const struct dna_question *q)
{
    struct dna_hearing *hearing;
    assert_int_equal(dna_session_hear(session, q, now, &now, &hearing), DNA_OK);
    return hearing;
}

static struct dna_fact absent(const char *name)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    fact.u.dns = (struct dna_dns_answer){
        .name = name, .type = DNA_DNS_SRV, .outcome = DNA_DNS_ABSENT, .ttl = 600,
        .obtained = now.wall, .signatures_end = DNA_NEVER, .why = ""};
    return fact;
}

/* The wants that are new; ids into ids. */
static unsigned wants(struct dna_session *session, unsigned *ids)
{
    const struct dna_want *want;
    unsigned n = 0;
    while (dna_session_next_want(session, &ids[n], &want)) {
        assert_int_equal(want->kind, DNA_WANT_DNS);
        assert_int_equal(want->u.dns.type, DNA_DNS_SRV);
        assert_true(strcmp(want->u.dns.name, names[0]) == 0 ||
                    strcmp(want->u.dns.name, names[1]) == 0);
        n++;
    }
    return n;
}

/* Answers both. */
static void answer(struct dna_session *session, const unsigned *ids)
{
    for (int i = 0; i < 2; i++) {
        struct dna_fact fact = absent(names[i]);
        assert_int_equal(dna_session_give(session, ids[i], &fact, now), DNA_OK);
    }
}

static void expect_proven(struct dna_session *session, struct dna_hearing *hearing)
{
    struct dna_hearing *got;
    struct dna_ruling ruling;
    assert_true(dna_session_next_ruling(session, &got, &ruling));
    assert_ptr_equal(got, hearing);
    assert_ptr_equal(dna_hearing_user(got), &now);
    assert_int_equal(ruling.verdict, DNA_PROVEN);
    dna_hearing_free(got);
}

static void identical_wants_are_one(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one), other = question(chain_two);
    struct dna_hearing *a, *b;
    unsigned ids[2];
    (void)state;
    a = hear(session, &q);
    b = hear(session, &other);
    assert_int_equal(wants(session, ids), 2);
    answer(session, ids);
    /* The one that waited last is told first; both are. */
    expect_proven(session, b);
    expect_proven(session, a);
    dna_session_free(session);
}

/* Everything that a ruling depended on is part of its key. */
static void what_was_proven_answers_the_same_question_only(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one), other;
    struct dna_hearing *hearing;
    struct dna_ruling ruling;
    unsigned ids[2];
    (void)state;
    hearing = hear(session, &q);
    assert_int_equal(wants(session, ids), 2);
    answer(session, ids);
    expect_proven(session, hearing);
    now.wall += 599; /* the facts end at 600: a court would look up again */
    expect_proven(session, hear(session, &q));

    now.wall += 2; /* so does now everybody who is not answered by the ruling */
    for (int variant = 0; variant < 10; variant++) {
        other = q;
        switch (variant) {
        case 0: other.chain = chain_two; break;
        case 1: other.role = DNA_INITIATING; break;
        case 2: other.service = DNA_XMPP_CLIENT; break;
        case 3: other.policy.generation++; break;
        case 4: other.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX); break;
        case 5: other.policy.level = DNA_LEVEL_STRONG; break;
        case 6: other.role = DNA_INITIATING; other.host = "x.example"; other.port = 1; break;
        case 7: other.policy.dane_usages = DNA_DANE_USAGES_ALL; break;
        case 8: other.policy.delegation_legacy = true; break;
        default: other.domain = "b." D; break;
        }
        hearing = hear(session, &other);
        if (dna_session_next_ruling(session, &hearing, &ruling)) {
            fail_msg("variant %d was answered from memory", variant);
        }
        dna_hearing_free(hearing);
    }
    dna_session_free(session);
}

/* S6: what the certificate proves for one SRV target it does not prove for another. */
static void an_endpoint_is_part_of_the_question(void **state)
{
    static const struct {
        const char *host;
        uint16_t port;
        bool same;
    } cases[] = {{"x.example", 1, true}, {"y.example", 1, false}, {"x.example", 2, false},
                 {NULL, 0, false}};
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing;
    struct dna_ruling ruling;
    unsigned ids[2];
    (void)state;
    q.role = DNA_INITIATING;
    q.host = "x.example";
    q.port = 1;
    hearing = hear(session, &q);
    assert_int_equal(wants(session, ids), 2);
    answer(session, ids);
    expect_proven(session, hearing);
    now.wall += 601; /* the facts have ended, the proof has not */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        q.host = cases[i].host;
        q.port = cases[i].port;
        hearing = hear(session, &q);
        assert_int_equal(dna_session_next_ruling(session, &hearing, &ruling), cases[i].same);
        dna_hearing_free(hearing);
    }
    dna_session_free(session);
}

static void a_ruling_is_not_used_beyond_its_end(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing = hear(session, &q);
    struct dna_ruling ruling;
    unsigned ids[2];
    (void)state;
    assert_int_equal(wants(session, ids), 2);
    answer(session, ids);
    assert_true(dna_session_next_ruling(session, &hearing, &ruling));
    dna_hearing_free(hearing);
    now.wall = ruling.expires_at - 1;
    expect_proven(session, hear(session, &q));
    now.wall = ruling.expires_at;
    hearing = hear(session, &q);
    assert_int_equal(wants(session, ids), 2);
    dna_hearing_free(hearing);
    dna_session_free(session);
}

static void what_nobody_wants_is_cancelled_and_may_still_teach(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *a = hear(session, &q);
    unsigned ids[2], id;
    (void)state;
    assert_int_equal(wants(session, ids), 2);
    dna_hearing_free(a);
    assert_true(dna_session_next_cancel(session, &id));
    assert_true(dna_session_next_cancel(session, &id));
    assert_false(dna_session_next_cancel(session, &id));
    answer(session, ids); /* late */
    answer(session, ids); /* and twice: unknown by now */
    expect_proven(session, hear(session, &q));
    assert_int_equal(wants(session, ids), 0);
    dna_session_free(session);
}

static void an_answer_to_another_question_is_refused(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing = hear(session, &q);
    struct dna_fact fact = absent("_xmpp-server._tcp.evil.example");
    unsigned ids[2];
    (void)state;
    assert_int_equal(wants(session, ids), 2);
    assert_int_equal(dna_session_give(session, ids[0], &fact, now), DNA_ERR_ARGUMENT);
    fact = absent(names[0]);
    fact.u.dns.type = DNA_DNS_DNSKEY;
    assert_int_equal(dna_session_give(session, ids[0], &fact, now), DNA_ERR_ARGUMENT);
    fact.kind = DNA_WANT_FETCH;
    assert_int_equal(dna_session_give(session, ids[0], &fact, now), DNA_ERR_ARGUMENT);
    assert_int_equal(dna_session_give(session, 12345, &fact, now), DNA_OK);
    answer(session, ids);
    expect_proven(session, hearing);
    dna_session_free(session);
}

static void a_hearing_ends_in_time(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing = hear(session, &q);
    unsigned ids[2], id;
    (void)state;
    assert_int_equal(wants(session, ids), 2);
    assert_int_equal(dna_session_deadline(session), now.mono + 5000);
    now.mono += 4999;
    assert_int_equal(dna_session_tick(session, now), DNA_OK);
    now.mono += 1;
    assert_int_equal(dna_session_tick(session, now), DNA_OK);
    expect_proven(session, hearing); /* by the certificate: it needs no DNS (S11) */
    assert_int_equal(dna_session_deadline(session), DNA_NEVER);
    assert_true(dna_session_next_cancel(session, &id));
    dna_session_free(session);
}

static void nonsense_is_an_argument_error(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing;
    char longer[400];
    (void)state;
    q.domain = "NOT.canonical";
    assert_int_equal(dna_session_hear(session, &q, now, NULL, &hearing), DNA_ERR_ARGUMENT);
    memset(longer, 'a', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    q.domain = longer;
    assert_int_equal(dna_session_hear(session, &q, now, NULL, &hearing), DNA_ERR_ARGUMENT);
    dna_session_free(session);
}

/* Without roots of its own the session asks the host, once for all who present the chain. */
static void paths_can_be_the_hosts_business(void **state)
{
    struct dna_session_options options = {.size = sizeof options, .seed = 3};
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    struct dna_hearing *a, *b;
    const struct dna_want *want;
    struct dna_fact fact = {.kind = DNA_WANT_PATH};
    unsigned id, path = 0, n = 0;
    (void)state;
    now = (struct dna_time){.wall = CERTS_NOW, .mono = 500};
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    a = hear(session, &q);
    b = hear(session, &q);
    while (dna_session_next_want(session, &id, &want)) {
        n++;
        if (want->kind == DNA_WANT_PATH) {
            assert_memory_equal(dna_chain_digest(want->u.path.chain),
                                dna_chain_digest(chain_one), DNA_SHA256_SIZE);
            path = id;
        } else {
            struct dna_fact srv = absent(want->u.dns.name);
            assert_int_equal(dna_session_give(session, id, &srv, now), DNA_OK);
        }
    }
    assert_int_equal(n, 3);
    assert_int_equal(dna_path_check(chain_one, roots, now.wall, &fact.u.path), DNA_OK);
    assert_int_equal(dna_session_give(session, path, &fact, now), DNA_OK);
    expect_proven(session, b);
    expect_proven(session, a);
    dna_session_free(session);
}

static void refusals_are_known_by_chain_and_proof(void **state)
{
    struct dna_key_proof proof = {.type = DNA_PROOF_DNSSEC_TA, .digest = {1}}, other = proof;
    struct dna_question q = question(chain_one), hostile = question(chain_two);
    struct dna_key a, b;
    (void)state;
    assert_int_equal(dna_key_refused(&q, &proof, &a), DNA_OK);
    assert_int_equal(dna_key_refused(&hostile, &proof, &b), DNA_OK);
    assert_false(dna_span_equal(dna_key_span(&a), dna_key_span(&b)));
    other.digest[0]++;
    assert_int_equal(dna_key_refused(&q, &other, &b), DNA_OK);
    assert_false(dna_span_equal(dna_key_span(&a), dna_key_span(&b)));
    other = proof;
    other.type = DNA_PROOF_POSH;
    assert_int_equal(dna_key_refused(&q, &other, &b), DNA_OK);
    assert_false(dna_span_equal(dna_key_span(&a), dna_key_span(&b)));
    assert_int_equal(dna_key_proven(&q, &b), DNA_OK);
    assert_false(dna_span_equal(dna_key_span(&a), dna_key_span(&b)));
}

static char logged[600];
static unsigned n_logged;

static void take_line(void *arg, enum dna_log_level level, const char *event,
                      const struct dna_log_field *fields, size_t n)
{
    size_t used = 0;
    (void)arg;
    if (strcmp(event, "ruling") != 0) {
        return;
    }
    assert_int_equal(level, DNA_LOG_INFO);
    n_logged++;
    for (size_t i = 0; i < n; i++) {
        used += (size_t)snprintf(logged + used, sizeof logged - used, "%s=%.*s ",
                                 fields[i].key, DNA_SPAN_FMT(fields[i].value));
    }
}

static void each_ruling_is_one_line(void **state)
{
    const struct dna_log log = {.write = take_line, .least = DNA_LOG_DEBUG};
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing;
    unsigned ids[2];
    (void)state;
    n_logged = 0;
    assert_int_equal(begin_with(NULL, &log, &session), DNA_OK);
    hearing = hear(session, &q);
    assert_int_equal(wants(session, ids), 2);
    now.mono += 12;
    answer(session, ids);
    expect_proven(session, hearing);
    assert_int_equal(n_logged, 1);
    assert_non_null(strstr(logged, "domain=" D " role=asking ruling=PROVEN prooftype=pkix "
                                   "code=ok why="));
    assert_non_null(strstr(logged, " ms=12 own= facts=3 (0 cached) "));
    expect_proven(session, hear(session, &q));
    assert_int_equal(n_logged, 2);
    assert_non_null(strstr(logged, " ms=0 own= facts=1 (1 cached) "));
    q.policy.level = DNA_LEVEL_REFUSE;
    dna_hearing_free(hear(session, &q));
    assert_int_equal(n_logged, 3);
    assert_non_null(strstr(logged, "ruling=FAIL prooftype= code=policy "));
    dna_session_free(session);
}

static bool exchange(const struct dna_alloc *alloc)
{
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing, *got;
    struct dna_ruling ruling;
    const struct dna_want *want;
    bool proven = false;
    unsigned id;
    if (begin_with(alloc, NULL, &session) != DNA_OK) {
        return false;
    }
    if (dna_session_hear(session, &q, now, NULL, &hearing) == DNA_OK) {
        while (dna_session_next_want(session, &id, &want)) {
            struct dna_fact fact = absent(want->u.dns.name);
            (void)!dna_session_give(session, id, &fact, now);
        }
        if (dna_session_next_ruling(session, &got, &ruling)) {
            assert_ptr_equal(got, hearing);
            proven = ruling.verdict == DNA_PROVEN;
            assert_true(proven || ruling.verdict == DNA_TEMPFAIL);
        }
        dna_hearing_free(hearing);
    }
    dna_session_free(session);
    return proven;
}

/* Lack of memory never proves anything that is not proven, and leaks nothing. */
static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        bool proven = exchange(failing_alloc_init(&f, n));
        assert_int_equal(f.outstanding, 0);
        assert_true(proven || f.failed);
        done = !f.failed;
    }
}

/* What one address of a host proved is nothing for another one where host-meta is admitted;
 * to the other prooftypes they are the same. */
static void addresses_of_a_host(void **state)
{
    struct dna_question q = {.domain = D, .role = DNA_INITIATING, .chain = chain_one,
                             .host = "x.example", .port = 5269, .address = "192.0.2.1"};
    struct dna_key first, second, third;
    (void)state;
    for (int admitted = 0; admitted < 2; admitted++) {
        q.policy = dna_policy_default();
        q.policy.prooftypes |= admitted != 0 ? DNA_PROOF_BIT(DNA_PROOF_HOST_META) : 0;
        q.address = "192.0.2.1";
        assert_int_equal(dna_key_proven(&q, &first), DNA_OK);
        q.address = "192.0.2.2";
        assert_int_equal(dna_key_proven(&q, &second), DNA_OK);
        q.address = NULL;
        assert_int_equal(dna_key_proven(&q, &third), DNA_OK);
        assert_int_equal(dna_span_equal(dna_key_span(&first), dna_key_span(&second)),
                         admitted == 0);
        assert_int_equal(dna_span_equal(dna_key_span(&first), dna_key_span(&third)),
                         admitted == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_a_host),
        cmocka_unit_test(identical_wants_are_one),
        cmocka_unit_test(what_was_proven_answers_the_same_question_only),
        cmocka_unit_test(an_endpoint_is_part_of_the_question),
        cmocka_unit_test(a_ruling_is_not_used_beyond_its_end),
        cmocka_unit_test(what_nobody_wants_is_cancelled_and_may_still_teach),
        cmocka_unit_test(an_answer_to_another_question_is_refused),
        cmocka_unit_test(a_hearing_ends_in_time),
        cmocka_unit_test(nonsense_is_an_argument_error),
        cmocka_unit_test(paths_can_be_the_hosts_business),
        cmocka_unit_test(refusals_are_known_by_chain_and_proof),
        cmocka_unit_test(each_ruling_is_one_line),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
