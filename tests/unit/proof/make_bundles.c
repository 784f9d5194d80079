/* Makes the bundles that other tests read, anew: after a change of the format.
 *
 * usage: make_bundles DATA CORPUS
 * DATA (tests/data/bundles): NAME.json, signed ones as NAME-signed.json, the certificate
 * authority of each, NAME.ca.pem, and maker.pub.pem.  CORPUS (tests/fuzz/corpus/bundle): the
 * same hearings with no certificate authority believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <rich.h>

static const struct {
    const char *name, *names;
    unsigned types;
    enum says plain, tls;
    enum dna_role role;
    bool is_signed;
} rows[] = {
    {"pkix", "DNS:" DOMAIN, BIT(PKIX), INSECURE, UNPROVEN, DNA_RECEIVING, false},
    {"pkix-out", "DNS:" DOMAIN, BIT(PKIX), INSECURE, UNPROVEN, DNA_INITIATING, true},
    {"posh", "DNS:" HOST, BIT(POSH), INSECURE, UNPROVEN, DNA_RECEIVING, true},
    {"dnssec-ta", "DNS:" HOST, BIT(DNSSEC_TA), INSECURE, UNPROVEN, DNA_RECEIVING, false},
    {"dnssec-srv", "DNS:" HOST, USUAL, RECORDS, ABSENT, DNA_RECEIVING, false},
    {"bogus", "DNS:" HOST, USUAL, BOGUS, UNPROVEN, DNA_RECEIVING, false},
    {"silent", "DNS:" HOST, BIT(DNSSEC_SRV) | BIT(DANE), SILENT, SILENT, DNA_INITIATING, false},
    {"refused", "DNS:other.example", BIT(PKIX) | BIT(DNSSEC_SRV), INSECURE, UNPROVEN,
     DNA_RECEIVING, true},
};

static const char *data, *corpus;
static struct dna_span key;

static void put(const char *folder, const char *name, const char *end, struct dna_span bytes)
{
    char file[400];
    FILE *out;
    (void)snprintf(file, sizeof file, "%s/%s%s", folder, name, end);
    out = fopen(file, "we");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, out), bytes.len);
    assert_int_equal(fclose(out), 0);
}

static void make_one(size_t i, bool for_fuzzer)
{
    struct rich r;
    struct dna_span bundle;
    const struct cert *root = &r.w.root;
    rich_init(&r, rows[i].names);
    if (for_fuzzer) {
        dna_roots_free(r.w.roots);
        assert_int_equal(dna_roots_new(NULL, &r.w.roots), DNA_OK);
    }
    r.w.q.policy.prooftypes = rows[i].types;
    r.w.q.role = rows[i].role;
    r.w.q.host = rows[i].role == DNA_INITIATING ? HOST : NULL;
    r.w.q.port = rows[i].role == DNA_INITIATING ? 5269 : 0;
    world_srv(&r.w, PLAIN, rows[i].plain, HOST, 5269);
    world_srv(&r.w, TLS, rows[i].tls, ".", 0);
    (void)world_hear(&r.w);
    assert_int_equal(dna_court_bundle(r.w.court, &bundle), DNA_OK);
    put(for_fuzzer ? corpus : data, rows[i].name, for_fuzzer ? "" : ".json", bundle);
    if (!for_fuzzer) {
        struct dna_span pem = cert_pem(&root, 1);
        put(data, rows[i].name, ".ca.pem", pem);
        cert_bytes_free(pem);
    }
    if (rows[i].is_signed) {
        char *text;
        size_t len;
        assert_int_equal(dna_bundle_sign(NULL, bundle, key, &text, &len), DNA_OK);
        put(for_fuzzer ? corpus : data, rows[i].name,
            for_fuzzer ? "-signed" : "-signed.json", (struct dna_span){text, len});
        dna_alloc_release(NULL, text);
    }
    rich_fini(&r);
}

static void make_all(void **state)
{
    struct cert maker = cert_make(&(struct cert_order){.key = "ED25519"});
    struct dna_span spki = cert_spki(&maker);
    char base64[200], pem[300];
    (void)state;
    key = cert_key_pem(&maker);
    assert_int_equal(dna_base64_encode((const unsigned char *)spki.ptr, spki.len, base64,
                                       sizeof base64),
                     DNA_OK);
    (void)snprintf(pem, sizeof pem, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n",
                   base64);
    put(data, "maker", ".pub.pem", dna_span_of(pem));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_one(i, false);
        make_one(i, true);
    }
    cert_bytes_free(spki);
    cert_bytes_free(key);
    cert_free(&maker);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(make_all)};
    if (argc != 3) {
        (void)fputs("usage: make_bundles DATA CORPUS\n", stderr);
        return 2;
    }
    data = argv[1];
    corpus = argv[2];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
