/* A listener's account: so many connections, so many attempts, from one address or /64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <edge/visitors.h>
#include <failing_alloc.h>

#define MINUTE 60000

static const struct dna_edge_visitor_limits few = {
    .connections = 2,
    .handshakes = 2,
    .attempts = 5,
    .addresses = 3,
};

static struct dna_address address_of(const char *text)
{
    struct dna_address address;
    assert_int_equal(dna_address_parse(dna_span_of(text), &address), DNA_OK);
    return address;
}

static struct dna_edge_visitors *visitors_new(void)
{
    struct dna_edge_visitors *visitors;
    assert_int_equal(dna_edge_visitors_new(NULL, 7, &few, &visitors), DNA_OK);
    return visitors;
}

static enum dna_uv_limit limit; /* of the last refusal */

static bool enter(struct dna_edge_visitors *visitors, const char *text, int64_t now)
{
    struct dna_address address = address_of(text);
    bool entered;
    limit = DNA_UV_N_LIMITS;
    entered = dna_edge_visitors_enter(visitors, &address, now, &limit);
    assert_int_equal(entered, limit == DNA_UV_N_LIMITS);
    return entered;
}

/* One under TLS, or not yet. */
static void leave_as(struct dna_edge_visitors *visitors, const char *text, bool secured)
{
    struct dna_address address = address_of(text);
    dna_edge_visitors_leave(visitors, &address, secured);
}

static void leave(struct dna_edge_visitors *visitors, const char *text)
{
    leave_as(visitors, text, false);
}

static void secure(struct dna_edge_visitors *visitors, const char *text)
{
    struct dna_address address = address_of(text);
    dna_edge_visitors_secured(visitors, &address);
}

static void one_address_has_a_limit_of_connections(void **state)
{
    struct dna_edge_visitors *visitors = visitors_new();
    (void)state;
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    assert_true(enter(visitors, "192.0.2.2", 0));
    leave(visitors, "192.0.2.1");
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    dna_edge_visitors_free(visitors);
}

static void one_address_has_a_limit_of_handshakes(void **state)
{
    static const struct dna_edge_visitor_limits limits = {
        .connections = 4, .handshakes = 2, .attempts = 99, .addresses = 3};
    struct dna_edge_visitors *visitors;
    (void)state;
    assert_int_equal(dna_edge_visitors_new(NULL, 7, &limits, &visitors), DNA_OK);
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    assert_int_equal(limit, DNA_UV_LIMIT_HANDSHAKES_AT);
    assert_true(enter(visitors, "192.0.2.2", 0));
    secure(visitors, "192.0.2.1");
    assert_true(enter(visitors, "192.0.2.1", 0));
    leave(visitors, "192.0.2.1");
    assert_true(enter(visitors, "192.0.2.1", 0));
    leave_as(visitors, "192.0.2.1", true);
    assert_false(enter(visitors, "192.0.2.1", 0)); /* those without TLS are still there */
    secure(visitors, "192.0.2.1");
    secure(visitors, "192.0.2.1");
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    assert_int_equal(limit, DNA_UV_LIMIT_CONNECTIONS_AT);
    dna_edge_visitors_limit(visitors, &few); /* who is over it stays */
    assert_false(enter(visitors, "192.0.2.1", 0));
    leave(visitors, "192.0.2.1");
    leave(visitors, "192.0.2.1");
    leave_as(visitors, "192.0.2.1", true);
    dna_edge_visitors_free(visitors);
}

static void one_address_has_a_limit_of_attempts(void **state)
{
    struct dna_edge_visitors *visitors = visitors_new();
    (void)state;
    for (unsigned i = 0; i < few.attempts; i++) {
        assert_true(enter(visitors, "192.0.2.1", i));
        leave(visitors, "192.0.2.1");
    }
    assert_false(enter(visitors, "192.0.2.1", MINUTE - 1));
    assert_int_equal(limit, DNA_UV_LIMIT_ATTEMPTS_AT);
    assert_true(enter(visitors, "192.0.2.1", MINUTE));
    dna_edge_visitors_free(visitors);
}

static void refused_attempts_count(void **state)
{
    struct dna_edge_visitors *visitors = visitors_new();
    (void)state;
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    assert_false(enter(visitors, "192.0.2.1", 0));
    leave(visitors, "192.0.2.1");
    assert_false(enter(visitors, "192.0.2.1", 1)); /* the sixth of this minute */
    dna_edge_visitors_free(visitors);
}

static void ipv6_counts_by_64(void **state)
{
    struct dna_edge_visitors *visitors = visitors_new();
    (void)state;
    assert_true(enter(visitors, "2001:db8:0:1::1", 0));
    assert_true(enter(visitors, "2001:db8:0:1:ffff::2", 0));
    assert_false(enter(visitors, "2001:db8:0:1::3", 0));
    assert_true(enter(visitors, "2001:db8:0:2::1", 0));
    dna_edge_visitors_free(visitors);
}

static void who_is_gone_for_a_minute_is_forgotten(void **state)
{
    struct dna_edge_visitors *visitors = visitors_new();
    (void)state;
    assert_true(enter(visitors, "192.0.2.1", 0));
    assert_true(enter(visitors, "192.0.2.2", 0));
    assert_true(enter(visitors, "192.0.2.3", 0));
    assert_false(enter(visitors, "192.0.2.4", 0)); /* the table is full */
    assert_int_equal(limit, DNA_UV_LIMIT_ADDRESSES);
    leave(visitors, "192.0.2.2");
    assert_false(enter(visitors, "192.0.2.4", MINUTE - 1));
    assert_true(enter(visitors, "192.0.2.4", 2 * MINUTE));
    assert_false(enter(visitors, "192.0.2.5", 4 * MINUTE)); /* the others are still there */
    leave(visitors, "192.0.2.1");
    assert_true(enter(visitors, "192.0.2.5", 6 * MINUTE));
    dna_edge_visitors_free(visitors);
}

static void no_memory_means_no_entry(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        struct dna_edge_visitors *visitors;
        struct dna_address address = address_of("192.0.2.1");
        enum dna_uv_limit which;
        if (dna_edge_visitors_new(alloc, 7, &few, &visitors) == DNA_OK) {
            bool entered = dna_edge_visitors_enter(visitors, &address, 0, &which);
            assert_int_equal(entered, !f.failed);
        } else {
            assert_null(visitors);
        }
        dna_edge_visitors_free(visitors);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_has_a_limit_of_connections),
        cmocka_unit_test(one_address_has_a_limit_of_handshakes),
        cmocka_unit_test(one_address_has_a_limit_of_attempts),
        cmocka_unit_test(refused_attempts_count),
        cmocka_unit_test(ipv6_counts_by_64),
        cmocka_unit_test(who_is_gone_for_a_minute_is_forgotten),
        cmocka_unit_test(no_memory_means_no_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
