/* edge/budget.c: slots, rates and queues of fetches.
 *
 * Peers with waiting tickets stand in one list, each with a queue of its own.  Among those
 * that have a ticket which may run, the one that had the least slot time lately goes first,
 * so that slow drips cost whoever makes them, and cheap requests cost something too.
 *
 * Invariant: a ticket is waiting in its peer's queue, or running and counted in its pool and
 * with its peer, or out.  Only a running ticket is counted at its place.
 */
#include <edge/budget.h>

#include <assert.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/ledger.h>

#define KINDS 2
#define UNPROVEN_RUNNING (DNA_LIMIT_FETCH_RUNNING / 4 * 3)
#define UNPROVEN_PER_MINUTE (DNA_LIMIT_FETCH_PER_MINUTE / 4 * 3)
#define UNPROVEN_WAITING (DNA_LIMIT_FETCH_WAITING / 4 * 3)
#define LEAST_CHARGE_MS 100 /* slot time that even the quickest fetch is charged */

struct dna_budget {
    const struct dna_alloc *alloc;
    struct dna_ledger ledger;
    struct dna_ledger_peer *first, *last; /* who has something waiting */
    unsigned waiting[2];                  /* by proven */
    unsigned running[KINDS], unproven[KINDS];
    struct dna_window all, all_unproven;
    int64_t all_at[DNA_LIMIT_FETCH_PER_MINUTE];
    int64_t all_unproven_at[UNPROVEN_PER_MINUTE];
};

enum dna_err dna_budget_new(const struct dna_alloc *alloc, uint64_t seed,
                            struct dna_budget **out)
{
    struct dna_budget *budget = dna_alloc_zero(alloc, 1, sizeof *budget);
    enum dna_err err;
    if (budget == NULL) {
        return DNA_ERR_MEMORY;
    }
    budget->alloc = alloc;
    dna_window_init(&budget->all, budget->all_at, DNA_LIMIT_FETCH_PER_MINUTE);
    dna_window_init(&budget->all_unproven, budget->all_unproven_at, UNPROVEN_PER_MINUTE);
    err = dna_ledger_init(&budget->ledger, alloc, seed);
    if (err != DNA_OK) {
        dna_alloc_release(alloc, budget);
        return err;
    }
    *out = budget;
    return DNA_OK;
}

void dna_budget_free(struct dna_budget *budget)
{
    if (budget == NULL) {
        return;
    }
    dna_ledger_fini(&budget->ledger);
    dna_alloc_release(budget->alloc, budget);
}

/* --- queues */

static void link_peer(struct dna_budget *budget, struct dna_ledger_peer *peer)
{
    peer->previous = budget->last;
    peer->next = NULL;
    *(budget->last != NULL ? &budget->last->next : &budget->first) = peer;
    budget->last = peer;
}

static void unlink_peer(struct dna_budget *budget, struct dna_ledger_peer *peer)
{
    *(peer->previous != NULL ? &peer->previous->next : &budget->first) = peer->next;
    *(peer->next != NULL ? &peer->next->previous : &budget->last) = peer->previous;
}

/* At the end of its peer's queue, or at the front. */
static void queue(struct dna_budget *budget, struct dna_ticket *ticket, bool front)
{
    struct dna_ledger_peer *peer = ticket->peer;
    if (peer->first == NULL) {
        link_peer(budget, peer);
    }
    ticket->previous = front ? NULL : peer->last;
    ticket->next = front ? peer->first : NULL;
    *(ticket->previous != NULL ? &ticket->previous->next : &peer->first) = ticket;
    *(ticket->next != NULL ? &ticket->next->previous : &peer->last) = ticket;
    peer->waiting[ticket->proven]++;
    budget->waiting[ticket->proven]++;
    ticket->state = DNA_TICKET_WAITING;
}

static void unqueue(struct dna_budget *budget, struct dna_ticket *ticket)
{
    struct dna_ledger_peer *peer = ticket->peer;
    assert(ticket->state == DNA_TICKET_WAITING);
    *(ticket->previous != NULL ? &ticket->previous->next : &peer->first) = ticket->next;
    *(ticket->next != NULL ? &ticket->next->previous : &peer->last) = ticket->previous;
    peer->waiting[ticket->proven]--;
    budget->waiting[ticket->proven]--;
    if (peer->first == NULL) {
        unlink_peer(budget, peer);
    }
    ticket->state = DNA_TICKET_OUT;
}

/* --- slots */

