/* session/learning.c: the queue of what was learned.
 *
 * The queue is bounded: what the host does not fetch in time only has to be found out again.
 */
#include <session/learning.h>

#include <string.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <base/limits.h>
#include <session/context.h>
#include <x509/digest.h>

struct dna_learned_entry {
    struct dna_learned_entry *next;
    struct dna_learned learned; /* its spans and texts lie below */
    size_t size;
    char bytes[];
};

static struct dna_learned_entry *take_first(struct dna_learning *learning)
{
    struct dna_learned_entry *first = learning->first;
    learning->first = first->next;
    if (learning->first == NULL) {
        learning->last = NULL;
    }
    learning->n--;
    learning->bytes -= first->size;
    return first;
}

void dna_learning_fini(struct dna_learning *learning)
{
    while (learning->first != NULL) {
        dna_alloc_release(learning->alloc, take_first(learning));
    }
    dna_alloc_release(learning->alloc, learning->lent);
    learning->lent = NULL;
    dna_taken_back_fini(&learning->taken);
}

static void push(struct dna_learning *learning, const struct dna_learned *learned)
{
    size_t domain = strlen(learned->domain) + 1, size = domain + learned->value.len;
    struct dna_learned_entry *entry;
    if (!learning->on || learning->n >= DNA_LIMIT_LEARNED ||
        learning->bytes + size > DNA_LIMIT_LEARNED_BYTES) {
        return;
    }
    entry = dna_alloc_get(learning->alloc, sizeof *entry + size);
    if (entry == NULL) {
        return;
    }
    *entry = (struct dna_learned_entry){.learned = *learned, .size = size};
    memcpy(entry->bytes, learned->domain, domain);
    entry->learned.domain = entry->bytes;
    if (learned->value.len != 0) {
        memcpy(entry->bytes + domain, learned->value.ptr, learned->value.len);
    }
    entry->learned.value.ptr = entry->bytes + domain;
    *(learning->last != NULL ? &learning->last->next : &learning->first) = entry;
    learning->last = entry;
    learning->n++;
    learning->bytes += size;
}

enum dna_err dna_session_keep_learned(struct dna_session *session, struct dna_span terms)
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_err err = dna_hash(DNA_HASH_SHA256, terms, digest);
    if (err == DNA_OK) {
        memcpy(session->learning.terms, digest, sizeof session->learning.terms);
        session->learning.on = true;
    }
    return err;
}

bool dna_session_next_learned(struct dna_session *session, struct dna_learned *out)
{
    struct dna_learning *learning = &session->learning;
    dna_alloc_release(learning->alloc, learning->lent);
    learning->lent = NULL;
    if (learning->first == NULL) {
        return false;
    }
    learning->lent = take_first(learning);
    *out = learning->lent->learned;
    return true;
}

/* --- what a ruling is known by ------------------------------------------------------- */

static enum dna_err ruling_id(const struct dna_learning *learning,
                              const struct dna_question *question,
                              const struct dna_key_proof *proof,
                              unsigned char id[DNA_LEARNED_ID])
{
    unsigned char digest[DNA_HASH_MAX];
    struct dna_key key;
    enum dna_err err = DNA_ERR_ARGUMENT;
    switch (question->policy.level) {
    case DNA_LEVEL_PROOF:
    case DNA_LEVEL_STRONG:
    case DNA_LEVEL_DIALBACK:
        err = dna_key_lasting(question, proof, learning->terms, &key);
        break;
    case DNA_LEVEL_REFUSE:
    case DNA_LEVEL_PIN: /* looked up nowhere */
        break;
    }
    err = err == DNA_OK ? dna_hash(DNA_HASH_SHA256, dna_key_span(&key), digest) : err;
    if (err == DNA_OK) {
        memcpy(id, digest, DNA_LEARNED_ID);
    }
    return err;
}

/* With the last word that took something of it back: what was recalled before that word is
 * not found any more. */
static void memory_key(const struct dna_learning *learning, enum dna_learned_kind kind,
                       const unsigned char id[DNA_LEARNED_ID], const char *domain,
                       struct dna_key *out)
{
    int64_t at = dna_taken_back_at(&learning->taken, kind, id, domain);
    out->bytes[0] = 'L';
    out->bytes[1] = (char)kind;
    memcpy(out->bytes + 2, id, DNA_LEARNED_ID);
    memcpy(out->bytes + 2 + DNA_LEARNED_ID, &at, sizeof at);
    out->len = 2 + DNA_LEARNED_ID + sizeof at;
}

