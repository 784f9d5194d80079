/* x509/acert_controls.c: AAControls, by which a CA limits what attributes may be certified
 * below it (RFC 5755 7.4).
 *
 *     AAControls ::= SEQUENCE { pathLenConstraint INTEGER OPTIONAL, permittedAttrs [0],
 *         excludedAttrs [1], permitUnSpecified BOOLEAN DEFAULT TRUE }
 *
 * Whatever cannot be read permits nothing.
 */
#include <x509/acert.h>

#include <string.h>

#include <openssl/x509.h>

#include <x509/acert_extensions.h>
#include <x509/acert_oid.h>
#include <x509/chain.h>
#include <x509/der.h>

/* AttrSpec: does it hold the attribute?  False: malformed. */
static bool lists(struct dna_span list, bool *found)
{
    struct dna_der oid;
    enum dna_err err;
    *found = false;
    while ((err = dna_der_next(&list, &oid)) == DNA_OK && oid.tag == DNA_DER_OID) {
        *found |= dna_span_is(oid.content, DNA_OID_DELEGATED_SERVICE);
    }
    return err == DNA_ERR_NOT_FOUND;
}

static bool permits(struct dna_span value)
{
    const unsigned char permitted = DNA_DER_CONTEXT | DNA_DER_CONSTRUCTED;
    struct dna_der body, part;
    bool there, named = false, excluded = false, unspecified = true;
    if (!dna_der_is_strict(value) ||
        dna_der_expect(&value, DNA_DER_SEQUENCE, &body) != DNA_OK ||
        dna_der_optional(&body.content, DNA_DER_INTEGER, &part, &there) != DNA_OK) {
        return false;
    }
    if (dna_der_optional(&body.content, permitted, &part, &there) != DNA_OK ||
        (there && !lists(part.content, &named))) {
        return false;
    }
    if (dna_der_optional(&body.content, permitted + 1, &part, &there) != DNA_OK ||
        (there && !lists(part.content, &excluded))) {
        return false;
    }
    if (dna_der_optional(&body.content, DNA_DER_BOOLEAN, &part, &there) != DNA_OK) {
        return false;
    }
    if (there) {
        unspecified = part.content.ptr[0] != 0;
    }
    return body.content.len == 0 && !excluded && (named || unspecified);
}

static bool certificate_permits(const X509 *certificate)
{
    const STACK_OF(X509_EXTENSION) *list = X509_get0_extensions(certificate);
    for (int i = 0; i < sk_X509_EXTENSION_num(list); i++) {
        X509_EXTENSION *one = sk_X509_EXTENSION_value(list, i);
        if (dna_acert_oid_is(X509_EXTENSION_get_object(one), DNA_OID_AA_CONTROLS) &&
            !permits(dna_acert_string(X509_EXTENSION_get_data(one)))) {
            return false;
        }
    }
    return true;
}

bool dna_acert_permitted(const struct dna_chain *issuer)
{
    for (size_t i = 0; i < issuer->n; i++) {
        if (!certificate_permits(issuer->links[i].certificate)) {
            return false;
        }
    }
    return true;
}
