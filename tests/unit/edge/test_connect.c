/* Where a stream is connected to: the answers of the DNS, the guard, and what is never tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <scene.h>

#define STARTTLS "_xmpp-server"
#define DIRECT "_xmpps-server"

static uint16_t port_of_b(const struct scene *scene)
{
    return dna_uv_listener_port(scene->b.listener);
}

/* A port of 127.0.0.1 at which nobody listens. */
static uint16_t dead_port(struct scene *scene)
{
    struct dna_uv_listen options = {.size = sizeof options, .address = "127.0.0.1",
                                    .handler = &scene->b.handler, .user = &scene->b};
    struct dna_uv_listener *listener;
    const char *why;
    uint16_t port;
    assert_int_equal(dna_uv_listen(scene->b.uv, &options, &listener, &why), DNA_OK);
    port = dna_uv_listener_port(listener);
    dna_uv_listener_free(listener);
    return port;
}

static void expect_failure(struct scene *scene, const char *peer, const char *condition)
{
    (void)side_connect(&scene->a, peer);
    scene_until(scene, side_has_closed, &scene->a);
    print_message("%s: %s\n", scene->a.condition, scene->a.why);
    assert_string_equal(scene->a.condition, condition);
    assert_string_not_equal(scene->a.why, "");
    assert_int_equal(scene->a.opened, 0);
    scene_settle(scene);
    assert_int_equal(scene->b.admitted, 0);
}

/* b's listener on the port that the domain's own address would be tried at. */
static void listen_at_5269(struct scene *scene, const char *address)
{
    dna_uv_listener_free(scene->b.listener);
    side_listen(&scene->b, address, 5269, 0);
}

static void without_srv_the_domain_itself_is_tried(void **state)
{
    struct scene *scene = *state;
    listen_at_5269(scene, "127.0.0.77");
    name_server_a(scene->names, "plain.example", "127.0.0.77");
    (void)side_connect(&scene->a, "plain.example");
    scene_until(scene, side_has_closed, &scene->a); /* b does not host that name */
    assert_int_equal(scene->a.opened, 1);
    assert_int_equal(scene->b.admitted, 1);
}

static void what_does_not_exist_is_not_found(void **state)
{
    expect_failure(*state, "nothing.example", "remote-server-not-found");
}

static void a_dot_says_no_and_the_address_is_not_tried(void **state)
{
    struct scene *scene = *state;
    listen_at_5269(scene, "127.0.0.77");
    name_server_srv(scene->names, STARTTLS, "dot.example", 0, 0, ".");
    name_server_a(scene->names, "dot.example", "127.0.0.77");
    expect_failure(scene, "dot.example", "remote-server-not-found");
    assert_int_equal(name_server_asked(scene->names, "dot.example"), 0);
}

static void a_failed_srv_answer_is_no_reason_to_try_the_address(void **state)
{
    struct scene *scene = *state;
    listen_at_5269(scene, "127.0.0.77");
    name_server_fails(scene->names, STARTTLS "._tcp.lost.example");
    name_server_a(scene->names, "lost.example", "127.0.0.77");
    expect_failure(scene, "lost.example", "remote-server-timeout");
    assert_int_equal(name_server_asked(scene->names, "lost.example"), 0);
}

static void a_failed_direct_tls_answer_is_none_either(void **state)
{
    struct scene *scene = *state;
    listen_at_5269(scene, "127.0.0.77");
    name_server_fails(scene->names, DIRECT "._tcp.lost.example");
    name_server_a(scene->names, "lost.example", "127.0.0.77");
    expect_failure(scene, "lost.example", "remote-server-timeout");
}

static void records_that_cannot_be_reached_are_no_reason(void **state)
{
    struct scene *scene = *state;
    listen_at_5269(scene, "127.0.0.77");
    name_server_srv(scene->names, STARTTLS, "dead.example", 0, dead_port(scene),
                    "xmpp.b.example");
    name_server_a(scene->names, "dead.example", "127.0.0.77");
    expect_failure(scene, "dead.example", "remote-server-timeout");
    assert_int_equal(name_server_asked(scene->names, "dead.example"), 0);
}

static void direct_tls_alone_cannot_be_spoken_to(void **state)
{
    struct scene *scene = *state;
    listen_at_5269(scene, "127.0.0.77");
    name_server_srv(scene->names, DIRECT, "direct.example", 0, port_of_b(scene),
                    "xmpp.b.example");
    name_server_a(scene->names, "direct.example", "127.0.0.77");
    expect_failure(scene, "direct.example", "remote-server-timeout");
}

