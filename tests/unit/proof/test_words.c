/* Words of the room: names, URIs, the default policy, proofs as text, names of records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <mod_dna/ruling.h>
#include <proof/registry.h>
#include <proof/srv_status.h>
#include <proof/supplied.h>

static void prooftypes_have_names(void **state)
{
    static const char *const names[] = {"pkix", "dnssec-srv", "dnssec-ta", "posh",
                                        "dane", "srvname", "xml-assertion", "sts",
                                        "service-delegation", "host-meta", "attribute-cert"};
    (void)state;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        enum dna_prooftype type, found = DNA_N_PROOFTYPES;
        char uri[100];
        type = (enum dna_prooftype)i;
        assert_string_equal(dna_prooftype_name(type), names[i]);
        assert_int_equal(dna_prooftype_by_name(dna_span_of(names[i]), &found), DNA_OK);
        assert_int_equal(found, type);
        (void)snprintf(uri, sizeof uri, "urn:xmpp:dna:proof:%s", names[i]);
        assert_string_equal(dna_prooftype_uri(type), uri);
        assert_int_equal(dna_provers[i]->type, type);
    }
    assert_string_equal(dna_prooftype_name((enum dna_prooftype)77), "unknown");
    assert_string_equal(dna_prooftype_uri((enum dna_prooftype)77), "");
}

static void uris(void **state)
{
    static const struct {
        const char *uri;
        enum dna_prooftype type; /* DNA_N_PROOFTYPES: none */
    } rows[] = {
        {"urn:xmpp:dna:proof:posh", DNA_PROOF_POSH},
        {"urn:ietf:params:dna:proof:dnssec-ta", DNA_PROOF_DNSSEC_TA},
        {"URN:XMPP:dna:proof:posh", DNA_PROOF_POSH},
        {"Urn:Ietf:params:dna:proof:posh", DNA_PROOF_POSH},
        {"urn:xmpp:DNA:proof:posh", DNA_N_PROOFTYPES},
        {"urn:ietf:Params:dna:proof:posh", DNA_N_PROOFTYPES},
        {"urn:xmpp:dna:proof:POSH", DNA_N_PROOFTYPES},
        {"urn:xmpp:params:dna:proof:posh", DNA_N_PROOFTYPES},
        {"urn:ietf:dna:proof:posh", DNA_N_PROOFTYPES},
        {"urn:xmpp:dna:proof:", DNA_N_PROOFTYPES},
        {"urn:xmpp:dna:proof:posh ", DNA_N_PROOFTYPES},
        {"urn:xmpp:dna:proof:attribute-cert", DNA_PROOF_ATTRIBUTE_CERT},
        {"urn:xmpp:dna:proof:attribute", DNA_N_PROOFTYPES},
        {"posh", DNA_N_PROOFTYPES},
        {"", DNA_N_PROOFTYPES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum dna_prooftype found = DNA_N_PROOFTYPES;
        enum dna_err err = dna_prooftype_by_uri(dna_span_of(rows[i].uri), &found);
        if (found != rows[i].type || (err == DNA_OK) != (found != DNA_N_PROOFTYPES)) {
            fail_msg("%s", rows[i].uri);
        }
    }
}

#define BIT(t) DNA_PROOF_BIT(DNA_PROOF_##t)

/* S1: a fresh configuration, and who is strong. */
static void the_default_policy(void **state)
{
    struct dna_policy policy = dna_policy_default();
    (void)state;
    assert_int_equal(policy.level, DNA_LEVEL_PROOF);
    assert_int_equal(policy.prooftypes,
                     BIT(PKIX) | BIT(SRVNAME) | BIT(DNSSEC_SRV) | BIT(DANE) | BIT(DNSSEC_TA) |
                         BIT(POSH));
    assert_int_equal(policy.dane_usages, DNA_DANE_USAGE_BIT(2) | DNA_DANE_USAGE_BIT(3));
    assert_true(dna_provers[DNA_PROOF_DANE]->root_anchored);
    assert_true(dna_provers[DNA_PROOF_DNSSEC_SRV]->root_anchored);
    assert_false(dna_provers[DNA_PROOF_SRVNAME]->root_anchored);
    assert_false(dna_provers[DNA_PROOF_DNSSEC_TA]->root_anchored);
    assert_false(dna_provers[DNA_PROOF_PKIX]->root_anchored);
    assert_false(dna_provers[DNA_PROOF_POSH]->root_anchored);
}

static void verdicts_and_codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(dna_verdict_name(DNA_PROVEN), "PROVEN");
    assert_string_equal(dna_verdict_name(DNA_NOT_APPLICABLE), "NOT_APPLICABLE");
    assert_string_equal(dna_verdict_name((enum dna_verdict)9), "UNKNOWN");
    for (unsigned i = 0; i <= DNA_CODE_INTERNAL; i++) {
        const char *name = dna_code_name((enum dna_code)i);
        assert_non_null(name);
        assert_string_not_equal(name, "unknown");
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(name, dna_code_name((enum dna_code)k));
        }
    }
    assert_string_equal(dna_code_name((enum dna_code)(DNA_CODE_INTERNAL + 1)), "unknown");
}

