/* resolver/collect.c: the signed messages behind answers that were recorded.
 *
 * Questions are only ever added, each once, and put from a timer of ours: a backend's
 * callback only takes notes (backend.h).  Bounded in questions, in those that run and in the
 * bytes that are kept.
 */
#include <resolver/collect.h>

#include <stdlib.h>
#include <string.h>

#include <base/alloc.h>
#include <base/arena.h>
#include <base/limits.h>
#include <resolver/lookup.h>
#include <resolver/rrsig.h>

struct ask {
    struct dna_collection *collection;
    const char *name;
    uint16_t type;
    struct dna_query *query; /* NULL: not running */
    struct dna_span message; /* empty: none, or none that is of use */
};

struct dna_collection {
    struct dna_resolver *resolver;
    struct dna_arena arena;
    struct dna_timer *deadline, *wake;
    struct ask asks[DNA_LIMIT_COLLECT];
    size_t n, next, running; /* asks; the first that was not put; and how many run */
    const struct dna_dns_answer *answers[DNA_LIMIT_COLLECT];
    size_t n_answers;
    bool closing; /* no more is put, added or kept */
    dna_collect_fn *fn;
    void *arg;
};

static void add_ask(struct dna_collection *c, const char *name, uint16_t type)
{
    struct ask *ask = &c->asks[c->n];
    for (size_t i = 0; i < c->n; i++) {
        if (c->asks[i].type == type && strcmp(c->asks[i].name, name) == 0) {
            return;
        }
    }
    if (c->n == DNA_LIMIT_COLLECT) {
        return;
    }
    *ask = (struct ask){.collection = c, .type = type};
    ask->name = dna_arena_text(&c->arena, dna_span_of(name));
    c->n += ask->name != NULL;
}

/* A zone's keys, and what the zone above says of them. */
static void add_zone(void *arg, const char *zone)
{
    add_ask(arg, zone, DNA_DNS_DNSKEY);
    if (strcmp(zone, ".") != 0) {
        add_ask(arg, zone, DNA_DNS_DS);
    }
}

/* Where no signature is expected, the zone above the unsigned one says so. */
static void add_cuts(void *arg, const char *name)
{
    for (const char *cut = name; cut != NULL; cut = dna_name_parent(cut)) {
        if (cut[0] != '_' && strcmp(cut, ".") != 0) {
            add_ask(arg, cut, DNA_DNS_DS);
        }
    }
}

/* Whether the message says the same as each answer to its question; *insecure: some of them
 * is. */
static bool agrees(const struct dna_collection *c, const struct ask *ask,
                   struct dna_span message, bool *insecure)
{
    for (size_t i = 0; i < c->n_answers; i++) {
        const struct dna_dns_answer *answer = c->answers[i];
        if (answer->type == ask->type && strcmp(answer->name, ask->name) == 0) {
            *insecure = *insecure || !answer->secure;
            if (!dna_rrsig_agrees(message, answer)) {
                return false;
            }
        }
    }
    return true;
}

static void wake(struct dna_collection *c);

static void on_raw(void *arg, const struct dna_raw_answer *raw)
{
    struct ask *ask = arg;
    struct dna_collection *c = ask->collection;
    struct dna_span message;
    bool insecure = false;
    ask->query = NULL;
    c->running--;
    if (raw->security != DNA_RAW_BOGUS && dna_rrsig_reduce(raw->packet, &message)) {
        if (message.len + c->arena.used <= DNA_LIMIT_COLLECT_BYTES &&
            agrees(c, ask, message, &insecure) &&
            dna_arena_span(&c->arena, message, &ask->message) == DNA_OK) {
            dna_rrsig_signers(ask->message, add_zone, c);
            if (insecure) {
                dna_rrsig_aliases(ask->message, add_cuts, c);
            }
        }
        free((void *)(uintptr_t)message.ptr);
    }
    wake(c);
}

