/* session/load.h: what peers make the session do at once, its limits, and what these refused.
 */
#ifndef DNA_SESSION_LOAD_H
#define DNA_SESSION_LOAD_H

#include <mod_dna/session.h>

struct dna_load {
    struct dna_session_limits limits; /* 0: none */
    const struct dna_log *log;        /* or NULL */
    size_t hearings;                  /* of streams, first ones */
    uint64_t refused[DNA_SESSION_N_LIMITS];
};

/* Counts a refusal, and logs it now and then. */
void dna_load_refuse(struct dna_load *load, enum dna_session_limit limit, const char *whose);

/* --- of hearings ----------------------------------------------------------------------- */

struct dna_hearing;

/* Whether a first hearing of a stream may begin; it is counted then, until it is freed or has
 * ruled.  False: nothing was counted; *err is DNA_ERR_LIMIT or DNA_ERR_MEMORY. */
bool dna_load_enter(struct dna_hearing *hearing, enum dna_err *err);
/* Of any hearing, any number of times. */
void dna_load_leave(struct dna_hearing *hearing);

#endif
