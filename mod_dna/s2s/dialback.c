/* s2s/dialback.c: reading db:result and db:verify (XEP-0220 2.1).
 *
 * jabberd2 puts several pairs on one stream whose header names nobody: every element is
 * routed by its own from and to.  An answer needs a request of ours on this stream.
 */
#include <s2s/stream.h>

#include <base/limits.h>
#include <xml/element.h>

static bool read_names(struct dna_s2s *s, const struct dna_xml_element *e,
                       struct dna_name *from, struct dna_name *to)
{
    struct dna_s2s_call *call = s->call;
    return dna_xml_attr(e, "from", &call->from) && dna_xml_attr(e, "to", &call->to) &&
           dna_name_parse(call->from, from) == DNA_OK && !dna_name_is_address(from) &&
           dna_name_parse(call->to, to) == DNA_OK && !dna_name_is_address(to);
}

/* Checking a key of ours costs little, but not nothing. */
static bool asks_too_often(struct dna_s2s *s)
{
    if (s->verified == 0 || s->now.mono - s->verified_since >= 60000) {
        s->verified_since = s->now.mono;
        s->verified = 0;
    }
    return ++s->verified > DNA_LIMIT_DIALBACK_VERIFIES;
}

static void request(struct dna_s2s *s, enum dna_s2s_state none, enum dna_s2s_event event,
                    const struct dna_name *from, const struct dna_name *to)
{
    struct dna_s2s_record *r;
    bool reverse = s->bidi.on && none == DNA_S2S_R_NONE;
    if (s->options.role != DNA_RECEIVING && !reverse) {
        /* R never verifies on the connection that brought the request. */
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "dialback requests go on a stream of their own");
        return;
    }
    if (none == DNA_S2S_K_NONE && dna_s2s_is(s, DNA_S2S_PUBLIC) && asks_too_often(s)) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "too many keys to be verified");
        return;
    }
    r = dna_s2s_pair_make(s, none, from->text, to->text,
                          none == DNA_S2S_K_NONE ? s->call->id : (struct dna_span){NULL, 0});
    if (r != NULL) {
        dna_s2s_raise(s, event, r, NULL, NULL);
    } else if (s->err == DNA_OK) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "resource-constraint",
                      "too many pairs, or too long an id");
    }
}

/* The condition of an error, as one that is known; static.  XEP-0220 uses one that is no
 * stanza error's. */
static const char *error_condition(const struct dna_xml_element *e)
{
    static const char *const known[] = {
        "item-not-found", "not-acceptable", "not-allowed", "not-authorized", "forbidden",
        "policy-violation", "remote-connection-failed", "remote-server-not-found",
        "remote-server-timeout", "resource-constraint", "internal-server-error"};
    const struct dna_xml_element *error = dna_xml_child(e, DNA_S2S_NS_SERVER, "error");
    for (size_t i = 0; error != NULL && i < sizeof known / sizeof *known; i++) {
        if (dna_xml_child(error, DNA_S2S_NS_STANZA_ERROR, known[i]) != NULL) {
            return known[i];
        }
    }
    return "undefined-condition";
}

/* What is asked for is never an answer: from is the target of our request, to its sender, and
 * the request was sent on this stream. */
static void answer(struct dna_s2s *s, const struct dna_xml_element *e, bool verify,
                   const struct dna_name *from, const struct dna_name *to)
{
    const struct dna_span none = {NULL, 0};
    struct dna_s2s_record *r =
        dna_s2s_pair(s, verify ? DNA_S2S_Y_NONE : DNA_S2S_D_NONE, to->text, from->text,
                     verify ? s->call->id : none);
    struct dna_span type = none;
    (void)dna_xml_attr(e, "type", &type);
    if (r == NULL) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "a dialback answer that nobody asked for");
    } else if (dna_span_is(type, "valid")) {
        dna_s2s_raise(s, verify ? DNA_S2S_RX_VERIFY_VALID : DNA_S2S_RX_RESULT_VALID, r, NULL,
                      NULL);
    } else if (dna_span_is(type, "invalid")) {
        dna_s2s_raise(s, verify ? DNA_S2S_RX_VERIFY_INVALID : DNA_S2S_RX_RESULT_INVALID, r,
                      NULL, NULL);
    } else {
        dna_s2s_raise(s, verify ? DNA_S2S_RX_VERIFY_ERROR : DNA_S2S_RX_RESULT_ERROR, r,
                      error_condition(e), NULL);
    }
}

void dna_s2s_dialback_raise(struct dna_s2s *s, const struct dna_xml_element *e)
{
    struct dna_s2s_call *call = s->call;
    bool result = dna_span_is(e->name, "result"), verify = dna_span_is(e->name, "verify");
    struct dna_name from, to;
    struct dna_span type;
    bool typed = dna_xml_attr(e, "type", &type);
    if (!result && !verify) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "unsupported-stanza-type",
                      "not a dialback element");
        return;
    }
    if (!read_names(s, e, &from, &to)) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "improper-addressing",
                      "dialback needs from and to");
        return;
    }
    call->content = dna_xml_trim(e->text);
    call->id = (struct dna_span){NULL, 0};
    (void)dna_xml_attr(e, "id", &call->id);
    if (verify && call->id.len == 0) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "bad-format", "db:verify needs an id");
    } else if (typed) {
        answer(s, e, verify, &from, &to);
    } else if (result) {
        request(s, dna_s2s_is(s, DNA_S2S_LOCAL) ? DNA_S2S_L_NONE : DNA_S2S_R_NONE,
                DNA_S2S_RX_RESULT, &from, &to);
    } else {
        request(s, DNA_S2S_K_NONE, DNA_S2S_RX_VERIFY, &from, &to);
    }
}
