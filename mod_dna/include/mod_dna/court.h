/* mod_dna/court.h: one hearing, by hand.
 *
 * Room: proof.  A court hears one question.  It names what it wants to know, is told facts,
 * and rules.  It does no I/O and reads no clock; no callback leaves it.  mod_dna/session.h
 * adds the cache and the sharing of identical wants; use the court alone where you have
 * both already.
 *
 *     dna_court_new(NULL, &question, now, &court);
 *     while (!dna_court_ruling(court, &ruling)) {
 *         while (dna_court_next_want(court, &id, &want)) look_up(id, &want);
 *         ... later, for each result: dna_court_give(court, id, &fact, now);
 *         ... and at dna_court_deadline(): dna_court_tick(court, now);
 *     }
 */
#ifndef MOD_DNA_COURT_H
#define MOD_DNA_COURT_H

#include <mod_dna/fact.h>
#include <mod_dna/ruling.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dna_court;

/* The certificates that peers supplied and that were fetched, parsed, by the digest of their
 * bytes: hearings that meet the same bytes parse them once, which is most of what such a
 * hearing costs.  It changes no ruling and no bundle, is bounded, and belongs to one thread,
 * as do all courts that share it.  A session has its own. */
struct dna_papers;
DNA_API DNA_MUST_USE enum dna_err dna_papers_new(const struct dna_alloc *alloc,
                                                 struct dna_papers **out);
DNA_API void dna_papers_free(struct dna_papers *papers);

/* Opens a hearing; the question is copied, the chain referenced.  DNA_ERR_ARGUMENT: the
 * domain, or the host of an initiating question, is not canonical. */
DNA_API DNA_MUST_USE enum dna_err dna_court_new(const struct dna_alloc *alloc,
                                                const struct dna_question *question,
                                                struct dna_time now, struct dna_court **out);
/* The same with a memory of what was parsed; it outlives the court.  NULL: without one. */
DNA_API DNA_MUST_USE enum dna_err dna_court_new_with(const struct dna_alloc *alloc,
                                                     const struct dna_question *question,
                                                     struct dna_time now,
                                                     struct dna_papers *papers,
                                                     struct dna_court **out);
DNA_API void dna_court_free(struct dna_court *court);

/* The next want that nobody was told of yet; *want borrows from the court and lives as long
 * as it.  Each want is named once; equal wants of several provers are one.  Provers that
 * need nothing from outside come first; the peer is challenged and documents are fetched
 * only when the local proofs did not suffice. */
DNA_API bool dna_court_next_want(struct dna_court *court, unsigned *id,
                                 const struct dna_want **want);

/* Answers a want.  The fact is copied.  Facts for unknown or answered wants are ignored.
 * DNA_ERR_ARGUMENT: the fact's kind is not the want's.  DNA_ERR_MEMORY: the call may be made
 * again; if it is not, the hearing refuses in the end. */
DNA_API DNA_MUST_USE enum dna_err dna_court_give(struct dna_court *court, unsigned id,
                                                 const struct dna_fact *fact,
                                                 struct dna_time now);

/* Monotonic time at which dna_court_tick must be called (5 s for a look-up that can veto,
 * 30 s for the hearing), or DNA_NEVER. */
DNA_API int64_t dna_court_deadline(const struct dna_court *court);
DNA_API DNA_MUST_USE enum dna_err dna_court_tick(struct dna_court *court, struct dna_time now);

/* Whether the court has ruled; the ruling into *out (may be NULL).  Final. */
DNA_API bool dna_court_ruling(const struct dna_court *court, struct dna_ruling *out);
/* What the prover of one prooftype said last.  False: it was not heard. */
DNA_API bool dna_court_prover_ruling(const struct dna_court *court, enum dna_prooftype type,
                                     struct dna_ruling *out);

/* --- evidence -------------------------------------------------------------------------- */

/* The whole hearing as one JSON document, an evidence bundle: the question, each fact with
 * its origin and time, what each prover ruled, and the ruling.  `dna verify` hears it again.
 * *out lives as long as the court.  DNA_ERR_STATE: it has not ruled; DNA_ERR_LIMIT: longer
 * than 4 MiB; DNA_ERR_ARGUMENT: the question's role is neither. */
DNA_API DNA_MUST_USE enum dna_err dna_court_bundle(struct dna_court *court,
                                                   struct dna_span *out);
/* The bundle with a signature over it as its last member.  key_pem: a private key, Ed25519 or
 * ECDSA on P-256 or P-384.  *out is NUL-terminated, *len (may be NULL) its length, and freed
 * with the allocator's release.  DNA_ERR_FORMAT: no such key, or no unsigned bundle. */
DNA_API DNA_MUST_USE enum dna_err dna_bundle_sign(const struct dna_alloc *alloc,
                                                  struct dna_span bundle,
                                                  struct dna_span key_pem, char **out,
                                                  size_t *len);

#ifdef __cplusplus
}
#endif
#endif
