/* base/arena.c: blocks in a list, the newest first.
 *
 * Each block is as large as what it was made for, at least DNA_ARENA_BLOCK.  A reset keeps
 * the oldest block, so that an arena in steady use allocates nothing.
 */
#include <base/arena.h>

#include <string.h>

#include <base/alloc.h>

#define DNA_ARENA_BLOCK 1008

struct dna_arena_block {
    struct dna_arena_block *older;
    size_t used, room;
    _Alignas(max_align_t) char mem[];
};

void dna_arena_init(struct dna_arena *arena, const struct dna_alloc *alloc, size_t limit)
{
    *arena = (struct dna_arena){.alloc = alloc, .limit = limit};
}

void dna_arena_reset(struct dna_arena *arena)
{
    while (arena->blocks != NULL && arena->blocks->older != NULL) {
        struct dna_arena_block *older = arena->blocks->older;
        dna_alloc_release(arena->alloc, arena->blocks);
        arena->blocks = older;
    }
    if (arena->blocks != NULL) {
        arena->blocks->used = 0;
    }
    arena->used = 0;
}

void dna_arena_fini(struct dna_arena *arena)
{
    dna_arena_reset(arena);
    dna_alloc_release(arena->alloc, arena->blocks);
    arena->blocks = NULL;
}

static struct dna_arena_block *grow(struct dna_arena *arena, size_t size)
{
    size_t room = size > DNA_ARENA_BLOCK ? size : DNA_ARENA_BLOCK;
    struct dna_arena_block *block = dna_alloc_get(arena->alloc, sizeof *block + room);
    if (block != NULL) {
        block->older = arena->blocks;
        block->used = 0;
        block->room = room;
        arena->blocks = block;
    }
    return block;
}

void *dna_arena_get(struct dna_arena *arena, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct dna_arena_block *block = arena->blocks;
    void *ptr;
    if (size > arena->limit || arena->used > arena->limit - size) {
        return NULL;
    }
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    size = (size + align - 1) / align * align;
    if (block == NULL || block->room - block->used < size) {
        block = grow(arena, size);
        if (block == NULL) {
            return NULL;
        }
    }
    ptr = block->mem + block->used;
    block->used += size;
    arena->used += size;
    return ptr;
}

void *dna_arena_zero(struct dna_arena *arena, size_t n, size_t size)
{
    void *ptr;
    if (size != 0 && n > SIZE_MAX / size) {
        return NULL;
    }
    ptr = dna_arena_get(arena, n * size);
    if (ptr != NULL) {
        memset(ptr, 0, n * size);
    }
    return ptr;
}

char *dna_arena_text(struct dna_arena *arena, struct dna_span text)
{
    char *copy = text.len < SIZE_MAX ? dna_arena_get(arena, text.len + 1) : NULL;
    if (copy != NULL) {
        if (text.len != 0) {
            memcpy(copy, text.ptr, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}

enum dna_err dna_arena_span(struct dna_arena *arena, struct dna_span bytes,
                            struct dna_span *out)
{
    char *copy = dna_arena_text(arena, bytes);
    if (copy == NULL) {
        return DNA_ERR_MEMORY;
    }
    *out = (struct dna_span){.ptr = copy, .len = bytes.len};
    return DNA_OK;
}
