/* What the benchmarks share: a clock of CPU time, the heap, one way to tell a figure. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stddef.h>

/* CPU time of this process so far, in seconds. */
double bench_cpu(void);
/* Bytes that the C library's heap has handed out. */
size_t bench_heap(void);
/* "NAME = VALUE UNIT", a line that tests/bench/run collects. */
void bench_figure(const char *name, double value, const char *unit);
/* Ends the program unless it is so: a benchmark of what went wrong is none. */
void bench_must(int good, const char *what);

#endif
