/* The small loop on libuv: what base/loop.h promises, and that nothing of it stays behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include <edge/loop.h>

struct scene {
    uv_loop_t uv;
    struct dna_edge_loop *loop;
    const struct dna_loop *face;
    unsigned turns, more; /* more: how many turns still say that there is more */
    bool closed;
};

static bool turn(void *arg)
{
    struct scene *scene = arg;
    scene->turns++;
    if (scene->more != 0) {
        scene->more--;
        return true;
    }
    return false;
}

static void closed(void *arg)
{
    ((struct scene *)arg)->closed = true;
}

static int scene_begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_int_equal(uv_loop_init(&scene->uv), 0);
    assert_int_equal(dna_edge_loop_new(NULL, &scene->uv, turn, scene, &scene->loop), DNA_OK);
    scene->face = dna_edge_loop_face(scene->loop);
    *state = scene;
    return 0;
}

static int scene_end(void **state)
{
    struct scene *scene = *state;
    dna_edge_loop_close(scene->loop, closed, scene);
    assert_false(scene->closed); /* only from the loop */
    assert_int_equal(uv_run(&scene->uv, UV_RUN_DEFAULT), 0);
    assert_true(scene->closed);
    assert_int_equal(uv_loop_close(&scene->uv), 0);
    free(scene);
    return 0;
}

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

static void seen(void *arg, int fd, unsigned events)
{
    unsigned *all = arg;
    (void)fd;
    *all |= events;
}

/* Runs a few rounds without waiting for anything that does not come. */
static void run(struct scene *scene)
{
    for (unsigned i = 0; i < 5; i++) {
        (void)uv_run(&scene->uv, UV_RUN_NOWAIT);
    }
}

static void a_deferred_call_comes_from_the_loop(void **state)
{
    struct scene *scene = *state;
    unsigned calls = 0;
    assert_int_equal(scene->face->defer(scene->face->self, count, &calls), DNA_OK);
    assert_int_equal(scene->face->defer(scene->face->self, count, &calls), DNA_OK);
    assert_int_equal(calls, 0);
    run(scene);
    assert_int_equal(calls, 2);
}

static void a_timer_comes_once_and_can_be_cancelled(void **state)
{
    struct scene *scene = *state;
    unsigned fired = 0, cancelled = 0;
    struct dna_timer *one = scene->face->timer(scene->face->self, 1, count, &fired);
    struct dna_timer *other = scene->face->timer(scene->face->self, 1, count, &cancelled);
    scene->face->timer_free(other);
    (void)uv_run(&scene->uv, UV_RUN_DEFAULT);
    run(scene);
    assert_int_equal(fired, 1);
    assert_int_equal(cancelled, 0);
    scene->face->timer_free(one);
    scene->face->timer_free(NULL);
}

