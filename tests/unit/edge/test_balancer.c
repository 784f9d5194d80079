/* Load balancers: who may say whose a connection is, and what becomes of those who do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <scene.h>

#define HEADER \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' " \
    "xmlns:stream='http://etherx.jabber.org/streams' from='a.example' to='b.example' " \
    "version='1.0'>"
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define FROM(a, b, c, d) SIGNATURE "\x21\x11\0\x0c" a b c d "\x7f\0\0\1\x12\x34\x14\x95"
#define BALANCER "127.0.0.9"

static int connect_from(const struct scene *scene, const char *from)
{
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons(dna_uv_listener_port(scene->b.listener))};
    struct sockaddr_in here = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, from, &here.sin_addr), 1);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &there.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

static void listen_behind(struct scene *scene, const char *const *balancers, size_t n,
                          unsigned per_address)
{
    struct dna_uv_listen options = {.size = sizeof options, .address = "127.0.0.1",
                                    .handler = &scene->b.handler, .user = &scene->b,
                                    .max_per_address = per_address,
                                    .balancers = balancers, .n_balancers = n};
    const char *why;
    dna_uv_listener_free(scene->b.listener);
    assert_int_equal(dna_uv_listen(scene->b.uv, &options, &scene->b.listener, &why), DNA_OK);
}

static const char *const one[] = {BALANCER};

static bool readable(void *fd)
{
    struct pollfd it = {.fd = *(int *)fd, .events = POLLIN};
    return poll(&it, 1, 0) == 1;
}

/* Whether the connection is closed before anything is said on it. */
static bool is_refused(struct scene *scene, int fd)
{
    char byte;
    scene_until(scene, readable, &fd);
    return recv(fd, &byte, 1, 0) <= 0;
}

static void the_header_says_whose_it_is(void **state)
{
    struct scene *scene = *state;
    int fd;
    listen_behind(scene, one, 1, 0);
    fd = connect_from(scene, BALANCER);
    say(fd, FROM("\xc0", "\0", "\2", "\1") HEADER, 28 + sizeof HEADER - 1);
    assert_false(is_refused(scene, fd));
    assert_int_equal(scene->b.opened, 1);
    assert_string_equal(dna_uv_stream_remote(scene->b.stream), "192.0.2.1@4660");
    close(fd);
    scene_until(scene, side_has_closed, &scene->b);
}

static void the_header_may_come_in_pieces(void **state)
{
    struct scene *scene = *state;
    const char *text = FROM("\xc0", "\0", "\2", "\1") HEADER;
    int fd;
    listen_behind(scene, one, 1, 0);
    fd = connect_from(scene, BALANCER);
    for (size_t i = 0; i < 28 + sizeof HEADER - 1; i++) {
        say(fd, text + i, 1);
        scene_settle(scene);
        assert_int_equal(scene->b.opened, i < 27 ? 0 : 1);
    }
    assert_false(is_refused(scene, fd));
    close(fd);
    scene_until(scene, side_has_closed, &scene->b);
}

static void a_health_check_is_the_balancers_own(void **state)
{
    struct scene *scene = *state;
    int fd;
    listen_behind(scene, one, 1, 0);
    fd = connect_from(scene, BALANCER);
    say(fd, SIGNATURE "\x20\0\0\0" HEADER, 16 + sizeof HEADER - 1);
    assert_false(is_refused(scene, fd));
    assert_memory_equal(dna_uv_stream_remote(scene->b.stream), BALANCER, strlen(BALANCER));
    close(fd);
    scene_until(scene, side_has_closed, &scene->b);
}

static void nobody_else_may_send_one(void **state)
{
    struct scene *scene = *state;
    int fd;
    listen_behind(scene, one, 1, 0);
    fd = connect_from(scene, "127.0.0.1");
    say(fd, FROM("\xc0", "\0", "\2", "\1") HEADER, 28 + sizeof HEADER - 1);
    scene_until(scene, side_has_closed, &scene->b);
    assert_string_equal(scene->b.condition, "not-well-formed");
    close(fd);
}

static void a_balancer_must_send_one(void **state)
{
    struct scene *scene = *state;
    int fd;
    listen_behind(scene, one, 1, 0);
    fd = connect_from(scene, BALANCER);
    say(fd, HEADER, sizeof HEADER - 1);
    assert_true(is_refused(scene, fd));
    assert_int_equal(scene->b.opened + scene->b.admitted, 0);
    close(fd);
    fd = connect_from(scene, BALANCER);
    shutdown(fd, SHUT_WR);
    assert_true(is_refused(scene, fd));
    close(fd);
    fd = connect_from(scene, BALANCER);
    say(fd, SIGNATURE, 12); /* and nothing more */
    assert_true(is_refused(scene, fd));
    close(fd);
    assert_int_equal(scene->b.opened + scene->b.admitted, 0);
}

