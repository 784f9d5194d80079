/* gateway/policies_show.c: `--policy-for`: what applies to a domain.
 *
 * A session on trial answers, so that what is printed is what serves.
 */
#include "policies.h"

#include <string.h>

#include <mod_dna/dns.h>

static void print_prooftypes(FILE *out, const struct dna_policy *policy)
{
    fputs("  prooftypes:", out);
    for (unsigned i = 0; i < DNA_N_PROOFTYPES; i++) {
        if ((policy->prooftypes & DNA_PROOF_BIT(i)) != 0) {
            fprintf(out, " %s", dna_prooftype_name((enum dna_prooftype)i));
        }
    }
    fputc('\n', out);
}

static void print_usages(FILE *out, const struct dna_policy *policy)
{
    fputs("  dane-usages:", out);
    for (unsigned i = 0; i < 4; i++) {
        if ((policy->dane_usages & DNA_DANE_USAGE_BIT(i)) != 0) {
            fprintf(out, " %u", i);
        }
    }
    fputc('\n', out);
}

static void print_pins(FILE *out, const struct dna_policy *policy)
{
    for (unsigned i = 0; i < policy->n_pins; i++) {
        fputs("  pin: ", out);
        for (size_t k = 0; k < DNA_PIN_SIZE; k++) {
            fprintf(out, "%02x", policy->pins[i][k]);
        }
        fputc('\n', out);
    }
}

static void print_policy(FILE *out, const struct dna_policy *policy)
{
    switch (policy->level) {
    case DNA_LEVEL_REFUSE:
        break;
    case DNA_LEVEL_PIN:
        print_pins(out, policy);
        break;
    case DNA_LEVEL_DIALBACK:
    case DNA_LEVEL_PROOF:
    case DNA_LEVEL_STRONG:
        print_prooftypes(out, policy);
        print_usages(out, policy);
        break;
    }
}

static const struct gateway_policy_config *find(const struct gateway_config *config,
                                                const char *pattern)
{
    for (size_t i = 0; pattern != NULL && i < config->n_policies; i++) {
        if (strcmp(config->policies[i].pattern, pattern) == 0) {
            return &config->policies[i];
        }
    }
    return NULL;
}

static void print_place(FILE *out, const struct gateway_config *config, const char *pattern)
{
    const struct gateway_policy_config *where = find(config, pattern);
    if (where == NULL) {
        fputs("  from: no section; this is the default\n", out);
    } else {
        fprintf(out, "  from: policy \"%s\", %s:%d\n", pattern, where->file, where->line);
    }
}

static void print_end(FILE *out, int64_t until)
{
    char text[POLICIES_DAY];
    if (policies_day(until, text)) {
        fprintf(out, "  until: %s\n", text);
    }
}

static void print_all(FILE *out, const struct gateway_config *config,
                      const struct dna_policy_standing *standing)
{
    fprintf(out, "enforced: %s\n", policies_level(standing->policy.level));
    print_place(out, config, standing->pattern);
    print_end(out, standing->until);
    print_policy(out, &standing->policy);
    if (standing->observes) {
        const struct gateway_policy_config *where = find(config, standing->observed_pattern);
        fprintf(out, "observed: %s\n", policies_level(standing->observed.level));
        print_place(out, config, standing->observed_pattern);
        print_end(out, where != NULL ? where->until : 0);
        print_policy(out, &standing->observed);
    } else {
        fputs("observed: nothing\n", out);
    }
}

enum dna_err policies_show(const struct gateway_config *config, const char *domain, int64_t now,
                           FILE *out)
{
    struct dna_session_options options = {.size = sizeof options, .cache_entries = 1};
    struct dna_policy_standing standing;
    struct dna_session *session;
    struct dna_name name;
    enum dna_err err;
    if (dna_name_parse(dna_span_of(domain), &name) != DNA_OK) {
        return DNA_ERR_ARGUMENT;
    }
    err = dna_session_new(&options, &session);
    if (err != DNA_OK) {
        return err;
    }
    for (size_t i = 0; err == DNA_OK && i < config->n_policies; i++) {
        const struct dna_policy_rule rule = policies_rule(&config->policies[i]);
        err = dna_session_rule(session, config->policies[i].pattern, &rule);
    }
    if (err == DNA_OK) {
        standing = dna_session_policy_standing(session, name.text, now);
        fprintf(out, "domain: %s\n", name.text);
        print_all(out, config, &standing);
    }
    dna_session_free(session);
    return err;
}
