/* x509/acert_extensions.c: what the extensions of an attribute certificate say.
 *
 * Every extension may be there once.  A critical one that is not in the table is refused, and
 * so is proxying.  Whoever issues a certificate whose revocation could be asked for wants
 * that to be done: a revocation list is looked at, a responder is not asked, so that a
 * certificate that only has one of these is not taken.
 */
#include <x509/acert_extensions.h>

#include <string.h>

#include <x509/acert_oid.h>
#include <x509/der.h>

bool dna_acert_oid_is(const ASN1_OBJECT *object, const char *oid)
{
    return OBJ_length(object) == strlen(oid) &&
           memcmp(OBJ_get0_data(object), oid, strlen(oid)) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool dna_acert_same_name(struct dna_span presented, const char *name)
{
    for (size_t i = 0; i < presented.len; i++) {
        if (name[i] == '\0' || lower(presented.ptr[i]) != lower(name[i])) {
            return false;
        }
    }
    return name[presented.len] == '\0' && presented.len != 0;
}

struct dna_span dna_acert_string(const ASN1_STRING *string)
{
    return (struct dna_span){(const char *)ASN1_STRING_get0_data(string),
                             (size_t)ASN1_STRING_length(string)};
}

bool dna_acert_extension(const struct dna_acert_st *st, const char *oid, struct dna_span *out)
{
    for (int i = 0; i < sk_X509_EXTENSION_num(st->info->extensions); i++) {
        X509_EXTENSION *one = sk_X509_EXTENSION_value(st->info->extensions, i);
        if (dna_acert_oid_is(X509_EXTENSION_get_object(one), oid)) {
            *out = dna_acert_string(X509_EXTENSION_get_data(one));
            return true;
        }
    }
    return false;
}

/* One value of that type that fills the bytes. */
static bool is_one(struct dna_span bytes, unsigned char tag, struct dna_der *out)
{
    return dna_der_expect(&bytes, tag, out) == DNA_OK && bytes.len == 0;
}

/* --- targets ------------------------------------------------------------------------ */

enum { TARGET_NAME = DNA_DER_CONTEXT | DNA_DER_CONSTRUCTED | 0, DNS_NAME = DNA_DER_CONTEXT | 2 };

/* One Target: false where it is malformed; *match where it is the given host. */
static bool read_target(const struct dna_der *target, const char *own, bool *match)
{
    struct dna_span rest = target->content;
    struct dna_der name;
    if (target->tag != TARGET_NAME) { /* a group is nobody that we know, a certificate unused */
        return target->tag == TARGET_NAME + 1 || target->tag == TARGET_NAME + 2;
    }
    if (dna_der_next(&rest, &name) != DNA_OK || rest.len != 0) {
        return false;
    }
    if (name.tag == DNS_NAME && own != NULL && dna_acert_same_name(name.content, own)) {
        *match = true;
    }
    return true;
}

/* Several Targets are read as one (RFC 5755 4.3.2). */
static bool read_targets(struct dna_span value, const char *own, bool *match)
{
    struct dna_der list, targets, target;
    enum dna_err err = DNA_OK, inner = DNA_ERR_NOT_FOUND;
    if (!dna_der_is_strict(value) || !is_one(value, DNA_DER_SEQUENCE, &list)) {
        return false;
    }
    while ((err = dna_der_next(&list.content, &targets)) == DNA_OK &&
           targets.tag == DNA_DER_SEQUENCE) {
        while ((inner = dna_der_next(&targets.content, &target)) == DNA_OK) {
            if (!read_target(&target, own, match)) {
                return false;
            }
        }
        if (inner != DNA_ERR_NOT_FOUND) {
            return false;
        }
    }
    return err == DNA_ERR_NOT_FOUND;
}

bool dna_acert_extensions_target(const struct dna_acert_st *st, const char *own)
{
    struct dna_span value;
    bool match = false;
    return dna_acert_extension(st, DNA_OID_TARGET_INFORMATION, &value) &&
           read_targets(value, own, &match) && match;
}

/* --- the table ---------------------------------------------------------------------- */

struct findings {
    bool no_revocation, ocsp, targeted;
    struct dna_span crl;
};

static const char *take_no_rev_avail(struct dna_span value, bool critical, struct findings *f)
{
    f->no_revocation = true;
    if (critical) {
        return "noRevAvail is critical";
    }
    return value.len == 2 && memcmp(value.ptr, "\x05\x00", 2) == 0
               ? NULL : "noRevAvail is not NULL";
}

static const char *take_targets(struct dna_span value, bool critical, struct findings *f)
{
    bool match = false;
    f->targeted = true;
    if (!critical) {
        return "targetInformation is not critical";
    }
    return read_targets(value, NULL, &match) ? NULL : "targetInformation is malformed";
}

static const char *take_key_id(struct dna_span value, bool critical, struct findings *f)
{
    struct dna_der body;
    (void)critical;
    (void)f;
    return is_one(value, DNA_DER_SEQUENCE, &body) && dna_der_is_strict(value)
               ? NULL : "authorityKeyIdentifier is malformed";
}

/* One point, by one URI as its full name; all reasons, and no other issuer (RFC 5755 4.3.5). */
static const char *take_distribution(struct dna_span value, bool critical, struct findings *f)
{
    const unsigned char inside = DNA_DER_CONTEXT | DNA_DER_CONSTRUCTED;
    struct dna_der list, point, name, full, uri;
    (void)critical;
    if (!is_one(value, DNA_DER_SEQUENCE, &list) ||
        !is_one(list.content, DNA_DER_SEQUENCE, &point) ||
        !is_one(point.content, inside, &name) || !is_one(name.content, inside, &full) ||
        !is_one(full.content, DNA_DER_CONTEXT | 6, &uri) || uri.content.len == 0 ||
        !dna_der_is_strict(value)) {
        return "crlDistributionPoints is not one URL";
    }
    f->crl = uri.content;
    return NULL;
}

/* AuthorityInfoAccessSyntax: is there an OCSP responder? */
static const char *take_info(struct dna_span value, bool critical, struct findings *f)
{
    struct dna_der list, access, method;
    enum dna_err err;
    (void)critical;
    if (!is_one(value, DNA_DER_SEQUENCE, &list)) {
        return "authorityInfoAccess is malformed";
    }
    while ((err = dna_der_next(&list.content, &access)) == DNA_OK) {
        if (access.tag != DNA_DER_SEQUENCE ||
            dna_der_expect(&access.content, DNA_DER_OID, &method) != DNA_OK) {
            return "authorityInfoAccess is malformed";
        }
        f->ocsp |= dna_span_is(method.content, DNA_OID_OCSP);
    }
    return err == DNA_ERR_NOT_FOUND ? NULL : "authorityInfoAccess is malformed";
}

static const char *take_audit_identity(struct dna_span value, bool critical,
                                       struct findings *f)
{
    struct dna_der body;
    (void)f;
    if (!critical) {
        return "auditIdentity is not critical";
    }
    return is_one(value, DNA_DER_OCTET_STRING, &body) && body.content.len >= 1 &&
                   body.content.len <= 20
               ? NULL : "auditIdentity does not have 1 to 20 octets";
}

static const char *take_proxying(struct dna_span value, bool critical, struct findings *f)
{
    (void)value;
    (void)critical;
    (void)f;
    return "it may be passed on by proxies";
}

static const struct {
    const char *oid;
    const char *(*take)(struct dna_span value, bool critical, struct findings *f);
} known[] = {
    {DNA_OID_NO_REV_AVAIL, take_no_rev_avail},
    {DNA_OID_TARGET_INFORMATION, take_targets},
    {DNA_OID_AUTHORITY_KEY_ID, take_key_id},
    {DNA_OID_CRL_DISTRIBUTION, take_distribution},
    {DNA_OID_AUTHORITY_INFO, take_info},
    {DNA_OID_AUDIT_IDENTITY, take_audit_identity},
    {DNA_OID_AC_PROXYING, take_proxying},
};

static const char *take(const X509_EXTENSION *one, struct findings *f)
{
    /* The library's getters take no constant. */
    X509_EXTENSION *extension = (X509_EXTENSION *)(uintptr_t)one;
    const ASN1_OBJECT *oid = X509_EXTENSION_get_object(extension);
    bool critical = X509_EXTENSION_get_critical(extension) != 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (dna_acert_oid_is(oid, known[i].oid)) {
            return known[i].take(dna_acert_string(X509_EXTENSION_get_data(extension)),
                                 critical, f);
        }
    }
    return critical ? "an unknown extension is critical" : NULL;
}

