/* resolver/lookup.c: the life of a look-up.
 *
 * Invariants: a look-up is on its resolver's list until it is delivered or dropped; its
 * deadline runs all that time, so that it ends even when there is no memory to wake it; its
 * callback comes from one of its two timers, with nothing of a backend on the stack.
 */
#include <resolver/lookup.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <resolver/packet.h>

static void stop_queries(struct dna_lookup *lookup)
{
    for (size_t i = 0; i < lookup->n_asks; i++) {
        struct dna_ask *ask = &lookup->asks[i];
        if (ask->query != NULL) {
            lookup->backend->ops->cancel(ask->query);
            ask->query = NULL;
        }
    }
}

static int64_t wall(const struct dna_lookup *lookup)
{
    const struct dna_loop *loop = lookup->resolver->loop;
    return loop->now(loop->self).wall;
}

static void fail(struct dna_ask *ask, const char *why)
{
    ask->answer = dna_packet_failed(ask->name, ask->type, wall(ask->lookup), why);
    ask->answered = true;
}

void dna_lookup_fail(struct dna_lookup *lookup, const char *why)
{
    stop_queries(lookup);
    for (size_t i = 0; i < lookup->n_asks; i++) {
        fail(&lookup->asks[i], why);
    }
}

void dna_lookup_fail_open(struct dna_lookup *lookup, const char *why)
{
    stop_queries(lookup);
    for (size_t i = 0; i < lookup->n_asks; i++) {
        if (!lookup->asks[i].answered) {
            fail(&lookup->asks[i], why);
        }
    }
}

static void on_deadline(void *arg)
{
    struct dna_lookup *lookup = arg;
    dna_lookup_fail_open(lookup, "no answer in time");
    lookup->step(lookup, true);
}

static void on_wake(void *arg)
{
    struct dna_lookup *lookup = arg;
    lookup->resolver->loop->timer_free(lookup->wake);
    lookup->wake = NULL;
    lookup->step(lookup, false);
}

void dna_lookup_wake(struct dna_lookup *lookup)
{
    const struct dna_loop *loop = lookup->resolver->loop;
    lookup->held = false;
    if (lookup->wake == NULL) {
        lookup->wake = loop->timer(loop->self, 0, on_wake, lookup);
    }
}

enum dna_err dna_lookup_new(struct dna_resolver *resolver, unsigned timeout_ms,
                            struct dna_lookup **out)
{
    const struct dna_loop *loop = resolver->loop;
    struct dna_lookup *lookup;
    if (resolver->n_lookups >= DNA_LIMIT_LOOKUPS) {
        return DNA_ERR_LIMIT;
    }
    lookup = dna_alloc_zero(resolver->alloc, 1, sizeof *lookup);
    if (lookup == NULL) {
        return DNA_ERR_MEMORY;
    }
    if (timeout_ms == 0) {
        timeout_ms = resolver->options.timeout_ms;
    }
    lookup->deadline = loop->timer(loop->self, timeout_ms, on_deadline, lookup);
    if (lookup->deadline == NULL) {
        dna_alloc_release(resolver->alloc, lookup);
        return DNA_ERR_MEMORY;
    }
    lookup->resolver = resolver;
    dna_arena_init(&lookup->arena, resolver->alloc, DNA_LIMIT_LOOKUP_ARENA);
    lookup->next = resolver->lookups;
    if (lookup->next != NULL) {
        lookup->next->prev = lookup;
    }
    resolver->lookups = lookup;
    resolver->n_lookups++;
    *out = lookup;
    return DNA_OK;
}

static bool is_label_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Canonical: what comes here also goes into zone-file syntax. */
static bool is_name(const char *name)
{
    size_t label = 0, len = strlen(name);
    if (strcmp(name, ".") == 0) {
        return true;
    }
    if (len == 0 || len > DNA_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        if (name[i] == '.' || name[i] == '\0') {
            if (label == 0 || label > 63) {
                return false;
            }
            label = 0;
        } else if (is_label_character(name[i])) {
            label++;
        } else {
            return false;
        }
    }
    return true;
}

