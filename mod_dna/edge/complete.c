/* edge/complete.c: evidence bundles completed with the signed answers of the DNS.
 *
 * The ruling is over by now: nothing here delays or changes one.  What cannot be had is left
 * out, down to the bundle as it came; whoever verifies it then lacks a signature.
 */
#include <edge/complete.h>

#include <base/alloc.h>
#include <base/arena.h>
#include <base/limits.h>
#include <proof/bundle.h>
#include <resolver/collect.h>

struct dna_edge_completion {
    struct dna_uv *uv;
    struct dna_edge_completion *next, *prev;
    struct dna_arena arena; /* the bundle and its answers */
    struct dna_span bundle;
    struct dna_collection *collection;
    enum dna_err err;
    dna_uv_bundle_fn *fn;
    void *arg;
};

static void link_in(struct dna_edge_completion *c)
{
    c->next = c->uv->completions;
    if (c->next != NULL) {
        c->next->prev = c;
    }
    c->uv->completions = c;
}

static void unlink_from(struct dna_edge_completion *c)
{
    if (c->prev != NULL) {
        c->prev->next = c->next;
    } else {
        c->uv->completions = c->next;
    }
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
}

static void release(struct dna_edge_completion *c)
{
    dna_arena_fini(&c->arena);
    dna_alloc_release(c->uv->alloc, c);
}

static void conclude(struct dna_edge_completion *c, struct dna_span bundle)
{
    unlink_from(c);
    c->fn(c->arg, bundle);
    release(c);
}

static void collected(void *arg, const struct dna_span *messages, size_t n)
{
    struct dna_edge_completion *c = arg;
    const struct dna_alloc *alloc = c->uv->alloc;
    struct dna_edge_loop *loop = c->uv->loop;
    char *with = NULL;
    size_t len = 0;
    if (n == 0 || dna_bundle_attach(alloc, c->bundle, messages, n, &with, &len) != DNA_OK) {
        conclude(c, c->bundle);
    } else {
        conclude(c, (struct dna_span){with, len});
        dna_alloc_release(alloc, with);
    }
    dna_edge_loop_wake(loop);
}

static void add(void *arg, const struct dna_dns_answer *answer)
{
    struct dna_edge_completion *c = arg;
    if (c->err == DNA_OK) {
        c->err = dna_collect_add(c->collection, answer);
    }
}

/* What is beyond a limit is left out. */
static enum dna_err start(struct dna_edge_completion *c, struct dna_span bundle)
{
    enum dna_err err = dna_arena_span(&c->arena, bundle, &c->bundle);
    if (err == DNA_OK) {
        err = dna_collect_new(c->uv->resolver, collected, c, &c->collection);
    }
    if (err == DNA_OK) {
        err = dna_bundle_answers(&c->arena, c->bundle, add, c);
    }
    if (err == DNA_OK && c->err != DNA_ERR_LIMIT) {
        err = c->err;
    }
    if (err == DNA_OK) {
        dna_collect_start(c->collection);
    } else {
        dna_collect_cancel(c->collection);
    }
    return err;
}

enum dna_err dna_uv_complete_bundle(struct dna_uv *uv, struct dna_span bundle,
                                    dna_uv_bundle_fn *fn, void *arg)
{
    struct dna_edge_completion *c;
    enum dna_err err;
    if (uv->ending) {
        return DNA_ERR_STATE;
    }
    c = dna_alloc_zero(uv->alloc, 1, sizeof *c);
    if (c == NULL) {
        return DNA_ERR_MEMORY;
    }
    c->uv = uv;
    c->fn = fn;
    c->arg = arg;
    dna_arena_init(&c->arena, uv->alloc, DNA_LIMIT_BUNDLE_ARENA);
    err = start(c, bundle);
    if (err != DNA_OK) {
        release(c);
        return err;
    }
    link_in(c);
    return DNA_OK;
}

void dna_edge_completions_end(struct dna_uv *uv)
{
    while (uv->completions != NULL) {
        struct dna_edge_completion *c = uv->completions;
        dna_collect_cancel(c->collection);
        conclude(c, c->bundle);
    }
}
