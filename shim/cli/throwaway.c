/* cli/throwaway.c: a certificate for whoever has none.
 *
 * Some servers end TLS where the client presents nothing.  This one proves nothing, and its
 * key is forgotten with the call.
 */
#include <cli/live.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static bool add_names(X509 *x509, const char *own)
{
    char text[DNA_NAME_MAX + sizeof "DNS:"];
    X509_NAME *name = X509_get_subject_name(x509);
    X509_EXTENSION *alt;
    bool fine;
    (void)snprintf(text, sizeof text, "DNS:%s", own);
    alt = X509V3_EXT_nconf_nid(NULL, NULL, NID_subject_alt_name, text);
    fine = alt != NULL && X509_add_ext(x509, alt, -1) == 1 &&
           X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC,
                                      (const unsigned char *)"dna check", -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, name) == 1;
    X509_EXTENSION_free(alt);
    return fine;
}

static bool fill(X509 *x509, EVP_PKEY *key, const char *own)
{
    return X509_set_version(x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(x509), -3600) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x509), 3600) != NULL &&
           X509_set_pubkey(x509, key) == 1 && add_names(x509, own) &&
           X509_sign(x509, key, EVP_sha256()) != 0;
}

static bool keep(struct cli_call *call, BIO *bio, struct dna_span *out)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    return len > 0 &&
           dna_arena_span(&call->memory, (struct dna_span){bytes, (size_t)len}, out) == DNA_OK;
}

bool cli_throwaway(struct cli_call *call, const char *own, struct dna_span *cert,
                   struct dna_span *key)
{
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();
    BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_secmem());
    bool fine = pkey != NULL && x509 != NULL && cert_bio != NULL && key_bio != NULL &&
                fill(x509, pkey, own) && PEM_write_bio_X509(cert_bio, x509) == 1 &&
                PEM_write_bio_PrivateKey(key_bio, pkey, NULL, NULL, 0, NULL, NULL) == 1 &&
                keep(call, cert_bio, cert) && keep(call, key_bio, key);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    X509_free(x509);
    EVP_PKEY_free(pkey);
    return fine;
}
