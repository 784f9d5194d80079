/* proof/evidence.h: a hearing as a value of canonical JSON, and back.
 *
 * What is written is all that the ruling depends on, but for the trusted roots: the question,
 * the answers in the order in which they arrived, and what was ruled.  A want that the peer
 * was challenged with is written without its list of prooftypes, which decides nothing.
 */
#ifndef DNA_PROOF_EVIDENCE_H
#define DNA_PROOF_EVIDENCE_H

#include <json/canonical.h>
#include <proof/court.h>

#define DNA_EVIDENCE_FORMAT "dna-evidence-0"

/* The whole hearing, which has ruled. */
struct dna_json *dna_evidence_write(struct dna_json_maker *maker,
                                    const struct dna_court *court);
struct dna_json *dna_evidence_want(struct dna_json_maker *maker, struct dna_json *parent,
                                   const struct dna_want *want);

/* Words of the format. */
const char *dna_evidence_role_name(enum dna_role role);
const char *dna_evidence_service_name(enum dna_service service);

/* --- reading, evidence_read.c ------------------------------------------------------------ */

/* All of these: DNA_ERR_FORMAT where the value is not what it should be. */

/* The question; its texts live with the value or in the arena, its chain is the caller's. */
DNA_MUST_USE enum dna_err dna_evidence_question(struct dna_arena *arena,
                                                const struct dna_json *value,
                                                struct dna_question *out,
                                                struct dna_chain **chain);
/* {"wall":...,"ms":...} */
DNA_MUST_USE enum dna_err dna_evidence_time(const struct dna_json *value,
                                            struct dna_time *out);
/* One fact of any kind but PATH and SIGNATURE, which are never believed: only their kind is
 * read. */
DNA_MUST_USE enum dna_err dna_evidence_fact(struct dna_arena *arena,
                                            const struct dna_json *value,
                                            struct dna_fact *out);
/* base64 text. */
DNA_MUST_USE enum dna_err dna_evidence_bytes(struct dna_arena *arena,
                                             const struct dna_json *value,
                                             struct dna_span *out);

#endif
