#include <world.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ldns/ldns.h>

enum { MOST_ZONES = 32, MOST_LIES = 16, MOST_ASKED = 2000, HOPS = 12, DAY = 86400 };

struct zone {
    char name[260];
    const struct world_zone *spec;
    ldns_rdf *apex;
    ldns_key_list *keys;
    ldns_rr_list *plain;   /* before signing */
    ldns_rr_list *records; /* with all that signing added */
    char file[64];
    char key[2][2048];
};

struct asked {
    char name[260];
    unsigned type;
};

struct connection {
    struct world *world;
    struct connection *next;
    int fd;
    struct dna_watch *watch;
};

struct world {
    const struct dna_loop *loop;
    struct zone zones[MOST_ZONES];
    size_t n_zones;
    struct {
        char name[260];
        unsigned type;
        enum world_lie lie;
    } lies[MOST_LIES];
    size_t n_lies;
    struct asked *asked;
    size_t n_asked;
    unsigned by_tcp;
    bool ad, lame;
    char address[20], server[40];
    uint16_t port;
    char hints[64];
    int udp, tcp;
    struct dna_watch *udp_watch, *tcp_watch;
    struct connection *connections;
};

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

static struct zone *find_zone(struct world *world, const char *name)
{
    for (size_t i = 0; i < world->n_zones; i++) {
        if (strcmp(world->zones[i].spec->name, name) == 0) {
            return &world->zones[i];
        }
    }
    abort();
}

/* --- making zones -------------------------------------------------------------------- */

static void push_line(ldns_rr_list *list, const char *line)
{
    ldns_rr *rr;
    must(ldns_rr_new_frm_str(&rr, line, 3600, NULL, NULL) == LDNS_STATUS_OK);
    must(ldns_rr_list_push_rr(list, rr));
}

static void add_records(const struct world *world, struct zone *zone)
{
    char line[2000];
    const char *text = zone->spec->records != NULL ? zone->spec->records : "";
    if (strcmp(zone->name, ".") == 0) {
        (void)snprintf(line, sizeof line, "ns. 3600 IN A %s", world->address);
        push_line(zone->plain, line);
    }
    (void)snprintf(line, sizeof line, "%s 3600 IN SOA ns. admin. 1 3600 600 86400 300",
                   zone->name);
    push_line(zone->plain, line);
    (void)snprintf(line, sizeof line, "%s 3600 IN NS ns.", zone->name);
    push_line(zone->plain, line);
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)n, text);
        if (n != 0) {
            push_line(zone->plain, line);
        }
        text += n + (text[n] == '\n');
    }
}

static ldns_key *new_key(struct zone *zone, uint16_t flags)
{
    int algorithm = zone->spec->algorithm != 0 ? zone->spec->algorithm : 13;
    ldns_key *key = ldns_key_new_frm_algorithm((ldns_signing_algorithm)algorithm,
                                               algorithm < 13 ? 2048 : 0);
    must(key != NULL);
    ldns_key_set_pubkey_owner(key, ldns_rdf_clone(zone->apex));
    ldns_key_set_flags(key, flags);
    return key;
}

static void set_dates(ldns_key_list *keys, int64_t inception, int64_t expiration)
{
    for (size_t i = 0; i < ldns_key_list_key_count(keys); i++) {
        ldns_key *key = ldns_key_list_key(keys, i);
        ldns_key_set_inception(key, (uint32_t)(time(NULL) + inception));
        ldns_key_set_expiration(key, (uint32_t)(time(NULL) + expiration));
    }
}

/* The same key pair at another apex. */
static ldns_key *adopt_key(struct world *world, struct zone *zone)
{
    ldns_key *theirs = ldns_key_list_key(find_zone(world, zone->spec->same_key_as)->keys, 0);
    ldns_key *key = ldns_key_new();
    must(key != NULL);
    ldns_key_set_algorithm(key, ldns_key_algorithm(theirs));
    must(EVP_PKEY_up_ref(ldns_key_evp_key(theirs)) == 1);
    ldns_key_set_evp_key(key, ldns_key_evp_key(theirs));
    ldns_key_set_pubkey_owner(key, ldns_rdf_clone(zone->apex));
    ldns_key_set_flags(key, 257);
    ldns_key_set_use(key, true);
    return key;
}

