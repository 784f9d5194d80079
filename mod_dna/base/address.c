/* base/address.c: addresses, and the ranges that a stranger must not send us to.
 *
 * The tables are the special-purpose registries (RFC 6890 and its updates), with multicast
 * and the retired ranges.  An IPv6 address is admitted only inside 2000::/3 (global unicast),
 * so the table for it holds the exceptions inside that block.  6to4 addresses carry an IPv4
 * address, which is judged; IPv4-mapped and NAT64 ones lie outside 2000::/3 and never pass.
 * For the comparison with our own listeners an embedded address counts as the address itself.
 */
#include <base/address.h>

#include <string.h>

#include <arpa/inet.h>

struct range {
    uint8_t octets[4]; /* of IPv6 the first 32 bits suffice for every entry */
    unsigned bits;
};

static const struct range refused_v4[] = {
    {{0, 0, 0, 0}, 8},       /* this network */
    {{10, 0, 0, 0}, 8},      /* RFC 1918 */
    {{100, 64, 0, 0}, 10},   /* RFC 6598 */
    {{127, 0, 0, 0}, 8},     /* loopback */
    {{169, 254, 0, 0}, 16},  /* link-local */
    {{172, 16, 0, 0}, 12},   /* RFC 1918 */
    {{192, 0, 0, 0}, 24},    /* RFC 6890 */
    {{192, 0, 2, 0}, 24},    /* documentation */
    {{192, 88, 99, 0}, 24},  /* 6to4 relays */
    {{192, 168, 0, 0}, 16},  /* RFC 1918 */
    {{198, 18, 0, 0}, 15},   /* benchmarks */
    {{198, 51, 100, 0}, 24}, /* documentation */
    {{203, 0, 113, 0}, 24},  /* documentation */
    {{224, 0, 0, 0}, 4},     /* multicast */
    {{240, 0, 0, 0}, 4},     /* reserved, broadcast */
};

static const struct range refused_v6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 32}, /* Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation, RFC 9637 */
};

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static bool in_ranges(const uint8_t *octets, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (same_bits(octets, ranges[i].octets, ranges[i].bits)) {
            return true;
        }
    }
    return false;
}

static unsigned length_bits(const struct dna_address *address)
{
    return address->family == DNA_ADDRESS_V4 ? 32 : 128;
}

static bool is_6to4(const struct dna_address *address)
{
    static const uint8_t prefix[] = {0x20, 0x02};
    return address->family == DNA_ADDRESS_V6 &&
           memcmp(address->bytes, prefix, sizeof prefix) == 0;
}

/* The IPv4 address inside a mapped, 6to4 or NAT64 address; false: there is none. */
static bool embedded(const struct dna_address *address, struct dna_address *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    const uint8_t *v4 = address->bytes + 12;
    if (address->family != DNA_ADDRESS_V6) {
        return false;
    }
    if (is_6to4(address)) {
        v4 = address->bytes + 2;
    } else if (memcmp(address->bytes, mapped, sizeof mapped) != 0 &&
               memcmp(address->bytes, nat64, sizeof nat64) != 0) {
        return false;
    }
    *out = (struct dna_address){.family = DNA_ADDRESS_V4};
    memcpy(out->bytes, v4, 4);
    return true;
}

enum dna_err dna_address_parse(struct dna_span text, struct dna_address *out)
{
    char copy[DNA_ADDRESS_TEXT];
    struct dna_address parsed = {.family = DNA_ADDRESS_V4};
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.ptr, '\0', text.len) != NULL) {
        return DNA_ERR_FORMAT;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, parsed.bytes) != 1) {
        parsed = (struct dna_address){.family = DNA_ADDRESS_V6};
        if (inet_pton(AF_INET6, copy, parsed.bytes) != 1) {
            return DNA_ERR_FORMAT;
        }
    }
    *out = parsed;
    return DNA_OK;
}

enum dna_err dna_address_of_octets(struct dna_span octets, struct dna_address *out)
{
    struct dna_address made = {.family = DNA_ADDRESS_V4};
    if (octets.len != 4 && octets.len != 16) {
        return DNA_ERR_FORMAT;
    }
    if (octets.len == 16) {
        made.family = DNA_ADDRESS_V6;
    }
    memcpy(made.bytes, octets.ptr, octets.len);
    *out = made;
    return DNA_OK;
}

