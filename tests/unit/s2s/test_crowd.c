/* Many domains on one stream: how many at once, how many at all, and that none waits for
 * ever or makes the stream's end dear. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <s2s/s2s.h>

struct crowd {
    struct dna_map *hosted;
    struct dna_s2s *s;
    struct dna_xml_reader *reader;
    struct dna_time now;
    unsigned heard, accepted, refused, dismissed, owns, ended;
    bool failed, closed;
};

static void pull(struct crowd *c)
{
    struct dna_s2s_effect e;
    while (dna_s2s_next(c->s, &e)) {
        c->heard += e.kind == DNA_S2S_HEAR;
        c->dismissed += e.kind == DNA_S2S_DISMISS;
        c->accepted += e.kind == DNA_S2S_PEER && e.accepted;
        c->refused += e.kind == DNA_S2S_PEER && !e.accepted;
        c->owns += e.kind == DNA_S2S_OWN && e.accepted;
        c->ended += e.kind == DNA_S2S_PAIR && !e.accepted;
        c->failed |= e.kind == DNA_S2S_ERROR;
        c->closed |= e.kind == DNA_S2S_CLOSE;
        if (e.kind == DNA_S2S_READER) {
            dna_xml_reader_limits(c->reader, &e.limits);
        } else if (e.kind == DNA_S2S_RESTART) {
            assert_int_equal(dna_xml_reader_restart(c->reader), DNA_OK);
        }
    }
}

static void say(struct crowd *c, const char *text)
{
    struct dna_xml_item item;
    dna_s2s_received(c->s, strlen(text));
    assert_int_equal(dna_xml_reader_feed(c->reader, dna_span_of(text)), DNA_OK);
    for (;;) {
        dna_xml_reader_next(c->reader, &item);
        if (item.kind == DNA_XML_MORE) {
            break;
        }
        assert_int_equal(dna_s2s_item(c->s, &item, c->now), DNA_OK);
        pull(c);
    }
    dna_buf_clear(dna_s2s_output(c->s));
}

#define HEADER                                                                              \
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
    "xmlns:dna='urn:xmpp:dna:0' from='s.example' to='t.example' version='1.0' id='x'>"

static void set_up(struct crowd *c, enum dna_role role)
{
    static const struct dna_xml_limits limits = {10000, 32, 64};
    struct dna_s2s_options options = {.role = role, .own = "t.example", .peer = "s.example",
                                      .ids = {"a", "b", "c"}};
    *c = (struct crowd){.now = {1000000, 1000}};
    assert_int_equal(dna_map_new(NULL, 1, &c->hosted), DNA_OK);
    assert_int_equal(dna_map_set(c->hosted, dna_span_of("t.example"), c), DNA_OK);
    options.hosted = c->hosted;
    assert_int_equal(dna_xml_reader_new(NULL, "en", &limits, &c->reader), DNA_OK);
    assert_int_equal(dna_s2s_new(&options, c->now, &c->s), DNA_OK);
    assert_int_equal(dna_s2s_secured(c->s, true, 0, c->now), DNA_OK);
    pull(c);
    say(c, HEADER);
}

static void tear_down(struct crowd *c)
{
    dna_s2s_free(c->s);
    dna_xml_reader_free(c->reader);
    dna_map_free(c->hosted);
}

static const char *name(unsigned i)
{
    static char text[32];
    (void)snprintf(text, sizeof text, "d%u.example", i);
    return text;
}

static void assert_one(struct crowd *c, unsigned i)
{
    char text[128];
    (void)snprintf(text, sizeof text, "<dna:assert from='%s'/>", name(i));
    say(c, text);
}

static void rule(struct crowd *c, const char *domain, bool proven)
{
    struct dna_ruling ruling = {.verdict = proven ? DNA_PROVEN : DNA_FAIL,
                                .code = DNA_CODE_NO_MATCH,
                                .expires_at = c->now.wall + 3600};
    assert_int_equal(dna_s2s_ruled(c->s, domain, &ruling, c->now), DNA_OK);
    pull(c);
    dna_buf_clear(dna_s2s_output(c->s));
}

static void authenticate(struct crowd *c)
{
    say(c, "<dna:assert from='s.example'/><dna:valid to='t.example'/>");
    rule(c, "s.example", true);
    assert_int_equal(c->accepted, 1);
}

/* Before the first is valid, fifty at most are heard (the header's and our own included). */
static void test_before(void **state)
{
    struct crowd c;
    unsigned first;
    (void)state;
    set_up(&c, DNA_RECEIVING);
    for (unsigned i = 0; i < 200; i++) {
        assert_one(&c, i);
    }
    first = c.heard;
    assert_true(first <= DNA_LIMIT_IN_FLIGHT_UNAUTH);
    assert_true(first >= DNA_LIMIT_IN_FLIGHT_UNAUTH - 1);
    rule(&c, name(0), false);
    assert_int_equal(c.heard, first + 1); /* the next one's turn */
    rule(&c, name(1), true);
    assert_int_equal(c.heard, 201); /* authenticated: room for all */
    assert_false(c.failed);
    tear_down(&c);
}

