/* dns/address.h: IP literals as domainparts (RFC 7622 3.2: IPv4address / IP-literal). */
#ifndef DNA_DNS_ADDRESS_H
#define DNA_DNS_ADDRESS_H

#include <mod_dna/dns.h>

/* "192.0.2.1" or "[2001:db8::1]" in canonical form.  DNA_ERR_FORMAT: any other spelling. */
DNA_MUST_USE enum dna_err dna_dns_address_parse(struct dna_span text, struct dna_name *out);

#endif
