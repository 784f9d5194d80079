/* One hop against a real server on loopback: what it accepts, what it refuses, what it says
 * to whom, and that it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <https/https.h>
#include <poll_loop.h>

#include "answers.h"
#include "paper.h"
#include "web.h"

static struct web_papers papers;
static struct web *secure, *clear;

static struct web *start(const struct cert *leaf)
{
    return web_start(&(struct web_order){
        .pages = answers, .n_pages = n_answers, .leaf = leaf});
}

static int setup(void **state)
{
    (void)state;
    web_papers_make(&papers);
    secure = start(&papers.www);
    clear = start(NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    web_stop(secure);
    web_stop(clear);
    web_papers_fini(&papers);
    return 0;
}

/* The status that libcrypto asks for when it looks for issuers in a directory. */
static bool system_store_asked;
__attribute__((visibility("default"))) int stat(const char *path, struct stat *out);
int stat(const char *path, struct stat *out)
{
    system_store_asked = system_store_asked || strncmp(path, "/etc/ssl/", 9) == 0 ||
                         strncmp(path, "/usr/lib/ssl/", 13) == 0;
    return fstatat(AT_FDCWD, path, out, 0);
}

/* Nobody resolves anything here, so that nothing leaves this machine either. */
static atomic_bool resolver_asked;
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **out);
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    (void)node;
    (void)service;
    (void)hints;
    (void)out;
    resolver_asked = true;
    return EAI_FAIL;
}

struct client {
    struct poll_loop *loop;
    struct dna_https *https;
};

static struct client client_of(struct dna_https_options options)
{
    struct client client = {.loop = poll_loop_new()};
    options.user_agent = "mod_dna-test";
    assert_int_equal(dna_https_new(poll_loop_of(client.loop), &options, &client.https), DNA_OK);
    return client;
}

static struct client usual_client(void)
{
    return client_of((struct dna_https_options){.ca_file = papers.ca_file});
}

static void client_fini(struct client *client)
{
    dna_https_free(client->https);
    poll_loop_free(client->loop);
}

struct seen {
    bool done;
    unsigned calls;
    enum dna_https_outcome outcome;
    unsigned status;
    char body[70000], redirect_url[300], why[300];
    size_t len;
};
static struct seen seen;

static void see(void *arg, const struct dna_https_result *result)
{
    struct seen *s = arg;
    s->done = true;
    s->calls++;
    s->outcome = result->outcome;
    s->status = result->status;
    s->len = result->body.len;
    assert_true(s->len <= sizeof s->body);
    if (s->len != 0) {
        memcpy(s->body, result->body.ptr, s->len);
    }
    (void)snprintf(s->redirect_url, sizeof s->redirect_url, "%s",
                   result->redirect_url != NULL ? result->redirect_url : "");
    (void)snprintf(s->why, sizeof s->why, "%s", result->why);
}

static struct dna_address local(void)
{
    return (struct dna_address){.family = DNA_ADDRESS_V4, .bytes = {127, 0, 0, 1}};
}

static struct dna_https_get *begin(struct client *client, bool tls, uint16_t port,
                                   const char *path)
{
    struct dna_address address = local();
    struct dna_https_get *get = NULL;
    char url[300];
    (void)snprintf(url, sizeof url, "http%s://www.example:%u%s", tls ? "s" : "", port, path);
    seen = (struct seen){.done = false};
    assert_int_equal(dna_https_get(client->https, url, &address, see, &seen, &get), DNA_OK);
    assert_int_equal(seen.calls, 0);
    return get;
}

static void fetch(struct client *client, struct web *web, const char *path)
{
    (void)begin(client, web != clear, web_port(web), path);
    if (!poll_loop_until(client->loop, &seen.done, 20000)) {
        fail_msg("%s does not end", path);
    }
}

