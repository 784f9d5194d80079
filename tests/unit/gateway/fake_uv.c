#include "fake_uv.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define ALLOWED 16
#define LOOKUPS 16
#define JOURNAL 65536

struct dna_uv_stream {
    unsigned number;
    void *user;
    char own[254], peer[254];
    bool connected, initiating, dna, over;
    char allowed[ALLOWED][512];
    unsigned n_allowed;
    char host[254]; /* that its certificate names */
    char remote[64];
    enum dna_err asks, sends;
    size_t backlog;
    char network[64];
};

struct lookup {
    dna_uv_endpoints_fn *fn;
    void *arg;
};

int64_t fake_now;
uint32_t fake_dice;
bool fake_connect_fails;
size_t fake_buffered;
bool fake_moved;
const char *fake_unhosted, *fake_apart, *fake_resumes, *fake_unproven, *fake_rehears;
unsigned fake_bridge;
unsigned fake_searched;
static struct dna_uv_stream streams[FAKE_STREAMS + 1];
static unsigned n_streams;
static struct lookup lookups[LOOKUPS];
static unsigned n_lookups;
static char journal[JOURNAL], handed[JOURNAL];
static size_t journal_len;
static char links[3];
/* The names of the effect that is being told, which the next call on a stream ends. */
static char lent[2][254];
static struct dna_uv_handler handler;
static struct dna_log nowhere;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    journal_len += (size_t)vsnprintf(journal + journal_len, JOURNAL - journal_len, format,
                                     args);
    va_end(args);
    assert(journal_len < JOURNAL);
}

void fake_reset(void)
{
    memset(streams, 0, sizeof streams);
    n_streams = n_lookups = 0;
    journal_len = 0;
    journal[0] = '\0';
    fake_now = 1000000;
    fake_dice = UINT32_C(1) << 31;
    fake_connect_fails = false;
    fake_buffered = 0;
    fake_moved = false;
    fake_unhosted = fake_apart = fake_resumes = fake_unproven = fake_rehears = NULL;
    fake_bridge = fake_searched = 0;
}

bool dna_link_is_bridge(const struct dna_link *link)
{
    return fake_bridge != 0 && link == fake_link(fake_bridge);
}

bool dna_stream_proves(const struct dna_stream *core, const char *domain)
{
    (void)core;
    return fake_unproven == NULL || strcmp(domain, fake_unproven) != 0;
}

struct dna_link *fake_link(unsigned number)
{
    return (struct dna_link *)(void *)&links[number];
}

static const struct gateway_address *server_of(const struct gateway *gateway,
                                               const struct dna_link *link)
{
    static const struct gateway_address address = {.ip = "127.0.0.1", .port = 5269};
    (void)gateway;
    (void)link;
    return &address;
}

static bool same_identity(const struct gateway *gateway, const char *one, const char *other)
{
    (void)gateway;
    return fake_apart == NULL ||
           (strcmp(one, fake_apart) == 0) == (strcmp(other, fake_apart) == 0);
}

static bool proves(const struct gateway *gateway, const char *domain)
{
    (void)gateway;
    return fake_unproven == NULL || strcmp(domain, fake_unproven) != 0;
}

static uint32_t throw_dice(void)
{
    return fake_dice;
}

struct gateway_shares_config fake_shares(void)
{
    return (struct gateway_shares_config){.pairs = 1000,
                                          .pairs_of_host = 1000,
                                          .pairs_of_peer = 1000,
                                          .pairs_of_address = 1000,
                                          .bytes_of_host = 67108864,
                                          .bytes_of_peer = 67108864,
                                          .bytes_of_address = 67108864,
                                          .streams = 1000,
                                          .streams_of_host = 1000,
                                          .accepted_of_host = 1000,
                                          .searches = 1000,
                                          .searches_of_host = 1000,
                                          .memory = 536870912,
                                          .memory_of_address = 536870912};
}

static void searched(struct gateway *gateway)
{
    (void)gateway;
    fake_searched++;
}

struct router *fake_router(const struct gateway_queue_config *queue)
{
    static const struct gateway_queue_config usual = {1000, 1048576, 67108864, 30};
    struct router_options options = {.uv = (struct dna_uv *)(void *)&handler,
                                     .session = (struct dna_session *)(void *)&handler,
                                     .log = &nowhere,
                                     .handler = &handler,
                                     .queue = queue != NULL ? *queue : usual,
                                     .shares = fake_shares(),
                                     .key = {1, 2},
                                     .random = throw_dice,
                                     .server_of = server_of,
                                     .same_identity = same_identity,
                                     .proves = proves,
                                     .searched = searched};
    fake_reset();
    return router_new(&options);
}

