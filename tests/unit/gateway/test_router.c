/* The router: which stream carries a pair, what waits, what goes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

#define ERRORS 15000 /* for so long a stream for errors alone is kept at least */

static void a_stanza_waits_for_both_proofs(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_stanza(1, A, R, "i2", "");
    journal_is("endpoints r.dna\n");
    fake_found("x.r.dna", 5269);
    journal_is("connect 2 a.one r.dna\n");
    fake_connected(2);
    fake_ruling(2, R, DNA_PROVEN, "");
    fake_stanza(1, A, R, "i3", "");
    assert_int_equal(router_waiting(router), 3);
    (void)fake_journal();
    fake_allow(2, A, R);
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    journal_is("ask 2 a.one r.dna\nsend 2 a.one r.dna i1\nsend 2 a.one r.dna i2\n"
               "send 2 a.one r.dna i3\n");
    fake_stanza(1, A, R, "i4", "");
    journal_is("send 2 a.one r.dna i4\n");
    assert_int_equal(router_waiting(router), 0);
    assert_int_equal(router_counted(router).relayed, 4);
    fake_router_free(router);
}

/* What is asked of a stream ends the names of the effect that was the reason to ask. */
static void an_effect_ends_with_the_next_call(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_found("x.r.dna", 5269);
    fake_connected(2);
    (void)fake_journal();
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    /* as one that waits there, and as one that is of A */
    journal_is("ask 2 a.one r.dna\nask 2 a.one r.dna\n");
    fake_router_free(router);
}

static void the_local_servers_dialback_starts_the_search(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_effect(1, DNA_STREAM_PAIR, A, R, true);
    journal_is("endpoints r.dna\n");
    fake_stanza(1, A, R, "i1", "");
    journal_is("");
    fake_router_free(router);
}

static void one_stream_carries_every_domain_of_two_providers(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A2, R, "i2", "");
    fake_stanza(1, A, R2, "i3", "");
    journal_is("ask 2 a2.one r.dna\nendpoints r2.dna\n");
    fake_found("x.r.dna", 5269);
    journal_is("ask 2 a.one r2.dna\n");
    fake_allow(2, A2, R);
    fake_allow(2, A, R2);
    fake_effect(2, DNA_STREAM_OWN, A2, NULL, true);
    fake_ruling(2, R2, DNA_PROVEN, "");
    journal_is("ask 2 a2.one r.dna\nsend 2 a2.one r.dna i2\n"
               "ask 2 a.one r2.dna\nsend 2 a.one r2.dna i3\n");
    fake_router_free(router);
}

static void a_stream_that_is_being_opened_is_shared(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_stanza(1, A, R2, "i2", "");
    fake_found("x.r.dna", 5269);
    fake_found("x.r.dna", 5269);
    journal_is("endpoints r.dna\nendpoints r2.dna\nconnect 2 a.one r.dna\n");
    fake_connected(2);
    fake_allow(2, A, R);
    fake_allow(2, A, R2);
    (void)fake_journal();
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    assert_int_equal(router_waiting(router), 0);
    fake_router_free(router);
}

static void another_place_gets_another_stream(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A, R2, "i2", "");
    fake_found("y.r2.dna", 5269);
    journal_is("endpoints r2.dna\nconnect 3 a.one r2.dna\n");
    fake_router_free(router);
}

/* What a stream is good for besides goes by the address that it was connected to, whatever the
 * host is called (XEP-0220 2.3), or by the certificate. */
