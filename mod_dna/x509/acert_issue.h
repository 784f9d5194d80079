/* x509/acert_issue.h: making attribute certificates that delegate a service.
 *
 * The owner of a domain signs with the key of its own certificate; what comes out is public,
 * and handed to whoever serves the domain.
 */
#ifndef DNA_X509_ACERT_ISSUE_H
#define DNA_X509_ACERT_ISSUE_H

#include <x509/acert.h>

#define DNA_ACERT_SERIAL_MAX 20

struct evp_pkey_st;

struct dna_acert_order {
    const struct dna_chain *issuer; /* leaf: the owner's certificate, with a subject */
    struct evp_pkey_st *key;        /* of that leaf: dna_acert_key */
    const char *const *services;    /* "_xmpp-server.example.com", one for each domain */
    size_t n_services;
    enum dna_acert_bearer bearer;
    const char *host;               /* NAME */
    const struct dna_chain *holder; /* the other forms: its leaf */
    enum dna_hash hash;             /* CERTIFICATE, KEY: SHA-256 or SHA-512 */
    const char *const *targets;     /* hosts that alone may rely on it; none: everybody */
    size_t n_targets;
    int64_t not_before, not_after;  /* both belong to it; at most 31 days apart */
    struct dna_span serial;         /* 1 to 20 octets, positive; chosen at random */
};

/* The private key of a PEM text, unencrypted.  DNA_ERR_FORMAT: there is none; DNA_ERR_ARGUMENT:
 * it is not that of the chain's leaf. */
DNA_MUST_USE enum dna_err dna_acert_key(struct dna_span pem, const struct dna_chain *chain,
                                        struct evp_pkey_st **out);
void dna_acert_key_free(struct evp_pkey_st *key);

/* One attribute certificate, in DER; out->ptr is released through alloc.  DNA_ERR_ARGUMENT:
 * what is ordered does not fulfil the profile, *why is static; DNA_ERR_MEMORY;
 * DNA_ERR_SYSTEM: the library cannot sign with this key. */
DNA_MUST_USE enum dna_err dna_acert_issue(const struct dna_alloc *alloc,
                                          const struct dna_acert_order *order,
                                          struct dna_span *out, const char **why);
/* The CMS message that a proof carries, in DER: attribute certificates and the issuer's
 * chain.  As above. */
DNA_MUST_USE enum dna_err dna_acert_wrap(const struct dna_alloc *alloc,
                                         const struct dna_span *acerts, size_t n,
                                         const struct dna_chain *issuer,
                                         struct dna_span *out);

/* --- in two steps, for who wants something else in it ------------------------------- */

struct dna_acert_st; /* x509/acert_asn1.h */
DNA_MUST_USE enum dna_err dna_acert_draft(const struct dna_acert_order *order,
                                          struct dna_acert_st **out);
/* Signs it as it stands. */
DNA_MUST_USE enum dna_err dna_acert_sign(const struct dna_alloc *alloc,
                                         struct dna_acert_st *draft, struct evp_pkey_st *key,
                                         struct dna_span *out);

#endif
