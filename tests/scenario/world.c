/* Certificates with real keys, and answers from a DNS and a web that are the play's own. */
#include "play.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <base/codec.h>
#include <x509/spki.h>

struct actor_cert *world_cert(struct play *play, const char *name)
{
    for (size_t i = 0; i < play->n_certs; i++) {
        if (strcmp(play->certs[i].name, name) == 0) {
            return &play->certs[i];
        }
    }
    play_fail(play, "no certificate '%s'", name);
}

/* NAME [by=stranger] [names=DNS:a,DNS:b] [key=...] [ends=SECONDS] */
void world_add_cert(struct play *play, const char *line)
{
    struct actor_cert *actor = &play->certs[play->n_certs];
    char by[64], names[1024], key[64], ends[32];
    const struct cert *leaf[1];
    struct cert_order order = {.issuer = &play->ca};
    if (play->n_certs == PLAY_MAX || !words_next(&line, actor->name, sizeof actor->name)) {
        play_fail(play, "cert NAME ...");
    }
    words_option(line, "by", by, sizeof by);
    words_option(line, "names", names, sizeof names);
    words_option(line, "key", key, sizeof key);
    words_option(line, "ends", ends, sizeof ends);
    order.subject = actor->name;
    order.names = names[0] != '\0' ? names : NULL;
    order.key = key[0] != '\0' ? key : NULL;
    order.not_after = ends[0] != '\0' ? CERTS_NOW + atoll(ends) : 0;
    if (strcmp(by, "stranger") == 0) {
        order.issuer = &play->stranger;
    }
    actor->cert = cert_make(&order);
    leaf[0] = &actor->cert;
    actor->chain = cert_chain(leaf, 1);
    play->n_certs++;
}

void world_free(struct play *play)
{
    for (size_t i = 0; i < play->n_certs; i++) {
        dna_chain_free(play->certs[i].chain);
        cert_free(&play->certs[i].cert);
    }
    cert_free(&play->ca);
    cert_free(&play->stranger);
    dna_roots_free(play->roots);
}

/* --- wants ------------------------------------------------------------------------------ */

static void show_want(const struct dna_want *want, char *out, size_t room)
{
    switch (want->kind) {
    case DNA_WANT_DNS:
        (void)snprintf(out, room, "dns %s %s", want->u.dns.name,
                       dna_dns_type_name(want->u.dns.type));
        return;
    case DNA_WANT_ANCHORED:
        (void)snprintf(out, room, "island %s %s", want->u.anchored.zone,
                       want->u.anchored.domain);
        return;
    case DNA_WANT_FETCH:
        (void)snprintf(out, room, "fetch %s", want->u.fetch.url);
        return;
    case DNA_WANT_PATH:
        (void)snprintf(out, room, "path");
        return;
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
    case DNA_WANT_SIGNATURE:
        break;
    }
    (void)snprintf(out, room, "a want that is nobody's");
}

static struct open_want *find_want(struct play *play, const char *text)
{
    for (size_t i = 0; i < play->n_wants; i++) {
        if (strcmp(play->wants[i].text, text) == 0) {
            return &play->wants[i];
        }
    }
    return NULL;
}

bool world_wanted(const struct play *play, const char *text)
{
    for (size_t i = 0; i < play->n_wants; i++) {
        if (text == NULL || strcmp(play->wants[i].text, text) == 0) {
            return true;
        }
    }
    return false;
}

static void drop_want(struct play *play, size_t i)
{
    play->n_wants--;
    memmove(&play->wants[i], &play->wants[i + 1],
            (play->n_wants - i) * sizeof play->wants[i]);
}

