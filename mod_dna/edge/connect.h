/* edge/connect.h: what the driver must know of running dna_uv_endpoints. */
#ifndef DNA_EDGE_CONNECT_H
#define DNA_EDGE_CONNECT_H

#include <edge/driver.h>

/* Each is told that nothing was found.  From the loop only. */
void dna_edge_queries_end(struct dna_uv *uv);

#endif
