/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * "Did you mean": of the words that would have been right, the one nearest to what was written. Pure.
 */

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 96 };

struct suggestion {
    const char *word;            /* what was written */
    size_t distance;             /* of `best` */
    char best[SUGGEST_WORD_MAX]; /* "" where nothing is near */
};

/* How many single characters have to be inserted, removed, replaced or swapped with their neighbour to make
 * one word of the other; SIZE_MAX where a word is longer than SUGGEST_WORD_MAX. */
size_t suggest_distance(const char *a, const char *b);

/* Considers a word that would have been right. Near is what differs in no more letters than a third of its
 * last part has ("interval" in "collectors.link.interval"). */
void suggest_try(struct suggestion *suggestion, const char *word);
