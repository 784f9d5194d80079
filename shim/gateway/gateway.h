/* gateway/gateway.h: the program's one object, from configuration to end. */
#ifndef DNA_GATEWAY_GATEWAY_H
#define DNA_GATEWAY_GATEWAY_H

#include <stdio.h>
#include <uv.h>

#include <mod_dna/uv.h>

#include "config.h"
#include "evidence.h"
#include "router.h"

/* Draining: nothing more is accepted from outside; closing: every stream is being closed;
 * freeing: the driver ends. */
enum gateway_state { GATEWAY_RUNS, GATEWAY_DRAINS, GATEWAY_CLOSES, GATEWAY_FREES };

#define GATEWAY_SIGNALS 3

struct gateway_listener {
    struct user user; /* first */
    const struct gateway_link_config *config; /* NULL: public */
    struct dna_link *link;
    struct dna_uv_listener *listener;
};

struct gateway {
    const struct gateway_config *config;
    struct dna_log log;
    FILE *trace; /* or NULL */
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[GATEWAY_SIGNALS];
    bool has_handles; /* timer and signals are in the loop */
    int64_t armed; /* monotonic time that the timer is set to */
    struct dna_uv *uv;
    struct dna_uv_identity *identity;
    struct dna_uv_handler handler;
    struct gateway_listener *listeners; /* the links first, in the configuration's order */
    size_t n_listeners;
    struct router *router;
    struct gateway_evidence evidence;
    enum gateway_state state;
    int64_t drain_until;
    unsigned stops; /* signals received */
};

/* Everything up to, and without, listening: resolver, certificate, policies, links, hosts.
 * NULL: not possible; each reason was written to errors as "FILE:LINE: ...". */
struct gateway *gateway_new(const struct gateway_config *config, FILE *log, FILE *trace,
                            FILE *errors);
/* Of a configuration with other faults: whether certificate and key can be used. */
void gateway_check_identity(const struct gateway_config *config, FILE *errors);
/* Ends what gateway_run did not. */
void gateway_free(struct gateway *gateway);
/* Listens and serves until a signal ends it.  False: it could not listen; reason logged. */
bool gateway_run(struct gateway *gateway);

/* After anything that may have changed a deadline or the state. */
void gateway_after(struct gateway *gateway);
void gateway_stop(struct gateway *gateway);

/* --- links.c --- */
bool links_make(struct gateway *gateway);
bool links_listen(struct gateway *gateway);
bool links_admit(const struct gateway_listener *listener, const struct sockaddr *peer,
                 const struct sockaddr *own, const struct dna_log *log);
const struct gateway_address *links_server_of(const struct gateway *gateway,
                                              const struct dna_link *link);
/* Stops accepting: only what is public, or everything. */
void links_close(struct gateway *gateway, bool only_public);

/* --- streams.c --- */
struct dna_uv_handler streams_handler(bool trace);

#endif
