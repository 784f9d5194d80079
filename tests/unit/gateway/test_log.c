/* Lines of the log and the trace: what a peer sends cannot pose as anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log.h"

/* One line without its time, which must look like one; the caller frees it. */
static char *line_of(const char *key, struct dna_span value)
{
    char *text, *rest;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct dna_log log = gateway_log_sink(out, DNA_LOG_INFO);
    const struct dna_log_field field = {key, value};
    log.write(log.arg, DNA_LOG_INFO, "event", &field, 1);
    assert_int_equal(fclose(out), 0);
    assert_true(strlen(text) > 25);
    assert_int_equal(text[10], 'T');
    assert_int_equal(text[23], 'Z');
    rest = strdup(text + 25);
    free(text);
    return rest;
}

static void values(void **state)
{
    static const struct {
        const char *value;
        size_t len;
        const char *line;
    } cases[] = {
        {"a.example", 9, "INFO event k=a.example\n"},
        {"", 0, "INFO event k=\"\"\n"},
        {"two words", 9, "INFO event k=\"two words\"\n"},
        {"a=b", 3, "INFO event k=\"a=b\"\n"},
        {"say \"hi\"", 8, "INFO event k=\"say \\\"hi\\\"\"\n"},
        {"back\\slash", 10, "INFO event k=\"back\\\\slash\"\n"},
        {"x\nINFO ruling ruling=PROVEN", 27, "INFO event k=\"x\\nINFO ruling "
         "ruling=PROVEN\"\n"},
        {"\r\t", 2, "INFO event k=\"\\r\\t\"\n"},
        {"\x1b[2J", 4, "INFO event k=\"\\x1b[2J\"\n"},
        {"\0\x7f", 2, "INFO event k=\"\\x00\\x7f\"\n"},
        {"stra\xc3\x9f" "e", 7, "INFO event k=\"stra\\xc3\\x9fe\"\n"},
        {"\x9b" "31m", 4, "INFO event k=\"\\x9b31m\"\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *line = line_of("k", (struct dna_span){cases[i].value, cases[i].len});
        assert_string_equal(line, cases[i].line);
        free(line);
    }
}

static void lines_below_the_level_are_not_made(void **state)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct dna_log log = gateway_log_sink(out, DNA_LOG_WARNING);
    (void)state;
    gateway_log(&log, DNA_LOG_INFO, "event", "k", "v", NULL);
    assert_int_equal(fflush(out), 0);
    assert_string_equal(text, "");
    gateway_log(&log, DNA_LOG_WARNING, "event", "k", "v", "l", "w x", NULL);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text + 25, "WARNING event k=v l=\"w x\"\n");
    free(text);
}

static void a_trace_is_one_line_per_read_or_write(void **state)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    (void)state;
    gateway_trace(out, 7, true, dna_span_of("<valid to=\"a\"/>\n"));
    gateway_trace(out, 7, false, (struct dna_span){"<b>\0\xff", 5});
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "Z 7 > <valid to=\\\"a\\\"/>\\n\n"));
    assert_non_null(strstr(text, "Z 7 < <b>\\x00\\xff\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(lines_below_the_level_are_not_made),
        cmocka_unit_test(a_trace_is_one_line_per_read_or_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
