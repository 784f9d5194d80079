/* Answers proven by signatures, offline: every kind of answer of the little Internet, and
 * what must not be taken for a proof.
 *
 * With a folder as its argument: writes the corpus of fuzz_rrsig there instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include <base/arena.h>
#include <base/limits.h>
#include <resolver/packet.h>
#include <resolver/rrsig.h>
#include <short_memory.h>
#include <zones.h>

enum { MOST = 64, DAY = 86400, DS = 43 };

static struct poll_loop *loop;
static struct world *world;
static struct dna_span root; /* the anchor file */

/* An answer with all that shows it. */
struct proof {
    struct dna_arena arena;
    struct dna_dns_answer answer;
    struct {
        char name[260];
        unsigned type;
    } asked[MOST];
    struct dna_span messages[MOST];
    size_t n;
    const char *zone;
    struct dna_span key;
};

static struct dna_span read_file(const char *name)
{
    static char text[4][4096];
    static unsigned next;
    char *space = text[next++ % 4];
    FILE *file = fopen(name, "re");
    assert_non_null(file);
    size_t n = fread(space, 1, sizeof text[0], file);
    assert_int_equal(fclose(file), 0);
    return (struct dna_span){space, n};
}

static int set_up(void **state)
{
    static char text[4096];
    struct dna_span read;
    (void)state;
    loop = poll_loop_new();
    world = world_new(loop, zones, n_zones);
    read = read_file(world_anchor_file(world, "."));
    memcpy(text, read.ptr, read.len);
    root = (struct dna_span){text, read.len};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    poll_loop_free(loop);
    return 0;
}

/* --- gathering -------------------------------------------------------------------------- */

static void ask(struct proof *p, const char *name, unsigned type)
{
    struct dna_span wire, *out = &p->messages[p->n];
    for (size_t i = 0; i < p->n; i++) {
        if (p->asked[i].type == type && strcmp(p->asked[i].name, name) == 0) {
            return;
        }
    }
    assert_true(p->n < MOST);
    wire = world_message(world, name, type);
    (void)snprintf(p->asked[p->n].name, sizeof p->asked[0].name, "%s", name);
    p->asked[p->n].type = type;
    if (dna_rrsig_reduce(wire, out)) {
        p->n++;
    }
    free((void *)(uintptr_t)wire.ptr);
}

static void ask_zone(void *arg, const char *zone)
{
    ask(arg, zone, DNA_DNS_DNSKEY);
    if (strcmp(zone, ".") != 0) {
        ask(arg, zone, DS);
    }
}

static void ask_cuts(void *arg, const char *name)
{
    for (; name != NULL; name = dna_name_parent(name)) {
        ask(arg, name, DS);
    }
}

/* zone NULL: under the root alone. */
static void gather(struct proof *p, const char *name, uint16_t type, bool secure,
                   const char *zone)
{
    struct dna_span wire = world_message(world, name, type);
    struct dna_raw_answer raw = {.security = secure ? DNA_RAW_SECURE : DNA_RAW_INSECURE,
                                 .packet = wire};
    memset(p, 0, sizeof *p);
    dna_arena_init(&p->arena, NULL, SIZE_MAX);
    assert_int_equal(dna_packet_answer(&raw, name, type, time(NULL), &p->arena, &p->answer),
                     DNA_OK);
    free((void *)(uintptr_t)wire.ptr);
    p->zone = zone;
    if (zone != NULL) {
        p->key = world_key(world, zone, 257);
    }
    ask(p, name, type);
    if (!secure) {
        ask_cuts(p, name);
        dna_rrsig_aliases(p->messages[0], ask_cuts, p);
    }
    for (size_t i = 0; i < p->n; i++) {
        dna_rrsig_signers(p->messages[i], ask_zone, p);
    }
}

static void drop(struct proof *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free((void *)(uintptr_t)p->messages[i].ptr);
    }
    dna_arena_fini(&p->arena);
}

static enum dna_rrsig_finding judge_at(const struct proof *p, struct dna_span anchors,
                                       const struct dna_dns_answer *answer, int64_t at)
{
    struct dna_rrsig_claim claim = {
        .answer = answer, .at = at, .zone = p->zone, .dnskey = p->key};
    struct dna_rrsig *rrsig;
    enum dna_rrsig_finding finding;
    assert_int_equal(dna_rrsig_new(anchors, &rrsig), DNA_OK);
    assert_int_equal(dna_rrsig_messages(rrsig, p->messages, p->n), DNA_OK);
    finding = dna_rrsig_judge(rrsig, &claim);
    dna_rrsig_free(rrsig);
    return finding;
}

static enum dna_rrsig_finding judge(const struct proof *p)
{
    return judge_at(p, root, &p->answer, p->answer.obtained + 1);
}

