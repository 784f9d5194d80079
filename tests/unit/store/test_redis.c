/* A real redis-server: it carries what was put to all who share it, and comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>

#include "scene.h"

#define KEY "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/redis-XXXXXX";

struct server {
    pid_t pid;
    char port[8];
    uint16_t number;
};

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static int dial(const struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server->number),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Under the number that it has, or a new one. */
static void start(struct server *server, const char *option, const char *value)
{
    int fd = -1;
    if (server->number == 0) {
        server->number = free_port();
        (void)snprintf(server->port, sizeof server->port, "%u", server->number);
    }
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0) {
        int nowhere = open("/dev/null", O_RDWR);
        (void)dup2(nowhere, 1);
        (void)execlp("redis-server", "redis-server", "--port", server->port, "--bind",
                     "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder,
                     option != NULL ? option : "--loglevel",
                     option != NULL ? value : "warning", NULL);
        _exit(127);
    }
    for (unsigned i = 0; i < 1000 && (fd = dial(server)) < 0; i++) {
        usleep(20000);
    }
    assert_true(fd >= 0);
    (void)close(fd);
}

static void stop(struct server *server)
{
    int status;
    (void)kill(server->pid, SIGKILL);
    (void)waitpid(server->pid, &status, 0);
}

/* Somebody else who can write to the server; its first line of answer. */
static void tell(const struct server *server, const char *command, char *answer, size_t room)
{
    int fd = dial(server);
    ssize_t n;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, command, strlen(command)), (ssize_t)strlen(command));
    n = read(fd, answer, room - 1);
    answer[n > 0 ? n : 0] = '\0';
    (void)close(fd);
}

static void begin(struct scene *scene, const struct server *server)
{
    scene_begin(scene, KEY);
    scene_open_redis(scene, "127.0.0.1", server->number, NULL);
}

static void put_only(struct scene *scene, const char *domain, const char *value)
{
    const struct dna_store_record record = scene_record(scene, 3, domain, value, 1000);
    scene_put(scene, &record);
}

/* Each scene has a loop of its own, which does not run while another one's does. */
static void put(struct scene *scene, unsigned kind, const char *domain, const char *value)
{
    const struct dna_store_record record = scene_record(scene, kind, domain, value, 1000);
    scene_put(scene, &record);
    scene_until_idle(scene);
}

static void one_learns_and_the_others_know(void **state)
{
    struct server server = {.pid = 0};
    struct scene first, second, third;
    (void)state;
    start(&server, NULL, NULL);
    begin(&first, &server);
    begin(&second, &server);
    scene_until_up(&first);
    scene_until_up(&second);
    put(&first, 3, "peer.example", "one");
    put(&first, 1, "other.example", "two");
    assert_string_equal(scene_find(&second, "peer.example")->value, "one");
    assert_string_equal(scene_find(&second, "other.example")->value, "two");
    scene_until_idle(&first);
    assert_null(scene_look(&first, "peer.example")); /* nobody hears himself */
    scene_end(&first);
    begin(&third, &server);
    scene_until_up(&third);
    assert_string_equal(scene_look(&third, "peer.example")->value, "one");
    assert_string_equal(third.records[0].domain, "other.example"); /* the important ones */
    put(&third, 3, "late.example", "three");
    assert_string_equal(scene_find(&second, "late.example")->value, "three");
    scene_end(&second);
    scene_end(&third);
    stop(&server);
}

static void many_are_found(void **state)
{
    struct server server = {.pid = 0};
    struct scene scene;
    char domain[32];
    (void)state;
    start(&server, NULL, NULL);
    begin(&scene, &server);
    scene_until_up(&scene);
    for (unsigned i = 0; i < 390; i++) {
        (void)snprintf(domain, sizeof domain, "d%u.example", i);
        put_only(&scene, domain, "value");
    }
    scene_until_idle(&scene);
    scene_end(&scene);
    begin(&scene, &server);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 390);
    scene_end(&scene);
    stop(&server);
}

