/* s2s/guards.c: the conditions of the state tables; nothing here changes anything. */
#include <s2s/guards.h>

#include <string.h>

#include <base/limits.h>
#include <xml/element.h>

#define GUARD(name)                                                                         \
    bool dna_s2s_if_##name(const struct dna_s2s *s, const struct dna_s2s_record *r)

#define UNUSED (void)s, (void)r

/* --- the stream ---------------------------------------------------------------------- */

GUARD(local)
{
    UNUSED;
    return dna_s2s_is(s, DNA_S2S_LOCAL);
}

GUARD(modern)
{
    UNUSED;
    return s->call->header->modern;
}

GUARD(declares_dna)
{
    UNUSED;
    return s->call->header->dna;
}

GUARD(stranger)
{
    UNUSED;
    return s->headers.stranger;
}

GUARD(injected)
{
    UNUSED;
    return s->call->unread > 0 || s->input.in_clear > 0;
}

GUARD(direct_tls)
{
    UNUSED;
    return dna_s2s_is(s, DNA_S2S_PUBLIC) && s->input.total == 0;
}

GUARD(starttls_good)
{
    const struct dna_xml_element *e = s->call->item->element;
    UNUSED;
    return e->child == NULL && dna_xml_trim(e->text).len == 0;
}

GUARD(has_condition)
{
    UNUSED;
    return s->call->condition != NULL;
}

GUARD(offers_dna)
{
    UNUSED;
    return !s->options.bridge && dna_s2s_features_assert(s->call->item->element) != NULL;
}

/* The features at hand, and the header before them, permit dialback. */
static bool dials(const struct dna_s2s *s)
{
    const struct dna_xml_element *features = s->call->item->element;
    return s->options.dialback && s->headers.id != NULL &&
           (s->headers.dialback ||
            dna_xml_child(features, DNA_S2S_NS_DIALBACK_FEATURE, "dialback") != NULL);
}

GUARD(offers_nothing)
{
    UNUSED;
    return !dna_s2s_features_external(s->call->item->element) && !dials(s);
}

/* --- the header's domain of the peer --------------------------------------------------- */

static const struct dna_s2s_record *header_peer(const struct dna_s2s *s)
{
    return dna_s2s_peer_record(s, s->peer.text);
}

/* EXTERNAL stands for the certificate: without one nothing is proven by it. */
GUARD(peer_proven)
{
    const struct dna_s2s_record *peer = header_peer(s);
    UNUSED;
    return s->has_certificate && peer != NULL && s->now.wall < peer->expires_at &&
           (peer->state == DNA_S2S_V_PROVEN ||
            dna_s2s_state_valid((enum dna_s2s_state)peer->state));
}

GUARD(offers_external_proven)
{
    return dna_s2s_features_external(s->call->item->element) && dna_s2s_if_peer_proven(s, r);
}

GUARD(external)
{
    UNUSED;
    return s->headers.external;
}

GUARD(dialback)
{
    UNUSED;
    return s->options.dialback;
}

GUARD(verifies)
{
    UNUSED;
    return s->options.dialback && s->options.verifies;
}

/* Not proven, but dialback may do. */
GUARD(peer_admitted)
{
    const struct dna_s2s_record *peer = header_peer(s);
    UNUSED;
    return peer != NULL && peer->state == DNA_S2S_V_UNPROVEN && dna_s2s_stands(s, peer);
}

GUARD(dials_standing)
{
    UNUSED;
    return dials(s) && dna_s2s_stands(s, header_peer(s));
}

/* What the features said before. */
GUARD(dials_noted)
{
    UNUSED;
    return s->options.dialback && s->headers.dialback && s->headers.id != NULL;
}

/* ... while the header's domain is still being judged. */
GUARD(dials_undecided)
{
    return dna_s2s_if_dials_noted(s, r) && dna_s2s_if_peer_heard(s, r);
}

GUARD(dials_noted_standing)
{
    return dna_s2s_if_dials_noted(s, r) && dna_s2s_stands(s, header_peer(s));
}

GUARD(dials_admitted)
{
    return dna_s2s_if_dials_noted(s, r) && dna_s2s_if_peer_admitted(s, r);
}

GUARD(own_valid)
{
    UNUSED;
    return s->records.own_valid > 0;
}

GUARD(peer_heard)
{
    const struct dna_s2s_record *peer = header_peer(s);
    UNUSED;
    return peer != NULL && peer->hearing;
}

