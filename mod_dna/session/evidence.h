/* session/evidence.h: bundles of what was ruled, until the host fetches them.
 *
 * A hearing of the host keeps its own.  Those of streams wait in a list that is bounded in
 * number and bytes; the oldest give way.  To fail at keeping one changes no ruling.
 */
#ifndef DNA_SESSION_EVIDENCE_H
#define DNA_SESSION_EVIDENCE_H

#include <mod_dna/session.h>

struct dna_kept_bundle;

struct dna_evidence_list {
    const struct dna_alloc *alloc;
    struct dna_kept_bundle *first, *last;
    struct dna_kept_bundle *lent; /* to the host, until it asks again */
    size_t n, bytes;
};

void dna_evidence_list_fini(struct dna_evidence_list *list);
/* Copies bundle and ruling; drops it where there is no memory. */
void dna_evidence_list_add(struct dna_evidence_list *list, const char *domain,
                           const struct dna_ruling *ruling, struct dna_span bundle,
                           const void *user);
bool dna_evidence_list_take(struct dna_evidence_list *list, struct dna_session_bundle *out);
/* Whether a ruling is one to be kept. */
bool dna_evidence_wanted(enum dna_evidence wanted, const struct dna_ruling *ruling);

#endif
