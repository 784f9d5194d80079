/* proof/bundle_read.c: a bundle taken apart: its signature, messages, question and facts. */
#include <proof/bundle_trial.h>

#include <string.h>

#include <proof/evidence.h>
#include <x509/seal.h>

static bool read_signature(struct dna_bundle_trial *c, const struct dna_json *value,
                           struct dna_seal *out)
{
    struct dna_span key, bytes;
    const struct dna_json *name = dna_json_member(value, "algorithm");
    if (dna_evidence_bytes(&c->arena, dna_json_member(value, "key"), &key) != DNA_OK ||
        dna_evidence_bytes(&c->arena, dna_json_member(value, "value"), &bytes) != DNA_OK ||
        name == NULL || name->kind != DNA_JSON_TEXT || key.len == 0 || bytes.len == 0 ||
        key.len > sizeof out->key || bytes.len > sizeof out->value ||
        value->last != dna_json_member(value, "value")) {
        return false;
    }
    memcpy(out->key, key.ptr, key.len);
    memcpy(out->value, bytes.ptr, bytes.len);
    out->key_len = key.len;
    out->len = bytes.len;
    out->algorithm = name->text.ptr;
    return true;
}

enum dna_err dna_bundle_read_signature(struct dna_bundle_trial *c)
{
    struct dna_seal signature, expected = {.key_len = 0};
    struct dna_json *value;
    struct dna_buf buf;
    bool good = false;
    enum dna_err err;
    if (c->terms->key_pem.len != 0 && dna_seal_key(c->terms->key_pem, &expected) != DNA_OK) {
        return DNA_ERR_ARGUMENT;
    }
    value = dna_json_take(c->root, "signature");
    if (value == NULL) {
        return DNA_OK;
    }
    c->out->has_signature = true;
    if (!read_signature(c, value, &signature)) {
        return dna_bundle_broken(c, "the signature is malformed");
    }
    /* The object as it is written without its last member. */
    dna_buf_init(&buf, c->alloc, DNA_LIMIT_BUNDLE);
    err = dna_json_write(c->root, &buf);
    if (err == DNA_OK) {
        err = dna_seal_verify(&signature, dna_buf_span(&buf), &good);
    }
    dna_buf_fini(&buf);
    if (err == DNA_ERR_MEMORY) {
        return err;
    }
    if (err != DNA_OK || !good) {
        return dna_bundle_broken(c, "the signature does not verify");
    }
    c->out->signed_by_key = expected.key_len != 0 &&
                            dna_same_bytes((struct dna_span){(const char *)expected.key,
                                                             expected.key_len},
                                           (struct dna_span){(const char *)signature.key,
                                                             signature.key_len});
    return DNA_OK;
}

/* --- taking it apart -------------------------------------------------------------------- */

static bool read_overdue(const struct dna_json *value, struct dna_bundle_entry *out)
{
    const struct dna_json *overdue = dna_json_member(value, "overdue");
    if (overdue == NULL ||
        (overdue->kind != DNA_JSON_NULL && overdue->kind != DNA_JSON_TEXT)) {
        return false;
    }
    out->overdue = overdue->kind == DNA_JSON_TEXT;
    out->by_tick = out->overdue && dna_span_is(overdue->text, "by-tick");
    return true;
}

static bool read_entry(const struct dna_json *value, struct dna_bundle_entry *out)
{
    const struct dna_json *order = dna_json_member(value, "order");
    *out = (struct dna_bundle_entry){.value = value, .want = dna_json_member(value, "want")};
    if (out->want == NULL || order == NULL || order->kind != DNA_JSON_NUMBER ||
        order->number < 0 || order->number > DNA_LIMIT_WANTS) {
        return false;
    }
    out->order = (unsigned)order->number;
    return out->order == 0 ||
           (dna_evidence_time(dna_json_member(value, "at"), &out->at) == DNA_OK &&
            read_overdue(value, out));
}

enum dna_err dna_bundle_read_messages(struct dna_bundle_trial *c)
{
    struct dna_json *list = dna_json_take(c->root, "messages");
    const struct dna_json *one;
    enum dna_err err = DNA_OK;
    size_t n = 0;
    if (list == NULL) {
        return DNA_OK;
    }
    for (one = list->first; one != NULL; one = one->next) {
        n++;
    }
    if (list->kind != DNA_JSON_ARRAY || n > DNA_LIMIT_BUNDLE_MESSAGES) {
        return dna_bundle_broken(c, "the messages of the DNS are no array, or too many");
    }
    c->messages = dna_arena_zero(&c->arena, n + 1, sizeof *c->messages);
    if (c->messages == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (one = list->first; one != NULL && err == DNA_OK; one = one->next) {
        err = dna_evidence_bytes(&c->arena, one, &c->messages[c->n_messages++]);
    }
    return err == DNA_ERR_FORMAT ? dna_bundle_broken(c, "a message of the DNS is not base64")
                                 : err;
}

static enum dna_err read_entries(struct dna_bundle_trial *c)
{
    const struct dna_json *facts = dna_json_member(c->root, "facts");
    if (facts == NULL || facts->kind != DNA_JSON_ARRAY) {
        return dna_bundle_broken(c, "there are no facts");
    }
    for (const struct dna_json *one = facts->first; one != NULL; one = one->next) {
        if (c->n == DNA_LIMIT_WANTS || !read_entry(one, &c->entries[c->n])) {
            return dna_bundle_broken(c, "the facts are malformed, or too many");
        }
        c->n++;
    }
    c->out->facts = (unsigned)c->n;
    return DNA_OK;
}

enum dna_err dna_bundle_read_parts(struct dna_bundle_trial *c)
{
    const struct dna_json *format = dna_json_member(c->root, "format");
    enum dna_err err;
    if (format == NULL || format->kind != DNA_JSON_TEXT ||
        !dna_span_is(format->text, DNA_EVIDENCE_FORMAT)) {
        return dna_bundle_broken(c,
                                 "it does not say that it is a bundle of a format known here");
    }
    err = dna_evidence_question(&c->arena, dna_json_member(c->root, "question"), &c->question,
                                &c->chain);
    if (err != DNA_OK) {
        return err == DNA_ERR_MEMORY ? err : dna_bundle_broken(c, "the question is malformed");
    }
    if (dna_evidence_time(dna_json_member(c->root, "opened"), &c->opened) != DNA_OK ||
        dna_evidence_time(dna_json_member(c->root, "ruled"), &c->ruled) != DNA_OK) {
        return dna_bundle_broken(c, "the times are malformed");
    }
    return read_entries(c);
}