void dna_address_text(const struct dna_address *address, char out[DNA_ADDRESS_TEXT])
{
    int family = address->family == DNA_ADDRESS_V4 ? AF_INET : AF_INET6;
    if (inet_ntop(family, address->bytes, out, DNA_ADDRESS_TEXT) == NULL) {
        out[0] = '\0';
    }
}

bool dna_address_equal(const struct dna_address *a, const struct dna_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static bool global_v4(const struct dna_address *address)
{
    return !in_ranges(address->bytes, refused_v4, sizeof refused_v4 / sizeof *refused_v4);
}

static bool global_v6(const struct dna_address *address)
{
    static const uint8_t global_unicast[] = {0x20};
    struct dna_address inner;
    if (!same_bits(address->bytes, global_unicast, 3)) {
        return false;
    }
    if (embedded(address, &inner) && !global_v4(&inner)) {
        return false;
    }
    return !in_ranges(address->bytes, refused_v6, sizeof refused_v6 / sizeof *refused_v6);
}

bool dna_address_global(const struct dna_address *address)
{
    switch (address->family) {
    case DNA_ADDRESS_V4:
        return global_v4(address);
    case DNA_ADDRESS_V6:
        return global_v6(address);
    }
    return false;
}

bool dna_port_parse(struct dna_span text, uint16_t *out)
{
    unsigned value = 0;
    if (text.len == 0 || text.len > 5) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = (uint16_t)value;
    return value != 0 && value <= UINT16_MAX;
}

static bool parse_bits(struct dna_span text, unsigned most, unsigned *out)
{
    unsigned bits = 0;
    if (text.len == 0 || text.len > 3 || (text.len > 1 && text.ptr[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        bits = bits * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = bits;
    return bits <= most;
}

enum dna_err dna_prefix_parse(struct dna_span text, struct dna_prefix *out)
{
    const char *slash = text.len != 0 ? memchr(text.ptr, '/', text.len) : NULL;
    struct dna_span address = text;
    struct dna_prefix parsed;
    struct dna_address masked;
    if (slash != NULL) {
        address.len = (size_t)(slash - text.ptr);
    }
    if (dna_address_parse(address, &parsed.address) != DNA_OK) {
        return DNA_ERR_FORMAT;
    }
    parsed.bits = length_bits(&parsed.address);
    if (slash != NULL) {
        struct dna_span bits = {slash + 1, text.len - address.len - 1};
        if (!parse_bits(bits, length_bits(&parsed.address), &parsed.bits)) {
            return DNA_ERR_FORMAT;
        }
    }
    masked = parsed.address;
    for (unsigned bit = parsed.bits; bit < length_bits(&masked); bit++) {
        masked.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
    }
    if (!dna_address_equal(&masked, &parsed.address)) {
        return DNA_ERR_FORMAT; /* "10.1.0.0/8": what is meant cannot be known */
    }
    *out = parsed;
    return DNA_OK;
}

bool dna_prefix_holds(const struct dna_prefix *prefix, const struct dna_address *address)
{
    return prefix->address.family == address->family &&
           same_bits(prefix->address.bytes, address->bytes, prefix->bits);
}

static bool is_own(const struct dna_address_guard *guard, const struct dna_address *address,
                   uint16_t port)
{
    struct dna_address inner;
    bool has_inner = embedded(address, &inner);
    for (size_t i = 0; i < guard->n_own; i++) {
        const struct dna_endpoint *own = &guard->own[i];
        if (own->port != 0 && own->port != port) {
            continue;
        }
        if (dna_address_equal(&own->address, address) ||
            (has_inner && dna_address_equal(&own->address, &inner))) {
            return true;
        }
    }
    return false;
}

bool dna_address_admitted(const struct dna_address_guard *guard,
                          const struct dna_address *address, uint16_t port,
                          const char **why)
{
    if (port == 0) {
        *why = "port 0";
        return false;
    }
    if (is_own(guard, address, port)) {
        *why = "an address of our own";
        return false;
    }
    for (size_t i = 0; i < guard->n_allowed; i++) {
        if (dna_prefix_holds(&guard->allowed[i], address)) {
            return true;
        }
    }
    if (!dna_address_global(address)) {
        *why = "not a global unicast address";
        return false;
    }
    return true;
}
