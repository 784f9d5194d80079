/* malloc() and its like, which fail at the n-th call while they are armed.
 *
 * For code that does not go through the allocator hook.  A test that links dna_test_malloc has
 * its own calls, and those of the static libraries in it, led here by the linker (--wrap).
 *
 *     for (failing_malloc.fail_at = 0;; failing_malloc.fail_at++) {
 *         failing_malloc_arm();
 *         ... run the case ...
 *         if (!failing_malloc_disarm()) break;    // it ran through: every call failed once
 *     }
 */
#ifndef TESTS_FAILING_MALLOC_H
#define TESTS_FAILING_MALLOC_H

#include <stdbool.h>

struct failing_malloc {
    unsigned long seen, fail_at;
    bool armed, failed;
};

extern struct failing_malloc failing_malloc;

/* From the first call again. */
void failing_malloc_arm(void);
/* Whether a call has failed since. */
bool failing_malloc_disarm(void);

#endif
