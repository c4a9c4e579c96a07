/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/string_list.h"

/* A list of strings that owns them. Main thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

int string_list_add(struct string_list *list, const char *text)
{
    if (array_grow(list->items, list->count, list->capacity) < 0)
        return -ENOMEM;
    list->items[list->count] = strdup(text);
    if (!list->items[list->count])
        return -ENOMEM;
    list->count++;
    return 0;
}

void string_list_done(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct string_list){};
}

bool string_list_equal(const struct string_list *a, const struct string_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}
