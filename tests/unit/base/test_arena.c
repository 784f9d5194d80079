/* Arenas: alignment, limits, reuse after a reset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/arena.h>
#include <failing_alloc.h>

static void hands_out_aligned_memory(void **state)
{
    struct dna_arena arena;
    (void)state;
    dna_arena_init(&arena, NULL, 1 << 20);
    for (size_t size = 0; size < 3000; size += 7) {
        char *p = dna_arena_get(&arena, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 0x5a, size);
    }
    dna_arena_fini(&arena);
}

static void keeps_to_its_limit(void **state)
{
    struct dna_arena arena;
    (void)state;
    dna_arena_init(&arena, NULL, 64);
    assert_null(dna_arena_get(&arena, 65));
    assert_null(dna_arena_get(&arena, SIZE_MAX));
    assert_null(dna_arena_zero(&arena, SIZE_MAX / 2, 4));
    assert_non_null(dna_arena_get(&arena, 40));
    assert_null(dna_arena_get(&arena, 40));
    dna_arena_reset(&arena);
    assert_non_null(dna_arena_get(&arena, 40));
    dna_arena_fini(&arena);
}

static void reset_allocates_nothing_new(void **state)
{
    struct failing_alloc f;
    struct dna_arena arena;
    (void)state;
    dna_arena_init(&arena, failing_alloc_init(&f, 1), 1000);
    for (int i = 0; i < 100; i++) {
        struct dna_span copy;
        assert_string_equal(dna_arena_text(&arena, dna_span_of("element")), "element");
        assert_int_equal(dna_arena_span(&arena, dna_span_of("x"), &copy), DNA_OK);
        dna_arena_reset(&arena);
    }
    assert_int_equal(f.seen, 1);
    dna_arena_fini(&arena);
    assert_int_equal(f.outstanding, 0);
}

static void reports_exhaustion(void **state)
{
    struct failing_alloc f;
    struct dna_arena arena;
    struct dna_span copy;
    (void)state;
    dna_arena_init(&arena, failing_alloc_init(&f, 0), 1000);
    assert_int_equal(dna_arena_span(&arena, dna_span_of("x"), &copy), DNA_ERR_MEMORY);
    dna_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_aligned_memory),
        cmocka_unit_test(keeps_to_its_limit),
        cmocka_unit_test(reset_allocates_nothing_new),
        cmocka_unit_test(reports_exhaustion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
