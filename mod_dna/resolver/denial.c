/* resolver/denial.c: what verified NSEC and NSEC3 records deny.
 *
 * A record of the parent at a delegation (NS without SOA) says nothing about what lies at or
 * below it, but for DS; nor does one with a DNAME about what lies below (RFC 6840 4.1, 4.4).
 */
#include <resolver/denial.h>

#include <string.h>

#include <base/limits.h>
#include <resolver/message.h>

enum { HASH = LDNS_SHA1_DIGEST_LENGTH };

static const ldns_rr *record(const struct dna_denial *denial, size_t i)
{
    return ldns_rr_list_rr(denial->records, i);
}

/* RFC 4034 4.1.2: blocks of 1 to 32 octets, in order, to the last octet. */
static bool is_bitmap(const ldns_rdf *bitmap)
{
    const uint8_t *octets = ldns_rdf_data(bitmap);
    size_t len = ldns_rdf_size(bitmap), at = 0;
    int last = -1;
    while (len - at >= 2) {
        if (octets[at] <= last || octets[at + 1] == 0 || octets[at + 1] > 32 ||
            octets[at + 1] > len - at - 2) {
            return false;
        }
        last = octets[at];
        at += 2u + octets[at + 1];
    }
    return at == len;
}

/* The NSEC3 of an empty non-terminal has no list of types. */
bool dna_denial_is_whole(const ldns_rr *rr)
{
    size_t fields = ldns_rr_rd_count(rr);
    const ldns_rdf *bitmap = ldns_nsec_get_bitmap(rr);
    switch ((unsigned)ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_NSEC:
        return fields == 2 && is_bitmap(bitmap);
    case LDNS_RR_TYPE_NSEC3:
        return fields == 5 || (fields == 6 && is_bitmap(bitmap));
    default:
        return false;
    }
}

static bool has(const ldns_rr *rr, ldns_rr_type type)
{
    const ldns_rdf *bitmap = ldns_nsec_get_bitmap(rr);
    return bitmap != NULL && ldns_nsec_bitmap_covers_type(bitmap, type);
}

static bool is_delegation(const ldns_rr *rr)
{
    return has(rr, LDNS_RR_TYPE_NS) && !has(rr, LDNS_RR_TYPE_SOA);
}

/* Whether the record at the very name denies the type there. */
static bool lacks(const ldns_rr *rr, ldns_rr_type type)
{
    if (has(rr, type) || has(rr, LDNS_RR_TYPE_CNAME)) {
        return false;
    }
    return type == LDNS_RR_TYPE_DS ? !has(rr, LDNS_RR_TYPE_SOA) : !is_delegation(rr);
}

/* The ancestor of so many labels, which the caller frees; NULL: no memory. */
static ldns_rdf *ancestor(const ldns_rdf *name, unsigned labels)
{
    unsigned all = ldns_dname_label_count(name);
    return labels > all ? NULL : ldns_dname_clone_from(name, (uint16_t)(all - labels));
}

/* "*." before the name. */
static ldns_rdf *wildcard_of(const ldns_rdf *name)
{
    ldns_rdf *star = ldns_dname_new_frm_str("*"), *out = NULL;
    if (star != NULL) {
        out = ldns_dname_cat_clone(star, name);
    }
    ldns_rdf_deep_free(star);
    return out;
}

/* --- NSEC ------------------------------------------------------------------------------- */

static bool is_below(const ldns_rdf *name, const ldns_rdf *above)
{
    return ldns_dname_is_subdomain(name, above);
}

static const ldns_rr *nsec_at(const struct dna_denial *denial, const ldns_rdf *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(denial->records); i++) {
        if (ldns_rr_get_type(record(denial, i)) == LDNS_RR_TYPE_NSEC &&
            dna_message_same_name(ldns_rr_owner(record(denial, i)), name)) {
            return record(denial, i);
        }
    }
    return NULL;
}

static bool spans(const struct dna_denial *denial, const ldns_rr *rr, const ldns_rdf *name)
{
    const ldns_rdf *owner = ldns_rr_owner(rr), *next = ldns_rr_rdf(rr, 0);
    if (ldns_dname_compare(owner, name) >= 0 ||
        (is_below(name, owner) && (is_delegation(rr) || has(rr, LDNS_RR_TYPE_DNAME)))) {
        return false;
    }
    return ldns_dname_compare(name, next) < 0 || dna_message_same_name(next, denial->zone);
}

