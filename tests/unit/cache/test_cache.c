/* The cache: entries end, the soonest to end makes room, pinned ones stay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cache/cache.h>
#include <failing_alloc.h>

#define NOW 1000

static struct dna_cache *new_cache(size_t entries, size_t bytes)
{
    struct dna_cache *cache;
    assert_int_equal(dna_cache_new(NULL, 7, entries, bytes, &cache), DNA_OK);
    return cache;
}

static enum dna_err put(struct dna_cache *cache, const char *key, const char *value,
                        int64_t expires_at, bool pinned)
{
    return dna_cache_put(cache, dna_span_of(key), dna_span_of(value), expires_at, pinned, NOW);
}

/* The value as text, or "" where there is none. */
static const char *get(struct dna_cache *cache, const char *key, int64_t now)
{
    static char text[100];
    struct dna_span value;
    text[0] = '\0';
    if (dna_cache_get(cache, dna_span_of(key), now, &value, NULL)) {
        (void)snprintf(text, sizeof text, "%.*s", DNA_SPAN_FMT(value));
    }
    return text;
}

static void an_entry_ends_at_its_expiry(void **state)
{
    struct dna_cache *cache = new_cache(10, 1000);
    int64_t expires_at = 0;
    (void)state;
    assert_int_equal(put(cache, "a", "1", NOW + 5, false), DNA_OK);
    assert_true(dna_cache_get(cache, dna_span_of("a"), NOW + 4, NULL, &expires_at));
    assert_int_equal(expires_at, NOW + 5);
    assert_string_equal(get(cache, "a", NOW + 4), "1");
    assert_string_equal(get(cache, "a", NOW + 5), "");
    assert_string_equal(get(cache, "b", NOW), "");
    dna_cache_free(cache);
}

static void a_pinned_entry_ends_too(void **state)
{
    struct dna_cache *cache = new_cache(1, 1000);
    (void)state;
    assert_int_equal(put(cache, "a", "1", NOW + 5, true), DNA_OK);
    assert_string_equal(get(cache, "a", NOW + 5), "");
    assert_int_equal(dna_cache_put(cache, dna_span_of("b"), dna_span_of("2"), NOW + 9, false,
                                   NOW + 5),
                     DNA_OK);
    assert_string_equal(get(cache, "b", NOW + 5), "2");
    assert_int_equal(dna_cache_count(cache), 1);
    dna_cache_free(cache);
}

static void what_has_ended_is_not_kept(void **state)
{
    struct dna_cache *cache = new_cache(10, 1000);
    (void)state;
    assert_int_equal(put(cache, "a", "1", NOW + 5, false), DNA_OK);
    assert_int_equal(put(cache, "a", "2", NOW, false), DNA_OK);
    assert_string_equal(get(cache, "a", NOW), "");
    assert_int_equal(dna_cache_count(cache), 0);
    dna_cache_free(cache);
}

static void the_newer_value_replaces(void **state)
{
    struct dna_cache *cache = new_cache(2, 1000);
    (void)state;
    assert_int_equal(put(cache, "a", "1", NOW + 5, false), DNA_OK);
    assert_int_equal(put(cache, "b", "2", NOW + 6, false), DNA_OK);
    assert_int_equal(put(cache, "a", "3", NOW + 7, true), DNA_OK);
    assert_string_equal(get(cache, "a", NOW + 6), "3");
    assert_string_equal(get(cache, "b", NOW), "2");
    assert_int_equal(dna_cache_count(cache), 2);
    dna_cache_drop(cache, dna_span_of("a"));
    dna_cache_drop(cache, dna_span_of("nobody"));
    assert_string_equal(get(cache, "a", NOW), "");
    assert_int_equal(dna_cache_count(cache), 1);
    dna_cache_free(cache);
}

static void the_soonest_to_end_makes_room(void **state)
{
    struct dna_cache *cache = new_cache(3, 1000);
    (void)state;
    assert_int_equal(put(cache, "late", "1", NOW + 30, false), DNA_OK);
    assert_int_equal(put(cache, "soon", "2", NOW + 10, false), DNA_OK);
    assert_int_equal(put(cache, "mid", "3", NOW + 20, false), DNA_OK);
    assert_int_equal(put(cache, "new", "4", NOW + 15, false), DNA_OK);
    assert_string_equal(get(cache, "soon", NOW), "");
    assert_string_equal(get(cache, "late", NOW), "1");
    assert_string_equal(get(cache, "mid", NOW), "3");
    assert_string_equal(get(cache, "new", NOW), "4");
    dna_cache_free(cache);
}

static void bytes_are_bounded(void **state)
{
    struct dna_cache *cache = new_cache(100, 10);
    (void)state;
    assert_int_equal(put(cache, "a", "123456789", NOW + 30, false), DNA_OK);
    assert_int_equal(put(cache, "a", "1234567890", NOW + 30, false), DNA_ERR_LIMIT);
    assert_string_equal(get(cache, "a", NOW), "123456789");
    assert_int_equal(put(cache, "b", "1234", NOW + 20, false), DNA_OK);
    assert_string_equal(get(cache, "a", NOW), "");
    assert_int_equal(put(cache, "c", "1234", NOW + 10, false), DNA_OK);
    assert_int_equal(dna_cache_count(cache), 2);
    dna_cache_free(cache);
}

