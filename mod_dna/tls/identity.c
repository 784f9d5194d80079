/* tls/identity.c: a certificate, its key, and one SSL_CTX for each direction.
 *
 * The contexts are made once: loading a certificate costs a millisecond, an endpoint 10 kB.
 * An identity of a pool has them only while it is among those that were used last.
 * Both directions present the certificate and ask for the peer's; whatever comes is let
 * through the handshake, since who the peer is gets decided afterwards, several ways.
 * Nothing is resumed: after a resumption OpenSSL has no chain that could be judged (S21).
 * Versions, cipher suites, groups and signatures are those of RFC 9325, set here one by one,
 * so that the system's OpenSSL configuration decides nothing.  A client that names protocols
 * (ALPN) must name ours: what speaks something else is not answered (RFC 7301 3.2).
 *
 * A server that has to know first whom its client asks for (SNI) begins with one identity
 * and changes to another one's context; these are all set up alike, so that nothing but the
 * certificate changes.
 */
#include <tls/context.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <x509/chain.h>

#define CIPHERS_12 "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK"
#define CIPHERS_13 \
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS "X25519:P-256:P-384:P-521"
#define SIGNATURES \
    "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:" \
    "RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:" \
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:" \
    "RSA+SHA256:RSA+SHA384:RSA+SHA512"
#define REFUSED "OpenSSL does not take the certificate and its key"
#define LEVEL 2 /* OpenSSL's: keys of ours below 112 bits are refused */

/* The certificates and the key: while they are being read, and of a pool's identity. */
struct material {
    X509 *certs[DNA_LIMIT_CHAIN];
    size_t n;
    EVP_PKEY *key;
};

/* Invariant: either an identity is in the list of its pool, or it has no contexts. */
struct dna_tls_identity {
    const struct dna_alloc *alloc;
    unsigned refs;
    struct dna_chain *chain;
    SSL_CTX *client, *server;
    BIO_METHOD *bio; /* of the pool, if there is one */
    struct dna_tls_pool *pool;
    struct material *material; /* with pool */
    struct dna_tls_identity *newer, *older; /* in the pool's list */
    bool listed;
};

struct dna_tls_pool {
    const struct dna_alloc *alloc;
    unsigned refs;
    size_t n, most;
    struct dna_tls_identity *newest, *oldest; /* which have contexts, by their last use */
    SSL_CTX *blank; /* what is wrong with a certificate is found with it */
    BIO_METHOD *bio;
};

static int no_passphrase(char *space, int room, int writing, void *arg)
{
    (void)space;
    (void)room;
    (void)writing;
    (void)arg;
    return -1;
}

