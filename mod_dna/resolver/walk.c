/* resolver/walk.c: signed and denied, step by step.
 *
 * A denial is read from the authority section alone, and all of it must verify: a message
 * with one bad record in there denies nothing.
 */
#include <resolver/walk.h>

#include <resolver/denial.h>
#include <resolver/message.h>

static void lower(uint32_t *ttl, int64_t *end, const struct dna_proving_set *set)
{
    *ttl = set->ttl < *ttl ? set->ttl : *ttl;
    *end = set->end < *end ? set->end : *end;
}

/* --- what is denied --------------------------------------------------------------------- */

static bool denies(ldns_rr_type type)
{
    return type == LDNS_RR_TYPE_NSEC || type == LDNS_RR_TYPE_NSEC3 ||
           type == LDNS_RR_TYPE_SOA;
}

static bool is_whole(const ldns_rr *rr)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA ? ldns_rr_rd_count(rr) == 7
                                                    : dna_denial_is_whole(rr);
}

/* One record of the authority section, which must be signed; those of the zone count. */
static bool take_one(struct dna_walk *walk, const ldns_rdf *zone, ldns_rr *rr,
                     ldns_rr_list *out)
{
    ldns_rr_type type = ldns_rr_get_type(rr);
    struct dna_proving_set set;
    bool fine;
    if (!dna_proving_take(ldns_pkt_authority(walk->message->packet), ldns_rr_owner(rr), type,
                          &set)) {
        return false;
    }
    fine = ldns_rr_list_rr_count(set.records) == 1 && is_whole(rr) &&
           dna_proving_verify(walk->p, ldns_rr_owner(rr), type, &set);
    if (fine && dna_message_same_name(set.zone, zone)) {
        lower(&walk->ttl, &walk->end, &set);
        if (type == LDNS_RR_TYPE_SOA) {
            walk->minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
        } else {
            fine = ldns_rr_list_push_rr(out, rr);
        }
    }
    dna_proving_set_free(&set);
    return fine;
}

/* The zone's NSEC and NSEC3 records of the message.  False: the signature of one is bad. */
static bool take_denial(struct dna_walk *walk, const ldns_rdf *zone, ldns_rr_list *out)
{
    const ldns_rr_list *section = ldns_pkt_authority(walk->message->packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        ldns_rr *rr = ldns_rr_list_rr(section, i);
        if (denies(ldns_rr_get_type(rr)) && !take_one(walk, zone, rr, out)) {
            return false;
        }
    }
    return true;
}

typedef bool denial_fn(const struct dna_denial *denial, const ldns_rdf *name, unsigned detail);

/* Asks fn about the denial by that zone. */
static bool ask_denial(struct dna_walk *walk, const ldns_rdf *zone, denial_fn *fn,
                       const ldns_rdf *name, unsigned detail)
{
    ldns_rr_list *records = ldns_rr_list_new();
    struct dna_denial denial = {
        .zone = zone, .records = records, .hashes = &walk->p->hashes};
    bool denied = records != NULL && take_denial(walk, zone, records) &&
                  ldns_rr_list_rr_count(records) != 0 && fn(&denial, name, detail);
    ldns_rr_list_free(records);
    return denied;
}

static bool ask_no_closer(const struct dna_denial *denial, const ldns_rdf *name,
                          unsigned labels)
{
    return dna_denial_no_closer(denial, name, labels);
}

static bool ask_no_data(const struct dna_denial *denial, const ldns_rdf *name, unsigned type)
{
    return dna_denial_no_data(denial, name, (ldns_rr_type)type);
}

static bool ask_no_name(const struct dna_denial *denial, const ldns_rdf *name, unsigned none)
{
    (void)none;
    return dna_denial_no_name(denial, name);
}

static bool ask_unsigned(const struct dna_denial *denial, const ldns_rdf *name, unsigned none)
{
    (void)none;
    return dna_denial_unsigned(denial, name);
}

/* The zone that denies: the deepest above the name (for DS: strictly) that signed an NSEC or
 * NSEC3 of the message.  NULL: none. */
