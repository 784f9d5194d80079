/* The prooftype posh, alone: documents, references, fingerprints, lifetimes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <world.h>
#include <x509/digest.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_POSH)
#define REFERRED "https://hosting.example.net/posh.json"
#define NONE "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ="

/* A world whose peer has a certificate of its own making for some other name. */
static void hosted_init(struct world *w, struct cert *self)
{
    const struct cert *one = self;
    world_init(w, &(struct cert_order){.names = "DNS:unused.example"});
    *self = cert_make(&(struct cert_order){.names = "DNS:" HOST});
    world_present(w, cert_chain(&one, 1));
    w->q.policy.prooftypes = ALONE;
}

static void digest_of(struct dna_span bytes, enum dna_hash hash, char *out)
{
    unsigned char digest[DNA_HASH_MAX];
    assert_int_equal(dna_hash(hash, bytes, digest), DNA_OK);
    assert_int_equal(dna_base64_encode(digest, dna_hash_size(hash), out, 100), DNA_OK);
}

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

#define GOOD {DNA_PROVEN, DNA_CODE_OK}
#define NO_MATCH {DNA_FAIL, DNA_CODE_NO_MATCH}
#define BAD {DNA_FAIL, DNA_CODE_BAD_MATERIAL}

/* %1$s, %2$s, %3$s: SHA-256, -384, -512 of the certificate; %4$s: SHA-256 of its key. */
static const struct {
    const char *what, *document;
    struct result result;
} documents[] = {
#define PRINTS(list) "{\"fingerprints\":[" list "],\"expires\":1000}"
    {"sha-256", PRINTS("{\"sha-256\":\"%1$s\"}"), GOOD},
    {"sha-384", PRINTS("{\"sha-384\":\"%2$s\"}"), GOOD},
    {"sha-512", PRINTS("{\"sha-512\":\"%3$s\"}"), GOOD},
    {"second descriptor", PRINTS("{\"sha-256\":\"" NONE "\"},{\"sha-256\":\"%1$s\"}"), GOOD},
    {"second hash of one", PRINTS("{\"sha-256\":\"" NONE "\",\"sha-512\":\"%3$s\"}"), GOOD},
    {"beside an unknown one", PRINTS("{\"sha-1\":\"AAAA\",\"sha-256\":\"%1$s\"}"), GOOD},
    {"of the key, not the certificate", PRINTS("{\"sha-256\":\"%4$s\"}"), NO_MATCH},
    {"others only", PRINTS("{\"sha-256\":\"" NONE "\"}"), NO_MATCH},
    {"unknown only", PRINTS("{\"sha-1\":\"2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"}"), NO_MATCH},
    {"named as another hash", PRINTS("{\"sha-1\":\"%1$s\"}"), NO_MATCH},
    {"empty", PRINTS(""), BAD},
    {"expired", "{\"fingerprints\":[{\"sha-256\":\"%1$s\"}],\"expires\":0}", BAD},
    {"no expires", "{\"fingerprints\":[{\"sha-256\":\"%1$s\"}]}", BAD},
    {"both", "{\"fingerprints\":[{\"sha-256\":\"%1$s\"}],\"url\":\"" REFERRED
             "\",\"expires\":1000}", BAD},
    {"no JSON", "<html>%1$s</html>", BAD},
    {"no body", "", BAD},
};

static void write_document(struct world *w, const char *format, char *out, size_t room)
{
    char prints[4][100];
    struct dna_span der = dna_chain_der(w->chain, 0);
    digest_of(der, DNA_HASH_SHA256, prints[0]);
    digest_of(der, DNA_HASH_SHA384, prints[1]);
    digest_of(der, DNA_HASH_SHA512, prints[2]);
    digest_of((struct dna_span){der.ptr + 4, der.len - 4}, DNA_HASH_SHA256, prints[3]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(out, room, format, prints[0], prints[1], prints[2], prints[3]);
#pragma GCC diagnostic pop
}

static void what_documents_prove(void **state)
{
    struct world w;
    struct cert self;
    (void)state;
    hosted_init(&w, &self);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        for (int role = 0; role < 2; role++) {
            char text[1000];
            struct dna_ruling ruling;
            write_document(&w, documents[i].document, text, sizeof text);
            world_document(&w, POSH_URL, DNA_FETCH_OK, text);
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            ruling = world_hear(&w);
            expect_ruling(documents[i].what, &ruling, documents[i].result.verdict,
                          documents[i].result.code);
            assert_int_equal(ruling.prooftype, DNA_PROOF_POSH);
            assert_string_equal(w.asked, "dns _xmpp-server._tcp." DOMAIN " SRV\n"
                                         "dns _xmpps-server._tcp." DOMAIN " SRV\n"
                                         "fetch " POSH_URL " 5\n");
        }
    }
    cert_free(&self);
    world_fini(&w);
}

/* A fingerprint is of the certificate on the stream, not of one behind it. */
static void the_end_entity_alone_counts(void **state)
{
    struct world w;
    struct cert self, leaf;
    const struct cert *chain[2] = {&leaf, &self};
    struct dna_ruling ruling;
    char text[1000];
    (void)state;
    hosted_init(&w, &self);
    write_document(&w, PRINTS("{\"sha-256\":\"%1$s\"}"), text, sizeof text);
    world_document(&w, POSH_URL, DNA_FETCH_OK, text);
    leaf = cert_make(&(struct cert_order){.names = "DNS:" HOST, .issuer = &self});
    world_present(&w, cert_chain(chain, 2));
    ruling = world_hear(&w);
    expect_ruling("the issuer's", &ruling, DNA_FAIL, DNA_CODE_NO_MATCH);
    cert_free(&leaf);
    cert_free(&self);
    world_fini(&w);
}

static void references(void **state)
{
    static const struct {
        const char *what, *first, *second;
        enum dna_fetch_outcome outcome; /* of the second */
        struct result result;
        int64_t expires;
    } rows[] = {
#define REFERENCE(url, expires) "{\"url\":\"" url "\",\"expires\":" expires "}"
        {"one", REFERENCE(REFERRED, "500"), PRINTS("{\"sha-256\":\"%1$s\"}"), DNA_FETCH_OK,
         GOOD, 500},
        {"the second ends first", REFERENCE(REFERRED, "5000"),
         PRINTS("{\"sha-256\":\"%1$s\"}"), DNA_FETCH_OK, GOOD, 1000},
        {"two", REFERENCE(REFERRED, "500"), REFERENCE("https://third.example/", "500"),
         DNA_FETCH_OK, BAD, 0},
        {"to itself", REFERENCE(POSH_URL, "500"), "", DNA_FETCH_OK, BAD, 0},
        {"expired", REFERENCE(REFERRED, "0"), PRINTS("{\"sha-256\":\"%1$s\"}"), DNA_FETCH_OK,
         BAD, 0},
        {"to something expired", REFERENCE(REFERRED, "500"),
         "{\"fingerprints\":[{\"sha-256\":\"%1$s\"}],\"expires\":0}", DNA_FETCH_OK, BAD, 0},
        {"to http", REFERENCE("http://hosting.example.net/posh.json", "500"), "",
         DNA_FETCH_OK, BAD, 0},
        {"to nothing", REFERENCE(REFERRED, "500"), "", DNA_FETCH_ABSENT,
         {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}, 0},
        {"to a failure", REFERENCE(REFERRED, "500"), "", DNA_FETCH_FAILED,
         {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}, 0},
        {"to a private address", REFERENCE(REFERRED, "500"), "", DNA_FETCH_REFUSED,
         {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED}, 0},
        {"to others", REFERENCE(REFERRED, "500"), PRINTS("{\"sha-256\":\"" NONE "\"}"),
         DNA_FETCH_OK, NO_MATCH, 0},
    };
    struct world w;
    struct cert self;
    (void)state;
    hosted_init(&w, &self);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1000];
        struct dna_ruling ruling;
        write_document(&w, rows[i].second, text, sizeof text);
        world_document(&w, REFERRED, rows[i].outcome, text);
        world_document(&w, POSH_URL, DNA_FETCH_OK, rows[i].first);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].result.verdict, rows[i].result.code);
        if (ruling.verdict == DNA_PROVEN) {
            assert_int_equal(ruling.expires_at, NOW + rows[i].expires);
            assert_non_null(strstr(w.asked, "fetch " POSH_URL " 5\nfetch " REFERRED " 5\n"));
        }
    }
    cert_free(&self);
    world_fini(&w);
}

