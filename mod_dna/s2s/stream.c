/* s2s/stream.c: the public calls.
 *
 * Each call sets what it brought, lets the engine handle its event and all that follow, and
 * then gives those that wait their turn and tells the reader its limits.
 */
#include <s2s/table.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/limits.h>

bool dna_s2s_established(const struct dna_s2s *s)
{
    return s->state == DNA_S2S_IN_ESTABLISHED || s->state == DNA_S2S_IN_LOCAL_ESTABLISHED ||
           s->state == DNA_S2S_OUT_ESTABLISHED || s->state == DNA_S2S_OUT_LOCAL_ESTABLISHED;
}

bool dna_s2s_over(const struct dna_s2s *s)
{
    return s->state == DNA_S2S_CLOSING || s->state == DNA_S2S_FAILED ||
           s->state == DNA_S2S_CLOSED;
}

bool dna_s2s_hosts(const struct dna_s2s *s, const char *domain)
{
    bool listed = dna_map_get(s->options.hosted, dna_span_of(domain)) != NULL;
    return s->options.bridge ? domain[0] != '\0' && !listed : listed;
}

void dna_s2s_fault(struct dna_s2s *s, enum dna_err err)
{
    if (s->err == DNA_OK) {
        s->err = err;
    }
}

/* --- around every call ----------------------------------------------------------------- */

static void run_timers(struct dna_s2s *s)
{
    struct dna_s2s_record *r;
    while (s->err == DNA_OK && !dna_s2s_over(s) && (r = dna_s2s_timer_first(s)) != NULL &&
           r->deadline <= s->now.mono) {
        dna_s2s_timer(s, r, DNA_NEVER);
        dna_s2s_run(s, DNA_S2S_RE_TIMER, r);
    }
    if (s->err == DNA_OK) {
        dna_s2s_watch_look(s);
    }
    if (s->now.mono >= s->patience) {
        s->patience = DNA_NEVER;
        dna_s2s_run(s, DNA_S2S_EV_PATIENCE, NULL);
    }
    if (s->now.mono >= s->lifetime) {
        s->lifetime = DNA_NEVER;
        dna_s2s_run(s, DNA_S2S_EV_LIFETIME, NULL);
    }
}

bool dna_s2s_begin(struct dna_s2s *s, struct dna_s2s_call *call, struct dna_time now)
{
    memset(call, 0, offsetof(struct dna_s2s_call, raised));
    s->call = call;
    s->now = now;
    dna_s2s_effects_begin(s);
    run_timers(s);
    call->condition = call->text = NULL;
    return s->err == DNA_OK;
}

/* Whether one of those that wait may begin. */
static bool has_turn(const struct dna_s2s *s)
{
    switch ((int)s->state) {
    case DNA_S2S_IN_NEGOTIATING:
    case DNA_S2S_IN_SASL:
    case DNA_S2S_IN_CHECKING:
        return s->records.in_flight < DNA_LIMIT_IN_FLIGHT_UNAUTH;
    case DNA_S2S_IN_ESTABLISHED:
        return s->records.in_flight < DNA_LIMIT_IN_FLIGHT;
    case DNA_S2S_OUT_ESTABLISHED:
        return s->records.in_flight <
               (dna_s2s_can_dial(s) ? DNA_LIMIT_DIALBACK_PAIRS : DNA_LIMIT_IN_FLIGHT);
    case DNA_S2S_OUT_DIALBACK:
    case DNA_S2S_OUT_LOCAL:
    case DNA_S2S_OUT_LOCAL_ESTABLISHED:
        return s->records.in_flight < DNA_LIMIT_DIALBACK_PAIRS;
    default:
        return false;
    }
}

static void tell_reader(struct dna_s2s *s)
{
    struct dna_s2s_input *input = &s->input;
    bool open = s->records.peer_valid > 0 || dna_s2s_established(s);
    struct dna_s2s_effect effect = {
        .kind = DNA_S2S_READER,
        .shallow = open,
        .limits = {.element = open                ? DNA_LIMIT_ELEMENT_AUTH
                              : input->challenged ? DNA_LIMIT_ELEMENT_CHALLENGE
                                                  : DNA_LIMIT_ELEMENT_UNAUTH,
                   .depth = open ? DNA_LIMIT_DEPTH_AUTH : DNA_LIMIT_DEPTH_UNAUTH,
                   .attributes = DNA_LIMIT_ATTRIBUTES}};
    if (dna_s2s_over(s) || (effect.limits.element == input->limits.element &&
                            effect.limits.depth == input->limits.depth &&
                            effect.shallow == input->shallow)) {
        return;
    }
    input->limits = effect.limits;
    input->shallow = effect.shallow;
    dna_s2s_emit(s, &effect);
}

