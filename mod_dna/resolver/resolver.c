/* resolver/resolver.c: the resolver, plain look-ups, and the check of the root's key (S15).
 *
 * Without a working root anchor a validator calls everything insecure, and "insecure" is what
 * admits weaker proofs.  So no insecure answer is told before the root's DNSKEY has
 * validated; answers that come earlier wait for it.  A check that failed is repeated, at most
 * every DNA_LIMIT_ROOT_CHECK_MS, when somebody needs it.
 *
 * A stub whose AD bit is not believed cannot tell insecure from secure or bogus: it answers
 * address look-ups, whose security nobody asks of a fetch, and nothing else.
 */
#include <resolver/resolver.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <resolver/cares.h>
#include <resolver/lookup.h>
#include <resolver/packet.h>
#include <resolver/server.h>
#include <resolver/ub_loop.h>
#include <resolver/unbound.h>

const char dna_resolver_no_anchor[] = "the root's trust anchor does not validate";

static bool believes_nobody(const struct dna_resolver *resolver)
{
    return resolver->options.mode == DNA_RESOLVER_STUB && !resolver->options.trust_ad;
}

static void log_root(const struct dna_resolver *resolver, const char *why)
{
    const struct dna_log *log = resolver->options.log;
    bool works = resolver->root.state == DNA_ROOT_WORKS;
    enum dna_log_level level = works ? DNA_LOG_INFO : DNA_LOG_ERROR;
    const struct dna_log_field fields[] = {
        {"anchor", dna_span_of(works ? "works" : "broken")},
        {"why", dna_span_of(why)},
    };
    if (log != NULL && log->write != NULL && level >= log->least) {
        log->write(log->arg, level, "dns-root", fields, works ? 1 : 2);
    }
}

static void set_root(struct dna_resolver *resolver, enum dna_root_state state, const char *why)
{
    if (resolver->root.state != state) {
        resolver->root.state = state;
        log_root(resolver, why);
    }
}

static void wake_held(struct dna_resolver *resolver)
{
    for (struct dna_lookup *l = resolver->lookups; l != NULL; l = l->next) {
        if (l->held) {
            dna_lookup_wake(l);
        }
    }
}

static void on_root(void *arg, const struct dna_dns_answer *answer)
{
    struct dna_resolver *resolver = arg;
    bool works = answer->outcome == DNA_DNS_FOUND && answer->secure;
    resolver->root.check = NULL;
    set_root(resolver, works ? DNA_ROOT_WORKS : DNA_ROOT_BROKEN,
             answer->why[0] != '\0' ? answer->why : "the root's DNSKEY is insecure");
    wake_held(resolver);
}

static void step_root(struct dna_lookup *lookup, bool late)
{
    (void)late;
    dna_lookup_deliver(lookup);
}

static enum dna_err ask_one(struct dna_lookup *lookup, const char *name, uint16_t type)
{
    enum dna_err err = dna_lookup_add(lookup, name, type);
    return err == DNA_OK ? dna_lookup_ask(lookup, lookup->resolver->backend) : err;
}

static enum dna_err check_root(struct dna_resolver *resolver)
{
    struct dna_lookup *lookup;
    enum dna_err err = dna_lookup_new(resolver, 0, &lookup);
    if (err != DNA_OK) {
        return err;
    }
    lookup->step = step_root;
    lookup->fn.plain = on_root;
    lookup->arg = resolver;
    err = ask_one(lookup, ".", DNA_DNS_DNSKEY);
    if (err != DNA_OK) {
        dna_lookup_drop(lookup);
        return err;
    }
    resolver->root.check = lookup;
    resolver->root.checked = resolver->loop->now(resolver->loop->self).mono;
    return DNA_OK;
}

static bool check_is_due(const struct dna_resolver *resolver)
{
    int64_t now = resolver->loop->now(resolver->loop->self).mono;
    return !believes_nobody(resolver) &&
           now - resolver->root.checked >= DNA_LIMIT_ROOT_CHECK_MS;
}

enum dna_gate dna_resolver_gate(struct dna_resolver *resolver, bool late)
{
    if (resolver->root.state == DNA_ROOT_WORKS) {
        return DNA_GATE_PASS;
    }
    if (!late && (resolver->root.check != NULL ||
                  (check_is_due(resolver) && check_root(resolver) == DNA_OK))) {
        return DNA_GATE_WAIT;
    }
    return DNA_GATE_FAIL;
}

/* Whether the answer may be told whatever the root's anchor does. */
static bool is_free(const struct dna_resolver *resolver, const struct dna_dns_answer *answer)
{
    switch (answer->outcome) {
    case DNA_DNS_FAILED:
    case DNA_DNS_BOGUS:
        return true;
    case DNA_DNS_ABSENT:
    case DNA_DNS_FOUND:
        break;
    }
    return answer->secure || (believes_nobody(resolver) && (answer->type == DNA_DNS_A ||
                                                            answer->type == DNA_DNS_AAAA));
}

