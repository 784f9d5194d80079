/* xml/node.c: names split, attributes copied, text gathered. */
#include <xml/node.h>

#include <string.h>

void dna_xml_split(const char *name, struct dna_span *ns, struct dna_span *local,
                   struct dna_span *prefix)
{
    const char *first = strchr(name, DNA_XML_SEPARATOR), *second;
    *ns = *prefix = (struct dna_span){NULL, 0};
    if (first == NULL) {
        *local = dna_span_of(name);
        return;
    }
    *ns = (struct dna_span){name, (size_t)(first - name)};
    second = strchr(first + 1, DNA_XML_SEPARATOR);
    if (second == NULL) {
        *local = dna_span_of(first + 1);
        return;
    }
    *local = (struct dna_span){first + 1, (size_t)(second - first - 1)};
    *prefix = dna_span_of(second + 1);
}

static bool copy_attributes(struct dna_arena *arena, struct dna_xml_element *e,
                            const char **atts, size_t n)
{
    struct dna_xml_attr *copy = dna_arena_zero(arena, n, sizeof *copy);
    if (copy == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        struct dna_span ns, local, prefix;
        dna_xml_split(atts[2 * i], &ns, &local, &prefix);
        if (dna_arena_span(arena, ns, &copy[i].ns) != DNA_OK ||
            dna_arena_span(arena, local, &copy[i].name) != DNA_OK ||
            dna_arena_span(arena, dna_span_of(atts[2 * i + 1]), &copy[i].value) != DNA_OK) {
            return false;
        }
    }
    e->attrs = copy;
    e->n_attrs = n;
    return true;
}

struct dna_xml_node *dna_xml_node_new(struct dna_arena *arena, const char *name,
                                      const char **atts, size_t n_atts)
{
    struct dna_xml_node *node = dna_arena_zero(arena, 1, sizeof *node);
    struct dna_span ns, local, prefix;
    if (node == NULL) {
        return NULL;
    }
    dna_xml_split(name, &ns, &local, &prefix);
    if (dna_arena_span(arena, ns, &node->element.ns) != DNA_OK ||
        dna_arena_span(arena, local, &node->element.name) != DNA_OK ||
        dna_arena_span(arena, prefix, &node->element.prefix) != DNA_OK ||
        !copy_attributes(arena, &node->element, atts, n_atts)) {
        return NULL;
    }
    return node;
}

void dna_xml_node_add(struct dna_xml_node *parent, struct dna_xml_node *child)
{
    child->parent = parent;
    if (parent->last_child != NULL) {
        parent->last_child->element.next = &child->element;
    } else {
        parent->element.child = &child->element;
    }
    parent->last_child = child;
}

bool dna_xml_node_text(struct dna_arena *arena, struct dna_xml_node *node, const char *text,
                       size_t len)
{
    struct dna_span *have = &node->element.text;
    if (node->text_room - have->len < len) {
        size_t room = have->len + len;
        char *grown;
        room += room < 16 ? 16 : room; /* doubling: as long as it comes in pieces */
        grown = dna_arena_get(arena, room);
        if (grown == NULL) {
            return false;
        }
        if (have->len != 0) {
            memcpy(grown, have->ptr, have->len);
        }
        have->ptr = grown;
        node->text_room = room;
    }
    memcpy((char *)(uintptr_t)have->ptr + have->len, text, len);
    have->len += len;
    return true;
}
