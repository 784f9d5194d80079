/* proof/certificate.h: what the provers ask of a certificate besides its path. */
#ifndef DNA_PROOF_CERTIFICATE_H
#define DNA_PROOF_CERTIFICATE_H

#include <proof/prover.h>

/* Whether the path leads to a CA and is valid at now; if not, the refusal in *out.  whose:
 * "the peer's certificate". */
bool dna_certificate_trusted(const struct dna_path *path, enum dna_prooftype type,
                             int64_t now, const char *whose, struct dna_ruling *out);

/* Whether the leaf of chain names a host: by DNS-ID, wildcards included, or by SRV-ID of the
 * service where the path lets those count (S7). */
bool dna_certificate_names(const struct dna_chain *chain, const struct dna_path *path,
                           enum dna_service service, const char *host);
/* Whether it names a domain: as above, or by XmppAddr (same rule). */
bool dna_certificate_names_domain(const struct dna_chain *chain, const struct dna_path *path,
                                  enum dna_service service, const char *domain);
/* The same without wildcards (S3). */
bool dna_certificate_names_exactly(const struct dna_chain *chain, const struct dna_path *path,
                                   enum dna_service service, const char *domain);

/* By XmppAddr alone, where no CA of the path has constrained names. */
bool dna_certificate_names_account(const struct dna_chain *chain, const struct dna_path *path,
                                   const char *domain);

/* "xmpp-server" or "xmpp-client". */
const char *dna_certificate_service(enum dna_service service);

#endif
