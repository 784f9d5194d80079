/* Direct TLS, and the next endpoint after one that is no good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <edge/connection.h>
#include <scene.h>

#define STARTTLS "_xmpp-server"
#define DIRECT "_xmpps-server"

static uint16_t port_of(const struct side *side)
{
    return dna_uv_listener_port(side->listener);
}

/* Another server of b's provider, in b's driver, with a listener of its own. */
static struct side another(struct scene *scene, bool trusted)
{
    struct side side = {.scene = scene, .domain = "b.example", .uv = scene->b.uv,
                        .handler = scene->b.handler};
    side.identity = scene_identity(scene, side.uv, "b.example", trusted);
    return side;
}

static void forget(struct side *side)
{
    dna_uv_identity_free(side->identity);
}

static bool ends_at(const struct side *side, uint16_t port)
{
    char end[10];
    const char *remote = dna_uv_stream_remote(side->stream);
    (void)snprintf(end, sizeof end, "@%u", (unsigned)port);
    return strcmp(strchr(remote, '@'), end) == 0;
}

/* --- direct TLS ---------------------------------------------------------------------- */

static void the_domain_is_asked_for_and_nothing_said_in_clear(void **state)
{
    struct scene *scene = *state;
    struct side direct = another(scene, true);
    side_listen_direct(&direct);
    name_server_srv(scene->names, DIRECT, "b.example", 0, port_of(&direct), "xmpp.b.example");
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &direct);
    assert_true(ends_at(&scene->a, port_of(&direct)));
    assert_string_equal(direct.asked_for, "b.example");
    assert_string_equal(scene->a.asked_for, "a.example");
    assert_null(strstr(scene->a.trace_in, "starttls"));
    assert_null(strstr(scene->a.trace_out, "starttls"));
    /* One header each: none was written before TLS. */
    assert_null(strstr(strstr(scene->a.trace_out, "<stream:stream") + 1, "<stream:stream"));
    assert_int_equal(scene->b.admitted, 0);
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &direct);
    scene_until(scene, side_has_closed, &scene->a);
    forget(&direct);
}

static void a_static_route_may_be_one_of_direct_tls(void **state)
{
    struct scene *scene = *state;
    struct side direct = another(scene, true);
    struct dna_uv_connect options = {.size = sizeof options,
                                     .own = "a.example",
                                     .peer = "b.example",
                                     .address = "127.0.0.1",
                                     .handler = &scene->a.handler,
                                     .user = &scene->a,
                                     .direct_tls = true};
    struct dna_uv_stream *stream;
    side_listen_direct(&direct);
    options.port = port_of(&direct);
    assert_int_equal(dna_uv_connect(scene->a.uv, &options, &stream), DNA_OK);
    scene_until(scene, side_is_up, &scene->a);
    assert_string_equal(direct.asked_for, "b.example");
    options.address = NULL;
    assert_int_equal(dna_uv_connect(scene->a.uv, &options, &stream), DNA_ERR_ARGUMENT);
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &direct);
    forget(&direct);
}

