/* mod_dna/session.h: streams, hosted domains and hearings, without I/O.
 *
 * Room: session.  A session is the library's context: one per thread.  It knows the domains
 * that we host, the policy, and what was found out lately.  A stream takes decrypted bytes
 * and events, and the host pulls effects and output; nothing is ever called back:
 *
 *     dna_stream_read(stream, bytes, now);
 *     while (dna_stream_next(stream, now, &effect)) act(&effect);
 *     write dna_stream_output(stream), then dna_stream_sent(stream, n);
 *
 * and for the whole session, after every call on it or on one of its streams:
 *
 *     while (dna_session_next_want(session, &id, &want)) look_up(id, &want);
 *     while (dna_session_next_cancel(session, &id)) give_up(id);
 *     while ((stream = dna_session_next_ready(session)) != NULL) pull(stream);
 *     while (dna_session_next_ruling(session, &hearing, &ruling)) answer(hearing, &ruling);
 *
 * mod_dna/uv.h does all of this on libuv.
 *
 * Each ruling is one INFO line, event "ruling", with the fields
 *   domain role ruling prooftype code why expires ms own facts
 * where role is "initiating", "receiving" (or "asking": no stream), ruling the verdict's
 * name, prooftype "" unless some prover spoke, expires wall seconds (0: none) and ms the
 * milliseconds since the question was put; "facts" counts what it rests on and how much of
 * it was at hand, as "5 (3 cached)".
 */
#ifndef MOD_DNA_SESSION_H
#define MOD_DNA_SESSION_H

#include <mod_dna/fact.h>
#include <mod_dna/ruling.h>
#include <mod_dna/stanza.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dna_session;
struct dna_link;    /* one local server, with its own domains and dialback secret */
struct dna_stream;
struct dna_hearing; /* a question outside of any stream */

/* Of which rulings the evidence is kept, as bundles (dna_court_bundle). */
enum dna_evidence {
    DNA_EVIDENCE_NONE,
    DNA_EVIDENCE_REFUSED, /* of whatever is not PROVEN */
    DNA_EVIDENCE_ALL
};

struct dna_session_options {
    size_t size; /* sizeof(struct dna_session_options) */
    const struct dna_alloc *alloc; /* NULL: malloc.  Must outlive the session. */
    const struct dna_log *log;     /* NULL: none.  Must outlive the session. */
    uint64_t seed;                 /* random: keys the hash tables */
    struct dna_roots *roots;       /* answers DNA_WANT_PATH and DNA_WANT_SIGNATURE within;
                                    * NULL: the host does */
    bool accept_short_form;        /* the slides' elements without namespace */
    size_t cache_entries;          /* 0: 65536 */
    enum dna_evidence evidence;    /* costs some memory and time for each ruling */
    struct dna_span dialback_secret; /* for keys on public streams (XEP-0185), at least 16 random
                                    * bytes, copied; of this session alone, and shared with no
                                    * link (S21); see dna_session_dialback_secrets.  Empty:
                                    * public streams speak no dialback. */
};

/* options is copied, what it points to is not.  DNA_ERR_MEMORY. */
DNA_API DNA_MUST_USE enum dna_err dna_session_new(const struct dna_session_options *options,
                                                  struct dna_session **out);
/* All streams and hearings must have been freed. */
DNA_API void dna_session_free(struct dna_session *session);
/* Secrets that every process knows which answers for the same domains, each at least 16 random
 * bytes, copied: from now on keys on public streams are made by the first, and those that any
 * of the n (at most 4) or the session's own has made are confirmed.  n 0: the session's own
 * alone.  To replace one, list the next behind it everywhere, then first, then alone.
 * DNA_ERR_ARGUMENT: too many, or one is too short; then nothing has changed. */
DNA_API DNA_MUST_USE enum dna_err dna_session_dialback_secrets(struct dna_session *session,
                                                               const struct dna_span *secrets,
                                                               size_t n);

/* --- what we host ----------------------------------------------------------------- */

/* A local server behind the `plain` hop: dialback without TLS (XEP-0220), keys made from
 * secret (at least 16 random bytes, copied; XEP-0185). */
DNA_API DNA_MUST_USE enum dna_err dna_session_link(struct dna_session *session,
                                                   struct dna_span secret,
                                                   struct dna_link **out);
