/* proof/assertion.h: the delegation document of the prooftype xml-assertion, read strictly.
 *
 * Root, attributes and elements are this project's own: {urn:xmpp:dna:delegation:0}.
 */
#ifndef DNA_PROOF_ASSERTION_H
#define DNA_PROOF_ASSERTION_H

#include <mod_dna/dns.h>
#include <x509/dane.h>
#include <xml/document.h>

enum dna_provider_kind {
    DNA_PROVIDER_HOST, /* whoever has a trusted certificate for this host */
    DNA_PROVIDER_CERT, /* the certificate with this digest */
    DNA_PROVIDER_SPKI  /* the key with this digest */
};

#define DNA_PROVIDER_DIGEST_MAX 64
struct dna_provider {
    enum dna_provider_kind kind;
    struct dna_name host; /* HOST, canonical */
    uint16_t port;        /* HOST; 0: any */
    uint8_t matching;     /* others: 1 SHA-256, 2 SHA-512, as in TLSA records */
    size_t len;
    unsigned char digest[DNA_PROVIDER_DIGEST_MAX];
};

struct dna_assertion {
    const struct dna_alloc *alloc;
    struct dna_name domain;
    int64_t issued;  /* wall seconds; INT64_MIN: it does not say */
    int64_t expires; /* wall seconds */
    bool has_service;
    struct dna_provider *providers; /* of the service, document order */
    size_t n_providers;
    size_t n_unknown; /* elements <provider/> of kinds or hashes that we do not know */
};

/* service: "xmpp-server" or "xmpp-client"; the others are ignored.  Times are not compared
 * with anything.  DNA_ERR_FORMAT, DNA_ERR_LIMIT: *fault says why; DNA_ERR_MEMORY.  On an
 * error *out is empty. */
DNA_MUST_USE enum dna_err dna_assertion_parse(const struct dna_alloc *alloc,
                                              struct dna_span bytes, const char *service,
                                              struct dna_assertion *out,
                                              struct dna_xml_fault *fault);
void dna_assertion_fini(struct dna_assertion *assertion);

/* Whether the certificate that leads the chain, or its key, has the provider's digest; never
 * for a HOST.  DNA_ERR_MEMORY, DNA_ERR_SYSTEM. */
DNA_MUST_USE enum dna_err dna_provider_matches(const struct dna_provider *provider,
                                               const struct dna_chain *chain, bool *out);

#endif
