/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_burst_table.h"

/* Counts bursts of drops by size, class and device, within a bound. The collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void drop_burst_table_done(struct drop_burst_table *table)
{
    free(table->rows);
    *table = (struct drop_burst_table){};
}

static struct drop_burst_row *row_find(struct drop_burst_table *table, enum loss_class loss_class,
                                       const char *device)
{
    for (size_t i = 0; i < table->count; i++)
        if (table->rows[i].loss_class == loss_class && strcmp(table->rows[i].device, device) == 0)
            return &table->rows[i];
    return NULL;
}

static const char other[] = "other";

/* Adds a row. Returns NULL if memory runs out. */
static struct drop_burst_row *row_new(struct drop_burst_table *table, enum loss_class loss_class,
                                      const char *device)
{
    struct drop_burst_row *row;

    if (array_grow(table->rows, table->count, table->capacity) < 0)
        return NULL;
    row = &table->rows[table->count++];
    *row = (struct drop_burst_row){.loss_class = loss_class};
    strncat(row->device, device, sizeof(row->device) - 1);
    table->generation++;
    return row;
}

static struct drop_burst_row *row_other(struct drop_burst_table *table, enum loss_class loss_class)
{
    struct drop_burst_row *row = row_find(table, loss_class, other);

    return row ? row : row_new(table, loss_class, other);
}

static void row_take(struct drop_burst_row *row, const struct drop_burst_row *from)
{
    for (unsigned step = 0; step < DROP_BURST_STEPS; step++)
        row->reached[step] += from->reached[step];
    row->skbs += from->skbs;
}

/* Adds the row of a device that is gone to the `other` row, and removes it. Returns false if no device is
 * gone. */
static bool make_room(struct drop_burst_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct drop_burst_row *row = table->rows[i].gone ? row_other(table, table->rows[i].loss_class) : NULL;

        if (!row)
            continue;
        row_take(row, &table->rows[i]);
        table->rows[i] = table->rows[--table->count];
        table->generation++;
        return true;
    }
    return false;
}

/* Returns the row of the class and device. The last rows are reserved for `other`. */
static struct drop_burst_row *row_get(struct drop_burst_table *table, enum loss_class loss_class,
                                      const char *device)
{
    struct drop_burst_row *row = row_find(table, loss_class, device);

    if (row)
        return row;
    if (table->count < DROP_BURST_ROWS_MAX - LOSS_CLASS_COUNT || make_room(table))
        return row_new(table, loss_class, device);
    limit_hit(table->limits, LIMIT_DROP_BURSTS);
    return row_other(table, loss_class);
}

int drop_burst_table_add(struct drop_burst_table *table, enum loss_class loss_class, const char *device,
                         const struct drop_bursts *came, uint64_t skbs)
{
    struct drop_burst_row *row = row_get(table, loss_class, device);

    if (!row)
        return -ENOMEM;
    for (unsigned step = 0; step < DROP_BURST_STEPS; step++)
        row->reached[step] += came->reached[step];
    row->skbs += skbs;
    return 0;
}

void drop_burst_table_sweep(struct drop_burst_table *table, bool (*exists)(const char *device, void *data),
                            void *data)
{
    for (size_t i = 0; i < table->count; i++) {
        struct drop_burst_row *row = &table->rows[i];

        row->gone = row->device[0] && strcmp(row->device, other) != 0 && !exists(row->device, data);
    }
}

void drop_burst_sizes(struct drop_burst_row *row, uint64_t sizes[DROP_BURST_STEPS])
{
    uint64_t below = 0;

    for (unsigned step = 0; step < DROP_BURST_STEPS; step++) {
        uint64_t larger = step + 1 < DROP_BURST_STEPS ? row->reached[step + 1] : 0;

        /* The kernel goes on counting while the steps are read one after the other: sizes must not fall. */
        if (row->reached[0] >= larger && row->reached[0] - larger > row->shown[step])
            row->shown[step] = row->reached[0] - larger;
        if (row->shown[step] < below)
            row->shown[step] = below;
        sizes[step] = row->shown[step] - below;
        below = row->shown[step];
    }
}
