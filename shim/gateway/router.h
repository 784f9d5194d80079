/* gateway/router.h: which stream carries which pair of domains.
 *
 * The router is told what happens on the streams (streams.c calls it, from the driver's
 * callbacks) and acts through mod_dna/uv.h.  Its invariants:
 *
 *   - stanzas of one pair leave in the order in which they came, on one stream at a time;
 *   - what cannot be delivered is returned as an error, what may not be answered is counted
 *     and logged;
 *   - a stanza that can be sent at once costs one comparison of names, or one look-up, and
 *     no memory.
 *
 * A destination is either hosted here (then a stream to its server's own port carries what
 * is for it) or remote (then a public stream does).  Errors are stanzas of the opposite
 * pair.
 */
#ifndef DNA_GATEWAY_ROUTER_H
#define DNA_GATEWAY_ROUTER_H

#include <mod_dna/uv.h>

#include "config.h"

struct gateway;
struct router;
struct stream; /* one stream of the driver's, whichever its side */

/* What every user pointer of the driver's points to: the first member of a stream or of a
 * listener. */
struct user {
    struct gateway *gateway;
    bool is_stream;
};

struct router_options {
    struct dna_uv *uv;
    struct dna_session *session;
    const struct dna_log *log;
    const struct dna_uv_handler *handler; /* of the streams that the router opens; their
                                           * user is the struct stream */
    struct gateway_queue_config queue;
    struct gateway_shares_config shares;
    uint64_t key[2]; /* random */
    uint32_t (*random)(void); /* spreads attempts in time */
    /* Where the local server behind a link listens; NULL: the link is no more. */
    const struct gateway_address *(*server_of)(const struct gateway *gateway,
                                               const struct dna_link *link);
    /* Whether both domains are presented with the same certificate, so that one stream may
     * assert both; NULL: always. */
    bool (*same_identity)(const struct gateway *gateway, const char *one, const char *other);
    /* Whether a remote domain's proof, which a bridge's server was shown, has not ended; NULL:
     * always. */
    bool (*proves)(const struct gateway *gateway, const char *domain);
    /* A search has ended, at a time of its own: what its pairs do now has been done, and
     * router_deadline may be another. */
    void (*searched)(struct gateway *gateway);
    struct gateway *gateway;
};

struct router_counts {
    uint64_t relayed, returned, lost;
};

/* NULL: no memory. */
struct router *router_new(const struct router_options *options);
/* Every stream must have been told closed. */
void router_free(struct router *router);

/* A stream was accepted; link: the link it arrived on, NULL: public.  NULL: no memory. */
struct stream *router_accepted(struct router *router, struct dna_uv_stream *uv,
                               struct dna_link *link);
struct router *router_of(const struct stream *stream);
/* A stream that the router opened is connected. */
void router_connected(struct stream *stream);
void router_stanza(struct stream *stream, const struct dna_stanza *stanza);
void router_changed(struct stream *stream, const struct dna_stream_effect *effect);
void router_drained(struct stream *stream);
/* A stanza was sent on a public stream whose connection broke, and nobody knows whether it
 * arrived: its sender is told. */
void router_unsent(struct router *router, const struct dna_stanza *stanza);
/* Frees stream. */
void router_closed(struct stream *stream, const char *condition, const char *why);

/* Monotonic time at which router_tick is to be called. */
int64_t router_deadline(const struct router *router);
void router_tick(struct router *router);

/* From now on no stream is opened to a remote domain. */
void router_drain(struct router *router);
/* What the session says of domain has changed: it is hosted, or not any more, or behind another
 * link.  Stanzas that wait go there, or are returned. */
void router_rehost(struct router *router, const char *domain);
/* Finds the way from one domain to another, before there is a stanza; and whether that is under
 * way. */
void router_seek(struct router *router, const char *from, const char *to);
bool router_seeks(struct router *router, const char *from, const char *to);
/* Before TLS: the remote domain of a bridge's stream is shown a certificate that proves nothing.
 * What comes on it is returned, and nothing but errors is sent (S25). */
void router_errors_only(struct stream *stream);
/* The same with one that was signed upon a proof, and that ends in so many seconds. */
void router_shows_proof(struct stream *stream, int64_t seconds);
/* Has a domain heard again where it is proven, for the evidence; false: it is proven nowhere. */
bool router_rehear(struct router *router, const char *domain);
/* Closes the streams of a link whose server is not to be believed any more. */
void router_close_link(struct router *router, const struct dna_link *link);
void router_limit(struct router *router, const struct gateway_queue_config *limits);

/* --- share.c: what one party may take --------------------------------------------------- */

enum router_limit {
    ROUTER_LIMIT_PAIRS,
    ROUTER_LIMIT_PAIRS_OF_HOST,
    ROUTER_LIMIT_PAIRS_OF_PEER,
    ROUTER_LIMIT_PAIRS_OF_ADDRESS,
    ROUTER_LIMIT_BYTES, /* and what else stands in the section queue for each pair */
    ROUTER_LIMIT_BYTES_OF_HOST,
    ROUTER_LIMIT_BYTES_OF_PEER,
    ROUTER_LIMIT_BYTES_OF_ADDRESS,
    ROUTER_LIMIT_STREAMS,
    ROUTER_LIMIT_STREAMS_OF_HOST,
    ROUTER_LIMIT_ACCEPTED_OF_HOST,
    ROUTER_LIMIT_SEARCHES,
    ROUTER_LIMIT_SEARCHES_OF_HOST,
    ROUTER_LIMIT_MEMORY,
    ROUTER_LIMIT_MEMORY_OF_ADDRESS,
    ROUTER_N_LIMITS
};
/* The option's name; static. */
const char *router_limit_name(enum router_limit limit);
/* Whether a stranger may connect; else that is counted. */
bool router_admits(struct router *router);
/* For what comes from now on. */
void router_share(struct router *router, const struct gateway_shares_config *shares);
/* How often each has refused something.  A refusal is also logged, of each limit the first, the
 * second, the fourth ...: "limit-reached", with limit, of (whose share it was; "-": all) and
 * refused. */
void router_refusals(const struct router *router, uint64_t counts[ROUTER_N_LIMITS]);
/* How many stanzas wait. */
size_t router_waiting(const struct router *router);
size_t router_n_streams(const struct router *router);
/* Gives up what still waits, and closes every stream with system-shutdown. */
void router_close_all(struct router *router);
struct router_counts router_counted(const struct router *router);

#endif
