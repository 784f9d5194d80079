/* resolver/proving.h: the parts of rrsig.c: whose keys are good, and which records.
 *
 * Everything is seen at one claim's two moments: a signature must be good at both.
 */
#ifndef DNA_RESOLVER_PROVING_H
#define DNA_RESOLVER_PROVING_H

#include <ldns/ldns.h>

#include <mod_dna/dns.h>

struct dna_proving_message {
    ldns_pkt *packet; /* reduced */
    const ldns_rdf *name;
    ldns_rr_type type;
};

/* A zone's keys, once somebody asked. */
struct dna_proving_zone {
    ldns_rdf *name;
    ldns_rr_list *keys; /* borrowed records; NULL: not shown to be good */
};

struct dna_proving {
    const ldns_rr_list *anchors;
    ldns_rr *supplied; /* an anchor of one claim, or NULL */
    struct dna_proving_message *messages;
    size_t n;
    int64_t from, to;  /* the two moments */
    struct dna_proving_zone *zones;
    size_t n_zones;
    unsigned verifications, hashes; /* that are left */
};

/* What good signatures say of an RRset. */
struct dna_proving_set {
    ldns_rr_list *records; /* borrowed from the message; freed by dna_proving_set_free */
    ldns_rr_list *signatures;
    const ldns_rdf *zone;  /* the signer */
    unsigned labels;       /* that the signature counts: fewer than the name's for a wildcard */
    uint32_t ttl;          /* as signed */
    int64_t end;           /* of the signature */
};

/* The message that answers this question, or NULL. */
const struct dna_proving_message *dna_proving_find(const struct dna_proving *p,
                                                   const ldns_rdf *name, ldns_rr_type type);
/* The records of a section at (owner, type) and their signatures.  False: no memory. */
bool dna_proving_take(const ldns_rr_list *section, const ldns_rdf *owner, ldns_rr_type type,
                      struct dna_proving_set *out);
void dna_proving_set_free(struct dna_proving_set *set);
/* Whether a zone with good keys at or above the owner signed the records. */
bool dna_proving_verify(struct dna_proving *p, const ldns_rdf *owner, ldns_rr_type type,
                        struct dna_proving_set *set);
/* Whether an anchor lies strictly below the zone, and at or above the name. */
bool dna_proving_has_anchor_below(const struct dna_proving *p, const ldns_rdf *zone,
                                  const ldns_rdf *name);
void dna_proving_forget(struct dna_proving *p);

#endif
