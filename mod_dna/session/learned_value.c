/* session/learned_value.c: a version byte, then texts that end in NUL.
 *
 * Prooftypes and codes go by name, so that a later version that counts them differently
 * reads nothing into an entry.
 */
#include <session/learning.h>

#include <stdio.h>
#include <string.h>

#include <base/buf.h>
#include <base/limits.h>

#define VERSION '\x01'

static enum dna_err add_text(struct dna_buf *out, const char *text)
{
    return dna_buf_add(out, (struct dna_span){text, strlen(text) + 1});
}

static enum dna_err add_version(struct dna_buf *out)
{
    static const char version = VERSION;
    return dna_buf_add(out, (struct dna_span){&version, 1});
}

static bool take_version(struct dna_span *rest)
{
    if (rest->len == 0 || rest->ptr[0] != VERSION) {
        return false;
    }
    *rest = (struct dna_span){rest->ptr + 1, rest->len - 1};
    return true;
}

/* NULL: there is none, or it is longer than `most`. */
static const char *take_text(struct dna_span *rest, size_t most)
{
    const char *text = rest->ptr;
    const char *end = rest->len != 0 ? memchr(text, '\0', rest->len) : NULL;
    size_t len;
    if (end == NULL || (size_t)(end - text) > most) {
        return NULL;
    }
    len = (size_t)(end - text) + 1;
    *rest = (struct dna_span){text + len, rest->len - len};
    return text;
}

enum dna_err dna_learned_write_ruling(const struct dna_ruling *ruling, struct dna_buf *out)
{
    enum dna_err err = add_version(out);
    err = err == DNA_OK ? add_text(out, dna_prooftype_name(ruling->prooftype)) : err;
    err = err == DNA_OK ? add_text(out, dna_code_name(ruling->code)) : err;
    return err == DNA_OK ? add_text(out, ruling->why) : err;
}

/* The codes of refusals that are kept (S13), and the one of proofs. */
static bool read_code(const char *name, enum dna_code *out)
{
    static const enum dna_code codes[] = {
        DNA_CODE_OK,            DNA_CODE_WEAK_KEY,     DNA_CODE_UNTRUSTED,
        DNA_CODE_NOT_VALID_NOW, DNA_CODE_NAME_MISMATCH, DNA_CODE_BAD_MATERIAL,
        DNA_CODE_NO_MATCH,      DNA_CODE_NOT_BOUND,
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(name, dna_code_name(codes[i])) == 0) {
            *out = codes[i];
            return true;
        }
    }
    return false;
}

enum dna_err dna_learned_read_ruling(enum dna_learned_kind kind, struct dna_span value,
                                     struct dna_ruling *out)
{
    const char *type, *code, *why;
    bool proven = kind == DNA_LEARNED_PROOF;
    *out = (struct dna_ruling){.verdict = DNA_FAIL};
    if ((!proven && kind != DNA_LEARNED_REFUSAL) || !take_version(&value) ||
        (type = take_text(&value, 64)) == NULL || (code = take_text(&value, 64)) == NULL ||
        (why = take_text(&value, DNA_WHY_MAX - 1)) == NULL || value.len != 0 ||
        dna_prooftype_by_name(dna_span_of(type), &out->prooftype) != DNA_OK ||
        !read_code(code, &out->code) || proven != (out->code == DNA_CODE_OK)) {
        return DNA_ERR_FORMAT;
    }
    (void)snprintf(out->why, sizeof out->why, "%s", why);
    out->verdict = proven ? DNA_PROVEN : DNA_FAIL;
    return DNA_OK;
}

enum dna_err dna_learned_write_policy(const char *url, const struct dna_recall_result *policy,
                                      struct dna_buf *out)
{
    enum dna_err err = add_version(out);
    err = err == DNA_OK ? add_text(out, url) : err;
    err = err == DNA_OK ? add_text(out, policy->policy_id) : err;
    err = err == DNA_OK ? add_text(out, policy->exact_name ? "exact" : "other") : err;
    return err == DNA_OK ? dna_buf_add(out, policy->body) : err;
}

enum dna_err dna_learned_read_policy(struct dna_span value, struct dna_learned_policy *out)
{
    const char *name;
    if (!take_version(&value) || (out->url = take_text(&value, DNA_LIMIT_URL)) == NULL ||
        (out->id = take_text(&value, DNA_LIMIT_STS_ID)) == NULL ||
        (name = take_text(&value, 8)) == NULL || value.len > DNA_LIMIT_DOCUMENT) {
        return DNA_ERR_FORMAT;
    }
    out->exact_name = strcmp(name, "exact") == 0;
    out->body = value;
    return out->exact_name || strcmp(name, "other") == 0 ? DNA_OK : DNA_ERR_FORMAT;
}

enum dna_err dna_learned_view(const struct dna_learned *learned, struct dna_learned_view *out)
{
    struct dna_learned_policy policy;
    enum dna_err err;
    *out = (struct dna_learned_view){.role = DNA_RECEIVING};
    switch (learned->kind) {
    case DNA_LEARNED_DOWNGRADE:
        out->role = learned->id[0] == 'i' ? DNA_INITIATING : DNA_RECEIVING;
        return learned->id[0] == 'i' || learned->id[0] == 'r' ? DNA_OK : DNA_ERR_FORMAT;
    case DNA_LEARNED_POLICY:
        err = dna_learned_read_policy(learned->value, &policy);
        if (err == DNA_OK) {
            out->url = policy.url;
            out->policy_id = policy.id;
        }
        return err;
    case DNA_LEARNED_PROOF:
    case DNA_LEARNED_REFUSAL:
        return dna_learned_read_ruling(learned->kind, learned->value, &out->ruling);
    }
    return DNA_ERR_FORMAT;
}
