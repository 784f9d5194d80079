/* proof/bundle_trial.h: what the files share that judge bundles (bundle.h).
 *
 * A bundle is read (bundle_read.c), heard again (bundle_again.c), and, where it proves something,
 * weighed without what nobody answers for (bundle_weigh.c).
 */
#ifndef DNA_PROOF_BUNDLE_TRIAL_H
#define DNA_PROOF_BUNDLE_TRIAL_H

#include <base/limits.h>
#include <json/canonical.h>
#include <mod_dna/court.h>
#include <proof/bundle.h>

/* Who answers for a fact. */
enum dna_bundle_standing {
    DNA_BUNDLE_NOBODY,
    DNA_BUNDLE_UNSIGNED, /* an answer of the DNS that provably has no signatures */
    DNA_BUNDLE_VOUCHED   /* signed by somebody, or computed here */
};

/* One entry of the bundle's facts. */
struct dna_bundle_entry {
    const struct dna_json *value, *want;
    unsigned order;       /* 0: never answered */
    bool overdue, by_tick;
    enum dna_bundle_standing standing;
    struct dna_time at;
};

struct dna_bundle_trial {
    const struct dna_alloc *alloc;
    const struct dna_bundle_terms *terms;
    struct dna_bundle_report *out;
    struct dna_arena arena; /* of the bundle's values */
    struct dna_json *root;
    struct dna_question question;
    struct dna_chain *chain;
    struct dna_time opened, ruled;
    struct dna_bundle_entry entries[DNA_LIMIT_WANTS];
    size_t n;
    struct dna_span *messages;
    size_t n_messages;
};

/* The bundle is none, or not a good one: DNA_ERR_FORMAT, and why. */
enum dna_err dna_bundle_broken(struct dna_bundle_trial *c, const char *why);

/* --- bundle_read.c: in this order; each takes its part out of the root --- */

/* DNA_ERR_ARGUMENT: the key of the terms is none. */
DNA_MUST_USE enum dna_err dna_bundle_read_signature(struct dna_bundle_trial *c);
DNA_MUST_USE enum dna_err dna_bundle_read_messages(struct dna_bundle_trial *c);
DNA_MUST_USE enum dna_err dna_bundle_read_parts(struct dna_bundle_trial *c);

/* --- bundle_again.c --- */

/* A court over the bundle's question. */
DNA_MUST_USE enum dna_err dna_bundle_court(struct dna_bundle_trial *c, struct dna_time now,
                                           struct dna_court **out);
/* What is never believed, but made again. */
DNA_MUST_USE enum dna_err dna_bundle_signed(const struct dna_want *want, struct dna_fact *out);
DNA_MUST_USE enum dna_err dna_bundle_path(const struct dna_bundle_trial *c,
                                          const struct dna_want *want, int64_t at,
                                          struct dna_fact *out);
/* The ruling goes into the report, where it follows from the recorded facts. */
DNA_MUST_USE enum dna_err dna_bundle_hear_again(struct dna_bundle_trial *c);

/* --- bundle_weigh.c --- */

/* Whether what is PROVEN is so without what nobody answers for: the finding. */
DNA_MUST_USE enum dna_err dna_bundle_weigh(struct dna_bundle_trial *c);

#endif
