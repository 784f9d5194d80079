/* xml/reader.h: bytes in, stream items out.
 *
 * A pull parser over expat for one XMPP stream (RFC 6120 4 and 11): bytes are lent with
 * dna_xml_reader_feed, items are taken with dna_xml_reader_next until it says MORE.  Every
 * top-level element comes with the raw byte range that it had on the wire.  UTF-8 only; no
 * DTD, processing instruction, comment or other entity; depth, attribute and size limits.
 * Reparse deferral is off.  After an ERROR or the END nothing more is read.
 */
#ifndef DNA_XML_READER_H
#define DNA_XML_READER_H

#include <xml/element.h>

struct dna_xml_reader;

enum dna_xml_kind {
    DNA_XML_MORE,    /* no complete item: feed more */
    DNA_XML_HEADER,  /* the stream's start tag (any name and namespace) */
    DNA_XML_ELEMENT, /* one complete top-level element */
    DNA_XML_END,     /* the stream's end tag */
    DNA_XML_ERROR
};

/* Each is the stream error to send (RFC 6120 4.9.3). */
enum dna_xml_error {
    DNA_XML_OK,
    DNA_XML_NOT_WELL_FORMED,
    DNA_XML_RESTRICTED,          /* comment, PI, DTD, entity reference */
    DNA_XML_UNSUPPORTED_ENCODING,/* not UTF-8, or declared otherwise */
    DNA_XML_BAD_NAMESPACE_PREFIX,/* undeclared prefix */
    DNA_XML_BAD_FORMAT,          /* character data between top-level elements */
    DNA_XML_POLICY,              /* a limit: size, depth, attributes */
    DNA_XML_MEMORY
};

struct dna_xml_item {
    enum dna_xml_kind kind;
    enum dna_xml_error error;
    const char *why;                       /* ERROR: for people, static */
    const struct dna_xml_element *element; /* HEADER (no children) and ELEMENT */
    /* HEADER: the namespace that unprefixed elements are in unless they say otherwise. */
    struct dna_span default_ns;
    bool declares_dna;      /* HEADER: binds a prefix to urn:xmpp:dna:0 */
    bool declares_dialback; /* HEADER: binds a prefix to jabber:server:dialback */
    /* ELEMENT: the bytes as received, contiguous; valid until the next call of feed or next.
     * In a stream with another header they mean the same once `splice` is inserted at
     * `splice_at` (an offset into raw, just behind the element's name): declarations of
     * prefixes that the element uses and only the peer's header declares, the default
     * namespace where it relies on one other than jabber:server, and the header's xml:lang
     * where it has none of its own and the header's is not `lang_default`. */
    struct dna_span raw;
    size_t splice_at;
    struct dna_span splice; /* empty in the ordinary case */
    bool shallow;           /* no children were built */
};

struct dna_xml_limits {
    size_t element;    /* bytes of one top-level element */
    unsigned depth;
    unsigned attributes;
};

/* lang_default: the xml:lang of our own headers, "" for none (borrowed, static). */
DNA_MUST_USE enum dna_err dna_xml_reader_new(const struct dna_alloc *alloc,
                                             const char *lang_default,
                                             const struct dna_xml_limits *limits,
                                             struct dna_xml_reader **out);
void dna_xml_reader_free(struct dna_xml_reader *reader);
void dna_xml_reader_limits(struct dna_xml_reader *reader, const struct dna_xml_limits *limits);
/* Whether message, presence and iq in the content namespace (jabber:server) come shallow. */
void dna_xml_reader_shallow(struct dna_xml_reader *reader, bool shallow);

/* Lends bytes, which must stay until the next call of feed, take or restart.  Only when the
 * last call of next said MORE (DNA_ERR_STATE otherwise). */
DNA_MUST_USE enum dna_err dna_xml_reader_feed(struct dna_xml_reader *reader,
                                              struct dna_span bytes);
/* The next item.  Its pointers live until the next call of next, feed or restart. */
void dna_xml_reader_next(struct dna_xml_reader *reader, struct dna_xml_item *item);
/* What was lent and not yet parsed: after <starttls/> or <proceed/> it must be empty, or it
 * was injected (RFC 6120 5.4.3.3). */
size_t dna_xml_reader_unread(const struct dna_xml_reader *reader);
/* Forgets everything: the next byte begins a new stream (after TLS, after SASL).  Unread
 * bytes are dropped. */
DNA_MUST_USE enum dna_err dna_xml_reader_restart(struct dna_xml_reader *reader);
/* Between elements: frees the parser, keeping the header's declarations, and recreates it
 * when bytes arrive.  Does nothing inside an element. */
void dna_xml_reader_park(struct dna_xml_reader *reader);
/* Bytes of an element that is not complete yet. */
size_t dna_xml_reader_pending(const struct dna_xml_reader *reader);

#endif
