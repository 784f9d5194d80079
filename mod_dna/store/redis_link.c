/* store/redis_link.c: a hiredis connection watched by our loop.
 *
 * hiredis frees its context itself when the connection ends, possibly within a call of ours:
 * the hook `cleanup` is where we learn it, and the link's context is NULL from then on.  A
 * context that we give up is detached first, so that its last callbacks find nobody.
 */
#include <store/redis.h>

#include <stdarg.h>
#include <string.h>

#include <base/limits.h>

static void readable(void *arg, int fd, unsigned events);

static void watch(struct dna_redis_link *link, unsigned events)
{
    const struct dna_loop *loop = link->redis->store->with.loop;
    if (events == link->events || link->context == NULL) {
        return;
    }
    if (events == 0 || (link->watch != NULL && loop->rewatch(link->watch, events) != DNA_OK)) {
        loop->unwatch(link->watch);
        link->watch = NULL;
        events = 0;
    } else if (link->watch == NULL) {
        link->watch = loop->watch(loop->self, link->context->c.fd, events, readable, link);
        events = link->watch != NULL ? events : 0; /* the check finds it late */
    }
    link->events = events;
}

static void unwatch(struct dna_redis_link *link)
{
    link->redis->store->with.loop->unwatch(link->watch);
    link->watch = NULL;
    link->events = 0;
}

static void add_read(void *arg)
{
    struct dna_redis_link *link = arg;
    watch(link, link->events | DNA_LOOP_READ);
}

static void del_read(void *arg)
{
    struct dna_redis_link *link = arg;
    watch(link, link->events & ~(unsigned)DNA_LOOP_READ);
}

static void add_write(void *arg)
{
    struct dna_redis_link *link = arg;
    watch(link, link->events | DNA_LOOP_WRITE);
}

static void del_write(void *arg)
{
    struct dna_redis_link *link = arg;
    watch(link, link->events & ~(unsigned)DNA_LOOP_WRITE);
}

static void cleaned_up(void *arg)
{
    struct dna_redis_link *link = arg;
    unwatch(link);
    link->context = NULL;
}

static void readable(void *arg, int fd, unsigned events)
{
    struct dna_redis_link *link = arg;
    const redisAsyncContext *before = link->context;
    (void)fd;
    if ((events & DNA_LOOP_READ) != 0) {
        redisAsyncHandleRead(link->context);
    }
    if ((events & DNA_LOOP_WRITE) != 0 && link->context == before) {
        redisAsyncHandleWrite(link->context);
    }
    if (link->context == NULL && link->redis->connected) {
        dna_redis_lose(link->redis, "the connection has ended");
    }
}

static void forget(struct dna_redis_link *link)
{
    redisAsyncContext *context = link->context;
    context->ev.data = NULL;
    context->ev.addRead = context->ev.delRead = NULL;
    context->ev.addWrite = context->ev.delWrite = NULL;
    context->ev.cleanup = NULL;
    context->data = NULL;
    unwatch(link);
    link->context = NULL;
    redisAsyncFree(context);
}

/* A connection that cannot be made is told to whoever asks over it. */
bool dna_redis_open(struct dna_redis_link *link)
{
    struct dna_redis *redis = link->redis;
    redisAsyncContext *context = redis->port != 0
                                     ? redisAsyncConnect(redis->where, redis->port)
                                     : redisAsyncConnectUnix(redis->where);
    link->owed = link->answered = false;
    link->open = 0;
    if (context == NULL || context->err != 0) {
        dna_redis_lose(redis, context != NULL ? context->errstr : "out of memory");
        if (context != NULL) {
            redisAsyncFree(context);
        }
        return false;
    }
    link->context = context;
    context->data = link;
    context->ev.data = link;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleaned_up;
    return true;
}

void dna_redis_close(struct dna_redis_link *link)
{
    if (link->context != NULL) {
        forget(link);
    }
}

/* privdata holds the function; the link says for whom. */
union answer {
    dna_redis_answer_fn *fn;
    void *data;
};

static void answered(redisAsyncContext *context, void *r, void *data)
{
    struct dna_redis_link *link = context->data;
    const redisReply *reply = r;
    const union answer answer = {.data = data};
    if (link == NULL) {
        return; /* given up */
    }
    if (reply == NULL) {
        dna_redis_lose(link->redis, context->err != 0 ? context->errstr : "no answer");
        return;
    }
    link->open--;
    link->answered = true;
    if (reply->type == REDIS_REPLY_ERROR) {
        dna_redis_lose(link->redis, reply->str);
        return;
    }
    answer.fn(link->redis, reply);
}

bool dna_redis_ask(struct dna_redis_link *link, dna_redis_answer_fn *fn, const char *format,
                   ...)
{
    const union answer answer = {.fn = fn};
    va_list args;
    int status = REDIS_ERR;
    va_start(args, format);
    if (link->context != NULL) {
        status = redisvAsyncCommand(link->context, answered, answer.data, format, args);
    }
    va_end(args);
    if (status != REDIS_OK) {
        dna_redis_lose(link->redis, "the connection has ended");
        return false;
    }
    link->open++;
    return true;
}

bool dna_redis_is_late(struct dna_redis_link *link)
{
    bool late = link->owed && !link->answered;
    link->owed = link->open != 0;
    link->answered = false;
    return late;
}
