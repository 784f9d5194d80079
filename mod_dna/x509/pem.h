/* x509/pem.h: the blocks of a PEM text (RFC 7468).
 *
 * Read here and not by the library, which skips what it does not understand: a certificate
 * that is passed over in silence is a root that is missing, or a leaf that is another one.
 */
#ifndef DNA_X509_PEM_H
#define DNA_X509_PEM_H

#include <mod_dna/base.h>

enum dna_pem_between {
    DNA_PEM_NOTHING_BETWEEN, /* only white space beside the blocks */
    DNA_PEM_TEXT_BETWEEN     /* any text beside them is skipped */
};
struct dna_pem_block {
    struct dna_span label, body;
};

/* Takes the next block off *text.  DNA_ERR_NOT_FOUND: there is none left; DNA_ERR_FORMAT:
 * something that is not allowed stands there, or the block does not end. */
DNA_MUST_USE enum dna_err dna_pem_next(struct dna_span *text, enum dna_pem_between between,
                                       struct dna_pem_block *out);
/* The bytes of a block; out->ptr is released by the caller through alloc. */
DNA_MUST_USE enum dna_err dna_pem_decode(const struct dna_alloc *alloc,
                                         const struct dna_pem_block *block,
                                         struct dna_span *out);

#endif
