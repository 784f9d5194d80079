/* s2s/act_assert.c: one domain of ours, towards the peer. */
#include <s2s/actions.h>
#include <s2s/guards.h>

#include <string.h>

#include <base/limits.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

#define WHY_NOT "remote-server-timeout"

/* Answers come in the form that the peer used. */
static const char *namespace_of(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return r->short_form || s->call->short_form ? "" : " xmlns='" DNA_S2S_NS_DNA "'";
}

static bool is_header_own(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return strcmp(r->domain, s->own.text) == 0;
}

/* Dialback may still carry it, or does: then that tells the host what becomes of it. */
static bool dials_instead(const struct dna_s2s *s, const struct dna_s2s_record *r)
{
    return is_header_own(s, r) &&
           (s->headers.dials || (s->state == DNA_S2S_OUT_DNA &&
                                 (dna_s2s_if_dials_undecided(s, NULL) ||
                                  dna_s2s_if_dials_noted_standing(s, NULL))));
}

/* It ends without the peer's acceptance. */
static void end_refused(struct dna_s2s *s, struct dna_s2s_record *r)
{
    bool was_valid = dna_s2s_state_valid((enum dna_s2s_state)r->state);
    dna_s2s_timer(s, r, DNA_NEVER);
    r->ended_at = s->now.mono;
    r->retry_at = s->now.mono + dna_s2s_backoff(r);
    if (was_valid || !dials_instead(s, r)) {
        dna_s2s_emit_standing(s, DNA_S2S_OWN, r, false, WHY_NOT);
    }
    if (is_header_own(s, r) && !s->headers.dials) {
        dna_s2s_raise(s, DNA_S2S_EV_TURNED_AWAY, NULL, NULL, NULL);
    }
}

ACTION(send_assert)
{
    r->short_form = false;
    r->storm = 0;
    r->asserted = true;
    dna_s2s_put(s, "<assert xmlns='" DNA_S2S_NS_DNA "' from='%s'/>", r->domain);
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_T_ASSERT_MS);
}

/* Our features carried the assertion. */
ACTION(announce)
{
    r->asserted = true;
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_T_ASSERT_MS);
}

ACTION(wait)
{
    dna_s2s_wait(s, r);
}

static bool ended(const struct dna_s2s_record *r)
{
    return r->state == DNA_S2S_A_INVALID || r->state == DNA_S2S_A_IMPOSSIBLE;
}

ACTION(ask_proof)
{
    struct dna_s2s_effect effect = {
        .kind = DNA_S2S_PROVE, .domain = r->domain, .prooftypes = s->call->prooftypes};
    r->storm = (unsigned char)(r->storm + ended(r));
    r->offered = s->call->prooftypes;
    r->ietf = s->call->ietf;
    r->short_form = s->call->short_form;
    r->bare = s->call->bare;
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_T_ASSERT_MS);
    dna_s2s_emit(s, &effect);
}

ACTION(send_proof)
{
    enum dna_prooftype type = s->call->prooftype;
    bool ietf = (r->ietf & DNA_PROOF_BIT(type)) != 0;
    if (r->bare) {
        dna_s2s_put(s, "<proof>");
    } else {
        dna_s2s_put(s, "<proof%s from='%s' type='%s%s'>", namespace_of(s, r), r->domain,
                    ietf ? "urn:ietf:params:dna:proof:" : "urn:xmpp:dna:proof:",
                    dna_prooftype_name(type));
    }
    dna_s2s_put_text(s, s->call->content);
    dna_s2s_put(s, "</proof>");
    r->asserted = true;
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_T_ASSERT_MS);
}

/* We do not speak for it, or do not any more.  A peer without DNA is not to be told in words
 * that it does not know: what it sends is answered by the gate. */
ACTION(send_impossible)
{
    bool pending = !ended(r) && (r->state != DNA_S2S_A_NONE || r->asserted);
    if (s->dna == DNA_S2S_SPEAKS_YES) {
        dna_s2s_put(s, "<impossible%s from='%s'/>", namespace_of(s, r), r->domain);
    }
    if (pending) {
        end_refused(s, r);
    } else {
        r->storm = (unsigned char)(r->storm + (r->storm < DNA_LIMIT_STORM));
        r->ended_at = s->now.mono;
    }
}

ACTION(own_accepted)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    r->asserted = true;
    r->one_way = false;
    r->refusals = r->storm = 0;
    dna_s2s_emit_standing(s, DNA_S2S_OWN, r, true, "");
    dna_s2s_raise(s, DNA_S2S_EV_AUTHENTICATED, NULL, NULL, NULL);
}

ACTION(own_accepted_again)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    if (r->one_way) {
        r->one_way = false;
        dna_s2s_emit_standing(s, DNA_S2S_OWN, r, true, "");
    }
}

/* SASL lets stanzas flow from the initiating entity to the receiving one only. */
ACTION(own_restored)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    r->asserted = true;
    r->one_way = s->options.role == DNA_RECEIVING;
    if (!r->one_way) {
        dna_s2s_emit_standing(s, DNA_S2S_OWN, r, true, "");
    }
}

ACTION(own_refused)
{
    end_refused(s, r);
}

ACTION(own_unanswered)
{
    end_refused(s, r);
}

/* Refused while the peer's own domain was still being judged: now dialback may follow. */
ACTION(own_refused_still)
{
    if (!dials_instead(s, r)) {
        dna_s2s_emit_standing(s, DNA_S2S_OWN, r, false, WHY_NOT);
    }
    if (s->state == DNA_S2S_OUT_DNA && is_header_own(s, r)) {
        dna_s2s_raise(s, DNA_S2S_EV_TURNED_AWAY, NULL, NULL, NULL);
    }
}

ACTION(forget_own)
{
    r->ended_at = s->now.mono;
}

ACTION(count_challenge)
{
    (void)r;
    dna_s2s_count_abuse(s, "challenged again and again");
}
