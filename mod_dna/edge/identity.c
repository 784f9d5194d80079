/* edge/identity.c: the host's handle on a certificate and its key.
 *
 * Streams hold the TLS identity itself, so a host may free its handle at any time.
 */
#include <edge/identity.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/driver.h>

struct dna_uv_identity {
    const struct dna_alloc *alloc;
    struct dna_tls_identity *tls;
};

enum dna_err dna_uv_identity_new(struct dna_uv *uv, struct dna_span chain_pem,
                                 struct dna_span key_pem, struct dna_uv_identity **out,
                                 const char **why)
{
    struct dna_uv_identity *made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    enum dna_err err;
    *out = NULL;
    *why = "out of memory";
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->alloc = uv->alloc;
    err = uv->pool != NULL ? DNA_OK
                           : dna_tls_pool_new(uv->alloc, DNA_LIMIT_TLS_IDENTITIES, &uv->pool);
    if (err == DNA_OK) {
        err = dna_tls_pool_identity(uv->pool, chain_pem, key_pem, &made->tls, why);
    }
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, made);
        return err;
    }
    *out = made;
    return DNA_OK;
}

void dna_uv_identity_free(struct dna_uv_identity *identity)
{
    if (identity != NULL) {
        dna_tls_identity_free(identity->tls);
        dna_alloc_release(identity->alloc, identity);
    }
}

const struct dna_chain *dna_uv_identity_chain(const struct dna_uv_identity *identity)
{
    return dna_tls_identity_chain(identity->tls);
}

struct dna_tls_identity *dna_edge_identity_tls(const struct dna_uv_identity *identity)
{
    return identity->tls;
}
