/* edge/identity.h: what is behind a struct dna_uv_identity. */
#ifndef DNA_EDGE_IDENTITY_H
#define DNA_EDGE_IDENTITY_H

#include <mod_dna/uv.h>
#include <tls/tls.h>

struct dna_tls_identity *dna_edge_identity_tls(const struct dna_uv_identity *identity);

#endif
