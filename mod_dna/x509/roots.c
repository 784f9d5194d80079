/* x509/roots.c: the trusted certificate authorities. */
#include <limits.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <base/alloc.h>
#include <x509/chain.h>

enum dna_err dna_roots_new(const struct dna_alloc *alloc, struct dna_roots **out)
{
    struct dna_roots *roots = dna_alloc_zero(alloc, 1, sizeof *roots);
    if (roots == NULL) {
        return DNA_ERR_MEMORY;
    }
    roots->alloc = alloc;
    roots->references = 1;
    roots->store = X509_STORE_new();
    if (roots->store == NULL) {
        dna_alloc_release(alloc, roots);
        return DNA_ERR_MEMORY;
    }
    *out = roots;
    return DNA_OK;
}

enum dna_err dna_roots_add_pem(struct dna_roots *roots, struct dna_span pem, size_t *added)
{
    BIO *bio = pem.len <= INT_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    enum dna_err err = DNA_OK;
    size_t n = 0;
    if (bio == NULL) {
        return pem.len <= INT_MAX ? DNA_ERR_MEMORY : DNA_ERR_LIMIT;
    }
    while (err == DNA_OK) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (cert == NULL) {
            unsigned long code = ERR_peek_last_error();
            if (ERR_GET_LIB(code) != ERR_LIB_PEM ||
                ERR_GET_REASON(code) != PEM_R_NO_START_LINE) {
                err = DNA_ERR_FORMAT;
            }
            break;
        }
        if (X509_STORE_add_cert(roots->store, cert) != 1) {
            err = DNA_ERR_MEMORY;
        }
        X509_free(cert);
        n++;
    }
    ERR_clear_error();
    BIO_free(bio);
    if (added != NULL) {
        *added = n;
    }
    return err;
}

struct dna_roots *dna_roots_ref(struct dna_roots *roots)
{
    roots->references++;
    return roots;
}

void dna_roots_free(struct dna_roots *roots)
{
    if (roots != NULL && --roots->references == 0) {
        X509_STORE_free(roots->store);
        dna_alloc_release(roots->alloc, roots);
    }
}
