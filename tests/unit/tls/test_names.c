/* What the hello names: the protocol (ALPN, RFC 7301) and whom the client asks for (SNI). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>

#include "wire.h"

#define ALERT_UNRECOGNIZED_NAME 112
#define ALERT_NO_PROTOCOL 120

static struct paper here, there, third;
static struct dna_tls_identity *own, *peer, *other, *blank;

static int setup(void **state)
{
    (void)state;
    paper_make(&here, "here.example", "DNS:here.example");
    paper_make(&there, "there.example", "DNS:there.example");
    paper_make(&third, "third.example", "DNS:third.example");
    own = paper_identity(&here);
    peer = paper_identity(&there);
    other = paper_identity(&third);
    assert_int_equal(dna_tls_identity_blank(NULL, &blank), DNA_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dna_tls_identity_free(own);
    dna_tls_identity_free(peer);
    dna_tls_identity_free(other);
    dna_tls_identity_free(blank);
    paper_fini(&here);
    paper_fini(&there);
    paper_fini(&third);
    return 0;
}

/* --- the protocol -------------------------------------------------------------------- */

static int alert_seen;

static void notice(const SSL *ssl, int where, int value)
{
    (void)ssl;
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT) {
        alert_seen = value & 0xff;
    }
}

/* `offered` is an ALPN list. */
static SSL_CTX *client_offering(const char *offered)
{
    SSL_CTX *ctx = bare_context(false, NULL);
    SSL_CTX_set_info_callback(ctx, notice);
    alert_seen = 0;
    if (offered != NULL) {
        assert_int_equal(SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)offered,
                                                 (unsigned)strlen(offered)),
                         0);
    }
    return ctx;
}

/* A client that names protocols must name ours; one that names none is answered. */
static void a_server_speaks_one_protocol(void **state)
{
    static const struct {
        const char *expected, *offered, *agreed; /* agreed NULL: no handshake */
    } rows[] = {
        {NULL, NULL, ""},
        {NULL, "\x0bxmpp-server", "xmpp-server"},
        {NULL, "\x0bxmpp-client\x0bxmpp-server", "xmpp-server"},
        {NULL, "\x0bxmpp-server\x02h2", "xmpp-server"},
        {NULL, "\x0bxmpp-client", NULL},
        {NULL, "\x08http/1.1\x02h2", NULL},
        {NULL, "\x0axmpp-serve", NULL},
        {NULL, "\x0cxmpp-servers", NULL},
        {NULL, "\x0bXMPP-SERVER", NULL},
        {"xmpp-server", "\x0bxmpp-server", "xmpp-server"},
        {"xmpp-client", "\x0bxmpp-client\x0bxmpp-server", "xmpp-client"},
        {"xmpp-client", "\x0bxmpp-server", NULL},
        {"xmpp-client", NULL, ""},
    };
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const char *agreed = rows[i / 2].agreed;
        SSL_CTX *ctx = client_offering(rows[i / 2].offered);
        struct end client, server;
        SSL_CTX_set_max_proto_version(ctx, versions[i % 2]);
        end_bare(&client, ctx, false);
        end_with(&server, peer,
                 &(struct dna_tls_options){.server = true,
                                           .protocol = rows[i / 2].expected});
        wire_settle(&client, &server, 0);
        if (dna_tls_status(server.tls) != (agreed != NULL ? DNA_TLS_OPEN : DNA_TLS_FAILED) ||
            !dna_span_is(dna_tls_protocol(server.tls), agreed != NULL ? agreed : "") ||
            alert_seen != (agreed != NULL ? 0 : ALERT_NO_PROTOCOL)) {
            fail_msg("row %zu", i);
        }
        end_fini(&client);
        end_fini(&server);
        SSL_CTX_free(ctx);
    }
}

/* What a bare server saw offered, and what it answers. */
struct answer {
    char offered[64];
    const char *chosen; /* NULL: it knows nothing of this */
};

