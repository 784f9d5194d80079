/* edge/socket.c: a uv_tcp_t in a block of its own, since libuv gives it back only in a later
 * turn than the one that closes it.
 *
 * Bytes in flight stand in a buffer that is not touched until libuv says so; the caller's
 * buffer is exchanged for it, not copied.  Invariant: `flight` is empty unless `writing`.
 */
#include <edge/socket.h>

#include <assert.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <uv.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/sockaddr.h>

struct dna_edge_socket {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct dna_edge_loop *loop;
    const struct dna_alloc *alloc;
    struct dna_buf flight;
    size_t most; /* of one read; 0: the whole space */
    bool writing, closed, ended;
    const struct dna_edge_socket_events *events;
    void *arg;
};

enum dna_err dna_edge_socket_new(struct dna_edge_loop *loop, const struct dna_alloc *alloc,
                                 struct dna_edge_socket **out)
{
    struct dna_edge_socket *made = dna_alloc_zero(alloc, 1, sizeof *made);
    *out = NULL;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->loop = loop;
    made->alloc = alloc;
    dna_buf_init(&made->flight, alloc, SIZE_MAX);
    (void)uv_tcp_init(dna_edge_loop_uv(loop), &made->tcp);
    dna_edge_loop_hold(loop);
    made->tcp.data = made;
    made->connect.data = made;
    made->write.data = made;
    *out = made;
    return DNA_OK;
}

void dna_edge_socket_bind(struct dna_edge_socket *socket,
                          const struct dna_edge_socket_events *events, void *arg)
{
    socket->events = events;
    socket->arg = arg;
}

static void freed(uv_handle_t *handle)
{
    struct dna_edge_socket *socket = handle->data;
    struct dna_edge_loop *loop = socket->loop;
    dna_buf_fini(&socket->flight);
    dna_alloc_release(socket->alloc, socket);
    dna_edge_loop_release(loop);
}

void dna_edge_socket_close(struct dna_edge_socket *socket)
{
    if (socket != NULL && !socket->closed) {
        socket->closed = true;
        uv_close((uv_handle_t *)&socket->tcp, freed);
    }
}

static void connected(uv_connect_t *request, int status)
{
    struct dna_edge_socket *socket = request->data;
    dna_edge_loop_stir(socket->loop);
    if (!socket->closed) {
        socket->events->connected(socket->arg, status == 0 ? NULL : uv_strerror(status));
    }
}

enum dna_err dna_edge_socket_connect(struct dna_edge_socket *socket,
                                     const struct dna_endpoint *to,
                                     const struct dna_address *source, const char **why)
{
    struct sockaddr_storage there, here;
    int status = 0;
    dna_edge_sockaddr_make(to, &there);
    if (source != NULL && source->family == to->address.family) {
        dna_edge_sockaddr_make(&(struct dna_endpoint){.address = *source}, &here);
        status = uv_tcp_bind(&socket->tcp, (struct sockaddr *)&here, 0);
    }
    if (status == 0) {
        status = uv_tcp_connect(&socket->connect, &socket->tcp, (struct sockaddr *)&there,
                                connected);
    }
    *why = status == 0 ? "" : uv_strerror(status);
    return status == 0 ? DNA_OK : DNA_ERR_SYSTEM;
}

enum dna_err dna_edge_socket_accept(struct dna_edge_socket *socket,
                                    struct uv_stream_s *listener)
{
    return uv_accept(listener, (uv_stream_t *)&socket->tcp) == 0 ? DNA_OK : DNA_ERR_SYSTEM;
}

static int descriptor(const struct dna_edge_socket *socket)
{
    uv_os_fd_t fd;
    return uv_fileno((const uv_handle_t *)&socket->tcp, &fd) == 0 ? fd : -1;
}

void dna_edge_socket_tune(struct dna_edge_socket *socket)
{
    unsigned unanswered = DNA_LIMIT_UNANSWERED_MS;
    (void)uv_tcp_nodelay(&socket->tcp, 1);
    (void)uv_tcp_keepalive(&socket->tcp, 1, DNA_LIMIT_KEEPALIVE_S);
    (void)setsockopt(descriptor(socket), IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered,
                     sizeof unanswered);
}

