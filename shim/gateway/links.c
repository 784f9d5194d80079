/* gateway/links.c: the local servers, each behind a listener of its own (S24).
 *
 * The hop is not encrypted.  On a plain link nothing authenticates it but the kernel, which
 * says whose process is at the other end; on an external one both ends prove a secret, and
 * the kernel is asked where a user is named.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway.h"
#include "log.h"
#include "names.h"
#include "owner.h"
#include "secret.h"

#define SECRET_BYTES 32
#define SERVER_CA_MAX (4 * 1024 * 1024)
#define LINK_CONNECTIONS_MAX 65536 /* stock servers open one for each pair of domains */

/* What the server's certificate must be; terms: as read_bridge has it. */
static bool make_bridge(struct dna_session *session, const struct gateway_link_config *config,
                        const char *terms, struct dna_link **out)
{
    struct dna_link_bridge bridge = {.size = sizeof bridge,
                                     .has_key = config->server_ca == NULL};
    bool made = true;
    memcpy(bridge.key, config->server_key, sizeof bridge.key);
    if (config->server_ca != NULL) {
        made = dna_roots_new(NULL, &bridge.roots) == DNA_OK &&
               dna_roots_add_pem(bridge.roots, dna_span_of(terms), NULL) == DNA_OK;
    }
    made = made && dna_session_link_bridge(session, &bridge, out) == DNA_OK;
    dna_roots_free(bridge.roots);
    return made;
}

static bool make_link(struct gateway *gateway, const struct gateway_link_config *config,
                      struct gateway_listener *listener)
{
    struct dna_session *session = dna_uv_session(gateway->uv);
    unsigned char secret[SECRET_BYTES];
    struct dna_span bytes = {(const char *)secret, sizeof secret};
    bool made;
    if (config->kind == GATEWAY_LINK_BRIDGE) {
        return make_bridge(session, config, listener->secret, &listener->link);
    }
    if (listener->secret != NULL) {
        return dna_session_link_external(session, dna_span_of(listener->secret),
                                         &listener->link) == DNA_OK;
    }
    made = getrandom(secret, sizeof secret, 0) == (ssize_t)sizeof secret &&
           dna_session_link(session, bytes, &listener->link) == DNA_OK;
    explicit_bzero(secret, sizeof secret);
    return made;
}

static bool same_place(const struct gateway_address *a, const struct gateway_address *b)
{
    return a->port == b->port && strcmp(a->ip, b->ip) == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Whether what is at the other end is believed on the same terms. */
static bool same_terms(const struct gateway_listener *listener,
                       const struct gateway_link_config *link, const char *secret)
{
    const struct gateway_link_config *old = listener->config;
    return old != NULL && strcmp(old->name, link->name) == 0 && old->kind == link->kind &&
           old->has_user == link->has_user && (!old->has_user || old->uid == link->uid) &&
           old->trust_loopback == link->trust_loopback &&
           same_place(&old->server, &link->server) && same_text(listener->secret, secret);
}

static struct gateway_listener *add_listener(struct gateway *gateway)
{
    struct gateway_listener *listener = calloc(1, sizeof *listener);
    if (listener != NULL) {
        listener->user.gateway = gateway;
        listener->next = gateway->listeners;
        gateway->listeners = listener;
    }
    return listener;
}

static void forget_secret(char *secret)
{
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
    }
    free(secret);
}

/* The authorities that the server's certificate may come from, or its key in hex: of another
 * one the link is another one. */
static bool read_bridge(const struct gateway_config *config,
                        const struct gateway_link_config *link, char **out, FILE *errors)
{
    struct dna_roots *roots = NULL;
    size_t len = 0, n = 0;
    if (link->server_ca == NULL) {
        *out = calloc(1, 2 * sizeof link->server_key + 1);
        for (size_t i = 0; *out != NULL && i < sizeof link->server_key; i++) {
            (void)snprintf(*out + 2 * i, 3, "%02x", link->server_key[i]);
        }
        return *out != NULL;
    }
    *out = file_read(link->server_ca, SERVER_CA_MAX, &len);
    if (*out == NULL) {
        fprintf(errors, "%s:%d: %s: %s\n", config->file, link->server_line, link->server_ca,
                file_trouble_text());
        return false;
    }
    if (dna_roots_new(NULL, &roots) != DNA_OK ||
        dna_roots_add_pem(roots, (struct dna_span){*out, strlen(*out)}, &n) != DNA_OK || n == 0) {
        fprintf(errors, "%s:%d: %s: holds no certificates in PEM; name a file that does\n",
                config->file, link->server_line, link->server_ca);
        free(*out);
        *out = NULL;
    }
    dna_roots_free(roots);
    return *out != NULL;
}

