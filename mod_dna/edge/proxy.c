/* edge/proxy.c: see the header. */
#include <edge/proxy.h>

#include <string.h>

#include <base/limits.h>

#define FIXED 16 /* signature, command, family, length */
#define SIGNATURE 12
#define V4 12 /* both addresses and ports */
#define V6 36
#define TCP4 0x11
#define TCP6 0x21
#define UNSPECIFIED 0x00
#define COMMAND_LOCAL 0x20 /* with the version, 2 */
#define COMMAND_PROXY 0x21

static const char signature[SIGNATURE + 1] = "\r\n\r\n\0\r\nQUIT\n";

static uint16_t word(const char *at)
{
    return (uint16_t)((unsigned char)at[0] << 8 | (unsigned char)at[1]);
}

static enum dna_proxy_verdict bad(struct dna_proxy_header *out, const char *why)
{
    out->why = why;
    return DNA_PROXY_BAD;
}

/* Octets that this library takes for an address: an IPv4-mapped one is the IPv4 address. */
static void read_address(const char *at, size_t len, struct dna_address *out)
{
    static const char mapped[12] = "\0\0\0\0\0\0\0\0\0\0\xff\xff";
    if (len == 16 && memcmp(at, mapped, sizeof mapped) == 0) {
        at += sizeof mapped;
        len = 4;
    }
    *out = (struct dna_address){.family = len == 4 ? DNA_ADDRESS_V4 : DNA_ADDRESS_V6};
    memcpy(out->bytes, at, len);
}

static enum dna_proxy_verdict read_addresses(const char *at, size_t len, size_t each,
                                             struct dna_proxy_header *out)
{
    if (len < 2 * each + 4) {
        return bad(out, "its addresses are cut off");
    }
    read_address(at, each, &out->source.address);
    read_address(at + each, each, &out->destination.address);
    out->source.port = word(at + 2 * each);
    out->destination.port = word(at + 2 * each + 2);
    return DNA_PROXY_TAKEN;
}

enum dna_proxy_verdict dna_proxy_read(struct dna_span bytes, struct dna_proxy_header *out)
{
    size_t seen = bytes.len < SIGNATURE ? bytes.len : SIGNATURE;
    unsigned command, family;
    size_t len;
    *out = (struct dna_proxy_header){.why = ""};
    if (seen != 0 && memcmp(bytes.ptr, signature, seen) != 0) {
        return bad(out, "no header of version 2 comes first");
    }
    if (bytes.len < FIXED) {
        return DNA_PROXY_MORE;
    }
    command = (unsigned char)bytes.ptr[12];
    family = (unsigned char)bytes.ptr[13];
    len = word(bytes.ptr + 14);
    if (command != COMMAND_LOCAL && command != COMMAND_PROXY) {
        return bad(out, "another version or command");
    }
    if (len > DNA_LIMIT_PROXY_HEADER) {
        return bad(out, "it is too long");
    }
    if (bytes.len < FIXED + len) {
        return DNA_PROXY_MORE;
    }
    out->used = FIXED + len;
    if (command == COMMAND_LOCAL || family == UNSPECIFIED) {
        return DNA_PROXY_OWN;
    }
    if (family != TCP4 && family != TCP6) {
        return bad(out, "it is not about TCP");
    }
    return read_addresses(bytes.ptr + FIXED, len, family == TCP4 ? 4 : 16, out);
}

static void write_address(const struct dna_address *address, size_t each, char *at)
{
    if (each == 16 && address->family == DNA_ADDRESS_V4) {
        memset(at, 0, 10);
        memset(at + 10, 0xff, 2);
        at += 12;
        each = 4;
    }
    memcpy(at, address->bytes, each);
}

static void write_word(unsigned value, char *at)
{
    at[0] = (char)(value >> 8);
    at[1] = (char)(value & 0xff);
}

size_t dna_proxy_write(const struct dna_endpoint *source,
                       const struct dna_endpoint *destination, char out[DNA_PROXY_WRITTEN])
{
    bool v4 = source->address.family == DNA_ADDRESS_V4 &&
              destination->address.family == DNA_ADDRESS_V4;
    size_t each = v4 ? 4 : 16;
    memcpy(out, signature, SIGNATURE);
    out[12] = COMMAND_PROXY;
    out[13] = v4 ? TCP4 : TCP6;
    write_word(v4 ? V4 : V6, out + 14);
    write_address(&source->address, each, out + FIXED);
    write_address(&destination->address, each, out + FIXED + each);
    write_word(source->port, out + FIXED + 2 * each);
    write_word(destination->port, out + FIXED + 2 * each + 2);
    return FIXED + 2 * each + 4;
}

size_t dna_proxy_write_own(char out[DNA_PROXY_WRITTEN])
{
    memset(out, 0, FIXED);
    memcpy(out, signature, SIGNATURE);
    out[12] = COMMAND_LOCAL;
    return FIXED;
}
