/* edge/uv.c: the driver's life and its turn.
 *
 * The turn comes before and after every wait.  It repeats until nothing is left to do, but
 * not for ever: when everybody keeps everybody busy, the network gets its chance in between.
 *
 * A driver ends inside a turn, too: dna_uv_free only says so.  Everything that still has a
 * callback to come is told, everything of ours in libuv is closed, and when libuv has given
 * all of it back the driver is freed.
 */
#include <mod_dna/uv.h>

#include <errno.h>
#include <string.h>

#include <sys/random.h>

#include <uv.h>

#include <base/alloc.h>
#include <edge/ask.h>
#include <edge/buffered.h>
#include <edge/complete.h>
#include <edge/connect.h>
#include <edge/connection.h>
#include <edge/keep.h>
#include <edge/listen.h>
#include <edge/name_listen.h>
#include <edge/parts.h>
#include <edge/want.h>

#define ROUNDS 64
#define RUNS 8

enum dna_err dna_edge_random(void *space, size_t size)
{
    char *next = space;
    while (size != 0) {
        ssize_t n = getrandom(next, size, 0);
        if (n < 0 && errno != EINTR) {
            return DNA_ERR_SYSTEM;
        }
        if (n > 0) {
            next += n;
            size -= (size_t)n;
        }
    }
    return DNA_OK;
}

void dna_edge_log(const struct dna_uv *uv, enum dna_log_level level, const char *event,
                  const char *key, const char *value)
{
    struct dna_log_field field = {.key = key, .value = dna_span_of(value)};
    if (uv->log != NULL && uv->log->write != NULL && level >= uv->log->least) {
        uv->log->write(uv->log->arg, level, event, &field, 1);
    }
}

static struct dna_time now_of(const struct dna_uv *uv)
{
    return uv->face->now(uv->face->self);
}

/* --- the turn ------------------------------------------------------------------------ */

static bool pull_session(struct dna_uv *uv)
{
    struct dna_stream *core;
    bool any = dna_edge_asks_pull(uv);
    dna_edge_wants_pull(uv);
    while ((core = dna_session_next_ready(uv->session)) != NULL) {
        struct dna_uv_stream *stream = dna_stream_user(core);
        dna_edge_connection_stir(stream);
        dna_edge_connection_pull(stream);
        any = true;
    }
    return any;
}

static bool settle_streams(struct dna_uv *uv)
{
    struct dna_edge_streams *streams = &uv->streams;
    struct dna_uv_stream *stream, *next = streams->stirred;
    bool any = next != NULL;
    streams->stirred = NULL;
    streams->stirred_end = &streams->stirred;
    while ((stream = next) != NULL) {
        next = stream->next_stirred;
        stream->stirred = false;
        dna_edge_wire_settle(stream);
        dna_edge_buffered_count(stream);
        if (stream->state == DNA_EDGE_OVER && !stream->stirred) {
            dna_edge_connection_report(stream);
        }
    }
    return any;
}

/* What the host has to return. */
static bool pull_unsent(struct dna_uv *uv)
{
    struct dna_stanza stanza;
    bool any = false;
    while (uv->unsent != NULL && dna_session_next_unsent(uv->session, &stanza)) {
        uv->unsent(uv->unsent_arg, &stanza);
        any = true;
    }
    return any;
}

static bool pull_heard(struct dna_uv *uv)
{
    struct dna_session_bundle bundle;
    bool any = false;
    while (uv->heard != NULL && dna_session_next_bundle(uv->session, &bundle)) {
        uv->heard(uv->heard_arg, &bundle);
        any = true;
    }
    return any;
}

static void alarm_rang(void *arg)
{
    struct dna_uv *uv = arg;
    uv->face->timer_free(uv->alarm);
    uv->alarm = NULL;
    uv->alarm_at = DNA_NEVER;
    if (dna_session_tick(uv->session, now_of(uv)) != DNA_OK) {
        dna_edge_log(uv, DNA_LOG_ERROR, "tick-failed", "why", "out of memory");
    }
}

