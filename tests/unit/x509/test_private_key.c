/* Private keys from files: those of zones, the vectors of RFC 6605 and RFC 8080 among them,
 * and PEM; and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <certs.h>
#include <failing_alloc.h>
#include <x509/private_key.h>
#include <x509/request.h>
#include <x509/spki.h>

#define HEAD "Private-key-format: v1.2\nAlgorithm: "
#define P256 "PrivateKey: GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O/ok1s38Et6mQ=\n"
#define ED25519 "PrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjI=\n"

/* Made with ldns-keygen. */
#define MODULUS \
    "Modulus: 3Vu/j34IccBMGJfCGee6IuzWEH8B5OKtDmW+r+bWvUy3+LlGU6nm3DAjXOeg" \
    "JIZCsfswUpIi7PN6ZXGAFaXE72swWHeyq2850WgAOcy8cfrLXmSg3i1JfGI/hzGkZV9jKMJS" \
    "ewM5Mo3lDQ/88n2AR2Fbjiot2HCOSu8AMvU5jKmy5T2YSTwqAGFcY/ITGnGyKgMNJCRnDsHA" \
    "ovjz5biVRFRnOFkYH0T0eTjzmGkyoLeSc59bM/RgVTo1Ez7sQB6pBdVL3zOVXVMDKV9k0ENO" \
    "+kFBWdoSQTKrl+VtOBzn6dtEY1gAzi3KvaYUFlErqNSPsTlNxkDinhrcJeqbq3oPZQ==" "\n"
#define REST \
    "PublicExponent: AQAB\n" \
    "PrivateExponent: DaybxlD6U5CWAtTpJDGI8Zxg0u8NnmaUWzXU1Ef1zwbcvIwxeHyf6s0" \
    "8egJDBc6Xcyg5wXgOmUWnM3oR+ARgCIw+FdD7JBUAZNvAW9G2eHIOOxwLRf5VMk5db0wVRD/" \
    "iv8NVVg0KbQGP+0EYFqDDGmW8wqj/YQX+/EkMYZl9fx9lKNn1PxkALvijraZsWQnEKoqSZpD" \
    "2YRTeW3IeLIyvZpfCjjETwKSm6O7a5wV/o7agHi1cIFG2lM5M4uB1mqjdoJdteUj+Gpy8asR" \
    "d0AuN9OTdM/R1f+14KjVcxoDEVcrItydyeGnbGXxMbUXXjyOyxkd6ewpH7tspi3a8r1AV4Q=" \
    "=\n" \
    "Prime1: 73Pg3IR45cWbH1dZ3Bp/hLNrXl3TDf9em4sXlnZWeZ+NFr5eQNOBZBqvzKG4vo2h" \
    "tiGCbGMmQEHr/9tRVXzyP7VLAqPshYz6dGWMCEuwfKmeB+GpMAFNPdqznzG4ZKfRn02XpUtf" \
    "k7pKlybpdvuVT2weJLiMU1hTjgueNcx007E=\n" \
    "Prime2: 7KfEXd0XieoZkgxNueUo1HFkb5Bzn7BdFBBLPdbnsQPGxHskKuBeQsbSg2MLuHKt" \
    "aO62MPJEB7KhGDb9RaBlpqdTDDKuE2lZWKMVn/Y2T6WKJXe02sN8lP7kaIMuTOe7pWexA/ko" \
    "Wmb0zX1o+ybD42nMCgE7V9cE9rzqqVaDp/U=\n" \
    "Exponent1: Tn4SyNaX9uIGzohIyZDaGjriSEXDSIRck+pNaiISiL3XdwwiQ2fRs2nYFOEye" \
    "SxeRSDI6xS5VjkFzpIrIDXcByw7kXsArmqfMwaSl6mQCd1kEztSxYy3sD3/wYB/7GbinTDHN" \
    "AT4KKnZh6DWyQ0BTc6oNutT/IIoqZh/XS1PYpE=\n" \
    "Exponent2: qj6+au/kQRihsIkdWT/bsYipQgDezOAo9YgLOL9jCdq3oR0dFaM27D7vrgkQo" \
    "24MBdLESk3eVtNQRIU6il4rAkqY2cuTou9EkRkxM1QCGiXyTaXh+wZqlx0O34iPRE/ok8MWe" \
    "s9BElfCgBlZ7mMixHSVjhT4xeYu8flRruRH7gk=\n" \
    "Coefficient: MEN3mpxjTdvEX7nB+1AjMEmzsxs+nZVaVCcZ0LWZf7M1A5lwp2ADxdfsY5w" \
    "+dFS9Hr8rR4wEIOugKI64Vd/THME71FII/RxdnW9uOUOWb63SoqeP5iIGlKhepM+pyfdYMCe" \
    "8vDgAdt91InIxRruef/FhJiyQRgAsnj89ZInseAA=\n"

