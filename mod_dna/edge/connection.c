/* edge/connection.c: how a stream comes to be, falls idle, and ends.
 *
 * A stream is freed in one place, dna_edge_connection_report, which only the turn calls, so
 * that no handler loses a stream under its hands.  What libuv still holds of it is the
 * socket's business.
 */
#include <edge/connection.h>

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <edge/buffered.h>
#include <edge/listen.h>
#include <edge/socket.h>
#include <edge/verify.h>
#include <tls/tls.h>

static uint64_t next_number(void)
{
    static atomic_uint_fast64_t last;
    return atomic_fetch_add(&last, 1) + 1;
}

static int64_t mono(const struct dna_uv *uv)
{
    return uv->face->now(uv->face->self).mono;
}

/* --- the two lists ------------------------------------------------------------------- */

static struct dna_edge_stream_list *list_of(struct dna_uv_stream *stream)
{
    return stream->awake ? &stream->uv->streams.awake : &stream->uv->streams.parked;
}

static void unlink_stream(struct dna_uv_stream *stream)
{
    struct dna_edge_stream_list *list = list_of(stream);
    if (stream->prev != NULL) {
        stream->prev->next = stream->next;
    } else {
        list->first = stream->next;
    }
    if (stream->next != NULL) {
        stream->next->prev = stream->prev;
    } else {
        list->last = stream->prev;
    }
}

static void link_last(struct dna_uv_stream *stream, bool awake)
{
    struct dna_edge_stream_list *list;
    stream->awake = awake;
    list = list_of(stream);
    stream->next = NULL;
    stream->prev = list->last;
    if (list->last != NULL) {
        list->last->next = stream;
    } else {
        list->first = stream;
    }
    list->last = stream;
}

static void wake(struct dna_uv_stream *stream)
{
    stream->last = mono(stream->uv);
    unlink_stream(stream);
    link_last(stream, stream->core != NULL);
}

static bool is_busy(const struct dna_uv_stream *stream)
{
    return stream->stirred || stream->wire.half_read || dna_edge_wire_backlog(stream) != 0;
}

int64_t dna_edge_connection_park(struct dna_uv *uv, int64_t now)
{
    struct dna_uv_stream *stream;
    while ((stream = uv->streams.awake.first) != NULL &&
           now - stream->last >= DNA_LIMIT_PARK_MS) {
        if (is_busy(stream)) {
            wake(stream); /* it is asked again later */
            continue;
        }
        dna_stream_park(stream->core);
        dna_buf_fini(&stream->wire.out);
        stream->wire.negotiating = false;
        unlink_stream(stream);
        link_last(stream, false);
    }
    return stream != NULL ? stream->last + DNA_LIMIT_PARK_MS : DNA_NEVER;
}

/* --- life ---------------------------------------------------------------------------- */

enum dna_err dna_edge_connection_new(struct dna_uv *uv, enum dna_role role,
                                     const struct dna_uv_handler *handler, void *user,
                                     struct dna_uv_stream **out)
{
    struct dna_uv_stream *made;
    *out = NULL;
    if (uv->ending) {
        return DNA_ERR_STATE;
    }
    made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    made->uv = uv;
    made->role = role;
    made->handler = handler;
    made->user = user;
    made->user_of_stream = user;
    made->number = next_number();
    made->wire.negotiating = true;
    dna_buf_init(&made->wire.out, uv->alloc, SIZE_MAX);
    link_last(made, false);
    *out = made;
    return DNA_OK;
}

void dna_edge_connection_open(struct dna_uv_stream *stream, struct dna_edge_socket *socket,
                              const struct dna_endpoint *remote,
                              const struct dna_stream_options *options)
{
    struct dna_uv *uv = stream->uv;
    struct dna_stream_options with = *options;
    with.size = sizeof with;
    with.role = stream->role;
    with.link = stream->link;
    with.user = stream;
    dna_edge_party_of(&remote->address, &stream->party);
    with.payer = stream->link == NULL ? stream->party.key : NULL;
    stream->wire.socket = socket;
    stream->remote = *remote;
    dna_edge_endpoint_text(remote, stream->remote_text);
    dna_edge_socket_tune(socket);
    dna_edge_socket_bind(socket, &dna_edge_wire_events, stream);
    if (dna_edge_buffered_enter(stream) != DNA_OK ||
        dna_edge_random(with.random, sizeof with.random) != DNA_OK ||
        dna_edge_random(with.lasting, sizeof with.lasting) != DNA_OK ||
        dna_stream_new(uv->session, &with, uv->face->now(uv->face->self), &stream->core) !=
            DNA_OK) {
        stream->core = NULL;
        dna_edge_connection_drop(stream, "internal-server-error",
                                 "the stream could not be opened");
        return;
    }
    dna_edge_connection_enter(stream, DNA_EDGE_CLEAR);
    dna_edge_connection_stir(stream);
    if (stream->handler->opened != NULL) {
        stream->handler->opened(stream->user, stream);
    }
    if (stream->wire.direct && stream->state == DNA_EDGE_CLEAR) {
        dna_edge_wire_secure_direct(stream);
    }
}

