/* resolver/backend.h: whoever sends a question into the network.
 *
 * A backend answers with the packet and what it thinks of it.  It may call back from inside
 * ask (libunbound does, for what its cache holds), so the look-ups above only take notes
 * in the callback and deliver later.
 */
#ifndef DNA_RESOLVER_BACKEND_H
#define DNA_RESOLVER_BACKEND_H

#include <mod_dna/base.h>

enum dna_raw_security {
    DNA_RAW_INSECURE,
    DNA_RAW_BOGUS,
    DNA_RAW_SECURE
};

/* Lives until the callback returns. */
struct dna_raw_answer {
    int rcode;              /* 0: what the packet says counts */
    enum dna_raw_security security;
    struct dna_span packet; /* wire form; empty: there is none */
    const char *why;        /* for people, or NULL */
};

struct dna_backend;
struct dna_query; /* one that runs; gone once the callback was called */
typedef void dna_raw_fn(void *arg, const struct dna_raw_answer *raw);

struct dna_backend_ops {
    /* *out is set before a callback from inside, and NULL after one. */
    enum dna_err (*ask)(struct dna_backend *backend, const char *name, uint16_t type,
                        dna_raw_fn *fn, void *arg, struct dna_query **out);
    /* No callback comes after it. */
    void (*cancel)(struct dna_query *query);
    /* Not from inside a callback, and not with queries running. */
    void (*free)(struct dna_backend *backend);
};

struct dna_backend {
    const struct dna_backend_ops *ops;
};

#endif