/* An alarm that rings too early only asks again; one that would be too late is replaced. */
static void set_alarm(struct dna_uv *uv)
{
    int64_t now = now_of(uv).mono;
    int64_t at = dna_edge_connection_park(uv, now);
    int64_t session = dna_session_deadline(uv->session);
    if (session < at) {
        at = session;
    }
    if (at == DNA_NEVER || (uv->alarm != NULL && uv->alarm_at <= at)) {
        return;
    }
    uv->face->timer_free(uv->alarm);
    /* libuv counts whole milliseconds from a moment ago. */
    uv->alarm = uv->face->timer(uv->face->self, at > now ? (uint64_t)(at - now) + 1 : 1,
                                alarm_rang, uv);
    uv->alarm_at = uv->alarm != NULL ? at : DNA_NEVER;
}

static void end(struct dna_uv *uv);

static bool turn(void *arg)
{
    struct dna_uv *uv = arg;
    bool any = true;
    for (unsigned round = 0; any && !uv->ending && round < ROUNDS; round++) {
        any = pull_session(uv);
        any = settle_streams(uv) || any;
        any = pull_unsent(uv) || any;
        any = pull_heard(uv) || any;
    }
    dna_edge_keep_pull(uv);
    if (uv->ending) {
        end(uv);
        return false;
    }
    set_alarm(uv);
    return any;
}

/* --- the end ------------------------------------------------------------------------- */

static void free_driver(struct dna_uv *uv)
{
    const struct dna_alloc *alloc = uv->alloc;
    dna_edge_guard_fini(&uv->guard);
    dna_alloc_release(alloc, uv->fetch_ports);
    dna_alloc_release(alloc, uv);
}

static void finish(struct dna_uv *uv)
{
    void (*done)(void *) = uv->done;
    void *arg = uv->done_arg;
    uv_loop_t *loop = uv->own_loop;
    const struct dna_alloc *alloc = uv->alloc;
    if (loop != NULL) {
        (void)uv_loop_close(loop);
        dna_alloc_release(alloc, loop);
    }
    free_driver(uv);
    if (done != NULL) {
        done(arg);
    }
}

/* A loop of our own cannot be closed while it runs: dna_uv_process does that. */
static void all_closed(void *arg)
{
    struct dna_uv *uv = arg;
    uv->ended = true;
    uv->loop = NULL;
    if (uv->own_loop == NULL && !uv->processing) {
        finish(uv);
    }
}

static void end_streams(struct dna_edge_stream_list *list)
{
    while (list->first != NULL) {
        struct dna_uv_stream *stream = list->first;
        dna_edge_connection_excuse(stream, "", "the driver ends");
        dna_edge_connection_enter(stream, DNA_EDGE_OVER);
        dna_edge_connection_report(stream);
    }
}

static void end(struct dna_uv *uv)
{
    dna_edge_listeners_end(uv);
    dna_edge_names_end(uv);
    dna_edge_queries_end(uv);
    uv->streams.stirred = NULL;
    uv->streams.stirred_end = &uv->streams.stirred;
    end_streams(&uv->streams.awake);
    end_streams(&uv->streams.parked);
    dna_edge_wants_free(uv);
    dna_edge_asks_end(uv);
    dna_edge_completions_end(uv);
    dna_edge_keep_end(uv);
    dna_edge_parts_free(uv);
    dna_edge_loop_close(uv->loop, all_closed, uv);
}

void dna_uv_free(struct dna_uv *uv, void (*done)(void *arg), void *arg)
{
    if (uv == NULL || uv->ending) {
        return;
    }
    uv->ending = true;
    uv->done = done;
    uv->done_arg = arg;
    dna_edge_loop_wake(uv->loop);
}

/* --- the beginning ------------------------------------------------------------------- */

