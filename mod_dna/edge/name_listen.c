/* edge/name_listen.c: a name server on the loopback, by UDP and TCP.
 *
 * What resolver/redirect.h answers is answered; every other query goes to the resolvers that
 * the operator named, and their answer comes back unchanged.  Invariants: nothing but the
 * loopback is bound (S27); a query that cannot be forwarded is answered "server failure",
 * never with silence, so that the asker does not wait; what is open is bounded.
 */
#include <edge/name_listen.h>

#include <string.h>

#include <uv.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/name_relay.h>
#include <edge/sockaddr.h>
#include <edge/socket.h>
#include <resolver/redirect.h>
#include <resolver/server.h>

#define BACKLOG 64
#define LENGTH 2 /* octets before a message on TCP (RFC 1035 4.2.2) */

/* A datagram whose answer is being fetched. */
struct errand {
    struct dna_uv_names *names;
    struct errand *next, **self;
    struct dna_name_relay *relay;
    struct sockaddr_storage from;
    size_t len;
    char query[];
};

/* A TCP connection.  One query at a time: the next is read when the last was answered. */
struct client {
    struct dna_uv_names *names;
    struct client *next, **self;
    struct dna_edge_socket *socket;
    struct dna_name_relay *relay;
    struct dna_timer *timer;
    struct dna_buf in, out;
};

struct dna_uv_names {
    uv_udp_t udp;
    uv_tcp_t tcp;
    struct dna_uv *uv;
    struct dna_edge_loop *loop;
    const struct dna_alloc *alloc;
    struct dna_uv_names *next, **self;
    struct dna_endpoint at;
    struct dna_redirect redirect;
    char *target;
    struct dna_endpoint servers[DNA_LIMIT_NAME_SERVERS];
    size_t n_servers;
    struct errand *errands;
    struct client *clients;
    size_t n_relays, n_clients;
    unsigned handles; /* libuv has yet to give back */
};

static struct dna_name_relay_options relay_options(const struct dna_uv_names *names,
                                                   bool stream, dna_name_relay_fn *fn,
                                                   void *arg)
{
    return (struct dna_name_relay_options){
        .loop = names->loop,
        .alloc = names->alloc,
        .servers = names->servers,
        .n_servers = names->n_servers,
        .stream = stream,
        .fn = fn,
        .arg = arg,
    };
}

/* Begins to fetch an answer; false: it cannot be. */
static bool fetch(struct dna_uv_names *names, struct dna_span query, bool stream,
                  dna_name_relay_fn *fn, void *arg, struct dna_name_relay **relay)
{
    struct dna_name_relay_options options = relay_options(names, stream, fn, arg);
    if (names->n_relays >= DNA_LIMIT_NAME_RELAYS ||
        dna_name_relay_new(&options, query, relay) != DNA_OK) {
        return false;
    }
    names->n_relays++;
    return true;
}

/* --- UDP ------------------------------------------------------------------------------ */

/* What a full socket buffer does not take is lost, as on any network. */
static void say(struct dna_uv_names *names, struct dna_span message,
                const struct sockaddr *to)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)message.ptr, (unsigned)message.len);
    (void)uv_udp_try_send(&names->udp, &buf, 1, to);
}

static void say_failure(struct dna_uv_names *names, struct dna_span query,
                        const struct sockaddr *to)
{
    struct dna_buf out;
    dna_buf_init(&out, names->alloc, DNA_REDIRECT_MOST);
    if (dna_redirect_failure(query, &out) == DNA_OK) {
        say(names, dna_buf_span(&out), to);
    }
    dna_buf_fini(&out);
}

static void errand_free(struct errand *errand)
{
    *errand->self = errand->next;
    if (errand->next != NULL) {
        errand->next->self = errand->self;
    }
    errand->names->n_relays--;
    dna_alloc_release(errand->names->alloc, errand);
}

static void errand_done(void *arg, struct dna_span reply)
{
    struct errand *errand = arg;
    const struct sockaddr *to = (const struct sockaddr *)&errand->from;
    if (reply.len != 0) {
        say(errand->names, reply, to);
    } else {
        say_failure(errand->names, (struct dna_span){errand->query, errand->len}, to);
    }
    errand_free(errand);
}

