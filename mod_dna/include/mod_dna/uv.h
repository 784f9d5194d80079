/* mod_dna/uv.h: the driver on libuv.
 *
 * Room: edge.  Satisfies a session's wants with a validating resolver and a guarded HTTPS
 * client, and carries streams over TCP and TLS.  Everything runs on the thread of one
 * uv_loop_t; callbacks come from that loop, never from inside a call.  A host with another
 * event loop polls dna_uv_fd for reading and calls dna_uv_process when it is readable, when
 * dna_uv_timeout has passed, and after any call of this API, before it polls again (libuv
 * registers descriptors only when it runs).
 */
#ifndef MOD_DNA_UV_H
#define MOD_DNA_UV_H

#include <mod_dna/session.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;
struct sockaddr;

struct dna_uv;

enum dna_uv_dns {
    DNA_UV_DNS_ITERATE, /* validate and iterate from the root */
    DNA_UV_DNS_FORWARD, /* validate, through the given resolvers */
    DNA_UV_DNS_STUB     /* believe one trusted resolver (c-ares) */
};

struct dna_uv_options {
    size_t size;
    struct uv_loop_s *loop;              /* NULL: a loop of its own */
    struct dna_session_options session;  /* session.roots NULL: taken from ca_pem */
    struct dna_span ca_pem;              /* the CA store's bytes (also for HTTPS) */
    const char *ca_file;                 /* the same as a file name (libcurl needs one) */
    enum dna_uv_dns dns;
    const char *const *dns_servers;      /* "ADDR[@PORT]" */
    size_t n_dns_servers;
    const char *root_hints;              /* file or NULL */
    const char *trust_anchor_file;       /* the root's key */
    const char *const *island_anchor_files;
    size_t n_islands;
    bool stub_trusts_ad;
    const char *const *guard_allow;      /* CIDR prefixes that may be connected to although
                                          * they are not global unicast (S22) */
    size_t n_guard_allow;
    const char *source;                  /* local address of outgoing connections, or NULL; not
                                          * of those to a link's server */
    const uint16_t *fetch_ports;         /* further ports that a fetched URL may name */
    size_t n_fetch_ports;
    /* Called from the loop for each stanza that was sent and of which nobody knows whether it
     * arrived (dna_session_next_unsent), but not once the driver ends.  NULL: nobody is told. */
    void (*unsent)(void *arg, const struct dna_stanza *stanza);
    void *unsent_arg;
    /* The same for the evidence of a hearing that has ended (dna_session_next_bundle), unless the
     * host fetches it before. */
    void (*heard)(void *arg, const struct dna_session_bundle *bundle);
    void *heard_arg;
};

/* DNA_ERR_FORMAT with *why for people (an unreadable CA, a bad address ...).  After a failure
 * the host's loop has to run once more before it can be closed. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_new(const struct dna_uv_options *options,
                                             struct dna_uv **out, const char **why);
/* Ends every stream and look-up at once, then calls done from the loop, once, when nothing of
 * ours is left in it; the driver is freed just before.  done may be NULL.  Before it, from
 * the loop, whatever was promised to be called once is called: closed(), and the functions
 * of dna_uv_ask and dna_uv_endpoints.  A driver with a loop of its own ends in
 * dna_uv_process, which is to be called until done was. */
DNA_API void dna_uv_free(struct dna_uv *uv, void (*done)(void *arg), void *arg);

/* Borrowed, as long as the driver: its session, its loop; and now: wall seconds, and the
 * loop's own milliseconds. */
DNA_API struct dna_session *dna_uv_session(struct dna_uv *uv);
DNA_API struct uv_loop_s *dna_uv_loop(struct dna_uv *uv);
DNA_API struct dna_time dna_uv_now(struct dna_uv *uv);
/* For a host with another loop: readable when dna_uv_process is needed.  Borrowed. */
DNA_API int dna_uv_fd(struct dna_uv *uv);
/* Milliseconds until dna_uv_process is needed at the latest; -1: only on dna_uv_fd. */
DNA_API int dna_uv_timeout(struct dna_uv *uv);
/* For a host with another loop: does what is due, waits for nothing, and may call every function
 * that the host has given. */
