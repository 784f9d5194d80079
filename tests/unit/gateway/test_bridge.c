/* Certificates for the servers behind bridge links: who gets which, when, and who makes room.
 * The signing process, the driver and the router are the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <bridge_parts.h>
#include <gateway.h>
#include <log.h>
#include <x509/mint.h>

#define R "r.dna"
#define NOW 1800000000

struct dna_uv_stream {
    const char *name;
    bool initiating, certified, for_errors;
    int64_t shown; /* seconds of a proof */
    struct user user; /* the router's */
    const struct dna_uv_identity *identity;
};

struct dna_uv_identity {
    struct dna_chain *chain;
};

static struct {
    struct gateway gateway;
    struct bridge *bridge;
    int64_t seconds; /* since NOW */
    bool seeks, rehears;
    unsigned sought, reheard;
    struct entry *asked;
    char asked_for;
    char *authority_key, *authority;
} scene;

/* --- the driver and the router ------------------------------------------------------ */

struct dna_time dna_uv_now(struct dna_uv *uv)
{
    (void)uv;
    return (struct dna_time){.wall = NOW + scene.seconds, .mono = 1000 * scene.seconds};
}

struct dna_stream *dna_uv_stream_core(struct dna_uv_stream *stream)
{
    return (struct dna_stream *)(void *)stream;
}

const char *dna_stream_peer(const struct dna_stream *stream)
{
    (void)stream;
    return "a.one";
}

void *dna_uv_stream_user(const struct dna_uv_stream *stream)
{
    return (void *)(uintptr_t)&stream->user;
}

bool dna_uv_stream_initiating(const struct dna_uv_stream *stream)
{
    return stream->initiating;
}

void dna_uv_stream_certify(struct dna_uv_stream *stream, const struct dna_uv_identity *identity)
{
    assert_false(stream->certified);
    stream->certified = true;
    stream->identity = identity;
}

enum dna_err dna_uv_identity_new(struct dna_uv *uv, struct dna_span chain_pem,
                                 struct dna_span key_pem, struct dna_uv_identity **out,
                                 const char **why)
{
    (void)uv;
    (void)why;
    assert_true(key_pem.len > 0);
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    assert_int_equal(dna_chain_parse(NULL, chain_pem, &(*out)->chain), DNA_OK);
    return DNA_OK;
}

const struct dna_chain *dna_uv_identity_chain(const struct dna_uv_identity *identity)
{
    return identity->chain;
}

void dna_uv_identity_free(struct dna_uv_identity *identity)
{
    if (identity != NULL) {
        dna_chain_free(identity->chain);
        free(identity);
    }
}

void router_errors_only(struct stream *stream)
{
    struct dna_uv_stream *uv =
        (struct dna_uv_stream *)(void *)((char *)stream - offsetof(struct dna_uv_stream, user));
    assert_false(uv->certified); /* it is settled before there is a certificate */
    uv->for_errors = true;
}

void router_shows_proof(struct stream *stream, int64_t seconds)
{
    struct dna_uv_stream *uv =
        (struct dna_uv_stream *)(void *)((char *)stream - offsetof(struct dna_uv_stream, user));
    assert_false(uv->certified);
    uv->shown = seconds;
}

bool router_rehear(struct router *router, const char *domain)
{
    (void)router;
    (void)domain;
    scene.reheard++;
    return scene.rehears;
}

void router_seek(struct router *router, const char *from, const char *to)
{
    (void)router;
    (void)from;
    (void)to;
    scene.sought++;
}

bool router_seeks(struct router *router, const char *from, const char *to)
{
    (void)router;
    (void)from;
    (void)to;
    return scene.seeks;
}

/* --- the signing process ------------------------------------------------------------ */

bool bridge_channel_start(struct bridge *bridge, char why[SIGNER_WHY])
{
    (void)bridge;
    (void)why;
    return true;
}

void bridge_channel_end(struct bridge *bridge)
{
    (void)bridge;
}

void bridge_channel_lose(struct bridge *bridge, const char *why)
{
    (void)bridge;
    (void)why;
}

void bridge_channel_ask(struct bridge *bridge, struct entry *entry, char what)
{
    (void)bridge;
    if (entry->asked == 0) {
        entry->asked = 1;
        entry->asked_for = what;
        scene.asked = entry;
        scene.asked_for = what;
    }
}

