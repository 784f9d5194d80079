/* s2s/act_validate.c: one domain of the peer's, as we judge it.
 *
 * What is said to the peer and what is told to the host always go together: a domain is
 * accepted only in tell_accepted, which needs a proof and its end.
 */
#include <s2s/actions.h>

#include <string.h>

#include <base/limits.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

#define FAR_S (366 * 24 * 3600) /* a timer this long ahead is as good as none */

static enum dna_s2s_state state_of(const struct dna_s2s_record *r)
{
    return (enum dna_s2s_state)r->state;
}

static bool is_header_peer(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return strcmp(r->domain, s->peer.text) == 0;
}

static void say(struct dna_s2s *s, const struct dna_s2s_record *r, const char *what)
{
    if (s->dna == DNA_S2S_SPEAKS_YES) {
        dna_s2s_put(s, "<%s%s to='%s'/>", what,
                    r->short_form ? "" : " xmlns='" DNA_S2S_NS_DNA "'", r->domain);
    }
}

/* Seconds until the proof ends. */
static int64_t left(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return r->expires_at - s->now.wall < FAR_S ? r->expires_at - s->now.wall : FAR_S;
}

/* At most span, and never beyond the end of the proof that still holds. */
static void limit(struct dna_s2s *s, struct dna_s2s_record *r, int64_t span)
{
    if (dna_s2s_state_valid(state_of(r)) && left(s, r) * 1000 < span) {
        span = left(s, r) * 1000;
    }
    dna_s2s_timer(s, r, s->now.mono + span);
}

static void stop_hearing(struct dna_s2s *s, struct dna_s2s_record *r)
{
    if (r->hearing) {
        r->hearing = false;
        dna_s2s_emit_domain(s, DNA_S2S_DISMISS, r->domain);
    }
}

static void give_fact(struct dna_s2s *s, const struct dna_s2s_record *r,
                      enum dna_s2s_outcome outcome)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_PEER_FACT,
                                    .domain = r->domain,
                                    .outcome = outcome,
                                    .prooftype = s->call->prooftype,
                                    .content = s->call->content};
    if (r->hearing) {
        dna_s2s_emit(s, &effect);
    }
}

/* --- hearing ------------------------------------------------------------------------- */

static void begin_hearing(struct dna_s2s *s, struct dna_s2s_record *r, bool renewal)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_HEAR,
                                    .domain = r->domain,
                                    .added = !is_header_peer(s, r),
                                    .renewal = renewal};
    r->hearing = true;
    r->unchallenged = r->proof_owed = false;
    r->offered = 0;
    r->storm = 0;
    limit(s, r, DNA_LIMIT_T_CHECK_MS);
    dna_s2s_emit(s, &effect);
}

ACTION(hear)
{
    begin_hearing(s, r, false);
}

ACTION(note_asserted)
{
    r->asserted = true;
    r->short_form = s->call->short_form;
}

ACTION(note_wanted)
{
    (void)s;
    r->wanted = true;
}

ACTION(hear_asserted)
{
    dna_s2s_do_note_asserted(s, r);
    begin_hearing(s, r, false);
}

ACTION(hear_wanted)
{
    r->wanted = true;
    begin_hearing(s, r, false);
}

ACTION(wait_asserted)
{
    dna_s2s_do_note_asserted(s, r);
    dna_s2s_wait(s, r);
}

ACTION(wait_wanted)
{
    r->wanted = true;
    dna_s2s_wait(s, r);
}

ACTION(hear_again)
{
    begin_hearing(s, r, true);
}

/* --- acceptance ---------------------------------------------------------------------- */

/* The next look at it: before the proof ends (S14). */
static void arm_renewal(struct dna_s2s *s, struct dna_s2s_record *r)
{
    int64_t life = left(s, r) * 1000, ahead = life / 4;
    if (ahead > DNA_LIMIT_RENEW_AHEAD_S * 1000) {
        ahead = DNA_LIMIT_RENEW_AHEAD_S * 1000;
    }
    dna_s2s_timer(s, r, s->now.mono + life - ahead);
}

