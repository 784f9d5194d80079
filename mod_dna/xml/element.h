/* xml/element.h: an immutable XML element.
 *
 * Elements live in the reader's arena until the reader is asked for the next item.  A
 * relayed stanza is "shallow": its attributes are known, its children are not built.
 */
#ifndef DNA_XML_ELEMENT_H
#define DNA_XML_ELEMENT_H

#include <mod_dna/base.h>

struct dna_xml_attr {
    struct dna_span ns;   /* empty: none; "http://www.w3.org/XML/1998/namespace" for xml:... */
    struct dna_span name; /* local name */
    struct dna_span value;
};

struct dna_xml_element {
    struct dna_span ns;     /* namespace name, possibly empty */
    struct dna_span name;   /* local name */
    struct dna_span prefix; /* as written, possibly empty */
    const struct dna_xml_attr *attrs;
    size_t n_attrs;
    struct dna_span text; /* character data directly inside, concatenated */
    const struct dna_xml_element *child; /* first child element */
    const struct dna_xml_element *next;  /* next sibling */
};

bool dna_xml_is(const struct dna_xml_element *e, const char *ns, const char *name);
/* The attribute without namespace; false: not there. */
bool dna_xml_attr(const struct dna_xml_element *e, const char *name, struct dna_span *out);
bool dna_xml_lang(const struct dna_xml_element *e, struct dna_span *out);
/* First child of that name, or NULL. */
const struct dna_xml_element *dna_xml_child(const struct dna_xml_element *e, const char *ns,
                                            const char *name);
/* text without leading and trailing XML white space. */
struct dna_span dna_xml_trim(struct dna_span text);

#endif
