/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_sums.h"

/* See ethtool_sums.h. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define NO_ROW UINT32_MAX

static bool is_of_cause(const struct ethtool_statistic *statistic, enum nic_direction direction,
                        enum nic_cause cause)
{
    return statistic->loss && statistic->loss->direction == direction && statistic->loss->cause == cause;
}

/* The row of the loss by one cause. What is gone adds to it, but alone it makes no row. */
static int add_cause(struct ethtool_tables *tables, struct ethtool_device *device,
                     enum nic_direction direction, enum nic_cause cause)
{
    const struct ethtool_selected *selected = &device->selected;
    struct ethtool_move move = {.table = ETHTOOL_TABLE_LOSS};
    int row = -1, error = 0;

    for (size_t i = 0; i < selected->count && row < 0; i++) {
        if (selected->statistics[i].gone || !is_of_cause(&selected->statistics[i], direction, cause))
            continue;
        row = row_set_add(
            tables->rows[ETHTOOL_TABLE_LOSS],
            (const char *[]){device->label, nic_direction_name(direction), nic_cause_name(cause)});
        if (row < 0)
            return row;
        move.row = (uint32_t)row;
    }
    for (size_t i = 0; row >= 0 && i < selected->count && error == 0; i++) {
        move.statistic = (uint32_t)i;
        if (is_of_cause(&selected->statistics[i], direction, cause))
            error = ethtool_device_move(device, move);
    }
    return error;
}

static int add_causes(struct ethtool_tables *tables, struct ethtool_device *device)
{
    int error = 0;

    for (unsigned direction = 0; direction < NIC_DIRECTION_COUNT; direction++)
        for (unsigned cause = 0; cause < NIC_LOST_COUNT && error == 0; cause++)
            error = add_cause(tables, device, direction, cause);
    return error;
}

/* The row of the statistics first .. end, which are one but for the queue. */
static int add_statistic(struct ethtool_tables *tables, struct ethtool_device *device, size_t first,
                         size_t end)
{
    const struct ethtool_statistic *statistics = device->selected.statistics;
    struct ethtool_move move = {.row = NO_ROW};
    int error = 0;

    for (size_t i = first; i < end && move.row == NO_ROW; i++) {
        int row;

        if (statistics[i].gone || !statistics[i].shown)
            continue;
        move.table = statistics[i].counter ? ETHTOOL_TABLE_STATISTIC : ETHTOOL_TABLE_VALUE;
        row = row_set_add(tables->rows[move.table],
                          (const char *[]){device->label, statistics[i].name.statistic});
        if (row < 0)
            return row;
        move.row = (uint32_t)row;
    }
    for (size_t i = first; move.row != NO_ROW && i < end && error == 0; i++) {
        move.statistic = (uint32_t)i;
        error = ethtool_device_move(device, move);
    }
    return error;
}

static int add_statistics(struct ethtool_tables *tables, struct ethtool_device *device)
{
    const struct ethtool_selected *selected = &device->selected;
    int error = 0;

    for (size_t first = 0, end; first < selected->count && error == 0; first = end) {
        for (end = first + 1; end < selected->count; end++)
            if (strcmp(selected->statistics[first].name.statistic,
                       selected->statistics[end].name.statistic) != 0)
                break;
        error = add_statistic(tables, device, first, end);
    }
    return error;
}

static int add_queues(struct ethtool_tables *tables, struct ethtool_device *device)
{
    int error = 0;

    for (size_t i = 0; i < device->selected.count && error == 0; i++) {
        const struct ethtool_statistic *statistic = &device->selected.statistics[i];
        int row;

        if (statistic->gone || !statistic->shown || statistic->name.queue[0] == '\0')
            continue;
        row = row_set_add(tables->rows[ETHTOOL_TABLE_QUEUE],
                          (const char *[]){device->label, statistic->name.statistic, statistic->name.queue});
        if (row < 0)
            return row;
        error = ethtool_device_move(device, (struct ethtool_move){.statistic = (uint32_t)i,
                                                                  .table = ETHTOOL_TABLE_QUEUE,
                                                                  .row = (uint32_t)row});
    }
    return error;
}

int ethtool_sums_rows(struct ethtool_tables *tables, struct ethtool_device *device, bool per_queue)
{
    int error = add_statistics(tables, device);

    if (error == 0 && per_queue)
        error = add_queues(tables, device);
    return error == 0 ? add_causes(tables, device) : error;
}

static struct sum_part *part_of(struct ethtool_statistic *statistic, uint32_t table)
{
    return table == ETHTOOL_TABLE_LOSS ? &statistic->by_cause : &statistic->own;
}

/* The sum of the moves to one row. */
static uint64_t sum(struct ethtool_device *device, const struct ethtool_move *moves, size_t count,
                    const uint64_t *values)
{
    struct ethtool_statistic *statistics = device->selected.statistics;
    struct sum_signs signs = {};
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++) {
        struct ethtool_statistic *statistic = &statistics[moves[i].statistic];

        if (!statistic->gone)
            sum_look(&signs, part_of(statistic, moves[i].table), values[statistic->index]);
    }
    for (size_t i = 0; i < count; i++) {
        struct ethtool_statistic *statistic = &statistics[moves[i].statistic];
        struct sum_part *part = part_of(statistic, moves[i].table);

        total +=
            statistic->gone ? sum_take_gone(part, &signs) : sum_take(part, &signs, values[statistic->index]);
    }
    return total;
}

void ethtool_sums_fill(struct ethtool_device *device, const uint64_t *values, struct snapshot *draft)
{
    for (size_t first = 0, end; first < device->move_count; first = end) {
        const struct ethtool_move *move = &device->moves[first];
        uint64_t value;

        for (end = first + 1; end < device->move_count; end++)
            if (device->moves[end].table != move->table || device->moves[end].row != move->row)
                break;
        value = move->table == ETHTOOL_TABLE_QUEUE
                    ? values[device->selected.statistics[move->statistic].index]
                    : sum(device, move, end - first, values);
        table_set(&draft->tables[move->table], move->row, 0, value);
    }
}

void ethtool_sums_forget(const struct ethtool_device *device, struct snapshot *draft)
{
    for (size_t i = 0; i < device->move_count; i++) {
        struct table *table = &draft->tables[device->moves[i].table];

        table->present[device->moves[i].row * table->present_words] = 0;
    }
}
