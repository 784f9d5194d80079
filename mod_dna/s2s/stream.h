/* s2s/stream.h: the insides of a stream, shared by the files of this room.
 *
 * Only engine.c assigns `state`, of the stream and of its records.  Failures of memory are
 * sticky: the first one stays in `err`, output and effects are refused from then on, and the
 * public call returns it.
 */
#ifndef DNA_S2S_STREAM_H
#define DNA_S2S_STREAM_H

#include <string.h>

#include <base/arena.h>
#include <s2s/s2s.h>
#include <s2s/vocabulary.h>

/* Whether the peer speaks DNA. */
enum dna_s2s_speaks { DNA_S2S_SPEAKS_UNKNOWN, DNA_S2S_SPEAKS_NO, DNA_S2S_SPEAKS_YES };

/* One domain of one side, one dialback pair, or one dialback key in question.  The texts
 * stand behind it in the same block. */
struct dna_s2s_record {
    unsigned char state;       /* enum dna_s2s_state; assigned by engine.c only */
    unsigned char refusals;    /* in a row; sets the back-off */
    unsigned char storm;       /* pointless assertions or challenges in a row */
    uint16_t offered;          /* prooftypes: of our challenge, or of the peer's */
    uint16_t ietf;             /* ... that the peer spelled urn:ietf:... only */
    bool short_form : 1;       /* the peer used the slides' form */
    bool bare : 1;             /* ... a challenge without `to` */
    bool asserted : 1;         /* own: the peer was told; peer: it asked */
    bool wanted : 1;           /* peer: stanzas wait for it */
    bool one_way : 1;          /* own: SASL let the peer in, not our stanzas out */
    bool unchallenged : 1;     /* refused while the peer was not known to speak DNA */
    bool proof_owed : 1;       /* our challenge was not answered yet */
    bool hearing : 1;          /* the session hears the domain */
    bool queued : 1;           /* in the list of those that wait */
    bool dialling : 1;         /* in the list of those whose remote domain is being judged */
    unsigned char code;        /* enum dna_code: why it was refused */
    unsigned number;           /* of the question to the sender's server */
    unsigned timer;            /* place in the heap + 1; 0: none */
    int64_t deadline;          /* monotonic, with timer */
    int64_t expires_at;        /* wall: end of the proof */
    int64_t ended_at;          /* monotonic: when it became INVALID or IMPOSSIBLE */
    int64_t retry_at;          /* monotonic: when it may be tried again */
    struct dna_s2s_record *next_waiting;
    struct dna_s2s_record *older, *newer; /* pairs that we send on and that rest, by use */
    const char *domain; /* canonical; pairs: the sender */
    const char *other;  /* pairs: the receiver; "" */
    const char *id;     /* keys: the stream id that the key belongs to; "" */
    char *key;          /* of a public pair that is being judged, or NULL */
};

struct dna_s2s_records {
    struct dna_map *own;  /* asserting; local: pairs that we send on */
    struct dna_map *peer; /* validating; local: pairs and keys of the local server */
    struct dna_s2s_record **heap;
    size_t n_heap, heap_room;
    struct dna_s2s_record *waiting, **waiting_end;
    struct dna_s2s_record *oldest, *newest; /* of the pairs that rest */
    struct dna_s2s_record *dialling; /* linked as those that wait */
    unsigned asked; /* questions to servers of senders, for their numbers */
    struct dna_s2s_record *last_from, *last_to; /* of the last stanza; local: the pair */
    /* Kept by engine.c: */
    size_t in_flight;
    size_t challenged; /* peer's records in a CHALLENGED state */
    size_t own_valid, peer_valid;
    size_t pairs; /* records that have two domains; by records.c */
    /* Initiating: pairs asked for before the stream was ready; "own peer". */
    struct dna_map *wishes;
};

struct dna_s2s_effects {
    struct dna_arena arena;
    struct dna_s2s_effect *queue;
    size_t first, n, room;
};

