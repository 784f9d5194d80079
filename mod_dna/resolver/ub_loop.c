/* resolver/ub_loop.c: libunbound's pluggable event base on a dna_loop.
 *
 * libunbound deletes an event and then closes its descriptor, whose number may be in use
 * again at once: so a watch ends when the event is deactivated, not when it is freed.  An
 * event that is not persistent ends before its callback; a persistent one that timed out is
 * watched on, without a timer.  The callback may free the event: nothing of it is touched
 * after the call.  Signals and Windows sockets do not occur in this use.
 */
#include <resolver/ub_loop.h>

#include <assert.h>
#include <sys/time.h>
#include <unbound.h>

#include <unbound-event.h>

#include <base/alloc.h>

#define EVENT_MAGIC 0x44d74d78UL

enum {
    BIT_TIMEOUT = 0x01,
    BIT_READ = 0x02,
    BIT_WRITE = 0x04,
    BIT_PERSIST = 0x10
};

typedef void event_fn(int fd, short bits, void *arg);

struct base {
    struct ub_event_base super; /* first: libunbound hands it back */
    const struct dna_loop *loop;
    const struct dna_alloc *alloc;
};

struct event {
    struct ub_event super; /* first */
    struct base *base;
    int fd;
    short bits;
    event_fn *fn;
    void *arg;
    struct dna_watch *watch;
    struct dna_timer *timer;
    uint64_t timeout_ms;
};

static struct event *of(struct ub_event *event)
{
    return (struct event *)(void *)event;
}

static void stop(struct event *event)
{
    const struct dna_loop *loop = event->base->loop;
    loop->unwatch(event->watch);
    event->watch = NULL;
    loop->timer_free(event->timer);
    event->timer = NULL;
}

static void on_timeout(void *arg)
{
    struct event *event = arg;
    if ((event->bits & BIT_PERSIST) == 0) {
        stop(event);
    } else {
        event->base->loop->timer_free(event->timer);
        event->timer = NULL;
    }
    event->fn(event->fd, BIT_TIMEOUT, event->arg);
}

static bool start_timer(struct event *event)
{
    const struct dna_loop *loop = event->base->loop;
    loop->timer_free(event->timer);
    event->timer = loop->timer(loop->self, event->timeout_ms, on_timeout, event);
    return event->timer != NULL;
}

static void on_ready(void *arg, int fd, unsigned events)
{
    struct event *event = arg;
    short bits = (short)(((events & DNA_LOOP_READ) != 0 ? BIT_READ : 0) |
                         ((events & DNA_LOOP_WRITE) != 0 ? BIT_WRITE : 0));
    if ((event->bits & BIT_PERSIST) == 0) {
        stop(event);
    } else if (event->timer != NULL && !start_timer(event)) {
        bits = (short)(bits | BIT_TIMEOUT); /* rather too early than never */
    }
    event->fn(fd, bits, event->arg);
}

static uint64_t milliseconds(const struct timeval *tv)
{
    return (uint64_t)tv->tv_sec * 1000 + ((uint64_t)tv->tv_usec + 999) / 1000;
}

static int start(struct event *event, const struct timeval *tv)
{
    const struct dna_loop *loop = event->base->loop;
    unsigned events = ((event->bits & BIT_READ) != 0 ? DNA_LOOP_READ : 0u) |
                      ((event->bits & BIT_WRITE) != 0 ? DNA_LOOP_WRITE : 0u);
    stop(event);
    if (event->fd >= 0 && events != 0) {
        event->watch = loop->watch(loop->self, event->fd, events, on_ready, event);
        if (event->watch == NULL) {
            return -1;
        }
    }
    if (tv != NULL && (event->bits & BIT_TIMEOUT) != 0) {
        event->timeout_ms = milliseconds(tv);
        if (!start_timer(event)) {
            stop(event);
            return -1;
        }
    }
    return 0;
}

static void add_bits(struct ub_event *event, short bits)
{
    stop(of(event));
    of(event)->bits = (short)(of(event)->bits | bits);
}

