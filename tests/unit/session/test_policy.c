/* Which policy holds for whom (S26), and that each change is a generation of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <session/policy.h>

static const struct dna_policy refuse = {.level = DNA_LEVEL_REFUSE};
static const struct dna_policy strong = {.level = DNA_LEVEL_STRONG, .prooftypes = 15};
static const struct dna_policy posh_only = {.level = DNA_LEVEL_PROOF,
                                            .prooftypes = DNA_PROOF_BIT(DNA_PROOF_POSH)};

static enum dna_err try_set(struct dna_policies *policies, const char *pattern,
                            const struct dna_policy *policy, bool *changed)
{
    const struct dna_policy_rule rule = {.policy = *policy};
    return dna_policies_set(policies, pattern, &rule, changed);
}

static void set(struct dna_policies *policies, const char *pattern,
                const struct dna_policy *policy)
{
    bool changed;
    assert_int_equal(try_set(policies, pattern, policy, &changed), DNA_OK);
}

static void whole_labels_and_the_longest_suffix_win(void **state)
{
    static const struct {
        const char *domain;
        const struct dna_policy *policy; /* NULL: the default */
    } cases[] = {
        {"example.com", NULL},            /* a suffix excludes its apex */
        {"a.example.com", &refuse},
        {"b.a.example.com", &refuse},
        {"badexample.com", NULL},         /* no whole label */
        {"im.example.com", &strong},      /* exactly named */
        {"x.im.example.com", &posh_only}, /* the longer suffix */
        {"y.x.im.example.com", &posh_only},
        {"com", NULL},
        {"192.0.2.1", NULL},
        {"[2001:db8::1]", NULL},
    };
    struct dna_policies policies;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    set(&policies, ".example.com", &refuse);
    set(&policies, "im.example.com", &strong);
    set(&policies, ".im.EXAMPLE.com", &posh_only);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_policy got = dna_policies_for(&policies, cases[i].domain, 0);
        struct dna_policy want =
            cases[i].policy != NULL ? *cases[i].policy : dna_policy_default();
        if (got.level != want.level || got.prooftypes != want.prooftypes) {
            fail_msg("%s", cases[i].domain);
        }
    }
    dna_policies_fini(&policies);
}

static void the_default_can_be_changed(void **state)
{
    struct dna_policies policies;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    assert_int_equal(dna_policies_for(&policies, "a.example", 0).level, DNA_LEVEL_PROOF);
    set(&policies, "*", &refuse);
    assert_int_equal(dna_policies_for(&policies, "a.example", 0).level, DNA_LEVEL_REFUSE);
    dna_policies_fini(&policies);
}

static void a_pattern_is_a_domain_a_suffix_or_a_star(void **state)
{
    static const char *const bad[] = {"",    ".",     "..example", "*.example", "a b",
                                      "a..b", "**",   ".*",        ".192.0.2.1"};
    struct dna_policies policies;
    bool changed;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (try_set(&policies, bad[i], &refuse, &changed) != DNA_ERR_FORMAT) {
            fail_msg("'%s'", bad[i]);
        }
    }
    assert_int_equal(try_set(&policies, "a.example",
                                      &(struct dna_policy){.level = (enum dna_level)9},
                                      &changed),
                     DNA_ERR_ARGUMENT);
    dna_policies_fini(&policies);
}

static void every_change_is_a_new_generation(void **state)
{
    struct dna_policies policies;
    struct dna_policy claim = strong;
    unsigned first, second;
    bool changed;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    first = dna_policies_for(&policies, "a.example", 0).generation;
    claim.generation = first; /* whatever the caller writes */
    assert_int_equal(try_set(&policies, "a.example", &claim, &changed), DNA_OK);
    assert_true(changed);
    second = dna_policies_for(&policies, "a.example", 0).generation;
    assert_int_not_equal(second, first);
    assert_int_equal(dna_policies_for(&policies, "b.example", 0).generation, first);
    assert_int_equal(try_set(&policies, "a.example", &strong, &changed), DNA_OK);
    assert_false(changed); /* a reload that says the same changes nothing */
    assert_int_equal(dna_policies_for(&policies, "a.example", 0).generation, second);
    assert_int_equal(try_set(&policies, "a.example", &refuse, &changed), DNA_OK);
    assert_int_equal(try_set(&policies, "a.example", &strong, &changed), DNA_OK);
    assert_int_not_equal(dna_policies_for(&policies, "a.example", 0).generation, second);
    claim.dane_usages = DNA_DANE_USAGE_BIT(3);
    assert_int_equal(try_set(&policies, "a.example", &claim, &changed), DNA_OK);
    assert_true(changed);
    claim.delegation_legacy = true;
    assert_int_equal(try_set(&policies, "a.example", &claim, &changed), DNA_OK);
    assert_true(changed);
    claim.delegation_connect = true;
    assert_int_equal(try_set(&policies, "a.example", &claim, &changed), DNA_OK);
    assert_true(changed);
    claim.dane_usages = DNA_DANE_USAGES_ALL + 1;
    assert_int_equal(try_set(&policies, "a.example", &claim, &changed),
                     DNA_ERR_ARGUMENT);
    dna_policies_fini(&policies);
}

