/* x509/seal.c: signatures over bytes of our own. */
#include <x509/seal.h>

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <x509/library.h>

struct algorithm {
    const char *name;
    const EVP_MD *(*hash)(void); /* NULL: the algorithm has its own */
};

static const struct algorithm ed25519 = {"ed25519", NULL};
static const struct algorithm p256 = {"ecdsa-p256-sha256", EVP_sha256};
static const struct algorithm p384 = {"ecdsa-p384-sha384", EVP_sha384};

static const struct algorithm *algorithm_of(EVP_PKEY *key)
{
    char group[32] = "";
    size_t len;
    if (EVP_PKEY_is_a(key, "ED25519") == 1) {
        return &ed25519;
    }
    if (EVP_PKEY_is_a(key, "EC") != 1 ||
        EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1) {
        return NULL;
    }
    if (strcmp(group, "prime256v1") == 0) {
        return &p256;
    }
    return strcmp(group, "secp384r1") == 0 ? &p384 : NULL;
}

static const EVP_MD *hash_of(const struct algorithm *algorithm)
{
    return algorithm->hash != NULL ? algorithm->hash() : NULL;
}

static enum dna_err describe(EVP_PKEY *key, struct dna_seal *out)
{
    const struct algorithm *algorithm = algorithm_of(key);
    unsigned char *der = NULL;
    int len;
    if (algorithm == NULL) {
        return DNA_ERR_FORMAT;
    }
    len = i2d_PUBKEY(key, &der);
    if (len <= 0 || (size_t)len > sizeof out->key) {
        OPENSSL_free(der);
        return len <= 0 ? DNA_ERR_MEMORY : DNA_ERR_FORMAT;
    }
    memcpy(out->key, der, (size_t)len);
    out->key_len = (size_t)len;
    out->algorithm = algorithm->name;
    OPENSSL_free(der);
    return DNA_OK;
}

/* Nobody is asked for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static EVP_PKEY *read_pem(struct dna_span pem, bool private_key)
{
    BIO *bio = pem.len != 0 && pem.len <= INT_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len)
                                                  : NULL;
    EVP_PKEY *key = NULL;
    if (bio != NULL) {
        key = private_key ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
                          : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    }
    BIO_free(bio);
    return key;
}

static enum dna_err sign(EVP_PKEY *key, struct dna_span bytes, struct dna_seal *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum dna_err err = DNA_ERR_MEMORY;
    out->len = sizeof out->value;
    if (context != NULL &&
        EVP_DigestSignInit(context, NULL, hash_of(algorithm_of(key)), NULL, key) == 1 &&
        EVP_DigestSign(context, out->value, &out->len, (const unsigned char *)bytes.ptr,
                       bytes.len) == 1) {
        err = DNA_OK;
    }
    EVP_MD_CTX_free(context);
    return err;
}

enum dna_err dna_seal_make(struct dna_span key_pem, struct dna_span bytes,
                           struct dna_seal *out)
{
    EVP_PKEY *key;
    enum dna_err err;
    dna_library_enter();
    key = read_pem(key_pem, true);
    err = key != NULL ? describe(key, out) : DNA_ERR_FORMAT;
    if (err == DNA_OK) {
        err = sign(key, bytes, out);
    }
    EVP_PKEY_free(key);
    return dna_library_leave(err);
}

enum dna_err dna_seal_key(struct dna_span pem, struct dna_seal *out)
{
    EVP_PKEY *key;
    enum dna_err err;
    dna_library_enter();
    key = read_pem(pem, false);
    if (key == NULL) {
        key = read_pem(pem, true);
    }
    err = key != NULL ? describe(key, out) : DNA_ERR_FORMAT;
    EVP_PKEY_free(key);
    return dna_library_leave(err);
}

enum dna_err dna_seal_verify(const struct dna_seal *seal, struct dna_span bytes, bool *good)
{
    const unsigned char *p = seal->key;
    const struct algorithm *algorithm = NULL;
    EVP_MD_CTX *context;
    EVP_PKEY *key;
    enum dna_err err = DNA_ERR_FORMAT;
    *good = false;
    dna_library_enter();
    context = EVP_MD_CTX_new();
    key = d2i_PUBKEY(NULL, &p, (long)seal->key_len);
    if (key != NULL && p == seal->key + seal->key_len) {
        algorithm = algorithm_of(key);
    }
    if (context == NULL) {
        err = DNA_ERR_MEMORY;
    } else if (algorithm != NULL && strcmp(algorithm->name, seal->algorithm) == 0 &&
               EVP_DigestVerifyInit(context, NULL, hash_of(algorithm), NULL, key) == 1) {
        *good = EVP_DigestVerify(context, seal->value, seal->len,
                                 (const unsigned char *)bytes.ptr, bytes.len) == 1;
        err = DNA_OK;
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return dna_library_leave(err);
}
