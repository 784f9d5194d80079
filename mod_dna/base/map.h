/* base/map.h: a map from byte strings to pointers.
 *
 * Keys are copied.  The hash is keyed by a seed, since peers choose the keys.  Iteration is
 * in no particular order; the map must not change during a visit.
 */
#ifndef DNA_BASE_MAP_H
#define DNA_BASE_MAP_H

#include <mod_dna/base.h>

struct dna_map;

DNA_MUST_USE enum dna_err dna_map_new(const struct dna_alloc *alloc, uint64_t seed,
                                      struct dna_map **out);
/* Frees the map and its keys, not the values. */
void dna_map_free(struct dna_map *map);
size_t dna_map_count(const struct dna_map *map);
/* The value, or NULL. */
void *dna_map_get(const struct dna_map *map, struct dna_span key);
/* Adds or replaces; value is not NULL.  DNA_ERR_MEMORY leaves the map as it was. */
DNA_MUST_USE enum dna_err dna_map_set(struct dna_map *map, struct dna_span key, void *value);
/* The value that was there, or NULL. */
void *dna_map_remove(struct dna_map *map, struct dna_span key);
/* *cursor begins at 0.  False at the end. */
bool dna_map_next(const struct dna_map *map, size_t *cursor, struct dna_span *key,
                  void **value);

#endif
