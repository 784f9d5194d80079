/* dns/dnskey.c: DNSKEY RDATA and its tag (RFC 4034 2.1 and appendix B). */
#include <dns/dnskey.h>

enum dna_err dna_dnskey_parse(struct dna_span rdata, struct dna_dnskey *out)
{
    const unsigned char *p = (const unsigned char *)rdata.ptr;
    if (rdata.len < 5) {
        return DNA_ERR_FORMAT;
    }
    *out = (struct dna_dnskey){
        .flags = (uint16_t)(p[0] << 8 | p[1]),
        .protocol = p[2],
        .algorithm = p[3],
        .key = {rdata.ptr + 4, rdata.len - 4},
    };
    return DNA_OK;
}

uint16_t dna_dnskey_tag(struct dna_span rdata)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < rdata.len; i++) {
        uint32_t octet = (unsigned char)rdata.ptr[i];
        sum += i % 2 == 0 ? octet << 8 : octet;
    }
    return (uint16_t)((sum + (sum >> 16)) & 0xffff);
}
