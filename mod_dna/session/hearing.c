/* session/hearing.c: from a question to a ruling.
 *
 * A hearing that began under a policy which has changed meanwhile begins again.  Whatever
 * goes wrong ends in a ruling that refuses.  Whoever asked is told exactly once.
 */
#include <session/hearing.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <session/stream.h>

static void note(struct dna_hearing *hearing, enum dna_verdict verdict, enum dna_code code,
                 const char *why)
{
    hearing->ruling = (struct dna_ruling){.verdict = verdict, .code = code};
    (void)snprintf(hearing->ruling.why, sizeof hearing->ruling.why, "%s", why);
}

static const char *role_name(const struct dna_hearing *hearing)
{
    if (hearing->stream == NULL) {
        return "asking";
    }
    return hearing->question.role == DNA_INITIATING ? "initiating" : "receiving";
}

static void log_ruling(const struct dna_hearing *hearing, struct dna_time now)
{
    const struct dna_log *log = hearing->session->log;
    const struct dna_ruling *ruling = &hearing->ruling;
    const struct dna_hearing_count *count = &hearing->count;
    char expires[24], ms[24], facts[40];
    (void)snprintf(expires, sizeof expires, "%" PRId64, ruling->expires_at);
    (void)snprintf(ms, sizeof ms, "%" PRId64, now.mono - count->began);
    (void)snprintf(facts, sizeof facts, "%u (%u cached)", count->facts, count->recalled);
    const struct dna_log_field fields[] = {
        {"domain", dna_span_of(hearing->domain.text)},
        {"role", dna_span_of(role_name(hearing))},
        {"ruling", dna_span_of(dna_verdict_name(ruling->verdict))},
        {"prooftype", dna_span_of(count->spoke || ruling->pinned ? dna_ruling_method(ruling)
                                                             : "")},
        {"code", dna_span_of(dna_code_name(ruling->code))},
        {"why", dna_span_of(ruling->why)},
        {"expires", dna_span_of(expires)},
        {"ms", dna_span_of(ms)},
        {"own", dna_span_of(hearing->stream != NULL ? dna_s2s_own(hearing->stream->s2s) : "")},
        {"facts", dna_span_of(facts)},
    };
    if (log != NULL && log->write != NULL && log->least <= DNA_LOG_INFO) {
        log->write(log->arg, DNA_LOG_INFO, "ruling", fields, sizeof fields / sizeof *fields);
    }
}

/* Drops the court and all that it waits for. */
static void stop(struct dna_hearing *hearing)
{
    struct dna_session *session = hearing->session;
    dna_lookups_leave_all(&session->lookups, &hearing->waits);
    dna_timers_set(&session->timers, &hearing->timer, DNA_NEVER);
    dna_court_free(hearing->court);
    hearing->court = NULL;
    hearing->peer.open = false;
}

/* Dialback stays possible for it, as if it had never been proven. */
static void log_unlearned(const struct dna_hearing *hearing)
{
    const struct dna_log *log = hearing->session->log;
    if (log != NULL && log->write != NULL && log->least <= DNA_LOG_WARNING) {
        log->write(log->arg, DNA_LOG_WARNING, "downgrade-memory-full",
                   (const struct dna_log_field[]){
                       {"domain", dna_span_of(hearing->domain.text)},
                   },
                   1);
    }
}

/* Whoever was proven lately by other means is not admitted by dialback today (S12).  What only
 * the host asks about was proven on no stream of ours. */
static void mind_downgrade(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_downgrade *downgrade = &hearing->session->downgrade;
    struct dna_ruling *ruling = &hearing->ruling;
    const char *domain = hearing->domain.text;
    enum dna_role role = hearing->question.role;
    if (dna_downgrade_counts(ruling)) {
        uint64_t before = downgrade->version;
        if (hearing->stream != NULL &&
            dna_downgrade_learn(downgrade, domain, role, now.wall, now.wall) != DNA_OK) {
            log_unlearned(hearing);
        }
        if (downgrade->version != before) {
            dna_learning_downgrade(&hearing->session->learning, domain, role, now.wall);
        }
    } else if (ruling->dialback &&
               dna_downgrade_forbids(downgrade, domain, role, now.wall)) {
        size_t len = strlen(ruling->why);
        ruling->dialback = false;
        (void)snprintf(ruling->why + len, sizeof ruling->why - len,
                       "; no dialback within a week of a proof");
    }
}

