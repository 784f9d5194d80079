/* gateway/routing.h: the router's records, shared by its files.
 *
 * A place is a domain that stanzas come from or go to; it knows the stream that leads to
 * it.  A pair is one direction between two places; it knows the stream that carries it, and
 * what waits.  A stream knows the pairs that it carries.  Records that serve nothing are
 * freed: a pair at rest with nothing waiting, a place without pairs, stream or memory of a
 * failure.
 *
 *   stream.c    streams and what they are good for
 *   pair.c      records, waiting, sending
 *   place.c     finding or opening the stream that leads to a place
 *   unproven.c  streams that carry errors alone
 *   share.c     what one domain or address may take of all this
 *   returns.c   stanzas that go back
 *   pressure.c  destinations that are slower than their sources
 *   resume.c    streams that broke and may be resumed
 *   rehost.c    a configuration that changes
 *   changed.c   what a stream may carry, and what not any more
 *   closed.c    the end of a stream
 *   router.c    what else the driver tells, and when
 */
#ifndef DNA_GATEWAY_ROUTING_H
#define DNA_GATEWAY_ROUTING_H

#include "queue.h"
#include "router.h"
#include "table.h"

#define ROUTER_SLOW_BYTES (512 * 1024)     /* output over which a source waits; above the
                                            * driver's high mark, so that it says drained */
#define ROUTER_STUCK_BYTES (2 * 1024 * 1024) /* output that makes a stream refuse more */
#define ROUTER_SHARE_BYTES (64 * 1024)     /* what each may hold where all for which nobody waits
                                            * hold half of the memory */
#define ROUTER_RECOUNT_MS 1000             /* between two looks at all of them */
#define ROUTER_HOLD_MS 5000                /* before a failed place is tried again, on average;
                                            * doubles */
#define ROUTER_HOLD_MAX_MS 60000           /* on average, too */
#define ROUTER_HOLD_LINK_MS 1000
#define ROUTER_FORGET_MS 120000            /* a failure is forgotten after that */
#define ROUTER_IDLE_MS 600000              /* a stream of ours that was idle for so long, or up
                                            * to twice as long, is closed */
#define ROUTER_RESUMPTIONS 3               /* at once, of streams that did not last, in a row */
#define ROUTER_RESUME_MS 1000              /* before the next try, on average; doubles */
#define ROUTER_ERRORS_MS 15000             /* a stream for errors alone is closed after that, or
                                            * twice that, so that its domain is sought anew */
#define ROUTER_SHORT_LIFE_MS 5000          /* a stream that ends sooner is no success */

#define NEEDS_PROOF "the local server is behind a bridge, which needs a proof"
#define CANNOT_SHOW "the gateway has no proof at hand that it could show to the local server"

/* Why a place or a pair failed lately: stanzas for it are returned until `until`. */
struct hold {
    struct hold *older, *newer;
    bool active, of_pair;
    int64_t until, since;
    unsigned failures;
    enum dna_stanza_condition condition;
    char *why;
};

enum pair_state {
    PAIR_RESTS,  /* nothing is being done for it */
    PAIR_SEEKS,  /* its destination is being looked up */
    PAIR_WAITS,  /* it has a stream, which does not carry it yet */
    PAIR_READY   /* stanzas go */
};

/* On behalf of whom pairs are kept: the network that a peer is in. */
struct account {
    struct table_node node; /* in router.accounts */
    size_t pairs;           /* never 0 */
    size_t bytes;           /* that wait for them */
    char network[];
};

struct pair {
    struct table_node node; /* in router.pairs */
    struct place *source, *target;
    struct account *account; /* NULL: nobody's */
    struct pair *next_out, **out;     /* in source->out */
    struct pair *next_in, **in;       /* in target->in */
    struct pair *next_carried, **carried; /* in stream->pairs */
    struct stream *stream;
    enum pair_state state;
    unsigned tries;   /* streams tried since it was last ready */
    bool busy;        /* something passed since the last sweep */
    uint64_t returned, lost;
    struct queue queue;
    struct hold hold;
};

struct place {
    struct table_node node; /* in router.places */
    struct router *router;
    struct dna_link *link; /* its server's; NULL: remote */
    struct pair *in, *out;
    struct stream *stream; /* leads there; not every pair need be carried by it */
    struct place *next_led, **led; /* in stream->places */
    bool looking;          /* dna_uv_endpoints is under way */
    struct place *searcher; /* ... for the sake of that one */
    size_t n_pairs;        /* in and out */
    size_t bytes;          /* that wait for these */
    size_t n_streams;      /* opened for its sake */
    size_t n_accepted;     /* public ones to it, on which a peer is accepted */
    size_t n_searches;     /* under way for its sake */
    char *where;           /* the addresses of its servers, while its stream is not connected */
    struct hold hold;
    char domain[];
};

