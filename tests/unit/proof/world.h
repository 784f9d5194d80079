/* A small world that answers what a court wants to know: DNS, documents, paths, the peer.
 *
 *     struct world w;
 *     world_init(&w, &(struct cert_order){.names = "DNS:example.com"});
 *     world_srv(&w, PLAIN, SECURE, "xmpp.host.example", 5269);
 *     ruling = world_hear(&w);          // w.asked tells what was asked, in order
 *     world_fini(&w);
 *
 * Every hearing is held twice and must give the same ruling both times; where one prooftype
 * is heard alone, a third time with the facts in reverse order.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <certs.h>
#include <mod_dna/court.h>

#define NOW CERTS_NOW
#define DAY 86400
#define DOMAIN "example.com"
#define HOST "xmpp.host.example"
#define POSH_URL "https://" DOMAIN "/.well-known/posh/xmpp-server.json"
#define TA_URL "https://host.example/example.com.cert"

/* How a look-up ends.  RECORDS, DENIED (the target ".") and ABSENT are secure. */
enum says { RECORDS, DENIED, ABSENT, INSECURE, UNPROVEN, BOGUS, FAILED, SILENT, N_SAYS };
extern const char *const says_names[N_SAYS];

enum which { PLAIN, TLS };

struct world_dns {
    char name[300];
    struct dna_dns_answer answer;
    bool silent;
};

struct world_anchored {
    const char *zone;
    uint16_t flags; /* of the key that it is about; 0: any */
    struct dna_anchored_result result;
    bool silent;
};

struct world_document {
    const char *url;
    struct dna_fetch_result result;
    bool silent;
};

struct world {
    const struct dna_alloc *alloc;
    struct dna_question q;
    struct dna_time now;
    struct cert root, leaf;
    struct dna_chain *chain;
    struct dna_roots *roots;
    struct dna_path *path; /* instead of the true one, for every chain */
    bool path_silent;
    struct world_dns dns[96];
    size_t n_dns;
    struct world_anchored anchored[4];
    size_t n_anchored;
    struct world_document documents[4];
    size_t n_documents;
    struct {
        enum dna_peer_outcome outcome;
        enum dna_prooftype type;
        struct dna_span content;
        bool silent;
    } peer;
    struct dna_recall_result recall;
    void *bytes[2048]; /* RDATA, freed at the end */
    size_t n_bytes;
    char asked[16384];
    struct dna_court *court; /* of the last hearing */
    bool backwards;
    struct dna_papers *papers; /* what the next hearing shares, or NULL */
    /* Of two wants that have an answer the one of lower rank gets it first; NULL: no rank. */
    unsigned (*rank)(const struct dna_want *want);
    unsigned refused; /* calls that ran out of memory and were made again */
};

/* The peer's leaf is made to order, issued by the world's root. */
void world_init(struct world *w, const struct cert_order *leaf);
void world_fini(struct world *w);
/* Frees the bytes that were made since there were n of them. */
void world_free_bytes(struct world *w, size_t n);
/* Another leaf for the peer: of this chain. */
void world_present(struct world *w, struct dna_chain *chain);

struct dna_span world_rdata(struct world *w, const void *bytes, size_t len);
struct dna_span world_srv_rdata(struct world *w, const char *target, uint16_t port);
/* The leaf key of a certificate as a DNSKEY. */
struct dna_span world_dnskey(struct world *w, const struct cert *cert, uint16_t flags,
                             unsigned char protocol, int algorithm_off);
/* n records, where says has some. */
struct dna_dns_answer world_answer(struct world *w, uint16_t type, enum says says,
                                   struct dna_span rdata);
/* Sets (or sets again) what the root-anchored resolver says. */
struct dna_dns_answer *world_say(struct world *w, const char *name, uint16_t type,
                                 enum says says, struct dna_span rdata);
/* The SRV records of the domain. */
struct dna_dns_answer *world_srv(struct world *w, enum which which, enum says says,
                                 const char *target, uint16_t port);
void world_document(struct world *w, const char *url, enum dna_fetch_outcome outcome,
                    const char *body);

struct dna_ruling world_hear(struct world *w);
/* Ends the test unless the ruling is this. */
void expect_ruling(const char *what, const struct dna_ruling *ruling, enum dna_verdict verdict,
                   enum dna_code code);
void expect_same(const struct dna_ruling *a, const struct dna_ruling *b);

#endif
