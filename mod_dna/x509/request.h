/* x509/request.h: requests for certificates (PKCS#10, RFC 2986).
 *
 * Two kinds of them are of use here: one whose key is a zone's DNSSEC key (the dnssec-ta
 * prooftype), and one for a certificate that names a service of a domain and nothing else of
 * it (SRVName, RFC 4985).  The request is signed by the key itself: that is the proof of
 * possession that a certification authority needs.
 */
#ifndef DNA_X509_REQUEST_H
#define DNA_X509_REQUEST_H

#include <x509/private_key.h>

struct dna_request_names {
    const char *common_name; /* NULL, or longer than X.520 allows (64): an empty subject */
    const char *const *dns;  /* canonical names */
    size_t n_dns;
    const char *const *srv;  /* "_xmpp-server.example.com" */
    size_t n_srv;
};

/* Appends the request in PEM.  At least one name in all.  DNA_ERR_LIMIT: the buffer's;
 * DNA_ERR_MEMORY; DNA_ERR_SYSTEM: the library made something that does not verify. */
DNA_MUST_USE enum dna_err dna_request_make(const struct dna_private_key *key,
                                           const struct dna_request_names *names,
                                           struct dna_buf *pem);

#endif
