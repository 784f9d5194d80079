/* What one session learned and another recalls: the same answers to the same questions, for as
 * long, and nothing else. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <base/limits.h>
#include <certs.h>
#include <failing_alloc.h>
#include <mod_dna/session.h>
#include <session/context.h>

#define D "a.example"
static const char *const names[] = {"_xmpp-server._tcp." D, "_xmpps-server._tcp." D};

static struct cert ca, one, two;
static struct dna_chain *chain_one, *chain_two;
static struct dna_roots *roots;
static struct dna_time now;

static int make_world(void **state)
{
    const struct cert *leaf = &one;
    (void)state;
    ca = cert_make(&(struct cert_order){.subject = "CA", .ca = true});
    one = cert_make(&(struct cert_order){.subject = "one", .issuer = &ca, .names = "DNS:" D});
    two = cert_make(&(struct cert_order){.subject = "two", .issuer = &ca, .names = "DNS:" D});
    chain_one = cert_chain(&leaf, 1);
    leaf = &two;
    chain_two = cert_chain(&leaf, 1);
    roots = cert_roots(&ca);
    return 0;
}

static int free_world(void **state)
{
    (void)state;
    dna_chain_free(chain_one);
    dna_chain_free(chain_two);
    dna_roots_free(roots);
    cert_free(&one);
    cert_free(&two);
    cert_free(&ca);
    return 0;
}

static enum dna_err begin_with(const struct dna_alloc *alloc, const struct dna_log *log,
                               struct dna_session **out)
{
    struct dna_session_options options = {
        .size = sizeof options, .alloc = alloc, .log = log, .seed = 3, .roots = roots};
    now = (struct dna_time){.wall = CERTS_NOW, .mono = 500};
    return dna_session_new(&options, out);
}

static struct dna_session *begin(void)
{
    struct dna_session *session;
    assert_int_equal(begin_with(NULL, NULL, &session), DNA_OK);
    return session;
}

static struct dna_question question(struct dna_chain *chain)
{
    return (struct dna_question){.domain = D, .role = DNA_RECEIVING, .chain = chain,
                                 .policy = dna_policy_default()};
}

static struct dna_hearing *hear(struct dna_session *session, const struct dna_question *q)
{
    struct dna_hearing *hearing;
    assert_int_equal(dna_session_hear(session, q, now, &now, &hearing), DNA_OK);
    return hearing;
}

static struct dna_fact absent(const char *name)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    fact.u.dns = (struct dna_dns_answer){
        .name = name, .type = DNA_DNS_SRV, .outcome = DNA_DNS_ABSENT, .ttl = 600,
        .obtained = now.wall, .signatures_end = DNA_NEVER, .why = ""};
    return fact;
}

/* The wants that are new; ids into ids. */
static unsigned wants(struct dna_session *session, unsigned *ids)
{
    const struct dna_want *want;
    unsigned n = 0;
    while (dna_session_next_want(session, &ids[n], &want)) {
        assert_int_equal(want->kind, DNA_WANT_DNS);
        assert_int_equal(want->u.dns.type, DNA_DNS_SRV);
        assert_true(strcmp(want->u.dns.name, names[0]) == 0 ||
                    strcmp(want->u.dns.name, names[1]) == 0);
        n++;
    }
    return n;
}

/* Answers both. */
static void answer(struct dna_session *session, const unsigned *ids)
{
    for (int i = 0; i < 2; i++) {
        struct dna_fact fact = absent(names[i]);
        assert_int_equal(dna_session_give(session, ids[i], &fact, now), DNA_OK);
    }
}

static void expect_proven(struct dna_session *session, struct dna_hearing *hearing)
{
    struct dna_hearing *got;
    struct dna_ruling ruling;
    assert_true(dna_session_next_ruling(session, &got, &ruling));
    assert_ptr_equal(got, hearing);
    assert_ptr_equal(dna_hearing_user(got), &now);
    assert_int_equal(ruling.verdict, DNA_PROVEN);
    dna_hearing_free(got);
}

struct kept {
    struct dna_learned learned;
    char domain[256];
    char value[1000];
};

static void keep(struct dna_session *session, const char *terms)
{
    assert_int_equal(dna_session_keep_learned(session, dna_span_of(terms)), DNA_OK);
}

