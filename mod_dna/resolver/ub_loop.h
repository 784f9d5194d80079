/* resolver/ub_loop.h: libunbound's pluggable event base on a dna_loop. */
#ifndef DNA_RESOLVER_UB_LOOP_H
#define DNA_RESOLVER_UB_LOOP_H

#include <base/loop.h>

struct ub_event_base;

/* Borrows loop and alloc.  NULL: no memory. */
struct ub_event_base *dna_ub_loop_new(const struct dna_loop *loop,
                                      const struct dna_alloc *alloc);
/* After the contexts that use it. */
void dna_ub_loop_free(struct ub_event_base *base);

#endif
