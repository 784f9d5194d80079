/* session/inquiry.c: what the court wants to know, answered or looked up.
 *
 * What is remembered answers at once, except in a renewal, where only path checks and sts
 * policies may be remembered.  What is being looked up already
 * is waited for together.  A want put to the peer belongs to one stream and is never shared.
 */
#include <session/hearing.h>

#include <stdio.h>

#include <base/alloc.h>
#include <session/stream.h>

enum dna_err dna_hearing_tell(struct dna_hearing *hearing, unsigned id,
                              const struct dna_fact *fact, struct dna_time now)
{
    hearing->count.facts++;
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
    if (hearing->purpose == DNA_HEAR_OBSERVED) {
        struct dna_fact supplied = dna_hearing_supplied_fact(hearing);
        hearing->peer.asked = true;
        return dna_hearing_tell(hearing, id, &supplied, now);
    }
    if (hearing->stream == NULL || hearing->peer.asked) {
        return dna_hearing_tell(hearing, id, &silence, now);
    }
    hearing->peer.open = hearing->peer.asked = true;
    hearing->peer.want = id;
    err = dna_s2s_challenge(hearing->stream->s2s, hearing->domain.text,
                            want->u.peer.prooftypes, now);
    dna_stream_touch(hearing->stream);
    return err;
}

static enum dna_err check_path(struct dna_session *session, const struct dna_want *want,
                               struct dna_span key, int64_t at, struct dna_fact *fact)
{
    enum dna_err err = dna_path_check_anchored(want->u.path.chain, session->roots,
                                               want->u.path.tlsa, at, &fact->u.path);
    if (err == DNA_OK) {
        dna_memory_learn(&session->memory, key, want, fact, at);
    }
    return err;
}

static enum dna_err check_signature(struct dna_session *session, const struct dna_want *want,
                                    struct dna_span key, int64_t at, struct dna_fact *fact)
{
    enum dna_err err = dna_signature_check(&want->u.signature, &fact->u.signature);
    if (err == DNA_OK) {
        dna_memory_learn(&session->memory, key, want, fact, at);
    }
    return err;
}

bool dna_hearing_path(struct dna_session *session, const struct dna_chain *chain,
                      struct dna_path *out)
{
    const struct dna_want want = {.kind = DNA_WANT_PATH, .u.path = {.chain = chain}};
    struct dna_fact fact = {.kind = DNA_WANT_PATH};
    struct dna_fact_view view;
    struct dna_key key;
    int64_t now = session->now.wall;
    if (dna_key_want(&want, &key) != DNA_OK) {
        return false;
    }
    if (dna_memory_recall(&session->memory, dna_key_span(&key), now, &view)) {
        *out = view.fact.u.path;
        return true;
    }
    if (session->roots == NULL ||
        check_path(session, &want, dna_key_span(&key), now, &fact) != DNA_OK) {
        return false;
    }
    *out = fact.u.path;
    return true;
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
    case DNA_WANT_SIGNATURE:
        (void)snprintf(fact.u.signature.why, sizeof fact.u.signature.why, "%s", why);
        break;
    case DNA_WANT_PEER:
        fact.u.peer.outcome = DNA_PEER_SILENT;
        break;
    case DNA_WANT_RECALL:
        break;
    }
    return dna_hearing_tell(hearing, id, &fact, now);
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
    wait->stream = hearing->stream;
    wait->payer = hearing->stream != NULL ? hearing->stream->payer : NULL;
    err = dna_lookups_join(&session->lookups, key, want, wait);
    if (err != DNA_OK) {
        dna_alloc_release(session->alloc, wait);
        return err == DNA_ERR_LIMIT ? decline(hearing, id, want, now) : err;
    }
    wait->next_own = hearing->waits;
    hearing->waits = wait;
    return DNA_OK;
}

/* A path check depends on the chain and the time alone; an sts policy is not fetched more
 * often than RFC 8461 lets it be. */
static bool outlives_renewal(const struct dna_want *want)
{
    return want->kind == DNA_WANT_PATH || want->kind == DNA_WANT_SIGNATURE ||
           (want->kind == DNA_WANT_FETCH && want->u.fetch.policy_id != NULL);
}

enum dna_err dna_hearing_satisfy(struct dna_hearing *hearing, unsigned id,
                                 const struct dna_want *want, struct dna_time now)
{
    struct dna_session *session = hearing->session;
    bool may_recall = hearing->purpose != DNA_HEAR_RENEWAL || outlives_renewal(want);
    struct dna_fact_view view;
    struct dna_key key;
    enum dna_err err;
    if (want->kind == DNA_WANT_PEER) {
        return ask_peer(hearing, id, want, now);
    }
    if (want->kind == DNA_WANT_RECALL) {
        struct dna_fact fact = {.kind = DNA_WANT_RECALL};
        dna_recollection_recall(&session->recollection, want->u.recall.url, now.wall,
                                &fact.u.recall);
        return dna_hearing_tell(hearing, id, &fact, now);
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
        return dna_hearing_tell(hearing, id, &view.fact, now);
    }
    if (want->kind == DNA_WANT_PATH && session->roots != NULL) {
        struct dna_fact fact = {.kind = DNA_WANT_PATH};
        err = check_path(session, want, dna_key_span(&key), now.wall, &fact);
        return err == DNA_OK ? dna_hearing_tell(hearing, id, &fact, now) : err;
    }
    if (want->kind == DNA_WANT_SIGNATURE && session->roots != NULL) {
        struct dna_fact fact = {.kind = DNA_WANT_SIGNATURE};
        err = check_signature(session, want, dna_key_span(&key), now.wall, &fact);
        return err == DNA_OK ? dna_hearing_tell(hearing, id, &fact, now) : err;
    }
    return look_up(hearing, id, want, dna_key_span(&key), now);
}