static bool run_errand(struct dna_uv_names *names, struct dna_span query,
                       const struct sockaddr *from)
{
    struct errand *made = dna_alloc_zero(names->alloc, 1, sizeof *made + query.len);
    if (made == NULL) {
        return false;
    }
    made->names = names;
    made->len = query.len;
    memcpy(made->query, query.ptr, query.len);
    memcpy(&made->from, from,
           from->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    if (!fetch(names, query, false, errand_done, made, &made->relay)) {
        dna_alloc_release(names->alloc, made);
        return false;
    }
    made->next = names->errands;
    made->self = &names->errands;
    if (made->next != NULL) {
        made->next->self = &made->next;
    }
    names->errands = made;
    return true;
}

static void lend_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct dna_uv_names *names = handle->data;
    (void)suggested;
    *buf = uv_buf_init(dna_edge_loop_space(names->loop), DNA_LIMIT_READ);
}

static void datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                     const struct sockaddr *from, unsigned flags)
{
    struct dna_uv_names *names = udp->data;
    struct dna_span query = {buf->base, n > 0 ? (size_t)n : 0};
    enum dna_redirect_verdict verdict;
    struct dna_buf out;
    dna_edge_loop_stir(names->loop);
    if (n <= 0 || from == NULL || (flags & UV_UDP_PARTIAL) != 0) {
        return;
    }
    dna_buf_init(&out, names->alloc, DNA_REDIRECT_MOST);
    if (dna_redirect_query(&names->redirect, query, &out, &verdict) != DNA_OK) {
        say_failure(names, query, from);
    } else if (verdict == DNA_REDIRECT_ANSWER) {
        say(names, dna_buf_span(&out), from);
    } else if (verdict == DNA_REDIRECT_FORWARD && !run_errand(names, query, from)) {
        say_failure(names, query, from);
    }
    dna_buf_fini(&out);
}

/* --- TCP ------------------------------------------------------------------------------ */

static void client_free(struct client *client)
{
    struct dna_uv_names *names = client->names;
    *client->self = client->next;
    if (client->next != NULL) {
        client->next->self = client->self;
    }
    if (client->relay != NULL) {
        names->n_relays--;
        dna_name_relay_free(client->relay);
    }
    names->n_clients--;
    names->uv->face->timer_free(client->timer);
    dna_edge_socket_close(client->socket);
    dna_buf_fini(&client->in);
    dna_buf_fini(&client->out);
    dna_alloc_release(names->alloc, client);
}

static void client_late(void *arg)
{
    client_free(arg);
}

static bool client_wait(struct client *client)
{
    const struct dna_loop *face = client->names->uv->face;
    face->timer_free(client->timer);
    client->timer = face->timer(face->self, DNA_LIMIT_NAME_IDLE_MS, client_late, client);
    return client->timer != NULL;
}

/* Appends a message with its length; made by redirect or brought back. */
static bool client_say(struct client *client, struct dna_span message)
{
    const char length[LENGTH] = {(char)(message.len >> 8), (char)(message.len & 0xff)};
    return dna_buf_add(&client->out, (struct dna_span){length, sizeof length}) == DNA_OK &&
           dna_buf_add(&client->out, message) == DNA_OK;
}

static struct dna_span client_query(const struct client *client)
{
    struct dna_span in = dna_buf_span(&client->in);
    size_t len;
    if (in.len < LENGTH) {
        return (struct dna_span){NULL, 0};
    }
    len = (size_t)(unsigned char)in.ptr[0] << 8 | (unsigned char)in.ptr[1];
    return in.len >= LENGTH + len ? (struct dna_span){in.ptr + LENGTH, len}
                                  : (struct dna_span){NULL, 0};
}

static bool client_fail(struct client *client, struct dna_span query)
{
    struct dna_buf failure;
    bool said;
    dna_buf_init(&failure, client->names->alloc, DNA_REDIRECT_MOST);
    said = dna_redirect_failure(query, &failure) == DNA_OK &&
           client_say(client, dna_buf_span(&failure));
    dna_buf_fini(&failure);
    return said;
}

static bool client_go_on(struct client *client);

static void client_brought(void *arg, struct dna_span reply)
{
    struct client *client = arg;
    struct dna_span query = client_query(client);
    bool said;
    client->relay = NULL;
    client->names->n_relays--;
    said = reply.len != 0 ? client_say(client, reply) : client_fail(client, query);
    dna_buf_consume(&client->in, LENGTH + query.len);
    if (!said || !client_wait(client) || !client_go_on(client)) {
        client_free(client);
    }
}

