/* A name server in the test's own libuv loop: a table of records, answered as a validating
 * resolver on the same machine would.  What is not in the table does not exist; the root's
 * DNSKEY does, securely, and everything else is insecure.
 */
#ifndef TESTS_EDGE_NAME_SERVER_H
#define TESTS_EDGE_NAME_SERVER_H

#include <mod_dna/dns.h>

struct uv_loop_s;
struct name_server;

/* The server listens on 127.0.0.1, at a port of the system's choice. */
struct name_server *name_server_new(struct uv_loop_s *loop);
void name_server_free(struct name_server *server);
/* "127.0.0.1@PORT" */
const char *name_server_at(const struct name_server *server);

void name_server_a(struct name_server *server, const char *name, const char *address);
void name_server_aaaa(struct name_server *server, const char *name, const char *address);
/* type: _xmpp-server or _xmpps-server; target "." is the root. */
void name_server_srv(struct name_server *server, const char *service, const char *domain,
                     unsigned priority, uint16_t port, const char *target);
/* From now on SERVFAIL for that name, whatever the type. */
void name_server_fails(struct name_server *server, const char *name);
/* From now on no answer for that name. */
void name_server_silent(struct name_server *server, const char *name);
/* Answers about that name are secure from now on, denials included. */
void name_server_secure(struct name_server *server, const char *name);
/* How often it was asked for the name, lately. */
unsigned name_server_asked(const struct name_server *server, const char *name);

#endif