/* What the stream headers and features said. */
struct dna_s2s_headers {
    unsigned char round;  /* 0 in clear, 1 under TLS, 2 after SASL */
    bool sent;            /* ours, in this round */
    bool modern;          /* the peer's has a version of at least 1.0 */
    bool stranger;        /* the response came from another domain than we asked */
    bool external;        /* SASL EXTERNAL is offered */
    bool dialback, dialback_errors;
    bool dials;           /* initiating: pairs are dialled, though the peer may speak DNA */
    char *id;             /* initiating, where dialback may need it: the peer's; or NULL */
    bool manages;         /* the peer offers XEP-0198 */
    bool bidi;            /* ... and XEP-0288 */
    size_t max_bytes;     /* of the peer, XEP-0478; 0: unknown */
    int64_t idle_ms;      /* the same */
};

/* XEP-0288. */
struct dna_s2s_bidi {
    bool on;          /* it was said by the initiating entity */
    size_t max_bytes; /* receiving: of the peer, as in the headers, but for restarts */
    int64_t idle_ms;
};

/* XEP-0198. */
enum dna_s2s_managed {
    DNA_S2S_UNMANAGED, /* what is kept was sent lately */
    DNA_S2S_ENABLING,  /* <enable/> was sent: stanzas are counted, acknowledgements not due */
    DNA_S2S_MANAGED,
    DNA_S2S_RESUMING,  /* it is to go on from another stream; nothing flows before it does */
    DNA_S2S_SEARCHING  /* the host was asked for the stream that the peer resumes */
};

struct dna_s2s_managing {
    struct dna_manage manage;
    enum dna_s2s_managed state;
    bool requested; /* an acknowledgement, which has not come */
    bool full;      /* something was not sent for want of acknowledgements */
    bool lost;      /* the connection broke while all was well */
    bool seeking;   /* what is held waits for domains that were not asked for yet */
    uint32_t peer_h;       /* SEARCHING */
    char *id;              /* the stream may be resumed under it; or NULL */
    int64_t life_ms;       /* ... for so long */
    int64_t held_until;    /* monotonic */
    size_t unconfirmed;
    struct dna_kept_list unsent;
};

/* Silence.  Times are monotonic. */
struct dna_s2s_watch {
    int64_t at;      /* when to look again */
    int64_t heard, wrote;
    int64_t asked;   /* a ping or a request to acknowledge is open since; 0: none */
    int64_t sent;    /* stanzas are unanswered since; 0: none */
    int64_t checked; /* the last ping; 0: none */
    unsigned pings;
};

struct dna_s2s_sasl {
    unsigned failures;
    struct dna_name identity; /* authenticated; "": nobody */
    int64_t expires_at;
};

struct dna_s2s_input {
    size_t total;      /* bytes before authentication */
    size_t in_clear;   /* bytes that came while TLS was being set up */
    bool challenged;   /* a challenge of ours was sent: the larger limits hold */
    struct dna_xml_limits limits; /* as the reader has them */
    bool shallow;
};

struct dna_s2s_call;

struct dna_s2s {
    struct dna_s2s_options options;
    enum dna_s2s_state state;
    enum dna_err err;
    struct dna_time now;
    struct dna_name own, peer; /* of the header; "" unknown */
    enum dna_s2s_speaks dna;
    bool has_certificate;
    const char *why;   /* it ends, for people; static, NULL: not known yet */
    bool ended;        /* our end tag was written: nothing may follow it */
    bool close_queued; /* the CLOSE effect: no other comes behind it */
    bool close_told;   /* ... was handed out */
    unsigned abuse;
    unsigned verified;      /* keys of ours, within a minute */
    int64_t verified_since; /* monotonic */
    int64_t began;     /* monotonic: the stream */
    int64_t lifetime;  /* monotonic deadline, DNA_NEVER */
    int64_t patience;  /* features are held back until then */
    struct dna_s2s_headers headers;
    struct dna_s2s_sasl sasl;
    struct dna_s2s_input input;
    struct dna_s2s_records records;
    struct dna_s2s_effects effects;
    struct dna_s2s_bidi bidi;
    struct dna_s2s_managing managing;
    struct dna_s2s_watch watch;
    struct dna_s2s_call *call; /* the present public call */
    struct dna_stanza stanza;  /* of the last EV_STANZA */
    struct dna_buf out;
};

