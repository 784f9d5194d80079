/* What the look-ups of a dnssec-ta proof cost when nothing is cached: DNS and the
 * document.
 *
 * usage: bench_cold [FETCHES]
 *
 * The name server (signed zones) and the web server run in processes of their own, on the
 * loopback; what is counted is the CPU time of this one: libunbound's iteration from a
 * root of its own and its validation, the look-ups under the supplied key, and one GET
 * over a fresh TLS connection through libcurl.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bench.h>
#include <https/https.h>
#include <paper.h>
#include <resolver/resolver.h>
#include <web.h>
#include <world.h>

#define ZONES 20
#define PATIENCE 30000
#define FOREVER 600000

static char names[ZONES][32], records[ZONES][200];
static struct world_zone zones[ZONES + 1];

static void plan_zones(void)
{
    zones[0] = (struct world_zone){.name = ".", .keys = WORLD_CSK, .records = ""};
    for (unsigned i = 0; i < ZONES; i++) {
        snprintf(names[i], sizeof names[i], "z%u", i);
        snprintf(records[i], sizeof records[i],
                 "_xmpp-server._tcp.z%u. 300 IN SRV 5 0 5269 xmpp.host.example.\n", i);
        zones[i + 1] = (struct world_zone){.name = names[i],
                                           .keys = WORLD_CSK,
                                           .records = records[i]};
    }
}

/* A process that ends with this one. */
static pid_t split_off(void)
{
    pid_t child = fork();
    bench_must(child >= 0, "no process");
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    return child;
}

static void end_process(pid_t child)
{
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

/* --- DNS -------------------------------------------------------------------------- */

static bool answered;

static void take(void *arg, const struct dna_dns_answer *answer)
{
    bool wanted = *(bool *)arg;
    bench_must(!wanted || (answer->outcome == DNA_DNS_FOUND && !answer->secure),
               answer->why);
    answered = true;
}

static void take_anchored(void *arg, const struct dna_anchored_result *result)
{
    (void)arg;
    bench_must(result->srv.outcome == DNA_DNS_FOUND && result->srv.secure,
               result->srv.why);
    answered = true;
}

static void look_up(struct dna_resolver *resolver, struct poll_loop *loop,
                    const char *name, uint16_t type, bool wanted)
{
    struct dna_lookup *lookup;
    answered = false;
    bench_must(dna_resolver_lookup(resolver, name, type, PATIENCE, take, &wanted,
                                   &lookup) == DNA_OK &&
                   poll_loop_until(loop, &answered, PATIENCE),
               "no answer");
}

static void look_up_anchored(struct dna_resolver *resolver, struct poll_loop *loop,
                             const char *zone, struct dna_span key)
{
    struct dna_want_anchored want = {.zone = zone, .dnskey = key, .domain = zone};
    struct dna_lookup *lookup;
    answered = false;
    bench_must(dna_resolver_anchored(resolver, &want, PATIENCE, take_anchored, NULL,
                                     &lookup) == DNA_OK &&
                   poll_loop_until(loop, &answered, PATIENCE),
               "no answer under the key");
}

static void bench_zones(struct dna_resolver *resolver, struct poll_loop *loop,
                        struct world *world)
{
    double plain = 0, anchored = 0;
    char name[64];
    for (unsigned i = 0; i < ZONES; i++) {
        struct dna_span key = world_key(world, names[i], 257);
        double began = bench_cpu(), between;
        snprintf(name, sizeof name, "_xmpp-server._tcp.%.31s", names[i]);
        look_up(resolver, loop, name, DNA_DNS_SRV, true);
        snprintf(name, sizeof name, "_xmpps-server._tcp.%.31s", names[i]);
        look_up(resolver, loop, name, DNA_DNS_SRV, false);
        look_up(resolver, loop, names[i], DNA_DNS_DNSKEY, true);
        between = bench_cpu();
        look_up_anchored(resolver, loop, names[i], key);
        plain += between - began;
        anchored += bench_cpu() - between;
    }
    bench_figure("cold.dns", plain / ZONES * 1e6, "us");
    bench_figure("cold.anchored", anchored / ZONES * 1e6, "us");
}

static void bench_dns(void)
{
    struct poll_loop *there = poll_loop_new(), *here;
    struct world *world;
    struct dna_resolver *resolver;
    pid_t child;
    plan_zones();
    world = world_new(there, zones, ZONES + 1);
    child = split_off();
    if (child == 0) {
        poll_loop_run(there, FOREVER);
        _exit(0);
    }
    here = poll_loop_new();
    bench_must(dna_resolver_new(poll_loop_of(here),
                                &(struct dna_resolver_options){
                                    .mode = DNA_RESOLVER_ITERATE,
                                    .root_stub = world_server(world),
                                    .trust_anchor_file = world_anchor_file(world, ".")},
                                &resolver) == DNA_OK,
               "no resolver");
    look_up(resolver, here, ".", DNA_DNS_DNSKEY, false); /* the root's key is known */
    bench_zones(resolver, here, world);
    dna_resolver_free(resolver);
    poll_loop_free(here);
    end_process(child);
    world_free(world);
    poll_loop_free(there);
}

/* --- the document ----------------------------------------------------------------- */

static void fetched(void *arg, const struct dna_https_result *result)
{
    (void)arg;
    bench_must(result->outcome == DNA_HTTPS_DONE && result->status == 200, result->why);
    answered = true;
}

static void serve(const struct web_papers *papers, int out)
{
    static const struct web_page page = {
        .path = "/cert", .head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ncert"};
    struct web *web = web_start(
        &(struct web_order){.pages = &page, .n_pages = 1, .leaf = &papers->www});
    uint16_t port = web_port(web);
    bench_must(write(out, &port, sizeof port) == sizeof port, "pipe");
    (void)sleep(FOREVER / 1000);
    _exit(0);
}

static void bench_fetch(unsigned n)
{
    struct web_papers papers;
    struct poll_loop *loop = poll_loop_new();
    struct dna_address address;
    struct dna_https *https;
    struct dna_https_get *get;
    int ends[2];
    uint16_t port;
    char url[64];
    double began = 0;
    pid_t child;
    web_papers_make(&papers);
    bench_must(pipe(ends) == 0, "pipe");
    child = split_off();
    if (child == 0) {
        serve(&papers, ends[1]);
    }
    bench_must(read(ends[0], &port, sizeof port) == sizeof port, "no web server");
    snprintf(url, sizeof url, "https://www.example:%u/cert", (unsigned)port);
    bench_must(dna_address_parse(dna_span_of("127.0.0.1"), &address) == DNA_OK &&
                   dna_https_new(poll_loop_of(loop),
                                 &(struct dna_https_options){.ca_file = papers.ca_file},
                                 &https) == DNA_OK,
               "no client");
    for (unsigned i = 0; i <= n; i++) {
        if (i == 1) {
            began = bench_cpu(); /* the first one loads what the others find */
        }
        answered = false;
        bench_must(dna_https_get(https, url, &address, fetched, NULL, &get) == DNA_OK &&
                       poll_loop_until(loop, &answered, PATIENCE),
                   "no document");
    }
    bench_figure("cold.fetch", (bench_cpu() - began) / n * 1e6, "us");
    dna_https_free(https);
    poll_loop_free(loop);
    end_process(child);
    web_papers_fini(&papers);
}

int main(int argc, char **argv)
{
    bench_dns();
    bench_fetch(argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100);
    return 0;
}
