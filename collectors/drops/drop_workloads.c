/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_workloads.h"

/* Counts drops by workload, within a bound, and decides which rows to evict. The collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

/* The pause after a sweep that found no workload gone, and between two that only count who stays. */
#define SWEEP_NS (50 * NS_PER_SECOND)

int drop_workloads_init(struct drop_workloads *ret_workloads, size_t max, bool detail, struct limits *limits)
{
    struct drop_workloads workloads = {.max = max, .detail = detail, .generation = 1, .limits = limits};
    int error = hash_index_reserve(&workloads.index, max);

    if (error < 0)
        return error;
    *ret_workloads = workloads;
    return 0;
}

void drop_workloads_done(struct drop_workloads *workloads)
{
    for (size_t i = 0; i < workloads->count; i++)
        free(workloads->items[i].cgroup);
    free(workloads->items);
    hash_index_done(&workloads->index);
    *workloads = (struct drop_workloads){};
}

static uint64_t labels_hash(const struct drop_workload_labels *labels)
{
    uint64_t hash = hash_text(workload_hash(&labels->who), labels->reason);

    return hash_word(hash, (uint64_t)labels->loss_class << 8 | labels->netns);
}

static bool labels_equal(const struct drop_workload_labels *a, const struct drop_workload_labels *b)
{
    return a->loss_class == b->loss_class && a->netns == b->netns && workload_equal(&a->who, &b->who) &&
           strcmp(a->reason, b->reason) == 0;
}

/* Returns the length of the part of the path that the labels stand for. What a workload makes below it does
 * not matter. */
static size_t path_size(const struct workload *who, const char *path)
{
    const char *unit = strrchr(who->unit, '/'), *name = who->container_id;
    size_t found = strlen(path);

    if (!name[0])
        name = unit ? unit + 1 : who->unit;
    for (const char *at = path; *at;) {
        const char *begin = at + (*at == '/');
        size_t size = strcspn(begin, "/");

        at = begin + size;
        if (who->container_id[0] ? memmem(begin, size, name, strlen(name)) != NULL
                                 : size == strlen(name) && memcmp(begin, name, size) == 0)
            found = (size_t)(at - path);
    }
    return found;
}

static int compare_moved(const void *a, const void *b)
{
    const struct drop_workload *left = *(struct drop_workload *const *)a;
    const struct drop_workload *right = *(struct drop_workload *const *)b;

    return left->moved_ns < right->moved_ns ? -1 : left->moved_ns > right->moved_ns;
}

/* Removes the rows without a path. */
static void workloads_compact(struct drop_workloads *workloads)
{
    size_t kept = 0;

    hash_index_clear(&workloads->index);
    for (size_t i = 0; i < workloads->count; i++) {
        if (!workloads->items[i].cgroup)
            continue;
        workloads->items[kept] = workloads->items[i];
        (void)hash_index_add(&workloads->index, workloads->items[kept].hash,
                             kept); /* cannot fail: room is reserved */
        kept++;
    }
    workloads->count = kept;
    workloads->generation++;
}

/* Evicts rows of workloads that are gone. Returns false if there are none. */
static bool workloads_evict(struct drop_workloads *workloads)
{
    struct drop_workload **gone = calloc(workloads->count, sizeof(*gone));
    size_t count = 0, part = workload_rows_evicted(workloads->max);

    for (size_t i = 0; gone && i < workloads->count; i++)
        if (workloads->items[i].gone)
            gone[count++] = &workloads->items[i];
    if (count)
        qsort(gone, count, sizeof(*gone), compare_moved);
    for (size_t i = 0; i < count && i < part; i++) {
        workloads->forgotten[gone[i]->labels.loss_class] += gone[i]->count;
        free(gone[i]->cgroup);
        gone[i]->cgroup = NULL;
    }
    free(gone);
    if (count)
        workloads_compact(workloads);
    return count > 0;
}

