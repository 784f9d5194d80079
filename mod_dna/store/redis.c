/* store/redis.c: the server comes and goes.
 *
 * Losing it has one way: both connections are given up, and after a while both are tried
 * again.  What was written and not answered may be lost with it; it only ever saved work.
 */
#include <store/redis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <base/limits.h>

#define LOG_LENGTH 10000

/* --- connecting ----------------------------------------------------------------------- */

static void connect_now(void *arg);
static void check(void *arg);

static void set_timer(struct dna_redis *redis, unsigned ms, dna_timer_fn *fn)
{
    const struct dna_loop *loop = redis->store->with.loop;
    loop->timer_free(redis->timer);
    redis->timer = loop->timer(loop->self, ms, fn, redis);
}

static void disconnect(struct dna_redis *redis)
{
    redis->connected = redis->loaded = false;
    dna_redis_close(&redis->talk);
    dna_redis_close(&redis->hear);
}

static void retry_later(struct dna_redis *redis)
{
    set_timer(redis, redis->retry_ms, connect_now);
    redis->retry_ms = redis->retry_ms * 2 < DNA_LIMIT_STORE_RETRY_MOST_MS
                          ? redis->retry_ms * 2
                          : DNA_LIMIT_STORE_RETRY_MOST_MS;
}

void dna_redis_lose(struct dna_redis *redis, const char *why)
{
    char text[160];
    if (!redis->connected) {
        return; /* of a connection that was given up already */
    }
    (void)snprintf(text, sizeof text, "%s", why); /* may be the connection's */
    disconnect(redis);
    retry_later(redis);
    dna_store_tell(redis->store, false, text);
}

/* Whether the server still answers. */
static void check(void *arg)
{
    struct dna_redis *redis = arg;
    bool talk_is_late = dna_redis_is_late(&redis->talk);
    if (dna_redis_is_late(&redis->hear) || talk_is_late) {
        dna_redis_lose(redis, "the server does not answer");
    } else {
        set_timer(redis, DNA_LIMIT_STORE_REPLY_MS, check);
        if (redis->loaded) {
            dna_redis_look(redis);
        }
    }
}

static void ignore(struct dna_redis *redis, const redisReply *reply)
{
    (void)redis;
    (void)reply;
}

static bool authenticate(struct dna_redis *redis, struct dna_redis_link *link)
{
    return redis->password == NULL ||
           dna_redis_ask(link, ignore, "AUTH %s", redis->password);
}

static void connect_now(void *arg)
{
    struct dna_redis *redis = arg;
    redis->connected = true;
    set_timer(redis, DNA_LIMIT_STORE_REPLY_MS, check);
    if (dna_redis_open(&redis->talk) && dna_redis_open(&redis->hear) &&
        authenticate(redis, &redis->talk) && authenticate(redis, &redis->hear)) {
        dna_redis_load(redis);
    }
}

/* --- writing -------------------------------------------------------------------------- */

static void write_rows(struct dna_redis *redis);

/* There is room for more. */
static void wrote(struct dna_redis *redis, const redisReply *reply)
{
    (void)reply;
    write_rows(redis);
}

static bool write_row(struct dna_redis *redis, const struct dna_store_row *row, int64_t now)
{
    char id[2 * DNA_STORE_ID + 1], key[sizeof redis->prefix + 256 + sizeof id + 8];
    int len;
    if (row->expires_at <= now) {
        return true;
    }
    dna_hex_encode(row->id, sizeof row->id, id);
    len = snprintf(key, sizeof key, "%s:%u:%.*s:%s", redis->prefix, row->kind,
                   (int)row->domain_len, row->domain, id);
    return dna_redis_ask(&redis->talk, wrote, "SET %b %b EX %lld", key, (size_t)len,
                         row->bytes, row->len, (long long)(row->expires_at - now)) &&
           dna_redis_ask(&redis->talk, wrote, "XADD %s:log MAXLEN ~ %d * o %s r %b",
                         redis->prefix, LOG_LENGTH, redis->origin, row->bytes, row->len);
}

/* As many as may be unanswered. */
static void write_rows(struct dna_redis *redis)
{
    const struct dna_loop *loop = redis->store->with.loop;
    int64_t now = loop->now(loop->self).wall;
    struct dna_store_row *row;
    while (redis->loaded && redis->talk.open < DNA_LIMIT_STORE_WAITING &&
           (row = dna_store_rows_take(&redis->waiting)) != NULL) {
        if (!write_row(redis, row, now)) {
            struct dna_store_rows one = {.n = 0};
            dna_store_rows_add(&one, row);
            dna_store_rows_back(&redis->waiting, &one);
            return;
        }
        free(row);
    }
}

