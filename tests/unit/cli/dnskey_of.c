/* dnskey_of CERTIFICATE: what the library takes the key of a certificate for: the DNSSEC
 * algorithms that use such keys, and the public-key field in base64. */
#include <stdio.h>

#include <base/codec.h>
#include <x509/spki.h>

int main(int argc, char **argv)
{
    static char bytes[65536], text[4 * DNA_DNSKEY_KEY_MAX];
    struct dna_chain *chain;
    struct dna_spki_dnskey dnskey;
    FILE *in = argc == 2 ? fopen(argv[1], "rbe") : NULL;
    size_t len = in != NULL ? fread(bytes, 1, sizeof bytes, in) : 0;
    if (in == NULL || dna_chain_parse(NULL, (struct dna_span){bytes, len}, &chain) != DNA_OK) {
        return 2;
    }
    (void)fclose(in);
    if (dna_spki_to_dnskey(chain, &dnskey) != DNA_OK ||
        dna_base64_encode(dnskey.key, dnskey.key_len, text, sizeof text) != DNA_OK) {
        return 1;
    }
    for (size_t i = 0; i < dnskey.n_algorithms; i++) {
        (void)printf("%s%d", i > 0 ? "," : "", dnskey.algorithms[i]);
    }
    (void)printf(" %s\n", text);
    dna_chain_free(chain);
    return 0;
}