/* What the gate says of a stanza (the DNA exchange, "Stanza gate"). */
enum dna_s2s_gate {
    DNA_S2S_GATE_IMPROPER,      /* addresses missing or malformed */
    DNA_S2S_GATE_NOTHING_VALID, /* no domain of the peer is */
    DNA_S2S_GATE_BACKWARDS,     /* on a one-way stream, against its direction */
    DNA_S2S_GATE_FROM_LATELY,   /* we sent invalid for its domain within T_grace */
    DNA_S2S_GATE_FROM,          /* not accepted by us */
    DNA_S2S_GATE_TO_LATELY,     /* we retracted it within T_grace (S19) */
    DNA_S2S_GATE_TO_GONE,       /* ... before that */
    DNA_S2S_GATE_TO_PROVING,    /* asserted, and not accepted by the peer */
    DNA_S2S_GATE_TO,            /* never asserted here */
    DNA_S2S_GATE_OPEN
};

/* The peer's stream header. */
struct dna_s2s_header {
    const char *fault; /* stream error that it deserves; NULL: none */
    const char *why;
    bool modern, dna, dialback, stranger;
    struct dna_name from, to; /* "" where absent or unusable */
    struct dna_span id;
};

/* The outcome of reading <auth/> or <response/>. */
enum dna_s2s_auth {
    DNA_S2S_AUTH_MALFORMED,
    DNA_S2S_AUTH_MECHANISM,
    DNA_S2S_AUTH_ENCODING,
    DNA_S2S_AUTH_AUTHZID,
    DNA_S2S_AUTH_EMPTY, /* no initial response: ask for it */
    DNA_S2S_AUTH_GOOD   /* the header's domain is claimed */
};

struct dna_s2s_raised {
    enum dna_s2s_event event;
    struct dna_s2s_record *record; /* NULL: for the stream */
    const char *condition, *text;
};
#define DNA_S2S_RAISED_MAX 16

_Static_assert(DNA_N_PROOFTYPES <= 16, "a record keeps prooftypes in 16 bits");

/* What one public call brought; lives on its stack.  Guards and actions read it. */
struct dna_s2s_call {
    /* The event being handled. */
    const char *condition, *text;
    /* Of the peer. */
    const struct dna_xml_item *item;
    const struct dna_s2s_header *header;
    enum dna_s2s_gate gate;
    enum dna_s2s_auth auth;
    bool short_form, bare;
    uint16_t prooftypes, ietf;      /* of a challenge */
    bool has_type;                  /* of a proof; or: the host has one */
    enum dna_prooftype prooftype;
    struct dna_span content;        /* of a proof; a dialback key */
    struct dna_span from, to, id;   /* dialback, as on the wire */
    /* Of the host. */
    const struct dna_ruling *ruling;
    bool valid;
    enum dna_s2s_verdict outcome;   /* of asking the sender's server */
    unsigned number;
    size_t unread;
    bool has_certificate;
    bool has_h, too_high;           /* XEP-0198: a count was given; it cannot be */
    uint32_t h;
    struct dna_manage *manage;      /* of the host */
    bool misused; /* the event has no place in this state */
    size_t n_raised, next_raised;
    struct dna_s2s_raised raised[DNA_S2S_RAISED_MAX]; /* last: it is not cleared */
};

/* dna_span_is for a literal, inlined: every stanza passes a dozen of these. */
#define DNA_S2S_SAME(span, literal)                                                         \
    ((span).len == sizeof(literal) - 1 &&                                                   \
     memcmp((span).ptr, literal, sizeof(literal) - 1) == 0)

