/* What streams make a session do at once: its limits are reached, counted, and leave others
 * alone. */
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
#include <session/stream.h>

static struct cert ca, leaf;
static struct dna_chain *chain;
static struct dna_time now = {.wall = CERTS_NOW, .mono = 500};

static int make_world(void **state)
{
    const struct cert *one = &leaf;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &ca, .names = "DNS:nobody.example"});
    chain = cert_chain(&one, 1);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    dna_chain_free(chain);
    cert_free(&leaf);
    cert_free(&ca);
    return 0;
}

static struct dna_session *begin(const struct dna_session_limits *limits)
{
    struct dna_session_options options = {.size = sizeof options, .seed = 3};
    struct dna_session *session;
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    dna_session_limit(session, limits);
    return session;
}

/* A stream of ours for a hosted domain, whose other end is in that network. */
static struct dna_stream *stream_of(struct dna_session *session, const char *own,
                                    const char *network)
{
    struct dna_stream_options options = {.size = sizeof options,
                                         .role = DNA_INITIATING,
                                         .own = own,
                                         .peer = "peer.example",
                                         .payer = network};
    struct dna_stream *stream;
    assert_int_equal(dna_stream_new(session, &options, now, &stream), DNA_OK);
    stream->chain = dna_chain_ref(chain);
    return stream;
}

/* Whether a proof of the domain is being sought now. */
static bool seeks(struct dna_stream *stream, const char *domain, bool renewal)
{
    dna_stream_hear(stream, domain, true, renewal, now);
    return dna_stream_hearing(stream, domain) != NULL;
}

static uint64_t refused(const struct dna_session *session, enum dna_session_limit limit)
{
    uint64_t counts[DNA_SESSION_N_LIMITS], all = 0;
    dna_session_refused(session, counts);
    for (size_t i = 0; i < DNA_SESSION_N_LIMITS; i++) {
        all += counts[i];
    }
    assert_int_equal(all, counts[limit]);
    return counts[limit];
}

/* Three streams: two networks, two domains of ours. */
struct crowd {
    struct dna_session *session;
    struct dna_stream *one, *two, *three;
};

static struct crowd gather(const struct dna_session_limits *limits)
{
    struct crowd c = {.session = begin(limits)};
    c.one = stream_of(c.session, "a.example", "192.0.2.1");
    c.two = stream_of(c.session, "b.example", "192.0.2.1");
    c.three = stream_of(c.session, "b.example", "192.0.2.3");
    return c;
}

/* Whatever was counted is gone. */
static void disperse(struct crowd *c)
{
    dna_stream_free(c->one);
    dna_stream_free(c->two);
    dna_stream_free(c->three);
    assert_int_equal(c->session->load.hearings, 0);
    assert_int_equal(dna_map_count(c->session->lookups.payers), 0);
    dna_session_free(c->session);
}

static void proofs_for_an_address(void **state)
{
    struct crowd c = gather(&(struct dna_session_limits){
        .size = sizeof(struct dna_session_limits), .proofs_per_payer = 2});
    (void)state;
    assert_true(seeks(c.one, "x1.example", false));
    assert_true(seeks(c.two, "x2.example", false));
    assert_false(seeks(c.one, "x3.example", false));
    assert_int_equal(refused(c.session, DNA_SESSION_LIMIT_PROOFS_PER_PAYER), 1);
    assert_true(seeks(c.three, "x3.example", false)); /* somebody else's address */
    dna_stream_dismiss(c.one, "x1.example", now);
    assert_true(seeks(c.two, "x3.example", false));
    assert_int_equal(refused(c.session, DNA_SESSION_LIMIT_PROOFS_PER_PAYER), 1);
    disperse(&c);
}

static void proofs_for_a_hosted_domain(void **state)
{
    struct crowd c = gather(&(struct dna_session_limits){
        .size = sizeof(struct dna_session_limits), .proofs_per_host = 2});
    (void)state;
    assert_true(seeks(c.two, "x1.example", false));
    assert_true(seeks(c.three, "x2.example", false));
    assert_false(seeks(c.three, "x3.example", false));
    assert_int_equal(refused(c.session, DNA_SESSION_LIMIT_PROOFS_PER_HOST), 1);
    assert_true(seeks(c.one, "x3.example", false)); /* another customer */
    dna_stream_dismiss(c.two, "x1.example", now);
    assert_true(seeks(c.three, "x3.example", false));
    disperse(&c);
}