/* A local server behind the `external` hop: it knows the secret (at least 16 bytes, copied)
 * too.  On every stream, and for each pair of domains, whoever asks sends
 *
 *     <db:result from='F' to='T'>NONCE:PROOF</db:result>
 *
 * and whoever accepts answers type='valid' with a proof of its own; nobody asks back.  NONCE
 * is 32 hex digits; a proof is the hex of HMAC-SHA256(secret, "LABEL ID F T NONCE") with ID
 * the id of the answering side's stream header and LABEL one of `server-asks`,
 * `gateway-answers`, `gateway-asks`, `server-answers`.  So neither a replay nor a reflection
 * is of use, whoever can bind what address (S24). */
DNA_API DNA_MUST_USE enum dna_err dna_session_link_external(struct dna_session *session,
                                                            struct dna_span secret,
                                                            struct dna_link **out);

/* A local server behind the `bridge` hop: an ordinary server that demands STARTTLS and SASL
 * EXTERNAL in both directions, and gets certificates for remote domains that are made for it
 * alone.  It is believed for a domain of the link if its certificate has the pinned key, or
 * leads to one of the roots and names the domain (S24); on each stream for the one domain that
 * it authenticates as. */
struct dna_link_bridge {
    size_t size;
    bool has_key;
    unsigned char key[DNA_SHA256_SIZE]; /* SHA-256 of its SubjectPublicKeyInfo */
    struct dna_roots *roots;            /* or NULL; kept */
};
/* DNA_ERR_ARGUMENT: not exactly one of the two. */
DNA_API DNA_MUST_USE enum dna_err dna_session_link_bridge(struct dna_session *session,
                                                          const struct dna_link_bridge *terms,
                                                          struct dna_link **out);
/* Whether it was made by dna_session_link_bridge; NULL: no. */
DNA_API bool dna_link_is_bridge(const struct dna_link *link);

struct dna_hosted {
    size_t size;
    const char *domain;        /* canonical */
    struct dna_link *link;     /* the server that serves it; NULL: the host itself */
    const char *dnssec_ta_url; /* answers a challenge for dnssec-ta; NULL: we have none */
    const char *attribute_cert;/* the same for attribute-cert: base64 of the CMS message, or
                                * PEM; not used once it has ended */
};
/* Adds or changes a hosted domain; copied.  DNA_ERR_ARGUMENT: a name that is not canonical, or a
 * proof that no verifier could take. */
DNA_API DNA_MUST_USE enum dna_err dna_session_host(struct dna_session *session,
                                                   const struct dna_hosted *hosted);
/* We no longer serve it: every stream that asserted it sends <impossible/>. */
DNA_API void dna_session_unhost(struct dna_session *session, const char *domain,
                                struct dna_time now);
/* Whether that domain, canonical, is hosted at present, behind a link or by the host itself. */
DNA_API bool dna_session_hosts(const struct dna_session *session, const char *domain);
/* The link of a hosted domain, or NULL. */
DNA_API struct dna_link *dna_session_link_of(const struct dna_session *session,
                                             const char *domain);

/* Policy for peers: "*" (default), "peer.example" (exactly it) or ".example" (whole labels
 * below it, not itself; the longest suffix wins).  Peers that are accepted already are judged
 * by it at the next tick, which is due at once.  policy NULL: the pattern is forgotten.
 * DNA_ERR_FORMAT: no such pattern. */
DNA_API DNA_MUST_USE enum dna_err dna_session_policy(struct dna_session *session,
                                                     const char *pattern,
                                                     const struct dna_policy *policy);

/* A policy, and what goes beside it. */
struct dna_policy_rule {
    size_t size;
    struct dna_policy policy;
    bool report_only; /* the policy is observed, and what would hold without this rule decides */
    int64_t until;    /* wall seconds from which on the rule is as if it were not there; accepted
                       * peers are judged anew then.  0: it has no end */
    bool observes;    /* beside the policy another one is observed; not with report_only */
    struct dna_policy observed;
};
/* The same with all of that; copied.  Without a rule that decides, dna_policy_default does.
 * DNA_ERR_ARGUMENT: no such policy, or a contradiction. */
DNA_API DNA_MUST_USE enum dna_err dna_session_rule(struct dna_session *session,
                                                   const char *pattern,
                                                   const struct dna_policy_rule *rule);

