/* The prooftype xml-assertion, alone: documents, providers, endpoints, lifetimes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <failing_alloc.h>
#include <world.h>
#include <x509/digest.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_XML_ASSERTION)
#define URL "https://" DOMAIN "/.well-known/xmpp-delegation.xml"
#define NONE "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ="

/* NOW is 2027-01-15T08:00:00Z. */
#define OPEN(domain, dates) \
    "<delegations xmlns='urn:xmpp:dna:delegation:0' domain='" domain "' " dates ">"
#define DATES "issued='2027-01-01T00:00:00Z' expires='2027-01-15T12:00:00Z'"
#define SERVED(providers) \
    OPEN(DOMAIN, DATES) "<service name='xmpp-server'>" providers "</service></delegations>"
#define AT_HOST "<provider host='" HOST "'/>"
#define LIFE 14400 /* until it expires */

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

#define GOOD {DNA_PROVEN, DNA_CODE_OK}
#define BAD {DNA_FAIL, DNA_CODE_BAD_MATERIAL}
#define OTHERS {DNA_FAIL, DNA_CODE_NO_MATCH}

/* A certificate for the host, made by an unknown CA (trusted: by the world's root). */
static void hosted(struct world *w, struct cert *cert, bool trusted, int64_t not_after)
{
    const struct cert *one = cert;
    world_init(w, &(struct cert_order){.names = "DNS:unused.example"});
    *cert = cert_make(&(struct cert_order){.names = "DNS:" HOST,
                                           .issuer = trusted ? &w->root : NULL,
                                           .not_after = not_after});
    world_present(w, cert_chain(&one, 1));
    w->q.policy.prooftypes = ALONE;
}

static void digest_of(struct dna_span bytes, enum dna_hash hash, char *out)
{
    unsigned char digest[DNA_HASH_MAX];
    assert_int_equal(dna_hash(hash, bytes, digest), DNA_OK);
    assert_int_equal(dna_base64_encode(digest, dna_hash_size(hash), out, 100), DNA_OK);
}

/* %1$s, %2$s: SHA-256 and SHA-512 of the certificate; %3$s, %4$s: of its key. */
static void publish(struct world *w, const struct cert *cert, const char *format)
{
    static char text[4000];
    char prints[4][100];
    struct dna_span spki = cert_spki(cert);
    digest_of(cert->der, DNA_HASH_SHA256, prints[0]);
    digest_of(cert->der, DNA_HASH_SHA512, prints[1]);
    digest_of(spki, DNA_HASH_SHA256, prints[2]);
    digest_of(spki, DNA_HASH_SHA512, prints[3]);
    cert_bytes_free(spki);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    (void)snprintf(text, sizeof text, format, prints[0], prints[1], prints[2], prints[3]);
#pragma GCC diagnostic pop
    world_document(w, URL, DNA_FETCH_OK, text);
}