static bool take(struct dna_session *session, struct kept *out)
{
    if (!dna_session_next_learned(session, &out->learned)) {
        return false;
    }
    assert_true(out->learned.value.len <= sizeof out->value);
    (void)snprintf(out->domain, sizeof out->domain, "%s", out->learned.domain);
    if (out->learned.value.len != 0) {
        memcpy(out->value, out->learned.value.ptr, out->learned.value.len);
    }
    out->learned.domain = out->domain;
    out->learned.value.ptr = out->value;
    return true;
}

/* A proof by pkix, as a session learns it. */
static void learn(struct kept *out)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing;
    unsigned ids[2];
    keep(session, "terms");
    hearing = hear(session, &q);
    assert_int_equal(wants(session, ids), 2);
    answer(session, ids);
    expect_proven(session, hearing);
    assert_true(take(session, out));
    assert_int_equal(out->learned.kind, DNA_LEARNED_PROOF);
    assert_false(take(session, &(struct kept){.domain = ""}));
    dna_session_free(session);
}

/* Whether the question is answered at once. */
static bool knows(struct dna_session *session, const struct dna_question *q)
{
    struct dna_hearing *hearing = hear(session, q), *got;
    struct dna_ruling ruling;
    bool known = dna_session_next_ruling(session, &got, &ruling);
    assert_true(!known || ruling.verdict == DNA_PROVEN);
    dna_hearing_free(hearing);
    return known;
}

static void a_proof_is_recalled(void **state)
{
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    struct kept kept;
    (void)state;
    learn(&kept);
    assert_string_equal(kept.domain, D);
    session = begin();
    keep(session, "terms");
    assert_false(knows(session, &q));
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    assert_true(knows(session, &q));
    q.policy.generation += 5; /* the process's own */
    assert_true(knows(session, &q));
    now.wall = kept.learned.expires_at - 1;
    assert_true(knows(session, &q));
    now.wall++;
    assert_false(knows(session, &q));
    dna_session_free(session);
}

static void a_proof_answers_the_same_question_only(void **state)
{
    struct kept kept;
    struct dna_session *session;
    (void)state;
    learn(&kept);
    session = begin();
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    for (int variant = 0; variant < 8; variant++) {
        struct dna_question q = question(chain_one);
        switch (variant) {
        case 0: q.chain = chain_two; break;
        case 1: q.role = DNA_INITIATING; break;
        case 2: q.service = DNA_XMPP_CLIENT; break;
        case 3: q.policy.prooftypes = DNA_PROOF_BIT(DNA_PROOF_PKIX); break;
        case 4: q.policy.level = DNA_LEVEL_STRONG; break;
        case 5: q.role = DNA_INITIATING; q.host = "x.example"; q.port = 1; break;
        case 6: q.policy.level = DNA_LEVEL_DIALBACK; break;
        default: q.domain = "b." D; break;
        }
        if (knows(session, &q)) {
            fail_msg("variant %d was answered from what was recalled", variant);
        }
    }
    dna_session_free(session);
}

static void other_terms_recall_nothing(void **state)
{
    struct kept kept;
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    (void)state;
    learn(&kept);
    session = begin();
    keep(session, "other terms");
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    assert_false(knows(session, &q));
    dna_session_free(session);
}

static void an_entry_out_of_its_time_is_refused(void **state)
{
    (void)state;
    for (int variant = 0; variant < 5; variant++) {
        struct kept kept;
        struct dna_session *session;
        struct dna_question q = question(chain_one);
        learn(&kept);
        session = begin();
        keep(session, "terms");
        switch (variant) {
        case 0: now.wall = kept.learned.expires_at; break;
        case 1: now.wall -= DNA_LIMIT_STORE_AHEAD_S + 1; break; /* the clock was put back */
        case 2: kept.learned.expires_at = now.wall + DNA_LIMIT_PROOF_LIFE_S + 1; break;
        case 3: kept.learned.learned_at = -1; break;
        default: kept.learned.expires_at = INT64_MAX; break;
        }
        assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_NOT_FOUND);
        assert_false(knows(session, &q));
        dna_session_free(session);
    }
}

