/* s2s/manage.h: which of the stanzas that were sent the peer has taken (XEP-0198).
 *
 * Nothing but counting and keeping: no XML, no clock, no stream.  Counters are modulo 2^32.
 * Invariant: while stanzas are counted, `sent` minus the number of those kept is what the
 * peer has acknowledged, so that the two can never disagree.
 *
 * Without stream management the same list remembers what was sent lately, for the day on which
 * the connection breaks (dna_manage_unsure).
 */
#ifndef DNA_S2S_MANAGE_H
#define DNA_S2S_MANAGE_H

#include <mod_dna/stanza.h>

/* A stanza with all that it takes to return it, or to send it again.  The texts stand behind it
 * in the same block. */
struct dna_kept {
    struct dna_kept *next;
    int64_t at;   /* monotonic: when it was sent */
    size_t bytes; /* of this block */
    enum dna_stanza_kind kind;
    struct dna_span from, to, type, id, raw, splice;
    size_t splice_at;
};

struct dna_kept_list {
    struct dna_kept *first, *last;
    size_t n, bytes;
};

struct dna_manage {
    const struct dna_alloc *alloc;
    struct dna_kept_list kept; /* sent, not acknowledged */
    struct dna_kept_list held; /* of a stream before: to be sent again once that is permitted */
    uint32_t handled;          /* stanzas of the peer */
    uint32_t sent;             /* ours */
};

void dna_manage_init(struct dna_manage *manage, const struct dna_alloc *alloc);
/* Forgets everything. */
void dna_manage_clear(struct dna_manage *manage);
/* *to becomes what *from was, and *from empty. */
void dna_manage_move(struct dna_manage *to, struct dna_manage *from);

/* A copy of a stanza that is about to be sent, or NULL; dna_manage_sent takes it over. */
struct dna_kept *dna_manage_copy(const struct dna_manage *manage,
                                 const struct dna_stanza *stanza, int64_t now);
void dna_manage_drop(const struct dna_manage *manage, struct dna_kept *kept);
void dna_manage_sent(struct dna_manage *manage, struct dna_kept *kept);
/* Whether no more may be sent before something is acknowledged. */
bool dna_manage_full(const struct dna_manage *manage);

/* The peer has handled h stanzas.  False: it cannot have, nothing has changed. */
DNA_MUST_USE bool dna_manage_acknowledged(struct dna_manage *manage, uint32_t h);
/* What is kept has to be sent again: it is held, before what is held already. */
void dna_manage_hold(struct dna_manage *manage);

/* Without stream management.  Forgets what is older than a minute or two, and the oldest where
 * it is too much. */
void dna_manage_age(struct dna_manage *manage, int64_t now);
/* The connection broke, and the peer's system had not confirmed the last `unconfirmed` bytes:
 * of the rest, only what was sent a moment ago may have been lost behind it. */
void dna_manage_unsure(struct dna_manage *manage, size_t unconfirmed, int64_t now);

/* The next one, to be dropped by the caller; or NULL. */
struct dna_kept *dna_kept_take(struct dna_kept_list *list);
void dna_kept_add(struct dna_kept_list *list, struct dna_kept *kept);
/* Fills *out, which borrows. */
void dna_kept_stanza(const struct dna_kept *kept, struct dna_stanza *out);

#endif