void world_listen(struct play *play)
{
    const struct dna_want *want;
    unsigned id;
    while (dna_session_next_want(play->session, &id, &want)) {
        struct open_want *open = &play->wants[play->n_wants];
        if (play->n_wants == PLAY_MAX) {
            play_fail(play, "too many wants");
        }
        open->id = id;
        open->want = want;
        show_want(want, open->text, sizeof open->text);
        play->n_wants++;
    }
    while (dna_session_next_cancel(play->session, &id)) {
        for (size_t i = 0; i < play->n_wants; i++) {
            if (play->wants[i].id == id) {
                lines_add(play, &play->cancelled, "%s", play->wants[i].text);
                drop_want(play, i);
                break;
            }
        }
    }
}

/* --- facts ------------------------------------------------------------------------------ */

/* RDATA of an answer. */
struct records {
    unsigned char bytes[4096];
    size_t used;
    struct dna_span spans[16];
    size_t n;
};

static size_t put_u16(unsigned char *out, unsigned value)
{
    out[0] = (unsigned char)(value >> 8);
    out[1] = (unsigned char)value;
    return 2;
}

static size_t put_name(unsigned char *out, const char *name)
{
    size_t n = 0;
    while (*name != '\0' && strcmp(name, ".") != 0) {
        size_t len = strcspn(name, ".");
        out[n++] = (unsigned char)len;
        memcpy(out + n, name, len);
        n += len;
        name += len + (name[len] == '.');
    }
    out[n++] = 0;
    return n;
}

static void finish(struct records *records, size_t len)
{
    records->spans[records->n++] =
        (struct dna_span){(const char *)records->bytes + records->used, len};
    records->used += len;
}

static size_t put_dnskey(struct play *play, const char *cert, unsigned char *out)
{
    struct dna_spki_dnskey key;
    size_t n = put_u16(out, 257);
    play_ok(play, dna_spki_to_dnskey(world_cert(play, cert)->chain, &key), "DNSKEY");
    out[n++] = 3;
    out[n++] = key.algorithms[0];
    memcpy(out + n, key.key, key.key_len);
    return n + key.key_len;
}

/* A TLSA record for the key of a certificate. */
static size_t put_pin(struct play *play, const char *cert, unsigned char *out)
{
    memcpy(out, "\3\1\1", 3);
    play_ok(play, dna_spki_digest(world_cert(play, cert)->chain, out + 3), "TLSA");
    return 3 + DNA_SHA256_SIZE;
}

/* "0 0 5269 host ; 0 0 5270 other", "key CERT", "pin CERT" or "at 192.0.2.1". */
static void read_records(struct play *play, const char *line, struct records *records)
{
    char word[512];
    while (words_next(&line, word, sizeof word)) {
        unsigned char *at = records->bytes + records->used;
        size_t n = 0;
        if (strcmp(word, ";") == 0) {
            continue;
        }
        if (strcmp(word, "at") == 0) {
            (void)words_next(&line, word, sizeof word);
            finish(records, inet_pton(AF_INET, word, at) == 1    ? 4
                            : inet_pton(AF_INET6, word, at) == 1 ? 16
                                                                 : 0);
            continue;
        }
        if (strcmp(word, "key") == 0) {
            (void)words_next(&line, word, sizeof word);
            finish(records, put_dnskey(play, word, at));
            continue;
        }
        if (strcmp(word, "pin") == 0) {
            (void)words_next(&line, word, sizeof word);
            finish(records, put_pin(play, word, at));
            continue;
        }
        for (int i = 0; i < 3; i++) {
            n += put_u16(at + n, (unsigned)atoi(word));
            (void)words_next(&line, word, sizeof word);
        }
        finish(records, n + put_name(at + n, word));
    }
}

