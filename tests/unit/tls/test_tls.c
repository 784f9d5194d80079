/* Two endpoints in memory: what each learns of the other, and what passes between them. */
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

static struct paper here, there;
static struct dna_tls_identity *own, *peer;

static int setup(void **state)
{
    (void)state;
    paper_make(&here, "here.example", "DNS:here.example");
    paper_make(&there, "there.example", "DNS:there.example");
    own = paper_identity(&here);
    peer = paper_identity(&there);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dna_tls_identity_free(own);
    dna_tls_identity_free(peer);
    paper_fini(&here);
    paper_fini(&there);
    return 0;
}

static void open_pair(struct end *client, struct end *server, size_t piece)
{
    end_ours(client, own, false, "there.example");
    end_ours(server, peer, true, NULL);
    wire_settle(client, server, piece);
    assert_int_equal(dna_tls_status(client->tls), DNA_TLS_OPEN);
    assert_int_equal(dna_tls_status(server->tls), DNA_TLS_OPEN);
}

static void expect_chain(struct end *end, const struct dna_tls_identity *presented)
{
    const struct dna_chain *want = dna_tls_identity_chain(presented);
    struct dna_chain *got;
    assert_int_equal(dna_tls_peer_chain(end->tls, NULL, &got), DNA_OK);
    assert_non_null(got);
    assert_memory_equal(dna_chain_digest(got), dna_chain_digest(want), DNA_SHA256_SIZE);
    dna_chain_free(got);
}

/* Neither end knows the other's CA; both learn the whole chain (deferred verification). */
static void yields_both_chains(void **state)
{
    struct end client, server;
    (void)state;
    for (size_t piece = 0; piece < 2; piece++) {
        open_pair(&client, &server, piece);
        expect_chain(&client, peer);
        expect_chain(&server, own);
        end_fini(&client);
        end_fini(&server);
    }
}

/* leaf <- intermediate <- root: the intermediate arrives, the root does not. */
static void yields_intermediates(void **state)
{
    struct cert sub = cert_make(
        &(struct cert_order){.subject = "sub", .issuer = &here.ca, .ca = true});
    struct cert leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &sub, .names = "DNS:leaf.example"});
    const struct cert *all[3] = {&leaf, &sub, &here.ca};
    struct dna_span pem = cert_pem(all, 3);
    struct dna_span key = key_pem(&leaf, NULL);
    struct dna_tls_identity *identity;
    struct dna_chain *got;
    struct end client, server;
    const char *why;
    (void)state;
    assert_int_equal(dna_tls_identity_new(NULL, pem, key, &identity, &why), DNA_OK);
    end_ours(&client, identity, false, NULL);
    end_ours(&server, identity, true, NULL);
    wire_settle(&client, &server, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dna_tls_peer_chain((i ? client : server).tls, NULL, &got), DNA_OK);
        assert_int_equal(dna_chain_count(got), 2);
        assert_true(dna_span_equal(dna_chain_der(got, 0), leaf.der));
        assert_true(dna_span_equal(dna_chain_der(got, 1), sub.der));
        dna_chain_free(got);
    }
    end_fini(&client);
    end_fini(&server);
    dna_tls_identity_free(identity);
    free((void *)(uintptr_t)pem.ptr);
    free((void *)(uintptr_t)key.ptr);
    cert_free(&leaf);
    cert_free(&sub);
}

static void a_client_without_certificate_has_no_chain(void **state)
{
    SSL_CTX *ctx = bare_context(false, NULL);
    struct end client, server;
    struct dna_chain *chain = (struct dna_chain *)&client;
    (void)state;
    end_bare(&client, ctx, false);
    end_ours(&server, peer, true, NULL);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
    assert_int_equal(dna_tls_peer_chain(server.tls, NULL, &chain), DNA_OK);
    assert_null(chain);
    end_fini(&client);
    end_fini(&server);
    SSL_CTX_free(ctx);
}