enum dna_err dna_lookup_add(struct dna_lookup *lookup, const char *name, uint16_t type)
{
    struct dna_ask *ask = &lookup->asks[lookup->n_asks];
    assert(lookup->n_asks < DNA_LOOKUP_ASKS);
    if (!is_name(name)) {
        return DNA_ERR_ARGUMENT;
    }
    ask->name = dna_arena_text(&lookup->arena, dna_span_of(name));
    if (ask->name == NULL) {
        return DNA_ERR_MEMORY;
    }
    ask->lookup = lookup;
    ask->type = type;
    lookup->n_asks++;
    return DNA_OK;
}

static bool all_answered(const struct dna_lookup *lookup)
{
    for (size_t i = 0; i < lookup->n_asks; i++) {
        if (!lookup->asks[i].answered) {
            return false;
        }
    }
    return true;
}

static void on_raw(void *arg, const struct dna_raw_answer *raw)
{
    struct dna_ask *ask = arg;
    struct dna_lookup *lookup = ask->lookup;
    enum dna_err err = dna_packet_answer(raw, ask->name, ask->type, wall(lookup),
                                         &lookup->arena, &ask->answer);
    ask->query = NULL;
    ask->answered = true;
    ask->security = raw->security;
    if (err != DNA_OK || !lookup->keeps_packets ||
        dna_arena_span(&lookup->arena, raw->packet, &ask->packet) != DNA_OK) {
        ask->packet = (struct dna_span){NULL, 0};
    }
    if (all_answered(lookup)) {
        dna_lookup_wake(lookup);
    }
}

enum dna_err dna_lookup_ask(struct dna_lookup *lookup, struct dna_backend *backend)
{
    lookup->backend = backend;
    for (size_t i = 0; i < lookup->n_asks; i++) {
        lookup->asks[i].answered = false;
    }
    for (size_t i = 0; i < lookup->n_asks; i++) {
        struct dna_ask *ask = &lookup->asks[i];
        enum dna_err err =
            backend->ops->ask(backend, ask->name, ask->type, on_raw, ask, &ask->query);
        if (err != DNA_OK) {
            stop_queries(lookup);
            return err;
        }
    }
    return DNA_OK;
}

static void unlink_lookup(struct dna_lookup *lookup)
{
    struct dna_resolver *resolver = lookup->resolver;
    if (lookup->prev != NULL) {
        lookup->prev->next = lookup->next;
    } else {
        resolver->lookups = lookup->next;
    }
    if (lookup->next != NULL) {
        lookup->next->prev = lookup->prev;
    }
    resolver->n_lookups--;
}

/* Everything but its memory. */
static void end(struct dna_lookup *lookup)
{
    const struct dna_loop *loop = lookup->resolver->loop;
    stop_queries(lookup);
    unlink_lookup(lookup);
    loop->timer_free(lookup->deadline);
    loop->timer_free(lookup->wake);
    if (lookup->anchored != NULL) {
        dna_anchored_release(lookup);
    }
}

static void free_lookup(struct dna_lookup *lookup)
{
    dna_arena_fini(&lookup->arena);
    dna_alloc_release(lookup->resolver->alloc, lookup);
}

void dna_lookup_deliver(struct dna_lookup *lookup)
{
    end(lookup);
    lookup->delivered = true;
    if (lookup->anchored != NULL) {
        struct dna_anchored_result result = {
            .dnskey = lookup->asks[0].answer,
            .srv = lookup->asks[1].answer,
            .srv_tls = lookup->asks[2].answer,
        };
        lookup->fn.anchored(lookup->arg, &result);
    } else {
        lookup->fn.plain(lookup->arg, &lookup->asks[0].answer);
    }
    free_lookup(lookup);
}

void dna_lookup_drop(struct dna_lookup *lookup)
{
    end(lookup);
    free_lookup(lookup);
}