/* Refused because we could not find out. */
GUARD(peer_unsure)
{
    const struct dna_s2s_record *peer = header_peer(s);
    UNUSED;
    return peer != NULL && peer->state == DNA_S2S_V_INVALID &&
           (peer->code == DNA_CODE_DNS_FAILED || peer->code == DNA_CODE_FETCH_FAILED ||
            peer->code == DNA_CODE_FETCH_REFUSED || peer->code == DNA_CODE_TIMEOUT ||
            peer->code == DNA_CODE_CANCELED || peer->code == DNA_CODE_INTERNAL);
}

GUARD(peer_valid)
{
    UNUSED;
    return s->records.peer_valid > 0;
}

GUARD(both_valid)
{
    UNUSED;
    return s->records.peer_valid > 0 && s->records.own_valid > 0;
}

/* --- SASL -------------------------------------------------------------------------------- */

GUARD(auth_exhausted)
{
    UNUSED;
    return s->sasl.failures > DNA_LIMIT_SASL_RETRIES;
}

#define AUTH_GUARD(name, value)                                                             \
    GUARD(name)                                                                             \
    {                                                                                       \
        UNUSED;                                                                             \
        return s->call->auth == (value);                                                    \
    }

AUTH_GUARD(auth_malformed, DNA_S2S_AUTH_MALFORMED)
AUTH_GUARD(auth_other_mechanism, DNA_S2S_AUTH_MECHANISM)
AUTH_GUARD(auth_empty, DNA_S2S_AUTH_EMPTY)
AUTH_GUARD(auth_bad_encoding, DNA_S2S_AUTH_ENCODING)
AUTH_GUARD(auth_other_authzid, DNA_S2S_AUTH_AUTHZID)

/* --- the gate ---------------------------------------------------------------------------- */

