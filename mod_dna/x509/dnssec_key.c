/* x509/dnssec_key.c: reads what BIND's dnssec-keygen, ldns-keygen and others write beside the
 * public key of a zone.
 *
 * Lines "Name: value"; numbers are base64 of big-endian octets, and what is not part of the
 * key (times, comments) is skipped.  Only the private part of an elliptic-curve key stands
 * there: the public one is computed.  A member that stands twice makes the file ambiguous, and
 * it is refused.  Copies of secrets are wiped.
 */
#include <x509/dnssec_key.h>

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include <base/codec.h>

#define TEXT_MOST 16384
#define OCTETS_MOST 1024

enum member {
    MODULUS,
    PUBLIC_EXPONENT,
    PRIVATE_EXPONENT,
    PRIME_1,
    PRIME_2,
    EXPONENT_1,
    EXPONENT_2,
    COEFFICIENT,
    N_RSA,
    PRIVATE_KEY = N_RSA,
    N_MEMBERS
};

/* With the names of an RSA key's parameters. */
static const struct {
    const char *name, *parameter;
} members[] = {
    [MODULUS] = {"Modulus", OSSL_PKEY_PARAM_RSA_N},
    [PUBLIC_EXPONENT] = {"PublicExponent", OSSL_PKEY_PARAM_RSA_E},
    [PRIVATE_EXPONENT] = {"PrivateExponent", OSSL_PKEY_PARAM_RSA_D},
    [PRIME_1] = {"Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1},
    [PRIME_2] = {"Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2},
    [EXPONENT_1] = {"Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    [EXPONENT_2] = {"Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    [COEFFICIENT] = {"Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
    [PRIVATE_KEY] = {"PrivateKey", NULL},
};

struct file {
    struct dna_span format, algorithm;
    struct dna_span values[N_MEMBERS]; /* base64; empty: not there */
    bool elsewhere;                    /* the key is in a device */
};

bool dna_dnssec_key_is(struct dna_span text)
{
    static const char mark[] = "Private-key-format:";
    return text.len >= sizeof mark - 1 && memcmp(text.ptr, mark, sizeof mark - 1) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct dna_span trim(struct dna_span text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* False: it stood there before. */
static bool keep(struct dna_span *slot, struct dna_span value)
{
    bool first = slot->ptr == NULL;
    *slot = value;
    return first;
}

static bool read_member(struct file *file, struct dna_span name, struct dna_span value)
{
    if (dna_span_is(name, "Private-key-format")) {
        return keep(&file->format, value);
    }
    if (dna_span_is(name, "Algorithm")) {
        return keep(&file->algorithm, value);
    }
    if (dna_span_is(name, "Engine") || dna_span_is(name, "Label")) {
        file->elsewhere = true;
    }
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (dna_span_is(name, members[i].name)) {
            return keep(&file->values[i], value);
        }
    }
    return true;
}

static enum dna_err read_lines(struct dna_span text, struct file *file, const char **why)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        struct dna_span line = {text.ptr, end != NULL ? (size_t)(end - text.ptr) : text.len};
        const char *colon = memchr(line.ptr, ':', line.len);
        size_t gone = end != NULL ? line.len + 1 : line.len;
        if (colon != NULL) {
            struct dna_span name = {line.ptr, (size_t)(colon - line.ptr)};
            struct dna_span value = {colon + 1, line.len - name.len - 1};
            if (!read_member(file, trim(name), trim(value))) {
                *why = "a line of the key file stands there twice";
                return DNA_ERR_FORMAT;
            }
        }
        text.ptr += gone;
        text.len -= gone;
    }
    return DNA_OK;
}

/* "13 (ECDSAP256SHA256)"; 0: no number. */
static unsigned read_algorithm(struct dna_span text)
{
    unsigned number = 0;
    size_t i = 0;
    while (i < text.len && i < 3 && text.ptr[i] >= '0' && text.ptr[i] <= '9') {
        number = 10 * number + (unsigned)(text.ptr[i++] - '0');
    }
    return i == text.len || is_blank(text.ptr[i]) ? number : 0;
}

/* --- keys -------------------------------------------------------------------------------- */

static enum dna_err octets(struct dna_span text, unsigned char *out, size_t *len)
{
    enum dna_err err = text.len != 0 ? dna_base64_decode(text, DNA_BASE64_PADDED, out,
                                                         OCTETS_MOST, len)
                                     : DNA_ERR_FORMAT;
    return err == DNA_ERR_LIMIT || (err == DNA_OK && *len == 0) ? DNA_ERR_FORMAT : err;
}

static enum dna_err number(struct dna_span text, BIGNUM **out)
{
    unsigned char bytes[OCTETS_MOST];
    size_t len;
    enum dna_err err = octets(text, bytes, &len);
    if (err == DNA_OK) {
        *out = BN_bin2bn(bytes, (int)len, NULL);
        err = *out != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return err;
}

/* The key pair that the parameters make; FORMAT: they do not belong together. */
static enum dna_err build(const char *type, OSSL_PARAM_BLD *builder, EVP_PKEY **out)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, type, NULL), *checking = NULL;
    enum dna_err err = DNA_ERR_MEMORY;
    if (params != NULL && making != NULL && EVP_PKEY_fromdata_init(making) == 1) {
        err = DNA_ERR_FORMAT;
        if (EVP_PKEY_fromdata(making, out, EVP_PKEY_KEYPAIR, params) == 1) {
            checking = EVP_PKEY_CTX_new(*out, NULL);
            err = checking == NULL                    ? DNA_ERR_MEMORY
                  : EVP_PKEY_check(checking) == 1 ? DNA_OK
                                                      : DNA_ERR_FORMAT;
        }
    }
    EVP_PKEY_CTX_free(checking);
    EVP_PKEY_CTX_free(making);
    OSSL_PARAM_free(params);
    return err;
}

static enum dna_err rsa(const struct file *file, EVP_PKEY **out)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *numbers[N_RSA] = {NULL};
    enum dna_err err = builder != NULL ? DNA_OK : DNA_ERR_MEMORY;
    for (size_t i = 0; i < N_RSA && err == DNA_OK; i++) {
        err = number(file->values[i], &numbers[i]);
        if (err == DNA_OK &&
            OSSL_PARAM_BLD_push_BN(builder, members[i].parameter, numbers[i]) != 1) {
            err = DNA_ERR_MEMORY;
        }
    }
    if (err == DNA_OK) {
        err = build("RSA", builder, out);
    }
    for (size_t i = 0; i < N_RSA; i++) {
        BN_clear_free(numbers[i]);
    }
    OSSL_PARAM_BLD_free(builder);
    return err;
}

/* The point that belongs to a private number, uncompressed. */
static enum dna_err point_of(const char *curve, const BIGNUM *secret, unsigned char *out,
                             size_t room, size_t *len)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));
    EC_POINT *point = group != NULL ? EC_POINT_new(group) : NULL;
    enum dna_err err = DNA_ERR_MEMORY;
    if (point != NULL) {
        err = BN_is_zero(secret) || BN_cmp(secret, EC_GROUP_get0_order(group)) >= 0
                  ? DNA_ERR_FORMAT
              : EC_POINT_mul(group, point, secret, NULL, NULL, NULL) == 1 ? DNA_OK
                                                                          : DNA_ERR_MEMORY;
    }
    if (err == DNA_OK) {
        *len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out, room, NULL);
        err = *len != 0 ? DNA_OK : DNA_ERR_MEMORY;
    }
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return err;
}

