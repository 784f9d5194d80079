/* What a dnssec-ta URL delivers: certificates in any of their forms, and their key.
 *
 * Whatever the bytes: a chain that is accepted is within the limits and gives its own
 * certificates back; parsed again from those it is the same chain; its key is a DNSKEY or is
 * not, and its names end.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <base/limits.h>
#include <x509/identity.h>
#include <x509/spki.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_names(const struct dna_chain *chain)
{
    struct dna_span name;
    for (int kind = DNA_NAME_DNS; kind <= DNA_NAME_XMPP_ADDR; kind++) {
        size_t i = 0;
        while (dna_chain_leaf_name(chain, (enum dna_name_kind)kind, i, &name) == DNA_OK) {
            assert(name.len != 0 && memchr(name.ptr, '\0', name.len) == NULL);
            i++;
        }
    }
    (void)dna_identity_dns(chain, "im.example.com", true);
    (void)dna_identity_srv(chain, "xmpp-server", "example.com");
}

static void check_key(const struct dna_chain *chain)
{
    struct dna_spki_dnskey key;
    enum dna_err err = dna_spki_to_dnskey(chain, &key);
    (void)dna_spki_strong(chain);
    assert(err == DNA_OK || err == DNA_ERR_FORMAT);
    if (err == DNA_OK) {
        assert(key.key_len > 0 && key.key_len <= sizeof key.key);
        assert(key.n_algorithms > 0 && key.n_algorithms <= sizeof key.algorithms);
    }
}

static void check_again(const struct dna_chain *chain)
{
    struct dna_span der[DNA_LIMIT_CHAIN];
    struct dna_chain *again;
    size_t n = dna_chain_count(chain);
    enum dna_err err;
    assert(n > 0 && n <= DNA_LIMIT_CHAIN);
    for (size_t i = 0; i < n; i++) {
        der[i] = dna_chain_der(chain, i);
        assert(der[i].len > 0);
    }
    err = dna_chain_new(NULL, der, n, &again);
    assert(err == DNA_OK);
    assert(memcmp(dna_chain_digest(chain), dna_chain_digest(again), DNA_SHA256_SIZE) == 0);
    dna_chain_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_chain *chain = NULL;
    enum dna_err err =
        dna_chain_parse(NULL, (struct dna_span){(const char *)bytes, len}, &chain);
    if (err != DNA_OK) {
        assert(err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT);
        return 0;
    }
    check_names(chain);
    check_key(chain);
    check_again(chain);
    dna_chain_free(chain);
    return 0;
}
