/* Answers under one supplied key: what makes them secure, and that the key stays alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

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

static struct dna_resolver *make(enum dna_resolver_mode mode, unsigned max_anchored)
{
    const char *servers[] = {world_server(world)};
    struct dna_resolver_options options = {
        .mode = mode,
        .servers = servers,
        .n_servers = 1,
        .root_stub = servers[0],
        .trust_anchor_file = world_anchor_file(world, "."),
        .trust_ad = true,
        .timeout_ms = PATIENCE,
        .max_anchored = max_anchored,
    };
    struct dna_resolver *resolver;
    world_honest(world);
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), &options, &resolver), DNA_OK);
    return resolver;
}

struct seen {
    unsigned calls;
    bool done;
    enum dna_dns_outcome outcome[3];
    bool secure[3];
    uint32_t ttl[3];
    size_t n[3];
    int64_t end[3];
    char why[3][300];
};

static void keep(struct seen *seen, size_t i, const struct dna_dns_answer *answer)
{
    seen->outcome[i] = answer->outcome;
    seen->secure[i] = answer->secure;
    seen->ttl[i] = answer->ttl;
    seen->n[i] = answer->n_rdata;
    seen->end[i] = answer->signatures_end;
    (void)snprintf(seen->why[i], sizeof seen->why[i], "%s", answer->why);
    assert_true(answer->n_rdata == 0 || answer->outcome == DNA_DNS_FOUND);
}

static void take(void *arg, const struct dna_anchored_result *result)
{
    struct seen *seen = arg;
    seen->calls++;
    seen->done = true;
    keep(seen, 0, &result->dnskey);
    keep(seen, 1, &result->srv);
    keep(seen, 2, &result->srv_tls);
}

static enum dna_err start(struct dna_resolver *resolver, const char *zone,
                          struct dna_span dnskey, const char *domain, unsigned ms,
                          struct seen *seen, struct dna_lookup **out)
{
    const struct dna_want_anchored want = {
        .zone = zone,
        .dnskey = dnskey,
        .domain = domain,
        .service = DNA_XMPP_SERVER,
    };
    memset(seen, 0, sizeof *seen);
    return dna_resolver_anchored(resolver, &want, ms, take, seen, out);
}

static void look(struct dna_resolver *resolver, const char *zone, struct dna_span dnskey,
                 const char *domain, struct seen *seen)
{
    struct dna_lookup *lookup;
    assert_int_equal(start(resolver, zone, dnskey, domain, 0, seen, &lookup), DNA_OK);
    assert_false(seen->done);
    assert_true(poll_loop_until(loop, &seen->done, PATIENCE));
}

/* S: found, secure.  A: absent, secure.  I: found, insecure.  B: bogus.  F: failed. */
static char letter(const struct seen *seen, size_t i)
{
    switch (seen->outcome[i]) {
    case DNA_DNS_FAILED:
        return 'F';
    case DNA_DNS_BOGUS:
        return 'B';
    case DNA_DNS_ABSENT:
        return seen->secure[i] ? 'A' : 'a';
    case DNA_DNS_FOUND:
        return seen->secure[i] ? 'S' : 'I';
    }
    return '?';
}

#define PLAIN "_xmpp-server._tcp."
#define TLS "_xmpps-server._tcp."

struct expected {
    const char *zone;
    unsigned flags; /* of the zone's key that is supplied */
    const char *key_of; /* NULL: zone */
    const char *domain;
    const char *lie_at;
    unsigned lie_type;
    enum world_lie lie;
    const char *result; /* DNSKEY, SRV, SRV over TLS */
    bool by_libldns;
};

