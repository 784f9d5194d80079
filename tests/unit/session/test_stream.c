/* Streams as their host uses them: what may be called when, and what it costs.  What the
 * exchange means is in tests/scenario. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <certs.h>
#include <failing_alloc.h>
#include <mod_dna/session.h>

#define HEADER                                                                              \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server'"                             \
    " xmlns:stream='http://etherx.jabber.org/streams' xmlns:dna='urn:xmpp:dna:0'"           \
    " version='1.0' from='peer.example' to='own.example'>"
#define MESSAGE "<message from='a@peer.example' to='b@own.example'><body>hi</body></message>"

static struct cert ca, leaf;
static struct dna_chain *chain;
static struct dna_roots *roots;
static struct dna_time now;

static int make_world(void **state)
{
    const struct cert *one = &leaf;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    leaf = cert_make(&(struct cert_order){.subject = "leaf", .issuer = &ca,
                                          .names = "DNS:peer.example"});
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

static enum dna_err begin_with(const struct dna_alloc *alloc, struct dna_session **out)
{
    struct dna_session_options options = {
        .size = sizeof options, .alloc = alloc, .seed = 3, .roots = roots};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "own.example"};
    enum dna_err err;
    now = (struct dna_time){.wall = CERTS_NOW, .mono = 500};
    err = dna_session_new(&options, out);
    if (err == DNA_OK && (err = dna_session_host(*out, &hosted)) != DNA_OK) {
        dna_session_free(*out);
    }
    return err;
}

static struct dna_session *begin(void)
{
    struct dna_session *session;
    assert_int_equal(begin_with(NULL, &session), DNA_OK);
    return session;
}

static enum dna_err open_incoming(struct dna_session *session, struct dna_stream **out)
{
    struct dna_stream_options options = {.size = sizeof options, .role = DNA_RECEIVING,
                                         .user = &now};
    return dna_stream_new(session, &options, now, out);
}

/* What happened, as bits of the effects' kinds. */
struct seen {
    unsigned kinds, stanzas;
    bool peer_accepted;
};

static void pull(struct dna_stream *stream, struct seen *seen)
{
    struct dna_stream_effect effect;
    while (dna_stream_next(stream, now, &effect)) {
        seen->kinds |= 1u << effect.kind;
        seen->stanzas += effect.kind == DNA_STREAM_STANZA;
        if (effect.kind == DNA_STREAM_PEER) {
            seen->peer_accepted = effect.accepted;
        }
    }
    dna_stream_sent(stream, dna_stream_output(stream).len);
}

static bool saw(const struct seen *seen, enum dna_stream_effect_kind kind)
{
    return (seen->kinds & 1u << kind) != 0;
}

static enum dna_err say(struct dna_stream *stream, const char *text, struct seen *seen)
{
    enum dna_err err = dna_stream_read(stream, dna_span_of(text), now);
    pull(stream, seen);
    return err;
}

/* Every look-up says: insecurely absent. */
static void answer_all(struct dna_session *session)
{
    const struct dna_want *want;
    unsigned id;
    while (dna_session_next_want(session, &id, &want)) {
        struct dna_fact fact = {.kind = DNA_WANT_DNS};
        assert_int_equal(want->kind, DNA_WANT_DNS);
        fact.u.dns = (struct dna_dns_answer){
            .name = want->u.dns.name, .type = want->u.dns.type, .outcome = DNA_DNS_ABSENT,
            .ttl = 600, .obtained = now.wall, .signatures_end = DNA_NEVER, .why = ""};
        (void)!dna_session_give(session, id, &fact, now);
    }
    while (dna_session_next_cancel(session, &id)) {
    }
}