void dna_edge_connection_stir(struct dna_uv_stream *stream)
{
    struct dna_edge_streams *streams = &stream->uv->streams;
    if (stream->uv->ending) {
        return; /* no turn looks at the list any more */
    }
    if (!stream->stirred) {
        stream->stirred = true;
        stream->next_stirred = NULL;
        *streams->stirred_end = stream;
        streams->stirred_end = &stream->next_stirred;
    }
    wake(stream);
    dna_edge_loop_wake(stream->uv->loop);
}

static void deadline_passed(void *arg)
{
    struct dna_uv_stream *stream = arg;
    dna_edge_connection_drop(stream, "",
                             stream->state == DNA_EDGE_LINGERING
                                 ? ""
                                 : "the peer did not take what was written to it");
}

static void set_deadline(struct dna_uv_stream *stream, uint64_t ms)
{
    const struct dna_loop *face = stream->uv->face;
    face->timer_free(stream->ending.deadline);
    stream->ending.deadline = face->timer(face->self, ms, deadline_passed, stream);
    if (stream->ending.deadline == NULL) {
        dna_edge_connection_drop(stream, "", "out of memory");
    }
}

static void stop(struct dna_uv_stream *stream)
{
    const struct dna_loop *face = stream->uv->face;
    face->timer_free(stream->ending.deadline);
    stream->ending.deadline = NULL;
    if (stream->fate != DNA_EDGE_GO_ON) {
        dna_edge_quest_stop(stream);
    }
    dna_edge_socket_close(stream->wire.socket);
    stream->wire.socket = NULL;
}

void dna_edge_connection_enter(struct dna_uv_stream *stream, enum dna_edge_state state)
{
    if (state <= stream->state) {
        return; /* states are only left forwards */
    }
    stream->state = state;
    switch (state) {
    case DNA_EDGE_CLOSING:
        set_deadline(stream, DNA_LIMIT_CLOSE_MS);
        break;
    case DNA_EDGE_LINGERING:
        set_deadline(stream, DNA_LIMIT_LINGER_MS);
        break;
    case DNA_EDGE_OVER:
        stop(stream);
        break;
    case DNA_EDGE_DIALLING:
    case DNA_EDGE_CLEAR:
    case DNA_EDGE_SHAKING:
    case DNA_EDGE_SECURE:
        break;
    }
}

void dna_edge_connection_excuse(struct dna_uv_stream *stream, const char *condition,
                                const char *why)
{
    struct dna_edge_ending *ending = &stream->ending;
    if (ending->condition[0] == '\0' && ending->why[0] == '\0') {
        (void)snprintf(ending->condition, sizeof ending->condition, "%s", condition);
        (void)snprintf(ending->why, sizeof ending->why, "%s", why);
    }
}

void dna_edge_connection_drop(struct dna_uv_stream *stream, const char *condition,
                              const char *why)
{
    dna_edge_connection_excuse(stream, condition, why);
    if (stream->state < DNA_EDGE_OVER) {
        dna_edge_wire_doubt(stream);
    }
    dna_edge_connection_enter(stream, DNA_EDGE_OVER);
    dna_edge_connection_stir(stream);
}

static void forget(struct dna_uv_stream *stream)
{
    dna_edge_buffered_leave(stream);
    dna_stream_free(stream->core);
    stream->core = NULL;
    dna_tls_free(stream->wire.tls);
    dna_buf_fini(&stream->wire.out);
}

void dna_edge_connection_again(struct dna_uv_stream *stream)
{
    unsigned pauses = stream->wire.pauses;
    assert(stream->state == DNA_EDGE_OVER && stream->listener == NULL);
    forget(stream);
    stream->wire = (struct dna_edge_wire){.pauses = pauses, .negotiating = true};
    dna_buf_init(&stream->wire.out, stream->uv->alloc, SIZE_MAX);
    stream->ending = (struct dna_edge_ending){.deadline = NULL};
    stream->remote = (struct dna_endpoint){.port = 0};
    stream->remote_text[0] = '\0';
    stream->party = (struct dna_edge_party){.proven = false};
    stream->state = DNA_EDGE_DIALLING;
    stream->fate = DNA_EDGE_OPEN;
    wake(stream);
}

void dna_edge_connection_abandon(struct dna_uv_stream *stream)
{
    dna_edge_verify_forget(stream);
    stop(stream);
    dna_edge_quest_free(stream);
    if (stream->listener != NULL) {
        dna_edge_listener_leave(stream->listener, &stream->remote.address, stream->secured);
    }
    forget(stream);
    unlink_stream(stream);
    dna_alloc_release(stream->uv->alloc, stream);
}

void dna_edge_connection_report(struct dna_uv_stream *stream)
{
    if (dna_edge_quest_goes_on(stream)) {
        return;
    }
    stream->stirred = true; /* and in no list: whatever closed() does, it does not come back */
    dna_edge_quest_tell(stream);
    if (stream->handler->closed != NULL) {
        stream->handler->closed(stream->user, stream, stream->ending.condition,
                                stream->ending.why);
    }
    dna_edge_connection_abandon(stream);
}
