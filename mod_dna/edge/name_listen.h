/* edge/name_listen.h: name servers for the local servers. */
#ifndef DNA_EDGE_NAME_LISTEN_H
#define DNA_EDGE_NAME_LISTEN_H

#include <edge/driver.h>

/* Of each; dna_uv_names_free, as the host would. */
void dna_edge_names_end(struct dna_uv *uv);

#endif
