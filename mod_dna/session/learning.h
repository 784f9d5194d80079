/* session/learning.h: what is worth more than one process (mod_dna/session.h, dna_learned).
 *
 * What is learned is queued for the host, which keeps it; what the host kept comes back
 * through dna_session_recall and is believed as far as it says no more than it could have
 * said when it was learned, and that has not been taken back since (session/taken_back.h).
 * Only ends and lives are bounded here: that an entry is one of ours is for whoever keeps it to
 * make sure (S16).
 */
#ifndef DNA_SESSION_LEARNING_H
#define DNA_SESSION_LEARNING_H

#include <mod_dna/session.h>
#include <session/key.h>
#include <session/taken_back.h>

struct dna_learned_entry;

struct dna_learning {
    const struct dna_alloc *alloc;
    bool on; /* the host keeps what is learned */
    unsigned char terms[DNA_SHA256_SIZE]; /* what proofs rest on beside the policy */
    struct dna_learned_entry *first, *last;
    struct dna_learned_entry *lent; /* to the host */
    size_t n, bytes;
    struct dna_taken_back taken;
};

void dna_learning_fini(struct dna_learning *learning);

/* A proof that was found, or refused (with what the peer supplied), and until when; gone: it
 * no longer holds. */
void dna_learning_ruling(struct dna_learning *learning, const struct dna_question *question,
                         const struct dna_key_proof *proof, const struct dna_ruling *ruling,
                         int64_t until, int64_t now);
void dna_learning_ruling_gone(struct dna_learning *learning,
                              const struct dna_question *question, int64_t now);
/* A policy that was fetched from url: its end and whether it is enforced come from itself. */
void dna_learning_policy(struct dna_learning *learning, const char *url,
                         const struct dna_recall_result *policy, int64_t until, bool enforced);
/* A domain was proven by what bars dialback; gone: the operator says that it was not. */
void dna_learning_downgrade(struct dna_learning *learning, const char *domain,
                            enum dna_role role, int64_t proven_at);
void dna_learning_downgrade_gone(struct dna_learning *learning, const char *domain,
                                 enum dna_role role, int64_t now);
/* ... neither the domain nor, if it is NULL, any other, in whatever role. */
void dna_learning_downgrade_none(struct dna_learning *learning, const char *domain,
                                 int64_t now);

/* Under which key of the memory a recalled ruling is found.  DNA_ERR_ARGUMENT: none is ever
 * kept for such a question. */
DNA_MUST_USE enum dna_err dna_learning_key(const struct dna_learning *learning,
                                           const struct dna_question *question,
                                           const struct dna_key_proof *proof,
                                           struct dna_key *out);

/* --- learned_value.c: an entry's value, strictly ------------------------------------- */

struct dna_buf;

DNA_MUST_USE enum dna_err dna_learned_write_ruling(const struct dna_ruling *ruling,
                                                   struct dna_buf *out);
/* DNA_ERR_FORMAT: it is none of that kind.  expires_at stays 0. */
DNA_MUST_USE enum dna_err dna_learned_read_ruling(enum dna_learned_kind kind,
                                                  struct dna_span value,
                                                  struct dna_ruling *out);

struct dna_learned_policy {
    const char *url, *id; /* borrow from the value */
    bool exact_name;
    struct dna_span body;
};
DNA_MUST_USE enum dna_err dna_learned_write_policy(const char *url,
                                                   const struct dna_recall_result *policy,
                                                   struct dna_buf *out);
DNA_MUST_USE enum dna_err dna_learned_read_policy(struct dna_span value,
                                                  struct dna_learned_policy *out);

#endif
