/* The driver as such: its options, a host with another loop, questions, and no memory. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <poll.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <scene.h>

/* --- options ------------------------------------------------------------------------- */

static const char *const not_a_prefix[] = {"everywhere"};
static const char *const not_a_server[] = {"localhost"};

static void count(void *arg)
{
    ++*(unsigned *)arg;
}

static void bad_options_are_refused_with_a_reason(void **state)
{
    struct scene *scene = *state;
    const struct dna_uv_options good = {
        .size = sizeof good,
        .loop = &scene->loop,
        .session = {.size = sizeof good.session},
        .ca_file = scene->ca_file,
        .dns = DNA_UV_DNS_STUB,
        .dns_servers = (const char *const[]){"127.0.0.1@1"},
        .n_dns_servers = 1,
    };
    struct dna_uv_options bad[6];
    struct dna_uv *uv;
    const char *why;
    unsigned done = 0;
    for (size_t i = 0; i < 6; i++) {
        bad[i] = good;
    }
    bad[0].source = "eth0";
    bad[1].guard_allow = not_a_prefix;
    bad[1].n_guard_allow = 1;
    bad[2].ca_file = "/nonexistent/ca.pem";
    bad[3].ca_pem = dna_span_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    bad[4].dns_servers = not_a_server;
    bad[5] = bad[4];
    bad[5].loop = NULL;
    for (size_t i = 0; i < 6; i++) {
        enum dna_err err = dna_uv_new(&bad[i], &uv, &why);
        print_message("%zu: %s: %s\n", i, dna_err_name(err), why);
        assert_int_equal(err, DNA_ERR_FORMAT);
        assert_null(uv);
        assert_string_not_equal(why, "");
    }
    assert_int_equal(dna_uv_new(&good, &uv, &why), DNA_OK);
    assert_string_equal(why, "");
    dna_uv_free(uv, count, &done);
    dna_uv_free(uv, count, &done); /* it is ending already */
    dna_uv_free(NULL, NULL, NULL);
    while (done == 0) {
        (void)uv_run(&scene->loop, UV_RUN_ONCE);
    }
    assert_int_equal(done, 1);
}

static void a_listener_needs_an_address_that_is_free(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_listen options = {.size = sizeof options, .address = "localhost",
                                    .handler = &scene->a.handler, .user = &scene->a};
    struct dna_uv_listener *listener;
    const char *why;
    assert_int_equal(dna_uv_listen(scene->a.uv, &options, &listener, &why), DNA_ERR_FORMAT);
    assert_string_not_equal(why, "");
    options.address = "127.0.0.1";
    options.port = dna_uv_listener_port(scene->b.listener);
    assert_int_equal(dna_uv_listen(scene->a.uv, &options, &listener, &why), DNA_ERR_SYSTEM);
    assert_string_not_equal(why, "");
    assert_null(listener);
    dna_uv_listener_free(NULL);
}

/* --- a host with another loop --------------------------------------------------------- */

/* Two drivers with loops of their own, and the scene's (for the name server), under poll. */
struct foreign {
    struct scene *scene;
    struct dna_uv *uv[2];
};

static void wait_and_process(struct foreign *it)
{
    struct pollfd fds[3] = {
        {.fd = dna_uv_fd(it->uv[0]), .events = POLLIN},
        {.fd = dna_uv_fd(it->uv[1]), .events = POLLIN},
        {.fd = uv_backend_fd(&it->scene->loop), .events = POLLIN},
    };
    int timeout = 100;
    for (unsigned i = 0; i < 2; i++) {
        int own = dna_uv_timeout(it->uv[i]);
        timeout = own >= 0 && own < timeout ? own : timeout;
    }
    assert_true(poll(fds, 3, timeout) >= 0);
    for (unsigned i = 0; i < 2; i++) {
        if (fds[i].revents != 0 || dna_uv_timeout(it->uv[i]) == 0) {
            dna_uv_process(it->uv[i]);
        }
    }
    (void)uv_run(&it->scene->loop, UV_RUN_NOWAIT);
}

