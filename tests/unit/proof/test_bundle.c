/* Evidence bundles (S16): what verifies, what is worth nothing without a signature, and that
 * no changed byte makes a proof of what was none.  The table tests of the prooftypes hear
 * each of their hearings again besides (world.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <failing_alloc.h>
#include <proof/bundle.h>
#include <rich.h>

/* A validator to whom all is shown; counts in arg. */
static enum dna_bundle_dns everything(void *arg, const struct dna_bundle_claim *claim,
                                      const struct dna_span *messages, size_t n)
{
    (void)messages;
    (void)n;
    assert_true(claim->at >= NOW && (claim->zone == NULL) == (claim->dnskey.len == 0));
    ++*(unsigned *)arg;
    return claim->answer->secure ? DNA_BUNDLE_DNS_PROVEN : DNA_BUNDLE_DNS_INSECURE;
}

static struct dna_bundle_report check(const struct rich *r, struct dna_span bundle,
                                      struct dna_span key)
{
    const struct dna_bundle_terms terms = {.roots = r->w.roots, .key_pem = key};
    struct dna_bundle_report found;
    assert_int_equal(dna_bundle_check(NULL, bundle, &terms, &found), DNA_OK);
    return found;
}

/* The bundle of one hearing, which the caller frees. */
static char *hear(struct rich *r, enum dna_verdict verdict)
{
    struct dna_ruling ruling = world_hear(&r->w);
    struct dna_span bundle;
    char *copy;
    assert_int_equal(ruling.verdict, verdict);
    assert_int_equal(dna_court_bundle(r->w.court, &bundle), DNA_OK);
    copy = strndup(bundle.ptr, bundle.len);
    assert_non_null(copy);
    return copy;
}

/* --- what a proof rests on --------------------------------------------------------------- */

