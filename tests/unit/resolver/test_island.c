/* libldns against libunbound: the cheaper one never says "secure" where the other does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <base/codec.h>
#include <resolver/island.h>
#include <resolver/ub_loop.h>
#include <resolver/unbound.h>
#include <zones.h>

static struct poll_loop *loop;
static struct world *world;
static struct ub_event_base *base;
static struct dna_resolver_options options;
static const char *servers[1];

static int set_up(void **state)
{
    (void)state;
    loop = poll_loop_new();
    world = world_new(loop, zones, n_zones);
    base = dna_ub_loop_new(poll_loop_of(loop), NULL);
    servers[0] = world_server(world);
    options = (struct dna_resolver_options){
        .mode = DNA_RESOLVER_FORWARD,
        .servers = servers,
        .n_servers = 1,
        .trust_anchor_file = world_anchor_file(world, "."),
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    dna_ub_loop_free(base);
    poll_loop_free(loop);
    return 0;
}

struct raw {
    bool done;
    enum dna_raw_security security;
    char packet[65536];
    size_t len;
};

static void take(void *arg, const struct dna_raw_answer *answer)
{
    struct raw *raw = arg;
    raw->done = true;
    raw->security = answer->security;
    raw->len = answer->packet.len;
    if (raw->len != 0) {
        memcpy(raw->packet, answer->packet.ptr, raw->len);
    }
}

/* Through a context of its own, with that anchor or without one. */
static void look(const char *anchor, const char *name, uint16_t type, struct raw *raw)
{
    struct dna_backend *backend;
    struct dna_query *query;
    raw->done = false;
    assert_int_equal(dna_unbound_new(base, &options, anchor, &backend), DNA_OK);
    assert_int_equal(backend->ops->ask(backend, name, type, take, raw, &query), DNA_OK);
    assert_true(poll_loop_until(loop, &raw->done, 20000));
    backend->ops->free(backend);
}

static void make_anchor(const char *zone, struct dna_span rdata, char *out, size_t room)
{
    const unsigned char *p = (const unsigned char *)rdata.ptr;
    int n = snprintf(out, room, "%s. IN DNSKEY %u %u %u ", zone, (unsigned)(p[0] << 8 | p[1]),
                     (unsigned)p[2], (unsigned)p[3]);
    assert_int_equal(dna_base64_encode(p + 4, rdata.len - 4, out + n, room - (size_t)n),
                     DNA_OK);
}

static struct dna_span span(const struct raw *raw)
{
    return (struct dna_span){raw->packet, raw->len};
}

static bool by_libldns(const char *zone, struct dna_span key, const char *name, uint16_t type,
                       const struct raw *keys, const struct raw *raw)
{
    struct dna_island *island = dna_island_new(zone, key, span(keys), (int64_t)time(NULL));
    uint32_t ttl = 1000000;
    bool secure = island != NULL && dna_island_secures(island, name, type, span(raw),
                                                       (int64_t)time(NULL), &ttl);
    if (secure) {
        assert_true(ttl <= 3600);
        dna_island_lower_ttl(island, &ttl);
        assert_true(ttl <= 3600);
    }
    dna_island_free(island);
    return secure;
}

static struct raw keys, plain, anchored;

/* Whether both say "secure"; the test fails where libldns alone does. */
static bool compare(const char *zone, struct dna_span key, const char *name, uint16_t type)
{
    char line[3000];
    bool secure;
    make_anchor(zone, key, line, sizeof line);
    look(NULL, zone, DNA_DNS_DNSKEY, &keys);
    look(NULL, name, type, &plain);
    look(line, name, type, &anchored);
    secure = by_libldns(zone, key, name, type, &keys, &plain);
    if (secure && anchored.security != DNA_RAW_SECURE) {
        fail_msg("libldns alone calls %s secure", name);
    }
    /* The packet of a context that knows better is no help either. */
    if (by_libldns(zone, key, name, type, &keys, &anchored)) {
        assert_int_equal(anchored.security, DNA_RAW_SECURE);
    }
    return secure;
}