static void a_watch_sees_what_it_asked_for(void **state)
{
    struct scene *scene = *state;
    unsigned events = 0;
    int ends[2];
    struct dna_watch *watch;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    watch = scene->face->watch(scene->face->self, ends[0], DNA_LOOP_READ, seen, &events);
    assert_non_null(watch);
    run(scene);
    assert_int_equal(events, 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    run(scene);
    assert_int_equal(events, DNA_LOOP_READ);
    events = 0;
    assert_int_equal(scene->face->rewatch(watch, DNA_LOOP_WRITE), DNA_OK);
    run(scene);
    assert_int_equal(events, DNA_LOOP_WRITE);
    scene->face->unwatch(watch);
    scene->face->unwatch(NULL);
    close(ends[0]);
    close(ends[1]);
}

/* Whoever unwatches a descriptor closes it, and the next socket has its number. */
static void an_unwatched_descriptor_can_be_used_again(void **state)
{
    struct scene *scene = *state;
    unsigned old = 0, fresh = 0;
    int a[2], b[2];
    struct dna_watch *watch;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    watch = scene->face->watch(scene->face->self, a[0], DNA_LOOP_READ, seen, &old);
    run(scene);
    scene->face->unwatch(watch);
    close(a[0]);
    close(a[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    assert_int_equal(b[0], a[0]);
    watch = scene->face->watch(scene->face->self, b[0], DNA_LOOP_READ, seen, &fresh);
    assert_non_null(watch);
    run(scene); /* the old handle is closed in here */
    assert_int_equal(write(b[1], "x", 1), 1);
    run(scene);
    assert_int_equal(old, 0);
    assert_int_equal(fresh, DNA_LOOP_READ);
    scene->face->unwatch(watch);
    close(b[0]);
    close(b[1]);
}

struct self_ending {
    struct scene *scene;
    struct dna_watch *watch;
    unsigned calls;
};

static void end_yourself(void *arg, int fd, unsigned events)
{
    struct self_ending *it = arg;
    (void)fd;
    (void)events;
    it->calls++;
    it->scene->face->unwatch(it->watch);
}

static void a_watch_may_end_in_its_own_callback(void **state)
{
    struct scene *scene = *state;
    struct self_ending it = {.scene = scene};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    it.watch = scene->face->watch(scene->face->self, ends[0], DNA_LOOP_WRITE, end_yourself,
                                  &it);
    run(scene);
    assert_int_equal(it.calls, 1);
    close(ends[0]);
    close(ends[1]);
}

/* A connection that is refused shows as an error alone; the watcher is to read it. */
static void a_broken_descriptor_calls_its_watcher(void **state)
{
    struct scene *scene = *state;
    unsigned events = 0;
    int ends[2];
    struct dna_watch *watch;
    assert_int_equal(pipe(ends), 0);
    watch = scene->face->watch(scene->face->self, ends[1], DNA_LOOP_WRITE, seen, &events);
    close(ends[0]);
    run(scene);
    assert_int_equal(events, DNA_LOOP_WRITE);
    scene->face->unwatch(watch);
    close(ends[1]);
}

static void a_turn_comes_without_any_event_when_woken(void **state)
{
    struct scene *scene = *state;
    (void)uv_run(&scene->uv, UV_RUN_DEFAULT); /* nothing keeps it alive */
    assert_int_equal(scene->turns, 0);
    dna_edge_loop_wake(scene->loop);
    scene->more = 3;
    (void)uv_run(&scene->uv, UV_RUN_DEFAULT);
    assert_int_equal(scene->more, 0);
    assert_true(scene->turns >= 4);
}

static void what_happened_is_counted(void **state)
{
    struct scene *scene = *state;
    uint64_t before = dna_edge_loop_stirred(scene->loop);
    unsigned calls = 0;
    run(scene);
    assert_int_equal(dna_edge_loop_stirred(scene->loop), before);
    assert_int_equal(scene->face->defer(scene->face->self, count, &calls), DNA_OK);
    run(scene);
    assert_int_equal(dna_edge_loop_stirred(scene->loop), before + 1);
}

static void time_goes_on_while_the_loop_does_not_run(void **state)
{
    struct scene *scene = *state;
    int64_t before = scene->face->now(scene->face->self).mono, after = before;
    while (after == before) {
        after = scene->face->now(scene->face->self).mono;
    }
    assert_true(after > before);
    assert_true(scene->face->now(scene->face->self).wall > 1500000000);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(a_deferred_call_comes_from_the_loop),
        scene_test(a_timer_comes_once_and_can_be_cancelled),
        scene_test(a_watch_sees_what_it_asked_for),
        scene_test(an_unwatched_descriptor_can_be_used_again),
        scene_test(a_watch_may_end_in_its_own_callback),
        scene_test(a_broken_descriptor_calls_its_watcher),
        scene_test(a_turn_comes_without_any_event_when_woken),
        scene_test(what_happened_is_counted),
        scene_test(time_goes_on_while_the_loop_does_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
