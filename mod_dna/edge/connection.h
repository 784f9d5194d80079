/* edge/connection.h: a stream over a connection, as the files of this room see it.
 *
 *   DIALLING ─▶ CLEAR ─▶ SHAKING ─▶ SECURE
 *     ▲           └────────┴──────────┴──▶ CLOSING ─▶ LINGERING ─▶ OVER ─▶ closed(), freed
 *     └───────── the next endpoint, if this one was no good ────────┘
 *
 * Every state may go to OVER at once; only dna_edge_connection_enter and, back to DIALLING,
 * dna_edge_connection_again change it.  Under direct TLS nothing is said in CLEAR.  Handlers
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
struct dna_edge_purse;
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
    bool direct;      /* TLS before anything else (XEP-0368) */
    bool uncertified; /* TLS waits for the host's certificate; nothing is written */
};

struct dna_edge_ending {
    char condition[40];
    char why[160];
    struct dna_timer *deadline;
};

/* Whether an outgoing stream that ends goes on at the next endpoint: the first thing that says
 * something about it decides. */
enum dna_edge_fate {
    DNA_EDGE_OPEN,
    DNA_EDGE_GO_ON, /* we found this endpoint to be no good */
    DNA_EDGE_LAST,  /* the same, and there is no other */
    DNA_EDGE_FINAL  /* the peer or the host has spoken, or no other endpoint would do */
};

/* An outgoing stream until its endpoint is known to be good: what connecting anew takes, and
 * why endpoints were left so far.  Of several reasons the first is kept, a ruling before
 * anything else. */
struct dna_edge_quest {
    struct dna_edge_dial *dial;
    struct dna_name own, peer;
    bool failed;  /* an endpoint was left */
    bool refused; /* ... by a ruling, which the host was not told */
    bool refuses; /* the present endpoint is being left by a ruling */
    char condition[40];
    char why[160];
    struct dna_ruling ruling; /* refused or refuses */
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
    struct dna_edge_quest *quest; /* outgoing; NULL: this endpoint is the one */
    enum dna_edge_fate fate;
    struct dna_uv_listener *listener; /* accepted: where it is counted */
    struct dna_link *link;
    const struct dna_uv_handler *handler;
    void *user, *user_of_stream;
    int64_t last; /* monotonic: when something happened last */
    uint64_t number;
    struct dna_endpoint remote;
    char remote_text[DNA_EDGE_ENDPOINT_TEXT];
    bool verifies; /* it is for asking about one dialback key */
    bool routed;   /* to an address that the host has named */
    bool moved;    /* the peer's word of another place is to be followed */
    unsigned char hops; /* places in a row that have led here so */
    bool secured; /* accepted: TLS has been on */
    bool reached; /* the handler took the other end for the link's server */
    struct dna_edge_party party; /* proven: the peer proved some domain */
    size_t buffered;             /* as counted last */
    struct dna_edge_purse *purse; /* public: where it is counted, too; NULL: not yet */
};

/* --- connection.c: life ------------------------------------------------------------- */

/* In state DIALLING, in the driver's list, not stirred. */
DNA_MUST_USE enum dna_err dna_edge_connection_new(struct dna_uv *uv, enum dna_role role,
                                                  const struct dna_uv_handler *handler,
                                                  void *user, struct dna_uv_stream **out);
/* Takes the socket over and opens the core, and begins direct TLS where wire.direct says so;
 * the stream is over if that fails. */
void dna_edge_connection_open(struct dna_uv_stream *stream, struct dna_edge_socket *socket,
                              const struct dna_endpoint *remote,
                              const struct dna_stream_options *options);
/* Back to DIALLING: forgets the connection and its core.  Of one that is OVER. */
void dna_edge_connection_again(struct dna_uv_stream *stream);
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

/* --- quest.c: which endpoint ------------------------------------------------------------ */

DNA_MUST_USE enum dna_err dna_edge_quest_new(struct dna_uv_stream *stream, const char *own,
                                             const char *peer);
/* Has ended, one way or the other. */
void dna_edge_quest_free(struct dna_uv_stream *stream);
/* No other endpoint will be tried; what is to be told is kept. */
void dna_edge_quest_stop(struct dna_uv_stream *stream);
/* The first to decide does; GO_ON becomes LAST where there is no other endpoint. */
void dna_edge_quest_decide(struct dna_uv_stream *stream, enum dna_edge_fate fate);
/* Whether the domain may be proven at another of its endpoints though it is refused at this
 * one; ruling may be NULL. */
bool dna_edge_quest_may_differ(const struct dna_ruling *ruling);
/* We refuse the peer.  True: another endpoint is tried, and the host need not know yet. */
bool dna_edge_quest_refuses(struct dna_uv_stream *stream,
                            const struct dna_stream_effect *effect);
/* The stream is over.  True: it is not, it goes on at the next endpoint. */
bool dna_edge_quest_goes_on(struct dna_uv_stream *stream);
/* The stream is over: tells the host what was kept from it, if that says more. */
void dna_edge_quest_tell(struct dna_uv_stream *stream);

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
/* TLS at once, before a byte of XML. */
void dna_edge_wire_secure_direct(struct dna_uv_stream *stream);
/* The host has a certificate for TLS that waits for one, or has none. */
void dna_edge_wire_certify(struct dna_uv_stream *stream,
                           const struct dna_uv_identity *identity);
size_t dna_edge_wire_backlog(const struct dna_uv_stream *stream);
/* The connection is lost: the core is told how much of what it wrote may be lost with it. */
void dna_edge_wire_doubt(struct dna_uv_stream *stream);
/* The same, with what the peer has not acknowledged. */
size_t dna_edge_wire_burden(const struct dna_uv_stream *stream);
/* Notes that the high mark is passed, if it is: a host that saw it waits to be told when the
 * output is drained, though it be in the same turn. */
void dna_edge_wire_mark(struct dna_uv_stream *stream);

#endif
