/* One request for memory that fails, of our code's own and of those that it makes of libldns.
 * (What libldns asks for inside of one call is not reached.) */
#ifndef TESTS_RESOLVER_SHORT_MEMORY_H
#define TESTS_RESOLVER_SHORT_MEMORY_H

#include <stdbool.h>

/* The n-th request from now on fails, counted from 0; the others do not. */
void short_memory_begin(unsigned long n);
/* None fails any more.  Whether one has. */
bool short_memory_end(void);

#endif