static void every_record_and_every_address_has_its_turn(void **state)
{
    struct scene *scene = *state;
    uint16_t dead = dead_port(scene);
    name_server_srv(scene->names, STARTTLS, "many.example", 1, dead, "xmpp.b.example");
    name_server_srv(scene->names, STARTTLS, "many.example", 2, dead, "no.address.example");
    name_server_srv(scene->names, STARTTLS, "many.example", 3, port_of_b(scene), "last.example");
    name_server_a(scene->names, "last.example", "127.0.0.99"); /* nobody is there */
    name_server_a(scene->names, "last.example", "127.0.0.1");
    (void)side_connect(&scene->a, "many.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_int_equal(scene->a.opened, 1);
    assert_int_equal(scene->b.admitted, 1);
}

static int tcp_at(const char *address, uint16_t port, bool listening)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    if (listening) {
        assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
        assert_int_equal(listen(fd, 0), 0);
    } else {
        (void)connect(fd, (struct sockaddr *)&at, sizeof at);
    }
    return fd;
}

/* A socket whose queue is full takes no notice of further connections. */
static void a_silent_address_does_not_keep_the_next_one_waiting(void **state)
{
    struct scene *scene = *state;
    int silent = tcp_at("127.0.0.50", port_of_b(scene), true), queue[4];
    for (size_t i = 0; i < 4; i++) {
        queue[i] = tcp_at("127.0.0.50", port_of_b(scene), false);
    }
    name_server_srv(scene->names, STARTTLS, "half.example", 1, port_of_b(scene),
                    "half-dead.example");
    name_server_a(scene->names, "half-dead.example", "127.0.0.50");
    name_server_a(scene->names, "half-dead.example", "127.0.0.1");
    (void)side_connect(&scene->a, "half.example");
    scene_until(scene, side_has_closed, &scene->a); /* b does not host that name */
    assert_int_equal(scene->a.opened, 1);
    assert_int_equal(scene->b.admitted, 1);
    for (size_t i = 0; i < 4; i++) {
        close(queue[i]);
    }
    close(silent);
}

/* --- the guard (S22) ----------------------------------------------------------------- */

static void take_allowance_away(struct scene *scene)
{
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "a.example"};
    dna_uv_identity_free(scene->a.identity);
    scene->a.identity = NULL;
    side_free(&scene->a);
    scene->a.freed = false;
    scene->a.uv = scene_driver(scene, &scene->loop, NULL, NULL);
    assert_int_equal(dna_session_host(dna_uv_session(scene->a.uv), &hosted), DNA_OK);
}

static void srv_does_not_lead_to_loopback(void **state)
{
    struct scene *scene = *state;
    take_allowance_away(scene);
    expect_failure(scene, "b.example", "remote-connection-failed");
}

static void the_domains_own_address_does_not_either(void **state)
{
    struct scene *scene = *state;
    take_allowance_away(scene);
    listen_at_5269(scene, "127.0.0.77");
    name_server_a(scene->names, "plain.example", "127.0.0.77");
    expect_failure(scene, "plain.example", "remote-connection-failed");
}

static void srv_does_not_lead_to_our_own_listener(void **state)
{
    struct scene *scene = *state;
    name_server_srv(scene->names, STARTTLS, "mirror.example", 0,
                    dna_uv_listener_port(scene->a.listener), "xmpp.a.example");
    expect_failure(scene, "mirror.example", "remote-connection-failed");
    assert_int_equal(scene->a.admitted, 0);
}

static void srv_does_not_lead_to_what_is_protected(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(dna_uv_protect(scene->a.uv, "127.0.0.1", port_of_b(scene)), DNA_OK);
    assert_int_equal(dna_uv_protect(scene->a.uv, "localhost", 1), DNA_ERR_FORMAT);
    expect_failure(scene, "b.example", "remote-connection-failed");
}

static enum dna_err route(struct side *side, const char *address, uint16_t port,
                          struct dna_link *link)
{
    struct dna_uv_connect options = {
        .size = sizeof options,
        .own = side->domain,
        .peer = "b.example",
        .link = link,
        .address = address,
        .port = port,
        .handler = &side->handler,
        .user = side,
    };
    struct dna_uv_stream *stream;
    return dna_uv_connect(side->uv, &options, &stream);
}