static size_t find(const struct proof *p, const char *name, unsigned type)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->asked[i].type == type && strcmp(p->asked[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("%s %u was not asked", name, type);
    return 0;
}

/* --- what is shown ---------------------------------------------------------------------- */

static const struct row {
    const char *name;
    uint16_t type;
    enum dna_dns_outcome outcome;
    enum dna_rrsig_finding finding;
    const char *zone;
} rows[] = {
    {"good.zone", DNA_DNS_A, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"_xmpp-server._tcp.good.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"_5269._tcp.good.zone", DNA_DNS_TLSA, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"big.good.zone", DNA_DNS_TXT, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"_xmpp-server._tcp.nsec3.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"zone", DNA_DNS_DNSKEY, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {".", DNA_DNS_DNSKEY, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    /* wildcards */
    {"a.wild.good.zone", DNA_DNS_TXT, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"a.b.wild.good.zone", DNA_DNS_TXT, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"a.wild.nsec3.zone", DNA_DNS_TXT, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"a.b.wild.nsec3.zone", DNA_DNS_TXT, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"a.wild.good.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"a.wild.nsec3.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    /* aliases */
    {"alias.good.zone", DNA_DNS_A, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"alias.good.zone", DNA_DNS_CNAME, DNA_DNS_FOUND, DNA_RRSIG_SECURE, NULL},
    {"alias.good.zone", DNA_DNS_TXT, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"dead.good.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"out.good.zone", DNA_DNS_A, DNA_DNS_FOUND, DNA_RRSIG_INSECURE, NULL},
    /* denials */
    {"good.zone", DNA_DNS_TXT, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"nobody.good.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"a.b.nobody.good.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"zzz.good.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"_tcp.good.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"nsec3.zone", DNA_DNS_TXT, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"nobody.nsec3.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"a.b.nobody.nsec3.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"_tcp.nsec3.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    {"nobody.zone", DNA_DNS_A, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, NULL},
    /* without signatures, provably */
    {"plain.zone", DNA_DNS_A, DNA_DNS_FOUND, DNA_RRSIG_INSECURE, NULL},
    {"plain.zone", DNA_DNS_TXT, DNA_DNS_ABSENT, DNA_RRSIG_INSECURE, NULL},
    {"_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_INSECURE, NULL},
    /* under a supplied key */
    {"_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE, "csk.zone"},
    {"_xmpp-server._tcp.im.csk.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "csk.zone"},
    {"_xmpp-server._tcp.far.csk.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "csk.zone"},
    {"_xmpp-server._tcp.wild.csk.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "csk.zone"},
    {"csk.zone", DNA_DNS_DNSKEY, DNA_DNS_FOUND, DNA_RRSIG_SECURE, "csk.zone"},
    {"_xmpps-server._tcp.one.zone", DNA_DNS_SRV, DNA_DNS_ABSENT, DNA_RRSIG_SECURE,
     "one.zone"},
    {"_xmpps-server._tcp.n3.zone", DNA_DNS_SRV, DNA_DNS_ABSENT, DNA_RRSIG_SECURE, "n3.zone"},
    {"_xmpp-server._tcp.split.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "split.zone"},
    {"_xmpp-server._tcp.rsa256.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "rsa256.zone"},
    {"_xmpp-server._tcp.rsa512.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "rsa512.zone"},
    {"_xmpp-server._tcp.p384.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "p384.zone"},
    {"_xmpp-server._tcp.ed25519.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_SECURE,
     "ed25519.zone"},
    /* SHA-1 proves nothing here. */
    {"_xmpp-server._tcp.rsasha1.zone", DNA_DNS_SRV, DNA_DNS_FOUND, DNA_RRSIG_UNPROVEN,
     "rsasha1.zone"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

/* Whether the answer claims to be secure. */
static bool claims(const struct row *row)
{
    return row->finding == DNA_RRSIG_SECURE ||
           (row->finding == DNA_RRSIG_UNPROVEN && row->zone != NULL);
}

static void gather_row(struct proof *p, const struct row *row)
{
    gather(p, row->name, row->type, claims(row), row->zone);
    if (p->answer.outcome != row->outcome) {
        fail_msg("%s %u: %s %s", row->name, row->type,
                 dna_dns_outcome_name(p->answer.outcome), p->answer.why);
    }
}

static void shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct proof p;
        enum dna_rrsig_finding finding;
        gather_row(&p, &rows[i]);
        finding = judge(&p);
        if (finding != rows[i].finding) {
            fail_msg("%s %u (%s): %d", rows[i].name, rows[i].type,
                     rows[i].zone != NULL ? rows[i].zone : "", (int)finding);
        }
        drop(&p);
    }
}

/* Nobody's claim gets better by being made. */
static void claimed_otherwise(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct proof p;
        enum dna_rrsig_finding finding;
        gather_row(&p, &rows[i]);
        p.answer.secure = !p.answer.secure;
        finding = judge(&p);
        /* Under the root alone an island is insecure indeed. */
        if (finding != DNA_RRSIG_UNPROVEN && rows[i].finding != DNA_RRSIG_UNPROVEN) {
            fail_msg("%s %u: %d", rows[i].name, rows[i].type, (int)finding);
        }
        drop(&p);
    }
}

/* --- changed messages ------------------------------------------------------------------- */

/* Whether the claim still holds without that message. */
static bool does_without(struct proof *p, size_t m, enum dna_rrsig_finding finding)
{
    struct dna_span one = p->messages[m];
    bool holds;
    p->messages[m] = (struct dna_span){"", 0};
    holds = judge(p) == finding;
    p->messages[m] = one;
    return holds;
}

/* Octets of every message that counts, one bit of each. */
static void flipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct proof p;
        struct dna_rrsig *rrsig;
        if (rows[i].finding == DNA_RRSIG_UNPROVEN) {
            continue;
        }
        gather_row(&p, &rows[i]);
        assert_int_equal(dna_rrsig_new(root, &rrsig), DNA_OK);
        for (size_t m = 0; m < p.n; m++) {
            char *octets = (char *)(uintptr_t)p.messages[m].ptr;
            if (does_without(&p, m, rows[i].finding)) {
                continue;
            }
            for (size_t at = (i + m) % 5; at < p.messages[m].len; at += 5) {
                const struct dna_rrsig_claim claim = {.answer = &p.answer,
                                                      .at = p.answer.obtained + 1,
                                                      .zone = p.zone,
                                                      .dnskey = p.key};
                char bit = (char)(1 << (at + i) % 8);
                enum dna_rrsig_finding finding;
                octets[at] ^= bit;
                assert_int_equal(dna_rrsig_messages(rrsig, p.messages, p.n), DNA_OK);
                finding = dna_rrsig_judge(rrsig, &claim);
                if (finding == DNA_RRSIG_SECURE || finding == DNA_RRSIG_INSECURE) {
                    fail_msg("%s %u: message %s %u, octet %zu of %zu", rows[i].name,
                             rows[i].type, p.asked[m].name, p.asked[m].type, at,
                             p.messages[m].len);
                }
                octets[at] ^= bit;
            }
        }
        dna_rrsig_free(rrsig);
        drop(&p);
    }
}

/* Without any of its messages nothing is shown; a message twice changes nothing. */
static void missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        struct proof p;
        if (rows[i].finding != DNA_RRSIG_SECURE || rows[i].zone != NULL) {
            continue;
        }
        gather_row(&p, &rows[i]);
        for (size_t m = 0; m < p.n; m++) {
            struct dna_span one = p.messages[m];
            enum dna_rrsig_finding finding;
            p.messages[m] = (struct dna_span){"", 0};
            finding = judge(&p);
            if (finding != DNA_RRSIG_UNPROVEN) {
                fail_msg("%s %u without %s %u: %d", rows[i].name, rows[i].type,
                         p.asked[m].name, p.asked[m].type, (int)finding);
            }
            p.messages[m] = p.messages[(m + 1) % p.n];
            assert_true(p.n == 1 || judge(&p) == DNA_RRSIG_UNPROVEN);
            p.messages[m] = one;
        }
        drop(&p);
    }
}

/* What the server says, as a reduced message, in the place of an honest one. */
static void replace(struct proof *p, const char *name, unsigned type)
{
    size_t m = find(p, name, type);
    struct dna_span wire = world_message(world, name, type);
    free((void *)(uintptr_t)p->messages[m].ptr);
    assert_true(dna_rrsig_reduce(wire, &p->messages[m]));
    free((void *)(uintptr_t)wire.ptr);
}

static void lies(void **state)
{
    static const struct {
        const char *name, *liar;
        uint16_t type;
        unsigned liar_type;
        enum world_lie lie;
        enum dna_rrsig_finding finding;
    } cases[] = {
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_STRIP, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_FLIP, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_EXPIRED, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_FUTURE, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_STRANGER, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_OTHER, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_DNSKEY, WORLD_STRANGER,
         DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_DNSKEY, WORLD_EXPIRED,
         DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DS, WORLD_STRANGER, DNA_RRSIG_UNPROVEN},
        {"good.zone", "good.zone", DNA_DNS_A, DS, WORLD_FUTURE, DNA_RRSIG_UNPROVEN},
        {"good.zone", ".", DNA_DNS_A, DNA_DNS_DNSKEY, WORLD_STRANGER, DNA_RRSIG_UNPROVEN},
        {"a.wild.good.zone", "a.wild.good.zone", DNA_DNS_TXT, DNA_DNS_TXT, WORLD_BARE,
         DNA_RRSIG_UNPROVEN},
        {"a.wild.nsec3.zone", "a.wild.nsec3.zone", DNA_DNS_TXT, DNA_DNS_TXT, WORLD_BARE,
         DNA_RRSIG_UNPROVEN},
        {"nobody.good.zone", "nobody.good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_BARE,
         DNA_RRSIG_UNPROVEN},
        {"nobody.nsec3.zone", "nobody.nsec3.zone", DNA_DNS_A, DNA_DNS_A, WORLD_STRIP,
         DNA_RRSIG_UNPROVEN},
        /* Twenty wrong signatures after the right one cost nothing. */
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_A, WORLD_CROWD, DNA_RRSIG_SECURE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proof p;
        enum dna_rrsig_finding finding;
        gather(&p, cases[i].name, cases[i].type, true, NULL);
        world_lie(world, cases[i].liar, cases[i].liar_type, cases[i].lie);
        replace(&p, cases[i].liar, cases[i].liar_type);
        finding = judge(&p);
        if (finding != cases[i].finding) {
            fail_msg("case %zu: %d", i, (int)finding);
        }
        world_honest(world);
        drop(&p);
    }
}

/* The packet reduced, after something was done to it. */
static struct dna_span finish(ldns_pkt *packet)
{
    struct dna_span out;
    uint8_t *wire = NULL;
    size_t len;
    assert_int_equal(ldns_pkt2wire(&wire, packet, &len), LDNS_STATUS_OK);
    if (!dna_rrsig_reduce((struct dna_span){(char *)wire, len}, &out)) {
        out = (struct dna_span){calloc(1, 1), 0};
    }
    free(wire);
    ldns_pkt_free(packet);
    return out;
}

static ldns_pkt *parse(struct dna_span wire)
{
    ldns_pkt *packet = NULL;
    assert_int_equal(ldns_wire2pkt(&packet, (const uint8_t *)wire.ptr, wire.len),
                     LDNS_STATUS_OK);
    return packet;
}

/* The same denial for another question, without what was in the answer. */
static struct dna_span reword(struct dna_span wire, const char *name, uint16_t type, int code)
{
    ldns_pkt *packet = parse(wire);
    ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
    ldns_rdf_deep_free(ldns_rr_owner(question));
    ldns_rr_set_owner(question, ldns_dname_new_frm_str(name));
    ldns_rr_set_type(question, (ldns_rr_type)type);
    ldns_rr_list_deep_free(ldns_pkt_answer(packet));
    ldns_pkt_set_answer(packet, ldns_rr_list_new());
    ldns_pkt_set_ancount(packet, 0);
    ldns_pkt_set_rcode(packet, (uint8_t)code);
    return finish(packet);
}

/* n wrong signatures before the right one, each of which asks to be tried. */
static struct dna_span crowd(struct dna_span wire, unsigned n)
{
    ldns_pkt *packet = parse(wire);
    ldns_rr_list *old = ldns_pkt_answer(packet), *new = ldns_rr_list_new();
    for (size_t i = 0; i < ldns_rr_list_rr_count(old); i++) {
        ldns_rr *rr = ldns_rr_list_rr(old, i);
        for (unsigned k = 0; ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG && k < n; k++) {
            ldns_rr *wrong = ldns_rr_clone(rr);
            ldns_rdf_data(ldns_rr_rdf(wrong, 8))[k % 40] ^= (uint8_t)(1 + k / 40);
            assert_true(ldns_rr_list_push_rr(new, wrong));
        }
        assert_true(ldns_rr_list_push_rr(new, ldns_rr_clone(rr)));
    }
    ldns_rr_list_deep_free(old);
    ldns_pkt_set_answer(packet, new);
    ldns_pkt_set_ancount(packet, (uint16_t)ldns_rr_list_rr_count(new));
    return finish(packet);
}

/* A denial for one name says nothing about another one, in its place or near it. */
static void borrowed_denials(void **state)
{
    static const struct {
        const char *name, *from;
        uint16_t type, from_type;
    } cases[] = {
        {"good.zone", "nobody.good.zone", DNA_DNS_A, DNA_DNS_A},
        {"good.zone", "good.zone", DNA_DNS_A, DNA_DNS_TXT},
        {"good.zone", "nobody.zone", DNA_DNS_A, DNA_DNS_A},
        {"good.zone", "plain.zone", DNA_DNS_A, DS},
        {"good.zone", "zone", DNA_DNS_A, DNA_DNS_TXT},
        {"alias.good.zone", "nobody.good.zone", DNA_DNS_A, DNA_DNS_A},
        {"alias.good.zone", "alias.good.zone", DNA_DNS_A, DNA_DNS_TXT},
        {"a.wild.good.zone", "a.wild.good.zone", DNA_DNS_TXT, DNA_DNS_A},
        {"a.wild.good.zone", "nobody.good.zone", DNA_DNS_TXT, DNA_DNS_A},
        {"_xmpp-server._tcp.good.zone", "_tcp.good.zone", DNA_DNS_SRV, DNA_DNS_A},
        {"_xmpp-server._tcp.nsec3.zone", "nobody.nsec3.zone", DNA_DNS_SRV, DNA_DNS_A},
        {"_xmpp-server._tcp.nsec3.zone", "_tcp.nsec3.zone", DNA_DNS_SRV, DNA_DNS_A},
        {"_xmpp-server._tcp.nsec3.zone", "a.wild.nsec3.zone", DNA_DNS_SRV, DNA_DNS_A},
        {"a.wild.nsec3.zone", "nobody.nsec3.zone", DNA_DNS_TXT, DNA_DNS_A},
        {"a.wild.nsec3.zone", "a.wild.nsec3.zone", DNA_DNS_TXT, DNA_DNS_A},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int code = 0; code <= 3; code += 3) {
            struct proof p;
            struct dna_span wire = world_message(world, cases[i].from, cases[i].from_type);
            struct dna_dns_answer absent;
            struct dna_span form;
            gather(&p, cases[i].name, cases[i].type, true, NULL);
            /* The question of the one before the denial of the other. */
            form = reword(wire, cases[i].name, cases[i].type, code);
            free((void *)(uintptr_t)p.messages[0].ptr);
            p.messages[0] = form;
            dna_rrsig_signers(form, ask_zone, &p);
            absent = p.answer;
            absent.outcome = DNA_DNS_ABSENT;
            absent.n_rdata = 0;
            absent.aliased = absent.wildcard = false;
            absent.ttl = 0;
            absent.signatures_end = 0;
            if (judge_at(&p, root, &absent, absent.obtained) == DNA_RRSIG_SECURE) {
                fail_msg("%s denied by %s, code %d", cases[i].name, cases[i].from, code);
            }
            free((void *)(uintptr_t)wire.ptr);
            drop(&p);
        }
    }
}

/* The last record of a zone leads back to its apex, and so does, seen from within, one of the
 * zone above that ends there: it says nothing about what the zone has. */
static void two_zones(void **state)
{
    struct dna_span above = world_message(world, "ed25519.zone", DS);
    struct dna_span own = world_message(world, "good.zone", DNA_DNS_TXT), wire;
    ldns_pkt *packet = parse(above), *other = parse(own);
    const ldns_rr_list *authority = ldns_pkt_authority(other);
    uint8_t *octets = NULL;
    bool ends_there = false;
    struct proof p;
    (void)state;
    for (size_t i = 0; i < ldns_rr_list_rr_count(ldns_pkt_authority(packet)); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_authority(packet), i);
        char *next = ldns_rr_get_type(rr) == LDNS_RR_TYPE_NSEC
                         ? ldns_rdf2str(ldns_rr_rdf(rr, 0)) : NULL;
        ends_there = ends_there || (next != NULL && strcmp(next, "good.zone.") == 0);
        free(next);
    }
    assert_true(ends_there);
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        assert_true(ldns_pkt_push_rr(packet, LDNS_SECTION_AUTHORITY,
                                     ldns_rr_clone(ldns_rr_list_rr(authority, i))));
    }
    assert_int_equal(ldns_pkt2wire(&octets, packet, &wire.len), LDNS_STATUS_OK);
    wire.ptr = (const char *)octets;
    gather(&p, "alias.good.zone", DNA_DNS_TXT, true, NULL);
    free((void *)(uintptr_t)p.messages[0].ptr);
    p.messages[0] = reword(wire, "alias.good.zone", DNA_DNS_TXT, 3);
    dna_rrsig_signers(p.messages[0], ask_zone, &p);
    p.answer.aliased = false;
    p.answer.ttl = 0;
    p.answer.signatures_end = 0;
    assert_int_equal(p.answer.outcome, DNA_DNS_ABSENT);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    drop(&p);
    ldns_pkt_free(packet);
    ldns_pkt_free(other);
    free(octets);
    free((void *)(uintptr_t)above.ptr);
    free((void *)(uintptr_t)own.ptr);
}

/* --- moments, anchors, records ---------------------------------------------------------- */

static void moments(void **state)
{
    static const struct {
        int64_t obtained, at;
        enum dna_rrsig_finding finding;
    } cases[] = {
        {0, 0, DNA_RRSIG_SECURE},
        {0, 10 * DAY, DNA_RRSIG_SECURE},
        {-DAY / 2, 0, DNA_RRSIG_SECURE},
        {0, 15 * DAY, DNA_RRSIG_UNPROVEN},         /* used after its end */
        {15 * DAY, 15 * DAY, DNA_RRSIG_UNPROVEN},  /* expired */
        {-2 * DAY, 0, DNA_RRSIG_UNPROVEN},         /* not valid yet when obtained */
        {-2 * DAY, -2 * DAY, DNA_RRSIG_UNPROVEN},
        {DAY, 0, DNA_RRSIG_UNPROVEN},              /* obtained after its use */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proof p;
        int64_t now;
        gather(&p, "good.zone", DNA_DNS_A, true, NULL);
        now = p.answer.obtained;
        p.answer.obtained += cases[i].obtained;
        if (judge_at(&p, root, &p.answer, now + cases[i].at) != cases[i].finding) {
            fail_msg("case %zu", i);
        }
        drop(&p);
    }
}

static void anchors(void **state)
{
    static const char *const bad[] = {"", "\n", "x", ". IN A 192.0.2.1\n",
                                      ". IN DNSKEY 257 3 13 !!!\n", "; nothing\n"};
    struct dna_rrsig *rrsig;
    struct dna_span island;
    struct proof p;
    char many[8192];
    (void)state;
    gather(&p, "good.zone", DNA_DNS_A, true, NULL);
    /* The key of another zone; a zone's own key, as an island; both. */
    assert_int_equal(judge_at(&p, read_file(world_anchor_file(world, "csk.zone")), &p.answer,
                              p.answer.obtained),
                     DNA_RRSIG_UNPROVEN);
    assert_int_equal(judge_at(&p, read_file(world_anchor_file(world, "good.zone")), &p.answer,
                              p.answer.obtained),
                     DNA_RRSIG_SECURE);
    (void)snprintf(many, sizeof many, "; comment\n\n%.*s\n%.*s", DNA_SPAN_FMT(root),
                   DNA_SPAN_FMT(read_file(world_anchor_file(world, "csk.zone"))));
    assert_int_equal(judge_at(&p, dna_span_of(many), &p.answer, p.answer.obtained),
                     DNA_RRSIG_SECURE);
    drop(&p);
    /* Where an anchor lies below the delegation, nothing is insecure. */
    gather(&p, "_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, false, NULL);
    assert_int_equal(judge(&p), DNA_RRSIG_INSECURE);
    assert_int_equal(judge_at(&p, dna_span_of(many), &p.answer, p.answer.obtained),
                     DNA_RRSIG_UNPROVEN);
    drop(&p);
    /* ... nor where it lies above, but below the zone that speaks of the delegation. */
    gather(&p, "_xmpp-server._tcp.far.away.zone", DNA_DNS_SRV, false, NULL);
    assert_int_equal(judge(&p), DNA_RRSIG_INSECURE);
    island = read_file(world_anchor_file(world, "csk.zone"));
    (void)snprintf(many, sizeof many, "%.*s\naway%.*s", DNA_SPAN_FMT(root),
                   (int)(island.len - 3), island.ptr + 3);
    assert_memory_equal(island.ptr, "csk.zone.", 9);
    assert_int_equal(judge_at(&p, dna_span_of(many), &p.answer, p.answer.obtained),
                     DNA_RRSIG_UNPROVEN);
    drop(&p);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(dna_rrsig_new(dna_span_of(bad[i]), &rrsig), DNA_ERR_FORMAT);
        assert_null(rrsig);
    }
    memset(many, ';', sizeof many - 1);
    assert_int_equal(dna_rrsig_new((struct dna_span){many, DNA_LIMIT_ANCHOR_FILE + 1}, &rrsig),
                     DNA_ERR_LIMIT);
}

/* A supplied key that is not the zone's, or of another zone with the same key. */
static void other_keys(void **state)
{
    struct proof p;
    (void)state;
    gather(&p, "_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, true, "csk.zone");
    p.key = world_key(world, "one.zone", 257);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    p.key = (struct dna_span){"\1\1\3\15", 4};
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    p.key = (struct dna_span){"", 0};
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    p.key = world_key(world, "csk.zone", 257);
    p.zone = "twin.zone";
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    p.zone = "csk.zone";
    assert_int_equal(judge(&p), DNA_RRSIG_SECURE);
    drop(&p);
    gather(&p, "_xmpp-server._tcp.revoked.zone", DNA_DNS_SRV, true, NULL);
    p.zone = "revoked.zone";
    p.key = world_key(world, "revoked.zone", 385);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    drop(&p);
}

/* A reduced message with that record, signed by the key. */
static struct dna_span sign(const char *record, ldns_rr *made, ldns_key_list *keys)
{
    ldns_rr_list *set = ldns_rr_list_new(), *signatures;
    ldns_pkt *packet = ldns_pkt_new();
    ldns_rr *rr = made, *question = ldns_rr_new();
    if (rr == NULL) {
        assert_int_equal(ldns_rr_new_frm_str(&rr, record, 300, NULL, NULL), LDNS_STATUS_OK);
    }
    assert_true(ldns_rr_list_push_rr(set, rr));
    signatures = ldns_sign_public(set, keys);
    assert_non_null(signatures);
    ldns_rr_set_owner(question, ldns_rdf_clone(ldns_rr_owner(rr)));
    ldns_rr_set_type(question, ldns_rr_get_type(rr));
    ldns_rr_set_class(question, LDNS_RR_CLASS_IN);
    ldns_rr_set_question(question, true);
    ldns_pkt_set_qr(packet, true);
    assert_true(ldns_pkt_push_rr(packet, LDNS_SECTION_QUESTION, question));
    assert_true(ldns_pkt_push_rr(packet, LDNS_SECTION_ANSWER, rr));
    assert_true(ldns_pkt_push_rr_list(packet, LDNS_SECTION_ANSWER, signatures));
    ldns_rr_list_free(signatures);
    ldns_rr_list_free(set);
    return finish(packet);
}

/* The owner of a zone whose key counts signs what is not in the zone. */
static void other_places(void **state)
{
    static const struct {
        const char *record, *name;
        enum dna_rrsig_finding finding;
    } cases[] = {
        {"www.evil.zone. 300 IN A 192.0.2.1", "www.evil.zone", DNA_RRSIG_SECURE},
        {"evil.zone. 300 IN A 192.0.2.1", "evil.zone", DNA_RRSIG_SECURE},
        {"good.zone. 300 IN A 192.0.2.1", "good.zone", DNA_RRSIG_UNPROVEN},
        {"www.good.zone. 300 IN A 192.0.2.1", "www.good.zone", DNA_RRSIG_UNPROVEN},
        {"notevil.zone. 300 IN A 192.0.2.1", "notevil.zone", DNA_RRSIG_UNPROVEN},
        {"zone. 300 IN A 192.0.2.1", "zone", DNA_RRSIG_UNPROVEN},
    };
    ldns_key *key = ldns_key_new_frm_algorithm(LDNS_SIGN_ECDSAP256SHA256, 256);
    ldns_key_list *keys = ldns_key_list_new();
    ldns_rr *rr;
    struct dna_span published = {0};
    unsigned char rdata[100];
    (void)state;
    assert_non_null(key);
    ldns_key_set_pubkey_owner(key, ldns_dname_new_frm_str("evil.zone."));
    ldns_key_set_flags(key, 257);
    ldns_key_set_inception(key, (uint32_t)(time(NULL) - DAY));
    ldns_key_set_expiration(key, (uint32_t)(time(NULL) + DAY));
    rr = ldns_key2rr(key);
    ldns_key_set_keytag(key, ldns_calc_keytag(rr));
    assert_true(ldns_key_list_push_key(keys, key));
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        size_t len = ldns_rdf_size(ldns_rr_rdf(rr, i));
        assert_true(published.len + len <= sizeof rdata);
        memcpy(rdata + published.len, ldns_rdf_data(ldns_rr_rdf(rr, i)), len);
        published.len += len;
    }
    published.ptr = (const char *)rdata;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dna_span address = {"\300\0\2\1", 4};
        struct proof p = {.zone = "evil.zone", .key = published, .n = 2};
        dna_arena_init(&p.arena, NULL, SIZE_MAX);
        p.messages[0] = sign(cases[i].record, NULL, keys);
        p.messages[1] = sign(NULL, ldns_rr_clone(rr), keys);
        p.answer = (struct dna_dns_answer){
            .name = cases[i].name, .type = DNA_DNS_A, .outcome = DNA_DNS_FOUND, .secure = true,
            .rdata = &address, .n_rdata = 1, .obtained = time(NULL), .why = ""};
        if (judge(&p) != cases[i].finding) {
            fail_msg("%s", cases[i].record);
        }
        drop(&p);
    }
    ldns_rr_free(rr);
    ldns_key_list_free(keys);
}

/* A zone of the same name with keys of its own, which the zone above does not name. */
static void other_world(void **state)
{
    struct world *true_world = world;
    struct proof p;
    (void)state;
    gather(&p, "good.zone", DNA_DNS_A, true, NULL);
    world = world_new(loop, zones, 3);
    replace(&p, "good.zone", DNA_DNS_DNSKEY);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    replace(&p, "good.zone", DNA_DNS_A);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    world_free(world);
    world = true_world;
    drop(&p);
}

/* What was recorded is not what is signed. */
static void other_records(void **state)
{
    struct proof p;
    struct dna_dns_answer answer;
    struct dna_span two[2];
    (void)state;
    gather(&p, "good.zone", DNA_DNS_A, true, NULL);
    two[0] = p.answer.rdata[0];
    two[1] = (struct dna_span){"\300\0\2\2", 4};
    answer = p.answer;
    answer.rdata = two;
    answer.n_rdata = 2;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_DIFFERS);
    two[0] = two[1];
    answer.n_rdata = 1;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_DIFFERS);
    answer = p.answer;
    answer.outcome = DNA_DNS_ABSENT;
    answer.n_rdata = 0;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_DIFFERS);
    answer = p.answer;
    answer.aliased = true;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_DIFFERS);
    answer = p.answer;
    answer.wildcard = true;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_UNPROVEN);
    answer = p.answer;
    answer.ttl = 121; /* signed for 120 */
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_UNPROVEN);
    answer.ttl = 0;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_SECURE);
    answer.signatures_end = DNA_NEVER;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_UNPROVEN);
    answer = p.answer;
    answer.outcome = DNA_DNS_BOGUS;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_UNPROVEN);
    answer.outcome = DNA_DNS_FAILED;
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_UNPROVEN);
    drop(&p);
    gather(&p, "plain.zone", DNA_DNS_A, false, NULL);
    answer = p.answer;
    answer.rdata = &(struct dna_span){"\300\0\2\3", 4};
    assert_int_equal(judge_at(&p, root, &answer, answer.obtained), DNA_RRSIG_DIFFERS);
    drop(&p);
    /* A denial lives as long as its zone says. */
    gather(&p, "nobody.good.zone", DNA_DNS_A, true, NULL);
    assert_int_equal(p.answer.ttl, 300);
    p.answer.ttl = 301;
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    drop(&p);
}

