/* What a decision costs the court, over facts made by hand: dnssec-ta and POSH.
 *
 * usage: bench_proof [ROUNDS]
 *
 * Cold: the court is opened, wants, is answered, parses what was fetched and rules; a
 * path that it wants checked is checked.  Remembered: the same, but the path checks are
 * those of an earlier hearing.  Cached: a session has ruled on the same peer before.  No
 * look-up is in these figures: the network's part depends on the network.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <base/codec.h>
#include <bench.h>
#include <certs.h>
#include <mod_dna/court.h>
#include <mod_dna/session.h>
#include <x509/spki.h>

#define DOMAIN "example.com"
#define HOST "xmpp.host.example"
#define TA_URL "https://host.example/example.com.cert"

static const unsigned char srv_rdata[] = "\0\x0a\0\0\x14\x95\4xmpp\4host\7example";

struct world {
    struct cert root, leaf, zone;
    struct dna_roots *roots;
    struct dna_chain *chain;
    struct dna_span document; /* what is fetched */
    struct dna_span srv, dnskey;
    unsigned char key[4 + DNA_DNSKEY_KEY_MAX];
    bool posh;
    struct { /* what a memory of path checks would hold */
        unsigned char leaf[DNA_SHA256_SIZE];
        struct dna_path path;
    } paths[4];
    size_t n_paths;
};

static void make_key(struct world *w)
{
    const struct cert *zone = &w->zone;
    struct dna_chain *chain = cert_chain(&zone, 1);
    struct dna_spki_dnskey key;
    bench_must(dna_spki_to_dnskey(chain, &key) == DNA_OK, "no DNSKEY");
    memcpy(w->key, (unsigned char[]){1, 1, 3, key.algorithms[0]}, 4);
    memcpy(w->key + 4, key.key, key.key_len);
    w->dnskey = (struct dna_span){(char *)w->key, 4 + key.key_len};
    dna_chain_free(chain);
}

static void world_init(struct world *w, bool posh)
{
    const struct cert *leaf = &w->leaf;
    *w = (struct world){.posh = posh};
    w->root = cert_make(&(struct cert_order){.subject = "root", .ca = true});
    w->leaf = cert_make(&(struct cert_order){.subject = "leaf",
                                             .issuer = posh ? NULL : &w->root,
                                             .names = "DNS:" HOST});
    w->zone = cert_make(&(struct cert_order){.subject = "zone",
                                             .issuer = &w->root,
                                             .names = "DNS:" DOMAIN});
    w->roots = cert_roots(&w->root);
    w->chain = cert_chain(&leaf, 1);
    w->srv = (struct dna_span){(const char *)srv_rdata, sizeof srv_rdata};
    make_key(w);
    if (posh) {
        static char text[200];
        char print[64];
        bench_must(dna_base64_encode(dna_chain_leaf_digest(w->chain), DNA_SHA256_SIZE,
                                     print, sizeof print) == DNA_OK,
                   "base64");
        snprintf(text, sizeof text,
                 "{\"fingerprints\":[{\"sha-256\":\"%s\"}],\"expires\":86400}", print);
        w->document = dna_span_of(text);
    } else {
        w->document = w->zone.der;
    }
}

static void world_fini(struct world *w)
{
    dna_chain_free(w->chain);
    dna_roots_free(w->roots);
    cert_free(&w->zone);
    cert_free(&w->leaf);
    cert_free(&w->root);
}

static struct dna_dns_answer found(const char *name, uint16_t type, bool secure,
                                   const struct dna_span *rdata)
{
    return (struct dna_dns_answer){
        .name = name,
        .type = type,
        .outcome = rdata != NULL ? DNA_DNS_FOUND : DNA_DNS_ABSENT,
        .secure = secure,
        .ttl = 3600,
        .obtained = CERTS_NOW,
        .signatures_end = secure ? CERTS_NOW + 86400 : DNA_NEVER,
        .rdata = rdata,
        .n_rdata = rdata != NULL ? 1 : 0,
        .why = "",
    };
}

static const struct dna_span *records(const struct world *w, const char *name,
                                      uint16_t type)
{
    if (type == DNA_DNS_DNSKEY) {
        return &w->dnskey;
    }
    return strncmp(name, "_xmpp-server.", 13) == 0 ? &w->srv : NULL;
}

/* Only paths without a TLSA record are asked for here. */
static void check_path(struct world *w, const struct dna_want *want, struct dna_path *out)
{
    const unsigned char *leaf = dna_chain_leaf_digest(want->u.path.chain);
    for (size_t i = 0; i < w->n_paths; i++) {
        if (memcmp(w->paths[i].leaf, leaf, DNA_SHA256_SIZE) == 0) {
            *out = w->paths[i].path;
            return;
        }
    }
    bench_must(want->u.path.tlsa.len == 0 &&
                   dna_path_check_anchored(want->u.path.chain, w->roots,
                                           want->u.path.tlsa, CERTS_NOW, out) == DNA_OK,
               "path");
    if (w->n_paths < sizeof w->paths / sizeof *w->paths) {
        memcpy(w->paths[w->n_paths].leaf, leaf, DNA_SHA256_SIZE);
        w->paths[w->n_paths++].path = *out;
    }
}

