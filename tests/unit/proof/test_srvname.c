/* The prooftype srvname, alone: the certificate names the domain's service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <world.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_SRVNAME)
#define SRV_ID(name) "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:" name
#define HERE SRV_ID("_xmpp-server.example.com")

#define RAW "2.5.29.17" /* subjectAltName, octet by octet */

static const struct row {
    const char *what, *domain;
    enum dna_service service;
    struct cert_order leaf;
    enum dna_verdict verdict;
    enum dna_code code;
} rows[] = {
#define D "example.com", DNA_XMPP_SERVER
#define GOOD DNA_PROVEN, DNA_CODE_OK
#define OTHER DNA_FAIL, DNA_CODE_NAME_MISMATCH
#define NOTHING DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL
    {"match", D, {.names = HERE}, GOOD},
    {"beside a DNS-ID of others", D, {.names = "DNS:other.example," HERE}, GOOD},
    {"the second one", D, {.names = SRV_ID("_imap.example.com") "," HERE}, GOOD},
    {"case", D, {.names = SRV_ID("_XMPP-Server.EXAMPLE.com")}, GOOD},
    {"IDN", "xn--bcher-kva.example", DNA_XMPP_SERVER,
     {.names = SRV_ID("_xmpp-server.xn--bcher-kva.example")}, GOOD},
    {"wrong service", D, {.names = SRV_ID("_xmpp-client.example.com")}, OTHER},
    {"direct TLS is no service", D, {.names = SRV_ID("_xmpps-server.example.com")}, OTHER},
    {"a protocol label", D, {.names = SRV_ID("_xmpp-server._tcp.example.com")}, OTHER},
    {"another name", D, {.names = SRV_ID("_xmpp-server.example.org")}, OTHER},
    {"a name above", D, {.names = SRV_ID("_xmpp-server.com")}, OTHER},
    {"a name below", D, {.names = SRV_ID("_xmpp-server.im.example.com")}, OTHER},
    {"wildcard", "im.example.com", DNA_XMPP_SERVER,
     {.names = SRV_ID("_xmpp-server.*.example.com")}, OTHER},
    {"service of one, name of another", D,
     {.names = SRV_ID("_xmpp-server.example.org") "," SRV_ID("_imap.example.com")}, OTHER},
    {"no underscore", D, {.names = SRV_ID("xmpp-server.example.com")}, OTHER},
    {"trailing dot", D, {.names = SRV_ID("_xmpp-server.example.com.")}, OTHER},
    {"UTF8String", D,
     {.names = "otherName:1.3.6.1.5.5.7.8.7;UTF8:_xmpp-server.example.com"}, NOTHING},
    {"empty", D, {.other_oid = RAW, .other = "DER:3010A00E06082B06010505070807A0021600"},
     NOTHING},
    {"NUL", D,
     /* "_xmpp-server.example.com\0" */
     {.other_oid = RAW, .other = "DER:3029A02706082B06010505070807A01B1619"
                                 "5F786D70702D7365727665722E6578616D706C652E636F6D00"},
     NOTHING},
    {"the octets of the specification", D,
     {.other_oid = RAW, .other = "DER:3028A02606082B06010505070807A01A1618"
                                 "5F786D70702D7365727665722E6578616D706C652E636F6D"}, GOOD},
    {"DNS-ID only", D, {.names = "DNS:example.com"}, NOTHING},
    {"expired", D, {.names = HERE, .not_before = NOW - 3 * DAY, .not_after = NOW - DAY},
     DNA_FAIL, DNA_CODE_NOT_VALID_NOW},
    {"client", "example.com", DNA_XMPP_CLIENT,
     {.names = SRV_ID("_xmpp-client.example.com")}, GOOD},
    {"client, server's name", "example.com", DNA_XMPP_CLIENT, {.names = HERE}, OTHER},
};

static void names_of_services(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int role = 0; role < 2; role++) {
            struct world w;
            struct dna_ruling ruling;
            world_init(&w, &rows[i].leaf);
            w.q.domain = rows[i].domain;
            w.q.service = rows[i].service;
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            w.q.policy.prooftypes = ALONE;
            ruling = world_hear(&w);
            expect_ruling(rows[i].what, &ruling, rows[i].verdict, rows[i].code);
            assert_int_equal(ruling.prooftype, DNA_PROOF_SRVNAME);
            if (rows[i].verdict == DNA_NOT_APPLICABLE) {
                assert_null(strstr(w.asked, "path")); /* nothing that costs */
            }
            world_fini(&w);
        }
    }
}

