/* gateway/config.c: from a file to a checked, immutable configuration.
 *
 * Each value is checked by its type where it stands (read.c); then the sections are taken one
 * by one, with what concerns several options: the public side, links and policies in files of
 * their own (config_*.c), all others here.  All faults of a file are reported in one run.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "hosts.h"
#include "publication.h"
#include "read.h"

static void take_host(struct reading *r, const struct section *s,
                      struct gateway_host_config *host)
{
    const char *link = read_value(s, "host", "link");
    host->certificate = read_optional(r, read_value(s, "host", "certificate"));
    host->key = read_optional(r, read_value(s, "host", "key"));
    host->dnssec_ta_url = read_optional(r, read_value(s, "host", "dnssec-ta-url"));
    host->attribute_cert_file = read_optional(r, read_value(s, "host", "attribute-cert-file"));
    host->link = hosts_find_link(r->config, link);
    hosts_name(host, &r->faults, "host ", s->title);
    if (link[0] != '\0' && host->link == r->config->n_links) {
        faults_add(&r->faults, read_line(s, "link"), "host \"%s\": there is no link \"%s\"; add "
                   "it, or correct the name", s->title, link);
    }
    if ((host->certificate == NULL) != (host->key == NULL)) {
        faults_add(&r->faults, read_line(s, host->key == NULL ? "certificate" : "key"),
                   "host \"%s\": certificate and key go together; give both or neither",
                   s->title);
    }
}

static void take_hosts(struct reading *r)
{
    struct gateway_config *c = r->config;
    for (const struct section *s = read_first(r, "host"); s != NULL; s = parse_next(s)) {
        struct gateway_host_config *host =
            s->title != NULL ? hosts_add(c, &r->faults, c->file, s->line) : NULL;
        if (host != NULL) {
            take_host(r, s, host);
        }
    }
    read_names(r, r->sections, "map-file", &c->map_files);
    for (size_t i = 0; i < c->map_files.n; i++) {
        hosts_read_map(c, &r->faults, c->map_files.list[i]);
    }
    hosts_settle(c, &r->faults);
}

static void take_redis(struct reading *r, const struct section *s,
                       struct gateway_store_config *store)
{
    const char *where = read_value(s, "store", "redis");
    struct gateway_address address = {.port = 0};
    if (where[0] == '/') {
        store->where = read_copy(r, where);
    } else if (check_address(where, &address)) {
        store->where = read_copy(r, address.ip);
        store->port = address.port;
    } else {
        faults_add(&r->faults, read_line(s, "redis"), "store: redis is \"%s\"; write ADDR@PORT, "
                   "or the path of the server's Unix socket", where);
    }
    if (store->key_file == NULL) {
        faults_add(&r->faults, read_line(s, "kind"), "store: kind \"redis\" needs key-file; make "
                   "it with `head -c 32 /dev/urandom` and give every gateway the same");
    }
}

static void take_store(struct reading *r)
{
    const struct section *s = read_first(r, "store");
    const char *kind = read_value(s, "store", "kind");
    struct gateway_store_config *store = &r->config->store;
    store->chosen = s != NULL;
    store->key_file = read_optional(r, read_value(s, "store", "key-file"));
    store->password_file = read_optional(r, read_value(s, "store", "redis-password-file"));
    if (strcmp(kind, "redis") == 0) {
        store->kind = GATEWAY_STORE_REDIS;
        take_redis(r, s, store);
    } else if (strcmp(kind, "sqlite") == 0) {
        store->kind = GATEWAY_STORE_FILE;
        store->where = read_copy(r, read_value(s, "store", "file"));
    }
}

static void take_limits(struct reading *r)
{
    const struct section *s = read_first(r, "limits");
    r->config->limits = (struct gateway_limits_config){
        .connections = (unsigned)read_number(s, "limits", "connections"),
        .connections_at = (unsigned)read_number(s, "limits", "connections-per-address"),
        .attempts_at = (unsigned)read_number(s, "limits", "attempts-per-address"),
        .handshakes = (unsigned)read_number(s, "limits", "handshakes"),
        .handshakes_at = (unsigned)read_number(s, "limits", "handshakes-per-address"),
    };
}

static void take_shares(struct reading *r)
{
    const struct section *s = read_first(r, "limits"), *queue = read_first(r, "queue");
    r->config->shares = (struct gateway_shares_config){
        .pairs = read_number(s, "limits", "pairs"),
        .pairs_of_host = read_number(s, "limits", "pairs-per-host"),
        .pairs_of_peer = read_number(s, "limits", "pairs-per-peer"),
        .pairs_of_address = read_number(s, "limits", "pairs-per-address"),
        .bytes_of_host = read_number(queue, "queue", "host-bytes"),
        .bytes_of_peer = read_number(queue, "queue", "peer-bytes"),
        .bytes_of_address = read_number(queue, "queue", "address-bytes"),
        .streams = read_number(s, "limits", "streams"),
        .streams_of_host = read_number(s, "limits", "streams-per-host"),
        .accepted_of_host = read_number(s, "limits", "accepted-per-host"),
        .searches = read_number(s, "limits", "searches"),
        .searches_of_host = read_number(s, "limits", "searches-per-host"),
        .memory = read_number(s, "limits", "memory"),
        .memory_of_address = read_number(s, "limits", "memory-per-address"),
    };
}

static void take_load(struct reading *r)
{
    const struct section *s = read_first(r, "limits");
    r->config->load = (struct gateway_load_config){
        .lookups = (unsigned)read_number(s, "limits", "lookups"),
        .lookups_at = (unsigned)read_number(s, "limits", "lookups-per-address"),
        .proofs = (unsigned)read_number(s, "limits", "proofs"),
        .proofs_at = (unsigned)read_number(s, "limits", "proofs-per-address"),
        .proofs_of_host = (unsigned)read_number(s, "limits", "proofs-per-host"),
        .dialbacks = (unsigned)read_number(s, "limits", "dialbacks"),
        .dialbacks_at = (unsigned)read_number(s, "limits", "dialbacks-per-address"),
        .dialbacks_of_host = (unsigned)read_number(s, "limits", "dialbacks-per-host"),
    };
}

static void take_rest(struct reading *r)
{
    const struct section *queue = read_first(r, "queue");
    const char *level = read_value(read_first(r, "log"), "log", "level");
    r->config->queue = (struct gateway_queue_config){
        .pair_stanzas = read_number(queue, "queue", "pair-stanzas"),
        .pair_bytes = read_number(queue, "queue", "pair-bytes"),
        .total_bytes = read_number(queue, "queue", "total-bytes"),
        .seconds = (unsigned)read_number(queue, "queue", "seconds"),
    };
    take_limits(r);
    take_shares(r);
    take_load(r);
    r->config->evidence_folder =
        read_optional(r, read_value(read_first(r, "log"), "log", "evidence-folder"));
    r->config->evidence_key =
        read_optional(r, read_value(read_first(r, "log"), "log", "evidence-key"));
    r->config->evidence_of_all =
        strcmp(read_value(read_first(r, "log"), "log", "evidence-of"), "all") == 0;
    r->config->evidence_files =
        (unsigned)read_number(read_first(r, "log"), "log", "evidence-files");
    r->config->lines.evidence = read_line(read_first(r, "log"), "evidence-folder");
    r->config->log_level = strcmp(level, "error") == 0     ? DNA_LOG_ERROR
                           : strcmp(level, "warning") == 0 ? DNA_LOG_WARNING
                           : strcmp(level, "debug") == 0   ? DNA_LOG_DEBUG
                                                           : DNA_LOG_INFO;
}

static void read_all(struct reading *r, const char *file, FILE *errors)
{
    *r = (struct reading){.faults = {.out = errors, .file = file}};
    r->sections = parse_file(file, &r->faults);
    if (r->sections == NULL) {
        return;
    }
    r->config = read_array(r, 1, sizeof *r->config);
    if (r->config == NULL) {
        return;
    }
    r->config->file = read_copy(r, file);
    read_check(r);
    config_take_public(r);
    config_take_resolver(r);
    config_take_links(r);
    take_hosts(r);
    config_take_policies(r);
    take_store(r);
    publication_take(&r->faults, read_first(r, "publication"), &r->config->publication);
    take_rest(r);
}

const struct gateway_config *gateway_config_read(const char *file, FILE *errors,
                                                 unsigned *faults)
{
    struct reading r;
    read_all(&r, file, errors);
    parse_free(r.sections);
    *faults = r.faults.n;
    return r.config;
}

static void free_names(const struct gateway_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->list[i]);
    }
    free(names->list);
}

void gateway_config_free(const struct gateway_config *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->n_links; i++) {
        free(c->links[i].name);
        free(c->links[i].secret_file);
        free(c->links[i].server_ca);
        free_names(&c->links[i].names_forward);
    }
    for (size_t i = 0; i < c->n_hosts; i++) {
        free(c->hosts[i].certificate);
        free(c->hosts[i].key);
        free(c->hosts[i].dnssec_ta_url);
        free(c->hosts[i].attribute_cert_file);
        free(c->hosts[i].attribute_cert);
    }
    for (size_t i = 0; i < c->n_policies; i++) {
        free(c->policies[i].pattern);
    }
    free_names(&c->dns.servers);
    free_names(&c->dns.islands);
    free_names(&c->guard_allow);
    free_names(&c->balancers);
    free_names(&c->map_files);
    free_names(&c->policy_maps);
    free(c->fetch_ports);
    free(c->dns.root_hints);
    free(c->dns.trust_anchor);
    free(c->listen);
    free(c->certificate);
    free(c->certificate_folder);
    free(c->key);
    free(c->source);
    free(c->dialback_secret_file);
    free(c->ca_file);
    free(c->bridge_folder);
    publication_free((struct gateway_publication_config *)(uintptr_t)&c->publication);
    free(c->store.where);
    free(c->store.password_file);
    free(c->store.key_file);
    free(c->evidence_folder);
    free(c->evidence_key);
    free(c->links);
    free(c->hosts);
    free(c->policies);
    free(c->file);
    free((void *)(uintptr_t)c);
}
