/* s2s/act_pair.c: dialback on the hop to a local server (XEP-0220). */
#include <s2s/actions.h>

#include <base/limits.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

/* --- our own pairs --------------------------------------------------------------------- */

ACTION(ask_key)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_DIALBACK_KEY,
                                    .domain = r->domain,
                                    .other = r->other,
                                    .from = dna_span_of(r->domain),
                                    .to = dna_span_of(r->other),
                                    .id = dna_span_of(s->headers.id)};
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_DIALBACK_MS);
    dna_s2s_emit(s, &effect);
}

ACTION(send_result)
{
    dna_s2s_put(s, "<db:result from='%s' to='%s'>", r->domain, r->other);
    dna_s2s_put_text(s, s->call->content);
    dna_s2s_put(s, "</db:result>");
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_DIALBACK_MS);
}

/* Asks the host whether the content proves the secret. */
static void check(struct dna_s2s *s, const struct dna_s2s_record *r, bool answer,
                  const char *id)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_DIALBACK_CHECK,
                                    .domain = r->domain,
                                    .other = r->other,
                                    .accepted = answer,
                                    .from = answer ? dna_span_of(r->domain) : s->call->from,
                                    .to = answer ? dna_span_of(r->other) : s->call->to,
                                    .id = dna_span_of(id),
                                    .content = s->call->content};
    dna_s2s_emit(s, &effect);
}

ACTION(check_answer)
{
    check(s, r, true, s->headers.id);
}

ACTION(pair_accepted)
{
    r->refusals = 0;
    dna_s2s_timer(s, r, DNA_NEVER);
    dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, true, "");
    dna_s2s_raise(s, DNA_S2S_EV_AUTHENTICATED, NULL, NULL, NULL);
}

static void refuse(struct dna_s2s *s, struct dna_s2s_record *r, const char *condition)
{
    dna_s2s_timer(s, r, DNA_NEVER);
    r->retry_at = s->now.mono + dna_s2s_backoff(r);
    dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, false, condition);
}

ACTION(pair_refused)
{
    refuse(s, r, "remote-server-timeout");
}

/* The server will probably close: with no other pair the stream is of no use. */
ACTION(pair_invalid)
{
    refuse(s, r, "internal-server-error");
    if (s->records.own_valid == 0) {
        dna_s2s_raise(s, DNA_S2S_EV_REFUSED, NULL, NULL, NULL);
    }
}

/* Who does not know the secret is not the local server. */
ACTION(pair_unproven)
{
    refuse(s, r, "not-authorized");
    dna_s2s_log(s, DNA_LOG_WARNING, "link-unproven", "domain", dna_span_of(r->other));
    dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "not-authorized",
                  "the answer does not prove the secret of this link");
}

ACTION(pair_refused_still)
{
    dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, false, "remote-server-timeout");
}

/* --- the local server's pairs ------------------------------------------------------------ */

static void put_result(struct dna_s2s *s, const struct dna_s2s_record *r,
                       const char *condition)
{
    dna_s2s_put(s, "<db:result from='%s' to='%s' type=", r->other, r->domain);
    if (condition == NULL) {
        dna_s2s_put(s, "'valid'/>");
    } else {
        dna_s2s_put(s, "'error'><error type='cancel'><%s xmlns='" DNA_S2S_NS_STANZA_ERROR
                       "'/></error></db:result>", condition);
    }
}

ACTION(check_key)
{
    check(s, r, false, s->options.ids[0]);
}

static void accept(struct dna_s2s *s, const struct dna_s2s_record *r)
{
    if (r->state != DNA_S2S_L_VALID) {
        dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, true, "");
        dna_s2s_raise(s, DNA_S2S_EV_AUTHENTICATED, NULL, NULL, NULL);
    }
}

ACTION(answer_keyed)
{
    dna_s2s_put(s, "<db:result from='%s' to='%s' type='valid'>", r->other, r->domain);
    dna_s2s_put_text(s, s->call->content);
    dna_s2s_put(s, "</db:result>");
    accept(s, r);
}

ACTION(refuse_key)
{
    if (r->state == DNA_S2S_L_VALID) {
        dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, false, "not-authorized");
    }
    dna_s2s_log(s, DNA_LOG_WARNING, "link-unproven", "domain", dna_span_of(r->domain));
    dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "not-authorized",
                  "the key does not prove the secret of this link");
}

ACTION(answer_valid)
{
    put_result(s, r, NULL);
    accept(s, r);
}

ACTION(answer_not_found)
{
    put_result(s, r, "item-not-found");
}

ACTION(answer_not_allowed)
{
    put_result(s, r, "not-allowed");
    dna_s2s_log(s, DNA_LOG_WARNING, "link-spoofed", "domain", dna_span_of(r->domain));
    if (r->state == DNA_S2S_L_VALID) {
        dna_s2s_emit_standing(s, DNA_S2S_PAIR, r, false, "not-allowed");
    }
}

/* --- keys that the local server asks about ------------------------------------------------- */

static void put_verify(struct dna_s2s *s, const struct dna_s2s_record *r)
{
    dna_s2s_put(s, "<db:verify from='%s' to='%s'", r->other, r->domain);
    dna_s2s_put_attr(s, "id", dna_span_of(r->id));
}

/* Each question keeps its stream for a while, which no proof need be given on. */
static void linger(struct dna_s2s *s)
{
    int64_t until = s->now.mono + DNA_LIMIT_UNAUTH_MS;
    int64_t most = s->began + DNA_LIMIT_DIALBACK_LINGER_MS;
    until = until < most ? until : most;
    if (dna_s2s_is(s, DNA_S2S_PUBLIC) && s->lifetime != DNA_NEVER && s->lifetime < until) {
        s->lifetime = until;
    }
}

ACTION(ask_verified)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_DIALBACK_VERIFY,
                                    .domain = r->domain,
                                    .other = r->other,
                                    .from = s->call->from,
                                    .to = s->call->to,
                                    .id = s->call->id,
                                    .content = s->call->content};
    dna_s2s_timer(s, r, s->now.mono + DNA_LIMIT_DIALBACK_MS);
    linger(s);
    dna_s2s_emit(s, &effect);
}

ACTION(answer_verify)
{
    put_verify(s, r);
    dna_s2s_put(s, " type='%s'/>", s->call->valid ? "valid" : "invalid");
}

ACTION(answer_verify_error)
{
    put_verify(s, r);
    dna_s2s_put(s, " type='error'><error type='cancel'><item-not-found xmlns='"
                   DNA_S2S_NS_STANZA_ERROR "'/></error></db:verify>");
}