static inline bool dna_s2s_is(const struct dna_s2s *s, enum dna_s2s_profile profile)
{
    return s->options.profile == profile;
}
/* Whether the stream has carried out its negotiation and is not ending. */
bool dna_s2s_established(const struct dna_s2s *s);
/* Whether it is ending: no negotiation any more. */
bool dna_s2s_over(const struct dna_s2s *s);
bool dna_s2s_hosts(const struct dna_s2s *s, const char *domain);
/* "Sticky" failure: the stream is lost. */
void dna_s2s_fault(struct dna_s2s *s, enum dna_err err);
/* dna_s2s_may_send, but for acknowledgements that have to come first. */
bool dna_s2s_permits(const struct dna_s2s *s, const char *own, const char *peer);
/* Whether stanzas may go against the direction of the stream's set-up. */
bool dna_s2s_both_ways(const struct dna_s2s *s);
/* A record that the other side accepts, and whose proof has not ended. */
bool dna_s2s_valid_now(const struct dna_s2s *s, const struct dna_s2s_record *r);
/* A domain of the peer's that is proven, or may be admitted by dialback. */
bool dna_s2s_stands(const struct dna_s2s *s, const struct dna_s2s_record *peer);
bool dna_s2s_is_proven(const struct dna_s2s *s, const struct dna_s2s_record *peer);
/* Initiating, public: whether pairs may be dialled on this stream. */
bool dna_s2s_can_dial(const struct dna_s2s *s);

/* --- effects.c ---------------------------------------------------------------------- */

void dna_s2s_emit(struct dna_s2s *s, const struct dna_s2s_effect *effect);
/* OWN, PEER or PAIR. */
void dna_s2s_emit_standing(struct dna_s2s *s, enum dna_s2s_effect_kind kind,
                           const struct dna_s2s_record *record, bool accepted,
                           const char *condition);
void dna_s2s_emit_domain(struct dna_s2s *s, enum dna_s2s_effect_kind kind,
                         const char *domain);
void dna_s2s_effects_fini(struct dna_s2s *s);
/* Drops what was pulled already; called when a new call begins. */
void dna_s2s_effects_begin(struct dna_s2s *s);
void dna_s2s_log(const struct dna_s2s *s, enum dna_log_level level, const char *event,
                 const char *key, struct dna_span value);

/* --- records.c ---------------------------------------------------------------------- */

enum dna_err dna_s2s_records_init(struct dna_s2s *s);
/* Frees every record: hearings are dismissed, what was accepted no longer is. */
void dna_s2s_records_clear(struct dna_s2s *s);
void dna_s2s_records_fini(struct dna_s2s *s);
/* Cancels every hearing; the records stay. */
void dna_s2s_records_dismiss(struct dna_s2s *s);
struct dna_s2s_record *dna_s2s_own_record(const struct dna_s2s *s, const char *own);
struct dna_s2s_record *dna_s2s_peer_record(const struct dna_s2s *s, const char *peer);
/* Found or new, in state A_NONE, V_NONE; NULL: the limit, or no memory (err is set). */
struct dna_s2s_record *dna_s2s_own_record_make(struct dna_s2s *s, const char *own);
struct dna_s2s_record *dna_s2s_peer_record_make(struct dna_s2s *s, const char *peer);
/* A dialback pair (P_NONE, L_NONE; public: D_NONE, R_NONE) or key (K_NONE, Y_NONE). */
struct dna_s2s_record *dna_s2s_pair(const struct dna_s2s *s, enum dna_s2s_state none,
                                    const char *from, const char *to, struct dna_span id);
struct dna_s2s_record *dna_s2s_pair_make(struct dna_s2s *s, enum dna_s2s_state none,
                                         const char *from, const char *to, struct dna_span id);
