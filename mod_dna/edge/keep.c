/* edge/keep.c: a store for a session, and beside it a file for what bars.
 *
 * Whoever can write to the store can take entries out of it, and put genuine ones back that
 * were there once.  So what bars (the downgrade memory, and every word that an entry no longer
 * holds, whoever's it was) is kept a second time in a file beside the key, where he cannot
 * write; it is read before the store is opened, so that nothing that was taken back is recalled
 * from there (S12, S16).
 *
 * Invariant: nothing waits for the store but the host's start, and that not for ever.
 */
#include <edge/keep.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <store/store.h>
#include <x509/digest.h>

struct dna_edge_keep {
    struct dna_uv *uv;
    struct dna_store *store; /* NULL: what bars is still being read */
    struct dna_store *bars;  /* NULL: there is none */
    enum dna_uv_store_kind kind;
    uint16_t port;
    void (*found)(void *arg, const struct dna_learned *learned); /* or NULL */
    void *arg;
    struct dna_timer *patience;
    bool settled, up;
    size_t barred; /* entries of downgrade memory that were found since it was away */
    unsigned long refused; /* that the log knows of */
    unsigned long unfit;   /* ours, but nothing that the session takes */
    char *where, *password;
    size_t key_len;
    char key[];
};

/* --- the log -------------------------------------------------------------------------- */

