/* Events in no order at all: streams come, speak and go, answers come late, wrong or never,
 * the clock jumps ahead, policies and hosted domains change, and memory runs out once.
 *
 * Whatever happens, a stanza comes through only from a domain that the host was told of as
 * accepted, a peer is accepted only with a proof, and nothing is used after it was freed or
 * left behind (the sanitizers watch). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <failing_alloc.h>
#include <mod_dna/session.h>

#define STREAMS 6
#define WANTS 200
#define DOMAINS 4
#define SEEDS 40

#define HEADER                                                                              \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"                             \
    " xmlns:stream='http://etherx.jabber.org/streams' xmlns:dna='urn:xmpp:dna:0'"           \
    " version='1.0' from='%s' to='own.example' id='i'>"

static const char *const domains[DOMAINS] = {"a.example", "b.example", "c.example",
                                             "own.example"};
static const char *const elements[] = {
    HEADER,
    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
    "<assert xmlns='urn:xmpp:dna:0' from='%s'/>",
    "<proof xmlns='urn:xmpp:dna:0' from='%s' type='urn:xmpp:dna:proof:posh'/>",
    "<proof xmlns='urn:xmpp:dna:0' from='%s' type='urn:xmpp:dna:proof:dnssec-ta'>"
    "https://x.example/</proof>",
    "<impossible xmlns='urn:xmpp:dna:0' from='%s'/>",
    "<valid xmlns='urn:xmpp:dna:0' to='own.example'/>",
    "<invalid xmlns='urn:xmpp:dna:0' to='own.example'/>",
    "<challenge xmlns='urn:xmpp:dna:0' to='own.example'>"
    "<proof type='urn:xmpp:dna:proof:pkix'/></challenge>",
    "<message from='x@%s' to='y@own.example'/>",
    "<message from='x@%s' to='y@own.example'/>",
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>",
    "</stream:stream>",
};

struct player {
    struct dna_stream *stream;
    bool accepted[DOMAINS];
};

struct chaos {
    struct dna_session *session;
    struct dna_time now;
    uint32_t random;
    struct player players[STREAMS];
    struct {
        unsigned id;
        const struct dna_want *want;
    } wants[WANTS];
    size_t n_wants;
    unsigned stanzas, accepted;
};

static struct cert ca, leaf;
static struct dna_chain *chain;
static struct dna_roots *roots;

static int make_world(void **state)
{
    const struct cert *one = &leaf;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    leaf = cert_make(&(struct cert_order){.subject = "leaf", .issuer = &ca,
                                          .names = "DNS:a.example,DNS:host.example"});
    chain = cert_chain(&one, 1);
    roots = cert_roots(&ca);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    dna_chain_free(chain);
    dna_roots_free(roots);
    cert_free(&leaf);
    cert_free(&ca);
    return 0;
}

static unsigned draw(struct chaos *c, unsigned n)
{
    c->random = c->random * 1664525u + 1013904223u;
    return (c->random >> 12) % n;
}

static size_t index_of(const char *domain)
{
    size_t i = 0;
    while (i < DOMAINS && strcmp(domains[i], domain) != 0) {
        i++;
    }
    assert_true(i < DOMAINS);
    return i;
}

static void watch(struct chaos *c, struct player *player,
                  const struct dna_stream_effect *effect)
{
    if (effect->kind == DNA_STREAM_PEER) {
        player->accepted[index_of(effect->domain)] = effect->accepted;
        if (effect->ruling != NULL) {
            assert_int_equal(effect->ruling->verdict == DNA_PROVEN, effect->accepted);
        }
        c->accepted += effect->accepted;
    } else if (effect->kind == DNA_STREAM_STANZA) {
        assert_true(player->accepted[index_of(effect->stanza->from_domain.text)]);
        assert_string_not_equal(effect->stanza->from_domain.text, "own.example");
        c->stanzas++;
    }
}

static void pull(struct chaos *c, struct player *player)
{
    struct dna_stream_effect effect;
    while (dna_stream_next(player->stream, c->now, &effect)) {
        watch(c, player, &effect);
    }
    dna_stream_sent(player->stream, dna_stream_output(player->stream).len);
}

static void drop_want(struct chaos *c, size_t i)
{
    c->wants[i] = c->wants[--c->n_wants];
}

/* As the head of session.h says. */
static void settle(struct chaos *c)
{
    struct dna_stream *ready;
    unsigned id;
    while ((ready = dna_session_next_ready(c->session)) != NULL) {
        pull(c, dna_stream_user(ready));
    }
    while (c->n_wants < WANTS &&
           dna_session_next_want(c->session, &c->wants[c->n_wants].id,
                                 &c->wants[c->n_wants].want)) {
        c->n_wants++;
    }
    while (dna_session_next_cancel(c->session, &id)) {
        for (size_t i = 0; i < c->n_wants; i++) {
            if (c->wants[i].id == id) {
                drop_want(c, i);
                break;
            }
        }
        if (draw(c, 4) == 0) { /* the answer was on its way */
            struct dna_fact fact = {.kind = DNA_WANT_PATH};
            (void)!dna_session_give(c->session, id, &fact, c->now);
        }
    }
}

