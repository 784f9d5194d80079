/* edge/ask.h: questions to the court that belong to no stream. */
#ifndef DNA_EDGE_ASK_H
#define DNA_EDGE_ASK_H

#include <edge/driver.h>

DNA_MUST_USE enum dna_err dna_edge_asks_new(struct dna_uv *uv);
/* Each open one is answered "cancelled".  From the loop only. */
void dna_edge_asks_end(struct dna_uv *uv);
void dna_edge_asks_free(struct dna_uv *uv);
/* Hands out what the session has ruled; whether there was something. */
bool dna_edge_asks_pull(struct dna_uv *uv);

#endif
