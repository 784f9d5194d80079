/* resolver/collect.h: the signed messages behind answers that were recorded.
 *
 * The same backend is asked again, which mostly answers from its cache, and for the DNSKEY
 * and DS records of every zone that signed something, up to the root.  What is not to be had
 * in time, or says something else by now, is left out: whoever validates misses it.  Nothing
 * is told to whoever asked the questions first.  A stub collects nothing.
 */
#ifndef DNA_RESOLVER_COLLECT_H
#define DNA_RESOLVER_COLLECT_H

#include <resolver/resolver.h>

struct dna_collection;

/* The messages, reduced (rrsig.h), live until it returns. */
typedef void dna_collect_fn(void *arg, const struct dna_span *messages, size_t n);

/* fn is called once, from the loop, within DNA_LIMIT_COLLECT_MS after the start, unless
 * cancelled.  Every collection must be over before the resolver is freed.  DNA_ERR_LIMIT: too
 * many; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_collect_new(struct dna_resolver *resolver, dna_collect_fn *fn,
                                          void *arg, struct dna_collection **out);
/* Something to be shown; answer is borrowed until fn was called. */
DNA_MUST_USE enum dna_err dna_collect_add(struct dna_collection *collection,
                                          const struct dna_dns_answer *answer);
void dna_collect_start(struct dna_collection *collection);
/* NULL is fine; not from fn. */
void dna_collect_cancel(struct dna_collection *collection);

#endif