DNA_API void dna_uv_process(struct dna_uv *uv);

/* Connections on behalf of peers never lead to that address and port, whatever guard_allow
 * says (S22): for servers of ours that trust the gateway.  Our listeners are protected
 * without it, a link's server once it was connected to.  Port 0: every port.
 * DNA_ERR_FORMAT: not an IP address. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_protect(struct dna_uv *uv, const char *address,
                                                 uint16_t port);

/* From now on the certificates of ca_pem are believed instead (dna_session_roots), and for
 * HTTPS those of the file of that name, which holds the same.  DNA_ERR_FORMAT: not PEM, or no
 * certificate in it; then and on DNA_ERR_MEMORY what the session believes is as it was. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_trust(struct dna_uv *uv, struct dna_span ca_pem,
                                               const char *ca_file);

/* Asks the court.  The question is copied; fn is called once, from the loop, never from within
 * the call, unless cancelled with dna_uv_unask; the ruling lives until it returns.  *out (out
 * may be NULL) is for that only: it is freed when fn has returned.  DNA_ERR_ARGUMENT: a name that
 * is not canonical; DNA_ERR_MEMORY; then fn is not called. */
typedef void dna_uv_ruling_fn(void *arg, const struct dna_ruling *ruling);
DNA_API DNA_MUST_USE enum dna_err dna_uv_ask(struct dna_uv *uv,
                                             const struct dna_question *question,
                                             dna_uv_ruling_fn *fn, void *arg,
                                             struct dna_hearing **out);
/* No fn comes after it.  Not for a hearing whose fn was called. */
DNA_API void dna_uv_unask(struct dna_uv *uv, struct dna_hearing *hearing);

/* --- certificates that we present ---------------------------------------------------- */

struct dna_uv_identity;
/* From PEM bytes; see *why on DNA_ERR_FORMAT. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_identity_new(struct dna_uv *uv,
                                                      struct dna_span chain_pem,
                                                      struct dna_span key_pem,
                                                      struct dna_uv_identity **out,
                                                      const char **why);
/* What it presents; lives as long as it. */
DNA_API const struct dna_chain *dna_uv_identity_chain(const struct dna_uv_identity *identity);
/* Drops the host's reference; streams that present it keep it.  NULL is fine. */
DNA_API void dna_uv_identity_free(struct dna_uv_identity *identity);

/* --- streams over connections --------------------------------------------------------- */

struct dna_uv_stream;
struct dna_uv_listener;

/* What the host is told.  Every function may call any dna_uv_stream_ function, also on the
 * stream it is told of.  Missing ones are skipped.  user: of the listener or connect options
 * that the stream comes from. */
struct dna_uv_handler {
    /* The certificate to present for `domain`; NULL refuses TLS.  Under direct TLS the domain
     * is what the client asked for (SNI), and NULL if it named none. */
    struct dna_uv_identity *(*identity)(void *user, const char *domain);
    /* A connection was accepted.  False: it is closed at once, before anything is read.
     * peer and own are the two ends of the socket. */
    bool (*admit)(void *user, const struct sockaddr *peer, const struct sockaddr *own);
    void (*opened)(void *user, struct dna_uv_stream *stream);
    void (*stanza)(void *user, struct dna_uv_stream *stream, const struct dna_stanza *stanza);
    /* OWN, PEER and PAIR effects: what may flow has changed. */
    void (*changed)(void *user, struct dna_uv_stream *stream,
                    const struct dna_stream_effect *effect);
    /* dna_uv_stream_backlog fell below the low mark after having been above the high one, or
     * what could not be sent for another reason can be now (FLOWS). */
    void (*drained)(void *user, struct dna_uv_stream *stream);
    /* The last one, also of a stream that never opened; the stream is freed afterwards.
     * condition: "" or a stream error. */
    void (*closed)(void *user, struct dna_uv_stream *stream, const char *condition,
                   const char *why);
    /* Every byte of the XML, decrypted: for a trace. */
    void (*trace)(void *user, struct dna_uv_stream *stream, bool sent, struct dna_span bytes);
    /* The other end of a connection that was made to a link's server has answered, and
     * nothing of it was read yet.  False: the stream is dropped.  peer and own are the two
     * ends of the socket, as with admit. */
    bool (*reached)(void *user, const struct sockaddr *peer, const struct sockaddr *own);
    /* TLS is to begin on a stream of a bridge's link: dna_uv_stream_certify is to be called for
     * it, from here or later.  domain: the remote one, whose certificate is presented. */
    void (*certify)(void *user, struct dna_uv_stream *stream, const char *domain);
};

