/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A list of strings that owns them. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/* `items` is NULL if it is empty. */
struct string_list {
    char **items;
    size_t count;
    size_t capacity;
    bool set; /* given by the user, not by default */
};

/* Appends a copy. Returns 0 or -ENOMEM. */
int string_list_add(struct string_list *list, const char *text);
void string_list_done(struct string_list *list);

/* Returns true if both have the same strings in the same order. */
bool string_list_equal(const struct string_list *a, const struct string_list *b);
