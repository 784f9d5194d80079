/* resolver/rrsig.h: an answer of the DNS proven by signatures, offline (S16).
 *
 * No I/O, no clock: reduced messages (message.h), trust anchors and the recorded answer with
 * its time in, a finding out.  What is not shown is UNPROVEN, never anything better; that
 * includes what libunbound would validate and this does not: answers through a DNAME, zones
 * signed with RSA/SHA-1, with DSA, with Ed448 or with a DS of SHA-1 only, NSEC3 with more
 * than DNA_LIMIT_NSEC3_ITERATIONS, and zones that are insecure because nobody here knows
 * their algorithms.
 */
#ifndef DNA_RESOLVER_RRSIG_H
#define DNA_RESOLVER_RRSIG_H

#include <mod_dna/dns.h>

enum dna_rrsig_finding {
    DNA_RRSIG_UNPROVEN, /* the messages do not show it */
    DNA_RRSIG_DIFFERS,  /* they do show an answer, and it is another one */
    DNA_RRSIG_INSECURE, /* no signature can be expected there: a delegation has no DS */
    DNA_RRSIG_SECURE    /* signed, from an anchor down to the records or their denial */
};

struct dna_rrsig_claim {
    const struct dna_dns_answer *answer; /* with records in wire form */
    int64_t at;              /* wall time at which it was used; obtained lies before it */
    const char *zone;        /* NULL: under the anchors alone; else under this zone's ... */
    struct dna_span dnskey;  /* ... key too, RDATA as published */
};

struct dna_rrsig;

/* anchors: DNSKEY and DS records in zone-file syntax.  DNA_ERR_FORMAT: something else, or
 * none; DNA_ERR_LIMIT, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_rrsig_new(struct dna_span anchors, struct dna_rrsig **out);
void dna_rrsig_free(struct dna_rrsig *rrsig);
/* The messages that all claims are judged by, from now on; copied.  Those that are not
 * reduced messages are passed over. */
DNA_MUST_USE enum dna_err dna_rrsig_messages(struct dna_rrsig *rrsig,
                                             const struct dna_span *messages, size_t n);
/* Judges a claim.  The work for all claims on the same messages is bounded; beyond it all is
 * UNPROVEN. */
enum dna_rrsig_finding dna_rrsig_judge(struct dna_rrsig *rrsig,
                                       const struct dna_rrsig_claim *claim);

/* --- making messages -------------------------------------------------------------------- */

/* The packet reduced (message.h), which the caller frees with free(); false: it is of no
 * use, or there is no memory. */
bool dna_rrsig_reduce(struct dna_span packet, struct dna_span *out);
/* Whether a reduced message says what the answer says: records, denial, alias. */
bool dna_rrsig_agrees(struct dna_span message, const struct dna_dns_answer *answer);
/* Names each zone that signed something in a reduced message, and each target of an alias,
 * as text without the last dot; those that are no host-like names are left out. */
typedef void dna_rrsig_name_fn(void *arg, const char *name);
void dna_rrsig_signers(struct dna_span message, dna_rrsig_name_fn *fn, void *arg);
void dna_rrsig_aliases(struct dna_span message, dna_rrsig_name_fn *fn, void *arg);

#endif