static enum dna_err read_key(const char *text, struct dna_private_key **out, const char **why)
{
    return dna_private_key_read(NULL, dna_span_of(text), out, why);
}

/* --- keys that are good ------------------------------------------------------------------ */

static const struct {
    const char *text;
    unsigned algorithm;
    const char *dnskey;
} good[] = {
    {HEAD "8 (RSASHA256)\n" MODULUS REST, 8,
     "AwEAAd1bv49+CHHATBiXwhnnuiLs1hB/AeTirQ5lvq/m1r1Mt/i5RlOp5twwI1znoCSGQrH7"
     "MFKSIuzzemVxgBWlxO9rMFh3sqtvOdFoADnMvHH6y15koN4tSXxiP4cxpGVfYyjCUnsDOTKN"
     "5Q0P/PJ9gEdhW44qLdhwjkrvADL1OYypsuU9mEk8KgBhXGPyExpxsioDDSQkZw7BwKL48+W4"
     "lURUZzhZGB9E9Hk485hpMqC3knOfWzP0YFU6NRM+7EAeqQXVS98zlV1TAylfZNBDTvpBQVna"
     "EkEyq5flbTgc5+nbRGNYAM4tyr2mFBZRK6jUj7E5TcZA4p4a3CXqm6t6D2U="},
    {HEAD "10 (RSASHA512)\n" MODULUS REST, 10,
     "AwEAAd1bv49+CHHATBiXwhnnuiLs1hB/AeTirQ5lvq/m1r1Mt/i5RlOp5twwI1znoCSGQrH7"
     "MFKSIuzzemVxgBWlxO9rMFh3sqtvOdFoADnMvHH6y15koN4tSXxiP4cxpGVfYyjCUnsDOTKN"
     "5Q0P/PJ9gEdhW44qLdhwjkrvADL1OYypsuU9mEk8KgBhXGPyExpxsioDDSQkZw7BwKL48+W4"
     "lURUZzhZGB9E9Hk485hpMqC3knOfWzP0YFU6NRM+7EAeqQXVS98zlV1TAylfZNBDTvpBQVna"
     "EkEyq5flbTgc5+nbRGNYAM4tyr2mFBZRK6jUj7E5TcZA4p4a3CXqm6t6D2U="},
    /* RFC 6605 6.1 and 6.2 */
    {HEAD "13 (ECDSAP256SHA256)\n" P256, 13,
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="},
    {HEAD "14 (ECDSAP384SHA384)\n"
     "PrivateKey: WURgWHCcYIYUPWgeLmiPY2DJJk02vgrmTfitxgqcL4vwW7BOrbawVmVe0d9V94SR\n", 14,
     "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8"
     "/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40"},
    /* RFC 8080 6.1 and 6.2 */
    {HEAD "15 (ED25519)\n" ED25519, 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="},
    {HEAD "16 (ED448)\nPrivateKey: "
     "xZ+5Cgm463xugtkY5B0Jx6erFTXp13rYegst0qRtNsOYnaVpMx0Z/c5EiA9x8wWbDDct/U3FhYWA\n", 16,
     "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA"},
    /* What else stands in such files, and how else they are written. */
    {"Private-key-format: v1.3\r\nAlgorithm:  13 (ECDSAP256SHA256)\r\n" P256
     "Created: 20261101000000\r\nPublish: 20261101000000\r\n; a remark\n\nActivate", 13,
     "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="},
    {HEAD "15\n" ED25519, 15, "l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4="},
};

static void zones_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct dna_private_key *key;
        struct dna_spki_dnskey dnskey;
        struct dna_buf spki;
        const char *why;
        char text[1500];
        assert_int_equal(read_key(good[i].text, &key, &why), DNA_OK);
        assert_int_equal(dna_private_key_algorithm(key), good[i].algorithm);
        dna_buf_init(&spki, NULL, 4096);
        assert_int_equal(dna_private_key_spki(key, &spki), DNA_OK);
        assert_int_equal(dna_spki_der_to_dnskey(dna_buf_span(&spki), &dnskey), DNA_OK);
        assert_int_equal(dna_base64_encode(dnskey.key, dnskey.key_len, text, sizeof text),
                         DNA_OK);
        assert_string_equal(text, good[i].dnskey);
        dna_buf_fini(&spki);
        dna_private_key_free(key);
    }
}

