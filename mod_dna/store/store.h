/* store/store.h: what outlives the process, or is shared by several of them.
 *
 * Nothing here waits: records are written behind, and what is found comes as a callback from
 * the loop.  A store that cannot be reached is down, says so once, and is tried again with
 * back-off; meanwhile a bounded number of records waits for it.  Everything in it only ever
 * shortens work: nobody depends on it, and it is never asked while a question is heard.
 *
 * Each time it comes up, everything that is in it is found; later, what others put into it.
 * So who opens a store knows what all who write to it know, as soon as it is up, and whoever
 * of them ends takes nothing along.
 */
#ifndef DNA_STORE_STORE_H
#define DNA_STORE_STORE_H

#include <base/loop.h>
#include <store/record.h>

struct dna_store;

struct dna_store_events {
    /* A record that verifies and has not ended; its spans live until it returns. */
    void (*found)(void *arg, const struct dna_store_record *record);
    /* Up: whatever was in it has been found.  Down: why, for people. */
    void (*changed)(void *arg, bool up, const char *why);
    void *arg;
};

/* Copied; what it points to outlives the store.  No event comes from within a call, nor after
 * dna_store_close. */
struct dna_store_options {
    const struct dna_alloc *alloc;
    const struct dna_loop *loop;
    struct dna_store_mac mac;
    struct dna_store_events events;
};

/* A file of its own for one process (SQLite), which is made, mode 0600, if need be.  A file
 * that is no such database is left as it is: the store is down. */
DNA_MUST_USE enum dna_err dna_store_sqlite(const struct dna_store_options *options,
                                           const char *file, struct dna_store **out);
/* A Redis server that several processes share, at an IP address and port or, port 0, at a
 * Unix socket's path; password may be NULL. */
DNA_MUST_USE enum dna_err dna_store_redis(const struct dna_store_options *options,
                                          const char *where, uint16_t port,
                                          const char *password, struct dna_store **out);
/* Queues it; one that was there under the same kind, domain and id is replaced.
 * DNA_ERR_LIMIT: too much waits already. */
DNA_MUST_USE enum dna_err dna_store_put(struct dna_store *store,
                                        const struct dna_store_record *record);
/* How many records that were there were not believed. */
unsigned long dna_store_refused(const struct dna_store *store);
/* Whether something that was put has not been written yet. */
bool dna_store_busy(const struct dna_store *store);
/* A file gets what waits for it.  NULL is fine. */
void dna_store_close(struct dna_store *store);

#endif
