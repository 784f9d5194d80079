/* gateway/gateway.c: begin, run, end.
 *
 * The end has steps: at the first signal nothing more is accepted from outside, what waits
 * may still go for a while (the local servers must still reach their links, by which they
 * verify us); then every stream is closed with system-shutdown; then the driver is freed.
 * A second signal goes straight to that.
 */
#include "gateway.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "log.h"

#define DRAIN_MS 10000
#define FILE_MAX_BYTES (16 * 1024 * 1024)

/* The bytes of a file; the caller frees them.  NULL: errno says why. */
static char *read_file(const char *name, size_t *len)
{
    FILE *file = fopen(name, "re");
    char *bytes = NULL;
    struct stat status;
    if (file == NULL) {
        return NULL;
    }
    if (fstat(fileno(file), &status) == 0 && status.st_size <= FILE_MAX_BYTES) {
        bytes = malloc((size_t)status.st_size + 1);
    } else {
        errno = EFBIG;
    }
    if (bytes != NULL) {
        *len = fread(bytes, 1, (size_t)status.st_size, file);
    }
    (void)fclose(file);
    return bytes;
}

static bool complain(const struct gateway *gateway, FILE *errors, int line, const char *what,
                     const char *why)
{
    fprintf(errors, "%s:%d: %s: %s\n", gateway->config->file, line, what, why);
    return false;
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

static bool make_driver(struct gateway *gateway, FILE *errors)
{
    const struct gateway_config *c = gateway->config;
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &gateway->loop,
        .session = {.size = sizeof options.session, .log = &gateway->log},
        .ca_file = c->ca_file,
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
    };
    const char *why = "";
    char *pem = read_file(c->ca_file, &options.ca_pem.len);
    enum dna_err err;
    if (pem == NULL) {
        return complain(gateway, errors, c->lines.ca_file, c->ca_file, strerror(errno));
    }
    options.ca_pem.ptr = pem;
    err = getrandom(&options.session.seed, sizeof options.session.seed, 0) ==
                  (ssize_t)sizeof options.session.seed
              ? dna_uv_new(&options, &gateway->uv, &why)
              : DNA_ERR_SYSTEM;
    free(pem);
    if (err != DNA_OK) {
        return complain(gateway, errors, c->lines.resolver, "cannot set up",
                        err == DNA_ERR_FORMAT ? why : dna_err_name(err));
    }
    return true;
}

static bool make_identity(struct gateway *gateway, FILE *errors)
{
    const struct gateway_config *c = gateway->config;
    struct dna_span chain = {NULL, 0}, key = {NULL, 0};
    char *chain_pem = read_file(c->certificate, &chain.len);
    char *key_pem = chain_pem != NULL ? read_file(c->key, &key.len) : NULL;
    const char *why = "";
    enum dna_err err;
    if (key_pem == NULL) {
        const char *name = chain_pem == NULL ? c->certificate : c->key;
        int line = chain_pem == NULL ? c->lines.certificate : c->lines.key;
        free(chain_pem);
        return complain(gateway, errors, line, name, strerror(errno));
    }
    chain.ptr = chain_pem;
    key.ptr = key_pem;
    err = dna_uv_identity_new(gateway->uv, chain, key, &gateway->identity, &why);
    free(chain_pem);
    explicit_bzero(key_pem, key.len);
    free(key_pem);
    if (err != DNA_OK) {
        char what[512];
        (void)snprintf(what, sizeof what, "certificate \"%s\" and key \"%s\" cannot be used",
                       c->certificate, c->key);
        return complain(gateway, errors, c->lines.certificate, what,
                        err == DNA_ERR_FORMAT ? why : dna_err_name(err));
    }
    return true;
}

static bool make_session(struct gateway *gateway, FILE *errors)
{
    const struct gateway_config *c = gateway->config;
    struct dna_session *session = dna_uv_session(gateway->uv);
    enum dna_err err = DNA_OK;
    for (size_t i = 0; err == DNA_OK && i < c->n_policies; i++) {
        err = dna_session_policy(session, c->policies[i].pattern, &c->policies[i].policy);
    }
    for (size_t i = 0; err == DNA_OK && i < c->n_hosts; i++) {
        const struct dna_hosted hosted = {.size = sizeof hosted,
                                          .domain = c->hosts[i].domain.text,
                                          .link = gateway->listeners[c->hosts[i].link].link,
                                          .dnssec_ta_url = c->hosts[i].dnssec_ta_url};
        err = dna_session_host(session, &hosted);
    }
    /* Nobody may be led to the servers that trust us (S22). */
    for (size_t i = 0; err == DNA_OK && i < c->n_links; i++) {
        const struct gateway_address *server = &c->links[i].server;
        err = dna_uv_protect(gateway->uv, server->ip, server->port);
    }
    if (err != DNA_OK) {
        return complain(gateway, errors, 1, "policies, hosts and links", dna_err_name(err));
    }
    return true;
}

