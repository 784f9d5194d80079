/* A world in which every prooftype could prove. */
#ifndef TESTS_RICH_H
#define TESTS_RICH_H

#include <world.h>

#define BIT(t) DNA_PROOF_BIT(DNA_PROOF_##t)
/* What the policy admits by default (S1). */
#define USUAL                                                                               \
    (BIT(PKIX) | BIT(SRVNAME) | BIT(DNSSEC_SRV) | BIT(DANE) | BIT(DNSSEC_TA) | BIT(POSH))

/* pkix, where names holds the domain; dnssec-srv, where the SRV records say so; dnssec-ta and
 * posh.  The records of _xmpp-server are UNPROVEN until they are set. */
struct rich {
    struct world w;
    struct cert ta;
    struct dna_span key;
    char posh[200], supplied[2000];
};

void rich_init(struct rich *r, const char *names);
void rich_fini(struct rich *r);
/* Another leaf for the peer, and its fingerprint in the POSH document. */
void rich_present(struct rich *r, struct dna_chain *chain);

#endif
