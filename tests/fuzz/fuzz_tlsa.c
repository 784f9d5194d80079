/* TLSA RDATA: parsed, compared with a chain, and as what a path must lead to.
 *
 * Whatever the bytes: a record is usable only in a form that RFC 6698 defines; it matches
 * nothing but what it holds or is the digest of; agility never leaves nothing of something;
 * and a path under it is good only where it matches a CA.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <certs.h>
#include <x509/dane.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The stock, made once. */
static struct {
    struct cert root, leaf;
    struct dna_chain *chain;
    struct dna_roots *roots;
} stock;

static void make_stock(void)
{
    stock.root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    stock.leaf = cert_make(&(struct cert_order){
        .subject = "leaf", .issuer = &stock.root, .names = "DNS:host.example"});
    stock.chain = cert_chain((const struct cert *[]){&stock.leaf, &stock.root}, 2);
    stock.roots = cert_roots(&stock.root);
}

static bool matches(const struct dna_tlsa *tlsa, size_t i)
{
    bool match;
    if (dna_tlsa_matches(tlsa, stock.chain, i, &match) != DNA_OK) {
        abort();
    }
    return match;
}

static void check_path(const struct dna_tlsa *tlsa)
{
    struct dna_path path;
    enum dna_err err = dna_path_check_anchored(stock.chain, stock.roots, tlsa->rdata,
                                               CERTS_NOW, &path);
    assert(memchr(path.why, '\0', sizeof path.why) != NULL && path.why[0] != '\0');
    if (tlsa->usage == DNA_TLSA_PKIX_EE || tlsa->usage == DNA_TLSA_DANE_EE) {
        assert(err == DNA_ERR_ARGUMENT);
        return;
    }
    assert(err == DNA_OK);
    assert((path.code == DNA_PATH_OK) == matches(tlsa, 1));
    assert(path.code == DNA_PATH_OK || (path.constrained && !path.srvname_usable));
}

static void check(struct dna_span rdata)
{
    struct dna_tlsa tlsa, two[2];
    size_t n;
    if (dna_tlsa_parse(rdata, &tlsa) != DNA_OK) {
        return;
    }
    assert(tlsa.usage <= DNA_TLSA_DANE_EE && tlsa.selector <= 1 && tlsa.matching <= 2);
    assert(tlsa.matching == 0 || tlsa.data.len == (tlsa.matching == 1 ? 32u : 64u));
    assert(tlsa.data.len + 3 == rdata.len && !(matches(&tlsa, 0) && matches(&tlsa, 1)));
    two[0] = two[1] = tlsa;
    two[1].matching = 2;
    n = dna_tlsa_agility(two, 2);
    assert(n == (tlsa.matching == 1 ? 1u : 2u));
    check_path(&tlsa);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char made[3 + DNA_SHA256_SIZE];
    if (stock.chain == NULL) {
        make_stock();
    }
    if (len == 4 && bytes[3] < 2) { /* a head, and whose digest */
        struct dna_chain *one = cert_chain(
            (const struct cert *[]){bytes[3] == 0 ? &stock.leaf : &stock.root}, 1);
        memcpy(made, bytes, 3);
        memcpy(made + 3, dna_chain_leaf_digest(one), DNA_SHA256_SIZE);
        dna_chain_free(one);
        check((struct dna_span){made, sizeof made});
    }
    check((struct dna_span){(const char *)bytes, len});
    return 0;
}
