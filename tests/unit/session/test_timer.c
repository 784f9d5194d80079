/* Timers agree with a search through an array, whatever is set, moved and taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <session/timer.h>

#define N 40

static int64_t soonest(const struct dna_timer *timers)
{
    int64_t at = DNA_NEVER;
    for (size_t i = 0; i < N; i++) {
        if (timers[i].place != 0 && timers[i].at < at) {
            at = timers[i].at;
        }
    }
    return at;
}

static void agrees_with_an_array(void **state)
{
    struct dna_timer own[N];
    int64_t model[N];
    struct dna_timers timers;
    uint32_t random = 1;
    (void)state;
    dna_timers_init(&timers, NULL);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(dna_timers_enter(&timers, &own[i], DNA_TIMER_STREAM), DNA_OK);
        model[i] = DNA_NEVER;
    }
    for (int turn = 0; turn < 20000; turn++) {
        const struct dna_timer *first;
        int64_t best = DNA_NEVER;
        size_t i;
        random = random * 1664525u + 1013904223u;
        i = (random >> 8) % N;
        model[i] = (random >> 16) % 4 == 0 ? DNA_NEVER : (int64_t)(random >> 20) - 2000;
        dna_timers_set(&timers, &own[i], model[i]);
        for (i = 0; i < N; i++) {
            best = model[i] < best ? model[i] : best;
        }
        first = dna_timers_first(&timers);
        assert_int_equal(first != NULL ? first->at : DNA_NEVER, best);
        assert_int_equal(soonest(own), best);
    }
    for (size_t i = 0; i < N; i++) {
        dna_timers_leave(&timers, &own[i]);
    }
    dna_timers_fini(&timers);
}

static void room_is_made_beforehand(void **state)
{
    struct dna_timer own[N];
    (void)state;
    for (unsigned long n = 0; n < 5; n++) {
        struct failing_alloc f;
        struct dna_timers timers;
        size_t entered = 0;
        dna_timers_init(&timers, failing_alloc_init(&f, n));
        while (entered < N &&
               dna_timers_enter(&timers, &own[entered], DNA_TIMER_HEARING) == DNA_OK) {
            dna_timers_set(&timers, &own[entered], (int64_t)(N - entered));
            entered++;
        }
        assert_true(entered == N || f.failed);
        while (entered > 0) {
            dna_timers_leave(&timers, &own[--entered]);
        }
        assert_null(dna_timers_first(&timers));
        dna_timers_fini(&timers);
        assert_int_equal(f.outstanding, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(room_is_made_beforehand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
