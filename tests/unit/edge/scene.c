#include <scene.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_S 30

void (*scene_between)(void *arg);
void *scene_between_arg;

/* --- running ------------------------------------------------------------------------- */

static int64_t seconds(void)
{
    return (int64_t)(uv_hrtime() / 1000000000);
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

static void between(void)
{
    if (scene_between != NULL) {
        scene_between(scene_between_arg);
    }
}

void scene_until(struct scene *scene, scene_done *done, void *arg)
{
    int64_t end = seconds() + PATIENCE_S;
    uv_timer_t timer;
    assert_int_equal(uv_timer_init(&scene->loop, &timer), 0);
    assert_int_equal(uv_timer_start(&timer, tick, 5, 5), 0);
    while (!done(arg)) {
        assert_true(seconds() < end);
        (void)uv_run(&scene->loop, scene_between != NULL ? UV_RUN_NOWAIT : UV_RUN_ONCE);
        between();
    }
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&scene->loop, UV_RUN_NOWAIT);
}

void scene_settle(struct scene *scene)
{
    for (unsigned i = 0; i < 50; i++) {
        (void)uv_run(&scene->loop, UV_RUN_NOWAIT);
        between();
    }
}

bool side_is_up(void *side)
{
    const struct side *it = side;
    return it->proven && it->accepted;
}

bool side_has_closed(void *side)
{
    const struct side *it = side;
    return it->closed != 0 && it->stream == NULL;
}

/* --- the handler --------------------------------------------------------------------- */

static struct dna_uv_identity *identity(void *user, const char *domain)
{
    struct side *side = user;
    (void)snprintf(side->asked_for, sizeof side->asked_for, "%s",
                   domain != NULL ? domain : "-");
    return side->identity;
}

static bool admit(void *user, const struct sockaddr *peer, const struct sockaddr *own)
{
    struct side *side = user;
    assert_non_null(peer);
    assert_non_null(own);
    side->admitted++;
    if (side->refuse != 0) {
        side->refuse--;
        return false;
    }
    return true;
}

static void opened(void *user, struct dna_uv_stream *stream)
{
    struct side *side = user;
    assert_non_null(dna_uv_stream_core(stream));
    assert_ptr_equal(dna_uv_stream_user(stream), side);
    side->opened++;
    side->stream = stream;
}

static void stanza(void *user, struct dna_uv_stream *stream, const struct dna_stanza *it)
{
    struct side *side = user;
    side->stanzas++;
    side->stanza_bytes += it->raw.len;
    (void)snprintf(side->last_id, sizeof side->last_id, "%.*s", DNA_SPAN_FMT(it->id));
    if (side->echo) {
        assert_int_equal(dna_uv_stream_send_error(stream, it, DNA_STANZA_NOT_ALLOWED, "echo"),
                         DNA_OK);
    }
    if (side->close_on_stanza) {
        dna_uv_stream_close(stream, "undefined-condition", "that will do");
        dna_uv_stream_close(stream, NULL, NULL); /* once more changes nothing */
    }
}

static void changed(void *user, struct dna_uv_stream *stream,
                    const struct dna_stream_effect *effect)
{
    struct side *side = user;
    (void)stream;
    if (effect->kind == DNA_STREAM_PEER) {
        side->proven = effect->accepted;
        side->refusals += !effect->accepted;
    } else if (effect->kind == DNA_STREAM_OWN) {
        side->accepted = effect->accepted;
    }
}

static void drained(void *user, struct dna_uv_stream *stream)
{
    (void)stream;
    ((struct side *)user)->drained++;
}

static void closed(void *user, struct dna_uv_stream *stream, const char *condition,
                   const char *why)
{
    struct side *side = user;
    side->closed++;
    (void)snprintf(side->condition, sizeof side->condition, "%s", condition);
    (void)snprintf(side->why, sizeof side->why, "%s", why);
    dna_uv_stream_close(stream, NULL, NULL); /* allowed, and without effect */
    dna_uv_stream_pause(stream);
    dna_uv_stream_resume(stream);
    if (side->stream == stream) {
        side->stream = NULL;
        side->proven = side->accepted = false;
    }
}

