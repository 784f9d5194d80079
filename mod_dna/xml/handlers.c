/* xml/handlers.c: what expat reports, turned into elements.
 *
 * The parser stops (resumably) at the header, at the end of each top-level element and at
 * the stream's end, so that next() returns one item at a time.  What RFC 6120 11.1 restricts
 * stops it for good.  expat answers for well-formedness, the limits are ours.
 */
#include <xml/parser.h>

#include <stdlib.h>
#include <string.h>

#include <expat.h>

/* Debian's security updates brought reparse deferral to expat 2.5, and its header may be
 * older than the library that is loaded. */
#ifndef DNA_EXPAT_KNOWS_DEFERRAL
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((visibility("default")));
#endif
#pragma weak XML_SetReparseDeferralEnabled

#define CONTENT_NS "jabber:server"
#define DNA_NS "urn:xmpp:dna:0"
#define DIALBACK_NS "jabber:server:dialback"

void dna_xml_fail(struct dna_xml_reader *r, enum dna_xml_error error, const char *why)
{
    if (r->item.kind == DNA_XML_ERROR) {
        return;
    }
    memset(&r->item, 0, sizeof r->item);
    r->item.kind = DNA_XML_ERROR;
    r->item.error = error;
    r->item.why = why;
    if (r->parser != NULL) {
        (void)XML_StopParser(r->parser, XML_FALSE);
    }
}

uint64_t dna_xml_position(const struct dna_xml_reader *r)
{
    return (uint64_t)((int64_t)XML_GetCurrentByteIndex(r->parser) + r->delta) +
           (uint64_t)XML_GetCurrentByteCount(r->parser);
}

/* No memory, or more of it than an element may cost. */
static void fail_for_memory(struct dna_xml_reader *r)
{
    if (r->arena.used > r->arena.limit / 2) {
        dna_xml_fail(r, DNA_XML_POLICY, "the element costs too much memory");
    } else {
        dna_xml_fail(r, DNA_XML_MEMORY, "out of memory");
    }
}

/* Notes the prefixes in use; returns the number of attributes.  *limited: of those that the limit
 * is for, which xml:lang is not: a relay adds it to what was within the limit. */
static size_t look_at_names(struct dna_xml_reader *r, const char *name, const char **atts,
                            size_t *limited)
{
    struct dna_span ns, local, prefix;
    size_t n = 0, langs = 0;
    dna_xml_split(name, &ns, &local, &prefix);
    dna_xml_scope_use(r, prefix);
    for (; atts[2 * n] != NULL; n++) {
        dna_xml_split(atts[2 * n], &ns, &local, &prefix);
        if (prefix.len != 0) {
            dna_xml_scope_use(r, prefix);
            langs += dna_span_is(prefix, "xml") && dna_span_is(local, "lang");
        }
    }
    *limited = n - langs;
    return n;
}

static bool is_stanza(const struct dna_xml_element *e)
{
    return dna_span_is(e->ns, CONTENT_NS) &&
           (dna_span_is(e->name, "message") || dna_span_is(e->name, "presence") ||
            dna_span_is(e->name, "iq"));
}

static void take_header(struct dna_xml_reader *r, struct dna_xml_node *node)
{
    struct dna_xml_scope *s = &r->scope;
    if (!dna_xml_scope_header(r, &node->element)) {
        fail_for_memory(r);
        return;
    }
    r->item.kind = DNA_XML_HEADER;
    r->item.element = &node->element;
    r->item.default_ns = s->default_ns;
    for (size_t i = 0; i < s->n_bindings; i++) {
        r->item.declares_dna |= dna_span_is(s->bindings[i].uri, DNA_NS);
        r->item.declares_dialback |= dna_span_is(s->bindings[i].uri, DIALBACK_NS);
    }
    (void)XML_StopParser(r->parser, XML_TRUE);
}

static void begin_top(struct dna_xml_reader *r, struct dna_xml_node *node)
{
    r->item.element = &node->element;
    r->item.shallow = r->shallow_wanted && is_stanza(&node->element);
    r->open = node;
    r->item_start =
        (uint64_t)((int64_t)XML_GetCurrentByteIndex(r->parser) + r->delta);
}

static void XMLCALL start_element(void *arg, const char *name, const char **atts)
{
    struct dna_xml_reader *r = arg;
    struct dna_xml_node *node;
    size_t n_atts, limited;
    unsigned depth = r->depth++;
    if (r->replaying || r->item.kind == DNA_XML_ERROR) {
        return;
    }
    if (depth > r->limits.depth) {
        dna_xml_fail(r, DNA_XML_POLICY, "elements are nested too deep");
        return;
    }
    if (depth == 0) {
        for (n_atts = 0; atts[2 * n_atts] != NULL; n_atts++) {
        }
        limited = n_atts;
    } else {
        n_atts = look_at_names(r, name, atts, &limited);
    }
    if (limited > r->limits.attributes) {
        dna_xml_fail(r, DNA_XML_POLICY, "an element has too many attributes");
        return;
    }
    if (depth > 1 && r->item.shallow) {
        return;
    }
    node = dna_xml_node_new(&r->arena, name, atts, n_atts);
    if (node == NULL) {
        fail_for_memory(r);
    } else if (depth == 0) {
        take_header(r, node);
    } else if (depth == 1) {
        begin_top(r, node);
    } else {
        dna_xml_node_add(r->open, node);
        r->open = node;
    }
}

