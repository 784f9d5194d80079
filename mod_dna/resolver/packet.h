/* resolver/packet.h: from a DNS message to an answer. */
#ifndef DNA_RESOLVER_PACKET_H
#define DNA_RESOLVER_PACKET_H

#include <base/arena.h>
#include <mod_dna/dns.h>
#include <resolver/backend.h>

/* Makes raw into the answer to (name, type), obtained at wall time now.  The answer and all
 * it points to live in the arena, but for name, which is borrowed.  Whatever is wrong with
 * the packet makes the outcome FAILED.  DNA_ERR_MEMORY: *out is FAILED too. */
enum dna_err dna_packet_answer(const struct dna_raw_answer *raw, const char *name,
                               uint16_t type, int64_t now, struct dna_arena *arena,
                               struct dna_dns_answer *out);

/* An answer without records.  why is static or lives as long as the answer. */
struct dna_dns_answer dna_packet_failed(const char *name, uint16_t type, int64_t now,
                                        const char *why);

/* The wall time that a signature's 32-bit time means, seen from now (RFC 4034 3.1.5). */
int64_t dna_packet_time(uint32_t stamp, int64_t now);

#endif
