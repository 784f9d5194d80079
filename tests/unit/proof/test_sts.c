/* The prooftype sts: which policy holds, what it admits, and what it bars (S10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <rich.h>
#include <x509/digest.h>

#define RECORD "_xmpp-sts." DOMAIN
#define URL "https://xmpp-sts." DOMAIN "/.well-known/xmpp-sts.txt"
#define ID "20261101T000000"
#define POLICY(mode, patterns) \
    "version: XSTSv1\nmode: " mode "\n" patterns "max_age: 604800\n"
#define LISTED "srv: " HOST "\n"
#define OTHERS "srv: other.example\n"
#define WEEK 604800

struct result {
    enum dna_verdict verdict;
    enum dna_code code;
    bool veto;
};

#define GOOD {DNA_PROVEN, DNA_CODE_OK, false}
#define ABSENT_POLICY {DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL, false}
#define TESTED {DNA_NOT_APPLICABLE, DNA_CODE_TESTING, false}
#define UNNAMED {DNA_FAIL, DNA_CODE_NAME_MISMATCH, true}
#define UNLISTED {DNA_FAIL, DNA_CODE_WRONG_DELEGATE, true}

static void expect(const char *what, const struct dna_ruling *ruling,
                   const struct result *result)
{
    expect_ruling(what, ruling, result->verdict, result->code);
    if (ruling->veto != result->veto) {
        fail_msg("%s: veto %d", what, ruling->veto);
    }
}

/* TXT records, each line one. */
static void announce(struct world *w, enum says says, const char *text)
{
    struct dna_span rdata = dna_span_of("");
    char bytes[256];
    struct dna_dns_answer *answer;
    size_t len = strcspn(text, "\n");
    bytes[0] = (char)len;
    memcpy(bytes + 1, text, len);
    rdata = world_rdata(w, bytes, len + 1);
    answer = world_say(w, RECORD, DNA_DNS_TXT, says, rdata);
    if (says == INSECURE && text[len] == '\n') {
        struct dna_span both[2] = {rdata, rdata};
        answer->rdata = (const struct dna_span *)world_rdata(w, both, sizeof both).ptr;
        answer->n_rdata = 2;
    }
}

static void sts_init(struct world *w, const char *names)
{
    world_init(w, &(struct cert_order){.names = names});
    w->q.policy.prooftypes = BIT(STS);
    announce(w, INSECURE, "v=XSTSv1; id=" ID ";");
}

static void remember(struct world *w, const char *id, const char *policy, int64_t age)
{
    w->recall = (struct dna_recall_result){
        .known = id != NULL, .policy_id = id, .body = dna_span_of(policy),
        .obtained = NOW - age, .exact_name = true};
}

static void connected_to(struct world *w, const char *host)
{
    w->q.role = DNA_INITIATING;
    w->q.host = host;
    w->q.port = 5269;
}

static bool fetched(const struct world *w)
{
    return strstr(w->asked, "fetch " URL " 0\n") != NULL;
}

