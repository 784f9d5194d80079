/* Public keys as DNSKEYs: the keys of RFC 5702, 6605 and 8080, from their SPKI. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <certs.h>
#include <dns/dnskey.h>
#include <x509/spki.h>

static const struct {
    const char *prefix; /* hex of the SPKI before the key */
    const char *key;    /* base64 of the DNSKEY's key field */
    uint8_t algorithm;
    uint16_t tag; /* with flags 257 */
} vectors[] = {
    {"3059301306072a8648ce3d020106082a8648ce3d03010703420004",
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     13, 55648},
    {"3076301006072a8648ce3d020106052b8104002203620004",
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8"
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     14, 10771},
    {"302a300506032b6570032100", "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 15, 3613},
    {"3043300506032b6571033a00",
     "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA", 16, 9713},
};

static struct dna_span spki_of(size_t i, unsigned char out[256])
{
    size_t prefix, key;
    assert_int_equal(dna_hex_decode(dna_span_of(vectors[i].prefix), out, 256, &prefix), DNA_OK);
    assert_int_equal(dna_base64_decode(dna_span_of(vectors[i].key), DNA_BASE64_PADDED,
                                       out + prefix, 256 - prefix, &key),
                     DNA_OK);
    return (struct dna_span){(char *)out, prefix + key};
}

static void curves_become_dnskeys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        unsigned char spki[256], rdata[256] = {1, 1, 3, vectors[i].algorithm};
        struct dna_spki_dnskey key;
        assert_int_equal(dna_spki_der_to_dnskey(spki_of(i, spki), &key), DNA_OK);
        assert_int_equal(key.n_algorithms, 1);
        assert_int_equal(key.algorithms[0], vectors[i].algorithm);
        memcpy(rdata + 4, key.key, key.key_len);
        assert_int_equal(dna_dnskey_tag((struct dna_span){(char *)rdata, key.key_len + 4}),
                         vectors[i].tag);
    }
}

static void a_compressed_point_is_the_same_key(void **state)
{
    unsigned char full[256], compressed[64];
    struct dna_spki_dnskey a, b;
    struct dna_span spki = spki_of(0, full);
    static const unsigned char head[] = {0x30, 0x39, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x22, 0x00};
    (void)state;
    memcpy(compressed, head, sizeof head);
    compressed[sizeof head] = (unsigned char)(2 + (full[spki.len - 1] & 1));
    memcpy(compressed + sizeof head + 1, full + 27, 32);
    assert_int_equal(dna_spki_der_to_dnskey(spki, &a), DNA_OK);
    assert_int_equal(dna_spki_der_to_dnskey(
                         (struct dna_span){(char *)compressed, sizeof head + 33}, &b),
                     DNA_OK);
    assert_int_equal(a.key_len, b.key_len);
    assert_memory_equal(a.key, b.key, a.key_len);
}

static void rsa_in_the_form_of_rfc_3110(void **state)
{
    static const char spki64[] =
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4"
        "cAgtvd4Qs8PkxUdp6p/DlUmObdkCAwEAAQ==";
    static const char key64[] =
        "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmO"
        "bdk=";
    unsigned char spki[128], expected[128];
    size_t spki_len, len;
    struct dna_spki_dnskey key;
    (void)state;
    assert_int_equal(dna_base64_decode(dna_span_of(spki64), DNA_BASE64_PADDED, spki, 128,
                                       &spki_len),
                     DNA_OK);
    assert_int_equal(dna_base64_decode(dna_span_of(key64), DNA_BASE64_PADDED, expected, 128,
                                       &len),
                     DNA_OK);
    assert_int_equal(dna_spki_der_to_dnskey((struct dna_span){(char *)spki, spki_len}, &key),
                     DNA_OK);
    assert_int_equal(key.n_algorithms, 2);
    assert_int_equal(key.algorithms[0], 8);
    assert_int_equal(key.algorithms[1], 10);
    assert_int_equal(key.key_len, len);
    assert_memory_equal(key.key, expected, len);
}

static void other_bytes_are_refused(void **state)
{
    unsigned char spki[256];
    struct dna_spki_dnskey key;
    struct dna_span span = spki_of(2, spki);
    (void)state;
    span.len++; /* a trailing byte */
    assert_int_equal(dna_spki_der_to_dnskey(span, &key), DNA_ERR_FORMAT);
    span.len -= 2;
    assert_int_equal(dna_spki_der_to_dnskey(span, &key), DNA_ERR_FORMAT);
    assert_int_equal(dna_spki_der_to_dnskey((struct dna_span){"", 0}, &key), DNA_ERR_FORMAT);
}

/* S9, for every prooftype: POSH and dnssec-ta look at the key without any path. */
static void weak_keys_are_told_apart(void **state)
{
    static const struct {
        const char *key;
        bool strong;
    } rows[] = {
        {"P-256", true},     {"P-384", true},      {"P-521", true},   {"ED25519", true},
        {"ED448", true},     {"RSA-2048", true},   {"RSA-PSS", true}, {"RSA-1024", false},
        {"RSA-2047", false}, {"secp256k1", false}, {"P-224", false},  {"P-256 explicit", false},
        {"RSA e=1", false},
    };
    struct cert root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cert cert = cert_make(
            &(struct cert_order){.subject = "x", .issuer = &root, .key = rows[i].key});
        struct dna_chain *chain = cert_chain((const struct cert *[]){&cert}, 1);
        if (dna_spki_strong(chain) != rows[i].strong) {
            fail_msg("%s", rows[i].key);
        }
        dna_chain_free(chain);
        cert_free(&cert);
    }
    cert_free(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(curves_become_dnskeys),
        cmocka_unit_test(a_compressed_point_is_the_same_key),
        cmocka_unit_test(rsa_in_the_form_of_rfc_3110),
        cmocka_unit_test(weak_keys_are_told_apart),
        cmocka_unit_test(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
