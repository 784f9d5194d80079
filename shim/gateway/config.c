/* gateway/config.c: from a file to a checked, immutable configuration.
 *
 * libconfuse parses; its option arrays are made from the table in options.c.  Values are
 * checked where they stand, so that a message can name the line; what concerns several
 * options is checked afterwards and named by the line of its section.  All faults of a file
 * are reported in one run as far as the parser gets.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "options.h"

struct reading {
    const char *file;
    FILE *errors;
    unsigned faults;
    cfg_opt_t **arrays; /* one per section, then the top level */
};

/* libconfuse's callbacks carry no argument; a file is read by one thread at a time. */
static struct reading *now_reading;

static void complain(int line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (line > 0) {
        fprintf(now_reading->errors, "%s:%d: ", now_reading->file, line);
    } else {
        fprintf(now_reading->errors, "%s: ", now_reading->file);
    }
    vfprintf(now_reading->errors, format, args);
    fputc('\n', now_reading->errors);
    va_end(args);
    now_reading->faults++;
}

static void parser_error(cfg_t *cfg, const char *format, va_list args)
{
    char text[512];
    (void)vsnprintf(text, sizeof text, format, args);
    complain(cfg->line, "%s; dna-gateway.conf(5) lists the options", text);
}

/* --- single values ----------------------------------------------------------------- */

static bool is_ip(const char *text)
{
    unsigned char binary[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, binary) == 1 || inet_pton(AF_INET6, text, binary) == 1;
}

static bool parse_address(const char *text, struct gateway_address *out)
{
    const char *at = strchr(text, '@');
    char *end;
    unsigned long port;
    if (at == NULL || (size_t)(at - text) >= sizeof out->ip || at[1] < '0' || at[1] > '9') {
        return false;
    }
    memcpy(out->ip, text, (size_t)(at - text));
    out->ip[at - text] = '\0';
    port = strtoul(at + 1, &end, 10);
    if (*end != '\0' || port == 0 || port > 65535 || !is_ip(out->ip)) {
        return false;
    }
    out->port = (uint16_t)port;
    return true;
}

