/* The router: destinations that are slower than their sources. */
#include <string.h>

#include "flow.h"

#define SLOW (600 * 1024)
#define STUCK (2 * 1024 * 1024 + 1)
#define TOO_MUCH (256 * 1024 * 1024 + 1)
#define SHARE (64 * 1024)

static void the_only_source_is_not_read(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    fake_backlog(2, SLOW);
    fake_stanza(1, A, R, "i2", "");
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i2\npause 1\nsend 2 a.one r.dna i3\n");
    assert_int_equal(router_deadline(router), SWEEP);
    fake_backlog(2, 0);
    router_drained(fake_stream(2));
    journal_is("resume 1\n");
    fake_router_free(router);
}

static void a_shared_source_waits_for_nobody(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    fake_effect(1, DNA_STREAM_PAIR, A, R2, true);
    (void)fake_journal();
    fake_backlog(2, SLOW);
    fake_stanza(1, A, R, "i2", "");
    fake_backlog(2, STUCK);
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i2\nsend 2 a.one r.dna i3\n");
    fake_backlog(2, SLOW);
    fake_stanza(1, A, R, "i4", ""); /* until it has drained */
    fake_connected(3);
    fake_allow(3, R, A);
    (void)fake_journal();
    fake_effect(3, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(), "error 3 a.one r.dna i4 constraint the other"));
    fake_backlog(2, 0);
    router_drained(fake_stream(2));
    fake_stanza(1, A, R, "i5", "");
    journal_is("send 2 a.one r.dna i5\n");
    fake_router_free(router);
}

static void a_source_that_becomes_shared_is_let_go(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    fake_backlog(2, SLOW);
    fake_stanza(1, A, R, "i2", "");
    journal_is("send 2 a.one r.dna i2\npause 1\n");
    fake_effect(1, DNA_STREAM_PAIR, A2, R, true); /* the same destination */
    journal_is("ask 2 a2.one r.dna\n");
    fake_effect(1, DNA_STREAM_PAIR, A, R2, true);
    journal_is("resume 1\nendpoints r2.dna\n");
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i3\n");
    fake_backlog(2, 0);
    router_drained(fake_stream(2));
    journal_is("ask 2 a2.one r.dna\n"); /* nothing is resumed twice */
    fake_router_free(router);
}

static void a_paused_source_may_end(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    fake_backlog(2, SLOW);
    fake_stanza(1, A, R, "i2", "");
    (void)fake_journal();
    fake_closed(1, "", "gone");
    router_drained(fake_stream(2));
    journal_is("");
    fake_router_free(router);
}

static void a_slow_stream_that_ends_lets_its_sources_go(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_now += 10000;
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    fake_backlog(2, SLOW);
    fake_stanza(1, A, R, "i2", "");
    (void)fake_journal();
    fake_closed(2, "", "gone");
    journal_is("resume 1\n");
    fake_router_free(router);
}

/* A paused source may have been read ahead of, and several have the same destination. */
static void a_stuck_stream_takes_no_more(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    fake_effect(3, DNA_STREAM_PAIR, A, R, true);
    fake_backlog(2, STUCK);
    fake_stanza(1, A, R, "i2", "");
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i2\npause 1\nconnect 4 r.dna a.one link\n");
    fake_stanza(3, A, R, "i4", "");
    fake_stanza(3, A, R, "i5", "");
    journal_is("send 2 a.one r.dna i4\npause 3\n");
    assert_int_equal(router_waiting(router), 2);
    fake_backlog(2, 0);
    router_drained(fake_stream(2));
    journal_is("resume 3\nresume 1\n");
    fake_router_free(router);
}

/* Stream 1 is R's; streams 2 and 3 lead to the servers of A and A2. */
static struct router *with_two_hosts(void)
{
    struct router *router = fake_router(NULL);
    assert_non_null(router);
    assert_non_null(fake_accepted(router, NULL));
    fake_ruling(1, R, DNA_PROVEN, "");
    fake_effect(1, DNA_STREAM_OWN, A, NULL, true);
    fake_allow(1, A, R);
    fake_stanza(1, R, A, "i1", "");
    fake_connected(2);
    fake_allow(2, R, A);
    fake_effect(2, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(), "send 2 r.dna a.one i1\n"));
    return router;
}

static void add_second_host(void)
{
    fake_effect(1, DNA_STREAM_OWN, A2, NULL, true);
    fake_allow(1, A2, R);
    fake_stanza(1, R, A2, "j1", "");
    fake_connected(3);
    fake_allow(3, R, A2);
    fake_effect(3, DNA_STREAM_PAIR, R, A2, true);
    assert_non_null(strstr(fake_journal(), "send 3 r.dna a2.one j1\n"));
}

/* The server of A takes nothing more, and says nothing: not even before the second domain comes
 * is its peer's stream paused. */