static void a_place_is_an_address(void **state)
{
    static const struct {
        const char *host, *address; /* where R2 is served */
        const char *named;          /* by the certificate of the stream that is there */
        bool shared;
    } rows[] = {
        {"y.r2.dna", FAKE_REMOTE, "", true},
        {FAKE_HOST, FAKE_REMOTE, "", true},
        {FAKE_HOST, "192.0.2.9@5269", "", false},
        {FAKE_HOST, "192.0.2.1@5270", "", false},
        {FAKE_HOST, "192.0.2.1@526", "", false},
        {FAKE_HOST, NULL, "", false},
        {"y.r2.dna", NULL, "y.r2.dna", true},
        {"y.r2.dna", NULL, FAKE_HOST, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct router *router = with_flow(NULL);
        fake_carry(2, rows[i].named);
        fake_stanza(1, A, R2, "i2", "");
        journal_is("endpoints r2.dna\n");
        fake_found_at(rows[i].host, 5269, rows[i].address);
        assert_string_equal(fake_journal(), rows[i].shared ? "ask 2 a.one r2.dna\n"
                                                           : "connect 3 a.one r2.dna\n");
        fake_router_free(router);
    }
}

/* The first of a domain's servers does not answer, and the stream leads to the next one: it is
 * not taken for another domain, which the first alone serves. */
static void a_stream_that_went_elsewhere(void **state)
{
    static const char *const elsewhere[] = {"198.51.100.1@5269", "92.0.2.1@5269",
                                            "192.0.2.1@526", "192.0.2.7@5269"};
    (void)state;
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        struct router *router = fake_router(NULL);
        (void)fake_accepted(router, fake_link(1));
        fake_stanza(1, A, R, "i1", "");
        fake_stanza(1, A, R2, "i2", "");
        fake_found(FAKE_HOST, 5269);
        fake_found(FAKE_HOST, 5269);
        journal_is("endpoints r.dna\nendpoints r2.dna\nconnect 2 a.one r.dna\n");
        fake_connected_at(2, elsewhere[i]);
        journal_is("endpoints r2.dna\nask 2 a.one r.dna\n");
        fake_found(FAKE_HOST, 5269);
        journal_is("connect 3 a.one r2.dna\n");
        fake_connected(3);
        fake_allow(3, A, R2);
        fake_ruling(3, R2, DNA_PROVEN, "");
        fake_effect(3, DNA_STREAM_OWN, A, NULL, true);
        journal_is("ask 3 a.one r2.dna\nask 3 a.one r2.dna\nsend 3 a.one r2.dna i2\n");
        fake_router_free(router);
    }
}

/* It led to the right place at first, and then its quest went on. */
static void a_stream_that_goes_elsewhere_later(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_stanza(1, A, R2, "i2", "");
    fake_found(FAKE_HOST, 5269);
    fake_found(FAKE_HOST, 5269);
    fake_connected(2);
    journal_is("endpoints r.dna\nendpoints r2.dna\nconnect 2 a.one r.dna\n"
               "ask 2 a.one r2.dna\nask 2 a.one r.dna\n");
    fake_connected_at(2, "198.51.100.1@5269");
    journal_is("endpoints r2.dna\nask 2 a.one r.dna\n");
    fake_router_free(router);
}

static void a_reused_stream_has_not_the_last_word(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A, R2, "i2", "");
    fake_found("x.r.dna", 5269);
    (void)fake_journal();
    fake_ruling(2, R2, DNA_FAIL, "the certificate names somebody else");
    journal_is("connect 3 a.one r2.dna\n");
    fake_connected(3);
    fake_ruling(3, R2, DNA_FAIL, "the SRV record names somebody else");
    /* The error needs the local server: link stream 4, from R2. */
    journal_is("ask 3 a.one r2.dna\nconnect 4 r2.dna a.one link\nclose 3 -\n");
    fake_connected(4);
    fake_allow(4, R2, A);
    fake_effect(4, DNA_STREAM_PAIR, R2, A, true);
    journal_is("ask 4 r2.dna a.one\nask 4 r2.dna a.one\n"
               "error 4 a.one r2.dna i2 refused the SRV record names somebody else\n");
    fake_router_free(router);
}

/* Its own endpoint is tried when there is something to say. */
static void a_revoked_domain_is_left_alone(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A, R2, "i2", "");
    fake_found("x.r.dna", 5269);
    fake_allow(2, A, R2);
    fake_ruling(2, R2, DNA_PROVEN, "");
    (void)fake_journal();
    fake_ruling(2, R2, DNA_FAIL, "the SRV record names somebody else");
    journal_is("");
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i3\n");
    fake_stanza(1, A, R2, "i4", "");
    fake_found("y.r2.dna", 5269);
    journal_is("endpoints r2.dna\nconnect 3 a.one r2.dna\n");
    fake_router_free(router);
}

static void what_could_not_be_found_out_is_not_tried_elsewhere(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A, R2, "i2", "");
    fake_found("x.r.dna", 5269);
    (void)fake_journal();
    fake_ruling(2, R2, DNA_TEMPFAIL, "no answer in time");
    journal_is("connect 3 r2.dna a.one link\n");
    fake_router_free(router);
}

static void a_peer_without_dna_gets_a_stream_per_pair(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_speak_dna(2, false);
    fake_answer_asks(2, DNA_ERR_STATE);
    fake_stanza(1, A2, R, "i2", "");
    journal_is("ask 2 a2.one r.dna\nconnect 3 a2.one r.dna\n");
    fake_connected(3);
    fake_allow(3, A2, R);
    fake_effect(3, DNA_STREAM_OWN, A2, NULL, true);
    fake_stanza(1, A, R, "i3", "");
    assert_non_null(strstr(fake_journal(), "send 3 a2.one r.dna i2\nsend 2 a.one r.dna i3\n"));
    fake_router_free(router);
}