/* What holds for a domain at a time. */
struct dna_policy_standing {
    struct dna_policy policy; /* decides */
    const char *pattern;      /* of the rule it stands in; NULL: of none.  Lives as long as the
                               * domain that was asked for */
    int64_t until;            /* of that rule */
    bool observes;
    struct dna_policy observed;   /* decides nothing (S14) */
    const char *observed_pattern; /* of the rule it stands in */
};
/* domain: canonical; wall: seconds, now or any other time.  Of several rules that match the
 * domain the most specific one holds that neither has ended nor only reports: the exact name,
 * the longest suffix, then the default (S26); an exception that has ended is as if it were not
 * there (S14).  Nothing can fail. */
DNA_API struct dna_policy_standing dna_session_policy_standing(
    const struct dna_session *session, const char *domain, int64_t wall);
/* Its policy at the time that the session was told last. */
DNA_API struct dna_policy dna_session_policy_for(const struct dna_session *session,
                                                 const char *domain);

/* Whom an observed policy would have refused, though the one that decides did not: each domain
 * and role once, most of what is known of it from the last time.  What an observed policy says
 * is one INFO line, event "observed", with the fields
 *   domain role level ruling prooftype code why accepted-by
 * and is heard after the ruling that decides, with what is known by then and such look-ups as
 * it still needs; the peer is asked for nothing on its account.  It never makes a difference
 * to anybody.  Of a domain that the observed policy accepts the entry goes.  At
 * DNA_LIMIT_OBSERVED entries no further domain is listed. */
struct dna_session_observed {
    const char *domain;
    enum dna_role role;
    uint64_t times;
    int64_t first_at, last_at;      /* wall seconds */
    const struct dna_ruling *ruling;/* of the observed policy, the last time */
    const char *accepted_by;        /* a prooftype, "pin" or "dialback" */
};
/* In no particular order: *cursor begins at 0, and nothing is heard meanwhile.  *out lives
 * until the session is called again. */
DNA_API bool dna_session_observed_next(const struct dna_session *session, size_t *cursor,
                                       struct dna_session_observed *out);

/* From now on these are the certificate authorities that are believed.  What was found out is
 * forgotten, hearings under way begin again, and accepted peers are heard again at the next
 * tick.  Where that cannot be found out then, an earlier proof holds until its end, unless it
 * rests on the peer's certificate and no authority of now vouches for that one.
 * DNA_ERR_MEMORY: nothing has changed. */
DNA_API DNA_MUST_USE enum dna_err dna_session_roots(struct dna_session *session,
                                                    struct dna_roots *roots);
/* Of which rulings the evidence is kept from now on. */
DNA_API void dna_session_keep_evidence(struct dna_session *session,
                                       enum dna_evidence evidence);

/* --- what we want to know ---------------------------------------------------------- */

/* The next look-up to make; identical wants of several questions come once, cached facts
 * are used first.  *want lives until the answer or the cancel. Never DNA_WANT_PEER or
 * DNA_WANT_RECALL. */
DNA_API bool dna_session_next_want(struct dna_session *session, unsigned *id,
                                   const struct dna_want **want);
/* A stream for whose sake a look-up that was handed out is made, as long as it is not
 * answered; NULL: none (the host's own question, or nobody any more).  Whoever budgets
 * look-ups charges them to that stream's peer (S23). */
DNA_API struct dna_stream *dna_session_want_stream(const struct dna_session *session,
                                                   unsigned id);
/* A fetch that was handed out is now made for the sake of that stream, too: whoever budgets
 * fetches lets it go as soon as one of those who wait for it may (S23).  Each stream comes once
 * after it has joined. */
DNA_API bool dna_session_next_joined(struct dna_session *session, unsigned *id,
                                     struct dna_stream **stream);
/* A want that nobody needs any more.  An answer that comes all the same feeds the cache. */
DNA_API bool dna_session_next_cancel(struct dna_session *session, unsigned *id);
/* Answers; the fact is copied.  Unknown ids are ignored.  DNA_ERR_ARGUMENT: the fact answers
 * another question, and the want stays open.  DNA_ERR_MEMORY: some question that needed it
 * ended TEMPFAIL, or some stream was lost and says so. */
DNA_API DNA_MUST_USE enum dna_err dna_session_give(struct dna_session *session, unsigned id,
                                                   const struct dna_fact *fact,
                                                   struct dna_time now);