static void note_ruling(struct dna_s2s *s, struct dna_s2s_record *r)
{
    const struct dna_ruling *ruling = s->call->ruling;
    if (ruling != NULL) {
        r->hearing = false;
        r->code = (unsigned char)ruling->code;
        if (ruling->verdict == DNA_PROVEN) {
            r->expires_at = ruling->expires_at;
        }
    }
}

static void tell_accepted(struct dna_s2s *s, struct dna_s2s_record *r)
{
    r->refusals = r->storm = 0;
    arm_renewal(s, r);
    dna_s2s_emit_standing(s, DNA_S2S_PEER, r, true, "");
    dna_s2s_raise(s, DNA_S2S_EV_AUTHENTICATED, NULL, NULL, NULL);
}

ACTION(accept)
{
    note_ruling(s, r);
    r->proof_owed = dna_s2s_state_challenged(state_of(r));
    say(s, r, "valid");
    tell_accepted(s, r);
}

/* If the old proof has ended meanwhile, something may wait that was not sent. */
ACTION(renew)
{
    bool gap = !dna_s2s_valid_now(s, r);
    note_ruling(s, r);
    r->proof_owed = dna_s2s_state_challenged(state_of(r));
    say(s, r, "valid");
    if (gap) {
        tell_accepted(s, r);
    } else {
        arm_renewal(s, r);
    }
}

ACTION(send_valid)
{
    r->short_form = s->call->short_form;
    say(s, r, "valid");
}

ACTION(peer_restored)
{
    r->expires_at = s->sasl.expires_at;
    tell_accepted(s, r);
}

/* Not to be told yet, or never: the peer may not speak DNA. */
ACTION(note_proven)
{
    note_ruling(s, r);
    dna_s2s_timer(s, r, DNA_NEVER);
    if (is_header_peer(s, r)) {
        dna_s2s_raise(s, DNA_S2S_EV_PROVEN, NULL, NULL, NULL);
    }
}

/* Tries again while it lasts. */
ACTION(keep_until_end)
{
    r->hearing = false;
    dna_s2s_timer(s, r, s->now.mono + left(s, r) * 1000 / 2);
}

ACTION(break_off)
{
    stop_hearing(s, r);
    dna_s2s_do_keep_until_end(s, r);
}

/* --- refusal ------------------------------------------------------------------------- */

static void end(struct dna_s2s *s, struct dna_s2s_record *r)
{
    bool lapsed = dna_s2s_state_valid(state_of(r)) && s->dna != DNA_S2S_SPEAKS_YES;
    stop_hearing(s, r);
    dna_s2s_timer(s, r, DNA_NEVER);
    r->wanted = false;
    r->expires_at = 0;
    r->ended_at = s->now.mono;
    r->retry_at = s->now.mono + dna_s2s_backoff(r);
    dna_s2s_emit_standing(s, DNA_S2S_PEER, r, false, "");
    if (lapsed) {
        dna_s2s_raise(s, DNA_S2S_EV_LAPSED, NULL, NULL, NULL);
    }
    if (is_header_peer(s, r)) {
        dna_s2s_raise(s, DNA_S2S_EV_REFUSED, NULL, NULL, NULL);
    }
}

/* The peer knows of the question, so that it is told the answer. */
static bool told(const struct dna_s2s_record *r)
{
    enum dna_s2s_state state = state_of(r);
    return r->asserted || state == DNA_S2S_V_CHALLENGED || state == DNA_S2S_V_EVALUATING ||
           dna_s2s_state_valid(state);
}

void dna_s2s_tell_unproven(struct dna_s2s *s, struct dna_s2s_record *r)
{
    r->proof_owed = dna_s2s_state_challenged(state_of(r));
    r->wanted = false;
    if (s->dna == DNA_S2S_SPEAKS_YES && told(r)) {
        r->retry_at = s->now.mono + dna_s2s_backoff(r);
        say(s, r, "invalid");
    }
}

ACTION(refuse)
{
    note_ruling(s, r);
    r->proof_owed = dna_s2s_state_challenged(state_of(r));
    if (told(r)) {
        say(s, r, "invalid");
    }
    end(s, r);
}

