/* x509/acert_issue.c: attribute certificates drafted, signed and wrapped.
 *
 * What comes out is read again as a verifier reads it before it is handed out: nothing leaves
 * here that no verifier would take.
 */
#include <x509/acert_issue.h>

#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <base/limits.h>
#include <x509/acert_asn1.h>
#include <x509/acert_oid.h>
#include <x509/chain.h>
#include <x509/der.h>

/* --- the key ------------------------------------------------------------------------ */

static int no_password(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

enum dna_err dna_acert_key(struct dna_span pem, const struct dna_chain *chain,
                           EVP_PKEY **out)
{
    BIO *bio;
    EVP_PKEY *key;
    enum dna_err err = DNA_OK;
    if (pem.len > DNA_LIMIT_CHAIN_BYTES) {
        return DNA_ERR_FORMAT;
    }
    dna_library_enter();
    bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;
    if (key == NULL) {
        err = DNA_ERR_FORMAT;
    } else if (X509_check_private_key(chain->links[0].certificate, key) != 1) {
        EVP_PKEY_free(key);
        err = DNA_ERR_ARGUMENT;
    } else {
        *out = key;
    }
    BIO_free(bio);
    return dna_library_leave(err);
}

void dna_acert_key_free(EVP_PKEY *key)
{
    EVP_PKEY_free(key);
}

/* --- the holder --------------------------------------------------------------------- */

static bool set_host(struct dna_acert_holder *holder, const char *host)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    holder->entity_name = sk_GENERAL_NAME_new_null();
    if (name == NULL || text == NULL || holder->entity_name == NULL ||
        ASN1_STRING_set(text, host, -1) != 1) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(text);
        return false;
    }
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    if (sk_GENERAL_NAME_push(holder->entity_name, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static STACK_OF(GENERAL_NAME) *directory_name(const X509_NAME *directory)
{
    STACK_OF(GENERAL_NAME) *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    X509_NAME *copy = X509_NAME_dup(directory);
    if (names == NULL || name == NULL || copy == NULL) {
        sk_GENERAL_NAME_free(names);
        GENERAL_NAME_free(name);
        X509_NAME_free(copy);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, GEN_DIRNAME, copy);
    if (sk_GENERAL_NAME_push(names, name) <= 0) {
        sk_GENERAL_NAME_free(names);
        GENERAL_NAME_free(name);
        return NULL;
    }
    return names;
}

static bool set_serial(struct dna_acert_holder *holder, const X509 *leaf)
{
    struct dna_acert_issuer_serial *base = dna_acert_issuer_serial_new();
    const ASN1_BIT_STRING *unique = NULL;
    holder->base_certificate = base;
    if (base == NULL) {
        return false;
    }
    sk_GENERAL_NAME_free(base->issuer);
    base->issuer = directory_name(X509_get_issuer_name(leaf));
    X509_get0_uids(leaf, &unique, NULL);
    if (unique != NULL) {
        base->issuer_uid = (ASN1_BIT_STRING *)ASN1_STRING_dup(unique);
    }
    return base->issuer != NULL && (unique == NULL || base->issuer_uid != NULL) &&
           ASN1_STRING_copy(base->serial, X509_get0_serialNumber(leaf)) == 1;
}

/* All bits count, whatever the last ones are. */
static bool set_bits(ASN1_BIT_STRING *out, const unsigned char *bytes, size_t len)
{
    out->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07L);
    out->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    return ASN1_BIT_STRING_set(out, (unsigned char *)(uintptr_t)bytes, (int)len) == 1;
}

static bool digest_of(const struct dna_acert_order *order, unsigned char out[DNA_HASH_MAX])
{
    const struct dna_chain_link *leaf = &order->holder->links[0];
    unsigned char *spki = NULL;
    enum dna_err err = DNA_ERR_MEMORY;
    int len;
    if (order->bearer == DNA_ACERT_BEARER_CERTIFICATE) {
        return dna_hash(order->hash, leaf->der, out) == DNA_OK;
    }
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf->certificate), &spki);
    if (len > 0) {
        err = dna_hash(order->hash, (struct dna_span){(char *)spki, (size_t)len}, out);
    }
    OPENSSL_free(spki);
    return err == DNA_OK;
}