/* A question without a stream (clients, tools); copied, its chain is referenced.  user is for
 * the host, and comes back with the ruling.  DNA_WANT_PEER is answered SILENT.  *out is the
 * host's, to be freed with dna_hearing_free before the session is.  DNA_ERR_ARGUMENT: a domain
 * or host that is not canonical; DNA_ERR_MEMORY. */
DNA_API DNA_MUST_USE enum dna_err dna_session_hear(struct dna_session *session,
                                                   const struct dna_question *question,
                                                   struct dna_time now, void *user,
                                                   struct dna_hearing **out);
/* The `user` that the hearing was opened with; NULL for those of streams. */
DNA_API void *dna_hearing_user(const struct dna_hearing *hearing);
/* Cancels it if it has not ended. */
DNA_API void dna_hearing_free(struct dna_hearing *hearing);
/* Hearings that ended and were not handed out yet. */
DNA_API bool dna_session_next_ruling(struct dna_session *session,
                                     struct dna_hearing **hearing,
                                     struct dna_ruling *ruling);

/* The evidence of a hearing that has ended, as options.evidence says; lives as long as it.
 * Empty: none was kept, or the ruling was a remembered one. */
DNA_API struct dna_span dna_hearing_bundle(const struct dna_hearing *hearing);

/* The evidence of hearings of streams, oldest first, each once; at most 64 wait, then the
 * oldest are forgotten.  *out lives until the next call of this function. */
struct dna_session_bundle {
    const char *domain;
    const struct dna_ruling *ruling;
    struct dna_span bundle;
    const void *user; /* of the stream, which may be gone: only to be compared */
};
/* False: none waits. */
DNA_API bool dna_session_next_bundle(struct dna_session *session,
                                     struct dna_session_bundle *out);

/* --- downgrade memory ----------------------------------------------------------------- */

/* Which domains were proven lately by what a CA names or what is published on the web, in
 * which role of ours: for a week after the last such proof dialback admits no pair of theirs
 * (S12).  It forbids dialback and nothing else.  Newer entries never displace older ones; at
 * DNA_LIMIT_DOWNGRADE entries no further domain is remembered. */
struct dna_session_memory {
    const char *domain;
    enum dna_role role;
    int64_t proven_at; /* wall time of the last proof */
};
/* The entries in no particular order: *cursor begins at 0, and nothing is added meanwhile.
 * *out lives until the session is called again. */
DNA_API bool dna_session_memory_next(const struct dna_session *session, size_t *cursor,
                                     struct dna_session_memory *out);
/* Changes whenever an entry is new, an hour younger than it was, or gone: what was exported
 * under the same number needs no writing again. */
DNA_API uint64_t dna_session_memory_version(const struct dna_session *session);
/* What an earlier process remembered; the later of two proofs counts.  Entries that are over
 * a week old are ignored, those of the future count as of now.  DNA_ERR_ARGUMENT: no
 * canonical domain, or no such role; DNA_ERR_LIMIT: there is no room. */
DNA_API DNA_MUST_USE enum dna_err dna_session_memory_add(
    struct dna_session *session, const struct dna_session_memory *entry, struct dna_time now);
/* The operator's word: forgets a domain in both roles; NULL: all. */
DNA_API void dna_session_memory_clear(struct dna_session *session, const char *domain);

/* --- what outlives the session -------------------------------------------------------- */

/* What a session finds out and another one may use, in a later process or beside it: a store
 * between them carries entries as they are, replaces one by the next of the same kind, domain
 * and id, and makes sure that none comes back that no session of the same operator made
 * (S16).  The more important kinds come first. */
enum dna_learned_kind {
    DNA_LEARNED_DOWNGRADE = 1, /* downgrade memory, above */
    DNA_LEARNED_POLICY,        /* an sts policy (RFC 8461 3.3) */
    DNA_LEARNED_PROOF,         /* a certificate speaks for a domain, until then */
    DNA_LEARNED_REFUSAL        /* a supplied proof is bad (S13) */
};
#define DNA_LEARNED_ID 32

