/* gateway/config.c: from a file to a checked, immutable configuration.
 *
 * Each value is checked by its type where it stands; then what concerns several options.
 * All faults of a file are reported in one run.
 */
#include "config.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "hosts.h"
#include "parse.h"
#include "policies.h"
#include "publication.h"

struct reading {
    struct faults faults;
    struct section *sections;
    struct gateway_config *config;
};

/* --- finding values ----------------------------------------------------------------- */

static const struct section *first_of(const struct reading *r, const char *kind)
{
    return parse_first(r->sections, kind);
}

static size_t count_of(const struct reading *r, const char *kind)
{
    size_t n = 0;
    for (const struct section *s = first_of(r, kind); s != NULL; s = parse_next(s)) {
        n++;
    }
    return n;
}

/* The value of an option that is no list, by default if need be. */
static const char *value_of(const struct section *section, const char *kind, const char *name)
{
    const struct setting *setting = parse_setting(section, name);
    return setting != NULL && setting->n > 0 ? setting->values[0]
                                             : gateway_option(kind, name)->otherwise;
}

static int line_of(const struct section *section, const char *name)
{
    const struct setting *setting = parse_setting(section, name);
    return setting != NULL ? setting->line : section != NULL ? section->line : 1;
}

static bool truth_of(const struct section *section, const char *kind, const char *name)
{
    bool truth;
    return check_yes_no(value_of(section, kind, name), &truth) && truth;
}

static size_t number_of(const struct section *section, const char *kind, const char *name)
{
    long number = 0;
    const struct option *o = gateway_option(kind, name);
    return check_number(value_of(section, kind, name), o->least, o->most, &number)
               ? (size_t)number
               : 0;
}

/* --- copies ------------------------------------------------------------------------- */

static char *copy_of(struct reading *r, const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL) {
        faults_add(&r->faults, 0, "out of memory");
    }
    return copy;
}

static char *optional(struct reading *r, const char *text)
{
    return text[0] != '\0' ? copy_of(r, text) : NULL;
}

static void *array_of(struct reading *r, size_t n, size_t size)
{
    void *array = calloc(n != 0 ? n : 1, size);
    if (array == NULL) {
        faults_add(&r->faults, 0, "out of memory");
    }
    return array;
}

static void take_names(struct reading *r, const struct section *section, const char *name,
                       struct gateway_names *out)
{
    const struct setting *setting = parse_setting(section, name);
    size_t n = setting != NULL ? setting->n : 0;
    out->list = array_of(r, n, sizeof *out->list);
    for (size_t i = 0; i < n && out->list != NULL; i++) {
        out->list[out->n] = copy_of(r, setting->values[i]);
        out->n += out->list[out->n] != NULL;
    }
}

/* --- every option of a section, by the table ---------------------------------------- */

/* Files that a mode of the resolver does without need not exist. */
static bool is_needed(const struct section *section, const struct option *o)
{
    const char *mode;
    if (strcmp(o->section, "resolver") != 0 || o->type != OPTION_FILE || o->list) {
        return true;
    }
    mode = value_of(section, "resolver", "mode");
    return strcmp(o->name, "root-hints") == 0 ? strcmp(mode, "iterate") == 0
                                              : strcmp(mode, "stub") != 0;
}

static void check_option(struct reading *r, const struct section *section, const char *kind,
                         const char *title, const struct option *o)
{
    const struct setting *setting = parse_setting(section, o->name);
    size_t n = setting != NULL ? setting->n : 0;
    int line = line_of(section, o->name);
    if (o->required && (n == 0 || (!o->list && setting->values[0][0] == '\0'))) {
        faults_add(&r->faults, line, "%s%s%s%s: \"%s\" is missing; it is: %s", kind,
                   title != NULL ? " \"" : "", title != NULL ? title : "",
                   title != NULL ? "\"" : "", o->name, o->help);
        return;
    }
    if (setting == NULL) {
        if (o->type == OPTION_FILE && !o->list && is_needed(section, o)) {
            check_value(&r->faults, line, o, o->otherwise);
        }
        return;
    }
    if (o->list && (n < (size_t)o->least || n > (size_t)o->most)) {
        faults_add(&r->faults, line, "%s: has %zu values; %ld to %ld are possible", o->name, n,
                   o->least, o->most);
    }
    for (size_t i = 0; i < n && is_needed(section, o); i++) {
        check_value(&r->faults, line, o, setting->values[i]);
    }
}

