/* base/loop.h: the small interface of an event loop.
 *
 * resolver/ and https/ are given one, so that they know nothing of libuv; edge/ implements
 * it.  Everything runs on one thread.  Callbacks come from the loop, never from inside one
 * of these calls.
 */
#ifndef DNA_BASE_LOOP_H
#define DNA_BASE_LOOP_H

#include <mod_dna/base.h>

struct dna_watch; /* a watched descriptor */
struct dna_timer; /* a one-shot timer */

enum {
    DNA_LOOP_READ = 1,
    DNA_LOOP_WRITE = 2
};

typedef void dna_watch_fn(void *arg, int fd, unsigned events);
typedef void dna_timer_fn(void *arg);

struct dna_loop {
    void *self;
    /* Starts watching fd for DNA_LOOP_READ|WRITE, level-triggered, until unwatched.  At most
     * one watch per descriptor.  NULL: not possible. */
    struct dna_watch *(*watch)(void *self, int fd, unsigned events, dna_watch_fn *fn,
                               void *arg);
    /* Changes the events (not 0). */
    enum dna_err (*rewatch)(struct dna_watch *watch, unsigned events);
    /* Takes effect before it returns: fd may be closed and its number reused at once.  No
     * callback comes after it.  NULL is fine. */
    void (*unwatch)(struct dna_watch *watch);
    /* Calls fn once after ms milliseconds.  NULL: not possible. */
    struct dna_timer *(*timer)(void *self, uint64_t ms, dna_timer_fn *fn, void *arg);
    /* Cancels, and frees; needed also after it fired.  NULL is fine. */
    void (*timer_free)(struct dna_timer *timer);
    /* Calls fn from the loop, soon, once.  Cannot be cancelled. */
    enum dna_err (*defer)(void *self, dna_timer_fn *fn, void *arg);
    /* The loop's idea of now, both parts. */
    struct dna_time (*now)(void *self);
};

#endif
