/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Numbers the names of causes, so that names can be compared by number. Under the lock of the ledger. */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"

enum { LEDGER_NAME_SIZE = 64 };

struct ledger_names {
    char (*texts)[LEDGER_NAME_SIZE];
    size_t count;
    size_t capacity;
};

/* Returns the number of a name, which it adds if it is new, or -ENOMEM. */
static inline int ledger_name(struct ledger_names *names, const char *text)
{
    for (size_t i = 0; i < names->count; i++)
        if (strncmp(names->texts[i], text, LEDGER_NAME_SIZE - 1) == 0)
            return (int)i;
    if (array_grow(names->texts, names->count, names->capacity) < 0)
        return -ENOMEM;
    (void)snprintf(names->texts[names->count], LEDGER_NAME_SIZE, "%s", text);
    return (int)names->count++;
}
