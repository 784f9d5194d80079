/* The prooftype dane, and what TLSA records mean for dnssec-srv. */
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
#include <rich.h>
#include <x509/digest.h>

#define OTHER_HOST "b.host.example"
#define TLSA_AT(port, host) "_" port "._tcp." host

/* A peer below a CA of its own, which is no root of ours, and one below our root. */
struct dane {
    struct world w;
    struct cert anchor, leaf;
};

static void present(struct dane *d, const struct cert_order *order, bool trusted)
{
    struct cert_order made = *order;
    cert_free(&d->leaf);
    made.subject = "leaf";
    made.issuer = trusted ? &d->w.root : &d->anchor;
    d->leaf = cert_make(&made);
    world_present(&d->w, cert_chain((const struct cert *[]){
                                        &d->leaf, trusted ? &d->w.root : &d->anchor}, 2));
}

static void addresses(struct dane *d, const char *host, enum says says)
{
    world_say(&d->w, host, DNA_DNS_A, says, dna_span_of("\300\0\2\1"));
    world_say(&d->w, host, DNA_DNS_AAAA, says == RECORDS ? ABSENT : says,
              dna_span_of("0123456789abcdef"));
}

static void dane_init(struct dane *d, const char *names, bool trusted)
{
    memset(d, 0, sizeof *d);
    world_init(&d->w, &(struct cert_order){.names = "DNS:unused.example"});
    d->anchor = cert_make(&(struct cert_order){.subject = "anchor", .ca = true});
    present(d, &(struct cert_order){.names = names}, trusted);
    d->w.q.policy.prooftypes = BIT(DANE);
    world_srv(&d->w, PLAIN, RECORDS, HOST, 5269);
    world_srv(&d->w, TLS, ABSENT, ".", 0);
    world_say(&d->w, "_xmpp-server." DOMAIN, DNA_DNS_TLSA, ABSENT, dna_span_of(""));
    addresses(d, HOST, RECORDS);
    addresses(d, OTHER_HOST, RECORDS);
}

static void dane_fini(struct dane *d)
{
    cert_free(&d->leaf);
    cert_free(&d->anchor);
    world_fini(&d->w);
}

static void connected_to(struct dane *d, const char *host, uint16_t port)
{
    d->w.q.role = DNA_INITIATING;
    d->w.q.host = host;
    d->w.q.port = port;
}

/* The record for a certificate, "3 1 1" given as 311. */
static struct dna_span record(struct dane *d, unsigned kind, const struct cert *cert)
{
    unsigned char bytes[4096] = {(unsigned char)(kind / 100), (unsigned char)(kind / 10 % 10),
                                 (unsigned char)(kind % 10)};
    struct dna_span spki = cert_spki(cert), whole = bytes[1] == 0 ? cert->der : spki;
    struct dna_span made;
    size_t len = whole.len;
    if (bytes[2] == 0) {
        memcpy(bytes + 3, whole.ptr, len);
    } else {
        enum dna_hash hash = bytes[2] == 1 ? DNA_HASH_SHA256 : DNA_HASH_SHA512;
        unsigned char digest[DNA_HASH_MAX];
        assert_int_equal(dna_hash(hash, whole, digest), DNA_OK);
        len = dna_hash_size(hash);
        memcpy(bytes + 3, digest, len);
    }
    made = world_rdata(&d->w, bytes, 3 + len);
    cert_bytes_free(spki);
    return made;
}

static struct dna_dns_answer *say(struct dane *d, const char *name, struct dna_span rdata)
{
    return world_say(&d->w, name, DNA_DNS_TLSA, RECORDS, rdata);
}

static void expect_by(struct dane *d, unsigned types, const char *what,
                      enum dna_verdict verdict, enum dna_code code)
{
    struct dna_ruling ruling;
    d->w.q.policy.prooftypes = types;
    ruling = world_hear(&d->w);
    expect_ruling(what, &ruling, verdict, code);
}

#define GOOD DNA_PROVEN, DNA_CODE_OK
#define NONE DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL
#define MISMATCH DNA_FAIL, DNA_CODE_NO_MATCH
#define FORGED DNA_FAIL, DNA_CODE_DNS_BOGUS
#define UNKNOWN DNA_TEMPFAIL, DNA_CODE_DNS_FAILED

/* --- states of the look-ups --------------------------------------------------------- */

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

/* What dane says; by_name: what dnssec-srv says to a certificate that names the host. */
static struct result expected(enum says srv, enum says address, enum says tlsa, bool by_name)
{
    if (srv == BOGUS) {
        return (struct result){FORGED};
    }
    if (srv == FAILED || srv == SILENT) {
        return (struct result){UNKNOWN};
    }
    if (srv == INSECURE) {
        return (struct result){DNA_NOT_APPLICABLE, DNA_CODE_DNS_INSECURE};
    }
    if (address == BOGUS || (address == RECORDS && tlsa == BOGUS)) {
        return (struct result){FORGED};
    }
    if (address == FAILED || address == SILENT ||
        (address == RECORDS && (tlsa == FAILED || tlsa == SILENT))) {
        return (struct result){UNKNOWN};
    }
    if (by_name || (address == RECORDS && tlsa == RECORDS)) {
        return (struct result){GOOD};
    }
    return (struct result){NONE};
}

