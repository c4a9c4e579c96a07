/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/*
 * See page_view.h. Devices are looked up by name, for what is said of one comes from several tables: by hash,
 * so that a page of 4,000 interfaces holds up no scrape. On the HTTP threads.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The table that has such a column, by the metric's name or, where that is NULL, its role. */
static const struct table *find_column(const struct page_view *view, const char *metric, enum role role,
                                       size_t *ret_column)
{
    for (size_t slot = 0; slot < PAGE_SNAPSHOTS_MAX; slot++) {
        const struct snapshot *snapshot = view->snapshots[slot];

        for (size_t i = 0; snapshot && i < snapshot->table_count; i++) {
            const struct table *table = &snapshot->tables[i];
            int column = metric ? table_find_column(table, metric) : table_find_role(table, role);

            if (column < 0)
                continue;
            *ret_column = (size_t)column;
            return table;
        }
    }
    return NULL;
}

const struct table *page_find_role(const struct page_view *view, enum role role, size_t *ret_column)
{
    return find_column(view, NULL, role, ret_column);
}

static int index_make(const struct table *table, const struct label_value *only, struct page_index *index)
{
    *index = (struct page_index){.table = table, .only = *only};
    if (hash_index_reserve(&index->rows, table->rows->count) < 0)
        return -ENOMEM;
    for (size_t row = 0; row < table->rows->count; row++) {
        char device[64];

        if (label_value_holds(only, table->rows, row) &&
            row_set_label(table->rows, row, "device", device, sizeof(device)) >= 0)
            (void)hash_index_add(&index->rows, hash_text(HASH_EMPTY, device), row); /* its room is there */
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

static bool same_rows(const struct label_value *a, const struct label_value *b)
{
    if (!a->label || !b->label)
        return a->label == b->label;
    return !strcmp(a->label, b->label) && !strcmp(a->value, b->value);
}

/* The index of these rows of a table, made where there is none yet. -ENOMEM, -ENOENT where there are too
 * many.
 */
static int find_index(struct page_view *view, const struct table *table, const struct label_value *only,
                      const struct page_index **ret_index)
{
    int error;

    if (table == view->links.table && same_rows(only, &view->links.only)) {
        *ret_index = &view->links;
        return 0;
    }
    for (size_t i = 0; i < view->limit_count; i++)
        if (table == view->limits[i].table && same_rows(only, &view->limits[i].only)) {
            *ret_index = &view->limits[i];
            return 0;
        }
    if (view->limit_count == PAGE_LIMIT_TABLES_MAX)
        return -ENOENT;
    error = index_make(table, only, &view->limits[view->limit_count]);
    if (error == 0)
        *ret_index = &view->limits[view->limit_count++];
    return error;
}

int page_find_limit(struct page_view *view, const struct meaning_limit *limit, const char *metric,
                    const char *subject, uint64_t *ret_value)
{
    size_t column, row = 0;
    const struct table *table = find_column(view, metric, ROLE_NONE, &column);
    const struct page_index *index = NULL;
    char device[64];
    int error;

    if (!table || !table->rows->count)
        return -ENOENT;
    if (row_set_label(table->rows, 0, "device", device, sizeof(device)) >= 0) {
        error = find_index(view, table, &limit->only, &index);
        if (error < 0)
            return error;
        if (!page_find_device(index, subject, &row))
            return -ENOENT;
    } else if (table->rows->count != 1) {
        return -ENOENT;
    }
    return table_get(table, row, column, ret_value) ? 0 : -ENOENT;
}

/* The table of interfaces. */
static int view_links(struct page_view *view)
{
    static const struct label_value all = {};
    size_t column;
    const struct table *table = page_find_role(view, ROLE_DEVICE_UP, &column);

    return table ? index_make(table, &all, &view->links) : 0;
}

/* What moved, as of now. */
static void view_trends(struct page_view *view, struct trend *trend)
{
    struct trend_question question = {.purposes = PURPOSE_LOSS, .points = TREND_POINTS, .growing = true};

    trend_extent(trend, &view->extent);
    view->loss_count = trend_select(trend, &question, view->losses, PAGE_LOSSES_MAX);
    question.purposes = PURPOSE_OTHER;
    view->other_count = trend_select(trend, &question, view->others, PAGE_LOSSES_MAX);
    question.purposes = PURPOSE_TRAFFIC;
    question.points = 1;
    view->traffic_count = trend_select(trend, &question, view->traffic, TREND_LINES_MAX);
}

struct page_view *page_view_new(const struct registry *registry, struct trend *trend, uint64_t now_ns)
{
    struct page_view *view = malloc(sizeof(*view));

    if (!view)
        return NULL;
    view->registry = registry;
    for (size_t slot = 0; slot < PAGE_SNAPSHOTS_MAX; slot++)
        view->snapshots[slot] =
            slot < registry_count(registry) ? registry_snapshot(registry, slot, now_ns) : NULL;
    view->links = (struct page_index){};
    view->limit_count = 0;
    if (view_links(view) < 0) {
        page_view_freep(&view);
        return NULL;
    }
    trend_look(trend, now_ns);
    view_trends(view, trend);
    return view;
}

void page_view_freep(struct page_view **view)
{
    if (!*view)
        return;
    for (size_t slot = 0; slot < PAGE_SNAPSHOTS_MAX; slot++)
        snapshot_unref((*view)->snapshots[slot]);
    hash_index_done(&(*view)->links.rows);
    for (size_t i = 0; i < (*view)->limit_count; i++)
        hash_index_done(&(*view)->limits[i].rows);
    free(*view);
}
