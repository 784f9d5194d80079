/* DNS messages, as a name server sends them: the message parser and libldns' verifier.
 *
 * The first byte chooses the question and what the backend thought of the answer; the rest is
 * the message.  It must hold, whatever the bytes:
 *   - only NOERROR and NXDOMAIN are definite, and only a message without a fault;
 *   - records come only with FOUND, and within the limits; a bogus answer has none;
 *   - "secure" only where the backend said so, for definite answers;
 *   - no message secures anything under a key that has signed nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/arena.h>
#include <base/limits.h>
#include <resolver/island.h>
#include <resolver/packet.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define NOW 1800000000

static const struct {
    const char *name;
    uint16_t type;
} questions[] = {
    {"_xmpp-server._tcp.a.example", DNA_DNS_SRV}, {"a.example", DNA_DNS_DNSKEY},
    {"b.example", DNA_DNS_A},                     {"b.example", DNA_DNS_AAAA},
    {"b.example", DNA_DNS_CNAME},                 {"_5269._tcp.b.example", DNA_DNS_TLSA},
    {".", DNA_DNS_DNSKEY},                        {"b.example", DNA_DNS_TXT},
};

static void check(const struct dna_dns_answer *answer, const struct dna_raw_answer *raw)
{
    bool definite = false;
    switch (answer->outcome) {
    case DNA_DNS_FAILED:
    case DNA_DNS_BOGUS:
        assert(answer->n_rdata == 0 && !answer->secure && answer->why[0] != '\0');
        break;
    case DNA_DNS_ABSENT:
        definite = true;
        assert(answer->n_rdata == 0);
        break;
    case DNA_DNS_FOUND:
        definite = true;
        assert(answer->n_rdata > 0 && answer->n_rdata <= DNA_LIMIT_RECORDS);
        break;
    }
    assert((answer->outcome == DNA_DNS_BOGUS) == (raw->security == DNA_RAW_BOGUS));
    assert(!definite || answer->secure == (raw->security == DNA_RAW_SECURE));
    if (definite) {
        unsigned rcode = (unsigned char)raw->packet.ptr[3] & 0x0f;
        assert(rcode == 0 || rcode == 3);
        assert(answer->ttl <= INT32_MAX);
    }
    for (size_t i = 0; i < answer->n_rdata; i++) {
        assert(answer->rdata[i].len > 0 && answer->rdata[i].len <= UINT16_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const char key[68] = {1, 1, 3, 13, 'n', 'o', ' ', 'p', 'o', 'i', 'n', 't'};
    const struct dna_span dnskey = {key, sizeof key};
    struct dna_island *island;
    struct dna_arena arena;
    struct dna_dns_answer answer;
    struct dna_raw_answer raw;
    size_t which;
    if (len < 1 || len > 65536) {
        return 0;
    }
    which = bytes[0] & 7;
    raw = (struct dna_raw_answer){
        .security = (enum dna_raw_security)((bytes[0] >> 3 & 3) % 3),
        .packet = {(const char *)bytes + 1, len - 1},
    };
    dna_arena_init(&arena, NULL, DNA_LIMIT_LOOKUP_ARENA);
    if (dna_packet_answer(&raw, questions[which].name, questions[which].type, NOW, &arena,
                          &answer) != DNA_OK) {
        abort();
    }
    check(&answer, &raw);
    island = dna_island_new("a.example", dnskey, raw.packet, NOW);
    assert(island == NULL);
    dna_arena_fini(&arena);
    return 0;
}
