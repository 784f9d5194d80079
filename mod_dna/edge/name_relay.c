/* edge/name_relay.c: see the header.
 *
 * Each try has a socket of its own, so that an answer to an earlier try, or a forged one,
 * finds nobody.  libuv gives a UDP handle back only later: it is a block of its own.
 */
#include <edge/name_relay.h>

#include <string.h>

#include <uv.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/driver.h>
#include <edge/sockaddr.h>
#include <edge/socket.h>
#include <resolver/redirect.h>

#define LENGTH 2 /* octets before a message on TCP (RFC 1035 4.2.2) */

struct datagrams {
    uv_udp_t udp;
    struct dna_edge_loop *loop;
    const struct dna_alloc *alloc;
    struct dna_name_relay *relay; /* NULL: closing */
};

struct dna_name_relay {
    struct dna_name_relay_options options;
    size_t next; /* of the servers */
    char id[2];  /* the client's */
    struct datagrams *datagrams;
    struct dna_edge_socket *socket;
    struct dna_buf in;
    struct dna_timer *timer;
    size_t len;
    char query[]; /* under our id */
};

static void try_next(struct dna_name_relay *relay);

static void udp_closed(uv_handle_t *handle)
{
    struct datagrams *datagrams = handle->data;
    struct dna_edge_loop *loop = datagrams->loop;
    dna_alloc_release(datagrams->alloc, datagrams);
    dna_edge_loop_release(loop);
}

/* Whatever the present try has open. */
static void end_try(struct dna_name_relay *relay)
{
    const struct dna_loop *face = dna_edge_loop_face(relay->options.loop);
    if (relay->datagrams != NULL) {
        relay->datagrams->relay = NULL;
        uv_close((uv_handle_t *)&relay->datagrams->udp, udp_closed);
        relay->datagrams = NULL;
    }
    dna_edge_socket_close(relay->socket);
    relay->socket = NULL;
    dna_buf_clear(&relay->in);
    face->timer_free(relay->timer);
    relay->timer = NULL;
}

void dna_name_relay_free(struct dna_name_relay *relay)
{
    if (relay != NULL) {
        end_try(relay);
        dna_buf_fini(&relay->in);
        dna_alloc_release(relay->options.alloc, relay);
    }
}

static void finish(struct dna_name_relay *relay, struct dna_span reply)
{
    relay->options.fn(relay->options.arg, reply);
    dna_name_relay_free(relay);
}

/* Whether message is the answer; then it is brought back, and the relay is gone. */
static bool take(struct dna_name_relay *relay, char *message, size_t len)
{
    if (!dna_redirect_matches((struct dna_span){relay->query, relay->len},
                              (struct dna_span){message, len})) {
        return false;
    }
    memcpy(message, relay->id, sizeof relay->id);
    finish(relay, (struct dna_span){message, len});
    return true;
}

/* --- UDP ------------------------------------------------------------------------------ */

static void lend_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct datagrams *datagrams = handle->data;
    (void)suggested;
    *buf = uv_buf_init(dna_edge_loop_space(datagrams->loop), DNA_LIMIT_READ);
}

static void datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
                     const struct sockaddr *from, unsigned flags)
{
    struct datagrams *datagrams = udp->data;
    struct dna_name_relay *relay = datagrams->relay;
    dna_edge_loop_stir(datagrams->loop);
    if (relay == NULL || (n == 0 && from == NULL) || (flags & UV_UDP_PARTIAL) != 0) {
        return;
    }
    if (n < 0) {
        try_next(relay);
    } else {
        (void)take(relay, buf->base, (size_t)n);
    }
}

static bool send_datagram(struct dna_name_relay *relay, const struct dna_endpoint *to)
{
    struct datagrams *made = dna_alloc_zero(relay->options.alloc, 1, sizeof *made);
    uv_buf_t buf = uv_buf_init(relay->query, (unsigned)relay->len);
    struct sockaddr_storage address;
    if (made == NULL) {
        return false;
    }
    made->loop = relay->options.loop;
    made->alloc = relay->options.alloc;
    made->relay = relay;
    made->udp.data = made;
    (void)uv_udp_init(dna_edge_loop_uv(made->loop), &made->udp);
    made->udp.data = made;
    dna_edge_loop_hold(made->loop);
    relay->datagrams = made;
    dna_edge_sockaddr_make(to, &address);
    /* Connected: the kernel drops what comes from anywhere else. */
    return uv_udp_connect(&made->udp, (struct sockaddr *)&address) == 0 &&
           uv_udp_try_send(&made->udp, &buf, 1, NULL) == (int)relay->len &&
           uv_udp_recv_start(&made->udp, lend_space, datagram) == 0;
}

