/* edge/connect.c: outgoing streams, and the question where a domain is served. */
#include <edge/connect.h>

#include <string.h>

#include <base/alloc.h>
#include <edge/addresses.h>
#include <edge/connection.h>
#include <edge/dial.h>
#include <edge/find.h>
#include <edge/proxy.h>
#include <resolver/server.h>

/* --- connecting ---------------------------------------------------------------------- */

static void dialled(void *arg, const struct dna_edge_dialled *result)
{
    struct dna_uv_stream *stream = arg;
    struct dna_edge_quest *quest = stream->quest;
    struct dna_stream_options options = {
        .size = sizeof options,
        .own = quest->own.text,
        .peer = quest->peer.text,
        .verifies = stream->verifies,
    };
    char address[DNA_ADDRESS_TEXT];
    if (result->socket == NULL) {
        quest->dial = NULL;
        dna_edge_connection_drop(stream, result->condition, result->why);
        return;
    }
    if (result->place != NULL) {
        options.host = result->place->host.text;
        options.port = result->place->port;
        if (!result->elsewhere) { /* the address is not that host's */
            dna_address_text(&result->to.address, address);
            options.address = address;
        }
    }
    stream->wire.direct = result->direct_tls;
    dna_edge_connection_open(stream, result->socket, &result->to, &options);
}

/* The header that says whose the connection is goes out before anything else. */
static enum dna_err introduce(struct dna_uv_stream *stream, const char *source,
                              const struct dna_endpoint *to)
{
    struct dna_server whose;
    char header[DNA_PROXY_WRITTEN];
    size_t len;
    if (source[0] == '\0') {
        len = dna_proxy_write_own(header);
    } else if (dna_server_parse(source, &whose) == DNA_OK) {
        len = dna_proxy_write(&(struct dna_endpoint){whose.address, whose.port}, to, header);
    } else {
        return DNA_ERR_ARGUMENT;
    }
    return dna_buf_add(&stream->wire.out, (struct dna_span){header, len});
}

static enum dna_err dial(struct dna_uv_stream *stream, const struct dna_uv_connect *options)
{
    struct dna_edge_dial_options with = {
        .kind = DNA_EDGE_DIAL_DOMAIN,
        .domain = stream->quest->peer.text,
    };
    struct dna_edge_elsewhere elsewhere;
    if (options->address != NULL) {
        with.kind = options->link != NULL ? DNA_EDGE_DIAL_LINK : DNA_EDGE_DIAL_ROUTE;
        with.domain = NULL;
        stream->routed = true;
        with.to.port = options->port;
        with.direct_tls = options->direct_tls;
        if (dna_address_parse(dna_span_of(options->address), &with.to.address) != DNA_OK) {
            return DNA_ERR_ARGUMENT;
        }
    } else if (options->link != NULL) {
        return DNA_ERR_ARGUMENT; /* a local server is never looked up */
    }
    if (options->link != NULL) {
        enum dna_err err = dna_edge_guard_keep(&stream->uv->guard, &with.to);
        if (err != DNA_OK) {
            return err;
        }
    }
    if (with.kind == DNA_EDGE_DIAL_DOMAIN && !stream->verifies &&
        dna_edge_elsewhere_take(stream->uv, with.domain, &elsewhere)) {
        with.elsewhere = &elsewhere;
        stream->hops = (unsigned char)elsewhere.hops;
    }
    if (options->source != NULL) {
        enum dna_err err = introduce(stream, options->source, &with.to);
        if (err != DNA_OK) {
            return err;
        }
    }
    return dna_edge_dial_start(stream->uv, &with, dialled, stream, &stream->quest->dial);
}

static enum dna_err connect_for(struct dna_uv *uv, const struct dna_uv_connect *given,
                                bool verifies, struct dna_uv_stream **out)
{
    struct dna_uv_connect options = {.size = 0};
    struct dna_uv_stream *stream;
    enum dna_err err;
    *out = NULL;
    memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    if ((options.direct_tls && (options.link != NULL || options.address == NULL)) ||
        (options.source != NULL && options.link == NULL)) {
        return DNA_ERR_ARGUMENT;
    }
    err = dna_edge_connection_new(uv, DNA_INITIATING, options.handler, options.user, &stream);
    if (err != DNA_OK) {
        return err;
    }
    stream->link = options.link;
    stream->verifies = verifies;
    err = dna_edge_quest_new(stream, options.own, options.peer);
    if (err == DNA_OK) {
        err = dial(stream, &options);
    }
    if (err != DNA_OK) {
        dna_edge_connection_abandon(stream);
        return err;
    }
    *out = stream;
    return DNA_OK;
}

