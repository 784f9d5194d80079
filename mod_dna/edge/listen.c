/* edge/listen.c: accepting, within limits.
 *
 * A connection over a limit is closed before anything is allocated for it but the socket.
 * When the process is out of descriptors, libuv accepts and closes what waits (it keeps one
 * descriptor for that), so the loop does not spin.
 *
 * A listener outlives dna_uv_listener_free until libuv has closed it and the last of its
 * streams has ended: `refs` counts both.
 */
#include <edge/listen.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>

#include <uv.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/connection.h>
#include <edge/entrance.h>
#include <edge/socket.h>
#include <edge/visitors.h>
#include <tls/tls.h>

#define BACKLOG 1024
#define SAY_AGAIN_MS 60000

/* Refusals by one limit. */
struct refusals {
    uint64_t n, told;
    int64_t at; /* of the last line; 0: none yet */
};

struct dna_uv_listener {
    uv_tcp_t tcp;
    struct dna_uv *uv;
    struct dna_edge_loop *loop;
    const struct dna_alloc *alloc;
    struct dna_uv_listener *next, *prev;
    struct dna_link *link;
    const struct dna_uv_handler *handler;
    void *user;
    struct dna_endpoint at;
    struct dna_edge_visitors *visitors; /* NULL: a link's */
    struct dna_tls_identity *blank;     /* with direct TLS; NULL: STARTTLS */
    struct dna_prefix *balancers;
    size_t n_balancers;
    struct dna_edge_entrance *entrances; /* counted in connections and refs */
    size_t connections, max_connections;
    size_t handshakes, max_handshakes; /* of a public one */
    struct refusals refusals[DNA_UV_N_LIMITS];
    size_t refs;
    bool freed;
    int64_t complained;
};

static void unref(struct dna_uv_listener *listener)
{
    if (--listener->refs == 0) {
        dna_edge_visitors_free(listener->visitors);
        dna_tls_identity_free(listener->blank);
        dna_alloc_release(listener->alloc, listener->balancers);
        dna_alloc_release(listener->alloc, listener);
    }
}

static void closed(uv_handle_t *handle)
{
    struct dna_uv_listener *listener = handle->data;
    struct dna_edge_loop *loop = listener->loop;
    unref(listener);
    dna_edge_loop_release(loop);
}

void dna_edge_listener_leave(struct dna_uv_listener *listener,
                             const struct dna_address *address, bool secured)
{
    assert(listener->connections != 0);
    listener->connections--;
    if (listener->visitors != NULL) {
        listener->handshakes -= !secured;
        dna_edge_visitors_leave(listener->visitors, address, secured);
    }
    unref(listener);
}

void dna_edge_listener_secured(struct dna_uv_listener *listener,
                               const struct dna_address *address)
{
    if (listener->visitors != NULL) {
        listener->handshakes--;
        dna_edge_visitors_secured(listener->visitors, address);
    }
}

/* --- accepting ----------------------------------------------------------------------- */

static int64_t mono(const struct dna_uv *uv)
{
    return uv->face->now(uv->face->self).mono;
}

static void complain(struct dna_uv_listener *listener, const char *why)
{
    int64_t now = mono(listener->uv);
    if (listener->complained == 0 || now - listener->complained >= SAY_AGAIN_MS) {
        listener->complained = now;
        dna_edge_log(listener->uv, DNA_LOG_WARNING, "connections-refused", "why", why);
    }
}

static void refuse(struct dna_uv_listener *listener, enum dna_uv_limit limit,
                   const struct dna_address *address)
{
    const struct dna_log *log = listener->uv->log;
    struct refusals *refusals = &listener->refusals[limit];
    int64_t now = mono(listener->uv);
    char text[DNA_ADDRESS_TEXT], number[24];
    refusals->n++;
    if (log == NULL || log->write == NULL || log->least > DNA_LOG_WARNING ||
        (refusals->at != 0 && now - refusals->at < SAY_AGAIN_MS)) {
        return;
    }
    dna_address_text(address, text);
    (void)snprintf(number, sizeof number, "%" PRIu64, refusals->n - refusals->told);
    refusals->told = refusals->n;
    refusals->at = now;
    log->write(log->arg, DNA_LOG_WARNING, "connections-refused",
               (const struct dna_log_field[]){
                   {"limit", dna_span_of(dna_uv_limit_name(limit))},
                   {"address", dna_span_of(text)},
                   {"refused", dna_span_of(number)},
               },
               3);
}