static const struct expected table[] = {
    /* Every algorithm, and every way to hold keys. */
    {"csk.zone", 257, NULL, "csk.zone", NULL, 0, 0, "SSS", true},
    {"rsa256.zone", 257, NULL, "rsa256.zone", NULL, 0, 0, "SSS", true},
    {"rsa512.zone", 257, NULL, "rsa512.zone", NULL, 0, 0, "SSS", true},
    {"p384.zone", 257, NULL, "p384.zone", NULL, 0, 0, "SSS", true},
    {"ed25519.zone", 257, NULL, "ed25519.zone", NULL, 0, 0, "SSS", true},
    {"split.zone", 257, NULL, "split.zone", NULL, 0, 0, "SSS", true},
    {"zsk.zone", 256, NULL, "zsk.zone", NULL, 0, 0, "SSS", true},
    {"split.zone", 256, NULL, "split.zone", NULL, 0, 0, "BBB", false},
    /* The domain below the apex; an absent name. */
    {"csk.zone", 257, NULL, "im.csk.zone", NULL, 0, 0, "SSS", true},
    {"one.zone", 257, NULL, "one.zone", NULL, 0, 0, "SSA", false},
    {"n3.zone", 257, NULL, "n3.zone", NULL, 0, 0, "SSA", false},
    {"csk.zone", 257, NULL, "no.csk.zone", NULL, 0, 0, "SAA", false},
    /* Aliases and wildcards are left to the context, which follows them to the root. */
    {"csk.zone", 257, NULL, "near.csk.zone", NULL, 0, 0, "SSA", false},
    {"csk.zone", 257, NULL, "far.csk.zone", NULL, 0, 0, "SSA", false},
    {"csk.zone", 257, NULL, "out.csk.zone", NULL, 0, 0, "SIA", false},
    {"csk.zone", 257, NULL, "wild.csk.zone", NULL, 0, 0, "SSS", false},
    /* Keys that are not the zone's. */
    {"csk.zone", 257, "one.zone", "csk.zone", NULL, 0, 0, "BBB", false},
    {"im.csk.zone", 257, "csk.zone", "im.csk.zone", NULL, 0, 0, "BBB", false},
    {"plain.zone", 257, "csk.zone", "plain.zone", NULL, 0, 0, "BBB", false},
    /* Forgeries. */
    {"csk.zone", 257, NULL, "csk.zone", PLAIN "csk.zone", DNA_DNS_SRV, WORLD_STRIP, "SBS", 0},
    {"csk.zone", 257, NULL, "csk.zone", PLAIN "csk.zone", DNA_DNS_SRV, WORLD_FLIP, "SBS", 0},
    {"csk.zone", 257, NULL, "csk.zone", PLAIN "csk.zone", DNA_DNS_SRV, WORLD_OTHER, "SBS", 0},
    {"csk.zone", 257, NULL, "csk.zone", PLAIN "csk.zone", DNA_DNS_SRV, WORLD_EXPIRED, "SBS",
     0},
    {"csk.zone", 257, NULL, "csk.zone", TLS "csk.zone", DNA_DNS_SRV, WORLD_FUTURE, "SSB", 0},
    {"csk.zone", 257, NULL, "csk.zone", TLS "csk.zone", DNA_DNS_SRV, WORLD_STRANGER, "SSB",
     0},
    {"split.zone", 257, NULL, "split.zone", PLAIN "split.zone", DNA_DNS_SRV, WORLD_EXPIRED,
     "SBS", 0},
    {"csk.zone", 257, NULL, "csk.zone", "csk.zone", DNA_DNS_DNSKEY, WORLD_STRANGER, "BBB", 0},
    {"csk.zone", 257, NULL, "csk.zone", "csk.zone", DNA_DNS_DNSKEY, WORLD_EXPIRED, "BBB", 0},
    {"csk.zone", 257, NULL, "csk.zone", "csk.zone", DNA_DNS_DNSKEY, WORLD_FUTURE, "BBB", 0},
    {"csk.zone", 257, NULL, "csk.zone", "csk.zone", DNA_DNS_DNSKEY, WORLD_STRIP, "BBB", 0},
    {"csk.zone", 257, NULL, "csk.zone", "csk.zone", DNA_DNS_DNSKEY, WORLD_FLIP, "BBB", 0},
    {"one.zone", 257, NULL, "one.zone", TLS "one.zone", DNA_DNS_SRV, WORLD_BARE, "SSB", 0},
    {"csk.zone", 257, NULL, "csk.zone", PLAIN "csk.zone", DNA_DNS_SRV, WORLD_SERVFAIL, "SFS",
     0},
    {"one.zone", 257, NULL, "one.zone", TLS "one.zone", DNA_DNS_SRV, WORLD_SERVFAIL, "SSF",
     0},
};

