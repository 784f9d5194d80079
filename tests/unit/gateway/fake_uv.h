/* A driver without sockets: it writes down what the router does, and tells it what a test
 * wants it to hear.
 *
 * The journal holds one line per call, such as
 *
 *     endpoints museum.dna                 a look-up began
 *     connect 2 library.dna museum.dna     stream 2 is being opened, from and to
 *     ask 2 library.dna museum.dna
 *     send 2 library.dna museum.dna id1
 *     error 3 library.dna museum.dna id1 remote-server-timeout the text
 *     pause 1 / resume 1 / close 2 system-shutdown
 *
 * Stream 1, 2 ... in the order in which they come to be.
 */
#ifndef TESTS_FAKE_UV_H
#define TESTS_FAKE_UV_H

#include <mod_dna/uv.h>

#include "router.h"

#define FAKE_STREAMS 64

extern int64_t fake_now;
extern uint32_t fake_dice; /* of the next pause; the middle at first */
extern bool fake_connect_fails;
extern bool fake_moved; /* what ends now is served elsewhere */
extern size_t fake_buffered; /* by the driver, for every network */
extern const char *fake_resumes;  /* of whose streams one may be resumed, or NULL */
extern const char *fake_unhosted; /* a domain that is not hosted, or NULL */
extern unsigned fake_searched;    /* how often the router said that a search has ended */
extern unsigned fake_bridge;      /* the link that is one; 0: none */
extern const char *fake_unproven; /* a domain that no stream proves, or NULL */
extern const char *fake_rehears;  /* a domain that streams hear again, or NULL */
extern const char *fake_apart;    /* a domain that has a certificate of its own, or NULL */

void fake_reset(void);
/* A router whose domains *.one belong to fake_link(1), *.two to fake_link(2). */
struct router *fake_router(const struct gateway_queue_config *queue);
struct dna_link *fake_link(unsigned number);
/* Shares that no test reaches. */
struct gateway_shares_config fake_shares(void);
/* Closes everything, as a driver does that ends. */
void fake_end(struct router *router);
/* And frees the router. */
void fake_router_free(struct router *router);
bool fake_exists(unsigned number);
bool fake_looks_up(void);

/* The journal since the last call; lives until the next. */
const char *fake_journal(void);

struct stream *fake_accepted(struct router *router, struct dna_link *link);
struct stream *fake_stream(unsigned number);
struct dna_uv_stream *fake_uv(unsigned number);
/* The stream's peer is there. */
void fake_network(unsigned number, const char *network);
/* An accepted stream's header is to that domain. */
void fake_header(unsigned number, const char *own);
/* The peer is reached, at the address of that host, or at another one. */
#define FAKE_HOST "x.r.dna"
#define FAKE_REMOTE "192.0.2.1@5269"
void fake_connected(unsigned number);
void fake_connected_at(unsigned number, const char *address);
/* From now on own -> peer may be sent. */
void fake_allow(unsigned number, const char *own, const char *peer);
void fake_forbid(unsigned number);
void fake_speak_dna(unsigned number, bool speaks);
/* The stream's certificate permits to ask for domains of that host. */
void fake_carry(unsigned number, const char *host);
/* dna_uv_stream_ask says so. */
void fake_answer_asks(unsigned number, enum dna_err err);
void fake_answer_sends(unsigned number, enum dna_err err);
void fake_backlog(unsigned number, size_t bytes);
void fake_effect(unsigned number, enum dna_stream_effect_kind kind, const char *domain,
                 const char *other, bool accepted);
void fake_ruling(unsigned number, const char *domain, enum dna_verdict verdict,
                 const char *why);
void fake_closed(unsigned number, const char *condition, const char *why);
/* The oldest look-up ends. */
void fake_found(const char *host, uint16_t port);
/* ... with an address of the host, or with none that anybody is connected to. */
void fake_found_at(const char *host, uint16_t port, const char *address);
void fake_not_found(bool definite, const char *why);

/* A message, from a user of one domain to one of the other. */
void fake_stanza(unsigned number, const char *from, const char *to, const char *id,
                 const char *type);

#endif