static void a_hanging_domain_delays_no_other(void **state)
{
    struct router *router = with_two_hosts();
    (void)state;
    fake_backlog(2, SLOW);
    fake_stanza(1, R, A, "i2", "");
    journal_is("send 2 r.dna a.one i2\n");
    add_second_host();
    fake_backlog(2, STUCK);
    fake_stanza(1, R, A, "i3", "");
    journal_is("send 2 r.dna a.one i3\n");
    for (unsigned i = 0; i < 1000; i++) {
        fake_stanza(1, R, A2, "j2", "");
        fake_stanza(1, R, A, "i4", "");
        fake_stanza(1, R, A, "i5", "error");
        if (i == 0) {
            journal_is("send 3 r.dna a2.one j2\nask 1 a.one r.dna\n"
                       "error 1 r.dna a.one i4 constraint the other server does not keep up\n");
        } else {
            journal_is("send 3 r.dna a2.one j2\n"
                       "error 1 r.dna a.one i4 constraint the other server does not keep up\n");
        }
    }
    assert_int_equal(router_counted(router).lost, 1000); /* errors are not returned */
    assert_int_equal(router_waiting(router), 0);
    fake_closed(2, "", "gone"); /* another stream to it is none that hangs */
    fake_stanza(1, R, A2, "j3", "");
    journal_is("send 3 r.dna a2.one j3\n");
    fake_router_free(router);
}

/* Each of very many holds less than what makes it refuse. */
static void hanging_domains_hold_so_much_in_all(void **state)
{
    struct router *router = with_two_hosts();
    (void)state;
    add_second_host();
    fake_backlog(2, TOO_MUCH);
    fake_stanza(1, R, A, "i2", "");
    fake_backlog(3, SHARE);
    fake_stanza(1, R, A2, "j2", "");
    journal_is("send 2 r.dna a.one i2\nsend 3 r.dna a2.one j2\n");
    fake_backlog(3, SHARE + 1);
    fake_stanza(1, R, A2, "j3", "");
    assert_non_null(strstr(fake_journal(),
                           "error 1 r.dna a2.one j3 constraint too much is held"));
    fake_backlog(3, SHARE);
    fake_stanza(1, R, A2, "j4", "");
    journal_is("send 3 r.dna a2.one j4\n");
    fake_backlog(3, SHARE + 1);
    fake_backlog(2, 0); /* it was written, which nobody says at once */
    fake_stanza(1, R, A2, "j5", "");
    journal_is("error 1 r.dna a2.one j5 constraint too much is held for servers that do not "
               "keep up\n");
    fake_now += 1000;
    fake_stanza(1, R, A2, "j6", "");
    journal_is("send 3 r.dna a2.one j6\n");
    fake_router_free(router);
}

static void what_a_stream_held_goes_with_it(void **state)
{
    struct router *router = with_two_hosts();
    (void)state;
    add_second_host();
    fake_backlog(2, TOO_MUCH);
    fake_stanza(1, R, A, "i2", "");
    fake_backlog(3, SHARE + 1);
    fake_stanza(1, R, A2, "j2", "");
    assert_null(strstr(fake_journal(), "send 3"));
    fake_closed(2, "", "gone");
    fake_stanza(1, R, A2, "j3", "");
    journal_is("send 3 r.dna a2.one j3\n");
    fake_router_free(router);
}

/* Errors are all that it gets. */
static void a_peer_that_does_not_read_what_comes_back(void **state)
{
    struct router *router = with_two_hosts();
    (void)state;
    fake_closed(2, "remote-server-timeout", "connection refused");
    fake_stanza(1, R, A, "i2", "");
    assert_non_null(strstr(fake_journal(), "error 1 r.dna a.one i2 timeout"));
    fake_backlog(1, STUCK);
    fake_stanza(1, R, A, "i3", "");
    assert_non_null(strstr(fake_journal(), "error 1 r.dna a.one i3 timeout"));
    fake_stanza(1, R, A, "i4", "");
    journal_is("");
    assert_int_equal(router_counted(router).lost, 1);
    fake_backlog(1, 0);
    router_drained(fake_stream(1));
    fake_stanza(1, R, A, "i5", "");
    assert_non_null(strstr(fake_journal(), "error 1 r.dna a.one i5 timeout"));
    fake_router_free(router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_source_is_not_read),
        cmocka_unit_test(a_shared_source_waits_for_nobody),
        cmocka_unit_test(a_source_that_becomes_shared_is_let_go),
        cmocka_unit_test(a_paused_source_may_end),
        cmocka_unit_test(a_slow_stream_that_ends_lets_its_sources_go),
        cmocka_unit_test(a_stuck_stream_takes_no_more),
        cmocka_unit_test(a_hanging_domain_delays_no_other),
        cmocka_unit_test(hanging_domains_hold_so_much_in_all),
        cmocka_unit_test(what_a_stream_held_goes_with_it),
        cmocka_unit_test(a_peer_that_does_not_read_what_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
