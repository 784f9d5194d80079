/* edge/sockaddr.h: addresses as the system writes them, and as people do. */
#ifndef DNA_EDGE_SOCKADDR_H
#define DNA_EDGE_SOCKADDR_H

#include <base/address.h>

struct sockaddr;
struct sockaddr_storage;

/* Longest "ADDR@PORT", with its NUL. */
#define DNA_EDGE_ENDPOINT_TEXT (DNA_ADDRESS_TEXT + 6)

void dna_edge_sockaddr_make(const struct dna_endpoint *endpoint, struct sockaddr_storage *out);
/* An IPv4-mapped IPv6 address is the IPv4 address.  DNA_ERR_FORMAT: another family. */
DNA_MUST_USE enum dna_err dna_edge_sockaddr_read(const struct sockaddr *address,
                                                 struct dna_endpoint *out);
void dna_edge_endpoint_text(const struct dna_endpoint *endpoint,
                            char out[DNA_EDGE_ENDPOINT_TEXT]);

#endif
