/* resolver/rrsig.c: an answer of the DNS proven by signatures, offline.
 *
 * The message that answers the question is walked as the answer was once read: along its
 * aliases to the records or to nothing.  Every step must be signed or, where nothing is,
 * denied; a step that a wildcard made also needs the proof that nothing closer exists (RFC
 * 4035 5.3.4).  Only then does it matter what the message says, which is read by packet.c,
 * and it must be what was recorded.
 */
#include <resolver/rrsig.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/arena.h>
#include <base/limits.h>
#include <resolver/denial.h>
#include <resolver/message.h>
#include <resolver/packet.h>
#include <resolver/proving.h>

struct dna_rrsig {
    struct dna_proving proving;
    ldns_rr_list *anchors;
    struct dna_proving_zone zones[DNA_LIMIT_PROVING_ZONES];
    struct dna_span *octets; /* of each message, owned */
};

/* Where the walk along a message stands, and what holds for all of it so far. */
struct walk {
    struct dna_proving *p;
    const struct dna_proving_message *message;
    const ldns_rdf *owner;
    uint32_t ttl;
    int64_t end;
    uint32_t minimum; /* of the SOA, once one was seen */
};

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

/* The NSEC3 of an empty non-terminal has no list of types. */
static bool is_whole(const ldns_rr *rr)
{
    size_t fields = ldns_rr_rd_count(rr);
    switch ((unsigned)ldns_rr_get_type(rr)) {
    case LDNS_RR_TYPE_NSEC:
        return fields == 2;
    case LDNS_RR_TYPE_NSEC3:
        return fields == 5 || fields == 6;
    case LDNS_RR_TYPE_SOA:
        return fields == 7;
    default:
        return false;
    }
}

/* One record of the authority section, which must be signed; those of the zone count. */
static bool take_one(struct walk *walk, const ldns_rdf *zone, ldns_rr *rr, ldns_rr_list *out)
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
static bool take_denial(struct walk *walk, const ldns_rdf *zone, ldns_rr_list *out)
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
static bool ask_denial(struct walk *walk, const ldns_rdf *zone, denial_fn *fn,
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

static bool ask_no_closer(const struct dna_denial *denial, const ldns_rdf *name, unsigned labels)
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
static bool is_denied(struct walk *walk)
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
static bool is_good(struct walk *walk, ldns_rr_type type, struct dna_proving_set *set)
{
    if (!dna_proving_verify(walk->p, walk->owner, type, set)) {
        return false;
    }
    lower(&walk->ttl, &walk->end, set);
    return set->labels == dna_message_labels(walk->owner) ||
           ask_denial(walk, set->zone, ask_no_closer, walk->owner, set->labels);
}

enum step { STEP_NO, STEP_END, STEP_ON };

/* What follows at the walk's owner. */
static enum step go(struct walk *walk)
{
    const ldns_rr_list *answer = ldns_pkt_answer(walk->message->packet);
    struct dna_proving_set set;
    enum step step = STEP_NO;
    if (!dna_proving_take(answer, walk->owner, walk->message->type, &set)) {
        return STEP_NO;
    }
    if (ldns_rr_list_rr_count(set.records) != 0) {
        step = is_good(walk, walk->message->type, &set) ? STEP_END : STEP_NO;
        dna_proving_set_free(&set);
        return step;
    }
    dna_proving_set_free(&set);
    if (!dna_proving_take(answer, walk->owner, LDNS_RR_TYPE_CNAME, &set)) {
        return STEP_NO;
    }
    if (ldns_rr_list_rr_count(set.records) == 0) {
        step = is_denied(walk) ? STEP_END : STEP_NO;
    } else if (ldns_rr_list_rr_count(set.records) == 1 &&
               is_good(walk, LDNS_RR_TYPE_CNAME, &set)) {
        walk->owner = ldns_rr_rdf(ldns_rr_list_rr(set.records, 0), 0);
        step = walk->owner != NULL ? STEP_ON : STEP_NO;
    }
    dna_proving_set_free(&set);
    return step;
}

/* Whether some delegation on the way to the name has, provably, no DS, and no anchor lies
 * below it. */
static bool is_unsigned(struct dna_proving *p, const ldns_rdf *name)
{
    unsigned labels = ldns_dname_label_count(name);
    bool found = false;
    for (unsigned up = 0; !found && up < labels; up++) {
        ldns_rdf *cut = ldns_dname_clone_from(name, (uint16_t)up);
        struct walk walk = {.p = p, .ttl = UINT32_MAX, .end = INT64_MAX};
        const ldns_rdf *zone;
        walk.message = cut != NULL ? dna_proving_find(p, cut, LDNS_RR_TYPE_DS) : NULL;
        zone = walk.message != NULL ? denying_zone(walk.message, cut, LDNS_RR_TYPE_DS) : NULL;
        found = zone != NULL && ask_denial(&walk, zone, ask_unsigned, cut, 0) &&
                !dna_proving_has_anchor_between(p, cut, name);
        ldns_rdf_deep_free(cut);
    }
    return found;
}

/* --- what it says ----------------------------------------------------------------------- */

static size_t count(const struct dna_span *list, size_t n, struct dna_span one)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        found += dna_span_equal(list[i], one);
    }
    return found;
}