static bool make_router(struct gateway *gateway)
{
    struct router_options options = {.uv = gateway->uv,
                                     .session = dna_uv_session(gateway->uv),
                                     .log = &gateway->log,
                                     .handler = &gateway->handler,
                                     .queue = gateway->config->queue,
                                     .server_of = links_server_of,
                                     .gateway = gateway};
    if (getrandom(options.key, sizeof options.key, 0) != (ssize_t)sizeof options.key) {
        return false;
    }
    gateway->router = router_new(&options);
    return gateway->router != NULL;
}

struct gateway *gateway_new(const struct gateway_config *config, FILE *log, FILE *trace,
                            FILE *errors)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (gateway == NULL || uv_loop_init(&gateway->loop) != 0) {
        fputs("dna-gateway: out of memory\n", errors);
        free(gateway);
        return NULL;
    }
    gateway->config = config;
    gateway->log = gateway_log_sink(log, config->log_level);
    gateway->trace = trace;
    gateway->handler = streams_handler(trace != NULL);
    gateway->armed = DNA_NEVER;
    if (!make_driver(gateway, errors) || !make_identity(gateway, errors)) {
        gateway_free(gateway);
        return NULL;
    }
    if (!links_make(gateway) || !make_router(gateway)) {
        fputs("dna-gateway: out of memory or randomness\n", errors);
        gateway_free(gateway);
        return NULL;
    }
    if (!make_session(gateway, errors)) {
        gateway_free(gateway);
        return NULL;
    }
    return gateway;
}

/* --- running ----------------------------------------------------------------------------- */

static void close_handles(struct gateway *gateway)
{
    if (!gateway->has_handles) {
        return;
    }
    gateway->has_handles = false;
    uv_close((uv_handle_t *)&gateway->timer, NULL);
    for (size_t i = 0; i < GATEWAY_SIGNALS; i++) {
        uv_close((uv_handle_t *)&gateway->signals[i], NULL);
    }
}

static void freed(void *arg)
{
    struct gateway *gateway = arg;
    gateway->uv = NULL;
    close_handles(gateway);
}

static void free_driver(struct gateway *gateway)
{
    links_close(gateway, false);
    gateway->state = GATEWAY_FREES;
    dna_uv_free(gateway->uv, freed, gateway);
}

static void close_streams(struct gateway *gateway)
{
    gateway->state = GATEWAY_CLOSES;
    links_close(gateway, false);
    router_close_all(gateway->router);
}

/* One step of the end, from the timer: never from inside a callback of the driver. */
static void take_step(struct gateway *gateway)
{
    int64_t now = dna_uv_now(gateway->uv).mono;
    if (gateway->state == GATEWAY_DRAINS &&
        (router_waiting(gateway->router) == 0 || now >= gateway->drain_until)) {
        close_streams(gateway);
    }
    if (gateway->stops > 1 && gateway->state != GATEWAY_CLOSES) {
        close_streams(gateway);
    }
    if (gateway->state == GATEWAY_CLOSES &&
        (gateway->stops > 1 || router_n_streams(gateway->router) == 0)) {
        free_driver(gateway);
    }
}

static void on_timer(uv_timer_t *timer)
{
    struct gateway *gateway = timer->data;
    gateway->armed = DNA_NEVER;
    if (gateway->state != GATEWAY_FREES) {
        router_tick(gateway->router);
        take_step(gateway);
        gateway_after(gateway);
    }
}

static int64_t next_deadline(const struct gateway *gateway, int64_t now)
{
    int64_t deadline = router_deadline(gateway->router);
    bool due = gateway->stops > 1 ||
               (gateway->state == GATEWAY_DRAINS && router_waiting(gateway->router) == 0) ||
               (gateway->state == GATEWAY_CLOSES && router_n_streams(gateway->router) == 0);
    if (due) {
        return now;
    }
    return gateway->state == GATEWAY_DRAINS && gateway->drain_until < deadline
               ? gateway->drain_until
               : deadline;
}