static void keys_in_pem(void **state)
{
    struct cert cert = cert_make(&(struct cert_order){.subject = "a"});
    struct dna_span pem = cert_key_pem(&cert), public = cert_spki(&cert);
    struct dna_private_key *key;
    struct dna_buf spki;
    const char *why;
    (void)state;
    assert_int_equal(dna_private_key_read(NULL, pem, &key, &why), DNA_OK);
    assert_int_equal(dna_private_key_algorithm(key), 0);
    dna_buf_init(&spki, NULL, 4096);
    assert_int_equal(dna_private_key_spki(key, &spki), DNA_OK);
    assert_true(dna_span_equal(dna_buf_span(&spki), public));
    dna_buf_fini(&spki);
    dna_private_key_free(key);
    cert_bytes_free(pem);
    cert_bytes_free(public);
    cert_free(&cert);
}

/* --- keys that are not ------------------------------------------------------------------- */

static const struct {
    const char *text, *why;
} bad[] = {
    {"", "no private key"},
    {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"},
    {"Private-key-format:", "unknown version"},
    {"Private-key-format: v2.0\nAlgorithm: 13 (x)\n" P256, "unknown version"},
    {HEAD "13 (ECDSAP256SHA256)\n", "missing"},
    {HEAD "13 (ECDSAP256SHA256)\nPrivateKey:\n", "missing"},
    {"Private-key-format: v1.2\n" P256, "this algorithm"},
    {HEAD "\n" P256, "this algorithm"},
    {HEAD "13x\n" P256, "this algorithm"},
    {HEAD "0013\n" P256, "this algorithm"},
    {HEAD "12 (ECC-GOST)\n" P256, "this algorithm"},
    {HEAD "5 (RSASHA1)\n" MODULUS REST, "SHA-1"},
    {HEAD "7 (NSEC3RSASHA1)\n" MODULUS REST, "SHA-1"},
    /* Two keys in one file: which one is it? */
    {HEAD "13 (x)\n" P256 P256, "twice"},
    {HEAD "13 (x)\n" P256 "Algorithm: 14 (x)\n", "twice"},
    {HEAD "13 (x)\n" P256 "PrivateKey: \n", "twice"},
    {HEAD "13 (x)\nEngine: cGtjczExAA==\nLabel: a2V5AA==\n", "device"},
    {HEAD "13 (x)\nPrivateKey: GU6SnQ/Ou+xC5RumuIUIuJZteXT2z0O_ok1s38Et6mQ=\n", "malformed"},
    {HEAD "13 (x)\nPrivateKey: GU6SnQ/Ou+xC5RumuIUI uJZteXT2z0O/ok1s38Et6mQ=\n", "malformed"},
    /* Nought, and the order of the curve. */
    {HEAD "13 (x)\nPrivateKey: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "malformed"},
    {HEAD "13 (x)\nPrivateKey: /////wAAAAD//////////7zm+q2nF56E87nKwvxjJVE=\n", "malformed"},
    {HEAD "15 (x)\nPrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNg==\n", "malformed"},
    {HEAD "15 (x)\nPrivateKey: ODIyNjAzODQ2MjgwODAxMjI2NDUxOTAyMDQxNDIyNjJh\n", "malformed"},
    {HEAD "16 (x)\n" ED25519, "malformed"},
    /* The numbers of RSA that are missing, or belong to another key. */
    {HEAD "8 (RSASHA256)\n" REST, "missing"},
    {HEAD "8 (RSASHA256)\n" MODULUS, "missing"},
    {HEAD "8 (RSASHA256)\n" P256, "missing"},
};

static void what_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dna_private_key *key;
        const char *why;
        assert_int_equal(read_key(bad[i].text, &key, &why), DNA_ERR_FORMAT);
        assert_null(key);
        if (strstr(why, bad[i].why) == NULL) {
            fail_msg("case %zu: %s", i, why);
        }
    }
}

