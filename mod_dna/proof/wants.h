/* proof/wants.h: what one run of the provers asks for.
 *
 * A prover asks for a fact and gets it, or NULL and the want is on the list.  Equal wants
 * are one: two provers that need the same look-up cause one.  The list lives for one run.
 */
#ifndef DNA_PROOF_WANTS_H
#define DNA_PROOF_WANTS_H

#include <base/arena.h>
#include <base/limits.h>
#include <mod_dna/fact.h>

struct dna_facts;

struct dna_wants {
    struct dna_arena *arena; /* holds the texts of new wants */
    struct dna_want list[DNA_LIMIT_WANTS];
    size_t n;
    enum dna_err err; /* a fault of the world: the run is worth nothing */
};

void dna_wants_init(struct dna_wants *wants, struct dna_arena *arena);
/* Records a fault; the first one stays. */
void dna_wants_fault(struct dna_wants *wants, enum dna_err err);

const struct dna_dns_answer *dna_wants_dns(struct dna_wants *wants,
                                           const struct dna_facts *have, const char *name,
                                           uint16_t type);
const struct dna_path *dna_wants_path(struct dna_wants *wants, const struct dna_facts *have,
                                      const struct dna_chain *chain);
/* The same under one TLSA record of usage 0 or 2 (dna_path_check_anchored). */
const struct dna_path *dna_wants_path_under(struct dna_wants *wants,
                                            const struct dna_facts *have,
                                            const struct dna_chain *chain,
                                            struct dna_span record);
const struct dna_fetch_result *dna_wants_fetch(struct dna_wants *wants,
                                               const struct dna_facts *have,
                                               const struct dna_want_fetch *fetch);
const struct dna_anchored_result *dna_wants_anchored(struct dna_wants *wants,
                                                     const struct dna_facts *have,
                                                     const struct dna_want_anchored *anchored);
const struct dna_recall_result *dna_wants_recall(struct dna_wants *wants,
                                                 const struct dna_facts *have,
                                                 const char *url);
const struct dna_signature *dna_wants_signature(struct dna_wants *wants,
                                                const struct dna_facts *have,
                                                const struct dna_signed *what);
const struct dna_fact *dna_wants_peer(struct dna_wants *wants, const struct dna_facts *have,
                                      enum dna_prooftype type);

/* Whether one look-up answers both.  There is one want put to the peer in a hearing. */
bool dna_want_equal(const struct dna_want *a, const struct dna_want *b);

#endif
