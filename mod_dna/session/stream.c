/* session/stream.c: the stream as its host sees it.
 *
 * Bytes are parsed while effects are pulled: the reader gives one item at a time to the
 * protocol engine, whose effects are all pulled before the next.  Relaying a stanza
 * allocates nothing here.
 */
#include <session/stream.h>

#include <string.h>

#include <base/alloc.h>
#include <base/codec.h>
#include <base/limits.h>
#include <proof/certificate.h>

/* The xml:lang of the headers that s2s writes. */
#define LANG "en"

static void unready(struct dna_stream *stream)
{
    struct dna_stream_list *ready = &stream->session->ready;
    if (!stream->is_ready) {
        return;
    }
    if (stream->prev_ready != NULL) {
        stream->prev_ready->next_ready = stream->next_ready;
    } else {
        ready->first = stream->next_ready;
    }
    if (stream->next_ready != NULL) {
        stream->next_ready->prev_ready = stream->prev_ready;
    } else {
        ready->last = stream->prev_ready;
    }
    stream->is_ready = false;
}

static void retime(struct dna_stream *stream)
{
    dna_timers_set(&stream->session->timers, &stream->timer,
                   stream->closed ? DNA_NEVER : dna_s2s_deadline(stream->s2s));
}

void dna_stream_touch(struct dna_stream *stream)
{
    struct dna_stream_list *ready = &stream->session->ready;
    retime(stream);
    if (stream->is_ready || stream->closed) {
        return;
    }
    stream->prev_ready = ready->last;
    stream->next_ready = NULL;
    if (ready->last != NULL) {
        ready->last->next_ready = stream;
    } else {
        ready->first = stream;
    }
    ready->last = stream;
    stream->is_ready = true;
}

static void enter(struct dna_stream *stream)
{
    struct dna_stream_list *all = &stream->session->streams;
    stream->prev = all->last;
    if (all->last != NULL) {
        all->last->next = stream;
    } else {
        all->first = stream;
    }
    all->last = stream;
}

static void leave(struct dna_stream *stream)
{
    struct dna_stream_list *all = &stream->session->streams;
    if (stream->prev != NULL) {
        stream->prev->next = stream->next;
    } else {
        all->first = stream->next;
    }
    if (stream->next != NULL) {
        stream->next->prev = stream->prev;
    } else {
        all->last = stream->prev;
    }
}

static bool canonical(const char *domain)
{
    struct dna_name name;
    return domain != NULL && dna_name_parse(dna_span_of(domain), &name) == DNA_OK &&
           strcmp(name.text, domain) == 0;
}

static bool admissible(const struct dna_session *session,
                       const struct dna_stream_options *options)
{
    if (options->link != NULL && options->link->session != session) {
        return false;
    }
    if (options->role == DNA_RECEIVING) {
        return true;
    }
    return canonical(options->own) && canonical(options->peer) &&
           (options->host == NULL || canonical(options->host));
}

/* Names that nobody can guess; a host that gave no random bytes for them does without. */
static void name_lasting(const struct dna_stream_options *options,
                         struct dna_s2s_options *s2s)
{
    static const unsigned char none[DNA_STREAM_RANDOM_LASTING];
    size_t half = DNA_STREAM_RANDOM_LASTING / 2;
    if (memcmp(options->lasting, none, sizeof none) != 0) {
        dna_hex_encode(options->lasting, half, s2s->resumption);
        dna_hex_encode(options->lasting + half, half, s2s->ping);
    }
}

static enum dna_err make_engine(struct dna_stream *stream,
                                const struct dna_stream_options *options, struct dna_time now)
{
    struct dna_session *session = stream->session;
    bool initiating = options->role == DNA_INITIATING;
    struct dna_s2s_options s2s = {
        .alloc = session->alloc,
        .log = session->log,
        .role = options->role,
        .profile = stream->link != NULL && !dna_link_is_bridge(stream->link) ? DNA_S2S_LOCAL
                                                                             : DNA_S2S_PUBLIC,
        .bridge = dna_link_is_bridge(stream->link),
        .own = initiating ? options->own : NULL,
        .peer = initiating ? options->peer : NULL,
        .hosted = stream->link != NULL ? stream->link->domains : session->hosting.domains,
        .seed = session->seed,
        .accept_short_form = session->accept_short_form,
        .dialback = stream->link == NULL && session->secrets.own.len != 0,
        .verifies = initiating && stream->link == NULL && options->verifies,
        .keyed = stream->link != NULL && stream->link->keyed,
        .manages = stream->link == NULL,
        .bidi = stream->link == NULL,
    };
    stream->verifies = s2s.verifies;
    if (stream->link == NULL) {
        name_lasting(options, &s2s);
    }
    dna_hex_encode(options->random, sizeof stream->nonce / 2, stream->nonce);
    for (size_t i = 0; i < 3; i++) {
        dna_hex_encode(options->random + i * (DNA_STREAM_RANDOM / 3), DNA_STREAM_RANDOM / 3,
                       s2s.ids[i]);
    }
    return dna_s2s_new(&s2s, now, &stream->s2s);
}

