/* edge/want.c: a want becomes a look-up or a fetch, and its answer a fact.
 *
 * PATH and SIGNATURE are answered within the session, which has the roots; PEER and RECALL
 * never leave it.  A
 * want that cannot even be started is answered as failed at once; the session does not call
 * back, so that is as good as later.
 */
#include <edge/want.h>

#include <assert.h>
#include <string.h>

#include <base/alloc.h>
#include <base/map.h>
#include <edge/connection.h>
#include <edge/fetch.h>
#include <resolver/resolver.h>

struct dna_edge_wants {
    struct dna_map *by_id;
};

struct pending {
    struct dna_uv *uv;
    unsigned id;
    enum dna_want_kind kind;
    struct dna_edge_party party;
    struct dna_lookup *lookup; /* DNS, ANCHORED */
    struct dna_fetch *fetch;   /* FETCH */
};

static struct dna_span key_of(const unsigned *id)
{
    return (struct dna_span){(const char *)id, sizeof *id};
}

/* IPv6 peers have a whole /64 to choose addresses from. */
void dna_edge_party_of(const struct dna_address *address, struct dna_edge_party *out)
{
    struct dna_address network = *address;
    if (network.family == DNA_ADDRESS_V6) {
        memset(network.bytes + 8, 0, 8);
    }
    dna_address_text(&network, out->key);
}

enum dna_err dna_edge_wants_new(struct dna_uv *uv)
{
    struct dna_edge_wants *made = dna_alloc_zero(uv->alloc, 1, sizeof *made);
    enum dna_err err;
    if (made == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_map_new(uv->alloc, 0, &made->by_id);
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, made);
        return err;
    }
    uv->wants = made;
    return DNA_OK;
}

static void stop(struct pending *pending)
{
    if (pending->lookup != NULL) {
        dna_resolver_cancel(pending->lookup);
    }
    if (pending->fetch != NULL) {
        dna_fetch_cancel(pending->fetch);
    }
    dna_alloc_release(pending->uv->alloc, pending);
}

void dna_edge_wants_free(struct dna_uv *uv)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    if (uv->wants == NULL) {
        return;
    }
    while (dna_map_next(uv->wants->by_id, &cursor, &key, &value)) {
        stop(value);
    }
    dna_map_free(uv->wants->by_id);
    dna_alloc_release(uv->alloc, uv->wants);
    uv->wants = NULL;
}

/* --- answers ------------------------------------------------------------------------- */

static void give(struct dna_uv *uv, unsigned id, const struct dna_fact *fact)
{
    if (dna_session_give(uv->session, id, fact, uv->face->now(uv->face->self)) != DNA_OK) {
        /* Whoever needs it has a deadline of its own. */
        dna_edge_log(uv, DNA_LOG_ERROR, "fact-lost", "why", "out of memory");
    }
}

static void conclude(struct pending *pending, const struct dna_fact *fact)
{
    struct dna_uv *uv = pending->uv;
    unsigned id = pending->id;
    (void)dna_map_remove(uv->wants->by_id, key_of(&id));
    dna_alloc_release(uv->alloc, pending);
    give(uv, id, fact);
    dna_edge_wants_pull(uv);
    dna_edge_loop_wake(uv->loop);
}

static void looked_up(void *arg, const struct dna_dns_answer *answer)
{
    struct dna_fact fact = {.kind = DNA_WANT_DNS, .u.dns = *answer};
    conclude(arg, &fact);
}

static void anchored(void *arg, const struct dna_anchored_result *result)
{
    struct dna_fact fact = {.kind = DNA_WANT_ANCHORED, .u.anchored = *result};
    conclude(arg, &fact);
}

static void fetched(void *arg, const struct dna_fetch_result *result)
{
    struct dna_fact fact = {.kind = DNA_WANT_FETCH, .u.fetch = *result};
    conclude(arg, &fact);
}

static struct dna_dns_answer failed_answer(const char *name, uint16_t type)
{
    return (struct dna_dns_answer){
        .name = name,
        .type = type,
        .outcome = DNA_DNS_FAILED,
        .signatures_end = DNA_NEVER,
        .why = "the look-up could not be started",
    };
}

