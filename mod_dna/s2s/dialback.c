/* s2s/dialback.c: reading db:result and db:verify on the local hop (XEP-0220 2.1).
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
           dna_name_parse(call->from, from) == DNA_OK && dna_name_parse(call->to, to) == DNA_OK;
}

static void request(struct dna_s2s *s, enum dna_s2s_state none, enum dna_s2s_event event,
                    const struct dna_name *from, const struct dna_name *to)
{
    struct dna_s2s_record *r;
    if (s->options.role != DNA_RECEIVING) {
        /* R never verifies on the connection that brought the request. */
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "dialback requests go on a stream of their own");
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

/* from is the target of our request, to its sender. */
static void answer(struct dna_s2s *s, struct dna_span type, const struct dna_name *from,
                   const struct dna_name *to)
{
    struct dna_s2s_record *r =
        dna_s2s_pair(s, DNA_S2S_P_NONE, to->text, from->text, (struct dna_span){NULL, 0});
    enum dna_s2s_event event = dna_span_is(type, "valid")     ? DNA_S2S_RX_RESULT_VALID
                               : dna_span_is(type, "invalid") ? DNA_S2S_RX_RESULT_INVALID
                                                              : DNA_S2S_RX_RESULT_ERROR;
    if (r == NULL) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "a dialback answer that nobody asked for");
    } else {
        dna_s2s_raise(s, event, r, NULL, NULL);
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
    } else if (typed && verify) {
        dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                      "a dialback answer that nobody asked for");
    } else if (typed) {
        answer(s, type, &from, &to);
    } else if (result) {
        request(s, DNA_S2S_L_NONE, DNA_S2S_RX_RESULT, &from, &to);
    } else {
        request(s, DNA_S2S_K_NONE, DNA_S2S_RX_VERIFY, &from, &to);
    }
}