static void an_entry_of_another_kind_or_form_is_refused(void **state)
{
    static const char *const values[] = {"", "\x02pkix\0ok\0x", "\x01pkix", "\x01nonsense\0ok\0x",
                                         "\x01pkix\0no-match\0x", "\x01pkix\0ok\0"};
    static const size_t lens[] = {0, 11, 5, 15, 17, 9};
    struct kept kept;
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    (void)state;
    learn(&kept);
    session = begin();
    keep(session, "terms");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct dna_learned bad = kept.learned;
        bad.value = (struct dna_span){values[i], lens[i]};
        assert_int_equal(dna_session_recall(session, &bad, now), DNA_ERR_FORMAT);
    }
    kept.learned.kind = DNA_LEARNED_REFUSAL; /* what says "proven" says no "refused" */
    kept.learned.expires_at = now.wall + 10;
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_FORMAT);
    kept.learned.kind = DNA_LEARNED_POLICY;
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_FORMAT);
    kept.learned.kind = DNA_LEARNED_DOWNGRADE;
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_FORMAT);
    assert_false(knows(session, &q));
    dna_session_free(session);
}

static void what_is_gone_is_forgotten(void **state)
{
    struct kept kept;
    struct dna_session *session;
    struct dna_question q = question(chain_one);
    (void)state;
    learn(&kept);
    session = begin();
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    kept.learned.gone = true;
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    assert_false(knows(session, &q));
    dna_session_free(session);
}

static struct dna_learned barred(int64_t at)
{
    struct dna_learned learned = {.kind = DNA_LEARNED_DOWNGRADE, .pinned = true, .domain = D,
                                  .learned_at = at, .expires_at = at + DNA_LIMIT_DOWNGRADE_S};
    learned.id[0] = 'r';
    return learned;
}

static unsigned remembered(const struct dna_session *session)
{
    struct dna_session_memory entry;
    size_t cursor = 0;
    unsigned n = 0;
    while (dna_session_memory_next(session, &cursor, &entry)) {
        n++;
    }
    return n;
}

/* An old word of the operator's, put back by somebody, opens nothing (S12, S16). */
static void downgrade_memory_is_cleared_by_later_words_only(void **state)
{
    struct dna_session *session = begin();
    struct dna_learned entry = barred(now.wall - 100), word = barred(now.wall - 101);
    (void)state;
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &entry, now), DNA_OK);
    assert_int_equal(remembered(session), 1);
    word.gone = true;
    assert_int_equal(dna_session_recall(session, &word, now), DNA_OK);
    assert_int_equal(remembered(session), 1);
    word = barred(now.wall - 99);
    word.gone = true;
    assert_int_equal(dna_session_recall(session, &word, now), DNA_OK);
    assert_int_equal(remembered(session), 0);
    dna_session_free(session);
}

static void clearing_is_passed_on(void **state)
{
    struct dna_session *session = begin();
    struct dna_learned entry = barred(now.wall - 100);
    struct kept kept;
    (void)state;
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &entry, now), DNA_OK);
    assert_int_equal(dna_session_tick(session, now), DNA_OK);
    dna_session_memory_clear(session, D);
    assert_true(take(session, &kept));
    assert_int_equal(kept.learned.kind, DNA_LEARNED_DOWNGRADE);
    assert_true(kept.learned.gone && kept.learned.pinned);
    assert_int_equal(kept.learned.learned_at, now.wall);
    assert_true(take(session, &kept)); /* and what nobody here knows of */
    assert_true(kept.learned.gone && !kept.learned.pinned);
    assert_string_equal(kept.domain, D);
    assert_int_equal(kept.learned.id[0], 0);
    assert_false(take(session, &kept));
    dna_session_free(session);
}

/* Somebody who can write to the store puts a genuine entry back (S16). */
static void what_was_taken_back_stays_so(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_learned word, other = {.kind = DNA_LEARNED_PROOF, .gone = true, .domain = "x"};
    struct kept kept;
    (void)state;
    learn(&kept);
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    word = kept.learned;
    word.gone = true;
    word.expires_at = now.wall + 1; /* its own end says nothing about others */
    assert_int_equal(dna_session_recall(session, &word, now), DNA_OK);
    assert_true(dna_session_taken_back(session, &word));
    word.learned_at++;
    assert_false(dna_session_taken_back(session, &word)); /* that would be news */
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_NOT_FOUND);
    now.wall += 100;
    other.learned_at = now.wall;
    other.expires_at = now.wall + 1000;
    assert_int_equal(dna_session_recall(session, &other, now), DNA_OK); /* makes room */
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_NOT_FOUND);
    assert_false(knows(session, &q));
    /* One of a gateway whose clock is ahead; then one that was proven afterwards. */
    kept.learned.learned_at += DNA_LIMIT_STORE_AHEAD_S;
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_NOT_FOUND);
    assert_true(dna_session_taken_back(session, &kept.learned));
    kept.learned.learned_at++;
    assert_false(dna_session_taken_back(session, &kept.learned));
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    assert_true(knows(session, &q));
    dna_session_free(session);
}

