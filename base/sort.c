/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sort.h"

/* Heapsort: sorts in place without allocating, and no order of the items makes it slow. Pure; any thread. */

#include <assert.h>
#include <string.h>

struct heap {
    char *items;
    size_t size;
    int (*compare)(const void *, const void *);
};

static char *place(const struct heap *heap, size_t i)
{
    return heap->items + i * heap->size;
}

/* Puts an item into a heap of `count` items whose top is free. Moves children up all the way to the bottom,
 * then moves the item up from there. Most items belong near the bottom, so this compares half as often as
 * stopping on the way down would. */
static void settle(const struct heap *heap, size_t top, size_t count, const char *item)
{
    size_t at = top;

    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && heap->compare(place(heap, child), place(heap, child + 1)) < 0)
            child++;
        memcpy(place(heap, at), place(heap, child), heap->size);
        at = child;
    }
    for (; at > top && heap->compare(place(heap, (at - 1) / 2), item) < 0; at = (at - 1) / 2)
        memcpy(place(heap, at), place(heap, (at - 1) / 2), heap->size);
    memcpy(place(heap, at), item, heap->size);
}

void sort_items(void *items, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    const struct heap heap = {.items = items, .size = size, .compare = compare};
    char item[SORT_SIZE_MAX];

    assert(size <= sizeof(item));
    for (size_t top = count / 2; top-- > 0;) {
        memcpy(item, place(&heap, top), size);
        settle(&heap, top, count, item);
    }
    for (size_t left = count; left-- > 1;) {
        memcpy(item, place(&heap, left), size);
        memcpy(place(&heap, left), items, size);
        settle(&heap, 0, left, item);
    }
}
