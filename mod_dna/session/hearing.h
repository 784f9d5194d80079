/* session/hearing.h: one question before the court.
 *
 * The court names what it wants to know; this room answers from what it remembers, joins a
 * look-up under way, or starts one.  A hearing of a stream ends with dna_stream_heard and is
 * freed; one of the host waits until it is handed out.
 */
#ifndef DNA_SESSION_HEARING_H
#define DNA_SESSION_HEARING_H

#include <mod_dna/court.h>
#include <session/context.h>

enum dna_hearing_purpose {
    DNA_HEAR_FIRST,   /* may be answered by a remembered ruling */
    DNA_HEAR_RENEWAL, /* must look again: what is remembered is what ends */
    DNA_HEAR_REVIEW,  /* the policy changed under an accepted peer: facts are still facts */
    DNA_HEAR_OBSERVED /* decides nothing, and leaves nothing behind */
};

struct dna_hearing_peer {
    bool open;      /* the court waits for what the peer supplies */
    bool asked;     /* at most once in a hearing */
    bool answered;  /* with this proof */
    struct dna_key_proof proof;
    unsigned want;
};

/* What the peer said, for a policy that is observed afterwards. */
struct dna_hearing_supplied {
    bool known;
    enum dna_peer_outcome outcome;
    enum dna_prooftype prooftype;
    char *content; /* or NULL */
    size_t len;
};

/* For the log. */
struct dna_hearing_count {
    unsigned facts;    /* that the court was told */
    unsigned recalled; /* ... from memory */
    bool spoke;        /* some prover ruled */
    int64_t began;     /* monotonic */
};

/* Where it is counted. */
struct dna_hearing_load {
    bool counted;
    struct dna_payer *payer, *host; /* or NULL */
};

struct dna_hearing {
    struct dna_session *session;
    struct dna_stream *stream; /* NULL: the host's */
    void *user;
    enum dna_hearing_purpose purpose;
    struct dna_question question; /* of its own: texts below, chain referenced */
    struct dna_name domain, host, own;
    struct dna_court *court; /* NULL: it has ruled */
    struct dna_timer timer;
    struct dna_wait *waits;
    struct dna_hearing_peer peer;
    struct dna_hearing_supplied supplied;
    const char *accepted_by; /* OBSERVED: by what the peer is accepted as it is; static */
    struct dna_hearing_count count;
    struct dna_hearing_load load;
    struct dna_ruling ruling;
    char *bundle; /* the evidence, or NULL */
    struct dna_hearing *prev, *next; /* session.ended */
    bool listed;
};

/* Opens a hearing and goes on with it as far as what is remembered leads; a stream's may have
 * ended, and *out be NULL, on return.  DNA_ERR_MEMORY, DNA_ERR_ARGUMENT: nobody is told
 * anything. */
DNA_MUST_USE enum dna_err dna_hearing_open(struct dna_session *session,
                                           const struct dna_question *question,
                                           struct dna_stream *stream,
                                           enum dna_hearing_purpose purpose, void *user,
                                           struct dna_time now, struct dna_hearing **out);
/* Opens one that decides nothing, as dna_hearing_open does: of an accepted peer, under the
 * question's own policy.  Takes over what the peer supplied.  *out: NULL if it has ended. */
DNA_MUST_USE enum dna_err dna_hearing_observe(struct dna_stream *stream,
                                              const struct dna_question *question,
                                              struct dna_hearing_supplied *supplied,
                                              const char *accepted_by, struct dna_time now,
                                              struct dna_hearing **out);
/* The answer to a look-up that it waited for.  The hearing may be gone afterwards, as after
 * the calls below. */
DNA_MUST_USE enum dna_err dna_hearing_answer(struct dna_hearing *hearing, unsigned court_id,
                                             const struct dna_fact *fact, struct dna_time now);
DNA_MUST_USE enum dna_err dna_hearing_tick(struct dna_hearing *hearing, struct dna_time now);
/* What the peer supplied; ignored where nobody asked. */
DNA_MUST_USE enum dna_err dna_hearing_supply(struct dna_hearing *hearing,
                                             const struct dna_fact *fact,
                                             struct dna_time now);

/* --- inquiry.c ------------------------------------------------------------------------ */

/* Gives the court a fact. */
DNA_MUST_USE enum dna_err dna_hearing_tell(struct dna_hearing *hearing, unsigned id,
                                           const struct dna_fact *fact, struct dna_time now);
/* One want of the court: answered now, or joined to a look-up. */
DNA_MUST_USE enum dna_err dna_hearing_satisfy(struct dna_hearing *hearing, unsigned id,
                                              const struct dna_want *want,
                                              struct dna_time now);
/* The path check of a chain as it is remembered, or made now.  False: neither. */
bool dna_hearing_path(struct dna_session *session, const struct dna_chain *chain,
                      struct dna_path *out);

/* --- observe.c ------------------------------------------------------------------------ */

/* Keeps what the peer said, if some policy for the domain is observed. */
void dna_hearing_keep_supplied(struct dna_hearing *hearing, const struct dna_fact *fact,
                               struct dna_time now);
void dna_hearing_drop_supplied(struct dna_session *session,
                               struct dna_hearing_supplied *supplied);
/* What the peer said then, as a fact; what it was not asked is silence. */
struct dna_fact dna_hearing_supplied_fact(const struct dna_hearing *hearing);
/* An observed hearing has ruled: it is told to the log and the list.  The caller frees it. */
void dna_hearing_observed(struct dna_hearing *hearing, struct dna_time now);

/* --- precedent.c ---------------------------------------------------------------------- */

/* A first hearing that a remembered proof answers: hearing->ruling is it. */
bool dna_precedent_proven(struct dna_hearing *hearing, struct dna_time now);
/* Whether this very proof was refused a moment ago: hearing->ruling is it.  If not, what it
 * is is noted. */
bool dna_precedent_refused(struct dna_hearing *hearing, const struct dna_fact *fact,
                           struct dna_time now);
/* The court has ruled, and is there still. */
void dna_precedent_set(struct dna_hearing *hearing, struct dna_time now);

#endif