static void check(enum dna_resolver_mode mode, const struct expected *e)
{
    struct dna_resolver *resolver = make(mode, 0);
    struct dna_span key = world_key(world, e->key_of != NULL ? e->key_of : e->zone, e->flags);
    struct seen seen;
    bool by_libldns;
    if (mode == DNA_RESOLVER_STUB) {
        /* The server validated the root's key, and calls islands insecure. */
        world_says_ad(world, true);
        for (int i = 0; i < PATIENCE && !dna_resolver_anchor_works(resolver); i++) {
            poll_loop_run(loop, 1);
        }
        assert_true(dna_resolver_anchor_works(resolver));
        world_honest(world);
    }
    if (e->lie_at != NULL) {
        world_lie(world, e->lie_at, e->lie_type, e->lie);
    }
    look(resolver, e->zone, key, e->domain, &seen);
    for (size_t i = 0; i < 3; i++) {
        if (letter(&seen, i) != e->result[i]) {
            fail_msg("row %d, answer %d: %c (%s) instead of %c", (int)(e - table), (int)i,
                     letter(&seen, i), seen.why[i], e->result[i]);
        }
        if (seen.secure[i]) {
            assert_true(seen.end[i] != DNA_NEVER && seen.ttl[i] > 0 && seen.ttl[i] <= 3600);
        }
    }
    by_libldns = world_asked(world, e->zone, DNA_DNS_DNSKEY) == 1;
    assert_int_equal(by_libldns, e->by_libldns);
    dna_resolver_free(resolver);
}

static void every_case_has_its_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        check(DNA_RESOLVER_FORWARD, &table[i]);
    }
}

static void the_same_beside_a_stub(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        check(DNA_RESOLVER_STUB, &table[i]);
    }
}

struct plain {
    bool done;
    enum dna_dns_outcome outcome;
    bool secure;
};

static void take_plain(void *arg, const struct dna_dns_answer *answer)
{
    *(struct plain *)arg = (struct plain){true, answer->outcome, answer->secure};
}

static void is_insecure(struct dna_resolver *resolver, const char *name)
{
    struct plain plain = {.done = false};
    struct dna_lookup *lookup;
    assert_int_equal(dna_resolver_lookup(resolver, name, DNA_DNS_SRV, 0, take_plain, &plain,
                                         &lookup),
                     DNA_OK);
    assert_true(poll_loop_until(loop, &plain.done, PATIENCE));
    assert_int_equal(plain.outcome, DNA_DNS_FOUND);
    assert_false(plain.secure);
}

/* What one proof trusted is nobody else's anchor: not for the same zone, asked plainly, nor
 * for another zone with the same key. */
static void an_anchor_does_not_outlive_its_question(void **state)
{
    struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 0);
    struct dna_span key = world_key(world, "csk.zone", 257);
    struct seen seen;
    (void)state;
    for (int i = 0; i < 2; i++) {
        /* Once by libldns, once by a context. */
        look(resolver, "csk.zone", key, i == 0 ? "csk.zone" : "no.csk.zone", &seen);
        assert_true(seen.secure[0]);
        is_insecure(resolver, PLAIN "csk.zone");
        is_insecure(resolver, PLAIN "twin.zone");
        look(resolver, "one.zone", world_key(world, "one.zone", 257), "one.zone", &seen);
        assert_true(seen.secure[0]);
        is_insecure(resolver, PLAIN "one.zone");
    }
    dna_resolver_free(resolver);
}

static void only_one_context_may_live_and_all_are_served(void **state)
{
    struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 1);
    struct dna_span key = world_key(world, "one.zone", 257);
    struct seen seen[6];
    struct dna_lookup *lookups[6];
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(start(resolver, "one.zone", key, "one.zone", 0, &seen[i],
                               &lookups[i]),
                         DNA_OK);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_true(poll_loop_until(loop, &seen[i].done, PATIENCE));
        assert_int_equal(seen[i].calls, 1);
        assert_true(seen[i].secure[0] && seen[i].secure[1] && seen[i].secure[2]);
    }
    dna_resolver_free(resolver);
}

