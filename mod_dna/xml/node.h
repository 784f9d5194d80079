/* xml/node.h: elements under construction, out of what expat reports.
 *
 * expat joins a name's parts by the separator given to XML_ParserCreateNS, and refuses
 * namespace names that hold it.
 */
#ifndef DNA_XML_NODE_H
#define DNA_XML_NODE_H

#include <base/arena.h>
#include <xml/element.h>

#define DNA_XML_SEPARATOR ' '

struct dna_xml_node {
    struct dna_xml_element element;
    struct dna_xml_node *parent;
    struct dna_xml_node *last_child;
    size_t text_room;
};

/* "uri local prefix", "uri local" or "local". */
void dna_xml_split(const char *name, struct dna_span *ns, struct dna_span *local,
                   struct dna_span *prefix);
/* expat's name and attributes, copied; NULL: no memory in the arena. */
struct dna_xml_node *dna_xml_node_new(struct dna_arena *arena, const char *name,
                                      const char **atts, size_t n_atts);
void dna_xml_node_add(struct dna_xml_node *parent, struct dna_xml_node *child);
/* False: no memory in the arena. */
bool dna_xml_node_text(struct dna_arena *arena, struct dna_xml_node *node, const char *text,
                       size_t len);

#endif
