/* base/buf.h: a growable byte buffer with an upper limit.
 *
 * Bytes are appended at the end and consumed from the front.  A failed append leaves the
 * buffer as it was.  An emptied buffer gives its memory back when it is larger than
 * DNA_BUF_KEEP, so that an idle stream holds little.
 */
#ifndef DNA_BASE_BUF_H
#define DNA_BASE_BUF_H

#include <stdarg.h>

#include <mod_dna/base.h>

struct dna_buf {
    const struct dna_alloc *alloc;
    char *mem;
    size_t start, end, room;
    size_t limit; /* most bytes that may be pending */
};

void dna_buf_init(struct dna_buf *buf, const struct dna_alloc *alloc, size_t limit);
void dna_buf_fini(struct dna_buf *buf);
/* DNA_ERR_MEMORY or DNA_ERR_LIMIT. */
DNA_MUST_USE enum dna_err dna_buf_add(struct dna_buf *buf, struct dna_span bytes);
DNA_MUST_USE enum dna_err dna_buf_add_text(struct dna_buf *buf, const char *text);
DNA_MUST_USE enum dna_err dna_buf_printf(struct dna_buf *buf, const char *format, ...)
    DNA_PRINTF(2, 3);
/* Room for at least size bytes at the end, to be filled and then declared with _added. */
DNA_MUST_USE enum dna_err dna_buf_reserve(struct dna_buf *buf, size_t size, char **space);
void dna_buf_added(struct dna_buf *buf, size_t size);
struct dna_span dna_buf_span(const struct dna_buf *buf);
size_t dna_buf_len(const struct dna_buf *buf);
void dna_buf_consume(struct dna_buf *buf, size_t size);
/* Cuts the pending bytes back to len (not above the present length). */
void dna_buf_truncate(struct dna_buf *buf, size_t len);
void dna_buf_clear(struct dna_buf *buf);

#endif
