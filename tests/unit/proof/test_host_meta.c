/* The prooftype host-meta, alone: pins, names, links, lifetimes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <failing_alloc.h>
#include <world.h>
#include <x509/digest.h>
#include <x509/spki.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_HOST_META)
#define URL "https://" DOMAIN "/.well-known/host-meta.json"
#define NONE "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ="
#define IP "192.0.2.10"
#define IP6 "2001:db8::10"

#define LINK(rel, place, sni) \
    "{\"rel\":\"urn:xmpp:alt-connections:" rel "\"," place ",\"sni\":\"" sni \
    "\",\"ips\":[\"" IP "\",\"" IP6 "\"],\"priority\":1,\"weight\":1}"
#define TLS_LINK(sni) LINK("s2s-tls", "\"port\":443", sni)
#define CLIENT_LINK LINK("tls", "\"port\":443", "chat.example.net")
#define META(ttl, pins, links) \
    "{\"xmpp\":{\"ttl\":" ttl ",\"public-key-pins-sha-256\":[" pins "]},\"links\":[" links "]}"
#define SNI "sni.example.net"
#define USUAL_META META("3000", "", TLS_LINK(SNI))

static void begin(struct world *w, const struct cert_order *order)
{
    world_init(w, order);
    w->q.policy.prooftypes = ALONE;
}

/* We connected by SRV, and that led to an address of the link. */
static void connect_to(struct world *w, const char *address, uint16_t port)
{
    w->q.role = DNA_INITIATING;
    w->q.host = HOST;
    w->q.port = port;
    w->q.address = address;
}

static void pin_text(struct dna_span spki, char out[60])
{
    unsigned char digest[DNA_HASH_MAX];
    assert_int_equal(dna_hash(DNA_HASH_SHA256, spki, digest), DNA_OK);
    assert_int_equal(dna_base64_encode(digest, DNA_SHA256_SIZE, out, 60), DNA_OK);
}

static void pin_of(const struct cert *cert, char out[60])
{
    struct dna_span spki = cert_spki(cert);
    pin_text(spki, out);
    cert_bytes_free(spki);
}

/* The leaf's pin behind another one's. */
static void publish_pin(struct world *w, const char *pin, char *text, size_t room)
{
    (void)snprintf(text, room, META("3000", "\"" NONE "\",\"%s\"", TLS_LINK(SNI)), pin);
    world_document(w, URL, DNA_FETCH_OK, text);
}

/* Of whatever kind, trusted or not, in either role. */
static void a_pin_of_the_end_entitys_key(void **state)
{
    static const char *const keys[] = {"RSA-2048", "RSA-3072", "P-256", "P-384", "ED25519",
                                       "ED448"};
    struct world w;
    char text[1000], pin[60];
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:unused.example"});
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct cert cert = cert_make(&(struct cert_order){.key = keys[i]});
        const struct cert *one = &cert;
        struct dna_ruling ruling;
        world_present(&w, cert_chain(&one, 1));
        pin_of(&cert, pin);
        publish_pin(&w, pin, text, sizeof text);
        for (int role = 0; role < 2; role++) {
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            ruling = world_hear(&w);
            expect_ruling(keys[i], &ruling, DNA_PROVEN, DNA_CODE_OK);
            assert_int_equal(ruling.prooftype, DNA_PROOF_HOST_META);
            assert_non_null(strstr(w.asked, "fetch " URL " 3\n"));
        }
        publish_pin(&w, NONE, text, sizeof text);
        ruling = world_hear(&w);
        expect_ruling(keys[i], &ruling, DNA_FAIL, DNA_CODE_NO_MATCH);
        cert_free(&cert);
    }
    world_fini(&w);
}

