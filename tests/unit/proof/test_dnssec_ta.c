/* The prooftype dnssec-ta, alone: each of its steps, and what must never pass it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/codec.h>
#include <world.h>

#define ALONE DNA_PROOF_BIT(DNA_PROOF_DNSSEC_TA)

/* A world in which the proof succeeds: the domain's zone is an island, the peer has a
 * certificate for HOST, and the supplied certificate holds the zone's key. */
struct island {
    struct world w;
    struct cert ta;
    struct dna_span document; /* what the URL delivers */
    struct dna_span key;      /* the DNSKEY */
};

static void supply(struct island *i, const struct cert *cert)
{
    const struct cert *one = cert;
    cert_bytes_free(i->document);
    i->document = cert_pem(&one, 1);
    world_document(&i->w, TA_URL, DNA_FETCH_OK, "");
    i->w.documents[0].result.body = i->document;
}

static struct world_anchored *anchor_at(struct island *i, size_t n, const char *zone)
{
    struct world_anchored *a = &i->w.anchored[n];
    if (i->w.n_anchored <= n) {
        i->w.n_anchored = n + 1;
    }
    a->zone = zone;
    a->result.dnskey = world_answer(&i->w, DNA_DNS_DNSKEY, RECORDS, i->key);
    a->result.srv = world_answer(&i->w, DNA_DNS_SRV, RECORDS,
                                 world_srv_rdata(&i->w, HOST, 5269));
    a->result.srv_tls = world_answer(&i->w, DNA_DNS_SRV, ABSENT, dna_span_of(""));
    return a;
}

static void island_init(struct island *i, const char *domain, const struct cert_order *order)
{
    struct cert_order ta = *order;
    memset(i, 0, sizeof *i);
    world_init(&i->w, &(struct cert_order){.names = "DNS:" HOST});
    ta.issuer = ta.issuer != NULL ? ta.issuer : &i->w.root;
    i->ta = cert_make(&ta);
    i->w.q.domain = domain;
    i->w.q.policy.prooftypes = ALONE;
    world_srv(&i->w, PLAIN, INSECURE, "evil.example", 5269);
    world_srv(&i->w, TLS, UNPROVEN, ".", 0);
    i->w.peer.outcome = DNA_PEER_PROOF;
    i->w.peer.type = DNA_PROOF_DNSSEC_TA;
    i->w.peer.content = dna_span_of(TA_URL);
    supply(i, &i->ta);
    i->key = world_dnskey(&i->w, &i->ta, 257, 3, 0);
    world_say(&i->w, domain, DNA_DNS_DNSKEY, INSECURE, i->key);
    (void)anchor_at(i, 0, domain);
}

static void island_fini(struct island *i)
{
    cert_bytes_free(i->document);
    cert_free(&i->ta);
    world_fini(&i->w);
}

static struct dna_ruling expect(struct island *i, const char *what, enum dna_verdict verdict,
                                enum dna_code code)
{
    struct dna_ruling ruling = world_hear(&i->w);
    expect_ruling(what, &ruling, verdict, code);
    if (ruling.code != DNA_CODE_DNS_BOGUS) { /* a veto may be the court's own */
        assert_int_equal(ruling.prooftype, DNA_PROOF_DNSSEC_TA);
    }
    return ruling;
}

static void succeeds_in_both_roles(void **state)
{
    static const char *const keys[] = {NULL, "P-384", "ED25519", "ED448", "RSA-2048"};
    (void)state;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        for (int role = 0; role < 2; role++) {
            struct island i;
            island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN,
                                                         .key = keys[k]});
            if (role == 0) {
                i.w.q.role = DNA_INITIATING;
                i.w.q.host = HOST;
                i.w.q.port = 5269;
            }
            (void)expect(&i, "success", DNA_PROVEN, DNA_CODE_OK);
            assert_string_equal(i.w.asked,
                                "dns _xmpp-server._tcp." DOMAIN " SRV\n"
                                "dns _xmpps-server._tcp." DOMAIN " SRV\n"
                                "path\npeer 4\nfetch peer " TA_URL " 0\npath\n"
                                "dns " DOMAIN " DNSKEY\n"
                                "anchored " DOMAIN " " DOMAIN "\n"
                                "dns " HOST " A\ndns " HOST " AAAA\n");
            island_fini(&i);
        }
    }
}

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
};

