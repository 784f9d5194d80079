/* cli/records.h: DNS records as zone files write them. */
#ifndef DNA_CLI_RECORDS_H
#define DNA_CLI_RECORDS_H

#include <cli/call.h>

/* The RDATA in presentation format (RFC 3597 5 where it is malformed or of another
 * type); it lives as long as the call.  NULL: no memory. */
const char *cli_record_text(struct cli_call *call, uint16_t type, struct dna_span rdata);

#endif