static bool same_records(const struct dna_dns_answer *a, const struct dna_dns_answer *b)
{
    if (a->n_rdata != b->n_rdata) {
        return false;
    }
    for (size_t i = 0; i < a->n_rdata; i++) {
        if (count(a->rdata, a->n_rdata, a->rdata[i]) !=
            count(b->rdata, b->n_rdata, a->rdata[i])) {
            return false;
        }
    }
    return true;
}

/* The reduced message as the resolver reads one.  DNA_ERR_MEMORY. */
static enum dna_err read_answer(struct dna_span message, const struct dna_dns_answer *recorded,
                                struct dna_arena *arena, struct dna_dns_answer *out)
{
    struct dna_raw_answer raw = {.security = DNA_RAW_SECURE, .packet = message};
    return dna_packet_answer(&raw, recorded->name, recorded->type, recorded->obtained, arena,
                             out);
}

static bool says(const struct dna_dns_answer *found, const struct dna_dns_answer *recorded)
{
    return found->outcome == recorded->outcome && found->aliased == recorded->aliased &&
           same_records(found, recorded);
}

bool dna_rrsig_agrees(struct dna_span message, const struct dna_dns_answer *answer)
{
    struct dna_arena arena;
    struct dna_dns_answer found;
    bool agrees;
    dna_arena_init(&arena, NULL, DNA_LIMIT_LOOKUP_ARENA);
    agrees = read_answer(message, answer, &arena, &found) == DNA_OK && says(&found, answer);
    dna_arena_fini(&arena);
    return agrees;
}

static enum dna_rrsig_finding compare(struct dna_span message,
                                      const struct dna_dns_answer *recorded,
                                      const struct walk *walk)
{
    enum dna_rrsig_finding finding = DNA_RRSIG_UNPROVEN;
    struct dna_arena arena;
    struct dna_dns_answer found;
    int64_t left = walk->end - recorded->obtained;
    dna_arena_init(&arena, NULL, DNA_LIMIT_LOOKUP_ARENA);
    if (read_answer(message, recorded, &arena, &found) == DNA_OK) {
        if (!says(&found, recorded)) {
            finding = DNA_RRSIG_DIFFERS;
        } else if (found.wildcard == recorded->wildcard &&
                   recorded->signatures_end <= found.signatures_end &&
                   recorded->ttl <= walk->ttl && recorded->ttl <= left) {
            finding = DNA_RRSIG_SECURE;
        }
    }
    dna_arena_fini(&arena);
    return finding;
}

/* --- the claim -------------------------------------------------------------------------- */