/* Steps 2 and 3: a challenge is sent only where DNSSEC says nothing. */
static struct result at_the_root(enum says plain, enum says tls)
{
#define EITHER(s) (plain == (s) || tls == (s))
    if (EITHER(BOGUS)) {
        return (struct result){DNA_FAIL, DNA_CODE_DNS_BOGUS};
    }
    if (EITHER(FAILED) || EITHER(SILENT)) {
        return (struct result){DNA_TEMPFAIL, DNA_CODE_DNS_FAILED};
    }
    if (EITHER(RECORDS)) {
        return (struct result){DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL};
    }
    if (EITHER(INSECURE) || EITHER(UNPROVEN)) {
        return (struct result){DNA_PROVEN, DNA_CODE_OK};
    }
    return (struct result){DNA_FAIL, DNA_CODE_NO_DELEGATION};
}

/* Step 13: under the anchor an absent name must be absent securely. */
static struct result under_the_anchor(enum says plain, enum says tls)
{
    if (EITHER(BOGUS)) {
        return (struct result){DNA_FAIL, DNA_CODE_DNS_BOGUS};
    }
    if (EITHER(FAILED)) {
        return (struct result){DNA_TEMPFAIL, DNA_CODE_DNS_FAILED};
    }
    if (EITHER(UNPROVEN)) {
        return (struct result){DNA_FAIL, DNA_CODE_DNS_INSECURE};
    }
    if (EITHER(RECORDS)) {
        return (struct result){DNA_PROVEN, DNA_CODE_OK};
    }
    if (EITHER(INSECURE)) {
        return (struct result){DNA_FAIL, DNA_CODE_DNS_INSECURE};
    }
    return (struct result){DNA_FAIL, DNA_CODE_NO_DELEGATION};
#undef EITHER
}

static void every_status_from_the_root(void **state)
{
    struct island i;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (unsigned plain = 0; plain < N_SAYS; plain++) {
        for (unsigned tls = 0; tls < N_SAYS; tls++) {
            struct result r = at_the_root((enum says)plain, (enum says)tls);
            char what[60];
            struct dna_ruling ruling;
            world_srv(&i.w, PLAIN, (enum says)plain, HOST, 5269);
            world_srv(&i.w, TLS, (enum says)tls, HOST, 5269);
            (void)snprintf(what, sizeof what, "root: %s, %s", says_names[plain],
                           says_names[tls]);
            ruling = expect(&i, what, r.verdict, r.code);
            assert_int_equal(ruling.veto, r.code == DNA_CODE_DNS_BOGUS);
            if ((strstr(i.w.asked, "peer") != NULL) != (r.verdict == DNA_PROVEN)) {
                fail_msg("%s: %s", what, i.w.asked);
            }
        }
    }
    island_fini(&i);
}

static void every_status_under_the_anchor(void **state)
{
    struct island i;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (unsigned plain = 0; plain < SILENT; plain++) {
        for (unsigned tls = 0; tls < SILENT; tls++) {
            struct result r = under_the_anchor((enum says)plain, (enum says)tls);
            struct dna_anchored_result *a = &i.w.anchored[0].result;
            struct dna_span rdata = world_srv_rdata(&i.w, HOST, 5269);
            char what[60];
            struct dna_ruling ruling;
            a->srv = world_answer(&i.w, DNA_DNS_SRV, (enum says)plain, rdata);
            a->srv_tls = world_answer(&i.w, DNA_DNS_SRV, (enum says)tls, rdata);
            (void)snprintf(what, sizeof what, "anchored: %s, %s", says_names[plain],
                           says_names[tls]);
            ruling = expect(&i, what, r.verdict, r.code);
            assert_int_equal(ruling.veto, r.code == DNA_CODE_DNS_BOGUS);
        }
    }
    island_fini(&i);
}

/* Wildcards and aliases are good where the validator says secure. */
static void secure_is_secure(void **state)
{
    struct island i;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    i.w.anchored[0].result.srv.wildcard = true;
    (void)expect(&i, "wildcard", DNA_PROVEN, DNA_CODE_OK);
    i.w.anchored[0].result.srv.aliased = true;
    (void)expect(&i, "alias", DNA_PROVEN, DNA_CODE_OK);
    i.w.anchored[0].result.srv.secure = false;
    (void)expect(&i, "alias into an insecure zone", DNA_FAIL, DNA_CODE_DNS_INSECURE);
    island_fini(&i);
}

