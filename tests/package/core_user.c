/* A program outside of mod_dna that uses the core with a resolver of its own.
 *
 * usage: core_user CA.pem CHAIN.pem
 *
 * The chain is one for shop.example by that CA.  Asks the court, and then a session, who
 * may speak for shop.example and for other.example; every look-up is answered here, by
 * hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <mod_dna/court.h>
#include <mod_dna/session.h>

static char bytes[2][65536];

static struct dna_span contents(const char *path, char *space)
{
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(space, 1, sizeof bytes[0], file) : 0;
    if (len == 0) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return (struct dna_span){space, len};
}

static void need(enum dna_err err, const char *what)
{
    if (err != DNA_OK) {
        fprintf(stderr, "%s: %s\n", what, dna_err_name(err));
        exit(2);
    }
}

static struct dna_dns_answer absent(const char *name, uint16_t type, int64_t now)
{
    return (struct dna_dns_answer){
        .name = name,
        .type = type,
        .outcome = DNA_DNS_ABSENT,
        .ttl = 60,
        .obtained = now,
        .signatures_end = DNA_NEVER,
        .why = "",
    };
}

/* The resolver of this program knows no name, its web no page, its peer no proof. */
static struct dna_fact look_up(const struct dna_want *want, const struct dna_roots *roots,
                               struct dna_time now)
{
    struct dna_fact fact = {.kind = want->kind};
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = absent(want->u.dns.name, want->u.dns.type, now.wall);
        break;
    case DNA_WANT_ANCHORED:
        fact.u.anchored.dnskey = absent(want->u.anchored.zone, DNA_DNS_DNSKEY, now.wall);
        fact.u.anchored.srv = absent(want->u.anchored.domain, DNA_DNS_SRV, now.wall);
        fact.u.anchored.srv_tls = fact.u.anchored.srv;
        break;
    case DNA_WANT_FETCH:
        fact.u.fetch.outcome = DNA_FETCH_ABSENT;
        fact.u.fetch.status = 404;
        fact.u.fetch.final_url = want->u.fetch.url;
        fact.u.fetch.why = "no such page";
        fact.u.fetch.obtained = now.wall;
        break;
    case DNA_WANT_PATH:
        need(dna_path_check_anchored(want->u.path.chain, roots, want->u.path.tlsa,
                                     now.wall, &fact.u.path),
             "path");
        break;
    case DNA_WANT_PEER:
        fact.u.peer.outcome = DNA_PEER_SILENT;
        break;
    case DNA_WANT_RECALL:
        break; /* nothing */
    case DNA_WANT_SIGNATURE:
        need(dna_signature_check(&want->u.signature, &fact.u.signature), "signature");
        break;
    }
    return fact;
}

static struct dna_question about(const char *domain, const struct dna_chain *chain)
{
    return (struct dna_question){
        .domain = domain,
        .role = DNA_RECEIVING,
        .chain = chain,
        .policy = dna_policy_default(),
    };
}

static int judge(const char *who, const char *domain, const struct dna_ruling *ruling,
                 enum dna_verdict expected)
{
    int good = (ruling->verdict == DNA_PROVEN) == (expected == DNA_PROVEN);
    printf("%s, %s: %s: %s\n", who, domain, dna_verdict_name(ruling->verdict),
           ruling->why);
    return good ? 0 : 1;
}

static int ask_court(const char *domain, const struct dna_chain *chain,
                     const struct dna_roots *roots, struct dna_time now,
                     enum dna_verdict expected)
{
    struct dna_question question = about(domain, chain);
    struct dna_court *court;
    struct dna_ruling ruling;
    int bad;
    need(dna_court_new(NULL, &question, now, &court), "court");
    while (!dna_court_ruling(court, &ruling)) {
        const struct dna_want *want;
        unsigned id, asked = 0;
        while (dna_court_next_want(court, &id, &want)) {
            struct dna_fact fact = look_up(want, roots, now);
            need(dna_court_give(court, id, &fact, now), "give");
            asked++;
        }
        if (asked == 0) { /* it waits for a time to pass */
            now.mono = dna_court_deadline(court);
            need(dna_court_tick(court, now), "tick");
        }
    }
    bad = judge("court", domain, &ruling, expected);
    dna_court_free(court);
    return bad;
}

static int ask_session(const char *domain, const struct dna_chain *chain,
                       struct dna_roots *roots, struct dna_time now,
                       enum dna_verdict expected)
{
    struct dna_session_options options = {.size = sizeof options,
                                          .roots = roots,
                                          .seed = 1};
    struct dna_question question = about(domain, chain);
    struct dna_session *session;
    struct dna_hearing *hearing, *ended;
    struct dna_ruling ruling;
    int bad;
    need(dna_session_new(&options, &session), "session");
    need(dna_session_hear(session, &question, now, NULL, &hearing), "hear");
    while (!dna_session_next_ruling(session, &ended, &ruling)) {
        const struct dna_want *want;
        unsigned id, asked = 0;
        while (dna_session_next_want(session, &id, &want)) {
            struct dna_fact fact = look_up(want, roots, now);
            need(dna_session_give(session, id, &fact, now), "give");
            asked++;
        }
        if (asked == 0 && dna_session_deadline(session) != DNA_NEVER) {
            now.mono = dna_session_deadline(session);
            need(dna_session_tick(session, now), "tick");
        }
    }
    bad = judge("session", domain, &ruling, expected) || ended != hearing;
    dna_hearing_free(hearing);
    dna_session_free(session);
    return bad;
}

int main(int argc, char **argv)
{
    struct dna_time now = {.wall = (int64_t)time(NULL), .mono = 1000};
    struct dna_roots *roots;
    struct dna_chain *chain;
    int bad = 0;
    if (argc != 3) {
        fprintf(stderr, "usage: core_user CA.pem CHAIN.pem\n");
        return 2;
    }
    need(dna_roots_new(NULL, &roots), "roots");
    need(dna_roots_add_pem(roots, contents(argv[1], bytes[0]), NULL), argv[1]);
    need(dna_chain_parse(NULL, contents(argv[2], bytes[1]), &chain), argv[2]);
    bad += ask_court("shop.example", chain, roots, now, DNA_PROVEN);
    bad += ask_court("other.example", chain, roots, now, DNA_FAIL);
    bad += ask_session("shop.example", chain, roots, now, DNA_PROVEN);
    bad += ask_session("other.example", chain, roots, now, DNA_FAIL);
    dna_chain_free(chain);
    dna_roots_free(roots);
    return bad == 0 ? 0 : 1;
}
