/* libunbound's events on our loop: what fires, when it ends, and that it ends at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/time.h>
#include <unbound.h>

#include <unbound-event.h>

#include <poll_loop.h>
#include <resolver/ub_loop.h>

static struct poll_loop *loop;
static struct ub_event_base *base;
static int pipes[2];

struct fired {
    unsigned reads, timeouts;
    bool done;
    struct ub_event *event; /* to be freed from the callback, or NULL */
};

static int set_up(void **state)
{
    (void)state;
    loop = poll_loop_new();
    base = dna_ub_loop_new(poll_loop_of(loop), NULL);
    assert_non_null(base);
    assert_int_equal(pipe(pipes), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(pipes[0]);
    (void)close(pipes[1]);
    dna_ub_loop_free(base);
    poll_loop_free(loop); /* nothing is left behind */
    return 0;
}

static void on_event(int fd, short bits, void *arg)
{
    struct fired *fired = arg;
    assert_true(bits == UB_EV_READ || bits == UB_EV_TIMEOUT);
    assert_true(fd == pipes[0] || fd == -1);
    fired->reads += bits == UB_EV_READ;
    fired->timeouts += bits == UB_EV_TIMEOUT;
    fired->done = true;
    if (fired->event != NULL) {
        fired->event->vmt->free(fired->event);
    }
}

static struct ub_event *make(int fd, int bits, struct fired *fired)
{
    struct ub_event *event = base->vmt->new_event(base, fd, (short)bits, on_event, fired);
    assert_non_null(event);
    assert_int_equal(event->magic, UB_EVENT_MAGIC);
    return event;
}

static void write_one(void)
{
    assert_int_equal(write(pipes[1], "x", 1), 1);
}

static void an_event_fires_once_unless_it_persists(void **state)
{
    (void)state;
    for (int persist = 0; persist < 2; persist++) {
        struct fired fired = {.reads = 0};
        struct ub_event *event =
            make(pipes[0], UB_EV_READ | (persist ? UB_EV_PERSIST : 0), &fired);
        write_one();
        poll_loop_run(loop, 2);
        assert_int_equal(fired.reads, 0); /* not added yet */
        assert_int_equal(event->vmt->add(event, NULL), 0);
        assert_true(poll_loop_until(loop, &fired.done, 10000));
        poll_loop_run(loop, 2);
        assert_int_equal(fired.reads > 1, persist);
        assert_int_equal(poll_loop_count(loop), persist);
        assert_int_equal(event->vmt->del(event), 0);
        assert_int_equal(poll_loop_count(loop), 0);
        event->vmt->free(event);
    }
}

static void a_timeout_ends_what_does_not_persist(void **state)
{
    (void)state;
    for (int persist = 0; persist < 2; persist++) {
        struct fired fired = {.reads = 0};
        struct timeval tv = {.tv_usec = 1500};
        struct ub_event *event = make(
            pipes[0], UB_EV_READ | UB_EV_TIMEOUT | (persist ? UB_EV_PERSIST : 0), &fired);
        assert_int_equal(event->vmt->add(event, &tv), 0);
        assert_int_equal(poll_loop_count(loop), 2);
        assert_true(poll_loop_until(loop, &fired.done, 10000));
        assert_int_equal(fired.timeouts, 1);
        assert_int_equal(poll_loop_count(loop), persist); /* watched on, without a timer */
        event->vmt->free(event);
        assert_int_equal(poll_loop_count(loop), 0);
    }
}

static void a_timer_is_an_event_without_a_descriptor(void **state)
{
    struct fired first = {.reads = 0}, second = {.reads = 0};
    struct timeval tv = {.tv_usec = 1000};
    struct ub_event *event = make(-1, UB_EV_TIMEOUT, &first);
    (void)state;
    assert_int_equal(event->vmt->add_timer(event, base, on_event, &second, &tv), 0);
    assert_int_equal(event->vmt->add_timer(event, base, on_event, &second, &tv), 0);
    assert_int_equal(poll_loop_count(loop), 1);
    assert_true(poll_loop_until(loop, &second.done, 10000));
    assert_int_equal(second.timeouts, 1);
    assert_int_equal(first.timeouts, 0);
    tv.tv_sec = 1000;
    assert_int_equal(event->vmt->add_timer(event, base, on_event, &second, &tv), 0);
    assert_int_equal(event->vmt->del_timer(event), 0);
    assert_int_equal(poll_loop_count(loop), 0);
    event->vmt->free(event);
}

/* The descriptor is closed next, and its number is somebody else's. */
static void every_change_ends_the_watch_at_once(void **state)
{
    struct fired fired = {.reads = 0};
    struct ub_event *event = make(pipes[0], UB_EV_READ | UB_EV_PERSIST, &fired);
    (void)state;
    for (int change = 0; change < 5; change++) {
        assert_int_equal(event->vmt->add(event, NULL), 0);
        assert_int_equal(poll_loop_count(loop), 1);
        switch (change) {
        case 0:
            event->vmt->add_bits(event, UB_EV_WRITE);
            break;
        case 1:
            event->vmt->del_bits(event, UB_EV_WRITE);
            break;
        case 2:
            event->vmt->set_fd(event, pipes[0]);
            break;
        case 3:
            assert_int_equal(event->vmt->del(event), 0);
            break;
        default:
            event->vmt->free(event);
        }
        assert_int_equal(poll_loop_count(loop), 0);
    }
}

static void a_callback_may_free_its_event(void **state)
{
    struct timeval tv = {.tv_usec = 1000};
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct fired fired = {.reads = 0};
        int bits = (way & 1 ? UB_EV_PERSIST : 0) | (way & 2 ? UB_EV_READ : 0) | UB_EV_TIMEOUT;
        fired.event = make(way & 2 ? pipes[0] : -1, bits, &fired);
        if ((way & 2) != 0) {
            write_one();
        }
        assert_int_equal(fired.event->vmt->add(fired.event, &tv), 0);
        assert_true(poll_loop_until(loop, &fired.done, 10000));
        assert_int_equal(poll_loop_count(loop), 0);
    }
}

static void what_the_loop_refuses_is_an_error(void **state)
{
    struct fired fired = {.reads = 0};
    struct timeval tv = {.tv_sec = 1000};
    struct ub_event *event = make(pipes[0], UB_EV_READ | UB_EV_TIMEOUT, &fired);
    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        poll_loop_refuse_after(loop, n);
        assert_int_equal(event->vmt->add(event, &tv), -1);
        poll_loop_refuse_after(loop, (unsigned)-1);
        assert_int_equal(poll_loop_count(loop), 0);
    }
    assert_int_equal(event->vmt->add_signal(event, NULL), -1);
    assert_null(base->vmt->new_signal(base, 1, on_event, NULL));
    event->vmt->free(event);
}

/* libunbound does so where it cannot make a context. */
static void the_base_is_not_libunbounds_to_free(void **state)
{
    (void)state;
    base->vmt->free(base);
    assert_int_equal(base->magic, UB_EVENT_MAGIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_fires_once_unless_it_persists, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_timeout_ends_what_does_not_persist, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_timer_is_an_event_without_a_descriptor, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_change_ends_the_watch_at_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_callback_may_free_its_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_loop_refuses_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_base_is_not_libunbounds_to_free, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