static int answer(SSL *ssl, const unsigned char **out, unsigned char *len,
                  const unsigned char *offered, unsigned offered_len, void *arg)
{
    struct answer *a = arg;
    (void)ssl;
    assert_true(offered_len < sizeof a->offered);
    memcpy(a->offered, offered, offered_len);
    if (a->chosen == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = (const unsigned char *)a->chosen;
    *len = (unsigned char)strlen(a->chosen);
    return SSL_TLSEXT_ERR_OK;
}

static void a_client_offers_one_protocol(void **state)
{
    static const struct {
        const char *protocol, *seen, *chosen, *agreed; /* agreed NULL: no handshake */
    } rows[] = {
        {NULL, "", "xmpp-server", ""}, /* nothing offered, nothing answered */
        {"xmpp-server", "\x0bxmpp-server", "xmpp-server", "xmpp-server"},
        {"xmpp-client", "\x0bxmpp-client", "xmpp-client", "xmpp-client"},
        {"xmpp-server", "\x0bxmpp-server", NULL, ""}, /* the server knows no ALPN */
        {"xmpp-server", "\x0bxmpp-server", "h2", NULL},
        {"xmpp-server", "\x0bxmpp-server", "xmpp-serve", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *agreed = rows[i].agreed;
        SSL_CTX *ctx = bare_context(true, &there.leaf);
        struct answer a = {.chosen = rows[i].chosen};
        struct end client, server;
        SSL_CTX_set_alpn_select_cb(ctx, answer, &a);
        end_with(&client, own, &(struct dna_tls_options){.protocol = rows[i].protocol});
        end_bare(&server, ctx, true);
        wire_settle(&client, &server, 0);
        if (dna_tls_status(client.tls) != (agreed != NULL ? DNA_TLS_OPEN : DNA_TLS_FAILED) ||
            strcmp(a.offered, rows[i].seen) != 0 ||
            (agreed != NULL && !dna_span_is(dna_tls_protocol(client.tls), agreed))) {
            fail_msg("row %zu: %s", i, dna_tls_why(client.tls));
        }
        end_fini(&client);
        end_fini(&server);
        SSL_CTX_free(ctx);
    }
}

/* --- the name ------------------------------------------------------------------------ */

struct desk {
    unsigned asked;
    char name[64]; /* "-": none was named */
};

static struct dna_tls_identity *choose(void *arg, const char *server_name)
{
    struct desk *desk = arg;
    desk->asked++;
    (void)snprintf(desk->name, sizeof desk->name, "%s",
                   server_name != NULL ? server_name : "-");
    if (server_name == NULL || strcmp(server_name, "third.example") == 0) {
        return other;
    }
    return strcmp(server_name, "there.example") == 0 ? peer : NULL;
}

static void expect_leaf(struct end *client, const struct paper *paper)
{
    struct dna_chain *chain;
    assert_int_equal(dna_tls_peer_chain(client->tls, NULL, &chain), DNA_OK);
    assert_true(dna_span_equal(dna_chain_der(chain, 0), paper->leaf.der));
    dna_chain_free(chain);
}

static void expect_bare_leaf(struct end *client, const struct paper *paper)
{
    unsigned char *der = NULL;
    int len = i2d_X509(SSL_get0_peer_certificate(client->ssl), &der);
    assert_true(len > 0);
    assert_true(dna_span_equal((struct dna_span){(char *)der, (size_t)len}, paper->leaf.der));
    OPENSSL_free(der);
}

static void a_server_presents_whom_the_client_asks_for(void **state)
{
    static const struct {
        const char *name;
        const struct paper *presented; /* NULL: no handshake */
        const char *seen;
    } rows[] = {
        {"there.example", &there, "there.example"},
        {"third.example", &third, "third.example"},
        {NULL, &third, "-"},
        {"here.example", NULL, "here.example"},
        {"THERE.example", NULL, "THERE.example"}, /* handed over as it was written */
    };
    struct dna_tls_identity *first[] = {blank, own};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        const struct paper *presented = rows[i / 2].presented;
        struct desk desk = {.asked = 0};
        struct end client, server;
        end_ours(&client, own, false, rows[i / 2].name);
        end_with(&server, first[i % 2],
                 &(struct dna_tls_options){.server = true, .choose = choose, .arg = &desk});
        wire_settle(&client, &server, i % 2 == 0 ? 0 : 7);
        assert_int_equal(desk.asked, 1);
        assert_string_equal(desk.name, rows[i / 2].seen);
        if (presented != NULL) {
            const char *name = dna_tls_server_name(server.tls);
            assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
            assert_int_equal(dna_tls_status(client.tls), DNA_TLS_OPEN);
            assert_string_equal(name != NULL ? name : "-", rows[i / 2].seen);
            assert_null(dna_tls_server_name(client.tls));
            expect_leaf(&client, presented);
        } else {
            assert_int_equal(dna_tls_status(server.tls), DNA_TLS_FAILED);
            assert_int_equal(dna_tls_status(client.tls), DNA_TLS_FAILED);
        }
        end_fini(&client);
        end_fini(&server);
    }
}

/* In both versions; the old context's certificate is never seen, the new one's rules are. */
static void a_stranger_s_name_is_refused_with_its_alert(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const struct {
        const char *name, *offered;
        int alert;
    } rows[] = {
        {"nobody.example", NULL, ALERT_UNRECOGNIZED_NAME},
        {"there.example", "\x02h2", ALERT_NO_PROTOCOL},
        {"there.example", "\x0bxmpp-server", 0},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
        SSL_CTX *ctx = client_offering(rows[i / 2].offered);
        struct desk desk = {.asked = 0};
        struct end client, server;
        SSL_CTX_set_max_proto_version(ctx, versions[i % 2]);
        end_bare(&client, ctx, false);
        assert_int_equal(SSL_set_tlsext_host_name(client.ssl, rows[i / 2].name), 1);
        end_with(&server, blank,
                 &(struct dna_tls_options){.server = true, .choose = choose, .arg = &desk});
        wire_settle(&client, &server, 0);
        if (alert_seen != rows[i / 2].alert) {
            fail_msg("row %zu: alert %d", i, alert_seen);
        }
        assert_true((dna_tls_status(server.tls) == DNA_TLS_OPEN) == (alert_seen == 0));
        if (alert_seen == 0) {
            expect_bare_leaf(&client, &there);
        }
        end_fini(&client);
        end_fini(&server);
        SSL_CTX_free(ctx);
    }
}

/* S21 holds for the identity that was changed to as well. */
static void a_chosen_identity_resumes_nothing(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = client_offering(NULL);
        SSL_SESSION *session = NULL;
        SSL_CTX_set_max_proto_version(ctx, versions[i]);
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT);
        for (int round = 0; round < 2; round++) {
            struct desk desk = {.asked = 0};
            struct end client, server;
            end_bare(&client, ctx, false);
            assert_int_equal(SSL_set_tlsext_host_name(client.ssl, "there.example"), 1);
            if (session != NULL) {
                assert_int_equal(SSL_set_session(client.ssl, session), 1);
            }
            end_with(&server, blank,
                     &(struct dna_tls_options){
                         .server = true, .choose = choose, .arg = &desk});
            wire_settle(&client, &server, 0);
            assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
            assert_int_equal(SSL_session_reused(client.ssl), 0);
            SSL_SESSION_free(session);
            session = SSL_get1_session(client.ssl);
            assert_int_equal(SSL_SESSION_has_ticket(session), 0);
            end_fini(&client);
            end_fini(&server);
        }
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx);
    }
}