static void an_answer_is_handed_up(void **state)
{
    static const struct {
        const char *path;
        unsigned status;
        const char *body;
    } cases[] = {
        {"/plain", 200, "hello"}, {"/empty", 200, ""},      {"/chunked", 200, "hello"},
        {"/identity", 200, "hello"}, {"/403", 403, "no"},
        {"/410", 410, "no"},      {"/500", 500, "no"},      {"/none", 404, ""},
        {"/401", 401, ""},        {"/304", 304, ""},
    };
    struct client client = usual_client();
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t n = i / 2;
        fetch(&client, i % 2 == 0 ? secure : clear, cases[n].path);
        if (seen.outcome != DNA_HTTPS_DONE) {
            fail_msg("%s: %s", cases[n].path, seen.why);
        }
        assert_int_equal(seen.status, cases[n].status);
        assert_int_equal(seen.len, strlen(cases[n].body));
        assert_memory_equal(seen.body, cases[n].body, seen.len);
        assert_int_equal(seen.calls, 1);
    }
    client_fini(&client);
}

static void a_body_may_have_64_kib(void **state)
{
    struct client client = usual_client();
    (void)state;
    fetch(&client, secure, "/64k");
    assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
    assert_int_equal(seen.len, DNA_LIMIT_DOCUMENT);
    assert_memory_equal(seen.body, KIB, 1024);
    client_fini(&client);
}

static void expect_failure(struct client *client, const char *path, const char *why)
{
    for (unsigned i = 0; i < 2; i++) {
        fetch(client, i == 0 ? secure : clear, path);
        if (seen.outcome != DNA_HTTPS_FAILED) {
            fail_msg("%s gives %u: %s", path, seen.outcome, seen.why);
        }
        if (why != NULL) {
            assert_string_equal(seen.why, why);
        }
        assert_true(seen.why[0] != '\0');
        assert_int_equal(seen.len, 0);
        assert_int_equal(seen.calls, 1);
    }
}

static void a_broken_or_boundless_answer_fails(void **state)
{
    static const struct {
        const char *path, *why; /* why: NULL: libcurl's words */
    } cases[] = {
        {"/65k", "the body is too long"},
        {"/64k+1", "the body is too long"},
        {"/64k+1-to-the-end", "the body is too long"},
        {"/endless", "the body is too long"},
        {"/chunked-endless", "the body is too long"},
        {"/error-endless", "the body is too long"},
        {"/headers-endless", "the headers are too long"},
        {"/header-endless", NULL},
        {"/headers-9k", "the headers are too long"},
        {"/interim-endless", "the headers are too long"},
        {"/trailers-endless", "the headers are too long"},
        {"/truncated", NULL},
        {"/truncated-chunk", NULL},
        {"/no-last-chunk", NULL},
        {"/nothing", NULL},
        {"/gzip", "the body is encoded, which was not asked for"},
        {"/gzip-again", "the body is encoded, which was not asked for"},
        {"/br", "the body is encoded, which was not asked for"},
        {"/te-gzip", NULL},
        {"/http-0.9", NULL},
        {"/bad-length", NULL},
    };
    struct client client = usual_client();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expect_failure(&client, cases[i].path, cases[i].why);
    }
    client_fini(&client);
}

static void a_slow_answer_fails(void **state)
{
    static const char *const paths[] = {"/silent", "/drip", "/drip-headers", "/headers-7k"};
    struct client client =
        client_of((struct dna_https_options){.ca_file = papers.ca_file, .total_ms = 300});
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        expect_failure(&client, paths[i], "not finished in time");
    }
    client_fini(&client);
}

static void an_end_is_said_not_seen(void **state)
{
    static const char *const paths[] = {"/to-the-end", "/cut"};
    struct client client = usual_client();
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        fetch(&client, secure, paths[i]);
        assert_int_equal(seen.outcome, DNA_HTTPS_FAILED);
        assert_string_equal(seen.why, "the answer does not say where it ends");
        fetch(&client, clear, paths[i]); /* nothing protects these bytes anyway */
        assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
        assert_int_equal(seen.len, 5);
    }
    client_fini(&client);
}

