/* x509/mint.c: see mint.h.
 *
 * Nothing here decides who gets a certificate.  What a request says of itself is only its
 * key; names, dates and uses are set here, and the key must be one on P-256.
 */
#include <x509/mint.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <base/alloc.h>
#include <x509/library.h>
#include <x509/pem.h>

#define AUTHORITY_S (3650LL * 24 * 3600)
#define RENEW_S (365LL * 24 * 3600)
#define NAME_BYTES 8     /* of the key's digest, in the authority's name */
#define COMMON_NAME_MAX 64 /* X.520 */
#define SERIAL_BYTES 16
#define PEM_MAX (64 * 1024 * 1024)

/* --- keys ------------------------------------------------------------------------------- */

static int no_password(char *space, int size, int writing, void *arg)
{
    (void)space;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static BIO *bio_over(struct dna_span bytes)
{
    return bytes.len <= PEM_MAX ? BIO_new_mem_buf(bytes.ptr, (int)bytes.len) : NULL;
}

static bool on_p256(const EVP_PKEY *key)
{
    char group[32] = "";
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           (strcmp(group, "prime256v1") == 0 || strcmp(group, "P-256") == 0);
}

static EVP_PKEY *read_key(struct dna_span pem)
{
    BIO *bio = bio_over(pem);
    EVP_PKEY *key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    if (key != NULL && !on_p256(key)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static EVP_PKEY *read_public(struct dna_span spki)
{
    const unsigned char *at = (const unsigned char *)spki.ptr;
    EVP_PKEY *key = spki.len <= 1024 ? d2i_PUBKEY(NULL, &at, (long)spki.len) : NULL;
    if (key != NULL && (!on_p256(key) || at != (const unsigned char *)spki.ptr + spki.len)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

/* What was written to a BIO in memory is the caller's. */
static enum dna_err drain(BIO *bio, struct dna_buf *out)
{
    char *bytes;
    long len = BIO_get_mem_data(bio, &bytes);
    return len > 0 ? dna_buf_add(out, (struct dna_span){bytes, (size_t)len}) : DNA_ERR_MEMORY;
}

static enum dna_err make_key(struct dna_buf *pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *bio = BIO_new(BIO_s_secmem());
    enum dna_err err = DNA_ERR_MEMORY;
    if (key != NULL && bio != NULL &&
        PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        err = drain(bio, pem);
    }
    BIO_free(bio);
    EVP_PKEY_free(key);
    return err;
}

enum dna_err dna_mint_key(struct dna_buf *pem)
{
    dna_library_enter();
    return dna_library_leave(make_key(pem));
}

static X509 *read_certificate(struct dna_span pem)
{
    BIO *bio = bio_over(pem);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    BIO_free(bio);
    return cert;
}

static enum dna_err public_of(struct dna_span pem, struct dna_buf *spki)
{
    EVP_PKEY *key = read_key(pem);
    X509 *cert = key == NULL ? read_certificate(pem) : NULL;
    unsigned char *der = NULL;
    int len = key != NULL    ? i2d_PUBKEY(key, &der)
              : cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der)
                             : 0;
    enum dna_err err = len > 0 ? dna_buf_add(spki, (struct dna_span){(const char *)der,
                                                                     (size_t)len})
                               : DNA_ERR_FORMAT;
    OPENSSL_free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

enum dna_err dna_mint_public(struct dna_span pem, struct dna_buf *spki)
{
    dna_library_enter();
    return dna_library_leave(public_of(pem, spki));
}

/* --- parts of certificates ---------------------------------------------------------------- */

static bool add_extension(X509 *cert, int nid, bool critical, void *value)
{
    return X509_add1_ext_i2d(cert, nid, value, critical, X509V3_ADD_DEFAULT) == 1;
}

/* As OpenSSL's configuration files spell it. */
static bool add_spelled(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;
    bool fine;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    fine = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return fine;
}

static bool set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;
    bool fine;
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, and never short */
    number = BN_bin2bn(bytes, sizeof bytes, NULL);
    fine = number != NULL &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return fine;
}

static bool set_dates(X509 *cert, int64_t from, int64_t until)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)until) != NULL;
}

static bool add_common_name(X509_NAME *name, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                      (const unsigned char *)text, -1, -1, 0) == 1;
}

static GENERAL_NAME *dns_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();
    if (name == NULL || string == NULL || ASN1_STRING_set(string, text, -1) != 1) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(string);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, GEN_DNS, string);
    return name;
}

/* --- the authority ------------------------------------------------------------------------ */

static bool exclude(NAME_CONSTRAINTS *constraints, const char *name)
{
    GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
    if (subtree == NULL) {
        return false;
    }
    GENERAL_NAME_free(subtree->base);
    subtree->base = dns_name(name);
    if (subtree->base == NULL || sk_GENERAL_SUBTREE_push(constraints->excludedSubtrees,
                                                         subtree) == 0) {
        GENERAL_SUBTREE_free(subtree);
        return false;
    }
    return true;
}

