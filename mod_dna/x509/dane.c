/* x509/dane.c: TLSA RDATA, digest agility, matching (RFC 6698 2.1, RFC 7671 9).
 *
 * What a record is compared with is DER as it was presented; a certificate is parsed only
 * from DER, so that its key encodes to the bytes that it was read from.
 */
#include <x509/tlsa.h>

#include <string.h>

#include <openssl/x509.h>

#include <x509/digest.h>
#include <x509/strength.h>

enum { SELECT_CERTIFICATE = 0, SELECT_KEY = 1 };
enum { MATCH_FULL = 0, MATCH_SHA256 = 1, MATCH_SHA512 = 2 };

EVP_PKEY *dna_tlsa_key(struct dna_span spki)
{
    const unsigned char *p = (const unsigned char *)spki.ptr;
    EVP_PKEY *key = spki.len != 0 && spki.len <= DNA_LIMIT_CHAIN_BYTES
                        ? d2i_PUBKEY(NULL, &p, (long)spki.len)
                        : NULL;
    if (key != NULL && p != (const unsigned char *)spki.ptr + spki.len) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    return key;
}

static enum dna_err check_certificate(struct dna_span der)
{
    X509 *certificate = NULL;
    enum dna_err err = dna_certificate_parse(der, &certificate);
    if (err == DNA_OK && !dna_key_is_strong(X509_get0_pubkey(certificate))) {
        err = DNA_ERR_FORMAT;
    }
    X509_free(certificate);
    return err == DNA_ERR_LIMIT ? DNA_ERR_FORMAT : err;
}

static enum dna_err check_length(const struct dna_tlsa *tlsa)
{
    switch (tlsa->matching) {
    case MATCH_FULL:
        return DNA_OK;
    case MATCH_SHA256:
        return tlsa->data.len == dna_hash_size(DNA_HASH_SHA256) ? DNA_OK : DNA_ERR_FORMAT;
    case MATCH_SHA512:
        return tlsa->data.len == dna_hash_size(DNA_HASH_SHA512) ? DNA_OK : DNA_ERR_FORMAT;
    default:
        return DNA_ERR_FORMAT;
    }
}

static enum dna_err check_full(const struct dna_tlsa *tlsa)
{
    enum dna_err err;
    EVP_PKEY *key;
    dna_library_enter();
    if (tlsa->selector == SELECT_CERTIFICATE) {
        err = check_certificate(tlsa->data);
    } else {
        key = dna_tlsa_key(tlsa->data);
        err = dna_key_is_strong(key) ? DNA_OK : DNA_ERR_FORMAT;
        EVP_PKEY_free(key);
    }
    return dna_library_leave(err);
}

enum dna_err dna_tlsa_read(struct dna_span rdata, struct dna_tlsa *out)
{
    const unsigned char *p = (const unsigned char *)rdata.ptr;
    if (rdata.len < 4 || p[0] > DNA_TLSA_DANE_EE || p[1] > SELECT_KEY) {
        return DNA_ERR_FORMAT;
    }
    *out = (struct dna_tlsa){
        .usage = (enum dna_tlsa_usage)p[0],
        .selector = p[1],
        .matching = p[2],
        .data = {rdata.ptr + 3, rdata.len - 3},
        .rdata = rdata,
    };
    return check_length(out);
}

enum dna_err dna_tlsa_parse(struct dna_span rdata, struct dna_tlsa *out)
{
    enum dna_err err = dna_tlsa_read(rdata, out);
    return err == DNA_OK && out->matching == MATCH_FULL ? check_full(out) : err;
}

static bool is_outdone(const struct dna_tlsa *record, const struct dna_tlsa *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].usage == record->usage && all[i].selector == record->selector &&
            record->matching == MATCH_SHA256 && all[i].matching == MATCH_SHA512) {
            return true;
        }
    }
    return false;
}

size_t dna_tlsa_agility(struct dna_tlsa *records, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        /* What outdoes others is never dropped, so that it is found among either part. */
        if (!is_outdone(&records[i], records, kept) &&
            !is_outdone(&records[i], records + i, n - i)) {
            records[kept++] = records[i];
        }
    }
    return kept;
}

static bool is_digest(const struct dna_tlsa *tlsa, struct dna_span der, enum dna_err *err)
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_hash hash = tlsa->matching == MATCH_SHA256 ? DNA_HASH_SHA256 : DNA_HASH_SHA512;
    *err = dna_hash(hash, der, digest);
    return *err == DNA_OK &&
           dna_span_equal(tlsa->data,
                          (struct dna_span){(char *)digest, dna_hash_size(hash)});
}

static enum dna_err compare(const struct dna_tlsa *tlsa, struct dna_span der, bool *out)
{
    enum dna_err err = DNA_OK;
    *out = tlsa->matching == MATCH_FULL ? dna_span_equal(tlsa->data, der)
                                        : is_digest(tlsa, der, &err);
    return err;
}

enum dna_err dna_tlsa_stands_for(const struct dna_tlsa *tlsa, const X509 *certificate,
                                 bool *out)
{
    unsigned char *der = NULL;
    int len = tlsa->selector == SELECT_CERTIFICATE
                  ? i2d_X509(certificate, &der)
                  : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    enum dna_err err = DNA_ERR_MEMORY;
    *out = false;
    if (len > 0) {
        err = compare(tlsa, (struct dna_span){(char *)der, (size_t)len}, out);
    }
    OPENSSL_free(der);
    return err;
}

enum dna_err dna_tlsa_matches(const struct dna_tlsa *tlsa, const struct dna_chain *chain,
                              size_t i, bool *out)
{
    if (tlsa->selector == SELECT_CERTIFICATE) {
        return compare(tlsa, chain->links[i].der, out);
    }
    dna_library_enter();
    return dna_library_leave(dna_tlsa_stands_for(tlsa, chain->links[i].certificate, out));
}