struct dna_uv_listen {
    size_t size;
    const char *address;      /* textual IP */
    uint16_t port;            /* 0: the system's choice */
    struct dna_link *link;    /* NULL: public */
    const struct dna_uv_handler *handler; /* outlives the listener and its streams */
    void *user;
    unsigned max_connections; /* 0: 10000 */
    unsigned max_per_address; /* 0: 64; public only */
    bool direct_tls;          /* TLS at once (XEP-0368); public only */
    /* Prefixes (ADDR[/BITS]) of the load balancers in front of it: what comes from there must
     * begin with a header of the PROXY protocol, version 2, and counts as coming from where
     * that says.  From anywhere else there is no such header (S21).  Public only. */
    const char *const *balancers;
    size_t n_balancers;
    unsigned max_attempts;    /* from one address in a minute; 0: 120; public only */
    unsigned max_handshakes;  /* connections without TLS yet; 0: 2000; public only */
    unsigned max_handshakes_per_address; /* ... from one address; 0: 32; public only */
};

/* What a connection may be refused by, before anything but its socket was allocated. */
enum dna_uv_limit {
    DNA_UV_LIMIT_CONNECTIONS,    /* max_connections */
    DNA_UV_LIMIT_HANDSHAKES,     /* max_handshakes */
    DNA_UV_LIMIT_ADDRESSES,      /* as many addresses as a listener keeps account of (65536) */
    DNA_UV_LIMIT_CONNECTIONS_AT, /* max_per_address */
    DNA_UV_LIMIT_HANDSHAKES_AT,  /* max_handshakes_per_address */
    DNA_UV_LIMIT_ATTEMPTS_AT,    /* max_attempts */
    DNA_UV_N_LIMITS
};
/* "connections", "connections-per-address" ...; static. */
DNA_API const char *dna_uv_limit_name(enum dna_uv_limit limit);
/* DNA_ERR_FORMAT (not an IP address, or no prefix), DNA_ERR_ARGUMENT or DNA_ERR_SYSTEM, with
 * *why. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_listen(struct dna_uv *uv,
                                                const struct dna_uv_listen *options,
                                                struct dna_uv_listener **out,
                                                const char **why);
/* Takes the limits (max_...) of options for those who come from now on. */
DNA_API void dna_uv_listener_limit(struct dna_uv_listener *listener,
                                   const struct dna_uv_listen *options);
/* How many were refused by each limit since it listens.  A refusal is also logged, for each
 * limit once a minute at most: "connections-refused", with limit, address and refused, the
 * number since the line before. */
DNA_API void dna_uv_listener_refused(const struct dna_uv_listener *listener,
                                     uint64_t counts[DNA_UV_N_LIMITS]);
/* The port that it listens on, also where options.port was 0. */
DNA_API uint16_t dna_uv_listener_port(const struct dna_uv_listener *listener);
/* Stops accepting; accepted streams live on.  Not after dna_uv_free, which does it. */
DNA_API void dna_uv_listener_free(struct dna_uv_listener *listener);

