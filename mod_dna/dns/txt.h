/* dns/txt.h: the text of a TXT record (RFC 1035 3.3.14). */
#ifndef DNA_DNS_TXT_H
#define DNA_DNS_TXT_H

#include <mod_dna/base.h>

/* The record's strings, joined without a separator (RFC 7208 3.3, RFC 8461 3.1), into out;
 * *len is how much of out is filled.  DNA_ERR_FORMAT: not the RDATA of a TXT record, *len is
 * 0; DNA_ERR_LIMIT: the text is longer than room, and out holds its beginning. */
DNA_MUST_USE enum dna_err dna_txt_join(struct dna_span rdata, char *out, size_t room,
                                       size_t *len);

#endif
