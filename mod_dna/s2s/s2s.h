/* s2s/s2s.h: the protocol of one server-to-server stream, sans-IO.
 *
 * Three state tables (incoming stream, outgoing stream, association) turn events into
 * effects; only engine.c assigns a state.  Elements come from the xml room's reader, what
 * the court ruled comes from the session, and effects are pulled.  Time is an argument.
 * One association record per (stream, direction, domain); under the local profile one per
 * domain pair, since dialback admits pairs only (S18).
 *
 *   RFC 6120 (streams, STARTTLS, SASL EXTERNAL, errors), the DNA exchange, XEP-0220.
 */
#ifndef DNA_S2S_S2S_H
#define DNA_S2S_S2S_H

#include <base/buf.h>
#include <base/limits.h>
#include <base/map.h>
#include <mod_dna/question.h>
#include <mod_dna/ruling.h>
#include <mod_dna/stanza.h>
#include <s2s/manage.h>
#include <xml/reader.h>

struct dna_s2s;

enum dna_s2s_profile {
    DNA_S2S_PUBLIC, /* TLS required; DNA and SASL EXTERNAL; dialback behind TLS */
    DNA_S2S_LOCAL   /* the hop to one local server: no TLS, dialback only */
};

#define DNA_S2S_ID_TEXT 33 /* 128 bits in hex, and NUL */

struct dna_s2s_options {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    enum dna_role role;
    enum dna_s2s_profile profile;
    const char *own;  /* initiating: header `from` */
    const char *peer; /* initiating: header `to` */
    /* PUBLIC: domains that we host.  LOCAL: domains that the server behind the link may
     * use as its own; every other domain is remote.  Borrowed; outlives the stream; the
     * values are not looked at. */
    const struct dna_map *hosted;
    char ids[3][DNA_S2S_ID_TEXT]; /* receiving: header ids, one per (re)start */
    uint64_t seed;
    bool accept_short_form;
    bool dialback;  /* PUBLIC: pairs are signalled by dialback, and admitted where rulings say
                     * that it may */
    bool verifies;  /* PUBLIC, initiating, with dialback: the stream is for dna_s2s_verify */
    bool bridge; /* PUBLIC: the peer is the server behind a link: hosted are *its* domains, all
                  * others are ours; neither DNA nor dialback is spoken, and there is one pair */
    bool keyed; /* LOCAL: db:result proves a secret of the link, in both directions, instead
                 * of a key that is asked back for */
    /* PUBLIC: */
    bool manages; /* stanzas are counted where the peer does too (XEP-0198), and remembered */
    bool bidi;    /* XEP-0288 is offered, and used where the peer offers it */
    char resumption[DNA_S2S_ID_TEXT]; /* receiving: what the peer calls this stream if it wants
                                       * to resume it; "": it may not */
    char ping[DNA_S2S_ID_TEXT];       /* ids of our pings begin with it; "": none are sent */
};

