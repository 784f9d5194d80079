/* resolver/proving.c: whose keys are good, and which records they signed (RFC 4035 5).
 *
 * A zone's keys are good where an anchor for that very zone, or else a DS record that a zone
 * above it signed, names one of them that signed them all.  Zones lead strictly upwards, so
 * this ends; what is tried is bounded for each RRset and for all of a bundle (keys and
 * signatures that share a tag must not cost their product).
 */
#include <resolver/proving.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <base/limits.h>
#include <dns/dnskey.h>
#include <resolver/message.h>
#include <resolver/packet.h>

static const ldns_rr_list *keys_of(struct dna_proving *p, const ldns_rdf *zone);

const struct dna_proving_message *dna_proving_find(const struct dna_proving *p,
                                                   const ldns_rdf *name, ldns_rr_type type)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->messages[i].type == type &&
            dna_message_same_name(p->messages[i].name, name)) {
            return &p->messages[i];
        }
    }
    return NULL;
}

void dna_proving_set_free(struct dna_proving_set *set)
{
    ldns_rr_list_free(set->records);
    ldns_rr_list_free(set->signatures);
}

bool dna_proving_take(const ldns_rr_list *section, const ldns_rdf *owner, ldns_rr_type type,
                      struct dna_proving_set *out)
{
    bool fine;
    *out = (struct dna_proving_set){.records = ldns_rr_list_new(),
                                    .signatures = ldns_rr_list_new()};
    fine = out->records != NULL && out->signatures != NULL;
    for (size_t i = 0; fine && i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        if (!dna_message_same_name(ldns_rr_owner(rr), owner)) {
            continue;
        }
        if (ldns_rr_get_type(rr) == type) {
            fine = ldns_rr_list_push_rr(out->records, rr);
        } else if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
                   ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == type) {
            fine = ldns_rr_list_push_rr(out->signatures, rr);
        }
    }
    if (!fine) {
        dna_proving_set_free(out);
        *out = (struct dna_proving_set){.records = NULL};
    }
    return fine;
}

/* --- one signature ---------------------------------------------------------------------- */

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

static bool may_sign(const ldns_rr *key)
{
    return ldns_rr_rd_count(key) == 4 &&
           (ldns_rdf2native_int16(ldns_rr_dnskey_flags(key)) &
            (DNA_DNSKEY_ZONE | DNA_DNSKEY_REVOKE)) == DNA_DNSKEY_ZONE &&
           ldns_rdf2native_int8(ldns_rr_dnskey_protocol(key)) == 3 &&
           is_admitted(ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(key)));
}

/* Only data may be made of a wildcard; what makes up the chain may not. */
static bool counts_labels(const ldns_rr *signature, const ldns_rdf *owner, ldns_rr_type type)
{
    unsigned in_name = dna_message_labels(owner);
    unsigned counted = ldns_rdf2native_int8(ldns_rr_rrsig_labels(signature));
    switch ((unsigned)type) {
    case LDNS_RR_TYPE_DNSKEY:
    case LDNS_RR_TYPE_DS:
    case LDNS_RR_TYPE_SOA:
    case LDNS_RR_TYPE_NSEC:
    case LDNS_RR_TYPE_NSEC3:
        return counted == in_name;
    default:
        return counted <= in_name;
    }
}

static int64_t moment(const ldns_rdf *field, int64_t now)
{
    return dna_packet_time(ldns_rdf2native_int32(field), now);
}

/* Good at both moments, and all that lies between. */
static bool is_in_time(const struct dna_proving *p, const ldns_rr *signature)
{
    return moment(ldns_rr_rrsig_inception(signature), p->from) <= p->from &&
           moment(ldns_rr_rrsig_expiration(signature), p->from) >= p->to;
}

/* A DS record belongs to the zone above, a key to its own. */
static bool is_place(const ldns_rdf *zone, const ldns_rdf *owner, ldns_rr_type type)
{
    switch ((unsigned)type) {
    case LDNS_RR_TYPE_DS:
        return ldns_dname_is_subdomain(owner, zone);
    case LDNS_RR_TYPE_DNSKEY:
    case LDNS_RR_TYPE_SOA:
        return dna_message_same_name(owner, zone);
    default:
        return dna_message_same_name(owner, zone) || ldns_dname_is_subdomain(owner, zone);
    }
}

static bool fits(const ldns_rr *key, const ldns_rr *signature)
{
    return ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(key)) ==
               ldns_rdf2native_int8(ldns_rr_rrsig_algorithm(signature)) &&
           ldns_calc_keytag(key) == ldns_rdf2native_int16(ldns_rr_rrsig_keytag(signature));
}