static void stop(struct dna_collection *c)
{
    const struct dna_loop *loop = c->resolver->loop;
    for (size_t i = 0; i < c->next; i++) {
        if (c->asks[i].query != NULL) {
            c->resolver->backend->ops->cancel(c->asks[i].query);
            c->asks[i].query = NULL;
        }
    }
    loop->timer_free(c->deadline);
    loop->timer_free(c->wake);
    c->resolver->n_collections--;
}

static void release(struct dna_collection *c)
{
    dna_arena_fini(&c->arena);
    dna_alloc_release(c->resolver->alloc, c);
}

static void deliver(void *arg)
{
    struct dna_collection *c = arg;
    struct dna_span messages[DNA_LIMIT_COLLECT];
    size_t n = 0;
    stop(c);
    for (size_t i = 0; i < c->n; i++) {
        if (c->asks[i].message.len != 0) {
            messages[n++] = c->asks[i].message;
        }
    }
    c->fn(c->arg, messages, n);
    release(c);
}

static void put(struct ask *ask)
{
    struct dna_collection *c = ask->collection;
    struct dna_backend *backend = c->resolver->backend;
    c->running++;
    if (backend->ops->ask(backend, ask->name, ask->type, on_raw, ask, &ask->query) != DNA_OK) {
        ask->query = NULL;
        c->running--;
    }
}

static void go_on(void *arg)
{
    struct dna_collection *c = arg;
    c->resolver->loop->timer_free(c->wake);
    c->wake = NULL;
    while (!c->closing && c->next < c->n && c->running < DNA_LIMIT_COLLECT_RUNNING) {
        put(&c->asks[c->next++]);
    }
    if (c->running == 0 && (c->closing || c->next == c->n)) {
        deliver(c);
    }
}

/* Where there is no memory for the timer, the deadline ends it. */
static void wake(struct dna_collection *c)
{
    const struct dna_loop *loop = c->resolver->loop;
    if (c->wake == NULL) {
        c->wake = loop->timer(loop->self, 0, go_on, c);
    }
}

enum dna_err dna_collect_new(struct dna_resolver *resolver, dna_collect_fn *fn, void *arg,
                             struct dna_collection **out)
{
    const struct dna_loop *loop = resolver->loop;
    struct dna_collection *c;
    *out = NULL;
    if (resolver->n_collections >= DNA_LIMIT_COLLECTIONS) {
        return DNA_ERR_LIMIT;
    }
    c = dna_alloc_zero(resolver->alloc, 1, sizeof *c);
    if (c == NULL) {
        return DNA_ERR_MEMORY;
    }
    c->deadline = loop->timer(loop->self, DNA_LIMIT_COLLECT_MS, deliver, c);
    if (c->deadline == NULL) {
        dna_alloc_release(resolver->alloc, c);
        return DNA_ERR_MEMORY;
    }
    c->resolver = resolver;
    c->fn = fn;
    c->arg = arg;
    dna_arena_init(&c->arena, resolver->alloc, 2 * DNA_LIMIT_COLLECT_BYTES);
    resolver->n_collections++;
    *out = c;
    return DNA_OK;
}

enum dna_err dna_collect_add(struct dna_collection *c, const struct dna_dns_answer *answer)
{
    size_t before = c->n;
    if (answer->outcome != DNA_DNS_FOUND && answer->outcome != DNA_DNS_ABSENT) {
        return DNA_OK; /* nothing can be shown */
    }
    if (c->n_answers == DNA_LIMIT_COLLECT || c->n == DNA_LIMIT_COLLECT) {
        return DNA_ERR_LIMIT;
    }
    c->answers[c->n_answers++] = answer;
    add_ask(c, answer->name, answer->type);
    if (!answer->secure) {
        add_cuts(c, answer->name);
    }
    return before == 0 && c->n == 0 ? DNA_ERR_MEMORY : DNA_OK;
}

void dna_collect_start(struct dna_collection *c)
{
    c->closing = c->resolver->options.mode == DNA_RESOLVER_STUB;
    wake(c);
}

void dna_collect_cancel(struct dna_collection *c)
{
    if (c != NULL) {
        stop(c);
        release(c);
    }
}
