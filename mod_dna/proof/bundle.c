/* proof/bundle.c: bundles made.
 *
 * A bundle is one object of canonical JSON.  Its last member may be the signature, over the
 * bytes that the object has without it.
 */
#include <proof/bundle.h>

#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <proof/evidence.h>
#include <x509/seal.h>

/* The value as text that the caller releases. */
static enum dna_err write_out(const struct dna_alloc *alloc, const struct dna_json *value,
                              char **out, size_t *len)
{
    struct dna_buf buf;
    enum dna_err err;
    dna_buf_init(&buf, alloc, DNA_LIMIT_BUNDLE);
    err = dna_json_write(value, &buf);
    if (err == DNA_OK) {
        *len = dna_buf_len(&buf);
        *out = dna_alloc_text(alloc, dna_buf_span(&buf));
        err = *out != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    dna_buf_fini(&buf);
    return err;
}

enum dna_err dna_court_bundle(struct dna_court *court, struct dna_span *out)
{
    struct dna_arena arena;
    struct dna_json_maker maker = {&arena, DNA_OK};
    struct dna_json *root;
    size_t len = 0;
    enum dna_err err = DNA_OK;
    if (!court->ruled) {
        return DNA_ERR_STATE;
    }
    if (court->q.role != DNA_INITIATING && court->q.role != DNA_RECEIVING) {
        return DNA_ERR_ARGUMENT; /* there is no word for it */
    }
    if (court->bundle == NULL) {
        dna_arena_init(&arena, court->alloc, DNA_LIMIT_BUNDLE_ARENA);
        root = dna_evidence_write(&maker, court);
        err = maker.err == DNA_OK ? write_out(court->alloc, root, &court->bundle, &len)
                                  : maker.err;
        dna_arena_fini(&arena);
    }
    *out = dna_span_of(court->bundle);
    return err;
}

/* Reads a bundle that has no signature yet. */
static enum dna_err read_unsigned(struct dna_arena *arena, struct dna_span bundle,
                                  struct dna_json **out)
{
    const char *why;
    size_t at;
    enum dna_err err = bundle.len > DNA_LIMIT_BUNDLE
                           ? DNA_ERR_LIMIT
                           : dna_json_read(arena, bundle, DNA_LIMIT_BUNDLE_DEPTH, out, &at,
                                           &why);
    if (err == DNA_OK &&
        ((*out)->kind != DNA_JSON_OBJECT || dna_json_member(*out, "signature") != NULL)) {
        err = DNA_ERR_FORMAT;
    }
    return err;
}

enum dna_err dna_bundle_sign(const struct dna_alloc *alloc, struct dna_span bundle,
                             struct dna_span key_pem, char **out, size_t *len)
{
    struct dna_arena arena;
    struct dna_json_maker maker = {&arena, DNA_OK};
    struct dna_json *root = NULL, *member;
    struct dna_seal signature;
    size_t ignored;
    enum dna_err err;
    dna_arena_init(&arena, alloc, DNA_LIMIT_BUNDLE_ARENA);
    err = read_unsigned(&arena, bundle, &root);
    err = err == DNA_OK ? dna_seal_make(key_pem, bundle, &signature) : err;
    if (err == DNA_OK) {
        member = dna_json_add(&maker, root, "signature", DNA_JSON_OBJECT);
        dna_json_add_text(&maker, member, "algorithm", signature.algorithm);
        dna_json_add_bytes(&maker, member, "key",
                           (struct dna_span){(const char *)signature.key, signature.key_len});
        dna_json_add_bytes(&maker, member, "value",
                           (struct dna_span){(const char *)signature.value, signature.len});
        err = maker.err;
    }
    err = err == DNA_OK ? write_out(alloc, root, out, len != NULL ? len : &ignored) : err;
    dna_arena_fini(&arena);
    return err;
}

enum dna_err dna_bundle_attach(const struct dna_alloc *alloc, struct dna_span bundle,
                               const struct dna_span *messages, size_t n, char **out,
                               size_t *len)
{
    struct dna_arena arena;
    struct dna_json_maker maker = {&arena, DNA_OK};
    struct dna_json *root = NULL, *list;
    size_t ignored;
    enum dna_err err;
    if (n > DNA_LIMIT_BUNDLE_MESSAGES) {
        return DNA_ERR_LIMIT;
    }
    dna_arena_init(&arena, alloc, DNA_LIMIT_BUNDLE_ARENA);
    err = read_unsigned(&arena, bundle, &root);
    if (err == DNA_OK) {
        (void)dna_json_take(root, "messages");
        list = dna_json_add(&maker, root, "messages", DNA_JSON_ARRAY);
        for (size_t i = 0; i < n; i++) {
            dna_json_add_bytes(&maker, list, NULL, messages[i]);
        }
        err = maker.err;
    }
    err = err == DNA_OK ? write_out(alloc, root, out, len != NULL ? len : &ignored) : err;
    dna_arena_fini(&arena);
    return err;
}

static void name_answer(const struct dna_dns_answer *answer, dna_bundle_answer_fn *fn,
                        void *arg)
{
    if (answer->outcome == DNA_DNS_FOUND || answer->outcome == DNA_DNS_ABSENT) {
        fn(arg, answer);
    }
}

static enum dna_err name_fact(struct dna_arena *arena, const struct dna_json *entry,
                              dna_bundle_answer_fn *fn, void *arg)
{
    const struct dna_json *fact = dna_json_member(entry, "fact");
    struct dna_fact *read;
    enum dna_err err;
    if (fact == NULL) {
        return DNA_OK; /* never answered */
    }
    read = dna_arena_zero(arena, 1, sizeof *read);
    err = read != NULL ? dna_evidence_fact(arena, entry, read) : DNA_ERR_MEMORY;
    if (err == DNA_OK && read->kind == DNA_WANT_DNS) {
        name_answer(&read->u.dns, fn, arg);
    }
    if (err == DNA_OK && read->kind == DNA_WANT_ANCHORED) {
        name_answer(&read->u.anchored.dnskey, fn, arg);
        name_answer(&read->u.anchored.srv, fn, arg);
        name_answer(&read->u.anchored.srv_tls, fn, arg);
    }
    return err;
}

enum dna_err dna_bundle_answers(struct dna_arena *arena, struct dna_span bundle,
                                dna_bundle_answer_fn *fn, void *arg)
{
    struct dna_json *root = NULL;
    const struct dna_json *facts;
    enum dna_err err = read_unsigned(arena, bundle, &root);
    if (err != DNA_OK) {
        return err;
    }
    facts = dna_json_member(root, "facts");
    if (facts == NULL || facts->kind != DNA_JSON_ARRAY) {
        return DNA_ERR_FORMAT;
    }
    for (const struct dna_json *one = facts->first; one != NULL && err == DNA_OK;
         one = one->next) {
        err = name_fact(arena, one, fn, arg);
    }
    return err;
}