static void redirects_are_handed_up(void **state)
{
    struct client client = usual_client();
    char url[100];
    unsigned before;
    (void)state;
    fetch(&client, secure, "/relative");
    (void)snprintf(url, sizeof url, "https://www.example:%u/plain", web_port(secure));
    assert_int_equal(seen.outcome, DNA_HTTPS_REDIRECT);
    assert_int_equal(seen.status, 302);
    assert_string_equal(seen.redirect_url, url);
    assert_int_equal(seen.len, 0);
    before = web_requests(secure);
    fetch(&client, secure, "/absolute");
    assert_int_equal(seen.outcome, DNA_HTTPS_REDIRECT);
    assert_int_equal(seen.status, 307);
    assert_string_equal(seen.redirect_url, "http://other.example/a");
    assert_int_equal(web_requests(secure), before + 1);
    client_fini(&client);
}

static void little_is_said(void **state)
{
    static const char *const unsaid[] = {"Accept-Encoding", "Cookie", "Authorization", "Proxy",
                                         "Referer", "Upgrade", "TE:", "Expect"};
    struct client client = usual_client();
    char request[4096], sni[256], host[64];
    (void)state;
    fetch(&client, secure, "/401");
    fetch(&client, secure, "/plain");
    web_last(secure, request, sizeof request, sni, sizeof sni);
    (void)snprintf(host, sizeof host, "\r\nHost: www.example:%u\r\n", web_port(secure));
    assert_string_equal(sni, "www.example");
    assert_ptr_equal(strstr(request, "GET /plain HTTP/1.1\r\n"), request);
    assert_non_null(strstr(request, host));
    assert_non_null(strstr(request, "\r\nUser-Agent: mod_dna-test\r\n"));
    assert_non_null(strstr(request, "\r\nConnection: close\r\n"));
    for (size_t i = 0; i < sizeof unsaid / sizeof *unsaid; i++) {
        assert_null(strcasestr(request, unsaid[i]));
    }
    client_fini(&client);
}

static void the_environment_names_no_proxy(void **state)
{
    static const char *const variables[] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
                                            "all_proxy", "ALL_PROXY"};
    struct client client;
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        setenv(variables[i], "http://user:secret@127.0.0.1:1/", 1);
    }
    client = usual_client();
    fetch(&client, secure, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
    fetch(&client, clear, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
    client_fini(&client);
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        unsetenv(variables[i]);
    }
}

static void certificates_are_checked(void **state)
{
    const struct {
        const struct cert *leaf, *issuer;
        int most_tls;
        bool good;
    } cases[] = {
        {&papers.www, NULL, 0, true},
        {&papers.www, NULL, TLS1_2_VERSION, true},
        {&papers.wild, NULL, 0, false}, /* a wildcard for a whole top-level domain */
        {&papers.other, NULL, 0, false},
        {&papers.unknown, NULL, 0, false},
        {&papers.unknown, &papers.stranger, 0, false},
        {&papers.alone, NULL, 0, false},
        {&papers.expired, NULL, 0, false},
        {&papers.early, NULL, 0, false},
        {&papers.weak, NULL, 0, false},
        {&papers.mail, &papers.mail_ca, 0, false},
        {&papers.www, NULL, TLS1_1_VERSION, false},
        {&papers.www, NULL, TLS1_VERSION, false},
    };
    struct client client = usual_client();
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct web *web = web_start(&(struct web_order){.pages = answers,
                                                        .n_pages = 1,
                                                        .leaf = cases[i].leaf,
                                                        .issuer = cases[i].issuer,
                                                        .most_tls = cases[i].most_tls});
        fetch(&client, web, "/plain");
        if ((seen.outcome == DNA_HTTPS_DONE) != cases[i].good) {
            fail_msg("case %zu: %s", i, seen.why);
        }
        assert_true(cases[i].good || seen.outcome == DNA_HTTPS_FAILED);
        assert_int_equal(web_requests(web), cases[i].good);
        web_stop(web);
    }
    client_fini(&client);
}

