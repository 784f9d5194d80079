/* proof/wants.c: asking, comparing and copying wants. */
#include <proof/wants.h>

#include <string.h>

#include <proof/facts.h>

void dna_wants_init(struct dna_wants *wants, struct dna_arena *arena)
{
    wants->arena = arena;
    wants->n = 0;
    wants->err = DNA_OK;
}

void dna_wants_fault(struct dna_wants *wants, enum dna_err err)
{
    if (wants->err == DNA_OK) {
        wants->err = err;
    }
}

static bool same_anchored(const struct dna_want_anchored *a, const struct dna_want_anchored *b)
{
    return strcmp(a->zone, b->zone) == 0 && strcmp(a->domain, b->domain) == 0 &&
           a->service == b->service && dna_span_equal(a->dnskey, b->dnskey);
}

/* Of which either may be none. */
static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_fetch(const struct dna_want_fetch *a, const struct dna_want_fetch *b)
{
    return a->kind == b->kind && a->max_redirects == b->max_redirects &&
           strcmp(a->url, b->url) == 0 && same_text(a->policy_id, b->policy_id);
}

static bool same_chain(const struct dna_chain *a, const struct dna_chain *b)
{
    return a == b || memcmp(dna_chain_digest(a), dna_chain_digest(b), DNA_SHA256_SIZE) == 0;
}

static bool same_signature(const struct dna_signed *a, const struct dna_signed *b)
{
    return dna_span_equal(a->signature, b->signature) &&
           dna_span_equal(a->algorithm, b->algorithm) && dna_span_equal(a->bytes, b->bytes) &&
           same_chain(a->signer, b->signer);
}

bool dna_want_equal(const struct dna_want *a, const struct dna_want *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case DNA_WANT_DNS:
        return a->u.dns.type == b->u.dns.type && strcmp(a->u.dns.name, b->u.dns.name) == 0;
    case DNA_WANT_ANCHORED:
        return same_anchored(&a->u.anchored, &b->u.anchored);
    case DNA_WANT_FETCH:
        return same_fetch(&a->u.fetch, &b->u.fetch);
    case DNA_WANT_PATH:
        return dna_span_equal(a->u.path.tlsa, b->u.path.tlsa) &&
               same_chain(a->u.path.chain, b->u.path.chain);
    case DNA_WANT_PEER:
        return true;
    case DNA_WANT_RECALL:
        return strcmp(a->u.recall.url, b->u.recall.url) == 0;
    case DNA_WANT_SIGNATURE:
        return same_signature(&a->u.signature, &b->u.signature);
    }
    return false;
}

static bool copy_text(struct dna_arena *arena, const char **text)
{
    *text = dna_arena_text(arena, dna_span_of(*text));
    return *text != NULL;
}

/* Makes the texts of *want the arena's own.  False: no memory. */
static bool own_texts(struct dna_arena *arena, struct dna_want *want)
{
    switch (want->kind) {
    case DNA_WANT_DNS:
        return copy_text(arena, &want->u.dns.name);
    case DNA_WANT_ANCHORED:
        return copy_text(arena, &want->u.anchored.zone) &&
               copy_text(arena, &want->u.anchored.domain) &&
               dna_arena_span(arena, want->u.anchored.dnskey, &want->u.anchored.dnskey) ==
                   DNA_OK;
    case DNA_WANT_FETCH:
        return copy_text(arena, &want->u.fetch.url) &&
               (want->u.fetch.policy_id == NULL ||
                copy_text(arena, &want->u.fetch.policy_id));
    case DNA_WANT_RECALL:
        return copy_text(arena, &want->u.recall.url);
    case DNA_WANT_SIGNATURE:
        return dna_arena_span(arena, want->u.signature.bytes, &want->u.signature.bytes) ==
                   DNA_OK &&
               dna_arena_span(arena, want->u.signature.algorithm,
                              &want->u.signature.algorithm) == DNA_OK &&
               dna_arena_span(arena, want->u.signature.signature,
                              &want->u.signature.signature) == DNA_OK;
    case DNA_WANT_PATH:
        return dna_arena_span(arena, want->u.path.tlsa, &want->u.path.tlsa) == DNA_OK;
    case DNA_WANT_PEER:
        return true;
    }
    return false;
}

