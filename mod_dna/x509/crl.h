/* x509/crl.h: the revocation list of whoever issues attribute certificates (RFC 5280 5). */
#ifndef DNA_X509_CRL_H
#define DNA_X509_CRL_H

#include <mod_dna/x509.h>

struct X509_crl_st;
struct dna_acert;

struct dna_crl {
    const struct dna_alloc *alloc;
    struct X509_crl_st *st;
    struct dna_span der;       /* owned, as all that follows is borrowed from it */
    struct dna_span bytes;     /* what is signed, */
    struct dna_span algorithm; /* how, as a DER AlgorithmIdentifier, */
    struct dna_span signature; /* and the signature */
    int64_t this_update, next_update;
};

/* One complete list in DER that says when the next one comes; the bytes are copied.
 * DNA_ERR_FORMAT, DNA_ERR_LIMIT: *why is static; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_crl_parse(const struct dna_alloc *alloc, struct dna_span der,
                                        struct dna_crl **out, const char **why);
void dna_crl_free(struct dna_crl *crl); /* NULL is fine */

/* Whether the list names the chain's leaf as its issuer, and the leaf's key may sign lists.
 * The signature is dna_signature_check's. */
bool dna_crl_is_of(const struct dna_crl *crl, const struct dna_chain *issuer);
/* Whether it lists the attribute certificate's serial number, for whatever reason. */
bool dna_crl_lists(const struct dna_crl *crl, const struct dna_acert *acert);

#endif
