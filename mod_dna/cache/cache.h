/* cache/cache.h: a bounded map whose entries end.
 *
 * Keys and values are bytes and are copied.  An entry is gone at its expiry (wall seconds);
 * when the cache is full the one that ends soonest goes first, unless it is pinned
 * (downgrade memory must not be flooded out, S16).  Time is an argument.
 */
#ifndef DNA_CACHE_CACHE_H
#define DNA_CACHE_CACHE_H

#include <mod_dna/base.h>

struct dna_cache;

/* At most max_entries entries and max_bytes of keys and values. */
DNA_MUST_USE enum dna_err dna_cache_new(const struct dna_alloc *alloc, uint64_t seed,
                                        size_t max_entries, size_t max_bytes,
                                        struct dna_cache **out);
void dna_cache_free(struct dna_cache *cache);
/* Adds or replaces; entries that ended at now go, and one that ends at or before now is not
 * kept.  DNA_ERR_LIMIT: it does not fit beside pinned entries; DNA_ERR_MEMORY.  On an error
 * an entry of the same key is as it was. */
DNA_MUST_USE enum dna_err dna_cache_put(struct dna_cache *cache, struct dna_span key,
                                        struct dna_span value, int64_t expires_at, bool pinned,
                                        int64_t now);
/* *value borrows until the next put or drop.  False: not there, or ended at now.  value and
 * expires_at may be NULL. */
bool dna_cache_get(struct dna_cache *cache, struct dna_span key, int64_t now,
                   struct dna_span *value, int64_t *expires_at);
void dna_cache_drop(struct dna_cache *cache, struct dna_span key);
/* Entries held; those that ended count until the next put. */
size_t dna_cache_count(const struct dna_cache *cache);

#endif
