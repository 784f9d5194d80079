#include <poll_loop.h>

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include <poll.h>
#include <time.h>

#define MOST 512

struct dna_watch {
    struct poll_loop *loop;
    int fd;
    unsigned events;
    dna_watch_fn *fn;
    void *arg;
};

struct dna_timer {
    struct poll_loop *loop;
    struct dna_timer *next;
    int64_t due;
    bool fired;
    dna_timer_fn *fn;
    void *arg;
};

struct deferred {
    dna_timer_fn *fn;
    void *arg;
};

struct poll_loop {
    struct dna_loop face;
    struct dna_watch *watches[MOST];
    size_t n_watches;
    struct dna_timer *timers;
    struct deferred deferred[MOST];
    size_t n_deferred;
    unsigned left; /* watches and timers that are still granted */
    int64_t shift;
};

static int64_t mono(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool grant(struct poll_loop *loop)
{
    if (loop->left == 0) {
        return false;
    }
    loop->left -= loop->left != UINT_MAX;
    return true;
}

static struct dna_watch *watch(void *self, int fd, unsigned events, dna_watch_fn *fn,
                               void *arg)
{
    struct poll_loop *loop = self;
    struct dna_watch *w = grant(loop) ? malloc(sizeof *w) : NULL;
    if (w == NULL) {
        return NULL;
    }
    assert(loop->n_watches < MOST && fd >= 0 && events != 0);
    for (size_t i = 0; i < loop->n_watches; i++) {
        assert(loop->watches[i]->fd != fd);
    }
    *w = (struct dna_watch){loop, fd, events, fn, arg};
    loop->watches[loop->n_watches++] = w;
    return w;
}

static enum dna_err rewatch(struct dna_watch *w, unsigned events)
{
    assert(events != 0);
    w->events = events;
    return DNA_OK;
}

static void unwatch(struct dna_watch *w)
{
    struct poll_loop *loop = w != NULL ? w->loop : NULL;
    for (size_t i = 0; w != NULL && i < loop->n_watches; i++) {
        if (loop->watches[i] == w) {
            loop->watches[i] = loop->watches[--loop->n_watches];
            break;
        }
    }
    free(w);
}

static struct dna_timer *timer(void *self, uint64_t ms, dna_timer_fn *fn, void *arg)
{
    struct poll_loop *loop = self;
    struct dna_timer *t = grant(loop) ? malloc(sizeof *t) : NULL;
    if (t != NULL) {
        *t = (struct dna_timer){loop, loop->timers, mono() + (int64_t)ms, false, fn, arg};
        loop->timers = t;
    }
    return t;
}

static void timer_free(struct dna_timer *t)
{
    struct dna_timer **link;
    if (t == NULL) {
        return;
    }
    for (link = &t->loop->timers; *link != t; link = &(*link)->next) {
        assert(*link != NULL);
    }
    *link = t->next;
    free(t);
}

static enum dna_err defer(void *self, dna_timer_fn *fn, void *arg)
{
    struct poll_loop *loop = self;
    if (loop->n_deferred == MOST) {
        return DNA_ERR_LIMIT;
    }
    loop->deferred[loop->n_deferred++] = (struct deferred){fn, arg};
    return DNA_OK;
}

static struct dna_time now(void *self)
{
    struct poll_loop *loop = self;
    return (struct dna_time){
        .wall = (int64_t)time(NULL) + loop->shift,
        .mono = mono() + loop->shift * 1000,
    };
}

struct poll_loop *poll_loop_new(void)
{
    struct poll_loop *loop = calloc(1, sizeof *loop);
    assert(loop != NULL);
    loop->left = UINT_MAX;
    loop->face = (struct dna_loop){
        .self = loop,
        .watch = watch,
        .rewatch = rewatch,
        .unwatch = unwatch,
        .timer = timer,
        .timer_free = timer_free,
        .defer = defer,
        .now = now,
    };
    return loop;
}

void poll_loop_free(struct poll_loop *loop)
{
    assert(poll_loop_count(loop) == 0 && loop->n_deferred == 0);
    free(loop);
}

const struct dna_loop *poll_loop_of(struct poll_loop *loop)
{
    return &loop->face;
}

size_t poll_loop_count(const struct poll_loop *loop)
{
    size_t n = loop->n_watches;
    for (const struct dna_timer *t = loop->timers; t != NULL; t = t->next) {
        n++;
    }
    return n;
}

void poll_loop_refuse_after(struct poll_loop *loop, unsigned n)
{
    loop->left = n;
}

void poll_loop_shift(struct poll_loop *loop, int64_t seconds)
{
    loop->shift = seconds;
}

static void run_deferred(struct poll_loop *loop)
{
    struct deferred batch[MOST];
    size_t n = loop->n_deferred;
    for (size_t i = 0; i < n; i++) {
        batch[i] = loop->deferred[i];
    }
    loop->n_deferred = 0;
    for (size_t i = 0; i < n; i++) {
        batch[i].fn(batch[i].arg);
    }
}

/* The due timer that has waited longest; each call may free others, hence one at a time. */
static bool run_one_timer(struct poll_loop *loop, int64_t until)
{
    struct dna_timer *first = NULL;
    for (struct dna_timer *t = loop->timers; t != NULL; t = t->next) {
        if (!t->fired && t->due <= until && (first == NULL || t->due <= first->due)) {
            first = t;
        }
    }
    if (first == NULL) {
        return false;
    }
    first->fired = true;
    first->fn(first->arg);
    return true;
}

static int wait_ms(const struct poll_loop *loop, int64_t end)
{
    int64_t next = end;
    for (const struct dna_timer *t = loop->timers; t != NULL; t = t->next) {
        if (!t->fired && t->due < next) {
            next = t->due;
        }
    }
    next -= mono();
    return loop->n_deferred != 0 || next < 0 ? 0 : (int)(next > 1000 ? 1000 : next);
}

static void call_watch(struct poll_loop *loop, const struct pollfd *p, const void *w)
{
    unsigned events = (p->revents & POLLIN ? DNA_LOOP_READ : 0u) |
                      (p->revents & POLLOUT ? DNA_LOOP_WRITE : 0u);
    if ((p->revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
        events |= DNA_LOOP_READ | DNA_LOOP_WRITE;
    }
    for (size_t i = 0; i < loop->n_watches; i++) {
        struct dna_watch *found = loop->watches[i];
        if (found == w && found->fd == p->fd && (events & found->events) != 0) {
            found->fn(found->arg, found->fd, events & found->events);
            return;
        }
    }
}

static void poll_once(struct poll_loop *loop, int64_t end)
{
    struct pollfd polled[MOST];
    const void *of[MOST];
    size_t n = loop->n_watches;
    int64_t until;
    for (size_t i = 0; i < n; i++) {
        unsigned events = loop->watches[i]->events;
        of[i] = loop->watches[i];
        polled[i] = (struct pollfd){
            .fd = loop->watches[i]->fd,
            .events = (short)((events & DNA_LOOP_READ ? POLLIN : 0) |
                              (events & DNA_LOOP_WRITE ? POLLOUT : 0)),
        };
    }
    poll(polled, n, wait_ms(loop, end));
    for (size_t i = 0; i < n; i++) {
        if (polled[i].revents != 0) {
            call_watch(loop, &polled[i], of[i]);
        }
    }
    until = mono();
    while (run_one_timer(loop, until)) {
    }
    run_deferred(loop);
}

bool poll_loop_until(struct poll_loop *loop, const bool *done, unsigned ms)
{
    int64_t end = mono() + (int64_t)ms;
    while (!*done && mono() < end) {
        poll_once(loop, end);
    }
    return *done;
}

void poll_loop_run(struct poll_loop *loop, unsigned ms)
{
    int64_t end = mono() + (int64_t)ms;
    while (mono() < end) {
        poll_once(loop, end);
    }
}
