/* s2s/act_stream.c: headers, features, TLS, and how a stream ends. */
#include <s2s/actions.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

/* --- the receiving entity ------------------------------------------------------------ */

static void note_names(struct dna_s2s *s)
{
    const struct dna_s2s_header *header = s->call->header;
    s->own = header->to;
    s->peer = header->from;
    s->headers.modern = header->modern;
}

static void greet(struct dna_s2s *s)
{
    note_names(s);
    dna_s2s_put_header(s, s->own.text, s->peer.text, s->headers.modern);
}

static void raise_own(struct dna_s2s *s, enum dna_s2s_event event)
{
    struct dna_s2s_record *own = dna_s2s_own_record_make(s, s->own.text);
    if (own != NULL) {
        dna_s2s_raise(s, event, own, NULL, NULL);
    }
}

static void raise_peer(struct dna_s2s *s, enum dna_s2s_event event)
{
    struct dna_s2s_record *peer = dna_s2s_peer_record_make(s, s->peer.text);
    if (peer != NULL) {
        dna_s2s_raise(s, event, peer, NULL, NULL);
    }
}

ACTION(greet)
{
    (void)r;
    greet(s);
    dna_s2s_put_features(s);
    if (s->peer.text[0] != '\0') {
        dna_s2s_emit_domain(s, DNA_S2S_FORESEE, s->peer.text);
    }
}

ACTION(greet_local)
{
    (void)r;
    greet(s);
    if (s->headers.modern) {
        dna_s2s_put_features(s);
    }
}

ACTION(greet_tls)
{
    (void)r;
    greet(s);
    s->patience = s->now.mono + DNA_LIMIT_PATIENCE_MS;
    raise_peer(s, DNA_S2S_RE_HEARD_OF);
}

ACTION(greet_dna)
{
    (void)r;
    greet(s);
    s->dna = DNA_S2S_SPEAKS_YES;
    dna_s2s_put_features(s);
    raise_own(s, DNA_S2S_RE_ANNOUNCED);
    raise_peer(s, DNA_S2S_RE_HEARD_OF);
}

ACTION(greet_again)
{
    greet(s);
    if (s->call->header->dna) {
        s->dna = DNA_S2S_SPEAKS_YES;
    }
    dna_s2s_put_features(s);
    raise_own(s, DNA_S2S_RE_ANNOUNCED);
    raise_own(s, DNA_S2S_RE_RESTORED);
    raise_peer(s, DNA_S2S_RE_RESTORED);
    dna_s2s_do_establish(s, r);
}

ACTION(offer)
{
    (void)r;
    s->patience = DNA_NEVER;
    dna_s2s_put_features(s);
    raise_own(s, DNA_S2S_RE_ANNOUNCED);
}

ACTION(offer_and_take_dna)
{
    dna_s2s_do_offer(s, r);
    dna_s2s_do_take_dna(s, r);
}

ACTION(proceed)
{
    (void)r;
    dna_s2s_put(s, "<proceed xmlns='" DNA_S2S_NS_TLS "'/>");
    dna_s2s_emit_domain(s, DNA_S2S_SECURE, s->own.text);
}

ACTION(refuse_tls)
{
    s->why = "STARTTLS where it has no place";
    dna_s2s_put(s, "<failure xmlns='" DNA_S2S_NS_TLS "'/>");
    dna_s2s_do_say_end(s, r);
}

/* --- both ------------------------------------------------------------------------------- */

void dna_s2s_forget(struct dna_s2s *s, unsigned char round)
{
    dna_s2s_records_clear(s);
    dna_alloc_release(s->options.alloc, s->headers.id);
    s->headers = (struct dna_s2s_headers){.round = round};
    s->dna = DNA_S2S_SPEAKS_UNKNOWN;
    s->patience = DNA_NEVER;
    if (s->options.role == DNA_RECEIVING) {
        s->own.text[0] = s->peer.text[0] = '\0';
    }
    dna_s2s_emit_domain(s, DNA_S2S_RESTART, NULL);
}

ACTION(begin_tls)
{
    (void)r;
    dna_s2s_forget(s, 1);
    s->has_certificate = s->call->has_certificate;
}

