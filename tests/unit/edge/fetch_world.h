/* A world for the fetcher: web servers on loopback, and a resolver that says what it is told
 * to say. */
#ifndef TESTS_EDGE_FETCH_WORLD_H
#define TESTS_EDGE_FETCH_WORLD_H

#include <edge/fetch.h>
#include <paper.h>
#include <poll_loop.h>
#include <web.h>

/* An answer that redirects; "@PORT@" is the server's own. */
#define GO(status, location) \
    "HTTP/1.1 " status " Go\r\nContent-Length: 0\r\nLocation: " location "\r\n\r\n"

/* https://www.example, http://www.example and, at 127.0.0.2, https://other.example: all with
 * the same pages. */
extern struct web_papers papers;
extern struct web *secure, *clear, *other;
int servers_start(void **state);
int servers_stop(void **state);
/* One more with these pages; port 0: any. */
struct web *server_start(const char *address, const struct cert *leaf, uint16_t port);

struct world {
    struct poll_loop *loop;
    struct dna_https *https;
    struct dna_fetcher *fetcher;
    struct dna_address_guard guard;
    struct dna_prefix allowed[2];
    struct dna_endpoint own;
    uint16_t ports[3];
    struct dna_lookup *lookups;
    unsigned asked, refuse_after; /* look-ups */
    bool mute, rebound;
};

/* total_ms 0: the usual deadline. */
enum dna_err world_try(struct world *w, const struct dna_alloc *alloc, unsigned total_ms);
void world_init(struct world *w, unsigned total_ms);
void world_fini(struct world *w);

struct seen {
    bool done;
    unsigned calls;
    enum dna_fetch_outcome outcome;
    unsigned status;
    char body[64], final_url[300], why[300];
    int64_t obtained, certificate_ends;
    bool exact_name;
    char media_type[64];
};

void see(void *arg, const struct dna_fetch_result *result);
void url_of(char out[300], const char *scheme, const char *host, struct web *web,
            const char *path);
struct dna_fetch *begin_as(struct world *w, const char *peer, enum dna_fetch_kind kind,
                           unsigned max, const char *url, struct seen *seen);
/* A well-known document at https://www.example. */
struct dna_fetch *begin(struct world *w, const char *path, struct seen *seen);
void finish(struct world *w, struct seen *seen);
void expect(const struct seen *seen, const char *what, enum dna_fetch_outcome outcome,
            unsigned status);

#endif
