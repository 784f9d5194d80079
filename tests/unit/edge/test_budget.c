/* Budgets of fetches in simulated time: every limit from both sides, who goes first, and
 * what a hundred slow peers can do to an honest one (S23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <edge/budget.h>
#include <failing_alloc.h>

#define MINUTE 60000
#define T0 1000000 /* the tests' first "now" */

static struct dna_budget *budget;

static int setup(void **state)
{
    (void)state;
    assert_int_equal(dna_budget_new(NULL, 7, &budget), DNA_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dna_budget_free(budget);
    return 0;
}

static struct dna_span key(unsigned peer)
{
    static char text[32];
    (void)snprintf(text, sizeof text, "peer%u", peer);
    return dna_span_of(text);
}

static struct dna_address address(unsigned n)
{
    struct dna_address a = {.family = DNA_ADDRESS_V4};
    a.bytes[1] = (uint8_t)(n >> 16);
    a.bytes[2] = (uint8_t)(n >> 8);
    a.bytes[3] = (uint8_t)n;
    return a;
}

static enum dna_err enter(struct dna_ticket *ticket, unsigned peer, enum dna_fetch_kind kind,
                          bool proven, int64_t now)
{
    struct dna_ticket *evicted;
    enum dna_err err =
        dna_budget_enter(budget, ticket, key(peer), kind, proven, now, &evicted);
    assert_null(evicted);
    return err;
}

/* As many as may run now. */
static unsigned let_in(int64_t now)
{
    unsigned n = 0;
    while (dna_budget_next(budget, now) != NULL) {
        n++;
    }
    return n;
}

static bool aim(struct dna_ticket *ticket, unsigned where, int64_t now)
{
    struct dna_address to = address(where);
    bool go = false;
    assert_int_equal(dna_budget_aim(budget, ticket, &to, now, &go), DNA_OK);
    return go;
}

static void pools_are_separate_and_keep_a_reserve(void **state)
{
    static struct dna_ticket tickets[400];
    unsigned n = 0;
    (void)state;
    memset(tickets, 0, sizeof tickets);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(enter(&tickets[n++], i, DNA_FETCH_PEER, false, T0), DNA_OK);
    }
    assert_int_equal(let_in(T0), DNA_LIMIT_FETCH_RUNNING / 4 * 3);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(enter(&tickets[n++], 200 + i, DNA_FETCH_PEER, true, T0), DNA_OK);
    }
    assert_int_equal(let_in(T0), DNA_LIMIT_FETCH_RUNNING / 4);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(enter(&tickets[n++], 400 + i, DNA_FETCH_WELL_KNOWN, true, T0), DNA_OK);
    }
    assert_int_equal(let_in(T0), DNA_LIMIT_FETCH_RUNNING);
    /* A slot that a proven peer had goes to a proven one or an unproven one, as room is. */
    dna_budget_leave(budget, &tickets[100], T0 + 1, false);
    assert_int_equal(let_in(T0 + 1), 1);
    assert_int_equal(dna_budget_wakes(budget, T0 + 1), DNA_NEVER);
}

static void one_peer_has_four_slots(void **state)
{
    struct dna_ticket tickets[10] = {{.state = DNA_TICKET_OUT}};
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        enum dna_fetch_kind kind = i % 2 == 0 ? DNA_FETCH_PEER : DNA_FETCH_WELL_KNOWN;
        assert_int_equal(enter(&tickets[i], 1, kind, i < 5, T0), DNA_OK);
    }
    assert_int_equal(let_in(T0), DNA_LIMIT_FETCH_RUNNING_PEER);
    dna_budget_leave(budget, &tickets[0], T0, false);
    assert_int_equal(let_in(T0), 1);
    assert_int_equal(dna_budget_waiting(budget), 5);
}

/* The host's own questions, as a tool's or a court's for servers, wait for slots only. */
static void our_own_are_no_peer_s(void **state)
{
    static struct dna_ticket tickets[DNA_LIMIT_FETCH_RUNNING + 4];
    struct dna_ticket *evicted;
    (void)state;
    memset(tickets, 0, sizeof tickets);
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_RUNNING + 4; i++) {
        assert_int_equal(dna_budget_enter(budget, &tickets[i], dna_span_of(""),
                                          DNA_FETCH_WELL_KNOWN, true, T0, &evicted),
                         DNA_OK);
    }
    assert_int_equal(let_in(T0), DNA_LIMIT_FETCH_RUNNING);
    assert_int_equal(dna_budget_waiting(budget), 4);
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_OWN_AT + 2; i++) {
        assert_int_equal(aim(&tickets[i], 1, T0), i < DNA_LIMIT_FETCH_OWN_AT);
    }
}

