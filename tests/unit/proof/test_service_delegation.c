/* The prooftype service-delegation, alone: documents, places, names, lifetimes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <world.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_SERVICE_DELEGATION)
#define URL "https://" DOMAIN "/.well-known/service/xmpp-server"
#define OLD_URL "https://www." DOMAIN "/.well-known/services/xmpp/"
#define PLACE "{\"host\":\"" HOST "\"}"

/* We connected to HOST at 5269, whose certificate is this. */
static void begin(struct world *w, const char *names)
{
    world_init(w, &(struct cert_order){.names = names});
    w->q.policy.prooftypes = ALONE;
    w->q.role = DNA_INITIATING;
    w->q.host = HOST;
    w->q.port = 5269;
}

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

#define GOOD {DNA_PROVEN, DNA_CODE_OK}
#define BAD {DNA_FAIL, DNA_CODE_BAD_MATERIAL}
#define ELSEWHERE {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}
#define MISNAMED {DNA_FAIL, DNA_CODE_NAME_MISMATCH}

/* For the peer that we connected to, and for one that connected to us. */
static const struct {
    const char *what, *names, *document;
    struct result out, in;
} rows[] = {
#define ITS "DNS:" HOST
    {"one object", ITS, "[" PLACE "]", GOOD, GOOD},
    {"two objects", ITS, "[{\"host\":\"a.example\"}," PLACE "]", GOOD, GOOD},
    {"everything said", ITS,
     "[{\"host\":\"" HOST "\",\"port\":5269,\"domain\":\"" HOST "\",\"priority\":10,"
     "\"weight\":0,\"tls\":\"starttls\",\"expires\":86400}]", GOOD, GOOD},
    {"another spelling", ITS, "[{\"host\":\"XMPP.Host.Example.\"}]", GOOD, GOOD},
    {"beside a skipped one", ITS, "[{\"port\":5269}," PLACE "]", GOOD, GOOD},
    {"the domain of the certificate", "DNS:example.net",
     "[{\"host\":\"" HOST "\",\"domain\":\"example.net\"}]", GOOD, GOOD},
    {"the delegating domain itself", "DNS:" DOMAIN,
     "[{\"host\":\"" HOST "\",\"domain\":\"" DOMAIN "\"}]", GOOD, GOOD},
    {"a SRV-ID of it", "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server." HOST, "[" PLACE "]",
     GOOD, GOOD},
    {"a SRV-ID of another service", "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-client." HOST,
     "[" PLACE "]", MISNAMED, MISNAMED},
    {"an account of it", "otherName:1.3.6.1.5.5.7.8.5;UTF8:" HOST, "[" PLACE "]", MISNAMED,
     MISNAMED},
    {"a wildcard", "DNS:*.host.example", "[" PLACE "]", GOOD, GOOD},
    {"a wildcard above", "DNS:*.example", "[" PLACE "]", MISNAMED, MISNAMED},
    {"a wildcard beside", "DNS:*." HOST, "[" PLACE "]", MISNAMED, MISNAMED},
    {"the host, where the domain differs", ITS,
     "[{\"host\":\"" HOST "\",\"domain\":\"example.net\"}]", MISNAMED, MISNAMED},
    {"another host", ITS, "[{\"host\":\"a.example\"}]", ELSEWHERE, MISNAMED},
    {"the name of another host's", ITS, "[{\"host\":\"a.example\",\"domain\":\"" HOST "\"}]",
     ELSEWHERE, GOOD},
    {"another port", ITS, "[{\"host\":\"" HOST "\",\"port\":5270}]", ELSEWHERE, GOOD},
    {"the name at another port", ITS,
     "[{\"host\":\"" HOST "\",\"domain\":\"example.net\"},{\"host\":\"" HOST
     "\",\"port\":5270}]", MISNAMED, GOOD},
    {"the same place under two names", ITS,
     "[{\"host\":\"" HOST "\",\"domain\":\"example.net\"}," PLACE "]", GOOD, GOOD},
    {"empty", ITS, "[]", {DNA_FAIL, DNA_CODE_NO_DELEGATION},
     {DNA_FAIL, DNA_CODE_NO_DELEGATION}},
    {"nothing that can be used", ITS, "[{\"port\":5269}]", BAD, BAD},
    {"a bad port", ITS, "[{\"host\":\"" HOST "\",\"port\":0}]", BAD, BAD},
    {"an object alone", ITS, PLACE, BAD, BAD},
    {"members twice", ITS, "[{\"host\":\"a.example\",\"host\":\"" HOST "\"}]", BAD, BAD},
    {"no JSON", ITS, "<html></html>", BAD, BAD},
    {"no body", ITS, "", BAD, BAD},
};

