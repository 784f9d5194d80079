/* session/key.h: what a look-up and a ruling are known by.
 *
 * Two wants have the same key exactly if one look-up answers both.  The key of a ruling holds
 * everything that the ruling depended on, so that nothing proven for one certificate, role,
 * endpoint or policy is ever applied to another.
 */
#ifndef DNA_SESSION_KEY_H
#define DNA_SESSION_KEY_H

#include <mod_dna/fact.h>

#define DNA_KEY_MAX 4096
struct dna_key {
    char bytes[DNA_KEY_MAX];
    size_t len;
};

struct dna_span dna_key_span(const struct dna_key *key);

/* DNA_ERR_LIMIT: a text of the want is longer than any that we look up.  DNA_ERR_ARGUMENT: a
 * want that is put to the peer belongs to one stream, and what is remembered is nothing to be
 * looked up: neither has a key. */
DNA_MUST_USE enum dna_err dna_key_want(const struct dna_want *want, struct dna_key *out);
/* Makes *out the want of a key, its texts pointing into the key's bytes; the chain of a path
 * check, or of a signature's signer, is the given one, and the rest of a signature is not in
 * its key. */
void dna_key_to_want(struct dna_span key, struct dna_chain *chain, struct dna_want *out);

/* What holds until it ends: domain, service, role, the peer's leaf, endpoint and policy. */
DNA_MUST_USE enum dna_err dna_key_proven(const struct dna_question *question,
                                         struct dna_key *out);
/* What the peer supplied, in short. */
struct dna_key_proof {
    enum dna_prooftype type;
    unsigned char digest[DNA_SHA256_SIZE]; /* of the content */
};
/* What was refused: as above, with the whole presented chain instead of the leaf, and what
 * the peer supplied (S13). */
DNA_MUST_USE enum dna_err dna_key_refused(const struct dna_question *question,
                                          const struct dna_key_proof *proof,
                                          struct dna_key *out);
/* The same for whoever remembers longer than this process, or elsewhere: without generations,
 * which are the process's own, and with the digest of what it believes beside the policy.
 * proof NULL: what was proven. */
DNA_MUST_USE enum dna_err dna_key_lasting(const struct dna_question *question,
                                          const struct dna_key_proof *proof,
                                          const unsigned char terms[DNA_SHA256_SIZE],
                                          struct dna_key *out);

#endif