static void check_section(struct reading *r, const struct section *section, const char *kind)
{
    for (size_t i = 0; i < gateway_n_options; i++) {
        if (strcmp(gateway_options[i].section, kind) == 0) {
            check_option(r, section, kind, section != NULL ? section->title : NULL,
                         &gateway_options[i]);
        }
    }
}

static void check_sections(struct reading *r)
{
    check_section(r, r->sections, "");
    for (size_t i = 0; i < gateway_n_sections; i++) {
        const struct option_section *kind = &gateway_sections[i];
        const struct section *section = first_of(r, kind->name);
        if (!kind->titled) {
            check_section(r, section, kind->name);
            for (section = section != NULL ? parse_next(section) : NULL; section != NULL;
                 section = parse_next(section)) {
                faults_add(&r->faults, section->line, "section %s is there twice; put all "
                                                      "its options into one", kind->name);
            }
            continue;
        }
        for (; section != NULL; section = parse_next(section)) {
            check_section(r, section, kind->name);
        }
    }
}

/* --- section by section ------------------------------------------------------------- */

/* Whether nobody can listen on both. */
static bool same_address(const struct gateway_address *a, const struct gateway_address *b)
{
    bool any = strcmp(a->ip, "0.0.0.0") == 0 || strcmp(a->ip, "::") == 0;
    return a->port != 0 && a->port == b->port && (any || strcmp(a->ip, b->ip) == 0);
}

static void take_addresses(struct reading *r, const struct setting *setting, bool direct_tls)
{
    struct gateway_config *c = r->config;
    for (size_t i = 0; setting != NULL && i < setting->n; i++) {
        struct gateway_address *address = &c->listen[c->n_listen];
        (void)check_address(setting->values[i], address);
        address->direct_tls = direct_tls;
        for (size_t j = 0; j < c->n_listen; j++) {
            const struct gateway_address *other = &c->listen[j];
            if (same_address(other, address) || same_address(address, other)) {
                faults_add(&r->faults, setting->line,
                           "%s: \"%s\" is covered by \"%s@%u\"; leave one out",
                           setting->option->name, setting->values[i], other->ip,
                           (unsigned)other->port);
            }
        }
        c->n_listen++;
    }
}

static void take_public(struct reading *r)
{
    struct gateway_config *c = r->config;
    const struct section *s = first_of(r, "public");
    const struct setting *listen = parse_setting(s, "listen");
    const struct setting *direct = parse_setting(s, "listen-direct-tls");
    c->listen = array_of(r, (listen != NULL ? listen->n : 0) + (direct != NULL ? direct->n : 0),
                         sizeof *c->listen);
    if (c->listen != NULL) {
        take_addresses(r, listen, false);
        take_addresses(r, direct, true);
    }
    take_names(r, s, "balancers", &c->balancers);
    c->certificate = copy_of(r, value_of(s, "public", "certificate"));
    c->key = copy_of(r, value_of(s, "public", "key"));
    c->source = optional(r, value_of(s, "public", "source"));
    c->ca_file = copy_of(r, value_of(r->sections, "", "ca-file"));
    c->certificate_folder = optional(r, value_of(s, "public", "certificate-folder"));
    c->lines.folder = line_of(s, "certificate-folder");
    c->lines.certificate = line_of(s, "certificate");
    c->lines.key = line_of(s, "key");
    c->lines.ca_file = line_of(r->sections, "ca-file");
    c->bridge_folder = optional(r, value_of(r->sections, "", "bridge-folder"));
    c->lines.bridge = line_of(r->sections, "bridge-folder");
}

