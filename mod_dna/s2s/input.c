/* s2s/input.c: what comes from the peer, as events.
 *
 * An element is classified by its name alone; what it says is judged by the file that knows
 * its kind, before the tables see the event.
 */
#include <s2s/table.h>

#include <string.h>

#include <base/limits.h>

static enum dna_s2s_event stanza_event(struct dna_s2s *s, const struct dna_xml_item *item)
{
    const struct dna_xml_element *e = item->element;
    if (e->prefix.len != 0) {
        return DNA_S2S_EV_PREFIXED_STANZA;
    }
    if (DNA_S2S_SAME(e->name, "message")) {
        s->stanza.kind = DNA_MESSAGE;
    } else if (DNA_S2S_SAME(e->name, "presence")) {
        s->stanza.kind = DNA_PRESENCE;
    } else if (DNA_S2S_SAME(e->name, "iq")) {
        s->stanza.kind = DNA_IQ;
    } else {
        return dna_s2s_is_dna(s, e) && !s->options.bridge ? DNA_S2S_EV_DNA : DNA_S2S_EV_OTHER;
    }
    if (dna_s2s_established(s) || s->state == DNA_S2S_CLOSING) {
        s->call->gate = dna_s2s_gate_look(s, item);
        dna_s2s_manage_count(s);
    }
    return DNA_S2S_EV_STANZA;
}

static const struct {
    const char *ns, *name;
    enum dna_s2s_event event;
} element_events[] = {
    {DNA_S2S_NS_STREAM, "features", DNA_S2S_EV_FEATURES},
    {DNA_S2S_NS_STREAM, "error", DNA_S2S_EV_STREAM_ERROR},
    {DNA_S2S_NS_TLS, "starttls", DNA_S2S_EV_STARTTLS},
    {DNA_S2S_NS_TLS, "proceed", DNA_S2S_EV_PROCEED},
    {DNA_S2S_NS_TLS, "failure", DNA_S2S_EV_TLS_FAILURE},
    {DNA_S2S_NS_SASL, "auth", DNA_S2S_EV_AUTH},
    {DNA_S2S_NS_SASL, "response", DNA_S2S_EV_RESPONSE},
    {DNA_S2S_NS_SASL, "abort", DNA_S2S_EV_ABORT},
    {DNA_S2S_NS_SASL, "challenge", DNA_S2S_EV_SASL_CHALLENGE},
    {DNA_S2S_NS_SASL, "success", DNA_S2S_EV_SUCCESS},
    {DNA_S2S_NS_SASL, "failure", DNA_S2S_EV_SASL_FAILURE},
    {DNA_S2S_NS_BIDI, "bidi", DNA_S2S_EV_BIDI},
    {DNA_S2S_NS_MANAGE, "enable", DNA_S2S_EV_ENABLE},
    {DNA_S2S_NS_MANAGE, "enabled", DNA_S2S_EV_ENABLED},
    {DNA_S2S_NS_MANAGE, "resume", DNA_S2S_EV_RESUME},
    {DNA_S2S_NS_MANAGE, "resumed", DNA_S2S_EV_RESUMED},
    {DNA_S2S_NS_MANAGE, "failed", DNA_S2S_EV_NOT_MANAGED},
    {DNA_S2S_NS_MANAGE, "r", DNA_S2S_EV_ACK_REQUEST},
    {DNA_S2S_NS_MANAGE, "a", DNA_S2S_EV_ACK},
};

static enum dna_s2s_event element_event(struct dna_s2s *s, const struct dna_xml_item *item)
{
    const struct dna_xml_element *e = item->element;
    if (DNA_S2S_SAME(e->ns, DNA_S2S_NS_SERVER)) {
        return stanza_event(s, item);
    }
    if (dna_s2s_is_dna(s, e)) {
        return s->options.bridge ? DNA_S2S_EV_OTHER : DNA_S2S_EV_DNA;
    }
    if (dna_span_is(e->ns, DNA_S2S_NS_DIALBACK)) {
        return DNA_S2S_EV_DIALBACK;
    }
    for (size_t i = 0; i < sizeof element_events / sizeof *element_events; i++) {
        if (dna_xml_is(e, element_events[i].ns, element_events[i].name)) {
            enum dna_s2s_event event = element_events[i].event;
            if (event == DNA_S2S_EV_AUTH || event == DNA_S2S_EV_RESPONSE) {
                s->call->auth = dna_s2s_auth_read(s, e);
            }
            if (event >= DNA_S2S_EV_ENABLE && event <= DNA_S2S_EV_ACK) {
                dna_s2s_manage_read(s, e);
            }
            return event;
        }
    }
    return DNA_S2S_EV_OTHER;
}

