/* x509/acert_bundle.c: attribute certificates and their issuers' certificates, as a proof
 * carries them.
 *
 * The CMS message is read strictly as DER (RFC 5652 5.1: version 4, for there are v2 attribute
 * certificates in it; no digest, no content, no signer), except that the order of its set of
 * certificates does not matter.  What is in it is trusted in nothing: a root that comes along
 * is one certificate more.
 */
#include <x509/acert.h>

#include <string.h>

#include <openssl/x509v3.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <base/limits.h>
#include <x509/acert_asn1.h>
#include <x509/acert_extensions.h>
#include <x509/acert_oid.h>
#include <x509/chain.h>
#include <x509/der.h>
#include <x509/pem.h>

struct bag {
    struct dna_acert_bundle *bundle;
    X509 *certificates[DNA_LIMIT_ACERT_CERTIFICATES];
    size_t n;
    const char *why;
};

static enum dna_err malformed(struct bag *bag, const char *why)
{
    bag->why = why;
    return DNA_ERR_FORMAT;
}

static enum dna_err add_certificate(struct bag *bag, struct dna_span der)
{
    struct dna_acert_bundle *bundle = bag->bundle;
    enum dna_err err;
    char *copy;
    if (bag->n == DNA_LIMIT_ACERT_CERTIFICATES) {
        bag->why = "there are more certificates than 16";
        return DNA_ERR_LIMIT;
    }
    bag->why = "a certificate is malformed";
    err = dna_certificate_parse(der, &bag->certificates[bag->n]);
    if (err != DNA_OK) {
        return err;
    }
    bag->n++;
    copy = dna_alloc_get(bundle->alloc, der.len);
    if (copy == NULL) {
        return DNA_ERR_MEMORY;
    }
    memcpy(copy, der.ptr, der.len);
    bundle->certificates[bundle->n_certificates++] = (struct dna_span){copy, der.len};
    return DNA_OK;
}

static enum dna_err add_acert(struct bag *bag, struct dna_span der)
{
    struct dna_acert_bundle *bundle = bag->bundle;
    enum dna_err err;
    if (bundle->n == DNA_LIMIT_ACERTS) {
        bag->why = "there are more attribute certificates than 8";
        return DNA_ERR_LIMIT;
    }
    bag->why = "an attribute certificate is malformed";
    err = dna_acert_parse(bundle->alloc, der, &bundle->acerts[bundle->n]);
    bundle->n += err == DNA_OK;
    return err;
}

/* --- CMS ---------------------------------------------------------------------------- */

enum {
    CONTEXT_0 = DNA_DER_CONTEXT | DNA_DER_CONSTRUCTED,
    V2_ATTRIBUTE_CERTIFICATE = CONTEXT_0 | 2
};

/* A v2 attribute certificate is tagged [2] IMPLICIT: a SEQUENCE but for its first octet. */
static enum dna_err add_tagged(struct bag *bag, struct dna_span whole)
{
    const struct dna_alloc *alloc = bag->bundle->alloc;
    char *copy = dna_alloc_get(alloc, whole.len);
    enum dna_err err;
    if (copy == NULL) {
        return DNA_ERR_MEMORY;
    }
    memcpy(copy, whole.ptr, whole.len);
    copy[0] = DNA_DER_SEQUENCE;
    err = add_acert(bag, (struct dna_span){copy, whole.len});
    dna_alloc_release(alloc, copy);
    return err;
}

static enum dna_err read_set(struct bag *bag, struct dna_span set)
{
    struct dna_der one;
    enum dna_err err;
    while ((err = dna_der_next(&set, &one)) == DNA_OK) {
        if (one.tag == DNA_DER_SEQUENCE) {
            err = add_certificate(bag, one.whole);
        } else if (one.tag == V2_ATTRIBUTE_CERTIFICATE) {
            err = add_tagged(bag, one.whole);
        } else {
            err = malformed(bag, "there is something else among the certificates");
        }
        if (err != DNA_OK) {
            return err;
        }
    }
    return err == DNA_ERR_NOT_FOUND ? DNA_OK
                                    : malformed(bag, "the set of certificates is not DER");
}

