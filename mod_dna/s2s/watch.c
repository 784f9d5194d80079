/* s2s/watch.c: streams on which nothing is said, or nothing comes back.
 *
 * The initiating entity sends a space before its silence becomes the peer's reason to close
 * (XEP-0478), between elements of an established stream only.  Stanzas that nothing answers are
 * asked about: by a request to acknowledge, or by a ping (XEP-0199) now and then.  A peer that
 * does not answer is gone; one that is merely silent is not.
 *
 * What happens moves no timer: `at` is when to look, and looking finds out when to look next.
 */
#include <s2s/table.h>

#include <stdio.h>

#include <base/limits.h>

static bool watches(const struct dna_s2s *s)
{
    return dna_s2s_is(s, DNA_S2S_PUBLIC) && dna_s2s_established(s);
}

void dna_s2s_clock(struct dna_s2s *s, struct dna_time now)
{
    if (now.mono >= s->now.mono) {
        s->now = now;
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long we may be silent; DNA_NEVER: as long as we like. */
static int64_t silence(const struct dna_s2s *s)
{
    int64_t idle = s->headers.idle_ms / 4 * 3;
    if (s->options.role != DNA_INITIATING) {
        return DNA_NEVER;
    }
    if (idle == 0 || idle > DNA_LIMIT_WHITESPACE_MS) {
        return DNA_LIMIT_WHITESPACE_MS;
    }
    return idle > DNA_LIMIT_IDLE_LEAST_MS ? idle : DNA_LIMIT_IDLE_LEAST_MS;
}

/* Whether an answer can be waited for, and is not yet. */
static bool may_ping(const struct dna_s2s *s)
{
    return s->options.ping[0] != '\0' && s->managing.state == DNA_S2S_UNMANAGED &&
           s->watch.asked == 0 && s->watch.sent != 0;
}

static int64_t ping_at(const struct dna_s2s *s)
{
    const struct dna_s2s_watch *w = &s->watch;
    int64_t soon = w->sent + DNA_LIMIT_CHECK_AFTER_MS;
    int64_t again = w->checked != 0 ? w->checked + DNA_LIMIT_CHECK_MS : 0;
    return soon > again ? soon : again;
}

/* Where nobody has said anything; a space of the peer's counts. */
static int64_t idle_at(const struct dna_s2s *s)
{
    const struct dna_s2s_watch *w = &s->watch;
    int64_t last = w->heard > w->wrote ? w->heard : w->wrote;
    return s->options.role == DNA_RECEIVING ? last + (int64_t)DNA_LIMIT_IDLE_S * 1000
                                            : DNA_NEVER;
}

static int64_t next_look(const struct dna_s2s *s)
{
    const struct dna_s2s_watch *w = &s->watch;
    const struct dna_s2s_managing *m = &s->managing;
    int64_t at = idle_at(s), quiet = silence(s);
    if (quiet != DNA_NEVER) {
        at = earlier(at, w->wrote + quiet);
    }
    if (w->asked != 0) {
        at = earlier(at, w->asked + DNA_LIMIT_ANSWER_MS);
    } else if (may_ping(s)) {
        at = earlier(at, ping_at(s));
    }
    if (m->manage.held.first != NULL) {
        at = earlier(at, m->held_until);
    }
    if (m->state == DNA_S2S_UNMANAGED && m->manage.kept.first != NULL) {
        at = earlier(at, m->manage.kept.first->at + DNA_LIMIT_RECENT_MS);
    }
    return at;
}

void dna_s2s_watch_begin(struct dna_s2s *s)
{
    s->watch.heard = s->watch.wrote = s->now.mono;
    s->watch.at = dna_s2s_is(s, DNA_S2S_PUBLIC) ? next_look(s) : DNA_NEVER;
}

void dna_s2s_watch_sooner(struct dna_s2s *s)
{
    struct dna_s2s_watch *w = &s->watch;
    if (w->sent == 0 && s->managing.state == DNA_S2S_UNMANAGED) {
        w->sent = s->now.mono;
    }
    if (watches(s)) {
        w->at = earlier(w->at, next_look(s));
    }
}

int64_t dna_s2s_watch_deadline(const struct dna_s2s *s)
{
    return watches(s) ? s->watch.at : DNA_NEVER;
}

/* Between the header's domains; where these are not accepted, or not any more, between those of
 * the last stanza.  False: neither may be sent. */
static bool choose_pair(const struct dna_s2s *s, const char **own, const char **peer,
                        struct dna_stanza *last)
{
    *own = s->own.text;
    *peer = s->peer.text;
    if (!dna_s2s_may_send(s, *own, *peer) && s->managing.manage.kept.last != NULL) {
        dna_kept_stanza(s->managing.manage.kept.last, last);
        *own = last->from_domain.text;
        *peer = last->to_domain.text;
    }
    return dna_s2s_may_send(s, *own, *peer);
}

/* The id cannot be guessed, so that nobody else answers in the peer's place. */
static void ping(struct dna_s2s *s)
{
    struct dna_s2s_watch *w = &s->watch;
    char id[DNA_S2S_ID_TEXT + 16];
    struct dna_s2s_effect effect = {.kind = DNA_S2S_PING, .text = id};
    struct dna_stanza last;
    w->checked = s->now.mono;
    if (!choose_pair(s, &effect.domain, &effect.other, &last)) {
        w->sent = 0;
        return;
    }
    (void)snprintf(id, sizeof id, "%s-%u", s->options.ping, ++w->pings);
    w->asked = s->now.mono;
    dna_s2s_put(s, "<iq from='%s' to='%s' id='%s' type='get'><ping xmlns='" DNA_S2S_NS_PING
                   "'/></iq>", effect.domain, effect.other, id);
    dna_s2s_emit(s, &effect);
}

void dna_s2s_ponged(struct dna_s2s *s)
{
    s->watch.asked = s->watch.sent = 0;
}

void dna_s2s_watch_look(struct dna_s2s *s)
{
    struct dna_s2s_watch *w = &s->watch;
    int64_t now = s->now.mono;
    if (!watches(s) || now < w->at) {
        return;
    }
    if (w->asked != 0 && now - w->asked >= DNA_LIMIT_ANSWER_MS) {
        dna_s2s_run(s, DNA_S2S_EV_SILENT, NULL);
        return;
    }
    if (now >= idle_at(s)) {
        dna_s2s_run(s, DNA_S2S_EV_IDLE, NULL);
        return;
    }
    if (s->managing.manage.held.first != NULL && now >= s->managing.held_until) {
        dna_s2s_manage_give_up(s);
    }
    if (s->managing.state == DNA_S2S_UNMANAGED) {
        dna_manage_age(&s->managing.manage, now);
    }
    if (may_ping(s) && now >= ping_at(s)) {
        ping(s);
    }
    if (silence(s) != DNA_NEVER && now - w->wrote >= silence(s)) {
        dna_s2s_put(s, " ");
    }
    w->at = next_look(s);
}
