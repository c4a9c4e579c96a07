/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_rows.h"

/* Makes the tables of drop sites for a snapshot. The collector's thread. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_metrics.h"

/* In the order of the labels of netdrop_kernel_drops_total. */
enum {
    LABEL_FUNCTION,
    LABEL_MODULE,
    LABEL_REASON,
    LABEL_CLASS,
    LABEL_DEVICE,
    LABEL_NETNS,
    LABEL_PROTOCOL,
    LABEL_OFFSET, /* opt-in */
    LABEL_COUNT
};

static const char *const labels[LABEL_COUNT] = {"function", "module", "reason",   "class",
                                                "device",   "netns",  "protocol", "offset"};

static const char *const lost_causes[DROP_LOST_COUNT] = {
    [DROP_LOST_QUEUE] = "queue",
    [DROP_LOST_MAP_FULL] = "map_full",
    [DROP_LOST_RECURSION] = "recursion",
};

static const char *const overflow_causes[DROP_OVERFLOW_COUNT] = {
    [DROP_OVERFLOW_SOCKET] = "socket",
    [DROP_OVERFLOW_SUMMARY_WINDOW] = "summary_window",
    [DROP_OVERFLOW_STOPPED] = "stopped",
};

static const char *const netns_names[DROP_NETNS_COUNT] = {
    [DROP_NETNS_NONE] = "", [DROP_NETNS_SELF] = "self", [DROP_NETNS_OTHER] = "other"};

const char *drop_netns_name(enum drop_netns netns)
{
    return netns_names[netns];
}

static const char *const protocol_names[DROP_PROTOCOL_COUNT] = {
    [DROP_PROTOCOL_NONE] = "",   [DROP_PROTOCOL_IPV4] = "ipv4", [DROP_PROTOCOL_IPV6] = "ipv6",
    [DROP_PROTOCOL_ARP] = "arp", [DROP_PROTOCOL_VLAN] = "vlan", [DROP_PROTOCOL_OTHER] = "other",
};

/* Makes rows with one label each, in this order. */
static int list_rows(const char *label, const char *const *values, size_t count, struct row_set **ret_rows)
{
    int error = row_set_new(&label, 1, ret_rows);

    for (size_t i = 0; i < count && error >= 0; i++)
        error = row_set_add(*ret_rows, &values[i]);
    if (error < 0)
        return error;
    row_set_seal(*ret_rows);
    return 0;
}

int drop_rows_of_classes(struct row_set **ret_rows)
{
    const char *names[LOSS_CLASS_COUNT];

    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++)
        names[loss_class] = loss_class_name(loss_class);
    return list_rows("class", names, LOSS_CLASS_COUNT, ret_rows);
}

int drop_rows_init(struct drop_rows *rows, bool label_offset)
{
    int error = 0;

    *rows = (struct drop_rows){.label_offset = label_offset};
    for (size_t i = 0; i < DROP_ROWS_COUNT && error == 0; i++)
        error = column_set_new(drop_metrics[i].metrics, drop_metrics[i].count, &rows->columns[i]);
    if (error == 0)
        error = drop_rows_of_classes(&rows->rows[DROP_ROWS_CLASSES]);
    if (error == 0)
        error = drop_rows_of_classes(&rows->rows[DROP_ROWS_FORGOTTEN]);
    if (error == 0)
        error = drop_rows_of_classes(&rows->rows[DROP_ROWS_SEGMENTS]);
    if (error == 0)
        error = row_set_new_single(&rows->rows[DROP_ROWS_SOURCE]);
    if (error == 0)
        error = list_rows("cause", lost_causes, DROP_LOST_COUNT, &rows->rows[DROP_ROWS_LOST]);
    if (error == 0)
        error = list_rows("cause", overflow_causes, DROP_OVERFLOW_COUNT, &rows->rows[DROP_ROWS_OVERFLOWS]);
    return error;
}

void drop_rows_done(struct drop_rows *rows)
{
    for (size_t i = 0; i < DROP_ROWS_COUNT; i++) {
        column_set_unref(rows->columns[i]);
        row_set_unref(rows->rows[i]);
    }
    *rows = (struct drop_rows){};
}

static int add_site(struct row_set *rows, const struct drop_site *site)
{
    const struct drop_labels *texts = &site->labels;
    char offset[16] = "";

    if (texts->offset)
        (void)snprintf(offset, sizeof(offset), "0x%x", texts->offset);
    return row_set_add(rows, (const char *const[LABEL_COUNT]){
                                 [LABEL_FUNCTION] = texts->function,
                                 [LABEL_MODULE] = texts->module,
                                 [LABEL_REASON] = texts->reason,
                                 [LABEL_CLASS] = loss_class_name(site->loss_class),
                                 [LABEL_DEVICE] = texts->device,
                                 [LABEL_NETNS] = texts->space[0] ? texts->space : netns_names[texts->netns],
                                 [LABEL_PROTOCOL] = protocol_names[texts->protocol],
                                 [LABEL_OFFSET] = offset,
                             });
}

