/* store/sqlite.c: the file's own thread, and two queues between it and the loop.
 *
 * One connection is used by one thread, so a thread of its own costs nothing, and a slow disk
 * holds up neither the loop nor what else runs on its pool.  The thread takes all rows that
 * wait in one transaction; what it finds goes to the loop in portions, and it waits for the
 * loop to take them.
 *
 * Invariant: everything in struct medium below the lock is touched under it alone; file and
 * retry belong to the thread.
 */
#include <store/backend.h>

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <store/sqlite_file.h>

#define PORTION 1024 /* rows found that wait for the loop */

struct medium {
    struct dna_store *store;
    char *name;
    pthread_t thread;
    struct dna_watch *watch;
    int wake; /* eventfd: something was found or has changed */
    atomic_bool ending;
    struct dna_store_file file;
    unsigned retry_ms;

    pthread_mutex_t lock;
    pthread_cond_t stirred; /* for the thread: rows, room, or the end */
    struct dna_store_rows waiting;
    struct dna_store_rows found;
    bool writing; /* rows have been taken and are not written yet */
    bool told;    /* up and why are news */
    bool up;
    char why[sizeof ((struct dna_store_file *)NULL)->why];
};

/* --- the thread ----------------------------------------------------------------------- */

static void lock(struct medium *m)
{
    int err = pthread_mutex_lock(&m->lock);
    assert(err == 0);
    (void)err;
}

static void unlock(struct medium *m)
{
    (void)pthread_mutex_unlock(&m->lock);
}

static void ring(const struct medium *m)
{
    const uint64_t one = 1;
    (void)!write(m->wake, &one, sizeof one); /* full: it rings already */
}

/* Under the lock; until stirred, or for a while. */
static void rest(struct medium *m, unsigned ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&m->stirred, &m->lock, &until);
}

static void announce(struct medium *m, bool up, const char *why)
{
    lock(m);
    m->told = true;
    m->up = up;
    (void)snprintf(m->why, sizeof m->why, "%s", why);
    unlock(m);
    ring(m);
}

static bool pass_on(void *arg, struct dna_span bytes)
{
    struct medium *m = arg;
    const struct dna_store_record unknown = {.kind = 0};
    struct dna_store_row *row = dna_store_row_new(&unknown, bytes);
    bool goes_on;
    if (row == NULL) {
        return true; /* what is not found is asked again */
    }
    lock(m);
    while (m->found.n >= PORTION && !atomic_load(&m->ending)) {
        rest(m, DNA_LIMIT_STORE_LOOK_MS);
    }
    dna_store_rows_add(&m->found, row);
    goes_on = !atomic_load(&m->ending);
    if (m->found.n == 1) {
        ring(m);
    }
    unlock(m);
    return goes_on;
}

static bool load(struct medium *m)
{
    return dna_store_file_load(&m->file, pass_on, m);
}

/* Takes what waits, or waits for it a while. */
static struct dna_store_rows take(struct medium *m)
{
    struct dna_store_rows rows;
    lock(m);
    if (m->waiting.n == 0 && !atomic_load(&m->ending)) {
        rest(m, DNA_LIMIT_STORE_LOOK_MS);
    }
    rows = m->waiting;
    m->waiting = (struct dna_store_rows){.n = 0};
    m->writing = rows.n != 0;
    unlock(m);
    return rows;
}

/* What could not be written waits on, as far as there is room. */
static void give_back(struct medium *m, struct dna_store_rows *rows)
{
    lock(m);
    if (m->waiting.n + rows->n <= 2 * DNA_LIMIT_STORE_WAITING) {
        dna_store_rows_back(&m->waiting, rows);
    }
    m->writing = false;
    unlock(m);
    dna_store_rows_clear(rows);
}

/* One look: what waits is written, what others wrote is found. */
static bool serve(struct medium *m)
{
    struct dna_store_rows rows = take(m);
    bool fine = rows.n == 0 || dna_store_file_write(&m->file, &rows);
    if (fine) {
        dna_store_rows_clear(&rows);
        m->retry_ms = DNA_LIMIT_STORE_RETRY_MS;
    }
    give_back(m, &rows);
    if (fine && dna_store_file_changed(&m->file) && !atomic_load(&m->ending)) {
        fine = load(m);
    }
    return fine;
}

static void lose(struct medium *m)
{
    announce(m, false, m->file.why);
    lock(m);
    if (!atomic_load(&m->ending)) {
        rest(m, m->retry_ms);
    }
    unlock(m);
    m->retry_ms = m->retry_ms * 2 < DNA_LIMIT_STORE_RETRY_MOST_MS
                      ? m->retry_ms * 2
                      : DNA_LIMIT_STORE_RETRY_MOST_MS;
}

