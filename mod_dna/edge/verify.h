/* edge/verify.h: asking the server of a domain about a dialback key (XEP-0220 2.1.2).
 *
 * For a claim that a peer made on an accepted stream the domain's own server is found by DNS,
 * through the guard (S22), and asked: on a stream of ours that leads there already, or on one
 * that serves nothing else.  A claim's own stream is accepted, the other one is opened by us,
 * so that it is never the same.
 */
#ifndef DNA_EDGE_VERIFY_H
#define DNA_EDGE_VERIFY_H

#include <edge/connection.h>

/* The effects VERIFY of the claimant, READY and VERIFIED of the stream that is asked on. */
void dna_edge_verify(struct dna_uv_stream *claimant, const struct dna_stream_effect *effect);
void dna_edge_verify_ready(struct dna_uv_stream *stream);
void dna_edge_verify_answered(struct dna_uv *uv, unsigned number,
                              enum dna_dialback_outcome outcome);
/* The stream is about to be freed: what it claimed needs no answer, what it was asked gets
 * none. */
void dna_edge_verify_forget(struct dna_uv_stream *stream);

#endif
