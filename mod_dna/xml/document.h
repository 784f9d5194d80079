/* xml/document.h: a whole XML document, under the restrictions of a stream.
 *
 * RFC 6120 11.1 applied to a document: no document type declaration, no entity reference but
 * the five predefined ones, no comment, no processing instruction (an XML declaration is no
 * such thing); UTF-8 without byte order mark.
 */
#ifndef DNA_XML_DOCUMENT_H
#define DNA_XML_DOCUMENT_H

#include <base/arena.h>
#include <xml/element.h>

/* Why bytes were refused, for people. */
struct dna_xml_fault {
    const char *why; /* static */
    unsigned line;   /* from 1; 0: the document as a whole */
    unsigned column; /* from 1, in bytes; 0 as above */
};

/* The document's root, in the arena.  DNA_ERR_FORMAT: not well-formed, or restricted;
 * DNA_ERR_LIMIT: more than DNA_LIMIT_DOCUMENT bytes, DNA_LIMIT_XML_DEPTH nested elements,
 * DNA_LIMIT_XML_ELEMENTS elements, DNA_LIMIT_ATTRIBUTES attributes of one, or the arena's
 * limit; *fault says which and where.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_xml_document(struct dna_arena *arena, struct dna_span bytes,
                                           const struct dna_xml_element **root,
                                           struct dna_xml_fault *fault);

#endif
