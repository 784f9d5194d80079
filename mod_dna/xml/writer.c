/* xml/writer.c: escaping, and elements written back. */
#include <xml/writer.h>

#include <string.h>

/* Length of the character at s[0..len), 0 where XML 1.0 (2.2) forbids it or the bytes are no
 * UTF-8. */
static size_t character(const unsigned char *s, size_t len)
{
    size_t need = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3
                : s[0] < 0xf5 ? 4 : 0;
    if (need == 0 || need > len) {
        return 0;
    }
    if (need == 1) {
        return s[0] >= 0x20 || s[0] == '\t' || s[0] == '\n' || s[0] == '\r' ? 1 : 0;
    }
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90) ||
        (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe)) {
        return 0;
    }
    return need;
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\'':
        return "&apos;";
    case '"':
        return "&quot;";
    case '\t': /* an attribute value would lose these */
        return "&#9;";
    case '\n':
        return "&#10;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

enum dna_err dna_xml_write_text(struct dna_buf *out, struct dna_span text)
{
    size_t before = dna_buf_len(out), plain = 0, i = 0;
    enum dna_err err = DNA_OK;
    while (i < text.len && err == DNA_OK) {
        size_t len = character((const unsigned char *)text.ptr + i, text.len - i);
        const char *escape = len == 0 ? "\xef\xbf\xbd" : escape_of(text.ptr[i]);
        if (escape == NULL) {
            i += len;
            continue;
        }
        err = dna_buf_add(out, (struct dna_span){text.ptr + plain, i - plain});
        if (err == DNA_OK) {
            err = dna_buf_add_text(out, escape);
        }
        i += len != 0 ? len : 1;
        plain = i;
    }
    if (err == DNA_OK && text.len > plain) {
        err = dna_buf_add(out, (struct dna_span){text.ptr + plain, text.len - plain});
    }
    if (err != DNA_OK) {
        dna_buf_truncate(out, before);
    }
    return err;
}

enum dna_err dna_xml_write_attr(struct dna_buf *out, const char *name, struct dna_span value)
{
    size_t before = dna_buf_len(out);
    enum dna_err err = DNA_OK;
    if (name != NULL) {
        err = dna_buf_printf(out, " %s", name);
    }
    if (err == DNA_OK) {
        err = dna_buf_add_text(out, "='");
    }
    if (err == DNA_OK) {
        err = dna_xml_write_text(out, value);
    }
    if (err == DNA_OK) {
        err = dna_buf_add_text(out, "'");
    }
    if (err != DNA_OK) {
        dna_buf_truncate(out, before);
    }
    return err;
}

static enum dna_err write_start(struct dna_buf *out, const struct dna_xml_element *e,
                                struct dna_span parent_ns)
{
    enum dna_err err = dna_buf_printf(out, "<%.*s", DNA_SPAN_FMT(e->name));
    unsigned prefixes = 0;
    if (err == DNA_OK && !dna_span_equal(e->ns, parent_ns)) {
        err = dna_xml_write_attr(out, "xmlns", e->ns);
    }
    for (size_t i = 0; i < e->n_attrs && err == DNA_OK; i++) {
        const struct dna_xml_attr *a = &e->attrs[i];
        if (dna_span_is(a->ns, "http://www.w3.org/XML/1998/namespace")) {
            err = dna_buf_add_text(out, " xml:");
        } else if (a->ns.len != 0) {
            err = dna_buf_printf(out, " xmlns:a%u", prefixes);
            if (err == DNA_OK) {
                err = dna_xml_write_attr(out, NULL, a->ns);
            }
            if (err == DNA_OK) {
                err = dna_buf_printf(out, " a%u:", prefixes++);
            }
        } else {
            err = dna_buf_add_text(out, " ");
        }
        if (err == DNA_OK) {
            err = dna_buf_add(out, a->name);
        }
        if (err == DNA_OK) {
            err = dna_xml_write_attr(out, NULL, a->value);
        }
    }
    return err;
}

static enum dna_err write_tree(struct dna_buf *out, const struct dna_xml_element *e,
                               struct dna_span parent_ns)
{
    enum dna_err err = write_start(out, e, parent_ns);
    if (err == DNA_OK && e->child == NULL && e->text.len == 0) {
        return dna_buf_add_text(out, "/>");
    }
    if (err == DNA_OK) {
        err = dna_buf_add_text(out, ">");
    }
    if (err == DNA_OK) {
        err = dna_xml_write_text(out, e->text);
    }
    for (const struct dna_xml_element *c = e->child; c != NULL && err == DNA_OK; c = c->next) {
        err = write_tree(out, c, e->ns);
    }
    return err == DNA_OK ? dna_buf_printf(out, "</%.*s>", DNA_SPAN_FMT(e->name)) : err;
}

enum dna_err dna_xml_write_element(struct dna_buf *out, const struct dna_xml_element *element,
                                   struct dna_span parent_ns)
{
    size_t before = dna_buf_len(out);
    enum dna_err err = write_tree(out, element, parent_ns);
    if (err != DNA_OK) {
        dna_buf_truncate(out, before);
    }
    return err;
}

enum dna_err dna_xml_write_raw(struct dna_buf *out, struct dna_span raw, size_t splice_at,
                               struct dna_span splice)
{
    char *space;
    enum dna_err err;
    if (splice_at > raw.len || splice.len > SIZE_MAX - raw.len) {
        return DNA_ERR_ARGUMENT;
    }
    err = dna_buf_reserve(out, raw.len + splice.len, &space);
    if (err != DNA_OK || raw.len == 0) {
        return err;
    }
    memcpy(space, raw.ptr, splice_at);
    if (splice.len != 0) {
        memcpy(space + splice_at, splice.ptr, splice.len);
    }
    memcpy(space + splice_at + splice.len, raw.ptr + splice_at, raw.len - splice_at);
    dna_buf_added(out, raw.len + splice.len);
    return DNA_OK;
}
