/* proof/bundle_check.c: bundles judged. */
#include <proof/bundle_trial.h>

#include <stdio.h>

#include <base/alloc.h>
#include <proof/evidence.h>

enum dna_err dna_bundle_broken(struct dna_bundle_trial *c, const char *why)
{
    c->out->finding = DNA_BUNDLE_BROKEN;
    (void)snprintf(c->out->why, sizeof c->out->why, "%s", why);
    return DNA_ERR_FORMAT;
}

static void conclude(struct dna_bundle_trial *c)
{
    struct dna_bundle_report *out = c->out;
    switch (out->finding) {
    case DNA_BUNDLE_PROVES:
    case DNA_BUNDLE_REFUSES:
        (void)snprintf(out->why, sizeof out->why, "%s", out->ruling.why);
        break;
    case DNA_BUNDLE_UNAUTHENTICATED:
        (void)snprintf(out->why, sizeof out->why,
                       "the ruling PROVEN rests on %s that nobody signed%s: %s",
                       out->ruling.pinned ? "a pin" : "answers", !out->has_signature ? "" : ", as far as the keys given can tell",
                       out->ruling.why);
        break;
    case DNA_BUNDLE_BROKEN:
        break;
    }
}

static enum dna_err judge(struct dna_bundle_trial *c, struct dna_span bundle)
{
    const char *why;
    char text[200];
    size_t at;
    enum dna_err err;
    if (bundle.len > DNA_LIMIT_BUNDLE) {
        return dna_bundle_broken(c, "longer than 4 MiB");
    }
    err = dna_json_read(&c->arena, bundle, DNA_LIMIT_BUNDLE_DEPTH, &c->root, &at, &why);
    if (err == DNA_ERR_MEMORY) {
        return err;
    }
    if (err != DNA_OK || c->root->kind != DNA_JSON_OBJECT) {
        (void)snprintf(text, sizeof text, "not canonical JSON at byte %zu: %s", at,
                       err != DNA_OK ? why : "no object");
        return dna_bundle_broken(c, text);
    }
    err = dna_bundle_read_signature(c);
    err = err == DNA_OK ? dna_bundle_read_messages(c) : err;
    err = err == DNA_OK ? dna_bundle_read_parts(c) : err;
    err = err == DNA_OK ? dna_bundle_hear_again(c) : err;
    if (err != DNA_OK) {
        return err;
    }
    c->out->role = c->question.role;
    c->out->at = c->ruled.wall;
    (void)snprintf(c->out->domain, sizeof c->out->domain, "%s", c->question.domain);
    c->out->finding = DNA_BUNDLE_REFUSES;
    return c->out->ruling.verdict == DNA_PROVEN ? dna_bundle_weigh(c) : DNA_OK;
}

enum dna_err dna_bundle_check(const struct dna_alloc *alloc, struct dna_span bundle,
                              const struct dna_bundle_terms *terms,
                              struct dna_bundle_report *out)
{
    struct dna_bundle_trial *c = dna_alloc_zero(alloc, 1, sizeof *c);
    enum dna_err err;
    *out = (struct dna_bundle_report){.finding = DNA_BUNDLE_BROKEN};
    if (c == NULL) {
        return DNA_ERR_MEMORY;
    }
    c->alloc = alloc;
    c->terms = terms;
    c->out = out;
    dna_arena_init(&c->arena, alloc, DNA_LIMIT_BUNDLE_ARENA);
    err = judge(c, bundle);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        if (out->why[0] == '\0') {
            (void)dna_bundle_broken(c, "more than one hearing can hold");
        }
        err = DNA_OK;
    }
    if (err != DNA_OK) {
        out->finding = DNA_BUNDLE_BROKEN;
    }
    conclude(c);
    dna_chain_free(c->chain);
    dna_arena_fini(&c->arena);
    dna_alloc_release(alloc, c);
    return err;
}
