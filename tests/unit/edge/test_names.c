/* The name server for local servers: the test plays the server that asks and the resolvers
 * that queries are forwarded to, on sockets of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <scene.h>

#define HEADER 12
#define MOST 65535

struct message {
    unsigned char bytes[MOST];
    size_t len;
};

struct world {
    struct scene *scene;
    struct dna_uv_names *names;
    int udp, tcp; /* the resolver */
    uint16_t port;
};

static struct sockaddr_in at(const char *address, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    return in;
}

static int socket_at(int type, const char *address, uint16_t port)
{
    struct sockaddr_in in = at(address, port);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
    return ntohs(in.sin_port);
}

static bool readable(void *fd)
{
    struct pollfd it = {.fd = *(int *)fd, .events = POLLIN};
    return poll(&it, 1, 0) == 1;
}

static void names_new(struct world *w, const char *first)
{
    char own[40];
    const char *forward[2];
    struct dna_uv_names_options options = {
        .size = sizeof options,
        .address = "127.0.0.1",
        .target = "dna-gateway.internal",
        .target_address = "127.0.2.1",
        .target_port = 5300,
        .forward = forward,
    };
    const char *why;
    (void)snprintf(own, sizeof own, "127.0.0.1@%u", w->port);
    if (first != NULL) {
        forward[options.n_forward++] = first;
    }
    forward[options.n_forward++] = own;
    assert_int_equal(dna_uv_names(w->scene->a.uv, &options, &w->names, &why), DNA_OK);
    assert_int_not_equal(dna_uv_names_port(w->names), 0);
}

static int begin(void **state)
{
    static struct world w;
    void *scene;
    int status = scene_begin(&scene);
    w = (struct world){.scene = scene};
    w.tcp = socket_at(SOCK_STREAM, "127.0.0.1", 0);
    w.port = port_of(w.tcp);
    w.udp = socket_at(SOCK_DGRAM, "127.0.0.1", w.port);
    assert_int_equal(listen(w.tcp, 5), 0);
    *state = &w;
    return status;
}

static int end(void **state)
{
    struct world *w = *state;
    void *scene = w->scene;
    close(w->udp);
    close(w->tcp);
    dna_uv_names_free(w->names);
    return scene_end(&scene);
}

static struct message query(const char *name, unsigned type)
{
    struct message m = {.bytes = {0xbe, 0xef, 1, 0, 0, 1}, .len = HEADER};
    while (*name != '\0') {
        size_t n = strcspn(name, ".");
        m.bytes[m.len++] = (unsigned char)n;
        memcpy(m.bytes + m.len, name, n);
        m.len += n;
        name += n + (name[n] == '.');
    }
    m.bytes[m.len++] = 0;
    m.bytes[m.len++] = 0;
    m.bytes[m.len++] = (unsigned char)type;
    m.bytes[m.len++] = 0;
    m.bytes[m.len++] = 1;
    return m;
}

/* What the resolver says: the query as a response, and some bytes that only it knows. */
static struct message reply_to(const struct message *asked, size_t more)
{
    struct message m = *asked;
    m.bytes[2] |= 0x80;
    for (size_t i = 0; i < more; i++) {
        m.bytes[m.len++] = (unsigned char)i;
    }
    return m;
}