static void a_common_name_names_nothing(void **state)
{
    static const char *const paths[] = {"/plain", "/relative"};
    struct web *web = start(&papers.common);
    struct client client = usual_client();
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        fetch(&client, web, paths[i]);
        assert_int_equal(seen.outcome, DNA_HTTPS_FAILED);
        assert_string_equal(seen.why, "the certificate names no domain but in its common name");
    }
    client_fini(&client);
    web_stop(web);
}

/* Even so the handshake fails, but an issuer in the system's directory would be found. */
static void only_the_given_file_counts(void **state)
{
    struct web *web = start(&papers.unknown);
    struct client client = usual_client();
    (void)state;
    system_store_asked = false;
    fetch(&client, web, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_FAILED);
    assert_false(system_store_asked);
    client_fini(&client);
    client = client_of((struct dna_https_options){.ca_file = NULL});
    fetch(&client, secure, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_FAILED);
    assert_false(system_store_asked);
    client_fini(&client);
    client = client_of((struct dna_https_options){.ca_file = "/nonexistent"});
    fetch(&client, secure, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_FAILED);
    client_fini(&client);
    web_stop(web);
}

static bool has_v6_loopback(void)
{
    struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, (const void *)&at, sizeof at) == 0;
    close(fd);
    return has;
}

static void addresses_may_be_v6(void **state)
{
    struct dna_address address = {.family = DNA_ADDRESS_V6, .bytes = {[15] = 1}};
    struct dna_https_get *get;
    struct client client;
    struct web *web;
    char url[100];
    (void)state;
    if (!has_v6_loopback()) {
        skip();
    }
    web = web_start(&(struct web_order){
        .address = "::1", .pages = answers, .n_pages = 1, .leaf = &papers.www});
    client = usual_client();
    (void)snprintf(url, sizeof url, "https://www.example:%u/plain", web_port(web));
    seen = (struct seen){.done = false};
    assert_int_equal(dna_https_get(client.https, url, &address, see, &seen, &get), DNA_OK);
    assert_true(poll_loop_until(client.loop, &seen.done, 20000));
    assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
    client_fini(&client);
    web_stop(web);
}

static void who_is_not_there_is_unreached(void **state)
{
    struct web *web = start(NULL);
    uint16_t port = web_port(web);
    struct client client = usual_client();
    (void)state;
    web_stop(web);
    for (unsigned i = 0; i < 2; i++) {
        (void)begin(&client, i == 0, port, "/plain");
        assert_true(poll_loop_until(client.loop, &seen.done, 20000));
        assert_int_equal(seen.outcome, DNA_HTTPS_UNREACHED);
        assert_int_equal(seen.status, 0);
    }
    client_fini(&client);
    client = client_of(
        (struct dna_https_options){.ca_file = papers.ca_file, .source = "192.0.2.1"});
    fetch(&client, secure, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_UNREACHED);
    client_fini(&client);
    client = client_of(
        (struct dna_https_options){.ca_file = papers.ca_file, .source = "127.0.0.3"});
    fetch(&client, secure, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
    client_fini(&client);
}

static void a_source_is_an_address(void **state)
{
    static const char *const sources[] = {"", "localhost", "lo", "127.0.0.1 ", "127.1"};
    struct poll_loop *loop = poll_loop_new();
    struct dna_https *https;
    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        const struct dna_https_options options = {.source = sources[i]};
        assert_int_equal(dna_https_new(poll_loop_of(loop), &options, &https), DNA_ERR_FORMAT);
    }
    poll_loop_free(loop);
}

