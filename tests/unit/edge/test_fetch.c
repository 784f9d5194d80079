/* The guarded fetch against real servers on loopback and a scripted resolver: where it goes,
 * where it does not, and that each fetch is told of once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <edge/fetch.h>
#include <failing_alloc.h>
#include <paper.h>
#include <poll_loop.h>
#include <web.h>

#define OK200 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define GO(status, location) \
    "HTTP/1.1 " status " Go\r\nContent-Length: 0\r\nLocation: " location "\r\n\r\n"
#define HERE "https://www.example:@PORT@"

static const struct web_page pages[] = {
    {.path = "/ok", .head = OK200},
    {.path = "/204", .head = "HTTP/1.1 204 No\r\n\r\n"},
    {.path = "/403", .head = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/410", .head = "HTTP/1.1 410 No\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/500", .head = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"},
    {.path = "/silent", .head = "", .ending = WEB_HANG},
    {.path = "/endless", .head = "HTTP/1.1 200 OK\r\n\r\n", .repeat = "0123456789",
     .times = WEB_ENDLESS},
    {.path = "/301", .head = GO("301", HERE "/ok")},
    {.path = "/302", .head = GO("302", "/ok")},
    {.path = "/303", .head = GO("303", HERE "/ok")},
    {.path = "/307", .head = GO("307", HERE "/ok")},
    {.path = "/308", .head = GO("308", "ok")},
    {.path = "/300", .head = GO("300", HERE "/ok")},
    {.path = "/304", .head = GO("304", HERE "/ok")},
    {.path = "/305", .head = GO("305", HERE "/ok")},
    {.path = "/5", .head = GO("302", HERE "/4")},
    {.path = "/4", .head = GO("302", HERE "/3")},
    {.path = "/3", .head = GO("302", HERE "/2")},
    {.path = "/2", .head = GO("302", HERE "/1")},
    {.path = "/1", .head = GO("302", HERE "/ok")},
    {.path = "/6", .head = GO("302", HERE "/5")},
    {.path = "/round", .head = GO("302", HERE "/round")},
    {.path = "/to-404", .head = GO("302", HERE "/none")},
    {.path = "/to-silent", .head = GO("302", HERE "/silent")},
    {.path = "/to-http", .head = GO("302", "http://www.example:@PORT@/ok")},
    {.path = "/to-private", .head = GO("302", "https://private.example:@PORT@/ok")},
    {.path = "/to-mixed", .head = GO("302", "https://mixed.example:@PORT@/ok")},
    {.path = "/to-nowhere", .head = GO("302", "https://nowhere.example:@PORT@/ok")},
    {.path = "/to-literal", .head = GO("302", "https://127.0.0.1:@PORT@/ok")},
    {.path = "/to-hex", .head = GO("302", "https://0x7f.1:@PORT@/ok")},
    {.path = "/to-v6", .head = GO("302", "https://[::1]:@PORT@/ok")},
    {.path = "/to-user", .head = GO("302", "https://a@www.example:@PORT@/ok")},
    {.path = "/to-fragment", .head = GO("302", HERE "/ok#a")},
    {.path = "/to-port-22", .head = GO("302", "https://www.example:22/ok")},
    {.path = "/to-file", .head = GO("302", "file:///etc/passwd")},
    {.path = "/to-garbage", .head = GO("302", "https://:::/")},
};

static struct web_papers papers;
static struct web *secure, *clear, *other;

static struct web *start(const char *address, const struct cert *leaf)
{
    return web_start(&(struct web_order){.address = address,
                                         .pages = pages,
                                         .n_pages = sizeof pages / sizeof *pages,
                                         .leaf = leaf});
}

static int setup(void **state)
{
    (void)state;
    web_papers_make(&papers);
    secure = start("127.0.0.1", &papers.www);
    clear = start("127.0.0.1", NULL);
    other = start("127.0.0.2", &papers.other);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    web_stop(secure);
    web_stop(clear);
    web_stop(other);
    web_papers_fini(&papers);
    return 0;
}

/* --- a resolver that says what it is told to */

struct host {
    const char *name;
    enum dna_dns_outcome a, aaaa;
    const char *addresses[4]; /* those with ":" are AAAA */
};