static void run(struct dna_budget *budget, struct dna_ticket *ticket, int64_t now)
{
    struct dna_ledger_peer *peer = ticket->peer;
    (void)dna_ledger_service(peer, now);
    peer->service += LEAST_CHARGE_MS;
    peer->running++;
    peer->begun += now;
    budget->running[ticket->kind]++;
    budget->unproven[ticket->kind] += !ticket->proven;
    ticket->since = now;
    ticket->state = DNA_TICKET_RUNNING;
}

static void end_get(struct dna_ticket *ticket)
{
    if (ticket->getting) {
        ticket->place->running--;
        ticket->getting = false;
    }
}

static void stop(struct dna_budget *budget, struct dna_ticket *ticket, int64_t now)
{
    struct dna_ledger_peer *peer = ticket->peer;
    assert(ticket->state == DNA_TICKET_RUNNING);
    end_get(ticket);
    (void)dna_ledger_service(peer, now);
    peer->service += now - ticket->since;
    peer->running--;
    peer->begun -= ticket->since;
    budget->running[ticket->kind]--;
    budget->unproven[ticket->kind] -= !ticket->proven;
    ticket->state = DNA_TICKET_OUT;
}

/* --- gates: what only an end opens, and what time opens */

/* What the host itself asks is on nobody's behalf: it is no peer among peers. */
static bool is_ours(const struct dna_ledger_peer *peer)
{
    return peer->key_len == 0;
}

static bool has_slot(const struct dna_budget *budget, const struct dna_ticket *ticket)
{
    return budget->running[ticket->kind] < DNA_LIMIT_FETCH_RUNNING &&
           (ticket->proven || budget->unproven[ticket->kind] < UNPROVEN_RUNNING) &&
           (is_ours(ticket->peer) || ticket->peer->running < DNA_LIMIT_FETCH_RUNNING_PEER);
}