static void the_anchor_must_secure_its_zone(void **state)
{
    static const struct {
        enum says says;
        struct result result;
    } rows[] = {
        {RECORDS, {DNA_PROVEN, DNA_CODE_OK}},
        {ABSENT, {DNA_FAIL, DNA_CODE_DNS_INSECURE}},
        {INSECURE, {DNA_FAIL, DNA_CODE_DNS_INSECURE}},
        {UNPROVEN, {DNA_FAIL, DNA_CODE_DNS_INSECURE}},
        {BOGUS, {DNA_FAIL, DNA_CODE_DNS_BOGUS}},
        {FAILED, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
    };
    struct island i;
    struct cert other;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        i.w.anchored[0].result.dnskey =
            world_answer(&i.w, DNA_DNS_DNSKEY, rows[k].says, i.key);
        assert_false(expect(&i, says_names[rows[k].says], rows[k].result.verdict,
                            rows[k].result.code).veto);
    }
    other = cert_make(&(struct cert_order){.subject = "other"});
    i.w.anchored[0].result.dnskey = world_answer(
        &i.w, DNA_DNS_DNSKEY, RECORDS, world_dnskey(&i.w, &other, 257, 3, 0));
    (void)expect(&i, "another key", DNA_FAIL, DNA_CODE_DNS_INSECURE);
    i.w.anchored[0].result.dnskey = world_answer(&i.w, DNA_DNS_DNSKEY, RECORDS, i.key);
    i.w.anchored[0].result.dnskey.aliased = true;
    (void)expect(&i, "the keys of another name", DNA_FAIL, DNA_CODE_DNS_INSECURE);
    i.w.anchored[0].result.dnskey.aliased = false;
    i.w.anchored[0].silent = true;
    (void)expect(&i, "no answer", DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
    cert_free(&other);
    island_fini(&i);
}

/* Step 10: the key as published. */
static void which_keys_are_anchors(void **state)
{
    static const struct {
        const char *what;
        uint16_t flags;
        unsigned char protocol;
        int algorithm_off;
        bool bound;
    } rows[] = {
        {"SEP", 257, 3, 0, true},           {"no SEP", 256, 3, 0, true},
        {"revoked", 385, 3, 0, false},      {"no zone key", 1, 3, 0, false},
        {"another protocol", 257, 2, 0, false}, {"another algorithm", 257, 3, 1, false},
        {"algorithm 8 for EC", 257, 3, -5, false},
    };
    struct island i;
    struct cert other;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        i.key = world_dnskey(&i.w, &i.ta, rows[k].flags, rows[k].protocol,
                             rows[k].algorithm_off);
        world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key);
        (void)anchor_at(&i, 0, DOMAIN);
        (void)expect(&i, rows[k].what, rows[k].bound ? DNA_PROVEN : DNA_FAIL,
                     rows[k].bound ? DNA_CODE_OK : DNA_CODE_NOT_BOUND);
    }
    other = cert_make(&(struct cert_order){.subject = "other"});
    world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, world_dnskey(&i.w, &other, 257, 3, 0));
    (void)expect(&i, "another key", DNA_FAIL, DNA_CODE_NOT_BOUND);
    i.key = world_dnskey(&i.w, &i.ta, 257, 3, 0);
    (void)anchor_at(&i, 0, DOMAIN);
    world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key);
    (void)expect(&i, "the key", DNA_PROVEN, DNA_CODE_OK);
    world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key)->aliased = true;
    (void)expect(&i, "keys of another name", DNA_FAIL, DNA_CODE_NOT_BOUND);
    i.key.len--;
    world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key);
    (void)expect(&i, "a part of the key", DNA_FAIL, DNA_CODE_NOT_BOUND);
    cert_free(&other);
    island_fini(&i);
}

static void a_key_that_dnssec_does_not_know(void **state)
{
    static const char *const keys[] = {"P-521", "RSA-PSS"};
    (void)state;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        struct island i;
        struct cert other;
        memset(&i, 0, sizeof i);
        island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
        other = cert_make(&(struct cert_order){
            .issuer = &i.w.root, .names = "DNS:" DOMAIN, .key = keys[k]});
        supply(&i, &other);
        (void)expect(&i, keys[k], DNA_FAIL, DNA_CODE_NOT_BOUND);
        cert_free(&other);
        island_fini(&i);
    }
}

