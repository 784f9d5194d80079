/* What a load balancer's connection begins with.
 *
 * It must hold, whatever the bytes: a header that is taken lies within them; one that is not
 * complete is a prefix of something; what is written again is read as the same.
 */
#include <assert.h>
#include <stdint.h>

#include <base/limits.h>
#include <edge/proxy.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct dna_proxy_header header, again;
    char written[DNA_PROXY_WRITTEN];
    size_t n;
    switch (dna_proxy_read((struct dna_span){(const char *)bytes, len}, &header)) {
    case DNA_PROXY_TAKEN:
        assert(header.used <= len);
        n = dna_proxy_write(&header.source, &header.destination, written);
        assert(dna_proxy_read((struct dna_span){written, n}, &again) == DNA_PROXY_TAKEN);
        assert(dna_address_equal(&again.source.address, &header.source.address));
        assert(again.source.port == header.source.port);
        break;
    case DNA_PROXY_OWN:
        assert(header.used <= len);
        break;
    case DNA_PROXY_MORE:
        assert(len < 16 + DNA_LIMIT_PROXY_HEADER);
        break;
    case DNA_PROXY_BAD:
        assert(header.why[0] != '\0');
        break;
    }
    return 0;
}
