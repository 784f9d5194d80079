/* gateway/config_policies.c: what is demanded of which peer domain. */
#include "read.h"

#include <string.h>

#include "check.h"
#include "policies.h"

static unsigned prooftypes_of(const struct section *s)
{
    const struct setting *setting = parse_setting(s, "prooftypes");
    unsigned bits = 0;
    for (size_t i = 0; setting != NULL && i < setting->n; i++) {
        enum dna_prooftype type;
        if (dna_prooftype_by_name(dna_span_of(setting->values[i]), &type) == DNA_OK) {
            bits |= DNA_PROOF_BIT(type);
        }
    }
    return setting != NULL ? bits : dna_policy_default().prooftypes;
}

static unsigned dane_usages_of(const struct section *s)
{
    const struct setting *setting = parse_setting(s, "dane-usages");
    unsigned bits = 0;
    for (size_t i = 0; setting != NULL && i < setting->n; i++) {
        const char *word = setting->values[i];
        if (word[0] >= '0' && word[0] <= '3' && word[1] == '\0') {
            bits |= DNA_DANE_USAGE_BIT(word[0] - '0');
        }
    }
    return bits != 0 ? bits : dna_policy_default().dane_usages;
}

static enum dna_level level_of(const char *word)
{
    return strcmp(word, "proof") == 0      ? DNA_LEVEL_PROOF
           : strcmp(word, "strong") == 0   ? DNA_LEVEL_STRONG
           : strcmp(word, "dialback") == 0 ? DNA_LEVEL_DIALBACK
           : strcmp(word, "pin") == 0      ? DNA_LEVEL_PIN
                                           : DNA_LEVEL_REFUSE;
}

static void take_pins(struct reading *r, const struct section *s, struct dna_policy *policy)
{
    const struct setting *setting = parse_setting(s, "pins");
    bool wanted = policy->level == DNA_LEVEL_PIN ||
                  strcmp(read_value(s, "policy", "observe"), "pin") == 0;
    for (size_t i = 0; setting != NULL && i < setting->n && i < DNA_POLICY_PINS; i++) {
        if (!check_pin(setting->values[i], policy->pins[policy->n_pins])) {
            faults_add(&r->faults, setting->line, "pins: \"%s\" is no SHA-256 in hex or base64",
                       setting->values[i]);
        } else {
            policy->n_pins++;
        }
    }
    if (wanted && (setting == NULL || setting->n == 0)) {
        const char *name = policy->level == DNA_LEVEL_PIN ? "level" : "observe";
        faults_add(&r->faults, read_line(s, name), "%s: pin needs pins; add the SHA-256 of "
                   "the server's key to pins", name);
    } else if (!wanted && setting != NULL && setting->n != 0) {
        faults_add(&r->faults, setting->line, "pins: is for level pin; set that, or remove it");
    }
}

static void take_delegation(struct reading *r, const struct section *s,
                            struct dna_policy *policy)
{
    bool admitted =
        (policy->prooftypes & DNA_PROOF_BIT(DNA_PROOF_SERVICE_DELEGATION)) != 0;
    policy->delegation_connect = read_truth(s, "policy", "delegation-connect");
    policy->delegation_legacy = read_truth(s, "policy", "delegation-legacy");
    if ((policy->delegation_connect || policy->delegation_legacy) && !admitted) {
        const char *name =
            policy->delegation_connect ? "delegation-connect" : "delegation-legacy";
        faults_add(&r->faults, read_line(s, name), "%s: is for policies that admit the "
                   "prooftype service-delegation; add that to prooftypes", name);
    }
}

static void take_policy(struct reading *r, const struct section *s)
{
    struct gateway_config *c = r->config;
    struct gateway_policy_config *policy = &c->policies[c->n_policies];
    const char *title = s->title;
    struct dna_name name = {""};
    policy->pattern = read_copy(r, title);
    policy->policy = dna_policy_default();
    policy->policy.level = level_of(read_value(s, "policy", "level"));
    policy->policy.prooftypes = prooftypes_of(s);
    policy->policy.dane_usages = dane_usages_of(s);
    policy->policy.attribute_cert_accept_www =
        read_truth(s, "policy", "attribute-cert-accept-www");
    policy->policy.attribute_cert_wildcard =
        read_truth(s, "policy", "attribute-cert-accept-wildcard");
    policy->policy.attribute_cert_serial =
        read_truth(s, "policy", "attribute-cert-accept-serial");
    take_delegation(r, s, &policy->policy);
    take_pins(r, s, &policy->policy);
    policies_take(&r->faults, s, policy);
    c->n_policies += policy->pattern != NULL;
    if (strcmp(title, "*") == 0) {
        return;
    }
    title += title[0] == '.';
    if (dna_name_parse(dna_span_of(title), &name) != DNA_OK) {
        faults_add(&r->faults, s->line, "policy \"%s\": write \"*\", a domain, or \".suffix\"",
                   s->title);
    } else if (strcmp(name.text, title) != 0) {
        faults_add(&r->faults, s->line, "policy \"%s\": is not the canonical form; write "
                   "\"%s%s\"", s->title, title != s->title ? "." : "", name.text);
    }
}

void config_take_policies(struct reading *r)
{
    struct gateway_config *c = r->config;
    c->policies = read_array(r, read_count(r, "policy"), sizeof *c->policies);
    for (const struct section *s = read_first(r, "policy"); s != NULL && c->policies != NULL;
         s = parse_next(s)) {
        if (s->title == NULL) {
            continue;
        }
        for (size_t i = 0; i < c->n_policies; i++) {
            if (strcmp(c->policies[i].pattern, s->title) == 0) {
                faults_add(&r->faults, s->line, "policy \"%s\": is there twice; remove one",
                           s->title);
            }
        }
        take_policy(r, s);
    }
}
