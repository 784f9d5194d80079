/* edge/connection.h: a stream over a connection, as the files of this room see it.
 *
 *   DIALLING ─▶ CLEAR ─▶ SHAKING ─▶ SECURE
 *                 └────────┴──────────┴──▶ CLOSING ─▶ LINGERING ─▶ OVER ─▶ closed(), freed
 *
 * Every state may go to OVER at once; only dna_edge_connection_enter changes it.  Handlers
 * are called from the loop and may call anything; what they cause is done in the turn:
 * whoever changes something *stirs* the stream, and the turn *settles* those that were.
 */
#ifndef DNA_EDGE_CONNECTION_H
#define DNA_EDGE_CONNECTION_H

#include <base/buf.h>
#include <edge/driver.h>
#include <edge/sockaddr.h>
#include <edge/want.h>

struct dna_edge_dial;
struct dna_edge_socket;
struct dna_tls;

enum dna_edge_state {
    DNA_EDGE_DIALLING,
    DNA_EDGE_CLEAR,
    DNA_EDGE_SHAKING,
    DNA_EDGE_SECURE,
    DNA_EDGE_CLOSING,   /* the core is done; what it wrote is being sent */
    DNA_EDGE_LINGERING, /* FIN is sent; the peer's is awaited for a moment */
    DNA_EDGE_OVER       /* to be reported and freed */
};

struct dna_edge_wire {
    struct dna_edge_socket *socket;
    struct dna_tls *tls;
    struct dna_buf out; /* what goes to the socket next, encrypted where TLS is on */
    unsigned pauses;
    bool above;       /* the high mark was passed and the low one not yet */
    bool input_over;  /* FIN, close_notify or an error */
    bool negotiating; /* acknowledge at once */
    bool half_read;   /* ciphertext was kept when reading was paused */
    bool finished;    /* close_notify is in out: nothing follows */
};

struct dna_edge_ending {
    char condition[40];
    char why[160];
    struct dna_timer *deadline;
};

/* The names of the header, until there is a core that knows them. */
struct dna_edge_names {
    struct dna_name own, peer;
};

struct dna_uv_stream {
    struct dna_uv *uv;
    struct dna_uv_stream *next, *prev; /* in the list of the awake or the parked */
    struct dna_uv_stream *next_stirred;
    bool stirred, awake;
    enum dna_role role;
    enum dna_edge_state state;
    struct dna_edge_wire wire;
    struct dna_edge_ending ending;
    struct dna_stream *core; /* NULL while dialling */
    struct dna_edge_dial *dial;
    struct dna_edge_names *names; /* while dialling */
    struct dna_uv_listener *listener; /* accepted: where it is counted */
    struct dna_link *link;
    const struct dna_uv_handler *handler;
    void *user, *user_of_stream;
    int64_t last; /* monotonic: when something happened last */
    uint64_t number;
    struct dna_endpoint remote;
    char remote_text[DNA_EDGE_ENDPOINT_TEXT];
    struct dna_edge_party party; /* proven: the peer proved some domain */
};

/* --- connection.c: life ------------------------------------------------------------- */

/* In state DIALLING, in the driver's list, not stirred. */
DNA_MUST_USE enum dna_err dna_edge_connection_new(struct dna_uv *uv, enum dna_role role,
                                                  const struct dna_uv_handler *handler,
                                                  void *user, struct dna_uv_stream **out);
/* Takes the socket over and opens the core; the stream is over if that fails. */
void dna_edge_connection_open(struct dna_uv_stream *stream, struct dna_edge_socket *socket,
                              const struct dna_endpoint *remote,
                              const struct dna_stream_options *options);
/* Settled in the next turn. */
void dna_edge_connection_stir(struct dna_uv_stream *stream);
void dna_edge_connection_enter(struct dna_uv_stream *stream, enum dna_edge_state state);
/* Over at once; condition and why are kept unless there are some. */
void dna_edge_connection_drop(struct dna_uv_stream *stream, const char *condition,
                              const char *why);
/* Frees one that nobody knows of yet. */
void dna_edge_connection_abandon(struct dna_uv_stream *stream);
/* Calls closed() and frees. */
void dna_edge_connection_report(struct dna_uv_stream *stream);
void dna_edge_connection_excuse(struct dna_uv_stream *stream, const char *condition,
                                const char *why);
/* Parks what was silent for long enough; the time when the next one will be, or DNA_NEVER. */
int64_t dna_edge_connection_park(struct dna_uv *uv, int64_t now);

/* --- effects.c: what the core says ---------------------------------------------------- */

/* Pulls until nothing is left.  From the loop only. */
void dna_edge_connection_pull(struct dna_uv_stream *stream);
/* The connection is lost, or its input ended. */
void dna_edge_connection_gone(struct dna_uv_stream *stream, const char *why);

/* --- wire.c: bytes -------------------------------------------------------------------- */

extern const struct dna_edge_socket_events dna_edge_wire_events;
/* Everything that became possible since: reads on, sends, closes. */
void dna_edge_wire_settle(struct dna_uv_stream *stream);
/* The core asked for TLS; domain: whose certificate we present, or NULL. */
void dna_edge_wire_secure(struct dna_uv_stream *stream, const char *domain);
size_t dna_edge_wire_backlog(const struct dna_uv_stream *stream);
/* Notes that the high mark is passed, if it is: a host that saw it waits to be told when the
 * output is drained, though it be in the same turn. */
void dna_edge_wire_mark(struct dna_uv_stream *stream);

#endif
