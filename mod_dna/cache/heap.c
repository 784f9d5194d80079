/* cache/heap.c: a binary heap whose entries know their place.
 *
 * Invariant: no entry ends before its parent (n - 1) / 2, and entries[i]->place == i.
 */
#include <cache/heap.h>

#include <assert.h>

#include <base/alloc.h>

bool dna_cache_heap_reserve(struct dna_cache_heap *heap, const struct dna_alloc *alloc)
{
    size_t room = heap->room != 0 ? 2 * heap->room : 16;
    struct dna_cache_entry **grown;
    if (heap->n < heap->room) {
        return true;
    }
    if (room > SIZE_MAX / sizeof *grown) {
        return false;
    }
    grown = dna_alloc_resize(alloc, heap->entries, room * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    heap->entries = grown;
    heap->room = room;
    return true;
}

static void put_at(struct dna_cache_heap *heap, size_t place, struct dna_cache_entry *entry)
{
    heap->entries[place] = entry;
    entry->place = place;
}

static void rise(struct dna_cache_heap *heap, size_t place, struct dna_cache_entry *entry)
{
    while (place > 0) {
        struct dna_cache_entry *parent = heap->entries[(place - 1) / 2];
        if (parent->expires_at <= entry->expires_at) {
            break;
        }
        put_at(heap, place, parent);
        place = (place - 1) / 2;
    }
    put_at(heap, place, entry);
}

static void sink(struct dna_cache_heap *heap, size_t place, struct dna_cache_entry *entry)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= heap->n) {
            break;
        }
        if (child + 1 < heap->n &&
            heap->entries[child + 1]->expires_at < heap->entries[child]->expires_at) {
            child++;
        }
        if (entry->expires_at <= heap->entries[child]->expires_at) {
            break;
        }
        put_at(heap, place, heap->entries[child]);
        place = child;
    }
    put_at(heap, place, entry);
}

void dna_cache_heap_add(struct dna_cache_heap *heap, struct dna_cache_entry *entry)
{
    assert(heap->n < heap->room);
    rise(heap, heap->n++, entry);
}

void dna_cache_heap_remove(struct dna_cache_heap *heap, const struct dna_cache_entry *entry)
{
    size_t place = entry->place;
    struct dna_cache_entry *last;
    assert(place < heap->n && heap->entries[place] == entry);
    last = heap->entries[--heap->n];
    if (last == entry) {
        return;
    }
    if (last->expires_at < entry->expires_at) {
        rise(heap, place, last);
    } else {
        sink(heap, place, last);
    }
}

struct dna_cache_entry *dna_cache_heap_first(const struct dna_cache_heap *heap)
{
    return heap->n != 0 ? heap->entries[0] : NULL;
}
