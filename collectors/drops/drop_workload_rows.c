/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_workload_rows.h"

/* Makes the tables of drops by workload for a snapshot. The collector's thread. */

#include <errno.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_rows.h"

/* In the order of the labels of netdrop_workload_drops_total. */
enum {
    LABEL_UNIT,
    LABEL_CONTAINER_ID,
    LABEL_POD_UID,
    LABEL_CLASS,  /* in the info: the control group */
    LABEL_REASON, /* this and the next only in detail */
    LABEL_NETNS,
    LABEL_COUNT
};

static const char *const labels[LABEL_COUNT] = {"unit",  "container_id", "pod_uid",
                                                "class", "reason",       "netns"};
static const char *const info_labels[] = {"unit", "container_id", "pod_uid", "cgroup"};

static const char *const unowned_units[DROP_UNOWNED_COUNT] = {
    [DROP_UNOWNED_NONE] = "", [DROP_UNOWNED_UNKNOWN] = "unknown", [DROP_UNOWNED_OTHER] = "other"};

int drop_workload_rows_init(struct drop_workload_rows *rows, bool detail)
{
    int error = 0;

    *rows = (struct drop_workload_rows){.detail = detail};
    for (size_t i = 0; i < DROP_WORKLOAD_TABLES && error == 0; i++)
        error = column_set_new(&drop_workload_metrics[i], 1, &rows->columns[i]);
    if (error == 0)
        error = drop_rows_of_classes(&rows->rows[DROP_WORKLOAD_FORGOTTEN]);
    if (error == 0)
        error = row_set_new_single(&rows->rows[DROP_WORKLOAD_UDP_FORGOTTEN]);
    return error;
}

void drop_workload_rows_done(struct drop_workload_rows *rows)
{
    for (size_t i = 0; i < DROP_WORKLOAD_TABLES; i++) {
        column_set_unref(rows->columns[i]);
        row_set_unref(rows->rows[i]);
    }
    *rows = (struct drop_workload_rows){};
}

static int add_workload(struct row_set *rows, const struct drop_workload_labels *texts)
{
    return row_set_add(rows, (const char *const[LABEL_COUNT]){
                                 [LABEL_UNIT] = texts->who.unit,
                                 [LABEL_CONTAINER_ID] = texts->who.container_id,
                                 [LABEL_POD_UID] = texts->who.pod_uid,
                                 [LABEL_CLASS] = loss_class_name(texts->loss_class),
                                 [LABEL_REASON] = texts->reason,
                                 [LABEL_NETNS] = drop_netns_name(texts->netns),
                             });
}

static int add_unowned(struct row_set *rows, enum drop_unowned unowned, enum loss_class loss_class)
{
    return row_set_add(rows, (const char *const[LABEL_COUNT]){[LABEL_UNIT] = unowned_units[unowned],
                                                              [LABEL_CONTAINER_ID] = "",
                                                              [LABEL_POD_UID] = "",
                                                              [LABEL_CLASS] = loss_class_name(loss_class),
                                                              [LABEL_REASON] = "",
                                                              [LABEL_NETNS] = ""});
}

/* Returns true if the row is shown. The rows for drops without a workload, and for drops whose workload is
 * unknown because events were lost, are shown from 0 on. */
static bool unowned_shown(const struct drop_workloads *workloads, unsigned unowned, unsigned loss_class)
{
    return unowned == DROP_UNOWNED_NONE || (unowned == DROP_UNOWNED_UNKNOWN && loss_class == LOSS_UNKNOWN) ||
           workloads->unowned[unowned][loss_class];
}

/* Renders the workloads in the order of the table, then the rows of drops without a workload. */
static int render_workloads(struct drop_workload_rows *rows, const struct drop_workloads *workloads)
{
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(labels, rows->detail ? LABEL_COUNT : LABEL_REASON, &set);

    for (size_t i = 0; i < workloads->count && error >= 0; i++)
        error = add_workload(set, &workloads->items[i].labels);
    for (unsigned unowned = 0; unowned < DROP_UNOWNED_COUNT; unowned++)
        for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT && error >= 0; loss_class++)
            if (unowned_shown(workloads, unowned, loss_class))
                error = add_unowned(set, unowned, loss_class);
    if (error < 0)
        return error;
    row_set_replace(&rows->rows[DROP_WORKLOAD_ROWS], take_ptr(set));
    rows->generation = workloads->generation;
    return 0;
}

static void fill_workloads(struct table *table, const struct drop_workloads *workloads, uint64_t unknown)
{
    size_t row = 0;

    for (size_t i = 0; i < workloads->count; i++)
        table_set(table, row++, 0, workloads->items[i].count);
    for (unsigned unowned = 0; unowned < DROP_UNOWNED_COUNT; unowned++)
        for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
            bool lost = unowned == DROP_UNOWNED_UNKNOWN && loss_class == LOSS_UNKNOWN;

            if (unowned_shown(workloads, unowned, loss_class))
                table_set(table, row++, 0, workloads->unowned[unowned][loss_class] + (lost ? unknown : 0));
        }
}

