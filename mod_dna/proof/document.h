/* proof/document.h: what provers have in common whose material is a document on the domain's
 * web host. */
#ifndef DNA_PROOF_DOCUMENT_H
#define DNA_PROOF_DOCUMENT_H

#include <proof/prover.h>

/* Four texts in the arena, one behind the other; NULL: no memory. */
const char *dna_document_url(struct dna_arena *arena, const char *a, const char *b,
                             const char *c, const char *d);
/* Whether the document is there; else the ruling is in *out.  what: "the POSH document". */
bool dna_document_there(const struct dna_fetch_result *result, enum dna_prooftype type,
                        const char *domain, const char *what, struct dna_ruling *out);

#endif