/* The secret that both ends know, or *out NULL where there is none. */
static bool read_secret(const struct gateway_config *config,
                        const struct gateway_link_config *link, char **out, FILE *errors)
{
    char secret[GATEWAY_SECRET_MAX + 1];
    const char *why;
    *out = NULL;
    switch (link->kind) {
    case GATEWAY_LINK_PLAIN:
        return true;
    case GATEWAY_LINK_BRIDGE:
        return read_bridge(config, link, out, errors);
    case GATEWAY_LINK_EXTERNAL:
        break;
    }
    why = gateway_secret_read(link->secret_file, secret);
    if (why == NULL) {
        *out = strdup(secret);
        why = *out == NULL ? "out of memory" : NULL;
    }
    explicit_bzero(secret, sizeof secret);
    if (why != NULL) {
        fprintf(errors, "%s:%d: %s: %s\n", config->file, link->secret_line, link->secret_file,
                why);
    }
    return why == NULL;
}

static bool want_link(struct gateway *gateway, const struct gateway_config *config,
                      const struct gateway_link_config *link, FILE *errors)
{
    struct gateway_listener *listener = gateway->listeners;
    char *secret;
    if (!read_secret(config, link, &secret, errors)) {
        return false;
    }
    while (listener != NULL && (listener->is_public || !same_terms(listener, link, secret))) {
        listener = listener->next;
    }
    if (listener != NULL) {
        forget_secret(secret);
    } else {
        listener = add_listener(gateway);
        if (listener == NULL) {
            forget_secret(secret);
        } else {
            listener->secret = secret;
        }
        if (listener == NULL || !make_link(gateway, link, listener)) {
            fprintf(errors, "%s: link \"%s\": out of memory or randomness\n", config->file,
                    link->name);
            return false;
        }
    }
    listener->coming = link;
    listener->to_be = link->listen;
    return true;
}

static bool want_address(struct gateway *gateway, const struct gateway_address *address)
{
    struct gateway_listener *listener = gateway->listeners;
    while (listener != NULL &&
           !(listener->is_public && same_place(&listener->at, address) &&
             listener->at.direct_tls == address->direct_tls)) {
        listener = listener->next;
    }
    if (listener == NULL && (listener = add_listener(gateway)) != NULL) {
        listener->is_public = true;
        listener->at = *address;
    }
    if (listener != NULL) {
        listener->to_be = *address;
        listener->wanted = true;
    }
    return listener != NULL;
}

static bool is_coming(const struct gateway_listener *listener)
{
    return listener->is_public ? listener->wanted : listener->coming != NULL;
}

/* Whether one of ours listens there, which has to make way first. */
static bool is_taken(const struct gateway *gateway, const struct gateway_address *address)
{
    const struct gateway_listener *l = gateway->listeners;
    while (l != NULL && !(l->listener != NULL && same_place(&l->at, address))) {
        l = l->next;
    }
    return l != NULL;
}

static void set_limits(const struct gateway_listener *listener,
                       const struct gateway_limits_config *limits,
                       struct dna_uv_listen *options)
{
    options->max_connections = listener->link != NULL ? LINK_CONNECTIONS_MAX
                                                      : limits->connections;
    options->max_per_address = limits->connections_at;
    options->max_attempts = limits->attempts_at;
    options->max_handshakes = limits->handshakes;
    options->max_handshakes_per_address = limits->handshakes_at;
}

