/* x509/private_key.h: private keys as operators have them, and what they are good for here:
 * requests for certificates, and attribute certificates.
 *
 * A key comes from a PEM text, or from the private-key file of a DNSSEC key as BIND writes it
 * (and ldns, and everybody who followed).  A key that verifiers would refuse (S9) is refused
 * here, too.
 */
#ifndef DNA_X509_PRIVATE_KEY_H
#define DNA_X509_PRIVATE_KEY_H

#include <base/buf.h>
#include <x509/library.h>

struct dna_private_key;

/* The first private key of a PEM text, or a private-key file of the algorithms 8, 10, 13, 14,
 * 15 and 16.  DNA_ERR_FORMAT: *why is static and for people; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_private_key_read(const struct dna_alloc *alloc,
                                               struct dna_span text,
                                               struct dna_private_key **out,
                                               const char **why);
void dna_private_key_free(struct dna_private_key *key); /* NULL is fine */

/* The DNSSEC algorithm that its file names; 0 for a key in PEM. */
unsigned dna_private_key_algorithm(const struct dna_private_key *key);
/* Appends its DER SubjectPublicKeyInfo. */
DNA_MUST_USE enum dna_err dna_private_key_spki(const struct dna_private_key *key,
                                               struct dna_buf *out);

/* For the files of this room: the key, still its own, and the hash that its signatures use,
 * NULL where the algorithm has one of its own. */
struct evp_pkey_st *dna_private_key_evp(const struct dna_private_key *key);
const struct evp_md_st *dna_private_key_hash(const struct dna_private_key *key);

#endif
