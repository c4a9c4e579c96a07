/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_inherit.h"

/* Carries the sums of a driver's statistics over when its strings change. The ethtool collector's thread. */

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

/* Returns true if the statistic is part of a sum, of queues or by cause. */
static bool is_worth_keeping(const struct ethtool_statistic *statistic)
{
    bool in_sum = (statistic->counter && statistic->name.queue[0] != '\0') || statistic->loss;

    return in_sum && (statistic->own.last | statistic->own.carry | statistic->by_cause.last |
                      statistic->by_cause.carry) != 0;
}

/* Takes the next entry of both sorted lists. */
static void take_next(struct ethtool_selected *merged, const struct ethtool_statistic **now,
                      const struct ethtool_statistic **before, int order)
{
    struct ethtool_statistic *next = &merged->statistics[merged->count];

    if (order <= 0)
        *next = *(*now)++;
    else
        *next = **before;
    if (order == 0) {
        next->own = (*before)->own;
        next->by_cause = (*before)->by_cause;
    } else if (order > 0) {
        next->gone = true;
    }
    if (order >= 0)
        (*before)++;
    merged->count++;
}

int ethtool_inherit(struct ethtool_selected *selected, const struct ethtool_selected *before, bool *ret_cut)
{
    struct ethtool_selected merged = {.cut = selected->cut};
    const struct ethtool_statistic *now = selected->statistics, *now_end = array_end(now, selected->count);
    const struct ethtool_statistic *old = before->statistics, *old_end = array_end(old, before->count);
    size_t gone = 0;

    *ret_cut = false;
    if (before->count == 0)
        return 0;
    merged.statistics = calloc(selected->count + before->count, sizeof(*merged.statistics));
    if (!merged.statistics)
        return -ENOMEM;
    while (now < now_end || old < old_end) {
        int order = now == now_end ? 1 : old == old_end ? -1 : ethtool_name_compare(&now->name, &old->name);

        if (order > 0 && (!is_worth_keeping(old) || gone >= ETHTOOL_GONE_MAX)) {
            *ret_cut |= is_worth_keeping(old);
            old++;
            continue;
        }
        gone += order > 0;
        take_next(&merged, &now, &old, order);
    }
    free(selected->statistics);
    *selected = merged;
    return 0;
}
