/* x509/tlsa_make.h: TLSA records for a certificate at hand (RFC 6698 2, RFC 7671). */
#ifndef DNA_X509_TLSA_MAKE_H
#define DNA_X509_TLSA_MAKE_H

#include <base/buf.h>
#include <x509/dane.h>

/* Appends the RDATA of a record for the chain's first certificate: selector 0 or 1, matching
 * 0 to 2.  The bytes behind the first three are what others compare, too. */
DNA_MUST_USE enum dna_err dna_tlsa_make(const struct dna_chain *chain,
                                        enum dna_tlsa_usage usage, unsigned selector,
                                        unsigned matching, struct dna_buf *rdata);

#endif
