/* The strings of a TXT record, joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dns/txt.h>

static void joined(void **state)
{
#define RDATA(text) {text, sizeof text - 1}
    static const struct {
        struct dna_span rdata;
        const char *text;
        enum dna_err err;
    } rows[] = {
        {RDATA("\003abc"), "abc", DNA_OK},
        {RDATA("\001a\002bc"), "abc", DNA_OK},
        {RDATA("\000\003abc\000"), "abc", DNA_OK},
        {RDATA("\000"), "", DNA_OK},
        {RDATA("\004abcd\004efgh"), "abcdefgh", DNA_OK},
        {RDATA("\004abcd\005efghi"), "abcdefgh", DNA_ERR_LIMIT},
        {RDATA("\011abcdefghi"), "abcdefgh", DNA_ERR_LIMIT},
        {RDATA(""), "", DNA_ERR_FORMAT},
        {RDATA("\004abc"), "", DNA_ERR_FORMAT},
        {RDATA("\003abc\001"), "", DNA_ERR_FORMAT},
        {RDATA("\377abc"), "", DNA_ERR_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[8];
        size_t len = 99;
        assert_int_equal(dna_txt_join(rows[i].rdata, text, sizeof text, &len), rows[i].err);
        assert_true(dna_span_is((struct dna_span){text, len}, rows[i].text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