struct dna_learned {
    enum dna_learned_kind kind;
    bool pinned; /* must not make room for newer entries before it has ended (S16) */
    bool gone;   /* what was learned under this kind, domain and id no longer holds */
    const char *domain;               /* gone, and no id: may be "": of every domain */
    unsigned char id[DNA_LEARNED_ID]; /* gone: all zero: under whatever id */
    int64_t learned_at, expires_at; /* wall seconds */
    struct dna_span value;          /* the session's own encoding */
};

/* From now on what is learned is to be fetched.  terms: whatever the host's proofs rest on
 * beside the policy (CA store, trust anchors ...), in any form: a proof is recalled only by a
 * session with the same terms.  DNA_ERR_SYSTEM. */
DNA_API DNA_MUST_USE enum dna_err dna_session_keep_learned(struct dna_session *session,
                                                           struct dna_span terms);
/* The next entry to keep; *out lives until the next call.  At most DNA_LIMIT_LEARNED wait, and
 * further ones are dropped: what is not kept has to be found out again. */
DNA_API bool dna_session_next_learned(struct dna_session *session, struct dna_learned *out);
/* What was kept.  It answers only the question that it answered when it was learned, and never
 * longer than it could have then; one that is gone takes back what was learned until then, and
 * for good: an entry of before that comes once more is not recalled.  DNA_ERR_NOT_FOUND: it has
 * ended, was taken back since, is of the future or ends later than such an entry may;
 * DNA_ERR_FORMAT: it is no entry; DNA_ERR_LIMIT, DNA_ERR_MEMORY: it is not remembered. */
DNA_API DNA_MUST_USE enum dna_err dna_session_recall(struct dna_session *session,
                                                     const struct dna_learned *learned,
                                                     struct dna_time now);

/* Whether something that is gone covers the entry: it would not be recalled, or, if it is gone
 * itself, would say nothing new. */
DNA_API bool dna_session_taken_back(const struct dna_session *session,
                                    const struct dna_learned *learned);
/* The operator's word: what was learned under the kind, domain and id of `entry` by now no
 * longer holds; no id and no domain as above.  *word is the entry to keep, so that others hear
 * of it; it borrows domain and value from `entry`.  For a single sts policy the value must be
 * the one that was kept.  What the session has proven itself stays with it until that ends.
 * DNA_ERR_FORMAT: there is no such entry. */
DNA_API DNA_MUST_USE enum dna_err dna_session_take_back(struct dna_session *session,
                                                        const struct dna_learned *entry,
                                                        struct dna_time now,
                                                        struct dna_learned *word);

/* Queues downgrade memory once more, for whoever kept it and has lost it, as far as there is
 * room: true: there is more, after *cursor, which begins at 0.  Nothing is heard meanwhile. */
DNA_API bool dna_session_learn_again(struct dna_session *session, size_t *cursor);

/* What an entry says, for people; its texts live as long as the entry's. */
struct dna_learned_view {
    enum dna_role role;          /* downgrade: ours when the domain was proven */
    const char *url, *policy_id; /* policy */
    struct dna_ruling ruling;    /* proof and refusal: prooftype, code and why */
};
/* DNA_ERR_FORMAT: it is no entry. */
DNA_API DNA_MUST_USE enum dna_err dna_learned_view(const struct dna_learned *learned,
                                                   struct dna_learned_view *out);

/* --- stanzas of unknown fate ------------------------------------------------------------- */

/* Of public streams: what was sent and not acknowledged when the connection broke, once it
 * cannot be resumed any more (XEP-0198), or where the peer acknowledges nothing, what it may
 * not have had.  Each once; their senders are to be told.  *stanza lives until the next
 * call. */
DNA_API bool dna_session_next_unsent(struct dna_session *session, struct dna_stanza *stanza);
/* Bytes of the stanzas of streams that broke and may be resumed, and of those to be returned. */
DNA_API size_t dna_session_buffered(const struct dna_session *session);
/* Whether a stream of ours from own to peer has broken and may be resumed for some seconds: a
 * new one from own to peer does so by itself, and what was not acknowledged goes before anything
 * new. */
DNA_API bool dna_session_may_resume(const struct dna_session *session, const char *own,
                                    const char *peer);

/* --- what peers may make us do --------------------------------------------------------- */

/* What is under way at once for the sake of streams: in all, for one payer, and on behalf of
 * one domain of ours.  There is no such limit per domain of the peers: anybody can claim a
 * domain, and would lock it out.  0: no limit but those of mod_dna/base/limits.h.  What is
 * over one is not known, for now: that is a TEMPFAIL, which is not remembered, for a proof, and
 * a failed look-up for what needed it.  Proofs that are sought again, because they end or the
 * policy changed, always are. */
