/* s2s/act_dialback.c: server dialback on public streams, in its three roles (XEP-0220).
 *
 * A pair is accepted in two places only: dial_accepted, for what we send, and result_valid,
 * for what the peer sends, after its server said so elsewhere.  Where a proof holds,
 * result_proven accepts the domain by that, and dialback merely says it.
 */
#include <s2s/actions.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

static void log_pair(const struct dna_s2s *s, const struct dna_s2s_record *r,
                     enum dna_log_level level, const char *event)
{
    char text[2 * DNA_NAME_MAX + 8];
    (void)snprintf(text, sizeof text, "%s -> %s", r->domain, r->other);
    dna_s2s_log(s, level, event, "pair", dna_span_of(text));
}

/* What it rests on; it is never called a proof where there is none. */
static void tell_pair(struct dna_s2s *s, const struct dna_s2s_record *r, bool accepted,
                      const char *condition)
{
    bool proven = dna_s2s_is_proven(s, dna_s2s_remote(s, r));
    struct dna_s2s_effect effect = {.kind = DNA_S2S_PAIR,
                                    .domain = r->domain,
                                    .other = r->other,
                                    .accepted = accepted,
                                    .condition = condition,
                                    .text = !accepted ? "" : proven ? "proof" : "dialback"};
    dna_s2s_emit(s, &effect);
}

/* --- a pair of ours ----------------------------------------------------------------------- */

static void raise_pair(struct dna_s2s *s, const char *own, const char *peer)
{
    const struct dna_span none = {NULL, 0};
    struct dna_s2s_record *pair = dna_s2s_pair_make(s, DNA_S2S_D_NONE, own, peer, none);
    if (pair != NULL) {
        dna_s2s_raise(s, DNA_S2S_RE_WANT, pair, NULL, NULL);
    }
}

ACTION(begin_dialback)
{
    (void)r;
    s->headers.dials = true;
    if (s->dna != DNA_S2S_SPEAKS_YES) {
        s->dna = DNA_S2S_SPEAKS_NO;
    }
    if (s->state == DNA_S2S_OUT_TLS_FEATURES) {
        dna_s2s_features_note(s, s->call->item->element);
        dna_s2s_bidi_begin(s);
    }
    raise_pair(s, s->own.text, s->peer.text);
}

/* The pair waits until the court has said what is to be thought of its remote domain. */
static void judge(struct dna_s2s *s, struct dna_s2s_record *r, const char *domain)
{
    struct dna_s2s_record *remote = dna_s2s_peer_record_make(s, domain);
    dna_s2s_dial(s, r);
    if (remote != NULL) {
        dna_s2s_raise(s, DNA_S2S_RE_DIALLED, remote, NULL, NULL);
    }
}

ACTION(hear_target)
{
    judge(s, r, r->other);
}

static void end_pair(struct dna_s2s *s, struct dna_s2s_record *r, const char *condition)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    dna_s2s_stop_dialling(s, r); /* it may wait next, which is another list */
    r->retry_at = s->now.mono + dna_s2s_backoff(r);
    tell_pair(s, r, false, condition);
    if (s->records.own_valid == (dna_s2s_state_valid((enum dna_s2s_state)r->state) ? 1 : 0)) {
        dna_s2s_raise(s, DNA_S2S_EV_TURNED_AWAY, NULL, NULL, NULL);
    }
}

ACTION(dial_accepted)
{
    const struct dna_s2s_record *remote = dna_s2s_remote(s, r);
    int64_t left = remote->expires_at - s->now.wall;
    r->refusals = 0;
    r->expires_at = remote->expires_at;
    if (left > DNA_LIMIT_DIALBACK_LIFE_S) {
        left = DNA_LIMIT_DIALBACK_LIFE_S;
        r->expires_at = s->now.wall + left;
    }
    dna_s2s_timer(s, r, s->now.mono + left * 1000);
    log_pair(s, r, DNA_LOG_INFO, "dialback-accepted-by-peer");
    tell_pair(s, r, true, "");
    dna_s2s_raise(s, DNA_S2S_EV_AUTHENTICATED, NULL, NULL, NULL);
}

ACTION(dial_unproven)
{
    end_pair(s, r, "not-authorized");
}

ACTION(dial_unanswered)
{
    end_pair(s, r, "remote-server-timeout");
}