static bool set_digest(struct dna_acert_holder *holder, const struct dna_acert_order *order)
{
    struct dna_acert_digest *d = holder->digest = dna_acert_digest_new();
    unsigned char digest[DNA_HASH_MAX];
    bool certificate = order->bearer == DNA_ACERT_BEARER_CERTIFICATE;
    int nid = order->hash == DNA_HASH_SHA512 ? NID_sha512 : NID_sha256;
    return d != NULL && digest_of(order, digest) &&
           ASN1_ENUMERATED_set_int64(d->type, certificate ? 1 : 0) == 1 &&
           X509_ALGOR_set0(d->algorithm, OBJ_nid2obj(nid), V_ASN1_UNDEF, NULL) == 1 &&
           set_bits(d->digest, digest, dna_hash_size(order->hash));
}

static bool set_holder(struct dna_acert_info *info, const struct dna_acert_order *order)
{
    switch (order->bearer) {
    case DNA_ACERT_BEARER_NAME:
        return set_host(info->holder, order->host);
    case DNA_ACERT_BEARER_CERTIFICATE:
    case DNA_ACERT_BEARER_KEY:
        return set_digest(info->holder, order);
    case DNA_ACERT_BEARER_SERIAL:
        return set_serial(info->holder, order->holder->links[0].certificate);
    }
    return false;
}

/* --- the other fields --------------------------------------------------------------- */

static bool set_issuer(struct dna_acert_info *info, const struct dna_acert_order *order)
{
    struct dna_acert_v2form *form = dna_acert_v2form_new();
    if (form == NULL) {
        return false;
    }
    info->issuer->type = DNA_ACERT_V2FORM;
    info->issuer->d.v2form = form;
    form->name = directory_name(X509_get_subject_name(order->issuer->links[0].certificate));
    return form->name != NULL;
}

static bool set_time(ASN1_GENERALIZEDTIME *out, int64_t at)
{
    return ASN1_GENERALIZEDTIME_set(out, (time_t)at) != NULL;
}

static bool set_number(ASN1_INTEGER *out, struct dna_span bytes)
{
    BIGNUM *number = BN_bin2bn((const unsigned char *)bytes.ptr, (int)bytes.len, NULL);
    bool done = number != NULL && BN_to_ASN1_INTEGER(number, out) != NULL;
    BN_free(number);
    return done;
}

static bool set_services(struct dna_acert_info *info, const struct dna_acert_order *order)
{
    ASN1_OBJECT *type = OBJ_txt2obj(DNA_OID_DELEGATED_SERVICE_TEXT, 1);
    X509_ATTRIBUTE *attribute = X509_ATTRIBUTE_new();
    bool done = type != NULL && attribute != NULL &&
                X509_ATTRIBUTE_set1_object(attribute, type) == 1;
    for (size_t i = 0; done && i < order->n_services; i++) {
        done = X509_ATTRIBUTE_set1_data(attribute, V_ASN1_IA5STRING, order->services[i],
                                        (int)strlen(order->services[i])) == 1;
    }
    ASN1_OBJECT_free(type);
    if (!done || sk_X509_ATTRIBUTE_push(info->attributes, attribute) <= 0) {
        X509_ATTRIBUTE_free(attribute);
        return false;
    }
    return true;
}

static bool add_extension(struct dna_acert_info *info, const char *oid, bool critical,
                          struct dna_span value)
{
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    X509_EXTENSION *one = NULL;
    if (object != NULL && octets != NULL &&
        ASN1_OCTET_STRING_set(octets, (const unsigned char *)value.ptr, (int)value.len) == 1) {
        one = X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
    }
    ASN1_OBJECT_free(object);
    ASN1_OCTET_STRING_free(octets);
    if (one == NULL || sk_X509_EXTENSION_push(info->extensions, one) <= 0) {
        X509_EXTENSION_free(one);
        return false;
    }
    return true;
}

/* --- values without a template ------------------------------------------------------ */

