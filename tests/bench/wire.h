/* Two servers in one process: a session each, streams between them over TLS in memory.
 *
 * Every look-up is answered at once and by hand: no name is in the DNS, no page on the
 * web, so that certificates prove (pkix).  The CPU time that each side uses is kept
 * apart.
 */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include <base/buf.h>
#include <certs.h>
#include <mod_dna/session.h>
#include <tls/tls.h>

struct side {
    struct dna_session *session;
    struct dna_tls_identity *identity;
    struct dna_time now;
    double cpu;      /* seconds that this side has used */
    size_t accepted; /* OWN effects: domains that the other side accepts from us */
    size_t proven;   /* PEER effects: domains that we accept from the other side */
    size_t stanzas;
    size_t looked_up; /* wants that were answered */
};

struct end {
    struct side *side;
    struct dna_stream *stream;
    struct dna_tls *tls;
    struct dna_buf wire; /* what it has sent and the other has not read */
    bool server, open, closed;
};

/* A side that presents the certificate of names, issued by root. */
void side_init(struct side *side, const struct cert *root, const char *names);
void side_fini(struct side *side);
void side_host(struct side *side, const char *domain);

/* A connection between two sides: two ends with their streams, nothing sent yet. */
void ends_init(struct end ends[2], struct side *a, struct side *b, const char *own,
               const char *peer);
void end_fini(struct end *end);
/* Passes bytes to and fro until neither side has any more to say. */
void ends_settle(struct end ends[2]);
/* The initiating end asks for a pair of domains. */
void end_ask(struct end *end, const char *own, const char *peer);

#endif
