#include <failing_alloc.h>

#include <stdlib.h>

static bool refuse(struct failing_alloc *f)
{
    if (f->seen++ != f->fail_at) {
        return false;
    }
    f->failed = true;
    return true;
}

static void *get(size_t size, void *arg)
{
    struct failing_alloc *f = arg;
    if (refuse(f)) {
        return NULL;
    }
    f->outstanding++;
    return malloc(size != 0 ? size : 1);
}

static void *resize(void *ptr, size_t size, void *arg)
{
    struct failing_alloc *f = arg;
    if (refuse(f)) {
        return NULL;
    }
    f->outstanding += ptr == NULL;
    return realloc(ptr, size != 0 ? size : 1);
}

static void release(void *ptr, void *arg)
{
    struct failing_alloc *f = arg;
    f->outstanding -= ptr != NULL;
    free(ptr);
}

const struct dna_alloc *failing_alloc_init(struct failing_alloc *f, unsigned long fail_at)
{
    *f = (struct failing_alloc){
        .alloc = {.allocate = get, .reallocate = resize, .release = release, .arg = f},
        .fail_at = fail_at,
    };
    return &f->alloc;
}