/* Puts tag and length in front of what buf holds from `from` on. */
static enum dna_err enclose(struct dna_buf *buf, size_t from, unsigned char tag)
{
    size_t len = dna_buf_len(buf) - from, header = len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
    unsigned char front[4] = {tag, (unsigned char)len};
    char *room;
    enum dna_err err = len <= UINT16_MAX ? dna_buf_reserve(buf, header, &room) : DNA_ERR_LIMIT;
    if (err != DNA_OK) {
        return err;
    }
    dna_buf_added(buf, header);
    room = (char *)(uintptr_t)dna_buf_span(buf).ptr + from;
    memmove(room + header, room, len);
    if (header == 3) {
        front[1] = 0x81;
        front[2] = (unsigned char)len;
    } else if (header == 4) {
        front[1] = 0x82;
        front[2] = (unsigned char)(len >> 8);
        front[3] = (unsigned char)(len & 0xff);
    }
    memcpy(room, front, header);
    return DNA_OK;
}

enum { CONTEXT_0 = DNA_DER_CONTEXT | DNA_DER_CONSTRUCTED, DNS_NAME = DNA_DER_CONTEXT | 2 };

/* SEQUENCE OF Targets, with all of them in one (RFC 5755 4.3.2). */
static enum dna_err write_targets(struct dna_buf *buf, const struct dna_acert_order *order)
{
    enum dna_err err = DNA_OK;
    for (size_t i = 0; err == DNA_OK && i < order->n_targets; i++) {
        size_t from = dna_buf_len(buf);
        err = dna_buf_add_text(buf, order->targets[i]);
        err = err == DNA_OK ? enclose(buf, from, DNS_NAME) : err;
        err = err == DNA_OK ? enclose(buf, from, CONTEXT_0) : err;
    }
    err = err == DNA_OK ? enclose(buf, 0, DNA_DER_SEQUENCE) : err;
    return err == DNA_OK ? enclose(buf, 0, DNA_DER_SEQUENCE) : err;
}

static bool set_targets(struct dna_acert_info *info, const struct dna_acert_order *order)
{
    struct dna_buf buf;
    bool done = true;
    if (order->n_targets != 0) {
        dna_buf_init(&buf, NULL, DNA_LIMIT_DOCUMENT);
        done = write_targets(&buf, order) == DNA_OK &&
               add_extension(info, "2.5.29.55", true, dna_buf_span(&buf));
        dna_buf_fini(&buf);
    }
    return done;
}

/* Which of the issuer's keys it is; left out where the certificate does not name its key. */
static bool set_key_id(struct dna_acert_info *info, const struct dna_acert_order *order)
{
    const ASN1_OCTET_STRING *id =
        X509_get0_subject_key_id(order->issuer->links[0].certificate);
    struct dna_buf buf;
    bool done;
    if (id == NULL) {
        return true;
    }
    dna_buf_init(&buf, NULL, DNA_LIMIT_DOCUMENT);
    done = dna_buf_add(&buf, (struct dna_span){(const char *)ASN1_STRING_get0_data(id),
                                               (size_t)ASN1_STRING_length(id)}) == DNA_OK &&
           enclose(&buf, 0, DNA_DER_CONTEXT) == DNA_OK &&
           enclose(&buf, 0, DNA_DER_SEQUENCE) == DNA_OK &&
           add_extension(info, "2.5.29.35", false, dna_buf_span(&buf));
    dna_buf_fini(&buf);
    return done;
}

static bool set_extensions(struct dna_acert_info *info, const struct dna_acert_order *order)
{
    info->extensions = sk_X509_EXTENSION_new_null();
    return info->extensions != NULL &&
           add_extension(info, "2.5.29.56", false, (struct dna_span){"\x05\x00", 2}) &&
           set_key_id(info, order) && set_targets(info, order);
}

enum dna_err dna_acert_draft(const struct dna_acert_order *order, struct dna_acert_st **out)
{
    struct dna_acert_st *draft = dna_acert_st_new();
    struct dna_acert_info *info = draft != NULL ? draft->info : NULL;
    if (info == NULL || ASN1_INTEGER_set_int64(info->version, 1) != 1 ||
        !set_holder(info, order) || !set_issuer(info, order) ||
        !set_number(info->serial, order->serial) ||
        !set_time(info->validity->not_before, order->not_before) ||
        !set_time(info->validity->not_after, order->not_after) ||
        !set_services(info, order) || !set_extensions(info, order)) {
        dna_acert_st_free(draft);
        return DNA_ERR_MEMORY;
    }
    *out = draft;
    return DNA_OK;
}

/* --- the signature ------------------------------------------------------------------ */