static void no_certificate_no_direct_tls(void **state)
{
    struct scene *scene = *state;
    struct side direct = another(scene, true);
    side_listen_direct(&direct);
    forget(&direct);
    direct.identity = NULL; /* the host presents nothing for that name */
    name_server_srv(scene->names, DIRECT, "only.example", 0, port_of(&direct),
                    "xmpp.b.example");
    (void)side_connect(&scene->a, "only.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(direct.asked_for, "only.example");
    assert_string_not_equal(scene->a.why, "");
    assert_false(scene->a.proven);
    scene_until(scene, side_has_closed, &direct);
}

static void links_have_none(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_listen options = {.size = sizeof options, .address = "127.0.0.1",
                                    .handler = &scene->b.handler, .user = &scene->b,
                                    .direct_tls = true};
    struct dna_uv_listener *listener;
    const char *why;
    assert_int_equal(dna_session_link(dna_uv_session(scene->b.uv),
                                      dna_span_of("0123456789abcdef"), &options.link),
                     DNA_OK);
    assert_int_equal(dna_uv_listen(scene->b.uv, &options, &listener, &why), DNA_ERR_ARGUMENT);
    assert_string_not_equal(why, "");
}

static void closed_while_tls_shakes_hands(void **state)
{
    struct scene *scene = *state;
    struct side direct = another(scene, true);
    side_listen_direct(&direct);
    name_server_srv(scene->names, DIRECT, "b.example", 0, port_of(&direct), "xmpp.b.example");
    (void)side_connect(&scene->a, "b.example");
    while (scene->a.stream == NULL) {
        (void)uv_run(&scene->loop, UV_RUN_ONCE);
    }
    dna_uv_stream_close(scene->a.stream, NULL, "not needed any more");
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->a.why, "not needed any more");
    assert_int_equal(scene->a.opened, 1); /* the host's word is the last: no other is tried */
    scene_settle(scene);
    assert_int_equal(scene->b.admitted, 0);
    forget(&direct);
}

/* --- the next endpoint --------------------------------------------------------------- */

/* b's ordinary record has priority 1. */
static void first_target(struct scene *scene, const char *service, uint16_t port)
{
    name_server_srv(scene->names, service, "b.example", 0, port, "xmpp.b.example");
}

static void expect_up_at_the_second(struct scene *scene)
{
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    assert_true(ends_at(&scene->a, port_of(&scene->b)));
    assert_int_equal(scene->a.opened, 2);
    assert_int_equal(scene->a.closed, 0);
    assert_int_equal(scene->a.refusals, 0);
    assert_int_equal(side_send(&scene->a, "b.example", "id1", 10), DNA_OK);
}

static void where_tls_fails_the_next_is_tried(void **state)
{
    struct scene *scene = *state;
    struct side clear = another(scene, true);
    side_listen(&clear, "127.0.0.1", 0, 0); /* has STARTTLS, whatever its record says */
    first_target(scene, DIRECT, port_of(&clear));
    expect_up_at_the_second(scene);
    scene_until(scene, side_has_closed, &clear);
    forget(&clear);
}

static void where_the_certificate_proves_nothing_the_next_is_tried(void **state)
{
    struct scene *scene = *state;
    struct side stranger = another(scene, false);
    side_listen(&stranger, "127.0.0.1", 0, 0);
    first_target(scene, STARTTLS, port_of(&stranger));
    expect_up_at_the_second(scene);
    scene_until(scene, side_has_closed, &stranger);
    assert_string_equal(stranger.condition, "not-authorized");
    forget(&stranger);
}

static void the_ruling_is_told_once_when_nothing_is_left(void **state)
{
    struct scene *scene = *state;
    struct side one = another(scene, false), two = another(scene, false);
    side_listen(&one, "127.0.0.1", 0, 0);
    side_listen_direct(&two);
    dna_uv_listener_free(scene->b.listener); /* nobody listens at the last one */
    first_target(scene, STARTTLS, port_of(&one));
    first_target(scene, DIRECT, port_of(&two));
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    print_message("%s: %s\n", scene->a.condition, scene->a.why);
    assert_string_equal(scene->a.condition, "not-authorized");
    assert_int_equal(scene->a.opened, 2);
    assert_int_equal(scene->a.closed, 1);
    assert_int_equal(scene->a.refusals, 1);
    scene_until(scene, side_has_closed, &one);
    scene_until(scene, side_has_closed, &two);
    forget(&one);
    forget(&two);
}

static void the_policy_is_the_same_everywhere(void **state)
{
    struct scene *scene = *state;
    struct side first = another(scene, true);
    struct dna_policy policy = dna_policy_default();
    policy.level = DNA_LEVEL_REFUSE;
    assert_int_equal(dna_session_policy(dna_uv_session(scene->a.uv), "b.example", &policy),
                     DNA_OK);
    side_listen(&first, "127.0.0.1", 0, 0);
    first_target(scene, STARTTLS, port_of(&first));
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_int_equal(scene->a.opened, 1);
    assert_int_equal(scene->a.refusals, 1);
    assert_int_equal(scene->b.admitted, 0);
    scene_until(scene, side_has_closed, &first);
    forget(&first);
}

