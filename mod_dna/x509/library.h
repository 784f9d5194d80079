/* x509/library.h: OpenSSL's error queue, and its types by their struct names.
 *
 * The queue is the host's as much as ours: what our calls put there is taken away again, and
 * what stood there before stays.
 */
#ifndef DNA_X509_LIBRARY_H
#define DNA_X509_LIBRARY_H

#include <mod_dna/base.h>

struct x509_st;
struct evp_pkey_st;
struct asn1_string_st;
struct stack_st_GENERAL_NAME;

/* Around every use of the library. */
void dna_library_enter(void);
/* Gives err back; a FORMAT that was really want of memory becomes DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_library_leave(enum dna_err err);

#endif
