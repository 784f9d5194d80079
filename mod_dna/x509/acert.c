/* x509/acert.c: one attribute certificate, and the profile of RFC 5755 4 that it must
 * fulfil.
 *
 * The rules are a table; the first that is broken is the fault.  They look at what was
 * decoded and allocate nothing, so that want of memory is never taken for a bad certificate.
 */
#include <x509/acert.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/date.h>
#include <base/limits.h>
#include <x509/acert_asn1.h>
#include <x509/acert_extensions.h>
#include <x509/acert_oid.h>
#include <x509/chain.h>
#include <x509/der.h>

/* --- the rules ---------------------------------------------------------------------- */

static const char *check_version(struct dna_acert *a)
{
    int64_t version;
    return ASN1_INTEGER_get_int64(&version, a->st->info->version) == 1 && version == 1
               ? NULL : "it is not version 2";
}

/* The only name, if it is of that type; else NULL. */
static GENERAL_NAME *only_name(const STACK_OF(GENERAL_NAME) *names, int type)
{
    GENERAL_NAME *name = sk_GENERAL_NAME_num(names) == 1 ? sk_GENERAL_NAME_value(names, 0)
                                                         : NULL;
    return name != NULL && name->type == type ? name : NULL;
}

static const char *check_host(struct dna_acert *a)
{
    const GENERAL_NAME *name = only_name(a->st->info->holder->entity_name, GEN_DNS);
    if (name == NULL) {
        return "the holder is not named by one dNSName";
    }
    a->bearer = DNA_ACERT_BEARER_NAME;
    a->host = dna_acert_string(name->d.dNSName);
    return NULL;
}

static const char *check_digest(struct dna_acert *a)
{
    const struct dna_acert_digest *d = a->st->info->holder->digest;
    const ASN1_OBJECT *algorithm;
    int64_t type;
    X509_ALGOR_get0(&algorithm, NULL, NULL, d->algorithm);
    if (ASN1_ENUMERATED_get_int64(&type, d->type) != 1 || (type != 0 && type != 1) ||
        d->other_type != NULL) {
        return "the holder is neither a certificate nor a key";
    }
    a->bearer = type == 1 ? DNA_ACERT_BEARER_CERTIFICATE : DNA_ACERT_BEARER_KEY;
    switch (OBJ_obj2nid(algorithm)) {
    case NID_sha256:
        a->hash = DNA_HASH_SHA256;
        break;
    case NID_sha512:
        a->hash = DNA_HASH_SHA512;
        break;
    default:
        return "the holder's digest is neither SHA-256 nor SHA-512";
    }
    a->digest = dna_acert_string(d->digest);
    return a->digest.len == dna_hash_size(a->hash) ? NULL
                                                   : "the holder's digest is of another length";
}

static const char *check_holder(struct dna_acert *a)
{
    const struct dna_acert_holder *holder = a->st->info->holder;
    if ((holder->base_certificate != NULL) + (holder->entity_name != NULL) +
            (holder->digest != NULL) != 1) {
        return "the holder is not named in exactly one way";
    }
    if (holder->entity_name != NULL) {
        return check_host(a);
    }
    if (holder->digest != NULL) {
        return check_digest(a);
    }
    a->bearer = DNA_ACERT_BEARER_SERIAL;
    return only_name(holder->base_certificate->issuer, GEN_DIRNAME) != NULL
               ? NULL : "the holder's issuer is not one directoryName";
}

/* The issuer's name as the profile has it, or NULL. */
static X509_NAME *issuer_name(const struct dna_acert_st *st)
{
    const struct dna_acert_issuer *issuer = st->info->issuer;
    const GENERAL_NAME *name;
    if (issuer->type != DNA_ACERT_V2FORM || issuer->d.v2form->base_certificate != NULL ||
        issuer->d.v2form->digest != NULL) {
        return NULL;
    }
    name = only_name(issuer->d.v2form->name, GEN_DIRNAME);
    return name != NULL ? name->d.directoryName : NULL;
}

