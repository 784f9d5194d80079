/* documents/documents.h: what domains and hosters publish on web servers.
 *
 * Each function adds one document to a buffer, and then reads it with the library's reader:
 * DNA_ERR_FORMAT says that nobody could use it, and *why (static) what is wrong.  Other errors:
 * DNA_ERR_MEMORY, DNA_ERR_LIMIT.  The arena is the caller's, to work in; the buffer is empty
 * at first.
 */
#ifndef DNA_DOCUMENTS_H
#define DNA_DOCUMENTS_H

#include <base/arena.h>
#include <base/buf.h>
#include <mod_dna/dns.h>
#include <mod_dna/x509.h>

/* A server that takes connections. */
struct document_target {
    struct dna_name host;
    uint16_t port;
    bool direct_tls;
    const char *rest; /* what stood behind "=" in the text, or NULL */
};

/* "HOST[@PORT][=REST]"; port 5269, or 5270 with direct TLS.  NULL: done; else what is wrong. */
const char *document_target_read(const char *text, bool direct_tls,
                                 struct document_target *out);

#define DOCUMENT_SHA_256 1u
#define DOCUMENT_SHA_384 2u
#define DOCUMENT_SHA_512 4u

/* POSH (RFC 7711 3.1): fingerprints of the leaves, by those hash functions. */
DNA_MUST_USE enum dna_err document_posh(struct dna_arena *arena,
                                        struct dna_chain *const *chains, size_t n,
                                        unsigned hashes, int64_t expires, struct dna_buf *out,
                                        const char **why);
/* ... or a reference to such a document (3.2). */
DNA_MUST_USE enum dna_err document_posh_reference(struct dna_arena *arena, const char *url,
                                                  int64_t expires, struct dna_buf *out,
                                                  const char **why);

struct document_link {
    struct document_target target;
    const char *const *ips; /* canonical */
    size_t n_ips;
};
/* Host metadata (XEP-0487); the keys of the chains are pinned, if there are some. */
DNA_MUST_USE enum dna_err document_host_meta(struct dna_arena *arena,
                                             const struct document_link *links, size_t n_links,
                                             struct dna_chain *const *chains, size_t n_chains,
                                             int64_t ttl, struct dna_buf *out,
                                             const char **why);

/* A service delegation document; named: what the certificates name, NULL: each its host.  No
 * targets: the domain has no server. */
DNA_MUST_USE enum dna_err document_delegation(struct dna_arena *arena,
                                              const struct document_target *targets, size_t n,
                                              const char *named, int64_t expires,
                                              struct dna_buf *out, const char **why);

/* The line of a host of a policy, "xmpp.example.net" or "*.example.net", canonical.  False: it
 * is neither. */
bool document_sts_host(const char *text, char out[DNA_NAME_MAX + 3]);
/* A strict transport security policy (RFC 8461 3.2, in the words of XMPP). */
DNA_MUST_USE enum dna_err document_sts(const char *mode, const char *const *hosts, size_t n,
                                       int64_t max_age, struct dna_buf *out,
                                       const char **why);
#define DOCUMENT_STS_ID 33
/* The id of the record that announces such a policy: made of the policy's text, it changes with
 * it, and with nothing else. */
DNA_MUST_USE enum dna_err document_sts_id(struct dna_span policy, char out[DOCUMENT_STS_ID]);

#endif
