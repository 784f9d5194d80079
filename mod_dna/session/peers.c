/* session/peers.c: for each domain of the peer, the hearing and what came of it.
 *
 * The record of the protocol lives in s2s; here stands what a ruling rested on, so that an
 * accepted peer can be heard again when the policy changes, and what is remembered about it
 * is dropped when it is refused.
 */
#include <session/stream.h>

#include <string.h>

#include <base/alloc.h>

static struct dna_stream_peer *find(const struct dna_stream *stream, const char *domain)
{
    return stream->peers != NULL ? dna_map_get(stream->peers, dna_span_of(domain)) : NULL;
}

bool dna_stream_proves(const struct dna_stream *stream, const char *domain)
{
    const struct dna_stream_peer *peer = find(stream, domain);
    return peer != NULL && peer->proven && !peer->pinned;
}

bool dna_stream_rehear(struct dna_stream *stream, const char *domain, struct dna_time now)
{
    const struct dna_stream_peer *peer = find(stream, domain);
    if (!dna_stream_proves(stream, domain) || !dna_s2s_peer_valid(stream->s2s, domain)) {
        return false;
    }
    if (peer->hearing == NULL) {
        dna_stream_lost(dna_s2s_renew(stream->s2s, domain, now));
        dna_stream_touch(stream);
    }
    return true;
}

static struct dna_stream_peer *find_or_make(struct dna_stream *stream, const char *domain)
{
    const struct dna_alloc *alloc = stream->session->alloc;
    struct dna_stream_peer *peer = find(stream, domain);
    if (peer == NULL && stream->peers != NULL) {
        peer = dna_alloc_zero(alloc, 1, sizeof *peer);
        if (peer != NULL &&
            dna_map_set(stream->peers, dna_span_of(domain), peer) != DNA_OK) {
            dna_alloc_release(alloc, peer);
            peer = NULL;
        }
    }
    return peer;
}

static void drop_ruling(struct dna_stream *stream, struct dna_stream_peer *peer)
{
    dna_alloc_release(stream->session->alloc, peer->ruling);
    peer->ruling = NULL;
}

static void release_peer(struct dna_stream *stream, struct dna_stream_peer *peer)
{
    drop_ruling(stream, peer);
    dna_hearing_free(peer->observing);
    dna_hearing_drop_supplied(stream->session, &peer->supplied);
    dna_alloc_release(stream->session->alloc, peer);
}

void dna_stream_peers_free(struct dna_stream *stream)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    dna_stream_dismiss_all(stream);
    while (stream->peers != NULL && dna_map_next(stream->peers, &cursor, &key, &value)) {
        release_peer(stream, value);
    }
    dna_map_free(stream->peers);
    stream->peers = NULL;
}

struct dna_question dna_stream_question(const struct dna_stream *stream, const char *domain,
                                        bool added)
{
    bool endpoint = !added && stream->endpoint.host != NULL;
    const char *own = dna_s2s_own(stream->s2s);
    return (struct dna_question){
        .domain = domain,
        .service = DNA_XMPP_SERVER,
        .role = stream->role,
        .chain = stream->chain,
        .host = endpoint ? stream->endpoint.host : NULL,
        .port = endpoint ? stream->endpoint.port : 0,
        .address = endpoint ? stream->endpoint.address : NULL,
        .own = own[0] != '\0' ? own : NULL,
        .policy = dna_policies_for(&stream->session->policies, domain,
                                   stream->session->now.wall),
    };
}

/* Whether a proof of that kind says nothing without a CA that vouches for the certificate. */
static bool needs_issuer(enum dna_prooftype type)
{
    switch (type) {
    case DNA_PROOF_PKIX:
    case DNA_PROOF_SRVNAME:
    case DNA_PROOF_DNSSEC_SRV:
    case DNA_PROOF_SERVICE_DELEGATION:
    case DNA_PROOF_STS:
        return true;
    case DNA_PROOF_DNSSEC_TA:
    case DNA_PROOF_POSH:
    case DNA_PROOF_DANE:
    case DNA_PROOF_XML_ASSERTION:
    case DNA_PROOF_HOST_META:
    case DNA_PROOF_ATTRIBUTE_CERT:
    case DNA_N_PROOFTYPES:
        break;
    }
    return false;
}

/* Of a proof from before the last change of the authorities: whether we know that what it rested
 * on is gone.  What its web server presented cannot be looked at again without asking there. */
static bool is_disowned(const struct dna_stream *stream, const struct dna_stream_peer *peer)
{
    struct dna_path path;
    return peer->trust != stream->session->trust && needs_issuer(peer->prooftype) &&
           (stream->chain == NULL ||
            !dna_hearing_path(stream->session, stream->chain, &path) ||
            path.code != DNA_PATH_OK);
}

/* Whether what was proven would be proven under that policy too. */
static bool still_counts(const struct dna_stream_peer *peer, const struct dna_policy *policy)
{
    return !peer->pinned && dna_policy_admits(policy, peer->prooftype) &&
           dna_policy_terms(policy, peer->prooftype) == peer->terms;
}

