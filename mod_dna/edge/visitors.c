/* edge/visitors.c: a count of connections and of attempts per address.
 *
 * A minute begins with an address's first attempt.  Records without connections, whose
 * minute is over, are swept out, at most once a minute, or as often as once a second when
 * the table is full; a newcomer that finds no place in it is refused: that takes more
 * addresses than anybody but a botnet has.
 */
#include <edge/visitors.h>

#include <assert.h>

#include <base/alloc.h>
#include <base/map.h>

#define MINUTE 60000
#define SECOND 1000

struct visitor {
    struct visitor *next;
    int64_t since; /* the beginning of its minute */
    unsigned connections, handshakes, attempts;
    char key[8];
    size_t len;
};

struct dna_edge_visitors {
    const struct dna_alloc *alloc;
    struct dna_edge_visitor_limits limits;
    struct dna_map *map;
    struct visitor *first;
    int64_t swept;
};

enum dna_err dna_edge_visitors_new(const struct dna_alloc *alloc, uint64_t seed,
                                   const struct dna_edge_visitor_limits *limits,
                                   struct dna_edge_visitors **out)
{
    struct dna_edge_visitors *made = dna_alloc_zero(alloc, 1, sizeof *made);
    enum dna_err err;
    *out = NULL;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->alloc = alloc;
    made->limits = *limits;
    made->swept = INT64_MIN / 2;
    err = dna_map_new(alloc, seed, &made->map);
    if (err != DNA_OK) {
        dna_alloc_release(alloc, made);
        return err;
    }
    *out = made;
    return DNA_OK;
}

void dna_edge_visitors_free(struct dna_edge_visitors *visitors)
{
    if (visitors == NULL) {
        return;
    }
    while (visitors->first != NULL) {
        struct visitor *next = visitors->first->next;
        dna_alloc_release(visitors->alloc, visitors->first);
        visitors->first = next;
    }
    dna_map_free(visitors->map);
    dna_alloc_release(visitors->alloc, visitors);
}

void dna_edge_visitors_limit(struct dna_edge_visitors *visitors,
                             const struct dna_edge_visitor_limits *limits)
{
    visitors->limits = *limits;
}

/* The part of an address that one customer cannot change at will. */
static struct dna_span key_of(const struct dna_address *address)
{
    return (struct dna_span){(const char *)address->bytes,
                             address->family == DNA_ADDRESS_V4 ? 4 : 8};
}

static void sweep(struct dna_edge_visitors *visitors, int64_t now)
{
    struct visitor **place = &visitors->first;
    int64_t pause =
        dna_map_count(visitors->map) >= visitors->limits.addresses ? SECOND : MINUTE;
    if (now - visitors->swept < pause) {
        return;
    }
    visitors->swept = now;
    while (*place != NULL) {
        struct visitor *visitor = *place;
        if (visitor->connections == 0 && now - visitor->since >= MINUTE) {
            *place = visitor->next;
            (void)dna_map_remove(visitors->map,
                                 (struct dna_span){visitor->key, visitor->len});
            dna_alloc_release(visitors->alloc, visitor);
        } else {
            place = &visitor->next;
        }
    }
}

static struct visitor *admit_newcomer(struct dna_edge_visitors *visitors, struct dna_span key,
                                      int64_t now)
{
    struct visitor *visitor;
    if (dna_map_count(visitors->map) >= visitors->limits.addresses) {
        return NULL;
    }
    visitor = dna_alloc_zero(visitors->alloc, 1, sizeof *visitor);
    if (visitor == NULL || dna_map_set(visitors->map, key, visitor) != DNA_OK) {
        dna_alloc_release(visitors->alloc, visitor);
        return NULL;
    }
    for (size_t i = 0; i < key.len; i++) {
        visitor->key[i] = key.ptr[i];
    }
    visitor->len = key.len;
    visitor->since = now;
    visitor->next = visitors->first;
    visitors->first = visitor;
    return visitor;
}

bool dna_edge_visitors_enter(struct dna_edge_visitors *visitors,
                             const struct dna_address *address, int64_t now,
                             enum dna_uv_limit *limit)
{
    struct dna_span key = key_of(address);
    struct visitor *visitor;
    sweep(visitors, now);
    visitor = dna_map_get(visitors->map, key);
    if (visitor == NULL) {
        visitor = admit_newcomer(visitors, key, now);
    }
    if (visitor == NULL) {
        *limit = DNA_UV_LIMIT_ADDRESSES;
        return false;
    }
    if (now - visitor->since >= MINUTE) {
        visitor->since = now;
        visitor->attempts = 0;
    }
    if (visitor->attempts >= visitors->limits.attempts) {
        *limit = DNA_UV_LIMIT_ATTEMPTS_AT;
        return false;
    }
    visitor->attempts++;
    if (visitor->connections >= visitors->limits.connections) {
        *limit = DNA_UV_LIMIT_CONNECTIONS_AT;
        return false;
    }
    if (visitor->handshakes >= visitors->limits.handshakes) {
        *limit = DNA_UV_LIMIT_HANDSHAKES_AT;
        return false;
    }
    visitor->connections++;
    visitor->handshakes++;
    return true;
}

void dna_edge_visitors_secured(struct dna_edge_visitors *visitors,
                               const struct dna_address *address)
{
    struct visitor *visitor = dna_map_get(visitors->map, key_of(address));
    assert(visitor != NULL && visitor->handshakes != 0);
    visitor->handshakes--;
}

void dna_edge_visitors_leave(struct dna_edge_visitors *visitors,
                             const struct dna_address *address, bool secured)
{
    struct visitor *visitor = dna_map_get(visitors->map, key_of(address));
    assert(visitor != NULL && visitor->connections != 0);
    visitor->connections--;
    visitor->handshakes -= !secured;
}
