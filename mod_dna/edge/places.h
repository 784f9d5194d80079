/* edge/places.h: where a domain is served, out of the answers to both SRV questions, or out of
 * its service delegation document.
 *
 * Pure: answers and random numbers in, an ordered list out (RFC 6120 3.2, RFC 2782).  The
 * records for STARTTLS and for direct TLS are one set, with one order (XEP-0368).
 */
#ifndef DNA_EDGE_PLACES_H
#define DNA_EDGE_PLACES_H

#include <base/limits.h>
#include <json/service_document.h>
#include <mod_dna/dns.h>

#define DNA_EDGE_PORT 5269 /* xmpp-server, RFC 6120 14.8 */
#define DNA_EDGE_RECORDS (2 * DNA_LIMIT_RECORDS) /* of both names */

enum dna_edge_finding {
    DNA_EDGE_FOUND,
    DNA_EDGE_ABSENT,  /* the domain definitely has no service */
    DNA_EDGE_UNKNOWN  /* could not find out, or must not go on (S10) */
};

struct dna_edge_place {
    struct dna_name host;
    uint16_t port;
    bool direct_tls;
    bool secure; /* DNSSEC vouches for the record that says so, or that there is none */
};

struct dna_edge_places {
    enum dna_edge_finding finding;
    bool own_name; /* FOUND: no SRV record; the one place is the domain itself */
    size_t n;
    struct dna_edge_place list[DNA_LIMIT_ENDPOINTS];
    const char *why; /* for people, static or the answer's; "" when FOUND */
};

/* starttls, direct: the answers for _xmpp-server and _xmpps-server.  random has
 * DNA_EDGE_RECORDS numbers.  out->why lives as long as the answers. */
void dna_edge_places_of(const char *domain, const struct dna_dns_answer *starttls,
                        const struct dna_dns_answer *direct, const uint32_t *random,
                        struct dna_edge_places *out);

/* Whether a document may say it instead: not where the SRV records are bogus (S10). */
bool dna_edge_places_replaceable(const struct dna_dns_answer *starttls,
                                 const struct dna_dns_answer *direct);
/* What a document says; random as above.  False: nothing that can be used (no object of it
 * can), and *out is as it was. */
bool dna_edge_places_of_document(const struct dna_service_document *document,
                                 const uint32_t *random, struct dna_edge_places *out);

#endif
