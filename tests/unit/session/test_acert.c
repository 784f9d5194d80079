/* Signatures as look-ups and facts; attribute certificates of hosted domains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <base/limits.h>
#include <certs.h>
#include <session/hosting.h>
#include <session/lookup.h>
#include <session/memory.h>
#include <x509/acert_issue.h>

#define NOW CERTS_NOW
#define DAY 86400

static struct cert ca, one, two;
static struct dna_chain *chain_one, *chain_two;

static int make_world(void **state)
{
    const struct cert *leaf = &one;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    one = cert_make(&(struct cert_order){
        .subject = "one", .issuer = &ca, .names = "DNS:peer.example"});
    two = cert_make(&(struct cert_order){.subject = "two", .issuer = &ca});
    chain_one = cert_chain(&leaf, 1);
    leaf = &two;
    chain_two = cert_chain(&leaf, 1);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    dna_chain_free(chain_one);
    dna_chain_free(chain_two);
    cert_free(&one);
    cert_free(&two);
    cert_free(&ca);
    return 0;
}

static struct dna_want signature_want(void)
{
    return (struct dna_want){
        .kind = DNA_WANT_SIGNATURE,
        .u.signature = {.bytes = dna_span_of("bytes"), .algorithm = dna_span_of("algorithm"),
                        .signature = dna_span_of("signature"), .signer = chain_one}};
}

static bool same_key(const struct dna_want *a, const struct dna_want *b)
{
    struct dna_key x, y;
    assert_int_equal(dna_key_want(a, &x), DNA_OK);
    assert_int_equal(dna_key_want(b, &y), DNA_OK);
    return dna_span_equal(dna_key_span(&x), dna_key_span(&y));
}

static void every_part_is_in_the_key(void **state)
{
    struct dna_want base = signature_want(), other = base;
    (void)state;
    assert_true(same_key(&base, &other));
    other.u.signature.bytes = dna_span_of("bytez");
    assert_false(same_key(&base, &other));
    other = base;
    other.u.signature.algorithm = dna_span_of("");
    assert_false(same_key(&base, &other));
    other = base;
    other.u.signature.signature = dna_span_of("signaturf");
    assert_false(same_key(&base, &other));
    other = base;
    other.u.signature.signer = chain_two;
    assert_false(same_key(&base, &other));
}

/* A host that checks signatures itself gets all of it, after the asker has gone on. */
static void a_lookup_holds_what_it_is_about(void **state)
{
    char bytes[5000];
    struct dna_want want = signature_want();
    struct dna_lookups lookups;
    struct dna_wait wait = {.lookup = NULL};
    const struct dna_lookup *lookup;
    struct dna_key key;
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    want.u.signature.bytes = (struct dna_span){bytes, sizeof bytes};
    assert_int_equal(dna_lookups_init(&lookups, NULL, 1), DNA_OK);
    assert_int_equal(dna_key_want(&want, &key), DNA_OK);
    assert_int_equal(dna_lookups_join(&lookups, dna_key_span(&key), &want, &wait), DNA_OK);
    memset(bytes, 'y', sizeof bytes);
    lookup = dna_lookups_next_new(&lookups);
    assert_non_null(lookup);
    assert_int_equal(lookup->want.kind, DNA_WANT_SIGNATURE);
    assert_int_equal(lookup->want.u.signature.bytes.len, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(lookup->want.u.signature.bytes.ptr[i], 'x');
    }
    assert_true(dna_span_is(lookup->want.u.signature.algorithm, "algorithm"));
    assert_true(dna_span_is(lookup->want.u.signature.signature, "signature"));
    assert_ptr_equal(lookup->want.u.signature.signer, chain_one);
    dna_lookups_leave(&lookups, &wait);
    dna_lookups_fini(&lookups);
}

static void a_finding_is_remembered(void **state)
{
    (void)state;
    for (unsigned valid = 0; valid < 2; valid++) {
        struct dna_want want = signature_want();
        struct dna_fact fact = {.kind = DNA_WANT_SIGNATURE};
        int64_t life = valid != 0 ? DNA_LIMIT_PROOF_LIFE_S : DNA_LIMIT_KEEP_FAILED_S;
        struct dna_fact_view view;
        struct dna_memory memory;
        struct dna_key key;
        fact.u.signature.valid = valid != 0;
        strcpy(fact.u.signature.why, "because");
        assert_int_equal(dna_memory_init(&memory, NULL, 1, 16), DNA_OK);
        assert_int_equal(dna_key_want(&want, &key), DNA_OK);
        dna_memory_learn(&memory, dna_key_span(&key), &want, &fact, NOW);
        assert_true(dna_memory_recall(&memory, dna_key_span(&key), NOW + life - 1, &view));
        assert_int_equal(view.fact.u.signature.valid, valid != 0);
        assert_string_equal(view.fact.u.signature.why, "because");
        assert_false(dna_memory_recall(&memory, dna_key_span(&key), NOW + life, &view));
        dna_memory_fini(&memory);
    }
}

