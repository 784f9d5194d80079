/* xml/document.c: expat over bytes that are all there.
 *
 * The first thing that is wrong stops the parser for good; what it reports afterwards is not
 * looked at.  Limits are applied before anything is built.
 */
#include <xml/document.h>

#include <string.h>
#include <strings.h>

#include <expat.h>

#include <base/limits.h>
#include <xml/node.h>

struct parse {
    XML_Parser parser;
    struct dna_arena *arena;
    struct dna_xml_node *root, *open;
    unsigned depth, elements;
    enum dna_err err;
    struct dna_xml_fault *fault;
};

static void refuse(struct parse *p, enum dna_err err, const char *why)
{
    if (p->err != DNA_OK) {
        return;
    }
    p->err = err;
    p->fault->why = why;
    p->fault->line = (unsigned)XML_GetCurrentLineNumber(p->parser);
    p->fault->column = (unsigned)XML_GetCurrentColumnNumber(p->parser) + 1;
    (void)XML_StopParser(p->parser, XML_FALSE);
}

/* No memory, or more of it than a document may cost. */
static void refuse_for_memory(struct parse *p)
{
    if (p->arena->used > p->arena->limit / 2) {
        refuse(p, DNA_ERR_LIMIT, "the document costs too much memory");
    } else {
        refuse(p, DNA_ERR_MEMORY, "out of memory");
    }
}

static void XMLCALL start_element(void *arg, const char *name, const char **atts)
{
    struct parse *p = arg;
    struct dna_xml_node *node;
    size_t n_atts = 0;
    if (p->err != DNA_OK) {
        return;
    }
    while (atts[2 * n_atts] != NULL) {
        n_atts++;
    }
    if (++p->depth > DNA_LIMIT_XML_DEPTH) {
        refuse(p, DNA_ERR_LIMIT, "elements are nested too deep");
        return;
    }
    if (++p->elements > DNA_LIMIT_XML_ELEMENTS) {
        refuse(p, DNA_ERR_LIMIT, "too many elements");
        return;
    }
    if (n_atts > DNA_LIMIT_ATTRIBUTES) {
        refuse(p, DNA_ERR_LIMIT, "an element has too many attributes");
        return;
    }
    node = dna_xml_node_new(p->arena, name, atts, n_atts);
    if (node == NULL) {
        refuse_for_memory(p);
        return;
    }
    if (p->open != NULL) {
        dna_xml_node_add(p->open, node);
    } else {
        p->root = node;
    }
    p->open = node;
}

static void XMLCALL end_element(void *arg, const char *name)
{
    struct parse *p = arg;
    (void)name;
    if (p->err == DNA_OK) {
        p->depth--;
        p->open = p->open->parent;
    }
}

static void XMLCALL character_data(void *arg, const char *text, int len)
{
    struct parse *p = arg;
    if (p->err == DNA_OK && !dna_xml_node_text(p->arena, p->open, text, (size_t)len)) {
        refuse_for_memory(p);
    }
}

static void XMLCALL xml_declaration(void *arg, const char *version, const char *encoding,
                                    int standalone)
{
    (void)standalone;
    if (version == NULL || strcmp(version, "1.0") != 0) {
        refuse(arg, DNA_ERR_FORMAT, "not XML 1.0");
    } else if (encoding != NULL && strcasecmp(encoding, "UTF-8") != 0) {
        refuse(arg, DNA_ERR_FORMAT, "not UTF-8");
    }
}

static void XMLCALL doctype(void *arg, const char *name, const char *sysid, const char *pubid,
                            int internal)
{
    (void)name, (void)sysid, (void)pubid, (void)internal;
    refuse(arg, DNA_ERR_FORMAT, "a document type declaration");
}

static void XMLCALL instruction(void *arg, const char *target, const char *text)
{
    (void)target, (void)text;
    refuse(arg, DNA_ERR_FORMAT, "a processing instruction");
}

static void XMLCALL comment(void *arg, const char *text)
{
    (void)text;
    refuse(arg, DNA_ERR_FORMAT, "a comment");
}

static void XMLCALL skipped_entity(void *arg, const char *name, int parameter)
{
    (void)name, (void)parameter;
    refuse(arg, DNA_ERR_FORMAT, "an entity reference");
}

static void set_handlers(struct parse *p)
{
    XML_SetUserData(p->parser, p);
    XML_SetReturnNSTriplet(p->parser, XML_TRUE);
    XML_SetElementHandler(p->parser, start_element, end_element);
    XML_SetCharacterDataHandler(p->parser, character_data);
    XML_SetXmlDeclHandler(p->parser, xml_declaration);
    XML_SetStartDoctypeDeclHandler(p->parser, doctype);
    XML_SetProcessingInstructionHandler(p->parser, instruction);
    XML_SetCommentHandler(p->parser, comment);
    XML_SetSkippedEntityHandler(p->parser, skipped_entity);
}

static void refuse_malformed(struct parse *p)
{
    switch ((int)XML_GetErrorCode(p->parser)) {
    case XML_ERROR_NO_MEMORY:
        refuse(p, DNA_ERR_MEMORY, "out of memory");
        return;
    case XML_ERROR_UNDEFINED_ENTITY:
        refuse(p, DNA_ERR_FORMAT, "an entity reference");
        return;
    case XML_ERROR_NO_ELEMENTS:
        refuse(p, DNA_ERR_FORMAT, "the document ends too early");
        return;
    case XML_ERROR_UNBOUND_PREFIX:
        refuse(p, DNA_ERR_FORMAT, "a namespace prefix that is not declared");
        return;
    default:
        refuse(p, DNA_ERR_FORMAT, "not well-formed XML");
        return;
    }
}

/* Whatever encoding it is created with, expat takes two first bytes of which one is NUL for
 * UTF-16, and a byte order mark for what it says. */
static bool begins_as_utf8(struct dna_span bytes)
{
    static const char starts[] = {'<', '\t', '\n', '\r', ' '};
    return bytes.len >= 2 && memchr(starts, bytes.ptr[0], sizeof starts) != NULL &&
           bytes.ptr[1] != '\0' && (unsigned char)bytes.ptr[1] < 0xfe;
}

enum dna_err dna_xml_document(struct dna_arena *arena, struct dna_span bytes,
                              const struct dna_xml_element **root, struct dna_xml_fault *fault)
{
    struct parse p = {.arena = arena, .fault = fault};
    *fault = (struct dna_xml_fault){.why = ""};
    if (bytes.len > DNA_LIMIT_DOCUMENT) {
        fault->why = "the document is too long";
        return DNA_ERR_LIMIT;
    }
    if (!begins_as_utf8(bytes)) {
        fault->why = "no XML document in UTF-8 without byte order mark";
        return DNA_ERR_FORMAT;
    }
    p.parser = XML_ParserCreateNS("UTF-8", DNA_XML_SEPARATOR);
    if (p.parser == NULL) {
        fault->why = "out of memory";
        return DNA_ERR_MEMORY;
    }
    set_handlers(&p);
    if (XML_Parse(p.parser, bytes.ptr, (int)bytes.len, XML_TRUE) != XML_STATUS_OK) {
        refuse_malformed(&p); /* unless it was refused already */
    }
    XML_ParserFree(p.parser);
    if (p.err == DNA_OK) {
        *root = &p.root->element;
    }
    return p.err;
}