enum dna_s2s_effect_kind {
    DNA_S2S_SECURE,      /* begin TLS once the output is flushed */
    DNA_S2S_RESTART,     /* restart the XML reader */
    DNA_S2S_READER,      /* new reader limits / shallow mode */
    DNA_S2S_FORESEE,     /* the peer named `domain` before TLS: look-ups may begin */
    DNA_S2S_HEAR,        /* open a hearing for `domain`; `added`: it is not the header's
                          * domain, so no endpoint is its own (S6) */
    DNA_S2S_DISMISS,     /* cancel the hearing for `domain`; it may have ended meanwhile */
    DNA_S2S_PEER_FACT,   /* the peer's answer to our challenge: outcome, prooftype, content */
    DNA_S2S_PROVE,       /* the peer challenges us for `domain`: answer with dna_s2s_prove */
    DNA_S2S_OWN,         /* our domain is accepted by the peer / no longer */
    DNA_S2S_PEER,        /* the peer's domain is accepted by us / no longer */
    DNA_S2S_PAIR,        /* LOCAL: domain -> other may flow / may not: on an outgoing stream
                          * it may be sent by us, on an incoming one by the local server */
    DNA_S2S_STANZA,      /* passed the gate */
    DNA_S2S_DIALBACK_KEY,    /* make the key for our db:result; dna_s2s_dialback_key */
    DNA_S2S_DIALBACK_VERIFY, /* check a key that we issued; dna_s2s_dialback_verified */
    DNA_S2S_DIALBACK_CHECK,  /* keyed: whether content proves the secret, as a request or
                              * (accepted) an answer; dna_s2s_dialback_checked */
    DNA_S2S_DIALBACK_ASK,    /* PUBLIC: ask the server of `domain` about the key that was sent
                              * for the pair domain -> other; dna_s2s_answered */
    DNA_S2S_DIALBACK_READY,  /* the stream can take dna_s2s_verify; only with `verifies` */
    DNA_S2S_DIALBACK_ANSWER, /* what the peer answers to dna_s2s_verify */
    DNA_S2S_PING,        /* one was sent; the id is text.  Its answer, from `other` to
                          * `domain`, is dna_s2s_ponged, wherever it arrives */
    DNA_S2S_RESUME,      /* the peer wants to go on with the stream that is called text; answer
                          * with dna_s2s_suspended */
    DNA_S2S_FLOW,        /* what could not be sent for a while can be now */
    DNA_S2S_ERROR,       /* stream error sent / received */
    DNA_S2S_CLOSE        /* flush, then close the connection; the last effect; text: why */
};

/* A value of enum dna_peer_outcome (mod_dna/fact.h), which this room may not include. */
enum dna_s2s_outcome { DNA_S2S_SILENT, DNA_S2S_IMPOSSIBLE, DNA_S2S_PROOF };

/* What became of asking the server of a sender's domain about a key. */
enum dna_s2s_verdict {
    DNA_S2S_KEY_UNREACHED, /* no connection, or it broke */
    DNA_S2S_KEY_UNANSWERED,/* not in time */
    DNA_S2S_KEY_UNKNOWN,   /* there is no such server, or it does not serve the domain */
    DNA_S2S_KEY_REFUSED,   /* by a limit of ours: nobody was asked */
    DNA_S2S_KEY_INVALID,
    DNA_S2S_KEY_VALID
};

/* Pointers live until the next call on the stream. */
struct dna_s2s_effect {
    enum dna_s2s_effect_kind kind;
    const char *domain;
    const char *other;
    bool accepted;             /* OWN, PEER, PAIR; ERROR: true = received */
    bool added;                /* HEAR */
    bool renewal;              /* HEAR: the record is VALID and about to expire */
    enum dna_s2s_outcome outcome;
    enum dna_prooftype prooftype;
    unsigned prooftypes;       /* PROVE: bits that the challenge offers */
    struct dna_span content;   /* PEER_FACT; DIALBACK_VERIFY: the key */
    struct dna_span from, to, id; /* DIALBACK_*: as on the wire */
    unsigned number;              /* DIALBACK_ASK, DIALBACK_ANSWER */
    enum dna_s2s_verdict verdict; /* DIALBACK_ANSWER */
    const struct dna_stanza *stanza;
    struct dna_xml_limits limits; /* READER */
    bool shallow;                 /* READER */
    const char *condition;        /* ERROR, OWN, PAIR; never NULL there */
    const char *text;
};

DNA_MUST_USE enum dna_err dna_s2s_new(const struct dna_s2s_options *options,
                                      struct dna_time now, struct dna_s2s **out);
void dna_s2s_free(struct dna_s2s *s2s);

/* One item of the XML reader.  Effects may borrow from it: pull them before the next
 * (DNA_ERR_STATE otherwise).  DNA_ERR_MEMORY, here and below: the stream is lost; its only
 * effect is CLOSE. */
DNA_MUST_USE enum dna_err dna_s2s_item(struct dna_s2s *s2s, const struct dna_xml_item *item,
                                       struct dna_time now);