/* What was ruled for one of our domains says nothing to another, where it may have been for
 * that one alone. */
static void rulings_are_kept_for_whom_they_are(void **state)
{
    struct dna_question q = {.domain = "example.com", .role = DNA_RECEIVING,
                             .chain = chain_one, .policy = dna_policy_default()};
    (void)state;
    for (unsigned admitted = 0; admitted < 2; admitted++) {
        struct dna_key nobody, a, b;
        q.policy.prooftypes |= admitted != 0 ? DNA_PROOF_BIT(DNA_PROOF_ATTRIBUTE_CERT) : 0;
        q.own = NULL;
        assert_int_equal(dna_key_proven(&q, &nobody), DNA_OK);
        q.own = "a.example";
        assert_int_equal(dna_key_proven(&q, &a), DNA_OK);
        q.own = "b.example";
        assert_int_equal(dna_key_proven(&q, &b), DNA_OK);
        assert_int_equal(dna_span_equal(dna_key_span(&a), dna_key_span(&b)), admitted == 0);
        assert_int_equal(dna_span_equal(dna_key_span(&a), dna_key_span(&nobody)),
                         admitted == 0);
    }
}

static void hosted_certificates(void **state)
{
    static const char *const services[] = {"_xmpp-server.example.com"};
    static const char *const bad[] = {"", "MII!", "-----BEGIN CERTIFICATE-----"};
    struct dna_acert_order order = {
        .issuer = chain_one, .key = one.key, .services = services, .n_services = 1,
        .bearer = DNA_ACERT_BEARER_CERTIFICATE, .holder = chain_two,
        .not_before = NOW, .not_after = NOW + DAY, .serial = {"\x01", 1}};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = "example.com"};
    struct dna_hosting hosting;
    struct dna_span der, cms;
    struct dna_link *left;
    const char *why;
    char text[8192];
    (void)state;
    assert_int_equal(dna_hosting_init(&hosting, NULL, 1), DNA_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hosted.attribute_cert = bad[i];
        assert_int_equal(dna_hosting_add(&hosting, &hosted, &left), DNA_ERR_ARGUMENT);
        assert_null(dna_hosting_find(&hosting, "example.com"));
    }
    assert_int_equal(dna_acert_issue(NULL, &order, &der, &why), DNA_OK);
    assert_int_equal(dna_acert_wrap(NULL, &der, 1, chain_one, &cms), DNA_OK);
    assert_int_equal(dna_base64_encode((const unsigned char *)cms.ptr, cms.len, text,
                                       sizeof text),
                     DNA_OK);
    hosted.attribute_cert = text;
    assert_int_equal(dna_hosting_add(&hosting, &hosted, &left), DNA_OK);
    assert_string_equal(dna_hosting_find(&hosting, "example.com")->attribute_cert, text);
    assert_int_equal(dna_hosting_find(&hosting, "example.com")->attribute_cert_ends,
                     NOW + DAY);
    hosted.attribute_cert = NULL;
    assert_int_equal(dna_hosting_add(&hosting, &hosted, &left), DNA_OK);
    assert_null(dna_hosting_find(&hosting, "example.com")->attribute_cert);
    dna_hosting_fini(&hosting);
    free((void *)(uintptr_t)der.ptr);
    free((void *)(uintptr_t)cms.ptr);
}

/* --- what is handed to a peer ------------------------------------------------------- */

#define TLS "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"
#define HEADER                                                                              \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:server' id='x'"                      \
    " xmlns:stream='http://etherx.jabber.org/streams' xmlns:dna='urn:xmpp:dna:0'"           \
    " version='1.0' from='peer.example' to='own.example'>"
#define DNA "xmlns='urn:xmpp:dna:0'"
#define URN "urn:xmpp:dna:proof:"

/* The last bytes that were written, as text. */
static void pull(struct dna_stream *stream, struct dna_time now, char *out, size_t room)
{
    struct dna_stream_effect effect;
    struct dna_span text;
    while (dna_stream_next(stream, now, &effect)) {
    }
    text = dna_stream_output(stream);
    (void)snprintf(out, room, "%.*s", DNA_SPAN_FMT(text));
    dna_stream_sent(stream, text.len);
}

static void answer_all(struct dna_session *session, struct dna_time now)
{
    const struct dna_want *want;
    unsigned id;
    while (dna_session_next_want(session, &id, &want)) {
        struct dna_fact fact = {.kind = DNA_WANT_DNS};
        assert_int_equal(want->kind, DNA_WANT_DNS);
        fact.u.dns = (struct dna_dns_answer){
            .name = want->u.dns.name, .type = want->u.dns.type, .outcome = DNA_DNS_ABSENT,
            .ttl = 600, .obtained = now.wall, .signatures_end = DNA_NEVER, .why = ""};
        assert_int_equal(dna_session_give(session, id, &fact, now), DNA_OK);
    }
}