/* --- bounds ----------------------------------------------------------------------------- */

/* Twenty wrong signatures before the right one are too many to try. */
static void crowded(void **state)
{
    struct dna_span wire = world_message(world, "good.zone", DNA_DNS_A);
    struct proof p;
    (void)state;
    gather(&p, "good.zone", DNA_DNS_A, true, NULL);
    free((void *)(uintptr_t)p.messages[0].ptr);
    p.messages[0] = crowd(wire, 20);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    free((void *)(uintptr_t)p.messages[0].ptr);
    p.messages[0] = crowd(wire, DNA_LIMIT_VERIFICATIONS - 1);
    assert_int_equal(judge(&p), DNA_RRSIG_SECURE);
    free((void *)(uintptr_t)p.messages[0].ptr);
    p.messages[0] = crowd(wire, DNA_LIMIT_MESSAGE_RECORDS + 1);
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    free((void *)(uintptr_t)wire.ptr);
    drop(&p);
}

/* The work for all claims of one bundle is bounded. */
static void exhausted(void **state)
{
    struct dna_rrsig *rrsig;
    struct proof p;
    unsigned good = 0;
    (void)state;
    gather(&p, "good.zone", DNA_DNS_A, true, NULL);
    assert_int_equal(dna_rrsig_new(root, &rrsig), DNA_OK);
    assert_int_equal(dna_rrsig_messages(rrsig, p.messages, p.n), DNA_OK);
    for (int64_t i = 0; i < 2000; i++) {
        struct dna_rrsig_claim claim = {.answer = &p.answer, .at = p.answer.obtained + i};
        good += dna_rrsig_judge(rrsig, &claim) == DNA_RRSIG_SECURE;
    }
    /* Six signatures for each moment. */
    assert_int_equal(good, DNA_LIMIT_PROVING_VERIFICATIONS / 6);
    drop(&p);
    dna_rrsig_free(rrsig);
}