static void one_address_has_four_slots(void **state)
{
    struct dna_ticket tickets[12] = {{.state = DNA_TICKET_OUT}};
    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        enum dna_fetch_kind kind = i < 6 ? DNA_FETCH_PEER : DNA_FETCH_WELL_KNOWN;
        assert_int_equal(enter(&tickets[i], i, kind, true, T0), DNA_OK);
    }
    assert_int_equal(let_in(T0), 12);
    for (unsigned i = 0; i < 12; i++) {
        assert_int_equal(aim(&tickets[i], 1, T0), i % 6 < DNA_LIMIT_FETCH_RUNNING_AT);
    }
    /* Who was sent back gave its slot back, and waits for that address. */
    assert_int_equal(dna_budget_waiting(budget), 4);
    assert_int_equal(let_in(T0), 0);
    dna_budget_leave(budget, &tickets[0], T0, false);
    assert_ptr_equal(dna_budget_next(budget, T0), &tickets[4]);
    assert_true(aim(&tickets[4], 1, T0));
    /* Another address than the one it waited for. */
    dna_budget_leave(budget, &tickets[1], T0, false);
    assert_ptr_equal(dna_budget_next(budget, T0), &tickets[5]);
    assert_true(aim(&tickets[5], 2, T0));
    /* And the next hop leaves the former address. */
    assert_true(aim(&tickets[6], 2, T0));
    assert_ptr_equal(dna_budget_next(budget, T0), &tickets[10]);
    assert_true(aim(&tickets[10], 1, T0));
    assert_null(dna_budget_next(budget, T0));
}

/* One fetch after the other at one address, each done at once. */
static unsigned one_by_one(unsigned most, enum dna_fetch_kind kind, bool proven, unsigned where,
                           int64_t now)
{
    struct dna_ticket ticket = {.state = DNA_TICKET_OUT};
    unsigned n = 0;
    while (n < most) {
        bool go;
        assert_int_equal(enter(&ticket, n, kind, proven, now), DNA_OK);
        go = dna_budget_next(budget, now) != NULL && aim(&ticket, where, now);
        dna_budget_leave(budget, &ticket, now, false);
        if (!go) {
            return n;
        }
        n++;
    }
    return n;
}

static void ten_a_minute_at_one_address(void **state)
{
    struct dna_ticket ticket = {.state = DNA_TICKET_OUT};
    (void)state;
    assert_int_equal(one_by_one(4, DNA_FETCH_PEER, true, 1, T0), 4);
    assert_int_equal(one_by_one(99, DNA_FETCH_PEER, true, 1, T0 + 30000),
                     DNA_LIMIT_FETCH_PEER_AT_MINUTE - 4);
    assert_int_equal(one_by_one(99, DNA_FETCH_WELL_KNOWN, true, 1, T0), 99);
    assert_int_equal(one_by_one(1, DNA_FETCH_PEER, true, 2, T0 + 30000), 1);
    assert_int_equal(enter(&ticket, 1, DNA_FETCH_PEER, true, T0 + 30000), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0 + 30000), &ticket);
    assert_false(aim(&ticket, 1, T0 + 30000));
    assert_int_equal(dna_budget_wakes(budget, T0 + 30000), T0 + MINUTE);
    assert_null(dna_budget_next(budget, T0 + MINUTE - 1));
    assert_ptr_equal(dna_budget_next(budget, T0 + MINUTE), &ticket);
    assert_true(aim(&ticket, 1, T0 + MINUTE));
    dna_budget_leave(budget, &ticket, T0 + MINUTE, false);
    /* Four left the minute, one came. */
    assert_int_equal(one_by_one(99, DNA_FETCH_PEER, true, 1, T0 + MINUTE), 3);
}