/* S3: what the resolver that is anchored at the root says about the candidate. */
static void the_candidate_must_be_insecure(void **state)
{
    static const struct {
        enum says says;
        struct result result;
    } rows[] = {
        {RECORDS, {DNA_FAIL, DNA_CODE_NOT_BOUND}},  /* a chain from the root is there */
        {ABSENT, {DNA_FAIL, DNA_CODE_NOT_BOUND}},
        {INSECURE, {DNA_PROVEN, DNA_CODE_OK}},
        {UNPROVEN, {DNA_FAIL, DNA_CODE_NOT_BOUND}},
        {BOGUS, {DNA_FAIL, DNA_CODE_DNS_BOGUS}},
        {FAILED, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {SILENT, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
    };
    struct island i;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct dna_ruling ruling;
        world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, rows[k].says, i.key);
        ruling = expect(&i, says_names[rows[k].says], rows[k].result.verdict,
                        rows[k].result.code);
        assert_int_equal(ruling.veto, rows[k].says == BOGUS);
    }
    island_fini(&i);
}

/* The zone may begin above the domain, but the certificate names the domain itself. */
static void where_the_zone_begins(void **state)
{
    static const struct row {
        const char *what, *domain, *names, *zone;
        struct result result;
    } rows[] = {
        {"apex", "example.com", "DNS:example.com", "example.com", {DNA_PROVEN, DNA_CODE_OK}},
        {"capitals", "example.com", "DNS:EXAMPLE.com", "example.com",
         {DNA_PROVEN, DNA_CODE_OK}},
        {"one above", "im.example.com", "DNS:im.example.com,DNS:example.com", "example.com",
         {DNA_PROVEN, DNA_CODE_OK}},
        {"two above", "a.im.example.com", "DNS:a.im.example.com,DNS:example.com",
         "example.com", {DNA_PROVEN, DNA_CODE_OK}},
        {"three above", "b.a.im.example.com", "DNS:b.a.im.example.com,DNS:example.com",
         "example.com", {DNA_FAIL, DNA_CODE_NOT_BOUND}},
        {"SRV-ID for the domain", "im.example.com",
         "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server.im.example.com,DNS:example.com",
         "example.com", {DNA_PROVEN, DNA_CODE_OK}},
        {"SRV-ID for the zone", "example.com",
         "otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server.example.com", "example.com",
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        /* a key for TLS of example.com must not speak for im.example.com */
        {"zone only", "im.example.com", "DNS:example.com", "example.com",
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"wildcard", "im.example.com", "DNS:*.example.com,DNS:example.com", "example.com",
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"wildcard only", "example.com", "DNS:*.example.com", "example.com",
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"other name", "example.com", "DNS:example.org", "example.com",
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"domain, not the zone", "im.example.com", "DNS:im.example.com", "example.com",
         {DNA_FAIL, DNA_CODE_NOT_BOUND}},
        {"a public suffix", "shop.uk.com", "DNS:shop.uk.com,DNS:uk.com", "uk.com",
         {DNA_FAIL, DNA_CODE_NOT_BOUND}},
        {"public suffix as domain", "uk.com", "DNS:uk.com", "uk.com",
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"a top", "example.com", "DNS:example.com,DNS:com", "com",
         {DNA_FAIL, DNA_CODE_NOT_BOUND}},
    };
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct island i;
        island_init(&i, rows[k].domain, &(struct cert_order){.names = rows[k].names});
        if (strcmp(rows[k].domain, rows[k].zone) != 0) {
            world_say(&i.w, rows[k].domain, DNA_DNS_DNSKEY, UNPROVEN, i.key);
        }
        world_say(&i.w, rows[k].zone, DNA_DNS_DNSKEY, INSECURE, i.key);
        (void)anchor_at(&i, 0, rows[k].zone);
        (void)expect(&i, rows[k].what, rows[k].result.verdict, rows[k].result.code);
        island_fini(&i);
    }
}