static void worth(void **state)
{
    static const struct {
        const char *what, *names;
        enum dna_role role;
        unsigned types;
        enum says plain;
        enum dna_verdict verdict;
        enum dna_bundle_finding alone, with_dns;
    } rows[] = {
        /* S10: bogus records would not bar it. */
        {"in pkix", "DNS:" DOMAIN, DNA_RECEIVING, USUAL, INSECURE, DNA_PROVEN,
         DNA_BUNDLE_PROVES, DNA_BUNDLE_PROVES},
        {"in pkix, no answer", "DNS:" DOMAIN, DNA_RECEIVING, BIT(PKIX), FAILED, DNA_PROVEN,
         DNA_BUNDLE_PROVES, DNA_BUNDLE_PROVES},
        /* They would forbid the connection. */
        {"out pkix", "DNS:" DOMAIN, DNA_INITIATING, BIT(PKIX), INSECURE, DNA_PROVEN,
         DNA_BUNDLE_UNAUTHENTICATED, DNA_BUNDLE_PROVES},
        {"in dnssec-srv", "DNS:" HOST, DNA_RECEIVING, BIT(DNSSEC_SRV), RECORDS, DNA_PROVEN,
         DNA_BUNDLE_UNAUTHENTICATED, DNA_BUNDLE_PROVES},
        {"in posh", "DNS:" HOST, DNA_RECEIVING, BIT(POSH), INSECURE, DNA_PROVEN,
         DNA_BUNDLE_UNAUTHENTICATED, DNA_BUNDLE_UNAUTHENTICATED},
        {"in dnssec-ta", "DNS:" HOST, DNA_RECEIVING, BIT(DNSSEC_TA), INSECURE, DNA_PROVEN,
         DNA_BUNDLE_UNAUTHENTICATED, DNA_BUNDLE_PROVES},
        {"out dnssec-ta", "DNS:" HOST, DNA_INITIATING, BIT(DNSSEC_TA), INSECURE, DNA_PROVEN,
         DNA_BUNDLE_UNAUTHENTICATED, DNA_BUNDLE_PROVES},
        /* A policy that was remembered, and that nobody vouches for, might have barred it. */
        {"in dnssec-srv, sts", "DNS:" HOST, DNA_RECEIVING, BIT(DNSSEC_SRV) | BIT(STS), RECORDS,
         DNA_PROVEN, DNA_BUNDLE_UNAUTHENTICATED, DNA_BUNDLE_UNAUTHENTICATED},
        {"refused", "DNS:" HOST, DNA_RECEIVING, BIT(PKIX), RECORDS, DNA_NOT_APPLICABLE,
         DNA_BUNDLE_REFUSES, DNA_BUNDLE_REFUSES},
        {"bogus", "DNS:" HOST, DNA_RECEIVING, USUAL, BOGUS, DNA_FAIL, DNA_BUNDLE_REFUSES,
         DNA_BUNDLE_REFUSES},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_bundle_terms terms = {.dns = everything};
        struct dna_bundle_report found;
        unsigned asked = 0;
        struct rich r;
        struct dna_ruling ruling;
        struct dna_span bundle;
        rich_init(&r, rows[i].names);
        r.w.q.role = rows[i].role;
        r.w.q.host = rows[i].role == DNA_INITIATING ? HOST : NULL;
        r.w.q.port = 5269;
        r.w.q.policy.prooftypes = rows[i].types;
        world_srv(&r.w, PLAIN, rows[i].plain, HOST, 5269);
        world_srv(&r.w, TLS, rows[i].plain == RECORDS ? ABSENT : UNPROVEN, ".", 0);
        if (rows[i].plain == RECORDS) {
            world_say(&r.w, HOST, DNA_DNS_CNAME, ABSENT, dna_span_of(""));
            world_say(&r.w, HOST, DNA_DNS_A, RECORDS, dna_span_of("\300\0\2\1"));
            world_say(&r.w, HOST, DNA_DNS_AAAA, ABSENT, dna_span_of(""));
            world_say(&r.w, "_5269._tcp." HOST, DNA_DNS_TLSA, ABSENT, dna_span_of(""));
            world_say(&r.w, "_xmpp-server." DOMAIN, DNA_DNS_TLSA, ABSENT, dna_span_of(""));
        }
        ruling = world_hear(&r.w);
        if ((ruling.verdict == DNA_PROVEN) != (rows[i].verdict == DNA_PROVEN)) {
            fail_msg("%s: %s", rows[i].what, ruling.why);
        }
        assert_int_equal(dna_court_bundle(r.w.court, &bundle), DNA_OK);
        found = check(&r, bundle, (struct dna_span){NULL, 0});
        if (found.finding != rows[i].alone) {
            fail_msg("%s alone: %d %s", rows[i].what, (int)found.finding, found.why);
        }
        terms.roots = r.w.roots;
        terms.dns_arg = &asked;
        assert_int_equal(dna_bundle_check(NULL, bundle, &terms, &found), DNA_OK);
        if (found.finding != rows[i].with_dns) {
            fail_msg("%s with DNS: %d %s\n%s", rows[i].what, (int)found.finding, found.why,
                     r.w.asked);
        }
        assert_int_equal(found.validated, asked);
        rich_fini(&r);
    }
}

/* The certificate that a peer refers to is as good as one that it supplies; a document at a
 * place that its domain vouches for is not. */
static void fetched_for_the_peer(void **state)
{
    struct dna_bundle_terms terms = {.dns = everything};
    struct dna_bundle_report found;
    const struct cert *ta;
    unsigned asked = 0;
    struct dna_span pem;
    struct rich r;
    char *bundle, *text;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    ta = &r.ta;
    pem = cert_pem(&ta, 1);
    text = strndup(pem.ptr, pem.len);
    assert_non_null(text);
    r.w.q.policy.prooftypes = BIT(DNSSEC_TA);
    r.w.peer.content = dna_span_of(TA_URL);
    world_document(&r.w, TA_URL, DNA_FETCH_OK, text);
    bundle = hear(&r, DNA_PROVEN);
    terms.roots = r.w.roots;
    terms.dns_arg = &asked;
    assert_int_equal(dna_bundle_check(NULL, dna_span_of(bundle), &terms, &found), DNA_OK);
    assert_int_equal(found.finding, DNA_BUNDLE_PROVES);
    free(bundle);
    free(text);
    cert_bytes_free(pem);
    rich_fini(&r);
}

/* A clock that jumps during the hearing: what was found out before must have been good until
 * the ruling (everything() looks at that). */
