/* edge/sockaddr.c: struct sockaddr from and to the values that the rest works with. */
#include <edge/sockaddr.h>

#include <stdio.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

void dna_edge_sockaddr_make(const struct dna_endpoint *endpoint, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (endpoint->address.family == DNA_ADDRESS_V4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
        memcpy(&v4.sin_addr, endpoint->address.bytes, 4);
        memcpy(out, &v4, sizeof v4);
    } else {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                                  .sin6_port = htons(endpoint->port)};
        memcpy(&v6.sin6_addr, endpoint->address.bytes, 16);
        memcpy(out, &v6, sizeof v6);
    }
}

enum dna_err dna_edge_sockaddr_read(const struct sockaddr *address, struct dna_endpoint *out)
{
    *out = (struct dna_endpoint){.address.family = DNA_ADDRESS_V4};
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(out->address.bytes, &v4.sin_addr, 4);
        out->port = ntohs(v4.sin_port);
        return DNA_OK;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        out->port = ntohs(v6.sin6_port);
        if (memcmp(&v6.sin6_addr, mapped, sizeof mapped) == 0) {
            memcpy(out->address.bytes, v6.sin6_addr.s6_addr + sizeof mapped, 4);
        } else {
            out->address.family = DNA_ADDRESS_V6;
            memcpy(out->address.bytes, &v6.sin6_addr, 16);
        }
        return DNA_OK;
    }
    return DNA_ERR_FORMAT;
}

void dna_edge_endpoint_text(const struct dna_endpoint *endpoint,
                            char out[DNA_EDGE_ENDPOINT_TEXT])
{
    char address[DNA_ADDRESS_TEXT];
    dna_address_text(&endpoint->address, address);
    (void)snprintf(out, DNA_EDGE_ENDPOINT_TEXT, "%s@%u", address, endpoint->port);
}
