/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/meaning.h"

/* Finds the meaning that fits a row and fills its templates in. Pure; any thread. */

#include <string.h>

bool label_value_holds(const struct label_value *wanted, const struct row_set *rows, size_t row)
{
    char value[64];

    return !wanted->label || (row_set_label(rows, row, wanted->label, value, sizeof(value)) >= 0 &&
                              !strcmp(value, wanted->value));
}

static bool fits(const struct meaning *meaning, const struct row_set *rows, size_t row)
{
    for (size_t i = 0; i < MEANING_LABELS; i++)
        if (!label_value_holds(&meaning->when[i], rows, row))
            return false;
    return true;
}

const struct meaning *meaning_of_row(const struct meaning *meanings, const struct row_set *rows, size_t row)
{
    for (const struct meaning *meaning = meanings; meaning->purpose; meaning++)
        if (fits(meaning, rows, row))
            return meaning;
    return NULL;
}

struct meaning meaning_refined(const struct meaning *meaning, const struct row_set *rows, size_t row)
{
    struct meaning refined = *meaning;

    if (meaning->refine)
        meaning->refine(rows, row, &refined);
    return refined;
}

bool meaning_of_device(const struct meaning *meaning)
{
    return !strcmp(meaning->subject, "{device}");
}

/* Copies the label that is named between braces at `at` into the buffer. Returns what follows the closing
 * brace. */
static const char *fill_label(const char *at, const struct row_set *rows, size_t row, char *buffer,
                              size_t size)
{
    const char *end = strchr(at, '}');
    char name[32] = "";

    strncat(name, at + 1, (size_t)(end - at) - 1);
    if (row_set_label(rows, row, name, buffer, size) < 0)
        buffer[0] = '\0';
    return end + 1;
}

void meaning_text(const char *pattern, const struct row_set *rows, size_t row, char *buffer, size_t size)
{
    size_t used = 0, blanks;

    while (*pattern && used + 1 < size) {
        if (*pattern == '{') {
            pattern = fill_label(pattern, rows, row, buffer + used, size - used);
            used += strlen(buffer + used);
        } else {
            buffer[used++] = *pattern++;
        }
    }
    while (used > 0 && buffer[used - 1] == ' ')
        used--;
    buffer[used] = '\0';
    blanks = strspn(buffer, " ");
    memmove(buffer, buffer + blanks, used - blanks + 1);
}

const char *loss_class_name(enum loss_class loss_class)
{
    static const char *const names[LOSS_CLASS_COUNT] = {
        [LOSS_CAPACITY] = "capacity", [LOSS_ERROR] = "error", [LOSS_POLICY] = "policy",
        [LOSS_BENIGN] = "benign",     [LOSS_COPY] = "copy",   [LOSS_UNKNOWN] = "unknown",
    };

    return names[loss_class];
}

const char *stage_name(enum stage stage)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_NONE] = "",           [STAGE_NIC] = "nic",         [STAGE_DRIVER] = "driver",
        [STAGE_INGRESS] = "ingress", [STAGE_NETWORK] = "network", [STAGE_TRANSPORT] = "transport",
        [STAGE_EGRESS] = "egress",   [STAGE_UNKNOWN] = "unknown",
    };

    return names[stage];
}

const char *direction_name(enum direction direction)
{
    static const char *const names[DIRECTION_COUNT] = {
        [DIRECTION_NONE] = "",
        [DIRECTION_RECEIVE] = "receive",
        [DIRECTION_FORWARD] = "forward",
        [DIRECTION_TRANSMIT] = "transmit",
    };

    return names[direction];
}