static const struct host usual_hosts[] = {
    {"www.example", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"127.0.0.1"}},
    {"other.example", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"127.0.0.2"}},
    {"private.example", DNA_DNS_FOUND, DNA_DNS_FOUND, {"10.0.0.1", "127.0.0.77", "::1",
                                                       "fd00::1"}},
    {"mixed.example", DNA_DNS_FOUND, DNA_DNS_FOUND, {"10.0.0.1", "127.0.0.1", "fe80::1"}},
    {"own.example", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"127.0.0.5"}},
    {"lame.example", DNA_DNS_FOUND, DNA_DNS_FAILED, {"127.0.0.1"}},
    {"half.example", DNA_DNS_FOUND, DNA_DNS_BOGUS, {"127.0.0.1"}},
    {"dead.example", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"127.0.0.9", "127.0.0.10", "127.0.0.1"}},
    {"gone.example", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"127.0.0.9"}},
    {"failed.example", DNA_DNS_FAILED, DNA_DNS_FAILED, {NULL}},
    {"bogus.example", DNA_DNS_BOGUS, DNA_DNS_ABSENT, {NULL}},
    {"absent.example", DNA_DNS_ABSENT, DNA_DNS_ABSENT, {NULL}},
    {"odd.example", DNA_DNS_FOUND, DNA_DNS_FOUND, {NULL}},
};

struct dna_lookup {
    struct world *world;
    struct dna_lookup *next;
    const char *name;
    uint16_t type;
    struct dna_timer *timer;
    dna_resolver_fn *fn;
    void *arg;
};

struct world {
    struct poll_loop *loop;
    struct dna_https *https;
    struct dna_fetcher *fetcher;
    struct dna_address_guard guard;
    struct dna_prefix allowed[2];
    struct dna_endpoint own;
    uint16_t ports[3];
    struct dna_lookup *lookups;
    unsigned asked, refuse_after; /* look-ups */
    bool mute, rebound;
};

static void unlist(struct dna_lookup *lookup)
{
    struct dna_lookup **link = &lookup->world->lookups;
    while (*link != lookup) {
        link = &(*link)->next;
    }
    *link = lookup->next;
    poll_loop_of(lookup->world->loop)->timer_free(lookup->timer);
}

static void tell(struct dna_lookup *lookup, const struct host *host)
{
    bool v4 = lookup->type == DNA_DNS_A;
    struct dna_address addresses[4];
    struct dna_span rdata[4];
    struct dna_dns_answer answer = {.name = lookup->name, .type = lookup->type, .why = "",
                                    .outcome = v4 ? host->a : host->aaaa, .rdata = rdata};
    for (size_t i = 0; i < 4 && host->addresses[i] != NULL; i++) {
        struct dna_address *address = &addresses[answer.n_rdata];
        assert_int_equal(dna_address_parse(dna_span_of(host->addresses[i]), address), DNA_OK);
        if ((address->family == DNA_ADDRESS_V4) == v4) {
            rdata[answer.n_rdata++] =
                (struct dna_span){(const char *)address->bytes, v4 ? 4 : 16};
        }
    }
    if (strcmp(host->name, "odd.example") == 0) {
        rdata[0] = (struct dna_span){"\x7f\0\0\1\1", v4 ? 5 : 4};
        rdata[1] = (struct dna_span){NULL, 0};
        answer.n_rdata = 2;
    }
    lookup->fn(lookup->arg, &answer);
}

static void on_lookup(void *arg)
{
    static const struct host evil = {"", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"10.0.0.1"}};
    struct dna_lookup *lookup = arg;
    unlist(lookup);
    for (size_t i = 0; i < sizeof usual_hosts / sizeof *usual_hosts; i++) {
        if (strcmp(usual_hosts[i].name, lookup->name) == 0) {
            tell(lookup, lookup->world->rebound ? &evil : &usual_hosts[i]);
            free(lookup);
            return;
        }
    }
    tell(lookup, &(struct host){"", DNA_DNS_ABSENT, DNA_DNS_ABSENT, {NULL}});
    free(lookup);
}

static enum dna_err look_up(void *self, const char *name, uint16_t type, dna_resolver_fn *fn,
                            void *arg, struct dna_lookup **out)
{
    struct world *world = self;
    const struct dna_loop *loop = poll_loop_of(world->loop);
    struct dna_lookup *lookup;
    if (world->asked++ >= world->refuse_after) {
        return DNA_ERR_LIMIT;
    }
    lookup = calloc(1, sizeof *lookup);
    assert_non_null(lookup);
    *lookup = (struct dna_lookup){world, world->lookups, name, type, NULL, fn, arg};
    if (!world->mute) {
        lookup->timer = loop->timer(loop->self, 0, on_lookup, lookup);
        if (lookup->timer == NULL) {
            free(lookup);
            return DNA_ERR_MEMORY;
        }
    }
    world->lookups = lookup;
    *out = lookup;
    return DNA_OK;
}

