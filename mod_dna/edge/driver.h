/* edge/driver.h: the driver's parts, for the files of this room.
 *
 * Everything is pulled in the turn, which the loop makes before and after it waits: wants,
 * cancels, effects and rulings of the session, and then the streams that were stirred.  So
 * what a host does inside a callback never reaches it again inside that callback.
 */
#ifndef DNA_EDGE_DRIVER_H
#define DNA_EDGE_DRIVER_H

#include <edge/guard.h>
#include <edge/loop.h>
#include <mod_dna/uv.h>

struct dna_resolver;
struct dna_https;
struct dna_fetcher;
struct dna_edge_asks;
struct dna_edge_wants;
struct dna_edge_query;
struct dna_edge_moved;
struct dna_edge_verification;
struct dna_edge_completion;
struct dna_edge_keep;
struct dna_map;
struct dna_tls_pool;

struct dna_edge_stream_list {
    struct dna_uv_stream *first, *last;
};

struct dna_edge_streams {
    struct dna_edge_stream_list awake;  /* by the time of what happened last */
    struct dna_edge_stream_list parked; /* idle, or not connected yet */
    struct dna_uv_stream *stirred, **stirred_end;
};

struct dna_uv {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    struct uv_loop_s *own_loop; /* NULL: the host's */
    struct dna_edge_loop *loop;
    const struct dna_loop *face;
    struct dna_edge_guard guard;
    struct dna_address source; /* of outgoing connections, with has_source */
    bool has_source;
    struct dna_roots *roots;
    struct dna_session *session;
    struct dna_resolver *resolver;
    struct dna_https *https;
    struct dna_fetcher *fetcher;
    uint16_t *fetch_ports;
    struct dna_edge_wants *wants;
    struct dna_edge_asks *asks;
    struct dna_edge_query *queries; /* running dna_uv_endpoints */
    struct dna_edge_moved *moved;   /* domains that are served elsewhere for once */
    struct dna_edge_verification *verifications; /* dialback keys being asked about */
    unsigned last_verification;
    size_t buffered;        /* by all streams */
    struct dna_map *purses; /* by network; NULL: none yet */
    struct dna_uv_limits limits;
    uint64_t refused[DNA_UV_N_LOADS];
    struct dna_edge_keep *keep; /* the store, or NULL */
    struct dna_tls_pool *pool;  /* of certificates that we present; made with the first */
    unsigned char terms[2 * 32]; /* digests of how DNS is asked, and of the CA store */
    struct dna_edge_completion *completions; /* bundles */
    struct dna_uv_listener *listeners;
    struct dna_uv_names *names;
    struct dna_edge_streams streams;
    struct dna_timer *alarm; /* at alarm_at, for the session and for parking */
    int64_t alarm_at;
    bool ending, ended;
    bool processing; /* within dna_uv_process */
    void (*unsent)(void *arg, const struct dna_stanza *stanza);
    void *unsent_arg;
    void (*heard)(void *arg, const struct dna_session_bundle *bundle);
    void *heard_arg;
    void (*done)(void *arg);
    void *done_arg;
};

DNA_MUST_USE enum dna_err dna_edge_random(void *space, size_t size);
/* A line with one field of the driver's. */
void dna_edge_log(const struct dna_uv *uv, enum dna_log_level level, const char *event,
                  const char *key, const char *value);

#endif
