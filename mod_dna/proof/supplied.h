/* proof/supplied.h: what the content of a dnssec-ta proof is. */
#ifndef DNA_PROOF_SUPPLIED_H
#define DNA_PROOF_SUPPLIED_H

#include <mod_dna/base.h>

enum dna_supplied {
    DNA_SUPPLIED_BAD,  /* neither of the two */
    DNA_SUPPLIED_URL,  /* an absolute http or https URL with a host */
    DNA_SUPPLIED_TEXT  /* no URI of any scheme: to be read as base64 */
};

/* content is trimmed.  What a URL may lead to is for the fetcher's guard to say. */
enum dna_supplied dna_supplied_kind(struct dna_span content);

#endif
