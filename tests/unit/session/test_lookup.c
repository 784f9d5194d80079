/* Look-ups are made once for all who want them, and given up when nobody does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <certs.h>
#include <failing_alloc.h>
#include <session/lookup.h>

static struct dna_want srv(const char *name)
{
    return (struct dna_want){.kind = DNA_WANT_DNS,
                             .u.dns = {.name = name, .type = DNA_DNS_SRV}};
}

static enum dna_err join(struct dna_lookups *lookups, const struct dna_want *want,
                         struct dna_wait *wait)
{
    struct dna_key key;
    *wait = (struct dna_wait){.court_id = 1};
    assert_int_equal(dna_key_want(want, &key), DNA_OK);
    return dna_lookups_join(lookups, dna_key_span(&key), want, wait);
}

static void one_look_up_for_all(void **state)
{
    struct dna_lookups lookups;
    struct dna_want a = srv("a.example"), b = srv("b.example");
    struct dna_wait waits[3];
    const struct dna_lookup *told;
    struct dna_lookup *found;
    unsigned id, n = 0;
    (void)state;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    assert_int_equal(join(&lookups, &a, &waits[0]), DNA_OK);
    told = dna_lookups_next_new(&lookups);
    assert_non_null(told);
    assert_string_equal(told->want.u.dns.name, "a.example");
    assert_int_equal(join(&lookups, &a, &waits[1]), DNA_OK); /* while it runs */
    assert_null(dna_lookups_next_new(&lookups));
    assert_int_equal(join(&lookups, &b, &waits[2]), DNA_OK);
    assert_string_equal(dna_lookups_next_new(&lookups)->want.u.dns.name, "b.example");

    dna_lookups_leave(&lookups, &waits[0]);
    assert_false(dna_lookups_next_cancel(&lookups, &id)); /* somebody waits still */
    found = dna_lookups_find(&lookups, told->id);
    assert_ptr_equal(found, told);
    dna_lookups_close(&lookups, found);
    while (dna_lookup_next_wait(found) != NULL) {
        n++;
    }
    assert_int_equal(n, 1);
    dna_lookup_free(&lookups, found);
    dna_lookups_leave(&lookups, &waits[2]);
    assert_true(dna_lookups_next_cancel(&lookups, &id));
    assert_false(dna_lookups_next_cancel(&lookups, &id));
    dna_lookups_fini(&lookups);
}

static void what_was_never_told_is_not_cancelled(void **state)
{
    struct dna_lookups lookups;
    struct dna_want a = srv("a.example");
    struct dna_wait wait;
    unsigned id;
    (void)state;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    assert_int_equal(join(&lookups, &a, &wait), DNA_OK);
    dna_lookups_leave(&lookups, &wait);
    assert_null(dna_lookups_next_new(&lookups));
    assert_false(dna_lookups_next_cancel(&lookups, &id));
    dna_lookups_fini(&lookups);
}

static void a_late_answer_still_finds_its_want(void **state)
{
    struct dna_lookups lookups;
    struct dna_want a = srv("a.example");
    struct dna_wait wait, again;
    unsigned id;
    (void)state;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    assert_int_equal(join(&lookups, &a, &wait), DNA_OK);
    assert_non_null(dna_lookups_next_new(&lookups));
    dna_lookups_leave(&lookups, &wait);
    assert_true(dna_lookups_next_cancel(&lookups, &id));
    assert_string_equal(dna_lookups_find(&lookups, id)->want.u.dns.name, "a.example");
    /* Whoever wants it now starts a look-up of his own. */
    assert_int_equal(join(&lookups, &a, &again), DNA_OK);
    assert_int_not_equal(dna_lookups_next_new(&lookups)->id, id);
    dna_lookups_leave(&lookups, &again);
    dna_lookups_fini(&lookups);
}

static void both_bounds_hold(void **state)
{
    static struct dna_wait waits[DNA_LIMIT_ASKED + 1];
    struct dna_lookups lookups;
    unsigned id, cancelled = 0, found = 0, first = 0;
    (void)state;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    for (unsigned i = 0; i <= DNA_LIMIT_ASKED; i++) {
        char name[32];
        struct dna_want want = srv(name);
        (void)snprintf(name, sizeof name, "n%u.example", i);
        assert_int_equal(join(&lookups, &want, &waits[i]),
                         i < DNA_LIMIT_ASKED ? DNA_OK : DNA_ERR_LIMIT);
    }
    for (unsigned i = 0; i < DNA_LIMIT_ASKED; i++) {
        assert_non_null(dna_lookups_next_new(&lookups));
        dna_lookups_leave(&lookups, &waits[i]);
    }
    while (dna_lookups_next_cancel(&lookups, &id)) {
        first = cancelled == 0 ? id : first;
        cancelled++;
    }
    assert_int_equal(cancelled, DNA_LIMIT_ASKED);
    for (unsigned i = first; i <= id; i++) {
        found += dna_lookups_find(&lookups, i) != NULL;
    }
    assert_int_equal(found, DNA_LIMIT_LATE);
    dna_lookups_fini(&lookups);
}

