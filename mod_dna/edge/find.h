/* edge/find.h: both SRV questions of a domain, answered as places; or its service delegation
 * document, where the policy says that it may name them. */
#ifndef DNA_EDGE_FIND_H
#define DNA_EDGE_FIND_H

#include <edge/driver.h>
#include <edge/places.h>

struct dna_edge_find;

/* Called once, from the loop; the find is freed afterwards.  *places lives until then. */
typedef void dna_edge_find_fn(void *arg, const struct dna_edge_places *places);

DNA_MUST_USE enum dna_err dna_edge_find_start(struct dna_uv *uv, const char *domain,
                                              dna_edge_find_fn *fn, void *arg,
                                              struct dna_edge_find **out);
/* NULL is fine. */
void dna_edge_find_cancel(struct dna_edge_find *find);

#endif
