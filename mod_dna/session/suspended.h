/* session/suspended.h: streams without a connection, which may be resumed (XEP-0198).
 *
 * Each is bound to its role and to both domains of its header, and kept for a while; there are
 * so many of one peer's domain, and in all.  What is not resumed in time is returned.
 */
#ifndef DNA_SESSION_SUSPENDED_H
#define DNA_SESSION_SUSPENDED_H

#include <mod_dna/question.h>
#include <s2s/s2s.h>
#include <session/timer.h>

struct dna_session;

struct dna_suspended {
    struct dna_suspended *next;
    struct dna_timer timer;
    enum dna_role role;
    int64_t until; /* monotonic */
    struct dna_name own, peer;
    size_t bytes;
    struct dna_s2s_left left;
};

struct dna_suspension {
    struct dna_suspended *first, **end; /* oldest first */
    size_t n, bytes;
    struct dna_kept_list unsent; /* for the host */
    struct dna_kept *shown;      /* the last one that it got, or NULL */
    struct dna_map *pings;       /* domains and ids to streams; NULL: none yet */
};

void dna_suspension_init(struct dna_session *session);
void dna_suspension_fini(struct dna_session *session);
/* Its time is over. */
void dna_suspended_expire(struct dna_session *session, struct dna_suspended *suspended);

#endif