static void old_answers(void **state)
{
    static const char before[] = "\"at\":{\"wall\":1800000000";
    static const char after[] = "\"at\":{\"wall\":1700000000";
    struct dna_bundle_terms terms = {.dns = everything};
    struct dna_bundle_report found;
    unsigned asked = 0;
    struct rich r;
    char *bundle, *at;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(DNSSEC_TA);
    bundle = hear(&r, DNA_PROVEN);
    at = strstr(bundle, "\"want\":{\"kind\":\"dns\"");
    at = at != NULL ? strstr(at, before) : NULL;
    assert_non_null(at);
    memcpy(at, after, sizeof after - 1);
    terms.roots = r.w.roots;
    terms.dns_arg = &asked;
    assert_int_equal(dna_bundle_check(NULL, dna_span_of(bundle), &terms, &found), DNA_OK);
    if (found.finding != DNA_BUNDLE_PROVES) {
        fail_msg("%s", found.why);
    }
    assert_true(asked != 0 && found.validated == asked);
    free(bundle);
    rich_fini(&r);
}

/* All but one of the answers under a supplied key. */
struct but_one {
    unsigned seen, missing;
};

static enum dna_bundle_dns all_but_one(void *arg, const struct dna_bundle_claim *claim,
                                       const struct dna_span *messages, size_t n)
{
    struct but_one *but = arg;
    (void)messages;
    (void)n;
    if (claim->zone != NULL && but->seen++ == but->missing) {
        return DNA_BUNDLE_DNS_UNPROVEN;
    }
    return claim->answer->secure ? DNA_BUNDLE_DNS_PROVEN : DNA_BUNDLE_DNS_INSECURE;
}

static void one_of_three(void **state)
{
    struct dna_bundle_report found;
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(DNSSEC_TA);
    bundle = hear(&r, DNA_PROVEN);
    for (unsigned missing = 0; missing <= 3; missing++) {
        struct but_one but = {.missing = missing};
        const struct dna_bundle_terms terms = {
            .roots = r.w.roots, .dns = all_but_one, .dns_arg = &but};
        assert_int_equal(dna_bundle_check(NULL, dna_span_of(bundle), &terms, &found), DNA_OK);
        assert_int_equal(but.seen, 3);
        assert_int_equal(found.finding, missing < 3 ? DNA_BUNDLE_UNAUTHENTICATED
                                                    : DNA_BUNDLE_PROVES);
    }
    free(bundle);
    rich_fini(&r);
}

/* Messages that show no signatures where the record says that there were. */
static enum dna_bundle_dns unsigned_all(void *arg, const struct dna_bundle_claim *claim,
                                        const struct dna_span *messages, size_t n)
{
    (void)arg;
    (void)claim;
    (void)messages;
    (void)n;
    return DNA_BUNDLE_DNS_INSECURE;
}

static void called_insecure(void **state)
{
    struct dna_bundle_terms terms = {.dns = unsigned_all};
    struct dna_bundle_report found;
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(DNSSEC_TA);
    bundle = hear(&r, DNA_PROVEN);
    terms.roots = r.w.roots;
    assert_int_equal(dna_bundle_check(NULL, dna_span_of(bundle), &terms, &found), DNA_OK);
    assert_int_equal(found.finding, DNA_BUNDLE_UNAUTHENTICATED);
    free(bundle);
    rich_fini(&r);
}

/* What the messages show is another answer than was recorded. */
static enum dna_bundle_dns another(void *arg, const struct dna_bundle_claim *claim,
                                   const struct dna_span *messages, size_t n)
{
    (void)arg;
    (void)claim;
    (void)messages;
    (void)n;
    return DNA_BUNDLE_DNS_DIFFERS;
}

static void another_answer(void **state)
{
    struct dna_bundle_terms terms = {.dns = another};
    struct dna_bundle_report found;
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(DNSSEC_TA);
    bundle = hear(&r, DNA_PROVEN);
    terms.roots = r.w.roots;
    assert_int_equal(dna_bundle_check(NULL, dna_span_of(bundle), &terms, &found), DNA_OK);
    assert_int_equal(found.finding, DNA_BUNDLE_BROKEN);
    free(bundle);
    rich_fini(&r);
}