/* In time nothing was found out, or nothing was answered. */
ACTION(give_up)
{
    if (dna_s2s_state_challenged(state_of(r))) {
        give_fact(s, r, DNA_S2S_SILENT);
    }
    stop_hearing(s, r);
    r->code = DNA_CODE_TIMEOUT;
    dna_s2s_do_refuse(s, r);
}

ACTION(refuse_proof)
{
    stop_hearing(s, r);
    r->code = DNA_CODE_BAD_MATERIAL;
    say(s, r, "invalid");
    end(s, r);
}

/* The peer claims a domain that is served here. */
ACTION(refuse_spoof)
{
    dna_s2s_log(s, DNA_LOG_WARNING, "dna-spoofed", "domain", dna_span_of(r->domain));
    r->short_form = s->call->short_form;
    stop_hearing(s, r);
    r->code = DNA_CODE_POLICY;
    say(s, r, "invalid");
    end(s, r);
}

ACTION(refuse_again)
{
    r->storm++;
    r->short_form = s->call->short_form;
    say(s, r, "invalid");
}

ACTION(tell_refused)
{
    dna_s2s_emit_standing(s, DNA_S2S_PEER, r, false, "");
}

/* --- what only the peer can supply --------------------------------------------------- */

/* Both spellings of each type, while a challenge has room for them; dnssec-ta, which the
 * slides spell the other way, always. */
static void put_type(struct dna_s2s *s, enum dna_prooftype type, bool both)
{
    dna_s2s_put(s, "<proof type='urn:xmpp:dna:proof:%s'/>", dna_prooftype_name(type));
    if (both || type == DNA_PROOF_DNSSEC_TA) {
        dna_s2s_put(s, "<proof type='urn:ietf:params:dna:proof:%s'/>",
                    dna_prooftype_name(type));
    }
}

static void put_challenge(struct dna_s2s *s, const struct dna_s2s_record *r)
{
    unsigned types = 0;
    for (unsigned type = 0; type < DNA_N_PROOFTYPES; type++) {
        types += (r->offered & DNA_PROOF_BIT(type)) != 0;
    }
    dna_s2s_put(s, "<challenge%s to='%s'>",
                r->short_form ? "" : " xmlns='" DNA_S2S_NS_DNA "'", r->domain);
    for (unsigned type = 0; type < DNA_N_PROOFTYPES; type++) {
        if ((r->offered & DNA_PROOF_BIT(type)) != 0) {
            put_type(s, (enum dna_prooftype)type, 2 * types <= DNA_LIMIT_CHALLENGE_TYPES);
        }
    }
    dna_s2s_put(s, "</challenge>");
}

static void challenge(struct dna_s2s *s, struct dna_s2s_record *r)
{
    put_challenge(s, r);
    limit(s, r, DNA_LIMIT_T_PROOF_MS);
    s->input.challenged = true;
    if (s->lifetime != DNA_NEVER) {
        s->lifetime = s->began + DNA_LIMIT_CHALLENGE_MS;
    }
}

ACTION(challenge)
{
    r->offered = s->call->prooftypes;
    challenge(s, r);
}

ACTION(defer)
{
    (void)s;
    r->offered = s->call->prooftypes;
}

ACTION(challenge_deferred)
{
    challenge(s, r);
}

/* The peer does not speak DNA, or is not known to; should it turn out that it does, that
 * is news. */
ACTION(answer_silent)
{
    r->unchallenged = s->dna != DNA_S2S_SPEAKS_YES;
    give_fact(s, r, DNA_S2S_SILENT);
}

ACTION(give_proof)
{
    give_fact(s, r, DNA_S2S_PROOF);
    limit(s, r, DNA_LIMIT_T_CHECK_MS);
}

ACTION(note_late_proof)
{
    (void)s;
    r->proof_owed = false;
}

ACTION(cancel)
{
    r->code = DNA_CODE_PEER_IMPOSSIBLE;
    end(s, r);
}

ACTION(note_impossible)
{
    dna_s2s_do_cancel(s, r);
}

ACTION(give_impossible)
{
    give_fact(s, r, DNA_S2S_IMPOSSIBLE);
    dna_s2s_do_cancel(s, r);
}
