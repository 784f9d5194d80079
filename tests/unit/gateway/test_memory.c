/* The router without memory: whichever allocation fails, every stanza is relayed, returned
 * or counted as lost, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <failing_malloc.h>

#include "fake_uv.h"

#define A "a.one"
#define R "r.dna"
#define R2 "r2.dna"

/* Where a stream of that number exists, a look-up runs, and so on: with an allocation failing
 * anywhere, not every step of the play happens. */
static void local_error_stream(unsigned number, const char *remote)
{
    if (fake_exists(number)) {
        fake_connected(number);
        fake_allow(number, remote, A);
        fake_effect(number, DNA_STREAM_PAIR, remote, A, true);
    }
}

/* Somebody at an address that nobody was at before. */
static unsigned stranger(struct router *router)
{
    unsigned number = 1;
    while (fake_exists(number)) {
        number++;
    }
    if (fake_accepted(router, NULL) == NULL) {
        return 0;
    }
    fake_network(number, "192.0.2.2");
    fake_stanza(number, R2, A, "5", "error");
    return 1;
}

/* How many stanzas there were. */
static unsigned play(struct router *router)
{
    if (fake_accepted(router, fake_link(1)) == NULL) {
        return 0;
    }
    fake_stanza(1, A, R, "1", "");
    fake_stanza(1, A, R, "2", "");
    fake_stanza(1, A, R2, "3", "");
    if (fake_looks_up()) {
        fake_found("x.r.dna", 5269);
    }
    if (fake_looks_up()) {
        fake_not_found(true, "no such domain");
    }
    local_error_stream(2, R2);
    local_error_stream(3, R2);
    fake_stanza(1, A, R, "4", "error");
    fake_now += 30000;
    router_tick(router);
    local_error_stream(4, R);
    fake_now += 120000;
    router_tick(router);
    return 4 + stranger(router);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    for (failing_malloc.fail_at = 0;; failing_malloc.fail_at++) {
        struct router *router;
        struct router_counts counts;
        unsigned played;
        failing_malloc_arm();
        router = fake_router(NULL);
        if (router != NULL) {
            played = play(router);
            (void)failing_malloc_disarm();
            router_close_all(router);
            fake_end(router);
            counts = router_counted(router);
            assert_int_equal(router_waiting(router), 0);
            assert_int_equal(counts.relayed + counts.returned + counts.lost, played);
            router_free(router);
        }
        if (!failing_malloc_disarm()) {
            break;
        }
    }
    assert_true(failing_malloc.fail_at > 15);
}

/* A stream that may be resumed: without memory it is not tried again, and that is all. */
static void play_resumption(struct router *router)
{
    if (fake_accepted(router, fake_link(1)) == NULL) {
        return;
    }
    fake_stanza(1, A, R, "1", "");
    if (fake_looks_up()) {
        fake_found("x.r.dna", 5269);
    }
    if (!fake_exists(2)) {
        return;
    }
    fake_connected(2);
    fake_allow(2, A, R);
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    fake_resumes = A;
    fake_closed(2, "", "gone");
    if (fake_exists(3)) {
        fake_closed(3, "remote-server-timeout", "connection refused");
    }
    fake_now += 2000;
    router_tick(router);
}

static void every_allocation_of_a_resumption_fails_once(void **state)
{
    (void)state;
    for (failing_malloc.fail_at = 0;; failing_malloc.fail_at++) {
        struct router *router;
        failing_malloc_arm();
        router = fake_router(NULL);
        if (router != NULL) {
            play_resumption(router);
            (void)failing_malloc_disarm();
            fake_end(router);
            assert_int_equal(router_waiting(router), 0);
            router_free(router);
        }
        if (!failing_malloc_disarm()) {
            break;
        }
    }
    assert_true(failing_malloc.fail_at > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_allocation_of_a_resumption_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