/* The digest is over the key alone: not over the certificate, and not over a CA's. */
static void what_is_no_pin(void **state)
{
    struct world w;
    struct cert ca, leaf;
    const struct cert *chain[2] = {&leaf, &ca};
    char text[1000], pin[60];
    struct dna_ruling ruling;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:unused.example"});
    ca = cert_make(&(struct cert_order){.subject = "ca", .ca = true});
    leaf = cert_make(&(struct cert_order){.names = "DNS:" HOST, .issuer = &ca});
    world_present(&w, cert_chain(chain, 2));
    pin_of(&ca, pin);
    publish_pin(&w, pin, text, sizeof text);
    ruling = world_hear(&w);
    expect_ruling("the issuer's", &ruling, DNA_FAIL, DNA_CODE_NO_MATCH);
    pin_text(leaf.der, pin);
    publish_pin(&w, pin, text, sizeof text);
    ruling = world_hear(&w);
    expect_ruling("the certificate's", &ruling, DNA_FAIL, DNA_CODE_NO_MATCH);
    pin_of(&leaf, pin);
    publish_pin(&w, pin, text, sizeof text);
    ruling = world_hear(&w);
    expect_ruling("the leaf's", &ruling, DNA_PROVEN, DNA_CODE_OK);
    cert_free(&leaf);
    cert_free(&ca);
    world_fini(&w);
}