static enum dna_learned_kind kind_of(const struct dna_key_proof *proof)
{
    return proof != NULL ? DNA_LEARNED_REFUSAL : DNA_LEARNED_PROOF;
}

enum dna_err dna_learning_key(const struct dna_learning *learning,
                              const struct dna_question *question,
                              const struct dna_key_proof *proof, struct dna_key *out)
{
    unsigned char id[DNA_LEARNED_ID];
    enum dna_err err =
        learning->on ? ruling_id(learning, question, proof, id) : DNA_ERR_ARGUMENT;
    if (err == DNA_OK) {
        memory_key(learning, kind_of(proof), id, question->domain, out);
    }
    return err;
}

/* --- learning ------------------------------------------------------------------------- */

void dna_learning_ruling(struct dna_learning *learning, const struct dna_question *question,
                         const struct dna_key_proof *proof, const struct dna_ruling *ruling,
                         int64_t until, int64_t now)
{
    struct dna_learned learned = {.kind = kind_of(proof),
                                  .domain = question->domain,
                                  .learned_at = now,
                                  .expires_at = until};
    struct dna_buf value;
    /* What a pin decides costs nothing, and what dialback may still decide is not refused. */
    if (!learning->on || ruling->pinned || ruling->dialback || until <= now ||
        ruling_id(learning, question, proof, learned.id) != DNA_OK) {
        return;
    }
    dna_buf_init(&value, learning->alloc, DNA_LIMIT_STORE_VALUE);
    if (dna_learned_write_ruling(ruling, &value) == DNA_OK) {
        learned.value = dna_buf_span(&value);
        push(learning, &learned);
    }
    dna_buf_fini(&value);
}

void dna_learning_ruling_gone(struct dna_learning *learning,
                              const struct dna_question *question, int64_t now)
{
    struct dna_learned learned = {.kind = DNA_LEARNED_PROOF,
                                  .gone = true,
                                  .domain = question->domain,
                                  .learned_at = now,
                                  .expires_at = now + DNA_LIMIT_PROOF_LIFE_S};
    if (learning->on && ruling_id(learning, question, NULL, learned.id) == DNA_OK) {
        push(learning, &learned);
        dna_taken_back_note(&learning->taken, &learned,
                            learned.expires_at + DNA_LIMIT_STORE_AHEAD_S, now);
    }
}

/* The host of a URL, for whoever reads a list of what is kept. */
static void host_of(const char *url, struct dna_name *out)
{
    const char *at = strstr(url, "://");
    size_t len = at != NULL ? strcspn(at + 3, "/:?#") : 0;
    out->text[0] = '\0';
    if (len != 0 && len <= DNA_NAME_MAX) {
        memcpy(out->text, at + 3, len);
        out->text[len] = '\0';
    }
}

void dna_learning_policy(struct dna_learning *learning, const char *url,
                         const struct dna_recall_result *policy, int64_t until, bool enforced)
{
    struct dna_learned learned = {.kind = DNA_LEARNED_POLICY,
                                  .pinned = enforced,
                                  .learned_at = policy->obtained,
                                  .expires_at = until};
    unsigned char digest[DNA_HASH_MAX];
    struct dna_name host;
    struct dna_buf value;
    if (!learning->on || dna_hash(DNA_HASH_SHA256, dna_span_of(url), digest) != DNA_OK) {
        return;
    }
    host_of(url, &host);
    learned.domain = host.text;
    memcpy(learned.id, digest, sizeof learned.id);
    dna_buf_init(&value, learning->alloc, DNA_LIMIT_STORE_VALUE);
    if (dna_learned_write_policy(url, policy, &value) == DNA_OK) {
        learned.value = dna_buf_span(&value);
        push(learning, &learned);
    }
    dna_buf_fini(&value);
}

static struct dna_learned downgrade_entry(const char *domain, enum dna_role role, int64_t at)
{
    struct dna_learned learned = {.kind = DNA_LEARNED_DOWNGRADE,
                                  .pinned = true,
                                  .domain = domain,
                                  .learned_at = at,
                                  .expires_at = at + DNA_LIMIT_DOWNGRADE_S};
    learned.id[0] = role == DNA_INITIATING ? 'i' : 'r';
    return learned;
}

