/* store/row.c: queues of rows. */
#include <store/row.h>

#include <stdlib.h>
#include <string.h>

#include <base/limits.h>

struct dna_store_row *dna_store_row_new(const struct dna_store_record *record,
                                        struct dna_span bytes)
{
    struct dna_store_row *row = malloc(sizeof *row + bytes.len);
    if (row == NULL) {
        return NULL;
    }
    *row = (struct dna_store_row){.kind = record->kind,
                                  .pinned = record->pinned,
                                  .domain_len = record->domain.len,
                                  .expires_at = record->expires_at,
                                  .len = bytes.len};
    if (record->domain.len != 0) {
        memcpy(row->domain, record->domain.ptr, record->domain.len);
    }
    memcpy(row->id, record->id, sizeof row->id);
    if (bytes.len != 0) {
        memcpy(row->bytes, bytes.ptr, bytes.len);
    }
    return row;
}

void dna_store_rows_add(struct dna_store_rows *rows, struct dna_store_row *row)
{
    row->next = NULL;
    *(rows->last != NULL ? &rows->last->next : &rows->first) = row;
    rows->last = row;
    rows->n++;
    rows->bytes += row->len;
}

struct dna_store_row *dna_store_rows_take(struct dna_store_rows *rows)
{
    struct dna_store_row *row = rows->first;
    if (row != NULL) {
        rows->first = row->next;
        if (rows->first == NULL) {
            rows->last = NULL;
        }
        rows->n--;
        rows->bytes -= row->len;
    }
    return row;
}

void dna_store_rows_back(struct dna_store_rows *rows, struct dna_store_rows *these)
{
    if (these->first == NULL) {
        return;
    }
    these->last->next = rows->first;
    rows->first = these->first;
    if (rows->last == NULL) {
        rows->last = these->last;
    }
    rows->n += these->n;
    rows->bytes += these->bytes;
    *these = (struct dna_store_rows){.n = 0};
}

void dna_store_rows_clear(struct dna_store_rows *rows)
{
    struct dna_store_row *row;
    while ((row = dna_store_rows_take(rows)) != NULL) {
        free(row);
    }
}

bool dna_store_rows_admit(struct dna_store_rows *rows, struct dna_store_row *row)
{
    size_t room = row->pinned ? 2 : 1;
    if (rows->n >= room * DNA_LIMIT_STORE_WAITING ||
        rows->bytes + row->len > room * DNA_LIMIT_STORE_WAITING_BYTES) {
        free(row);
        return false;
    }
    dna_store_rows_add(rows, row);
    return true;
}
