/* edge/elsewhere.h: see-other-host (RFC 6120 4.9.3.19).
 *
 * Who is proven for a domain may say where else it is served; the next stream that is opened to
 * the domain within a minute leads there, once.  Everything else is as if the records of the
 * domain had led there: the name that has to be proven, and the endpoint whose TLSA records
 * count, are those of before; and the address passes the guard (S22).  A place that was led to
 * may lead on, once.
 */
#ifndef DNA_EDGE_ELSEWHERE_H
#define DNA_EDGE_ELSEWHERE_H

#include <edge/connection.h>
#include <edge/places.h>

struct dna_edge_elsewhere {
    bool is_address;
    struct dna_address address; /* with is_address */
    struct dna_edge_place place; /* its host is "" with is_address */
    bool has_origin;
    struct dna_edge_place origin; /* where an SRV record had led */
    unsigned hops; /* that it took, this one included */
};

/* HOST[:PORT] into address or place; false: it is no such thing. */
bool dna_edge_elsewhere_parse(struct dna_span text, struct dna_edge_elsewhere *out);
/* The peer of an outgoing stream says so; what it may not say is logged. */
void dna_edge_elsewhere_note(struct dna_uv_stream *stream, const char *text);
/* Whether the next stream to the domain leads elsewhere; it is this one. */
bool dna_edge_elsewhere_take(struct dna_uv *uv, const char *domain,
                             struct dna_edge_elsewhere *out);
void dna_edge_elsewhere_free(struct dna_uv *uv);

#endif
