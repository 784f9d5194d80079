/* session/context.h: what a session holds. */
#ifndef DNA_SESSION_CONTEXT_H
#define DNA_SESSION_CONTEXT_H

#include <mod_dna/session.h>
#include <session/downgrade.h>
#include <session/evidence.h>
#include <session/hosting.h>
#include <session/learning.h>
#include <session/load.h>
#include <session/lookup.h>
#include <session/memory.h>
#include <session/observed.h>
#include <session/policy.h>
#include <session/recollection.h>
#include <session/secrets.h>
#include <session/suspended.h>
#include <session/timer.h>

/* A domain that has moved from a link to another: to be retracted there at the next tick. */
struct dna_departure {
    struct dna_departure *next;
    const struct dna_link *link;
    char domain[];
};

struct dna_stream_list {
    struct dna_stream *first, *last;
};

struct dna_hearing_list {
    struct dna_hearing *first, *last;
};

struct dna_session {
    const struct dna_alloc *alloc;
    const struct dna_log *log;
    uint64_t seed;
    struct dna_roots *roots; /* or NULL */
    bool accept_short_form;
    unsigned trust;          /* counts the changes of roots */
    bool policy_changed;     /* accepted peers are reviewed at the next tick */
    int64_t rule_ends;       /* wall time: so are they then, when a rule ends */
    struct dna_time now;     /* of the latest call that told it */
    struct dna_secrets secrets; /* of the public side */
    struct dna_hosting hosting;
    struct dna_policies policies;
    struct dna_memory memory;
    struct dna_papers *papers;
    struct dna_recollection recollection;
    struct dna_downgrade downgrade;
    struct dna_learning learning;
    struct dna_observed observed;
    struct dna_lookups lookups;
    struct dna_load load;
    struct dna_timers timers;
    struct dna_departure *departures;
    struct dna_stream_list streams;
    struct dna_stream_list ready;
    enum dna_evidence evidence;
    struct dna_evidence_list bundles; /* of streams, not fetched yet */
    struct dna_suspension suspension;
    struct dna_hearing_list ended; /* of the host, not handed out yet */
};

/* Copies an options struct of the caller, who may know fewer or more members: *to begins with
 * its size, and what the caller does not know stays zero. */
void dna_session_adopt(void *to, size_t room, const void *from, size_t size);

#endif
