/* edge/addresses.h: what the hosts of places stand for.
 *
 * A stream that is there leads to a place only if it was connected to one of its addresses
 * (XEP-0220 2.3): neither the name of a host nor who else is served there says so.
 */
#ifndef DNA_EDGE_ADDRESSES_H
#define DNA_EDGE_ADDRESSES_H

#include <edge/driver.h>
#include <edge/places.h>
#include <edge/sockaddr.h>

#define DNA_EDGE_ADDRESSES (2 * DNA_LIMIT_ADDRESSES) /* of both families */

/* Of one place; none where it could not be found out. */
struct dna_edge_found {
    char text[DNA_EDGE_ADDRESSES][DNA_EDGE_ENDPOINT_TEXT]; /* "ADDR@PORT" */
    const char *list[DNA_EDGE_ADDRESSES];
    size_t n;
};

struct dna_edge_addresses;

/* Called once, from the loop, when all is known or the time for it is over; it is freed
 * afterwards, and with it found, one for each place. */
typedef void dna_edge_addresses_fn(void *arg, const struct dna_edge_found *found);

/* places is copied. */
DNA_MUST_USE enum dna_err dna_edge_addresses_start(struct dna_uv *uv,
                                                   const struct dna_edge_places *places,
                                                   dna_edge_addresses_fn *fn, void *arg,
                                                   struct dna_edge_addresses **out);
/* NULL is fine. */
void dna_edge_addresses_cancel(struct dna_edge_addresses *addresses);

#endif
