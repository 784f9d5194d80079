/* session/stream.h: one stream: reader, protocol engine, and the hearings for it. */
#ifndef DNA_SESSION_STREAM_H
#define DNA_SESSION_STREAM_H

#include <s2s/s2s.h>
#include <session/context.h>
#include <session/hearing.h>
#include <xml/reader.h>

/* What the stream knows of one domain of its peer. */
struct dna_stream_peer {
    struct dna_hearing *hearing; /* under way, or NULL */
    struct dna_ruling *ruling;   /* not shown to the host yet, or NULL */
    unsigned generation;         /* of the policy under which it was ruled */
    enum dna_prooftype prooftype;
    unsigned terms; /* of that policy, for the prooftype */
    unsigned trust; /* session.trust when it was ruled */
    bool proven; /* by the last ruling */
    bool pinned; /* ... and by a key that the policy names */
    bool dialback; /* not proven, but that ruling lets dialback admit its pairs */
    bool review; /* the next renewal is due to a change of the policy */
    bool added;  /* was heard without an endpoint */
    struct dna_hearing *observing;       /* of what decides nothing, or NULL */
    struct dna_hearing_supplied supplied; /* what the peer said meanwhile */
};

struct dna_stream_endpoint {
    char *host; /* NULL: not connected by SRV, or not by us */
    uint16_t port;
    char *address; /* as text; NULL: not told */
};

/* Look-ups begun before TLS. */
struct dna_stream_foresight {
    struct dna_wait *waits;
    bool begun;
};

struct dna_stream {
    struct dna_session *session;
    struct dna_link *link; /* NULL: public */
    enum dna_role role;
    void *user;
    struct dna_s2s *s2s;
    struct dna_xml_reader *reader;
    bool lent;   /* the reader may have more items */
    bool closed; /* CLOSE was handed out */
    struct dna_chain *chain; /* what the peer presented */
    struct dna_stream_endpoint endpoint;
    struct dna_stream_foresight foresight;
    struct dna_payer *payer; /* of its look-ups; NULL: the host */
    struct dna_map *peers; /* to struct dna_stream_peer; NULL on local streams */
    struct dna_ruling *shown; /* beside the last PEER effect, or NULL */
    struct dna_timer timer;
    struct dna_stream *prev, *next;             /* session.streams */
    struct dna_stream *prev_ready, *next_ready; /* session.ready */
    bool is_ready;
    bool left;     /* dna_stream_leave was called */
    bool verifies;
    int64_t resume_until; /* monotonic: of what it resumes; 0: nothing */
    char *pinged;  /* domains and id of a ping that is not answered yet, or NULL */
    char nonce[33]; /* of what we ask for on a keyed link */
};

/* What a call into the engine returned, where nobody is there to be told: after a fault the
 * stream is lost, and its last effect says so. */
static inline void dna_stream_lost(enum dna_err err)
{
    (void)err;
}

/* Something happened on it: the host must pull, and the deadline may have changed. */
void dna_stream_touch(struct dna_stream *stream);

/* --- peers.c: the domains of the peer --------------------------------------------------- */

void dna_stream_peers_free(struct dna_stream *stream);
/* Opens a hearing, in place of one under way. */
void dna_stream_hear(struct dna_stream *stream, const char *domain, bool added, bool renewal,
                     struct dna_time now);
void dna_stream_dismiss(struct dna_stream *stream, const char *domain, struct dna_time now);
void dna_stream_dismiss_all(struct dna_stream *stream);
/* A hearing for it ended, and is freed next. */
void dna_stream_heard(struct dna_stream *stream, struct dna_hearing *hearing,
                      struct dna_time now);
/* The s2s effect PEER: notes it, and shows what was ruled, or NULL.  begins_anew: the stream
 * does, and what was proven may be restored behind it (SASL). */
const struct dna_ruling *dna_stream_standing(struct dna_stream *stream, const char *domain,
                                             bool accepted, bool begins_anew);
/* What the court is asked about it, by the policy of now. */
struct dna_question dna_stream_question(const struct dna_stream *stream, const char *domain,
                                        bool added);
/* The policy changed: accepted peers are heard again, or revoked at once. */
void dna_stream_review(struct dna_stream *stream, struct dna_time now);
struct dna_hearing *dna_stream_hearing(const struct dna_stream *stream, const char *domain);

/* --- observe.c -------------------------------------------------------------------------- */

/* A domain of the peer has been accepted by that (static): what does the policy say of it that
 * is only observed?  Nothing comes of it for the stream. */
void dna_stream_observe(struct dna_stream *stream, const char *domain,
                        struct dna_stream_peer *peer, const char *accepted_by,
                        struct dna_time now);
/* The same where dialback has accepted a pair of the domain. */
void dna_stream_observe_dialled(struct dna_stream *stream, const char *domain,
                                struct dna_time now);

/* --- suspended.c: what is left of streams whose connection broke ----------------------------- */

/* For a new stream of ours: it goes on where another one of the same pair broke off. */
void dna_stream_take_up(struct dna_stream *stream, struct dna_time now);
/* The peer wants to go on with the stream that we called id. */
void dna_stream_find_suspended(struct dna_stream *stream, const char *id, struct dna_time now);
/* What the stream leaves is suspended, or to be returned; once, when it is over. */
void dna_stream_leave(struct dna_stream *stream);
/* What it gave up so far is to be returned. */
void dna_stream_collect_unsent(struct dna_stream *stream);
/* A ping was sent. */
void dna_stream_expect_answer(struct dna_stream *stream, const char *own, const char *peer,
                              const char *id);
/* Whether the stanza answers a ping of some stream of ours, wherever it arrived. */
bool dna_stream_is_answer(struct dna_stream *stream, const struct dna_stanza *stanza);
/* The stream is freed: nobody waits for its answer any more. */
void dna_stream_expect_nothing(struct dna_stream *stream);

/* --- drive.c: effects ------------------------------------------------------------------ */

/* Handles an effect, or makes it the host's: true. */
bool dna_stream_act(struct dna_stream *stream, const struct dna_s2s_effect *effect,
                    struct dna_time now, struct dna_stream_effect *out);

#endif
