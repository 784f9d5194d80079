/* resolver/lookup.h: a running look-up and the resolver that it belongs to.
 *
 * A look-up asks one question, or three (anchored.c), of a backend.  Backends call back when
 * they like; that is only noted.  Once every question is answered, or the deadline is over,
 * the loop calls step, which delivers, asks elsewhere or waits.  All of this is one thread.
 */
#ifndef DNA_RESOLVER_LOOKUP_H
#define DNA_RESOLVER_LOOKUP_H

#include <base/arena.h>
#include <resolver/backend.h>
#include <resolver/resolver.h>

struct dna_anchored;
struct ub_event_base;

enum { DNA_LOOKUP_ASKS = 3 };

struct dna_ask {
    struct dna_lookup *lookup;
    const char *name;
    uint16_t type;
    struct dna_query *query; /* NULL: not running */
    bool answered;
    struct dna_dns_answer answer;
    /* Kept where the look-up wants to see more than the answer. */
    struct dna_span packet;
    enum dna_raw_security security;
};

struct dna_lookup {
    struct dna_resolver *resolver;
    struct dna_lookup *prev, *next;
    struct dna_arena arena;
    struct dna_timer *deadline, *wake;
    struct dna_ask asks[DNA_LOOKUP_ASKS];
    size_t n_asks;
    struct dna_backend *backend; /* whom the running queries were put to */
    bool keeps_packets;
    bool held;      /* until the check of the root's key ends (S15) */
    bool delivered; /* its callback runs */
    /* late: the deadline is over, and what was not answered has failed. */
    void (*step)(struct dna_lookup *lookup, bool late);
    struct dna_anchored *anchored; /* NULL: a plain look-up */
    union {
        dna_resolver_fn *plain;
        dna_resolver_anchored_fn *anchored;
    } fn;
    void *arg;
};

enum dna_root_state {
    DNA_ROOT_UNKNOWN,
    DNA_ROOT_WORKS,
    DNA_ROOT_BROKEN
};

struct dna_resolver {
    const struct dna_loop *loop;
    const struct dna_alloc *alloc;
    struct dna_arena arena; /* the options' strings */
    struct dna_resolver_options options;
    struct ub_event_base *base;
    struct dna_backend *backend;
    struct dna_lookup *lookups;
    size_t n_lookups;
    unsigned n_collections; /* collect.h */
    struct {
        enum dna_root_state state;
        struct dna_lookup *check; /* NULL: none runs */
        int64_t checked;          /* when the last one began */
    } root;
    struct {
        unsigned alive, most; /* contexts */
        struct dna_anchored *first, **last; /* waiting for one */
        size_t waiting;
    } anchored;
};

/* A look-up without questions, its deadline running.  DNA_ERR_LIMIT, DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_lookup_new(struct dna_resolver *resolver, unsigned timeout_ms,
                                         struct dna_lookup **out);
/* Adds a question; the name is copied.  DNA_ERR_ARGUMENT: no name; DNA_ERR_MEMORY. */
DNA_MUST_USE enum dna_err dna_lookup_add(struct dna_lookup *lookup, const char *name,
                                         uint16_t type);
/* Puts every question to backend, or none. */
DNA_MUST_USE enum dna_err dna_lookup_ask(struct dna_lookup *lookup,
                                         struct dna_backend *backend);
/* Calls step from the loop, soon. */
void dna_lookup_wake(struct dna_lookup *lookup);
/* Makes the answer of every question, or of those that have none, a failure. */
void dna_lookup_fail(struct dna_lookup *lookup, const char *why);
void dna_lookup_fail_open(struct dna_lookup *lookup, const char *why);
/* Takes it off the list, calls back, frees it. */
void dna_lookup_deliver(struct dna_lookup *lookup);
/* Frees it with all that runs for it; no callback. */
void dna_lookup_drop(struct dna_lookup *lookup);

/* S15: whether what rests on the root's anchor may be told now. */
enum dna_gate {
    DNA_GATE_PASS,
    DNA_GATE_WAIT, /* the look-up is woken when this is known */
    DNA_GATE_FAIL
};
enum dna_gate dna_resolver_gate(struct dna_resolver *resolver, bool late);
extern const char dna_resolver_no_anchor[];

/* Ends what anchored.c holds for a look-up; wakes whoever waited for its context. */
void dna_anchored_release(struct dna_lookup *lookup);

#endif
