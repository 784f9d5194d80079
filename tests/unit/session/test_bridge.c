/* Links of kind bridge: the server behind one is known by its certificate, by the link's terms,
 * for the link's domains, and for the one that a stream is authenticated for (S24). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <failing_alloc.h>
#include <mod_dna/session.h>
#include <x509/spki.h>

#define HEADER                                                                              \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"                             \
    " xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='%s' to='%s'%s>"
#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define EXTERNAL "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>%s</auth>"
#define MESSAGE "<message from='a@%s' to='b@r.example'><body>hi</body></message>"
#define OFFER_TLS                                                                           \
    "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/>"        \
    "</starttls></stream:features>"
#define OFFER_EXTERNAL                                                                      \
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"                \
    "<mechanism>EXTERNAL</mechanism></mechanisms></stream:features>"

enum { GOOD, OTHER_CA, OTHER_NAME, ENDED, N_CERTS, NONE = N_CERTS };

static struct cert ca, other_ca, certs[N_CERTS];
static struct dna_chain *chains[N_CERTS + 1];
static struct dna_roots *roots;
static const struct dna_time now = {.wall = CERTS_NOW, .mono = 500};

static int make_world(void **state)
{
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    other_ca = cert_make(&(struct cert_order){.subject = "other CA", .ca = true});
    roots = cert_roots(&ca);
    for (size_t i = 0; i < N_CERTS; i++) {
        const struct cert *one = &certs[i];
        certs[i] = cert_make(&(struct cert_order){
            .subject = "leaf", .issuer = i == OTHER_CA ? &other_ca : &ca,
            .names = i == OTHER_NAME ? "DNS:elsewhere.example" : "DNS:l.example",
            .not_before = i == ENDED ? CERTS_NOW - 7200 : 0,
            .not_after = i == ENDED ? CERTS_NOW - 3600 : 0});
        chains[i] = cert_chain(&one, 1);
    }
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CERTS; i++) {
        dna_chain_free(chains[i]);
        cert_free(&certs[i]);
    }
    dna_roots_free(roots);
    cert_free(&ca);
    cert_free(&other_ca);
    return 0;
}

struct stage {
    struct dna_session *session;
    struct dna_link *link, *other;
    struct dna_stream *stream;
    char wrote[8192]; /* all of it */
    size_t len;
    bool secure, accepted, closed;
    unsigned stanzas;
};

static void settle(struct stage *st)
{
    struct dna_stream_effect e;
    struct dna_span out;
    while (dna_stream_next(st->stream, now, &e)) {
        st->secure = st->secure || e.kind == DNA_STREAM_SECURE;
        st->closed = st->closed || e.kind == DNA_STREAM_CLOSE;
        st->stanzas += e.kind == DNA_STREAM_STANZA;
        if (e.kind == DNA_STREAM_PEER) {
            st->accepted = e.accepted;
        }
    }
    out = dna_stream_output(st->stream);
    assert_true(st->len + out.len < sizeof st->wrote);
    if (out.len > 0) {
        memcpy(st->wrote + st->len, out.ptr, out.len);
    }
    st->len += out.len;
    st->wrote[st->len] = '\0';
    dna_stream_sent(st->stream, out.len);
}

static void say(struct stage *st, const char *text)
{
    if (!st->closed) {
        (void)!dna_stream_read(st->stream, dna_span_of(text), now);
        settle(st);
    }
}

static void greet(struct stage *st, const char *from, const char *to, const char *more)
{
    char text[600];
    (void)snprintf(text, sizeof text, HEADER, from, to, more);
    say(st, text);
}

static void host(struct stage *st, const char *domain, struct dna_link *link)
{
    const struct dna_hosted hosted = {.size = sizeof hosted, .domain = domain, .link = link};
    assert_int_equal(dna_session_host(st->session, &hosted), DNA_OK);
}