/* Answers the first query or begins to fetch its answer, and then consumes it. */
static bool client_take(struct client *client, struct dna_span query)
{
    enum dna_redirect_verdict verdict;
    struct dna_buf answer;
    bool good;
    dna_buf_init(&answer, client->names->alloc, DNA_REDIRECT_MOST);
    good = dna_redirect_query(&client->names->redirect, query, &answer, &verdict) == DNA_OK &&
           verdict != DNA_REDIRECT_DROP;
    if (good && verdict == DNA_REDIRECT_ANSWER) {
        good = client_say(client, dna_buf_span(&answer));
    } else if (good && !fetch(client->names, query, true, client_brought, client,
                              &client->relay)) {
        good = client_fail(client, query);
    }
    dna_buf_fini(&answer);
    if (good && client->relay == NULL) {
        dna_buf_consume(&client->in, LENGTH + query.len);
    }
    return good;
}

/* False: the connection has to be closed. */
static bool client_go_on(struct client *client)
{
    struct dna_span query;
    while (client->relay == NULL && (query = client_query(client)).ptr != NULL) {
        if (!client_take(client, query)) {
            return false;
        }
    }
    dna_edge_socket_read(client->socket, client->relay == NULL);
    return dna_edge_socket_write(client->socket, &client->out) == DNA_OK;
}

static void client_received(void *arg, struct dna_span bytes)
{
    struct client *client = arg;
    if (dna_buf_add(&client->in, bytes) != DNA_OK || !client_wait(client) ||
        !client_go_on(client)) {
        client_free(client);
    }
}

static void client_ended(void *arg, const char *why)
{
    (void)why;
    client_free(arg);
}

static void client_written(void *arg)
{
    struct client *client = arg;
    if (dna_edge_socket_write(client->socket, &client->out) != DNA_OK) {
        client_free(client);
    }
}

static void client_connected(void *arg, const char *why)
{
    (void)arg;
    (void)why;
}

