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

static void set_rule(struct dna_policies *policies, const char *pattern,
                     const struct dna_policy_rule *rule)
{
    bool changed;
    assert_int_equal(dna_policies_set(policies, pattern, rule, &changed), DNA_OK);
    assert_true(changed);
    assert_int_equal(dna_policies_set(policies, pattern, rule, &changed), DNA_OK);
    assert_false(changed);
}

static void an_ended_rule_is_passed_over(void **state)
{
    struct dna_policies policies;
    struct dna_policy_standing got;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    set_rule(&policies, "*", &(struct dna_policy_rule){.policy = strong, .until = 300});
    set_rule(&policies, ".example", &(struct dna_policy_rule){.policy = posh_only});
    set_rule(&policies, "a.example", &(struct dna_policy_rule){.policy = refuse, .until = 200});
    got = dna_policies_standing(&policies, "a.example", 199);
    assert_int_equal(got.policy.level, DNA_LEVEL_REFUSE);
    assert_string_equal(got.pattern, "a.example");
    assert_int_equal(got.until, 200);
    got = dna_policies_standing(&policies, "a.example", 200);
    assert_int_equal(got.policy.prooftypes, posh_only.prooftypes);
    assert_string_equal(got.pattern, ".example");
    assert_int_equal(got.until, 0);
    assert_int_equal(dna_policies_for(&policies, "a.test", 299).level, DNA_LEVEL_STRONG);
    got = dna_policies_standing(&policies, "a.test", 300);
    assert_int_equal(got.policy.level, DNA_LEVEL_PROOF);
    assert_null(got.pattern);
    assert_int_not_equal(got.policy.generation, 0);
    assert_int_equal(dna_policies_next_end(&policies, 0), 200);
    assert_int_equal(dna_policies_next_end(&policies, 200), 300);
    assert_int_equal(dna_policies_next_end(&policies, 300), INT64_MAX);
    dna_policies_fini(&policies);
}

static void what_only_reports_never_decides(void **state)
{
    struct dna_policies policies;
    struct dna_policy_standing got;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    set_rule(&policies, "*",
             &(struct dna_policy_rule){.policy = refuse, .report_only = true});
    got = dna_policies_standing(&policies, "a.test", 0);
    assert_int_equal(got.policy.level, DNA_LEVEL_PROOF);
    assert_null(got.pattern);
    assert_true(got.observes);
    assert_int_equal(got.observed.level, DNA_LEVEL_REFUSE);
    assert_string_equal(got.observed_pattern, "*");
    assert_int_not_equal(got.observed.generation, got.policy.generation);
    /* What is nearer is observed, and only until it ends. */
    set_rule(&policies, ".test",
             &(struct dna_policy_rule){
                 .policy = strong, .observes = true, .observed = posh_only});
    set_rule(&policies, "a.test", &(struct dna_policy_rule){
                                      .policy = refuse, .report_only = true, .until = 9});
    got = dna_policies_standing(&policies, "a.test", 8);
    assert_int_equal(got.policy.level, DNA_LEVEL_STRONG);
    assert_string_equal(got.pattern, ".test");
    assert_string_equal(got.observed_pattern, "a.test");
    assert_int_equal(got.observed.level, DNA_LEVEL_REFUSE);
    got = dna_policies_standing(&policies, "a.test", 9);
    assert_string_equal(got.observed_pattern, ".test");
    assert_int_equal(got.observed.prooftypes, posh_only.prooftypes);
    got = dna_policies_standing(&policies, "test", 8);
    assert_null(got.pattern);
    dna_policies_fini(&policies);
}

static void contradictions_are_no_rule(void **state)
{
    static const struct dna_policy no_pins = {.level = DNA_LEVEL_PIN};
    const struct dna_policy_rule bad[] = {
        {.policy = no_pins},
        {.policy = strong, .until = -1},
        {.policy = strong, .report_only = true, .observes = true, .observed = refuse},
        {.policy = strong, .observes = true, .observed = no_pins},
    };
    struct dna_policies policies;
    bool changed;
    (void)state;
    assert_int_equal(dna_policies_init(&policies, NULL, 7), DNA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(dna_policies_set(&policies, "a.example", &bad[i], &changed),
                         DNA_ERR_ARGUMENT);
        assert_false(changed);
    }
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
        cmocka_unit_test(an_ended_rule_is_passed_over),
        cmocka_unit_test(what_only_reports_never_decides),
        cmocka_unit_test(contradictions_are_no_rule),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
