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
#include <stdio.h>
#include <string.h>

#include <sys/random.h>

#include <uv.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <base/limits.h>
#include <edge/ask.h>
#include <edge/connect.h>
#include <edge/connection.h>
#include <edge/fetch.h>
#include <edge/listen.h>
#include <edge/want.h>
#include <https/https.h>
#include <resolver/resolver.h>

#define ROUNDS 64
#define RUNS 8
#define CA_FILE_MOST (8 * 1024 * 1024)

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
    const struct dna_edge_party ourselves = {.proven = true};
    struct dna_stream *core;
    bool any = dna_edge_asks_pull(uv);
    dna_edge_wants_pull(uv, &ourselves);
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
        if (stream->state == DNA_EDGE_OVER && !stream->stirred) {
            dna_edge_connection_report(stream);
        }
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
    }
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

static void free_parts(struct dna_uv *uv)
{
    dna_fetcher_free(uv->fetcher);
    if (uv->https != NULL) {
        dna_https_free(uv->https);
    }
    if (uv->resolver != NULL) {
        dna_resolver_free(uv->resolver);
    }
    if (uv->session != NULL) {
        dna_session_free(uv->session);
    }
    dna_roots_free(uv->roots);
    dna_edge_asks_free(uv);
    if (uv->alarm != NULL) {
        uv->face->timer_free(uv->alarm);
        uv->alarm = NULL;
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
    dna_edge_queries_end(uv);
    uv->streams.stirred = NULL;
    uv->streams.stirred_end = &uv->streams.stirred;
    end_streams(&uv->streams.awake);
    end_streams(&uv->streams.parked);
    dna_edge_wants_free(uv);
    dna_edge_asks_end(uv);
    free_parts(uv);
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

static enum dna_err read_ca_file(const char *name, const struct dna_alloc *alloc,
                                 struct dna_buf *out, const char **why)
{
    FILE *file = fopen(name, "re");
    enum dna_err err = DNA_OK;
    char piece[4096];
    size_t n;
    dna_buf_init(out, alloc, CA_FILE_MOST);
    if (file == NULL) {
        *why = "ca_file cannot be opened";
        return DNA_ERR_FORMAT;
    }
    while (err == DNA_OK && (n = fread(piece, 1, sizeof piece, file)) != 0) {
        err = dna_buf_add(out, (struct dna_span){piece, n});
    }
    if (err == DNA_ERR_LIMIT || ferror(file) != 0) {
        *why = "ca_file cannot be read";
        err = DNA_ERR_FORMAT;
    }
    (void)fclose(file);
    return err;
}

static enum dna_err make_roots(struct dna_uv *uv, const struct dna_uv_options *options,
                               const char **why)
{
    struct dna_span pem = options->ca_pem;
    struct dna_buf file;
    enum dna_err err = DNA_OK;
    dna_buf_init(&file, uv->alloc, 0);
    if (options->session.roots != NULL) {
        uv->roots = dna_roots_ref(options->session.roots);
        return DNA_OK;
    }
    if (pem.len == 0 && options->ca_file != NULL) {
        err = read_ca_file(options->ca_file, uv->alloc, &file, why);
        pem = dna_buf_span(&file);
    }
    if (err == DNA_OK) {
        err = dna_roots_new(uv->alloc, &uv->roots);
    }
    if (err == DNA_OK && pem.len != 0) {
        err = dna_roots_add_pem(uv->roots, pem, NULL);
        if (err == DNA_ERR_FORMAT) {
            *why = "the CA store is not PEM";
        }
    }
    dna_buf_fini(&file);
    return err;
}

static enum dna_err make_resolver(struct dna_uv *uv, const struct dna_uv_options *options,
                                  const char **why)
{
    struct dna_resolver_options with = {
        .alloc = uv->alloc,
        .log = uv->log,
        .servers = options->dns_servers,
        .n_servers = options->n_dns_servers,
        .root_hints = options->root_hints,
        .trust_anchor_file = options->trust_anchor_file,
        .island_anchor_files = options->island_anchor_files,
        .n_islands = options->n_islands,
        .trust_ad = options->stub_trusts_ad,
    };
    enum dna_err err;
    switch (options->dns) {
    case DNA_UV_DNS_ITERATE:
        with.mode = DNA_RESOLVER_ITERATE;
        break;
    case DNA_UV_DNS_FORWARD:
        with.mode = DNA_RESOLVER_FORWARD;
        break;
    case DNA_UV_DNS_STUB:
        with.mode = DNA_RESOLVER_STUB;
        break;
    }
    err = dna_resolver_new(uv->face, &with, &uv->resolver);
    if (err != DNA_OK && err != DNA_ERR_MEMORY) {
        *why = "the resolver does not take its servers, hints or anchors";
    }
    return err;
}

static enum dna_err keep_ports(struct dna_uv *uv, const struct dna_uv_options *options)
{
    uv->fetch_ports = dna_alloc_zero(uv->alloc, options->n_fetch_ports + 1,
                                     sizeof *uv->fetch_ports);
    if (uv->fetch_ports == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < options->n_fetch_ports; i++) {
        uv->fetch_ports[i] = options->fetch_ports[i];
    }
    return DNA_OK;
}

static enum dna_err make_fetcher(struct dna_uv *uv, const struct dna_uv_options *options,
                                 const char **why)
{
    struct dna_https_options https = {
        .alloc = uv->alloc,
        .log = uv->log,
        .ca_file = options->ca_file,
        .user_agent = "mod_dna",
        .source = options->source,
    };
    struct dna_fetcher_options fetcher = {
        .alloc = uv->alloc,
        .log = uv->log,
        .guard = &uv->guard.face,
        .n_ports = options->n_fetch_ports,
    };
    enum dna_err err = keep_ports(uv, options);
    if (err == DNA_OK) {
        err = dna_https_new(uv->face, &https, &uv->https);
    }
    if (err == DNA_OK) {
        err = dna_edge_random(&fetcher.seed, sizeof fetcher.seed);
    }
    if (err == DNA_OK) {
        fetcher.https = uv->https;
        fetcher.names = dna_fetch_names_of(uv->resolver);
        fetcher.ports = uv->fetch_ports;
        err = dna_fetcher_new(uv->face, &fetcher, &uv->fetcher);
    }
    if (err != DNA_OK && err != DNA_ERR_MEMORY) {
        *why = "the HTTPS client cannot be set up";
    }
    return err;
}

static enum dna_err make_session(struct dna_uv *uv, const struct dna_uv_options *options,
                                 const char **why)
{
    struct dna_session_options with = options->session;
    enum dna_err err;
    with.size = sizeof with;
    with.roots = uv->roots;
    err = dna_session_new(&with, &uv->session);
    if (err != DNA_OK && err != DNA_ERR_MEMORY) {
        *why = "the session does not take its options";
    }
    return err;
}

/* In the order in which they use each other. */
static enum dna_err make_parts(struct dna_uv *uv, const struct dna_uv_options *options,
                               const char **why)
{
    enum dna_err err = make_roots(uv, options, why);
    if (err == DNA_OK) {
        err = make_resolver(uv, options, why);
    }
    if (err == DNA_OK) {
        err = make_fetcher(uv, options, why);
    }
    if (err == DNA_OK) {
        err = make_session(uv, options, why);
    }
    if (err == DNA_OK) {
        err = dna_edge_wants_new(uv);
    }
    return err == DNA_OK ? dna_edge_asks_new(uv) : err;
}

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

static enum dna_err read_plain_options(struct dna_uv *uv, const struct dna_uv_options *options,
                                       const char **why)
{
    if (options->source != NULL) {
        if (dna_address_parse(dna_span_of(options->source), &uv->source) != DNA_OK) {
            *why = "source is not an IP address";
            return DNA_ERR_FORMAT;
        }
        uv->has_source = true;
    }
    return dna_edge_guard_init(&uv->guard, uv->alloc, options->guard_allow,
                               options->n_guard_allow, why);
}

/* What was made goes back as at the end of a driver; libuv has the last of it until the
 * host's loop runs again. */
static void give_up(struct dna_uv *uv)
{
    uv->ending = true;
    dna_edge_wants_free(uv);
    free_parts(uv);
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
    uv->alarm_at = DNA_NEVER;
    uv->streams.stirred_end = &uv->streams.stirred;
    err = read_plain_options(uv, &options, why);
    if (err == DNA_OK) {
        err = make_loop(uv, options.loop);
    }
    if (err != DNA_OK) {
        free_driver(uv);
        return err;
    }
    err = make_parts(uv, &options, why);
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
