/* Memory of idle authenticated streams over real connections on the loopback.
 *
 * usage: bench_idle [STREAMS]
 *
 * One driver of b.example accepts, several of a.example connect, each from an address of
 * its own, since what one address may open is limited.  All of them run in one libuv
 * loop.  What is counted is the heap of this process between the first stream of each
 * driver and the last, once all have been silent and gave back what they do not need; the
 * kernel's socket buffers are not in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <uv.h>

#include <bench.h>
#include <certs.h>
#include <mod_dna/uv.h>

#define EACH 50 /* streams of one connecting driver */
#define QUIET_MS 3000
#define A "a.example"
#define B "b.example"

struct side {
    struct dna_uv *uv;
    struct dna_uv_identity *identity;
    char source[32];
};

static uv_loop_t loop;
static unsigned accepted, proven;
static char names_at[32];

/* --- a name server that knows no name --------------------------------------------- */

static uv_udp_t names;
static char packet[4096];

static void lend(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
    (void)handle;
    (void)size;
    *out = uv_buf_init(packet, sizeof packet);
}

static void answer(uv_udp_t *server, ssize_t len, const uv_buf_t *bytes,
                   const struct sockaddr *from, unsigned flags)
{
    uv_buf_t out;
    (void)flags;
    if (len >= 12 && from != NULL) {
        bytes->base[2] = (char)(bytes->base[2] | (char)0x80);
        bytes->base[3] = (char)0x83;
        out = uv_buf_init(bytes->base, (unsigned)len);
        (void)uv_udp_try_send(server, &out, 1, from);
    }
}

static void serve_names(void)
{
    struct sockaddr_in at;
    int len = sizeof at;
    bench_must(uv_udp_init(&loop, &names) == 0 && uv_ip4_addr("127.0.0.1", 0, &at) == 0 &&
                   uv_udp_bind(&names, (struct sockaddr *)&at, 0) == 0 &&
                   uv_udp_getsockname(&names, (struct sockaddr *)&at, &len) == 0 &&
                   uv_udp_recv_start(&names, lend, answer) == 0,
               "no name server");
    snprintf(names_at, sizeof names_at, "127.0.0.1@%u", (unsigned)ntohs(at.sin_port));
}

/* --- the drivers ------------------------------------------------------------------ */

static struct dna_uv_identity *present(void *user, const char *domain)
{
    (void)domain;
    return ((struct side *)user)->identity;
}

static void opened(void *user, struct dna_uv_stream *stream)
{
    (void)user;
    if (dna_uv_stream_initiating(stream)) {
        bench_must(dna_uv_stream_ask(stream, A, B) == DNA_OK, "cannot ask");
    }
}

static void changed(void *user, struct dna_uv_stream *stream,
                    const struct dna_stream_effect *effect)
{
    (void)user;
    (void)stream;
    if (effect->kind == DNA_STREAM_OWN || effect->kind == DNA_STREAM_PEER) {
        bench_must(effect->accepted, "a domain was refused");
    }
    accepted += effect->kind == DNA_STREAM_OWN;
    proven += effect->kind == DNA_STREAM_PEER && !dna_uv_stream_initiating(stream);
}

static void closed(void *user, struct dna_uv_stream *stream, const char *condition,
                   const char *why)
{
    (void)user;
    (void)stream;
    (void)condition;
    bench_must(0, why);
}

static const struct dna_uv_handler handler = {.identity = present,
                                              .opened = opened,
                                              .changed = changed,
                                              .closed = closed};