static void six_hundred_a_minute_in_all(void **state)
{
    struct dna_ticket ticket = {.state = DNA_TICKET_OUT};
    (void)state;
    assert_int_equal(one_by_one(9999, DNA_FETCH_WELL_KNOWN, false, 1, T0),
                     DNA_LIMIT_FETCH_PER_MINUTE / 4 * 3);
    assert_int_equal(one_by_one(9999, DNA_FETCH_WELL_KNOWN, true, 1, T0 + 5),
                     DNA_LIMIT_FETCH_PER_MINUTE / 4);
    assert_int_equal(one_by_one(1, DNA_FETCH_PEER, true, 2, T0 + 5), 0);
    assert_int_equal(enter(&ticket, 1, DNA_FETCH_PEER, false, T0 + 5), DNA_OK);
    assert_null(dna_budget_next(budget, T0 + 5));
    assert_int_equal(dna_budget_wakes(budget, T0 + 5), T0 + MINUTE);
    assert_null(dna_budget_next(budget, T0 + MINUTE - 1));
    assert_ptr_equal(dna_budget_next(budget, T0 + MINUTE), &ticket);
}

static void failures_make_a_peers_own_urls_wait(void **state)
{
    struct dna_ticket ticket = {.state = DNA_TICKET_OUT};
    (void)state;
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_FAILURES_MINUTE; i++) {
        assert_int_equal(enter(&ticket, 1, DNA_FETCH_PEER, true, T0), DNA_OK);
        assert_ptr_equal(dna_budget_next(budget, T0), &ticket);
        dna_budget_leave(budget, &ticket, T0, i % 2 == 0);
        if (i % 2 != 0) {
            dna_budget_blame(budget, key(1), T0);
        }
    }
    assert_int_equal(enter(&ticket, 1, DNA_FETCH_PEER, true, T0), DNA_OK);
    assert_null(dna_budget_next(budget, T0));
    assert_int_equal(dna_budget_wakes(budget, T0), T0 + MINUTE);
    dna_budget_leave(budget, &ticket, T0, false);
    assert_int_equal(enter(&ticket, 1, DNA_FETCH_WELL_KNOWN, true, T0), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0), &ticket);
    dna_budget_leave(budget, &ticket, T0, false);
    assert_int_equal(enter(&ticket, 2, DNA_FETCH_PEER, true, T0), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0), &ticket);
    dna_budget_leave(budget, &ticket, T0, false);
    assert_int_equal(enter(&ticket, 1, DNA_FETCH_PEER, true, T0), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0 + MINUTE), &ticket);
    dna_budget_blame(budget, key(99), T0); /* nobody knows it */
}

static void the_least_served_goes_first(void **state)
{
    struct dna_ticket slow = {.state = DNA_TICKET_OUT}, quick = slow, again = slow;
    (void)state;
    assert_int_equal(enter(&slow, 1, DNA_FETCH_PEER, false, T0), DNA_OK);
    assert_int_equal(enter(&quick, 2, DNA_FETCH_PEER, false, T0), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0), &slow); /* who came first */
    assert_ptr_equal(dna_budget_next(budget, T0), &quick);
    dna_budget_leave(budget, &quick, T0 + 10, false);
    dna_budget_leave(budget, &slow, T0 + 5000, false);
    assert_int_equal(enter(&slow, 1, DNA_FETCH_PEER, false, T0 + 5000), DNA_OK);
    assert_int_equal(enter(&quick, 2, DNA_FETCH_PEER, false, T0 + 5001), DNA_OK);
    assert_int_equal(enter(&again, 2, DNA_FETCH_PEER, false, T0 + 5002), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0 + 5002), &quick);
    assert_ptr_equal(dna_budget_next(budget, T0 + 5002), &again);
    assert_ptr_equal(dna_budget_next(budget, T0 + 5002), &slow);
    /* Running counts as well: two slots cost more than one has by now. */
    dna_budget_leave(budget, &slow, T0 + 5002, false);
    dna_budget_leave(budget, &quick, T0 + 9000, false);
    assert_int_equal(enter(&slow, 1, DNA_FETCH_PEER, false, T0 + 9000), DNA_OK);
    assert_int_equal(enter(&quick, 2, DNA_FETCH_PEER, false, T0 + 9000), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0 + 9000), &slow);
    assert_ptr_equal(dna_budget_next(budget, T0 + 9000), &quick);
    /* What was long ago is forgotten. */
    dna_budget_leave(budget, &slow, T0 + 9000, false);
    dna_budget_leave(budget, &quick, T0 + 9000, false);
    dna_budget_leave(budget, &again, T0 + 9000, false);
    assert_int_equal(enter(&quick, 2, DNA_FETCH_PEER, false, T0 + 99 * MINUTE), DNA_OK);
    assert_int_equal(enter(&slow, 1, DNA_FETCH_PEER, false, T0 + 99 * MINUTE), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0 + 99 * MINUTE), &quick);
}

static struct dna_ticket crowd[DNA_LIMIT_FETCH_WAITING + 10];