static int ask(const struct world *w, int type, const struct message *m)
{
    struct sockaddr_in to = at("127.0.0.1", dna_uv_names_port(w->names));
    int fd = socket_at(type, "127.0.0.1", 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    if (type == SOCK_STREAM) {
        const unsigned char length[] = {(unsigned char)(m->len >> 8), (unsigned char)m->len};
        assert_int_equal(send(fd, length, 2, 0), 2);
    }
    assert_int_equal(send(fd, m->bytes, m->len, 0), m->len);
    return fd;
}

static struct message hear(const struct world *w, int fd)
{
    struct message m;
    scene_until(w->scene, readable, &fd);
    m.len = (size_t)recv(fd, m.bytes, sizeof m.bytes, 0);
    return m;
}

/* One with its length, however many pieces it comes in. */
static struct message hear_stream(const struct world *w, int fd)
{
    unsigned char bytes[2 + MOST];
    size_t n = 0;
    struct message m = {.len = 0};
    while (n < 2 || n < 2 + (size_t)(bytes[0] << 8 | bytes[1])) {
        ssize_t got;
        scene_until(w->scene, readable, &fd);
        got = recv(fd, bytes + n, sizeof bytes - n, 0);
        assert_true(got > 0);
        n += (size_t)got;
    }
    m.len = n - 2;
    memcpy(m.bytes, bytes + 2, m.len);
    return m;
}

/* The query that reaches the resolver; from: where the answer is to go. */
static struct message resolver_hears(struct world *w, struct sockaddr_in *from)
{
    struct message m;
    socklen_t len = sizeof *from;
    scene_until(w->scene, readable, &w->udp);
    m.len = (size_t)recvfrom(w->udp, m.bytes, sizeof m.bytes, 0, (struct sockaddr *)from, &len);
    return m;
}

static void resolver_says(const struct world *w, const struct sockaddr_in *to,
                          const struct message *m)
{
    assert_int_equal(sendto(w->udp, m->bytes, m->len, 0, (const struct sockaddr *)to, sizeof *to),
                     m->len);
}

static void assert_same(const struct message *a, const struct message *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->bytes, b->bytes, a->len);
}

static void servers_are_led_to_the_gateway(void **state)
{
    struct world *w = *state;
    struct message q = query("_xmpp-server._tcp.far.example", 33);
    struct message m;
    int fd;
    names_new(w, NULL);
    fd = ask(w, SOCK_DGRAM, &q);
    m = hear(w, fd);
    assert_int_equal(m.bytes[7], 1);
    close(fd);
    fd = ask(w, SOCK_STREAM, &q);
    m = hear_stream(w, fd);
    assert_int_equal(m.bytes[7], 1);
    close(fd);
    assert_false(readable(&w->udp)); /* nobody else heard of it */
}

static void other_queries_come_and_go_unchanged(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1), asked, reply, m;
    struct sockaddr_in from;
    int fd;
    names_new(w, NULL);
    fd = ask(w, SOCK_DGRAM, &q);
    asked = resolver_hears(w, &from);
    assert_int_equal(asked.len, q.len);
    assert_memory_equal(asked.bytes + 2, q.bytes + 2, q.len - 2);
    reply = reply_to(&asked, 600);
    resolver_says(w, &from, &reply);
    m = hear(w, fd);
    memcpy(reply.bytes, q.bytes, 2);
    assert_same(&m, &reply);
    close(fd);
}

static void ids_are_not_the_askers(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1);
    unsigned same = 0;
    names_new(w, NULL);
    for (unsigned i = 0; i < 8; i++) {
        struct sockaddr_in from;
        int fd = ask(w, SOCK_DGRAM, &q);
        struct message asked = resolver_hears(w, &from);
        same += memcmp(asked.bytes, q.bytes, 2) == 0;
        close(fd);
    }
    assert_true(same < 4);
}

static void forged_answers_are_not_taken(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1), asked, m;
    struct message good, wrong_id, wrong_name;
    struct sockaddr_in from;
    int fd, stranger = socket_at(SOCK_DGRAM, "127.0.0.1", 0);
    names_new(w, NULL);
    fd = ask(w, SOCK_DGRAM, &q);
    asked = resolver_hears(w, &from);
    good = reply_to(&asked, 7);
    wrong_id = good;
    wrong_id.bytes[0] ^= 1;
    wrong_name = good;
    wrong_name.bytes[HEADER + 1] ^= 1;
    resolver_says(w, &from, &wrong_id);
    resolver_says(w, &from, &wrong_name);
    good.bytes[good.len - 1] = 99;
    (void)sendto(stranger, good.bytes, good.len, 0, (struct sockaddr *)&from, sizeof from);
    scene_settle(w->scene);
    assert_false(readable(&fd));
    good.bytes[good.len - 1] = 6;
    resolver_says(w, &from, &good);
    m = hear(w, fd);
    memcpy(good.bytes, q.bytes, 2);
    assert_same(&m, &good);
    close(fd);
    close(stranger);
}

