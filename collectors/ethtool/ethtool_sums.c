/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_sums.h"

/* Sums a driver's statistics over queues and by cause of loss. The ethtool collector's thread. */

#include <string.h>

/* Makes the device move the statistic to the row. If `part` is given, the row is a sum. */
static int add_move(struct ethtool_device *device, const struct ethtool_statistic *statistic,
                    struct sum_part *part, uint32_t table, uint32_t row)
{
    return ethtool_device_move(
        device, (struct ethtool_move){.part = part,
                                      .source = statistic->gone ? ETHTOOL_GONE : statistic->index,
                                      .table = table,
                                      .row = row});
}

static bool is_of_cause(const struct ethtool_statistic *statistic, enum nic_direction direction,
                        enum nic_cause cause)
{
    return statistic->loss && statistic->loss->direction == direction && statistic->loss->cause == cause;
}

/* Adds the row of losses by one cause. Statistics that are gone add to it, but do not make a row by
 * themselves. */
static int add_cause(struct ethtool_tables *tables, struct ethtool_device *device,
                     enum nic_direction direction, enum nic_cause cause)
{
    const struct ethtool_selected *selected = &device->selected;
    int row = -1, error = 0;

    for (size_t i = 0; i < selected->count && row < 0; i++) {
        if (selected->statistics[i].gone || !is_of_cause(&selected->statistics[i], direction, cause))
            continue;
        row = row_set_add(
            tables->rows[ETHTOOL_TABLE_LOSS],
            (const char *[]){device->label, nic_direction_name(direction), nic_cause_name(cause)});
        if (row < 0)
            return row;
    }
    for (size_t i = 0; row >= 0 && i < selected->count && error == 0; i++) {
        struct ethtool_statistic *statistic = &selected->statistics[i];

        if (is_of_cause(statistic, direction, cause))
            error = add_move(device, statistic, &statistic->by_cause, ETHTOOL_TABLE_LOSS, (uint32_t)row);
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

/* Adds the row of the statistics first .. end, which differ only by their queue. */
static int add_statistic(struct ethtool_tables *tables, struct ethtool_device *device, size_t first,
                         size_t end)
{
    struct ethtool_statistic *statistics = device->selected.statistics;
    uint32_t table = 0;
    int row = -1, error = 0;

    for (size_t i = first; i < end && row < 0; i++) {
        if (statistics[i].gone || !statistics[i].shown)
            continue;
        table = statistics[i].counter ? ETHTOOL_TABLE_STATISTIC : ETHTOOL_TABLE_VALUE;
        row = row_set_add(tables->rows[table], (const char *[]){device->label, statistics[i].name.statistic});
        if (row < 0)
            return row;
    }
    for (size_t i = first; row >= 0 && i < end && error == 0; i++)
        error = add_move(device, &statistics[i], &statistics[i].own, table, (uint32_t)row);
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
        error = add_move(device, statistic, NULL, ETHTOOL_TABLE_QUEUE, (uint32_t)row);
    }
    return error;
}

static void count_runs(struct ethtool_device *device)
{
    struct ethtool_move *first = NULL;

    for (size_t i = 0; i < device->move_count; i++) {
        struct ethtool_move *move = &device->moves[i];

        if (!first || first->table != move->table || first->row != move->row)
            first = move;
        first->run++;
    }
}

int ethtool_sums_rows(struct ethtool_tables *tables, struct ethtool_device *device, bool per_queue)
{
    int error = add_statistics(tables, device);

    if (error == 0 && per_queue)
        error = add_queues(tables, device);
    if (error == 0)
        error = add_causes(tables, device);
    if (error == 0)
        count_runs(device);
    return error;
}

/* Sums up several moves if a part went back. */
static uint64_t sum_restarted(const struct ethtool_move *moves, size_t count, const uint64_t *values)
{
    struct sum_signs signs = {};
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        if (moves[i].source != ETHTOOL_GONE)
            sum_look(&signs, moves[i].part, values[moves[i].source]);
    for (size_t i = 0; i < count; i++)
        total += moves[i].source == ETHTOOL_GONE ? sum_take_gone(moves[i].part, &signs)
                                                 : sum_take(moves[i].part, &signs, values[moves[i].source]);
    return total;
}

static uint64_t sum(const struct ethtool_move *moves, size_t count, const uint64_t *values)
{
    uint64_t total = 0;

    for (size_t i = 0; i < count; i++)
        if (moves[i].source != ETHTOOL_GONE && values[moves[i].source] < moves[i].part->last)
            return sum_restarted(moves, count, values);
    for (size_t i = 0; i < count; i++)
        total += sum_add(moves[i].part,
                         moves[i].source == ETHTOOL_GONE ? moves[i].part->last : values[moves[i].source]);
    return total;
}

void ethtool_sums_fill(struct ethtool_device *device, const uint64_t *values, struct snapshot *draft)
{
    const struct ethtool_move *move = device->moves, *end = move + device->move_count;

    for (; move < end; move += move->run) {
        uint64_t value;

        if (!move->part)
            value = values[move->source];
        else if (move->run == 1)
            value = sum_alone(move->part, values[move->source]);
        else
            value = sum(move, move->run, values);
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
