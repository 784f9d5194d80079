/* json/service_document.h: service delegation documents read strictly and bounded.
 *
 * The members of the objects are this project's own definition: the draft that introduced the
 * document ("Secure Service Delegation") has not come down to us with its list of them.
 */
#ifndef DNA_JSON_SERVICE_DOCUMENT_H
#define DNA_JSON_SERVICE_DOCUMENT_H

#include <mod_dna/dns.h>

/* One place that serves the domain. */
struct dna_service_endpoint {
    struct dna_name host;
    struct dna_name domain; /* what its certificate must name */
    uint16_t port;
    uint16_t priority, weight; /* as of an SRV record */
    bool direct_tls;           /* else STARTTLS */
    int64_t expires;           /* seconds, DNA_LIMIT_SERVICE_LIFE_LEAST_S to ..._LIFE_S */
};

struct dna_service_document {
    struct dna_service_endpoint *endpoints; /* document order */
    size_t n_endpoints;
    size_t n_skipped; /* objects without a host, or with a bad value; none of either: the
                       * service is not offered */
    const struct dna_alloc *alloc;
};

/* Fills *out, or leaves it empty; *why is static and for people.  DNA_ERR_FORMAT: not JSON,
 * duplicate members, too deep, no array of objects.  DNA_ERR_LIMIT: more than 64 KiB or
 * DNA_LIMIT_SERVICE_ENDPOINTS objects.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_service_parse(const struct dna_alloc *alloc,
                                            struct dna_span bytes,
                                            struct dna_service_document *out,
                                            const char **why);
void dna_service_fini(struct dna_service_document *document);

#endif
