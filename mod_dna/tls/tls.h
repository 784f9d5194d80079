/* tls/tls.h: bytes in, bytes out over OpenSSL.
 *
 * A BIO of our own reads a borrowed span and appends to an output buffer; nothing here
 * touches a socket.  Verification is deferred: any certificate completes the handshake (its
 * key must be one that can sign, of course), and the chain is yielded for the court.  TLS
 * 1.2 or later, no resumption, no 0-RTT, no renegotiation, no compression (S21, RFC 9325).
 */
#ifndef DNA_TLS_TLS_H
#define DNA_TLS_TLS_H

#include <base/buf.h>
#include <mod_dna/x509.h>

struct dna_tls_identity; /* certificate and key with their contexts; reference-counted */
struct dna_tls;          /* one endpoint */

/* PEM bytes: certificates leaf first, and the key.  A self-signed root at the chain's end is
 * not sent.  *why is for people (static or "").  DNA_ERR_FORMAT: unreadable, or the key does
 * not belong to the certificate. */
DNA_MUST_USE enum dna_err dna_tls_identity_new(const struct dna_alloc *alloc,
                                               struct dna_span chain_pem,
                                               struct dna_span key_pem,
                                               struct dna_tls_identity **out,
                                               const char **why);
struct dna_tls_identity *dna_tls_identity_ref(struct dna_tls_identity *identity);
void dna_tls_identity_free(struct dna_tls_identity *identity);
/* What we present; NULL: nothing. */
const struct dna_chain *dna_tls_identity_chain(const struct dna_tls_identity *identity);

/* Many identities, of which few are used at a time: of the `most` that were used last the
 * contexts are kept, which are the dear part; the others' are made again at their next use.
 * What is wrong with a certificate or a key is found at once all the same.  Reference-counted:
 * its identities keep it. */
struct dna_tls_pool;
DNA_MUST_USE enum dna_err dna_tls_pool_new(const struct dna_alloc *alloc, size_t most,
                                           struct dna_tls_pool **out);
void dna_tls_pool_free(struct dna_tls_pool *pool);
/* As dna_tls_identity_new. */
DNA_MUST_USE enum dna_err dna_tls_pool_identity(struct dna_tls_pool *pool,
                                                struct dna_span chain_pem,
                                                struct dna_span key_pem,
                                                struct dna_tls_identity **out,
                                                const char **why);
/* How many have contexts. */
size_t dna_tls_pool_in_use(const struct dna_tls_pool *pool);

/* One that presents nothing: for servers that choose by the name that the client asks for. */
DNA_MUST_USE enum dna_err dna_tls_identity_blank(const struct dna_alloc *alloc,
                                                 struct dna_tls_identity **out);

/* Protocol names for ALPN (XEP-0368). */
#define DNA_TLS_SERVICE_SERVER "xmpp-server"
#define DNA_TLS_SERVICE_CLIENT "xmpp-client"

/* Whom a server presents, once it knows what the client asks for.  server_name: as the
 * client wrote it, without NUL but otherwise unchecked; NULL: it named nobody.  What is
 * returned is borrowed until the call returns; NULL refuses the handshake with
 * unrecognized_name.  Called from dna_tls_handshake, again if the client has to say hello
 * again; it must not touch the endpoint. */
typedef struct dna_tls_identity *dna_tls_choose_fn(void *arg, const char *server_name);

struct dna_tls_options {
    bool server;
    /* SNI that a client sends (RFC 6066; the service domain).  A server's is NULL. */
    const char *server_name;
    /* ALPN, at most 255 bytes, static.  A client offers this one (NULL: it offers none, as
     * after STARTTLS).  Of a server, a client that offers any must offer this one (NULL:
     * DNA_TLS_SERVICE_SERVER), or the handshake ends with no_application_protocol; one that
     * offers none is answered, and its stream header says what it wants. */
    const char *protocol;
    dna_tls_choose_fn *choose; /* servers; NULL: the identity is presented to everybody */
    void *arg;
};

/* Output is appended to out, which outlives the endpoint; the options are not kept.  A
 * server with a blank identity has `choose`. */
DNA_MUST_USE enum dna_err dna_tls_new(struct dna_tls_identity *identity,
                                      const struct dna_tls_options *options,
                                      struct dna_buf *out, struct dna_tls **tls);
void dna_tls_free(struct dna_tls *tls);

enum dna_tls_status {
    DNA_TLS_HANDSHAKING,
    DNA_TLS_OPEN,
    DNA_TLS_ENDED,  /* the peer's close_notify */
    DNA_TLS_FAILED  /* a TLS error; drop TCP */
};
enum dna_tls_status dna_tls_status(const struct dna_tls *tls);
const char *dna_tls_why(const struct dna_tls *tls); /* FAILED: for people */

/* Lends received bytes until dna_tls_read says that nothing is left, or dna_tls_keep copies
 * what is unread (the shared read buffer is used again). */
void dna_tls_feed(struct dna_tls *tls, struct dna_span bytes);
DNA_MUST_USE enum dna_err dna_tls_keep(struct dna_tls *tls);
/* Drives the handshake as far as the input goes. */
DNA_MUST_USE enum dna_err dna_tls_handshake(struct dna_tls *tls);
/* Decrypts into space; *len 0: needs more input, ended or failed (see status). */
DNA_MUST_USE enum dna_err dna_tls_read(struct dna_tls *tls, char *space, size_t room,
                                       size_t *len);
/* Encrypts in records of up to 16 KiB into the output buffer. */
DNA_MUST_USE enum dna_err dna_tls_write(struct dna_tls *tls, struct dna_span bytes);
/* Appends our close_notify. */
DNA_MUST_USE enum dna_err dna_tls_shutdown(struct dna_tls *tls);
/* OPEN: the protocol that was agreed on by name; empty: none was named.  Until freed. */
struct dna_span dna_tls_protocol(const struct dna_tls *tls);
/* OPEN: the name that a server's client asked for, unchecked; NULL: none.  Until freed. */
const char *dna_tls_server_name(const struct dna_tls *tls);
/* What the peer presented, leaf first; *out NULL: nothing.  A new reference. */
DNA_MUST_USE enum dna_err dna_tls_peer_chain(struct dna_tls *tls,
                                             const struct dna_alloc *alloc,
                                             struct dna_chain **out);

#endif
