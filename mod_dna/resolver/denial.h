/* resolver/denial.h: what verified NSEC and NSEC3 records of one zone deny.
 *
 * Clauses: RFC 4035 5.4, RFC 6840 4, RFC 5155 8, RFC 9276 (iterations).
 */
#ifndef DNA_RESOLVER_DENIAL_H
#define DNA_RESOLVER_DENIAL_H

#include <ldns/ldns.h>

#include <mod_dna/base.h>

struct dna_denial {
    const ldns_rdf *zone;
    const ldns_rr_list *records; /* whole NSEC and NSEC3; verified, owners in the zone */
    unsigned *hashes;            /* SHA-1 operations that are left */
};

/* Whether the record is an NSEC or NSEC3 that has all its fields, with a list of types that is
 * put together as it should be.  What a zone's owner signed need not be. */
bool dna_denial_is_whole(const ldns_rr *rr);
/* The name exists and has neither that type nor an alias, or a wildcard stands for it of
 * which that is true. */
bool dna_denial_no_data(const struct dna_denial *denial, const ldns_rdf *name,
                        ldns_rr_type type);
/* Neither the name nor a wildcard that would stand for it exists. */
bool dna_denial_no_name(const struct dna_denial *denial, const ldns_rdf *name);
/* Nothing between the name and its ancestor of so many labels exists: the ancestor's
 * wildcard stands for the name. */
bool dna_denial_no_closer(const struct dna_denial *denial, const ldns_rdf *name,
                          unsigned labels);
/* The name is delegated without a DS record, or NSEC3 opt-out leaves it open whether. */
bool dna_denial_unsigned(const struct dna_denial *denial, const ldns_rdf *name);

#endif