/* NULL: no memory. */
static NAME_CONSTRAINTS *constraints_of(const char *const *excluded, size_t n)
{
    NAME_CONSTRAINTS *made = NAME_CONSTRAINTS_new();
    bool fine = made != NULL;
    if (fine) {
        made->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
        fine = made->excludedSubtrees != NULL;
    }
    for (size_t i = 0; fine && i < n; i++) {
        fine = exclude(made, excluded[i]);
    }
    if (!fine) {
        NAME_CONSTRAINTS_free(made);
        return NULL;
    }
    return made;
}

/* The name goes with the key: another key is another authority. */
static bool name_authority(X509 *cert, EVP_PKEY *key, const char *title)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[COMMON_NAME_MAX + 1];
    size_t at = (size_t)snprintf(text, sizeof text - 2 * NAME_BYTES, "%s ", title);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    bool fine = len > 0 &&
                EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    for (size_t i = 0; fine && i < NAME_BYTES; i++) {
        (void)snprintf(text + at + 2 * i, sizeof text - at - 2 * i, "%02x", digest[i]);
    }
    return fine && add_common_name(X509_get_subject_name(cert), text) &&
           X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1;
}

static bool fill_authority(X509 *cert, EVP_PKEY *key, const char *title,
                           const char *const *excluded, size_t n, int64_t now)
{
    NAME_CONSTRAINTS *constraints = n > 0 ? constraints_of(excluded, n) : NULL;
    bool fine = X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
                set_dates(cert, now, now + AUTHORITY_S) && X509_set_pubkey(cert, key) == 1 &&
                name_authority(cert, key, title) &&
                add_spelled(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                add_spelled(cert, cert, NID_key_usage, "critical,keyCertSign") &&
                add_spelled(cert, cert, NID_subject_key_identifier, "hash") &&
                (n == 0 || (constraints != NULL &&
                            add_extension(cert, NID_name_constraints, true, constraints))) &&
                X509_sign(cert, key, EVP_sha256()) > 0;
    NAME_CONSTRAINTS_free(constraints);
    return fine;
}

static enum dna_err write_certificate(X509 *cert, struct dna_buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum dna_err err = DNA_ERR_MEMORY;
    if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
        err = drain(bio, pem);
    }
    BIO_free(bio);
    return err;
}