/* The record that says that the name is not there; it may still have names below it. */
static const ldns_rr *nsec_over(const struct dna_denial *denial, const ldns_rdf *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(denial->records); i++) {
        if (ldns_rr_get_type(record(denial, i)) == LDNS_RR_TYPE_NSEC &&
            spans(denial, record(denial, i), name)) {
            return record(denial, i);
        }
    }
    return NULL;
}

/* The octets of the last labels of a name. */
static struct dna_span last_labels(const ldns_rdf *name, unsigned labels)
{
    struct dna_span left = {(const char *)ldns_rdf_data(name), ldns_rdf_size(name)};
    for (unsigned skip = ldns_dname_label_count(name) - labels; skip != 0; skip--) {
        size_t label = 1u + (unsigned char)left.ptr[0];
        left = (struct dna_span){left.ptr + label, left.len - label};
    }
    return left;
}

/* Length octets are below 'A'. */
static bool same_octets(struct dna_span x, struct dna_span y)
{
    for (size_t i = 0; x.len == y.len && i < x.len; i++) {
        if (LDNS_DNAME_NORMALIZE((int)(unsigned char)x.ptr[i]) !=
            LDNS_DNAME_NORMALIZE((int)(unsigned char)y.ptr[i])) {
            return false;
        }
    }
    return x.len == y.len;
}

/* Takes no memory: counting too few would look for the wrong wildcard. */
static unsigned common_labels(const ldns_rdf *a, const ldns_rdf *b)
{
    unsigned in_a = ldns_dname_label_count(a), in_b = ldns_dname_label_count(b), n = 0;
    while (n < in_a && n < in_b) {
        struct dna_span x = last_labels(a, n + 1), y = last_labels(b, n + 1);
        if (!same_octets(x, y)) {
            break;
        }
        n++;
    }
    return n;
}

/* The wildcard that would stand for a name that the record spans. */
static ldns_rdf *nsec_wildcard(const ldns_rr *over, const ldns_rdf *name)
{
    unsigned left = common_labels(name, ldns_rr_owner(over));
    unsigned right = common_labels(name, ldns_rr_rdf(over, 0));
    ldns_rdf *closest = ancestor(name, left > right ? left : right), *star = NULL;
    if (closest != NULL) {
        star = wildcard_of(closest);
    }
    ldns_rdf_deep_free(closest);
    return star;
}

static bool nsec_no_data(const struct dna_denial *denial, const ldns_rdf *name,
                         ldns_rr_type type)
{
    const ldns_rr *at = nsec_at(denial, name), *over;
    ldns_rdf *star;
    bool denied = false;
    if (at != NULL) {
        return lacks(at, type);
    }
    over = nsec_over(denial, name);
    if (over == NULL) {
        return false;
    }
    if (is_below(ldns_rr_rdf(over, 0), name)) {
        return true; /* an empty non-terminal */
    }
    star = nsec_wildcard(over, name);
    at = star != NULL ? nsec_at(denial, star) : NULL;
    denied = at != NULL && lacks(at, type);
    ldns_rdf_deep_free(star);
    return denied;
}

static bool nsec_no_name(const struct dna_denial *denial, const ldns_rdf *name)
{
    const ldns_rr *over = nsec_over(denial, name);
    ldns_rdf *star;
    bool denied;
    if (over == NULL || is_below(ldns_rr_rdf(over, 0), name)) {
        return false;
    }
    star = nsec_wildcard(over, name);
    denied = star != NULL && nsec_over(denial, star) != NULL;
    ldns_rdf_deep_free(star);
    return denied;
}

/* --- NSEC3 ------------------------------------------------------------------------------ */