static const struct {
    const char *zone, *name;
    uint16_t type;
    bool secure; /* by libldns, while nobody lies */
    bool all;    /* every lie is tried, and not only a few */
} cases[] = {
    {"csk.zone", "_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, true, true},
    {"csk.zone", "_xmpp-server._tcp.im.csk.zone", DNA_DNS_SRV, true, false},
    {"csk.zone", "csk.zone", DNA_DNS_DNSKEY, true, false},
    {"csk.zone", "_xmpp-server._tcp.near.csk.zone", DNA_DNS_SRV, false, false},
    {"csk.zone", "_xmpp-server._tcp.far.csk.zone", DNA_DNS_SRV, false, false},
    {"csk.zone", "_xmpp-server._tcp.out.csk.zone", DNA_DNS_SRV, false, false},
    {"csk.zone", "_xmpp-server._tcp.wild.csk.zone", DNA_DNS_SRV, false, false},
    {"csk.zone", "_xmpp-server._tcp.no.csk.zone", DNA_DNS_SRV, false, false},
    {"csk.zone", "_xmpp-server._tcp.twin.zone", DNA_DNS_SRV, false, false},
    {"split.zone", "_xmpps-server._tcp.split.zone", DNA_DNS_SRV, true, true},
    {"rsa256.zone", "_xmpp-server._tcp.rsa256.zone", DNA_DNS_SRV, true, false},
    {"rsa512.zone", "_xmpp-server._tcp.rsa512.zone", DNA_DNS_SRV, true, false},
    {"p384.zone", "_xmpp-server._tcp.p384.zone", DNA_DNS_SRV, true, false},
    {"ed25519.zone", "_xmpp-server._tcp.ed25519.zone", DNA_DNS_SRV, true, false},
};

static void libldns_never_says_more(void **state)
{
    static const enum world_lie lies[] = {WORLD_HONEST, WORLD_FLIP,     WORLD_STRIP,
                                          WORLD_FUTURE, WORLD_STRANGER, WORLD_EXPIRED,
                                          WORLD_OTHER,  WORLD_BARE};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dna_span key = world_key(world, cases[i].zone, 257);
        size_t n = cases[i].all ? sizeof lies / sizeof lies[0] : cases[i].secure ? 2 : 1;
        for (size_t k = 0; k < 2 * n; k++) {
            enum world_lie lie = lies[k / 2];
            const char *at = k % 2 == 0 ? cases[i].name : cases[i].zone;
            bool secure;
            world_honest(world);
            world_lie(world, at, k % 2 == 0 ? cases[i].type : DNA_DNS_DNSKEY, lie);
            secure = compare(cases[i].zone, key, cases[i].name, cases[i].type);
            if (lie == WORLD_HONEST) {
                assert_int_equal(secure, cases[i].secure);
            } else if (lie != WORLD_BARE) {
                assert_false(secure);
            }
        }
    }
    world_honest(world);
}

static void another_key_secures_nothing(void **state)
{
    (void)state;
    assert_false(compare("csk.zone", world_key(world, "one.zone", 257),
                         "_xmpp-server._tcp.csk.zone", DNA_DNS_SRV));
    assert_false(compare("split.zone", world_key(world, "split.zone", 256),
                         "_xmpp-server._tcp.split.zone", DNA_DNS_SRV));
    assert_false(compare("csk.zone", world_key(world, "csk.zone", 257),
                         "_xmpp-server._tcp.one.zone", DNA_DNS_SRV));
    assert_false(compare("twin.zone", world_key(world, "twin.zone", 257),
                         "_xmpp-server._tcp.csk.zone", DNA_DNS_SRV));
    /* The key of the zone above, for an apex that is none. */
    assert_false(compare("im.csk.zone", world_key(world, "csk.zone", 257),
                         "_xmpp-server._tcp.im.csk.zone", DNA_DNS_SRV));
}