static void stop_lookup(struct dna_lookup *lookup)
{
    unlist(lookup);
    free(lookup);
}

/* --- the world of one case */

static enum dna_err world_try(struct world *w, const struct dna_alloc *alloc,
                              unsigned total_ms)
{
    const struct dna_https_options https = {.alloc = alloc, .ca_file = papers.ca_file};
    struct dna_fetcher_options options = {.alloc = alloc,
                                          .seed = 7,
                                          .guard = &w->guard,
                                          .ports = w->ports,
                                          .n_ports = 3,
                                          .total_ms = total_ms};
    enum dna_err err;
    *w = (struct world){.loop = poll_loop_new(), .refuse_after = 100000};
    w->ports[0] = web_port(secure);
    w->ports[1] = web_port(clear);
    w->ports[2] = web_port(other);
    assert_int_equal(dna_prefix_parse(dna_span_of("127.0.0.0/28"), &w->allowed[0]), DNA_OK);
    w->own.address = (struct dna_address){.family = DNA_ADDRESS_V4, .bytes = {127, 0, 0, 5}};
    w->guard = (struct dna_address_guard){w->allowed, 1, &w->own, 1};
    err = dna_https_new(poll_loop_of(w->loop), &https, &w->https);
    options.https = w->https;
    options.names = (struct dna_fetch_names){w, look_up, stop_lookup};
    if (err == DNA_OK) {
        err = dna_fetcher_new(poll_loop_of(w->loop), &options, &w->fetcher);
    }
    return err;
}

static void world_init(struct world *w, unsigned total_ms)
{
    assert_int_equal(world_try(w, NULL, total_ms), DNA_OK);
}

static void world_fini(struct world *w)
{
    dna_fetcher_free(w->fetcher);
    dna_https_free(w->https);
    assert_null(w->lookups);
    poll_loop_free(w->loop);
}

struct seen {
    bool done;
    unsigned calls;
    enum dna_fetch_outcome outcome;
    unsigned status;
    char body[64], final_url[300], why[300];
    int64_t obtained;
};

static void see(void *arg, const struct dna_fetch_result *result)
{
    struct seen *s = arg;
    s->done = true;
    s->calls++;
    s->outcome = result->outcome;
    s->status = result->status;
    s->obtained = result->obtained;
    (void)snprintf(s->body, sizeof s->body, "%.*s", DNA_SPAN_FMT(result->body));
    (void)snprintf(s->final_url, sizeof s->final_url, "%s", result->final_url);
    (void)snprintf(s->why, sizeof s->why, "%s", result->why);
}

static struct dna_fetch *begin_as(struct world *w, const char *peer, enum dna_fetch_kind kind,
                                  unsigned max, const char *url, struct seen *seen)
{
    const struct dna_want_fetch want = {.kind = kind, .url = url, .max_redirects = max};
    struct dna_fetch *fetch = NULL;
    *seen = (struct seen){.done = false};
    assert_int_equal(dna_fetcher_get(w->fetcher, &want, peer, true, see, seen, &fetch),
                     DNA_OK);
    assert_int_equal(seen->calls, 0);
    return fetch;
}

static void url_of(char out[300], const char *scheme, const char *host, struct web *web,
                   const char *path)
{
    (void)snprintf(out, 300, "%s://%s:%u%s", scheme, host, web_port(web), path);
}

static struct dna_fetch *begin(struct world *w, const char *path, struct seen *seen)
{
    char url[300];
    url_of(url, "https", "www.example", secure, path);
    return begin_as(w, "peer", DNA_FETCH_WELL_KNOWN, 5, url, seen);
}

static void finish(struct world *w, struct seen *seen)
{
    assert_true(poll_loop_until(w->loop, &seen->done, 20000));
    assert_int_equal(seen->calls, 1);
}

static void expect(const struct seen *seen, const char *what, enum dna_fetch_outcome outcome,
                   unsigned status)
{
    if (seen->outcome != outcome || seen->status != status) {
        fail_msg("%s: outcome %u, status %u, %s", what, seen->outcome, seen->status, seen->why);
    }
    assert_true(seen->why[0] != '\0');
    assert_string_equal(seen->body, outcome == DNA_FETCH_OK ? "hello" : "");
}

/* --- cases */

