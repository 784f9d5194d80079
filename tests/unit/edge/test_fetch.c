/* The guarded fetch against real servers on loopback and a scripted resolver: where it goes,
 * where it does not, and that each fetch is told of once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>

#include "fetch_world.h"

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

static int64_t end_of(const struct cert *cert)
{
    struct dna_chain *chain = cert_chain(&cert, 1);
    int64_t begins, ends;
    dna_chain_leaf_validity(chain, &begins, &ends);
    dna_chain_free(chain);
    return ends;
}

/* A server for a.wild.example whose certificate carries these names, for so many days. */
static struct cert certify(const char *names, int days)
{
    const int64_t today = time(NULL);
    return cert_make(&(struct cert_order){.issuer = &papers.ca, .names = names,
                                          .not_before = today - 86400,
                                          .not_after = today + days * INT64_C(86400)});
}

static void what_the_server_is_certified_for(void **state)
{
    static const struct {
        const char *names, *path, *media_type;
        int days;
        bool exact, redirected;
    } cases[] = {
        {"DNS:a.wild.example", "/typed", "text/plain; charset=utf-8", 9, true, false},
        {"DNS:*.wild.example,DNS:a.wild.example", "/typed", "text/plain; charset=utf-8", 9,
         true, false},
        {"DNS:*.wild.example", "/typed", "text/plain; charset=utf-8", 9, false, false},
        {"DNS:*.wild.example", "/untyped", "", 9, false, false},
        {"DNS:a.wild.example", "/away", "", 9, true, true},
        {"DNS:a.wild.example", "/away", "", 20, true, true},
        {"DNS:a.wild.example", "/away", "", 90, true, true}, /* where it leads ends first */
        {"DNS:*.wild.example", "/away", "", 9, false, true},
    };
    char away[200];
    const struct web_page pages[] = {
        {.path = "/typed", .head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                                   "Content-Type: text/plain; charset=utf-8\r\n\r\nhello"},
        {.path = "/untyped", .head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {.path = "/away", .head = away},
    };
    (void)state;
    (void)snprintf(away, sizeof away, GO("302", "https://www.example:%u/ok"),
                   web_port(secure));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cert leaf = certify(cases[i].names, cases[i].days);
        struct web *web = web_start(
            &(struct web_order){.pages = pages, .n_pages = 3, .leaf = &leaf});
        int64_t ends = end_of(&leaf);
        struct world w;
        struct seen seen;
        char url[300];
        world_init(&w, 0);
        w.ports[1] = web_port(web);
        url_of(url, "https", "a.wild.example", web, cases[i].path);
        (void)begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, 5, url, &seen);
        finish(&w, &seen);
        expect(&seen, cases[i].names, DNA_FETCH_OK, 200);
        if (cases[i].redirected && end_of(&papers.www) < ends) {
            ends = end_of(&papers.www);
        }
        assert_int_equal(seen.exact_name, cases[i].exact);
        assert_int_equal(seen.certificate_ends, ends);
        assert_string_equal(seen.media_type, cases[i].media_type);
        world_fini(&w);
        web_stop(web);
        cert_free(&leaf);
    }
}

/* Without TLS nobody is certified for anything. */
static void nothing_is_certified_without_tls(void **state)
{
    struct world w;
    struct seen seen;
    char url[300];
    (void)state;
    world_init(&w, 0);
    url_of(url, "http", "www.example", clear, "/ok");
    (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
    finish(&w, &seen);
    expect(&seen, "/ok", DNA_FETCH_OK, 200);
    assert_int_equal(seen.certificate_ends, 0);
    assert_false(seen.exact_name);
    world_fini(&w);
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

/* Our listeners are out of reach for every URL, the rest of their address for a peer's. */
static void a_peers_url_leads_to_no_port_of_ours(void **state)
{
    struct world w;
    struct seen seen;
    char url[300];
    (void)state;
    world_init(&w, 0);
    w.own.port = 1;
    url_of(url, "http", "own.example", clear, "/ok");
    (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, url, &seen);
    finish(&w, &seen);
    expect(&seen, "a peer's", DNA_FETCH_REFUSED, 0);
    assert_string_equal(seen.why, "one of our own addresses");
    url_of(url, "https", "own.example", secure, "/ok");
    (void)begin_as(&w, "peer", DNA_FETCH_WELL_KNOWN, 0, url, &seen);
    finish(&w, &seen);
    expect(&seen, "well-known", DNA_FETCH_FAILED, 0);
    world_fini(&w);
}

/* What the guard saw is what is connected to. */
static void a_name_is_resolved_once(void **state)
{
    struct world w;
    struct seen seen, more[4];
    uint16_t port = web_port(secure);
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
    web_stop(secure); /* the four end */
    secure = server_start("127.0.0.1", &papers.www, port);
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

static void a_resolver_that_refuses_ends_the_fetch(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 2; n++) {
        struct world w;
        struct seen seen;
        world_init(&w, 0);
        w.refuse_after = n;
        (void)begin(&w, "/ok", &seen);
        finish(&w, &seen);
        expect(&seen, "refused", DNA_FETCH_REFUSED, 0);
        assert_null(w.lookups);
        world_fini(&w);
    }
}

/* Nobody is blamed for what we could not do. */
static void our_own_limits_are_no_failures(void **state)
{
    struct world w;
    struct seen seen;
    (void)state;
    world_init(&w, 0);
    for (unsigned i = 0; i < 2 * DNA_LIMIT_FETCH_FAILURES_MINUTE; i++) {
        w.refuse_after = w.asked;
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, "http://www.example/", &seen);
        finish(&w, &seen);
        expect(&seen, "not looked up", DNA_FETCH_REFUSED, 0);
    }
    world_fini(&w);
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

/* Who begins a fetch cannot make others wait for it by being busy, or by having failed (S23):
 * it goes in the turn of whoever's comes first, and is charged to that one. */
static void a_shared_fetch_goes_in_the_best_turn(void **state)
{
    struct world w;
    struct dna_fetch *fetch;
    struct seen seen, slow[DNA_LIMIT_FETCH_RUNNING_PEER];
    (void)state;
    world_init(&w, 0);
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_FAILURES_MINUTE; i++) {
        (void)begin_as(&w, "bad", DNA_FETCH_PEER, 0, "http://absent.example/", &seen);
        finish(&w, &seen);
    }
    fetch = begin_as(&w, "bad", DNA_FETCH_PEER, 0, "http://www.example/ok", &seen);
    poll_loop_run(w.loop, 50);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(dna_fetch_join(fetch, "bad", false), DNA_OK);
    poll_loop_run(w.loop, 50);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(dna_fetch_join(fetch, "good", false), DNA_OK);
    assert_int_equal(dna_fetch_join(fetch, "other", true), DNA_OK);
    finish(&w, &seen);

    w.mute = true;
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_RUNNING_PEER; i++) {
        (void)begin_as(&w, "busy", DNA_FETCH_PEER, 0, "http://www.example/ok", &slow[i]);
    }
    poll_loop_run(w.loop, 50);
    w.mute = false;
    fetch = begin_as(&w, "busy", DNA_FETCH_PEER, 0, "http://www.example/ok", &seen);
    poll_loop_run(w.loop, 50);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(dna_fetch_join(fetch, "good", false), DNA_OK);
    finish(&w, &seen);
    world_fini(&w);
}