/* What was asked for, once; 0: nothing. */
static char asked(void)
{
    char what = scene.asked_for;
    scene.asked_for = 0;
    return what;
}

static void is_signed(int64_t life)
{
    struct dna_buf pem;
    const struct dna_mint what = {
        .domain = scene.asked->domain,
        .spki = dna_buf_span(&bridge_key_for(scene.bridge, scene.asked->asked_for)->spki),
        .not_before = NOW - 60,
        .not_after = NOW + scene.seconds + life};
    dna_buf_init(&pem, NULL, 65536);
    assert_int_equal(dna_mint_certificate(dna_span_of(scene.authority_key),
                                          dna_span_of(scene.authority), &what, &pem), DNA_OK);
    scene.asked->asked = 0;
    bridge_signed(scene.bridge, scene.asked, dna_buf_span(&pem));
    dna_buf_fini(&pem);
}

static void is_not_signed(void)
{
    scene.asked->asked = 0;
    bridge_not_signed(scene.bridge, scene.asked, "because");
    bridge_look(scene.bridge);
}

/* --- scenes ------------------------------------------------------------------------- */

static void begin(void)
{
    static const struct gateway_config config = {.file = (char *)(uintptr_t) "test"};
    struct dna_buf key, certificate;
    memset(&scene, 0, sizeof scene);
    scene.gateway.log = gateway_log_sink(stderr, DNA_LOG_ERROR);
    dna_buf_init(&key, NULL, 65536);
    dna_buf_init(&certificate, NULL, 65536);
    assert_int_equal(dna_mint_key(&key), DNA_OK);
    assert_int_equal(dna_mint_authority(dna_buf_span(&key), "test", NULL, 0, NOW - 60,
                                        &certificate), DNA_OK);
    scene.authority_key = strndup(dna_buf_span(&key).ptr, dna_buf_len(&key));
    scene.authority = strndup(dna_buf_span(&certificate).ptr, dna_buf_len(&certificate));
    assert_true(scene.authority_key != NULL && scene.authority != NULL);
    dna_buf_fini(&key);
    dna_buf_fini(&certificate);
    scene.bridge = bridge_new(&scene.gateway, &config, stderr);
    assert_non_null(scene.bridge);
}

static void end(void)
{
    bridge_free(scene.bridge);
    free(scene.authority_key);
    free(scene.authority);
}

static void hear(const char *domain, const struct dna_ruling *ruling, const void *source)
{
    const struct dna_session_bundle heard = {.domain = domain, .ruling = ruling,
                                             .bundle = dna_span_of("evidence"),
                                             .user = source};
    bridge_heard(scene.bridge, &heard);
    bridge_look(scene.bridge);
}

static void prove(const char *domain, const void *source)
{
    const struct dna_ruling proven = {.verdict = DNA_PROVEN, .expires_at = NOW + 86400};
    hear(domain, &proven, source);
}

static struct dna_uv_stream stream(bool initiating)
{
    return (struct dna_uv_stream){.initiating = initiating, .user = {NULL, true}};
}

static void certify(struct dna_uv_stream *it, const char *domain)
{
    bridge_certify(scene.bridge, it, domain);
    bridge_look(scene.bridge);
}

static void what_is_proven(void **state)
{
    struct dna_uv_stream first = stream(false), second = stream(true);
    (void)state;
    begin();
    prove(R, NULL);
    certify(&first, R);
    assert_int_equal(asked(), SIGNER_FOR_PROOF);
    assert_false(first.certified);
    is_signed(3600);
    assert_true(first.certified && first.identity != NULL && !first.for_errors);
    assert_int_equal(first.shown, 3600);
    certify(&second, R); /* at once, with the same */
    assert_int_equal(asked(), 0);
    assert_ptr_equal(second.identity, first.identity);
    assert_false(second.for_errors);
    end();
}