static void a_static_route_asks_no_name_server(void **state)
{
    struct scene *scene = *state;
    take_allowance_away(scene);
    scene->a.identity = scene_identity(scene, scene->a.uv, "a.example", true);
    assert_int_equal(route(&scene->a, "127.0.0.1", port_of_b(scene), NULL), DNA_OK);
    scene_until(scene, side_is_up, &scene->a);
    assert_int_equal(name_server_asked(scene->names, "xmpp.b.example"), 0);
}

static void a_static_route_does_not_lead_to_ourselves(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(route(&scene->a, "127.0.0.1", dna_uv_listener_port(scene->a.listener),
                           NULL),
                     DNA_OK);
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->a.condition, "remote-connection-failed");
    assert_int_equal(route(&scene->a, "not an address", 1, NULL), DNA_ERR_ARGUMENT);
}

static bool has_stream(void *side)
{
    return ((struct side *)side)->stream != NULL;
}

static bool two_have_closed(void *side)
{
    return ((struct side *)side)->closed == 2;
}

static void a_link_is_connected_to_without_the_guard(void **state)
{
    struct scene *scene = *state;
    struct dna_link *link;
    take_allowance_away(scene);
    assert_int_equal(dna_session_link(dna_uv_session(scene->a.uv),
                                      dna_span_of("0123456789abcdef"), &link),
                     DNA_OK);
    assert_int_equal(route(&scene->a, "127.0.0.1", port_of_b(scene), link), DNA_OK);
    assert_int_equal(route(&scene->a, NULL, 0, link), DNA_ERR_ARGUMENT);
    scene_until(scene, has_stream, &scene->a);
    scene_until(scene, has_stream, &scene->b);
    dna_uv_stream_close(scene->b.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &scene->b);
    scene_until(scene, side_has_closed, &scene->a);
    assert_int_equal(scene->b.admitted, 1);
}

/* The server behind a link believes the gateway: no stranger is passed on to it. */
static void srv_does_not_lead_to_a_links_server(void **state)
{
    struct scene *scene = *state;
    struct dna_link *link;
    assert_int_equal(dna_session_link(dna_uv_session(scene->a.uv),
                                      dna_span_of("0123456789abcdef"), &link),
                     DNA_OK);
    scene->b.refuse = 1;
    assert_int_equal(route(&scene->a, "127.0.0.1", port_of_b(scene), link), DNA_OK);
    assert_int_equal(route(&scene->a, "127.0.0.1", port_of_b(scene), link), DNA_OK);
    (void)side_connect(&scene->a, "b.example");
    scene_until(scene, has_stream, &scene->b); /* one of the link's; the other is refused */
    scene_until(scene, two_have_closed, &scene->a);
    assert_int_equal(scene->b.admitted, 2);
}

static bool note_peer(void *user, const struct sockaddr *peer, const struct sockaddr *own)
{
    struct side *side = user;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)peer;
    (void)own;
    assert_int_equal(peer->sa_family, AF_INET);
    (void)inet_ntop(AF_INET, &v4->sin_addr, side->why, sizeof side->why);
    side->admitted++;
    return false;
}

static void connections_come_from_the_source_that_was_set(void **state)
{
    struct scene *scene = *state;
    const char *servers[] = {name_server_at(scene->names)};
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &scene->loop,
        .session = {.size = sizeof options.session},
        .ca_file = scene->ca_file,
        .dns = DNA_UV_DNS_STUB,
        .dns_servers = servers,
        .n_dns_servers = 1,
        .source = "127.0.0.42",
    };
    const char *why;
    take_allowance_away(scene);
    side_free(&scene->a);
    assert_int_equal(dna_uv_new(&options, &scene->a.uv, &why), DNA_OK);
    scene->a.freed = false;
    scene->b.handler.admit = note_peer;
    assert_int_equal(route(&scene->a, "127.0.0.1", port_of_b(scene), NULL), DNA_OK);
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->b.why, "127.0.0.42");
}

/* A local server is to see a loopback address, where the source is a public one. */
static void a_link_is_not_connected_to_from_that_source(void **state)
{
    struct scene *scene = *state;
    struct dna_link *link;
    connections_come_from_the_source_that_was_set(state);
    scene->a.closed = 0;
    assert_int_equal(dna_session_link(dna_uv_session(scene->a.uv),
                                      dna_span_of("0123456789abcdef"), &link),
                     DNA_OK);
    assert_int_equal(route(&scene->a, "127.0.0.1", port_of_b(scene), link), DNA_OK);
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->b.why, "127.0.0.1");
}

static int stranger = -1;

