/* Provers as what they are: functions of facts built by hand, without a court. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <proof/facts.h>
#include <proof/registry.h>
#include <proof/wants.h>
#include <world.h>

struct desk {
    struct world w;
    struct dna_arena arena;
    struct dna_facts facts;
};

static void desk_init(struct desk *d, const char *names)
{
    world_init(&d->w, &(struct cert_order){.names = names});
    dna_arena_init(&d->arena, NULL, DNA_LIMIT_QUESTION_ARENA);
    dna_facts_init(&d->facts, &d->arena);
}

static void desk_fini(struct desk *d)
{
    dna_facts_fini(&d->facts);
    dna_arena_fini(&d->arena);
    world_fini(&d->w);
}

static void know(struct desk *d, const struct dna_want *want, const struct dna_fact *fact)
{
    struct dna_known *known;
    assert_int_equal(dna_facts_expect(&d->facts, want, &known), DNA_OK);
    assert_int_equal(dna_facts_record(&d->facts, known, fact), DNA_OK);
}

static void know_srv(struct desk *d, const char *name, enum says says)
{
    struct dna_want want = {.kind = DNA_WANT_DNS, .u.dns = {.name = name, .type = 33}};
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    fact.u.dns = world_answer(&d->w, 33, says, world_srv_rdata(&d->w, HOST, 5269));
    know(d, &want, &fact);
}

static void know_path(struct desk *d)
{
    struct dna_want want = {.kind = DNA_WANT_PATH, .u.path = {.chain = d->w.chain}};
    struct dna_fact fact = {.kind = DNA_WANT_PATH};
    assert_int_equal(dna_path_check(d->w.chain, d->w.roots, NOW, &fact.u.path), DNA_OK);
    know(d, &want, &fact);
}

/* Runs it twice over the same facts; the answers must be the same. */
static enum dna_step run(struct desk *d, enum dna_prooftype type, struct dna_wants *wants,
                         struct dna_ruling *out)
{
    enum dna_step step[2];
    struct dna_ruling ruling[2];
    size_t n[2];
    memset(ruling, 0, sizeof ruling);
    for (int i = 0; i < 2; i++) {
        dna_wants_init(wants, &d->arena);
        step[i] = dna_provers[type]->step(&d->w.q, d->w.now, &d->facts, wants, &d->arena,
                                          &ruling[i]);
        assert_int_equal(wants->err, DNA_OK);
        n[i] = wants->n;
    }
    assert_int_equal(step[0], step[1]);
    assert_int_equal(n[0], n[1]);
    expect_same(&ruling[0], &ruling[1]);
    *out = ruling[0];
    return step[0];
}

static void without_facts_they_only_ask(void **state)
{
    static const struct {
        enum dna_prooftype type;
        size_t n;
        enum dna_want_kind first;
    } rows[] = {
        {DNA_PROOF_PKIX, 1, DNA_WANT_PATH},
        {DNA_PROOF_DNSSEC_SRV, 3, DNA_WANT_DNS},
        {DNA_PROOF_DNSSEC_TA, 2, DNA_WANT_DNS},
        {DNA_PROOF_POSH, 1, DNA_WANT_FETCH},
    };
    struct desk d;
    (void)state;
    desk_init(&d, "DNS:" DOMAIN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_wants wants;
        struct dna_ruling ruling;
        assert_int_equal(run(&d, rows[i].type, &wants, &ruling), DNA_STEP_WANTS);
        assert_int_equal(wants.n, rows[i].n);
        assert_int_equal(wants.list[0].kind, rows[i].first);
    }
    desk_fini(&d);
}

/* The prover of dnssec-ta says no by itself, before it asks the peer for anything. */
static void a_broken_chain_ends_it(void **state)
{
    static const struct {
        enum says plain;
        enum dna_verdict verdict;
        enum dna_code code;
        bool veto;
    } rows[] = {
        {BOGUS, DNA_FAIL, DNA_CODE_DNS_BOGUS, true},
        {FAILED, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED, false},
        {RECORDS, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL, false},
        {DENIED, DNA_FAIL, DNA_CODE_NO_DELEGATION, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk d;
        struct dna_wants wants;
        struct dna_ruling ruling;
        desk_init(&d, "DNS:" HOST);
        know_srv(&d, "_xmpp-server._tcp." DOMAIN, rows[i].plain);
        know_srv(&d, "_xmpps-server._tcp." DOMAIN, ABSENT);
        know_path(&d);
        assert_int_equal(run(&d, DNA_PROOF_DNSSEC_TA, &wants, &ruling), DNA_STEP_RULES);
        expect_ruling(says_names[rows[i].plain], &ruling, rows[i].verdict, rows[i].code);
        assert_int_equal(ruling.veto, rows[i].veto);
        assert_int_equal(ruling.prooftype, DNA_PROOF_DNSSEC_TA);
        assert_int_equal(wants.n, 0);
        desk_fini(&d);
    }
}

static void impossible_is_a_refusal(void **state)
{
    static const struct dna_want want = {.kind = DNA_WANT_PEER};
    struct dna_fact fact = {.kind = DNA_WANT_PEER};
    struct desk d;
    struct dna_wants wants;
    struct dna_ruling ruling;
    (void)state;
    desk_init(&d, "DNS:" HOST);
    know_srv(&d, "_xmpp-server._tcp." DOMAIN, UNPROVEN);
    know_srv(&d, "_xmpps-server._tcp." DOMAIN, ABSENT);
    know_path(&d);
    assert_int_equal(run(&d, DNA_PROOF_DNSSEC_TA, &wants, &ruling), DNA_STEP_WANTS);
    assert_int_equal(wants.list[0].kind, DNA_WANT_PEER);
    assert_int_equal(wants.list[0].u.peer.prooftypes, DNA_PROOF_BIT(DNA_PROOF_DNSSEC_TA));
    fact.u.peer.outcome = DNA_PEER_IMPOSSIBLE;
    know(&d, &want, &fact);
    assert_int_equal(run(&d, DNA_PROOF_DNSSEC_TA, &wants, &ruling), DNA_STEP_RULES);
    expect_ruling("impossible", &ruling, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE);
    desk_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_facts_they_only_ask),
        cmocka_unit_test(a_broken_chain_ends_it),
        cmocka_unit_test(impossible_is_a_refusal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