static bool is_repeated(const STACK_OF(X509_EXTENSION) *list, int i)
{
    const ASN1_OBJECT *oid = X509_EXTENSION_get_object(sk_X509_EXTENSION_value(list, i));
    for (int j = 0; j < i; j++) {
        if (OBJ_cmp(X509_EXTENSION_get_object(sk_X509_EXTENSION_value(list, j)), oid) == 0) {
            return true;
        }
    }
    return false;
}

const char *dna_acert_extensions_fault(const struct dna_acert_st *st, struct dna_span *crl,
                                       bool *targeted)
{
    const STACK_OF(X509_EXTENSION) *list = st->info->extensions;
    struct findings f = {.no_revocation = false};
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        const char *fault = is_repeated(list, i) ? "an extension is there twice"
                                                 : take(sk_X509_EXTENSION_value(list, i), &f);
        if (fault != NULL) {
            return fault;
        }
    }
    *crl = f.crl;
    *targeted = f.targeted;
    if (f.no_revocation && (f.ocsp || f.crl.len != 0)) {
        return "it both has and has not information on its revocation";
    }
    if (f.ocsp && f.crl.len == 0) {
        return "its revocation would have to be asked of a responder, which is not supported";
    }
    return f.no_revocation || f.crl.len != 0 ? NULL : "nothing tells how its revocation could be checked";
}
