/* edge/dial.h: from a domain, or an address, to a TCP connection.
 *
 * Every place in its order, every address of a place, the next one beside the last when
 * that has not answered within 250 ms (RFC 8305); each of them past the guard (S22).
 */
#ifndef DNA_EDGE_DIAL_H
#define DNA_EDGE_DIAL_H

#include <edge/driver.h>
#include <edge/places.h>
#include <edge/sockaddr.h>
#include <edge/socket.h>

struct dna_edge_dial;

struct dna_edge_dialled {
    struct dna_edge_socket *socket; /* the receiver's; NULL: failed */
    struct dna_endpoint to;
    const struct dna_edge_place *place; /* where an SRV record led; NULL: there was none */
    const char *condition;              /* failed: a stream error's name, static */
    const char *why;
};
/* Called once, from the loop; the dial is freed afterwards, with what *result points to. */
typedef void dna_edge_dial_fn(void *arg, const struct dna_edge_dialled *result);

enum dna_edge_dial_kind {
    DNA_EDGE_DIAL_DOMAIN,
    DNA_EDGE_DIAL_ROUTE, /* an address that the operator chose for a public peer */
    DNA_EDGE_DIAL_LINK   /* one of our own servers: not guarded */
};

struct dna_edge_dial_options {
    enum dna_edge_dial_kind kind;
    const char *domain;       /* DOMAIN; copied */
    struct dna_endpoint to;   /* ROUTE, LINK */
};
DNA_MUST_USE enum dna_err dna_edge_dial_start(struct dna_uv *uv,
                                              const struct dna_edge_dial_options *options,
                                              dna_edge_dial_fn *fn, void *arg,
                                              struct dna_edge_dial **out);
/* NULL is fine. */
void dna_edge_dial_cancel(struct dna_edge_dial *dial);

#endif
