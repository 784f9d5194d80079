/* POSH documents: what RFC 7711 allows, and everything that must be nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <failing_alloc.h>
#include <json/posh_document.h>

/* The first example of RFC 7711, 3.1. */
#define A256 "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ="
#define B256 "otyLADSKjRDjVpj8X7/hmCAD5C7Qe+PedcmYV7cUncE="
#define Z64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define Z512 Z64 "AAAAAAAAAAAAAAAAAAAAAA=="
#define EXPIRES ",\"expires\":604800"
#define PRINTS(list) "{\"fingerprints\":[" list "]" EXPIRES "}"
#define LIFE (30 * 24 * 3600)

static const struct {
    const char *text;
    int64_t expires; /* -1: the document is refused */
    size_t prints, unsupported;
    const char *url;
} rows[] = {
    {PRINTS("{\"sha-256\":\"" A256 "\"}"), 604800, 1, 0, NULL},
    {PRINTS("{\"sha-256\":\"" A256 "\"},{\"sha-256\":\"" B256 "\"}"), 604800, 2, 0, NULL},
    {PRINTS("{\"sha-384\":\"" Z64 "\"}"), 604800, 1, 0, NULL},
    {PRINTS("{\"sha-512\":\"" Z512 "\"}"), 604800, 1, 0, NULL},
    {PRINTS("{\"sha-1\":\"x\",\"sha-256\":\"" A256 "\",\"sha-512\":\"" Z512 "\"}"), 604800, 2,
     1, NULL},
    {PRINTS("{\"sha-1\":\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"}"), 604800, 0, 1, NULL},
    {PRINTS("{\"SHA-256\":\"" A256 "\"}"), 604800, 0, 1, NULL},
    {" \r\n\t" PRINTS("{\"sha-256\":\"" A256 "\"}") "\n", 604800, 1, 0, NULL},
    {"{\"url\":\"https://h.example/x.json\",\"expires\":86400}", 86400, 0, 0,
     "https://h.example/x.json"},
    {"{\"url\":\"HTTPS://h.example/\",\"expires\":1}", 1, 0, 0, "HTTPS://h.example/"},
    {"{\"url\":\"https://h.example/\",\"expires\":1,\"more\":{\"a\":[1.5,null]}}", 1, 0, 0,
     "https://h.example/"},
    /* padding may be missing; nothing else may */
    {PRINTS("{\"sha-256\":\"4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ\"}"), 604800, 1, 0,
     NULL},
    {PRINTS("{\"sha-256\":\"4_mggdlVx8A3pvHAWW5sD-qJyMtUHgiRuPjVC48N0XQ\"}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"4/mggdlVx8A3pvHA WW5sD+qJyMtUHgiRuPjVC48N0XQ=\"}"), -1, 0, 0,
     NULL},
    {PRINTS("{\"sha-256\":\" " A256 "\"}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"" A256 "=\"}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XR=\"}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"4/mggdlVx8A3pvHAWW5sDw==\"}"), -1, 0, 0, NULL}, /* short */
    {PRINTS("{\"sha-256\":\"" Z64 "\"}"), -1, 0, 0, NULL},                 /* long */
    {PRINTS("{\"sha-512\":\"" Z512 Z64 "\"}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"\"}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":7}"), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":null}"), -1, 0, 0, NULL},
    {PRINTS(""), -1, 0, 0, NULL},
    {PRINTS("{}"), -1, 0, 0, NULL},
    {PRINTS("\"" A256 "\""), -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"" A256 "\"},[]"), -1, 0, 0, NULL},
    {"{\"fingerprints\":{\"sha-256\":\"" A256 "\"}" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"fingerprints\":null" EXPIRES "}", -1, 0, 0, NULL},
    /* neither, both */
    {"{\"expires\":1}", -1, 0, 0, NULL},
    {"{\"fingerprints\":[{\"sha-256\":\"" A256 "\"}],\"url\":\"https://h.example/\"" EXPIRES
     "}", -1, 0, 0, NULL},
    {"{\"fingerprints\":[{\"sha-256\":\"" A256 "\"}],\"url\":null" EXPIRES "}", -1, 0, 0,
     NULL},
    /* where a reference may lead */
    {"{\"url\":\"http://h.example/\"" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"url\":\"https://\"" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"url\":\"//h.example/\"" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/ x\"" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\\n\"" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"url\":\"https://b\xc3\xbc" "cher.example/\"" EXPIRES "}", -1, 0, 0, NULL},
    {"{\"url\":[\"https://h.example/\"]" EXPIRES "}", -1, 0, 0, NULL},
    /* expires */
    {"{\"url\":\"https://h.example/\",\"expires\":0}", 0, 0, 0, "https://h.example/"},
    {"{\"url\":\"https://h.example/\",\"expires\":2592000}", LIFE, 0, 0,
     "https://h.example/"},
    {"{\"url\":\"https://h.example/\",\"expires\":2592001}", LIFE, 0, 0,
     "https://h.example/"},
    {"{\"url\":\"https://h.example/\",\"expires\":9223372036854775807}", LIFE, 0, 0,
     "https://h.example/"},
    {"{\"url\":\"https://h.example/\",\"expires\":9223372036854775808}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1e999}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\"}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":-1}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1.5}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1.0}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1e3}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":\"1\"}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":true}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":null}", -1, 0, 0, NULL},
    /* duplicates */
    {"{\"url\":\"https://a.example/\",\"url\":\"https://b.example/\",\"expires\":1}", -1, 0, 0,
     NULL},
    {"{\"url\":\"https://a.example/\",\"expires\":1,\"expires\":2}", -1, 0, 0, NULL},
    {"{\"url\":\"https://a.example/\",\"expires\":1,\"\\u0065xpires\":2}", -1, 0, 0, NULL},
    {PRINTS("{\"sha-256\":\"" A256 "\",\"sha-256\":\"" B256 "\"}"), -1, 0, 0, NULL},
    /* not (only) JSON */
    {"", -1, 0, 0, NULL},
    {"[]", -1, 0, 0, NULL},
    {"null", -1, 0, 0, NULL},
    {"\"x\"", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1}x", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1}{}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1,}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1", -1, 0, 0, NULL},
    {"/* */{\"url\":\"https://h.example/\",\"expires\":1}", -1, 0, 0, NULL},
    {"\xef\xbb\xbf{\"url\":\"https://h.example/\",\"expires\":1}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\\u0000\",\"expires\":1}", -1, 0, 0, NULL},
    {"{\"url\":\"https://h.example/\",\"expires\":1,\"x\":\"\xc3\"}", -1, 0, 0, NULL},
    {"<html></html>", -1, 0, 0, NULL},
};

