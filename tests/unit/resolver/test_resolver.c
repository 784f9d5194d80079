/* Look-ups against the little Internet of world.c: their status, deadlines and end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <resolver/resolver.h>
#include <zones.h>

enum { PATIENCE = 20000 };

static struct poll_loop *loop;
static struct world *world;

static int set_up(void **state)
{
    (void)state;
    loop = poll_loop_new();
    world = world_new(loop, zones, n_zones);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    poll_loop_free(loop);
    return 0;
}

struct logged {
    unsigned lines;
    enum dna_log_level level;
    char anchor[20];
};

static void write_log(void *arg, enum dna_log_level level, const char *event,
                      const struct dna_log_field *fields, size_t n_fields)
{
    struct logged *logged = arg;
    assert_string_equal(event, "dns-root");
    assert_true(n_fields >= 1);
    logged->lines++;
    logged->level = level;
    (void)snprintf(logged->anchor, sizeof logged->anchor, "%.*s",
                   DNA_SPAN_FMT(fields[0].value));
}

struct seen {
    unsigned calls;
    bool done;
    struct dna_dns_answer answer; /* without rdata */
    char rdata[8][600];
    size_t len[8];
    char why[300];
};

static void take(void *arg, const struct dna_dns_answer *answer)
{
    struct seen *seen = arg;
    seen->calls++;
    seen->done = true;
    seen->answer = *answer;
    (void)snprintf(seen->why, sizeof seen->why, "%s", answer->why);
    for (size_t i = 0; i < answer->n_rdata && i < 8; i++) {
        seen->len[i] = answer->rdata[i].len;
        assert_true(seen->len[i] <= sizeof seen->rdata[i]);
        memcpy(seen->rdata[i], answer->rdata[i].ptr, seen->len[i]);
    }
}

struct setting {
    struct dna_resolver_options options;
    const char *servers[1];
    struct dna_log log;
    struct logged logged;
};

static struct dna_resolver_options *options(struct setting *s, enum dna_resolver_mode mode)
{
    memset(s, 0, sizeof *s);
    world_honest(world);
    s->servers[0] = world_server(world);
    s->log = (struct dna_log){.write = write_log, .arg = &s->logged};
    s->options = (struct dna_resolver_options){
        .log = &s->log,
        .mode = mode,
        .servers = s->servers,
        .n_servers = 1,
        .trust_anchor_file = world_anchor_file(world, "."),
        .timeout_ms = PATIENCE,
    };
    return &s->options;
}

static struct dna_resolver *make(const struct dna_resolver_options *o)
{
    struct dna_resolver *resolver;
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), o, &resolver), DNA_OK);
    return resolver;
}

static struct dna_resolver *forwarding(struct setting *s)
{
    return make(options(s, DNA_RESOLVER_FORWARD));
}

static void look(struct dna_resolver *resolver, const char *name, uint16_t type,
                 struct seen *seen)
{
    struct dna_lookup *lookup;
    memset(seen, 0, sizeof *seen);
    assert_int_equal(dna_resolver_lookup(resolver, name, type, 0, take, seen, &lookup),
                     DNA_OK);
    assert_false(seen->done); /* never from inside */
    assert_true(poll_loop_until(loop, &seen->done, PATIENCE));
}

struct expected {
    const char *name;
    uint16_t type;
    enum world_lie lie;
    enum dna_dns_outcome outcome;
    bool secure, aliased, wildcard;
    size_t n;
    uint32_t ttl; /* at most; 0: whatever */
};

