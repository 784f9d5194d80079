/* A web server on loopback for tests, in a thread of its own: one connection at a time, and
 * answers as bytes, so that a test says exactly what goes over the wire. */
#ifndef TESTS_WEB_H
#define TESTS_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <certs.h>

struct web;

enum web_ending {
    WEB_CLOSE, /* close_notify, then FIN */
    WEB_CUT,   /* FIN without close_notify */
    WEB_HANG   /* nothing until the client goes */
};

/* What is answered to GET path: head, then `repeat` so many times.  "@PORT@" in head stands
 * for the server's port. */
struct web_page {
    const char *path;
    const char *head;
    const char *repeat;
    unsigned long times; /* WEB_ENDLESS: until the client goes */
    unsigned pause_ms;   /* before each repetition */
    enum web_ending ending;
};
#define WEB_ENDLESS (~0ul)

struct web_order {
    const char *address;       /* NULL: 127.0.0.1 */
    const struct web_page *pages;
    size_t n_pages;            /* another path: 404 */
    const struct cert *leaf;   /* NULL: without TLS */
    const struct cert *issuer; /* sent along; NULL: none */
    int most_tls;              /* e.g. TLS1_1_VERSION; 0: any */
    bool deaf;                 /* connections are accepted and left alone */
    uint16_t port;             /* 0: the system's choice */
};

struct web *web_start(const struct web_order *order);
void web_stop(struct web *web);
uint16_t web_port(const struct web *web);
unsigned web_connections(struct web *web);
unsigned web_requests(struct web *web);
/* Whether something was answered, be it a part. */
bool web_answering(struct web *web);
/* The latest request's header, and the name that TLS asked for ("" without). */
void web_last(struct web *web, char *request, size_t room, char *sni, size_t sni_room);

#endif