/* Under a trusted CA, too: a pin of the CA's key adds nothing. */
static void a_pin_of_a_trusted_issuer(void **state)
{
    struct world w;
    char text[1000], pin[60];
    struct dna_ruling ruling;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" HOST});
    pin_of(&w.root, pin);
    publish_pin(&w, pin, text, sizeof text);
    ruling = world_hear(&w);
    expect_ruling("the root's", &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    world_fini(&w);
}

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

#define GOOD {DNA_PROVEN, DNA_CODE_OK}
#define BAD {DNA_FAIL, DNA_CODE_BAD_MATERIAL}
#define MISNAMED {DNA_FAIL, DNA_CODE_NAME_MISMATCH}
#define NOTHING {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}

/* S9, and dates: what no pin stands for. */
static void what_a_pin_does_not_replace(void **state)
{
    static const struct {
        const char *what;
        struct cert_order order;
        struct result result;
    } rows[] = {
        {"expired", {.not_before = NOW - 3 * DAY, .not_after = NOW - DAY},
         {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"ends now", {.not_before = NOW - 3 * DAY, .not_after = NOW},
         {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"future", {.not_before = NOW + 1}, {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"weak RSA", {.key = "RSA-1024"}, {DNA_FAIL, DNA_CODE_WEAK_KEY}},
        {"odd curve", {.key = "secp256k1"}, {DNA_FAIL, DNA_CODE_WEAK_KEY}},
        {"good", {.names = "DNS:other.example"}, GOOD},
    };
    struct world w;
    char text[1000], pin[60];
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:unused.example"});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cert cert = cert_make(&rows[i].order);
        const struct cert *one = &cert;
        struct dna_ruling ruling;
        world_present(&w, cert_chain(&one, 1));
        pin_of(&cert, pin);
        publish_pin(&w, pin, text, sizeof text);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].result.verdict, rows[i].result.code);
        cert_free(&cert);
    }
    world_fini(&w);
}

/* What a CA may say.  out: we are connected to an address of the usual link. */
static const struct {
    const char *what, *names, *document;
    struct result out, in;
} rows[] = {
    {"the domain", "DNS:" DOMAIN, USUAL_META, GOOD, GOOD},
    {"the domain's account", "otherName:1.3.6.1.5.5.7.8.5;UTF8:" DOMAIN, USUAL_META, GOOD,
     GOOD},
    {"the domain's service", "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server." DOMAIN,
     USUAL_META, GOOD, GOOD},
    {"the name of the link", "DNS:" SNI, USUAL_META, GOOD, GOOD},
    {"a wildcard for it", "DNS:*.example.net", USUAL_META, GOOD, GOOD},
    {"the link's account", "otherName:1.3.6.1.5.5.7.8.5;UTF8:" SNI, USUAL_META, MISNAMED,
     MISNAMED},
    {"some other name", "DNS:" HOST, USUAL_META, MISNAMED, MISNAMED},
    {"the name of another link", "DNS:other.example.net",
     META("3000", "",
          TLS_LINK(SNI) "," LINK("s2s-tls", "\"port\":5270", "other.example.net")),
     MISNAMED, GOOD},
    {"the second link of the same place", "DNS:other.example.net",
     META("3000", "", TLS_LINK(SNI) "," TLS_LINK("other.example.net")), GOOD, GOOD},
    {"a QUIC link", "DNS:" SNI,
     META("3000", "", LINK("s2s-quic", "\"port\":443", SNI)), MISNAMED, GOOD},
    {"a WebSocket link", "DNS:" SNI,
     META("3000", "", LINK("s2s-websocket", "\"href\":\"wss://h/\"", SNI)), MISNAMED, GOOD},
    {"a client's link", "DNS:chat.example.net",
     META("3000", "", TLS_LINK(SNI) "," CLIENT_LINK), MISNAMED, MISNAMED},
    {"beside links that are none", "DNS:" SNI,
     META("3000", "", "{},null,{\"rel\":\"lrdd\"}," TLS_LINK(SNI)), GOOD, GOOD},
    {"junk as ech", "DNS:" SNI,
     META("3000", "", LINK("s2s-tls", "\"ech\":\"!\",\"port\":443", SNI)), GOOD, GOOD},
    {"bad pins", "DNS:" SNI, META("3000", "7,\"x\"", TLS_LINK(SNI)), GOOD, GOOD},
    {"links without addresses", "DNS:" SNI,
     META("3000", "", "{\"rel\":\"urn:xmpp:alt-connections:s2s-tls\",\"port\":443,\"sni\":\""
          SNI "\",\"priority\":1,\"weight\":1}"), NOTHING, NOTHING},
    {"private addresses", "DNS:" SNI,
     META("3000", "", "{\"rel\":\"urn:xmpp:alt-connections:s2s-tls\",\"port\":443,\"sni\":\""
          SNI "\",\"ips\":[\"10.0.0.1\"],\"priority\":1,\"weight\":1}"), MISNAMED, GOOD},
    {"nothing for servers (S8)", "DNS:" DOMAIN, META("3000", "", CLIENT_LINK), NOTHING,
     NOTHING},
    {"no links", "DNS:" DOMAIN, META("3000", "", ""), NOTHING, NOTHING},
    {"no xmpp", "DNS:" DOMAIN, "{\"links\":[" TLS_LINK(SNI) "]}", NOTHING, NOTHING},
    {"no ttl", "DNS:" DOMAIN, "{\"xmpp\":{},\"links\":[" TLS_LINK(SNI) "]}", BAD, BAD},
    {"ttl 0", "DNS:" DOMAIN, META("0", "", TLS_LINK(SNI)), BAD, BAD},
    {"ttl a string", "DNS:" DOMAIN, META("\"3000\"", "", TLS_LINK(SNI)), BAD, BAD},
    {"ttl beyond everything", "DNS:" DOMAIN, META("9223372036854775808", "", TLS_LINK(SNI)),
     BAD, BAD},
    {"links no array", "DNS:" DOMAIN, "{\"xmpp\":{\"ttl\":3000},\"links\":{}}", BAD, BAD},
    {"the XML form", "DNS:" DOMAIN, "<?xml version='1.0'?><XRD/>", BAD, BAD},
    {"no body", "DNS:" DOMAIN, "", BAD, BAD},
};

static void what_a_ca_may_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w, &(struct cert_order){.names = rows[i].names});
        world_document(&w, URL, DNA_FETCH_OK, rows[i].document);
        for (int role = 0; role < 2; role++) {
            const struct result *result = role == 0 ? &rows[i].out : &rows[i].in;
            struct dna_ruling ruling;
            connect_to(&w, IP, 443);
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            ruling = world_hear(&w);
            expect_ruling(rows[i].what, &ruling, result->verdict, result->code);
        }
        world_fini(&w);
    }
}

