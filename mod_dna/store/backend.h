/* store/backend.h: what a medium has to do: keep bytes by key, and give them all back. */
#ifndef DNA_STORE_BACKEND_H
#define DNA_STORE_BACKEND_H

#include <store/row.h>
#include <store/store.h>

struct dna_store_backend {
    /* Takes the row over, whatever comes of it. */
    enum dna_err (*put)(void *self, struct dna_store_row *row);
    bool (*busy)(const void *self);
    void (*close)(void *self);
};

struct dna_store {
    struct dna_store_options with;
    const struct dna_store_backend *backend;
    void *self;
    unsigned long refused;
    bool told, up; /* what events.changed was told last */
};

DNA_MUST_USE struct dna_store *dna_store_make(const struct dna_store_options *options,
                                              const struct dna_store_backend *backend);
/* From the loop: bytes of the medium, and whether it can be reached. */
void dna_store_deliver(struct dna_store *store, struct dna_span bytes);
void dna_store_tell(struct dna_store *store, bool up, const char *why);

#endif