enum dna_err dna_s2s_finish(struct dna_s2s *s)
{
    bool misused = s->call->misused;
    struct dna_s2s_record *r;
    if (s->err == DNA_OK) {
        while (s->err == DNA_OK && !dna_s2s_over(s) && (r = dna_s2s_judged(s)) != NULL) {
            dna_s2s_run(s, DNA_S2S_RE_JUDGED, r);
        }
        dna_s2s_grant_wishes(s);
        dna_s2s_manage_flush(s);
        while (s->err == DNA_OK && has_turn(s) && (r = dna_s2s_turn(s)) != NULL) {
            dna_s2s_run(s, DNA_S2S_RE_TURN, r);
        }
        tell_reader(s);
    }
    s->call = NULL;
    if (s->err != DNA_OK) {
        return s->err;
    }
    return misused ? DNA_ERR_STATE : DNA_OK;
}

/* --- making ------------------------------------------------------------------------------ */

static enum dna_err take_names(struct dna_s2s *s)
{
    enum dna_err err = DNA_OK;
    if (s->options.role == DNA_INITIATING) {
        err = dna_name_parse(dna_span_of(s->options.own), &s->own);
        if (err == DNA_OK) {
            err = dna_name_parse(dna_span_of(s->options.peer), &s->peer);
        }
        s->options.own = s->own.text;
        s->options.peer = s->peer.text;
    }
    return err == DNA_ERR_FORMAT ? DNA_ERR_ARGUMENT : err;
}

static void greet_first(struct dna_s2s *s)
{
    if (s->options.role == DNA_INITIATING) {
        dna_s2s_put_header(s, s->own.text, s->peer.text, true);
        if (dna_s2s_is(s, DNA_S2S_LOCAL)) {
            dna_s2s_want(s, s->own.text, s->peer.text);
        }
    }
}

enum dna_err dna_s2s_new(const struct dna_s2s_options *options, struct dna_time now,
                         struct dna_s2s **out)
{
    struct dna_s2s *s = dna_alloc_zero(options->alloc, 1, sizeof *s);
    struct dna_s2s_call call;
    enum dna_err err;
    if (s == NULL) {
        return DNA_ERR_MEMORY;
    }
    s->options = *options;
    s->began = now.mono;
    s->lifetime = now.mono + (options->role == DNA_RECEIVING ? DNA_LIMIT_UNAUTH_MS
                                                             : DNA_LIMIT_CHALLENGE_MS);
    s->patience = s->watch.at = DNA_NEVER;
    dna_manage_init(&s->managing.manage, options->alloc);
    dna_buf_init(&s->out, options->alloc, SIZE_MAX / 2);
    dna_s2s_begin_state(s);
    err = take_names(s);
    if (err == DNA_OK) {
        err = dna_s2s_records_init(s);
    }
    if (err == DNA_OK) {
        (void)dna_s2s_begin(s, &call, now);
        greet_first(s);
        err = dna_s2s_finish(s);
    }
    if (err != DNA_OK) {
        dna_s2s_free(s);
        return err;
    }
    *out = s;
    return DNA_OK;
}

void dna_s2s_free(struct dna_s2s *s)
{
    if (s != NULL) {
        dna_s2s_manage_fini(s);
        dna_s2s_records_fini(s);
        dna_s2s_effects_fini(s);
        dna_buf_fini(&s->out);
        dna_alloc_release(s->options.alloc, s->headers.id);
        dna_alloc_release(s->options.alloc, s);
    }
}

/* --- time and state --------------------------------------------------------------------------- */

int64_t dna_s2s_deadline(const struct dna_s2s *s)
{
    const struct dna_s2s_record *r = dna_s2s_timer_first(s);
    int64_t deadline = s->lifetime < s->patience ? s->lifetime : s->patience;
    if (s->err != DNA_OK) {
        return DNA_NEVER;
    }
    if (dna_s2s_watch_deadline(s) < deadline) {
        deadline = dna_s2s_watch_deadline(s);
    }
    return r != NULL && !dna_s2s_over(s) && r->deadline < deadline ? r->deadline : deadline;
}

enum dna_err dna_s2s_tick(struct dna_s2s *s, struct dna_time now)
{
    struct dna_s2s_call call;
    (void)dna_s2s_begin(s, &call, now);
    return dna_s2s_finish(s);
}

struct dna_buf *dna_s2s_output(struct dna_s2s *s)
{
    return &s->out;
}

const char *dna_s2s_own(const struct dna_s2s *s)
{
    return s->own.text;
}

const char *dna_s2s_peer(const struct dna_s2s *s)
{
    return s->peer.text;
}

bool dna_s2s_speaks_dna(const struct dna_s2s *s)
{
    return s->err == DNA_OK && dna_s2s_established(s) && dna_s2s_both_ways(s);
}

bool dna_s2s_peer_valid(const struct dna_s2s *s, const char *domain)
{
    return s->err == DNA_OK && dna_s2s_is(s, DNA_S2S_PUBLIC) &&
           dna_s2s_valid_now(s, dna_s2s_peer_record(s, domain));
}
