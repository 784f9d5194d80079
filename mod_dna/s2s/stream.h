/* s2s/stream.h: the insides of a stream, shared by the files of this room.
 *
 * Only engine.c assigns `state`, of the stream and of its records.  Failures of memory are
 * sticky: the first one stays in `err`, output and effects are refused from then on, and the
 * public call returns it.
 */
#ifndef DNA_S2S_STREAM_H
#define DNA_S2S_STREAM_H

#include <base/arena.h>
#include <s2s/s2s.h>
#include <s2s/vocabulary.h>

/* Whether the peer speaks DNA. */
enum dna_s2s_speaks { DNA_S2S_SPEAKS_UNKNOWN, DNA_S2S_SPEAKS_NO, DNA_S2S_SPEAKS_YES };

/* One domain of one side, one dialback pair, or one dialback key in question. */
struct dna_s2s_record {
    unsigned char state;      /* enum dna_s2s_state; assigned by engine.c only */
    unsigned char refusals;   /* in a row; sets the back-off */
    unsigned char storm;      /* pointless assertions in a row */
    unsigned char ietf;       /* prooftypes that the peer's challenge spelled urn:ietf:… */
    unsigned char offered;    /* prooftypes of our own challenge */
    bool short_form : 1;      /* the peer used the slides' form */
    bool bare : 1;            /* ... without to and from */
    bool asserted : 1;        /* the peer knows that we speak for it */
    bool unchallenged : 1;    /* refused while the peer was not known to speak DNA */
    bool proof_owed : 1;      /* our challenge was not answered yet */
    bool queued : 1;          /* in the list of those that wait */
    enum dna_code code;       /* why it was refused */
    size_t timer;             /* place in the heap + 1; 0: none */
    int64_t deadline;         /* monotonic, with timer */
    int64_t expires_at;       /* wall: end of the proof */
    int64_t ended_at;         /* monotonic: when it became INVALID or IMPOSSIBLE */
    int64_t retry_at;         /* monotonic: when it may be tried again */
    struct dna_s2s_record *next_waiting;
    const char *domain; /* canonical; pairs: the sender */
    const char *other;  /* pairs: the receiver; "" */
    struct dna_span from, to, id; /* dialback: as on the wire */
};

struct dna_s2s_records {
    struct dna_map *own;  /* asserting; local: pairs that we send on */
    struct dna_map *peer; /* validating; local: pairs and keys of the local server */
    struct dna_s2s_record **heap;
    size_t n_heap, heap_room;
    struct dna_s2s_record *waiting, **waiting_end;
    size_t in_flight;
    size_t challenged; /* records of ours in a CHALLENGED state */
};

struct dna_s2s_effects {
    struct dna_arena arena;
    struct dna_s2s_effect *queue;
    size_t first, n, room;
};

struct dna_s2s_raised {
    enum dna_s2s_event event;
    const char *condition, *text;
};
#define DNA_S2S_RAISED_MAX 8

/* What the stream headers said. */
struct dna_s2s_headers {
    unsigned round;      /* 0 in clear, 1 under TLS, 2 after SASL */
    bool sent;           /* ours, in this round */
    bool modern;         /* the peer's has a version of at least 1.0 */
    bool dialback_errors;
    char *id;            /* local, initiating: the peer's */
    size_t max_bytes;    /* of the peer, XEP-0478; 0: unknown */
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

struct dna_s2s {
    struct dna_s2s_options options;
    enum dna_s2s_state state;
    enum dna_err err;
    struct dna_time now;
    struct dna_name own, peer; /* of the header; "" unknown */
    enum dna_s2s_speaks dna;
    bool has_certificate;
    unsigned abuse;
    int64_t began;    /* monotonic: the stream */
    int64_t lifetime; /* monotonic deadline, DNA_NEVER */
    int64_t patience; /* features are held back until then */
    struct dna_s2s_headers headers;
    struct dna_s2s_sasl sasl;
    struct dna_s2s_input input;
    struct dna_s2s_records records;
    struct dna_s2s_effects effects;
    struct dna_s2s_raised raised[DNA_S2S_RAISED_MAX];
    size_t n_raised;
    struct dna_stanza stanza; /* of the last EV_STANZA */
    struct dna_buf out;
};

/* Whether the stream has carried out its negotiation and is not ending. */
bool dna_s2s_established(const struct dna_s2s *s);
bool dna_s2s_over(const struct dna_s2s *s);
bool dna_s2s_hosts(const struct dna_s2s *s, const char *domain);
/* "Sticky" memory failure. */
void dna_s2s_fault(struct dna_s2s *s, enum dna_err err);

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
/* Frees every record without a word. */
void dna_s2s_records_clear(struct dna_s2s *s);
void dna_s2s_records_fini(struct dna_s2s *s);
/* Over both maps. */
size_t dna_s2s_records_count(const struct dna_s2s *s);
struct dna_s2s_record *dna_s2s_own_record(const struct dna_s2s *s, const char *own);
struct dna_s2s_record *dna_s2s_peer_record(const struct dna_s2s *s, const char *peer);
/* Found or new, in state A_NONE, V_NONE; NULL: the limit, or no memory (err is set). */
struct dna_s2s_record *dna_s2s_own_record_make(struct dna_s2s *s, const char *own);
struct dna_s2s_record *dna_s2s_peer_record_make(struct dna_s2s *s, const char *peer);
/* A dialback pair (P_NONE in `own`, L_NONE in `peer`) or key (K_NONE). */
struct dna_s2s_record *dna_s2s_pair(const struct dna_s2s *s, enum dna_s2s_state none,
                                    const char *from, const char *to, struct dna_span id);
struct dna_s2s_record *dna_s2s_pair_make(struct dna_s2s *s, enum dna_s2s_state none,
                                         const char *from, const char *to, struct dna_span id);
/* Keeps the wire's spelling with the record. */
void dna_s2s_record_drop(struct dna_s2s *s, struct dna_s2s_record *record);
/* deadline DNA_NEVER: none. */
void dna_s2s_timer(struct dna_s2s *s, struct dna_s2s_record *record, int64_t deadline);
struct dna_s2s_record *dna_s2s_timer_due(const struct dna_s2s *s);
void dna_s2s_wait(struct dna_s2s *s, struct dna_s2s_record *record);
/* The next one that waits, taken off the list; NULL. */
struct dna_s2s_record *dna_s2s_turn(struct dna_s2s *s);

#endif
