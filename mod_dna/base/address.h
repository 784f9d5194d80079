/* base/address.h: IP addresses, and which of them an outgoing connection may use.
 *
 * Peers choose names, and names lead to addresses: to loopback, to the provider's own
 * network, to our own listeners.  Every outgoing connection asks the guard, whoever chose
 * its target.
 */
#ifndef DNA_BASE_ADDRESS_H
#define DNA_BASE_ADDRESS_H

#include <mod_dna/base.h>

enum dna_address_family {
    DNA_ADDRESS_V4 = 4,
    DNA_ADDRESS_V6 = 6
};

struct dna_address {
    enum dna_address_family family;
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is 0 */
};

/* Longest textual address, with its NUL. */
#define DNA_ADDRESS_TEXT 46

/* "192.0.2.1" (four decimal numbers without leading zeros) or IPv6 as RFC 4291 2.2 writes
 * it, without brackets and zone.  DNA_ERR_FORMAT: anything else. */
DNA_MUST_USE enum dna_err dna_address_parse(struct dna_span text, struct dna_address *out);
/* From the 4 or 16 octets of an A or AAAA record.  DNA_ERR_FORMAT: another length. */
DNA_MUST_USE enum dna_err dna_address_of_octets(struct dna_span octets,
                                                struct dna_address *out);
/* Textual form; IPv6 as RFC 5952 has it. */
void dna_address_text(const struct dna_address *address, char out[DNA_ADDRESS_TEXT]);
bool dna_address_equal(const struct dna_address *a, const struct dna_address *b);

/* Whether it is a global unicast address that a stranger may send us to: IPv4 outside the
 * special-purpose ranges; IPv6 inside 2000::/3 and outside them, an embedded IPv4 address
 * judged likewise. */
bool dna_address_global(const struct dna_address *address);

struct dna_prefix {
    struct dna_address address;
    unsigned bits;
};

/* "10.0.0.0/8", "fd00::/8", or an address alone.  DNA_ERR_FORMAT: anything else, bits
 * beyond the length included. */
DNA_MUST_USE enum dna_err dna_prefix_parse(struct dna_span text, struct dna_prefix *out);
bool dna_prefix_holds(const struct dna_prefix *prefix, const struct dna_address *address);

/* 1 to 65535 in up to five decimal digits.  False: anything else; *out is then undefined. */
DNA_MUST_USE bool dna_port_parse(struct dna_span text, uint16_t *out);

struct dna_endpoint {
    struct dna_address address;
    uint16_t port; /* 0: every port */
};

/* Arrays are borrowed.  own: our listeners and links, which nothing reaches, the allow list
 * notwithstanding; whoever listens on a wildcard address lists the machine's addresses. */
struct dna_address_guard {
    const struct dna_prefix *allowed;
    size_t n_allowed;
    const struct dna_endpoint *own;
    size_t n_own;
};

/* Whether a connection to that address and port may be made.  *why: static; set when not. */
DNA_MUST_USE bool dna_address_admitted(const struct dna_address_guard *guard,
                                       const struct dna_address *address, uint16_t port,
                                       const char **why);

#endif
