/* gateway/show.c: the configuration with its defaults, and the table as help. */
#include <string.h>

#include "config.h"
#include "options.h"
#include "parse.h"
#include "policies.h"

static void print_value(FILE *out, const struct option *o, const char *value)
{
    if (o->type == OPTION_NUMBER || o->type == OPTION_YES_NO || o->type == OPTION_PORT) {
        fputs(value, out);
        return;
    }
    fputc('"', out);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            fputc('\\', out);
        }
        fputc(*value, out);
    }
    fputc('"', out);
}

static void print_default_list(FILE *out, const struct option *o)
{
    char word[64];
    const char *separator = " ";
    for (const char *p = o->otherwise; *p != '\0';) {
        size_t len = strcspn(p, " ");
        (void)snprintf(word, sizeof word, "%.*s", (int)len, p);
        fputs(separator, out);
        print_value(out, o, word);
        separator = ", ";
        p += len + (p[len] == ' ');
    }
}

static void print_option(FILE *out, const struct section *section, const struct option *o,
                         const char *indent)
{
    const struct setting *setting = parse_setting(section, o->name);
    fprintf(out, "%s%s = ", indent, o->name);
    if (!o->list) {
        print_value(out, o, setting != NULL ? setting->values[0] : o->otherwise);
    } else {
        fputs("{", out);
        if (setting == NULL) {
            print_default_list(out, o);
        }
        for (size_t i = 0; setting != NULL && i < setting->n; i++) {
            fputs(i > 0 ? ", " : " ", out);
            print_value(out, o, setting->values[i]);
        }
        fputs(" }", out);
    }
    fputc('\n', out);
}

static void print_options(FILE *out, const struct section *section, const char *kind,
                          const char *indent)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        if (strcmp(gateway_options[i].section, kind) == 0) {
            print_option(out, section, &gateway_options[i], indent);
        }
    }
}

static void print_section(FILE *out, const struct section *section,
                          const struct option_section *kind)
{
    static const struct option titled = {.type = OPTION_TEXT};
    fprintf(out, "%s ", kind->name);
    if (kind->titled) {
        print_value(out, &titled, section->title);
        fputc(' ', out);
    }
    fputs("{\n", out);
    print_options(out, section, kind->name, "  ");
    fputs("}\n", out);
}

static void print_all(FILE *out, const struct section *sections)
{
    print_options(out, sections, "", "");
    for (size_t i = 0; i < gateway_n_sections; i++) {
        const struct option_section *kind = &gateway_sections[i];
        const struct section *s = parse_first(sections, kind->name);
        if (!kind->titled) {
            print_section(out, s, kind);
            continue;
        }
        for (; s != NULL; s = parse_next(s)) {
            print_section(out, s, kind);
        }
    }
}

static void print_pair(FILE *out, const char *name, const char *value)
{
    if (value != NULL) {
        fprintf(out, " %s=%s", name, value);
    }
}

static void print_peer(FILE *out, const struct gateway_policy_config *policy)
{
    char day[POLICIES_DAY];
    fprintf(out, "#   %s %s", policy->pattern, policies_level(policy->policy.level));
    print_pair(out, "until", policies_day(policy->until, day) ? day : NULL);
    print_pair(out, "observe",
               policy->observes ? policies_level(policy->observed.level) : NULL);
    print_pair(out, "report-only", policy->report_only ? "true" : NULL);
    fputc('\n', out);
}

/* What map files say, name by name; as comments, for the file names them already. */
static void print_maps(FILE *out, const struct gateway_config *config)
{
    for (size_t i = 0; i < config->map_files.n; i++) {
        const char *file = config->map_files.list[i];
        fprintf(out, "# %s:\n", file);
        for (size_t k = 0; k < config->n_hosts; k++) {
            const struct gateway_host_config *host = &config->hosts[k];
            if (host->file != file) {
                continue;
            }
            fprintf(out, "#   %s link=%s", host->domain.text, config->links[host->link].name);
            print_pair(out, "certificate", host->certificate);
            print_pair(out, "key", host->key);
            print_pair(out, "dnssec-ta-url", host->dnssec_ta_url);
            print_pair(out, "attribute-cert-file", host->attribute_cert_file);
            fputc('\n', out);
        }
    }
    for (size_t i = 0; i < config->policy_maps.n; i++) {
        fprintf(out, "# %s:\n", config->policy_maps.list[i]);
        for (size_t k = 0; k < config->n_policies; k++) {
            if (strcmp(config->policies[k].file, config->policy_maps.list[i]) == 0) {
                print_peer(out, &config->policies[k]);
            }
        }
    }
}

bool gateway_config_print(const char *file, FILE *out, FILE *errors)
{
    struct faults faults = {.out = errors, .file = file};
    unsigned wrong = 0;
    const struct gateway_config *config = gateway_config_read(file, errors, &wrong);
    struct section *sections = wrong == 0 ? parse_file(file, &faults) : NULL;
    bool fine = sections != NULL && faults.n == 0;
    if (fine) {
        print_all(out, sections);
        print_maps(out, config);
    }
    parse_free(sections);
    gateway_config_free(config);
    return fine;
}

void gateway_config_help(FILE *out)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        const struct option *o = &gateway_options[i];
        fprintf(out, "%s%s%s = %s%s%s\n    %s\n", o->section, o->section[0] != '\0' ? "." : "",
                o->name, o->list ? "{ " : "", o->otherwise, o->list ? " }" : "", o->help);
    }
}
