/* What dialback keys are made and known by, alone and shared with others (XEP-0185). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <session/secrets.h>
#include <mod_dna/session.h>
#include <x509/digest.h>

#define OWN "the secret of this process alone"
#define OLD "the secret that is to be replaced"
#define NEW "the secret that takes its place.."
#define ALIEN "nobody has ever heard of this one"
#define TLS "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
#define HEADER                                                                              \
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' " \
    "xmlns:db='jabber:server:dialback' from='%s' to='%s' %sversion='1.0'>"

static const struct dna_time now = {.wall = 1000000, .mono = 1000};

static struct dna_span text(const char *s)
{
    return dna_span_of(s);
}

static const char *key_by(const char *secret)
{
    static char key[DNA_DIALBACK_KEY_TEXT];
    assert_int_equal(dna_dialback_key(text(secret), text("r.example"), text("i.example"),
                                      text("id"), key), DNA_OK);
    return key;
}

static bool knows(const struct dna_secrets *secrets, const char *secret)
{
    return dna_secrets_made(secrets, text("r.example"), text("i.example"), text("id"),
                            text(key_by(secret)));
}

static void alone(void **state)
{
    struct dna_secrets secrets;
    (void)state;
    assert_int_equal(dna_secrets_init(&secrets, NULL, text(OWN)), DNA_OK);
    assert_true(dna_span_is(dna_secrets_current(&secrets), OWN));
    assert_true(knows(&secrets, OWN));
    assert_false(knows(&secrets, OLD));
    assert_false(dna_secrets_made(&secrets, text("i.example"), text("r.example"), text("id"),
                                  text(key_by(OWN))));
    assert_false(dna_secrets_made(&secrets, text("r.example"), text("i.example"), text("di"),
                                  text(key_by(OWN))));
    dna_secrets_fini(&secrets);
    assert_int_equal(dna_secrets_init(&secrets, NULL, text("")), DNA_OK);
    assert_false(dna_secrets_made(&secrets, text("r.example"), text("i.example"), text("id"),
                                  text("")));
    dna_secrets_fini(&secrets);
}

/* Each step of a rotation: what keys are made by, and which are known. */
static void one_takes_the_place_of_another(void **state)
{
    static const struct {
        const char *shared[2];
        const char *makes;
        bool old, new;
    } steps[] = {
        {{NULL}, OWN, false, false},    {{OLD}, OLD, true, false},
        {{OLD, NEW}, OLD, true, true},  {{NEW, OLD}, NEW, true, true},
        {{NEW}, NEW, false, true},      {{NULL}, OWN, false, false},
    };
    struct dna_secrets secrets;
    (void)state;
    assert_int_equal(dna_secrets_init(&secrets, NULL, text(OWN)), DNA_OK);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct dna_span shared[2];
        size_t n = 0;
        while (n < 2 && steps[i].shared[n] != NULL) {
            shared[n] = text(steps[i].shared[n]);
            n++;
        }
        assert_int_equal(dna_secrets_share(&secrets, shared, n), DNA_OK);
        assert_true(dna_span_is(dna_secrets_current(&secrets), steps[i].makes));
        assert_int_equal(knows(&secrets, OLD), steps[i].old);
        assert_int_equal(knows(&secrets, NEW), steps[i].new);
        assert_true(knows(&secrets, OWN)); /* keys of before are under way */
        assert_false(knows(&secrets, ALIEN));
    }
    dna_secrets_fini(&secrets);
}

static void what_is_not_taken(void **state)
{
    const struct dna_span many[DNA_LIMIT_DIALBACK_SECRETS + 1] = {
        text(NEW), text(NEW), text(NEW), text(NEW), text(NEW)};
    const struct dna_span weak[2] = {text(NEW), text("fifteen bytes..")};
    struct dna_secrets secrets;
    (void)state;
    assert_int_equal(dna_secrets_init(&secrets, NULL, text("fifteen bytes..")),
                     DNA_ERR_ARGUMENT);
    assert_int_equal(dna_secrets_init(&secrets, NULL, text(OWN)), DNA_OK);
    assert_int_equal(dna_secrets_share(&secrets, (struct dna_span[]){text(OLD)}, 1), DNA_OK);
    assert_int_equal(dna_secrets_share(&secrets, many, DNA_LIMIT_DIALBACK_SECRETS + 1),
                     DNA_ERR_ARGUMENT);
    assert_int_equal(dna_secrets_share(&secrets, weak, 2), DNA_ERR_ARGUMENT);
    assert_true(dna_span_is(dna_secrets_current(&secrets), OLD));
    assert_false(knows(&secrets, NEW));
    assert_int_equal(dna_secrets_share(&secrets, many, DNA_LIMIT_DIALBACK_SECRETS), DNA_OK);
    dna_secrets_fini(&secrets);
}

