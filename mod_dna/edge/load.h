/* edge/load.h: what peers make the driver do at once (dna_uv_limit). */
#ifndef DNA_EDGE_LOAD_H
#define DNA_EDGE_LOAD_H

#include <edge/driver.h>

/* Whether one more may begin where so many are under way; else that is counted, and logged now
 * and then. */
bool dna_edge_load_admits(struct dna_uv *uv, enum dna_uv_load load, size_t under_way,
                          const char *whose);
size_t dna_edge_load_most(const struct dna_uv *uv, enum dna_uv_load load);
void dna_edge_load_refuse(struct dna_uv *uv, enum dna_uv_load load, const char *whose);

#endif
