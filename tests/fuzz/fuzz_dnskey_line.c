/* A DNSKEY record as a zone file has it, which `dna publish --dnskey` reads.
 *
 * Whatever the bytes: what is accepted is within every limit, and its owner is canonical.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <cli/dnskey_line.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct cli_dnskey key;
    struct dna_name again;
    if (cli_dnskey_read((struct dna_span){(const char *)bytes, len}, &key)) {
        assert(key.len <= sizeof key.key);
        assert(key.flags <= 65535 && key.protocol <= 255 && key.algorithm <= 255);
        assert(dna_name_parse(dna_span_of(key.owner.text), &again) == DNA_OK);
        assert(strcmp(again.text, key.owner.text) == 0);
    }
    return 0;
}