/* Each digit of an RSA key changed: what signs with it would be signed by nobody's key. */
static void numbers_that_do_not_belong_together(void **state)
{
    char text[] = HEAD "8 (RSASHA256)\n" MODULUS REST;
    char *line = strchr(text, '\n') + 1;
    (void)state;
    for (line = strchr(line, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
        struct dna_private_key *key;
        const char *why;
        char *digit = strchr(line, ' ') + 3;
        char was = *digit;
        *digit = was == 'A' ? 'Q' : 'A';
        if (read_key(text, &key, &why) != DNA_ERR_FORMAT) {
            fail_msg("%.20s", line);
        }
        *digit = was;
    }
}

static void weak_keys(void **state)
{
    static const char *const kinds[] = {"RSA-1024", "secp256k1"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct cert cert = cert_make(&(struct cert_order){.subject = "a", .key = kinds[i]});
        struct dna_span pem = cert_key_pem(&cert);
        struct dna_private_key *key;
        const char *why;
        assert_int_equal(dna_private_key_read(NULL, pem, &key, &why), DNA_ERR_FORMAT);
        assert_non_null(strstr(why, "weak"));
        cert_bytes_free(pem);
        cert_free(&cert);
    }
}

static void files_are_bounded(void **state)
{
    static char text[20000];
    struct dna_private_key *key;
    const char *why;
    (void)state;
    memset(text, '\n', sizeof text);
    memcpy(text, HEAD "15\n" ED25519, sizeof HEAD "15\n" ED25519 - 1);
    assert_int_equal(dna_private_key_read(NULL, (struct dna_span){text, 16384}, &key, &why),
                     DNA_OK);
    dna_private_key_free(key);
    assert_int_equal(dna_private_key_read(NULL, (struct dna_span){text, 16385}, &key, &why),
                     DNA_ERR_FORMAT);
}

/* --- without memory ------------------------------------------------------------------------ */

static enum dna_err make_request(const struct dna_alloc *alloc)
{
    const char *dns = "example.com", *srv = "_xmpp-server.example.com";
    const struct dna_request_names names = {.common_name = dns, .dns = &dns, .n_dns = 1,
                                            .srv = &srv, .n_srv = 1};
    struct dna_private_key *key;
    struct dna_buf pem;
    const char *why;
    enum dna_err err = dna_private_key_read(alloc, dna_span_of(HEAD "15\n" ED25519), &key, &why);
    if (err != DNA_OK) {
        assert_null(key);
        return err;
    }
    dna_buf_init(&pem, alloc, 65536);
    err = dna_request_make(key, &names, &pem);
    dna_buf_fini(&pem);
    dna_private_key_free(key);
    return err;
}

static void without_memory(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        enum dna_err err = make_request(failing_alloc_init(&f, n));
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
}

static void requests_are_bounded(void **state)
{
    const char *dns = "example.com";
    const struct dna_request_names names = {.dns = &dns, .n_dns = 1};
    struct dna_private_key *key;
    struct dna_buf pem;
    const char *why;
    (void)state;
    assert_int_equal(read_key(HEAD "15\n" ED25519, &key, &why), DNA_OK);
    dna_buf_init(&pem, NULL, 64);
    assert_int_equal(dna_request_make(key, &names, &pem), DNA_ERR_LIMIT);
    assert_int_equal(dna_buf_len(&pem), 0);
    dna_buf_fini(&pem);
    dna_private_key_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zones_keys),
        cmocka_unit_test(keys_in_pem),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(numbers_that_do_not_belong_together),
        cmocka_unit_test(weak_keys),
        cmocka_unit_test(files_are_bounded),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(requests_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
