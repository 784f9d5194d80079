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

/* One on whose behalf it is made. */
struct dna_fetch_party {
    struct dna_ticket ticket;
    struct dna_fetch *fetch;
    struct dna_fetch_party *next;
    bool proven;
    char key[DNA_ADDRESS_TEXT];
};

struct dna_fetch {
    struct dna_fetch_party first;    /* and the others behind it */
    struct dna_fetch_party *running; /* whose turn it is; NULL: it waits */
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

/* --- fetch_party.c */
struct dna_fetch_party *dna_fetch_party_of(struct dna_ticket *ticket);
void dna_fetch_party_init(struct dna_fetch_party *party, struct dna_fetch *fetch,
                          const char *key, bool proven);
/* Into its queue.  As dna_budget_enter. */
DNA_MUST_USE enum dna_err dna_fetch_enter(struct dna_fetch_party *party);
DNA_MUST_USE enum dna_err dna_fetch_add_party(struct dna_fetch *fetch, const char *key,
                                              bool proven);
/* The budget let it in: the fetch runs on its account, and leaves the other queues ... */
void dna_fetch_let_in(struct dna_fetch_party *winner);
/* ... until the budget has put it back. */
void dna_fetch_wait_again(struct dna_fetch *fetch);
/* Out of all queues; failed: counts as a failure of the peer on whose account it runs. */
void dna_fetch_leave(struct dna_fetch *fetch, bool failed);
bool dna_fetch_in_budget(struct dna_fetch *fetch);

/* --- fetch.c */
/* A queue was full, and it is not in that one any more. */
void dna_fetch_evicted(struct dna_fetch *fetch);

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
