/* gateway/place.c: the stream that leads to a domain.
 *
 * To a domain that is hosted here: a stream to its server's own port, one per domain, since
 * stock servers end a stream that names a domain which they do not serve.  To a remote
 * domain: the public stream that was connected to one of the addresses of its servers
 * (XEP-0220 2.3), or whose certificate permits to ask it for this domain; else a new one.  One
 * that is not connected yet is taken if it is meant for the same host, and left if it turns out
 * to have gone elsewhere: the domain that it was opened for has further servers.
 */
#include "routing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHERE_MOST 1024

static struct place *with_node(struct table_node *node)
{
    return (struct place *)(void *)((char *)node - offsetof(struct place, node));
}

static struct place *find(const struct router *router, const char *domain, uint64_t hash)
{
    for (struct table_node *n = table_slot(&router->places, hash); n != NULL; n = n->next) {
        struct place *place = with_node(n);
        if (n->hash == hash && strcmp(place->domain, domain) == 0) {
            return place;
        }
    }
    return NULL;
}

struct place *place_find(struct router *router, const char *domain)
{
    return find(router, domain, table_hash(&router->places, domain, ""));
}

struct place *place_of(struct router *router, const char *domain)
{
    uint64_t hash = table_hash(&router->places, domain, "");
    struct place *place = find(router, domain, hash);
    size_t size = strlen(domain) + 1;
    if (place != NULL) {
        return place;
    }
    place = calloc(1, sizeof *place + size);
    if (place == NULL) {
        return NULL;
    }
    memcpy(place->domain, domain, size);
    place->router = router;
    place->link = dna_session_link_of(router->options.session, domain);
    table_add(&router->places, &place->node, hash);
    return place;
}

void place_release(struct router *router, struct place *place)
{
    if (place->in == NULL && place->out == NULL && place->stream == NULL &&
        !place->looking && !place->hold.active && place->n_streams == 0 &&
        place->n_accepted == 0 && place->n_searches == 0) {
        table_remove(&router->places, &place->node);
        free(place->where);
        free(place);
    }
}

void place_lead(struct place *place, struct stream *stream)
{
    place->stream = stream;
    place->next_led = stream->places;
    place->led = &stream->places;
    if (place->next_led != NULL) {
        place->next_led->led = &place->next_led;
    }
    stream->places = place;
}

void place_unlead(struct place *place)
{
    *place->led = place->next_led;
    if (place->next_led != NULL) {
        place->next_led->led = place->led;
    }
    place->stream = NULL;
    free(place->where);
    place->where = NULL;
}

/* --- opening a stream --------------------------------------------------------------- */

/* source: whose stanzas it is for. */
static enum dna_err connect_stream(struct router *router, struct stream *stream,
                                   const struct place *source)
{
    struct dna_uv_connect options = {.size = sizeof options,
                                     .own = stream->own,
                                     .peer = stream->peer,
                                     .link = stream->link,
                                     .handler = router->options.handler,
                                     .user = stream};
    if (stream->link != NULL) {
        const struct gateway_address *server =
            router->options.server_of(router->options.gateway, stream->link);
        if (server == NULL) {
            return DNA_ERR_STATE; /* its domain is about to be, too */
        }
        options.address = server->ip;
        options.port = server->port;
        if (server->proxied) {
            options.source = source->stream != NULL && source->stream->uv != NULL
                                 ? dna_uv_stream_remote(source->stream->uv)
                                 : "";
        }
    }
    return dna_uv_connect(router->options.uv, &options, &stream->uv);
}

static void dial(struct router *router, struct pair *pair,
                 const struct dna_uv_endpoint *endpoint)
{
    struct place *place = pair->target;
    const char *host = endpoint != NULL && endpoint->host != NULL ? endpoint->host : "";
    struct stream *stream;
    enum dna_err err;
    if (!share_admits_stream(router, pair)) {
        pair_fail(router, pair, DNA_STANZA_RESOURCE_CONSTRAINT,
                  "the gateway opens no more streams for this domain now", ROUTER_HOLD_MS);
        return;
    }
    stream = stream_new(router, place->link, pair->source->domain, place->domain, host,
                        endpoint != NULL ? endpoint->port : 0);
    err = stream != NULL ? connect_stream(router, stream, pair->source)
                                        : DNA_ERR_MEMORY;
    if (err != DNA_OK) {
        if (stream != NULL) {
            stream_free(stream);
        }
        pair_fail(router, pair, DNA_STANZA_RESOURCE_CONSTRAINT, dna_err_name(err),
                  ROUTER_HOLD_MS);
        return;
    }
    share_open(router, stream, pair);
    if (place->stream == NULL) {
        place_lead(place, stream);
    }
    pair->tries++;
    pair_attach(router, pair, stream);
}

