/* x509/acert.h: attribute certificates that delegate a service (RFC 5755), and what they are
 * carried in.
 *
 * An attribute certificate is read whatever it says, as long as it is DER; `fault` tells what
 * the profile of the prooftype does not allow.  Nothing is verified here: its signature is
 * dna_signature_check's, its issuer's path dna_path_check's.
 */
#ifndef DNA_X509_ACERT_H
#define DNA_X509_ACERT_H

#include <mod_dna/x509.h>
#include <x509/digest.h>

struct dna_acert_st; /* x509/acert_asn1.h */

enum dna_acert_bearer {
    DNA_ACERT_BEARER_NAME,        /* entityName: a host, by its certified name */
    DNA_ACERT_BEARER_CERTIFICATE, /* objectDigestInfo: the certificate */
    DNA_ACERT_BEARER_KEY,         /* objectDigestInfo: the public key */
    DNA_ACERT_BEARER_SERIAL       /* baseCertificateID: issuer and serial number */
};

struct dna_acert {
    const struct dna_alloc *alloc;
    struct dna_acert_st *st;
    struct dna_span der;       /* owned, as all that follows is borrowed from it or st */
    struct dna_span algorithm; /* DER AlgorithmIdentifier of the signature */
    struct dna_span signature;
    /* NULL: it fulfils the profile.  Else what it breaks first, and only der, algorithm and
     * signature are of use. */
    const char *fault;
    enum dna_acert_bearer bearer;
    struct dna_span host;      /* NAME */
    enum dna_hash hash;        /* CERTIFICATE, KEY */
    struct dna_span digest;
    int64_t not_before, not_after; /* both belong to it */
    bool targeted;             /* only some may rely on it */
    struct dna_span crl;       /* where its issuer's revocation list is; empty: it has none */
};

/* One DER attribute certificate; the bytes are copied.  DNA_ERR_FORMAT: it is none, or not
 * DER; DNA_ERR_LIMIT; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_acert_parse(const struct dna_alloc *alloc, struct dna_span der,
                                          struct dna_acert **out);
void dna_acert_free(struct dna_acert *acert);

/* The bytes that the signature is over, as received. */
struct dna_span dna_acert_signed(const struct dna_acert *acert);
/* The i-th value of the attribute delegatedService.  DNA_ERR_NOT_FOUND: past the last. */
DNA_MUST_USE enum dna_err dna_acert_service(const struct dna_acert *acert, size_t i,
                                            struct dna_span *out);
/* Whether one of them is "_<service>.<domain>", in any case of letters. */
bool dna_acert_delegates(const struct dna_acert *acert, const char *service,
                         const char *domain);
/* Whether the host of that name is among its targets; it has some.  own may be NULL. */
bool dna_acert_is_for(const struct dna_acert *acert, const char *own);
/* Whether the holder is the leaf of chain, for every form but NAME. */
DNA_MUST_USE enum dna_err dna_acert_borne_by(const struct dna_acert *acert,
                                             const struct dna_chain *chain, bool *out);
/* Whether every certificate of the issuer's chain that limits what attributes may be
 * certified below it (RFC 5755 7.4) permits delegatedService. */
bool dna_acert_permitted(const struct dna_chain *issuer);

/* --- acert_bundle.c ----------------------------------------------------------------- */

/* An attribute certificate, and who may have issued it. */
struct dna_acert_case {
    const struct dna_acert *acert;
    struct dna_chain *issuer; /* leaf: the issuer's certificate; NULL: there is none */
};

/* What a proof carries.  At most DNA_LIMIT_ACERT_ISSUERS cases for each certificate. */
struct dna_acert_bundle {
    const struct dna_alloc *alloc;
    struct dna_acert **acerts;
    size_t n;
    struct dna_acert_case *cases;
    size_t n_cases;
    struct dna_span *certificates; /* all that came along, in DER; owned */
    size_t n_certificates;
};

/* CMS SignedData (certificates only, version 4) in DER, or PEM blocks.  At least one attribute
 * certificate.  DNA_ERR_FORMAT, DNA_ERR_LIMIT: *why is static; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_acert_bundle_parse(const struct dna_alloc *alloc,
                                                 struct dna_span bytes,
                                                 struct dna_acert_bundle **out,
                                                 const char **why);
/* The same as text: base64 with white space, or PEM. */
DNA_MUST_USE enum dna_err dna_acert_bundle_read(const struct dna_alloc *alloc,
                                                struct dna_span text,
                                                struct dna_acert_bundle **out,
                                                const char **why);
void dna_acert_bundle_free(struct dna_acert_bundle *bundle);

#endif