void fake_end(struct router *router)
{
    router_close_all(router);
    while (n_lookups > 0) {
        fake_not_found(false, "the end");
    }
    for (unsigned i = 1; i <= n_streams; i++) {
        if (!streams[i].over && streams[i].user != NULL) {
            fake_closed(i, "", "the end");
        }
    }
}

void fake_router_free(struct router *router)
{
    fake_end(router);
    router_free(router);
}

bool fake_exists(unsigned number)
{
    return number <= n_streams && !streams[number].over;
}

bool fake_looks_up(void)
{
    return n_lookups > 0;
}

const char *fake_journal(void)
{
    memcpy(handed, journal, journal_len + 1);
    journal_len = 0;
    journal[0] = '\0';
    return handed;
}

static struct dna_uv_stream *new_stream(void)
{
    assert(n_streams < FAKE_STREAMS);
    n_streams++;
    streams[n_streams].number = n_streams;
    return &streams[n_streams];
}

struct dna_uv_stream *fake_uv(unsigned number)
{
    assert(number >= 1 && number <= n_streams);
    return &streams[number];
}

struct stream *fake_stream(unsigned number)
{
    return fake_uv(number)->user;
}

struct stream *fake_accepted(struct router *router, struct dna_link *link)
{
    struct dna_uv_stream *uv = new_stream();
    uv->connected = uv->dna = true;
    uv->user = router_accepted(router, uv, link);
    return uv->user;
}

void fake_network(unsigned number, const char *network)
{
    (void)snprintf(fake_uv(number)->network, sizeof fake_uv(number)->network, "%s", network);
}

void fake_header(unsigned number, const char *own)
{
    (void)snprintf(fake_uv(number)->own, sizeof fake_uv(number)->own, "%s", own);
}

void fake_connected(unsigned number)
{
    fake_connected_at(number, FAKE_REMOTE);
}

void fake_connected_at(unsigned number, const char *address)
{
    (void)snprintf(fake_uv(number)->remote, sizeof fake_uv(number)->remote, "%s", address);
    fake_uv(number)->connected = true;
    router_connected(fake_stream(number));
}

void fake_allow(unsigned number, const char *own, const char *peer)
{
    struct dna_uv_stream *uv = fake_uv(number);
    assert(uv->n_allowed < ALLOWED);
    (void)snprintf(uv->allowed[uv->n_allowed++], sizeof uv->allowed[0], "%s %s", own, peer);
}

void fake_forbid(unsigned number)
{
    fake_uv(number)->n_allowed = 0;
}

void fake_speak_dna(unsigned number, bool speaks)
{
    fake_uv(number)->dna = speaks;
}

void fake_carry(unsigned number, const char *host)
{
    (void)snprintf(fake_uv(number)->host, sizeof fake_uv(number)->host, "%s", host);
}

void fake_answer_asks(unsigned number, enum dna_err err)
{
    fake_uv(number)->asks = err;
}

void fake_answer_sends(unsigned number, enum dna_err err)
{
    fake_uv(number)->sends = err;
}

void fake_backlog(unsigned number, size_t bytes)
{
    fake_uv(number)->backlog = bytes;
}

static const char *lend(char place[254], const char *name)
{
    if (name == NULL) {
        return NULL;
    }
    snprintf(place, 254, "%s", name);
    return place;
}

void fake_effect(unsigned number, enum dna_stream_effect_kind kind, const char *domain,
                 const char *other, bool accepted)
{
    struct dna_stream_effect effect = {.kind = kind,
                                       .domain = lend(lent[0], domain),
                                       .other = lend(lent[1], other),
                                       .accepted = accepted,
                                       .condition = accepted ? "" : "forbidden",
                                       .text = ""};
    router_changed(fake_stream(number), &effect);
}

void fake_ruling(unsigned number, const char *domain, enum dna_verdict verdict, const char *why)
{
    struct dna_ruling ruling = {.verdict = verdict};
    struct dna_stream_effect effect = {.kind = DNA_STREAM_PEER,
                                       .domain = domain,
                                       .accepted = verdict == DNA_PROVEN,
                                       .ruling = &ruling,
                                       .condition = "",
                                       .text = ""};
    (void)snprintf(ruling.why, sizeof ruling.why, "%s", why);
    router_changed(fake_stream(number), &effect);
}

