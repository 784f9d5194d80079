/* resolver/unbound.c: libunbound as a backend, validating by itself.
 *
 * A context reads the files that it is given and nothing else: neither resolv.conf nor
 * /etc/hosts.  It is finished on creation, so that a file it cannot use is reported there and
 * not by the first look-up.  Loopback is asked only where the operator has put a forwarder or
 * a root server.  libunbound answers the special names (test, localhost, invalid, onion, the
 * reverse zones of private networks) itself: they do not exist, insecurely.
 *
 * Its log belongs to the whole process and goes nowhere; why an answer is bogus comes with
 * the answer.  A cancelled query runs on inside libunbound, unseen, until it ends.
 */
#include <resolver/unbound.h>

#include <assert.h>
#include <sys/time.h>
#include <unbound.h>

#include <unbound-event.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <resolver/server.h>

struct unbound {
    struct dna_backend super; /* first */
    const struct dna_alloc *alloc;
    struct ub_ctx *context;
};

struct dna_query {
    struct unbound *unbound;
    int id;
    dna_raw_fn *fn;
    void *arg;
    struct dna_query **out; /* set while ask runs */
};

struct setting {
    const char *name;
    const char *value;
};

static const struct setting common[] = {
    {"use-syslog:", "no"},
    {"trust-anchor-signaling:", "no"},
    {"module-config:", "validator iterator"},
    {"harden-dnssec-stripped:", "yes"},
    {"val-permissive-mode:", "no"},
    {"ignore-cd-flag:", "no"},
    {"serve-expired:", "no"},
};

/* The library's own sizes hold about a thousand entries. */
static const struct setting large[] = {
    {"msg-cache-size:", "32m"},
    {"rrset-cache-size:", "64m"},
    {"key-cache-size:", "16m"},
    {"neg-cache-size:", "4m"},
    {"infra-cache-numhosts:", "50000"},
    {"outgoing-range:", "256"}, /* descriptors; more questions wait */
    {"outgoing-num-tcp:", "64"},
};

static enum dna_err meaning(int status)
{
    switch (status) {
    case UB_NOERROR:
        return DNA_OK;
    case UB_NOMEM:
        return DNA_ERR_MEMORY;
    case UB_SYNTAX:
        return DNA_ERR_ARGUMENT;
    default:
        return DNA_ERR_SYSTEM;
    }
}

static enum dna_err set_all(struct ub_ctx *context, const struct setting *settings, size_t n)
{
    int status = UB_NOERROR;
    for (size_t i = 0; i < n && status == UB_NOERROR; i++) {
        status = ub_ctx_set_option(context, settings[i].name, settings[i].value);
    }
    return status == UB_SYNTAX ? DNA_ERR_SYSTEM : meaning(status);
}

static enum dna_err set_one(struct ub_ctx *context, const char *name, const char *value)
{
    const struct setting setting = {name, value};
    return set_all(context, &setting, 1);
}

static enum dna_err set_forwarders(struct ub_ctx *context,
                                   const struct dna_resolver_options *options,
                                   bool *loopback)
{
    int status = UB_NOERROR;
    for (size_t i = 0; i < options->n_servers && status == UB_NOERROR; i++) {
        struct dna_server server;
        if (dna_server_parse(options->servers[i], &server) != DNA_OK) {
            return DNA_ERR_ARGUMENT;
        }
        *loopback = *loopback || dna_server_is_loopback(&server.address);
        status = ub_ctx_set_fwd(context, options->servers[i]);
    }
    return options->n_servers == 0 ? DNA_ERR_ARGUMENT : meaning(status);
}

static enum dna_err set_root(struct ub_ctx *context,
                             const struct dna_resolver_options *options, bool *loopback)
{
    struct dna_server server;
    enum dna_err err = DNA_OK;
    if (options->root_stub != NULL) {
        if (dna_server_parse(options->root_stub, &server) != DNA_OK) {
            return DNA_ERR_ARGUMENT;
        }
        *loopback = dna_server_is_loopback(&server.address);
        return meaning(ub_ctx_set_stub(context, ".", options->root_stub, 0));
    }
    if (options->root_hints != NULL) {
        err = dna_server_hints_loopback(options->alloc, options->root_hints, loopback);
        if (err == DNA_OK) {
            err = set_one(context, "root-hints:", options->root_hints);
        }
    }
    return err;
}

static enum dna_err set_servers(struct ub_ctx *context,
                                const struct dna_resolver_options *options)
{
    bool loopback = false;
    enum dna_err err = DNA_ERR_ARGUMENT;
    switch (options->mode) {
    case DNA_RESOLVER_ITERATE:
        err = set_root(context, options, &loopback);
        break;
    case DNA_RESOLVER_FORWARD:
    case DNA_RESOLVER_STUB:
        err = set_forwarders(context, options, &loopback);
        break;
    }
    if (err != DNA_OK) {
        return err;
    }
    return set_one(context, "do-not-query-localhost:", loopback ? "no" : "yes");
}

