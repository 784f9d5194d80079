/* What can be presented, and what is refused before it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>

#include "wire.h"

static struct paper paper, other;

static int setup(void **state)
{
    (void)state;
    paper_make(&paper, "xmpp.example", "DNS:xmpp.example");
    paper_make(&other, "other.example", "DNS:other.example");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    paper_fini(&paper);
    paper_fini(&other);
    return 0;
}

static void leaves_the_root_out(void **state)
{
    struct dna_tls_identity *identity = paper_identity(&paper);
    const struct dna_chain *chain = dna_tls_identity_chain(identity);
    (void)state;
    assert_int_equal(dna_chain_count(chain), 1);
    assert_true(dna_span_equal(dna_chain_der(chain, 0), paper.leaf.der));
    dna_tls_identity_free(identity);
}

static void sends_a_self_signed_leaf(void **state)
{
    const struct cert *alone = &paper.ca;
    struct dna_span pem = cert_pem(&alone, 1);
    struct dna_span key = key_pem(alone, NULL);
    struct dna_tls_identity *identity;
    const char *why;
    (void)state;
    assert_int_equal(dna_tls_identity_new(NULL, pem, key, &identity, &why), DNA_OK);
    assert_int_equal(dna_chain_count(dna_tls_identity_chain(identity)), 1);
    dna_tls_identity_free(identity);
    free((void *)(uintptr_t)pem.ptr);
    free((void *)(uintptr_t)key.ptr);
}

static void refuse(struct dna_span chain, struct dna_span key)
{
    struct dna_tls_identity *identity;
    const char *why = NULL;
    assert_int_equal(dna_tls_identity_new(NULL, chain, key, &identity, &why),
                     DNA_ERR_FORMAT);
    assert_null(identity);
    assert_true(strlen(why) > 0);
}

static void refuses_what_does_not_fit(void **state)
{
    struct dna_span locked = key_pem(&paper.leaf, "secret");
    struct dna_span cut = {paper.chain.ptr, paper.chain.len - 100};
    (void)state;
    refuse(paper.chain, other.key); /* the key of another certificate */
    refuse(paper.chain, locked);    /* and no terminal is asked for the passphrase */
    refuse(paper.chain, paper.chain);
    refuse(paper.key, paper.key);
    refuse(cut, paper.key); /* the second block is broken */
    refuse(dna_span_of(""), paper.key);
    refuse(paper.chain, dna_span_of(""));
    refuse(dna_span_of("no PEM at all"), paper.key);
    free((void *)(uintptr_t)locked.ptr);
}

static void refuses_too_many_certificates(void **state)
{
    const struct cert *many[DNA_LIMIT_CHAIN + 1];
    struct dna_span pem;
    (void)state;
    for (size_t i = 0; i <= DNA_LIMIT_CHAIN; i++) {
        many[i] = &paper.leaf;
    }
    pem = cert_pem(many, DNA_LIMIT_CHAIN + 1);
    refuse(pem, paper.key);
    free((void *)(uintptr_t)pem.ptr);
}

static void weak_keys_are_refused(void **state)
{
    struct cert weak =
        cert_make(&(struct cert_order){.subject = "weak.example", .key = "RSA-1024"});
    const struct cert *alone = &weak;
    struct dna_span pem = cert_pem(&alone, 1);
    struct dna_span key = key_pem(&weak, NULL);
    (void)state;
    refuse(pem, key);
    free((void *)(uintptr_t)pem.ptr);
    free((void *)(uintptr_t)key.ptr);
    cert_free(&weak);
}

static void survives_without_memory(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        struct dna_tls_identity *identity;
        const char *why;
        enum dna_err err =
            dna_tls_identity_new(alloc, paper.chain, paper.key, &identity, &why);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_tls_identity_free(identity);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
}

/* --- a pool ---------------------------------------------------------------------------- */

static struct dna_tls_identity *pooled(struct dna_tls_pool *pool, const struct paper *from)
{
    struct dna_tls_identity *identity;
    const char *why;
    assert_int_equal(dna_tls_pool_identity(pool, from->chain, from->key, &identity, &why),
                     DNA_OK);
    assert_string_equal(why, "");
    return identity;
}