static void the_line_moves_on_when_somebody_leaves_it(void **state)
{
    struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 1);
    struct dna_span key = world_key(world, "one.zone", 257);
    struct seen seen[5], slow;
    struct dna_lookup *lookups[5], *first;
    unsigned asked;
    (void)state;
    look(resolver, "one.zone", key, "one.zone", &seen[0]); /* known from now on */
    world_lie(world, PLAIN "csk.zone", DNA_DNS_SRV, WORLD_SERVFAIL); /* not for libldns */
    look(resolver, "csk.zone", world_key(world, "csk.zone", 257), "csk.zone", &slow);
    world_lie(world, PLAIN "csk.zone", DNA_DNS_SRV, WORLD_SILENT);
    asked = world_asked(world, PLAIN "csk.zone", DNA_DNS_SRV);
    assert_int_equal(start(resolver, "csk.zone", world_key(world, "csk.zone", 257),
                           "csk.zone", 0, &slow, &first),
                     DNA_OK);
    for (int i = 0; i < PATIENCE; i++) {
        if (world_asked(world, PLAIN "csk.zone", DNA_DNS_SRV) != asked) {
            break; /* by the context, since the shared one remembers the failure */
        }
        poll_loop_run(loop, 1);
    }
    for (size_t i = 0; i < 5; i++) {
        unsigned ms = i == 2 ? 60 : 0;
        assert_int_equal(start(resolver, "one.zone", key, "one.zone", ms, &seen[i],
                               &lookups[i]),
                         DNA_OK);
    }
    assert_true(poll_loop_until(loop, &seen[2].done, PATIENCE));
    assert_int_equal(seen[2].outcome[1], DNA_DNS_FAILED);
    assert_string_equal(seen[2].why[1], "too many anchored look-ups");
    assert_false(seen[0].done || seen[1].done || seen[3].done || seen[4].done);
    dna_resolver_cancel(lookups[0]); /* the head of the line */
    dna_resolver_cancel(lookups[4]); /* its end */
    dna_resolver_cancel(first);      /* whoever had the context */
    assert_true(poll_loop_until(loop, &seen[1].done, PATIENCE));
    assert_true(poll_loop_until(loop, &seen[3].done, PATIENCE));
    assert_true(seen[1].secure[0] && seen[3].secure[0]);
    assert_int_equal(seen[0].calls + seen[4].calls + slow.calls, 0);
    dna_resolver_free(resolver);
}

static void a_deadline_fails_what_is_open(void **state)
{
    struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 0);
    struct dna_span key = world_key(world, "one.zone", 257);
    struct seen seen;
    struct dna_lookup *lookup;
    (void)state;
    world_lie(world, TLS "one.zone", DNA_DNS_SRV, WORLD_SILENT);
    assert_int_equal(start(resolver, "one.zone", key, "one.zone", 60, &seen, &lookup),
                     DNA_OK);
    assert_true(poll_loop_until(loop, &seen.done, PATIENCE));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(letter(&seen, i), 'F');
        assert_string_equal(seen.why[i], "no answer in time");
    }
    dna_resolver_free(resolver);
}

static void without_a_root_anchor_all_fail(void **state)
{
    struct dna_resolver *resolver;
    const char *servers[] = {world_server(world)};
    struct dna_resolver_options options = {
        .mode = DNA_RESOLVER_FORWARD,
        .servers = servers,
        .n_servers = 1,
        .timeout_ms = PATIENCE,
    };
    struct seen seen;
    (void)state;
    world_honest(world);
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), &options, &resolver), DNA_OK);
    look(resolver, "csk.zone", world_key(world, "csk.zone", 257), "csk.zone", &seen);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(letter(&seen, i), 'F');
    }
    dna_resolver_free(resolver);
}

static void cancelling_is_silent_at_every_point(void **state)
{
    (void)state;
    for (unsigned ms = 0; ms < 14; ms++) {
        struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 1);
        struct dna_span key = world_key(world, "one.zone", 257);
        struct seen seen[2];
        struct dna_lookup *lookups[2];
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(start(resolver, "one.zone", key, "one.zone", 0, &seen[i],
                                   &lookups[i]),
                             DNA_OK);
        }
        poll_loop_run(loop, ms);
        for (size_t i = 0; i < 2; i++) {
            if (!seen[i].done) {
                dna_resolver_cancel(lookups[i]);
                seen[i].calls = 100;
            }
        }
        poll_loop_run(loop, 3);
        assert_true(seen[0].calls == 1 || seen[0].calls == 100);
        assert_true(seen[1].calls == 1 || seen[1].calls == 100);
        dna_resolver_free(resolver);
    }
}