static void who_is_delegated_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        begin(&w, rows[i].names);
        world_document(&w, URL, DNA_FETCH_OK, rows[i].document);
        for (int role = 0; role < 2; role++) {
            const struct result *result = role == 0 ? &rows[i].out : &rows[i].in;
            struct dna_ruling ruling;
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            ruling = world_hear(&w);
            expect_ruling(rows[i].what, &ruling, result->verdict, result->code);
            assert_int_equal(ruling.prooftype, DNA_PROOF_SERVICE_DELEGATION);
            assert_non_null(strstr(w.asked, "fetch " URL " 0\n")); /* no redirects */
        }
        world_fini(&w);
    }
}

/* A static route, or a domain added to a stream, leads nowhere of its own. */
static void without_an_endpoint_any_place_will_do(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    begin(&w, "DNS:" HOST);
    w.q.host = NULL;
    w.q.port = 0;
    world_document(&w, URL, DNA_FETCH_OK, "[{\"host\":\"" HOST "\",\"port\":5270}]");
    ruling = world_hear(&w);
    expect_ruling("any place", &ruling, DNA_PROVEN, DNA_CODE_OK);
    world_document(&w, URL, DNA_FETCH_OK, "[{\"host\":\"a.example\"}]");
    ruling = world_hear(&w);
    expect_ruling("no place of its", &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    world_fini(&w);
}

/* The document stands for the SRV record, not for the CA. */
static void what_it_does_not_replace(void **state)
{
    static const struct {
        const char *what;
        struct cert_order order;
        struct result result;
    } orders[] = {
        {"self-signed", {.names = "DNS:" HOST}, {DNA_FAIL, DNA_CODE_UNTRUSTED}},
        {"expired",
         {.not_before = NOW - 3 * DAY, .not_after = NOW - DAY, .names = "DNS:" HOST},
         {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"future", {.not_before = NOW + 1, .names = "DNS:" HOST},
         {DNA_FAIL, DNA_CODE_NOT_VALID_NOW}},
        {"weak", {.key = "RSA-1024", .names = "DNS:" HOST}, {DNA_FAIL, DNA_CODE_WEAK_KEY}},
        {"for mail", {.usage = "emailProtection", .names = "DNS:" HOST},
         {DNA_FAIL, DNA_CODE_UNTRUSTED}},
        {"good", {.names = "DNS:" HOST}, GOOD},
    };
    struct world w;
    (void)state;
    begin(&w, "DNS:unused.example");
    world_document(&w, URL, DNA_FETCH_OK, "[" PLACE "]");
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct cert_order order = orders[i].order;
        struct cert cert;
        const struct cert *one = &cert;
        struct dna_ruling ruling;
        order.issuer = i == 0 ? NULL : &w.root;
        cert = cert_make(&order);
        world_present(&w, cert_chain(&one, 1));
        ruling = world_hear(&w);
        expect_ruling(orders[i].what, &ruling, orders[i].result.verdict,
                      orders[i].result.code);
        cert_free(&cert);
    }
    world_fini(&w);
}

static void how_the_fetch_ends(void **state)
{
    static const struct {
        enum dna_fetch_outcome outcome;
        struct result result;
    } ends[] = {
        {DNA_FETCH_ABSENT, {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}},
        {DNA_FETCH_FAILED, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
        {DNA_FETCH_REFUSED, {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED}},
    };
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    begin(&w, "DNS:" HOST);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        world_document(&w, URL, ends[i].outcome, "[" PLACE "]");
        ruling = world_hear(&w);
        expect_ruling("fetch", &ruling, ends[i].result.verdict, ends[i].result.code);
    }
    w.documents[0].silent = true;
    ruling = world_hear(&w);
    expect_ruling("no end", &ruling, DNA_TEMPFAIL, DNA_CODE_TIMEOUT);
    world_fini(&w);
}

static void the_old_place(void **state)
{
    static const struct {
        const char *what;
        bool legacy;
        enum dna_fetch_outcome proper;
        const char *body;
        struct result result;
        bool asked;
    } places[] = {
        {"off", false, DNA_FETCH_ABSENT, "", {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL},
         false},
        {"on", true, DNA_FETCH_ABSENT, "", GOOD, true},
        {"on, and the proper place has one", true, DNA_FETCH_OK, "[" PLACE "]", GOOD, false},
        {"on, and the proper place has another", true, DNA_FETCH_OK, "[]",
         {DNA_FAIL, DNA_CODE_NO_DELEGATION}, false},
        {"on, and the proper place is not known", true, DNA_FETCH_FAILED, "",
         {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct world w;
        struct dna_ruling ruling;
        begin(&w, "DNS:" HOST);
        w.q.policy.delegation_legacy = places[i].legacy;
        world_document(&w, URL, places[i].proper, places[i].body);
        world_document(&w, OLD_URL, DNA_FETCH_OK, "[" PLACE "]");
        ruling = world_hear(&w);
        expect_ruling(places[i].what, &ruling, places[i].result.verdict,
                      places[i].result.code);
        assert_int_equal(strstr(w.asked, "fetch " OLD_URL " 0\n") != NULL, places[i].asked);
        world_fini(&w);
    }
}

/* Counted from when the document was fetched. */
static void expiry_is_the_minimum(void **state)
{
    static const struct {
        const char *what, *document;
        int64_t obtained, certificate, lives; /* 0: it does not */
    } lives[] = {
#define FOR(s) "[{\"host\":\"" HOST "\",\"expires\":" s "}]"
        {"expires", FOR("7200"), 0, 9 * DAY, 7200},
        {"by default", "[" PLACE "]", 0, 9 * DAY, 3600},
        {"clamped from below", FOR("1"), 0, 9 * DAY, 60},
        {"an old document", FOR("7200"), -400, 9 * DAY, 6800},
        {"an old document that has ended", FOR("7200"), -7200, 9 * DAY, 0},
        {"a document from the future", FOR("7200"), 400, 9 * DAY, 7200},
        {"certificate", FOR("7200"), 0, 700, 700},
        {"a day at most", FOR("604800"), 0, 9 * DAY, DAY},
        {"the longer of two", "[{\"host\":\"" HOST "\",\"expires\":100},{\"host\":\"" HOST
         "\",\"expires\":500},{\"host\":\"" HOST "\",\"expires\":200}]", 0, 9 * DAY, 500},
        {"its own, not another's", "[{\"host\":\"a.example\",\"expires\":7200},{\"host\":\""
         HOST "\",\"expires\":500}]", 0, 9 * DAY, 500},
    };
    struct world w;
    (void)state;
    begin(&w, "DNS:unused.example");
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        struct cert cert = cert_make(&(struct cert_order){
            .names = "DNS:" HOST, .issuer = &w.root, .not_after = NOW + lives[i].certificate});
        const struct cert *one = &cert;
        struct dna_ruling ruling;
        world_present(&w, cert_chain(&one, 1));
        world_document(&w, URL, DNA_FETCH_OK, lives[i].document);
        w.documents[0].result.obtained = NOW + lives[i].obtained;
        ruling = world_hear(&w);
        if (lives[i].lives == 0) {
            expect_ruling(lives[i].what, &ruling, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW);
        } else {
            expect_ruling(lives[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
            if (ruling.expires_at != NOW + lives[i].lives) {
                fail_msg("%s: lives %lld s", lives[i].what,
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
        {"im.example.com", "fetch https://im.example.com/.well-known/service/xmpp-server 0",
         DNA_XMPP_SERVER},
        {"im.example.com", NULL, DNA_XMPP_CLIENT},
        {"localhost", NULL, DNA_XMPP_SERVER},
    };
    struct world w;
    (void)state;
    begin(&w, "DNS:" HOST);
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

/* S1: whoever can write to a web host speaks for its domain only where that was admitted. */
static void it_is_off_by_default_and_never_strong(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    begin(&w, "DNS:" HOST);
    world_document(&w, URL, DNA_FETCH_OK, "[" PLACE "]");
    w.q.policy = dna_policy_default();
    ruling = world_hear(&w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    assert_null(strstr(w.asked, "/.well-known/service/"));
    w.q.policy.prooftypes |= ALONE;
    ruling = world_hear(&w);
    expect_ruling("admitted", &ruling, DNA_PROVEN, DNA_CODE_OK);
    w.q.policy.level = DNA_LEVEL_STRONG;
    ruling = world_hear(&w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    world_fini(&w);
}

/* Forged SRV records forbid it in either role (S10); lost ones do not (S11). */
static void what_the_dns_bars(void **state)
{
    static const enum says says[] = {BOGUS, FAILED, SILENT, RECORDS, INSECURE};
    struct world w;
    (void)state;
    begin(&w, "DNS:" HOST);
    world_document(&w, URL, DNA_FETCH_OK, "[" PLACE "]");
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        for (int role = 0; role < 2; role++) {
            struct dna_ruling ruling;
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            (void)world_srv(&w, PLAIN, says[i], HOST, 5269);
            ruling = world_hear(&w);
            if (says[i] == BOGUS) {
                expect_ruling("bogus", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
            } else {
                expect_ruling(says_names[says[i]], &ruling, DNA_PROVEN, DNA_CODE_OK);
            }
        }
    }
    world_fini(&w);
}

static void survives_lack_of_memory(void **state)
{
    struct world w;
    bool done = false;
    (void)state;
    begin(&w, "DNS:" HOST);
    w.q.policy.delegation_legacy = true;
    world_document(&w, OLD_URL, DNA_FETCH_OK, "[" PLACE "]");
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
        cmocka_unit_test(who_is_delegated_to),
        cmocka_unit_test(without_an_endpoint_any_place_will_do),
        cmocka_unit_test(what_it_does_not_replace),
        cmocka_unit_test(how_the_fetch_ends),
        cmocka_unit_test(the_old_place),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(where_it_asks),
        cmocka_unit_test(it_is_off_by_default_and_never_strong),
        cmocka_unit_test(what_the_dns_bars),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
