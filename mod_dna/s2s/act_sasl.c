/* s2s/act_sasl.c: SASL EXTERNAL in both roles (RFC 6120 6, XEP-0178).
 *
 * A success makes the stream begin anew: every record is dropped, and what SASL has
 * authenticated is restored once the new header names the same domain.
 */
#include <s2s/actions.h>

#include <string.h>

#include <base/codec.h>

#define ACTION(name) void dna_s2s_do_##name(struct dna_s2s *s, struct dna_s2s_record *r)

/* --- receiving ----------------------------------------------------------------------- */

static void refuse(struct dna_s2s *s, const char *condition)
{
    s->sasl.failures++;
    dna_s2s_put(s, "<failure xmlns='" DNA_S2S_NS_SASL "'><%s/></failure>", condition);
}

#define REFUSE(name, condition)                                                             \
    ACTION(sasl_##name)                                                                     \
    {                                                                                       \
        (void)r;                                                                            \
        refuse(s, condition);                                                               \
    }

REFUSE(malformed, "malformed-request")
REFUSE(invalid_mechanism, "invalid-mechanism")
REFUSE(incorrect_encoding, "incorrect-encoding")
REFUSE(invalid_authzid, "invalid-authzid")
REFUSE(temporary, "temporary-auth-failure")
REFUSE(not_authorized, "not-authorized")
REFUSE(aborted, "aborted")

ACTION(sasl_challenge)
{
    (void)r;
    dna_s2s_put(s, "<challenge xmlns='" DNA_S2S_NS_SASL "'/>");
}

/* Who is authenticated, and until when; then the stream begins anew. */
static void begin_again(struct dna_s2s *s)
{
    const struct dna_s2s_record *peer = dna_s2s_peer_record(s, s->peer.text);
    if (peer != NULL) { /* it is there, unless memory has just failed */
        s->sasl.identity = s->peer;
        s->sasl.expires_at = peer->expires_at;
        dna_s2s_forget(s, 2);
    }
}

ACTION(sasl_succeed)
{
    (void)r;
    dna_s2s_put(s, "<success xmlns='" DNA_S2S_NS_SASL "'/>");
    begin_again(s);
}

/* --- initiating ---------------------------------------------------------------------- */

/* The authzid is sent for peers that want one (XEP-0178 3). */
static void put_authzid(struct dna_s2s *s)
{
    char text[4 * ((DNA_NAME_MAX + 2) / 3) + 1];
    const char *own = s->own.text;
    dna_s2s_fault(s, dna_base64_encode((const unsigned char *)own, strlen(own), text,
                                       sizeof text));
    dna_s2s_put(s, "%s", text);
}

ACTION(begin_sasl)
{
    (void)r;
    if (s->call->item != NULL && s->state == DNA_S2S_OUT_TLS_FEATURES) {
        s->dna = DNA_S2S_SPEAKS_NO;
        dna_s2s_features_note(s, s->call->item->element);
        dna_s2s_bidi_begin(s);
    }
    dna_s2s_put(s, "<auth xmlns='" DNA_S2S_NS_SASL "' mechanism='EXTERNAL'>");
    put_authzid(s);
    dna_s2s_put(s, "</auth>");
}

ACTION(sasl_respond)
{
    (void)r;
    dna_s2s_put(s, "<response xmlns='" DNA_S2S_NS_SASL "'>");
    put_authzid(s);
    dna_s2s_put(s, "</response>");
}

ACTION(sasl_done)
{
    (void)r;
    begin_again(s);
    dna_s2s_put_header(s, s->own.text, s->peer.text, true);
}

ACTION(sasl_refused)
{
    struct dna_s2s_effect effect = {.kind = DNA_S2S_OWN,
                                    .domain = s->own.text,
                                    .accepted = false,
                                    .condition = "not-authorized",
                                    .text = "the peer refuses SASL EXTERNAL"};
    dna_s2s_emit(s, &effect);
    dna_s2s_do_say_end(s, r);
}

/* The features behind a SASL success.  A peer that speaks DNA is told that it is accepted,
 * which also makes the stream carry stanzas both ways. */
ACTION(restore)
{
    const struct dna_xml_element *features = s->call->item->element;
    const struct dna_xml_element *assert =
        s->options.bridge ? NULL : dna_s2s_features_assert(features);
    struct dna_s2s_record *own = dna_s2s_own_record_make(s, s->own.text);
    struct dna_s2s_record *peer = dna_s2s_peer_record_make(s, s->peer.text);
    s->dna = assert != NULL ? DNA_S2S_SPEAKS_YES : DNA_S2S_SPEAKS_NO;
    dna_s2s_features_note(s, features);
    if (own != NULL && peer != NULL) {
        dna_s2s_raise(s, DNA_S2S_RE_RESTORED, own, NULL, NULL);
        dna_s2s_raise(s, DNA_S2S_RE_RESTORED, peer, NULL, NULL);
    }
    if (assert != NULL) {
        dna_s2s_dna_raise(s, assert);
    }
    dna_s2s_do_establish(s, r);
}
