/* Peers that speak raw TCP: strangers by the dozen, garbage for TLS, half-open connections,
 * bytes one at a time, silence at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <scene.h>

#define HEADER \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' " \
    "xmlns:stream='http://etherx.jabber.org/streams' from='a.example' to='b.example' " \
    "version='1.0'>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"

/* --- a raw client -------------------------------------------------------------------- */

struct raw {
    int fd;
    struct scene *scene;
    const char *awaited;
    char in[20000];
    size_t n;
    bool over;
};

static int connect_from(const char *from, uint16_t port)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(port)}, here = there;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    here.sin_port = 0;
    assert_int_equal(inet_pton(AF_INET, from, &here.sin_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &there.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    if (connect(fd, (struct sockaddr *)&there, sizeof there) != 0) {
        assert_int_equal(errno, EINPROGRESS);
    }
    return fd;
}

static void raw_open(struct raw *raw, struct scene *scene, const char *from)
{
    *raw = (struct raw){.scene = scene};
    raw->fd = connect_from(from, dna_uv_listener_port(scene->b.listener));
    scene_settle(scene);
}

static void raw_say(struct raw *raw, const char *text)
{
    assert_int_equal(send(raw->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void raw_look(struct raw *raw)
{
    ssize_t n = 1;
    while (n > 0 && raw->n < sizeof raw->in - 1) {
        n = recv(raw->fd, raw->in + raw->n, sizeof raw->in - 1 - raw->n, 0);
        raw->n += n > 0 ? (size_t)n : 0;
    }
    raw->over = raw->over || n == 0 || (n < 0 && errno != EAGAIN);
}

static bool raw_has(void *arg)
{
    struct raw *raw = arg;
    raw_look(raw);
    return strstr(raw->in, raw->awaited) != NULL;
}

static bool raw_is_over(void *arg)
{
    struct raw *raw = arg;
    raw_look(raw);
    return raw->over;
}

static void raw_await(struct raw *raw, const char *text)
{
    raw->awaited = text;
    scene_until(raw->scene, raw_has, raw);
}

static void raw_await_end(struct raw *raw)
{
    scene_until(raw->scene, raw_is_over, raw);
    close(raw->fd);
}

/* --- limits -------------------------------------------------------------------------- */

static void one_address_does_not_take_all_connections(void **state)
{
    struct scene *scene = *state;
    struct raw first, second, third, other;
    dna_uv_listener_free(scene->b.listener);
    side_listen(&scene->b, "127.0.0.1", 0, 2);
    raw_open(&first, scene, "127.0.0.5");
    raw_open(&second, scene, "127.0.0.5");
    raw_open(&third, scene, "127.0.0.5");
    raw_await_end(&third);
    assert_int_equal(third.n, 0);
    assert_int_equal(scene->b.admitted, 2); /* the host was not even asked */
    raw_open(&other, scene, "127.0.0.6");
    scene_settle(scene);
    assert_int_equal(scene->b.opened, 3);
    close(first.fd);
    close(second.fd);
    close(other.fd);
    scene_settle(scene);
    raw_open(&first, scene, "127.0.0.5");
    scene_settle(scene);
    assert_int_equal(scene->b.opened, 4);
    close(first.fd);
}

/* Whoever comes without beginning TLS takes no place from those who are done with it; each
 * refusal is counted under its limit. */
static void handshakes_are_limited(void **state)
{
    struct scene *scene = *state;
    struct dna_uv_listen limits = {.size = sizeof limits, .max_handshakes = 2};
    uint64_t counts[DNA_UV_N_LIMITS];
    struct raw raw[4];
    dna_uv_listener_limit(scene->b.listener, &limits);
    for (unsigned i = 0; i < 3; i++) {
        raw_open(&raw[i], scene, i == 0 ? "127.0.0.5" : "127.0.0.6");
    }
    raw_await_end(&raw[2]);
    dna_uv_listener_refused(scene->b.listener, counts);
    assert_int_equal(counts[DNA_UV_LIMIT_HANDSHAKES], 1);
    close(raw[1].fd);
    scene_settle(scene);
    assert_non_null(side_connect(&scene->a, "b.example"));
    scene_until(scene, side_is_up, &scene->a); /* this one is under TLS */
    raw_open(&raw[1], scene, "127.0.0.6");
    raw_open(&raw[3], scene, "127.0.0.7");
    raw_await_end(&raw[3]);
    dna_uv_listener_refused(scene->b.listener, counts);
    assert_int_equal(counts[DNA_UV_LIMIT_HANDSHAKES], 2);
    limits.max_handshakes_per_address = 1;
    limits.max_handshakes = 0;
    dna_uv_listener_limit(scene->b.listener, &limits);
    raw_open(&raw[3], scene, "127.0.0.6");
    raw_await_end(&raw[3]);
    dna_uv_listener_refused(scene->b.listener, counts);
    assert_int_equal(counts[DNA_UV_LIMIT_HANDSHAKES], 2);
    assert_int_equal(counts[DNA_UV_LIMIT_HANDSHAKES_AT], 1);
    close(raw[0].fd);
    close(raw[1].fd);
}

static void one_address_does_not_come_too_often(void **state)
{
    struct scene *scene = *state;
    struct raw raw;
    for (unsigned i = 0; i < DNA_LIMIT_ATTEMPTS_AT_MINUTE; i++) {
        raw_open(&raw, scene, "127.0.0.5");
        close(raw.fd);
        scene_settle(scene);
    }
    assert_int_equal(scene->b.admitted, DNA_LIMIT_ATTEMPTS_AT_MINUTE);
    raw_open(&raw, scene, "127.0.0.5");
    raw_await_end(&raw);
    assert_int_equal(scene->b.admitted, DNA_LIMIT_ATTEMPTS_AT_MINUTE);
    raw_open(&raw, scene, "127.0.0.6");
    assert_int_equal(scene->b.admitted, DNA_LIMIT_ATTEMPTS_AT_MINUTE + 1);
    close(raw.fd);
}

static void whom_the_host_does_not_admit_is_closed_unread(void **state)
{
    struct scene *scene = *state;
    struct raw raw;
    scene->b.refuse = 1;
    raw_open(&raw, scene, "127.0.0.5");
    raw_await_end(&raw);
    assert_int_equal(raw.n, 0);
    assert_int_equal(scene->b.opened, 0);
    assert_int_equal(scene->b.closed, 0);
}

/* Without descriptors left a connection is refused, and the next one that finds some is not. */
static void out_of_descriptors(void **state)
{
    struct scene *scene = *state;
    struct rlimit before, few;
    struct raw raw;
    int taken[256];
    size_t n = 0;
    raw = (struct raw){.scene = scene};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    raw.fd = connect_from("127.0.0.5", dna_uv_listener_port(scene->b.listener));
    few = before;
    few.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (n < 256 && (taken[n] = dup(raw.fd)) >= 0) {
        n++;
    }
    scene_settle(scene);
    assert_int_equal(scene->b.admitted, 0);
    while (n > 0) {
        close(taken[--n]);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    raw_await_end(&raw);
    raw_open(&raw, scene, "127.0.0.5");
    assert_int_equal(scene->b.opened, 1);
    close(raw.fd);
}

/* --- before TLS ---------------------------------------------------------------------- */

static void garbage_for_tls_ends_without_a_word(void **state)
{
    struct scene *scene = *state;
    struct raw raw;
    raw_open(&raw, scene, "127.0.0.5");
    raw_say(&raw, HEADER STARTTLS);
    raw_await(&raw, "<proceed");
    raw.n = 0;
    memset(raw.in, 0, sizeof raw.in);
    raw_say(&raw, "this is no ClientHello, is it?");
    raw_await_end(&raw);
    assert_true(raw.n < 20); /* an alert at most */
    scene_until(scene, side_has_closed, &scene->b);
    assert_null(strstr(scene->b.trace_out, "</stream:stream>"));
    assert_string_equal(scene->b.condition, "");
    assert_string_not_equal(scene->b.why, "");
}

/* What is behind <starttls/> in clear was put there by somebody else (RFC 6120 5.4.3.3). */
static void plaintext_behind_starttls_kills_the_stream(void **state)
{
    struct scene *scene = *state;
    struct raw raw;
    raw_open(&raw, scene, "127.0.0.5");
    raw_say(&raw, HEADER STARTTLS "<message from='evil@a.example' to='x@b.example'/>");
    raw_await_end(&raw);
    scene_until(scene, side_has_closed, &scene->b);
    assert_int_equal(scene->b.stanzas, 0);
    assert_null(strstr(scene->b.trace_out, "</stream:stream>"));
}

/* Closing says nothing in clear once TLS was begun. */
static void a_stream_closed_during_the_handshake_says_nothing(void **state)
{
    struct scene *scene = *state;
    struct raw raw;
    raw_open(&raw, scene, "127.0.0.5");
    raw_say(&raw, HEADER STARTTLS);
    raw_await(&raw, "<proceed");
    raw.n = 0;
    memset(raw.in, 0, sizeof raw.in);
    dna_uv_stream_close(scene->b.stream, "system-shutdown", "now");
    raw_await_end(&raw);
    assert_int_equal(raw.n, 0);
    scene_until(scene, side_has_closed, &scene->b);
    assert_string_equal(scene->b.condition, "system-shutdown");
}

static void connections_that_vanish(void **state)
{
    static const char *const said[] = {"", "<", HEADER, HEADER STARTTLS};
    struct scene *scene = *state;
    struct linger at_once = {.l_onoff = 1};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        for (unsigned reset = 0; reset < 2; reset++) {
            unsigned before = scene->b.closed;
            struct raw raw;
            raw_open(&raw, scene, "127.0.0.5");
            raw_say(&raw, said[i]);
            scene_settle(scene);
            if (reset != 0) {
                assert_int_equal(setsockopt(raw.fd, SOL_SOCKET, SO_LINGER, &at_once,
                                            sizeof at_once),
                                 0);
            }
            close(raw.fd);
            scene_until(scene, side_has_closed, &scene->b);
            assert_int_equal(scene->b.closed, before + 1);
            assert_string_not_equal(scene->b.why, "");
        }
    }
}

static void not_xml_is_answered_and_closed(void **state)
{
    struct scene *scene = *state;
    struct raw raw;
    raw_open(&raw, scene, "127.0.0.5");
    raw_say(&raw, "GET / HTTP/1.1\r\n\r\n");
    raw_await_end(&raw);
    scene_until(scene, side_has_closed, &scene->b);
    assert_string_not_equal(scene->b.condition, "");
    assert_non_null(strstr(raw.in, "</stream:stream>"));
}

/* --- a relay that is slow, or silent -------------------------------------------------- */

struct relay {
    int listener, a, b;
    uint16_t port;
    size_t at_once; /* bytes handed on in one step; 0: none any more */
    size_t passed;
};

static void relay_open(struct relay *relay)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t len = sizeof at;
    *relay = (struct relay){.a = -1, .b = -1, .at_once = 4096};
    relay->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(relay->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(relay->listener, 1), 0);
    assert_int_equal(getsockname(relay->listener, (struct sockaddr *)&at, &len), 0);
    relay->port = ntohs(at.sin_port);
}

static void hand_on(struct relay *relay, int from, int to)
{
    char bytes[4096];
    ssize_t n = recv(from, bytes, relay->at_once, 0);
    if (n > 0) {
        relay->passed += (size_t)n;
        assert_int_equal(send(to, bytes, (size_t)n, MSG_NOSIGNAL), n);
    } else if (n == 0) {
        (void)shutdown(to, SHUT_WR);
    }
}

struct relayed {
    struct relay *relay;
    struct scene *scene;
};

static void relay_step(void *arg)
{
    struct relayed *it = arg;
    struct relay *relay = it->relay;
    if (relay->a < 0) {
        relay->a = accept4(relay->listener, NULL, NULL, SOCK_NONBLOCK);
        if (relay->a >= 0) {
            relay->b = connect_from("127.0.0.9", dna_uv_listener_port(it->scene->b.listener));
        }
    } else if (relay->at_once != 0) {
        hand_on(relay, relay->a, relay->b);
        hand_on(relay, relay->b, relay->a);
    }
}

static void relay_close(struct relay *relay)
{
    scene_between = NULL;
    close(relay->listener);
    close(relay->a);
    close(relay->b);
}

static void connect_through(struct scene *scene, struct relay *relay, struct relayed *it)
{
    struct dna_uv_connect options = {
        .size = sizeof options,
        .own = "a.example",
        .peer = "b.example",
        .address = "127.0.0.1",
        .handler = &scene->a.handler,
        .user = &scene->a,
    };
    struct dna_uv_stream *stream;
    relay_open(relay);
    *it = (struct relayed){relay, scene};
    scene_between = relay_step;
    scene_between_arg = it;
    options.port = relay->port;
    assert_int_equal(dna_uv_connect(scene->a.uv, &options, &stream), DNA_OK);
}

static bool b_has_a_stanza(void *arg)
{
    return ((struct scene *)arg)->b.stanzas == 1;
}

static void bytes_may_come_one_at_a_time(void **state)
{
    struct scene *scene = *state;
    struct relay relay;
    struct relayed it;
    connect_through(scene, &relay, &it);
    relay.at_once = 1;
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &scene->b);
    assert_true(relay.passed > 1000);
    assert_int_equal(side_send(&scene->a, "b.example", "slowly", 100), DNA_OK);
    scene_until(scene, b_has_a_stanza, scene);
    assert_string_equal(scene->b.last_id, "slowly");
    dna_uv_stream_close(scene->b.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &scene->a);
    scene_until(scene, side_has_closed, &scene->b);
    assert_string_equal(scene->a.condition, "");
    relay_close(&relay);
}

static void a_silent_peer_does_not_keep_a_closing_stream(void **state)
{
    struct scene *scene = *state;
    struct relay relay;
    struct relayed it;
    connect_through(scene, &relay, &it);
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &scene->b);
    relay.at_once = 0;
    dna_uv_stream_close(scene->a.stream, NULL, NULL);
    scene_until(scene, side_has_closed, &scene->a);
    assert_int_equal(scene->b.closed, 0);
    relay_close(&relay);
    scene_until(scene, side_has_closed, &scene->b);
}

static void flip(void *arg)
{
    struct relayed *it = arg;
    char bytes[4096];
    ssize_t n = recv(it->relay->a, bytes, sizeof bytes, 0);
    if (n > 0) {
        bytes[n - 1] ^= 1;
        assert_int_equal(send(it->relay->b, bytes, (size_t)n, MSG_NOSIGNAL), n);
    }
}

static void a_changed_record_ends_tcp_without_a_word(void **state)
{
    struct scene *scene = *state;
    struct relay relay;
    struct relayed it;
    connect_through(scene, &relay, &it);
    scene_until(scene, side_is_up, &scene->a);
    scene_until(scene, side_is_up, &scene->b);
    scene_between = flip;
    assert_int_equal(side_send(&scene->a, "b.example", "n", 100), DNA_OK);
    scene_until(scene, side_has_closed, &scene->b);
    assert_int_equal(scene->b.stanzas, 0);
    assert_string_equal(scene->b.condition, "");
    assert_string_not_equal(scene->b.why, "");
    assert_null(strstr(scene->b.trace_out, "</stream:stream>"));
    relay_close(&relay);
    scene_until(scene, side_has_closed, &scene->a);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        scene_test(one_address_does_not_take_all_connections),
        scene_test(handshakes_are_limited),
        scene_test(one_address_does_not_come_too_often),
        scene_test(whom_the_host_does_not_admit_is_closed_unread),
        scene_test(out_of_descriptors),
        scene_test(garbage_for_tls_ends_without_a_word),
        scene_test(plaintext_behind_starttls_kills_the_stream),
        scene_test(a_stream_closed_during_the_handshake_says_nothing),
        scene_test(connections_that_vanish),
        scene_test(not_xml_is_answered_and_closed),
        scene_test(bytes_may_come_one_at_a_time),
        scene_test(a_silent_peer_does_not_keep_a_closing_stream),
        scene_test(a_changed_record_ends_tcp_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
