/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/*
 * Looks up what the page needs, once for each request. Data of a device comes from several tables, so devices
 * are found by name: by a hash, so that a page of 4,000 interfaces does not hold up a scrape. HTTP threads.
 */

#include <errno.h>
#include <stdlib.h>

#include "collectors/collector.h"
#include "collectors/packet_records.h"

static int index_make(const struct table *table, struct page_index *index)
{
    *index = (struct page_index){.table = table};
    if (hash_index_reserve(&index->rows, table->rows->count) < 0)
        return -ENOMEM;
    for (size_t row = 0; row < table->rows->count; row++) {
        char device[64];

        if (row_set_label(table->rows, row, "device", device, sizeof(device)) >= 0)
            (void)hash_index_add(&index->rows, hash_text(HASH_EMPTY, device),
                                 row); /* cannot fail: room is reserved */
    }
    return 0;
}

bool page_find_device(const struct page_index *index, const char *device, size_t *ret_row)
{
    const struct label_value wanted = {"device", device};
    size_t row = hash_index_find(&index->rows, hash_text(HASH_EMPTY, device), item,
                                 label_value_holds(&wanted, index->table->rows, item));

    if (row != HASH_NONE)
        *ret_row = row;
    return row != HASH_NONE;
}

/* Looks up the table of interfaces. */
static int view_links(struct page_view *view)
{
    size_t column;
    const struct table *table = snapshots_find_role(&view->snapshots, ROLE_DEVICE_UP, &column);

    return table ? index_make(table, &view->links) : 0;
}

/* Reads the trends. */
static void view_trends(struct page_view *view, struct trend *trend)
{
    struct trend_question question = {.purposes = PURPOSE_LOSS, .points = TREND_POINTS};

    view->loss_count = trend_select(trend, &question, view->losses, PAGE_LOSSES_MAX);
    question.purposes = PURPOSE_OTHER;
    view->other_count = trend_select(trend, &question, view->others, PAGE_LOSSES_MAX);
    question.purposes = PURPOSE_TRAFFIC;
    question.points = 1;
    view->traffic_count = trend_select(trend, &question, view->traffic, TREND_LINES_MAX);
}

/* The records live as long as the view. */
static const struct packet_records *view_packets(const struct page_view *view)
{
    for (size_t slot = 0; slot < view->snapshots.count; slot++)
        if (collectors[slot]->shows_packets)
            return packet_records_of(view->snapshots.items[slot]);
    return NULL;
}

struct page_view *page_view_new(const struct page *page, uint64_t now_ns)
{
    struct page_view *view = calloc(1, sizeof(*view));

    if (!view)
        return NULL;
    registry_snapshots(page->registry, now_ns, &view->snapshots);
    view->report = incidents_report(page->incidents, now_ns);
    if (!view->report || view_links(view) < 0) {
        page_view_freep(&view);
        return NULL;
    }
    if (page->packets)
        view->report->packets = view_packets(view);
    view_trends(view, page->trend);
    return view;
}

void page_view_freep(struct page_view **view)
{
    if (!*view)
        return;
    snapshots_done(&(*view)->snapshots);
    hash_index_done(&(*view)->links.rows);
    page_devices_free((*view)->devices);
    free((*view)->report);
    free(*view);
    *view = NULL;
}
