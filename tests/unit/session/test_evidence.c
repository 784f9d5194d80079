/* Evidence: of which rulings it is kept, whose it is, and how much of it waits. */
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
#include <proof/bundle.h>
#include <session/evidence.h>

static struct cert ca, leaf;
static struct dna_chain *chain;
static struct dna_roots *roots;
static const struct dna_time now = {.wall = CERTS_NOW, .mono = 500};

static int make_world(void **state)
{
    const struct cert *one = &leaf;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    leaf = cert_make(&(struct cert_order){.issuer = &ca, .names = "DNS:a.example"});
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

/* Hears domain by pkix alone, with nothing in the DNS; the hearing is the caller's. */
static struct dna_hearing *hear(struct dna_session *session, const char *domain,
                                enum dna_verdict verdict)
{
    const struct dna_question q = {
        .domain = domain, .role = DNA_RECEIVING, .chain = chain,
        .policy = {.level = DNA_LEVEL_PROOF, .prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX)}};
    struct dna_hearing *hearing;
    const struct dna_want *want;
    struct dna_ruling ruling;
    unsigned id;
    assert_int_equal(dna_session_hear(session, &q, now, NULL, &hearing), DNA_OK);
    while (dna_session_next_want(session, &id, &want)) {
        struct dna_fact fact = {.kind = DNA_WANT_DNS};
        fact.u.dns = (struct dna_dns_answer){
            .name = want->u.dns.name, .type = want->u.dns.type, .outcome = DNA_DNS_ABSENT,
            .ttl = 600, .obtained = now.wall, .signatures_end = DNA_NEVER, .why = ""};
        assert_int_equal(dna_session_give(session, id, &fact, now), DNA_OK);
    }
    assert_true(dna_session_next_ruling(session, &hearing, &ruling));
    assert_int_equal(ruling.verdict, verdict);
    return hearing;
}

static void expect_evidence(struct dna_hearing *hearing, bool there,
                            enum dna_bundle_finding finding)
{
    const struct dna_bundle_terms terms = {.roots = roots};
    struct dna_span bundle = dna_hearing_bundle(hearing);
    struct dna_bundle_report found;
    assert_int_equal(bundle.len != 0, there);
    if (there) {
        assert_int_equal(dna_bundle_check(NULL, bundle, &terms, &found), DNA_OK);
        if (found.finding != finding) {
            fail_msg("%d: %s", (int)found.finding, found.why);
        }
    }
    dna_hearing_free(hearing);
}

static void of_which_rulings(void **state)
{
    static const struct {
        enum dna_evidence evidence;
        bool proven, refused;
    } rows[] = {{DNA_EVIDENCE_NONE, false, false},
                {DNA_EVIDENCE_REFUSED, false, true},
                {DNA_EVIDENCE_ALL, true, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_session_options options = {
            .size = sizeof options, .roots = roots, .evidence = rows[i].evidence};
        struct dna_session_bundle none;
        struct dna_session *session;
        assert_int_equal(dna_session_new(&options, &session), DNA_OK);
        expect_evidence(hear(session, "a.example", DNA_PROVEN), rows[i].proven,
                        DNA_BUNDLE_PROVES);
        expect_evidence(hear(session, "b.example", DNA_FAIL), rows[i].refused,
                        DNA_BUNDLE_REFUSES);
        /* A remembered proof was not heard. */
        expect_evidence(hear(session, "a.example", DNA_PROVEN), false, DNA_BUNDLE_BROKEN);
        assert_false(dna_session_next_bundle(session, &none));
        dna_session_free(session);
    }
}

/* A caller of an older header, who does not know the option. */
static void older_callers(void **state)
{
    struct dna_session_options options = {.size = offsetof(struct dna_session_options, evidence),
                                          .roots = roots, .evidence = DNA_EVIDENCE_ALL};
    struct dna_session *session;
    (void)state;
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    expect_evidence(hear(session, "b.example", DNA_FAIL), false, DNA_BUNDLE_BROKEN);
    dna_session_free(session);
}

static void the_oldest_give_way(void **state)
{
    struct dna_evidence_list list = {.alloc = NULL};
    const struct dna_ruling ruling = {.verdict = DNA_FAIL, .why = "no"};
    struct dna_session_bundle out;
    size_t large = DNA_LIMIT_BUNDLE;
    char *bytes = calloc(1, large + 1);
    unsigned n = 0;
    char text[20];
    (void)state;
    assert_non_null(bytes);
    for (unsigned i = 0; i < DNA_LIMIT_BUNDLES + 3; i++) {
        (void)snprintf(text, sizeof text, "%u", i);
        dna_evidence_list_add(&list, "a.example", &ruling, dna_span_of(text), text);
    }
    dna_evidence_list_add(&list, "a.example", &ruling, (struct dna_span){NULL, 0}, NULL);
    assert_int_equal(list.n, DNA_LIMIT_BUNDLES);
    assert_true(dna_evidence_list_take(&list, &out));
    assert_string_equal(out.domain, "a.example");
    assert_string_equal(out.ruling->why, "no");
    assert_true(dna_span_is(out.bundle, "3"));
    assert_ptr_equal(out.user, text);
    for (unsigned i = 0; i < 10; i++) {
        dna_evidence_list_add(&list, "b.example", &ruling, (struct dna_span){bytes, large},
                              NULL);
        assert_true(list.bytes <= DNA_LIMIT_BUNDLES_BYTES);
    }
    dna_evidence_list_add(&list, "b.example", &ruling, (struct dna_span){bytes, large + 1},
                          NULL);
    while (dna_evidence_list_take(&list, &out)) {
        n++;
    }
    assert_int_equal(n, DNA_LIMIT_BUNDLES_BYTES / DNA_LIMIT_BUNDLE);
    assert_int_equal(list.bytes, 0);
    dna_evidence_list_add(&list, "a.example", &ruling, dna_span_of("x"), NULL);
    dna_evidence_list_fini(&list);
    free(bytes);
}

/* What cannot be kept is not, and nothing else happens. */
static void without_memory(void **state)
{
    struct failing_alloc f;
    struct dna_evidence_list list = {.alloc = failing_alloc_init(&f, 0)};
    const struct dna_ruling ruling = {.verdict = DNA_FAIL};
    struct dna_session_bundle out;
    (void)state;
    dna_evidence_list_add(&list, "a.example", &ruling, dna_span_of("x"), NULL);
    assert_true(f.failed);
    assert_false(dna_evidence_list_take(&list, &out));
    assert_int_equal(f.outstanding, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_which_rulings),
        cmocka_unit_test(older_callers),
        cmocka_unit_test(the_oldest_give_way),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
