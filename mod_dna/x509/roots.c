/* x509/roots.c: the certificate authorities that the host trusts.
 *
 * Only what is added here is trusted: neither the system's store nor the environment is
 * looked at.  Only self-signed certificates become anchors; others that a file holds merely
 * help to build paths.
 */
#include <x509/roots.h>

#include <openssl/x509_vfy.h>

#include <base/alloc.h>
#include <x509/chain.h>
#include <x509/pem.h>

enum dna_err dna_roots_new(const struct dna_alloc *alloc, struct dna_roots **out)
{
    struct dna_roots *roots = dna_alloc_zero(alloc, 1, sizeof *roots);
    if (roots == NULL) {
        return DNA_ERR_MEMORY;
    }
    roots->alloc = alloc;
    atomic_init(&roots->references, 1);
    dna_library_enter();
    roots->store = X509_STORE_new();
    if (dna_library_leave(roots->store != NULL ? DNA_OK : DNA_ERR_MEMORY) != DNA_OK) {
        dna_alloc_release(alloc, roots);
        return DNA_ERR_MEMORY;
    }
    *out = roots;
    return DNA_OK;
}

static enum dna_err add_block(struct dna_roots *roots, const struct dna_pem_block *block)
{
    struct dna_span der = {NULL, 0};
    X509 *certificate = NULL;
    enum dna_err err = dna_pem_decode(roots->alloc, block, &der);
    if (err == DNA_OK) {
        err = dna_certificate_parse(der, &certificate);
    }
    if (err == DNA_OK && X509_STORE_add_cert(roots->store, certificate) != 1) {
        err = DNA_ERR_MEMORY;
    }
    X509_free(certificate);
    dna_alloc_release(roots->alloc, (void *)(uintptr_t)der.ptr);
    return err;
}

/* Certificates count, other things (keys, parameters) do not matter; but a "trusted
 * certificate" restricts what it may be used for, which would be lost. */
static enum dna_err add_all(struct dna_roots *roots, struct dna_span pem, size_t *added)
{
    struct dna_pem_block block;
    enum dna_err err;
    while ((err = dna_pem_next(&pem, DNA_PEM_TEXT_BETWEEN, &block)) == DNA_OK) {
        if (dna_span_is(block.label, "TRUSTED CERTIFICATE")) {
            return DNA_ERR_FORMAT;
        }
        if (!dna_span_is(block.label, "CERTIFICATE") &&
            !dna_span_is(block.label, "X509 CERTIFICATE")) {
            continue;
        }
        err = add_block(roots, &block);
        if (err != DNA_OK) {
            return err;
        }
        ++*added;
    }
    return err == DNA_ERR_NOT_FOUND ? DNA_OK : err;
}

enum dna_err dna_roots_add_pem(struct dna_roots *roots, struct dna_span pem, size_t *added)
{
    size_t n = 0;
    enum dna_err err;
    dna_library_enter();
    err = dna_library_leave(add_all(roots, pem, &n));
    if (added != NULL) {
        *added = n;
    }
    return err;
}

struct dna_roots *dna_roots_ref(struct dna_roots *roots)
{
    atomic_fetch_add(&roots->references, 1);
    return roots;
}

void dna_roots_free(struct dna_roots *roots)
{
    if (roots != NULL && atomic_fetch_sub(&roots->references, 1) == 1) {
        X509_STORE_free(roots->store);
        dna_alloc_release(roots->alloc, roots);
    }
}
