/* What a hearing costs over recorded facts: one prooftype, its own unit test's world.
 *
 * Linked with tests/unit/proof/test_X.c in the place of its world_hear: the first hearing
 * that the prooftype proves is the record, and is held again, ROUNDS times, with the same
 * answers in the same order.  Paths and signatures are facts like all others, so none is
 * checked here.  The hearings share a memory of parsed certificates, as those of a session
 * do; ".alone" is the same without one: certificates are parsed each time, keys in them
 * included.  All other documents are parsed each time in both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <base/limits.h>
#include <bench.h>
#include <proof/court.h>
#include <world.h>

#define ROUNDS 20000

struct dna_ruling __real_world_hear(struct world *w);
struct dna_ruling __wrap_world_hear(struct world *w);

struct record {
    const struct dna_court *court;
    struct dna_time opened;
    const struct dna_known *answers[DNA_LIMIT_WANTS]; /* in their order */
    size_t n;
};

/* False: some answer did not come, and the record is not of facts alone. */
static bool record(struct record *r, const struct world *w)
{
    *r = (struct record){.court = w->court, .opened = w->court->opened};
    const struct dna_known *k = w->court->docket.facts.first;
    for (; k != NULL; k = k->next) {
        if (k->overdue) {
            return false;
        }
        if (k->answered) {
            bench_must(k->order >= 1 && k->order <= DNA_LIMIT_WANTS, "order");
            r->answers[k->order - 1] = k;
            r->n++;
        }
    }
    return true;
}

static void hear_again(const struct record *r, struct dna_papers *papers)
{
    const struct dna_want *want;
    struct dna_ruling ruling;
    struct dna_court *court;
    unsigned id;
    bench_must(dna_court_new_with(NULL, &r->court->q, r->opened, papers, &court) == DNA_OK,
               "court");
    for (size_t i = 0; i < r->n; i++) {
        while (dna_court_next_want(court, &id, &want)) {
        }
        bench_must(dna_court_give(court, r->answers[i]->id, &r->answers[i]->fact,
                                  r->answers[i]->at) == DNA_OK,
                   "give");
    }
    bench_must(dna_court_ruling(court, &ruling) && ruling.verdict == DNA_PROVEN &&
                   ruling.prooftype == r->court->ruling.prooftype,
               "the record leads to another ruling");
    dna_court_free(court);
}

static void measure(const struct record *r, struct dna_papers *papers, const char *how)
{
    char name[64];
    double began;
    hear_again(r, papers);
    began = bench_cpu();
    for (unsigned i = 0; i < ROUNDS; i++) {
        hear_again(r, papers);
    }
    (void)snprintf(name, sizeof name, "hear.%s%s", dna_prooftype_name(BENCH_PROOFTYPE), how);
    bench_figure(name, ROUNDS / (bench_cpu() - began), "/s");
}

struct dna_ruling __wrap_world_hear(struct world *w)
{
    struct dna_ruling ruling = __real_world_hear(w);
    struct record r;
    struct dna_papers *papers;
    if (ruling.verdict != DNA_PROVEN || ruling.prooftype != BENCH_PROOFTYPE ||
        !record(&r, w)) {
        return ruling;
    }
    bench_must(dna_papers_new(NULL, &papers) == DNA_OK, "papers");
    measure(&r, papers, "");
    measure(&r, NULL, ".alone");
    dna_papers_free(papers);
    exit(0);
}
