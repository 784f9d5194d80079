/* base/alloc.h: memory through the host's allocator.  NULL stands for malloc and friends. */
#ifndef DNA_BASE_ALLOC_H
#define DNA_BASE_ALLOC_H

#include <mod_dna/base.h>

/* Uninitialised memory, or NULL. size 0 gives a pointer that may be released. */
void *dna_alloc_get(const struct dna_alloc *alloc, size_t size);
/* n * size zeroed bytes, or NULL (overflow included). */
void *dna_alloc_zero(const struct dna_alloc *alloc, size_t n, size_t size);
/* As realloc; on NULL the old block is intact. */
void *dna_alloc_resize(const struct dna_alloc *alloc, void *ptr, size_t size);
void dna_alloc_release(const struct dna_alloc *alloc, void *ptr);
/* A NUL-terminated copy, or NULL. */
char *dna_alloc_text(const struct dna_alloc *alloc, struct dna_span text);

#endif
