#include <wire.h>

#include <bench.h>

void side_init(struct side *side, const struct cert *root, const char *names)
{
    struct cert leaf = cert_make(
        &(struct cert_order){.subject = "leaf", .issuer = root, .names = names});
    struct dna_session_options options = {.size = sizeof options, .seed = 1};
    const struct cert *one = &leaf;
    struct dna_span pem = cert_pem(&one, 1), key = cert_key_pem(&leaf);
    const char *why;
    *side = (struct side){.now = {.wall = CERTS_NOW, .mono = 1000}};
    options.roots = cert_roots(root);
    bench_must(dna_session_new(&options, &side->session) == DNA_OK, "no session");
    bench_must(dna_tls_identity_new(NULL, pem, key, &side->identity, &why) == DNA_OK,
               why);
    dna_roots_free(options.roots);
    cert_bytes_free(pem);
    cert_bytes_free(key);
    cert_free(&leaf);
}

void side_fini(struct side *side)
{
    dna_session_free(side->session);
    dna_tls_identity_free(side->identity);
}

void side_host(struct side *side, const char *domain)
{
    struct dna_hosted hosted = {.size = sizeof hosted, .domain = domain};
    bench_must(dna_session_host(side->session, &hosted) == DNA_OK, "cannot host");
}

/* --- what is looked up ------------------------------------------------------------- */

static struct dna_dns_answer absent(const char *name, uint16_t type, int64_t now)
{
    return (struct dna_dns_answer){
        .name = name,
        .type = type,
        .outcome = DNA_DNS_ABSENT,
        .ttl = 3600,
        .obtained = now,
        .signatures_end = DNA_NEVER,
        .why = "",
    };
}

static struct dna_fact look_up(const struct dna_want *want, struct dna_time now)
{
    struct dna_fact fact = {.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = absent(want->u.dns.name, want->u.dns.type, now.wall);
        break;
    case DNA_WANT_FETCH:
        fact.u.fetch = (struct dna_fetch_result){
            .outcome = DNA_FETCH_ABSENT,
            .status = 404,
            .final_url = want->u.fetch.url,
            .why = "no such page",
            .obtained = now.wall,
        };
        break;
    case DNA_WANT_ANCHORED:
    case DNA_WANT_PATH:
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
    case DNA_WANT_SIGNATURE:
        bench_must(0, "an unexpected want");
    }
    return fact;
}

static void answer_wants(struct side *side)
{
    const struct dna_want *want;
    unsigned id;
    while (dna_session_next_want(side->session, &id, &want)) {
        struct dna_fact fact = look_up(want, side->now);
        side->looked_up++;
        bench_must(dna_session_give(side->session, id, &fact, side->now) == DNA_OK,
                   "give");
    }
    while (dna_session_next_cancel(side->session, &id)) {
    }
}

/* --- one end ---------------------------------------------------------------------- */

static void begin_tls(struct end *end)
{
    struct dna_span clear = dna_stream_output(end->stream);
    struct dna_tls_options options = {.server = end->server};
    bench_must(dna_buf_add(&end->wire, clear) == DNA_OK, "memory");
    dna_stream_sent(end->stream, clear.len);
    options.server_name = end->server ? NULL : dna_stream_peer(end->stream);
    bench_must(dna_tls_new(end->side->identity, &options, &end->wire, &end->tls) == DNA_OK,
               "no TLS");
    bench_must(dna_tls_handshake(end->tls) == DNA_OK, "handshake");
}

static void act(struct end *end, const struct dna_stream_effect *effect)
{
    switch (effect->kind) {
    case DNA_STREAM_SECURE:
        begin_tls(end);
        break;
    case DNA_STREAM_STANZA:
        end->side->stanzas++;
        break;
    case DNA_STREAM_OWN:
        end->side->accepted += effect->accepted;
        bench_must(effect->accepted, effect->condition);
        break;
    case DNA_STREAM_PEER:
        end->side->proven += effect->accepted;
        bench_must(effect->accepted,
                   effect->ruling != NULL ? effect->ruling->why : "refused");
        break;
    case DNA_STREAM_PAIR:
    case DNA_STREAM_VERIFY:
    case DNA_STREAM_READY:
    case DNA_STREAM_VERIFIED:
    case DNA_STREAM_FLOWS:
        break;
    case DNA_STREAM_ERROR:
        bench_must(0, effect->text);
        break;
    case DNA_STREAM_CLOSE:
        end->closed = true;
        break;
    }
}

