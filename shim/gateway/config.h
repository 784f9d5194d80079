/* gateway/config.h: the configuration, read once into an immutable value.
 *
 * One table (options.c) holds each option's name, type, bounds, default and help; it drives
 * the parser, --check, --print and the manual page.  A reload reads a new configuration and
 * swaps it; nothing changes an existing one.
 */
#ifndef DNA_GATEWAY_CONFIG_H
#define DNA_GATEWAY_CONFIG_H

#include <stdio.h>
#include <sys/types.h>

#include <mod_dna/session.h>

struct gateway_address {
    char ip[64]; /* textual */
    uint16_t port;
    bool direct_tls; /* public: TLS begins at once */
    bool proxied;    /* a link's server: it reads the PROXY protocol */
};

struct gateway_names {
    char **list;
    size_t n;
};

enum gateway_link_kind {
    GATEWAY_LINK_PLAIN,   /* server dialback */
    GATEWAY_LINK_EXTERNAL, /* a shared secret */
    GATEWAY_LINK_BRIDGE    /* TLS, and certificates that are made for it */
};

struct gateway_link_config {
    char *name;
    enum gateway_link_kind kind;
    char *secret_file; /* EXTERNAL */
    int secret_line;
    char *server_ca;      /* BRIDGE: a file, or NULL */
    unsigned char server_key[DNA_PIN_SIZE]; /* BRIDGE, without server_ca: of its certificate's key */
    int server_line;      /* of either */
    struct gateway_address listen, server;
    struct gateway_address names_listen; /* port 0: no name server */
    struct gateway_names names_forward;
    bool has_user; /* only processes of uid may connect */
    uid_t uid;
    bool trust_loopback;
};

struct gateway_host_config {
    struct dna_name domain;
    size_t link;      /* index into links */
    const char *file; /* where it stands: the configuration, or one of its map files */
    int line;
    size_t order;     /* among all, as they were read */
    char *certificate, *key; /* its own; or NULL */
    char *dnssec_ta_url; /* or NULL */
    char *attribute_cert_file; /* or NULL */
    char *attribute_cert;      /* what is in it */
};

struct gateway_policy_config {
    char *pattern;
    const char *file; /* where it stands: the configuration, or one of its map files */
    int line;
    struct dna_policy policy;
    bool report_only;
    int64_t until; /* 0: no end */
    bool observes;
    struct dna_policy observed;
};

enum gateway_dns_mode { GATEWAY_DNS_ITERATE, GATEWAY_DNS_FORWARD, GATEWAY_DNS_STUB };

struct gateway_dns_config {
    enum gateway_dns_mode mode;
    bool trust_ad;
    struct gateway_names servers, islands;
    char *root_hints, *trust_anchor;
};

struct gateway_queue_config {
    size_t pair_stanzas, pair_bytes, total_bytes;
    unsigned seconds;
};

struct gateway_limits_config {
    unsigned connections, connections_at, attempts_at, handshakes, handshakes_at;
};

/* What the router keeps and does at most: in all, for one hosted domain, for one remote one, and
 * on behalf of one address. */
struct gateway_shares_config {
    size_t pairs, pairs_of_host, pairs_of_peer, pairs_of_address;
    size_t bytes_of_host, bytes_of_peer, bytes_of_address; /* that wait */
    size_t streams, streams_of_host;   /* that it opens */
    size_t accepted_of_host;           /* public ones that are opened to it */
    size_t searches, searches_of_host; /* for the servers of remote domains */
    size_t memory, memory_of_address;  /* bytes that are buffered */
};

/* What is found out at once for the sake of peers: in all, for one address, for one hosted
 * domain. */
struct gateway_load_config {
    unsigned lookups, lookups_at;
    unsigned proofs, proofs_at, proofs_of_host;
    unsigned dialbacks, dialbacks_at, dialbacks_of_host;
};

/* Where in the file things stand that are found wrong only later. */
struct gateway_lines {
    int ca_file, certificate, key, folder, resolver, evidence, bridge, dialback;
};

enum gateway_store_kind { GATEWAY_STORE_NONE, GATEWAY_STORE_FILE, GATEWAY_STORE_REDIS };

struct gateway_store_config {
    enum gateway_store_kind kind;
    bool chosen;  /* by the operator, not by default */
    char *where;  /* the file, or the server's address or socket */
    uint16_t port;
    char *password_file; /* NULL: none */
    char *key_file;      /* NULL: of its own */
};

struct gateway_publication_config {
    int line;
    char *folder; /* NULL: nothing is published */
    char *url, *next_certificate, *ta_folder, *sts_mode; /* NULL: none */
    struct gateway_names targets, direct_targets, links;
    long seconds, sts_max_age;
};

struct gateway_config {
    char *file;
    struct gateway_lines lines;
    struct gateway_address *listen;
    size_t n_listen;
    char *certificate, *key, *source, *ca_file; /* source: NULL: the system's choice */
    char *certificate_folder; /* NULL: none */
    char *dialback_secret_file; /* NULL: none */
    char *bridge_folder;      /* NULL: none */
    struct gateway_dns_config dns;
    struct gateway_names guard_allow;
    struct gateway_names balancers;
    uint16_t *fetch_ports;
    size_t n_fetch_ports;
    struct gateway_link_config *links;
    size_t n_links;
    struct gateway_names map_files;
    struct gateway_host_config *hosts; /* sorted by domain */
    size_t n_hosts, hosts_room;
    struct gateway_policy_config *policies;
    size_t n_policies, policies_room;
    struct gateway_names policy_maps;
    struct gateway_queue_config queue;
    struct gateway_limits_config limits;
    struct gateway_shares_config shares;
    struct gateway_load_config load;
    struct gateway_store_config store;
    struct gateway_publication_config publication;
    enum dna_log_level log_level;
    char *evidence_folder, *evidence_key; /* NULL: none */
    bool evidence_of_all;
    unsigned evidence_files;
};

/* Reads and checks FILE.  Each fault is written to errors as "FILE:LINE: what is wrong; what
 * to do", and counted: a configuration with faults is good for further checks only.  NULL:
 * there is nothing to check. */
const struct gateway_config *gateway_config_read(const char *file, FILE *errors,
                                                 unsigned *faults);
void gateway_config_free(const struct gateway_config *config);
/* NULL: not hosted. */
const struct gateway_host_config *gateway_config_host(const struct gateway_config *config,
                                                      const char *domain);
/* FILE with every default filled in, in its own syntax.  False: FILE is not usable; reasons
 * on errors. */
bool gateway_config_print(const char *file, FILE *out, FILE *errors);
/* For each option: section, name, default, help. */
void gateway_config_help(FILE *out);

#endif