static void every_state_of_the_look_ups(void **state)
{
    static const enum says states[] = {RECORDS, INSECURE, BOGUS, FAILED, SILENT};
    static const enum says tlsas[] = {RECORDS, INSECURE, ABSENT, UNPROVEN, BOGUS, FAILED,
                                      SILENT};
    struct dane d;
    (void)state;
    dane_init(&d, "DNS:" HOST, true);
    for (size_t i = 0; i < 2 * 5 * 5 * 7; i++) {
        enum says srv = states[i / 70], address = states[i / 14 % 5], tlsa = tlsas[i / 2 % 7];
        struct result r = expected(srv, address, tlsa, false);
        char what[80];
        (void)snprintf(what, sizeof what, "%s: %s, %s, %s", i % 2 == 0 ? "out" : "in",
                       says_names[srv], says_names[address], says_names[tlsa]);
        d.w.q.role = DNA_RECEIVING;
        if (i % 2 == 0) {
            connected_to(&d, HOST, 5269);
        }
        world_srv(&d.w, PLAIN, srv, HOST, 5269);
        addresses(&d, HOST, address);
        world_say(&d.w, TLSA_AT("5269", HOST), DNA_DNS_TLSA, tlsa,
                  record(&d, 301, &d.leaf));
        expect_by(&d, BIT(DANE), what, r.verdict, r.code);
        assert_true(address == RECORDS || strstr(d.w.asked, "_5269") == NULL);
        r = expected(srv, address, tlsa, true);
        expect_by(&d, BIT(DNSSEC_SRV), what, r.verdict, r.code);
        world_free_bytes(&d.w, 0);
        d.w.n_dns = 0;
        world_srv(&d.w, TLS, ABSENT, ".", 0);
        world_say(&d.w, "_xmpp-server." DOMAIN, DNA_DNS_TLSA, ABSENT, dna_span_of(""));
    }
    dane_fini(&d);
}

/* One family of addresses that cannot be found out excludes the endpoint. */
static void both_kinds_of_addresses_count(void **state)
{
    struct dane d;
    (void)state;
    dane_init(&d, "DNS:" HOST, true);
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
    world_say(&d.w, HOST, DNA_DNS_AAAA, FAILED, dna_span_of(""));
    expect_by(&d, BIT(DANE), "AAAA failed", UNKNOWN);
    world_say(&d.w, HOST, DNA_DNS_AAAA, BOGUS, dna_span_of(""));
    expect_by(&d, BIT(DANE), "AAAA bogus", FORGED);
    world_say(&d.w, HOST, DNA_DNS_AAAA, RECORDS, dna_span_of("0123456789abcdef"));
    world_say(&d.w, HOST, DNA_DNS_A, INSECURE, dna_span_of("\300\0\2\1"));
    expect_by(&d, BIT(DANE), "one is secure", GOOD);
    dane_fini(&d);
}

/* They veto nothing: whoever does not need them does not wait. */
static void an_endpoint_holds_nobody_else_back(void **state)
{
    struct dane d;
    struct dna_ruling ruling;
    static const enum says bad[] = {SILENT, FAILED, BOGUS};
    (void)state;
    dane_init(&d, "DNS:" DOMAIN, true);
    for (size_t i = 0; i < 3; i++) {
        addresses(&d, HOST, bad[i]);
        d.w.q.policy.prooftypes = USUAL;
        ruling = world_hear(&d.w);
        expect_ruling("pkix", &ruling, GOOD);
        assert_int_equal(ruling.prooftype, DNA_PROOF_PKIX);
        assert_int_equal(ruling.expires_at, NOW + DAY);
        expect_by(&d, BIT(DNSSEC_SRV), "dnssec-srv", bad[i] == BOGUS ? DNA_FAIL : DNA_TEMPFAIL,
                  bad[i] == BOGUS ? DNA_CODE_DNS_BOGUS : DNA_CODE_DNS_FAILED);
        assert_false(dna_court_prover_ruling(d.w.court, DNA_PROOF_DNSSEC_SRV, &ruling) &&
                     ruling.veto);
    }
    dane_fini(&d);
}

/* --- records ------------------------------------------------------------------------ */

static void usages_selectors_and_matching_types(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4 * 2 * 3; i++) {
        unsigned usage = i / 6, kind = usage * 100 + i / 3 % 2 * 10 + i % 3;
        bool of_ca = usage == 0 || usage == 2, pkix = usage < 2;
        struct dane d;
        char what[20];
        (void)snprintf(what, sizeof what, "%03u", kind);
        dane_init(&d, "DNS:" HOST, pkix);
        for (int role = 0; role < 2; role++) {
            const struct cert *right = !of_ca ? &d.leaf : pkix ? &d.w.root : &d.anchor;
            struct cert wrong = cert_make(&(struct cert_order){.subject = "x", .ca = of_ca});
            if (role == 1) {
                connected_to(&d, HOST, 5269);
            }
            say(&d, TLSA_AT("5269", HOST), record(&d, kind, right));
            d.w.q.policy.dane_usages = DNA_DANE_USAGES_ALL;
            expect_by(&d, BIT(DANE), what, GOOD);
            d.w.q.policy.dane_usages = 0; /* by default 3 and 2 */
            expect_by(&d, BIT(DANE), what, usage >= 2 ? DNA_PROVEN : DNA_NOT_APPLICABLE,
                      usage >= 2 ? DNA_CODE_OK : DNA_CODE_NO_MATERIAL);
            d.w.q.policy.dane_usages = DNA_DANE_USAGES_ALL & ~DNA_DANE_USAGE_BIT(usage);
            expect_by(&d, BIT(DANE), what, NONE);
            d.w.q.policy.dane_usages = DNA_DANE_USAGES_ALL;
            expect_by(&d, USUAL, what, GOOD); /* beside the path that others want */
            say(&d, TLSA_AT("5269", HOST), record(&d, kind, &wrong));
            expect_by(&d, BIT(DANE), what, DNA_FAIL,
                      usage == 0 || (usage == 2 && kind % 10 == 0) ? DNA_CODE_UNTRUSTED
                                                                   : DNA_CODE_NO_MATCH);
            cert_free(&wrong);
        }
        dane_fini(&d);
    }
}

