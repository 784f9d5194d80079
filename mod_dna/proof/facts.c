/* proof/facts.c: facts copied, and put into their proper form. */
#include <proof/facts.h>

#include <assert.h>
#include <string.h>

#include <base/limits.h>
#include <proof/srv_status.h>
#include <proof/wants.h>

void dna_facts_init(struct dna_facts *facts, struct dna_arena *arena)
{
    *facts = (struct dna_facts){.arena = arena};
    facts->end = &facts->first;
}

void dna_facts_fini(struct dna_facts *facts)
{
    for (struct dna_known *known = facts->first; known != NULL; known = known->next) {
        dna_paper_free(known->parsed.paper);
        known->parsed.paper = NULL;
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

struct dna_known *dna_facts_of(const struct dna_facts *facts,
                               const struct dna_dns_answer *answer)
{
    struct dna_known *known = facts->first;
    while (known != NULL && &known->fact.u.dns != answer) {
        known = known->next;
    }
    assert(known != NULL);
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
    known->deadline = DNA_NEVER;
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

static void fail_answer(struct dna_dns_answer *answer, const char *why)
{
    answer->outcome = DNA_DNS_FAILED;
    answer->why = why;
}

/* More than fits into one message of the DNS is no answer. */
static bool is_too_large(const struct dna_dns_answer *answer)
{
    size_t total = 0;
    for (size_t i = 0; i < answer->n_rdata; i++) {
        if (answer->rdata[i].len > DNA_LIMIT_DNS_ANSWER - total) {
            return true;
        }
        total += answer->rdata[i].len;
    }
    return false;
}

static void settle_records(struct dna_dns_answer *answer)
{
    if (answer->n_rdata == 0 || answer->rdata == NULL) {
        fail_answer(answer, "an answer without records");
        return;
    }
    if (answer->n_rdata > DNA_LIMIT_RECORDS) {
        answer->n_rdata = DNA_LIMIT_RECORDS;
    }
    if (is_too_large(answer)) {
        fail_answer(answer, "the answer is too long");
    }
}

static void settle_answer(struct dna_dns_answer *answer, const char *name, uint16_t type)
{
    bool other = answer->name != NULL && answer->name[0] != '\0' &&
                 strcmp(answer->name, name) != 0;
    if (other || answer->type != type) {
        fail_answer(answer, "an answer to another question");
    }
    answer->name = name;
    answer->type = type;
    switch (answer->outcome) {
    case DNA_DNS_FOUND:
        settle_records(answer);
        break;
    case DNA_DNS_ABSENT:
    case DNA_DNS_BOGUS:
    case DNA_DNS_FAILED:
        break;
    default:
        fail_answer(answer, "an unknown outcome");
        break;
    }
    if (answer->outcome != DNA_DNS_FOUND) {
        answer->rdata = NULL;
        answer->n_rdata = 0;
    }
    if (answer->outcome != DNA_DNS_FOUND && answer->outcome != DNA_DNS_ABSENT) {
        answer->secure = false;
    }
    if (!answer->secure) {
        answer->signatures_end = DNA_NEVER;
    }
}

/* name and what it points to live in the arena, or for ever. */
static enum dna_err copy_answer(struct dna_arena *arena, struct dna_dns_answer *answer,
                                const char *name, uint16_t type)
{
    struct dna_span *copies;
    settle_answer(answer, name, type);
    if (!copy_text(arena, &answer->why)) {
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

static enum dna_err copy_anchored(struct dna_arena *arena,
                                  const struct dna_want_anchored *want,
                                  struct dna_anchored_result *result)
{
    struct dna_srv_names *names = dna_arena_get(arena, sizeof *names);
    enum dna_err err;
    if (names == NULL) {
        return DNA_ERR_MEMORY;
    }
    if (!dna_srv_names(want->domain, want->service, names)) {
        return DNA_ERR_ARGUMENT;
    }
    err = copy_answer(arena, &result->dnskey, want->zone, DNA_DNS_DNSKEY);
    if (err == DNA_OK) {
        err = copy_answer(arena, &result->srv, names->plain, DNA_DNS_SRV);
    }
    return err == DNA_OK ? copy_answer(arena, &result->srv_tls, names->tls, DNA_DNS_SRV) : err;
}

static void settle_fetch(struct dna_fetch_result *result)
{
    switch (result->outcome) {
    case DNA_FETCH_OK:
        if (result->body.len > DNA_LIMIT_DOCUMENT) {
            result->outcome = DNA_FETCH_FAILED;
            result->why = "the document is too long";
        }
        break;
    case DNA_FETCH_FAILED:
    case DNA_FETCH_REFUSED:
    case DNA_FETCH_ABSENT:
        break;
    default:
        result->outcome = DNA_FETCH_FAILED;
        break;
    }
    if (result->outcome != DNA_FETCH_OK) {
        result->body = (struct dna_span){NULL, 0};
        result->media_type = NULL;
        result->certificate_ends = 0;
        result->exact_name = false;
    }
}

static enum dna_err copy_fetch(struct dna_arena *arena, struct dna_fetch_result *result)
{
    settle_fetch(result);
    if (!copy_text(arena, &result->why) || !copy_text(arena, &result->final_url) ||
        !copy_text(arena, &result->media_type)) {
        return DNA_ERR_MEMORY;
    }
    return dna_arena_span(arena, result->body, &result->body);
}

/* Without an id, or too long, it is no policy that was fetched. */
static enum dna_err copy_recall(struct dna_arena *arena, struct dna_recall_result *result)
{
    if (!result->known || result->policy_id == NULL ||
        result->body.len > DNA_LIMIT_DOCUMENT) {
        *result = (struct dna_recall_result){.known = false};
    }
    return copy_text(arena, &result->policy_id)
               ? dna_arena_span(arena, result->body, &result->body)
               : DNA_ERR_MEMORY;
}

static enum dna_err copy_peer(struct dna_arena *arena, struct dna_fact *fact)
{
    switch (fact->u.peer.outcome) {
    case DNA_PEER_PROOF:
        break;
    case DNA_PEER_SILENT:
    case DNA_PEER_IMPOSSIBLE:
        fact->u.peer.content = (struct dna_span){NULL, 0};
        break;
    default:
        fact->u.peer.outcome = DNA_PEER_SILENT;
        fact->u.peer.content = (struct dna_span){NULL, 0};
        break;
    }
    /* Never cut: a part of a proof might mean something. */
    if (fact->u.peer.content.len > DNA_LIMIT_PROOF) {
        fact->u.peer.content = dna_span_of("(too long)");
    }
    return dna_arena_span(arena, fact->u.peer.content, &fact->u.peer.content);
}

static enum dna_err copy_fact(struct dna_arena *arena, const struct dna_want *want,
                              struct dna_fact *fact)
{
    switch (want->kind) {
    case DNA_WANT_DNS:
        return copy_answer(arena, &fact->u.dns, want->u.dns.name, want->u.dns.type);
    case DNA_WANT_ANCHORED:
        return copy_anchored(arena, &want->u.anchored, &fact->u.anchored);
    case DNA_WANT_FETCH:
        return copy_fetch(arena, &fact->u.fetch);
    case DNA_WANT_PATH:
        fact->u.path.why[sizeof fact->u.path.why - 1] = '\0';
        return DNA_OK;
    case DNA_WANT_PEER:
        return copy_peer(arena, fact);
    case DNA_WANT_SIGNATURE:
        fact->u.signature.why[sizeof fact->u.signature.why - 1] = '\0';
        return DNA_OK;
    case DNA_WANT_RECALL:
        return copy_recall(arena, &fact->u.recall);
    }
    return DNA_ERR_ARGUMENT;
}

enum dna_err dna_facts_record(struct dna_facts *facts, struct dna_known *known,
                              const struct dna_fact *fact)
{
    struct dna_fact copy = *fact;
    enum dna_err err = copy_fact(facts->arena, &known->want, &copy);
    if (err == DNA_OK) {
        known->fact = copy;
        known->answered = true;
        known->order = ++facts->n_answered;
    }
    return err;
}

static struct dna_dns_answer no_answer(const char *name, uint16_t type, struct dna_time now)
{
    return (struct dna_dns_answer){
        .name = name,
        .type = type,
        .outcome = DNA_DNS_FAILED,
        .obtained = now.wall,
        .signatures_end = DNA_NEVER,
        .why = "no answer in time",
    };
}

void dna_facts_overdue(struct dna_known *known, struct dna_time now)
{
    struct dna_fact *fact = &known->fact;
    known->answered = true;
    known->overdue = true;
    *fact = (struct dna_fact){.kind = known->want.kind};
    switch (fact->kind) {
    case DNA_WANT_DNS:
        fact->u.dns = no_answer(known->want.u.dns.name, known->want.u.dns.type, now);
        return;
    case DNA_WANT_ANCHORED:
        fact->u.anchored.dnskey = no_answer(known->want.u.anchored.zone, DNA_DNS_DNSKEY, now);
        fact->u.anchored.srv = no_answer("", DNA_DNS_SRV, now);
        fact->u.anchored.srv_tls = no_answer("", DNA_DNS_SRV, now);
        return;
    case DNA_WANT_FETCH:
        fact->u.fetch = (struct dna_fetch_result){
            .outcome = DNA_FETCH_FAILED, .final_url = "", .media_type = "",
            .why = "not fetched in time", .obtained = now.wall};
        return;
    case DNA_WANT_RECALL:
        fact->u.recall.policy_id = "";
        return;
    case DNA_WANT_PATH:
    case DNA_WANT_PEER:
    case DNA_WANT_SIGNATURE:
        break;
    }
    assert(false && "it has no time of its own");
}

/* What the bytes deserve is kept; a fault of the world may be gone at the next attempt. */
static enum dna_err parse(const struct dna_facts *facts, struct dna_known *known,
                          enum dna_paper_kind kind, struct dna_span bytes)
{
    enum dna_err err = known->parsed.err;
    if (known->parsed.tried && known->parsed.kind != kind) {
        return DNA_ERR_FORMAT; /* two provers cannot both be right about it */
    }
    if (!known->parsed.tried) {
        err = dna_papers_read(facts->papers, facts->arena->alloc, kind, bytes,
                              &known->parsed.paper, &known->parsed.why);
        known->parsed.tried = err == DNA_OK || err == DNA_ERR_FORMAT || err == DNA_ERR_LIMIT;
        known->parsed.err = err;
        known->parsed.kind = kind;
    }
    return err;
}

/* The document that a fetch delivered, read in one way. */
static enum dna_err parse_fetched(const struct dna_facts *facts,
                                  const struct dna_want_fetch *fetch,
                                  enum dna_paper_kind kind, struct dna_known **out)
{
    const struct dna_want want = {.kind = DNA_WANT_FETCH, .u.fetch = *fetch};
    struct dna_known *known = dna_facts_find(facts, &want);
    if (known == NULL || !known->answered || known->fact.u.fetch.outcome != DNA_FETCH_OK) {
        return DNA_ERR_NOT_FOUND;
    }
    *out = known;
    return parse(facts, known, kind, known->fact.u.fetch.body);
}

enum dna_err dna_facts_fetched_chain(const struct dna_facts *facts,
                                     const struct dna_want_fetch *fetch,
                                     const struct dna_chain **out)
{
    struct dna_known *known;
    enum dna_err err = parse_fetched(facts, fetch, DNA_PAPER_DOCUMENT, &known);
    if (err == DNA_OK) {
        *out = known->parsed.paper->chain;
    }
    return err;
}

enum dna_err dna_facts_fetched_crl(const struct dna_facts *facts,
                                   const struct dna_want_fetch *fetch,
                                   const struct dna_crl **out, const char **why)
{
    struct dna_known *known;
    enum dna_err err = parse_fetched(facts, fetch, DNA_PAPER_CRL, &known);
    if (err == DNA_OK) {
        *out = known->parsed.paper->crl;
    } else if (err != DNA_ERR_NOT_FOUND) {
        *why = known->parsed.why;
    }
    return err;
}

/* The content of the peer's proof, read in one way: its prooftype's. */
static enum dna_err parse_supplied(const struct dna_facts *facts, enum dna_paper_kind kind,
                                   struct dna_known **out)
{
    const struct dna_want want = {.kind = DNA_WANT_PEER};
    struct dna_known *known = dna_facts_find(facts, &want);
    if (known == NULL || !known->answered || known->fact.u.peer.outcome != DNA_PEER_PROOF) {
        return DNA_ERR_NOT_FOUND;
    }
    *out = known;
    return parse(facts, known, kind, known->fact.u.peer.content);
}

enum dna_err dna_facts_supplied_acerts(const struct dna_facts *facts,
                                       const struct dna_acert_bundle **out, const char **why)
{
    struct dna_known *known;
    enum dna_err err = parse_supplied(facts, DNA_PAPER_ACERTS, &known);
    if (err == DNA_OK) {
        *out = known->parsed.paper->acerts;
    } else if (err != DNA_ERR_NOT_FOUND) {
        *why = known->parsed.why;
    }
    return err;
}

enum dna_err dna_facts_supplied_chain(const struct dna_facts *facts,
                                      const struct dna_chain **out)
{
    struct dna_known *known;
    enum dna_err err = parse_supplied(facts, DNA_PAPER_BASE64, &known);
    if (err == DNA_OK) {
        *out = known->parsed.paper->chain;
    }
    return err;
}

enum dna_err dna_facts_dnskey(const struct dna_facts *facts, const struct dna_chain *chain,
                              const struct dna_spki_dnskey **out)
{
    struct dna_known *known = facts->first;
    while (known != NULL &&
           (known->parsed.paper == NULL || known->parsed.paper->chain != chain)) {
        known = known->next;
    }
    assert(known != NULL);
    return dna_paper_dnskey(known->parsed.paper, out);
}