struct dna_uv_connect {
    size_t size;
    const char *own;       /* canonical */
    const char *peer;
    struct dna_link *link; /* local hop: address and port say where; NULL: public, by SRV */
    const char *address;   /* textual IP: connect there instead of resolving (link, or a static
                            * route) */
    uint16_t port;
    const struct dna_uv_handler *handler;
    void *user;
    bool direct_tls;       /* with a static route: TLS at once */
    const char *source;    /* with link: "ADDR@PORT", whose connection this is, for a server that
                            * reads the PROXY protocol, version 2; "": ours; NULL: no header
                            * is sent */
};
/* Finds the peer (both SRV names, or its service delegation document where the policy has
 * delegation_connect; A/AAAA, every address in turn; guarded, S22), connects, by direct TLS
 * where a record says so (XEP-0368), and starts the stream.  An endpoint that turns out to be
 * no good before the peer is accepted (the connection or TLS fails, it is no XMPP server, its
 * certificate does not prove the domain) is left for the next one, for a minute at most: the
 * stream has no core then, and opened() comes once for each.  A link's server and a static
 * route need an address.  Every failure comes as closed(), whose condition is then
 * "remote-server-not-found" (does not exist), "remote-server-timeout" (could not be reached)
 * or "remote-connection-failed" (refused by the guard; for the peer the same as timeout), or
 * what was found out about an endpoint that was reached. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_connect(struct dna_uv *uv,
                                                 const struct dna_uv_connect *options,
                                                 struct dna_uv_stream **out);

/* The session's stream; NULL while an outgoing one is still being connected.  Until one is
 * accepted it may change with each opened(). */
DNA_API struct dna_stream *dna_uv_stream_core(struct dna_uv_stream *stream);
/* The user of the listener or connect options, until it is set. */
DNA_API void *dna_uv_stream_user(const struct dna_uv_stream *stream);
DNA_API void dna_uv_stream_set_user(struct dna_uv_stream *stream, void *user);
/* A number for logs, unique in the process. */
DNA_API uint64_t dna_uv_stream_number(const struct dna_uv_stream *stream);
/* "ADDR@PORT" of the other end, "" while unknown. */
DNA_API const char *dna_uv_stream_remote(const struct dna_uv_stream *stream);
/* Whether we have connected; false: it came to a listener. */
DNA_API bool dna_uv_stream_initiating(const struct dna_uv_stream *stream);
/* In closed(): the peer, proven, has named another place for its domain (see-other-host), and the
 * next dna_uv_connect to the domain leads there, within a minute; twice in a row at most.  Then
 * the same must be proven as before, and the address passes the guard.  Never where dna_uv_connect
 * was told the address. */
DNA_API bool dna_uv_stream_moved(const struct dna_uv_stream *stream);
/* The network that the other end of a public stream is in, as text: its IPv4 address, or the
 * /64 of its IPv6 address, for limits per address.  "" while unknown, and on a link. */
DNA_API const char *dna_uv_stream_network(const struct dna_uv_stream *stream);

/* As dna_stream_send, dna_stream_send_error and dna_stream_ask; what is sent goes out in one
 * write at the end of the loop's turn. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_stream_send(struct dna_uv_stream *stream,
                                                     const struct dna_stanza *stanza);
DNA_API DNA_MUST_USE enum dna_err dna_uv_stream_send_error(
    struct dna_uv_stream *stream, const struct dna_stanza *stanza,
    enum dna_stanza_condition condition, const char *text);
DNA_API DNA_MUST_USE enum dna_err dna_uv_stream_ask(struct dna_uv_stream *stream,
                                                    const char *own, const char *peer);
/* As dna_stream_rehear. */
DNA_API bool dna_uv_stream_rehear(struct dna_uv_stream *stream, const char *domain);
/* Goes on where handler.certify left off: TLS begins with identity, or with NULL is refused.
 * Ignored where nothing waits for it. */
DNA_API void dna_uv_stream_certify(struct dna_uv_stream *stream,
                                   const struct dna_uv_identity *identity);
/* Output that the network has not taken yet, and stanzas that the peer has not acknowledged
 * where it should (XEP-0198), in bytes. */
DNA_API size_t dna_uv_stream_backlog(const struct dna_uv_stream *stream);
/* Bytes that are buffered: the backlog of every stream and the elements that are not complete
 * yet, and the stanzas of streams that broke and may be resumed.  A host that bounds them
 * counts its own besides. */