static void a_server_that_is_not_there_is_tried_again(void **state)
{
    struct server server = {.pid = 0};
    struct scene scene, other;
    (void)state;
    server.number = free_port();
    (void)snprintf(server.port, sizeof server.port, "%u", server.number);
    begin(&scene, &server);
    scene_until_down(&scene);
    assert_non_null(strstr(scene.why, "refused"));
    put_only(&scene, "peer.example", "it waited");
    start(&server, NULL, NULL);
    scene_until_up(&scene);
    assert_int_equal(scene.downs, 1);
    scene_until_idle(&scene);
    begin(&other, &server);
    scene_until_up(&other);
    assert_string_equal(scene_find(&other, "peer.example")->value, "it waited");
    scene_end(&other);
    scene_end(&scene);
    stop(&server);
}

static void a_server_that_is_killed_is_missed_once(void **state)
{
    struct server server = {.pid = 0};
    struct scene one, other;
    (void)state;
    start(&server, NULL, NULL);
    begin(&one, &server);
    begin(&other, &server);
    scene_until_up(&one);
    scene_until_up(&other);
    stop(&server);
    scene_until_down(&one);
    scene_until_down(&other);
    put_only(&one, "peer.example", "meanwhile");
    start(&server, NULL, NULL);
    scene_until_up(&one);
    scene_until_idle(&one);
    scene_until_up(&other);
    assert_int_equal(one.downs, 1);
    assert_string_equal(scene_find(&other, "peer.example")->value, "meanwhile");
    scene_end(&one);
    scene_end(&other);
    stop(&server);
}

/* Somebody empties it, and nobody's connection breaks: who shares it is told nevertheless, also
 * where another one has written since. */
static void a_server_that_is_emptied_is_missed(void **state)
{
    struct server server = {.pid = 0};
    struct scene one, other;
    char answer[100];
    (void)state;
    start(&server, NULL, NULL);
    begin(&one, &server);
    scene_until_up(&one);
    put(&one, 3, "peer.example", "one");
    begin(&other, &server);
    scene_until_up(&other);
    tell(&server, "FLUSHALL\r\n", answer, sizeof answer);
    assert_string_equal(answer, "+OK\r\n");
    put(&one, 3, "later.example", "two");
    scene_until_down(&other);
    assert_string_equal(other.why, "what was in the server is gone");
    scene_until_up(&other);
    assert_int_equal(other.downs, 1);
    scene_end(&other);
    scene_end(&one);
    stop(&server);
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    struct server server = {.pid = 0};
    struct scene scene;
    (void)state;
    start(&server, NULL, NULL);
    begin(&scene, &server);
    scene_until_up(&scene);
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    put_only(&scene, "peer.example", "value");
    scene_until_down(&scene);
    assert_non_null(strstr(scene.why, "does not answer"));
    assert_int_equal(kill(server.pid, SIGCONT), 0);
    scene_until_up(&scene);
    scene_end(&scene);
    stop(&server);
}

static void a_password_is_asked_for(void **state)
{
    static const struct {
        const char *password, *why;
    } rows[] = {{NULL, "NOAUTH"}, {"wrong", "WRONGPASS"}, {"sesame open", NULL}};
    struct server server = {.pid = 0};
    (void)state;
    start(&server, "--requirepass", "sesame open");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene scene;
        scene_begin(&scene, KEY);
        scene_open_redis(&scene, "127.0.0.1", server.number, rows[i].password);
        if (rows[i].why == NULL) {
            scene_until_up(&scene);
        } else {
            scene_until_down(&scene);
            assert_non_null(strstr(scene.why, rows[i].why));
        }
        scene_end(&scene);
    }
    stop(&server);
}

static void a_unix_socket_does_as_well(void **state)
{
    char path[64];
    struct server server = {.pid = 0};
    struct scene scene;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/socket", folder);
    scene_begin(&scene, KEY);
    scene_open_redis(&scene, path, 0, NULL);
    scene_until_down(&scene);
    start(&server, "--unixsocket", path);
    scene_until_up(&scene);
    scene_end(&scene);
    stop(&server);
}

