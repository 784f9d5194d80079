/* resolver/message.c: a DNS message reduced to what signatures cover. */
#include <resolver/message.h>

#include <string.h>

#include <base/limits.h>
#include <resolver/wire.h>

bool dna_message_same_name(const ldns_rdf *a, const ldns_rdf *b)
{
    return a != NULL && b != NULL && ldns_dname_compare(a, b) == 0;
}

unsigned dna_message_labels(const ldns_rdf *name)
{
    unsigned labels = ldns_dname_label_count(name);
    return labels != 0 && ldns_dname_is_wildcard(name) ? labels - 1 : labels;
}

static bool is_signature(const ldns_rr *rr)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG;
}

/* The type that a record speaks of: its own, or the one that it signs. */
static ldns_rr_type subject(const ldns_rr *rr)
{
    const ldns_rdf *covered = is_signature(rr) ? ldns_rr_rrsig_typecovered(rr) : NULL;
    return covered != NULL ? ldns_rdf2rr_type(covered) : ldns_rr_get_type(rr);
}

static bool denies(ldns_rr_type type)
{
    return type == LDNS_RR_TYPE_SOA || type == LDNS_RR_TYPE_NSEC ||
           type == LDNS_RR_TYPE_NSEC3;
}

static bool is_whole(const ldns_rr *rr)
{
    return ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN && ldns_rr_owner(rr) != NULL &&
           (!is_signature(rr) || ldns_rr_rd_count(rr) == 9);
}

/* As signed; of several signatures the shortest counts. */
static uint32_t signed_ttl(const ldns_rr *rr, const ldns_rr_list *section)
{
    uint32_t ttl = UINT32_MAX;
    if (is_signature(rr)) {
        return ldns_rdf2native_int32(ldns_rr_rrsig_origttl(rr));
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        const ldns_rr *other = ldns_rr_list_rr(section, i);
        if (is_whole(other) && is_signature(other) &&
            subject(other) == ldns_rr_get_type(rr) &&
            dna_message_same_name(ldns_rr_owner(other), ldns_rr_owner(rr)) &&
            ldns_rdf2native_int32(ldns_rr_rrsig_origttl(other)) < ttl) {
            ttl = ldns_rdf2native_int32(ldns_rr_rrsig_origttl(other));
        }
    }
    return ttl != UINT32_MAX ? ttl : 0;
}

static bool copy_section(const ldns_rr_list *from, bool only_denial, ldns_pkt *to,
                         ldns_pkt_section section)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(from); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(from, i);
        ldns_rr *copy;
        if (!is_whole(rr) || (only_denial && !denies(subject(rr)))) {
            continue;
        }
        copy = ldns_rr_clone(rr);
        if (copy == NULL) {
            return false;
        }
        ldns_rr2canonical(copy);
        ldns_rr_set_ttl(copy, signed_ttl(rr, from));
        if (!ldns_pkt_push_rr(to, section, copy)) {
            ldns_rr_free(copy);
            return false;
        }
    }
    return true;
}

static bool is_answer(const ldns_pkt *packet)
{
    const ldns_rr_list *question = ldns_pkt_question(packet);
    return ldns_pkt_qr(packet) && ldns_pkt_get_opcode(packet) == LDNS_PACKET_QUERY &&
           !ldns_pkt_tc(packet) && ldns_pkt_edns_extended_rcode(packet) == 0 &&
           (ldns_pkt_get_rcode(packet) == LDNS_RCODE_NOERROR ||
            ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN) &&
           ldns_rr_list_rr_count(question) == 1 &&
           ldns_rr_get_class(ldns_rr_list_rr(question, 0)) == LDNS_RR_CLASS_IN &&
           ldns_rr_list_rr_count(ldns_pkt_answer(packet)) <= DNA_LIMIT_MESSAGE_RECORDS &&
           ldns_rr_list_rr_count(ldns_pkt_authority(packet)) <= DNA_LIMIT_MESSAGE_RECORDS;
}

static bool copy_question(const ldns_pkt *from, ldns_pkt *to)
{
    ldns_rr *copy = ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(from), 0));
    if (copy == NULL) {
        return false;
    }
    ldns_dname2canonical(ldns_rr_owner(copy));
    if (!ldns_pkt_push_rr(to, LDNS_SECTION_QUESTION, copy)) {
        ldns_rr_free(copy);
        return false;
    }
    return true;
}

static ldns_pkt *parse(struct dna_span octets)
{
    ldns_pkt *packet = NULL;
    if (!dna_wire_is_exact(octets) ||
        ldns_wire2pkt(&packet, (const uint8_t *)octets.ptr, octets.len) != LDNS_STATUS_OK) {
        return NULL;
    }
    return packet;
}

ldns_pkt *dna_message_reduce(struct dna_span octets)
{
    ldns_pkt *packet = parse(octets), *reduced = NULL;
    bool fine = packet != NULL && is_answer(packet);
    if (fine) {
        reduced = ldns_pkt_new();
        fine = reduced != NULL;
    }
    if (fine) {
        ldns_pkt_set_qr(reduced, true);
        ldns_pkt_set_rcode(reduced, (uint8_t)ldns_pkt_get_rcode(packet));
        fine = copy_question(packet, reduced) &&
               copy_section(ldns_pkt_answer(packet), false, reduced, LDNS_SECTION_ANSWER) &&
               copy_section(ldns_pkt_authority(packet), true, reduced,
                            LDNS_SECTION_AUTHORITY);
    }
    ldns_pkt_free(packet);
    if (!fine) {
        ldns_pkt_free(reduced);
        return NULL;
    }
    return reduced;
}

bool dna_message_write(const ldns_pkt *message, uint8_t **out, size_t *len)
{
    *out = NULL;
    return ldns_pkt2wire(out, message, len) == LDNS_STATUS_OK && *out != NULL;
}

ldns_pkt *dna_message_read(struct dna_span octets)
{
    ldns_pkt *message = dna_message_reduce(octets);
    uint8_t *again = NULL;
    size_t len = 0;
    bool same = message != NULL && dna_message_write(message, &again, &len) &&
                len == octets.len && memcmp(again, octets.ptr, len) == 0;
    LDNS_FREE(again);
    if (!same) {
        ldns_pkt_free(message);
        return NULL;
    }
    return message;
}
