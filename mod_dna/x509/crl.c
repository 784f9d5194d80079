/* x509/crl.c: a revocation list, read strictly.
 *
 * A list is only taken where nothing could be missing in it: it is complete and not a
 * difference, it is about attribute certificates or everything, for all reasons, by its own
 * issuer alone.  Whatever is critical and not understood, in the list or in an entry, makes
 * all of it useless (RFC 5280 5.2 and 5.3), for an entry could be about something else.
 */
#include <x509/crl.h>

#include <string.h>

#include <openssl/x509v3.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <x509/acert.h>
#include <x509/acert_asn1.h>
#include <x509/acert_extensions.h>
#include <x509/acert_oid.h>
#include <x509/chain.h>
#include <x509/der.h>

/* issuingDistributionPoint that says onlyContainsAttributeCerts and nothing else. */
#define ONLY_ATTRIBUTE_CERTIFICATES "\x30\x03\x85\x01\xff"

static const char *extension_fault(X509_EXTENSION *one)
{
    const ASN1_OBJECT *oid = X509_EXTENSION_get_object(one);
    if (dna_acert_oid_is(oid, DNA_OID_ISSUING_DISTRIBUTION)) {
        return dna_span_is(dna_acert_string(X509_EXTENSION_get_data(one)),
                           ONLY_ATTRIBUTE_CERTIFICATES)
                   ? NULL : "the list is not about all attribute certificates of its issuer";
    }
    if (dna_acert_oid_is(oid, DNA_OID_DELTA_CRL)) {
        return "the list is only the difference from another one";
    }
    return X509_EXTENSION_get_critical(one) != 0 ? "an unknown extension is critical" : NULL;
}

static bool has_critical(const X509_REVOKED *entry)
{
    const STACK_OF(X509_EXTENSION) *list = X509_REVOKED_get0_extensions(entry);
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        if (X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(list, i)) != 0) {
            return true;
        }
    }
    return false;
}

static const char *extensions_fault(X509_CRL *st)
{
    const STACK_OF(X509_EXTENSION) *list = X509_CRL_get0_extensions(st);
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(st);
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        const char *fault = extension_fault(sk_X509_EXTENSION_value(list, i));
        if (fault != NULL) {
            return fault;
        }
    }
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        if (has_critical(sk_X509_REVOKED_value(entries, i))) {
            return "an extension of an entry is critical";
        }
    }
    return NULL;
}

/* Whether the signed part names the same algorithm. */
static bool is_algorithm_signed(const struct dna_crl *crl)
{
    struct dna_span rest = crl->bytes;
    struct dna_der body, version, inner;
    bool there;
    return dna_der_expect(&rest, DNA_DER_SEQUENCE, &body) == DNA_OK &&
           dna_der_optional(&body.content, DNA_DER_INTEGER, &version, &there) == DNA_OK &&
           dna_der_expect(&body.content, DNA_DER_SEQUENCE, &inner) == DNA_OK &&
           dna_span_equal(inner.whole, crl->algorithm);
}

static const char *find_fault(struct dna_crl *crl)
{
    if (X509_CRL_get_version(crl->st) != 1) {
        return "the list is not version 2";
    }
    if (!is_algorithm_signed(crl)) {
        return "the signed algorithm is another one than the signature's";
    }
    if (X509_CRL_get0_nextUpdate(crl->st) == NULL) {
        return "the list does not say when the next one comes";
    }
    if (dna_certificate_time(X509_CRL_get0_lastUpdate(crl->st), &crl->this_update) != DNA_OK ||
        dna_certificate_time(X509_CRL_get0_nextUpdate(crl->st), &crl->next_update) != DNA_OK) {
        return "the list's times are malformed";
    }
    return extensions_fault(crl->st);
}

/* The outer parts, as they were received. */
static bool cut(struct dna_crl *crl)
{
    struct dna_span rest = crl->der;
    struct dna_der whole, body, algorithm, signature;
    if (dna_der_expect(&rest, DNA_DER_SEQUENCE, &whole) != DNA_OK ||
        dna_der_expect(&whole.content, DNA_DER_SEQUENCE, &body) != DNA_OK ||
        dna_der_expect(&whole.content, DNA_DER_SEQUENCE, &algorithm) != DNA_OK ||
        dna_der_expect(&whole.content, DNA_DER_BIT_STRING, &signature) != DNA_OK ||
        whole.content.len != 0 || signature.content.len == 0 ||
        signature.content.ptr[0] != 0) {
        return false;
    }
    crl->bytes = body.whole;
    crl->algorithm = algorithm.whole;
    crl->signature = (struct dna_span){signature.content.ptr + 1, signature.content.len - 1};
    return true;
}

static enum dna_err decode(struct dna_crl *crl, const char **why)
{
    const unsigned char *p = (const unsigned char *)crl->der.ptr;
    *why = "it is no revocation list in DER";
    if (!dna_der_is_strict(crl->der) || !cut(crl)) {
        return DNA_ERR_FORMAT;
    }
    crl->st = d2i_X509_CRL(NULL, &p, (long)crl->der.len);
    if (crl->st == NULL || p != (const unsigned char *)crl->der.ptr + crl->der.len) {
        return DNA_ERR_FORMAT;
    }
    *why = find_fault(crl);
    return *why == NULL ? DNA_OK : DNA_ERR_FORMAT;
}

enum dna_err dna_crl_parse(const struct dna_alloc *alloc, struct dna_span der,
                           struct dna_crl **out, const char **why)
{
    struct dna_crl *crl;
    char *copy;
    enum dna_err err;
    *why = "it is empty";
    if (der.len == 0) {
        return DNA_ERR_FORMAT;
    }
    *why = "it is longer than 64 KiB";
    if (der.len > DNA_LIMIT_DOCUMENT) {
        return DNA_ERR_LIMIT;
    }
    crl = dna_alloc_zero(alloc, 1, sizeof *crl);
    copy = dna_alloc_get(alloc, der.len);
    if (crl == NULL || copy == NULL) {
        dna_alloc_release(alloc, crl);
        dna_alloc_release(alloc, copy);
        return DNA_ERR_MEMORY;
    }
    memcpy(copy, der.ptr, der.len);
    crl->alloc = alloc;
    crl->der = (struct dna_span){copy, der.len};
    dna_library_enter();
    err = dna_library_leave(decode(crl, why));
    if (err != DNA_OK) {
        dna_crl_free(crl);
        return err;
    }
    *out = crl;
    return DNA_OK;
}

void dna_crl_free(struct dna_crl *crl)
{
    if (crl != NULL) {
        X509_CRL_free(crl->st);
        dna_alloc_release(crl->alloc, (void *)(uintptr_t)crl->der.ptr);
        dna_alloc_release(crl->alloc, crl);
    }
}

bool dna_crl_is_of(const struct dna_crl *crl, const struct dna_chain *issuer)
{
    X509 *leaf = issuer->links[0].certificate;
    return X509_NAME_cmp(X509_CRL_get_issuer(crl->st), X509_get_subject_name(leaf)) == 0 &&
           (X509_get_key_usage(leaf) & KU_CRL_SIGN) != 0; /* all bits: it says nothing */
}

/* Not the library's search, which sorts what others may be reading and forgives some. */
bool dna_crl_lists(const struct dna_crl *crl, const struct dna_acert *acert)
{
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl->st);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(entry),
                             acert->st->info->serial) == 0) {
            return true;
        }
    }
    return false;
}
