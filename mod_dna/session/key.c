/* session/key.c: keys are a kind byte, numbers in fixed width and texts that end in NUL. */
#include <session/key.h>

#include <assert.h>
#include <string.h>

#include <x509/digest.h>

enum kind { KEY_DNS = 'D', KEY_ANCHORED = 'A', KEY_FETCH = 'F', KEY_PATH = 'P', KEY_SIGNATURE = 'S' };
enum { KEY_PROVEN = 'Y', KEY_REFUSED = 'N', KEY_LASTING = 'L' };

/* What a lasting key holds, the numbers of levels, roles, services and prooftypes included: to
 * be changed with them. */
#define LASTING_VERSION 1

struct writer {
    struct dna_key *key;
    bool full;
};

static void add(struct writer *w, const void *bytes, size_t len)
{
    if (w->full || len > sizeof w->key->bytes - w->key->len) {
        w->full = true;
        return;
    }
    if (len != 0) {
        memcpy(w->key->bytes + w->key->len, bytes, len);
    }
    w->key->len += len;
}

static void add_byte(struct writer *w, unsigned value)
{
    unsigned char byte = (unsigned char)value;
    assert(value <= UINT8_MAX);
    add(w, &byte, 1);
}

static void add_u32(struct writer *w, uint32_t value)
{
    add_byte(w, value >> 24);
    add_byte(w, value >> 16 & 0xff);
    add_byte(w, value >> 8 & 0xff);
    add_byte(w, value & 0xff);
}

static void add_text(struct writer *w, const char *text)
{
    add(w, text, strlen(text) + 1);
}

static enum dna_err add_digest(struct writer *w, struct dna_span bytes)
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_err err = dna_hash(DNA_HASH_SHA256, bytes, digest);
    add(w, digest, DNA_SHA256_SIZE);
    return err;
}

static enum dna_err done(const struct writer *w)
{
    return w->full ? DNA_ERR_LIMIT : DNA_OK;
}

/* The signer's leaf alone has signed. */
static enum dna_err add_signature(struct writer *w, const struct dna_signed *what)
{
    enum dna_err err = add_digest(w, what->bytes);
    add(w, dna_chain_leaf_digest(what->signer), DNA_SHA256_SIZE);
    err = err == DNA_OK ? add_digest(w, what->algorithm) : err;
    err = err == DNA_OK ? add_digest(w, what->signature) : err;
    return err == DNA_OK ? done(w) : err;
}

struct dna_span dna_key_span(const struct dna_key *key)
{
    return (struct dna_span){key->bytes, key->len};
}

enum dna_err dna_key_want(const struct dna_want *want, struct dna_key *out)
{
    struct writer w = {.key = out};
    out->len = 0;
    switch (want->kind) {
    case DNA_WANT_DNS:
        add_byte(&w, KEY_DNS);
        add_u32(&w, want->u.dns.type);
        add_text(&w, want->u.dns.name);
        return done(&w);
    case DNA_WANT_ANCHORED:
        add_byte(&w, KEY_ANCHORED);
        add_u32(&w, (uint32_t)want->u.anchored.service);
        add_text(&w, want->u.anchored.zone);
        add_text(&w, want->u.anchored.domain);
        add(&w, want->u.anchored.dnskey.ptr, want->u.anchored.dnskey.len);
        return done(&w);
    case DNA_WANT_FETCH:
        add_byte(&w, KEY_FETCH);
        add_u32(&w, (uint32_t)want->u.fetch.kind);
        add_u32(&w, want->u.fetch.max_redirects);
        add_text(&w, want->u.fetch.url);
        add_text(&w, want->u.fetch.policy_id != NULL ? want->u.fetch.policy_id : "");
        return done(&w);
    case DNA_WANT_PATH:
        add_byte(&w, KEY_PATH);
        add(&w, dna_chain_digest(want->u.path.chain), DNA_SHA256_SIZE);
        add(&w, want->u.path.tlsa.ptr, want->u.path.tlsa.len);
        return done(&w);
    case DNA_WANT_SIGNATURE:
        add_byte(&w, KEY_SIGNATURE);
        return add_signature(&w, &want->u.signature);
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
        return DNA_ERR_ARGUMENT;
    }
    return DNA_ERR_ARGUMENT;
}

static uint32_t take_u32(const char **at)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        value = value << 8 | (unsigned char)*(*at)++;
    }
    return value;
}

static const char *take_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return text;
}

