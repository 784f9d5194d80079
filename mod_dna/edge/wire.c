/* edge/wire.c: between the socket, TLS and the core.
 *
 * Input: the socket's bytes are lent to TLS, its plaintext to the core, piece by piece, each
 * piece's effects pulled before the next.  Where the host pauses in between, what is left of
 * the ciphertext is copied and read on later.
 *
 * Output: whatever callbacks caused in one turn leaves in one write at its end, in TLS
 * records of up to 16 KiB.  Ciphertext is made only up to a limit; more waits as plaintext
 * in the core, so that a slow peer costs no encryption.
 */
#include <edge/connection.h>

#include <assert.h>
#include <sys/socket.h>

#include <base/limits.h>
#include <edge/identity.h>
#include <edge/listen.h>
#include <edge/socket.h>
#include <tls/tls.h>

#define PIECE 16384 /* a TLS record's content */

static struct dna_time now_of(const struct dna_uv_stream *stream)
{
    return stream->uv->face->now(stream->uv->face->self);
}

/* --- input --------------------------------------------------------------------------- */

static void trace(struct dna_uv_stream *stream, bool sent, struct dna_span bytes)
{
    if (stream->handler->trace != NULL) {
        stream->handler->trace(stream->user, stream, sent, bytes);
    }
}

static void deliver(struct dna_uv_stream *stream, struct dna_span bytes)
{
    trace(stream, false, bytes);
    if (dna_stream_read(stream->core, bytes, now_of(stream)) != DNA_OK) {
        dna_edge_connection_drop(stream, "internal-server-error",
                                 "the stream could not take its input");
        return;
    }
    dna_edge_connection_pull(stream);
}

static void write_out(struct dna_uv_stream *stream)
{
    if (stream->state < DNA_EDGE_LINGERING &&
        dna_edge_socket_write(stream->wire.socket, &stream->wire.out) != DNA_OK) {
        dna_edge_connection_gone(stream, "the connection is lost");
        dna_edge_connection_drop(stream, "", "the connection is lost");
    }
}

/* Hands what the peer presented to the core, which decides what it is worth. */
static void secured(struct dna_uv_stream *stream)
{
    struct dna_chain *chain = NULL;
    enum dna_err err = dna_tls_peer_chain(stream->wire.tls, stream->uv->alloc, &chain);
    if (err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT) {
        dna_edge_connection_gone(stream, "the peer's certificates cannot be read");
        return;
    }
    if (err == DNA_OK) {
        dna_edge_connection_enter(stream, DNA_EDGE_SECURE);
        if (stream->listener != NULL) {
            stream->secured = true;
            dna_edge_listener_secured(stream->listener, &stream->remote.address);
        }
        err = dna_stream_secured(stream->core, chain, now_of(stream));
    }
    dna_chain_free(chain);
    if (err != DNA_OK) {
        dna_edge_connection_drop(stream, "internal-server-error",
                                 "the stream could not be secured");
        return;
    }
    dna_edge_connection_pull(stream);
}

/* A TLS failure says nothing in XML (RFC 6120 5.4.3.2); its alert is already written. */
static void judge_tls(struct dna_uv_stream *stream)
{
    struct dna_tls *tls = stream->wire.tls;
    switch (dna_tls_status(tls)) {
    case DNA_TLS_HANDSHAKING:
    case DNA_TLS_OPEN:
        break;
    case DNA_TLS_ENDED:
        dna_edge_connection_gone(stream, "the peer ended TLS");
        break;
    case DNA_TLS_FAILED:
        dna_edge_quest_decide(stream, DNA_EDGE_GO_ON);
        dna_edge_connection_excuse(stream, "", dna_tls_why(tls));
        write_out(stream);
        dna_edge_connection_drop(stream, "", "");
        break;
    }
}

static void shake(struct dna_uv_stream *stream)
{
    enum dna_err err = dna_tls_handshake(stream->wire.tls);
    dna_edge_connection_stir(stream);
    if (err != DNA_OK) {
        dna_edge_connection_drop(stream, "internal-server-error", "out of memory");
    } else if (dna_tls_status(stream->wire.tls) == DNA_TLS_OPEN) {
        secured(stream);
    }
}

