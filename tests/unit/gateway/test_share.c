/* What one hosted domain, one remote domain and one address may take of the router: each
 * limit is reached, counted, and leaves the others alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_uv.h"
#include "routing.h"

#define A "a.one"
#define A2 "a2.one"
#define R "r.dna"
#define R2 "r2.dna"

static struct gateway_shares_config shares;

/* Stream 1 is the server of link 1, 2 and 3 are peers at two addresses. */
static struct router *begin(void)
{
    struct router *router = fake_router(NULL);
    assert_non_null(router);
    router_share(router, &shares);
    assert_non_null(fake_accepted(router, fake_link(1)));
    assert_non_null(fake_accepted(router, NULL));
    assert_non_null(fake_accepted(router, NULL));
    fake_network(2, "192.0.2.2");
    fake_network(3, "192.0.2.3");
    return router;
}

static int reset(void **state)
{
    (void)state;
    shares = fake_shares();
    return 0;
}

static uint64_t refused(const struct router *router, enum router_limit limit)
{
    uint64_t counts[ROUTER_N_LIMITS], all = 0;
    router_refusals(router, counts);
    for (size_t i = 0; i < ROUTER_N_LIMITS; i++) {
        all += counts[i];
    }
    assert_int_equal(all, counts[limit]); /* no other limit has a part in it */
    return counts[limit];
}

/* Whatever was counted is gone. */
static void end(struct router *router)
{
    fake_end(router);
    fake_now += 1000000;
    for (unsigned i = 0; i < 4; i++) {
        router_tick(router);
    }
    assert_int_equal(router->n_opened, 0);
    assert_int_equal(router->n_searches, 0);
    assert_int_equal(router->queues.bytes, 0);
    assert_int_equal(router->pairs.n, 0);
    assert_int_equal(router->places.n, 0);
    assert_int_equal(router->accounts.n, 0);
    router_free(router);
}

static const char *numbered(unsigned i, const char *suffix)
{
    static char names[4][64];
    static unsigned turn;
    char *name = names[turn++ % 4];
    (void)snprintf(name, sizeof names[0], "x%u%s", i, suffix);
    return name;
}

static bool has_pair(struct router *router, const char *from, const char *to)
{
    return pair_find(router, from, to) != NULL;
}

static void pairs_of_a_hosted_domain(void **state)
{
    struct router *router;
    (void)state;
    shares.pairs_of_host = 3;
    router = begin();
    for (unsigned i = 0; i < 5; i++) {
        fake_stanza(1, A, numbered(i, ".dna"), "i", "");
    }
    assert_true(has_pair(router, A, "x2.dna"));
    assert_false(has_pair(router, A, "x3.dna"));
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS_OF_HOST), 2);
    fake_stanza(1, A2, "x3.dna", "i", ""); /* another customer */
    assert_true(has_pair(router, A2, "x3.dna"));
    fake_stanza(1, A, "x0.dna", "i", ""); /* what is there stays */
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS_OF_HOST), 2);
    assert_int_equal(router_counted(router).lost, 2);
    end(router);
}

static void pairs_of_a_remote_domain(void **state)
{
    struct router *router;
    (void)state;
    shares.pairs_of_peer = 3;
    router = begin();
    for (unsigned i = 0; i < 5; i++) {
        fake_stanza(2, R, numbered(i, ".one"), "i", "");
    }
    assert_true(has_pair(router, R, "x2.one"));
    assert_false(has_pair(router, R, "x3.one"));
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS_OF_PEER), 2);
    fake_stanza(2, R2, "x3.one", "i", "");
    assert_true(has_pair(router, R2, "x3.one"));
    end(router);
}

static void pairs_of_an_address(void **state)
{
    struct router *router;
    (void)state;
    shares.pairs_of_address = 3;
    router = begin();
    for (unsigned i = 0; i < 5; i++) { /* names cost its owner nothing */
        fake_stanza(2, numbered(i, ".dna"), A, "i", "");
    }
    assert_false(has_pair(router, "x3.dna", A));
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS_OF_ADDRESS), 2);
    fake_stanza(3, "x3.dna", A, "i", "");
    assert_true(has_pair(router, "x3.dna", A));
    fake_stanza(1, A, R, "i", ""); /* and the local server */
    assert_true(has_pair(router, A, R));
    fake_stanza(2, "x0.dna", A, "i", "");
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS_OF_ADDRESS), 2);
    end(router);
}

