/* edge/loop.c: struct dna_loop on libuv.
 *
 * uv_close ends a poll handle at once but gives its memory back in a later turn, so every
 * handle stands in a block of its own.  A watch is closed, never parked: whoever unwatches a
 * descriptor closes it next, and its number is used again.  Where epoll reports nothing but
 * an error, libuv stops the handle; the watcher is told to read (or write), which yields the
 * error, and the watch goes on.
 *
 * Deferred calls run in the idle phase, which also keeps libuv from waiting while there are
 * any; the prepare and check phases end a turn.  The time is read from the clock, not from
 * libuv, whose own stands still while a host with another loop does not run it.
 */
#include <edge/loop.h>

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include <uv.h>

#include <base/alloc.h>
#include <base/limits.h>

struct deferred {
    struct deferred *next;
    dna_timer_fn *fn;
    void *arg;
};

struct dna_edge_loop {
    struct dna_loop face;
    const struct dna_alloc *alloc;
    uv_loop_t *uv;
    uv_idle_t idle;
    uv_prepare_t prepare;
    uv_check_t check;
    struct deferred *first, **last;
    dna_edge_turn_fn *turn;
    void *turn_arg;
    size_t held; /* open handles: watches, timers, and those of _hold */
    unsigned own;/* open handles of the loop itself */
    uint64_t stirred;
    bool closing;
    dna_edge_closed_fn *closed;
    void *closed_arg;
    char space[DNA_LIMIT_READ];
};

struct dna_watch {
    uv_poll_t poll;
    struct dna_edge_loop *loop;
    int fd;
    unsigned events;
    dna_watch_fn *fn;
    void *arg;
};

struct dna_timer {
    uv_timer_t timer;
    struct dna_edge_loop *loop;
    dna_timer_fn *fn;
    void *arg;
};

static void own_closed(uv_handle_t *handle)
{
    struct dna_edge_loop *loop = handle->data;
    dna_edge_closed_fn *closed = loop->closed;
    void *arg = loop->closed_arg;
    if (--loop->own != 0) {
        return;
    }
    dna_alloc_release(loop->alloc, loop);
    closed(arg);
}

static void close_if_empty(struct dna_edge_loop *loop)
{
    if (!loop->closing || loop->held != 0 || loop->first != NULL ||
        uv_is_closing((uv_handle_t *)&loop->idle)) {
        return;
    }
    uv_close((uv_handle_t *)&loop->idle, own_closed);
    uv_close((uv_handle_t *)&loop->prepare, own_closed);
    uv_close((uv_handle_t *)&loop->check, own_closed);
}

static void run_deferred(uv_idle_t *idle)
{
    struct dna_edge_loop *loop = idle->data;
    struct deferred *next = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    (void)uv_idle_stop(idle);
    loop->stirred += next != NULL;
    while (next != NULL) {
        struct deferred call = *next;
        dna_alloc_release(loop->alloc, next);
        call.fn(call.arg);
        next = call.next;
    }
    close_if_empty(loop);
}

static enum dna_err defer(void *self, dna_timer_fn *fn, void *arg)
{
    struct dna_edge_loop *loop = self;
    struct deferred *call = dna_alloc_get(loop->alloc, sizeof *call);
    if (call == NULL) {
        return DNA_ERR_MEMORY;
    }
    *call = (struct deferred){.fn = fn, .arg = arg};
    *loop->last = call;
    loop->last = &call->next;
    (void)uv_idle_start(&loop->idle, run_deferred);
    return DNA_OK;
}

static int uv_events(unsigned events)
{
    return ((events & DNA_LOOP_READ) != 0 ? UV_READABLE : 0) |
           ((events & DNA_LOOP_WRITE) != 0 ? UV_WRITABLE : 0);
}

static void polled(uv_poll_t *poll, int status, int events)
{
    struct dna_watch *watch = poll->data;
    unsigned seen = ((events & UV_READABLE) != 0 ? DNA_LOOP_READ : 0u) |
                    ((events & UV_WRITABLE) != 0 ? DNA_LOOP_WRITE : 0u);
    dna_edge_loop_stir(watch->loop);
    watch->fn(watch->arg, watch->fd, status < 0 ? watch->events : seen);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll)) {
        (void)uv_poll_start(poll, uv_events(watch->events), polled);
    }
}

static void watch_closed(uv_handle_t *handle)
{
    struct dna_watch *watch = handle->data;
    struct dna_edge_loop *loop = watch->loop;
    dna_alloc_release(loop->alloc, watch);
    dna_edge_loop_release(loop);
}

static void unwatch(struct dna_watch *watch)
{
    if (watch != NULL) {
        uv_close((uv_handle_t *)&watch->poll, watch_closed);
    }
}

static struct dna_watch *watch_fd(void *self, int fd, unsigned events, dna_watch_fn *fn,
                                  void *arg)
{
    struct dna_edge_loop *loop = self;
    struct dna_watch *watch = dna_alloc_zero(loop->alloc, 1, sizeof *watch);
    if (watch == NULL) {
        return NULL;
    }
    if (uv_poll_init(loop->uv, &watch->poll, fd) != 0) {
        dna_alloc_release(loop->alloc, watch);
        return NULL;
    }
    dna_edge_loop_hold(loop);
    watch->poll.data = watch;
    watch->loop = loop;
    watch->fd = fd;
    watch->events = events;
    watch->fn = fn;
    watch->arg = arg;
    if (uv_poll_start(&watch->poll, uv_events(events), polled) != 0) {
        unwatch(watch);
        return NULL;
    }
    return watch;
}

