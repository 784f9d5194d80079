/* gateway/hosts.c: sections and map files make one sorted list of domains.
 *
 * Sorted, so that a domain is found by halving, and two configurations are compared by going
 * along both.
 */
#include "hosts.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "map.h"
#include "options.h"

#define PROOF_FILE_MAX (1024 * 1024)

struct gateway_host_config *hosts_add(struct gateway_config *config, struct faults *faults,
                                      const char *file, int line)
{
    struct gateway_host_config *host;
    if (config->n_hosts == HOSTS_MAX) {
        faults_add(faults, line, "more than %d domains; serve the others with another gateway",
                   HOSTS_MAX);
        return NULL;
    }
    if (config->n_hosts == config->hosts_room) {
        size_t room = config->hosts_room != 0 ? 2 * config->hosts_room : 64;
        host = realloc(config->hosts, room * sizeof *host);
        if (host == NULL) {
            faults_add(faults, 0, "out of memory");
            return NULL;
        }
        config->hosts = host;
        config->hosts_room = room;
    }
    host = &config->hosts[config->n_hosts++];
    *host = (struct gateway_host_config){.file = file, .line = line};
    return host;
}

size_t hosts_find_link(const struct gateway_config *config, const char *name)
{
    size_t i = 0;
    while (i < config->n_links && strcmp(config->links[i].name, name) != 0) {
        i++;
    }
    return i;
}

void hosts_name(struct gateway_host_config *host, struct faults *faults, const char *what,
                const char *text)
{
    if (dna_name_parse(dna_span_of(text), &host->domain) != DNA_OK ||
        dna_name_is_address(&host->domain)) {
        faults_add(faults, host->line, "%s\"%.260s\": is no domain that all servers read "
                                       "alike; write its A-label form (xn--...)", what, text);
        host->domain.text[0] = '\0';
    } else if (strcmp(host->domain.text, text) != 0) {
        faults_add(faults, host->line, "%s\"%s\": is not the canonical form; write \"%s\"",
                   what, text, host->domain.text);
    }
}

/* --- map files ----------------------------------------------------------------------- */

static bool copy_value(char **out, const char *value, struct faults *faults)
{
    *out = value != NULL ? strdup(value) : NULL;
    if (value != NULL && *out == NULL) {
        faults_add(faults, 0, "out of memory");
        return false;
    }
    return true;
}

/* What holds for the domain and those below it: a zone key is not that of other zones, and an
 * attribute certificate names one holder. */
static bool fill(struct gateway_host_config *host, const struct gateway_host_config *customer,
                 const struct map_entry *entry, struct faults *faults)
{
    bool first = customer == NULL;
    bool below = first || dna_name_is_under(host->domain.text, customer->domain.text);
    return copy_value(&host->certificate, entry->values[MAP_CERTIFICATE], faults) &&
           copy_value(&host->key, entry->values[MAP_KEY], faults) &&
           copy_value(&host->dnssec_ta_url, below ? entry->values[MAP_DNSSEC_TA_URL] : NULL,
                      faults) &&
           copy_value(&host->attribute_cert_file,
                      first ? entry->values[MAP_ATTRIBUTE_CERT_FILE] : NULL, faults);
}

static void check_entry(const struct gateway_config *config, struct faults *faults,
                        const struct map_entry *entry)
{
    static const struct option file = {.type = OPTION_FILE},
                               url = {.type = OPTION_URL, .name = "dnssec-ta-url"};
    const char *link = entry->values[MAP_LINK];
    if (link == NULL) {
        faults_add(faults, entry->line, "\"%.260s\": link= is missing; name the link that "
                                        "serves it", entry->domain);
    } else if (hosts_find_link(config, link) == config->n_links) {
        faults_add(faults, entry->line, "\"%.260s\": there is no link \"%.60s\"; add it to the "
                   "configuration, or correct the name", entry->domain, link);
    }
    if ((entry->values[MAP_CERTIFICATE] == NULL) != (entry->values[MAP_KEY] == NULL)) {
        faults_add(faults, entry->line, "\"%.260s\": certificate= and key= go together; give "
                                        "both or neither", entry->domain);
    }
    for (int i = MAP_CERTIFICATE; i < MAP_N_KEYS; i++) {
        struct option option = i == MAP_DNSSEC_TA_URL ? url : file;
        option.name = map_customers.names[i];
        if (entry->values[i] != NULL) {
            check_value(faults, entry->line, &option, entry->values[i]);
        }
    }
}

/* The whole name of a component; false: too long. */
static bool component_name(const char *component, const char *domain, char *out, size_t size)
{
    size_t len = strlen(component);
    bool label = len > 1 && component[len - 1] == '.';
    int n = label ? snprintf(out, size, "%s%s", component, domain)
                  : snprintf(out, size, "%s", component);
    return n >= 0 && (size_t)n < size;
}

struct map_taking {
    struct gateway_config *config;
    const char *file;
};

