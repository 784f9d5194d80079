/* store/sqlite_file.h: the database file, synchronously, for one thread.
 *
 * The file is nobody's authority: rows are bytes, which are verified elsewhere.  It is opened
 * so that nothing in its schema is run by what we do (triggers and views are off), and no row
 * longer than a record is read.
 */
#ifndef DNA_STORE_SQLITE_FILE_H
#define DNA_STORE_SQLITE_FILE_H

#include <stdatomic.h>

#include <store/row.h>

struct sqlite3;
struct sqlite3_stmt;

struct dna_store_file {
    struct sqlite3 *db; /* NULL: closed */
    struct sqlite3_stmt *put;
    long pinned;             /* rows of that kind, or more than that */
    unsigned since_trim;     /* rows written */
    int64_t version;         /* of what others wrote */
    const atomic_bool *hurry; /* do not wait for somebody's lock any more */
    char why[160];           /* what went wrong last */
};

/* False, as below: file->why says why, and the file is closed. */
bool dna_store_file_open(struct dna_store_file *file, const char *name,
                         const atomic_bool *hurry);
void dna_store_file_close(struct dna_store_file *file);
/* All of them or none. */
bool dna_store_file_write(struct dna_store_file *file, const struct dna_store_rows *rows);
/* Every row that has not ended, the most important first, until each says false. */
bool dna_store_file_load(struct dna_store_file *file,
                         bool (*each)(void *arg, struct dna_span bytes), void *arg);
/* Whether another connection has written since the last load. */
bool dna_store_file_changed(struct dna_store_file *file);

#endif
