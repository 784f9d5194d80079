/* gateway/owner.h: who is at the other end of a loopback connection. */
#ifndef DNA_GATEWAY_OWNER_H
#define DNA_GATEWAY_OWNER_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

/* The user that owns the socket at the other end of a connection on this machine, as the
 * kernel knows it (sock_diag(7)).  peer is that socket's address, own is ours.  False: the
 * kernel knows no such socket, or does not say. */
bool gateway_owner_of(const struct sockaddr *peer, const struct sockaddr *own, uid_t *uid);

#endif