static void a_domain_that_does_not_exist(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    assert_int_equal(fake_searched, 0);
    fake_not_found(true, "no such domain");
    journal_is("endpoints r.dna\nconnect 2 r.dna a.one link\n");
    assert_int_equal(fake_searched, 1); /* a bridge's stream may be waiting for just that */
    fake_connected(2);
    fake_allow(2, R, A);
    (void)fake_journal();
    fake_effect(2, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(),
                           "error 2 a.one r.dna i1 not-found no such domain\n"));
    /* The next ones are not looked up for a while, the pause doubles. */
    fake_stanza(1, A, R, "i2", "");
    journal_is("error 2 a.one r.dna i2 not-found no such domain\n");
    fake_now += 5001;
    fake_stanza(1, A, R, "i3", "");
    fake_not_found(false, "no answer");
    journal_is("endpoints r.dna\nerror 2 a.one r.dna i3 timeout no answer\n");
    fake_now += 5001;
    fake_stanza(1, A, R, "i4", "");
    journal_is("error 2 a.one r.dna i4 timeout no answer\n");
    fake_router_free(router);
}

/* Those whose attempts failed together do not all come again together. */
static void pauses_are_spread(void **state)
{
    static const struct {
        uint32_t dice;
        int64_t first, most; /* pauses: after one failure, and after many */
    } cases[] = {{0, 2500, 30000}, {UINT32_C(1) << 31, 5000, 60000},
                 {UINT32_MAX, 7499, 89999}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct router *router = fake_router(NULL);
        (void)fake_accepted(router, fake_link(1));
        for (unsigned failures = 0; failures < 8; failures++) {
            int64_t pause = failures == 0 ? cases[i].first : cases[i].most;
            fake_dice = cases[i].dice;
            fake_stanza(1, A, R, "i1", "error");
            fake_not_found(false, "no answer");
            (void)fake_journal();
            if (failures == 0 || failures == 7) {
                fake_now += pause - 1;
                fake_stanza(1, A, R, "i2", "error");
                journal_is("");
                fake_now += 1;
                fake_stanza(1, A, R, "i3", "error");
                journal_is("endpoints r.dna\n");
                fake_not_found(false, "no answer");
                (void)fake_journal();
            }
            fake_now += 90000;
        }
        fake_router_free(router);
    }
}

static void a_failure_is_forgotten(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "error");
    fake_not_found(true, "no such domain");
    (void)fake_journal();
    assert_int_equal(router_counted(router).lost, 1);
    assert_int_equal(router_deadline(router), fake_now + 120000);
    fake_now += 120000;
    router_tick(router);
    assert_int_equal(router_deadline(router), SWEEP);
    fake_router_free(router);
}

static void a_refused_domain_of_ours(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A2, R, "i2", "");
    fake_effect(2, DNA_STREAM_OWN, A2, NULL, false);
    fake_connected(3);
    fake_allow(3, R, A2);
    (void)fake_journal();
    fake_effect(3, DNA_STREAM_PAIR, R, A2, true);
    assert_non_null(strstr(fake_journal(), "error 3 a2.one r.dna i2 refused the other server "
                                           "does not accept a2.one: forbidden\n"));
    /* The other pair goes on. */
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i3\n");
    fake_router_free(router);
}

static void who_has_proven_itself_is_answered_on_its_own_stream(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    (void)fake_accepted(router, NULL);
    fake_ruling(2, R, DNA_PROVEN, "");
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    fake_stanza(2, R, A, "i1", "");
    journal_is("connect 3 r.dna a.one link\n");
    fake_allow(2, A, R);
    fake_stanza(1, A, R, "i2", "");
    journal_is("ask 2 a.one r.dna\nsend 2 a.one r.dna i2\n");
    fake_router_free(router);
}

static void nobody_outside_leads_to_a_hosted_domain(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(2));
    (void)fake_accepted(router, NULL);
    fake_ruling(2, A, DNA_PROVEN, "");
    fake_stanza(1, B, A, "i1", "");
    journal_is("connect 3 b.two a.one link\n");
    fake_router_free(router);
}

static void dna_that_is_known_late(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    (void)fake_accepted(router, NULL);
    fake_speak_dna(2, false);
    fake_ruling(2, R, DNA_PROVEN, "");
    (void)snprintf((char *)(uintptr_t)dna_stream_peer(dna_uv_stream_core(fake_uv(2))), 10, R);
    fake_speak_dna(2, true);
    fake_allow(2, A, R);
    fake_effect(2, DNA_STREAM_OWN, A, NULL, true);
    fake_stanza(1, A, R, "i1", "");
    journal_is("ask 2 a.one r.dna\nsend 2 a.one r.dna i1\n");
    fake_router_free(router);
}

