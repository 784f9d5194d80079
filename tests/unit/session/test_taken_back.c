/* What was taken back: for how long, of whom, and what becomes of it when there is no room. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <session/taken_back.h>

#define NOW 1000000
#define LONG (NOW + 1000)

static struct dna_taken_back taken;

static int begin(void **state)
{
    (void)state;
    return dna_taken_back_init(&taken, NULL, 7) == DNA_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    dna_taken_back_fini(&taken);
    dna_taken_back_fini(&taken);
    return 0;
}

static struct dna_learned entry(enum dna_learned_kind kind, unsigned id, const char *domain,
                                int64_t at)
{
    struct dna_learned learned = {.kind = kind, .domain = domain, .learned_at = at};
    memcpy(learned.id, &id, sizeof id);
    return learned;
}

static void note(enum dna_learned_kind kind, unsigned id, const char *domain, int64_t at)
{
    const struct dna_learned word = entry(kind, id, domain, at);
    dna_taken_back_note(&taken, &word, LONG, NOW);
}

static bool covers(enum dna_learned_kind kind, unsigned id, const char *domain, int64_t at)
{
    const struct dna_learned one = entry(kind, id, domain, at);
    return dna_taken_back_covers(&taken, &one);
}

static void each_word_covers_what_it_names(void **state)
{
    static const struct {
        enum dna_learned_kind kind; /* of the word */
        unsigned id;
        const char *domain;
        bool same, other_id, other_domain, other_kind;
    } rows[] = {
        {DNA_LEARNED_POLICY, 5, "a.example", true, false, false, false},
        {DNA_LEARNED_POLICY, 0, "a.example", true, true, false, false},
        {DNA_LEARNED_POLICY, 0, "", true, true, true, false},
        {DNA_LEARNED_PROOF, 5, "a.example", true, false, false, false},
        {DNA_LEARNED_PROOF, 0, "a.example", true, true, false, false},
        {DNA_LEARNED_PROOF, 0, "", true, true, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        dna_taken_back_fini(&taken);
        assert_int_equal(begin(state), 0);
        note(rows[i].kind, rows[i].id, rows[i].domain, NOW);
        assert_int_equal(covers(rows[i].kind, 5, "a.example", NOW), rows[i].same);
        assert_int_equal(covers(rows[i].kind, 6, "a.example", NOW), rows[i].other_id);
        assert_int_equal(covers(rows[i].kind, 5, "b.example", NOW), rows[i].other_domain);
        assert_int_equal(covers(DNA_LEARNED_DOWNGRADE, 5, "a.example", NOW),
                         rows[i].other_kind);
    }
}

/* What bars is kept when in doubt, what admits is not. */
static void clocks_differ(void **state)
{
    (void)state;
    note(DNA_LEARNED_DOWNGRADE, 'r', "a.example", NOW);
    note(DNA_LEARNED_PROOF, 5, "a.example", NOW);
    assert_true(covers(DNA_LEARNED_DOWNGRADE, 'r', "a.example", NOW));
    assert_false(covers(DNA_LEARNED_DOWNGRADE, 'r', "a.example", NOW + 1));
    assert_true(covers(DNA_LEARNED_PROOF, 5, "a.example", NOW + DNA_LIMIT_STORE_AHEAD_S));
    assert_false(covers(DNA_LEARNED_PROOF, 5, "a.example", NOW + DNA_LIMIT_STORE_AHEAD_S + 1));
    assert_false(covers(DNA_LEARNED_PROOF, 6, "a.example", 0));
}

/* An older word that comes once more takes nothing off a later one. */
static void the_latest_word_counts(void **state)
{
    (void)state;
    note(DNA_LEARNED_POLICY, 5, "a.example", NOW);
    note(DNA_LEARNED_POLICY, 5, "a.example", NOW - 500);
    assert_true(covers(DNA_LEARNED_POLICY, 5, "a.example", NOW));
    note(DNA_LEARNED_POLICY, 5, "a.example", NOW + 5);
    assert_true(covers(DNA_LEARNED_POLICY, 5, "a.example", NOW + 5));
}

/* A flood of words: the oldest go, and with them all rulings of before; later ones count. */
static void a_flood_lets_nothing_be_believed_again(void **state)
{
    const struct dna_learned late = entry(DNA_LEARNED_PROOF, 3, "late.example", LONG);
    (void)state;
    note(DNA_LEARNED_PROOF, 1, "a.example", NOW);
    for (unsigned i = 0; i < DNA_LIMIT_TAKEN_BACK; i++) {
        note(DNA_LEARNED_PROOF, 100 + i, "b.example", NOW + 1 + (int)i);
    }
    assert_true(covers(DNA_LEARNED_PROOF, 1, "a.example", NOW));
    assert_true(covers(DNA_LEARNED_PROOF, 2, "c.example", NOW)); /* the price */
    assert_false(covers(DNA_LEARNED_PROOF, 2, "c.example", NOW + DNA_LIMIT_STORE_AHEAD_S + 1));
    assert_false(covers(DNA_LEARNED_DOWNGRADE, 2, "c.example", 0));
    assert_true(covers(DNA_LEARNED_PROOF, 100, "b.example", NOW + 1));
    /* Those that have ended make room at no price. */
    dna_taken_back_note(&taken, &late, 2 * LONG, LONG);
    assert_false(covers(DNA_LEARNED_PROOF, 2, "c.example", NOW + DNA_LIMIT_STORE_AHEAD_S + 1));
    assert_false(covers(DNA_LEARNED_PROOF, 200, "b.example", NOW + DNA_LIMIT_STORE_AHEAD_S + 1));
    assert_true(covers(DNA_LEARNED_PROOF, 3, "late.example", LONG));
}

static void without_memory_nothing_is_believed_again(void **state)
{
    struct failing_alloc f = {.failed = true};
    (void)state;
    for (unsigned long n = 0; f.failed; n++) {
        struct dna_taken_back mine;
        const struct dna_learned word = entry(DNA_LEARNED_PROOF, 5, "a.example", NOW);
        const struct dna_learned later = entry(DNA_LEARNED_PROOF, 5, "a.example", LONG);
        if (dna_taken_back_init(&mine, failing_alloc_init(&f, n), 7) == DNA_OK) {
            dna_taken_back_note(&mine, &word, LONG, NOW);
            assert_true(dna_taken_back_covers(&mine, &word));
            assert_false(dna_taken_back_covers(&mine, &later));
            dna_taken_back_fini(&mine);
        }
        assert_int_equal(f.outstanding, 0);
    }
}

#define taken_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        taken_test(each_word_covers_what_it_names),
        taken_test(clocks_differ),
        taken_test(the_latest_word_counts),
        taken_test(a_flood_lets_nothing_be_believed_again),
        taken_test(without_memory_nothing_is_believed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
