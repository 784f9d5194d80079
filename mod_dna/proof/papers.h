/* proof/papers.h: certificates that a peer supplied or that were fetched, parsed. */
#ifndef DNA_PROOF_PAPERS_H
#define DNA_PROOF_PAPERS_H

#include <mod_dna/court.h>
#include <x509/acert.h>
#include <x509/crl.h>
#include <x509/spki.h>

/* How the bytes are read. */
enum dna_paper_kind {
    DNA_PAPER_DOCUMENT, /* dna_chain_parse */
    DNA_PAPER_BASE64,   /* the same, of base64 */
    DNA_PAPER_ACERTS,   /* dna_acert_bundle_read */
    DNA_PAPER_CRL       /* dna_crl_parse */
};

/* Immutable but for the count of its references and the key, which is made on demand; used by
 * one thread. */
struct dna_paper {
    const struct dna_alloc *alloc;
    unsigned references;
    enum dna_paper_kind kind;
    uint8_t digest[DNA_SHA256_SIZE]; /* of the bytes, where it is remembered */
    size_t len;                      /* of the bytes */
    struct dna_chain *chain;         /* DOCUMENT, BASE64 */
    struct dna_acert_bundle *acerts; /* ACERTS */
    struct dna_crl *crl;             /* CRL */
    struct dna_spki_dnskey *key;     /* of the chain's leaf, once somebody asked */
    struct dna_paper *next;          /* in its memory */
};

/* The bytes as a paper, a reference of the caller's: out of the memory, or parsed and put
 * there.  Without a memory (NULL) it is made with alloc.  DNA_ERR_FORMAT, DNA_ERR_LIMIT: that
 * is what the bytes deserve, and *why (may be NULL) is static; else a fault of the world. */
DNA_MUST_USE enum dna_err dna_papers_read(struct dna_papers *papers,
                                          const struct dna_alloc *alloc,
                                          enum dna_paper_kind kind, struct dna_span bytes,
                                          struct dna_paper **out, const char **why);
void dna_paper_free(struct dna_paper *paper); /* drops one reference; NULL is fine */

/* The leaf's key as a DNSKEY; lives as long as the paper.  DNA_ERR_FORMAT: no algorithm of
 * DNSSEC uses such a key. */
DNA_MUST_USE enum dna_err dna_paper_dnskey(struct dna_paper *paper,
                                           const struct dna_spki_dnskey **out);

#endif
