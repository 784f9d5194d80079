/* cache/heap.h: entries by their end, the soonest first. */
#ifndef DNA_CACHE_HEAP_H
#define DNA_CACHE_HEAP_H

#include <mod_dna/base.h>

struct dna_cache_entry {
    int64_t expires_at;
    size_t place; /* in its heap */
    size_t key_len, value_len;
    bool pinned;
    char bytes[]; /* the key, then the value */
};

struct dna_cache_heap {
    struct dna_cache_entry **entries;
    size_t n, room;
};

/* Room for one more.  False: no memory. */
bool dna_cache_heap_reserve(struct dna_cache_heap *heap, const struct dna_alloc *alloc);
/* Needs room for one more. */
void dna_cache_heap_add(struct dna_cache_heap *heap, struct dna_cache_entry *entry);
/* entry is in this heap. */
void dna_cache_heap_remove(struct dna_cache_heap *heap, const struct dna_cache_entry *entry);
/* The one that ends first, or NULL. */
struct dna_cache_entry *dna_cache_heap_first(const struct dna_cache_heap *heap);

#endif
