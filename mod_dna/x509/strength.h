/* x509/strength.h: which keys are strong enough (S9), for the files of this room. */
#ifndef DNA_X509_STRENGTH_H
#define DNA_X509_STRENGTH_H

#include <stdbool.h>

#include <x509/library.h>

#define DNA_RSA_BITS_MIN 2048

/* False for NULL, a key that the library could not read. */
bool dna_key_is_strong(struct evp_pkey_st *key);

#endif
