/* cache/cache.c: a map by key and two heaps by end, one of them for pinned entries.
 *
 * Every put first removes what has ended, so that dead entries never crowd out live ones;
 * then unpinned entries go, the soonest to end first, until the new one fits.  Pinned
 * entries only end: a flood of new names must not wash out what is remembered about the old
 * ones.  What does not fit beside them is refused, before anything else is given up.
 *
 * Invariant: each entry is in the map and in the heap that its pin says; bytes is the sum
 * over both heaps, pinned_bytes over the pinned one; neither limit is exceeded.
 */
#include <cache/cache.h>

#include <string.h>

#include <base/alloc.h>
#include <base/map.h>
#include <cache/heap.h>

struct dna_cache {
    const struct dna_alloc *alloc;
    struct dna_map *map;
    struct dna_cache_heap loose, pinned;
    size_t bytes, pinned_bytes;
    size_t max_entries, max_bytes;
};

enum dna_err dna_cache_new(const struct dna_alloc *alloc, uint64_t seed, size_t max_entries,
                           size_t max_bytes, struct dna_cache **out)
{
    struct dna_cache *cache = dna_alloc_zero(alloc, 1, sizeof *cache);
    enum dna_err err;
    if (cache == NULL) {
        return DNA_ERR_MEMORY;
    }
    cache->alloc = alloc;
    cache->max_entries = max_entries;
    cache->max_bytes = max_bytes;
    err = dna_map_new(alloc, seed, &cache->map);
    if (err != DNA_OK) {
        dna_alloc_release(alloc, cache);
        return err;
    }
    *out = cache;
    return DNA_OK;
}

static void free_heap(struct dna_cache *cache, struct dna_cache_heap *heap)
{
    for (size_t i = 0; i < heap->n; i++) {
        dna_alloc_release(cache->alloc, heap->entries[i]);
    }
    dna_alloc_release(cache->alloc, heap->entries);
}

void dna_cache_free(struct dna_cache *cache)
{
    if (cache == NULL) {
        return;
    }
    free_heap(cache, &cache->loose);
    free_heap(cache, &cache->pinned);
    dna_map_free(cache->map);
    dna_alloc_release(cache->alloc, cache);
}

static struct dna_cache_heap *heap_of(struct dna_cache *cache, bool pinned)
{
    return pinned ? &cache->pinned : &cache->loose;
}

static size_t size_of(const struct dna_cache_entry *entry)
{
    return entry->key_len + entry->value_len;
}

static struct dna_span key_of(const struct dna_cache_entry *entry)
{
    return (struct dna_span){entry->bytes, entry->key_len};
}

static struct dna_cache_entry *make_entry(const struct dna_cache *cache, struct dna_span key,
                                          struct dna_span value)
{
    struct dna_cache_entry *entry =
        dna_alloc_get(cache->alloc, sizeof *entry + key.len + value.len);
    if (entry == NULL) {
        return NULL;
    }
    entry->key_len = key.len;
    entry->value_len = value.len;
    if (key.len != 0) {
        memcpy(entry->bytes, key.ptr, key.len);
    }
    if (value.len != 0) {
        memcpy(entry->bytes + key.len, value.ptr, value.len);
    }
    return entry;
}

static void account(struct dna_cache *cache, struct dna_cache_entry *entry)
{
    dna_cache_heap_add(heap_of(cache, entry->pinned), entry);
    cache->bytes += size_of(entry);
    cache->pinned_bytes += entry->pinned ? size_of(entry) : 0;
}

/* Out of its heap and out of the sums; the map is the caller's care. */
static void discard(struct dna_cache *cache, struct dna_cache_entry *entry)
{
    dna_cache_heap_remove(heap_of(cache, entry->pinned), entry);
    cache->bytes -= size_of(entry);
    cache->pinned_bytes -= entry->pinned ? size_of(entry) : 0;
    dna_alloc_release(cache->alloc, entry);
}

