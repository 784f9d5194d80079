/* resolver/unbound.h: libunbound as a backend. */
#ifndef DNA_RESOLVER_UNBOUND_H
#define DNA_RESOLVER_UNBOUND_H

#include <resolver/backend.h>
#include <resolver/resolver.h>

struct ub_event_base;

/* A context of its own, finished: no anchor can be added to it any more.
 *
 * anchor NULL: validates under the root's key and the islands of the options, with large
 * caches.  Otherwise under the root's key and that anchor (one line in zone-file syntax)
 * alone, with small caches.  In STUB mode it asks the servers as in FORWARD mode.
 *
 * DNA_ERR_ARGUMENT: a server is no "ADDR" or "ADDR@PORT", or there is none.  DNA_ERR_SYSTEM:
 * libunbound refuses, or cannot read, a file.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_unbound_new(struct ub_event_base *base,
                                          const struct dna_resolver_options *options,
                                          const char *anchor, struct dna_backend **out);

#endif