/* The sub-CA's constraints, the leaf's names, and what srvname and pkix then say. */
static void constrained_authorities(void **state)
{
#define PERMIT "critical,permitted;"
    static const struct {
        const char *what, *constraints, *names;
        enum dna_verdict srvname, pkix;
        enum dna_code code; /* of srvname */
    } under[] = {
        {"the hole", PERMIT "DNS:example.org", "DNS:x.example.org," HERE, DNA_FAIL, DNA_FAIL,
         DNA_CODE_NAME_MISMATCH},
        {"DNS-IDs still count", PERMIT "DNS:example.com",
         "DNS:example.com," HERE, DNA_FAIL, DNA_PROVEN, DNA_CODE_NAME_MISMATCH},
        {"SRV-ID only, ignored", PERMIT "DNS:example.com", HERE, DNA_FAIL, DNA_FAIL,
         DNA_CODE_NAME_MISMATCH},
        {"permitted", PERMIT HERE, HERE, DNA_PROVEN, DNA_FAIL, DNA_CODE_OK},
        {"permitted, with a DNS-ID", PERMIT HERE, "DNS:example.com," HERE, DNA_PROVEN,
         DNA_PROVEN, DNA_CODE_OK},
        {"both forms", PERMIT "DNS:example.com,permitted;" HERE, "DNS:example.com," HERE,
         DNA_PROVEN, DNA_PROVEN, DNA_CODE_OK},
        {"not permitted", PERMIT SRV_ID("_xmpp-server.example.org"),
         "DNS:example.com," HERE, DNA_FAIL, DNA_FAIL, DNA_CODE_UNTRUSTED},
        {"excluded", "critical,excluded;" HERE, "DNS:example.com," HERE, DNA_FAIL, DNA_FAIL,
         DNA_CODE_UNTRUSTED},
        {"an exclusion of others", "critical,excluded;" SRV_ID("evil.example"),
         "DNS:example.com," HERE, DNA_FAIL, DNA_PROVEN, DNA_CODE_NAME_MISMATCH},
        {"dNSNames bind the name within", PERMIT HERE ",permitted;DNS:example.org", HERE,
         DNA_FAIL, DNA_FAIL, DNA_CODE_NAME_MISMATCH},
        {"XmppAddr never", PERMIT HERE,
         "otherName:1.3.6.1.5.5.7.8.5;UTF8:example.com," SRV_ID("_xmpp-server.im.example.com"),
         DNA_FAIL, DNA_FAIL, DNA_CODE_NAME_MISMATCH},
    };
    (void)state;
    for (size_t i = 0; i < sizeof under / sizeof *under; i++) {
        struct world w;
        struct cert middle, leaf;
        const struct cert *chain[2] = {&leaf, &middle};
        struct dna_ruling ruling;
        world_init(&w, &(struct cert_order){.names = "DNS:unused.example"});
        middle = cert_make(&(struct cert_order){
            .subject = "sub", .issuer = &w.root, .ca = true,
            .constraints = under[i].constraints});
        leaf = cert_make(&(struct cert_order){
            .subject = "leaf", .issuer = &middle, .names = under[i].names});
        world_present(&w, cert_chain(chain, 2));
        w.q.policy.prooftypes = ALONE;
        ruling = world_hear(&w);
        expect_ruling(under[i].what, &ruling, under[i].srvname, under[i].code);
        w.q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX);
        ruling = world_hear(&w);
        assert_int_equal(ruling.verdict, under[i].pkix);
        cert_free(&leaf);
        cert_free(&middle);
        world_fini(&w);
    }
}

/* The delegate may be named as a service too, under the same rule. */
static void the_delegate_by_its_service(void **state)
{
    static const struct {
        const char *constraints;
        enum dna_verdict verdict;
    } under[] = {
        {NULL, DNA_PROVEN},
        {PERMIT SRV_ID("host.example"), DNA_PROVEN},
        {PERMIT "DNS:host.example", DNA_FAIL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof under / sizeof *under; i++) {
        struct world w;
        struct cert middle, leaf;
        const struct cert *chain[2] = {&leaf, &middle};
        struct dna_ruling ruling;
        world_init(&w, &(struct cert_order){.names = "DNS:unused.example"});
        middle = cert_make(&(struct cert_order){
            .subject = "sub", .issuer = &w.root, .ca = true,
            .constraints = under[i].constraints});
        leaf = cert_make(&(struct cert_order){
            .subject = "leaf", .issuer = &middle, .names = SRV_ID("_xmpp-server." HOST)});
        world_present(&w, cert_chain(chain, 2));
        world_srv(&w, PLAIN, RECORDS, HOST, 5269);
        w.q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_DNSSEC_SRV);
        ruling = world_hear(&w);
        assert_int_equal(ruling.verdict, under[i].verdict);
        cert_free(&leaf);
        cert_free(&middle);
        world_fini(&w);
    }
}

static void an_untrusted_certificate_names_nothing(void **state)
{
    struct world w;
    struct cert self = cert_make(&(struct cert_order){.subject = "self", .names = HERE});
    const struct cert *one = &self;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = HERE});
    world_present(&w, cert_chain(&one, 1));
    w.q.policy.prooftypes = ALONE;
    ruling = world_hear(&w);
    expect_ruling("self-signed", &ruling, DNA_FAIL, DNA_CODE_UNTRUSTED);
    cert_free(&self);
    world_fini(&w);
}

/* S10: it names the domain by a CA, so that forged DNS does not bar it inbound. */
static void bogus_records(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = HERE});
    world_srv(&w, PLAIN, BOGUS, HOST, 5269);
    w.q.policy.prooftypes = ALONE;
    ruling = world_hear(&w);
    expect_ruling("inbound", &ruling, DNA_PROVEN, DNA_CODE_OK);
    w.q.role = DNA_INITIATING;
    ruling = world_hear(&w);
    expect_ruling("outbound", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
    assert_true(ruling.veto);
    world_fini(&w);
}

static void until_the_path_ends(void **state)
{
    struct world w;
    struct dna_path path = {.code = DNA_PATH_OK, .why = "ok", .not_before = NOW - 1,
                            .not_after = NOW + 77, .srvname_usable = true};
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = HERE});
    w.path = &path;
    w.q.policy.prooftypes = ALONE;
    ruling = world_hear(&w);
    expect_ruling("usable", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_int_equal(ruling.expires_at, NOW + 77);
    path.srvname_usable = false;
    ruling = world_hear(&w);
    expect_ruling("not usable", &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_services),
        cmocka_unit_test(constrained_authorities),
        cmocka_unit_test(the_delegate_by_its_service),
        cmocka_unit_test(an_untrusted_certificate_names_nothing),
        cmocka_unit_test(bogus_records),
        cmocka_unit_test(until_the_path_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
