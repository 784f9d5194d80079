/* gateway/share.c: what one domain, hosted or remote, and one address may take of the router.
 *
 * Pairs, bytes that wait, streams and look-ups are counted where they come to be, at the places
 * that they are for and at the address that made them necessary, and refused before anything
 * is allocated or begun.  Invariant: each count is the number of what is there, so that it is
 * zero when nothing is.
 */
#include "routing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

const char *router_limit_name(enum router_limit limit)
{
    static const char *const names[ROUTER_N_LIMITS] = {
        [ROUTER_LIMIT_PAIRS] = "pairs",
        [ROUTER_LIMIT_PAIRS_OF_HOST] = "pairs-per-host",
        [ROUTER_LIMIT_PAIRS_OF_PEER] = "pairs-per-peer",
        [ROUTER_LIMIT_PAIRS_OF_ADDRESS] = "pairs-per-address",
        [ROUTER_LIMIT_BYTES] = "queue",
        [ROUTER_LIMIT_BYTES_OF_HOST] = "host-bytes",
        [ROUTER_LIMIT_BYTES_OF_PEER] = "peer-bytes",
        [ROUTER_LIMIT_BYTES_OF_ADDRESS] = "address-bytes",
        [ROUTER_LIMIT_STREAMS] = "streams",
        [ROUTER_LIMIT_STREAMS_OF_HOST] = "streams-per-host",
        [ROUTER_LIMIT_ACCEPTED_OF_HOST] = "accepted-per-host",
        [ROUTER_LIMIT_SEARCHES] = "searches",
        [ROUTER_LIMIT_SEARCHES_OF_HOST] = "searches-per-host",
        [ROUTER_LIMIT_MEMORY] = "memory",
        [ROUTER_LIMIT_MEMORY_OF_ADDRESS] = "memory-per-address",
    };
    return names[limit];
}

void router_share(struct router *router, const struct gateway_shares_config *shares)
{
    router->options.shares = *shares;
}

void router_refusals(const struct router *router, uint64_t counts[ROUTER_N_LIMITS])
{
    memcpy(counts, router->refusals, sizeof router->refusals);
}

void share_refuse(struct router *router, enum router_limit limit, const char *whose)
{
    char number[24];
    uint64_t count = ++router->refusals[limit];
    if (returns_worth_a_line(count)) {
        (void)snprintf(number, sizeof number, "%" PRIu64, count);
        gateway_log(router->options.log, DNA_LOG_WARNING, "limit-reached", "limit",
                    router_limit_name(limit), "of", whose, "refused", number, NULL);
    }
}

/* --- memory ------------------------------------------------------------------------- */

static bool fits(size_t taken, size_t more, size_t most)
{
    return more <= most && taken <= most - more;
}

static size_t memory_for(const struct router *router, enum share_use use)
{
    size_t memory = router->options.shares.memory;
    switch (use) {
    case SHARE_NEW:
        return memory / 4 * 3;
    case SHARE_STANZA:
        return memory / 8 * 7;
    case SHARE_ERROR:
        break;
    }
    return memory;
}

static bool has_memory(struct router *router, enum share_use use, size_t bytes)
{
    size_t taken = dna_uv_buffered(router->options.uv) + router->queues.bytes;
    if (fits(taken, bytes, memory_for(router, use))) {
        return true;
    }
    share_refuse(router, ROUTER_LIMIT_MEMORY, "-");
    return false;
}

bool router_admits(struct router *router)
{
    return has_memory(router, SHARE_NEW, 0);
}

bool share_admits_output(struct router *router, const struct stream *stream,
                         enum share_use use, size_t bytes)
{
    if (!fits(dna_uv_stream_network_buffered(stream->uv), bytes,
              router->options.shares.memory_of_address)) {
        share_refuse(router, ROUTER_LIMIT_MEMORY_OF_ADDRESS,
                     dna_uv_stream_network(stream->uv));
        return false;
    }
    return has_memory(router, use, bytes);
}

/* --- accounts of addresses ---------------------------------------------------------- */

static const char *network_of(const struct stream *stream)
{
    return stream != NULL && stream->link == NULL && stream->uv != NULL
               ? dna_uv_stream_network(stream->uv)
               : "";
}

static struct account *find(const struct router *router, const char *network)
{
    uint64_t hash = table_hash(&router->accounts, network, "");
    for (struct table_node *n = table_slot(&router->accounts, hash); n != NULL; n = n->next) {
        struct account *account =
            (struct account *)(void *)((char *)n - offsetof(struct account, node));
        if (n->hash == hash && strcmp(account->network, network) == 0) {
            return account;
        }
    }
    return NULL;
}

static struct account *open_account(struct router *router, const char *network)
{
    size_t size = strlen(network) + 1;
    struct account *account = calloc(1, sizeof *account + size);
    if (account != NULL) {
        memcpy(account->network, network, size);
        table_add(&router->accounts, &account->node,
                  table_hash(&router->accounts, network, ""));
    }
    return account;
}

/* --- pairs -------------------------------------------------------------------------- */

static bool place_has_room(struct router *router, const struct place *place)
{
    const struct gateway_shares_config *shares = &router->options.shares;
    bool hosted = place->link != NULL;
    if (place->n_pairs < (hosted ? shares->pairs_of_host : shares->pairs_of_peer)) {
        return true;
    }
    share_refuse(router, hosted ? ROUTER_LIMIT_PAIRS_OF_HOST : ROUTER_LIMIT_PAIRS_OF_PEER,
                 place->domain);
    return false;
}

