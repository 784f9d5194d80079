/* resolver/wire.c: whether a DNS message is put together as it says (RFC 1035 4.1).
 *
 * libldns ignores what follows the last record and what follows the last field of a record,
 * and lets a record end between two fields.  A count of 0 before records would so look like
 * absence, and a record of one type like one of another.  Types and their fields are taken
 * from libldns' own table; a field whose length is not evident takes what is left.
 */
#include <resolver/wire.h>

#include <ldns/ldns.h>

static unsigned octet_at(struct dna_span packet, size_t at)
{
    return (unsigned char)packet.ptr[at];
}

static unsigned number_at(struct dna_span packet, size_t at)
{
    return octet_at(packet, at) << 8 | octet_at(packet, at + 1);
}

/* Past the name at *at, without following pointers; false: it does not end before `end`. */
static bool skip_name(struct dna_span packet, size_t end, size_t *at)
{
    while (*at < end) {
        unsigned length = octet_at(packet, *at);
        if (length >= 0xc0) {
            *at += 2;
            return *at <= end;
        }
        *at += 1 + length;
        if (length == 0) {
            return true;
        }
    }
    return false;
}

/* 0: not evident. */
static size_t length_of(ldns_rdf_type type)
{
    if (type == LDNS_RDF_TYPE_INT8 || type == LDNS_RDF_TYPE_ALG ||
        type == LDNS_RDF_TYPE_CERTIFICATE_USAGE || type == LDNS_RDF_TYPE_SELECTOR ||
        type == LDNS_RDF_TYPE_MATCHING_TYPE) {
        return 1;
    }
    if (type == LDNS_RDF_TYPE_INT16 || type == LDNS_RDF_TYPE_TYPE) {
        return 2;
    }
    if (type == LDNS_RDF_TYPE_INT32 || type == LDNS_RDF_TYPE_TIME ||
        type == LDNS_RDF_TYPE_PERIOD || type == LDNS_RDF_TYPE_A) {
        return 4;
    }
    return type == LDNS_RDF_TYPE_AAAA ? 16 : 0;
}

/* Past a field of that type; *rest: it takes what is left. */
static bool skip_field(struct dna_span packet, ldns_rdf_type type, size_t end, size_t *at,
                       bool *rest)
{
    size_t length = length_of(type);
    if (type == LDNS_RDF_TYPE_DNAME) {
        return skip_name(packet, end, at);
    }
    if (type == LDNS_RDF_TYPE_STR) {
        length = 1u + octet_at(packet, *at);
    }
    *rest = length == 0;
    *at += *rest ? end - *at : length;
    return *at <= end;
}

static bool fields_fit(struct dna_span packet, unsigned type, size_t at, size_t end)
{
    const ldns_rr_descriptor *d = ldns_rr_descript((uint16_t)type);
    size_t most = ldns_rr_descriptor_maximum(d), n = 0;
    bool rest = false;
    while (at < end && n < most) {
        if (!skip_field(packet, ldns_rr_descriptor_field_type(d, n), end, &at, &rest)) {
            return false;
        }
        n++;
    }
    return at == end && n != 0 && (rest || n >= ldns_rr_descriptor_minimum(d));
}

static bool skip_record(struct dna_span packet, size_t *at)
{
    size_t rdata;
    unsigned type, class, length;
    if (!skip_name(packet, packet.len, at) || packet.len - *at < 10) {
        return false;
    }
    type = number_at(packet, *at);
    class = number_at(packet, *at + 2);
    length = number_at(packet, *at + 8);
    rdata = *at + 10;
    *at = rdata + length;
    return *at <= packet.len &&
           (class != LDNS_RR_CLASS_IN || fields_fit(packet, type, rdata, *at));
}

bool dna_wire_is_exact(struct dna_span packet)
{
    size_t at = LDNS_HEADER_SIZE, questions, records;
    if (packet.len < LDNS_HEADER_SIZE) {
        return false;
    }
    questions = number_at(packet, 4);
    records = (size_t)number_at(packet, 6) + number_at(packet, 8) + number_at(packet, 10);
    for (size_t i = 0; i < questions; i++) {
        if (!skip_name(packet, packet.len, &at) || packet.len - at < 4) {
            return false;
        }
        at += 4;
    }
    for (size_t i = 0; i < records; i++) {
        if (!skip_record(packet, &at)) {
            return false;
        }
    }
    return at == packet.len;
}