/* One that runs already, and finds its address full, waits in all turns; nobody is told
 * twice, and cancelling leaves all queues. */
static void a_shared_fetch_waits_for_its_address(void **state)
{
    struct world w;
    struct dna_fetch *fetch;
    struct seen seen[DNA_LIMIT_FETCH_PEER_AT_MINUTE], last, others;
    (void)state;
    world_init(&w, 0);
    for (unsigned i = 0; i < DNA_LIMIT_FETCH_PEER_AT_MINUTE; i++) {
        (void)begin_as(&w, "peer", DNA_FETCH_PEER, 0, "http://www.example/ok", &seen[i]);
        finish(&w, &seen[i]);
    }
    fetch = begin_as(&w, "peer", DNA_FETCH_PEER, 0, "http://www.example/ok", &last);
    assert_int_equal(dna_fetch_join(fetch, "second", false), DNA_OK);
    poll_loop_run(w.loop, 50);
    assert_int_equal(dna_fetch_join(fetch, "third", true), DNA_OK);
    poll_loop_run(w.loop, 50);
    assert_int_equal(last.calls, 0);
    (void)begin_as(&w, "second", DNA_FETCH_WELL_KNOWN, 0, "https://www.example/", &others);
    finish(&w, &others); /* their queues go on */
    dna_fetch_cancel(fetch);
    poll_loop_run(w.loop, 50);
    assert_int_equal(last.calls, 0);
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
    expect(&seen, url, DNA_FETCH_REFUSED, 0);
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
            assert_int_equal(seen.outcome == DNA_FETCH_OK, !f.failed);
            assert_int_not_equal(seen.outcome, DNA_FETCH_ABSENT);
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
        cmocka_unit_test(what_the_server_is_certified_for),
        cmocka_unit_test(nothing_is_certified_without_tls),
        cmocka_unit_test(a_url_that_a_peer_chose_is_not_redirected),
        cmocka_unit_test(bad_urls_are_refused_before_anything),
        cmocka_unit_test(addresses_are_guarded),
        cmocka_unit_test(a_peers_url_leads_to_no_port_of_ours),
        cmocka_unit_test(a_name_is_resolved_once),
        cmocka_unit_test(a_fetch_ends_in_time),
        cmocka_unit_test(a_resolver_that_refuses_ends_the_fetch),
        cmocka_unit_test(our_own_limits_are_no_failures),
        cmocka_unit_test(a_cancelled_fetch_is_silent),
        cmocka_unit_test(cancelling_lets_the_next_one_in),
        cmocka_unit_test(freeing_cancels),
        cmocka_unit_test(callbacks_may_call),
        cmocka_unit_test(the_eleventh_at_one_address_waits),
        cmocka_unit_test(whom_the_court_blames_waits),
        cmocka_unit_test(ten_failures_make_a_peer_wait),
        cmocka_unit_test(a_shared_fetch_goes_in_the_best_turn),
        cmocka_unit_test(a_shared_fetch_waits_for_its_address),
        cmocka_unit_test(a_full_queue_turns_away),
        cmocka_unit_test(a_loop_that_refuses_ends_the_fetch),
        cmocka_unit_test(without_a_timer_nobody_waits_for_ever),
        cmocka_unit_test(lack_of_memory_ends_the_fetch),
    };
    return cmocka_run_group_tests(tests, servers_start, servers_stop);
}
