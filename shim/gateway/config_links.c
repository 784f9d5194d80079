/* gateway/config_links.c: links to local servers.
 *
 * Each is closed against other local processes (S24), and none stands in another's way.
 */
#include "read.h"

#include <pwd.h>
#include <string.h>

#include "check.h"
#include "hosts.h"

static void check_hop(struct reading *r, const struct section *s, const char *name,
                      struct gateway_address *out)
{
    if (check_address(read_value(s, "link", name), out) && !check_is_loopback(out->ip)) {
        faults_add(&r->faults, read_line(s, name), "link \"%s\": %s is no loopback address; "
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
    const char *key = read_value(s, "link", "server-key");
    const char *ca = read_value(s, "link", "server-ca");
    const char *name = key[0] != '\0' ? "server-key" : "server-ca";
    link->server_line = read_line(s, name);
    link->server_ca = read_optional(r, ca);
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
    } else if (key[0] != '\0' && !check_pin(key, link->server_key)) {
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
    const char *user = read_value(s, "link", "user");
    if (external && !has_secret) {
        faults_add(&r->faults, s->line, "link \"%s\": \"secret-file\" is missing; name the file "
                   "with the secret that the module in the local server has, too", s->title);
    } else if (!external && has_secret) {
        faults_add(&r->faults, link->secret_line, "link \"%s\": secret-file is for kind = "
                   "\"external\"; leave it out, or set that kind", s->title);
    }
    if (user[0] != '\0' && link->trust_loopback) {
        faults_add(&r->faults, read_line(s, "trust-loopback"),
                   "link \"%s\": user and trust-loopback contradict each other; leave one out",
                   s->title);
    } else if (!plain && link->trust_loopback) {
        faults_add(&r->faults, read_line(s, "trust-loopback"),
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
    bool wanted = read_value(s, "link", "listen-dns")[0] != '\0';
    read_names(r, s, "dns-forward", &link->names_forward);
    if (wanted) {
        check_hop(r, s, "listen-dns", &link->names_listen);
    }
    if (wanted && link->names_forward.n == 0) {
        faults_add(&r->faults, read_line(s, "listen-dns"),
                   "link \"%s\": listen-dns without dns-forward; name the resolvers that all "
                   "other queries go to", s->title);
    } else if (!wanted && link->names_forward.n != 0) {
        faults_add(&r->faults, read_line(s, "dns-forward"),
                   "link \"%s\": dns-forward without listen-dns; say where queries arrive, or "
                   "leave it out", s->title);
    }
    for (size_t i = 0; i < link->names_forward.n; i++) {
        struct gateway_address to;
        const char *text = link->names_forward.list[i];
        bool has_port = check_address(text, &to);
        if (wanted && (has_port ? check_same_address(&to, &link->names_listen)
                                : link->names_listen.port == 53 &&
                                      strcmp(text, link->names_listen.ip) == 0)) {
            faults_add(&r->faults, read_line(s, "dns-forward"), "link \"%s\": dns-forward leads "
                       "back to listen-dns; name another resolver", s->title);
        }
    }
}

static void take_link(struct reading *r, const struct section *s,
                      struct gateway_link_config *link)
{
    const char *user = read_value(s, "link", "user");
    const struct passwd *entry = user[0] != '\0' ? getpwnam(user) : NULL;
    link->name = read_copy(r, s->title);
    link->kind = kind_of(read_value(s, "link", "kind"));
    link->secret_file = read_copy(r, read_value(s, "link", "secret-file"));
    link->secret_line = read_line(s, "secret-file");
    link->trust_loopback = read_truth(s, "link", "trust-loopback");
    check_hop(r, s, "listen", &link->listen);
    check_hop(r, s, "server", &link->server);
    link->server.proxied = read_truth(s, "link", "proxy-protocol");
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
        if (check_same_address(&c->links[i].listen, &link->listen)) {
            faults_add(&r->faults, read_line(s, "listen"),
                       "link \"%s\": listens where link \"%s\" does; give each link an address "
                       "or a port of its own", link->name, c->links[i].name);
        }
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        if (check_same_address(&c->listen[i], &link->listen)) {
            faults_add(&r->faults, read_line(s, "listen"),
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
        ours = ours || check_same_address(&c->links[i].listen, &link->server);
    }
    for (size_t i = 0; i < c->n_listen; i++) {
        ours = ours || check_same_address(&c->listen[i], &link->server);
    }
    if (ours) {
        faults_add(&r->faults, read_line(s, "server"), "link \"%s\": server is the gateway's own "
                   "listener; name the port of the local server", s->title);
    }
}

void config_take_links(struct reading *r)
{
    struct gateway_config *c = r->config;
    c->links = read_array(r, read_count(r, "link"), sizeof *c->links);
    for (const struct section *s = read_first(r, "link"); s != NULL && c->links != NULL;
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
    for (const struct section *s = read_first(r, "link"); s != NULL; s = parse_next(s)) {
        size_t i = s->title != NULL ? hosts_find_link(c, s->title) : c->n_links;
        if (i < c->n_links) {
            check_server(r, s, &c->links[i]);
        }
    }
    if (c->n_links == 0) {
        faults_add(&r->faults, 1, "there is no link; add a link section for the local server");
    }
}