void fake_closed(unsigned number, const char *condition, const char *why)
{
    struct dna_uv_stream *uv = fake_uv(number);
    uv->over = true;
    router_closed(uv->user, condition, why);
    uv->user = NULL;
}

static struct lookup next_lookup(void)
{
    struct lookup lookup = lookups[0];
    assert(n_lookups > 0);
    memmove(lookups, lookups + 1, --n_lookups * sizeof *lookups);
    return lookup;
}

void fake_found(const char *host, uint16_t port)
{
    fake_found_at(host, port, strcmp(host, FAKE_HOST) == 0 ? FAKE_REMOTE : NULL);
}

void fake_found_at(const char *host, uint16_t port, const char *address)
{
    struct lookup lookup = next_lookup();
    const char *const addresses[] = {"192.0.2.77@5269", address};
    const struct dna_uv_endpoint endpoint = {.host = host, .port = port,
                                             .addresses = addresses,
                                             .n_addresses = address != NULL ? 2 : 1};
    lookup.fn(lookup.arg, &endpoint, 1, true, "");
}

void fake_not_found(bool definite, const char *why)
{
    struct lookup lookup = next_lookup();
    lookup.fn(lookup.arg, NULL, 0, definite, why);
}

void fake_stanza(unsigned number, const char *from, const char *to, const char *id,
                 const char *type)
{
    char from_jid[300], to_jid[300];
    struct dna_stanza stanza = {.kind = DNA_MESSAGE,
                                .type = dna_span_of(type),
                                .id = dna_span_of(id),
                                .raw = dna_span_of("<message/>"),
                                .splice_at = 8};
    (void)snprintf(stanza.from_domain.text, sizeof stanza.from_domain.text, "%s", from);
    (void)snprintf(stanza.to_domain.text, sizeof stanza.to_domain.text, "%s", to);
    (void)snprintf(from_jid, sizeof from_jid, "alice@%s", from);
    (void)snprintf(to_jid, sizeof to_jid, "bob@%s", to);
    stanza.from = dna_span_of(from_jid);
    stanza.to = dna_span_of(to_jid);
    router_stanza(fake_stream(number), &stanza);
}

/* --- what the router calls ---------------------------------------------------------- */

struct dna_time dna_uv_now(struct dna_uv *uv)
{
    (void)uv;
    return (struct dna_time){.mono = fake_now};
}

struct dna_link *dna_session_link_of(const struct dna_session *session, const char *domain)
{
    const char *dot = strrchr(domain, '.');
    (void)session;
    return dot == NULL || (fake_unhosted != NULL && strcmp(domain, fake_unhosted) == 0)
               ? NULL
           : strcmp(dot, ".one") == 0 ? fake_link(1)
           : strcmp(dot, ".two") == 0 ? fake_link(2)
                                      : NULL;
}

bool dna_session_hosts(const struct dna_session *session, const char *domain)
{
    return dna_session_link_of(session, domain) != NULL;
}

bool dna_session_may_resume(const struct dna_session *session, const char *own,
                            const char *peer)
{
    (void)session;
    (void)peer;
    return fake_resumes != NULL && strcmp(own, fake_resumes) == 0;
}

enum dna_err dna_uv_connect(struct dna_uv *uv, const struct dna_uv_connect *options,
                            struct dna_uv_stream **out)
{
    struct dna_uv_stream *stream;
    (void)uv;
    if (fake_connect_fails) {
        return DNA_ERR_MEMORY;
    }
    stream = new_stream();
    stream->initiating = stream->dna = true;
    stream->user = options->user;
    (void)snprintf(stream->own, sizeof stream->own, "%s", options->own);
    (void)snprintf(stream->peer, sizeof stream->peer, "%s", options->peer);
    note("connect %u %s %s%s\n", stream->number, options->own, options->peer,
         options->link != NULL ? " link" : "");
    *out = stream;
    return DNA_OK;
}

enum dna_err dna_uv_endpoints(struct dna_uv *uv, const char *domain, dna_uv_endpoints_fn *fn,
                              void *arg)
{
    (void)uv;
    assert(n_lookups < LOOKUPS);
    lookups[n_lookups++] = (struct lookup){fn, arg};
    note("endpoints %s\n", domain);
    return DNA_OK;
}

struct dna_stream *dna_uv_stream_core(struct dna_uv_stream *stream)
{
    return stream->connected ? (struct dna_stream *)(void *)stream : NULL;
}

