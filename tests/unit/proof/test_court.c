/* The court: order of work, vetoes, deadlines, what may be proven when, what is said. */
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

#define SRV_WANTS                                                                           \
    "dns _xmpp-server._tcp." DOMAIN " SRV\ndns _xmpps-server._tcp." DOMAIN " SRV\n"

static unsigned path_last(const struct dna_want *want)
{
    return want->kind == DNA_WANT_PATH;
}

static void local_proofs_come_first(void **state)
{
    struct rich r;
    struct dna_ruling ruling;
    (void)state;
    rich_init(&r, "DNS:" DOMAIN);
    ruling = world_hear(&r.w);
    expect_ruling("named", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_int_equal(ruling.prooftype, DNA_PROOF_PKIX);
    assert_string_equal(r.w.asked, SRV_WANTS "path\n");
    world_srv(&r.w, PLAIN, RECORDS, HOST, 5269);
    r.w.rank = path_last;
    ruling = world_hear(&r.w);
    expect_ruling("secure SRV", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_int_equal(ruling.prooftype, DNA_PROOF_DNSSEC_SRV); /* the strongest */
    rich_fini(&r);
}

/* Challenge and fetch go out together, and the challenge lists all that is open. */
static void then_the_peer_and_the_web_at_once(void **state)
{
    struct rich r;
    struct dna_court *court;
    const struct dna_want *want;
    struct dna_ruling ruling;
    unsigned id, seen = 0;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    ruling = world_hear(&r.w);
    expect_ruling("all", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_ptr_equal(strstr(r.w.asked, SRV_WANTS "path\npeer c\nfetch " POSH_URL " 5\n"),
                     r.w.asked);
    r.w.q.policy.prooftypes = BIT(PKIX) | BIT(POSH);
    ruling = world_hear(&r.w);
    assert_null(strstr(r.w.asked, "peer")); /* nothing that only the peer has */
    assert_int_equal(ruling.prooftype, DNA_PROOF_POSH);
    r.w.q.policy.prooftypes = BIT(DNSSEC_TA) | BIT(PKIX);
    ruling = world_hear(&r.w);
    assert_non_null(strstr(r.w.asked, "peer 4\n"));
    assert_int_equal(ruling.prooftype, DNA_PROOF_DNSSEC_TA);
    /* each want is named once, and nothing beyond the first stage is named early */
    assert_int_equal(dna_court_new(NULL, &r.w.q, r.w.now, &court), DNA_OK);
    while (dna_court_next_want(court, &id, &want)) {
        assert_true(want->kind == DNA_WANT_DNS || want->kind == DNA_WANT_PATH);
        seen++;
    }
    assert_int_equal(seen, 3);
    assert_false(dna_court_next_want(court, &id, &want));
    assert_false(dna_court_ruling(court, &ruling));
    assert_false(dna_court_prover_ruling(court, DNA_PROOF_PKIX, &ruling));
    dna_court_free(court);
    rich_fini(&r);
}

/* S10: which prooftype may prove which role under a veto. */
static void veto(void **state)
{
    static const struct {
        const char *what, *names;
        enum dna_role role;
        unsigned types;
        enum dna_level level;
        enum dna_verdict verdict;
        enum dna_code code;
    } rows[] = {
        {"out pkix", "DNS:" DOMAIN, DNA_INITIATING, BIT(PKIX), DNA_LEVEL_PROOF, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"out dnssec-srv", "DNS:" DOMAIN, DNA_INITIATING, BIT(DNSSEC_SRV), DNA_LEVEL_PROOF,
         DNA_FAIL, DNA_CODE_DNS_BOGUS},
        {"out dnssec-ta", "DNS:" HOST, DNA_INITIATING, BIT(DNSSEC_TA), DNA_LEVEL_PROOF,
         DNA_FAIL, DNA_CODE_DNS_BOGUS},
        {"out posh", "DNS:" HOST, DNA_INITIATING, BIT(POSH), DNA_LEVEL_PROOF, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"out all", "DNS:" DOMAIN, DNA_INITIATING, USUAL, DNA_LEVEL_PROOF, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"out strong", "DNS:" DOMAIN, DNA_INITIATING, USUAL, DNA_LEVEL_STRONG, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"in pkix", "DNS:" DOMAIN, DNA_RECEIVING, BIT(PKIX), DNA_LEVEL_PROOF, DNA_PROVEN,
         DNA_CODE_OK},
        {"in dnssec-srv", "DNS:" DOMAIN, DNA_RECEIVING, BIT(DNSSEC_SRV), DNA_LEVEL_PROOF,
         DNA_FAIL, DNA_CODE_DNS_BOGUS},
        {"in dnssec-ta", "DNS:" HOST, DNA_RECEIVING, BIT(DNSSEC_TA), DNA_LEVEL_PROOF,
         DNA_FAIL, DNA_CODE_DNS_BOGUS},
        {"in posh", "DNS:" HOST, DNA_RECEIVING, BIT(POSH), DNA_LEVEL_PROOF, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"in all, named", "DNS:" DOMAIN, DNA_RECEIVING, USUAL, DNA_LEVEL_PROOF, DNA_PROVEN,
         DNA_CODE_OK},
        {"in all, not named", "DNS:" HOST, DNA_RECEIVING, USUAL, DNA_LEVEL_PROOF, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"in strong", "DNS:" DOMAIN, DNA_RECEIVING, USUAL, DNA_LEVEL_STRONG, DNA_FAIL,
         DNA_CODE_DNS_BOGUS},
        {"no role of ours", "DNS:" DOMAIN, (enum dna_role)7, BIT(PKIX), DNA_LEVEL_PROOF,
         DNA_FAIL, DNA_CODE_DNS_BOGUS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int which = 0; which < 2; which++) {
            struct rich r;
            struct dna_ruling ruling;
            rich_init(&r, rows[i].names);
            world_srv(&r.w, PLAIN, which == 0 ? BOGUS : RECORDS, HOST, 5269);
            world_srv(&r.w, TLS, which == 1 ? BOGUS : UNPROVEN, HOST, 5269);
            r.w.q.role = rows[i].role;
            r.w.q.policy.level = rows[i].level;
            r.w.q.policy.prooftypes = rows[i].types;
            ruling = world_hear(&r.w);
            expect_ruling(rows[i].what, &ruling, rows[i].verdict, rows[i].code);
            assert_int_equal(ruling.veto, ruling.verdict == DNA_FAIL);
            assert_null(strstr(r.w.asked, "peer"));
            assert_null(strstr(r.w.asked, "fetch"));
            rich_fini(&r);
        }
    }
}

/* Rule 7: a proof waits for every look-up that can veto. */
static void nothing_is_proven_before_the_status_is_known(void **state)
{
    struct rich r;
    struct dna_court *court;
    const struct dna_want *want;
    struct dna_ruling ruling;
    struct dna_fact fact = {.kind = DNA_WANT_PATH}, srv = {.kind = DNA_WANT_DNS};
    unsigned id, path = 0, plain = 0, tls = 0;
    (void)state;
    rich_init(&r, "DNS:" DOMAIN);
    r.w.q.policy.prooftypes = BIT(PKIX);
    assert_int_equal(dna_court_new(NULL, &r.w.q, r.w.now, &court), DNA_OK);
    while (dna_court_next_want(court, &id, &want)) {
        if (want->kind == DNA_WANT_PATH) {
            path = id;
        } else if (plain == 0) {
            plain = id;
        } else {
            tls = id;
        }
    }
    assert_int_equal(dna_path_check(r.w.chain, r.w.roots, NOW, &fact.u.path), DNA_OK);
    assert_int_equal(dna_court_give(court, path, &fact, r.w.now), DNA_OK);
    assert_true(dna_court_prover_ruling(court, DNA_PROOF_PKIX, &ruling));
    assert_int_equal(ruling.verdict, DNA_PROVEN);
    assert_false(dna_court_ruling(court, NULL));
    srv.u.dns = world_answer(&r.w, DNA_DNS_SRV, UNPROVEN, dna_span_of(""));
    assert_int_equal(dna_court_give(court, plain, &srv, r.w.now), DNA_OK);
    assert_false(dna_court_ruling(court, NULL));
    /* a fact for an unknown want, for an answered one, of the wrong kind */
    assert_int_equal(dna_court_give(court, 99, &srv, r.w.now), DNA_OK);
    assert_int_equal(dna_court_give(court, 0, &srv, r.w.now), DNA_OK);
    assert_int_equal(dna_court_give(court, path, &srv, r.w.now), DNA_OK);
    assert_int_equal(dna_court_give(court, tls, &fact, r.w.now), DNA_ERR_ARGUMENT);
    assert_false(dna_court_ruling(court, NULL));
    assert_int_equal(dna_court_give(court, tls, &srv, r.w.now), DNA_OK);
    assert_true(dna_court_ruling(court, &ruling));
    expect_ruling("in the end", &ruling, DNA_PROVEN, DNA_CODE_OK);
    /* final */
    srv.u.dns = world_answer(&r.w, DNA_DNS_SRV, BOGUS, dna_span_of(""));
    assert_int_equal(dna_court_give(court, tls, &srv, r.w.now), DNA_OK);
    assert_int_equal(dna_court_tick(court, (struct dna_time){NOW + DAY, 99999999}), DNA_OK);
    assert_true(dna_court_ruling(court, &ruling));
    expect_ruling("still", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_false(dna_court_next_want(court, &id, &want));
    dna_court_free(court);
    rich_fini(&r);
}

/* The candidate's keys come last, the document just before. */
static unsigned keys_last(const struct dna_want *want)
{
    if (want->kind == DNA_WANT_FETCH) {
        return 1;
    }
    return want->kind == DNA_WANT_DNS && want->u.dns.type == DNA_DNS_DNSKEY ? 2 : 0;
}

/* ... those of the second stage too: POSH waits for the keys of a candidate zone. */
static void posh_waits_for_a_veto_of_the_candidate(void **state)
{
    static const struct {
        enum says keys, under; /* of the zone, and of the SRV records under the anchor */
        enum dna_verdict verdict;
        enum dna_prooftype type;
    } rows[] = {
        {INSECURE, RECORDS, DNA_PROVEN, DNA_PROOF_POSH}, /* the delegate cannot veto */
        {INSECURE, INSECURE, DNA_PROVEN, DNA_PROOF_POSH},
        {INSECURE, BOGUS, DNA_FAIL, DNA_PROOF_DNSSEC_TA},
        {INSECURE, SILENT, DNA_PROVEN, DNA_PROOF_POSH},
        {FAILED, RECORDS, DNA_PROVEN, DNA_PROOF_POSH},
        {SILENT, RECORDS, DNA_PROVEN, DNA_PROOF_POSH},
        {RECORDS, RECORDS, DNA_PROVEN, DNA_PROOF_POSH},
        {BOGUS, RECORDS, DNA_FAIL, DNA_PROOF_DNSSEC_TA},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rich r;
        struct dna_ruling ruling;
        rich_init(&r, "DNS:" HOST);
        r.w.rank = keys_last;
        r.w.q.policy.prooftypes = BIT(DNSSEC_TA) | BIT(POSH);
        world_say(&r.w, DOMAIN, DNA_DNS_DNSKEY, rows[i].keys, r.key);
        r.w.anchored[0].silent = rows[i].under == SILENT;
        r.w.anchored[0].result.srv = world_answer(&r.w, DNA_DNS_SRV, rows[i].under,
                                                  world_srv_rdata(&r.w, HOST, 5269));
        ruling = world_hear(&r.w);
        assert_int_equal(ruling.verdict, rows[i].verdict);
        assert_int_equal(ruling.prooftype, rows[i].type);
        assert_int_equal(ruling.veto, ruling.verdict == DNA_FAIL);
        rich_fini(&r);
    }
}

/* S11: a black-holed SRV record, at each level of policy. */
static void deadlines_are_no_loophole(void **state)
{
    static const struct {
        const char *what, *names;
        unsigned types;
        enum dna_level level;
        enum dna_verdict verdict;
        enum dna_code code;
    } rows[] = {
        {"pkix", "DNS:" DOMAIN, BIT(PKIX), DNA_LEVEL_PROOF, DNA_PROVEN, DNA_CODE_OK},
        {"posh", "DNS:" HOST, BIT(POSH), DNA_LEVEL_PROOF, DNA_PROVEN, DNA_CODE_OK},
        {"dnssec-srv", "DNS:" DOMAIN, BIT(DNSSEC_SRV), DNA_LEVEL_PROOF, DNA_TEMPFAIL,
         DNA_CODE_DNS_FAILED},
        {"dnssec-ta", "DNS:" HOST, BIT(DNSSEC_TA), DNA_LEVEL_PROOF, DNA_TEMPFAIL,
         DNA_CODE_DNS_FAILED},
        {"all, named", "DNS:" DOMAIN, USUAL, DNA_LEVEL_PROOF, DNA_PROVEN, DNA_CODE_OK},
        {"strong", "DNS:" DOMAIN, USUAL, DNA_LEVEL_STRONG, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED},
        {"refuse", "DNS:" DOMAIN, USUAL, DNA_LEVEL_REFUSE, DNA_FAIL, DNA_CODE_POLICY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int way = 0; way < 4; way++) {
            struct rich r;
            struct dna_ruling ruling;
            rich_init(&r, rows[i].names);
            world_srv(&r.w, PLAIN, (way & 1) != 0 ? SILENT : RECORDS, HOST, 5269);
            world_srv(&r.w, TLS, (way & 1) == 0 ? SILENT : UNPROVEN, HOST, 5269);
            r.w.q.role = (way & 2) != 0 ? DNA_INITIATING : DNA_RECEIVING;
            r.w.q.policy.level = rows[i].level;
            r.w.q.policy.prooftypes = rows[i].types;
            ruling = world_hear(&r.w);
            expect_ruling(rows[i].what, &ruling, rows[i].verdict, rows[i].code);
            assert_null(strstr(r.w.asked, "peer"));
            rich_fini(&r);
        }
    }
}

/* An answer that comes after its deadline is not one, ticked or not. */
static void a_late_answer_is_none(void **state)
{
    (void)state;
    for (int ticked = 0; ticked < 2; ticked++) {
        struct rich r;
        struct dna_court *court;
        const struct dna_want *want;
        struct dna_ruling ruling;
        struct dna_fact path = {.kind = DNA_WANT_PATH}, srv = {.kind = DNA_WANT_DNS};
        struct dna_time late = {NOW + 5, 1000 + DNA_LIMIT_VETO_MS};
        unsigned id, ids[4], n = 0;
        rich_init(&r, "DNS:" DOMAIN);
        r.w.q.policy.prooftypes = BIT(DNSSEC_SRV);
        assert_int_equal(dna_court_new(NULL, &r.w.q, r.w.now, &court), DNA_OK);
        assert_int_equal(dna_court_deadline(court), late.mono);
        while (dna_court_next_want(court, &id, &want)) {
            if (want->kind == DNA_WANT_PATH) {
                assert_int_equal(dna_path_check(r.w.chain, r.w.roots, NOW, &path.u.path),
                                 DNA_OK);
                assert_int_equal(dna_court_give(court, id, &path, r.w.now), DNA_OK);
            } else {
                ids[n++] = id;
            }
        }
        assert_int_equal(n, 2);
        if (ticked == 1) {
            assert_int_equal(dna_court_tick(court, (struct dna_time){NOW + 4, late.mono - 1}),
                             DNA_OK);
            assert_false(dna_court_ruling(court, NULL));
            assert_int_equal(dna_court_tick(court, late), DNA_OK);
        }
        srv.u.dns = world_answer(&r.w, DNA_DNS_SRV, RECORDS,
                                 world_srv_rdata(&r.w, HOST, 5269));
        for (unsigned i = 0; i < n; i++) {
            assert_int_equal(dna_court_give(court, ids[i], &srv, late), DNA_OK);
        }
        assert_true(dna_court_ruling(court, &ruling));
        expect_ruling("late", &ruling, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
        dna_court_free(court);
        rich_fini(&r);
    }
}

static void what_needs_no_hearing(void **state)
{
    static const struct {
        const char *what, *domain;
        enum dna_level level;
        unsigned types;
        bool without_chain;
        const char *key;
        enum dna_verdict verdict;
        enum dna_code code;
    } rows[] = {
        {"refuse", DOMAIN, DNA_LEVEL_REFUSE, USUAL, false, NULL, DNA_FAIL, DNA_CODE_POLICY},
        {"no such level", DOMAIN, (enum dna_level)9, USUAL, false, NULL, DNA_FAIL,
         DNA_CODE_POLICY},
        {"no prooftype", DOMAIN, DNA_LEVEL_PROOF, 0, false, NULL, DNA_FAIL, DNA_CODE_POLICY},
        {"unknown prooftypes", DOMAIN, DNA_LEVEL_PROOF, ~(DNA_PROOF_BIT(DNA_N_PROOFTYPES) - 1), false, NULL, DNA_FAIL,
         DNA_CODE_POLICY},
        {"strong without DNSSEC", DOMAIN, DNA_LEVEL_STRONG,
         BIT(PKIX) | BIT(DNSSEC_TA) | BIT(POSH), false, NULL, DNA_FAIL, DNA_CODE_POLICY},
        {"no certificate", DOMAIN, DNA_LEVEL_PROOF, USUAL, true, NULL, DNA_NOT_APPLICABLE,
         DNA_CODE_NO_CERTIFICATE},
        {"weak key", DOMAIN, DNA_LEVEL_PROOF, USUAL, false, "RSA-1024", DNA_FAIL,
         DNA_CODE_WEAK_KEY},
        {"IPv4", "192.0.2.1", DNA_LEVEL_PROOF, USUAL, false, NULL, DNA_FAIL,
         DNA_CODE_NAME_MISMATCH},
        {"IPv6", "[2001:db8::1]", DNA_LEVEL_PROOF, USUAL, false, NULL, DNA_FAIL,
         DNA_CODE_NAME_MISMATCH},
        {"too long for SRV",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", DNA_LEVEL_PROOF, USUAL, false,
         NULL, DNA_FAIL, DNA_CODE_NO_DELEGATION},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct dna_ruling ruling;
        world_init(&w, &(struct cert_order){.names = "DNS:" DOMAIN, .key = rows[i].key});
        w.q.domain = rows[i].domain;
        w.q.policy.level = rows[i].level;
        w.q.policy.prooftypes = rows[i].types;
        w.q.chain = rows[i].without_chain ? NULL : w.chain;
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].verdict, rows[i].code);
        assert_string_equal(w.asked, "");
        world_fini(&w);
    }
}

static void names_must_be_canonical(void **state)
{
    static const struct {
        const char *domain, *host;
    } rows[] = {
        {"Example.com", NULL}, {"example.com.", NULL}, {"", NULL},       {NULL, NULL},
        {"b\xc3\xbc" "cher.example", NULL}, {DOMAIN, "Host.example"}, {DOMAIN, "a b"},
    };
    struct world w;
    struct dna_court *court = NULL;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" DOMAIN});
    w.q.role = DNA_INITIATING;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        w.q.domain = rows[i].domain;
        w.q.host = rows[i].host;
        assert_int_equal(dna_court_new(NULL, &w.q, w.now, &court), DNA_ERR_ARGUMENT);
        assert_null(court);
    }
    dna_court_free(NULL);
    world_fini(&w);
}

/* "impossible" is final, whatever else is under way. */
static void impossible_ends_the_hearing(void **state)
{
    struct rich r;
    struct dna_ruling ruling;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.peer.outcome = DNA_PEER_IMPOSSIBLE;
    ruling = world_hear(&r.w);
    expect_ruling("impossible", &ruling, DNA_FAIL, DNA_CODE_PEER_IMPOSSIBLE);
    rich_fini(&r);
}

/* A peer that has nothing to supply does not stand in the way of what others publish. */
static void an_empty_proof_is_no_refusal(void **state)
{
    static const enum dna_prooftype types[] = {DNA_PROOF_POSH, DNA_PROOF_DNSSEC_TA,
                                               DNA_PROOF_PKIX, (enum dna_prooftype)99};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct rich r;
        struct dna_ruling ruling;
        rich_init(&r, "DNS:" HOST);
        r.w.peer.type = types[i];
        r.w.peer.content = dna_span_of("");
        ruling = world_hear(&r.w);
        expect_ruling("posh", &ruling, DNA_PROVEN, DNA_CODE_OK);
        assert_int_equal(ruling.prooftype, DNA_PROOF_POSH);
        rich_fini(&r);
    }
}

/* What is said when everything fails. */
static void the_most_telling_reason(void **state)
{
    static const struct {
        const char *what;
        enum says plain;
        enum dna_fetch_outcome posh;
        const char *document;
        enum dna_peer_outcome peer;
        const char *content;
        enum dna_verdict verdict;
        enum dna_code code;
        enum dna_prooftype type;
    } rows[] = {
        {"nothing anywhere", UNPROVEN, DNA_FETCH_ABSENT, "", DNA_PEER_PROOF, "", DNA_FAIL,
         DNA_CODE_NAME_MISMATCH, DNA_PROOF_PKIX},
        {"a silent peer", UNPROVEN, DNA_FETCH_ABSENT, "", DNA_PEER_SILENT, "", DNA_FAIL,
         DNA_CODE_NAME_MISMATCH, DNA_PROOF_PKIX},
        {"a mismatch", UNPROVEN, DNA_FETCH_OK,
         "{\"fingerprints\":[{\"sha-256\":\"4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ=\"}],"
         "\"expires\":9}",
         DNA_PEER_PROOF, "", DNA_FAIL, DNA_CODE_NO_MATCH, DNA_PROOF_POSH},
        {"a web host that is down", UNPROVEN, DNA_FETCH_FAILED, "", DNA_PEER_PROOF, "",
         DNA_TEMPFAIL, DNA_CODE_FETCH_FAILED, DNA_PROOF_POSH},
        {"our own limits", UNPROVEN, DNA_FETCH_REFUSED, "", DNA_PEER_PROOF, "no certificate",
         DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED, DNA_PROOF_POSH},
        {"bad material", UNPROVEN, DNA_FETCH_ABSENT, "", DNA_PEER_PROOF, "ftp://x/", DNA_FAIL,
         DNA_CODE_BAD_MATERIAL, DNA_PROOF_DNSSEC_TA},
        {"another delegate", RECORDS, DNA_FETCH_ABSENT, "", DNA_PEER_PROOF, "", DNA_FAIL,
         DNA_CODE_WRONG_DELEGATE, DNA_PROOF_DNSSEC_SRV},
        {"a DNS that is down", FAILED, DNA_FETCH_ABSENT, "", DNA_PEER_PROOF, "", DNA_TEMPFAIL,
         DNA_CODE_DNS_FAILED, DNA_PROOF_DANE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        struct dna_ruling ruling;
        world_init(&w, &(struct cert_order){.names = "DNS:evil.example"});
        world_srv(&w, PLAIN, rows[i].plain, HOST, 5269);
        world_document(&w, POSH_URL, rows[i].posh, rows[i].document);
        w.peer.outcome = rows[i].peer;
        w.peer.type = DNA_PROOF_DNSSEC_TA;
        w.peer.content = dna_span_of(rows[i].content);
        ruling = world_hear(&w);
        expect_ruling(rows[i].what, &ruling, rows[i].verdict, rows[i].code);
        assert_int_equal(ruling.prooftype, rows[i].type);
        world_fini(&w);
    }
}

/* What fails here does not stand in the way of what holds there. */
static void a_failure_bars_nothing(void **state)
{
    struct rich r;
    struct dna_ruling ruling;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    world_document(&r.w, POSH_URL, DNA_FETCH_OK,
                   "{\"fingerprints\":[{\"sha-256\":"
                   "\"4/mggdlVx8A3pvHAWW5sD+qJyMtUHgiRuPjVC48N0XQ=\"}],\"expires\":9}");
    ruling = world_hear(&r.w);
    expect_ruling("mismatch", &ruling, DNA_PROVEN, DNA_CODE_OK);
    assert_int_equal(ruling.prooftype, DNA_PROOF_DNSSEC_TA);
    assert_true(dna_court_prover_ruling(r.w.court, DNA_PROOF_POSH, &ruling));
    expect_ruling("posh itself", &ruling, DNA_FAIL, DNA_CODE_NO_MATCH);
    assert_false(dna_court_prover_ruling(r.w.court, (enum dna_prooftype)9, &ruling));
    rich_fini(&r);
}

static void a_hearing_ends(void **state)
{
    struct rich r;
    struct dna_ruling ruling;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.path_silent = true;
    r.w.q.policy.prooftypes = BIT(PKIX);
    ruling = world_hear(&r.w);
    expect_ruling("no path", &ruling, DNA_TEMPFAIL, DNA_CODE_TIMEOUT);
    r.w.path_silent = false;
    r.w.q.policy.prooftypes = USUAL;
    r.w.peer.silent = true;
    r.w.documents[0].silent = true;
    ruling = world_hear(&r.w);
    expect_ruling("no peer", &ruling, DNA_FAIL, DNA_CODE_NAME_MISMATCH);
    r.w.documents[0].silent = false;
    r.w.documents[0].result.outcome = DNA_FETCH_REFUSED;
    ruling = world_hear(&r.w);
    expect_ruling("our limits", &ruling, DNA_TEMPFAIL, DNA_CODE_FETCH_REFUSED);
    rich_fini(&r);
}

/* A proof that ends while the court still waits for a status is none (S14). */
static void a_proof_that_ends_meanwhile(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" DOMAIN, .not_after = NOW + 3});
    w.q.policy.prooftypes = BIT(PKIX);
    world_srv(&w, PLAIN, SILENT, HOST, 5269);
    ruling = world_hear(&w);
    expect_ruling("ended", &ruling, DNA_TEMPFAIL, DNA_CODE_NOT_VALID_NOW);
    world_fini(&w);
}

/* What a host hands over is put right before anybody believes it. */
static void facts_are_not_trusted_too_far(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    struct dna_dns_answer *a;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    w.q.policy.prooftypes = BIT(DNSSEC_SRV);
    a = world_srv(&w, PLAIN, RECORDS, HOST, 5269);
    a->n_rdata = 0;
    ruling = world_hear(&w);
    expect_ruling("found without records", &ruling, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
    a = world_srv(&w, PLAIN, BOGUS, HOST, 5269);
    a->secure = true;
    ruling = world_hear(&w);
    expect_ruling("bogus and secure", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
    a = world_srv(&w, PLAIN, RECORDS, HOST, 5269);
    a->outcome = DNA_DNS_FAILED;
    ruling = world_hear(&w);
    expect_ruling("failed with records", &ruling, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
    a->outcome = (enum dna_dns_outcome)42;
    ruling = world_hear(&w);
    expect_ruling("no outcome", &ruling, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
    a = world_srv(&w, PLAIN, RECORDS, HOST, 5269);
    a->name = "_xmpp-server._tcp.example.org";
    ruling = world_hear(&w);
    expect_ruling("another name", &ruling, DNA_TEMPFAIL, DNA_CODE_DNS_FAILED);
    a->name = NULL;
    a->why = NULL;
    ruling = world_hear(&w);
    expect_ruling("no name", &ruling, DNA_PROVEN, DNA_CODE_OK);
    world_fini(&w);
}

static void sentences_are_printable(void **state)
{
    struct world w;
    struct dna_ruling ruling;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" HOST});
    world_srv(&w, PLAIN, BOGUS, HOST, 5269)->why = "one\ntwo\x1b[31m \xff";
    ruling = world_hear(&w);
    assert_string_equal(ruling.why, "the SRV records are bogus: one?two?[31m ?");
    world_fini(&w);
}

/* Facts so large that each of them needs memory of its own. */
static void make_heavy(struct rich *r, char *why, size_t size, struct dna_span *many)
{
    static const char url[] = "https://host.example/x";
    struct dna_dns_answer *answers[] = {
        world_srv(&r->w, PLAIN, INSECURE, HOST, 5269),
        &r->w.anchored[0].result.dnskey,
        &r->w.anchored[0].result.srv,
        &r->w.anchored[0].result.srv_tls,
    };
    memset(why, 'w', size - 1);
    why[size - 1] = '\0';
    for (size_t i = 0; i < DNA_LIMIT_RECORDS; i++) {
        many[i] = world_srv_rdata(&r->w, HOST, (uint16_t)(5269 + i));
    }
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        answers[i]->why = why;
        if (answers[i]->type == DNA_DNS_SRV && answers[i]->outcome == DNA_DNS_FOUND) {
            answers[i]->rdata = many;
            answers[i]->n_rdata = DNA_LIMIT_RECORDS;
        }
    }
    world_document(&r->w, url, DNA_FETCH_OK, "");
    r->w.documents[1].result.body = r->ta.der;
    r->w.documents[1].result.final_url = why;
    r->w.peer.content = dna_span_of(url);
}

/* Memory that is missing anywhere is an error, and the same call succeeds later with the
 * same ruling in the end. */
static void without_memory(void **state)
{
    static const unsigned types[] = {USUAL, BIT(DNSSEC_TA), BIT(POSH), BIT(DNSSEC_TA)};
    struct rich r;
    char why[2000];
    struct dna_span many[DNA_LIMIT_RECORDS];
    (void)state;
    rich_init(&r, "DNS:" HOST);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        struct dna_ruling good;
        r.w.alloc = NULL;
        r.w.q.policy.prooftypes = types[t];
        if (t == 3) {
            make_heavy(&r, why, sizeof why, many);
        }
        good = world_hear(&r.w);
        expect_ruling("with memory", &good, DNA_PROVEN, DNA_CODE_OK);
        for (unsigned long n = 0;; n++) {
            struct failing_alloc f;
            struct dna_ruling ruling;
            r.w.alloc = failing_alloc_init(&f, n);
            r.w.refused = 0;
            ruling = world_hear(&r.w);
            expect_same(&ruling, &good);
            dna_court_free(r.w.court);
            r.w.court = NULL;
            assert_int_equal(f.outstanding, 0);
            assert_int_equal(r.w.refused, f.failed);
            if (!f.failed) {
                break;
            }
        }
    }
    r.w.alloc = NULL;
    rich_fini(&r);
}

/* Memory that never comes back ends in a refusal, not in a hearing without end. */
static void without_memory_for_ever(void **state)
{
    struct rich r;
    struct failing_alloc f;
    struct dna_court *court;
    const struct dna_want *want;
    struct dna_ruling ruling;
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    unsigned id, given = 0;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    assert_int_equal(dna_court_new(failing_alloc_init(&f, ~0ul), &r.w.q, r.w.now, &court),
                     DNA_OK);
    fact.u.dns = world_answer(&r.w, DNA_DNS_SRV, UNPROVEN, dna_span_of(""));
    while (dna_court_next_want(court, &id, &want)) {
        if (want->kind == DNA_WANT_DNS) {
            assert_int_equal(dna_court_give(court, id, &fact, r.w.now), DNA_OK);
            given++;
            continue;
        }
        fact.kind = DNA_WANT_PATH;
        assert_int_equal(dna_path_check(r.w.chain, r.w.roots, NOW, &fact.u.path), DNA_OK);
        break;
    }
    assert_int_equal(given, 2);
    f.fail_at = f.seen; /* the second stage needs room */
    assert_int_equal(dna_court_give(court, id, &fact, r.w.now), DNA_ERR_MEMORY);
    assert_false(dna_court_ruling(court, NULL));
    f.fail_at = f.seen;
    assert_int_equal(dna_court_tick(court, (struct dna_time){NOW + 30, 1000 + 30000}), DNA_OK);
    assert_true(dna_court_ruling(court, &ruling));
    expect_ruling("no memory", &ruling, DNA_TEMPFAIL, DNA_CODE_INTERNAL);
    dna_court_free(court);
    assert_int_equal(f.outstanding, 0);
    rich_fini(&r);
}

/* A hearing of the usual kind takes no more than a page. */
static void a_hearing_is_small(void **state)
{
    struct world w;
    struct failing_alloc f;
    struct dna_court *court;
    (void)state;
    world_init(&w, &(struct cert_order){.names = "DNS:" DOMAIN});
    assert_int_equal(dna_court_new(failing_alloc_init(&f, ~0ul), &w.q, w.now, &court), DNA_OK);
    assert_true(f.seen <= 4);
    dna_court_free(court);
    world_fini(&w);
}

/* Forged records leave the peer its attribute certificate, and nobody anything else (S10). */
static void what_is_heard_under_a_veto(void **state)
{
    static const struct {
        unsigned prooftypes;
        bool initiating, challenged;
    } rows[] = {
        {BIT(ATTRIBUTE_CERT) | BIT(POSH), false, true},
        {BIT(ATTRIBUTE_CERT) | BIT(POSH), true, false},
        {BIT(POSH), false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rich r;
        struct dna_ruling ruling;
        rich_init(&r, "DNS:" HOST);
        (void)world_srv(&r.w, PLAIN, BOGUS, HOST, 5269);
        r.w.q.policy.prooftypes = rows[i].prooftypes;
        r.w.q.role = rows[i].initiating ? DNA_INITIATING : DNA_RECEIVING;
        ruling = world_hear(&r.w);
        expect_ruling("bogus", &ruling, DNA_FAIL, DNA_CODE_DNS_BOGUS);
        assert_int_equal(strstr(r.w.asked, "peer ") != NULL, rows[i].challenged);
        assert_null(strstr(r.w.asked, POSH_URL));
        rich_fini(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_proofs_come_first),
        cmocka_unit_test(then_the_peer_and_the_web_at_once),
        cmocka_unit_test(veto),
        cmocka_unit_test(nothing_is_proven_before_the_status_is_known),
        cmocka_unit_test(posh_waits_for_a_veto_of_the_candidate),
        cmocka_unit_test(deadlines_are_no_loophole),
        cmocka_unit_test(a_late_answer_is_none),
        cmocka_unit_test(what_needs_no_hearing),
        cmocka_unit_test(names_must_be_canonical),
        cmocka_unit_test(impossible_ends_the_hearing),
        cmocka_unit_test(an_empty_proof_is_no_refusal),
        cmocka_unit_test(the_most_telling_reason),
        cmocka_unit_test(a_failure_bars_nothing),
        cmocka_unit_test(a_hearing_ends),
        cmocka_unit_test(a_proof_that_ends_meanwhile),
        cmocka_unit_test(facts_are_not_trusted_too_far),
        cmocka_unit_test(sentences_are_printable),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(without_memory_for_ever),
        cmocka_unit_test(a_hearing_is_small),
        cmocka_unit_test(what_is_heard_under_a_veto),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
