/* The messages behind recorded answers, out of a validating resolver's cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/arena.h>
#include <base/limits.h>
#include <failing_alloc.h>
#include <resolver/collect.h>
#include <resolver/rrsig.h>
#include <zones.h>

enum { PATIENCE = 20000 };

static struct poll_loop *loop;
static struct world *world;
static const char *servers[1];

static int set_up(void **state)
{
    (void)state;
    loop = poll_loop_new();
    world = world_new(loop, zones, n_zones);
    servers[0] = world_server(world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    poll_loop_free(loop);
    return 0;
}

static struct dna_resolver *make(const struct dna_alloc *alloc, enum dna_resolver_mode mode)
{
    const struct dna_resolver_options options = {
        .alloc = alloc,
        .mode = mode,
        .servers = servers,
        .n_servers = 1,
        .trust_anchor_file = world_anchor_file(world, "."),
        .timeout_ms = PATIENCE,
        .trust_ad = true,
    };
    struct dna_resolver *resolver;
    world_honest(world);
    assert_int_equal(dna_resolver_new(poll_loop_of(loop), &options, &resolver), DNA_OK);
    return resolver;
}

/* An answer, and what was collected for it. */
struct seen {
    bool answered, collected;
    struct dna_arena arena;
    struct dna_dns_answer answer;
    struct dna_anchored_result anchored;
    struct dna_span messages[DNA_LIMIT_COLLECT];
    size_t n;
};

static struct dna_dns_answer copy(struct seen *seen, const struct dna_dns_answer *answer)
{
    struct dna_dns_answer out = *answer;
    struct dna_span *rdata = dna_arena_zero(&seen->arena, answer->n_rdata + 1, sizeof *rdata);
    assert_non_null(rdata);
    for (size_t i = 0; i < answer->n_rdata; i++) {
        assert_int_equal(dna_arena_span(&seen->arena, answer->rdata[i], &rdata[i]), DNA_OK);
    }
    out.rdata = rdata;
    out.name = dna_arena_text(&seen->arena, dna_span_of(answer->name));
    out.why = "";
    return out;
}

static void take(void *arg, const struct dna_dns_answer *answer)
{
    struct seen *seen = arg;
    seen->answer = copy(seen, answer);
    seen->answered = true;
}

static void take_anchored(void *arg, const struct dna_anchored_result *result)
{
    struct seen *seen = arg;
    seen->anchored.dnskey = copy(seen, &result->dnskey);
    seen->anchored.srv = copy(seen, &result->srv);
    seen->anchored.srv_tls = copy(seen, &result->srv_tls);
    seen->answered = true;
}

static void take_messages(void *arg, const struct dna_span *messages, size_t n)
{
    struct seen *seen = arg;
    assert_false(seen->collected);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(dna_arena_span(&seen->arena, messages[i], &seen->messages[i]), DNA_OK);
    }
    seen->n = n;
    seen->collected = true;
}

static void begin(struct seen *seen)
{
    memset(seen, 0, sizeof *seen);
    dna_arena_init(&seen->arena, NULL, SIZE_MAX);
}

static void look(struct dna_resolver *resolver, const char *name, uint16_t type,
                 struct seen *seen)
{
    struct dna_lookup *lookup;
    begin(seen);
    assert_int_equal(dna_resolver_lookup(resolver, name, type, 0, take, seen, &lookup),
                     DNA_OK);
    assert_true(poll_loop_until(loop, &seen->answered, PATIENCE));
}

static void collect(struct dna_resolver *resolver, struct seen *seen)
{
    struct dna_collection *collection;
    assert_int_equal(dna_collect_new(resolver, take_messages, seen, &collection), DNA_OK);
    if (seen->answer.name != NULL) {
        assert_int_equal(dna_collect_add(collection, &seen->answer), DNA_OK);
    } else {
        assert_int_equal(dna_collect_add(collection, &seen->anchored.dnskey), DNA_OK);
        assert_int_equal(dna_collect_add(collection, &seen->anchored.srv), DNA_OK);
        assert_int_equal(dna_collect_add(collection, &seen->anchored.srv_tls), DNA_OK);
    }
    dna_collect_start(collection);
    assert_false(seen->collected);
    assert_true(poll_loop_until(loop, &seen->collected, PATIENCE));
}