static bool is_word_of(const char *word, const char *words)
{
    size_t len = strlen(word);
    for (const char *p = words; len > 0 && (p = strstr(p, word)) != NULL; p += len) {
        if ((p == words || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool is_url(const char *text)
{
    return (strncmp(text, "http://", 7) == 0 && text[7] != '\0') ||
           (strncmp(text, "https://", 8) == 0 && text[8] != '\0');
}

static void check_text(int line, const struct option *o, const char *value)
{
    struct gateway_address address;
    switch (o->type) {
    case OPTION_WORD:
        if (!is_word_of(value, o->words)) {
            complain(line, "%s: \"%s\" is not possible; use one of: %s", o->name, value,
                     o->words);
        }
        break;
    case OPTION_FILE:
        if (access(value, R_OK) != 0) {
            complain(line, "%s: %s: %s; give a file that this user can read", o->name, value,
                     strerror(errno));
        }
        break;
    case OPTION_ADDRESS:
        if (!parse_address(value, &address)) {
            complain(line, "%s: \"%s\" is no address and port; write \"192.0.2.1@5269\"",
                     o->name, value);
        }
        break;
    case OPTION_IP:
        if (value[0] != '\0' && !is_ip(value)) {
            complain(line, "%s: \"%s\" is no IP address; write one, or leave it empty",
                     o->name, value);
        }
        break;
    case OPTION_USER:
        if (value[0] != '\0' && getpwnam(value) == NULL) {
            complain(line, "%s: there is no user \"%s\" on this system; name the user that "
                           "the local server runs as", o->name, value);
        }
        break;
    case OPTION_URL:
        if (value[0] != '\0' && !is_url(value)) {
            complain(line, "%s: \"%s\" is no http or https URL", o->name, value);
        }
        break;
    case OPTION_TEXT:
        if (value[0] == '\0') {
            complain(line, "%s: is empty; write a value or leave the option out", o->name);
        }
        break;
    case OPTION_NUMBER:
    case OPTION_YES_NO:
        break;
    }
}

static int check_option(cfg_t *cfg, cfg_opt_t *opt)
{
    const char *section = strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
    const struct option *o = gateway_option(section, opt->name);
    unsigned n = cfg_opt_size(opt);
    if (o == NULL || n == 0) {
        return 0;
    }
    if (o->type == OPTION_NUMBER) {
        long value = cfg_opt_getnint(opt, 0);
        if (value < o->least || value > o->most) {
            complain(cfg->line, "%s: %ld is not between %ld and %ld", o->name, value, o->least,
                     o->most);
        }
    } else if (o->type != OPTION_YES_NO) {
        /* A list is checked value by value as it grows. */
        check_text(cfg->line, o, cfg_opt_getnstr(opt, n - 1));
        if (o->list && n == (unsigned)o->most + 1) {
            complain(cfg->line, "%s: more than %ld values", o->name, o->most);
        }
    }
    return 0;
}

/* --- the parser, made from the table ------------------------------------------------ */

static cfg_opt_t as_parser_option(const struct option *o)
{
    cfg_opt_t made = CFG_END();
    /* libconfuse's initialisers want writable text and leave it alone. */
    char *otherwise = (char *)(uintptr_t)o->otherwise;
    static char lists[16][128];
    static unsigned n_lists;
    if (o->type == OPTION_NUMBER) {
        made = (cfg_opt_t)CFG_INT(o->name, atol(o->otherwise), CFGF_NONE);
    } else if (o->type == OPTION_YES_NO) {
        made = (cfg_opt_t)CFG_BOOL(o->name, strcmp(o->otherwise, "true") == 0, CFGF_NONE);
    } else if (o->list) {
        char *list = lists[n_lists++ % 16];
        size_t at = 0;
        at += (size_t)snprintf(list, 128, "{");
        for (const char *p = o->otherwise; *p != '\0';) {
            size_t len = strcspn(p, " ");
            at += (size_t)snprintf(list + at, 128 - at, "%s\"%.*s\"", at > 1 ? ", " : "",
                                   (int)len, p);
            p += len + (p[len] == ' ');
        }
        (void)snprintf(list + at, 128 - at, "}");
        made = (cfg_opt_t)CFG_STR_LIST(o->name, list, CFGF_NONE);
    } else {
        made = (cfg_opt_t)CFG_STR(o->name, otherwise, CFGF_NONE);
    }
    made.validcb = check_option;
    return made;
}

static size_t add_options(const char *section, cfg_opt_t *into)
{
    size_t n = 0;
    for (size_t i = 0; i < gateway_n_options; i++) {
        if (strcmp(gateway_options[i].section, section) == 0) {
            into[n++] = as_parser_option(&gateway_options[i]);
        }
    }
    return n;
}

/* NULL: no memory.  The arrays are copied by libconfuse and may be static. */
static cfg_t *make_parser(void)
{
    static cfg_opt_t sections[8][16], top[24];
    const cfg_opt_t end = CFG_END();
    size_t n = add_options("", top);
    cfg_t *cfg;
    for (size_t i = 0; i < gateway_n_sections; i++) {
        const struct option_section *s = &gateway_sections[i];
        cfg_flag_t flags = s->titled ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NONE;
        sections[i][add_options(s->name, sections[i])] = end;
        top[n++] = (cfg_opt_t)CFG_SEC(s->name, sections[i], flags);
    }
    top[n] = end;
    cfg = cfg_init(top, CFGF_NONE);
    if (cfg != NULL) {
        (void)cfg_set_error_function(cfg, parser_error);
    }
    return cfg;
}

/* --- from the parser's values to ours ------------------------------------------------ */

static char *copy_of(const char *text)
{
    char *copy = strdup(text != NULL ? text : "");
    if (copy == NULL) {
        complain(0, "out of memory");
    }
    return copy;
}

static char *optional(const char *text)
{
    return text != NULL && text[0] != '\0' ? copy_of(text) : NULL;
}

static void *array_of(size_t n, size_t size)
{
    void *array = calloc(n != 0 ? n : 1, size);
    if (array == NULL) {
        complain(0, "out of memory");
    }
    return array;
}

static void take_names(cfg_t *cfg, const char *option, struct gateway_names *out)
{
    unsigned n = cfg_size(cfg, option);
    out->list = array_of(n, sizeof *out->list);
    for (unsigned i = 0; i < n && out->list != NULL; i++) {
        out->list[i] = copy_of(cfg_getnstr(cfg, option, i));
        out->n++;
    }
}

/* Options without which a section makes no sense. */
static void check_required(cfg_t *cfg, const char *section)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        const struct option *o = &gateway_options[i];
        bool missing;
        if (!o->required || strcmp(o->section, section) != 0) {
            continue;
        }
        missing = o->list ? cfg_size(cfg, o->name) == 0 : cfg_getstr(cfg, o->name)[0] == '\0';
        if (missing) {
            complain(cfg->line, "%s%s%s%s: \"%s\" is missing; it is %s", section,
                     cfg->title != NULL ? " \"" : "", cfg->title != NULL ? cfg->title : "",
                     cfg->title != NULL ? "\"" : "", o->name, o->help);
        }
    }
}

static bool is_loopback(const char *ip)
{
    return strncmp(ip, "127.", 4) == 0 || strcmp(ip, "::1") == 0;
}

static void take_public(cfg_t *root, struct gateway_config *c)
{
    cfg_t *cfg = cfg_getsec(root, "public");
    unsigned n = cfg_size(cfg, "listen");
    check_required(cfg, "public");
    c->listen = array_of(n, sizeof *c->listen);
    for (unsigned i = 0; i < n && c->listen != NULL; i++) {
        (void)parse_address(cfg_getnstr(cfg, "listen", i), &c->listen[c->n_listen++]);
    }
    c->certificate = copy_of(cfg_getstr(cfg, "certificate"));
    c->key = copy_of(cfg_getstr(cfg, "key"));
    c->source = optional(cfg_getstr(cfg, "source"));
    c->ca_file = copy_of(cfg_getstr(root, "ca-file"));
}

static void take_resolver(cfg_t *root, struct gateway_config *c)
{
    cfg_t *cfg = cfg_getsec(root, "resolver");
    struct gateway_dns_config *dns = &c->dns;
    bool forward = strcmp(cfg_getstr(cfg, "mode"), "forward") == 0;
    dns->mode = forward ? GATEWAY_DNS_FORWARD : GATEWAY_DNS_ITERATE;
    take_names(cfg, "forward", &dns->servers);
    take_names(cfg, "island-anchor-files", &dns->islands);
    dns->root_hints = copy_of(cfg_getstr(cfg, "root-hints"));
    dns->trust_anchor = copy_of(cfg_getstr(cfg, "trust-anchor-file"));
    if (forward != (dns->servers.n > 0)) {
        complain(cfg->line, forward ? "resolver: mode is \"forward\" but forward is empty; "
                                      "name at least one resolver"
                                    : "resolver: forward names resolvers but mode is "
                                      "\"iterate\"; set mode = \"forward\" or empty it");
    }
    if (access(dns->trust_anchor, R_OK) != 0) {
        complain(cfg->line, "resolver: trust-anchor-file: %s: %s; without the root's key "
                            "nothing that rests on DNSSEC can be proven (Debian's package "
                            "dns-root-data has it)", dns->trust_anchor, strerror(errno));
    }
    take_names(cfg_getsec(root, "address-guard"), "allow", &c->guard_allow);
}

static void take_link(cfg_t *cfg, struct gateway_link_config *link)
{
    const char *user = cfg_getstr(cfg, "user");
    const struct passwd *entry;
    check_required(cfg, "link");
    link->name = copy_of(cfg_title(cfg));
    link->trust_loopback = cfg_getbool(cfg, "trust-loopback");
    if (parse_address(cfg_getstr(cfg, "listen"), &link->listen) &&
        !is_loopback(link->listen.ip)) {
        complain(cfg->line, "link \"%s\": listen must be a loopback address: the hop to the "
                            "local server is not encrypted", link->name);
    }
    if (parse_address(cfg_getstr(cfg, "server"), &link->server) &&
        !is_loopback(link->server.ip)) {
        complain(cfg->line, "link \"%s\": server must be a loopback address: the hop to the "
                            "local server is not encrypted", link->name);
    }
    entry = user[0] != '\0' ? getpwnam(user) : NULL;
    if (entry != NULL) {
        link->has_user = true;
        link->uid = entry->pw_uid;
    }
    if (link->has_user && link->trust_loopback) {
        complain(cfg->line, "link \"%s\": user and trust-loopback contradict each other; "
                            "leave one out", link->name);
    } else if (user[0] == '\0' && !link->trust_loopback) {
        complain(cfg->line, "link \"%s\": name the user that the local server runs as, or "
                            "say trust-loopback = true to believe every local process",
                 link->name);
    }
}

static void take_links(cfg_t *root, struct gateway_config *c)
{
    unsigned n = cfg_size(root, "link");
    c->links = array_of(n, sizeof *c->links);
    for (unsigned i = 0; i < n && c->links != NULL; i++) {
        take_link(cfg_getnsec(root, "link", i), &c->links[c->n_links++]);
    }
    for (size_t i = 0; i < c->n_links; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(&c->links[i].listen, &c->links[j].listen, sizeof c->links[i].listen) ==
                0) {
                complain(cfg_getnsec(root, "link", (unsigned)i)->line,
                         "link \"%s\": listens where link \"%s\" does; give each link an "
                         "address or a port of its own", c->links[i].name, c->links[j].name);
            }
        }
    }
    if (n == 0) {
        complain(0, "there is no link; add a link section for the local server");
    }
}