/* Wants that one look-up does not answer have different keys, and a key is its want. */
static void keys_tell_wants_apart(void **state)
{
    static const struct dna_want wants[] = {
        {DNA_WANT_DNS, .u.dns = {"a.example", DNA_DNS_SRV}},
        {DNA_WANT_DNS, .u.dns = {"a.example", DNA_DNS_DNSKEY}},
        {DNA_WANT_DNS, .u.dns = {"b.example", DNA_DNS_SRV}},
        {DNA_WANT_ANCHORED, .u.anchored = {"a", {"k", 1}, "a", DNA_XMPP_SERVER}},
        {DNA_WANT_ANCHORED, .u.anchored = {"a", {"k", 1}, "a", DNA_XMPP_CLIENT}},
        {DNA_WANT_ANCHORED, .u.anchored = {"a", {"l", 1}, "a", DNA_XMPP_SERVER}},
        {DNA_WANT_ANCHORED, .u.anchored = {"a", {"k", 1}, "b.a", DNA_XMPP_SERVER}},
        {DNA_WANT_ANCHORED, .u.anchored = {"b", {"k", 1}, "a", DNA_XMPP_SERVER}},
        {DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_PEER, "https://a/", 0, NULL}},
        {DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_WELL_KNOWN, "https://a/", 0, NULL}},
        {DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_WELL_KNOWN, "https://a/", 5, NULL}},
        {DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_WELL_KNOWN, "https://a/b", 5, NULL}},
        {DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_WELL_KNOWN, "https://a/", 0, .policy_id = "1"}},
        {DNA_WANT_FETCH, .u.fetch = {DNA_FETCH_WELL_KNOWN, "https://a/", 0, .policy_id = "2"}},
    };
    const size_t n = sizeof wants / sizeof *wants;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct dna_key a, again;
        struct dna_want back;
        assert_int_equal(dna_key_want(&wants[i], &a), DNA_OK);
        dna_key_to_want(dna_key_span(&a), NULL, &back);
        assert_int_equal(dna_key_want(&back, &again), DNA_OK);
        assert_true(dna_span_equal(dna_key_span(&a), dna_key_span(&again)));
        for (size_t j = 0; j < i; j++) {
            struct dna_key b;
            assert_int_equal(dna_key_want(&wants[j], &b), DNA_OK);
            assert_false(dna_span_equal(dna_key_span(&a), dna_key_span(&b)));
        }
    }
}

/* A path to the roots is another one than that under a TLSA record. */
static void keys_tell_records_apart(void **state)
{
    static const char *const records[] = {"", "\2\1\1a", "\2\1\1b"};
    struct cert leaf = cert_make(&(struct cert_order){.subject = "leaf"});
    struct dna_chain *chain = cert_chain((const struct cert *[]){&leaf}, 1);
    struct dna_key keys[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dna_want want = {.kind = DNA_WANT_PATH, .u.path = {.chain = chain}}, back;
        want.u.path.tlsa = dna_span_of(records[i]);
        assert_int_equal(dna_key_want(&want, &keys[i]), DNA_OK);
        dna_key_to_want(dna_key_span(&keys[i]), chain, &back);
        assert_true(dna_span_equal(back.u.path.tlsa, want.u.path.tlsa));
        assert_ptr_equal(back.u.path.chain, chain);
        for (size_t j = 0; j < i; j++) {
            assert_false(dna_span_equal(dna_key_span(&keys[i]), dna_key_span(&keys[j])));
        }
    }
    dna_chain_free(chain);
    cert_free(&leaf);
}

static void a_want_too_long_has_no_key(void **state)
{
    static char url[DNA_KEY_MAX + 1];
    struct dna_want want = {.kind = DNA_WANT_FETCH, .u.fetch = {.url = url}};
    struct dna_want peer = {.kind = DNA_WANT_PEER};
    struct dna_key key;
    (void)state;
    memset(url, 'x', DNA_KEY_MAX);
    assert_int_equal(dna_key_want(&want, &key), DNA_ERR_LIMIT);
    assert_int_equal(dna_key_want(&peer, &key), DNA_ERR_ARGUMENT);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_lookups lookups;
        if (dna_lookups_init(&lookups, failing_alloc_init(&f, n), 7) == DNA_OK) {
            struct dna_want a = srv("a.example"), b = srv("b.example");
            struct dna_wait wait_a, wait_b;
            enum dna_err first = join(&lookups, &a, &wait_a);
            enum dna_err second = join(&lookups, &b, &wait_b);
            assert_true((first == DNA_OK && second == DNA_OK) || f.failed);
            assert_int_equal(dna_lookups_next_new(&lookups) != NULL,
                             first == DNA_OK || second == DNA_OK);
            dna_lookups_leave(&lookups, &wait_a);
            dna_lookups_leave(&lookups, &wait_b);
        }
        dna_lookups_fini(&lookups);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_look_up_for_all),
        cmocka_unit_test(what_was_never_told_is_not_cancelled),
        cmocka_unit_test(a_late_answer_still_finds_its_want),
        cmocka_unit_test(both_bounds_hold),
        cmocka_unit_test(keys_tell_wants_apart),
        cmocka_unit_test(keys_tell_records_apart),
        cmocka_unit_test(a_want_too_long_has_no_key),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
