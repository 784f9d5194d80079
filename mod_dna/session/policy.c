/* session/policy.c: the exact name first, then the longest suffix of whole labels, then "*".
 *
 * A rule that has ended, or that only reports, is passed over by what decides.
 *
 * Generations are ours, whatever the caller wrote: each change gets a new one, so that two
 * policies never share a cache key by accident.
 */
#include <session/policy.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <mod_dna/dns.h>
#include <proof/registry.h>

enum dna_err dna_policies_init(struct dna_policies *policies, const struct dna_alloc *alloc,
                               uint64_t seed)
{
    *policies = (struct dna_policies){.alloc = alloc, .generation = 1};
    policies->fallback = dna_policy_default();
    policies->fallback.generation = policies->generation;
    policies->standard.policy = policies->fallback;
    return dna_map_new(alloc, seed, &policies->patterns);
}

void dna_policies_fini(struct dna_policies *policies)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (policies->patterns != NULL &&
           dna_map_next(policies->patterns, &cursor, &key, &value)) {
        dna_alloc_release(policies->alloc, value);
    }
    dna_map_free(policies->patterns);
}

struct pattern {
    char text[DNA_NAME_MAX + 2];
};

/* The pattern in canonical form; "*" stays. */
static enum dna_err canonical(const char *pattern, struct pattern *out)
{
    bool suffix = pattern[0] == '.';
    struct dna_name name;
    if (strcmp(pattern, "*") == 0) {
        (void)snprintf(out->text, sizeof out->text, "*");
        return DNA_OK;
    }
    if (dna_name_parse(dna_span_of(pattern + suffix), &name) != DNA_OK ||
        (suffix && dna_name_is_address(&name))) {
        return DNA_ERR_FORMAT;
    }
    (void)snprintf(out->text, sizeof out->text, "%s%s", suffix ? "." : "", name.text);
    return DNA_OK;
}

static bool valid(const struct dna_policy *policy)
{
    bool pins = policy->level == DNA_LEVEL_PIN;
    if (policy->n_pins > DNA_POLICY_PINS || (pins && policy->n_pins == 0)) {
        return false;
    }
    switch (policy->level) {
    case DNA_LEVEL_REFUSE:
    case DNA_LEVEL_PROOF:
    case DNA_LEVEL_STRONG:
    case DNA_LEVEL_DIALBACK:
    case DNA_LEVEL_PIN:
        return policy->prooftypes < DNA_PROOF_BIT(DNA_N_PROOFTYPES) &&
               policy->dane_usages <= DNA_DANE_USAGES_ALL;
    }
    return false;
}

static bool consistent(const struct dna_policy_rule *rule)
{
    return valid(&rule->policy) && rule->until >= 0 &&
           (!rule->observes || (valid(&rule->observed) && !rule->report_only));
}