static void XMLCALL end_element(void *arg, const char *name)
{
    struct dna_xml_reader *r = arg;
    (void)name;
    r->depth--;
    if (r->depth == 0) {
        if (r->item.kind == DNA_XML_HEADER) {
            r->end_seen = true; /* <stream:stream/>: two items of one tag */
        } else if (r->item.kind != DNA_XML_ERROR) {
            r->item.kind = DNA_XML_END;
            (void)XML_StopParser(r->parser, XML_TRUE);
        }
        return;
    }
    if (r->item.kind == DNA_XML_ERROR) {
        return;
    }
    if (r->depth == 1) {
        r->item.kind = DNA_XML_ELEMENT;
        (void)XML_StopParser(r->parser, XML_TRUE);
    } else if (!r->item.shallow) {
        r->open = r->open->parent;
    }
}

static void XMLCALL character_data(void *arg, const char *text, int len)
{
    struct dna_xml_reader *r = arg;
    if (r->item.kind == DNA_XML_ERROR) {
        return;
    }
    if (r->depth <= 1) {
        if (dna_xml_trim((struct dna_span){text, (size_t)len}).len != 0) {
            dna_xml_fail(r, DNA_XML_BAD_FORMAT, "text between elements");
        } else {
            r->item_start = dna_xml_position(r);
        }
    } else if (!r->item.shallow && !dna_xml_node_text(&r->arena, r->open, text, (size_t)len)) {
        fail_for_memory(r);
    }
}

/* Between elements it is text, even when it is empty; and a reader that is parked within it
 * would not know any more. */
static void XMLCALL start_cdata(void *arg)
{
    struct dna_xml_reader *r = arg;
    if (r->depth <= 1) {
        dna_xml_fail(r, DNA_XML_BAD_FORMAT, "a CDATA section between elements");
    }
}

static void XMLCALL start_namespace(void *arg, const char *prefix, const char *uri)
{
    struct dna_xml_reader *r = arg;
    if (!r->replaying && r->item.kind != DNA_XML_ERROR &&
        !dna_xml_scope_declare(r, dna_span_of(prefix), dna_span_of(uri))) {
        fail_for_memory(r);
    }
}

static void XMLCALL end_namespace(void *arg, const char *prefix)
{
    (void)prefix;
    dna_xml_scope_undeclare(arg);
}

static void XMLCALL xml_declaration(void *arg, const char *version, const char *encoding,
                                    int standalone)
{
    (void)standalone;
    if (version == NULL || strcmp(version, "1.0") != 0) {
        dna_xml_fail(arg, DNA_XML_NOT_WELL_FORMED, "only XML 1.0 is spoken here");
    } else if (encoding != NULL && strcmp(encoding, "UTF-8") != 0 &&
               strcmp(encoding, "utf-8") != 0) {
        dna_xml_fail(arg, DNA_XML_UNSUPPORTED_ENCODING, "only UTF-8 is spoken here");
    }
}

static void XMLCALL doctype(void *arg, const char *name, const char *sysid, const char *pubid,
                            int internal)
{
    (void)name, (void)sysid, (void)pubid, (void)internal;
    dna_xml_fail(arg, DNA_XML_RESTRICTED, "a document type declaration");
}

static void XMLCALL instruction(void *arg, const char *target, const char *text)
{
    (void)target, (void)text;
    dna_xml_fail(arg, DNA_XML_RESTRICTED, "a processing instruction");
}

static void XMLCALL comment(void *arg, const char *text)
{
    (void)text;
    dna_xml_fail(arg, DNA_XML_RESTRICTED, "a comment");
}

static void XMLCALL skipped_entity(void *arg, const char *name, int parameter)
{
    (void)name, (void)parameter;
    dna_xml_fail(arg, DNA_XML_RESTRICTED, "an entity reference");
}

void dna_xml_handlers_set(struct dna_xml_reader *r)
{
    XML_Parser p = r->parser;
    XML_SetUserData(p, r);
    XML_SetReturnNSTriplet(p, XML_TRUE);
    XML_SetElementHandler(p, start_element, end_element);
    XML_SetCharacterDataHandler(p, character_data);
    XML_SetStartCdataSectionHandler(p, start_cdata);
    XML_SetNamespaceDeclHandler(p, start_namespace, end_namespace);
    XML_SetXmlDeclHandler(p, xml_declaration);
    XML_SetStartDoctypeDeclHandler(p, doctype);
    XML_SetProcessingInstructionHandler(p, instruction);
    XML_SetCommentHandler(p, comment);
    XML_SetSkippedEntityHandler(p, skipped_entity);
    if (XML_SetReparseDeferralEnabled != NULL) {
        (void)XML_SetReparseDeferralEnabled(p, XML_FALSE);
    }
}