void links_report(const struct gateway *gateway)
{
    for (const struct gateway_listener *l = gateway->listeners; l != NULL; l = l->next) {
        uint64_t counts[DNA_UV_N_LIMITS];
        char address[80], text[DNA_UV_N_LIMITS][24];
        if (!l->is_public || l->listener == NULL) {
            continue;
        }
        dna_uv_listener_refused(l->listener, counts);
        (void)snprintf(address, sizeof address, "%s@%u", l->at.ip, (unsigned)l->at.port);
        for (size_t i = 0; i < DNA_UV_N_LIMITS; i++) {
            (void)snprintf(text[i], sizeof text[i], "%" PRIu64, counts[i]);
        }
        gateway_log(&gateway->log, DNA_LOG_INFO, "refused", "listener", address,
                    dna_uv_limit_name(0), text[0], dna_uv_limit_name(1), text[1],
                    dna_uv_limit_name(2), text[2], dna_uv_limit_name(3), text[3],
                    dna_uv_limit_name(4), text[4], dna_uv_limit_name(5), text[5], NULL);
    }
}

/* config: in force, or at the start the first one. */
static bool listen_at(struct gateway *gateway, const struct gateway_config *config,
                      struct gateway_listener *listener)
{
    const struct gateway_address *address = &listener->to_be;
    char *const *balancers = config->balancers.list;
    size_t n_balancers = listener->is_public ? config->balancers.n : 0;
    struct dna_uv_listen options = {.size = sizeof options,
                                    .address = address->ip,
                                    .port = address->port,
                                    .link = listener->link,
                                    .handler = &gateway->handler,
                                    .user = listener,
                                    .direct_tls = address->direct_tls,
                                    .balancers = (const char *const *)balancers,
                                    .n_balancers = n_balancers};
    const char *why = "";
    char port[8];
    enum dna_err err;
    set_limits(listener, &config->limits, &options);
    err = dna_uv_listen(gateway->uv, &options, &listener->fresh, &why);
    (void)snprintf(port, sizeof port, "%u", (unsigned)address->port);
    if (err != DNA_OK) {
        gateway->deaf = true;
        gateway_log(&gateway->log, DNA_LOG_ERROR, "cannot-listen", "address", address->ip,
                    "port", port, "error", dna_err_name(err), "why", why,
                    NULL);
        return false;
    }
    gateway_log(&gateway->log, DNA_LOG_INFO, "listening", "address", address->ip, "port", port,
                "link", listener->coming != NULL ? listener->coming->name : "-", "tls",
                address->direct_tls ? "direct" : "starttls", NULL);
    return true;
}

static bool needs_listener(const struct gateway_listener *l)
{
    return is_coming(l) && (l->listener == NULL || !same_place(&l->at, &l->to_be));
}

bool links_prepare(struct gateway *gateway, const struct gateway_config *config, FILE *errors)
{
    bool fine = true;
    for (struct gateway_listener *l = gateway->listeners; l != NULL; l = l->next) {
        l->wanted = false;
        l->coming = NULL;
    }
    for (size_t i = 0; i < config->n_links; i++) {
        fine = want_link(gateway, config, &config->links[i], errors) && fine;
    }
    for (size_t i = 0; i < config->n_listen; i++) {
        fine = want_address(gateway, &config->listen[i]) && fine;
    }
    for (struct gateway_listener *l = gateway->listeners;
         fine && gateway->listens && l != NULL; l = l->next) {
        if (needs_listener(l) && !is_taken(gateway, &l->to_be)) {
            fine = listen_at(gateway, gateway->config != NULL ? gateway->config : config, l);
        }
        fine = fine && names_prepare(gateway, l);
    }
    if (!fine) {
        links_discard(gateway);
    }
    return fine;
}

void links_discard(struct gateway *gateway)
{
    for (struct gateway_listener *l = gateway->listeners; l != NULL; l = l->next) {
        dna_uv_listener_free(l->fresh);
        l->fresh = NULL;
        names_discard(l);
        l->coming = NULL;
    }
}

static void stop_listening(struct gateway_listener *listener)
{
    dna_uv_listener_free(listener->listener);
    listener->listener = NULL;
}