/* No candidate counts before all have been looked up: a dropped answer gains nothing. */
static void all_candidates_are_asked(void **state)
{
    static const struct {
        enum says domain, zone;
        struct result result;
    } rows[] = {
        {UNPROVEN, INSECURE, {DNA_PROVEN, DNA_CODE_OK}},
        {INSECURE, UNPROVEN, {DNA_PROVEN, DNA_CODE_OK}},
        {FAILED, INSECURE, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {SILENT, INSECURE, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {INSECURE, SILENT, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {BOGUS, INSECURE, {DNA_FAIL, DNA_CODE_DNS_BOGUS}},
        {INSECURE, BOGUS, {DNA_FAIL, DNA_CODE_DNS_BOGUS}},
        {FAILED, BOGUS, {DNA_FAIL, DNA_CODE_DNS_BOGUS}},
        {INSECURE, RECORDS, {DNA_PROVEN, DNA_CODE_OK}}, /* the parent is discarded */
        {RECORDS, INSECURE, {DNA_PROVEN, DNA_CODE_OK}},
        {RECORDS, RECORDS, {DNA_FAIL, DNA_CODE_NOT_BOUND}},
    };
    struct island i;
    (void)state;
    island_init(&i, "im.example.com",
                &(struct cert_order){.names = "DNS:im.example.com,DNS:example.com"});
    (void)anchor_at(&i, 0, "im.example.com");
    (void)anchor_at(&i, 1, "example.com");
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        char what[60];
        world_say(&i.w, "im.example.com", DNA_DNS_DNSKEY, rows[k].domain, i.key);
        world_say(&i.w, "example.com", DNA_DNS_DNSKEY, rows[k].zone, i.key);
        (void)snprintf(what, sizeof what, "%s, %s", says_names[rows[k].domain],
                       says_names[rows[k].zone]);
        (void)expect(&i, what, rows[k].result.verdict, rows[k].result.code);
        if (rows[k].domain == RECORDS) {
            assert_null(strstr(i.w.asked, "anchored im."));
        }
    }
    island_fini(&i);
}

/* One key, published under both flags: one of the two validates. */
static void one_anchor_of_several_suffices(void **state)
{
    static const struct {
        enum says a, b;
        struct result result;
    } rows[] = {
        {BOGUS, RECORDS, {DNA_PROVEN, DNA_CODE_OK}},
        {RECORDS, BOGUS, {DNA_PROVEN, DNA_CODE_OK}},
        {FAILED, RECORDS, {DNA_PROVEN, DNA_CODE_OK}},
        {FAILED, BOGUS, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {BOGUS, FAILED, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {INSECURE, FAILED, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED}},
        {INSECURE, INSECURE, {DNA_FAIL, DNA_CODE_DNS_INSECURE}},
    };
    struct island i;
    struct dna_span keys[5];
    struct dna_dns_answer *answer;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    keys[0] = keys[2] = i.key;
    keys[1] = world_dnskey(&i.w, &i.ta, 256, 3, 0);
    keys[3] = world_dnskey(&i.w, &i.ta, 259, 3, 0);
    keys[4] = world_dnskey(&i.w, &i.ta, 261, 3, 0);
    answer = world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key);
    answer->rdata = keys;
    answer->n_rdata = 3;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        for (size_t a = 0; a < 2; a++) {
            struct world_anchored *one = anchor_at(&i, a, DOMAIN);
            one->flags = a == 0 ? 257 : 256;
            one->result.dnskey = world_answer(&i.w, DNA_DNS_DNSKEY,
                                              a == 0 ? rows[k].a : rows[k].b, keys[a]);
        }
        (void)expect(&i, says_names[rows[k].a], rows[k].result.verdict, rows[k].result.code);
    }
    /* not more than a few, however many are published */
    answer->n_rdata = 5;
    (void)anchor_at(&i, 2, DOMAIN);
    (void)world_hear(&i.w);
    assert_non_null(strstr(i.w.asked, "anchored"));
    {
        size_t n = 0;
        for (const char *p = i.w.asked; (p = strstr(p, "anchored")) != NULL; p++) {
            n++;
        }
        assert_int_equal(n, 3);
    }
    island_fini(&i);
}

static void the_supplied_certificate(void **state)
{
    static const struct {
        const char *what;
        struct cert_order order;
        bool own_root;
        enum dna_code code;
    } rows[] = {
        {"self-signed", {.names = "DNS:" DOMAIN}, true, DNA_CODE_UNTRUSTED},
        {"expired", {.names = "DNS:" DOMAIN, .not_before = NOW - 3 * DAY,
                     .not_after = NOW - DAY}, false, DNA_CODE_NOT_VALID_NOW},
        {"future", {.names = "DNS:" DOMAIN, .not_before = NOW + DAY}, false,
         DNA_CODE_NOT_VALID_NOW},
        {"CN only", {.subject = DOMAIN}, false, DNA_CODE_NAME_MISMATCH},
        {"a CA", {.names = "DNS:" DOMAIN, .ca = true}, false, DNA_CODE_UNTRUSTED},
        {"for clients", {.names = "DNS:" DOMAIN, .usage = "clientAuth"}, false,
         DNA_CODE_UNTRUSTED},
        {"not for signing", {.names = "DNS:" DOMAIN, .key_usage = "critical,keyAgreement"},
         false, DNA_CODE_UNTRUSTED},
        {"weak", {.names = "DNS:" DOMAIN, .key = "RSA-1024"}, false, DNA_CODE_WEAK_KEY},
    };
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct island i;
        struct cert cert;
        struct cert_order order = rows[k].order;
        island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
        order.issuer = rows[k].own_root ? NULL : &i.w.root;
        cert = cert_make(&order);
        supply(&i, &cert);
        i.key = world_dnskey(&i.w, &cert, 257, 3, 0);
        world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key);
        (void)anchor_at(&i, 0, DOMAIN);
        (void)expect(&i, rows[k].what, DNA_FAIL, rows[k].code);
        cert_free(&cert);
        island_fini(&i);
    }
}