static const char *check_issuer(struct dna_acert *a)
{
    X509_NAME *name = issuer_name(a->st);
    if (name == NULL) {
        return "the issuer is not named by one directoryName (v2Form)";
    }
    return X509_NAME_entry_count(name) != 0 ? NULL : "the issuer's name is empty";
}

static const char *check_algorithms(struct dna_acert *a)
{
    return X509_ALGOR_cmp(a->st->info->signature, a->st->algorithm) == 0
               ? NULL : "the signed algorithm is another one than the signature's";
}

static const char *check_serial(struct dna_acert *a)
{
    const ASN1_INTEGER *serial = a->st->info->serial;
    struct dna_span bytes = dna_acert_string(serial);
    size_t octets = bytes.len + (bytes.len != 0 && (unsigned char)bytes.ptr[0] >= 0x80);
    if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || bytes.len == 0 ||
        (bytes.len == 1 && bytes.ptr[0] == 0)) {
        return "the serial number is not positive";
    }
    return octets <= 20 ? NULL : "the serial number is longer than 20 octets";
}

/* "YYYYMMDDHHMMSSZ", and nothing else. */
static bool read_time(const ASN1_GENERALIZEDTIME *time, int64_t *out)
{
    struct dna_span text = dna_acert_string(time);
    char date[24];
    if (text.len != 15 || text.ptr[14] != 'Z') {
        return false;
    }
    for (size_t i = 0; i < 14; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    (void)snprintf(date, sizeof date, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text.ptr, text.ptr + 4,
                   text.ptr + 6, text.ptr + 8, text.ptr + 10, text.ptr + 12);
    return dna_date_parse(dna_span_of(date), out) == DNA_OK;
}

static const char *check_validity(struct dna_acert *a)
{
    const struct dna_acert_validity *validity = a->st->info->validity;
    if (!read_time(validity->not_before, &a->not_before) ||
        !read_time(validity->not_after, &a->not_after)) {
        return "its validity is not in the form YYYYMMDDHHMMSSZ";
    }
    if (a->not_after < a->not_before) {
        return "it ends before it begins";
    }
    return a->not_after - a->not_before <= DNA_LIMIT_ACERT_LIFE_S
               ? NULL : "it is valid for more than 366 days";
}

static X509_ATTRIBUTE *services_of(const struct dna_acert_st *st)
{
    const STACK_OF(X509_ATTRIBUTE) *list = st->info->attributes;
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(list); i++) {
        X509_ATTRIBUTE *one = sk_X509_ATTRIBUTE_value(list, i);
        if (dna_acert_oid_is(X509_ATTRIBUTE_get0_object(one), DNA_OID_DELEGATED_SERVICE)) {
            return one;
        }
    }
    return NULL;
}

static bool has_type_twice(const STACK_OF(X509_ATTRIBUTE) *list)
{
    for (int i = 0; i < sk_X509_ATTRIBUTE_num(list); i++) {
        for (int j = 0; j < i; j++) {
            if (OBJ_cmp(X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(list, i)),
                        X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(list, j))) == 0) {
                return true;
            }
        }
    }
    return false;
}

static const char *check_attributes(struct dna_acert *a)
{
    X509_ATTRIBUTE *services = services_of(a->st);
    if (has_type_twice(a->st->info->attributes)) {
        return "an attribute is there twice";
    }
    if (services == NULL || X509_ATTRIBUTE_count(services) == 0) {
        return "it delegates no service";
    }
    for (int i = 0; i < X509_ATTRIBUTE_count(services); i++) {
        if (ASN1_TYPE_get(X509_ATTRIBUTE_get0_type(services, i)) != V_ASN1_IA5STRING) {
            return "a delegated service is no IA5String";
        }
    }
    return NULL;
}