static bool anything_left(struct medium *m)
{
    bool any;
    lock(m);
    any = m->waiting.n != 0;
    unlock(m);
    return any;
}

static void *work(void *arg)
{
    struct medium *m = arg;
    m->retry_ms = DNA_LIMIT_STORE_RETRY_MS;
    do {
        bool fine = dna_store_file_open(&m->file, m->name, &m->ending) && load(m);
        if (fine) {
            announce(m, true, "");
        }
        while (fine && (!atomic_load(&m->ending) || anything_left(m))) {
            fine = serve(m);
        }
        if (!fine) {
            lose(m);
        }
        dna_store_file_close(&m->file);
    } while (!atomic_load(&m->ending));
    return NULL;
}

/* --- the loop ------------------------------------------------------------------------- */

static void woken(void *arg, int fd, unsigned events)
{
    struct medium *m = arg;
    struct dna_store_rows found;
    struct dna_store_row *row;
    char why[sizeof m->why];
    uint64_t count;
    bool told, up;
    (void)events;
    (void)!read(fd, &count, sizeof count);
    lock(m);
    found = m->found;
    m->found = (struct dna_store_rows){.n = 0};
    told = m->told;
    up = m->up;
    m->told = false;
    memcpy(why, m->why, sizeof why);
    (void)pthread_cond_signal(&m->stirred);
    unlock(m);
    while ((row = dna_store_rows_take(&found)) != NULL) {
        dna_store_deliver(m->store, (struct dna_span){row->bytes, row->len});
        free(row);
    }
    if (told) {
        dna_store_tell(m->store, up, why);
    }
}

static enum dna_err put(void *self, struct dna_store_row *row)
{
    struct medium *m = self;
    bool admitted;
    lock(m);
    admitted = dna_store_rows_admit(&m->waiting, row);
    if (admitted && m->waiting.n == 1) {
        (void)pthread_cond_signal(&m->stirred);
    }
    unlock(m);
    return admitted ? DNA_OK : DNA_ERR_LIMIT;
}

static bool busy(const void *self)
{
    struct medium *m = (struct medium *)(uintptr_t)self;
    bool any;
    lock(m);
    any = m->waiting.n != 0 || m->writing;
    unlock(m);
    return any;
}

static void free_medium(struct medium *m)
{
    const struct dna_loop *loop = m->store->with.loop;
    loop->unwatch(m->watch);
    if (m->wake >= 0) {
        (void)close(m->wake);
    }
    dna_store_rows_clear(&m->waiting);
    dna_store_rows_clear(&m->found);
    (void)pthread_cond_destroy(&m->stirred);
    (void)pthread_mutex_destroy(&m->lock);
    dna_alloc_release(m->store->with.alloc, m->name);
    dna_alloc_release(m->store->with.alloc, m);
}

static void end(void *self)
{
    struct medium *m = self;
    lock(m);
    atomic_store(&m->ending, true);
    (void)pthread_cond_signal(&m->stirred);
    unlock(m);
    (void)pthread_join(m->thread, NULL);
    free_medium(m);
}

/* Signals are the loop's. */
static bool start_thread(struct medium *m)
{
    sigset_t all, before;
    bool fine;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    fine = pthread_create(&m->thread, NULL, work, m) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fine;
}

static struct medium *make_medium(struct dna_store *store, const char *file)
{
    struct medium *m = dna_alloc_zero(store->with.alloc, 1, sizeof *m);
    pthread_condattr_t attributes;
    if (m == NULL) {
        return NULL;
    }
    m->store = store;
    m->wake = -1;
    atomic_init(&m->ending, false);
    (void)pthread_mutex_init(&m->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&m->stirred, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    m->name = dna_alloc_text(store->with.alloc, dna_span_of(file));
    return m;
}

enum dna_err dna_store_sqlite(const struct dna_store_options *options, const char *file,
                              struct dna_store **out)
{
    static const struct dna_store_backend backend = {put, busy, end};
    struct dna_store *store = dna_store_make(options, &backend);
    struct medium *m = store != NULL ? make_medium(store, file) : NULL;
    enum dna_err err = m != NULL && m->name != NULL ? DNA_OK : DNA_ERR_MEMORY;
    if (err == DNA_OK) {
        m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        m->watch = m->wake < 0 ? NULL
                               : options->loop->watch(options->loop->self, m->wake,
                                                      DNA_LOOP_READ, woken, m);
        err = m->watch != NULL && start_thread(m) ? DNA_OK : DNA_ERR_SYSTEM;
    }
    if (err != DNA_OK) {
        if (m != NULL) {
            free_medium(m);
        }
        dna_alloc_release(options->alloc, store);
        return err;
    }
    store->self = m;
    *out = store;
    return DNA_OK;
}
