/* x509/chain.h: what a chain holds, for the files of this room; and a way in for tls/. */
#ifndef DNA_X509_CHAIN_H
#define DNA_X509_CHAIN_H

#include <stdatomic.h>

#include <base/limits.h>
#include <mod_dna/x509.h>
#include <x509/library.h>

struct dna_chain_name {
    enum dna_name_kind kind;
    struct dna_span text;
};

/* The leaf's subject alternative names that are of use here. */
struct dna_chain_names {
    struct stack_st_GENERAL_NAME *all; /* owns the bytes */
    struct dna_chain_name *usable;
    size_t n;
};

struct dna_chain_link {
    struct x509_st *certificate;
    struct dna_span der; /* within dna_chain.bytes */
};

struct dna_chain {
    const struct dna_alloc *alloc;
    atomic_uint references;
    struct dna_chain_link links[DNA_LIMIT_CHAIN];
    size_t n;
    char *bytes;
    struct dna_chain_names names;
    uint8_t leaf_digest[DNA_SHA256_SIZE];
    uint8_t digest[DNA_SHA256_SIZE];
    int64_t not_before, not_after; /* of the leaf */
};

/* As dna_chain_new, of certificates that a TLS library has parsed already and that stay its
 * own: parsing is dear, and what both share is held once. */
DNA_MUST_USE enum dna_err dna_chain_share(const struct dna_alloc *alloc,
                                          struct x509_st *const *certificates, size_t n,
                                          struct dna_chain **out);

/* One DER certificate that fills der exactly; *out is the caller's.  DNA_ERR_FORMAT: also
 * where the bytes are BER but not DER. */
DNA_MUST_USE enum dna_err dna_certificate_parse(struct dna_span der, struct x509_st **out);
/* A time as certificates have it, wall seconds.  DNA_ERR_FORMAT: it is none. */
struct asn1_string_st;
DNA_MUST_USE enum dna_err dna_certificate_time(const struct asn1_string_st *time,
                                               int64_t *out);
/* The certificate's validity, wall seconds.  DNA_ERR_FORMAT: no proper times. */
DNA_MUST_USE enum dna_err dna_certificate_validity(const struct x509_st *certificate,
                                                   int64_t *not_before, int64_t *not_after);

/* Names without a subjectAltName, or with one that does not decode: none. */
DNA_MUST_USE enum dna_err dna_chain_names_init(struct dna_chain_names *names,
                                               const struct dna_alloc *alloc,
                                               const struct x509_st *leaf);
void dna_chain_names_fini(struct dna_chain_names *names, const struct dna_alloc *alloc);

#endif