/* S16: whoever makes ten thousand new names does not wash out what is remembered. */
static void a_flood_spares_pinned_entries(void **state)
{
    struct dna_cache *cache = new_cache(50, 2000);
    char key[40];
    (void)state;
    for (int i = 0; i < 20; i++) {
        (void)snprintf(key, sizeof key, "pinned%d", i);
        assert_int_equal(put(cache, key, "kept", NOW + 1 + i, true), DNA_OK);
    }
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof key, "flood%d.example", i);
        assert_int_equal(put(cache, key, "worth nothing", NOW + 100000 + i, false), DNA_OK);
        assert_true(dna_cache_count(cache) <= 50);
    }
    for (int i = 0; i < 20; i++) {
        (void)snprintf(key, sizeof key, "pinned%d", i);
        assert_string_equal(get(cache, key, NOW), "kept");
    }
    dna_cache_free(cache);
}

static void what_does_not_fit_beside_pinned_entries_is_refused(void **state)
{
    struct dna_cache *cache = new_cache(3, 20);
    (void)state;
    assert_int_equal(put(cache, "p", "123456789", NOW + 10, true), DNA_OK);
    assert_int_equal(put(cache, "x", "1234", NOW + 10, false), DNA_OK);
    assert_int_equal(put(cache, "y", "1234567890", NOW + 10, false), DNA_ERR_LIMIT);
    assert_string_equal(get(cache, "x", NOW), "1234"); /* nothing was given up for it */
    assert_int_equal(put(cache, "q", "1", NOW + 10, true), DNA_OK);
    assert_int_equal(put(cache, "r", "1", NOW + 10, true), DNA_OK);
    assert_int_equal(dna_cache_count(cache), 3);
    assert_int_equal(put(cache, "s", "1", NOW + 10, true), DNA_ERR_LIMIT);
    assert_int_equal(put(cache, "z", "1", NOW + 10, false), DNA_ERR_LIMIT);
    assert_int_equal(put(cache, "p", "12345", NOW + 10, true), DNA_OK);
    assert_string_equal(get(cache, "p", NOW), "12345");
    dna_cache_free(cache);
}

static void a_value_may_come_from_the_cache_itself(void **state)
{
    struct dna_cache *cache = new_cache(1, 100);
    struct dna_span value;
    (void)state;
    assert_int_equal(put(cache, "a", "borrowed", NOW + 5, false), DNA_OK);
    assert_true(dna_cache_get(cache, dna_span_of("a"), NOW, &value, NULL));
    assert_int_equal(dna_cache_put(cache, dna_span_of("b"), value, NOW + 9, false, NOW + 5),
                     DNA_OK);
    assert_string_equal(get(cache, "b", NOW), "borrowed");
    dna_cache_free(cache);
}

#define KEYS 64
#define ROOM 40

struct model {
    int64_t expires_at[KEYS]; /* 0: not there */
    bool pinned[KEYS];
};

/* The same by a search through an array. */
static void model_put(struct model *m, unsigned key, int64_t expires_at, bool pinned,
                      int64_t now)
{
    unsigned count = 0, victim = KEYS;
    for (unsigned i = 0; i < KEYS; i++) {
        if (m->expires_at[i] != 0 && m->expires_at[i] <= now) {
            m->expires_at[i] = 0;
        }
        if (m->expires_at[i] != 0 && i != key) {
            count++;
            if (!m->pinned[i] &&
                (victim == KEYS || m->expires_at[i] < m->expires_at[victim])) {
                victim = i;
            }
        }
    }
    if (count == ROOM) {
        assert_int_not_equal(victim, KEYS);
        m->expires_at[victim] = 0;
    }
    m->expires_at[key] = expires_at;
    m->pinned[key] = pinned;
}

static void agrees_with_an_array(void **state)
{
    struct dna_cache *cache = new_cache(ROOM, 100000);
    struct model m = {0};
    uint32_t random = 1;
    char text[16];
    (void)state;
    for (int64_t now = 1; now < 5000; now++) {
        unsigned key;
        int64_t expires_at;
        random = random * 1664525u + 1013904223u;
        key = (random >> 10) % KEYS;
        /* Ends differ from one another, so that the victim is never a matter of taste. */
        expires_at = now + 1 + (random >> 24) * 5000 + now;
        (void)snprintf(text, sizeof text, "k%u", key);
        assert_int_equal(dna_cache_put(cache, dna_span_of(text), dna_span_of(text), expires_at,
                                       key < ROOM / 4, now),
                         DNA_OK);
        model_put(&m, key, expires_at, key < ROOM / 4, now);
        for (unsigned i = 0; i < KEYS; i++) {
            (void)snprintf(text, sizeof text, "k%u", i);
            assert_string_equal(get(cache, text, now), m.expires_at[i] > now ? text : "");
        }
    }
    dna_cache_free(cache);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_cache *cache = NULL;
        if (dna_cache_new(failing_alloc_init(&f, n), 7, 30, 1000, &cache) == DNA_OK) {
            char key[16];
            for (int i = 0; i < 40; i++) {
                enum dna_err err;
                (void)snprintf(key, sizeof key, "k%d", i % 35);
                err = put(cache, key, "value", NOW + 1 + i, i % 5 == 0);
                assert_true(err == DNA_OK || (f.failed && err == DNA_ERR_MEMORY));
                if (err == DNA_OK || i < 35) {
                    assert_string_equal(get(cache, key, NOW), err == DNA_OK ? "value" : "");
                }
            }
            assert_true(dna_cache_count(cache) <= 30);
        }
        dna_cache_free(cache);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_ends_at_its_expiry),
        cmocka_unit_test(a_pinned_entry_ends_too),
        cmocka_unit_test(what_has_ended_is_not_kept),
        cmocka_unit_test(the_newer_value_replaces),
        cmocka_unit_test(the_soonest_to_end_makes_room),
        cmocka_unit_test(bytes_are_bounded),
        cmocka_unit_test(a_flood_spares_pinned_entries),
        cmocka_unit_test(what_does_not_fit_beside_pinned_entries_is_refused),
        cmocka_unit_test(a_value_may_come_from_the_cache_itself),
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
