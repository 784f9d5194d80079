/* store/redis_load.c: finding what is there, and hearing what is new.
 *
 * Whoever else writes to the server chooses what is found here: shapes are checked, keys are
 * read up to a record's length only, and their number has a limit.
 */
#include <store/redis.h>

#include <stdio.h>
#include <string.h>

#include <base/limits.h>

#define PAGE 256
#define NOTHING "0-0" /* the end of a log that is empty */
#define HELD_MS 2000 /* how long the server holds the question; well below a check */

static bool is_text(const redisReply *reply)
{
    return reply->type == REDIS_REPLY_STRING && reply->str != NULL;
}

static bool is_list(const redisReply *reply, size_t least)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements >= least;
}

static void refuse(struct dna_redis *redis)
{
    dna_redis_lose(redis, "an answer that was not expected");
}

/* A cursor or an id. */
static bool take_token(const redisReply *reply, char out[REDIS_TOKEN])
{
    size_t len;
    if (!is_text(reply)) {
        return false;
    }
    len = strlen(reply->str);
    if (len == 0 || len >= REDIS_TOKEN || len != reply->len ||
        strspn(reply->str, "0123456789-") != len) {
        return false;
    }
    memcpy(out, reply->str, len + 1);
    return true;
}

static void deliver(struct dna_redis *redis, const redisReply *reply)
{
    if (reply->len > 0) {
        dna_store_deliver(redis->store, (struct dna_span){reply->str, reply->len});
    }
}

/* --- the log -------------------------------------------------------------------------- */

static void listen(struct dna_redis *redis);

/* An entry that is not shaped like ours is passed over. */
static void hear_entry(struct dna_redis *redis, const redisReply *fields)
{
    const redisReply *origin, *record;
    if (!is_list(fields, 4)) {
        return;
    }
    origin = fields->element[1];
    record = fields->element[3];
    if (is_text(origin) && is_text(record) && strcmp(origin->str, redis->origin) != 0) {
        deliver(redis, record);
    }
}

/* nil, or [[log, [[id, [name, value, ...]], ...]]] */
static void heard(struct dna_redis *redis, const redisReply *reply)
{
    const redisReply *entries;
    if (reply->type == REDIS_REPLY_NIL) {
        listen(redis);
        return;
    }
    if (!is_list(reply, 1) || !is_list(reply->element[0], 2) ||
        !is_list(reply->element[0]->element[1], 0)) {
        refuse(redis);
        return;
    }
    entries = reply->element[0]->element[1];
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *entry = entries->element[i];
        if (!is_list(entry, 2) || !take_token(entry->element[0], redis->last)) {
            refuse(redis);
            return;
        }
        hear_entry(redis, entry->element[1]);
    }
    listen(redis);
}

static void listen(struct dna_redis *redis)
{
    (void)dna_redis_ask(&redis->hear, heard, "XREAD COUNT %d BLOCK %d STREAMS %s:log %s", PAGE,
                        HELD_MS, redis->prefix, redis->last);
}

/* --- the keys ------------------------------------------------------------------------- */

static void scan(struct dna_redis *redis, const char *cursor);

static void read_key(struct dna_redis *redis, const redisReply *reply)
{
    if (!is_text(reply)) {
        refuse(redis);
        return;
    }
    deliver(redis, reply);
}

static bool ask_keys(struct dna_redis *redis, const redisReply *keys)
{
    for (size_t i = 0; i < keys->elements; i++) {
        const redisReply *key = keys->element[i];
        if (!is_text(key)) {
            refuse(redis);
            return false;
        }
        if (key->len > 512 || redis->n_loaded++ >= DNA_LIMIT_STORE_ROWS) {
            continue;
        }
        if (!dna_redis_ask(&redis->talk, read_key, "GETRANGE %b 0 %d", key->str,
                           key->len, DNA_LIMIT_STORE_RECORD - 1)) {
            return false;
        }
    }
    return true;
}

static void loaded(struct dna_redis *redis, const redisReply *reply)
{
    (void)reply;
    dna_redis_loaded(redis);
    if (redis->connected) {
        listen(redis);
    }
}

/* [cursor, [key, ...]]; the answers to what is asked before come before. */
static void scanned(struct dna_redis *redis, const redisReply *reply)
{
    char cursor[REDIS_TOKEN];
    if (!is_list(reply, 2) || !take_token(reply->element[0], cursor) ||
        !is_list(reply->element[1], 0)) {
        refuse(redis);
        return;
    }
    if (!ask_keys(redis, reply->element[1])) {
        return;
    }
    if (strcmp(cursor, "0") != 0 && redis->n_loaded < DNA_LIMIT_STORE_ROWS) {
        scan(redis, cursor);
    } else if (redis->kind < DNA_STORE_KINDS) {
        redis->kind++;
        scan(redis, "0");
    } else {
        (void)dna_redis_ask(&redis->talk, loaded, "PING");
    }
}

static void scan(struct dna_redis *redis, const char *cursor)
{
    char pattern[sizeof redis->prefix + 8];
    (void)snprintf(pattern, sizeof pattern, "%s:%u:*", redis->prefix, redis->kind);
    (void)dna_redis_ask(&redis->talk, scanned, "SCAN %s MATCH %s COUNT %d", cursor, pattern,
                        PAGE);
}

static void drop_anchor(struct dna_redis *redis)
{
    memcpy(redis->anchor, redis->last, sizeof redis->anchor);
}

/* [] or [[id, fields]] */
static void found_end(struct dna_redis *redis, const redisReply *reply)
{
    if (!is_list(reply, 0) ||
        (reply->elements != 0 && (!is_list(reply->element[0], 1) ||
                                  !take_token(reply->element[0]->element[0], redis->last)))) {
        refuse(redis);
        return;
    }
    drop_anchor(redis);
    redis->kind = 1;
    redis->n_loaded = 0;
    scan(redis, "0");
}

void dna_redis_load(struct dna_redis *redis)
{
    (void)snprintf(redis->last, sizeof redis->last, NOTHING);
    (void)dna_redis_ask(&redis->hear, found_end, "XREVRANGE %s:log + - COUNT 1",
                        redis->prefix);
}

/* [] or [[id, fields]] */
static void looked(struct dna_redis *redis, const redisReply *reply)
{
    if (!is_list(reply, 0)) {
        refuse(redis);
    } else if (reply->elements == 0) {
        dna_redis_lose(redis, "what was in the server is gone");
    } else {
        drop_anchor(redis);
    }
}

void dna_redis_look(struct dna_redis *redis)
{
    if (strcmp(redis->anchor, NOTHING) == 0) {
        drop_anchor(redis);
    } else {
        (void)dna_redis_ask(&redis->talk, looked, "XRANGE %s:log %s %s COUNT 1",
                            redis->prefix, redis->anchor, redis->anchor);
    }
}