static void make_keys(struct world *world, struct zone *zone)
{
    zone->keys = ldns_key_list_new();
    switch (zone->spec->keys) {
    case WORLD_UNSIGNED:
        return;
    case WORLD_CSK:
        must(ldns_key_list_push_key(zone->keys, zone->spec->same_key_as != NULL
                                                    ? adopt_key(world, zone)
                                                    : new_key(zone, 257)));
        break;
    case WORLD_SPLIT:
        must(ldns_key_list_push_key(zone->keys, new_key(zone, 257)));
        must(ldns_key_list_push_key(zone->keys, new_key(zone, 256)));
        break;
    case WORLD_256:
        must(ldns_key_list_push_key(zone->keys, new_key(zone, 256)));
        break;
    case WORLD_REVOKED:
        must(ldns_key_list_push_key(zone->keys, new_key(zone, 385)));
        break;
    }
    for (size_t i = 0; i < ldns_key_list_key_count(zone->keys); i++) {
        ldns_key *key = ldns_key_list_key(zone->keys, i);
        ldns_rr *rr = ldns_key2rr(key);
        must(rr != NULL);
        ldns_rr_set_ttl(rr, 3600);
        ldns_key_set_keytag(key, ldns_calc_keytag(rr));
        must(ldns_rr_list_push_rr(zone->plain, rr));
    }
    set_dates(zone->keys, -DAY, 14 * DAY);
}

static bool is_under(const ldns_rdf *name, const ldns_rdf *ancestor)
{
    return ldns_dname_compare(name, ancestor) == 0 || ldns_dname_is_subdomain(name, ancestor);
}

/* The deepest zone that name is in; the parent's side of a cut for DS. */
static struct zone *zone_of(struct world *world, const ldns_rdf *name, ldns_rr_type type)
{
    struct zone *best = NULL;
    for (size_t i = 0; i < world->n_zones; i++) {
        struct zone *zone = &world->zones[i];
        bool above = type == LDNS_RR_TYPE_DS && ldns_dname_label_count(name) != 0 &&
                     ldns_dname_compare(name, zone->apex) == 0;
        if (!above && is_under(name, zone->apex) &&
            (best == NULL ||
             ldns_dname_label_count(zone->apex) > ldns_dname_label_count(best->apex))) {
            best = zone;
        }
    }
    return best;
}

static void link_to_parent(struct world *world, struct zone *zone)
{
    struct zone *parent = zone_of(world, zone->apex, LDNS_RR_TYPE_DS);
    char line[600];
    if (ldns_dname_label_count(zone->apex) == 0) {
        return;
    }
    (void)snprintf(line, sizeof line, "%s 3600 IN NS ns.", zone->name);
    push_line(parent->plain, line);
    for (size_t i = 0; zone->spec->linked && i < ldns_key_list_key_count(zone->keys); i++) {
        ldns_rr *key = ldns_key2rr(ldns_key_list_key(zone->keys, i));
        ldns_rr *ds = ldns_key_rr2ds(key, LDNS_SHA256);
        ldns_rr_set_ttl(ds, 3600);
        must(ldns_rr_list_push_rr(parent->plain, ds));
        ldns_rr_free(key);
    }
}

static void take_list(ldns_rr_list *out, const ldns_dnssec_rrs *rrs)
{
    for (; rrs != NULL; rrs = rrs->next) {
        must(ldns_rr_list_push_rr(out, ldns_rr_clone(rrs->rr)));
    }
}

static void take_signed(struct zone *zone, ldns_dnssec_zone *made)
{
    for (ldns_rbnode_t *node = ldns_rbtree_first(made->names); node != LDNS_RBTREE_NULL;
         node = ldns_rbtree_next(node)) {
        const ldns_dnssec_name *name = node->data;
        for (const ldns_dnssec_rrsets *set = name->rrsets; set != NULL; set = set->next) {
            take_list(zone->records, set->rrs);
            take_list(zone->records, set->signatures);
        }
        if (name->nsec != NULL) {
            must(ldns_rr_list_push_rr(zone->records, ldns_rr_clone(name->nsec)));
            take_list(zone->records, name->nsec_signatures);
        }
    }
}