static int let_through(X509_STORE_CTX *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return 1;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
                           const unsigned char *offered, unsigned offered_len, void *arg)
{
    const char *ours = dna_tls_expected_protocol(SSL_get_app_data(ssl));
    size_t ours_len = strlen(ours);
    (void)arg;
    /* A list of names, each behind its length; OpenSSL has checked that it is one. */
    for (unsigned at = 0; at < offered_len; at += 1U + offered[at]) {
        if (offered[at] == ours_len && ours_len < offered_len - at &&
            memcmp(offered + at + 1, ours, ours_len) == 0) {
            *out = offered + at + 1;
            *len = offered[at];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int choose_identity(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    struct dna_tls_identity *chosen;
    SSL_CTX *ctx;
    (void)arg;
    if (!dna_tls_choose(SSL_get_app_data(ssl), name, &chosen)) {
        return SSL_TLSEXT_ERR_OK;
    }
    if (chosen == NULL) {
        *alert = SSL_AD_UNRECOGNIZED_NAME;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    ctx = dna_tls_identity_context(chosen, true);
    if (ctx == NULL || SSL_set_SSL_CTX(ssl, ctx) != ctx) {
        *alert = SSL_AD_INTERNAL_ERROR;
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

static BIO *bio_over(struct dna_span pem)
{
    return pem.len <= DNA_LIMIT_CHAIN_BYTES ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
}

static enum dna_err read_certs(struct dna_span pem, struct material *m, const char **why)
{
    enum dna_err err = DNA_ERR_FORMAT;
    BIO *bio;
    X509 *cert;
    *why = "there is no certificate that can be read";
    if (pem.len == 0 || (bio = bio_over(pem)) == NULL) {
        return DNA_ERR_FORMAT;
    }
    while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        if (m->n == DNA_LIMIT_CHAIN) {
            X509_free(cert);
            *why = "there are too many certificates";
            goto done;
        }
        m->certs[m->n++] = cert;
    }
    /* The only good end is that no further block begins. */
    if (m->n != 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
        err = DNA_OK;
    }
done:
    BIO_free(bio);
    return err;
}

static void leave_out_root(struct material *m)
{
    if (m->n > 1 && X509_self_signed(m->certs[m->n - 1], 0) == 1) {
        X509_free(m->certs[--m->n]);
    }
}

static enum dna_err read_key(struct dna_span pem, struct material *m, const char **why)
{
    BIO *bio = pem.len != 0 ? bio_over(pem) : NULL;
    *why = "the key cannot be read";
    if (bio != NULL) {
        m->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
        BIO_free(bio);
    }
    if (m->key == NULL) {
        return DNA_ERR_FORMAT;
    }
    *why = "the key does not belong to the certificate";
    return X509_check_private_key(m->certs[0], m->key) == 1 ? DNA_OK : DNA_ERR_FORMAT;
}

static void material_fini(struct material *m)
{
    for (size_t i = 0; i < m->n; i++) {
        X509_free(m->certs[i]);
    }
    EVP_PKEY_free(m->key);
}

static bool set_versions_and_ciphers(SSL_CTX *ctx)
{
    SSL_CTX_set_security_level(ctx, LEVEL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
           SSL_CTX_set_cipher_list(ctx, CIPHERS_12) == 1 &&
           SSL_CTX_set_ciphersuites(ctx, CIPHERS_13) == 1 &&
           SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, SIGNATURES) == 1;
}

static bool set_nothing_resumed(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                       SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1;
}

static bool present(SSL_CTX *ctx, const struct material *m)
{
    if (m->n == 0) {
        return true;
    }
    if (SSL_CTX_use_certificate(ctx, m->certs[0]) != 1 ||
        SSL_CTX_use_PrivateKey(ctx, m->key) != 1) {
        return false;
    }
    for (size_t i = 1; i < m->n; i++) {
        if (SSL_CTX_add1_chain_cert(ctx, m->certs[i]) != 1) {
            return false;
        }
    }
    return true;
}

static SSL_CTX *make_context(const SSL_METHOD *method, const struct material *m)
{
    SSL_CTX *ctx = SSL_CTX_new(method);
    if (ctx == NULL) {
        return NULL;
    }
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, let_through, NULL);
    SSL_CTX_set_max_cert_list(ctx, DNA_LIMIT_CHAIN_BYTES);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    (void)SSL_CTX_set_tlsext_servername_callback(ctx, choose_identity);
    if (!set_versions_and_ciphers(ctx) || !set_nothing_resumed(ctx) || !present(ctx, m)) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static enum dna_err make_contexts(struct dna_tls_identity *identity, const struct material *m,
                                  const char **why)
{
    *why = REFUSED;
    identity->client = make_context(TLS_client_method(), m);
    identity->server = make_context(TLS_server_method(), m);
    identity->bio = dna_tls_bio_method();
    return identity->client != NULL && identity->server != NULL && identity->bio != NULL
               ? DNA_OK
               : DNA_ERR_FORMAT;
}

enum dna_err dna_tls_identity_blank(const struct dna_alloc *alloc,
                                    struct dna_tls_identity **out)
{
    struct dna_tls_identity *identity = dna_alloc_zero(alloc, 1, sizeof *identity);
    const struct material nothing = {.n = 0};
    const char *why;
    enum dna_err err;
    *out = NULL;
    if (identity == NULL) {
        return DNA_ERR_MEMORY;
    }
    identity->alloc = alloc;
    identity->refs = 1;
    err = make_contexts(identity, &nothing, &why);
    ERR_clear_error();
    if (err != DNA_OK) {
        dna_tls_identity_free(identity);
        return DNA_ERR_MEMORY; /* there is nothing in it that OpenSSL could refuse */
    }
    *out = identity;
    return DNA_OK;
}

/* --- a pool ---------------------------------------------------------------------------- */

enum dna_err dna_tls_pool_new(const struct dna_alloc *alloc, size_t most,
                              struct dna_tls_pool **out)
{
    struct dna_tls_pool *pool = dna_alloc_zero(alloc, 1, sizeof *pool);
    const struct material nothing = {.n = 0};
    *out = NULL;
    if (pool == NULL) {
        return DNA_ERR_MEMORY;
    }
    pool->alloc = alloc;
    pool->refs = 1;
    pool->most = most;
    pool->blank = make_context(TLS_method(), &nothing);
    pool->bio = dna_tls_bio_method();
    ERR_clear_error();
    if (pool->blank == NULL || pool->bio == NULL) {
        dna_tls_pool_free(pool);
        return DNA_ERR_MEMORY;
    }
    *out = pool;
    return DNA_OK;
}

void dna_tls_pool_free(struct dna_tls_pool *pool)
{
    if (pool == NULL || --pool->refs != 0) {
        return;
    }
    SSL_CTX_free(pool->blank);
    BIO_meth_free(pool->bio);
    dna_alloc_release(pool->alloc, pool);
}

size_t dna_tls_pool_in_use(const struct dna_tls_pool *pool)
{
    return pool->n;
}

static void unlist(struct dna_tls_identity *identity)
{
    struct dna_tls_pool *pool = identity->pool;
    *(identity->newer != NULL ? &identity->newer->older : &pool->newest) = identity->older;
    *(identity->older != NULL ? &identity->older->newer : &pool->oldest) = identity->newer;
    identity->newer = identity->older = NULL;
    identity->listed = false;
    pool->n--;
}

static void enlist(struct dna_tls_identity *identity)
{
    struct dna_tls_pool *pool = identity->pool;
    identity->older = pool->newest;
    *(pool->newest != NULL ? &pool->newest->newer : &pool->oldest) = identity;
    pool->newest = identity;
    identity->listed = true;
    pool->n++;
}

/* Endpoints keep what they were made of. */
static void drop_contexts(struct dna_tls_identity *identity)
{
    SSL_CTX_free(identity->client);
    SSL_CTX_free(identity->server);
    identity->client = identity->server = NULL;
}

/* False: no memory. */
static bool use_contexts(struct dna_tls_identity *identity)
{
    struct dna_tls_pool *pool = identity->pool;
    if (identity->listed) {
        unlist(identity);
    } else {
        identity->client = make_context(TLS_client_method(), identity->material);
        identity->server = make_context(TLS_server_method(), identity->material);
        ERR_clear_error();
        if (identity->client == NULL || identity->server == NULL) {
            drop_contexts(identity);
            return false;
        }
    }
    enlist(identity);
    while (pool->n > pool->most && pool->oldest != identity) {
        struct dna_tls_identity *oldest = pool->oldest;
        unlist(oldest);
        drop_contexts(oldest);
    }
    return true;
}

/* What would be wrong with a context of it, without making one. */
static enum dna_err try_material(struct dna_tls_pool *pool, const struct material *m,
                                 const char **why)
{
    SSL *ssl = SSL_new(pool->blank);
    bool fine;
    if (ssl == NULL) {
        return DNA_ERR_MEMORY;
    }
    fine = SSL_use_certificate(ssl, m->certs[0]) == 1 && SSL_use_PrivateKey(ssl, m->key) == 1;
    for (size_t i = 1; fine && i < m->n; i++) {
        fine = SSL_add1_chain_cert(ssl, m->certs[i]) == 1;
    }
    SSL_free(ssl);
    *why = REFUSED;
    return fine ? DNA_OK : DNA_ERR_FORMAT;
}

/* Takes over what m refers to. */
static enum dna_err join(struct dna_tls_identity *identity, struct dna_tls_pool *pool,
                         struct material *m, const char **why)
{
    enum dna_err err = try_material(pool, m, why);
    if (err == DNA_OK) {
        identity->material = dna_alloc_zero(identity->alloc, 1, sizeof *m);
        err = identity->material != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    if (err == DNA_OK) {
        *identity->material = *m;
        *m = (struct material){.n = 0};
        identity->bio = pool->bio;
        identity->pool = pool;
        pool->refs++;
    }
    return err;
}

/* --- identities ------------------------------------------------------------------------ */

static enum dna_err make_identity(const struct dna_alloc *alloc, struct dna_tls_pool *pool,
                                  struct dna_span chain_pem, struct dna_span key_pem,
                                  struct dna_tls_identity **out, const char **why)
{
    struct dna_tls_identity *identity = dna_alloc_zero(alloc, 1, sizeof *identity);
    struct material m = {.n = 0};
    enum dna_err err;
    *out = NULL;
    *why = "";
    if (identity == NULL) {
        return DNA_ERR_MEMORY;
    }
    identity->alloc = alloc;
    identity->refs = 1;
    ERR_clear_error();
    err = read_certs(chain_pem, &m, why);
    if (err == DNA_OK) {
        err = read_key(key_pem, &m, why);
    }
    if (err == DNA_OK) {
        leave_out_root(&m);
        *why = "the certificate cannot be read";
        err = dna_chain_share(alloc, m.certs, m.n, &identity->chain);
    }
    if (err == DNA_OK) {
        err = pool != NULL ? join(identity, pool, &m, why) : make_contexts(identity, &m, why);
    }
    material_fini(&m);
    ERR_clear_error();
    if (err != DNA_OK) {
        dna_tls_identity_free(identity);
        return err;
    }
    *why = "";
    *out = identity;
    return DNA_OK;
}

enum dna_err dna_tls_identity_new(const struct dna_alloc *alloc, struct dna_span chain_pem,
                                  struct dna_span key_pem, struct dna_tls_identity **out,
                                  const char **why)
{
    return make_identity(alloc, NULL, chain_pem, key_pem, out, why);
}

enum dna_err dna_tls_pool_identity(struct dna_tls_pool *pool, struct dna_span chain_pem,
                                   struct dna_span key_pem, struct dna_tls_identity **out,
                                   const char **why)
{
    return make_identity(pool->alloc, pool, chain_pem, key_pem, out, why);
}

struct dna_tls_identity *dna_tls_identity_ref(struct dna_tls_identity *identity)
{
    identity->refs++;
    return identity;
}

void dna_tls_identity_free(struct dna_tls_identity *identity)
{
    if (identity == NULL || --identity->refs != 0) {
        return;
    }
    if (identity->listed) {
        unlist(identity);
    }
    drop_contexts(identity);
    if (identity->pool == NULL) {
        BIO_meth_free(identity->bio);
    }
    if (identity->material != NULL) {
        material_fini(identity->material);
        dna_alloc_release(identity->alloc, identity->material);
    }
    dna_tls_pool_free(identity->pool);
    dna_chain_free(identity->chain);
    dna_alloc_release(identity->alloc, identity);
}

const struct dna_chain *dna_tls_identity_chain(const struct dna_tls_identity *identity)
{
    return identity->chain;
}

struct ssl_ctx_st *dna_tls_identity_context(struct dna_tls_identity *identity, bool server)
{
    if (identity->pool != NULL && !use_contexts(identity)) {
        return NULL;
    }
    return server ? identity->server : identity->client;
}

const struct bio_method_st *dna_tls_identity_bio(const struct dna_tls_identity *identity)
{
    return identity->bio;
}

const struct dna_alloc *dna_tls_identity_alloc(const struct dna_tls_identity *identity)
{
    return identity->alloc;
}