static void unlist(struct dna_hearing *hearing)
{
    struct dna_hearing_list *list = &hearing->session->ended;
    if (!hearing->listed) {
        return;
    }
    if (hearing->prev != NULL) {
        hearing->prev->next = hearing->next;
    } else {
        list->first = hearing->next;
    }
    if (hearing->next != NULL) {
        hearing->next->prev = hearing->prev;
    } else {
        list->last = hearing->prev;
    }
    hearing->listed = false;
}

static void enlist(struct dna_hearing *hearing)
{
    struct dna_hearing_list *list = &hearing->session->ended;
    hearing->prev = list->last;
    hearing->next = NULL;
    if (list->last != NULL) {
        list->last->next = hearing;
    } else {
        list->first = hearing;
    }
    list->last = hearing;
    hearing->listed = true;
}

void dna_hearing_free(struct dna_hearing *hearing)
{
    struct dna_session *session;
    if (hearing == NULL) {
        return;
    }
    session = hearing->session;
    stop(hearing);
    dna_load_leave(hearing);
    unlist(hearing);
    dna_timers_leave(&session->timers, &hearing->timer);
    dna_chain_free((struct dna_chain *)(uintptr_t)hearing->question.chain);
    dna_hearing_drop_supplied(session, &hearing->supplied);
    dna_alloc_release(session->alloc, hearing->bundle);
    dna_alloc_release(session->alloc, hearing);
}

struct dna_span dna_hearing_bundle(const struct dna_hearing *hearing)
{
    return dna_span_of(hearing->bundle);
}

bool dna_session_next_bundle(struct dna_session *session, struct dna_session_bundle *out)
{
    return dna_evidence_list_take(&session->bundles, out);
}

void *dna_hearing_user(const struct dna_hearing *hearing)
{
    return hearing->user;
}

bool dna_session_next_ruling(struct dna_session *session, struct dna_hearing **hearing,
                             struct dna_ruling *ruling)
{
    struct dna_hearing *first = session->ended.first;
    if (first == NULL) {
        return false;
    }
    unlist(first);
    *hearing = first;
    *ruling = first->ruling;
    return true;
}

/* Tells whoever asked; the hearing may be gone afterwards. */
static void conclude(struct dna_hearing *hearing, struct dna_time now)
{
    stop(hearing);
    dna_load_leave(hearing);
    if (hearing->purpose == DNA_HEAR_OBSERVED) {
        dna_hearing_observed(hearing, now);
        dna_hearing_free(hearing);
        return;
    }
    mind_downgrade(hearing, now);
    log_ruling(hearing, now);
    if (hearing->stream == NULL) {
        enlist(hearing);
        return;
    }
    dna_stream_heard(hearing->stream, hearing, now);
    dna_hearing_free(hearing);
}

static bool outdated(const struct dna_hearing *hearing, struct dna_time now)
{
    return hearing->stream != NULL && hearing->purpose != DNA_HEAR_OBSERVED &&
           dna_policies_for(&hearing->session->policies, hearing->domain.text, now.wall)
                   .generation != hearing->question.policy.generation;
}

static enum dna_err convene(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_session *session = hearing->session;
    if (hearing->stream != NULL && hearing->purpose != DNA_HEAR_OBSERVED) {
        hearing->question.policy =
            dna_policies_for(&session->policies, hearing->domain.text, now.wall);
    }
    return dna_court_new_with(session->alloc, &hearing->question, now, session->papers,
                              &hearing->court);
}

