/* x509/dane.h: TLSA records, and whether one stands for a certificate (RFC 6698 2, RFC 7671).
 *
 * Pure hashing: which path a match then needs is the business of dna_path_check_anchored().
 */
#ifndef DNA_X509_DANE_H
#define DNA_X509_DANE_H

#include <mod_dna/x509.h>

enum dna_tlsa_usage {
    DNA_TLSA_PKIX_TA = 0, /* a CA of a path to the roots */
    DNA_TLSA_PKIX_EE = 1, /* the end entity, with a path to the roots */
    DNA_TLSA_DANE_TA = 2, /* what then acts as the anchor */
    DNA_TLSA_DANE_EE = 3  /* the end entity, whatever it says */
};

struct dna_tlsa {
    enum dna_tlsa_usage usage;
    uint8_t selector; /* 0: the certificate, 1: its SubjectPublicKeyInfo */
    uint8_t matching; /* 0: as it is, 1: SHA-256, 2: SHA-512 */
    struct dna_span data;  /* within rdata */
    struct dna_span rdata;
};

/* A usable record.  DNA_ERR_FORMAT: it is none: unknown usage, selector or matching type, a
 * digest of another length, full data that do not decode or whose key is too weak (S9). */
DNA_MUST_USE enum dna_err dna_tlsa_parse(struct dna_span rdata, struct dna_tlsa *out);

/* The same without a look at full data: cheap, for a record that has been found usable. */
DNA_MUST_USE enum dna_err dna_tlsa_read(struct dna_span rdata, struct dna_tlsa *out);

/* Digest agility (RFC 7671 9): of each usage and selector, the strongest digest alone stays,
 * and what is not digested.  Gives the new count back. */
size_t dna_tlsa_agility(struct dna_tlsa *records, size_t n);

/* Whether the record stands for certificate i of the chain. */
DNA_MUST_USE enum dna_err dna_tlsa_matches(const struct dna_tlsa *tlsa,
                                           const struct dna_chain *chain, size_t i,
                                           bool *out);

#endif