static void what_the_peer_says_is_final(void **state)
{
    struct scene *scene = *state;
    struct side second = another(scene, true);
    side_listen(&second, "127.0.0.1", 0, 0);
    name_server_srv(scene->names, STARTTLS, "other.example", 1, port_of(&scene->b),
                    "xmpp.b.example");
    name_server_srv(scene->names, STARTTLS, "other.example", 2, port_of(&second),
                    "xmpp.b.example");
    (void)side_connect(&scene->a, "other.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->a.condition, "host-unknown");
    assert_int_equal(scene->a.opened, 1);
    assert_int_equal(second.admitted, 0);
    dna_uv_listener_free(second.listener);
    forget(&second);
}

static void a_closed_connection_is_no_refusal(void **state)
{
    struct scene *scene = *state;
    struct side rude = another(scene, true);
    rude.refuse = 1; /* accepts and closes */
    side_listen(&rude, "127.0.0.1", 0, 0);
    first_target(scene, STARTTLS, port_of(&rude));
    expect_up_at_the_second(scene);
    assert_int_equal(rude.opened, 0);
    forget(&rude);
}

static void an_end_while_the_next_is_sought(void **state)
{
    struct scene *scene = *state;
    struct side rude = another(scene, true);
    rude.refuse = 1;
    side_listen(&rude, "127.0.0.1", 0, 0);
    first_target(scene, STARTTLS, port_of(&rude));
    (void)side_connect(&scene->a, "b.example");
    while (rude.admitted == 0 || scene->a.opened == 0) {
        (void)uv_run(&scene->loop, UV_RUN_ONCE);
    }
    side_free(&scene->a);
    assert_int_equal(scene->a.closed, 1);
    forget(&rude);
}

static void rulings_about_the_domain_are_final(void **state)
{
    static const struct {
        enum dna_code code;
        bool may_differ;
    } rows[] = {
        {DNA_CODE_NO_CERTIFICATE, true}, {DNA_CODE_WEAK_KEY, true},
        {DNA_CODE_UNTRUSTED, true},      {DNA_CODE_NOT_VALID_NOW, true},
        {DNA_CODE_NAME_MISMATCH, true},  {DNA_CODE_NO_MATCH, true},
        {DNA_CODE_DNS_BOGUS, true},      {DNA_CODE_DNS_FAILED, true},
        {DNA_CODE_WRONG_DELEGATE, true}, {DNA_CODE_NOT_BOUND, true},
        {DNA_CODE_POLICY, false},        {DNA_CODE_PEER_IMPOSSIBLE, false},
        {DNA_CODE_FETCH_REFUSED, false}, {DNA_CODE_INTERNAL, false},
        {DNA_CODE_CANCELED, false},      {DNA_CODE_OK, false},
    };
    (void)state;
    assert_false(dna_edge_quest_may_differ(NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_ruling ruling = {.verdict = DNA_FAIL, .code = rows[i].code};
        assert_int_equal(dna_edge_quest_may_differ(&ruling), rows[i].may_differ);
        ruling.veto = true;
        assert_false(dna_edge_quest_may_differ(&ruling));
    }
}

/* --- addresses ----------------------------------------------------------------------- */

static bool listen_v6(struct side *side)
{
    struct dna_uv_listen options = {.size = sizeof options, .address = "::1",
                                    .handler = &side->handler, .user = side};
    const char *why;
    options.port = port_of(&side->scene->b);
    return dna_uv_listen(side->uv, &options, &side->listener, &why) == DNA_OK;
}

/* The same port at ::1 and 127.0.0.1; only one of them is allowed. */
static void each_address_passes_the_guard(struct scene *scene, const char *allow,
                                          const char *at)
{
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "a.example"};
    struct side v6 = another(scene, true);
    if (!listen_v6(&v6)) {
        forget(&v6);
        skip();
    }
    side_free(&scene->a);
    scene->a.freed = false;
    scene->a.uv = scene_driver(scene, &scene->loop, allow, NULL);
    scene->a.identity = scene_identity(scene, scene->a.uv, "a.example", true);
    assert_int_equal(dna_session_host(dna_uv_session(scene->a.uv), &hosted), DNA_OK);
    name_server_aaaa(scene->names, "xmpp.b.example", "::1");
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    assert_ptr_equal(strstr(dna_uv_stream_remote(scene->a.stream), at),
                     dna_uv_stream_remote(scene->a.stream));
    assert_int_equal(scene->b.admitted + v6.admitted, 1);
    side_free(&scene->a);
    scene_settle(scene);
    if (v6.admitted != 0) {
        scene_until(scene, side_has_closed, &v6);
    }
    forget(&v6);
}

static void ipv6_is_guarded(void **state)
{
    each_address_passes_the_guard(*state, "127.0.0.0/8", "127.0.0.1@");
}

static void ipv6_is_dialled(void **state)
{
    each_address_passes_the_guard(*state, "::1/128", "::1@");
}

/* --- TLSA records that are not known (RFC 7673 3.3) ----------------------------------- */

static void pin(struct scene *scene, bool secure, char *name, size_t size)
{
    (void)snprintf(name, size, "_%u._tcp.xmpp.b.example", (unsigned)port_of(&scene->b));
    if (secure) {
        name_server_secure(scene->names, STARTTLS "._tcp.b.example");
        name_server_secure(scene->names, DIRECT "._tcp.b.example");
        name_server_secure(scene->names, "xmpp.b.example");
    }
}

static void what_may_be_pinned_is_not_connected_to(void **state)
{
    struct scene *scene = *state;
    char name[100];
    pin(scene, true, name, sizeof name);
    name_server_fails(scene->names, name);
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    print_message("%s\n", scene->a.why);
    assert_string_equal(scene->a.condition, "remote-server-timeout");
    assert_non_null(strstr(scene->a.why, "TLSA"));
    scene_settle(scene);
    assert_int_equal(scene->b.admitted, 0);
}

static void securely_without_pins_it_is(void **state)
{
    struct scene *scene = *state;
    char name[100];
    pin(scene, true, name, sizeof name);
    name_server_secure(scene->names, name);
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    assert_int_not_equal(name_server_asked(scene->names, name), 0);
}

static void what_is_insecure_is_not_asked_for_pins(void **state)
{
    struct scene *scene = *state;
    char name[100];
    pin(scene, false, name, sizeof name);
    name_server_fails(scene->names, name);
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    assert_int_equal(name_server_asked(scene->names, name), 0);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(the_domain_is_asked_for_and_nothing_said_in_clear),
        scene_test(a_static_route_may_be_one_of_direct_tls),
        scene_test(no_certificate_no_direct_tls),
        scene_test(links_have_none),
        scene_test(closed_while_tls_shakes_hands),
        scene_test(where_tls_fails_the_next_is_tried),
        scene_test(where_the_certificate_proves_nothing_the_next_is_tried),
        scene_test(the_ruling_is_told_once_when_nothing_is_left),
        scene_test(the_policy_is_the_same_everywhere),
        scene_test(what_the_peer_says_is_final),
        scene_test(a_closed_connection_is_no_refusal),
        scene_test(an_end_while_the_next_is_sought),
        cmocka_unit_test(rulings_about_the_domain_are_final),
        scene_test(ipv6_is_guarded),
        scene_test(ipv6_is_dialled),
        scene_test(what_may_be_pinned_is_not_connected_to),
        scene_test(securely_without_pins_it_is),
        scene_test(what_is_insecure_is_not_asked_for_pins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
