/* Host metadata: the example of XEP-0487, and what is skipped, ignored or fatal. */
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
#include <json/host_meta_document.h>

#define PIN "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ="
#define OTHER "otyLADSKjRDjVpj8X7/hmCAD5C7Qe+PedcmYV7cUncE="
#define WEEK 604800

#define S2S "\"rel\":\"urn:xmpp:alt-connections:s2s-tls\""
#define REST "\"sni\":\"x.example\",\"ips\":[\"192.0.2.10\"],\"priority\":1,\"weight\":2"
#define LINK "{" S2S ",\"port\":443," REST "}"
#define DOCUMENT(xmpp, links) "{\"xmpp\":{" xmpp "},\"links\":[" links "]}"

static void parse(const char *text, struct dna_host_meta_document *document)
{
    const char *why = NULL;
    enum dna_err err = dna_host_meta_parse(NULL, dna_span_of(text), document, &why);
    if (err != DNA_OK) {
        fail_msg("%s: %s (%s)", text, dna_err_name(err), why);
    }
}

static void the_example(void **state)
{
    static const char text[] =
        "{ \"xmpp\": { \"ttl\": 3000, \"public-key-pins-sha-256\": [ \"" PIN "\" ] },"
        " \"links\": [ { \"rel\": \"urn:xmpp:alt-connections:s2s-tls\", \"port\": 443,"
        " \"ips\": [ \"192.0.2.10\", \"2001:db8::10\" ], \"priority\": 10, \"weight\": 50,"
        " \"sni\": \"xmpp.example.net\", \"ech\": \"eG1wcC1jbGllbnQ=\" } ] }";
    struct dna_host_meta_document document;
    const struct dna_host_meta_link *link;
    char again[100];
    (void)state;
    parse(text, &document);
    assert_true(document.xmpp);
    assert_int_equal(document.ttl, 3000);
    assert_int_equal(document.n_pins, 1);
    assert_int_equal(dna_base64_encode(document.pins[0], sizeof document.pins[0], again,
                                       sizeof again),
                     DNA_OK);
    assert_string_equal(again, PIN);
    assert_int_equal(document.n_links, 1);
    assert_int_equal(document.n_skipped, 0);
    link = document.links;
    assert_int_equal(link->rel, DNA_HOST_META_TLS);
    assert_string_equal(link->sni.text, "xmpp.example.net");
    assert_int_equal(link->port, 443);
    assert_int_equal(link->priority, 10);
    assert_int_equal(link->weight, 50);
    assert_int_equal(link->n_ips, 2);
    dna_address_text(&link->ips[0], again);
    assert_string_equal(again, "192.0.2.10");
    dna_address_text(&link->ips[1], again);
    assert_string_equal(again, "2001:db8::10");
    dna_host_meta_fini(&document);
}

enum fate { GOOD, SKIPPED, IGNORED };

static const struct {
    const char *link;
    enum fate fate;
} links[] = {
    {LINK, GOOD},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-quic\",\"port\":443," REST "}", GOOD},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-websocket\",\"href\":\"wss://h/x\"," REST "}",
     GOOD},
    {"{" S2S ",\"port\":443," REST ",\"ech\":{\"no\":[]}}", GOOD}, /* is not looked at */
    {"{" S2S ",\"port\":443," REST ",\"ech\":\"!\"}", GOOD},
    {"{" S2S ",\"port\":443," REST ",\"more\":1.5}", GOOD},
    {"{" S2S ",\"port\":443,\"sni\":\"X.Example.\",\"ips\":[7,\"no\",\"::1\",\"192.0.2.01\"],"
     "\"priority\":0,\"weight\":65535}", GOOD},
    {"{" S2S ",\"port\":443,\"sni\":\"x.example\",\"ips\":[\"10.0.0.1\"],\"priority\":0,"
     "\"weight\":0}", GOOD}, /* who connects there is for the guard to say */
    /* something is missing */
    {"{" S2S "," REST "}", SKIPPED},
    {"{" S2S ",\"port\":0," REST "}", SKIPPED},
    {"{" S2S ",\"port\":65536," REST "}", SKIPPED},
    {"{" S2S ",\"port\":\"443\"," REST "}", SKIPPED},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-quic\"," REST "}", SKIPPED},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-websocket\"," REST "}", SKIPPED},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-websocket\",\"href\":\"ws://h/\"," REST "}",
     SKIPPED},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-websocket\",\"href\":\"wss://\"," REST "}",
     SKIPPED},
    {"{\"rel\":\"urn:xmpp:alt-connections:s2s-websocket\",\"href\":1," REST "}", SKIPPED},