/* key: the pinned one is that of this certificate; -1: the authority decides. */
static void set_up(struct stage *st, enum dna_role role, int key)
{
    struct dna_session_options options = {.size = sizeof options, .seed = 7};
    struct dna_link_bridge terms = {.size = sizeof terms, .has_key = key >= 0};
    struct dna_stream_options stream = {.size = sizeof stream, .role = role,
                                        .own = "r.example", .peer = "l.example",
                                        .random = "not so random, but long enough for it all"};
    *st = (struct stage){.len = 0};
    if (key >= 0) {
        assert_int_equal(dna_spki_digest(chains[key], terms.key), DNA_OK);
    } else {
        terms.roots = roots;
    }
    assert_int_equal(dna_session_new(&options, &st->session), DNA_OK);
    assert_int_equal(dna_session_link_bridge(st->session, &terms, &st->link), DNA_OK);
    assert_int_equal(dna_session_link(st->session, dna_span_of("0123456789abcdef"), &st->other),
                     DNA_OK);
    assert_true(dna_link_is_bridge(st->link));
    assert_false(dna_link_is_bridge(st->other));
    assert_false(dna_link_is_bridge(NULL));
    host(st, "l.example", st->link);
    host(st, "l2.example", st->link);
    host(st, "other.example", st->other);
    stream.link = st->link;
    assert_int_equal(dna_stream_new(st->session, &stream, now, &st->stream), DNA_OK);
    settle(st);
}

static void tear_down(struct stage *st)
{
    dna_stream_free(st->stream);
    dna_session_free(st->session);
}

/* --- the server connects ------------------------------------------------------------ */

struct visit {
    int key, cert;
    const char *from, *authzid, *writes; /* base64, or "=" */
    bool good;
};

static void connects(const struct visit *v)
{
    struct stage st;
    char text[600];
    set_up(&st, DNA_RECEIVING, v->key);
    greet(&st, v->from, "r.example", "");
    say(&st, STARTTLS);
    if (st.secure && !st.closed) {
        assert_null(strstr(st.wrote, "EXTERNAL")); /* not before TLS */
        assert_int_equal(dna_stream_secured(st.stream, chains[v->cert], now), DNA_OK);
        settle(&st);
    }
    greet(&st, v->from, "r.example", "");
    (void)snprintf(text, sizeof text, EXTERNAL, v->authzid);
    say(&st, text);
    greet(&st, v->from, "r.example", "");
    (void)snprintf(text, sizeof text, MESSAGE, v->writes);
    say(&st, text);
    if (st.stanzas != v->good) {
        fail_msg("case with key %d, certificate %d, from %s as %s: %s", v->key, v->cert,
                 v->from, v->authzid, st.wrote);
    }
    tear_down(&st);
}

static void the_server_connects(void **state)
{
    static const struct visit visits[] = {
        {-1, GOOD, "l.example", "=", "l.example", true},
        {-1, GOOD, "l.example", "bC5leGFtcGxl", "l.example", true},
        {-1, GOOD, "l.example", "bDIuZXhhbXBsZQ==", "l2.example", false}, /* as another */
        {-1, GOOD, "l.example", "=", "l2.example", false},
        {-1, GOOD, "l.example", "=", "other.example", false},
        {-1, GOOD, "l2.example", "=", "l2.example", false}, /* which it does not name */
        {-1, OTHER_CA, "l.example", "=", "l.example", false},
        {-1, OTHER_NAME, "l.example", "=", "l.example", false},
        {-1, ENDED, "l.example", "=", "l.example", false},
        {-1, NONE, "l.example", "=", "l.example", false},
        {GOOD, GOOD, "l.example", "=", "l.example", true},
        {GOOD, GOOD, "l2.example", "=", "l2.example", true}, /* the key is enough */
        {OTHER_NAME, OTHER_NAME, "l.example", "=", "l.example", true},
        {OTHER_CA, OTHER_CA, "l.example", "=", "l.example", true},
        {GOOD, OTHER_NAME, "l.example", "=", "l.example", false},
        {GOOD, NONE, "l.example", "=", "l.example", false},
        {GOOD, GOOD, "other.example", "=", "other.example", false}, /* another link's */
        {GOOD, GOOD, "r.example", "=", "r.example", false},         /* nobody's here */
    };
    (void)state;
    for (size_t i = 0; i < sizeof visits / sizeof *visits; i++) {
        connects(&visits[i]);
    }
}

/* --- the gateway connects ----------------------------------------------------------- */