/* Not believed: a path is what the roots given make of it. */
static void other_roots(void **state)
{
    struct cert other = cert_make(&(struct cert_order){.subject = "other", .ca = true});
    struct dna_bundle_terms terms = {.roots = cert_roots(&other)};
    struct dna_bundle_report found;
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" DOMAIN);
    bundle = hear(&r, DNA_PROVEN);
    assert_int_equal(dna_bundle_check(NULL, dna_span_of(bundle), &terms, &found), DNA_OK);
    assert_int_equal(found.finding, DNA_BUNDLE_BROKEN);
    assert_true(found.why[0] != '\0');
    free(bundle);
    dna_roots_free((struct dna_roots *)(uintptr_t)terms.roots);
    cert_free(&other);
    rich_fini(&r);
}

/* --- the maker's signature --------------------------------------------------------------- */

static void signatures(void **state)
{
    static const char *const kinds[] = {"ED25519", "P-256", "P-384"};
    struct cert stranger = cert_make(&(struct cert_order){.key = "ED25519"});
    struct dna_span strange = cert_key_pem(&stranger);
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(POSH);
    bundle = hear(&r, DNA_PROVEN);
    for (size_t i = 0; i < 3; i++) {
        struct cert maker = cert_make(&(struct cert_order){.key = kinds[i]});
        struct dna_span key = cert_key_pem(&maker), none = {NULL, 0};
        struct dna_bundle_report found;
        char *with, *twice = NULL, *cut;
        size_t len;
        assert_int_equal(dna_bundle_sign(NULL, dna_span_of(bundle), key, &with, &len), DNA_OK);
        found = check(&r, (struct dna_span){with, len}, key);
        assert_int_equal(found.finding, DNA_BUNDLE_PROVES);
        assert_true(found.has_signature && found.signed_by_key);
        found = check(&r, dna_span_of(with), none);
        assert_int_equal(found.finding, DNA_BUNDLE_UNAUTHENTICATED);
        found = check(&r, dna_span_of(with), strange);
        assert_int_equal(found.finding, DNA_BUNDLE_UNAUTHENTICATED);
        assert_false(found.signed_by_key);
        found = check(&r, dna_span_of(bundle), key);
        assert_int_equal(found.finding, DNA_BUNDLE_UNAUTHENTICATED);
        assert_int_equal(dna_bundle_sign(NULL, dna_span_of(with), key, &twice, NULL),
                         DNA_ERR_FORMAT);
        /* The signature of another text. */
        cut = strstr(with, "\"ms\":0");
        assert_non_null(cut);
        memcpy(cut, "\"ms\":1", 6);
        found = check(&r, dna_span_of(with), key);
        assert_int_equal(found.finding, DNA_BUNDLE_BROKEN);
        assert_string_equal(found.why, "the signature does not verify");
        free(with);
        cert_bytes_free(key);
        cert_free(&maker);
    }
    free(bundle);
    cert_bytes_free(strange);
    cert_free(&stranger);
    rich_fini(&r);
}

static void keys_that_are_none(void **state)
{
    static const char *const bad[] = {"x", "-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                           "-----END PRIVATE KEY-----\n"};
    struct cert rsa = cert_make(&(struct cert_order){.key = "RSA-2048"});
    struct dna_span rsa_pem = cert_key_pem(&rsa);
    const struct dna_bundle_terms terms = {.key_pem = rsa_pem};
    struct dna_bundle_report found;
    char *out;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(dna_bundle_sign(NULL, dna_span_of("{}"), dna_span_of(bad[i]), &out,
                                         NULL),
                         DNA_ERR_FORMAT);
    }
    assert_int_equal(dna_bundle_sign(NULL, dna_span_of("{}"), rsa_pem, &out, NULL),
                     DNA_ERR_FORMAT);
    assert_int_equal(dna_bundle_check(NULL, dna_span_of("{}"), &terms, &found),
                     DNA_ERR_ARGUMENT);
    cert_bytes_free(rsa_pem);
    cert_free(&rsa);
}

/* --- changed bytes ----------------------------------------------------------------------- */