static void a_flood_drops_its_own(void **state)
{
    const unsigned room = DNA_LIMIT_FETCH_WAITING / 4 * 3;
    struct dna_ticket late = {.state = DNA_TICKET_OUT}, proven = late, *evicted;
    (void)state;
    memset(crowd, 0, sizeof crowd);
    for (unsigned i = 0; i < room; i++) {
        assert_int_equal(enter(&crowd[i], 1, DNA_FETCH_PEER, false, T0), DNA_OK);
    }
    assert_int_equal(dna_budget_enter(budget, &crowd[room], key(1), DNA_FETCH_PEER, false, T0,
                                      &evicted),
                     DNA_ERR_LIMIT);
    assert_int_equal(crowd[room].state, DNA_TICKET_OUT);
    assert_int_equal(enter(&proven, 2, DNA_FETCH_PEER, true, T0), DNA_OK);
    assert_int_equal(dna_budget_enter(budget, &late, key(3), DNA_FETCH_PEER, false, T0,
                                      &evicted),
                     DNA_OK);
    assert_ptr_equal(evicted, &crowd[room - 1]);
    assert_int_equal(evicted->state, DNA_TICKET_OUT);
    assert_int_equal(late.state, DNA_TICKET_WAITING);
    assert_int_equal(dna_budget_waiting(budget), room + 1);
}

static void many_peers_fill_the_queue_but_the_reserve(void **state)
{
    const unsigned room = DNA_LIMIT_FETCH_WAITING / 4 * 3;
    struct dna_ticket late = {.state = DNA_TICKET_OUT}, *evicted;
    unsigned i;
    (void)state;
    memset(crowd, 0, sizeof crowd);
    for (i = 0; i < room; i++) {
        assert_int_equal(enter(&crowd[i], i, DNA_FETCH_PEER, false, T0), DNA_OK);
    }
    assert_int_equal(enter(&late, 99999, DNA_FETCH_PEER, false, T0), DNA_ERR_LIMIT);
    for (; i < DNA_LIMIT_FETCH_WAITING; i++) {
        assert_int_equal(enter(&crowd[i], 99999, DNA_FETCH_PEER, true, T0), DNA_OK);
    }
    assert_int_equal(enter(&late, 99999, DNA_FETCH_PEER, true, T0), DNA_ERR_LIMIT);
    assert_int_equal(dna_budget_enter(budget, &late, key(99998), DNA_FETCH_PEER, true, T0,
                                      &evicted),
                     DNA_OK);
    assert_ptr_equal(evicted, &crowd[DNA_LIMIT_FETCH_WAITING - 1]);
    assert_int_equal(dna_budget_waiting(budget), DNA_LIMIT_FETCH_WAITING);
}

/* More peers than are remembered: the idle ones are forgotten, the others not. */
static void idle_peers_are_forgotten(void **state)
{
    struct dna_ticket stays = {.state = DNA_TICKET_OUT}, ticket = stays, second = stays;
    (void)state;
    assert_int_equal(enter(&stays, 0, DNA_FETCH_PEER, false, T0), DNA_OK);
    assert_ptr_equal(dna_budget_next(budget, T0), &stays);
    for (unsigned i = 1; i < 3 * 2 * DNA_LIMIT_FETCH_WAITING; i++) {
        assert_int_equal(enter(&ticket, i, DNA_FETCH_PEER, false, T0), DNA_OK);
        dna_budget_leave(budget, &ticket, T0, false);
    }
    assert_int_equal(enter(&second, 0, DNA_FETCH_PEER, false, T0), DNA_OK);
    assert_ptr_equal(second.peer, stays.peer);
}

/* --- in time: fetches that last */

struct job {
    struct dna_ticket ticket;
    unsigned peer, where;
    enum dna_fetch_kind kind;
    bool proven, aimed;
    int64_t lasts, ends;
    unsigned *served;
};

#define STEP 20

static struct job drips[1000], honest[1000];

static void submit(struct job *job, int64_t now)
{
    job->aimed = false;
    assert_int_equal(enter(&job->ticket, job->peer, job->kind, job->proven, now), DNA_OK);
}

static void advance(struct job *jobs, size_t n, bool again, int64_t now)
{
    for (size_t i = 0; i < n; i++) {
        struct job *job = &jobs[i];
        if (job->ticket.state == DNA_TICKET_RUNNING && job->aimed && job->ends <= now) {
            dna_budget_leave(budget, &job->ticket, now, false);
            (*job->served)++;
            if (again) {
                submit(job, now);
            }
        }
    }
}

