/* x509/chain.c: a chain of certificates as the peer presented it.
 *
 * The order is the peer's and nothing is verified here.  A chain is immutable; the reference
 * count may be used from several threads.  The digest over the whole chain is taken over the
 * certificates one after the other: DER ends itself, so that no two chains look alike.
 */
#include <x509/chain.h>

#include <assert.h>
#include <string.h>

#include <openssl/x509.h>

#include <base/alloc.h>
#include <x509/digest.h>

static enum dna_err copy_bytes(struct dna_chain *chain, const struct dna_span *der,
                               size_t n, size_t total)
{
    char *p = dna_alloc_get(chain->alloc, total);
    chain->bytes = p;
    if (p == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(p, der[i].ptr, der[i].len);
        chain->links[i].der = (struct dna_span){p, der[i].len};
        p += der[i].len;
    }
    return DNA_OK;
}

static enum dna_err hash_into(struct dna_span bytes, uint8_t out[DNA_SHA256_SIZE])
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_err err = dna_hash(DNA_HASH_SHA256, bytes, digest);
    if (err == DNA_OK) {
        memcpy(out, digest, DNA_SHA256_SIZE);
    }
    return err;
}

static enum dna_err fill(struct dna_chain *chain, const struct dna_span *der, size_t n,
                         size_t total)
{
    const X509 *leaf;
    enum dna_err err = copy_bytes(chain, der, n, total);
    for (; err == DNA_OK && chain->n < n; chain->n++) {
        struct dna_chain_link *link = &chain->links[chain->n];
        err = dna_certificate_parse(link->der, &link->certificate);
        if (err != DNA_OK) {
            return err;
        }
    }
    if (err != DNA_OK) {
        return err;
    }
    leaf = chain->links[0].certificate;
    err = dna_certificate_validity(leaf, &chain->not_before, &chain->not_after);
    if (err == DNA_OK) {
        err = dna_chain_names_init(&chain->names, chain->alloc, leaf);
    }
    if (err == DNA_OK) {
        err = hash_into(chain->links[0].der, chain->leaf_digest);
    }
    if (err == DNA_OK) {
        err = hash_into((struct dna_span){chain->bytes, total}, chain->digest);
    }
    return err;
}

enum dna_err dna_chain_new(const struct dna_alloc *alloc, const struct dna_span *der, size_t n,
                           struct dna_chain **out)
{
    struct dna_chain *chain;
    size_t total = 0;
    enum dna_err err;
    if (n == 0) {
        return DNA_ERR_FORMAT;
    }
    if (n > DNA_LIMIT_CHAIN) {
        return DNA_ERR_LIMIT;
    }
    for (size_t i = 0; i < n; i++) {
        if (der[i].len > DNA_LIMIT_CHAIN_BYTES - total) {
            return DNA_ERR_LIMIT;
        }
        total += der[i].len;
    }
    chain = dna_alloc_zero(alloc, 1, sizeof *chain);
    if (chain == NULL) {
        return DNA_ERR_MEMORY;
    }
    chain->alloc = alloc;
    atomic_init(&chain->references, 1);
    dna_library_enter();
    err = dna_library_leave(fill(chain, der, n, total));
    if (err != DNA_OK) {
        dna_chain_free(chain);
        return err;
    }
    *out = chain;
    return DNA_OK;
}

struct dna_chain *dna_chain_ref(struct dna_chain *chain)
{
    atomic_fetch_add(&chain->references, 1);
    return chain;
}

void dna_chain_free(struct dna_chain *chain)
{
    if (chain == NULL || atomic_fetch_sub(&chain->references, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < chain->n; i++) {
        X509_free(chain->links[i].certificate);
    }
    dna_chain_names_fini(&chain->names, chain->alloc);
    dna_alloc_release(chain->alloc, chain->bytes);
    dna_alloc_release(chain->alloc, chain);
}

size_t dna_chain_count(const struct dna_chain *chain)
{
    return chain->n;
}

struct dna_span dna_chain_der(const struct dna_chain *chain, size_t i)
{
    assert(i < chain->n);
    return chain->links[i].der;
}

const uint8_t *dna_chain_leaf_digest(const struct dna_chain *chain)
{
    return chain->leaf_digest;
}

const uint8_t *dna_chain_digest(const struct dna_chain *chain)
{
    return chain->digest;
}

void dna_chain_leaf_validity(const struct dna_chain *chain, int64_t *not_before,
                             int64_t *not_after)
{
    *not_before = chain->not_before;
    *not_after = chain->not_after;
}