static void how_the_fetch_ends(void **state)
{
    static const struct {
        enum dna_fetch_outcome outcome;
        struct result result;
    } rows[] = {
        {DNA_FETCH_ABSENT, {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}},
        {DNA_FETCH_FAILED, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
        {DNA_FETCH_REFUSED, {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED}},
    };
    struct world w;
    struct cert self;
    struct dna_ruling ruling;
    (void)state;
    hosted_init(&w, &self);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_document(&w, POSH_URL, rows[i].outcome, "{}");
        ruling = world_hear(&w);
        expect_ruling("fetch", &ruling, rows[i].result.verdict, rows[i].result.code);
    }
    w.documents[0].silent = true;
    ruling = world_hear(&w);
    expect_ruling("no end", &ruling, DNA_TEMPFAIL, DNA_CODE_TIMEOUT);
    cert_free(&self);
    world_fini(&w);
}

/* The lifetime counts from when each document was fetched, not from now. */
static void expiry_is_the_minimum(void **state)
{
    static const struct {
        const char *what, *expires;
        int64_t obtained, certificate, lives; /* 0: it does not */
    } rows[] = {
        {"expires", "1000", 0, 9 * DAY, 1000},
        {"an old document", "1000", -400, 9 * DAY, 600},
        {"an old document that has ended", "1000", -1000, 9 * DAY, 0},
        {"a document from the future", "1000", 400, 9 * DAY, 1000},
        {"certificate", "1000", 0, 700, 700},
        {"a day at most", "604800", 0, 9 * DAY, DAY},
        {"no TTL floor", "1", 0, 9 * DAY, 1},
    };
    struct world w;
    struct cert self;
    (void)state;
    hosted_init(&w, &self);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cert cert = cert_make(&(struct cert_order){
            .names = "DNS:" HOST, .not_after = NOW + rows[i].certificate});
        const struct cert *one = &cert;
        char text[1000], format[200];
        struct dna_ruling ruling;
        world_present(&w, cert_chain(&one, 1));
        (void)snprintf(format, sizeof format,
                       "{\"fingerprints\":[{\"sha-256\":\"%%1$s\"}],\"expires\":%s}",
                       rows[i].expires);
        write_document(&w, format, text, sizeof text);
        world_document(&w, POSH_URL, DNA_FETCH_OK, text);
        w.documents[0].result.obtained = NOW + rows[i].obtained;
        ruling = world_hear(&w);
        if (rows[i].lives == 0) {
            expect_ruling(rows[i].what, &ruling, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW);
        } else {
            expect_ruling(rows[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
            assert_int_equal(ruling.expires_at, NOW + rows[i].lives);
        }
        cert_free(&cert);
    }
    cert_free(&self);
    world_fini(&w);
}

/* A match replaces path and name, not dates and not the strength of the key (S9). */
static void what_a_match_does_not_replace(void **state)
{
    static const struct {
        const char *what;
        struct cert_order order;
        struct result result;
    } rows[] = {
        {"self-signed", {.names = "DNS:other.example"}, GOOD},
        {"expired", {.not_before = NOW - 3 * DAY, .not_after = NOW - DAY},
         {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"ends now", {.not_before = NOW - 3 * DAY, .not_after = NOW},
         {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"future", {.not_before = NOW + 1}, {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"weak RSA", {.key = "RSA-1024"}, {DNA_FAIL, DNA_CODE_WEAK_KEY}},
        {"odd curve", {.key = "secp256k1"}, {DNA_FAIL, DNA_CODE_WEAK_KEY}},
        {"P-521", {.key = "P-521"}, GOOD},
    };
    struct world w;
    struct cert self;
    (void)state;
    hosted_init(&w, &self);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cert cert = cert_make(&rows[i].order);
        const struct cert *one = &cert;
        char text[1000];
        struct dna_ruling ruling;
        world_present(&w, cert_chain(&one, 1));
        write_document(&w, PRINTS("{\"sha-256\":\"%1$s\"}"), text, sizeof text);
        world_document(&w, POSH_URL, DNA_FETCH_OK, text);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].result.verdict, rows[i].result.code);
        cert_free(&cert);
    }
    cert_free(&self);
    world_fini(&w);
}

static void where_it_asks(void **state)
{
    static const struct {
        const char *domain, *fetch;
        enum dna_service service;
        enum dna_code code;
    } rows[] = {
        {"im.example.com", "fetch https://im.example.com/.well-known/posh/xmpp-server.json 5",
         DNA_XMPP_SERVER, DNA_CODE_NO_MATERIAL},
        {"im.example.com", "fetch https://im.example.com/.well-known/posh/xmpp-client.json 5",
         DNA_XMPP_CLIENT, DNA_CODE_NO_MATERIAL},
        {"xn--bcher-kva.example",
         "fetch https://xn--bcher-kva.example/.well-known/posh/xmpp-server.json 5",
         DNA_XMPP_SERVER, DNA_CODE_NO_MATERIAL},
        {"localhost", NULL, DNA_XMPP_SERVER, DNA_CODE_NO_MATERIAL},
        {"192.0.2.1", NULL, DNA_XMPP_SERVER, DNA_CODE_NAME_MISMATCH},
    };
    struct world w;
    struct cert self;
    (void)state;
    hosted_init(&w, &self);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_ruling ruling;
        w.q.domain = rows[i].domain;
        w.q.service = rows[i].service;
        ruling = world_hear(&w);
        assert_int_equal(ruling.code, rows[i].code);
        assert_true(ruling.verdict != DNA_PROVEN);
        if (rows[i].fetch != NULL) {
            assert_non_null(strstr(w.asked, rows[i].fetch));
        } else {
            assert_null(strstr(w.asked, "fetch"));
        }
    }
    cert_free(&self);
    world_fini(&w);
}

static void a_mismatch_names_both_fingerprints(void **state)
{
    struct world w;
    struct cert self;
    struct dna_ruling ruling;
    char hex[2 * DNA_SHA256_SIZE + 1];
    (void)state;
    hosted_init(&w, &self);
    world_document(&w, POSH_URL, DNA_FETCH_OK, PRINTS("{\"sha-256\":\"" NONE "\"}"));
    ruling = world_hear(&w);
    dna_hex_encode(dna_chain_leaf_digest(w.chain), DNA_SHA256_SIZE, hex);
    assert_non_null(strstr(ruling.why, hex));
    assert_non_null(strstr(ruling.why,
                           "e3f9a081d955c7c037a6f1c0596e6c0fea89c8cb541e0891b8f8d50b8f0dd174"));
    cert_free(&self);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_documents_prove),
        cmocka_unit_test(the_end_entity_alone_counts),
        cmocka_unit_test(references),
        cmocka_unit_test(how_the_fetch_ends),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(what_a_match_does_not_replace),
        cmocka_unit_test(where_it_asks),
        cmocka_unit_test(a_mismatch_names_both_fingerprints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