/* Of a zone all whose records here have the same parameters (RFC 5155 8.2). */
static const ldns_rr *parameters(const struct dna_denial *denial)
{
    const ldns_rr *first = NULL;
    for (size_t i = 0; i < ldns_rr_list_rr_count(denial->records); i++) {
        const ldns_rr *rr = record(denial, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NSEC3) {
            continue;
        }
        first = first != NULL ? first : rr;
        if (ldns_nsec3_algorithm(rr) != 1 ||
            (ldns_nsec3_flags(rr) & ~1u) != 0 ||
            ldns_nsec3_iterations(rr) > DNA_LIMIT_NSEC3_ITERATIONS ||
            ldns_nsec3_iterations(rr) != ldns_nsec3_iterations(first) ||
            ldns_rdf_compare(ldns_rr_rdf(rr, 3), ldns_rr_rdf(first, 3)) != 0) {
            return NULL;
        }
    }
    return first;
}

/* RFC 5155 5.  False: too much work. */
static bool hash(const struct dna_denial *denial, const ldns_rr *with, const ldns_rdf *name,
                 unsigned char out[HASH])
{
    unsigned char bytes[LDNS_MAX_DOMAINLEN + 1 + UINT8_MAX];
    const ldns_rdf *salt = ldns_rr_rdf(with, 3);
    size_t salt_len = ldns_rdf_size(salt) - 1, len = ldns_rdf_size(name);
    unsigned rounds = ldns_nsec3_iterations(with) + 1u;
    if (*denial->hashes < rounds || ldns_rdf_size(salt) == 0 || salt_len > UINT8_MAX ||
        len > LDNS_MAX_DOMAINLEN) {
        return false;
    }
    *denial->hashes -= rounds;
    memcpy(bytes, ldns_rdf_data(name), len);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (unsigned char)LDNS_DNAME_NORMALIZE((int)bytes[i]);
    }
    for (unsigned i = 0; i < rounds; i++) {
        memcpy(bytes + len, ldns_rdf_data(salt) + 1, salt_len);
        (void)ldns_sha1(bytes, (unsigned)(len + salt_len), out);
        memcpy(bytes, out, HASH);
        len = HASH;
    }
    return true;
}

/* Which hash a record stands at; only those right below the zone's apex count. */
static bool own_hash(const struct dna_denial *denial, const ldns_rr *rr,
                     unsigned char out[HASH])
{
    const ldns_rdf *owner = ldns_rr_owner(rr);
    const uint8_t *label = ldns_rdf_data(owner);
    unsigned char room[HASH + 8];
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NSEC3 || label[0] != 32 ||
        ldns_dname_label_count(owner) != ldns_dname_label_count(denial->zone) + 1 ||
        ldns_b32_pton_extended_hex((const char *)label + 1, 32, room, sizeof room) != HASH) {
        return false;
    }
    memcpy(out, room, HASH);
    return true;
}

static bool next_hash(const ldns_rr *rr, unsigned char out[HASH])
{
    const ldns_rdf *next = ldns_nsec3_next_owner(rr);
    if (next == NULL || ldns_rdf_size(next) != HASH + 1 || ldns_rdf_data(next)[0] != HASH) {
        return false;
    }
    memcpy(out, ldns_rdf_data(next) + 1, HASH);
    return true;
}

static bool between(const unsigned char own[HASH], const unsigned char name[HASH],
                    const unsigned char next[HASH])
{
    bool after = memcmp(own, name, HASH) < 0, before = memcmp(name, next, HASH) < 0;
    return memcmp(own, next, HASH) < 0 ? after && before
                                       : (after || before) && memcmp(own, name, HASH) != 0;
}

/* The record at the name (exact), or the one that says that it is not there. */
static const ldns_rr *nsec3_find(const struct dna_denial *denial, const ldns_rdf *name,
                                 bool exact)
{
    const ldns_rr *with = parameters(denial);
    unsigned char wanted[HASH], own[HASH], next[HASH];
    if (with == NULL || !hash(denial, with, name, wanted)) {
        return NULL;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(denial->records); i++) {
        const ldns_rr *rr = record(denial, i);
        if (!own_hash(denial, rr, own) || !next_hash(rr, next)) {
            continue;
        }
        if (exact ? memcmp(own, wanted, HASH) == 0 : between(own, wanted, next)) {
            return rr;
        }
    }
    return NULL;
}

static const ldns_rr *nsec3_find_above(const struct dna_denial *denial, const ldns_rdf *name,
                                       unsigned labels, bool exact)
{
    ldns_rdf *above = ancestor(name, labels);
    const ldns_rr *found = above != NULL ? nsec3_find(denial, above, exact) : NULL;
    ldns_rdf_deep_free(above);
    return found;
}

