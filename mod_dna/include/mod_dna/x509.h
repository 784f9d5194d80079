/* mod_dna/x509.h: certificate chains, roots and the path check.
 *
 * Room: x509.  Certificates cross this border as DER.  A path check is public-key work: it
 * is done once by whoever satisfies wants and handed to the court as a fact.
 */
#ifndef MOD_DNA_X509_H
#define MOD_DNA_X509_H

#include <mod_dna/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DNA_SHA256_SIZE 32

/* An immutable, reference-counted chain of certificates, leaf first, as presented. */
struct dna_chain;

/* Parses n DER certificates, leaf first (1..DNA_LIMIT_CHAIN).  The bytes are copied.
 * DNA_ERR_FORMAT: one is not a certificate or has trailing bytes; DNA_ERR_LIMIT. */
DNA_API DNA_MUST_USE enum dna_err dna_chain_new(const struct dna_alloc *alloc,
                                                const struct dna_span *der, size_t n,
                                                struct dna_chain **out);

/* Parses what a dnssec-ta URL delivers: one DER certificate, PEM blocks leaf first, or DER
 * PKCS#7/CMS certs-only (the leaf is the one that issues no other in the bag).  At most 10
 * certificates.  DNA_ERR_FORMAT, DNA_ERR_LIMIT, DNA_ERR_MEMORY. */
DNA_API DNA_MUST_USE enum dna_err dna_chain_parse(const struct dna_alloc *alloc,
                                                  struct dna_span bytes,
                                                  struct dna_chain **out);
/* One reference more, from whatever thread; returns the chain. */
DNA_API struct dna_chain *dna_chain_ref(struct dna_chain *chain);
/* Drops one reference; NULL is fine. */
DNA_API void dna_chain_free(struct dna_chain *chain);

/* How many certificates it has, at least one. */
DNA_API size_t dna_chain_count(const struct dna_chain *chain);
/* DER of certificate i; lives as long as the chain. */
DNA_API struct dna_span dna_chain_der(const struct dna_chain *chain, size_t i);
/* SHA-256 over the leaf's DER, and over the whole presented chain. */
DNA_API const uint8_t *dna_chain_leaf_digest(const struct dna_chain *chain);
DNA_API const uint8_t *dna_chain_digest(const struct dna_chain *chain);
/* The leaf's validity, wall seconds. */
DNA_API void dna_chain_leaf_validity(const struct dna_chain *chain, int64_t *not_before,
                                     int64_t *not_after);

enum dna_name_kind {
    DNA_NAME_DNS,      /* dNSName (RFC 9525 DNS-ID) */
    DNA_NAME_SRV,      /* SRVName (RFC 4985) */
    DNA_NAME_XMPP_ADDR /* id-on-xmppAddr (RFC 6120 13.7.1.4) */
};
/* The leaf's subject alternative names of one kind, in order; names with NUL bytes, or with
 * bytes that their type forbids, are left out.  DNA_ERR_NOT_FOUND past the last. */
DNA_API DNA_MUST_USE enum dna_err dna_chain_leaf_name(const struct dna_chain *chain,
                                                      enum dna_name_kind kind, size_t i,
                                                      struct dna_span *out);

/* Trusted certificate authorities.  Reference-counted; immutable once used. */
struct dna_roots;
/* None at all, to be added to; one reference.  DNA_ERR_MEMORY. */
DNA_API DNA_MUST_USE enum dna_err dna_roots_new(const struct dna_alloc *alloc,
                                                struct dna_roots **out);
/* Adds every PEM certificate of a file's bytes.  *added (may be NULL) counts them.
 * DNA_ERR_FORMAT: a block is broken. */
DNA_API DNA_MUST_USE enum dna_err dna_roots_add_pem(struct dna_roots *roots,
                                                    struct dna_span pem, size_t *added);
/* One reference more, from whatever thread; returns the roots. */
DNA_API struct dna_roots *dna_roots_ref(struct dna_roots *roots);
/* Drops one reference; NULL is fine. */
DNA_API void dna_roots_free(struct dna_roots *roots);

enum dna_path_code {
    DNA_PATH_OK,
    DNA_PATH_UNTRUSTED,      /* no path to a root: unknown or self-signed issuer */
    DNA_PATH_EXPIRED,        /* some certificate of the path is not valid now */
    DNA_PATH_NOT_YET_VALID,
    DNA_PATH_BAD_SIGNATURE,
    DNA_PATH_PURPOSE,        /* extended key usage does not nest to serverAuth (S5) */
    DNA_PATH_LEAF_IS_CA,
    DNA_PATH_WEAK,           /* RSA < 2048, SHA-1/MD5 signature, unsupported key (S9) */
    DNA_PATH_CONSTRAINTS,    /* name constraints, path length, critical extension */
    DNA_PATH_OTHER
};

/* What a path check found out; a plain value. */
struct dna_path {
    enum dna_path_code code;
    char why[160];         /* for people, never empty */
    int64_t not_before;    /* the interval in which every certificate of the path is valid; */
    int64_t not_after;     /* of the leaf alone where there is no path */
    bool constrained;      /* some CA of the path has name constraints, or there is no good
                            * path: XmppAddr proves nothing (S7) */
    bool srvname_usable;   /* the path is good, and every CA with name constraints permits the
                            * leaf's SRVNames, expressly: they may prove something (S7) */
    bool digital_signature;/* keyUsage absent or digitalSignature present on the leaf */
};

/* Validates the chain to the roots at the given wall time, for use by an XMPP server in
 * either direction: serverAuth nesting (S5), no CA leaf, key strength (S9), RFC 5280
 * constraints.  Public-key work: about 150 us per certificate.  Names are not looked at. */
DNA_API DNA_MUST_USE enum dna_err dna_path_check(const struct dna_chain *chain,
                                                 const struct dna_roots *roots, int64_t at,
                                                 struct dna_path *out);
/* The same under one TLSA record, given as RDATA (RFC 7671 5); without one if it is empty.
 * Usage 2: the path need not
 * lead to the roots but to what the record stands for: a certificate of the chain above its
 * leaf, or the certificate or key that the record itself holds.  Usage 0: it leads to the
 * roots, and the record stands for some CA of it.  DNA_ERR_FORMAT: no usable record;
 * DNA_ERR_ARGUMENT: usage 1 or 3, which ask for nothing beyond dna_path_check. */
DNA_API DNA_MUST_USE enum dna_err dna_path_check_anchored(const struct dna_chain *chain,
                                                          const struct dna_roots *roots,
                                                          struct dna_span record, int64_t at,
                                                          struct dna_path *out);
/* Of a code, as it stands in evidence; static. */
DNA_API const char *dna_path_code_name(enum dna_path_code code);

/* A signature over bytes, made with the key of the signer's leaf. */
struct dna_signed {
    struct dna_span bytes;
    struct dna_span algorithm; /* DER AlgorithmIdentifier */
    struct dna_span signature;
    const struct dna_chain *signer;
};
/* What a signature check found out; a plain value. */
struct dna_signature {
    bool valid;
    char why[160]; /* for people, never empty */
};
/* Verifies it: RSA (PKCS#1 1.5) of at least 2048 bits, ECDSA on P-256 or P-384, each with
 * SHA-256, SHA-384 or SHA-512, or Ed25519; anything else is not valid.  Public-key work.
 * Whether the signer is to be believed is another question. */
DNA_API DNA_MUST_USE enum dna_err dna_signature_check(const struct dna_signed *what,
                                                      struct dna_signature *out);

#ifdef __cplusplus
}
#endif
#endif
