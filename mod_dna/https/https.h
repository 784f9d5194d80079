/* https/https.h: one guarded hop: a GET to one given address.
 *
 * The driver resolves, checks the addresses, tries them in turn and follows redirects; this
 * room connects to exactly the address it is given and never resolves.  No proxy, cookies,
 * credentials or compression; TLS 1.2 or later, the certificate checked for the URL's host
 * against the given CA file; body, header and time limits.
 */
#ifndef DNA_HTTPS_HTTPS_H
#define DNA_HTTPS_HTTPS_H

#include <base/address.h>
#include <base/loop.h>
#include <mod_dna/base.h>

struct dna_https;
struct dna_https_get;

/* Texts are copied; loop, alloc and log are borrowed until the end. */
struct dna_https_options {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    const char *ca_file;     /* PEM; NULL: nothing verifies */
    const char *user_agent;  /* NULL: none is sent */
    const char *source;      /* local textual address, or NULL */
    unsigned connect_ms;     /* TCP and TLS; 0: DNA_LIMIT_FETCH_CONNECT_MS */
    unsigned total_ms;       /* one hop; 0: DNA_LIMIT_FETCH_MS */
};

enum dna_https_outcome {
    DNA_HTTPS_DONE,     /* status and whole body, as the server encoded it: not at all */
    DNA_HTTPS_REDIRECT, /* status 3xx with a Location: redirect_url, absolute if it parses */
    DNA_HTTPS_UNREACHED,/* no connection, or none in time: another address may do better */
    DNA_HTTPS_FAILED    /* TLS, time or size limit, a broken or encoded answer */
};

struct dna_https_result {
    enum dna_https_outcome outcome;
    unsigned status;          /* 0: none came */
    struct dna_span body;     /* DONE only */
    const char *redirect_url; /* REDIRECT only, else NULL */
    struct dna_span certificate; /* DONE, REDIRECT: the server's, PEM; empty without TLS */
    const char *media_type; /* DONE: the Content-Type as sent, "" without one */
    const char *why; /* for people, never NULL; may hold bytes that the server chose */
};

/* *result lives until the callback returns.  The callback may call anything here but
 * dna_https_free; the get that it is about is gone. */
typedef void dna_https_fn(void *arg, const struct dna_https_result *result);

/* DNA_ERR_FORMAT: source is no address.  DNA_ERR_MEMORY; DNA_ERR_SYSTEM: libcurl cannot be
 * set up. */
DNA_MUST_USE enum dna_err dna_https_new(const struct dna_loop *loop,
                                        const struct dna_https_options *options,
                                        struct dna_https **out);
/* Another CA file, or another content of it: for every get that begins from now on.
 * DNA_ERR_MEMORY: the old one stays. */
DNA_MUST_USE enum dna_err dna_https_trust(struct dna_https *https, const char *ca_file);
void dna_https_free(struct dna_https *https); /* cancels; NULL is fine */

/* One GET at that address and the URL's port.  The URL was checked with dna_url_parse.  The
 * callback comes from the loop, once, unless cancelled.  DNA_ERR_MEMORY, DNA_ERR_SYSTEM: no
 * callback will come. */
DNA_MUST_USE enum dna_err dna_https_get(struct dna_https *https, const char *url,
                                        const struct dna_address *address, dna_https_fn *fn,
                                        void *arg, struct dna_https_get **out);
void dna_https_cancel(struct dna_https_get *get);

/* A URL taken apart by libcurl's parser. */
struct dna_url {
    bool tls;          /* https */
    char host[256];    /* lower case */
    uint16_t port;     /* the scheme's default where the URL has none */
};
/* ports: admitted besides 80, 443, 5280, 5281, 8080 and 8443.  DNA_ERR_FORMAT: not an
 * absolute http or https URL; characters that do not belong into one; userinfo; fragment;
 * longer than DNA_LIMIT_URL; host is an IP literal (in any spelling that a parser may take
 * for one) or not a domain of two labels at least; another port.  DNA_ERR_MEMORY.  *why is
 * static, and set on an error. */
DNA_MUST_USE enum dna_err dna_url_parse(const char *url, const uint16_t *ports, size_t n_ports,
                                        struct dna_url *out, const char **why);

#endif
