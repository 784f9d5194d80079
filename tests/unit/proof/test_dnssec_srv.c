/* The prooftype dnssec-srv, alone: DNSSEC delegates, a certificate names the delegate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <world.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_DNSSEC_SRV)

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

/* Both names together (S4).  DENIED counts as secure but names nobody. */
static struct result expected(enum says plain, enum says tls)
{
#define EITHER(s) (plain == (s) || tls == (s))
    if (EITHER(BOGUS)) {
        return (struct result){DNA_FAIL, DNA_CODE_DNS_BOGUS};
    }
    if (EITHER(FAILED) || EITHER(SILENT)) {
        return (struct result){DNA_TEMPFAIL, DNA_CODE_DNS_FAILED};
    }
    if (EITHER(RECORDS)) {
        return (struct result){DNA_PROVEN, DNA_CODE_OK};
    }
    if (EITHER(INSECURE) || EITHER(UNPROVEN)) {
        return (struct result){DNA_NOT_APPLICABLE, DNA_CODE_DNS_INSECURE};
    }
    if (EITHER(DENIED)) {
        return (struct result){DNA_FAIL, DNA_CODE_NO_DELEGATION};
    }
    return (struct result){DNA_NOT_APPLICABLE, DNA_CODE_NO_DELEGATION};
#undef EITHER
}

static void every_status_of_both_names(void **state)
{
    (void)state;
    for (int role = 0; role < 2; role++) {
        struct world w;
        world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
        w.q.policy.prooftypes = ALONE;
        w.q.role = role == 0 ? DNA_INITIATING : DNA_RECEIVING;
        w.q.host = HOST;
        w.q.port = 5269;
        for (unsigned plain = 0; plain < N_SAYS; plain++) {
            for (unsigned tls = 0; tls < N_SAYS; tls++) {
                struct result r = expected((enum says)plain, (enum says)tls);
                char what[60];
                struct dna_ruling ruling;
                world_srv(&w, PLAIN, (enum says)plain, HOST, 5269);
                world_srv(&w, TLS, (enum says)tls, HOST, 5269);
                ruling = world_hear(&w);
                (void)snprintf(what, sizeof what, "%s, %s", says_names[plain],
                               says_names[tls]);
                expect_ruling(what, &ruling, r.verdict, r.code);
                assert_int_equal(ruling.veto, r.code == DNA_CODE_DNS_BOGUS);
            }
        }
        world_fini(&w);
    }
}

