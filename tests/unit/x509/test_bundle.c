/* What a certificate URL may deliver, and what it must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <failing_alloc.h>

struct world {
    struct cert root, middle, leaf;
};

static struct world make_world(void)
{
    struct world w;
    w.root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    w.middle =
        cert_make(&(struct cert_order){.subject = "middle", .ca = true, .issuer = &w.root});
    w.leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &w.middle, .names = "DNS:example.com"});
    return w;
}

static void free_world(struct world *w)
{
    cert_free(&w->root);
    cert_free(&w->middle);
    cert_free(&w->leaf);
}

static void expect(struct dna_span bytes, enum dna_err err, const struct cert *leaf,
                   size_t count)
{
    struct dna_chain *chain = NULL;
    assert_int_equal(dna_chain_parse(NULL, bytes, &chain), err);
    if (err == DNA_OK) {
        assert_int_equal(dna_chain_count(chain), count);
        assert_true(dna_span_equal(dna_chain_der(chain, 0), leaf->der));
    } else {
        assert_null(chain);
    }
    dna_chain_free(chain);
}

static void der_pem_and_pkcs7(void **state)
{
    struct world w = make_world();
    const struct cert *order[] = {&w.leaf, &w.middle, &w.root};
    const struct cert *mixed[] = {&w.root, &w.leaf, &w.middle};
    const struct cert *leafless[] = {&w.leaf, &w.leaf};
    struct dna_span pem = cert_pem(order, 3), bag = cert_pkcs7(mixed, 3);
    struct dna_span twins = cert_pkcs7(leafless, 2);
    (void)state;
    expect(w.leaf.der, DNA_OK, &w.leaf, 1);
    expect(pem, DNA_OK, &w.leaf, 3);
    expect(bag, DNA_OK, &w.leaf, 3);
    expect(twins, DNA_ERR_FORMAT, NULL, 0);
    expect((struct dna_span){bag.ptr, bag.len - 1}, DNA_ERR_FORMAT, NULL, 0);
    free((void *)(uintptr_t)pem.ptr);
    free((void *)(uintptr_t)bag.ptr);
    free((void *)(uintptr_t)twins.ptr);
    free_world(&w);
}

static void nothing_else(void **state)
{
    struct world w = make_world();
    const struct cert *one[] = {&w.leaf}, *eleven[11];
    struct dna_span pem = cert_pem(one, 1), many;
    char text[8192];
    (void)state;
    for (int i = 0; i < 11; i++) {
        eleven[i] = &w.leaf;
    }
    many = cert_pem(eleven, 11);
    expect(many, DNA_ERR_LIMIT, NULL, 0);
    memcpy(text, pem.ptr, pem.len);
    strcpy(text + pem.len, "\n \n");
    expect((struct dna_span){text, pem.len + 3}, DNA_OK, &w.leaf, 1);
    strcpy(text + pem.len, "junk");
    expect((struct dna_span){text, pem.len + 4}, DNA_ERR_FORMAT, NULL, 0);
    memcpy(text, "junk\n", 5);
    memcpy(text + 5, pem.ptr, pem.len);
    expect((struct dna_span){text, pem.len + 5}, DNA_ERR_FORMAT, NULL, 0);
    memcpy(text, w.leaf.der.ptr, w.leaf.der.len);
    text[w.leaf.der.len] = 0;
    expect((struct dna_span){text, w.leaf.der.len + 1}, DNA_ERR_FORMAT, NULL, 0);
    expect((struct dna_span){"", 0}, DNA_ERR_FORMAT, NULL, 0);
    expect(dna_span_of("<html>"), DNA_ERR_FORMAT, NULL, 0);
    expect(dna_span_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
           DNA_ERR_FORMAT, NULL, 0);
    free((void *)(uintptr_t)pem.ptr);
    free((void *)(uintptr_t)many.ptr);
    free_world(&w);
}

static void no_more_than_64_kib(void **state)
{
    char *big = calloc(1, 65537);
    (void)state;
    memset(big, '\n', 65537);
    expect((struct dna_span){big, 65537}, DNA_ERR_LIMIT, NULL, 0);
    expect((struct dna_span){big, 65536}, DNA_ERR_FORMAT, NULL, 0);
    free(big);
}

static void survives_lack_of_memory(void **state)
{
    struct world w = make_world();
    const struct cert *order[] = {&w.leaf, &w.middle};
    struct dna_span pem = cert_pem(order, 2);
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_chain *chain = NULL;
        enum dna_err err = dna_chain_parse(failing_alloc_init(&f, n), pem, &chain);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_chain_free(chain);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
    free((void *)(uintptr_t)pem.ptr);
    free_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(der_pem_and_pkcs7),
        cmocka_unit_test(nothing_else),
        cmocka_unit_test(no_more_than_64_kib),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