static void the_status_decides(void **state)
{
    static const struct {
        const char *path;
        enum dna_fetch_outcome outcome;
        unsigned status;
    } cases[] = {
        {"/ok", DNA_FETCH_OK, 200},          {"/none", DNA_FETCH_ABSENT, 404},
        {"/410", DNA_FETCH_ABSENT, 410},     {"/204", DNA_FETCH_FAILED, 204},
        {"/403", DNA_FETCH_FAILED, 403},     {"/500", DNA_FETCH_FAILED, 500},
        {"/endless", DNA_FETCH_FAILED, 200}, {"/304", DNA_FETCH_FAILED, 304},
    };
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char url[300];
        (void)begin(&w, cases[i].path, &seen);
        finish(&w, &seen);
        expect(&seen, cases[i].path, cases[i].outcome, cases[i].status);
        url_of(url, "https", "www.example", secure, cases[i].path);
        assert_string_equal(seen.final_url, url);
        assert_true(seen.obtained > 1700000000);
    }
    world_fini(&w);
}

static void redirects_are_followed_so_far(void **state)
{
    static const struct {
        const char *path;
        unsigned max;
        enum dna_fetch_outcome outcome;
        unsigned status, requests;
        const char *why;
    } cases[] = {
        {"/301", 5, DNA_FETCH_OK, 200, 2, NULL},
        {"/302", 5, DNA_FETCH_OK, 200, 2, NULL},
        {"/303", 5, DNA_FETCH_OK, 200, 2, NULL},
        {"/307", 1, DNA_FETCH_OK, 200, 2, NULL},
        {"/308", 5, DNA_FETCH_OK, 200, 2, NULL},
        {"/300", 5, DNA_FETCH_FAILED, 300, 1, "not a status that is followed"},
        {"/304", 5, DNA_FETCH_FAILED, 304, 1, "not a status that is followed"},
        {"/305", 5, DNA_FETCH_FAILED, 305, 1, "not a status that is followed"},
        {"/ok", 0, DNA_FETCH_OK, 200, 1, NULL},
        {"/1", 0, DNA_FETCH_FAILED, 302, 1, "too many redirects"},
        {"/2", 1, DNA_FETCH_FAILED, 302, 2, "too many redirects"},
        {"/5", 5, DNA_FETCH_OK, 200, 6, NULL},
        {"/6", 5, DNA_FETCH_FAILED, 302, 6, "too many redirects"},
        {"/6", 99, DNA_FETCH_FAILED, 302, 6, "too many redirects"},
        {"/round", 5, DNA_FETCH_FAILED, 302, 6, "too many redirects"},
        {"/to-404", 5, DNA_FETCH_ABSENT, 404, 2, NULL},
        {"/to-http", 5, DNA_FETCH_FAILED, 302, 1, "redirected to http"},
        {"/to-private", 5, DNA_FETCH_REFUSED, 0, 1, "not a global unicast address"},
        {"/to-nowhere", 5, DNA_FETCH_FAILED, 0, 1, "no address of the host was found"},
        {"/to-literal", 5, DNA_FETCH_FAILED, 302, 1, "the URL's host is an address"},
        {"/to-hex", 5, DNA_FETCH_FAILED, 302, 1, "the URL's host is an address"},
        {"/to-v6", 5, DNA_FETCH_FAILED, 302, 1, "the URL's host is an address"},
        {"/to-user", 5, DNA_FETCH_FAILED, 302, 1, "the URL names a user"},
        {"/to-fragment", 5, DNA_FETCH_FAILED, 302, 1, "the URL has a fragment"},
        {"/to-port-22", 5, DNA_FETCH_FAILED, 302, 1, "the URL's port is not admitted"},
        {"/to-file", 5, DNA_FETCH_FAILED, 302, 1, NULL},
        {"/to-garbage", 5, DNA_FETCH_FAILED, 302, 1, NULL},
        {"/to-mixed", 5, DNA_FETCH_FAILED, 0, 1, NULL}, /* the certificate is www.example's */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned before = web_requests(secure), plain = web_connections(clear);
        struct world w;
        struct seen seen;
        char url[300];
        world_init(&w, 0);
        url_of(url, "https", "www.example", secure, cases[i].path);
        (void)begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, cases[i].max, url, &seen);
        finish(&w, &seen);
        expect(&seen, cases[i].path, cases[i].outcome, cases[i].status);
        if (cases[i].why != NULL) {
            assert_string_equal(seen.why, cases[i].why);
        }
        if (seen.outcome == DNA_FETCH_OK) {
            url_of(url, "https", "www.example", secure, "/ok");
            assert_string_equal(seen.final_url, url);
        }
        assert_int_equal(web_requests(secure), before + cases[i].requests);
        assert_int_equal(web_connections(clear), plain);
        world_fini(&w);
    }
}