/* Without DNA, dialback admits R -> A; bidi (XEP-0288) makes it carry A -> R, too. */
static void opened_by_dialback(struct router *router, bool both_ways)
{
    (void)fake_accepted(router, fake_link(1));
    (void)fake_accepted(router, NULL);
    fake_speak_dna(2, false);
    (void)snprintf((char *)(uintptr_t)dna_stream_own(dna_uv_stream_core(fake_uv(2))), 10, A);
    if (both_ways) {
        fake_allow(2, A, R);
    }
    fake_effect(2, DNA_STREAM_PAIR, R, A, true);
    journal_is("connect 3 r.dna a.one link\n");
}

static void a_stream_both_ways_leads_back(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    opened_by_dialback(router, true);
    fake_stanza(1, A, R, "i1", "");
    journal_is("ask 2 a.one r.dna\nsend 2 a.one r.dna i1\n");
    /* For that pair alone: another domain of ours gets a stream of its own. */
    fake_answer_asks(2, DNA_ERR_STATE);
    fake_stanza(1, A2, R, "i2", "");
    journal_is("ask 2 a2.one r.dna\nconnect 4 a2.one r.dna\n");
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i3\n");
    fake_closed(2, "", "gone");
    fake_stanza(1, A, R, "i4", "");
    fake_connected(4);
    journal_is("ask 4 a.one r.dna\nask 4 a2.one r.dna\n");
    fake_router_free(router);
}

static void a_stream_one_way_leads_nowhere(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    opened_by_dialback(router, false);
    fake_stanza(1, A, R, "i1", "");
    journal_is("endpoints r.dna\n");
    fake_router_free(router);
}

/* A place that another stream leads to keeps it. */
static void a_second_stream_both_ways(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    (void)fake_accepted(router, NULL);
    fake_speak_dna(3, false);
    (void)snprintf((char *)(uintptr_t)dna_stream_own(dna_uv_stream_core(fake_uv(3))), 10, A);
    fake_allow(3, A, R);
    fake_effect(3, DNA_STREAM_PAIR, R, A, true);
    (void)fake_journal();
    fake_stanza(1, A, R, "i2", "");
    journal_is("send 2 a.one r.dna i2\n");
    fake_stanza(1, A2, R, "i3", ""); /* goes where the place leads */
    journal_is("ask 2 a2.one r.dna\n");
    fake_router_free(router);
}

static void a_server_that_is_down(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, NULL);
    fake_ruling(1, R, DNA_PROVEN, "");
    fake_effect(1, DNA_STREAM_OWN, A, NULL, true);
    fake_allow(1, A, R);
    fake_stanza(1, R, A, "i1", "");
    journal_is("connect 2 r.dna a.one link\n");
    fake_closed(2, "remote-server-timeout", "connection refused");
    journal_is("ask 1 a.one r.dna\n"
               "error 1 r.dna a.one i1 timeout remote-server-timeout: connection refused\n");
    fake_stanza(1, R, A, "i2", "");
    journal_is("error 1 r.dna a.one i2 timeout remote-server-timeout: connection refused\n");
    fake_now += 1001;
    fake_stanza(1, R, A, "i3", "");
    journal_is("connect 3 r.dna a.one link\n");
    fake_router_free(router);
}

static void a_server_that_is_back(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, NULL);
    fake_ruling(1, R, DNA_PROVEN, "");
    fake_effect(1, DNA_STREAM_OWN, A, NULL, true);
    fake_allow(1, A, R);
    fake_stanza(1, R, A, "i1", "");
    fake_closed(2, "remote-server-timeout", "connection refused");
    (void)fake_accepted(router, fake_link(1));
    fake_effect(3, DNA_STREAM_PAIR, A2, R, true); /* of another domain: that says nothing */
    (void)fake_journal();
    fake_stanza(1, R, A, "i2", "");
    journal_is("error 1 r.dna a.one i2 timeout remote-server-timeout: connection refused\n");
    fake_effect(3, DNA_STREAM_PAIR, A, R, true);
    (void)fake_journal();
    fake_stanza(1, R, A, "i3", "");
    journal_is("connect 4 r.dna a.one link\n");
    fake_router_free(router);
}

/* S25: what dialback admitted is no proof, whatever proved the domain elsewhere. */
static void a_bridge_takes_only_what_is_proven(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    fake_bridge = 1;
    fake_unproven = R;
    (void)fake_accepted(router, NULL);
    fake_allow(1, A, R);
    fake_allow(1, B, R);
    fake_effect(1, DNA_STREAM_PAIR, R, A, true);
    (void)fake_journal();
    fake_stanza(1, R, A, "i1", "");
    journal_is("ask 1 a.one r.dna\n"); /* and nothing reaches the server */
    fake_stanza(1, R, B, "i2", ""); /* the other link is none */
    journal_is("connect 3 r.dna b.two link\n");
    fake_router_free(router);
}

