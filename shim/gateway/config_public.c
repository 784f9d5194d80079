/* gateway/config_public.c: the public side: where it listens, as whom, how it asks the DNS. */
#include "read.h"

#include <string.h>

#include "check.h"

static void take_addresses(struct reading *r, const struct setting *setting, bool direct_tls)
{
    struct gateway_config *c = r->config;
    for (size_t i = 0; setting != NULL && i < setting->n; i++) {
        struct gateway_address *address = &c->listen[c->n_listen];
        (void)check_address(setting->values[i], address);
        address->direct_tls = direct_tls;
        for (size_t j = 0; j < c->n_listen; j++) {
            const struct gateway_address *other = &c->listen[j];
            if (check_same_address(other, address) || check_same_address(address, other)) {
                faults_add(&r->faults, setting->line,
                           "%s: \"%s\" is covered by \"%s@%u\"; leave one out",
                           setting->option->name, setting->values[i], other->ip,
                           (unsigned)other->port);
            }
        }
        c->n_listen++;
    }
}

void config_take_public(struct reading *r)
{
    struct gateway_config *c = r->config;
    const struct section *s = read_first(r, "public");
    const struct setting *listen = parse_setting(s, "listen");
    const struct setting *direct = parse_setting(s, "listen-direct-tls");
    size_t n = (listen != NULL ? listen->n : 0) + (direct != NULL ? direct->n : 0);
    c->listen = read_array(r, n, sizeof *c->listen);
    if (c->listen != NULL) {
        take_addresses(r, listen, false);
        take_addresses(r, direct, true);
    }
    read_names(r, s, "balancers", &c->balancers);
    c->certificate = read_copy(r, read_value(s, "public", "certificate"));
    c->key = read_copy(r, read_value(s, "public", "key"));
    c->source = read_optional(r, read_value(s, "public", "source"));
    c->ca_file = read_copy(r, read_value(r->sections, "", "ca-file"));
    c->certificate_folder = read_optional(r, read_value(s, "public", "certificate-folder"));
    c->dialback_secret_file = read_optional(r, read_value(s, "public", "dialback-secret-file"));
    c->lines.dialback = read_line(s, "dialback-secret-file");
    c->lines.folder = read_line(s, "certificate-folder");
    c->lines.certificate = read_line(s, "certificate");
    c->lines.key = read_line(s, "key");
    c->lines.ca_file = read_line(r->sections, "ca-file");
    c->bridge_folder = read_optional(r, read_value(r->sections, "", "bridge-folder"));
    c->lines.bridge = read_line(r->sections, "bridge-folder");
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
    int line = read_line(s, "mode");
    if (dns->mode != GATEWAY_DNS_ITERATE && dns->servers.n == 0) {
        faults_add(&r->faults, line, "resolver: this mode needs resolvers to ask; name at "
                                     "least one in forward");
    }
    if (dns->mode == GATEWAY_DNS_ITERATE && dns->servers.n > 0) {
        faults_add(&r->faults, read_line(s, "forward"),
                   "resolver: forward names resolvers but mode is \"iterate\", which asks "
                   "none; set mode = \"forward\" or empty it");
    }
    if (!dns->trust_ad && dns->mode == GATEWAY_DNS_STUB) {
        faults_add(&r->faults, line, "resolver: without trust-ad = true no answer is secure "
                                     "and nothing can be found; set it, or use another mode");
    }
    if (dns->trust_ad && dns->mode != GATEWAY_DNS_STUB) {
        faults_add(&r->faults, read_line(s, "trust-ad"), "resolver: trust-ad is for mode = "
                                                       "\"stub\"; the others validate");
    }
    for (size_t i = 0; dns->trust_ad && i < dns->servers.n; i++) {
        if (!check_is_loopback(dns->servers.list[i])) {
            faults_add(&r->faults, read_line(s, "trust-ad"),
                       "resolver: trust-ad with \"%s\": nothing protects the AD bit on its way "
                       "from there; use a resolver on the loopback", dns->servers.list[i]);
        }
    }
}

void config_take_resolver(struct reading *r)
{
    const struct section *s = read_first(r, "resolver");
    const struct section *guard = read_first(r, "address-guard");
    const struct setting *ports = parse_setting(guard, "fetch-ports");
    struct gateway_config *c = r->config;
    struct gateway_dns_config *dns = &c->dns;
    size_t n = ports != NULL ? ports->n : 0;
    dns->mode = mode_of(read_value(s, "resolver", "mode"));
    dns->trust_ad = read_truth(s, "resolver", "trust-ad");
    read_names(r, s, "forward", &dns->servers);
    read_names(r, s, "island-anchor-files", &dns->islands);
    dns->root_hints = read_copy(r, read_value(s, "resolver", "root-hints"));
    dns->trust_anchor = read_copy(r, read_value(s, "resolver", "trust-anchor-file"));
    c->lines.resolver = read_line(s, "mode");
    check_resolver(r, s);
    read_names(r, guard, "allow", &c->guard_allow);
    c->fetch_ports = read_array(r, n, sizeof *c->fetch_ports);
    for (size_t i = 0; i < n && c->fetch_ports != NULL; i++) {
        long port = 0;
        (void)check_number(ports->values[i], 1, 65535, &port);
        c->fetch_ports[c->n_fetch_ports++] = (uint16_t)port;
    }
}
