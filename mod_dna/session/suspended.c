/* session/suspended.c: what is left of streams whose connection broke.
 *
 * A stream that the peer may resume is looked for by the name that we gave it, and only among
 * those of the very header domains; that these are proven on the new stream, too, the stream
 * itself sees to.  A stream of ours is taken up by the next one of the same pair.  Whatever is
 * given up goes to the list of what the host has to return.
 */
#include <session/suspended.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>
#include <session/stream.h>
#include <x509/digest.h>

void dna_suspension_init(struct dna_session *session)
{
    session->suspension.end = &session->suspension.first;
}

/* --- what is to be returned ----------------------------------------------------------- */

static void return_list(struct dna_session *session, struct dna_kept_list *list)
{
    struct dna_kept *kept;
    while ((kept = dna_kept_take(list)) != NULL) {
        dna_kept_add(&session->suspension.unsent, kept);
    }
}

bool dna_session_next_unsent(struct dna_session *session, struct dna_stanza *stanza)
{
    struct dna_suspension *all = &session->suspension;
    dna_alloc_release(session->alloc, all->shown);
    all->shown = dna_kept_take(&all->unsent);
    if (all->shown != NULL) {
        dna_kept_stanza(all->shown, stanza);
    }
    return all->shown != NULL;
}

size_t dna_session_buffered(const struct dna_session *session)
{
    const struct dna_suspension *all = &session->suspension;
    return all->bytes + all->unsent.bytes + (all->shown != NULL ? all->shown->bytes : 0);
}

/* --- the list ------------------------------------------------------------------------- */

static void detach(struct dna_session *session, struct dna_suspended *suspended)
{
    struct dna_suspension *all = &session->suspension;
    struct dna_suspended **at = &all->first;
    while (*at != suspended) {
        at = &(*at)->next;
    }
    *at = suspended->next;
    if (*at == NULL) {
        all->end = at;
    }
    all->n--;
    all->bytes -= suspended->bytes;
    dna_timers_leave(&session->timers, &suspended->timer);
}

static void give_up(struct dna_session *session, struct dna_s2s_left *left)
{
    return_list(session, &left->manage.kept);
    return_list(session, &left->manage.held);
}

void dna_suspended_expire(struct dna_session *session, struct dna_suspended *suspended)
{
    detach(session, suspended);
    give_up(session, &suspended->left);
    dna_alloc_release(session->alloc, suspended);
}

void dna_suspension_fini(struct dna_session *session)
{
    struct dna_suspension *all = &session->suspension;
    struct dna_kept *kept;
    while (all->first != NULL) {
        dna_suspended_expire(session, all->first);
    }
    while ((kept = dna_kept_take(&all->unsent)) != NULL) {
        dna_alloc_release(session->alloc, kept);
    }
    dna_alloc_release(session->alloc, all->shown);
    dna_map_free(all->pings);
}

static size_t count_of(const struct dna_session *session, const char *peer)
{
    size_t n = 0;
    for (const struct dna_suspended *s = session->suspension.first; s != NULL; s = s->next) {
        n += strcmp(s->peer.text, peer) == 0;
    }
    return n;
}

/* NULL: there is no room. */
static struct dna_suspended *suspend(struct dna_stream *stream, struct dna_s2s_left *left,
                                     int64_t until)
{
    struct dna_session *session = stream->session;
    struct dna_suspension *all = &session->suspension;
    const char *peer = dna_s2s_peer(stream->s2s);
    size_t bytes = left->manage.kept.bytes + left->manage.held.bytes;
    struct dna_suspended *made;
    if (all->n >= DNA_LIMIT_SUSPENDED || bytes > DNA_LIMIT_SUSPENDED_BYTES - all->bytes ||
        count_of(session, peer) >= DNA_LIMIT_SUSPENDED_OF) {
        return NULL;
    }
    made = dna_alloc_zero(session->alloc, 1, sizeof *made);
    if (made == NULL ||
        dna_timers_enter(&session->timers, &made->timer, DNA_TIMER_SUSPENDED) != DNA_OK) {
        dna_alloc_release(session->alloc, made);
        return NULL;
    }
    made->role = stream->role;
    strcpy(made->own.text, dna_s2s_own(stream->s2s));
    strcpy(made->peer.text, peer);
    made->bytes = bytes;
    made->until = until;
    made->left = *left;
    *all->end = made;
    all->end = &made->next;
    all->n++;
    all->bytes += bytes;
    dna_timers_set(&session->timers, &made->timer, until);
    return made;
}

void dna_stream_leave(struct dna_stream *stream)
{
    struct dna_session *session = stream->session;
    struct dna_s2s_left left;
    if (stream->left) {
        return;
    }
    stream->left = true;
    if (dna_s2s_leave(stream->s2s, &left)) {
        int64_t until = stream->resume_until != 0 ? stream->resume_until
                                                  : session->now.mono + left.life_ms;
        if (until <= session->now.mono || suspend(stream, &left, until) == NULL) {
            give_up(session, &left);
        }
    }
    dna_stream_collect_unsent(stream);
}

void dna_stream_collect_unsent(struct dna_stream *stream)
{
    struct dna_kept *kept;
    while ((kept = dna_s2s_next_unsent(stream->s2s)) != NULL) {
        dna_kept_add(&stream->session->suspension.unsent, kept);
    }
}

/* --- streams of ours -------------------------------------------------------------------- */

static struct dna_suspended *ours(const struct dna_session *session, const char *own,
                                  const char *peer)
{
    struct dna_suspended *s = session->suspension.first;
    while (s != NULL && (s->role != DNA_INITIATING || strcmp(s->own.text, own) != 0 ||
                         strcmp(s->peer.text, peer) != 0)) {
        s = s->next;
    }
    return s;
}

