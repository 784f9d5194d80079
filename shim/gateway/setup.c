/* gateway/setup.c: from the configuration to everything that serving needs.
 *
 * What is found wrong here, with the files that the configuration names, is reported like
 * any other fault of it.
 */
#include "gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <mod_dna/court.h>

#include "log.h"

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

static bool make_driver(struct gateway *gateway, FILE *errors)
{
    const struct gateway_config *c = gateway->config;
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &gateway->loop,
        .session = {.size = sizeof options.session,
                    .log = &gateway->log,
                    .evidence = c->evidence_folder == NULL ? DNA_EVIDENCE_NONE
                                : c->evidence_of_all      ? DNA_EVIDENCE_ALL
                                                          : DNA_EVIDENCE_REFUSED},
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
    err = randomize(&options.session.seed, sizeof options.session.seed)
              ? dna_uv_new(&options, &gateway->uv, &why)
              : DNA_ERR_SYSTEM;
    free(pem);
    if (err != DNA_OK) {
        return complain(gateway, errors, c->lines.resolver, "cannot set up",
                        err == DNA_ERR_FORMAT ? why : dna_err_name(err));
    }
    return true;
}

/* In base64 white space would only make the proof longer than a peer takes. */
static void strip(char *text, size_t len)
{
    bool pem = len != 0 && text[0] == '-';
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (pem || strchr(" \t\r\n", text[i]) == NULL) {
            text[n++] = text[i];
        }
    }
    text[n] = '\0';
}

static bool host_domain(struct gateway *gateway, const struct gateway_host_config *host,
                        FILE *errors)
{
    char *acert = NULL;
    size_t len = 0;
    struct dna_hosted hosted = {.size = sizeof hosted,
                                .domain = host->domain.text,
                                .link = gateway->listeners[host->link].link,
                                .dnssec_ta_url = host->dnssec_ta_url};
    enum dna_err err;
    if (host->attribute_cert_file != NULL) {
        acert = read_file(host->attribute_cert_file, &len);
        if (acert == NULL) {
            return complain(gateway, errors, host->line, host->attribute_cert_file,
                            strerror(errno));
        }
        strip(acert, len);
        hosted.attribute_cert = acert;
    }
    err = dna_session_host(dna_uv_session(gateway->uv), &hosted);
    free(acert);
    if (err == DNA_ERR_ARGUMENT && host->attribute_cert_file != NULL) {
        return complain(gateway, errors, host->line, host->attribute_cert_file,
                        "no peer could take this attribute certificate (PEM, or CMS in base64); "
                        "see `dna acert FILE --show`");
    }
    return err == DNA_OK || complain(gateway, errors, host->line, host->domain.text,
                                     dna_err_name(err));
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

/* The key is tried at once. */
static bool make_evidence(struct gateway *gateway, FILE *errors)
{
    const struct gateway_config *c = gateway->config;
    struct gateway_evidence *evidence = &gateway->evidence;
    char *trial;
    enum dna_err err = DNA_OK;
    *evidence = (struct gateway_evidence){.folder = c->evidence_folder,
                                          .most = c->evidence_files};
    if (!evidence_begin(evidence)) {
        return complain(gateway, errors, c->lines.evidence, c->evidence_folder,
                        strerror(errno));
    }
    if (c->evidence_key == NULL || c->evidence_folder == NULL) {
        return true;
    }
    evidence->key.ptr = read_file(c->evidence_key, &evidence->key.len);
    if (evidence->key.ptr == NULL) {
        return complain(gateway, errors, c->lines.evidence, c->evidence_key, strerror(errno));
    }
    err = dna_bundle_sign(NULL, (struct dna_span){"{}", 2}, evidence->key, &trial, NULL);
    if (err != DNA_OK) {
        return complain(gateway, errors, c->lines.evidence, c->evidence_key,
                        "neither an Ed25519 key nor an ECDSA key on P-256 or P-384");
    }
    free(trial);
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
        if (!host_domain(gateway, &c->hosts[i], errors)) {
            return false;
        }
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
    if (!randomize(options.key, sizeof options.key)) {
        return false;
    }
    gateway->router = router_new(&options);
    return gateway->router != NULL;
}

static struct gateway *new_gateway(const struct gateway_config *config, FILE *errors)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);
    if (gateway == NULL || uv_loop_init(&gateway->loop) != 0) {
        fputs("dna-gateway: out of memory\n", errors);
        free(gateway);
        return NULL;
    }
    gateway->config = config;
    gateway->armed = DNA_NEVER;
    return gateway;
}

struct gateway *gateway_new(const struct gateway_config *config, FILE *log, FILE *trace,
                            FILE *errors)
{
    struct gateway *gateway = new_gateway(config, errors);
    if (gateway == NULL) {
        return NULL;
    }
    gateway->log = gateway_log_sink(log, config->log_level);
    gateway->trace = trace;
    gateway->handler = streams_handler(trace != NULL);
    if (!make_driver(gateway, errors) || !make_identity(gateway, errors) ||
        !make_evidence(gateway, errors)) {
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

void gateway_check_identity(const struct gateway_config *config, FILE *errors)
{
    struct gateway *gateway = new_gateway(config, errors);
    static const char *const nobody[] = {"127.0.0.1"};
    struct dna_uv_options options = {.size = sizeof options,
                                     .session = {.size = sizeof options.session},
                                     .dns = DNA_UV_DNS_STUB,
                                     .dns_servers = nobody,
                                     .n_dns_servers = 1};
    const char *why;
    char *pem = gateway != NULL ? read_file(config->certificate, &options.ca_pem.len) : NULL;
    if (pem != NULL) {
        /* This driver asks nobody and believes nobody: any certificate does as a root. */
        options.loop = &gateway->loop;
        options.ca_pem.ptr = pem;
        if (dna_uv_new(&options, &gateway->uv, &why) == DNA_OK) {
            (void)make_identity(gateway, errors);
        }
    }
    free(pem);
    gateway_free(gateway);
}
