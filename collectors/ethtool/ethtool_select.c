/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_select.h"

/* Decides which statistics of a driver are shown, and as which type. The ethtool collector's thread. */

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* Drivers do not say which statistics are counters. A string with one of these words is one, and so is a
 * string that names a loss ... */
#define TRAFFIC_GLOBS                                                                                        \
    "*packet*,*pkt*,*byte*,*octet*,*frame*,*cast*,*_cnt,*count*,*event*,*pause*,*xon*,*xoff*,*kicks*,"       \
    "*restart*,*wake*,*stop*,*csum*,*xdp_*,*_poll,*_arm,*cqe*,*doorbell*,*linearize*,*deferred*,*_ok,"       \
    "*interrupt*,*irq*,*cache_*,*_pp_*,*corrected*,*transition*,*reset*,*_discard*,*posted*,*reuse*"

/* ... unless it also has one of these words: it is an index, a level or a time. */
#define VALUE_GLOBS                                                                                          \
    "*ifindex*,*queue#*,*index*,*temp*,*level*,*inflight*,*current*,*in_use*,*inuse*,*avail*,*_max,max_*,"   \
    "*_min,min_*,ch_time*,*_diff_ns,*avg*,*average*,*ratio*,*percent*,*_diff_*,*speed*,*state*,*status*"

static bool list_matches(const struct string_list *globs, const char *text)
{
    for (size_t i = 0; i < globs->count; i++) {
        if (fnmatch(globs->items[i], text, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

/* The same, for comma-separated globs. */
static bool globs_match(const char *globs, const char *text)
{
    char glob[32];

    for (;;) {
        size_t length = strcspn(globs, ",");

        *(char *)mempcpy(glob, globs, length) = '\0';
        if (fnmatch(glob, text, FNM_CASEFOLD) == 0)
            return true;
        if (globs[length] == '\0')
            return false;
        globs += length + 1;
    }
}

static bool is_counter(const char *text)
{
    return !globs_match(VALUE_GLOBS, text) &&
           (globs_match(ETHTOOL_LOSS_GLOBS, text) || globs_match(TRAFFIC_GLOBS, text));
}

static void statistic_init(struct ethtool_statistic *statistic, const struct ethtool_selection *selection,
                           const char *driver, const char *raw)
{
    char plain[ETHTOOL_STATISTIC_MAX];

    ethtool_name_split(driver, raw, &statistic->name);
    ethtool_name_plain(&statistic->name, plain, sizeof(plain));
    statistic->loss = nic_loss_find(driver, statistic->name.statistic);
    statistic->counter = statistic->loss || is_counter(plain);
    statistic->shown = list_matches(selection->include, plain) && !list_matches(selection->exclude, plain);
    /* A statistic that may not be a counter must not be added up. */
    if (!statistic->counter)
        ethtool_name_whole(raw, &statistic->name);
}

static int compare(const void *left, const void *right)
{
    const struct ethtool_statistic *a = left, *b = right;
    int order = ethtool_name_compare(&a->name, &b->name);

    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static bool names_equal(const struct ethtool_name *a, const struct ethtool_name *b)
{
    return strcmp(a->statistic, b->statistic) == 0 && strcmp(a->queue, b->queue) == 0;
}

/* Sorts the statistics. Numbers equal names in the driver's order. */
static void sort_and_number(struct ethtool_statistic *statistics, size_t count)
{
    struct ethtool_name first;
    unsigned n = 0;
    bool numbered = false;

    qsort(statistics, count, sizeof(*statistics), compare);
    for (size_t i = 0; i < count; i++) {
        if (n > 0 && names_equal(&statistics[i].name, &first)) {
            ethtool_name_number(&statistics[i].name, ++n);
            numbered = true;
        } else {
            first = statistics[i].name;
            n = 1;
        }
    }
    if (numbered)
        qsort(statistics, count, sizeof(*statistics), compare);
}

/* Returns how many neighbours from `i` on belong to one statistic, and how many series they make. */
static size_t group(const struct ethtool_selection *selection, const struct ethtool_statistic *statistics,
                    size_t count, size_t i, size_t *ret_series)
{
    size_t size = 0, series = 1;

    for (; i + size < count; size++) {
        const struct ethtool_name *name = &statistics[i + size].name;

        if (strcmp(name->statistic, statistics[i].name.statistic) != 0)
            break;
        if (selection->per_queue && name->queue[0] != '\0')
            series++;
    }
    *ret_series = series;
    return size;
}

/* Keeps as many series of one kind as there is room for: those that count a loss, or the others. Returns true
 * if it left any out. */
static bool cut(const struct ethtool_selection *selection, struct ethtool_statistic *statistics, size_t count,
                bool of_loss, size_t *room)
{
    bool any = false;

    for (size_t i = 0, size; i < count; i += size) {
        size_t series;

        size = group(selection, statistics, count, i, &series);
        if (!statistics[i].shown || !!statistics[i].loss != of_loss)
            continue;
        if (series <= *room) {
            *room -= series;
            continue;
        }
        any = true;
        for (size_t j = i; j < i + size; j++)
            statistics[j].shown = false;
    }
    return any;
}

/* Keeps only statistics that are shown or count a loss, and frees unused memory. */
static size_t keep(struct ethtool_statistic **statistics, size_t count)
{
    struct ethtool_statistic *items = *statistics, *smaller;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        if (items[i].shown || items[i].loss)
            items[kept++] = items[i];
    }
    smaller = reallocarray(items, kept ? kept : 1, sizeof(*items));
    if (smaller)
        *statistics = smaller;
    return kept;
}

int ethtool_select(const struct ethtool_selection *selection, const struct ethtool_strings *strings,
                   struct ethtool_selected *ret_selected)
{
    struct ethtool_statistic *statistics = calloc(strings->count ? strings->count : 1, sizeof(*statistics));
    size_t room = selection->series_max;

    if (!statistics)
        return -ENOMEM;
    for (uint32_t i = 0; i < strings->count; i++) {
        statistics[i].index = i;
        statistic_init(&statistics[i], selection, strings->driver,
                       strings->strings + (size_t)i * ETH_GSTRING_LEN);
    }
    sort_and_number(statistics, strings->count);
    ret_selected->cut = cut(selection, statistics, strings->count, true, &room);
    ret_selected->cut |= cut(selection, statistics, strings->count, false, &room);
    ret_selected->series = selection->series_max - room;
    ret_selected->count = keep(&statistics, strings->count);
    ret_selected->statistics = statistics;
    return 0;
}
