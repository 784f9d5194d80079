/* proof/anchors.h: which published DNSKEYs a certificate vouches for (dnssec-ta, steps 8 to
 * 10). */
#ifndef DNA_PROOF_ANCHORS_H
#define DNA_PROOF_ANCHORS_H

#include <base/limits.h>
#include <proof/prover.h>

struct dna_anchor {
    const char *zone;                    /* points into the domain */
    struct dna_span dnskey;              /* RDATA as published */
    const struct dna_dns_answer *source; /* the look-up that found it */
};

struct dna_anchors {
    struct dna_anchor list[DNA_LIMIT_ANCHORS];
    size_t n;
};

/* The anchors that the leaf of chain, which is trusted and names q's domain, admits; the
 * nearest zone first.  True: *out holds at least one.  False: *ended says whether wants were
 * named, or the refusal is in *ruling. */
bool dna_anchors_find(const struct dna_question *q, const struct dna_chain *chain,
                      const struct dna_facts *have, struct dna_wants *wants,
                      struct dna_anchors *out, enum dna_step *ended,
                      struct dna_ruling *ruling);
/* Whether this very key is among the answer's records. */
bool dna_anchors_holds(const struct dna_dns_answer *answer, struct dna_span dnskey);

#endif