/* A renewal that a change of the policy brought about is a review. */
static enum dna_hearing_purpose purpose_of(struct dna_stream_peer *peer, bool renewal)
{
    bool review = peer->review;
    peer->review = false;
    return !renewal ? DNA_HEAR_FIRST : review ? DNA_HEAR_REVIEW : DNA_HEAR_RENEWAL;
}

void dna_stream_hear(struct dna_stream *stream, const char *domain, bool added, bool renewal,
                     struct dna_time now)
{
    struct dna_question question = dna_stream_question(stream, domain, added);
    struct dna_stream_peer *peer = find_or_make(stream, domain);
    enum dna_err err = DNA_ERR_MEMORY;
    if (peer != NULL) {
        dna_hearing_free(peer->hearing);
        peer->hearing = NULL;
        peer->added = added;
        err = dna_hearing_open(stream->session, &question, stream, purpose_of(peer, renewal),
                               NULL, now, &peer->hearing);
    }
    if (err != DNA_OK) {
        static const struct dna_ruling fault = {
            .verdict = DNA_TEMPFAIL, .code = DNA_CODE_INTERNAL, .why = "out of memory"};
        bool revoke = renewal && peer != NULL &&
                      (!still_counts(peer, &question.policy) || is_disowned(stream, peer));
        dna_stream_lost(revoke ? dna_s2s_revoke(stream->s2s, domain, &fault, now)
                               : dna_s2s_ruled(stream->s2s, domain, &fault, now));
        dna_stream_touch(stream);
    }
}

void dna_stream_dismiss_all(struct dna_stream *stream)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (stream->peers != NULL && dna_map_next(stream->peers, &cursor, &key, &value)) {
        struct dna_stream_peer *peer = value;
        dna_hearing_free(peer->hearing);
        peer->hearing = NULL;
    }
}

struct dna_hearing *dna_stream_hearing(const struct dna_stream *stream, const char *domain)
{
    const struct dna_stream_peer *peer = find(stream, domain);
    return peer != NULL ? peer->hearing : NULL;
}

/* For the effect that follows; without memory the host sees no ruling beside it. */
static void keep_ruling(struct dna_stream *stream, struct dna_stream_peer *peer,
                        const struct dna_ruling *ruling)
{
    if (peer->ruling == NULL) {
        peer->ruling = dna_alloc_get(stream->session->alloc, sizeof *peer->ruling);
    }
    if (peer->ruling != NULL) {
        *peer->ruling = *ruling;
    }
}

/* A renewal that was broken off leaves the record valid; what was proven counts on only as it
 * does where one ends in TEMPFAIL. */
void dna_stream_dismiss(struct dna_stream *stream, const char *domain, struct dna_time now)
{
    static const struct dna_ruling late = {.verdict = DNA_TEMPFAIL,
                                           .code = DNA_CODE_TIMEOUT,
                                           .why = "no proof was found in time"};
    struct dna_stream_peer *peer = find(stream, domain);
    struct dna_policy policy;
    struct dna_name name;
    if (peer == NULL) {
        return;
    }
    dna_hearing_free(peer->hearing);
    peer->hearing = NULL;
    policy = dna_policies_for(&stream->session->policies, domain, now.wall);
    if (peer->proven && dna_s2s_peer_valid(stream->s2s, domain) &&
        (!still_counts(peer, &policy) || is_disowned(stream, peer))) {
        (void)strcpy(name.text, domain); /* effects end with the next call */
        keep_ruling(stream, peer, &late);
        dna_stream_lost(dna_s2s_revoke(stream->s2s, name.text, &late, now));
        dna_stream_touch(stream);
    }
}

/* Whether the record must be revoked, since the protocol alone would leave it valid. */
static bool note_outcome(struct dna_stream *stream, struct dna_stream_peer *peer,
                         const struct dna_hearing *hearing)
{
    const struct dna_ruling *ruling = &hearing->ruling;
    const struct dna_policy *policy = &hearing->question.policy;
    bool held = peer->proven;
    drop_ruling(stream, peer);
    if (hearing->purpose == DNA_HEAR_FIRST || ruling->verdict != DNA_PROVEN) {
        keep_ruling(stream, peer, ruling);
    }
    peer->proven = ruling->verdict == DNA_PROVEN;
    peer->dialback = ruling->dialback;
    if (peer->dialback) {
        peer->generation = policy->generation;
    }
    if (peer->proven) {
        peer->generation = policy->generation;
        peer->pinned = ruling->pinned;
        peer->trust = stream->session->trust;
        peer->prooftype = ruling->prooftype;
        peer->terms = dna_policy_terms(policy, ruling->prooftype);
    } else if (hearing->purpose != DNA_HEAR_FIRST && ruling->verdict == DNA_TEMPFAIL) {
        /* What was proven holds until its end (S14), if the policy of now admits it, and the
         * authorities of now do not disown it. */
        peer->proven = held && still_counts(peer, policy) && !is_disowned(stream, peer);
        return !peer->proven;
    }
    return false;
}