static enum dna_err make_parts(struct dna_stream *stream,
                               const struct dna_stream_options *options, struct dna_time now)
{
    static const struct dna_xml_limits limits = {
        .element = DNA_LIMIT_ELEMENT_UNAUTH,
        .depth = DNA_LIMIT_DEPTH_UNAUTH,
        .attributes = DNA_LIMIT_ATTRIBUTES,
    };
    const struct dna_alloc *alloc = stream->session->alloc;
    enum dna_err err = dna_xml_reader_new(alloc, LANG, &limits, &stream->reader);
    if (stream->role == DNA_INITIATING && stream->link == NULL && options->host != NULL) {
        stream->endpoint.host = dna_alloc_text(alloc, dna_span_of(options->host));
        stream->endpoint.port = options->port;
        err = stream->endpoint.host == NULL ? DNA_ERR_MEMORY : err;
        if (options->address != NULL) {
            stream->endpoint.address = dna_alloc_text(alloc, dna_span_of(options->address));
            err = stream->endpoint.address == NULL ? DNA_ERR_MEMORY : err;
        }
    }
    if (err == DNA_OK && options->payer != NULL) {
        stream->payer = dna_payer_enter(&stream->session->lookups, dna_span_of(options->payer));
        err = stream->payer == NULL ? DNA_ERR_MEMORY : err;
    }
    if (err == DNA_OK && stream->link == NULL) {
        err = dna_map_new(alloc, stream->session->seed, &stream->peers);
    }
    return err == DNA_OK ? make_engine(stream, options, now) : err;
}

static void free_parts(struct dna_stream *stream)
{
    struct dna_session *session = stream->session;
    dna_stream_expect_nothing(stream);
    if (stream->s2s != NULL) {
        dna_stream_leave(stream);
    }
    dna_stream_peers_free(stream);
    dna_lookups_leave_all(&session->lookups, &stream->foresight.waits);
    dna_payer_leave(&session->lookups, stream->payer);
    dna_s2s_free(stream->s2s);
    dna_xml_reader_free(stream->reader);
    dna_chain_free(stream->chain);
    dna_alloc_release(session->alloc, stream->endpoint.host);
    dna_alloc_release(session->alloc, stream->endpoint.address);
    dna_alloc_release(session->alloc, stream->shown);
    dna_timers_leave(&session->timers, &stream->timer);
    dna_alloc_release(session->alloc, stream);
}

enum dna_err dna_stream_new(struct dna_session *session,
                            const struct dna_stream_options *options, struct dna_time now,
                            struct dna_stream **out)
{
    struct dna_stream_options known;
    struct dna_stream *stream;
    enum dna_err err;
    dna_session_adopt(&known, sizeof known, options, options->size);
    session->now = now;
    if (!admissible(session, &known)) {
        return DNA_ERR_ARGUMENT;
    }
    stream = dna_alloc_zero(session->alloc, 1, sizeof *stream);
    if (stream == NULL) {
        return DNA_ERR_MEMORY;
    }
    stream->session = session;
    stream->link = known.link;
    stream->role = known.role;
    stream->user = known.user;
    err = dna_timers_enter(&session->timers, &stream->timer, DNA_TIMER_STREAM);
    if (err != DNA_OK) {
        dna_alloc_release(session->alloc, stream);
        return err;
    }
    err = make_parts(stream, &known, now);
    if (err != DNA_OK) {
        free_parts(stream);
        return err;
    }
    enter(stream);
    dna_stream_take_up(stream, now);
    dna_stream_touch(stream);
    *out = stream;
    return DNA_OK;
}