void dna_learning_downgrade(struct dna_learning *learning, const char *domain,
                            enum dna_role role, int64_t proven_at)
{
    const struct dna_learned learned = downgrade_entry(domain, role, proven_at);
    push(learning, &learned);
}

void dna_learning_downgrade_gone(struct dna_learning *learning, const char *domain,
                                 enum dna_role role, int64_t now)
{
    struct dna_learned learned = downgrade_entry(domain, role, now);
    learned.gone = true;
    push(learning, &learned);
}

void dna_learning_downgrade_none(struct dna_learning *learning, const char *domain,
                                 int64_t now)
{
    struct dna_learned learned =
        downgrade_entry(domain != NULL ? domain : "", DNA_RECEIVING, now);
    learned.gone = true;
    learned.pinned = false;
    memset(learned.id, 0, sizeof learned.id);
    push(learning, &learned);
    dna_taken_back_note(&learning->taken, &learned, learned.expires_at, now);
}

bool dna_session_learn_again(struct dna_session *session, size_t *cursor)
{
    struct dna_learning *learning = &session->learning;
    struct dna_session_memory entry;
    while (learning->on && learning->n < DNA_LIMIT_LEARNED) {
        if (!dna_session_memory_next(session, cursor, &entry)) {
            return false;
        }
        dna_learning_downgrade(learning, entry.domain, entry.role, entry.proven_at);
    }
    return learning->on;
}

/* --- recalling ------------------------------------------------------------------------ */

static int64_t life_of(enum dna_learned_kind kind)
{
    switch (kind) {
    case DNA_LEARNED_DOWNGRADE:
        return DNA_LIMIT_DOWNGRADE_S;
    case DNA_LEARNED_POLICY:
        return DNA_LIMIT_STS_LIFE_S;
    case DNA_LEARNED_PROOF:
        return DNA_LIMIT_PROOF_LIFE_S;
    case DNA_LEARNED_REFUSAL:
        return DNA_LIMIT_KEEP_FAILED_S;
    }
    return 0;
}

/* S14; a clock that was put back makes entries of the future, which say nothing. */
static bool holds(const struct dna_learned *learned, int64_t now)
{
    return learned->learned_at >= 0 && learned->expires_at > now &&
           learned->learned_at <= now + DNA_LIMIT_STORE_AHEAD_S &&
           learned->expires_at <= DNA_LIMIT_SECONDS &&
           learned->expires_at - learned->learned_at <= life_of(learned->kind);
}

static enum dna_err recall_ruling(struct dna_session *session,
                                  const struct dna_learned *learned, int64_t now)
{
    int64_t most = now + life_of(learned->kind);
    int64_t until = learned->expires_at < most ? learned->expires_at : most;
    struct dna_ruling ruling;
    struct dna_key key;
    enum dna_err err = dna_learned_read_ruling(learned->kind, learned->value, &ruling);
    if (err == DNA_OK) {
        memory_key(&session->learning, learned->kind, learned->id, learned->domain, &key);
        ruling.expires_at = ruling.verdict == DNA_PROVEN ? until : 0;
        dna_memory_rule(&session->memory, dna_key_span(&key), &ruling, until, now);
    }
    return err;
}

/* The policy of an entry that was made for its URL. */
static enum dna_err read_policy(const struct dna_learned *learned,
                                struct dna_learned_policy *out)
{
    unsigned char digest[DNA_HASH_MAX];
    enum dna_err err = dna_learned_read_policy(learned->value, out);
    err = err == DNA_OK ? dna_hash(DNA_HASH_SHA256, dna_span_of(out->url), digest) : err;
    if (err == DNA_OK && memcmp(digest, learned->id, sizeof learned->id) != 0) {
        err = DNA_ERR_FORMAT;
    }
    return err;
}

static enum dna_err recall_policy(struct dna_session *session,
                                  const struct dna_learned *learned, int64_t now)
{
    struct dna_learned_policy policy;
    enum dna_err err = read_policy(learned, &policy);
    return err == DNA_OK ? dna_recollection_restore(&session->recollection, &policy,
                                                    learned->learned_at, learned->expires_at,
                                                    now)
                         : err;
}

static bool names_a_role(const struct dna_learned *learned)
{
    return learned->id[0] == 'i' || learned->id[0] == 'r';
}

