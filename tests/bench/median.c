/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/median.h"

/* Measures the CPU time of a call, and ends programs that fail. One thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 7 };

void fail(const char *what)
{
    fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static uint64_t cpu_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

uint64_t median_cpu_ns(void (*call)(void *data), void *data, unsigned count)
{
    uint64_t runs[RUNS];

    for (unsigned run = 0; run < RUNS; run++) {
        uint64_t begin = cpu_ns();

        for (unsigned i = 0; i < count; i++)
            call(data);
        runs[run] = (cpu_ns() - begin) / count;
    }
    qsort(runs, RUNS, sizeof(runs[0]), compare);
    return runs[RUNS / 2];
}
