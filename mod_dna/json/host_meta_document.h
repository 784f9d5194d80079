/* json/host_meta_document.h: host metadata in JSON (RFC 6415, XEP-0487) read strictly and
 * bounded, as far as it is about servers that speak to servers. */
#ifndef DNA_JSON_HOST_META_DOCUMENT_H
#define DNA_JSON_HOST_META_DOCUMENT_H

#include <base/address.h>
#include <base/limits.h>
#include <mod_dna/dns.h>

#define DNA_HOST_META_PIN 32 /* SHA-256 over a DER SubjectPublicKeyInfo (RFC 7469 2.4) */

enum dna_host_meta_rel {
    DNA_HOST_META_TLS,       /* urn:xmpp:alt-connections:s2s-tls */
    DNA_HOST_META_QUIC,      /* ...:s2s-quic */
    DNA_HOST_META_WEBSOCKET  /* ...:s2s-websocket; has no port of its own */
};
/* "s2s-tls", ... */
const char *dna_host_meta_rel_name(enum dna_host_meta_rel rel);

struct dna_host_meta_link {
    enum dna_host_meta_rel rel;
    struct dna_name sni;
    uint16_t port; /* 0: WEBSOCKET */
    uint16_t priority, weight;
    struct dna_address ips[DNA_LIMIT_HOST_META_ADDRESSES];
    size_t n_ips;
};

struct dna_host_meta_document {
    bool xmpp;   /* it has the member of XEP-0487; without it nothing below is filled */
    int64_t ttl; /* seconds, DNA_LIMIT_HOST_META_LIFE_LEAST_S to ..._LIFE_S */
    unsigned char (*pins)[DNA_HOST_META_PIN];
    size_t n_pins;
    struct dna_host_meta_link *links; /* of the relations above, document order */
    size_t n_links;
    size_t n_skipped; /* pins and such links that are not proper */
    const struct dna_alloc *alloc;
};

/* Fills *out, or leaves it empty; *why is static and for people.  DNA_ERR_FORMAT: not JSON,
 * duplicate members, too deep, no object; xmpp, links or the list of pins of another type; no
 * positive ttl.  DNA_ERR_LIMIT: more than 64 KiB, DNA_LIMIT_HOST_META_LINKS links or
 * DNA_LIMIT_HOST_META_PINS pins.  DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_host_meta_parse(const struct dna_alloc *alloc,
                                              struct dna_span bytes,
                                              struct dna_host_meta_document *out,
                                              const char **why);
void dna_host_meta_fini(struct dna_host_meta_document *document);

#endif