static enum gateway_dns_mode mode_of(const char *word)
{
    return strcmp(word, "forward") == 0 ? GATEWAY_DNS_FORWARD
           : strcmp(word, "stub") == 0  ? GATEWAY_DNS_STUB
                                        : GATEWAY_DNS_ITERATE;
}

static void check_resolver(struct reading *r, const struct section *s)
{
    const struct gateway_dns_config *dns = &r->config->dns;
    int line = line_of(s, "mode");
    if (dns->mode != GATEWAY_DNS_ITERATE && dns->servers.n == 0) {
        faults_add(&r->faults, line, "resolver: this mode needs resolvers to ask; name at "
                                     "least one in forward");
    }
    if (dns->mode == GATEWAY_DNS_ITERATE && dns->servers.n > 0) {
        faults_add(&r->faults, line_of(s, "forward"),
                   "resolver: forward names resolvers but mode is \"iterate\", which asks "
                   "none; set mode = \"forward\" or empty it");
    }
    if (!dns->trust_ad && dns->mode == GATEWAY_DNS_STUB) {
        faults_add(&r->faults, line, "resolver: without trust-ad = true no answer is secure "
                                     "and nothing can be found; set it, or use another mode");
    }
    if (dns->trust_ad && dns->mode != GATEWAY_DNS_STUB) {
        faults_add(&r->faults, line_of(s, "trust-ad"), "resolver: trust-ad is for mode = "
                                                       "\"stub\"; the others validate");
    }
    for (size_t i = 0; dns->trust_ad && i < dns->servers.n; i++) {
        if (!check_is_loopback(dns->servers.list[i])) {
            faults_add(&r->faults, line_of(s, "trust-ad"),
                       "resolver: trust-ad with \"%s\": nothing protects the AD bit on its way "
                       "from there; use a resolver on the loopback", dns->servers.list[i]);
        }
    }
}

static void take_resolver(struct reading *r)
{
    const struct section *s = first_of(r, "resolver"), *guard = first_of(r, "address-guard");
    const struct setting *ports = parse_setting(guard, "fetch-ports");
    struct gateway_config *c = r->config;
    struct gateway_dns_config *dns = &c->dns;
    size_t n = ports != NULL ? ports->n : 0;
    dns->mode = mode_of(value_of(s, "resolver", "mode"));
    dns->trust_ad = truth_of(s, "resolver", "trust-ad");
    take_names(r, s, "forward", &dns->servers);
    take_names(r, s, "island-anchor-files", &dns->islands);
    dns->root_hints = copy_of(r, value_of(s, "resolver", "root-hints"));
    dns->trust_anchor = copy_of(r, value_of(s, "resolver", "trust-anchor-file"));
    c->lines.resolver = line_of(s, "mode");
    check_resolver(r, s);
    take_names(r, guard, "allow", &c->guard_allow);
    c->fetch_ports = array_of(r, n, sizeof *c->fetch_ports);
    for (size_t i = 0; i < n && c->fetch_ports != NULL; i++) {
        long port = 0;
        (void)check_number(ports->values[i], 1, 65535, &port);
        c->fetch_ports[c->n_fetch_ports++] = (uint16_t)port;
    }
}

/* The value of one digit, whose alphabet is the first `n` characters; -1: it is none. */
static int digit_of(char c, const char *alphabet, size_t n)
{
    const char *at = c != '\0' ? memchr(alphabet, c, n) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

/* Digits of `bits` bits each into as many octets as a pin has; the bits that are left over must
 * be zero. */
static bool read_digits(const char *text, size_t len, unsigned bits, const char *alphabet,
                        unsigned char out[DNA_PIN_SIZE])
{
    unsigned held = 0, n_held = 0;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i], alphabet, (size_t)1 << bits);
        if (digit < 0) {
            return false;
        }
        held = (held << bits | (unsigned)digit) & 0xffff;
        n_held += bits;
        if (n_held >= 8) {
            n_held -= 8;
            if (n == DNA_PIN_SIZE) {
                return false;
            }
            out[n++] = (unsigned char)(held >> n_held);
        }
    }
    return n == DNA_PIN_SIZE && (held & ((1u << n_held) - 1)) == 0;
}