/* secure|insecure|bogus|failed [ttl=N] [absent | RECORDS] */
static struct dna_dns_answer read_answer(struct play *play, const char *line, const char *name,
                                         uint16_t type, struct records *records)
{
    struct dna_dns_answer answer = {
        .name = name, .type = type, .ttl = 3600, .obtained = play->now.wall,
        .signatures_end = DNA_NEVER, .why = "",
    };
    char word[64], ttl[32];
    (void)words_next(&line, word, sizeof word);
    if (strcmp(word, "failed") == 0 || strcmp(word, "bogus") == 0) {
        answer.outcome = word[0] == 'f' ? DNA_DNS_FAILED : DNA_DNS_BOGUS;
        answer.why = word[0] == 'f' ? "SERVFAIL" : "the signature does not verify";
        return answer;
    }
    if (strcmp(word, "secure") != 0 && strcmp(word, "insecure") != 0) {
        play_fail(play, "an answer is secure, insecure, bogus or failed, not '%s'", word);
    }
    answer.secure = word[0] == 's';
    words_option(line, "ttl", ttl, sizeof ttl);
    if (ttl[0] != '\0') {
        answer.ttl = (uint32_t)atoi(ttl);
        (void)words_next(&line, word, sizeof word);
    }
    answer.outcome = strstr(line, "absent") != NULL ? DNA_DNS_ABSENT : DNA_DNS_FOUND;
    if (answer.outcome == DNA_DNS_FOUND) {
        read_records(play, line, records);
        answer.rdata = records->spans;
        answer.n_rdata = records->n;
    }
    return answer;
}

static void give(struct play *play, const char *text, const struct dna_fact *fact)
{
    struct open_want *open = find_want(play, text);
    unsigned id;
    if (open == NULL) {
        play_fail(play, "nobody wants to know: %s%s%s", text,
                  play->n_wants != 0 ? "\n  but: " : "",
                  play->n_wants != 0 ? play->wants[0].text : "");
    }
    id = open->id;
    drop_want(play, (size_t)(open - play->wants));
    play_ok(play, dna_session_give(play->session, id, fact, play->now), text);
}

static uint16_t type_number(const struct play *play, const char *type)
{
    static const uint16_t types[] = {DNA_DNS_SRV, DNA_DNS_DNSKEY, DNA_DNS_TLSA, DNA_DNS_TXT,
                                     DNA_DNS_CNAME, DNA_DNS_A, DNA_DNS_AAAA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(dna_dns_type_name(types[i]), type) == 0) {
            return types[i];
        }
    }
    play_fail(play, "no type '%s'", type);
}

static void answer_dns(struct play *play, const char *name, const char *type,
                       const char *answer)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS};
    struct records records = {.n = 0};
    char text[600];
    uint16_t number = type_number(play, type);
    (void)snprintf(text, sizeof text, "dns %s %s", name, type);
    fact.u.dns = read_answer(play, answer, name, number, &records);
    give(play, text, &fact);
}

/* Both names: the second one does not exist, or fails as the first does. */
static void answer_srv(struct play *play, const char *domain, const char *answer)
{
    char name[300], other[80], word[64];
    const char *at = answer;
    (void)words_next(&at, word, sizeof word);
    (void)snprintf(other, sizeof other, "%s%s", word,
                   strcmp(word, "secure") == 0 || strcmp(word, "insecure") == 0 ? " absent"
                                                                                : "");
    (void)snprintf(name, sizeof name, "_xmpp-server._tcp.%s", domain);
    answer_dns(play, name, "SRV", answer);
    (void)snprintf(name, sizeof name, "_xmpps-server._tcp.%s", domain);
    answer_dns(play, name, "SRV", other);
}

/* addresses HOST = secure|insecure: one address, and none of the newer kind. */
static void answer_addresses(struct play *play, const char *host, const char *security)
{
    char text[128];
    (void)snprintf(text, sizeof text, "%s at 192.0.2.1", security);
    answer_dns(play, host, "A", text);
    (void)snprintf(text, sizeof text, "%s absent", security);
    answer_dns(play, host, "AAAA", text);
}

