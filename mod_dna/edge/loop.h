/* edge/loop.h: the small event loop interface on libuv, and the end of every turn.
 *
 * Besides what base/loop.h promises, a loop calls `turn` after each round of callbacks and
 * before it waits, so that what several callbacks caused is done once, and counts what is
 * open in libuv, so that it can tell when nothing of ours is left.
 */
#ifndef DNA_EDGE_LOOP_H
#define DNA_EDGE_LOOP_H

#include <base/loop.h>

struct uv_loop_s;
struct dna_edge_loop;

/* True: there is more to do, come back without waiting. */
typedef bool dna_edge_turn_fn(void *arg);
typedef void dna_edge_closed_fn(void *arg);

DNA_MUST_USE enum dna_err dna_edge_loop_new(const struct dna_alloc *alloc,
                                            struct uv_loop_s *uv, dna_edge_turn_fn *turn,
                                            void *arg, struct dna_edge_loop **out);
/* Lives as long as the loop. */
const struct dna_loop *dna_edge_loop_face(const struct dna_edge_loop *loop);
/* DNA_LIMIT_READ bytes that whoever reads may use until its callback returns. */
char *dna_edge_loop_space(struct dna_edge_loop *loop);
/* A turn comes soon, even if nothing else happens. */
void dna_edge_loop_wake(struct dna_edge_loop *loop);
/* Called by every callback from libuv; how often that was tells whether a run did something
 * and has to be followed by another one, in which libuv registers new descriptors. */
void dna_edge_loop_stir(struct dna_edge_loop *loop);
uint64_t dna_edge_loop_stirred(const struct dna_edge_loop *loop);
struct uv_loop_s *dna_edge_loop_uv(const struct dna_edge_loop *loop);
/* Around a libuv handle that somebody else opens: from its _init to its close callback. */
void dna_edge_loop_hold(struct dna_edge_loop *loop);
void dna_edge_loop_release(struct dna_edge_loop *loop);
/* No turn comes after it.  Once every handle is closed and everything deferred was called,
 * frees the loop and calls closed; always from libuv. */
void dna_edge_loop_close(struct dna_edge_loop *loop, dna_edge_closed_fn *closed, void *arg);

#endif
