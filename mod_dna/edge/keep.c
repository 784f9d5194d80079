/* edge/keep.c: a store for a session.
 *
 * Invariant: nothing waits for the store but the host's start, and that not for ever.
 */
#include <edge/keep.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <base/limits.h>
#include <store/store.h>
#include <x509/digest.h>

#define FILE_MOST (1024 * 1024) /* of a trust anchor */

struct dna_edge_keep {
    struct dna_uv *uv;
    struct dna_store *store;
    void (*found)(void *arg, const struct dna_learned *learned); /* or NULL */
    void *arg;
    struct dna_timer *patience;
    bool settled, up;
    size_t barred; /* entries of downgrade memory that were found since it was away */
    unsigned long refused; /* that the log knows of */
    unsigned long unfit;   /* ours, but nothing that the session takes */
    size_t key_len;
    char key[];
};

/* --- what proofs rest on -------------------------------------------------------------- */

static enum dna_err add_text(struct dna_buf *terms, const char *text)
{
    return dna_buf_add(terms, (struct dna_span){text, strlen(text) + 1});
}

/* A file that cannot be read has no keys; the resolver says so. */
static enum dna_err add_file(struct dna_buf *terms, const char *name)
{
    FILE *file = name != NULL ? fopen(name, "re") : NULL;
    enum dna_err err = DNA_OK;
    char piece[4096];
    size_t n;
    while (file != NULL && err == DNA_OK && (n = fread(piece, 1, sizeof piece, file)) != 0) {
        err = dna_buf_add(terms, (struct dna_span){piece, n});
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return err == DNA_OK ? add_text(terms, "") : err;
}

static enum dna_err add_dns(struct dna_buf *terms, const struct dna_uv_options *options)
{
    enum dna_err err = DNA_OK;
    size_t i;
    switch (options->dns) {
    case DNA_UV_DNS_ITERATE:
    case DNA_UV_DNS_FORWARD: /* both validate */
        err = add_text(terms, "validating");
        err = err == DNA_OK ? add_file(terms, options->trust_anchor_file) : err;
        for (i = 0; err == DNA_OK && i < options->n_islands; i++) {
            err = add_file(terms, options->island_anchor_files[i]);
        }
        return err;
    case DNA_UV_DNS_STUB:
        err = add_text(terms, options->stub_trusts_ad ? "believing" : "asking");
        for (i = 0; err == DNA_OK && i < options->n_dns_servers; i++) {
            err = add_text(terms, options->dns_servers[i]);
        }
        return err;
    }
    return err;
}

static enum dna_err digest(struct dna_span bytes, unsigned char out[DNA_SHA256_SIZE])
{
    unsigned char whole[DNA_HASH_MAX];
    enum dna_err err = dna_hash(DNA_HASH_SHA256, bytes, whole);
    if (err == DNA_OK) {
        memcpy(out, whole, DNA_SHA256_SIZE);
    }
    return err;
}

enum dna_err dna_edge_keep_dns(struct dna_uv *uv, const struct dna_uv_options *options)
{
    struct dna_buf terms;
    enum dna_err err;
    dna_buf_init(&terms, uv->alloc, FILE_MOST);
    err = add_dns(&terms, options);
    if (err == DNA_OK || err == DNA_ERR_LIMIT) {
        err = digest(dna_buf_span(&terms), uv->terms);
    }
    dna_buf_fini(&terms);
    return err;
}

static enum dna_err tell_terms(struct dna_uv *uv)
{
    return dna_session_keep_learned(
        uv->session, (struct dna_span){(const char *)uv->terms, sizeof uv->terms});
}

enum dna_err dna_edge_keep_trust(struct dna_uv *uv, struct dna_span ca_pem)
{
    enum dna_err err = digest(ca_pem, uv->terms + DNA_SHA256_SIZE);
    return err == DNA_OK && uv->keep != NULL ? tell_terms(uv) : err;
}

/* --- the log -------------------------------------------------------------------------- */

static void log_refused(struct dna_edge_keep *keep)
{
    unsigned long refused = dna_store_refused(keep->store) + keep->unfit;
    char text[64];
    if (refused != keep->refused) {
        (void)snprintf(text, sizeof text, "%lu", refused - keep->refused);
        keep->refused = refused;
        dna_edge_log(keep->uv, DNA_LOG_WARNING, "store-refused", "records", text);
    }
}

/* What was found is known, so a store with less than what is known has lost something.  Only
 * downgrade memory cannot wait: the rest is found out again soon, and written then. */
static void make_good(struct dna_edge_keep *keep)
{
    struct dna_session *session = keep->uv->session;
    struct dna_session_memory entry;
    size_t known = 0, cursor = 0;
    while (dna_session_memory_next(session, &cursor, &entry)) {
        known++;
    }
    for (cursor = 0; known > keep->barred && dna_session_learn_again(session, &cursor);) {
        dna_edge_keep_pull(keep->uv);
    }
}

static void changed(void *arg, bool up, const char *why)
{
    struct dna_edge_keep *keep = arg;
    keep->settled = true;
    keep->up = up;
    if (up) {
        dna_edge_log(keep->uv, DNA_LOG_INFO, "store-up", "why", "everything in it is known");
        log_refused(keep);
        make_good(keep);
    } else {
        keep->barred = 0;
        dna_edge_log(keep->uv, DNA_LOG_WARNING, "store-down", "why", why);
    }
    dna_edge_loop_wake(keep->uv->loop);
}

/* --- both ways ------------------------------------------------------------------------ */

static bool kind_of(unsigned kind, enum dna_learned_kind *out)
{
    switch (kind) {
    case DNA_LEARNED_DOWNGRADE:
    case DNA_LEARNED_POLICY:
    case DNA_LEARNED_PROOF:
    case DNA_LEARNED_REFUSAL:
        *out = (enum dna_learned_kind)kind;
        return true;
    default: /* of a later version */
        return false;
    }
}

static void found(void *arg, const struct dna_store_record *record)
{
    struct dna_edge_keep *keep = arg;
    struct dna_learned learned = {.pinned = record->pinned,
                                  .gone = record->gone,
                                  .learned_at = record->learned_at,
                                  .expires_at = record->expires_at,
                                  .value = record->value};
    struct dna_name domain = {""};
    const struct dna_loop *face = keep->uv->face;
    enum dna_err err;
    if (!kind_of(record->kind, &learned.kind) || record->domain.len > DNA_NAME_MAX) {
        return;
    }
    if (record->domain.len != 0) {
        memcpy(domain.text, record->domain.ptr, record->domain.len);
    }
    learned.domain = domain.text;
    memcpy(learned.id, record->id, sizeof learned.id);
    err = dna_session_recall(keep->uv->session, &learned, face->now(face->self));
    keep->barred += err == DNA_OK && learned.kind == DNA_LEARNED_DOWNGRADE && !learned.gone;
    if (err == DNA_ERR_FORMAT) {
        keep->unfit++;
    } else if (err == DNA_OK && keep->found != NULL) {
        keep->found(keep->arg, &learned);
    }
}

static enum dna_err put(const struct dna_edge_keep *keep, const struct dna_learned *learned)
{
    struct dna_store_record record = {.kind = (unsigned)learned->kind,
                                      .pinned = learned->pinned,
                                      .gone = learned->gone,
                                      .domain = dna_span_of(learned->domain),
                                      .learned_at = learned->learned_at,
                                      .expires_at = learned->expires_at,
                                      .value = learned->value};
    memcpy(record.id, learned->id, sizeof record.id);
    return dna_store_put(keep->store, &record);
}

void dna_edge_keep_pull(struct dna_uv *uv)
{
    struct dna_learned learned;
    while (uv->keep != NULL && dna_session_next_learned(uv->session, &learned)) {
        if (put(uv->keep, &learned) != DNA_OK) {
            dna_edge_log(uv, DNA_LOG_DEBUG, "store-dropped", "domain", learned.domain);
        }
    }
}

/* --- its life ------------------------------------------------------------------------- */

static void lose_patience(void *arg)
{
    struct dna_edge_keep *keep = arg;
    keep->uv->face->timer_free(keep->patience);
    keep->patience = NULL;
    keep->settled = true;
    dna_edge_loop_wake(keep->uv->loop);
}

static enum dna_err make_mac(void *arg, struct dna_span bytes, unsigned char out[32])
{
    const struct dna_edge_keep *keep = arg;
    return dna_mac((struct dna_span){keep->key, keep->key_len}, bytes, out);
}

static enum dna_err open_store(struct dna_edge_keep *keep,
                               const struct dna_uv_store_options *options)
{
    struct dna_store_options with = {
        .alloc = keep->uv->alloc,
        .loop = keep->uv->face,
        .mac = {make_mac, keep},
        .events = {.found = found, .changed = changed, .arg = keep},
    };
    switch (options->kind) {
    case DNA_UV_STORE_FILE:
        return dna_store_sqlite(&with, options->where, &keep->store);
    case DNA_UV_STORE_REDIS:
        return dna_store_redis(&with, options->where, options->port, options->password,
                               &keep->store);
    }
    return DNA_ERR_ARGUMENT;
}

static void free_keep(struct dna_uv *uv)
{
    struct dna_edge_keep *keep = uv->keep;
    uv->keep = NULL;
    dna_store_close(keep->store);
    uv->face->timer_free(keep->patience);
    explicit_bzero(keep->key, keep->key_len);
    dna_alloc_release(uv->alloc, keep);
}

enum dna_err dna_uv_store(struct dna_uv *uv, const struct dna_uv_store_options *given)
{
    struct dna_uv_store_options options = {.size = 0};
    struct dna_edge_keep *keep;
    enum dna_err err;
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    if (uv->keep != NULL || options.where == NULL ||
        options.key.len < DNA_LIMIT_STORE_KEY_LEAST) {
        return DNA_ERR_ARGUMENT;
    }
    keep = dna_alloc_zero(uv->alloc, 1, sizeof *keep + options.key.len);
    if (keep == NULL) {
        return DNA_ERR_MEMORY;
    }
    uv->keep = keep;
    keep->uv = uv;
    keep->found = options.found;
    keep->arg = options.arg;
    keep->key_len = options.key.len;
    memcpy(keep->key, options.key.ptr, options.key.len);
    keep->patience = uv->face->timer(uv->face->self, DNA_LIMIT_STORE_SETTLE_MS, lose_patience,
                                     keep);
    err = keep->patience != NULL ? tell_terms(uv) : DNA_ERR_MEMORY;
    err = err == DNA_OK ? open_store(keep, &options) : err;
    if (err != DNA_OK) {
        free_keep(uv);
        return err;
    }
    dna_edge_loop_wake(uv->loop);
    return DNA_OK;
}

void dna_edge_keep_end(struct dna_uv *uv)
{
    if (uv->keep != NULL) {
        dna_edge_keep_pull(uv);
        free_keep(uv);
    }
}

bool dna_uv_store_settled(const struct dna_uv *uv)
{
    return uv->keep == NULL || uv->keep->settled;
}

bool dna_uv_store_up(const struct dna_uv *uv)
{
    return uv->keep != NULL && uv->keep->up;
}

bool dna_uv_store_busy(const struct dna_uv *uv)
{
    return uv->keep != NULL && dna_store_busy(uv->keep->store);
}

void dna_uv_store_forget(struct dna_uv *uv, const char *domain)
{
    if (dna_session_tick(uv->session, uv->face->now(uv->face->self)) != DNA_OK) {
        dna_edge_log(uv, DNA_LOG_ERROR, "tick-failed", "why", "out of memory");
    }
    dna_session_memory_clear(uv->session, domain);
    dna_edge_keep_pull(uv);
}

enum dna_err dna_uv_store_drop(struct dna_uv *uv, const struct dna_learned *learned)
{
    struct dna_time now = uv->face->now(uv->face->self);
    struct dna_learned word = *learned;
    enum dna_err err;
    if (uv->keep == NULL) {
        return DNA_ERR_STATE;
    }
    word.gone = true;
    word.learned_at = now.wall;
    err = dna_session_recall(uv->session, &word, now);
    return err == DNA_OK ? put(uv->keep, &word) : err;
}
