/* resolver/anchored.c: three answers under one supplied DNSKEY (RFC 4035 5.2).
 *
 * First the shared backend is asked, which usually knows the answers from before.  Where it
 * calls all three insecure, and libldns verifies all three under the key, that is the result.
 * Anything else is left to a context of its own, whose only anchors are the root's and this
 * key, and which is destroyed afterwards: a supplied anchor must never meet another
 * question.  Contexts are costly; look-ups wait in line for one, within their deadline.
 */
#include <resolver/lookup.h>

#include <assert.h>
#include <stdio.h>

#include <base/codec.h>
#include <base/limits.h>
#include <dns/dnskey.h>
#include <resolver/island.h>
#include <resolver/unbound.h>

enum stage {
    SHARED,  /* the shared backend has been asked */
    WAITING, /* for a context */
    CONTEXT, /* it has been asked */
    DECIDED
};

struct dna_anchored {
    struct dna_anchored *next; /* in line */
    struct dna_lookup *lookup;
    enum stage stage;
    struct dna_span dnskey;
    struct dna_backend *context;
};

static const char too_many[] = "too many anchored look-ups";

/* "zone. IN DNSKEY 257 3 13 BASE64" */
static enum dna_err anchor_line(struct dna_lookup *lookup, char **out)
{
    struct dna_dnskey key;
    size_t room = DNA_NAME_MAX + 40 + (lookup->anchored->dnskey.len + 2) / 3 * 4 + 1;
    int n;
    if (dna_dnskey_parse(lookup->anchored->dnskey, &key) != DNA_OK) {
        return DNA_ERR_ARGUMENT;
    }
    *out = dna_arena_get(&lookup->arena, room);
    if (*out == NULL) {
        return DNA_ERR_MEMORY;
    }
    n = snprintf(*out, room, "%s. IN DNSKEY %u %u %u ", lookup->asks[0].name,
                 (unsigned)key.flags, (unsigned)key.protocol, (unsigned)key.algorithm);
    assert(n > 0 && (size_t)n < room);
    return dna_base64_encode((const unsigned char *)key.key.ptr, key.key.len, *out + n,
                             room - (size_t)n);
}

static enum dna_err open_context(struct dna_lookup *lookup)
{
    struct dna_resolver *resolver = lookup->resolver;
    struct dna_anchored *anchored = lookup->anchored;
    char *line;
    enum dna_err err = anchor_line(lookup, &line);
    if (err != DNA_OK) {
        return err;
    }
    err = dna_unbound_new(resolver->base, &resolver->options, line, &anchored->context);
    if (err != DNA_OK) {
        return err;
    }
    resolver->anchored.alive++;
    lookup->keeps_packets = false;
    return dna_lookup_ask(lookup, anchored->context);
}

/* An error is told by the answers, from the loop. */
static void begin_context(struct dna_lookup *lookup)
{
    lookup->anchored->stage = CONTEXT;
    if (open_context(lookup) != DNA_OK) {
        dna_lookup_fail(lookup, "no validator for the supplied key");
        dna_lookup_wake(lookup);
    }
}

static void move_up(struct dna_resolver *resolver)
{
    while (resolver->anchored.first != NULL &&
           resolver->anchored.alive < resolver->anchored.most) {
        struct dna_anchored *first = resolver->anchored.first;
        resolver->anchored.first = first->next;
        if (first->next == NULL) {
            resolver->anchored.last = &resolver->anchored.first;
        }
        resolver->anchored.waiting--;
        begin_context(first->lookup);
    }
}

/* False: the line is too long. */
static bool line_up(struct dna_lookup *lookup)
{
    struct dna_resolver *resolver = lookup->resolver;
    if (resolver->anchored.waiting >= DNA_LIMIT_ANCHORED_WAITING) {
        return false;
    }
    lookup->anchored->stage = WAITING;
    *resolver->anchored.last = lookup->anchored;
    resolver->anchored.last = &lookup->anchored->next;
    resolver->anchored.waiting++;
    move_up(resolver);
    return true;
}

static void leave_line(struct dna_lookup *lookup)
{
    struct dna_resolver *resolver = lookup->resolver;
    struct dna_anchored **link = &resolver->anchored.first;
    while (*link != lookup->anchored) {
        link = &(*link)->next;
    }
    *link = lookup->anchored->next;
    if (*link == NULL) {
        resolver->anchored.last = link;
    }
    resolver->anchored.waiting--;
}

void dna_anchored_release(struct dna_lookup *lookup)
{
    struct dna_anchored *anchored = lookup->anchored;
    if (anchored->stage == WAITING) {
        leave_line(lookup);
    }
    if (anchored->context != NULL) {
        anchored->context->ops->free(anchored->context);
        anchored->context = NULL;
        lookup->resolver->anchored.alive--;
        move_up(lookup->resolver);
    }
}

/* What the shared backend, which has not that anchor, must have said for libldns to add to
 * it: records, insecure, without alias or wildcard. */
static bool is_candidate(const struct dna_ask *ask)
{
    return ask->security == DNA_RAW_INSECURE && ask->answer.outcome == DNA_DNS_FOUND &&
           !ask->answer.secure && !ask->answer.aliased && !ask->answer.wildcard &&
           ask->packet.len != 0;
}

static bool is_secured(const struct dna_ask *ask, const struct dna_island *island,
                       uint32_t *ttl)
{
    *ttl = ask->answer.ttl;
    dna_island_lower_ttl(island, ttl);
    return dna_island_secures(island, ask->name, ask->type, ask->packet,
                              ask->answer.obtained, ttl);
}