static void check(struct dna_resolver *resolver, const struct expected *e)
{
    struct seen seen;
    look(resolver, e->name, e->type, &seen);
    if (seen.answer.outcome != e->outcome || seen.answer.secure != e->secure) {
        fail_msg("%s type %u lie %d: outcome %d secure %d: %s", e->name, (unsigned)e->type,
                 (int)e->lie, (int)seen.answer.outcome, seen.answer.secure, seen.why);
    }
    assert_int_equal(seen.answer.aliased, e->aliased);
    assert_int_equal(seen.answer.wildcard, e->wildcard);
    assert_int_equal(seen.answer.n_rdata, e->n);
    assert_int_equal(seen.answer.type, e->type);
    if (e->ttl != 0) {
        assert_in_range(seen.answer.ttl, 1, e->ttl);
    }
    if (e->secure) {
        assert_true(seen.answer.signatures_end > seen.answer.obtained);
        assert_true(seen.answer.signatures_end != DNA_NEVER);
    }
    assert_true((e->outcome == DNA_DNS_FAILED || e->outcome == DNA_DNS_BOGUS) ==
                (seen.why[0] != '\0'));
}

static const struct expected honest[] = {
    {"good.zone", DNA_DNS_A, 0, DNA_DNS_FOUND, true, false, false, 1, 120},
    {"good.zone", DNA_DNS_AAAA, 0, DNA_DNS_FOUND, true, false, false, 1, 120},
    {"good.zone", DNA_DNS_DNSKEY, 0, DNA_DNS_FOUND, true, false, false, 1, 3600},
    {"nsec3.zone", DNA_DNS_DNSKEY, 0, DNA_DNS_FOUND, true, false, false, 2, 3600},
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, 0, DNA_DNS_FOUND, true, 0, 0, 1, 300},
    {"_xmpps-server._tcp.good.zone", DNA_DNS_SRV, 0, DNA_DNS_ABSENT, true, 0, 0, 0, 300},
    {"_xmpp-server._tcp.nsec3.zone", DNA_DNS_SRV, 0, DNA_DNS_FOUND, true, 0, 0, 1, 300},
    {"_xmpps-server._tcp.nsec3.zone", DNA_DNS_SRV, 0, DNA_DNS_ABSENT, true, 0, 0, 0, 300},
    {"good.zone", DNA_DNS_SRV, 0, DNA_DNS_ABSENT, true, 0, 0, 0, 300},
    {"nobody.good.zone", DNA_DNS_A, 0, DNA_DNS_ABSENT, true, 0, 0, 0, 300},
    {"a.wild.good.zone", DNA_DNS_TXT, 0, DNA_DNS_FOUND, true, false, true, 1, 300},
    {"a.wild.nsec3.zone", DNA_DNS_TXT, 0, DNA_DNS_FOUND, true, false, true, 1, 300},
    {"alias.good.zone", DNA_DNS_A, 0, DNA_DNS_FOUND, true, true, false, 1, 60},
    {"alias.good.zone", DNA_DNS_CNAME, 0, DNA_DNS_FOUND, true, false, false, 1, 60},
    {"dead.good.zone", DNA_DNS_A, 0, DNA_DNS_ABSENT, true, true, false, 0, 60},
    {"out.good.zone", DNA_DNS_A, 0, DNA_DNS_FOUND, false, true, false, 1, 60},
    {"_5269._tcp.good.zone", DNA_DNS_TLSA, 0, DNA_DNS_FOUND, true, 0, 0, 1, 300},
    {"_xmpp-server._tcp.plain.zone", DNA_DNS_SRV, 0, DNA_DNS_FOUND, false, 0, 0, 1, 300},
    {"nobody.plain.zone", DNA_DNS_SRV, 0, DNA_DNS_ABSENT, false, 0, 0, 0, 300},
    {"_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, 0, DNA_DNS_FOUND, false, 0, 0, 1, 300},
    {"csk.zone", DNA_DNS_DNSKEY, 0, DNA_DNS_FOUND, false, false, false, 1, 3600},
    /* libunbound's own: no packet is sent. */
    {"example.test", DNA_DNS_A, 0, DNA_DNS_ABSENT, false, false, false, 0, 0},
    {"xmpp.localhost", DNA_DNS_SRV, 0, DNA_DNS_ABSENT, false, false, false, 0, 0},
};

