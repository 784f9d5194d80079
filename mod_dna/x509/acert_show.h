/* x509/acert_show.h: the fields of any attribute certificate, as text for people. */
#ifndef DNA_X509_ACERT_SHOW_H
#define DNA_X509_ACERT_SHOW_H

#include <x509/acert.h>

/* One field.  A key may come more than once.  The text holds what the issuer wrote, and is
 * the caller's to escape. */
typedef void dna_acert_field_fn(void *arg, const char *key, struct dna_span text);

/* Calls field for each, in their order.  DNA_ERR_MEMORY: not all were shown. */
DNA_MUST_USE enum dna_err dna_acert_show(const struct dna_acert *acert,
                                         dna_acert_field_fn *field, void *arg);

#endif
