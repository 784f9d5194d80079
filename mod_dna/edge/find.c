/* edge/find.c: two look-ups at once, and the service delegation document where the policy
 * wants it; each answer is kept until all are there.
 *
 * The document stands in for SRV records that are missing, wrong or could not be looked up,
 * never for bogus ones, which forbid connecting (S10).
 */
#include <edge/find.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/arena.h>
#include <edge/delegation.h>
#include <resolver/resolver.h>

#define ROOM (256 * 1024) /* two answers of at most 64 KiB each, and their tables */

enum { STARTTLS, DIRECT, QUESTIONS };
static const char *const prefixes[QUESTIONS] = {"_xmpp-server._tcp.", "_xmpps-server._tcp."};

struct question {
    struct dna_edge_find *find;
    struct dna_lookup *lookup;
    bool answered;
    struct dna_dns_answer answer;
};

struct dna_edge_find {
    struct dna_uv *uv;
    struct dna_name domain;
    struct question questions[QUESTIONS];
    struct dna_edge_delegation *delegation; /* under way */
    bool has_document;
    struct dna_edge_places by_document; /* with has_document: what it says */
    struct dna_timer *soon; /* when an answer is there from the beginning */
    struct dna_arena arena;
    dna_edge_find_fn *fn;
    void *arg;
};

static void answer_failed(struct question *question, const char *why)
{
    question->answer = (struct dna_dns_answer){
        .type = DNA_DNS_SRV,
        .outcome = DNA_DNS_FAILED,
        .why = why,
    };
    question->answered = true;
}

static bool copy_rdata(struct dna_arena *arena, const struct dna_dns_answer *from,
                       struct dna_dns_answer *to)
{
    size_t n = from->n_rdata < DNA_LIMIT_RECORDS ? from->n_rdata : DNA_LIMIT_RECORDS;
    struct dna_span *rdata = dna_arena_zero(arena, n + 1, sizeof *rdata);
    if (rdata == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (dna_arena_span(arena, from->rdata[i], &rdata[i]) != DNA_OK) {
            return false;
        }
    }
    to->rdata = rdata;
    to->n_rdata = n;
    return true;
}

static void keep(struct question *question, const struct dna_dns_answer *answer)
{
    struct dna_arena *arena = &question->find->arena;
    const char *why = dna_arena_text(arena, dna_span_of(answer->why));
    question->answer = *answer;
    question->answer.name = NULL;
    question->answer.why = why;
    question->answered = true;
    if (why == NULL || !copy_rdata(arena, answer, &question->answer)) {
        answer_failed(question, "there is no memory for the answer");
    }
}

static void free_find(struct dna_edge_find *find)
{
    dna_arena_fini(&find->arena);
    dna_alloc_release(find->uv->alloc, find);
}

static void finish(struct dna_edge_find *find)
{
    uint32_t random[DNA_EDGE_RECORDS];
    const struct dna_dns_answer *starttls = &find->questions[STARTTLS].answer;
    const struct dna_dns_answer *direct = &find->questions[DIRECT].answer;
    struct dna_edge_places places;
    if (dna_edge_random(random, sizeof random) != DNA_OK) {
        answer_failed(&find->questions[STARTTLS], "there are no random numbers");
    }
    dna_edge_places_of(find->domain.text, starttls, direct, random, &places);
    if (find->has_document && dna_edge_places_replaceable(starttls, direct)) {
        places = find->by_document;
    }
    find->fn(find->arg, &places);
    free_find(find);
}

static void finish_if_answered(struct dna_edge_find *find)
{
    if (find->questions[STARTTLS].answered && find->questions[DIRECT].answered &&
        find->delegation == NULL) {
        finish(find);
    }
}

static void answered(void *arg, const struct dna_dns_answer *answer)
{
    struct question *question = arg;
    question->lookup = NULL;
    keep(question, answer);
    finish_if_answered(question->find);
}

static void ask(struct dna_edge_find *find, unsigned which)
{
    struct question *question = &find->questions[which];
    char name[DNA_NAME_MAX + sizeof "_xmpps-server._tcp."];
    question->find = find;
    (void)snprintf(name, sizeof name, "%s%s", prefixes[which], find->domain.text);
    if (strlen(name) > DNA_NAME_MAX) {
        answer_failed(question, "the domain is too long to have SRV records");
    } else if (dna_resolver_lookup(find->uv->resolver, name, DNA_DNS_SRV, 0, answered,
                                   question, &question->lookup) != DNA_OK) {
        answer_failed(question, "the look-up could not be started");
    }
}

static void delegated(void *arg, const struct dna_service_document *document)
{
    struct dna_edge_find *find = arg;
    uint32_t random[DNA_EDGE_RECORDS];
    find->delegation = NULL;
    find->has_document = document != NULL &&
                         dna_edge_random(random, sizeof random) == DNA_OK &&
                         dna_edge_places_of_document(document, random, &find->by_document);
    finish_if_answered(find);
}

/* Without it the SRV records say where to connect. */
static void ask_document(struct dna_edge_find *find)
{
    if (dna_edge_delegation_wanted(find->uv, find->domain.text) &&
        dna_edge_delegation_start(find->uv, find->domain.text, delegated, find,
                                  &find->delegation) != DNA_OK) {
        dna_edge_log(find->uv, DNA_LOG_ERROR, "delegation-not-fetched", "domain",
                     find->domain.text);
    }
}

/* The questions are put from the loop, so that a failure to do so is reported from there. */
static void begin(void *arg)
{
    struct dna_edge_find *find = arg;
    find->uv->face->timer_free(find->soon);
    find->soon = NULL;
    ask_document(find);
    ask(find, STARTTLS);
    ask(find, DIRECT);
    finish_if_answered(find);
}

enum dna_err dna_edge_find_start(struct dna_uv *uv, const char *domain, dna_edge_find_fn *fn,
                                 void *arg, struct dna_edge_find **out)
{
    struct dna_edge_find *find;
    size_t len = strlen(domain);
    *out = NULL;
    if (len == 0 || len > DNA_NAME_MAX) {
        return DNA_ERR_ARGUMENT;
    }
    find = dna_alloc_zero(uv->alloc, 1, sizeof *find);
    if (find == NULL) {
        return DNA_ERR_MEMORY;
    }
    find->uv = uv;
    memcpy(find->domain.text, domain, len + 1);
    find->fn = fn;
    find->arg = arg;
    dna_arena_init(&find->arena, uv->alloc, ROOM);
    find->soon = uv->face->timer(uv->face->self, 0, begin, find);
    if (find->soon == NULL) {
        free_find(find);
        return DNA_ERR_MEMORY;
    }
    *out = find;
    return DNA_OK;
}

void dna_edge_find_cancel(struct dna_edge_find *find)
{
    if (find == NULL) {
        return;
    }
    find->uv->face->timer_free(find->soon);
    for (size_t i = 0; i < QUESTIONS; i++) {
        if (find->questions[i].lookup != NULL) {
            dna_resolver_cancel(find->questions[i].lookup);
        }
    }
    dna_edge_delegation_cancel(find->delegation);
    free_find(find);
}
