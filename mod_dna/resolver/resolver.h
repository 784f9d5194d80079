/* resolver/resolver.h: DNS look-ups with their DNSSEC status.
 *
 * unbound.c validates itself and is the default; cares.c is a stub that believes (or not)
 * the AD bit of one trusted resolver; anchored.c answers questions under one supplied
 * DNSKEY, in a context of its own that is destroyed afterwards.  Nothing here reads
 * resolv.conf.  Deadlines are ours: a silent server costs DNA_LIMIT_VETO_MS, not 17 s.
 */
#ifndef DNA_RESOLVER_RESOLVER_H
#define DNA_RESOLVER_RESOLVER_H

#include <base/loop.h>
#include <mod_dna/dns.h>
#include <mod_dna/fact.h>

struct dna_resolver;
struct dna_lookup; /* one running look-up */

enum dna_resolver_mode {
    DNA_RESOLVER_ITERATE, /* libunbound from the root hints */
    DNA_RESOLVER_FORWARD, /* libunbound through forwarders, validating itself */
    DNA_RESOLVER_STUB     /* c-ares; AD believed only with trust_ad */
};

struct dna_resolver_options {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    enum dna_resolver_mode mode;
    const char *const *servers; /* "ADDR" or "ADDR@PORT", for FORWARD and STUB */
    size_t n_servers;
    const char *root_hints;     /* file; NULL: libunbound's own */
    const char *root_stub;      /* closed networks: "ADDR" or "ADDR@PORT" of a root server that
                                 * ITERATE begins at; NULL: root_hints */
    const char *trust_anchor_file; /* the root's key, in zone-file syntax; NULL: none (then
                                    * S15 applies) */
    const char *const *island_anchor_files;
    size_t n_islands;
    bool trust_ad;       /* STUB: the path to the servers is as safe as loopback */
    unsigned timeout_ms; /* 0: DNA_LIMIT_VETO_MS */
    unsigned max_anchored; /* contexts of anchored.c alive at once; 0: 16; others queue */
};

/* *answer and everything it points to live only until the callback returns. */
typedef void dna_resolver_fn(void *arg, const struct dna_dns_answer *answer);
typedef void dna_resolver_anchored_fn(void *arg, const struct dna_anchored_result *result);

/* loop, alloc and log are borrowed, everything else is copied.  DNA_ERR_ARGUMENT: a server
 * that is no address, or none where there must be one; DNA_ERR_SYSTEM: a file that cannot be
 * read or is not what it should be; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_resolver_new(const struct dna_loop *loop,
                                           const struct dna_resolver_options *options,
                                           struct dna_resolver **out);
/* Cancels what runs, without callbacks.  Must not be called from a look-up's callback. */
void dna_resolver_free(struct dna_resolver *resolver);

/* Looks name/type up.  The callback comes from the loop, never from inside this call, and
 * exactly once unless cancelled; *out is valid until it returns.  timeout_ms 0: the
 * resolver's default.  DNA_ERR_ARGUMENT: not a name (canonical, "_" allowed, or "."), or too
 * long; DNA_ERR_LIMIT: too many look-ups; DNA_ERR_SYSTEM, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_resolver_lookup(struct dna_resolver *resolver, const char *name,
                                              uint16_t type, unsigned timeout_ms,
                                              dna_resolver_fn *fn, void *arg,
                                              struct dna_lookup **out);
/* The wants DNA_WANT_ANCHORED.  All three answers come from the same source; while the root's
 * anchor does not work they are FAILED.  DNA_ERR_ARGUMENT also: the domain is not in the
 * zone, or the RDATA is no DNSKEY that may sign a zone. */
DNA_MUST_USE enum dna_err dna_resolver_anchored(struct dna_resolver *resolver,
                                                const struct dna_want_anchored *want,
                                                unsigned timeout_ms,
                                                dna_resolver_anchored_fn *fn, void *arg,
                                                struct dna_lookup **out);
/* No callback comes after it.  NULL is fine; so is a look-up whose callback runs. */
void dna_resolver_cancel(struct dna_lookup *lookup);

/* S15: whether the root's DNSKEY has validated.  Until it has, every answer that would be
 * "insecure" waits for the check that runs, and is FAILED when that fails; later look-ups
 * repeat a failed check.  Logs the result, and again when it changes.  A stub whose AD bit is
 * not believed never gets there: it answers A and AAAA, insecurely, and fails the rest. */
bool dna_resolver_anchor_works(const struct dna_resolver *resolver);

#endif
