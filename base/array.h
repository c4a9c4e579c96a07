/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Arrays that grow, and whose memory is kept; and the place of a value in ascending ones. */

#include <errno.h>
#include <stdlib.h>

/*
 * Makes room for `wanted` items: 0, or -ENOMEM, and all is as it was. Writes to `items`, a pointer, and to
 * `capacity`, in items; both are 0 at first. What is new is not initialised.
 */
#define array_resize(items, capacity, wanted)                                                                \
    ({                                                                                                       \
        size_t wanted_ = (wanted);                                                                           \
        void *moved_ = reallocarray((items), wanted_, sizeof(*(items)));                                     \
                                                                                                             \
        if (moved_) {                                                                                        \
            (items) = moved_;                                                                                \
            (capacity) = wanted_;                                                                            \
        }                                                                                                    \
        moved_ ? 0 : -ENOMEM;                                                                                \
    })

/* The same for one item behind `count` of them: the room doubles where it is used up. */
#define array_grow(items, count, capacity)                                                                   \
    ((count) < (capacity) ? 0 : array_resize(items, capacity, (capacity) ? 2 * (capacity) : 32))

/* The index of the first item whose member (`.key`, or `->key` of pointers) is not less than the value, in an
 * array that ascends by it; `count` where there is none. */
#define array_position(items, count, member, value)                                                          \
    ({                                                                                                       \
        size_t low_ = 0, high_ = (count);                                                                    \
                                                                                                             \
        while (low_ < high_) {                                                                               \
            size_t middle_ = low_ + (high_ - low_) / 2;                                                      \
                                                                                                             \
            if ((items)[middle_] member < (value))                                                           \
                low_ = middle_ + 1;                                                                          \
            else                                                                                             \
                high_ = middle_;                                                                             \
        }                                                                                                    \
        low_;                                                                                                \
    })