/* Algorithms that are no longer made, and keys that their owner has given up. */
static void some_keys_secure_nothing_whatever_they_sign(void **state)
{
    (void)state;
    assert_false(compare("rsasha1.zone", world_key(world, "rsasha1.zone", 257),
                         "_xmpp-server._tcp.rsasha1.zone", DNA_DNS_SRV));
    assert_false(compare("revoked.zone", world_key(world, "revoked.zone", 385),
                         "_xmpp-server._tcp.revoked.zone", DNA_DNS_SRV));
}

/* Keys and signatures that share a tag must not cost their product. */
static void a_crowd_of_signatures_is_left_to_others(void **state)
{
    static const char name[] = "_xmpp-server._tcp.csk.zone";
    (void)state;
    world_honest(world);
    world_lie(world, name, DNA_DNS_SRV, WORLD_CROWD);
    assert_false(compare("csk.zone", world_key(world, "csk.zone", 257), name, DNA_DNS_SRV));
    assert_int_equal(plain.security, DNA_RAW_INSECURE);
    world_honest(world);
}

static void dates_count_without_grace(void **state)
{
    const char *name = "_xmpp-server._tcp.csk.zone";
    struct dna_span key = world_key(world, "csk.zone", 257);
    const int64_t now = (int64_t)time(NULL), day = 86400;
    const struct {
        int64_t keys_at, name_at;
        bool secure;
    } dates[] = {
        {now, now, true},
        {now + 13 * day, now + 13 * day, true},
        {now + 15 * day, now, false},
        {now - 2 * day, now, false},
        {now, now + 15 * day, false},
        {now, now - 2 * day, false},
    };
    (void)state;
    look(NULL, "csk.zone", DNA_DNS_DNSKEY, &keys);
    look(NULL, name, DNA_DNS_SRV, &plain);
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct dna_island *island =
            dna_island_new("csk.zone", key, span(&keys), dates[i].keys_at);
        uint32_t ttl = 9;
        bool secure = island != NULL && dna_island_secures(island, name, DNA_DNS_SRV,
                                                           span(&plain), dates[i].name_at,
                                                           &ttl);
        assert_int_equal(secure, dates[i].secure);
        dna_island_free(island);
    }
}

/* Every octet of the packets changed: a secure answer must still be the same one. */
static void no_changed_octet_passes(void **state)
{
    const char *name = "_xmpp-server._tcp.csk.zone";
    struct dna_span key = world_key(world, "csk.zone", 257);
    struct raw *changed = malloc(sizeof *changed);
    size_t passed = 0;
    (void)state;
    assert_non_null(changed);
    look(NULL, "csk.zone", DNA_DNS_DNSKEY, &keys);
    look(NULL, name, DNA_DNS_SRV, &plain);
    assert_true(by_libldns("csk.zone", key, name, DNA_DNS_SRV, &keys, &plain));
    for (size_t i = 0; i < plain.len; i++) {
        /* The RDATA of the SRV record begins with 5 0 5269. */
        memcpy(changed, &plain, sizeof plain);
        changed->packet[i] ^= 0x04;
        if (by_libldns("csk.zone", key, name, DNA_DNS_SRV, &keys, changed)) {
            static const char rdata[] = "\0\5\0\0\x14\x95\4";
            bool kept = memmem(changed->packet, changed->len, rdata, sizeof rdata - 1) != NULL;
            assert_true(kept);
            passed++;
        }
    }
    /* The header's other bits, counts of sections that nobody looks at, TTLs. */
    assert_in_range(passed, 1, 60);
    free(changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_key_secures_nothing),
        cmocka_unit_test(some_keys_secure_nothing_whatever_they_sign),
        cmocka_unit_test(a_crowd_of_signatures_is_left_to_others),
        cmocka_unit_test(dates_count_without_grace),
        cmocka_unit_test(no_changed_octet_passes),
        cmocka_unit_test(libldns_never_says_more), /* the slow one */
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