/* S8: a pin that was meant for clients admits no server. */
static void a_pin_without_links_between_servers(void **state)
{
    struct world w;
    char text[1000], pin[60];
    struct dna_ruling ruling;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" HOST});
    pin_of(&w.leaf, pin);
    (void)snprintf(text, sizeof text, META("3000", "\"%s\"", CLIENT_LINK), pin);
    world_document(&w, URL, DNA_FETCH_OK, text);
    ruling = world_hear(&w);
    expect_ruling("a client's pin", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
    world_fini(&w);
}

/* A link's name counts only for who is at one of its addresses. */
static void which_link_is_used(void **state)
{
    static const struct {
        const char *address;
        uint16_t port;
        bool host, proven;
    } places[] = {
        {IP, 443, true, true},
        {IP6, 443, true, true},
        {"2001:DB8:0::10", 443, true, true},
        {"192.0.2.11", 443, true, false},
        {"2001:db8::11", 443, true, false},
        {IP, 5269, true, false},
        {"", 443, true, false},
        {NULL, 443, true, false},
        {IP, 443, false, false},
    };
    struct world w;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" SNI});
    world_document(&w, URL, DNA_FETCH_OK, USUAL_META);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct dna_ruling ruling;
        connect_to(&w, places[i].address, places[i].port);
        w.q.host = places[i].host ? HOST : NULL;
        ruling = world_hear(&w);
        expect_ruling(places[i].address != NULL ? places[i].address : "(none)", &ruling,
                      places[i].proven ? DNA_PROVEN : DNA_FAIL,
                      places[i].proven ? DNA_CODE_OK : DNA_CODE_NAME_MISMATCH);
    }
    world_fini(&w);
}

static void names_need_a_trusted_path(void **state)
{
    struct world w;
    struct cert self;
    const struct cert *one = &self;
    struct dna_ruling ruling;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:unused.example"});
    self = cert_make(&(struct cert_order){.names = "DNS:" DOMAIN ",DNS:" SNI});
    world_present(&w, cert_chain(&one, 1));
    world_document(&w, URL, DNA_FETCH_OK, USUAL_META);
    ruling = world_hear(&w);
    expect_ruling("self-signed", &ruling, DNA_FAIL, DNA_CODE_UNTRUSTED);
    cert_free(&self);
    world_fini(&w);
}

static void how_the_fetch_ends(void **state)
{
    static const struct {
        enum dna_fetch_outcome outcome;
        struct result result;
    } ends[] = {
        {DNA_FETCH_ABSENT, NOTHING},
        {DNA_FETCH_FAILED, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
        {DNA_FETCH_REFUSED, {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED}},
    };
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        world_document(&w, URL, ends[i].outcome, USUAL_META);
        ruling = world_hear(&w);
        expect_ruling("fetch", &ruling, ends[i].result.verdict, ends[i].result.code);
    }
    w.documents[0].silent = true;
    ruling = world_hear(&w);
    expect_ruling("no end", &ruling, DNA_TEMPFAIL, DNA_CODE_TIMEOUT);
    world_fini(&w);
}

/* Counted from when the document was fetched; a stale one is of no use, whatever became of
 * the attempt to fetch it again. */
