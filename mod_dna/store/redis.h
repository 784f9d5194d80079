/* store/redis.h: a Redis server, for the files of this room.
 *
 * Two connections.  One talks: it loads what is there and writes.  One hears: the server
 * holds its question, what is new in the log, until there is something.  A record is written
 * to a key of its own, which ends when it does, and into the log, of which the newest are
 * kept; who comes (back) notes where the log ends, loads every key, and then follows the log
 * from there, so that nothing falls between.
 */
#ifndef DNA_STORE_REDIS_H
#define DNA_STORE_REDIS_H

#include <hiredis/async.h>

#include <store/backend.h>

#define REDIS_TOKEN 32 /* an id in the log, a cursor */

struct dna_redis;

/* hiredis on the loop. */
struct dna_redis_link {
    struct dna_redis *redis;
    redisAsyncContext *context; /* NULL: none */
    struct dna_watch *watch;
    unsigned events; /* that are watched for */
    bool owed;       /* an answer, since the last check */
    bool answered;   /* something came since then */
    size_t open;     /* questions not answered */
};

struct dna_redis {
    struct dna_store *store;
    char *where, *password;
    uint16_t port;
    struct dna_redis_link talk, hear;
    struct dna_timer *timer; /* a check while connected, else another attempt */
    struct dna_timer *soon;  /* something waits */
    bool connected, loaded;
    unsigned retry_ms;
    char prefix[48];
    char origin[33];           /* marks our own entries in the log */
    char last[REDIS_TOKEN];    /* id in the log up to which everything was heard */
    char anchor[REDIS_TOKEN];  /* what that was when it was looked for last */
    unsigned kind;             /* that is being loaded */
    size_t n_loaded;
    struct dna_store_rows waiting; /* until the server is there */
};

/* --- redis_link.c: false: the server is lost, and has been given up --- */

bool dna_redis_open(struct dna_redis_link *link);
void dna_redis_close(struct dna_redis_link *link);
/* fn gets every answer that is no error; an error or the end of the connection loses the
 * server. */
typedef void dna_redis_answer_fn(struct dna_redis *redis, const redisReply *reply);
bool dna_redis_ask(struct dna_redis_link *link, dna_redis_answer_fn *fn, const char *format,
                   ...);
/* Whether what was asked a check ago is unanswered still; begins the next one. */
bool dna_redis_is_late(struct dna_redis_link *link);

/* --- redis_load.c --- */

/* Where the log ends; then every key; then dna_redis_loaded, and what is new in the log. */
void dna_redis_load(struct dna_redis *redis);
/* Loses the server if what was the end of the log a check ago is not there any more: somebody
 * has emptied it, and who shares it writes again what must not be missing. */
void dna_redis_look(struct dna_redis *redis);

/* --- redis.c --- */

void dna_redis_lose(struct dna_redis *redis, const char *why);
void dna_redis_loaded(struct dna_redis *redis);

#endif