static void pairs_that_dialback_announces(void **state)
{
    struct router *router;
    (void)state;
    shares.pairs_of_address = 2;
    router = begin();
    for (unsigned i = 0; i < 4; i++) {
        fake_effect(2, DNA_STREAM_PAIR, numbered(i, ".dna"), A, true);
    }
    assert_true(has_pair(router, "x1.dna", A));
    assert_false(has_pair(router, "x2.dna", A));
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS_OF_ADDRESS), 2);
    end(router);
}

static void pairs_in_all(void **state)
{
    struct router *router;
    (void)state;
    shares.pairs = 3;
    router = begin();
    for (unsigned i = 0; i < 5; i++) {
        fake_stanza(1, numbered(i, ".one"), R, "i", "");
    }
    assert_int_equal(router->pairs.n, 3);
    assert_int_equal(refused(router, ROUTER_LIMIT_PAIRS), 2);
    end(router);
}

/* A stanza of a test counts for less than that, three of them for more than twice as much. */
#define ROOM (sizeof(struct waiting) + 100)

static void bytes_of_a_hosted_domain(void **state)
{
    struct router *router;
    (void)state;
    shares.bytes_of_host = 2 * ROOM;
    router = begin();
    fake_stanza(1, A, R, "i1", "error");
    fake_stanza(1, A, R2, "i2", "error");
    fake_stanza(1, A, R, "i3", "error");
    assert_int_equal(router_waiting(router), 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_BYTES_OF_HOST), 1);
    fake_stanza(1, A2, R, "i4", "error");
    assert_int_equal(router_waiting(router), 3);
    fake_not_found(true, "no such domain"); /* of R: there is room again */
    fake_stanza(1, A, R2, "i5", "error");
    assert_int_equal(router_waiting(router), 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_BYTES_OF_HOST), 1);
    end(router);
}

static void bytes_of_a_remote_domain(void **state)
{
    struct router *router;
    (void)state;
    shares.bytes_of_peer = 2 * ROOM;
    router = begin();
    for (unsigned i = 0; i < 3; i++) {
        fake_stanza(1, numbered(i, ".one"), R, "i", "error");
    }
    assert_int_equal(router_waiting(router), 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_BYTES_OF_PEER), 1);
    fake_stanza(1, A, R2, "i", "error");
    assert_int_equal(router_waiting(router), 3);
    end(router);
}

static void bytes_of_an_address(void **state)
{
    struct router *router;
    (void)state;
    shares.bytes_of_address = 2 * ROOM;
    router = begin();
    for (unsigned i = 0; i < 3; i++) {
        fake_stanza(2, numbered(i, ".dna"), numbered(i, ".one"), "i", "error");
    }
    assert_int_equal(router_waiting(router), 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_BYTES_OF_ADDRESS), 1);
    fake_stanza(3, R, A, "i", "error");
    assert_int_equal(router_waiting(router), 3);
    end(router);
}

/* Errors wait, too. */
static void bytes_of_errors(void **state)
{
    struct router *router;
    (void)state;
    shares.bytes_of_host = 2 * ROOM;
    router = begin();
    for (unsigned i = 0; i < 4; i++) {
        fake_stanza(1, A, R, "i", "");
        if (i == 0) {
            fake_not_found(true, "no such domain"); /* what follows is returned at once */
        }
    }
    assert_int_equal(router_waiting(router), 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_BYTES_OF_HOST), 2);
    assert_int_equal(router_counted(router).lost, 2);
    end(router);
}

static void the_queue_of_a_pair(void **state)
{
    const struct gateway_queue_config queue = {2, 1048576, 67108864, 30};
    struct router *router;
    (void)state;
    router = begin();
    router_limit(router, &queue);
    for (unsigned i = 0; i < 4; i++) {
        fake_stanza(1, A, R, "i", "error");
    }
    assert_int_equal(router_waiting(router), 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_BYTES), 2);
    end(router);
}

static void streams_for_a_hosted_domain(void **state)
{
    struct router *router;
    (void)state;
    shares.streams_of_host = 2;
    router = begin();
    for (unsigned i = 0; i < 4; i++) {
        fake_stanza(1, A, numbered(i, ".dna"), "i", "error");
        fake_found(numbered(i, ".host.dna"), 5269);
    }
    assert_int_equal(router->n_opened, 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_STREAMS_OF_HOST), 2);
    fake_stanza(1, A2, R, "i", "error");
    fake_found("host.r.dna", 5269);
    assert_int_equal(router->n_opened, 3);
    fake_closed(4, "", "over"); /* there is room again */
    fake_stanza(1, A, R2, "i", "error");
    fake_found("host.r2.dna", 5269);
    assert_int_equal(router->n_opened, 3);
    end(router);
}

