/* Whom dialback must not admit, since it was proven lately (S12), and that nothing newer
 * displaces it (S16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <mod_dna/session.h>
#include <session/downgrade.h>

#define NOW INT64_C(1800000000)
#define WEEK DNA_LIMIT_DOWNGRADE_S

static void what_counts(void **state)
{
    struct dna_ruling ruling = {.verdict = DNA_PROVEN};
    (void)state;
    for (unsigned type = 0; type < DNA_N_PROOFTYPES; type++) {
        ruling.prooftype = (enum dna_prooftype)type;
        /* What is anchored at the root shows its absence at each hearing. */
        assert_int_equal(dna_downgrade_counts(&ruling),
                         type != DNA_PROOF_DANE && type != DNA_PROOF_DNSSEC_SRV);
    }
    ruling.prooftype = DNA_PROOF_PKIX;
    ruling.pinned = true;
    assert_false(dna_downgrade_counts(&ruling));
    ruling.pinned = false;
    ruling.verdict = DNA_FAIL;
    assert_false(dna_downgrade_counts(&ruling));
}

static void a_week_for_each_role(void **state)
{
    struct dna_downgrade d;
    (void)state;
    assert_int_equal(dna_downgrade_init(&d, NULL, 7), DNA_OK);
    assert_int_equal(dna_downgrade_learn(&d, "a.example", DNA_RECEIVING, NOW, NOW), DNA_OK);
    assert_true(dna_downgrade_forbids(&d, "a.example", DNA_RECEIVING, NOW));
    assert_false(dna_downgrade_forbids(&d, "a.example", DNA_INITIATING, NOW));
    assert_false(dna_downgrade_forbids(&d, "b.a.example", DNA_RECEIVING, NOW));
    assert_true(dna_downgrade_forbids(&d, "a.example", DNA_RECEIVING, NOW + WEEK - 1));
    assert_false(dna_downgrade_forbids(&d, "a.example", DNA_RECEIVING, NOW + WEEK));
    /* Another proof prolongs it, an older one does not shorten it. */
    assert_int_equal(dna_downgrade_learn(&d, "a.example", DNA_RECEIVING, NOW + 7200, NOW + 7200),
                     DNA_OK);
    assert_int_equal(dna_downgrade_learn(&d, "a.example", DNA_RECEIVING, NOW, NOW + 7200),
                     DNA_OK);
    assert_true(dna_downgrade_forbids(&d, "a.example", DNA_RECEIVING, NOW + WEEK));
    /* One of the future counts as of now; one that is over is none. */
    assert_int_equal(dna_downgrade_learn(&d, "f.example", DNA_RECEIVING, NOW + 100 * WEEK, NOW),
                     DNA_OK);
    assert_false(dna_downgrade_forbids(&d, "f.example", DNA_RECEIVING, NOW + WEEK));
    assert_int_equal(dna_downgrade_learn(&d, "o.example", DNA_RECEIVING, NOW - WEEK, NOW),
                     DNA_OK);
    assert_false(dna_downgrade_forbids(&d, "o.example", DNA_RECEIVING, NOW));
    dna_downgrade_fini(&d);
}

static void a_flood_displaces_nothing(void **state)
{
    struct dna_downgrade d;
    char name[64];
    (void)state;
    assert_int_equal(dna_downgrade_init(&d, NULL, 7), DNA_OK);
    assert_int_equal(dna_downgrade_learn(&d, "victim.example", DNA_RECEIVING, NOW, NOW), DNA_OK);
    for (unsigned i = 1; i < DNA_LIMIT_DOWNGRADE; i++) {
        (void)snprintf(name, sizeof name, "n%u.example", i);
        assert_int_equal(dna_downgrade_learn(&d, name, DNA_RECEIVING, NOW + 10, NOW + 10),
                         DNA_OK);
    }
    assert_int_equal(dna_downgrade_learn(&d, "one.more", DNA_RECEIVING, NOW + 20, NOW + 20),
                     DNA_ERR_LIMIT);
    assert_true(dna_downgrade_forbids(&d, "victim.example", DNA_RECEIVING, NOW + WEEK - 1));
    /* What has ended makes room. */
    assert_int_equal(dna_downgrade_learn(&d, "one.more", DNA_RECEIVING, NOW + 2 * WEEK,
                                         NOW + 2 * WEEK), DNA_OK);
    assert_true(dna_downgrade_forbids(&d, "one.more", DNA_RECEIVING, NOW + 2 * WEEK));
    dna_downgrade_fini(&d);
}

static void it_outlives_the_process(void **state)
{
    const struct dna_session_options options = {.size = sizeof options, .seed = 1};
    const struct dna_time now = {.wall = NOW, .mono = 5};
    struct dna_session_memory entry = {"a.example", DNA_INITIATING, NOW - 100}, got;
    struct dna_session *session;
    uint64_t version;
    size_t cursor = 0;
    (void)state;
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    version = dna_session_memory_version(session);
    assert_int_equal(dna_session_memory_add(session, &entry, now), DNA_OK);
    assert_int_not_equal(dna_session_memory_version(session), version);
    version = dna_session_memory_version(session);
    entry.proven_at = NOW; /* not an hour later */
    assert_int_equal(dna_session_memory_add(session, &entry, now), DNA_OK);
    assert_int_equal(dna_session_memory_version(session), version);
    assert_true(dna_session_memory_next(session, &cursor, &got));
    assert_string_equal(got.domain, "a.example");
    assert_int_equal(got.role, DNA_INITIATING);
    assert_int_equal(got.proven_at, NOW - 100);
    assert_false(dna_session_memory_next(session, &cursor, &got));
    entry.domain = "A.example";
    assert_int_equal(dna_session_memory_add(session, &entry, now), DNA_ERR_ARGUMENT);
    entry.domain = "b.example";
    entry.role = (enum dna_role)5;
    assert_int_equal(dna_session_memory_add(session, &entry, now), DNA_ERR_ARGUMENT);
    entry.role = DNA_RECEIVING;
    assert_int_equal(dna_session_memory_add(session, &entry, now), DNA_OK);
    dna_session_memory_clear(session, "a.example");
    cursor = 0;
    assert_true(dna_session_memory_next(session, &cursor, &got));
    assert_string_equal(got.domain, "b.example");
    dna_session_memory_clear(session, NULL);
    cursor = 0;
    assert_false(dna_session_memory_next(session, &cursor, &got));
    dna_session_free(session);
}

static void a_secret_must_be_long(void **state)
{
    struct dna_session_options options = {.size = sizeof options,
                                          .dialback_secret = dna_span_of("fifteen bytes..")};
    struct dna_session *session;
    (void)state;
    assert_int_equal(dna_session_new(&options, &session), DNA_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts),
        cmocka_unit_test(a_week_for_each_role),
        cmocka_unit_test(a_flood_displaces_nothing),
        cmocka_unit_test(it_outlives_the_process),
        cmocka_unit_test(a_secret_must_be_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
