/* support/failing_malloc.c: what the linker puts in the place of malloc() and its like. */
#include "failing_malloc.h"

#include <stddef.h>

struct failing_malloc failing_malloc;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static bool fails(void)
{
    struct failing_malloc *f = &failing_malloc;
    if (!f->armed || f->seen++ != f->fail_at) {
        return false;
    }
    f->failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

void failing_malloc_arm(void)
{
    failing_malloc.seen = 0;
    failing_malloc.failed = false;
    failing_malloc.armed = true;
}

bool failing_malloc_disarm(void)
{
    failing_malloc.armed = false;
    return failing_malloc.failed;
}