static void decrypt(struct dna_uv_stream *stream)
{
    struct dna_edge_wire *wire = &stream->wire;
    char plain[PIECE];
    wire->half_read = false;
    if (stream->state == DNA_EDGE_SHAKING) {
        shake(stream);
    }
    while (stream->state == DNA_EDGE_SECURE && wire->pauses == 0) {
        size_t n;
        if (dna_tls_read(wire->tls, plain, sizeof plain, &n) != DNA_OK) {
            dna_edge_connection_drop(stream, "internal-server-error", "out of memory");
        } else if (n == 0) {
            break;
        } else {
            deliver(stream, (struct dna_span){plain, n});
        }
    }
    if (stream->state < DNA_EDGE_CLOSING) {
        judge_tls(stream);
    }
    if (stream->state != DNA_EDGE_OVER && dna_tls_keep(wire->tls) != DNA_OK) {
        dna_edge_connection_drop(stream, "internal-server-error", "out of memory");
    }
    wire->half_read = stream->state == DNA_EDGE_SECURE && wire->pauses != 0;
}

/* Who answers is asked for now: until then the connection may wait to be accepted, and belongs
 * to nobody.  Nothing but our header was sent.  See also what listen.c says of `still`. */
static bool reaches_server(struct dna_uv_stream *stream)
{
    const struct dna_uv_handler *handler = stream->handler;
    struct sockaddr_storage own, peer, still;
    if (stream->reached || stream->link == NULL || stream->role != DNA_INITIATING ||
        handler->reached == NULL) {
        return true;
    }
    stream->reached = dna_edge_socket_name(stream->wire.socket, false, &own) &&
                      dna_edge_socket_name(stream->wire.socket, true, &peer) &&
                      handler->reached(stream->user, (const struct sockaddr *)&peer,
                                       (const struct sockaddr *)&own) &&
                      dna_edge_socket_name(stream->wire.socket, true, &still);
    return stream->reached;
}

static void received(void *arg, struct dna_span bytes)
{
    struct dna_uv_stream *stream = arg;
    if (stream->state == DNA_EDGE_CLEAR && !reaches_server(stream)) {
        dna_edge_connection_drop(stream, "", "the other end is not the link's server");
        return;
    }
    if (stream->wire.negotiating) {
        dna_edge_socket_hurry(stream->wire.socket);
    }
    dna_edge_connection_stir(stream);
    dna_edge_connection_pull(stream); /* what others caused since the last turn */
    switch (stream->state) {
    case DNA_EDGE_CLEAR:
        deliver(stream, bytes);
        break;
    case DNA_EDGE_SHAKING:
    case DNA_EDGE_SECURE:
        dna_tls_feed(stream->wire.tls, bytes);
        decrypt(stream);
        break;
    case DNA_EDGE_DIALLING:
    case DNA_EDGE_CLOSING:
    case DNA_EDGE_LINGERING:
    case DNA_EDGE_OVER:
        break;
    }
}

static void ended(void *arg, const char *why)
{
    struct dna_uv_stream *stream = arg;
    dna_edge_connection_gone(stream, why != NULL ? why : "the peer closed the connection");
    if (why != NULL) {
        dna_edge_connection_drop(stream, "", why);
    }
}

static void written(void *arg)
{
    dna_edge_connection_stir(arg);
}

const struct dna_edge_socket_events dna_edge_wire_events = {
    .received = received,
    .ended = ended,
    .written = written,
};

/* --- output -------------------------------------------------------------------------- */

size_t dna_edge_wire_backlog(const struct dna_uv_stream *stream)
{
    const struct dna_edge_wire *wire = &stream->wire;
    size_t n = dna_buf_len(&wire->out);
    if (stream->core != NULL) {
        n += dna_stream_output(stream->core).len;
    }
    if (wire->socket != NULL) {
        n += dna_edge_socket_in_flight(wire->socket);
    }
    return n;
}

size_t dna_edge_wire_burden(const struct dna_uv_stream *stream)
{
    size_t unacked = stream->core != NULL ? dna_stream_unacked(stream->core) : 0;
    return dna_edge_wire_backlog(stream) + unacked;
}

/* TLS makes bytes more, never fewer: the estimate errs on the safe side. */
void dna_edge_wire_doubt(struct dna_uv_stream *stream)
{
    const struct dna_edge_wire *wire = &stream->wire;
    if (stream->core != NULL && wire->socket != NULL) {
        dna_stream_unconfirmed(stream->core, dna_edge_wire_backlog(stream) +
                                                 dna_edge_socket_unconfirmed(wire->socket));
    }
}

/* Moves the core's output behind what is to be written; false: the stream is over. */
static bool take_output(struct dna_uv_stream *stream)
{
    struct dna_edge_wire *wire = &stream->wire;
    struct dna_span bytes;
    while ((bytes = dna_stream_output(stream->core)).len != 0 &&
           dna_buf_len(&wire->out) < DNA_LIMIT_CIPHERTEXT) {
        enum dna_err err;
        if (bytes.len > DNA_LIMIT_CIPHERTEXT / 2) {
            bytes.len = DNA_LIMIT_CIPHERTEXT / 2;
        }
        err = wire->tls != NULL ? dna_tls_write(wire->tls, bytes)
                                : dna_buf_add(&wire->out, bytes);
        if (err != DNA_OK) {
            dna_edge_connection_drop(stream, "internal-server-error",
                                     "the output could not be encrypted");
            return false;
        }
        trace(stream, true, bytes);
        dna_stream_sent(stream->core, bytes.len);
    }
    return true;
}

