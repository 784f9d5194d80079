/* edge/ledger.c: records of peers and places, found by key, forgotten when idle.
 *
 * A place is forgotten once nothing names it and its last minute is empty: what it may hold
 * is bounded by the fetches of a minute and by those that wait.  Idle peers are kept for what
 * is remembered of them, until there are too many.
 */
#include <edge/ledger.h>

#include <string.h>

#include <base/alloc.h>

#define MINUTE_MS 60000
#define MOST_PEERS (2 * DNA_LIMIT_FETCH_WAITING)
#define PLACE_KEY 18

void dna_window_init(struct dna_window *window, int64_t *at, unsigned room)
{
    *window = (struct dna_window){.at = at, .room = room};
    for (unsigned i = 0; i < room; i++) {
        at[i] = INT64_MIN / 2;
    }
}

int64_t dna_window_opens(const struct dna_window *window)
{
    return window->at[window->oldest] + MINUTE_MS;
}

void dna_window_note(struct dna_window *window, int64_t now)
{
    window->at[window->oldest] = now;
    window->oldest = (window->oldest + 1) % window->room;
}

bool dna_window_idle(const struct dna_window *window, int64_t now)
{
    return window->at[(window->oldest + window->room - 1) % window->room] + MINUTE_MS <= now;
}

enum dna_err dna_ledger_init(struct dna_ledger *ledger, const struct dna_alloc *alloc,
                             uint64_t seed)
{
    enum dna_err err;
    *ledger = (struct dna_ledger){.alloc = alloc};
    err = dna_map_new(alloc, seed, &ledger->peers);
    if (err == DNA_OK) {
        err = dna_map_new(alloc, seed, &ledger->places);
    }
    if (err != DNA_OK) {
        dna_ledger_fini(ledger);
    }
    return err;
}

void dna_ledger_fini(struct dna_ledger *ledger)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (ledger->peers != NULL && dna_map_next(ledger->peers, &cursor, &key, &value)) {
        dna_alloc_release(ledger->alloc, value);
    }
    cursor = 0;
    while (ledger->places != NULL && dna_map_next(ledger->places, &cursor, &key, &value)) {
        dna_alloc_release(ledger->alloc, value);
    }
    dna_map_free(ledger->peers);
    dna_map_free(ledger->places);
}

/* --- peers */

/* Some idle peer, or NULL. */
static struct dna_ledger_peer *idle_peer(const struct dna_ledger *ledger, size_t *cursor)
{
    struct dna_span key;
    void *value;
    while (dna_map_next(ledger->peers, cursor, &key, &value)) {
        struct dna_ledger_peer *peer = value;
        if (peer->first == NULL && peer->running == 0) {
            return peer;
        }
    }
    return NULL;
}

static void forget_idle_peers(struct dna_ledger *ledger)
{
    struct dna_ledger_peer *idle[64];
    size_t n, cursor;
    do {
        cursor = 0;
        for (n = 0; n < sizeof idle / sizeof *idle; n++) {
            idle[n] = idle_peer(ledger, &cursor);
            if (idle[n] == NULL) {
                break;
            }
        }
        for (size_t i = 0; i < n; i++) {
            (void)dna_map_remove(ledger->peers,
                                 (struct dna_span){idle[i]->key, idle[i]->key_len});
            dna_alloc_release(ledger->alloc, idle[i]);
        }
    } while (n == sizeof idle / sizeof *idle);
}

struct dna_ledger_peer *dna_ledger_known(const struct dna_ledger *ledger, struct dna_span key)
{
    return dna_map_get(ledger->peers, key);
}

struct dna_ledger_peer *dna_ledger_peer(struct dna_ledger *ledger, struct dna_span key,
                                        int64_t now)
{
    struct dna_ledger_peer *peer = dna_map_get(ledger->peers, key);
    if (peer != NULL) {
        return peer;
    }
    if (dna_map_count(ledger->peers) >= MOST_PEERS) {
        forget_idle_peers(ledger);
    }
    peer = dna_alloc_zero(ledger->alloc, 1, sizeof *peer + key.len);
    if (peer == NULL) {
        return NULL;
    }
    peer->halved = now;
    dna_window_init(&peer->failures, peer->failed_at, DNA_LIMIT_FETCH_FAILURES_MINUTE);
    peer->key_len = key.len;
    if (key.len != 0) {
        memcpy(peer->key, key.ptr, key.len);
    }
    if (dna_map_set(ledger->peers, key, peer) != DNA_OK) {
        dna_alloc_release(ledger->alloc, peer);
        return NULL;
    }
    return peer;
}

int64_t dna_ledger_service(struct dna_ledger_peer *peer, int64_t now)
{
    while (now - peer->halved >= MINUTE_MS && peer->service != 0) {
        peer->service /= 2;
        peer->halved += MINUTE_MS;
    }
    if (peer->service == 0) {
        peer->halved = now;
    }
    return peer->service + (int64_t)peer->running * now - peer->begun;
}

/* --- places */

static struct dna_span place_key(const struct dna_address *address, enum dna_fetch_kind kind,
                                 char out[PLACE_KEY])
{
    out[0] = (char)kind;
    out[1] = (char)address->family;
    memcpy(out + 2, address->bytes, sizeof address->bytes);
    return (struct dna_span){out, PLACE_KEY};
}

static void forget_idle_places(struct dna_ledger *ledger, int64_t now)
{
    struct dna_ledger_place **link = &ledger->first_place;
    while (*link != NULL) {
        struct dna_ledger_place *place = *link;
        char key[PLACE_KEY];
        if (place->tickets != 0 || !dna_window_idle(&place->gets, now)) {
            link = &place->next;
            continue;
        }
        *link = place->next;
        (void)dna_map_remove(ledger->places, place_key(&place->address, place->kind, key));
        dna_alloc_release(ledger->alloc, place);
    }
}

struct dna_ledger_place *dna_ledger_place(struct dna_ledger *ledger,
                                          const struct dna_address *address,
                                          enum dna_fetch_kind kind, int64_t now)
{
    char text[PLACE_KEY];
    struct dna_span key = place_key(address, kind, text);
    struct dna_ledger_place *place = dna_map_get(ledger->places, key);
    if (place != NULL) {
        return place;
    }
    forget_idle_places(ledger, now);
    place = dna_alloc_zero(ledger->alloc, 1, sizeof *place);
    if (place == NULL) {
        return NULL;
    }
    place->address = *address;
    place->kind = kind;
    dna_window_init(&place->gets, place->got_at, DNA_LIMIT_FETCH_PEER_AT_MINUTE);
    if (dna_map_set(ledger->places, key, place) != DNA_OK) {
        dna_alloc_release(ledger->alloc, place);
        return NULL;
    }
    place->next = ledger->first_place;
    ledger->first_place = place;
    return place;
}