static enum dna_err make_authority(struct dna_span key_pem, const char *title,
                                   const char *const *excluded, size_t n, int64_t now,
                                   struct dna_buf *pem)
{
    EVP_PKEY *key = read_key(key_pem);
    X509 *cert = X509_new();
    enum dna_err err = key == NULL ? DNA_ERR_FORMAT : DNA_ERR_MEMORY;
    if (key != NULL && cert != NULL && fill_authority(cert, key, title, excluded, n, now)) {
        err = write_certificate(cert, pem);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    return err;
}

enum dna_err dna_mint_authority(struct dna_span key_pem, const char *title,
                                const char *const *excluded, size_t n, int64_t now,
                                struct dna_buf *pem)
{
    if (strlen(title) > DNA_MINT_TITLE_MAX) {
        return DNA_ERR_ARGUMENT;
    }
    dna_library_enter();
    return dna_library_leave(make_authority(key_pem, title, excluded, n, now, pem));
}

static bool same_constraints(const X509 *cert, const char *const *excluded, size_t n)
{
    int at = X509_get_ext_by_NID(cert, NID_name_constraints, -1);
    NAME_CONSTRAINTS *wanted;
    const ASN1_OCTET_STRING *there;
    unsigned char *der = NULL;
    bool same;
    int len;
    if (at < 0 || n == 0) {
        return at < 0 && n == 0;
    }
    wanted = constraints_of(excluded, n);
    there = X509_EXTENSION_get_data(X509_get_ext(cert, at));
    len = wanted != NULL
              ? ASN1_item_i2d((ASN1_VALUE *)wanted, &der, ASN1_ITEM_rptr(NAME_CONSTRAINTS))
              : 0;
    same = len > 0 && len == ASN1_STRING_length(there) &&
           memcmp(der, ASN1_STRING_get0_data(there), (size_t)len) == 0;
    OPENSSL_free(der);
    NAME_CONSTRAINTS_free(wanted);
    return same;
}

bool dna_mint_authority_fits(struct dna_span certificate_pem, struct dna_span key_pem,
                             const char *const *excluded, size_t n, int64_t now)
{
    EVP_PKEY *key;
    X509 *cert;
    time_t from = (time_t)now, until = (time_t)(now + RENEW_S);
    bool fits;
    dna_library_enter();
    key = read_key(key_pem);
    cert = read_certificate(certificate_pem);
    fits = key != NULL && cert != NULL && X509_check_private_key(cert, key) == 1 &&
           X509_verify(cert, key) == 1 && X509_cmp_time(X509_get0_notBefore(cert), &from) <= 0 &&
           X509_cmp_time(X509_get0_notAfter(cert), &until) > 0 &&
           same_constraints(cert, excluded, n);
    X509_free(cert);
    EVP_PKEY_free(key);
    return dna_library_leave(DNA_OK) == DNA_OK && fits;
}

/* --- certificates -------------------------------------------------------------------------- */

/* A name that is too long for the subject leaves it empty; the other names are then critical
 * (RFC 5280 4.2.1.6). */
static bool name_leaf(X509 *cert, const char *domain)
{
    bool fits = strlen(domain) <= COMMON_NAME_MAX;
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = dns_name(domain);
    bool fine = names != NULL && name != NULL && sk_GENERAL_NAME_push(names, name) > 0;
    if (!fine) {
        GENERAL_NAME_free(name);
    }
    fine = fine && (!fits || add_common_name(X509_get_subject_name(cert), domain)) &&
           add_extension(cert, NID_subject_alt_name, !fits, names);
    sk_GENERAL_NAME_pop_free(names, GENERAL_NAME_free);
    return fine;
}

static bool fill_leaf(X509 *cert, X509 *authority, EVP_PKEY *key, EVP_PKEY *public,
                      const struct dna_mint *what)
{
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
           set_dates(cert, what->not_before, what->not_after) &&
           X509_set_pubkey(cert, public) == 1 && name_leaf(cert, what->domain) &&
           X509_set_issuer_name(cert, X509_get_subject_name(authority)) == 1 &&
           add_spelled(cert, authority, NID_basic_constraints, "critical,CA:FALSE") &&
           add_spelled(cert, authority, NID_key_usage, "critical,digitalSignature") &&
           add_spelled(cert, authority, NID_ext_key_usage, "serverAuth,clientAuth") &&
           add_spelled(cert, authority, NID_authority_key_identifier, "keyid:always") &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

static enum dna_err mint(struct dna_span key_pem, struct dna_span authority_pem,
                         const struct dna_mint *what, struct dna_buf *pem)
{
    EVP_PKEY *key = read_key(key_pem), *public = read_public(what->spki);
    X509 *authority = read_certificate(authority_pem), *cert = X509_new();
    enum dna_err err = DNA_ERR_MEMORY;
    if (key == NULL || public == NULL || authority == NULL ||
        X509_check_private_key(authority, key) != 1) {
        err = DNA_ERR_FORMAT;
    } else if (cert != NULL && fill_leaf(cert, authority, key, public, what)) {
        err = write_certificate(cert, pem);
    }
    X509_free(cert);
    X509_free(authority);
    EVP_PKEY_free(public);
    EVP_PKEY_free(key);
    return err;
}

enum dna_err dna_mint_certificate(struct dna_span key_pem, struct dna_span authority_pem,
                                  const struct dna_mint *what, struct dna_buf *pem)
{
    if (what->not_after <= what->not_before) {
        return DNA_ERR_ARGUMENT;
    }
    dna_library_enter();
    return dna_library_leave(mint(key_pem, authority_pem, what, pem));
}

/* --- keeping it out of other stores ---------------------------------------------------------- */

/* Whether the block is a certificate with that key; one that restricts its use, too. */
static bool bears(const struct dna_buf *out, const struct dna_pem_block *block,
                  struct dna_span spki)
{
    struct dna_span der;
    const unsigned char *at;
    X509 *cert;
    unsigned char *own = NULL;
    int len;
    bool same;
    if (!dna_span_is(block->label, "CERTIFICATE") &&
        !dna_span_is(block->label, "X509 CERTIFICATE") &&
        !dna_span_is(block->label, "TRUSTED CERTIFICATE")) {
        return false;
    }
    if (dna_pem_decode(out->alloc, block, &der) != DNA_OK) {
        return false;
    }
    at = (const unsigned char *)der.ptr;
    cert = d2i_X509(NULL, &at, (long)der.len);
    len = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &own) : 0;
    same = len > 0 && (size_t)len == spki.len && memcmp(own, spki.ptr, spki.len) == 0;
    OPENSSL_free(own);
    X509_free(cert);
    dna_alloc_release(out->alloc, (void *)(uintptr_t)der.ptr);
    return same;
}

static enum dna_err leave_out(struct dna_span pem, struct dna_span spki, struct dna_buf *out,
                              size_t *n)
{
    struct dna_span rest = pem;
    struct dna_pem_block block;
    while (dna_pem_next(&rest, DNA_PEM_TEXT_BETWEEN, &block) == DNA_OK) {
        struct dna_span all = {pem.ptr, (size_t)(rest.ptr - pem.ptr)};
        enum dna_err err = DNA_OK;
        if (bears(out, &block, spki)) {
            ++*n;
        } else {
            err = dna_buf_add(out, all);
        }
        if (err != DNA_OK) {
            return err;
        }
        pem = rest;
    }
    return dna_buf_add(out, pem);
}

enum dna_err dna_mint_leave_out(struct dna_span pem, struct dna_span spki, struct dna_buf *out,
                                size_t *left_out)
{
    *left_out = 0;
    dna_library_enter();
    return dna_library_leave(leave_out(pem, spki, out, left_out));
}
