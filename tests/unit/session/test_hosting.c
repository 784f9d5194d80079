/* What we host: each link serves its own domains and no other (S24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <session/hosting.h>

static const struct dna_span secret = {"0123456789abcdef", 16};

static struct dna_hosted hosted(const char *domain, struct dna_link *link, const char *url)
{
    return (struct dna_hosted){.size = sizeof(struct dna_hosted),
                               .domain = domain,
                               .link = link,
                               .dnssec_ta_url = url};
}

static bool serves(const struct dna_link *link, const char *domain)
{
    return dna_map_get(link->domains, dna_span_of(domain)) != NULL;
}

static void a_domain_is_on_one_link_only(void **state)
{
    struct dna_hosting hosting;
    struct dna_link *a, *b, *left;
    struct dna_hosted entry;
    (void)state;
    assert_int_equal(dna_hosting_init(&hosting, NULL, 7), DNA_OK);
    assert_int_equal(dna_hosting_link(&hosting, secret, &a), DNA_OK);
    assert_int_equal(dna_hosting_link(&hosting, secret, &b), DNA_OK);
    entry = hosted("one.example", a, "https://one.example/key");
    assert_int_equal(dna_hosting_add(&hosting, &entry, &left), DNA_OK);
    assert_null(left);
    assert_true(serves(a, "one.example"));
    assert_false(serves(b, "one.example"));
    assert_string_equal(dna_hosting_find(&hosting, "one.example")->dnssec_ta_url,
                        "https://one.example/key");
    entry = hosted("one.example", b, NULL);
    assert_int_equal(dna_hosting_add(&hosting, &entry, &left), DNA_OK);
    assert_ptr_equal(left, a);
    assert_false(serves(a, "one.example"));
    assert_true(serves(b, "one.example"));
    assert_null(dna_hosting_find(&hosting, "one.example")->dnssec_ta_url);
    assert_int_equal(dna_hosting_add(&hosting, &entry, &left), DNA_OK);
    assert_null(left);
    assert_true(dna_hosting_remove(&hosting, "one.example"));
    assert_false(dna_hosting_remove(&hosting, "one.example"));
    assert_false(serves(b, "one.example"));
    dna_hosting_fini(&hosting);
}

static void what_is_no_domain_is_not_hosted(void **state)
{
    static const char *const bad[] = {"", "One.example", "one.example.", "a b", "a..b", NULL};
    struct dna_hosting hosting;
    struct dna_link *link, *left;
    (void)state;
    assert_int_equal(dna_hosting_init(&hosting, NULL, 7), DNA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dna_hosted entry = hosted(bad[i], NULL, NULL);
        assert_int_equal(dna_hosting_add(&hosting, &entry, &left), DNA_ERR_ARGUMENT);
    }
    assert_int_equal(dna_hosting_link(&hosting, (struct dna_span){"short", 5}, &link),
                     DNA_ERR_ARGUMENT);
    dna_hosting_fini(&hosting);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_hosting hosting;
        struct dna_link *a = NULL, *b = NULL, *left;
        if (dna_hosting_init(&hosting, failing_alloc_init(&f, n), 7) == DNA_OK &&
            dna_hosting_link(&hosting, secret, &a) == DNA_OK &&
            dna_hosting_link(&hosting, secret, &b) == DNA_OK) {
            struct dna_hosted one = hosted("one.example", a, "https://x");
            struct dna_hosted moved = hosted("one.example", b, "https://y");
            bool added = dna_hosting_add(&hosting, &one, &left) == DNA_OK;
            bool changed = added && dna_hosting_add(&hosting, &moved, &left) == DNA_OK;
            assert_int_equal(dna_hosting_find(&hosting, "one.example") != NULL, added);
            assert_int_equal(serves(a, "one.example"), added && !changed);
            assert_int_equal(serves(b, "one.example"), changed);
        }
        dna_hosting_fini(&hosting);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_on_one_link_only),
        cmocka_unit_test(what_is_no_domain_is_not_hosted),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
