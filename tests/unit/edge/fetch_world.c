#include "fetch_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OK200 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
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

struct web_papers papers;
struct web *secure, *clear, *other;

struct web *server_start(const char *address, const struct cert *leaf, uint16_t port)
{
    return web_start(&(struct web_order){.address = address,
                                         .pages = pages,
                                         .n_pages = sizeof pages / sizeof *pages,
                                         .leaf = leaf,
                                         .port = port});
}

int servers_start(void **state)
{
    (void)state;
    web_papers_make(&papers);
    secure = server_start("127.0.0.1", &papers.www, 0);
    clear = server_start("127.0.0.1", NULL, 0);
    other = server_start("127.0.0.2", &papers.other, 0);
    return 0;
}

int servers_stop(void **state)
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
    {"a.wild.example", DNA_DNS_FOUND, DNA_DNS_ABSENT, {"127.0.0.1"}},
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

enum dna_err world_try(struct world *w, const struct dna_alloc *alloc, unsigned total_ms)
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

void world_init(struct world *w, unsigned total_ms)
{
    assert_int_equal(world_try(w, NULL, total_ms), DNA_OK);
}

void world_fini(struct world *w)
{
    dna_fetcher_free(w->fetcher);
    dna_https_free(w->https);
    assert_null(w->lookups);
    poll_loop_free(w->loop);
}

void see(void *arg, const struct dna_fetch_result *result)
{
    struct seen *s = arg;
    s->done = true;
    s->calls++;
    s->outcome = result->outcome;
    s->status = result->status;
    s->obtained = result->obtained;
    s->certificate_ends = result->certificate_ends;
    s->exact_name = result->exact_name;
    (void)snprintf(s->media_type, sizeof s->media_type, "%s",
                   result->media_type != NULL ? result->media_type : "");
    (void)snprintf(s->body, sizeof s->body, "%.*s", DNA_SPAN_FMT(result->body));
    (void)snprintf(s->final_url, sizeof s->final_url, "%s", result->final_url);
    (void)snprintf(s->why, sizeof s->why, "%s", result->why);
}

struct dna_fetch *begin_as(struct world *w, const char *peer, enum dna_fetch_kind kind,
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

void url_of(char out[300], const char *scheme, const char *host, struct web *web,
            const char *path)
{
    (void)snprintf(out, 300, "%s://%s:%u%s", scheme, host, web_port(web), path);
}

struct dna_fetch *begin(struct world *w, const char *path, struct seen *seen)
{
    char url[300];
    url_of(url, "https", "www.example", secure, path);
    return begin_as(w, "peer", DNA_FETCH_WELL_KNOWN, 5, url, seen);
}

void finish(struct world *w, struct seen *seen)
{
    assert_true(poll_loop_until(w->loop, &seen->done, 20000));
    assert_int_equal(seen->calls, 1);
}

void expect(const struct seen *seen, const char *what, enum dna_fetch_outcome outcome,
            unsigned status)
{
    if (seen->outcome != outcome || seen->status != status) {
        fail_msg("%s: outcome %u, status %u, %s", what, seen->outcome, seen->status, seen->why);
    }
    assert_true(seen->why[0] != '\0');
    assert_string_equal(seen->body, outcome == DNA_FETCH_OK ? "hello" : "");
}