static void every_status_is_told_apart(void **state)
{
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s);
    (void)state;
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++) {
        check(resolver, &honest[i]);
    }
    assert_true(dna_resolver_anchor_works(resolver));
    assert_int_equal(world_asked(world, "example.test", 0), 0);
    assert_int_equal(s.logged.lines, 1);
    assert_int_equal(s.logged.level, DNA_LOG_INFO);
    assert_string_equal(s.logged.anchor, "works");
    dna_resolver_free(resolver);
}

static void the_same_by_iteration(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_ITERATE);
    struct dna_resolver *resolver;
    (void)state;
    o->root_hints = world_root_hints(world);
    if (o->root_hints == NULL) {
        skip();
    }
    resolver = make(o);
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++) {
        check(resolver, &honest[i]);
    }
    dna_resolver_free(resolver);
}

static void iteration_may_begin_at_a_given_root(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_ITERATE);
    struct dna_resolver *resolver;
    (void)state;
    o->root_stub = s.servers[0];
    o->n_servers = 0;
    resolver = make(o);
    for (size_t i = 0; i < 10; i++) {
        check(resolver, &honest[i]);
    }
    dna_resolver_free(resolver);
}

static const struct expected lies[] = {
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, WORLD_STRIP, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, WORLD_FLIP, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, WORLD_EXPIRED, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, WORLD_FUTURE, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, WORLD_STRANGER, DNA_DNS_BOGUS, 0, 0, 0, 0,
     0},
    {"good.zone", DNA_DNS_A, WORLD_OTHER, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpps-server._tcp.good.zone", DNA_DNS_SRV, WORLD_BARE, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpps-server._tcp.nsec3.zone", DNA_DNS_SRV, WORLD_STRIP, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
    {"_xmpp-server._tcp.plain.zone", DNA_DNS_SRV, WORLD_SERVFAIL, DNA_DNS_FAILED, 0, 0, 0, 0,
     0},
    {"alias.good.zone", DNA_DNS_A, WORLD_FLIP, DNA_DNS_BOGUS, 0, 0, 0, 0, 0},
};

static void a_lie_is_never_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct setting s;
        struct dna_resolver *resolver = forwarding(&s);
        world_lie(world, lies[i].name, lies[i].type, lies[i].lie);
        check(resolver, &lies[i]);
        dna_resolver_free(resolver);
    }
}

static void rdata_is_wire_form(void **state)
{
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s);
    struct seen seen;
    static const char srv[] = "\0\5\0\0\x14\x95\4xmpp\6hoster\7example";
    (void)state;
    look(resolver, "_xmpp-server._tcp.good.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.len[0], sizeof srv); /* its NUL is the root's label */
    assert_memory_equal(seen.rdata[0], srv, sizeof srv);
    look(resolver, "a.wild.good.zone", DNA_DNS_TXT, &seen);
    assert_int_equal(seen.len[0], 8);
    assert_memory_equal(seen.rdata[0], "\4made\2up", 8);
    look(resolver, "_5269._tcp.good.zone", DNA_DNS_TLSA, &seen);
    assert_int_equal(seen.len[0], 11);
    assert_memory_equal(seen.rdata[0], "\3\1\1\0\1\2\3\4\5\6\7", 11);
    look(resolver, "good.zone", DNA_DNS_DNSKEY, &seen);
    assert_int_equal(seen.len[0], world_key(world, "good.zone", 257).len);
    assert_memory_equal(seen.rdata[0], world_key(world, "good.zone", 257).ptr, seen.len[0]);
    dna_resolver_free(resolver);
}

static void truncation_leads_to_tcp(void **state)
{
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s);
    struct seen seen;
    (void)state;
    world_lie(world, "big.good.zone", DNA_DNS_TXT, WORLD_TRUNCATE);
    look(resolver, "big.good.zone", DNA_DNS_TXT, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FOUND);
    assert_true(seen.answer.secure);
    assert_int_equal(seen.answer.n_rdata, 2);
    assert_true(world_asked_by_tcp(world) > 0);
    dna_resolver_free(resolver);
}

