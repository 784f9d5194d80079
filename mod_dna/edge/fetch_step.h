/* edge/fetch_step.h: one fetch between its queue and its end. */
#ifndef DNA_EDGE_FETCH_STEP_H
#define DNA_EDGE_FETCH_STEP_H

#include <base/limits.h>
#include <edge/budget.h>
#include <edge/fetch.h>

struct dna_fetcher {
    const struct dna_loop *loop;
    struct dna_fetcher_options options;
    struct dna_budget *budget;
    struct dna_fetch *live; /* in the budget */
    struct dna_fetch *away; /* turned away; their callbacks are due */
    struct dna_timer *turn;
    int64_t turn_at;
};

struct dna_fetch {
    struct dna_ticket ticket;
    struct dna_fetcher *fetcher;
    struct dna_fetch **list, *previous, *next;
    enum dna_fetch_kind kind;
    unsigned redirects_left;
    char *url; /* of the present hop */
    struct dna_url parts;
    struct dna_lookup *lookups[2]; /* A, AAAA */
    struct dna_address found[2][DNA_LIMIT_ADDRESSES];
    unsigned n_found[2];
    struct dna_address addresses[DNA_LIMIT_ADDRESSES];
    unsigned n_addresses, tried;
    struct dna_https_get *get;
    struct dna_timer *deadline;
    int64_t running_since, left_ms;
    /* Of the hops so far, as the result tells it. */
    const char *media_type; /* borrowed while the callback runs, or NULL */
    int64_t certificate_ends;
    bool exact_name;
    const char *refusal; /* static: why it was turned away, or an address dropped by the guard */
    dna_fetch_fn *fn;
    void *arg;
};

/* Its turn has come: takes it up where it was. */
void dna_fetch_step(struct dna_fetch *fetch);
/* Stops whatever is under way. */
void dna_fetch_halt(struct dna_fetch *fetch);

/* Ends it and tells; the fetch is gone. */
void dna_fetch_conclude(struct dna_fetch *fetch, enum dna_fetch_outcome outcome,
                        unsigned status, struct dna_span body, const char *why);
/* Lets in who may go now; only from the loop. */
void dna_fetcher_pump(struct dna_fetcher *fetcher);

#endif