/* Whether one of the keys made the signature; *tried counts for the whole RRset. */
static bool made_by(struct dna_proving *p, const struct dna_proving_set *set,
                    ldns_rr *signature, const ldns_rr_list *keys, unsigned *tried)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(keys); i++) {
        ldns_rr *key = ldns_rr_list_rr(keys, i);
        if (!fits(key, signature)) {
            continue;
        }
        if (++*tried > DNA_LIMIT_VERIFICATIONS || p->verifications == 0) {
            return false;
        }
        p->verifications--;
        if (ldns_verify_rrsig_time(set->records, signature, key, (time_t)p->from) ==
            LDNS_STATUS_OK) {
            return true;
        }
    }
    return false;
}

/* keys NULL: those of the zone that each signature names. */
static bool verify_with(struct dna_proving *p, const ldns_rdf *owner, ldns_rr_type type,
                        const ldns_rr_list *keys, struct dna_proving_set *set)
{
    unsigned tried = 0;
    size_t n = ldns_rr_list_rr_count(set->records);
    if (n == 0 || n > DNA_LIMIT_RECORDS) {
        return false;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(set->signatures); i++) {
        ldns_rr *signature = ldns_rr_list_rr(set->signatures, i);
        const ldns_rdf *zone = ldns_rr_rrsig_signame(signature);
        const ldns_rr_list *with = keys;
        if (!is_place(zone, owner, type) || !counts_labels(signature, owner, type) ||
            ldns_rdf2native_int8(ldns_rr_rrsig_labels(signature)) <
                dna_message_labels(zone) ||
            !is_in_time(p, signature)) {
            continue;
        }
        with = with != NULL ? with : keys_of(p, zone);
        if (with != NULL && made_by(p, set, signature, with, &tried)) {
            set->zone = zone;
            set->labels = ldns_rdf2native_int8(ldns_rr_rrsig_labels(signature));
            set->ttl = ldns_rdf2native_int32(ldns_rr_rrsig_origttl(signature));
            set->end = moment(ldns_rr_rrsig_expiration(signature), p->from);
            return true;
        }
    }
    return false;
}

bool dna_proving_verify(struct dna_proving *p, const ldns_rdf *owner, ldns_rr_type type,
                        struct dna_proving_set *set)
{
    return verify_with(p, owner, type, NULL, set);
}

/* --- the keys of a zone ----------------------------------------------------------------- */

static bool same_rdata(const ldns_rr *a, const ldns_rr *b)
{
    if (ldns_rr_rd_count(a) != ldns_rr_rd_count(b)) {
        return false;
    }
    for (size_t i = 0; i < ldns_rr_rd_count(a); i++) {
        if (ldns_rdf_compare(ldns_rr_rdf(a, i), ldns_rr_rdf(b, i)) != 0) {
            return false;
        }
    }
    return true;
}

/* Whether a DS record is of that key.  SHA-1 names nothing (RFC 8624 3.3). */
static bool is_digest_of(const ldns_rr *ds, const ldns_rr *key)
{
    unsigned digest;
    ldns_rr *made;
    bool same;
    if (ldns_rr_rd_count(ds) != 4 ||
        ldns_rdf2native_int16(ldns_rr_rdf(ds, 0)) != ldns_calc_keytag(key) ||
        ldns_rdf2native_int8(ldns_rr_rdf(ds, 1)) !=
            ldns_rdf2native_int8(ldns_rr_dnskey_algorithm(key))) {
        return false;
    }
    digest = ldns_rdf2native_int8(ldns_rr_rdf(ds, 2));
    if (digest != LDNS_SHA256 && digest != LDNS_SHA384) {
        return false;
    }
    made = ldns_key_rr2ds(key, (ldns_hash)digest);
    same = made != NULL && same_rdata(made, ds);
    ldns_rr_free(made);
    return same;
}

static bool names_key(const ldns_rr *anchor, const ldns_rr *key)
{
    return ldns_rr_get_type(anchor) == LDNS_RR_TYPE_DS ? is_digest_of(anchor, key)
                                                       : same_rdata(anchor, key);
}

static bool is_at(const ldns_rr *anchor, const ldns_rdf *zone)
{
    return anchor != NULL && dna_message_same_name(ldns_rr_owner(anchor), zone);
}

static bool has_anchor(const struct dna_proving *p, const ldns_rdf *zone)
{
    bool found = is_at(p->supplied, zone);
    for (size_t i = 0; !found && i < ldns_rr_list_rr_count(p->anchors); i++) {
        found = is_at(ldns_rr_list_rr(p->anchors, i), zone);
    }
    return found;
}

static bool lies_below(const ldns_rr *anchor, const ldns_rdf *zone, const ldns_rdf *name)
{
    const ldns_rdf *own = anchor != NULL ? ldns_rr_owner(anchor) : NULL;
    return own != NULL && ldns_dname_is_subdomain(own, zone) &&
           (dna_message_same_name(own, name) || ldns_dname_is_subdomain(name, own));
}

