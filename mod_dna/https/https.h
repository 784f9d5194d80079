/* https/https.h: one guarded hop: a GET to one of the given addresses.
 *
 * The driver resolves, checks the addresses and follows redirects; this room connects to
 * exactly the addresses it is given and never resolves.  No proxy, cookies, credentials or
 * compression; TLS 1.2 or later, the certificate checked for the URL's host against the
 * given CA file; body, header and time limits.
 */
#ifndef DNA_HTTPS_HTTPS_H
#define DNA_HTTPS_HTTPS_H

#include <base/loop.h>
#include <mod_dna/base.h>

struct dna_https;
struct dna_https_get;

struct dna_https_options {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    const char *ca_file;     /* PEM; NULL: nothing verifies */
    const char *user_agent;
    const char *source;      /* local address, or NULL */
};

enum dna_https_outcome {
    DNA_HTTPS_DONE,     /* status and whole body */
    DNA_HTTPS_REDIRECT, /* status 3xx with a Location: an absolute URL in redirect_url */
    DNA_HTTPS_FAILED    /* connection, TLS, time or size limit */
};

struct dna_https_result {
    enum dna_https_outcome outcome;
    unsigned status;
    struct dna_span body;
    const char *redirect_url;
    const char *why; /* for people, never NULL */
};

/* *result lives until the callback returns. */
typedef void dna_https_fn(void *arg, const struct dna_https_result *result);

DNA_MUST_USE enum dna_err dna_https_new(const struct dna_loop *loop,
                                        const struct dna_https_options *options,
                                        struct dna_https **out);
void dna_https_free(struct dna_https *https); /* cancels; not from a callback of its own */

/* One GET.  addresses: textual IPs, tried in order.  The URL was checked with
 * dna_url_parse.  The callback comes from the loop, once, unless cancelled. */
DNA_MUST_USE enum dna_err dna_https_get(struct dna_https *https, const char *url,
                                        const char *const *addresses, size_t n_addresses,
                                        dna_https_fn *fn, void *arg,
                                        struct dna_https_get **out);
void dna_https_cancel(struct dna_https_get *get);

/* A URL taken apart by libcurl's parser. */
struct dna_url {
    bool tls;          /* https */
    char host[256];    /* lower case */
    uint16_t port;     /* the scheme's default where the URL has none */
};
/* DNA_ERR_FORMAT: not an absolute http or https URL; userinfo; fragment; host is an IP
 * literal (in any spelling that a parser may take for one) or not a domain; longer than
 * DNA_LIMIT_URL; a port outside 80, 443, 5280, 5281, 8080, 8443 or, when the URL names one,
 * 0.  *why is static. */
DNA_MUST_USE enum dna_err dna_url_parse(const char *url, struct dna_url *out,
                                        const char **why);

#endif
