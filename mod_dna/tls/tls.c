/* tls/tls.c: one TLS endpoint: ciphertext is lent, plaintext taken, and the other way round.
 *
 * The state is one of four; only enter() assigns it, and ENDED and FAILED are final.  A
 * faulty record leaves an alert in the output buffer, which the connection flushes before
 * it drops TCP.  A renegotiation is answered by OpenSSL with a warning and would go on;
 * here it ends the connection (RFC 6120 5.4.3: no renegotiation).
 */
#include <tls/context.h>

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <x509/chain.h>

#define RECORD 16384

struct dna_tls {
    struct dna_tls_identity *identity;
    SSL *ssl;
    struct dna_tls_io io;
    struct dna_buf kept; /* the unread input, once dna_tls_keep has copied it */
    const char *protocol;
    dna_tls_choose_fn *choose;
    void *arg;
    enum dna_tls_status status;
    bool renegotiating;
    char why[120];
};

static void enter(struct dna_tls *tls, enum dna_tls_status status)
{
    if (tls->status != DNA_TLS_ENDED && tls->status != DNA_TLS_FAILED) {
        tls->status = status;
    }
}

static void fail(struct dna_tls *tls, const char *why)
{
    if (tls->status != DNA_TLS_FAILED) {
        (void)snprintf(tls->why, sizeof tls->why, "%s", why);
        tls->status = DNA_TLS_FAILED;
    }
}

static void notice(const SSL *ssl, int where, int value)
{
    struct dna_tls *tls = SSL_get_app_data(ssl);
    if ((where & SSL_CB_WRITE_ALERT) == SSL_CB_WRITE_ALERT &&
        (value & 0xff) == SSL_AD_NO_RENEGOTIATION) {
        tls->renegotiating = true;
    }
}

/* What became of an SSL_ call that returned at most 0. */
static enum dna_err settle(struct dna_tls *tls, int returned)
{
    unsigned long code;
    switch (SSL_get_error(tls->ssl, returned)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
        break;
    case SSL_ERROR_ZERO_RETURN:
        enter(tls, DNA_TLS_ENDED);
        break;
    default:
        code = ERR_peek_error();
        if (tls->io.fault == DNA_OK) {
            const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
            fail(tls, reason != NULL ? reason : "the TLS connection broke");
        }
        break;
    }
    ERR_clear_error();
    if (tls->io.fault != DNA_OK) {
        fail(tls, "no room for TLS output");
        return tls->io.fault;
    }
    return DNA_OK;
}

static enum dna_err offer(struct dna_tls *tls, const struct dna_tls_options *options)
{
    unsigned char list[256];
    size_t len;
    if (options->server_name != NULL &&
        SSL_set_tlsext_host_name(tls->ssl, options->server_name) != 1) {
        return DNA_ERR_ARGUMENT;
    }
    if (options->protocol == NULL) {
        return DNA_OK;
    }
    len = strlen(options->protocol);
    assert(len != 0 && len < sizeof list);
    list[0] = (unsigned char)len;
    memcpy(list + 1, options->protocol, len);
    return SSL_set_alpn_protos(tls->ssl, list, (unsigned)(len + 1)) == 0 ? DNA_OK
                                                                         : DNA_ERR_MEMORY;
}

static enum dna_err begin(struct dna_tls *tls, const struct dna_tls_options *options)
{
    BIO *bio;
    SSL_CTX *ctx = dna_tls_identity_context(tls->identity, options->server);
    tls->ssl = ctx != NULL ? SSL_new(ctx) : NULL;
    if (tls->ssl == NULL) {
        return DNA_ERR_MEMORY;
    }
    bio = dna_tls_bio_new(dna_tls_identity_bio(tls->identity), &tls->io);
    if (bio == NULL) {
        return DNA_ERR_MEMORY;
    }
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_info_callback(tls->ssl, notice);
    if (options->server) {
        SSL_set_accept_state(tls->ssl);
        return DNA_OK;
    }
    SSL_set_connect_state(tls->ssl);
    return offer(tls, options);
}

enum dna_err dna_tls_new(struct dna_tls_identity *identity,
                         const struct dna_tls_options *options, struct dna_buf *out,
                         struct dna_tls **tls)
{
    const struct dna_alloc *alloc = dna_tls_identity_alloc(identity);
    struct dna_tls *made = dna_alloc_zero(alloc, 1, sizeof *made);
    enum dna_err err;
    assert(!options->server || options->choose != NULL ||
           dna_tls_identity_chain(identity) != NULL);
    assert(!options->server || options->server_name == NULL);
    *tls = NULL;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->identity = dna_tls_identity_ref(identity);
    made->io.out = out;
    made->protocol = options->protocol;
    made->choose = options->choose;
    made->arg = options->arg;
    dna_buf_init(&made->kept, alloc, DNA_LIMIT_READ);
    err = begin(made, options);
    ERR_clear_error();
    if (err != DNA_OK) {
        dna_tls_free(made);
        return err;
    }
    *tls = made;
    return DNA_OK;
}

void dna_tls_free(struct dna_tls *tls)
{
    struct dna_tls_identity *identity;
    if (tls == NULL) {
        return;
    }
    identity = tls->identity;
    SSL_free(tls->ssl);
    dna_buf_fini(&tls->kept);
    dna_alloc_release(dna_tls_identity_alloc(identity), tls);
    dna_tls_identity_free(identity);
}