static void log_refused(struct dna_edge_keep *keep)
{
    unsigned long refused = keep->unfit;
    char text[64];
    refused += keep->store != NULL ? dna_store_refused(keep->store) : 0;
    refused += keep->bars != NULL ? dna_store_refused(keep->bars) : 0;
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

/* False: it is of a later version. */
static bool read_record(const struct dna_store_record *record, struct dna_name *domain,
                        struct dna_learned *out)
{
    *out = (struct dna_learned){.pinned = record->pinned,
                                .gone = record->gone,
                                .domain = domain->text,
                                .learned_at = record->learned_at,
                                .expires_at = record->expires_at,
                                .value = record->value};
    if (!kind_of(record->kind, &out->kind) || record->domain.len > DNA_NAME_MAX) {
        return false;
    }
    if (record->domain.len != 0) {
        memcpy(domain->text, record->domain.ptr, record->domain.len);
    }
    domain->text[record->domain.len] = '\0';
    memcpy(out->id, record->id, sizeof out->id);
    return true;
}

static enum dna_err put(struct dna_store *store, const struct dna_learned *learned)
{
    struct dna_store_record record = {.kind = (unsigned)learned->kind,
                                      .pinned = learned->pinned,
                                      .gone = learned->gone,
                                      .domain = dna_span_of(learned->domain),
                                      .learned_at = learned->learned_at,
                                      .expires_at = learned->expires_at,
                                      .value = learned->value};
    memcpy(record.id, learned->id, sizeof record.id);
    return dna_store_put(store, &record);
}

static bool does_bar(const struct dna_learned *learned)
{
    return learned->gone || learned->kind == DNA_LEARNED_DOWNGRADE;
}

static void put_bar(const struct dna_edge_keep *keep, const struct dna_learned *learned)
{
    if (keep->bars != NULL && does_bar(learned) && put(keep->bars, learned) != DNA_OK) {
        dna_edge_log(keep->uv, DNA_LOG_DEBUG, "bar-dropped", "domain", learned->domain);
    }
}

static enum dna_err recall(struct dna_edge_keep *keep, const struct dna_learned *learned)
{
    const struct dna_loop *face = keep->uv->face;
    enum dna_err err =
        dna_session_recall(keep->uv->session, learned, face->now(face->self));
    keep->unfit += err == DNA_ERR_FORMAT;
    if (err == DNA_OK && keep->found != NULL) {
        keep->found(keep->arg, learned);
    }
    return err;
}

/* What bars here from now on does so after a restart, too, whatever becomes of the store. */
static void found(void *arg, const struct dna_store_record *record)
{
    struct dna_edge_keep *keep = arg;
    const struct dna_session *session = keep->uv->session;
    uint64_t version = dna_session_memory_version(session);
    struct dna_learned learned;
    struct dna_name domain;
    bool heard;
    if (!read_record(record, &domain, &learned)) {
        return;
    }
    heard = learned.gone && dna_session_taken_back(session, &learned);
    if (recall(keep, &learned) != DNA_OK) {
        return;
    }
    keep->barred += learned.kind == DNA_LEARNED_DOWNGRADE && !learned.gone;
    if (learned.gone ? !heard : version != dna_session_memory_version(session)) {
        put_bar(keep, &learned);
    }
}

static void found_bar(void *arg, const struct dna_store_record *record)
{
    struct dna_edge_keep *keep = arg;
    struct dna_learned learned;
    struct dna_name domain;
    if (read_record(record, &domain, &learned) && does_bar(&learned)) {
        (void)recall(keep, &learned);
    }
}

void dna_edge_keep_pull(struct dna_uv *uv)
{
    struct dna_learned learned;
    while (uv->keep != NULL && dna_session_next_learned(uv->session, &learned)) {
        put_bar(uv->keep, &learned);
        if (uv->keep->store == NULL || put(uv->keep->store, &learned) != DNA_OK) {
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

static struct dna_store_options options_of(struct dna_edge_keep *keep)
{
    return (struct dna_store_options){
        .alloc = keep->uv->alloc,
        .loop = keep->uv->face,
        .mac = {make_mac, keep},
        .events = {.found = found, .changed = changed, .arg = keep},
    };
}

static enum dna_err make_store(struct dna_edge_keep *keep)
{
    const struct dna_store_options options = options_of(keep);
    switch (keep->kind) {
    case DNA_UV_STORE_FILE:
        return dna_store_sqlite(&options, keep->where, &keep->store);
    case DNA_UV_STORE_REDIS:
        return dna_store_redis(&options, keep->where, keep->port, keep->password, &keep->store);
    }
    return DNA_ERR_ARGUMENT;
}

/* All that bars is known. */
static void open_store(struct dna_edge_keep *keep)
{
    enum dna_err err = keep->store == NULL ? make_store(keep) : DNA_OK;
    if (err != DNA_OK) {
        changed(keep, false, dna_err_name(err));
    }
}

static void bars_changed(void *arg, bool up, const char *why)
{
    struct dna_edge_keep *keep = arg;
    if (!up) {
        dna_edge_log(keep->uv, DNA_LOG_WARNING, "bars-down", "why", why);
    }
    open_store(keep);
}

static enum dna_err open_bars(struct dna_edge_keep *keep, const char *file)
{
    struct dna_store_options options = options_of(keep);
    options.events.found = found_bar;
    options.events.changed = bars_changed;
    return dna_store_sqlite(&options, file, &keep->bars);
}

static void free_keep(struct dna_uv *uv)
{
    struct dna_edge_keep *keep = uv->keep;
    uv->keep = NULL;
    dna_store_close(keep->store);
    dna_store_close(keep->bars);
    uv->face->timer_free(keep->patience);
    explicit_bzero(keep->key, keep->key_len);
    if (keep->password != NULL) {
        explicit_bzero(keep->password, strlen(keep->password));
    }
    dna_alloc_release(uv->alloc, keep->password);
    dna_alloc_release(uv->alloc, keep->where);
    dna_alloc_release(uv->alloc, keep);
}

/* Invariant: keep->key lies behind the struct, whose room was measured for it. */
static enum dna_err fill(struct dna_edge_keep *keep, const struct dna_uv_store_options *options)
{
    struct dna_uv *uv = keep->uv;
    keep->found = options->found;
    keep->arg = options->arg;
    keep->kind = options->kind;
    keep->port = options->port;
    keep->key_len = options->key.len;
    memcpy(keep->key, options->key.ptr, options->key.len);
    keep->where = dna_alloc_text(uv->alloc, dna_span_of(options->where));
    if (options->password != NULL) {
        keep->password = dna_alloc_text(uv->alloc, dna_span_of(options->password));
    }
    keep->patience = uv->face->timer(uv->face->self, DNA_LIMIT_STORE_SETTLE_MS, lose_patience,
                                     keep);
    if (keep->where == NULL || (options->password != NULL && keep->password == NULL) ||
        keep->patience == NULL) {
        return DNA_ERR_MEMORY;
    }
    return dna_edge_keep_tell_terms(uv);
}

static bool is_known(enum dna_uv_store_kind kind)
{
    switch (kind) {
    case DNA_UV_STORE_FILE:
    case DNA_UV_STORE_REDIS:
        return true;
    }
    return false;
}

enum dna_err dna_uv_store(struct dna_uv *uv, const struct dna_uv_store_options *given)
{
    struct dna_uv_store_options options = {.size = 0};
    struct dna_edge_keep *keep;
    enum dna_err err;
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    if (uv->keep != NULL || options.where == NULL || !is_known(options.kind) ||
        options.key.len < DNA_LIMIT_STORE_KEY_LEAST) {
        return DNA_ERR_ARGUMENT;
    }
    keep = dna_alloc_zero(uv->alloc, 1, sizeof *keep + options.key.len);
    if (keep == NULL) {
        return DNA_ERR_MEMORY;
    }
    uv->keep = keep;
    keep->uv = uv;
    err = fill(keep, &options);
    if (err == DNA_OK) {
        err = options.bars != NULL ? open_bars(keep, options.bars) : make_store(keep);
    }
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
    const struct dna_edge_keep *keep = uv->keep;
    return keep != NULL && ((keep->store != NULL && dna_store_busy(keep->store)) ||
                            (keep->bars != NULL && dna_store_busy(keep->bars)));
}

enum dna_err dna_uv_store_drop(struct dna_uv *uv, const struct dna_learned *learned)
{
    struct dna_edge_keep *keep = uv->keep;
    struct dna_learned word;
    enum dna_err err;
    if (keep == NULL) {
        return DNA_ERR_STATE;
    }
    err = dna_session_take_back(uv->session, learned, uv->face->now(uv->face->self), &word);
    if (err != DNA_OK) {
        return err;
    }
    put_bar(keep, &word);
    return keep->store != NULL ? put(keep->store, &word) : DNA_ERR_STATE;
}

/* What somebody keeps out of our sight now, to put it back later, is meant, too. */
enum dna_err dna_uv_store_forget(struct dna_uv *uv, const char *domain)
{
    static const enum dna_learned_kind kinds[] = {DNA_LEARNED_DOWNGRADE, DNA_LEARNED_POLICY,
                                                  DNA_LEARNED_PROOF, DNA_LEARNED_REFUSAL};
    char policies[DNA_NAME_MAX + sizeof "xmpp-sts."]; /* the host that publishes them */
    enum dna_err err = DNA_OK;
    if (dna_session_tick(uv->session, uv->face->now(uv->face->self)) != DNA_OK) {
        dna_edge_log(uv, DNA_LOG_ERROR, "tick-failed", "why", "out of memory");
    }
    dna_session_memory_clear(uv->session, domain);
    dna_edge_keep_pull(uv);
    (void)snprintf(policies, sizeof policies, "xmpp-sts.%s", domain != NULL ? domain : "");
    for (size_t i = 0; uv->keep != NULL && err == DNA_OK && i < sizeof kinds / sizeof *kinds;
         i++) {
        struct dna_learned every = {.kind = kinds[i], .domain = domain != NULL ? domain : ""};
        if (domain != NULL && kinds[i] == DNA_LEARNED_POLICY) {
            every.domain = policies;
        }
        err = dna_uv_store_drop(uv, &every);
    }
    return err;
}
