/* session/hearing.c: from a question to a ruling.
 *
 * A ruling that is remembered answers a first hearing; nothing that is remembered answers a
 * renewal but path checks, which only depend on the chain and the time.  A hearing that began
 * under a policy which has changed meanwhile begins again.  Whatever goes wrong ends in a
 * ruling that refuses.
 */
#include <session/hearing.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <session/stream.h>
#include <x509/digest.h>

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
        {"prooftype", dna_span_of(count->spoke ? dna_prooftype_name(ruling->prooftype) : "")},
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
    unlist(hearing);
    dna_timers_leave(&session->timers, &hearing->timer);
    dna_chain_free((struct dna_chain *)(uintptr_t)hearing->question.chain);
    dna_alloc_release(session->alloc, hearing);
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

/* Whether a refusal says something about the proof that was supplied, and not about the
 * network or about us (S13). */
static bool lasting(enum dna_code code)
{
    switch (code) {
    case DNA_CODE_WEAK_KEY:
    case DNA_CODE_UNTRUSTED:
    case DNA_CODE_NOT_VALID_NOW:
    case DNA_CODE_NAME_MISMATCH:
    case DNA_CODE_BAD_MATERIAL:
    case DNA_CODE_NO_MATCH:
    case DNA_CODE_NOT_BOUND:
        return true;
    case DNA_CODE_OK:
    case DNA_CODE_POLICY:
    case DNA_CODE_NO_CERTIFICATE:
    case DNA_CODE_DNS_BOGUS:
    case DNA_CODE_DNS_FAILED:
    case DNA_CODE_DNS_INSECURE:
    case DNA_CODE_NO_DELEGATION:
    case DNA_CODE_WRONG_DELEGATE:
    case DNA_CODE_NO_MATERIAL:
    case DNA_CODE_FETCH_REFUSED:
    case DNA_CODE_FETCH_FAILED:
    case DNA_CODE_PEER_SILENT:
    case DNA_CODE_PEER_IMPOSSIBLE:
    case DNA_CODE_TIMEOUT:
    case DNA_CODE_CANCELED:
    case DNA_CODE_INTERNAL:
        return false;
    }
    return false;
}

/* Whether asking again would find the same: the proof itself was bad, and no other prover
 * failed to find something out. */
static bool is_settled(const struct dna_hearing *hearing)
{
    struct dna_ruling one;
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if (dna_court_prover_ruling(hearing->court, (enum dna_prooftype)i, &one) &&
            one.verdict == DNA_TEMPFAIL) {
            return false;
        }
    }
    return dna_court_prover_ruling(hearing->court, hearing->peer.proof.type, &one) &&
           one.verdict == DNA_FAIL && lasting(one.code);
}

static void remember(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_memory *memory = &hearing->session->memory;
    const struct dna_ruling *ruling = &hearing->ruling;
    struct dna_key key;
    if (dna_key_proven(&hearing->question, &key) != DNA_OK) {
        return;
    }
    if (ruling->verdict == DNA_PROVEN) {
        dna_memory_rule(memory, dna_key_span(&key), ruling, ruling->expires_at, now.wall);
    } else if (ruling->verdict == DNA_FAIL) {
        dna_memory_forget(memory, dna_key_span(&key));
        if (hearing->peer.answered && is_settled(hearing) &&
            dna_key_refused(&hearing->question, &hearing->peer.proof, &key) == DNA_OK) {
            dna_memory_rule(memory, dna_key_span(&key), ruling,
                            now.wall + DNA_LIMIT_KEEP_FAILED_S, now.wall);
        }
    }
}

/* Tells whoever asked; the hearing may be gone afterwards. */
static void conclude(struct dna_hearing *hearing, struct dna_time now)
{
    stop(hearing);
    log_ruling(hearing, now);
    if (hearing->stream == NULL) {
        enlist(hearing);
        return;
    }
    dna_stream_heard(hearing->stream, hearing, now);
    dna_hearing_free(hearing);
}

static bool outdated(const struct dna_hearing *hearing)
{
    return hearing->stream != NULL &&
           dna_policies_for(&hearing->session->policies, hearing->domain.text).generation !=
               hearing->question.policy.generation;
}

static enum dna_err convene(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_session *session = hearing->session;
    if (hearing->stream != NULL) {
        hearing->question.policy = dna_policies_for(&session->policies, hearing->domain.text);
    }
    return dna_court_new(session->alloc, &hearing->question, now, &hearing->court);
}

