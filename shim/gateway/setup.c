/* gateway/setup.c: the driver and the router, which stay what they are until the end.
 *
 * What is found wrong here, with the files that the configuration names, is reported like
 * any other fault of it.  Everything that may change is in apply.c.
 */
#include "gateway.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "log.h"

#define CA_MAX (16 * 1024 * 1024)

static bool complain(const struct gateway_config *config, FILE *errors, int line,
                     const char *what, const char *why)
{
    fprintf(errors, "%s:%d: %s: %s\n", config->file, line, what, why);
    return false;
}

static bool randomize(void *space, size_t size)
{
    return getrandom(space, size, 0) == (ssize_t)size;
}

static const char *const *as_list(const struct gateway_names *names)
{
    return (const char *const *)names->list;
}

static enum dna_uv_dns dns_of(enum gateway_dns_mode mode)
{
    switch (mode) {
    case GATEWAY_DNS_ITERATE:
        return DNA_UV_DNS_ITERATE;
    case GATEWAY_DNS_FORWARD:
        return DNA_UV_DNS_FORWARD;
    case GATEWAY_DNS_STUB:
        return DNA_UV_DNS_STUB;
    }
    abort();
}

static void unsent(void *arg, const struct dna_stanza *stanza)
{
    struct gateway *gateway = arg;
    if (gateway->router != NULL) {
        router_unsent(gateway->router, stanza);
        gateway_after(gateway);
    }
}

static bool make_driver(struct gateway *gateway, const struct gateway_config *c, FILE *errors)
{
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &gateway->loop,
        .session = {.size = sizeof options.session,
                    .log = &gateway->log,
                    .evidence = bridge_evidence(c)},
        .dns = dns_of(c->dns.mode),
        .dns_servers = as_list(&c->dns.servers),
        .n_dns_servers = c->dns.servers.n,
        .root_hints = c->dns.root_hints,
        .trust_anchor_file = c->dns.trust_anchor,
        .island_anchor_files = as_list(&c->dns.islands),
        .n_islands = c->dns.islands.n,
        .stub_trusts_ad = c->dns.trust_ad,
        .guard_allow = as_list(&c->guard_allow),
        .n_guard_allow = c->guard_allow.n,
        .source = c->source,
        .fetch_ports = c->fetch_ports,
        .n_fetch_ports = c->n_fetch_ports,
        .unsent = unsent,
        .unsent_arg = gateway,
        .heard = gateway_heard,
        .heard_arg = gateway,
    };
    const char *why = "";
    char *pem, *file;
    enum dna_err err;
    gateway->ca = file_stamp_of(c->ca_file);
    pem = bridge_read_ca(c, &options.ca_pem.len, &file);
    if (pem == NULL) {
        return complain(c, errors, c->lines.ca_file, c->ca_file, file_trouble_text());
    }
    options.ca_pem.ptr = pem;
    options.ca_file = file;
    err = randomize(&options.session.seed, sizeof options.session.seed)
              ? dna_uv_new(&options, &gateway->uv, &why)
              : DNA_ERR_SYSTEM;
    free(pem);
    free(file);
    if (err != DNA_OK) {
        return complain(c, errors, c->lines.resolver, "cannot set up",
                        err == DNA_ERR_FORMAT ? why : dna_err_name(err));
    }
    return true;
}

static bool same_identity(const struct gateway *gateway, const char *one, const char *other)
{
    int64_t now = dna_uv_now(gateway->uv).wall;
    return identities_for(gateway->identities, gateway->config, one, now) ==
           identities_for(gateway->identities, gateway->config, other, now);
}

static bool proves(const struct gateway *gateway, const char *domain)
{
    return gateway->bridge != NULL && bridge_proves(gateway->bridge, domain);
}

/* It spreads attempts, no more: without randomness they come at the average time. */
static uint32_t dice(void)
{
    uint32_t thrown;
    return randomize(&thrown, sizeof thrown) ? thrown : UINT32_C(1) << 31;
}

static void searched(struct gateway *gateway)
{
    if (gateway->state != GATEWAY_FREES && gateway->router != NULL) {
        gateway_after(gateway);
    }
}

static bool make_router(struct gateway *gateway, const struct gateway_config *config)
{
    struct router_options options = {.uv = gateway->uv,
                                     .session = dna_uv_session(gateway->uv),
                                     .log = &gateway->log,
                                     .handler = &gateway->handler,
                                     .queue = config->queue,
                                     .shares = config->shares,
                                     .server_of = links_server_of,
                                     .same_identity = same_identity,
                                     .proves = proves,
                                     .searched = searched,
                                     .random = dice,
                                     .gateway = gateway};
    if (!randomize(options.key, sizeof options.key)) {
        return false;
    }
    gateway->router = router_new(&options);
    return gateway->router != NULL;
}

static struct gateway *new_gateway(FILE *errors)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (gateway == NULL || uv_loop_init(&gateway->loop) != 0) {
        fputs("dna-gateway: out of memory\n", errors);
        free(gateway);
        return NULL;
    }
    gateway->armed = DNA_NEVER;
    return gateway;
}

struct gateway *gateway_new(const struct gateway_config *config, bool listens, FILE *log,
                            FILE *trace, FILE *errors)
{
    struct gateway *gateway = new_gateway(errors);
    if (gateway == NULL) {
        return NULL;
    }
    gateway->log = gateway_log_sink(log, config->log_level);
    gateway->trace = trace;
    gateway->listens = listens;
    gateway->handler = streams_handler(trace != NULL);
    if (listens && config->bridge_folder != NULL) {
        gateway->bridge = bridge_new(gateway, config, errors);
        if (gateway->bridge == NULL) {
            gateway_free(gateway);
            return NULL;
        }
    }
    if (!make_driver(gateway, config, errors)) {
        gateway_free(gateway);
        return NULL;
    }
    if (!make_router(gateway, config)) {
        fputs("dna-gateway: out of memory or randomness\n", errors);
        gateway_free(gateway);
        return NULL;
    }
    return gateway;
}

void gateway_check_identity(const struct gateway_config *config, FILE *errors)
{
    struct gateway *gateway = new_gateway(errors);
    static const char *const nobody[] = {"127.0.0.1"};
    struct dna_uv_options options = {.size = sizeof options,
                                     .session = {.size = sizeof options.session},
                                     .dns = DNA_UV_DNS_STUB,
                                     .dns_servers = nobody,
                                     .n_dns_servers = 1};
    const char *why;
    unsigned faults = 0;
    char *pem = gateway != NULL ? file_read(config->certificate, CA_MAX, &options.ca_pem.len)
                                : NULL;
    if (pem != NULL) {
        /* This driver asks nobody and believes nobody: any certificate does as a root. */
        options.loop = &gateway->loop;
        options.ca_pem.ptr = pem;
        if (dna_uv_new(&options, &gateway->uv, &why) == DNA_OK) {
            gateway->identities = identities_read(gateway->uv, config, NULL, &gateway->log,
                                                  errors, &faults);
        }
    }
    free(pem);
    gateway_free(gateway);
}
