/* x509/tlsa_make.c: see tlsa_make.h. */
#include <x509/tlsa_make.h>

#include <assert.h>

#include <openssl/x509.h>

#include <x509/chain.h>
#include <x509/digest.h>

static enum dna_err add(struct dna_span selected, unsigned matching, struct dna_buf *rdata)
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_hash hash = matching == 1 ? DNA_HASH_SHA256 : DNA_HASH_SHA512;
    enum dna_err err;
    if (matching == 0) {
        return dna_buf_add(rdata, selected);
    }
    err = dna_hash(hash, selected, digest);
    return err == DNA_OK ? dna_buf_add(rdata, (struct dna_span){(const char *)digest,
                                                                dna_hash_size(hash)})
                         : err;
}

enum dna_err dna_tlsa_make(const struct dna_chain *chain, enum dna_tlsa_usage usage,
                           unsigned selector, unsigned matching, struct dna_buf *rdata)
{
    char head[3] = {(char)usage, (char)selector, (char)matching};
    unsigned char *spki = NULL;
    enum dna_err err = dna_buf_add(rdata, (struct dna_span){head, sizeof head});
    int len;
    assert(selector <= 1 && matching <= 2);
    if (err != DNA_OK) {
        return err;
    }
    if (selector == 0) {
        return add(chain->links[0].der, matching, rdata);
    }
    dna_library_enter();
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(chain->links[0].certificate), &spki);
    err = len > 0 ? add((struct dna_span){(const char *)spki, (size_t)len}, matching, rdata)
                  : DNA_ERR_MEMORY;
    OPENSSL_free(spki);
    return dna_library_leave(err);
}
