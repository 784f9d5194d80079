/* A whole hearing whose facts are the input's: outcomes, records, documents, the peer's proof.
 *
 * Each fact is drawn from the bytes, some of its parts from a small stock of good ones, so
 * that the later steps are reached.  Whatever the bytes:
 *   - the hearing ends, and every sentence is printable;
 *   - a proof ends within a day and has not ended yet;
 *   - what is forged proves nothing (S10), what was not answered nothing that rests on it (S11).
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <base/codec.h>
#include <certs.h>
#include <mod_dna/court.h>
#include <x509/spki.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define NOW CERTS_NOW
#define URL "https://host.example/x"
#define ASSERTION \
    "<delegations xmlns='urn:xmpp:dna:delegation:0' domain='example.com' " \
    "expires='2027-01-15T12:00:00Z'><service name='xmpp-server'>" \
    "<provider host='xmpp.host.example'/></service></delegations>"

/* The stock, made once. */
static struct {
    struct cert leaf, zone;
    struct dna_chain *chain, *named; /* of the delegate, of the domain itself */
    char key[4 + DNA_DNSKEY_KEY_MAX], posh[200];
    char tlsa[3 + DNA_SHA256_SIZE]; /* of the delegate's certificate */
    size_t key_len;
} stock;

struct input {
    const uint8_t *at;
    size_t left;
};

/* What the facts said of the SRV records. */
struct told {
    bool bogus, failed;
};

