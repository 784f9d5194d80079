/* x509/mint.h: a private certification authority, and short-lived certificates of it.
 *
 * For the hop between a gateway and the server behind it (S25): the server believes this
 * authority and no other, and each certificate names one remote domain that the gateway has
 * proven.  The authority is a P-256 key; its certificate excludes the names that the server
 * itself has, so that the server takes no certificate for one of them whoever signed it, and
 * issues no further authorities.
 */
#ifndef DNA_X509_MINT_H
#define DNA_X509_MINT_H

#include <base/buf.h>
#include <mod_dna/x509.h>

/* Appends a new private key, in PEM. */
DNA_MUST_USE enum dna_err dna_mint_key(struct dna_buf *pem);
/* Appends the DER SubjectPublicKeyInfo of a private key on P-256, or of a certificate, in PEM.
 * DNA_ERR_FORMAT: it is neither. */
DNA_MUST_USE enum dna_err dna_mint_public(struct dna_span pem, struct dna_buf *spki);

#define DNA_MINT_TITLE_MAX 40

/* Appends the authority's own certificate, in PEM: ten years from now on.  title: what its name
 * begins with, in ASCII.  excluded: canonical names, which it may not certify, nor any below
 * them. */
DNA_MUST_USE enum dna_err dna_mint_authority(struct dna_span key_pem, const char *title,
                                             const char *const *excluded, size_t n, int64_t now,
                                             struct dna_buf *pem);
/* Whether a certificate is such a one, with the same key and exactly these names, and holds
 * for a year at least. */
bool dna_mint_authority_fits(struct dna_span certificate_pem, struct dna_span key_pem,
                             const char *const *excluded, size_t n, int64_t now);

struct dna_mint {
    const char *domain;    /* canonical */
    struct dna_span spki;  /* DER, on P-256 */
    int64_t not_before, not_after;
};
/* Appends a certificate for it, in PEM, good for servers and for clients.  DNA_ERR_FORMAT: no
 * such key, or no such public key; DNA_ERR_ARGUMENT: no time is left. */
DNA_MUST_USE enum dna_err dna_mint_certificate(struct dna_span key_pem,
                                               struct dna_span authority_pem,
                                               const struct dna_mint *what,
                                               struct dna_buf *pem);

/* Copies a PEM text of certificates without those that bear the public key, under whatever
 * label; *left_out counts them.  What cannot be read is copied: it is for the reader to
 * refuse. */
DNA_MUST_USE enum dna_err dna_mint_leave_out(struct dna_span pem, struct dna_span spki,
                                             struct dna_buf *out, size_t *left_out);

#endif
