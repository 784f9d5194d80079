/* resolver/wire.h: whether a DNS message is put together as it says. */
#ifndef DNA_RESOLVER_WIRE_H
#define DNA_RESOLVER_WIRE_H

#include <mod_dna/base.h>

/* Whether the header's four counts account for all octets and no more, and each record's
 * fields for its RDATA.  Where compressed names lead is libldns' business. */
bool dna_wire_is_exact(struct dna_span packet);

#endif