static bool choose(EVP_PKEY *key, const EVP_MD **hash, int *nid, int *parameters)
{
    bool large = EVP_PKEY_get_bits(key) > 256;
    *hash = EVP_sha256();
    *parameters = V_ASN1_UNDEF;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        *nid = NID_sha256WithRSAEncryption;
        *parameters = V_ASN1_NULL;
        return true;
    case EVP_PKEY_EC:
        *hash = large ? EVP_sha384() : EVP_sha256();
        *nid = large ? NID_ecdsa_with_SHA384 : NID_ecdsa_with_SHA256;
        return true;
    case EVP_PKEY_ED25519:
        *hash = NULL;
        *nid = NID_ED25519;
        return true;
    default:
        return false;
    }
}

static enum dna_err sign(struct dna_acert_st *draft, EVP_PKEY *key, const EVP_MD *hash)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char *info = NULL, *signature = NULL;
    size_t size = 0;
    enum dna_err err = DNA_ERR_MEMORY;
    int len = dna_acert_st_encode_info(draft, &info);
    if (context != NULL && len > 0) {
        bool done = EVP_DigestSignInit(context, NULL, hash, NULL, key) == 1 &&
                    EVP_DigestSign(context, NULL, &size, info, (size_t)len) == 1 &&
                    (signature = OPENSSL_malloc(size)) != NULL &&
                    EVP_DigestSign(context, signature, &size, info, (size_t)len) == 1 &&
                    set_bits(draft->signature, signature, size);
        err = done ? DNA_OK : DNA_ERR_SYSTEM;
    }
    OPENSSL_free(signature);
    OPENSSL_free(info);
    EVP_MD_CTX_free(context);
    return err;
}

/* To the caller's memory. */
static enum dna_err hand_out(const struct dna_alloc *alloc, const struct dna_acert_st *acert,
                             struct dna_span *out)
{
    unsigned char *der;
    int len = dna_acert_st_encode(acert, &der);
    char *copy = len > 0 ? dna_alloc_get(alloc, (size_t)len) : NULL;
    if (copy != NULL) {
        memcpy(copy, der, (size_t)len);
        *out = (struct dna_span){copy, (size_t)len};
    }
    OPENSSL_free(der);
    return copy != NULL ? DNA_OK : DNA_ERR_MEMORY;
}

static enum dna_err sign_draft(const struct dna_alloc *alloc, struct dna_acert_st *draft,
                               EVP_PKEY *key, struct dna_span *out)
{
    const EVP_MD *hash;
    int nid, parameters;
    enum dna_err err;
    if (!choose(key, &hash, &nid, &parameters)) {
        return DNA_ERR_SYSTEM;
    }
    if (X509_ALGOR_set0(draft->info->signature, OBJ_nid2obj(nid), parameters, NULL) != 1 ||
        X509_ALGOR_set0(draft->algorithm, OBJ_nid2obj(nid), parameters, NULL) != 1) {
        return DNA_ERR_MEMORY;
    }
    err = sign(draft, key, hash);
    return err == DNA_OK ? hand_out(alloc, draft, out) : err;
}

enum dna_err dna_acert_sign(const struct dna_alloc *alloc, struct dna_acert_st *draft,
                            EVP_PKEY *key, struct dna_span *out)
{
    dna_library_enter();
    return dna_library_leave(sign_draft(alloc, draft, key, out));
}

/* --- the whole ---------------------------------------------------------------------- */

/* Whether a verifier that believes the issuer could take it. */
static enum dna_err review(const struct dna_acert_order *order, struct dna_span der,
                           const char **why)
{
    struct dna_acert *acert;
    struct dna_signature signature;
    enum dna_err err = dna_acert_parse(NULL, der, &acert);
    if (err != DNA_OK) {
        *why = "it cannot be encoded";
        return err == DNA_ERR_MEMORY ? err : DNA_ERR_ARGUMENT;
    }
    *why = acert->fault;
    if (*why == NULL) {
        const struct dna_signed what = {dna_acert_signed(acert), acert->algorithm,
                                        acert->signature, order->issuer};
        err = dna_signature_check(&what, &signature);
        if (err == DNA_OK && !signature.valid) {
            *why = "the issuer's key is not of a kind that may sign it";
        }
    }
    dna_acert_free(acert);
    return err == DNA_OK && *why != NULL ? DNA_ERR_ARGUMENT : err;
}