void dna_key_to_want(struct dna_span key, struct dna_chain *chain, struct dna_want *out)
{
    const char *at = key.ptr + 1;
    *out = (struct dna_want){.kind = DNA_WANT_DNS};
    switch ((enum kind)key.ptr[0]) {
    case KEY_DNS:
        out->u.dns.type = (uint16_t)take_u32(&at);
        out->u.dns.name = take_text(&at);
        return;
    case KEY_ANCHORED:
        out->kind = DNA_WANT_ANCHORED;
        out->u.anchored.service = (enum dna_service)take_u32(&at);
        out->u.anchored.zone = take_text(&at);
        out->u.anchored.domain = take_text(&at);
        out->u.anchored.dnskey = (struct dna_span){at, (size_t)(key.ptr + key.len - at)};
        return;
    case KEY_FETCH:
        out->kind = DNA_WANT_FETCH;
        out->u.fetch.kind = (enum dna_fetch_kind)take_u32(&at);
        out->u.fetch.max_redirects = take_u32(&at);
        out->u.fetch.url = take_text(&at);
        out->u.fetch.policy_id = take_text(&at);
        if (out->u.fetch.policy_id[0] == '\0') {
            out->u.fetch.policy_id = NULL;
        }
        return;
    case KEY_PATH:
        out->kind = DNA_WANT_PATH;
        out->u.path.chain = chain;
        at += DNA_SHA256_SIZE;
        out->u.path.tlsa = (struct dna_span){at, (size_t)(key.ptr + key.len - at)};
        return;
    case KEY_SIGNATURE:
        out->kind = DNA_WANT_SIGNATURE;
        out->u.signature.signer = chain;
        return;
    }
    assert(false && "a key that was not made here");
}

static void add_question(struct writer *w, const struct dna_question *q)
{
    add_byte(w, (unsigned)q->service);
    add_byte(w, (unsigned)q->role);
    add_byte(w, (unsigned)q->policy.level);
    add_u32(w, q->policy.prooftypes);
    add_u32(w, q->policy.dane_usages);
    add_byte(w, q->policy.delegation_legacy);
    add_byte(w, q->policy.attribute_cert_accept_www);
    add_byte(w, q->policy.attribute_cert_wildcard);
    add_byte(w, q->policy.attribute_cert_serial);
    add_byte(w, q->policy.n_pins);
    add(w, q->policy.pins, q->policy.n_pins * sizeof *q->policy.pins);
    add_u32(w, q->policy.generation);
    add_u32(w, q->host != NULL ? q->port : 0);
    add_text(w, q->host != NULL ? q->host : "");
    add_text(w, q->domain);
    /* Only one prooftype asks for whom a proof is. */
    if (q->own != NULL &&
        (q->policy.prooftypes & DNA_PROOF_BIT(DNA_PROOF_ATTRIBUTE_CERT)) != 0) {
        add_text(w, q->own);
    }
    add_byte(w, 0);
    /* Only one prooftype asks which of a host's addresses it is. */
    if (q->host != NULL && q->address != NULL &&
        (q->policy.prooftypes & DNA_PROOF_BIT(DNA_PROOF_HOST_META)) != 0) {
        add_text(w, q->address);
    }
}

enum dna_err dna_key_proven(const struct dna_question *question, struct dna_key *out)
{
    struct writer w = {.key = out};
    out->len = 0;
    if (question->chain == NULL) {
        return DNA_ERR_ARGUMENT;
    }
    add_byte(&w, KEY_PROVEN);
    add(&w, dna_chain_leaf_digest(question->chain), DNA_SHA256_SIZE);
    add_question(&w, question);
    return done(&w);
}

enum dna_err dna_key_refused(const struct dna_question *question,
                             const struct dna_key_proof *proof, struct dna_key *out)
{
    struct writer w = {.key = out};
    out->len = 0;
    if (question->chain == NULL) {
        return DNA_ERR_ARGUMENT;
    }
    add_byte(&w, KEY_REFUSED);
    add(&w, dna_chain_digest(question->chain), DNA_SHA256_SIZE);
    add_byte(&w, (unsigned)proof->type);
    add(&w, proof->digest, sizeof proof->digest);
    add_question(&w, question);
    return done(&w);
}

enum dna_err dna_key_lasting(const struct dna_question *question,
                             const struct dna_key_proof *proof,
                             const unsigned char terms[DNA_SHA256_SIZE], struct dna_key *out)
{
    struct writer w = {.key = out};
    struct dna_question lasting = *question;
    out->len = 0;
    if (question->chain == NULL) {
        return DNA_ERR_ARGUMENT;
    }
    lasting.policy.generation = 0;
    add_byte(&w, KEY_LASTING);
    add_byte(&w, LASTING_VERSION);
    add(&w, terms, DNA_SHA256_SIZE);
    add_byte(&w, proof != NULL ? KEY_REFUSED : KEY_PROVEN);
    if (proof != NULL) {
        add(&w, dna_chain_digest(question->chain), DNA_SHA256_SIZE);
        add_byte(&w, (unsigned)proof->type);
        add(&w, proof->digest, sizeof proof->digest);
    } else {
        add(&w, dna_chain_leaf_digest(question->chain), DNA_SHA256_SIZE);
    }
    add_question(&w, &lasting);
    return done(&w);
}
