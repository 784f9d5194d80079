/* gateway/bridge.h: certificates for the servers behind bridge links, and who asks for them. */
#ifndef DNA_GATEWAY_BRIDGE_H
#define DNA_GATEWAY_BRIDGE_H

#include <stdio.h>
#include <uv.h>

#include <mod_dna/uv.h>

#include "config.h"

struct bridge;
struct gateway;

/* Starts the signing process for config, and waits for its certificate; at once beside one that
 * runs already.  NULL: why was written to errors. */
struct bridge *bridge_new(struct gateway *gateway, const struct gateway_config *config,
                          FILE *errors);
/* Its streams get no certificate any more.  Its handle is closed in the loop. */
void bridge_free(struct bridge *bridge);

/* Its hosts have changed: another process takes over, which signs for none of them.  False: there
 * is none for now. */
bool bridge_renew(struct bridge *bridge, const struct gateway_config *config);
/* Reads the certificate authorities that the public side believes: never the bridge's own,
 * whoever put it there (S25).  *file: a file with the same, for libcurl.  Both are the caller's.
 * NULL: errno says why. */
char *bridge_read_ca(const struct gateway_config *config, size_t *len, char **file);
/* The name of a file that is missing in its folder although another one of the same authority is
 * there, or, of one that is in use, although it was made; NULL: none. */
const char *bridge_lacks(const struct gateway_config *config, bool in_use);
/* Of which rulings evidence is needed. */
enum dna_evidence bridge_evidence(const struct gateway_config *config);
/* Prints the certificates of both authorities, that for what is proven first, and makes them
 * before.  False: why, on errors. */
bool bridge_print(const struct gateway_config *config, FILE *out, FILE *errors);

/* What was ruled of a domain, with its evidence. */
void bridge_heard(struct bridge *bridge, const struct dna_session_bundle *heard);
/* Whether a proof of the domain is at hand that has not ended, or a certificate upon one. */
bool bridge_proves(const struct bridge *bridge, const char *domain);
/* Answers with dna_uv_stream_certify, from bridge_look or later.  Where nothing is known of the
 * domain yet, a hearing of it is brought about. */
void bridge_certify(struct bridge *bridge, struct dna_uv_stream *stream, const char *domain);
/* After anything that may have changed what the streams wait for. */
void bridge_look(struct bridge *bridge);
/* The stream is no more. */
void bridge_forget(struct bridge *bridge, const struct dna_uv_stream *stream);

#endif
