/* Links of kind external: both ends prove one secret, for one pair on one stream, in one
 * direction; nothing that was said elsewhere is of use (S24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mod_dna/session.h>
#include <x509/digest.h>

#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210"
#define NONCE "00112233445566778899aabbccddeeff"
#define HEADER                                                                              \
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
    "xmlns:db='jabber:server:dialback' from='%s' to='%s' %sversion='1.0'>"

static const struct dna_time now = {.wall = 1000000, .mono = 1000};

struct stage {
    struct dna_session *session;
    struct dna_link *link;
    struct dna_stream *stream;
    char wrote[4096]; /* since the last settling */
    unsigned accepted, refused;
};

static void settle(struct stage *st)
{
    struct dna_stream_effect e;
    struct dna_span out;
    while (dna_stream_next(st->stream, now, &e)) {
        st->accepted += e.kind == DNA_STREAM_PAIR && e.accepted;
        st->refused += e.kind == DNA_STREAM_PAIR && !e.accepted;
    }
    out = dna_stream_output(st->stream);
    assert_true(out.len < sizeof st->wrote);
    if (out.len != 0) {
        memcpy(st->wrote, out.ptr, out.len);
    }
    st->wrote[out.len] = '\0';
    dna_stream_sent(st->stream, out.len);
}

static void say(struct stage *st, const char *text)
{
    assert_int_equal(dna_stream_read(st->stream, dna_span_of(text), now), DNA_OK);
    settle(st);
}

static void set_up(struct stage *st, enum dna_role role)
{
    const struct dna_session_options options = {.size = sizeof options, .seed = 7};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "l.example"};
    struct dna_stream_options stream = {.size = sizeof stream, .role = role,
                                        .own = "r.example", .peer = "l.example",
                                        .random = "not so random, but long enough for it all"};
    *st = (struct stage){.accepted = 0};
    assert_int_equal(dna_session_new(&options, &st->session), DNA_OK);
    assert_int_equal(
        dna_session_link_external(st->session, dna_span_of(SECRET), &st->link), DNA_OK);
    hosted.link = stream.link = st->link;
    assert_int_equal(dna_session_host(st->session, &hosted), DNA_OK);
    assert_int_equal(dna_stream_new(st->session, &stream, now, &st->stream), DNA_OK);
    settle(st);
}

static void tear_down(struct stage *st)
{
    dna_stream_free(st->stream);
    dna_session_free(st->session);
}

static const char *prove(const char *secret, const char *label, const char *id,
                         const char *from, const char *to, const char *nonce)
{
    static char text[DNA_DIALBACK_KEY_TEXT];
    const struct dna_link_claim claim = {dna_span_of(label), dna_span_of(id),
                                         dna_span_of(from), dna_span_of(to),
                                         dna_span_of(nonce)};
    assert_int_equal(dna_link_proof(dna_span_of(secret), &claim, text), DNA_OK);
    return text;
}

/* What stands between the two words in what was written. */
static const char *find(const struct stage *st, const char *before, const char *after)
{
    static char text[200];
    const char *at = strstr(st->wrote, before), *end;
    assert_non_null(at);
    at += strlen(before);
    end = strstr(at, after);
    assert_non_null(end);
    assert_true((size_t)(end - at) < sizeof text);
    memcpy(text, at, (size_t)(end - at));
    text[end - at] = '\0';
    return text;
}

/* --- the local server asks -------------------------------------------------------------- */

struct request {
    const char *secret, *label, *id, *from, *to, *nonce; /* id NULL: the stream's */
    const char *sent; /* the nonce on the wire */
    bool good;
};

