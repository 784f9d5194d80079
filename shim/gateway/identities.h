/* gateway/identities.h: which certificate is presented for which domain.
 *
 * A domain's own pair, where the configuration names one; else the pair of the certificate
 * folder that names it, is valid now and ends last; else the provider's.  A set is read as a
 * whole and then never changes; what has not changed on disk is shared with the set before.
 */
#ifndef DNA_GATEWAY_IDENTITIES_H
#define DNA_GATEWAY_IDENTITIES_H

#include <stdio.h>

#include <mod_dna/uv.h>

#include "config.h"

struct identities;

/* before: the set in force, or NULL.  What is wrong with a pair that the configuration names
 * is written to errors, and counted; with one of the folder, it is logged once, and the one
 * that served before goes on.  NULL: no memory. */
struct identities *identities_read(struct dna_uv *uv, const struct gateway_config *config,
                                   const struct identities *before, const struct dna_log *log,
                                   FILE *errors, unsigned *faults);
/* Streams keep what they were given. */
void identities_free(struct identities *set);
/* domain: canonical, or NULL: the provider's.  now: wall seconds. */
struct dna_uv_identity *identities_for(const struct identities *set,
                                       const struct gateway_config *config,
                                       const char *domain, int64_t now);
/* How many pairs of the folder serve. */
size_t identities_in_folder(const struct identities *set);

#endif