/* A chain that is longer than DNA_LIMIT_CHAIN is no chain. */
static void an_endless_chain_is_refused(void **state)
{
    SSL_CTX *ctx = bare_context(false, &here.leaf);
    struct end client, server;
    struct dna_chain *chain;
    const unsigned char *der = (const unsigned char *)here.ca.der.ptr;
    X509 *root = d2i_X509(NULL, &der, (long)here.ca.der.len);
    (void)state;
    for (int i = 0; i < DNA_LIMIT_CHAIN; i++) {
        assert_int_equal(SSL_CTX_add1_chain_cert(ctx, root), 1);
    }
    end_bare(&client, ctx, false);
    end_ours(&server, peer, true, NULL);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
    assert_int_equal(dna_tls_peer_chain(server.tls, NULL, &chain), DNA_ERR_LIMIT);
    assert_null(chain);
    end_fini(&client);
    end_fini(&server);
    SSL_CTX_free(ctx);
    X509_free(root);
}

static void says_the_service_domain(void **state)
{
    SSL_CTX *ctx = bare_context(true, &there.leaf);
    struct end client, server;
    (void)state;
    end_ours(&client, own, false, "there.example");
    end_bare(&server, ctx, true);
    wire_settle(&client, &server, 0);
    assert_string_equal(SSL_get_servername(server.ssl, TLSEXT_NAMETYPE_host_name),
                        "there.example");
    end_fini(&client);
    end_fini(&server);
    SSL_CTX_free(ctx);
}

#define HUGE_SIZE ((size_t)1 << 20)

static char *pattern(void)
{
    char *bytes = malloc(HUGE_SIZE);
    for (size_t i = 0; i < HUGE_SIZE; i++) {
        bytes[i] = (char)(i * 31 + i / 977);
    }
    return bytes;
}

/* Every record but the last of a write is full. */
static void expect_full_records(struct dna_span bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    size_t at = 0, records = 0;
    while (at < bytes.len) {
        at += 5 + (size_t)(p[at + 3] << 8 | p[at + 4]);
        records++;
    }
    assert_int_equal(at, bytes.len);
    assert_int_equal(records, HUGE_SIZE / 16384);
}

static void carries_huge_writes_both_ways(void **state)
{
    static const size_t pieces[] = {0, 1400, 65536};
    char *bytes = pattern();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct end end[2];
        open_pair(&end[0], &end[1], 0);
        for (int k = 0; k < 2; k++) {
            struct dna_buf plain;
            dna_buf_init(&plain, NULL, SIZE_MAX);
            assert_int_equal(
                dna_tls_write(end[k].tls, (struct dna_span){bytes, HUGE_SIZE}), DNA_OK);
            expect_full_records(dna_buf_span(&end[k].out));
            assert_true(wire_pass(&end[k], &end[1 - k], pieces[i], &plain));
            assert_int_equal(dna_buf_len(&plain), HUGE_SIZE);
            assert_memory_equal(dna_buf_span(&plain).ptr, bytes, HUGE_SIZE);
            dna_buf_fini(&plain);
        }
        end_fini(&end[0]);
        end_fini(&end[1]);
    }
    free(bytes);
}

/* Stopped in the middle of what was lent: the rest is kept, and read later; twice. */
static void keeps_what_is_unread(void **state)
{
    struct end client, server;
    char text[40000], got[40000];
    char *lent;
    size_t len, all = 0, cipher;
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('a' + i % 23);
    }
    open_pair(&client, &server, 0);
    assert_int_equal(dna_tls_write(client.tls, (struct dna_span){text, sizeof text}), DNA_OK);
    cipher = dna_buf_len(&client.out);
    lent = malloc(cipher);
    memcpy(lent, dna_buf_span(&client.out).ptr, cipher);
    dna_tls_feed(server.tls, (struct dna_span){lent, cipher});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(dna_tls_read(server.tls, got + all, 100, &len), DNA_OK);
        assert_int_equal(len, 100);
        all += len;
        assert_int_equal(dna_tls_keep(server.tls), DNA_OK);
        if (i == 0) {
            memset(lent, 0, cipher);
            free(lent);
        }
    }
    assert_int_equal(dna_tls_read(server.tls, got + all, sizeof got - all, &len), DNA_OK);
    assert_int_equal(all + len, sizeof text);
    assert_memory_equal(got, text, sizeof text);
    end_fini(&client);
    end_fini(&server);
}