static struct dna_dns_answer dns_answer(struct chaos *c, const char *name, uint16_t type)
{
    static const char record[] = "\0\0\0\0\x14\x95\x04host\x07" "example";
    static const struct dna_span records[] = {{record, sizeof record}};
    static const enum dna_dns_outcome outcomes[] = {DNA_DNS_FOUND, DNA_DNS_FOUND,
                                                    DNA_DNS_ABSENT, DNA_DNS_BOGUS,
                                                    DNA_DNS_FAILED};
    struct dna_dns_answer answer = {
        .name = name, .type = type, .outcome = outcomes[draw(c, 5)],
        .ttl = draw(c, 3) * 100, .obtained = c->now.wall, .signatures_end = DNA_NEVER,
        .why = ""};
    if (answer.outcome == DNA_DNS_FOUND) {
        answer.rdata = records;
        answer.n_rdata = 1;
    }
    answer.secure = (answer.outcome == DNA_DNS_FOUND || answer.outcome == DNA_DNS_ABSENT) &&
                    draw(c, 2) == 0;
    return answer;
}

static void answer(struct chaos *c, size_t i)
{
    static const enum dna_fetch_outcome outcomes[] = {DNA_FETCH_OK, DNA_FETCH_ABSENT,
                                                      DNA_FETCH_FAILED, DNA_FETCH_REFUSED};
    const struct dna_want *want = c->wants[i].want;
    unsigned id = c->wants[i].id;
    struct dna_fact fact = {.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = dns_answer(c, want->u.dns.name, want->u.dns.type);
        break;
    case DNA_WANT_ANCHORED:
        fact.u.anchored.dnskey = dns_answer(c, want->u.anchored.zone, DNA_DNS_DNSKEY);
        fact.u.anchored.srv = dns_answer(c, "_xmpp-server._tcp.a.example", DNA_DNS_SRV);
        fact.u.anchored.srv_tls = dns_answer(c, "_xmpps-server._tcp.a.example", DNA_DNS_SRV);
        break;
    case DNA_WANT_FETCH:
        fact.u.fetch = (struct dna_fetch_result){
            .outcome = outcomes[draw(c, 4)], .body = draw(c, 2) == 0 ? leaf.der
                                                                     : dna_span_of("{}"),
            .final_url = "", .why = "", .obtained = c->now.wall};
        break;
    case DNA_WANT_PATH:
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
    case DNA_WANT_SIGNATURE:
        fail_msg("not a want for the host");
    }
    drop_want(c, i);
    (void)!dna_session_give(c->session, id, &fact, c->now);
}

static void reopen(struct chaos *c, struct player *player)
{
    struct dna_stream_options options = {.size = sizeof options, .user = player,
                                         .role = draw(c, 3) != 0 ? DNA_RECEIVING
                                                                 : DNA_INITIATING,
                                         .own = "own.example", .peer = "a.example",
                                         .host = "host.example", .port = 5269};
    if (player->stream != NULL) {
        dna_stream_free(player->stream);
    }
    *player = (struct player){.stream = NULL};
    if (dna_stream_new(c->session, &options, c->now, &player->stream) != DNA_OK) {
        player->stream = NULL;
    }
}

/* The element with a domain in place of "%s". */
static void fill(const char *element, const char *domain, char *out, size_t room)
{
    const char *at = strstr(element, "%s");
    if (at == NULL) {
        (void)snprintf(out, room, "%s", element);
    } else {
        (void)snprintf(out, room, "%.*s%s%s", (int)(at - element), element, domain, at + 2);
    }
}

static void speak(struct chaos *c, struct player *player, size_t element)
{
    char text[600];
    fill(elements[element], domains[draw(c, DOMAINS)], text, sizeof text);
    if (dna_stream_read(player->stream, dna_span_of(text), c->now) == DNA_OK) {
        pull(c, player);
    }
}