struct dna_session_limits {
    size_t size;
    size_t lookups, lookups_per_payer;
    size_t proofs, proofs_per_payer, proofs_per_host;
};
enum dna_session_limit {
    DNA_SESSION_LIMIT_LOOKUPS,
    DNA_SESSION_LIMIT_LOOKUPS_PER_PAYER,
    DNA_SESSION_LIMIT_PROOFS,
    DNA_SESSION_LIMIT_PROOFS_PER_PAYER,
    DNA_SESSION_LIMIT_PROOFS_PER_HOST,
    DNA_SESSION_N_LIMITS
};
/* For what comes from now on. */
DNA_API void dna_session_limit(struct dna_session *session,
                               const struct dna_session_limits *limits);
/* How often each has refused something.  A refusal is also logged, of each limit the first, the
 * second, the fourth ...: "limit-reached", with limit, of (the payer, or the domain of ours; "-":
 * all) and refused. */
DNA_API void dna_session_refused(const struct dna_session *session,
                                 uint64_t counts[DNA_SESSION_N_LIMITS]);
/* "lookups", "lookups-per-address" ...; static. */
DNA_API const char *dna_session_limit_name(enum dna_session_limit limit);

/* Streams with effects to pull, each once until it has some again. */
DNA_API struct dna_stream *dna_session_next_ready(struct dna_session *session);

/* Earliest monotonic time at which dna_session_tick is needed (streams and hearings). */
DNA_API int64_t dna_session_deadline(const struct dna_session *session);
/* What is due by `now` is done: time-outs and ends of proofs of streams, deadlines of hearings
 * (S11), rules that end (S14), what may no longer be resumed; and what a change of policy,
 * roots or hosted domains has left to do.  Too early or too often is fine.  DNA_ERR_MEMORY: some
 * stream was lost and says so, or some question ended TEMPFAIL; the rest was done. */
DNA_API DNA_MUST_USE enum dna_err dna_session_tick(struct dna_session *session,
                                                   struct dna_time now);

/* --- streams ------------------------------------------------------------------------ */

#define DNA_STREAM_RANDOM 48
#define DNA_STREAM_RANDOM_LASTING 32

struct dna_stream_options {
    size_t size;
    enum dna_role role;
    struct dna_link *link; /* NULL: a public stream; else the local hop of that link */
    const char *own;       /* initiating: `from` of our header, canonical */
    const char *peer;      /* initiating: `to` of our header, canonical */
    const char *host;      /* initiating, public: the SRV target that was connected to,
                            * or NULL (static route, fall-back to the domain's address) */
    uint16_t port;         /* with host */
    unsigned char random[DNA_STREAM_RANDOM]; /* fresh: stream ids come from it */
    void *user;
    const char *address;   /* with host: the IP address connected to, as text, or NULL */
    bool verifies;         /* initiating, public: only for dna_stream_verify; READY says when,
                            * nothing else is negotiated, and nobody's certificate is judged */
    const char *payer;     /* on whose account its look-ups are: the network that the peer is in,
                            * in any form; NULL: nobody's.  No payer gets more than half of what
                            * the others leave of DNA_LIMIT_ASKED */
    unsigned char lasting[DNA_STREAM_RANDOM_LASTING]; /* fresh: what a peer resumes the stream by,
                            * and ids of pings; all zero: neither */
};

/* A stream over a connection that is there; options are copied.  The initiating one has output
 * at once.  *out is the host's, who frees it before the session.  DNA_ERR_ARGUMENT: the link is
 * another session's, or (initiating) a name is missing or not canonical; DNA_ERR_MEMORY. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_new(struct dna_session *session,
                                                 const struct dna_stream_options *options,
                                                 struct dna_time now,
                                                 struct dna_stream **out);
/* Frees it at once; what it wanted is cancelled.  NULL is fine. */
DNA_API void dna_stream_free(struct dna_stream *stream);
/* options.user, as it was given. */
DNA_API void *dna_stream_user(const struct dna_stream *stream);

