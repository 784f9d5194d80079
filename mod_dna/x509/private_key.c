/* x509/private_key.c: a private key from its file.  Nobody is asked for a passphrase. */
#include <x509/private_key.h>

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <base/alloc.h>
#include <x509/dnssec_key.h>
#include <x509/strength.h>

struct dna_private_key {
    const struct dna_alloc *alloc;
    EVP_PKEY *evp;
    unsigned algorithm;
};

static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static enum dna_err read_pem(struct dna_span pem, EVP_PKEY **out, const char **why)
{
    BIO *bio;
    *why = "there is no private key in it, or one with a passphrase";
    if (pem.len == 0 || pem.len > INT_MAX) {
        return DNA_ERR_FORMAT;
    }
    bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    if (bio == NULL) {
        return DNA_ERR_MEMORY;
    }
    *out = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    BIO_free(bio);
    return *out != NULL ? DNA_OK : DNA_ERR_FORMAT;
}

enum dna_err dna_private_key_read(const struct dna_alloc *alloc, struct dna_span text,
                                  struct dna_private_key **out, const char **why)
{
    struct dna_private_key *key = dna_alloc_zero(alloc, 1, sizeof *key);
    enum dna_err err;
    *out = NULL;
    *why = "";
    if (key == NULL) {
        return DNA_ERR_MEMORY;
    }
    key->alloc = alloc;
    dna_library_enter();
    err = dna_dnssec_key_is(text)
              ? dna_dnssec_key_read(text, &key->evp, &key->algorithm, why)
              : read_pem(text, &key->evp, why);
    if (err == DNA_OK && !dna_key_is_strong(key->evp)) {
        *why = "the key is too weak, or of a kind that nobody accepts";
        err = DNA_ERR_FORMAT;
    }
    err = dna_library_leave(err);
    if (err != DNA_OK) {
        dna_private_key_free(key);
        return err;
    }
    *out = key;
    return DNA_OK;
}

void dna_private_key_free(struct dna_private_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->evp);
        dna_alloc_release(key->alloc, key);
    }
}

unsigned dna_private_key_algorithm(const struct dna_private_key *key)
{
    return key->algorithm;
}

EVP_PKEY *dna_private_key_evp(const struct dna_private_key *key)
{
    return key->evp;
}

const EVP_MD *dna_private_key_hash(const struct dna_private_key *key)
{
    if (EVP_PKEY_is_a(key->evp, "ED25519") || EVP_PKEY_is_a(key->evp, "ED448")) {
        return NULL;
    }
    if (EVP_PKEY_is_a(key->evp, "EC") && EVP_PKEY_get_bits(key->evp) > 256) {
        return EVP_PKEY_get_bits(key->evp) > 384 ? EVP_sha512() : EVP_sha384();
    }
    return key->algorithm == 10 ? EVP_sha512() : EVP_sha256();
}

enum dna_err dna_private_key_spki(const struct dna_private_key *key, struct dna_buf *out)
{
    unsigned char *der = NULL;
    enum dna_err err = DNA_ERR_MEMORY;
    int len;
    dna_library_enter();
    len = i2d_PUBKEY(key->evp, &der);
    if (len > 0) {
        err = dna_buf_add(out, (struct dna_span){(const char *)der, (size_t)len});
    }
    OPENSSL_free(der);
    return dna_library_leave(err);
}