static void only_what_is_admitted_counts(void **state)
{
    struct dna_policy none = dna_policy_default();
    (void)state;
    none.level = DNA_LEVEL_REFUSE;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        enum dna_prooftype type = (enum dna_prooftype)i;
        assert_int_equal(dna_policy_admits(&strong, type), type == DNA_PROOF_DNSSEC_SRV);
        assert_int_equal(dna_policy_admits(&posh_only, type), type == DNA_PROOF_POSH);
        assert_false(dna_policy_admits(&none, type));
    }
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_policies policies;
        bool changed;
        if (dna_policies_init(&policies, failing_alloc_init(&f, n), 7) == DNA_OK) {
            enum dna_err err = try_set(&policies, ".example", &refuse, &changed);
            assert_true(err == DNA_OK || (f.failed && err == DNA_ERR_MEMORY));
            assert_int_equal(dna_policies_for(&policies, "a.example", 0).level,
                             err == DNA_OK ? DNA_LEVEL_REFUSE : DNA_LEVEL_PROOF);
        }
        dna_policies_fini(&policies);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

static void a_pattern_can_be_forgotten(void **state)
{
    struct dna_policies policies;
    unsigned before;
    bool changed;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    set(&policies, "*", &strong);
    set(&policies, ".example", &refuse);
    assert_int_equal(dna_policies_drop(&policies, ".EXAMPLE", &changed), DNA_OK);
    assert_true(changed);
    assert_int_equal(dna_policies_for(&policies, "a.example", 0).level, DNA_LEVEL_STRONG);
    assert_int_equal(dna_policies_drop(&policies, ".example", &changed), DNA_OK);
    assert_false(changed);
    assert_int_equal(dna_policies_drop(&policies, "..", &changed), DNA_ERR_FORMAT);
    before = dna_policies_for(&policies, "a.example", 0).generation;
    assert_int_equal(dna_policies_drop(&policies, "*", &changed), DNA_OK);
    assert_true(changed);
    assert_int_equal(dna_policies_for(&policies, "a.example", 0).level,
                     dna_policy_default().level);
    assert_int_not_equal(dna_policies_for(&policies, "a.example", 0).generation, before);
    dna_policies_fini(&policies);
}

static void what_rested_on_one_is_ruled_again(void **state)
{
    struct dna_policies policies;
    unsigned one, other;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    set(&policies, ".example", &refuse);
    one = dna_policies_for(&policies, "a.example", 0).generation;
    other = dna_policies_for(&policies, "a.test", 0).generation;
    dna_policies_renew(&policies);
    assert_int_not_equal(dna_policies_for(&policies, "a.example", 0).generation, one);
    assert_int_not_equal(dna_policies_for(&policies, "a.test", 0).generation, other);
    assert_int_not_equal(dna_policies_for(&policies, "a.example", 0).generation,
                         dna_policies_for(&policies, "a.test", 0).generation);
    assert_int_equal(dna_policies_for(&policies, "a.example", 0).level, DNA_LEVEL_REFUSE);
    dna_policies_fini(&policies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_labels_and_the_longest_suffix_win),
        cmocka_unit_test(the_default_can_be_changed),
        cmocka_unit_test(a_pattern_is_a_domain_a_suffix_or_a_star),
        cmocka_unit_test(every_change_is_a_new_generation),
        cmocka_unit_test(only_what_is_admitted_counts),
        cmocka_unit_test(a_pattern_can_be_forgotten),
        cmocka_unit_test(what_rested_on_one_is_ruled_again),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
