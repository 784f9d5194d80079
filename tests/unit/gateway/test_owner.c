/* Whose socket it is: real connections on the loopback (S24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "owner.h"

#define STRANGER 65534

struct ends {
    int listener, client, server;
    struct sockaddr_storage peer, own;
};

static struct sockaddr *address_of(int family, struct sockaddr_storage *space)
{
    memset(space, 0, sizeof *space);
    if (family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)space;
        v4->sin_family = AF_INET;
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)space;
        v6->sin6_family = AF_INET6;
        v6->sin6_addr = in6addr_loopback;
    }
    return (struct sockaddr *)space;
}

static socklen_t size_of(int family)
{
    return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

static void connect_ends(int family, struct ends *ends)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    ends->listener = socket(family, SOCK_STREAM, 0);
    ends->client = socket(family, SOCK_STREAM, 0);
    assert_true(ends->listener >= 0 && ends->client >= 0);
    assert_int_equal(bind(ends->listener, address_of(family, &address), size_of(family)), 0);
    assert_int_equal(listen(ends->listener, 4), 0);
    assert_int_equal(getsockname(ends->listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(connect(ends->client, (struct sockaddr *)&address, size_of(family)), 0);
    ends->server = accept(ends->listener, NULL, NULL);
    assert_true(ends->server >= 0);
    len = sizeof ends->peer;
    assert_int_equal(getpeername(ends->server, (struct sockaddr *)&ends->peer, &len), 0);
    len = sizeof ends->own;
    assert_int_equal(getsockname(ends->server, (struct sockaddr *)&ends->own, &len), 0);
}

static void close_ends(struct ends *ends)
{
    (void)close(ends->server);
    if (ends->client >= 0) {
        (void)close(ends->client);
    }
    (void)close(ends->listener);
}

static bool owner(const struct ends *ends, uid_t *uid)
{
    return gateway_owner_of((const struct sockaddr *)&ends->peer,
                            (const struct sockaddr *)&ends->own, uid);
}

static void is_ours(int family)
{
    struct ends ends;
    uid_t uid = (uid_t)-1;
    connect_ends(family, &ends);
    assert_true(owner(&ends, &uid));
    assert_int_equal(uid, getuid());
    close_ends(&ends);
}

static void our_own_connection(void **state)
{
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    struct sockaddr_storage address;
    (void)state;
    is_ours(AF_INET);
    if (probe >= 0 &&
        bind(probe, address_of(AF_INET6, &address), size_of(AF_INET6)) == 0) {
        is_ours(AF_INET6);
    }
    if (probe >= 0) {
        (void)close(probe);
    }
}

/* A socket of another user, who picks any source address and port that he likes. */
static void a_strangers_connection(void **state)
{
    struct ends ends;
    uid_t uid = (uid_t)-1;
    (void)state;
    if (getuid() != 0) {
        skip();
    }
    assert_int_equal(seteuid(STRANGER), 0);
    connect_ends(AF_INET, &ends);
    assert_int_equal(seteuid(0), 0);
    assert_true(owner(&ends, &uid));
    assert_int_equal(uid, STRANGER);
    close_ends(&ends);
}

static void set_port(struct sockaddr_storage *address, in_port_t port)
{
    ((struct sockaddr_in *)address)->sin_port = port;
}

static void no_such_connection(void **state)
{
    struct ends ends, other;
    uid_t uid;
    (void)state;
    connect_ends(AF_INET, &ends);
    other = ends;
    set_port(&other.peer, (in_port_t)~((struct sockaddr_in *)&ends.peer)->sin_port);
    assert_false(owner(&other, &uid));
    /* The listener has the address of our end, but it is no connection. */
    other = ends;
    other.peer = ends.own;
    set_port(&other.own, 1);
    assert_false(owner(&other, &uid));
    other = ends;
    other.own.ss_family = AF_INET6;
    assert_false(owner(&other, &uid));
    other.peer.ss_family = other.own.ss_family = AF_UNIX;
    assert_false(owner(&other, &uid));
    close_ends(&ends);
}

/* A socket that was closed already belongs to nobody: the kernel would say root. */
static void a_connection_that_was_closed(void **state)
{
    struct ends ends;
    uid_t uid;
    (void)state;
    connect_ends(AF_INET, &ends);
    (void)close(ends.client);
    ends.client = -1;
    assert_false(owner(&ends, &uid));
    close_ends(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_connection),
        cmocka_unit_test(a_strangers_connection),
        cmocka_unit_test(no_such_connection),
        cmocka_unit_test(a_connection_that_was_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