/* Notes whose control group is gone. Returns false if nobody's is. */
static bool workloads_look(struct drop_workloads *workloads)
{
    bool any = false;

    for (size_t i = 0; i < workloads->count; i++) {
        struct drop_workload *item = &workloads->items[i];

        item->gone = !workloads->exists(item->cgroup, workloads->exists_data);
        any |= item->gone;
    }
    return any;
}

/* Looks for room at most once a round, and after a look that found none, not for a while. */
static bool workloads_make_room(struct drop_workloads *workloads)
{
    bool any;

    if (workloads_evict(workloads))
        return true;
    if (!workloads->exists || workloads->now_ns < workloads->sweep_ns)
        return false;
    any = workloads_look(workloads);
    workloads->sweep_ns = workloads->now_ns + (any ? 1 : SWEEP_NS);
    return workloads_evict(workloads);
}

size_t drop_workloads_staying(struct drop_workloads *workloads)
{
    size_t staying = 0;

    if (workloads->exists && workloads->count > workloads->max / 2 &&
        workloads->now_ns >= workloads->look_ns) {
        (void)workloads_look(workloads);
        workloads->look_ns = workloads->now_ns + SWEEP_NS;
    }
    for (size_t i = 0; i < workloads->count; i++)
        staying += !workloads->items[i].gone;
    return staying;
}

/* Returns -ENOSPC if the table is full, or -ENOMEM. */
static int workloads_insert(struct drop_workloads *workloads, const struct drop_workload *workload,
                            const char *path)
{
    int error;

    if (workloads->count == workloads->max && !workloads_make_room(workloads)) {
        limit_hit(workloads->limits, LIMIT_WORKLOADS);
        return -ENOSPC;
    }
    error = array_grow(workloads->items, workloads->count, workloads->capacity);
    if (error < 0)
        return error;
    workloads->items[workloads->count] = *workload;
    workloads->items[workloads->count].cgroup = strndup(path, path_size(&workload->labels.who, path));
    if (!workloads->items[workloads->count].cgroup)
        return -ENOMEM;
    (void)hash_index_add(&workloads->index, workload->hash,
                         workloads->count); /* cannot fail: room is reserved */
    workloads->count++;
    workloads->generation++;
    return 0;
}

void drop_workloads_add(struct drop_workloads *workloads, const struct drop_workload_labels *labels,
                        const char *path, uint64_t count)
{
    struct drop_workload workload = {.labels = *labels, .count = count, .moved_ns = workloads->now_ns};
    size_t known;

    if (!workloads->detail) {
        workload.labels.reason[0] = '\0';
        workload.labels.netns = DROP_NETNS_NONE;
    }
    workload.hash = labels_hash(&workload.labels);
    known = hash_index_find(&workloads->index, workload.hash, item,
                            labels_equal(&workloads->items[item].labels, &workload.labels));
    if (known != HASH_NONE) {
        workloads->items[known].count += count;
        workloads->items[known].moved_ns = workloads->now_ns;
        workloads->items[known].gone = false;
    } else if (workloads_insert(workloads, &workload, path) < 0) {
        drop_workloads_add_unowned(workloads, DROP_UNOWNED_OTHER, labels->loss_class, count);
    }
}

void drop_workloads_add_unowned(struct drop_workloads *workloads, enum drop_unowned unowned,
                                enum loss_class loss_class, uint64_t count)
{
    uint64_t *row = &workloads->unowned[unowned][loss_class];

    if (*row == 0 && count)
        workloads->generation++;
    *row += count;
}

void drop_workloads_merge(struct drop_workloads *workloads, struct drop_workloads *from)
{
    for (size_t i = 0; i < from->count; i++)
        drop_workloads_add(workloads, &from->items[i].labels, from->items[i].cgroup, from->items[i].count);
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
        for (unsigned unowned = 0; unowned < DROP_UNOWNED_COUNT; unowned++)
            drop_workloads_add_unowned(workloads, unowned, loss_class, from->unowned[unowned][loss_class]);
        workloads->forgotten[loss_class] += from->forgotten[loss_class];
    }
    drop_workloads_done(from);
}