/* What the URL may deliver, and what not. */
static void the_document(void **state)
{
    struct island i;
    struct cert middle, leaf;
    const struct cert *both[2] = {&leaf, &middle}, *swapped[2] = {&middle, &leaf};
    const struct cert *many[11];
    struct dna_span pem, one, bag, eleven;
    char *junk;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    middle = cert_make(&(struct cert_order){.subject = "m", .issuer = &i.w.root, .ca = true});
    leaf = cert_make(&(struct cert_order){.issuer = &middle, .same_key = &i.ta,
                                          .names = "DNS:" DOMAIN});
    pem = cert_pem(both, 2);
    one = cert_pem(both, 1);
    bag = cert_pkcs7(swapped, 2);
    for (size_t k = 0; k < 11; k++) {
        many[k] = k == 0 ? &leaf : &middle;
    }
    eleven = cert_pem(many, 11);
#define DELIVER(span) (i.w.documents[0].result.body = (span))
    DELIVER(pem);
    (void)expect(&i, "PEM", DNA_PROVEN, DNA_CODE_OK);
    DELIVER(bag);
    (void)expect(&i, "PKCS#7, the leaf last", DNA_PROVEN, DNA_CODE_OK);
    DELIVER(i.ta.der);
    (void)expect(&i, "DER", DNA_PROVEN, DNA_CODE_OK);
    DELIVER(one);
    (void)expect(&i, "missing intermediate", DNA_FAIL, DNA_CODE_UNTRUSTED);
    DELIVER(eleven);
    (void)expect(&i, "eleven certificates", DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    DELIVER(dna_span_of("<html>no</html>"));
    (void)expect(&i, "no certificate", DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    DELIVER(dna_span_of(""));
    (void)expect(&i, "nothing", DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    junk = malloc(i.ta.der.len + 1);
    assert_non_null(junk);
    memcpy(junk, i.ta.der.ptr, i.ta.der.len);
    junk[i.ta.der.len] = 'x';
    DELIVER(((struct dna_span){junk, i.ta.der.len + 1}));
    (void)expect(&i, "trailing bytes", DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    free(junk);
    junk = calloc(1, 65537);
    assert_non_null(junk);
    DELIVER(((struct dna_span){junk, 65537}));
    (void)expect(&i, "too long", DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED);
    free(junk);
#undef DELIVER
    cert_bytes_free(pem);
    cert_bytes_free(one);
    cert_bytes_free(bag);
    cert_bytes_free(eleven);
    cert_free(&leaf);
    cert_free(&middle);
    island_fini(&i);
}

static void how_the_fetch_ends(void **state)
{
    static const struct {
        enum dna_fetch_outcome outcome;
        struct result result;
    } rows[] = {
        {DNA_FETCH_OK, {DNA_PROVEN, DNA_CODE_OK}},
        {DNA_FETCH_FAILED, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
        {DNA_FETCH_ABSENT, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
        {DNA_FETCH_REFUSED, {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED}},
        {(enum dna_fetch_outcome)77, {DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED}},
    };
    struct island i;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        i.w.documents[0].result.outcome = rows[k].outcome;
        (void)expect(&i, "fetch", rows[k].result.verdict, rows[k].result.code);
    }
    i.w.documents[0].silent = true;
    (void)expect(&i, "no end", DNA_TEMPFAIL, DNA_CODE_TIMEOUT);
    island_fini(&i);
}

static void what_the_peer_says(void **state)
{
    static const struct {
        const char *what, *content;
        enum dna_peer_outcome outcome;
        enum dna_prooftype type;
        struct result result;
    } rows[] = {
#define TA DNA_PEER_PROOF, DNA_PROOF_DNSSEC_TA
        {"silence", "", DNA_PEER_SILENT, DNA_PROOF_PKIX,
         {DNA_TEMPFAIL, DNA_CODE_PEER_SILENT}},
        {"no outcome of ours", TA_URL, (enum dna_peer_outcome)9, DNA_PROOF_DNSSEC_TA,
         {DNA_TEMPFAIL, DNA_CODE_PEER_SILENT}},
        {"nothing to supply", "", DNA_PEER_PROOF, DNA_PROOF_POSH,
         {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}},
        {"another type", TA_URL, DNA_PEER_PROOF, DNA_PROOF_POSH,
         {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}},
        {"empty", "", TA, {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL}},
        {"URL", TA_URL, TA, {DNA_PROVEN, DNA_CODE_OK}},
        {"other scheme", "ftp://host.example/x", TA, {DNA_FAIL, DNA_CODE_BAD_MATERIAL}},
        {"relative", "/x.cert", TA, {DNA_FAIL, DNA_CODE_BAD_MATERIAL}},
        {"no base64", "what?", TA, {DNA_FAIL, DNA_CODE_BAD_MATERIAL}},
        {"no certificate", "AAAA", TA, {DNA_FAIL, DNA_CODE_BAD_MATERIAL}},
#undef TA
    };
    struct island i;
    struct dna_ruling ruling;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        i.w.peer.outcome = rows[k].outcome;
        i.w.peer.type = rows[k].type;
        i.w.peer.content = dna_span_of(rows[k].content);
        (void)expect(&i, rows[k].what, rows[k].result.verdict, rows[k].result.code);
    }
    i.w.peer.outcome = DNA_PEER_IMPOSSIBLE;
    ruling = world_hear(&i.w);
    expect_ruling("impossible", &ruling, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE);
    i.w.peer.silent = true;
    ruling = world_hear(&i.w);
    expect_ruling("for ever", &ruling, DNA_TEMPFAIL, DNA_CODE_PEER_SILENT);
    island_fini(&i);
}

/* The extension: the certificate itself, in base64. */
static void a_certificate_in_the_proof(void **state)
{
    struct island i;
    char *text;
    size_t room;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    room = i.ta.der.len / 3 * 4 + 8;
    text = calloc(1, 80000);
    assert_non_null(text);
    assert_int_equal(dna_base64_encode((const unsigned char *)i.ta.der.ptr, i.ta.der.len, text,
                                       room),
                     DNA_OK);
    i.w.peer.content = dna_span_of(text);
    (void)expect(&i, "inline", DNA_PROVEN, DNA_CODE_OK);
    assert_null(strstr(i.w.asked, "fetch"));
    i.w.peer.content.len--;
    (void)expect(&i, "cut", DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    i.w.peer.content = (struct dna_span){text, 70000};
    (void)expect(&i, "too long", DNA_FAIL, DNA_CODE_BAD_MATERIAL);
    free(text);
    island_fini(&i);
}

/* Steps 14 and 15. */
static void who_is_the_delegate(void **state)
{
    static const struct {
        const char *what, *host, *names;
        uint16_t port;
        struct result result;
    } rows[] = {
        {"the delegate", HOST, "DNS:" HOST, 5269, {DNA_PROVEN, DNA_CODE_OK}},
        {"wrong port", HOST, "DNS:" HOST, 5270, {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
        {"wrong host", "evil.example", "DNS:evil.example", 5269,
         {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
        {"wrong name", HOST, "DNS:evil.example", 5269, {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"other target's name", HOST, "DNS:b.host.example", 5269,
         {DNA_FAIL, DNA_CODE_NAME_MISMATCH}},
        {"inbound", NULL, "DNS:" HOST, 0, {DNA_PROVEN, DNA_CODE_OK}},
        {"inbound, second target", NULL, "DNS:b.host.example", 0, {DNA_PROVEN, DNA_CODE_OK}},
        {"inbound, neither", NULL, "DNS:evil.example", 0, {DNA_FAIL, DNA_CODE_WRONG_DELEGATE}},
    };
    (void)state;
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct island i;
        struct cert peer;
        const struct cert *one = &peer;
        island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
        peer = cert_make(&(struct cert_order){.issuer = &i.w.root, .names = rows[k].names});
        world_present(&i.w, cert_chain(&one, 1));
        i.w.anchored[0].result.srv_tls = world_answer(
            &i.w, DNA_DNS_SRV, RECORDS, world_srv_rdata(&i.w, "b.host.example", 5223));
        i.w.q.role = rows[k].host != NULL ? DNA_INITIATING : DNA_RECEIVING;
        i.w.q.host = rows[k].host;
        i.w.q.port = rows[k].port;
        (void)expect(&i, rows[k].what, rows[k].result.verdict, rows[k].result.code);
        cert_free(&peer);
        island_fini(&i);
    }
}

/* A peer without a trusted certificate is not even challenged. */
static void the_peer_must_be_trusted(void **state)
{
    struct island i;
    struct cert self = cert_make(&(struct cert_order){.names = "DNS:" HOST});
    const struct cert *one = &self;
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN});
    world_present(&i.w, cert_chain(&one, 1));
    (void)expect(&i, "self-signed", DNA_FAIL, DNA_CODE_UNTRUSTED);
    assert_null(strstr(i.w.asked, "peer"));
    i.w.q.domain = "localhost";
    (void)expect(&i, "a single label", DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
    cert_free(&self);
    island_fini(&i);
}

/* Every input in turn is the one that ends first. */
static void expiry_is_the_minimum(void **state)
{
    struct island i;
    struct dna_anchored_result *a;
    struct dna_dns_answer *inputs[8];
    (void)state;
    island_init(&i, DOMAIN, &(struct cert_order){.names = "DNS:" DOMAIN,
                                                 .not_after = NOW + 20000});
    a = &i.w.anchored[0].result;
    inputs[0] = world_srv(&i.w, PLAIN, INSECURE, HOST, 5269);
    inputs[1] = world_srv(&i.w, TLS, UNPROVEN, ".", 0);
    inputs[2] = world_say(&i.w, DOMAIN, DNA_DNS_DNSKEY, INSECURE, i.key);
    inputs[3] = &a->dnskey;
    inputs[4] = &a->srv;
    inputs[5] = &a->srv_tls;
    inputs[6] = world_say(&i.w, HOST, DNA_DNS_A, INSECURE, dna_span_of("\300\0\2\1"));
    inputs[7] = world_say(&i.w, HOST, DNA_DNS_AAAA, UNPROVEN, dna_span_of(""));
    for (size_t k = 0; k < 8; k++) {
        inputs[k]->ttl = 30000;
    }
    assert_int_equal(expect(&i, "certificate", DNA_PROVEN, DNA_CODE_OK).expires_at,
                     NOW + 20000);
    for (size_t k = 0; k < 8; k++) {
        inputs[k]->ttl = 1000 + (uint32_t)k;
        assert_int_equal(expect(&i, "TTL", DNA_PROVEN, DNA_CODE_OK).expires_at,
                         NOW + 1000 + (int64_t)k);
        inputs[k]->ttl = 0;
        assert_int_equal(expect(&i, "floor", DNA_PROVEN, DNA_CODE_OK).expires_at, NOW + 300);
        inputs[k]->ttl = 30000;
    }
    for (size_t k = 3; k < 6; k++) {
        inputs[k]->signatures_end = NOW + 77;
        assert_int_equal(expect(&i, "signature", DNA_PROVEN, DNA_CODE_OK).expires_at,
                         NOW + 77);
        inputs[k]->signatures_end = NOW + 7 * DAY;
    }
    {
        struct cert peer = cert_make(&(struct cert_order){
            .issuer = &i.w.root, .names = "DNS:" HOST, .not_after = NOW + 555});
        const struct cert *one = &peer;
        world_present(&i.w, cert_chain(&one, 1));
        assert_int_equal(expect(&i, "peer", DNA_PROVEN, DNA_CODE_OK).expires_at, NOW + 555);
        cert_free(&peer);
    }
    island_fini(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(succeeds_in_both_roles),
        cmocka_unit_test(every_status_from_the_root),
        cmocka_unit_test(every_status_under_the_anchor),
        cmocka_unit_test(secure_is_secure),
        cmocka_unit_test(the_anchor_must_secure_its_zone),
        cmocka_unit_test(which_keys_are_anchors),
        cmocka_unit_test(a_key_that_dnssec_does_not_know),
        cmocka_unit_test(the_candidate_must_be_insecure),
        cmocka_unit_test(where_the_zone_begins),
        cmocka_unit_test(all_candidates_are_asked),
        cmocka_unit_test(one_anchor_of_several_suffices),
        cmocka_unit_test(the_supplied_certificate),
        cmocka_unit_test(the_document),
        cmocka_unit_test(how_the_fetch_ends),
        cmocka_unit_test(what_the_peer_says),
        cmocka_unit_test(a_certificate_in_the_proof),
        cmocka_unit_test(who_is_the_delegate),
        cmocka_unit_test(the_peer_must_be_trusted),
        cmocka_unit_test(expiry_is_the_minimum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