#define TLS(rest) "{" S2S ",\"port\":443," rest "}"
    {TLS("\"ips\":[\"192.0.2.1\"],\"priority\":1,\"weight\":1"), SKIPPED},
    {TLS("\"sni\":\"192.0.2.1\",\"ips\":[\"192.0.2.1\"],\"priority\":1,\"weight\":1"),
     SKIPPED},
    {TLS("\"sni\":\"b\xc3\xbc.example\",\"ips\":[\"192.0.2.1\"],\"priority\":1,\"weight\":1"),
     SKIPPED},
    {TLS("\"sni\":\"x.example\",\"priority\":1,\"weight\":1"), SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[],\"priority\":1,\"weight\":1"), SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[\"x.example\"],\"priority\":1,\"weight\":1"),
     SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":\"192.0.2.1\",\"priority\":1,\"weight\":1"), SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[\"192.0.2.1\"],\"weight\":1"), SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[\"192.0.2.1\"],\"priority\":1"), SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[\"192.0.2.1\"],\"priority\":-1,\"weight\":1"),
     SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[\"192.0.2.1\"],\"priority\":1,\"weight\":65536"),
     SKIPPED},
    {TLS("\"sni\":\"x.example\",\"ips\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,"
         "\"192.0.2.1\"],\"priority\":1,\"weight\":1"), SKIPPED},
    /* none of our business */
    {"{\"rel\":\"urn:xmpp:alt-connections:tls\",\"port\":443," REST "}", IGNORED},
    {"{\"rel\":\"urn:xmpp:alt-connections:websocket\",\"href\":\"wss://h/\"," REST "}",
     IGNORED},
    {"{\"rel\":\"urn:xmpp:alt-connections:xbosh\",\"href\":\"https://h/\"}", IGNORED},
    {"{\"rel\":\"lrdd\",\"template\":\"https://h/{uri}\"}", IGNORED},
    {"{\"rel\":\"URN:XMPP:alt-connections:s2s-tls\",\"port\":443," REST "}", IGNORED},
    {"{\"rel\":7,\"port\":443," REST "}", IGNORED},
    {"{\"port\":443," REST "}", IGNORED},
    {"{}", IGNORED},
    {"[]", IGNORED},
    {"null", IGNORED},
};

static void each_link(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        struct dna_host_meta_document document;
        char text[600];
        (void)snprintf(text, sizeof text, DOCUMENT("\"ttl\":1000", "%s," LINK), links[i].link);
        parse(text, &document);
        if (document.n_links != (links[i].fate == GOOD ? 2 : 1) ||
            document.n_skipped != (links[i].fate == SKIPPED ? 1 : 0)) {
            fail_msg("%s", links[i].link);
        }
        assert_string_equal(document.links[0].sni.text, "x.example");
        dna_host_meta_fini(&document);
    }
}