void dna_stream_free(struct dna_stream *stream)
{
    if (stream == NULL) {
        return;
    }
    unready(stream);
    leave(stream);
    free_parts(stream);
}

void *dna_stream_user(const struct dna_stream *stream)
{
    return stream->user;
}

/* --- in ------------------------------------------------------------------------------ */

enum dna_err dna_stream_read(struct dna_stream *stream, struct dna_span bytes,
                             struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed || stream->lent) {
        return DNA_ERR_STATE;
    }
    dna_s2s_clock(stream->s2s, now);
    dna_s2s_received(stream->s2s, bytes.len);
    err = dna_xml_reader_feed(stream->reader, bytes);
    if (err == DNA_ERR_STATE) {
        /* The stream's XML has ended; what follows it has no meaning. */
        err = DNA_OK;
    } else if (err == DNA_OK) {
        stream->lent = true;
    }
    dna_stream_touch(stream);
    return err;
}

enum dna_err dna_stream_secured(struct dna_stream *stream, struct dna_chain *chain,
                                struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed || stream->chain != NULL) {
        return DNA_ERR_STATE;
    }
    err = dna_s2s_secured(stream->s2s, chain != NULL, 0, now);
    if (err == DNA_OK && chain != NULL) {
        stream->chain = dna_chain_ref(chain);
    }
    dna_stream_touch(stream);
    return err;
}

enum dna_err dna_stream_gone(struct dna_stream *stream, const char *why, struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    err = dna_s2s_gone(stream->s2s, why, now);
    dna_stream_touch(stream);
    return err;
}

/* The next item of the lent bytes goes to the engine.  False: there is none. */
static bool read_item(struct dna_stream *stream, struct dna_time now)
{
    struct dna_xml_item item;
    if (!stream->lent) {
        return false;
    }
    dna_xml_reader_next(stream->reader, &item);
    if (item.kind == DNA_XML_MORE) {
        stream->lent = false;
        return false;
    }
    if (item.kind == DNA_XML_ERROR || item.kind == DNA_XML_END) {
        stream->lent = false;
    }
    dna_stream_lost(dna_s2s_item(stream->s2s, &item, now));
    return true;
}

bool dna_stream_next(struct dna_stream *stream, struct dna_time now,
                     struct dna_stream_effect *effect)
{
    struct dna_s2s_effect inner;
    stream->session->now = now;
    while (!stream->closed) {
        if (dna_s2s_next(stream->s2s, &inner)) {
            if (dna_stream_act(stream, &inner, now, effect)) {
                return true;
            }
        } else if (!read_item(stream, now)) {
            break;
        }
    }
    dna_stream_collect_unsent(stream);
    retime(stream);
    unready(stream);
    return false;
}

/* --- out ----------------------------------------------------------------------------- */

struct dna_span dna_stream_output(const struct dna_stream *stream)
{
    return dna_buf_span(dna_s2s_output(stream->s2s));
}

void dna_stream_sent(struct dna_stream *stream, size_t n)
{
    dna_buf_consume(dna_s2s_output(stream->s2s), n);
}

enum dna_err dna_stream_ask(struct dna_stream *stream, const char *own, const char *peer,
                            struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    err = dna_s2s_ask(stream->s2s, own, peer, now);
    dna_stream_touch(stream);
    return err;
}

enum dna_err dna_stream_verify(struct dna_stream *stream, const char *from, const char *to,
                               struct dna_span id, struct dna_span key, unsigned number,
                               struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    err = dna_s2s_verify(stream->s2s, from, to, id, key, number, now);
    dna_stream_touch(stream);
    return err;
}

bool dna_stream_can_verify(const struct dna_stream *stream)
{
    return !stream->closed && dna_s2s_can_verify(stream->s2s);
}

static enum dna_s2s_verdict verdict_of(enum dna_dialback_outcome outcome)
{
    switch (outcome) {
    case DNA_DIALBACK_UNREACHED:
        break;
    case DNA_DIALBACK_UNANSWERED:
        return DNA_S2S_KEY_UNANSWERED;
    case DNA_DIALBACK_UNKNOWN:
        return DNA_S2S_KEY_UNKNOWN;
    case DNA_DIALBACK_REFUSED:
        return DNA_S2S_KEY_REFUSED;
    case DNA_DIALBACK_INVALID:
        return DNA_S2S_KEY_INVALID;
    case DNA_DIALBACK_VALID:
        return DNA_S2S_KEY_VALID;
    }
    return DNA_S2S_KEY_UNREACHED;
}

