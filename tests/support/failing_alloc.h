/* An allocator that fails at the n-th request, and counts what is outstanding.
 *
 *     struct failing_alloc f;
 *     for (unsigned n = 0; ; n++) {
 *         const struct dna_alloc *a = failing_alloc_init(&f, n);
 *         ... run the case with a; it must report DNA_ERR_MEMORY or succeed ...
 *         assert_int_equal(f.outstanding, 0);
 *         if (!f.failed) break;   // the case ran through: every request was failed once
 *     }
 */
#ifndef TESTS_FAILING_ALLOC_H
#define TESTS_FAILING_ALLOC_H

#include <mod_dna/base.h>

struct failing_alloc {
    struct dna_alloc alloc;
    unsigned long seen, fail_at;
    long outstanding;
    bool failed;
};

const struct dna_alloc *failing_alloc_init(struct failing_alloc *f, unsigned long fail_at);

#endif