/* A bridge gets a stream for each pair. */
static void streams_to_a_hosted_domain(void **state)
{
    struct router *router;
    (void)state;
    shares.streams_of_host = 2;
    router = begin();
    fake_bridge = 1;
    for (unsigned i = 0; i < 4; i++) {
        fake_stanza(2, numbered(i, ".dna"), A, "i", "error");
    }
    assert_int_equal(router->n_opened, 2);
    fake_stanza(2, R, A2, "i", "error");
    assert_int_equal(router->n_opened, 3);
    assert_int_equal(refused(router, ROUTER_LIMIT_STREAMS_OF_HOST), 2);
    end(router);
}

/* A crowd that wants one customer leaves room for the others. */
static void streams_of_peers(void **state)
{
    struct router *router;
    (void)state;
    shares.accepted_of_host = 1;
    router = begin();
    (void)fake_accepted(router, NULL);
    fake_header(2, A);
    fake_header(3, A);
    fake_header(4, A2);
    for (unsigned i = 2; i < 5; i++) {
        (void)fake_journal();
        fake_ruling(i, numbered(i, ".dna"), DNA_PROVEN, "");
        fake_ruling(i, numbered(i, ".other.dna"), DNA_PROVEN, ""); /* counts once */
        assert_string_equal(fake_journal(), i == 3 ? "close 3 resource-constraint\n" : "");
        if (i == 3) {
            fake_closed(3, "resource-constraint", "");
        }
    }
    assert_int_equal(refused(router, ROUTER_LIMIT_ACCEPTED_OF_HOST), 1);
    fake_closed(2, "", "");
    (void)fake_accepted(router, NULL);
    fake_header(5, A);
    fake_ruling(5, R, DNA_PROVEN, "");
    assert_string_equal(fake_journal(), "");
    end(router);
}

static void streams_in_all(void **state)
{
    struct router *router;
    (void)state;
    shares.streams = 2;
    router = begin();
    for (unsigned i = 0; i < 4; i++) {
        fake_stanza(2, R, numbered(i, ".one"), "i", "error");
    }
    assert_int_equal(router->n_opened, 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_STREAMS), 2);
    end(router);
}

static void searches(void **state)
{
    struct router *router;
    (void)state;
    shares.searches_of_host = 2;
    shares.searches = 3;
    router = begin();
    for (unsigned i = 0; i < 4; i++) {
        fake_stanza(1, A, numbered(i, ".dna"), "i", "error");
    }
    assert_int_equal(router->n_searches, 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_SEARCHES_OF_HOST), 2);
    fake_stanza(1, A, "x0.dna", "i", "error"); /* it is looked up already */
    fake_stanza(1, A2, R, "i", "error");
    assert_int_equal(router->n_searches, 3);
    assert_int_equal(refused(router, ROUTER_LIMIT_SEARCHES_OF_HOST), 2);
    fake_stanza(1, "a3.one", R2, "i", "error");
    assert_int_equal(router->n_searches, 3);
    assert_int_equal(router->refusals[ROUTER_LIMIT_SEARCHES], 1);
    fake_not_found(true, "no such domain");
    fake_stanza(1, A, "x9.dna", "i", "error");
    assert_int_equal(router->n_searches, 3);
    end(router);
}