static void without_memory(void **state)
{
    struct failing_alloc memory;
    const struct dna_span both[2] = {text(NEW), text(OLD)};
    (void)state;
    for (unsigned long at = 0; at < 3; at++) {
        struct dna_secrets secrets;
        enum dna_err err;
        failing_alloc_init(&memory, at);
        err = dna_secrets_init(&secrets, &memory.alloc, text(OWN));
        if (err == DNA_OK) {
            err = dna_secrets_share(&secrets, both, 2);
            assert_int_equal(secrets.n_shared, 0);
        }
        assert_int_equal(err, DNA_ERR_MEMORY);
        dna_secrets_fini(&secrets);
        assert_int_equal(memory.outstanding, 0);
    }
}

/* --- on streams ------------------------------------------------------------------------- */

struct stage {
    struct dna_session *session;
    struct dna_stream *stream;
    char wrote[4096];
};

static void settle(struct stage *st)
{
    struct dna_stream_effect e;
    struct dna_span out;
    while (dna_stream_next(st->stream, now, &e)) {
        continue;
    }
    out = dna_stream_output(st->stream);
    assert_true(out.len < sizeof st->wrote);
    if (out.len != 0) {
        memcpy(st->wrote, out.ptr, out.len);
    }
    st->wrote[out.len] = '\0';
    dna_stream_sent(st->stream, out.len);
}

static void say(struct stage *st, const char *bytes)
{
    assert_int_equal(dna_stream_read(st->stream, dna_span_of(bytes), now), DNA_OK);
    settle(st);
}

static void set_up(struct stage *st)
{
    const struct dna_session_options options = {
        .size = sizeof options, .seed = 7, .dialback_secret = dna_span_of(OWN)};
    const struct dna_hosted hosted = {.size = sizeof hosted, .domain = "i.example"};
    const struct dna_stream_options stream = {
        .size = sizeof stream, .role = DNA_RECEIVING,
        .random = "not so random, but long enough for it all"};
    char header[400];
    (void)snprintf(header, sizeof header, HEADER, "r.example", "i.example", "");
    assert_int_equal(dna_session_new(&options, &st->session), DNA_OK);
    assert_int_equal(dna_session_host(st->session, &hosted), DNA_OK);
    assert_int_equal(dna_stream_new(st->session, &stream, now, &st->stream), DNA_OK);
    say(st, header);
    say(st, "<starttls " TLS "/>");
    assert_int_equal(dna_stream_secured(st->stream, NULL, now), DNA_OK);
    settle(st);
    say(st, header);
}

static void tear_down(struct stage *st)
{
    dna_stream_free(st->stream);
    dna_session_free(st->session);
}

static bool confirms(struct stage *st, const char *secret)
{
    char asked[400];
    (void)snprintf(asked, sizeof asked, "<db:verify from='r.example' to='i.example' id='id'>%s"
                   "</db:verify>", key_by(secret));
    say(st, asked);
    assert_non_null(strstr(st->wrote, "<db:verify from='i.example' to='r.example' id='id' "));
    return strstr(st->wrote, "type='valid'/>") != NULL;
}

/* The stream stays what it is while secrets come and go. */
static void confirmed_on_a_stream(void **state)
{
    const struct dna_span both[2] = {text(NEW), text(OLD)}, weak = text("short");
    struct stage st;
    (void)state;
    set_up(&st);
    assert_true(confirms(&st, OWN));
    assert_false(confirms(&st, OLD));
    assert_int_equal(dna_session_dialback_secrets(st.session, both, 2), DNA_OK);
    assert_true(confirms(&st, OLD));
    assert_true(confirms(&st, NEW));
    assert_false(confirms(&st, ALIEN));
    assert_int_equal(dna_session_dialback_secrets(st.session, &weak, 1), DNA_ERR_ARGUMENT);
    assert_int_equal(dna_session_dialback_secrets(st.session, both, 1), DNA_OK);
    assert_false(confirms(&st, OLD));
    assert_true(confirms(&st, NEW));
    tear_down(&st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alone),
        cmocka_unit_test(one_takes_the_place_of_another),
        cmocka_unit_test(what_is_not_taken),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(confirmed_on_a_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
