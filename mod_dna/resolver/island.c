/* resolver/island.c: positive answers of one zone, verified by libldns under one key.
 *
 * Stricter than a validator wherever the two might differ: the answer section holds the
 * RRset asked for and its signatures, all of them at the name asked for (so neither alias nor
 * wildcard); the signer is the zone itself; signatures count within their dates, without
 * grace; algorithms are those that libunbound knows too.  The number of signatures tried is
 * bounded: keys and signatures that share a tag must not cost their product.
 * Clauses: RFC 4035 5.3, RFC 5011 2.1, RFC 8624 3.1.
 */
#include <resolver/island.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ldns/ldns.h>

#include <base/limits.h>
#include <dns/dnskey.h>

struct dna_island {
    ldns_rdf *zone;
    ldns_rr_list *keys; /* those that may sign */
    uint32_t ttl;       /* what the signature over the keys grants */
};

/* The parts of an answer that says nothing else. */
struct parts {
    ldns_pkt *packet;
    ldns_rr_list *records;    /* borrow from packet */
    ldns_rr_list *signatures;
};

static bool is_admitted(int algorithm)
{
    switch (algorithm) {
    case LDNS_RSASHA256:
    case LDNS_RSASHA512:
    case LDNS_ECDSAP256SHA256:
    case LDNS_ECDSAP384SHA384:
    case LDNS_ED25519:
        return true;
    default:
        return false;
    }
}

static bool same_name(const ldns_rdf *a, const ldns_rdf *b)
{
    return a != NULL && b != NULL && ldns_dname_compare(a, b) == 0;
}

static bool sort_record(struct parts *parts, ldns_rr *rr, const ldns_rdf *name,
                        ldns_rr_type type)
{
    if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !same_name(ldns_rr_owner(rr), name)) {
        return false;
    }
    if (ldns_rr_get_type(rr) == type) {
        return ldns_rr_list_push_rr(parts->records, rr);
    }
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG ||
        ldns_rr_rd_count(rr) != 9) {
        return false;
    }
    return ldns_rr_list_push_rr(parts->signatures, rr);
}

static void free_parts(struct parts *parts)
{
    ldns_rr_list_free(parts->records);
    ldns_rr_list_free(parts->signatures);
    ldns_pkt_free(parts->packet);
}

/* False: the packet says something else, or something more. */
static bool take_apart(struct dna_span packet, const ldns_rdf *name, ldns_rr_type type,
                       struct parts *out)
{
    const ldns_rr_list *answer;
    *out = (struct parts){.records = ldns_rr_list_new(), .signatures = ldns_rr_list_new()};
    if (out->records == NULL || out->signatures == NULL || packet.len == 0 ||
        ldns_wire2pkt(&out->packet, (const uint8_t *)packet.ptr, packet.len) !=
            LDNS_STATUS_OK) {
        return false;
    }
    answer = ldns_pkt_answer(out->packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
        if (!sort_record(out, ldns_rr_list_rr(answer, i), name, type)) {
            return false;
        }
    }
    return ldns_pkt_get_rcode(out->packet) == LDNS_RCODE_NOERROR &&
           ldns_rr_list_rr_count(out->records) != 0 &&
           ldns_rr_list_rr_count(out->records) <= DNA_LIMIT_RECORDS &&
           ldns_rr_list_rr_count(out->signatures) <= DNA_LIMIT_VERIFICATIONS;
}

static bool may_sign(const ldns_rr *key)
{
    return ldns_rr_rd_count(key) == 4 && ldns_rr_dnskey_protocol(key) != NULL &&
           (ldns_rr_dnskey_flags(key) != NULL &&
            (ldns_rdf2native_int16(ldns_rr_dnskey_flags(key)) &
             (DNA_DNSKEY_ZONE | DNA_DNSKEY_REVOKE)) == DNA_DNSKEY_ZONE) &&
           ldns_rdf2native_int8(ldns_rr_dnskey_protocol(key)) == 3 &&
           is_admitted(ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(key)));
}

/* What can be said of a signature before its arithmetic. */
static bool may_cover(const ldns_rr *signature, const ldns_rdf *name, ldns_rr_type type,
                      const ldns_rdf *zone)
{
    return ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(signature)) == type &&
           same_name(ldns_rr_rrsig_signame(signature), zone) &&
           ldns_rdf2native_int8(ldns_rr_rrsig_labels(signature)) ==
               ldns_dname_label_count(name);
}

static bool fits(const ldns_rr *key, const ldns_rr *signature)
{
    return ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(key)) ==
               ldns_rdf2native_int8(ldns_rr_rrsig_algorithm(signature)) &&
           ldns_calc_keytag(key) ==
               ldns_rdf2native_int16(ldns_rr_rrsig_keytag(signature));
}