/* Nothing new at three quarters, no stanza at seven eighths, no error at the end. */
static void memory(void **state)
{
    struct router *router;
    (void)state;
    shares.memory = 80000;
    router = begin();
    fake_stanza(2, R, A, "i1", "");
    fake_connected(4); /* to the server of A */
    fake_allow(4, R, A);
    fake_effect(4, DNA_STREAM_PAIR, R, A, true);
    assert_true(router_admits(router));
    fake_allow(2, A, R);
    fake_stanza(1, A, R, "i2", "");
    fake_found("x.r.dna", 5269);
    fake_connected(5);
    fake_allow(5, A, R);
    fake_effect(5, DNA_STREAM_OWN, A, NULL, true);
    assert_int_equal(router_waiting(router), 0);
    fake_buffered = 60001;
    (void)fake_journal();
    fake_stanza(2, R, A, "i3", ""); /* what is there goes on */
    fake_stanza(2, R, A2, "i4", "");
    assert_string_equal(fake_journal(), "send 4 r.dna a.one i3\n");
    assert_false(router_admits(router));
    assert_int_equal(router_counted(router).lost, 1);
    fake_buffered = 70001;
    fake_stanza(2, R, A, "i5", "");
    assert_string_equal(fake_journal(), "error 5 r.dna a.one i5 constraint the gateway is "
                                        "short of memory\n");
    fake_buffered = 80000;
    fake_stanza(2, R, A, "i6", "");
    assert_string_equal(fake_journal(), "");
    assert_int_equal(router_counted(router).lost, 2);
    assert_int_equal(refused(router, ROUTER_LIMIT_MEMORY), 5);
    assert_int_equal(router->pairs.n, 2);
    fake_buffered = 0;
    fake_stanza(2, R, A, "i7", "");
    assert_string_equal(fake_journal(), "send 4 r.dna a.one i7\n");
    end(router);
}

/* The way back may have to be made. */
static void memory_for_what_goes_back(void **state)
{
    struct router *router;
    (void)state;
    shares.memory = 80000;
    router = begin();
    fake_stanza(1, A, R, "i1", "error");
    fake_found("x.r.dna", 5269);
    fake_connected(4);
    fake_allow(4, A, R);
    fake_effect(4, DNA_STREAM_OWN, A, NULL, true);
    fake_buffered = 70001;
    (void)fake_journal();
    fake_stanza(1, A, R, "i2", "");
    assert_string_equal(fake_journal(), "connect 5 r.dna a.one link\n");
    assert_int_equal(router_counted(router).lost, 0);
    end(router);
}

static void what_waits_is_memory_too(void **state)
{
    struct router *router;
    (void)state;
    shares.memory = 16 * ROOM;
    router = begin();
    for (unsigned i = 0; i < 20; i++) {
        fake_stanza(1, A, R, "i", "error");
    }
    assert_in_range(router->queues.bytes, 12 * ROOM, 14 * ROOM);
    assert_true(refused(router, ROUTER_LIMIT_MEMORY) > 0);
    end(router);
}

static void memory_for_an_address(void **state)
{
    struct router *router;
    (void)state;
    shares.memory_of_address = 1000;
    router = begin();
    fake_stanza(1, A, R, "i1", "error");
    fake_found("x.r.dna", 5269);
    fake_connected(4);
    fake_network(4, "192.0.2.2");
    fake_allow(4, A, R);
    fake_effect(4, DNA_STREAM_OWN, A, NULL, true);
    fake_buffered = 1000;
    (void)fake_journal();
    fake_stanza(1, A, R, "i2", "error");
    assert_string_equal(fake_journal(), "");
    assert_int_equal(refused(router, ROUTER_LIMIT_MEMORY_OF_ADDRESS), 1);
    fake_network(4, ""); /* a link has none */
    fake_stanza(1, A, R, "i3", "error");
    assert_string_equal(fake_journal(), "send 4 a.one r.dna i3\n");
    end(router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(pairs_of_a_hosted_domain, reset),
        cmocka_unit_test_setup(pairs_of_a_remote_domain, reset),
        cmocka_unit_test_setup(pairs_of_an_address, reset),
        cmocka_unit_test_setup(pairs_that_dialback_announces, reset),
        cmocka_unit_test_setup(pairs_in_all, reset),
        cmocka_unit_test_setup(bytes_of_a_hosted_domain, reset),
        cmocka_unit_test_setup(bytes_of_a_remote_domain, reset),
        cmocka_unit_test_setup(bytes_of_an_address, reset),
        cmocka_unit_test_setup(bytes_of_errors, reset),
        cmocka_unit_test_setup(the_queue_of_a_pair, reset),
        cmocka_unit_test_setup(streams_for_a_hosted_domain, reset),
        cmocka_unit_test_setup(streams_to_a_hosted_domain, reset),
        cmocka_unit_test_setup(streams_of_peers, reset),
        cmocka_unit_test_setup(streams_in_all, reset),
        cmocka_unit_test_setup(searches, reset),
        cmocka_unit_test_setup(memory, reset),
        cmocka_unit_test_setup(memory_for_what_goes_back, reset),
        cmocka_unit_test_setup(what_waits_is_memory_too, reset),
        cmocka_unit_test_setup(memory_for_an_address, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
