/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Atomic reference counts. Any thread may take and drop one; whoever drops the last one frees. */

#include <stdatomic.h>
#include <stdbool.h>

static inline void reference_take(_Atomic unsigned *references)
{
    atomic_fetch_add_explicit(references, 1, memory_order_relaxed);
}

/* Returns true if this was the last one. */
static inline bool reference_drop(_Atomic unsigned *references)
{
    return atomic_fetch_sub_explicit(references, 1, memory_order_acq_rel) == 1;
}