static bool has_room(struct dna_uv_listener *listener, const struct dna_address *address)
{
    if (listener->connections >= listener->max_connections) {
        refuse(listener, DNA_UV_LIMIT_CONNECTIONS, address);
        return false;
    }
    return true;
}

static bool enters(struct dna_uv_listener *listener, const struct dna_address *address)
{
    enum dna_uv_limit limit = DNA_UV_LIMIT_HANDSHAKES;
    if (!has_room(listener, address)) {
        return false;
    }
    if (listener->visitors != NULL &&
        (listener->handshakes >= listener->max_handshakes ||
         !dna_edge_visitors_enter(listener->visitors, address, mono(listener->uv), &limit))) {
        refuse(listener, limit, address);
        return false;
    }
    listener->handshakes += listener->visitors != NULL;
    listener->connections++;
    listener->refs++;
    return true;
}

/* What the handler found out about the addresses holds for this connection only if they were
 * its own all the while: once the peer has reset it, another user's socket may bear them.  The
 * kernel names the peer of a connection that is there, and of no other (S24). */
static bool admits(const struct dna_uv_listener *listener, const struct sockaddr_storage *peer,
                   const struct dna_edge_socket *socket)
{
    struct sockaddr_storage own, still;
    if (listener->handler->admit == NULL) {
        return true;
    }
    return dna_edge_socket_name(socket, false, &own) &&
           listener->handler->admit(listener->user, (const struct sockaddr *)peer,
                                    (const struct sockaddr *)&own) &&
           dna_edge_socket_name(socket, true, &still);
}

static void open_stream(struct dna_uv_listener *listener, struct dna_edge_socket *socket,
                        const struct dna_endpoint *remote)
{
    struct dna_stream_options options = {.size = sizeof options};
    struct dna_uv_stream *stream;
    if (dna_edge_connection_new(listener->uv, DNA_RECEIVING, listener->handler,
                                listener->user, &stream) != DNA_OK) {
        dna_edge_listener_leave(listener, &remote->address, false);
        dna_edge_socket_close(socket);
        return;
    }
    stream->listener = listener;
    stream->link = listener->link;
    stream->wire.direct = listener->blank != NULL;
    dna_edge_connection_open(stream, socket, remote, &options);
}

/* The socket of somebody at remote becomes a stream, or is closed. */
static void take(struct dna_uv_listener *listener, struct dna_edge_socket *socket,
                 const struct dna_endpoint *remote)
{
    struct sockaddr_storage peer;
    if (!enters(listener, &remote->address)) {
        dna_edge_socket_close(socket);
        return;
    }
    dna_edge_sockaddr_make(remote, &peer);
    if (!admits(listener, &peer, socket) || listener->uv->ending) {
        dna_edge_listener_leave(listener, &remote->address, false);
        dna_edge_socket_close(socket);
        return;
    }
    open_stream(listener, socket, remote);
}

static void introduced(void *arg, struct dna_edge_entrance *entrance,
                       struct dna_edge_socket *socket, const struct dna_endpoint *remote,
                       const char *why)
{
    struct dna_uv_listener *listener = arg;
    (void)entrance;
    listener->connections--;
    if (socket != NULL) {
        take(listener, socket, remote);
    } else {
        dna_edge_log(listener->uv, DNA_LOG_INFO, "balancer-refused", "why", why);
    }
    unref(listener);
}

static bool is_balancer(const struct dna_uv_listener *listener,
                        const struct dna_address *address)
{
    size_t i = 0;
    while (i < listener->n_balancers && !dna_prefix_holds(&listener->balancers[i], address)) {
        i++;
    }
    return i < listener->n_balancers;
}

static void await_introduction(struct dna_uv_listener *listener,
                               struct dna_edge_socket *socket,
                               const struct dna_endpoint *balancer)
{
    if (!has_room(listener, &balancer->address)) {
        dna_edge_socket_close(socket);
    } else if (dna_edge_entrance_new(listener->uv, socket, balancer, &listener->entrances,
                                     introduced, listener) != DNA_OK) {
        complain(listener, "out of memory");
        dna_edge_socket_close(socket);
    } else {
        listener->connections++;
        listener->refs++;
    }
}