bool share_admits_pair(struct router *router, const struct place *source,
                       const struct place *target, const struct stream *stream,
                       enum share_use use)
{
    const char *network = network_of(stream);
    const struct account *account = network[0] != '\0' ? find(router, network) : NULL;
    if (router->pairs.n >= router->options.shares.pairs) {
        share_refuse(router, ROUTER_LIMIT_PAIRS, "-");
        return false;
    }
    if (account != NULL && account->pairs >= router->options.shares.pairs_of_address) {
        share_refuse(router, ROUTER_LIMIT_PAIRS_OF_ADDRESS, network);
        return false;
    }
    return place_has_room(router, source) && place_has_room(router, target) &&
           has_memory(router, use, 0);
}

bool share_enter(struct router *router, struct pair *pair, const struct stream *stream)
{
    const char *network = network_of(stream);
    if (network[0] != '\0') {
        pair->account = find(router, network);
        if (pair->account == NULL) {
            pair->account = open_account(router, network);
        }
        if (pair->account == NULL) {
            return false;
        }
        pair->account->pairs++;
    }
    pair->source->n_pairs++;
    pair->target->n_pairs++;
    return true;
}

void share_leave(struct router *router, struct pair *pair)
{
    struct account *account = pair->account;
    pair->source->n_pairs--;
    pair->target->n_pairs--;
    if (account != NULL && --account->pairs == 0) {
        table_remove(&router->accounts, &account->node);
        free(account);
    }
}

/* --- bytes that wait ---------------------------------------------------------------- */

static bool place_may_wait(struct router *router, const struct place *place, size_t bytes)
{
    const struct gateway_shares_config *shares = &router->options.shares;
    bool hosted = place->link != NULL;
    if (fits(place->bytes, bytes, hosted ? shares->bytes_of_host : shares->bytes_of_peer)) {
        return true;
    }
    share_refuse(router, hosted ? ROUTER_LIMIT_BYTES_OF_HOST : ROUTER_LIMIT_BYTES_OF_PEER,
                 place->domain);
    return false;
}

bool share_admits_bytes(struct router *router, const struct pair *pair, enum share_use use,
                        size_t bytes)
{
    if (pair->account != NULL &&
        !fits(pair->account->bytes, bytes, router->options.shares.bytes_of_address)) {
        share_refuse(router, ROUTER_LIMIT_BYTES_OF_ADDRESS, pair->account->network);
        return false;
    }
    return place_may_wait(router, pair->source, bytes) &&
           place_may_wait(router, pair->target, bytes) && has_memory(router, use, bytes);
}

void share_wait(struct pair *pair, size_t before, size_t after)
{
    pair->source->bytes = pair->source->bytes - before + after;
    pair->target->bytes = pair->target->bytes - before + after;
    if (pair->account != NULL) {
        pair->account->bytes = pair->account->bytes - before + after;
    }
}

/* --- streams and look-ups ----------------------------------------------------------- */

/* Whose customer it is for. */
static struct place *ours(const struct pair *pair)
{
    return pair->target->link != NULL ? pair->target : pair->source;
}

bool share_admits_stream(struct router *router, const struct pair *pair)
{
    const struct gateway_shares_config *shares = &router->options.shares;
    const struct waiting *first = pair->queue.first;
    if (router->n_opened >= shares->streams) {
        share_refuse(router, ROUTER_LIMIT_STREAMS, "-");
        return false;
    }
    if (ours(pair)->n_streams >= shares->streams_of_host) {
        share_refuse(router, ROUTER_LIMIT_STREAMS_OF_HOST, ours(pair)->domain);
        return false;
    }
    return has_memory(router, first != NULL && first->is_error ? SHARE_ERROR : SHARE_NEW, 0);
}

void share_open(struct router *router, struct stream *stream, const struct pair *pair)
{
    stream->owner = ours(pair);
    stream->owner->n_streams++;
    router->n_opened++;
}

void share_close(struct router *router, struct stream *stream)
{
    struct place *owner = stream->owner;
    if (owner == NULL) {
        return;
    }
    stream->owner = NULL;
    if (stream->own[0] != '\0') {
        router->n_opened--;
        owner->n_streams--;
    } else {
        owner->n_accepted--;
    }
    place_release(router, owner);
}

bool share_accept(struct router *router, struct stream *stream, const char *own)
{
    struct place *place;
    if (stream->own[0] != '\0' || stream->link != NULL || own[0] == '\0' ||
        stream->owner != NULL) {
        return true;
    }
    place = stream->ending ? NULL : place_of(router, own);
    if (place == NULL) {
        return false;
    }
    if (place->n_accepted >= router->options.shares.accepted_of_host) {
        share_refuse(router, ROUTER_LIMIT_ACCEPTED_OF_HOST, own);
        place_release(router, place);
        return false;
    }
    place->n_accepted++;
    stream->owner = place;
    return true;
}

bool share_begin_search(struct router *router, const struct pair *pair)
{
    const struct gateway_shares_config *shares = &router->options.shares;
    struct place *searcher = pair->source;
    if (router->n_searches >= shares->searches) {
        share_refuse(router, ROUTER_LIMIT_SEARCHES, "-");
        return false;
    }
    if (searcher->n_searches >= shares->searches_of_host) {
        share_refuse(router, ROUTER_LIMIT_SEARCHES_OF_HOST, searcher->domain);
        return false;
    }
    pair->target->searcher = searcher;
    searcher->n_searches++;
    router->n_searches++;
    return true;
}

void share_end_search(struct router *router, struct place *target)
{
    struct place *searcher = target->searcher;
    target->searcher = NULL;
    searcher->n_searches--;
    router->n_searches--;
    place_release(router, searcher);
}
