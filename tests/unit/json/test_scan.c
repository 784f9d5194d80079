/* The depth of a document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <json/scan.h>

static const struct {
    const char *text;
    unsigned depth; /* the smallest that admits it */
} rows[] = {
    {"", 0},
    {"1", 0},
    {"[]", 1},
    {"{\"a\":[]}", 2},
    {"[[],[],[[]]]", 3},
    {"\"[[[[\"", 0},
    {"[\"\\\"[[\"]", 1},
    {"[\"\\\\\",[[]]]", 3}, /* the string ends: its backslash is escaped */
    {"]]]]", 0},
    {"]]][", 1},
};

static void counts_brackets_outside_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_span text = dna_span_of(rows[i].text);
        if (!dna_json_is_shallow(text, rows[i].depth) ||
            (rows[i].depth > 0 && dna_json_is_shallow(text, rows[i].depth - 1))) {
            fail_msg("%s is not %u deep", rows[i].text, rows[i].depth);
        }
    }
}

static void a_string_without_end_ends_with_the_text(void **state)
{
    (void)state;
    assert_true(dna_json_is_shallow((struct dna_span){"[\"[", 3}, 1));
    assert_true(dna_json_is_shallow((struct dna_span){"[\"\\", 3}, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_brackets_outside_strings),
        cmocka_unit_test(a_string_without_end_ends_with_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