/* Bytes arrived, in clear or decrypted (for the total-input limit before authentication).
 * Between SECURE and dna_s2s_secured none are expected: any are taken for injected. */
void dna_s2s_received(struct dna_s2s *s2s, size_t bytes);
/* TLS is on.  unread: plaintext bytes that the reader held behind the element which began
 * TLS (dna_xml_reader_unread when SECURE was pulled): they were injected, and if there are
 * any the stream dies without a word (RFC 6120 5.4.3.3).  A host that finds some may call
 * this at once instead of beginning TLS.  Direct TLS (XEP-0368): call it before any byte
 * was read or written. */
DNA_MUST_USE enum dna_err dna_s2s_secured(struct dna_s2s *s2s, bool has_certificate,
                                          size_t unread, struct dna_time now);
DNA_MUST_USE enum dna_err dna_s2s_gone(struct dna_s2s *s2s, const char *why,
                                       struct dna_time now);

/* From the court: the hearing for domain ended. */
DNA_MUST_USE enum dna_err dna_s2s_ruled(struct dna_s2s *s2s, const char *domain,
                                        const struct dna_ruling *ruling, struct dna_time now);
/* From the court: local proofs did not suffice, the peer may prove it by one of these.
 * Where the peer does not speak DNA the PEER_FACT "silent" comes at once. */
DNA_MUST_USE enum dna_err dna_s2s_challenge(struct dna_s2s *s2s, const char *domain,
                                            unsigned prooftypes, struct dna_time now);
/* Our proof for an own domain; content may be empty.  has_proof false: we cannot prove it:
 * <impossible/>. */
DNA_MUST_USE enum dna_err dna_s2s_prove(struct dna_s2s *s2s, const char *domain, bool has_proof,
                                        enum dna_prooftype type, struct dna_span content,
                                        struct dna_time now);
/* Whether the peer takes an element with such a proof (XEP-0478). */
bool dna_s2s_takes(const struct dna_s2s *s2s, const char *domain, struct dna_span content);
/* An accepted peer domain lost its proof before its time. */
DNA_MUST_USE enum dna_err dna_s2s_revoke(struct dna_s2s *s2s, const char *domain,
                                         const struct dna_ruling *ruling, struct dna_time now);
/* The proof of an accepted peer domain is to be sought anew, now: HEAR with `renewal` follows,
 * unless it is being sought already. */
DNA_MUST_USE enum dna_err dna_s2s_renew(struct dna_s2s *s2s, const char *domain,
                                        struct dna_time now);
/* We host own no longer (it has left options.hosted already). */
DNA_MUST_USE enum dna_err dna_s2s_unhost(struct dna_s2s *s2s, const char *own,
                                         struct dna_time now);
DNA_MUST_USE enum dna_err dna_s2s_dialback_key(struct dna_s2s *s2s, const char *own,
                                               const char *peer, struct dna_span key,
                                               struct dna_time now);
DNA_MUST_USE enum dna_err dna_s2s_dialback_verified(struct dna_s2s *s2s, struct dna_span from,
                                                    struct dna_span to, struct dna_span id,
                                                    bool valid, struct dna_time now);
/* from, to, answer: of the effect (domain, other, accepted).  proof: for our answer, where a
 * request was valid. */
DNA_MUST_USE enum dna_err dna_s2s_dialback_checked(struct dna_s2s *s2s, const char *from,
                                                   const char *to, bool answer, bool valid,
                                                   struct dna_span proof,
                                                   struct dna_time now);

/* The answer to DIALBACK_ASK; one that nobody waits for any more is ignored. */
DNA_MUST_USE enum dna_err dna_s2s_answered(struct dna_s2s *s2s, const char *from,
                                           const char *to, unsigned number,
                                           enum dna_s2s_verdict verdict, struct dna_time now);
/* Asks the peer, as the server of `to`, whether `key` is its key for stream `id` of ours to
 * `from`; DIALBACK_ANSWER bears the number.  DNA_ERR_STATE: not on this stream, or not now. */
