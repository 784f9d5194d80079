/* resolver/redirect.h: what a name server says that sends every server-to-server stream to
 * one place.
 *
 * A stock XMPP server finds its peers by SRV records.  One whose resolver answers
 * `_xmpp-server._tcp.` of every domain with the gateway comes to the gateway; everything else
 * must be answered as the rest of the DNS has it, or the server's own HTTP, push and
 * certificate look-ups break.  Pure: a query goes in, and an answer or "ask elsewhere" comes
 * out.  RFC 1035 4, RFC 2782, RFC 6120 3.2.1, XEP-0368.
 */
#ifndef DNA_RESOLVER_REDIRECT_H
#define DNA_RESOLVER_REDIRECT_H

#include <base/address.h>
#include <base/buf.h>

struct dna_redirect {
    const char *target;         /* the SRV target: a canonical name that only this knows */
    struct dna_address address; /* its address */
    uint16_t port;
};

enum dna_redirect_verdict {
    DNA_REDIRECT_ANSWER,  /* *out holds it */
    DNA_REDIRECT_FORWARD, /* the query is somebody else's, as it stands */
    DNA_REDIRECT_DROP     /* no query at all */
};

/* The longest message, and the bytes of its header. */
#define DNA_REDIRECT_MOST 65535
#define DNA_REDIRECT_HEADER 12

/* Appends an answer to out, where it is ours to give. DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_redirect_query(const struct dna_redirect *redirect,
                                             struct dna_span query, struct dna_buf *out,
                                             enum dna_redirect_verdict *verdict);
/* Appends "server failure" for a query that was to be forwarded and could not be. */
DNA_MUST_USE enum dna_err dna_redirect_failure(struct dna_span query, struct dna_buf *out);
/* Whether reply answers query: a response with its id and, octet for octet, its question.
 * (An error without a question counts if it has the id.) */
bool dna_redirect_matches(struct dna_span query, struct dna_span reply);

#endif
