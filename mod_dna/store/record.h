/* store/record.h: what is kept, as bytes that show who wrote them.
 *
 * The bytes are a version, the record and a MAC over both, whose key the store's medium never
 * sees.  Whoever can write into the medium can take records away, or put back one that we
 * wrote ourselves and that has not ended; he cannot make one, lengthen its life, or pass one
 * off as another (S16).
 */
#ifndef DNA_STORE_RECORD_H
#define DNA_STORE_RECORD_H

#include <base/buf.h>

#define DNA_STORE_MAC 32
#define DNA_STORE_ID 32
#define DNA_STORE_KINDS 9 /* 1 to 9; the lower ones are the more important ones */

struct dna_store_record {
    unsigned kind;
    bool pinned; /* newer records never displace it before it has ended */
    bool gone;   /* what was kept under this kind, domain and id no longer holds */
    struct dna_span domain; /* at most 255 bytes */
    unsigned char id[DNA_STORE_ID];
    int64_t learned_at, expires_at; /* wall seconds */
    struct dna_span value;
};

/* HMAC-SHA256 under the configured key, made by who knows how. */
struct dna_store_mac {
    enum dna_err (*make)(void *arg, struct dna_span bytes, unsigned char out[DNA_STORE_MAC]);
    void *arg;
};

/* Appends it.  DNA_ERR_ARGUMENT: no such record can be kept. */
DNA_MUST_USE enum dna_err dna_store_seal(const struct dna_store_mac *mac,
                                         const struct dna_store_record *record,
                                         struct dna_buf *out);
/* *out borrows from bytes.  DNA_ERR_FORMAT: they are not what we wrote.  DNA_ERR_NOT_FOUND:
 * they are, but not of use now: ended, or written by a clock that is ahead of ours by more
 * than DNA_LIMIT_STORE_AHEAD_S. */
DNA_MUST_USE enum dna_err dna_store_unseal(const struct dna_store_mac *mac,
                                           struct dna_span bytes, int64_t now,
                                           struct dna_store_record *out);

#endif
