/* edge/fetch_party.c: in whose queues a fetch stands (S23).
 *
 * A fetch that several peers wait for is in the queue of each of them, and goes as soon as the
 * first of them lets it: whoever began it cannot keep the others waiting by being busy.  It
 * runs on one peer's account; if its address then has no room, it waits in all queues again.
 *
 * Invariant: of a fetch that runs, one ticket is in the budget; of one that waits, at least one.
 */
#include <edge/fetch_step.h>

#include <string.h>

#include <base/alloc.h>

static int64_t now_mono(const struct dna_fetcher *fetcher)
{
    return fetcher->loop->now(fetcher->loop->self).mono;
}

struct dna_fetch_party *dna_fetch_party_of(struct dna_ticket *ticket)
{
    return (struct dna_fetch_party *)(void *)((char *)ticket -
                                              offsetof(struct dna_fetch_party, ticket));
}

void dna_fetch_party_init(struct dna_fetch_party *party, struct dna_fetch *fetch,
                          const char *key, bool proven)
{
    size_t len = strlen(key) < sizeof party->key ? strlen(key) : sizeof party->key - 1;
    *party = (struct dna_fetch_party){.fetch = fetch, .proven = proven};
    memcpy(party->key, key, len);
}

static struct dna_fetch_party *waiting(struct dna_fetch *fetch)
{
    struct dna_fetch_party *party = &fetch->first;
    while (party != NULL && party->ticket.state != DNA_TICKET_WAITING) {
        party = party->next;
    }
    return party;
}

bool dna_fetch_in_budget(struct dna_fetch *fetch)
{
    return fetch->running != NULL || waiting(fetch) != NULL;
}

enum dna_err dna_fetch_enter(struct dna_fetch_party *party)
{
    struct dna_fetch *fetch = party->fetch;
    struct dna_budget *budget = fetch->fetcher->budget;
    const struct dna_fetch_party *beside = waiting(fetch);
    struct dna_ticket *evicted = NULL;
    enum dna_err err =
        dna_budget_enter(budget, &party->ticket, dna_span_of(party->key), fetch->kind,
                         party->proven, now_mono(fetch->fetcher), &evicted);
    if (err == DNA_OK && beside != NULL && beside->ticket.state == DNA_TICKET_WAITING) {
        dna_budget_beside(&party->ticket, &beside->ticket);
    }
    if (evicted != NULL) {
        dna_fetch_evicted(dna_fetch_party_of(evicted)->fetch);
    }
    return err;
}

void dna_fetch_let_in(struct dna_fetch_party *winner)
{
    struct dna_fetch *fetch = winner->fetch;
    fetch->running = winner;
    for (struct dna_fetch_party *party = &fetch->first; party != NULL; party = party->next) {
        if (party != winner) {
            dna_budget_leave(fetch->fetcher->budget, &party->ticket, now_mono(fetch->fetcher),
                             false);
        }
    }
}

void dna_fetch_wait_again(struct dna_fetch *fetch)
{
    fetch->running = NULL;
    for (struct dna_fetch_party *party = &fetch->first; party != NULL; party = party->next) {
        if (party->ticket.state == DNA_TICKET_OUT && dna_fetch_enter(party) != DNA_OK) {
            return; /* for want of room or memory: one of them waits in any case */
        }
    }
}

/* One who has proven something meanwhile is another party. */
static bool is_in(const struct dna_fetch *fetch, const char *key, bool proven)
{
    const struct dna_fetch_party *party = &fetch->first;
    while (party != NULL &&
           (strcmp(party->key, key) != 0 || (proven && !party->proven))) {
        party = party->next;
    }
    return party != NULL;
}

enum dna_err dna_fetch_add_party(struct dna_fetch *fetch, const char *key, bool proven)
{
    struct dna_fetch_party *party;
    if (is_in(fetch, key, proven)) {
        return DNA_OK;
    }
    party = dna_alloc_get(fetch->fetcher->options.alloc, sizeof *party);
    if (party == NULL) {
        return DNA_ERR_MEMORY;
    }
    dna_fetch_party_init(party, fetch, key, proven);
    party->next = fetch->first.next;
    fetch->first.next = party;
    return fetch->running == NULL ? dna_fetch_enter(party) : DNA_OK;
}

void dna_fetch_leave(struct dna_fetch *fetch, bool failed)
{
    struct dna_fetcher *fetcher = fetch->fetcher;
    struct dna_fetch_party *party = &fetch->first;
    while (party != NULL) {
        struct dna_fetch_party *next = party->next;
        dna_budget_leave(fetcher->budget, &party->ticket, now_mono(fetcher),
                         failed && party == fetch->running);
        if (party != &fetch->first) {
            dna_alloc_release(fetcher->options.alloc, party);
        }
        party = next;
    }
    fetch->first.next = NULL;
    fetch->running = NULL;
}