static struct client *client_new(struct dna_uv_names *names)
{
    static const struct dna_edge_socket_events events = {client_connected, client_received,
                                                         client_ended, client_written};
    struct client *made = dna_alloc_zero(names->alloc, 1, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    if (dna_edge_socket_new(names->loop, names->alloc, &made->socket) != DNA_OK) {
        dna_alloc_release(names->alloc, made);
        return NULL;
    }
    dna_edge_socket_bind(made->socket, &events, made);
    dna_buf_init(&made->in, names->alloc, 2 * (LENGTH + DNA_REDIRECT_MOST));
    dna_buf_init(&made->out, names->alloc, 4 * (LENGTH + DNA_REDIRECT_MOST));
    made->names = names;
    made->next = names->clients;
    made->self = &names->clients;
    if (made->next != NULL) {
        made->next->self = &made->next;
    }
    names->clients = made;
    names->n_clients++;
    return made;
}

static void connection(uv_stream_t *server, int status)
{
    struct dna_uv_names *names = server->data;
    struct client *client;
    dna_edge_loop_stir(names->loop);
    if (status != 0) {
        return;
    }
    client = client_new(names);
    if (client == NULL) {
        dna_edge_log(names->uv, DNA_LOG_WARNING, "name-query-refused", "why", "out of memory");
        return;
    }
    if (dna_edge_socket_accept(client->socket, server) != DNA_OK || !client_wait(client) ||
        names->n_clients > DNA_LIMIT_NAME_CLIENTS) {
        client_free(client);
        return;
    }
    dna_edge_socket_read(client->socket, true);
}

/* --- life ------------------------------------------------------------------------------ */

static void release(struct dna_uv_names *names)
{
    dna_alloc_release(names->alloc, names->target);
    dna_alloc_release(names->alloc, names);
}

static void closed(uv_handle_t *handle)
{
    struct dna_uv_names *names = handle->data;
    struct dna_edge_loop *loop = names->loop;
    if (--names->handles == 0) {
        release(names);
    }
    dna_edge_loop_release(loop);
}

void dna_uv_names_free(struct dna_uv_names *names)
{
    if (names == NULL) {
        return;
    }
    while (names->errands != NULL) {
        dna_name_relay_free(names->errands->relay);
        errand_free(names->errands);
    }
    while (names->clients != NULL) {
        client_free(names->clients);
    }
    if (names->self != NULL) {
        dna_edge_guard_remove(&names->uv->guard, &names->at);
        *names->self = names->next;
        if (names->next != NULL) {
            names->next->self = names->self;
        }
    }
    uv_close((uv_handle_t *)&names->udp, closed);
    uv_close((uv_handle_t *)&names->tcp, closed);
}

void dna_edge_names_end(struct dna_uv *uv)
{
    while (uv->names != NULL) {
        dna_uv_names_free(uv->names);
    }
}

uint16_t dna_uv_names_port(const struct dna_uv_names *names)
{
    return names->at.port;
}

static bool same(const struct dna_endpoint *a, const struct dna_endpoint *b)
{
    return a->port == b->port && dna_address_equal(&a->address, &b->address);
}

static const char *read_options(struct dna_uv_names *names,
                                const struct dna_uv_names_options *options)
{
    names->at.port = options->port;
    names->redirect.port = options->target_port;
    names->redirect.target = names->target;
    if (dna_address_parse(dna_span_of(options->address), &names->at.address) != DNA_OK ||
        !dna_server_is_loopback(&names->at.address)) {
        return "not a loopback address";
    }
    if (dna_address_parse(dna_span_of(options->target_address), &names->redirect.address) !=
        DNA_OK) {
        return "the target is not an IP address";
    }
    if (options->n_forward == 0 || options->n_forward > DNA_LIMIT_NAME_SERVERS) {
        return "there must be 1 to 8 resolvers to forward to";
    }
    for (size_t i = 0; i < options->n_forward; i++) {
        struct dna_server server;
        if (dna_server_parse(options->forward[i], &server) != DNA_OK) {
            return "a resolver is not written ADDR or ADDR@PORT";
        }
        names->servers[i] = (struct dna_endpoint){server.address, server.port};
        if (same(&names->servers[i], &names->at)) {
            return "it would forward to itself";
        }
    }
    names->n_servers = options->n_forward;
    return NULL;
}

/* Both at one port: where the system chooses, UDP takes TCP's. */
static const char *bind_both(struct dna_uv_names *names)
{
    struct sockaddr_storage address;
    int len = (int)sizeof address;
    int status;
    dna_edge_sockaddr_make(&names->at, &address);
    status = uv_tcp_bind(&names->tcp, (struct sockaddr *)&address, 0);
    if (status == 0) {
        status = uv_listen((uv_stream_t *)&names->tcp, BACKLOG, connection);
    }
    if (status == 0) {
        status = uv_tcp_getsockname(&names->tcp, (struct sockaddr *)&address, &len);
    }
    if (status == 0) {
        status = uv_udp_bind(&names->udp, (struct sockaddr *)&address, 0);
    }
    if (status == 0) {
        status = uv_udp_recv_start(&names->udp, lend_space, datagram);
    }
    if (status != 0) {
        return uv_strerror(status);
    }
    return dna_edge_sockaddr_read((struct sockaddr *)&address, &names->at) == DNA_OK
               ? NULL
               : "the socket has no address";
}

static enum dna_err make(struct dna_uv *uv, const struct dna_uv_names_options *options,
                         struct dna_uv_names **out)
{
    struct dna_uv_names *made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->uv = uv;
    made->loop = uv->loop;
    made->alloc = uv->alloc;
    made->target = dna_alloc_text(uv->alloc, dna_span_of(options->target));
    if (made->target == NULL) {
        dna_alloc_release(uv->alloc, made);
        return DNA_ERR_MEMORY;
    }
    *out = made;
    return DNA_OK;
}

static void open_handles(struct dna_uv_names *names)
{
    struct uv_loop_s *loop = dna_edge_loop_uv(names->loop);
    (void)uv_udp_init(loop, &names->udp);
    (void)uv_tcp_init(loop, &names->tcp);
    dna_edge_loop_hold(names->loop);
    dna_edge_loop_hold(names->loop);
    names->udp.data = names;
    names->tcp.data = names;
    names->handles = 2;
}

enum dna_err dna_uv_names(struct dna_uv *uv, const struct dna_uv_names_options *options,
                          struct dna_uv_names **out, const char **why)
{
    struct dna_uv_names *made;
    const char *failed;
    enum dna_err err;
    *out = NULL;
    *why = "out of memory";
    if (uv->ending) {
        *why = "the driver ends";
        return DNA_ERR_STATE;
    }
    err = make(uv, options, &made);
    if (err != DNA_OK) {
        return err;
    }
    failed = read_options(made, options);
    if (failed != NULL) {
        release(made);
        *why = failed;
        return DNA_ERR_FORMAT;
    }
    open_handles(made);
    failed = bind_both(made);
    err = failed == NULL ? dna_edge_guard_add(&uv->guard, &made->at) : DNA_ERR_SYSTEM;
    if (err != DNA_OK) {
        *why = failed != NULL ? failed : "out of memory";
        dna_uv_names_free(made);
        return err;
    }
    made->next = uv->names;
    made->self = &uv->names;
    if (made->next != NULL) {
        made->next->self = &made->next;
    }
    uv->names = made;
    *why = "";
    *out = made;
    return DNA_OK;
}