static enum dna_err add(struct dna_policies *policies, const char *pattern,
                        struct dna_policy_rule **out)
{
    struct dna_policy_rule *rule = dna_alloc_zero(policies->alloc, 1, sizeof *rule);
    enum dna_err err;
    if (rule == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_map_set(policies->patterns, dna_span_of(pattern), rule);
    if (err != DNA_OK) {
        dna_alloc_release(policies->alloc, rule);
        return err;
    }
    *out = rule;
    return DNA_OK;
}

/* Generations apart. */
static bool same(const struct dna_policy *a, const struct dna_policy *b)
{
    return a->level == b->level && a->prooftypes == b->prooftypes &&
           a->dane_usages == b->dane_usages && a->delegation_legacy == b->delegation_legacy &&
           a->delegation_connect == b->delegation_connect &&
           a->attribute_cert_accept_www == b->attribute_cert_accept_www &&
           a->attribute_cert_wildcard == b->attribute_cert_wildcard &&
           a->attribute_cert_serial == b->attribute_cert_serial && a->n_pins == b->n_pins &&
           memcmp(a->pins, b->pins, a->n_pins * sizeof *a->pins) == 0;
}

static bool same_rule(const struct dna_policy_rule *a, const struct dna_policy_rule *b)
{
    return same(&a->policy, &b->policy) && a->report_only == b->report_only &&
           a->until == b->until && a->observes == b->observes &&
           (!a->observes || same(&a->observed, &b->observed));
}

static void renew(struct dna_policies *policies, struct dna_policy_rule *rule)
{
    rule->policy.generation = ++policies->generation;
    rule->observed.generation = ++policies->generation;
}

enum dna_err dna_policies_set(struct dna_policies *policies, const char *pattern,
                              const struct dna_policy_rule *rule, bool *changed)
{
    struct pattern known;
    struct dna_policy_rule *held;
    enum dna_err err = canonical(pattern, &known);
    *changed = false;
    if (err != DNA_OK) {
        return err;
    }
    if (!consistent(rule)) {
        return DNA_ERR_ARGUMENT;
    }
    if (strcmp(known.text, "*") == 0) {
        held = &policies->standard;
    } else {
        held = dna_map_get(policies->patterns, dna_span_of(known.text));
        if (held == NULL && (err = add(policies, known.text, &held)) != DNA_OK) {
            return err;
        }
    }
    if (held->policy.generation != 0 && same_rule(held, rule)) {
        return DNA_OK;
    }
    *held = *rule;
    renew(policies, held);
    *changed = true;
    return DNA_OK;
}

enum dna_err dna_policies_drop(struct dna_policies *policies, const char *pattern,
                               bool *changed)
{
    const struct dna_policy_rule standard = {.policy = dna_policy_default()};
    struct pattern known;
    struct dna_policy_rule *held;
    enum dna_err err = canonical(pattern, &known);
    *changed = false;
    if (err != DNA_OK) {
        return err;
    }
    if (strcmp(known.text, "*") == 0) {
        return dna_policies_set(policies, "*", &standard, changed);
    }
    held = dna_map_remove(policies->patterns, dna_span_of(known.text));
    *changed = held != NULL;
    dna_alloc_release(policies->alloc, held);
    return DNA_OK;
}

void dna_policies_renew(struct dna_policies *policies)
{
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    policies->fallback.generation = ++policies->generation;
    renew(policies, &policies->standard);
    while (dna_map_next(policies->patterns, &cursor, &key, &value)) {
        renew(policies, value);
    }
}

static bool has_ended(const struct dna_policy_rule *rule, int64_t now)
{
    return rule->until != 0 && now >= rule->until;
}

/* Takes what a rule says into account, those that come first first.  True: it decides. */
static bool heed(struct dna_policy_standing *out, const struct dna_policy_rule *rule,
                 const char *pattern, int64_t now)
{
    bool observed = rule != NULL && (rule->report_only || rule->observes);
    if (rule == NULL || has_ended(rule, now)) {
        return false;
    }
    if (observed && !out->observes) {
        out->observes = true;
        out->observed = rule->report_only ? rule->policy : rule->observed;
        out->observed_pattern = pattern;
    }
    if (rule->report_only) {
        return false;
    }
    out->policy = rule->policy;
    out->pattern = pattern;
    out->until = rule->until;
    return true;
}

struct dna_policy_standing dna_policies_standing(const struct dna_policies *policies,
                                                 const char *domain, int64_t now)
{
    struct dna_policy_standing out = {.policy = policies->fallback};
    const char *dot = domain;
    struct dna_name name;
    bool decided = heed(&out, dna_map_get(policies->patterns, dna_span_of(domain)), domain,
                        now);
    (void)snprintf(name.text, sizeof name.text, "%s", domain);
    if (!decided && !dna_name_is_address(&name)) {
        while (!decided && (dot = strchr(dot, '.')) != NULL) {
            decided = heed(&out, dna_map_get(policies->patterns, dna_span_of(dot)), dot, now);
            dot++;
        }
    }
    if (!decided) {
        (void)heed(&out, &policies->standard, "*", now);
    }
    return out;
}

struct dna_policy dna_policies_for(const struct dna_policies *policies, const char *domain,
                                   int64_t now)
{
    return dna_policies_standing(policies, domain, now).policy;
}

static int64_t sooner(int64_t end, const struct dna_policy_rule *rule, int64_t now)
{
    return rule->until > now && rule->until < end ? rule->until : end;
}

int64_t dna_policies_next_end(const struct dna_policies *policies, int64_t now)
{
    int64_t end = sooner(INT64_MAX, &policies->standard, now);
    size_t cursor = 0;
    struct dna_span key;
    void *value;
    while (dna_map_next(policies->patterns, &cursor, &key, &value)) {
        end = sooner(end, value, now);
    }
    return end;
}

bool dna_policy_admits(const struct dna_policy *policy, enum dna_prooftype type)
{
    bool named = (policy->prooftypes & DNA_PROOF_BIT(type)) != 0;
    switch (policy->level) {
    case DNA_LEVEL_REFUSE:
    case DNA_LEVEL_PIN:
        return false;
    case DNA_LEVEL_PROOF:
    case DNA_LEVEL_DIALBACK:
        return named;
    case DNA_LEVEL_STRONG:
        return named && dna_provers[type]->root_anchored;
    }
    return false;
}

unsigned dna_policy_terms(const struct dna_policy *policy, enum dna_prooftype type)
{
    switch (type) {
    case DNA_PROOF_DANE:
    case DNA_PROOF_DNSSEC_SRV:
    case DNA_PROOF_DNSSEC_TA:
        return policy->dane_usages != 0 ? policy->dane_usages : DNA_DANE_USAGES_DEFAULT;
    case DNA_PROOF_SERVICE_DELEGATION:
        return policy->delegation_legacy;
    case DNA_PROOF_ATTRIBUTE_CERT:
        return (unsigned)policy->attribute_cert_accept_www |
               (unsigned)policy->attribute_cert_wildcard << 1 |
               (unsigned)policy->attribute_cert_serial << 2;
    case DNA_PROOF_PKIX:
    case DNA_PROOF_SRVNAME:
    case DNA_PROOF_POSH:
    case DNA_PROOF_XML_ASSERTION:
    case DNA_PROOF_HOST_META:
    case DNA_PROOF_STS:
        break;
    case DNA_N_PROOFTYPES:
        break;
    }
    return 0;
}
