/* xml/splice.c: what a stanza owes to the header of the stream that it came on.
 *
 * Namespace prefixes, the default namespace and xml:lang that are declared on the header
 * alone apply to that stream only (RFC 6120 4.8 and 4.7.4).  While an element is read, this
 * file notes which of them it uses; the splice declares just these on the element itself.
 */
#include <xml/parser.h>

#include <string.h>

#include <base/alloc.h>
#include <xml/writer.h>

#define CONTENT_NS "jabber:server"
#define SPLICE_MAX (64 * 1024)

void dna_xml_scope_clear(struct dna_xml_reader *r)
{
    dna_alloc_release(r->alloc, r->scope.bindings);
    dna_alloc_release(r->alloc, r->scope.declared);
    memset(&r->scope, 0, sizeof r->scope);
}

/* Until the header is complete, its declarations are collected in the arena. */
static bool collect(struct dna_xml_reader *r, struct dna_span prefix, struct dna_span uri)
{
    struct dna_xml_scope *s = &r->scope;
    struct dna_xml_binding *grown;
    if (s->n_bindings == DNA_XML_BINDINGS_MAX) {
        dna_xml_fail(r, DNA_XML_POLICY, "too many namespace declarations on the header");
        return false;
    }
    grown = dna_alloc_resize(r->alloc, s->bindings, (s->n_bindings + 1) * sizeof *grown);
    if (grown == NULL) {
        return false;
    }
    s->bindings = grown;
    if (dna_arena_span(&r->arena, prefix, &grown[s->n_bindings].prefix) != DNA_OK ||
        dna_arena_span(&r->arena, uri, &grown[s->n_bindings].uri) != DNA_OK) {
        return false;
    }
    s->n_bindings++;
    return true;
}

static struct dna_span keep(char **at, struct dna_span text)
{
    struct dna_span kept = {*at, text.len};
    if (text.len != 0) {
        memcpy(*at, text.ptr, text.len);
    }
    *at += text.len;
    return kept;
}

bool dna_xml_scope_header(struct dna_xml_reader *r, const struct dna_xml_element *header)
{
    struct dna_xml_scope *s = &r->scope;
    struct dna_span lang = {NULL, 0};
    size_t size = s->n_bindings * sizeof *s->bindings;
    struct dna_xml_binding *kept;
    char *text;
    (void)dna_xml_lang(header, &lang);
    for (size_t i = 0; i < s->n_bindings; i++) {
        size += s->bindings[i].prefix.len + s->bindings[i].uri.len;
    }
    kept = dna_alloc_get(r->alloc, size + lang.len);
    if (kept == NULL) {
        return false;
    }
    text = (char *)(kept + s->n_bindings);
    for (size_t i = 0; i < s->n_bindings; i++) {
        kept[i].prefix = keep(&text, s->bindings[i].prefix);
        kept[i].uri = keep(&text, s->bindings[i].uri);
        if (kept[i].prefix.len == 0) {
            s->default_ns = kept[i].uri;
        }
    }
    s->lang = keep(&text, lang);
    dna_alloc_release(r->alloc, s->bindings);
    s->bindings = kept;
    return true;
}

bool dna_xml_scope_declare(struct dna_xml_reader *r, struct dna_span prefix,
                           struct dna_span uri)
{
    struct dna_xml_scope *s = &r->scope;
    if (r->depth == 0) {
        return collect(r, prefix, uri);
    }
    if (s->n_declared == s->declared_room) {
        size_t room = s->declared_room != 0 ? 2 * s->declared_room : 8;
        struct dna_span *grown =
            dna_alloc_resize(r->alloc, s->declared, room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        s->declared = grown;
        s->declared_room = room;
    }
    if (dna_arena_span(&r->arena, prefix, &s->declared[s->n_declared]) != DNA_OK) {
        return false;
    }
    s->n_declared++;
    return true;
}

void dna_xml_scope_undeclare(struct dna_xml_reader *r)
{
    if (r->scope.n_declared > 0) {
        r->scope.n_declared--;
    }
}

void dna_xml_scope_use(struct dna_xml_reader *r, struct dna_span prefix)
{
    struct dna_xml_scope *s = &r->scope;
    for (size_t i = s->n_declared; i > 0; i--) {
        if (dna_span_equal(s->declared[i - 1], prefix)) {
            return;
        }
    }
    if (prefix.len == 0) {
        s->uses_default = true;
        return;
    }
    for (size_t i = 0; i < s->n_bindings; i++) {
        if (dna_span_equal(s->bindings[i].prefix, prefix)) {
            s->used |= (uint64_t)1 << i;
        }
    }
}

static enum dna_err declare(struct dna_buf *out, struct dna_span prefix, struct dna_span uri)
{
    enum dna_err err = dna_buf_add_text(out, prefix.len != 0 ? " xmlns:" : " xmlns");
    if (err == DNA_OK) {
        err = dna_buf_add(out, prefix);
    }
    return err == DNA_OK ? dna_xml_write_attr(out, NULL, uri) : err;
}

static enum dna_err write_splice(const struct dna_xml_reader *r, bool lang,
                                 struct dna_buf *out)
{
    const struct dna_xml_scope *s = &r->scope;
    enum dna_err err = DNA_OK;
    if (s->uses_default && !dna_span_is(s->default_ns, CONTENT_NS)) {
        err = declare(out, (struct dna_span){NULL, 0}, s->default_ns);
    }
    for (size_t i = 0; i < s->n_bindings && err == DNA_OK; i++) {
        if ((s->used >> i & 1) != 0) {
            err = declare(out, s->bindings[i].prefix, s->bindings[i].uri);
        }
    }
    if (err == DNA_OK && lang) {
        err = dna_xml_write_attr(out, "xml:lang", s->lang);
    }
    return err;
}

bool dna_xml_scope_splice(struct dna_xml_reader *r)
{
    struct dna_xml_scope *s = &r->scope;
    struct dna_xml_item *item = &r->item;
    struct dna_span own;
    bool lang = s->lang.len != 0 && !dna_span_is(s->lang, r->lang_default) &&
                !dna_xml_lang(item->element, &own);
    struct dna_buf out;
    bool ok;
    item->splice_at = 1;
    while (item->splice_at < item->raw.len &&
           strchr(" \t\r\n/>", item->raw.ptr[item->splice_at]) == NULL) {
        item->splice_at++;
    }
    if (s->used == 0 && !lang && !(s->uses_default && !dna_span_is(s->default_ns, CONTENT_NS))) {
        return true;
    }
    dna_buf_init(&out, r->alloc, SPLICE_MAX);
    ok = write_splice(r, lang, &out) == DNA_OK &&
         dna_arena_span(&r->arena, dna_buf_span(&out), &item->splice) == DNA_OK;
    dna_buf_fini(&out);
    return ok;
}
