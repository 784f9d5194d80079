/* DNSKEY tags: vectors of RFC 5702, 6605 and 8080, and the same keys with other flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <dns/dnskey.h>

static const struct {
    uint16_t flags;
    uint8_t algorithm;
    const char *key;
    uint16_t tag;
} vectors[] = {
    {257, 13,
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     55648},
    {256, 13,
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     55647},
    {385, 13,
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
     55776},
    {257, 14,
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8"
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40",
     10771},
    {257, 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", 3613},
    {257, 16, "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA",
     9713},
    {256, 8,
     "AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36BponcwtkZ4cAgtvd4Qs8PkxUdp6p/DlUmO"
     "bdk=",
     9033},
    {256, 10,
     "AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O6pnWnjJQujX/AyhqFDxj13tOnD9u/1"
     "kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQBlZ3PFY12ZTSncorffcGmhOL",
     3740},
};

static void tags_agree_with_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        unsigned char rdata[300] = {(unsigned char)(vectors[i].flags >> 8),
                                    (unsigned char)vectors[i].flags, 3, vectors[i].algorithm};
        struct dna_dnskey key;
        struct dna_span span = {(const char *)rdata, 0};
        size_t len;
        assert_int_equal(dna_base64_decode(dna_span_of(vectors[i].key), DNA_BASE64_PADDED,
                                           rdata + 4, sizeof rdata - 4, &len),
                         DNA_OK);
        span.len = len + 4;
        assert_int_equal(dna_dnskey_tag(span), vectors[i].tag);
        assert_int_equal(dna_dnskey_parse(span, &key), DNA_OK);
        assert_int_equal(key.flags, vectors[i].flags);
        assert_int_equal(key.protocol, 3);
        assert_int_equal(key.algorithm, vectors[i].algorithm);
        assert_int_equal(key.key.len, len);
    }
}

static void refuses_short_rdata(void **state)
{
    struct dna_dnskey key;
    (void)state;
    assert_int_equal(dna_dnskey_parse((struct dna_span){"\1\1\3\x0d", 4}, &key),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_dnskey_parse((struct dna_span){NULL, 0}, &key), DNA_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_agree_with_the_standards),
        cmocka_unit_test(refuses_short_rdata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