static void the_next_resolver_is_asked(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1), asked, reply, m;
    struct sockaddr_in from;
    int dead = socket_at(SOCK_DGRAM, "127.0.0.1", 0);
    char first[40];
    int fd;
    (void)snprintf(first, sizeof first, "127.0.0.1@%u", port_of(dead));
    close(dead);
    names_new(w, first);
    fd = ask(w, SOCK_DGRAM, &q);
    asked = resolver_hears(w, &from);
    reply = reply_to(&asked, 1);
    resolver_says(w, &from, &reply);
    m = hear(w, fd);
    assert_int_equal(m.len, reply.len);
    close(fd);
}

static void silence_becomes_a_failure(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1), m;
    int fd;
    names_new(w, NULL);
    fd = ask(w, SOCK_DGRAM, &q);
    m = hear(w, fd); /* nobody reads the resolver's socket */
    assert_int_equal(m.len, HEADER);
    assert_int_equal(m.bytes[3] & 0x0f, 2);
    assert_memory_equal(m.bytes, q.bytes, 2);
    close(fd);
}

static void by_tcp_queries_are_forwarded_by_tcp(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1), asked, reply, m;
    unsigned char length[2];
    int fd, peer;
    names_new(w, NULL);
    fd = ask(w, SOCK_STREAM, &q);
    scene_until(w->scene, readable, &w->tcp);
    peer = accept(w->tcp, NULL, NULL);
    asked = hear_stream(w, peer);
    assert_memory_equal(asked.bytes + 2, q.bytes + 2, q.len - 2);
    reply = reply_to(&asked, 30000);
    length[0] = (unsigned char)(reply.len >> 8);
    length[1] = (unsigned char)reply.len;
    assert_int_equal(send(peer, length, 2, 0), 2);
    assert_int_equal(send(peer, reply.bytes, reply.len, 0), reply.len);
    m = hear_stream(w, fd);
    memcpy(reply.bytes, q.bytes, 2);
    assert_same(&m, &reply);
    close(peer);
    close(fd);
}

static void a_connection_carries_several_queries(void **state)
{
    struct world *w = *state;
    struct message mine = query("_xmpp-server._tcp.far.example", 33);
    struct message other = query("www.example", 1), m;
    const unsigned char length[] = {0, (unsigned char)other.len};
    unsigned char one = (unsigned char)mine.len;
    int fd, peer;
    names_new(w, NULL);
    fd = ask(w, SOCK_STREAM, &mine);
    assert_int_equal(send(fd, length, 2, 0), 2);
    assert_int_equal(send(fd, other.bytes, other.len, 0), other.len);
    assert_int_equal(send(fd, "", 1, 0), 1); /* the next one's length, by halves */
    m = hear_stream(w, fd);
    assert_int_equal(m.bytes[7], 1);
    scene_until(w->scene, readable, &w->tcp);
    peer = accept(w->tcp, NULL, NULL);
    (void)hear_stream(w, peer);
    close(peer); /* no answer */
    m = hear_stream(w, fd);
    assert_int_equal(m.bytes[3] & 0x0f, 2);
    assert_int_equal(send(fd, &one, 1, 0), 1);
    assert_int_equal(send(fd, mine.bytes, mine.len, 0), mine.len);
    m = hear_stream(w, fd);
    assert_int_equal(m.bytes[7], 1);
    close(fd);
}

static void what_is_under_way_ends_with_the_listener(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1);
    struct sockaddr_in from;
    int udp, tcp;
    names_new(w, NULL);
    udp = ask(w, SOCK_DGRAM, &q);
    tcp = ask(w, SOCK_STREAM, &q);
    (void)resolver_hears(w, &from);
    scene_until(w->scene, readable, &w->tcp);
    dna_uv_names_free(w->names);
    w->names = NULL;
    scene_settle(w->scene);
    assert_false(readable(&udp));
    close(udp);
    close(tcp);
}