static struct dna_fact look_up(struct world *w, const struct dna_want *want)
{
    struct dna_fact fact = {.kind = want->kind};
    bool there;
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = found(want->u.dns.name, want->u.dns.type, false,
                           records(w, want->u.dns.name, want->u.dns.type));
        break;
    case DNA_WANT_ANCHORED:
        fact.u.anchored.dnskey = found(DOMAIN, DNA_DNS_DNSKEY, true, &w->dnskey);
        fact.u.anchored.srv = found("_xmpp-server._tcp." DOMAIN, DNA_DNS_SRV, true,
                                    &w->srv);
        fact.u.anchored.srv_tls = found("_xmpps-server._tcp." DOMAIN, DNA_DNS_SRV, true,
                                        NULL);
        break;
    case DNA_WANT_FETCH:
        there = w->posh == (want->u.fetch.kind == DNA_FETCH_WELL_KNOWN);
        fact.u.fetch = (struct dna_fetch_result){
            .outcome = there ? DNA_FETCH_OK : DNA_FETCH_ABSENT,
            .status = there ? 200 : 404,
            .body = there ? w->document : (struct dna_span){NULL, 0},
            .final_url = want->u.fetch.url,
            .why = there ? "fetched" : "no such page",
            .obtained = CERTS_NOW,
        };
        break;
    case DNA_WANT_PATH:
        check_path(w, want, &fact.u.path);
        break;
    case DNA_WANT_PEER:
        fact.u.peer.outcome = w->posh ? DNA_PEER_SILENT : DNA_PEER_PROOF;
        fact.u.peer.prooftype = DNA_PROOF_DNSSEC_TA;
        fact.u.peer.content = dna_span_of(TA_URL);
        break;
    case DNA_WANT_RECALL:
    case DNA_WANT_SIGNATURE:
        break;
    }
    return fact;
}

static const struct dna_time now = {.wall = CERTS_NOW, .mono = 1000};

static struct dna_question question(const struct world *w)
{
    struct dna_policy policy = dna_policy_default();
    return (struct dna_question){.domain = DOMAIN,
                                 .role = DNA_RECEIVING,
                                 .chain = w->chain,
                                 .policy = policy};
}

static void expect(const struct world *w, const struct dna_ruling *ruling)
{
    bench_must(ruling->verdict == DNA_PROVEN &&
                   ruling->prooftype == (w->posh ? DNA_PROOF_POSH : DNA_PROOF_DNSSEC_TA),
               ruling->why);
}

static void hear_court(struct world *w)
{
    struct dna_question q = question(w);
    struct dna_court *court;
    struct dna_ruling ruling;
    bench_must(dna_court_new(NULL, &q, now, &court) == DNA_OK, "court");
    while (!dna_court_ruling(court, &ruling)) {
        const struct dna_want *want;
        unsigned id, asked = 0;
        while (dna_court_next_want(court, &id, &want)) {
            struct dna_fact fact = look_up(w, want);
            bench_must(dna_court_give(court, id, &fact, now) == DNA_OK, "give");
            asked++;
        }
        bench_must(asked != 0 || dna_court_ruling(court, NULL), "the court waits");
    }
    expect(w, &ruling);
    dna_court_free(court);
}

static void hear_session(struct world *w, struct dna_session *session)
{
    struct dna_question q = question(w);
    struct dna_hearing *hearing, *ended;
    struct dna_ruling ruling;
    bench_must(dna_session_hear(session, &q, now, NULL, &hearing) == DNA_OK, "hear");
    while (!dna_session_next_ruling(session, &ended, &ruling)) {
        const struct dna_want *want;
        unsigned id;
        while (dna_session_next_want(session, &id, &want)) {
            struct dna_fact fact = look_up(w, want);
            bench_must(dna_session_give(session, id, &fact, now) == DNA_OK, "give");
        }
    }
    expect(w, &ruling);
    dna_hearing_free(hearing);
}

static void bench(const char *name, bool posh, unsigned rounds)
{
    struct world w;
    char figure[64];
    double began;
    world_init(&w, posh);
    hear_court(&w);
    began = bench_cpu();
    for (unsigned i = 0; i < rounds; i++) {
        w.n_paths = 0;
        hear_court(&w);
    }
    snprintf(figure, sizeof figure, "proof.%s.cold", name);
    bench_figure(figure, (bench_cpu() - began) / rounds * 1e6, "us");
    began = bench_cpu();
    for (unsigned i = 0; i < rounds; i++) {
        hear_court(&w);
    }
    snprintf(figure, sizeof figure, "proof.%s.remembered", name);
    bench_figure(figure, (bench_cpu() - began) / rounds * 1e6, "us");
    if (posh) { /* a session answers a challenge outside of a stream with silence */
        struct dna_session_options options = {.size = sizeof options,
                                              .seed = 1,
                                              .roots = w.roots};
        struct dna_session *session;
        bench_must(dna_session_new(&options, &session) == DNA_OK, "session");
        hear_session(&w, session);
        began = bench_cpu();
        for (unsigned i = 0; i < rounds; i++) {
            hear_session(&w, session);
        }
        snprintf(figure, sizeof figure, "proof.%s.cached", name);
        bench_figure(figure, (bench_cpu() - began) / rounds * 1e6, "us");
        dna_session_free(session);
    }
    world_fini(&w);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000;
    bench("dnssec-ta", false, rounds);
    bench("posh", true, rounds);
    return 0;
}