static void start(int64_t now)
{
    struct dna_ticket *ticket;
    while ((ticket = dna_budget_next(budget, now)) != NULL) {
        struct job *job = (struct job *)(void *)ticket;
        job->aimed = aim(ticket, job->where, now);
        job->ends = now + job->lasts;
    }
}

/* How many of the honest peer's thousand are served after so many minutes. */
static unsigned play(enum dna_fetch_kind dripping, bool proven, unsigned minutes)
{
    unsigned drip_served = 0, served = 0;
    for (unsigned i = 0; i < 1000; i++) {
        drips[i] = (struct job){.peer = i % 100, .where = i % 100, .kind = dripping,
                                .lasts = DNA_LIMIT_FETCH_MS, .served = &drip_served};
        submit(&drips[i], T0);
    }
    for (int64_t now = T0; now < T0 + MINUTE / 2; now += STEP) {
        advance(drips, 1000, true, now);
        start(now);
    }
    for (unsigned i = 0; i < 1000; i++) {
        honest[i] = (struct job){.peer = 5000, .where = 1000 + i, .kind = DNA_FETCH_WELL_KNOWN,
                                 .proven = proven, .lasts = 200, .served = &served};
        submit(&honest[i], T0 + MINUTE / 2);
    }
    for (int64_t now = T0 + MINUTE / 2; now < T0 + MINUTE / 2 + minutes * MINUTE;
         now += STEP) {
        advance(drips, 1000, true, now);
        advance(honest, 1000, false, now);
        start(now);
    }
    assert_true(drip_served > 0);
    return served;
}

static void a_hundred_drips_do_not_starve_a_proven_peer(void **state)
{
    (void)state;
    assert_int_equal(play(DNA_FETCH_WELL_KNOWN, true, 3), 1000);
}

/* A hundred and first of 36 slots, a third of a second for each fetch. */
static void one_that_has_proven_nothing_has_its_share(void **state)
{
    (void)state;
    assert_in_range(play(DNA_FETCH_WELL_KNOWN, false, 8), 400, 1000);
}

static void peer_chosen_drips_do_not_touch_the_well_known(void **state)
{
    (void)state;
    assert_int_equal(play(DNA_FETCH_PEER, false, 5), 1000);
}

/* Six hundred peers, one victim. */
static void a_victim_gets_ten_a_minute(void **state)
{
    unsigned served = 0;
    (void)state;
    for (unsigned i = 0; i < 600; i++) {
        drips[i] = (struct job){.peer = i, .where = 1, .kind = DNA_FETCH_PEER, .lasts = 100,
                                .served = &served};
        submit(&drips[i], T0);
    }
    for (int64_t now = T0; now < T0 + 5 * MINUTE; now += STEP) {
        advance(drips, 600, false, now);
        start(now);
    }
    assert_int_equal(served, 5 * DNA_LIMIT_FETCH_PEER_AT_MINUTE);
}

#define MANY 400
#define PLACES 30
#define GETS 4096

/* What is counted here by looking at every ticket and every GET. */
struct model {
    struct dna_ticket tickets[MANY];
    unsigned peer[MANY], where[MANY]; /* where: 0 none, else a place and a GET under way */
    struct {
        int64_t at;
        unsigned where;
        bool proven, chosen;
    } gets[GETS];
    unsigned n_gets, seen_full;
};
static struct model model;

static void check_slots(void)
{
    unsigned running[2] = {0}, unproven[2] = {0}, at[2][PLACES] = {{0}}, of[MANY] = {0};
    for (unsigned i = 0; i < MANY; i++) {
        const struct dna_ticket *t = &model.tickets[i];
        if (t->state == DNA_TICKET_RUNNING) {
            running[t->kind]++;
            unproven[t->kind] += !t->proven;
            of[model.peer[i]]++;
            at[t->kind][model.where[i]]++;
        }
    }
    for (unsigned kind = 0; kind < 2; kind++) {
        assert_true(running[kind] <= DNA_LIMIT_FETCH_RUNNING);
        assert_true(unproven[kind] <= DNA_LIMIT_FETCH_RUNNING / 4 * 3);
        model.seen_full += unproven[kind] == DNA_LIMIT_FETCH_RUNNING / 4 * 3;
        for (unsigned where = 1; where < PLACES; where++) {
            assert_true(at[kind][where] <= DNA_LIMIT_FETCH_RUNNING_AT);
        }
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(of[i] <= DNA_LIMIT_FETCH_RUNNING_PEER);
    }
}

