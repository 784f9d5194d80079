/* No memory, no watches, no timers: nothing crashes, leaks or is called twice, and what could
 * not be found out has failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <resolver/resolver.h>
#include <zones.h>

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

struct seen {
    unsigned calls;
    bool done;
    bool found; /* what there is */
};

static void check(const struct dna_dns_answer *answer, enum dna_dns_outcome expected)
{
    assert_true(answer->outcome == DNA_DNS_FAILED ||
                (answer->outcome == expected && answer->secure));
    assert_true(answer->outcome != DNA_DNS_FAILED || answer->why[0] != '\0');
}

static void take(void *arg, const struct dna_dns_answer *answer)
{
    struct seen *seen = arg;
    check(answer, DNA_DNS_FOUND);
    seen->calls++;
    seen->done = true;
    seen->found = answer->outcome == DNA_DNS_FOUND;
}

static void take_anchored(void *arg, const struct dna_anchored_result *result)
{
    struct seen *seen = arg;
    check(&result->dnskey, DNA_DNS_FOUND);
    check(&result->srv, DNA_DNS_FOUND);
    check(&result->srv_tls, DNA_DNS_ABSENT);
    seen->calls++;
    seen->done = true;
    seen->found = result->srv.outcome == DNA_DNS_FOUND &&
                  result->srv_tls.outcome == DNA_DNS_ABSENT;
}

static bool is_fault(enum dna_err err)
{
    return err == DNA_ERR_MEMORY || err == DNA_ERR_SYSTEM;
}

static void ask_both(struct dna_resolver *resolver, bool *plain, bool *anchored)
{
    const struct dna_want_anchored want = {
        .zone = "one.zone",
        .dnskey = world_key(world, "one.zone", 257),
        .domain = "one.zone",
        .service = DNA_XMPP_SERVER,
    };
    struct seen seen = {.calls = 0}, seen_anchored = {.calls = 0};
    struct dna_lookup *lookup;
    enum dna_err err = dna_resolver_lookup(resolver, "_xmpp-server._tcp.good.zone",
                                           DNA_DNS_SRV, 0, take, &seen, &lookup);
    assert_true(err == DNA_OK || (is_fault(err) && lookup == NULL));
    seen.done = err != DNA_OK;
    err = dna_resolver_anchored(resolver, &want, 0, take_anchored, &seen_anchored, &lookup);
    assert_true(err == DNA_OK || (is_fault(err) && lookup == NULL));
    seen_anchored.done = err != DNA_OK;
    assert_true(poll_loop_until(loop, &seen.done, 20000));
    assert_true(poll_loop_until(loop, &seen_anchored.done, 20000));
    assert_true(seen.calls <= 1 && seen_anchored.calls <= 1);
    *plain = seen.found;
    *anchored = seen_anchored.found;
}

/* One life of a resolver; true: everything was found. */
static bool live(enum dna_resolver_mode mode, const struct dna_alloc *alloc, unsigned ms)
{
    const char *servers[] = {world_server(world)};
    const struct dna_resolver_options options = {
        .alloc = alloc,
        .mode = mode,
        .servers = servers,
        .n_servers = 1,
        .trust_anchor_file = world_anchor_file(world, "."),
        .trust_ad = true,
        .timeout_ms = ms,
    };
    struct dna_resolver *resolver;
    bool plain = false, anchored = false;
    enum dna_err err;
    world_honest(world);
    world_says_ad(world, mode == DNA_RESOLVER_STUB);
    err = dna_resolver_new(poll_loop_of(loop), &options, &resolver);
    if (err != DNA_OK) {
        assert_true(is_fault(err));
        assert_null(resolver);
        return false;
    }
    ask_both(resolver, &plain, &anchored);
    dna_resolver_free(resolver);
    return plain && (anchored || mode == DNA_RESOLVER_STUB);
}

/* Long enough for an answer on most machines, short enough for the many that do not come. */
enum { SHORT = 150, LONG = 20000 };

static void memory_runs_out(enum dna_resolver_mode mode)
{
    for (unsigned n = 0;; n++) {
        struct failing_alloc f;
        bool all = live(mode, failing_alloc_init(&f, n), SHORT);
        assert_int_equal(f.outstanding, 0);
        if (!f.failed) {
            assert_true(all || live(mode, NULL, LONG));
            break;
        }
    }
}

static void no_memory_for_a_validator(void **state)
{
    (void)state;
    memory_runs_out(DNA_RESOLVER_FORWARD);
}

static void no_memory_for_a_stub(void **state)
{
    (void)state;
    memory_runs_out(DNA_RESOLVER_STUB);
}

/* After n of them no further watch or timer is to be had. */
static void loop_runs_out(enum dna_resolver_mode mode)
{
    for (unsigned n = 0;; n++) {
        bool all;
        poll_loop_refuse_after(loop, n);
        all = live(mode, NULL, SHORT);
        poll_loop_refuse_after(loop, (unsigned)-1);
        if (all) {
            break;
        }
        assert_true(n < 1000);
    }
}

static void no_watches_for_a_validator(void **state)
{
    (void)state;
    loop_runs_out(DNA_RESOLVER_FORWARD);
}

static void no_watches_for_a_stub(void **state)
{
    (void)state;
    loop_runs_out(DNA_RESOLVER_STUB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_for_a_validator),
        cmocka_unit_test(no_memory_for_a_stub),
        cmocka_unit_test(no_watches_for_a_validator),
        cmocka_unit_test(no_watches_for_a_stub),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
