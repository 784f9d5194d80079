/* see-other-host: whose word is followed, where to, how often, and what has to be proven there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <edge/elsewhere.h>
#include <scene.h>

/* --- what is said --------------------------------------------------------------------- */

static void places_are_read(void **state)
{
    static const struct {
        const char *text;
        bool fine;
        const char *address, *host; /* one of them */
        uint16_t port;
    } cases[] = {
        {"other.example", true, NULL, "other.example", 5269},
        {"other.example:1234", true, NULL, "other.example", 1234},
        {"OTHER.example:65535", true, NULL, "other.example", 65535},
        {"192.0.2.7", true, "192.0.2.7", NULL, 5269},
        {"192.0.2.7:80", true, "192.0.2.7", NULL, 80},
        {"[2001:db8::1]", true, "2001:db8::1", NULL, 5269},
        {"[2001:db8::1]:9222", true, "2001:db8::1", NULL, 9222},
        {"", false, NULL, NULL, 0},
        {":5269", false, NULL, NULL, 0},
        {"other.example:", false, NULL, NULL, 0},
        {"other.example:0", false, NULL, NULL, 0},
        {"other.example:65536", false, NULL, NULL, 0},
        {"other.example:99999999999999", false, NULL, NULL, 0},
        {"other.example:12x", false, NULL, NULL, 0},
        {"other.example:+12", false, NULL, NULL, 0},
        {"2001:db8::1", false, NULL, NULL, 0},
        {"[2001:db8::1", false, NULL, NULL, 0},
        {"[2001:db8::1]x", false, NULL, NULL, 0},
        {"[192.0.2.7]", false, NULL, NULL, 0},
        {"[]", false, NULL, NULL, 0},
        {"[", false, NULL, NULL, 0},
        {"user@other.example", false, NULL, NULL, 0},
        {"https://other.example/", false, NULL, NULL, 0},
        {"other example", false, NULL, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_edge_elsewhere got;
        char text[DNA_ADDRESS_TEXT] = "";
        print_message("%s\n", cases[i].text);
        assert_int_equal(dna_edge_elsewhere_parse(dna_span_of(cases[i].text), &got),
                         cases[i].fine);
        if (!cases[i].fine) {
            continue;
        }
        assert_int_equal(got.is_address, cases[i].address != NULL);
        assert_int_equal(got.place.port, cases[i].port);
        if (got.is_address) {
            dna_address_text(&got.address, text);
            assert_string_equal(text, cases[i].address);
        } else {
            assert_string_equal(got.place.host.text, cases[i].host);
        }
    }
}

/* --- who may say it --------------------------------------------------------------------- */

static bool moved; /* as the last stream of a that closed had it */
static void (*then)(void *user, struct dna_uv_stream *stream, const char *condition,
                    const char *why);

static void note_moved(void *user, struct dna_uv_stream *stream, const char *condition,
                       const char *why)
{
    moved = dna_uv_stream_moved(stream);
    then(user, stream, condition, why);
}

static bool side_is_proven(void *side)
{
    return ((struct side *)side)->proven;
}

static bool side_has_opened(void *side)
{
    return ((struct side *)side)->opened != 0;
}

static int begin(void **state)
{
    struct scene *scene;
    int err = scene_begin(state);
    scene = *state;
    then = scene->a.handler.closed;
    scene->a.handler.closed = note_moved;
    moved = false;
    return err;
}

/* Another port of b's, at which it serves the same. */
static uint16_t second_port(struct scene *scene)
{
    side_listen(&scene->b, "127.0.0.1", 0, 0);
    return dna_uv_listener_port(scene->b.listener);
}

static void bring_up(struct scene *scene)
{
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &scene->b);
}

static bool a_leads_to(const struct scene *scene, uint16_t port)
{
    char at[40];
    (void)snprintf(at, sizeof at, "127.0.0.1@%u", (unsigned)port);
    return strcmp(dna_uv_stream_remote(scene->a.stream), at) == 0;
}

/* b ends the stream with a word of that place. */
static void send_elsewhere(struct scene *scene, const char *host, uint16_t port)
{
    char place[100];
    (void)snprintf(place, sizeof place, "%s:%u", host, (unsigned)port);
    scene->a.closed = scene->b.closed = 0;
    dna_uv_stream_close(scene->b.stream, "see-other-host", place);
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
    assert_string_equal(scene->a.condition, "see-other-host");
    assert_string_equal(scene->a.why, place);
}

static void a_proven_peer_is_followed_once(void **state)
{
    struct scene *scene = *state;
    uint16_t first = dna_uv_listener_port(scene->b.listener), second = second_port(scene);
    static const char *const hosts[] = {"127.0.0.1", "elsewhere.example"};
    name_server_a(scene->names, "elsewhere.example", "127.0.0.1");
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        bring_up(scene);
        assert_true(a_leads_to(scene, first));
        send_elsewhere(scene, hosts[i], second);
        assert_true(moved);
        bring_up(scene); /* for the same domain, proven as before */
        assert_true(a_leads_to(scene, second));
        scene->a.closed = scene->b.closed = 0;
        dna_uv_stream_close(scene->a.stream, NULL, NULL);
        scene_until(scene, side_has_closed, &scene->a);
        scene_until(scene, side_has_closed, &scene->b);
        assert_false(moved);
    }
}

/* What was proven before TLS is nothing. */
static void close_at_once(void *user, struct dna_uv_stream *stream)
{
    struct side *side = user;
    char place[100];
    side->opened++;
    side->stream = stream;
    (void)snprintf(place, sizeof place, "127.0.0.1:%u",
                   (unsigned)dna_uv_listener_port(side->listener));
    dna_uv_stream_close(stream, "see-other-host", place);
}

