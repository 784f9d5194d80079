/* x509/bundle.c: what a certificate URL may deliver.
 *
 * One DER certificate, PEM blocks with the leaf first, or DER PKCS#7/CMS certs-only whose
 * leaf is the one certificate that issues no other in the bag.  Whatever else stands there,
 * in front, between or behind, is refused, for two readers might not agree on the leaf.
 */
#include <string.h>

#include <openssl/cms.h>

#include <base/alloc.h>
#include <x509/chain.h>
#include <x509/pem.h>

/* DER certificates in order; each owns its bytes. */
struct bundle {
    const struct dna_alloc *alloc;
    struct dna_span der[DNA_LIMIT_CHAIN];
    size_t n;
};

static void empty(struct bundle *bundle)
{
    while (bundle->n > 0) {
        dna_alloc_release(bundle->alloc, (void *)(uintptr_t)bundle->der[--bundle->n].ptr);
    }
}

static enum dna_err read_pem(struct dna_span text, struct bundle *bundle)
{
    struct dna_pem_block block;
    enum dna_err err;
    while ((err = dna_pem_next(&text, DNA_PEM_NOTHING_BETWEEN, &block)) == DNA_OK) {
        if (!dna_span_is(block.label, "CERTIFICATE")) {
            return DNA_ERR_FORMAT;
        }
        if (bundle->n == DNA_LIMIT_CHAIN) {
            return DNA_ERR_LIMIT;
        }
        err = dna_pem_decode(bundle->alloc, &block, &bundle->der[bundle->n]);
        if (err != DNA_OK) {
            return err;
        }
        bundle->n++;
    }
    return err == DNA_ERR_NOT_FOUND && bundle->n != 0 ? DNA_OK : DNA_ERR_FORMAT;
}

static bool issues_another(STACK_OF(X509) *bag, int i)
{
    for (int j = 0; j < sk_X509_num(bag); j++) {
        if (j != i && X509_NAME_cmp(X509_get_subject_name(sk_X509_value(bag, i)),
                                    X509_get_issuer_name(sk_X509_value(bag, j))) == 0) {
            return true;
        }
    }
    return false;
}

/* The index of the only certificate that issues no other, or -1. */
static int find_leaf(STACK_OF(X509) *bag)
{
    int leaf = -1;
    for (int i = 0; i < sk_X509_num(bag); i++) {
        if (!issues_another(bag, i)) {
            if (leaf >= 0) {
                return -1;
            }
            leaf = i;
        }
    }
    return leaf;
}

static enum dna_err add_certificate(struct bundle *bundle, X509 *certificate)
{
    unsigned char *der, *p;
    int len = i2d_X509(certificate, NULL);
    if (len <= 0) {
        return DNA_ERR_FORMAT;
    }
    der = p = dna_alloc_get(bundle->alloc, (size_t)len);
    if (der == NULL) {
        return DNA_ERR_MEMORY;
    }
    bundle->der[bundle->n++] = (struct dna_span){(char *)der, (size_t)len};
    return i2d_X509(certificate, &p) == len ? DNA_OK : DNA_ERR_FORMAT;
}

static enum dna_err add_bag(struct bundle *bundle, STACK_OF(X509) *bag)
{
    enum dna_err err = DNA_OK;
    int leaf;
    if (sk_X509_num(bag) > DNA_LIMIT_CHAIN) {
        return DNA_ERR_LIMIT;
    }
    leaf = find_leaf(bag);
    if (leaf < 0) {
        return DNA_ERR_FORMAT;
    }
    err = add_certificate(bundle, sk_X509_value(bag, leaf));
    for (int i = 0; err == DNA_OK && i < sk_X509_num(bag); i++) {
        if (i != leaf) {
            err = add_certificate(bundle, sk_X509_value(bag, i));
        }
    }
    return err;
}

/* SignedData that signs nothing: no or empty content, no signer (RFC 5652 5.1). */
static bool is_certs_only(CMS_ContentInfo *message)
{
    ASN1_OCTET_STRING **content;
    if (OBJ_obj2nid(CMS_get0_type(message)) != NID_pkcs7_signed ||
        sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(message)) > 0) {
        return false;
    }
    content = CMS_get0_content(message);
    return content != NULL && (*content == NULL || ASN1_STRING_length(*content) == 0);
}

static enum dna_err read_message(struct dna_span bytes, struct bundle *bundle)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    CMS_ContentInfo *message = d2i_CMS_ContentInfo(NULL, &p, (long)bytes.len);
    enum dna_err err = DNA_ERR_FORMAT;
    if (message != NULL && p == (const unsigned char *)bytes.ptr + bytes.len &&
        is_certs_only(message)) {
        STACK_OF(X509) *bag = CMS_get1_certs(message);
        err = bag != NULL ? add_bag(bundle, bag) : DNA_ERR_FORMAT;
        sk_X509_pop_free(bag, X509_free);
    }
    CMS_ContentInfo_free(message);
    return err;
}

/* Whether the outer SEQUENCE begins with an object identifier: a ContentInfo, where a
 * certificate has a SEQUENCE. */
static bool looks_like_message(struct dna_span der)
{
    size_t header = 2;
    if (der.len < 2) {
        return false;
    }
    if ((der.ptr[1] & 0x80) != 0) {
        header += (size_t)der.ptr[1] & 0x7f;
    }
    return header < der.len && der.ptr[header] == 0x06;
}

static enum dna_err read_any(struct dna_span bytes, struct bundle *bundle,
                             struct dna_chain **out)
{
    enum dna_err err;
    if (bytes.ptr[0] != 0x30) {
        err = read_pem(bytes, bundle);
    } else if (looks_like_message(bytes)) {
        err = read_message(bytes, bundle);
    } else {
        return dna_chain_new(bundle->alloc, &bytes, 1, out);
    }
    return err == DNA_OK ? dna_chain_new(bundle->alloc, bundle->der, bundle->n, out) : err;
}

enum dna_err dna_chain_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                             struct dna_chain **out)
{
    struct bundle bundle = {.alloc = alloc};
    enum dna_err err;
    if (bytes.len == 0) {
        return DNA_ERR_FORMAT;
    }
    if (bytes.len > DNA_LIMIT_DOCUMENT) {
        return DNA_ERR_LIMIT;
    }
    dna_library_enter();
    err = dna_library_leave(read_any(bytes, &bundle, out));
    empty(&bundle);
    return err;
}
