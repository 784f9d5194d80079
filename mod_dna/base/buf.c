/* base/buf.c: the pending bytes are mem[start..end).
 *
 * Growth doubles, after the consumed front was reclaimed; the limit is on pending bytes.
 */
#include <base/buf.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>

#define DNA_BUF_KEEP 4096

void dna_buf_init(struct dna_buf *buf, const struct dna_alloc *alloc, size_t limit)
{
    *buf = (struct dna_buf){.alloc = alloc, .limit = limit};
}

void dna_buf_fini(struct dna_buf *buf)
{
    dna_alloc_release(buf->alloc, buf->mem);
    dna_buf_init(buf, buf->alloc, buf->limit);
}

static void to_front(struct dna_buf *buf)
{
    if (buf->start != 0) {
        memmove(buf->mem, buf->mem + buf->start, buf->end - buf->start);
        buf->end -= buf->start;
        buf->start = 0;
    }
}

static enum dna_err grow(struct dna_buf *buf, size_t needed)
{
    size_t room = buf->room != 0 ? buf->room : 256;
    char *mem;
    while (room < needed) {
        room = room > SIZE_MAX / 2 ? needed : room * 2;
    }
    mem = dna_alloc_resize(buf->alloc, buf->mem, room);
    if (mem == NULL) {
        return DNA_ERR_MEMORY;
    }
    buf->mem = mem;
    buf->room = room;
    return DNA_OK;
}

enum dna_err dna_buf_reserve(struct dna_buf *buf, size_t size, char **space)
{
    size_t len = buf->end - buf->start;
    if (size > buf->limit || len > buf->limit - size) {
        return DNA_ERR_LIMIT;
    }
    if (buf->room - buf->end < size) {
        /* Moving is cheap only while little is pending; otherwise grow first. */
        if (buf->room - len < size || len > buf->room / 2) {
            enum dna_err err = grow(buf, buf->end + size);
            if (err != DNA_OK) {
                return err;
            }
        } else {
            to_front(buf);
        }
    }
    *space = buf->mem + buf->end;
    return DNA_OK;
}

void dna_buf_added(struct dna_buf *buf, size_t size)
{
    assert(size <= buf->room - buf->end);
    buf->end += size;
}

enum dna_err dna_buf_add(struct dna_buf *buf, struct dna_span bytes)
{
    char *space;
    enum dna_err err;
    if (bytes.len == 0) {
        return DNA_OK;
    }
    err = dna_buf_reserve(buf, bytes.len, &space);
    if (err == DNA_OK) {
        memcpy(space, bytes.ptr, bytes.len);
        dna_buf_added(buf, bytes.len);
    }
    return err;
}

enum dna_err dna_buf_add_text(struct dna_buf *buf, const char *text)
{
    return dna_buf_add(buf, dna_span_of(text));
}

enum dna_err dna_buf_printf(struct dna_buf *buf, const char *format, ...)
{
    va_list args, again;
    char *space;
    int len;
    enum dna_err err = DNA_ERR_FORMAT;
    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    if (len >= 0) {
        err = dna_buf_reserve(buf, (size_t)len + 1, &space);
        if (err == DNA_OK) {
            (void)vsnprintf(space, (size_t)len + 1, format, again);
            dna_buf_added(buf, (size_t)len);
        }
    }
    va_end(again);
    va_end(args);
    return err;
}

struct dna_span dna_buf_span(const struct dna_buf *buf)
{
    return (struct dna_span){
        .ptr = buf->mem != NULL ? buf->mem + buf->start : NULL,
        .len = buf->end - buf->start,
    };
}

size_t dna_buf_len(const struct dna_buf *buf)
{
    return buf->end - buf->start;
}

void dna_buf_clear(struct dna_buf *buf)
{
    buf->start = 0;
    buf->end = 0;
    if (buf->room > DNA_BUF_KEEP) {
        dna_alloc_release(buf->alloc, buf->mem);
        buf->mem = NULL;
        buf->room = 0;
    }
}

void dna_buf_consume(struct dna_buf *buf, size_t size)
{
    assert(size <= buf->end - buf->start);
    buf->start += size;
    if (buf->start == buf->end) {
        dna_buf_clear(buf);
    }
}

void dna_buf_truncate(struct dna_buf *buf, size_t len)
{
    assert(len <= buf->end - buf->start);
    buf->end = buf->start + len;
}
