/* gateway/links.c: the local servers, each behind a listener of its own (S24).
 *
 * The hop is not encrypted and not authenticated by anything but the kernel, which says
 * whose process is at the other end.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway.h"
#include "log.h"
#include "owner.h"

#define SECRET_BYTES 32
#define LINK_CONNECTIONS_MAX 65536 /* stock servers open one for each pair of domains */

bool links_make(struct gateway *gateway)
{
    const struct gateway_config *config = gateway->config;
    size_t n = config->n_links + config->n_listen;
    unsigned char secret[SECRET_BYTES];
    gateway->listeners = calloc(n, sizeof *gateway->listeners);
    if (gateway->listeners == NULL) {
        return false;
    }
    gateway->n_listeners = n;
    for (size_t i = 0; i < n; i++) {
        struct gateway_listener *listener = &gateway->listeners[i];
        struct dna_span bytes = {(const char *)secret, sizeof secret};
        listener->user.gateway = gateway;
        if (i >= config->n_links) {
            continue;
        }
        listener->config = &config->links[i];
        if (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret ||
            dna_session_link(dna_uv_session(gateway->uv), bytes, &listener->link) != DNA_OK) {
            return false;
        }
    }
    explicit_bzero(secret, sizeof secret);
    return true;
}

static bool listen_at(struct gateway *gateway, struct gateway_listener *listener,
                      const struct gateway_address *address)
{
    const struct dna_uv_listen options = {.size = sizeof options,
                                          .address = address->ip,
                                          .port = address->port,
                                          .link = listener->link,
                                          .handler = &gateway->handler,
                                          .user = listener,
                                          .max_connections = listener->link != NULL
                                                                 ? LINK_CONNECTIONS_MAX
                                                                 : 0};
    const char *why = "";
    char port[8];
    enum dna_err err = dna_uv_listen(gateway->uv, &options, &listener->listener, &why);
    (void)snprintf(port, sizeof port, "%u", (unsigned)address->port);
    if (err != DNA_OK) {
        gateway_log(&gateway->log, DNA_LOG_ERROR, "cannot-listen", "address", address->ip,
                    "port", port, "error", dna_err_name(err), "why", why,
                    NULL);
        return false;
    }
    gateway_log(&gateway->log, DNA_LOG_INFO, "listening", "address", address->ip, "port", port,
                "link", listener->config != NULL ? listener->config->name : "-", NULL);
    return true;
}

bool links_listen(struct gateway *gateway)
{
    const struct gateway_config *config = gateway->config;
    for (size_t i = 0; i < gateway->n_listeners; i++) {
        struct gateway_listener *listener = &gateway->listeners[i];
        const struct gateway_address *address = listener->config != NULL
                                                    ? &listener->config->listen
                                                    : &config->listen[i - config->n_links];
        if (!listen_at(gateway, listener, address)) {
            return false;
        }
    }
    return true;
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

static void refuse(const struct gateway_listener *listener, const struct dna_log *log,
                   const char *owner, const char *why)
{
    gateway_log(log, DNA_LOG_WARNING, "link-refused", "link", listener->config->name, "owner",
                owner, "why", why, NULL);
}

bool links_admit(const struct gateway_listener *listener, const struct sockaddr *peer,
                 const struct sockaddr *own, const struct dna_log *log)
{
    const struct gateway_link_config *config = listener->config;
    char owner[16];
    uid_t uid;
    if (!is_loopback(peer) || !is_loopback(own)) {
        refuse(listener, log, "?", "not from the loopback");
        return false;
    }
    if (config->trust_loopback) {
        return true;
    }
    if (!config->has_user || !gateway_owner_of(peer, own, &uid)) {
        refuse(listener, log, "?", "the kernel does not say whose socket it is");
        return false;
    }
    (void)snprintf(owner, sizeof owner, "%u", (unsigned)uid);
    if (uid != config->uid) {
        refuse(listener, log, owner, "not the user that the local server runs as");
        return false;
    }
    return true;
}

const struct gateway_address *links_server_of(const struct gateway *gateway,
                                              const struct dna_link *link)
{
    const struct gateway_listener *listener = gateway->listeners;
    while (listener->link != link) {
        listener++; /* every link of the session is one of ours */
    }
    return &listener->config->server;
}

void links_close(struct gateway *gateway, bool only_public)
{
    for (size_t i = 0; i < gateway->n_listeners; i++) {
        struct gateway_listener *listener = &gateway->listeners[i];
        if (listener->listener != NULL && (!only_public || listener->config == NULL)) {
            dna_uv_listener_free(listener->listener);
            listener->listener = NULL;
        }
    }
}