DNA_MUST_USE enum dna_err dna_s2s_verify(struct dna_s2s *s2s, const char *from,
                                         const char *to, struct dna_span id,
                                         struct dna_span key, unsigned number,
                                         struct dna_time now);
bool dna_s2s_can_verify(const struct dna_s2s *s2s);

/* --- streams that last ------------------------------------------------------------------- */

/* Before the first item of an initiating stream: it is to go on where another one to the same
 * peer broke off, which the peer calls id.  manage is moved. */
DNA_MUST_USE enum dna_err dna_s2s_resume(struct dna_s2s *s, struct dna_span id,
                                         struct dna_manage *manage, struct dna_time now);
/* Answers RESUME.  manage is moved if the peer may go on with it; NULL: there is none. */
DNA_MUST_USE enum dna_err dna_s2s_suspended(struct dna_s2s *s, struct dna_manage *manage,
                                            struct dna_time now);
/* The last ping was answered. */
void dna_s2s_ponged(struct dna_s2s *s);
/* What time it is, where a call does not say. */
void dna_s2s_clock(struct dna_s2s *s, struct dna_time now);
/* So many of the last bytes of the output may not have reached the peer's system. */
void dna_s2s_unconfirmed(struct dna_s2s *s, size_t bytes);
/* Bytes of stanzas that the peer has not acknowledged, though it should. */
size_t dna_s2s_unacked(const struct dna_s2s *s);
/* The same, and of those that are to be sent again. */
size_t dna_s2s_kept(const struct dna_s2s *s);
/* The next stanza that was sent, or was to be, and of which nobody knows what became. */
struct dna_kept *dna_s2s_next_unsent(struct dna_s2s *s);

/* What a stream that ends leaves to another one. */
struct dna_s2s_left {
    char id[DNA_LIMIT_RESUMPTION_ID + 1];
    struct dna_manage manage;
    int64_t life_ms;
};
/* Once, of a stream that is over or about to be freed.  True: it may be resumed, and *left is the
 * caller's.  False: what the peer may not have is among the unsent. */
bool dna_s2s_leave(struct dna_s2s *s, struct dna_s2s_left *left);
/* The name under which the peer may resume it, or "". */
const char *dna_s2s_resumption(const struct dna_s2s *s);

/* As the functions of mod_dna/session.h with the same ending. */
DNA_MUST_USE enum dna_err dna_s2s_ask(struct dna_s2s *s2s, const char *own, const char *peer,
                                      struct dna_time now);
bool dna_s2s_may_send(const struct dna_s2s *s2s, const char *own, const char *peer);
DNA_MUST_USE enum dna_err dna_s2s_send(struct dna_s2s *s2s, const struct dna_stanza *stanza);
DNA_MUST_USE enum dna_err dna_s2s_send_error(struct dna_s2s *s2s,
                                             const struct dna_stanza *stanza,
                                             enum dna_stanza_condition condition,
                                             const char *text);
DNA_MUST_USE enum dna_err dna_s2s_close(struct dna_s2s *s2s, const char *condition,
                                        const char *text, struct dna_time now);
int64_t dna_s2s_deadline(const struct dna_s2s *s2s);
DNA_MUST_USE enum dna_err dna_s2s_tick(struct dna_s2s *s2s, struct dna_time now);

bool dna_s2s_next(struct dna_s2s *s2s, struct dna_s2s_effect *effect);
/* What is to be written; the caller consumes it. */
struct dna_buf *dna_s2s_output(struct dna_s2s *s2s);
const char *dna_s2s_own(const struct dna_s2s *s2s);
const char *dna_s2s_peer(const struct dna_s2s *s2s);
bool dna_s2s_speaks_dna(const struct dna_s2s *s2s);
/* Whether the domain is VALID on the validating side (for supposition). */
bool dna_s2s_peer_valid(const struct dna_s2s *s2s, const char *domain);

#endif