static void accept_one(struct dna_uv_listener *listener)
{
    struct dna_edge_socket *socket;
    struct sockaddr_storage peer;
    struct dna_endpoint remote;
    if (dna_edge_socket_new(listener->loop, listener->alloc, &socket) != DNA_OK) {
        complain(listener, "out of memory");
        return;
    }
    if (dna_edge_socket_accept(socket, (uv_stream_t *)&listener->tcp) != DNA_OK ||
        !dna_edge_socket_name(socket, true, &peer) ||
        dna_edge_sockaddr_read((const struct sockaddr *)&peer, &remote) != DNA_OK) {
        dna_edge_socket_close(socket);
    } else if (is_balancer(listener, &remote.address)) {
        await_introduction(listener, socket, &remote);
    } else {
        take(listener, socket, &remote);
    }
}

static void connection(uv_stream_t *server, int status)
{
    struct dna_uv_listener *listener = server->data;
    dna_edge_loop_stir(listener->loop);
    if (listener->freed) {
        return;
    }
    if (status != 0) {
        complain(listener, uv_strerror(status));
    } else {
        accept_one(listener);
    }
}

/* --- life ---------------------------------------------------------------------------- */

static void unlink_listener(struct dna_uv_listener *listener)
{
    if (listener->prev != NULL) {
        listener->prev->next = listener->next;
    } else {
        listener->uv->listeners = listener->next;
    }
    if (listener->next != NULL) {
        listener->next->prev = listener->prev;
    }
}

void dna_uv_listener_free(struct dna_uv_listener *listener)
{
    if (listener == NULL || listener->freed) {
        return;
    }
    listener->freed = true;
    while (listener->entrances != NULL) {
        dna_edge_entrance_free(listener->entrances);
        listener->connections--;
        listener->refs--; /* libuv still has the listener's own */
    }
    dna_edge_guard_remove(&listener->uv->guard, &listener->at);
    unlink_listener(listener);
    uv_close((uv_handle_t *)&listener->tcp, closed);
}

void dna_edge_listeners_end(struct dna_uv *uv)
{
    while (uv->listeners != NULL) {
        dna_uv_listener_free(uv->listeners);
    }
}

struct dna_tls_identity *dna_edge_listener_blank(const struct dna_uv_listener *listener)
{
    return listener->blank;
}

uint16_t dna_uv_listener_port(const struct dna_uv_listener *listener)
{
    return listener->at.port;
}

static const char *bind_and_listen(struct dna_uv_listener *listener)
{
    struct sockaddr_storage address;
    int len = (int)sizeof address;
    int status;
    dna_edge_sockaddr_make(&listener->at, &address);
    status = uv_tcp_bind(&listener->tcp, (struct sockaddr *)&address, 0);
    if (status == 0) {
        status = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, connection);
    }
    if (status == 0) {
        status = uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&address, &len);
    }
    if (status != 0) {
        return uv_strerror(status);
    }
    return dna_edge_sockaddr_read((struct sockaddr *)&address, &listener->at) == DNA_OK
               ? NULL
               : "the socket has no address";
}

const char *dna_uv_limit_name(enum dna_uv_limit limit)
{
    static const char *const names[DNA_UV_N_LIMITS] = {
        [DNA_UV_LIMIT_CONNECTIONS] = "connections",
        [DNA_UV_LIMIT_HANDSHAKES] = "handshakes",
        [DNA_UV_LIMIT_ADDRESSES] = "addresses",
        [DNA_UV_LIMIT_CONNECTIONS_AT] = "connections-per-address",
        [DNA_UV_LIMIT_HANDSHAKES_AT] = "handshakes-per-address",
        [DNA_UV_LIMIT_ATTEMPTS_AT] = "attempts-per-address",
    };
    return names[limit];
}

static unsigned chosen(unsigned given, unsigned usual)
{
    return given != 0 ? given : usual;
}

static struct dna_edge_visitor_limits visitor_limits(const struct dna_uv_listen *options)
{
    return (struct dna_edge_visitor_limits){
        .connections = chosen(options->max_per_address, DNA_LIMIT_CONNECTIONS_AT),
        .handshakes = chosen(options->max_handshakes_per_address, DNA_LIMIT_HANDSHAKES_AT),
        .attempts = chosen(options->max_attempts, DNA_LIMIT_ATTEMPTS_AT_MINUTE),
        .addresses = DNA_LIMIT_VISITORS,
    };
}

static void limit_total(struct dna_uv_listener *listener, const struct dna_uv_listen *options)
{
    listener->max_connections = chosen(options->max_connections, DNA_LIMIT_CONNECTIONS);
    listener->max_handshakes = chosen(options->max_handshakes, DNA_LIMIT_HANDSHAKES);
}

