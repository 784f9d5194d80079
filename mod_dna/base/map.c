/* base/map.c: open addressing with linear probing and backward-shift deletion.
 *
 * The hash is SipHash-2-4 under the map's seed (Aumasson and Bernstein, 2012): whoever
 * chooses the keys cannot make them collide.  At most three quarters of the slots are used.
 */
#include <base/map.h>

#include <string.h>

#include <base/alloc.h>

struct slot {
    uint64_t hash;
    char *key; /* NULL: free */
    size_t key_len;
    void *value;
};

struct dna_map {
    const struct dna_alloc *alloc;
    uint64_t seed;
    struct slot *slots;
    size_t room; /* a power of two, or 0 */
    size_t count;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

static uint64_t hash_of(uint64_t seed, struct dna_span key)
{
    uint64_t k1 = rotate(seed, 32) ^ 0x9e3779b97f4a7c15u;
    uint64_t v[4] = {seed ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du,
                     seed ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u};
    uint64_t last = (uint64_t)key.len << 56;
    size_t i = 0, j;
    for (; i + 8 <= key.len; i += 8) {
        uint64_t word;
        memcpy(&word, key.ptr + i, 8);
        sip_word(v, word);
    }
    for (j = 0; i + j < key.len; j++) {
        last |= (uint64_t)(unsigned char)key.ptr[i + j] << (8 * j);
    }
    sip_word(v, last);
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

enum dna_err dna_map_new(const struct dna_alloc *alloc, uint64_t seed, struct dna_map **out)
{
    struct dna_map *map = dna_alloc_zero(alloc, 1, sizeof *map);
    if (map == NULL) {
        return DNA_ERR_MEMORY;
    }
    map->alloc = alloc;
    map->seed = seed;
    *out = map;
    return DNA_OK;
}

void dna_map_free(struct dna_map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->room; i++) {
        dna_alloc_release(map->alloc, map->slots[i].key);
    }
    dna_alloc_release(map->alloc, map->slots);
    dna_alloc_release(map->alloc, map);
}

size_t dna_map_count(const struct dna_map *map)
{
    return map->count;
}

/* The slot that holds key, or the free one where it belongs. room is not 0. */
static size_t find(const struct dna_map *map, uint64_t hash, struct dna_span key)
{
    size_t i = (size_t)hash & (map->room - 1);
    for (; map->slots[i].key != NULL; i = (i + 1) & (map->room - 1)) {
        const struct slot *slot = &map->slots[i];
        if (slot->hash == hash &&
            dna_span_equal((struct dna_span){slot->key, slot->key_len}, key)) {
            break;
        }
    }
    return i;
}

void *dna_map_get(const struct dna_map *map, struct dna_span key)
{
    if (map->room == 0) {
        return NULL;
    }
    return map->slots[find(map, hash_of(map->seed, key), key)].value;
}

static enum dna_err make_room(struct dna_map *map)
{
    struct slot *old = map->slots;
    size_t old_room = map->room, room = old_room != 0 ? old_room * 2 : 8;
    if (map->count + 1 <= old_room / 4 * 3) {
        return DNA_OK;
    }
    map->slots = dna_alloc_zero(map->alloc, room, sizeof *map->slots);
    if (map->slots == NULL) {
        map->slots = old;
        return DNA_ERR_MEMORY;
    }
    map->room = room;
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].key != NULL) {
            struct dna_span key = {old[i].key, old[i].key_len};
            map->slots[find(map, old[i].hash, key)] = old[i];
        }
    }
    dna_alloc_release(map->alloc, old);
    return DNA_OK;
}

enum dna_err dna_map_set(struct dna_map *map, struct dna_span key, void *value)
{
    uint64_t hash = hash_of(map->seed, key);
    enum dna_err err = make_room(map);
    struct slot *slot;
    if (err != DNA_OK) {
        return err;
    }
    slot = &map->slots[find(map, hash, key)];
    if (slot->key == NULL) {
        char *copy = dna_alloc_text(map->alloc, key);
        if (copy == NULL) {
            return DNA_ERR_MEMORY;
        }
        *slot = (struct slot){.hash = hash, .key = copy, .key_len = key.len};
        map->count++;
    }
    slot->value = value;
    return DNA_OK;
}

void *dna_map_remove(struct dna_map *map, struct dna_span key)
{
    size_t mask = map->room - 1, hole, i;
    void *value;
    if (map->room == 0) {
        return NULL;
    }
    hole = find(map, hash_of(map->seed, key), key);
    if (map->slots[hole].key == NULL) {
        return NULL;
    }
    value = map->slots[hole].value;
    dna_alloc_release(map->alloc, map->slots[hole].key);
    map->count--;
    /* Entries behind the hole move up unless they would land before their own place. */
    for (i = (hole + 1) & mask; map->slots[i].key != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)map->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct slot){.key = NULL};
    return value;
}

bool dna_map_next(const struct dna_map *map, size_t *cursor, struct dna_span *key,
                  void **value)
{
    while (*cursor < map->room) {
        const struct slot *slot = &map->slots[(*cursor)++];
        if (slot->key != NULL) {
            *key = (struct dna_span){slot->key, slot->key_len};
            *value = slot->value;
            return true;
        }
    }
    return false;
}
