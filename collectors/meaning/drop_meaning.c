/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/meaning/drop_meaning.h"

/* See drop_meaning.h. */

#include <string.h>

#include "collectors/meaning/drop_meaning_table.h"

const struct drop_meaning *drop_meaning_at(size_t i)
{
    if (i < drop_meaning_reason_count)
        return &drop_meaning_reasons[i];
    i -= drop_meaning_reason_count;
    return i < drop_meaning_function_count ? &drop_meaning_functions[i] : NULL;
}

/* The pattern may end with a star, for any more. */
static bool function_fits(const char *pattern, const char *function)
{
    size_t length = strlen(pattern);

    if (pattern[length - 1] == '*')
        return strncmp(pattern, function, length - 1) == 0;
    return strcmp(pattern, function) == 0;
}

/* How much of what is known the entry is about; 0: something else. */
static unsigned entry_weight(const struct drop_meaning *entry, const char *reason, const char *function,
                             unsigned circumstances)
{
    unsigned weight;

    if ((entry->circumstance & ~circumstances) || (entry->reason && strcmp(entry->reason, reason) != 0) ||
        (entry->function && !function_fits(entry->function, function)))
        return 0;
    if (entry->reason)
        weight = entry->function ? 8 : 4;
    else
        weight = entry->decides ? 6 : 2;
    return weight + (entry->circumstance ? 1 : 0);
}

const struct drop_meaning *drop_meaning_find(const char *reason, const char *function, unsigned circumstances)
{
    const struct drop_meaning *entry, *found = NULL;
    unsigned best = 0;

    for (size_t i = 0; (entry = drop_meaning_at(i)); i++) {
        unsigned weight = entry_weight(entry, reason, function, circumstances);

        if (weight > best) {
            best = weight;
            found = entry;
        }
    }
    return found;
}

const struct drop_meaning *drop_meaning_of_class(const char *reason, const char *function,
                                                 const char *loss_class)
{
    for (unsigned circumstance = 0; circumstance <= DROP_CIRCUMSTANCE_LAST;
         circumstance = circumstance ? 2 * circumstance : 1) {
        const struct drop_meaning *found = drop_meaning_find(reason, function, circumstance);

        if (found && strcmp(loss_class_name(found->loss_class), loss_class) == 0)
            return found;
    }
    return NULL;
}

enum loss_class drop_class_of(const char *reason, const char *function, unsigned circumstances)
{
    const struct drop_meaning *meaning = drop_meaning_find(reason, function, circumstances);

    return meaning ? meaning->loss_class : LOSS_UNKNOWN;
}