static enum dna_err recall_downgrade(struct dna_session *session,
                                     const struct dna_learned *learned, struct dna_time now)
{
    struct dna_session_memory entry = {.domain = learned->domain,
                                       .role = learned->id[0] == 'i' ? DNA_INITIATING
                                                                     : DNA_RECEIVING,
                                       .proven_at = learned->learned_at};
    enum dna_err err = DNA_ERR_ARGUMENT;
    if (names_a_role(learned)) {
        err = dna_session_memory_add(session, &entry, now);
    }
    return err == DNA_ERR_ARGUMENT ? DNA_ERR_FORMAT : err;
}

/* --- taking back ---------------------------------------------------------------------- */

static bool names_one(const struct dna_learned *learned)
{
    static const unsigned char every[DNA_LEARNED_ID];
    return memcmp(learned->id, every, sizeof every) != 0;
}

/* What is known of one entry. */
static enum dna_err forget_one(struct dna_session *session, const struct dna_learned *learned,
                               int64_t now)
{
    struct dna_learned_policy policy;
    struct dna_key key;
    enum dna_err err = DNA_OK;
    switch (learned->kind) {
    case DNA_LEARNED_DOWNGRADE:
        if (!names_a_role(learned)) {
            return DNA_ERR_FORMAT;
        }
        dna_downgrade_take_back(&session->downgrade, learned->domain, learned->learned_at);
        break;
    case DNA_LEARNED_POLICY:
        err = read_policy(learned, &policy);
        if (err == DNA_OK) {
            dna_recollection_forget(&session->recollection, policy.url, learned->learned_at,
                                    now);
        }
        break;
    case DNA_LEARNED_PROOF:
    case DNA_LEARNED_REFUSAL:
        memory_key(&session->learning, learned->kind, learned->id, learned->domain, &key);
        dna_memory_forget(&session->memory, dna_key_span(&key));
        break;
    }
    return err;
}

/* Of several entries only what bars is looked for: rulings are not found any more. */
static void forget_several(struct dna_session *session, const struct dna_learned *learned)
{
    const char *domain = learned->domain[0] != '\0' ? learned->domain : NULL;
    if (learned->kind == DNA_LEARNED_DOWNGRADE) {
        dna_downgrade_take_back(&session->downgrade, domain, learned->learned_at);
    }
}

/* Noted for as long as an entry of that time could live, whatever this one's end was. */
static enum dna_err take_back(struct dna_session *session, const struct dna_learned *learned,
                              int64_t now)
{
    enum dna_err err = DNA_OK;
    if (names_one(learned)) {
        err = forget_one(session, learned, now);
    } else {
        forget_several(session, learned);
    }
    if (err == DNA_OK) {
        dna_taken_back_note(&session->learning.taken, learned,
                            learned->learned_at + life_of(learned->kind) +
                                DNA_LIMIT_STORE_AHEAD_S,
                            now);
    }
    return err;
}

bool dna_session_taken_back(const struct dna_session *session,
                            const struct dna_learned *learned)
{
    return dna_taken_back_covers(&session->learning.taken, learned);
}

enum dna_err dna_session_take_back(struct dna_session *session,
                                   const struct dna_learned *entry, struct dna_time now,
                                   struct dna_learned *word)
{
    *word = *entry;
    word->gone = true;
    word->pinned = entry->pinned && names_one(entry);
    word->learned_at = now.wall;
    word->expires_at = now.wall + life_of(entry->kind);
    return dna_session_recall(session, word, now);
}

enum dna_err dna_session_recall(struct dna_session *session, const struct dna_learned *learned,
                                struct dna_time now)
{
    if (!holds(learned, now.wall)) {
        return DNA_ERR_NOT_FOUND;
    }
    if (learned->gone) {
        return take_back(session, learned, now.wall);
    }
    if (dna_session_taken_back(session, learned)) {
        return DNA_ERR_NOT_FOUND;
    }
    switch (learned->kind) {
    case DNA_LEARNED_DOWNGRADE:
        return recall_downgrade(session, learned, now);
    case DNA_LEARNED_POLICY:
        return recall_policy(session, learned, now.wall);
    case DNA_LEARNED_PROOF:
    case DNA_LEARNED_REFUSAL:
        return recall_ruling(session, learned, now.wall);
    }
    return DNA_ERR_FORMAT;
}