static void note(char *trace, struct dna_span bytes)
{
    size_t len = strlen(trace);
    (void)snprintf(trace + len, 4000 - len, "%.*s", DNA_SPAN_FMT(bytes));
}

static void trace(void *user, struct dna_uv_stream *stream, bool sent, struct dna_span bytes)
{
    struct side *side = user;
    (void)stream;
    note(sent ? side->trace_out : side->trace_in, bytes);
}

/* --- making -------------------------------------------------------------------------- */

struct dna_uv *scene_driver(struct scene *scene, uv_loop_t *loop, const char *allow,
                            const struct dna_alloc *alloc)
{
    const char *servers[] = {name_server_at(scene->names)};
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = loop,
        .session = {.size = sizeof options.session, .alloc = alloc, .seed = 7},
        .ca_pem = scene->ca_pem,
        .ca_file = scene->ca_file,
        .dns = DNA_UV_DNS_STUB,
        .dns_servers = servers,
        .n_dns_servers = 1,
        .stub_trusts_ad = true,
        .guard_allow = &allow,
        .n_guard_allow = allow != NULL ? 1 : 0,
    };
    struct dna_uv *uv;
    const char *why = "";
    enum dna_err err = dna_uv_new(&options, &uv, &why);
    if (err != DNA_OK) {
        print_error("%s: %s\n", dna_err_name(err), why);
    }
    assert_int_equal(err, DNA_OK);
    return uv;
}

struct dna_uv_identity *scene_identity(struct scene *scene, struct dna_uv *uv,
                                       const char *domain, bool trusted)
{
    int64_t now = (int64_t)time(NULL);
    char names[300];
    struct cert_order order = {
        .subject = domain,
        .issuer = trusted ? &scene->ca : NULL,
        .names = names,
        .not_before = now - 86400,
        .not_after = now + 86400,
    };
    struct dna_uv_identity *made;
    const struct cert *list[1];
    struct dna_span chain, key;
    struct cert cert;
    const char *why;
    (void)snprintf(names, sizeof names, "DNS:%s", domain);
    cert = cert_make(&order);
    list[0] = &cert;
    chain = cert_pem(list, 1);
    key = cert_key_pem(&cert);
    assert_int_equal(dna_uv_identity_new(uv, chain, key, &made, &why), DNA_OK);
    cert_bytes_free(chain);
    cert_bytes_free(key);
    cert_free(&cert);
    return made;
}

static void do_listen(struct side *side, const struct dna_uv_listen *options)
{
    const char *why = "";
    enum dna_err err = dna_uv_listen(side->uv, options, &side->listener, &why);
    if (err != DNA_OK) {
        print_error("%s: %s\n", dna_err_name(err), why);
    }
    assert_int_equal(err, DNA_OK);
}

void side_listen(struct side *side, const char *address, uint16_t port,
                 unsigned max_per_address)
{
    const struct dna_uv_listen options = {
        .size = sizeof options,
        .address = address,
        .port = port,
        .handler = &side->handler,
        .user = side,
        .max_per_address = max_per_address,
    };
    do_listen(side, &options);
}

void side_listen_direct(struct side *side)
{
    const struct dna_uv_listen options = {
        .size = sizeof options,
        .address = "127.0.0.1",
        .handler = &side->handler,
        .user = side,
        .direct_tls = true,
    };
    do_listen(side, &options);
}

static void side_begin(struct scene *scene, struct side *side, const char *domain)
{
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = domain};
    char host[100];
    side->scene = scene;
    side->domain = domain;
    side->handler = (struct dna_uv_handler){
        .identity = identity,
        .admit = admit,
        .opened = opened,
        .stanza = stanza,
        .changed = changed,
        .drained = drained,
        .closed = closed,
        .trace = trace,
    };
    side->uv = scene_driver(scene, &scene->loop, "127.0.0.0/8", NULL);
    side->identity = scene_identity(scene, side->uv, domain, true);
    assert_int_equal(dna_session_host(dna_uv_session(side->uv), &hosted), DNA_OK);
    side_listen(side, "127.0.0.1", 0, 0);
    (void)snprintf(host, sizeof host, "xmpp.%s", domain);
    name_server_srv(scene->names, "_xmpp-server", domain, 1,
                    dna_uv_listener_port(side->listener), host);
    name_server_a(scene->names, host, "127.0.0.1");
}

