/* x509/seal.h: signatures over bytes of our own, with Ed25519 or ECDSA.
 *
 * The algorithm follows from the key: Ed25519 (RFC 8032), or ECDSA with P-256 and SHA-256, or
 * with P-384 and SHA-384, the value being the DER of RFC 3279 2.2.3.
 */
#ifndef DNA_X509_SEAL_H
#define DNA_X509_SEAL_H

#include <mod_dna/base.h>

#define DNA_SEAL_MAX 128
#define DNA_SEAL_KEY_MAX 160 /* a SubjectPublicKeyInfo */

struct dna_seal {
    const char *algorithm; /* "ed25519", "ecdsa-p256-sha256", "ecdsa-p384-sha384" */
    unsigned char key[DNA_SEAL_KEY_MAX];
    size_t key_len;
    unsigned char value[DNA_SEAL_MAX];
    size_t len;
};

/* DNA_ERR_FORMAT: the PEM is no such private key (encrypted ones are none). */
DNA_MUST_USE enum dna_err dna_seal_make(struct dna_span key_pem, struct dna_span bytes,
                                        struct dna_seal *out);
/* The public key of a PEM text, public or private, and its algorithm, into *out.
 * DNA_ERR_FORMAT as above. */
DNA_MUST_USE enum dna_err dna_seal_key(struct dna_span pem, struct dna_seal *out);
/* DNA_OK: *good says whether it is the signature over bytes.  DNA_ERR_FORMAT: the key is
 * none of those above, or not of that algorithm. */
DNA_MUST_USE enum dna_err dna_seal_verify(const struct dna_seal *seal, struct dna_span bytes,
                                          bool *good);

#endif
