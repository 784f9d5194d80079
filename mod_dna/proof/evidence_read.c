/* proof/evidence_read.c: a hearing read back.
 *
 * Everything here is hostile.  A value is taken or refused, never repaired; what is accepted
 * and decides nothing is found out by whoever writes the hearing down again and compares.
 */
#include <proof/evidence.h>

#include <string.h>

#include <base/codec.h>
#include <base/limits.h>

/* The first fault stays; what was read after it is worth nothing. */
struct reader {
    struct dna_arena *arena;
    enum dna_err err;
};

static void refuse(struct reader *r, enum dna_err err)
{
    r->err = r->err == DNA_OK ? err : r->err;
}

static const struct dna_json *member(struct reader *r, const struct dna_json *object,
                                     const char *name, enum dna_json_kind kind)
{
    const struct dna_json *value = dna_json_member(object, name);
    if (value == NULL || value->kind != kind) {
        refuse(r, DNA_ERR_FORMAT);
        return NULL;
    }
    return value;
}

static const char *read_text(struct reader *r, const struct dna_json *object, const char *name)
{
    const struct dna_json *value = member(r, object, name, DNA_JSON_TEXT);
    return value != NULL ? value->text.ptr : "";
}

static const char *read_text_or_null(struct reader *r, const struct dna_json *object,
                                     const char *name)
{
    const struct dna_json *value = dna_json_member(object, name);
    return value != NULL && value->kind == DNA_JSON_NULL ? NULL : read_text(r, object, name);
}

static bool read_flag(struct reader *r, const struct dna_json *object, const char *name)
{
    const struct dna_json *value = member(r, object, name, DNA_JSON_FLAG);
    return value != NULL && value->number != 0;
}

static int64_t read_number(struct reader *r, const struct dna_json *object, const char *name,
                           int64_t least, int64_t most)
{
    const struct dna_json *value = member(r, object, name, DNA_JSON_NUMBER);
    if (value == NULL || value->number < least || value->number > most) {
        refuse(r, DNA_ERR_FORMAT);
        return least;
    }
    return value->number;
}

/* The index of a member's text among n words. */
static unsigned read_word(struct reader *r, const struct dna_json *object, const char *name,
                          const char *const *words, unsigned n)
{
    const char *text = read_text(r, object, name);
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    refuse(r, DNA_ERR_FORMAT);
    return 0;
}

/* Seconds that no sum with a limit of ours can overflow. */
static int64_t read_moment(struct reader *r, const struct dna_json *object, const char *name)
{
    return read_number(r, object, name, -DNA_LIMIT_SECONDS, DNA_LIMIT_SECONDS);
}

/* An end, which may be DNA_NEVER. */
static int64_t read_end(struct reader *r, const struct dna_json *object, const char *name)
{
    const struct dna_json *value = member(r, object, name, DNA_JSON_NUMBER);
    if (value != NULL && value->number == DNA_NEVER) {
        return DNA_NEVER;
    }
    return read_moment(r, object, name);
}

