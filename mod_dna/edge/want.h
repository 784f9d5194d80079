/* edge/want.h: what the session wants to know, satisfied. */
#ifndef DNA_EDGE_WANT_H
#define DNA_EDGE_WANT_H

#include <base/address.h>
#include <edge/driver.h>

/* On whose behalf something is looked up: who pays for it out of the fetch budgets (S23). */
struct dna_edge_party {
    char key[DNA_ADDRESS_TEXT]; /* a network, as text; "": ourselves */
    bool proven;
};

/* The network that a peer's address belongs to. */
void dna_edge_party_of(const struct dna_address *address, struct dna_edge_party *out);

DNA_MUST_USE enum dna_err dna_edge_wants_new(struct dna_uv *uv);
/* Cancels what runs. */
void dna_edge_wants_free(struct dna_uv *uv);
/* Starts what the session wants now, and stops what it wants no more. */
void dna_edge_wants_pull(struct dna_uv *uv);

#endif