static void check_minute(int64_t now)
{
    unsigned all = 0, unproven = 0, chosen[PLACES] = {0};
    for (unsigned i = model.n_gets; i-- > 0 && model.gets[i].at > now - MINUTE;) {
        all++;
        unproven += !model.gets[i].proven;
        chosen[model.gets[i].where] += model.gets[i].chosen;
    }
    assert_true(all <= DNA_LIMIT_FETCH_PER_MINUTE);
    assert_true(unproven <= DNA_LIMIT_FETCH_PER_MINUTE / 4 * 3);
    for (unsigned where = 0; where < PLACES; where++) {
        assert_true(chosen[where] <= DNA_LIMIT_FETCH_PEER_AT_MINUTE);
    }
}

static void aim_at_random(unsigned i, unsigned where, int64_t now)
{
    struct dna_ticket *t = &model.tickets[i];
    bool go = aim(t, where, now);
    model.where[i] = go ? where : 0;
    if (go && model.n_gets < GETS) {
        model.gets[model.n_gets].at = now;
        model.gets[model.n_gets].where = where;
        model.gets[model.n_gets].proven = t->proven;
        model.gets[model.n_gets++].chosen = t->kind == DNA_FETCH_PEER;
    }
}

static void no_limit_is_ever_passed(void **state)
{
    uint32_t random = 1;
    int64_t now = T0;
    (void)state;
    memset(&model, 0, sizeof model);
    for (unsigned step = 0; step < 30000 && model.n_gets < GETS; step++) {
        unsigned i;
        struct dna_ticket *t;
        random = random * 1664525u + 1013904223u;
        i = (random >> 8) % MANY;
        t = &model.tickets[i];
        now += (random >> 20) % 64;
        if (t->state == DNA_TICKET_OUT) {
            model.peer[i] = (random >> 4) % 97;
            model.where[i] = 0;
            assert_int_equal(enter(t, model.peer[i], (random >> 28) % 2, (random >> 29) % 4 == 0,
                                   now),
                             DNA_OK);
        } else if (t->state == DNA_TICKET_RUNNING && (random >> 27) % 4 != 0) {
            aim_at_random(i, 1 + (random >> 16) % (PLACES - 1), now);
        } else if ((random >> 26) % 4 == 0) {
            model.where[i] = 0;
            dna_budget_leave(budget, t, now, false);
        }
        (void)let_in(now);
        check_slots();
        check_minute(now);
    }
    assert_true(model.n_gets > 1000 && model.seen_full > 0);
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_budget *b = NULL;
        if (dna_budget_new(failing_alloc_init(&f, n), 7, &b) == DNA_OK) {
            struct dna_ticket tickets[20] = {{.state = DNA_TICKET_OUT}};
            for (unsigned i = 0; i < 20; i++) {
                struct dna_ticket *evicted, *next;
                struct dna_address to = address(i);
                bool go;
                enum dna_err err = dna_budget_enter(b, &tickets[i], key(i), DNA_FETCH_PEER,
                                                    false, T0, &evicted);
                next = dna_budget_next(b, T0);
                assert_ptr_equal(next, err == DNA_OK ? &tickets[i] : NULL);
                if (err == DNA_OK) {
                    err = dna_budget_aim(b, &tickets[i], &to, T0, &go);
                    assert_int_equal(tickets[i].state, DNA_TICKET_RUNNING);
                }
                assert_true(err == DNA_OK || (f.failed && err == DNA_ERR_MEMORY));
            }
        }
        dna_budget_free(b);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pools_are_separate_and_keep_a_reserve),
        TEST(one_peer_has_four_slots),
        TEST(our_own_are_no_peer_s),
        TEST(one_address_has_four_slots),
        TEST(ten_a_minute_at_one_address),
        TEST(six_hundred_a_minute_in_all),
        TEST(failures_make_a_peers_own_urls_wait),
        TEST(the_least_served_goes_first),
        TEST(a_flood_drops_its_own),
        TEST(many_peers_fill_the_queue_but_the_reserve),
        TEST(idle_peers_are_forgotten),
        TEST(a_hundred_drips_do_not_starve_a_proven_peer),
        TEST(one_that_has_proven_nothing_has_its_share),
        TEST(peer_chosen_drips_do_not_touch_the_well_known),
        TEST(a_victim_gets_ten_a_minute),
        TEST(no_limit_is_ever_passed),
        TEST(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
