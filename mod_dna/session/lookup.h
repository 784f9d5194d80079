/* session/lookup.h: look-ups under way, each made once for all who want it.
 *
 * Whoever waits is a dna_wait; when the last one leaves, the look-up is given up, except the
 * fetch of an sts policy, which is remembered whoever asked for it first.  What has
 * been given up is remembered for a while, so that an answer that comes all the same still
 * teaches the cache.
 *
 * Each look-up under way is on the account of one payer, and no payer gets more than half of
 * what the others leave of DNA_LIMIT_ASKED: whoever fills his share keeps nobody else from
 * theirs, however many do so.
 */
#ifndef DNA_SESSION_LOOKUP_H
#define DNA_SESSION_LOOKUP_H

#include <base/map.h>
#include <session/load.h>
#include <session/key.h>

struct dna_hearing;
struct dna_stream;

/* The network that a peer is in, however many streams come from there. */
struct dna_payer {
    size_t refs; /* streams, hearings, and look-ups on its account */
    size_t under_way;
    size_t hearings;
    size_t key_len;
    char key[];
};

enum dna_lookup_state {
    DNA_LOOKUP_NEW,       /* the host was not told yet */
    DNA_LOOKUP_RUNNING,
    DNA_LOOKUP_CANCELING, /* nobody wants it any more; the host was not told yet */
    DNA_LOOKUP_LATE       /* the host was told */
};
#define DNA_LOOKUP_N_STATES 4

struct dna_lookup {
    unsigned id;
    enum dna_lookup_state state;
    struct dna_want want; /* its texts lie in or behind key, its chain is referenced */
    struct dna_chain *chain;
    struct dna_wait *waits;
    struct dna_payer *payer;   /* whose account it is on; NULL: the host's, or nobody's now */
    struct dna_wait *charged;  /* the wait that put it there, while it waits */
    struct dna_lookup *prev, *next; /* of the same state */
    size_t key_len;
    char key[];
};

/* One who waits; lives with its owner. */
struct dna_wait {
    struct dna_lookup *lookup; /* NULL: answered */
    struct dna_wait *prev, *next; /* for the same look-up */
    struct dna_hearing *hearing;  /* NULL: a look-up made ahead of any question */
    struct dna_stream *stream;    /* for whose sake; NULL: the host's */
    struct dna_payer *payer;      /* that stream's, which keeps it */
    struct dna_wait *prev_joined, *next_joined; /* joined a fetch that the host had begun */
    bool joined;
    unsigned court_id;            /* the hearing's court's name for it */
    struct dna_wait *next_own;    /* of the same owner */
};

struct dna_lookup_queue {
    struct dna_lookup *first, *last;
    size_t n;
};

struct dna_lookups {
    const struct dna_alloc *alloc;
    struct dna_load *load;  /* the session's, or NULL */
    struct dna_map *payers; /* by key */
    struct dna_wait *first_joined, *last_joined; /* the host was not told yet */
    struct dna_map *by_key; /* NEW and RUNNING */
    struct dna_map *by_id;  /* all */
    struct dna_lookup_queue queues[DNA_LOOKUP_N_STATES];
    unsigned last_id;
};

DNA_MUST_USE enum dna_err dna_lookups_init(struct dna_lookups *lookups,
                                           const struct dna_alloc *alloc, uint64_t seed);
void dna_lookups_fini(struct dna_lookups *lookups);

/* The payer of that key, which is given back with dna_payer_leave.  NULL: no memory. */
struct dna_payer *dna_payer_enter(struct dna_lookups *lookups, struct dna_span key);
/* NULL is fine. */
void dna_payer_leave(struct dna_lookups *lookups, struct dna_payer *payer);

/* Waits for the answer to a want, beside others or as the first.  DNA_ERR_LIMIT: too many
 * are under way, in all or on the account of the wait's payer. */
DNA_MUST_USE enum dna_err dna_lookups_join(struct dna_lookups *lookups, struct dna_span key,
                                           const struct dna_want *want, struct dna_wait *wait);
void dna_lookups_leave(struct dna_lookups *lookups, struct dna_wait *wait);
/* Leaves all of an owner's and frees them. */
void dna_lookups_leave_all(struct dna_lookups *lookups, struct dna_wait **own);

/* What the host is to do next; NULL: nothing. */
const struct dna_lookup *dna_lookups_next_new(struct dna_lookups *lookups);
bool dna_lookups_next_cancel(struct dna_lookups *lookups, unsigned *id);
/* Somebody's stream that now waits, too, for a fetch that the host has begun. */
bool dna_lookups_next_joined(struct dna_lookups *lookups, unsigned *id,
                           struct dna_stream **stream);

/* Whether the host was told of that id and has not answered; NULL: no. */
struct dna_lookup *dna_lookups_find(const struct dna_lookups *lookups, unsigned id);
/* Takes an answered look-up out: nobody can join it any more.  Its waits stay. */
void dna_lookups_close(struct dna_lookups *lookups, struct dna_lookup *lookup);
/* One of those who wait, detached; NULL: none is left. */
struct dna_wait *dna_lookup_next_wait(struct dna_lookups *lookups, struct dna_lookup *lookup);
/* A closed one. */
void dna_lookup_free(struct dna_lookups *lookups, struct dna_lookup *lookup);

#endif
