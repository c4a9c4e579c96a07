/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* "Did you mean": finds the valid word that is nearest to a mistyped one. Pure. */

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 96 };

struct suggestion {
    const char *word;            /* what was written */
    size_t distance;             /* of `best` */
    char best[SUGGEST_WORD_MAX]; /* "" if nothing is near */
};

/* Returns how many characters must be inserted, removed, replaced or swapped with a neighbour to turn one
 * word into the other, or SIZE_MAX if a word is longer than SUGGEST_WORD_MAX. */
size_t suggest_distance(const char *a, const char *b);

/* Considers a valid word. It is near if it differs in at most a third of the letters of its last part
 * ("interval" in "collectors.link.interval"). */
void suggest_try(struct suggestion *suggestion, const char *word);