static void take_host(cfg_t *cfg, struct gateway_config *c, struct gateway_host_config *host)
{
    const char *link = cfg_getstr(cfg, "link");
    check_required(cfg, "host");
    if (dna_name_parse(dna_span_of(cfg_title(cfg)), &host->domain) != DNA_OK ||
        dna_name_is_address(&host->domain)) {
        complain(cfg->line, "host \"%s\": is no domain that all servers read alike",
                 cfg_title(cfg));
        return;
    }
    host->dnssec_ta_url = optional(cfg_getstr(cfg, "dnssec-ta-url"));
    for (size_t i = 0; i < c->n_hosts - 1; i++) {
        if (strcmp(c->hosts[i].domain.text, host->domain.text) == 0) {
            complain(cfg->line, "host \"%s\": is there twice; remove one", cfg_title(cfg));
        }
    }
    for (host->link = 0; host->link < c->n_links; host->link++) {
        if (strcmp(c->links[host->link].name, link) == 0) {
            return;
        }
    }
    if (link[0] != '\0') {
        complain(cfg->line, "host \"%s\": there is no link \"%s\"; add it, or correct the name",
                 cfg_title(cfg), link);
    }
}

static void take_hosts(cfg_t *root, struct gateway_config *c)
{
    unsigned n = cfg_size(root, "host");
    c->hosts = array_of(n, sizeof *c->hosts);
    for (unsigned i = 0; i < n && c->hosts != NULL; i++) {
        take_host(cfg_getnsec(root, "host", i), c, &c->hosts[c->n_hosts++]);
    }
    if (n == 0) {
        complain(0, "no domain is hosted; add a host section for each");
    }
}