void dna_s2s_record_drop(struct dna_s2s *s, struct dna_s2s_record *record);
/* The only record of the peer in a CHALLENGED state; NULL: none, or several. */
struct dna_s2s_record *dna_s2s_only_challenged(const struct dna_s2s *s);
/* deadline DNA_NEVER: none. */
void dna_s2s_timer(struct dna_s2s *s, struct dna_s2s_record *record, int64_t deadline);
/* The record whose deadline is the earliest, or NULL. */
struct dna_s2s_record *dna_s2s_timer_first(const struct dna_s2s *s);
/* Milliseconds until a refused record may be tried again; longer each time. */
int64_t dna_s2s_backoff(struct dna_s2s_record *record);
/* A pair that we send on came to rest, or was used; it no longer rests. */
void dna_s2s_rest(struct dna_s2s *s, struct dna_s2s_record *record);
void dna_s2s_unrest(struct dna_s2s *s, struct dna_s2s_record *record);
void dna_s2s_wait(struct dna_s2s *s, struct dna_s2s_record *record);
/* The next one that waits, taken off the list; NULL. */
struct dna_s2s_record *dna_s2s_turn(struct dna_s2s *s);
/* A public pair waits for the judgement on its remote domain; the first whose was given is
 * taken off that list. */
void dna_s2s_dial(struct dna_s2s *s, struct dna_s2s_record *record);
void dna_s2s_stop_dialling(struct dna_s2s *s, struct dna_s2s_record *record);
struct dna_s2s_record *dna_s2s_judged(struct dna_s2s *s);
/* The record of its remote domain, or NULL. */
struct dna_s2s_record *dna_s2s_remote(const struct dna_s2s *s,
                                      const struct dna_s2s_record *pair);

/* --- write.c: output ------------------------------------------------------------------ */

/* Nothing is written behind our end tag; failures are sticky. */
void dna_s2s_put(struct dna_s2s *s, const char *format, ...) DNA_PRINTF(2, 3);
void dna_s2s_put_attr(struct dna_s2s *s, const char *name, struct dna_span value);
void dna_s2s_put_text(struct dna_s2s *s, struct dna_span text);
/* Our header for this round; version: whether it bears one. */
void dna_s2s_put_header(struct dna_s2s *s, const char *from, const char *to, bool version);
void dna_s2s_put_features(struct dna_s2s *s);
void dna_s2s_put_limits(struct dna_s2s *s);
/* The stream error (with our header before it where that is missing) and the end tag. */
void dna_s2s_put_error(struct dna_s2s *s, const char *condition, const char *text);
void dna_s2s_put_end(struct dna_s2s *s);
/* A stanza error for the stanza that the gate looked at. */
void dna_s2s_put_bounce(struct dna_s2s *s, enum dna_stanza_condition condition,
                        const char *text);

/* --- header.c, features.c, sasl.c, gate.c, dna.c, dialback.c: reading ------------------- */

void dna_s2s_header_read(const struct dna_s2s *s, const struct dna_xml_item *item,
                         struct dna_s2s_header *out);
bool dna_s2s_features_external(const struct dna_xml_element *features);
const struct dna_xml_element *dna_s2s_features_assert(const struct dna_xml_element *features);
/* The peer's limits (XEP-0478), as the child of features or of bidi. */
void dna_s2s_limits_read(const struct dna_xml_element *parent, size_t *max_bytes,
                         int64_t *idle_ms);
/* How long an element may be for the peer; 0: unknown. */
size_t dna_s2s_max_bytes(const struct dna_s2s *s);
/* Limits, dialback errors (XEP-0220), bidi and stream management. */
void dna_s2s_features_note(struct dna_s2s *s, const struct dna_xml_element *features);
enum dna_s2s_auth dna_s2s_auth_read(const struct dna_s2s *s,
                                    const struct dna_xml_element *element);
