/* session/observe.c: an accepted peer before a policy that decides nothing (S14).
 *
 * A proof that the observed policy admits on the same terms would hold under it, too, and
 * needs no hearing.  Else the court hears the question again: what the peer said the first
 * time is repeated to it, and what was looked up is remembered; the rest is looked up while the
 * peer is served already, on the account of its stream.
 */
#include <string.h>

#include <base/alloc.h>
#include <session/stream.h>

void dna_hearing_drop_supplied(struct dna_session *session,
                               struct dna_hearing_supplied *supplied)
{
    dna_alloc_release(session->alloc, supplied->content);
    *supplied = (struct dna_hearing_supplied){.known = false};
}

void dna_hearing_keep_supplied(struct dna_hearing *hearing, const struct dna_fact *fact,
                               struct dna_time now)
{
    struct dna_session *session = hearing->session;
    struct dna_hearing_supplied *supplied = &hearing->supplied;
    struct dna_span content = fact->u.peer.content;
    if (hearing->stream == NULL ||
        !dna_policies_standing(&session->policies, hearing->domain.text, now.wall).observes) {
        return;
    }
    dna_hearing_drop_supplied(session, supplied);
    if (fact->u.peer.outcome == DNA_PEER_PROOF && content.len != 0) {
        supplied->content = dna_alloc_text(session->alloc, content);
        if (supplied->content == NULL) {
            return; /* as if it had not been asked */
        }
    }
    supplied->known = true;
    supplied->outcome = fact->u.peer.outcome;
    supplied->prooftype = fact->u.peer.prooftype;
    supplied->len = supplied->content != NULL ? content.len : 0;
}

struct dna_fact dna_hearing_supplied_fact(const struct dna_hearing *hearing)
{
    const struct dna_hearing_supplied *supplied = &hearing->supplied;
    struct dna_fact fact = {.kind = DNA_WANT_PEER};
    fact.u.peer.outcome = supplied->known ? supplied->outcome : DNA_PEER_SILENT;
    fact.u.peer.prooftype = supplied->prooftype;
    fact.u.peer.content = (struct dna_span){supplied->content, supplied->len};
    return fact;
}

static const char *level_name(enum dna_level level)
{
    switch (level) {
    case DNA_LEVEL_REFUSE:
        return "refuse";
    case DNA_LEVEL_PROOF:
        return "proof";
    case DNA_LEVEL_STRONG:
        return "strong";
    case DNA_LEVEL_DIALBACK:
        return "dialback";
    case DNA_LEVEL_PIN:
        return "pin";
    }
    return "";
}

/* spoke: some prover ruled. */
static void tell(struct dna_session *session, const struct dna_question *question,
                 const struct dna_ruling *ruling, bool spoke, const char *accepted_by,
                 struct dna_time now)
{
    const struct dna_log *log = session->log;
    const char *method = spoke || ruling->pinned ? dna_ruling_method(ruling) : "";
    const struct dna_log_field fields[] = {
        {"domain", dna_span_of(question->domain)},
        {"role", dna_span_of(question->role == DNA_INITIATING ? "initiating" : "receiving")},
        {"level", dna_span_of(level_name(question->policy.level))},
        {"ruling", dna_span_of(dna_verdict_name(ruling->verdict))},
        {"prooftype", dna_span_of(method)},
        {"code", dna_span_of(dna_code_name(ruling->code))},
        {"why", dna_span_of(ruling->why)},
        {"accepted-by", dna_span_of(accepted_by)},
    };
    dna_observed_note(&session->observed, question->domain, question->role, ruling,
                      accepted_by, now.wall);
    if (log != NULL && log->write != NULL && log->least <= DNA_LOG_INFO) {
        log->write(log->arg, DNA_LOG_INFO, "observed", fields, sizeof fields / sizeof *fields);
    }
}

void dna_hearing_observed(struct dna_hearing *hearing, struct dna_time now)
{
    static const char unasked[] = "; the peer was not asked for a proof";
    struct dna_stream_peer *peer =
        dna_map_get(hearing->stream->peers, dna_span_of(hearing->domain.text));
    struct dna_ruling *ruling = &hearing->ruling;
    size_t len = strlen(ruling->why);
    if (peer != NULL && peer->observing == hearing) {
        peer->observing = NULL;
    }
    if (ruling->verdict != DNA_PROVEN && hearing->peer.asked && !hearing->supplied.known &&
        len + sizeof unasked <= sizeof ruling->why) {
        memcpy(ruling->why + len, unasked, sizeof unasked);
    }
    tell(hearing->session, &hearing->question, ruling, hearing->count.spoke,
         hearing->accepted_by, now);
}

/* Whether what the peer has proven proves it under another policy, too. */
static bool suffices(const struct dna_stream_peer *peer, const struct dna_policy *policy)
{
    return peer->proven && !peer->pinned && dna_policy_admits(policy, peer->prooftype) &&
           dna_policy_terms(policy, peer->prooftype) == peer->terms;
}

void dna_stream_observe(struct dna_stream *stream, const char *domain,
                        struct dna_stream_peer *peer, const char *accepted_by,
                        struct dna_time now)
{
    struct dna_session *session = stream->session;
    const struct dna_policy_standing standing =
        dna_policies_standing(&session->policies, domain, now.wall);
    struct dna_question question;
    dna_hearing_free(peer->observing);
    peer->observing = NULL;
    if (!standing.observes) {
        return;
    }
    question = dna_stream_question(stream, domain, peer->added);
    question.policy = standing.observed;
    if (suffices(peer, &standing.observed)) {
        const struct dna_ruling same = {
            .verdict = DNA_PROVEN, .prooftype = peer->prooftype,
            .why = "the proof by which it is accepted does"};
        tell(session, &question, &same, true, accepted_by, now);
        return;
    }
    if (dna_hearing_observe(stream, &question, &peer->supplied, accepted_by, now,
                            &peer->observing) != DNA_OK) {
        peer->observing = NULL; /* without memory nothing is observed */
    }
}

void dna_stream_observe_dialled(struct dna_stream *stream, const char *domain,
                                struct dna_time now)
{
    struct dna_stream_peer *peer = dna_map_get(stream->peers, dna_span_of(domain));
    if (peer != NULL && !peer->proven) {
        dna_stream_observe(stream, domain, peer, "dialback", now);
    }
}
