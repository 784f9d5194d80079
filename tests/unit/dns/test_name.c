/* Names: one canonical form, or none at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mod_dna/dns.h>

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

static const struct {
    const char *in;
    const char *out; /* NULL: refused */
} names[] = {
    {"example.com", "example.com"},
    {"EXAMPLE.Com", "example.com"},
    {"example.com.", "example.com"},
    {"localhost", "localhost"},
    {"a-b.c1", "a-b.c1"},
    {"3com.example", "3com.example"},
    {L63 ".example", L63 ".example"},
    {L63 "d.example", NULL},
    {L63 "." L63 "." L63 "." L63, NULL},
    {"", NULL},
    {".", NULL},
    {"..", NULL},
    {"example..com", NULL},
    {".example.com", NULL},
    {"example.com..", NULL},
    {"-a.example", NULL},
    {"a-.example", NULL},
    {"a-", NULL},
    {"a_b.example", NULL},
    {"a b.example", NULL},
    {"a/b", NULL},
    {"a@b", NULL},
    {"a:5269", NULL},
    {"ab--cd.example", NULL}, /* reserved LDH label that is no A-label */
    /* internationalised */
    {"b\xc3\xbc" "cher.example", "xn--bcher-kva.example"},
    {"B\xc3\xbc" "cher.EXAMPLE", "xn--bcher-kva.example"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example"},
    {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
    {"xn--a.example", NULL},
    {"xn--.example", NULL},
    {"b\xc3.example", NULL},
    /* what servers read differently (S17) */
    {"stra\xc3\x9f" "e.example", NULL},                 /* sharp s */
    {"\xcf\x83\xcf\x82.example", NULL},                 /* final sigma */
    {"a\xe2\x80\x8d" "b.example", NULL},                /* ZWJ */
    {"a\xe2\x80\x8c" "b.example", NULL},                /* ZWNJ */
    {"a\xc2\xad" "b.example", NULL},                    /* soft hyphen */
    {"\xef\xbd\x81" "bc.example", NULL},                /* fullwidth a */
    {"example\xe3\x80\x82" "com", NULL},                /* ideographic full stop */
    {"example\xef\xbc\x8e" "com", NULL},                /* fullwidth full stop */
    {"bu\xcc\x88" "cher.example", NULL},                /* not NFC */
    {"B\xc3\x9c" "CHER.example", NULL},                 /* upper case that IDNA maps */
    /* addresses */
    {"192.0.2.1", "192.0.2.1"},
    {"127.1", NULL},
    {"0x7f.1", NULL},
    {"0177.0.0.1", NULL},
    {"2130706433", NULL},
    {"0x7f000001", NULL},
    {"1.2.3.0x4", NULL},
    {"256.1.1.1", NULL},
    {"[::1]", "[::1]"},
    {"[2001:DB8:0:0::1]", "[2001:db8::1]"},
    {"[::1", NULL},
    {"[fe80::1%eth0]", NULL},
    {"::1", NULL},
};

static void one_form_or_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dna_name name = {"untouched"}, again;
        enum dna_err err = dna_name_parse(dna_span_of(names[i].in), &name);
        if (names[i].out == NULL) {
            if (err != DNA_ERR_FORMAT) {
                fail_msg("%s was read as %s", names[i].in, name.text);
            }
            assert_string_equal(name.text, "untouched");
            continue;
        }
        if (err != DNA_OK) {
            fail_msg("%s was refused", names[i].in);
        }
        assert_string_equal(name.text, names[i].out);
        assert_int_equal(dna_name_parse(dna_span_of(name.text), &again), DNA_OK);
        assert_string_equal(again.text, name.text);
    }
}

static void nul_bytes_end_nothing(void **state)
{
    struct dna_name name;
    (void)state;
    assert_int_equal(dna_name_parse((struct dna_span){"a.example\0.b", 12}, &name),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_name_parse((struct dna_span){"\xc3\xbc\0.b", 5}, &name),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_name_parse((struct dna_span){"1.2.3.4\0", 8}, &name),
                     DNA_ERR_FORMAT);
}

static const struct {
    const char *jid, *domain;
} jids[] = {
    {"example.com", "example.com"},
    {"alice@Example.com", "example.com"},
    {"alice@example.com/balcony", "example.com"},
    {"example.com/a@b/c", "example.com"},
    {"alice@example.com/a@evil.example", "example.com"},
    {"alice@example.com.", NULL},
    {"example.com.", NULL},
    {"", NULL},
    {"@example.com", NULL},
    {"alice@", NULL},
    {"alice@/r", NULL},
    {"/r", NULL},
    {"example.com/", NULL},
    {"a@b@example.com", NULL},
    {"a b@example.com", NULL},
    {"a<@example.com", NULL},
    {"a@[::1]/r", "[::1]"},
};

static void finds_the_domain_of_an_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof jids / sizeof *jids; i++) {
        struct dna_name name;
        enum dna_err err = dna_name_of_jid(dna_span_of(jids[i].jid), &name);
        if ((err == DNA_OK) != (jids[i].domain != NULL)) {
            fail_msg("%s: %s", jids[i].jid, dna_err_name(err));
        }
        if (jids[i].domain != NULL) {
            assert_string_equal(name.text, jids[i].domain);
        }
    }
}

static void knows_its_relatives(void **state)
{
    struct dna_name name, address;
    char text[64];
    (void)state;
    assert_int_equal(dna_name_parse(dna_span_of("im.example.com"), &name), DNA_OK);
    assert_int_equal(dna_name_parse(dna_span_of("192.0.2.1"), &address), DNA_OK);
    assert_int_equal(dna_name_labels(&name), 3);
    assert_int_equal(dna_name_labels(&address), 0);
    assert_true(dna_name_is_address(&address));
    assert_false(dna_name_is_address(&name));
    assert_string_equal(dna_name_parent("im.example.com"), "example.com");
    assert_null(dna_name_parent("com"));
    assert_true(dna_name_is_under("im.example.com", "example.com"));
    assert_true(dna_name_is_under("example.com", "example.com"));
    assert_false(dna_name_is_under("notexample.com", "example.com"));
    assert_false(dna_name_is_under("com", "example.com"));
    assert_false(dna_name_is_under("example.com", ""));
    assert_int_equal(dna_name_parse(dna_span_of("xn--bcher-kva.example"), &name), DNA_OK);
    assert_int_equal(dna_name_display(&name, text, sizeof text), DNA_OK);
    assert_string_equal(text, "b\xc3\xbc" "cher.example");
    assert_int_equal(dna_name_display(&name, text, 5), DNA_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_form_or_none),
        cmocka_unit_test(nul_bytes_end_nothing),
        cmocka_unit_test(finds_the_domain_of_an_address),
        cmocka_unit_test(knows_its_relatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
