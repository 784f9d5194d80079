/* https/hop.h: a get in flight, and what the multi handle of the room must know of it. */
#ifndef DNA_HTTPS_HOP_H
#define DNA_HTTPS_HOP_H

#include <curl/curl.h>

#include <base/buf.h>
#include <https/https.h>

struct dna_https {
    const struct dna_loop *loop;
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    char *ca_file, *user_agent, *source;
    int64_t trusted_since; /* monotonic; 0: from the beginning */
    unsigned connect_ms, total_ms;
    CURLM *multi;
    struct curl_slist *headers;
    struct dna_timer *timer; /* libcurl's */
    bool no_timer;           /* libcurl asked for one that could not be had */
    struct dna_https_get *gets;
};

struct dna_https_get {
    struct dna_https *https;
    struct dna_https_get *previous, *next;
    CURL *easy;
    struct curl_slist *connect_to;
    struct dna_timer *deadline;
    struct dna_address address;
    bool tls;
    struct dna_buf body;
    size_t header_bytes;
    const char *stopped; /* why we broke it off, or NULL */
    bool unwatched;      /* the loop could not watch its socket */
    char error[CURL_ERROR_SIZE];
    dna_https_fn *fn;
    void *arg;
};

/* An easy handle with every option of this room, not yet in the multi handle.
 * DNA_ERR_MEMORY, DNA_ERR_SYSTEM. */
DNA_MUST_USE enum dna_err dna_https_hop_new(struct dna_https *https, const char *url,
                                            const struct dna_address *address,
                                            struct dna_https_get **out);
/* It is not in the multi handle any more. */
void dna_https_hop_free(struct dna_https_get *get);
/* What became of it, given libcurl's verdict. */
void dna_https_hop_result(struct dna_https_get *get, CURLcode rc,
                          struct dna_https_result *out);

#endif
