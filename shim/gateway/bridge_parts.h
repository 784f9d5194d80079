/* gateway/bridge_parts.h: the bridge's records, shared by its files.
 *
 *   bridge.c          who waits for a certificate, and what they are given
 *   bridge_entries.c  domains, what is kept of them, and who makes room
 *   bridge_channel.c  the signing process
 *   bridge_ca.c       its authorities, seen from outside
 */
#ifndef DNA_GATEWAY_BRIDGE_PARTS_H
#define DNA_GATEWAY_BRIDGE_PARTS_H

#include <base/buf.h>

#include "bridge.h"
#include "signer.h"
#include "table.h"

struct channel;

struct waiting {
    struct waiting *next;
    struct dna_uv_stream *stream;
};

struct certificate {
    struct dna_uv_identity *identity; /* or NULL */
    int64_t until;
};

/* What is known of a domain. */
struct entry {
    struct table_node node;
    struct entry *older, *newer;
    const void *source; /* the stream that brought the evidence; only compared */
    char *bundle;       /* NULL: nothing is proven */
    size_t len;
    int64_t proven_until;
    struct certificate proof, errors;
    uint64_t asked;     /* the number of the request under way; 0: none */
    char asked_for;     /* SIGNER_FOR_... */
    int64_t reheard;    /* monotonic: until then a hearing may bring evidence anew */
    bool heard_again;   /* ... which was brought about for those who wait now */
    struct waiting *waiting;
    bool held;          /* it is being gone through: it does not make room */
    char domain[];
};

/* A key that certificates are asked for with. */
struct bridge_key {
    struct dna_buf pem, spki;
};

struct bridge {
    struct gateway *gateway;
    const char *config_file;
    struct channel *channel; /* NULL: there is none */
    int64_t died;
    struct table table;
    struct entry *oldest, *newest;
    size_t n, bytes, n_waiting;
    uint64_t freed;  /* entries, so far: who goes through the list sees that it changed */
    uint64_t number;
    struct bridge_key for_proof, for_errors;
};

/* --- bridge_entries.c --- */
struct entry *bridge_find(const struct bridge *bridge, const char *domain);
/* NULL: no memory.  Where there are too many, one gives way that nobody waits for. */
struct entry *bridge_find_or_make(struct bridge *bridge, const char *domain,
                                  const void *source);
/* A copy of the evidence takes the place of what was there; others may have to go. */
void bridge_keep(struct bridge *bridge, struct entry *entry, const void *source,
                 struct dna_span bundle, int64_t until);
void bridge_drop_evidence(struct bridge *bridge, struct entry *entry);
void bridge_drop_certificate(struct certificate *certificate);
/* Of an entry that nobody waits for. */
void bridge_free_entry(struct bridge *bridge, struct entry *entry);

/* --- bridge_channel.c --- */
bool bridge_channel_start(struct bridge *bridge, char why[SIGNER_WHY]);
void bridge_channel_end(struct bridge *bridge);
/* ... and nobody waits for it any more. */
void bridge_channel_lose(struct bridge *bridge, const char *why);
/* Asks for a certificate for the entry, unless it is being asked for one. */
void bridge_channel_ask(struct bridge *bridge, struct entry *entry, char what);

/* --- bridge.c --- */
struct bridge_key *bridge_key_for(struct bridge *bridge, char what);
/* What the signing process says of entry, which was asked for entry->asked_for. */
void bridge_signed(struct bridge *bridge, struct entry *entry, struct dna_span pem);
void bridge_not_signed(struct bridge *bridge, struct entry *entry, const char *why);
/* Whoever waits for it gets no certificate. */
void bridge_refuse(struct bridge *bridge, struct entry *entry, const char *why);

#endif
