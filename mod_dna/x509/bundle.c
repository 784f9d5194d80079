/* x509/bundle.c: what a certificate URL may deliver.
 *
 * One DER certificate, PEM blocks with the leaf first, or DER PKCS#7/CMS certs-only; nothing
 * beside it.  Between and around PEM blocks only white space is allowed.
 */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <x509/chain.h>

struct bag {
    X509 *certs[DNA_LIMIT_CHAIN];
    size_t n;
};

static void drop(struct bag *bag)
{
    while (bag->n > 0) {
        X509_free(bag->certs[--bag->n]);
    }
}

static struct dna_span skip_space(struct dna_span s)
{
    while (s.len > 0 && memchr(" \t\r\n", s.ptr[0], 4) != NULL) {
        s.ptr++;
        s.len--;
    }
    return s;
}

static enum dna_err read_der(struct dna_span bytes, struct bag *bag)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    bag->certs[0] = d2i_X509(NULL, &p, (long)bytes.len);
    if (bag->certs[0] == NULL) {
        return DNA_ERR_FORMAT;
    }
    bag->n = 1;
    return p == (const unsigned char *)bytes.ptr + bytes.len ? DNA_OK : DNA_ERR_FORMAT;
}

static enum dna_err read_pem_block(struct dna_span block, struct bag *bag)
{
    BIO *bio = BIO_new_mem_buf(block.ptr, (int)block.len);
    X509 *cert;
    if (bio == NULL) {
        return DNA_ERR_MEMORY;
    }
    cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    if (cert == NULL) {
        return DNA_ERR_FORMAT;
    }
    if (bag->n == DNA_LIMIT_CHAIN) {
        X509_free(cert);
        return DNA_ERR_LIMIT;
    }
    bag->certs[bag->n++] = cert;
    return DNA_OK;
}

static enum dna_err read_pem(struct dna_span bytes, struct bag *bag)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----",
                      end[] = "-----END CERTIFICATE-----";
    enum dna_err err = DNA_OK;
    bytes = skip_space(bytes);
    while (bytes.len > 0 && err == DNA_OK) {
        const char *tail;
        size_t len;
        if (bytes.len < sizeof begin - 1 || memcmp(bytes.ptr, begin, sizeof begin - 1) != 0) {
            return DNA_ERR_FORMAT;
        }
        tail = memmem(bytes.ptr, bytes.len, end, sizeof end - 1);
        if (tail == NULL) {
            return DNA_ERR_FORMAT;
        }
        len = (size_t)(tail - bytes.ptr) + sizeof end - 1;
        err = read_pem_block((struct dna_span){bytes.ptr, len}, bag);
        bytes = skip_space((struct dna_span){bytes.ptr + len, bytes.len - len});
    }
    return err == DNA_OK && bag->n == 0 ? DNA_ERR_FORMAT : err;
}

/* The one certificate of the bag that issues no other comes first. */
static bool leaf_first(struct bag *bag)
{
    size_t leaves = 0, leaf = 0;
    X509 *swap;
    for (size_t i = 0; i < bag->n; i++) {
        bool issues = false;
        for (size_t j = 0; j < bag->n && !issues; j++) {
            issues = i != j && X509_NAME_cmp(X509_get_subject_name(bag->certs[i]),
                                             X509_get_issuer_name(bag->certs[j])) == 0;
        }
        if (!issues) {
            leaf = i;
            leaves++;
        }
    }
    if (leaves != 1) {
        return false;
    }
    swap = bag->certs[0];
    bag->certs[0] = bag->certs[leaf];
    bag->certs[leaf] = swap;
    return true;
}

static enum dna_err read_pkcs7(struct dna_span bytes, struct bag *bag)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    PKCS7 *message = d2i_PKCS7(NULL, &p, (long)bytes.len);
    STACK_OF(X509) *certs = NULL;
    enum dna_err err = DNA_ERR_FORMAT;
    if (message != NULL && p == (const unsigned char *)bytes.ptr + bytes.len &&
        PKCS7_type_is_signed(message) && message->d.sign != NULL) {
        certs = message->d.sign->cert;
    }
    if (sk_X509_num(certs) > DNA_LIMIT_CHAIN) {
        err = DNA_ERR_LIMIT;
    } else if (sk_X509_num(certs) > 0) {
        for (int i = 0; i < sk_X509_num(certs); i++) {
            X509 *cert = sk_X509_value(certs, i);
            (void)X509_up_ref(cert);
            bag->certs[bag->n++] = cert;
        }
        err = leaf_first(bag) ? DNA_OK : DNA_ERR_FORMAT;
    }
    PKCS7_free(message);
    return err;
}

enum dna_err dna_chain_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                             struct dna_chain **out)
{
    struct bag bag = {.n = 0};
    enum dna_err err;
    X509 **certs;
    if (bytes.len == 0 || bytes.len > DNA_LIMIT_DOCUMENT) {
        return bytes.len == 0 ? DNA_ERR_FORMAT : DNA_ERR_LIMIT;
    }
    if (bytes.ptr[0] == 0x30) {
        err = read_der(bytes, &bag);
        if (err != DNA_OK && bag.n == 0) {
            err = read_pkcs7(bytes, &bag);
        }
    } else {
        err = read_pem(bytes, &bag);
    }
    ERR_clear_error();
    certs = err == DNA_OK ? dna_alloc_zero(alloc, bag.n, sizeof(X509 *)) : NULL;
    if (certs == NULL) {
        drop(&bag);
        return err == DNA_OK ? DNA_ERR_MEMORY : err;
    }
    memcpy(certs, bag.certs, bag.n * sizeof(X509 *));
    return dna_x509_chain_of(alloc, certs, bag.n, out);
}
