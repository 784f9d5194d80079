/* xml/element.c: looking into elements. */
#include <xml/element.h>

#define XML_NS "http://www.w3.org/XML/1998/namespace"

bool dna_xml_is(const struct dna_xml_element *e, const char *ns, const char *name)
{
    return dna_span_is(e->name, name) && dna_span_is(e->ns, ns);
}

static bool attr(const struct dna_xml_element *e, const char *ns, const char *name,
                 struct dna_span *out)
{
    for (size_t i = 0; i < e->n_attrs; i++) {
        if (dna_span_is(e->attrs[i].name, name) && dna_span_is(e->attrs[i].ns, ns)) {
            *out = e->attrs[i].value;
            return true;
        }
    }
    return false;
}

bool dna_xml_attr(const struct dna_xml_element *e, const char *name, struct dna_span *out)
{
    return attr(e, "", name, out);
}

bool dna_xml_lang(const struct dna_xml_element *e, struct dna_span *out)
{
    return attr(e, XML_NS, "lang", out);
}

const struct dna_xml_element *dna_xml_child(const struct dna_xml_element *e, const char *ns,
                                            const char *name)
{
    const struct dna_xml_element *child = e->child;
    while (child != NULL && !dna_xml_is(child, ns, name)) {
        child = child->next;
    }
    return child;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct dna_span dna_xml_trim(struct dna_span text)
{
    while (text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}
