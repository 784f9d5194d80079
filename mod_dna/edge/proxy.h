/* edge/proxy.h: the header of the PROXY protocol, version 2.
 *
 * A load balancer that passes TCP connections on says with it whose they are.  Whoever may
 * send one may claim any address: it is read only from sources that the operator listed
 * (S21).  Version 1, the textual one, is not spoken.
 */
#ifndef DNA_EDGE_PROXY_H
#define DNA_EDGE_PROXY_H

#include <base/address.h>

/* The longest that we write: IPv6. */
#define DNA_PROXY_WRITTEN 52

enum dna_proxy_verdict {
    DNA_PROXY_MORE,  /* it is not complete yet */
    DNA_PROXY_TAKEN, /* *used bytes; *source is whose connection it is */
    DNA_PROXY_OWN,   /* *used bytes; it is the balancer's own connection (a health check) */
    DNA_PROXY_BAD    /* *why: static */
};

struct dna_proxy_header {
    size_t used;
    struct dna_endpoint source, destination;
    const char *why;
};

/* bytes: what the connection began with.  Additional fields are skipped, a checksum among
 * them included: TCP has one. */
enum dna_proxy_verdict dna_proxy_read(struct dna_span bytes, struct dna_proxy_header *out);

/* How much was written.  Addresses of different families: IPv4 as IPv4-mapped IPv6. */
size_t dna_proxy_write(const struct dna_endpoint *source,
                       const struct dna_endpoint *destination, char out[DNA_PROXY_WRITTEN]);

/* The same for a connection of our own. */
size_t dna_proxy_write_own(char out[DNA_PROXY_WRITTEN]);

#endif