static void foreign_side(struct foreign *it, unsigned which, struct side *side)
{
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = side->domain};
    dna_uv_identity_free(side->identity);
    side->identity = NULL;
    side_free(side);
    side->freed = false;
    it->uv[which] = scene_driver(it->scene, NULL, "127.0.0.0/8", NULL);
    side->uv = it->uv[which];
    side->identity = scene_identity(it->scene, side->uv, side->domain, true);
    assert_int_equal(dna_session_host(dna_uv_session(side->uv), &hosted), DNA_OK);
    side_listen(side, "127.0.0.1", 0, 0);
    dna_uv_process(side->uv);
}

static void foreign_end(struct side *side)
{
    unsigned done = 0;
    dna_uv_identity_free(side->identity);
    side->identity = NULL;
    dna_uv_free(side->uv, count, &done);
    while (done == 0) {
        dna_uv_process(side->uv);
    }
    side->uv = NULL;
}

static void a_host_with_another_loop_polls_a_descriptor(void **state)
{
    struct scene *scene = *state;
    struct foreign it = {.scene = scene};
    foreign_side(&it, 0, &scene->a);
    foreign_side(&it, 1, &scene->b);
    name_server_srv(scene->names, "_xmpp-server", "b.example", 0,
                    dna_uv_listener_port(scene->b.listener), "xmpp.b.example");
    (void)side_connect(&scene->a, "b.example");
    dna_uv_process(scene->a.uv);
    while (!side_is_up(&scene->a) || !side_is_up(&scene->b)) {
        wait_and_process(&it);
    }
    assert_int_equal(side_send(&scene->a, "b.example", "one", 100), DNA_OK);
    dna_uv_process(scene->a.uv);
    while (scene->b.stanzas == 0) {
        wait_and_process(&it);
    }
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    dna_uv_process(scene->a.uv);
    while (!side_has_closed(&scene->a) || !side_has_closed(&scene->b)) {
        wait_and_process(&it);
    }
    foreign_end(&scene->a);
    foreign_end(&scene->b);
}

/* --- questions ----------------------------------------------------------------------- */

struct ruled {
    unsigned calls;
    struct dna_ruling ruling;
};

static void note_ruling(void *arg, const struct dna_ruling *ruling)
{
    struct ruled *ruled = arg;
    ruled->calls++;
    ruled->ruling = *ruling;
}

static bool is_ruled(void *arg)
{
    return ((struct ruled *)arg)->calls != 0;
}

static void a_question_is_answered_once(void **state)
{
    struct scene *scene = *state;
    struct dna_question question = {
        .domain = "c.example",
        .role = DNA_INITIATING,
        .policy = dna_policy_default(),
    };
    struct ruled one = {.calls = 0}, cancelled = {.calls = 0};
    struct dna_hearing *hearing;
    assert_int_equal(dna_uv_ask(scene->a.uv, &question, note_ruling, &one, &hearing), DNA_OK);
    assert_int_equal(dna_uv_ask(scene->a.uv, &question, note_ruling, &cancelled, &hearing),
                     DNA_OK);
    assert_int_equal(one.calls, 0);
    dna_uv_unask(scene->a.uv, hearing);
    scene_until(scene, is_ruled, &one);
    scene_settle(scene);
    assert_int_equal(one.calls, 1);
    assert_int_not_equal(one.ruling.verdict, DNA_PROVEN); /* it presented nothing */
    assert_int_equal(cancelled.calls, 0);
    question.domain = "Not.Canonical";
    assert_int_equal(dna_uv_ask(scene->a.uv, &question, note_ruling, &one, NULL),
                     DNA_ERR_ARGUMENT);
}

/* --- no memory ----------------------------------------------------------------------- */