static bool is_empty_set(struct dna_span *rest)
{
    struct dna_der set;
    return dna_der_expect(rest, DNA_DER_SET, &set) == DNA_OK && set.content.len == 0;
}

static enum dna_err read_signed_data(struct bag *bag, struct dna_span body)
{
    struct dna_der version, content, type, set;
    bool there;
    if (dna_der_expect(&body, DNA_DER_INTEGER, &version) != DNA_OK ||
        !dna_span_is(version.content, "\x04")) {
        return malformed(bag, "the CMS message is not of version 4");
    }
    if (!is_empty_set(&body)) {
        return malformed(bag, "the CMS message has digest algorithms");
    }
    if (dna_der_expect(&body, DNA_DER_SEQUENCE, &content) != DNA_OK ||
        dna_der_expect(&content.content, DNA_DER_OID, &type) != DNA_OK ||
        !dna_span_is(type.content, DNA_OID_DATA) || content.content.len != 0) {
        return malformed(bag, "the CMS message has content");
    }
    if (dna_der_optional(&body, CONTEXT_0, &set, &there) != DNA_OK || !there) {
        return malformed(bag, "the CMS message has no certificates");
    }
    if (!is_empty_set(&body) || body.len != 0) {
        return malformed(bag, "the CMS message has signers or revocation lists");
    }
    return read_set(bag, set.content);
}

static enum dna_err read_message(struct bag *bag, struct dna_span bytes)
{
    struct dna_der outer, type, inner, body;
    if (dna_der_expect(&bytes, DNA_DER_SEQUENCE, &outer) != DNA_OK) {
        return malformed(bag, "it is not DER");
    }
    if (bytes.len != 0) {
        return malformed(bag, "bytes follow the CMS message");
    }
    if (dna_der_expect(&outer.content, DNA_DER_OID, &type) != DNA_OK ||
        !dna_span_is(type.content, DNA_OID_SIGNED_DATA) ||
        dna_der_expect(&outer.content, CONTEXT_0, &inner) != DNA_OK ||
        outer.content.len != 0 ||
        dna_der_expect(&inner.content, DNA_DER_SEQUENCE, &body) != DNA_OK ||
        inner.content.len != 0) {
        return malformed(bag, "it is no CMS SignedData");
    }
    return read_signed_data(bag, body.content);
}

/* --- PEM ---------------------------------------------------------------------------- */

static enum dna_err add_block(struct bag *bag, const struct dna_pem_block *block)
{
    const struct dna_alloc *alloc = bag->bundle->alloc;
    bool acert = dna_span_is(block->label, "ATTRIBUTE CERTIFICATE");
    struct dna_span der;
    enum dna_err err;
    if (!acert && !dna_span_is(block->label, "CERTIFICATE")) {
        return malformed(bag, "there is a PEM block of another kind");
    }
    bag->why = "a PEM block is malformed";
    err = dna_pem_decode(alloc, block, &der);
    if (err == DNA_OK) {
        err = acert ? add_acert(bag, der) : add_certificate(bag, der);
        dna_alloc_release(alloc, (void *)(uintptr_t)der.ptr);
    }
    return err;
}

static enum dna_err read_pem(struct bag *bag, struct dna_span text)
{
    struct dna_pem_block block;
    enum dna_err err;
    while ((err = dna_pem_next(&text, DNA_PEM_NOTHING_BETWEEN, &block)) == DNA_OK) {
        err = add_block(bag, &block);
        if (err != DNA_OK) {
            return err;
        }
    }
    return err == DNA_ERR_NOT_FOUND ? DNA_OK
                                    : malformed(bag, "it is not PEM from end to end");
}

/* --- issuers ------------------------------------------------------------------------ */