static bool take_entry(void *arg, struct faults *faults, const struct map_entry *entry)
{
    const struct map_taking *taking = arg;
    struct gateway_config *config = taking->config;
    size_t at = config->n_hosts;
    size_t link = entry->values[MAP_LINK] != NULL
                      ? hosts_find_link(config, entry->values[MAP_LINK])
                      : config->n_links;
    check_entry(config, faults, entry);
    for (size_t i = 0; i <= entry->n_components; i++) {
        struct gateway_host_config *host =
            hosts_add(config, faults, taking->file, entry->line);
        char name[2 * DNA_NAME_MAX + 8];
        if (host == NULL) {
            return false;
        }
        host->link = link;
        if (i == 0) {
            hosts_name(host, faults, "", entry->domain);
        } else if (component_name(entry->components[i - 1], entry->domain, name,
                                  sizeof name)) {
            hosts_name(host, faults, "component ", name);
        } else {
            faults_add(faults, entry->line, "component \"%.60s...\": is too long for a domain",
                       entry->components[i - 1]);
        }
        if (!fill(host, i == 0 ? NULL : &config->hosts[at], entry, faults)) {
            return false;
        }
    }
    return true;
}

void hosts_read_map(struct gateway_config *config, struct faults *faults, const char *file)
{
    struct faults here = {.out = faults->out, .file = file};
    struct map_taking taking = {config, file};
    size_t len;
    char *text = file_read(file, MAP_FILE_MAX, &len);
    if (text != NULL) {
        (void)map_read(&here, text, len, &map_customers, take_entry, &taking);
        free(text);
    } else {
        faults_add(&here, 0, "%s; name a file that can be read in map-file",
                   file_trouble_text());
    }
    faults->n += here.n;
}

/* --- all of them ---------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct gateway_host_config *one = a, *other = b;
    int order = strcmp(one->domain.text, other->domain.text);
    if (order == 0) {
        order = (one->order > other->order) - (one->order < other->order);
    }
    return order;
}

static void check_twice(const struct gateway_config *config, struct faults *faults,
                        const struct gateway_host_config *before,
                        const struct gateway_host_config *host)
{
    struct faults here = {.out = faults->out, .file = host->file};
    bool section = host->file == config->file;
    if (before->file == host->file) {
        faults_add(&here, host->line, "%s\"%s\": is there twice (first on line %d); remove one",
                   section ? "host " : "", host->domain.text, before->line);
    } else {
        faults_add(&here, host->line, "%s\"%s\": is there twice (first in %s, line %d); remove "
                   "one", section ? "host " : "", host->domain.text, before->file,
                   before->line);
    }
    faults->n += here.n;
}

/* In base64 white space would only make the proof longer than a peer takes. */
static void strip(char *text, size_t len)
{
    bool pem = len != 0 && text[0] == '-';
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (pem || strchr(" \t\r\n", text[i]) == NULL) {
            text[n++] = text[i];
        }
    }
    text[n] = '\0';
}

static void read_proof(struct gateway_host_config *host, struct faults *faults)
{
    size_t len;
    if (host->attribute_cert_file == NULL) {
        return;
    }
    host->attribute_cert = file_read(host->attribute_cert_file, PROOF_FILE_MAX, &len);
    if (host->attribute_cert != NULL) {
        strip(host->attribute_cert, len);
    } else {
        struct faults here = {.out = faults->out, .file = host->file};
        faults_add(&here, host->line, "%s: %s; give a file that this user can read",
                   host->attribute_cert_file, file_trouble_text());
        faults->n += here.n;
    }
}

void hosts_settle(struct gateway_config *config, struct faults *faults)
{
    unsigned twice = 0;
    if (config->n_hosts == 0) {
        faults_add(faults, 1, "no domain is hosted; add a host section for each, or name a map "
                              "of them with map-file");
        return;
    }
    for (size_t i = 0; i < config->n_hosts; i++) {
        config->hosts[i].order = i;
        read_proof(&config->hosts[i], faults);
    }
    qsort(config->hosts, config->n_hosts, sizeof *config->hosts, compare);
    for (size_t i = 1; i < config->n_hosts && twice <= MAP_FAULTS_MAX; i++) {
        const struct gateway_host_config *host = &config->hosts[i];
        if (host->domain.text[0] == '\0' ||
            strcmp(host->domain.text, host[-1].domain.text) != 0) {
            continue;
        }
        if (++twice <= MAP_FAULTS_MAX) {
            check_twice(config, faults, &host[-1], host);
        } else {
            faults_add(faults, 0, "there are more domains twice; correct these first");
        }
    }
}

void hosts_compare(const struct gateway_config *old, const struct gateway_config *next,
                   hosts_compare_fn *fn, void *arg)
{
    size_t n_old = old != NULL ? old->n_hosts : 0, i = 0, k = 0;
    while (i < n_old || k < next->n_hosts) {
        const struct gateway_host_config *one = i < n_old ? &old->hosts[i] : NULL;
        const struct gateway_host_config *other = k < next->n_hosts ? &next->hosts[k] : NULL;
        int order = one == NULL     ? 1
                    : other == NULL ? -1
                                    : strcmp(one->domain.text, other->domain.text);
        fn(arg, order <= 0 ? one : NULL, order >= 0 ? other : NULL);
        i += order <= 0;
        k += order >= 0;
    }
}

const struct gateway_host_config *gateway_config_host(const struct gateway_config *config,
                                                      const char *domain)
{
    size_t low = 0, high = config->n_hosts;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(config->hosts[middle].domain.text, domain);
        if (order == 0) {
            return &config->hosts[middle];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}
