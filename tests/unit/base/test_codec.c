/* base64, hex and escaping, with the vectors of RFC 4648 10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>

static const struct {
    const char *text;
    const char *bytes; /* NULL: refused */
    enum dna_base64_padding padding;
} decodings[] = {
    {"", "", DNA_BASE64_PADDED},
    {"Zg==", "f", DNA_BASE64_PADDED},
    {"Zm8=", "fo", DNA_BASE64_PADDED},
    {"Zm9v", "foo", DNA_BASE64_PADDED},
    {"Zm9vYg==", "foob", DNA_BASE64_PADDED},
    {"Zm9vYmE=", "fooba", DNA_BASE64_PADDED},
    {"Zm9vYmFy", "foobar", DNA_BASE64_PADDED},
    {"Zm8", "fo", DNA_BASE64_LENIENT},
    {"Zm8=", "fo", DNA_BASE64_LENIENT},
    {"Zg", "f", DNA_BASE64_LENIENT},
    {"Zg=", NULL, DNA_BASE64_LENIENT},
    {"Zm8", NULL, DNA_BASE64_PADDED},
    {"Zg=", NULL, DNA_BASE64_PADDED},
    {"Z", NULL, DNA_BASE64_LENIENT},
    {"Zm9vY", NULL, DNA_BASE64_LENIENT},
    {"=", NULL, DNA_BASE64_PADDED},
    {"====", NULL, DNA_BASE64_PADDED},
    {"Zg===", NULL, DNA_BASE64_PADDED},
    {"Zm9v====", NULL, DNA_BASE64_PADDED},
    {"Zh==", NULL, DNA_BASE64_PADDED},
    {"Zm9=", NULL, DNA_BASE64_PADDED},
    {"Zm 9v", NULL, DNA_BASE64_LENIENT},
    {"Zm9v\n", NULL, DNA_BASE64_LENIENT},
    {"Zm-v", NULL, DNA_BASE64_LENIENT},
    {"Zm_v", NULL, DNA_BASE64_LENIENT},
    {"Z=9v", NULL, DNA_BASE64_LENIENT},
};

static void decodes_base64_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decodings / sizeof *decodings; i++) {
        unsigned char out[16];
        size_t len = 99;
        enum dna_err err = dna_base64_decode(dna_span_of(decodings[i].text),
                                             decodings[i].padding, out, sizeof out, &len);
        if (decodings[i].bytes == NULL) {
            assert_int_equal(err, DNA_ERR_FORMAT);
            continue;
        }
        assert_int_equal(err, DNA_OK);
        assert_int_equal(len, strlen(decodings[i].bytes));
        assert_memory_equal(out, decodings[i].bytes, len);
    }
}

static void respects_the_room(void **state)
{
    unsigned char out[2];
    char text[8];
    size_t len;
    (void)state;
    assert_int_equal(dna_base64_decode(dna_span_of("Zm9v"), DNA_BASE64_PADDED, out, 2, &len),
                     DNA_ERR_LIMIT);
    assert_int_equal(dna_hex_decode(dna_span_of("010203"), out, 2, &len), DNA_ERR_LIMIT);
    assert_int_equal(dna_base64_encode((const unsigned char *)"foob", 4, text, sizeof text),
                     DNA_ERR_LIMIT);
    assert_int_equal(dna_base64_encode((const unsigned char *)"foo", 3, text, 5), DNA_OK);
    assert_string_equal(text, "Zm9v");
    assert_int_equal(dna_base64_encode((const unsigned char *)"f", 1, text, 5), DNA_OK);
    assert_string_equal(text, "Zg==");
}

static void hex_both_ways(void **state)
{
    unsigned char out[4];
    char text[9];
    size_t len;
    (void)state;
    assert_int_equal(dna_hex_decode(dna_span_of("00Ff7a"), out, 4, &len), DNA_OK);
    assert_int_equal(len, 3);
    dna_hex_encode(out, len, text);
    assert_string_equal(text, "00ff7a");
    assert_int_equal(dna_hex_decode(dna_span_of("0"), out, 4, &len), DNA_ERR_FORMAT);
    assert_int_equal(dna_hex_decode(dna_span_of("0g"), out, 4, &len), DNA_ERR_FORMAT);
}

static const struct {
    const char *in, *out;
} escapes[] = {
    {"plain text", "plain text"},
    {"a\nb\r\t\"\\", "a\\nb\\r\\t\\\"\\\\"},
    {"\x1b[31m", "\\x1b[31m"},
    {"stra\xc3\x9f" "e", "stra\xc3\x9f" "e"},
    {"\xc3", "\\xc3"},
    {"\xc0\x80", "\\xc0\\x80"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xc2\x85", "\\xc2\\x85"},
    {"\xe2\x80\xae", "\\xe2\\x80\\xae"},
    {"\x7f", "\\x7f"},
};

static void escapes_what_could_deceive(void **state)
{
    char out[100];
    (void)state;
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
        size_t n = dna_escape(dna_span_of(escapes[i].in), out, sizeof out);
        assert_string_equal(out, escapes[i].out);
        assert_int_equal(n, strlen(out));
    }
    assert_int_equal(dna_escape((struct dna_span){"a\0b", 3}, out, sizeof out), 6);
    assert_string_equal(out, "a\\x00b");
}

static void cuts_visibly(void **state)
{
    char out[12];
    (void)state;
    for (size_t room = 1; room <= sizeof out; room++) {
        size_t n = dna_escape(dna_span_of("abcdefgh\n\n\n\n\n\n"), out, room);
        assert_int_equal(n, strlen(out));
        assert_true(n < room);
        if (room > 4) {
            assert_string_equal(out + n - 3, "...");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_base64_strictly), cmocka_unit_test(respects_the_room),
        cmocka_unit_test(hex_both_ways),           cmocka_unit_test(escapes_what_could_deceive),
        cmocka_unit_test(cuts_visibly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