ACTION(dial_invalid)
{
    log_pair(s, r, DNA_LOG_WARNING, "dialback-key-refused-by-peer");
    end_pair(s, r, "internal-server-error");
}

ACTION(dial_error)
{
    end_pair(s, r, s->call->condition != NULL ? s->call->condition : "undefined-condition");
}

/* The peer does not speak DNA, so that nothing but a new stream renews it. */
ACTION(dial_lapsed)
{
    end_pair(s, r, "reset");
    dna_s2s_raise(s, DNA_S2S_EV_LAPSED, NULL, NULL, NULL);
}

/* --- a pair of the peer's ------------------------------------------------------------------ */

static void put_result(struct dna_s2s *s, const struct dna_s2s_record *r, const char *type)
{
    dna_s2s_put(s, "<db:result from='%s' to='%s' type='%s'/>", r->other, r->domain, type);
}

static void put_error(struct dna_s2s *s, const struct dna_s2s_record *r, const char *type,
                      const char *condition)
{
    dna_s2s_put(s, "<db:result from='%s' to='%s' type='error'><error type='%s'><%s xmlns='"
                   DNA_S2S_NS_STANZA_ERROR "'/></error></db:result>",
                r->other, r->domain, type, condition);
    log_pair(s, r, DNA_LOG_INFO, "dialback-refused");
}

ACTION(result_not_found)
{
    put_error(s, r, "cancel", "item-not-found");
}

ACTION(result_not_acceptable)
{
    put_error(s, r, "cancel", "not-acceptable");
}

ACTION(result_not_authorized)
{
    put_error(s, r, "cancel", "not-authorized");
}

ACTION(result_full)
{
    put_error(s, r, "wait", "resource-constraint");
}

/* The certificate of this stream speaks for the sender: nobody is asked (XEP-0344). */
ACTION(result_proven)
{
    struct dna_s2s_record *remote = dna_s2s_remote(s, r);
    struct dna_s2s_record *own = dna_s2s_own_record_make(s, r->other);
    put_result(s, r, "valid");
    if (own != NULL) {
        dna_s2s_raise(s, DNA_S2S_RE_DIALLED, remote, NULL, NULL);
        dna_s2s_raise(s, DNA_S2S_RE_RESTORED, own, NULL, NULL);
    }
}

/* The key, which the present element lends us, is kept until the sender's server is asked. */
static void keep_key(struct dna_s2s *s, struct dna_s2s_record *r)
{
    if (r->key == NULL) {
        r->key = dna_alloc_text(s->options.alloc, s->call->content);
        dna_s2s_fault(s, r->key != NULL ? DNA_OK : DNA_ERR_MEMORY);
    }
}

ACTION(hear_sender)
{
    keep_key(s, r);
    judge(s, r, r->domain);
}

ACTION(ask_server)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_DIALBACK_ASK,
                                    .domain = r->domain,
                                    .other = r->other,
                                    .id = dna_span_of(s->options.ids[s->headers.round])};
    keep_key(s, r);
    effect.text = r->key;
    effect.number = r->number = ++s->records.asked;
    if (s->lifetime != DNA_NEVER) {
        s->lifetime = s->began + DNA_LIMIT_CHALLENGE_MS;
    }
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_DIALBACK_ASK_MS);
    dna_s2s_emit(s, &effect);
}

ACTION(result_valid)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    r->expires_at = dna_s2s_remote(s, r)->expires_at;
    put_result(s, r, "valid");
    log_pair(s, r, DNA_LOG_INFO, "dialback-accepted");
    tell_pair(s, r, true, "");
    dna_s2s_raise(s, DNA_S2S_EV_AUTHENTICATED, NULL, NULL, NULL);
}

ACTION(result_valid_still)
{
    put_result(s, r, "valid");
}

/* Somebody tried to pass for another: with nothing else on it the stream ends. */
ACTION(result_invalid)
{
    put_result(s, r, "invalid");
    log_pair(s, r, DNA_LOG_WARNING, "dialback-spoofed");
    dna_s2s_raise(s, DNA_S2S_EV_CLOSE, NULL, NULL, NULL);
}

/* A peer of which nothing is proven learns nothing of what we found (S22): else it could have
 * us look for open ports. */