static void del_bits(struct ub_event *event, short bits)
{
    stop(of(event));
    of(event)->bits = (short)(of(event)->bits & ~bits);
}

static void set_fd(struct ub_event *event, int fd)
{
    stop(of(event));
    of(event)->fd = fd;
}

static void free_event(struct ub_event *event)
{
    stop(of(event));
    dna_alloc_release(of(event)->base->alloc, of(event));
}

static int add(struct ub_event *event, struct timeval *tv)
{
    return start(of(event), tv);
}

static int del(struct ub_event *event)
{
    stop(of(event));
    return 0;
}

static int add_timer(struct ub_event *event, struct ub_event_base *base, event_fn *fn,
                     void *arg, struct timeval *tv)
{
    assert((void *)base == (void *)of(event)->base);
    of(event)->fn = fn;
    of(event)->arg = arg;
    of(event)->bits = (short)(of(event)->bits | BIT_TIMEOUT);
    return start(of(event), tv);
}

static int add_signal(struct ub_event *event, struct timeval *tv)
{
    (void)event;
    (void)tv;
    return -1;
}

static void unregister_wsaevent(struct ub_event *event)
{
    (void)event;
}

static void tcp_wouldblock(struct ub_event *event, int bit)
{
    (void)event;
    (void)bit;
}

static struct ub_event_vmt event_vmt = {
    .add_bits = add_bits,
    .del_bits = del_bits,
    .set_fd = set_fd,
    .free = free_event,
    .add = add,
    .del = del,
    .add_timer = add_timer,
    .del_timer = del,
    .add_signal = add_signal,
    .del_signal = del,
    .winsock_unregister_wsaevent = unregister_wsaevent,
    .winsock_tcp_wouldblock = tcp_wouldblock,
};

static struct ub_event *new_event(struct ub_event_base *super, int fd, short bits,
                                  event_fn *fn, void *arg)
{
    struct base *base = (struct base *)(void *)super;
    struct event *event = dna_alloc_zero(base->alloc, 1, sizeof *event);
    if (event == NULL) {
        return NULL;
    }
    event->super = (struct ub_event){.magic = EVENT_MAGIC, .vmt = &event_vmt};
    event->base = base;
    event->fd = fd;
    event->bits = bits;
    event->fn = fn;
    event->arg = arg;
    return &event->super;
}

static struct ub_event *new_signal(struct ub_event_base *base, int number, event_fn *fn,
                                   void *arg)
{
    (void)base;
    (void)number;
    (void)fn;
    (void)arg;
    return NULL;
}

static struct ub_event *register_wsaevent(struct ub_event_base *base, void *wsaevent,
                                          event_fn *fn, void *arg)
{
    (void)base;
    (void)wsaevent;
    (void)fn;
    (void)arg;
    return NULL;
}

static int dispatch(struct ub_event_base *base)
{
    (void)base;
    return -1;
}

static int loopexit(struct ub_event_base *base, struct timeval *tv)
{
    (void)base;
    (void)tv;
    return -1;
}

/* libunbound calls it where a context cannot be made; the base has an owner, and may serve
 * other contexts. */
static void leave_base(struct ub_event_base *base)
{
    (void)base;
}

static struct ub_event_base_vmt base_vmt = {
    .free = leave_base,
    .dispatch = dispatch,
    .loopexit = loopexit,
    .new_event = new_event,
    .new_signal = new_signal,
    .winsock_register_wsaevent = register_wsaevent,
};

struct ub_event_base *dna_ub_loop_new(const struct dna_loop *loop,
                                      const struct dna_alloc *alloc)
{
    struct base *base = dna_alloc_zero(alloc, 1, sizeof *base);
    if (base == NULL) {
        return NULL;
    }
    base->super = (struct ub_event_base){.magic = EVENT_MAGIC, .vmt = &base_vmt};
    base->loop = loop;
    base->alloc = alloc;
    return &base->super;
}

void dna_ub_loop_free(struct ub_event_base *super)
{
    struct base *base = (struct base *)(void *)super;
    if (base != NULL) {
        dna_alloc_release(base->alloc, base);
    }
}