static void a_redirect_may_lead_to_another_host(void **state)
{
    char head[200], url[300];
    struct web_page page = {.path = "/away", .head = head};
    const struct web_order order = {.pages = &page, .n_pages = 1, .leaf = &papers.www};
    struct web *web;
    struct world w;
    struct seen seen;
    (void)state;
    (void)snprintf(head, sizeof head, GO("302", "https://other.example:%u/ok"),
                   web_port(other));
    web = web_start(&order);
    world_init(&w, 0);
    w.ports[1] = web_port(web);
    url_of(url, "https", "www.example", web, "/away");
    (void)begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, 5, url, &seen);
    finish(&w, &seen);
    expect(&seen, "/away", DNA_FETCH_OK, 200);
    url_of(url, "https", "other.example", other, "/ok");
    assert_string_equal(seen.final_url, url);
    assert_int_equal(w.asked, 4); /* each host once */
    world_fini(&w);
    web_stop(web);
}

static void a_url_that_a_peer_chose_is_not_redirected(void **state)
{
    static const struct {
        const char *path;
        enum dna_fetch_outcome outcome;
        unsigned status;
    } cases[] = {{"/ok", DNA_FETCH_OK, 200},
                 {"/none", DNA_FETCH_ABSENT, 404},
                 {"/301", DNA_FETCH_FAILED, 301}};
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 0);
    for (size_t i = 0; i < 6; i++) {
        struct web *web = i < 3 ? clear : secure;
        unsigned before = web_requests(web);
        char url[300];
        url_of(url, i < 3 ? "http" : "https", "www.example", web, cases[i % 3].path);
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 5, url, &seen);
        finish(&w, &seen);
        expect(&seen, url, cases[i % 3].outcome, cases[i % 3].status);
        assert_int_equal(web_requests(web), before + 1);
    }
    world_fini(&w);
}

static void bad_urls_are_refused_before_anything(void **state)
{
    static const char *const urls[] = {
        "",
        "http://www.example/", /* well-known URLs are https */
        "https://127.0.0.1/",
        "https://user@www.example/",
        "https://www.example:25/",
        "https://www.example/#a",
        "ftp://www.example/",
    };
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 0);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        (void)begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, 5, urls[i], &seen);
        finish(&w, &seen);
        expect(&seen, urls[i], DNA_FETCH_REFUSED, 0);
        assert_string_equal(seen.final_url, urls[i]);
    }
    assert_int_equal(w.asked, 0);
    world_fini(&w);
}