static void give_failure(struct dna_uv *uv, unsigned id, const struct dna_want *want)
{
    struct dna_fact fact = {.kind = want->kind};
    struct dna_dns_answer none;
    switch (want->kind) {
    case DNA_WANT_DNS:
        fact.u.dns = failed_answer(want->u.dns.name, want->u.dns.type);
        break;
    case DNA_WANT_ANCHORED:
        none = failed_answer(want->u.anchored.domain, DNA_DNS_SRV);
        fact.u.anchored.dnskey = failed_answer(want->u.anchored.zone, DNA_DNS_DNSKEY);
        fact.u.anchored.srv = none;
        fact.u.anchored.srv_tls = none;
        break;
    case DNA_WANT_FETCH:
        fact.u.fetch = (struct dna_fetch_result){
            .outcome = DNA_FETCH_REFUSED,
            .final_url = want->u.fetch.url,
            .why = "the fetch could not be started",
        };
        break;
    case DNA_WANT_PATH:
    case DNA_WANT_SIGNATURE:
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
        assert(false);
        return;
    }
    give(uv, id, &fact);
}

/* --- questions ----------------------------------------------------------------------- */

static enum dna_err start(struct pending *pending, const struct dna_want *want)
{
    struct dna_uv *uv = pending->uv;
    switch (want->kind) {
    case DNA_WANT_DNS:
        return dna_resolver_lookup(uv->resolver, want->u.dns.name, want->u.dns.type, 0,
                                   looked_up, pending, &pending->lookup);
    case DNA_WANT_ANCHORED:
        return dna_resolver_anchored(uv->resolver, &want->u.anchored, 0, anchored, pending,
                                     &pending->lookup);
    case DNA_WANT_FETCH:
        if (dna_edge_guard_refresh(&uv->guard, uv->face->now(uv->face->self).mono) != DNA_OK) {
            return DNA_ERR_SYSTEM; /* our own addresses are not known: nothing is fetched */
        }
        return dna_fetcher_get(uv->fetcher, &want->u.fetch, pending->party.key,
                               pending->party.proven, fetched, pending, &pending->fetch);
    case DNA_WANT_PATH:
    case DNA_WANT_SIGNATURE:
    case DNA_WANT_PEER:
    case DNA_WANT_RECALL:
        break;
    }
    assert(false);
    return DNA_ERR_ARGUMENT;
}

/* Whose budget it is: the peer's of the stream that put the question, whatever event let it
 * go on; ours where the host asked (S23). */
static struct dna_edge_party payer(struct dna_uv *uv, unsigned id)
{
    const struct dna_stream *core = dna_session_want_stream(uv->session, id);
    const struct dna_uv_stream *stream = core != NULL ? dna_stream_user(core) : NULL;
    return stream != NULL ? stream->party : (struct dna_edge_party){.proven = true};
}

static void satisfy(struct dna_uv *uv, unsigned id, const struct dna_want *want)
{
    struct pending *pending = dna_alloc_zero(uv->alloc, 1, sizeof *pending);
    enum dna_err err = DNA_ERR_MEMORY;
    if (pending != NULL) {
        pending->uv = uv;
        pending->id = id;
        pending->kind = want->kind;
        pending->party = payer(uv, id);
        err = dna_map_set(uv->wants->by_id, key_of(&id), pending);
    }
    if (err == DNA_OK) {
        err = start(pending, want);
        if (err != DNA_OK) {
            (void)dna_map_remove(uv->wants->by_id, key_of(&id));
        }
    }
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, pending);
        give_failure(uv, id, want);
    }
}

/* A second peer waits for a fetch: it must not have to wait for the first one's turn. */
static void join(struct dna_uv *uv, unsigned id, const struct dna_stream *core)
{
    struct pending *pending = dna_map_get(uv->wants->by_id, key_of(&id));
    const struct dna_uv_stream *stream = dna_stream_user(core);
    if (pending == NULL || pending->fetch == NULL || stream == NULL) {
        return;
    }
    if (dna_fetch_join(pending->fetch, stream->party.key, stream->party.proven) != DNA_OK) {
        dna_edge_log(uv, DNA_LOG_WARNING, "fetch-not-shared", "why", "out of memory");
    }
}

void dna_edge_wants_pull(struct dna_uv *uv)
{
    const struct dna_want *want;
    struct dna_stream *core;
    unsigned id;
    while (dna_session_next_want(uv->session, &id, &want)) {
        satisfy(uv, id, want);
    }
    while (dna_session_next_joined(uv->session, &id, &core)) {
        join(uv, id, core);
    }
    while (dna_session_next_cancel(uv->session, &id)) {
        struct pending *pending = dna_map_remove(uv->wants->by_id, key_of(&id));
        if (pending != NULL) {
            stop(pending);
        }
    }
}
