/* x509/spki.c: what a public key is worth, and what it looks like as a DNSKEY.
 *
 * A key is strong by S9: RSA of 2048 bits or more (up to a limit, for the sake of our own
 * processor) with a proper exponent, the three NIST curves by name, Ed25519 and Ed448.  The
 * public-key field of a DNSKEY follows RFC 3110 (RSA), RFC 6605 (ECDSA) and RFC 8080 (EdDSA).
 */
#include <x509/spki.h>

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <x509/chain.h>
#include <x509/digest.h>
#include <x509/strength.h>

#define RSA_FIELD_MAX 512 /* octets of modulus and exponent (RFC 3110 2) */

static bool exponent_is_proper(EVP_PKEY *key)
{
    BIGNUM *e = NULL;
    bool proper = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
                  BN_is_odd(e) && !BN_is_one(e);
    BN_free(e);
    return proper;
}

/* The name of the key's curve, or "" for one that is spelt out as parameters. */
static void curve_of(EVP_PKEY *key, char *name, size_t room)
{
    char encoding[16];
    int explicit_parameters = 1;
    if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding,
                                       sizeof encoding, NULL) != 1 ||
        strcmp(encoding, OSSL_PKEY_EC_ENCODING_GROUP) != 0 ||
        EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                               &explicit_parameters) != 1 ||
        explicit_parameters != 0 ||
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name, room, NULL) !=
            1) {
        name[0] = '\0';
    }
}

bool dna_key_is_strong(EVP_PKEY *key)
{
    if (key == NULL) {
        return false;
    }
    if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) {
        int bits = EVP_PKEY_get_bits(key);
        return bits >= DNA_RSA_BITS_MIN && bits <= DNA_LIMIT_RSA_BITS &&
               exponent_is_proper(key);
    }
    if (EVP_PKEY_is_a(key, "EC")) {
        char curve[32];
        curve_of(key, curve, sizeof curve);
        return strcmp(curve, "prime256v1") == 0 || strcmp(curve, "secp384r1") == 0 ||
               strcmp(curve, "secp521r1") == 0;
    }
    return EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
}

bool dna_spki_strong(const struct dna_chain *chain)
{
    bool strong;
    enum dna_err err;
    dna_library_enter();
    strong = dna_key_is_strong(X509_get0_pubkey(chain->links[0].certificate));
    err = dna_library_leave(DNA_OK);
    return strong && err == DNA_OK;
}

enum dna_err dna_spki_digest(const struct dna_chain *chain, unsigned char out[DNA_SHA256_SIZE])
{
    unsigned char digest[DNA_HASH_MAX], *der = NULL;
    enum dna_err err = DNA_ERR_MEMORY;
    int len;
    dna_library_enter();
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(chain->links[0].certificate), &der);
    if (len > 0) {
        err = dna_hash(DNA_HASH_SHA256, (struct dna_span){(char *)der, (size_t)len}, digest);
    }
    if (err == DNA_OK) {
        memcpy(out, digest, DNA_SHA256_SIZE);
    }
    OPENSSL_free(der);
    return dna_library_leave(err);
}

static enum dna_err rsa_field(EVP_PKEY *key, struct dna_spki_dnskey *out)
{
    BIGNUM *n = NULL, *e = NULL;
    enum dna_err err = DNA_ERR_FORMAT;
    unsigned char *p = out->key;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1) {
        int n_len = BN_num_bytes(n), e_len = BN_num_bytes(e);
        if (n_len > 0 && n_len <= RSA_FIELD_MAX && e_len > 0 && e_len <= RSA_FIELD_MAX) {
            if (e_len > 255) {
                *p++ = 0;
                *p++ = (unsigned char)(e_len >> 8);
            }
            *p++ = (unsigned char)(e_len & 0xff);
            p += BN_bn2bin(e, p);
            p += BN_bn2bin(n, p);
            out->key_len = (size_t)(p - out->key);
            memcpy(out->algorithms, (unsigned char[]){8, 10}, 2);
            out->n_algorithms = 2;
            err = DNA_OK;
        }
    }
    BN_free(n);
    BN_free(e);
    return err;
}

/* x and y at full width, without the octet that tells the form of a point: a certificate may
 * hold it compressed, a DNSKEY does not. */
static enum dna_err ec_field(EVP_PKEY *key, struct dna_spki_dnskey *out)
{
    static const struct {
        const char *curve;
        int width;
        unsigned char algorithm;
    } curves[] = {{"prime256v1", 32, 13}, {"secp384r1", 48, 14}};
    enum dna_err err = DNA_ERR_FORMAT;
    char curve[32];
    curve_of(key, curve, sizeof curve);
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        BIGNUM *x = NULL, *y = NULL;
        int width = curves[i].width;
        if (strcmp(curve, curves[i].curve) != 0) {
            continue;
        }
        if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
            EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
            BN_bn2binpad(x, out->key, width) == width &&
            BN_bn2binpad(y, out->key + width, width) == width) {
            out->key_len = 2 * (size_t)width;
            out->algorithms[0] = curves[i].algorithm;
            out->n_algorithms = 1;
            err = DNA_OK;
        }
        BN_free(x);
        BN_free(y);
    }
    return err;
}

static enum dna_err raw_field(EVP_PKEY *key, unsigned char algorithm,
                              struct dna_spki_dnskey *out)
{
    size_t len = sizeof out->key;
    if (EVP_PKEY_get_raw_public_key(key, out->key, &len) != 1) {
        return DNA_ERR_FORMAT;
    }
    out->key_len = len;
    out->algorithms[0] = algorithm;
    out->n_algorithms = 1;
    return DNA_OK;
}

static enum dna_err convert(EVP_PKEY *key, struct dna_spki_dnskey *out)
{
    *out = (struct dna_spki_dnskey){.n_algorithms = 0};
    if (key == NULL) {
        return DNA_ERR_FORMAT;
    }
    if (EVP_PKEY_is_a(key, "RSA")) {
        return rsa_field(key, out);
    }
    if (EVP_PKEY_is_a(key, "EC")) {
        return ec_field(key, out);
    }
    if (EVP_PKEY_is_a(key, "ED25519")) {
        return raw_field(key, 15, out);
    }
    if (EVP_PKEY_is_a(key, "ED448")) {
        return raw_field(key, 16, out);
    }
    return DNA_ERR_FORMAT;
}

enum dna_err dna_spki_to_dnskey(const struct dna_chain *chain, struct dna_spki_dnskey *out)
{
    dna_library_enter();
    return dna_library_leave(
        convert(X509_get0_pubkey(chain->links[0].certificate), out));
}

enum dna_err dna_spki_der_to_dnskey(struct dna_span spki, struct dna_spki_dnskey *out)
{
    const unsigned char *p = (const unsigned char *)spki.ptr;
    EVP_PKEY *key;
    enum dna_err err = DNA_ERR_FORMAT;
    if (spki.len == 0 || spki.len > DNA_LIMIT_DOCUMENT) {
        return DNA_ERR_FORMAT;
    }
    dna_library_enter();
    key = d2i_PUBKEY(NULL, &p, (long)spki.len);
    if (key != NULL && p == (const unsigned char *)spki.ptr + spki.len) {
        err = convert(key, out);
    }
    EVP_PKEY_free(key);
    return dna_library_leave(err);
}