static enum dna_rrsig_finding judge(const struct seen *seen,
                                    const struct dna_dns_answer *answer, const char *zone)
{
    char text[4096];
    FILE *file = fopen(world_anchor_file(world, "."), "re");
    struct dna_rrsig_claim claim = {.answer = answer, .at = answer->obtained, .zone = zone};
    enum dna_rrsig_finding finding;
    struct dna_rrsig *rrsig;
    size_t n;
    assert_non_null(file);
    n = fread(text, 1, sizeof text, file);
    assert_int_equal(fclose(file), 0);
    if (zone != NULL) {
        claim.dnskey = world_key(world, zone, 257);
    }
    assert_int_equal(dna_rrsig_new((struct dna_span){text, n}, &rrsig), DNA_OK);
    assert_int_equal(dna_rrsig_messages(rrsig, seen->messages, seen->n), DNA_OK);
    finding = dna_rrsig_judge(rrsig, &claim);
    dna_rrsig_free(rrsig);
    return finding;
}

/* What libunbound calls secure or insecure is shown to be, by what it says of it. */
static void shown(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum dna_rrsig_finding finding;
    } rows[] = {
        {"good.zone", DNA_DNS_A, DNA_RRSIG_SECURE},
        {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, DNA_RRSIG_SECURE},
        {"a.wild.good.zone", DNA_DNS_TXT, DNA_RRSIG_SECURE},
        {"a.wild.nsec3.zone", DNA_DNS_TXT, DNA_RRSIG_SECURE},
        {"alias.good.zone", DNA_DNS_A, DNA_RRSIG_SECURE},
        {"dead.good.zone", DNA_DNS_A, DNA_RRSIG_SECURE},
        {"good.zone", DNA_DNS_TXT, DNA_RRSIG_SECURE},
        {"nobody.good.zone", DNA_DNS_A, DNA_RRSIG_SECURE},
        {"nobody.nsec3.zone", DNA_DNS_A, DNA_RRSIG_SECURE},
        {"nsec3.zone", DNA_DNS_TXT, DNA_RRSIG_SECURE},
        {"plain.zone", DNA_DNS_A, DNA_RRSIG_INSECURE},
        {"_xmpp-server._tcp.plain.zone", DNA_DNS_SRV, DNA_RRSIG_INSECURE},
        {"nobody.plain.zone", DNA_DNS_A, DNA_RRSIG_INSECURE},
        {"_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, DNA_RRSIG_INSECURE},
        {"out.good.zone", DNA_DNS_A, DNA_RRSIG_INSECURE},
    };
    struct dna_resolver *resolver = make(NULL, DNA_RESOLVER_FORWARD);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen seen;
        enum dna_rrsig_finding finding;
        look(resolver, rows[i].name, rows[i].type, &seen);
        collect(resolver, &seen);
        finding = judge(&seen, &seen.answer, NULL);
        if (finding != rows[i].finding) {
            fail_msg("%s %u: %d, %zu messages", rows[i].name, rows[i].type, (int)finding,
                     seen.n);
        }
        dna_arena_fini(&seen.arena);
    }
    dna_resolver_free(resolver);
}

/* The three answers under a supplied key, whoever validated them. */
static void anchored(void **state)
{
    static const char *const domains[] = {"csk.zone", "one.zone", "n3.zone", "split.zone",
                                          "ed25519.zone"};
    struct dna_resolver *resolver = make(NULL, DNA_RESOLVER_FORWARD);
    (void)state;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        const struct dna_want_anchored want = {.zone = domains[i], .domain = domains[i],
                                               .dnskey = world_key(world, domains[i], 257)};
        struct dna_lookup *lookup;
        struct seen seen;
        begin(&seen);
        assert_int_equal(dna_resolver_anchored(resolver, &want, 0, take_anchored, &seen,
                                               &lookup),
                         DNA_OK);
        assert_true(poll_loop_until(loop, &seen.answered, PATIENCE));
        collect(resolver, &seen);
        assert_true(seen.anchored.srv.secure);
        if (judge(&seen, &seen.anchored.dnskey, domains[i]) != DNA_RRSIG_SECURE ||
            judge(&seen, &seen.anchored.srv, domains[i]) != DNA_RRSIG_SECURE ||
            judge(&seen, &seen.anchored.srv_tls, domains[i]) != DNA_RRSIG_SECURE) {
            fail_msg("%s", domains[i]);
        }
        dna_arena_fini(&seen.arena);
    }
    dna_resolver_free(resolver);
}