enum dna_err dna_acert_issue(const struct dna_alloc *alloc,
                             const struct dna_acert_order *order, struct dna_span *out,
                             const char **why)
{
    struct dna_acert_st *draft;
    enum dna_err err;
    *why = "";
    if (order->serial.len == 0 || order->serial.len > DNA_ACERT_SERIAL_MAX) {
        *why = "the serial number does not have 1 to 20 octets";
        return DNA_ERR_ARGUMENT;
    }
    dna_library_enter();
    err = dna_library_leave(dna_acert_draft(order, &draft));
    if (err != DNA_OK) {
        return err;
    }
    err = dna_acert_sign(alloc, draft, order->key, out);
    dna_acert_st_free(draft);
    if (err != DNA_OK) {
        return err;
    }
    err = review(order, *out, why);
    if (err != DNA_OK) {
        dna_alloc_release(alloc, (void *)(uintptr_t)out->ptr);
        *out = (struct dna_span){NULL, 0};
    }
    return err;
}

/* --- the message -------------------------------------------------------------------- */

static enum dna_err add_acert(struct dna_buf *buf, struct dna_span der)
{
    static const char tag = (char)(CONTEXT_0 | 2);
    enum dna_err err = der.len != 0 ? dna_buf_add(buf, (struct dna_span){&tag, 1})
                                    : DNA_ERR_ARGUMENT;
    return err == DNA_OK ? dna_buf_add(buf, (struct dna_span){der.ptr + 1, der.len - 1}) : err;
}

/* Certificates first: in DER a set is sorted, and they have the lower tag. */
static enum dna_err write_set(struct dna_buf *buf, const struct dna_span *acerts, size_t n,
                              const struct dna_chain *issuer)
{
    size_t from = dna_buf_len(buf);
    enum dna_err err = DNA_OK;
    for (size_t i = 0; err == DNA_OK && i < issuer->n; i++) {
        err = dna_buf_add(buf, issuer->links[i].der);
    }
    for (size_t i = 0; err == DNA_OK && i < n; i++) {
        err = add_acert(buf, acerts[i]);
    }
    return err == DNA_OK ? enclose(buf, from, CONTEXT_0) : err;
}

static enum dna_err write_message(struct dna_buf *buf, const struct dna_span *acerts, size_t n,
                                  const struct dna_chain *issuer)
{
    static const char type[] = "\x06\x09" DNA_OID_SIGNED_DATA;
    static const char front[] = "\x02\x01\x04\x31\x00\x30\x0b\x06\x09" DNA_OID_DATA;
    static const char end[] = {DNA_DER_SET, 0x00}; /* no signer */
    /* The second string holds a NUL: the empty set's length. */
    const struct dna_span head = {type, sizeof type - 1}, body = {front, sizeof front - 1};
    size_t from;
    enum dna_err err = dna_buf_add(buf, head);
    from = dna_buf_len(buf);
    err = err == DNA_OK ? dna_buf_add(buf, body) : err;
    err = err == DNA_OK ? write_set(buf, acerts, n, issuer) : err;
    err = err == DNA_OK ? dna_buf_add(buf, (struct dna_span){end, sizeof end}) : err;
    err = err == DNA_OK ? enclose(buf, from, DNA_DER_SEQUENCE) : err;
    err = err == DNA_OK ? enclose(buf, from, CONTEXT_0) : err;
    return err == DNA_OK ? enclose(buf, 0, DNA_DER_SEQUENCE) : err;
}

enum dna_err dna_acert_wrap(const struct dna_alloc *alloc, const struct dna_span *acerts,
                            size_t n, const struct dna_chain *issuer, struct dna_span *out)
{
    struct dna_buf buf;
    char *copy = NULL;
    enum dna_err err;
    dna_buf_init(&buf, alloc, DNA_LIMIT_DOCUMENT);
    err = write_message(&buf, acerts, n, issuer);
    if (err == DNA_OK) {
        struct dna_span bytes = dna_buf_span(&buf);
        copy = dna_alloc_get(alloc, bytes.len);
        err = copy != NULL ? DNA_OK : DNA_ERR_MEMORY;
        if (copy != NULL) {
            memcpy(copy, bytes.ptr, bytes.len);
            *out = (struct dna_span){copy, bytes.len};
        }
    }
    dna_buf_fini(&buf);
    return err;
}
