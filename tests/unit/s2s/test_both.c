/* Two streams of ours, end to end: what one writes the other reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <s2s/s2s.h>

#define ALL_TYPES (DNA_PROOF_BIT(DNA_N_PROOFTYPES) - 1)

struct side {
    struct dna_map *hosted;
    struct dna_s2s *s;
    struct dna_xml_reader *reader;
    bool initiating, demanding; /* demanding: the court wants a proof from the peer */
    bool securing, closed;
    unsigned stanzas, own, peer, pairs, errors;
};

struct meeting {
    struct side a, b; /* a connects to b */
    struct dna_time now;
};

static void open_side(struct side *side, enum dna_s2s_profile profile, bool initiating,
                      const char *hosted, struct dna_time now)
{
    static const struct dna_xml_limits limits = {10000, 32, 64};
    struct dna_s2s_options options = {.role = initiating ? DNA_INITIATING : DNA_RECEIVING,
                                      .profile = profile,
                                      .own = "a.example",
                                      .peer = "b.example",
                                      .ids = {"i0", "i1", "i2"}};
    side->initiating = initiating;
    assert_int_equal(dna_map_new(NULL, 1, &side->hosted), DNA_OK);
    assert_int_equal(dna_map_set(side->hosted, dna_span_of(hosted), side), DNA_OK);
    options.hosted = side->hosted;
    assert_int_equal(dna_xml_reader_new(NULL, "en", &limits, &side->reader), DNA_OK);
    assert_int_equal(dna_s2s_new(&options, now, &side->s), DNA_OK);
}

static void close_side(struct side *side)
{
    dna_s2s_free(side->s);
    dna_xml_reader_free(side->reader);
    dna_map_free(side->hosted);
}

static void rule(struct side *side, const char *domain, struct dna_time now)
{
    struct dna_ruling ruling = {.verdict = DNA_PROVEN, .expires_at = now.wall + 3600};
    assert_int_equal(dna_s2s_ruled(side->s, domain, &ruling, now), DNA_OK);
}

static void act(struct side *side, const struct dna_s2s_effect *e, struct dna_time now)
{
    char domain[DNA_NAME_MAX + 1], other[DNA_NAME_MAX + 1];
    strcpy(domain, e->domain);
    strcpy(other, e->other);
    switch ((int)e->kind) {
    case DNA_S2S_SECURE:
        side->securing = true;
        break;
    case DNA_S2S_RESTART:
        assert_int_equal(dna_xml_reader_restart(side->reader), DNA_OK);
        break;
    case DNA_S2S_READER:
        dna_xml_reader_limits(side->reader, &e->limits);
        dna_xml_reader_shallow(side->reader, e->shallow);
        break;
    case DNA_S2S_HEAR:
        if (side->demanding) {
            assert_int_equal(dna_s2s_challenge(side->s, domain, ALL_TYPES, now), DNA_OK);
        } else {
            rule(side, domain, now);
        }
        break;
    case DNA_S2S_PEER_FACT:
        rule(side, domain, now);
        break;
    case DNA_S2S_PROVE:
        assert_int_equal(e->prooftypes, ALL_TYPES); /* however many: none is cut off */
        assert_int_equal(dna_s2s_prove(side->s, domain, true, DNA_PROOF_DNSSEC_TA,
                                       dna_span_of("https://proof.example/"), now),
                         DNA_OK);
        break;
    case DNA_S2S_DIALBACK_KEY:
        assert_int_equal(dna_s2s_dialback_key(side->s, domain, other, dna_span_of("k"), now),
                         DNA_OK);
        break;
    default:
        side->stanzas += e->kind == DNA_S2S_STANZA;
        side->own += e->kind == DNA_S2S_OWN && e->accepted;
        side->peer += e->kind == DNA_S2S_PEER && e->accepted;
        side->pairs += e->kind == DNA_S2S_PAIR && e->accepted;
        side->errors += e->kind == DNA_S2S_ERROR;
        side->closed |= e->kind == DNA_S2S_CLOSE;
    }
}

static void pull(struct side *side, struct dna_time now)
{
    struct dna_s2s_effect e;
    while (dna_s2s_next(side->s, &e)) {
        act(side, &e, now);
    }
}

/* What from has written, to reads.  False: nothing. */
static bool carry(struct side *from, struct side *to, struct dna_time now)
{
    struct dna_buf *out = dna_s2s_output(from->s);
    struct dna_span bytes = dna_buf_span(out);
    struct dna_xml_item item;
    if (bytes.len == 0) {
        return false;
    }
    dna_s2s_received(to->s, bytes.len);
    assert_int_equal(dna_xml_reader_feed(to->reader, bytes), DNA_OK);
    do {
        dna_xml_reader_next(to->reader, &item);
        assert_int_not_equal(item.kind, DNA_XML_ERROR);
        if (item.kind != DNA_XML_MORE) {
            assert_int_equal(dna_s2s_item(to->s, &item, now), DNA_OK);
            pull(to, now);
        }
    } while (item.kind != DNA_XML_MORE && item.kind != DNA_XML_END);
    dna_buf_consume(out, bytes.len);
    return true;
}