/* RFC 5155 8.3: how many labels the closest encloser has, and the record over the name one
 * label longer.  False: not shown, or the zone does not speak for what is below it. */
static bool closest(const struct dna_denial *denial, const ldns_rdf *name, unsigned *labels,
                    const ldns_rr **over)
{
    unsigned all = ldns_dname_label_count(name), apex = ldns_dname_label_count(denial->zone);
    for (unsigned n = all; n-- > apex;) {
        const ldns_rr *at = nsec3_find_above(denial, name, n, true);
        if (at == NULL) {
            continue;
        }
        *labels = n;
        *over = nsec3_find_above(denial, name, n + 1, false);
        return *over != NULL && !is_delegation(at) && !has(at, LDNS_RR_TYPE_DNAME);
    }
    return false;
}

static ldns_rdf *wildcard_above(const ldns_rdf *name, unsigned labels)
{
    ldns_rdf *above = ancestor(name, labels), *star = NULL;
    if (above != NULL) {
        star = wildcard_of(above);
    }
    ldns_rdf_deep_free(above);
    return star;
}

static bool nsec3_no_data(const struct dna_denial *denial, const ldns_rdf *name,
                          ldns_rr_type type)
{
    const ldns_rr *at = nsec3_find(denial, name, true), *over;
    unsigned labels;
    ldns_rdf *star;
    bool denied;
    if (at != NULL) {
        return lacks(at, type);
    }
    if (!closest(denial, name, &labels, &over) || ldns_nsec3_optout(over)) {
        return false;
    }
    star = wildcard_above(name, labels);
    at = star != NULL ? nsec3_find(denial, star, true) : NULL;
    denied = at != NULL && lacks(at, type);
    ldns_rdf_deep_free(star);
    return denied;
}

static bool nsec3_no_name(const struct dna_denial *denial, const ldns_rdf *name)
{
    const ldns_rr *over;
    unsigned labels;
    ldns_rdf *star;
    bool denied;
    if (!closest(denial, name, &labels, &over) || ldns_nsec3_optout(over)) {
        return false;
    }
    star = wildcard_above(name, labels);
    denied = star != NULL && nsec3_find(denial, star, false) != NULL;
    ldns_rdf_deep_free(star);
    return denied;
}

/* --- either ----------------------------------------------------------------------------- */

bool dna_denial_no_data(const struct dna_denial *denial, const ldns_rdf *name,
                        ldns_rr_type type)
{
    return nsec_no_data(denial, name, type) || nsec3_no_data(denial, name, type);
}

bool dna_denial_no_name(const struct dna_denial *denial, const ldns_rdf *name)
{
    return nsec_no_name(denial, name) || nsec3_no_name(denial, name);
}

bool dna_denial_no_closer(const struct dna_denial *denial, const ldns_rdf *name,
                          unsigned labels)
{
    ldns_rdf *closer = ancestor(name, labels + 1);
    const ldns_rr *over = NULL;
    bool denied = false;
    if (closer != NULL) {
        /* What spans the name's own place with nothing of the branch after it. */
        over = nsec_over(denial, name);
        denied = over != NULL && !is_below(ldns_rr_rdf(over, 0), closer) &&
                 !dna_message_same_name(ldns_rr_rdf(over, 0), closer) &&
                 !is_below(ldns_rr_owner(over), closer) &&
                 !dna_message_same_name(ldns_rr_owner(over), closer);
    }
    if (!denied && closer != NULL) {
        over = nsec3_find(denial, closer, false);
        denied = over != NULL && !ldns_nsec3_optout(over);
    }
    ldns_rdf_deep_free(closer);
    return denied;
}

bool dna_denial_unsigned(const struct dna_denial *denial, const ldns_rdf *name)
{
    const ldns_rr *at = nsec_at(denial, name), *over;
    unsigned labels;
    at = at != NULL ? at : nsec3_find(denial, name, true);
    if (at != NULL) {
        return is_delegation(at) && lacks(at, LDNS_RR_TYPE_DS);
    }
    return closest(denial, name, &labels, &over) && ldns_nsec3_optout(over);
}