/* Whatever is changed in it, the bundle no more says PROVEN by itself. */
static void expect_not_proven(const struct rich *r, const char *bundle, size_t len,
                              struct dna_span key, const char *what, size_t at)
{
    struct dna_bundle_report found = check(r, (struct dna_span){bundle, len}, key);
    if (found.finding == DNA_BUNDLE_PROVES) {
        fail_msg("%s at %zu: %.*s", what, at, (int)len, bundle);
    }
    assert_true(found.why[0] != '\0');
}

static void hammer(struct rich *r, char *bundle, struct dna_span key)
{
    size_t len = strlen(bundle);
    char *work = malloc(2 * len + 1);
    assert_non_null(work);
    for (size_t i = 0; i < len; i++) {
        memcpy(work, bundle, len + 1);
        work[i] ^= (char)(1 << i % 7);
        expect_not_proven(r, work, len, key, "flipped", i);
        if (i % 5 == 0) { /* a range */
            size_t n = i % 37 + 1 < len - i ? i % 37 + 1 : len - i;
            memmove(work + i, work + i + n, len - i - n);
            expect_not_proven(r, work, len - n, key, "cut", i);
            memcpy(work, bundle, i + n);
            memcpy(work + i + n, bundle + i, len - i);
            expect_not_proven(r, work, len + n, key, "doubled", i);
        }
    }
    free(work);
}

static void changed_bytes(void **state)
{
    struct cert maker = cert_make(&(struct cert_order){.key = "ED25519"});
    struct dna_span key = cert_key_pem(&maker);
    struct rich r;
    char *bundle, *with;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(PKIX);
    bundle = hear(&r, DNA_FAIL);
    hammer(&r, bundle, key);
    assert_int_equal(dna_bundle_sign(NULL, dna_span_of(bundle), key, &with, NULL), DNA_OK);
    hammer(&r, with, key);
    free(with);
    free(bundle);
    rich_fini(&r);
    /* A proof that needs its signature. */
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(POSH);
    bundle = hear(&r, DNA_PROVEN);
    assert_int_equal(dna_bundle_sign(NULL, dna_span_of(bundle), key, &with, NULL), DNA_OK);
    hammer(&r, with, key);
    free(with);
    free(bundle);
    rich_fini(&r);
    cert_bytes_free(key);
    cert_free(&maker);
}

/* What was ruled is what the facts lead to, and nothing else. */
static void another_ruling(void **state)
{
    static const struct {
        const char *from, *to, *where;
    } rows[] = {
        {"\"code\":\"name-mismatch\"", "\"code\":\"ok\"", "provers[0].code"},
        {"}],\"ruling\":{\"prooftype\":\"pkix\",\"ruling\":\"FAIL\"",
         "}],\"ruling\":{\"prooftype\":\"pkix\",\"ruling\":\"PROVEN\"", "ruling.ruling"},
        {"\"ruled\":{", "\"more\":1,\"ruled\":{", "ruled"},
        {"\"overdue\":null,", "\"overdue\":null,\"x\":[],", "facts[0].fact"},
        {"\"expires_at\":0", "\"expires_at\":1900000000", "provers[0].expires_at"},
    };
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(PKIX);
    bundle = hear(&r, DNA_FAIL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strstr(bundle, rows[i].from);
        struct dna_bundle_report found;
        char *changed = malloc(strlen(bundle) + 100);
        assert_non_null(at);
        assert_non_null(changed);
        (void)sprintf(changed, "%.*s%s%s", (int)(at - bundle), bundle, rows[i].to,
                      at + strlen(rows[i].from));
        found = check(&r, dna_span_of(changed), (struct dna_span){NULL, 0});
        assert_int_equal(found.finding, DNA_BUNDLE_BROKEN);
        if (strstr(found.why, rows[i].where) == NULL) {
            fail_msg("%s: %s", rows[i].to, found.why);
        }
        free(changed);
    }
    free(bundle);
    rich_fini(&r);
}

/* Somebody who rewrites facts consistently, rulings and all, without the maker's key: each
 * fact of a refusal at its best.  Nothing becomes a proof that stands alone. */