/* Every request fails once: a good claim is good or not shown, and no other becomes one. */
static void fail_each_request(const struct proof *p, enum dna_rrsig_finding finding)
{
    const struct dna_rrsig_claim claim = {
        .answer = &p->answer, .at = p->answer.obtained, .zone = p->zone, .dnskey = p->key};
    bool failed = true;
    for (unsigned long n = 0; failed; n++) {
        enum dna_rrsig_finding found = DNA_RRSIG_UNPROVEN;
        struct dna_rrsig *rrsig;
        enum dna_err err;
        short_memory_begin(n);
        err = dna_rrsig_new(root, &rrsig);
        err = err == DNA_OK ? dna_rrsig_messages(rrsig, p->messages, p->n) : err;
        if (err == DNA_OK) {
            found = dna_rrsig_judge(rrsig, &claim);
        }
        failed = short_memory_end();
        dna_rrsig_free(rrsig);
        assert_true(err == DNA_OK || (failed && err == DNA_ERR_MEMORY));
        if (found != finding && (!failed || found != DNA_RRSIG_UNPROVEN)) {
            fail_msg("%s, request %lu: %d", p->answer.name, n, (int)found);
        }
    }
}

static void without_memory(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        bool secure;
        const char *zone;
    } cases[] = {
        {"a.b.wild.good.zone", DNA_DNS_TXT, true, NULL},
        {"alias.good.zone", DNA_DNS_TXT, true, NULL},
        {"a.b.nobody.nsec3.zone", DNA_DNS_A, true, NULL},
        {"plain.zone", DNA_DNS_A, false, NULL},
        {"_xmpp-server._tcp.csk.zone", DNA_DNS_SRV, true, "csk.zone"},
    };
    struct dna_span wire = world_message(world, "nobody.good.zone", DNA_DNS_A);
    struct proof p;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gather(&p, cases[i].name, cases[i].type, cases[i].secure, cases[i].zone);
        fail_each_request(&p, cases[i].secure ? DNA_RRSIG_SECURE : DNA_RRSIG_INSECURE);
        drop(&p);
    }
    /* A wildcard's name, denied by what denies another one. */
    gather(&p, "a.wild.good.zone", DNA_DNS_TXT, true, NULL);
    free((void *)(uintptr_t)p.messages[0].ptr);
    p.messages[0] = reword(wire, "a.wild.good.zone", DNA_DNS_TXT, 3);
    p.answer.outcome = DNA_DNS_ABSENT;
    p.answer.n_rdata = 0;
    p.answer.wildcard = false;
    p.answer.ttl = 0;
    p.answer.signatures_end = 0;
    fail_each_request(&p, DNA_RRSIG_UNPROVEN);
    drop(&p);
    free((void *)(uintptr_t)wire.ptr);
}

