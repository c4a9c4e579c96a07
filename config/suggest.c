/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/suggest.h"

/* Finds the word nearest to a mistyped one. Pure; main thread. */

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment distance. Keeps three rows of the matrix at a time. */
size_t suggest_distance(const char *a, const char *b)
{
    size_t rows[3][SUGGEST_WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t length_a = strlen(a), length_b = strlen(b);

    if (length_a > SUGGEST_WORD_MAX || length_b > SUGGEST_WORD_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= length_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= length_a; i++) {
        size_t *recycled = before;

        before = last;
        last = row;
        row = recycled;
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            row[j] = least(least(last[j], row[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[length_b];
}

void suggest_try(struct suggestion *suggestion, const char *word)
{
    size_t distance = suggest_distance(suggestion->word, word);
    const char *dot = strrchr(word, '.');

    if (distance > (strlen(dot ? dot + 1 : word) + 2) / 3 ||
        (*suggestion->best && distance >= suggestion->distance))
        return;
    suggestion->distance = distance;
    (void)snprintf(suggestion->best, sizeof(suggestion->best), "%s", word);
}
