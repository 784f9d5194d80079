/* x509/digest.c: hashes, and the dialback key of XEP-0185. */
#include <x509/digest.h>

#include <assert.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <base/codec.h>
#include <x509/library.h>

static const struct {
    const EVP_MD *(*algorithm)(void);
    size_t size;
} hashes[] = {
    [DNA_HASH_SHA256] = {EVP_sha256, 32},
    [DNA_HASH_SHA384] = {EVP_sha384, 48},
    [DNA_HASH_SHA512] = {EVP_sha512, 64},
};

size_t dna_hash_size(enum dna_hash hash)
{
    assert((size_t)hash < sizeof hashes / sizeof *hashes);
    return hashes[hash].size;
}

enum dna_err dna_hash(enum dna_hash hash, struct dna_span bytes, unsigned char *out)
{
    bool done;
    assert((size_t)hash < sizeof hashes / sizeof *hashes);
    dna_library_enter();
    done = EVP_Digest(bytes.ptr, bytes.len, out, NULL, hashes[hash].algorithm(), NULL) == 1;
    return dna_library_leave(done ? DNA_OK : DNA_ERR_SYSTEM);
}

/* HMAC-SHA256 over the parts with single spaces between them. */
static enum dna_err mac(struct dna_span key, const struct dna_span *parts, size_t n,
                        unsigned char out[32])
{
    char algorithm[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, algorithm, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    size_t size = 0;
    bool good = context != NULL &&
                EVP_MAC_init(context, (const unsigned char *)key.ptr, key.len, params) == 1;
    for (size_t i = 0; good && i < n; i++) {
        good = (i == 0 || EVP_MAC_update(context, (const unsigned char *)" ", 1) == 1) &&
               EVP_MAC_update(context, (const unsigned char *)parts[i].ptr, parts[i].len) == 1;
    }
    good = good && EVP_MAC_final(context, out, &size, 32) == 1 && size == 32;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(hmac);
    return good ? DNA_OK : DNA_ERR_SYSTEM;
}

enum dna_err dna_dialback_key(struct dna_span secret, struct dna_span receiving_domain,
                              struct dna_span initiating_domain, struct dna_span stream_id,
                              char out[DNA_DIALBACK_KEY_TEXT])
{
    const struct dna_span parts[3] = {receiving_domain, initiating_domain, stream_id};
    unsigned char digest[DNA_HASH_MAX];
    char key[2 * 32 + 1]; /* the inner hash enters as text (XEP-0185 3) */
    enum dna_err err = dna_hash(DNA_HASH_SHA256, secret, digest);
    if (err != DNA_OK) {
        return err;
    }
    dna_hex_encode(digest, 32, key);
    dna_library_enter();
    err = dna_library_leave(mac(dna_span_of(key), parts, 3, digest));
    OPENSSL_cleanse(key, sizeof key);
    if (err == DNA_OK) {
        dna_hex_encode(digest, 32, out);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    return err;
}

enum dna_err dna_link_proof(struct dna_span secret, const struct dna_link_claim *claim,
                            char out[DNA_DIALBACK_KEY_TEXT])
{
    const struct dna_span parts[5] = {claim->label, claim->id, claim->from, claim->to,
                                      claim->nonce};
    unsigned char digest[32];
    enum dna_err err;
    dna_library_enter();
    err = dna_library_leave(mac(secret, parts, 5, digest));
    if (err == DNA_OK) {
        dna_hex_encode(digest, 32, out);
    }
    OPENSSL_cleanse(digest, sizeof digest);
    return err;
}

enum dna_err dna_mac(struct dna_span key, struct dna_span bytes,
                     unsigned char out[32])
{
    dna_library_enter();
    return dna_library_leave(mac(key, &bytes, 1, out));
}

bool dna_same_bytes(struct dna_span a, struct dna_span b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
