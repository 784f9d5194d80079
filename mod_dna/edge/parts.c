/* edge/parts.c: a driver's options become its parts.
 *
 * Order of making: roots, resolver, HTTPS and the fetcher over both, the session; they go
 * the other way.
 */
#include <edge/parts.h>

#include <stdio.h>
#include <string.h>

#include <base/alloc.h>
#include <base/buf.h>
#include <edge/ask.h>
#include <edge/buffered.h>
#include <edge/elsewhere.h>
#include <edge/fetch.h>
#include <edge/keep.h>
#include <edge/want.h>
#include <https/https.h>
#include <resolver/resolver.h>
#include <tls/tls.h>

#define DIALBACK_SECRET 32 /* random bytes, where the host has none */

#define CA_FILE_MOST (8 * 1024 * 1024)

enum dna_err dna_edge_parts_prepare(struct dna_uv *uv, const struct dna_uv_options *options,
                                    const char **why)
{
    if (options->source != NULL) {
        if (dna_address_parse(dna_span_of(options->source), &uv->source) != DNA_OK) {
            *why = "source is not an IP address";
            return DNA_ERR_FORMAT;
        }
        uv->has_source = true;
    }
    return dna_edge_guard_init(&uv->guard, uv->alloc, options->guard_allow,
                               options->n_guard_allow, why);
}

static enum dna_err read_ca_file(const char *name, const struct dna_alloc *alloc,
                                 struct dna_buf *out, const char **why)
{
    FILE *file = fopen(name, "re");
    enum dna_err err = DNA_OK;
    char piece[4096];
    size_t n;
    dna_buf_init(out, alloc, CA_FILE_MOST);
    if (file == NULL) {
        *why = "ca_file cannot be opened";
        return DNA_ERR_FORMAT;
    }
    while (err == DNA_OK && (n = fread(piece, 1, sizeof piece, file)) != 0) {
        err = dna_buf_add(out, (struct dna_span){piece, n});
    }
    if (err == DNA_ERR_LIMIT || ferror(file) != 0) {
        *why = "ca_file cannot be read";
        err = DNA_ERR_FORMAT;
    }
    (void)fclose(file);
    return err;
}

static enum dna_err make_roots(struct dna_uv *uv, const struct dna_uv_options *options,
                               const char **why)
{
    struct dna_span pem = options->ca_pem;
    struct dna_buf file;
    enum dna_err err = DNA_OK;
    dna_buf_init(&file, uv->alloc, 0);
    if (options->session.roots != NULL) {
        uv->roots = dna_roots_ref(options->session.roots);
        return DNA_OK;
    }
    if (pem.len == 0 && options->ca_file != NULL) {
        err = read_ca_file(options->ca_file, uv->alloc, &file, why);
        pem = dna_buf_span(&file);
    }
    if (err == DNA_OK) {
        err = dna_roots_new(uv->alloc, &uv->roots);
    }
    if (err == DNA_OK && pem.len != 0) {
        err = dna_roots_add_pem(uv->roots, pem, NULL);
        if (err == DNA_ERR_FORMAT) {
            *why = "the CA store is not PEM";
        }
    }
    if (err == DNA_OK) {
        err = dna_edge_keep_trust(uv, pem);
    }
    dna_buf_fini(&file);
    return err;
}

static enum dna_err make_resolver(struct dna_uv *uv, const struct dna_uv_options *options,
                                  const char **why)
{
    struct dna_resolver_options with = {
        .alloc = uv->alloc,
        .log = uv->log,
        .servers = options->dns_servers,
        .n_servers = options->n_dns_servers,
        .root_hints = options->root_hints,
        .trust_anchor_file = options->trust_anchor_file,
        .island_anchor_files = options->island_anchor_files,
        .n_islands = options->n_islands,
        .trust_ad = options->stub_trusts_ad,
    };
    enum dna_err err;
    switch (options->dns) {
    case DNA_UV_DNS_ITERATE:
        with.mode = DNA_RESOLVER_ITERATE;
        break;
    case DNA_UV_DNS_FORWARD:
        with.mode = DNA_RESOLVER_FORWARD;
        break;
    case DNA_UV_DNS_STUB:
        with.mode = DNA_RESOLVER_STUB;
        break;
    }
    err = dna_resolver_new(uv->face, &with, &uv->resolver);
    if (err != DNA_OK && err != DNA_ERR_MEMORY) {
        *why = "the resolver does not take its servers, hints or anchors";
    }
    return err;
}

static enum dna_err keep_ports(struct dna_uv *uv, const struct dna_uv_options *options)
{
    uv->fetch_ports = dna_alloc_zero(uv->alloc, options->n_fetch_ports + 1,
                                     sizeof *uv->fetch_ports);
    if (uv->fetch_ports == NULL) {
        return DNA_ERR_MEMORY;
    }
    for (size_t i = 0; i < options->n_fetch_ports; i++) {
        uv->fetch_ports[i] = options->fetch_ports[i];
    }
    return DNA_OK;
}