/* Neither what was signed nor the evidence proves anything when it has ended. */
static void when_a_proof_ends(void **state)
{
    struct dna_uv_stream it = stream(false);
    struct entry *entry;
    (void)state;
    begin();
    assert_false(bridge_proves(scene.bridge, R));
    prove(R, NULL);
    assert_true(bridge_proves(scene.bridge, R));
    certify(&it, R);
    is_signed(3600);
    entry = bridge_find(scene.bridge, R);
    assert_non_null(entry);
    bridge_drop_evidence(scene.bridge, entry);
    assert_true(bridge_proves(scene.bridge, R));
    scene.seconds = 3600;
    assert_false(bridge_proves(scene.bridge, R));
    scene.seconds = 0;
    prove(R, NULL);
    scene.seconds = entry->proven_until - NOW - 1;
    assert_true(bridge_proves(scene.bridge, R));
    scene.seconds++;
    bridge_drop_certificate(&entry->proof);
    assert_false(bridge_proves(scene.bridge, R));
    end();
}

static void one_that_is_about_to_end_is_not_presented(void **state)
{
    struct dna_uv_stream first = stream(false), second = stream(false);
    (void)state;
    begin();
    prove(R, NULL);
    certify(&first, R);
    is_signed(3600);
    scene.seconds = 3600 - 59;
    (void)asked();
    certify(&second, R);
    assert_false(second.certified);
    assert_int_equal(asked(), SIGNER_FOR_PROOF);
    bridge_forget(scene.bridge, &second);
    end();
}

static void what_is_sought_is_waited_for(void **state)
{
    struct dna_uv_stream it = stream(false);
    (void)state;
    begin();
    scene.seeks = true;
    certify(&it, R);
    assert_int_equal(scene.sought, 1);
    assert_int_equal(asked(), 0);
    prove(R, NULL);
    assert_int_equal(asked(), SIGNER_FOR_PROOF);
    is_signed(3600);
    assert_true(it.certified && !it.for_errors);
    end();
}

/* The stream is settled to carry errors alone before there is anything to present. */
static void what_is_not_proven_says_errors(void **state)
{
    (void)state;
    for (int initiating = 0; initiating < 2; initiating++) {
        struct dna_uv_stream it = stream(initiating != 0), next = stream(false);
        begin();
        certify(&it, R);
        assert_int_equal(asked(), SIGNER_FOR_ERRORS);
        is_signed(600);
        assert_true(it.certified && it.identity != NULL && it.for_errors);
        certify(&next, R);
        assert_int_equal(asked(), 0);
        assert_true(next.certified && next.for_errors);
        end();
    }
}

/* The two certificates have different keys. */
static void a_proof_does_not_share_a_key_with_errors(void **state)
{
    struct dna_span one, other;
    (void)state;
    begin();
    one = dna_buf_span(&bridge_key_for(scene.bridge, SIGNER_FOR_PROOF)->spki);
    other = dna_buf_span(&bridge_key_for(scene.bridge, SIGNER_FOR_ERRORS)->spki);
    assert_true(one.len == other.len && memcmp(one.ptr, other.ptr, one.len) != 0);
    end();
}

static void what_proves_nothing(void **state)
{
    static const struct dna_ruling rulings[] = {
        {.verdict = DNA_FAIL, .expires_at = NOW + 86400},
        {.verdict = DNA_PROVEN, .pinned = true, .expires_at = NOW + 86400},
        {.verdict = DNA_PROVEN, .dialback = true, .expires_at = NOW + 86400},
        {.verdict = DNA_PROVEN, .expires_at = NOW},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rulings / sizeof *rulings; i++) {
        struct dna_uv_stream it = stream(false);
        begin();
        hear(R, &rulings[i], NULL);
        certify(&it, R);
        assert_int_equal(asked(), SIGNER_FOR_ERRORS);
        bridge_forget(scene.bridge, &it);
        end();
    }
}

static void what_went_is_heard_again(void **state)
{
    struct dna_uv_stream it = stream(true);
    (void)state;
    begin();
    scene.rehears = true;
    certify(&it, R);
    assert_int_equal(scene.reheard, 1);
    assert_int_equal(asked(), 0);
    prove(R, NULL);
    assert_int_equal(asked(), SIGNER_FOR_PROOF);
    is_signed(3600);
    assert_true(it.certified && !it.for_errors);
    end();
}

/* The search has ended, and what it found is proven by what was remembered of it. */
static void what_is_remembered_is_heard_again(void **state)
{
    struct dna_uv_stream it = stream(false);
    (void)state;
    begin();
    scene.seeks = true;
    certify(&it, R);
    assert_int_equal(scene.sought, 1);
    scene.seeks = false;
    scene.rehears = true;
    bridge_look(scene.bridge);
    assert_int_equal(asked(), 0);
    prove(R, NULL);
    assert_int_equal(asked(), SIGNER_FOR_PROOF);
    is_signed(3600);
    assert_true(it.certified && !it.for_errors);
    end();
}