/* 64 hex digits in lower case or upper, or 43 of base64 and their "=". */
static bool read_pin(const char *text, unsigned char out[DNA_PIN_SIZE])
{
    static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
    static const char base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = strlen(text);
    if (len == 64) {
        return read_digits(text, len, 4, lower, out) || read_digits(text, len, 4, upper, out);
    }
    return len == 44 && text[43] == '=' && read_digits(text, 43, 6, base64, out);
}

static void check_hop(struct reading *r, const struct section *s, const char *name,
                      struct gateway_address *out)
{
    if (check_address(value_of(s, "link", name), out) && !check_is_loopback(out->ip)) {
        faults_add(&r->faults, line_of(s, name), "link \"%s\": %s is no loopback address; "
                   "the hop to the local server is not encrypted, use 127.x.y.z or ::1",
                   s->title, name);
    }
}

static enum gateway_link_kind kind_of(const char *word)
{
    return strcmp(word, "external") == 0 ? GATEWAY_LINK_EXTERNAL
           : strcmp(word, "bridge") == 0 ? GATEWAY_LINK_BRIDGE
                                         : GATEWAY_LINK_PLAIN;
}

/* By what the certificate of the server behind a bridge is known: one thing, not two. */
static void take_bridge(struct reading *r, const struct section *s,
                        struct gateway_link_config *link)
{
    const char *key = value_of(s, "link", "server-key"), *ca = value_of(s, "link", "server-ca");
    const char *name = key[0] != '\0' ? "server-key" : "server-ca";
    link->server_line = line_of(s, name);
    link->server_ca = optional(r, ca);
    if (link->kind != GATEWAY_LINK_BRIDGE) {
        if (key[0] != '\0' || ca[0] != '\0') {
            faults_add(&r->faults, link->server_line, "link \"%s\": %s is for kind = \"bridge\"; "
                       "leave it out, or set that kind", s->title, name);
        }
        return;
    }
    if (r->config->bridge_folder == NULL) {
        faults_add(&r->faults, s->line, "link \"%s\": kind = \"bridge\" without bridge-folder; say "
                   "at the top level where the authority's key is kept", s->title);
    }
    if (key[0] != '\0' && ca[0] != '\0') {
        faults_add(&r->faults, link->server_line, "link \"%s\": server-key and server-ca contradict "
                   "each other; leave one out", s->title);
    } else if (key[0] == '\0' && ca[0] == '\0') {
        faults_add(&r->faults, s->line, "link \"%s\": \"server-key\" is missing; give the SHA-256 of "
                   "the key of the local server's certificate, or server-ca", s->title);
    } else if (key[0] != '\0' && !read_pin(key, link->server_key)) {
        faults_add(&r->faults, link->server_line, "link \"%s\": server-key: \"%s\" is no SHA-256 in "
                   "hex or base64", s->title, key);
    }
}

/* What proves to whom that the other end is the one that is meant (S24). */
static void check_trust(struct reading *r, const struct section *s,
                        const struct gateway_link_config *link)
{
    bool external = link->kind == GATEWAY_LINK_EXTERNAL;
    bool plain = link->kind == GATEWAY_LINK_PLAIN;
    bool has_secret = link->secret_file != NULL && link->secret_file[0] != '\0';
    const char *user = value_of(s, "link", "user");
    if (external && !has_secret) {
        faults_add(&r->faults, s->line, "link \"%s\": \"secret-file\" is missing; name the file "
                   "with the secret that the module in the local server has, too", s->title);
    } else if (!external && has_secret) {
        faults_add(&r->faults, link->secret_line, "link \"%s\": secret-file is for kind = "
                   "\"external\"; leave it out, or set that kind", s->title);
    }
    if (user[0] != '\0' && link->trust_loopback) {
        faults_add(&r->faults, line_of(s, "trust-loopback"),
                   "link \"%s\": user and trust-loopback contradict each other; leave one out",
                   s->title);
    } else if (!plain && link->trust_loopback) {
        faults_add(&r->faults, line_of(s, "trust-loopback"),
                   "link \"%s\": trust-loopback is for kind = \"plain\": the secret, or the "
                   "certificate, says whom to believe; leave it out", s->title);
    } else if (plain && user[0] == '\0' && !link->trust_loopback) {
        faults_add(&r->faults, s->line, "link \"%s\": \"user\" is missing; name the user that "
                   "the local server runs as, or say trust-loopback = true to believe every "
                   "local process", s->title);
    }
}

