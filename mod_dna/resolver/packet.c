/* resolver/packet.c: from a DNS message to an answer.
 *
 * libldns takes the message apart; this file decides what it says.  Invariants: only a
 * message that repeats the question answers it; only NOERROR and NXDOMAIN are definite;
 * an answer with records never comes from a message that says that there are none; a bogus
 * message yields no records (the forged ones are in it).  Aliases are followed inside the
 * message, in order, at most DNA_LIMIT_ALIASES of them; a backend has chased them already.
 * Clauses: RFC 1035 4, RFC 2308 2 and 5, RFC 4034 3.1, RFC 6672 3.
 */
#include <resolver/packet.h>

#include <string.h>

#include <ldns/ldns.h>

#include <base/limits.h>
#include <resolver/wire.h>

struct walk {
    const ldns_rr_list *answer;
    const ldns_rdf *owner; /* where the chain of aliases stands */
    uint16_t type;
    uint32_t ttl;          /* smallest so far */
    size_t n;              /* records found at the owner */
    bool aliased;
};

struct dna_dns_answer dna_packet_failed(const char *name, uint16_t type, int64_t now,
                                        const char *why)
{
    return (struct dna_dns_answer){
        .name = name,
        .type = type,
        .outcome = DNA_DNS_FAILED,
        .obtained = now,
        .signatures_end = DNA_NEVER,
        .why = why,
    };
}

int64_t dna_packet_time(uint32_t stamp, int64_t now)
{
    return now + (int32_t)(stamp - (uint32_t)now);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Names in wire form; length octets are below 'A', so that all octets compare alike. */
static bool same_name(const ldns_rdf *a, const ldns_rdf *b)
{
    const char *x = (const char *)ldns_rdf_data(a);
    const char *y = (const char *)ldns_rdf_data(b);
    if (ldns_rdf_size(a) != ldns_rdf_size(b)) {
        return false;
    }
    for (size_t i = 0; i < ldns_rdf_size(a); i++) {
        if (lower(x[i]) != lower(y[i])) {
            return false;
        }
    }
    return true;
}

static bool is_at(const ldns_rr *rr, const ldns_rdf *owner, ldns_rr_type type)
{
    return ldns_rr_get_type(rr) == type && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
           same_name(ldns_rr_owner(rr), owner);
}

static uint32_t ttl_of(const ldns_rr *rr)
{
    uint32_t ttl = ldns_rr_ttl(rr);
    return ttl > INT32_MAX ? 0 : ttl; /* RFC 2181 8 */
}

static void lower_ttl(uint32_t *ttl, uint32_t other)
{
    if (other < *ttl) {
        *ttl = other;
    }
}

static const char *rcode_name(int rcode)
{
    const ldns_lookup_table *row = ldns_lookup_by_id(ldns_rcodes, rcode);
    return row != NULL ? row->name : "an unknown response code";
}

/* Whether the message is a response to this very question; NULL or why not. */
static const char *check_head(const ldns_pkt *packet, const ldns_rdf *name, uint16_t type)
{
    const ldns_rr_list *question = ldns_pkt_question(packet);
    if (!ldns_pkt_qr(packet) || ldns_pkt_get_opcode(packet) != LDNS_PACKET_QUERY) {
        return "the message is no response";
    }
    if (ldns_pkt_tc(packet)) {
        return "the message is truncated";
    }
    if (ldns_rr_list_rr_count(question) != 1 ||
        !is_at(ldns_rr_list_rr(question, 0), name, (ldns_rr_type)type)) {
        return "the message answers another question";
    }
    if (ldns_pkt_edns_extended_rcode(packet) != 0) {
        return "an extended response code";
    }
    return NULL;
}

/* The only CNAME at the walk's owner; NULL: none; *twice: several. */
static const ldns_rr *alias_at(const struct walk *walk, bool *twice)
{
    const ldns_rr *found = NULL;
    for (size_t i = 0; i < ldns_rr_list_rr_count(walk->answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(walk->answer, i);
        if (is_at(rr, walk->owner, LDNS_RR_TYPE_CNAME)) {
            *twice = found != NULL;
            found = rr;
        }
    }
    return found;
}

static void count_records(struct walk *walk)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(walk->answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(walk->answer, i);
        if (is_at(rr, walk->owner, (ldns_rr_type)walk->type)) {
            lower_ttl(&walk->ttl, ttl_of(rr));
            walk->n++;
        } else if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNAME) {
            lower_ttl(&walk->ttl, ttl_of(rr)); /* a CNAME was made from it */
        }
    }
}

