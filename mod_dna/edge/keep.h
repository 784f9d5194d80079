/* edge/keep.h: between the session's learned entries and a store.
 *
 * What is learned is written behind in each turn; what the store finds is recalled at once.
 * Proofs are bound to what this driver believes: the CA store and how DNS is asked.
 */
#ifndef DNA_EDGE_KEEP_H
#define DNA_EDGE_KEEP_H

#include <edge/driver.h>

/* What proofs rest on, from the driver's options and then from each new CA store. */
DNA_MUST_USE enum dna_err dna_edge_keep_dns(struct dna_uv *uv,
                                            const struct dna_uv_options *options);
DNA_MUST_USE enum dna_err dna_edge_keep_trust(struct dna_uv *uv, struct dna_span ca_pem);
/* The session is told. */
DNA_MUST_USE enum dna_err dna_edge_keep_tell_terms(struct dna_uv *uv);

/* What was learned goes to the store. */
void dna_edge_keep_pull(struct dna_uv *uv);
void dna_edge_keep_end(struct dna_uv *uv);

#endif