static void sign_zone(struct zone *zone)
{
    ldns_dnssec_zone *made = ldns_dnssec_zone_new();
    ldns_rr_list *added = ldns_rr_list_new();
    uint8_t salt[] = {0xab, 0xcd};
    ldns_status status;
    for (size_t i = 0; i < ldns_rr_list_rr_count(zone->plain); i++) {
        must(ldns_dnssec_zone_add_rr(made, ldns_rr_list_rr(zone->plain, i)) ==
             LDNS_STATUS_OK);
    }
    if (zone->spec->keys == WORLD_UNSIGNED) {
        take_signed(zone, made);
        goto done;
    }
    if (zone->spec->nsec3) {
        status = ldns_dnssec_zone_sign_nsec3(made, added, zone->keys,
                                             ldns_dnssec_default_replace_signatures, NULL, 1,
                                             0, 0, sizeof salt, salt);
    } else {
        status = ldns_dnssec_zone_sign(made, added, zone->keys,
                                       ldns_dnssec_default_replace_signatures, NULL);
    }
    must(status == LDNS_STATUS_OK);
    take_signed(zone, made);
done:
    ldns_rr_list_deep_free(added);
    ldns_dnssec_zone_free(made);
}

/* --- answering ----------------------------------------------------------------------- */

static bool covers_type(const ldns_rr *rr, ldns_rr_type type)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG &&
           ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(rr)) == type;
}

/* Copies the RRset and its signatures, under the name `as` where one is given. */
static size_t copy_set(const struct zone *zone, const ldns_rdf *owner, ldns_rr_type type,
                       const ldns_rdf *as, ldns_rr_list *out)
{
    size_t n = 0;
    for (size_t i = 0; i < ldns_rr_list_rr_count(zone->records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(zone->records, i);
        if (ldns_dname_compare(ldns_rr_owner(rr), owner) == 0 &&
            (ldns_rr_get_type(rr) == type || covers_type(rr, type))) {
            ldns_rr *copy = ldns_rr_clone(rr);
            if (as != NULL) {
                ldns_rdf_deep_free(ldns_rr_owner(copy));
                ldns_rr_set_owner(copy, ldns_rdf_clone(as));
            }
            must(ldns_rr_list_push_rr(out, copy));
            n++;
        }
    }
    return n;
}

static bool exists(const struct zone *zone, const ldns_rdf *name)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(zone->records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(zone->records, i);
        if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_NSEC3 &&
            !covers_type(rr, LDNS_RR_TYPE_NSEC3) && is_under(ldns_rr_owner(rr), name)) {
            return true;
        }
    }
    return false;
}

static ldns_rdf *wildcard_under(const ldns_rdf *name)
{
    ldns_rdf *star = ldns_dname_new_frm_str("*");
    ldns_rdf *whole = ldns_dname_cat_clone(star, name);
    ldns_rdf_deep_free(star);
    return whole;
}

/* Whether the NSEC or NSEC3 record matches or covers the name. */
static bool speaks_of(const ldns_rr *nsec, const ldns_rdf *name, const ldns_rdf *apex)
{
    ldns_rdf *subject;
    bool speaks;
    if (ldns_rr_get_type(nsec) == LDNS_RR_TYPE_NSEC) {
        subject = ldns_rdf_clone(name);
    } else {
        subject = ldns_nsec3_hash_name_frm_nsec3(nsec, name);
        must(ldns_dname_cat(subject, apex) == LDNS_STATUS_OK);
    }
    speaks = ldns_dname_compare(ldns_rr_owner(nsec), subject) == 0 ||
             ldns_nsec_covers_name(nsec, subject);
    ldns_rdf_deep_free(subject);
    return speaks;
}

/* Of the name, its ancestors in the zone and the wildcards there. */
static bool belongs_to_denial(const ldns_rr *nsec, const ldns_rdf *name, const ldns_rdf *apex)
{
    bool nsec3 = ldns_rr_get_type(nsec) == LDNS_RR_TYPE_NSEC3;
    ldns_rdf *at = ldns_rdf_clone(name);
    bool found = speaks_of(nsec, at, apex);
    while (!found && ldns_dname_compare(at, apex) != 0) {
        ldns_rdf *up = ldns_dname_left_chop(at), *wildcard = wildcard_under(up);
        ldns_rdf_deep_free(at);
        at = up;
        found = speaks_of(nsec, wildcard, apex) || (nsec3 && speaks_of(nsec, at, apex));
        ldns_rdf_deep_free(wildcard);
    }
    ldns_rdf_deep_free(at);
    return found;
}

