#include <bench.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double bench_cpu(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

size_t bench_heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

void bench_figure(const char *name, double value, const char *unit)
{
    printf("%s = %.6g %s\n", name, value, unit);
    fflush(stdout);
}

void bench_must(int good, const char *what)
{
    if (!good) {
        fprintf(stderr, "benchmark: %s\n", what);
        exit(1);
    }
}
