/* A dna_loop on poll(2), for tests: real clocks, real descriptors, one thread.
 *
 *     struct poll_loop *loop = poll_loop_new();
 *     const struct dna_loop *l = poll_loop_of(loop);
 *     ... start something that sets done ...
 *     assert_true(poll_loop_until(loop, &done, 10000));
 *     poll_loop_free(loop);      // asserts that nobody left a watch or timer behind
 */
#ifndef TESTS_POLL_LOOP_H
#define TESTS_POLL_LOOP_H

#include <base/loop.h>

struct poll_loop;

struct poll_loop *poll_loop_new(void);
void poll_loop_free(struct poll_loop *loop);
const struct dna_loop *poll_loop_of(struct poll_loop *loop);
/* Runs until *done or for that long; returns *done. */
bool poll_loop_until(struct poll_loop *loop, const bool *done, unsigned ms);
/* Runs for that long, whatever happens. */
void poll_loop_run(struct poll_loop *loop, unsigned ms);
/* What is watched or timed at present. */
size_t poll_loop_count(const struct poll_loop *loop);
/* From now on every watch or timer is refused (with NULL) after so many more of them. */
void poll_loop_refuse_after(struct poll_loop *loop, unsigned n);
/* Added to both clocks that now() tells; timers keep their own time. */
void poll_loop_shift(struct poll_loop *loop, int64_t seconds);

#endif