void dna_edge_socket_hurry(struct dna_edge_socket *socket)
{
    int on = 1;
    (void)setsockopt(descriptor(socket), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void lend_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct dna_edge_socket *socket = handle->data;
    (void)suggested;
    *buf = uv_buf_init(dna_edge_loop_space(socket->loop),
                       socket->most != 0 && socket->most < DNA_LIMIT_READ
                           ? (unsigned)socket->most
                           : DNA_LIMIT_READ);
}

static void end(struct dna_edge_socket *socket, const char *why)
{
    if (!socket->closed && !socket->ended) {
        socket->ended = true;
        socket->events->ended(socket->arg, why);
    }
}

static void was_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct dna_edge_socket *socket = stream->data;
    dna_edge_loop_stir(socket->loop);
    if (n > 0) {
        socket->events->received(socket->arg, (struct dna_span){buf->base, (size_t)n});
    } else if (n < 0) {
        (void)uv_read_stop(stream);
        end(socket, n == UV_EOF ? NULL : uv_strerror((int)n));
    }
}

void dna_edge_socket_read(struct dna_edge_socket *socket, bool on)
{
    if (on && !socket->ended) {
        (void)uv_read_start((uv_stream_t *)&socket->tcp, lend_space, was_read);
    } else {
        (void)uv_read_stop((uv_stream_t *)&socket->tcp);
    }
}

void dna_edge_socket_read_most(struct dna_edge_socket *socket, size_t most)
{
    socket->most = most;
}

static void was_written(uv_write_t *request, int status)
{
    struct dna_edge_socket *socket = request->data;
    dna_edge_loop_stir(socket->loop);
    socket->writing = false;
    dna_buf_fini(&socket->flight);
    if (socket->closed) {
        return;
    }
    if (status != 0) {
        end(socket, uv_strerror(status));
    } else {
        socket->events->written(socket->arg);
    }
}

static enum dna_err write_rest(struct dna_edge_socket *socket, struct dna_buf *out)
{
    struct dna_buf empty = socket->flight;
    struct dna_span rest;
    uv_buf_t buf;
    size_t limit = out->limit;
    socket->flight = *out;
    *out = empty;
    out->limit = limit;
    rest = dna_buf_span(&socket->flight);
    buf = uv_buf_init((char *)(uintptr_t)rest.ptr, (unsigned)rest.len);
    socket->writing = true;
    if (uv_write(&socket->write, (uv_stream_t *)&socket->tcp, &buf, 1, was_written) != 0) {
        socket->writing = false;
        dna_buf_clear(&socket->flight);
        return DNA_ERR_SYSTEM;
    }
    return DNA_OK;
}

enum dna_err dna_edge_socket_write(struct dna_edge_socket *socket, struct dna_buf *out)
{
    struct dna_span bytes = dna_buf_span(out);
    int written;
    uv_buf_t buf;
    if (bytes.len == 0 || socket->writing) {
        return DNA_OK;
    }
    assert(bytes.len <= UINT32_MAX);
    buf = uv_buf_init((char *)(uintptr_t)bytes.ptr, (unsigned)bytes.len);
    written = uv_try_write((uv_stream_t *)&socket->tcp, &buf, 1);
    if (written < 0 && written != UV_EAGAIN) {
        return DNA_ERR_SYSTEM;
    }
    if (written > 0) {
        dna_buf_consume(out, (size_t)written);
    }
    return dna_buf_len(out) != 0 ? write_rest(socket, out) : DNA_OK;
}

size_t dna_edge_socket_in_flight(const struct dna_edge_socket *socket)
{
    return dna_buf_len(&socket->flight);
}

size_t dna_edge_socket_unconfirmed(const struct dna_edge_socket *socket)
{
    int bytes = 0;
    if (socket->closed || ioctl(descriptor(socket), SIOCOUTQ, &bytes) != 0 || bytes < 0) {
        return 0;
    }
    return (size_t)bytes;
}

void dna_edge_socket_finish(struct dna_edge_socket *socket)
{
    assert(!socket->writing);
    (void)shutdown(descriptor(socket), SHUT_WR);
}

bool dna_edge_socket_name(const struct dna_edge_socket *socket, bool peer,
                          struct sockaddr_storage *out)
{
    int len = (int)sizeof *out;
    int status = peer ? uv_tcp_getpeername(&socket->tcp, (struct sockaddr *)out, &len)
                      : uv_tcp_getsockname(&socket->tcp, (struct sockaddr *)out, &len);
    return status == 0;
}