static void flush(struct end *end)
{
    struct dna_span output = dna_stream_output(end->stream);
    if (output.len == 0 || (end->tls != NULL && !end->open)) {
        return;
    }
    bench_must((end->tls != NULL ? dna_tls_write(end->tls, output)
                                 : dna_buf_add(&end->wire, output)) == DNA_OK,
               "cannot write");
    dna_stream_sent(end->stream, output.len);
}

static void pull(struct end *end)
{
    struct dna_stream_effect effect;
    while (dna_stream_next(end->stream, end->side->now, &effect)) {
        act(end, &effect);
    }
    flush(end);
}

/* Everything that the session has to say after a call. */
static void service(struct side *side)
{
    struct dna_stream *stream;
    answer_wants(side);
    while ((stream = dna_session_next_ready(side->session)) != NULL) {
        pull(dna_stream_user(stream));
        answer_wants(side);
    }
}

static void read_plain(struct end *end, struct dna_span bytes)
{
    bench_must(dna_stream_read(end->stream, bytes, end->side->now) == DNA_OK,
               "cannot read");
    pull(end);
    service(end->side);
}

static void finish_handshake(struct end *end)
{
    struct dna_chain *chain;
    bench_must(dna_tls_handshake(end->tls) == DNA_OK, "handshake");
    bench_must(dna_tls_status(end->tls) != DNA_TLS_FAILED, dna_tls_why(end->tls));
    if (dna_tls_status(end->tls) != DNA_TLS_OPEN) {
        return;
    }
    end->open = true;
    bench_must(dna_tls_peer_chain(end->tls, NULL, &chain) == DNA_OK, "no chain");
    bench_must(dna_stream_secured(end->stream, chain, end->side->now) == DNA_OK,
               "secured");
    dna_chain_free(chain);
    pull(end);
    service(end->side);
}

static void receive(struct end *end, struct dna_span bytes)
{
    static char plain[65536];
    size_t len;
    if (end->tls == NULL) {
        read_plain(end, bytes);
        return;
    }
    dna_tls_feed(end->tls, bytes);
    if (!end->open) {
        finish_handshake(end);
    }
    while (end->open) {
        bench_must(dna_tls_read(end->tls, plain, sizeof plain, &len) == DNA_OK, "read");
        if (len == 0) {
            break;
        }
        read_plain(end, (struct dna_span){plain, len});
    }
}

/* --- both ------------------------------------------------------------------------- */

static void end_init(struct end *end, struct side *side, enum dna_role role,
                     const char *own, const char *peer)
{
    struct dna_stream_options options = {
        .size = sizeof options,
        .role = role,
        .own = own,
        .peer = peer,
        .random = {1, 2, 3},
        .user = end,
    };
    double began = bench_cpu();
    *end = (struct end){.side = side, .server = role == DNA_RECEIVING};
    dna_buf_init(&end->wire, NULL, SIZE_MAX);
    bench_must(dna_stream_new(side->session, &options, side->now, &end->stream) == DNA_OK,
               "no stream");
    pull(end);
    service(side);
    side->cpu += bench_cpu() - began;
}

void ends_init(struct end ends[2], struct side *a, struct side *b, const char *own,
               const char *peer)
{
    end_init(&ends[0], a, DNA_INITIATING, own, peer);
    end_init(&ends[1], b, DNA_RECEIVING, NULL, NULL);
}

void end_fini(struct end *end)
{
    dna_stream_free(end->stream);
    dna_tls_free(end->tls);
    dna_buf_fini(&end->wire);
}

static bool pass(struct end *from, struct end *to)
{
    struct dna_span bytes = dna_buf_span(&from->wire);
    double began;
    if (bytes.len == 0) {
        return false;
    }
    began = bench_cpu();
    receive(to, bytes);
    to->side->cpu += bench_cpu() - began;
    dna_buf_consume(&from->wire, bytes.len);
    return true;
}

void ends_settle(struct end ends[2])
{
    bool moved = true;
    while (moved) {
        moved = pass(&ends[0], &ends[1]);
        moved = pass(&ends[1], &ends[0]) || moved;
    }
}

void end_ask(struct end *end, const char *own, const char *peer)
{
    double began = bench_cpu();
    bench_must(dna_stream_ask(end->stream, own, peer, end->side->now) == DNA_OK,
               "cannot ask");
    pull(end);
    service(end->side);
    end->side->cpu += bench_cpu() - began;
}