void dna_stream_heard(struct dna_stream *stream, struct dna_hearing *hearing,
                      struct dna_time now)
{
    const char *domain = hearing->domain.text;
    const struct dna_ruling *ruling = &hearing->ruling;
    struct dna_stream_peer *peer = find(stream, domain);
    if (peer == NULL || peer->hearing != hearing) {
        return;
    }
    peer->hearing = NULL;
    if (note_outcome(stream, peer, hearing)) {
        dna_stream_lost(dna_s2s_revoke(stream->s2s, domain, ruling, now));
    } else {
        dna_stream_lost(dna_s2s_ruled(stream->s2s, domain, ruling, now));
    }
    dna_stream_touch(stream);
    dna_hearing_drop_supplied(stream->session, &peer->supplied);
    peer->supplied = hearing->supplied;
    hearing->supplied = (struct dna_hearing_supplied){.known = false};
    if (ruling->verdict == DNA_PROVEN) {
        dna_stream_observe(stream, domain, peer, dna_ruling_method(ruling), now);
    }
}

static void forget(struct dna_stream *stream, const char *domain)
{
    for (int added = 0; added < 2; added++) {
        struct dna_question question = dna_stream_question(stream, domain, added != 0);
        struct dna_key key;
        if (dna_key_proven(&question, &key) == DNA_OK) {
            dna_memory_forget(&stream->session->memory, dna_key_span(&key));
        }
    }
}

const struct dna_ruling *dna_stream_standing(struct dna_stream *stream, const char *domain,
                                             bool accepted, bool begins_anew)
{
    struct dna_stream_peer *peer = find(stream, domain);
    dna_alloc_release(stream->session->alloc, stream->shown);
    stream->shown = NULL;
    if (peer != NULL && peer->ruling != NULL &&
        (peer->ruling->verdict == DNA_PROVEN) == accepted) {
        stream->shown = peer->ruling;
        peer->ruling = NULL;
    }
    if (peer != NULL) {
        drop_ruling(stream, peer);
    }
    if (begins_anew) {
        return stream->shown; /* a change of the policy must find it still */
    }
    if (accepted && peer != NULL &&
        peer->generation != dna_policies_for(&stream->session->policies, domain,
                                             stream->session->now.wall)
                                .generation) {
        stream->session->policy_changed = true; /* while no record was there to be revoked */
    }
    if (!accepted) {
        forget(stream, domain);
    }
    if (!accepted && peer != NULL) {
        peer->proven = peer->dialback = false;
    }
    if (!accepted && peer != NULL && peer->hearing == NULL) {
        (void)dna_map_remove(stream->peers, dna_span_of(domain));
        release_peer(stream, peer);
    }
    return stream->shown;
}

static void judge_anew(struct dna_stream *stream, const char *domain,
                       struct dna_stream_peer *peer, const struct dna_policy *policy,
                       struct dna_time now)
{
    static const struct dna_ruling refusal = {
        .verdict = DNA_FAIL,
        .code = DNA_CODE_POLICY,
        .why = "the policy does not admit the proof any more",
    };
    bool holds = peer->proven ? still_counts(peer, policy) &&
                                    peer->trust == stream->session->trust
                              : policy->level == DNA_LEVEL_DIALBACK;
    if (holds) {
        peer->generation = policy->generation;
        dna_stream_observe(stream, domain, peer,
                           peer->proven ? dna_prooftype_name(peer->prooftype) : "dialback",
                           now);
    } else if (policy->level != DNA_LEVEL_REFUSE && peer->proven &&
               dna_s2s_peer_valid(stream->s2s, domain)) {
        /* If it is being renewed already, that hearing ends under the new policy. */
        peer->review = peer->hearing == NULL;
        dna_stream_lost(dna_s2s_renew(stream->s2s, domain, now));
    } else {
        dna_hearing_free(peer->hearing);
        peer->hearing = NULL;
        peer->dialback = false;
        keep_ruling(stream, peer, &refusal);
        dna_stream_lost(dna_s2s_revoke(stream->s2s, domain, &refusal, now));
    }
}

void dna_stream_review(struct dna_stream *stream, struct dna_time now)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (stream->peers != NULL && dna_map_next(stream->peers, &cursor, &key, &value)) {
        struct dna_stream_peer *peer = value;
        struct dna_policy policy;
        struct dna_name domain;
        memcpy(domain.text, key.ptr, key.len);
        domain.text[key.len] = '\0';
        policy = dna_policies_for(&stream->session->policies, domain.text, now.wall);
        if ((peer->proven || peer->dialback) && peer->generation != policy.generation) {
            judge_anew(stream, domain.text, peer, &policy, now);
        }
    }
    dna_stream_touch(stream);
}
