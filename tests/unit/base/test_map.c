/* Maps against a plain array, through growth, removal and lack of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/map.h>
#include <failing_alloc.h>

#define KEYS 500

static struct dna_span key_of(unsigned i, char text[16])
{
    (void)snprintf(text, 16, "d%u.example", i);
    return dna_span_of(text);
}

static void agrees_with_an_array(void **state)
{
    static char there[KEYS];
    struct dna_map *map;
    uint32_t random = 1;
    size_t count = 0, cursor = 0, seen = 0;
    struct dna_span key;
    void *value;
    char text[16];
    (void)state;
    assert_int_equal(dna_map_new(NULL, 42, &map), DNA_OK);
    for (int step = 0; step < 20000; step++) {
        unsigned i;
        random = random * 1664525u + 1013904223u;
        i = (random >> 8) % KEYS;
        key = key_of(i, text);
        if (random >> 31) {
            assert_int_equal(dna_map_set(map, key, &there[i]), DNA_OK);
            count += !there[i];
            there[i] = 1;
        } else {
            assert_ptr_equal(dna_map_remove(map, key), there[i] ? &there[i] : NULL);
            count -= there[i] != 0;
            there[i] = 0;
        }
        assert_int_equal(dna_map_count(map), count);
    }
    for (unsigned i = 0; i < KEYS; i++) {
        assert_ptr_equal(dna_map_get(map, key_of(i, text)), there[i] ? &there[i] : NULL);
    }
    while (dna_map_next(map, &cursor, &key, &value)) {
        assert_ptr_equal(dna_map_get(map, key), value);
        seen++;
    }
    assert_int_equal(seen, count);
    dna_map_free(map);
}

static void keys_are_bytes(void **state)
{
    struct dna_map *map;
    int a, b;
    (void)state;
    assert_int_equal(dna_map_new(NULL, 0, &map), DNA_OK);
    assert_null(dna_map_get(map, dna_span_of("x")));
    assert_null(dna_map_remove(map, dna_span_of("x")));
    assert_int_equal(dna_map_set(map, (struct dna_span){"k\0a", 3}, &a), DNA_OK);
    assert_int_equal(dna_map_set(map, (struct dna_span){"k\0b", 3}, &b), DNA_OK);
    assert_ptr_equal(dna_map_get(map, (struct dna_span){"k\0a", 3}), &a);
    assert_null(dna_map_get(map, dna_span_of("k")));
    dna_map_free(map);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_map *map = NULL;
        char text[16];
        unsigned added = 0;
        if (dna_map_new(failing_alloc_init(&f, n), 7, &map) == DNA_OK) {
            while (added < 40 && dna_map_set(map, key_of(added, text), map) == DNA_OK) {
                added++;
            }
            assert_int_equal(dna_map_count(map), added);
            for (unsigned i = 0; i < added; i++) {
                assert_non_null(dna_map_get(map, key_of(i, text)));
            }
            dna_map_free(map);
        }
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(keys_are_bytes),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