static enum dna_rrsig_finding judge_secure(struct dna_rrsig *rrsig, const ldns_rdf *name,
                                           const struct dna_dns_answer *answer)
{
    struct dna_proving *p = &rrsig->proving;
    struct walk walk = {.p = p, .owner = name, .ttl = INT32_MAX, .end = INT64_MAX};
    enum step step = STEP_ON;
    walk.message = dna_proving_find(p, name, (ldns_rr_type)answer->type);
    if (walk.message == NULL) {
        return DNA_RRSIG_UNPROVEN;
    }
    for (unsigned hops = 0; step == STEP_ON && hops <= DNA_LIMIT_ALIASES; hops++) {
        step = go(&walk);
    }
    return step == STEP_END
               ? compare(rrsig->octets[walk.message - p->messages], answer, &walk)
               : DNA_RRSIG_UNPROVEN;
}

static enum dna_rrsig_finding judge_insecure(struct dna_rrsig *rrsig, const ldns_rdf *name,
                                             const struct dna_dns_answer *answer)
{
    struct dna_proving *p = &rrsig->proving;
    struct walk walk = {.p = p, .owner = name, .ttl = INT32_MAX, .end = INT64_MAX};
    bool found = is_unsigned(p, name);
    walk.message = dna_proving_find(p, name, (ldns_rr_type)answer->type);
    for (unsigned hops = 0; !found && walk.message != NULL && hops < DNA_LIMIT_ALIASES;
         hops++) {
        if (go(&walk) != STEP_ON) {
            break;
        }
        found = is_unsigned(p, walk.owner);
    }
    if (!found) {
        return DNA_RRSIG_UNPROVEN;
    }
    return walk.message == NULL ||
                   dna_rrsig_agrees(rrsig->octets[walk.message - p->messages], answer)
               ? DNA_RRSIG_INSECURE
               : DNA_RRSIG_DIFFERS;
}

/* The supplied anchor as a record. */
static ldns_rr *make_anchor(const ldns_rdf *zone, struct dna_span rdata)
{
    unsigned char wire[LDNS_MAX_DOMAINLEN + 10 + DNA_LIMIT_DNSKEY];
    size_t len = ldns_rdf_size(zone), at = 0;
    ldns_rr *rr = NULL;
    if (rdata.len > DNA_LIMIT_DNSKEY || len > LDNS_MAX_DOMAINLEN) {
        return NULL;
    }
    memcpy(wire, ldns_rdf_data(zone), len);
    memcpy(wire + len, "\0\60\0\1\0\0\0\0", 8); /* DNSKEY IN, TTL 0 */
    wire[len + 8] = (unsigned char)(rdata.len >> 8);
    wire[len + 9] = (unsigned char)(rdata.len & 0xff);
    memcpy(wire + len + 10, rdata.ptr, rdata.len);
    if (ldns_wire2rr(&rr, wire, len + 10 + rdata.len, &at, LDNS_SECTION_ANSWER) !=
        LDNS_STATUS_OK) {
        return NULL;
    }
    return rr;
}

static bool same_anchor(const ldns_rr *a, const ldns_rr *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || ldns_rr_compare(a, b) == 0);
}

/* The claim's moments and anchor; keys proven under others are forgotten. */
static bool set_scene(struct dna_proving *p, const struct dna_rrsig_claim *claim)
{
    ldns_rr *supplied = NULL;
    if (claim->zone != NULL) {
        ldns_rdf *zone = ldns_dname_new_frm_str(claim->zone);
        supplied = zone != NULL ? make_anchor(zone, claim->dnskey) : NULL;
        ldns_rdf_deep_free(zone);
        if (supplied == NULL) {
            return false;
        }
    }
    if (p->from != claim->answer->obtained || p->to != claim->at ||
        !same_anchor(supplied, p->supplied)) {
        dna_proving_forget(p);
    }
    ldns_rr_free(p->supplied);
    p->supplied = supplied;
    p->from = claim->answer->obtained;
    p->to = claim->at;
    return p->from <= p->to && p->from >= 0 && p->to <= UINT32_MAX;
}

