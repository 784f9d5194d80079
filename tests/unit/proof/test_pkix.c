/* The prooftype pkix, alone: the certificate names the domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <world.h>

#define SRV_ID(name) "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:" name
#define XMPP_ADDR(name) "otherName:1.3.6.1.5.5.7.8.5;UTF8:" name

static const struct row {
    const char *what, *domain;
    struct cert_order leaf;
    enum dna_verdict verdict;
    enum dna_code code;
} rows[] = {
    {"exact", "example.com", {.names = "DNS:example.com"}, DNA_PROVEN, DNA_CODE_OK},
    {"case", "example.com", {.names = "DNS:EXAMPLE.Com"}, DNA_PROVEN, DNA_CODE_OK},
    {"wildcard", "im.example.com", {.names = "DNS:*.example.com"}, DNA_PROVEN, DNA_CODE_OK},
    {"wildcard, apex", "example.com", {.names = "DNS:*.example.com"}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"wildcard, two labels", "a.im.example.com", {.names = "DNS:*.example.com"}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"wildcard in part", "im.example.com", {.names = "DNS:i*.example.com"}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"wildcard over a top", "example.com", {.names = "DNS:*.com"}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"common name only", "example.com", {.subject = "example.com"}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"SRV-ID, which is srvname's", "example.com",
     {.names = SRV_ID("_xmpp-server.example.com")}, DNA_FAIL, DNA_CODE_NAME_MISMATCH},
    {"XmppAddr", "example.com", {.names = XMPP_ADDR("example.com")}, DNA_PROVEN, DNA_CODE_OK},
    {"XmppAddr with account", "example.com", {.names = XMPP_ADDR("a@example.com")}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"XmppAddr of others", "example.com", {.names = XMPP_ADDR("example.org")}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"IDN", "xn--bcher-kva.example", {.names = "DNS:xn--bcher-kva.example"}, DNA_PROVEN,
     DNA_CODE_OK},
    {"another name", "example.com", {.names = "DNS:example.org"}, DNA_FAIL,
     DNA_CODE_NAME_MISMATCH},
    {"second of two", "example.com", {.names = "DNS:example.org,DNS:example.com"}, DNA_PROVEN,
     DNA_CODE_OK},
    {"expired", "example.com",
     {.names = "DNS:example.com", .not_before = NOW - 3 * DAY, .not_after = NOW - DAY},
     DNA_FAIL, DNA_CODE_NOT_VALID_NOW},
    {"future", "example.com", {.names = "DNS:example.com", .not_before = NOW + DAY}, DNA_FAIL,
     DNA_CODE_NOT_VALID_NOW},
    {"for clients only", "example.com", {.names = "DNS:example.com", .usage = "clientAuth"},
     DNA_FAIL, DNA_CODE_UNTRUSTED},
    {"weak", "example.com", {.names = "DNS:example.com", .key = "RSA-1024"}, DNA_FAIL,
     DNA_CODE_WEAK_KEY},
};

static void names_and_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int role = 0; role < 2; role++) {
            struct world w;
            struct dna_ruling ruling;
            world_init(&w, &rows[i].leaf);
            w.q.domain = rows[i].domain;
            w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
            w.q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX);
            ruling = world_hear(&w);
            expect_ruling(rows[i].what, &ruling, rows[i].verdict, rows[i].code);
            assert_int_equal(ruling.prooftype, DNA_PROOF_PKIX);
            world_fini(&w);
        }
    }
}

/* Names of types that a constraint does not reach prove nothing below a constrained CA. */
static void constrained_authorities(void **state)
{
    static const struct {
        const char *names;
        enum dna_verdict verdict;
    } under[] = {
        {"DNS:im.example.com", DNA_PROVEN},
        {"DNS:x.example.com," SRV_ID("_xmpp-server.im.example.com"), DNA_FAIL},
        {"DNS:x.example.com," XMPP_ADDR("im.example.com"), DNA_FAIL},
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
            .constraints = "critical,permitted;DNS:example.com"});
        leaf = cert_make(&(struct cert_order){.issuer = &middle, .names = under[i].names});
        world_present(&w, cert_chain(chain, 2));
        w.q.domain = "im.example.com";
        w.q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX);
        ruling = world_hear(&w);
        expect_ruling(under[i].names, &ruling, under[i].verdict,
                      under[i].verdict == DNA_PROVEN ? DNA_CODE_OK : DNA_CODE_NAME_MISMATCH);
        cert_free(&leaf);
        cert_free(&middle);
        world_fini(&w);
    }
}

static void self_signed_and_without_certificate(void **state)
{
    struct world w;
    struct cert self = cert_make(&(struct cert_order){.names = "DNS:example.com"});
    const struct cert *one = &self;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:example.com"});
    world_present(&w, cert_chain(&one, 1));
    w.q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX);
    ruling = world_hear(&w);
    expect_ruling("self-signed", &ruling, DNA_FAIL, DNA_CODE_UNTRUSTED);
    world_present(&w, NULL);
    ruling = world_hear(&w);
    expect_ruling("none", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_CERTIFICATE);
    assert_string_equal(w.asked, "");
    cert_free(&self);
    world_fini(&w);
}

/* A fact from a cache may be older than the certificate's dates. */
static void the_path_must_hold_now(void **state)
{
    static const struct {
        int64_t before, after;
        enum dna_verdict verdict;
    } spans[] = {
        {NOW, NOW + 10, DNA_PROVEN},
        {NOW + 1, NOW + 10, DNA_FAIL},
        {NOW - 10, NOW, DNA_FAIL},
        {NOW - 10, NOW + 1, DNA_PROVEN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct world w;
        struct dna_path path = {.code = DNA_PATH_OK, .why = "ok",
                                .not_before = spans[i].before, .not_after = spans[i].after};
        struct dna_ruling ruling;
        world_init(&w, &(struct cert_order){.names = "DNS:example.com"});
        w.path = &path;
        w.q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX);
        ruling = world_hear(&w);
        expect_ruling("dates", &ruling, spans[i].verdict,
                      spans[i].verdict == DNA_PROVEN ? DNA_CODE_OK : DNA_CODE_NOT_VALID_NOW);
        if (ruling.verdict == DNA_PROVEN) {
            assert_int_equal(ruling.expires_at, spans[i].after);
        }
        world_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_dates),
        cmocka_unit_test(constrained_authorities),
        cmocka_unit_test(self_signed_and_without_certificate),
        cmocka_unit_test(the_path_must_hold_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
