/* Two drivers over loopback: finding, TLS, proof by certificate, stanzas, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <scene.h>

static void bring_up(struct scene *scene)
{
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &scene->b);
}

static void close_from(struct scene *scene, struct side *side)
{
    dna_uv_stream_close(side->stream, NULL, NULL);
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
}

struct expected {
    const struct side *side;
    unsigned stanzas;
};

static bool has_stanzas(void *arg)
{
    const struct expected *it = arg;
    return it->side->stanzas >= it->stanzas;
}

static void wait_for(struct scene *scene, struct side *side, unsigned stanzas)
{
    struct expected it = {side, stanzas};
    scene_until(scene, has_stanzas, &it);
    assert_int_equal(side->stanzas, stanzas);
}

static void stanzas_go_both_ways(void **state)
{
    struct scene *scene = *state;
    bring_up(scene);
    assert_string_equal(dna_stream_peer(dna_uv_stream_core(scene->a.stream)), "b.example");
    assert_string_not_equal(dna_uv_stream_remote(scene->a.stream), "");
    assert_false(dna_uv_stream_initiating(scene->b.stream));
    assert_true(dna_uv_stream_number(scene->a.stream) !=
                dna_uv_stream_number(scene->b.stream));
    assert_int_equal(side_send(&scene->a, "b.example", "one", 10), DNA_OK);
    wait_for(scene, &scene->b, 1);
    assert_string_equal(scene->b.last_id, "one");
    assert_int_equal(side_send(&scene->b, "a.example", "two", 10), DNA_OK);
    wait_for(scene, &scene->a, 1);
    assert_string_equal(scene->a.last_id, "two");
    assert_int_equal(dna_uv_stream_backlog(scene->a.stream), 0);
    close_from(scene, &scene->a);
    assert_string_equal(scene->a.condition, "");
    assert_string_equal(scene->b.condition, "");
    assert_string_equal(scene->b.why, "the peer ended the stream");
}

static void the_trace_is_in_clear_both_ways(void **state)
{
    struct scene *scene = *state;
    bring_up(scene);
    assert_non_null(strstr(scene->a.trace_out, "<starttls"));
    assert_non_null(strstr(scene->a.trace_in, "<proceed"));
    assert_non_null(strstr(scene->b.trace_in, "urn:xmpp:dna:0"));
    assert_int_equal(side_send(&scene->a, "b.example", "seen", 0), DNA_OK);
    wait_for(scene, &scene->b, 1);
    assert_non_null(strstr(scene->a.trace_out, "id='seen'"));
    close_from(scene, &scene->b);
    assert_non_null(strstr(scene->a.trace_in, "</stream:stream>"));
    assert_non_null(strstr(scene->b.trace_in, "</stream:stream>"));
}

static void a_handler_may_answer_and_close_on_the_spot(void **state)
{
    struct scene *scene = *state;
    scene->b.echo = true;
    scene->b.close_on_stanza = true;
    bring_up(scene);
    assert_int_equal(side_send(&scene->a, "b.example", "one", 0), DNA_OK);
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
    assert_int_equal(scene->a.stanzas, 1);
    assert_string_equal(scene->a.last_id, "one");
    assert_string_equal(scene->a.condition, "undefined-condition");
    assert_string_equal(scene->b.condition, "undefined-condition");
}

static void an_unknown_certificate_proves_nothing(void **state)
{
    struct scene *scene = *state;
    dna_uv_identity_free(scene->b.identity);
    scene->b.identity = scene_identity(scene, scene->b.uv, "b.example", false);
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_false(scene->a.proven);
    assert_int_equal(scene->a.opened, 1);
    assert_string_not_equal(scene->a.condition, "");
    scene_until(scene, side_has_closed, &scene->b);
}

static void without_a_certificate_there_is_no_tls(void **state)
{
    struct scene *scene = *state;
    dna_uv_identity_free(scene->b.identity);
    scene->b.identity = NULL;
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
    assert_string_equal(scene->b.why, "there is no certificate to present");
    assert_null(strstr(scene->b.trace_out, "</stream:stream>"));
}

static bool has_drained(void *side)
{
    return ((struct side *)side)->drained != 0;
}

/* Everything that a slow reader does not take stays with the sender, and comes in order. */
static void a_paused_stream_is_not_read(void **state)
{
    struct scene *scene = *state;
    unsigned sent = 0;
    char id[20];
    bring_up(scene);
    dna_uv_stream_pause(scene->b.stream);
    dna_uv_stream_pause(scene->b.stream);
    while (dna_uv_stream_backlog(scene->a.stream) < 2 * DNA_LIMIT_BACKLOG_HIGH) {
        (void)snprintf(id, sizeof id, "n%u", sent);
        assert_int_equal(side_send(&scene->a, "b.example", id, 8000), DNA_OK);
        sent++;
        assert_true(sent < 5000); /* far more than two socket buffers hold */
        if (sent % 20 == 0) {
            scene_settle(scene);
        }
    }
    scene_settle(scene);
    assert_true(scene->b.stanzas < sent);
    assert_int_equal(scene->a.drained, 0);
    dna_uv_stream_resume(scene->b.stream);
    scene_settle(scene);
    assert_int_equal(dna_uv_stream_backlog(scene->a.stream) > DNA_LIMIT_BACKLOG_HIGH, true);
    dna_uv_stream_resume(scene->b.stream);
    wait_for(scene, &scene->b, sent);
    assert_string_equal(scene->b.last_id, id);
    scene_until(scene, has_drained, &scene->a); /* it was acknowledged, too */
    scene_settle(scene);
    assert_int_equal(scene->a.drained, 1);
    assert_int_equal(dna_uv_stream_backlog(scene->a.stream), 0);
    close_from(scene, &scene->a);
}