/* Nothing of the core's is written in clear once TLS was asked for. */
static bool may_take_output(const struct dna_uv_stream *stream)
{
    switch (stream->state) {
    case DNA_EDGE_CLEAR:
        return !stream->wire.uncertified;
    case DNA_EDGE_SECURE:
        return true;
    case DNA_EDGE_CLOSING:
        return !stream->wire.finished && !stream->wire.uncertified &&
               (stream->wire.tls == NULL ||
                dna_tls_status(stream->wire.tls) == DNA_TLS_OPEN);
    case DNA_EDGE_DIALLING:
    case DNA_EDGE_SHAKING:
    case DNA_EDGE_LINGERING:
    case DNA_EDGE_OVER:
        break;
    }
    return false;
}

static bool has_output(const struct dna_uv_stream *stream)
{
    return may_take_output(stream) && dna_stream_output(stream->core).len != 0;
}

/* Until everything is with the network, or the network takes no more for now. */
static void flush(struct dna_uv_stream *stream)
{
    do {
        if (may_take_output(stream) && !take_output(stream)) {
            return;
        }
        write_out(stream);
    } while (has_output(stream) && dna_edge_socket_in_flight(stream->wire.socket) == 0);
}

void dna_edge_wire_mark(struct dna_uv_stream *stream)
{
    if (dna_edge_wire_burden(stream) > DNA_LIMIT_BACKLOG_HIGH) {
        stream->wire.above = true;
    }
}

static void tell_when_drained(struct dna_uv_stream *stream)
{
    struct dna_edge_wire *wire = &stream->wire;
    if (wire->above && dna_edge_wire_burden(stream) < DNA_LIMIT_BACKLOG_LOW) {
        wire->above = false;
        if (stream->state < DNA_EDGE_CLOSING && stream->handler->drained != NULL) {
            stream->handler->drained(stream->user, stream);
        }
    }
}

/* --- TLS begins ---------------------------------------------------------------------- */

static struct dna_uv_identity *ask_for_identity(struct dna_uv_stream *stream,
                                                const char *domain)
{
    return stream->handler->identity != NULL
               ? stream->handler->identity(stream->user, domain)
               : NULL;
}

static void begin_tls(struct dna_uv_stream *stream, struct dna_tls_identity *identity,
                      const struct dna_tls_options *options)
{
    if (dna_tls_new(identity, options, &stream->wire.out, &stream->wire.tls) != DNA_OK) {
        dna_edge_connection_drop(stream, "internal-server-error", "TLS could not be begun");
        return;
    }
    dna_edge_connection_enter(stream, DNA_EDGE_SHAKING);
    if (!options->server) {
        shake(stream);
    }
}

static void secure_with(struct dna_uv_stream *stream, const struct dna_uv_identity *identity)
{
    bool server = stream->role == DNA_RECEIVING;
    struct dna_tls_options options = {.server = server};
    if (!take_output(stream)) {
        return;
    }
    if (dna_stream_output(stream->core).len != 0) {
        dna_edge_connection_drop(stream, "internal-server-error", "TLS could not be begun");
        return;
    }
    options.server_name = server ? NULL : dna_stream_peer(stream->core);
    begin_tls(stream, dna_edge_identity_tls(identity), &options);
}

void dna_edge_wire_secure(struct dna_uv_stream *stream, const char *domain)
{
    const struct dna_uv_identity *identity;
    assert(stream->state == DNA_EDGE_CLEAR);
    if (dna_link_is_bridge(stream->link)) {
        stream->wire.uncertified = true;
        if (stream->handler->certify != NULL) {
            stream->handler->certify(stream->user, stream, domain);
        } else {
            dna_edge_wire_certify(stream, NULL);
        }
        return;
    }
    identity = ask_for_identity(stream, domain);
    if (stream->state != DNA_EDGE_CLEAR) {
        return; /* the host closed it meanwhile */
    }
    if (identity == NULL) {
        dna_edge_connection_drop(stream, "", "there is no certificate to present");
        return;
    }
    secure_with(stream, identity);
}