enum dna_err dna_stream_verified(struct dna_stream *stream, const char *domain,
                                 const char *other, unsigned number,
                                 enum dna_dialback_outcome outcome, struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    err = dna_s2s_answered(stream->s2s, domain, other, number, verdict_of(outcome), now);
    dna_stream_touch(stream);
    return err;
}

bool dna_stream_may_send(const struct dna_stream *stream, const char *own, const char *peer)
{
    return !stream->closed && dna_s2s_may_send(stream->s2s, own, peer);
}

/* A stream that was lost has an effect to be pulled; one that asked for an answer may not wait
 * for it for ever. */
static enum dna_err sent(struct dna_stream *stream, enum dna_err err)
{
    if (err == DNA_ERR_MEMORY) {
        dna_stream_touch(stream);
    } else if (dna_s2s_deadline(stream->s2s) < stream->timer.at || stream->timer.place == 0) {
        retime(stream);
    }
    return err;
}

static void clock_in(struct dna_stream *stream)
{
    dna_s2s_clock(stream->s2s, stream->session->now);
}

enum dna_err dna_stream_send(struct dna_stream *stream, const struct dna_stanza *stanza)
{
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    clock_in(stream);
    return sent(stream, dna_s2s_send(stream->s2s, stanza));
}

enum dna_err dna_stream_send_error(struct dna_stream *stream, const struct dna_stanza *stanza,
                                   enum dna_stanza_condition condition, const char *text)
{
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    clock_in(stream);
    return sent(stream, dna_s2s_send_error(stream->s2s, stanza, condition, text));
}

enum dna_err dna_stream_close(struct dna_stream *stream, const char *condition,
                              const char *text, struct dna_time now)
{
    enum dna_err err;
    stream->session->now = now;
    if (stream->closed) {
        return DNA_ERR_STATE;
    }
    err = dna_s2s_close(stream->s2s, condition, text, now);
    dna_stream_touch(stream);
    return err;
}

size_t dna_stream_unacked(const struct dna_stream *stream)
{
    return stream->closed ? 0 : dna_s2s_unacked(stream->s2s);
}

size_t dna_stream_buffered(const struct dna_stream *stream)
{
    return dna_s2s_kept(stream->s2s) + dna_xml_reader_pending(stream->reader);
}

void dna_stream_unconfirmed(struct dna_stream *stream, size_t bytes)
{
    dna_s2s_unconfirmed(stream->s2s, bytes);
}

void dna_stream_park(struct dna_stream *stream)
{
    struct dna_buf *output = dna_s2s_output(stream->s2s);
    if (stream->lent) {
        return;
    }
    dna_xml_reader_park(stream->reader);
    dna_alloc_release(stream->session->alloc, stream->shown);
    stream->shown = NULL;
    if (dna_buf_len(output) == 0) {
        dna_buf_fini(output); /* it begins anew with the next byte */
    }
}

/* --- what is known ------------------------------------------------------------------- */

const char *dna_stream_own(const struct dna_stream *stream)
{
    return dna_s2s_own(stream->s2s);
}

const char *dna_stream_peer(const struct dna_stream *stream)
{
    return dna_s2s_peer(stream->s2s);
}

const char *dna_stream_host(const struct dna_stream *stream, uint16_t *port)
{
    if (stream->endpoint.host != NULL) {
        *port = stream->endpoint.port;
    }
    return stream->endpoint.host;
}

bool dna_stream_speaks_dna(const struct dna_stream *stream)
{
    return !stream->closed && stream->link == NULL && dna_s2s_speaks_dna(stream->s2s);
}

static bool names_host(const struct dna_stream *stream, const char *host)
{
    int64_t now = stream->session->now.wall;
    struct dna_path path;
    return stream->chain != NULL && dna_hearing_path(stream->session, stream->chain, &path) &&
           path.code == DNA_PATH_OK && now >= path.not_before && now < path.not_after &&
           dna_certificate_names(stream->chain, &path, DNA_XMPP_SERVER, host);
}

bool dna_stream_may_carry(const struct dna_stream *stream, const char *host)
{
    return dna_stream_speaks_dna(stream) &&
           dna_s2s_peer_valid(stream->s2s, dna_s2s_peer(stream->s2s)) &&
           names_host(stream, host);
}
