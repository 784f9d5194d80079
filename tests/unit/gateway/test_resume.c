/* The router: streams that broke and may be resumed (XEP-0198). */
#include <string.h>

#include "flow.h"

/* It broke, and something on it was not acknowledged. */
static struct router *with_broken_flow(void)
{
    struct router *router = with_flow(NULL);
    fake_now += 10000;
    fake_resumes = A;
    fake_closed(2, "", "gone");
    journal_is("connect 3 a.one r.dna\n");
    return router;
}

static void nobody_hears(unsigned number)
{
    fake_closed(number, "remote-server-timeout", "connection refused");
    journal_is("");
}

static void time_comes(struct router *router, int64_t ms)
{
    assert_int_equal(router_deadline(router), fake_now + ms);
    fake_now += ms - 1;
    router_tick(router);
    journal_is("");
    fake_now++;
    router_tick(router);
}

static void resuming_is_tried_again(void **state)
{
    struct router *router = with_broken_flow();
    (void)state;
    assert_int_equal(router_deadline(router), fake_now + 1000);
    for (unsigned i = 0; i < 4; i++) {
        static const char *const connects[] = {
            "connect 4 a.one r.dna\n", "connect 5 a.one r.dna\n", "connect 6 a.one r.dna\n",
            "connect 7 a.one r.dna\n"};
        nobody_hears(3 + i);
        time_comes(router, INT64_C(2000) << i);
        journal_is(connects[i]);
    }
    /* New stanzas wait with the attempt, and other domains may go the same way. */
    fake_stanza(1, A, R, "i2", "");
    fake_connected(7);
    fake_resumes = NULL;
    fake_allow(7, A, R);
    fake_ruling(7, R, DNA_PROVEN, "");
    fake_effect(7, DNA_STREAM_OWN, A, NULL, true);
    assert_non_null(strstr(fake_journal(), "send 7 a.one r.dna i2\n"));
    fake_allow(7, A2, R);
    fake_stanza(1, A2, R, "i3", "");
    journal_is("ask 7 a2.one r.dna\nsend 7 a2.one r.dna i3\n");
    time_comes(router, 16000); /* nothing to be done, and that was all */
    journal_is("");
    assert_true(router_deadline(router) > fake_now + 60000);
    fake_router_free(router);
}

static void what_cannot_be_resumed_any_more(void **state)
{
    struct router *router = with_broken_flow();
    (void)state;
    nobody_hears(3);
    fake_resumes = NULL; /* the session has given it up */
    time_comes(router, 2000);
    journal_is("");
    assert_true(router_deadline(router) > fake_now + 60000);
    fake_router_free(router);
}

static void an_attempt_to_resume_takes_long(void **state)
{
    struct router *router = with_broken_flow();
    (void)state;
    time_comes(router, 1000);
    journal_is("");
    fake_connected(3);
    fake_resumes = NULL; /* it was taken up */
    (void)fake_journal();
    time_comes(router, 1000);
    journal_is("");
    fake_resumes = A; /* in vain */
    nobody_hears(3);
    time_comes(router, 2000);
    journal_is("connect 4 a.one r.dna\n");
    fake_router_free(router);
}

static void only_what_is_ours_is_resumed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct router *router = with_broken_flow();
        nobody_hears(3);
        fake_unhosted = i == 0 ? A : NULL;
        if (i == 1) {
            router_drain(router);
        } else if (i == 2) { /* what the pair is carried by now is left alone */
            fake_now += 10000;
            (void)fake_accepted(router, NULL);
            fake_allow(4, A, R);
            fake_ruling(4, R, DNA_PROVEN, "");
            fake_effect(4, DNA_STREAM_OWN, A, NULL, true);
            fake_stanza(1, A, R, "i2", "");
            assert_non_null(strstr(fake_journal(), "send 4 a.one r.dna i2\n"));
        }
        fake_now += 2000;
        router_tick(router);
        journal_is("");
        assert_true(i == 2 || router_deadline(router) > fake_now + 60000);
        fake_router_free(router);
    }
}

static void links_are_not_resumed(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(2));
    fake_stanza(1, B, A, "i1", "");
    fake_connected(2);
    fake_allow(2, B, A);
    fake_effect(2, DNA_STREAM_PAIR, B, A, true);
    (void)fake_journal();
    fake_resumes = B;
    fake_now += 10000;
    fake_closed(2, "", "gone");
    journal_is("");
    fake_router_free(router);
}

/* One that is up and breaks again and again is not opened again at once for ever. */
static void a_stream_that_never_lasts(void **state)
{
    struct router *router = with_broken_flow();
    (void)state;
    for (unsigned number = 3; number < 6; number++) {
        fake_connected(number);
        fake_allow(number, A, R);
        fake_ruling(number, R, DNA_PROVEN, "");
        (void)fake_journal();
        fake_closed(number, "", "gone");
        assert_non_null(strstr(fake_journal(), "connect"));
        assert_true(fake_exists(number + 1));
    }
    fake_connected(6);
    fake_allow(6, A, R);
    fake_ruling(6, R, DNA_PROVEN, "");
    (void)fake_journal();
    fake_closed(6, "", "gone");
    journal_is("");
    time_comes(router, 16000);
    journal_is("connect 7 a.one r.dna\n");
    fake_router_free(router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resuming_is_tried_again),
        cmocka_unit_test(what_cannot_be_resumed_any_more),
        cmocka_unit_test(an_attempt_to_resume_takes_long),
        cmocka_unit_test(only_what_is_ours_is_resumed),
        cmocka_unit_test(links_are_not_resumed),
        cmocka_unit_test(a_stream_that_never_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
