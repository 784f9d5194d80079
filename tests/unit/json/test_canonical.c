/* Canonical JSON: one form for each value, whatever is written differently is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <json/canonical.h>

static enum dna_err read_in(struct dna_arena *arena, struct dna_span text,
                            struct dna_json **out, size_t *at)
{
    const char *why;
    return dna_json_read(arena, text, 4, out, at, &why);
}

static void accepted(void **state)
{
    static const char *const rows[] = {
        "null", "true", "false", "0", "7", "-1", "9223372036854775807",
        "-9223372036854775808", "\"\"", "\"abc\"", "\"a\\\"b\\\\c\"", "\"\\u0001\\u007f\\u00ff\"",
        "[]", "{}", "[1,2,[3]]", "{\"a\":1,\"b\":{\"a\":null}}", "{\"\":[]}", "[[[[]]]]",
        "{\"\\u00e9\":\"/\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_arena arena;
        struct dna_json *value;
        struct dna_buf buf;
        size_t at;
        dna_arena_init(&arena, NULL, 65536);
        dna_buf_init(&buf, NULL, 65536);
        assert_int_equal(read_in(&arena, dna_span_of(rows[i]), &value, &at), DNA_OK);
        assert_int_equal(dna_json_write(value, &buf), DNA_OK);
        if (!dna_span_is(dna_buf_span(&buf), rows[i])) {
            fail_msg("%s became %.*s", rows[i], DNA_SPAN_FMT(dna_buf_span(&buf)));
        }
        dna_buf_fini(&buf);
        dna_arena_fini(&arena);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        {"", 0}, {" 1", 0}, {"1 ", 1}, {"01", 0}, {"-0", 0}, {"-", 0}, {"+1", 0}, {"1.0", 1},
        {"1e3", 1}, {"9223372036854775808", 18}, {"-9223372036854775809", 19},
        {"nul", 0}, {"True", 0}, {"[1,]", 3}, {"[1 ,2]", 2}, {"[1", 2}, {"{\"a\":1", 6},
        {"{a:1}", 1}, {"{\"a\" :1}", 4}, {"{\"a\":1,\"a\":2}", 10}, {"{\"a\":1,}", 7},
        {"\"", 1}, {"\"\\", 2}, {"\"\\n\"", 2}, {"\"\\/\"", 2}, {"\"\\u0041\"", 2},
        {"\"\\u00E9\"", 2}, {"\"\\u0000\"", 2}, {"\"\\u0100\"", 2}, {"\"\\u00e\"", 2},
        {"\"\xc3\xa9\"", 1}, {"\"\t\"", 1}, {"\"\x7f\"", 1}, {"[[[[[]]]]]", 5}, {"1,2", 1},
        {"{\"a\":1}{", 7}, {"'a'", 0}, {"NaN", 0}, {"\"a", 2}, {"{\"a", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_arena arena;
        struct dna_json *value;
        size_t at = 999;
        dna_arena_init(&arena, NULL, 65536);
        if (read_in(&arena, dna_span_of(rows[i].text), &value, &at) != DNA_ERR_FORMAT ||
            at != rows[i].at) {
            fail_msg("%s: at %zu", rows[i].text, at);
        }
        dna_arena_fini(&arena);
    }
}

static void limits(void **state)
{
    static char many[4096] = "{";
    struct dna_arena arena;
    struct dna_json *value;
    size_t len = 1, at;
    (void)state;
    for (char a = 'a'; a < 'k'; a++) {
        for (char b = 'a'; b < 'k'; b++) {
            char member[] = {'"', a, b, '"', ':', '1', ','};
            memcpy(many + len, member, sizeof member);
            len += sizeof member;
        }
    }
    many[len - 1] = '}';
    dna_arena_init(&arena, NULL, 65536);
    assert_int_equal(read_in(&arena, (struct dna_span){many, len}, &value, &at),
                     DNA_ERR_FORMAT);
    dna_arena_fini(&arena);
    dna_arena_init(&arena, NULL, 200);
    assert_int_equal(read_in(&arena, dna_span_of("[1,2,3,4,5,6]"), &value, &at),
                     DNA_ERR_LIMIT);
    dna_arena_fini(&arena);
}

static void made(void **state)
{
    struct dna_arena arena;
    struct dna_json_maker maker = {&arena, DNA_OK};
    struct dna_json *root, *list, *taken;
    struct dna_buf buf;
    (void)state;
    dna_arena_init(&arena, NULL, 65536);
    dna_buf_init(&buf, NULL, 65536);
    root = dna_json_add(&maker, NULL, NULL, DNA_JSON_OBJECT);
    dna_json_add_number(&maker, root, "n", -5);
    dna_json_add_flag(&maker, root, "f", true);
    dna_json_add_text(&maker, root, "none", NULL);
    dna_json_add_bytes(&maker, root, "b", dna_span_of("abc"));
    list = dna_json_add(&maker, root, "l", DNA_JSON_ARRAY);
    dna_json_add_text(&maker, list, NULL, "x\n");
    assert_int_equal(maker.err, DNA_OK);
    assert_int_equal(dna_json_write(root, &buf), DNA_OK);
    assert_true(dna_span_is(dna_buf_span(&buf), "{\"n\":-5,\"f\":true,\"none\":null,\"b\":\"YWJj\","
                                                "\"l\":[\"x\\u000a\"]}"));
    assert_null(dna_json_take(root, "zz"));
    taken = dna_json_take(root, "l");
    assert_ptr_equal(taken, list);
    assert_ptr_equal(root->last, dna_json_member(root, "b"));
    assert_false(dna_json_equal(root, list));
    dna_json_add_span(&maker, root, "nul", (struct dna_span){"a\0b", 3});
    assert_int_equal(maker.err, DNA_ERR_FORMAT);
    dna_buf_fini(&buf);
    dna_arena_fini(&arena);
}

static void without_memory(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        struct dna_arena arena;
        struct dna_json *value;
        size_t at;
        enum dna_err err;
        dna_arena_init(&arena, failing_alloc_init(&f, n), 65536);
        err = read_in(&arena, dna_span_of("{\"a\":[\"b\",1]}"), &value, &at);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_arena_fini(&arena);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(refused),        cmocka_unit_test(limits),
        cmocka_unit_test(made),     cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