static bool place_has_slot(const struct dna_ticket *ticket)
{
    return ticket->place == NULL || ticket->place->running < DNA_LIMIT_FETCH_RUNNING_AT ||
           (is_ours(ticket->peer) && ticket->place->running < DNA_LIMIT_FETCH_OWN_AT);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* When the GETs of a minute leave room for this one. */
static int64_t rate_opens(const struct dna_budget *budget, const struct dna_ticket *ticket)
{
    int64_t opens = dna_window_opens(&budget->all);
    if (!ticket->proven) {
        opens = later(opens, dna_window_opens(&budget->all_unproven));
    }
    if (ticket->kind == DNA_FETCH_PEER && ticket->place != NULL) {
        opens = later(opens, dna_window_opens(&ticket->place->gets));
    }
    return opens;
}

/* ... and also the failures of its peer: a peer chose the URL. */
static int64_t time_opens(const struct dna_budget *budget, const struct dna_ticket *ticket)
{
    int64_t opens = rate_opens(budget, ticket);
    if (ticket->kind == DNA_FETCH_PEER) {
        opens = later(opens, dna_window_opens(&ticket->peer->failures));
    }
    return opens;
}

static struct dna_ticket *first_admitted(const struct dna_budget *budget,
                                         const struct dna_ledger_peer *peer, int64_t now)
{
    for (struct dna_ticket *t = peer->first; t != NULL; t = t->next) {
        if (has_slot(budget, t) && place_has_slot(t) && time_opens(budget, t) <= now) {
            return t;
        }
    }
    return NULL;
}

struct dna_ticket *dna_budget_next(struct dna_budget *budget, int64_t now)
{
    struct dna_ticket *best = NULL;
    int64_t least = 0;
    for (struct dna_ledger_peer *peer = budget->first; peer != NULL; peer = peer->next) {
        int64_t service = dna_ledger_service(peer, now);
        if (best == NULL || service < least) {
            struct dna_ticket *found = first_admitted(budget, peer, now);
            if (found != NULL) {
                best = found;
                least = service;
            }
        }
    }
    if (best != NULL) {
        unqueue(budget, best);
        run(budget, best, now);
    }
    return best;
}

/* --- coming and going */

/* The newest ticket of that class of the peer with most of them, if it has so many more than
 * the one who comes that it is fair to drop one. */
static struct dna_ticket *fair_victim(const struct dna_budget *budget, bool proven,
                                      unsigned own)
{
    const struct dna_ledger_peer *most = NULL;
    struct dna_ticket *ticket;
    for (const struct dna_ledger_peer *peer = budget->first; peer != NULL; peer = peer->next) {
        if (most == NULL || peer->waiting[proven] > most->waiting[proven]) {
            most = peer;
        }
    }
    if (most == NULL || most->waiting[proven] <= own + 1) {
        return NULL;
    }
    for (ticket = most->last; ticket->proven != proven; ticket = ticket->previous) {
    }
    return ticket;
}

static bool is_full(const struct dna_budget *budget, bool proven)
{
    return dna_budget_waiting(budget) >= DNA_LIMIT_FETCH_WAITING ||
           (!proven && budget->waiting[false] >= UNPROVEN_WAITING);
}

enum dna_err dna_budget_enter(struct dna_budget *budget, struct dna_ticket *ticket,
                              struct dna_span peer_key, enum dna_fetch_kind kind, bool proven,
                              int64_t now, struct dna_ticket **evicted)
{
    struct dna_ledger_peer *peer = dna_ledger_peer(&budget->ledger, peer_key, now);
    assert(ticket->state == DNA_TICKET_OUT);
    *evicted = NULL;
    if (peer == NULL) {
        return DNA_ERR_MEMORY;
    }
    if (is_full(budget, proven)) {
        *evicted = fair_victim(budget, proven, peer->waiting[proven]);
        if (*evicted == NULL) {
            return DNA_ERR_LIMIT;
        }
        dna_budget_leave(budget, *evicted, now, false);
    }
    *ticket = (struct dna_ticket){.kind = kind, .proven = proven, .peer = peer};
    queue(budget, ticket, false);
    return DNA_OK;
}

static void set_place(struct dna_ticket *ticket, struct dna_ledger_place *place)
{
    end_get(ticket);
    if (ticket->place != NULL) {
        ticket->place->tickets--;
    }
    ticket->place = place;
    if (place != NULL) {
        place->tickets++;
    }
}

void dna_budget_beside(struct dna_ticket *ticket, const struct dna_ticket *other)
{
    assert(ticket->state == DNA_TICKET_WAITING && other->state == DNA_TICKET_WAITING);
    set_place(ticket, other->place);
}

enum dna_err dna_budget_aim(struct dna_budget *budget, struct dna_ticket *ticket,
                            const struct dna_address *address, int64_t now, bool *go)
{
    struct dna_ledger_place *place =
        dna_ledger_place(&budget->ledger, address, ticket->kind, now);
    assert(ticket->state == DNA_TICKET_RUNNING);
    if (place == NULL) {
        return DNA_ERR_MEMORY;
    }
    set_place(ticket, place);
    *go = place_has_slot(ticket) && rate_opens(budget, ticket) <= now;
    if (!*go) {
        stop(budget, ticket, now);
        queue(budget, ticket, true);
        return DNA_OK;
    }
    ticket->getting = true;
    place->running++;
    dna_window_note(&place->gets, now);
    dna_window_note(&budget->all, now);
    if (!ticket->proven) {
        dna_window_note(&budget->all_unproven, now);
    }
    return DNA_OK;
}

void dna_budget_leave(struct dna_budget *budget, struct dna_ticket *ticket, int64_t now,
                      bool failed)
{
    switch (ticket->state) {
    case DNA_TICKET_OUT:
        return;
    case DNA_TICKET_WAITING:
        unqueue(budget, ticket);
        break;
    case DNA_TICKET_RUNNING:
        stop(budget, ticket, now);
        break;
    }
    set_place(ticket, NULL);
    if (failed) {
        dna_window_note(&ticket->peer->failures, now);
    }
}

void dna_budget_blame(struct dna_budget *budget, struct dna_span peer_key, int64_t now)
{
    struct dna_ledger_peer *peer = dna_ledger_known(&budget->ledger, peer_key);
    if (peer != NULL) {
        dna_window_note(&peer->failures, now);
    }
}

int64_t dna_budget_wakes(const struct dna_budget *budget, int64_t now)
{
    int64_t wakes = DNA_NEVER;
    for (const struct dna_ledger_peer *peer = budget->first; peer != NULL; peer = peer->next) {
        for (const struct dna_ticket *t = peer->first; t != NULL; t = t->next) {
            int64_t opens = time_opens(budget, t);
            if (opens > now && opens < wakes) {
                wakes = opens;
            }
        }
    }
    return wakes;
}

size_t dna_budget_waiting(const struct dna_budget *budget)
{
    return (size_t)budget->waiting[false] + budget->waiting[true];
}

struct dna_ticket *dna_budget_any_waiting(const struct dna_budget *budget)
{
    return budget->first != NULL ? budget->first->first : NULL;
}