static void what_policies_admit(void **state)
{
    static const struct {
        const char *what, *policy, *names, *host; /* host NULL: receiving; "": none */
        struct result result;
    } rows[] = {
        {"listed", POLICY("enforce", LISTED), "DNS:" HOST, HOST, GOOD},
        {"second", POLICY("enforce", OTHERS LISTED), "DNS:" HOST, HOST, GOOD},
        {"by pattern", POLICY("enforce", "srv: *.host.example\n"), "DNS:" HOST, HOST, GOOD},
        {"wildcard certificate", POLICY("enforce", LISTED), "DNS:*.host.example", HOST, GOOD},
        {"unlisted", POLICY("enforce", OTHERS), "DNS:" HOST, HOST, UNLISTED},
        {"pattern, two labels", POLICY("enforce", "srv: *.example\n"), "DNS:" HOST, HOST,
         UNLISTED},
        {"pattern, no label", POLICY("enforce", "srv: *." HOST "\n"), "DNS:" HOST, HOST,
         UNLISTED},
        {"certificate of another", POLICY("enforce", LISTED OTHERS), "DNS:other.example", HOST,
         UNNAMED},
        {"certificate of the domain", POLICY("enforce", LISTED), "DNS:" DOMAIN, HOST, UNNAMED},
        {"no endpoint", POLICY("enforce", LISTED), "DNS:" HOST, "", GOOD},
        {"no endpoint, another", POLICY("enforce", LISTED), "DNS:other.example", "", UNNAMED},
        {"inbound", POLICY("enforce", LISTED), "DNS:" HOST, NULL, GOOD},
        {"inbound, second name", POLICY("enforce", LISTED), "DNS:x.example,DNS:" HOST, NULL,
         GOOD},
        {"inbound, by pattern", POLICY("enforce", "srv: *.host.example\n"), "DNS:" HOST, NULL,
         GOOD},
        {"inbound, same wildcard", POLICY("enforce", "srv: *.host.example\n"),
         "DNS:*.host.example", NULL, GOOD},
        {"inbound, wildcard for a name", POLICY("enforce", LISTED), "DNS:*.host.example", NULL,
         UNNAMED},
        {"inbound, another", POLICY("enforce", LISTED), "DNS:other.example", NULL, UNNAMED},
        {"inbound, common name", POLICY("enforce", LISTED), "email:a@b.example", NULL, UNNAMED},
        {"testing, listed", POLICY("testing", LISTED), "DNS:" HOST, HOST, TESTED},
        {"testing, unlisted", POLICY("testing", OTHERS), "DNS:" HOST, HOST, TESTED},
        {"testing, inbound", POLICY("testing", LISTED), "DNS:" HOST, NULL, TESTED},
        {"none", POLICY("none", LISTED), "DNS:" HOST, HOST, ABSENT_POLICY},
        {"none, unlisted", POLICY("none", ""), "DNS:" HOST, HOST, ABSENT_POLICY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct dna_ruling ruling;
        sts_init(&w, rows[i].names);
        world_document(&w, URL, DNA_FETCH_OK, rows[i].policy);
        if (rows[i].host != NULL) {
            connected_to(&w, rows[i].host[0] != '\0' ? rows[i].host : NULL);
        }
        ruling = world_hear(&w);
        expect(rows[i].what, &ruling, &rows[i].result);
        assert_int_equal(ruling.prooftype, DNA_PROOF_STS);
        assert_true(fetched(&w));
        world_fini(&w);
    }
}

/* Trust and dates, and the same in testing mode, which only says so. */
static void untrusted(void **state)
{
    static const struct {
        const char *policy;
        struct result result;
    } rows[] = {
        {POLICY("enforce", LISTED), {DNA_FAIL, DNA_CODE_UNTRUSTED, true}},
        {POLICY("testing", LISTED), TESTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct cert self;
        const struct cert *one = &self;
        struct dna_ruling ruling;
        sts_init(&w, "DNS:" HOST);
        self = cert_make(&(struct cert_order){.names = "DNS:" HOST});
        world_present(&w, cert_chain(&one, 1));
        world_document(&w, URL, DNA_FETCH_OK, rows[i].policy);
        ruling = world_hear(&w);
        expect("self-signed", &ruling, &rows[i].result);
        if (ruling.code == DNA_CODE_TESTING) {
            assert_non_null(strstr(ruling.why, "would refuse"));
        }
        cert_free(&self);
        world_fini(&w);
    }
}

/* S1: a wildcard serves the policy host, may bar, and never proves. */
static void the_policy_host_is_named_exactly(void **state)
{
    static const struct {
        const char *policy;
        struct result result;
    } rows[] = {
        {POLICY("enforce", LISTED), {DNA_FAIL, DNA_CODE_NOT_BOUND, false}},
        {POLICY("enforce", OTHERS), UNNAMED},
        {POLICY("testing", LISTED), TESTED},
    };
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    sts_init(&w, "DNS:" HOST);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_document(&w, URL, DNA_FETCH_OK, rows[i].policy);
        w.documents[0].result.exact_name = false;
        remember(&w, NULL, "", 0);
        ruling = world_hear(&w);
        expect("fetched", &ruling, &rows[i].result);
        remember(&w, ID, rows[i].policy, 100);
        w.recall.exact_name = false;
        ruling = world_hear(&w);
        assert_false(fetched(&w));
        expect("remembered", &ruling, &rows[i].result);
    }
    world_fini(&w);
}

/* RFC 8461 3.1, 5.1: whatever becomes of the record, a policy that is remembered holds. */
static void the_record(void **state)
{
    static const struct {
        const char *what, *text;
        enum says says;
        struct result fresh; /* nothing is remembered */
    } rows[] = {
        {"there", "v=XSTSv1; id=" ID ";", INSECURE, GOOD},
        {"there, secure", "v=XSTSv1; id=" ID ";", RECORDS, GOOD},
        {"none", "", UNPROVEN, ABSENT_POLICY},
        {"none, securely", "", ABSENT, ABSENT_POLICY},
        {"two", "v=XSTSv1; id=" ID ";\n", INSECURE, ABSENT_POLICY},
        {"malformed", "v=XSTSv1; id=_;", INSECURE, ABSENT_POLICY},
        {"wrong version", "v=STSv1; id=1;", INSECURE, ABSENT_POLICY},
        {"bogus", "", BOGUS, {DNA_TEMPFAIL, DNA_CODE_DNS_BOGUS, false}},
        {"failed", "", FAILED, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED, false}},
        {"silent", "", SILENT, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED, false}},
    };
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    sts_init(&w, "DNS:" HOST);
    world_document(&w, URL, DNA_FETCH_OK, POLICY("enforce", LISTED));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        announce(&w, rows[i].says, rows[i].text);
        remember(&w, NULL, "", 0);
        ruling = world_hear(&w);
        expect(rows[i].what, &ruling, &rows[i].fresh);
        assert_int_equal(fetched(&w), i < 2);
        remember(&w, ID, POLICY("enforce", LISTED), 100);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
        assert_false(fetched(&w));
        remember(&w, ID, POLICY("enforce", OTHERS), 100);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
        assert_true(ruling.veto);
    }
    world_fini(&w);
}