static void add_denial(const struct zone *zone, const ldns_rdf *name, bool soa,
                       ldns_pkt *packet)
{
    ldns_rr_list *out = ldns_pkt_authority(packet);
    if (soa) {
        copy_set(zone, zone->apex, LDNS_RR_TYPE_SOA, NULL, out);
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(zone->records); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(zone->records, i);
        ldns_rr_type type = ldns_rr_get_type(rr);
        if ((type == LDNS_RR_TYPE_NSEC || type == LDNS_RR_TYPE_NSEC3) &&
            belongs_to_denial(rr, name, zone->apex)) {
            copy_set(zone, ldns_rr_owner(rr), type, NULL, out);
        }
    }
}

/* The wildcard at the closest encloser, whether it exists or not. */
static ldns_rdf *source_of_synthesis(const struct zone *zone, const ldns_rdf *name)
{
    ldns_rdf *up = ldns_dname_left_chop(name), *wildcard;
    while (!exists(zone, up)) {
        ldns_rdf *next = ldns_dname_left_chop(up);
        ldns_rdf_deep_free(up);
        up = next;
    }
    wildcard = wildcard_under(up);
    ldns_rdf_deep_free(up);
    return wildcard;
}

/* Answers for a name that only a wildcard covers; false: it does not exist at all. */
static bool expand(const struct zone *zone, const ldns_rdf *name, ldns_rr_type type,
                   ldns_pkt *packet)
{
    ldns_rdf *wildcard = source_of_synthesis(zone, name);
    bool found = exists(zone, wildcard);
    if (found) {
        size_t n = copy_set(zone, wildcard, type, name, ldns_pkt_answer(packet));
        add_denial(zone, name, n == 0, packet);
    }
    ldns_rdf_deep_free(wildcard);
    return found;
}

static void answer(struct world *world, const ldns_rdf *asked, ldns_rr_type type,
                   ldns_pkt *packet)
{
    const ldns_rdf *name = asked;
    for (int hops = 0; hops < HOPS; hops++) {
        struct zone *zone = zone_of(world, name, type);
        ldns_rr_list *out = ldns_pkt_answer(packet);
        size_t before = ldns_rr_list_rr_count(out);
        if (copy_set(zone, name, type, NULL, out) != 0 ||
            (!exists(zone, name) && expand(zone, name, type, packet))) {
            return;
        }
        if (copy_set(zone, name, LDNS_RR_TYPE_CNAME, NULL, out) == 0) {
            add_denial(zone, name, true, packet);
            ldns_pkt_set_rcode(packet, exists(zone, name) ? LDNS_RCODE_NOERROR
                                                          : LDNS_RCODE_NXDOMAIN);
            return;
        }
        name = ldns_rr_rdf(ldns_rr_list_rr(out, before), 0);
    }
}

/* --- lying --------------------------------------------------------------------------- */

static void strip(ldns_rr_list *list)
{
    size_t kept = 0, n = ldns_rr_list_rr_count(list);
    for (size_t i = 0; i < n; i++) {
        ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_RRSIG) {
            ldns_rr_free(rr);
        } else {
            (void)ldns_rr_list_set_rr(list, rr, kept++);
        }
    }
    ldns_rr_list_set_rr_count(list, kept);
}

static void flip(ldns_rr_list *list, ldns_rr_type type, size_t field)
{
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        ldns_rr *rr = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(rr) == type) {
            ldns_rdf *rdf = ldns_rr_rdf(rr, field);
            ldns_rdf_data(rdf)[ldns_rdf_size(rdf) - 1] ^= 1;
        }
    }
}