/* RFC 5280 4.2.1.1, where the attribute certificate says which key it was signed with. */
static enum dna_err has_key(const struct dna_acert *acert, X509 *certificate, bool *out)
{
    struct dna_span value;
    const unsigned char *p;
    AUTHORITY_KEYID *wanted;
    *out = true;
    if (!dna_acert_extension(acert->st, DNA_OID_AUTHORITY_KEY_ID, &value)) {
        return DNA_OK;
    }
    p = (const unsigned char *)value.ptr;
    wanted = d2i_AUTHORITY_KEYID(NULL, &p, (long)value.len);
    /* The comparison passes over what nobody has asked the certificate for. */
    (void)X509_get0_subject_key_id(certificate);
    *out = wanted != NULL && X509_check_akid(certificate, wanted) == X509_V_OK;
    AUTHORITY_KEYID_free(wanted);
    return wanted != NULL ? DNA_OK : DNA_ERR_FORMAT;
}

static enum dna_err is_issuer(const struct dna_acert *acert, X509 *certificate, bool *out)
{
    const STACK_OF(GENERAL_NAME) *names = acert->st->info->issuer->d.v2form->name;
    X509_NAME *name = sk_GENERAL_NAME_value(names, 0)->d.directoryName;
    enum dna_err err;
    *out = X509_NAME_cmp(name, X509_get_subject_name(certificate)) == 0;
    if (!*out) {
        return DNA_OK;
    }
    dna_library_enter();
    err = dna_library_leave(has_key(acert, certificate, out));
    return err == DNA_ERR_FORMAT ? DNA_OK : err; /* names no key: not this one */
}

static bool holds(X509 *const *path, size_t n, const X509 *certificate)
{
    for (size_t i = 0; i < n; i++) {
        if (path[i] == certificate) {
            return true;
        }
    }
    return false;
}

/* The issuer's certificate, and whatever in the bag may stand above it. */
static enum dna_err assemble(const struct bag *bag, X509 *issuer, struct dna_chain **out)
{
    X509 *path[DNA_LIMIT_CHAIN] = {issuer};
    size_t n = 1;
    for (size_t at = 0; at < n; at++) {
        for (size_t i = 0; i < bag->n && n < DNA_LIMIT_CHAIN; i++) {
            X509 *above = bag->certificates[i];
            if (!holds(path, n, above) &&
                X509_NAME_cmp(X509_get_subject_name(above),
                              X509_get_issuer_name(path[at])) == 0) {
                path[n++] = above;
            }
        }
    }
    return dna_chain_share(bag->bundle->alloc, path, n, out);
}

static enum dna_err add_cases(struct bag *bag, const struct dna_acert *acert)
{
    struct dna_acert_bundle *bundle = bag->bundle;
    size_t first = bundle->n_cases;
    enum dna_err err = DNA_OK;
    for (size_t i = 0; err == DNA_OK && acert->fault == NULL && i < bag->n &&
                       bundle->n_cases - first < DNA_LIMIT_ACERT_ISSUERS; i++) {
        struct dna_acert_case *one = &bundle->cases[bundle->n_cases];
        bool match;
        err = is_issuer(acert, bag->certificates[i], &match);
        if (err == DNA_OK && match) {
            err = assemble(bag, bag->certificates[i], &one->issuer);
            one->acert = acert;
            bundle->n_cases += err == DNA_OK;
        }
    }
    if (err == DNA_OK && bundle->n_cases == first) {
        bundle->cases[bundle->n_cases++].acert = acert;
    }
    return err;
}

/* --- the whole ---------------------------------------------------------------------- */

static enum dna_err fill(struct bag *bag, struct dna_span bytes)
{
    bool pem = bytes.ptr[0] == '-';
    enum dna_err err = pem ? read_pem(bag, bytes) : read_message(bag, bytes);
    if (err == DNA_OK && bag->bundle->n == 0) {
        err = malformed(bag, "there is no attribute certificate in it");
    }
    for (size_t i = 0; err == DNA_OK && i < bag->bundle->n; i++) {
        bag->why = "a certificate is malformed";
        err = add_cases(bag, bag->bundle->acerts[i]);
    }
    return err;
}

