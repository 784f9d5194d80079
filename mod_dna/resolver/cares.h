/* resolver/cares.h: a stub that asks given resolvers through c-ares. */
#ifndef DNA_RESOLVER_CARES_H
#define DNA_RESOLVER_CARES_H

#include <resolver/backend.h>
#include <resolver/resolver.h>

/* Of the options the servers, alloc and trust_ad are used.  DNA_ERR_ARGUMENT: a server is no
 * "ADDR" or "ADDR@PORT", or there is none.  DNA_ERR_SYSTEM, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_cares_new(const struct dna_loop *loop,
                                        const struct dna_resolver_options *options,
                                        struct dna_backend **out);

#endif