static void forget(struct dna_cache *cache, struct dna_cache_entry *entry)
{
    (void)dna_map_remove(cache->map, key_of(entry));
    discard(cache, entry);
}

static void sweep(struct dna_cache *cache, int64_t now)
{
    for (int pinned = 0; pinned < 2; pinned++) {
        struct dna_cache_heap *heap = heap_of(cache, pinned);
        struct dna_cache_entry *first;
        while ((first = dna_cache_heap_first(heap)) != NULL && first->expires_at <= now) {
            forget(cache, first);
        }
    }
}

/* Whether size bytes fit once every unpinned entry, and old, is gone. */
static bool can_fit(const struct dna_cache *cache, size_t size,
                    const struct dna_cache_entry *old)
{
    bool replaces_pinned = old != NULL && old->pinned;
    size_t entries = cache->pinned.n - replaces_pinned;
    size_t bytes = cache->pinned_bytes - (replaces_pinned ? size_of(old) : 0);
    return entries < cache->max_entries && size <= cache->max_bytes - bytes;
}

static void make_room(struct dna_cache *cache, size_t size)
{
    while (dna_cache_count(cache) >= cache->max_entries ||
           size > cache->max_bytes - cache->bytes) {
        forget(cache, dna_cache_heap_first(&cache->loose));
    }
}

/* Puts the finished entry in; it stays the caller's on an error. */
static enum dna_err enter(struct dna_cache *cache, struct dna_cache_entry *entry)
{
    struct dna_cache_entry *old = dna_map_get(cache->map, key_of(entry));
    if (!can_fit(cache, size_of(entry), old)) {
        return DNA_ERR_LIMIT;
    }
    if (!dna_cache_heap_reserve(heap_of(cache, entry->pinned), cache->alloc) ||
        dna_map_set(cache->map, key_of(entry), entry) != DNA_OK) {
        return DNA_ERR_MEMORY;
    }
    if (old != NULL) {
        discard(cache, old);
    }
    make_room(cache, size_of(entry));
    account(cache, entry);
    return DNA_OK;
}

enum dna_err dna_cache_put(struct dna_cache *cache, struct dna_span key, struct dna_span value,
                           int64_t expires_at, bool pinned, int64_t now)
{
    struct dna_cache_entry *entry;
    enum dna_err err;
    if (key.len > cache->max_bytes || value.len > cache->max_bytes - key.len) {
        return DNA_ERR_LIMIT;
    }
    if (expires_at <= now) {
        dna_cache_drop(cache, key);
        return DNA_OK;
    }
    /* Copied before anything is freed: key and value may lie in an entry that goes. */
    entry = make_entry(cache, key, value);
    if (entry == NULL) {
        return DNA_ERR_MEMORY;
    }
    entry->expires_at = expires_at;
    entry->pinned = pinned;
    sweep(cache, now);
    err = enter(cache, entry);
    if (err != DNA_OK) {
        dna_alloc_release(cache->alloc, entry);
    }
    return err;
}

bool dna_cache_get(struct dna_cache *cache, struct dna_span key, int64_t now,
                   struct dna_span *value, int64_t *expires_at)
{
    const struct dna_cache_entry *entry = dna_map_get(cache->map, key);
    if (entry == NULL || entry->expires_at <= now) {
        return false;
    }
    if (value != NULL) {
        *value = (struct dna_span){entry->bytes + entry->key_len, entry->value_len};
    }
    if (expires_at != NULL) {
        *expires_at = entry->expires_at;
    }
    return true;
}

void dna_cache_drop(struct dna_cache *cache, struct dna_span key)
{
    struct dna_cache_entry *entry = dna_map_get(cache->map, key);
    if (entry != NULL) {
        forget(cache, entry);
    }
}

size_t dna_cache_count(const struct dna_cache *cache)
{
    return cache->loose.n + cache->pinned.n;
}
