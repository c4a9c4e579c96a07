/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/allocations.h"

/* Counts allocations of the program that it is linked with, by replacing the functions of the C library. Any
 * thread. */

#include <stdlib.h>

_Atomic uint64_t allocations;
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}