static void nobody_else_is(void **state)
{
    struct scene *scene = *state;
    (void)second_port(scene);
    scene->b.handler.opened = close_at_once;
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->a.condition, "see-other-host");
    assert_false(moved);
    scene_until(scene, side_has_closed, &scene->b);
}

/* It was not the policy's proof that let it in. */
static void nor_is_who_is_merely_dialled_back(void **state)
{
    struct scene *scene = *state;
    uint16_t second = second_port(scene);
    struct dna_policy policy = dna_policy_default();
    policy.level = DNA_LEVEL_DIALBACK;
    assert_int_equal(dna_session_policy(dna_uv_session(scene->a.uv), "*", &policy), DNA_OK);
    dna_uv_identity_free(scene->b.identity);
    scene->b.identity = scene_identity(scene, scene->b.uv, "b.example", false);
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_proven, &scene->b);
    assert_false(scene->a.proven);
    send_elsewhere(scene, "127.0.0.1", second);
    assert_false(moved);
}

static void twice_in_a_row_at_most(void **state)
{
    struct scene *scene = *state;
    uint16_t second = second_port(scene);
    for (unsigned i = 0; i < 3; i++) {
        bring_up(scene);
        send_elsewhere(scene, "127.0.0.1", second);
        assert_int_equal(moved, i < 2);
    }
    bring_up(scene); /* by its records, and it may say so again */
    assert_false(a_leads_to(scene, second));
    send_elsewhere(scene, "127.0.0.1", second);
    assert_true(moved);
}

static void only_for_its_own_domain(void **state)
{
    struct scene *scene = *state;
    uint16_t first = dna_uv_listener_port(scene->b.listener), second = second_port(scene);
    struct dna_hosted other = {.size = sizeof other, .domain = "c.example"};
    assert_int_equal(dna_session_host(dna_uv_session(scene->b.uv), &other), DNA_OK);
    name_server_srv(scene->names, "_xmpp-server", "c.example", 1, first, "xmpp.b.example");
    bring_up(scene);
    send_elsewhere(scene, "127.0.0.1", second);
    assert_true(moved);
    scene->a.opened = 0;
    (void)side_connect(&scene->a, "c.example");
    scene_until(scene, side_has_opened, &scene->a);
    assert_true(a_leads_to(scene, first));
    scene->a.closed = 0;
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &scene->a);
}

/* Where the host has it led stands, whoever says what: the next stream would lead there again. */
static void nobody_is_led_away_from_an_address(void **state)
{
    struct scene *scene = *state;
    uint16_t first = dna_uv_listener_port(scene->b.listener), second = second_port(scene);
    const struct dna_uv_connect options = {.size = sizeof options,
                                           .own = scene->a.domain,
                                           .peer = "b.example",
                                           .address = "127.0.0.1",
                                           .port = first,
                                           .handler = &scene->a.handler,
                                           .user = &scene->a};
    assert_int_equal(dna_uv_connect(scene->a.uv, &options, &scene->a.stream), DNA_OK);
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &scene->b);
    send_elsewhere(scene, "127.0.0.1", second);
    assert_false(moved);
    bring_up(scene);
    assert_true(a_leads_to(scene, first));
    scene->a.closed = scene->b.closed = 0;
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
}

/* A forged word, or a changed mind, gains nothing without the certificate. */
static void there_the_same_is_to_be_proven(void **state)
{
    struct scene *scene = *state;
    uint16_t second = second_port(scene);
    bring_up(scene);
    send_elsewhere(scene, "evil.example", second);
    assert_true(moved);
    name_server_a(scene->names, "evil.example", "127.0.0.1");
    dna_uv_identity_free(scene->b.identity);
    scene->b.identity = scene_identity(scene, scene->b.uv, "evil.example", true);
    scene->a.closed = scene->b.closed = scene->a.opened = 0;
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_int_equal(scene->a.opened, 1);
    assert_false(moved);
    assert_false(scene->a.proven);
    assert_string_not_equal(scene->a.condition, "see-other-host");
    scene_until(scene, side_has_closed, &scene->b);
}

static void nobody_is_led_to_our_own_listeners(void **state)
{
    struct scene *scene = *state;
    static const struct {
        const char *host;
        bool own; /* the port of our own listener; else a port that nobody has */
    } cases[] = {{"127.0.0.1", true}, {"trap.example", true}, {"10.0.0.1", false},
                 {"[::1]", true}};
    uint16_t ours = dna_uv_listener_port(scene->a.listener);
    name_server_a(scene->names, "trap.example", "127.0.0.1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned admitted;
        bring_up(scene);
        send_elsewhere(scene, cases[i].host, cases[i].own ? ours : 5269);
        assert_true(moved);
        admitted = scene->a.admitted;
        scene->a.closed = scene->a.opened = 0;
        (void)side_connect(&scene->a, "b.example");
        scene_until(scene, side_has_closed, &scene->a);
        assert_string_equal(scene->a.condition, "remote-connection-failed");
        assert_int_equal(scene->a.opened, 0);
        assert_int_equal(scene->a.admitted, admitted);
    }
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_read),
        scene_test(a_proven_peer_is_followed_once),
        scene_test(nobody_else_is),
        scene_test(nor_is_who_is_merely_dialled_back),
        scene_test(twice_in_a_row_at_most),
        scene_test(only_for_its_own_domain),
        scene_test(nobody_is_led_away_from_an_address),
        scene_test(there_the_same_is_to_be_proven),
        scene_test(nobody_is_led_to_our_own_listeners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