/* Usage 3 looks at neither names nor dates; the others do. */
static void names_and_dates(void **state)
{
    static const struct {
        const char *what;
        struct cert_order leaf;
        enum dna_code code; /* of usages 0 to 2; OK: proven */
    } rows[] = {
        {"host", {.names = "DNS:" HOST}, DNA_CODE_OK},
        {"domain", {.names = "DNS:" DOMAIN}, DNA_CODE_OK},
        {"another", {.names = "DNS:evil.example"}, DNA_CODE_NAME_MISMATCH},
        {"none", {.names = NULL}, DNA_CODE_NAME_MISMATCH},
        {"the other target", {.names = "DNS:" OTHER_HOST}, DNA_CODE_NAME_MISMATCH},
        {"expired", {.names = "DNS:" HOST, .not_before = NOW - 3 * DAY, .not_after = NOW - 1},
         DNA_CODE_UNTRUSTED},
        {"for clients", {.names = "DNS:" HOST, .usage = "clientAuth"}, DNA_CODE_UNTRUSTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned usage = 0; usage < 4; usage++) {
            bool pkix = usage < 2, of_ca = usage == 0 || usage == 2;
            enum dna_code code = usage == 3 ? DNA_CODE_OK : rows[i].code;
            struct dane d;
            dane_init(&d, NULL, pkix);
            present(&d, &rows[i].leaf, pkix);
            d.w.q.policy.dane_usages = DNA_DANE_USAGES_ALL;
            say(&d, TLSA_AT("5269", HOST),
                record(&d, usage * 100 + 1,
                       !of_ca ? &d.leaf : pkix ? &d.w.root : &d.anchor));
            expect_by(&d, BIT(DANE), rows[i].what,
                      code == DNA_CODE_OK ? DNA_PROVEN : DNA_FAIL, code);
            dane_fini(&d);
        }
    }
}

/* S9: a key that is too weak passes under no record. */
static void a_weak_key_is_never_enough(void **state)
{
    struct dane d;
    (void)state;
    dane_init(&d, NULL, false);
    present(&d, &(struct cert_order){.key = "RSA-1024"}, false);
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
    expect_by(&d, BIT(DANE), "weak", DNA_FAIL, DNA_CODE_WEAK_KEY);
    dane_fini(&d);
}

static void several(struct dane *d, const struct dna_span *records, size_t n)
{
    struct dna_dns_answer *answer = say(d, TLSA_AT("5269", HOST), records[0]);
    answer->rdata = records;
    answer->n_rdata = n;
}

static void which_of_several_count(void **state)
{
    struct dane d;
    struct dna_span set[3];
    struct cert other = cert_make(&(struct cert_order){.subject = "other"});
    (void)state;
    dane_init(&d, "DNS:" HOST, true);
    set[0] = record(&d, 311, &d.leaf);
    set[1] = record(&d, 312, &other);
    several(&d, set, 2);
    expect_by(&d, BIT(DANE), "the weaker digest matches", MISMATCH);
    expect_by(&d, BIT(DNSSEC_SRV), "... dnssec-srv", MISMATCH);
    set[1] = record(&d, 302, &other);
    expect_by(&d, BIT(DANE), "of another selector", GOOD);
    set[1] = record(&d, 311, &other);
    expect_by(&d, BIT(DANE), "roll-over", GOOD);
    set[0] = record(&d, 311, &other);
    set[1] = world_rdata(&d.w, "\3\1\3xxx", 6);
    set[2] = record(&d, 311, &d.leaf);
    several(&d, set, 3);
    expect_by(&d, BIT(DANE), "an unusable one beside", GOOD);
    cert_free(&other);
    dane_fini(&d);
}

/* So many records are tried, and no more; what does not decode hides nothing behind it. */
static void crowds_of_records(void **state)
{
    static const char rubbish[] = "\3\0\0rubbish";
    struct dane d;
    struct dna_span set[40];
    struct cert other = cert_make(&(struct cert_order){.subject = "other"});
    (void)state;
    dane_init(&d, "DNS:" HOST, true);
    for (size_t i = 0; i < 40; i++) {
        set[i] = (struct dna_span){rubbish, sizeof rubbish - 1};
    }
    several(&d, set, 40);
    expect_by(&d, BIT(DANE), "rubbish", NONE);
    set[39] = record(&d, 311, &d.leaf);
    several(&d, set, 40);
    expect_by(&d, BIT(DANE), "behind rubbish", GOOD);
    set[39] = record(&d, 310, &d.leaf);
    several(&d, set, 40);
    expect_by(&d, BIT(DANE), "full data behind too much of them", NONE);
    for (size_t i = 0; i < 39; i++) {
        set[i] = record(&d, 311, &other);
    }
    several(&d, set, 40);
    expect_by(&d, BIT(DANE), "behind too many", MISMATCH);
    cert_free(&other);
    dane_fini(&d);
}

