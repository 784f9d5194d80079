/* s2s/describe.h: the state tables as people read them. */
#ifndef DNA_S2S_DESCRIBE_H
#define DNA_S2S_DESCRIBE_H

#include <base/buf.h>

/* Appends docs/protocol/states.md.  DNA_ERR_MEMORY or DNA_ERR_LIMIT. */
DNA_MUST_USE enum dna_err dna_s2s_describe(struct dna_buf *out);

#endif
