/* What a stream costs: fresh, idle, and with further domains.
 *
 * usage: bench_stream [ROUNDS [STREAMS [DOMAINS]]]
 *
 * A fresh authenticated stream stands beside a bare mutual TLS 1.3 handshake of OpenSSL
 * in memory with certificates of the same kind (P-256), which resumes nothing either and
 * trusts without a look; both within this process, in turns, each side by itself.  What
 * the sessions look up is in their caches.  Memory is the heap of the C library,
 * OpenSSL's included.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include <bench.h>
#include <wire.h>

#define A "a.example"
#define B "b.example"

static struct cert root;
static struct side sides[2];

/* --- bare OpenSSL ----------------------------------------------------------------- */

struct bare {
    SSL_CTX *ctx[2];
    double cpu[2];
};

static int trust(X509_STORE_CTX *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return 1;
}

static SSL_CTX *bare_context(const SSL_METHOD *method, const char *names)
{
    struct cert leaf = cert_make(
        &(struct cert_order){.subject = "leaf", .issuer = &root, .names = names});
    const unsigned char *der = (const unsigned char *)leaf.der.ptr;
    SSL_CTX *ctx = SSL_CTX_new(method);
    bench_must(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                   SSL_CTX_use_certificate_ASN1(ctx, (int)leaf.der.len, der) == 1 &&
                   SSL_CTX_use_PrivateKey(ctx, leaf.key) == 1 &&
                   SSL_CTX_set_num_tickets(ctx, 0) == 1,
               "no bare context");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, trust, NULL);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    cert_free(&leaf);
    return ctx;
}

