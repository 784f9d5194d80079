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
    while (dna_lookup_next_wait(&lookups, found) != NULL) {
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

static void join_as(struct dna_lookups *lookups, struct dna_payer *payer, const char *name,
                    struct dna_wait *wait, enum dna_err expected)
{
    struct dna_want want = srv(name);
    struct dna_key key;
    *wait = (struct dna_wait){.court_id = 1, .payer = payer};
    assert_int_equal(dna_key_want(&want, &key), DNA_OK);
    assert_int_equal(dna_lookups_join(lookups, dna_key_span(&key), &want, wait), expected);
}

/* As many as it gets. */
static unsigned fill(struct dna_lookups *lookups, struct dna_payer *payer, const char *prefix,
                     struct dna_wait *waits)
{
    unsigned n = 0;
    do {
        char name[48];
        struct dna_want want = srv(name);
        struct dna_key key;
        (void)snprintf(name, sizeof name, "%s%u.example", prefix, n);
        assert_int_equal(dna_key_want(&want, &key), DNA_OK);
        waits[n] = (struct dna_wait){.payer = payer};
        if (dna_lookups_join(lookups, dna_key_span(&key), &want, &waits[n]) != DNA_OK) {
            return n;
        }
        n++;
    } while (n <= DNA_LIMIT_ASKED);
    fail_msg("no limit");
    return 0;
}

/* However many networks fill their shares, the next one has a share, too. */
static void nobody_takes_all_look_ups(void **state)
{
    static struct dna_wait waits[DNA_LIMIT_ASKED + 1];
    struct dna_wait one;
    struct dna_lookups lookups;
    struct dna_payer *payers[12];
    unsigned n = 0;
    (void)state;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    for (unsigned i = 0; i < 11; i++) {
        char key[8];
        unsigned got;
        (void)snprintf(key, sizeof key, "p%u", i);
        payers[i] = dna_payer_enter(&lookups, dna_span_of(key));
        assert_non_null(payers[i]);
        got = fill(&lookups, payers[i], key, waits + n);
        assert_true(i > 0 || (got > DNA_LIMIT_ASKED / 4 && got < DNA_LIMIT_ASKED / 2));
        assert_true(got >= 8);
        assert_int_equal(payers[i]->under_way, got);
        n += got;
    }
    payers[11] = dna_payer_enter(&lookups, dna_span_of("honest"));
    join_as(&lookups, payers[11], "honest.example", &one, DNA_OK);
    assert_ptr_equal(dna_payer_enter(&lookups, dna_span_of("honest")), payers[11]);
    dna_payer_leave(&lookups, payers[11]);
    dna_lookups_leave(&lookups, &one);
    assert_int_equal(payers[11]->under_way, 0);
    for (unsigned i = 0; i < n; i++) {
        dna_lookups_leave(&lookups, &waits[i]);
    }
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(payers[i]->under_way, 0);
        assert_int_equal(payers[i]->refs, 1);
        dna_payer_leave(&lookups, payers[i]);
    }
    dna_lookups_fini(&lookups);
}

/* A look-up is on the account of somebody who waits for it, and of the last one who did while
 * it runs to its end without anybody. */
static void a_look_up_is_on_one_account(void **state)
{
    struct dna_want policy = {
        .kind = DNA_WANT_FETCH,
        .u.fetch = {.kind = DNA_FETCH_WELL_KNOWN, .url = "https://a.example/p",
                    .policy_id = "1"}};
    struct dna_wait first, second, third;
    struct dna_lookups lookups;
    struct dna_payer *a, *b;
    const struct dna_lookup *told;
    struct dna_key key;
    (void)state;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    a = dna_payer_enter(&lookups, dna_span_of("a"));
    b = dna_payer_enter(&lookups, dna_span_of("b"));
    join_as(&lookups, a, "x.example", &first, DNA_OK);
    join_as(&lookups, b, "x.example", &second, DNA_OK);
    assert_int_equal(a->under_way, 1);
    assert_int_equal(b->under_way, 0);
    dna_lookups_leave(&lookups, &first);
    assert_int_equal(a->under_way, 0);
    assert_int_equal(b->under_way, 1);
    assert_non_null(dna_lookups_next_new(&lookups));
    dna_lookups_leave(&lookups, &second);
    assert_int_equal(b->under_way, 0);

    assert_int_equal(dna_key_want(&policy, &key), DNA_OK);
    third = (struct dna_wait){.payer = a};
    assert_int_equal(dna_lookups_join(&lookups, dna_key_span(&key), &policy, &third), DNA_OK);
    told = dna_lookups_next_new(&lookups);
    dna_lookups_leave(&lookups, &third);
    assert_int_equal(a->under_way, 1);
    dna_payer_leave(&lookups, a); /* its streams are gone; the account stays */
    dna_payer_leave(&lookups, b);
    assert_int_equal(a->refs, 1);
    {
        struct dna_lookup *found = dna_lookups_find(&lookups, told->id);
        dna_lookups_close(&lookups, found);
        assert_null(dna_map_get(lookups.payers, dna_span_of("a")));
        dna_lookup_free(&lookups, found);
    }
    dna_lookups_fini(&lookups);
}

/* The host learns of each stream that joins a fetch that runs, once, while it waits. */
static void who_joins_a_fetch_is_told(void **state)
{
    struct dna_want fetch = {
        .kind = DNA_WANT_FETCH,
        .u.fetch = {.kind = DNA_FETCH_PEER, .url = "https://a.example/"}};
    struct dna_stream *streams[] = {(struct dna_stream *)&fetch, (struct dna_stream *)state};
    struct dna_stream *stream = NULL;
    struct dna_wait waits[5];
    struct dna_lookups lookups;
    const struct dna_lookup *told;
    struct dna_key key;
    unsigned id;
    assert_int_equal(dna_lookups_init(&lookups, NULL, 7), DNA_OK);
    assert_int_equal(dna_key_want(&fetch, &key), DNA_OK);
    for (unsigned i = 0; i < 5; i++) {
        /* before the host was told, and the host itself: nobody joins */
        waits[i] = (struct dna_wait){.stream = i == 2 ? NULL : streams[i % 2]};
        assert_int_equal(dna_lookups_join(&lookups, dna_key_span(&key), &fetch, &waits[i]),
                         DNA_OK);
        if (i == 1) {
            assert_false(dna_lookups_next_joined(&lookups, &id, &stream));
            told = dna_lookups_next_new(&lookups);
        }
    }
    dna_lookups_leave(&lookups, &waits[4]);
    assert_true(dna_lookups_next_joined(&lookups, &id, &stream));
    assert_int_equal(id, told->id);
    assert_ptr_equal(stream, streams[1]);
    assert_false(dna_lookups_next_joined(&lookups, &id, &stream));
    for (unsigned i = 0; i < 4; i++) {
        dna_lookups_leave(&lookups, &waits[i]);
    }
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
        cmocka_unit_test(nobody_takes_all_look_ups),
        cmocka_unit_test(a_look_up_is_on_one_account),
        cmocka_unit_test(who_joins_a_fetch_is_told),
        cmocka_unit_test(keys_tell_wants_apart),
        cmocka_unit_test(keys_tell_records_apart),
        cmocka_unit_test(a_want_too_long_has_no_key),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
