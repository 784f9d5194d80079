/* edge/entrance.h: a load balancer's connection, until it has said whose it is. */
#ifndef DNA_EDGE_ENTRANCE_H
#define DNA_EDGE_ENTRANCE_H

#include <base/address.h>
#include <base/buf.h>
#include <edge/driver.h>

struct dna_edge_entrance;
struct dna_edge_socket;

/* Called once, from the loop; the entrance is gone when it returns.  socket is the called
 * one's, and nothing behind the header was read from it; NULL: it is closed, and why. */
typedef void dna_edge_entrance_fn(void *arg, struct dna_edge_entrance *entrance,
                                  struct dna_edge_socket *socket,
                                  const struct dna_endpoint *remote, const char *why);

struct dna_edge_entrance {
    struct dna_edge_entrance *next, **self; /* in its listener's list */
    struct dna_uv *uv;
    struct dna_edge_socket *socket;
    struct dna_endpoint balancer;
    struct dna_timer *timer;
    struct dna_buf in;
    dna_edge_entrance_fn *fn;
    void *arg;
};

/* Takes the connected socket over unless it fails: DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_edge_entrance_new(struct dna_uv *uv,
                                                struct dna_edge_socket *socket,
                                                const struct dna_endpoint *balancer,
                                                struct dna_edge_entrance **list,
                                                dna_edge_entrance_fn *fn, void *arg);
/* Closes it; no fn comes. */
void dna_edge_entrance_free(struct dna_edge_entrance *entrance);

#endif
