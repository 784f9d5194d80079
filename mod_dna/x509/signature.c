/* x509/signature.c: one signature over given bytes.
 *
 * An algorithm is one of a short list, with the parameters that its specification gives it
 * (RFC 4055 5, RFC 5758 3.2, RFC 8410 3) and no others: whatever else an AlgorithmIdentifier
 * may say is not valid.
 */
#include <mod_dna/x509.h>

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <x509/chain.h>
#include <x509/strength.h>

static const struct algorithm {
    int nid, key;
    const EVP_MD *(*hash)(void); /* NULL: it brings its own */
    int parameters;
} algorithms[] = {
    {NID_sha256WithRSAEncryption, EVP_PKEY_RSA, EVP_sha256, V_ASN1_NULL},
    {NID_sha384WithRSAEncryption, EVP_PKEY_RSA, EVP_sha384, V_ASN1_NULL},
    {NID_sha512WithRSAEncryption, EVP_PKEY_RSA, EVP_sha512, V_ASN1_NULL},
    {NID_ecdsa_with_SHA256, EVP_PKEY_EC, EVP_sha256, V_ASN1_UNDEF},
    {NID_ecdsa_with_SHA384, EVP_PKEY_EC, EVP_sha384, V_ASN1_UNDEF},
    {NID_ecdsa_with_SHA512, EVP_PKEY_EC, EVP_sha512, V_ASN1_UNDEF},
    {NID_ED25519, EVP_PKEY_ED25519, NULL, V_ASN1_UNDEF},
};

static const struct algorithm *find(const X509_ALGOR *identifier)
{
    const ASN1_OBJECT *object;
    int parameters;
    X509_ALGOR_get0(&object, &parameters, NULL, identifier);
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        if (algorithms[i].nid == OBJ_obj2nid(object) &&
            algorithms[i].parameters == parameters) {
            return &algorithms[i];
        }
    }
    return NULL;
}

/* DNA_ERR_FORMAT: no AlgorithmIdentifier.  *out NULL: not one of ours. */
static enum dna_err read_algorithm(struct dna_span der, const struct algorithm **out)
{
    const unsigned char *p = (const unsigned char *)der.ptr;
    X509_ALGOR *identifier = d2i_X509_ALGOR(NULL, &p, (long)der.len);
    if (identifier == NULL) {
        return DNA_ERR_FORMAT;
    }
    *out = p == (const unsigned char *)der.ptr + der.len ? find(identifier) : NULL;
    X509_ALGOR_free(identifier);
    return DNA_OK;
}

/* P-256 and P-384 alone among the curves. */
static bool is_curve_of_ours(EVP_PKEY *key)
{
    char name[32] = "";
    return EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
           (OBJ_sn2nid(name) == NID_X9_62_prime256v1 || OBJ_sn2nid(name) == NID_secp384r1);
}

static bool fits(EVP_PKEY *key, const struct algorithm *algorithm)
{
    return EVP_PKEY_get_base_id(key) == algorithm->key &&
           (algorithm->key != EVP_PKEY_EC || is_curve_of_ours(key));
}

static enum dna_err verify(EVP_PKEY *key, const struct algorithm *algorithm,
                           const struct dna_signed *what, bool *valid)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *hash = algorithm->hash != NULL ? algorithm->hash() : NULL;
    enum dna_err err = context != NULL ? DNA_OK : DNA_ERR_MEMORY;
    if (err == DNA_OK && EVP_DigestVerifyInit(context, NULL, hash, NULL, key) != 1) {
        err = DNA_ERR_FORMAT;
    }
    *valid = err == DNA_OK &&
             EVP_DigestVerify(context, (const unsigned char *)what->signature.ptr,
                              what->signature.len, (const unsigned char *)what->bytes.ptr,
                              what->bytes.len) == 1;
    EVP_MD_CTX_free(context);
    return err;
}

static enum dna_err check(const struct dna_signed *what, const char **why)
{
    EVP_PKEY *key = X509_get0_pubkey(what->signer->links[0].certificate);
    const struct algorithm *algorithm = NULL;
    bool valid;
    enum dna_err err = read_algorithm(what->algorithm, &algorithm);
    if (err != DNA_OK) {
        return err;
    }
    if (algorithm == NULL) {
        *why = "the signature's algorithm is weak or not supported";
    } else if (!dna_key_is_strong(key)) {
        *why = "the signer's key is weak or not supported";
    } else if (!fits(key, algorithm)) {
        *why = "the signature's algorithm is not for the signer's key";
    } else {
        err = verify(key, algorithm, what, &valid);
        *why = valid ? NULL : "the signature does not fit the signed bytes and the key";
    }
    return err;
}

enum dna_err dna_signature_check(const struct dna_signed *what, struct dna_signature *out)
{
    const char *why = NULL;
    enum dna_err err;
    *out = (struct dna_signature){.valid = false, .why = "not checked"};
    dna_library_enter();
    err = dna_library_leave(check(what, &why));
    if (err == DNA_ERR_FORMAT) {
        err = DNA_OK;
        why = "the signature's algorithm cannot be used";
    }
    if (err != DNA_OK) {
        return err;
    }
    out->valid = why == NULL;
    (void)snprintf(out->why, sizeof out->why, "%s", why != NULL ? why : "it fits");
    return DNA_OK;
}