static void another_key_finds_nothing_and_disturbs_nobody(void **state)
{
    struct server server = {.pid = 0};
    struct scene scene, stranger;
    (void)state;
    start(&server, NULL, NULL);
    begin(&scene, &server);
    scene_until_up(&scene);
    put(&scene, 3, "peer.example", "one");
    scene_until_idle(&scene);
    scene_begin(&stranger, "fedcba9876543210fedcba9876543210");
    scene_open_redis(&stranger, "127.0.0.1", server.number, NULL);
    scene_until_up(&stranger);
    assert_int_equal(stranger.n, 0);
    put(&stranger, 3, "peer.example", "two");
    scene_until_idle(&stranger);
    scene_end(&stranger);
    scene_end(&scene);
    begin(&scene, &server);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 1);
    assert_string_equal(scene.records[0].value, "one");
    scene_end(&scene);
    stop(&server);
}

/* The name of the one key that there is. */
static void only_key(const struct server *server, char out[200])
{
    char answer[400], *at, *end;
    tell(server, "SCAN 0 COUNT 1000 TYPE string\r\n", answer, sizeof answer);
    at = strstr(answer, "mod_dna:");
    assert_non_null(at);
    end = strstr(at, "\r\n");
    assert_non_null(end);
    (void)snprintf(out, 200, "%.*s", (int)(end - at), at);
}

static void what_somebody_else_writes_is_not_believed(void **state)
{
    static const struct {
        const char *verb, *rest;
        bool elsewhere; /* than in the record's key */
    } rows[] = {
        {"SET", " forged", false},
        {"SETRANGE", " 20 x", false},
        {"APPEND", " x", false},
        {"SETBIT", " 5000000 1", false},
        {"SET", ":3:forged:00 forged", true},
        {"XADD", ":log * o someone r forged", true},
        {"XADD", ":log * shape other", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct server server = {.pid = 0};
        struct scene scene, watcher;
        char key[200], command[400], answer[100];
        start(&server, NULL, NULL);
        begin(&scene, &server);
        scene_until_up(&scene);
        put(&scene, 3, "peer.example", "one");
        scene_until_idle(&scene);
        begin(&watcher, &server);
        scene_until_up(&watcher);
        watcher.n = 0;
        only_key(&server, key);
        if (rows[i].elsewhere) {
            key[strlen("mod_dna:1:0123456789abcdef")] = '\0';
        }
        (void)snprintf(command, sizeof command, "%s %s%s\r\n", rows[i].verb, key,
                       rows[i].rest);
        tell(&server, command, answer, sizeof answer);
        assert_int_not_equal(answer[0], '-');
        put(&scene, 3, "after.example", "two"); /* who comes behind is heard */
        assert_non_null(scene_find(&watcher, "after.example"));
        assert_int_equal(watcher.n, 1);
        assert_int_equal(watcher.downs, 0);
        scene_end(&watcher);
        begin(&watcher, &server);
        scene_until_up(&watcher);
        assert_int_equal(watcher.n, rows[i].elsewhere ? 2 : 1);
        scene_end(&watcher);
        scene_end(&scene);
        stop(&server);
    }
}

/* Types that are not ours where ours should be, and a server that is none. */
static void what_is_no_answer_ends_the_connection(void **state)
{
    static const char *const speeches[] = {"HTTP/1.0 400 no\r\n\r\n", "+OK\r\n+OK\r\n", ":5\r\n",
                                           "*2\r\n$1\r\nx\r\n*0\r\n", "*-1\r\n",
                                           "*1\r\n*2\r\n$3\r\n1-x\r\n*0\r\n",
                                           "$-1\r\n", ""};
    struct server server = {.number = free_port()};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server.number),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    for (size_t i = 0; i < sizeof speeches / sizeof *speeches; i++) {
        struct scene scene;
        int ends[2];
        begin(&scene, &server);
        poll_loop_run(scene.loop, 50);
        for (size_t j = 0; j < 2; j++) {
            ends[j] = accept(fd, NULL, NULL);
            assert_true(ends[j] >= 0);
            assert_true(write(ends[j], speeches[i], strlen(speeches[i])) >= 0);
            if (speeches[i][0] == '\0') {
                (void)shutdown(ends[j], SHUT_WR);
            }
        }
        scene_until_down(&scene);
        assert_int_equal(scene.n, 0);
        (void)close(ends[0]);
        (void)close(ends[1]);
        scene_end(&scene);
    }
    (void)close(fd);
}