static void take_policy(cfg_t *cfg, struct gateway_policy_config *policy)
{
    const char *level = cfg_getstr(cfg, "level"), *title = cfg_title(cfg);
    struct dna_name name;
    policy->pattern = copy_of(title);
    policy->policy = dna_policy_default();
    policy->policy.level = strcmp(level, "refuse") == 0   ? DNA_LEVEL_REFUSE
                           : strcmp(level, "strong") == 0 ? DNA_LEVEL_STRONG
                                                          : DNA_LEVEL_PROOF;
    policy->policy.prooftypes = 0;
    for (unsigned i = 0; i < cfg_size(cfg, "prooftypes"); i++) {
        enum dna_prooftype type;
        if (dna_prooftype_by_name(dna_span_of(cfg_getnstr(cfg, "prooftypes", i)), &type) ==
            DNA_OK) {
            policy->policy.prooftypes |= DNA_PROOF_BIT(type);
        }
    }
    if (strcmp(title, "*") != 0 &&
        dna_name_parse(dna_span_of(title[0] == '.' ? title + 1 : title), &name) != DNA_OK) {
        complain(cfg->line, "policy \"%s\": write \"*\", a domain, or \".suffix\"", title);
    }
}

static void take_policies(cfg_t *root, struct gateway_config *c)
{
    unsigned n = cfg_size(root, "policy");
    c->policies = array_of(n, sizeof *c->policies);
    for (unsigned i = 0; i < n && c->policies != NULL; i++) {
        take_policy(cfg_getnsec(root, "policy", i), &c->policies[c->n_policies++]);
    }
}