bool dna_session_may_resume(const struct dna_session *session, const char *own,
                            const char *peer)
{
    return ours(session, own, peer) != NULL;
}

void dna_stream_take_up(struct dna_stream *stream, struct dna_time now)
{
    struct dna_session *session = stream->session;
    struct dna_suspended *s;
    if (stream->role != DNA_INITIATING || stream->link != NULL || stream->verifies) {
        return;
    }
    s = ours(session, dna_s2s_own(stream->s2s), dna_s2s_peer(stream->s2s));
    if (s == NULL || dna_s2s_resume(stream->s2s, dna_span_of(s->left.id), &s->left.manage,
                                    now) != DNA_OK) {
        return; /* its own time goes on */
    }
    stream->resume_until = s->until;
    dna_suspended_expire(session, s);
}

/* --- streams of the peer's --------------------------------------------------------------- */

static struct dna_suspended *theirs(const struct dna_stream *stream, const char *id)
{
    struct dna_suspended *s = stream->session->suspension.first;
    while (s != NULL && (s->role != DNA_RECEIVING ||
                         !dna_same_bytes(dna_span_of(s->left.id), dna_span_of(id)))) {
        s = s->next;
    }
    if (s == NULL || strcmp(s->peer.text, dna_s2s_peer(stream->s2s)) != 0 ||
        strcmp(s->own.text, dna_s2s_own(stream->s2s)) != 0) {
        return NULL;
    }
    return s;
}

/* The peer noticed before we did that the connection broke: the stream ends here and now. */
static void replace(struct dna_stream *stream, const char *id, struct dna_time now)
{
    struct dna_session *session = stream->session;
    struct dna_stream *s = session->streams.first;
    while (s != NULL && (s == stream || s->link != NULL || s->role != DNA_RECEIVING ||
                         s->left || !dna_same_bytes(dna_span_of(dna_s2s_resumption(s->s2s)),
                                                    dna_span_of(id)))) {
        s = s->next;
    }
    if (s == NULL || strcmp(dna_s2s_peer(s->s2s), dna_s2s_peer(stream->s2s)) != 0 ||
        strcmp(dna_s2s_own(s->s2s), dna_s2s_own(stream->s2s)) != 0) {
        return;
    }
    dna_stream_leave(s);
    dna_stream_lost(dna_s2s_close(s->s2s, "conflict", "the stream was resumed elsewhere", now));
    dna_stream_touch(s);
}

void dna_stream_find_suspended(struct dna_stream *stream, const char *id, struct dna_time now)
{
    char name[DNA_LIMIT_RESUMPTION_ID + 1];
    struct dna_suspended *s;
    if (strlen(id) >= sizeof name || id[0] == '\0') {
        dna_stream_lost(dna_s2s_suspended(stream->s2s, NULL, now));
        return;
    }
    strcpy(name, id); /* the effect's own ends with the next call */
    replace(stream, name, now);
    s = theirs(stream, name);
    dna_stream_lost(dna_s2s_suspended(stream->s2s, s != NULL ? &s->left.manage : NULL, now));
    /* What was not taken could not be resumed by anybody else. */
    if (s != NULL) {
        dna_suspended_expire(stream->session, s);
    }
}

/* --- pings ----------------------------------------------------------------------------------- */

#define PING_NAME (2 * DNA_NAME_MAX + DNA_S2S_ID_TEXT + 20)

/* Only who was asked can answer.  False: no ping of ours has so long a name. */
static bool name_ping(char *name, const char *own, const char *peer, struct dna_span id)
{
    int n = snprintf(name, PING_NAME, "%s %s %.*s", own, peer, DNA_SPAN_FMT(id));
    return n > 0 && n < PING_NAME;
}

void dna_stream_expect_answer(struct dna_stream *stream, const char *own, const char *peer,
                              const char *id)
{
    char name[PING_NAME];
    struct dna_session *session = stream->session;
    struct dna_suspension *all = &session->suspension;
    dna_stream_expect_nothing(stream);
    if (!name_ping(name, own, peer, dna_span_of(id)) ||
        (all->pings == NULL &&
         dna_map_new(session->alloc, session->seed, &all->pings) != DNA_OK)) {
        dna_s2s_ponged(stream->s2s); /* an answer could not be told from others */
        return;
    }
    stream->pinged = dna_alloc_text(session->alloc, dna_span_of(name));
    if (stream->pinged == NULL ||
        dna_map_set(all->pings, dna_span_of(stream->pinged), stream) != DNA_OK) {
        dna_alloc_release(session->alloc, stream->pinged);
        stream->pinged = NULL;
        dna_s2s_ponged(stream->s2s);
    }
}

void dna_stream_expect_nothing(struct dna_stream *stream)
{
    if (stream->pinged != NULL) {
        (void)dna_map_remove(stream->session->suspension.pings, dna_span_of(stream->pinged));
        dna_alloc_release(stream->session->alloc, stream->pinged);
        stream->pinged = NULL;
    }
}

bool dna_stream_is_answer(struct dna_stream *stream, const struct dna_stanza *stanza)
{
    struct dna_session *session = stream->session;
    struct dna_stream *pinged;
    char name[PING_NAME];
    if (session->suspension.pings == NULL || stanza->kind != DNA_IQ || stream->link != NULL ||
        !(dna_span_is(stanza->type, "result") || dna_span_is(stanza->type, "error")) ||
        !name_ping(name, stanza->to_domain.text, stanza->from_domain.text, stanza->id)) {
        return false;
    }
    pinged = dna_map_get(session->suspension.pings, dna_span_of(name));
    if (pinged == NULL) {
        return false;
    }
    dna_stream_expect_nothing(pinged);
    dna_s2s_ponged(pinged->s2s);
    return true;
}