/* ... and so it does whatever becomes of the fetch; a new policy replaces it. */
static void the_fetch(void **state)
{
    static const struct {
        const char *what, *body, *media_type;
        enum dna_fetch_outcome outcome;
        bool silent;
        struct result fresh, old; /* nothing, or an admitting policy, is remembered */
    } rows[] = {
        {"good", POLICY("enforce", LISTED), "text/plain", DNA_FETCH_OK, false, GOOD, GOOD},
        {"of others", POLICY("enforce", OTHERS), "", DNA_FETCH_OK, false, UNNAMED, UNNAMED},
        {"none", POLICY("none", ""), "", DNA_FETCH_OK, false, ABSENT_POLICY, ABSENT_POLICY},
        {"testing", POLICY("testing", OTHERS), "", DNA_FETCH_OK, false, TESTED, TESTED},
        {"malformed", "version: XSTSv1\n", "", DNA_FETCH_OK, false,
         {DNA_NOT_APPLICABLE, DNA_CODE_BAD_MATERIAL, false}, GOOD},
        {"a page", POLICY("enforce", LISTED), "text/html", DNA_FETCH_OK, false,
         {DNA_NOT_APPLICABLE, DNA_CODE_BAD_MATERIAL, false}, GOOD},
        {"over at once", "version: XSTSv1\nmode: enforce\n" LISTED "max_age: 0\n", "",
         DNA_FETCH_OK, false, {DNA_NOT_APPLICABLE, DNA_CODE_BAD_MATERIAL, false}, GOOD},
        {"404", "", "", DNA_FETCH_ABSENT, false,
         {DNA_NOT_APPLICABLE, DNA_CODE_FETCH_FAILED, false}, GOOD},
        {"a redirect, a wrong certificate", "", "", DNA_FETCH_FAILED, false,
         {DNA_NOT_APPLICABLE, DNA_CODE_FETCH_FAILED, false}, GOOD},
        {"our own limits", "", "", DNA_FETCH_REFUSED, false,
         {DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED, false}, GOOD},
        {"no end", POLICY("enforce", OTHERS), "", DNA_FETCH_OK, true,
         {DNA_NOT_APPLICABLE, DNA_CODE_FETCH_FAILED, false}, GOOD},
    };
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    sts_init(&w, "DNS:" HOST);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world_document(&w, URL, rows[i].outcome, rows[i].body);
        w.documents[0].result.media_type = rows[i].media_type;
        w.documents[0].silent = rows[i].silent;
        remember(&w, NULL, "", 0);
        ruling = world_hear(&w);
        expect(rows[i].what, &ruling, &rows[i].fresh);
        remember(&w, "another", POLICY("enforce", LISTED), 100);
        ruling = world_hear(&w);
        expect(rows[i].what, &ruling, &rows[i].old);
        assert_true(fetched(&w));
    }
    world_fini(&w);
}