/* Nothing is written, and nothing shut, in the middle of a handshake. */
static void nothing_before_the_handshake(void **state)
{
    struct end client;
    (void)state;
    end_ours(&client, own, false, NULL);
    assert_int_equal(dna_tls_write(client.tls, dna_span_of("x")), DNA_ERR_STATE);
    assert_int_equal(dna_tls_shutdown(client.tls), DNA_OK);
    assert_int_equal(dna_buf_len(&client.out), 0);
    assert_int_equal(dna_tls_status(client.tls), DNA_TLS_HANDSHAKING);
    end_fini(&client);
}

/* An endpoint, what it keeps of its input, and the peer's chain. */
static void survives_without_memory(void **state)
{
    struct failing_alloc f;
    bool done = false;
    (void)state;
    for (unsigned n = 0; !done; n++) {
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        const struct dna_tls_options options = {.server_name = "there.example",
                                                .protocol = DNA_TLS_SERVICE_SERVER};
        struct dna_tls_identity *mine;
        struct dna_buf out;
        struct dna_tls *tls = NULL;
        const char *why;
        enum dna_err err = dna_tls_identity_new(alloc, here.chain, here.key, &mine, &why);
        dna_buf_init(&out, alloc, SIZE_MAX);
        if (err == DNA_OK) {
            err = dna_tls_new(mine, &options, &out, &tls);
        }
        if (err == DNA_OK) {
            err = dna_tls_handshake(tls);
        }
        if (err == DNA_OK) {
            dna_tls_feed(tls, dna_span_of("\x16\x03"));
            err = dna_tls_keep(tls);
        }
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_tls_free(tls);
        dna_tls_identity_free(mine);
        dna_buf_fini(&out);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

static void a_chain_without_memory(void **state)
{
    struct end client, server;
    struct failing_alloc f;
    bool done = false;
    (void)state;
    open_pair(&client, &server, 0);
    for (unsigned n = 0; !done; n++) {
        struct dna_chain *chain;
        enum dna_err err =
            dna_tls_peer_chain(server.tls, failing_alloc_init(&f, n), &chain);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        assert_true((chain != NULL) == !f.failed);
        dna_chain_free(chain);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
    end_fini(&client);
    end_fini(&server);
}

static void close_notify_ends_it(void **state)
{
    struct end client, server;
    struct dna_buf plain;
    (void)state;
    dna_buf_init(&plain, NULL, SIZE_MAX);
    open_pair(&client, &server, 0);
    assert_int_equal(dna_tls_write(client.tls, dna_span_of("last words")), DNA_OK);
    assert_int_equal(dna_tls_shutdown(client.tls), DNA_OK);
    assert_true(wire_pass(&client, &server, 0, &plain));
    assert_true(dna_span_is(dna_buf_span(&plain), "last words"));
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_ENDED);
    assert_int_equal(dna_tls_shutdown(server.tls), DNA_OK);
    assert_true(wire_pass(&server, &client, 0, NULL));
    assert_int_equal(dna_tls_status(client.tls), DNA_TLS_ENDED);
    assert_int_equal(dna_tls_write(client.tls, dna_span_of("x")), DNA_ERR_STATE);
    dna_buf_fini(&plain);
    end_fini(&client);
    end_fini(&server);
}

static void a_full_output_buffer_fails(void **state)
{
    struct end client, server;
    char *bytes = pattern();
    (void)state;
    open_pair(&client, &server, 0);
    client.out.limit = 100000;
    assert_int_equal(dna_tls_write(client.tls, (struct dna_span){bytes, HUGE_SIZE}),
                     DNA_ERR_LIMIT);
    assert_int_equal(dna_tls_status(client.tls), DNA_TLS_FAILED);
    end_fini(&client);
    end_fini(&server);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yields_both_chains),
        cmocka_unit_test(yields_intermediates),
        cmocka_unit_test(a_client_without_certificate_has_no_chain),
        cmocka_unit_test(an_endless_chain_is_refused),
        cmocka_unit_test(says_the_service_domain),
        cmocka_unit_test(carries_huge_writes_both_ways),
        cmocka_unit_test(keeps_what_is_unread),
        cmocka_unit_test(nothing_before_the_handshake),
        cmocka_unit_test(close_notify_ends_it),
        cmocka_unit_test(a_full_output_buffer_fails),
        cmocka_unit_test(survives_without_memory),
        cmocka_unit_test(a_chain_without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