/* A name server for the local server, where one is wanted. */
static void take_link_names(struct reading *r, const struct section *s,
                            struct gateway_link_config *link)
{
    bool wanted = value_of(s, "link", "listen-dns")[0] != '\0';
    take_names(r, s, "dns-forward", &link->names_forward);
    if (wanted) {
        check_hop(r, s, "listen-dns", &link->names_listen);
    }
    if (wanted && link->names_forward.n == 0) {
        faults_add(&r->faults, line_of(s, "listen-dns"),
                   "link \"%s\": listen-dns without dns-forward; name the resolvers that all "
                   "other queries go to", s->title);
    } else if (!wanted && link->names_forward.n != 0) {
        faults_add(&r->faults, line_of(s, "dns-forward"),
                   "link \"%s\": dns-forward without listen-dns; say where queries arrive, or "
                   "leave it out", s->title);
    }
    for (size_t i = 0; i < link->names_forward.n; i++) {
        struct gateway_address to;
        const char *text = link->names_forward.list[i];
        bool has_port = check_address(text, &to);
        if (wanted && (has_port ? same_address(&to, &link->names_listen)
                                : link->names_listen.port == 53 &&
                                      strcmp(text, link->names_listen.ip) == 0)) {
            faults_add(&r->faults, line_of(s, "dns-forward"), "link \"%s\": dns-forward leads "
                       "back to listen-dns; name another resolver", s->title);
        }
    }
}

static void take_link(struct reading *r, const struct section *s,
                      struct gateway_link_config *link)
{
    const char *user = value_of(s, "link", "user");
    const struct passwd *entry = user[0] != '\0' ? getpwnam(user) : NULL;
    link->name = copy_of(r, s->title);
    link->kind = kind_of(value_of(s, "link", "kind"));
    link->secret_file = copy_of(r, value_of(s, "link", "secret-file"));
    link->secret_line = line_of(s, "secret-file");
    link->trust_loopback = truth_of(s, "link", "trust-loopback");
    check_hop(r, s, "listen", &link->listen);
    check_hop(r, s, "server", &link->server);
    link->server.proxied = truth_of(s, "link", "proxy-protocol");
    take_link_names(r, s, link);
    if (entry != NULL) {
        link->has_user = true;
        link->uid = entry->pw_uid;
    }
    check_trust(r, s, link);
    take_bridge(r, s, link);
}

static void check_link(struct reading *r, const struct section *s, size_t at)
{
    const struct gateway_config *c = r->config;
    const struct gateway_link_config *link = &c->links[at];
    for (size_t i = 0; i < at; i++) {
        if (strcmp(c->links[i].name, link->name) == 0) {
            faults_add(&r->faults, s->line, "link \"%s\": is there twice; give each a name of "
                                            "its own", link->name);
        }
        if (link->kind == GATEWAY_LINK_EXTERNAL &&
            c->links[i].kind == GATEWAY_LINK_EXTERNAL && link->secret_file[0] != '\0' &&
            strcmp(c->links[i].secret_file, link->secret_file) == 0) {
            faults_add(&r->faults, link->secret_line, "link \"%s\": has the secret-file of link "
                       "\"%s\"; give each link a secret of its own", link->name,
                       c->links[i].name);
        }
        if (same_address(&c->links[i].listen, &link->listen)) {
            faults_add(&r->faults, line_of(s, "listen"),
                       "link \"%s\": listens where link \"%s\" does; give each link an address "
                       "or a port of its own", link->name, c->links[i].name);
        }
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        if (same_address(&c->listen[i], &link->listen)) {
            faults_add(&r->faults, line_of(s, "listen"),
                       "link \"%s\": listens where the public side does; give the link an "
                       "address or a port of its own", link->name);
        }
    }
}