static void what_is_supplied(void **state)
{
    static const struct {
        const char *text;
        enum dna_supplied kind;
    } rows[] = {
        {"http://host.example/x.cert", DNA_SUPPLIED_URL},
        {"https://host.example", DNA_SUPPLIED_URL},
        {"HTTPS://host.example:8443/x?y=z", DNA_SUPPLIED_URL},
        {"http://192.0.2.1/", DNA_SUPPLIED_URL},     /* the guard's affair */
        {"http://u:p@host.example/", DNA_SUPPLIED_URL}, /* too */
        {"http://", DNA_SUPPLIED_BAD},
        {"http:///x", DNA_SUPPLIED_BAD},
        {"http://?x", DNA_SUPPLIED_BAD},
        {"http://:80/", DNA_SUPPLIED_BAD},
        {"http://@host.example/", DNA_SUPPLIED_BAD},
        {"http:host.example/x", DNA_SUPPLIED_BAD},
        {"http:/host.example/x", DNA_SUPPLIED_BAD},
        {"ftp://host.example/x", DNA_SUPPLIED_BAD},
        {"file:///etc/passwd", DNA_SUPPLIED_BAD},
        {"httpx://host.example/", DNA_SUPPLIED_BAD},
        {"javascript:alert(1)", DNA_SUPPLIED_BAD},
        {"http://host.example/a b", DNA_SUPPLIED_BAD},
        {"http://host.example/\n", DNA_SUPPLIED_BAD},
        {"http://host.example/\xc3\xbc", DNA_SUPPLIED_BAD},
        {"http://host.example/\\", DNA_SUPPLIED_BAD},
        {"http://host.example/<x>", DNA_SUPPLIED_BAD},
        {"http://host.example/ http://b.example/", DNA_SUPPLIED_BAD},
        {"", DNA_SUPPLIED_BAD},
        {"//host.example/x", DNA_SUPPLIED_TEXT},
        {":", DNA_SUPPLIED_TEXT},
        {"1http://host.example/", DNA_SUPPLIED_TEXT},
        {"MIIB+/==", DNA_SUPPLIED_TEXT},
        {"http", DNA_SUPPLIED_TEXT},
    };
    char text[DNA_LIMIT_URL + 2];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (dna_supplied_kind(dna_span_of(rows[i].text)) != rows[i].kind) {
            fail_msg("%s", rows[i].text);
        }
    }
    memset(text, 'a', sizeof text);
    memcpy(text, "http://", 7);
    assert_int_equal(dna_supplied_kind((struct dna_span){text, DNA_LIMIT_URL}),
                     DNA_SUPPLIED_URL);
    assert_int_equal(dna_supplied_kind((struct dna_span){text, DNA_LIMIT_URL + 1}),
                     DNA_SUPPLIED_BAD);
    assert_int_equal(dna_supplied_kind((struct dna_span){"ht\0tp://host.example", 20}),
                     DNA_SUPPLIED_TEXT);
    assert_int_equal(dna_supplied_kind((struct dna_span){"http://h\0st.example", 19}),
                     DNA_SUPPLIED_BAD);
}

static void names_of_records(void **state)
{
    struct dna_srv_names names;
    char domain[DNA_NAME_MAX + 1];
    (void)state;
    assert_true(dna_srv_names("example.com", DNA_XMPP_SERVER, &names));
    assert_string_equal(names.plain, "_xmpp-server._tcp.example.com");
    assert_string_equal(names.tls, "_xmpps-server._tcp.example.com");
    assert_true(dna_srv_names("example.com", DNA_XMPP_CLIENT, &names));
    assert_string_equal(names.plain, "_xmpp-client._tcp.example.com");
    assert_string_equal(names.tls, "_xmpps-client._tcp.example.com");
    memset(domain, 'a', sizeof domain);
    domain[DNA_NAME_MAX - 19] = '\0'; /* what "_xmpps-server._tcp." leaves */
    assert_true(dna_srv_names(domain, DNA_XMPP_SERVER, &names));
    assert_int_equal(strlen(names.tls), DNA_NAME_MAX);
    domain[DNA_NAME_MAX - 19] = 'a';
    domain[DNA_NAME_MAX - 18] = '\0';
    assert_false(dna_srv_names(domain, DNA_XMPP_SERVER, &names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prooftypes_have_names),
        cmocka_unit_test(uris),
        cmocka_unit_test(the_default_policy),
        cmocka_unit_test(verdicts_and_codes_have_names),
        cmocka_unit_test(what_is_supplied),
        cmocka_unit_test(names_of_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
