/* mod_dna/question.h: what the court is asked.
 *
 * Room: proof.  "May the server at the other end of this TLS connection speak for the
 * domain it names?"  A question is a snapshot: a fact stays usable until it ends.
 */
#ifndef MOD_DNA_QUESTION_H
#define MOD_DNA_QUESTION_H

#include <mod_dna/base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct dna_chain;

/* The prooftypes that exist.  The values index tables and bit masks. */
enum dna_prooftype {
    DNA_PROOF_PKIX,
    DNA_PROOF_DNSSEC_SRV,
    DNA_PROOF_DNSSEC_TA,
    DNA_PROOF_POSH,
    DNA_PROOF_DANE,
    DNA_PROOF_SRVNAME,
    DNA_PROOF_XML_ASSERTION,
    DNA_PROOF_STS,
    DNA_PROOF_SERVICE_DELEGATION,
    DNA_PROOF_HOST_META,
    DNA_PROOF_ATTRIBUTE_CERT,
    DNA_N_PROOFTYPES
};
#define DNA_PROOF_BIT(t) (1u << (unsigned)(t))

/* "pkix", "dnssec-srv", ...; static. */
DNA_API const char *dna_prooftype_name(enum dna_prooftype type);
/* DNA_ERR_NOT_FOUND: no such prooftype. */
DNA_API DNA_MUST_USE enum dna_err dna_prooftype_by_name(struct dna_span name,
                                                        enum dna_prooftype *out);
/* The prooftype named by a URI "urn:xmpp:dna:proof:X" or "urn:ietf:params:dna:proof:X",
 * which are the same type; scheme and namespace identifier in any case (RFC 8141 3.1). */
DNA_API DNA_MUST_USE enum dna_err dna_prooftype_by_uri(struct dna_span uri,
                                                       enum dna_prooftype *out);
/* "urn:xmpp:dna:proof:X", static. */
DNA_API const char *dna_prooftype_uri(enum dna_prooftype type);

/* Our role on the stream. */
enum dna_role {
    DNA_INITIATING, /* we connected: the peer is the TLS server */
    DNA_RECEIVING   /* the peer connected: it is the TLS client */
};

enum dna_service {
    DNA_XMPP_SERVER,
    DNA_XMPP_CLIENT
};

enum dna_level {
    DNA_LEVEL_REFUSE, /* nothing is accepted */
    DNA_LEVEL_PROOF,  /* any admitted prooftype */
    DNA_LEVEL_STRONG, /* only DNSSEC anchored at the root (S1) */
    DNA_LEVEL_DIALBACK, /* any admitted prooftype; where none holds, and nothing forbids it
                         * (S10 to S12), server dialback over TLS admits a pair of domains */
    DNA_LEVEL_PIN     /* only a certificate whose key is one of the policy's pins */
};

/* Keys that a policy may name: SHA-256 over the leaf's DER SubjectPublicKeyInfo. */
#define DNA_POLICY_PINS 4
#define DNA_PIN_SIZE 32

/* Which certificate usages of TLSA records count (RFC 6698 2.1.1); others are unusable. */
#define DNA_DANE_USAGE_BIT(usage) (1u << (unsigned)(usage))
#define DNA_DANE_USAGES_DEFAULT (DNA_DANE_USAGE_BIT(2) | DNA_DANE_USAGE_BIT(3))
#define DNA_DANE_USAGES_ALL 0xfu

/* What may prove a domain.  A plain value. */
struct dna_policy {
    enum dna_level level;
    unsigned prooftypes; /* bits DNA_PROOF_BIT(type) */
    unsigned dane_usages;/* bits DNA_DANE_USAGE_BIT(usage); 0 stands for the default, 2 and 3 */
    bool delegation_legacy;  /* service-delegation: look also where the draft's example is,
                              * https://www.D/.well-known/services/xmpp/ */
    bool delegation_connect; /* service-delegation: the document says where to connect, in
                              * place of SRV records (the driver heeds it) */
    /* attribute-cert; its issuer's certificate must name D itself unless one of these is on: */
    bool attribute_cert_accept_www; /* ... or www.D: who runs the web site may delegate */
    bool attribute_cert_wildcard;   /* ... or have a wildcard that covers D */
    bool attribute_cert_serial;     /* a holder may be named by issuer and serial (S2) */
    unsigned n_pins;                /* DNA_LEVEL_PIN: at least one */
    unsigned char pins[DNA_POLICY_PINS][DNA_PIN_SIZE];
    unsigned generation; /* changes whenever the policy does: part of every cache key */
};

/* Policy by default: level proof; pkix, srvname, dnssec-srv, dane, dnssec-ta and posh (S1). */
DNA_API struct dna_policy dna_policy_default(void);

/* One question.  All pointers are borrowed until the call that takes it returns. */
struct dna_question {
    const char *domain;      /* D, canonical (mod_dna/dns.h) */
    enum dna_service service;
    enum dna_role role;
    const struct dna_chain *chain; /* what the peer presented on this stream; NULL: nothing */
    const char *host;        /* initiating: the SRV target connected to, canonical; else NULL.
                              * NULL also for static routes and domains added to a stream. */
    uint16_t port;           /* with host */
    struct dna_policy policy;
    const char *own;         /* our own domain, the other half of the domain pair, canonical;
                              * NULL: none in particular, and what is for somebody in
                              * particular is not for us */
    const char *address;     /* with host: the IP address connected to, as text; NULL: not
                              * known, and no host-meta link is taken for the one used */
};

#ifdef __cplusplus
}
#endif
#endif