static void sign_anew(struct zone *zone, ldns_pkt *packet, ldns_key_list *keys, int64_t from,
                      int64_t to)
{
    ldns_rr_list *list = ldns_pkt_answer(packet), *signatures;
    ldns_key_list *used;
    bool are_keys;
    if (ldns_rr_list_rr_count(list) == 0) {
        return;
    }
    are_keys = ldns_rr_get_type(ldns_rr_list_rr(list, 0)) == LDNS_RR_TYPE_DNSKEY;
    strip(list);
    set_dates(keys, from, to);
    used = ldns_key_list_new();
    /* The first key signs keys, the last everything else. */
    must(ldns_key_list_push_key(
        used, ldns_key_list_key(keys, are_keys ? 0 : ldns_key_list_key_count(keys) - 1)));
    signatures = ldns_sign_public(list, used);
    must(signatures != NULL && ldns_rr_list_cat(list, signatures));
    free(signatures->_rrs);
    free(signatures);
    free(used->_keys);
    free(used);
    set_dates(zone->keys, -DAY, 14 * DAY);
}

static void sign_by_stranger(struct zone *zone, ldns_pkt *packet)
{
    ldns_key_list *keys = ldns_key_list_new();
    ldns_key *key = new_key(zone, 257);
    ldns_rr *rr = ldns_key2rr(key);
    ldns_key_set_keytag(key, ldns_calc_keytag(rr));
    ldns_rr_free(rr);
    must(ldns_key_list_push_key(keys, key));
    sign_anew(zone, packet, keys, -DAY, DAY);
    ldns_key_list_free(keys);
}

/* Each of them asks to be tried: it names the key that made the right one. */
static void crowd(ldns_rr_list *list)
{
    ldns_rr *right = NULL;
    for (size_t i = 0; i < ldns_rr_list_rr_count(list) && right == NULL; i++) {
        if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == LDNS_RR_TYPE_RRSIG) {
            right = ldns_rr_list_rr(list, i);
        }
    }
    for (uint8_t i = 1; i <= 20 && right != NULL; i++) {
        ldns_rr *wrong = ldns_rr_clone(right);
        ldns_rdf *rdf = ldns_rr_rdf(wrong, 8);
        ldns_rdf_data(rdf)[ldns_rdf_size(rdf) - 1] ^= i;
        must(ldns_rr_list_push_rr(list, wrong));
    }
}

static void distort(struct world *world, enum world_lie lie, const ldns_rdf *name,
                    ldns_rr_type type, ldns_pkt *packet)
{
    struct zone *zone = zone_of(world, name, type);
    ldns_rr_list *list = ldns_pkt_answer(packet);
    switch (lie) {
    case WORLD_STRIP:
        strip(list);
        strip(ldns_pkt_authority(packet));
        break;
    case WORLD_FLIP:
        flip(list, LDNS_RR_TYPE_RRSIG, 8);
        break;
    case WORLD_EXPIRED:
        sign_anew(zone, packet, zone->keys, -30 * DAY, -10 * DAY);
        break;
    case WORLD_FUTURE:
        sign_anew(zone, packet, zone->keys, 10 * DAY, 30 * DAY);
        break;
    case WORLD_STRANGER:
        sign_by_stranger(zone, packet);
        break;
    case WORLD_OTHER:
        flip(list, type, 0);
        break;
    case WORLD_CROWD:
        crowd(list);
        break;
    case WORLD_BARE:
        ldns_rr_list_deep_free(ldns_pkt_authority(packet));
        ldns_pkt_set_authority(packet, ldns_rr_list_new());
        ldns_pkt_set_nscount(packet, 0);
        break;
    case WORLD_SERVFAIL:
        ldns_pkt_set_rcode(packet, LDNS_RCODE_SERVFAIL);
        break;
    case WORLD_HONEST:
    case WORLD_SILENT:
    case WORLD_GARBAGE:
    case WORLD_MIXED_ID:
    case WORLD_TRUNCATE:
        break;
    }
}

static enum world_lie find_lie(const struct world *world, const char *name, unsigned type)
{
    enum world_lie lie = WORLD_HONEST;
    for (size_t i = 0; i < world->n_lies; i++) {
        if (world->lies[i].type == type && strcmp(world->lies[i].name, name) == 0) {
            lie = world->lies[i].lie;
        }
    }
    return lie;
}

/* --- the server ---------------------------------------------------------------------- */

static void plain_name(const ldns_rdf *name, char *out, size_t room)
{
    char *text = ldns_rdf2str(name);
    size_t len = strlen(text);
    if (len > 1 && text[len - 1] == '.') {
        text[len - 1] = '\0';
    }
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    (void)snprintf(out, room, "%s", text);
    free(text);
}