static void ended(void *arg)
{
    ((struct side *)arg)->freed = true;
}

static bool is_freed(void *arg)
{
    return ((struct side *)arg)->freed;
}

void side_free(struct side *side)
{
    if (side->uv == NULL) {
        return;
    }
    dna_uv_identity_free(side->identity);
    side->identity = NULL;
    dna_uv_free(side->uv, ended, side);
    assert_false(side->freed);
    scene_until(side->scene, is_freed, side);
    side->uv = NULL;
}

static void write_ca_file(struct scene *scene)
{
    int fd;
    strcpy(scene->ca_file, "/tmp/dna-edge-ca-XXXXXX");
    fd = mkstemp(scene->ca_file);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, scene->ca_pem.ptr, scene->ca_pem.len), scene->ca_pem.len);
    close(fd);
}

int scene_begin(void **state)
{
    (void)signal(SIGPIPE, SIG_IGN); /* as every host of libuv does */
    struct scene *scene = calloc(1, sizeof *scene);
    int64_t now = (int64_t)time(NULL);
    const struct cert_order ca = {
        .subject = "Test CA",
        .ca = true,
        .not_before = now - 86400,
        .not_after = now + 86400,
    };
    const struct cert *list[1];
    *state = scene;
    scene_between = NULL;
    assert_int_equal(uv_loop_init(&scene->loop), 0);
    scene->names = name_server_new(&scene->loop);
    scene->ca = cert_make(&ca);
    list[0] = &scene->ca;
    scene->ca_pem = cert_pem(list, 1);
    write_ca_file(scene);
    side_begin(scene, &scene->a, "a.example");
    side_begin(scene, &scene->b, "b.example");
    return 0;
}

int scene_end(void **state)
{
    struct scene *scene = *state;
    scene_between = NULL;
    side_free(&scene->a);
    side_free(&scene->b);
    name_server_free(scene->names);
    (void)uv_run(&scene->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&scene->loop), 0);
    unlink(scene->ca_file);
    cert_bytes_free(scene->ca_pem);
    cert_free(&scene->ca);
    free(scene);
    return 0;
}

/* --- acting -------------------------------------------------------------------------- */

struct dna_uv_stream *side_connect(struct side *side, const char *peer)
{
    struct dna_uv_connect options = {
        .size = sizeof options,
        .own = side->domain,
        .peer = peer,
        .handler = &side->handler,
        .user = side,
    };
    struct dna_uv_stream *stream;
    unsigned before = side->closed;
    assert_int_equal(dna_uv_connect(side->uv, &options, &stream), DNA_OK);
    assert_null(dna_uv_stream_core(stream));
    assert_true(dna_uv_stream_initiating(stream));
    assert_string_equal(dna_uv_stream_remote(stream), "");
    assert_int_equal(side->closed, before); /* nothing is called back from in here */
    return stream;
}

enum dna_err side_send(struct side *side, const char *to, const char *id, size_t body)
{
    char *raw = malloc(body + 300), from[100], whom[100];
    struct dna_stanza it = {.kind = DNA_MESSAGE};
    enum dna_err err;
    int n;
    (void)snprintf(from, sizeof from, "x@%s", side->domain);
    (void)snprintf(whom, sizeof whom, "y@%s", to);
    n = snprintf(raw, body + 300, "<message from='%s' to='%s' id='%s'><body>", from, whom, id);
    memset(raw + n, 'z', body);
    strcpy(raw + n + body, "</body></message>");
    strcpy(it.from_domain.text, side->domain);
    strcpy(it.to_domain.text, to);
    it.from = dna_span_of(from);
    it.to = dna_span_of(whom);
    it.id = dna_span_of(id);
    it.raw = dna_span_of(raw);
    it.splice_at = sizeof "<message" - 1;
    err = dna_uv_stream_send(side->stream, &it);
    free(raw);
    return err;
}