static enum dna_err set_anchors(struct ub_ctx *context,
                                const struct dna_resolver_options *options,
                                const char *anchor)
{
    int status = UB_NOERROR;
    if (options->trust_anchor_file != NULL) {
        status = ub_ctx_add_ta_file(context, options->trust_anchor_file);
    }
    if (anchor != NULL) {
        return status == UB_NOERROR ? meaning(ub_ctx_add_ta(context, anchor))
                                    : meaning(status);
    }
    for (size_t i = 0; i < options->n_islands && status == UB_NOERROR; i++) {
        status = ub_ctx_add_ta_file(context, options->island_anchor_files[i]);
    }
    return meaning(status);
}

static enum dna_err set_up(struct ub_ctx *context, const struct dna_resolver_options *options,
                           const char *anchor)
{
    enum dna_err err = set_all(context, common, sizeof common / sizeof common[0]);
    if (err == DNA_OK && anchor == NULL) {
        err = set_all(context, large, sizeof large / sizeof large[0]);
    }
    if (err == DNA_OK) {
        err = set_servers(context, options);
    }
    if (err == DNA_OK) {
        err = set_anchors(context, options, anchor);
    }
    if (err == DNA_OK) {
        /* Removes nothing, but finishes the context, which reads the files. */
        err = meaning(ub_ctx_zone_remove(context, "no-such-zone.invalid."));
    }
    return err;
}

static enum dna_raw_security security_of(int security)
{
    switch (security) {
    case 2:
        return DNA_RAW_SECURE;
    case 0:
        return DNA_RAW_INSECURE;
    default:
        return DNA_RAW_BOGUS;
    }
}

static void on_answer(void *arg, int rcode, void *packet, int len, int security, char *why,
                      int ratelimited)
{
    struct dna_query *query = arg;
    struct dna_raw_answer raw = {
        .rcode = rcode == 0 && ratelimited ? 2 : rcode,
        .security = security_of(security),
        .packet = {packet, packet != NULL && len > 0 ? (size_t)len : 0},
        .why = why,
    };
    if (query->out != NULL) {
        *query->out = NULL;
        query->out = NULL;
    }
    query->fn(query->arg, &raw);
    dna_alloc_release(query->unbound->alloc, query);
}

static enum dna_err ask(struct dna_backend *backend, const char *name, uint16_t type,
                        dna_raw_fn *fn, void *arg, struct dna_query **out)
{
    struct unbound *unbound = (struct unbound *)(void *)backend;
    struct dna_query *query = dna_alloc_zero(unbound->alloc, 1, sizeof *query);
    int status, id = 0;
    if (query == NULL) {
        return DNA_ERR_MEMORY;
    }
    *query = (struct dna_query){.unbound = unbound, .fn = fn, .arg = arg, .out = out};
    *out = query;
    status = ub_resolve_event(unbound->context, name, type, 1, query, on_answer, &id);
    if (*out == NULL) {
        return DNA_OK; /* answered already; query is gone */
    }
    query->out = NULL;
    if (status != UB_NOERROR) {
        *out = NULL;
        dna_alloc_release(unbound->alloc, query);
        return meaning(status);
    }
    query->id = id;
    return DNA_OK;
}

static void cancel(struct dna_query *query)
{
    struct unbound *unbound = query->unbound;
    int status = ub_cancel(unbound->context, query->id);
    assert(status == UB_NOERROR); /* else it would still call back */
    (void)status;
    dna_alloc_release(unbound->alloc, query);
}

static void free_unbound(struct dna_backend *backend)
{
    struct unbound *unbound = (struct unbound *)(void *)backend;
    ub_ctx_delete(unbound->context);
    dna_alloc_release(unbound->alloc, unbound);
}

static const struct dna_backend_ops ops = {
    .ask = ask,
    .cancel = cancel,
    .free = free_unbound,
};

enum dna_err dna_unbound_new(struct ub_event_base *base,
                             const struct dna_resolver_options *options, const char *anchor,
                             struct dna_backend **out)
{
    struct unbound *unbound = dna_alloc_zero(options->alloc, 1, sizeof *unbound);
    enum dna_err err = DNA_ERR_MEMORY;
    *out = NULL;
    if (unbound == NULL) {
        return DNA_ERR_MEMORY;
    }
    unbound->super.ops = &ops;
    unbound->alloc = options->alloc;
    unbound->context = ub_ctx_create_ub_event(base);
    if (unbound->context != NULL) {
        (void)ub_ctx_debugout(unbound->context, NULL);
        err = set_up(unbound->context, options, anchor);
    }
    if (err != DNA_OK) {
        ub_ctx_delete(unbound->context);
        dna_alloc_release(unbound->alloc, unbound);
        return err;
    }
    *out = &unbound->super;
    return DNA_OK;
}