static void when_it_is_fetched_again(void **state)
{
    static const struct {
        const char *what, *id, *policy;
        int64_t age;
        bool again;
    } rows[] = {
        {"the same", ID, POLICY("enforce", LISTED), 100, false},
        {"of the future", ID, POLICY("enforce", LISTED), -100, false},
        {"a day old, nearly", ID, POLICY("enforce", LISTED), DAY - 1, false},
        {"a day old", ID, POLICY("enforce", LISTED), DAY, true},
        {"another id", ID "x", POLICY("enforce", LISTED), 100, true},
        {"over", ID, POLICY("enforce", OTHERS), WEEK, true},
        {"a short one, over", ID, "version: XSTSv1\nmode: enforce\n" OTHERS "max_age: 60\n",
         60, true},
        {"not a policy", ID, "version: XSTSv1\n", 100, true},
        {"no id", NULL, POLICY("enforce", OTHERS), 100, true},
    };
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    sts_init(&w, "DNS:" HOST);
    world_document(&w, URL, DNA_FETCH_OK, POLICY("enforce", LISTED));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        remember(&w, rows[i].id, rows[i].policy, rows[i].age);
        w.recall.known = true;
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
        assert_int_equal(fetched(&w), rows[i].again);
    }
    /* What is over does not stand in. */
    world_document(&w, URL, DNA_FETCH_FAILED, "");
    remember(&w, ID, POLICY("enforce", LISTED), WEEK);
    ruling = world_hear(&w);
    expect_ruling("over", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_FETCH_FAILED);
    world_fini(&w);
}

static void expiry_is_the_minimum(void **state)
{
    static const struct {
        const char *what, *max_age;
        int64_t age, certificate, lives; /* 0: it does not */
    } rows[] = {
        {"max_age", "1000", 0, 9 * DAY, 1000},
        {"of an older document", "1000", 400, 9 * DAY, 600},
        {"of a document from the future", "1000", -400, 9 * DAY, 1000},
        {"the certificate", "604800", 0, 700, 700},
        {"a day at most", "31557600", 0, 9 * DAY, DAY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct cert cert;
        const struct cert *one = &cert;
        struct dna_ruling ruling;
        char policy[200];
        sts_init(&w, "DNS:unused.example");
        cert = cert_make(&(struct cert_order){.names = "DNS:" HOST, .issuer = &w.root,
                                              .not_after = NOW + rows[i].certificate});
        world_present(&w, cert_chain(&one, 1));
        (void)snprintf(policy, sizeof policy,
                       "version: XSTSv1\nmode: enforce\n" LISTED "max_age: %s\n",
                       rows[i].max_age);
        world_document(&w, URL, DNA_FETCH_OK, policy);
        w.documents[0].result.obtained = NOW - rows[i].age;
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, DNA_PROVEN, DNA_CODE_OK);
        assert_int_equal(ruling.expires_at, NOW + rows[i].lives);
        cert_free(&cert);
        world_fini(&w);
    }
}

