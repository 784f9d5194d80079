/* xml/parser.h: the reader's insides, shared by reader.c (bytes and positions), handlers.c
 * (what expat reports) and splice.c (what a stanza borrows from its stream's header).
 *
 * Positions are counted from the stream's first byte.  expat's own count begins anew when
 * the parser is recreated; `delta` is the difference.
 */
#ifndef DNA_XML_PARSER_H
#define DNA_XML_PARSER_H

#include <base/arena.h>
#include <base/buf.h>
#include <xml/node.h>
#include <xml/reader.h>

struct XML_ParserStruct;

/* A namespace declaration of the header. */
struct dna_xml_binding {
    struct dna_span prefix, uri; /* both empty: no default namespace */
};

struct dna_xml_scope {
    /* The header's declarations, allocated together with their text. */
    struct dna_xml_binding *bindings;
    size_t n_bindings;
    struct dna_span default_ns, lang;
    /* Prefixes declared inside the present element, innermost last ("" = default). */
    struct dna_span *declared;
    size_t n_declared, declared_room;
    /* Bindings of the header that the present element uses, as a bit per binding. */
    uint64_t used;
    bool uses_default;
};

struct dna_xml_reader {
    const struct dna_alloc *alloc;
    struct XML_ParserStruct *parser; /* NULL: parked, or not begun */
    struct dna_xml_limits limits;
    const char *lang_default;
    bool shallow_wanted;

    /* The item being built, and what next() returns. */
    struct dna_arena arena;
    struct dna_xml_item item;
    struct dna_xml_node *open; /* innermost; NULL in a shallow element's children */
    unsigned depth;            /* 0: before the header; 1: between elements */
    bool end_seen, replaying;
    struct dna_xml_scope scope;

    /* Bytes. */
    struct dna_span lent;
    uint64_t lent_at;    /* position of lent.ptr[0] */
    uint64_t item_start; /* of the item that is being read, or the next one */
    uint64_t item_end;   /* of the last item returned */
    int64_t delta;
    bool fed;            /* the lent bytes were given to expat */
    struct dna_buf carry;  /* the item's bytes from earlier feeds */
    struct dna_span header; /* its raw bytes, for replaying; owned */
};

/* handlers.c: gives the parser its handlers (again, after a reset). */
void dna_xml_handlers_set(struct dna_xml_reader *r);
/* Ends reading with an error; the first one stays. */
void dna_xml_fail(struct dna_xml_reader *r, enum dna_xml_error error, const char *why);
uint64_t dna_xml_position(const struct dna_xml_reader *r);

/* splice.c */
#define DNA_XML_BINDINGS_MAX 64
/* Remembers the header's declarations and language. */
bool dna_xml_scope_header(struct dna_xml_reader *r, const struct dna_xml_element *header);
void dna_xml_scope_clear(struct dna_xml_reader *r);
bool dna_xml_scope_declare(struct dna_xml_reader *r, struct dna_span prefix,
                           struct dna_span uri);
void dna_xml_scope_undeclare(struct dna_xml_reader *r);
/* An element or attribute of the present top-level element uses a prefix ("" = default). */
void dna_xml_scope_use(struct dna_xml_reader *r, struct dna_span prefix);
/* Fills item.splice and splice_at from what was used. */
bool dna_xml_scope_splice(struct dna_xml_reader *r);

#endif