static const char *check_extensions(struct dna_acert *a)
{
    const char *fault = dna_acert_extensions_fault(a->st, &a->crl, &a->targeted);
    if (fault != NULL) {
        return fault;
    }
    return a->crl.len == 0 &&
                   a->not_after - a->not_before > DNA_LIMIT_ACERT_UNREVOCABLE_LIFE_S
               ? "it cannot be revoked and is valid for more than 31 days" : NULL;
}

static const char *find_fault(struct dna_acert *a)
{
    static const char *(*const rules[])(struct dna_acert *) = {
        check_version,  check_holder,   check_issuer,     check_algorithms,
        check_serial,   check_validity, check_attributes, check_extensions,
    };
    const char *fault = NULL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && fault == NULL; i++) {
        fault = rules[i](a);
    }
    return fault;
}

/* --- reading ------------------------------------------------------------------------ */

/* The outer parts, which the template has found to be what they should be. */
static enum dna_err cut(struct dna_acert *a)
{
    struct dna_span rest = a->der;
    struct dna_der whole, info, algorithm, signature;
    enum dna_err err = dna_der_expect(&rest, DNA_DER_SEQUENCE, &whole);
    if (err == DNA_OK) {
        err = dna_der_expect(&whole.content, DNA_DER_SEQUENCE, &info);
    }
    if (err == DNA_OK) {
        err = dna_der_expect(&whole.content, DNA_DER_SEQUENCE, &algorithm);
    }
    if (err == DNA_OK) {
        err = dna_der_expect(&whole.content, DNA_DER_BIT_STRING, &signature);
    }
    if (err != DNA_OK) {
        return err;
    }
    if (signature.content.len == 0 || signature.content.ptr[0] != 0) {
        return DNA_ERR_FORMAT; /* signatures are octets */
    }
    a->algorithm = algorithm.whole;
    a->signature = (struct dna_span){signature.content.ptr + 1, signature.content.len - 1};
    return DNA_OK;
}

static enum dna_err decode(struct dna_acert *a)
{
    enum dna_err err;
    dna_library_enter();
    a->st = dna_acert_st_decode(a->der);
    err = dna_library_leave(a->st != NULL ? DNA_OK : DNA_ERR_FORMAT);
    if (err == DNA_OK) {
        err = cut(a);
    }
    if (err == DNA_OK) {
        a->fault = find_fault(a);
    }
    return err;
}

enum dna_err dna_acert_parse(const struct dna_alloc *alloc, struct dna_span der,
                             struct dna_acert **out)
{
    struct dna_acert *a;
    char *copy;
    enum dna_err err;
    if (der.len == 0) {
        return DNA_ERR_FORMAT;
    }
    if (der.len > DNA_LIMIT_DOCUMENT) {
        return DNA_ERR_LIMIT;
    }
    a = dna_alloc_zero(alloc, 1, sizeof *a);
    copy = dna_alloc_get(alloc, der.len);
    if (a == NULL || copy == NULL) {
        dna_alloc_release(alloc, a);
        dna_alloc_release(alloc, copy);
        return DNA_ERR_MEMORY;
    }
    memcpy(copy, der.ptr, der.len);
    a->alloc = alloc;
    a->der = (struct dna_span){copy, der.len};
    err = decode(a);
    if (err != DNA_OK) {
        dna_acert_free(a);
        return err;
    }
    *out = a;
    return DNA_OK;
}

void dna_acert_free(struct dna_acert *acert)
{
    if (acert != NULL) {
        dna_acert_st_free(acert->st);
        dna_alloc_release(acert->alloc, (void *)(uintptr_t)acert->der.ptr);
        dna_alloc_release(acert->alloc, acert);
    }
}

/* --- what it says ------------------------------------------------------------------- */

struct dna_span dna_acert_signed(const struct dna_acert *acert)
{
    return dna_acert_st_signed(acert->st);
}

