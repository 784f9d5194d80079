#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/pem.h>

struct dna_span key_pem(const struct cert *cert, const char *passphrase)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    char *copy;
    long len;
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio, cert->key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
                         passphrase, passphrase != NULL ? (int)strlen(passphrase) : 0, NULL,
                         NULL),
                     1);
    len = BIO_get_mem_data(bio, &bytes);
    copy = malloc((size_t)len);
    memcpy(copy, bytes, (size_t)len);
    BIO_free(bio);
    return (struct dna_span){copy, (size_t)len};
}

void paper_make(struct paper *paper, const char *subject, const char *names)
{
    const struct cert *both[2] = {&paper->leaf, &paper->ca};
    paper->ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    paper->leaf = cert_make(
        &(struct cert_order){.subject = subject, .issuer = &paper->ca, .names = names});
    paper->chain = cert_pem(both, 2);
    paper->key = key_pem(&paper->leaf, NULL);
}

void paper_fini(struct paper *paper)
{
    cert_free(&paper->leaf);
    cert_free(&paper->ca);
    free((void *)(uintptr_t)paper->chain.ptr);
    free((void *)(uintptr_t)paper->key.ptr);
}

struct dna_tls_identity *paper_identity(const struct paper *paper)
{
    struct dna_tls_identity *identity;
    const char *why;
    assert_int_equal(dna_tls_identity_new(NULL, paper->chain, paper->key, &identity, &why),
                     DNA_OK);
    return identity;
}

void end_with(struct end *end, struct dna_tls_identity *identity,
              const struct dna_tls_options *options)
{
    *end = (struct end){.ssl = NULL};
    dna_buf_init(&end->out, NULL, SIZE_MAX);
    assert_int_equal(dna_tls_new(identity, options, &end->out, &end->tls), DNA_OK);
}

void end_ours(struct end *end, struct dna_tls_identity *identity, bool server,
              const char *server_name)
{
    end_with(end, identity,
             &(struct dna_tls_options){.server = server, .server_name = server_name});
}

SSL_CTX *bare_context(bool server, const struct cert *leaf)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    assert_non_null(ctx);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, 0);
    if (leaf != NULL) {
        const unsigned char *der = (const unsigned char *)leaf->der.ptr;
        assert_int_equal(SSL_CTX_use_certificate_ASN1(ctx, (int)leaf->der.len, der), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, leaf->key), 1);
    }
    return ctx;
}

void end_bare(struct end *end, SSL_CTX *ctx, bool server)
{
    *end = (struct end){.tls = NULL};
    dna_buf_init(&end->out, NULL, SIZE_MAX);
    end->ssl = SSL_new(ctx);
    assert_non_null(end->ssl);
    SSL_set_bio(end->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (server) {
        SSL_set_accept_state(end->ssl);
    } else {
        SSL_set_connect_state(end->ssl);
    }
}

void end_fini(struct end *end)
{
    dna_tls_free(end->tls);
    SSL_free(end->ssl);
    dna_buf_fini(&end->out);
}

static void keep_plain(struct dna_buf *plain, const char *bytes, size_t len)
{
    if (plain != NULL) {
        assert_int_equal(dna_buf_add(plain, (struct dna_span){bytes, len}), DNA_OK);
    }
}

static void drive_ours(struct end *end, struct dna_span bytes, struct dna_buf *plain)
{
    char space[5000];
    size_t len;
    if (dna_tls_status(end->tls) == DNA_TLS_ENDED ||
        dna_tls_status(end->tls) == DNA_TLS_FAILED) {
        return;
    }
    dna_tls_feed(end->tls, bytes);
    assert_int_equal(dna_tls_handshake(end->tls), DNA_OK);
    do {
        assert_int_equal(dna_tls_read(end->tls, space, sizeof space, &len), DNA_OK);
        keep_plain(plain, space, len);
    } while (len != 0);
}

static void drive_bare(struct end *end, struct dna_span bytes, struct dna_buf *plain)
{
    char space[5000];
    size_t len;
    char *sent;
    long n;
    if (bytes.len != 0) {
        assert_int_equal(BIO_write(SSL_get_rbio(end->ssl), bytes.ptr, (int)bytes.len),
                         (int)bytes.len);
    }
    (void)SSL_do_handshake(end->ssl);
    while (SSL_read_ex(end->ssl, space, sizeof space, &len) == 1) {
        keep_plain(plain, space, len);
    }
    n = BIO_get_mem_data(SSL_get_wbio(end->ssl), &sent);
    keep_plain(&end->out, sent, (size_t)n);
    (void)BIO_reset(SSL_get_wbio(end->ssl));
}

static void drive(struct end *end, struct dna_span bytes, struct dna_buf *plain)
{
    if (end->tls != NULL) {
        drive_ours(end, bytes, plain);
    } else {
        drive_bare(end, bytes, plain);
    }
}

bool wire_pass(struct end *from, struct end *to, size_t piece, struct dna_buf *plain)
{
    bool moved = dna_buf_len(&from->out) != 0;
    while (dna_buf_len(&from->out) != 0) {
        struct dna_span bytes = dna_buf_span(&from->out);
        char *copy;
        if (piece != 0 && bytes.len > piece) {
            bytes.len = piece;
        }
        copy = malloc(bytes.len);
        memcpy(copy, bytes.ptr, bytes.len);
        drive(to, (struct dna_span){copy, bytes.len}, plain);
        free(copy);
        dna_buf_consume(&from->out, bytes.len);
    }
    return moved;
}

void wire_settle(struct end *a, struct end *b, size_t piece)
{
    bool moved = true;
    drive(a, (struct dna_span){NULL, 0}, NULL);
    drive(b, (struct dna_span){NULL, 0}, NULL);
    while (moved) {
        moved = wire_pass(a, b, piece, NULL);
        moved = wire_pass(b, a, piece, NULL) || moved;
    }
}
