/* edge/ask.c: hearings by the address of their handle, which the host keeps to cancel one.
 *
 * A hearing that the host opened on the session itself is not in the map, and is left alone.
 */
#include <edge/ask.h>

#include <stdio.h>

#include <base/alloc.h>
#include <base/map.h>

struct dna_edge_asks {
    struct dna_map *by_hearing;
};

struct ask {
    struct dna_hearing *hearing;
    dna_uv_ruling_fn *fn;
    void *arg;
};

static struct dna_span key_of(struct dna_hearing *const *hearing)
{
    return (struct dna_span){(const char *)hearing, sizeof *hearing};
}

enum dna_err dna_edge_asks_new(struct dna_uv *uv)
{
    struct dna_edge_asks *made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    enum dna_err err;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_map_new(uv->alloc, 0, &made->by_hearing);
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, made);
        return err;
    }
    uv->asks = made;
    return DNA_OK;
}

void dna_edge_asks_free(struct dna_uv *uv)
{
    if (uv->asks != NULL) {
        dna_map_free(uv->asks->by_hearing);
        dna_alloc_release(uv->alloc, uv->asks);
        uv->asks = NULL;
    }
}

/* Takes it out first: its callback may ask again. */
static void answer(struct dna_uv *uv, struct ask *ask, const struct dna_ruling *ruling)
{
    struct ask taken = *ask;
    (void)dna_map_remove(uv->asks->by_hearing, key_of(&taken.hearing));
    dna_alloc_release(uv->alloc, ask);
    taken.fn(taken.arg, ruling);
    dna_hearing_free(taken.hearing);
}

bool dna_edge_asks_pull(struct dna_uv *uv)
{
    struct dna_hearing *hearing;
    struct dna_ruling ruling;
    bool any = false;
    while (dna_session_next_ruling(uv->session, &hearing, &ruling)) {
        struct ask *ask = dna_map_get(uv->asks->by_hearing, key_of(&hearing));
        any = true;
        if (ask != NULL) {
            answer(uv, ask, &ruling);
        }
    }
    return any;
}

void dna_edge_asks_end(struct dna_uv *uv)
{
    static const struct dna_ruling cancelled = {
        .verdict = DNA_TEMPFAIL,
        .code = DNA_CODE_CANCELED,
        .why = "the driver ends",
    };
    for (;;) {
        size_t cursor = 0;
        struct dna_span key;
        void *ask;
        if (!dna_map_next(uv->asks->by_hearing, &cursor, &key, &ask)) {
            return;
        }
        answer(uv, ask, &cancelled);
    }
}

enum dna_err dna_uv_ask(struct dna_uv *uv, const struct dna_question *question,
                        dna_uv_ruling_fn *fn, void *arg, struct dna_hearing **out)
{
    struct dna_hearing *hearing;
    struct ask *ask;
    enum dna_err err;
    if (out != NULL) {
        *out = NULL;
    }
    if (uv->ending) {
        return DNA_ERR_STATE;
    }
    ask = dna_alloc_zero(uv->alloc, 1, sizeof *ask);
    if (ask == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_session_hear(uv->session, question, uv->face->now(uv->face->self), ask, &hearing);
    if (err == DNA_OK) {
        *ask = (struct ask){.hearing = hearing, .fn = fn, .arg = arg};
        err = dna_map_set(uv->asks->by_hearing, key_of(&hearing), ask);
        if (err != DNA_OK) {
            dna_hearing_free(hearing);
        }
    }
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, ask);
        return err;
    }
    if (out != NULL) {
        *out = hearing;
    }
    dna_edge_loop_wake(uv->loop);
    return DNA_OK;
}

void dna_uv_unask(struct dna_uv *uv, struct dna_hearing *hearing)
{
    struct ask *ask = dna_map_remove(uv->asks->by_hearing, key_of(&hearing));
    if (ask != NULL) {
        dna_alloc_release(uv->alloc, ask);
        dna_hearing_free(hearing);
        dna_edge_loop_wake(uv->loop);
    }
}
