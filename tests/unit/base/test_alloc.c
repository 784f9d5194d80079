/* The allocator hook: every request goes through it, and none overflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/alloc.h>
#include <failing_alloc.h>

static void goes_through_the_hook(void **state)
{
    struct failing_alloc f;
    const struct dna_alloc *a = failing_alloc_init(&f, 3);
    void *one = dna_alloc_get(a, 0), *two = dna_alloc_zero(a, 3, 4);
    char *text = dna_alloc_text(a, (struct dna_span){"abc", 2});
    (void)state;
    assert_non_null(one);
    assert_memory_equal(two, "\0\0\0\0\0\0\0\0\0\0\0\0", 12);
    assert_string_equal(text, "ab");
    assert_null(dna_alloc_resize(a, text, 100));
    assert_string_equal(text, "ab");
    assert_int_equal(f.outstanding, 3);
    dna_alloc_release(a, one);
    dna_alloc_release(a, two);
    dna_alloc_release(a, text);
    dna_alloc_release(a, NULL);
    assert_int_equal(f.outstanding, 0);
}

static void refuses_overflow(void **state)
{
    (void)state;
    assert_null(dna_alloc_zero(NULL, SIZE_MAX / 2, 3));
    assert_null(dna_alloc_text(NULL, (struct dna_span){"", SIZE_MAX}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_through_the_hook),
        cmocka_unit_test(refuses_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