/* What the server of a domain says of a dialback key, or why it was not asked. */
enum dna_dialback_outcome {
    DNA_DIALBACK_UNREACHED,  /* no connection, or it broke */
    DNA_DIALBACK_UNANSWERED, /* not in time */
    DNA_DIALBACK_UNKNOWN,    /* there is no such server, or it does not serve the domain */
    DNA_DIALBACK_REFUSED,    /* by a limit of ours, before anything was looked for */
    DNA_DIALBACK_INVALID,
    DNA_DIALBACK_VALID
};

enum dna_stream_effect_kind {
    DNA_STREAM_SECURE,  /* flush the output, then begin TLS in the stream's role; answer with
                         * dna_stream_secured; domain: whose certificate we present */
    DNA_STREAM_STANZA,  /* one stanza that passed the gate */
    DNA_STREAM_OWN,     /* the peer accepts us for `domain` (accepted), or no longer does */
    DNA_STREAM_PEER,    /* we accept the peer for `domain`, or no longer do; ruling says why */
    DNA_STREAM_PAIR,    /* dialback: `domain` -> `other` may be sent (accepted), or may not: by us
                         * on a stream of ours, by the peer on one of its own.  On a public
                         * stream text says what that rests on: "proof", or "dialback", which
                         * proves nothing and admits this pair alone (S18) */
    DNA_STREAM_VERIFY,  /* dialback: the peer claims to send for `domain` to `other`, with the
                         * key text, and the policy does with the word of the domain's own
                         * server.  Connect to that one, by DNS, never on this stream; call
                         * dna_stream_verify there with id and number of your choice, and
                         * answer here with dna_stream_verified and this number */
    DNA_STREAM_READY,   /* options.verifies: dna_stream_verify may be called */
    DNA_STREAM_VERIFIED,/* the answer to dna_stream_verify: number, outcome */
    DNA_STREAM_FLOWS,   /* what could not be sent for want of acknowledgements, or of a decision
                         * on what is resumed, can be now */
    DNA_STREAM_ERROR,   /* a stream error was sent (accepted false) or received (true) */
    DNA_STREAM_CLOSE    /* flush the output, close TLS and TCP; the last effect; text: why,
                         * where no ERROR said it */
};

struct dna_stream_effect {
    enum dna_stream_effect_kind kind;
    const char *domain; /* lives until the next call on the stream, as all that follows */
    const char *other;
    bool accepted;
    const struct dna_ruling *ruling; /* PEER; NULL where no question was heard */
    const struct dna_stanza *stanza; /* STANZA */
    const char *condition;           /* ERROR, and OWN/PAIR not accepted: why, never NULL */
    const char *text;                /* for people, never NULL; may hold the peer's bytes */
    struct dna_span id;              /* VERIFY */
    unsigned number;                 /* VERIFY, VERIFIED */
    enum dna_dialback_outcome outcome; /* VERIFIED */
};

/* Bytes from the peer, decrypted once TLS is on; borrowed until dna_stream_next has said
 * false.  DNA_ERR_STATE: effects are still to be pulled, or the stream is closed. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_read(struct dna_stream *stream,
                                                  struct dna_span bytes, struct dna_time now);
/* TLS is on; chain: what the peer presented (NULL: nothing), referenced. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_secured(struct dna_stream *stream,
                                                     struct dna_chain *chain,
                                                     struct dna_time now);
/* The connection is gone (or its input ended); why is for people. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_gone(struct dna_stream *stream, const char *why,
                                                  struct dna_time now);
/* The next effect; false: none left, and lent bytes are consumed. */
DNA_API bool dna_stream_next(struct dna_stream *stream, struct dna_time now,
                             struct dna_stream_effect *effect);

/* Bytes to write, in clear before SECURE and through TLS after it; then how many of them
 * were taken. */
DNA_API struct dna_span dna_stream_output(const struct dna_stream *stream);
DNA_API void dna_stream_sent(struct dna_stream *stream, size_t n);