static const ldns_rdf *denying_zone(const struct dna_proving_message *message,
                                    const ldns_rdf *name, ldns_rr_type type)
{
    const ldns_rr_list *section = ldns_pkt_authority(message->packet);
    const ldns_rdf *deepest = NULL;
    for (size_t i = 0; i < ldns_rr_list_rr_count(section); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(section, i);
        const ldns_rdf *zone;
        ldns_rr_type covered;
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_RRSIG) {
            continue;
        }
        covered = ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr));
        zone = ldns_rr_rrsig_signame(rr);
        if ((covered == LDNS_RR_TYPE_NSEC || covered == LDNS_RR_TYPE_NSEC3) &&
            (ldns_dname_is_subdomain(name, zone) ||
             (type != LDNS_RR_TYPE_DS && dna_message_same_name(name, zone))) &&
            (deepest == NULL || ldns_dname_is_subdomain(zone, deepest))) {
            deepest = zone;
        }
    }
    return deepest;
}

/* Whether the message denies what it does not have, in the way that its code says. */
static bool is_denied(struct dna_walk *walk)
{
    const ldns_pkt *packet = walk->message->packet;
    ldns_rr_type type = walk->message->type;
    const ldns_rdf *zone = denying_zone(walk->message, walk->owner, type);
    bool denied;
    if (zone == NULL) {
        return false;
    }
    denied = ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN
                 ? ask_denial(walk, zone, ask_no_name, walk->owner, 0)
                 : ask_denial(walk, zone, ask_no_data, walk->owner, (unsigned)type);
    /* How long it holds is what the zone's SOA says (RFC 2308 5). */
    walk->ttl = walk->minimum < walk->ttl ? walk->minimum : walk->ttl;
    return denied;
}

/* --- the walk --------------------------------------------------------------------------- */

/* The set at the walk's owner: signed, and by no wildcard that something closer bars. */
static bool is_good(struct dna_walk *walk, ldns_rr_type type, struct dna_proving_set *set)
{
    if (!dna_proving_verify(walk->p, walk->owner, type, set)) {
        return false;
    }
    lower(&walk->ttl, &walk->end, set);
    return set->labels == dna_message_labels(walk->owner) ||
           ask_denial(walk, set->zone, ask_no_closer, walk->owner, set->labels);
}

enum dna_walk_step dna_walk_go(struct dna_walk *walk)
{
    const ldns_rr_list *answer = ldns_pkt_answer(walk->message->packet);
    struct dna_proving_set set;
    enum dna_walk_step step = DNA_WALK_NO;
    if (!dna_proving_take(answer, walk->owner, walk->message->type, &set)) {
        return DNA_WALK_NO;
    }
    if (ldns_rr_list_rr_count(set.records) != 0) {
        step = is_good(walk, walk->message->type, &set) ? DNA_WALK_END : DNA_WALK_NO;
        dna_proving_set_free(&set);
        return step;
    }
    dna_proving_set_free(&set);
    if (!dna_proving_take(answer, walk->owner, LDNS_RR_TYPE_CNAME, &set)) {
        return DNA_WALK_NO;
    }
    if (ldns_rr_list_rr_count(set.records) == 0) {
        step = is_denied(walk) ? DNA_WALK_END : DNA_WALK_NO;
    } else if (ldns_rr_list_rr_count(set.records) == 1 &&
               is_good(walk, LDNS_RR_TYPE_CNAME, &set)) {
        walk->owner = ldns_rr_rdf(ldns_rr_list_rr(set.records, 0), 0);
        step = walk->owner != NULL ? DNA_WALK_ON : DNA_WALK_NO;
    }
    dna_proving_set_free(&set);
    return step;
}

bool dna_walk_is_unsigned(struct dna_proving *p, const ldns_rdf *name)
{
    unsigned labels = ldns_dname_label_count(name);
    bool found = false;
    for (unsigned up = 0; !found && up < labels; up++) {
        ldns_rdf *cut = ldns_dname_clone_from(name, (uint16_t)up);
        struct dna_walk walk = {.p = p, .ttl = UINT32_MAX, .end = INT64_MAX};
        const ldns_rdf *zone;
        walk.message = cut != NULL ? dna_proving_find(p, cut, LDNS_RR_TYPE_DS) : NULL;
        zone = walk.message != NULL ? denying_zone(walk.message, cut, LDNS_RR_TYPE_DS) : NULL;
        found = zone != NULL && ask_denial(&walk, zone, ask_unsigned, cut, 0) &&
                !dna_proving_has_anchor_below(p, zone, name);
        ldns_rdf_deep_free(cut);
    }
    return found;
}