static void nothing_leaves_a_bridge_for_what_is_not_proven(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    fake_bridge = 1;
    fake_unproven = R;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_found("x.r.dna", 5269);
    fake_allow(2, A, R);
    fake_connected(2);
    (void)fake_journal();
    fake_effect(2, DNA_STREAM_PAIR, A, R, true);
    assert_null(strstr(fake_journal(), "send 2"));
    fake_router_free(router);
}

/* --- a domain that is not proven, behind a bridge (S25) ---------------------------------- */

/* R's errors are on stream 2, and what A has to say comes on stream 1. */
static struct router *errors_for(const char *domain)
{
    struct router *router = fake_router(NULL);
    fake_bridge = 1;
    (void)fake_accepted(router, fake_link(1));
    router_errors_only(fake_stream(1));
    fake_stanza(1, A, domain, "i1", "");
    journal_is("connect 2 r.dna a.one link\n"); /* it is sought nowhere */
    router_errors_only(fake_stream(2));
    fake_allow(2, domain, A);
    fake_connected(2);
    assert_non_null(strstr(fake_journal(), "error 2 a.one r.dna i1 "));
    return router;
}

static void errors_alone_go_where_nothing_is_proven(void **state)
{
    struct router *router = errors_for(R);
    (void)state;
    fake_stanza(1, A, R, "i2", "");
    assert_non_null(strstr(fake_journal(), "error 2 a.one r.dna i2 "));
    fake_router_free(router);
}

/* What the server was told is not proven does not become proven behind its back. */
static void proven_meanwhile(void **state)
{
    struct router *router = errors_for(R);
    const char *journal;
    (void)state;
    (void)fake_accepted(router, NULL);
    fake_allow(3, A, R);
    fake_ruling(3, R, DNA_PROVEN, "");
    (void)fake_journal();
    fake_stanza(3, R, A, "i3", "");
    journal = fake_journal();
    assert_null(strstr(journal, "send"));
    assert_non_null(strstr(journal, "close 2 -\n"));
    assert_non_null(strstr(journal, "connect 4 r.dna a.one link\n"));
    fake_stanza(1, A, R, "i4", "");
    assert_null(strstr(fake_journal(), "send"));
    fake_router_free(router);
}

static void a_proof_that_cannot_be_shown(void **state)
{
    struct router *router = fake_router(NULL);
    const char *journal;
    (void)state;
    fake_bridge = 1;
    (void)fake_accepted(router, NULL);
    fake_allow(1, A, R);
    fake_ruling(1, R, DNA_PROVEN, "");
    fake_stanza(1, R, A, "i1", "");
    (void)fake_journal();
    router_errors_only(fake_stream(2));
    fake_allow(2, R, A);
    fake_connected(2);
    journal = fake_journal();
    assert_null(strstr(journal, "send 2"));
    assert_non_null(strstr(journal, "error 1 r.dna a.one i1 "));
    assert_int_equal(router_counted(router).relayed, 0);
    fake_router_free(router);
}

/* What was shown to the server has ended: errors go where nothing is proven, on a new stream. */
static void a_proof_that_ends_behind_a_bridge(void **state)
{
    struct router *router = fake_router(NULL);
    const char *journal;
    (void)state;
    fake_bridge = 1;
    (void)fake_accepted(router, NULL);
    fake_allow(1, A, R);
    fake_ruling(1, R, DNA_PROVEN, "");
    fake_stanza(1, R, A, "i1", "");
    router_shows_proof(fake_stream(2), 3600);
    fake_allow(2, R, A);
    fake_connected(2);
    fake_accepted(router, fake_link(1));
    router_errors_only(fake_stream(3));
    (void)fake_journal();
    fake_unproven = R;
    fake_stanza(3, A, R, "i2", ""); /* what was signed upon the proof lasts */
    assert_non_null(strstr(fake_journal(), "error 2 a.one r.dna i2 "));
    fake_now += 3600000;
    fake_unproven = NULL;
    fake_stanza(3, A, R, "i3", ""); /* the proof does, renewed */
    assert_non_null(strstr(fake_journal(), "error 2 a.one r.dna i3 "));
    fake_unproven = R;
    fake_stanza(3, A, R, "i4", "");
    journal_is("close 2 -\nconnect 4 r.dna a.one link\n");
    router_errors_only(fake_stream(4));
    fake_allow(4, R, A);
    fake_connected(4);
    fake_closed(2, "", "");
    journal = fake_journal();
    assert_non_null(strstr(journal, "error 4 a.one r.dna i4 "));
    assert_null(strstr(journal, "error 2 "));
    fake_router_free(router);
}

