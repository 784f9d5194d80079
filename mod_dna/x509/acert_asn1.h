/* x509/acert_asn1.h: the attribute certificate as RFC 5755 4.1 writes it down.
 *
 * The types and functions are those of the X509_ACERT interface of OpenSSL 3.4 under names of
 * this project's, so that this file can give way to it.  What was decoded keeps the bytes of
 * its signed part: a signature is checked over what was received.
 */
#ifndef DNA_X509_ACERT_ASN1_H
#define DNA_X509_ACERT_ASN1_H

#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <mod_dna/base.h>

struct dna_acert_issuer_serial {
    STACK_OF(GENERAL_NAME) *issuer;
    ASN1_INTEGER *serial;
    ASN1_BIT_STRING *issuer_uid; /* or NULL */
};

struct dna_acert_digest {
    ASN1_ENUMERATED *type;    /* 0: publicKey, 1: publicKeyCert, 2: otherObjectTypes */
    ASN1_OBJECT *other_type;  /* or NULL */
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *digest;
};

struct dna_acert_holder { /* each or NULL */
    struct dna_acert_issuer_serial *base_certificate;
    STACK_OF(GENERAL_NAME) *entity_name;
    struct dna_acert_digest *digest;
};

struct dna_acert_v2form { /* each or NULL */
    STACK_OF(GENERAL_NAME) *name;
    struct dna_acert_issuer_serial *base_certificate;
    struct dna_acert_digest *digest;
};

enum { DNA_ACERT_V1FORM, DNA_ACERT_V2FORM };
struct dna_acert_issuer {
    int type;
    union {
        STACK_OF(GENERAL_NAME) *v1form;
        struct dna_acert_v2form *v2form;
    } d;
};

struct dna_acert_validity {
    ASN1_GENERALIZEDTIME *not_before, *not_after;
};

struct dna_acert_info {
    ASN1_INTEGER *version;
    struct dna_acert_holder *holder;
    struct dna_acert_issuer *issuer;
    X509_ALGOR *signature;
    ASN1_INTEGER *serial;
    struct dna_acert_validity *validity;
    STACK_OF(X509_ATTRIBUTE) *attributes;
    ASN1_BIT_STRING *issuer_uid;            /* or NULL */
    STACK_OF(X509_EXTENSION) *extensions;   /* or NULL */
    ASN1_ENCODING encoding;                 /* as received */
};

struct dna_acert_st {
    struct dna_acert_info *info;
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *signature;
};

/* Empty, all mandatory parts made; NULL: no memory. */
struct dna_acert_st *dna_acert_st_new(void);
struct dna_acert_holder *dna_acert_holder_new(void);
struct dna_acert_digest *dna_acert_digest_new(void);
struct dna_acert_v2form *dna_acert_v2form_new(void);
struct dna_acert_issuer_serial *dna_acert_issuer_serial_new(void);
void dna_acert_st_free(struct dna_acert_st *acert);
/* Bytes that are one certificate and nothing else, exactly as DER has it; NULL otherwise. */
struct dna_acert_st *dna_acert_st_decode(struct dna_span der);
/* The DER of the whole, and of the signed part; *out is freed with OPENSSL_free.  Negative:
 * it cannot be encoded. */
int dna_acert_st_encode(const struct dna_acert_st *acert, unsigned char **out);
int dna_acert_st_encode_info(const struct dna_acert_st *acert, unsigned char **out);
/* The bytes of the signed part, which it has kept since they were decoded. */
struct dna_span dna_acert_st_signed(const struct dna_acert_st *acert);

#endif
