/* Two ends of a TLS connection in memory: ours on one side, ours or bare OpenSSL on the
 * other.  What cannot be made ends the test. */
#ifndef TESTS_TLS_WIRE_H
#define TESTS_TLS_WIRE_H

#include <openssl/ssl.h>

#include <certs.h>
#include <tls/tls.h>

/* One CA, one leaf that it signed, and the leaf's PEM texts. */
struct paper {
    struct cert ca, leaf;
    struct dna_span chain, key; /* chain: leaf and root */
};
void paper_make(struct paper *paper, const char *subject, const char *names);
void paper_fini(struct paper *paper);
/* PEM of a private key; the caller frees ptr. */
struct dna_span key_pem(const struct cert *cert, const char *passphrase);
struct dna_tls_identity *paper_identity(const struct paper *paper);

/* One end: exactly one of tls and ssl is set; out holds what it wants to send. */
struct end {
    struct dna_tls *tls;
    SSL *ssl;
    struct dna_buf out;
};
void end_with(struct end *end, struct dna_tls_identity *identity,
              const struct dna_tls_options *options);
void end_ours(struct end *end, struct dna_tls_identity *identity, bool server,
              const char *server_name);
/* A context of bare OpenSSL that would agree to anything; leaf may be NULL. */
SSL_CTX *bare_context(bool server, const struct cert *leaf);
/* ctx is the caller's. */
void end_bare(struct end *end, SSL_CTX *ctx, bool server);
void end_fini(struct end *end);

/* Hands over what `from` wants to send, in pieces (0: whole), handshakes and reads; the
 * plaintext is appended to `plain` (may be NULL).  Returns whether anything was sent. */
bool wire_pass(struct end *from, struct end *to, size_t piece, struct dna_buf *plain);
/* Until nothing moves any more. */
void wire_settle(struct end *a, struct end *b, size_t piece);

#endif