static void note(struct world *world, const char *name, unsigned type)
{
    if (world->n_asked < MOST_ASKED) {
        struct asked *asked = &world->asked[world->n_asked++];
        (void)snprintf(asked->name, sizeof asked->name, "%s", name);
        asked->type = type;
    }
}

static ldns_pkt *respond(struct world *world, const ldns_pkt *query, enum world_lie *lie)
{
    const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
    const ldns_rdf *name = ldns_rr_owner(question);
    ldns_rr_type type = ldns_rr_get_type(question);
    ldns_pkt *packet = ldns_pkt_new();
    char text[260];
    plain_name(name, text, sizeof text);
    note(world, text, type);
    *lie = find_lie(world, text, type);
    ldns_pkt_set_id(packet, ldns_pkt_id(query));
    ldns_pkt_set_qr(packet, true);
    ldns_pkt_set_aa(packet, true);
    ldns_pkt_set_ra(packet, !world->lame);
    ldns_pkt_set_rd(packet, ldns_pkt_rd(query));
    ldns_pkt_set_cd(packet, ldns_pkt_cd(query));
    ldns_pkt_set_ad(packet, world->ad);
    ldns_pkt_set_edns_udp_size(packet, 1232);
    ldns_pkt_set_edns_do(packet, true);
    must(ldns_rr_list_push_rr(ldns_pkt_question(packet), ldns_rr_clone(question)));
    answer(world, name, type, packet);
    distort(world, *lie, name, type, packet);
    ldns_pkt_set_qdcount(packet, 1);
    ldns_pkt_set_ancount(packet,
                         (uint16_t)ldns_rr_list_rr_count(ldns_pkt_answer(packet)));
    ldns_pkt_set_nscount(packet,
                         (uint16_t)ldns_rr_list_rr_count(ldns_pkt_authority(packet)));
    return packet;
}

/* Into room octets; 0: say nothing. */
static size_t make_response(struct world *world, const uint8_t *bytes, size_t len, bool udp,
                            uint8_t *out, size_t room)
{
    ldns_pkt *query = NULL, *packet;
    enum world_lie lie;
    uint8_t *wire = NULL;
    size_t size = 0;
    must(ldns_wire2pkt(&query, bytes, len) == LDNS_STATUS_OK);
    packet = respond(world, query, &lie);
    must(ldns_pkt2wire(&wire, packet, &size) == LDNS_STATUS_OK && size <= room);
    memcpy(out, wire, size);
    if (udp && (size > 1232 || lie == WORLD_TRUNCATE)) {
        memset(out + 6, 0, 6);
        out[2] |= 0x02;
        size = 12;
        while (out[size] != 0) {
            size += 1u + out[size];
        }
        size += 5;
    }
    if (lie == WORLD_GARBAGE) {
        size = 2;
        memset(out + size, 0xc0, 60);
        size += 60;
    } else if (lie == WORLD_MIXED_ID) {
        out[0] ^= 0x55;
    } else if (lie == WORLD_SILENT) {
        size = 0;
    }
    free(wire);
    ldns_pkt_free(packet);
    ldns_pkt_free(query);
    return size;
}

struct dna_span world_message(struct world *world, const char *name, unsigned type)
{
    ldns_rdf *owner = ldns_dname_new_frm_str(name);
    ldns_pkt *query, *packet;
    enum world_lie lie;
    uint8_t *wire = NULL;
    size_t size = 0;
    must(owner != NULL);
    query = ldns_pkt_query_new(owner, (ldns_rr_type)type, LDNS_RR_CLASS_IN, LDNS_RD);
    must(query != NULL);
    packet = respond(world, query, &lie);
    must(ldns_pkt2wire(&wire, packet, &size) == LDNS_STATUS_OK);
    ldns_pkt_free(packet);
    ldns_pkt_free(query);
    return (struct dna_span){(const char *)wire, size};
}