void place_dial(struct router *router, struct pair *pair)
{
    if (router->stopped || (router->draining && pair->target->link == NULL)) {
        pair_fail(router, pair, DNA_STANZA_REMOTE_SERVER_TIMEOUT,
                  "the gateway is being stopped", 0);
    } else {
        dial(router, pair, NULL);
    }
}

/* --- looking for one ---------------------------------------------------------------- */

bool place_shares(const struct router *router, const struct stream *stream,
                  const char *domain)
{
    const struct dna_stream *core = stream->connected ? dna_uv_stream_core(stream->uv) : NULL;
    const char *own = stream->own[0] != '\0' || core == NULL ? stream->own
                                                             : dna_stream_own(core);
    if (dna_link_is_bridge(stream->link)) {
        return strcmp(own, domain) == 0 && !stream->errors_only; /* it is for one pair */
    }
    return router->options.same_identity == NULL || stream->link != NULL || own[0] == '\0' ||
           router->options.same_identity(router->options.gateway, own, domain);
}

/* Whether we connected it to an address of that endpoint. */
static bool is_at(const struct stream *stream, const struct dna_uv_endpoint *endpoint)
{
    const char *remote = dna_uv_stream_remote(stream->uv);
    for (size_t i = 0; stream->own[0] != '\0' && i < endpoint->n_addresses; i++) {
        if (strcmp(endpoint->addresses[i], remote) == 0) {
            return true;
        }
    }
    return false;
}

static bool leads_to(const struct stream *stream, const struct dna_uv_endpoint *endpoint)
{
    const struct dna_stream *core = stream->connected ? dna_uv_stream_core(stream->uv) : NULL;
    if (endpoint->host == NULL || stream->link != NULL || stream->ending) {
        return false;
    }
    if (core == NULL) {
        return stream->port == endpoint->port && strcmp(stream->host, endpoint->host) == 0;
    }
    /* What is not negotiated yet is asked, too: one domain may be valid before it is known
     * whether the stream takes others. */
    return is_at(stream, endpoint) ||
           (dna_stream_speaks_dna(core) && dna_stream_may_carry(core, endpoint->host));
}

/* Keeps the addresses of a place, as " ADDR@PORT ADDR@PORT ", until it is known where its stream
 * leads; those for which there is no room lead nowhere. */
static void keep_addresses(struct place *place, const struct dna_uv_endpoint *endpoints,
                           size_t n)
{
    size_t len = 1;
    free(place->where);
    place->where = malloc(WHERE_MOST);
    if (place->where == NULL) {
        return;
    }
    strcpy(place->where, " ");
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < endpoints[i].n_addresses; k++) {
            size_t more = strlen(endpoints[i].addresses[k]) + 1;
            if (len + more < WHERE_MOST) {
                (void)sprintf(place->where + len, "%s ", endpoints[i].addresses[k]);
                len += more;
            }
        }
    }
}

static bool has_address(const struct place *place, const char *remote)
{
    size_t len = strlen(remote);
    const char *at = place->where;
    while (at != NULL && len > 0 && (at = strstr(at, remote)) != NULL) {
        if (at[-1] == ' ' && at[len] == ' ') {
            return true;
        }
        at += len;
    }
    return false;
}

void place_connected(struct router *router, struct stream *stream)
{
    const char *remote = dna_uv_stream_remote(stream->uv);
    struct pair *pair = stream->link == NULL && stream->own[0] != '\0' ? stream->pairs : NULL;
    while (pair != NULL) {
        struct pair *next = pair->next_carried;
        struct place *place = pair->target;
        if (strcmp(place->domain, stream->peer) != 0 && !has_address(place, remote)) {
            if (place->stream == stream) {
                place_unlead(place);
            }
            pair_detach(pair);
            place_seek(router, pair);
        }
        pair = next;
    }
}