static enum dna_err make_fetcher(struct dna_uv *uv, const struct dna_uv_options *options,
                                 const char **why)
{
    struct dna_https_options https = {
        .alloc = uv->alloc,
        .log = uv->log,
        .ca_file = options->ca_file,
        .user_agent = "mod_dna",
        .source = options->source,
    };
    struct dna_fetcher_options fetcher = {
        .alloc = uv->alloc,
        .log = uv->log,
        .guard = &uv->guard.face,
        .n_ports = options->n_fetch_ports,
    };
    enum dna_err err = keep_ports(uv, options);
    if (err == DNA_OK) {
        err = dna_https_new(uv->face, &https, &uv->https);
    }
    if (err == DNA_OK) {
        err = dna_edge_random(&fetcher.seed, sizeof fetcher.seed);
    }
    if (err == DNA_OK) {
        fetcher.https = uv->https;
        fetcher.names = dna_fetch_names_of(uv->resolver);
        fetcher.ports = uv->fetch_ports;
        err = dna_fetcher_new(uv->face, &fetcher, &uv->fetcher);
    }
    if (err != DNA_OK && err != DNA_ERR_MEMORY) {
        *why = "the HTTPS client cannot be set up";
    }
    return err;
}

static enum dna_err make_session(struct dna_uv *uv, const struct dna_uv_options *options,
                                 const char **why)
{
    struct dna_session_options with = options->session;
    enum dna_err err;
    unsigned char secret[DIALBACK_SECRET];
    with.size = sizeof with;
    with.roots = uv->roots;
    if (with.dialback_secret.len == 0) {
        err = dna_edge_random(secret, sizeof secret);
        if (err != DNA_OK) {
            return err;
        }
        with.dialback_secret = (struct dna_span){(const char *)secret, sizeof secret};
    }
    err = dna_session_new(&with, &uv->session);
    explicit_bzero(secret, sizeof secret);
    if (err != DNA_OK && err != DNA_ERR_MEMORY) {
        *why = "the session does not take its options";
    }
    return err;
}

/* In the order in which they use each other. */
enum dna_err dna_edge_parts_make(struct dna_uv *uv, const struct dna_uv_options *options,
                                 const char **why)
{
    enum dna_err err = make_roots(uv, options, why);
    if (err == DNA_OK) {
        err = dna_edge_keep_dns(uv, options);
    }
    if (err == DNA_OK) {
        err = make_resolver(uv, options, why);
    }
    if (err == DNA_OK) {
        err = make_fetcher(uv, options, why);
    }
    if (err == DNA_OK) {
        err = make_session(uv, options, why);
    }
    if (err == DNA_OK) {
        err = dna_edge_wants_new(uv);
    }
    return err == DNA_OK ? dna_edge_asks_new(uv) : err;
}

void dna_edge_parts_free(struct dna_uv *uv)
{
    dna_fetcher_free(uv->fetcher);
    if (uv->https != NULL) {
        dna_https_free(uv->https);
    }
    if (uv->resolver != NULL) {
        dna_resolver_free(uv->resolver);
    }
    if (uv->session != NULL) {
        dna_session_free(uv->session);
    }
    dna_roots_free(uv->roots);
    dna_tls_pool_free(uv->pool);
    dna_edge_asks_free(uv);
    dna_edge_buffered_free(uv);
    dna_edge_elsewhere_free(uv);
    if (uv->alarm != NULL) {
        uv->face->timer_free(uv->alarm);
        uv->alarm = NULL;
    }
}

enum dna_err dna_uv_trust(struct dna_uv *uv, struct dna_span ca_pem, const char *ca_file)
{
    struct dna_roots *roots;
    size_t n = 0;
    enum dna_err err = dna_roots_new(uv->alloc, &roots);
    if (err != DNA_OK) {
        return err;
    }
    err = dna_roots_add_pem(roots, ca_pem, &n);
    if (err == DNA_OK && n == 0) {
        err = DNA_ERR_FORMAT;
    }
    if (err == DNA_OK) {
        err = dna_https_trust(uv->https, ca_file);
    }
    if (err == DNA_OK) { /* first: nothing proven on other terms is recalled from now on */
        err = dna_edge_keep_trust(uv, ca_pem);
    }
    if (err == DNA_OK) {
        err = dna_session_roots(uv->session, roots);
    }
    if (err == DNA_OK) {
        dna_roots_free(uv->roots);
        uv->roots = dna_roots_ref(roots);
        dna_edge_loop_wake(uv->loop);
    }
    dna_roots_free(roots);
    return err;
}