/* A server's address that is one of our own listeners would lead the gateway to itself. */
static void check_server(struct reading *r, const struct section *s,
                         const struct gateway_link_config *link)
{
    const struct gateway_config *c = r->config;
    bool ours = false;
    for (size_t i = 0; i < c->n_links; i++) {
        ours = ours || same_address(&c->links[i].listen, &link->server);
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        ours = ours || same_address(&c->listen[i], &link->server);
    }
    if (ours) {
        faults_add(&r->faults, line_of(s, "server"), "link \"%s\": server is the gateway's own "
                   "listener; name the port of the local server", s->title);
    }
}

static void take_links(struct reading *r)
{
    struct gateway_config *c = r->config;
    c->links = array_of(r, count_of(r, "link"), sizeof *c->links);
    for (const struct section *s = first_of(r, "link"); s != NULL && c->links != NULL;
         s = parse_next(s)) {
        if (s->title == NULL) {
            continue; /* reported */
        }
        take_link(r, s, &c->links[c->n_links]);
        if (c->links[c->n_links++].name == NULL) {
            return;
        }
        check_link(r, s, c->n_links - 1);
    }
    for (const struct section *s = first_of(r, "link"); s != NULL; s = parse_next(s)) {
        size_t i = s->title != NULL ? hosts_find_link(c, s->title) : c->n_links;
        if (i < c->n_links) {
            check_server(r, s, &c->links[i]);
        }
    }
    if (c->n_links == 0) {
        faults_add(&r->faults, 1, "there is no link; add a link section for the local server");
    }
}

static void take_host(struct reading *r, const struct section *s,
                      struct gateway_host_config *host)
{
    const char *link = value_of(s, "host", "link");
    host->certificate = optional(r, value_of(s, "host", "certificate"));
    host->key = optional(r, value_of(s, "host", "key"));
    host->dnssec_ta_url = optional(r, value_of(s, "host", "dnssec-ta-url"));
    host->attribute_cert_file = optional(r, value_of(s, "host", "attribute-cert-file"));
    host->link = hosts_find_link(r->config, link);
    hosts_name(host, &r->faults, "host ", s->title);
    if (link[0] != '\0' && host->link == r->config->n_links) {
        faults_add(&r->faults, line_of(s, "link"), "host \"%s\": there is no link \"%s\"; add "
                   "it, or correct the name", s->title, link);
    }
    if ((host->certificate == NULL) != (host->key == NULL)) {
        faults_add(&r->faults, line_of(s, host->key == NULL ? "certificate" : "key"),
                   "host \"%s\": certificate and key go together; give both or neither",
                   s->title);
    }
}