static struct dna_acert_bundle *make(const struct dna_alloc *alloc)
{
    struct dna_acert_bundle *bundle = dna_alloc_zero(alloc, 1, sizeof *bundle);
    if (bundle == NULL) {
        return NULL;
    }
    bundle->alloc = alloc;
    bundle->acerts = dna_alloc_zero(alloc, DNA_LIMIT_ACERTS, sizeof *bundle->acerts);
    bundle->cases = dna_alloc_zero(alloc, DNA_LIMIT_ACERT_CASES, sizeof *bundle->cases);
    bundle->certificates =
        dna_alloc_zero(alloc, DNA_LIMIT_ACERT_CERTIFICATES, sizeof *bundle->certificates);
    if (bundle->acerts == NULL || bundle->cases == NULL || bundle->certificates == NULL) {
        dna_acert_bundle_free(bundle);
        return NULL;
    }
    return bundle;
}

enum dna_err dna_acert_bundle_parse(const struct dna_alloc *alloc, struct dna_span bytes,
                                    struct dna_acert_bundle **out, const char **why)
{
    struct bag bag = {.n = 0};
    enum dna_err err;
    *why = "";
    if (bytes.len == 0) {
        *why = "it is empty";
        return DNA_ERR_FORMAT;
    }
    if (bytes.len > DNA_LIMIT_DOCUMENT) {
        *why = "it is longer than 64 KiB";
        return DNA_ERR_LIMIT;
    }
    bag.bundle = make(alloc);
    if (bag.bundle == NULL) {
        return DNA_ERR_MEMORY;
    }
    dna_library_enter();
    err = dna_library_leave(fill(&bag, bytes));
    while (bag.n > 0) {
        X509_free(bag.certificates[--bag.n]);
    }
    if (err != DNA_OK) {
        *why = bag.why;
        dna_acert_bundle_free(bag.bundle);
        return err;
    }
    *out = bag.bundle;
    return DNA_OK;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum dna_err dna_acert_bundle_read(const struct dna_alloc *alloc, struct dna_span text,
                                   struct dna_acert_bundle **out, const char **why)
{
    size_t n = 0, len = 0;
    enum dna_err err;
    char *bytes;
    if (text.len != 0 && text.ptr[0] == '-') {
        return dna_acert_bundle_parse(alloc, text, out, why);
    }
    *why = "it is no base64 (RFC 4648 4)";
    if (text.len == 0) {
        return DNA_ERR_FORMAT;
    }
    if (text.len > 2 * DNA_LIMIT_DOCUMENT) {
        *why = "it is longer than 64 KiB";
        return DNA_ERR_LIMIT;
    }
    bytes = dna_alloc_get(alloc, 2 * text.len);
    if (bytes == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_space(text.ptr[i])) {
            bytes[n++] = text.ptr[i];
        }
    }
    err = dna_base64_decode((struct dna_span){bytes, n}, DNA_BASE64_PADDED,
                            (unsigned char *)bytes + text.len, text.len, &len);
    if (err == DNA_OK && len != 0 && bytes[text.len] == '-') {
        err = DNA_ERR_FORMAT; /* PEM is text already */
    }
    if (err == DNA_OK) {
        err = dna_acert_bundle_parse(alloc, (struct dna_span){bytes + text.len, len}, out,
                                     why);
    }
    dna_alloc_release(alloc, bytes);
    return err;
}

void dna_acert_bundle_free(struct dna_acert_bundle *bundle)
{
    if (bundle == NULL) {
        return;
    }
    for (size_t i = 0; i < bundle->n_cases; i++) {
        dna_chain_free(bundle->cases[i].issuer);
    }
    for (size_t i = 0; i < bundle->n; i++) {
        dna_acert_free(bundle->acerts[i]);
    }
    for (size_t i = 0; i < bundle->n_certificates; i++) {
        dna_alloc_release(bundle->alloc, (void *)(uintptr_t)bundle->certificates[i].ptr);
    }
    dna_alloc_release(bundle->alloc, bundle->certificates);
    dna_alloc_release(bundle->alloc, bundle->acerts);
    dna_alloc_release(bundle->alloc, bundle->cases);
    dna_alloc_release(bundle->alloc, bundle);
}
