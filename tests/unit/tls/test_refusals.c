/* What an endpoint refuses of a peer that misbehaves; the peer is bare OpenSSL (S21, RFC
 * 9325). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

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
        SSL_CTX *ctx = bare_context(false, NULL);
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
        SSL_CTX *ctx = bare_context(false, NULL);
        struct end client, server;
        SSL_SESSION *session;
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(ctx, collect);
        talks_with(&client, &server, versions[i], versions[i], ctx);
        session = SSL_get1_session(client.ssl);
        assert_int_equal(SSL_SESSION_has_ticket(session), 0);
        if (versions[i] == TLS1_2_VERSION) {
            unsigned len;
            (void)SSL_SESSION_get_id(session, &len);
            assert_int_equal(len, 0);
        }
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
    SSL_CTX *ctx = bare_context(true, &there.leaf);
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct end client, server;
        struct dna_chain *chain;
        end_ours(&client, own, false, "there.example");
        end_bare(&server, ctx, true);
        wire_settle(&client, &server, 0);
        assert_int_equal(SSL_session_reused(server.ssl), 0);
        assert_int_equal(dna_tls_peer_chain(client.tls, NULL, &chain), DNA_OK);
        assert_int_equal(dna_chain_count(chain), 1);
        dna_chain_free(chain);
        end_fini(&client);
        end_fini(&server);
    }
    SSL_CTX_free(ctx);
}

static void a_renegotiation_ends_it(void **state)
{
    SSL_CTX *ctx = bare_context(false, NULL);
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

/* A server that asks for a new handshake (RFC 5246 7.4.1.1) gets the same answer. */
static void a_hello_request_ends_it(void **state)
{
    SSL_CTX *ctx = bare_context(true, &there.leaf);
    struct end client, server;
    (void)state;
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    end_ours(&client, own, false, NULL);
    end_bare(&server, ctx, true);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(client.tls), DNA_TLS_OPEN);
    assert_int_equal(SSL_renegotiate(server.ssl), 1);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(client.tls), DNA_TLS_FAILED);
    assert_non_null(strstr(dna_tls_why(client.tls), "renegotiation"));
    end_fini(&client);
    end_fini(&server);
    SSL_CTX_free(ctx);
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
    end_ours(&client, own, false, NULL);
    end_ours(&server, peer, true, NULL);
    wire_settle(&client, &server, 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_old_versions_and_ciphers),
        cmocka_unit_test(resumes_nothing_as_server),
        cmocka_unit_test(resumes_nothing_as_client),
        cmocka_unit_test(a_renegotiation_ends_it),
        cmocka_unit_test(a_hello_request_ends_it),
        cmocka_unit_test(garbage_fails_with_a_reason),
        cmocka_unit_test(a_forged_record_fails),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
