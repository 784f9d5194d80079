/* proof/endpoint.h: what DNSSEC says about one endpoint, and whether the peer is it (RFC 7673
 * 3.2 to 4, RFC 7671, S6).
 *
 * Each endpoint is judged apart: its own TLSA records, and no name but the domain's and its
 * own.  A look-up that failed is never taken for "no record".
 */
#ifndef DNA_PROOF_ENDPOINT_H
#define DNA_PROOF_ENDPOINT_H

#include <base/limits.h>
#include <proof/prover.h>
#include <x509/dane.h>

/* One run of a prover, and the checks of paths under TLSA records that it asked for. */
struct dna_run {
    const struct dna_question *q;
    int64_t now;
    const struct dna_facts *have;
    struct dna_wants *wants;
    struct dna_span paths[DNA_LIMIT_TLSA_PATHS];
    size_t n_paths;
};

enum dna_endpoint_status {
    DNA_ENDPOINT_FAILED, /* could not find out: it must not be connected to */
    DNA_ENDPOINT_BOGUS,  /* forged: the same */
    DNA_ENDPOINT_PLAIN,  /* proven to have no usable TLSA record: names and CAs decide */
    DNA_ENDPOINT_PINNED  /* one of its TLSA records must match */
};

struct dna_endpoint {
    enum dna_endpoint_status status;
    const char *host; /* which certificates may name beside the domain */
    uint16_t port;
    bool unusable;    /* PLAIN: there are secure records, but none is usable */
    struct dna_tlsa records[DNA_LIMIT_TLSA]; /* PINNED */
    size_t n;
    int64_t until;    /* how long the answers hold */
    const char *why;  /* FAILED, BOGUS */
};

/* False: not all is known yet.  host is the endpoint's while *out is used. */
bool dna_endpoint_ask(struct dna_run *run, const char *host, uint16_t port,
                      struct dna_endpoint *out);
/* The same for the record with which a domain names the certificates of its own outgoing
 * connections, "_xmpp-server.D"; PLAIN: there is none. */
bool dna_endpoint_ask_client(struct dna_run *run, struct dna_endpoint *out);

enum dna_match {
    DNA_MATCH_OPEN, /* wants were named */
    DNA_MATCH_NONE,
    DNA_MATCH_FOUND
};

struct dna_matched {
    const struct dna_tlsa *record;
    int64_t until; /* of the certificates; DNA_NEVER where their dates do not count */
    enum dna_code code; /* NONE: how far the best record got */
};

#define DNA_USAGE_LEAF (1u << DNA_TLSA_DANE_EE)
#define DNA_USAGE_PATH ((1u << DNA_TLSA_PKIX_TA) | (1u << DNA_TLSA_PKIX_EE) | \
                        (1u << DNA_TLSA_DANE_TA))
/* Whether some record of these usages stands for the peer at this endpoint, which is PINNED;
 * NONE of one without a certificate. */
enum dna_match dna_endpoint_match(struct dna_run *run, const struct dna_endpoint *endpoint,
                                  unsigned usages, struct dna_matched *out);

#endif