static void bare_handshake(struct bare *bare, SSL *ssl[2])
{
    bool moved = true;
    for (int i = 0; i < 2; i++) {
        double began = bench_cpu();
        ssl[i] = SSL_new(bare->ctx[i]);
        SSL_set_bio(ssl[i], BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        (i == 0 ? SSL_set_connect_state : SSL_set_accept_state)(ssl[i]);
        bare->cpu[i] += bench_cpu() - began;
    }
    while (moved) {
        moved = false;
        for (int i = 0; i < 2; i++) {
            double began = bench_cpu();
            char *bytes;
            long len;
            (void)SSL_do_handshake(ssl[i]);
            len = BIO_get_mem_data(SSL_get_wbio(ssl[i]), &bytes);
            if (len > 0) {
                moved = true;
                (void)BIO_write(SSL_get_rbio(ssl[1 - i]), bytes, (int)len);
                (void)BIO_reset(SSL_get_wbio(ssl[i]));
            }
            bare->cpu[i] += bench_cpu() - began;
        }
    }
    for (int i = 0; i < 2; i++) {
        bench_must(SSL_is_init_finished(ssl[i]), "the bare handshake failed");
    }
}

static void bare_free(SSL *ssl[2])
{
    SSL_free(ssl[0]);
    SSL_free(ssl[1]);
}

static void bare_init(struct bare *bare)
{
    *bare = (struct bare){{bare_context(TLS_client_method(), "DNS:" A),
                           bare_context(TLS_server_method(), "DNS:" B)},
                          {0, 0}};
}

static void bare_fini(struct bare *bare)
{
    SSL_CTX_free(bare->ctx[0]);
    SSL_CTX_free(bare->ctx[1]);
}

/* --- fresh streams ---------------------------------------------------------------- */

static void open_stream(struct end ends[2])
{
    size_t accepted = sides[0].accepted;
    ends_init(ends, &sides[0], &sides[1], A, B);
    end_ask(&ends[0], A, B);
    ends_settle(ends);
    bench_must(dna_stream_may_send(ends[0].stream, A, B) &&
                   sides[0].accepted == accepted + 1,
               "the stream is not authenticated");
}

static void close_stream(struct end ends[2])
{
    end_fini(&ends[0]);
    end_fini(&ends[1]);
}

static void bench_fresh(unsigned rounds)
{
    struct bare bare;
    SSL *ssl[2];
    struct end ends[2];
    size_t looked_up;
    bare_init(&bare);
    open_stream(ends); /* fills the caches */
    close_stream(ends);
    bare_handshake(&bare, ssl);
    bare_free(ssl);
    looked_up = sides[0].looked_up + sides[1].looked_up;
    sides[0].cpu = sides[1].cpu = bare.cpu[0] = bare.cpu[1] = 0;
    for (unsigned i = 0; i < rounds; i++) {
        bare_handshake(&bare, ssl);
        bare_free(ssl);
        open_stream(ends);
        close_stream(ends);
    }
    bench_must(looked_up == sides[0].looked_up + sides[1].looked_up,
               "not from the cache");
    for (int i = 0; i < 2; i++) {
        static const char *const role[2] = {"initiating", "receiving"};
        char name[80];
        snprintf(name, sizeof name, "handshake.bare.%s", role[i]);
        bench_figure(name, bare.cpu[i] / rounds * 1e6, "us");
        snprintf(name, sizeof name, "handshake.stream.%s", role[i]);
        bench_figure(name, sides[i].cpu / rounds * 1e6, "us");
        snprintf(name, sizeof name, "handshake.ratio.%s", role[i]);
        bench_figure(name, sides[i].cpu / bare.cpu[i], "x");
    }
    bare_fini(&bare);
}

/* --- idle streams ----------------------------------------------------------------- */

/* OpenSSL's share: endpoints after a handshake, their BIOs gone. */
static void bench_idle_bare(unsigned n)
{
    struct bare bare;
    SSL *(*ssl)[2] = calloc(n, sizeof *ssl);
    size_t before;
    bench_must(ssl != NULL, "memory");
    bare_init(&bare);
    before = bench_heap();
    for (unsigned i = 0; i < n; i++) {
        bare_handshake(&bare, ssl[i]);
        SSL_set_bio(ssl[i][0], NULL, NULL);
        SSL_set_bio(ssl[i][1], NULL, NULL);
    }
    bench_figure("idle.bare", (double)(bench_heap() - before) / n / 2, "bytes");
    for (unsigned i = 0; i < n; i++) {
        bare_free(ssl[i]);
    }
    bare_fini(&bare);
    free(ssl);
}

static void bench_idle(unsigned n)
{
    struct end(*ends)[2] = calloc(n, sizeof *ends);
    size_t before;
    bench_must(ends != NULL, "memory");
    before = bench_heap();
    for (unsigned i = 0; i < n; i++) {
        open_stream(ends[i]);
        for (int k = 0; k < 2; k++) {
            dna_stream_park(ends[i][k].stream);
            dna_buf_fini(&ends[i][k].wire);
        }
    }
    bench_figure("idle.stream", (double)(bench_heap() - before) / n / 2, "bytes");
    for (unsigned i = 0; i < n; i++) {
        close_stream(ends[i]);
    }
    free(ends);
}

/* --- further domains -------------------------------------------------------------- */

static void domain_of(char *text, size_t room, unsigned i, const char *parent)
{
    snprintf(text, room, "d%u.%s", i, parent);
}

static void add_domains(struct end ends[2], unsigned n)
{
    char own[64], peer[64];
    for (unsigned i = 0; i < n; i++) {
        domain_of(own, sizeof own, i, A);
        domain_of(peer, sizeof peer, i, B);
        end_ask(&ends[0], own, peer);
        if (i % 100 == 99 || i == n - 1) {
            ends_settle(ends);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        domain_of(own, sizeof own, i, A);
        domain_of(peer, sizeof peer, i, B);
        bench_must(dna_stream_may_send(ends[0].stream, own, peer),
                   "a domain was not added");
    }
}

static void bench_domains(unsigned n)
{
    struct end ends[2];
    char name[64];
    size_t heap = bench_heap(), looked_up;
    for (unsigned i = 0; i < n; i++) {
        domain_of(name, sizeof name, i, A);
        side_host(&sides[0], name);
        domain_of(name, sizeof name, i, B);
        side_host(&sides[1], name);
    }
    bench_figure("domain.hosted", (double)(bench_heap() - heap) / n / 2, "bytes");
    open_stream(ends); /* fills the caches */
    add_domains(ends, n);
    close_stream(ends);

    open_stream(ends);
    heap = bench_heap();
    looked_up = sides[0].looked_up + sides[1].looked_up;
    sides[0].cpu = sides[1].cpu = 0;
    add_domains(ends, n);
    bench_must(looked_up == sides[0].looked_up + sides[1].looked_up,
               "not from the cache");
    bench_figure("domain.added.initiating", sides[0].cpu / n * 1e6, "us");
    bench_figure("domain.added.receiving", sides[1].cpu / n * 1e6, "us");
    bench_figure("domain.added.memory", (double)(bench_heap() - heap) / n / 2, "bytes");
    close_stream(ends);
}

static unsigned number(int argc, char **argv, int i, unsigned otherwise)
{
    return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    side_init(&sides[0], &root, "DNS:" A ",DNS:*." A);
    side_init(&sides[1], &root, "DNS:" B ",DNS:*." B);
    side_host(&sides[0], A);
    side_host(&sides[1], B);
    bench_fresh(number(argc, argv, 1, 300));
    bench_idle_bare(number(argc, argv, 2, 1000));
    bench_idle(number(argc, argv, 2, 1000));
    bench_domains(number(argc, argv, 3, 10000));
    side_fini(&sides[0]);
    side_fini(&sides[1]);
    cert_free(&root);
    return 0;
}
