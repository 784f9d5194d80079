/* edge/complete.h: evidence bundles completed with the signed answers of the DNS. */
#ifndef DNA_EDGE_COMPLETE_H
#define DNA_EDGE_COMPLETE_H

#include <edge/driver.h>

/* Hands out what is being completed as it came. */
void dna_edge_completions_end(struct dna_uv *uv);

#endif
