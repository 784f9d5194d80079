/* resolver/message.h: a DNS message reduced to what signatures cover.
 *
 * Of an answer there stay the question, the response code, and the records of the answer
 * section with, of the authority section, SOA, NSEC and NSEC3; each with its signatures.  The
 * rest, which no signature covers, has one value: no identity, no flag but QR, names in
 * lower case, times to live as they were signed (0 where nothing signs them), no additional
 * section.  So every octet of a reduced message is signed or could not be another one.
 */
#ifndef DNA_RESOLVER_MESSAGE_H
#define DNA_RESOLVER_MESSAGE_H

#include <ldns/ldns.h>

#include <mod_dna/dns.h>

/* The reduced message, parsed.  NULL: it answers nothing, is beyond a limit, or there is no
 * memory. */
ldns_pkt *dna_message_reduce(struct dna_span packet);
/* Its octets, which the caller frees with LDNS_FREE.  False: no memory. */
bool dna_message_write(const ldns_pkt *message, uint8_t **out, size_t *len);
/* As dna_message_reduce, of a message that has that form already; else NULL. */
ldns_pkt *dna_message_read(struct dna_span packet);

/* Names compared without regard to case.  NULL is the name of nobody. */
bool dna_message_same_name(const ldns_rdf *a, const ldns_rdf *b);
/* How many labels a name has, a leading "*" not counted: what a signature counts. */
unsigned dna_message_labels(const ldns_rdf *name);

#endif
