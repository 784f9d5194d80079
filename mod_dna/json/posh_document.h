/* json/posh_document.h: POSH documents (RFC 7711 3) read strictly and bounded. */
#ifndef DNA_JSON_POSH_DOCUMENT_H
#define DNA_JSON_POSH_DOCUMENT_H

#include <mod_dna/base.h>

enum dna_posh_kind { DNA_POSH_FINGERPRINTS, DNA_POSH_REFERENCE };

enum dna_posh_hash { DNA_POSH_SHA256, DNA_POSH_SHA384, DNA_POSH_SHA512 };

struct dna_posh_fingerprint {
    enum dna_posh_hash hash;
    unsigned char digest[64];
};

struct dna_posh_document {
    enum dna_posh_kind kind;
    int64_t expires;  /* seconds, clamped to 30 days; 0: the material is invalid */
    char *url;        /* REFERENCE */
    struct dna_posh_fingerprint *fingerprints; /* FINGERPRINTS, document order */
    size_t n_fingerprints;  /* those with a supported hash and a proper value */
    size_t n_unsupported;   /* the others */
    const struct dna_alloc *alloc;
};

/* Fills *out, or leaves it empty; *why is static and for people.  DNA_ERR_FORMAT: not JSON,
 * duplicate members, too deep, both or neither of url and fingerprints, bad or missing
 * expires, bad base64 ...  DNA_ERR_LIMIT: more than 64 KiB or 256 descriptors.
 * DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_posh_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                                         struct dna_posh_document *out, const char **why);
void dna_posh_fini(struct dna_posh_document *document);

#endif