static const struct row {
    const char *what;
    enum dna_role role;
    const char *host; /* connected to */
    uint16_t port;
    const char *names;
    const char *plain, *tls; /* secure SRV targets */
    struct result result;
} rows[] = {
#define OUT DNA_INITIATING, HOST, 5269
#define IN DNA_RECEIVING, NULL, 0
    {"delegate", OUT, "DNS:" HOST, HOST, NULL, {DNA_PROVEN, DNA_CODE_OK}},
    {"delegate by wildcard", OUT, "DNS:*.host.example", HOST, NULL, {DNA_PROVEN, DNA_CODE_OK}},
    {"delegate by SRV-ID", OUT, "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server." HOST,
     HOST, NULL, {DNA_PROVEN, DNA_CODE_OK}},
    {"domain", OUT, "DNS:" DOMAIN, HOST, NULL, {DNA_PROVEN, DNA_CODE_OK}},
    {"neither", OUT, "DNS:other.example", HOST, NULL, {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
    {"target in capitals", OUT, "DNS:" HOST, "XMPP.host.Example", NULL,
     {DNA_PROVEN, DNA_CODE_OK}},
    {"direct TLS", OUT, "DNS:" HOST, "b.host.example", HOST, {DNA_PROVEN, DNA_CODE_OK}},
    {"wrong port", DNA_INITIATING, HOST, 5270, "DNS:" HOST, HOST, NULL,
     {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
    {"wrong port, certificate for the domain", DNA_INITIATING, HOST, 5270, "DNS:" DOMAIN, HOST,
     NULL, {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
    {"another host", DNA_INITIATING, "b.host.example", 5269, "DNS:b.host.example", HOST, NULL,
     {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
    {"certificate of the other target", OUT, "DNS:b.host.example", HOST, "b.host.example",
     {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
    {"no endpoint of its own", DNA_INITIATING, NULL, 0, "DNS:b.host.example", HOST,
     "b.host.example", {DNA_PROVEN, DNA_CODE_OK}},
    {"inbound, first", IN, "DNS:" HOST, HOST, "b.host.example", {DNA_PROVEN, DNA_CODE_OK}},
    {"inbound, second", IN, "DNS:b.host.example", HOST, "b.host.example",
     {DNA_PROVEN, DNA_CODE_OK}},
    {"inbound, neither", IN, "DNS:c.host.example", HOST, "b.host.example",
     {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
    {"inbound, domain", IN, "DNS:" DOMAIN, HOST, NULL, {DNA_PROVEN, DNA_CODE_OK}},
};

static void who_is_the_delegate(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct dna_ruling ruling;
        world_init(&w, &(struct cert_order){.names = rows[i].names});
        w.q.policy.prooftypes = ALONE;
        w.q.role = rows[i].role;
        w.q.host = rows[i].host;
        w.q.port = rows[i].port;
        world_srv(&w, PLAIN, RECORDS, rows[i].plain, 5269);
        world_srv(&w, TLS, rows[i].tls != NULL ? RECORDS : ABSENT,
                  rows[i].tls != NULL ? rows[i].tls : ".", 5269);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].result.verdict, rows[i].result.code);
        world_fini(&w);
    }
}

/* The host's name counts for nothing unless its own record is secure. */
static void an_insecure_record_delegates_nothing(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    w.q.policy.prooftypes = ALONE;
    w.q.role = DNA_INITIATING;
    w.q.host = HOST;
    w.q.port = 5269;
    world_srv(&w, PLAIN, INSECURE, HOST, 5269);
    world_srv(&w, TLS, RECORDS, "b.host.example", 5269);
    ruling = world_hear(&w);
    expect_ruling("outbound", &ruling, DNA_FAIL, DNA_CODE_WRONG_DELEGATE);
    w.q.role = DNA_RECEIVING;
    ruling = world_hear(&w);
    expect_ruling("inbound", &ruling, DNA_FAIL, DNA_CODE_WRONG_DELEGATE);
    world_fini(&w);
}

static void a_record_that_cannot_be_read_is_a_failure(void **state)
{
    static const char rubbish[] = "\0\1\0\1\x14";
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    w.q.policy.prooftypes = ALONE;
    world_srv(&w, PLAIN, RECORDS, HOST, 5269);
    world_say(&w, "_xmpps-server._tcp." DOMAIN, DNA_DNS_SRV, RECORDS,
              (struct dna_span){rubbish, sizeof rubbish - 1});
    ruling = world_hear(&w);
    expect_ruling("rubbish", &ruling, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
    world_fini(&w);
}

static void the_peer_must_be_trusted(void **state)
{
    struct world w;
    struct cert self = cert_make(&(struct cert_order){.names = "DNS:" HOST});
    const struct cert *one = &self;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    world_present(&w, cert_chain(&one, 1));
    w.q.policy.prooftypes = ALONE;
    world_srv(&w, PLAIN, RECORDS, HOST, 5269);
    ruling = world_hear(&w);
    expect_ruling("self-signed", &ruling, DNA_FAIL, DNA_CODE_UNTRUSTED);
    cert_free(&self);
    world_fini(&w);
}

/* Each input in turn is the one that ends first. */
static void expiry_is_the_minimum(void **state)
{
    static const struct {
        const char *what;
        int64_t path;
        uint32_t ttl[2];
        int64_t signatures[2];
        int64_t obtained;
        int64_t expires;
    } lives[] = {
        {"a day at most", 9 * DAY, {5 * DAY, 5 * DAY}, {9 * DAY, 9 * DAY}, 0, DAY},
        {"certificate", 500, {1000, 1000}, {900, 900}, 0, 500},
        {"first TTL", 9000, {1000, 2000}, {9000, 9000}, 0, 1000},
        {"second TTL", 9000, {2000, 1000}, {9000, 9000}, 0, 1000},
        {"first signature", 9000, {2000, 2000}, {700, 9000}, 0, 700},
        {"second signature", 9000, {2000, 2000}, {9000, 700}, 0, 700},
        {"an old answer", 9000, {2000, 2000}, {9000, 9000}, -500, 1500},
        {"an answer from the future", 9000, {2000, 2000}, {9000, 9000}, 500, 2000},
        {"a floor for short TTLs", 9000, {0, 0}, {9000, 9000}, 0, 300},
        {"no floor beyond a signature", 9000, {0, 0}, {100, 9000}, 0, 100},
        {"no floor beyond a certificate", 100, {0, 0}, {9000, 9000}, 0, 100},
    };
    struct world w;
    struct dna_path path = {.code = DNA_PATH_OK, .why = "ok", .not_before = NOW - 1};
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    world_say(&w, HOST, DNA_DNS_A, INSECURE, dna_span_of("\300\0\2\1"))->ttl = 9 * DAY;
    world_say(&w, HOST, DNA_DNS_AAAA, UNPROVEN, dna_span_of(""))->ttl = 9 * DAY;
    world_say(&w, "_xmpp-server." DOMAIN, DNA_DNS_TLSA, ABSENT, dna_span_of(""))->ttl =
        9 * DAY;
    w.q.policy.prooftypes = ALONE;
    w.path = &path;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        struct dna_ruling ruling;
        path.not_after = NOW + lives[i].path;
        for (int k = 0; k < 2; k++) {
            struct dna_dns_answer *a = world_srv(&w, k == 0 ? PLAIN : TLS, RECORDS, HOST, 5269);
            a->ttl = lives[i].ttl[k];
            a->signatures_end = NOW + lives[i].signatures[k];
            a->obtained = NOW + lives[i].obtained;
        }
        ruling = world_hear(&w);
        expect_ruling(lives[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
        if (ruling.expires_at != NOW + lives[i].expires) {
            fail_msg("%s: %lld", lives[i].what, (long long)(ruling.expires_at - NOW));
        }
    }
    world_fini(&w);
}

static void a_signature_that_has_ended_proves_nothing(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    w.q.policy.prooftypes = ALONE;
    world_srv(&w, PLAIN, RECORDS, HOST, 5269)->signatures_end = NOW;
    ruling = world_hear(&w);
    expect_ruling("ended", &ruling, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW);
    world_fini(&w);
}

static void clients_have_names_of_their_own(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){
        .names = "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-client." HOST});
    w.q.service = DNA_XMPP_CLIENT;
    w.q.policy.prooftypes = ALONE;
    world_srv(&w, PLAIN, RECORDS, HOST, 5222);
    ruling = world_hear(&w);
    expect_ruling("client", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_non_null(strstr(w.asked, "dns _xmpp-client._tcp." DOMAIN " SRV\n"
                                    "dns _xmpps-client._tcp." DOMAIN " SRV\n"));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_of_both_names),
        cmocka_unit_test(who_is_the_delegate),
        cmocka_unit_test(an_insecure_record_delegates_nothing),
        cmocka_unit_test(a_record_that_cannot_be_read_is_a_failure),
        cmocka_unit_test(the_peer_must_be_trusted),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(a_signature_that_has_ended_proves_nothing),
        cmocka_unit_test(clients_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
