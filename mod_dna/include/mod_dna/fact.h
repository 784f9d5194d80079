/* mod_dna/fact.h: what the court wants to know, and what it is told.
 *
 * Room: proof.  A want names one look-up; a fact answers it.  A host with a resolver and an
 * HTTP client of its own satisfies wants without the driver.  Facts are immutable and are
 * copied on arrival.
 */
#ifndef MOD_DNA_FACT_H
#define MOD_DNA_FACT_H

#include <mod_dna/dns.h>
#include <mod_dna/question.h>
#include <mod_dna/x509.h>

#ifdef __cplusplus
extern "C" {
#endif

enum dna_want_kind {
    DNA_WANT_DNS,      /* (name, type) from the resolver anchored at the root */
    DNA_WANT_ANCHORED, /* DNSKEY and both SRV names of domain under one supplied DNSKEY */
    DNA_WANT_FETCH,    /* a GET through the guarded client */
    DNA_WANT_PATH,     /* dna_path_check_anchored of a chain against the host's roots */
    DNA_WANT_PEER,     /* challenge the peer: a proof of one of these types */
    DNA_WANT_RECALL,   /* the document that an earlier fetch of this URL left behind */
    DNA_WANT_SIGNATURE /* dna_signature_check of a signature */
};

/* Whose choice a URL is decides its budget (S23) and what is allowed on the way. */
enum dna_fetch_kind {
    DNA_FETCH_WELL_KNOWN, /* https only; redirects over https are followed */
    DNA_FETCH_PEER        /* http or https; the peer chose the URL; no redirects.  Only for
                           * what is judged by the signatures in it: whence it came is
                           * nobody's word, and evidence counts it as if the peer sent it */
};

struct dna_want_anchored {
    const char *zone;       /* the apex whose key is given, canonical */
    struct dna_span dnskey; /* RDATA exactly as published */
    const char *domain;     /* _xmpp-server._tcp.<domain> and _xmpps-server._tcp.<domain>
                             * are validated under that anchor */
    enum dna_service service;
};

struct dna_want_fetch {
    enum dna_fetch_kind kind;
    const char *url;
    unsigned max_redirects;
    /* The sts policy of this id, 1 to 32 letters and digits: a good one is remembered for
     * DNA_WANT_RECALL; a failed attempt is not repeated for five minutes (RFC 8461 3.3).
     * NULL: any other document. */
    const char *policy_id;
};

struct dna_want {
    enum dna_want_kind kind;
    union {
        struct {
            const char *name; /* "_xmpp-server._tcp.example.com" */
            uint16_t type;
        } dns;
        struct dna_want_anchored anchored;
        struct dna_want_fetch fetch;
        struct {
            const struct dna_chain *chain;
            struct dna_span tlsa; /* empty, or RDATA: the path under this record */
        } path;
        struct {
            unsigned prooftypes; /* bits: every prooftype that is still open */
        } peer;
        struct {
            const char *url; /* of the fetch that had a policy_id */
        } recall;
        struct dna_signed signature;
    } u;
};

enum dna_fetch_outcome {
    DNA_FETCH_FAILED,   /* network, TLS, timeout, body or redirect limit, unexpected status */
    DNA_FETCH_REFUSED,  /* by our own guard or budget; nothing was sent to that address */
    DNA_FETCH_ABSENT,   /* 404 or 410 */
    DNA_FETCH_OK        /* 200, whole body */
};

struct dna_fetch_result {
    enum dna_fetch_outcome outcome;
    unsigned status;       /* HTTP status, 0 without one */
    struct dna_span body;
    const char *final_url; /* after redirects */
    const char *why;       /* for people, never NULL */
    int64_t obtained;      /* wall time */
    const char *media_type; /* the answer's Content-Type as sent; "" or NULL: none */
    /* Of the web servers' certificates, redirects included: the end of the first to expire
     * (0: not known, or there was none, and nothing rests on it), and whether each carries
     * its host's name itself and not merely a wildcard for it (S1). */
    int64_t certificate_ends;
    bool exact_name;
};

/* What was remembered; a plain "nothing" is all zero. */
struct dna_recall_result {
    bool known;
    const char *policy_id;
    struct dna_span body;
    int64_t obtained;      /* wall time of the fetch */
    bool exact_name;       /* as it was then */
};

struct dna_anchored_result {
    struct dna_dns_answer dnskey;
    struct dna_dns_answer srv;      /* _xmpp-server */
    struct dna_dns_answer srv_tls;  /* _xmpps-server */
};

enum dna_peer_outcome {
    DNA_PEER_SILENT,     /* nothing in time */
    DNA_PEER_IMPOSSIBLE,
    DNA_PEER_PROOF       /* content may be empty: "nothing to supply" */
};

struct dna_fact {
    enum dna_want_kind kind; /* the kind of the want that it answers */
    union {
        struct dna_dns_answer dns;
        struct dna_anchored_result anchored;
        struct dna_fetch_result fetch;
        struct dna_path path;
        struct {
            enum dna_peer_outcome outcome;
            enum dna_prooftype prooftype;
            struct dna_span content; /* character data, trimmed */
        } peer;
        struct dna_recall_result recall;
        struct dna_signature signature;
    } u;
};

#ifdef __cplusplus
}
#endif
#endif
