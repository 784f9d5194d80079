/* gateway/config_policies.c: what is demanded of which peer domain.
 *
 * A line of a map file is read as the section that it stands for, so that both mean the same and
 * are checked alike.
 */
#include "read.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "map.h"
#include "policies.h"

#define POLICIES_MAX 2000
#define ROW_VALUES 17 /* of an option that is a list: one more than any may have */

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

/* What stands there already under the same name. */
static void check_twice(struct reading *r, const struct section *s, const char *file)
{
    const struct gateway_config *c = r->config;
    for (size_t i = 0; i < c->n_policies; i++) {
        const struct gateway_policy_config *other = &c->policies[i];
        if (strcmp(other->pattern, s->title) != 0) {
            continue;
        }
        if (other->file == file) {
            faults_add(&r->faults, s->line, "policy \"%s\": is there twice; remove one",
                       s->title);
        } else {
            faults_add(&r->faults, s->line, "policy \"%s\": is there twice (first in %s, line "
                       "%d); remove one", s->title, other->file, other->line);
        }
    }
}

static void check_pattern(struct reading *r, const struct section *s)
{
    const char *title = s->title;
    struct dna_name name = {""};
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

/* NULL: reported. */
static struct gateway_policy_config *add_policy(struct reading *r, int line)
{
    struct gateway_config *c = r->config;
    if (c->n_policies == POLICIES_MAX) {
        faults_add(&r->faults, line, "more than %d policies; write suffixes (\".example\") where "
                   "many are alike", POLICIES_MAX);
        return NULL;
    }
    if (c->n_policies == c->policies_room) {
        size_t room = c->policies_room != 0 ? 2 * c->policies_room : 16;
        struct gateway_policy_config *more = realloc(c->policies, room * sizeof *more);
        if (more == NULL) {
            faults_add(&r->faults, 0, "out of memory");
            return NULL;
        }
        c->policies = more;
        c->policies_room = room;
    }
    return memset(&c->policies[c->n_policies], 0, sizeof *c->policies);
}

/* False: no more of them. */
static bool take_policy(struct reading *r, const struct section *s, const char *file)
{
    struct gateway_policy_config *policy;
    check_twice(r, s, file);
    policy = add_policy(r, s->line);
    if (policy == NULL) {
        return false;
    }
    policy->file = file;
    policy->pattern = read_copy(r, s->title);
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
    r->config->n_policies += policy->pattern != NULL;
    check_pattern(r, s);
    return true;
}

/* --- map files -------------------------------------------------------------------------- */

/* "LEVEL" and the options, as the settings of a section. */
struct row {
    struct section section;
    struct setting settings[MAP_VALUES_MAX + 1];
    char *values[MAP_VALUES_MAX + 1][ROW_VALUES];
    size_t n;
};

static void add_setting(struct row *row, const struct option *option, int line, char *text)
{
    struct setting *setting = &row->settings[row->n];
    char *word;
    *setting = (struct setting){.next = row->section.settings, .option = option, .line = line,
                                .values = row->values[row->n]};
    if (option->list) {
        while (setting->n < ROW_VALUES && (word = strsep(&text, ",")) != NULL) {
            setting->values[setting->n++] = word;
        }
    } else {
        setting->values[setting->n++] = text;
    }
    row->section.settings = setting;
    row->n++;
}

struct policy_map {
    struct reading *r;
    struct map_keys keys;
    const char *file;
};

static bool take_row(void *arg, struct faults *faults, const struct map_entry *entry)
{
    const struct policy_map *map = arg;
    struct row row = {.section = {.title = (char *)(uintptr_t)entry->domain,
                                  .line = entry->line}};
    char level[32];
    if (entry->n_components != 1) {
        faults_add(faults, entry->line, "\"%.260s\": write one level behind it: %s",
                   entry->domain, gateway_option("policy", "level")->words);
        return true;
    }
    (void)snprintf(level, sizeof level, "%s", entry->components[0]);
    add_setting(&row, gateway_option("policy", "level"), entry->line, level);
    for (size_t i = 0; i < map->keys.n; i++) {
        if (entry->values[i] != NULL) {
            add_setting(&row, gateway_option("policy", map->keys.names[i]), entry->line,
                        entry->values[i]);
        }
    }
    read_check_section(map->r, &row.section, "policy");
    return take_policy(map->r, &row.section, map->file);
}

/* Every option of the section but the level. */
static void name_keys(struct map_keys *keys)
{
    keys->words = "the level comes first";
    for (size_t i = 0; i < gateway_n_options; i++) {
        const struct option *option = &gateway_options[i];
        if (strcmp(option->section, "policy") == 0 && strcmp(option->name, "level") != 0) {
            assert(keys->n < MAP_VALUES_MAX);
            keys->names[keys->n++] = option->name;
        }
    }
}

static void take_map(struct reading *r, const char *file)
{
    struct policy_map map = {.r = r, .file = file};
    struct faults all = r->faults;
    size_t len;
    char *text = file_read(file, MAP_FILE_MAX, &len);
    r->faults = (struct faults){.out = all.out, .file = file};
    name_keys(&map.keys);
    if (text != NULL) {
        (void)map_read(&r->faults, text, len, &map.keys, take_row, &map);
        free(text);
    } else {
        faults_add(&r->faults, 0, "%s; name a file that can be read in policy-map-file",
                   file_trouble_text());
    }
    all.n += r->faults.n;
    r->faults = all;
}

void config_take_policies(struct reading *r)
{
    struct gateway_config *c = r->config;
    bool fine = true;
    for (const struct section *s = read_first(r, "policy"); s != NULL && fine;
         s = parse_next(s)) {
        fine = s->title == NULL || take_policy(r, s, c->file); /* without: reported */
    }
    read_names(r, r->sections, "policy-map-file", &c->policy_maps);
    for (size_t i = 0; i < c->policy_maps.n; i++) {
        take_map(r, c->policy_maps.list[i]);
    }
}