/* Until the court waits for somebody or has ruled: true. */
static enum dna_err run(struct dna_hearing *hearing, struct dna_time now, bool *ruled)
{
    const struct dna_want *want;
    unsigned id;
    enum dna_err err;
    while (!(*ruled = dna_court_ruling(hearing->court, &hearing->ruling))) {
        if (!dna_court_next_want(hearing->court, &id, &want)) {
            dna_timers_set(&hearing->session->timers, &hearing->timer,
                           dna_court_deadline(hearing->court));
            return DNA_OK;
        }
        err = dna_hearing_satisfy(hearing, id, want, now);
        if (err != DNA_OK) {
            return err;
        }
    }
    return DNA_OK;
}

static bool any_prover_ruled(const struct dna_court *court)
{
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (dna_court_prover_ruling(court, (enum dna_prooftype)i, NULL)) {
            return true;
        }
    }
    return false;
}

/* RFC 8461 5: a policy in testing mode decides nothing, but somebody wants to know. */
static void report_testing(const struct dna_hearing *hearing)
{
    const struct dna_log *log = hearing->session->log;
    struct dna_ruling sts;
    if (log != NULL && log->write != NULL && log->least <= DNA_LOG_INFO &&
        dna_court_prover_ruling(hearing->court, DNA_PROOF_STS, &sts) &&
        sts.code == DNA_CODE_TESTING) {
        log->write(log->arg, DNA_LOG_INFO, "sts-testing",
                   (const struct dna_log_field[]){
                       {"domain", dna_span_of(hearing->domain.text)},
                       {"why", dna_span_of(sts.why)},
                   },
                   2);
    }
}

/* While the court is there still. */
static void keep_evidence(struct dna_hearing *hearing)
{
    struct dna_session *session = hearing->session;
    struct dna_span bundle;
    if (!dna_evidence_wanted(session->evidence, &hearing->ruling) ||
        dna_court_bundle(hearing->court, &bundle) != DNA_OK) {
        return;
    }
    if (hearing->stream == NULL) {
        hearing->bundle = dna_alloc_text(session->alloc, bundle);
    } else {
        dna_evidence_list_add(&session->bundles, hearing->domain.text, &hearing->ruling,
                              bundle, hearing->stream->user);
    }
}

/* Goes on after something became known; err: what became of telling the court. */
static enum dna_err proceed(struct dna_hearing *hearing, enum dna_err err, struct dna_time now)
{
    bool ruled = false;
    if (err == DNA_OK) {
        err = run(hearing, now, &ruled);
    }
    while (err == DNA_OK && ruled && outdated(hearing, now)) {
        stop(hearing);
        err = convene(hearing, now);
        if (err == DNA_OK) {
            err = run(hearing, now, &ruled);
        }
    }
    if (err != DNA_OK) {
        note(hearing, DNA_TEMPFAIL, DNA_CODE_INTERNAL, "out of memory, or a library failed");
        conclude(hearing, now);
    } else if (ruled) {
        hearing->count.spoke = any_prover_ruled(hearing->court);
        if (hearing->purpose != DNA_HEAR_OBSERVED) {
            report_testing(hearing);
            keep_evidence(hearing);
            dna_precedent_set(hearing, now);
        }
        conclude(hearing, now);
    }
    return err;
}

static enum dna_err make(struct dna_session *session, const struct dna_question *question,
                         struct dna_hearing **out)
{
    struct dna_hearing *hearing;
    if (strlen(question->domain) > DNA_NAME_MAX ||
        (question->host != NULL && strlen(question->host) > DNA_NAME_MAX) ||
        (question->own != NULL && strlen(question->own) > DNA_NAME_MAX)) {
        return DNA_ERR_ARGUMENT;
    }
    hearing = dna_alloc_zero(session->alloc, 1, sizeof *hearing);
    if (hearing == NULL) {
        return DNA_ERR_MEMORY;
    }
    if (dna_timers_enter(&session->timers, &hearing->timer, DNA_TIMER_HEARING) != DNA_OK) {
        dna_alloc_release(session->alloc, hearing);
        return DNA_ERR_MEMORY;
    }
    hearing->session = session;
    hearing->question = *question;
    strcpy(hearing->domain.text, question->domain);
    hearing->question.domain = hearing->domain.text;
    if (question->host != NULL) {
        strcpy(hearing->host.text, question->host);
        hearing->question.host = hearing->host.text;
    }
    if (question->own != NULL) {
        strcpy(hearing->own.text, question->own);
        hearing->question.own = hearing->own.text;
    }
    if (question->chain != NULL) {
        hearing->question.chain =
            dna_chain_ref((struct dna_chain *)(uintptr_t)question->chain);
    }
    *out = hearing;
    return DNA_OK;
}

