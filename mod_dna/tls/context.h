/* tls/context.h: what an identity lends to its endpoints, and the BIO between them and us. */
#ifndef DNA_TLS_CONTEXT_H
#define DNA_TLS_CONTEXT_H

#include <base/buf.h>
#include <tls/tls.h>

struct bio_st;
struct bio_method_st;
struct ssl_ctx_st;

/* Borrowed until the next call; an endpoint takes a reference.  NULL: no memory. */
struct ssl_ctx_st *dna_tls_identity_context(struct dna_tls_identity *identity, bool server);
const struct bio_method_st *dna_tls_identity_bio(const struct dna_tls_identity *identity);
const struct dna_alloc *dna_tls_identity_alloc(const struct dna_tls_identity *identity);

/* For an SSL whose application data is the endpoint: what it asks of its client, as an ALPN
 * name, and whom it presents (*identity NULL: there is nobody of that name). */
const char *dna_tls_expected_protocol(const struct dna_tls *tls);
bool dna_tls_choose(const struct dna_tls *tls, const char *server_name,
                    struct dna_tls_identity **identity);

/* What stands at the other side of a BIO: a borrowed span to read from, a buffer to append
 * to, and the first fault of that buffer. */
struct dna_tls_io {
    struct dna_span in;
    struct dna_buf *out;
    enum dna_err fault;
};

/* NULL: no memory.  Free with BIO_meth_free. */
struct bio_method_st *dna_tls_bio_method(void);
/* A BIO over io, which outlives it; NULL: no memory. */
struct bio_st *dna_tls_bio_new(const struct bio_method_st *method, struct dna_tls_io *io);

#endif
