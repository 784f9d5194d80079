/* x509/acert_extensions.h: the extensions of an attribute certificate (RFC 5755 4.3). */
#ifndef DNA_X509_ACERT_EXTENSIONS_H
#define DNA_X509_ACERT_EXTENSIONS_H

#include <x509/acert_asn1.h>

/* What breaks the profile in the extensions, or NULL.  *crl: the URL of a revocation list;
 * empty: its issuer promises no information on its revocation.  *targeted: it has targets. */
const char *dna_acert_extensions_fault(const struct dna_acert_st *st, struct dna_span *crl,
                                       bool *targeted);
/* Whether a dNSName among the targets is this one; there are some. */
bool dna_acert_extensions_target(const struct dna_acert_st *st, const char *own);
/* The value of an extension, by the contents of its OID; false: it is not there. */
bool dna_acert_extension(const struct dna_acert_st *st, const char *oid, struct dna_span *out);

/* For OIDs as acert_oid.h has them, and names in ASCII. */
bool dna_acert_oid_is(const ASN1_OBJECT *object, const char *oid);
bool dna_acert_same_name(struct dna_span presented, const char *name);
struct dna_span dna_acert_string(const ASN1_STRING *string);

#endif