static struct stream *stream_to(const struct router *router, const char *source,
                                const struct dna_uv_endpoint *endpoints, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (struct stream *s = router->streams; s != NULL; s = s->next) {
            if (leads_to(s, &endpoints[i]) && place_shares(router, s, source)) {
                return s;
            }
        }
    }
    return NULL;
}

static void take_found(struct place *place, const struct dna_uv_endpoint *endpoints, size_t n,
                       bool definite, const char *why)
{
    struct router *router = place->router;
    struct pair *pair, *next;
    struct stream *stream;
    place->looking = false;
    share_end_search(router, place);
    if (n == 0) {
        place_fail(router, place, definite ? DNA_STANZA_REMOTE_SERVER_NOT_FOUND
                                           : DNA_STANZA_REMOTE_SERVER_TIMEOUT, why);
        return;
    }
    if (place->in == NULL) {
        place_release(router, place);
        return;
    }
    /* The place lives while one of its pairs does, and the last one ends the loop. */
    for (pair = place->in; pair != NULL; pair = next) {
        next = pair->next_in;
        if (pair->state != PAIR_SEEKS) {
            continue;
        }
        pair->state = PAIR_RESTS;
        stream = place->stream;
        if (stream == NULL || !place_shares(router, stream, pair->source->domain)) {
            stream = place->link == NULL
                         ? stream_to(router, pair->source->domain, endpoints, n)
                         : NULL;
        }
        if (stream != NULL && place->stream == NULL) {
            place_lead(place, stream);
        }
        if (stream != NULL) {
            if (!stream->connected) {
                keep_addresses(place, endpoints, n);
            }
            pair_attach(router, pair, stream);
        } else if (router->draining) {
            place_dial(router, pair);
        } else {
            dial(router, pair, &endpoints[0]);
        }
    }
}

static void found(void *arg, const struct dna_uv_endpoint *endpoints, size_t n, bool definite,
                  const char *why)
{
    struct place *place = arg; /* which this may free */
    struct router *router = place->router;
    take_found(place, endpoints, n, definite, why);
    router->options.searched(router->options.gateway);
}

static void look_up(struct router *router, struct pair *pair)
{
    struct place *place = pair->target;
    enum dna_err err;
    pair->state = PAIR_SEEKS;
    if (place->looking) {
        return;
    }
    if (!share_begin_search(router, pair)) {
        pair_fail(router, pair, DNA_STANZA_RESOURCE_CONSTRAINT,
                  "the gateway looks up too much for this domain already", ROUTER_HOLD_MS);
        return;
    }
    err = dna_uv_endpoints(router->options.uv, place->domain, found, place);
    if (err == DNA_OK) {
        place->looking = true;
    } else {
        share_end_search(router, place);
        pair_fail(router, pair, DNA_STANZA_RESOURCE_CONSTRAINT, dna_err_name(err),
                  ROUTER_HOLD_MS);
    }
}

void place_seek(struct router *router, struct pair *pair)
{
    struct place *place = pair->target;
    if (place->link == pair->source->link) {
        /* Both remote, which no gate lets pass; or both of one server, which would get its
         * own stanza back for ever. */
        pair_fail(router, pair, DNA_STANZA_ITEM_NOT_FOUND,
                  "the local server itself is to serve that domain", ROUTER_HOLD_MS);
    } else if (hold_holds(router, &place->hold)) {
        pair_fail(router, pair, place->hold.condition, place->hold.why, 0);
    } else if (place->stream != NULL &&
               place_shares(router, place->stream, pair->source->domain)) {
        pair_attach(router, pair, place->stream);
    } else if (place->link != NULL || router->draining) {
        place_dial(router, pair);
    } else {
        look_up(router, pair);
    }
}

void place_fail(struct router *router, struct place *place,
                enum dna_stanza_condition condition, const char *why)
{
    struct pair *pair, *next;
    hold_begin(router, &place->hold,
               place->link != NULL ? ROUTER_HOLD_LINK_MS : ROUTER_HOLD_MS, condition, why);
    /* pair_fail may free the place with its last pair, if there was no memory to hold it. */
    if (place->in == NULL) {
        place_release(router, place);
        return;
    }
    for (pair = place->in; pair != NULL; pair = next) {
        next = pair->next_in;
        if (pair->stream == NULL && pair->state != PAIR_RESTS) {
            pair_fail(router, pair, condition, why, 0);
        }
    }
}