static void streams_for_errors_end_soon(void **state)
{
    struct router *router = errors_for(R);
    const char *journal;
    (void)state;
    assert_int_equal(router_deadline(router), fake_now + ERRORS);
    fake_now += ERRORS;
    router_tick(router);
    journal = fake_journal();
    assert_non_null(strstr(journal, "close 1 -\n"));
    assert_non_null(strstr(journal, "close 2 -\n"));
    fake_router_free(router);
}

static void heard_again_where_it_is_proven(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    (void)fake_accepted(router, NULL);
    assert_false(router_rehear(router, R));
    journal_is("rehear 2 r.dna\n");
    fake_rehears = R;
    assert_true(router_rehear(router, R));
    fake_router_free(router);
}

static void a_server_that_does_not_know_the_domain(void **state)
{
    struct router *router = fake_router(NULL);
    struct dna_stream_effect effect = {.kind = DNA_STREAM_PAIR, .domain = R, .other = A,
                                       .condition = "item-not-found", .text = ""};
    (void)state;
    (void)fake_accepted(router, NULL);
    fake_ruling(1, R, DNA_PROVEN, "");
    fake_effect(1, DNA_STREAM_OWN, A, NULL, true);
    fake_allow(1, A, R);
    fake_stanza(1, R, A, "i1", "");
    fake_connected(2);
    (void)fake_journal();
    router_changed(fake_stream(2), &effect);
    assert_non_null(strstr(fake_journal(), "error 1 r.dna a.one i1 no-item the server of"));
    fake_router_free(router);
}

static void from_link_to_link(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, B, "i1", "");
    journal_is("connect 2 a.one b.two link\n");
    fake_connected(2);
    fake_allow(2, A, B);
    fake_effect(2, DNA_STREAM_PAIR, A, B, true);
    assert_non_null(strstr(fake_journal(), "send 2 a.one b.two i1\n"));
    fake_router_free(router);
}

static void a_server_never_gets_its_own_stanza_back(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, A2, "i1", "");
    fake_stanza(1, A, A, "i2", "");
    fake_effect(1, DNA_STREAM_PAIR, A, A, true);
    journal_is("");
    assert_int_equal(router_counted(router).lost, 2);
    fake_router_free(router);
}

static void what_waits_too_long_goes_back(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_now += 10000;
    fake_stanza(1, A, R, "i2", "");
    assert_int_equal(router_deadline(router), fake_now + 20000);
    fake_now += 20000;
    router_tick(router);
    journal_is("endpoints r.dna\nconnect 2 r.dna a.one link\n");
    fake_connected(2);
    fake_allow(2, R, A);
    (void)fake_journal();
    fake_effect(2, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(), "error 2 a.one r.dna i1 timeout no proof"));
    assert_int_equal(router_waiting(router), 1);
    fake_router_free(router);
}

static void a_full_queue(void **state)
{
    const struct gateway_queue_config queue = {2, 1048576, 67108864, 30};
    struct router *router = fake_router(&queue);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_stanza(1, A, R, "i2", "");
    fake_stanza(1, A, R, "i3", "");
    fake_connected(2);
    fake_allow(2, R, A);
    (void)fake_journal();
    fake_effect(2, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(), "error 2 a.one r.dna i3 constraint too much"));
    fake_router_free(router);
}

static void what_may_not_be_answered_is_counted(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "error");
    fake_not_found(false, "no answer");
    journal_is("endpoints r.dna\n");
    assert_int_equal(router_counted(router).lost, 1);
    assert_int_equal(router_counted(router).returned, 0);
    fake_router_free(router);
}

static void an_error_that_cannot_be_delivered_is_counted(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_not_found(false, "no answer");
    fake_closed(2, "remote-server-timeout", "connection refused");
    assert_int_equal(router_counted(router).lost, 1);
    fake_router_free(router);
}

static void a_stream_that_ends_is_replaced(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_now += 10000;
    fake_forbid(2); /* it is ending, and says so only later */
    fake_stanza(1, A, R, "i2", "");
    journal_is("");
    fake_closed(2, "system-shutdown", "");
    journal_is("endpoints r.dna\n");
    fake_found("x.r.dna", 5269);
    journal_is("connect 3 a.one r.dna\n");
    assert_int_equal(router_waiting(router), 1);
    fake_router_free(router);
}

/* The driver knows where to; what waits goes there at once. */
static void a_peer_that_has_moved(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, R, "i1", "");
    fake_found("x.r.dna", 5269);
    fake_connected(2);
    (void)fake_journal();
    fake_moved = true;
    fake_closed(2, "see-other-host", "elsewhere.dna");
    journal_is("endpoints r.dna\n");
    fake_moved = false;
    fake_found("x.r.dna", 5269);
    journal_is("connect 3 a.one r.dna\n");
    assert_int_equal(router_waiting(router), 1);
    fake_closed(3, "see-other-host", "elsewhere.dna"); /* not to be followed: it failed */
    journal_is("connect 4 r.dna a.one link\n");
    fake_router_free(router);
}

