/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Sorts without allocating. qsort() of glibc before 2.37 allocates for more than a kilobyte (stdlib/msort.c),
 * and what runs at each collection should not. Pure; any thread.
 */

#include <stddef.h>

enum { SORT_SIZE_MAX = 256 }; /* the largest size of an item */

/* Sorts in ascending order. Equal items come in any order. */
void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *, const void *));