/* What the session itself found out to hold no longer. */
static void what_fails_now_is_not_believed_from_before(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct kept kept, gone;
    (void)state;
    learn(&kept);
    keep(session, "terms");
    dna_learning_ruling_gone(&session->learning, &q, now.wall);
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_NOT_FOUND);
    assert_false(knows(session, &q));
    assert_true(take(session, &gone));
    assert_true(gone.learned.gone);
    assert_memory_equal(gone.learned.id, kept.learned.id, DNA_LEARNED_ID);
    dna_session_free(session);
}

/* The operator means what the store does not show at that moment, too. */
static void the_operators_word_covers_what_comes_back_later(void **state)
{
    (void)state;
    for (int variant = 0; variant < 4; variant++) {
        struct dna_session *session = begin();
        struct dna_question q = question(chain_one);
        struct dna_learned every = {.kind = DNA_LEARNED_PROOF, .domain = D}, word;
        struct kept kept;
        bool before = variant % 2 == 0;
        learn(&kept);
        keep(session, "terms");
        every.domain = variant < 2 ? D : "";
        if (before) { /* recalled already, and not shown to the operator */
            assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
            assert_true(knows(session, &q));
        }
        assert_int_equal(dna_session_take_back(session, &every, now, &word), DNA_OK);
        assert_true(word.gone && !word.pinned);
        assert_int_equal(word.learned_at, now.wall);
        assert_int_equal(word.expires_at, now.wall + DNA_LIMIT_PROOF_LIFE_S);
        assert_false(knows(session, &q));
        assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_ERR_NOT_FOUND);
        assert_false(knows(session, &q));
        dna_session_free(session);
    }
}

static void the_operators_word_leaves_the_others_alone(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_learned every = {.kind = DNA_LEARNED_PROOF, .domain = "b." D}, word;
    struct dna_learned entry = barred(now.wall - 100);
    struct kept kept;
    (void)state;
    learn(&kept);
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &kept.learned, now), DNA_OK);
    assert_int_equal(dna_session_recall(session, &entry, now), DNA_OK);
    assert_int_equal(dna_session_take_back(session, &every, now, &word), DNA_OK);
    every.domain = D;
    every.kind = DNA_LEARNED_REFUSAL;
    assert_int_equal(dna_session_take_back(session, &every, now, &word), DNA_OK);
    assert_true(knows(session, &q));
    assert_int_equal(remembered(session), 1);
    every.kind = DNA_LEARNED_DOWNGRADE;
    every.id[0] = 'x'; /* no role */
    assert_int_equal(dna_session_take_back(session, &every, now, &word), DNA_ERR_FORMAT);
    assert_int_equal(remembered(session), 1);
    dna_session_free(session);
}

/* What bars comes back when it is put back, unless it was taken back; then it does not, so
 * that the operator can clear it (S12).  What was proven since bars again. */
static void downgrade_memory_that_was_cleared_stays_so(void **state)
{
    static const char *const domains[] = {D, NULL};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct dna_session *session = begin();
        struct dna_learned entry = barred(now.wall - 100);
        keep(session, "terms");
        assert_int_equal(dna_session_tick(session, now), DNA_OK);
        dna_session_memory_clear(session, domains[i]); /* which does not know of it */
        assert_int_equal(dna_session_recall(session, &entry, now), DNA_ERR_NOT_FOUND);
        entry.domain = "b." D;
        assert_int_equal(dna_session_recall(session, &entry, now),
                         i == 0 ? DNA_OK : DNA_ERR_NOT_FOUND);
        entry = barred(now.wall + 1);
        assert_int_equal(dna_session_recall(session, &entry, now), DNA_OK);
        assert_int_equal(remembered(session), i == 0 ? 2 : 1);
        dna_session_free(session);
    }
}