static void on_udp(void *arg, int fd, unsigned events)
{
    struct world *world = arg;
    uint8_t in[4096];
    static uint8_t out[65536];
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    ssize_t n = recvfrom(fd, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
    size_t size;
    (void)events;
    if (n <= 0) {
        return;
    }
    size = make_response(world, in, (size_t)n, true, out, sizeof out);
    if (size != 0) {
        (void)sendto(fd, out, size, 0, (struct sockaddr *)&from, from_len);
    }
}

static void close_connection(struct connection *connection)
{
    struct connection **link = &connection->world->connections;
    while (*link != connection) {
        link = &(*link)->next;
    }
    *link = connection->next;
    connection->world->loop->unwatch(connection->watch);
    (void)close(connection->fd);
    free(connection);
}

static void on_connection(void *arg, int fd, unsigned events)
{
    struct connection *connection = arg;
    uint8_t in[4096];
    static uint8_t out[65538];
    ssize_t n = recv(fd, in, sizeof in, MSG_DONTWAIT);
    size_t size;
    (void)events;
    if (n <= 2) {
        close_connection(connection);
        return;
    }
    connection->world->by_tcp++;
    size = make_response(connection->world, in + 2, (size_t)n - 2, false, out + 2,
                         sizeof out - 2);
    out[0] = (uint8_t)(size >> 8);
    out[1] = (uint8_t)size;
    if (size != 0) {
        (void)send(fd, out, size + 2, MSG_NOSIGNAL);
    }
}

static void on_accept(void *arg, int fd, unsigned events)
{
    struct world *world = arg;
    struct connection *connection = calloc(1, sizeof *connection);
    (void)events;
    must(connection != NULL);
    connection->world = world;
    connection->fd = accept(fd, NULL, NULL);
    must(connection->fd >= 0);
    connection->watch =
        world->loop->watch(world->loop->self, connection->fd, DNA_LOOP_READ, on_connection,
                           connection);
    if (connection->watch == NULL) { /* a test that refuses watches */
        (void)close(connection->fd);
        free(connection);
        return;
    }
    connection->next = world->connections;
    world->connections = connection;
}

static bool bind_both(struct world *world, struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    world->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    world->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(world->udp >= 0 && world->tcp >= 0);
    if (bind(world->udp, (struct sockaddr *)at, sizeof *at) == 0 &&
        getsockname(world->udp, (struct sockaddr *)at, &len) == 0 &&
        bind(world->tcp, (struct sockaddr *)at, sizeof *at) == 0) {
        must(listen(world->tcp, 16) == 0);
        return true;
    }
    (void)close(world->udp);
    (void)close(world->tcp);
    return false;
}

/* Port 53 where we may, or any other. */
static void listen_on(struct world *world)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53)};
    unsigned host = (unsigned)getpid() * 8;
    bool bound = false;
    for (unsigned tries = 0; tries < 50 && !bound; tries++) {
        at.sin_addr.s_addr = htonl(0x7f430001u + ((host + tries) & 0xffff));
        at.sin_port = htons(tries < 8 ? 53 : 0);
        bound = bind_both(world, &at);
    }
    must(bound);
    (void)inet_ntop(AF_INET, &at.sin_addr, world->address, sizeof world->address);
    world->port = ntohs(at.sin_port);
    (void)snprintf(world->server, sizeof world->server, "%s@%u", world->address,
                   (unsigned)world->port);
    world->udp_watch =
        world->loop->watch(world->loop->self, world->udp, DNA_LOOP_READ, on_udp, world);
    world->tcp_watch =
        world->loop->watch(world->loop->self, world->tcp, DNA_LOOP_READ, on_accept, world);
    must(world->udp_watch != NULL && world->tcp_watch != NULL);
}

/* --- for tests ----------------------------------------------------------------------- */

struct world *world_new(struct poll_loop *loop, const struct world_zone *zones, size_t n)
{
    struct world *world = calloc(1, sizeof *world);
    must(world != NULL && n <= MOST_ZONES);
    world->loop = poll_loop_of(loop);
    world->asked = calloc(MOST_ASKED, sizeof *world->asked);
    must(world->asked != NULL);
    listen_on(world);
    for (size_t i = 0; i < n; i++) {
        struct zone *zone = &world->zones[world->n_zones++];
        zone->spec = &zones[i];
        (void)snprintf(zone->name, sizeof zone->name, "%s%s", zones[i].name,
                       strcmp(zones[i].name, ".") == 0 ? "" : ".");
        zone->apex = ldns_dname_new_frm_str(zone->name);
        zone->plain = ldns_rr_list_new();
        zone->records = ldns_rr_list_new();
        add_records(world, zone);
        make_keys(world, zone);
    }
    for (size_t i = 0; i < n; i++) {
        link_to_parent(world, &world->zones[i]);
    }
    for (size_t i = 0; i < n; i++) {
        sign_zone(&world->zones[i]);
    }
    return world;
}