/* Renders rows without class and detail. */
static int render_udp(struct drop_workload_rows *rows, const struct drop_workloads *udp)
{
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(labels, LABEL_CLASS, &set);

    for (size_t i = 0; i < udp->count && error >= 0; i++)
        error = add_workload(set, &udp->items[i].labels);
    for (unsigned unowned = DROP_UNOWNED_UNKNOWN; unowned < DROP_UNOWNED_COUNT && error >= 0; unowned++)
        error = add_unowned(set, unowned, LOSS_CAPACITY);
    if (error < 0)
        return error;
    row_set_replace(&rows->rows[DROP_WORKLOAD_UDP], take_ptr(set));
    rows->udp_generation = udp->generation;
    return 0;
}

static void fill_udp(struct table *table, const struct drop_workloads *udp, uint64_t unknown)
{
    size_t row = 0;

    for (size_t i = 0; i < udp->count; i++)
        table_set(table, row++, 0, udp->items[i].count);
    table_set(table, row++, 0, udp->unowned[DROP_UNOWNED_UNKNOWN][LOSS_CAPACITY] + unknown);
    table_set(table, row++, 0, udp->unowned[DROP_UNOWNED_OTHER][LOSS_CAPACITY]);
}

/* Adds the control group of each workload once, whatever its classes are. */
static int render_infos(struct row_set *set, const struct drop_workloads *workloads, struct hash_index *known)
{
    int error = 0;

    for (size_t i = 0; i < workloads->count && error >= 0; i++) {
        const struct drop_workload *item = &workloads->items[i];
        const struct workload *who = &item->labels.who;
        uint64_t hash = workload_hash(who);

        if (hash_index_find(known, hash, other, workload_equal(&workloads->items[other].labels.who, who)) !=
            HASH_NONE)
            continue;
        error = hash_index_add(known, hash, i);
        if (error == 0)
            error = row_set_add(
                set, (const char *const[]){who->unit, who->container_id, who->pod_uid, item->cgroup});
    }
    return error < 0 ? error : 0;
}

static int render_info(struct drop_workload_rows *rows, const struct drop_workloads *workloads)
{
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    struct hash_index known = {};
    int error = row_set_new(info_labels, ELEMENTS(info_labels), &set);

    if (error == 0)
        error = render_infos(set, workloads, &known);
    hash_index_done(&known);
    if (error < 0)
        return error;
    row_set_replace(&rows->rows[DROP_WORKLOAD_INFO], take_ptr(set));
    return 0;
}

static int render(struct drop_workload_rows *rows, const struct drop_book *book, bool udp)
{
    int error = 0;

    if (!rows->rows[DROP_WORKLOAD_ROWS] || rows->generation != book->workloads.generation) {
        error = render_info(rows, &book->workloads);
        if (error == 0)
            error = render_workloads(rows, &book->workloads);
    }
    if (error == 0 && udp && (!rows->rows[DROP_WORKLOAD_UDP] || rows->udp_generation != book->udp.generation))
        error = render_udp(rows, &book->udp);
    return error;
}

int drop_workload_rows_fill(struct drop_workload_rows *rows, struct drop_book *book,
                            const struct drop_status *status, struct snapshot *draft)
{
    struct table *tables[DROP_WORKLOAD_TABLES] = {};
    size_t count = status->udp_apart ? DROP_WORKLOAD_TABLES : DROP_WORKLOAD_UDP;
    int error = render(rows, book, status->udp_apart);

    if (error < 0)
        return error;
    for (size_t i = 0; i < count; i++) {
        tables[i] = snapshot_add_table(draft, rows->columns[i], rows->rows[i]);
        if (!tables[i])
            return -ENOMEM;
    }
    fill_workloads(tables[DROP_WORKLOAD_ROWS], &book->workloads, status->unknown);
    snapshot_limit(draft, drop_workloads_staying(&book->workloads), book->workloads.max);
    for (size_t i = 0; i < rows->rows[DROP_WORKLOAD_INFO]->count; i++)
        table_set(tables[DROP_WORKLOAD_INFO], i, 0, 1);
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++)
        table_set(tables[DROP_WORKLOAD_FORGOTTEN], loss_class, 0, book->workloads.forgotten[loss_class]);
    if (status->udp_apart) {
        fill_udp(tables[DROP_WORKLOAD_UDP], &book->udp, status->udp_unknown);
        snapshot_limit(draft, drop_workloads_staying(&book->udp), book->udp.max);
        table_set(tables[DROP_WORKLOAD_UDP_FORGOTTEN], 0, 0, book->udp.forgotten[LOSS_CAPACITY]);
    }
    return 0;
}
