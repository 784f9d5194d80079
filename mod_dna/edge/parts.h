/* edge/parts.h: what a driver is made of, from its options. */
#ifndef DNA_EDGE_PARTS_H
#define DNA_EDGE_PARTS_H

#include <edge/driver.h>

/* What needs no loop: the guard, the source address.  DNA_ERR_FORMAT with *why. */
DNA_MUST_USE enum dna_err dna_edge_parts_prepare(struct dna_uv *uv,
                                                 const struct dna_uv_options *options,
                                                 const char **why);
/* Everything else.  What was made when it fails goes with dna_edge_parts_free. */
DNA_MUST_USE enum dna_err dna_edge_parts_make(struct dna_uv *uv,
                                              const struct dna_uv_options *options,
                                              const char **why);
/* All but the guard.  Streams and wants are gone. */
void dna_edge_parts_free(struct dna_uv *uv);

#endif
