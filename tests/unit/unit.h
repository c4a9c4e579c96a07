/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What cmocka.h wants before it, and what more than one unit test needs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

/* What a test with random numbers begins with: another one each time, printed; NETDROP_SEED repeats it. */
static inline unsigned unit_seed(void)
{
    const char *wanted = getenv("NETDROP_SEED");
    unsigned seed = wanted ? (unsigned)strtoul(wanted, NULL, 10) : (unsigned)time(NULL);

    printf("# NETDROP_SEED=%u\n", seed);
    return seed;
}
