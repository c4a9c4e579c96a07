/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Arrays that grow, and whose memory is kept; and the place of a value in ascending ones. */

#include <errno.h>
#include <stdlib.h>

/*
 * Makes room for `wanted` items. Returns 0, or -ENOMEM, which changes nothing. Writes to `items`, a pointer,
 * and to `capacity`, a number of items; both are 0 at first. New items are not initialised.
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

/* Makes room for one more item after `count` of them. The room doubles if it is used up. */
#define array_grow(items, count, capacity)                                                                   \
    ((count) < (capacity) ? 0 : array_resize(items, capacity, (capacity) ? 2 * (capacity) : 32))

/* Returns the end of the array. Accepts NULL with a count of 0, for adding even 0 to NULL is undefined. */
#define array_end(items, count) ((count) > 0 ? (items) + (count) : (items))

/* Returns the index of the first item whose member (`.key`, or `->key` of pointers) is not less than the
 * value, or `count` if there is none. The array ascends by that member. */
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