static void test_in_flight(void **state)
{
    struct crowd c;
    (void)state;
    set_up(&c, DNA_RECEIVING);
    authenticate(&c);
    for (unsigned i = 0; i < 3000; i++) {
        assert_one(&c, i);
    }
    assert_int_equal(c.heard, 1 + DNA_LIMIT_IN_FLIGHT);
    for (unsigned i = 0; i < 3000; i++) {
        rule(&c, name(i), i % 3 != 0);
    }
    assert_int_equal(c.heard, 3001);
    assert_int_equal(c.accepted, 2001);
    assert_int_equal(c.refused, 1000);
    assert_false(c.failed);
    tear_down(&c);
}

/* Those that wait keep their places when some are retracted. */
static void test_retracted(void **state)
{
    struct crowd c;
    char text[64];
    (void)state;
    set_up(&c, DNA_RECEIVING);
    authenticate(&c);
    for (unsigned i = 0; i < DNA_LIMIT_IN_FLIGHT + 3; i++) {
        assert_one(&c, i);
    }
    (void)snprintf(text, sizeof text, "<dna:impossible from='%s'/>",
                   name(DNA_LIMIT_IN_FLIGHT));
    say(&c, text);
    rule(&c, name(0), true);
    rule(&c, name(1), true);
    assert_int_equal(c.heard, 1 + DNA_LIMIT_IN_FLIGHT + 2);
    rule(&c, name(DNA_LIMIT_IN_FLIGHT), true); /* not heard: nothing happens */
    assert_int_equal(c.accepted, 3);
    tear_down(&c);
}

/* Hearings all end by themselves, and all are dismissed when the stream fails. */
static void test_ends(void **state)
{
    struct crowd c;
    (void)state;
    set_up(&c, DNA_RECEIVING);
    authenticate(&c);
    for (unsigned i = 0; i < 500; i++) {
        c.now.mono += i % 7;
        assert_one(&c, i);
    }
    c.now.mono += DNA_LIMIT_T_CHECK_MS;
    assert_int_equal(dna_s2s_tick(c.s, c.now), DNA_OK);
    pull(&c);
    assert_int_equal(c.dismissed, 500);
    assert_int_equal(c.refused, 500);
    for (unsigned i = 500; i < 900; i++) {
        assert_one(&c, i);
    }
    assert_int_equal(dna_s2s_close(c.s, "reset", NULL, c.now), DNA_OK);
    pull(&c);
    assert_int_equal(c.dismissed, 900);
    tear_down(&c);
}

/* Each timer fires in its order, whatever the order in which they were set. */
static void test_timers(void **state)
{
    struct crowd c;
    int64_t last = 0;
    unsigned left = 300;
    (void)state;
    set_up(&c, DNA_RECEIVING);
    authenticate(&c);
    for (unsigned i = 0; i < 300; i++) {
        assert_one(&c, i);
    }
    for (unsigned i = 0; i < 300; i++) {
        struct dna_ruling ruling = {.verdict = DNA_PROVEN,
                                    .expires_at = c.now.wall + 100 + i * 7919 % 1000};
        assert_int_equal(dna_s2s_ruled(c.s, name(i), &ruling, c.now), DNA_OK);
    }
    pull(&c);
    c.heard = 0;
    while (c.heard < left) {
        int64_t next = dna_s2s_deadline(c.s);
        assert_true(next >= last && next != DNA_NEVER);
        last = next;
        c.now.wall += (next - c.now.mono) / 1000;
        c.now.mono = next;
        assert_int_equal(dna_s2s_tick(c.s, c.now), DNA_OK);
        pull(&c);
    }
    tear_down(&c);
}

/* More domains than a stream may have are discarded, and counted. */
static void test_most(void **state)
{
    struct crowd c;
    unsigned i = 0;
    (void)state;
    set_up(&c, DNA_RECEIVING);
    authenticate(&c);
    for (; i < DNA_LIMIT_DOMAINS_PER_STREAM - 1; i++) {
        assert_one(&c, i);
        rule(&c, name(i), true);
    }
    assert_int_equal(c.accepted, DNA_LIMIT_DOMAINS_PER_STREAM);
    for (unsigned k = 0; k < DNA_LIMIT_ABUSE - 1; k++) {
        assert_one(&c, i++);
    }
    assert_false(c.failed);
    say(&c, "<message from='a@d9.example' to='b@t.example'/>");
    assert_one(&c, i);
    assert_true(c.failed);
    assert_int_equal(c.heard, DNA_LIMIT_DOMAINS_PER_STREAM);
    tear_down(&c);
}