enum dna_err dna_acert_service(const struct dna_acert *acert, size_t i, struct dna_span *out)
{
    X509_ATTRIBUTE *services = services_of(acert->st);
    const ASN1_TYPE *value;
    if (services == NULL || i >= (size_t)X509_ATTRIBUTE_count(services)) {
        return DNA_ERR_NOT_FOUND;
    }
    value = X509_ATTRIBUTE_get0_type(services, (int)i);
    *out = value->type == V_ASN1_IA5STRING ? dna_acert_string(value->value.ia5string)
                                           : (struct dna_span){NULL, 0};
    return DNA_OK;
}

/* "_xmpp-server.example.com" */
static bool is_service(struct dna_span text, const char *service, const char *domain)
{
    size_t n = strlen(service);
    char left[32];
    if (n + 2 > sizeof left || text.len < n + 3 || text.ptr[0] != '_' ||
        text.ptr[n + 1] != '.') {
        return false;
    }
    return dna_acert_same_name((struct dna_span){text.ptr + 1, n}, service) &&
           dna_acert_same_name((struct dna_span){text.ptr + n + 2, text.len - n - 2}, domain);
}

bool dna_acert_delegates(const struct dna_acert *acert, const char *service,
                         const char *domain)
{
    struct dna_span text;
    for (size_t i = 0; dna_acert_service(acert, i, &text) == DNA_OK; i++) {
        if (is_service(text, service, domain)) {
            return true;
        }
    }
    return false;
}

bool dna_acert_is_for(const struct dna_acert *acert, const char *own)
{
    return own != NULL && dna_acert_extensions_target(acert->st, own);
}

/* --- whose it is -------------------------------------------------------------------- */

static enum dna_err compare(const struct dna_acert *acert, struct dna_span der, bool *out)
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_err err = dna_hash(acert->hash, der, digest);
    *out = err == DNA_OK &&
           dna_span_equal(acert->digest, (struct dna_span){(char *)digest, acert->digest.len});
    return err;
}

static enum dna_err compare_key(const struct dna_acert *acert, const X509 *leaf, bool *out)
{
    unsigned char *spki = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &spki);
    enum dna_err err = DNA_ERR_MEMORY;
    if (len > 0) {
        err = compare(acert, (struct dna_span){(char *)spki, (size_t)len}, out);
    }
    OPENSSL_free(spki);
    return err;
}

/* The unique identifier counts only where the certificate has one (RFC 5755 4.2.2). */
static bool is_base(const struct dna_acert *acert, const X509 *leaf)
{
    const struct dna_acert_issuer_serial *base = acert->st->info->holder->base_certificate;
    const GENERAL_NAME *name = only_name(base->issuer, GEN_DIRNAME);
    const ASN1_BIT_STRING *unique = NULL;
    X509_get0_uids(leaf, &unique, NULL);
    return name != NULL &&
           X509_NAME_cmp(name->d.directoryName, X509_get_issuer_name(leaf)) == 0 &&
           ASN1_INTEGER_cmp(base->serial, X509_get0_serialNumber(leaf)) == 0 &&
           (unique == NULL || (base->issuer_uid != NULL &&
                               ASN1_STRING_cmp(unique, base->issuer_uid) == 0));
}

static enum dna_err borne_by(const struct dna_acert *acert, const struct dna_chain *chain,
                             bool *out)
{
    const struct dna_chain_link *leaf = &chain->links[0];
    *out = false;
    switch (acert->bearer) {
    case DNA_ACERT_BEARER_NAME:
        return DNA_ERR_ARGUMENT;
    case DNA_ACERT_BEARER_CERTIFICATE:
        return compare(acert, leaf->der, out);
    case DNA_ACERT_BEARER_KEY:
        return compare_key(acert, leaf->certificate, out);
    case DNA_ACERT_BEARER_SERIAL:
        *out = is_base(acert, leaf->certificate);
        return DNA_OK;
    }
    return DNA_ERR_ARGUMENT;
}

enum dna_err dna_acert_borne_by(const struct dna_acert *acert, const struct dna_chain *chain,
                                bool *out)
{
    dna_library_enter();
    return dna_library_leave(borne_by(acert, chain, out));
}
