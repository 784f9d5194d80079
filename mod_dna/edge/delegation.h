/* edge/delegation.h: a domain's service delegation document, fetched in order to connect. */
#ifndef DNA_EDGE_DELEGATION_H
#define DNA_EDGE_DELEGATION_H

#include <edge/driver.h>
#include <json/service_document.h>

struct dna_edge_delegation;

/* NULL: there is no document that can be read, for whatever reason.  Called once, from the
 * loop; *document lives until it returns. */
typedef void dna_edge_delegation_fn(void *arg, const struct dna_service_document *document);

/* Whether the policy for the domain wants its document to say where to connect. */
bool dna_edge_delegation_wanted(const struct dna_uv *uv, const char *domain);
/* domain outlives it. */
DNA_MUST_USE enum dna_err dna_edge_delegation_start(struct dna_uv *uv, const char *domain,
                                                    dna_edge_delegation_fn *fn, void *arg,
                                                    struct dna_edge_delegation **out);
/* NULL is fine. */
void dna_edge_delegation_cancel(struct dna_edge_delegation *delegation);

#endif