static bool a_is_empty(void *arg)
{
    struct scene *scene = arg;
    return dna_uv_buffered(scene->a.uv) == 0;
}

/* After each call, and when nothing is left; what a broken stream left is counted on. */
static void what_is_buffered_is_counted(void **state)
{
    struct scene *scene = *state;
    size_t backlog = 0;
    bring_up(scene);
    scene_until(scene, a_is_empty, scene);
    dna_uv_stream_pause(scene->b.stream);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(side_send(&scene->a, "b.example", "n", 8000), DNA_OK);
        backlog = dna_uv_stream_backlog(scene->a.stream);
        assert_true(backlog > 8000);
        assert_int_equal(dna_uv_buffered(scene->a.uv), backlog);
        assert_int_equal(dna_uv_stream_network_buffered(scene->a.stream), backlog);
    }
    dna_uv_stream_resume(scene->b.stream);
    scene_until(scene, a_is_empty, scene);
    assert_int_equal(dna_uv_stream_network_buffered(scene->a.stream), 0);
    dna_uv_stream_pause(scene->b.stream);
    assert_int_equal(side_send(&scene->a, "b.example", "n", 8000), DNA_OK);
    side_free(&scene->b);
    scene_until(scene, side_has_closed, &scene->a);
    assert_true(dna_uv_buffered(scene->a.uv) > 8000); /* it may be resumed */
}

/* A host that saw the backlog waits for drained, even if the network takes all at once. */
static void whoever_saw_a_backlog_is_told_that_it_drained(void **state)
{
    struct scene *scene = *state;
    bring_up(scene);
    while (dna_uv_stream_backlog(scene->a.stream) <= DNA_LIMIT_BACKLOG_HIGH) {
        assert_int_equal(side_send(&scene->a, "b.example", "n", 8000), DNA_OK);
    }
    scene_until(scene, has_drained, &scene->a);
    scene_settle(scene);
    assert_int_equal(scene->a.drained, 1);
    close_from(scene, &scene->a);
}

/* Paused in the middle of what was read: the rest of the ciphertext is kept. */
static void pause_after_first(void *user, struct dna_uv_stream *stream,
                              const struct dna_stanza *it)
{
    struct side *side = user;
    (void)it;
    if (side->stanzas++ == 0) {
        dna_uv_stream_pause(stream);
    }
}

static void what_was_read_already_is_kept(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_stream *paused;
    unsigned seen;
    scene->b.handler.stanza = pause_after_first;
    bring_up(scene);
    paused = scene->b.stream;
    for (unsigned i = 0; i < 6; i++) { /* about six records, in one segment */
        assert_int_equal(side_send(&scene->a, "b.example", "n", 9000), DNA_OK);
    }
    wait_for(scene, &scene->b, 1);
    scene_settle(scene);
    assert_true(scene->b.stanzas < 6);
    seen = scene->b.stanzas;
    scene->a.proven = scene->a.accepted = false;
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    /* This one is read into the same space, all of it. */
    assert_int_equal(side_send(&scene->a, "b.example", "n", 100000), DNA_OK);
    wait_for(scene, &scene->b, seen + 1);
    dna_uv_stream_resume(paused);
    wait_for(scene, &scene->b, 7);
}

struct silence {
    struct dna_uv *uv;
    int64_t until;
};

static bool is_over(void *arg)
{
    const struct silence *it = arg;
    return dna_uv_now(it->uv).mono >= it->until;
}

/* libuv reads on within one callback while the kernel has more than fits the space. */
static void a_pause_takes_effect_within_the_callback(void **state)
{
    struct scene *scene = *state;
    scene->b.handler.stanza = pause_after_first;
    bring_up(scene);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(side_send(&scene->a, "b.example", "n", 9000), DNA_OK);
    }
    wait_for(scene, &scene->b, 1);
    scene_settle(scene);
    assert_true(scene->b.stanzas <= 3); /* what one record of 16 KiB held */
    dna_uv_stream_resume(scene->b.stream);
    wait_for(scene, &scene->b, 40);
    close_from(scene, &scene->a);
}

static void an_idle_stream_is_parked_and_goes_on(void **state)
{
    struct scene *scene = *state;
    struct silence silence = {.uv = scene->a.uv};
    bring_up(scene);
    silence.until = dna_uv_now(scene->a.uv).mono + DNA_LIMIT_PARK_MS + 100;
    scene_until(scene, is_over, &silence);
    assert_int_equal(side_send(&scene->a, "b.example", "later", 0), DNA_OK);
    wait_for(scene, &scene->b, 1);
    assert_string_equal(scene->b.last_id, "later");
    close_from(scene, &scene->b);
}