/* Answers that the peer does not read pile up only so far. */
static void test_unread(void **state)
{
    struct crowd c;
    struct dna_xml_item item;
    unsigned n = 0;
    (void)state;
    set_up(&c, DNA_RECEIVING);
    authenticate(&c);
    while (!c.failed) {
        assert_int_equal(dna_xml_reader_feed(c.reader,
                                             dna_span_of("<dna:assert from='s.example'/>")),
                         DNA_OK);
        for (dna_xml_reader_next(c.reader, &item); item.kind != DNA_XML_MORE;
             dna_xml_reader_next(c.reader, &item)) {
            assert_int_equal(dna_s2s_item(c.s, &item, c.now), DNA_OK);
            pull(&c);
        }
        assert_true(++n < 1000000);
    }
    assert_true(dna_buf_len(dna_s2s_output(c.s)) < DNA_LIMIT_OUTPUT + 1000);
    tear_down(&c);
}

/* --- pairs that we send on to a local server ------------------------------------------- */

#define LOCAL_HEADER                                                                        \
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
    "xmlns:db='jabber:server:dialback' from='t.example' to='s.example' version='1.0' "      \
    "id='x'><stream:features/>"

static void set_up_local(struct crowd *c)
{
    static const struct dna_xml_limits limits = {10000, 32, 64};
    struct dna_s2s_options options = {.role = DNA_INITIATING, .profile = DNA_S2S_LOCAL,
                                      .own = "s.example", .peer = "t.example"};
    *c = (struct crowd){.now = {1000000, 1000}};
    assert_int_equal(dna_map_new(NULL, 1, &c->hosted), DNA_OK);
    assert_int_equal(dna_map_set(c->hosted, dna_span_of("t.example"), c), DNA_OK);
    options.hosted = c->hosted;
    assert_int_equal(dna_xml_reader_new(NULL, "en", &limits, &c->reader), DNA_OK);
    assert_int_equal(dna_s2s_new(&options, c->now, &c->s), DNA_OK);
    pull(c);
    say(c, LOCAL_HEADER);
}

/* Asks for a pair; accepted: the server answers. */
static void ask_pair(struct crowd *c, const char *own, bool accepted)
{
    char text[160];
    assert_int_equal(dna_s2s_ask(c->s, own, "t.example", c->now), DNA_OK);
    pull(c);
    assert_int_equal(dna_s2s_dialback_key(c->s, own, "t.example", dna_span_of("k"), c->now),
                     DNA_OK);
    pull(c);
    dna_buf_clear(dna_s2s_output(c->s));
    if (accepted) {
        (void)snprintf(text, sizeof text,
                       "<db:result from='t.example' to='%s' type='valid'/>", own);
        say(c, text);
    }
}

static void send_on(struct crowd *c, const char *own)
{
    struct dna_stanza stanza = {.kind = DNA_MESSAGE, .raw = dna_span_of("<message/>"),
                                .splice_at = 8};
    assert_int_equal(dna_name_parse(dna_span_of(own), &stanza.from_domain), DNA_OK);
    assert_int_equal(dna_name_parse(dna_span_of("t.example"), &stanza.to_domain), DNA_OK);
    assert_int_equal(dna_s2s_send(c->s, &stanza), DNA_OK);
    dna_buf_clear(dna_s2s_output(c->s));
}

static bool may_send(const struct crowd *c, const char *own)
{
    return dna_s2s_may_send(c->s, own, "t.example");
}

/* Remote senders are without number: the pair that was used least lately makes room, one whose
 * answer is awaited never does, and what was let go may be asked for again. */
static void test_pairs(void **state)
{
    struct crowd c;
    (void)state;
    set_up_local(&c);
    ask_pair(&c, "waits.example", false); /* s.example, too, waits */
    for (unsigned i = 0; i < DNA_LIMIT_DOMAINS_PER_STREAM - 2; i++) {
        ask_pair(&c, name(i), true);
    }
    assert_int_equal(c.ended, 0);
    assert_true(may_send(&c, "d0.example"));
    send_on(&c, "d0.example");
    ask_pair(&c, "new.example", true);
    assert_int_equal(c.ended, 1);
    assert_true(may_send(&c, "new.example"));
    assert_true(may_send(&c, "d0.example"));
    assert_false(may_send(&c, "d1.example"));
    assert_true(may_send(&c, "d2.example"));
    say(&c, "<db:result from='t.example' to='waits.example' type='valid'/>");
    assert_true(may_send(&c, "waits.example"));
    ask_pair(&c, "d1.example", true);
    assert_true(may_send(&c, "d1.example"));
    assert_false(may_send(&c, "d2.example"));
    assert_false(c.failed);
    tear_down(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_before), cmocka_unit_test(test_in_flight),
        cmocka_unit_test(test_retracted), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_timers), cmocka_unit_test(test_most),
        cmocka_unit_test(test_unread), cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