ACTION(begin_tls_again)
{
    (void)r;
    if (s->state == DNA_S2S_OUT_HEADER) {
        dna_buf_clear(&s->out); /* direct TLS: that header was never sent */
    }
    dna_s2s_forget(s, 1);
    s->has_certificate = s->call->has_certificate;
    dna_s2s_put_header(s, s->own.text, s->peer.text, true);
    if (!s->options.verifies) { /* its answers are worth what the DNS is, whoever it proves to be */
        raise_peer(s, DNA_S2S_RE_HEARD_OF);
    }
}

ACTION(establish)
{
    (void)r;
    s->lifetime = DNA_NEVER;
    s->patience = DNA_NEVER;
    if (dna_s2s_is(s, DNA_S2S_PUBLIC)) {
        dna_s2s_watch_begin(s);
        dna_s2s_manage_begin(s);
    }
}

ACTION(relay)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_STANZA, .stanza = &s->stanza};
    (void)r;
    dna_s2s_emit(s, &effect);
}

ACTION(take_dna)
{
    struct dna_s2s_record *peer = dna_s2s_peer_record(s, s->peer.text);
    (void)r;
    if (s->dna != DNA_S2S_SPEAKS_YES) {
        s->dna = DNA_S2S_SPEAKS_YES;
        if (peer != NULL) {
            dna_s2s_raise(s, DNA_S2S_RE_DNA, peer, NULL, NULL);
        }
    }
    dna_s2s_dna_raise(s, s->call->item->element);
}

ACTION(offer_and_take_dialback)
{
    dna_s2s_do_offer(s, r);
    dna_s2s_do_take_dialback(s, r);
}

ACTION(take_dialback)
{
    (void)r;
    dna_s2s_dialback_raise(s, s->call->item->element);
}

/* --- the initiating entity ---------------------------------------------------------------- */

ACTION(note_header)
{
    const struct dna_s2s_header *header = s->call->header;
    (void)r;
    s->headers.modern = header->modern;
    s->headers.stranger = header->stranger;
    s->headers.dialback = header->dialback;
    if (dna_s2s_is(s, DNA_S2S_LOCAL) ||
        (s->options.dialback && header->id.len != 0 && header->id.len <= DNA_LIMIT_STREAM_ID)) {
        dna_alloc_release(s->options.alloc, s->headers.id);
        s->headers.id = dna_alloc_text(s->options.alloc, header->id);
        dna_s2s_fault(s, s->headers.id != NULL ? DNA_OK : DNA_ERR_MEMORY);
    }
}

ACTION(note_features)
{
    (void)r;
    dna_s2s_features_note(s, s->call->item->element);
}

ACTION(start_tls)
{
    (void)r;
    dna_s2s_put(s, "<starttls xmlns='" DNA_S2S_NS_TLS "'/>");
}

ACTION(secure)
{
    (void)r;
    dna_s2s_emit_domain(s, DNA_S2S_SECURE, s->own.text);
}

/* We want to send to the header's domain: once it is proven the peer is told so. */
ACTION(begin_dna)
{
    const struct dna_xml_element *features = s->call->item->element;
    (void)r;
    s->dna = DNA_S2S_SPEAKS_YES;
    dna_s2s_features_note(s, features);
    raise_peer(s, DNA_S2S_RE_DNA);
    dna_s2s_dna_raise(s, dna_s2s_features_assert(features));
    raise_peer(s, DNA_S2S_RE_WANT);
}

ACTION(await_ruling)
{
    (void)r;
    s->dna = DNA_S2S_SPEAKS_NO;
    dna_s2s_features_note(s, s->call->item->element);
    dna_s2s_bidi_begin(s);
    raise_peer(s, DNA_S2S_RE_NO_DNA);
}

ACTION(assert_own)
{
    (void)r;
    raise_own(s, DNA_S2S_RE_WANT);
}

/* --- ending ---------------------------------------------------------------------------- */

static void begin_end(struct dna_s2s *s)
{
    s->patience = DNA_NEVER;
    s->lifetime = s->now.mono + DNA_LIMIT_CLOSE_MS;
    dna_s2s_records_dismiss(s);
}

static void fail_with(struct dna_s2s *s, const char *condition, const char *text)
{
    struct dna_s2s_effect effect = {
        .kind = DNA_S2S_ERROR, .accepted = false, .condition = condition, .text = text};
    dna_s2s_put_error(s, condition, text);
    begin_end(s);
    dna_s2s_emit(s, &effect);
}