static void who_does_not_keep_learns_nothing(void **state)
{
    struct dna_session *session = begin();
    struct dna_question q = question(chain_one);
    struct dna_hearing *hearing = hear(session, &q);
    struct dna_learned learned;
    unsigned ids[2];
    (void)state;
    assert_int_equal(wants(session, ids), 2);
    answer(session, ids);
    expect_proven(session, hearing);
    assert_false(dna_session_next_learned(session, &learned));
    dna_session_free(session);
}

static void policies_are_recalled_strictly(void **state)
{
    static const char body[] = "version: XSTSv1\nmode: enforce\nsrv: x.example\nmax_age: 1000\n";
    static const char url[] = "https://xmpp-sts." D "/.well-known/xmpp-sts.txt";
    struct dna_session *session = begin(), *other = begin();
    const struct dna_recall_result policy = {.known = true, .policy_id = "1",
                                             .body = {body, sizeof body - 1},
                                             .obtained = CERTS_NOW, .exact_name = true};
    struct dna_recall_result found;
    struct kept kept;
    (void)state;
    keep(session, "terms");
    dna_learning_policy(&session->learning, url, &policy, CERTS_NOW + 1000, true);
    assert_true(take(session, &kept));
    assert_true(kept.learned.pinned);
    assert_string_equal(kept.domain, "xmpp-sts." D);
    kept.learned.expires_at++; /* another end than its own */
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_ERR_FORMAT);
    kept.learned.expires_at--;
    kept.learned.id[0] ^= 1; /* another URL's */
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_ERR_FORMAT);
    kept.learned.id[0] ^= 1;
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_OK);
    dna_recollection_recall(&other->recollection, url, now.wall, &found);
    assert_true(found.known && found.exact_name);
    assert_string_equal(found.policy_id, "1");
    assert_true(dna_span_equal(found.body, policy.body));
    dna_recollection_recall(&other->recollection, url, now.wall + 1000, &found);
    assert_false(found.known);
    /* The operator's word takes it back, an older one does not. */
    kept.learned.gone = true;
    kept.learned.learned_at--;
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_OK);
    dna_recollection_recall(&other->recollection, url, now.wall, &found);
    assert_true(found.known);
    kept.learned.learned_at++;
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_OK);
    dna_recollection_recall(&other->recollection, url, now.wall, &found);
    assert_false(found.known);
    kept.learned.gone = false; /* put back by somebody */
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_ERR_NOT_FOUND);
    kept.learned.gone = true;
    kept.learned.value.len = 3;
    assert_int_equal(dna_session_recall(other, &kept.learned, now), DNA_ERR_FORMAT);
    dna_session_free(session);
    dna_session_free(other);
}

/* Without memory something is learned or not, recalled or not; nothing else comes of it. */
static void survives_lack_of_memory(void **state)
{
    struct failing_alloc f = {.failed = true};
    struct dna_question q = question(chain_one);
    unsigned long n;
    (void)state;
    for (n = 0; f.failed; n++) {
        struct dna_learned entry, learned;
        struct dna_session *session, *other;
        struct dna_ruling ruling = {.verdict = DNA_PROVEN, .prooftype = DNA_PROOF_PKIX};
        size_t cursor = 0;
        enum dna_err err;
        assert_int_equal(begin_with(failing_alloc_init(&f, ULONG_MAX), NULL, &session), DNA_OK);
        other = begin();
        entry = barred(now.wall - 100);
        keep(session, "terms");
        keep(other, "terms");
        f.fail_at = f.seen + n;
        err = dna_session_recall(session, &entry, now);
        assert_true(err == DNA_OK || (err == DNA_ERR_MEMORY && f.failed));
        dna_learning_ruling(&session->learning, &q, NULL, &ruling, now.wall + 100, now.wall);
        (void)dna_session_learn_again(session, &cursor);
        while (dna_session_next_learned(session, &learned)) {
            assert_int_equal(dna_session_recall(other, &learned, now), DNA_OK);
            err = dna_session_recall(session, &learned, now);
            assert_true(err == DNA_OK || (err == DNA_ERR_MEMORY && f.failed));
        }
        dna_session_memory_clear(session, D);
        dna_session_free(session);
        dna_session_free(other);
        assert_int_equal(f.outstanding, 0);
    }
    assert_true(n > 5);
}

