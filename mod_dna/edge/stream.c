/* edge/stream.c: what the host may ask of a stream.
 *
 * Nothing here calls back: the stream is stirred, and the turn does the rest.
 */
#include <edge/connection.h>

#include <assert.h>

#include <edge/buffered.h>
#include <edge/socket.h>

#include <base/limits.h>

static struct dna_time now_of(const struct dna_uv_stream *stream)
{
    return stream->uv->face->now(stream->uv->face->self);
}

static bool is_open(const struct dna_uv_stream *stream)
{
    return stream->core != NULL && stream->state < DNA_EDGE_CLOSING;
}

struct dna_stream *dna_uv_stream_core(struct dna_uv_stream *stream)
{
    return stream->core;
}

void *dna_uv_stream_user(const struct dna_uv_stream *stream)
{
    return stream->user_of_stream;
}

void dna_uv_stream_set_user(struct dna_uv_stream *stream, void *user)
{
    stream->user_of_stream = user;
}

uint64_t dna_uv_stream_number(const struct dna_uv_stream *stream)
{
    return stream->number;
}

const char *dna_uv_stream_remote(const struct dna_uv_stream *stream)
{
    return stream->remote_text;
}

const char *dna_uv_stream_network(const struct dna_uv_stream *stream)
{
    return stream->link == NULL ? stream->party.key : "";
}

bool dna_uv_stream_initiating(const struct dna_uv_stream *stream)
{
    return stream->role == DNA_INITIATING;
}

/* A host that paused its sources over the backlog is told when it is gone, even where the
 * network takes all of it within this turn. */
static void sent(struct dna_uv_stream *stream)
{
    if (dna_edge_wire_burden(stream) > DNA_LIMIT_BACKLOG_HIGH) {
        stream->wire.above = true;
    }
    dna_edge_buffered_count(stream);
    dna_edge_connection_stir(stream);
}

enum dna_err dna_uv_stream_send(struct dna_uv_stream *stream, const struct dna_stanza *stanza)
{
    enum dna_err err;
    if (!is_open(stream)) {
        return DNA_ERR_STATE;
    }
    err = dna_stream_send(stream->core, stanza);
    sent(stream);
    return err;
}

enum dna_err dna_uv_stream_send_error(struct dna_uv_stream *stream,
                                      const struct dna_stanza *stanza,
                                      enum dna_stanza_condition condition, const char *text)
{
    enum dna_err err;
    if (!is_open(stream)) {
        return DNA_ERR_STATE;
    }
    err = dna_stream_send_error(stream->core, stanza, condition, text);
    sent(stream);
    return err;
}

enum dna_err dna_uv_stream_ask(struct dna_uv_stream *stream, const char *own,
                               const char *peer)
{
    enum dna_err err;
    if (!is_open(stream)) {
        return DNA_ERR_STATE;
    }
    err = dna_stream_ask(stream->core, own, peer, now_of(stream));
    dna_edge_connection_stir(stream);
    return err;
}

bool dna_uv_stream_rehear(struct dna_uv_stream *stream, const char *domain)
{
    bool hears = is_open(stream) && dna_stream_rehear(stream->core, domain, now_of(stream));
    if (hears) {
        dna_edge_connection_stir(stream);
    }
    return hears;
}

void dna_uv_stream_certify(struct dna_uv_stream *stream,
                           const struct dna_uv_identity *identity)
{
    dna_edge_wire_certify(stream, identity);
}

size_t dna_uv_stream_backlog(const struct dna_uv_stream *stream)
{
    return dna_edge_wire_burden(stream);
}

void dna_uv_stream_pause(struct dna_uv_stream *stream)
{
    stream->wire.pauses++;
    if (stream->wire.socket != NULL && stream->state < DNA_EDGE_CLOSING) {
        /* At once: libuv reads on in the same callback as long as there is something. */
        dna_edge_socket_read(stream->wire.socket, false);
    }
}

void dna_uv_stream_resume(struct dna_uv_stream *stream)
{
    assert(stream->wire.pauses != 0);
    stream->wire.pauses--;
    if (stream->wire.socket != NULL) {
        dna_edge_connection_stir(stream);
    }
}

void dna_uv_stream_close(struct dna_uv_stream *stream, const char *condition,
                         const char *text)
{
    if (stream->state >= DNA_EDGE_CLOSING) {
        return;
    }
    dna_edge_connection_excuse(stream, condition != NULL ? condition : "",
                               text != NULL ? text : "");
    stream->fate = DNA_EDGE_FINAL;
    if (stream->core == NULL || stream->state == DNA_EDGE_SHAKING) {
        dna_edge_connection_drop(stream, "",
                                 stream->core != NULL ? "closed while TLS was being set up" : "");
        return;
    }
    switch (dna_stream_close(stream->core, condition, text, now_of(stream))) {
    case DNA_OK:
    case DNA_ERR_STATE: /* it is closing already */
        dna_edge_connection_stir(stream);
        break;
    case DNA_ERR_MEMORY:
    case DNA_ERR_ARGUMENT:
    case DNA_ERR_FORMAT:
    case DNA_ERR_LIMIT:
    case DNA_ERR_NOT_FOUND:
    case DNA_ERR_SYSTEM:
    case DNA_ERR_CANCELED:
        dna_edge_connection_drop(stream, "internal-server-error", "");
        break;
    }
}