enum dna_rrsig_finding dna_rrsig_judge(struct dna_rrsig *rrsig,
                                       const struct dna_rrsig_claim *claim)
{
    const struct dna_dns_answer *answer = claim->answer;
    enum dna_rrsig_finding finding;
    ldns_rdf *name;
    if ((answer->outcome != DNA_DNS_FOUND && answer->outcome != DNA_DNS_ABSENT) ||
        !set_scene(&rrsig->proving, claim)) {
        return DNA_RRSIG_UNPROVEN;
    }
    name = ldns_dname_new_frm_str(answer->name);
    if (name == NULL) {
        return DNA_RRSIG_UNPROVEN;
    }
    ldns_dname2canonical(name);
    finding = answer->secure ? judge_secure(rrsig, name, answer)
                             : judge_insecure(rrsig, name, answer);
    ldns_rdf_deep_free(name);
    return finding;
}

/* --- anchors and messages --------------------------------------------------------------- */

static bool is_anchor(const ldns_rr *rr)
{
    return ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
           (ldns_rr_get_type(rr) == LDNS_RR_TYPE_DNSKEY ||
            ldns_rr_get_type(rr) == LDNS_RR_TYPE_DS) &&
           ldns_rr_rd_count(rr) == 4;
}

static enum dna_err read_anchors(FILE *file, ldns_rr_list *out)
{
    while (!feof(file)) {
        ldns_rr *rr = NULL;
        ldns_status status = ldns_rr_new_frm_fp_l(&rr, file, NULL, NULL, NULL, NULL);
        if (status == LDNS_STATUS_SYNTAX_EMPTY) {
            continue;
        }
        if (status != LDNS_STATUS_OK || !is_anchor(rr)) {
            ldns_rr_free(status == LDNS_STATUS_OK ? rr : NULL);
            return status == LDNS_STATUS_MEM_ERR ? DNA_ERR_MEMORY : DNA_ERR_FORMAT;
        }
        if (!ldns_rr_list_push_rr(out, rr)) {
            ldns_rr_free(rr);
            return DNA_ERR_MEMORY;
        }
    }
    return ldns_rr_list_rr_count(out) != 0 ? DNA_OK : DNA_ERR_FORMAT;
}

enum dna_err dna_rrsig_new(struct dna_span anchors, struct dna_rrsig **out)
{
    struct dna_rrsig *rrsig;
    FILE *file;
    enum dna_err err;
    *out = NULL;
    if (anchors.len == 0 || anchors.len > DNA_LIMIT_ANCHOR_FILE) {
        return anchors.len == 0 ? DNA_ERR_FORMAT : DNA_ERR_LIMIT;
    }
    rrsig = calloc(1, sizeof *rrsig);
    file = fmemopen((void *)(uintptr_t)anchors.ptr, anchors.len, "r");
    if (rrsig != NULL) {
        rrsig->anchors = ldns_rr_list_new();
    }
    err = rrsig != NULL && file != NULL && rrsig->anchors != NULL
              ? read_anchors(file, rrsig->anchors)
              : DNA_ERR_MEMORY;
    if (file != NULL) {
        (void)fclose(file);
    }
    if (err != DNA_OK) {
        dna_rrsig_free(rrsig);
        return err;
    }
    rrsig->proving.anchors = rrsig->anchors;
    rrsig->proving.zones = rrsig->zones;
    *out = rrsig;
    return DNA_OK;
}

static void drop_messages(struct dna_rrsig *rrsig)
{
    dna_proving_forget(&rrsig->proving);
    for (size_t i = 0; i < rrsig->proving.n; i++) {
        ldns_pkt_free(rrsig->proving.messages[i].packet);
        free((void *)(uintptr_t)rrsig->octets[i].ptr);
    }
    free(rrsig->proving.messages);
    free(rrsig->octets);
    rrsig->proving.messages = NULL;
    rrsig->octets = NULL;
    rrsig->proving.n = 0;
}

void dna_rrsig_free(struct dna_rrsig *rrsig)
{
    if (rrsig != NULL) {
        drop_messages(rrsig);
        ldns_rr_free(rrsig->proving.supplied);
        ldns_rr_list_deep_free(rrsig->anchors);
        free(rrsig);
    }
}