/* What a store gets again is what is remembered, once each. */
static void downgrade_memory_is_queued_again(void **state)
{
    struct dna_session *session = begin();
    struct dna_learned entry = barred(now.wall - 100);
    struct kept kept;
    size_t cursor = 0;
    (void)state;
    assert_false(dna_session_learn_again(session, &cursor)); /* nobody keeps anything */
    keep(session, "terms");
    assert_int_equal(dna_session_recall(session, &entry, now), DNA_OK);
    assert_false(take(session, &kept));
    assert_false(dna_session_learn_again(session, &cursor));
    assert_true(take(session, &kept));
    assert_int_equal(kept.learned.kind, DNA_LEARNED_DOWNGRADE);
    assert_string_equal(kept.domain, D);
    assert_int_equal(kept.learned.learned_at, entry.learned_at);
    assert_int_equal(kept.learned.expires_at, entry.expires_at);
    assert_memory_equal(kept.learned.id, entry.id, sizeof entry.id);
    assert_false(kept.learned.gone);
    assert_false(take(session, &kept));
    for (unsigned i = 0; i < DNA_LIMIT_LEARNED + 1; i++) {
        char domain[40];
        (void)snprintf(domain, sizeof domain, "d%u.example", i);
        entry.domain = domain;
        assert_int_equal(dna_session_recall(session, &entry, now), DNA_OK);
    }
    cursor = 0;
    assert_true(dna_session_learn_again(session, &cursor));
    for (unsigned i = 0; i < DNA_LIMIT_LEARNED; i++) {
        assert_true(take(session, &kept));
    }
    assert_false(dna_session_learn_again(session, &cursor));
    assert_true(take(session, &kept) && take(session, &kept) && !take(session, &kept));
    dna_session_free(session);
}

static void views_say_what_entries_say(void **state)
{
    struct dna_learned entry = barred(now.wall - 100);
    struct dna_learned_view view;
    struct kept kept;
    (void)state;
    assert_int_equal(dna_learned_view(&entry, &view), DNA_OK);
    assert_int_equal(view.role, DNA_RECEIVING);
    entry.id[0] = 'i';
    assert_int_equal(dna_learned_view(&entry, &view), DNA_OK);
    assert_int_equal(view.role, DNA_INITIATING);
    entry.id[0] = 'x';
    assert_int_equal(dna_learned_view(&entry, &view), DNA_ERR_FORMAT);
    learn(&kept);
    assert_int_equal(dna_learned_view(&kept.learned, &view), DNA_OK);
    assert_int_equal(view.ruling.verdict, DNA_PROVEN);
    assert_int_equal(view.ruling.prooftype, DNA_PROOF_PKIX);
    assert_string_not_equal(view.ruling.why, "");
    kept.learned.kind = DNA_LEARNED_POLICY;
    assert_int_equal(dna_learned_view(&kept.learned, &view), DNA_ERR_FORMAT);
    kept.learned.kind = (enum dna_learned_kind)9;
    assert_int_equal(dna_learned_view(&kept.learned, &view), DNA_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_is_recalled),
        cmocka_unit_test(a_proof_answers_the_same_question_only),
        cmocka_unit_test(other_terms_recall_nothing),
        cmocka_unit_test(an_entry_out_of_its_time_is_refused),
        cmocka_unit_test(an_entry_of_another_kind_or_form_is_refused),
        cmocka_unit_test(what_is_gone_is_forgotten),
        cmocka_unit_test(downgrade_memory_is_cleared_by_later_words_only),
        cmocka_unit_test(clearing_is_passed_on),
        cmocka_unit_test(what_was_taken_back_stays_so),
        cmocka_unit_test(what_fails_now_is_not_believed_from_before),
        cmocka_unit_test(the_operators_word_covers_what_comes_back_later),
        cmocka_unit_test(the_operators_word_leaves_the_others_alone),
        cmocka_unit_test(downgrade_memory_that_was_cleared_stays_so),
        cmocka_unit_test(who_does_not_keep_learns_nothing),
        cmocka_unit_test(policies_are_recalled_strictly),
        cmocka_unit_test(downgrade_memory_is_queued_again),
        cmocka_unit_test(views_say_what_entries_say),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