/* A client of one and a server of the other shake hands, and see each other's certificate. */
static void shake_hands(struct dna_tls_identity *client, struct dna_tls_identity *server)
{
    struct end a, b;
    struct dna_chain *seen;
    end_ours(&a, client, false, "xmpp.example");
    end_ours(&b, server, true, NULL);
    wire_settle(&a, &b, 0);
    assert_int_equal(dna_tls_status(a.tls), DNA_TLS_OPEN);
    assert_int_equal(dna_tls_status(b.tls), DNA_TLS_OPEN);
    assert_int_equal(dna_tls_peer_chain(a.tls, NULL, &seen), DNA_OK);
    assert_true(dna_span_equal(dna_chain_der(seen, 0),
                               dna_chain_der(dna_tls_identity_chain(server), 0)));
    dna_chain_free(seen);
    assert_int_equal(dna_tls_peer_chain(b.tls, NULL, &seen), DNA_OK);
    assert_true(dna_span_equal(dna_chain_der(seen, 0),
                               dna_chain_der(dna_tls_identity_chain(client), 0)));
    dna_chain_free(seen);
    end_fini(&a);
    end_fini(&b);
}

static void contexts_are_made_at_first_use(void **state)
{
    struct dna_tls_pool *pool;
    struct dna_tls_identity *one, *two, *three;
    (void)state;
    assert_int_equal(dna_tls_pool_new(NULL, 2, &pool), DNA_OK);
    one = pooled(pool, &paper);
    two = pooled(pool, &other);
    three = pooled(pool, &other);
    assert_int_equal(dna_tls_pool_in_use(pool), 0);
    assert_int_equal(dna_chain_count(dna_tls_identity_chain(one)), 1);
    shake_hands(one, two);
    assert_int_equal(dna_tls_pool_in_use(pool), 2);
    shake_hands(one, three); /* two's are given up */
    assert_int_equal(dna_tls_pool_in_use(pool), 2);
    shake_hands(two, one);
    shake_hands(three, three);
    assert_int_equal(dna_tls_pool_in_use(pool), 2);
    dna_tls_pool_free(pool); /* its identities keep it */
    dna_tls_identity_free(three);
    assert_int_equal(dna_tls_pool_in_use(pool), 1);
    shake_hands(two, one);
    dna_tls_identity_free(one);
    dna_tls_identity_free(two);
}

static void a_pool_refuses_the_same(void **state)
{
    struct cert weak =
        cert_make(&(struct cert_order){.subject = "weak.example", .key = "RSA-1024"});
    const struct cert *alone = &weak;
    struct dna_span pem = cert_pem(&alone, 1), key = key_pem(&weak, NULL);
    struct dna_tls_pool *pool;
    struct dna_tls_identity *identity;
    const char *why;
    (void)state;
    assert_int_equal(dna_tls_pool_new(NULL, 2, &pool), DNA_OK);
    assert_int_equal(dna_tls_pool_identity(pool, pem, key, &identity, &why), DNA_ERR_FORMAT);
    assert_string_equal(why, "OpenSSL does not take the certificate and its key");
    free((void *)(uintptr_t)pem.ptr);
    free((void *)(uintptr_t)key.ptr);
    cert_free(&weak);
    assert_int_equal(dna_tls_pool_identity(pool, paper.chain, other.key, &identity, &why),
                     DNA_ERR_FORMAT);
    assert_null(identity);
    assert_string_equal(why, "the key does not belong to the certificate");
    assert_int_equal(dna_tls_pool_identity(pool, dna_span_of("nothing"), paper.key, &identity,
                                           &why),
                     DNA_ERR_FORMAT);
    assert_string_equal(why, "there is no certificate that can be read");
    dna_tls_pool_free(pool);
}

static void a_pool_without_memory(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned long n = 0;; n++) {
        struct dna_tls_pool *pool;
        struct dna_tls_identity *identity = NULL;
        const char *why;
        enum dna_err err = dna_tls_pool_new(failing_alloc_init(&f, n), 1, &pool);
        if (err == DNA_OK) {
            err = dna_tls_pool_identity(pool, paper.chain, paper.key, &identity, &why);
        }
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_tls_identity_free(identity);
        dna_tls_pool_free(pool);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            assert_true(n > 2);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_the_root_out),
        cmocka_unit_test(sends_a_self_signed_leaf),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(refuses_too_many_certificates),
        cmocka_unit_test(weak_keys_are_refused),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(contexts_are_made_at_first_use),
        cmocka_unit_test(a_pool_refuses_the_same),
        cmocka_unit_test(a_pool_without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