static enum dna_err tell(struct dna_hearing *hearing, unsigned id, const struct dna_want *want,
                         const struct dna_fact *fact, struct dna_time now)
{
    hearing->count.facts++;
    if (want->kind == DNA_WANT_PATH && hearing->stream != NULL) {
        dna_stream_path(hearing->stream, want->u.path.chain, &fact->u.path);
    }
    return dna_court_give(hearing->court, id, fact, now);
}

static enum dna_err ask_peer(struct dna_hearing *hearing, unsigned id,
                             const struct dna_want *want, struct dna_time now)
{
    static const struct dna_fact silence = {
        .kind = DNA_WANT_PEER,
        .u.peer = {.outcome = DNA_PEER_SILENT},
    };
    enum dna_err err;
    if (hearing->stream == NULL || hearing->purpose == DNA_HEAR_REVIEW ||
        hearing->peer.asked) {
        return tell(hearing, id, want, &silence, now);
    }
    hearing->peer.open = hearing->peer.asked = true;
    hearing->peer.want = id;
    err = dna_s2s_challenge(hearing->stream->s2s, hearing->domain.text,
                            want->u.peer.prooftypes, now);
    dna_stream_touch(hearing->stream);
    return err;
}

static enum dna_err check_path(struct dna_hearing *hearing, unsigned id,
                               const struct dna_want *want, struct dna_span key,
                               struct dna_time now)
{
    struct dna_session *session = hearing->session;
    struct dna_fact fact = {.kind = DNA_WANT_PATH};
    enum dna_err err = dna_path_check(want->u.path.chain, session->roots, now.wall,
                                      &fact.u.path);
    if (err != DNA_OK) {
        return err;
    }
    dna_memory_learn(&session->memory, key, &fact, now.wall);
    return tell(hearing, id, want, &fact, now);
}

/* Our own limit speaks: nothing was found out, and nothing is remembered. */
static enum dna_err decline(struct dna_hearing *hearing, unsigned id,
                            const struct dna_want *want, struct dna_time now)
{
    static const char why[] = "too much is being looked up already";
    const struct dna_dns_answer failed = {
        .name = "", .outcome = DNA_DNS_FAILED, .signatures_end = DNA_NEVER, .why = why,
        .obtained = now.wall,
    };
    struct dna_fact fact = {.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = failed;
        fact.u.dns.name = want->u.dns.name;
        fact.u.dns.type = want->u.dns.type;
        break;
    case DNA_WANT_ANCHORED:
        fact.u.anchored = (struct dna_anchored_result){failed, failed, failed};
        break;
    case DNA_WANT_FETCH:
        fact.u.fetch = (struct dna_fetch_result){
            .outcome = DNA_FETCH_REFUSED, .final_url = "", .why = why, .obtained = now.wall};
        break;
    case DNA_WANT_PATH:
        fact.u.path = (struct dna_path){.code = DNA_PATH_OTHER, .constrained = true};
        (void)snprintf(fact.u.path.why, sizeof fact.u.path.why, "%s", why);
        break;
    case DNA_WANT_PEER:
        fact.u.peer.outcome = DNA_PEER_SILENT;
        break;
    }
    return tell(hearing, id, want, &fact, now);
}

static enum dna_err look_up(struct dna_hearing *hearing, unsigned id,
                            const struct dna_want *want, struct dna_span key,
                            struct dna_time now)
{
    struct dna_session *session = hearing->session;
    struct dna_wait *wait = dna_alloc_zero(session->alloc, 1, sizeof *wait);
    enum dna_err err;
    if (wait == NULL) {
        return DNA_ERR_MEMORY;
    }
    wait->hearing = hearing;
    wait->court_id = id;
    err = dna_lookups_join(&session->lookups, key, want, wait);
    if (err != DNA_OK) {
        dna_alloc_release(session->alloc, wait);
        return err == DNA_ERR_LIMIT ? decline(hearing, id, want, now) : err;
    }
    wait->next_own = hearing->waits;
    hearing->waits = wait;
    return DNA_OK;
}

