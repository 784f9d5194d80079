/* Delegation documents: what the parser makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <failing_alloc.h>
#include <proof/assertion.h>

#define OPEN "<delegations xmlns='urn:xmpp:dna:delegation:0' domain='Example.COM.' " \
             "expires='2026-12-01T00:00:00Z'>"
#define SERVED(providers) \
    OPEN "<service name='xmpp-server'>" providers "</service></delegations>"
#define H32 "4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ="
#define H64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

static enum dna_err parse(const char *text, struct dna_assertion *out,
                          struct dna_xml_fault *fault)
{
    return dna_assertion_parse(NULL, dna_span_of(text), "xmpp-server", out, fault);
}

static void a_document(void **state)
{
    struct dna_assertion a;
    struct dna_xml_fault fault;
    (void)state;
    assert_int_equal(parse(SERVED("<provider host='XMPP.example.net' port='5270'/>"
                                  "<provider cert='sha-256' value='" H32 "'/>"
                                  "<provider cert='sha3-256' value='" H32 "'/><provider/>"
                                  "<provider spki='sha-512' value='" H64 "' x='y'/>"
                                  "<provider xmlns='urn:other' host='a b'/>"),
                           &a, &fault),
                     DNA_OK);
    assert_string_equal(a.domain.text, "example.com");
    assert_true(a.expires == 1796083200 && a.issued == INT64_MIN && a.has_service);
    assert_int_equal(a.n_providers, 3);
    assert_int_equal(a.n_unknown, 2);
    assert_int_equal(a.providers[0].kind, DNA_PROVIDER_HOST);
    assert_string_equal(a.providers[0].host.text, "xmpp.example.net");
    assert_int_equal(a.providers[0].port, 5270);
    assert_int_equal(a.providers[1].kind, DNA_PROVIDER_CERT);
    assert_int_equal(a.providers[1].len, 32);
    assert_int_equal(a.providers[1].digest[0], 0xe3);
    assert_int_equal(a.providers[2].kind, DNA_PROVIDER_SPKI);
    assert_int_equal(a.providers[2].len, 64);
    dna_assertion_fini(&a);
}

static void malformed(void **state)
{
    static const struct {
        const char *text, *why; /* part of it */
    } rows[] = {
        {"<a/>", "root"},
        {"<delegations/>", "root"},
        {"<delegations xmlns='urn:xmpp:dna:delegation:1' domain='a.example' "
         "expires='2026-12-01T00:00:00Z'/>", "root"},
        {"<delegations xmlns='urn:xmpp:dna:delegation:0' expires='2026-12-01T00:00:00Z'/>",
         "domain"},
        {"<delegations xmlns='urn:xmpp:dna:delegation:0' domain='a b' "
         "expires='2026-12-01T00:00:00Z'/>", "domain"},
        {"<delegations xmlns='urn:xmpp:dna:delegation:0' domain='a.example'/>", "expires"},
        {"<delegations xmlns='urn:xmpp:dna:delegation:0' domain='a.example' "
         "expires='2026-12-01'/>", "expires"},
        {"<delegations xmlns='urn:xmpp:dna:delegation:0' domain='a.example' issued='now' "
         "expires='2026-12-01T00:00:00Z'/>", "issued"},
        {SERVED("<provider host='a b'/>"), "host"},
        {SERVED("<provider host='192.0.2.1'/>"), "host"},
        {SERVED("<provider host='[2001:db8::1]'/>"), "host"},
        {SERVED("<provider host=''/>"), "host"},
        {SERVED("<provider host='a.example' port=''/>"), "port"},
        {SERVED("<provider host='a.example' port='0'/>"), "port"},
        {SERVED("<provider host='a.example' port='65536'/>"), "port"},
        {SERVED("<provider host='a.example' port='+1'/>"), "port"},
        {SERVED("<provider host='a.example' port='000005269'/>"), "port"},
        {SERVED("<provider host='a.example' cert='sha-256' value='" H32 "'/>"), "more than"},
        {SERVED("<provider cert='sha-256' spki='sha-256' value='" H32 "'/>"), "more than"},
        {SERVED("<provider cert='sha-256'/>"), "no value"},
        {SERVED("<provider cert='sha-256' value='!'/>"), "base64"},
        {SERVED("<provider cert='sha-256' value=' " H32 "'/>"), "base64"},
        {SERVED("<provider cert='sha-256' value='" H64 "'/>"), "length"},
        {SERVED("<provider spki='sha-512' value='" H32 "'/>"), "length"},
        {SERVED("") "<x/>", "well-formed"},
        {OPEN "<service name='xmpp-server'/><service name='xmpp-server'/></delegations>",
         "twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_assertion a;
        struct dna_xml_fault fault;
        enum dna_err err = parse(rows[i].text, &a, &fault);
        if (err != DNA_ERR_FORMAT || strstr(fault.why, rows[i].why) == NULL) {
            fail_msg("%s: %s (%s)", rows[i].text, dna_err_name(err), fault.why);
        }
        assert_null(a.providers);
    }
}

static void services(void **state)
{
    static const char text[] = OPEN "<service name='xmpp-client'><provider host='c.example'/>"
                                    "</service><service name='xmpp-server'>"
                                    "<provider host='s.example'/></service></delegations>";
    struct dna_assertion a;
    struct dna_xml_fault fault;
    (void)state;
    assert_int_equal(parse(text, &a, &fault), DNA_OK);
    assert_int_equal(a.n_providers, 1);
    assert_string_equal(a.providers[0].host.text, "s.example");
    dna_assertion_fini(&a);
    assert_int_equal(dna_assertion_parse(NULL, dna_span_of(text), "xmpp-client", &a, &fault),
                     DNA_OK);
    assert_string_equal(a.providers[0].host.text, "c.example");
    dna_assertion_fini(&a);
    assert_int_equal(parse(OPEN "<service/></delegations>", &a, &fault), DNA_OK);
    assert_false(a.has_service);
    dna_assertion_fini(&a);
}

static void limits(void **state)
{
    char *text = malloc(DNA_LIMIT_DOCUMENT);
    (void)state;
    assert_non_null(text);
    for (size_t n = DNA_LIMIT_ASSERTION_PROVIDERS; n <= DNA_LIMIT_ASSERTION_PROVIDERS + 1;
         n++) {
        struct dna_assertion a;
        struct dna_xml_fault fault;
        char *at = stpcpy(text, OPEN "<service name='xmpp-server'>");
        for (size_t i = 0; i < n; i++) {
            at = stpcpy(at, "<provider host='a.example'/>");
        }
        strcpy(at, "</service></delegations>");
        assert_int_equal(parse(text, &a, &fault),
                         n <= DNA_LIMIT_ASSERTION_PROVIDERS ? DNA_OK : DNA_ERR_LIMIT);
        dna_assertion_fini(&a);
    }
    free(text);
}

static void without_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct dna_assertion a;
        struct dna_xml_fault fault;
        enum dna_err err = dna_assertion_parse(
            failing_alloc_init(&f, n), dna_span_of(SERVED("<provider host='a.example'/>")),
            "xmpp-server", &a, &fault);
        assert_int_equal(err, f.failed ? DNA_ERR_MEMORY : DNA_OK);
        dna_assertion_fini(&a);
        assert_int_equal(f.outstanding, 0);
        done = !f.failed;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document),
        cmocka_unit_test(malformed),
        cmocka_unit_test(services),
        cmocka_unit_test(limits),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
