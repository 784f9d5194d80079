/* session/lookup.c: a map by key for joining, a map by id for answering, a queue per state. */
#include <session/lookup.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

enum dna_err dna_lookups_init(struct dna_lookups *lookups, const struct dna_alloc *alloc,
                              uint64_t seed)
{
    enum dna_err err;
    *lookups = (struct dna_lookups){.alloc = alloc};
    err = dna_map_new(alloc, seed, &lookups->by_key);
    if (err == DNA_OK) {
        err = dna_map_new(alloc, seed, &lookups->by_id);
    }
    if (err == DNA_OK) {
        err = dna_map_new(alloc, seed, &lookups->payers);
    }
    return err;
}

/* --- payers ---------------------------------------------------------------------------- */

struct dna_payer *dna_payer_enter(struct dna_lookups *lookups, struct dna_span key)
{
    struct dna_payer *payer = dna_map_get(lookups->payers, key);
    if (payer == NULL) {
        payer = dna_alloc_zero(lookups->alloc, 1, sizeof *payer + key.len + 1);
        if (payer == NULL) {
            return NULL;
        }
        payer->key_len = key.len;
        memcpy(payer->key, key.ptr, key.len);
        if (dna_map_set(lookups->payers, key, payer) != DNA_OK) {
            dna_alloc_release(lookups->alloc, payer);
            return NULL;
        }
    }
    payer->refs++;
    return payer;
}

void dna_payer_leave(struct dna_lookups *lookups, struct dna_payer *payer)
{
    if (payer != NULL && --payer->refs == 0) {
        (void)dna_map_remove(lookups->payers,
                             (struct dna_span){payer->key, payer->key_len});
        dna_alloc_release(lookups->alloc, payer);
    }
}

static size_t under_way(const struct dna_lookups *lookups)
{
    return lookups->queues[DNA_LOOKUP_NEW].n + lookups->queues[DNA_LOOKUP_RUNNING].n;
}

static bool refuse(const struct dna_lookups *lookups, enum dna_session_limit limit,
                   const char *whose)
{
    if (lookups->load != NULL) {
        dna_load_refuse(lookups->load, limit, whose);
    }
    return false;
}

static bool has_room(const struct dna_lookups *lookups, const struct dna_payer *payer)
{
    const struct dna_session_limits *limits =
        lookups->load != NULL ? &lookups->load->limits : NULL;
    size_t most = DNA_LIMIT_ASKED, share, taken = under_way(lookups);
    if (limits != NULL && limits->lookups != 0 && limits->lookups < most) {
        most = limits->lookups;
    }
    if (taken >= most) {
        return refuse(lookups, DNA_SESSION_LIMIT_LOOKUPS, "-");
    }
    if (payer == NULL) {
        return true;
    }
    share = (most - taken + 1) / 2;
    if (limits != NULL && limits->lookups_per_payer != 0 &&
        limits->lookups_per_payer < share) {
        share = limits->lookups_per_payer;
    }
    return payer->under_way < share ||
           refuse(lookups, DNA_SESSION_LIMIT_LOOKUPS_PER_PAYER, payer->key);
}

static void discharge(struct dna_lookups *lookups, struct dna_lookup *lookup)
{
    struct dna_payer *payer = lookup->payer;
    lookup->payer = NULL;
    lookup->charged = NULL;
    if (payer != NULL) {
        payer->under_way--;
        dna_payer_leave(lookups, payer);
    }
}

static void charge(struct dna_lookup *lookup, struct dna_wait *wait)
{
    lookup->charged = wait;
    lookup->payer = wait->payer;
    if (wait->payer != NULL) {
        wait->payer->under_way++;
        wait->payer->refs++;
    }
}

/* --- look-ups -------------------------------------------------------------------------- */

static struct dna_span key_of(const struct dna_lookup *lookup)
{
    return (struct dna_span){lookup->key, lookup->key_len};
}

static struct dna_span id_span(const unsigned *id)
{
    return (struct dna_span){(const char *)id, sizeof *id};
}

static void enqueue(struct dna_lookups *lookups, struct dna_lookup *lookup,
                    enum dna_lookup_state state)
{
    struct dna_lookup_queue *queue = &lookups->queues[state];
    lookup->state = state;
    lookup->prev = queue->last;
    lookup->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = lookup;
    } else {
        queue->first = lookup;
    }
    queue->last = lookup;
    queue->n++;
}

static void dequeue(struct dna_lookups *lookups, struct dna_lookup *lookup)
{
    struct dna_lookup_queue *queue = &lookups->queues[lookup->state];
    if (lookup->prev != NULL) {
        lookup->prev->next = lookup->next;
    } else {
        queue->first = lookup->next;
    }
    if (lookup->next != NULL) {
        lookup->next->prev = lookup->prev;
    } else {
        queue->last = lookup->prev;
    }
    queue->n--;
}

static void move(struct dna_lookups *lookups, struct dna_lookup *lookup,
                 enum dna_lookup_state state)
{
    dequeue(lookups, lookup);
    enqueue(lookups, lookup, state);
}