struct stream {
    struct user user; /* first */
    struct router *router;
    struct dna_uv_stream *uv;
    struct dna_link *link; /* NULL: public */
    struct stream *next, **self; /* in router.streams */
    /* Opened by us: `from` and `to` of the header, and the host that it was meant to lead
     * to.  Accepted: "". */
    const char *own, *peer, *host;
    uint16_t port;
    bool connected; /* it has a core */
    bool up;        /* something may flow */
    bool ending;    /* we close it */
    bool busy;      /* something passed since the last sweep */
    int64_t since;
    /* The remote domain is not proven: nothing but our own errors is said for it (S25). */
    bool errors_only;
    int64_t errors_since;
    enum dna_stanza_condition errors_condition; /* for what comes on it */
    char *errors_why;                           /* ... or NULL */
    int64_t shown_until; /* monotonic: the end of the proof that was shown on it (S25) */
    struct place *owner;  /* for whose sake we opened it, or, of an accepted one, whom it
                           * is to; NULL: nobody yet */
    struct pair *pairs;   /* that it carries, or is asked to */
    struct place *places; /* that it leads to */
    /* As a source: the pair of the last stanza, valid while no pair was freed. */
    struct pair *last;
    uint64_t last_generation;
    uint64_t way; /* hash of the only destination that may be reached from it; 0: none yet */
    bool shared;  /* there are several */
    struct stream *paused_for, *next_paused, **paused;
    /* As a destination. */
    bool refuses;           /* more, until it has drained */
    size_t held;            /* its backlog, when it was last looked at */
    struct stream *sources; /* paused for it */
    char names[];
};

struct router {
    struct router_options options;
    struct table pairs, places, accounts;
    size_t n_opened, n_searches; /* streams; look-ups under way */
    uint64_t refusals[ROUTER_N_LIMITS];
    struct queues queues;
    struct stream *streams;
    size_t n_streams;
    struct hold *oldest_hold, *newest_hold;
    size_t held;         /* by all streams */
    int64_t recount_at;  /* not before */
    struct resumption *resumptions;
    int64_t resume_at;   /* the earliest of them */
    uint64_t generation; /* changes when a pair is freed */
    int64_t swept;       /* when idle streams were last looked for */
    bool unproven;       /* there may be streams for errors alone */
    int64_t unproven_swept;
    struct router_counts counts;
    bool draining; /* nothing is opened to a remote domain */
    bool stopped;  /* nothing is opened */
};

int64_t router_now(const struct router *router);

/* --- stream.c --- */
/* In the router's list; own, peer, host: as in struct stream.  NULL: no memory. */
struct stream *stream_new(struct router *router, struct dna_link *link, const char *own,
                          const char *peer, const char *host, uint16_t port);
void stream_free(struct stream *stream);
void stream_end(struct stream *stream);
/* Closes one that we opened and that serves nothing. */
void stream_settle(struct stream *stream);
/* Asks it for the pairs that wait on it (again). */
void stream_ask(struct stream *stream);
/* Closes those of ours that were idle since the last sweep, and lets go of idle pairs. */
void stream_sweep(struct router *router, int64_t now);
int64_t stream_sweep_deadline(const struct router *router);
/* Stanzas may come from stream for `domain`. */
void stream_add_way(struct stream *stream, const char *domain);

/* --- pair.c --- */
/* Found or new; source: the stream that makes it needed, or NULL.  NULL: no memory, or too
 * many. */
struct pair *pair_of(struct router *router, const char *from, const char *to,
                     const struct stream *source);
struct pair *pair_find(struct router *router, const char *from, const char *to);
/* The opposite one, found or new, for an error. */
struct pair *pair_back(struct router *router, const struct pair *pair);
/* Frees the pair, and then its places, if they serve nothing. */
void pair_release(struct router *router, struct pair *pair);
/* Puts it on a stream, and asks that stream. */
void pair_attach(struct router *router, struct pair *pair, struct stream *stream);
void pair_detach(struct pair *pair);
/* Whether one of its domains is served behind a bridge, which shows the other one's certificate,
 * and the peer has not proven that other one on the public stream (S25). */
bool pair_lacks_proof(const struct pair *pair, const struct stream *stream);
/* Why stanzas for a pair at rest are returned for now, or NULL. */
const struct hold *pair_hold(const struct router *router, const struct pair *pair);
/* Asks its stream to carry it; sends what waits as soon as that may be. */
void pair_ask(struct router *router, struct pair *pair);
/* Takes out the first that waits, which the caller frees; NULL: none does. */
struct waiting *pair_take(struct router *router, struct pair *pair);
/* Sends a stanza, lets it wait, or returns it.  source: where it came from. */
void pair_stanza(struct router *router, struct pair *pair, struct stream *source,
                 const struct dna_stanza *stanza);
/* The same for an error about stanza, whose domains are the pair's exchanged. */
void pair_error(struct router *router, struct pair *pair, const struct dna_stanza *stanza,
                enum dna_stanza_condition condition, const char *text);
/* It cannot be carried: what waits is returned, and so is all that comes for a while
 * (unless hold_ms is 0). */
void pair_fail(struct router *router, struct pair *pair,
               enum dna_stanza_condition condition, const char *why, int64_t hold_ms);
/* Returns what waits. */
void pair_give_up(struct router *router, struct pair *pair,
                  enum dna_stanza_condition condition, const char *why);