/* Fills s->stanza, but for its kind; remembers the records. */
enum dna_s2s_gate dna_s2s_gate_look(struct dna_s2s *s, const struct dna_xml_item *item);
/* Whether it is one of the six elements; the short form only where it is admitted. */
bool dna_s2s_is_dna(const struct dna_s2s *s, const struct dna_xml_element *element);
/* Finds the record that a DNA or dialback element is about and raises its event. */
void dna_s2s_dna_raise(struct dna_s2s *s, const struct dna_xml_element *element);
void dna_s2s_dialback_raise(struct dna_s2s *s, const struct dna_xml_element *element);
void dna_s2s_count_abuse(struct dna_s2s *s, const char *what);
/* The condition of a received stream error, as one that is known; static. */
const char *dna_s2s_error_condition(const struct dna_xml_element *error);

/* act_stream.c: drops everything that the peer said, and has the reader begin anew. */
void dna_s2s_forget(struct dna_s2s *s, unsigned char round);

/* --- stream.c, wish.c: around every public call ------------------------------------------ */

/* False: the stream is lost. */
bool dna_s2s_begin(struct dna_s2s *s, struct dna_s2s_call *call, struct dna_time now);
enum dna_err dna_s2s_finish(struct dna_s2s *s);
/* Tells the records of the pair that stanzas wait for them. */
void dna_s2s_want(struct dna_s2s *s, const char *own, const char *peer);
/* The pairs that were asked for before the stream was ready. */
void dna_s2s_grant_wishes(struct dna_s2s *s);

/* --- act_manage.c: XEP-0198 -------------------------------------------------------------- */

/* The stream is established: the initiating entity asks for what is offered. */
void dna_s2s_manage_begin(struct dna_s2s *s);
/* Reads `h`, which the element may bear. */
void dna_s2s_manage_read(struct dna_s2s *s, const struct dna_xml_element *element);
/* A stanza of the peer was taken. */
void dna_s2s_manage_count(struct dna_s2s *s);
/* Whether stanzas that are sent are kept. */
bool dna_s2s_keeps(const struct dna_s2s *s);
/* One was sent; kept may be NULL. */
void dna_s2s_manage_sent(struct dna_s2s *s, struct dna_kept *kept);
/* Whether nothing may be sent for now, though the gate is open. */
bool dna_s2s_manage_bars(const struct dna_s2s *s);
/* Sends what is held and permitted by now. */
void dna_s2s_manage_flush(struct dna_s2s *s);
/* What is held and was not permitted in time will not be. */
void dna_s2s_manage_give_up(struct dna_s2s *s);
/* The last words before an end tag of ours. */
void dna_s2s_manage_say(struct dna_s2s *s);
void dna_s2s_manage_fini(struct dna_s2s *s);
/* XEP-0288, of the initiating entity: says it where the peer offers it. */
void dna_s2s_bidi_begin(struct dna_s2s *s);

/* --- watch.c: silence ---------------------------------------------------------------------- */

void dna_s2s_watch_begin(struct dna_s2s *s);
/* Looks, if it is time. */
void dna_s2s_watch_look(struct dna_s2s *s);
/* A stanza went out, or an answer is waited for: it may have to look sooner. */
void dna_s2s_watch_sooner(struct dna_s2s *s);
int64_t dna_s2s_watch_deadline(const struct dna_s2s *s);

/* --- engine.c ------------------------------------------------------------------------ */

/* For actions: an event to be handled after the present one. */
void dna_s2s_raise(struct dna_s2s *s, enum dna_s2s_event event, struct dna_s2s_record *record,
                   const char *condition, const char *text);
/* The state that a new stream begins in. */
void dna_s2s_begin_state(struct dna_s2s *s);
/* Handles an event and all that it raises. */
void dna_s2s_run(struct dna_s2s *s, enum dna_s2s_event event, struct dna_s2s_record *record);
/* Lets go of a pair that rests. */
void dna_s2s_lapse(struct dna_s2s *s, struct dna_s2s_record *record);

#endif