static void take_rest(cfg_t *root, struct gateway_config *c)
{
    cfg_t *queue = cfg_getsec(root, "queue");
    const char *level = cfg_getstr(cfg_getsec(root, "log"), "level");
    c->queue = (struct gateway_queue_config){
        .pair_stanzas = (size_t)cfg_getint(queue, "pair-stanzas"),
        .pair_bytes = (size_t)cfg_getint(queue, "pair-bytes"),
        .total_bytes = (size_t)cfg_getint(queue, "total-bytes"),
        .seconds = (unsigned)cfg_getint(queue, "seconds"),
    };
    c->log_level = strcmp(level, "error") == 0     ? DNA_LOG_ERROR
                   : strcmp(level, "warning") == 0 ? DNA_LOG_WARNING
                   : strcmp(level, "debug") == 0   ? DNA_LOG_DEBUG
                                                   : DNA_LOG_INFO;
}

static struct gateway_config *build(cfg_t *root, const char *file)
{
    struct gateway_config *c = calloc(1, sizeof *c);
    if (c == NULL) {
        complain(0, "out of memory");
        return NULL;
    }
    c->file = copy_of(file);
    take_public(root, c);
    take_resolver(root, c);
    take_links(root, c);
    take_hosts(root, c);
    take_policies(root, c);
    take_rest(root, c);
    return c;
}

static cfg_t *parse(struct reading *reading)
{
    cfg_t *root = make_parser();
    int rc;
    if (root == NULL) {
        complain(0, "out of memory");
        return NULL;
    }
    rc = cfg_parse(root, reading->file);
    if (rc == CFG_FILE_ERROR) {
        complain(0, "%s; name a readable file with -c", strerror(errno));
    } else if (rc != CFG_SUCCESS && reading->faults == 0) {
        complain(root->line, "cannot be parsed");
    }
    if (rc != CFG_SUCCESS) {
        cfg_free(root);
        return NULL;
    }
    return root;
}

const struct gateway_config *gateway_config_read(const char *file, FILE *errors)
{
    struct reading reading = {.file = file, .errors = errors};
    struct gateway_config *config = NULL;
    cfg_t *root;
    now_reading = &reading;
    root = parse(&reading);
    if (root != NULL) {
        config = build(root, file);
        cfg_free(root);
    }
    now_reading = NULL;
    if (reading.faults > 0) {
        gateway_config_free(config);
        return NULL;
    }
    return config;
}

bool gateway_config_print(const char *file, FILE *out, FILE *errors)
{
    struct reading reading = {.file = file, .errors = errors};
    cfg_t *root;
    now_reading = &reading;
    root = parse(&reading);
    if (root != NULL) {
        gateway_config_free(build(root, file));
        if (reading.faults == 0) {
            (void)cfg_print(root, out);
        }
        cfg_free(root);
    }
    now_reading = NULL;
    return reading.faults == 0;
}

static void free_names(const struct gateway_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        free(names->list[i]);
    }
    free(names->list);
}

void gateway_config_free(const struct gateway_config *c)
{
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->n_links; i++) {
        free(c->links[i].name);
    }
    for (size_t i = 0; i < c->n_hosts; i++) {
        free(c->hosts[i].dnssec_ta_url);
    }
    for (size_t i = 0; i < c->n_policies; i++) {
        free(c->policies[i].pattern);
    }
    free_names(&c->dns.servers);
    free_names(&c->dns.islands);
    free_names(&c->guard_allow);
    free(c->dns.root_hints);
    free(c->dns.trust_anchor);
    free(c->listen);
    free(c->certificate);
    free(c->key);
    free(c->source);
    free(c->ca_file);
    free(c->links);
    free(c->hosts);
    free(c->policies);
    free(c->file);
    free((void *)(uintptr_t)c);
}

void gateway_config_help(FILE *out)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        const struct option *o = &gateway_options[i];
        fprintf(out, "%s%s%s = %s%s%s\n    %s\n", o->section, o->section[0] != '\0' ? "." : "",
                o->name, o->list ? "{ " : "", o->otherwise, o->list ? " }" : "", o->help);
    }
}
