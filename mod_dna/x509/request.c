/* x509/request.c: see request.h. */
#include <x509/request.h>

#include <assert.h>
#include <string.h>

#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define COMMON_NAME_MOST 64

static ASN1_IA5STRING *ia5(const char *text)
{
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();
    if (string != NULL && ASN1_STRING_set(string, text, (int)strlen(text)) != 1) {
        ASN1_IA5STRING_free(string);
        return NULL;
    }
    return string;
}

static GENERAL_NAME *dns_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ia5(text);
    if (name == NULL || string == NULL) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(string);
        return NULL;
    }
    GENERAL_NAME_set0_value(name, GEN_DNS, string);
    return name;
}

static GENERAL_NAME *srv_name(const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_TYPE *value = ASN1_TYPE_new();
    ASN1_IA5STRING *string = ia5(text);
    ASN1_OBJECT *type = OBJ_nid2obj(NID_SRVName);
    if (value != NULL && string != NULL) {
        ASN1_TYPE_set(value, V_ASN1_IA5STRING, string);
        string = NULL;
    }
    if (name == NULL || value == NULL || value->type != V_ASN1_IA5STRING ||
        GENERAL_NAME_set0_othername(name, type, value) != 1) {
        GENERAL_NAME_free(name);
        ASN1_TYPE_free(value);
        ASN1_IA5STRING_free(string);
        return NULL;
    }
    return name;
}

/* Takes name over. */
static bool push(GENERAL_NAMES *all, GENERAL_NAME *name)
{
    if (name == NULL || sk_GENERAL_NAME_push(all, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    return true;
}

static GENERAL_NAMES *names_of(const struct dna_request_names *names)
{
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
    bool fine = all != NULL;
    for (size_t i = 0; fine && i < names->n_dns; i++) {
        fine = push(all, dns_name(names->dns[i]));
    }
    for (size_t i = 0; fine && i < names->n_srv; i++) {
        fine = push(all, srv_name(names->srv[i]));
    }
    if (!fine) {
        GENERAL_NAMES_free(all);
        return NULL;
    }
    return all;
}

static bool add_extension(STACK_OF(X509_EXTENSION) **extensions, int nid, bool critical,
                          void *value)
{
    return value != NULL && X509V3_add1_i2d(extensions, nid, value, critical,
                                            X509V3_ADD_APPEND) == 1;
}

/* What the key does is sign, in TLS as in a zone. */
static bool add_extensions(X509_REQ *request, const struct dna_request_names *names,
                           bool no_subject)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    GENERAL_NAMES *all = names_of(names);
    ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    bool fine = usage != NULL && ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1 &&
                add_extension(&extensions, NID_subject_alt_name, no_subject, all) &&
                add_extension(&extensions, NID_key_usage, true, usage) &&
                X509_REQ_add_extensions(request, extensions) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    ASN1_BIT_STRING_free(usage);
    GENERAL_NAMES_free(all);
    return fine;
}

static enum dna_err fill(X509_REQ *request, const struct dna_private_key *key,
                         const struct dna_request_names *names)
{
    EVP_PKEY *evp = dna_private_key_evp(key);
    bool has_subject =
        names->common_name != NULL && strlen(names->common_name) <= COMMON_NAME_MOST;
    if (has_subject &&
        X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
                                   MBSTRING_ASC, (const unsigned char *)names->common_name, -1,
                                   -1, 0) != 1) {
        return DNA_ERR_MEMORY;
    }
    if (X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request, evp) != 1 ||
        !add_extensions(request, names, !has_subject) ||
        X509_REQ_sign(request, evp, dna_private_key_hash(key)) <= 0) {
        return DNA_ERR_MEMORY;
    }
    return X509_REQ_verify(request, evp) == 1 ? DNA_OK : DNA_ERR_SYSTEM;
}

static enum dna_err write_pem(const X509_REQ *request, struct dna_buf *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum dna_err err = DNA_ERR_MEMORY;
    char *text;
    if (bio != NULL && PEM_write_bio_X509_REQ(bio, request) == 1) {
        long len = BIO_get_mem_data(bio, &text);
        err = dna_buf_add(pem, (struct dna_span){text, (size_t)len});
    }
    BIO_free(bio);
    return err;
}

enum dna_err dna_request_make(const struct dna_private_key *key,
                              const struct dna_request_names *names, struct dna_buf *pem)
{
    X509_REQ *request;
    enum dna_err err = DNA_ERR_MEMORY;
    assert(names->n_dns + names->n_srv > 0);
    dna_library_enter();
    request = X509_REQ_new();
    if (request != NULL) {
        err = fill(request, key, names);
    }
    if (err == DNA_OK) {
        err = write_pem(request, pem);
    }
    X509_REQ_free(request);
    return dna_library_leave(err);
}
