/* session/taken_back.h: what was said to hold no longer, and when (S12, S16).
 *
 * Whoever can write to the medium of a store can put a genuine entry back that was there once.
 * So a session notes, for as long as such an entry could live, what was taken back: what is no
 * younger than that is not recalled.  A note stands for one entry, for all of a kind and
 * domain (no id), or for all of a kind (no domain either).
 *
 * Invariant: no ruling that was taken back is believed for want of room.  A note that makes
 * room for another one, or that there is no memory for, leaves its time behind: no ruling of
 * before is recalled any more, whose ever.
 */
#ifndef DNA_SESSION_TAKEN_BACK_H
#define DNA_SESSION_TAKEN_BACK_H

#include <base/map.h>
#include <mod_dna/session.h>

struct dna_taken_back_note;

struct dna_taken_back {
    const struct dna_alloc *alloc;
    struct dna_map *notes; /* by kind, id and domain */
    struct dna_taken_back_note *first, *last; /* in the order in which they were made */
    int64_t floor; /* wall: rulings learned by then are not recalled */
};

DNA_MUST_USE enum dna_err dna_taken_back_init(struct dna_taken_back *taken,
                                              const struct dna_alloc *alloc, uint64_t seed);
/* All zero is fine. */
void dna_taken_back_fini(struct dna_taken_back *taken);

/* Entries like this one that were learned by learned->learned_at no longer hold; until: when
 * the last of them will have ended, wall seconds. */
void dna_taken_back_note(struct dna_taken_back *taken, const struct dna_learned *learned,
                         int64_t until, int64_t now);
/* The latest such word about an entry of that kind, id and domain; INT64_MIN: there is none. */
int64_t dna_taken_back_at(const struct dna_taken_back *taken, enum dna_learned_kind kind,
                          const unsigned char id[DNA_LEARNED_ID], const char *domain);
/* Whether it covers this entry.  Clocks of gateways differ, and a ruling is rather made once
 * more than believed too long, so rulings are covered for DNA_LIMIT_STORE_AHEAD_S longer; the
 * other kinds only ever bar, and what bars is rather kept. */
bool dna_taken_back_covers(const struct dna_taken_back *taken,
                           const struct dna_learned *learned);

#endif