static void addresses_are_guarded(void **state)
{
    static const struct {
        const char *host;
        enum dna_fetch_outcome outcome;
        const char *why;
    } cases[] = {
        {"www.example", DNA_FETCH_OK, NULL},
        {"mixed.example", DNA_FETCH_OK, NULL},
        {"lame.example", DNA_FETCH_OK, NULL},
        {"half.example", DNA_FETCH_OK, NULL},
        {"dead.example", DNA_FETCH_OK, NULL},
        {"private.example", DNA_FETCH_REFUSED, "not a global unicast address"},
        {"own.example", DNA_FETCH_REFUSED, "an address of our own"},
        {"gone.example", DNA_FETCH_FAILED, NULL},
        {"failed.example", DNA_FETCH_FAILED, "no address of the host was found"},
        {"bogus.example", DNA_FETCH_FAILED, "no address of the host was found"},
        {"absent.example", DNA_FETCH_FAILED, "no address of the host was found"},
        {"odd.example", DNA_FETCH_FAILED, "no address of the host was found"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned before = web_connections(clear);
        struct world w;
        struct seen seen;
        char url[300];
        world_init(&w, 0);
        url_of(url, "http", cases[i].host, clear, "/ok");
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
        finish(&w, &seen);
        expect(&seen, cases[i].host, cases[i].outcome,
               cases[i].outcome == DNA_FETCH_OK ? 200 : 0);
        if (cases[i].why != NULL) {
            assert_string_equal(seen.why, cases[i].why);
        }
        assert_int_equal(web_connections(clear),
                         before + (cases[i].outcome == DNA_FETCH_OK));
        assert_int_equal(w.asked, 2);
        world_fini(&w);
    }
}

/* What the guard saw is what is connected to. */
static void a_name_is_resolved_once(void **state)
{
    struct world w;
    struct seen seen, more[4];
    struct web_order order = {
        .pages = pages, .n_pages = sizeof pages / sizeof *pages, .leaf = &papers.www};
    (void)state;
    world_init(&w, 0);
    for (unsigned i = 0; i < 4; i++) {
        char peer[8], url[300];
        (void)snprintf(peer, sizeof peer, "p%u", i);
        url_of(url, "https", "www.example", secure, "/silent");
        (void)begin_as(&w, peer, DNA_FETCH_WELL_KNOWN, 0, url, &more[i]);
    }
    poll_loop_run(w.loop, 30);
    assert_int_equal(w.asked, 8);
    (void)begin(&w, "/ok", &seen); /* resolved, then sent back: four are at that address */
    while (w.asked < 10 || w.lookups != NULL) {
        poll_loop_run(w.loop, 5);
    }
    w.rebound = true;
    poll_loop_run(w.loop, 20);
    assert_false(seen.done);
    order.port = web_port(secure);
    web_stop(secure); /* the four end */
    secure = web_start(&order);
    for (unsigned i = 0; i < 4; i++) {
        finish(&w, &more[i]);
    }
    finish(&w, &seen);
    assert_int_equal(w.asked, 10);
    expect(&seen, "/ok", DNA_FETCH_OK, 200);
    world_fini(&w);
}

static void a_fetch_ends_in_time(void **state)
{
    static const char *const paths[] = {"/silent", "/to-silent"};
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 300);
    for (size_t i = 0; i < 2; i++) {
        (void)begin(&w, paths[i], &seen);
        finish(&w, &seen);
        expect(&seen, paths[i], DNA_FETCH_FAILED, 0);
        assert_string_equal(seen.why, "not fetched in time");
    }
    w.mute = true;
    (void)begin(&w, "/ok", &seen);
    finish(&w, &seen);
    assert_string_equal(seen.why, "not fetched in time");
    world_fini(&w);
}

static void a_resolver_that_refuses_fails_the_fetch(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        struct world w;
        struct seen seen;
        world_init(&w, 0);
        w.refuse_after = n;
        (void)begin(&w, "/ok", &seen);
        finish(&w, &seen);
        expect(&seen, "refused", DNA_FETCH_FAILED, 0);
        assert_null(w.lookups);
        world_fini(&w);
    }
}

/* Brings a fetch of a silent page to a stage: queued, resolving, connecting, asking. */
static struct dna_fetch *bring(struct world *w, unsigned stage, struct seen *seen)
{
    unsigned connections = web_connections(secure), requests = web_requests(secure);
    struct dna_fetch *fetch;
    w->mute = stage == 1;
    fetch = begin(w, "/silent", seen);
    for (unsigned i = 0; i < 2000; i++) {
        if (stage == 0 || (stage == 1 && w->lookups != NULL) ||
            (stage == 2 && web_connections(secure) > connections) ||
            (stage == 3 && web_requests(secure) > requests)) {
            return fetch;
        }
        poll_loop_run(w->loop, 2);
    }
    fail_msg("stage %u is not reached", stage);
    return NULL;
}

static void a_cancelled_fetch_is_silent(void **state)
{
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 0);
    for (unsigned stage = 0; stage < 4; stage++) {
        dna_fetch_cancel(bring(&w, stage, &seen));
        assert_null(w.lookups);
        poll_loop_run(w.loop, 10);
        assert_int_equal(seen.calls, 0);
    }
    dna_fetch_cancel(begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, 0, "turned away", &seen));
    poll_loop_run(w.loop, 10);
    assert_int_equal(seen.calls, 0);
    w.mute = false;
    (void)begin(&w, "/ok", &seen);
    finish(&w, &seen);
    expect(&seen, "/ok", DNA_FETCH_OK, 200);
    world_fini(&w);
}

static void cancelling_lets_the_next_one_in(void **state)
{
    struct world w;
    struct seen seen[5];
    struct dna_fetch *fetches[5];
    (void)state;
    world_init(&w, 0);
    w.mute = true;
    for (unsigned i = 0; i < 5; i++) { /* one peer: four at once */
        fetches[i] = begin(&w, "/ok", &seen[i]);
    }
    poll_loop_run(w.loop, 10);
    assert_int_equal(w.asked, 8);
    w.mute = false;
    dna_fetch_cancel(fetches[2]);
    finish(&w, &seen[4]);
    expect(&seen[4], "/ok", DNA_FETCH_OK, 200);
    assert_int_equal(seen[2].calls, 0);
    world_fini(&w);
    assert_int_equal(seen[0].calls, 0);
}

