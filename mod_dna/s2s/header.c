/* s2s/header.c: reading the peer's stream header (RFC 6120 4.7, 4.8).
 *
 * A header that deserves a stream error says which one; the first fault in the order of
 * reading counts.  Nothing of a refused header is used but to address the answer.
 */
#include <s2s/stream.h>

#include <string.h>

#include <base/limits.h>

static void blame(struct dna_s2s_header *h, const char *fault, const char *why)
{
    if (h->fault == NULL) {
        h->fault = fault;
        h->why = why;
    }
}

static void read_namespaces(const struct dna_xml_item *item, struct dna_s2s_header *h)
{
    const struct dna_xml_element *e = item->element;
    bool prefix_free = e->prefix.len == 0;
    if (!dna_span_is(e->ns, DNA_S2S_NS_STREAM)) {
        blame(h, "invalid-namespace", "not the stream namespace");
    } else if (!dna_span_is(e->name, "stream")) {
        blame(h, "bad-format", "not a stream header");
    } else if (!prefix_free && !dna_span_is(e->prefix, "stream")) {
        blame(h, "bad-namespace-prefix", "only the prefix stream is supported");
    } else if (!prefix_free && !dna_span_is(item->default_ns, DNA_S2S_NS_SERVER)) {
        blame(h, "invalid-namespace", "the default namespace is not jabber:server");
    }
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number with leading zeros, at most 10000; false: none. */
static bool read_number(struct dna_span *text, unsigned *out)
{
    bool any = false;
    *out = 0;
    while (text->len > 0 && digit(text->ptr[0])) {
        any = true;
        *out = *out < 1000 ? *out * 10 + (unsigned)(text->ptr[0] - '0') : 10000;
        text->ptr++;
        text->len--;
    }
    return any;
}

/* The major version; 0 where there is none. */
static unsigned read_version(const struct dna_xml_element *e, struct dna_s2s_header *h)
{
    struct dna_span text;
    unsigned major, minor;
    if (!dna_xml_attr(e, "version", &text)) {
        return 0;
    }
    if (!read_number(&text, &major) || text.len == 0 || text.ptr[0] != '.') {
        blame(h, "unsupported-version", "not a version");
        return 0;
    }
    text.ptr++;
    text.len--;
    if (!read_number(&text, &minor) || text.len != 0) {
        blame(h, "unsupported-version", "not a version");
        return 0;
    }
    return major;
}

/* False: it is there and is not a domain. */
static bool read_domain(const struct dna_xml_element *e, const char *name,
                        struct dna_name *out)
{
    struct dna_span text;
    out->text[0] = '\0';
    if (!dna_xml_attr(e, name, &text) || text.len == 0) {
        return true;
    }
    if (dna_name_parse(text, out) != DNA_OK || dna_name_is_address(out)) {
        out->text[0] = '\0';
        return false;
    }
    return true;
}

/* Public, we receive: `to` is ours, `from` is not, and after SASL it is who was
 * authenticated. */
static void judge_initial(const struct dna_s2s *s, struct dna_s2s_header *h)
{
    if (h->to.text[0] == '\0' || !dna_s2s_hosts(s, h->to.text)) {
        blame(h, "host-unknown", "not a domain that is served here");
    } else if (h->from.text[0] == '\0' && s->headers.round > 0) {
        blame(h, "improper-addressing", "the header has no from");
    } else if (h->from.text[0] != '\0' && dna_s2s_hosts(s, h->from.text)) {
        blame(h, "invalid-from", "that domain is served here");
    } else if (s->headers.round == 2 && strcmp(h->from.text, s->sasl.identity.text) != 0) {
        blame(h, "invalid-from", "not the domain that was authenticated");
    }
}

/* From the local server: what it calls its own must belong to the link (S24). */
static void judge_local(const struct dna_s2s *s, struct dna_s2s_header *h)
{
    if (h->from.text[0] != '\0' && !dna_s2s_hosts(s, h->from.text)) {
        blame(h, "invalid-from", "not a domain of this link");
    }
}

void dna_s2s_header_read(const struct dna_s2s *s, const struct dna_xml_item *item,
                         struct dna_s2s_header *h)
{
    const struct dna_xml_element *e = item->element;
    bool receiving = s->options.role == DNA_RECEIVING, addressed;
    unsigned major;
    memset(h, 0, sizeof *h);
    h->dna = item->declares_dna && !s->options.bridge;
    h->dialback = item->declares_dialback;
    (void)dna_xml_attr(e, "id", &h->id);
    read_namespaces(item, h);
    major = read_version(e, h);
    h->modern = major > 0;
    if (major == 0 && dna_s2s_is(s, DNA_S2S_PUBLIC)) {
        blame(h, "unsupported-version", "no version: TLS cannot be negotiated");
    } else if (major > 1 && !receiving) {
        blame(h, "unsupported-version", "higher than ours");
    }
    addressed = read_domain(e, "to", &h->to);
    addressed = read_domain(e, "from", &h->from) && addressed;
    if (!receiving) {
        h->stranger = h->from.text[0] != '\0' && strcmp(h->from.text, s->options.peer) != 0;
        if (dna_s2s_is(s, DNA_S2S_LOCAL) &&
            (h->id.len == 0 || h->id.len > DNA_LIMIT_STREAM_ID)) {
            blame(h, "bad-format", "the header has no usable id");
        }
        return;
    }
    if (!addressed) {
        blame(h, "improper-addressing", "not a domain, or one that servers read differently");
    }
    if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
        judge_local(s, h);
    } else {
        judge_initial(s, h);
    }
}
