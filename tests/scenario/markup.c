/* XML in a fixed form, so that two spellings of one element are one line of text. */
#include "play.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix, *ns;
    bool expand; /* written out when a peer says it: its header declares the others */
} known[] = {
    {"", "jabber:server", false},
    {"stream:", "http://etherx.jabber.org/streams", false},
    {"db:", "jabber:server:dialback", false},
    {"dna:", "urn:xmpp:dna:0", true},
    {"tls:", "urn:ietf:params:xml:ns:xmpp-tls", true},
    {"sasl:", "urn:ietf:params:xml:ns:xmpp-sasl", true},
    {"error:", "urn:ietf:params:xml:ns:xmpp-streams", true},
    {"stanza:", "urn:ietf:params:xml:ns:xmpp-stanzas", true},
    {"limits:", "urn:xmpp:stream-limits:0", true},
    {"feature:", "urn:xmpp:features:dialback", true},
};
#define N_KNOWN (sizeof known / sizeof *known)

static const char wrapper[] =
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'"
    " xmlns:db='jabber:server:dialback'>";

static const struct dna_xml_limits limits = {
    .element = 1 << 20, .depth = 100, .attributes = 100};

static void put(char *out, size_t room, const char *text, size_t len)
{
    size_t n = strlen(out);
    if (len != 0 && n + len < room) {
        memcpy(out + n, text, len);
        out[n + len] = '\0';
    }
}

static void put_text(char *out, size_t room, const char *text)
{
    put(out, room, text, strlen(text));
}

static void put_name(const struct dna_xml_element *e, char *out, size_t room)
{
    for (size_t i = 0; i < N_KNOWN; i++) {
        if (dna_span_is(e->ns, known[i].ns)) {
            put_text(out, room, known[i].prefix);
            put(out, room, e->name.ptr, e->name.len);
            return;
        }
    }
    put_text(out, room, "[");
    put(out, room, e->ns.ptr, e->ns.len);
    put_text(out, room, "]");
    put(out, room, e->name.ptr, e->name.len);
}

static int by_name(const void *a, const void *b)
{
    const struct dna_xml_attr *x = a, *y = b;
    size_t n = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.ptr, y->name.ptr, n);
    return order != 0 ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void put_attrs(const struct dna_xml_element *e, char *out, size_t room)
{
    struct dna_xml_attr sorted[100];
    if (e->n_attrs != 0) {
        memcpy(sorted, e->attrs, e->n_attrs * sizeof *sorted);
        qsort(sorted, e->n_attrs, sizeof *sorted, by_name);
    }
    for (size_t i = 0; i < e->n_attrs; i++) {
        put_text(out, room, " ");
        put(out, room, sorted[i].name.ptr, sorted[i].name.len);
        put_text(out, room, "='");
        put(out, room, sorted[i].value.ptr, sorted[i].value.len);
        put_text(out, room, "'");
    }
}

static void show(const struct dna_xml_element *e, char *out, size_t room)
{
    struct dna_span text = dna_xml_trim(e->text);
    if (dna_span_is(e->name, "any")) {
        put_text(out, room, "*"); /* in a pattern: whatever stands here */
        return;
    }
    put_text(out, room, "<");
    put_name(e, out, room);
    put_attrs(e, out, room);
    if (text.len == 0 && e->child == NULL) {
        put_text(out, room, "/>");
        return;
    }
    put_text(out, room, ">");
    put(out, room, text.ptr, text.len);
    for (const struct dna_xml_element *c = e->child; c != NULL; c = c->next) {
        show(c, out, room);
    }
    put_text(out, room, "</");
    put_name(e, out, room);
    put_text(out, room, ">");
}

void markup_show(const struct dna_xml_element *element, char *out, size_t room)
{
    out[0] = '\0';
    show(element, out, room);
}

/* "<dna:x" to "<x xmlns='...'", "</dna:x" to "</x". */
void markup_expand(const char *text, char *out, size_t room)
{
    const char *ns = NULL;
    out[0] = '\0';
    while (*text != '\0') {
        size_t skip = 0;
        bool closing = text[0] == '<' && text[1] == '/';
        for (size_t i = 0; text[0] == '<' && i < N_KNOWN; i++) {
            size_t len = strlen(known[i].prefix);
            if (known[i].expand && strncmp(text + 1 + closing, known[i].prefix, len) == 0) {
                skip = 1 + closing + len;
                ns = closing ? NULL : known[i].ns;
                put_text(out, room, closing ? "</" : "<");
            }
        }
        text += skip;
        if (ns != NULL && strchr(" />\n", *text) != NULL) {
            put_text(out, room, " xmlns='");
            put_text(out, room, ns);
            put_text(out, room, "'");
            ns = NULL;
        }
        put(out, room, text, 1);
        text++;
    }
}

