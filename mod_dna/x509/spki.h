/* x509/spki.h: key strength (S9), and the leaf's key as a DNSKEY (RFC 3110, 5702, 6605,
 * 8080; the dnssec-ta prooftype). */
#ifndef DNA_X509_SPKI_H
#define DNA_X509_SPKI_H

#include <mod_dna/x509.h>

/* RSA >= 2048, P-256/384/521, Ed25519, Ed448. */
bool dna_spki_strong(const struct dna_chain *chain);
/* SHA-256 over the leaf's DER SubjectPublicKeyInfo: a pin (RFC 7469 2.4). */
DNA_MUST_USE enum dna_err dna_spki_digest(const struct dna_chain *chain,
                                          unsigned char out[DNA_SHA256_SIZE]);

#define DNA_DNSKEY_KEY_MAX 1028
struct dna_spki_dnskey {
    unsigned char algorithms[4]; /* admissible DNSSEC algorithm numbers */
    size_t n_algorithms;
    unsigned char key[DNA_DNSKEY_KEY_MAX]; /* public-key field of the DNSKEY RDATA */
    size_t key_len;
};
/* DNA_ERR_FORMAT: no DNSSEC algorithm uses such a key. */
DNA_MUST_USE enum dna_err dna_spki_to_dnskey(const struct dna_chain *chain,
                                             struct dna_spki_dnskey *out);
/* The same for a bare DER SubjectPublicKeyInfo. */
DNA_MUST_USE enum dna_err dna_spki_der_to_dnskey(struct dna_span spki,
                                                 struct dna_spki_dnskey *out);

#endif
