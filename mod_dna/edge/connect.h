/* edge/connect.h: what the driver must know of connecting. */
#ifndef DNA_EDGE_CONNECT_H
#define DNA_EDGE_CONNECT_H

#include <edge/driver.h>

/* dna_uv_connect of a stream that asks about a dialback key: by DNS, whatever anybody says. */
DNA_MUST_USE enum dna_err dna_edge_connect_verifier(struct dna_uv *uv,
                                                    const struct dna_uv_connect *options,
                                                    struct dna_uv_stream **out);
/* Each running dna_uv_endpoints is told that nothing was found.  From the loop only. */
void dna_edge_queries_end(struct dna_uv *uv);

#endif