static struct dna_xml_reader *new_reader(struct play *play)
{
    struct dna_xml_reader *reader;
    play_ok(play, dna_xml_reader_new(NULL, "", &limits, &reader), "reader");
    return reader;
}

/* The first element of text, in the reader. */
static const struct dna_xml_element *parse(struct play *play, struct dna_xml_reader *reader,
                                           const char *text, char *room, size_t size)
{
    struct dna_xml_item item;
    (void)snprintf(room, size, "%s%s", wrapper, text);
    play_ok(play, dna_xml_reader_feed(reader, dna_span_of(room)), "parsing");
    dna_xml_reader_next(reader, &item);
    dna_xml_reader_next(reader, &item);
    if (item.kind != DNA_XML_ELEMENT) {
        play_fail(play, "no element (%s): %s", item.why != NULL ? item.why : "", text);
    }
    return item.element;
}

void markup_pattern(struct play *play, const char *text, char *out, size_t room)
{
    struct dna_xml_reader *reader = new_reader(play);
    char expanded[PLAY_TEXT], whole[PLAY_TEXT + 256];
    markup_expand(text, expanded, sizeof expanded);
    markup_show(parse(play, reader, expanded, whole, sizeof whole), out, room);
    dna_xml_reader_free(reader);
}

static void hear_header(struct play *play, struct actor_stream *stream,
                        const struct dna_xml_item *item)
{
    static const char *const names[] = {"from", "to", "id"};
    char text[1024] = "header";
    for (size_t i = 0; i < 3; i++) {
        struct dna_span value;
        if (dna_xml_attr(item->element, names[i], &value)) {
            put_text(text, sizeof text, " ");
            put_text(text, sizeof text, names[i]);
            put_text(text, sizeof text, "=");
            put(text, sizeof text, value.ptr, value.len);
        }
    }
    if (item->declares_dna) {
        put_text(text, sizeof text, " dna");
    }
    lines_add(play, &stream->said, "%s", text);
}

void markup_hear(struct play *play, struct actor_stream *stream, struct dna_span bytes)
{
    struct dna_xml_item item;
    char text[PLAY_TEXT];
    if (stream->output == NULL) {
        stream->output = new_reader(play);
    }
    if (bytes.len > 5 && memcmp(bytes.ptr, "<?xml", 5) == 0) {
        play_ok(play, dna_xml_reader_restart(stream->output), "restart");
    }
    play_ok(play, dna_xml_reader_feed(stream->output, bytes), "our own output");
    for (;;) {
        dna_xml_reader_next(stream->output, &item);
        switch (item.kind) {
        case DNA_XML_MORE:
            return;
        case DNA_XML_HEADER:
            hear_header(play, stream, &item);
            break;
        case DNA_XML_ELEMENT:
            markup_show(item.element, text, sizeof text);
            lines_add(play, &stream->said, "%s", text);
            break;
        case DNA_XML_END:
            lines_add(play, &stream->said, "end");
            return;
        case DNA_XML_ERROR:
            play_fail(play, "we wrote bad XML: %s", item.why);
        }
    }
}

enum dna_err markup_send(struct play *play, struct actor_stream *stream, const char *text)
{
    struct dna_xml_reader *reader = new_reader(play);
    char whole[PLAY_TEXT + 256];
    const struct dna_xml_element *e = parse(play, reader, text, whole, sizeof whole);
    struct dna_stanza stanza = {
        .kind = dna_span_is(e->name, "iq")         ? DNA_IQ
                : dna_span_is(e->name, "presence") ? DNA_PRESENCE
                                                   : DNA_MESSAGE,
        .raw = dna_span_of(text),
    };
    enum dna_err err;
    (void)dna_xml_attr(e, "from", &stanza.from);
    (void)dna_xml_attr(e, "to", &stanza.to);
    (void)dna_xml_attr(e, "id", &stanza.id);
    (void)dna_xml_attr(e, "type", &stanza.type);
    play_ok(play, dna_name_of_jid(stanza.from, &stanza.from_domain), "from");
    play_ok(play, dna_name_of_jid(stanza.to, &stanza.to_domain), "to");
    err = dna_stream_send(stream->stream, &stanza);
    dna_xml_reader_free(reader);
    return err;
}