static void freeing_ends_what_runs(void **state)
{
    (void)state;
    for (unsigned ms = 0; ms < 14; ms += 2) {
        struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 1);
        struct seen seen[3];
        struct dna_lookup *lookup;
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(start(resolver, "one.zone", world_key(world, "one.zone", 257),
                                   "one.zone", 0, &seen[i], &lookup),
                             DNA_OK);
        }
        poll_loop_run(loop, ms);
        dna_resolver_free(resolver);
    }
}

static void bad_anchors_are_refused(void **state)
{
    struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 0);
    struct dna_span good = world_key(world, "csk.zone", 257);
    char bytes[3000] = {0};
    struct seen seen;
    struct dna_lookup *lookup;
    (void)state;
    struct {
        const char *zone, *domain;
        size_t len;
        int at, value; /* an octet of the RDATA that is changed; -1: none */
    } cases[] = {
        {"csk.zone", "one.zone", good.len, -1, 0},
        {"csk.zone", "xcsk.zone", good.len, -1, 0},
        {"im.csk.zone", "csk.zone", good.len, -1, 0},
        {".", "csk.zone", good.len, -1, 0},
        {"csk.zone", "a b.csk.zone", good.len, -1, 0},
        {"csk.zone", "csk.zone", 4, -1, 0},
        {"csk.zone", "csk.zone", 0, -1, 0},
        {"csk.zone", "csk.zone", sizeof bytes, -1, 0},
        {"csk.zone", "csk.zone", good.len, 0, 0},      /* no zone key */
        {"csk.zone", "csk.zone", good.len, 1, 0x81},   /* revoked */
        {"csk.zone", "csk.zone", good.len, 2, 2},      /* another protocol */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(bytes, good.ptr, good.len);
        if (cases[i].at >= 0) {
            bytes[cases[i].at] = (char)cases[i].value;
        }
        assert_int_equal(start(resolver, cases[i].zone,
                               (struct dna_span){bytes, cases[i].len}, cases[i].domain, 0,
                               &seen, &lookup),
                         DNA_ERR_ARGUMENT);
        assert_null(lookup);
    }
    dna_resolver_free(resolver);
}

/* The anchor must equal the published key to the bit, and its algorithm must be known. */
static void check_nearly_right(void)
{
    static const struct {
        int at, value;
    } changes[] = {{1, 0}, {3, 8}, {3, 15}, {3, 16}, {3, 99}, {20, 0x5a}};
    struct dna_resolver *resolver = make(DNA_RESOLVER_FORWARD, 0);
    struct dna_span good = world_key(world, "csk.zone", 257);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char bytes[100];
        struct seen seen;
        memcpy(bytes, good.ptr, good.len);
        bytes[changes[i].at] = (char)changes[i].value;
        look(resolver, "csk.zone", (struct dna_span){bytes, good.len}, "csk.zone", &seen);
        assert_false(seen.secure[0] || seen.secure[1] || seen.secure[2]);
    }
    dna_resolver_free(resolver);
}

static void a_key_that_is_nearly_right_proves_nothing(void **state)
{
    (void)state;
    check_nearly_right();
}

/* libunbound has much to say about such keys; it belongs to nobody's standard error. */
static void nothing_is_printed(void **state)
{
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    off_t printed;
    (void)state;
    assert_non_null(file);
    assert_true(kept >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    check_nearly_right();
    printed = lseek(STDERR_FILENO, 0, SEEK_END);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)fclose(file);
    assert_int_equal(printed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_has_its_status),
        cmocka_unit_test(the_same_beside_a_stub),
        cmocka_unit_test(an_anchor_does_not_outlive_its_question),
        cmocka_unit_test(only_one_context_may_live_and_all_are_served),
        cmocka_unit_test(the_line_moves_on_when_somebody_leaves_it),
        cmocka_unit_test(a_deadline_fails_what_is_open),
        cmocka_unit_test(without_a_root_anchor_all_fail),
        cmocka_unit_test(cancelling_is_silent_at_every_point),
        cmocka_unit_test(freeing_ends_what_runs),
        cmocka_unit_test(bad_anchors_are_refused),
        cmocka_unit_test(a_key_that_is_nearly_right_proves_nothing),
        cmocka_unit_test(nothing_is_printed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