static enum dna_err ec(const struct file *file, const char *curve, EVP_PKEY **out)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *secret = NULL;
    unsigned char point[1 + 2 * 48];
    size_t len;
    enum dna_err err =
        builder != NULL ? number(file->values[PRIVATE_KEY], &secret) : DNA_ERR_MEMORY;
    if (err == DNA_OK) {
        err = point_of(curve, secret, point, sizeof point, &len);
    }
    if (err == DNA_OK &&
        (OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) != 1 ||
         OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len) != 1 ||
         OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, secret) != 1)) {
        err = DNA_ERR_MEMORY;
    }
    if (err == DNA_OK) {
        err = build("EC", builder, out);
    }
    BN_clear_free(secret);
    OSSL_PARAM_BLD_free(builder);
    return err;
}

static enum dna_err raw(const struct file *file, int type, size_t size, EVP_PKEY **out)
{
    unsigned char bytes[OCTETS_MOST];
    size_t len;
    enum dna_err err = octets(file->values[PRIVATE_KEY], bytes, &len);
    if (err == DNA_OK && len != size) {
        err = DNA_ERR_FORMAT;
    }
    if (err == DNA_OK) {
        *out = EVP_PKEY_new_raw_private_key(type, NULL, bytes, len);
        err = *out != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return err;
}

static enum dna_err make(const struct file *file, unsigned algorithm, EVP_PKEY **out,
                         const char **why)
{
    *why = "the numbers of the DNSSEC key are missing, malformed or do not belong together";
    switch (algorithm) {
    case 8:
    case 10:
        return rsa(file, out);
    case 13:
        return ec(file, SN_X9_62_prime256v1, out);
    case 14:
        return ec(file, SN_secp384r1, out);
    case 15:
        return raw(file, EVP_PKEY_ED25519, 32, out);
    case 16:
        return raw(file, EVP_PKEY_ED448, 57, out);
    case 5:
    case 7:
        *why = "a DNSSEC key of algorithm 5 or 7 signs with SHA-1, which proves nothing";
        return DNA_ERR_FORMAT;
    default:
        *why = "a DNSSEC key of this algorithm cannot be certified: 8, 10 and 13 to 16 can";
        return DNA_ERR_FORMAT;
    }
}

enum dna_err dna_dnssec_key_read(struct dna_span text, EVP_PKEY **out, unsigned *algorithm,
                                 const char **why)
{
    struct file file = {.elsewhere = false};
    enum dna_err err;
    *out = NULL;
    *why = "the key file is longer than any";
    err = text.len <= TEXT_MOST ? read_lines(text, &file, why) : DNA_ERR_FORMAT;
    if (err == DNA_OK && (file.format.len < 3 || memcmp(file.format.ptr, "v1.", 3) != 0)) {
        *why = "the key file is of an unknown version";
        err = DNA_ERR_FORMAT;
    }
    if (err == DNA_OK && file.elsewhere) {
        *why = "the key is kept in a device, and its file holds no key";
        err = DNA_ERR_FORMAT;
    }
    if (err != DNA_OK) {
        return err;
    }
    *algorithm = read_algorithm(file.algorithm);
    err = make(&file, *algorithm, out, why);
    if (err != DNA_OK) {
        EVP_PKEY_free(*out);
        *out = NULL;
    }
    return err;
}