void dna_redis_loaded(struct dna_redis *redis)
{
    redis->loaded = true;
    redis->retry_ms = DNA_LIMIT_STORE_RETRY_MS;
    write_rows(redis);
    if (redis->loaded) {
        dna_store_tell(redis->store, true, "");
    }
}

/* --- the backend ---------------------------------------------------------------------- */

static void write_soon(void *arg)
{
    struct dna_redis *redis = arg;
    redis->store->with.loop->timer_free(redis->soon);
    redis->soon = NULL;
    write_rows(redis);
}

/* Written from the loop, so that no event comes from within the call. */
static enum dna_err put(void *self, struct dna_store_row *row)
{
    struct dna_redis *redis = self;
    const struct dna_loop *loop = redis->store->with.loop;
    if (!dna_store_rows_admit(&redis->waiting, row)) {
        return DNA_ERR_LIMIT;
    }
    if (redis->soon == NULL && redis->loaded) {
        redis->soon = loop->timer(loop->self, 0, write_soon, redis);
    }
    return DNA_OK;
}

static bool busy(const void *self)
{
    const struct dna_redis *redis = self;
    return redis->waiting.n != 0 || redis->talk.open != 0;
}

static void free_redis(struct dna_redis *redis)
{
    const struct dna_loop *loop = redis->store->with.loop;
    const struct dna_alloc *alloc = redis->store->with.alloc;
    disconnect(redis);
    loop->timer_free(redis->timer);
    loop->timer_free(redis->soon);
    dna_store_rows_clear(&redis->waiting);
    if (redis->password != NULL) {
        explicit_bzero(redis->password, strlen(redis->password));
    }
    dna_alloc_release(alloc, redis->password);
    dna_alloc_release(alloc, redis->where);
    dna_alloc_release(alloc, redis);
}

static void end(void *self)
{
    free_redis(self);
}

/* Gateways with another key would only displace what they cannot read. */
static enum dna_err set_names(struct dna_redis *redis)
{
    static const char label[] = "the names of this key's records";
    const struct dna_store_mac *mac = &redis->store->with.mac;
    unsigned char code[DNA_STORE_MAC], random[16];
    char hex[17];
    enum dna_err err = mac->make(mac->arg, dna_span_of(label), code);
    if (err != DNA_OK || getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        return err != DNA_OK ? err : DNA_ERR_SYSTEM;
    }
    dna_hex_encode(code, 8, hex);
    (void)snprintf(redis->prefix, sizeof redis->prefix, "mod_dna:1:%s", hex);
    dna_hex_encode(random, sizeof random, redis->origin);
    return DNA_OK;
}

static enum dna_err init(struct dna_redis *redis, const char *where, uint16_t port,
                         const char *password)
{
    const struct dna_loop *loop = redis->store->with.loop;
    const struct dna_alloc *alloc = redis->store->with.alloc;
    redis->talk.redis = redis->hear.redis = redis;
    redis->port = port;
    redis->retry_ms = DNA_LIMIT_STORE_RETRY_MS;
    redis->where = dna_alloc_text(alloc, dna_span_of(where));
    if (password != NULL && password[0] != '\0') {
        redis->password = dna_alloc_text(alloc, dna_span_of(password));
    }
    if (redis->where == NULL ||
        (password != NULL && password[0] != '\0' && redis->password == NULL)) {
        return DNA_ERR_MEMORY;
    }
    redis->timer = loop->timer(loop->self, 0, connect_now, redis);
    return redis->timer != NULL ? set_names(redis) : DNA_ERR_MEMORY;
}

enum dna_err dna_store_redis(const struct dna_store_options *options, const char *where,
                             uint16_t port, const char *password, struct dna_store **out)
{
    static const struct dna_store_backend backend = {put, busy, end};
    struct dna_store *store = dna_store_make(options, &backend);
    struct dna_redis *redis =
        store != NULL ? dna_alloc_zero(options->alloc, 1, sizeof *redis) : NULL;
    enum dna_err err = DNA_ERR_MEMORY;
    if (redis != NULL) {
        redis->store = store;
        err = init(redis, where, port, password);
        if (err != DNA_OK) {
            free_redis(redis);
        }
    }
    if (err != DNA_OK) {
        dna_alloc_release(options->alloc, store);
        return err;
    }
    store->self = redis;
    *out = store;
    return DNA_OK;
}