/* --- place.c --- */
struct place *place_find(struct router *router, const char *domain);
struct place *place_of(struct router *router, const char *domain);
void place_release(struct router *router, struct place *place);
/* Finds a stream for a pair that rests. */
void place_seek(struct router *router, struct pair *pair);
/* Opens a stream for this very pair, whatever else leads to its target. */
void place_dial(struct router *router, struct pair *pair);
/* Whether a stream presents the certificate that goes with a domain of ours. */
bool place_shares(const struct router *router, const struct stream *stream,
                  const char *domain);
void place_lead(struct place *place, struct stream *stream);
void place_unlead(struct place *place);
/* It is known where the stream leads: pairs whose target is not there are taken off it. */
void place_connected(struct router *router, struct stream *stream);
/* Fails every pair to the place that no stream carries. */
void place_fail(struct router *router, struct place *place,
                enum dna_stanza_condition condition, const char *why);

/* --- unproven.c --- */
/* A stanza that came on a stream for errors alone goes back. */
void unproven_return(struct router *router, struct pair *pair, const struct stream *stream,
                     const struct dna_stanza *stanza);
/* Whether what the pair's stream has shown to the server behind a bridge has ended, so that our
 * own errors are not for this stream. */
bool unproven_meanwhile(const struct router *router, const struct pair *pair);
/* Closes it; the pair is at rest. */
void unproven_close(struct pair *pair);
/* The pair has something else to say than errors. */
void unproven_leave(struct pair *pair);
int64_t unproven_deadline(const struct router *router);
void unproven_tick(struct router *router, int64_t now);

/* --- share.c --- */
/* Charges a new one; false: no memory, and nothing is charged. */
bool share_enter(struct router *router, struct pair *pair, const struct stream *stream);
void share_leave(struct router *router, struct pair *pair);
/* What bytes are for: the less the memory that is left, the less of this is let in. */
enum share_use {
    SHARE_NEW,    /* connections, streams, pairs: up to three quarters of it */
    SHARE_STANZA, /* up to seven eighths */
    SHARE_ERROR   /* what is returned */
};
/* Whether so many bytes more may wait for it. */
bool share_admits_bytes(struct router *router, const struct pair *pair, enum share_use use,
                        size_t bytes);
/* Whether there may be one more pair of the two, on behalf of who is at the other end of
 * stream (NULL: nobody). */
bool share_admits_pair(struct router *router, const struct place *source,
                       const struct place *target, const struct stream *stream,
                       enum share_use use);
/* Whether so many may be sent on a stream. */
bool share_admits_output(struct router *router, const struct stream *stream,
                         enum share_use use, size_t bytes);
/* More wait (or fewer). */
void share_wait(struct pair *pair, size_t before, size_t after);
/* Whether a stream to target may be opened for source. */
bool share_admits_stream(struct router *router, const struct pair *pair);
void share_open(struct router *router, struct stream *stream, const struct pair *pair);
void share_close(struct router *router, struct stream *stream);
/* A peer is accepted on a public stream that it has opened to that domain of ours; false: there
 * are too many of these. */
bool share_accept(struct router *router, struct stream *stream, const char *own);
/* Whether the server of pair's target may be looked for, which begins (or ends). */
bool share_begin_search(struct router *router, const struct pair *pair);
void share_end_search(struct router *router, struct place *target);
void share_refuse(struct router *router, enum router_limit limit, const char *whose);

/* --- returns.c --- */
void returns_stanza(struct router *router, struct pair *pair,
                    const struct dna_stanza *stanza, enum dna_stanza_condition condition,
                    const char *why);
/* Counts and logs one that cannot be returned. */
void returns_lost(struct router *router, struct pair *pair, const char *why);

/* Of what happens for the count-th time. */
bool returns_worth_a_line(uint64_t count);

/* --- hold.c --- */
void hold_begin(struct router *router, struct hold *hold, int64_t first_ms,
                enum dna_stanza_condition condition, const char *why);
void hold_end(struct router *router, struct hold *hold);
bool hold_holds(const struct router *router, const struct hold *hold);
/* How long the next attempt waits after so many failures. */
int64_t hold_pause(const struct router *router, unsigned failures, int64_t first_ms);
int64_t hold_deadline(const struct router *router);
/* Forgets what is old. */
void hold_tick(struct router *router, int64_t now);

/* --- pressure.c --- */
/* Why destination takes nothing from source now, or NULL.  source: NULL is the gateway. */
const char *pressure_refuses(struct router *router, const struct stream *source,
                             const struct stream *destination);
/* source gave a stanza to destination, and has to wait for it if need be. */
void pressure_sent(struct router *router, struct stream *source, struct stream *destination);
/* There is another destination that may be reached from source: it waits for none. */
void pressure_shared(struct stream *source);
void pressure_drained(struct router *router, struct stream *destination);
void pressure_forget(struct router *router, struct stream *stream);

/* --- resume.c --- */
/* stream is closed: it is opened again if the session has something to resume. */
void resume_closed(struct router *router, struct stream *stream);
int64_t resume_deadline(const struct router *router);
void resume_tick(struct router *router, int64_t now);
void resume_fini(struct router *router);

#endif