void dna_lookup_free(struct dna_lookups *lookups, struct dna_lookup *lookup)
{
    assert(lookup->waits == NULL);
    dna_chain_free(lookup->chain);
    dna_alloc_release(lookups->alloc, lookup);
}

void dna_lookups_close(struct dna_lookups *lookups, struct dna_lookup *lookup)
{
    if (lookup->state == DNA_LOOKUP_NEW || lookup->state == DNA_LOOKUP_RUNNING) {
        (void)dna_map_remove(lookups->by_key, key_of(lookup));
    }
    (void)dna_map_remove(lookups->by_id, id_span(&lookup->id));
    discharge(lookups, lookup);
    dequeue(lookups, lookup);
}

static void discard(struct dna_lookups *lookups, struct dna_lookup *lookup)
{
    dna_lookups_close(lookups, lookup);
    dna_lookup_free(lookups, lookup);
}

void dna_lookups_fini(struct dna_lookups *lookups)
{
    for (size_t state = 0; state < DNA_LOOKUP_N_STATES; state++) {
        while (lookups->queues[state].first != NULL) {
            discard(lookups, lookups->queues[state].first);
        }
    }
    dna_map_free(lookups->by_key);
    dna_map_free(lookups->by_id);
    dna_map_free(lookups->payers);
}

static unsigned fresh_id(struct dna_lookups *lookups)
{
    do {
        lookups->last_id++;
    } while (lookups->last_id == 0 ||
             dna_map_get(lookups->by_id, id_span(&lookups->last_id)) != NULL);
    return lookups->last_id;
}

static const struct dna_chain *chain_of(const struct dna_want *want)
{
    return want->kind == DNA_WANT_PATH        ? want->u.path.chain
           : want->kind == DNA_WANT_SIGNATURE ? want->u.signature.signer
                                              : NULL;
}

/* What of a want is not in its key, but must be at hand. */
static size_t size_beside(const struct dna_want *want)
{
    const struct dna_signed *s = &want->u.signature;
    return want->kind == DNA_WANT_SIGNATURE
               ? s->bytes.len + s->algorithm.len + s->signature.len
               : 0;
}

static struct dna_span keep(char **room, struct dna_span bytes)
{
    struct dna_span kept = {*room, bytes.len};
    if (bytes.len != 0) {
        memcpy(*room, bytes.ptr, bytes.len);
    }
    *room += bytes.len;
    return kept;
}

static void take_over(struct dna_lookup *lookup, const struct dna_want *want)
{
    const struct dna_chain *chain = chain_of(want);
    char *room = lookup->key + lookup->key_len;
    if (chain != NULL) {
        lookup->chain = dna_chain_ref((struct dna_chain *)(uintptr_t)chain);
    }
    dna_key_to_want(key_of(lookup), lookup->chain, &lookup->want);
    if (want->kind == DNA_WANT_SIGNATURE) {
        lookup->want.u.signature.bytes = keep(&room, want->u.signature.bytes);
        lookup->want.u.signature.algorithm = keep(&room, want->u.signature.algorithm);
        lookup->want.u.signature.signature = keep(&room, want->u.signature.signature);
    }
}

static enum dna_err make(struct dna_lookups *lookups, struct dna_span key,
                         const struct dna_want *want, struct dna_lookup **out)
{
    struct dna_lookup *lookup;
    enum dna_err err;
    lookup = dna_alloc_zero(lookups->alloc, 1, sizeof *lookup + key.len + size_beside(want));
    if (lookup == NULL) {
        return DNA_ERR_MEMORY;
    }
    lookup->id = fresh_id(lookups);
    lookup->key_len = key.len;
    memcpy(lookup->key, key.ptr, key.len);
    err = dna_map_set(lookups->by_key, key_of(lookup), lookup);
    if (err == DNA_OK) {
        err = dna_map_set(lookups->by_id, id_span(&lookup->id), lookup);
        if (err != DNA_OK) {
            (void)dna_map_remove(lookups->by_key, key_of(lookup));
        }
    }
    if (err != DNA_OK) {
        dna_alloc_release(lookups->alloc, lookup);
        return err;
    }
    take_over(lookup, want);
    enqueue(lookups, lookup, DNA_LOOKUP_NEW);
    *out = lookup;
    return DNA_OK;
}

static void enter_joined(struct dna_lookups *lookups, struct dna_wait *wait)
{
    wait->joined = true;
    wait->prev_joined = lookups->last_joined;
    wait->next_joined = NULL;
    *(wait->prev_joined != NULL ? &wait->prev_joined->next_joined : &lookups->first_joined) = wait;
    lookups->last_joined = wait;
}

static void leave_joined(struct dna_lookups *lookups, struct dna_wait *wait)
{
    if (!wait->joined) {
        return;
    }
    *(wait->prev_joined != NULL ? &wait->prev_joined->next_joined : &lookups->first_joined) =
        wait->next_joined;
    *(wait->next_joined != NULL ? &wait->next_joined->prev_joined : &lookups->last_joined) =
        wait->prev_joined;
    wait->joined = false;
}

