/* proof/bundle.h: evidence bundles, heard again (S16).
 *
 * The court is held over the recorded answers, at the recorded times and in their order.  The
 * hearing is then written down again, and must be the bundle, byte by byte: nothing in it can
 * be other than what the ruling follows from.  Path checks are never believed but made again.
 *
 * A proof is also heard with every fact at its worst that nobody answers for: what was signed
 * neither by the bundle's maker nor in a way that is validated here.  What is proven all the
 * same is PROVEN; otherwise it rests on what nobody signed.  Where the DNS provably has no
 * signatures, an answer cannot be worse than without them, but its records are nobody's word:
 * it is heard as recorded, and as if there were none.
 */
#ifndef DNA_PROOF_BUNDLE_H
#define DNA_PROOF_BUNDLE_H

#include <base/arena.h>
#include <mod_dna/fact.h>
#include <mod_dna/ruling.h>

enum dna_bundle_finding {
    DNA_BUNDLE_BROKEN,          /* no bundle, or one that does not verify */
    DNA_BUNDLE_REFUSES,         /* it verifies, and its ruling refuses */
    DNA_BUNDLE_UNAUTHENTICATED, /* PROVEN, by what nobody signed */
    DNA_BUNDLE_PROVES
};

enum dna_bundle_dns {
    DNA_BUNDLE_DNS_UNPROVEN, /* the messages do not show it */
    DNA_BUNDLE_DNS_DIFFERS,  /* they show another answer: the bundle is broken */
    DNA_BUNDLE_DNS_INSECURE, /* they show that there are no signatures, as was recorded */
    DNA_BUNDLE_DNS_PROVEN    /* signatures up to an anchor show that the answer was secure */
};

struct dna_bundle_claim {
    const struct dna_dns_answer *answer; /* FOUND or ABSENT */
    int64_t at;             /* wall time of its last use */
    const char *zone;       /* NULL: an answer under the root's anchor alone; else under this */
    struct dna_span dnskey; /* ... zone's supplied key as well */
};
/* What the messages of a bundle show about one answer. */
typedef enum dna_bundle_dns dna_bundle_dns_fn(void *arg, const struct dna_bundle_claim *claim,
                                              const struct dna_span *messages, size_t n);

struct dna_bundle_terms {
    const struct dna_roots *roots;
    struct dna_span key_pem;   /* the maker's key, public or private; empty: none is known */
    dna_bundle_dns_fn *dns;    /* NULL: no answer of the DNS is validated */
    void *dns_arg;
};

struct dna_bundle_report {
    enum dna_bundle_finding finding;
    struct dna_ruling ruling; /* as recorded; not for BROKEN */
    char domain[DNA_NAME_MAX + 1];
    enum dna_role role;
    int64_t at;               /* of the ruling */
    bool has_signature;
    bool signed_by_key;       /* by the key of the terms */
    unsigned facts, validated;/* how many, and answers of the DNS validated by signatures */
    char why[512];            /* one sentence; may hold bytes of the bundle */
};

/* Judges a bundle.  DNA_ERR_MEMORY; DNA_ERR_ARGUMENT: key_pem is no key. */
DNA_MUST_USE enum dna_err dna_bundle_check(const struct dna_alloc *alloc,
                                           struct dna_span bundle,
                                           const struct dna_bundle_terms *terms,
                                           struct dna_bundle_report *out);

/* Names each answer of the DNS, FOUND or ABSENT, that a bundle records; they live in the
 * arena.  DNA_ERR_FORMAT, DNA_ERR_LIMIT: it is no bundle; DNA_ERR_MEMORY. */
typedef void dna_bundle_answer_fn(void *arg, const struct dna_dns_answer *answer);
DNA_MUST_USE enum dna_err dna_bundle_answers(struct dna_arena *arena, struct dna_span bundle,
                                             dna_bundle_answer_fn *fn, void *arg);

/* The bundle (unsigned) with DNS messages that show what it claims; as dna_bundle_sign. */
DNA_MUST_USE enum dna_err dna_bundle_attach(const struct dna_alloc *alloc,
                                            struct dna_span bundle,
                                            const struct dna_span *messages, size_t n,
                                            char **out, size_t *len);

#endif