static void proofs_in_all(void **state)
{
    struct crowd c = gather(&(struct dna_session_limits){
        .size = sizeof(struct dna_session_limits), .proofs = 2});
    (void)state;
    assert_true(seeks(c.one, "x1.example", false));
    assert_true(seeks(c.two, "x2.example", false));
    assert_false(seeks(c.three, "x3.example", false));
    assert_int_equal(refused(c.session, DNA_SESSION_LIMIT_PROOFS), 1);
    disperse(&c);
}

/* Who is accepted is not lost for a flood of others. */
static void what_is_sought_again_always_is(void **state)
{
    struct crowd c = gather(&(struct dna_session_limits){
        .size = sizeof(struct dna_session_limits), .proofs = 1});
    (void)state;
    assert_true(seeks(c.one, "x1.example", false));
    assert_true(seeks(c.two, "x2.example", true));
    assert_int_equal(refused(c.session, DNA_SESSION_LIMIT_PROOFS), 0);
    assert_int_equal(c.session->load.hearings, 1);
    disperse(&c);
}

/* A refusal by a limit of ours is no finding: the next question is open (S13). */
static void a_refusal_is_not_remembered(void **state)
{
    struct crowd c = gather(&(struct dna_session_limits){
        .size = sizeof(struct dna_session_limits), .proofs = 1});
    (void)state;
    assert_true(seeks(c.one, "x1.example", false));
    assert_false(seeks(c.two, "x2.example", false));
    dna_stream_dismiss(c.one, "x1.example", now);
    assert_true(seeks(c.two, "x2.example", false));
    disperse(&c);
}

static void look_ups_are_limited(void **state)
{
    static const struct {
        struct dna_session_limits limits;
        enum dna_session_limit limit;
        bool others; /* have look-ups, too */
    } cases[] = {
        {{.size = sizeof(struct dna_session_limits), .lookups = 1},
         DNA_SESSION_LIMIT_LOOKUPS, false},
        {{.size = sizeof(struct dna_session_limits), .lookups_per_payer = 1},
         DNA_SESSION_LIMIT_LOOKUPS_PER_PAYER, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct crowd c = gather(&cases[i].limits);
        uint64_t before;
        size_t n = 0;
        unsigned id;
        const struct dna_want *want;
        (void)seeks(c.one, "x1.example", false);
        (void)seeks(c.one, "x2.example", false);
        while (dna_session_next_want(c.session, &id, &want)) {
            n++;
        }
        assert_int_equal(n, 1);
        before = c.session->load.refused[cases[i].limit];
        assert_true(before > 0);
        (void)seeks(c.three, "x3.example", false);
        assert_int_equal(dna_session_next_want(c.session, &id, &want), cases[i].others);
        disperse(&c);
    }
}

static void without_memory(void **state)
{
    struct failing_alloc f;
    bool done = false;
    (void)state;
    for (size_t n = 0; !done; n++) {
        const struct dna_session_options options = {
            .size = sizeof options, .seed = 3, .alloc = failing_alloc_init(&f, n)};
        struct dna_stream_options with = {.size = sizeof with, .role = DNA_INITIATING,
                                          .own = "a.example", .peer = "peer.example",
                                          .payer = "192.0.2.1"};
        struct dna_session *session;
        struct dna_stream *stream = NULL;
        if (dna_session_new(&options, &session) != DNA_OK) {
            continue;
        }
        if (dna_stream_new(session, &with, now, &stream) == DNA_OK) {
            stream->chain = dna_chain_ref(chain);
            done = seeks(stream, "x1.example", false);
            dna_stream_free(stream);
        }
        assert_int_equal(session->load.hearings, 0);
        dna_session_free(session);
        done = done && !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_for_an_address),
        cmocka_unit_test(proofs_for_a_hosted_domain),
        cmocka_unit_test(proofs_in_all),
        cmocka_unit_test(what_is_sought_again_always_is),
        cmocka_unit_test(a_refusal_is_not_remembered),
        cmocka_unit_test(look_ups_are_limited),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
