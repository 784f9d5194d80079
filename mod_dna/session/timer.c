/* session/timer.c: a binary heap; heap[i - 1]->place is i. */
#include <session/timer.h>

#include <assert.h>

#include <base/alloc.h>

void dna_timers_init(struct dna_timers *timers, const struct dna_alloc *alloc)
{
    *timers = (struct dna_timers){.alloc = alloc};
}

void dna_timers_fini(struct dna_timers *timers)
{
    assert(timers->owners == 0);
    dna_alloc_release(timers->alloc, timers->heap);
}

enum dna_err dna_timers_enter(struct dna_timers *timers, struct dna_timer *timer,
                              enum dna_timer_owner owner)
{
    if (timers->owners == timers->room) {
        size_t room = timers->room != 0 ? timers->room * 2 : 16;
        struct dna_timer **heap =
            dna_alloc_resize(timers->alloc, timers->heap, room * sizeof *heap);
        if (heap == NULL) {
            return DNA_ERR_MEMORY;
        }
        timers->heap = heap;
        timers->room = room;
    }
    timers->owners++;
    *timer = (struct dna_timer){.owner = owner};
    return DNA_OK;
}

static void put(struct dna_timers *timers, size_t place, struct dna_timer *timer)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

static void rise(struct dna_timers *timers, struct dna_timer *timer)
{
    size_t place = timer->place;
    while (place > 1 && timers->heap[place / 2 - 1]->at > timer->at) {
        put(timers, place, timers->heap[place / 2 - 1]);
        place /= 2;
    }
    put(timers, place, timer);
}

static void sink(struct dna_timers *timers, struct dna_timer *timer)
{
    size_t place = timer->place;
    while (place * 2 <= timers->n) {
        size_t child = place * 2;
        if (child < timers->n && timers->heap[child]->at < timers->heap[child - 1]->at) {
            child++;
        }
        if (timers->heap[child - 1]->at >= timer->at) {
            break;
        }
        put(timers, place, timers->heap[child - 1]);
        place = child;
    }
    put(timers, place, timer);
}

static void unset(struct dna_timers *timers, struct dna_timer *timer)
{
    size_t place = timer->place;
    struct dna_timer *last = timers->heap[timers->n - 1];
    timers->n--;
    timer->place = 0;
    if (last != timer) {
        put(timers, place, last);
        rise(timers, last);
        sink(timers, last);
    }
}

void dna_timers_leave(struct dna_timers *timers, struct dna_timer *timer)
{
    dna_timers_set(timers, timer, DNA_NEVER);
    timers->owners--;
}

void dna_timers_set(struct dna_timers *timers, struct dna_timer *timer, int64_t at)
{
    if (timer->place != 0 && timer->at == at) {
        return;
    }
    if (at == DNA_NEVER) {
        if (timer->place != 0) {
            unset(timers, timer);
        }
        return;
    }
    timer->at = at;
    if (timer->place == 0) {
        assert(timers->n < timers->owners);
        timers->n++;
        put(timers, timers->n, timer);
    }
    rise(timers, timer);
    sink(timers, timer);
}

struct dna_timer *dna_timers_first(const struct dna_timers *timers)
{
    return timers->n != 0 ? timers->heap[0] : NULL;
}
