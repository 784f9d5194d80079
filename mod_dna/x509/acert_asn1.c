/* x509/acert_asn1.c: the templates of RFC 5755 4.1.
 *
 * The macros of the library paste names: its items are static functions of this file.
 */
#include <x509/acert_asn1.h>

#include <string.h>

#include <openssl/asn1t.h>

#include <x509/der.h>

ASN1_SEQUENCE(ISSUER_SERIAL) = {
    ASN1_SEQUENCE_OF(struct dna_acert_issuer_serial, issuer, GENERAL_NAME),
    ASN1_SIMPLE(struct dna_acert_issuer_serial, serial, ASN1_INTEGER),
    ASN1_OPT(struct dna_acert_issuer_serial, issuer_uid, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct dna_acert_issuer_serial, ISSUER_SERIAL)

ASN1_SEQUENCE(DIGEST_INFO) = {
    ASN1_SIMPLE(struct dna_acert_digest, type, ASN1_ENUMERATED),
    ASN1_OPT(struct dna_acert_digest, other_type, ASN1_OBJECT),
    ASN1_SIMPLE(struct dna_acert_digest, algorithm, X509_ALGOR),
    ASN1_SIMPLE(struct dna_acert_digest, digest, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct dna_acert_digest, DIGEST_INFO)

ASN1_SEQUENCE(HOLDER) = {
    ASN1_IMP_OPT(struct dna_acert_holder, base_certificate, ISSUER_SERIAL, 0),
    ASN1_IMP_SEQUENCE_OF_OPT(struct dna_acert_holder, entity_name, GENERAL_NAME, 1),
    ASN1_IMP_OPT(struct dna_acert_holder, digest, DIGEST_INFO, 2),
} static_ASN1_SEQUENCE_END_name(struct dna_acert_holder, HOLDER)

ASN1_SEQUENCE(V2FORM) = {
    ASN1_SEQUENCE_OF_OPT(struct dna_acert_v2form, name, GENERAL_NAME),
    ASN1_IMP_OPT(struct dna_acert_v2form, base_certificate, ISSUER_SERIAL, 0),
    ASN1_IMP_OPT(struct dna_acert_v2form, digest, DIGEST_INFO, 1),
} static_ASN1_SEQUENCE_END_name(struct dna_acert_v2form, V2FORM)

ASN1_CHOICE(ISSUER) = {
    ASN1_SEQUENCE_OF(struct dna_acert_issuer, d.v1form, GENERAL_NAME),
    ASN1_IMP(struct dna_acert_issuer, d.v2form, V2FORM, 0),
} static_ASN1_CHOICE_END_selector(struct dna_acert_issuer, ISSUER, type)

ASN1_SEQUENCE(VALIDITY) = {
    ASN1_SIMPLE(struct dna_acert_validity, not_before, ASN1_GENERALIZEDTIME),
    ASN1_SIMPLE(struct dna_acert_validity, not_after, ASN1_GENERALIZEDTIME),
} static_ASN1_SEQUENCE_END_name(struct dna_acert_validity, VALIDITY)

/* The type's name, which ASN1_SEQUENCE_enc takes the place of the encoding from. */
#define INFO struct dna_acert_info
static const ASN1_AUX info_aux = {NULL, ASN1_AFLG_ENCODING, 0, 0, NULL,
                                  offsetof(INFO, encoding), NULL};
#define ACINFO_aux info_aux
ASN1_SEQUENCE(ACINFO) = {
    ASN1_SIMPLE(INFO, version, ASN1_INTEGER),
    ASN1_SIMPLE(INFO, holder, HOLDER),
    ASN1_SIMPLE(INFO, issuer, ISSUER),
    ASN1_SIMPLE(INFO, signature, X509_ALGOR),
    ASN1_SIMPLE(INFO, serial, ASN1_INTEGER),
    ASN1_SIMPLE(INFO, validity, VALIDITY),
    ASN1_SEQUENCE_OF(INFO, attributes, X509_ATTRIBUTE),
    ASN1_OPT(INFO, issuer_uid, ASN1_BIT_STRING),
    ASN1_SEQUENCE_OF_OPT(INFO, extensions, X509_EXTENSION),
} static_ASN1_SEQUENCE_END_ref(INFO, ACINFO)

ASN1_SEQUENCE(ACERT) = {
    ASN1_SIMPLE(struct dna_acert_st, info, ACINFO),
    ASN1_SIMPLE(struct dna_acert_st, algorithm, X509_ALGOR),
    ASN1_SIMPLE(struct dna_acert_st, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct dna_acert_st, ACERT)

struct dna_acert_st *dna_acert_st_new(void)
{
    return (struct dna_acert_st *)ASN1_item_new(ASN1_ITEM_rptr(ACERT));
}

struct dna_acert_holder *dna_acert_holder_new(void)
{
    return (struct dna_acert_holder *)ASN1_item_new(ASN1_ITEM_rptr(HOLDER));
}

struct dna_acert_digest *dna_acert_digest_new(void)
{
    return (struct dna_acert_digest *)ASN1_item_new(ASN1_ITEM_rptr(DIGEST_INFO));
}

struct dna_acert_v2form *dna_acert_v2form_new(void)
{
    return (struct dna_acert_v2form *)ASN1_item_new(ASN1_ITEM_rptr(V2FORM));
}

struct dna_acert_issuer_serial *dna_acert_issuer_serial_new(void)
{
    return (struct dna_acert_issuer_serial *)ASN1_item_new(ASN1_ITEM_rptr(ISSUER_SERIAL));
}

void dna_acert_st_free(struct dna_acert_st *acert)
{
    ASN1_item_free((ASN1_VALUE *)acert, ASN1_ITEM_rptr(ACERT));
}

int dna_acert_st_encode(const struct dna_acert_st *acert, unsigned char **out)
{
    *out = NULL;
    return ASN1_item_i2d((const ASN1_VALUE *)acert, out, ASN1_ITEM_rptr(ACERT));
}

int dna_acert_st_encode_info(const struct dna_acert_st *acert, unsigned char **out)
{
    *out = NULL;
    return ASN1_item_i2d((const ASN1_VALUE *)acert->info, out, ASN1_ITEM_rptr(ACINFO));
}

/* Whether it encodes to the bytes that it was decoded from, the kept ones apart. */
static bool encodes_to(struct dna_acert_st *acert, struct dna_span der)
{
    unsigned char *again;
    bool same;
    int len;
    acert->info->encoding.modified = 1;
    len = dna_acert_st_encode(acert, &again);
    acert->info->encoding.modified = 0;
    same = len > 0 && (size_t)len == der.len && memcmp(again, der.ptr, der.len) == 0;
    OPENSSL_free(again);
    return same;
}

struct dna_acert_st *dna_acert_st_decode(struct dna_span der)
{
    const unsigned char *p = (const unsigned char *)der.ptr;
    struct dna_acert_st *acert;
    if (!dna_der_is_strict(der)) {
        return NULL;
    }
    acert = (struct dna_acert_st *)ASN1_item_d2i(NULL, &p, (long)der.len,
                                                 ASN1_ITEM_rptr(ACERT));
    if (acert != NULL && (p != (const unsigned char *)der.ptr + der.len ||
                          !encodes_to(acert, der))) {
        dna_acert_st_free(acert);
        acert = NULL;
    }
    return acert;
}

struct dna_span dna_acert_st_signed(const struct dna_acert_st *acert)
{
    const ASN1_ENCODING *kept = &acert->info->encoding;
    return (struct dna_span){(const char *)kept->enc, (size_t)kept->len};
}