/* An answer that is another one by now is left out, and nothing can be shown of it. */
static void changed(void **state)
{
    struct dna_resolver *resolver = make(NULL, DNA_RESOLVER_FORWARD);
    struct seen seen;
    (void)state;
    look(resolver, "good.zone", DNA_DNS_A, &seen);
    seen.answer.n_rdata = 0;
    seen.answer.outcome = DNA_DNS_ABSENT;
    collect(resolver, &seen);
    assert_int_equal(seen.n, 0);
    dna_arena_fini(&seen.arena);
    dna_resolver_free(resolver);
}

/* The deadline brings what there is. */
static void silence(void **state)
{
    struct dna_resolver *resolver = make(NULL, DNA_RESOLVER_FORWARD);
    struct seen seen, none;
    (void)state;
    look(resolver, "good.zone", DNA_DNS_A, &seen);
    begin(&none);
    none.answer = seen.answer;
    none.answer.name = "big.good.zone"; /* not in the cache */
    none.answer.type = DNA_DNS_TXT;
    world_lie(world, "big.good.zone", DNA_DNS_TXT, WORLD_SILENT);
    collect(resolver, &none);
    assert_int_equal(none.n, 0);
    dna_arena_fini(&none.arena);
    dna_arena_fini(&seen.arena);
    world_honest(world);
    dna_resolver_free(resolver);
}

static void nothing(void **state)
{
    static const enum dna_resolver_mode modes[] = {DNA_RESOLVER_FORWARD, DNA_RESOLVER_STUB};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct dna_resolver *resolver = make(NULL, modes[i]);
        struct dna_collection *collection, *more[DNA_LIMIT_COLLECTIONS];
        struct seen seen;
        begin(&seen);
        seen.answer = (struct dna_dns_answer){.name = "good.zone", .type = DNA_DNS_A,
                                              .outcome = i == 0 ? DNA_DNS_BOGUS
                                                                : DNA_DNS_FOUND};
        collect(resolver, &seen);
        assert_int_equal(seen.n, 0);
        /* Cancelled: nothing is told. */
        seen.collected = false;
        assert_int_equal(dna_collect_new(resolver, take_messages, &seen, &collection), DNA_OK);
        seen.answer.outcome = DNA_DNS_FOUND;
        assert_int_equal(dna_collect_add(collection, &seen.answer), DNA_OK);
        dna_collect_start(collection);
        dna_collect_cancel(collection);
        dna_collect_cancel(NULL);
        for (size_t k = 0; k < DNA_LIMIT_COLLECTIONS; k++) {
            assert_int_equal(dna_collect_new(resolver, take_messages, &seen, &more[k]), DNA_OK);
        }
        assert_int_equal(dna_collect_new(resolver, take_messages, &seen, &collection),
                         DNA_ERR_LIMIT);
        for (size_t k = 0; k < DNA_LIMIT_COLLECTIONS; k++) {
            dna_collect_cancel(more[k]);
        }
        assert_false(seen.collected);
        dna_arena_fini(&seen.arena);
        dna_resolver_free(resolver);
    }
}

/* Whatever memory is missing, it ends, and a proof is whole or none. */
static void without_memory(void **state)
{
    struct failing_alloc f;
    struct dna_resolver *resolver = make(failing_alloc_init(&f, UINT32_MAX),
                                         DNA_RESOLVER_FORWARD);
    struct seen seen;
    bool failed = true;
    (void)state;
    look(resolver, "_xmpp-server._tcp.good.zone", DNA_DNS_SRV, &seen);
    for (unsigned n = 0; failed; n++) {
        struct dna_collection *collection;
        enum dna_err err;
        seen.collected = false;
        seen.n = 0;
        f.seen = 0;
        f.fail_at = n;
        f.failed = false;
        err = dna_collect_new(resolver, take_messages, &seen, &collection);
        if (err == DNA_OK) {
            err = dna_collect_add(collection, &seen.answer);
            if (err == DNA_OK) {
                dna_collect_start(collection);
                assert_true(poll_loop_until(loop, &seen.collected, PATIENCE));
            } else {
                dna_collect_cancel(collection);
            }
        }
        failed = f.failed;
        f.fail_at = UINT32_MAX;
        assert_true(err == DNA_OK || err == DNA_ERR_MEMORY);
        assert_true(failed || judge(&seen, &seen.answer, NULL) == DNA_RRSIG_SECURE);
    }
    dna_arena_fini(&seen.arena);
    dna_resolver_free(resolver);
    assert_int_equal(f.outstanding, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),   cmocka_unit_test(anchored),
        cmocka_unit_test(changed), cmocka_unit_test(silence),
        cmocka_unit_test(nothing), cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