DNA_API size_t dna_uv_buffered(const struct dna_uv *uv);
/* Of all streams whose other end is in the same network as that of this one; 0 on a link. */
DNA_API size_t dna_uv_stream_network_buffered(const struct dna_uv_stream *stream);
/* Stops and starts reading (back-pressure); pauses nest. */
DNA_API void dna_uv_stream_pause(struct dna_uv_stream *stream);
DNA_API void dna_uv_stream_resume(struct dna_uv_stream *stream);
/* Closes properly: error (or NULL), end tag, the peer's end tag or 5 s, close_notify. */
DNA_API void dna_uv_stream_close(struct dna_uv_stream *stream, const char *condition,
                                 const char *text);

/* --- names for the local servers ------------------------------------------------------- */

/* A name server on the loopback, by UDP and TCP, for a server that finds its peers by SRV
 * records and shall find us: `_xmpp-server._tcp.` of every domain leads to target, which has
 * one address; `_xmpps-server._tcp.` has no records.  Every other query is forwarded, and the
 * answer comes back unchanged.  What is synthesised cannot be signed: a local server that
 * validates DNSSEC itself takes it for forged. */
struct dna_uv_names;

struct dna_uv_names_options {
    size_t size;
    const char *address;        /* loopback, textual; nothing else is bound (S27) */
    uint16_t port;              /* 0: the system's choice, the same for UDP and TCP */
    const char *target;         /* canonical name that nothing else has */
    const char *target_address; /* textual IP: where the link listens */
    uint16_t target_port;
    const char *const *forward; /* 1 to 8 resolvers "ADDR[@PORT]", asked in turn */
    size_t n_forward;
};
/* options and what they point to are copied.  DNA_ERR_FORMAT or DNA_ERR_SYSTEM, with *why
 * (static). */
DNA_API DNA_MUST_USE enum dna_err dna_uv_names(struct dna_uv *uv,
                                               const struct dna_uv_names_options *options,
                                               struct dna_uv_names **out, const char **why);
/* The port that it answers on, also where options.port was 0. */
DNA_API uint16_t dna_uv_names_port(const struct dna_uv_names *names);
/* At once; queries under way stay unanswered.  Not after dna_uv_free, which does it. */
DNA_API void dna_uv_names_free(struct dna_uv_names *names);

/* --- what peers may make us do --------------------------------------------------------- */

/* At once: dialback keys about which the server of a domain is being asked, in all, for one
 * address (of IPv6: one /64), and on behalf of one domain of ours.  0: 256, 8, 128.  The
 * session has limits of its own (dna_session_limit). */
struct dna_uv_limits {
    size_t size;
    unsigned dialbacks, dialbacks_per_address, dialbacks_per_host;
};
enum dna_uv_load {
    DNA_UV_LOAD_DIALBACKS,
    DNA_UV_LOAD_DIALBACKS_PER_ADDRESS,
    DNA_UV_LOAD_DIALBACKS_PER_HOST,
    DNA_UV_N_LOADS
};
/* For what comes from now on. */
DNA_API void dna_uv_limit(struct dna_uv *uv, const struct dna_uv_limits *limits);
/* How often each has refused something; logged as those of the session are. */
DNA_API void dna_uv_refused(const struct dna_uv *uv, uint64_t counts[DNA_UV_N_LOADS]);
/* "dialbacks", "dialbacks-per-address" ...; static. */
DNA_API const char *dna_uv_load_name(enum dna_uv_load load);

/* --- what outlives the driver ---------------------------------------------------------- */

/* What the session learns (dna_learned) is written behind into a store, and what is in it is
 * recalled as soon as it can be reached, as is what others write to it.  No question waits for
 * it; it may be away at any time, which is logged as store-up and store-down, once each. */
enum dna_uv_store_kind {
    DNA_UV_STORE_FILE, /* SQLite, for one driver */
    DNA_UV_STORE_REDIS /* for several that share what they learn */
};

