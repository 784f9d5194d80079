/* edge/socket.h: one TCP socket on libuv.
 *
 * It reads into the loop's shared space and lends the bytes; what it could not write at once
 * it keeps until the network takes it.  After dna_edge_socket_close nothing is called any
 * more, whatever libuv still has to say.
 */
#ifndef DNA_EDGE_SOCKET_H
#define DNA_EDGE_SOCKET_H

#include <base/address.h>
#include <base/buf.h>
#include <edge/loop.h>

struct dna_edge_socket;
struct sockaddr;
struct uv_stream_s;

/* Called from libuv only.  Each may close the socket. */
struct dna_edge_socket_events {
    /* why NULL: connected. */
    void (*connected)(void *arg, const char *why);
    /* Lent until it returns. */
    void (*received)(void *arg, struct dna_span bytes);
    /* The last one: the peer's FIN (why NULL), or the connection broke. */
    void (*ended)(void *arg, const char *why);
    /* Everything that dna_edge_socket_write took has been written. */
    void (*written)(void *arg);
};

DNA_MUST_USE enum dna_err dna_edge_socket_new(struct dna_edge_loop *loop,
                                              const struct dna_alloc *alloc,
                                              struct dna_edge_socket **out);
void dna_edge_socket_bind(struct dna_edge_socket *socket,
                          const struct dna_edge_socket_events *events, void *arg);
/* NULL is fine. */
void dna_edge_socket_close(struct dna_edge_socket *socket);

/* DNA_ERR_SYSTEM with *why. source: NULL, or the local address. */
DNA_MUST_USE enum dna_err dna_edge_socket_connect(struct dna_edge_socket *socket,
                                                  const struct dna_endpoint *to,
                                                  const struct dna_address *source,
                                                  const char **why);
DNA_MUST_USE enum dna_err dna_edge_socket_accept(struct dna_edge_socket *socket,
                                                 struct uv_stream_s *listener);
/* Sets what every stream's socket has: no delay, keep-alive, an end to unanswered writes. */
void dna_edge_socket_tune(struct dna_edge_socket *socket);
/* The next acknowledgement is not delayed. */
void dna_edge_socket_hurry(struct dna_edge_socket *socket);

/* Starts or stops reading. */
void dna_edge_socket_read(struct dna_edge_socket *socket, bool on);
/* From now on at most that many bytes at once; 0: as many as there is space for. */
void dna_edge_socket_read_most(struct dna_edge_socket *socket, size_t most);
/* Takes all of out, unless something is in flight.  DNA_ERR_SYSTEM: the connection is lost
 * (no `ended` follows from it). */
DNA_MUST_USE enum dna_err dna_edge_socket_write(struct dna_edge_socket *socket,
                                                struct dna_buf *out);
/* Bytes that were taken and not written yet. */
size_t dna_edge_socket_in_flight(const struct dna_edge_socket *socket);
/* Bytes that the system was given and the peer's has not confirmed. */
size_t dna_edge_socket_unconfirmed(const struct dna_edge_socket *socket);
/* Sends FIN; nothing must be in flight. */
void dna_edge_socket_finish(struct dna_edge_socket *socket);

struct sockaddr_storage;
/* The other end, or our own.  False: not connected. */
bool dna_edge_socket_name(const struct dna_edge_socket *socket, bool peer,
                          struct sockaddr_storage *out);

#endif
