/* session/bridge.h: the server behind a bridge link, and whether it is the one (S24).
 *
 * Its streams are those of the public profile in which the sides are exchanged: the link's
 * domains are the peer's, every other one is ours.  Who the peer is decides no court but its
 * certificate, by the terms of the link.
 */
#ifndef DNA_SESSION_BRIDGE_H
#define DNA_SESSION_BRIDGE_H

#include <session/stream.h>

struct dna_bridge;

void dna_bridge_free(const struct dna_alloc *alloc, struct dna_bridge *bridge);
/* Rules on a domain that the peer of a bridge's stream claims. */
void dna_bridge_judge(struct dna_stream *stream, const char *domain, struct dna_time now);
/* The link serves the domain no longer. */
DNA_MUST_USE enum dna_err dna_bridge_unhost(struct dna_stream *stream, const char *domain,
                                            struct dna_time now);

#endif