/* A delegation of n services, as a proof carries it. */
static void make_text(size_t n, char *out, size_t room)
{
    static char names[200][64];
    const char *services[200];
    struct dna_acert_order order = {
        .issuer = chain_one, .key = one.key, .services = services, .n_services = n,
        .bearer = DNA_ACERT_BEARER_CERTIFICATE, .holder = chain_two,
        .not_before = NOW, .not_after = NOW + DAY, .serial = {"\x01", 1}};
    struct dna_span der, cms;
    const char *why;
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(names[i], sizeof names[i], "_xmpp-server.number-%zu.own.example", i);
        services[i] = names[i];
    }
    assert_int_equal(dna_acert_issue(NULL, &order, &der, &why), DNA_OK);
    assert_int_equal(dna_acert_wrap(NULL, &der, 1, chain_one, &cms), DNA_OK);
    assert_int_equal(
        dna_base64_encode((const unsigned char *)cms.ptr, cms.len, out, room), DNA_OK);
    free((void *)(uintptr_t)der.ptr);
    free((void *)(uintptr_t)cms.ptr);
}

/* Speaks for the peer until it challenges us; *out is what we answer. */
static void challenge(struct dna_session *session, const char *most, const char *types,
                      struct dna_time now, char *out, size_t room)
{
    struct dna_stream_options options = {.size = sizeof options, .role = DNA_INITIATING,
                                         .own = "own.example", .peer = "peer.example"};
    const struct cert *leaf = &one;
    struct dna_chain *chain = cert_chain(&leaf, 1);
    char features[512], asked[512];
    const char *const said[] = {HEADER "<stream:features><starttls " TLS
                                       "/></stream:features>", "<proceed " TLS "/>",
                                HEADER, features, asked};
    struct dna_stream *stream;
    (void)snprintf(features, sizeof features,
                   "<stream:features><limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>%s"
                   "</max-bytes></limits><assert " DNA " from='peer.example'/>"
                   "</stream:features>", most);
    (void)snprintf(asked, sizeof asked, "<challenge " DNA " to='own.example'>%s</challenge>",
                   types);
    assert_int_equal(dna_stream_new(session, &options, now, &stream), DNA_OK);
    pull(stream, now, out, room);
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        assert_int_equal(dna_stream_read(stream, dna_span_of(said[i]), now), DNA_OK);
        pull(stream, now, out, room);
        if (i == 1) {
            assert_int_equal(dna_stream_secured(stream, chain, now), DNA_OK);
            pull(stream, now, out, room);
        } else if (i == 3) {
            answer_all(session, now);
            pull(stream, now, out, room);
            assert_non_null(strstr(out, "<assert"));
        }
    }
    dna_stream_free(stream);
    dna_chain_free(chain);
}

static void a_challenge_is_answered(void **state)
{
#define BOTH "<proof type='" URN "attribute-cert'/><proof type='" URN "pkix'/>"
    static const struct {
        size_t services;
        const char *most, *types;
        int64_t at;
        const char *answer;
    } rows[] = {
        {1, "262144", BOTH, NOW + 1, "type='" URN "attribute-cert'>MII"},
        {1, "10000", BOTH, NOW + DAY, "type='" URN "attribute-cert'>MII"},
        {1, "10000", BOTH, NOW + DAY + 1, "type='" URN "pkix'"},
        {200, "10000", BOTH, NOW + 1, "type='" URN "pkix'"},
        {200, "10000", "<proof type='" URN "attribute-cert'/>", NOW + 1, "<impossible"},
        {200, "262144", BOTH, NOW + 1, "type='" URN "attribute-cert'>MII"},
        {1, "10000", "<proof type='" URN "pkix'/>", NOW + 1, "type='" URN "pkix'"},
    };
    static char text[32768], out[65536];
    const struct cert *root = &ca;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_roots *roots = cert_roots(root);
        struct dna_session_options options = {.size = sizeof options, .roots = roots};
        struct dna_hosted hosted = {.size = sizeof hosted, .domain = "own.example",
                                    .attribute_cert = text};
        struct dna_time now = {.wall = rows[i].at, .mono = 500};
        struct dna_session *session;
        make_text(rows[i].services, text, sizeof text);
        assert_int_equal(strlen(text) > 10000, rows[i].services > 1);
        assert_int_equal(dna_session_new(&options, &session), DNA_OK);
        assert_int_equal(dna_session_host(session, &hosted), DNA_OK);
        challenge(session, rows[i].most, rows[i].types, now, out, sizeof out);
        if (strstr(out, rows[i].answer) == NULL) {
            fail_msg("row %zu: %.300s", i, out);
        }
        dna_session_free(session);
        dna_roots_free(roots);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_in_the_key),
        cmocka_unit_test(a_lookup_holds_what_it_is_about),
        cmocka_unit_test(a_finding_is_remembered),
        cmocka_unit_test(rulings_are_kept_for_whom_they_are),
        cmocka_unit_test(hosted_certificates),
        cmocka_unit_test(a_challenge_is_answered),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