static void limits_count_who_is_behind_it(void **state)
{
    struct scene *scene = *state;
    int first, second, third;
    listen_behind(scene, one, 1, 1);
    first = connect_from(scene, BALANCER);
    say(first, FROM("\xc0", "\0", "\2", "\1") HEADER, 28 + sizeof HEADER - 1);
    assert_false(is_refused(scene, first));
    second = connect_from(scene, BALANCER);
    say(second, FROM("\xc0", "\0", "\2", "\1") HEADER, 28 + sizeof HEADER - 1);
    assert_true(is_refused(scene, second));
    third = connect_from(scene, BALANCER);
    say(third, FROM("\xc0", "\0", "\2", "\2") HEADER, 28 + sizeof HEADER - 1);
    assert_false(is_refused(scene, third));
    assert_int_equal(scene->b.opened, 2);
    close(first);
    close(second);
    close(third);
    scene_settle(scene);
}

static void a_listener_ends_with_some_at_the_entrance(void **state)
{
    struct scene *scene = *state;
    int fd;
    listen_behind(scene, one, 1, 0);
    fd = connect_from(scene, BALANCER);
    say(fd, SIGNATURE, 12);
    scene_settle(scene);
    dna_uv_listener_free(scene->b.listener);
    scene->b.listener = NULL;
    assert_true(is_refused(scene, fd));
    close(fd);
}

static void prefixes_are_checked(void **state)
{
    struct scene *scene = *state;
    static const char *const wrong[] = {"127.0.0.1", "balancer"};
    struct dna_uv_listen options = {.size = sizeof options, .address = "127.0.0.1",
                                    .handler = &scene->b.handler, .user = &scene->b,
                                    .balancers = wrong, .n_balancers = 2};
    struct dna_uv_listener *listener;
    const char *why;
    assert_int_equal(dna_uv_listen(scene->b.uv, &options, &listener, &why), DNA_ERR_FORMAT);
    assert_non_null(strstr(why, "prefix"));
}

static int listening(uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &in.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    *port = ntohs(in.sin_port);
    return fd;
}

static void a_local_server_is_told_whose_it_is(void **state)
{
    struct scene *scene = *state;
    static const char secret[] = "0123456789abcdef";
    struct dna_uv_connect options = {.size = sizeof options, .own = "far.example",
                                     .peer = "a.example", .address = "127.0.0.1",
                                     .handler = &scene->a.handler, .user = &scene->a,
                                     .source = "192.0.2.1@4660"};
    struct dna_uv_stream *stream;
    char in[400];
    size_t n = 0;
    int server = listening(&options.port), fd;
    assert_int_equal(dna_uv_connect(scene->a.uv, &options, &stream), DNA_ERR_ARGUMENT);
    assert_int_equal(dna_session_link(dna_uv_session(scene->a.uv),
                                      (struct dna_span){secret, sizeof secret - 1},
                                      &options.link),
                     DNA_OK);
    assert_int_equal(dna_uv_connect(scene->a.uv, &options, &stream), DNA_OK);
    scene_until(scene, readable, &server);
    fd = accept(server, NULL, NULL);
    while (n < 28 + 40) {
        ssize_t got;
        scene_until(scene, readable, &fd);
        got = recv(fd, in + n, sizeof in - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_memory_equal(in, SIGNATURE "\x21\x11\0\x0c\xc0\0\2\1\x7f\0\0\1\x12\x34", 26);
    assert_memory_equal(in + 28, "<?xml", 5);
    close(fd);
    close(server);
    scene_until(scene, side_has_closed, &scene->a);
}

int main(void)
{
#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_begin, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(the_header_says_whose_it_is),
        IN_SCENE(the_header_may_come_in_pieces),
        IN_SCENE(a_health_check_is_the_balancers_own),
        IN_SCENE(nobody_else_may_send_one),
        IN_SCENE(a_balancer_must_send_one),
        IN_SCENE(limits_count_who_is_behind_it),
        IN_SCENE(a_listener_ends_with_some_at_the_entrance),
        IN_SCENE(prefixes_are_checked),
        IN_SCENE(a_local_server_is_told_whose_it_is),
    };
    return cmocka_run_group_tests_name("edge/balancer", tests, NULL, NULL);
}
