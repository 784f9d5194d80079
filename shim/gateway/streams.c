/* gateway/streams.c: from the driver's callbacks to the router. */
#include <inttypes.h>

#include "gateway.h"
#include "log.h"
#include "routing.h"

static struct gateway *gateway_of(void *user)
{
    return ((struct user *)user)->gateway;
}

/* NULL: the router does not know it (yet). */
static struct stream *stream_of(const struct dna_uv_stream *uv)
{
    struct user *user = dna_uv_stream_user(uv);
    return user->is_stream ? (struct stream *)(void *)user : NULL;
}

static void log_stream(const struct gateway *gateway, const char *event,
                       struct dna_uv_stream *uv, const char *condition, const char *why)
{
    const struct dna_stream *core = dna_uv_stream_core(uv);
    char number[24];
    (void)snprintf(number, sizeof number, "%" PRIu64, dna_uv_stream_number(uv));
    gateway_log(&gateway->log, DNA_LOG_INFO, event, "number", number, "remote",
                dna_uv_stream_remote(uv), "role",
                dna_uv_stream_initiating(uv) ? "initiating" : "receiving", "own",
                core != NULL ? dna_stream_own(core) : "", "peer",
                core != NULL ? dna_stream_peer(core) : "",
                condition != NULL ? "condition" : NULL, condition, "why", why, NULL);
}

static struct dna_uv_identity *identity(void *user, const char *domain)
{
    const struct gateway *gateway = gateway_of(user);
    return identities_for(gateway->identities, gateway->config, domain,
                          dna_uv_now(gateway->uv).wall);
}

static bool admit(void *user, const struct sockaddr *peer, const struct sockaddr *own)
{
    const struct gateway_listener *listener = user;
    struct gateway *gateway = gateway_of(user);
    if (listener->is_public) {
        return gateway->state == GATEWAY_RUNS && router_admits(gateway->router);
    }
    return links_admit(listener, peer, own, &gateway->log);
}

static bool reached(void *user, const struct sockaddr *peer, const struct sockaddr *own)
{
    const struct gateway *gateway = gateway_of(user);
    const struct stream *stream = user; /* the router's: nobody else connects */
    return links_reached(gateway, stream->link, peer, own);
}

static void opened(void *user, struct dna_uv_stream *uv)
{
    struct gateway *gateway = gateway_of(user);
    struct stream *stream = stream_of(uv);
    log_stream(gateway, "stream-opened", uv, NULL, NULL);
    if (stream != NULL) {
        router_connected(stream);
    } else {
        const struct gateway_listener *listener = dna_uv_stream_user(uv);
        stream = router_accepted(gateway->router, uv, listener->link);
        if (!listener->is_public && listener->config == NULL && stream != NULL) {
            dna_uv_stream_set_user(uv, stream);
            router_close_link(gateway->router, listener->link);
        } else if (stream != NULL) {
            dna_uv_stream_set_user(uv, stream);
        } else {
            dna_uv_stream_close(uv, "resource-constraint", "out of memory");
        }
    }
    gateway_after(gateway);
}

static void stanza(void *user, struct dna_uv_stream *uv, const struct dna_stanza *it)
{
    struct stream *stream = stream_of(uv);
    if (stream != NULL) {
        router_stanza(stream, it);
        gateway_after(gateway_of(user));
    }
}

static void changed(void *user, struct dna_uv_stream *uv,
                    const struct dna_stream_effect *effect)
{
    struct stream *stream = stream_of(uv);
    if (stream != NULL) {
        router_changed(stream, effect);
        gateway_after(gateway_of(user));
    }
}

static void drained(void *user, struct dna_uv_stream *uv)
{
    struct stream *stream = stream_of(uv);
    if (stream != NULL) {
        router_drained(stream);
        gateway_after(gateway_of(user));
    }
}

static void closed(void *user, struct dna_uv_stream *uv, const char *condition,
                   const char *why)
{
    struct gateway *gateway = gateway_of(user);
    struct stream *stream = stream_of(uv);
    log_stream(gateway, "stream-closed", uv, condition, why);
    if (gateway->bridge != NULL) {
        bridge_forget(gateway->bridge, uv);
    }
    if (stream != NULL) {
        router_closed(stream, condition, why);
    }
    gateway_after(gateway);
}

/* Nobody but the server behind a bridge is presented what was made for it.  A domain that is
 * hosted here, behind another link, has a certificate already, and is made none (S25). */
static void certify(void *user, struct dna_uv_stream *uv, const char *domain)
{
    struct gateway *gateway = gateway_of(user);
    if (domain != NULL && dna_session_hosts(dna_uv_session(gateway->uv), domain)) {
        dna_uv_stream_certify(uv, identity(user, domain));
    } else if (gateway->bridge != NULL && domain != NULL) {
        bridge_certify(gateway->bridge, uv, domain);
        gateway_after(gateway);
    } else {
        dna_uv_stream_certify(uv, NULL);
    }
}

static void trace(void *user, struct dna_uv_stream *uv, bool sent, struct dna_span bytes)
{
    gateway_trace(gateway_of(user)->trace, dna_uv_stream_number(uv), sent, bytes);
}

struct dna_uv_handler streams_handler(bool with_trace)
{
    return (struct dna_uv_handler){.identity = identity,
                                   .admit = admit,
                                   .opened = opened,
                                   .stanza = stanza,
                                   .changed = changed,
                                   .drained = drained,
                                   .closed = closed,
                                   .trace = with_trace ? trace : NULL,
                                   .reached = reached,
                                   .certify = certify};
}
