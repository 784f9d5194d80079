/* s2s/features.c: reading stream features and stream errors (RFC 6120 4.3.2, 4.9.3). */
#include <s2s/stream.h>

#include <base/limits.h>

bool dna_s2s_features_external(const struct dna_xml_element *features)
{
    const struct dna_xml_element *mechanisms =
        dna_xml_child(features, DNA_S2S_NS_SASL, "mechanisms");
    const struct dna_xml_element *m = mechanisms != NULL ? mechanisms->child : NULL;
    for (; m != NULL; m = m->next) {
        if (dna_xml_is(m, DNA_S2S_NS_SASL, "mechanism") &&
            dna_span_is(dna_xml_trim(m->text), "EXTERNAL")) {
            return true;
        }
    }
    return false;
}

const struct dna_xml_element *dna_s2s_features_assert(const struct dna_xml_element *features)
{
    return dna_xml_child(features, DNA_S2S_NS_DNA, "assert");
}

/* An unsigned integer, at most most; 0: none, or not one. */
static size_t read_size(struct dna_span text, size_t most)
{
    size_t value = 0;
    text = dna_xml_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return 0;
        }
        value = value < most ? value * 10 + (size_t)(text.ptr[i] - '0') : most;
    }
    return value < most ? value : most;
}

void dna_s2s_limits_read(const struct dna_xml_element *parent, size_t *max_bytes,
                         int64_t *idle_ms)
{
    const struct dna_xml_element *limits = dna_xml_child(parent, DNA_S2S_NS_LIMITS, "limits");
    const struct dna_xml_element *bytes, *idle;
    if (limits == NULL) {
        return;
    }
    bytes = dna_xml_child(limits, DNA_S2S_NS_LIMITS, "max-bytes");
    idle = dna_xml_child(limits, DNA_S2S_NS_LIMITS, "idle-seconds");
    if (bytes != NULL) {
        size_t most = read_size(bytes->text, SIZE_MAX / 20);
        /* Nobody may take less (RFC 6120 13.12). */
        *max_bytes = most == 0 || most > DNA_LIMIT_ELEMENT_LEAST ? most
                                                                 : DNA_LIMIT_ELEMENT_LEAST;
    }
    if (idle != NULL) {
        *idle_ms = (int64_t)read_size(idle->text, 365 * 24 * 3600) * 1000;
    }
}

size_t dna_s2s_max_bytes(const struct dna_s2s *s)
{
    return s->headers.max_bytes != 0 ? s->headers.max_bytes : s->bidi.max_bytes;
}

void dna_s2s_features_note(struct dna_s2s *s, const struct dna_xml_element *features)
{
    const struct dna_xml_element *dialback =
        dna_xml_child(features, DNA_S2S_NS_DIALBACK_FEATURE, "dialback");
    dna_s2s_limits_read(features, &s->headers.max_bytes, &s->headers.idle_ms);
    s->headers.manages = dna_xml_child(features, DNA_S2S_NS_MANAGE, "sm") != NULL;
    s->headers.bidi = dna_xml_child(features, DNA_S2S_NS_BIDI_FEATURE, "bidi") != NULL;
    s->headers.external = dna_s2s_features_external(features);
    s->headers.dialback |= dialback != NULL;
    s->headers.dialback_errors =
        dialback != NULL &&
        dna_xml_child(dialback, DNA_S2S_NS_DIALBACK_FEATURE, "errors") != NULL;
}

const char *dna_s2s_error_condition(const struct dna_xml_element *error)
{
    static const char *const known[] = {
        "bad-format", "bad-namespace-prefix", "conflict", "connection-timeout", "host-gone",
        "host-unknown", "improper-addressing", "internal-server-error", "invalid-from",
        "invalid-namespace", "invalid-xml", "not-authorized", "not-well-formed",
        "policy-violation", "remote-connection-failed", "reset", "resource-constraint",
        "restricted-xml", "see-other-host", "system-shutdown", "undefined-condition",
        "unsupported-encoding", "unsupported-feature", "unsupported-stanza-type",
        "unsupported-version"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (dna_xml_child(error, DNA_S2S_NS_STREAM_ERROR, known[i]) != NULL) {
            return known[i];
        }
    }
    if (dna_xml_child(error, DNA_S2S_NS_STREAM_ERROR, "xml-not-well-formed") != NULL) {
        return "not-well-formed";
    }
    return "undefined-condition";
}