static void take_hosts(struct reading *r)
{
    struct gateway_config *c = r->config;
    for (const struct section *s = first_of(r, "host"); s != NULL; s = parse_next(s)) {
        struct gateway_host_config *host =
            s->title != NULL ? hosts_add(c, &r->faults, c->file, s->line) : NULL;
        if (host != NULL) {
            take_host(r, s, host);
        }
    }
    take_names(r, r->sections, "map-file", &c->map_files);
    for (size_t i = 0; i < c->map_files.n; i++) {
        hosts_read_map(c, &r->faults, c->map_files.list[i]);
    }
    hosts_settle(c, &r->faults);
}

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
                  strcmp(value_of(s, "policy", "observe"), "pin") == 0;
    for (size_t i = 0; setting != NULL && i < setting->n && i < DNA_POLICY_PINS; i++) {
        if (!read_pin(setting->values[i], policy->pins[policy->n_pins])) {
            faults_add(&r->faults, setting->line, "pins: \"%s\" is no SHA-256 in hex or base64",
                       setting->values[i]);
        } else {
            policy->n_pins++;
        }
    }
    if (wanted && (setting == NULL || setting->n == 0)) {
        const char *name = policy->level == DNA_LEVEL_PIN ? "level" : "observe";
        faults_add(&r->faults, line_of(s, name), "%s: pin needs pins; add the SHA-256 of "
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
    policy->delegation_connect = truth_of(s, "policy", "delegation-connect");
    policy->delegation_legacy = truth_of(s, "policy", "delegation-legacy");
    if ((policy->delegation_connect || policy->delegation_legacy) && !admitted) {
        const char *name =
            policy->delegation_connect ? "delegation-connect" : "delegation-legacy";
        faults_add(&r->faults, line_of(s, name), "%s: is for policies that admit the "
                   "prooftype service-delegation; add that to prooftypes", name);
    }
}

static void take_policy(struct reading *r, const struct section *s)
{
    struct gateway_config *c = r->config;
    struct gateway_policy_config *policy = &c->policies[c->n_policies];
    const char *title = s->title;
    struct dna_name name = {""};
    policy->pattern = copy_of(r, title);
    policy->policy = dna_policy_default();
    policy->policy.level = level_of(value_of(s, "policy", "level"));
    policy->policy.prooftypes = prooftypes_of(s);
    policy->policy.dane_usages = dane_usages_of(s);
    policy->policy.attribute_cert_accept_www =
        truth_of(s, "policy", "attribute-cert-accept-www");
    policy->policy.attribute_cert_wildcard =
        truth_of(s, "policy", "attribute-cert-accept-wildcard");
    policy->policy.attribute_cert_serial =
        truth_of(s, "policy", "attribute-cert-accept-serial");
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

static void take_policies(struct reading *r)
{
    struct gateway_config *c = r->config;
    c->policies = array_of(r, count_of(r, "policy"), sizeof *c->policies);
    for (const struct section *s = first_of(r, "policy"); s != NULL && c->policies != NULL;
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

static void take_redis(struct reading *r, const struct section *s,
                       struct gateway_store_config *store)
{
    const char *where = value_of(s, "store", "redis");
    struct gateway_address address = {.port = 0};
    if (where[0] == '/') {
        store->where = copy_of(r, where);
    } else if (check_address(where, &address)) {
        store->where = copy_of(r, address.ip);
        store->port = address.port;
    } else {
        faults_add(&r->faults, line_of(s, "redis"), "store: redis is \"%s\"; write ADDR@PORT, "
                   "or the path of the server's Unix socket", where);
    }
    if (store->key_file == NULL) {
        faults_add(&r->faults, line_of(s, "kind"), "store: kind \"redis\" needs key-file; make "
                   "it with `head -c 32 /dev/urandom` and give every gateway the same");
    }
}

static void take_store(struct reading *r)
{
    const struct section *s = first_of(r, "store");
    const char *kind = value_of(s, "store", "kind");
    struct gateway_store_config *store = &r->config->store;
    store->chosen = s != NULL;
    store->key_file = optional(r, value_of(s, "store", "key-file"));
    store->password_file = optional(r, value_of(s, "store", "redis-password-file"));
    if (strcmp(kind, "redis") == 0) {
        store->kind = GATEWAY_STORE_REDIS;
        take_redis(r, s, store);
    } else if (strcmp(kind, "sqlite") == 0) {
        store->kind = GATEWAY_STORE_FILE;
        store->where = copy_of(r, value_of(s, "store", "file"));
    }
}

static void take_limits(struct reading *r)
{
    const struct section *s = first_of(r, "limits");
    r->config->limits = (struct gateway_limits_config){
        .connections = (unsigned)number_of(s, "limits", "connections"),
        .connections_at = (unsigned)number_of(s, "limits", "connections-per-address"),
        .attempts_at = (unsigned)number_of(s, "limits", "attempts-per-address"),
        .handshakes = (unsigned)number_of(s, "limits", "handshakes"),
        .handshakes_at = (unsigned)number_of(s, "limits", "handshakes-per-address"),
    };
}

static void take_rest(struct reading *r)
{
    const struct section *queue = first_of(r, "queue");
    const char *level = value_of(first_of(r, "log"), "log", "level");
    r->config->queue = (struct gateway_queue_config){
        .pair_stanzas = number_of(queue, "queue", "pair-stanzas"),
        .pair_bytes = number_of(queue, "queue", "pair-bytes"),
        .total_bytes = number_of(queue, "queue", "total-bytes"),
        .seconds = (unsigned)number_of(queue, "queue", "seconds"),
    };
    take_limits(r);
    r->config->evidence_folder =
        optional(r, value_of(first_of(r, "log"), "log", "evidence-folder"));
    r->config->evidence_key =
        optional(r, value_of(first_of(r, "log"), "log", "evidence-key"));
    r->config->evidence_of_all =
        strcmp(value_of(first_of(r, "log"), "log", "evidence-of"), "all") == 0;
    r->config->evidence_files =
        (unsigned)number_of(first_of(r, "log"), "log", "evidence-files");
    r->config->lines.evidence = line_of(first_of(r, "log"), "evidence-folder");
    r->config->log_level = strcmp(level, "error") == 0     ? DNA_LOG_ERROR
                           : strcmp(level, "warning") == 0 ? DNA_LOG_WARNING
                           : strcmp(level, "debug") == 0   ? DNA_LOG_DEBUG
                                                           : DNA_LOG_INFO;
}

static void read_all(struct reading *r, const char *file, FILE *errors)
{
    *r = (struct reading){.faults = {.out = errors, .file = file}};
    r->sections = parse_file(file, &r->faults);
    if (r->sections == NULL) {
        return;
    }
    r->config = array_of(r, 1, sizeof *r->config);
    if (r->config == NULL) {
        return;
    }
    r->config->file = copy_of(r, file);
    check_sections(r);
    take_public(r);
    take_resolver(r);
    take_links(r);
    take_hosts(r);
    take_policies(r);
    take_store(r);
    publication_take(&r->faults, first_of(r, "publication"), &r->config->publication);
    take_rest(r);
}

const struct gateway_config *gateway_config_read(const char *file, FILE *errors,
                                                 unsigned *faults)
{
    struct reading r;
    read_all(&r, file, errors);
    parse_free(r.sections);
    *faults = r.faults.n;
    return r.config;
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
        free(c->links[i].secret_file);
        free(c->links[i].server_ca);
        free_names(&c->links[i].names_forward);
    }
    for (size_t i = 0; i < c->n_hosts; i++) {
        free(c->hosts[i].certificate);
        free(c->hosts[i].key);
        free(c->hosts[i].dnssec_ta_url);
        free(c->hosts[i].attribute_cert_file);
        free(c->hosts[i].attribute_cert);
    }
    for (size_t i = 0; i < c->n_policies; i++) {
        free(c->policies[i].pattern);
    }
    free_names(&c->dns.servers);
    free_names(&c->dns.islands);
    free_names(&c->guard_allow);
    free_names(&c->balancers);
    free_names(&c->map_files);
    free(c->fetch_ports);
    free(c->dns.root_hints);
    free(c->dns.trust_anchor);
    free(c->listen);
    free(c->certificate);
    free(c->certificate_folder);
    free(c->key);
    free(c->source);
    free(c->ca_file);
    free(c->bridge_folder);
    publication_free((struct gateway_publication_config *)(uintptr_t)&c->publication);
    free(c->store.where);
    free(c->store.password_file);
    free(c->store.key_file);
    free(c->evidence_folder);
    free(c->evidence_key);
    free(c->links);
    free(c->hosts);
    free(c->policies);
    free(c->file);
    free((void *)(uintptr_t)c);
}