#define FAIL(name, condition, text)                                                         \
    ACTION(fail_##name)                                                                     \
    {                                                                                       \
        (void)r;                                                                            \
        fail_with(s, condition, text);                                                      \
    }

FAIL(not_authorized, "not-authorized", "nothing is proven that would permit this")
FAIL(invalid_from, "invalid-from", "that domain is not proven on this stream")
FAIL(improper_addressing, "improper-addressing", "from and to must be addresses")
FAIL(host_unknown, "host-unknown", "not a domain that is served on this stream")
FAIL(host_gone, "host-gone", "that domain is no longer served here")
FAIL(reset, "reset", "the proof of the domain has ended")
FAIL(lifetime, "policy-violation", "the negotiation took too long")
FAIL(overflow, "policy-violation", "too much input before authentication")
FAIL(retries, "policy-violation", "too many authentication attempts")
FAIL(unsupported_feature, "unsupported-feature",
     "the peer offers neither DNA nor SASL EXTERNAL")

ACTION(fail_storm)
{
    (void)r;
    dna_s2s_raise(s, DNA_S2S_EV_FAULT, NULL, "policy-violation",
                  "the same assertion again and again");
}

ACTION(fail)
{
    (void)r;
    fail_with(s, s->call->condition, s->call->text);
}

ACTION(shut)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_CLOSE,
                                    .text = s->why != NULL ? s->why : ""};
    (void)r;
    begin_end(s);
    s->ended = true;
    s->lifetime = DNA_NEVER;
    dna_s2s_emit(s, &effect);
}

ACTION(shut_injected)
{
    s->why = "bytes were injected where TLS begins";
    dna_s2s_do_shut(s, r);
}

ACTION(shut_late)
{
    s->why = "TLS was not set up in time";
    dna_s2s_do_shut(s, r);
}

ACTION(fail_and_shut)
{
    dna_s2s_do_fail(s, r);
    dna_s2s_do_shut(s, r);
}

ACTION(say_end)
{
    (void)r;
    if (s->headers.sent) {
        dna_s2s_manage_say(s);
        dna_s2s_put_end(s);
    }
    s->ended = true;
    begin_end(s);
}

ACTION(end_and_shut)
{
    s->why = s->call->item != NULL ? "the peer ended the stream" : s->why;
    dna_s2s_do_say_end(s, r);
    dna_s2s_do_shut(s, r);
}

ACTION(note_error)
{
    const struct dna_xml_element *error = s->call->item->element;
    const struct dna_xml_element *child = dna_xml_child(error, DNA_S2S_NS_STREAM_ERROR, "text");
    char text[256] = "";
    struct dna_s2s_effect effect = {.kind = DNA_S2S_ERROR,
                                    .accepted = true,
                                    .condition = dna_s2s_error_condition(error),
                                    .text = text};
    (void)r;
    if (child == NULL || strcmp(effect.condition, "see-other-host") == 0) {
        child = dna_xml_child(error, DNA_S2S_NS_STREAM_ERROR, effect.condition);
    }
    if (child != NULL) {
        struct dna_span said = dna_xml_trim(child->text);
        (void)snprintf(text, sizeof text, "%.*s", DNA_SPAN_FMT(said));
    }
    dna_s2s_emit(s, &effect);
}

ACTION(answer_error)
{
    s->managing.lost |= dna_s2s_established(s);
    s->managing.life_ms = 0; /* it is over by the peer's will, and not to be resumed */
    dna_s2s_do_note_error(s, r);
    dna_s2s_do_say_end(s, r);
}

/* --- stanzas that come too late or too early ---------------------------------------------- */

ACTION(bounce_from)
{
    (void)r;
    dna_s2s_put_bounce(s, DNA_STANZA_NOT_ALLOWED, "the sender's domain is no longer proven");
}

ACTION(bounce_to_gone)
{
    (void)r;
    dna_s2s_put_bounce(s, DNA_STANZA_ITEM_NOT_FOUND, "that domain is no longer served here");
}

ACTION(bounce_to_proving)
{
    (void)r;
    dna_s2s_put_bounce(s, DNA_STANZA_REMOTE_SERVER_TIMEOUT,
                       "you have not accepted this server for that domain");
}