static enum dna_err rewatch(struct dna_watch *watch, unsigned events)
{
    assert(events != 0);
    watch->events = events;
    return uv_poll_start(&watch->poll, uv_events(events), polled) == 0 ? DNA_OK
                                                                        : DNA_ERR_SYSTEM;
}

static void timer_fired(uv_timer_t *handle)
{
    struct dna_timer *timer = handle->data;
    dna_edge_loop_stir(timer->loop);
    timer->fn(timer->arg);
}

static struct dna_timer *timer_new(void *self, uint64_t ms, dna_timer_fn *fn, void *arg)
{
    struct dna_edge_loop *loop = self;
    struct dna_timer *timer = dna_alloc_zero(loop->alloc, 1, sizeof *timer);
    if (timer == NULL) {
        return NULL;
    }
    (void)uv_timer_init(loop->uv, &timer->timer);
    dna_edge_loop_hold(loop);
    timer->timer.data = timer;
    timer->loop = loop;
    timer->fn = fn;
    timer->arg = arg;
    uv_update_time(loop->uv); /* a long callback must not shorten the time */
    (void)uv_timer_start(&timer->timer, timer_fired, ms, 0);
    return timer;
}

static void timer_closed(uv_handle_t *handle)
{
    struct dna_timer *timer = handle->data;
    struct dna_edge_loop *loop = timer->loop;
    dna_alloc_release(loop->alloc, timer);
    dna_edge_loop_release(loop);
}

static void timer_free(struct dna_timer *timer)
{
    if (timer != NULL) {
        uv_close((uv_handle_t *)&timer->timer, timer_closed);
    }
}

static struct dna_time now(void *self)
{
    struct timespec wall;
    (void)self;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return (struct dna_time){.wall = (int64_t)wall.tv_sec,
                             .mono = (int64_t)(uv_hrtime() / 1000000)};
}

static void turn(struct dna_edge_loop *loop)
{
    if (!loop->closing && loop->turn(loop->turn_arg)) {
        (void)uv_idle_start(&loop->idle, run_deferred);
    }
}

static void prepared(uv_prepare_t *handle)
{
    turn(handle->data);
}

static void checked(uv_check_t *handle)
{
    turn(handle->data);
}

static void open_own(struct dna_edge_loop *loop)
{
    (void)uv_idle_init(loop->uv, &loop->idle);
    (void)uv_prepare_init(loop->uv, &loop->prepare);
    (void)uv_check_init(loop->uv, &loop->check);
    loop->own = 3;
    loop->idle.data = loop;
    loop->prepare.data = loop;
    loop->check.data = loop;
    (void)uv_prepare_start(&loop->prepare, prepared);
    (void)uv_check_start(&loop->check, checked);
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
}

enum dna_err dna_edge_loop_new(const struct dna_alloc *alloc, struct uv_loop_s *uv,
                               dna_edge_turn_fn *turn_fn, void *arg,
                               struct dna_edge_loop **out)
{
    struct dna_edge_loop *loop = dna_alloc_zero(alloc, 1, sizeof *loop);
    *out = NULL;
    if (loop == NULL) {
        return DNA_ERR_MEMORY;
    }
    loop->face = (struct dna_loop){
        .self = loop,
        .watch = watch_fd,
        .rewatch = rewatch,
        .unwatch = unwatch,
        .timer = timer_new,
        .timer_free = timer_free,
        .defer = defer,
        .now = now,
    };
    loop->alloc = alloc;
    loop->uv = uv;
    loop->last = &loop->first;
    loop->turn = turn_fn;
    loop->turn_arg = arg;
    open_own(loop);
    *out = loop;
    return DNA_OK;
}

const struct dna_loop *dna_edge_loop_face(const struct dna_edge_loop *loop)
{
    return &loop->face;
}

struct uv_loop_s *dna_edge_loop_uv(const struct dna_edge_loop *loop)
{
    return loop->uv;
}

char *dna_edge_loop_space(struct dna_edge_loop *loop)
{
    return loop->space;
}

void dna_edge_loop_wake(struct dna_edge_loop *loop)
{
    if (!uv_is_closing((uv_handle_t *)&loop->idle)) {
        (void)uv_idle_start(&loop->idle, run_deferred);
    }
}

void dna_edge_loop_stir(struct dna_edge_loop *loop)
{
    loop->stirred++;
}

uint64_t dna_edge_loop_stirred(const struct dna_edge_loop *loop)
{
    return loop->stirred;
}

void dna_edge_loop_hold(struct dna_edge_loop *loop)
{
    loop->held++;
}

void dna_edge_loop_release(struct dna_edge_loop *loop)
{
    assert(loop->held != 0);
    loop->held--;
    close_if_empty(loop);
}

void dna_edge_loop_close(struct dna_edge_loop *loop, dna_edge_closed_fn *closed, void *arg)
{
    loop->closing = true;
    loop->closed = closed;
    loop->closed_arg = arg;
    /* Even when nothing is open the answer comes from the loop. */
    (void)uv_idle_start(&loop->idle, run_deferred);
}