/* A peer that behaves, so that something is proven at all. */
static void connect_properly(struct chaos *c, struct player *player)
{
    char header[600];
    fill(HEADER, "a.example", header, sizeof header);
    for (int round = 0; round < 2; round++) {
        if (dna_stream_read(player->stream, dna_span_of(header), c->now) != DNA_OK) {
            return;
        }
        pull(c, player);
        if (round == 0) {
            speak(c, player, 1);
            (void)!dna_stream_secured(player->stream, chain, c->now);
            pull(c, player);
        }
    }
    speak(c, player, 2);
    speak(c, player, 6);
}

static void disturb(struct chaos *c, struct player *player)
{
    static const char *const patterns[] = {"*", "b.example", ".example"};
    static const enum dna_level levels[] = {DNA_LEVEL_PROOF, DNA_LEVEL_PROOF,
                                            DNA_LEVEL_STRONG, DNA_LEVEL_REFUSE};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "own.example"};
    struct dna_policy policy = dna_policy_default();
    switch (draw(c, 7)) {
    case 0:
        policy.level = levels[draw(c, 4)];
        policy.prooftypes = draw(c, 16);
        policy.prooftypes |= draw(c, 16);
        (void)!dna_session_policy(c->session, patterns[draw(c, 3)], &policy);
        return;
    case 1:
        dna_session_unhost(c->session, "own.example", c->now);
        settle(c);
        (void)!dna_session_host(c->session, &hosted);
        return;
    case 2:
        (void)!dna_stream_close(player->stream, NULL, NULL, c->now);
        return;
    case 3:
        (void)!dna_stream_gone(player->stream, "cut", c->now);
        return;
    case 4:
        dna_stream_park(player->stream);
        return;
    case 5:
        (void)!dna_stream_ask(player->stream, "own.example", "b.example", c->now);
        return;
    default:
        (void)!dna_stream_secured(player->stream, chain, c->now);
        return;
    }
}

static void step(struct chaos *c)
{
    struct player *player = &c->players[draw(c, STREAMS)];
    unsigned what = draw(c, 20);
    if (player->stream == NULL || what == 0) {
        reopen(c, player);
        if (player->stream != NULL && draw(c, 4) != 0) {
            connect_properly(c, player);
        }
    } else if (what < 9) {
        speak(c, player, draw(c, sizeof elements / sizeof *elements));
    } else if (what < 16 && c->n_wants != 0) {
        answer(c, draw(c, (unsigned)c->n_wants));
    } else if (what < 18) {
        int64_t ms = draw(c, 5) == 0 ? draw(c, 40000) : draw(c, 200);
        c->now.mono += ms;
        c->now.wall = CERTS_NOW + c->now.mono / 1000;
        (void)!dna_session_tick(c->session, c->now);
    } else if (what < 19 || draw(c, 8) == 0) {
        disturb(c, player);
    }
    settle(c);
}

static void play(struct chaos *c, const struct dna_alloc *alloc, uint32_t seed)
{
    struct dna_session_options options = {.size = sizeof options, .alloc = alloc,
                                          .seed = seed, .roots = roots, .cache_entries = 20};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "own.example"};
    *c = (struct chaos){.random = seed, .now = {.wall = CERTS_NOW, .mono = 0}};
    if (dna_session_new(&options, &c->session) != DNA_OK) {
        return;
    }
    (void)!dna_session_host(c->session, &hosted);
    for (int i = 0; i < 1500; i++) {
        step(c);
    }
    for (size_t i = 0; i < STREAMS; i++) {
        dna_stream_free(c->players[i].stream);
    }
    dna_session_free(c->session);
}

static void nothing_is_accepted_unproven(void **state)
{
    static struct chaos c;
    unsigned stanzas = 0, accepted = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct failing_alloc f;
        play(&c, failing_alloc_init(&f, (unsigned long)-1), seed);
        assert_int_equal(f.outstanding, 0);
        stanzas += c.stanzas;
        accepted += c.accepted;
    }
    assert_true(stanzas > 5 && accepted > 100); /* it is no empty play */
}

static void nor_when_memory_runs_out(void **state)
{
    static struct chaos c;
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct failing_alloc f;
        play(&c, failing_alloc_init(&f, seed * 97), seed);
        assert_int_equal(f.outstanding, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_accepted_unproven),
        cmocka_unit_test(nor_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