static void reads_what_is_proper_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_posh_document document;
        const char *why = NULL;
        enum dna_err err = dna_posh_parse(NULL, dna_span_of(rows[i].text), &document, &why);
        if (err != (rows[i].expires >= 0 ? DNA_OK : DNA_ERR_FORMAT)) {
            fail_msg("%s: %s (%s)", rows[i].text, dna_err_name(err), why);
        }
        if (err != DNA_OK) {
            assert_true(why[0] != '\0');
            assert_null(document.url);
            assert_null(document.fingerprints);
            continue;
        }
        assert_int_equal(document.expires, rows[i].expires);
        assert_int_equal(document.n_fingerprints, rows[i].prints);
        assert_int_equal(document.n_unsupported, rows[i].unsupported);
        assert_int_equal(document.kind, rows[i].url != NULL ? DNA_POSH_REFERENCE
                                                            : DNA_POSH_FINGERPRINTS);
        if (rows[i].url != NULL) {
            assert_string_equal(document.url, rows[i].url);
        }
        dna_posh_fini(&document);
    }
}

static void keeps_order_and_bytes(void **state)
{
    static const char text[] =
        PRINTS("{\"sha-512\":\"" Z512 "\"},{\"sha-256\":\"" A256 "\"},{\"sha-256\":\"" B256
               "\"}");
    static const char *const expected[] = {Z512, A256, B256};
    static const enum dna_posh_hash kinds[] = {DNA_POSH_SHA512, DNA_POSH_SHA256,
                                               DNA_POSH_SHA256};
    struct dna_posh_document document;
    const char *why;
    (void)state;
    assert_int_equal(dna_posh_parse(NULL, dna_span_of(text), &document, &why), DNA_OK);
    assert_int_equal(document.n_fingerprints, 3);
    for (size_t i = 0; i < 3; i++) {
        char again[100];
        assert_int_equal(document.fingerprints[i].hash, kinds[i]);
        assert_int_equal(dna_base64_encode(document.fingerprints[i].digest, i == 0 ? 64 : 32,
                                           again, sizeof again),
                         DNA_OK);
        assert_string_equal(again, expected[i]);
    }
    dna_posh_fini(&document);
}

