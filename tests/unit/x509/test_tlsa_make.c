/* TLSA records made for a certificate are usable, and match it and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <failing_alloc.h>
#include <x509/tlsa_make.h>

static struct dna_chain *chain_of(const char *key)
{
    struct cert cert = cert_make(&(struct cert_order){.subject = "a", .key = key});
    const struct cert *one = &cert;
    struct dna_chain *chain = cert_chain(&one, 1);
    cert_free(&cert);
    return chain;
}

static void check(const struct dna_chain *chain, const struct dna_chain *other,
                  unsigned usage, unsigned selector, unsigned matching)
{
    struct dna_buf rdata;
    struct dna_tlsa tlsa;
    bool matches;
    dna_buf_init(&rdata, NULL, 65535);
    assert_int_equal(dna_tlsa_make(chain, (enum dna_tlsa_usage)usage, selector, matching,
                                   &rdata), DNA_OK);
    assert_int_equal(dna_tlsa_parse(dna_buf_span(&rdata), &tlsa), DNA_OK);
    assert_int_equal(tlsa.usage, usage);
    assert_int_equal(tlsa.selector, selector);
    assert_int_equal(tlsa.matching, matching);
    assert_int_equal(dna_tlsa_matches(&tlsa, chain, 0, &matches), DNA_OK);
    assert_true(matches);
    assert_int_equal(dna_tlsa_matches(&tlsa, other, 0, &matches), DNA_OK);
    assert_false(matches);
    dna_buf_fini(&rdata);
}

static void every_kind(void **state)
{
    static const char *const keys[] = {NULL, "RSA-2048", "ED25519"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dna_chain *chain = chain_of(keys[i]), *other = chain_of(keys[i]);
        for (unsigned kind = 0; kind < 24; kind++) {
            check(chain, other, kind / 6, kind / 3 % 2, kind % 3);
        }
        dna_chain_free(chain);
        dna_chain_free(other);
    }
}

static void without_memory(void **state)
{
    struct dna_chain *chain = chain_of(NULL);
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        struct dna_buf rdata;
        enum dna_err err;
        dna_buf_init(&rdata, failing_alloc_init(&f, n), 65535);
        err = dna_tlsa_make(chain, DNA_TLSA_DANE_EE, 1, 0, &rdata);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_buf_fini(&rdata);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
    dna_chain_free(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
