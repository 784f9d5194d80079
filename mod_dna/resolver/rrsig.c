/* resolver/rrsig.c: an answer of the DNS proven by signatures, offline.
 *
 * The message that answers the question is walked (walk.c).  Only when every step of that was
 * shown does it matter what the message says, which is read by packet.c, and it must be what
 * was recorded.
 */
#include <resolver/rrsig.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/arena.h>
#include <base/limits.h>
#include <resolver/message.h>
#include <resolver/packet.h>
#include <resolver/walk.h>

struct dna_rrsig {
    struct dna_proving proving;
    ldns_rr_list *anchors;
    struct dna_proving_zone zones[DNA_LIMIT_PROVING_ZONES];
    struct dna_span *octets; /* of each message, owned */
};

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

static bool is_definite(const struct dna_dns_answer *answer)
{
    return answer->outcome == DNA_DNS_FOUND || answer->outcome == DNA_DNS_ABSENT;
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
                                      const struct dna_walk *walk)
{
    enum dna_rrsig_finding finding = DNA_RRSIG_UNPROVEN;
    struct dna_arena arena;
    struct dna_dns_answer found;
    int64_t left = walk->end - recorded->obtained;
    dna_arena_init(&arena, NULL, DNA_LIMIT_LOOKUP_ARENA);
    if (read_answer(message, recorded, &arena, &found) == DNA_OK && is_definite(&found)) {
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

/* Of an answer that no signature can be expected for. */
static enum dna_rrsig_finding compare_unsigned(struct dna_span message,
                                               const struct dna_dns_answer *recorded)
{
    enum dna_rrsig_finding finding = DNA_RRSIG_UNPROVEN;
    struct dna_arena arena;
    struct dna_dns_answer found;
    dna_arena_init(&arena, NULL, DNA_LIMIT_LOOKUP_ARENA);
    if (read_answer(message, recorded, &arena, &found) == DNA_OK && is_definite(&found)) {
        finding = says(&found, recorded) ? DNA_RRSIG_INSECURE : DNA_RRSIG_DIFFERS;
    }
    dna_arena_fini(&arena);
    return finding;
}

/* --- the claim -------------------------------------------------------------------------- */

static enum dna_rrsig_finding judge_secure(struct dna_rrsig *rrsig, const ldns_rdf *name,
                                           const struct dna_dns_answer *answer)
{
    struct dna_proving *p = &rrsig->proving;
    struct dna_walk walk = {.p = p, .owner = name, .ttl = INT32_MAX, .end = INT64_MAX};
    enum dna_walk_step step = DNA_WALK_ON;
    walk.message = dna_proving_find(p, name, (ldns_rr_type)answer->type);
    if (walk.message == NULL) {
        return DNA_RRSIG_UNPROVEN;
    }
    for (unsigned hops = 0; step == DNA_WALK_ON && hops <= DNA_LIMIT_ALIASES; hops++) {
        step = dna_walk_go(&walk);
    }
    return step == DNA_WALK_END
               ? compare(rrsig->octets[walk.message - p->messages], answer, &walk)
               : DNA_RRSIG_UNPROVEN;
}

static enum dna_rrsig_finding judge_insecure(struct dna_rrsig *rrsig, const ldns_rdf *name,
                                             const struct dna_dns_answer *answer)
{
    struct dna_proving *p = &rrsig->proving;
    struct dna_walk walk = {.p = p, .owner = name, .ttl = INT32_MAX, .end = INT64_MAX};
    bool found = dna_walk_is_unsigned(p, name);
    walk.message = dna_proving_find(p, name, (ldns_rr_type)answer->type);
    for (unsigned hops = 0; !found && walk.message != NULL && hops < DNA_LIMIT_ALIASES;
         hops++) {
        if (dna_walk_go(&walk) != DNA_WALK_ON) {
            break;
        }
        found = dna_walk_is_unsigned(p, walk.owner);
    }
    if (!found) {
        return DNA_RRSIG_UNPROVEN;
    }
    return walk.message == NULL
               ? DNA_RRSIG_INSECURE
               : compare_unsigned(rrsig->octets[walk.message - p->messages], answer);
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
    if (!is_definite(answer) || !set_scene(&rrsig->proving, claim)) {
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
