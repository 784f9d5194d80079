/* gateway/gateway.h: the program's one object, from configuration to end. */
#ifndef DNA_GATEWAY_GATEWAY_H
#define DNA_GATEWAY_GATEWAY_H

#include <stdio.h>
#include <uv.h>

#include <mod_dna/uv.h>

#include "bridge.h"
#include "config.h"
#include "evidence.h"
#include "file.h"
#include "identities.h"
#include "router.h"

/* Draining: nothing more is accepted from outside; closing: every stream is being closed;
 * freeing: the driver ends. */
enum gateway_state { GATEWAY_RUNS, GATEWAY_DRAINS, GATEWAY_CLOSES, GATEWAY_FREES };

#define GATEWAY_SIGNALS 4

/* A public address, or a link.  It stays where it is until the end, since what it accepted
 * points to it: one that is no more has no listener, and a link no config.  A link whose
 * server is to be believed on other terms is a new one. */
struct gateway_listener {
    struct user user; /* first */
    struct gateway_listener *next;
    bool is_public;
    const struct gateway_link_config *config; /* of the configuration in force */
    const struct gateway_link_config *coming; /* of the one that is being taken up */
    bool wanted;                              /* by that; public */
    struct dna_link *link;
    char *secret; /* that both ends know; NULL: none */
    struct gateway_address at, to_be;
    struct dna_uv_listener *listener, *fresh; /* fresh: at to_be, not in force yet */
    struct dna_uv_names *names; /* of a link; NULL: none */
    char *names_terms;          /* with names */
    bool names_fresh;           /* names is prepared, not in force yet */
};

struct watch;

struct gateway {
    const struct gateway_config *config; /* in force, and owned */
    struct dna_log log;
    FILE *trace; /* or NULL */
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[GATEWAY_SIGNALS];
    bool has_handles; /* timer and signals are in the loop */
    int64_t armed; /* monotonic time that the timer is set to */
    struct dna_uv *uv;
    struct identities *identities;
    struct bridge *bridge; /* NULL: no link needs one */
    struct dna_uv_handler handler;
    struct gateway_listener *listeners;
    bool listens; /* else nothing is listened on: --check */
    bool deaf;    /* an address could not be listened on, which is no fault of the file */
    struct file_stamp ca; /* of the certificate authorities that are believed */
    struct watch *watch;
    struct router *router;
    struct gateway_evidence evidence;
    enum gateway_state state;
    int64_t drain_until;
    unsigned stops; /* signals received */
};

/* The driver and the router; gateway_apply makes the rest of config.  listens false: nothing
 * will be listened on, as for --check.  NULL: not possible; each reason was written to errors
 * as "FILE:LINE: ...". */
struct gateway *gateway_new(const struct gateway_config *config, bool listens, FILE *log,
                            FILE *trace, FILE *errors);
/* Of a configuration with other faults: whether certificate and key can be used. */
void gateway_check_identity(const struct gateway_config *config, FILE *errors);
/* Ends what gateway_run did not. */
void gateway_free(struct gateway *gateway);
/* Serves until a signal ends it.  False: it could not; reason logged. */
bool gateway_run(struct gateway *gateway);

/* After anything that may have changed a deadline or the state. */
void gateway_after(struct gateway *gateway);
/* The driver has evidence of a hearing that nothing else comes of. */
void gateway_heard(void *arg, const struct dna_session_bundle *bundle);
void gateway_stop(struct gateway *gateway);

/* --- apply.c --- */
/* Makes config the one in force, and touches only what differs from the one before (at first:
 * from nothing).  Takes config over if it can be taken up.  False: each reason was written to
 * errors, or logged, and nothing has changed. */
bool gateway_apply(struct gateway *gateway, const struct gateway_config *config, FILE *errors);

/* --- watch.c --- */
/* Reads the configuration again, and logs what came of it. */
void watch_reload(struct gateway *gateway);
/* False: no memory. */
bool watch_begin(struct gateway *gateway);
void watch_end(struct gateway *gateway);

/* --- links.c --- */
/* Makes what config needs and is not there: links, and listeners where nothing of ours is
 * listening yet.  False: each reason was written to errors, or logged, and nothing new is
 * left. */
bool links_prepare(struct gateway *gateway, const struct gateway_config *config,
                   FILE *errors);
/* Ends what is prepared. */
void links_discard(struct gateway *gateway);
/* Puts it in force, and ends what is not in it. */
void links_commit(struct gateway *gateway);
/* The session's link for one that is prepared or in force. */
struct dna_link *links_of(const struct gateway *gateway,
                          const struct gateway_link_config *config);
void links_free(struct gateway *gateway);
/* Logs how many connections each limit has refused. */
void links_report(const struct gateway *gateway);
bool links_admit(const struct gateway_listener *listener, const struct sockaddr *peer,
                 const struct sockaddr *own, const struct dna_log *log);
/* Whether the local server is at the other end of a connection that we made to it. */
bool links_reached(const struct gateway *gateway, const struct dna_link *link,
                   const struct sockaddr *peer, const struct sockaddr *own);
/* NULL: the link is no more. */
const struct gateway_address *links_server_of(const struct gateway *gateway,
                                              const struct dna_link *link);
/* Stops accepting: only what is public, or everything. */
void links_close(struct gateway *gateway, bool only_public);

/* --- limits.c --- */
void limits_set(const struct gateway *gateway, const struct gateway_config *config);
/* As links_report, of every limit. */
void limits_report(const struct gateway *gateway);

/* --- observed.c --- */
/* Logs whom the observed policies would have refused, a line each. */
void observed_list(const struct gateway *gateway);

/* --- store.c --- */
/* Opens the store, and waits a few seconds at most for what is in it. */
void store_begin(struct gateway *gateway, const struct gateway_config *config);
/* Opens one that is there already, for somebody who wants to know what is in it: found is
 * called for each entry.  False: reason logged. */
struct store_reader {
    void (*found)(void *arg, const struct dna_learned *learned);
    void *arg;
};
bool store_read(struct gateway *gateway, const struct gateway_config *config,
                const struct store_reader *reader);
/* Waits until everything is written.  False: it was not, within some seconds. */
bool store_flush(struct gateway *gateway);

/* --- memory.c --- */
/* What is in the store, of one domain or (NULL) of all, one line each.  False: it cannot be
 * read; reason logged. */
bool memory_list(struct gateway *gateway, const struct gateway_config *config,
                 const char *domain, FILE *out);
/* Makes the store, and every gateway that is on it, forget a domain. */
bool memory_clear(struct gateway *gateway, const struct gateway_config *config,
                  const char *domain, FILE *out);

/* --- streams.c --- */
struct dna_uv_handler streams_handler(bool trace);

#endif