bool dna_proving_has_anchor_below(const struct dna_proving *p, const ldns_rdf *zone,
                                  const ldns_rdf *name)
{
    bool found = lies_below(p->supplied, zone, name);
    for (size_t i = 0; !found && i < ldns_rr_list_rr_count(p->anchors); i++) {
        found = lies_below(ldns_rr_list_rr(p->anchors, i), zone, name);
    }
    return found;
}

static bool is_anchored(const struct dna_proving *p, const ldns_rdf *zone, const ldns_rr *key)
{
    bool named = is_at(p->supplied, zone) && names_key(p->supplied, key);
    for (size_t i = 0; !named && i < ldns_rr_list_rr_count(p->anchors); i++) {
        const ldns_rr *anchor = ldns_rr_list_rr(p->anchors, i);
        named = is_at(anchor, zone) && names_key(anchor, key);
    }
    return named;
}

static bool is_listed(const ldns_rr_list *records, const ldns_rr *key)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        if (is_digest_of(ldns_rr_list_rr(records, i), key)) {
            return true;
        }
    }
    return false;
}

/* The keys that an anchor or the zone above vouches for, into trusted. */
static bool find_trusted(struct dna_proving *p, const ldns_rdf *zone,
                         const ldns_rr_list *keys, ldns_rr_list *trusted)
{
    bool anchored = has_anchor(p, zone), fine = true;
    const struct dna_proving_message *message = NULL;
    struct dna_proving_set ds = {.records = NULL};
    if (!anchored) {
        message = dna_proving_find(p, zone, LDNS_RR_TYPE_DS);
        fine = message != NULL &&
               dna_proving_take(ldns_pkt_answer(message->packet), zone, LDNS_RR_TYPE_DS,
                                &ds) &&
               ldns_rr_list_rr_count(ds.records) <= DNA_LIMIT_VERIFICATIONS &&
               dna_proving_verify(p, zone, LDNS_RR_TYPE_DS, &ds);
    }
    for (size_t i = 0; fine && i < ldns_rr_list_rr_count(keys); i++) {
        ldns_rr *key = ldns_rr_list_rr(keys, i);
        if (may_sign(key) &&
            (anchored ? is_anchored(p, zone, key) : is_listed(ds.records, key))) {
            fine = ldns_rr_list_push_rr(trusted, key);
        }
    }
    dna_proving_set_free(&ds);
    return fine && ldns_rr_list_rr_count(trusted) != 0;
}

/* The keys that may sign, if one that is trusted signed them all; NULL otherwise. */
static ldns_rr_list *prove_keys(struct dna_proving *p, const ldns_rdf *zone)
{
    const struct dna_proving_message *message = dna_proving_find(p, zone, LDNS_RR_TYPE_DNSKEY);
    ldns_rr_list *trusted = ldns_rr_list_new(), *keys = ldns_rr_list_new();
    struct dna_proving_set set = {.records = NULL};
    bool fine = message != NULL && trusted != NULL && keys != NULL &&
                dna_proving_take(ldns_pkt_answer(message->packet), zone, LDNS_RR_TYPE_DNSKEY,
                                 &set) &&
                ldns_rr_list_rr_count(set.records) <= DNA_LIMIT_RECORDS &&
                find_trusted(p, zone, set.records, trusted) &&
                verify_with(p, zone, LDNS_RR_TYPE_DNSKEY, trusted, &set);
    for (size_t i = 0; fine && i < ldns_rr_list_rr_count(set.records); i++) {
        ldns_rr *key = ldns_rr_list_rr(set.records, i);
        fine = !may_sign(key) || ldns_rr_list_push_rr(keys, key);
    }
    dna_proving_set_free(&set);
    ldns_rr_list_free(trusted);
    if (!fine) {
        ldns_rr_list_free(keys);
        return NULL;
    }
    return keys;
}

static const ldns_rr_list *keys_of(struct dna_proving *p, const ldns_rdf *zone)
{
    struct dna_proving_zone *entry;
    for (size_t i = 0; i < p->n_zones; i++) {
        if (dna_message_same_name(p->zones[i].name, zone)) {
            return p->zones[i].keys;
        }
    }
    if (p->n_zones == DNA_LIMIT_PROVING_ZONES) {
        return NULL;
    }
    entry = &p->zones[p->n_zones];
    *entry = (struct dna_proving_zone){.name = ldns_rdf_clone(zone)};
    if (entry->name == NULL) {
        return NULL;
    }
    p->n_zones++;
    entry->keys = prove_keys(p, zone); /* may add more; entries stay where they are */
    return entry->keys;
}

void dna_proving_forget(struct dna_proving *p)
{
    for (size_t i = 0; i < p->n_zones; i++) {
        ldns_rdf_deep_free(p->zones[i].name);
        ldns_rr_list_free(p->zones[i].keys);
    }
    p->n_zones = 0;
}
