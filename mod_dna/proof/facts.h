/* proof/facts.h: what the court knows, want by want.
 *
 * A fact is copied into the question's arena on arrival and put into its proper form there:
 * whatever the host handed over, an answer is one to the question that was asked, only FOUND
 * and ABSENT can be secure, FOUND has records, and no text is NULL.  Nothing is ever
 * forgotten while the hearing lasts.
 */
#ifndef DNA_PROOF_FACTS_H
#define DNA_PROOF_FACTS_H

#include <base/arena.h>
#include <mod_dna/fact.h>
#include <proof/papers.h>

/* One want, and the fact that answers it. */
struct dna_known {
    unsigned id;
    struct dna_want want;
    bool told;     /* handed to the host */
    bool answered;
    bool overdue;  /* answered by its deadline, as FAILED (S11) */
    bool by_tick;  /* ... which a tick found, not the arrival of another fact */
    unsigned order;     /* of the answers, from 1 */
    struct dna_time at; /* of the answer */
    int64_t deadline; /* monotonic, or DNA_NEVER */
    struct dna_fact fact;
    struct {
        bool tried;
        enum dna_err err;
        enum dna_paper_kind kind;
        struct dna_paper *paper;
        const char *why;                 /* what is wrong with it; static */
        uint64_t usable; /* DNS: which TLSA records are, as bits, once somebody asked */
    } parsed; /* FETCH, PEER: the bytes as certificates, once somebody asked */
    struct dna_known *next;
};

struct dna_facts {
    struct dna_arena *arena;
    struct dna_known *first;
    struct dna_known **end;
    unsigned n, n_answered;
    struct dna_papers *papers; /* of the court's owner, or NULL */
};

void dna_facts_init(struct dna_facts *facts, struct dna_arena *arena);
/* Drops the parsed certificates; the arena's owner frees the rest. */
void dna_facts_fini(struct dna_facts *facts);

/* The entry of a want equal to this one, or NULL. */
struct dna_known *dna_facts_find(const struct dna_facts *facts, const struct dna_want *want);
/* The entry whose fact this answer is. */
struct dna_known *dna_facts_of(const struct dna_facts *facts,
                               const struct dna_dns_answer *answer);
struct dna_known *dna_facts_by_id(const struct dna_facts *facts, unsigned id);
/* Adds an entry for a want whose texts live in the arena.  DNA_ERR_LIMIT, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_facts_expect(struct dna_facts *facts,
                                           const struct dna_want *want,
                                           struct dna_known **out);
/* Copies a fact of the right kind.  DNA_ERR_MEMORY: the entry stays unanswered. */
DNA_MUST_USE enum dna_err dna_facts_record(struct dna_facts *facts, struct dna_known *known,
                                           const struct dna_fact *fact);
/* Its time is over: a look-up (DNS, ANCHORED, FETCH) is answered FAILED, and nothing is
 * remembered (RECALL). */
void dna_facts_overdue(struct dna_known *known, struct dna_time now);

/* The document that fetch delivered, or the base64 DER that the peer supplied, as
 * certificates; parsed once per hearing at most, held by the facts.  DNA_ERR_FORMAT,
 * DNA_ERR_LIMIT: that is what the bytes deserve; other errors are faults of the world;
 * DNA_ERR_NOT_FOUND: there is no such document. */
DNA_MUST_USE enum dna_err dna_facts_fetched_chain(const struct dna_facts *facts,
                                                  const struct dna_want_fetch *fetch,
                                                  const struct dna_chain **out);
/* The same document as a revocation list.  *why: what is wrong. */
DNA_MUST_USE enum dna_err dna_facts_fetched_crl(const struct dna_facts *facts,
                                                const struct dna_want_fetch *fetch,
                                                const struct dna_crl **out,
                                                const char **why);
/* What the peer supplied as attribute certificates; the same.  *why: what is wrong. */
DNA_MUST_USE enum dna_err dna_facts_supplied_acerts(const struct dna_facts *facts,
                                                    const struct dna_acert_bundle **out,
                                                    const char **why);
DNA_MUST_USE enum dna_err dna_facts_supplied_chain(const struct dna_facts *facts,
                                                   const struct dna_chain **out);
/* The leaf's key of such a chain as a DNSKEY; made once per hearing.  DNA_ERR_FORMAT: no
 * algorithm of DNSSEC uses such a key. */
DNA_MUST_USE enum dna_err dna_facts_dnskey(const struct dna_facts *facts,
                                           const struct dna_chain *chain,
                                           const struct dna_spki_dnskey **out);

#endif
