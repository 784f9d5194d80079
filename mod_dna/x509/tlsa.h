/* x509/tlsa.h: TLSA records and the library's objects, for the files of this room. */
#ifndef DNA_X509_TLSA_H
#define DNA_X509_TLSA_H

#include <x509/chain.h>
#include <x509/dane.h>

/* The key of a DER SubjectPublicKeyInfo that fills its bytes, or NULL; the caller frees. */
struct evp_pkey_st *dna_tlsa_key(struct dna_span spki);
/* Whether the record stands for this certificate. */
DNA_MUST_USE enum dna_err dna_tlsa_stands_for(const struct dna_tlsa *tlsa,
                                              const struct x509_st *certificate, bool *out);

#endif
