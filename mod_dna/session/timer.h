/* session/timer.h: deadlines of streams and hearings, the soonest first. */
#ifndef DNA_SESSION_TIMER_H
#define DNA_SESSION_TIMER_H

#include <mod_dna/base.h>

enum dna_timer_owner { DNA_TIMER_STREAM, DNA_TIMER_HEARING, DNA_TIMER_SUSPENDED };

/* Embedded in its owner. */
struct dna_timer {
    int64_t at;   /* monotonic milliseconds */
    size_t place; /* in the heap, from 1; 0: not set */
    enum dna_timer_owner owner;
};

struct dna_timers {
    const struct dna_alloc *alloc;
    struct dna_timer **heap;
    size_t n, room;
    size_t owners; /* timers that may be set at once */
};

void dna_timers_init(struct dna_timers *timers, const struct dna_alloc *alloc);
void dna_timers_fini(struct dna_timers *timers);
/* Makes room for one more timer, so that setting it cannot fail. */
DNA_MUST_USE enum dna_err dna_timers_enter(struct dna_timers *timers, struct dna_timer *timer,
                                           enum dna_timer_owner owner);
/* Gives the room back. */
void dna_timers_leave(struct dna_timers *timers, struct dna_timer *timer);
/* DNA_NEVER: not set. */
void dna_timers_set(struct dna_timers *timers, struct dna_timer *timer, int64_t at);
/* The soonest, or NULL. */
struct dna_timer *dna_timers_first(const struct dna_timers *timers);

#endif