static enum dna_err make_loop(struct dna_uv *uv, struct uv_loop_s *loop)
{
    if (loop == NULL) {
        loop = dna_alloc_zero(uv->alloc, 1, sizeof *loop);
        if (loop == NULL) {
            return DNA_ERR_MEMORY;
        }
        if (uv_loop_init(loop) != 0) {
            dna_alloc_release(uv->alloc, loop);
            return DNA_ERR_SYSTEM;
        }
        uv->own_loop = loop;
    }
    if (dna_edge_loop_new(uv->alloc, loop, turn, uv, &uv->loop) != DNA_OK) {
        if (uv->own_loop != NULL) {
            (void)uv_loop_close(uv->own_loop);
            dna_alloc_release(uv->alloc, uv->own_loop);
            uv->own_loop = NULL;
        }
        return DNA_ERR_MEMORY;
    }
    uv->face = dna_edge_loop_face(uv->loop);
    return DNA_OK;
}

/* What was made goes back as at the end of a driver; libuv has the last of it until the
 * host's loop runs again. */
static void give_up(struct dna_uv *uv)
{
    uv->ending = true;
    dna_edge_wants_free(uv);
    dna_edge_parts_free(uv);
    dna_edge_loop_close(uv->loop, all_closed, uv);
    if (uv->own_loop != NULL) {
        (void)uv_run(uv->own_loop, UV_RUN_DEFAULT);
        finish(uv);
    }
}

enum dna_err dna_uv_new(const struct dna_uv_options *given, struct dna_uv **out,
                        const char **why)
{
    struct dna_uv_options options = {.size = 0};
    struct dna_uv *uv;
    enum dna_err err;
    *out = NULL;
    *why = "out of memory";
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    uv = dna_alloc_zero(options.session.alloc, 1, sizeof *uv);
    if (uv == NULL) {
        return DNA_ERR_MEMORY;
    }
    uv->alloc = options.session.alloc;
    uv->log = options.session.log;
    uv->unsent = options.unsent;
    uv->unsent_arg = options.unsent_arg;
    uv->heard = options.heard;
    uv->heard_arg = options.heard_arg;
    uv->alarm_at = DNA_NEVER;
    uv->streams.stirred_end = &uv->streams.stirred;
    err = dna_edge_parts_prepare(uv, &options, why);
    if (err == DNA_OK) {
        err = make_loop(uv, options.loop);
    }
    if (err != DNA_OK) {
        free_driver(uv);
        return err;
    }
    err = dna_edge_parts_make(uv, &options, why);
    if (err != DNA_OK) {
        give_up(uv);
        return err == DNA_ERR_ARGUMENT ? DNA_ERR_FORMAT : err;
    }
    *why = "";
    *out = uv;
    return DNA_OK;
}

/* --- for hosts with another loop ------------------------------------------------------ */

struct dna_session *dna_uv_session(struct dna_uv *uv)
{
    return uv->session;
}

struct uv_loop_s *dna_uv_loop(struct dna_uv *uv)
{
    return dna_edge_loop_uv(uv->loop);
}

struct dna_time dna_uv_now(struct dna_uv *uv)
{
    return now_of(uv);
}

int dna_uv_fd(struct dna_uv *uv)
{
    return uv_backend_fd(dna_uv_loop(uv));
}

int dna_uv_timeout(struct dna_uv *uv)
{
    uv_loop_t *loop;
    if (uv->ended) {
        return 0;
    }
    loop = dna_uv_loop(uv);
    uv_update_time(loop);
    return uv_backend_timeout(loop);
}

/* libuv registers a descriptor only when it waits: as long as a run did something, another
 * one follows. */
void dna_uv_process(struct dna_uv *uv)
{
    bool stirred = true;
    uv->processing = true;
    for (unsigned runs = 0; stirred && !uv->ended && runs < RUNS; runs++) {
        uint64_t before = dna_edge_loop_stirred(uv->loop);
        dna_edge_loop_wake(uv->loop);
        (void)uv_run(dna_uv_loop(uv), UV_RUN_NOWAIT);
        stirred = !uv->ended && dna_edge_loop_stirred(uv->loop) != before;
    }
    uv->processing = false;
    if (uv->ended) {
        finish(uv);
    } else if (stirred) {
        dna_edge_loop_wake(uv->loop);
    }
}