static unsigned draw(struct input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

static struct dna_span slice(struct input *in)
{
    size_t n = draw(in);
    struct dna_span out = {(const char *)in->at, n < in->left ? n : in->left};
    in->at += out.len;
    in->left -= out.len;
    return out;
}

static void make_stock(void)
{
    const struct cert *one = &stock.leaf;
    struct dna_spki_dnskey key;
    char print[50] = "";
    stock.leaf = cert_make(&(struct cert_order){.names = "DNS:xmpp.host.example"});
    stock.zone = cert_make(&(struct cert_order){.names = "DNS:example.com"});
    stock.chain = cert_chain(&one, 1);
    one = &stock.zone;
    stock.named = cert_chain(&one, 1);
    if (dna_spki_to_dnskey(stock.named, &key) != DNA_OK ||
        dna_base64_encode(dna_chain_leaf_digest(stock.chain), 32, print, sizeof print) !=
            DNA_OK) {
        abort();
    }
    memcpy(stock.tlsa, "\3\0\1", 3);
    memcpy(stock.tlsa + 3, dna_chain_leaf_digest(stock.chain), DNA_SHA256_SIZE);
    memcpy(stock.key, "\1\1\3", 3);
    stock.key[3] = (char)key.algorithms[0];
    memcpy(stock.key + 4, key.key, key.key_len);
    stock.key_len = 4 + key.key_len;
    strcpy(stock.posh, "{\"expires\":100,\"fingerprints\":[{\"sha-256\":\"");
    strcat(stock.posh, print);
    strcat(stock.posh, "\"}]}");
}

static struct dna_span draw_record(struct input *in, uint16_t type)
{
    static const char txt[] = "\17v=XSTSv1; id=7;";
    static const char srv[] = "\0\12\0\0\x14\x95\4xmpp\4host\7example";
    unsigned kind = draw(in);
    if (kind % 4 == 0) {
        return slice(in);
    }
    if (type == DNA_DNS_TXT) {
        return (struct dna_span){txt, sizeof txt - 1};
    }
    if (type == DNA_DNS_TLSA) {
        stock.tlsa[0] = (char)(draw(in) % 4);
        return (struct dna_span){stock.tlsa, sizeof stock.tlsa};
    }
    return type == DNA_DNS_SRV ? (struct dna_span){srv, sizeof srv}
                               : (struct dna_span){stock.key, stock.key_len};
}

static struct dna_dns_answer draw_answer(struct input *in, uint16_t type,
                                         struct dna_span records[3])
{
    unsigned flags = draw(in);
    struct dna_dns_answer answer = {
        .type = type,
        .outcome = (enum dna_dns_outcome)(draw(in) % 5),
        .secure = (flags & 1) != 0,
        .aliased = (flags & 2) != 0,
        .wildcard = (flags & 4) != 0,
        .ttl = draw(in) * 40,
        .obtained = NOW + (int)draw(in) - 128,
        .signatures_end = (flags & 8) != 0 ? NOW + (int)draw(in) - 10 : DNA_NEVER,
        .rdata = records,
        .n_rdata = draw(in) % 4,
        .why = "w",
    };
    for (size_t i = 0; i < answer.n_rdata; i++) {
        records[i] = draw_record(in, type);
    }
    return answer;
}

static struct dna_span draw_policy(struct input *in)
{
    static const char *const policies[] = {
        "version: XSTSv1\nmode: enforce\nsrv: *.host.example\nmax_age: 200\n",
        "version: XSTSv1\nmode: enforce\nsrv: other.example\nmax_age: 200\n",
        "version: XSTSv1\nmode: testing\nsrv: other.example\nmax_age: 200\n",
        "version: XSTSv1\nmode: none\nmax_age: 200\n",
    };
    unsigned kind = draw(in);
    return kind % 5 == 4 ? slice(in) : dna_span_of(policies[kind % 5]);
}

static void draw_recall(struct input *in, struct dna_recall_result *out)
{
    unsigned kind = draw(in);
    out->known = kind % 2 == 1;
    out->policy_id = kind % 3 == 0 ? "7" : kind % 3 == 1 ? "8" : NULL;
    out->exact_name = (kind & 32) == 0;
    out->obtained = NOW + (int)draw(in) - 240;
    out->body = draw_policy(in);
}

static void draw_fetch(struct input *in, struct dna_fetch_result *out)
{
    unsigned kind = draw(in);
    out->outcome = (enum dna_fetch_outcome)(draw(in) % 5);
    out->obtained = NOW + (int)draw(in) - 128;
    out->why = kind % 2 == 0 ? "w" : NULL;
    out->exact_name = (kind & 32) == 0;
    out->certificate_ends = NOW + (int)draw(in) - 10;
    switch (kind % 5) {
    case 0:
        out->body = slice(in);
        break;
    case 1:
        out->body = stock.zone.der;
        break;
    case 2:
        out->body = draw_policy(in);
        break;
    case 3:
        out->body = dna_span_of(ASSERTION);
        break;
    default:
        out->body = dna_span_of(stock.posh);
        break;
    }
}

static void draw_path(struct input *in, struct dna_path *out)
{
    unsigned kind = draw(in);
    out->code = kind % 4 == 0 ? (enum dna_path_code)(draw(in) % 12) : DNA_PATH_OK;
    out->not_before = NOW - 5;
    out->not_after = NOW + (int)draw(in) - 10;
    out->constrained = (kind & 16) != 0;
    out->srvname_usable = (kind & 32) != 0;
    out->digital_signature = (kind & 32) == 0;
    memset(out->why, 'x', sizeof out->why);
}

static void draw_peer(struct input *in, struct dna_fact *fact)
{
    unsigned kind = draw(in);
    fact->u.peer.outcome = kind % 4 == 0 ? (enum dna_peer_outcome)(draw(in) % 4)
                                         : DNA_PEER_PROOF;
    fact->u.peer.prooftype = kind % 8 == 1 ? (enum dna_prooftype)draw(in)
                                           : DNA_PROOF_DNSSEC_TA;
    fact->u.peer.content = kind % 3 == 0 ? slice(in) : dna_span_of(URL);
}

static void answer(struct input *in, struct dna_court *court, unsigned id,
                   const struct dna_want *want, struct dna_time now, struct told *told)
{
    struct dna_fact fact = {.kind = want->kind};
    struct dna_span records[9];
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = draw_answer(in, want->u.dns.type, records);
        if (want->u.dns.type == DNA_DNS_SRV) {
            told->bogus = told->bogus || fact.u.dns.outcome == DNA_DNS_BOGUS;
            told->failed = told->failed || fact.u.dns.outcome == DNA_DNS_FAILED;
        }
        break;
    case DNA_WANT_ANCHORED:
        fact.u.anchored.dnskey = draw_answer(in, DNA_DNS_DNSKEY, records);
        fact.u.anchored.srv = draw_answer(in, DNA_DNS_SRV, records + 3);
        fact.u.anchored.srv_tls = draw_answer(in, DNA_DNS_SRV, records + 6);
        break;
    case DNA_WANT_FETCH:
        draw_fetch(in, &fact.u.fetch);
        break;
    case DNA_WANT_PATH:
        draw_path(in, &fact.u.path);
        break;
    case DNA_WANT_PEER:
        draw_peer(in, &fact);
        break;
    case DNA_WANT_RECALL:
        draw_recall(in, &fact.u.recall);
        break;
    case DNA_WANT_SIGNATURE:
        fact.u.signature.valid = draw(in) % 2 != 0;
        break;
    }
    if (dna_court_give(court, id, &fact, now) != DNA_OK) {
        abort();
    }
}

