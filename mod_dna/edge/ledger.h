/* edge/ledger.h: what the fetch budget remembers of peers and of destination addresses. */
#ifndef DNA_EDGE_LEDGER_H
#define DNA_EDGE_LEDGER_H

#include <base/address.h>
#include <base/limits.h>
#include <base/map.h>
#include <mod_dna/fact.h>

struct dna_ticket;

/* Counts events so that no minute holds more than room of them: a ring of their times. */
struct dna_window {
    int64_t *at;
    unsigned room, oldest;
};
void dna_window_init(struct dna_window *window, int64_t *at, unsigned room);
/* The time from which one more event fits. */
int64_t dna_window_opens(const struct dna_window *window);
void dna_window_note(struct dna_window *window, int64_t now);
/* Whether the last minute holds nothing. */
bool dna_window_idle(const struct dna_window *window, int64_t now);

/* One peer: an address, or a /64.  Its waiting tickets form a list; peers that have some
 * form another one. */
struct dna_ledger_peer {
    struct dna_ledger_peer *previous, *next;
    struct dna_ticket *first, *last;
    unsigned waiting[2]; /* by whether the ticket is a proven peer's */
    unsigned running;
    int64_t begun;   /* sum of the running tickets' start times */
    int64_t service; /* milliseconds of slots it had, halved every minute */
    int64_t halved;
    struct dna_window failures;
    int64_t failed_at[DNA_LIMIT_FETCH_FAILURES_MINUTE];
    size_t key_len;
    char key[];
};

/* One destination address of one kind of URL. */
struct dna_ledger_place {
    struct dna_ledger_place *next;
    struct dna_address address;
    enum dna_fetch_kind kind;
    unsigned tickets; /* that name it */
    unsigned running; /* GETs */
    struct dna_window gets;
    int64_t got_at[DNA_LIMIT_FETCH_PEER_AT_MINUTE];
};

struct dna_ledger {
    const struct dna_alloc *alloc;
    struct dna_map *peers, *places;
    struct dna_ledger_place *first_place;
};

DNA_MUST_USE enum dna_err dna_ledger_init(struct dna_ledger *ledger,
                                          const struct dna_alloc *alloc, uint64_t seed);
void dna_ledger_fini(struct dna_ledger *ledger);

/* Found, or made.  NULL: no memory. */
struct dna_ledger_peer *dna_ledger_peer(struct dna_ledger *ledger, struct dna_span key,
                                        int64_t now);
/* NULL: unknown. */
struct dna_ledger_peer *dna_ledger_known(const struct dna_ledger *ledger, struct dna_span key);
/* Milliseconds of slots that it had lately, those in use included. */
int64_t dna_ledger_service(struct dna_ledger_peer *peer, int64_t now);
struct dna_ledger_place *dna_ledger_place(struct dna_ledger *ledger,
                                          const struct dna_address *address,
                                          enum dna_fetch_kind kind, int64_t now);

#endif
