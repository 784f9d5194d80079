#include <certs.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
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

static EVP_PKEY *make_explicit_p256(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;
    need(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
             EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) == 1 &&
             EVP_PKEY_CTX_set_ec_param_enc(ctx, OPENSSL_EC_EXPLICIT_CURVE) == 1 &&
             EVP_PKEY_generate(ctx, &key) == 1,
         "making a key with explicit parameters");
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* A public key whose "signatures" are the messages themselves. */
static EVP_PKEY *make_rsa_e1(void)
{
    EVP_PKEY *real = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params;
    BIGNUM *n = NULL, *e = NULL;
    need(EVP_PKEY_get_bn_param(real, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
             BN_dec2bn(&e, "1") == 1 &&
             OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
             OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1,
         "an RSA key");
    params = OSSL_PARAM_BLD_to_param(build);
    need(EVP_PKEY_fromdata_init(ctx) == 1 &&
             EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1,
         "an RSA key with exponent 1");
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(real);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *make_rsa_pss(void)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    EVP_PKEY *key = NULL;
    need(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1 &&
             EVP_PKEY_generate(ctx, &key) == 1,
         "an RSA-PSS key");
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *make_key(const struct cert_order *order)
{
    const char *kind = order->key != NULL ? order->key : "P-256";
    EVP_PKEY *key = NULL;
    if (order->same_key != NULL) {
        key = order->same_key->key;
        EVP_PKEY_up_ref(key);
    } else if (strcmp(kind, "P-256 explicit") == 0) {
        key = make_explicit_p256();
    } else if (strcmp(kind, "RSA e=1") == 0) {
        key = make_rsa_e1();
    } else if (strcmp(kind, "RSA-PSS") == 0) {
        key = make_rsa_pss();
    } else if (strncmp(kind, "RSA-", 4) == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
    } else if (strncmp(kind, "ED", 2) == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
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
    if (order->basic == NULL || order->basic[0] != '\0') {
        extend(cert, &ctx, NID_basic_constraints,
               order->basic != NULL ? order->basic
               : order->ca          ? "critical,CA:TRUE"
                                    : "CA:FALSE");
    }
    extend(cert, &ctx, NID_subject_alt_name, order->names);
    extend(cert, &ctx, NID_ext_key_usage, order->usage);
    extend(cert, &ctx, NID_key_usage, order->key_usage);
    extend(cert, &ctx, NID_name_constraints, order->constraints);
    if (order->other_oid != NULL) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf(NULL, &ctx, order->other_oid, order->other);
        need(extension != NULL && X509_add_ext(cert, extension, -1) == 1, order->other_oid);
        X509_EXTENSION_free(extension);
    }
}

/* What the signer's key wants: Ed25519 and Ed448 bring their own hash. */
static const EVP_MD *digest_for(const EVP_PKEY *signer, const struct cert_order *order)
{
    int type = EVP_PKEY_get_base_id(signer);
    if (type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448) {
        return NULL;
    }
    return order->md5 ? EVP_md5() : order->sha1 ? EVP_sha1() : EVP_sha256();
}

static void set_dates(X509 *cert, const struct cert_order *order)
{
    int64_t from = order->not_before != 0 ? order->not_before : CERTS_NOW - 86400;
    int64_t to = order->not_after != 0 ? order->not_after : CERTS_NOW + 30 * 86400;
    need(ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from) != NULL &&
             ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)to) != NULL,
         "dates");
}

struct cert cert_make(const struct cert_order *order)
{
    static long serial = 1;
    struct cert made = {.key = make_key(order), .subject = order->subject};
    X509 *cert = X509_new();
    EVP_PKEY *signer = order->issuer != NULL ? order->issuer->key : made.key;
    unsigned char *der = NULL;
    int len;
    need(cert != NULL && X509_set_version(cert, order->version1 ? X509_VERSION_1
                                                                : X509_VERSION_3) == 1,
         "making a certificate");
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    set_dates(cert, order);
    set_subject(cert, order);
    set_issuer(cert, order);
    need(X509_set_pubkey(cert, made.key) == 1, "setting the key");
    if (!order->version1) {
        add_extensions(cert, order);
    }
    need(X509_sign(cert, signer, digest_for(signer, order)) > 0, "signing");
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
             PKCS7_content_new(message, NID_pkcs7_data) == 1 &&
             PKCS7_set_detached(message, 1) == 1,
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

struct dna_span cert_key_pem(const struct cert *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(PEM_write_bio_PKCS8PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL) == 1,
         "writing a key");
    return contents(bio);
}

struct dna_span cert_spki(const struct cert *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    need(i2d_PUBKEY_bio(bio, cert->key) == 1, "writing a public key");
    return contents(bio);
}

void cert_bytes_free(struct dna_span bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}

struct dna_roots *cert_roots(const struct cert *root)
{
    struct dna_roots *roots = NULL;
    struct dna_span pem = cert_pem(&root, 1);
    need(dna_roots_new(NULL, &roots) == DNA_OK &&
             dna_roots_add_pem(roots, pem, NULL) == DNA_OK,
         "roots");
    cert_bytes_free(pem);
    return roots;
}
