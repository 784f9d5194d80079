/* Dialback keys: the vectors of XEP-0185, and comparison. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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

static void an_endless_id_is_refused(void **state)
{
    static char id[5000];
    char key[DNA_DIALBACK_KEY_TEXT];
    (void)state;
    assert_int_equal(dna_dialback_key(dna_span_of("s"), dna_span_of("a"), dna_span_of("b"),
                                      (struct dna_span){id, sizeof id}, key),
                     DNA_ERR_LIMIT);
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
        cmocka_unit_test(an_endless_id_is_refused),
        cmocka_unit_test(compares_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
