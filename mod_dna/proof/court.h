/* proof/court.h: what a hearing holds, for the court and for whoever writes it down. */
#ifndef DNA_PROOF_COURT_H
#define DNA_PROOF_COURT_H

#include <mod_dna/court.h>
#include <proof/docket.h>
#include <proof/srv_status.h>

struct dna_court {
    const struct dna_alloc *alloc;
    struct dna_arena arena;
    struct dna_docket docket;
    struct dna_question q;
    struct dna_chain *chain;
    struct dna_time opened, now, ended; /* now: of the latest call; ended: of the ruling */
    int64_t ends; /* monotonic: of the hearing */
    enum dna_stage stage;
    bool srv_known;
    struct dna_delegation srv;
    bool ruled;
    struct dna_ruling ruling;
    char *bundle; /* dna_court_bundle, or NULL */
};

#endif