/* --- TCP ------------------------------------------------------------------------------ */

static void connected(void *arg, const char *why)
{
    struct dna_name_relay *relay = arg;
    const char length[LENGTH] = {(char)(relay->len >> 8), (char)(relay->len & 0xff)};
    struct dna_buf out;
    bool sent;
    if (why != NULL) {
        try_next(relay);
        return;
    }
    dna_buf_init(&out, relay->options.alloc, SIZE_MAX);
    sent = dna_buf_add(&out, (struct dna_span){length, sizeof length}) == DNA_OK &&
           dna_buf_add(&out, (struct dna_span){relay->query, relay->len}) == DNA_OK &&
           dna_edge_socket_write(relay->socket, &out) == DNA_OK;
    dna_buf_fini(&out);
    if (sent) {
        dna_edge_socket_read(relay->socket, true);
    } else {
        try_next(relay);
    }
}

static void received(void *arg, struct dna_span bytes)
{
    struct dna_name_relay *relay = arg;
    struct dna_span in;
    size_t len;
    if (dna_buf_add(&relay->in, bytes) != DNA_OK) {
        try_next(relay);
        return;
    }
    in = dna_buf_span(&relay->in);
    if (in.len < LENGTH) {
        return;
    }
    len = (size_t)(unsigned char)in.ptr[0] << 8 | (unsigned char)in.ptr[1];
    if (in.len >= LENGTH + len &&
        !take(relay, relay->in.mem + relay->in.start + LENGTH, len)) {
        try_next(relay);
    }
}

static void ended(void *arg, const char *why)
{
    (void)why;
    try_next(arg);
}

static void written(void *arg)
{
    (void)arg;
}

static bool open_stream(struct dna_name_relay *relay, const struct dna_endpoint *to)
{
    static const struct dna_edge_socket_events events = {connected, received, ended, written};
    const char *why;
    if (dna_edge_socket_new(relay->options.loop, relay->options.alloc, &relay->socket) !=
        DNA_OK) {
        return false;
    }
    dna_edge_socket_bind(relay->socket, &events, relay);
    return dna_edge_socket_connect(relay->socket, to, NULL, &why) == DNA_OK;
}

/* --- one try after the other ------------------------------------------------------------ */

static void timed_out(void *arg)
{
    try_next(arg);
}

/* From the loop only: the last one that fails says so. */
static void try_next(struct dna_name_relay *relay)
{
    const struct dna_loop *face = dna_edge_loop_face(relay->options.loop);
    bool begun = false;
    end_try(relay);
    while (!begun && relay->next < relay->options.n_servers) {
        const struct dna_endpoint *to = &relay->options.servers[relay->next++];
        begun = relay->options.stream ? open_stream(relay, to) : send_datagram(relay, to);
        if (!begun) {
            end_try(relay);
        }
    }
    if (begun) {
        relay->timer = face->timer(face->self, DNA_LIMIT_NAME_TRY_MS, timed_out, relay);
        begun = relay->timer != NULL;
    }
    if (!begun) {
        finish(relay, (struct dna_span){NULL, 0});
    }
}

enum dna_err dna_name_relay_new(const struct dna_name_relay_options *options,
                                struct dna_span query, struct dna_name_relay **out)
{
    const struct dna_loop *face = dna_edge_loop_face(options->loop);
    struct dna_name_relay *made = dna_alloc_zero(options->alloc, 1, sizeof *made + query.len);
    enum dna_err err;
    *out = NULL;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->options = *options;
    dna_buf_init(&made->in, options->alloc, LENGTH + DNA_REDIRECT_MOST);
    made->len = query.len;
    memcpy(made->query, query.ptr, query.len);
    memcpy(made->id, query.ptr, sizeof made->id);
    err = dna_edge_random(made->query, sizeof made->id);
    if (err == DNA_OK) {
        /* Nothing is told inside the call: the first try begins in the loop. */
        made->timer = face->timer(face->self, 0, timed_out, made);
        err = made->timer != NULL ? DNA_OK : DNA_ERR_MEMORY;
    }
    if (err != DNA_OK) {
        dna_name_relay_free(made);
        return err;
    }
    *out = made;
    return DNA_OK;
}