void gateway_after(struct gateway *gateway)
{
    int64_t now, deadline;
    if (gateway->state == GATEWAY_FREES) {
        return;
    }
    if (gateway->state == GATEWAY_RUNS && gateway->stops < 2 &&
        router_deadline(gateway->router) == gateway->armed) {
        return; /* nearly always */
    }
    now = dna_uv_now(gateway->uv).mono;
    deadline = next_deadline(gateway, now);
    gateway->armed = deadline;
    if (deadline == DNA_NEVER) {
        (void)uv_timer_stop(&gateway->timer);
    } else {
        (void)uv_timer_start(&gateway->timer, on_timer,
                             deadline > now ? (uint64_t)(deadline - now) : 0, 0);
    }
}

void gateway_stop(struct gateway *gateway)
{
    gateway->stops++;
    gateway_log(&gateway->log, DNA_LOG_INFO, "stopping", "how",
                gateway->stops == 1 ? "draining" : "at once", NULL);
    if (gateway->state == GATEWAY_RUNS) {
        gateway->state = GATEWAY_DRAINS;
        gateway->drain_until = dna_uv_now(gateway->uv).mono + DRAIN_MS;
        links_close(gateway, true);
        router_drain(gateway->router);
    }
    gateway_after(gateway);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct gateway *gateway = handle->data;
    if (number == SIGHUP) {
        gateway_log(&gateway->log, DNA_LOG_WARNING, "not-reloaded", "why",
                    "a changed configuration takes effect after a restart", NULL);
    } else if (gateway->state != GATEWAY_FREES) {
        gateway_stop(gateway);
    }
}

static bool set_up_handles(struct gateway *gateway)
{
    static const int numbers[GATEWAY_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    bool ok = true;
    (void)uv_timer_init(&gateway->loop, &gateway->timer);
    gateway->timer.data = gateway;
    for (size_t i = 0; i < GATEWAY_SIGNALS; i++) {
        if (uv_signal_init(&gateway->loop, &gateway->signals[i]) != 0) {
            /* Only the first one can fail: it makes the loop's pipe. */
            uv_close((uv_handle_t *)&gateway->timer, NULL);
            return false;
        }
        gateway->signals[i].data = gateway;
    }
    gateway->has_handles = true;
    for (size_t i = 0; i < GATEWAY_SIGNALS; i++) {
        ok = uv_signal_start(&gateway->signals[i], on_signal, numbers[i]) == 0 && ok;
    }
    return ok;
}

static void log_end(const struct gateway *gateway)
{
    struct router_counts counts = router_counted(gateway->router);
    char relayed[24], returned[24], lost[24];
    (void)snprintf(relayed, sizeof relayed, "%" PRIu64, counts.relayed);
    (void)snprintf(returned, sizeof returned, "%" PRIu64, counts.returned);
    (void)snprintf(lost, sizeof lost, "%" PRIu64, counts.lost);
    gateway_log(&gateway->log, DNA_LOG_INFO, "stopped", "relayed", relayed, "returned",
                returned, "lost", lost, NULL);
}

bool gateway_run(struct gateway *gateway)
{
    bool ok = set_up_handles(gateway) && links_listen(gateway);
    if (ok) {
        char hosts[24];
        (void)snprintf(hosts, sizeof hosts, "%zu", gateway->config->n_hosts);
        gateway_log(&gateway->log, DNA_LOG_INFO, "ready", "hosts", hosts, NULL);
    } else {
        free_driver(gateway);
    }
    (void)uv_run(&gateway->loop, UV_RUN_DEFAULT);
    log_end(gateway);
    return ok;
}

void gateway_free(struct gateway *gateway)
{
    if (gateway == NULL) {
        return;
    }
    dna_uv_identity_free(gateway->identity);
    if (gateway->uv != NULL) {
        gateway->state = GATEWAY_FREES;
        dna_uv_free(gateway->uv, freed, gateway);
    }
    (void)uv_run(&gateway->loop, UV_RUN_DEFAULT);
    router_free(gateway->router);
    free(gateway->listeners);
    (void)uv_loop_close(&gateway->loop);
    free(gateway);
}