static void expiry_is_the_minimum(void **state)
{
    static const struct {
        const char *what, *ttl;
        int64_t obtained, certificate, lives; /* 0: it does not */
    } lives[] = {
        {"ttl", "3000", 0, 9 * DAY, 3000},
        {"clamped from below", "1", 0, 9 * DAY, 60},
        {"more than 16 bits", "65537", 0, 9 * DAY, 65537},
        {"an old document", "3000", -400, 9 * DAY, 2600},
        {"a stale document", "3000", -3000, 9 * DAY, 0},
        {"a document from the future", "3000", 400, 9 * DAY, 3000},
        {"certificate", "3000", 0, 700, 700},
        {"a day at most", "9223372036854775807", 0, 9 * DAY, DAY},
    };
    struct world w;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:unused.example"});
    for (size_t i = 0; i < 2 * (sizeof lives / sizeof *lives); i++) {
        size_t row = i / 2;
        bool pinned = i % 2 == 0;
        struct cert cert = cert_make(&(struct cert_order){
            .names = "DNS:" DOMAIN, .issuer = pinned ? NULL : &w.root,
            .not_after = NOW + lives[row].certificate});
        const struct cert *one = &cert;
        char text[1000], pin[60] = NONE;
        struct dna_ruling ruling;
        world_present(&w, cert_chain(&one, 1));
        if (pinned) {
            pin_of(&cert, pin);
        }
        (void)snprintf(text, sizeof text, META("%s", "\"%s\"", TLS_LINK(SNI)), lives[row].ttl,
                       pin);
        world_document(&w, URL, DNA_FETCH_OK, text);
        w.documents[0].result.obtained = NOW + lives[row].obtained;
        ruling = world_hear(&w);
        if (lives[row].lives == 0) {
            expect_ruling(lives[row].what, &ruling, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW);
        } else {
            expect_ruling(lives[row].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
            if (ruling.expires_at != NOW + lives[row].lives) {
                fail_msg("%s: lives %lld s", lives[row].what,
                         (long long)(ruling.expires_at - NOW));
            }
        }
        cert_free(&cert);
    }
    world_fini(&w);
}

static void where_it_asks(void **state)
{
    static const struct {
        const char *domain, *fetch;
        enum dna_service service;
    } asks[] = {
        {"im.example.com", "fetch https://im.example.com/.well-known/host-meta.json 3",
         DNA_XMPP_SERVER},
        {"im.example.com", NULL, DNA_XMPP_CLIENT},
        {"localhost", NULL, DNA_XMPP_SERVER},
    };
    struct world w;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:unused.example"});
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct dna_ruling ruling;
        w.q.domain = asks[i].domain;
        w.q.service = asks[i].service;
        ruling = world_hear(&w);
        expect_ruling(asks[i].domain, &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
        if (asks[i].fetch != NULL) {
            assert_non_null(strstr(w.asked, asks[i].fetch));
        } else {
            assert_null(strstr(w.asked, "fetch"));
        }
    }
    world_fini(&w);
}

/* S1. */
static void it_is_off_by_default_and_never_strong(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" SNI});
    world_document(&w, URL, DNA_FETCH_OK, USUAL_META);
    w.q.policy = dna_policy_default();
    ruling = world_hear(&w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    assert_null(strstr(w.asked, "host-meta"));
    w.q.policy.prooftypes |= ALONE;
    ruling = world_hear(&w);
    expect_ruling("admitted", &ruling, DNA_PROVEN, DNA_CODE_OK);
    w.q.policy.level = DNA_LEVEL_STRONG;
    ruling = world_hear(&w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    world_fini(&w);
}

static void what_the_dns_bars(void **state)
{
    static const enum says says[] = {BOGUS, FAILED, SILENT, RECORDS, INSECURE};
    struct world w;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" DOMAIN});
    world_document(&w, URL, DNA_FETCH_OK, USUAL_META);
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        struct dna_ruling ruling;
        (void)world_srv(&w, PLAIN, says[i], HOST, 5269);
        ruling = world_hear(&w);
        if (says[i] == BOGUS) {
            expect_ruling("bogus", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
        } else {
            expect_ruling(says_names[says[i]], &ruling, DNA_PROVEN, DNA_CODE_OK);
        }
    }
    world_fini(&w);
}

static void survives_lack_of_memory(void **state)
{
    struct world w;
    bool done = false;
    (void)state;
    begin(&w, &(struct cert_order){.names = "DNS:" SNI});
    connect_to(&w, IP, 443);
    world_document(&w, URL, DNA_FETCH_OK, META("3000", "\"" NONE "\"", TLS_LINK(SNI)));
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_ruling ruling;
        w.alloc = failing_alloc_init(&f, n);
        ruling = world_hear(&w);
        expect_ruling("in the end", &ruling, DNA_PROVEN, DNA_CODE_OK);
        dna_court_free(w.court);
        w.court = NULL;
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_of_the_end_entitys_key),
        cmocka_unit_test(what_is_no_pin),
        cmocka_unit_test(a_pin_of_a_trusted_issuer),
        cmocka_unit_test(what_a_pin_does_not_replace),
        cmocka_unit_test(what_a_ca_may_say),
        cmocka_unit_test(a_pin_without_links_between_servers),
        cmocka_unit_test(which_link_is_used),
        cmocka_unit_test(names_need_a_trusted_path),
        cmocka_unit_test(how_the_fetch_ends),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(where_it_asks),
        cmocka_unit_test(it_is_off_by_default_and_never_strong),
        cmocka_unit_test(what_the_dns_bars),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
