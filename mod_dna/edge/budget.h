/* edge/budget.h: which fetch may run now (S23).
 *
 * Pure bookkeeping: time is an argument (milliseconds of a clock that never jumps), nothing
 * is called back.  A fetch holds a ticket.  It waits in its peer's queue, is let in, resolves
 * its host, and then asks for each GET at each address; where that address or the minute has
 * no room left, it gives its place back and waits again.  Being over a limit means waiting;
 * only a queue that is full turns somebody away.
 *
 * Who goes first: the peer that had the least of us lately.  A quarter of everything (slots,
 * GETs of a minute, places in the queue) is kept for proven peers.
 */
#ifndef DNA_EDGE_BUDGET_H
#define DNA_EDGE_BUDGET_H

#include <base/address.h>
#include <mod_dna/fact.h>

struct dna_budget;
struct dna_ledger_peer;
struct dna_ledger_place;

enum dna_ticket_state {
    DNA_TICKET_OUT,
    DNA_TICKET_WAITING,
    DNA_TICKET_RUNNING
};

/* Belongs to the fetch; zeroed at first; its fields are the budget's, to be read only. */
struct dna_ticket {
    enum dna_ticket_state state;
    enum dna_fetch_kind kind;
    bool proven;
    bool getting;   /* counted at its place */
    int64_t since;  /* running since */
    struct dna_ledger_peer *peer;
    struct dna_ledger_place *place; /* NULL: where to is not known yet */
    struct dna_ticket *previous, *next;
};

DNA_MUST_USE enum dna_err dna_budget_new(const struct dna_alloc *alloc, uint64_t seed,
                                         struct dna_budget **out);
/* Tickets that are still in it are forgotten. */
void dna_budget_free(struct dna_budget *budget);

/* Begins to wait.  peer: an address, or a /64, as text; "": ourselves, whom no limit holds
 * that is for one peer among others.  DNA_ERR_LIMIT: too many wait.
 * *evicted: a ticket of the peer that has most waiting, out now for this one's sake, or
 * NULL.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_budget_enter(struct dna_budget *budget,
                                           struct dna_ticket *ticket, struct dna_span peer,
                                           enum dna_fetch_kind kind, bool proven, int64_t now,
                                           struct dna_ticket **evicted);
/* A waiting ticket of the same fetch as another one that waits, which knows where to. */
void dna_budget_beside(struct dna_ticket *ticket, const struct dna_ticket *other);
/* The next one that may run; it does from now on.  NULL: nobody may. */
struct dna_ticket *dna_budget_next(struct dna_budget *budget, int64_t now);
/* Asks for a GET at that address; a former one of this ticket is over.  *go false: not now,
 * and the ticket waits again.  DNA_ERR_MEMORY: nothing changed. */
DNA_MUST_USE enum dna_err dna_budget_aim(struct dna_budget *budget, struct dna_ticket *ticket,
                                         const struct dna_address *address, int64_t now,
                                         bool *go);
/* From any state; failed: counts as a failure of its peer. */
void dna_budget_leave(struct dna_budget *budget, struct dna_ticket *ticket, int64_t now,
                      bool failed);
/* What a peer's URL led to was worth nothing: counts as a failure of it. */
void dna_budget_blame(struct dna_budget *budget, struct dna_span peer, int64_t now);
/* When somebody may go whom only time keeps from it; DNA_NEVER: nobody is. */
int64_t dna_budget_wakes(const struct dna_budget *budget, int64_t now);
/* How many wait. */
size_t dna_budget_waiting(const struct dna_budget *budget);
/* Someone who waits, or NULL. */
struct dna_ticket *dna_budget_any_waiting(const struct dna_budget *budget);

#endif