void world_free(struct world *world)
{
    while (world->connections != NULL) {
        close_connection(world->connections);
    }
    world->loop->unwatch(world->udp_watch);
    world->loop->unwatch(world->tcp_watch);
    (void)close(world->udp);
    (void)close(world->tcp);
    for (size_t i = 0; i < world->n_zones; i++) {
        struct zone *zone = &world->zones[i];
        if (zone->file[0] != '\0') {
            (void)unlink(zone->file);
        }
        ldns_key_list_free(zone->keys);
        ldns_rr_list_deep_free(zone->plain);
        ldns_rr_list_deep_free(zone->records);
        ldns_rdf_deep_free(zone->apex);
    }
    if (world->hints[0] != '\0') {
        (void)unlink(world->hints);
    }
    free(world->asked);
    free(world);
}

const char *world_server(const struct world *world)
{
    return world->server;
}

static void write_file(char *path, size_t room, const char *text)
{
    int fd;
    (void)snprintf(path, room, "/tmp/dna-world-XXXXXX");
    fd = mkstemp(path);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
}

const char *world_root_hints(struct world *world)
{
    char text[200];
    if (world->port != 53) {
        return NULL;
    }
    if (world->hints[0] == '\0') {
        (void)snprintf(text, sizeof text, ". 3600 IN NS ns.\nns. 3600 IN A %s\n",
                       world->address);
        write_file(world->hints, sizeof world->hints, text);
    }
    return world->hints;
}

const char *world_anchor_file(struct world *world, const char *name)
{
    struct zone *zone = find_zone(world, name);
    ldns_rr *rr = ldns_key2rr(ldns_key_list_key(zone->keys, 0));
    char *text = ldns_rr2str(rr);
    if (zone->file[0] == '\0') {
        write_file(zone->file, sizeof zone->file, text);
    }
    free(text);
    ldns_rr_free(rr);
    return zone->file;
}

struct dna_span world_key(struct world *world, const char *name, unsigned flags)
{
    struct zone *zone = find_zone(world, name);
    for (size_t i = 0; i < ldns_key_list_key_count(zone->keys); i++) {
        const ldns_key *key = ldns_key_list_key(zone->keys, i);
        ldns_rr *rr = ldns_key2rr(key);
        size_t at = 0;
        for (size_t k = 0; k < ldns_rr_rd_count(rr); k++) {
            const ldns_rdf *field = ldns_rr_rdf(rr, k);
            must(at + ldns_rdf_size(field) <= sizeof zone->key[i]);
            memcpy(zone->key[i] + at, ldns_rdf_data(field), ldns_rdf_size(field));
            at += ldns_rdf_size(field);
        }
        ldns_rr_free(rr);
        if (ldns_key_flags(key) == flags) {
            return (struct dna_span){zone->key[i], at};
        }
    }
    abort();
}

void world_lie(struct world *world, const char *name, unsigned type, enum world_lie lie)
{
    must(world->n_lies < MOST_LIES);
    (void)snprintf(world->lies[world->n_lies].name, sizeof world->lies[0].name, "%s", name);
    world->lies[world->n_lies].type = type;
    world->lies[world->n_lies++].lie = lie;
}

void world_honest(struct world *world)
{
    world->n_lies = 0;
    world->n_asked = 0;
    world->by_tcp = 0;
    world->ad = false;
    world->lame = false;
}

void world_says_ad(struct world *world, bool ad)
{
    world->ad = ad;
}

void world_recurses(struct world *world, bool recurses)
{
    world->lame = !recurses;
}

unsigned world_asked(const struct world *world, const char *name, unsigned type)
{
    unsigned n = 0;
    for (size_t i = 0; i < world->n_asked; i++) {
        n += strcmp(world->asked[i].name, name) == 0 &&
             (type == 0 || world->asked[i].type == type);
    }
    return n;
}

unsigned world_asked_by_tcp(const struct world *world)
{
    return world->by_tcp;
}