/* Up to the stanzas; err: the first fault. */
static enum dna_err establish(struct dna_session *session, struct dna_stream *stream,
                              struct seen *seen)
{
    static const char *const tls[] = {
        HEADER, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"};
    static const char *const dna[] = {
        HEADER, "<assert xmlns='urn:xmpp:dna:0' from='peer.example'/>",
        "<valid xmlns='urn:xmpp:dna:0' to='own.example'/>"};
    enum dna_err err = DNA_OK;
    for (size_t i = 0; err == DNA_OK && i < 2; i++) {
        err = say(stream, tls[i], seen);
    }
    if (err == DNA_OK && saw(seen, DNA_STREAM_SECURE)) {
        err = dna_stream_secured(stream, chain, now);
        pull(stream, seen);
    }
    for (size_t i = 0; err == DNA_OK && i < 3; i++) {
        err = say(stream, dna[i], seen);
        answer_all(session);
        pull(stream, seen);
    }
    return err;
}

/* --- the policy changes under an accepted peer ------------------------------------------- */

static void change_policy(struct dna_session *session, const struct dna_policy *policy,
                          struct dna_stream *stream, struct seen *seen)
{
    assert_int_equal(dna_session_policy(session, "peer.example", policy), DNA_OK);
    assert_int_equal(dna_session_tick(session, now), DNA_OK);
    pull(stream, seen);
}

/* before: the policy changes while the stream begins anew. */
static void restore_and_refuse(bool before)
{
    static const char *const said[] = {
        HEADER, "<assert xmlns='urn:xmpp:dna:0' from='peer.example'/>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>"};
    const struct dna_policy refuse = {.level = DNA_LEVEL_REFUSE};
    struct dna_session *session = begin();
    struct dna_stream *stream;
    struct seen seen = {0};
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_int_equal(say(stream, HEADER, &seen), DNA_OK);
    assert_int_equal(say(stream, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", &seen),
                     DNA_OK);
    assert_int_equal(dna_stream_secured(stream, chain, now), DNA_OK);
    pull(stream, &seen);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        assert_int_equal(say(stream, said[i], &seen), DNA_OK);
    }
    answer_all(session);
    pull(stream, &seen);
    if (before) {
        change_policy(session, &refuse, stream, &seen);
    }
    assert_int_equal(say(stream, HEADER, &seen), DNA_OK);
    assert_true(seen.peer_accepted);
    if (before) {
        assert_true(dna_session_deadline(session) <= now.mono);
        assert_int_equal(dna_session_tick(session, now), DNA_OK);
        pull(stream, &seen);
    } else {
        assert_int_equal(say(stream, MESSAGE, &seen), DNA_OK);
        change_policy(session, &refuse, stream, &seen);
    }
    assert_false(seen.peer_accepted);
    assert_int_equal(say(stream, MESSAGE, &seen), DNA_OK);
    assert_int_equal(seen.stanzas, before ? 0 : 1);
    dna_stream_free(stream);
    dna_session_free(session);
}

static void a_refusing_policy_reaches_a_peer_that_sasl_restored(void **state)
{
    (void)state;
    restore_and_refuse(false);
    restore_and_refuse(true);
}

/* Every answer is secure; the domain's record for its own connections names the leaf. */
static void answer_securely(struct dna_session *session)
{
    const struct dna_want *want;
    char record[3 + DNA_SHA256_SIZE] = {3, 0, 1};
    const struct dna_span rdata = {record, sizeof record};
    unsigned id;
    memcpy(record + 3, dna_chain_leaf_digest(chain), DNA_SHA256_SIZE);
    while (dna_session_next_want(session, &id, &want)) {
        struct dna_fact fact = {.kind = DNA_WANT_DNS};
        bool there = strcmp(want->u.dns.name, "_xmpp-server.peer.example") == 0;
        assert_int_equal(want->kind, DNA_WANT_DNS);
        fact.u.dns = (struct dna_dns_answer){
            .name = want->u.dns.name, .type = want->u.dns.type, .secure = true,
            .outcome = there ? DNA_DNS_FOUND : DNA_DNS_ABSENT, .rdata = &rdata,
            .n_rdata = there, .ttl = 600, .obtained = now.wall, .signatures_end = DNA_NEVER,
            .why = ""};
        (void)!dna_session_give(session, id, &fact, now);
    }
    while (dna_session_next_cancel(session, &id)) {
    }
}

/* The prooftype is admitted still, but not what it rests on. */
static void a_narrower_policy_reaches_a_peer(void **state)
{
    struct dna_policy policy = {.level = DNA_LEVEL_PROOF,
                                .prooftypes = DNA_PROOF_BIT(DNA_PROOF_DANE)};
    struct dna_session *session = begin();
    struct dna_stream *stream;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(dna_session_policy(session, "peer.example", &policy), DNA_OK);
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_int_equal(say(stream, HEADER, &seen), DNA_OK);
    answer_securely(session);
    assert_int_equal(say(stream, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", &seen),
                     DNA_OK);
    assert_int_equal(dna_stream_secured(stream, chain, now), DNA_OK);
    pull(stream, &seen);
    assert_int_equal(say(stream, HEADER, &seen), DNA_OK);
    assert_int_equal(say(stream, "<assert xmlns='urn:xmpp:dna:0' from='peer.example'/>", &seen),
                     DNA_OK);
    answer_securely(session);
    pull(stream, &seen);
    assert_true(seen.peer_accepted);
    policy.attribute_cert_serial = true; /* of another prooftype */
    change_policy(session, &policy, stream, &seen);
    assert_true(seen.peer_accepted);
    policy.dane_usages = DNA_DANE_USAGE_BIT(2);
    change_policy(session, &policy, stream, &seen);
    answer_securely(session);
    pull(stream, &seen);
    assert_false(seen.peer_accepted);
    dna_stream_free(stream);
    dna_session_free(session);
}

/* For its evidence: a hearing like the one ahead of its end. */
static void a_proven_peer_is_heard_again(void **state)
{
    struct dna_session_options options = {.size = sizeof options, .seed = 3, .roots = roots,
                                          .evidence = DNA_EVIDENCE_ALL};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "own.example"};
    struct dna_session_bundle bundle;
    struct dna_session *session;
    struct dna_stream *stream;
    struct seen seen = {0};
    (void)state;
    now = (struct dna_time){.wall = CERTS_NOW, .mono = 500};
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    assert_int_equal(dna_session_host(session, &hosted), DNA_OK);
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_false(dna_stream_rehear(stream, "peer.example", now));
    assert_int_equal(establish(session, stream, &seen), DNA_OK);
    assert_true(seen.peer_accepted);
    assert_true(dna_session_next_bundle(session, &bundle));
    assert_false(dna_session_next_bundle(session, &bundle));
    assert_false(dna_stream_rehear(stream, "other.example", now));
    assert_true(dna_stream_rehear(stream, "peer.example", now));
    assert_true(dna_stream_rehear(stream, "peer.example", now)); /* it is being heard */
    pull(stream, &seen);
    answer_all(session);
    pull(stream, &seen);
    assert_true(dna_session_next_bundle(session, &bundle));
    assert_string_equal(bundle.domain, "peer.example");
    assert_int_equal(bundle.ruling->verdict, DNA_PROVEN);
    assert_int_equal(say(stream, MESSAGE, &seen), DNA_OK);
    assert_int_equal(seen.stanzas, 1);
    dna_stream_free(stream);
    dna_session_free(session);
}

static void effects_come_before_more_bytes(void **state)
{
    struct dna_session *session = begin();
    struct dna_stream *stream;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_ptr_equal(dna_stream_user(stream), &now);
    assert_int_equal(dna_stream_read(stream, dna_span_of("<?xml"), now), DNA_OK);
    assert_int_equal(dna_stream_read(stream, dna_span_of(" version"), now), DNA_ERR_STATE);
    pull(stream, &seen);
    assert_int_equal(dna_stream_read(stream, dna_span_of(" version"), now), DNA_OK);
    pull(stream, &seen);
    assert_int_equal(seen.kinds, 0);
    dna_stream_free(stream);
    dna_session_free(session);
}

/* What is looked up ahead of a question is nobody's; the question is its stream's. */
static void a_want_names_its_stream(void **state)
{
    struct dna_session *session = begin();
    struct dna_stream *stream;
    const struct dna_want *want;
    struct seen seen = {0};
    unsigned id = 0, wants = 0;
    (void)state;
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_int_equal(say(stream, HEADER, &seen), DNA_OK);
    for (; dna_session_next_want(session, &id, &want); wants++) {
        assert_null(dna_session_want_stream(session, id));
    }
    assert_true(wants > 0);
    assert_int_equal(say(stream, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", &seen),
                     DNA_OK);
    assert_int_equal(dna_stream_secured(stream, chain, now), DNA_OK);
    pull(stream, &seen);
    assert_int_equal(say(stream, HEADER, &seen), DNA_OK);
    assert_ptr_equal(dna_session_want_stream(session, id), stream);
    assert_null(dna_session_want_stream(session, id + 1000));
    dna_stream_free(stream);
    assert_null(dna_session_want_stream(session, id));
    dna_session_free(session);
}

static void a_closed_stream_takes_nothing(void **state)
{
    struct dna_session *session = begin();
    struct dna_stream *stream;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_int_equal(dna_stream_gone(stream, "cut", now), DNA_OK);
    pull(stream, &seen);
    assert_true(saw(&seen, DNA_STREAM_CLOSE));
    assert_int_equal(dna_stream_read(stream, dna_span_of("x"), now), DNA_ERR_STATE);
    assert_int_equal(dna_stream_secured(stream, chain, now), DNA_ERR_STATE);
    assert_int_equal(dna_stream_gone(stream, "again", now), DNA_ERR_STATE);
    assert_int_equal(dna_stream_close(stream, NULL, NULL, now), DNA_ERR_STATE);
    assert_int_equal(dna_stream_ask(stream, "own.example", "peer.example", now),
                     DNA_ERR_STATE);
    assert_false(dna_stream_may_send(stream, "own.example", "peer.example"));
    assert_int_equal(dna_session_deadline(session), DNA_NEVER);
    dna_stream_free(stream);
    dna_session_free(session);
}

static void what_follows_the_end_has_no_meaning(void **state)
{
    struct dna_session *session = begin();
    struct dna_stream *stream;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_int_equal(establish(session, stream, &seen), DNA_OK);
    assert_int_equal(dna_stream_close(stream, NULL, NULL, now), DNA_OK);
    pull(stream, &seen);
    assert_int_equal(say(stream, "</stream:stream>" MESSAGE, &seen), DNA_OK);
    assert_int_equal(seen.stanzas, 0);
    assert_true(saw(&seen, DNA_STREAM_CLOSE));
    dna_stream_free(stream);
    dna_session_free(session);
}

static void options_are_checked(void **state)
{
    struct dna_session *session = begin(), *other = begin();
    struct dna_link *link;
    struct dna_stream *stream;
    struct dna_stream_options good = {.size = sizeof good, .role = DNA_INITIATING,
                                      .own = "own.example", .peer = "peer.example"};
    struct dna_stream_options bad;
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "x.example"};
    (void)state;
    assert_int_equal(dna_session_link(other, dna_span_of("0123456789abcdef"), &link), DNA_OK);
    for (int variant = 0; variant < 5; variant++) {
        bad = good;
        *(variant == 0   ? &bad.own
          : variant == 1 ? &bad.peer
          : variant == 2 ? &bad.host
          : variant == 3 ? &bad.peer
                         : &bad.own) = variant == 4 ? NULL : variant == 3 ? "" : "A.example";
        assert_int_equal(dna_stream_new(session, &bad, now, &stream), DNA_ERR_ARGUMENT);
    }
    bad = good;
    bad.link = link; /* of another session */
    assert_int_equal(dna_stream_new(session, &bad, now, &stream), DNA_ERR_ARGUMENT);
    hosted.link = link;
    assert_int_equal(dna_session_host(session, &hosted), DNA_ERR_ARGUMENT);
    assert_int_equal(dna_stream_new(session, &good, now, &stream), DNA_OK);
    dna_stream_free(stream);
    dna_session_free(session);
    dna_session_free(other);
}

/* A host that was compiled against an older header has a shorter struct. */
static void shorter_options_are_understood(void **state)
{
    struct dna_session_options options = {.size = offsetof(struct dna_session_options, roots),
                                          .seed = 1};
    struct dna_session *session;
    (void)state;
    memset((char *)&options + options.size, 0x5a, sizeof options - options.size);
    assert_int_equal(dna_session_new(&options, &session), DNA_OK);
    dna_session_free(session);
}

static void ready_streams_come_once(void **state)
{
    struct dna_session *session = begin();
    struct dna_stream *a, *b;
    struct seen seen = {0};
    (void)state;
    assert_int_equal(open_incoming(session, &a), DNA_OK);
    assert_int_equal(open_incoming(session, &b), DNA_OK);
    assert_ptr_equal(dna_session_next_ready(session), a);
    pull(b, &seen); /* by itself: nothing is left to be told */
    assert_null(dna_session_next_ready(session));
    assert_int_equal(dna_stream_close(a, NULL, NULL, now), DNA_OK);
    assert_int_equal(dna_stream_close(b, NULL, NULL, now), DNA_OK);
    dna_stream_free(a); /* and is not told of any more */
    assert_ptr_equal(dna_session_next_ready(session), b);
    assert_null(dna_session_next_ready(session));
    dna_stream_free(b);
    dna_session_free(session);
}

static void relaying_allocates_nothing(void **state)
{
    struct failing_alloc f;
    struct dna_session *session;
    struct dna_stream *stream;
    struct seen seen = {0};
    unsigned long before;
    (void)state;
    assert_int_equal(begin_with(failing_alloc_init(&f, (unsigned long)-1), &session), DNA_OK);
    assert_int_equal(open_incoming(session, &stream), DNA_OK);
    assert_int_equal(establish(session, stream, &seen), DNA_OK);
    assert_true(seen.peer_accepted);
    assert_int_equal(say(stream, MESSAGE MESSAGE, &seen), DNA_OK);
    before = f.seen;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(say(stream, MESSAGE MESSAGE MESSAGE, &seen), DNA_OK);
    }
    assert_int_equal(seen.stanzas, 32);
    assert_int_equal(f.seen, before);
    dna_stream_free(stream);
    dna_session_free(session);
    assert_int_equal(f.outstanding, 0);
}

