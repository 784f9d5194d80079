/* edge/dial.h: from a domain, or an address, to a TCP connection, and to the next one when that
 * was no good.
 *
 * Every place in its order, every address of a place, the next one beside the last when
 * that has not answered within 250 ms (RFC 8305); each of them past the guard (S22).  Of a
 * place that DNSSEC vouches for, the TLSA records must be known before it is connected to:
 * there or securely absent, neither bogus nor lost (RFC 7673 3.3).
 */
#ifndef DNA_EDGE_DIAL_H
#define DNA_EDGE_DIAL_H

#include <edge/driver.h>
#include <edge/elsewhere.h>
#include <edge/places.h>
#include <edge/sockaddr.h>
#include <edge/socket.h>

struct dna_edge_dial;

struct dna_edge_dialled {
    struct dna_edge_socket *socket; /* the receiver's; NULL: failed */
    struct dna_endpoint to;
    const struct dna_edge_place *place; /* where an SRV record led; NULL: there was none */
    bool direct_tls;
    bool elsewhere; /* place is not where the connection leads */
    const char *condition;              /* failed: a stream error's name, static */
    const char *why;
};
/* Called from the loop: once, and once more after each dna_edge_dial_next.  With a socket the
 * dial rests until that, or until it is cancelled; without one it is freed afterwards.
 * *result lives until the function returns. */
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
    bool direct_tls;          /* ROUTE */
    const struct dna_edge_elsewhere *elsewhere; /* DOMAIN: there, instead of where its records
                                                 * lead, or NULL; copied */
};
DNA_MUST_USE enum dna_err dna_edge_dial_start(struct dna_uv *uv,
                                              const struct dna_edge_dial_options *options,
                                              dna_edge_dial_fn *fn, void *arg,
                                              struct dna_edge_dial **out);
/* Resting: whether there may be another connection, in what is left of the time. */
bool dna_edge_dial_has_more(const struct dna_edge_dial *dial);
/* Resting: goes on behind the connection that was made last, which is never made again. */
DNA_MUST_USE enum dna_err dna_edge_dial_next(struct dna_edge_dial *dial);
/* NULL is fine. */
void dna_edge_dial_cancel(struct dna_edge_dial *dial);

#endif