static void make_secure(struct dna_dns_answer *answer, uint32_t ttl)
{
    int64_t left = answer->signatures_end - answer->obtained;
    answer->secure = true;
    answer->ttl = left < ttl ? (uint32_t)(left > 0 ? left : 0) : ttl;
}

/* Whether libldns makes all three answers secure; else none is changed. */
static bool verify_all(struct dna_lookup *lookup)
{
    struct dna_ask *keys = &lookup->asks[0];
    struct dna_island *island;
    uint32_t ttl[DNA_LOOKUP_ASKS] = {keys->answer.ttl};
    bool all;
    for (size_t i = 0; i < DNA_LOOKUP_ASKS; i++) {
        if (!is_candidate(&lookup->asks[i])) {
            return false;
        }
    }
    island = dna_island_new(keys->name, lookup->anchored->dnskey, keys->packet,
                            keys->answer.obtained);
    if (island == NULL) {
        return false;
    }
    dna_island_lower_ttl(island, &ttl[0]);
    all = is_secured(&lookup->asks[1], island, &ttl[1]) &&
          is_secured(&lookup->asks[2], island, &ttl[2]);
    dna_island_free(island);
    for (size_t i = 0; all && i < DNA_LOOKUP_ASKS; i++) {
        make_secure(&lookup->asks[i].answer, ttl[i]);
    }
    return all;
}

static void decide(struct dna_lookup *lookup, bool late)
{
    lookup->anchored->stage = DECIDED;
    switch (dna_resolver_gate(lookup->resolver, late)) {
    case DNA_GATE_PASS:
        break;
    case DNA_GATE_WAIT:
        lookup->held = true;
        return;
    case DNA_GATE_FAIL:
        dna_lookup_fail(lookup, dna_resolver_no_anchor);
        break;
    }
    dna_lookup_deliver(lookup);
}

static void step(struct dna_lookup *lookup, bool late)
{
    switch (lookup->anchored->stage) {
    case SHARED:
        if (late) {
            dna_lookup_fail(lookup, "no answer in time");
        } else if (!verify_all(lookup)) {
            if (line_up(lookup)) {
                return;
            }
            dna_lookup_fail(lookup, too_many);
        }
        break;
    case WAITING:
        leave_line(lookup);
        dna_lookup_fail(lookup, too_many);
        break;
    case CONTEXT:
        dna_anchored_release(lookup);
        break;
    case DECIDED:
        break;
    }
    decide(lookup, late);
}

/* An anchor must be a key that may sign zones (RFC 4034 2.1.1, RFC 5011 2.1). */
static bool is_usable(struct dna_span rdata)
{
    struct dna_dnskey key;
    return rdata.len <= DNA_LIMIT_DNSKEY && dna_dnskey_parse(rdata, &key) == DNA_OK &&
           (key.flags & (DNA_DNSKEY_ZONE | DNA_DNSKEY_REVOKE)) == DNA_DNSKEY_ZONE &&
           key.protocol == 3;
}

static enum dna_err add_srv(struct dna_lookup *lookup, const char *label,
                            const struct dna_want_anchored *want)
{
    const char *service = want->service == DNA_XMPP_CLIENT ? "client" : "server";
    char name[DNA_NAME_MAX + 32];
    int n = snprintf(name, sizeof name, "_%s-%s._tcp.%s", label, service, want->domain);
    if (n <= 0 || (size_t)n >= sizeof name) {
        return DNA_ERR_ARGUMENT;
    }
    return dna_lookup_add(lookup, name, DNA_DNS_SRV);
}

static enum dna_err add_all(struct dna_lookup *lookup, const struct dna_want_anchored *want)
{
    enum dna_err err = dna_lookup_add(lookup, want->zone, DNA_DNS_DNSKEY);
    if (err == DNA_OK) {
        err = add_srv(lookup, "xmpp", want);
    }
    if (err == DNA_OK) {
        err = add_srv(lookup, "xmpps", want);
    }
    if (err == DNA_OK) {
        err = dna_arena_span(&lookup->arena, want->dnskey, &lookup->anchored->dnskey);
    }
    lookup->keeps_packets = true;
    return err == DNA_OK ? dna_lookup_ask(lookup, lookup->resolver->backend) : err;
}

enum dna_err dna_resolver_anchored(struct dna_resolver *resolver,
                                   const struct dna_want_anchored *want, unsigned timeout_ms,
                                   dna_resolver_anchored_fn *fn, void *arg,
                                   struct dna_lookup **out)
{
    struct dna_lookup *lookup;
    struct dna_anchored *anchored;
    enum dna_err err;
    *out = NULL;
    if (!is_usable(want->dnskey) || !dna_name_is_under(want->domain, want->zone)) {
        return DNA_ERR_ARGUMENT;
    }
    err = dna_lookup_new(resolver, timeout_ms, &lookup);
    if (err != DNA_OK) {
        return err;
    }
    lookup->step = step;
    lookup->fn.anchored = fn;
    lookup->arg = arg;
    anchored = dna_arena_zero(&lookup->arena, 1, sizeof *anchored);
    if (anchored == NULL) {
        dna_lookup_drop(lookup);
        return DNA_ERR_MEMORY;
    }
    anchored->lookup = lookup;
    lookup->anchored = anchored;
    err = add_all(lookup, want);
    if (err != DNA_OK) {
        dna_lookup_drop(lookup);
        return err;
    }
    *out = lookup;
    return DNA_OK;
}