void links_commit(struct gateway *gateway)
{
    for (struct gateway_listener *l = gateway->listeners; l != NULL; l = l->next) {
        if (!is_coming(l) || !same_place(&l->at, &l->to_be)) {
            stop_listening(l);
        }
        if (!l->is_public && l->config != NULL && l->coming == NULL) {
            router_close_link(gateway->router, l->link);
        }
    }
    for (struct gateway_listener *l = gateway->listeners; l != NULL; l = l->next) {
        if (gateway->listens && l->fresh == NULL && needs_listener(l)) {
            (void)listen_at(gateway, gateway->config, l); /* logged, and tried again at the next change */
        }
        if (l->fresh != NULL) {
            l->listener = l->fresh;
            l->fresh = NULL;
        }
        l->at = is_coming(l) ? l->to_be : l->at;
        if (l->listener != NULL) {
            struct dna_uv_listen limits = {.size = sizeof limits};
            set_limits(l, &gateway->config->limits, &limits);
            dna_uv_listener_limit(l->listener, &limits);
        }
        names_commit(gateway, l);
        l->config = l->coming;
        l->coming = NULL;
    }
}

struct dna_link *links_of(const struct gateway *gateway,
                          const struct gateway_link_config *config)
{
    const struct gateway_listener *l = gateway->listeners;
    while (l->coming != config && l->config != config) {
        l = l->next; /* prepared, or in force */
    }
    return l->link;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    return false;
}

static void refuse(const struct gateway_link_config *config, const struct dna_log *log,
                   const char *owner, const char *why)
{
    gateway_log(log, DNA_LOG_WARNING, "link-refused", "link", config->name, "owner", owner,
                "why", why, NULL);
}

/* Whether the process at the other end may be the local server. */
static bool is_server(const struct gateway_link_config *config, const struct sockaddr *peer,
                      const struct sockaddr *own, const struct dna_log *log)
{
    char owner[16];
    uid_t uid;
    if (!is_loopback(peer) || !is_loopback(own)) {
        refuse(config, log, "?", "not from the loopback");
        return false;
    }
    if (config->trust_loopback ||
        (config->kind != GATEWAY_LINK_PLAIN && !config->has_user)) {
        return true;
    }
    if (!config->has_user || !gateway_owner_of(peer, own, &uid)) {
        refuse(config, log, "?", "the kernel does not say whose socket it is");
        return false;
    }
    (void)snprintf(owner, sizeof owner, "%u", (unsigned)uid);
    if (uid != config->uid) {
        refuse(config, log, owner, "not the user that the local server runs as");
        return false;
    }
    return true;
}

bool links_admit(const struct gateway_listener *listener, const struct sockaddr *peer,
                 const struct sockaddr *own, const struct dna_log *log)
{
    return listener->config != NULL && is_server(listener->config, peer, own, log);
}

static const struct gateway_link_config *config_of(const struct gateway *gateway,
                                                   const struct dna_link *link)
{
    const struct gateway_listener *listener = gateway->listeners;
    while (listener->link != link) {
        listener = listener->next; /* every link of the session is one of ours */
    }
    return listener->config;
}

bool links_reached(const struct gateway *gateway, const struct dna_link *link,
                   const struct sockaddr *peer, const struct sockaddr *own)
{
    const struct gateway_link_config *config = config_of(gateway, link);
    return config != NULL && is_server(config, peer, own, &gateway->log);
}

const struct gateway_address *links_server_of(const struct gateway *gateway,
                                              const struct dna_link *link)
{
    const struct gateway_link_config *config = config_of(gateway, link);
    return config != NULL ? &config->server : NULL;
}

void links_close(struct gateway *gateway, bool only_public)
{
    for (struct gateway_listener *l = gateway->listeners; l != NULL; l = l->next) {
        if (!only_public || l->is_public) {
            stop_listening(l);
            names_close(l);
        }
    }
}

void links_free(struct gateway *gateway)
{
    while (gateway->listeners != NULL) {
        struct gateway_listener *listener = gateway->listeners;
        gateway->listeners = listener->next;
        forget_secret(listener->secret);
        free(listener->names_terms); /* the driver's end took names along */
        free(listener);
    }
}
