/* cli/dnskey_line.h: a DNSKEY record as a zone file has it. */
#ifndef DNA_CLI_DNSKEY_LINE_H
#define DNA_CLI_DNSKEY_LINE_H

#include <mod_dna/dns.h>
#include <x509/spki.h>

struct cli_dnskey {
    struct dna_name owner;
    unsigned flags, protocol, algorithm;
    unsigned char key[DNA_DNSKEY_KEY_MAX];
    size_t len;
};

/* The one record of a K*.key file: "example.com. [TTL] IN DNSKEY 257 3 13 base64 base64",
 * with remarks.  False: it is none. */
bool cli_dnskey_read(struct dna_span text, struct cli_dnskey *out);

#endif
