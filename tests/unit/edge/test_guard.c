/* The guard over our own listeners and links, which nothing reaches (S22). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <edge/guard.h>
#include <failing_alloc.h>

static const char *const all[] = {"0.0.0.0/0", "::/0"};

static struct dna_endpoint endpoint(const char *address, uint16_t port)
{
    struct dna_endpoint made = {.port = port};
    assert_int_equal(dna_address_parse(dna_span_of(address), &made.address), DNA_OK);
    return made;
}

static struct dna_edge_guard *guard_with(struct dna_edge_guard *guard, bool allow_all,
                                         const char *own)
{
    const char *why = "";
    assert_int_equal(dna_edge_guard_init(guard, NULL, all, allow_all ? 2 : 0, &why), DNA_OK);
    if (own != NULL) {
        struct dna_endpoint listener = endpoint(own, 5269);
        assert_int_equal(dna_edge_guard_add(guard, &listener), DNA_OK);
    }
    return guard;
}

static bool admits(struct dna_edge_guard *guard, const char *address, uint16_t port)
{
    struct dna_endpoint to = endpoint(address, port);
    const char *why = NULL;
    bool admitted = dna_edge_guard_admits(guard, &to, 0, &why);
    assert_true(admitted || why != NULL);
    return admitted;
}

static bool admits_route(struct dna_edge_guard *guard, const char *address, uint16_t port)
{
    struct dna_endpoint to = endpoint(address, port);
    const char *why = NULL;
    return dna_edge_guard_admits_route(guard, &to, 0, &why);
}

static void strangers_reach_public_addresses_only(void **state)
{
    struct dna_edge_guard guard;
    (void)state;
    guard_with(&guard, false, NULL);
    assert_true(admits(&guard, "1.1.1.1", 5269));
    assert_true(admits(&guard, "2606:4700::1", 5269));
    assert_false(admits(&guard, "127.0.0.1", 5269));
    assert_false(admits(&guard, "10.1.2.3", 5269));
    assert_false(admits(&guard, "::1", 5269));
    assert_false(admits(&guard, "fd00::1", 5269));
    assert_false(admits(&guard, "0.0.0.0", 5269));
    dna_edge_guard_fini(&guard);
}

static void a_listener_is_not_reached_although_it_is_allowed(void **state)
{
    struct dna_edge_guard guard;
    struct dna_endpoint listener = endpoint("127.0.0.1", 5269);
    (void)state;
    guard_with(&guard, true, "127.0.0.1");
    assert_false(admits(&guard, "127.0.0.1", 5269));
    assert_false(admits(&guard, "::ffff:127.0.0.1", 5269));
    assert_false(admits(&guard, "0.0.0.0", 5269));
    assert_false(admits(&guard, "::", 5269));
    assert_true(admits(&guard, "127.0.0.1", 5270));
    assert_true(admits(&guard, "127.0.0.2", 5269));
    dna_edge_guard_remove(&guard, &listener);
    assert_true(admits(&guard, "127.0.0.1", 5269));
    dna_edge_guard_fini(&guard);
}

static void a_wildcard_listener_is_the_whole_machine(void **state)
{
    struct dna_edge_guard guard;
    struct dna_endpoint listener = endpoint("0.0.0.0", 5269);
    (void)state;
    guard_with(&guard, true, "0.0.0.0");
    assert_false(admits(&guard, "127.0.0.1", 5269));
    assert_false(admits(&guard, "127.7.7.7", 5269));
    assert_true(admits(&guard, "127.0.0.1", 5270));
    assert_true(admits(&guard, "1.1.1.1", 5269));
    assert_true(guard.n_own > guard.n_given); /* the machine's addresses */
    assert_ptr_equal(guard.face.own, guard.own);
    assert_int_equal(guard.face.n_own, guard.n_own);
    dna_edge_guard_remove(&guard, &listener);
    assert_true(admits(&guard, "127.7.7.7", 5269));
    assert_int_equal(guard.face.n_own, 0);
    dna_edge_guard_fini(&guard);
}

static void a_route_may_lead_anywhere_but_to_ourselves(void **state)
{
    struct dna_edge_guard guard;
    (void)state;
    guard_with(&guard, false, "10.0.0.1");
    assert_true(admits_route(&guard, "10.0.0.2", 5269));
    assert_true(admits_route(&guard, "fd00::1", 5269));
    assert_false(admits_route(&guard, "10.0.0.1", 5269));
    assert_false(admits_route(&guard, "0.0.0.0", 5269));
    assert_false(admits_route(&guard, "10.0.0.2", 0));
    dna_edge_guard_fini(&guard);
}

static void a_bad_prefix_is_refused(void **state)
{
    static const char *const bad[] = {"10.0.0.0/8", "10.0.0.1/8"};
    struct dna_edge_guard guard;
    const char *why = "";
    (void)state;
    assert_int_equal(dna_edge_guard_init(&guard, NULL, bad, 2, &why), DNA_ERR_FORMAT);
    assert_string_not_equal(why, "");
}

static void without_memory_nothing_is_admitted(void **state)
{
    struct dna_endpoint listener = endpoint("0.0.0.0", 5269), to = endpoint("1.1.1.1", 5269);
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        struct dna_edge_guard guard;
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        const char *why = "";
        if (dna_edge_guard_init(&guard, alloc, all, 2, &why) == DNA_OK) {
            if (dna_edge_guard_add(&guard, &listener) == DNA_OK) {
                bool admitted = dna_edge_guard_admits(&guard, &to, 0, &why);
                assert_int_equal(admitted, !f.failed);
            }
            dna_edge_guard_fini(&guard);
        }
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_reach_public_addresses_only),
        cmocka_unit_test(a_listener_is_not_reached_although_it_is_allowed),
        cmocka_unit_test(a_wildcard_listener_is_the_whole_machine),
        cmocka_unit_test(a_route_may_lead_anywhere_but_to_ourselves),
        cmocka_unit_test(a_bad_prefix_is_refused),
        cmocka_unit_test(without_memory_nothing_is_admitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
