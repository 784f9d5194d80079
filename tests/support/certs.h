/* A certificate factory: certificates in memory, made to order, with real signatures.
 * What cannot be made ends the test. */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

#include <mod_dna/x509.h>

#define CERTS_NOW INT64_C(1800000000) /* the tests' "now", wall seconds */

struct evp_pkey_st;

struct cert {
    struct evp_pkey_st *key;
    struct dna_span der; /* owned */
    const char *subject;
};

struct cert_order {
    const char *subject;      /* common name; NULL: empty subject */
    const struct cert *issuer;/* NULL: self-signed */
    const char *key;          /* "P-256" (NULL) or another curve's name, "P-256 explicit",
                               * "ED25519", "ED448", "RSA-<bits>", "RSA-PSS", "RSA e=1" */
    const struct cert *same_key; /* NULL: a key of its own */
    bool ca;
    const char *basic;        /* basicConstraints, NULL: as ca says, "": none */
    const char *names;        /* subjectAltName as OpenSSL's configuration writes it */
    const char *usage;        /* extendedKeyUsage, NULL: none */
    const char *key_usage;    /* NULL: none */
    const char *constraints;  /* nameConstraints, NULL: none */
    const char *other_oid, *other; /* one more extension: "1.2.3.4", "critical,DER:0500" */
    int64_t not_before, not_after; /* 0: a day before, and thirty days after, CERTS_NOW */
    bool sha1, md5;
    bool version1;            /* X.509v1: no extensions */
};

struct cert cert_make(const struct cert_order *order);
void cert_free(struct cert *cert);
/* Leaf first; the caller frees the chain. */
struct dna_chain *cert_chain(const struct cert *const *certs, size_t n);
struct dna_roots *cert_roots(const struct cert *root);
/* The certificates as PEM, or as PKCS#7 DER in the given order; the caller frees ptr. */
struct dna_span cert_pem(const struct cert *const *certs, size_t n);
struct dna_span cert_pkcs7(const struct cert *const *certs, size_t n);
/* The private key as PEM (PKCS#8), and the public one as DER SubjectPublicKeyInfo; the caller
 * frees ptr. */
struct dna_span cert_key_pem(const struct cert *cert);
struct dna_span cert_spki(const struct cert *cert);
/* Frees the bytes of a span that one of the above made. */
void cert_bytes_free(struct dna_span bytes);

#endif