/* RFC 7673 4.1: names and CAs decide. */
static void where_none_is_usable(void **state)
{
    static const struct {
        const char *what, *bytes;
        size_t len;
    } rows[] = {
        {"empty", "", 0},
        {"three octets", "\3\1\1", 3},
        {"a short digest", "\3\1\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 34},
        {"a long digest", "\3\1\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 36},
        {"usage 4", "\4\1\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 35},
        {"usage 255", "\377\1\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 35},
        {"selector 2", "\3\2\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 35},
        {"matching type 3", "\3\1\3xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 35},
        {"no certificate", "\3\0\0xxxx", 7},
        {"no key", "\2\1\0xxxx", 7},
        {"usage 1, not asked for", "\1\1\1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 35},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dane d;
        dane_init(&d, "DNS:" HOST, true);
        say(&d, TLSA_AT("5269", HOST), world_rdata(&d.w, rows[i].bytes, rows[i].len));
        expect_by(&d, BIT(DANE), rows[i].what, NONE);
        expect_by(&d, BIT(DNSSEC_SRV), rows[i].what, GOOD);
        present(&d, &(struct cert_order){.names = "DNS:" HOST}, false);
        expect_by(&d, BIT(DANE) | BIT(DNSSEC_SRV), rows[i].what, DNA_FAIL, DNA_CODE_UNTRUSTED);
        dane_fini(&d);
    }
}

/* Records that match no certificate: no name helps, for any target. */
static void dnssec_srv_needs_the_match_too(void **state)
{
    struct dane d;
    struct cert other = cert_make(&(struct cert_order){.subject = "other"});
    (void)state;
    dane_init(&d, "DNS:" HOST ",DNS:" DOMAIN, true);
    for (int role = 0; role < 2; role++) {
        if (role == 1) {
            connected_to(&d, HOST, 5269);
        }
        say(&d, TLSA_AT("5269", HOST), record(&d, 301, &other));
        expect_by(&d, BIT(DNSSEC_SRV), "no match", MISMATCH);
        say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
        expect_by(&d, BIT(DNSSEC_SRV), "match", GOOD);
        say(&d, TLSA_AT("5269", HOST), record(&d, 201, &d.w.root));
        expect_by(&d, BIT(DNSSEC_SRV), "anchor", GOOD);
    }
    cert_free(&other);
    dane_fini(&d);
}

/* --- endpoints ---------------------------------------------------------------------- */

static void two_targets(struct dane *d)
{
    world_srv(&d->w, PLAIN, RECORDS, HOST, 5269);
    world_srv(&d->w, TLS, RECORDS, OTHER_HOST, 443);
}

/* S6: outbound the one that we are connected to, inbound each apart. */
static void each_endpoint_apart(void **state)
{
    struct dane d;
    struct cert other = cert_make(&(struct cert_order){.subject = "other"});
    (void)state;
    dane_init(&d, "DNS:" OTHER_HOST, false);
    two_targets(&d);
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &other));
    say(&d, TLSA_AT("443", OTHER_HOST), record(&d, 301, &d.leaf));
    expect_by(&d, BIT(DANE), "in: the second", GOOD);
    assert_non_null(strstr(d.w.asked, "dns _443._tcp." OTHER_HOST " TLSA\n"));
    connected_to(&d, HOST, 5269);
    expect_by(&d, BIT(DANE), "out: the other's", MISMATCH);
    assert_null(strstr(d.w.asked, "_443"));
    connected_to(&d, OTHER_HOST, 443);
    expect_by(&d, BIT(DANE), "out: its own", GOOD);
    connected_to(&d, OTHER_HOST, 5269);
    expect_by(&d, BIT(DANE), "out: another port", DNA_FAIL, DNA_CODE_WRONG_DELEGATE);
    connected_to(&d, NULL, 0);
    expect_by(&d, BIT(DANE), "out: without an endpoint of its own", GOOD);
    d.w.q.role = DNA_RECEIVING;
    /* the anchor of one with the name of the other */
    say(&d, TLSA_AT("5269", HOST), record(&d, 201, &d.anchor));
    say(&d, TLSA_AT("443", OTHER_HOST), record(&d, 301, &other));
    expect_by(&d, BIT(DANE), "mixed", DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    say(&d, TLSA_AT("443", OTHER_HOST), record(&d, 201, &d.anchor));
    expect_by(&d, BIT(DANE), "not mixed", GOOD);
    cert_free(&other);
    dane_fini(&d);
}

static void one_with_records_and_one_without(void **state)
{
    static const char *const names[] = {"DNS:" HOST, "DNS:" OTHER_HOST, "DNS:" DOMAIN};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dane d;
        struct cert other = cert_make(&(struct cert_order){.subject = "other"});
        dane_init(&d, names[i], true);
        two_targets(&d);
        say(&d, TLSA_AT("5269", HOST), record(&d, 301, &other));
        /* by name only where there are no records */
        expect_by(&d, BIT(DNSSEC_SRV), names[i], i == 0 ? DNA_FAIL : DNA_PROVEN,
                  i == 0 ? DNA_CODE_NO_MATCH : DNA_CODE_OK);
        world_say(&d.w, TLSA_AT("443", OTHER_HOST), DNA_DNS_TLSA, FAILED, dna_span_of(""));
        expect_by(&d, BIT(DNSSEC_SRV), names[i], i == 0 ? DNA_FAIL : DNA_TEMPFAIL,
                  i == 0 ? DNA_CODE_NO_MATCH : DNA_CODE_DNS_FAILED);
        cert_free(&other);
        dane_fini(&d);
    }
}

static void a_bad_target_excludes_itself_alone(void **state)
{
    static const enum says bad[] = {BOGUS, FAILED, SILENT};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct dane d;
        dane_init(&d, "DNS:evil.example", false);
        two_targets(&d);
        say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
        say(&d, TLSA_AT("443", OTHER_HOST), record(&d, 301, &d.leaf));
        addresses(&d, HOST, bad[i]);
        expect_by(&d, BIT(DANE), "the second", GOOD);
        connected_to(&d, HOST, 5269);
        expect_by(&d, BIT(DANE), "the bad one", i == 0 ? DNA_FAIL : DNA_TEMPFAIL,
                  i == 0 ? DNA_CODE_DNS_BOGUS : DNA_CODE_DNS_FAILED);
        dane_fini(&d);
    }
}

static void an_insecure_target_is_none(void **state)
{
    struct dane d;
    (void)state;
    dane_init(&d, "DNS:evil.example", false);
    world_srv(&d.w, PLAIN, INSECURE, HOST, 5269);
    world_srv(&d.w, TLS, RECORDS, OTHER_HOST, 443);
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
    expect_by(&d, BIT(DANE), "inbound", NONE);
    connected_to(&d, HOST, 5269);
    expect_by(&d, BIT(DANE), "outbound", DNA_FAIL, DNA_CODE_WRONG_DELEGATE);
    dane_fini(&d);
}

static void the_domain_itself_without_srv_records(void **state)
{
    struct dane d;
    (void)state;
    dane_init(&d, "DNS:evil.example", false);
    world_srv(&d.w, PLAIN, ABSENT, ".", 0);
    addresses(&d, DOMAIN, RECORDS);
    say(&d, TLSA_AT("5269", DOMAIN), record(&d, 301, &d.leaf));
    expect_by(&d, BIT(DANE), "inbound", GOOD);
    connected_to(&d, NULL, 0);
    expect_by(&d, BIT(DANE), "outbound", GOOD);
    connected_to(&d, DOMAIN, 5269);
    expect_by(&d, BIT(DANE), "outbound, named", GOOD);
    connected_to(&d, HOST, 5269);
    expect_by(&d, BIT(DANE), "outbound, elsewhere", DNA_FAIL, DNA_CODE_WRONG_DELEGATE);
    connected_to(&d, DOMAIN, 5270);
    expect_by(&d, BIT(DANE), "outbound, another port", DNA_FAIL, DNA_CODE_WRONG_DELEGATE);
    connected_to(&d, NULL, 0);
    world_srv(&d.w, TLS, UNPROVEN, ".", 0);
    expect_by(&d, BIT(DANE), "not surely absent", DNA_NOT_APPLICABLE, DNA_CODE_DNS_INSECURE);
    world_srv(&d.w, TLS, DENIED, ".", 0);
    expect_by(&d, BIT(DANE), "denied", DNA_FAIL, DNA_CODE_NO_DELEGATION);
    dane_fini(&d);
}

static void aliases(void **state)
{
    static const char end[] = "\3end\4host\7example", loop[] = "\4xmpp\4host\7example";
    struct dane d;
    struct cert other = cert_make(&(struct cert_order){.subject = "other"});
    (void)state;
    dane_init(&d, "DNS:evil.example", false);
    world_srv(&d.w, PLAIN, RECORDS, HOST, 5269)->aliased = true; /* at the SRV records' name */
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
    expect_by(&d, BIT(DANE), "SRV alias", GOOD);
    world_say(&d.w, HOST, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"))->aliased = true;
    world_say(&d.w, HOST, DNA_DNS_CNAME, RECORDS, (struct dna_span){end, sizeof end});
    world_say(&d.w, "end.host.example", DNA_DNS_CNAME, ABSENT, dna_span_of(""));
    expect_by(&d, BIT(DANE), "at the host", GOOD);
    say(&d, TLSA_AT("5269", "end.host.example"), record(&d, 301, &other));
    expect_by(&d, BIT(DANE), "at the end first", MISMATCH);
    say(&d, TLSA_AT("5269", "end.host.example"), record(&d, 301, &d.leaf));
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &other));
    expect_by(&d, BIT(DANE), "at the end", GOOD);
    world_say(&d.w, TLSA_AT("5269", "end.host.example"), DNA_DNS_TLSA, FAILED, dna_span_of(""));
    expect_by(&d, BIT(DANE), "at the end, failed", UNKNOWN);
    say(&d, TLSA_AT("5269", "end.host.example"), record(&d, 301, &d.leaf));
    world_say(&d.w, "end.host.example", DNA_DNS_CNAME, RECORDS,
              (struct dna_span){loop, sizeof loop});
    expect_by(&d, BIT(DANE), "a circle", UNKNOWN);
    world_say(&d.w, "end.host.example", DNA_DNS_CNAME, ABSENT, dna_span_of(""));
    expect_by(&d, BIT(DANE), "no circle", GOOD);
    world_say(&d.w, HOST, DNA_DNS_CNAME, INSECURE, (struct dna_span){end, sizeof end});
    expect_by(&d, BIT(DANE), "an insecure alias", UNKNOWN);
    world_say(&d.w, HOST, DNA_DNS_CNAME, BOGUS, dna_span_of(""));
    expect_by(&d, BIT(DANE), "a bogus alias", FORGED);
    cert_free(&other);
    dane_fini(&d);
}

/* As many targets as there may be, and more: each is asked once, and the rest is left out. */
static void crowds_of_targets(void **state)
{
    struct dane d;
    struct dna_span targets[30];
    char host[40], name[60];
    struct dna_dns_answer *answer;
    unsigned asked = 0;
    (void)state;
    dane_init(&d, "DNS:evil.example", false);
    for (size_t i = 0; i < 30; i++) {
        (void)snprintf(host, sizeof host, "h%zu.host.example", i / 2);
        targets[i] = world_srv_rdata(&d.w, host, i < 24 ? 5269 : (uint16_t)(6000 + i));
    }
    answer = world_srv(&d.w, PLAIN, RECORDS, HOST, 5269);
    answer->rdata = targets;
    answer->n_rdata = 30;
    for (size_t i = 0; i < 15; i++) {
        (void)snprintf(host, sizeof host, "h%zu.host.example", i);
        (void)snprintf(name, sizeof name, "_5269._tcp.%s", host);
        world_say(&d.w, host, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"));
        if (i == 11) {
            say(&d, name, record(&d, 311, &d.leaf));
        }
    }
    expect_by(&d, BIT(DANE), "the twelfth", GOOD);
    for (const char *p = d.w.asked; (p = strstr(p, " TLSA\n")) != NULL; p++) {
        asked++;
    }
    assert_int_equal(asked, 1 + 16);
    dane_fini(&d);
}

/* The most that a domain can make us look up stays within what a hearing may want. */
static void crowds_of_aliases(void **state)
{
    struct dane d;
    struct dna_span targets[20];
    struct dna_dns_answer *answer;
    unsigned asked = 0;
    (void)state;
    dane_init(&d, "DNS:" DOMAIN, false);
    for (size_t i = 0; i < 20; i++) {
        static const char *const stages[] = {"h", "a", "b"};
        char name[2][40];
        char host[40];
        (void)snprintf(host, sizeof host, "h%zu.host.example", i);
        targets[i] = world_srv_rdata(&d.w, host, 5269);
        world_say(&d.w, host, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"))->aliased = true;
        for (size_t k = 0; k < 2; k++) {
            struct dna_span end;
            (void)snprintf(name[0], sizeof name[0], "%s%zu.host.example", stages[k], i);
            (void)snprintf(name[1], sizeof name[1], "%s%zu.host.example", stages[k + 1], i);
            end = world_srv_rdata(&d.w, name[1], 0); /* a name behind six octets */
            world_say(&d.w, name[0], DNA_DNS_CNAME, RECORDS,
                      (struct dna_span){end.ptr + 6, end.len - 6});
        }
    }
    answer = world_srv(&d.w, PLAIN, RECORDS, HOST, 5269);
    answer->rdata = targets;
    answer->n_rdata = 20;
    expect_by(&d, BIT(DANE), "alone", NONE);
    expect_by(&d, USUAL, "beside others", DNA_FAIL, DNA_CODE_UNTRUSTED);
    for (const char *p = d.w.asked; *p != '\0'; p++) {
        asked += *p == '\n';
    }
    assert_in_range(asked, 16 * 7 + 4, DNA_LIMIT_WANTS / 3 * 2);
    dane_fini(&d);
}

/* --- the record for outgoing connections -------------------------------------------- */

static void the_clients_record_decides(void **state)
{
    static const char name[] = "_xmpp-server." DOMAIN;
    struct dane d;
    struct cert other = cert_make(&(struct cert_order){.subject = "other"});
    (void)state;
    dane_init(&d, "DNS:" HOST ",DNS:" DOMAIN, true);
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
    say(&d, name, record(&d, 301, &other));
    expect_by(&d, BIT(DANE), "no match", MISMATCH);
    expect_by(&d, BIT(DNSSEC_SRV), "no match, dnssec-srv", MISMATCH);
    world_say(&d.w, name, DNA_DNS_TLSA, BOGUS, dna_span_of(""));
    expect_by(&d, BIT(DANE), "bogus", FORGED);
    expect_by(&d, BIT(DNSSEC_SRV), "bogus, dnssec-srv", FORGED);
    world_say(&d.w, name, DNA_DNS_TLSA, FAILED, dna_span_of(""));
    expect_by(&d, BIT(DANE), "failed", UNKNOWN);
    expect_by(&d, BIT(DNSSEC_SRV), "failed, dnssec-srv", UNKNOWN);
    connected_to(&d, HOST, 5269);
    expect_by(&d, BIT(DANE), "outbound it is not asked", GOOD);
    assert_null(strstr(d.w.asked, name));
    d.w.q.role = DNA_RECEIVING;
    world_say(&d.w, name, DNA_DNS_TLSA, INSECURE, record(&d, 301, &other));
    expect_by(&d, BIT(DANE), "insecure", GOOD);
    say(&d, name, world_rdata(&d.w, "\3\1\1", 3));
    expect_by(&d, BIT(DANE), "unusable", GOOD);
    world_say(&d.w, TLSA_AT("5269", HOST), DNA_DNS_TLSA, FAILED, dna_span_of(""));
    say(&d, name, record(&d, 201, &d.w.root));
    expect_by(&d, BIT(DANE), "anchor", GOOD);
    present(&d, &(struct cert_order){.names = "DNS:" HOST}, true);
    expect_by(&d, BIT(DANE), "anchor, another name", DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    say(&d, name, record(&d, 301, &d.leaf));
    expect_by(&d, BIT(DANE), "match", GOOD);
    world_srv(&d.w, PLAIN, INSECURE, HOST, 5269);
    expect_by(&d, BIT(DANE), "whatever the SRV records", GOOD);
    world_srv(&d.w, TLS, UNPROVEN, ".", 0);
    expect_by(&d, BIT(DANE), "an unsigned zone", DNA_NOT_APPLICABLE, DNA_CODE_DNS_INSECURE);
    assert_null(strstr(d.w.asked, name));
    cert_free(&other);
    dane_fini(&d);
}

/* --- life --------------------------------------------------------------------------- */

static void expiry_is_the_minimum(void **state)
{
    struct dane d;
    struct dna_dns_answer *inputs[6];
    struct dna_ruling ruling;
    (void)state;
    dane_init(&d, "DNS:" HOST, false);
    inputs[0] = world_srv(&d.w, PLAIN, RECORDS, HOST, 5269);
    inputs[1] = world_srv(&d.w, TLS, ABSENT, ".", 0);
    inputs[2] = world_say(&d.w, HOST, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"));
    inputs[3] = world_say(&d.w, HOST, DNA_DNS_AAAA, ABSENT, dna_span_of(""));
    inputs[4] = say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf));
    for (size_t k = 0; k < 5; k++) {
        inputs[k]->ttl = 9 * DAY;
        inputs[k]->signatures_end = NOW + 9 * DAY;
    }
    ruling = world_hear(&d.w);
    assert_int_equal(ruling.expires_at, NOW + DAY);
    for (size_t k = 0; k < 5; k++) {
        inputs[k]->ttl = 1000 + (uint32_t)k;
        assert_int_equal(world_hear(&d.w).expires_at, NOW + 1000 + (int64_t)k);
        inputs[k]->ttl = 9 * DAY;
        inputs[k]->signatures_end = NOW + 77;
        assert_int_equal(world_hear(&d.w).expires_at, NOW + 77);
        inputs[k]->signatures_end = NOW + 9 * DAY;
    }
    present(&d, &(struct cert_order){.names = "DNS:" HOST, .not_after = NOW + 55}, false);
    say(&d, TLSA_AT("5269", HOST), record(&d, 301, &d.leaf))->ttl = 9 * DAY;
    assert_int_equal(world_hear(&d.w).expires_at, NOW + DAY); /* usage 3 knows no dates */
    say(&d, TLSA_AT("5269", HOST), record(&d, 201, &d.anchor))->ttl = 9 * DAY;
    assert_int_equal(world_hear(&d.w).expires_at, NOW + 55);
    dane_fini(&d);
}

/* A fact from a cache may be older than the certificates' dates. */
static void the_path_must_hold_now(void **state)
{
    struct dna_path path = {.code = DNA_PATH_OK, .why = "ok", .not_before = NOW,
                            .not_after = NOW + 1};
    struct dane d;
    (void)state;
    dane_init(&d, "DNS:" HOST, false);
    say(&d, TLSA_AT("5269", HOST), record(&d, 201, &d.anchor));
    d.w.path = &path;
    expect_by(&d, BIT(DANE), "now", GOOD);
    path.not_before = NOW + 1;
    expect_by(&d, BIT(DANE), "not yet", DNA_FAIL, DNA_CODE_UNTRUSTED);
    path.not_before = NOW - 1;
    path.not_after = NOW;
    expect_by(&d, BIT(DANE), "no longer", DNA_FAIL, DNA_CODE_UNTRUSTED);
    dane_fini(&d);
}

static void an_internationalised_domain(void **state)
{
    struct dane d;
    (void)state;
    dane_init(&d, NULL, false);
    d.w.q.domain = "xn--bcher-kva.example";
    present(&d, &(struct cert_order){.names = "DNS:xn--bcher-kva.example"}, false);
    world_srv(&d.w, PLAIN, RECORDS, "xn--bcher-kva.host.example", 5269);
    world_srv(&d.w, TLS, ABSENT, ".", 0);
    addresses(&d, "xn--bcher-kva.host.example", RECORDS);
    say(&d, TLSA_AT("5269", "xn--bcher-kva.host.example"), record(&d, 211, &d.anchor));
    expect_by(&d, BIT(DANE), "IDN", GOOD);
    dane_fini(&d);
}

static void clients_have_names_of_their_own(void **state)
{
    struct dane d;
    (void)state;
    dane_init(&d, NULL, false);
    d.w.q.service = DNA_XMPP_CLIENT;
    world_srv(&d.w, PLAIN, RECORDS, HOST, 5222);
    world_srv(&d.w, TLS, ABSENT, ".", 0);
    say(&d, TLSA_AT("5222", HOST), record(&d, 311, &d.leaf));
    expect_by(&d, BIT(DANE), "client", GOOD);
    assert_non_null(strstr(d.w.asked, "dns _xmpp-client." DOMAIN " TLSA\n"));
    dane_fini(&d);
}

/* S6, in the last step of dnssec-ta: the delegate's own zone is secure and has records. */
static void dnssec_ta_asks_the_delegate(void **state)
{
    static const struct {
        enum says tlsa;
        bool matching;
        enum dna_verdict verdict;
        enum dna_code code;
    } rows[] = {
        {RECORDS, true, GOOD},   {RECORDS, false, MISMATCH}, {ABSENT, true, GOOD},
        {INSECURE, false, GOOD}, {BOGUS, true, FORGED},      {FAILED, true, UNKNOWN},
        {SILENT, true, UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int role = 0; role < 2; role++) {
            struct rich r;
            struct dna_ruling ruling;
            unsigned char bytes[3 + DNA_SHA256_SIZE] = {3, 0, 1};
            rich_init(&r, "DNS:" HOST);
            memcpy(bytes + 3, dna_chain_leaf_digest(r.w.chain), DNA_SHA256_SIZE);
            bytes[3] ^= !rows[i].matching;
            r.w.q.policy.prooftypes = BIT(DNSSEC_TA);
            r.w.q.role = role == 0 ? DNA_RECEIVING : DNA_INITIATING;
            r.w.q.host = HOST;
            r.w.q.port = 5269;
            world_say(&r.w, HOST, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"));
            world_say(&r.w, TLSA_AT("5269", HOST), DNA_DNS_TLSA, rows[i].tlsa,
                      world_rdata(&r.w, bytes, sizeof bytes));
            ruling = world_hear(&r.w);
            expect_ruling(says_names[rows[i].tlsa], &ruling, rows[i].verdict, rows[i].code);
            assert_false(ruling.veto);
            rich_fini(&r);
        }
    }
}

/* Every allocation of a hearing fails once; the call is made again, and the ruling is the
 * same. */
static void without_memory(void **state)
{
    static const char end[] = "\3end\4host\7example";
    struct dane d;
    struct dna_span set[2];
    struct dna_ruling good;
    bool failed = true;
    (void)state;
    dane_init(&d, "DNS:" OTHER_HOST, false);
    two_targets(&d);
    world_say(&d.w, HOST, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"))->aliased = true;
    world_say(&d.w, HOST, DNA_DNS_CNAME, RECORDS, (struct dna_span){end, sizeof end});
    world_say(&d.w, "end.host.example", DNA_DNS_CNAME, ABSENT, dna_span_of(""));
    set[0] = record(&d, 200, &d.anchor);
    set[1] = record(&d, 311, &d.anchor);
    say(&d, TLSA_AT("443", OTHER_HOST), set[0])->rdata = set;
    d.w.q.policy.prooftypes = BIT(DANE) | BIT(DNSSEC_SRV);
    good = world_hear(&d.w);
    expect_ruling("with memory", &good, GOOD);
    for (unsigned long n = 0; failed; n++) {
        struct failing_alloc f;
        struct dna_ruling ruling;
        d.w.alloc = failing_alloc_init(&f, n);
        d.w.refused = 0;
        ruling = world_hear(&d.w);
        expect_same(&ruling, &good);
        dna_court_free(d.w.court);
        d.w.court = NULL;
        assert_int_equal(f.outstanding, 0);
        assert_int_equal(d.w.refused, f.failed);
        failed = f.failed;
    }
    d.w.alloc = NULL;
    dane_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_kinds_of_addresses_count),
        cmocka_unit_test(an_endpoint_holds_nobody_else_back),
        cmocka_unit_test(usages_selectors_and_matching_types),
        cmocka_unit_test(names_and_dates),
        cmocka_unit_test(a_weak_key_is_never_enough),
        cmocka_unit_test(which_of_several_count),
        cmocka_unit_test(crowds_of_records),
        cmocka_unit_test(where_none_is_usable),
        cmocka_unit_test(dnssec_srv_needs_the_match_too),
        cmocka_unit_test(each_endpoint_apart),
        cmocka_unit_test(one_with_records_and_one_without),
        cmocka_unit_test(a_bad_target_excludes_itself_alone),
        cmocka_unit_test(an_insecure_target_is_none),
        cmocka_unit_test(the_domain_itself_without_srv_records),
        cmocka_unit_test(aliases),
        cmocka_unit_test(crowds_of_targets),
        cmocka_unit_test(crowds_of_aliases),
        cmocka_unit_test(the_clients_record_decides),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(the_path_must_hold_now),
        cmocka_unit_test(an_internationalised_domain),
        cmocka_unit_test(clients_have_names_of_their_own),
        cmocka_unit_test(dnssec_ta_asks_the_delegate),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(every_state_of_the_look_ups), /* the slow one */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