/* island ZONE CERT = ANSWER: the records of _xmpp-server below that key. */
static void answer_island(struct play *play, const char *zone, const char *cert,
                          const char *answer)
{
    struct dna_fact fact = {.kind = DNA_WANT_ANCHORED};
    struct records key = {.n = 0}, srv = {.n = 0}, none = {.n = 0};
    struct open_want *open;
    char text[600], line[128], names[2][300];
    (void)snprintf(text, sizeof text, "island %s %s", zone, zone);
    (void)snprintf(line, sizeof line, "secure key %s", cert);
    fact.u.anchored.dnskey = read_answer(play, line, zone, DNA_DNS_DNSKEY, &key);
    (void)snprintf(names[0], sizeof names[0], "_xmpp-server._tcp.%s", zone);
    (void)snprintf(names[1], sizeof names[1], "_xmpps-server._tcp.%s", zone);
    fact.u.anchored.srv = read_answer(play, answer, names[0], DNA_DNS_SRV, &srv);
    fact.u.anchored.srv_tls = read_answer(play, "secure absent", names[1], DNA_DNS_SRV, &none);
    open = find_want(play, text);
    if (open != NULL && !dna_span_equal(open->want->u.anchored.dnskey, key.spans[0])) {
        play_fail(play, "the anchor is not the key of %s", cert);
    }
    give(play, text, &fact);
}

static void posh_document(struct play *play, const char *line, char *out, size_t room)
{
    char cert[64], expires[32], digest[64];
    (void)words_next(&line, cert, sizeof cert);
    words_option(line, "expires", expires, sizeof expires);
    play_ok(play, dna_base64_encode(dna_chain_leaf_digest(world_cert(play, cert)->chain),
                                    DNA_SHA256_SIZE, digest, sizeof digest),
            "base64");
    (void)snprintf(out, room, "{\"fingerprints\":[{\"sha-256\":\"%s\"}],\"expires\":%s}",
                   digest, expires[0] != '\0' ? expires : "86400");
}

/* fetch URL = cert NAME | posh NAME [expires=N] | body TEXT | absent | failed | refused */
static void answer_fetch(struct play *play, const char *url, const char *answer)
{
    struct dna_fact fact = {.kind = DNA_WANT_FETCH};
    struct dna_fetch_result *result = &fact.u.fetch;
    char text[2600], word[64], body[4096];
    *result = (struct dna_fetch_result){
        .outcome = DNA_FETCH_OK, .status = 200, .final_url = url, .why = "",
        .obtained = play->now.wall};
    (void)words_next(&answer, word, sizeof word);
    if (strcmp(word, "cert") == 0) {
        (void)words_next(&answer, word, sizeof word);
        result->body = dna_chain_der(world_cert(play, word)->chain, 0);
    } else if (strcmp(word, "posh") == 0) {
        posh_document(play, answer, body, sizeof body);
        result->body = dna_span_of(body);
    } else if (strcmp(word, "body") == 0) {
        result->body = dna_span_of(answer);
    } else {
        result->outcome = strcmp(word, "absent") == 0   ? DNA_FETCH_ABSENT
                          : strcmp(word, "failed") == 0 ? DNA_FETCH_FAILED
                                                        : DNA_FETCH_REFUSED;
        result->status = result->outcome == DNA_FETCH_ABSENT ? 404 : 0;
        result->why = word;
    }
    (void)snprintf(text, sizeof text, "fetch %s", url);
    give(play, text, &fact);
}

void world_answer(struct play *play, const char *verb, const char *line)
{
    const char *equals = strstr(line, " = ");
    char first[2600] = "", second[300] = "";
    const char *at = line;
    if (equals == NULL) {
        play_fail(play, "%s ... = ANSWER", verb);
    }
    (void)words_next(&at, first, sizeof first);
    (void)words_next(&at, second, sizeof second);
    equals += 3;
    if (strcmp(verb, "dns") == 0) {
        answer_dns(play, first, second, equals);
    } else if (strcmp(verb, "srv") == 0) {
        answer_srv(play, first, equals);
    } else if (strcmp(verb, "addresses") == 0) {
        answer_addresses(play, first, equals);
    } else if (strcmp(verb, "island") == 0) {
        answer_island(play, first, second, equals);
    } else {
        answer_fetch(play, first, equals);
    }
}
