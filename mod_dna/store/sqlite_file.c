/* store/sqlite_file.c: one table, in WAL mode.
 *
 * Pinned rows only end; the others make room, the soonest to end first.
 */
#include <store/sqlite_file.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include <base/limits.h>

#define TRIM_EVERY 256
#define PAUSE_MS 10
#define TEXT_OF(number) TEXT_OF_(number)
#define TEXT_OF_(number) #number

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS learned_1 (kind INTEGER NOT NULL, domain BLOB NOT NULL,"
    " id BLOB NOT NULL, pinned INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " record BLOB NOT NULL, PRIMARY KEY (kind, domain, id)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS learned_1_ends ON learned_1 (pinned, expires);";

static bool fail(struct dna_store_file *file)
{
    (void)snprintf(file->why, sizeof file->why, "%s",
                   file->db != NULL ? sqlite3_errmsg(file->db) : "out of memory");
    dna_store_file_close(file);
    return false;
}

static int wait_for_lock(void *arg, int attempt)
{
    const struct dna_store_file *file = arg;
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    if (atomic_load(file->hurry) || attempt >= DNA_LIMIT_STORE_BUSY_MS / PAUSE_MS) {
        return 0;
    }
    (void)nanosleep(&pause, NULL);
    return 1;
}

static bool run(struct dna_store_file *file, const char *sql)
{
    return sqlite3_exec(file->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* The first column of the first row. */
static bool number(struct dna_store_file *file, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    bool fine = sqlite3_prepare_v2(file->db, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    if (fine) {
        *out = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return fine;
}

/* Whoever could write into the file could write a trigger, too. */
static bool harden(struct dna_store_file *file)
{
    (void)sqlite3_limit(file->db, SQLITE_LIMIT_LENGTH, 1024 * 1024);
    (void)sqlite3_limit(file->db, SQLITE_LIMIT_ATTACHED, 0);
    return sqlite3_db_config(file->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) == SQLITE_OK &&
           sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(file->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL) == SQLITE_OK &&
           sqlite3_db_config(file->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) == SQLITE_OK &&
           run(file, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;"
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
}

/* Removes what has ended, and what is too much. */
static bool trim(struct dna_store_file *file)
{
    char sql[256];
    int64_t pinned;
    (void)snprintf(sql, sizeof sql, "DELETE FROM learned_1 WHERE expires <= %lld",
                   (long long)time(NULL));
    file->since_trim = 0;
    if (!run(file, sql) ||
        !run(file, "DELETE FROM learned_1 WHERE (kind, domain, id) IN (SELECT kind, domain, id"
                   " FROM learned_1 WHERE pinned = 0 ORDER BY expires DESC"
                   " LIMIT -1 OFFSET " TEXT_OF(DNA_LIMIT_STORE_ROWS) ")") ||
        !number(file, "SELECT count(*) FROM learned_1 WHERE pinned <> 0", &pinned)) {
        return false;
    }
    file->pinned = (long)pinned;
    return true;
}

/* SQLite would make it readable for others. */
static bool make_file(struct dna_store_file *file, const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        (void)snprintf(file->why, sizeof file->why, "%s", strerror(errno));
        return false;
    }
    (void)close(fd);
    return true;
}

bool dna_store_file_open(struct dna_store_file *file, const char *name,
                         const atomic_bool *hurry)
{
    *file = (struct dna_store_file){.hurry = hurry, .version = -1};
    if (!make_file(file, name)) {
        return false;
    }
    if (sqlite3_open_v2(name, &file->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        NULL) != SQLITE_OK ||
        sqlite3_busy_handler(file->db, wait_for_lock, file) != SQLITE_OK || !harden(file) ||
        !run(file, schema) || !trim(file) ||
        sqlite3_prepare_v2(file->db,
                           "INSERT OR REPLACE INTO learned_1"
                           " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?7 OR EXISTS (SELECT 1 FROM"
                           " learned_1 WHERE kind = ?1 AND domain = ?2 AND id = ?3)",
                           -1, &file->put, NULL) != SQLITE_OK) {
        return fail(file);
    }
    return true;
}

void dna_store_file_close(struct dna_store_file *file)
{
    (void)sqlite3_finalize(file->put);
    (void)sqlite3_close(file->db);
    file->put = NULL;
    file->db = NULL;
}

static bool write_row(struct dna_store_file *file, const struct dna_store_row *row)
{
    sqlite3_stmt *put = file->put;
    bool room = !row->pinned || file->pinned < DNA_LIMIT_STORE_PINNED;
    bool fine = sqlite3_bind_int(put, 1, (int)row->kind) == SQLITE_OK &&
                sqlite3_bind_blob(put, 2, row->domain, (int)row->domain_len,
                                  SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_bind_blob(put, 3, row->id, sizeof row->id, SQLITE_STATIC) ==
                    SQLITE_OK &&
                sqlite3_bind_int(put, 4, row->pinned) == SQLITE_OK &&
                sqlite3_bind_int64(put, 5, row->expires_at) == SQLITE_OK &&
                sqlite3_bind_blob(put, 6, row->bytes, (int)row->len, SQLITE_STATIC) ==
                    SQLITE_OK &&
                sqlite3_bind_int(put, 7, room) == SQLITE_OK && sqlite3_step(put) == SQLITE_DONE;
    fine = sqlite3_reset(put) == SQLITE_OK && fine;
    file->pinned += fine && row->pinned;
    return fine;
}

bool dna_store_file_write(struct dna_store_file *file, const struct dna_store_rows *rows)
{
    bool fine = run(file, "BEGIN IMMEDIATE");
    for (const struct dna_store_row *row = rows->first; fine && row != NULL; row = row->next) {
        fine = write_row(file, row);
        file->since_trim++;
    }
    if (fine && file->since_trim >= TRIM_EVERY) {
        fine = trim(file);
    }
    if (!fine || !run(file, "COMMIT")) {
        return fail(file);
    }
    return true;
}

static bool read_version(struct dna_store_file *file, int64_t *version)
{
    return number(file, "PRAGMA data_version", version);
}

static bool read_rows(sqlite3_stmt *rows, bool (*each)(void *arg, struct dna_span bytes),
                      void *arg)
{
    int step;
    while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *bytes = sqlite3_column_blob(rows, 0);
        int len = sqlite3_column_bytes(rows, 0);
        if (bytes != NULL && len > 0 && !each(arg, (struct dna_span){bytes, (size_t)len})) {
            return true;
        }
    }
    return step == SQLITE_DONE;
}

bool dna_store_file_load(struct dna_store_file *file,
                         bool (*each)(void *arg, struct dna_span bytes), void *arg)
{
    sqlite3_stmt *rows = NULL;
    bool fine =
        read_version(file, &file->version) &&
        sqlite3_prepare_v2(file->db,
                           "SELECT record FROM learned_1 WHERE expires > ?1"
                           " AND typeof(record) = 'blob'"
                           " AND length(record) <= " TEXT_OF((DNA_LIMIT_STORE_RECORD))
                           " ORDER BY kind, expires DESC LIMIT ?2",
                           -1, &rows, NULL) == SQLITE_OK &&
        sqlite3_bind_int64(rows, 1, (int64_t)time(NULL)) == SQLITE_OK &&
        sqlite3_bind_int(rows, 2, DNA_LIMIT_STORE_ROWS + DNA_LIMIT_STORE_PINNED) ==
            SQLITE_OK &&
        read_rows(rows, each, arg);
    (void)sqlite3_finalize(rows);
    return fine || fail(file);
}

bool dna_store_file_changed(struct dna_store_file *file)
{
    int64_t version;
    return !read_version(file, &version) || version != file->version;
}
