/* session/recollection.c: an entry is the result without its pointers, then id and body. */
#include <session/recollection.h>

#include <string.h>

#include <base/buf.h>
#include <base/limits.h>
#include <proof/sts_policy.h>
#include <session/learning.h>

/* Of one entry, the key included: most policies are far smaller. */
#define BYTES_PER_POLICY 2048

static enum dna_err make_cache(const struct dna_alloc *alloc, uint64_t seed,
                               struct dna_cache **out)
{
    const size_t entries = DNA_LIMIT_STS_REMEMBERED / 2;
    enum dna_err err = dna_cache_new(alloc, seed, entries, entries * BYTES_PER_POLICY, out);
    if (err != DNA_OK) {
        *out = NULL;
    }
    return err;
}

enum dna_err dna_recollection_init(struct dna_recollection *recollection,
                                   const struct dna_alloc *alloc, uint64_t seed)
{
    enum dna_err err;
    *recollection = (struct dna_recollection){.alloc = alloc};
    err = make_cache(alloc, seed, &recollection->firm);
    return err == DNA_OK ? make_cache(alloc, seed, &recollection->loose) : err;
}

void dna_recollection_fini(struct dna_recollection *recollection)
{
    dna_cache_free(recollection->firm);
    dna_cache_free(recollection->loose);
}

void dna_recollection_recall(struct dna_recollection *recollection, const char *url,
                             int64_t now, struct dna_recall_result *out)
{
    const struct dna_span key = dna_span_of(url);
    struct dna_span bytes;
    *out = (struct dna_recall_result){.known = false};
    if (!dna_cache_get(recollection->firm, key, now, &bytes, NULL) &&
        !dna_cache_get(recollection->loose, key, now, &bytes, NULL)) {
        return;
    }
    memcpy(out, bytes.ptr, sizeof *out);
    out->policy_id = bytes.ptr + sizeof *out;
    out->body = (struct dna_span){out->policy_id + strlen(out->policy_id) + 1, out->body.len};
}

static void forget(struct dna_recollection *recollection, struct dna_span key)
{
    dna_cache_drop(recollection->firm, key);
    dna_cache_drop(recollection->loose, key);
}

/* An entry that cannot be kept leaves the older one of the same domain where it is, except in
 * the other part. */
static void keep(struct dna_recollection *recollection, struct dna_span key,
                 struct dna_span entry, int64_t until, bool firm, int64_t now)
{
    if (firm && dna_cache_put(recollection->firm, key, entry, until, true, now) == DNA_OK) {
        dna_cache_drop(recollection->loose, key);
        return;
    }
    if (dna_cache_put(recollection->loose, key, entry, until, false, now) == DNA_OK) {
        dna_cache_drop(recollection->firm, key);
    }
}

static enum dna_err write_entry(struct dna_buf *out, const char *id,
                                const struct dna_fetch_result *result, int64_t obtained)
{
    const struct dna_recall_result plain = {.known = true,
                                            .body = {NULL, result->body.len},
                                            .obtained = obtained,
                                            .exact_name = result->exact_name};
    enum dna_err err = dna_buf_add(out, (struct dna_span){(const char *)&plain, sizeof plain});
    if (err == DNA_OK) {
        err = dna_buf_add(out, (struct dna_span){id, strlen(id) + 1});
    }
    return err == DNA_OK ? dna_buf_add(out, result->body) : err;
}

/* The mode of a body that is a policy.  False: it is none. */
static bool read_policy(const struct dna_recollection *recollection, struct dna_span body,
                        enum dna_sts_mode *mode, int64_t *max_age)
{
    struct dna_sts_policy policy;
    const char *why;
    unsigned line;
    if (dna_sts_policy_parse(recollection->alloc, DNA_STS_XMPP, body, &policy, &why, &line) !=
        DNA_OK) {
        return false;
    }
    *mode = policy.mode;
    *max_age = policy.max_age;
    dna_sts_policy_fini(&policy);
    return true;
}

static bool one_stands(struct dna_recollection *recollection, const char *url, int64_t now)
{
    struct dna_recall_result old;
    enum dna_sts_mode mode;
    int64_t max_age;
    dna_recollection_recall(recollection, url, now, &old);
    return old.known && read_policy(recollection, old.body, &mode, &max_age) &&
           mode != DNA_STS_NONE;
}

void dna_recollection_learn(struct dna_recollection *recollection,
                            const struct dna_want_fetch *fetch,
                            const struct dna_fetch_result *result, int64_t now, bool *stands)
{
    const struct dna_span key = dna_span_of(fetch->url);
    /* A clock that was put back adds nothing. */
    int64_t obtained = result->obtained < now ? result->obtained : now;
    enum dna_sts_mode mode;
    int64_t max_age;
    struct dna_buf entry;
    *stands = false;
    if (result->outcome != DNA_FETCH_OK || !dna_sts_media_type(result->media_type) ||
        !read_policy(recollection, result->body, &mode, &max_age)) {
        *stands = one_stands(recollection, fetch->url, now);
        return;
    }
    if (obtained + max_age <= now) {
        forget(recollection, key);
        return;
    }
    dna_buf_init(&entry, recollection->alloc, SIZE_MAX / 2);
    if (write_entry(&entry, fetch->policy_id, result, obtained) == DNA_OK) {
        keep(recollection, key, dna_buf_span(&entry), obtained + max_age,
             mode == DNA_STS_ENFORCE, now);
    }
    dna_buf_fini(&entry);
}

bool dna_recollection_terms(struct dna_recollection *recollection, const char *url,
                            int64_t now, struct dna_recall_result *out, int64_t *until,
                            bool *enforced)
{
    enum dna_sts_mode mode;
    int64_t max_age;
    dna_recollection_recall(recollection, url, now, out);
    if (!out->known || !read_policy(recollection, out->body, &mode, &max_age)) {
        return false;
    }
    *until = out->obtained + max_age;
    *enforced = mode == DNA_STS_ENFORCE;
    return true;
}

enum dna_err dna_recollection_restore(struct dna_recollection *recollection,
                                      const struct dna_learned_policy *policy,
                                      int64_t obtained, int64_t until, int64_t now)
{
    const struct dna_fetch_result result = {.outcome = DNA_FETCH_OK,
                                            .body = policy->body,
                                            .exact_name = policy->exact_name};
    struct dna_recall_result known;
    enum dna_sts_mode mode;
    int64_t max_age;
    struct dna_buf entry;
    enum dna_err err;
    if (!read_policy(recollection, policy->body, &mode, &max_age) ||
        until != obtained + max_age) {
        return DNA_ERR_FORMAT;
    }
    dna_recollection_recall(recollection, policy->url, now, &known);
    if (known.known && known.obtained >= obtained) {
        return DNA_OK;
    }
    dna_buf_init(&entry, recollection->alloc, SIZE_MAX / 2);
    err = write_entry(&entry, policy->id, &result, obtained < now ? obtained : now);
    if (err == DNA_OK) {
        keep(recollection, dna_span_of(policy->url), dna_buf_span(&entry), until,
             mode == DNA_STS_ENFORCE, now);
    }
    dna_buf_fini(&entry);
    return err;
}

void dna_recollection_forget(struct dna_recollection *recollection, const char *url,
                             int64_t said, int64_t now)
{
    struct dna_recall_result known;
    dna_recollection_recall(recollection, url, now, &known);
    if (known.known && known.obtained <= said) {
        forget(recollection, dna_span_of(url));
    }
}
