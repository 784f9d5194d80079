/* edge/buffered.h: how many bytes streams hold, in all and for each network that peers are in.
 *
 * A stream is counted again whenever something was sent on it, and at the end of every turn in
 * which something else happened to it, so that the sums are what is there.
 */
#ifndef DNA_EDGE_BUFFERED_H
#define DNA_EDGE_BUFFERED_H

#include <edge/connection.h>

/* The stream has its party: what it holds is counted there, too.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_edge_buffered_enter(struct dna_uv_stream *stream);
void dna_edge_buffered_count(struct dna_uv_stream *stream);
/* It holds nothing any more. */
void dna_edge_buffered_leave(struct dna_uv_stream *stream);
/* No stream is left. */
void dna_edge_buffered_free(struct dna_uv *uv);

#endif
