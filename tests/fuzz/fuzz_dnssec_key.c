/* The private-key file of a DNSSEC key: an operator's own, but it may be any file.
 *
 * Whatever the bytes: a refusal leaves nothing behind and says why; what is accepted has an
 * algorithm that certificates know, and a key that a DNSKEY record can hold.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <x509/private_key.h>
#include <x509/spki.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_accepted(const struct dna_private_key *key)
{
    unsigned algorithm = dna_private_key_algorithm(key);
    struct dna_spki_dnskey dnskey;
    struct dna_buf spki;
    assert(algorithm == 8 || algorithm == 10 || (algorithm >= 13 && algorithm <= 16));
    dna_buf_init(&spki, NULL, 8192);
    assert(dna_private_key_spki(key, &spki) == DNA_OK);
    assert(dna_spki_der_to_dnskey(dna_buf_span(&spki), &dnskey) == DNA_OK);
    assert(memchr(dnskey.algorithms, (int)algorithm, dnskey.n_algorithms) != NULL);
    dna_buf_fini(&spki);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char mark[] = "Private-key-format:";
    struct dna_private_key *key;
    const char *why = NULL;
    char *text = malloc(sizeof mark - 1 + len);
    enum dna_err err;
    if (text == NULL) {
        return 0;
    }
    /* PEM is the library's; here every input is a key file. */
    memcpy(text, mark, sizeof mark - 1);
    if (len != 0) {
        memcpy(text + sizeof mark - 1, bytes, len);
    }
    err = dna_private_key_read(NULL, (struct dna_span){text, sizeof mark - 1 + len}, &key, &why);
    if (err == DNA_OK) {
        check_accepted(key);
    } else {
        assert(err == DNA_ERR_FORMAT && key == NULL && why != NULL && why[0] != '\0');
    }
    dna_private_key_free(key);
    free(text);
    return 0;
}