static void step_plain(struct dna_lookup *lookup, bool late)
{
    if (!is_free(lookup->resolver, &lookup->asks[0].answer)) {
        switch (dna_resolver_gate(lookup->resolver, late)) {
        case DNA_GATE_PASS:
            break;
        case DNA_GATE_WAIT:
            lookup->held = true;
            return;
        case DNA_GATE_FAIL:
            dna_lookup_fail(lookup, dna_resolver_no_anchor);
            break;
        }
    }
    dna_lookup_deliver(lookup);
}

enum dna_err dna_resolver_lookup(struct dna_resolver *resolver, const char *name,
                                 uint16_t type, unsigned timeout_ms, dna_resolver_fn *fn,
                                 void *arg, struct dna_lookup **out)
{
    struct dna_lookup *lookup;
    enum dna_err err = dna_lookup_new(resolver, timeout_ms, &lookup);
    *out = NULL;
    if (err != DNA_OK) {
        return err;
    }
    lookup->step = step_plain;
    lookup->fn.plain = fn;
    lookup->arg = arg;
    err = ask_one(lookup, name, type);
    if (err != DNA_OK) {
        dna_lookup_drop(lookup);
        return err;
    }
    *out = lookup;
    return DNA_OK;
}

void dna_resolver_cancel(struct dna_lookup *lookup)
{
    if (lookup != NULL && !lookup->delivered) {
        dna_lookup_drop(lookup);
    }
}

bool dna_resolver_anchor_works(const struct dna_resolver *resolver)
{
    return resolver->root.state == DNA_ROOT_WORKS;
}

static bool copy(struct dna_arena *arena, const char **text)
{
    if (*text != NULL) {
        *text = dna_arena_text(arena, dna_span_of(*text));
        return *text != NULL;
    }
    return true;
}

static bool copy_list(struct dna_arena *arena, const char *const **list, size_t n)
{
    const char **copies = dna_arena_zero(arena, n, sizeof *copies);
    if (copies == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        copies[i] = (*list)[i];
        if (!copy(arena, &copies[i])) {
            return false;
        }
    }
    *list = copies;
    return true;
}

static enum dna_err copy_options(struct dna_resolver *resolver)
{
    struct dna_resolver_options *o = &resolver->options;
    struct dna_arena *arena = &resolver->arena;
    o->timeout_ms = o->timeout_ms != 0 ? o->timeout_ms : DNA_LIMIT_VETO_MS;
    resolver->anchored.most = o->max_anchored != 0 ? o->max_anchored : 16;
    resolver->anchored.last = &resolver->anchored.first;
    return copy(arena, &o->root_hints) && copy(arena, &o->root_stub) &&
                   copy(arena, &o->trust_anchor_file) &&
                   copy_list(arena, &o->servers, o->n_servers) &&
                   copy_list(arena, &o->island_anchor_files, o->n_islands)
               ? DNA_OK
               : DNA_ERR_MEMORY;
}

static enum dna_err make_backend(struct dna_resolver *resolver)
{
    switch (resolver->options.mode) {
    case DNA_RESOLVER_ITERATE:
    case DNA_RESOLVER_FORWARD:
        return dna_unbound_new(resolver->base, &resolver->options, NULL, &resolver->backend);
    case DNA_RESOLVER_STUB:
        return dna_cares_new(resolver->loop, &resolver->options, &resolver->backend);
    }
    return DNA_ERR_ARGUMENT;
}

static enum dna_err start(struct dna_resolver *resolver)
{
    enum dna_err err = copy_options(resolver);
    if (err != DNA_OK) {
        return err;
    }
    resolver->base = dna_ub_loop_new(resolver->loop, resolver->alloc);
    if (resolver->base == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = make_backend(resolver);
    if (err == DNA_OK && believes_nobody(resolver)) {
        set_root(resolver, DNA_ROOT_BROKEN, "the resolver's AD bit is not believed");
        return DNA_OK;
    }
    return err == DNA_OK ? check_root(resolver) : err;
}

enum dna_err dna_resolver_new(const struct dna_loop *loop,
                              const struct dna_resolver_options *options,
                              struct dna_resolver **out)
{
    struct dna_resolver *resolver = dna_alloc_zero(options->alloc, 1, sizeof *resolver);
    enum dna_err err;
    *out = NULL;
    if (resolver == NULL) {
        return DNA_ERR_MEMORY;
    }
    resolver->loop = loop;
    resolver->alloc = options->alloc;
    resolver->options = *options;
    dna_arena_init(&resolver->arena, options->alloc, SIZE_MAX);
    err = start(resolver);
    if (err != DNA_OK) {
        dna_resolver_free(resolver);
        return err;
    }
    *out = resolver;
    return DNA_OK;
}

void dna_resolver_free(struct dna_resolver *resolver)
{
    if (resolver == NULL) {
        return;
    }
    resolver->anchored.most = 0; /* nobody moves up any more */
    while (resolver->lookups != NULL) {
        dna_lookup_drop(resolver->lookups);
    }
    if (resolver->backend != NULL) {
        resolver->backend->ops->free(resolver->backend);
    }
    dna_ub_loop_free(resolver->base);
    dna_arena_fini(&resolver->arena);
    dna_alloc_release(resolver->alloc, resolver);
}