/* The peer resets its connection, and the answer is about whoever bears its address next. */
static bool reset_and_admit(void *user, const struct sockaddr *peer,
                            const struct sockaddr *own)
{
    const struct linger at_once = {.l_onoff = 1};
    (void)peer;
    (void)own;
    assert_int_equal(setsockopt(stranger, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    assert_int_equal(close(stranger), 0);
    ((struct side *)user)->admitted++;
    return true;
}

static bool was_asked(void *side)
{
    return ((const struct side *)side)->admitted != 0;
}

static void a_connection_that_ended_while_it_was_judged_is_not_admitted(void **state)
{
    static const char hello[] = "<stream:stream xmlns='jabber:server' "
                                "xmlns:stream='http://etherx.jabber.org/streams' "
                                "to='b.example' from='a.example' version='1.0'>";
    struct scene *scene = *state;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port_of_b(scene)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    scene->b.handler.admit = reset_and_admit;
    stranger = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(stranger >= 0);
    assert_int_equal(connect(stranger, (const struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(stranger, hello, sizeof hello - 1, 0), (int)sizeof hello - 1);
    scene_until(scene, was_asked, &scene->b);
    scene_settle(scene);
    assert_int_equal(scene->b.opened, 0);
    assert_string_equal(scene->b.trace_in, "");
}

static void ipv6_is_spoken_where_the_machine_has_it(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_listen options = {.size = sizeof options, .address = "::1",
                                    .handler = &scene->b.handler, .user = &scene->b};
    struct dna_uv_listener *listener;
    const char *why;
    if (dna_uv_listen(scene->b.uv, &options, &listener, &why) != DNA_OK) {
        print_message("no IPv6 here: %s\n", why);
        skip();
    }
    assert_int_equal(route(&scene->a, "::1", dna_uv_listener_port(listener), NULL), DNA_OK);
    scene_until(scene, side_is_up, &scene->a);
    assert_non_null(strstr(dna_uv_stream_remote(scene->a.stream), "::1@"));
}

/* --- endpoints ----------------------------------------------------------------------- */

struct answer {
    bool done, definite;
    size_t n;
    char hosts[DNA_LIMIT_ENDPOINTS][100];
    uint16_t ports[DNA_LIMIT_ENDPOINTS];
    char addresses[DNA_LIMIT_ENDPOINTS][200]; /* in their order, each with a blank behind it */
};

static void answered(void *arg, const struct dna_uv_endpoint *endpoints, size_t n,
                     bool definite, const char *why)
{
    struct answer *answer = arg;
    assert_false(answer->done);
    answer->done = true;
    answer->definite = definite;
    answer->n = n;
    assert_int_equal(n == 0, why[0] != '\0');
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(answer->hosts[i], sizeof answer->hosts[i], "%s",
                       endpoints[i].host != NULL ? endpoints[i].host : "(none)");
        answer->ports[i] = endpoints[i].port;
        for (size_t k = 0; k < endpoints[i].n_addresses; k++) {
            strcat(answer->addresses[i], endpoints[i].addresses[k]);
            strcat(answer->addresses[i], " ");
        }
    }
}

static bool is_answered(void *arg)
{
    return ((struct answer *)arg)->done;
}

static struct answer endpoints_of(struct scene *scene, const char *domain)
{
    struct answer answer = {.done = false};
    assert_int_equal(dna_uv_endpoints(scene->a.uv, domain, answered, &answer), DNA_OK);
    assert_false(answer.done);
    scene_until(scene, is_answered, &answer);
    return answer;
}

static void endpoints_are_told_in_their_order(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    name_server_srv(scene->names, STARTTLS, "two.example", 7, 1007, "second.example");
    name_server_srv(scene->names, STARTTLS, "two.example", 5, 1005, "first.example");
    name_server_srv(scene->names, DIRECT, "two.example", 1, 1001, "direct.example");
    answer = endpoints_of(scene, "two.example");
    assert_int_equal(answer.n, 3);
    assert_string_equal(answer.hosts[0], "direct.example");
    assert_int_equal(answer.ports[0], 1001);
    assert_string_equal(answer.hosts[1], "first.example");
    assert_int_equal(answer.ports[1], 1005);
    assert_string_equal(answer.hosts[2], "second.example");
    answer = endpoints_of(scene, "plain.example");
    assert_int_equal(answer.n, 1);
    assert_string_equal(answer.hosts[0], "(none)");
    assert_int_equal(answer.ports[0], 5269);
}

/* What cannot be found out about one host is no matter for the others. */
static void endpoints_have_addresses(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    name_server_srv(scene->names, STARTTLS, "three.example", 1, 1001, "one.example");
    name_server_srv(scene->names, STARTTLS, "three.example", 2, 1002, "lost.example");
    name_server_srv(scene->names, STARTTLS, "three.example", 3, 1003, "many.example");
    name_server_srv(scene->names, STARTTLS, "three.example", 4, 1004, "none.example");
    name_server_a(scene->names, "one.example", "192.0.2.7");
    name_server_fails(scene->names, "lost.example");
    name_server_a(scene->names, "many.example", "192.0.2.8");
    name_server_a(scene->names, "many.example", "192.0.2.9");
    name_server_a(scene->names, "plain.example", "192.0.2.10");
    answer = endpoints_of(scene, "three.example");
    assert_int_equal(answer.n, 4);
    assert_string_equal(answer.addresses[0], "192.0.2.7@1001 ");
    assert_string_equal(answer.addresses[1], "");
    assert_non_null(strstr(answer.addresses[2], "192.0.2.8@1003 "));
    assert_non_null(strstr(answer.addresses[2], "192.0.2.9@1003 "));
    assert_string_equal(answer.addresses[3], "");
    answer = endpoints_of(scene, "plain.example");
    assert_string_equal(answer.addresses[0], "192.0.2.10@5269 ");
}

/* Who keeps silent about one host does not keep the others waiting for ever. */
static void endpoints_in_the_dark(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    name_server_srv(scene->names, STARTTLS, "two.example", 1, 1001, "one.example");
    name_server_srv(scene->names, STARTTLS, "two.example", 2, 1002, "dark.example");
    name_server_a(scene->names, "one.example", "192.0.2.7");
    name_server_silent(scene->names, "dark.example");
    answer = endpoints_of(scene, "two.example");
    assert_string_equal(answer.addresses[0], "192.0.2.7@1001 ");
    assert_string_equal(answer.addresses[1], "");
}

static void no_endpoints_are_definite_or_not(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    name_server_srv(scene->names, STARTTLS, "dot.example", 0, 0, ".");
    name_server_fails(scene->names, STARTTLS "._tcp.lost.example");
    answer = endpoints_of(scene, "dot.example");
    assert_int_equal(answer.n, 0);
    assert_true(answer.definite);
    answer = endpoints_of(scene, "lost.example");
    assert_int_equal(answer.n, 0);
    assert_false(answer.definite);
}

static void a_stream_that_is_closed_while_it_is_being_connected(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_stream *stream = side_connect(&scene->a, "b.example");
    dna_uv_stream_pause(stream);
    assert_int_equal(dna_uv_stream_backlog(stream), 0);
    dna_uv_stream_resume(stream);
    dna_uv_stream_close(stream, NULL, "not needed any more");
    assert_int_equal(scene->a.closed, 0);
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->a.why, "not needed any more");
    assert_int_equal(scene->a.opened, 0);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(without_srv_the_domain_itself_is_tried),
        scene_test(what_does_not_exist_is_not_found),
        scene_test(a_dot_says_no_and_the_address_is_not_tried),
        scene_test(a_failed_srv_answer_is_no_reason_to_try_the_address),
        scene_test(a_failed_direct_tls_answer_is_none_either),
        scene_test(records_that_cannot_be_reached_are_no_reason),
        scene_test(direct_tls_alone_cannot_be_spoken_to),
        scene_test(every_record_and_every_address_has_its_turn),
        scene_test(a_silent_address_does_not_keep_the_next_one_waiting),
        scene_test(srv_does_not_lead_to_loopback),
        scene_test(the_domains_own_address_does_not_either),
        scene_test(srv_does_not_lead_to_our_own_listener),
        scene_test(srv_does_not_lead_to_what_is_protected),
        scene_test(a_static_route_asks_no_name_server),
        scene_test(a_static_route_does_not_lead_to_ourselves),
        scene_test(a_link_is_connected_to_without_the_guard),
        scene_test(srv_does_not_lead_to_a_links_server),
        scene_test(connections_come_from_the_source_that_was_set),
        scene_test(a_link_is_not_connected_to_from_that_source),
        scene_test(a_connection_that_ended_while_it_was_judged_is_not_admitted),
        scene_test(ipv6_is_spoken_where_the_machine_has_it),
        scene_test(endpoints_are_told_in_their_order),
        scene_test(endpoints_have_addresses),
        scene_test(endpoints_in_the_dark),
        scene_test(no_endpoints_are_definite_or_not),
        scene_test(a_stream_that_is_closed_while_it_is_being_connected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