static void a_silent_server_costs_the_deadline(void **state)
{
    static const enum world_lie ways[] = {WORLD_SILENT, WORLD_GARBAGE, WORLD_MIXED_ID};
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s);
    struct seen seen;
    (void)state;
    look(resolver, "good.zone", DNA_DNS_A, &seen);
    for (size_t i = 0; i < 3; i++) {
        struct dna_lookup *lookup;
        world_lie(world, "_xmpp-server._tcp.good.zone", DNA_DNS_SRV, ways[i]);
        memset(&seen, 0, sizeof seen);
        assert_int_equal(dna_resolver_lookup(resolver, "_xmpp-server._tcp.good.zone",
                                             DNA_DNS_SRV, 50, take, &seen, &lookup),
                         DNA_OK);
        assert_true(poll_loop_until(loop, &seen.done, PATIENCE));
        assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
        assert_true(ways[i] != WORLD_SILENT || strcmp(seen.why, "no answer in time") == 0);
        poll_loop_run(loop, 20);
        assert_int_equal(seen.calls, 1);
    }
    dna_resolver_free(resolver);
}

/* S15: without the root's key everything would be insecure. */
static void without_an_anchor_nothing_is_insecure(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_FORWARD);
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    o->trust_anchor_file = NULL;
    resolver = make(o);
    look(resolver, "good.zone", DNA_DNS_A, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    assert_int_equal(seen.answer.n_rdata, 0);
    look(resolver, "nobody.plain.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    assert_true(strstr(seen.why, "anchor") != NULL);
    assert_false(dna_resolver_anchor_works(resolver));
    assert_int_equal(s.logged.lines, 1);
    assert_int_equal(s.logged.level, DNA_LOG_ERROR);
    assert_string_equal(s.logged.anchor, "broken");
    dna_resolver_free(resolver);
}

static void another_roots_anchor_does_not_work(void **state)
{
    struct setting s;
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    options(&s, DNA_RESOLVER_FORWARD);
    world_lie(world, ".", DNA_DNS_DNSKEY, WORLD_STRANGER);
    resolver = make(&s.options);
    look(resolver, "plain.zone", DNA_DNS_A, &seen);
    assert_true(seen.answer.outcome == DNA_DNS_FAILED ||
                seen.answer.outcome == DNA_DNS_BOGUS);
    assert_false(dna_resolver_anchor_works(resolver));
    dna_resolver_free(resolver);
}

static void an_early_answer_waits_for_the_roots_key(void **state)
{
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s);
    struct seen seen;
    (void)state;
    assert_false(dna_resolver_anchor_works(resolver));
    look(resolver, "example.test", DNA_DNS_A, &seen); /* known at once, and insecure */
    assert_int_equal(seen.answer.outcome, DNA_DNS_ABSENT);
    assert_true(dna_resolver_anchor_works(resolver));
    dna_resolver_free(resolver);
}

static void it_does_not_wait_beyond_its_deadline(void **state)
{
    struct setting s;
    struct dna_resolver *resolver;
    struct dna_lookup *lookup;
    struct seen seen = {.calls = 0};
    (void)state;
    options(&s, DNA_RESOLVER_FORWARD);
    world_lie(world, ".", DNA_DNS_DNSKEY, WORLD_SILENT);
    resolver = make(&s.options);
    assert_int_equal(dna_resolver_lookup(resolver, "example.test", DNA_DNS_A, 50, take, &seen,
                                         &lookup),
                     DNA_OK);
    assert_true(poll_loop_until(loop, &seen.done, PATIENCE));
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    dna_resolver_free(resolver);
}

