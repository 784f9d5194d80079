/* Two endpoints in memory, and bare OpenSSL where a peer must misbehave. */
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

static SSL_CTX *bare_client(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, 0);
    return ctx;
}

static void a_client_without_certificate_has_no_chain(void **state)
{
    SSL_CTX *ctx = bare_client();
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
    SSL_CTX *ctx = bare_client();
    struct end client, server;
    struct dna_chain *chain;
    const unsigned char *der = (const unsigned char *)here.ca.der.ptr;
    X509 *root = d2i_X509(NULL, &der, (long)here.ca.der.len);
    const unsigned char *leaf = (const unsigned char *)here.leaf.der.ptr;
    (void)state;
    assert_int_equal(SSL_CTX_use_certificate_ASN1(ctx, (int)here.leaf.der.len, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, here.leaf.key), 1);
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
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    const unsigned char *leaf = (const unsigned char *)there.leaf.der.ptr;
    struct end client, server;
    (void)state;
    assert_int_equal(SSL_CTX_use_certificate_ASN1(ctx, (int)there.leaf.der.len, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, there.leaf.key), 1);
    end_ours(&client, own, false, "there.example");
    end_bare(&server, ctx, true);
    wire_settle(&client, &server, 0);
    assert_string_equal(SSL_get_servername(server.ssl, TLSEXT_NAMETYPE_host_name),
                        "there.example");
    end_fini(&client);
    end_fini(&server);
    SSL_CTX_free(ctx);
}

static void talks_with(struct end *client, struct end *server, int minimum, int maximum,
                       SSL_CTX *ctx)
{
    SSL_CTX_set_min_proto_version(ctx, minimum);
    SSL_CTX_set_max_proto_version(ctx, maximum);
    end_bare(client, ctx, false);
    end_ours(server, peer, true, NULL);
    wire_settle(client, server, 0);
}

static void refuses_old_versions_and_ciphers(void **state)
{
    static const struct {
        int version;
        const char *ciphers;
        enum dna_tls_status status;
    } cases[] = {
        {TLS1_VERSION, "ALL:@SECLEVEL=0", DNA_TLS_FAILED},
        {TLS1_1_VERSION, "ALL:@SECLEVEL=0", DNA_TLS_FAILED},
        {TLS1_2_VERSION, "ALL:@SECLEVEL=0", DNA_TLS_OPEN},
        {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0", DNA_TLS_FAILED},
        {TLS1_2_VERSION, "AES128-GCM-SHA256:@SECLEVEL=0", DNA_TLS_FAILED},
        {TLS1_2_VERSION, "AECDH-AES128-SHA:@SECLEVEL=0", DNA_TLS_FAILED},
        {TLS1_3_VERSION, "ALL:@SECLEVEL=0", DNA_TLS_OPEN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        SSL_CTX *ctx = bare_client();
        struct end client, server;
        assert_int_equal(SSL_CTX_set_cipher_list(ctx, cases[i].ciphers), 1);
        talks_with(&client, &server, cases[i].version, cases[i].version, ctx);
        if (dna_tls_status(server.tls) != cases[i].status) {
            fail_msg("row %zu", i);
        }
        end_fini(&client);
        end_fini(&server);
        SSL_CTX_free(ctx);
    }
}

static SSL_SESSION *last_session;

static int collect(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(last_session);
    last_session = session;
    return 1;
}

/* S21: neither a ticket nor a session identifier comes from us, and none is honoured. */
static void resumes_nothing_as_server(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = bare_client();
        struct end client, server;
        SSL_SESSION *session;
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(ctx, collect);
        talks_with(&client, &server, versions[i], versions[i], ctx);
        session = SSL_get1_session(client.ssl);
        assert_int_equal(SSL_SESSION_has_ticket(session), 0);
        if (versions[i] == TLS1_3_VERSION) {
            assert_null(last_session);
        }
        end_fini(&client);
        end_fini(&server);

        end_bare(&client, ctx, false);
        end_ours(&server, peer, true, NULL);
        assert_int_equal(SSL_set_session(client.ssl, session), 1);
        wire_settle(&client, &server, 0);
        assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
        assert_int_equal(SSL_session_reused(client.ssl), 0);
        end_fini(&client);
        end_fini(&server);
        SSL_SESSION_free(session);
        SSL_SESSION_free(last_session);
        last_session = NULL;
        SSL_CTX_free(ctx);
    }
}

/* A server that offers tickets gets full handshakes from us, its chain each time. */
static void resumes_nothing_as_client(void **state)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    const unsigned char *leaf = (const unsigned char *)there.leaf.der.ptr;
    (void)state;
    assert_int_equal(SSL_CTX_use_certificate_ASN1(ctx, (int)there.leaf.der.len, leaf), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, there.leaf.key), 1);
    for (int i = 0; i < 3; i++) {
        struct end client, server;
        end_ours(&client, own, false, "there.example");
        end_bare(&server, ctx, true);
        wire_settle(&client, &server, 0);
        assert_int_equal(SSL_session_reused(server.ssl), 0);
        expect_chain(&client, peer);
        end_fini(&client);
        end_fini(&server);
    }
    SSL_CTX_free(ctx);
}

static void a_renegotiation_ends_it(void **state)
{
    SSL_CTX *ctx = bare_client();
    struct end client, server;
    (void)state;
    talks_with(&client, &server, TLS1_2_VERSION, TLS1_2_VERSION, ctx);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
    assert_int_equal(SSL_renegotiate(client.ssl), 1);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_FAILED);
    assert_non_null(strstr(dna_tls_why(server.tls), "renegotiation"));
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

static void garbage_fails_with_a_reason(void **state)
{
    struct end server;
    struct dna_span xml = dna_span_of("<stream:stream xmlns='jabber:server'>");
    (void)state;
    end_ours(&server, peer, true, NULL);
    dna_tls_feed(server.tls, xml);
    assert_int_equal(dna_tls_handshake(server.tls), DNA_OK);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_FAILED);
    assert_true(strlen(dna_tls_why(server.tls)) > 0);
    end_fini(&server);
}

/* One flipped bit in a record: nothing of it is delivered, and an alert goes out. */
static void a_forged_record_fails(void **state)
{
    struct end client, server;
    char bytes[512], got[512];
    size_t len;
    (void)state;
    open_pair(&client, &server, 0);
    assert_int_equal(dna_tls_write(client.tls, dna_span_of("stanza")), DNA_OK);
    len = dna_buf_len(&client.out);
    assert_true(len < sizeof bytes);
    memcpy(bytes, dna_buf_span(&client.out).ptr, len);
    bytes[len - 3] ^= 1;
    dna_tls_feed(server.tls, (struct dna_span){bytes, len});
    assert_int_equal(dna_tls_read(server.tls, got, sizeof got, &len), DNA_OK);
    assert_int_equal(len, 0);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_FAILED);
    assert_true(dna_buf_len(&server.out) != 0);
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
        cmocka_unit_test(refuses_old_versions_and_ciphers),
        cmocka_unit_test(resumes_nothing_as_server),
        cmocka_unit_test(resumes_nothing_as_client),
        cmocka_unit_test(a_renegotiation_ends_it),
        cmocka_unit_test(carries_huge_writes_both_ways),
        cmocka_unit_test(keeps_what_is_unread),
        cmocka_unit_test(close_notify_ends_it),
        cmocka_unit_test(garbage_fails_with_a_reason),
        cmocka_unit_test(a_forged_record_fails),
        cmocka_unit_test(a_full_output_buffer_fails),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