static void not_reduced(void **state)
{
    struct dna_span wire = world_message(world, "good.zone", DNA_DNS_A);
    struct dna_span out, again;
    struct proof p;
    (void)state;
    gather(&p, "good.zone", DNA_DNS_A, true, NULL);
    assert_true(dna_rrsig_reduce(p.messages[0], &again));
    assert_true(dna_span_equal(again, p.messages[0]));
    free((void *)(uintptr_t)again.ptr);
    free((void *)(uintptr_t)p.messages[0].ptr);
    p.messages[0] = wire; /* as it came */
    assert_int_equal(judge(&p), DNA_RRSIG_UNPROVEN);
    assert_false(dna_rrsig_reduce((struct dna_span){"", 0}, &out));
    assert_false(dna_rrsig_reduce((struct dna_span){wire.ptr, 30}, &out));
    world_lie(world, "good.zone", DNA_DNS_A, WORLD_SERVFAIL);
    wire = world_message(world, "good.zone", DNA_DNS_A);
    assert_false(dna_rrsig_reduce(wire, &out));
    world_honest(world);
    free((void *)(uintptr_t)wire.ptr);
    drop(&p);
}

/* --- the fuzzer's corpus ---------------------------------------------------------------- */

static void put_list(FILE *out, const struct dna_span *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(fprintf(out, "%c%c", (int)(list[i].len >> 8), (int)list[i].len & 255),
                         2);
        assert_int_equal(fwrite(list[i].ptr, 1, list[i].len, out), list[i].len);
    }
}

