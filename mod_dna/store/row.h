/* store/row.h: sealed records on their way into a medium or out of it, in queues.
 *
 * Rows pass between threads, so they are malloc's, whatever allocator the host has.
 */
#ifndef DNA_STORE_ROW_H
#define DNA_STORE_ROW_H

#include <store/record.h>

struct dna_store_row {
    struct dna_store_row *next;
    unsigned kind;
    bool pinned;
    size_t domain_len;
    unsigned char id[DNA_STORE_ID];
    char domain[256];
    int64_t expires_at;
    size_t len;
    char bytes[];
};

/* NULL: out of memory. */
struct dna_store_row *dna_store_row_new(const struct dna_store_record *record,
                                        struct dna_span bytes);

struct dna_store_rows {
    struct dna_store_row *first, *last;
    size_t n, bytes;
};
void dna_store_rows_add(struct dna_store_rows *rows, struct dna_store_row *row);
/* NULL: there is none. */
struct dna_store_row *dna_store_rows_take(struct dna_store_rows *rows);
/* Puts all of these before the others. */
void dna_store_rows_back(struct dna_store_rows *rows, struct dna_store_rows *these);
void dna_store_rows_clear(struct dna_store_rows *rows);
/* Adds it within DNA_LIMIT_STORE_WAITING; what is pinned may use twice that.  False: it was
 * freed instead. */
bool dna_store_rows_admit(struct dna_store_rows *rows, struct dna_store_row *row);

#endif