static void converse(struct meeting *m)
{
    bool spoken = true;
    pull(&m->a, m->now);
    pull(&m->b, m->now);
    while (spoken) {
        spoken = carry(&m->a, &m->b, m->now);
        spoken = carry(&m->b, &m->a, m->now) || spoken;
        if (m->a.securing && m->b.securing && !spoken) {
            m->a.securing = m->b.securing = false;
            assert_int_equal(dna_s2s_secured(m->b.s, true, 0, m->now), DNA_OK);
            pull(&m->b, m->now);
            assert_int_equal(dna_s2s_secured(m->a.s, true, 0, m->now), DNA_OK);
            pull(&m->a, m->now);
            spoken = true;
        }
    }
}

static void meet(struct meeting *m, enum dna_s2s_profile profile, bool a_demands,
                 bool b_demands)
{
    *m = (struct meeting){.now = {1000000, 1000}};
    open_side(&m->a, profile, true, profile == DNA_S2S_LOCAL ? "b.example" : "a.example",
              m->now);
    open_side(&m->b, profile, false, profile == DNA_S2S_LOCAL ? "a.example" : "b.example",
              m->now);
    m->a.demanding = a_demands;
    m->b.demanding = b_demands;
    converse(m);
}

static void part(struct meeting *m)
{
    assert_int_equal(dna_s2s_close(m->a.s, NULL, NULL, m->now), DNA_OK);
    converse(m);
    assert_true(m->a.closed && m->b.closed);
    assert_int_equal(m->a.errors + m->b.errors, 0);
    close_side(&m->a);
    close_side(&m->b);
}

static void send_one(struct side *side, const char *from, const char *to)
{
    struct dna_stanza z = {.kind = DNA_MESSAGE, .splice_at = 8};
    char raw[256];
    (void)snprintf(raw, sizeof raw, "<message from='x@%s' to='y@%s'/>", from, to);
    strcpy(z.from_domain.text, from);
    strcpy(z.to_domain.text, to);
    z.raw = dna_span_of(raw);
    assert_int_equal(dna_s2s_send(side->s, &z), DNA_OK);
}

static void test_public(void **state)
{
    (void)state;
    for (unsigned demands = 0; demands < 4; demands++) {
        struct meeting m;
        meet(&m, DNA_S2S_PUBLIC, demands & 1, demands & 2);
        assert_true(dna_s2s_speaks_dna(m.a.s) && dna_s2s_speaks_dna(m.b.s));
        assert_true(m.a.own == 1 && m.a.peer == 1 && m.b.own == 1 && m.b.peer == 1);
        send_one(&m.a, "a.example", "b.example");
        send_one(&m.b, "b.example", "a.example");
        converse(&m);
        assert_true(m.a.stanzas == 1 && m.b.stanzas == 1);
        part(&m);
    }
}

/* Either side adds domains of its own and wants some of the other's. */
static void test_many(void **state)
{
    struct meeting m;
    char name[32], other[32];
    (void)state;
    meet(&m, DNA_S2S_PUBLIC, true, false);
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof name, "a%u.example", i);
        (void)snprintf(other, sizeof other, "b%u.example", i);
        assert_int_equal(dna_map_set(m.a.hosted, dna_span_of(name), &m), DNA_OK);
        assert_int_equal(dna_map_set(m.b.hosted, dna_span_of(other), &m), DNA_OK);
        if (i % 2 == 0) {
            assert_int_equal(dna_s2s_ask(m.a.s, name, other, m.now), DNA_OK);
        } else {
            assert_int_equal(dna_s2s_ask(m.b.s, other, name, m.now), DNA_OK);
        }
        pull(&m.a, m.now);
        pull(&m.b, m.now);
    }
    converse(&m);
    assert_true(m.a.own == 501 && m.b.own == 501 && m.a.peer == 501 && m.b.peer == 501);
    for (unsigned i = 0; i < 500; i++) {
        (void)snprintf(name, sizeof name, "a%u.example", i);
        (void)snprintf(other, sizeof other, "b%u.example", i);
        send_one(&m.a, name, other);
        send_one(&m.b, other, name);
    }
    converse(&m);
    assert_true(m.a.stanzas == 500 && m.b.stanzas == 500);
    part(&m);
}

static void test_local(void **state)
{
    struct meeting m;
    (void)state;
    meet(&m, DNA_S2S_LOCAL, false, false);
    assert_true(m.a.pairs == 1 && m.b.pairs == 1);
    send_one(&m.a, "a.example", "b.example");
    converse(&m);
    assert_int_equal(m.b.stanzas, 1);
    part(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