enum dna_err dna_hearing_open(struct dna_session *session, const struct dna_question *question,
                              struct dna_stream *stream, enum dna_hearing_purpose purpose,
                              void *user, struct dna_time now, struct dna_hearing **out)
{
    struct dna_hearing *hearing;
    enum dna_err err = make(session, question, &hearing);
    if (err != DNA_OK) {
        return err;
    }
    hearing->stream = stream;
    hearing->purpose = purpose;
    hearing->user = user;
    hearing->count.began = now.mono;
    *out = hearing;
    if (dna_precedent_proven(hearing, now)) {
        hearing->count.spoke = true;
        hearing->count.facts = hearing->count.recalled = 1; /* the ruling itself */
        conclude(hearing, now);
        return DNA_OK;
    }
    if (stream != NULL && purpose == DNA_HEAR_FIRST && !dna_load_enter(hearing, &err) &&
        err == DNA_ERR_LIMIT) {
        note(hearing, DNA_TEMPFAIL, DNA_CODE_INTERNAL, "too many proofs are being sought");
        conclude(hearing, now);
        return DNA_OK;
    }
    err = err == DNA_OK ? convene(hearing, now) : err;
    if (err != DNA_OK) {
        *out = NULL;
        dna_hearing_free(hearing);
        return err;
    }
    (void)proceed(hearing, DNA_OK, now); /* a fault has become a ruling */
    return DNA_OK;
}

enum dna_err dna_hearing_observe(struct dna_stream *stream,
                                 const struct dna_question *question,
                                 struct dna_hearing_supplied *supplied,
                                 const char *accepted_by, struct dna_time now,
                                 struct dna_hearing **out)
{
    struct dna_hearing *hearing;
    enum dna_err err = make(stream->session, question, &hearing);
    if (err != DNA_OK) {
        return err;
    }
    hearing->stream = stream;
    hearing->purpose = DNA_HEAR_OBSERVED;
    hearing->supplied = *supplied;
    *supplied = (struct dna_hearing_supplied){.known = false};
    hearing->accepted_by = accepted_by;
    hearing->count.began = now.mono;
    err = convene(hearing, now);
    if (err != DNA_OK) {
        dna_hearing_free(hearing);
        return err;
    }
    *out = hearing;
    (void)proceed(hearing, DNA_OK, now);
    return DNA_OK;
}

enum dna_err dna_hearing_answer(struct dna_hearing *hearing, unsigned court_id,
                                const struct dna_fact *fact, struct dna_time now)
{
    return proceed(hearing, dna_hearing_tell(hearing, court_id, fact, now), now);
}

enum dna_err dna_hearing_tick(struct dna_hearing *hearing, struct dna_time now)
{
    return proceed(hearing, dna_court_tick(hearing->court, now), now);
}

enum dna_err dna_hearing_supply(struct dna_hearing *hearing, const struct dna_fact *fact,
                                struct dna_time now)
{
    assert(fact->kind == DNA_WANT_PEER);
    if (!hearing->peer.open) {
        return DNA_OK;
    }
    hearing->peer.open = false;
    dna_hearing_keep_supplied(hearing, fact, now);
    if (dna_precedent_refused(hearing, fact, now)) {
        hearing->count.spoke = true;
        conclude(hearing, now);
        return DNA_OK;
    }
    return proceed(hearing, dna_hearing_tell(hearing, hearing->peer.want, fact, now), now);
}

enum dna_err dna_session_hear(struct dna_session *session, const struct dna_question *question,
                              struct dna_time now, void *user, struct dna_hearing **out)
{
    session->now = now;
    return dna_hearing_open(session, question, NULL, DNA_HEAR_FIRST, user, now, out);
}