/* Goes along the aliases to the records; NULL or why not. */
static const char *follow(struct walk *walk)
{
    for (unsigned hops = 0; hops <= DNA_LIMIT_ALIASES; hops++) {
        bool twice = false;
        const ldns_rr *alias;
        count_records(walk);
        if (walk->n != 0) {
            return walk->n > DNA_LIMIT_RECORDS ? "too many records" : NULL;
        }
        alias = alias_at(walk, &twice);
        if (alias == NULL) {
            return NULL;
        }
        if (twice || ldns_rr_rdf(alias, 0) == NULL) {
            return "contradicting aliases";
        }
        lower_ttl(&walk->ttl, ttl_of(alias));
        walk->owner = ldns_rr_rdf(alias, 0);
        walk->aliased = true;
    }
    return "too many aliases";
}

/* What the section's signatures tell about the answer. */
static void read_signatures(const ldns_rr_list *section, int64_t now,
                            struct dna_dns_answer *out)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(section, i);
        const ldns_rdf *owner = ldns_rr_owner(rr);
        const ldns_rdf *labels = ldns_rr_rrsig_labels(rr);
        const ldns_rdf *end = ldns_rr_rrsig_expiration(rr);
        unsigned in_name;
        int64_t when;
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG || labels == NULL || end == NULL) {
            continue;
        }
        in_name = ldns_dname_label_count(owner);
        if (in_name != 0 && ldns_dname_is_wildcard(owner)) {
            in_name--;
        }
        out->wildcard |= ldns_rdf2native_int8(labels) < in_name;
        when = dna_packet_time(ldns_rdf2native_int32(end), now);
        if (when < out->signatures_end) {
            out->signatures_end = when;
        }
    }
}

/* How long a denial holds (RFC 2308 5); *referral: it is none (RFC 2308 2.2). */
static uint32_t denial_ttl(const ldns_pkt *packet, bool *referral)
{
    const ldns_rr_list *authority = ldns_pkt_authority(packet);
    bool has_ns = false;
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(authority, i);
        const ldns_rdf *minimum = ldns_rr_rdf(rr, 6);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && minimum != NULL) {
            uint32_t ttl = ttl_of(rr);
            lower_ttl(&ttl, ldns_rdf2native_int32(minimum));
            *referral = false;
            return ttl;
        }
        has_ns |= ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS;
    }
    *referral = has_ns;
    return 0;
}

static bool copy_rdata(const ldns_rr *rr, struct dna_arena *arena, struct dna_span *out)
{
    size_t size = 0;
    char *p;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        size += ldns_rdf_size(ldns_rr_rdf(rr, i));
    }
    p = dna_arena_get(arena, size);
    if (p == NULL) {
        return false;
    }
    *out = (struct dna_span){p, size};
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        const char *octets = (const char *)ldns_rdf_data(field);
        bool is_name = ldns_rdf_get_type(field) == LDNS_RDF_TYPE_DNAME;
        for (size_t k = 0; k < ldns_rdf_size(field); k++) {
            *p++ = is_name ? lower(octets[k]) : octets[k];
        }
    }
    return true;
}