static void side_init(struct side *side, const struct cert *root, const char *domain,
                      const char *source)
{
    int64_t now = (int64_t)time(NULL);
    struct cert leaf = cert_make(
        &(struct cert_order){.subject = domain,
                             .issuer = root,
                             .names = domain[0] == 'a' ? "DNS:" A : "DNS:" B,
                             .not_before = now - 3600,
                             .not_after = now + 86400});
    const struct cert *one = &leaf;
    struct dna_span chain = cert_pem(&one, 1), key = cert_key_pem(&leaf),
                    ca = cert_pem(&root, 1);
    const char *const servers[] = {names_at}, *const allow[] = {"127.0.0.0/8"};
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = domain};
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &loop,
        .session = {.size = sizeof options.session, .seed = 1},
        .ca_pem = ca,
        .dns = DNA_UV_DNS_STUB,
        .dns_servers = servers,
        .n_dns_servers = 1,
        .stub_trusts_ad = true,
        .guard_allow = allow,
        .n_guard_allow = 1,
        .source = side->source,
    };
    const char *why = "";
    snprintf(side->source, sizeof side->source, "%s", source);
    bench_must(dna_uv_new(&options, &side->uv, &why) == DNA_OK, why);
    bench_must(dna_uv_identity_new(side->uv, chain, key, &side->identity, &why) == DNA_OK,
               why);
    bench_must(dna_session_host(dna_uv_session(side->uv), &hosted) == DNA_OK,
               "cannot host");
    cert_bytes_free(chain);
    cert_bytes_free(key);
    cert_bytes_free(ca);
    cert_free(&leaf);
}

static void tick(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void run_for(uint64_t milliseconds)
{
    uv_timer_t timer;
    bool over = false;
    bench_must(uv_timer_init(&loop, &timer) == 0, "timer");
    timer.data = &over;
    (void)uv_timer_start(&timer, tick, milliseconds, 0);
    while (!over) {
        (void)uv_run(&loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&loop, UV_RUN_NOWAIT);
}

static void open_streams(struct side *side, unsigned n, uint16_t port)
{
    unsigned goal = accepted + n, goal_proven = proven + n;
    for (unsigned i = 0; i < n; i++) {
        struct dna_uv_connect options = {
            .size = sizeof options,
            .own = A,
            .peer = B,
            .address = "127.0.0.1",
            .port = port,
            .handler = &handler,
            .user = side,
        };
        struct dna_uv_stream *stream;
        bench_must(dna_uv_connect(side->uv, &options, &stream) == DNA_OK,
                   "cannot connect");
    }
    while (accepted < goal || proven < goal_proven) {
        (void)uv_run(&loop, UV_RUN_ONCE);
    }
}

int main(int argc, char **argv)
{
    unsigned wanted = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    unsigned n = wanted / EACH + 1;
    struct side b, *a = calloc(n, sizeof *a);
    struct cert root = cert_make(
        &(struct cert_order){.subject = "root",
                             .ca = true,
                             .not_before = (int64_t)time(NULL) - 3600,
                             .not_after = (int64_t)time(NULL) + 86400});
    struct dna_uv_listen listen = {.size = sizeof listen,
                                   .address = "127.0.0.1",
                                   .handler = &handler,
                                   .user = &b,
                                   .max_per_address = EACH};
    struct dna_uv_listener *listener;
    const char *why = "";
    uint16_t port;
    size_t before;
    bench_must(a != NULL && uv_loop_init(&loop) == 0, "memory");
    serve_names();
    side_init(&b, &root, B, "127.0.0.1");
    bench_must(dna_uv_listen(b.uv, &listen, &listener, &why) == DNA_OK, why);
    port = dna_uv_listener_port(listener);
    for (unsigned i = 0; i < n; i++) {
        char source[32];
        snprintf(source, sizeof source, "127.0.%u.%u", 1 + i / 200, 1 + i % 200);
        side_init(&a[i], &root, A, source);
        open_streams(&a[i], 1, port);
    }
    run_for(QUIET_MS);
    before = bench_heap();
    for (unsigned i = 0; i < n; i++) {
        open_streams(&a[i], EACH - 1, port);
    }
    run_for(QUIET_MS);
    bench_figure("idle.uv", (double)(bench_heap() - before) / (n * (EACH - 1)) / 2,
                 "bytes");
    free(a);
    cert_free(&root);
    return 0; /* the process ends with its streams open: they are what was measured */
}