#define is(ruling, type) ((ruling)->prooftype == DNA_PROOF_##type)

static bool rests_on_dns(const struct dna_ruling *ruling)
{
    return is(ruling, DNSSEC_SRV) || is(ruling, DANE) || is(ruling, DNSSEC_TA);
}

static void check(const struct dna_question *q, const struct dna_ruling *ruling,
                  const struct told *told, struct dna_time now)
{
    bool proven = ruling->verdict == DNA_PROVEN;
    assert(memchr(ruling->why, '\0', sizeof ruling->why) != NULL && ruling->why[0] != '\0');
    for (const char *c = ruling->why; *c != '\0'; c++) {
        assert(*c >= ' ' && *c <= '~');
    }
    assert((ruling->code == DNA_CODE_OK) == proven);
    assert(!ruling->veto || ruling->verdict == DNA_FAIL);
    assert(proven ? ruling->expires_at > now.wall && ruling->expires_at <= now.wall + 86400
                  : ruling->expires_at == 0);
    if (proven) {
        assert((q->policy.prooftypes & DNA_PROOF_BIT(ruling->prooftype)) != 0);
        assert(!told->bogus ||
               (q->role == DNA_RECEIVING && (is(ruling, PKIX) || is(ruling, SRVNAME))));
        assert(!told->failed || !rests_on_dns(ruling));
        assert(q->policy.level != DNA_LEVEL_STRONG || is(ruling, DNSSEC_SRV) ||
               is(ruling, DANE));
    }
}

/* S10: what an enforced policy does not admit, only pkix and dane prove. */
static void check_sts(const struct dna_court *court, const struct dna_ruling *ruling)
{
    struct dna_ruling sts;
    if (ruling->verdict == DNA_PROVEN &&
        dna_court_prover_ruling(court, DNA_PROOF_STS, &sts)) {
        assert(!sts.veto || is(ruling, PKIX) || is(ruling, DANE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct input in = {bytes, len};
    struct dna_question q = {.domain = "example.com"};
    struct dna_time now = {NOW, 0};
    struct told told = {false, false};
    struct dna_court *court;
    struct dna_ruling ruling;
    const struct dna_want *want;
    unsigned kind, id;
    if (stock.chain == NULL) {
        make_stock();
    }
    kind = draw(&in);
    q.chain = kind % 5 == 0 ? stock.named : stock.chain;
    q.role = (kind & 1) != 0 ? DNA_INITIATING : DNA_RECEIVING;
    q.host = (kind & 2) != 0 ? "xmpp.host.example" : NULL;
    q.port = 5269;
    q.policy = dna_policy_default();
    q.policy.level = (kind & 4) != 0 && (kind & 8) != 0 ? DNA_LEVEL_STRONG : DNA_LEVEL_PROOF;
    q.policy.prooftypes = (kind & 16) != 0 ? kind >> 2 : q.policy.prooftypes;
    q.policy.prooftypes |= (kind & 32) != 0 ? 0u : draw(&in) << 6;
    if (dna_court_new(NULL, &q, now, &court) != DNA_OK) {
        abort();
    }
    while (!dna_court_ruling(court, &ruling)) {
        bool asked = dna_court_next_want(court, &id, &want);
        if (asked && draw(&in) % 16 != 1) {
            answer(&in, court, id, want, now, &told);
        } else if (!asked) {
            int64_t deadline = dna_court_deadline(court);
            assert(deadline > now.mono && deadline <= 30000);
            now.wall += (deadline - now.mono) / 1000;
            now.mono = deadline;
            if (dna_court_tick(court, now) != DNA_OK) {
                abort();
            }
        }
    }
    check(&q, &ruling, &told, now);
    check_sts(court, &ruling);
    dna_court_free(court);
    return 0;
}