enum dna_tls_status dna_tls_status(const struct dna_tls *tls)
{
    return tls->status;
}

const char *dna_tls_why(const struct dna_tls *tls)
{
    return tls->why;
}

void dna_tls_feed(struct dna_tls *tls, struct dna_span bytes)
{
    assert(tls->io.in.len == 0);
    dna_buf_clear(&tls->kept);
    tls->io.in = bytes;
}

enum dna_err dna_tls_keep(struct dna_tls *tls)
{
    struct dna_span held = dna_buf_span(&tls->kept);
    enum dna_err err;
    if (held.len != 0) {
        /* Already ours: what was read of it may go. */
        dna_buf_consume(&tls->kept, held.len - tls->io.in.len);
        tls->io.in = dna_buf_span(&tls->kept);
        return DNA_OK;
    }
    err = dna_buf_add(&tls->kept, tls->io.in);
    tls->io.in = dna_buf_span(&tls->kept);
    return err;
}

/* A server may leave the client's offer unanswered, and answer with nothing else (RFC 7301
 * 3.2); not every OpenSSL minds. */
static bool answered_as_asked(const struct dna_tls *tls)
{
    struct dna_span chosen = dna_tls_protocol(tls);
    return SSL_is_server(tls->ssl) || chosen.len == 0 ||
           (tls->protocol != NULL && dna_span_is(chosen, tls->protocol));
}

enum dna_err dna_tls_handshake(struct dna_tls *tls)
{
    int done;
    if (tls->status != DNA_TLS_HANDSHAKING) {
        return DNA_OK;
    }
    ERR_clear_error();
    done = SSL_do_handshake(tls->ssl);
    if (done == 1) {
        if (answered_as_asked(tls)) {
            enter(tls, DNA_TLS_OPEN);
        } else {
            fail(tls, "the server chose a protocol that was not offered");
        }
        return DNA_OK;
    }
    return settle(tls, done);
}

enum dna_err dna_tls_read(struct dna_tls *tls, char *space, size_t room, size_t *len)
{
    enum dna_err err = DNA_OK;
    *len = 0;
    while (tls->status == DNA_TLS_OPEN && *len < room) {
        size_t n = 0;
        int done;
        ERR_clear_error();
        done = SSL_read_ex(tls->ssl, space + *len, room - *len, &n);
        if (tls->renegotiating) {
            fail(tls, "the peer asked for a renegotiation");
            break;
        }
        if (done != 1) {
            err = settle(tls, done);
            break;
        }
        *len += n;
    }
    return err;
}

enum dna_err dna_tls_write(struct dna_tls *tls, struct dna_span bytes)
{
    if (tls->status != DNA_TLS_OPEN) {
        return DNA_ERR_STATE;
    }
    while (bytes.len != 0) {
        size_t piece = bytes.len < RECORD ? bytes.len : RECORD;
        size_t n = 0;
        int done;
        ERR_clear_error();
        done = SSL_write_ex(tls->ssl, bytes.ptr, piece, &n);
        if (done != 1) {
            enum dna_err err = settle(tls, done);
            fail(tls, "a record could not be written");
            return err != DNA_OK ? err : DNA_ERR_STATE;
        }
        bytes.ptr += n;
        bytes.len -= n;
    }
    return DNA_OK;
}

enum dna_err dna_tls_shutdown(struct dna_tls *tls)
{
    int done;
    if (tls->status == DNA_TLS_FAILED || tls->status == DNA_TLS_HANDSHAKING) {
        return DNA_OK;
    }
    ERR_clear_error();
    done = SSL_shutdown(tls->ssl);
    ERR_clear_error();
    if (done < 0 && tls->io.fault != DNA_OK) {
        fail(tls, "no room for TLS output");
        return tls->io.fault;
    }
    return DNA_OK;
}

struct dna_span dna_tls_protocol(const struct dna_tls *tls)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(tls->ssl, &name, &len);
    return (struct dna_span){(const char *)name, len};
}

const char *dna_tls_server_name(const struct dna_tls *tls)
{
    return SSL_is_server(tls->ssl) ? SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name)
                                   : NULL;
}

const char *dna_tls_expected_protocol(const struct dna_tls *tls)
{
    return tls->protocol != NULL ? tls->protocol : DNA_TLS_SERVICE_SERVER;
}

bool dna_tls_choose(const struct dna_tls *tls, const char *server_name,
                    struct dna_tls_identity **identity)
{
    *identity = NULL;
    if (tls->choose == NULL) {
        return false;
    }
    *identity = tls->choose(tls->arg, server_name);
    return true;
}

enum dna_err dna_tls_peer_chain(struct dna_tls *tls, const struct dna_alloc *alloc,
                                struct dna_chain **out)
{
    STACK_OF(X509) *sent = SSL_get_peer_cert_chain(tls->ssl);
    X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
    X509 *certificates[DNA_LIMIT_CHAIN];
    size_t n = 0;
    /* A client's list begins with the leaf, a server's leaves it out. */
    int first = SSL_is_server(tls->ssl) ? 0 : 1;
    *out = NULL;
    if (leaf == NULL) {
        return DNA_OK;
    }
    certificates[n++] = leaf;
    for (int i = first; i < sk_X509_num(sent); i++) {
        if (n == DNA_LIMIT_CHAIN) {
            return DNA_ERR_LIMIT;
        }
        certificates[n++] = sk_X509_value(sent, i);
    }
    return dna_chain_share(alloc, certificates, n, out);
}