/* A gateway that starts before its network does. */
static void a_failed_check_is_repeated(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_FORWARD);
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    o->timeout_ms = 50;
    world_lie(world, ".", DNA_DNS_DNSKEY, WORLD_SILENT);
    resolver = make(o);
    look(resolver, "example.test", DNA_DNS_A, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    poll_loop_run(loop, 60);
    assert_string_equal(s.logged.anchor, "broken");
    world_honest(world);
    look(resolver, "example.test", DNA_DNS_A, &seen); /* too early for another check */
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    /* libunbound still waits for the answer that was swallowed, and will ask again. */
    for (int i = 1; i < 200 && !dna_resolver_anchor_works(resolver); i++) {
        poll_loop_shift(loop, i * 60);
        look(resolver, "example.test", DNA_DNS_A, &seen);
    }
    assert_true(dna_resolver_anchor_works(resolver));
    poll_loop_shift(loop, 0);
    assert_int_equal(s.logged.lines, 2);
    assert_string_equal(s.logged.anchor, "works");
    dna_resolver_free(resolver);
}

static void an_operators_island_is_secure(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_FORWARD);
    const char *files[] = {world_anchor_file(world, "csk.zone")};
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    o->island_anchor_files = files;
    o->n_islands = 1;
    resolver = make(o);
    look(resolver, "_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, &seen);
    assert_true(seen.answer.secure);
    look(resolver, "_xmpp-server._tcp.twin.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FOUND);
    assert_false(seen.answer.secure);
    dna_resolver_free(resolver);
}

static void a_cancelled_look_up_is_silent(void **state)
{
    static const unsigned turns[] = {0, 1, 3, 10, 30};
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s);
    (void)state;
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        static const char *const names[] = {"example.test", "good.zone", "plain.zone",
                                            "a.wild.good.zone"};
        struct dna_lookup *lookups[4];
        struct seen seen[4];
        memset(seen, 0, sizeof seen);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(dna_resolver_lookup(resolver, names[k], DNA_DNS_TXT, 0, take,
                                                 &seen[k], &lookups[k]),
                             DNA_OK);
        }
        poll_loop_run(loop, turns[i]);
        for (size_t k = 0; k < 4; k++) {
            if (!seen[k].done) {
                dna_resolver_cancel(lookups[k]);
                seen[k].calls = 100;
            }
        }
        poll_loop_run(loop, 30);
        for (size_t k = 0; k < 4; k++) {
            assert_true(seen[k].calls == 1 || seen[k].calls == 100);
        }
    }
    dna_resolver_cancel(NULL);
    dna_resolver_free(resolver);
}

struct chain {
    struct dna_resolver *resolver;
    struct dna_lookup *own, *other;
    struct seen next;
    bool done;
};

/* Cancels itself (harmless) and another, and starts a third. */
static void meddle(void *arg, const struct dna_dns_answer *answer)
{
    struct chain *chain = arg;
    struct dna_lookup *lookup;
    assert_int_equal(answer->outcome, DNA_DNS_ABSENT);
    dna_resolver_cancel(chain->own);
    dna_resolver_cancel(chain->other);
    assert_string_equal(answer->name, "example.test");
    assert_int_equal(dna_resolver_lookup(chain->resolver, "good.zone", DNA_DNS_A, 0, take,
                                         &chain->next, &lookup),
                     DNA_OK);
    chain->done = true;
}

static void a_callback_may_call_in(void **state)
{
    struct setting s;
    struct chain chain = {.resolver = forwarding(&s)};
    struct seen other = {.calls = 0};
    (void)state;
    assert_int_equal(dna_resolver_lookup(chain.resolver, "example.test", DNA_DNS_A, 0, meddle,
                                         &chain, &chain.own),
                     DNA_OK);
    assert_int_equal(dna_resolver_lookup(chain.resolver, "_xmpps-server._tcp.nsec3.zone",
                                         DNA_DNS_SRV, 0, take, &other, &chain.other),
                     DNA_OK);
    assert_true(poll_loop_until(loop, &chain.done, PATIENCE));
    assert_true(poll_loop_until(loop, &chain.next.done, PATIENCE));
    poll_loop_run(loop, 20);
    assert_true(other.calls <= 1);
    dna_resolver_free(chain.resolver);
}

