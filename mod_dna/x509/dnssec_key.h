/* x509/dnssec_key.h: the private-key file of a DNSSEC key, "Private-key-format: v1.x". */
#ifndef DNA_X509_DNSSEC_KEY_H
#define DNA_X509_DNSSEC_KEY_H

#include <x509/library.h>

/* Whether the text begins like one. */
bool dna_dnssec_key_is(struct dna_span text);
/* *out is the caller's.  DNA_ERR_FORMAT: *why is static; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_dnssec_key_read(struct dna_span text, struct evp_pkey_st **out,
                                              unsigned *algorithm, const char **why);

#endif
