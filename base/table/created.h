/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The time since when each row of a table has counted. One thread makes it; then it is immutable and shared
 * by reference among any threads, like the row set that it belongs to. Times are CLOCK_BOOTTIME;
 * created_offset_ns in struct table turns them into the time of day.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct created {
    _Atomic unsigned references;
    uint64_t ns[]; /* CLOCK_BOOTTIME, one for each row */
};

struct created *created_new(size_t rows); /* all 0, one reference; returns NULL if memory runs out */
struct created *created_ref(struct created *created);
struct created *created_unref(struct created *created); /* accepts NULL, returns NULL */
