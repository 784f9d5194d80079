/* session/lookup.h: look-ups under way, each made once for all who want it.
 *
 * Whoever waits is a dna_wait; when the last one leaves, the look-up is given up, except the
 * fetch of an sts policy, which is remembered whoever asked for it first.  What has
 * been given up is remembered for a while, so that an answer that comes all the same still
 * teaches the cache.
 */
#ifndef DNA_SESSION_LOOKUP_H
#define DNA_SESSION_LOOKUP_H

#include <base/map.h>
#include <session/key.h>

struct dna_hearing;

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
    struct dna_lookup *prev, *next; /* of the same state */
    size_t key_len;
    char key[];
};

/* One who waits; lives with its owner. */
struct dna_wait {
    struct dna_lookup *lookup; /* NULL: answered */
    struct dna_wait *prev, *next; /* for the same look-up */
    struct dna_hearing *hearing;  /* NULL: a look-up made ahead of any question */
    unsigned court_id;            /* the hearing's court's name for it */
    struct dna_wait *next_own;    /* of the same owner */
};

struct dna_lookup_queue {
    struct dna_lookup *first, *last;
    size_t n;
};

struct dna_lookups {
    const struct dna_alloc *alloc;
    struct dna_map *by_key; /* NEW and RUNNING */
    struct dna_map *by_id;  /* all */
    struct dna_lookup_queue queues[DNA_LOOKUP_N_STATES];
    unsigned last_id;
};

DNA_MUST_USE enum dna_err dna_lookups_init(struct dna_lookups *lookups,
                                           const struct dna_alloc *alloc, uint64_t seed);
void dna_lookups_fini(struct dna_lookups *lookups);

/* Waits for the answer to a want, beside others or as the first.  DNA_ERR_LIMIT: too many
 * are under way. */
DNA_MUST_USE enum dna_err dna_lookups_join(struct dna_lookups *lookups, struct dna_span key,
                                           const struct dna_want *want, struct dna_wait *wait);
void dna_lookups_leave(struct dna_lookups *lookups, struct dna_wait *wait);
/* Leaves all of an owner's and frees them. */
void dna_lookups_leave_all(struct dna_lookups *lookups, struct dna_wait **own);

/* What the host is to do next; NULL: nothing. */
const struct dna_lookup *dna_lookups_next_new(struct dna_lookups *lookups);
bool dna_lookups_next_cancel(struct dna_lookups *lookups, unsigned *id);

/* Whether the host was told of that id and has not answered; NULL: no. */
struct dna_lookup *dna_lookups_find(const struct dna_lookups *lookups, unsigned id);
/* Takes an answered look-up out: nobody can join it any more.  Its waits stay. */
void dna_lookups_close(struct dna_lookups *lookups, struct dna_lookup *lookup);
/* One of those who wait, detached; NULL: none is left. */
struct dna_wait *dna_lookup_next_wait(struct dna_lookup *lookup);
/* A closed one. */
void dna_lookup_free(struct dna_lookups *lookups, struct dna_lookup *lookup);

#endif