/* One want of the court: answered now, or joined to a look-up. */
static enum dna_err satisfy(struct dna_hearing *hearing, unsigned id,
                            const struct dna_want *want, struct dna_time now)
{
    struct dna_session *session = hearing->session;
    bool may_recall = hearing->purpose != DNA_HEAR_RENEWAL || want->kind == DNA_WANT_PATH;
    struct dna_fact_view view;
    struct dna_key key;
    enum dna_err err;
    if (want->kind == DNA_WANT_PEER) {
        return ask_peer(hearing, id, want, now);
    }
    err = dna_key_want(want, &key);
    if (err == DNA_ERR_LIMIT) {
        return decline(hearing, id, want, now);
    }
    if (err != DNA_OK) {
        return err;
    }
    if (may_recall &&
        dna_memory_recall(&session->memory, dna_key_span(&key), now.wall, &view)) {
        hearing->count.recalled++;
        return tell(hearing, id, want, &view.fact, now);
    }
    if (want->kind == DNA_WANT_PATH && session->roots != NULL) {
        return check_path(hearing, id, want, dna_key_span(&key), now);
    }
    return look_up(hearing, id, want, dna_key_span(&key), now);
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
        err = satisfy(hearing, id, want, now);
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

/* Goes on after something became known; err: what became of telling the court. */
static enum dna_err proceed(struct dna_hearing *hearing, enum dna_err err, struct dna_time now)
{
    bool ruled = false;
    if (err == DNA_OK) {
        err = run(hearing, now, &ruled);
    }
    while (err == DNA_OK && ruled && outdated(hearing)) {
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
        remember(hearing, now);
        conclude(hearing, now);
    }
    return err;
}

static enum dna_err make(struct dna_session *session, const struct dna_question *question,
                         struct dna_hearing **out)
{
    struct dna_hearing *hearing;
    if (strlen(question->domain) > DNA_NAME_MAX ||
        (question->host != NULL && strlen(question->host) > DNA_NAME_MAX)) {
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
    if (question->chain != NULL) {
        hearing->question.chain =
            dna_chain_ref((struct dna_chain *)(uintptr_t)question->chain);
    }
    *out = hearing;
    return DNA_OK;
}

static bool remembered(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_key key;
    return hearing->purpose == DNA_HEAR_FIRST &&
           dna_key_proven(&hearing->question, &key) == DNA_OK &&
           dna_memory_ruled(&hearing->session->memory, dna_key_span(&key), now.wall,
                            &hearing->ruling);
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
    if (remembered(hearing, now)) {
        hearing->count.spoke = true;
        hearing->count.facts = hearing->count.recalled = 1; /* the ruling itself */
        conclude(hearing, now);
        return DNA_OK;
    }
    err = convene(hearing, now);
    if (err != DNA_OK) {
        *out = NULL;
        dna_hearing_free(hearing);
        return err;
    }
    (void)proceed(hearing, DNA_OK, now); /* a fault has become a ruling */
    return DNA_OK;
}

enum dna_err dna_hearing_answer(struct dna_hearing *hearing, unsigned court_id,
                                const struct dna_want *want, const struct dna_fact *fact,
                                struct dna_time now)
{
    return proceed(hearing, tell(hearing, court_id, want, fact, now), now);
}

enum dna_err dna_hearing_tick(struct dna_hearing *hearing, struct dna_time now)
{
    return proceed(hearing, dna_court_tick(hearing->court, now), now);
}

/* Whether this very proof was refused a moment ago; if not, what it is is noted. */
static bool refused_lately(struct dna_hearing *hearing, const struct dna_fact *fact,
                           struct dna_time now)
{
    struct dna_key_proof *proof = &hearing->peer.proof;
    unsigned char digest[DNA_HASH_MAX];
    struct dna_key key;
    if (fact->u.peer.outcome != DNA_PEER_PROOF || fact->u.peer.content.len == 0 ||
        dna_hash(DNA_HASH_SHA256, fact->u.peer.content, digest) != DNA_OK) {
        return false;
    }
    proof->type = fact->u.peer.prooftype;
    memcpy(proof->digest, digest, sizeof proof->digest);
    if (dna_key_refused(&hearing->question, proof, &key) != DNA_OK) {
        return false;
    }
    hearing->peer.answered = true;
    return dna_memory_ruled(&hearing->session->memory, dna_key_span(&key), now.wall,
                            &hearing->ruling);
}

enum dna_err dna_hearing_supply(struct dna_hearing *hearing, const struct dna_fact *fact,
                                struct dna_time now)
{
    static const struct dna_want want = {.kind = DNA_WANT_PEER};
    assert(fact->kind == DNA_WANT_PEER);
    if (!hearing->peer.open) {
        return DNA_OK;
    }
    hearing->peer.open = false;
    if (refused_lately(hearing, fact, now)) {
        hearing->count.spoke = true;
        conclude(hearing, now);
        return DNA_OK;
    }
    return proceed(hearing, tell(hearing, hearing->peer.want, &want, fact, now), now);
}

enum dna_err dna_session_hear(struct dna_session *session, const struct dna_question *question,
                              struct dna_time now, void *user, struct dna_hearing **out)
{
    session->now = now;
    return dna_hearing_open(session, question, NULL, DNA_HEAR_FIRST, user, now, out);
}