enum dna_err dna_evidence_bytes(struct dna_arena *arena, const struct dna_json *value,
                                struct dna_span *out)
{
    size_t room, len = 0;
    unsigned char *bytes;
    enum dna_err err;
    *out = (struct dna_span){NULL, 0};
    if (value == NULL || value->kind != DNA_JSON_TEXT) {
        return DNA_ERR_FORMAT;
    }
    if (value->text.len == 0) {
        return DNA_OK;
    }
    room = value->text.len / 4 * 3 + 3;
    bytes = dna_arena_get(arena, room);
    if (bytes == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_base64_decode(value->text, DNA_BASE64_PADDED, bytes, room, &len);
    *out = (struct dna_span){(const char *)bytes, len};
    return err;
}

static struct dna_span read_bytes(struct reader *r, const struct dna_json *object,
                                  const char *name)
{
    struct dna_span out;
    refuse(r, dna_evidence_bytes(r->arena, dna_json_member(object, name), &out));
    return out;
}

/* The strings of an array, decoded; *n of them, at most most. */
static struct dna_span *read_all_bytes(struct reader *r, const struct dna_json *array,
                                       size_t most, size_t *n)
{
    struct dna_span *list;
    *n = 0;
    if (array == NULL) {
        return NULL;
    }
    for (const struct dna_json *one = array->first; one != NULL; one = one->next) {
        ++*n;
    }
    if (*n == 0 || *n > most) {
        refuse(r, *n == 0 ? DNA_OK : DNA_ERR_FORMAT);
        *n = 0;
        return NULL;
    }
    list = dna_arena_zero(r->arena, *n, sizeof *list);
    if (list == NULL) {
        refuse(r, DNA_ERR_MEMORY);
        *n = 0;
        return NULL;
    }
    *n = 0;
    for (const struct dna_json *one = array->first; one != NULL; one = one->next) {
        refuse(r, dna_evidence_bytes(r->arena, one, &list[(*n)++]));
    }
    return list;
}

/* --- the question ----------------------------------------------------------------------- */

static unsigned read_prooftypes(struct reader *r, const struct dna_json *array)
{
    unsigned bits = 0;
    for (const struct dna_json *one = array != NULL ? array->first : NULL; one != NULL;
         one = one->next) {
        enum dna_prooftype type = DNA_PROOF_PKIX;
        if (one->kind != DNA_JSON_TEXT || dna_prooftype_by_name(one->text, &type) != DNA_OK) {
            refuse(r, DNA_ERR_FORMAT);
        } else {
            bits |= DNA_PROOF_BIT(type);
        }
    }
    return bits;
}

/* array: NULL where there are none. */
static void read_pins(struct reader *r, const struct dna_json *array, struct dna_policy *out)
{
    size_t n = 0;
    const struct dna_span *pins;
    if (array == NULL) {
        return;
    }
    pins = read_all_bytes(r, array, DNA_POLICY_PINS, &n);
    for (size_t i = 0; i < n; i++) {
        if (pins[i].len != DNA_PIN_SIZE) {
            refuse(r, DNA_ERR_FORMAT);
            return;
        }
        memcpy(out->pins[i], pins[i].ptr, DNA_PIN_SIZE);
    }
    out->n_pins = (unsigned)n;
}

static void read_policy(struct reader *r, const struct dna_json *value, struct dna_policy *out)
{
    static const char *const levels[] = {"refuse", "proof", "strong", "dialback", "pin"};
    static const enum dna_level level_of[] = {DNA_LEVEL_REFUSE, DNA_LEVEL_PROOF,
                                              DNA_LEVEL_STRONG, DNA_LEVEL_DIALBACK,
                                              DNA_LEVEL_PIN};
    out->level = level_of[read_word(r, value, "level", levels, 5)];
    out->prooftypes = read_prooftypes(r, member(r, value, "prooftypes", DNA_JSON_ARRAY));
    out->dane_usages =
        (unsigned)read_number(r, value, "dane_usages", 0, DNA_DANE_USAGES_ALL);
    out->delegation_legacy = read_flag(r, value, "delegation_legacy");
    out->delegation_connect = read_flag(r, value, "delegation_connect");
    out->attribute_cert_accept_www = read_flag(r, value, "attribute_cert_accept_www");
    out->attribute_cert_wildcard = read_flag(r, value, "attribute_cert_wildcard");
    out->attribute_cert_serial = read_flag(r, value, "attribute_cert_serial");
    read_pins(r, dna_json_member(value, "pins"), out);
}

static enum dna_service read_service(struct reader *r, const struct dna_json *object)
{
    static const char *const words[] = {"xmpp-server", "xmpp-client"};
    return read_word(r, object, "service", words, 2) == 1 ? DNA_XMPP_CLIENT : DNA_XMPP_SERVER;
}

static void read_chain(struct reader *r, const struct dna_json *question,
                       struct dna_chain **out)
{
    const struct dna_json *value = dna_json_member(question, "chain");
    struct dna_span *der;
    size_t n;
    *out = NULL;
    if (value != NULL && value->kind == DNA_JSON_NULL) {
        return;
    }
    der = read_all_bytes(r, member(r, question, "chain", DNA_JSON_ARRAY), DNA_LIMIT_CHAIN, &n);
    if (r->err == DNA_OK) {
        refuse(r, n != 0 ? dna_chain_new(r->arena->alloc, der, n, out) : DNA_ERR_FORMAT);
    }
}

enum dna_err dna_evidence_question(struct dna_arena *arena, const struct dna_json *value,
                                   struct dna_question *out, struct dna_chain **chain)
{
    static const char *const roles[] = {"initiating", "receiving"};
    struct reader r = {arena, DNA_OK};
    *out = (struct dna_question){
        .domain = read_text(&r, value, "domain"),
        .service = read_service(&r, value),
        .role = read_word(&r, value, "role", roles, 2) == 1 ? DNA_RECEIVING : DNA_INITIATING,
        .host = read_text_or_null(&r, value, "host"),
        .port = (uint16_t)read_number(&r, value, "port", 0, UINT16_MAX),
        .address = read_text_or_null(&r, value, "address"),
        .own = read_text_or_null(&r, value, "own"),
    };
    read_policy(&r, member(&r, value, "policy", DNA_JSON_OBJECT), &out->policy);
    read_chain(&r, value, chain);
    out->chain = *chain;
    return r.err;
}

enum dna_err dna_evidence_time(const struct dna_json *value, struct dna_time *out)
{
    struct reader r = {NULL, DNA_OK};
    out->wall = read_number(&r, value, "wall", -DNA_LIMIT_SECONDS, DNA_LIMIT_SECONDS);
    out->mono = read_number(&r, value, "ms", 0, DNA_LIMIT_SECONDS);
    return r.err;
}

/* --- facts ------------------------------------------------------------------------------ */

static struct dna_dns_answer read_answer(struct reader *r, const struct dna_json *value,
                                         const char *name, uint16_t type)
{
    static const enum dna_dns_outcome all[] = {DNA_DNS_FAILED, DNA_DNS_BOGUS, DNA_DNS_ABSENT,
                                               DNA_DNS_FOUND};
    const char *words[4];
    struct dna_dns_answer out = {.name = name, .type = type};
    for (unsigned i = 0; i < 4; i++) {
        words[i] = dna_dns_outcome_name(all[i]);
    }
    out.outcome = all[read_word(r, value, "outcome", words, 4)];
    out.secure = read_flag(r, value, "secure");
    out.aliased = read_flag(r, value, "aliased");
    out.wildcard = read_flag(r, value, "wildcard");
    out.ttl = (uint32_t)read_number(r, value, "ttl", 0, UINT32_MAX);
    out.obtained = read_moment(r, value, "obtained");
    out.signatures_end = read_end(r, value, "signatures_end");
    out.rdata = read_all_bytes(r, member(r, value, "rdata", DNA_JSON_ARRAY), DNA_LIMIT_RECORDS,
                               &out.n_rdata);
    out.why = read_text(r, value, "why");
    return out;
}

static void read_anchored(struct reader *r, const struct dna_json *want,
                          const struct dna_json *value, struct dna_anchored_result *out)
{
    struct dna_srv_names *names = dna_arena_zero(r->arena, 1, sizeof *names);
    const char *zone = read_text(r, want, "zone");
    if (names == NULL) {
        refuse(r, DNA_ERR_MEMORY);
        return;
    }
    if (!dna_srv_names(read_text(r, want, "domain"), read_service(r, want), names)) {
        refuse(r, DNA_ERR_FORMAT);
        return;
    }
    out->dnskey = read_answer(r, member(r, value, "dnskey", DNA_JSON_OBJECT), zone,
                              DNA_DNS_DNSKEY);
    out->srv = read_answer(r, member(r, value, "srv", DNA_JSON_OBJECT), names->plain,
                           DNA_DNS_SRV);
    out->srv_tls = read_answer(r, member(r, value, "srv_tls", DNA_JSON_OBJECT), names->tls,
                               DNA_DNS_SRV);
}

static void read_fetch(struct reader *r, const struct dna_json *value,
                       struct dna_fetch_result *out)
{
    static const char *const words[] = {"failed", "refused", "absent", "ok"};
    static const enum dna_fetch_outcome all[] = {DNA_FETCH_FAILED, DNA_FETCH_REFUSED,
                                                 DNA_FETCH_ABSENT, DNA_FETCH_OK};
    out->outcome = all[read_word(r, value, "outcome", words, 4)];
    out->status = (unsigned)read_number(r, value, "status", 0, 999);
    out->body = read_bytes(r, value, "body");
    out->final_url = read_text(r, value, "final_url");
    out->why = read_text(r, value, "why");
    out->obtained = read_moment(r, value, "obtained");
    out->media_type = read_text(r, value, "media_type");
    out->certificate_ends = read_end(r, value, "certificate_ends");
    out->exact_name = read_flag(r, value, "exact_name");
}

static void read_peer(struct reader *r, const struct dna_json *value, struct dna_fact *out)
{
    static const char *const words[] = {"silent", "impossible", "proof"};
    static const enum dna_peer_outcome all[] = {DNA_PEER_SILENT, DNA_PEER_IMPOSSIBLE,
                                                DNA_PEER_PROOF};
    out->u.peer.outcome = all[read_word(r, value, "outcome", words, 3)];
    /* A type that nobody knows is written as one, and comes out so again. */
    if (dna_prooftype_by_name(dna_span_of(read_text(r, value, "prooftype")),
                              &out->u.peer.prooftype) != DNA_OK) {
        out->u.peer.prooftype = DNA_N_PROOFTYPES;
    }
    out->u.peer.content = read_bytes(r, value, "content");
}

static void read_recall(struct reader *r, const struct dna_json *value,
                        struct dna_recall_result *out)
{
    out->known = read_flag(r, value, "known");
    out->policy_id = read_text(r, value, "policy_id");
    out->body = read_bytes(r, value, "body");
    out->obtained = read_moment(r, value, "obtained");
    out->exact_name = read_flag(r, value, "exact_name");
}

enum dna_err dna_evidence_fact(struct dna_arena *arena, const struct dna_json *value,
                               struct dna_fact *out)
{
    static const char *const kinds[] = {"dns", "anchored", "fetch",    "path",
                                        "peer", "recall",   "signature"};
    static const enum dna_want_kind all[] = {DNA_WANT_DNS,  DNA_WANT_ANCHORED, DNA_WANT_FETCH,
                                             DNA_WANT_PATH, DNA_WANT_PEER,     DNA_WANT_RECALL,
                                             DNA_WANT_SIGNATURE};
    struct reader r = {arena, DNA_OK};
    const struct dna_json *want = member(&r, value, "want", DNA_JSON_OBJECT);
    const struct dna_json *fact = member(&r, value, "fact", DNA_JSON_OBJECT);
    *out = (struct dna_fact){.kind = all[read_word(&r, want, "kind", kinds, 7)]};
    switch (out->kind) {
    case DNA_WANT_DNS:
        out->u.dns = read_answer(&r, fact, read_text(&r, want, "name"),
                                 (uint16_t)read_number(&r, want, "type", 0, UINT16_MAX));
        break;
    case DNA_WANT_ANCHORED:
        read_anchored(&r, want, fact, &out->u.anchored);
        break;
    case DNA_WANT_FETCH:
        read_fetch(&r, fact, &out->u.fetch);
        break;
    case DNA_WANT_PATH:
    case DNA_WANT_SIGNATURE:
        break;
    case DNA_WANT_PEER:
        read_peer(&r, fact, out);
        break;
    case DNA_WANT_RECALL:
        read_recall(&r, fact, &out->u.recall);
        break;
    }
    return r.err == DNA_ERR_NOT_FOUND ? DNA_ERR_FORMAT : r.err;
}