static void lower(uint32_t *ttl, uint32_t other)
{
    if (other < *ttl) {
        *ttl = other;
    }
}

/* Whether one of keys has signed the records; *ttl is lowered to the signature's. */
static bool verify(const struct parts *parts, const ldns_rdf *name, ldns_rr_type type,
                   const ldns_rdf *zone, const ldns_rr_list *keys, int64_t now, uint32_t *ttl)
{
    unsigned tried = 0;
    for (size_t s = 0; s < ldns_rr_list_rr_count(parts->signatures); s++) {
        ldns_rr *signature = ldns_rr_list_rr(parts->signatures, s);
        if (!may_cover(signature, name, type, zone)) {
            continue;
        }
        for (size_t k = 0; k < ldns_rr_list_rr_count(keys); k++) {
            ldns_rr *key = ldns_rr_list_rr(keys, k);
            if (!fits(key, signature)) {
                continue;
            }
            if (++tried > DNA_LIMIT_VERIFICATIONS) {
                return false;
            }
            if (ldns_verify_rrsig_time(parts->records, signature, key, (time_t)now) ==
                LDNS_STATUS_OK) {
                lower(ttl, ldns_rdf2native_int32(ldns_rr_rrsig_origttl(signature)));
                return true;
            }
        }
    }
    return false;
}

/* Whether the key's RDATA is exactly this. */
static bool is_key(const ldns_rr *key, struct dna_span rdata)
{
    size_t at = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(key); i++) {
        const ldns_rdf *field = ldns_rr_rdf(key, i);
        size_t size = ldns_rdf_size(field);
        if (size > rdata.len - at || memcmp(ldns_rdf_data(field), rdata.ptr + at, size) != 0) {
            return false;
        }
        at += size;
    }
    return at == rdata.len;
}

/* Moves the keys that may sign to island, if the anchor is one of them and signed them all. */
static bool take_keys(struct dna_island *island, struct dna_span dnskey,
                      const struct parts *parts, int64_t now)
{
    ldns_rr_list *anchor = ldns_rr_list_new(); /* borrows, as verify wants a list */
    bool good = anchor != NULL;
    for (size_t i = 0; good && i < ldns_rr_list_rr_count(parts->records); i++) {
        ldns_rr *key = ldns_rr_list_rr(parts->records, i);
        if (!may_sign(key)) {
            continue;
        }
        if (is_key(key, dnskey)) {
            good = ldns_rr_list_push_rr(anchor, key);
        }
        if (good) {
            ldns_rr *clone = ldns_rr_clone(key);
            good = clone != NULL && ldns_rr_list_push_rr(island->keys, clone);
            if (!good) {
                ldns_rr_free(clone);
            }
        }
    }
    good = good && verify(parts, island->zone, LDNS_RR_TYPE_DNSKEY, island->zone, anchor, now,
                          &island->ttl);
    ldns_rr_list_free(anchor);
    return good;
}

struct dna_island *dna_island_new(const char *zone, struct dna_span dnskey,
                                  struct dna_span packet, int64_t now)
{
    struct dna_island *island = calloc(1, sizeof *island);
    struct parts parts;
    bool good = false;
    if (island == NULL) {
        return NULL;
    }
    island->ttl = INT32_MAX;
    island->zone = ldns_dname_new_frm_str(zone);
    island->keys = ldns_rr_list_new();
    if (island->zone != NULL && island->keys != NULL) {
        good = take_apart(packet, island->zone, LDNS_RR_TYPE_DNSKEY, &parts) &&
               take_keys(island, dnskey, &parts, now);
        free_parts(&parts);
    }
    if (!good) {
        dna_island_free(island);
        return NULL;
    }
    return island;
}

void dna_island_free(struct dna_island *island)
{
    if (island != NULL) {
        ldns_rdf_deep_free(island->zone);
        ldns_rr_list_deep_free(island->keys);
        free(island);
    }
}

bool dna_island_secures(const struct dna_island *island, const char *name, uint16_t type,
                        struct dna_span packet, int64_t now, uint32_t *ttl)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    struct parts parts;
    bool good;
    if (owner == NULL) {
        return false;
    }
    good = take_apart(packet, owner, (ldns_rr_type)type, &parts) &&
           verify(&parts, owner, (ldns_rr_type)type, island->zone, island->keys, now, ttl);
    free_parts(&parts);
    ldns_rdf_deep_free(owner);
    return good;
}

void dna_island_lower_ttl(const struct dna_island *island, uint32_t *ttl)
{
    lower(ttl, island->ttl);
}
