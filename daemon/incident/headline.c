/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/headline.h"

/* Chooses the incident that is shown first, and keeps it. Called under the lock of the incidents. */

#include <string.h>

static bool is_worse(const struct headline_candidate *one, const struct headline_candidate *other)
{
    return one->colour != other->colour ? one->colour > other->colour : one->rate > other->rate;
}

static size_t find_worst(const struct headline_candidate *candidates, size_t count)
{
    size_t worst = count;

    for (size_t i = 0; i < count; i++)
        if (candidates[i].colour != COLOUR_GREEN &&
            (worst == count || is_worse(&candidates[i], &candidates[worst])))
            worst = i;
    return worst;
}

static size_t find_told(const struct headline *headline, const struct headline_candidate *candidates,
                        size_t count)
{
    for (size_t i = 0; i < count && headline->any; i++)
        if (candidates[i].colour != COLOUR_GREEN &&
            memcmp(candidates[i].key, &headline->key, sizeof(headline->key)) == 0)
            return i;
    return count;
}

/* Returns true if the other incident has been so much worse for so long that it is shown first instead. A
 * worse colour takes over at once. */
static bool takes_over(struct headline *headline, const struct headline_candidate *told,
                       const struct headline_candidate *worst, uint64_t now_ns)
{
    if (worst->colour > told->colour)
        return true;
    if (worst->rate <= 0 || worst->rate < HEADLINE_TIMES * told->rate) {
        headline->worse_since_ns = 0;
        return false;
    }
    if (!headline->worse_since_ns)
        headline->worse_since_ns = now_ns;
    return now_ns - headline->worse_since_ns >= HEADLINE_NS;
}

size_t headline_choose(struct headline *headline, const struct headline_candidate *candidates, size_t count,
                       uint64_t now_ns)
{
    size_t worst = find_worst(candidates, count), told = find_told(headline, candidates, count);

    if (worst < count && told < count && !takes_over(headline, &candidates[told], &candidates[worst], now_ns))
        return told;
    headline->any = worst < count;
    headline->worse_since_ns = 0;
    if (headline->any)
        headline->key = *candidates[worst].key;
    return worst;
}
