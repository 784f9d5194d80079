/* session/memory.h: what was found out lately.
 *
 * Facts and rulings have a cache each, so that a flood of names to look up washes out no
 * proof.  Both only ever shorten work: a failure to remember is no fault.
 */
#ifndef DNA_SESSION_MEMORY_H
#define DNA_SESSION_MEMORY_H

#include <cache/cache.h>
#include <mod_dna/ruling.h>
#include <session/fact_bytes.h>

struct dna_memory {
    const struct dna_alloc *alloc;
    struct dna_cache *facts;
    struct dna_cache *rulings;
    uint64_t seed;
    size_t entries;
};

DNA_MUST_USE enum dna_err dna_memory_init(struct dna_memory *memory,
                                          const struct dna_alloc *alloc, uint64_t seed,
                                          size_t entries);
/* Forgets everything.  DNA_ERR_MEMORY: nothing is forgotten. */
DNA_MUST_USE enum dna_err dna_memory_clear(struct dna_memory *memory);
void dna_memory_fini(struct dna_memory *memory);

/* Until when the answer to a want may be used for other questions (wall seconds; not after
 * now: not at all).  Answers of the DNS: TTL and signatures (S14); failures and bogus answers
 * never.  Documents: a short time, by outcome, and not beyond what one says of itself; sts
 * policies and failures to fetch them: until the next attempt is due (RFC 8461 3.3);
 * refusals of our own never (S13).  Path checks: as long as the path holds, failed ones
 * shortly. */
int64_t dna_memory_fact_until(const struct dna_want *want, const struct dna_fact *fact,
                              int64_t now);

void dna_memory_learn(struct dna_memory *memory, struct dna_span key,
                      const struct dna_want *want, const struct dna_fact *fact, int64_t now);
/* False: unknown.  *out borrows until the next learn. */
bool dna_memory_recall(struct dna_memory *memory, struct dna_span key, int64_t now,
                       struct dna_fact_view *out);

/* Keeps a ruling until then. */
void dna_memory_rule(struct dna_memory *memory, struct dna_span key,
                     const struct dna_ruling *ruling, int64_t until, int64_t now);
bool dna_memory_ruled(struct dna_memory *memory, struct dna_span key, int64_t now,
                      struct dna_ruling *out);
void dna_memory_forget(struct dna_memory *memory, struct dna_span key);

#endif
