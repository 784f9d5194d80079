/* base/arena.h: memory that is freed whole.  One per element being read (reset after it)
 * and one per question. */
#ifndef DNA_BASE_ARENA_H
#define DNA_BASE_ARENA_H

#include <mod_dna/base.h>

struct dna_arena_block;
struct dna_arena {
    const struct dna_alloc *alloc;
    struct dna_arena_block *blocks;
    size_t used;  /* bytes handed out since the last reset */
    size_t limit; /* most bytes that may be handed out */
};

void dna_arena_init(struct dna_arena *arena, const struct dna_alloc *alloc, size_t limit);
/* Frees all but the first block, whose memory is used again. */
void dna_arena_reset(struct dna_arena *arena);
void dna_arena_fini(struct dna_arena *arena);
/* Suitably aligned for anything; uninitialised.  NULL: no memory, or over the limit. */
void *dna_arena_get(struct dna_arena *arena, size_t size);
void *dna_arena_zero(struct dna_arena *arena, size_t n, size_t size);
/* NUL-terminated copy; NULL as above. */
char *dna_arena_text(struct dna_arena *arena, struct dna_span text);
/* Copies bytes and points *out at the copy. */
DNA_MUST_USE enum dna_err dna_arena_span(struct dna_arena *arena, struct dna_span bytes,
                                         struct dna_span *out);

#endif