static void a_driver_without_memory_is_none(void **state)
{
    struct scene *scene = *state;
    struct failing_alloc f;
    for (unsigned long n = 0;; n++) {
        const char *servers[] = {name_server_at(scene->names)};
        struct dna_uv_options options = {
            .size = sizeof options,
            .session = {.size = sizeof options.session,
                        .alloc = failing_alloc_init(&f, n)},
            .ca_file = scene->ca_file,
            .dns = DNA_UV_DNS_STUB,
            .dns_servers = servers,
            .n_dns_servers = 1,
        };
        struct dna_uv *uv;
        const char *why;
        enum dna_err err = dna_uv_new(&options, &uv, &why);
        if (err == DNA_OK) {
            unsigned done = 0;
            dna_uv_free(uv, count, &done);
            while (done == 0) {
                dna_uv_process(uv);
            }
        } else {
            assert_true(f.failed);
            assert_int_equal(err, DNA_ERR_MEMORY);
        }
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            assert_true(n > 10);
            return;
        }
    }
}

static bool side_is_alone(void *side)
{
    return ((struct side *)side)->stream == NULL;
}

static bool came_to_something(const struct side *side)
{
    return (side->proven && side->accepted) || side->closed != 0;
}

static void say_something_and_close(struct side *side, const char *peer)
{
    enum dna_err err = side_send(side, peer, "one", 20000);
    assert_true(err == DNA_OK || err == DNA_ERR_MEMORY || err == DNA_ERR_STATE);
    scene_settle(side->scene);
    if (side->stream != NULL) {
        dna_uv_stream_close(side->stream, NULL, NULL);
        scene_settle(side->scene);
    }
}

/* c.example, with requests for memory that can be made to fail. */
static void side_with(struct side *side, struct scene *scene, struct failing_alloc *f)
{
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "c.example"};
    *side = (struct side){.scene = scene, .domain = "c.example",
                          .handler = scene->a.handler};
    side->uv = scene_driver(scene, &scene->loop, "127.0.0.0/8",
                            failing_alloc_init(f, ULONG_MAX));
    side->identity = scene_identity(scene, side->uv, "c.example", true);
    assert_int_equal(dna_session_host(dna_uv_session(side->uv), &hosted), DNA_OK);
    side_listen(side, "127.0.0.1", 0, 0);
}

static enum dna_err connect_to(struct side *from, struct side *to)
{
    struct dna_uv_connect options = {
        .size = sizeof options,
        .own = from->domain,
        .peer = to->domain,
        .address = "127.0.0.1",
        .port = dna_uv_listener_port(to->listener),
        .handler = &from->handler,
        .user = from,
    };
    struct dna_uv_stream *stream;
    return dna_uv_connect(from->uv, &options, &stream);
}

/* Each request in turn fails while a stream comes up, is used and closed: it closes early, or
 * goes on all the same, or waits for a deadline; in each case everything is given back. */
static void fail_each_request(struct scene *scene, bool initiating)
{
    struct failing_alloc f = {.failed = true};
    for (unsigned long n = 0; f.failed; n++) {
        struct side side;
        side_with(&side, scene, &f);
        f.fail_at = f.seen + n;
        if ((initiating ? connect_to(&side, &scene->b) : connect_to(&scene->a, &side)) ==
            DNA_OK) {
            for (unsigned i = 0; i < 40 && !came_to_something(&side); i++) {
                scene_settle(scene);
            }
            if (side.proven && side.accepted) {
                say_something_and_close(&side, initiating ? "b.example" : "a.example");
            }
        }
        side_free(&side);
        assert_int_equal(f.outstanding, 0);
        scene_until(scene, side_is_alone, &scene->a);
        scene_until(scene, side_is_alone, &scene->b);
        scene->a.proven = scene->a.accepted = false;
    }
}

static void an_outgoing_stream_without_memory_leaves_nothing_behind(void **state)
{
    fail_each_request(*state, true);
}

static void an_incoming_stream_without_memory_leaves_nothing_behind(void **state)
{
    fail_each_request(*state, false);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(bad_options_are_refused_with_a_reason),
        scene_test(a_listener_needs_an_address_that_is_free),
        scene_test(a_host_with_another_loop_polls_a_descriptor),
        scene_test(a_question_is_answered_once),
        scene_test(a_driver_without_memory_is_none),
        scene_test(an_outgoing_stream_without_memory_leaves_nothing_behind),
        scene_test(an_incoming_stream_without_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