static void each_pin(void **state)
{
    static const struct {
        const char *pins;
        size_t good, skipped;
    } rows[] = {
        {"\"" PIN "\",\"" OTHER "\"", 2, 0},
        {"", 0, 0},
        {"\"4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ\"", 1, 0}, /* without padding */
        {"7,null,[],{},\"\",\"" PIN "\"", 1, 5},
        {"\"4/mggdlVx8A3pvHAWW5sDw==\"", 0, 1},     /* short */
        {"\"AAAA" PIN "\"", 0, 1},                  /* long */
        {"\"4_mggdlVx8A3pvHAWW5sD-qJyMtUHgiRuPjVC48N0XQ\"", 0, 1},
        {"\" " PIN "\"", 0, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_host_meta_document document;
        char text[600];
        (void)snprintf(text, sizeof text,
                       DOCUMENT("\"ttl\":1000,\"public-key-pins-sha-256\":[%s]", ""),
                       rows[i].pins);
        parse(text, &document);
        if (document.n_pins != rows[i].good || document.n_skipped != rows[i].skipped) {
            fail_msg("%s", rows[i].pins);
        }
        dna_host_meta_fini(&document);
    }
}

static void how_long_it_holds(void **state)
{
    static const struct {
        const char *ttl;
        int64_t holds; /* 0: malformed */
    } rows[] = {
        {"\"ttl\":3000", 3000}, {"\"ttl\":1", 60},         {"\"ttl\":60", 60},
        {"\"ttl\":604800", WEEK}, {"\"ttl\":604801", WEEK}, {"\"ttl\":65536", 65536},
        {"\"ttl\":9223372036854775807", WEEK},
        {"\"ttl\":9223372036854775808", 0},
        {"\"ttl\":0", 0},       {"\"ttl\":-1", 0},         {"\"ttl\":\"3000\"", 0},
        {"\"ttl\":3000.0", 0},  {"\"ttl\":3e3", 0},        {"\"ttl\":null", 0},
        {"\"TTL\":3000", 0},    {"", 0},                   {"\"ttl\":1,\"ttl\":1", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_host_meta_document document;
        const char *why = "";
        char text[300];
        enum dna_err err;
        (void)snprintf(text, sizeof text, DOCUMENT("%s", LINK), rows[i].ttl);
        err = dna_host_meta_parse(NULL, dna_span_of(text), &document, &why);
        if (err != (rows[i].holds != 0 ? DNA_OK : DNA_ERR_FORMAT) ||
            document.ttl != rows[i].holds) {
            fail_msg("%s: %s (%s)", rows[i].ttl, dna_err_name(err), why);
        }
        dna_host_meta_fini(&document);
    }
}

/* Without the member of XEP-0487 there is nothing in it for servers, whatever it holds. */
static void without_xmpp_it_is_about_others(void **state)
{
    static const char *const texts[] = {
        "{}", "{\"links\":[" LINK "]}", "{\"links\":{}}", "{\"XMPP\":{\"ttl\":1000}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct dna_host_meta_document document;
        parse(texts[i], &document);
        assert_false(document.xmpp);
        assert_int_equal(document.n_links + document.n_pins, 0);
        dna_host_meta_fini(&document);
    }
}

static void what_must_be_nothing(void **state)
{
    static const char *const texts[] = {
        "", "[]", "null", "\"x\"", "<?xml version='1.0'?><XRD/>",
        DOCUMENT("\"ttl\":1000", LINK) "x",
        "{\"xmpp\":{\"ttl\":1000},\"links\":{}}",
        "{\"xmpp\":{\"ttl\":1000},\"links\":null}",
        "{\"xmpp\":{\"ttl\":1000},\"links\":\"\"}",
        "{\"xmpp\":[],\"links\":[" LINK "]}",
        "{\"xmpp\":null,\"links\":[" LINK "]}",
        "{\"xmpp\":true,\"links\":[" LINK "]}",
        DOCUMENT("\"ttl\":1000,\"public-key-pins-sha-256\":\"" PIN "\"", LINK),
        DOCUMENT("\"ttl\":1000,\"public-key-pins-sha-256\":{}", LINK),
        DOCUMENT("\"ttl\":1000,\"public-key-pins-sha-256\":null", LINK),
        "{\"xmpp\":{\"ttl\":1000},\"xmpp\":{\"ttl\":1000},\"links\":[" LINK "]}",
        DOCUMENT("\"ttl\":1000", "{" S2S "," S2S ",\"port\":443," REST "}"),
        "{\"xmpp\":{\"ttl\":1000},\"x\":[[[[[[[[]]]]]]]]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct dna_host_meta_document document;
        const char *why = "";
        enum dna_err err = dna_host_meta_parse(NULL, dna_span_of(texts[i]), &document, &why);
        if (err != DNA_ERR_FORMAT) {
            fail_msg("%s: %s", texts[i], dna_err_name(err));
        }
        assert_true(why[0] != '\0');
        assert_false(document.xmpp);
        assert_null(document.links);
        assert_null(document.pins);
    }
}

static char *repeat(const char *head, const char *one, unsigned n, const char *tail)
{
    char *text = malloc(100000);
    size_t at;
    assert_non_null(text);
    at = (size_t)sprintf(text, "%s", head);
    for (unsigned i = 0; i < n; i++) {
        at += (size_t)sprintf(text + at, "%s%s", i != 0 ? "," : "", one);
    }
    (void)sprintf(text + at, "%s", tail);
    return text;
}

static void has_limits(void **state)
{
    struct dna_host_meta_document document;
    const char *why;
    (void)state;
    for (unsigned n = 64; n <= 65; n++) {
        char *links_text = repeat("{\"xmpp\":{\"ttl\":1000},\"links\":[", LINK, n, "]}");
        char *pins_text = repeat("{\"xmpp\":{\"ttl\":1000,\"public-key-pins-sha-256\":[",
                                 "\"" PIN "\"", n, "]}}");
        enum dna_err expected = n == 64 ? DNA_OK : DNA_ERR_LIMIT;
        assert_int_equal(dna_host_meta_parse(NULL, dna_span_of(links_text), &document, &why),
                         expected);
        assert_int_equal(document.n_links, n == 64 ? n : 0);
        dna_host_meta_fini(&document);
        assert_int_equal(dna_host_meta_parse(NULL, dna_span_of(pins_text), &document, &why),
                         expected);
        assert_int_equal(document.n_pins, n == 64 ? n : 0);
        dna_host_meta_fini(&document);
        free(links_text);
        free(pins_text);
    }
}

static void survives_lack_of_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_host_meta_document document;
        const char *why;
        enum dna_err err = dna_host_meta_parse(
            failing_alloc_init(&f, n),
            dna_span_of(DOCUMENT("\"ttl\":1,\"public-key-pins-sha-256\":[\"" PIN "\"]", LINK)),
            &document, &why);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_host_meta_fini(&document);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example),
        cmocka_unit_test(each_link),
        cmocka_unit_test(each_pin),
        cmocka_unit_test(how_long_it_holds),
        cmocka_unit_test(without_xmpp_it_is_about_others),
        cmocka_unit_test(what_must_be_nothing),
        cmocka_unit_test(has_limits),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
