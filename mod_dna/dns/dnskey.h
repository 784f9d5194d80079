/* dns/dnskey.h: DNSKEY RDATA (RFC 4034 2, app. B; RFC 5011 2.1). */
#ifndef DNA_DNS_DNSKEY_H
#define DNA_DNS_DNSKEY_H

#include <mod_dna/dns.h>

struct dna_dnskey {
    uint16_t flags;
    uint8_t protocol;
    uint8_t algorithm;
    struct dna_span key;
};
enum { DNA_DNSKEY_ZONE = 0x0100, DNA_DNSKEY_REVOKE = 0x0080, DNA_DNSKEY_SEP = 0x0001 };

DNA_MUST_USE enum dna_err dna_dnskey_parse(struct dna_span rdata, struct dna_dnskey *out);
/* Key tag of the whole RDATA (not algorithm 1).  Never identifies a key by itself. */
uint16_t dna_dnskey_tag(struct dna_span rdata);

#endif
