/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc_sums.h"

/* Sums the queueing disciplines of a multiqueue device by kind. The collector's own thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

void qdisc_sums_done(struct qdisc_sums *sums)
{
    free(sums->parts);
    *sums = (struct qdisc_sums){};
}

bool qdisc_has_queues(const struct qdisc *root)
{
    static const char *const kinds[] = {"mq", "mqprio", "taprio"};

    for (size_t i = 0; i < ELEMENTS(kinds); i++)
        if (strcmp(root->kind, kinds[i]) == 0)
            return true;
    return false;
}

static int compare_groups(const struct qdisc_part *a, const struct qdisc_part *b)
{
    if (a->ifindex != b->ifindex)
        return a->ifindex < b->ifindex ? -1 : 1;
    if (a->root != b->root)
        return a->root < b->root ? -1 : 1;
    return strcmp(a->kind, b->kind);
}

static int compare_parts(const void *a, const void *b)
{
    const struct qdisc_part *left = a, *right = b;
    int difference = compare_groups(left, right);

    return difference ? difference : (left->parent > right->parent) - (left->parent < right->parent);
}

void qdisc_sums_begin(struct qdisc_sums *sums)
{
    for (size_t i = 0; i < sums->count; i++)
        sums->parts[i].there = false;
    sums->sorted = sums->count;
}

int qdisc_sums_add(struct qdisc_sums *sums, const struct qdisc *leaf, uint32_t root, size_t entry)
{
    struct qdisc_part wanted = {
        .ifindex = leaf->ifindex, .root = root, .parent = leaf->parent, .there = true, .entry = entry};
    struct qdisc_part *part;
    int error;

    memcpy(wanted.kind, leaf->kind, sizeof(wanted.kind));
    part = sums->sorted ? bsearch(&wanted, sums->parts, sums->sorted, sizeof(wanted), compare_parts) : NULL;
    if (part) {
        part->there = true;
        part->entry = entry;
        return 0;
    }
    error = array_grow(sums->parts, sums->count, sums->capacity);
    if (error == 0)
        sums->parts[sums->count++] = wanted;
    return error;
}

size_t qdisc_sums_group(const struct qdisc_sums *sums, size_t begin)
{
    size_t end = begin;

    while (end < sums->count && compare_groups(&sums->parts[begin], &sums->parts[end]) == 0)
        end++;
    return end;
}

static bool any_there(const struct qdisc_sums *sums, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        if (sums->parts[i].there)
            return true;
    return false;
}

static void drop_doubles(struct qdisc_sums *sums)
{
    size_t kept = 0;

    for (size_t i = 0; i < sums->count; i++)
        if (!kept || compare_parts(&sums->parts[kept - 1], &sums->parts[i]) != 0)
            sums->parts[kept++] = sums->parts[i];
    sums->count = kept;
}

void qdisc_sums_end(struct qdisc_sums *sums)
{
    size_t kept = 0;

    if (sums->count)
        qsort(sums->parts, sums->count, sizeof(*sums->parts), compare_parts);
    drop_doubles(sums);
    for (size_t begin = 0, end; begin < sums->count; begin = end) {
        end = qdisc_sums_group(sums, begin);
        if (!any_there(sums, begin, end))
            continue;
        memmove(&sums->parts[kept], &sums->parts[begin], (end - begin) * sizeof(*sums->parts));
        kept += end - begin;
    }
    sums->count = kept;
}

static bool has(const struct qdisc_part *part, enum qdisc_value value)
{
    return part->there && part->now->present >> value & 1;
}

static uint64_t take_counter(struct qdisc_part *part, const struct sum_signs *signs, enum qdisc_value value)
{
    return has(part, value) ? sum_take(&part->sums[value], signs, part->now->values[value])
                            : sum_take_gone(&part->sums[value], signs);
}

bool qdisc_sums_take(struct qdisc_sums *sums, size_t begin, size_t end, enum qdisc_value value,
                     uint64_t *ret_sum)
{
    struct sum_signs signs = {};
    uint64_t sum = 0;
    bool present = false;

    for (size_t i = begin; i < end; i++) {
        const struct qdisc_part *part = &sums->parts[i];
        uint64_t now = has(part, value) ? part->now->values[value] : 0;

        present |= has(part, value);
        if (value >= QDISC_COUNTERS)
            sum += now;
        else if (has(part, value))
            sum_look(&signs, &part->sums[value], now);
    }
    for (size_t i = begin; i < end && value < QDISC_COUNTERS; i++)
        sum += take_counter(&sums->parts[i], &signs, value);
    *ret_sum = sum;
    return present;
}
