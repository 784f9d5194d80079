/* s2s/write.c: what we say.
 *
 * Domains of ours and of records are canonical and need no escaping; everything else is
 * escaped.  Behind our end tag nothing is written.
 */
#include <s2s/stream.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <base/limits.h>
#include <xml/writer.h>

static bool mute(const struct dna_s2s *s)
{
    return s->err != DNA_OK || s->ended;
}

void dna_s2s_put(struct dna_s2s *s, const char *format, ...)
{
    char line[1024];
    va_list args;
    int len;
    if (mute(s)) {
        return;
    }
    va_start(args, format);
    len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof line) {
        dna_s2s_fault(s, DNA_ERR_LIMIT);
        return;
    }
    s->watch.wrote = s->now.mono;
    dna_s2s_fault(s, dna_buf_add(&s->out, (struct dna_span){line, (size_t)len}));
}

void dna_s2s_put_attr(struct dna_s2s *s, const char *name, struct dna_span value)
{
    if (!mute(s)) {
        dna_s2s_fault(s, dna_xml_write_attr(&s->out, name, value));
    }
}

void dna_s2s_put_text(struct dna_s2s *s, struct dna_span text)
{
    if (!mute(s)) {
        dna_s2s_fault(s, dna_xml_write_text(&s->out, text));
    }
}

void dna_s2s_put_header(struct dna_s2s *s, const char *from, const char *to, bool version)
{
    bool receiving = s->options.role == DNA_RECEIVING;
    dna_s2s_put(s, "<?xml version='1.0'?><stream:stream xmlns='" DNA_S2S_NS_SERVER
                   "' xmlns:stream='" DNA_S2S_NS_STREAM "'");
    if (dna_s2s_is(s, DNA_S2S_LOCAL) || s->options.dialback) {
        dna_s2s_put(s, " xmlns:db='" DNA_S2S_NS_DIALBACK "'");
    }
    if (dna_s2s_is(s, DNA_S2S_PUBLIC) && !receiving && !s->options.verifies &&
        !s->options.bridge) {
        dna_s2s_put(s, " xmlns:dna='" DNA_S2S_NS_DNA "'");
    }
    if (from[0] != '\0' || dna_s2s_is(s, DNA_S2S_PUBLIC)) {
        dna_s2s_put(s, " from='%s'", from);
    }
    if (to[0] != '\0') {
        dna_s2s_put(s, " to='%s'", to);
    }
    if (receiving) {
        dna_s2s_put(s, " id='%s'", s->options.ids[s->headers.round]);
    }
    dna_s2s_put(s, "%s xml:lang='en'>", version ? " version='1.0'" : "");
    s->headers.sent = true;
}

static bool has_record(const struct dna_s2s_record *r, enum dna_s2s_state state)
{
    return r != NULL && r->state == state;
}

static void put_dialback_feature(struct dna_s2s *s)
{
    dna_s2s_put(s, "<dialback xmlns='" DNA_S2S_NS_DIALBACK_FEATURE "'><errors/></dialback>");
}

void dna_s2s_put_limits(struct dna_s2s *s)
{
    dna_s2s_put(s, "<limits xmlns='" DNA_S2S_NS_LIMITS "'><max-bytes>%d</max-bytes>"
                   "<idle-seconds>%d</idle-seconds></limits>",
                DNA_LIMIT_ELEMENT_AUTH, DNA_LIMIT_IDLE_S);
}

/* Streams of DNA carry both ways by themselves.  Other features come after SASL; without it
 * there are none, so that stream management is offered in advance. */
static void put_what_lasts(struct dna_s2s *s, bool offers_sasl)
{
    if (s->options.bidi && s->headers.round == 1 && s->dna != DNA_S2S_SPEAKS_YES) {
        dna_s2s_put(s, "<bidi xmlns='" DNA_S2S_NS_BIDI_FEATURE "'/>");
    }
    if (s->options.manages && !offers_sasl) {
        dna_s2s_put(s, "<sm xmlns='" DNA_S2S_NS_MANAGE "'/>");
    }
}

/* After SASL nothing mandatory is left. */
void dna_s2s_put_features(struct dna_s2s *s)
{
    bool offers_sasl = s->headers.round == 1 && s->has_certificate &&
                       has_record(dna_s2s_peer_record(s, s->peer.text), DNA_S2S_V_PROVEN);
    dna_s2s_put(s, "<stream:features>");
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        put_dialback_feature(s);
    } else if (s->headers.round == 0) {
        dna_s2s_put(s, "<starttls xmlns='" DNA_S2S_NS_TLS "'><required/></starttls>");
    } else {
        if (offers_sasl) {
            dna_s2s_put(s, "<mechanisms xmlns='" DNA_S2S_NS_SASL
                           "'><mechanism>EXTERNAL</mechanism></mechanisms>");
        }
        if (!s->options.bridge) {
            dna_s2s_put(s, "<assert xmlns='" DNA_S2S_NS_DNA "' from='%s'/>", s->own.text);
        }
        dna_s2s_put_limits(s);
        put_what_lasts(s, offers_sasl);
        if (s->options.dialback) {
            put_dialback_feature(s);
        }
    }
    dna_s2s_put(s, "</stream:features>");
}

void dna_s2s_put_end(struct dna_s2s *s)
{
    dna_s2s_put(s, "</stream:stream>");
    s->ended = true;
}

void dna_s2s_put_error(struct dna_s2s *s, const char *condition, const char *text)
{
    if (!s->headers.sent) {
        /* Only an own domain may stand in it, and only what is known of the peer. */
        const struct dna_s2s_header *header = s->call->header;
        bool own = header != NULL && dna_s2s_is(s, DNA_S2S_PUBLIC) &&
                   dna_s2s_hosts(s, header->to.text);
        dna_s2s_put_header(s, own ? header->to.text : "",
                           header != NULL ? header->from.text : "",
                           header == NULL || header->modern);
    }
    if (text != NULL && strcmp(condition, "see-other-host") == 0) {
        dna_s2s_put(s, "<stream:error><%s xmlns='" DNA_S2S_NS_STREAM_ERROR "'>", condition);
        dna_s2s_put_text(s, dna_span_of(text));
        dna_s2s_put(s, "</%s>", condition);
        text = NULL; /* it is said where to */
    } else {
        dna_s2s_put(s, "<stream:error><%s xmlns='" DNA_S2S_NS_STREAM_ERROR "'/>", condition);
    }
    if (text != NULL && text[0] != '\0') {
        dna_s2s_put(s, "<text xmlns='" DNA_S2S_NS_STREAM_ERROR "' xml:lang='en'>");
        dna_s2s_put_text(s, dna_span_of(text));
        dna_s2s_put(s, "</text>");
    }
    if (s->call->too_high) {
        dna_s2s_put(s, "<handled-count-too-high xmlns='" DNA_S2S_NS_MANAGE
                       "' h='%" PRIu32 "' send-count='%" PRIu32 "'/>",
                    s->call->h, s->managing.manage.sent);
    }
    dna_s2s_put(s, "</stream:error>");
    dna_s2s_put_end(s);
}