static void freeing_cancels(void **state)
{
    (void)state;
    for (unsigned stage = 0; stage < 4; stage++) {
        struct world w;
        struct seen seen[3];
        world_init(&w, 0);
        (void)bring(&w, stage, &seen[0]);
        (void)begin(&w, "/ok", &seen[1]);
        (void)begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, 0, "turned away", &seen[2]);
        world_fini(&w);
        for (unsigned i = 0; i < 3; i++) {
            assert_int_equal(seen[i].calls, 0);
        }
    }
    dna_fetcher_free(NULL);
}

struct chain {
    struct world *w;
    struct dna_fetch *victim;
    unsigned left;
    bool done;
};

static void go_on(void *arg, const struct dna_fetch_result *result)
{
    struct chain *chain = arg;
    char url[300];
    const struct dna_want_fetch want = {.kind = DNA_FETCH_WELL_KNOWN, .url = url};
    struct dna_fetch *fetch;
    assert_true(result->outcome == DNA_FETCH_OK || result->outcome == DNA_FETCH_REFUSED);
    if (chain->victim != NULL) {
        dna_fetch_cancel(chain->victim);
        chain->victim = NULL;
    }
    if (chain->left-- == 0) {
        chain->done = true;
        return;
    }
    url_of(url, "https", "www.example", secure, chain->left % 2 == 0 ? "/ok" : "/ok#");
    assert_int_equal(dna_fetcher_get(chain->w->fetcher, &want, "peer", false, go_on, chain,
                                     &fetch),
                     DNA_OK);
}

static void callbacks_may_call(void **state)
{
    struct world w;
    struct seen seen;
    struct chain chain = {.w = &w, .left = 5};
    const struct dna_fetch_result first = {.outcome = DNA_FETCH_OK};
    (void)state;
    world_init(&w, 0);
    go_on(&chain, &first);
    chain.victim = bring(&w, 0, &seen);
    assert_true(poll_loop_until(w.loop, &chain.done, 20000));
    assert_int_equal(seen.calls, 0);
    world_fini(&w);
}

static void the_eleventh_at_one_address_waits(void **state)
{
    struct world w;
    struct seen seen;
    char url[300];
    (void)state;
    world_init(&w, 0);
    url_of(url, "http", "www.example", clear, "/ok");
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_PEER_AT_MINUTE; i++) {
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
        finish(&w, &seen);
        expect(&seen, url, DNA_FETCH_OK, 200);
    }
    (void)begin_as(&w, "another", DNA_FETCH_PEER, 0, url, &seen);
    poll_loop_run(w.loop, 50);
    assert_int_equal(seen.calls, 0);
    world_fini(&w);
}

static void whom_the_court_blames_waits(void **state)
{
    struct world w;
    struct seen seen;
    char url[300];
    (void)state;
    world_init(&w, 0);
    url_of(url, "http", "www.example", clear, "/ok");
    (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
    finish(&w, &seen);
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_FAILURES_MINUTE; i++) {
        dna_fetcher_blame(w.fetcher, "peer");
    }
    (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
    poll_loop_run(w.loop, 50);
    assert_int_equal(w.asked, 2);
    assert_int_equal(seen.calls, 0);
    world_fini(&w);
}

/* Failed fetches count by themselves. */
static void ten_failures_make_a_peer_wait(void **state)
{
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 0);
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_FAILURES_MINUTE; i++) {
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0,
                       i % 2 == 0 ? "http://absent.example/" : "http://private.example/",
                       &seen);
        finish(&w, &seen);
    }
    (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, "http://absent.example/", &seen);
    poll_loop_run(w.loop, 50);
    assert_int_equal(seen.calls, 0);
    (void)begin_as(&w, "another", DNA_FETCH_PEER, 0, "http://absent.example/", &seen);
    finish(&w, &seen);
    world_fini(&w);
}

