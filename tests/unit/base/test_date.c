/* Dates as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/date.h>

static void dates(void **state)
{
    static const struct {
        const char *text;
        int64_t at;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59Z", -1},
        {"2026-11-01T00:00:00Z", 1793491200},
        {"2027-01-15T08:00:00Z", 1800000000},
        {"2027-01-15T08:00:00.999Z", 1800000000},
        {"2024-02-29T12:34:56Z", 1709210096},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2016-12-31T23:59:60Z", 1483228800},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"0001-01-01T00:00:00Z", -62135596800},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t at;
        assert_int_equal(dna_date_parse(dna_span_of(rows[i].text), &at), DNA_OK);
        assert_true(at == rows[i].at);
    }
}

static void no_dates(void **state)
{
    static const char *const rows[] = {
        "", "2026", "2026-11-01", "2026-11-01T00:00:00", "2026-11-01T00:00:00z",
        "2026-11-01t00:00:00Z", "2026-11-01 00:00:00Z", "2026-11-01T00:00:00+00:00",
        "2026-11-01T00:00:00Z ", " 2026-11-01T00:00:00Z", "2026-11-01T00:00:00.Z",
        "2026-11-01T00:00:00.1", "2026-11-01T00:00:00,1Z", "2026-11-01T00:00:00ZZ",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2026-11-01T24:00:00Z", "2026-11-01T00:60:00Z", "2026-11-01T00:00:61Z",
        "0000-01-01T00:00:00Z", "-026-11-01T00:00:00Z", "2026-1-001T00:00:00Z",
        "2026-11-01T+0:00:00Z", "12026-11-01T00:00:00Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t at;
        if (dna_date_parse(dna_span_of(rows[i]), &at) != DNA_ERR_FORMAT) {
            fail_msg("\"%s\" is a date", rows[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(no_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