/* The first message for a question counts. */
static enum dna_err add_message(struct dna_rrsig *rrsig, struct dna_span octets)
{
    struct dna_proving *p = &rrsig->proving;
    struct dna_proving_message *message = &p->messages[p->n];
    const ldns_rr *question;
    char *copy;
    ldns_pkt *packet = dna_message_read(octets);
    if (packet == NULL) {
        return DNA_OK;
    }
    question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
    *message = (struct dna_proving_message){
        packet, ldns_rr_owner(question), ldns_rr_get_type(question)};
    if (dna_proving_find(p, message->name, message->type) != NULL) {
        ldns_pkt_free(packet);
        return DNA_OK;
    }
    copy = malloc(octets.len);
    if (copy == NULL) {
        ldns_pkt_free(packet);
        return DNA_ERR_MEMORY;
    }
    memcpy(copy, octets.ptr, octets.len);
    rrsig->octets[p->n] = (struct dna_span){copy, octets.len};
    p->n++;
    return DNA_OK;
}

enum dna_err dna_rrsig_messages(struct dna_rrsig *rrsig, const struct dna_span *messages,
                                size_t n)
{
    enum dna_err err = DNA_OK;
    drop_messages(rrsig);
    rrsig->proving.verifications = DNA_LIMIT_PROVING_VERIFICATIONS;
    rrsig->proving.hashes = DNA_LIMIT_PROVING_HASHES;
    rrsig->proving.messages = calloc(n + 1, sizeof *rrsig->proving.messages);
    rrsig->octets = calloc(n + 1, sizeof *rrsig->octets);
    if (rrsig->proving.messages == NULL || rrsig->octets == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < n && err == DNA_OK; i++) {
        err = add_message(rrsig, messages[i]);
    }
    return err;
}

bool dna_rrsig_reduce(struct dna_span packet, struct dna_span *out)
{
    ldns_pkt *message = dna_message_reduce(packet);
    uint8_t *wire = NULL;
    size_t len = 0;
    char *copy = NULL;
    if (message != NULL && dna_message_write(message, &wire, &len)) {
        copy = malloc(len);
    }
    if (copy != NULL) {
        memcpy(copy, wire, len);
        *out = (struct dna_span){copy, len};
    }
    LDNS_FREE(wire);
    ldns_pkt_free(message);
    return copy != NULL;
}

static void name_one(const ldns_rdf *name, dna_rrsig_name_fn *fn, void *arg)
{
    char *text = ldns_rdf2str(name);
    size_t len = text != NULL ? strlen(text) : 0;
    if (len > 1 && text[len - 1] == '.') {
        text[--len] = '\0';
    }
    if (len != 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len) {
        fn(arg, text);
    }
    LDNS_FREE(text);
}

static void name_all(struct dna_span octets, ldns_rr_type type, size_t field,
                     dna_rrsig_name_fn *fn, void *arg)
{
    ldns_pkt *message = dna_message_read(octets);
    const ldns_rr_list *sections[2];
    if (message == NULL) {
        return;
    }
    sections[0] = ldns_pkt_answer(message);
    sections[1] = ldns_pkt_authority(message);
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < ldns_rr_list_rr_count(sections[i]); k++) {
            const ldns_rr *rr = ldns_rr_list_rr(sections[i], k);
            if (ldns_rr_get_type(rr) == type && ldns_rr_rdf(rr, field) != NULL) {
                name_one(ldns_rr_rdf(rr, field), fn, arg);
            }
        }
    }
    ldns_pkt_free(message);
}

void dna_rrsig_signers(struct dna_span octets, dna_rrsig_name_fn *fn, void *arg)
{
    name_all(octets, LDNS_RR_TYPE_RRSIG, 7, fn, arg);
}

void dna_rrsig_aliases(struct dna_span octets, dna_rrsig_name_fn *fn, void *arg)
{
    name_all(octets, LDNS_RR_TYPE_CNAME, 0, fn, arg);
}
