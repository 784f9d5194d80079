/* store/store.c: between records and a medium's bytes: whatever comes from it is unsealed
 * here, whatever goes there is sealed here. */
#include <store/backend.h>

#include <base/alloc.h>
#include <base/limits.h>

struct dna_store *dna_store_make(const struct dna_store_options *options,
                                 const struct dna_store_backend *backend)
{
    struct dna_store *store = dna_alloc_zero(options->alloc, 1, sizeof *store);
    if (store != NULL) {
        store->with = *options;
        store->backend = backend;
    }
    return store;
}

enum dna_err dna_store_put(struct dna_store *store, const struct dna_store_record *record)
{
    struct dna_store_row *row;
    struct dna_buf bytes;
    enum dna_err err;
    dna_buf_init(&bytes, store->with.alloc, DNA_LIMIT_STORE_RECORD);
    err = dna_store_seal(&store->with.mac, record, &bytes);
    if (err == DNA_OK) {
        row = dna_store_row_new(record, dna_buf_span(&bytes));
        err = row != NULL ? store->backend->put(store->self, row) : DNA_ERR_MEMORY;
    }
    dna_buf_fini(&bytes);
    return err;
}

void dna_store_deliver(struct dna_store *store, struct dna_span bytes)
{
    struct dna_store_record record;
    const struct dna_loop *loop = store->with.loop;
    switch (dna_store_unseal(&store->with.mac, bytes, loop->now(loop->self).wall, &record)) {
    case DNA_OK:
        store->with.events.found(store->with.events.arg, &record);
        return;
    case DNA_ERR_FORMAT:
        store->refused++;
        return;
    case DNA_ERR_NOT_FOUND: /* ours, and of no use any more */
    case DNA_ERR_MEMORY:
    case DNA_ERR_ARGUMENT:
    case DNA_ERR_LIMIT:
    case DNA_ERR_STATE:
    case DNA_ERR_SYSTEM:
    case DNA_ERR_CANCELED:
        return;
    }
}

void dna_store_tell(struct dna_store *store, bool up, const char *why)
{
    if (!store->told || store->up != up) {
        store->told = true;
        store->up = up;
        store->with.events.changed(store->with.events.arg, up, why);
    }
}

unsigned long dna_store_refused(const struct dna_store *store)
{
    return store->refused;
}

bool dna_store_busy(const struct dna_store *store)
{
    return store->backend->busy(store->self);
}

void dna_store_close(struct dna_store *store)
{
    if (store != NULL) {
        store->backend->close(store->self);
        dna_alloc_release(store->with.alloc, store);
    }
}