/* Whatever allocation fails: a peer is accepted only with its proof, a lost stream says so,
 * and nothing leaks. */
static void survives_lack_of_memory(void **state)
{
    bool done = false;
    unsigned accepted = 0;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_session *session;
        struct dna_stream *stream;
        struct seen seen = {0};
        if (begin_with(failing_alloc_init(&f, n), &session) == DNA_OK) {
            if (open_incoming(session, &stream) == DNA_OK) {
                if (establish(session, stream, &seen) == DNA_OK) {
                    (void)!say(stream, MESSAGE, &seen);
                }
                assert_true(seen.stanzas == 0 || seen.peer_accepted);
                assert_true(seen.stanzas == 1 || f.failed);
                accepted += seen.stanzas;
                dna_stream_free(stream);
            }
            dna_session_free(session);
        }
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
    assert_true(accepted > 1); /* some of what fails is only a convenience */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusing_policy_reaches_a_peer_that_sasl_restored),
        cmocka_unit_test(a_narrower_policy_reaches_a_peer),
        cmocka_unit_test(a_proven_peer_is_heard_again),
        cmocka_unit_test(effects_come_before_more_bytes),
        cmocka_unit_test(a_want_names_its_stream),
        cmocka_unit_test(a_closed_stream_takes_nothing),
        cmocka_unit_test(what_follows_the_end_has_no_meaning),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(shorter_options_are_understood),
        cmocka_unit_test(ready_streams_come_once),
        cmocka_unit_test(relaying_allocates_nothing),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