#define GATE_GUARD(name, value)                                                             \
    GUARD(gate_##name)                                                                      \
    {                                                                                       \
        UNUSED;                                                                             \
        return s->call->gate == (value);                                                    \
    }

GATE_GUARD(open, DNA_S2S_GATE_OPEN)
GATE_GUARD(improper, DNA_S2S_GATE_IMPROPER)
GATE_GUARD(backwards, DNA_S2S_GATE_BACKWARDS)
GATE_GUARD(from_lately, DNA_S2S_GATE_FROM_LATELY)
GATE_GUARD(nothing_valid, DNA_S2S_GATE_NOTHING_VALID)
GATE_GUARD(from, DNA_S2S_GATE_FROM)
GATE_GUARD(to_lately, DNA_S2S_GATE_TO_LATELY)
GATE_GUARD(to_proving, DNA_S2S_GATE_TO_PROVING)
GATE_GUARD(to_gone, DNA_S2S_GATE_TO_GONE)

/* --- records ----------------------------------------------------------------------------- */

GUARD(hosted)
{
    return dna_s2s_hosts(s, r->domain);
}

GUARD(asserted)
{
    UNUSED;
    return r->asserted;
}

GUARD(speaks)
{
    UNUSED;
    return s->dna == DNA_S2S_SPEAKS_YES;
}

/* Its features have not said yet. */
GUARD(may_yet_speak)
{
    UNUSED;
    return s->dna == DNA_S2S_SPEAKS_UNKNOWN && s->options.role == DNA_INITIATING;
}

GUARD(room)
{
    UNUSED;
    return s->records.in_flight < (dna_s2s_established(s) ? DNA_LIMIT_IN_FLIGHT
                                                          : DNA_LIMIT_IN_FLIGHT_UNAUTH);
}

static bool may_negotiate(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return (dna_s2s_established(s) || s->state == DNA_S2S_OUT_DNA) &&
           s->dna == DNA_S2S_SPEAKS_YES && dna_s2s_if_room(s, r);
}

GUARD(may_assert)
{
    return may_negotiate(s, r) && dna_s2s_hosts(s, r->domain);
}

GUARD(may_hear)
{
    return may_negotiate(s, r) && !dna_s2s_hosts(s, r->domain);
}

/* A challenge for a domain of ours that names a prooftype we know. */
GUARD(answerable)
{
    return dna_s2s_hosts(s, r->domain) && s->call->prooftypes != 0;
}

/* The host's proof is of a type that was asked for, and not longer than the peer takes
 * (XEP-0478). */
GUARD(proof_fits)
{
    return (r->offered & DNA_PROOF_BIT(s->call->prooftype)) != 0 &&
           dna_s2s_takes(s, r->domain, s->call->content);
}

GUARD(may_not_retry)
{
    bool news = r->unchallenged && s->dna == DNA_S2S_SPEAKS_YES;
    return s->now.mono < r->retry_at && !news;
}

GUARD(harassed)
{
    UNUSED;
    return r->storm >= DNA_LIMIT_STORM;
}

/* Asserted again and again with nothing new about it. */
GUARD(storming)
{
    return dna_s2s_if_harassed(s, r) &&
           (dna_s2s_if_may_not_retry(s, r) || dna_s2s_if_hosted(s, r));
}

GUARD(proven)
{
    const struct dna_ruling *ruling = s->call->ruling;
    return ruling->verdict == DNA_PROVEN && s->now.wall < ruling->expires_at &&
           !dna_s2s_hosts(s, r->domain);
}

/* ... and the peer is to be told. */
GUARD(proven_asked)
{
    return dna_s2s_if_proven(s, r) && s->dna == DNA_S2S_SPEAKS_YES &&
           (r->asserted || r->wanted);
}

/* A renewal that could not find out, while the old proof still holds (S14). */
GUARD(unsure_in_time)
{
    UNUSED;
    return s->call->ruling->verdict == DNA_TEMPFAIL && s->now.wall < r->expires_at;
}

GUARD(still_proven)
{
    return s->now.wall < r->expires_at && !dna_s2s_hosts(s, r->domain);
}

GUARD(offered)
{
    UNUSED;
    return s->call->has_type && (r->offered & DNA_PROOF_BIT(s->call->prooftype)) != 0 &&
           s->call->content.len <= DNA_LIMIT_PROOF;
}

GUARD(owed)
{
    UNUSED;
    return r->proof_owed;
}

/* --- dialback ----------------------------------------------------------------------------- */

/* Another target than the header's only where errors are understood (XEP-0220 2.6.2). */
GUARD(may_dial)
{
    bool open = s->state == DNA_S2S_OUT_LOCAL || s->state == DNA_S2S_OUT_LOCAL_ESTABLISHED;
    return open && dna_s2s_hosts(s, r->other) && !dna_s2s_hosts(s, r->domain) &&
           s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS &&
           (s->headers.dialback_errors || strcmp(r->other, s->peer.text) == 0);
}

GUARD(from_of_link)
{
    return dna_s2s_hosts(s, r->domain);
}

static bool of_link(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return dna_s2s_hosts(s, r->domain) && !dna_s2s_hosts(s, r->other);
}

GUARD(pair_of_link)
{
    return !s->options.keyed && of_link(s, r);
}

GUARD(keyed)
{
    UNUSED;
    return s->options.keyed;
}

GUARD(keyed_pair)
{
    return s->options.keyed && of_link(s, r);
}

GUARD(checked)
{
    UNUSED;
    return s->call->valid;
}

GUARD(checked_pair)
{
    return s->call->valid && of_link(s, r);
}

/* The server behind the link asks about a key that we made for a domain beyond it. */
GUARD(key_of_link)
{
    return dna_s2s_is(s, DNA_S2S_LOCAL) && dna_s2s_if_pair_of_link(s, r) &&
           s->call->content.len > 0 &&
           s->call->content.len <= DNA_LIMIT_DIALBACK_KEY &&
           s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS;
}

/* The receiving entity asks about a key of ours. */
GUARD(key_of_ours)
{
    return dna_s2s_is(s, DNA_S2S_PUBLIC) && dna_s2s_hosts(s, r->other) &&
           !dna_s2s_hosts(s, r->domain) && !dna_s2s_if_key_unusable(s, r) &&
           s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS;
}

/* It came to ask about keys of ours, and tried nothing else. */
GUARD(only_asks)
{
    UNUSED;
    return s->verified > 0 && s->records.peer_valid == 0 && s->sasl.failures == 0 &&
           s->abuse == 0;
}

GUARD(key_unusable)
{
    UNUSED;
    return s->call->content.len == 0 || s->call->content.len > DNA_LIMIT_DIALBACK_KEY;
}

/* Another target than the header's only where errors are understood (XEP-0220 2.6.2). */
GUARD(may_dial_out)
{
    return dna_s2s_can_dial(s) && dna_s2s_hosts(s, r->domain) &&
           !dna_s2s_hosts(s, r->other) && s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS &&
           (s->headers.dialback_errors || strcmp(r->other, s->peer.text) == 0);
}

GUARD(target_stands)
{
    return dna_s2s_hosts(s, r->domain) && dna_s2s_stands(s, dna_s2s_remote(s, r));
}

GUARD(may_dial_standing)
{
    return dna_s2s_if_may_dial_out(s, r) && dna_s2s_if_target_stands(s, r);
}

GUARD(target_unknown)
{
    return !dna_s2s_hosts(s, r->other);
}

GUARD(sender_ours)
{
    return dna_s2s_hosts(s, r->domain);
}

/* By the certificate of this stream, now. */
GUARD(sender_proven)
{
    return dna_s2s_hosts(s, r->other) && !dna_s2s_hosts(s, r->domain) &&
           dna_s2s_is_proven(s, dna_s2s_remote(s, r));
}

/* On a stream that bidi made carry both ways nobody is asked: whoever claims more there has to
 * prove it by the certificate. */
GUARD(sender_stands)
{
    return s->options.role == DNA_RECEIVING && dna_s2s_hosts(s, r->other) && !dna_s2s_hosts(s, r->domain) &&
           dna_s2s_stands(s, dna_s2s_remote(s, r));
}

GUARD(pairs_full)
{
    UNUSED;
    return s->records.in_flight >= DNA_LIMIT_DIALBACK_PAIRS;
}

GUARD(key_valid)
{
    return s->call->outcome == DNA_S2S_KEY_VALID && dna_s2s_if_sender_stands(s, r);
}

/* ... and no other pair or domain of the peer is accepted. */
GUARD(key_invalid_alone)
{
    UNUSED;
    return s->call->outcome == DNA_S2S_KEY_INVALID && s->records.peer_valid == 0;
}

/* Where the peer speaks DNA: what an initiating peer may still dial, or what we may.  What
 * stanzas of ours wait for on a stream that dials nothing is refused, so that they find another
 * way. */
static bool may_be_dialled(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    if (s->dna != DNA_S2S_SPEAKS_YES || dna_s2s_can_dial(s)) {
        return true;
    }
    if (s->options.role == DNA_RECEIVING) {
        return !r->wanted;
    }
    return s->state == DNA_S2S_OUT_DNA && r == header_peer(s) && dna_s2s_if_dials_noted(s, r);
}

GUARD(dialback_admits)
{
    return s->options.dialback && s->call->ruling->dialback && may_be_dialled(s, r) &&
           s->call->ruling->verdict != DNA_PROVEN && !dna_s2s_hosts(s, r->domain);
}

GUARD(still_admitted)
{
    return dna_s2s_stands(s, r);
}

/* --- streams that last ---------------------------------------------------------------------- */

GUARD(bidi)
{
    UNUSED;
    return s->options.bidi && !s->bidi.on;
}

/* It was not asked for before. */
GUARD(manageable)
{
    UNUSED;
    return dna_s2s_keeps(s) && s->managing.state == DNA_S2S_UNMANAGED;
}

/* Of another stream of the same peer, which says how far it had come. */
GUARD(resumable)
{
    return dna_s2s_if_manageable(s, r) && s->call->has_h && s->options.resumption[0] != '\0';
}

GUARD(managed)
{
    UNUSED;
    return s->managing.state == DNA_S2S_MANAGED;
}

GUARD(enabling)
{
    UNUSED;
    return s->managing.state == DNA_S2S_ENABLING;
}

GUARD(resuming)
{
    UNUSED;
    return s->managing.state == DNA_S2S_RESUMING;
}

/* The peer's count as an acknowledgement: no more than was sent. */
GUARD(ack_good)
{
    const struct dna_manage *m = &s->managing.manage;
    uint32_t before = m->sent - (uint32_t)m->kept.n;
    return dna_s2s_if_managed(s, r) && s->call->has_h && s->call->h - before <= m->kept.n;
}

/* The stream that we asked for, and a count that it can have. */
GUARD(resumption_fits)
{
    const struct dna_manage *m = &s->managing.manage;
    uint32_t before = m->sent - (uint32_t)m->kept.n;
    struct dna_span id;
    return dna_s2s_if_resuming(s, r) && s->call->has_h &&
           s->call->h - before <= m->kept.n &&
           dna_xml_attr(s->call->item->element, "previd", &id) &&
           dna_span_is(id, s->managing.id);
}

GUARD(searching)
{
    UNUSED;
    return s->managing.state == DNA_S2S_SEARCHING;
}

/* The header's domain, to which what is resumed is bound, is proven on this stream, too. */
GUARD(searching_proven)
{
    return dna_s2s_if_searching(s, r) && dna_s2s_is_proven(s, header_peer(s));
}