/* Instead of the core's <proceed/>, which was not written (RFC 6120 5.4.2.2). */
static void refuse_tls(struct dna_uv_stream *stream)
{
    static const char failure[] =
        "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>";
    struct dna_span unsaid = dna_stream_output(stream->core);
    dna_stream_sent(stream->core, unsaid.len);
    if (stream->role == DNA_RECEIVING &&
        dna_buf_add(&stream->wire.out, dna_span_of(failure)) == DNA_OK) {
        write_out(stream);
    }
    dna_edge_connection_drop(stream, "", "there is no certificate to present");
}

void dna_edge_wire_certify(struct dna_uv_stream *stream,
                           const struct dna_uv_identity *identity)
{
    if (stream->state != DNA_EDGE_CLEAR || !stream->wire.uncertified) {
        return;
    }
    stream->wire.uncertified = false;
    if (identity == NULL) {
        refuse_tls(stream);
    } else {
        secure_with(stream, identity);
    }
    dna_edge_connection_stir(stream);
}

/* What the client asked for before it said anything else.  A name that is none is as good as
 * no name: the host decides what is presented to those. */
static struct dna_tls_identity *choose(void *arg, const char *server_name)
{
    struct dna_uv_stream *stream = arg;
    struct dna_uv_identity *identity;
    struct dna_name name;
    bool named = server_name != NULL &&
                 dna_name_parse(dna_span_of(server_name), &name) == DNA_OK;
    identity = ask_for_identity(stream, named ? name.text : NULL);
    return identity != NULL ? dna_edge_identity_tls(identity) : NULL;
}

static void secure_direct_client(struct dna_uv_stream *stream)
{
    struct dna_tls_options options = {.server_name = dna_stream_peer(stream->core),
                                      .protocol = DNA_TLS_SERVICE_SERVER};
    struct dna_uv_identity *identity =
        ask_for_identity(stream, dna_stream_own(stream->core));
    if (stream->state != DNA_EDGE_CLEAR) {
        return; /* the host closed it meanwhile */
    }
    if (identity == NULL) {
        dna_edge_connection_drop(stream, "", "there is no certificate to present");
        return;
    }
    begin_tls(stream, dna_edge_identity_tls(identity), &options);
}

void dna_edge_wire_secure_direct(struct dna_uv_stream *stream)
{
    assert(stream->state == DNA_EDGE_CLEAR);
    if (stream->role == DNA_RECEIVING) {
        const struct dna_tls_options options = {.server = true,
                                                .protocol = DNA_TLS_SERVICE_SERVER,
                                                .choose = choose,
                                                .arg = stream};
        begin_tls(stream, dna_edge_listener_blank(stream->listener), &options);
    } else {
        secure_direct_client(stream);
    }
}

/* --- the end ------------------------------------------------------------------------- */

static bool nothing_unwritten(const struct dna_uv_stream *stream)
{
    return dna_buf_len(&stream->wire.out) == 0 &&
           dna_edge_socket_in_flight(stream->wire.socket) == 0 &&
           !has_output(stream);
}

static void close_when_written(struct dna_uv_stream *stream)
{
    struct dna_edge_wire *wire = &stream->wire;
    if (!nothing_unwritten(stream)) {
        return;
    }
    if (!wire->finished) {
        wire->finished = true;
        if (wire->tls != NULL && dna_tls_shutdown(wire->tls) != DNA_OK) {
            dna_edge_connection_drop(stream, "", "out of memory");
            return;
        }
        flush(stream);
        if (stream->state != DNA_EDGE_CLOSING || !nothing_unwritten(stream)) {
            return;
        }
    }
    if (wire->input_over) {
        dna_edge_connection_drop(stream, "", "");
        return;
    }
    dna_edge_socket_finish(wire->socket);
    dna_edge_connection_enter(stream, DNA_EDGE_LINGERING);
}

static void choose_reading(struct dna_uv_stream *stream)
{
    bool on = !stream->wire.input_over &&
              (stream->wire.pauses == 0 || stream->state >= DNA_EDGE_CLOSING);
    dna_edge_socket_read(stream->wire.socket, on);
}

void dna_edge_wire_settle(struct dna_uv_stream *stream)
{
    if (stream->state == DNA_EDGE_DIALLING || stream->state == DNA_EDGE_OVER) {
        return;
    }
    dna_edge_connection_pull(stream);
    if (stream->wire.half_read && stream->wire.pauses == 0) {
        decrypt(stream);
    }
    if (stream->state != DNA_EDGE_OVER) {
        dna_edge_wire_mark(stream);
        flush(stream);
    }
    if (stream->state == DNA_EDGE_CLOSING) {
        close_when_written(stream);
    } else if (stream->state == DNA_EDGE_LINGERING && stream->wire.input_over) {
        dna_edge_connection_drop(stream, "", "");
    }
    if (stream->state != DNA_EDGE_OVER) {
        choose_reading(stream);
        tell_when_drained(stream);
    }
}
