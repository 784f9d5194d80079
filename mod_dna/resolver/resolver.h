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
    const char *trust_anchor_file; /* the root's key; NULL: none (then S15 applies) */
    const char *const *island_anchor_files;
    size_t n_islands;
    bool trust_ad;
    unsigned timeout_ms; /* 0: DNA_LIMIT_VETO_MS */
    unsigned max_anchored; /* contexts of anchored.c alive at once; 0: 16; others queue */
};

/* *answer and everything it points to live only until the callback returns. */
typedef void dna_resolver_fn(void *arg, const struct dna_dns_answer *answer);
typedef void dna_resolver_anchored_fn(void *arg, const struct dna_anchored_result *result);

DNA_MUST_USE enum dna_err dna_resolver_new(const struct dna_loop *loop,
                                           const struct dna_resolver_options *options,
                                           struct dna_resolver **out);
/* Cancels what runs, without callbacks.  Must not be called from a look-up's callback. */
void dna_resolver_free(struct dna_resolver *resolver);

/* Looks name/type up.  The callback comes from the loop, never from inside this call, and
 * exactly once unless cancelled.  timeout_ms 0: the resolver's default. */
DNA_MUST_USE enum dna_err dna_resolver_lookup(struct dna_resolver *resolver, const char *name,
                                              uint16_t type, unsigned timeout_ms,
                                              dna_resolver_fn *fn, void *arg,
                                              struct dna_lookup **out);
/* The wants DNA_WANT_ANCHORED. */
DNA_MUST_USE enum dna_err dna_resolver_anchored(struct dna_resolver *resolver,
                                                const struct dna_want_anchored *want,
                                                unsigned timeout_ms,
                                                dna_resolver_anchored_fn *fn, void *arg,
                                                struct dna_lookup **out);
/* No callback comes after it. */
void dna_resolver_cancel(struct dna_lookup *lookup);

/* S15: whether the root's DNSKEY validated at start.  Before that is known, and when it did
 * not, every answer that would be "insecure" is FAILED.  Logs once when it becomes known. */
bool dna_resolver_anchor_works(const struct dna_resolver *resolver);

#endif
