/* edge/fetch.h: the guarded fetch that answers DNA_WANT_FETCH.
 *
 * A URL is read strictly, waits for its turn (budget.h), is resolved once, and every address
 * that the guard does not admit is dropped before anything is sent.  The GET goes to exactly
 * one of those that are left.  A redirect is a new URL to which all of that applies again.
 */
#ifndef DNA_EDGE_FETCH_H
#define DNA_EDGE_FETCH_H

#include <base/address.h>
#include <base/loop.h>
#include <https/https.h>
#include <mod_dna/fact.h>
#include <resolver/resolver.h>

struct dna_fetcher;
struct dna_fetch;

/* Who looks names up: as dna_resolver_lookup and dna_resolver_cancel. */
struct dna_fetch_names {
    void *self;
    enum dna_err (*lookup)(void *self, const char *name, uint16_t type, dna_resolver_fn *fn,
                           void *arg, struct dna_lookup **out);
    void (*cancel)(struct dna_lookup *lookup);
};
/* The resolver's; borrows it. */
struct dna_fetch_names dna_fetch_names_of(struct dna_resolver *resolver);

/* Everything is borrowed until the fetcher is freed, names (copied) apart. */
struct dna_fetcher_options {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    uint64_t seed; /* random: peers choose what is hashed */
    struct dna_fetch_names names;
    struct dna_https *https;
    const struct dna_address_guard *guard;
    const uint16_t *ports; /* admitted besides those of dna_url_parse */
    size_t n_ports;
    unsigned total_ms; /* of one fetch, waiting not counted; 0: DNA_LIMIT_FETCH_MS */
};

/* *result lives until the callback returns.  The callback may call anything here but
 * dna_fetcher_free; the fetch that it is about is gone. */
typedef void dna_fetch_fn(void *arg, const struct dna_fetch_result *result);

DNA_MUST_USE enum dna_err dna_fetcher_new(const struct dna_loop *loop,
                                          const struct dna_fetcher_options *options,
                                          struct dna_fetcher **out);
/* Cancels what runs.  NULL is fine. */
void dna_fetcher_free(struct dna_fetcher *fetcher);

/* Fetches.  peer_key: on whose behalf, for the budgets: its address, or its /64 of IPv6, as
 * text (copied); proven: that peer has proven a domain.  The callback comes from the loop,
 * exactly once unless cancelled; a refusal, too, comes there.  A fetch may wait long for its
 * turn: whoever cannot wait cancels.  DNA_ERR_MEMORY: no callback will come. */
DNA_MUST_USE enum dna_err dna_fetcher_get(struct dna_fetcher *fetcher,
                                          const struct dna_want_fetch *want,
                                          const char *peer_key, bool proven, dna_fetch_fn *fn,
                                          void *arg, struct dna_fetch **out);
/* It is made on that peer's behalf, too: it goes as soon as one of them all may.
 * DNA_ERR_MEMORY: it waits as it did. */
DNA_MUST_USE enum dna_err dna_fetch_join(struct dna_fetch *fetch, const char *peer_key,
                                         bool proven);
void dna_fetch_cancel(struct dna_fetch *fetch);
/* What that peer's URL led to was ruled FAIL: counts as a failed fetch of it (S23). */
void dna_fetcher_blame(struct dna_fetcher *fetcher, const char *peer_key);

#endif