enum dna_err dna_lookups_join(struct dna_lookups *lookups, struct dna_span key,
                              const struct dna_want *want, struct dna_wait *wait)
{
    struct dna_lookup *lookup = dna_map_get(lookups->by_key, key);
    if (lookup == NULL) {
        enum dna_err err = has_room(lookups, wait->payer) ? make(lookups, key, want, &lookup)
                                                          : DNA_ERR_LIMIT;
        if (err != DNA_OK) {
            return err;
        }
        charge(lookup, wait);
    } else if (lookup->state == DNA_LOOKUP_RUNNING && want->kind == DNA_WANT_FETCH &&
               wait->stream != NULL) {
        enter_joined(lookups, wait);
    }
    wait->lookup = lookup;
    wait->prev = NULL;
    wait->next = lookup->waits;
    if (wait->next != NULL) {
        wait->next->prev = wait;
    }
    lookup->waits = wait;
    return DNA_OK;
}

static void detach(struct dna_lookups *lookups, struct dna_wait *wait)
{
    struct dna_lookup *lookup = wait->lookup;
    leave_joined(lookups, wait);
    if (wait->prev != NULL) {
        wait->prev->next = wait->next;
    } else {
        lookup->waits = wait->next;
    }
    if (wait->next != NULL) {
        wait->next->prev = wait->prev;
    }
    wait->lookup = NULL;
    if (lookup->charged == wait && lookup->waits != NULL) {
        discharge(lookups, lookup);
        charge(lookup, lookup->waits);
    } else if (lookup->charged == wait) {
        lookup->charged = NULL; /* it stays on that account as long as it runs */
    }
}

/* Else whoever asserts a domain and leaves at once keeps its sts policy from being seen. */
static bool runs_to_its_end(const struct dna_lookup *lookup)
{
    return lookup->want.kind == DNA_WANT_FETCH && lookup->want.u.fetch.policy_id != NULL;
}

void dna_lookups_leave(struct dna_lookups *lookups, struct dna_wait *wait)
{
    struct dna_lookup *lookup = wait->lookup;
    if (lookup == NULL) {
        return;
    }
    detach(lookups, wait);
    if (lookup->waits != NULL || dna_map_get(lookups->by_key, key_of(lookup)) != lookup) {
        return; /* others wait, or it is just being answered */
    }
    if (lookup->state == DNA_LOOKUP_NEW) {
        discard(lookups, lookup);
        return;
    }
    if (runs_to_its_end(lookup)) {
        return;
    }
    (void)dna_map_remove(lookups->by_key, key_of(lookup));
    discharge(lookups, lookup);
    move(lookups, lookup, DNA_LOOKUP_CANCELING);
}

void dna_lookups_leave_all(struct dna_lookups *lookups, struct dna_wait **own)
{
    while (*own != NULL) {
        struct dna_wait *wait = *own;
        *own = wait->next_own;
        dna_lookups_leave(lookups, wait);
        dna_alloc_release(lookups->alloc, wait);
    }
}

const struct dna_lookup *dna_lookups_next_new(struct dna_lookups *lookups)
{
    struct dna_lookup *lookup = lookups->queues[DNA_LOOKUP_NEW].first;
    if (lookup != NULL) {
        move(lookups, lookup, DNA_LOOKUP_RUNNING);
    }
    return lookup;
}

bool dna_lookups_next_cancel(struct dna_lookups *lookups, unsigned *id)
{
    struct dna_lookup_queue *late = &lookups->queues[DNA_LOOKUP_LATE];
    struct dna_lookup *lookup = lookups->queues[DNA_LOOKUP_CANCELING].first;
    if (lookup == NULL) {
        return false;
    }
    *id = lookup->id;
    move(lookups, lookup, DNA_LOOKUP_LATE);
    if (late->n > DNA_LIMIT_LATE) {
        discard(lookups, late->first);
    }
    return true;
}

bool dna_lookups_next_joined(struct dna_lookups *lookups, unsigned *id,
                           struct dna_stream **stream)
{
    struct dna_wait *wait = lookups->first_joined;
    if (wait == NULL) {
        return false;
    }
    *id = wait->lookup->id;
    *stream = wait->stream;
    leave_joined(lookups, wait);
    return true;
}

struct dna_lookup *dna_lookups_find(const struct dna_lookups *lookups, unsigned id)
{
    struct dna_lookup *lookup = dna_map_get(lookups->by_id, id_span(&id));
    return lookup != NULL && lookup->state != DNA_LOOKUP_NEW ? lookup : NULL;
}

struct dna_wait *dna_lookup_next_wait(struct dna_lookups *lookups, struct dna_lookup *lookup)
{
    struct dna_wait *wait = lookup->waits;
    if (wait != NULL) {
        detach(lookups, wait);
    }
    return wait;
}
