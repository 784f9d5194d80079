/* edge/listen.h: a listening socket and the account of who came by it. */
#ifndef DNA_EDGE_LISTEN_H
#define DNA_EDGE_LISTEN_H

#include <base/address.h>
#include <mod_dna/uv.h>

struct dna_tls_identity;

/* A stream that was accepted ends. */
void dna_edge_listener_leave(struct dna_uv_listener *listener,
                             const struct dna_address *address, bool secured);
/* It is under TLS now: no handshake any more. */
void dna_edge_listener_secured(struct dna_uv_listener *listener,
                               const struct dna_address *address);
/* What a listener with direct TLS begins with; NULL: it has STARTTLS. */
struct dna_tls_identity *dna_edge_listener_blank(const struct dna_uv_listener *listener);
/* Of every listener; dna_uv_listener_free of each, as the host would. */
void dna_edge_listeners_end(struct dna_uv *uv);

#endif
