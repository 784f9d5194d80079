/* gateway/apply.c: from the configuration in force to another one.
 *
 * First everything is made that the new one needs and that could fail, beside what serves;
 * then it takes its place, and only what differs is touched.  The start is the same thing,
 * from nothing.  What a running gateway cannot change stays as it was, in the new
 * configuration, too, so that the next comparison finds it again.
 */
#include "gateway.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <mod_dna/court.h>

#include "hosts.h"
#include "dialback.h"
#include "log.h"
#include "policies.h"
#include "publication.h"

#define CA_MAX (16 * 1024 * 1024)
#define KEY_MAX (64 * 1024)

/* What is ready to take its place. */
struct staged {
    const struct gateway_config *config;
    struct identities *identities;
    struct gateway_evidence evidence;
    struct gateway_secrets secrets;
    struct file_stamp ca;
    char *ca_pem; /* NULL: as it was */
    char *ca_file; /* with the same in it */
    size_t ca_len;
};

static bool complain(const struct gateway_config *config, FILE *errors, int line,
                     const char *what, const char *why)
{
    fprintf(errors, "%s:%d: %s: %s\n", config->file, line, what, why);
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* --- making what is new --------------------------------------------------------------- */

static bool stage_ca(const struct gateway *gateway, struct staged *s, FILE *errors)
{
    const struct gateway_config *c = s->config;
    struct dna_roots *roots = NULL;
    size_t n = 0;
    enum dna_err err;
    s->ca = file_stamp_of(c->ca_file);
    if (gateway->config != NULL ? strcmp(gateway->config->ca_file, c->ca_file) == 0 &&
                                      file_stamp_same(&gateway->ca, &s->ca)
                                : file_stamp_same(&gateway->ca, &s->ca)) {
        return true;
    }
    s->ca_pem = bridge_read_ca(c, &s->ca_len, &s->ca_file);
    if (s->ca_pem == NULL) {
        return complain(c, errors, c->lines.ca_file, c->ca_file, file_trouble_text());
    }
    err = dna_roots_new(NULL, &roots);
    if (err == DNA_OK) {
        err = dna_roots_add_pem(roots, (struct dna_span){s->ca_pem, s->ca_len}, &n);
    }
    dna_roots_free(roots);
    if (err != DNA_OK || n == 0) {
        return complain(c, errors, c->lines.ca_file, c->ca_file,
                        "holds no certificates in PEM; name a file that does");
    }
    return true;
}

static void drop_key(struct gateway_evidence *evidence)
{
    if (evidence->key.ptr != NULL) {
        char *key = (char *)(uintptr_t)evidence->key.ptr;
        explicit_bzero(key, evidence->key.len);
        free(key);
    }
    *evidence = (struct gateway_evidence){.folder = NULL};
}

static bool complain_of_evidence(const struct gateway_config *c, FILE *errors,
                                 const char *option, const char *name, const char *why,
                                 const char *remedy)
{
    fprintf(errors, "%s:%d: evidence-%s: %s: %s; %s\n", c->file, c->lines.evidence,
            option, name, why, remedy);
    return false;
}

/* The key is tried at once. */
static bool stage_evidence(struct staged *s, FILE *errors)
{
    const struct gateway_config *c = s->config;
    struct gateway_evidence *evidence = &s->evidence;
    char *trial;
    *evidence = (struct gateway_evidence){.folder = c->evidence_folder,
                                          .most = c->evidence_files};
    if (!evidence_begin(evidence)) {
        return complain_of_evidence(c, errors, "folder", c->evidence_folder, strerror(errno),
                                    "make the folder, for this user to write to");
    }
    if (c->evidence_key == NULL || c->evidence_folder == NULL) {
        return true;
    }
    evidence->key.ptr = file_read(c->evidence_key, KEY_MAX, &evidence->key.len);
    if (evidence->key.ptr == NULL) {
        return complain_of_evidence(c, errors, "key", c->evidence_key, file_trouble_text(),
                                    "give a PEM file that this user can read");
    }
    if (dna_bundle_sign(NULL, (struct dna_span){"{}", 2}, evidence->key, &trial, NULL) !=
        DNA_OK) {
        return complain_of_evidence(
            c, errors, "key", c->evidence_key,
            "neither an Ed25519 key nor an ECDSA key on P-256 or P-384",
            "make one: openssl genpkey -algorithm ed25519");
    }
    free(trial);
    return true;
}

static struct dna_hosted hosted_of(const struct gateway_host_config *host,
                                   struct dna_link *link)
{
    return (struct dna_hosted){.size = sizeof(struct dna_hosted),
                               .domain = host->domain.text,
                               .link = link,
                               .dnssec_ta_url = host->dnssec_ta_url,
                               .attribute_cert = host->attribute_cert};
}

static bool same_proofs(const struct gateway_host_config *a,
                        const struct gateway_host_config *b)
{
    return same_text(a->dnssec_ta_url, b->dnssec_ta_url) &&
           same_text(a->attribute_cert, b->attribute_cert);
}

/* Whether a session takes the proofs; one on trial, which serves nobody. */
static bool try_proofs(struct dna_session *trial, const struct gateway_host_config *host,
                       FILE *errors)
{
    struct dna_hosted hosted = hosted_of(host, NULL);
    enum dna_err err = dna_session_host(trial, &hosted);
    if (err == DNA_ERR_ARGUMENT && host->attribute_cert_file != NULL) {
        fprintf(errors, "%s:%d: %s: no peer could take this attribute certificate (PEM, or CMS "
                "in base64); see `dna acert FILE --show`\n", host->file, host->line,
                host->attribute_cert_file);
    } else if (err != DNA_OK) {
        fprintf(errors, "%s:%d: %s: dnssec-ta-url: %s\n", host->file, host->line,
                host->domain.text, err == DNA_ERR_ARGUMENT ? "is too long"
                                                           : dna_err_name(err));
    }
    return err == DNA_OK;
}

static bool stage_proofs(const struct gateway *gateway, const struct staged *s, FILE *errors)
{
    struct dna_session_options options = {.size = sizeof options, .cache_entries = 1};
    const struct gateway_config *c = s->config;
    struct dna_session *trial = NULL;
    bool fine = true;
    for (size_t i = 0; i < c->n_hosts; i++) {
        const struct gateway_host_config *host = &c->hosts[i], *old = NULL;
        if (host->dnssec_ta_url == NULL && host->attribute_cert == NULL) {
            continue;
        }
        if (gateway->config != NULL) {
            old = gateway_config_host(gateway->config, host->domain.text);
        }
        if (old != NULL && same_proofs(old, host)) {
            continue;
        }
        if (trial == NULL && dna_session_new(&options, &trial) != DNA_OK) {
            return complain(c, errors, 1, "hosts", "out of memory");
        }
        fine = try_proofs(trial, host, errors) && fine;
    }
    dna_session_free(trial);
    return fine;
}

static void discard(struct staged *s)
{
    identities_free(s->identities);
    drop_key(&s->evidence);
    gateway_secrets_wipe(&s->secrets);
    free(s->ca_pem);
    free(s->ca_file);
}

/* A running gateway whose proofs were not kept cannot be given a bridge, nor another one. */
static bool stage_bridge(const struct gateway *gateway, const struct staged *s, FILE *errors)
{
    const struct gateway_config *old = gateway->config, *next = s->config;
    const char *missing = bridge_lacks(next, gateway->bridge != NULL);
    bool fine = true;
    if (missing != NULL) {
        char why[512];
        (void)snprintf(why, sizeof why,
                       "%.300s/%s is missing; put it back from a copy, or remove what else "
                       "belongs to it, restart, and give the servers what --bridge-ca prints",
                       next->bridge_folder, missing);
        return complain(next, errors, next->lines.bridge, "bridge-folder", why);
    }
    for (size_t i = 0; old != NULL && i < next->n_links; i++) {
        if (next->links[i].kind == GATEWAY_LINK_BRIDGE &&
            !same_text(old->bridge_folder, next->bridge_folder)) {
            fine = complain(next, errors, next->lines.bridge, "bridge-folder",
                            "cannot change while links of kind bridge need it; restart");
        }
    }
    return fine;
}

static bool stage(struct gateway *gateway, struct staged *s, FILE *errors)
{
    unsigned faults = 0;
    bool fine = stage_bridge(gateway, s, errors) && stage_ca(gateway, s, errors);
    s->identities = identities_read(gateway->uv, s->config, gateway->identities,
                                    &gateway->log, errors, &faults);
    if (s->identities == NULL) {
        fine = complain(s->config, errors, 1, "certificates", "out of memory");
    }
    fine = faults == 0 && fine;
    fine = stage_evidence(s, errors) && fine;
    fine = dialback_read(s->config, &s->secrets, errors) && fine;
    fine = stage_proofs(gateway, s, errors) && fine;
    return fine && links_prepare(gateway, s->config, errors);
}

/* --- what cannot change ----------------------------------------------------------------- */

static bool same_names(const struct gateway_names *a, const struct gateway_names *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {
        same = strcmp(a->list[i], b->list[i]) == 0;
    }
    return same;
}

static bool same_dns(const struct gateway_dns_config *a, const struct gateway_dns_config *b)
{
    return a->mode == b->mode && a->trust_ad == b->trust_ad &&
           same_names(&a->servers, &b->servers) && same_names(&a->islands, &b->islands) &&
           same_text(a->root_hints, b->root_hints) &&
           same_text(a->trust_anchor, b->trust_anchor);
}

static bool same_ports(const struct gateway_config *a, const struct gateway_config *b)
{
    return a->n_fetch_ports == b->n_fetch_ports &&
           memcmp(a->fetch_ports, b->fetch_ports,
                  a->n_fetch_ports * sizeof *a->fetch_ports) == 0;
}

static bool same_store(const struct gateway_store_config *a,
                       const struct gateway_store_config *b)
{
    return a->kind == b->kind && a->port == b->port && same_text(a->where, b->where) &&
           same_text(a->password_file, b->password_file) &&
           same_text(a->key_file, b->key_file);
}

#define EXCHANGE(type, a, b) \
    do { \
        type exchanged = (a); \
        (a) = (b); \
        (b) = exchanged; \
    } while (0)

/* What is in force stays, and the log names it. */
static void keep_what_stays(const struct gateway *gateway, struct gateway_config *old,
                            struct gateway_config *next)
{
    char names[160] = "";
    if (!same_dns(&old->dns, &next->dns)) {
        strcat(names, " resolver");
    }
    if (!same_names(&old->guard_allow, &next->guard_allow)) {
        strcat(names, " address-guard.allow");
    }
    if (!same_names(&old->balancers, &next->balancers)) {
        strcat(names, " public.balancers");
    }
    if (!same_ports(old, next)) {
        strcat(names, " address-guard.fetch-ports");
    }
    if (!same_text(old->source, next->source)) {
        strcat(names, " public.source");
    }
    if (!same_text(old->bridge_folder, next->bridge_folder)) {
        strcat(names, " bridge-folder");
    }
    if (!same_store(&old->store, &next->store)) {
        strcat(names, " store");
    }
    EXCHANGE(struct gateway_store_config, old->store, next->store);
    EXCHANGE(struct gateway_dns_config, old->dns, next->dns);
    EXCHANGE(struct gateway_names, old->guard_allow, next->guard_allow);
    EXCHANGE(struct gateway_names, old->balancers, next->balancers);
    EXCHANGE(uint16_t *, old->fetch_ports, next->fetch_ports);
    EXCHANGE(size_t, old->n_fetch_ports, next->n_fetch_ports);
    EXCHANGE(char *, old->source, next->source);
    EXCHANGE(char *, old->bridge_folder, next->bridge_folder);
    if (names[0] != '\0') {
        gateway_log(&gateway->log, DNA_LOG_WARNING, "needs-restart", "options", names + 1,
                    "why", "they take effect after a restart; what was in force stays", NULL);
    }
}

/* --- taking its place ------------------------------------------------------------------- */

struct change {
    struct gateway *gateway;
    const struct gateway_config *old, *next;
    size_t added, removed, changed;
    bool fine;
};

static void host(struct change *c, const struct gateway_host_config *host)
{
    const struct gateway_link_config *link = &c->next->links[host->link];
    struct dna_hosted hosted = hosted_of(host, links_of(c->gateway, link));
    struct dna_session *session = dna_uv_session(c->gateway->uv);
    bool there = dna_session_hosts(session, host->domain.text);
    struct dna_link *before = dna_session_link_of(session, host->domain.text);
    enum dna_err err = dna_session_host(session, &hosted);
    if (err != DNA_OK) {
        gateway_log(&c->gateway->log, DNA_LOG_ERROR, "not-hosted", "domain",
                    host->domain.text, "why", dna_err_name(err), NULL);
        c->fine = false;
    } else if (!there || before != hosted.link) {
        router_rehost(c->gateway->router, host->domain.text);
    }
}

static void unhost(struct change *c, const struct gateway_host_config *host)
{
    dna_session_unhost(dna_uv_session(c->gateway->uv), host->domain.text,
                       dna_uv_now(c->gateway->uv));
    router_rehost(c->gateway->router, host->domain.text);
}

/* Whether the session has to be told. */
static bool differs(const struct change *c, const struct gateway_host_config *old,
                    const struct gateway_host_config *new)
{
    return !same_proofs(old, new) ||
           dna_session_link_of(dna_uv_session(c->gateway->uv), new->domain.text) !=
               links_of(c->gateway, &c->next->links[new->link]);
}

static void change_host(void *arg, const struct gateway_host_config *old,
                        const struct gateway_host_config *next)
{
    struct change *c = arg;
    if (next == NULL) {
        unhost(c, old);
        c->removed++;
    } else if (old == NULL) {
        host(c, next);
        c->added++;
    } else if (differs(c, old, next)) {
        host(c, next);
        c->changed++;
    }
}

static bool has_policy(const struct gateway_config *config, const char *pattern)
{
    size_t i = 0;
    while (i < config->n_policies && strcmp(config->policies[i].pattern, pattern) != 0) {
        i++;
    }
    return i < config->n_policies;
}

/* The session tells by itself which of them differ. */
static void change_policies(struct change *c)
{
    struct dna_session *session = dna_uv_session(c->gateway->uv);
    enum dna_err err = DNA_OK;
    for (size_t i = 0; c->old != NULL && i < c->old->n_policies; i++) {
        if (!has_policy(c->next, c->old->policies[i].pattern)) {
            enum dna_err one =
                dna_session_policy(session, c->old->policies[i].pattern, NULL);
            err = err == DNA_OK ? one : err;
        }
    }
    for (size_t i = 0; i < c->next->n_policies; i++) {
        const struct dna_policy_rule rule = policies_rule(&c->next->policies[i]);
        enum dna_err one =
            dna_session_rule(session, c->next->policies[i].pattern, &rule);
        err = err == DNA_OK ? one : err;
    }
    if (err != DNA_OK) {
        gateway_log(&c->gateway->log, DNA_LOG_ERROR, "policies", "why", dna_err_name(err),
                    NULL);
        c->fine = false;
    }
}

/* Nobody may be led to the servers that trust us (S22). */
static void protect_servers(struct change *c)
{
    for (size_t i = 0; i < c->next->n_links; i++) {
        const struct gateway_address *server = &c->next->links[i].server;
        c->fine = dna_uv_protect(c->gateway->uv, server->ip, server->port) == DNA_OK &&
                  c->fine;
    }
}

static void change_evidence(struct gateway *gateway, struct staged *s)
{
    const struct gateway_config *c = s->config;
    drop_key(&gateway->evidence);
    gateway->evidence = s->evidence;
    s->evidence = (struct gateway_evidence){.folder = NULL};
    dna_session_keep_evidence(dna_uv_session(gateway->uv),
                              bridge_evidence(c));
}

static void change_trust(struct change *c, struct staged *s)
{
    enum dna_err err = DNA_OK;
    if (s->ca_pem != NULL) {
        err = dna_uv_trust(c->gateway->uv, (struct dna_span){s->ca_pem, s->ca_len},
                           s->ca_file);
    }
    if (err == DNA_OK) {
        c->gateway->ca = s->ca;
    } else {
        gateway_log(&c->gateway->log, DNA_LOG_ERROR, "not-trusted", "file",
                    s->config->ca_file, "why", dna_err_name(err), NULL);
        c->fine = false;
    }
}

static void change_dialback(struct change *c, const struct staged *s)
{
    if (dialback_use(dna_uv_session(c->gateway->uv), &s->secrets) != DNA_OK) {
        gateway_log(&c->gateway->log, DNA_LOG_ERROR, "dialback-secrets", "file",
                    s->config->dialback_secret_file, "why", "out of memory", NULL);
        c->fine = false;
    }
}

static void log_change(const struct change *c)
{
    char added[24], removed[24], changed[24], folder[24];
    (void)snprintf(added, sizeof added, "%zu", c->added);
    (void)snprintf(removed, sizeof removed, "%zu", c->removed);
    (void)snprintf(changed, sizeof changed, "%zu", c->changed);
    (void)snprintf(folder, sizeof folder, "%zu", identities_in_folder(c->gateway->identities));
    gateway_log(&c->gateway->log, DNA_LOG_INFO, "reloaded", "hosts-added", added,
                "hosts-removed", removed, "hosts-changed", changed, "certificates", folder,
                c->fine ? NULL : "why", "out of memory: not everything was taken up", NULL);
}

/* Whoever serves under a policy that is over should know. */
static void log_ended(const struct gateway *gateway, const struct gateway_config *config)
{
    int64_t now = dna_uv_now(gateway->uv).wall;
    for (size_t i = 0; i < config->n_policies; i++) {
        if (config->policies[i].until != 0 && now >= config->policies[i].until) {
            gateway_log(&gateway->log, DNA_LOG_WARNING, "policy-ended", "policy",
                        config->policies[i].pattern, NULL);
        }
    }
}

bool gateway_apply(struct gateway *gateway, const struct gateway_config *config, FILE *errors)
{
    struct staged s = {.config = config};
    struct change change = {gateway, gateway->config, config, 0, 0, 0, true};
    if (!stage(gateway, &s, errors)) {
        discard(&s);
        return false;
    }
    gateway->log.least = config->log_level;
    if (change.old != NULL) {
        keep_what_stays(gateway, (struct gateway_config *)(uintptr_t)change.old,
                        (struct gateway_config *)(uintptr_t)config);
    }
    identities_free(gateway->identities);
    gateway->identities = s.identities;
    s.identities = NULL;
    gateway->config = config;
    change_trust(&change, &s);
    change_evidence(gateway, &s);
    change_dialback(&change, &s);
    router_limit(gateway->router, &config->queue);
    router_share(gateway->router, &config->shares);
    limits_set(gateway, config);
    change_policies(&change);
    protect_servers(&change);
    links_commit(gateway);
    hosts_compare(change.old, config, change_host, &change);
    if (change.old != NULL && gateway->bridge != NULL) {
        change.fine = bridge_renew(gateway->bridge, config) && change.fine;
    }
    if (change.old != NULL) {
        log_change(&change);
    }
    if (gateway->listens) {
        log_ended(gateway, config);
        publication_write(config, &gateway->log, dna_uv_now(gateway->uv).wall);
    }
    gateway_config_free(change.old);
    discard(&s);
    return true;
}