static void a_stream_that_ends_at_once_is_a_failure(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_forbid(2);
    fake_stanza(1, A, R, "i2", "");
    fake_closed(2, "policy-violation", "go away");
    journal_is("connect 3 r.dna a.one link\n");
    fake_connected(3);
    fake_allow(3, R, A);
    (void)fake_journal();
    fake_effect(3, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(),
                           "error 3 a.one r.dna i2 refused policy-violation: go away\n"));
    fake_router_free(router);
}

static void longer_than_the_peer_admits(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_answer_sends(2, DNA_ERR_LIMIT);
    fake_stanza(1, A, R, "i2", "");
    fake_answer_sends(2, DNA_OK);
    fake_connected(3);
    fake_allow(3, R, A);
    (void)fake_journal();
    fake_effect(3, DNA_STREAM_PAIR, R, A, true);
    assert_non_null(strstr(fake_journal(), "error 3 a.one r.dna i2 policy longer than"));
    fake_router_free(router);
}

/* --- idle streams --------------------------------------------------------------- */

static void a_stream_of_ours_that_nobody_uses_is_closed(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_now = router_deadline(router);
    router_tick(router); /* it was busy before */
    journal_is("");
    fake_now = router_deadline(router);
    fake_stanza(1, A, R, "i2", "");
    router_tick(router);
    journal_is("send 2 a.one r.dna i2\n");
    fake_now = router_deadline(router);
    router_tick(router);
    journal_is("close 2 -\n");
    fake_forbid(2);
    fake_stanza(1, A, R, "i3", ""); /* before it has ended */
    fake_closed(2, "", "");
    journal_is("endpoints r.dna\n");
    fake_router_free(router);
}

/* The stream is busy with others, and goes on leading to its place. */
static void a_pair_that_nobody_uses_is_let_go(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_allow(2, A2, R);
    fake_stanza(1, A2, R, "i2", "");
    journal_is("ask 2 a2.one r.dna\nsend 2 a2.one r.dna i2\n");
    for (unsigned i = 0; i < 2; i++) {
        fake_now = router_deadline(router);
        fake_stanza(1, A2, R, "i3", "");
        router_tick(router); /* both were busy before, then one */
        journal_is("send 2 a2.one r.dna i3\n");
    }
    fake_stanza(1, A2, R, "i4", "");
    journal_is("send 2 a2.one r.dna i4\n");
    fake_now = router_deadline(router);
    router_tick(router);
    fake_stanza(1, A2, R, "i5", "");
    journal_is("send 2 a2.one r.dna i5\n");
    fake_stanza(1, A, R, "i6", ""); /* it is a new one */
    journal_is("ask 2 a.one r.dna\nsend 2 a.one r.dna i6\n");
    fake_router_free(router);
}

/* --- the end ------------------------------------------------------------------------ */

static void draining_opens_nothing_outside(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    router_drain(router);
    fake_stanza(1, A, R, "i2", "");
    journal_is("send 2 a.one r.dna i2\n");
    fake_stanza(1, A, "new.dna", "i3", "");
    journal_is("connect 3 new.dna a.one link\n");
    router_close_all(router);
    journal_is("close 3 system-shutdown\nclose 2 system-shutdown\nclose 1 system-shutdown\n");
    assert_int_equal(router_counted(router).lost, 1);
    fake_router_free(router);
}

static void what_cannot_be_opened(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(1));
    fake_connect_fails = true;
    fake_stanza(1, A, R, "i1", "");
    fake_found("x.r.dna", 5269);
    journal_is("endpoints r.dna\n");
    assert_int_equal(router_counted(router).lost, 1);
    assert_int_equal(router_waiting(router), 0);
    fake_router_free(router);
}

static void a_certificate_of_its_own_needs_a_stream_of_its_own(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_apart = A2;
    fake_stanza(1, A2, R, "i2", "");
    fake_found("x.r.dna", 5269);
    journal_is("endpoints r.dna\nconnect 3 a2.one r.dna\n");
    fake_stanza(1, A, R, "i3", "");
    journal_is("send 2 a.one r.dna i3\n");
    fake_router_free(router);
}

static void a_domain_that_is_unhosted(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    fake_stanza(1, A2, R, "i2", "");
    (void)fake_journal();
    fake_unhosted = A;
    router_rehost(router, A);
    journal_is("");
    fake_allow(2, A2, R);
    fake_effect(2, DNA_STREAM_OWN, A2, NULL, true);
    journal_is("ask 2 a2.one r.dna\nsend 2 a2.one r.dna i2\n");
    /* Both are remote by now, which no gateway relays. */
    fake_stanza(1, A, R, "i3", "");
    journal_is("");
    assert_int_equal(router_waiting(router), 0);
    fake_router_free(router);
}

