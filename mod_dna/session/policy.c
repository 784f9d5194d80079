/* session/policy.c: the exact name first, then the longest suffix of whole labels, then "*".
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
    policies->standard = dna_policy_default();
    policies->standard.generation = policies->generation;
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

static enum dna_err add(struct dna_policies *policies, const char *pattern,
                        struct dna_policy **out)
{
    struct dna_policy *policy = dna_alloc_zero(policies->alloc, 1, sizeof *policy);
    enum dna_err err;
    if (policy == NULL) {
        return DNA_ERR_MEMORY;
    }
    err = dna_map_set(policies->patterns, dna_span_of(pattern), policy);
    if (err != DNA_OK) {
        dna_alloc_release(policies->alloc, policy);
        return err;
    }
    *out = policy;
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

enum dna_err dna_policies_set(struct dna_policies *policies, const char *pattern,
                              const struct dna_policy *policy, bool *changed)
{
    struct pattern known;
    struct dna_policy *held;
    enum dna_err err = canonical(pattern, &known);
    *changed = false;
    if (err != DNA_OK) {
        return err;
    }
    if (!valid(policy)) {
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
    if (held->generation != 0 && same(held, policy)) {
        return DNA_OK;
    }
    *held = *policy;
    held->generation = ++policies->generation;
    *changed = true;
    return DNA_OK;
}

enum dna_err dna_policies_drop(struct dna_policies *policies, const char *pattern,
                               bool *changed)
{
    const struct dna_policy standard = dna_policy_default();
    struct pattern known;
    struct dna_policy *held;
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
    policies->standard.generation = ++policies->generation;
    while (dna_map_next(policies->patterns, &cursor, &key, &value)) {
        struct dna_policy *policy = value;
        policy->generation = ++policies->generation;
    }
}

struct dna_policy dna_policies_for(const struct dna_policies *policies, const char *domain)
{
    const struct dna_policy *policy = dna_map_get(policies->patterns, dna_span_of(domain));
    const char *dot = domain;
    struct dna_name name;
    (void)snprintf(name.text, sizeof name.text, "%s", domain);
    if (policy == NULL && !dna_name_is_address(&name)) {
        while (policy == NULL && (dot = strchr(dot, '.')) != NULL) {
            policy = dna_map_get(policies->patterns, dna_span_of(dot));
            dot++;
        }
    }
    return policy != NULL ? *policy : policies->standard;
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
        return policy->attribute_cert_accept_www | policy->attribute_cert_wildcard << 1 |
               policy->attribute_cert_serial << 2;
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
