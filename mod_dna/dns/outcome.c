/* dns/outcome.c: words for outcomes and types. */
#include <mod_dna/dns.h>

const char *dna_dns_outcome_name(enum dna_dns_outcome outcome)
{
    switch (outcome) {
    case DNA_DNS_FAILED:
        return "failed";
    case DNA_DNS_BOGUS:
        return "bogus";
    case DNA_DNS_ABSENT:
        return "absent";
    case DNA_DNS_FOUND:
        return "found";
    }
    return "unknown";
}

const char *dna_dns_type_name(uint16_t type)
{
    switch (type) {
    case DNA_DNS_A:
        return "A";
    case DNA_DNS_CNAME:
        return "CNAME";
    case DNA_DNS_TXT:
        return "TXT";
    case DNA_DNS_AAAA:
        return "AAAA";
    case DNA_DNS_SRV:
        return "SRV";
    case DNA_DNS_DS:
        return "DS";
    case DNA_DNS_DNSKEY:
        return "DNSKEY";
    case DNA_DNS_TLSA:
        return "TLSA";
    default:
        return "TYPE?";
    }
}