static void a_nul_byte_is_no_end(void **state)
{
    static const char text[] = "{\"url\":\"https://h.example/\",\"expires\":1}\0{}";
    struct dna_posh_document document;
    const char *why;
    (void)state;
    assert_int_equal(dna_posh_parse(NULL, (struct dna_span){text, sizeof text - 1}, &document,
                                    &why),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_posh_parse(NULL, (struct dna_span){NULL, 0}, &document, &why),
                     DNA_ERR_FORMAT);
}

/* n descriptors, then white space up to a length. */
static struct dna_span big_document(unsigned n, size_t len)
{
    char *text = malloc(70000);
    size_t at;
    assert_non_null(text);
    memset(text, ' ', 70000);
    at = (size_t)sprintf(text, "{\"expires\":1,\"fingerprints\":[");
    for (unsigned i = 0; i < n; i++) {
        at += (size_t)sprintf(text + at, "%s{\"sha-256\":\"" A256 "\"}", i != 0 ? "," : "");
    }
    at += (size_t)sprintf(text + at, "]}");
    text[at] = ' ';
    return (struct dna_span){text, len != 0 ? len : at};
}

static void has_limits(void **state)
{
    static const struct {
        unsigned descriptors;
        size_t len;
        enum dna_err err;
    } sizes[] = {
        {256, 0, DNA_OK},     {257, 0, DNA_ERR_LIMIT},
        {1, 65536, DNA_OK},   {1, 65537, DNA_ERR_LIMIT},
    };
    struct dna_posh_document document;
    const char *why;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct dna_span text = big_document(sizes[i].descriptors, sizes[i].len);
        assert_int_equal(dna_posh_parse(NULL, text, &document, &why), sizes[i].err);
        dna_posh_fini(&document);
        free((void *)(uintptr_t)text.ptr);
    }
    assert_int_equal(dna_posh_parse(NULL,
                                    dna_span_of("{\"url\":\"https://h.example/\","
                                                "\"expires\":1,\"x\":[[[[[[[]]]]]]]}"),
                                    &document, &why),
                     DNA_OK);
    dna_posh_fini(&document);
    assert_int_equal(dna_posh_parse(NULL,
                                    dna_span_of("{\"url\":\"https://h.example/\","
                                                "\"expires\":1,\"x\":[[[[[[[[]]]]]]]]}"),
                                    &document, &why),
                     DNA_ERR_FORMAT);
}

static void survives_lack_of_memory(void **state)
{
    static const char *const texts[] = {
        PRINTS("{\"sha-256\":\"" A256 "\"}"),
        "{\"url\":\"https://h.example/\",\"expires\":1}",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bool done = false;
        for (unsigned long n = 0; !done; n++) {
            struct failing_alloc f;
            struct dna_posh_document document;
            const char *why;
            enum dna_err err = dna_posh_parse(failing_alloc_init(&f, n), dna_span_of(texts[i]),
                                              &document, &why);
            assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
            dna_posh_fini(&document);
            assert_int_equal(f.outstanding, 0);
            done = !f.failed;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_proper_and_nothing_else),
        cmocka_unit_test(keeps_order_and_bytes),
        cmocka_unit_test(a_nul_byte_is_no_end),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
