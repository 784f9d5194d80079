/* proof/delegate.h: is the peer a host that the domain is delegated to?  (RFC 7673 4.2,
 * dnssec-ta steps 14 and 15, S6) */
#ifndef DNA_PROOF_DELEGATE_H
#define DNA_PROOF_DELEGATE_H

#include <proof/endpoint.h>
#include <proof/srv_status.h>

/* What the peer's certificate may name. */
enum dna_delegate_names {
    DNA_NAMES_HOST,          /* the delegate */
    DNA_NAMES_HOST_OR_DOMAIN /* or the domain */
};

struct dna_delegate {
    struct dna_name host;
    bool by_domain; /* the certificate names the domain, not the host */
    int64_t until;  /* of the answers about that endpoint, and of its TLSA records' match */
};

/* The peer's path is trusted.  Initiating with a host, that very endpoint must be delegated
 * to; else any secure target serves.  The leaf must name it, and where it has usable TLSA
 * records one of them must match too; where they could not be found out it does not serve.
 * OPEN: wants were named; NONE: the refusal is in *ruling. */
enum dna_match dna_delegate_find(struct dna_run *run, const struct dna_delegation *delegation,
                                 const struct dna_path *path, enum dna_delegate_names names,
                                 enum dna_prooftype type, struct dna_delegate *out,
                                 struct dna_ruling *ruling);

#endif