static void a_deaf_server_is_left(void **state)
{
    struct web *web = web_start(&(struct web_order){.deaf = true});
    struct client client = client_of((struct dna_https_options){
        .ca_file = papers.ca_file, .connect_ms = 100, .total_ms = 20000});
    (void)state;
    fetch(&client, web, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_UNREACHED);
    assert_int_equal(web_connections(web), 1);
    client_fini(&client);
    web_stop(web);
}

static void other_schemes_are_not_spoken(void **state)
{
    static const char *const urls[] = {"file:///etc/passwd", "ftp://www.example/",
                                       "dict://www.example/a"};
    struct client client = client_of((struct dna_https_options){.total_ms = 1000});
    struct dna_address address = local();
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct dna_https_get *get;
        seen = (struct seen){.done = false};
        assert_int_equal(dna_https_get(client.https, urls[i], &address, see, &seen, &get),
                         DNA_OK);
        assert_true(poll_loop_until(client.loop, &seen.done, 20000));
        assert_int_equal(seen.outcome, DNA_HTTPS_FAILED);
        assert_non_null(strstr(seen.why, "not supported"));
    }
    client_fini(&client);
}

static void turn(struct client *client, struct web *web, unsigned stage, unsigned connections,
                 unsigned requests)
{
    for (unsigned i = 0; i < 2000; i++) {
        if (stage == 0 || (stage == 1 && web_connections(web) > connections) ||
            (stage == 2 && web_requests(web) > requests) ||
            (stage == 3 && web_requests(web) > requests && web_answering(web))) {
            return;
        }
        poll_loop_run(client->loop, 2);
    }
    fail_msg("stage %u is not reached", stage);
}

static void a_cancelled_get_is_silent(void **state)
{
    struct client client = usual_client();
    (void)state;
    for (unsigned i = 0; i < 16; i++) {
        unsigned stage = i / 2 % 4;
        struct web *web = i % 2 == 0 ? secure : clear;
        unsigned connections = web_connections(web), requests = web_requests(web);
        struct dna_https_get *get =
            begin(&client, web == secure, web_port(web), i < 8 ? "/silent" : "/drip");
        turn(&client, web, stage, connections, requests);
        dna_https_cancel(get);
        poll_loop_run(client.loop, 5);
        assert_int_equal(seen.calls, 0);
        assert_true(poll_loop_count(client.loop) <= 1); /* libcurl's timer */
    }
    fetch(&client, secure, "/plain");
    assert_int_equal(seen.outcome, DNA_HTTPS_DONE);
    client_fini(&client);
}

static void freeing_cancels(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage < 4; stage++) {
        unsigned connections = web_connections(clear), requests = web_requests(clear);
        struct client client = usual_client();
        (void)begin(&client, false, web_port(clear), "/drip");
        (void)begin(&client, false, web_port(clear), "/drip");
        turn(&client, clear, stage, connections, requests);
        client_fini(&client);
        assert_int_equal(seen.calls, 0);
    }
    dna_https_free(NULL);
}

struct chain {
    struct client *client;
    struct dna_https_get *other;
    unsigned left;
    bool done;
};

static void go_on(void *arg, const struct dna_https_result *result)
{
    struct chain *chain = arg;
    struct dna_address address = local();
    struct dna_https_get *get;
    char url[100];
    assert_int_equal(result->outcome, DNA_HTTPS_DONE);
    if (chain->other != NULL) {
        dna_https_cancel(chain->other);
        chain->other = NULL;
    }
    if (chain->left-- == 0) {
        chain->done = true;
        return;
    }
    (void)snprintf(url, sizeof url, "http://www.example:%u/plain", web_port(clear));
    assert_int_equal(dna_https_get(chain->client->https, url, &address, go_on, chain, &get),
                     DNA_OK);
}