static const struct dna_uv_stream *of_core(const struct dna_stream *core)
{
    return (const struct dna_uv_stream *)(const void *)core;
}

bool dna_stream_speaks_dna(const struct dna_stream *core)
{
    return of_core(core)->dna;
}

bool dna_stream_may_carry(const struct dna_stream *core, const char *host)
{
    return strcmp(of_core(core)->host, host) == 0;
}

const char *dna_uv_stream_remote(const struct dna_uv_stream *stream)
{
    return stream->connected ? stream->remote : "";
}

bool dna_uv_stream_moved(const struct dna_uv_stream *stream)
{
    (void)stream;
    return fake_moved;
}

size_t dna_uv_buffered(const struct dna_uv *uv)
{
    (void)uv;
    return fake_buffered;
}

size_t dna_uv_stream_network_buffered(const struct dna_uv_stream *stream)
{
    return stream->network[0] != '\0' ? fake_buffered : 0;
}

const char *dna_uv_stream_network(const struct dna_uv_stream *stream)
{
    return stream->network;
}

const char *dna_stream_own(const struct dna_stream *core)
{
    return of_core(core)->own;
}

const char *dna_stream_peer(const struct dna_stream *core)
{
    return of_core(core)->peer;
}

bool dna_stream_may_send(const struct dna_stream *core, const char *own, const char *peer)
{
    const struct dna_uv_stream *uv = of_core(core);
    char both[512];
    (void)snprintf(both, sizeof both, "%s %s", own, peer);
    for (unsigned i = 0; i < uv->n_allowed; i++) {
        if (strcmp(uv->allowed[i], both) == 0) {
            return true;
        }
    }
    return false;
}

enum dna_err dna_uv_stream_ask(struct dna_uv_stream *stream, const char *own, const char *peer)
{
    note("ask %u %s %s\n", stream->number, own, peer);
    snprintf(lent[0], sizeof lent[0], "gone");
    snprintf(lent[1], sizeof lent[1], "gone");
    return stream->asks;
}

enum dna_err dna_uv_stream_send(struct dna_uv_stream *stream, const struct dna_stanza *stanza)
{
    const char *from = stanza->from_domain.text, *to = stanza->to_domain.text;
    if (stream->sends != DNA_OK) {
        return stream->sends;
    }
    if (!dna_stream_may_send((struct dna_stream *)(void *)stream, from, to)) {
        return DNA_ERR_STATE;
    }
    note("send %u %s %s %.*s\n", stream->number, from, to, DNA_SPAN_FMT(stanza->id));
    return DNA_OK;
}

enum dna_err dna_uv_stream_send_error(struct dna_uv_stream *stream,
                                      const struct dna_stanza *stanza,
                                      enum dna_stanza_condition condition, const char *text)
{
    const char *from = stanza->from_domain.text, *to = stanza->to_domain.text;
    if (stream->sends != DNA_OK) {
        return stream->sends;
    }
    if (!dna_stream_may_send((struct dna_stream *)(void *)stream, to, from)) {
        return DNA_ERR_STATE;
    }
    note("error %u %s %s %.*s %s %s\n", stream->number, from, to, DNA_SPAN_FMT(stanza->id),
         dna_stanza_condition_name(condition), text);
    return DNA_OK;
}

size_t dna_uv_stream_backlog(const struct dna_uv_stream *stream)
{
    return stream->backlog;
}

void dna_uv_stream_pause(struct dna_uv_stream *stream)
{
    note("pause %u\n", stream->number);
}

void dna_uv_stream_resume(struct dna_uv_stream *stream)
{
    note("resume %u\n", stream->number);
}

bool dna_uv_stream_rehear(struct dna_uv_stream *stream, const char *domain)
{
    note("rehear %u %s\n", stream->number, domain);
    return fake_rehears != NULL && strcmp(domain, fake_rehears) == 0;
}

void dna_uv_stream_close(struct dna_uv_stream *stream, const char *condition, const char *text)
{
    (void)text;
    note("close %u %s\n", stream->number, condition != NULL ? condition : "-");
}

bool dna_stanza_answerable(const struct dna_stanza *stanza)
{
    return !dna_span_is(stanza->type, "error");
}

const char *dna_stanza_condition_name(enum dna_stanza_condition condition)
{
    static const char *const names[] = {"not-found", "timeout",     "refused", "constraint",
                                        "no-item",   "not-allowed", "policy",  "internal"};
    return names[condition];
}
