/* cli/serve_question.c: see serve_question.h.
 *
 * Whoever asks believes the answer: a member that is not known, or that is not what it should
 * be, makes the whole question invalid.  Nothing is guessed, and nothing is left out.
 */
#include <cli/serve_question.h>

#include <stdlib.h>
#include <string.h>

#include <base/codec.h>
#include <base/limits.h>

static const char *const members[] = {
    "id", "domain", "service", "role", "host", "port", "address", "own", "chain", "policy",
};

bool cli_id_valid(const json_t *id)
{
    return json_is_integer(id) || (json_is_string(id) && json_string_length(id) >= 1 &&
                                   json_string_length(id) <= CLI_ID_MOST);
}

static bool only_known(json_t *line)
{
    const char *key;
    json_t *value;
    json_object_foreach(line, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            known = known || strcmp(key, members[i]) == 0;
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

/* Absent and null are the same.  False: it is there, and no string without NUL. */
static bool text_of(json_t *line, const char *key, struct dna_span *out, bool *there)
{
    json_t *value = json_object_get(line, key);
    *there = value != NULL && !json_is_null(value);
    if (!*there) {
        return true;
    }
    *out = (struct dna_span){json_string_value(value), json_string_length(value)};
    return json_is_string(value) && strlen(out->ptr) == out->len;
}

static bool name_of(json_t *line, const char *key, struct dna_name *out, bool *there)
{
    struct dna_span text;
    return text_of(line, key, &text, there) &&
           (!*there || (dna_name_parse(text, out) == DNA_OK && !dna_name_is_address(out)));
}

/* The value of a member that is one of two words. */
static bool word_of(json_t *line, const char *key, const char *first, const char *second,
                    unsigned *out)
{
    struct dna_span text;
    bool there;
    if (!text_of(line, key, &text, &there) || !there) {
        return false;
    }
    *out = dna_span_is(text, second);
    return *out == 1 || dna_span_is(text, first);
}

/* --- the policy ----------------------------------------------------------------------- */

/* "pkix,dane" */
static bool read_types(struct dna_span text, unsigned *out)
{
    *out = 0;
    for (;;) {
        const char *comma = memchr(text.ptr, ',', text.len);
        size_t len = comma != NULL ? (size_t)(comma - text.ptr) : text.len;
        enum dna_prooftype type;
        if (dna_prooftype_by_name((struct dna_span){text.ptr, len}, &type) != DNA_OK) {
            return false;
        }
        *out |= DNA_PROOF_BIT(type);
        if (comma == NULL) {
            return true;
        }
        text = (struct dna_span){comma + 1, text.len - len - 1};
    }
}

static bool read_policy(json_t *line, struct dna_policy *out)
{
    struct dna_span name;
    bool there;
    *out = dna_policy_default();
    if (!text_of(line, "policy", &name, &there)) {
        return false;
    }
    if (!there || dna_span_is(name, "default")) {
        /* as it is */
    } else if (dna_span_is(name, "all")) {
        out->prooftypes = (1u << DNA_N_PROOFTYPES) - 1;
    } else if (dna_span_is(name, "strong")) {
        out->level = DNA_LEVEL_STRONG;
    } else if (!read_types(name, &out->prooftypes)) {
        return false;
    }
    /* Remembered rulings are told apart by it: equal policies have equal ones. */
    out->generation = 0x100000u + 2 * out->prooftypes + (out->level == DNA_LEVEL_STRONG);
    return true;
}

/* --- the chain ------------------------------------------------------------------------ */

static bool decode(json_t *list, unsigned char *space, size_t room, struct dna_span *ders)
{
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one)
    {
        struct dna_span text = {json_string_value(one), json_string_length(one)};
        size_t len;
        if (!json_is_string(one) || text.len == 0 ||
            dna_base64_decode(text, DNA_BASE64_PADDED, space, room, &len) != DNA_OK) {
            return false;
        }
        ders[i] = (struct dna_span){(const char *)space, len};
        space += len;
        room -= len;
    }
    return true;
}

static bool read_chain(json_t *line, struct dna_chain **out, const char **why)
{
    json_t *list = json_object_get(line, "chain");
    struct dna_span ders[DNA_LIMIT_CHAIN];
    unsigned char *space;
    bool fine;
    *out = NULL;
    if (list == NULL || json_is_null(list) ||
        (json_is_array(list) && json_array_size(list) == 0)) {
        return true; /* the peer presented nothing */
    }
    *why = "chain is no array of at most 10 certificates, base64 of their DER";
    if (!json_is_array(list) || json_array_size(list) > DNA_LIMIT_CHAIN) {
        return false;
    }
    space = malloc(DNA_LIMIT_CHAIN_BYTES);
    fine = space != NULL && decode(list, space, DNA_LIMIT_CHAIN_BYTES, ders) &&
           dna_chain_new(NULL, ders, json_array_size(list), out) == DNA_OK;
    free(space);
    return fine;
}

/* --- the question --------------------------------------------------------------------- */

static bool read_endpoint(json_t *line, struct cli_asked *out, const char **why)
{
    struct dna_question *q = &out->question;
    json_t *port = json_object_get(line, "port");
    struct dna_address address;
    struct dna_span text;
    bool host, there;
    *why = "host is not a domain name";
    if (!name_of(line, "host", &out->host, &host)) {
        return false;
    }
    *why = "address is not an IP address";
    if (!text_of(line, "address", &text, &there) ||
        (there && dna_address_parse(text, &address) != DNA_OK)) {
        return false;
    }
    if (there) {
        dna_address_text(&address, out->address);
    }
    *why = "port is not a number from 1 to 65535";
    if (port != NULL && !json_is_null(port) &&
        (!json_is_integer(port) || json_integer_value(port) < 1 ||
         json_integer_value(port) > 65535)) {
        return false;
    }
    *why = "host and port belong together, and to an initiating question";
    if (host != json_is_integer(port) || (!host && there) ||
        (host && q->role != DNA_INITIATING)) {
        return false;
    }
    if (host) {
        q->host = out->host.text;
        q->port = (uint16_t)json_integer_value(port);
        q->address = there ? out->address : NULL;
    }
    return true;
}

bool cli_asked_read(json_t *line, struct cli_asked *out, const char **why)
{
    struct dna_question *q = &out->question;
    unsigned service, role;
    bool there;
    *out = (struct cli_asked){.chain = NULL};
    *why = "there is a member that is not known";
    if (!only_known(line)) {
        return false;
    }
    *why = "domain is missing, or is not a domain name";
    if (!name_of(line, "domain", &out->domain, &there) || !there) {
        return false;
    }
    *why = "service is neither xmpp-server nor xmpp-client";
    if (!word_of(line, "service", "xmpp-server", "xmpp-client", &service)) {
        return false;
    }
    *why = "role is neither initiating nor receiving";
    if (!word_of(line, "role", "initiating", "receiving", &role)) {
        return false;
    }
    q->domain = out->domain.text;
    q->service = service == 1 ? DNA_XMPP_CLIENT : DNA_XMPP_SERVER;
    q->role = role == 1 ? DNA_RECEIVING : DNA_INITIATING;
    *why = "own is not a domain name";
    if (!name_of(line, "own", &out->own, &there)) {
        return false;
    }
    q->own = there ? out->own.text : NULL;
    *why = "policy is neither default, strong, all nor prooftypes";
    if (!read_policy(line, &q->policy) || !read_endpoint(line, out, why) ||
        !read_chain(line, &out->chain, why)) {
        return false;
    }
    q->chain = out->chain;
    *why = "";
    return true;
}

void cli_asked_fini(struct cli_asked *asked)
{
    dna_chain_free(asked->chain);
    asked->chain = NULL;
}