/* A client that has to say hello again (it guessed a group that we do not have) may name
 * somebody else then; what counts is the last word, for the certificate and for us. */
static void a_second_hello_is_asked_for_again(void **state)
{
    SSL_CTX *ctx = client_offering(NULL);
    struct desk desk = {.asked = 0};
    struct end client, server;
    (void)state;
    assert_int_equal(SSL_CTX_set1_groups_list(ctx, "X448:P-256"), 1);
    end_bare(&client, ctx, false);
    assert_int_equal(SSL_set_tlsext_host_name(client.ssl, "third.example"), 1);
    end_with(&server, blank,
             &(struct dna_tls_options){.server = true, .choose = choose, .arg = &desk});
    (void)SSL_do_handshake(client.ssl);
    assert_int_equal(SSL_set_tlsext_host_name(client.ssl, "there.example"), 1);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
    assert_int_equal(desk.asked, 2);
    assert_string_equal(desk.name, "there.example");
    assert_string_equal(dna_tls_server_name(server.tls), "there.example");
    expect_bare_leaf(&client, &there);
    end_fini(&client);
    end_fini(&server);
    SSL_CTX_free(ctx);
}

/* The chosen identity's owner lets go of it while the connection lives on. */
static struct dna_tls_identity *passing;

static struct dna_tls_identity *choose_passing(void *arg, const char *server_name)
{
    (void)arg;
    (void)server_name;
    return passing;
}

static void a_chosen_identity_may_go(void **state)
{
    struct end client, server;
    char got[16];
    size_t len;
    (void)state;
    passing = paper_identity(&there);
    end_ours(&client, own, false, "there.example");
    end_with(&server, blank,
             &(struct dna_tls_options){.server = true, .choose = choose_passing});
    assert_int_equal(dna_tls_handshake(client.tls), DNA_OK);
    (void)wire_pass(&client, &server, 0, NULL);
    dna_tls_identity_free(passing);
    wire_settle(&client, &server, 0);
    assert_int_equal(dna_tls_status(server.tls), DNA_TLS_OPEN);
    expect_leaf(&client, &there);
    assert_int_equal(dna_tls_write(server.tls, dna_span_of("still")), DNA_OK);
    dna_tls_feed(client.tls, dna_buf_span(&server.out));
    assert_int_equal(dna_tls_read(client.tls, got, sizeof got, &len), DNA_OK);
    assert_true(dna_span_is((struct dna_span){got, len}, "still"));
    end_fini(&client);
    end_fini(&server);
}

static void a_blank_identity_without_memory(void **state)
{
    struct failing_alloc f;
    bool done = false;
    (void)state;
    assert_null(dna_tls_identity_chain(blank));
    for (unsigned n = 0; !done; n++) {
        struct dna_tls_identity *made;
        enum dna_err err = dna_tls_identity_blank(failing_alloc_init(&f, n), &made);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_tls_identity_free(made);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_speaks_one_protocol),
        cmocka_unit_test(a_client_offers_one_protocol),
        cmocka_unit_test(a_server_presents_whom_the_client_asks_for),
        cmocka_unit_test(a_stranger_s_name_is_refused_with_its_alert),
        cmocka_unit_test(a_chosen_identity_resumes_nothing),
        cmocka_unit_test(a_second_hello_is_asked_for_again),
        cmocka_unit_test(a_chosen_identity_may_go),
        cmocka_unit_test(a_blank_identity_without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