static void callbacks_may_call(void **state)
{
    struct client client = usual_client();
    struct chain chain = {.client = &client, .left = 3};
    const struct dna_https_result first = {.outcome = DNA_HTTPS_DONE};
    (void)state;
    go_on(&chain, &first);
    chain.other = begin(&client, true, web_port(secure), "/silent");
    assert_true(poll_loop_until(client.loop, &chain.done, 20000));
    assert_int_equal(seen.calls, 0);
    client_fini(&client);
}

/* Whatever the loop refuses: the call says so, or the get ends. */
static void a_loop_that_refuses_ends_the_get(void **state)
{
    bool good = false;
    (void)state;
    for (unsigned n = 0; !good && n < 100; n++) {
        struct client client =
            client_of((struct dna_https_options){.ca_file = papers.ca_file, .total_ms = 1000});
        struct dna_address address = local();
        struct dna_https_get *get;
        char url[100];
        (void)snprintf(url, sizeof url, "https://www.example:%u/plain", web_port(secure));
        seen = (struct seen){.done = false};
        poll_loop_refuse_after(client.loop, n);
        if (dna_https_get(client.https, url, &address, see, &seen, &get) == DNA_OK) {
            assert_true(poll_loop_until(client.loop, &seen.done, 20000));
            good = seen.outcome == DNA_HTTPS_DONE;
        }
        poll_loop_refuse_after(client.loop, 1000);
        client_fini(&client);
    }
    assert_true(good);
}

static void lack_of_memory_ends_the_get(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct poll_loop *loop = poll_loop_new();
        const struct dna_https_options options = {.alloc = failing_alloc_init(&f, n),
                                                  .ca_file = papers.ca_file,
                                                  .user_agent = "a",
                                                  .source = "127.0.0.1"};
        struct dna_address address = local();
        struct dna_https *https = NULL;
        struct dna_https_get *get;
        char url[100];
        enum dna_err err = dna_https_new(poll_loop_of(loop), &options, &https);
        seen = (struct seen){.done = false};
        (void)snprintf(url, sizeof url, "https://www.example:%u/64k", web_port(secure));
        if (err == DNA_OK) {
            err = dna_https_get(https, url, &address, see, &seen, &get);
        }
        if (err == DNA_OK) {
            assert_true(poll_loop_until(loop, &seen.done, 20000));
            assert_int_equal(seen.outcome, f.failed ? DNA_HTTPS_FAILED : DNA_HTTPS_DONE);
        } else {
            assert_int_equal(err, DNA_ERR_MEMORY);
        }
        dna_https_free(https);
        poll_loop_free(loop);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

/* The last one: about all of the above. */
static void no_name_was_looked_up(void **state)
{
    (void)state;
    assert_false(resolver_asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_handed_up),
        cmocka_unit_test(a_body_may_have_64_kib),
        cmocka_unit_test(a_broken_or_boundless_answer_fails),
        cmocka_unit_test(a_slow_answer_fails),
        cmocka_unit_test(an_end_is_said_not_seen),
        cmocka_unit_test(redirects_are_handed_up),
        cmocka_unit_test(little_is_said),
        cmocka_unit_test(the_environment_names_no_proxy),
        cmocka_unit_test(certificates_are_checked),
        cmocka_unit_test(a_common_name_names_nothing),
        cmocka_unit_test(only_the_given_file_counts),
        cmocka_unit_test(addresses_may_be_v6),
        cmocka_unit_test(who_is_not_there_is_unreached),
        cmocka_unit_test(a_source_is_an_address),
        cmocka_unit_test(a_deaf_server_is_left),
        cmocka_unit_test(other_schemes_are_not_spoken),
        cmocka_unit_test(a_cancelled_get_is_silent),
        cmocka_unit_test(freeing_cancels),
        cmocka_unit_test(callbacks_may_call),
        cmocka_unit_test(a_loop_that_refuses_ends_the_get),
        cmocka_unit_test(lack_of_memory_ends_the_get),
        cmocka_unit_test(no_name_was_looked_up),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
