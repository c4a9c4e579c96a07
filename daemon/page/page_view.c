/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/*
 * See page_view.h. Devices are looked up by name, for what is said of one comes from several tables: by hash,
 * so that a page of 4,000 interfaces holds up no scrape. On the HTTP threads.
 */

#include <stdlib.h>
#include <string.h>

const struct table *page_find_column(const struct page_view *view, const char *metric, size_t *ret_column)
{
    for (size_t slot = 0; slot < PAGE_SNAPSHOTS_MAX; slot++) {
        const struct snapshot *snapshot = view->snapshots[slot];

        for (size_t i = 0; snapshot && i < snapshot->table_count; i++) {
            int column = table_find_column(&snapshot->tables[i], metric);

            if (column < 0)
                continue;
            *ret_column = (size_t)column;
            return &snapshot->tables[i];
        }
    }
    return NULL;
}

static bool has_label(const struct row_set *rows, size_t row, const char *label, const char *value)
{
    char text[64];

    return row_set_label(rows, row, label, text, sizeof(text)) >= 0 && !strcmp(text, value);
}

/* The slot of the device's row, or the free one where it belongs. */
static uint32_t *index_slot(const struct page_index *index, const char *device)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (const char *at = device; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    for (;; hash++) {
        uint32_t *slot = &index->slots[hash & (index->slot_count - 1)];

        if (!*slot || has_label(index->table->rows, *slot - 1, "device", device))
            return slot;
    }
}

/* Of the table with this metric the rows of the direction; NULL: they have none. False: out of memory. */
static bool index_make(const struct page_view *view, const char *metric, const char *direction,
                       struct page_index *index)
{
    size_t column, slot_count = 16;
    const struct table *table = page_find_column(view, metric, &column);

    if (!table)
        return true;
    while (slot_count < 2 * table->rows->count)
        slot_count *= 2;
    *index = (struct page_index){table, slot_count, calloc(slot_count, sizeof(uint32_t))};
    for (uint32_t row = 0; index->slots && row < table->rows->count; row++) {
        char device[64];

        if ((!direction || has_label(table->rows, row, "direction", direction)) &&
            row_set_label(table->rows, row, "device", device, sizeof(device)) >= 0)
            *index_slot(index, device) = row + 1;
    }
    return index->slots;
}

bool page_find_device(const struct page_index *index, const char *device, size_t *ret_row)
{
    uint32_t found = index->table ? *index_slot(index, device) : 0;

    if (found)
        *ret_row = found - 1;
    return found;
}

bool page_find_value(const struct page_view *view, const char *metric, const char *device,
                     uint64_t *ret_value)
{
    size_t column, row = 0;
    const struct table *table = page_find_column(view, metric, &column);

    if (!table)
        return false;
    if (table == view->links.table || table == view->rings.table) {
        if (!page_find_device(table == view->links.table ? &view->links : &view->rings, device, &row))
            return false;
    } else if (table->rows->count != 1) {
        return false;
    }
    return table_get(table, row, column, ret_value);
}

struct page_view *page_view_new(const struct registry *registry, struct trend *trend, uint64_t now_ns)
{
    const unsigned five_minutes = TREND_POINTS;
    struct page_view *view = malloc(sizeof(*view));

    if (!view)
        return NULL;
    view->registry = registry;
    for (size_t slot = 0; slot < PAGE_SNAPSHOTS_MAX; slot++)
        view->snapshots[slot] =
            slot < registry_count(registry) ? registry_snapshot(registry, slot, now_ns) : NULL;
    view->links = view->rings = (struct page_index){};
    if (!index_make(view, "netdrop_link_up", NULL, &view->links) ||
        !index_make(view, "netdrop_nic_ring_entries", "receive", &view->rings)) {
        page_view_freep(&view);
        return NULL;
    }
    trend_look(trend, now_ns);
    trend_extent(trend, &view->extent);
    view->loss_count =
        trend_select(trend, TREND_LOSS | TREND_NOW, five_minutes, view->losses, PAGE_LOSSES_MAX);
    view->other_count =
        trend_select(trend, TREND_OTHER | TREND_NOW, five_minutes, view->others, PAGE_LOSSES_MAX);
    view->traffic_count = trend_select(trend, TREND_TRAFFIC | TREND_NOW, 1, view->traffic, TREND_LINES_MAX);
    return view;
}

void page_view_freep(struct page_view **view)
{
    if (!*view)
        return;
    for (size_t slot = 0; slot < PAGE_SNAPSHOTS_MAX; slot++)
        snapshot_unref((*view)->snapshots[slot]);
    free((*view)->links.slots);
    free((*view)->rings.slots);
    free(*view);
}