static const char *reason(const struct dna_s2s *s)
{
    bool known = dna_s2s_is_proven(s, dna_s2s_peer_record(s, s->peer.text));
    switch (s->call->outcome) {
    case DNA_S2S_KEY_REFUSED:
        return "resource-constraint"; /* said before anything was looked for */
    case DNA_S2S_KEY_UNANSWERED:
        return known ? "remote-server-timeout" : "remote-connection-failed";
    case DNA_S2S_KEY_UNKNOWN:
        return known ? "remote-server-not-found" : "remote-connection-failed";
    case DNA_S2S_KEY_VALID: /* the sender may not be admitted any more */
    case DNA_S2S_KEY_INVALID:
        return "forbidden";
    case DNA_S2S_KEY_UNREACHED:
        break;
    }
    return "remote-connection-failed";
}

ACTION(result_error)
{
    if (s->call->outcome == DNA_S2S_KEY_INVALID) {
        log_pair(s, r, DNA_LOG_WARNING, "dialback-spoofed");
    }
    put_error(s, r, "cancel", reason(s));
}

/* We no longer host the target (S19). */
ACTION(retract_pair)
{
    r->ended_at = s->now.mono;
    tell_pair(s, r, false, "item-not-found");
}

/* --- a key of the peer's --------------------------------------------------------------------- */

ACTION(begin_verifying)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_DIALBACK_READY};
    (void)r;
    s->dna = DNA_S2S_SPEAKS_NO;
    dna_s2s_features_note(s, s->call->item->element);
    dna_s2s_emit(s, &effect);
}

ACTION(send_verify)
{
    r->number = s->call->number;
    dna_s2s_put(s, "<db:verify from='%s' to='%s'", r->domain, r->other);
    dna_s2s_put_attr(s, "id", dna_span_of(r->id));
    dna_s2s_put(s, ">");
    dna_s2s_put_text(s, s->call->content);
    dna_s2s_put(s, "</db:verify>");
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_DIALBACK_MS);
}

#define TELL(name, value)                                                                   \
    ACTION(tell_key_##name)                                                                 \
    {                                                                                       \
        struct dna_s2s_effect effect = {                                                    \
            .kind = DNA_S2S_DIALBACK_ANSWER, .number = r->number, .verdict = (value)};      \
        dna_s2s_emit(s, &effect);                                                           \
    }

TELL(valid, DNA_S2S_KEY_VALID)
TELL(invalid, DNA_S2S_KEY_INVALID)
TELL(unknown, DNA_S2S_KEY_UNKNOWN)
TELL(unanswered, DNA_S2S_KEY_UNANSWERED)

/* --- a domain that is not proven ---------------------------------------------------------- */

/* The host is told nothing: what counts is what its pairs come to.  The peer is, where it had
 * asserted the domain or was challenged: that it proved nothing ends the exchange, and dialback
 * may follow. */
ACTION(admit_dialback)
{
    r->hearing = false;
    r->code = (unsigned char)s->call->ruling->code;
    dna_s2s_tell_unproven(s, r);
    r->expires_at = s->now.wall + DNA_LIMIT_DIALBACK_LIFE_S;
    dna_s2s_timer(s, r, s->now.mono + (int64_t)DNA_LIMIT_DIALBACK_LIFE_S * 1000);
    if (strcmp(r->domain, s->peer.text) == 0) {
        dna_s2s_raise(s, DNA_S2S_EV_REFUSED, NULL, NULL, NULL);
    }
}

/* Whatever pairs it was admitted by end with the stream. */
ACTION(end_dialback)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    r->expires_at = 0;
    r->ended_at = s->now.mono;
    r->retry_at = s->now.mono + dna_s2s_backoff(r);
    dna_s2s_emit_standing(s, DNA_S2S_PEER, r, false, "");
    dna_s2s_raise(s, DNA_S2S_EV_LAPSED, NULL, NULL, NULL);
}

/* Not even dialback is possible: the host is told of the ruling. */
ACTION(fail_unproven)
{
    const struct dna_s2s_record *peer = dna_s2s_peer_record(s, s->peer.text);
    if (peer != NULL && peer->state == DNA_S2S_V_UNPROVEN) {
        dna_s2s_emit_standing(s, DNA_S2S_PEER, peer, false, "");
    }
    dna_s2s_do_fail_not_authorized(s, r);
}
