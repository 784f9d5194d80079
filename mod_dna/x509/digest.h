/* x509/digest.h: hashes and the dialback key. */
#ifndef DNA_X509_DIGEST_H
#define DNA_X509_DIGEST_H

#include <mod_dna/base.h>

enum dna_hash { DNA_HASH_SHA256, DNA_HASH_SHA384, DNA_HASH_SHA512 };
#define DNA_HASH_MAX 64
/* Digest length of a hash: 32, 48, 64. */
size_t dna_hash_size(enum dna_hash hash);
/* out has DNA_HASH_MAX bytes. */
DNA_MUST_USE enum dna_err dna_hash(enum dna_hash hash, struct dna_span bytes,
                                   unsigned char *out);

#define DNA_DIALBACK_KEY_TEXT 65
/* XEP-0185 3: lower-case hex, NUL-terminated.  Domains and id as on the wire. */
DNA_MUST_USE enum dna_err dna_dialback_key(struct dna_span secret,
                                           struct dna_span receiving_domain,
                                           struct dna_span initiating_domain,
                                           struct dna_span stream_id,
                                           char out[DNA_DIALBACK_KEY_TEXT]);
/* What shows that one end of a local link knows the link's secret: HMAC-SHA256, as above.
 * label: who says it to whom.  asked: the sender and the receiver that are asked for, as in
 * the request; id: of the stream, made by who is asked; nonce: made by who asks. */
struct dna_link_claim {
    struct dna_span label, id, from, to, nonce;
};
DNA_MUST_USE enum dna_err dna_link_proof(struct dna_span secret,
                                         const struct dna_link_claim *claim,
                                         char out[DNA_DIALBACK_KEY_TEXT]);
/* HMAC-SHA256; out has 32 bytes. */
DNA_MUST_USE enum dna_err dna_mac(struct dna_span key, struct dna_span bytes,
                                  unsigned char out[32]);
/* In constant time. */
bool dna_same_bytes(struct dna_span a, struct dna_span b);

#endif