static void forged_worlds(void **state)
{
    static const enum says better[] = {RECORDS, DENIED, ABSENT, INSECURE, UNPROVEN};
    static const unsigned types[] = {BIT(DNSSEC_SRV), BIT(DNSSEC_TA), BIT(POSH), BIT(DANE),
                                     USUAL};
    (void)state;
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        for (size_t i = 0; i < sizeof better / sizeof *better; i++) {
            for (unsigned role = 0; role < 2; role++) {
                struct rich r;
                struct dna_span bundle;
                rich_init(&r, "DNS:" HOST);
                r.w.q.policy.prooftypes = types[t];
                r.w.q.role = role == 0 ? DNA_RECEIVING : DNA_INITIATING;
                r.w.q.host = role == 0 ? NULL : HOST;
                r.w.q.port = 5269;
                world_srv(&r.w, PLAIN, better[i], HOST, 5269);
                (void)world_hear(&r.w);
                assert_int_equal(dna_court_bundle(r.w.court, &bundle), DNA_OK);
                expect_not_proven(&r, bundle.ptr, bundle.len, (struct dna_span){NULL, 0},
                                  "forged", i);
                rich_fini(&r);
            }
        }
    }
}

static void not_a_bundle(void **state)
{
    static const char *const rows[] = {
        "", "{}", "[]", "null", "{\"format\":\"dna-evidence-1\"}",
        "{\"format\":\"dna-evidence-0\"}", "{\"signature\":{}}", "{\"messages\":1}",
        "{\"signature\":{\"algorithm\":\"ed25519\",\"key\":\"AAAA\",\"value\":\"AAAA\"}}",
    };
    struct rich r;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dna_bundle_report found =
            check(&r, dna_span_of(rows[i]), (struct dna_span){NULL, 0});
        assert_int_equal(found.finding, DNA_BUNDLE_BROKEN);
        assert_true(found.why[0] != '\0');
    }
    rich_fini(&r);
}

static void messages_come_along(void **state)
{
    static const struct dna_span messages[] = {{"abc", 3}, {"", 0}};
    struct dna_bundle_report found;
    struct rich r;
    char *bundle, *with;
    (void)state;
    rich_init(&r, "DNS:" DOMAIN);
    bundle = hear(&r, DNA_PROVEN);
    assert_int_equal(dna_bundle_attach(NULL, dna_span_of(bundle), messages, 2, &with, NULL),
                     DNA_OK);
    assert_non_null(strstr(with, "\"messages\":[\"YWJj\",\"\"]}"));
    found = check(&r, dna_span_of(with), (struct dna_span){NULL, 0});
    assert_int_equal(found.finding, DNA_BUNDLE_PROVES);
    free(with);
    free(bundle);
    rich_fini(&r);
}

static void without_memory(void **state)
{
    struct failing_alloc f;
    struct rich r;
    char *bundle;
    (void)state;
    rich_init(&r, "DNS:" HOST);
    r.w.q.policy.prooftypes = BIT(POSH);
    bundle = hear(&r, DNA_PROVEN);
    for (unsigned n = 0;; n++) {
        const struct dna_alloc *alloc = failing_alloc_init(&f, n);
        const struct dna_bundle_terms terms = {.roots = r.w.roots};
        struct dna_bundle_report found;
        enum dna_err err = dna_bundle_check(alloc, dna_span_of(bundle), &terms, &found);
        if (!f.failed) {
            assert_int_equal(err, DNA_OK);
            assert_int_equal(found.finding, DNA_BUNDLE_UNAUTHENTICATED);
            break;
        }
        assert_int_equal(err, DNA_ERR_MEMORY);
        assert_int_equal(found.finding, DNA_BUNDLE_BROKEN);
        assert_int_equal(f.outstanding, 0);
    }
    free(bundle);
    rich_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fetched_for_the_peer),
        cmocka_unit_test(another_answer), cmocka_unit_test(old_answers),
        cmocka_unit_test(called_insecure), cmocka_unit_test(one_of_three),
        cmocka_unit_test(worth),          cmocka_unit_test(other_roots),
        cmocka_unit_test(signatures),     cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(forged_worlds),  cmocka_unit_test(not_a_bundle),
        cmocka_unit_test(messages_come_along), cmocka_unit_test(another_ruling),
        cmocka_unit_test(without_memory),
        cmocka_unit_test(changed_bytes), /* the slow one */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