static const char *xml_condition(enum dna_xml_error error)
{
    switch (error) {
    case DNA_XML_NOT_WELL_FORMED:
        return "not-well-formed";
    case DNA_XML_RESTRICTED:
        return "restricted-xml";
    case DNA_XML_UNSUPPORTED_ENCODING:
        return "unsupported-encoding";
    case DNA_XML_BAD_NAMESPACE_PREFIX:
        return "bad-namespace-prefix";
    case DNA_XML_BAD_FORMAT:
        return "bad-format";
    case DNA_XML_POLICY:
        return "policy-violation";
    case DNA_XML_MEMORY:
    case DNA_XML_OK:
        break;
    }
    return "internal-server-error";
}

static void handle_header(struct dna_s2s *s, const struct dna_xml_item *item)
{
    struct dna_s2s_header header;
    dna_s2s_header_read(s, item, &header);
    s->call->header = &header;
    s->call->condition = header.fault;
    s->call->text = header.why;
    dna_s2s_run(s, header.fault != NULL ? DNA_S2S_EV_BAD_HEADER : DNA_S2S_EV_HEADER, NULL);
    s->call->header = NULL;
}

static void handle(struct dna_s2s *s, const struct dna_xml_item *item)
{
    s->call->item = item;
    switch (item->kind) {
    case DNA_XML_MORE:
        break;
    case DNA_XML_HEADER:
        handle_header(s, item);
        break;
    case DNA_XML_ELEMENT:
        if (dna_buf_len(&s->out) > DNA_LIMIT_OUTPUT) {
            s->call->condition = "policy-violation";
            s->call->text = "answers are not read";
            dna_s2s_run(s, DNA_S2S_EV_FAULT, NULL);
        } else {
            s->watch.sent = 0; /* it lives */
            dna_s2s_run(s, element_event(s, item), NULL);
        }
        break;
    case DNA_XML_END:
        dna_s2s_run(s, DNA_S2S_EV_END, NULL);
        break;
    case DNA_XML_ERROR:
        s->call->condition = xml_condition(item->error);
        s->call->text = item->why;
        dna_s2s_run(s, DNA_S2S_EV_XML_ERROR, NULL);
        break;
    }
}

enum dna_err dna_s2s_item(struct dna_s2s *s, const struct dna_xml_item *item,
                          struct dna_time now)
{
    struct dna_s2s_call call;
    if (s->err == DNA_OK && s->effects.first != s->effects.n) {
        return DNA_ERR_STATE;
    }
    if (dna_s2s_begin(s, &call, now)) {
        handle(s, item);
        s->call->item = NULL;
    }
    return dna_s2s_finish(s);
}

/* Bytes that come while TLS is being set up were not meant for it (RFC 6120 5.4.3.3). */
void dna_s2s_received(struct dna_s2s *s, size_t bytes)
{
    struct dna_s2s_input *input = &s->input;
    struct dna_s2s_call call;
    size_t most = input->challenged ? DNA_LIMIT_TOTAL_CHALLENGE : DNA_LIMIT_TOTAL_UNAUTH;
    s->watch.heard = s->now.mono;
    if (s->state == DNA_S2S_IN_SECURING || s->state == DNA_S2S_OUT_SECURING) {
        input->in_clear += bytes;
    }
    if (s->err != DNA_OK || dna_s2s_established(s) || s->records.peer_valid > 0) {
        return;
    }
    input->total = bytes < SIZE_MAX - input->total ? input->total + bytes : SIZE_MAX;
    if (input->total > most && dna_s2s_begin(s, &call, s->now)) {
        dna_s2s_run(s, DNA_S2S_EV_OVERFLOW, NULL);
        (void)dna_s2s_finish(s);
    }
}
