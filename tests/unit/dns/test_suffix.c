/* Public suffixes: no anchor may sit where strangers register. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dns/suffix.h>

static void both_sections_and_single_labels(void **state)
{
    static const struct {
        const char *name;
        bool is_public;
    } rows[] = {
        {"com", true},        {"co.uk", true},          {"uk.com", true},
        {"github.io", true},  {"kawasaki.jp", true},    {"x.kawasaki.jp", true},
        {"madeup", true},     {"localhost", true},      {"xn--p1ai", true},
        {"example.com", false}, {"example.co.uk", false}, {"shop.uk.com", false},
        {"city.kawasaki.jp", false}, {"example.madeup", false},
        {"im.example.com", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (dna_suffix_is_public(rows[i].name) != rows[i].is_public) {
            fail_msg("%s", rows[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_sections_and_single_labels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
