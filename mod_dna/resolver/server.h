/* resolver/server.h: "ADDR" or "ADDR@PORT", the way a name server is configured. */
#ifndef DNA_RESOLVER_SERVER_H
#define DNA_RESOLVER_SERVER_H

#include <base/address.h>

struct dna_server {
    struct dna_address address;
    uint16_t port; /* 53 where none is given */
};

/* DNA_ERR_ARGUMENT: something else, port 0 included. */
DNA_MUST_USE enum dna_err dna_server_parse(const char *text, struct dna_server *out);
bool dna_server_is_loopback(const struct dna_address *address);
/* Whether a root hints file names a loopback address.  DNA_ERR_SYSTEM: not readable, or
 * longer than DNA_LIMIT_HINTS. */
DNA_MUST_USE enum dna_err dna_server_hints_loopback(const struct dna_alloc *alloc,
                                                    const char *file, bool *out);

#endif