struct dna_uv_store_options {
    size_t size;
    enum dna_uv_store_kind kind;
    const char *where;    /* the file; or the server's IP address, or with port 0 its socket */
    uint16_t port;
    const char *password; /* of the server; NULL: none */
    struct dna_span key;  /* at least 32 random bytes, secret, the same for all who share */
    /* Called from the loop for every entry that was recalled; NULL: nobody is interested. */
    void (*found)(void *arg, const struct dna_learned *learned);
    void *arg;
    /* A file beside the key, SQLite, made if need be, which drivers of one machine may share.
     * What bars is kept there, too: the downgrade memory, and whatever was taken back.  So
     * neither the loss of the store nor who can write to it, but not there, makes this machine
     * forget it, and an entry that was taken back is not believed when it is put back.  NULL:
     * that holds only until the process ends. */
    const char *bars;
};
/* Opens it, once for a driver; everything is copied.  A file for what bars that cannot be
 * opened is logged as bars-down, and is tried again.  DNA_ERR_ARGUMENT: opened already, or the
 * key is too short. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_store(struct dna_uv *uv,
                                               const struct dna_uv_store_options *options);
/* Whether everything in it was recalled, or it cannot be reached, or it takes longer than a
 * few seconds: who waits for that before listening serves nobody whom it would have refused
 * on the strength of what it had forgotten (S12). */
DNA_API bool dna_uv_store_settled(const struct dna_uv *uv);
/* Whether something was not written yet. */
DNA_API bool dna_uv_store_busy(const struct dna_uv *uv);
/* Whether it can be reached, and what was in it has been found. */
DNA_API bool dna_uv_store_up(const struct dna_uv *uv);
/* The operator's word, here and for all who share the store: whatever was learned of a domain
 * (canonical; NULL: of every one) until now is believed no longer, also where it is put back
 * later.  What a session has proven itself stays with it until that ends, and sts policies stay
 * where they are used; those that were found are for dna_uv_store_drop.  Without a store:
 * dna_session_memory_clear.  DNA_ERR_STATE: the store is not open yet; DNA_ERR_LIMIT: too much
 * waits. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_store_forget(struct dna_uv *uv, const char *domain);
/* The same for a single entry that was found, with its value; sts policies go at once.
 * DNA_ERR_STATE: there is no store; DNA_ERR_LIMIT: too much waits; DNA_ERR_FORMAT: it is no
 * entry. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_store_drop(struct dna_uv *uv,
                                                    const struct dna_learned *learned);

/* One place where a domain is served. */
struct dna_uv_endpoint {
    const char *host; /* SRV target; NULL: the domain itself, no SRV record */
    uint16_t port;
    const char *const *addresses; /* "ADDR@PORT", as dna_uv_stream_remote has it, of the host;
                                   * none where that could not be found out in time */
    size_t n_addresses;
};
/* What was found; it lives until this returns.  n is 0: there is nothing, and why; definite: that
 * is what the DNS says, and no failure to find out. */
typedef void dna_uv_endpoints_fn(void *arg, const struct dna_uv_endpoint *endpoints, size_t n,
                                 bool definite, const char *why);
/* Looks up where `domain` is served, as dna_uv_connect does: the endpoints in the order in
 * which they would be tried (for reusing a stream that leads to the same place).  fn is called
 * once, from the loop.  DNA_ERR_ARGUMENT: no name of a domain; DNA_ERR_STATE: the
 * driver ends; DNA_ERR_MEMORY.  Then it is not called. */
DNA_API DNA_MUST_USE enum dna_err dna_uv_endpoints(struct dna_uv *uv, const char *domain,
                                                   dna_uv_endpoints_fn *fn, void *arg);

/* Completes an evidence bundle, unsigned (dna_session_next_bundle, dna_hearing_bundle), with
 * the answers of the DNS, as signed, that show what it claims: the resolver is asked again,
 * mostly from its cache, at most for 5 s.  fn is called once, from the loop, with the bundle
 * as far as it could be completed, which lives until fn returns.  bundle is copied.  A stub
 * completes nothing.  DNA_ERR_LIMIT: too many at once; DNA_ERR_FORMAT: no such bundle;
 * DNA_ERR_STATE: the driver ends; DNA_ERR_MEMORY.  Then the bundle stays as it is. */
typedef void dna_uv_bundle_fn(void *arg, struct dna_span bundle);
DNA_API DNA_MUST_USE enum dna_err dna_uv_complete_bundle(struct dna_uv *uv,
                                                         struct dna_span bundle,
                                                         dna_uv_bundle_fn *fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
