/* Dialback keys: the vectors of XEP-0185, and comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <base/codec.h>
#include <x509/digest.h>

static const struct {
    const char *secret, *receiving, *initiating, *id, *key;
} vectors[] = {
    {"s3cr3tf0rd14lb4ck", "xmpp.example.com", "example.org", "D60000229F",
     "37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643"},
    {"s3cr3tf0rd14lb4ck", "montague.example", "capulet.example", "D60000229F",
     "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3"},
    {"d14lb4ck43v3r", "capulet.example", "montague.example", "417GAF25",
     "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d"},
};

static void keys_agree_with_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char key[DNA_DIALBACK_KEY_TEXT];
        assert_int_equal(
            dna_dialback_key(dna_span_of(vectors[i].secret), dna_span_of(vectors[i].receiving),
                             dna_span_of(vectors[i].initiating), dna_span_of(vectors[i].id),
                             key),
            DNA_OK);
        assert_string_equal(key, vectors[i].key);
    }
}

static void hashes_agree_with_the_standard(void **state)
{
    static const struct {
        enum dna_hash hash;
        const char *digest; /* of "abc" (FIPS 180-4) */
    } rows[] = {
        {DNA_HASH_SHA256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {DNA_HASH_SHA384, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                          "8086072ba1e7cc2358baeca134c825a7"},
        {DNA_HASH_SHA512, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char digest[DNA_HASH_MAX];
        char text[2 * DNA_HASH_MAX + 1];
        assert_int_equal(dna_hash(rows[i].hash, dna_span_of("abc"), digest), DNA_OK);
        dna_hex_encode(digest, dna_hash_size(rows[i].hash), text);
        assert_string_equal(text, rows[i].digest);
    }
}

static void compares_bytes(void **state)
{
    (void)state;
    assert_true(dna_same_bytes(dna_span_of("abc"), dna_span_of("abc")));
    assert_true(dna_same_bytes(dna_span_of(""), (struct dna_span){NULL, 0}));
    assert_false(dna_same_bytes(dna_span_of("abc"), dna_span_of("abd")));
    assert_false(dna_same_bytes(dna_span_of("abc"), dna_span_of("ab")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_agree_with_the_vectors),
        cmocka_unit_test(hashes_agree_with_the_standard),
        cmocka_unit_test(compares_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