static const struct {
    const char *what, *document;
    struct result result;
} documents[] = {
    {"host", SERVED(AT_HOST), GOOD},
    {"certificate", SERVED("<provider cert='sha-256' value='%1$s'/>"), GOOD},
    {"certificate, sha-512", SERVED("<provider cert='sha-512' value='%2$s'/>"), GOOD},
    {"key", SERVED("<provider spki='sha-256' value='%3$s'/>"), GOOD},
    {"key, sha-512", SERVED("<provider spki='sha-512' value='%4$s'/>"), GOOD},
    {"the key's as the certificate's", SERVED("<provider cert='sha-256' value='%3$s'/>"),
     OTHERS},
    {"the certificate's as the key's", SERVED("<provider spki='sha-256' value='%1$s'/>"),
     OTHERS},
    {"another", SERVED("<provider cert='sha-256' value='" NONE "'/>"), OTHERS},
    {"second of two", SERVED("<provider spki='sha-256' value='" NONE "'/>" AT_HOST), GOOD},
    {"unknown ones beside", SERVED("<provider fax='1'/><provider cert='md5' value='x'/>"
                                   "<x/><provider spki='sha-256' value='%3$s'/>"), GOOD},
    {"unknown ones only", SERVED("<provider cert='md5' value='x'/>"), OTHERS},
    {"another host", SERVED("<provider host='other.example'/>"),
     {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
    {"XML declaration", "<?xml version='1.0' encoding='UTF-8'?>\n" SERVED(AT_HOST), GOOD},
    {"domain in capitals", OPEN("EXAMPLE.com", DATES) "<service name='xmpp-server'>" AT_HOST
     "</service></delegations>", GOOD},
    {"not issued, it says", OPEN(DOMAIN, "expires='2027-01-15T12:00:00Z'")
     "<service name='xmpp-server'>" AT_HOST "</service></delegations>", GOOD},
    {"issued by a clock that is ahead", OPEN(DOMAIN, "issued='2027-01-15T08:05:00Z' "
     "expires='2027-01-15T12:00:00Z'") "<service name='xmpp-server'>" AT_HOST
     "</service></delegations>", GOOD},
    {"issued later", OPEN(DOMAIN, "issued='2027-01-15T08:05:01Z' "
     "expires='2027-01-15T12:00:00Z'") "<service name='xmpp-server'>" AT_HOST
     "</service></delegations>", BAD},
    {"other services", OPEN(DOMAIN, DATES) "<service name='xmpp-client'>" AT_HOST "</service>"
     "<service name='xmpp-client'/><service/></delegations>", BAD},
    {"two services", OPEN(DOMAIN, DATES) "<service name='xmpp-server'>" AT_HOST "</service>"
     "<service name='xmpp-server'/></delegations>", BAD},
    {"nobody serves", SERVED(""), BAD},
    {"wrong domain", OPEN("example.net", DATES) "<service name='xmpp-server'>" AT_HOST
     "</service></delegations>", BAD},
    {"a domain below", OPEN("im.example.com", DATES) "<service name='xmpp-server'>" AT_HOST
     "</service></delegations>", BAD},
    {"expired", OPEN(DOMAIN, "expires='2027-01-15T08:00:00Z'")
     "<service name='xmpp-server'>" AT_HOST "</service></delegations>", BAD},
    {"no end", OPEN(DOMAIN, "") "<service name='xmpp-server'>" AT_HOST
     "</service></delegations>", BAD},
    {"document type", "<!DOCTYPE delegations>" SERVED(AT_HOST), BAD},
    {"entity", SERVED(AT_HOST "&host;"), BAD},
    {"instruction", SERVED(AT_HOST "<?x y?>"), BAD},
    {"comment", SERVED("<!-- -->" AT_HOST), BAD},
    {"another root", "<delegation xmlns='urn:xmpp:dna:delegation:0'/>", BAD},
    {"another namespace", "<delegations domain='" DOMAIN "' " DATES
     "><service name='xmpp-server'>" AT_HOST "</service></delegations>", BAD},
    {"a page", "<html><body>404</body></html>", BAD},
    {"nothing", "", BAD},
};

static void what_documents_prove(void **state)
{
    struct world w;
    struct cert cert;
    (void)state;
    hosted(&w, &cert, true, 0);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        for (int role = 0; role < 2; role++) {
            struct dna_ruling ruling;
            publish(&w, &cert, documents[i].document);
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            ruling = world_hear(&w);
            expect_ruling(documents[i].what, &ruling, documents[i].result.verdict,
                          documents[i].result.code);
            assert_int_equal(ruling.prooftype, DNA_PROOF_XML_ASSERTION);
            assert_false(ruling.veto);
            assert_non_null(strstr(w.asked, "fetch " URL " 0\n"));
            assert_null(strstr(w.asked, "peer"));
            if (ruling.verdict == DNA_PROVEN) {
                assert_int_equal(ruling.expires_at, NOW + LIFE);
            }
        }
    }
    cert_free(&cert);
    world_fini(&w);
}

static void too_long(void **state)
{
    struct world w;
    struct cert cert;
    struct dna_ruling ruling;
    char *text = malloc(65 * 1024 + 1);
    (void)state;
    assert_non_null(text);
    memset(text, ' ', 65 * 1024);
    memcpy(text, SERVED(AT_HOST), sizeof SERVED(AT_HOST) - 1);
    hosted(&w, &cert, true, 0);
    text[65 * 1024] = '\0';
    world_document(&w, URL, DNA_FETCH_OK, text);
    ruling = world_hear(&w);
    expect_ruling("65 KiB", &ruling, DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED);
    text[64 * 1024] = '\0';
    world_document(&w, URL, DNA_FETCH_OK, text);
    ruling = world_hear(&w);
    expect_ruling("64 KiB", &ruling, DNA_PROVEN, DNA_CODE_OK);
    free(text);
    cert_free(&cert);
    world_fini(&w);
}

static void where_we_connected_to(void **state)
{
    static const struct {
        const char *what, *providers, *host;
        uint16_t port;
        struct result result;
    } rows[] = {
        {"there", AT_HOST, HOST, 5269, GOOD},
        {"any port", AT_HOST, HOST, 5270, GOOD},
        {"right port", "<provider host='" HOST "' port='5270'/>", HOST, 5270, GOOD},
        {"wrong port", "<provider host='" HOST "' port='5270'/>", HOST, 5269, OTHERS},
        {"wrong port, then right", "<provider host='" HOST "' port='5270'/>" AT_HOST, HOST,
         5269, GOOD},
        {"elsewhere", AT_HOST, "other.example", 5269, OTHERS},
        {"elsewhere, the certificate not for it", "<provider host='other.example'/>" AT_HOST,
         "other.example", 5269, {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"nowhere in particular", "<provider host='" HOST "' port='5270'/>", NULL, 0, GOOD},
        {"elsewhere, but the key", AT_HOST "<provider spki='sha-256' value='%3$s'/>",
         "other.example", 5269, GOOD},
    };
    struct world w;
    struct cert cert;
    (void)state;
    hosted(&w, &cert, true, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char format[1000];
        struct dna_ruling ruling;
        (void)snprintf(format, sizeof format, "%s%s%s",
                       OPEN(DOMAIN, DATES) "<service name='xmpp-server'>", rows[i].providers,
                       "</service></delegations>");
        publish(&w, &cert, format);
        w.q.role = DNA_INITIATING;
        w.q.host = rows[i].host;
        w.q.port = rows[i].port;
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].result.verdict, rows[i].result.code);
        w.q.role = DNA_RECEIVING; /* there is no port */
        if (strstr(rows[i].providers, HOST) != NULL) {
            ruling = world_hear(&w);
            expect_ruling(rows[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
        }
    }
    cert_free(&cert);
    world_fini(&w);
}

/* A digest stands for path and name, a host for neither; both leave the dates. */
static void certificates(void **state)
{
#define DIGEST SERVED("<provider cert='sha-256' value='%1$s'/>")
    static const struct {
        const char *what, *document;
        bool trusted;
        int64_t not_after;
        struct result result;
    } rows[] = {
        {"digest, no CA", DIGEST, false, NOW + DAY, GOOD},
        {"digest, expired", DIGEST, false, NOW, {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"digest, expired, CA", DIGEST, true, NOW, {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"host, no CA", SERVED(AT_HOST), false, NOW + DAY, {DNA_FAIL, DNA_CODE_UNTRUSTED}},
        {"host, expired", SERVED(AT_HOST), true, NOW, {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct cert cert;
        struct dna_ruling ruling;
        hosted(&w, &cert, rows[i].trusted, rows[i].not_after);
        publish(&w, &cert, rows[i].document);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].result.verdict, rows[i].result.code);
        cert_free(&cert);
        world_fini(&w);
    }
}

static void expiry_is_the_minimum(void **state)
{
    static const struct {
        const char *what, *expires;
        int64_t certificate, web, lives; /* 0: it does not */
        bool digest;
    } rows[] = {
        {"the document", "2027-01-15T09:00:00Z", 9 * DAY, 9 * DAY, 3600, false},
        {"the certificate", "2027-01-16T00:00:00Z", 700, 9 * DAY, 700, false},
        {"the certificate with the digest", "2027-01-16T00:00:00Z", 700, 9 * DAY, 700, true},
        {"the web server's", "2027-01-16T00:00:00Z", 9 * DAY, 800, 800, false},
        {"the web server's has ended", "2027-01-16T00:00:00Z", 9 * DAY, -1, 0, false},
        {"the web server's is not known", "2027-01-16T00:00:00Z", 9 * DAY, -NOW, 0, false},
        {"a day at most", "2027-01-17T00:00:00Z", 9 * DAY, 9 * DAY, DAY, false},
        {"far future", "9999-12-31T23:59:59Z", 9 * DAY, 9 * DAY, DAY, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct cert cert;
        char format[1000];
        struct dna_ruling ruling;
        hosted(&w, &cert, true, NOW + rows[i].certificate);
        (void)snprintf(format, sizeof format, "%s expires='%s'><service name='xmpp-server'>%s",
                       "<delegations xmlns='urn:xmpp:dna:delegation:0' domain='" DOMAIN "'",
                       rows[i].expires,
                       rows[i].digest ? "<provider cert='sha-256' value='%1$s'/>"
                                        "</service></delegations>"
                                      : AT_HOST "</service></delegations>");
        publish(&w, &cert, format);
        w.documents[0].result.certificate_ends = NOW + rows[i].web;
        ruling = world_hear(&w);
        if (rows[i].lives == 0) {
            expect_ruling(rows[i].what, &ruling, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW);
        } else {
            expect_ruling(rows[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
            assert_int_equal(ruling.expires_at, NOW + rows[i].lives);
        }
        cert_free(&cert);
        world_fini(&w);
    }
}

/* A redirect, a certificate for another name and a status other than 200 are failures. */
static void how_the_fetch_ends(void **state)
{
    static const struct {
        enum dna_fetch_outcome outcome;
        const char *media_type;
        struct result result;
    } rows[] = {
        {DNA_FETCH_ABSENT, NULL, {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}},
        {DNA_FETCH_FAILED, NULL, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
        {DNA_FETCH_REFUSED, NULL, {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED}},
        {DNA_FETCH_OK, NULL, GOOD},
        {DNA_FETCH_OK, "application/xml", GOOD},
        {DNA_FETCH_OK, "Application/XML; charset=UTF-8", GOOD},
        {DNA_FETCH_OK, "text/xml ;charset=utf-8", GOOD},
        {DNA_FETCH_OK, "text/xml-external-parsed-entity", BAD},
        {DNA_FETCH_OK, "text/html", BAD},
        {DNA_FETCH_OK, "application/octet-stream", BAD},
    };
    struct world w;
    struct cert cert;
    struct dna_ruling ruling;
    (void)state;
    hosted(&w, &cert, true, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_document(&w, URL, rows[i].outcome, SERVED(AT_HOST));
        w.documents[0].result.media_type = rows[i].media_type;
        ruling = world_hear(&w);
        expect_ruling(rows[i].media_type != NULL ? rows[i].media_type : "fetch", &ruling,
                      rows[i].result.verdict, rows[i].result.code);
    }
    w.documents[0].silent = true;
    ruling = world_hear(&w);
    expect_ruling("no end", &ruling, DNA_TEMPFAIL, DNA_CODE_TIMEOUT);
    cert_free(&cert);
    world_fini(&w);
}

static unsigned peer_first(const struct dna_want *want)
{
    return want->kind == DNA_WANT_PEER ? 0 : 1;
}

/* Once another prooftype has challenged the peer, it may answer with this one. */
static void what_the_peer_may_supply(void **state)
{
    static const struct {
        const char *content;
        struct result result;
    } rows[] = {
        {"", GOOD},
        {URL, GOOD},
        {"http://" DOMAIN "/.well-known/xmpp-delegation.xml", BAD},
        {"https://" DOMAIN "/.well-known/xmpp-delegation.xml?x", BAD},
        {"https://" HOST "/.well-known/xmpp-delegation.xml", BAD},
        {SERVED(AT_HOST), BAD},
    };
    struct world w;
    struct cert cert;
    (void)state;
    hosted(&w, &cert, true, 0);
    w.q.policy.prooftypes = ALONE | DNA_PROOF_BIT(DNA_PROOF_DNSSEC_TA);
    w.rank = peer_first;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_ruling ruling;
        world_document(&w, URL, DNA_FETCH_OK, SERVED(AT_HOST));
        w.peer.outcome = DNA_PEER_PROOF;
        w.peer.type = DNA_PROOF_XML_ASSERTION;
        w.peer.content = dna_span_of(rows[i].content);
        (void)world_hear(&w);
        assert_non_null(strstr(w.asked, "peer "));
        assert_true(dna_court_prover_ruling(w.court, DNA_PROOF_XML_ASSERTION, &ruling));
        expect_ruling(rows[i].content, &ruling, rows[i].result.verdict, rows[i].result.code);
    }
    cert_free(&cert);
    world_fini(&w);
}

static void no_web_host(void **state)
{
    struct world w;
    struct cert cert;
    struct dna_ruling ruling;
    (void)state;
    hosted(&w, &cert, true, 0);
    w.q.domain = "localhost";
    ruling = world_hear(&w);
    expect_ruling("one label", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
    assert_null(strstr(w.asked, "fetch"));
    cert_free(&cert);
    world_fini(&w);
}

/* S1: only where a policy names it, and never where DNSSEC is asked for. */
static void off_by_default(void **state)
{
    struct world w;
    struct cert cert;
    struct dna_ruling ruling;
    (void)state;
    hosted(&w, &cert, true, 0);
    world_document(&w, URL, DNA_FETCH_OK, SERVED(AT_HOST));
    w.q.policy = dna_policy_default();
    ruling = world_hear(&w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    assert_null(strstr(w.asked, URL));
    w.q.policy.prooftypes = ALONE;
    w.q.policy.level = DNA_LEVEL_STRONG;
    ruling = world_hear(&w);
    expect_ruling("strong", &ruling, DNA_FAIL, DNA_CODE_POLICY);
    cert_free(&cert);
    world_fini(&w);
}

/* S10, S11: it rests on no SRV record, but bars it. */
static void under_a_veto(void **state)
{
    struct world w;
    struct cert cert;
    struct dna_ruling ruling;
    (void)state;
    hosted(&w, &cert, true, 0);
    world_document(&w, URL, DNA_FETCH_OK, SERVED(AT_HOST));
    (void)world_srv(&w, PLAIN, BOGUS, HOST, 5269);
    ruling = world_hear(&w);
    expect_ruling("bogus", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
    assert_null(strstr(w.asked, URL));
    (void)world_srv(&w, PLAIN, SILENT, HOST, 5269);
    ruling = world_hear(&w);
    expect_ruling("silent", &ruling, DNA_PROVEN, DNA_CODE_OK);
    cert_free(&cert);
    world_fini(&w);
}

static void without_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct world w;
        struct cert cert;
        struct dna_ruling ruling;
        hosted(&w, &cert, true, 0);
        publish(&w, &cert, SERVED("<provider cert='sha-256' value='" NONE "'/>" AT_HOST));
        w.alloc = failing_alloc_init(&f, n);
        ruling = world_hear(&w);
        expect_ruling("in the end", &ruling, DNA_PROVEN, DNA_CODE_OK);
        done = !f.failed;
        dna_court_free(w.court);
        w.court = NULL;
        assert_int_equal(f.outstanding, 0);
        cert_free(&cert);
        world_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_documents_prove),
        cmocka_unit_test(too_long),
        cmocka_unit_test(where_we_connected_to),
        cmocka_unit_test(certificates),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(how_the_fetch_ends),
        cmocka_unit_test(what_the_peer_may_supply),
        cmocka_unit_test(no_web_host),
        cmocka_unit_test(off_by_default),
        cmocka_unit_test(under_a_veto),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