/* Whether anything would be said to who answers with that certificate. */
static void connects_to(int key, int cert, bool good)
{
    struct stage st;
    set_up(&st, DNA_INITIATING, key);
    greet(&st, "l.example", "r.example", " id='i1'");
    say(&st, OFFER_TLS);
    say(&st, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_true(st.secure);
    assert_int_equal(dna_stream_secured(st.stream, chains[cert], now), DNA_OK);
    settle(&st);
    greet(&st, "l.example", "r.example", " id='i2'");
    say(&st, OFFER_EXTERNAL);
    say(&st, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    greet(&st, "l.example", "r.example", " id='i3'");
    say(&st, "<stream:features/>");
    assert_int_equal(dna_stream_may_send(st.stream, "r.example", "l.example"), good);
    assert_false(dna_stream_may_send(st.stream, "r.example", "l2.example"));
    assert_false(dna_stream_may_send(st.stream, "r2.example", "l.example"));
    tear_down(&st);
}

static void the_gateway_connects(void **state)
{
    (void)state;
    connects_to(-1, GOOD, true);
    connects_to(-1, OTHER_CA, false);
    connects_to(-1, OTHER_NAME, false);
    connects_to(-1, ENDED, false);
    connects_to(-1, NONE, false);
    connects_to(GOOD, GOOD, true);
    connects_to(OTHER_NAME, OTHER_NAME, true);
    connects_to(OTHER_NAME, GOOD, false);
    connects_to(GOOD, NONE, false);
}

/* --- what changes ------------------------------------------------------------------- */

static void authenticate(struct stage *st)
{
    char text[600];
    set_up(st, DNA_RECEIVING, -1);
    greet(st, "l.example", "r.example", "");
    say(st, STARTTLS);
    assert_int_equal(dna_stream_secured(st->stream, chains[GOOD], now), DNA_OK);
    settle(st);
    greet(st, "l.example", "r.example", "");
    (void)snprintf(text, sizeof text, EXTERNAL, "=");
    say(st, text);
    greet(st, "l.example", "r.example", "");
    (void)snprintf(text, sizeof text, MESSAGE, "l.example");
    say(st, text);
    assert_int_equal(st->stanzas, 1);
}

static void a_domain_that_the_link_serves_no_longer(void **state)
{
    struct stage st;
    char text[600];
    (void)state;
    authenticate(&st);
    assert_true(st.accepted);
    dna_session_unhost(st.session, "l.example", now);
    settle(&st);
    assert_false(st.accepted);
    (void)snprintf(text, sizeof text, MESSAGE, "l.example");
    say(&st, text);
    assert_int_equal(st.stanzas, 1);
    tear_down(&st);
}

static void contradictory_terms(void **state)
{
    const struct dna_session_options options = {.size = sizeof options, .seed = 7};
    const struct dna_link_bridge neither = {.size = sizeof neither};
    const struct dna_link_bridge both = {.size = sizeof both, .has_key = true, .roots = roots};
    struct dna_session *session;
    struct dna_link *link;
    (void)state;
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    assert_int_equal(dna_session_link_bridge(session, &neither, &link), DNA_ERR_ARGUMENT);
    assert_int_equal(dna_session_link_bridge(session, &both, &link), DNA_ERR_ARGUMENT);
    dna_session_free(session);
}

static void every_allocation_fails_once(void **state)
{
    const struct dna_link_bridge terms = {.size = sizeof terms, .roots = roots};
    bool failed = true;
    (void)state;
    for (unsigned long n = 0; failed; n++) {
        struct failing_alloc failing;
        struct dna_session_options options = {.size = sizeof options, .seed = 7};
        struct dna_session *session;
        struct dna_link *link;
        enum dna_err err;
        options.alloc = failing_alloc_init(&failing, n);
        err = dna_session_new(&options, &session);
        if (err == DNA_OK) {
            err = dna_session_link_bridge(session, &terms, &link);
            dna_session_free(session);
        }
        failed = failing.failed;
        assert_int_equal(err, failed ? DNA_ERR_MEMORY : DNA_OK);
        assert_int_equal(failing.outstanding, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_connects),
        cmocka_unit_test(the_gateway_connects),
        cmocka_unit_test(a_domain_that_the_link_serves_no_longer),
        cmocka_unit_test(contradictory_terms),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