static bool are_gone(void *arg)
{
    const struct scene *scene = arg;
    return scene->a.freed;
}

static void note_freed(void *arg)
{
    ((struct side *)arg)->freed = true;
}

static void ask_ended(void *arg, const struct dna_ruling *ruling)
{
    assert_int_equal(ruling->verdict, DNA_TEMPFAIL);
    assert_int_equal(ruling->code, DNA_CODE_CANCELED);
    ++*(unsigned *)arg;
}

static void endpoints_ended(void *arg, const struct dna_uv_endpoint *endpoints, size_t n,
                            bool definite, const char *why)
{
    (void)endpoints;
    assert_int_equal(n, 0);
    assert_false(definite);
    assert_string_not_equal(why, "");
    ++*(unsigned *)arg;
}

/* With streams in every state, questions and look-ups open: each is told, once. */
static void a_driver_ends_with_everything_open(void **state)
{
    struct scene *scene = *state;
    struct dna_question question = {
        .domain = "c.example",
        .role = DNA_RECEIVING,
        .policy = dna_policy_default(),
    };
    struct dna_hearing *hearing;
    struct dna_uv_connect connect = {.size = sizeof connect, .own = "a.example",
                                     .peer = "b.example", .handler = &scene->a.handler,
                                     .user = &scene->a};
    struct dna_uv_stream *stream;
    unsigned asked = 0, looked_up = 0;
    bring_up(scene);
    (void)side_connect(&scene->a, "b.example");
    assert_int_equal(dna_uv_ask(scene->a.uv, &question, ask_ended, &asked, NULL), DNA_OK);
    assert_int_equal(dna_uv_ask(scene->a.uv, &question, ask_ended, &asked, &hearing), DNA_OK);
    dna_uv_unask(scene->a.uv, hearing);
    assert_int_equal(dna_uv_endpoints(scene->a.uv, "b.example", endpoints_ended, &looked_up),
                     DNA_OK);
    dna_uv_identity_free(scene->a.identity);
    scene->a.identity = NULL;
    dna_uv_free(scene->a.uv, note_freed, &scene->a);
    assert_int_equal(dna_uv_connect(scene->a.uv, &connect, &stream), DNA_ERR_STATE);
    assert_int_equal(scene->a.closed + asked + looked_up, 0);
    scene_until(scene, are_gone, scene);
    scene->a.uv = NULL;
    assert_int_equal(scene->a.closed, 2);
    assert_int_equal(asked, 1);
    assert_int_equal(looked_up, 1);
    scene_until(scene, side_has_closed, &scene->b);
}

static void end_everything(void *user, struct dna_uv_stream *stream,
                           const struct dna_stanza *it)
{
    struct side *side = user;
    (void)it;
    side->stanzas++;
    dna_uv_identity_free(side->identity);
    side->identity = NULL;
    dna_uv_free(side->uv, note_freed, side);
    assert_int_equal(side->closed, 0);
    dna_uv_stream_pause(stream); /* the stream is still there */
    dna_uv_stream_resume(stream);
}

static bool b_is_gone(void *arg)
{
    return ((struct scene *)arg)->b.freed;
}

static void a_driver_may_be_ended_from_a_handler(void **state)
{
    struct scene *scene = *state;
    scene->b.handler.stanza = end_everything;
    bring_up(scene);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(side_send(&scene->a, "b.example", "n", 0), DNA_OK);
    }
    scene_until(scene, b_is_gone, scene);
    scene->b.uv = NULL;
    assert_int_equal(scene->b.closed, 1);
    scene_until(scene, side_has_closed, &scene->a);
}

static void a_closing_stream_takes_nothing_more(void **state)
{
    struct scene *scene = *state;
    bring_up(scene);
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    assert_int_equal(side_send(&scene->a, "b.example", "late", 0), DNA_ERR_STATE);
    assert_int_equal(dna_uv_stream_ask(scene->a.stream, "a.example", "c.example"),
                     DNA_ERR_STATE);
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
    assert_int_equal(scene->b.stanzas, 0);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(stanzas_go_both_ways),
        scene_test(the_trace_is_in_clear_both_ways),
        scene_test(a_handler_may_answer_and_close_on_the_spot),
        scene_test(an_unknown_certificate_proves_nothing),
        scene_test(without_a_certificate_there_is_no_tls),
        scene_test(a_paused_stream_is_not_read),
        scene_test(what_is_buffered_is_counted),
        scene_test(whoever_saw_a_backlog_is_told_that_it_drained),
        scene_test(what_was_read_already_is_kept),
        scene_test(a_pause_takes_effect_within_the_callback),
        scene_test(an_idle_stream_is_parked_and_goes_on),
        scene_test(a_driver_ends_with_everything_open),
        scene_test(a_driver_may_be_ended_from_a_handler),
        scene_test(a_closing_stream_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