static void what_waits_for_a_domain_that_is_hosted_now(void **state)
{
    struct router *router = fake_router(NULL);
    (void)state;
    fake_unhosted = B;
    (void)fake_accepted(router, fake_link(1));
    fake_stanza(1, A, B, "i1", "");
    journal_is("endpoints b.two\n");
    fake_unhosted = NULL;
    router_rehost(router, B);
    journal_is("connect 2 a.one b.two link\n");
    /* What was being looked up leads nowhere any more. */
    fake_found("x.r.dna", 5269);
    journal_is("");
    fake_router_free(router);
}

static void a_link_that_is_no_more(void **state)
{
    struct router *router = with_flow(NULL);
    (void)state;
    (void)fake_accepted(router, fake_link(2));
    router_close_link(router, fake_link(1));
    journal_is("close 1 system-shutdown\n");
    router_close_link(router, fake_link(1));
    journal_is("");
    fake_router_free(router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stanza_waits_for_both_proofs),
        cmocka_unit_test(an_effect_ends_with_the_next_call),
        cmocka_unit_test(the_local_servers_dialback_starts_the_search),
        cmocka_unit_test(one_stream_carries_every_domain_of_two_providers),
        cmocka_unit_test(a_stream_that_is_being_opened_is_shared),
        cmocka_unit_test(another_place_gets_another_stream),
        cmocka_unit_test(a_place_is_an_address),
        cmocka_unit_test(a_stream_that_went_elsewhere),
        cmocka_unit_test(a_stream_that_goes_elsewhere_later),
        cmocka_unit_test(a_reused_stream_has_not_the_last_word),
        cmocka_unit_test(a_revoked_domain_is_left_alone),
        cmocka_unit_test(what_could_not_be_found_out_is_not_tried_elsewhere),
        cmocka_unit_test(a_peer_without_dna_gets_a_stream_per_pair),
        cmocka_unit_test(a_domain_that_does_not_exist),
        cmocka_unit_test(pauses_are_spread),
        cmocka_unit_test(a_failure_is_forgotten),
        cmocka_unit_test(a_refused_domain_of_ours),
        cmocka_unit_test(who_has_proven_itself_is_answered_on_its_own_stream),
        cmocka_unit_test(nobody_outside_leads_to_a_hosted_domain),
        cmocka_unit_test(dna_that_is_known_late),
        cmocka_unit_test(a_stream_both_ways_leads_back),
        cmocka_unit_test(a_stream_one_way_leads_nowhere),
        cmocka_unit_test(a_second_stream_both_ways),
        cmocka_unit_test(a_server_that_is_down),
        cmocka_unit_test(a_server_that_is_back),
        cmocka_unit_test(a_bridge_takes_only_what_is_proven),
        cmocka_unit_test(nothing_leaves_a_bridge_for_what_is_not_proven),
        cmocka_unit_test(errors_alone_go_where_nothing_is_proven),
        cmocka_unit_test(proven_meanwhile),
        cmocka_unit_test(a_proof_that_cannot_be_shown),
        cmocka_unit_test(a_proof_that_ends_behind_a_bridge),
        cmocka_unit_test(streams_for_errors_end_soon),
        cmocka_unit_test(heard_again_where_it_is_proven),
        cmocka_unit_test(a_server_that_does_not_know_the_domain),
        cmocka_unit_test(from_link_to_link),
        cmocka_unit_test(a_server_never_gets_its_own_stanza_back),
        cmocka_unit_test(what_waits_too_long_goes_back),
        cmocka_unit_test(a_full_queue),
        cmocka_unit_test(what_may_not_be_answered_is_counted),
        cmocka_unit_test(an_error_that_cannot_be_delivered_is_counted),
        cmocka_unit_test(a_stream_that_ends_is_replaced),
        cmocka_unit_test(a_stream_that_ends_at_once_is_a_failure),
        cmocka_unit_test(a_peer_that_has_moved),
        cmocka_unit_test(longer_than_the_peer_admits),
        cmocka_unit_test(a_stream_of_ours_that_nobody_uses_is_closed),
        cmocka_unit_test(a_pair_that_nobody_uses_is_let_go),
        cmocka_unit_test(draining_opens_nothing_outside),
        cmocka_unit_test(what_cannot_be_opened),
        cmocka_unit_test(a_certificate_of_its_own_needs_a_stream_of_its_own),
        cmocka_unit_test(a_domain_that_is_unhosted),
        cmocka_unit_test(what_waits_for_a_domain_that_is_hosted_now),
        cmocka_unit_test(a_link_that_is_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