static void a_full_queue_turns_away(void **state)
{
    static struct seen seen[DNA_LIMIT_FETCH_WAITING + 2];
    struct world w;
    (void)state;
    world_init(&w, 0);
    w.mute = true;
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_WAITING + 1; i++) {
        (void)begin(&w, "/ok", &seen[i]);
    }
    (void)begin_as(&w, "another", DNA_FETCH_WELL_KNOWN, 0, "https://www.example/",
                   &seen[DNA_LIMIT_FETCH_WAITING + 1]);
    finish(&w, &seen[DNA_LIMIT_FETCH_WAITING]);
    expect(&seen[DNA_LIMIT_FETCH_WAITING], "one too many", DNA_FETCH_REFUSED, 0);
    finish(&w, &seen[DNA_LIMIT_FETCH_WAITING - 1]);
    expect(&seen[DNA_LIMIT_FETCH_WAITING - 1], "evicted", DNA_FETCH_REFUSED, 0);
    assert_int_equal(seen[DNA_LIMIT_FETCH_WAITING + 1].calls, 0);
    assert_int_equal(seen[0].calls, 0);
    world_fini(&w);
}

/* Whatever the loop refuses: the call says so, or the fetch ends. */
static void a_loop_that_refuses_ends_the_fetch(void **state)
{
    bool good = false;
    (void)state;
    for (unsigned n = 0; !good && n < 100; n++) {
        struct world w;
        struct seen seen = {.done = false};
        struct dna_fetch *fetch;
        char url[300];
        const struct dna_want_fetch want = {.kind = DNA_FETCH_WELL_KNOWN, .url = url};
        world_init(&w, 1000);
        url_of(url, "https", "www.example", secure, "/ok");
        poll_loop_refuse_after(w.loop, n);
        if (dna_fetcher_get(w.fetcher, &want, "peer", false, see, &seen, &fetch) == DNA_OK) {
            finish(&w, &seen);
            good = seen.outcome == DNA_FETCH_OK;
        }
        poll_loop_refuse_after(w.loop, 1000);
        world_fini(&w);
    }
    assert_true(good);
}

static void without_a_timer_nobody_waits_for_ever(void **state)
{
    struct world w;
    struct seen seen;
    char url[300];
    (void)state;
    world_init(&w, 0);
    url_of(url, "http", "www.example", clear, "/ok");
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_FAILURES_MINUTE; i++) {
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, "http://absent.example/", &seen);
        finish(&w, &seen);
    }
    (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
    poll_loop_refuse_after(w.loop, 0);
    finish(&w, &seen);
    expect(&seen, url, DNA_FETCH_FAILED, 0);
    poll_loop_refuse_after(w.loop, 1000);
    world_fini(&w);
}

static void lack_of_memory_ends_the_fetch(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct world w;
        struct seen seen = {.done = false};
        struct dna_fetch *fetch;
        char url[300];
        const struct dna_want_fetch want = {
            .kind = DNA_FETCH_WELL_KNOWN, .url = url, .max_redirects = 5};
        enum dna_err err = world_try(&w, failing_alloc_init(&f, n), 0);
        url_of(url, "https", "www.example", secure, "/2");
        if (err == DNA_OK) {
            err = dna_fetcher_get(w.fetcher, &want, "peer", false, see, &seen, &fetch);
        }
        if (err == DNA_OK) {
            finish(&w, &seen);
            assert_int_equal(seen.outcome, f.failed ? DNA_FETCH_FAILED : DNA_FETCH_OK);
        } else {
            assert_int_equal(err, DNA_ERR_MEMORY);
        }
        world_fini(&w);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_decides),
        cmocka_unit_test(redirects_are_followed_so_far),
        cmocka_unit_test(a_redirect_may_lead_to_another_host),
        cmocka_unit_test(a_url_that_a_peer_chose_is_not_redirected),
        cmocka_unit_test(bad_urls_are_refused_before_anything),
        cmocka_unit_test(addresses_are_guarded),
        cmocka_unit_test(a_name_is_resolved_once),
        cmocka_unit_test(a_fetch_ends_in_time),
        cmocka_unit_test(a_resolver_that_refuses_fails_the_fetch),
        cmocka_unit_test(a_cancelled_fetch_is_silent),
        cmocka_unit_test(cancelling_lets_the_next_one_in),
        cmocka_unit_test(freeing_cancels),
        cmocka_unit_test(callbacks_may_call),
        cmocka_unit_test(the_eleventh_at_one_address_waits),
        cmocka_unit_test(whom_the_court_blames_waits),
        cmocka_unit_test(ten_failures_make_a_peer_wait),
        cmocka_unit_test(a_full_queue_turns_away),
        cmocka_unit_test(a_loop_that_refuses_ends_the_fetch),
        cmocka_unit_test(without_a_timer_nobody_waits_for_ever),
        cmocka_unit_test(lack_of_memory_ends_the_fetch),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