static int add_other(struct row_set *rows, enum loss_class loss_class)
{
    return row_set_add(rows, (const char *const[LABEL_COUNT]){
                                 [LABEL_FUNCTION] = "other",
                                 [LABEL_MODULE] = "",
                                 [LABEL_REASON] = "other",
                                 [LABEL_CLASS] = loss_class_name(loss_class),
                                 [LABEL_DEVICE] = "",
                                 [LABEL_NETNS] = "",
                                 [LABEL_PROTOCOL] = "",
                                 [LABEL_OFFSET] = "",
                             });
}

/* Renders the sites in the order of the table, then the `other` rows that are in use. */
static int render_sites(struct drop_rows *rows, const struct drop_table *sites)
{
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(labels, rows->label_offset ? LABEL_COUNT : LABEL_OFFSET, &set);

    for (size_t i = 0; i < sites->count && error >= 0; i++)
        error = add_site(set, &sites->sites[i]);
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT && error >= 0; loss_class++)
        if (sites->other[loss_class])
            error = add_other(set, loss_class);
    if (error < 0)
        return error;
    row_set_replace(&rows->rows[DROP_ROWS_SITES], take_ptr(set));
    rows->generation = sites->generation;
    return 0;
}

static int render_info(struct drop_rows *rows, const char *source, const char *mode)
{
    static const char *const names[] = {"source", "mode"};
    _cleanup_(row_set_unrefp) struct row_set *set = NULL;
    int error = row_set_new(names, ELEMENTS(names), &set);

    if (error == 0)
        error = row_set_add(set, (const char *const[]){source, mode});
    if (error < 0)
        return error;
    row_set_replace(&rows->rows[DROP_ROWS_INFO], take_ptr(set));
    rows->mode = mode;
    return 0;
}

static void fill_sites(struct table *table, const struct drop_table *sites)
{
    size_t row = 0;

    for (size_t i = 0; i < sites->count; i++)
        table_set(table, row++, 0, sites->sites[i].count);
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++)
        if (sites->other[loss_class])
            table_set(table, row++, 0, sites->other[loss_class]);
}

static void fill_source(struct table *table, const struct drop_table *sites, const struct drop_status *status)
{
    table_set(table, 0, DROP_COLUMN_SITES, sites->count);
    if (status->active != DROP_ACTIVE_UNKNOWN)
        table_set(table, 0, DROP_COLUMN_ACTIVE, status->active == DROP_ACTIVE_YES);
    if (status->map_bytes)
        table_set(table, 0, DROP_COLUMN_MAP_BYTES, status->map_bytes);
    if (!status->records)
        return;
    table_set(table, 0, DROP_COLUMN_RECORDED_SITES, status->recorded_sites);
    table_set(table, 0, DROP_COLUMN_RECORDED, status->recorded);
    table_set(table, 0, DROP_COLUMN_UNRECORDED, status->unrecorded);
}

static void fill_losses(struct table *tables[DROP_ROWS_COUNT], const struct drop_table *sites,
                        const struct drop_status *status)
{
    uint64_t lost = 0;

    for (unsigned cause = 0; cause < DROP_LOST_COUNT; cause++) {
        lost += status->lost[cause];
        table_set(tables[DROP_ROWS_LOST], cause, 0, status->lost[cause]);
    }
    for (unsigned cause = 0; cause < DROP_OVERFLOW_COUNT; cause++)
        table_set(tables[DROP_ROWS_OVERFLOWS], cause, 0, status->overflows[cause]);
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
        uint64_t here = loss_class == LOSS_UNKNOWN ? lost : 0;

        table_set(tables[DROP_ROWS_CLASSES], loss_class, 0, sites->totals[loss_class] + here);
        table_set(tables[DROP_ROWS_FORGOTTEN], loss_class, 0, sites->forgotten[loss_class]);
        if (status->segments)
            table_set(tables[DROP_ROWS_SEGMENTS], loss_class, 0, sites->segments[loss_class] + here);
    }
}

int drop_rows_fill(struct drop_rows *rows, const struct drop_table *sites, const char *source,
                   const struct drop_status *status, struct snapshot *draft)
{
    struct table *tables[DROP_ROWS_COUNT];
    int error = 0;

    if (!rows->rows[DROP_ROWS_SITES] || rows->generation != sites->generation)
        error = render_sites(rows, sites);
    if (error == 0 && (!rows->mode || strcmp(rows->mode, status->mode) != 0))
        error = render_info(rows, source, status->mode);
    if (error < 0)
        return error;
    for (size_t i = 0; i < DROP_ROWS_COUNT; i++) {
        tables[i] = snapshot_add_table(draft, rows->columns[i], rows->rows[i]);
        if (!tables[i])
            return -ENOMEM;
    }
    fill_sites(tables[DROP_ROWS_SITES], sites);
    for (int spaced = 0; spaced < 2; spaced++)
        snapshot_limit(draft, drop_table_staying(sites, spaced), sites->max);
    fill_source(tables[DROP_ROWS_SOURCE], sites, status);
    fill_losses(tables, sites, status);
    table_set(tables[DROP_ROWS_INFO], 0, 0, 1);
    return 0;
}