static void freeing_ends_what_runs(void **state)
{
    struct setting s;
    struct seen seen = {.calls = 0};
    (void)state;
    for (unsigned ms = 0; ms < 12; ms += 3) {
        struct dna_resolver *resolver = forwarding(&s);
        struct dna_lookup *lookup;
        memset(&seen, 0, sizeof seen);
        assert_int_equal(dna_resolver_lookup(resolver, "good.zone", DNA_DNS_A, 0, take, &seen,
                                             &lookup),
                         DNA_OK);
        poll_loop_run(loop, ms);
        dna_resolver_free(resolver);
        poll_loop_run(loop, 5);
        assert_true(seen.calls <= 1);
    }
}

static void bad_arguments_are_refused(void **state)
{
    static const char *const names[] = {"",   ".x",      "x.",        "a..b",    "A.zone",
                                        "\\", "a b.zone", "a;b.zone", "a\nb.zone", "..",
                                        "x.\xc3\x9f.zone"};
    static const char *const servers[] = {"",          "localhost",    "127.0.0.1:53",
                                          "127.1",     "127.0.0.1@",   "127.0.0.1@0",
                                          "127.0.0.1@053", "127.0.0.1@65536", "[::1]@53",
                                          "127.0.0.1@5x"};
    struct setting s;
    struct dna_resolver *resolver = forwarding(&s), *none;
    struct dna_lookup *lookup;
    char text[400];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(dna_resolver_lookup(resolver, names[i], DNA_DNS_A, 0, take, NULL,
                                             &lookup),
                         DNA_ERR_ARGUMENT);
        assert_null(lookup);
    }
    memset(text, 'a', sizeof text);
    (void)snprintf(text + 64, sizeof text - 64, ".zone");
    assert_int_equal(dna_resolver_lookup(resolver, text, DNA_DNS_A, 0, take, NULL, &lookup),
                     DNA_ERR_ARGUMENT);
    for (int mode = DNA_RESOLVER_FORWARD; mode <= DNA_RESOLVER_STUB; mode++) {
        options(&s, (enum dna_resolver_mode)mode);
        for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
            s.servers[0] = servers[i];
            assert_int_equal(dna_resolver_new(poll_loop_of(loop), &s.options, &none),
                             DNA_ERR_ARGUMENT);
        }
        s.options.n_servers = 0;
        assert_int_equal(dna_resolver_new(poll_loop_of(loop), &s.options, &none),
                         DNA_ERR_ARGUMENT);
    }
    dna_resolver_free(resolver);
}

static void unreadable_files_are_reported_at_once(void **state)
{
    static const char *const none[] = {"/nowhere/at.all"};
    struct setting s;
    struct dna_resolver *resolver;
    (void)state;
    options(&s, DNA_RESOLVER_FORWARD)->trust_anchor_file = none[0];
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), &s.options, &resolver),
                     DNA_ERR_SYSTEM);
    options(&s, DNA_RESOLVER_ITERATE)->root_hints = none[0];
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), &s.options, &resolver),
                     DNA_ERR_SYSTEM);
    options(&s, DNA_RESOLVER_FORWARD)->island_anchor_files = none;
    s.options.n_islands = 1;
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), &s.options, &resolver),
                     DNA_ERR_SYSTEM);
    assert_null(resolver);
}

