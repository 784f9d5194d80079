#include <certs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static void need(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "certificate factory: %s failed\n", what);
        ERR_print_errors_fp(stderr);
        abort();
    }
}

static EVP_PKEY *make_key(const char *kind)
{
    EVP_PKEY *key = NULL;
    if (kind == NULL) {
        kind = "P-256";
    }
    if (strcmp(kind, "ED25519") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else if (strncmp(kind, "RSA-", 4) == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    }
    need(key != NULL, "making a key");
    return key;
}

static void extend(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *extension;
    if (value == NULL) {
        return;
    }
    extension = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    need(extension != NULL && X509_add_ext(cert, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static void set_subject(X509 *cert, const struct cert_order *order)
{
    X509_NAME *name = X509_get_subject_name(cert);
    if (order->subject != NULL) {
        need(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                        (const unsigned char *)order->subject, -1, -1, 0) == 1,
             "setting the subject");
    }
}

static void set_issuer(X509 *cert, const struct cert_order *order)
{
    const unsigned char *p;
    X509 *issuer;
    if (order->issuer == NULL) {
        need(X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1, "issuer");
        return;
    }
    p = (const unsigned char *)order->issuer->der.ptr;
    issuer = d2i_X509(NULL, &p, (long)order->issuer->der.len);
    need(issuer != NULL &&
             X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1,
         "issuer");
    X509_free(issuer);
}

static void add_extensions(X509 *cert, const struct cert_order *order)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extend(cert, &ctx, NID_basic_constraints, order->ca ? "critical,CA:TRUE" : "CA:FALSE");
    extend(cert, &ctx, NID_subject_alt_name, order->names);
    extend(cert, &ctx, NID_ext_key_usage, order->usage);
    extend(cert, &ctx, NID_key_usage, order->key_usage);
    extend(cert, &ctx, NID_name_constraints, order->constraints);
}

struct cert cert_make(const struct cert_order *order)
{
    static long serial = 1;
    struct cert made = {.key = make_key(order->key), .subject = order->subject};
    X509 *cert = X509_new();
    EVP_PKEY *signer = order->issuer != NULL ? order->issuer->key : made.key;
    bool pure = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    unsigned char *der = NULL;
    int len;
    need(cert != NULL && X509_set_version(cert, 2) == 1, "making a certificate");
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    need(ASN1_TIME_set(X509_getm_notBefore(cert),
                       (time_t)(order->not_before != 0 ? order->not_before
                                                       : CERTS_NOW - 86400)) != NULL &&
             ASN1_TIME_set(X509_getm_notAfter(cert),
                           (time_t)(order->not_after != 0 ? order->not_after
                                                          : CERTS_NOW + 30 * 86400)) != NULL,
         "dates");
    set_subject(cert, order);
    set_issuer(cert, order);
    need(X509_set_pubkey(cert, made.key) == 1, "setting the key");
    add_extensions(cert, order);
    need(X509_sign(cert, signer, pure ? NULL : order->sha1 ? EVP_sha1() : EVP_sha256()) > 0,
         "signing");
    len = i2d_X509(cert, &der);
    need(len > 0, "encoding");
    made.der = (struct dna_span){(char *)der, (size_t)len};
    X509_free(cert);
    return made;
}

void cert_free(struct cert *cert)
{
    EVP_PKEY_free(cert->key);
    OPENSSL_free((void *)(uintptr_t)cert->der.ptr);
}

struct dna_chain *cert_chain(const struct cert *const *certs, size_t n)
{
    struct dna_span der[16];
    struct dna_chain *chain = NULL;
    for (size_t i = 0; i < n; i++) {
        der[i] = certs[i]->der;
    }
    need(dna_chain_new(NULL, der, n, &chain) == DNA_OK, "dna_chain_new");
    return chain;
}

static struct dna_span contents(BIO *bio)
{
    char *bytes, *copy;
    long len = BIO_get_mem_data(bio, &bytes);
    copy = malloc((size_t)len);
    need(copy != NULL, "memory");
    memcpy(copy, bytes, (size_t)len);
    BIO_free(bio);
    return (struct dna_span){copy, (size_t)len};
}

static X509 *decode(const struct cert *cert)
{
    const unsigned char *p = (const unsigned char *)cert->der.ptr;
    X509 *x = d2i_X509(NULL, &p, (long)cert->der.len);
    need(x != NULL, "decoding");
    return x;
}

struct dna_span cert_pem(const struct cert *const *certs, size_t n)
{
    BIO *bio = BIO_new(BIO_s_mem());
    for (size_t i = 0; i < n; i++) {
        X509 *x = decode(certs[i]);
        need(PEM_write_bio_X509(bio, x) == 1, "PEM");
        X509_free(x);
    }
    return contents(bio);
}

struct dna_span cert_pkcs7(const struct cert *const *certs, size_t n)
{
    BIO *bio = BIO_new(BIO_s_mem());
    PKCS7 *message = PKCS7_new();
    need(PKCS7_set_type(message, NID_pkcs7_signed) == 1 &&
             PKCS7_content_new(message, NID_pkcs7_data) == 1,
         "PKCS#7");
    for (size_t i = 0; i < n; i++) {
        X509 *x = decode(certs[i]);
        need(PKCS7_add_certificate(message, x) == 1, "PKCS#7");
        X509_free(x);
    }
    need(i2d_PKCS7_bio(bio, message) == 1, "PKCS#7");
    PKCS7_free(message);
    return contents(bio);
}

struct dna_roots *cert_roots(const struct cert *root)
{
    struct dna_roots *roots = NULL;
    struct dna_span pem = cert_pem(&root, 1);
    need(dna_roots_new(NULL, &roots) == DNA_OK &&
             dna_roots_add_pem(roots, pem, NULL) == DNA_OK,
         "roots");
    free((void *)(uintptr_t)pem.ptr);
    return roots;
}
