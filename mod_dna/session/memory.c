/* session/memory.c: two caches, and how long each kind of fact keeps. */
#include <session/memory.h>

#include <string.h>

#include <base/limits.h>

/* Of one entry, keys included: most facts are far smaller, documents may be larger. */
#define BYTES_PER_ENTRY 1024

enum dna_err dna_memory_init(struct dna_memory *memory, const struct dna_alloc *alloc,
                             uint64_t seed, size_t entries)
{
    size_t bytes = entries > SIZE_MAX / BYTES_PER_ENTRY ? SIZE_MAX : entries * BYTES_PER_ENTRY;
    enum dna_err err = dna_cache_new(alloc, seed, entries, bytes, &memory->facts);
    memory->alloc = alloc;
    memory->seed = seed;
    memory->entries = entries;
    memory->rulings = NULL;
    if (err != DNA_OK) {
        memory->facts = NULL;
        return err;
    }
    err = dna_cache_new(alloc, seed, entries, bytes, &memory->rulings);
    if (err != DNA_OK) {
        memory->rulings = NULL;
    }
    return err;
}

void dna_memory_fini(struct dna_memory *memory)
{
    dna_cache_free(memory->facts);
    dna_cache_free(memory->rulings);
}

enum dna_err dna_memory_clear(struct dna_memory *memory)
{
    struct dna_memory empty;
    enum dna_err err = dna_memory_init(&empty, memory->alloc, memory->seed, memory->entries);
    if (err != DNA_OK) {
        dna_memory_fini(&empty);
        return err;
    }
    dna_memory_fini(memory);
    *memory = empty;
    return DNA_OK;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t answer_until(const struct dna_dns_answer *answer, int64_t now)
{
    int64_t from = sooner(answer->obtained, now); /* a clock that was put back adds nothing */
    int64_t ttl = answer->ttl < DNA_LIMIT_PROOF_LIFE_S ? answer->ttl : DNA_LIMIT_PROOF_LIFE_S;
    switch (answer->outcome) {
    case DNA_DNS_FOUND:
    case DNA_DNS_ABSENT:
        return sooner(from + ttl, answer->signatures_end);
    case DNA_DNS_FAILED:
    case DNA_DNS_BOGUS:
        return now;
    }
    return now;
}

static int64_t anchored_until(const struct dna_anchored_result *result, int64_t now)
{
    if (!result->dnskey.secure || !result->srv.secure || !result->srv_tls.secure) {
        return now;
    }
    return sooner(answer_until(&result->dnskey, now),
                  sooner(answer_until(&result->srv, now),
                         answer_until(&result->srv_tls, now)));
}

/* What stands behind the next "expires": in a document (RFC 7711 3); whatever else such bytes
 * may be, they only ever shorten its time.  False: there is none. */
static bool next_expires(struct dna_span *rest, int64_t *seconds)
{
    static const char name[] = "\"expires\"";
    const char *end = rest->ptr + rest->len;
    const char *at = NULL;
    if (rest->len != 0) {
        at = memmem(rest->ptr, rest->len, name, sizeof name - 1);
    }
    if (at == NULL) {
        return false;
    }
    at += sizeof name - 1;
    while (at < end && strchr(" \t\r\n:", *at) != NULL && *at != '\0') {
        at++;
    }
    *seconds = 0;
    while (at < end && *at >= '0' && *at <= '9' && *seconds < DNA_LIMIT_KEEP_DOCUMENT_S) {
        *seconds = *seconds * 10 + (*at++ - '0');
    }
    *rest = (struct dna_span){at, (size_t)(end - at)};
    return true;
}

static int64_t document_life(struct dna_span body)
{
    int64_t life = DNA_LIMIT_KEEP_DOCUMENT_S, seconds;
    while (next_expires(&body, &seconds)) {
        life = sooner(life, seconds);
    }
    return life;
}

static int64_t fetch_until(const struct dna_want_fetch *want,
                           const struct dna_fetch_result *result, int64_t now)
{
    bool policy = want->policy_id != NULL;
    int64_t from = sooner(result->obtained, now);
    switch (result->outcome) {
    case DNA_FETCH_OK:
        return policy ? from + DNA_LIMIT_STS_RETRY_S : from + document_life(result->body);
    case DNA_FETCH_ABSENT:
        /* Only at a well-known URL does it say something about the domain. */
        return from + (policy                               ? DNA_LIMIT_STS_RETRY_S
                       : want->kind == DNA_FETCH_WELL_KNOWN ? DNA_LIMIT_KEEP_ABSENT_S
                                                            : DNA_LIMIT_KEEP_FAILED_S);
    case DNA_FETCH_FAILED:
        return from + (policy ? DNA_LIMIT_STS_RETRY_S : DNA_LIMIT_KEEP_FAILED_S);
    case DNA_FETCH_REFUSED:
        return now;
    }
    return now;
}

int64_t dna_memory_fact_until(const struct dna_want *want, const struct dna_fact *fact,
                              int64_t now)
{
    switch (fact->kind) {
    case DNA_WANT_DNS:
        return answer_until(&fact->u.dns, now);
    case DNA_WANT_ANCHORED:
        return anchored_until(&fact->u.anchored, now);
    case DNA_WANT_FETCH:
        return fetch_until(&want->u.fetch, &fact->u.fetch, now);
    case DNA_WANT_PATH:
        return fact->u.path.code == DNA_PATH_OK
                   ? sooner(fact->u.path.not_after, now + DNA_LIMIT_PROOF_LIFE_S)
                   : now + DNA_LIMIT_KEEP_FAILED_S;
    case DNA_WANT_SIGNATURE: /* stays what it is */
        return now + (fact->u.signature.valid ? DNA_LIMIT_PROOF_LIFE_S
                                              : DNA_LIMIT_KEEP_FAILED_S);
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
        return now;
    }
    return now;
}

void dna_memory_learn(struct dna_memory *memory, struct dna_span key,
                      const struct dna_want *want, const struct dna_fact *fact, int64_t now)
{
    int64_t until = dna_memory_fact_until(want, fact, now);
    struct dna_buf bytes;
    dna_buf_init(&bytes, memory->alloc, SIZE_MAX / 2);
    if (until > now) {
        enum dna_err err = dna_fact_write(&bytes, fact);
        if (err == DNA_OK) {
            err = dna_cache_put(memory->facts, key, dna_buf_span(&bytes), until, false, now);
        }
        if (err != DNA_OK) {
            dna_cache_drop(memory->facts, key); /* what stood there is no longer so */
        }
    }
    dna_buf_fini(&bytes);
}

bool dna_memory_recall(struct dna_memory *memory, struct dna_span key, int64_t now,
                       struct dna_fact_view *out)
{
    struct dna_span bytes;
    if (!dna_cache_get(memory->facts, key, now, &bytes, NULL)) {
        return false;
    }
    dna_fact_read(bytes, out);
    return true;
}

void dna_memory_rule(struct dna_memory *memory, struct dna_span key,
                     const struct dna_ruling *ruling, int64_t until, int64_t now)
{
    struct dna_span bytes = {(const char *)ruling, sizeof *ruling};
    if (dna_cache_put(memory->rulings, key, bytes, until, false, now) != DNA_OK) {
        /* What stood there must not outlive what has just been ruled. */
        dna_cache_drop(memory->rulings, key);
    }
}

bool dna_memory_ruled(struct dna_memory *memory, struct dna_span key, int64_t now,
                      struct dna_ruling *out)
{
    struct dna_span bytes;
    if (!dna_cache_get(memory->rulings, key, now, &bytes, NULL)) {
        return false;
    }
    memcpy(out, bytes.ptr, sizeof *out);
    return true;
}

void dna_memory_forget(struct dna_memory *memory, struct dna_span key)
{
    dna_cache_drop(memory->rulings, key);
}