static void write_corpus(const char *folder)
{
    static const size_t chosen[] = {0, 1, 4, 7, 9, 11, 12, 13, 16, 17, 18, 19, 22, 23, 24, 28,
                                    29};
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        const struct row *row = &rows[chosen[i]];
        struct proof p;
        char name[400];
        uint32_t at;
        FILE *out;
        gather_row(&p, row);
        at = (uint32_t)p.answer.obtained;
        (void)snprintf(name, sizeof name, "%s/%s-%u", folder, row->name, row->type);
        out = fopen(name, "we");
        assert_non_null(out);
        (void)fprintf(out, "%c%c%c%c%c%c", (int)(at >> 24), (int)(at >> 16 & 255),
                      (int)(at >> 8 & 255), (int)(at & 255), row->type >> 8, row->type & 255);
        (void)fprintf(out, "%.*s%c%s%c", DNA_SPAN_FMT(root), 0, row->name, 0);
        put_list(out, p.messages, p.n);
        put_list(out, &(struct dna_span){"", 0}, 1);
        put_list(out, p.answer.rdata, p.answer.n_rdata);
        assert_int_equal(fclose(out), 0);
        drop(&p);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),         cmocka_unit_test(claimed_otherwise),
        cmocka_unit_test(missing),       cmocka_unit_test(lies),
        cmocka_unit_test(borrowed_denials), cmocka_unit_test(moments),
        cmocka_unit_test(anchors),       cmocka_unit_test(other_keys),
        cmocka_unit_test(other_world),   cmocka_unit_test(other_places),
        cmocka_unit_test(two_zones),     cmocka_unit_test(other_records),
        cmocka_unit_test(crowded),       cmocka_unit_test(exhausted),
        cmocka_unit_test(not_reduced),   cmocka_unit_test(without_memory),
        cmocka_unit_test(flipped), /* the slow one */
    };
    if (argc == 2) {
        (void)set_up(NULL);
        write_corpus(argv[1]);
        return tear_down(NULL);
    }
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
