/* x509/der.h: DER read value by value (X.690 8 and 10), for what has no template.
 *
 * Only what DER allows is read: definite lengths in their shortest form, tags below 31.
 */
#ifndef DNA_X509_DER_H
#define DNA_X509_DER_H

#include <mod_dna/base.h>

enum {
    DNA_DER_BOOLEAN = 0x01,
    DNA_DER_INTEGER = 0x02,
    DNA_DER_BIT_STRING = 0x03,
    DNA_DER_OCTET_STRING = 0x04,
    DNA_DER_OID = 0x06,
    DNA_DER_ENUMERATED = 0x0a,
    DNA_DER_SEQUENCE = 0x30,
    DNA_DER_SET = 0x31,
    DNA_DER_CONTEXT = 0x80,    /* [0], primitive */
    DNA_DER_CONSTRUCTED = 0x20
};

struct dna_der {
    unsigned char tag;       /* the identifier octet */
    struct dna_span whole;   /* with tag and length */
    struct dna_span content;
};

/* Takes the next value off *rest.  DNA_ERR_NOT_FOUND: nothing is left; DNA_ERR_FORMAT. */
DNA_MUST_USE enum dna_err dna_der_next(struct dna_span *rest, struct dna_der *out);
/* The same where it must be there and have this tag: DNA_ERR_FORMAT otherwise. */
DNA_MUST_USE enum dna_err dna_der_expect(struct dna_span *rest, unsigned char tag,
                                         struct dna_der *out);
/* The same where it may be missing: *out is untouched, and *there false. */
DNA_MUST_USE enum dna_err dna_der_optional(struct dna_span *rest, unsigned char tag,
                                           struct dna_der *out, bool *there);
/* Whether the bytes are one value, and everything in it is DER as far as that can be seen
 * without knowing what it means: lengths, booleans, integers, unused bits. */
bool dna_der_is_strict(struct dna_span bytes);

#endif
