/* Two gateways in one process, on one libuv loop, with a name server and a CA between them.
 *
 * `a` and `b` are drivers of their own: each has its own guard, session and listeners, so
 * that what the one does to the other it does over TCP.
 */
#ifndef TESTS_EDGE_SCENE_H
#define TESTS_EDGE_SCENE_H

#include <mod_dna/uv.h>

#include <certs.h>
#include <name_server.h>
#include <uv.h>

#define LAST_WHY 200

struct scene;

/* What one side saw, and how its handler behaves. */
struct side {
    struct scene *scene;
    const char *domain;
    struct dna_uv *uv;
    struct dna_uv_identity *identity;
    struct dna_uv_listener *listener;
    struct dna_uv_handler handler;
    struct dna_uv_stream *stream; /* the last one that opened and has not closed */
    unsigned admitted, opened, closed, drained, stanzas;
    unsigned refuse;              /* so many more connections are not admitted */
    bool echo;                    /* each stanza is answered on its stream */
    bool close_on_stanza;
    size_t stanza_bytes;
    char last_id[40];
    char condition[60], why[LAST_WHY]; /* of the last one that closed */
    bool proven, accepted;        /* the peer by us, we by the peer */
    unsigned refusals;            /* how often the peer was not, or no longer, proven */
    char asked_for[100];          /* whose certificate was last to be presented, "-": nobody's */
    char trace_in[4000];          /* what came decrypted, as far as it fits */
    char trace_out[4000];
    bool freed;
};

struct scene {
    uv_loop_t loop;
    struct name_server *names;
    struct cert ca;
    struct dna_span ca_pem;
    char ca_file[64];
    struct side a, b;
};

/* cmocka fixtures: a.example and b.example, each with a certificate of the CA and a listener
 * on 127.0.0.1; SRV records for both.  The end asserts that libuv holds nothing. */
int scene_begin(void **state);
int scene_end(void **state);

/* A driver with the scene's name server; allow and alloc may be NULL. */
struct dna_uv *scene_driver(struct scene *scene, uv_loop_t *loop, const char *allow,
                            const struct dna_alloc *alloc);
struct dna_uv_identity *scene_identity(struct scene *scene, struct dna_uv *uv,
                                       const char *domain, bool trusted);
void side_listen(struct side *side, const char *address, uint16_t port,
                 unsigned max_per_address);
void side_listen_direct(struct side *side);
/* Ends a driver and runs the loop until it is gone. */
void side_free(struct side *side);

/* Runs the loop until done(arg) holds; fails the test when that takes too long. */
typedef bool scene_done(void *arg);
void scene_until(struct scene *scene, scene_done *done, void *arg);
/* Runs the loop as long as something happens at once. */
void scene_settle(struct scene *scene);
/* Called in each round of the above. */
extern void (*scene_between)(void *arg);
extern void *scene_between_arg;

bool side_is_up(void *side);     /* both directions are proven */
bool side_has_closed(void *side); /* at least one stream closed, none is open */

/* From side to the other one. */
struct dna_uv_stream *side_connect(struct side *side, const char *peer);
enum dna_err side_send(struct side *side, const char *to, const char *id, size_t body);

#endif