static enum dna_err copy_records(const struct walk *walk, struct dna_arena *arena,
                                 struct dna_dns_answer *out)
{
    struct dna_span *rdata = dna_arena_zero(arena, walk->n, sizeof *rdata);
    size_t n = 0;
    if (rdata == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(walk->answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(walk->answer, i);
        if (is_at(rr, walk->owner, (ldns_rr_type)walk->type) &&
            !copy_rdata(rr, arena, &rdata[n++])) {
            return DNA_ERR_MEMORY;
        }
    }
    out->rdata = rdata;
    out->n_rdata = n;
    return DNA_OK;
}

/* Fills the rest of an answer that validated or is insecure; sets out->why where the message
 * is no answer. */
static enum dna_err read_answer(const ldns_pkt *packet, struct walk *walk, bool secure,
                                struct dna_arena *arena, struct dna_dns_answer *out)
{
    bool denied = ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN;
    bool referral = false;
    enum dna_err err = DNA_OK;
    out->why = "";
    read_signatures(walk->answer, out->obtained, out);
    if (walk->n != 0) {
        if (denied) {
            out->why = "records together with NXDOMAIN";
            return DNA_OK;
        }
        err = copy_records(walk, arena, out);
        out->outcome = DNA_DNS_FOUND;
    } else {
        lower_ttl(&walk->ttl, denial_ttl(packet, &referral));
        if (referral) {
            out->why = "a referral instead of an answer";
            return DNA_OK;
        }
        read_signatures(ldns_pkt_authority(packet), out->obtained, out);
        out->outcome = DNA_DNS_ABSENT;
    }
    out->aliased = walk->aliased;
    out->secure = secure;
    out->ttl = walk->ttl;
    if (secure && out->signatures_end != DNA_NEVER) {
        int64_t left = out->signatures_end - out->obtained;
        lower_ttl(&out->ttl, left > 0 ? (uint32_t)left : 0);
    }
    return err;
}

static enum dna_err read_packet(const struct dna_raw_answer *raw, const ldns_pkt *packet,
                                const ldns_rdf *name, struct dna_arena *arena,
                                struct dna_dns_answer *out)
{
    int rcode = (int)ldns_pkt_get_rcode(packet);
    struct walk walk = {
        .answer = ldns_pkt_answer(packet),
        .owner = name,
        .type = out->type,
        .ttl = INT32_MAX,
    };
    out->why = check_head(packet, name, out->type);
    if (out->why != NULL) {
        return DNA_OK;
    }
    if ((raw->rcode != LDNS_RCODE_NOERROR && raw->rcode != rcode) ||
        (rcode != LDNS_RCODE_NOERROR && rcode != LDNS_RCODE_NXDOMAIN)) {
        out->why = rcode_name(rcode);
        return DNA_OK;
    }
    out->why = follow(&walk);
    if (out->why != NULL) {
        return DNA_OK;
    }
    return read_answer(packet, &walk, raw->security == DNA_RAW_SECURE, arena, out);
}

/* A bogus answer has no records, and its reason is libunbound's text. */
static enum dna_err read_bogus(const struct dna_raw_answer *raw, struct dna_arena *arena,
                               struct dna_dns_answer *out)
{
    struct dna_span why = dna_span_of(raw->why);
    char *copy;
    out->outcome = DNA_DNS_BOGUS;
    out->why = "DNSSEC validation failed";
    if (why.len == 0) {
        return DNA_OK;
    }
    if (why.len > DNA_LIMIT_WHY) {
        why.len = DNA_LIMIT_WHY;
    }
    copy = dna_arena_text(arena, why);
    if (copy == NULL) {
        return DNA_ERR_MEMORY;
    }
    out->why = copy;
    return DNA_OK;
}

static enum dna_err read_raw(const struct dna_raw_answer *raw, struct dna_arena *arena,
                             struct dna_dns_answer *out)
{
    ldns_pkt *packet = NULL;
    ldns_rdf *name;
    enum dna_err err = DNA_OK;
    if (raw->rcode != LDNS_RCODE_NOERROR && raw->rcode != LDNS_RCODE_NXDOMAIN) {
        out->why = rcode_name(raw->rcode);
        return DNA_OK;
    }
    if (!dna_wire_is_exact(raw->packet) ||
        ldns_wire2pkt(&packet, (const uint8_t *)raw->packet.ptr, raw->packet.len) !=
            LDNS_STATUS_OK) {
        out->why = "the message is malformed";
        return DNA_OK;
    }
    name = ldns_dname_new_frm_str(out->name);
    if (name == NULL) {
        out->why = "the name is malformed";
    } else {
        err = read_packet(raw, packet, name, arena, out);
    }
    ldns_rdf_deep_free(name);
    ldns_pkt_free(packet);
    return err;
}

enum dna_err dna_packet_answer(const struct dna_raw_answer *raw, const char *name,
                               uint16_t type, int64_t now, struct dna_arena *arena,
                               struct dna_dns_answer *out)
{
    enum dna_err err;
    *out = dna_packet_failed(name, type, now, "");
    if (raw->security == DNA_RAW_BOGUS) {
        err = read_bogus(raw, arena, out);
    } else {
        err = read_raw(raw, arena, out);
    }
    if (err != DNA_OK) {
        *out = dna_packet_failed(name, type, now, "out of memory");
    }
    return err;
}
