/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How the programs here measure: CPU nanoseconds of one call, the median of a few runs of `count` calls each.
 */

#include <stdint.h>

uint64_t median_cpu_ns(void (*call)(void *data), void *data, unsigned count);

/* Says what failed, with errno where there is one, and ends the program. */
void fail(const char *what) __attribute__((noreturn));