enum dna_err dna_uv_connect(struct dna_uv *uv, const struct dna_uv_connect *options,
                            struct dna_uv_stream **out)
{
    return connect_for(uv, options, false, out);
}

enum dna_err dna_edge_connect_verifier(struct dna_uv *uv,
                                       const struct dna_uv_connect *options,
                                       struct dna_uv_stream **out)
{
    return connect_for(uv, options, true, out);
}

enum dna_err dna_uv_protect(struct dna_uv *uv, const char *address, uint16_t port)
{
    struct dna_endpoint own = {.port = port};
    if (dna_address_parse(dna_span_of(address), &own.address) != DNA_OK) {
        return DNA_ERR_FORMAT;
    }
    return dna_edge_guard_keep(&uv->guard, &own);
}

/* --- asking where -------------------------------------------------------------------- */

struct dna_edge_query {
    struct dna_uv *uv;
    struct dna_edge_query *next, *prev;
    struct dna_edge_find *find;
    struct dna_edge_addresses *addresses; /* of the places that were found */
    struct dna_edge_places places;
    dna_uv_endpoints_fn *fn;
    void *arg;
};

static void end_query(struct dna_edge_query *query)
{
    if (query->prev != NULL) {
        query->prev->next = query->next;
    } else {
        query->uv->queries = query->next;
    }
    if (query->next != NULL) {
        query->next->prev = query->prev;
    }
    dna_alloc_release(query->uv->alloc, query);
}

static void tell(void *arg, const struct dna_edge_found *found)
{
    struct dna_edge_query *query = arg;
    const struct dna_edge_places *places = &query->places;
    struct dna_uv_endpoint endpoints[DNA_LIMIT_ENDPOINTS];
    for (size_t i = 0; i < places->n; i++) {
        endpoints[i] = (struct dna_uv_endpoint){
            .host = places->own_name ? NULL : places->list[i].host.text,
            .port = places->list[i].port,
            .addresses = found != NULL ? found[i].list : NULL,
            .n_addresses = found != NULL ? found[i].n : 0,
        };
    }
    query->fn(query->arg, endpoints, places->n, places->finding == DNA_EDGE_ABSENT,
              places->why);
    end_query(query);
}

/* Without addresses nothing that is there leads to it. */
static void found(void *arg, const struct dna_edge_places *places)
{
    struct dna_edge_query *query = arg;
    query->find = NULL;
    query->places = *places;
    if (places->n == 0 || dna_edge_addresses_start(query->uv, places, tell, query,
                                                   &query->addresses) != DNA_OK) {
        tell(query, NULL);
    } else {
        query->places.why = ""; /* what it was goes with the answers */
    }
}

enum dna_err dna_uv_endpoints(struct dna_uv *uv, const char *domain, dna_uv_endpoints_fn *fn,
                              void *arg)
{
    struct dna_edge_query *query;
    enum dna_err err;
    if (uv->ending) {
        return DNA_ERR_STATE;
    }
    query = dna_alloc_zero(uv->alloc, 1, sizeof *query);
    if (query == NULL) {
        return DNA_ERR_MEMORY;
    }
    query->uv = uv;
    query->fn = fn;
    query->arg = arg;
    err = dna_edge_find_start(uv, domain, found, query, &query->find);
    if (err != DNA_OK) {
        dna_alloc_release(uv->alloc, query);
        return err;
    }
    query->next = uv->queries;
    if (uv->queries != NULL) {
        uv->queries->prev = query;
    }
    uv->queries = query;
    return DNA_OK;
}

void dna_edge_queries_end(struct dna_uv *uv)
{
    while (uv->queries != NULL) {
        struct dna_edge_query *query = uv->queries;
        dna_edge_find_cancel(query->find);
        dna_edge_addresses_cancel(query->addresses);
        query->fn(query->arg, NULL, 0, false, "the driver ends");
        end_query(query);
    }
}
