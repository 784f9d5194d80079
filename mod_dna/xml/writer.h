/* xml/writer.h: text and attributes written so that they cannot become markup. */
#ifndef DNA_XML_WRITER_H
#define DNA_XML_WRITER_H

#include <base/buf.h>
#include <xml/element.h>

/* Appends with & < > ' " escaped; bytes that XML 1.0 forbids become U+FFFD. */
DNA_MUST_USE enum dna_err dna_xml_write_text(struct dna_buf *out, struct dna_span text);
/* Appends: " name='value'"; name NULL: "='value'" behind a name that is written already. */
DNA_MUST_USE enum dna_err dna_xml_write_attr(struct dna_buf *out, const char *name,
                                             struct dna_span value);
/* Appends the whole element, with the namespaces it needs where they differ from
 * parent_ns. */
DNA_MUST_USE enum dna_err dna_xml_write_element(struct dna_buf *out,
                                                const struct dna_xml_element *element,
                                                struct dna_span parent_ns);
/* Appends raw with splice inserted at splice_at: a relayed stanza. */
DNA_MUST_USE enum dna_err dna_xml_write_raw(struct dna_buf *out, struct dna_span raw,
                                            size_t splice_at, struct dna_span splice);

#endif