static void a_hearing_that_brings_nothing(void **state)
{
    static const struct dna_ruling refusal = {.verdict = DNA_FAIL};
    (void)state;
    for (int silent = 0; silent < 2; silent++) {
        struct dna_uv_stream it = stream(true);
        begin();
        scene.rehears = true;
        certify(&it, R);
        assert_int_equal(asked(), 0);
        if (silent != 0) {
            scene.seconds = 31;
            bridge_look(scene.bridge);
        } else {
            hear(R, &refusal, NULL);
        }
        assert_int_equal(asked(), SIGNER_FOR_ERRORS);
        bridge_forget(scene.bridge, &it);
        end();
    }
}

static void what_is_not_signed(void **state)
{
    struct dna_uv_stream it = stream(false);
    (void)state;
    begin();
    prove(R, NULL);
    certify(&it, R);
    is_not_signed();
    assert_int_equal(asked(), SIGNER_FOR_ERRORS);
    is_not_signed();
    assert_true(it.certified && it.identity == NULL);
    end();
}

static void other_hosts(void **state)
{
    static const struct gateway_config config = {.file = (char *)(uintptr_t) "test"};
    struct dna_uv_stream first = stream(false), second = stream(false);
    (void)state;
    begin();
    prove(R, NULL);
    certify(&first, R);
    is_signed(3600);
    (void)asked();
    (void)bridge_renew(scene.bridge, &config);
    certify(&second, R);
    assert_false(second.certified);
    assert_int_equal(asked(), SIGNER_FOR_PROOF);
    bridge_forget(scene.bridge, &second);
    end();
}

/* --- room --------------------------------------------------------------------------- */

static void flood(const void *source, const char *mark)
{
    for (unsigned i = 0; i < 5000; i++) {
        char domain[64];
        (void)snprintf(domain, sizeof domain, "n%u.%s.example", i, mark);
        prove(domain, source);
    }
}

/* Who proves names without number displaces his own. */
static void a_peer_with_names_without_number(void **state)
{
    struct dna_uv_stream waits = stream(false);
    int one = 0, other = 0;
    (void)state;
    begin();
    prove(R, &one);
    scene.seeks = true;
    certify(&waits, "sought.example");
    flood(&other, "evil");
    assert_true(scene.bridge->n <= 4096);
    assert_non_null(bridge_find(scene.bridge, R));
    assert_non_null(bridge_find(scene.bridge, R)->bundle);
    assert_non_null(bridge_find(scene.bridge, "n4999.evil.example"));
    assert_null(bridge_find(scene.bridge, "n0.evil.example"));
    assert_non_null(bridge_find(scene.bridge, "sought.example")->waiting);
    bridge_forget(scene.bridge, &waits);
    end();
}

static void the_oldest_gives_way(void **state)
{
    int one = 0;
    int others[16];
    (void)state;
    begin();
    prove(R, &one);
    for (unsigned i = 0; i < 4096; i++) {
        char domain[64];
        (void)snprintf(domain, sizeof domain, "n%u.example", i);
        prove(domain, &others[i % 16]);
    }
    assert_null(bridge_find(scene.bridge, R)); /* and would be heard again */
    assert_int_equal(scene.bridge->n, 4096);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_proven),
        cmocka_unit_test(when_a_proof_ends),
        cmocka_unit_test(one_that_is_about_to_end_is_not_presented),
        cmocka_unit_test(what_is_sought_is_waited_for),
        cmocka_unit_test(what_is_not_proven_says_errors),
        cmocka_unit_test(a_proof_does_not_share_a_key_with_errors),
        cmocka_unit_test(what_proves_nothing),
        cmocka_unit_test(what_went_is_heard_again),
        cmocka_unit_test(what_is_remembered_is_heard_again),
        cmocka_unit_test(a_hearing_that_brings_nothing),
        cmocka_unit_test(what_is_not_signed),
        cmocka_unit_test(other_hosts),
        cmocka_unit_test(a_peer_with_names_without_number),
        cmocka_unit_test(the_oldest_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
