/* gateway/queue.h: stanzas that wait, in order and within bounds.
 *
 * One queue per pair of domains; all of them together are bounded too, and all that waits
 * stands in one line by age, so that one timer serves it.  A stanza is copied when it
 * begins to wait: what it borrowed from its stream is gone by then.
 */
#ifndef DNA_GATEWAY_QUEUE_H
#define DNA_GATEWAY_QUEUE_H

#include <mod_dna/stanza.h>

#include "config.h"

/* What comes back of a connection that broke was within bounds when it was sent: errors find
 * room beyond the pair's own bounds, for as much as one stream keeps unacknowledged. */
#define QUEUE_RETURNS 16384
#define QUEUE_RETURNS_BYTES (8 * 1024 * 1024)

struct queue;

/* One stanza that waits, or one that is on its way back as an error. */
struct waiting {
    struct waiting *next;          /* behind it in its queue */
    struct waiting *older, *newer; /* over all queues */
    struct queue *queue;
    int64_t since; /* monotonic, milliseconds */
    size_t bytes;  /* what it counts for */
    bool is_error;
    enum dna_stanza_condition condition; /* of an error */
    struct dna_span text;
    /* Without domains, which the queue's owner knows.  For an error: the stanza that is
     * returned, without its raw bytes. */
    enum dna_stanza_kind kind;
    struct dna_span from, to, type, id, raw, splice;
    size_t splice_at;
};

struct queue {
    struct waiting *first, *last;
    size_t n, bytes;
};

struct queues {
    struct gateway_queue_config limits;
    struct waiting *oldest, *newest;
    size_t bytes, n;
};

/* DNA_ERR_LIMIT: a bound is reached; DNA_ERR_MEMORY.  Either leaves all as it was. */
DNA_MUST_USE enum dna_err queue_add(struct queues *all, struct queue *queue,
                                    const struct dna_stanza *stanza, int64_t now);
/* As queue_add: stanza goes back as an error. */
DNA_MUST_USE enum dna_err queue_add_error(struct queues *all, struct queue *queue,
                                          const struct dna_stanza *stanza,
                                          enum dna_stanza_condition condition,
                                          const char *text, int64_t now);
/* What a stanza counts for, or with text an error about it. */
size_t queue_cost(const struct dna_stanza *stanza, const char *text);
/* Takes out the first, which the caller frees; NULL: empty. */
struct waiting *queue_take(struct queues *all, struct queue *queue);
void queue_free_waiting(struct waiting *waiting);
/* The stanza of a waiting one, whose domains are given; borrows from it. */
void queue_stanza(const struct waiting *waiting, const char *from, const char *to,
                  struct dna_stanza *out);
/* Monotonic time at which the oldest has waited too long; DNA_NEVER: nothing waits. */
int64_t queue_deadline(const struct queues *all);
/* The queue whose first stanza has waited too long at now, or NULL. */
struct queue *queue_overdue(const struct queues *all, int64_t now);

#endif
