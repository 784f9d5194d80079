/* proof/facts.c: facts copied, and put into their proper form. */
#include <proof/facts.h>

#include <base/limits.h>
#include <proof/wants.h>

void dna_facts_init(struct dna_facts *facts, struct dna_arena *arena)
{
    *facts = (struct dna_facts){.arena = arena};
    facts->end = &facts->first;
}

void dna_facts_fini(struct dna_facts *facts)
{
    for (struct dna_known *known = facts->first; known != NULL; known = known->next) {
        dna_chain_free(known->chain);
        known->chain = NULL;
    }
}

struct dna_known *dna_facts_find(const struct dna_facts *facts, const struct dna_want *want)
{
    struct dna_known *known = facts->first;
    while (known != NULL && !dna_want_equal(&known->want, want)) {
        known = known->next;
    }
    return known;
}

struct dna_known *dna_facts_by_id(const struct dna_facts *facts, unsigned id)
{
    struct dna_known *known = facts->first;
    while (known != NULL && known->id != id) {
        known = known->next;
    }
    return known;
}

enum dna_err dna_facts_expect(struct dna_facts *facts, const struct dna_want *want,
                              struct dna_known **out)
{
    struct dna_known *known;
    if (facts->n == DNA_LIMIT_WANTS) {
        return DNA_ERR_LIMIT;
    }
    known = dna_arena_zero(facts->arena, 1, sizeof *known);
    if (known == NULL) {
        return DNA_ERR_MEMORY;
    }
    known->id = ++facts->n;
    known->want = *want;
    *facts->end = known;
    facts->end = &known->next;
    *out = known;
    return DNA_OK;
}

/* Room for nothing is not asked for: an empty text is static. */
static bool copy_text(struct dna_arena *arena, const char **text)
{
    *text = *text != NULL && **text != '\0' ? dna_arena_text(arena, dna_span_of(*text)) : "";
    return *text != NULL;
}

static void settle_outcome(struct dna_dns_answer *answer)
{
    switch (answer->outcome) {
    case DNA_DNS_FOUND:
        if (answer->n_rdata == 0 || answer->rdata == NULL) {
            answer->outcome = DNA_DNS_FAILED;
        }
        break;
    case DNA_DNS_ABSENT:
    case DNA_DNS_BOGUS:
    case DNA_DNS_FAILED:
        break;
    default:
        answer->outcome = DNA_DNS_FAILED;
        break;
    }
    if (answer->outcome != DNA_DNS_FOUND) {
        answer->rdata = NULL;
        answer->n_rdata = 0;
    }
    if (answer->outcome != DNA_DNS_FOUND && answer->outcome != DNA_DNS_ABSENT) {
        answer->secure = false;
    }
    if (answer->n_rdata > DNA_LIMIT_RECORDS) {
        answer->n_rdata = DNA_LIMIT_RECORDS;
    }
}

static enum dna_err copy_answer(struct dna_arena *arena, struct dna_dns_answer *answer)
{
    struct dna_span *copies;
    settle_outcome(answer);
    if (!copy_text(arena, &answer->name) || !copy_text(arena, &answer->why)) {
        return DNA_ERR_MEMORY;
    }
    if (answer->n_rdata == 0) {
        return DNA_OK;
    }
    copies = dna_arena_zero(arena, answer->n_rdata, sizeof *copies);
    if (copies == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < answer->n_rdata; i++) {
        enum dna_err err = dna_arena_span(arena, answer->rdata[i], &copies[i]);
        if (err != DNA_OK) {
            return err;
        }
    }
    answer->rdata = copies;
    return DNA_OK;
}

static enum dna_err copy_anchored(struct dna_arena *arena, struct dna_anchored_result *result)
{
    enum dna_err err = copy_answer(arena, &result->dnskey);
    if (err == DNA_OK) {
        err = copy_answer(arena, &result->srv);
    }
    return err == DNA_OK ? copy_answer(arena, &result->srv_tls) : err;
}

static enum dna_err copy_fetch(struct dna_arena *arena, struct dna_fetch_result *result)
{
    if (result->outcome == DNA_FETCH_OK && result->body.len > DNA_LIMIT_DOCUMENT) {
        result->outcome = DNA_FETCH_FAILED;
        result->why = "the document is too long";
    }
    if (result->outcome != DNA_FETCH_OK) {
        result->body = (struct dna_span){NULL, 0};
    }
    if (!copy_text(arena, &result->why) || !copy_text(arena, &result->final_url)) {
        return DNA_ERR_MEMORY;
    }
    return dna_arena_span(arena, result->body, &result->body);
}

static enum dna_err copy_fact(struct dna_arena *arena, struct dna_fact *fact)
{
    switch (fact->kind) {
    case DNA_WANT_DNS:
        return copy_answer(arena, &fact->u.dns);
    case DNA_WANT_ANCHORED:
        return copy_anchored(arena, &fact->u.anchored);
    case DNA_WANT_FETCH:
        return copy_fetch(arena, &fact->u.fetch);
    case DNA_WANT_PATH:
        fact->u.path.why[sizeof fact->u.path.why - 1] = '\0';
        return DNA_OK;
    case DNA_WANT_PEER:
        if (fact->u.peer.content.len > DNA_LIMIT_PROOF) {
            fact->u.peer.content.len = DNA_LIMIT_PROOF;
        }
        return dna_arena_span(arena, fact->u.peer.content, &fact->u.peer.content);
    }
    return DNA_ERR_ARGUMENT;
}

enum dna_err dna_facts_record(struct dna_facts *facts, struct dna_known *known,
                              const struct dna_fact *fact)
{
    struct dna_fact copy = *fact;
    enum dna_err err = copy_fact(facts->arena, &copy);
    if (err == DNA_OK) {
        known->fact = copy;
        known->answered = true;
        known->overdue = false;
    }
    return err;
}

void dna_facts_overdue(struct dna_known *known, struct dna_time now)
{
    known->answered = true;
    known->overdue = true;
    known->fact = (struct dna_fact){
        .kind = DNA_WANT_DNS,
        .u.dns = {
            .name = known->want.u.dns.name,
            .type = known->want.u.dns.type,
            .outcome = DNA_DNS_FAILED,
            .obtained = now.wall,
            .signatures_end = DNA_NEVER,
            .why = "no answer in time",
        },
    };
}

enum dna_err dna_facts_chain(const struct dna_facts *facts, const struct dna_want_fetch *fetch,
                             const struct dna_chain **out)
{
    struct dna_want want = {.kind = DNA_WANT_FETCH, .u.fetch = *fetch};
    struct dna_known *known = dna_facts_find(facts, &want);
    enum dna_err err = DNA_OK;
    if (known == NULL || !known->answered || known->fact.u.fetch.outcome != DNA_FETCH_OK) {
        return DNA_ERR_NOT_FOUND;
    }
    if (known->chain == NULL) {
        err = dna_chain_parse(facts->arena->alloc, known->fact.u.fetch.body, &known->chain);
    }
    *out = known->chain;
    return err;
}
