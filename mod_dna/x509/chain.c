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

/* Room for the DER of all certificates, whose lengths are set. */
static enum dna_err make_room(struct dna_chain *chain, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < chain->n; i++) {
        if (chain->links[i].der.len > DNA_LIMIT_CHAIN_BYTES - *total) {
            return DNA_ERR_LIMIT;
        }
        *total += chain->links[i].der.len;
    }
    chain->bytes = dna_alloc_get(chain->alloc, *total);
    return chain->bytes != NULL ? DNA_OK : DNA_ERR_MEMORY;
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

/* What is known of the chain once its certificates and their bytes are there. */
static enum dna_err describe(struct dna_chain *chain, size_t total)
{
    const X509 *leaf = chain->links[0].certificate;
    enum dna_err err = dna_certificate_validity(leaf, &chain->not_before, &chain->not_after);
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

static enum dna_err fill_parsing(struct dna_chain *chain, const struct dna_span *der)
{
    size_t total;
    char *p;
    enum dna_err err;
    for (size_t i = 0; i < chain->n; i++) {
        chain->links[i].der = der[i];
    }
    err = make_room(chain, &total);
    p = chain->bytes;
    for (size_t i = 0; err == DNA_OK && i < chain->n; i++) {
        struct dna_chain_link *link = &chain->links[i];
        memcpy(p, der[i].ptr, der[i].len);
        link->der.ptr = p;
        p += der[i].len;
        err = dna_certificate_parse(link->der, &link->certificate);
    }
    return err == DNA_OK ? describe(chain, total) : err;
}

static enum dna_err fill_sharing(struct dna_chain *chain, X509 *const *certificates)
{
    size_t total;
    unsigned char *p;
    enum dna_err err;
    for (size_t i = 0; i < chain->n; i++) {
        int len = i2d_X509(certificates[i], NULL);
        if (len <= 0) {
            return DNA_ERR_FORMAT;
        }
        chain->links[i].der.len = (size_t)len;
    }
    err = make_room(chain, &total);
    p = (unsigned char *)chain->bytes;
    for (size_t i = 0; err == DNA_OK && i < chain->n; i++) {
        struct dna_chain_link *link = &chain->links[i];
        link->der.ptr = (const char *)p;
        if (i2d_X509(certificates[i], &p) != (int)link->der.len ||
            X509_up_ref(certificates[i]) != 1) {
            return DNA_ERR_FORMAT;
        }
        link->certificate = certificates[i];
    }
    return err == DNA_OK ? describe(chain, total) : err;
}

static enum dna_err make(const struct dna_alloc *alloc, size_t n, struct dna_chain **out)
{
    struct dna_chain *chain;
    if (n == 0) {
        return DNA_ERR_FORMAT;
    }
    if (n > DNA_LIMIT_CHAIN) {
        return DNA_ERR_LIMIT;
    }
    chain = dna_alloc_zero(alloc, 1, sizeof *chain);
    if (chain == NULL) {
        return DNA_ERR_MEMORY;
    }
    chain->alloc = alloc;
    chain->n = n;
    atomic_init(&chain->references, 1);
    *out = chain;
    return DNA_OK;
}

/* The chain to the caller, or away with it. */
static enum dna_err finish(struct dna_chain *chain, enum dna_err err, struct dna_chain **out)
{
    if (err != DNA_OK) {
        dna_chain_free(chain);
        return err;
    }
    *out = chain;
    return DNA_OK;
}

enum dna_err dna_chain_new(const struct dna_alloc *alloc, const struct dna_span *der, size_t n,
                           struct dna_chain **out)
{
    struct dna_chain *chain;
    enum dna_err err = make(alloc, n, &chain);
    if (err != DNA_OK) {
        return err;
    }
    dna_library_enter();
    return finish(chain, dna_library_leave(fill_parsing(chain, der)), out);
}

enum dna_err dna_chain_share(const struct dna_alloc *alloc, X509 *const *certificates,
                             size_t n, struct dna_chain **out)
{
    struct dna_chain *chain;
    enum dna_err err = make(alloc, n, &chain);
    if (err != DNA_OK) {
        return err;
    }
    dna_library_enter();
    return finish(chain, dna_library_leave(fill_sharing(chain, certificates)), out);
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