void dna_uv_listener_limit(struct dna_uv_listener *listener, const struct dna_uv_listen *given)
{
    struct dna_uv_listen options = {.size = 0};
    struct dna_edge_visitor_limits limits;
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    limits = visitor_limits(&options);
    limit_total(listener, &options);
    if (listener->visitors != NULL) {
        dna_edge_visitors_limit(listener->visitors, &limits);
    }
}

void dna_uv_listener_refused(const struct dna_uv_listener *listener,
                             uint64_t counts[DNA_UV_N_LIMITS])
{
    for (size_t i = 0; i < DNA_UV_N_LIMITS; i++) {
        counts[i] = listener->refusals[i].n;
    }
}

static enum dna_err make_visitors(struct dna_uv_listener *listener,
                                  const struct dna_uv_listen *options)
{
    struct dna_edge_visitor_limits limits = visitor_limits(options);
    uint64_t seed;
    enum dna_err err;
    if (options->link != NULL) {
        return DNA_OK; /* one server, at one address */
    }
    err = dna_edge_random(&seed, sizeof seed);
    return err == DNA_OK
               ? dna_edge_visitors_new(listener->alloc, seed, &limits, &listener->visitors)
               : err;
}

static enum dna_err keep_balancers(struct dna_uv_listener *listener,
                                   const struct dna_uv_listen *options)
{
    enum dna_err err = DNA_OK;
    if (options->n_balancers == 0) {
        return DNA_OK;
    }
    listener->balancers = dna_alloc_zero(listener->alloc, options->n_balancers,
                                         sizeof *listener->balancers);
    if (listener->balancers == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t k = 0; k < options->n_balancers && err == DNA_OK; k++) {
        err = dna_prefix_parse(dna_span_of(options->balancers[k]), &listener->balancers[k]);
    }
    listener->n_balancers = options->n_balancers;
    return err;
}

static enum dna_err make(struct dna_uv *uv, const struct dna_uv_listen *options,
                         struct dna_uv_listener **out)
{
    struct dna_uv_listener *made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    enum dna_err err;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->uv = uv;
    made->loop = uv->loop;
    made->alloc = uv->alloc;
    made->link = options->link;
    made->handler = options->handler;
    made->user = options->user;
    limit_total(made, options);
    made->refs = 1;
    err = make_visitors(made, options);
    if (err == DNA_OK && options->direct_tls) {
        err = dna_tls_identity_blank(uv->alloc, &made->blank);
    }
    if (err == DNA_OK) {
        err = keep_balancers(made, options);
    }
    if (err != DNA_OK) {
        unref(made);
        return err;
    }
    (void)uv_tcp_init(dna_edge_loop_uv(uv->loop), &made->tcp);
    dna_edge_loop_hold(uv->loop);
    made->tcp.data = made;
    *out = made;
    return DNA_OK;
}

enum dna_err dna_uv_listen(struct dna_uv *uv, const struct dna_uv_listen *given,
                           struct dna_uv_listener **out, const char **why)
{
    struct dna_uv_listen options = {.size = 0};
    struct dna_endpoint at = {.port = 0};
    struct dna_uv_listener *made;
    const char *failed;
    enum dna_err err;
    *out = NULL;
    *why = "";
    if (uv->ending) {
        *why = "the driver ends";
        return DNA_ERR_STATE;
    }
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    at.port = options.port;
    if (dna_address_parse(dna_span_of(options.address), &at.address) != DNA_OK) {
        *why = "not an IP address";
        return DNA_ERR_FORMAT;
    }
    if ((options.direct_tls || options.n_balancers != 0) && options.link != NULL) {
        *why = "there is no direct TLS and no load balancer on a link";
        return DNA_ERR_ARGUMENT;
    }
    err = make(uv, &options, &made);
    if (err != DNA_OK) {
        *why = err == DNA_ERR_FORMAT ? "a load balancer is no prefix" : "out of memory";
        return err;
    }
    made->at = at;
    failed = bind_and_listen(made);
    err = failed == NULL ? dna_edge_guard_add(&uv->guard, &made->at) : DNA_ERR_SYSTEM;
    if (err != DNA_OK) {
        *why = failed != NULL ? failed : "out of memory";
        made->freed = true;
        uv_close((uv_handle_t *)&made->tcp, closed);
        return err;
    }
    made->next = uv->listeners;
    if (uv->listeners != NULL) {
        uv->listeners->prev = made;
    }
    uv->listeners = made;
    *out = made;
    return DNA_OK;
}