static void a_stub_believes_the_ad_bit_only_if_told(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_STUB);
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    o->trust_ad = true;
    world_says_ad(world, true);
    resolver = make(o);
    look(resolver, "_xmpp-server._tcp.good.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FOUND);
    assert_true(seen.answer.secure);
    look(resolver, "_xmpps-server._tcp.good.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_ABSENT);
    assert_true(seen.answer.secure);
    assert_true(dna_resolver_anchor_works(resolver));
    world_says_ad(world, false);
    look(resolver, "_xmpp-server._tcp.plain.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FOUND);
    assert_false(seen.answer.secure);
    world_lie(world, "good.zone", DNA_DNS_A, WORLD_SERVFAIL);
    look(resolver, "good.zone", DNA_DNS_A, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    world_lie(world, "big.good.zone", DNA_DNS_TXT, WORLD_TRUNCATE);
    look(resolver, "big.good.zone", DNA_DNS_TXT, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FOUND);
    assert_true(world_asked_by_tcp(world) > 0);
    dna_resolver_free(resolver);
}

static void a_stub_that_believes_nobody_tells_addresses_only(void **state)
{
    struct setting s;
    struct dna_resolver_options *o = options(&s, DNA_RESOLVER_STUB);
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    world_says_ad(world, true);
    resolver = make(o);
    look(resolver, "good.zone", DNA_DNS_A, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FOUND);
    assert_false(seen.answer.secure);
    look(resolver, "nobody.good.zone", DNA_DNS_AAAA, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_ABSENT);
    assert_false(seen.answer.secure);
    look(resolver, "_xmpp-server._tcp.good.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    look(resolver, "_xmpps-server._tcp.good.zone", DNA_DNS_SRV, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    assert_false(dna_resolver_anchor_works(resolver));
    assert_string_equal(s.logged.anchor, "broken");
    dna_resolver_free(resolver);
}

static void a_server_that_does_not_recurse_is_not_believed(void **state)
{
    struct setting s;
    struct dna_resolver *resolver;
    struct seen seen;
    (void)state;
    resolver = make(options(&s, DNA_RESOLVER_STUB));
    world_recurses(world, false);
    look(resolver, "nobody.good.zone", DNA_DNS_A, &seen);
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    dna_resolver_free(resolver);
}

static void a_stub_has_deadlines_and_cancels(void **state)
{
    struct setting s;
    struct dna_resolver *resolver;
    struct dna_lookup *lookup;
    struct seen seen = {.calls = 0}, cancelled = {.calls = 0};
    (void)state;
    resolver = make(options(&s, DNA_RESOLVER_STUB));
    world_lie(world, "good.zone", DNA_DNS_A, WORLD_SILENT);
    assert_int_equal(dna_resolver_lookup(resolver, "good.zone", DNA_DNS_A, 50, take, &seen,
                                         &lookup),
                     DNA_OK);
    assert_true(poll_loop_until(loop, &seen.done, PATIENCE));
    assert_int_equal(seen.answer.outcome, DNA_DNS_FAILED);
    assert_int_equal(dna_resolver_lookup(resolver, "plain.zone", DNA_DNS_A, 0, take,
                                         &cancelled, &lookup),
                     DNA_OK);
    dna_resolver_cancel(lookup);
    poll_loop_run(loop, 30);
    assert_int_equal(cancelled.calls, 0);
    dna_resolver_free(resolver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_is_told_apart),
        cmocka_unit_test(the_same_by_iteration),
        cmocka_unit_test(iteration_may_begin_at_a_given_root),
        cmocka_unit_test(a_lie_is_never_an_answer),
        cmocka_unit_test(rdata_is_wire_form),
        cmocka_unit_test(truncation_leads_to_tcp),
        cmocka_unit_test(a_silent_server_costs_the_deadline),
        cmocka_unit_test(without_an_anchor_nothing_is_insecure),
        cmocka_unit_test(another_roots_anchor_does_not_work),
        cmocka_unit_test(an_early_answer_waits_for_the_roots_key),
        cmocka_unit_test(it_does_not_wait_beyond_its_deadline),
        cmocka_unit_test(a_failed_check_is_repeated),
        cmocka_unit_test(an_operators_island_is_secure),
        cmocka_unit_test(a_cancelled_look_up_is_silent),
        cmocka_unit_test(a_callback_may_call_in),
        cmocka_unit_test(freeing_ends_what_runs),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(unreadable_files_are_reported_at_once),
        cmocka_unit_test(a_stub_believes_the_ad_bit_only_if_told),
        cmocka_unit_test(a_stub_that_believes_nobody_tells_addresses_only),
        cmocka_unit_test(a_server_that_does_not_recurse_is_not_believed),
        cmocka_unit_test(a_stub_has_deadlines_and_cancels),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