static void what_has_ended_is_gone(void **state)
{
    struct server server = {.pid = 0};
    struct scene scene;
    (void)state;
    start(&server, NULL, NULL);
    begin(&scene, &server);
    scene_until_up(&scene);
    put(&scene, 3, "peer.example", "one");
    scene_until_idle(&scene);
    scene_end(&scene);
    scene_begin(&scene, KEY);
    poll_loop_shift(scene.loop, 1000);
    scene_open_redis(&scene, "127.0.0.1", server.number, NULL);
    scene_until_up(&scene);
    assert_int_equal(scene.n, 0);
    scene_end(&scene);
    stop(&server);
}

static void a_server_without_room_is_given_up(void **state)
{
    struct server server = {.pid = 0};
    struct scene scene;
    (void)state;
    start(&server, "--maxmemory", "1");
    begin(&scene, &server);
    scene_until_up(&scene);
    put_only(&scene, "peer.example", "one");
    scene_until_down(&scene);
    assert_non_null(strstr(scene.why, "OOM"));
    scene_end(&scene);
    stop(&server);
}

static void a_store_that_cannot_be_made_leaves_nothing(void **state)
{
    struct failing_alloc f;
    (void)state;
    for (unsigned n = 0;; n++) {
        struct scene scene;
        struct dna_store_options options;
        enum dna_err err;
        scene_begin(&scene, KEY);
        options = scene_options(&scene, failing_alloc_init(&f, n));
        err = dna_store_redis(&options, "127.0.0.1", 1, "secret", &scene.store);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        scene_end(&scene);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            break;
        }
    }
}

/* Whatever the loop refuses: no crash, no leak, and up once it refuses nothing more. */
static void a_loop_that_refuses_is_survived(void **state)
{
    struct server server = {.pid = 0};
    (void)state;
    start(&server, NULL, NULL);
    for (unsigned n = 0; n < 12; n++) {
        struct scene scene;
        struct dna_store_options options;
        scene_begin(&scene, KEY);
        options = scene_options(&scene, NULL);
        poll_loop_refuse_after(scene.loop, n);
        if (dna_store_redis(&options, "127.0.0.1", server.number, NULL, &scene.store) ==
            DNA_OK) {
            poll_loop_run(scene.loop, 100);
        }
        scene_end(&scene);
    }
    stop(&server);
}

static int setup(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_learns_and_the_others_know),
        cmocka_unit_test(many_are_found),
        cmocka_unit_test(a_server_that_is_not_there_is_tried_again),
        cmocka_unit_test(a_server_that_is_killed_is_missed_once),
        cmocka_unit_test(a_server_that_is_emptied_is_missed),
        cmocka_unit_test(a_server_that_does_not_answer_is_given_up),
        cmocka_unit_test(a_password_is_asked_for),
        cmocka_unit_test(a_unix_socket_does_as_well),
        cmocka_unit_test(another_key_finds_nothing_and_disturbs_nobody),
        cmocka_unit_test(what_somebody_else_writes_is_not_believed),
        cmocka_unit_test(what_is_no_answer_ends_the_connection),
        cmocka_unit_test(what_has_ended_is_gone),
        cmocka_unit_test(a_server_without_room_is_given_up),
        cmocka_unit_test(a_store_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(a_loop_that_refuses_is_survived),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
