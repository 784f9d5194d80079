/* session/fact_bytes.h: a fact as bytes, for the cache.
 *
 * The bytes never leave the process: numbers are in the machine's own form.
 */
#ifndef DNA_SESSION_FACT_BYTES_H
#define DNA_SESSION_FACT_BYTES_H

#include <base/buf.h>
#include <base/limits.h>
#include <mod_dna/fact.h>

/* Appends.  DNA_ERR_LIMIT: more records than are ever looked at; DNA_ERR_ARGUMENT: an answer
 * of the peer, which is nobody else's. */
DNA_MUST_USE enum dna_err dna_fact_write(struct dna_buf *out, const struct dna_fact *fact);

/* A fact that borrows from its bytes. */
struct dna_fact_view {
    struct dna_fact fact;
    struct dna_span records[3][DNA_LIMIT_RECORDS];
};
void dna_fact_read(struct dna_span bytes, struct dna_fact_view *out);

#endif