/* Asks the peer of a stream of ours whether key is what it gave out for the pair `to` -> `from`
 * on the stream id of ours; the answer is VERIFIED with the number, unless the stream closes
 * before.  DNA_ERR_STATE: not on this stream, or not now. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_verify(struct dna_stream *stream,
                                                    const char *from, const char *to,
                                                    struct dna_span id, struct dna_span key,
                                                    unsigned number, struct dna_time now);
/* Whether it could be called now: another verification may use the same stream. */
DNA_API bool dna_stream_can_verify(const struct dna_stream *stream);
/* Answers VERIFY; what nobody waits for any more is ignored. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_verified(struct dna_stream *stream,
                                                      const char *domain, const char *other,
                                                      unsigned number,
                                                      enum dna_dialback_outcome outcome,
                                                      struct dna_time now);

/* We have stanzas from own to peer: asserts own, and hears peer, where that has not
 * happened.  The answers are OWN and PEER (or PAIR) effects.  DNA_ERR_STATE: this stream
 * cannot carry that pair (no DNA, closing, or refused already). */
DNA_API DNA_MUST_USE enum dna_err dna_stream_ask(struct dna_stream *stream, const char *own,
                                                 const char *peer, struct dna_time now);
/* Whether stanzas from own to peer may be sent now. */
DNA_API bool dna_stream_may_send(const struct dna_stream *stream, const char *own,
                                 const char *peer);
/* Appends a stanza to the output.  DNA_ERR_STATE: dna_stream_may_send says no;
 * DNA_ERR_LIMIT: longer than the peer admits (XEP-0478). */
DNA_API DNA_MUST_USE enum dna_err dna_stream_send(struct dna_stream *stream,
                                                  const struct dna_stanza *stanza);
/* Appends an error for stanza, from and to exchanged: it goes back to where the stanza came
 * from.  Same errors as dna_stream_send; DNA_ERR_ARGUMENT: not answerable. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_send_error(struct dna_stream *stream,
                                                        const struct dna_stanza *stanza,
                                                        enum dna_stanza_condition condition,
                                                        const char *text);
/* Sends the stream error (a condition of RFC 6120 4.9.3; NULL: none) and the end tag.  text is
 * for people; with see-other-host it is HOST[:PORT]. */
DNA_API DNA_MUST_USE enum dna_err dna_stream_close(struct dna_stream *stream,
                                                   const char *condition, const char *text,
                                                   struct dna_time now);
/* Bytes of stanzas that the peer has not acknowledged (XEP-0198): a destination with many is a
 * slow one, whatever the network has taken. */
DNA_API size_t dna_stream_unacked(const struct dna_stream *stream);
/* Bytes that it keeps for as long as it takes, beside its output: of stanzas that are not
 * acknowledged or are to be sent again, and of an element that is not complete yet. */
DNA_API size_t dna_stream_buffered(const struct dna_stream *stream);
/* Before dna_stream_gone or dna_stream_free, where the connection broke: so many of the last
 * bytes of the output, those that were not taken included, may not have reached the peer's
 * system. */
DNA_API void dna_stream_unconfirmed(struct dna_stream *stream, size_t bytes);
/* Gives back what an idle stream does not need (XML parser, buffers). */
DNA_API void dna_stream_park(struct dna_stream *stream);
/* For a log: the domains of the stream header, canonical, "" where unknown. */
DNA_API const char *dna_stream_own(const struct dna_stream *stream);
DNA_API const char *dna_stream_peer(const struct dna_stream *stream);
/* Whether the peer has proven that domain on this stream by a prooftype: dialback admits
 * without a proof, and a pin is the operator's word. */
DNA_API bool dna_stream_proves(const struct dna_stream *stream, const char *domain);
/* Hears such a domain once more, as if its proof were about to end, and by no remembered ruling:
 * its evidence is made anew.  False: it is not proven here.  True also while it is heard. */
DNA_API bool dna_stream_rehear(struct dna_stream *stream, const char *domain,
                               struct dna_time now);
/* The SRV target that it was opened for, as in its options; NULL: none.  *port is set with it. */
DNA_API const char *dna_stream_host(const struct dna_stream *stream, uint16_t *port);
/* Whether the stream can take further domains: TLS, DNA spoken by both, not closing. */
DNA_API bool dna_stream_speaks_dna(const struct dna_stream *stream);
/* Whether a proven peer certificate under a trusted path permits to ask this stream for another
 * target domain (RFC 7712 "supposition"): it names the host that was found for it by SRV.
 * Without such a certificate the stream must have been connected to an address of that host
 * (XEP-0220 2.3), which the driver knows. */
DNA_API bool dna_stream_may_carry(const struct dna_stream *stream, const char *host);

#ifdef __cplusplus
}
#endif
#endif
