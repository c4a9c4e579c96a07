#pragma once

/* Arrays that grow by one item at a time, and whose memory is kept. */

#include <errno.h>
#include <stdlib.h>

/*
 * Makes room for one item behind `count` of them: 0, or -ENOMEM, and all is as it was. Writes to `items`, a
 * pointer, and to `capacity`, in items; both are 0 at first. What is new is not initialised.
 */
#define array_grow(items, count, capacity)                                                                   \
    ({                                                                                                       \
        size_t doubled_ = (capacity) ? 2 * (capacity) : 32;                                                  \
        void *moved_ = (count) < (capacity) ? (items) : reallocarray((items), doubled_, sizeof(*(items)));   \
                                                                                                             \
        if (moved_ && (count) >= (capacity)) {                                                               \
            (items) = moved_;                                                                                \
            (capacity) = doubled_;                                                                           \
        }                                                                                                    \
        moved_ ? 0 : -ENOMEM;                                                                                \
    })
