/* proof/registry.h: the prooftypes, one row each. */
#ifndef DNA_PROOF_REGISTRY_H
#define DNA_PROOF_REGISTRY_H

#include <proof/prover.h>

/* Indexed by enum dna_prooftype. */
extern const struct dna_prover *const dna_provers[DNA_N_PROOFTYPES];

#endif
