/* edge/name_relay.h: one query of a local server, asked of a resolver and brought back.
 *
 * The query goes out as it came, under an id and from a port that nobody can foresee; what
 * comes back counts only if it comes from that resolver and repeats id and question.
 */
#ifndef DNA_EDGE_NAME_RELAY_H
#define DNA_EDGE_NAME_RELAY_H

#include <base/address.h>
#include <edge/loop.h>

struct dna_name_relay;

/* Called once, from the loop; the relay is gone when it returns.  reply bears the query's own
 * id, and is lent; empty: no resolver answered. */
typedef void dna_name_relay_fn(void *arg, struct dna_span reply);

struct dna_name_relay_options {
    struct dna_edge_loop *loop;
    const struct dna_alloc *alloc;
    const struct dna_endpoint *servers; /* asked in turn; outlive the relay */
    size_t n_servers;
    bool stream; /* by TCP */
    dna_name_relay_fn *fn;
    void *arg;
};

/* query is copied.  DNA_ERR_MEMORY, DNA_ERR_SYSTEM. */
DNA_MUST_USE enum dna_err dna_name_relay_new(const struct dna_name_relay_options *options,
                                             struct dna_span query,
                                             struct dna_name_relay **out);
/* No fn comes after it.  NULL is fine. */
void dna_name_relay_free(struct dna_name_relay *relay);

#endif