static struct dna_want *listed(struct dna_wants *wants, const struct dna_want *want)
{
    for (size_t i = 0; i < wants->n; i++) {
        if (dna_want_equal(&wants->list[i], want)) {
            return &wants->list[i];
        }
    }
    return NULL;
}

static void add(struct dna_wants *wants, const struct dna_want *want, bool own)
{
    struct dna_want *same = listed(wants, want);
    if (same != NULL) {
        if (want->kind == DNA_WANT_PEER) {
            same->u.peer.prooftypes |= want->u.peer.prooftypes;
        }
        return;
    }
    if (wants->n == DNA_LIMIT_WANTS) {
        dna_wants_fault(wants, DNA_ERR_LIMIT);
        return;
    }
    wants->list[wants->n] = *want;
    if (!own && !own_texts(wants->arena, &wants->list[wants->n])) {
        dna_wants_fault(wants, DNA_ERR_MEMORY);
        return;
    }
    wants->n++;
}

/* The fact, or NULL once the want is on the list. */
static const struct dna_fact *ask(struct dna_wants *wants, const struct dna_facts *have,
                                  const struct dna_want *want)
{
    const struct dna_known *known = dna_facts_find(have, want);
    if (known != NULL && known->answered) {
        return &known->fact;
    }
    add(wants, known != NULL ? &known->want : want, known != NULL);
    return NULL;
}

const struct dna_dns_answer *dna_wants_dns(struct dna_wants *wants,
                                           const struct dna_facts *have, const char *name,
                                           uint16_t type)
{
    struct dna_want want = {.kind = DNA_WANT_DNS, .u.dns = {.name = name, .type = type}};
    const struct dna_fact *fact = ask(wants, have, &want);
    return fact != NULL ? &fact->u.dns : NULL;
}

const struct dna_path *dna_wants_path(struct dna_wants *wants, const struct dna_facts *have,
                                      const struct dna_chain *chain)
{
    return dna_wants_path_under(wants, have, chain, (struct dna_span){NULL, 0});
}

const struct dna_path *dna_wants_path_under(struct dna_wants *wants,
                                            const struct dna_facts *have,
                                            const struct dna_chain *chain,
                                            struct dna_span record)
{
    struct dna_want want = {.kind = DNA_WANT_PATH,
                            .u.path = {.chain = chain, .tlsa = record}};
    const struct dna_fact *fact = ask(wants, have, &want);
    return fact != NULL ? &fact->u.path : NULL;
}

const struct dna_fetch_result *dna_wants_fetch(struct dna_wants *wants,
                                               const struct dna_facts *have,
                                               const struct dna_want_fetch *fetch)
{
    struct dna_want want = {.kind = DNA_WANT_FETCH, .u.fetch = *fetch};
    const struct dna_fact *fact = ask(wants, have, &want);
    return fact != NULL ? &fact->u.fetch : NULL;
}

const struct dna_anchored_result *dna_wants_anchored(struct dna_wants *wants,
                                                     const struct dna_facts *have,
                                                     const struct dna_want_anchored *anchored)
{
    struct dna_want want = {.kind = DNA_WANT_ANCHORED, .u.anchored = *anchored};
    const struct dna_fact *fact = ask(wants, have, &want);
    return fact != NULL ? &fact->u.anchored : NULL;
}

const struct dna_recall_result *dna_wants_recall(struct dna_wants *wants,
                                                 const struct dna_facts *have, const char *url)
{
    struct dna_want want = {.kind = DNA_WANT_RECALL, .u.recall = {.url = url}};
    const struct dna_fact *fact = ask(wants, have, &want);
    return fact != NULL ? &fact->u.recall : NULL;
}

const struct dna_signature *dna_wants_signature(struct dna_wants *wants,
                                                const struct dna_facts *have,
                                                const struct dna_signed *what)
{
    struct dna_want want = {.kind = DNA_WANT_SIGNATURE, .u.signature = *what};
    const struct dna_fact *fact = ask(wants, have, &want);
    return fact != NULL ? &fact->u.signature : NULL;
}

const struct dna_fact *dna_wants_peer(struct dna_wants *wants, const struct dna_facts *have,
                                      enum dna_prooftype type)
{
    struct dna_want want = {.kind = DNA_WANT_PEER,
                            .u.peer = {.prooftypes = DNA_PROOF_BIT(type)}};
    return ask(wants, have, &want);
}
