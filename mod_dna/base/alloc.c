/* base/alloc.c: the one place that knows malloc.
 *
 * The default allocator stands in for a NULL hook.  No call asks the allocator for 0 bytes,
 * whose meaning differs between allocators.
 */
#include <base/alloc.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *dna_alloc_get(const struct dna_alloc *alloc, size_t size)
{
    size = size != 0 ? size : 1;
    return alloc != NULL ? alloc->allocate(size, alloc->arg) : malloc(size);
}

void *dna_alloc_zero(const struct dna_alloc *alloc, size_t n, size_t size)
{
    void *ptr;
    if (size != 0 && n > SIZE_MAX / size) {
        return NULL;
    }
    ptr = dna_alloc_get(alloc, n * size);
    if (ptr != NULL) {
        memset(ptr, 0, n * size);
    }
    return ptr;
}

void *dna_alloc_resize(const struct dna_alloc *alloc, void *ptr, size_t size)
{
    size = size != 0 ? size : 1;
    return alloc != NULL ? alloc->reallocate(ptr, size, alloc->arg) : realloc(ptr, size);
}

void dna_alloc_release(const struct dna_alloc *alloc, void *ptr)
{
    if (ptr == NULL) {
        return;
    }
    if (alloc != NULL) {
        alloc->release(ptr, alloc->arg);
    } else {
        free(ptr);
    }
}

char *dna_alloc_text(const struct dna_alloc *alloc, struct dna_span text)
{
    char *copy;
    if (text.len == SIZE_MAX) {
        return NULL;
    }
    copy = dna_alloc_get(alloc, text.len + 1);
    if (copy != NULL) {
        if (text.len != 0) {
            memcpy(copy, text.ptr, text.len);
        }
        copy[text.len] = '\0';
    }
    return copy;
}