/* The policy of a parent is nobody else's; a name without one is not asked about. */
static void no_inheritance(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    sts_init(&w, "DNS:" HOST);
    world_document(&w, URL, DNA_FETCH_OK, POLICY("enforce", OTHERS));
    w.q.domain = "im." DOMAIN;
    ruling = world_hear(&w);
    expect_ruling("below", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
    assert_non_null(strstr(w.asked, "dns _xmpp-sts.im." DOMAIN " TXT\n"));
    assert_null(strstr(w.asked, "_xmpp-sts." DOMAIN));
    assert_null(strstr(w.asked, "fetch"));
    w.q.domain = "localhost";
    ruling = world_hear(&w);
    expect_ruling("one label", &ruling, DNA_NOT_APPLICABLE, DNA_CODE_NO_MATERIAL);
    assert_null(strstr(w.asked, "TXT"));
    world_fini(&w);
}

static void off_by_default(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    sts_init(&w, "DNS:" HOST);
    world_document(&w, URL, DNA_FETCH_OK, POLICY("enforce", LISTED));
    w.q.policy = dna_policy_default();
    ruling = world_hear(&w);
    assert_int_not_equal(ruling.verdict, DNA_PROVEN);
    assert_null(strstr(w.asked, "xmpp-sts"));
    w.q.policy.prooftypes = BIT(STS);
    w.q.policy.level = DNA_LEVEL_STRONG;
    ruling = world_hear(&w);
    expect_ruling("strong", &ruling, DNA_FAIL, DNA_CODE_POLICY);
    world_fini(&w);
}

/* --- beside the others ---------------------------------------------------------------- */

/* A TLSA record for the leaf, at the host. */
static void pin(struct rich *r)
{
    unsigned char rdata[3 + DNA_HASH_MAX] = {3, 0, 1};
    assert_int_equal(dna_hash(DNA_HASH_SHA256, dna_chain_der(r->w.chain, 0), rdata + 3),
                     DNA_OK);
    (void)world_say(&r->w, "_5269._tcp." HOST, DNA_DNS_TLSA, RECORDS,
                    world_rdata(&r->w, rdata, 3 + 32));
    (void)world_say(&r->w, HOST, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"));
    (void)world_say(&r->w, HOST, DNA_DNS_AAAA, ABSENT, dna_span_of(""));
}

static void sts_rich(struct rich *r, const char *names, const char *policy)
{
    rich_init(r, names);
    (void)world_srv(&r->w, PLAIN, RECORDS, HOST, 5269);
    announce(&r->w, INSECURE, "v=XSTSv1; id=" ID ";");
    world_document(&r->w, URL, DNA_FETCH_OK, policy);
}

/* S10: veto, prooftype, role. */
static void what_an_enforced_policy_bars(void **state)
{
    static const struct {
        const char *names;
        unsigned prooftypes;
        bool tlsa, survives;
    } rows[] = {
        {"DNS:" DOMAIN, BIT(PKIX), false, true},
        {"DNS:" HOST, BIT(DANE), true, true},
        {"otherName:1.3.6.1.5.5.7.8.7;IA5STRING:_xmpp-server." DOMAIN, BIT(SRVNAME), false,
         false},
        {"DNS:" HOST, BIT(DNSSEC_SRV), false, false},
        {"DNS:" HOST, BIT(POSH), false, false},
        {"DNS:" HOST, BIT(DNSSEC_SRV) | BIT(POSH) | BIT(SRVNAME) | BIT(DNSSEC_TA), false,
         false},
    };
    static const char *const modes[] = {
        "version: XSTSv1\nmode: none\n" OTHERS "max_age: 604800\n",
        "version: XSTSv1\nmode: testing\n" OTHERS "max_age: 604800\n",
        "version: XSTSv1\nmode: enforce\n" OTHERS "max_age: 604800\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t mode = 0; mode < 3; mode++) {
            for (int role = 0; role < 2; role++) {
                struct rich r;
                struct dna_ruling ruling;
                sts_rich(&r, rows[i].names, modes[mode]);
                if (rows[i].tlsa) {
                    pin(&r);
                }
                if (role == 0) {
                    connected_to(&r.w, HOST);
                }
                r.w.q.policy.prooftypes = rows[i].prooftypes | BIT(STS);
                ruling = world_hear(&r.w);
                if (mode < 2 || rows[i].survives) {
                    expect_ruling(rows[i].names, &ruling, DNA_PROVEN, DNA_CODE_OK);
                    assert_int_not_equal(ruling.prooftype, DNA_PROOF_STS);
                } else {
                    expect_ruling(rows[i].names, &ruling, DNA_FAIL,
                                  role == 0 ? DNA_CODE_WRONG_DELEGATE
                                            : DNA_CODE_NAME_MISMATCH);
                    assert_true(ruling.veto);
                    assert_int_equal(ruling.prooftype, DNA_PROOF_STS);
                    assert_null(strstr(r.w.asked, POSH_URL));
                }
                rich_fini(&r);
            }
        }
    }
}

static unsigned sts_last(const struct dna_want *want)
{
    bool sts = want->kind == DNA_WANT_RECALL || want->kind == DNA_WANT_FETCH ||
               (want->kind == DNA_WANT_DNS && want->u.dns.type == DNA_DNS_TXT);
    return sts ? 1 : 0;
}

/* Rule 7: nothing is proven, however sure, before the policy is known. */
static void everybody_waits_for_the_policy(void **state)
{
    struct rich r;
    struct dna_ruling ruling;
    (void)state;
    sts_rich(&r, "DNS:" HOST, POLICY("enforce", OTHERS));
    r.w.rank = sts_last;
    r.w.q.policy.prooftypes = BIT(DNSSEC_SRV) | BIT(STS);
    ruling = world_hear(&r.w);
    expect_ruling("last", &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    assert_true(ruling.veto);
    rich_fini(&r);
}

/* Not even what no policy bars, and what needs no path: whether the policy admits the peer is
 * seen by its path. */
static void until_it_has_ruled(void **state)
{
    static const struct {
        unsigned prooftypes;
        bool path;
        enum dna_verdict verdict;
    } rows[] = {
        {BIT(DANE), false, DNA_PROVEN},
        {BIT(DANE) | BIT(STS), true, DNA_PROVEN},
        {BIT(DANE) | BIT(STS), false, DNA_TEMPFAIL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rich r;
        struct dna_ruling ruling;
        sts_rich(&r, "DNS:" HOST, POLICY("enforce", OTHERS));
        pin(&r);
        connected_to(&r.w, HOST);
        r.w.path_silent = !rows[i].path;
        r.w.q.policy.prooftypes = rows[i].prooftypes;
        ruling = world_hear(&r.w);
        expect_ruling("path", &ruling, rows[i].verdict, ruling.code);
        rich_fini(&r);
    }
}

/* S11: a policy that was kept from us in time bars whatever rests on the DNS. */
static void deadlines(void **state)
{
    static const struct {
        unsigned prooftypes;
        bool record; /* it is the record that does not come, not the document */
        struct result result;
    } rows[] = {
        {BIT(DNSSEC_SRV), true, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED, false}},
        {BIT(DNSSEC_SRV), false, {DNA_TEMPFAIL, DNA_CODE_DNS_FAILED, false}},
        {BIT(POSH), true, GOOD},
        {BIT(POSH), false, GOOD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rich r;
        struct dna_ruling ruling;
        sts_rich(&r, "DNS:" HOST, POLICY("enforce", OTHERS));
        r.w.q.policy.prooftypes = rows[i].prooftypes | BIT(STS);
        if (rows[i].record) {
            announce(&r.w, SILENT, "");
        }
        for (size_t d = 0; d < r.w.n_documents; d++) {
            r.w.documents[d].silent = strcmp(r.w.documents[d].url, URL) == 0;
        }
        ruling = world_hear(&r.w);
        expect("silence", &ruling, &rows[i].result);
        /* Where one is remembered, silence gains nothing. */
        remember(&r.w, "another", POLICY("enforce", OTHERS), 100);
        ruling = world_hear(&r.w);
        expect_ruling("remembered", &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
        assert_true(ruling.veto);
        rich_fini(&r);
    }
}

static void under_bogus_records(void **state)
{
    struct rich r;
    struct dna_ruling ruling;
    (void)state;
    sts_rich(&r, "DNS:" HOST, POLICY("enforce", LISTED));
    (void)world_srv(&r.w, PLAIN, BOGUS, HOST, 5269);
    r.w.q.policy.prooftypes = BIT(STS);
    ruling = world_hear(&r.w);
    expect_ruling("bogus", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
    rich_fini(&r);
}

static void without_memory(void **state)
{
    bool done = false;
    (void)state;
    for (unsigned long n = 0; !done; n++) {
        struct failing_alloc f;
        struct world w;
        struct dna_ruling ruling;
        sts_init(&w, "DNS:" HOST);
        world_document(&w, URL, DNA_FETCH_OK, POLICY("enforce", OTHERS LISTED));
        remember(&w, "another", POLICY("enforce", OTHERS), 100);
        w.alloc = failing_alloc_init(&f, n);
        ruling = world_hear(&w);
        expect_ruling("in the end", &ruling, DNA_PROVEN, DNA_CODE_OK);
        done = !f.failed;
        dna_court_free(w.court);
        w.court = NULL;
        assert_int_equal(f.outstanding, 0);
        world_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_policies_admit),
        cmocka_unit_test(untrusted),
        cmocka_unit_test(the_policy_host_is_named_exactly),
        cmocka_unit_test(the_record),
        cmocka_unit_test(the_fetch),
        cmocka_unit_test(when_it_is_fetched_again),
        cmocka_unit_test(expiry_is_the_minimum),
        cmocka_unit_test(no_inheritance),
        cmocka_unit_test(off_by_default),
        cmocka_unit_test(what_an_enforced_policy_bars),
        cmocka_unit_test(everybody_waits_for_the_policy),
        cmocka_unit_test(until_it_has_ruled),
        cmocka_unit_test(deadlines),
        cmocka_unit_test(under_bogus_records),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