static void no_more_than_the_limit_is_forwarded(void **state)
{
    struct world *w = *state;
    struct message q = query("www.example", 1), m;
    int fds[DNA_LIMIT_NAME_RELAYS + 1];
    unsigned failed = 0;
    int room = 8 * 1024 * 1024;
    names_new(w, NULL);
    (void)setsockopt(w->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    for (unsigned i = 0; i <= DNA_LIMIT_NAME_RELAYS; i++) {
        fds[i] = ask(w, SOCK_DGRAM, &q);
        if (i % 32 == 0) {
            scene_settle(w->scene); /* the listener's socket must not overflow */
        }
    }
    m = hear(w, fds[DNA_LIMIT_NAME_RELAYS]);
    assert_int_equal(m.bytes[3] & 0x0f, 2);
    for (unsigned i = 0; i < DNA_LIMIT_NAME_RELAYS; i++) {
        failed += readable(&fds[i]);
        close(fds[i]);
    }
    assert_int_equal(failed, 0);
    close(fds[DNA_LIMIT_NAME_RELAYS]);
}

static void refused(struct world *w, const struct dna_uv_names_options *options)
{
    struct dna_uv_names *names;
    const char *why;
    assert_int_equal(dna_uv_names(w->scene->a.uv, options, &names, &why), DNA_ERR_FORMAT);
    print_message("%s\n", why);
    assert_string_not_equal(why, "");
    assert_null(names);
}

static void only_the_loopback_is_bound(void **state)
{
    struct world *w = *state;
    static const char *const addresses[] = {"0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1",
                                            "10.0.0.1", "localhost", ""};
    const char *forward[] = {"127.0.0.1@5300"};
    struct dna_uv_names_options options = {
        .size = sizeof options, .target = "dna-gateway.internal",
        .target_address = "127.0.2.1", .target_port = 5300, .forward = forward, .n_forward = 1};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        options.address = addresses[i];
        refused(w, &options);
    }
}

static void what_cannot_work_is_refused(void **state)
{
    struct world *w = *state;
    const char *good = "127.0.0.1@5300";
    const char *nine[9];
    struct dna_uv_names_options base = {
        .size = sizeof base, .address = "127.0.0.1", .port = 5300,
        .target = "dna-gateway.internal", .target_address = "127.0.2.1", .target_port = 5301,
        .forward = nine, .n_forward = 1};
    struct dna_uv_names_options options = base;
    for (size_t i = 0; i < 9; i++) {
        nine[i] = "127.0.0.1";
    }
    options.n_forward = 0;
    refused(w, &options);
    options.n_forward = 9;
    refused(w, &options);
    options = base;
    options.forward = &good; /* itself */
    refused(w, &options);
    options = base;
    options.target_address = "gateway";
    refused(w, &options);
    nine[0] = "one.one.one.one";
    refused(w, &base);
}

static void taken_addresses_are_reported(void **state)
{
    struct world *w = *state;
    const char *forward[] = {"127.0.0.1"};
    struct dna_uv_names_options options = {
        .size = sizeof options, .address = "127.0.0.1", .port = w->port,
        .target = "dna-gateway.internal", .target_address = "127.0.2.1", .target_port = 5300,
        .forward = forward, .n_forward = 1};
    struct dna_uv_names *names;
    const char *why;
    assert_int_equal(dna_uv_names(w->scene->a.uv, &options, &names, &why), DNA_ERR_SYSTEM);
    assert_non_null(strstr(why, "in use"));
    scene_settle(w->scene);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        IN_WORLD(servers_are_led_to_the_gateway),
        IN_WORLD(other_queries_come_and_go_unchanged),
        IN_WORLD(ids_are_not_the_askers),
        IN_WORLD(forged_answers_are_not_taken),
        IN_WORLD(the_next_resolver_is_asked),
        IN_WORLD(silence_becomes_a_failure),
        IN_WORLD(by_tcp_queries_are_forwarded_by_tcp),
        IN_WORLD(a_connection_carries_several_queries),
        IN_WORLD(what_is_under_way_ends_with_the_listener),
        IN_WORLD(no_more_than_the_limit_is_forwarded),
        IN_WORLD(only_the_loopback_is_bound),
        IN_WORLD(what_cannot_work_is_refused),
        IN_WORLD(taken_addresses_are_reported),
    };
    return cmocka_run_group_tests_name("edge/names", tests, NULL, NULL);
}