static void asks(const struct request *r)
{
    struct stage st;
    char text[600], id[64];
    set_up(&st, DNA_RECEIVING);
    (void)snprintf(text, sizeof text, HEADER, "l.example", "r.example", "");
    say(&st, text);
    (void)snprintf(id, sizeof id, "%s", find(&st, " id='", "'"));
    (void)snprintf(text, sizeof text,
                   "<db:result from='l.example' to='r.example'>%s:%s</db:result>", r->sent,
                   prove(r->secret, r->label, r->id != NULL ? r->id : id, r->from, r->to,
                         r->nonce));
    say(&st, text);
    assert_int_equal(st.accepted, r->good);
    if (r->good) {
        assert_string_equal(find(&st, "type='valid'>", "<"),
                            prove(SECRET, "gateway-answers", id, "l.example", "r.example",
                                  NONCE));
    } else {
        assert_non_null(strstr(st.wrote, "<not-authorized"));
        assert_null(strstr(st.wrote, "type='valid'"));
    }
    tear_down(&st);
}

static void the_server_asks(void **state)
{
    static const struct request requests[] = {
        {SECRET, "server-asks", NULL, "l.example", "r.example", NONCE, NONCE, true},
        {OTHER, "server-asks", NULL, "l.example", "r.example", NONCE, NONCE, false},
        {SECRET, "gateway-asks", NULL, "l.example", "r.example", NONCE, NONCE, false},
        {SECRET, "server-answers", NULL, "l.example", "r.example", NONCE, NONCE, false},
        {SECRET, "server-asks", "old", "l.example", "r.example", NONCE, NONCE, false},
        {SECRET, "server-asks", NULL, "l2.example", "r.example", NONCE, NONCE, false},
        {SECRET, "server-asks", NULL, "l.example", "r2.example", NONCE, NONCE, false},
        {SECRET, "server-asks", NULL, "r.example", "l.example", NONCE, NONCE, false},
        {SECRET, "server-asks", NULL, "l.example", "r.example", "", NONCE, false},
        {SECRET, "server-asks", NULL, "l.example", "r.example", "", "", false},
        {SECRET, "server-asks", NULL, "l.example", "r.example", NONCE "0", NONCE "0", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        asks(&requests[i]);
    }
}

/* --- the gateway asks ------------------------------------------------------------------- */

static void begin_asking(struct stage *st, char nonce[64])
{
    char text[600], proof[100];
    set_up(st, DNA_INITIATING);
    (void)snprintf(text, sizeof text, HEADER "<stream:features/>", "l.example", "r.example",
                   "id='i1' ");
    say(st, text);
    (void)snprintf(nonce, 64, "%s", find(st, "to='l.example'>", ":"));
    assert_int_equal(strlen(nonce), strlen(NONCE));
    (void)snprintf(text, sizeof text, "%s:", nonce);
    (void)snprintf(proof, sizeof proof, "%s", find(st, text, "<"));
    assert_string_equal(proof, prove(SECRET, "gateway-asks", "i1", "r.example", "l.example",
                                     nonce));
}

static void answers(const char *secret, const char *label, const char *id, const char *own_nonce,
                    bool good)
{
    struct stage st;
    char text[600], nonce[64];
    begin_asking(&st, nonce);
    (void)snprintf(text, sizeof text,
                   "<db:result from='l.example' to='r.example' type='valid'>%s</db:result>",
                   prove(secret, label, id, "r.example", "l.example",
                         own_nonce != NULL ? own_nonce : nonce));
    say(&st, text);
    assert_int_equal(st.accepted, good);
    assert_int_equal(dna_stream_may_send(st.stream, "r.example", "l.example"), good);
    assert_int_equal(strstr(st.wrote, "<not-authorized") == NULL, good);
    tear_down(&st);
}

static void the_gateway_asks(void **state)
{
    struct stage st;
    char nonce[64];
    (void)state;
    answers(SECRET, "server-answers", "i1", NULL, true);
    answers(OTHER, "server-answers", "i1", NULL, false);
    answers(SECRET, "gateway-asks", "i1", NULL, false); /* what we said, said back */
    answers(SECRET, "gateway-answers", "i1", NULL, false);
    answers(SECRET, "server-answers", "i2", NULL, false);
    answers(SECRET, "server-answers", "i1", NONCE, false); /* to another question */
    begin_asking(&st, nonce);
    say(&st, "<db:result from='l.example' to='r.example' type='valid'/>");
    assert_int_equal(st.accepted, 0);
    assert_int_equal(st.refused, 1);
    tear_down(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_asks),
        cmocka_unit_test(the_gateway_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
