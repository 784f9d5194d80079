/* mod_dna/stanza.h: a stanza as it is relayed.
 *
 * Room: s2s.  The bytes that came in, and what the gate learned about them.
 */
#ifndef MOD_DNA_STANZA_H
#define MOD_DNA_STANZA_H

#include <mod_dna/dns.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dna_stanza_kind { DNA_MESSAGE, DNA_PRESENCE, DNA_IQ };

/* All spans borrow from the stream and end with the next call on it.  Values are as on the
 * wire with XML escapes resolved; raw is the element's bytes untouched.  In another stream
 * raw means the same once splice is inserted at splice_at. */
struct dna_stanza {
    enum dna_stanza_kind kind;
    struct dna_name from_domain; /* canonical */
    struct dna_name to_domain;
    struct dna_span from, to; /* whole addresses */
    struct dna_span type, id; /* empty: none */
    struct dna_span raw;
    size_t splice_at;
    struct dna_span splice;
};

/* Whether an error may be returned for it: not for type "error", nor for an iq "result"
 * (RFC 6120 8.3.1). */
DNA_API bool dna_stanza_answerable(const struct dna_stanza *stanza);

/* Stanza error conditions (RFC 6120 8.3.3) that this library sends. */
enum dna_stanza_condition {
    DNA_STANZA_REMOTE_SERVER_NOT_FOUND, /* cancel */
    DNA_STANZA_REMOTE_SERVER_TIMEOUT,   /* wait */
    DNA_STANZA_REMOTE_SERVER_REFUSED,   /* remote-server-timeout, cancel: permanent flavour */
    DNA_STANZA_RESOURCE_CONSTRAINT,     /* wait */
    DNA_STANZA_ITEM_NOT_FOUND,          /* cancel */
    DNA_STANZA_NOT_ALLOWED,             /* cancel */
    DNA_STANZA_POLICY_VIOLATION,        /* modify */
    DNA_STANZA_INTERNAL_SERVER_ERROR    /* cancel */
};
/* The element's name and the error's type; static. */
DNA_API const char *dna_stanza_condition_name(enum dna_stanza_condition condition);
DNA_API const char *dna_stanza_condition_type(enum dna_stanza_condition condition);

#ifdef __cplusplus
}
#endif
#endif
