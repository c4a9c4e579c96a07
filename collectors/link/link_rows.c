/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_rows.h"

/* Makes the row sets of the link collector, only when links change. The link collector's thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

static const char *const link_labels[] = {"device", "kind"};
static const char *const info_labels[] = {"device", "kind", "ifindex", "master", "address", "alias", "bus"};
static const char *const peer_labels[] = {"device", "peer"};
static const char *const excluded_labels[] = {"kind"};

void link_rows_done(struct link_rows *rows)
{
    row_set_unref(rows->links);
    row_set_unref(rows->devices);
    row_set_unref(rows->info);
    row_set_unref(rows->peers);
    row_set_unref(rows->excluded);
    free(rows->excluded_kinds);
    *rows = (struct link_rows){};
}

static int exclude(struct link_rows *rows, const char *kind)
{
    struct link_excluded *excluded;

    for (size_t i = 0; i < rows->excluded_count; i++) {
        if (strcmp(rows->excluded_kinds[i].kind, kind) == 0) {
            rows->excluded_kinds[i].devices++;
            return 0;
        }
    }
    if (array_grow(rows->excluded_kinds, rows->excluded_count, rows->excluded_capacity) < 0)
        return -ENOMEM;
    excluded = &rows->excluded_kinds[rows->excluded_count++];
    excluded->devices = 1;
    strcpy(excluded->kind, kind);
    return row_set_add(rows->excluded, &kind);
}

static int add_info(struct link_rows *rows, const struct link_table *links, const struct link *link)
{
    const struct link *master = link_table_find(links, link->master);
    char ifindex[16];

    (void)snprintf(ifindex, sizeof(ifindex), "%d", link->ifindex);
    return row_set_add(rows->info,
                       (const char *const[]){link->device, link->kind, ifindex, master ? master->device : "",
                                             link->address, link->alias, link->bus});
}

/* The other end may be in another namespace, where its ifindex may be that of another link here. */
static int add_peer(struct link_rows *rows, const struct link_table *links, const struct link *link)
{
    const struct link *peer = link->netns_id < 0 ? link_table_find(links, link->other) : NULL;

    if (strcmp(link->kind, "veth") != 0)
        return 0;
    return row_set_add(rows->peers, (const char *const[]){link->device, peer ? peer->device : ""});
}

static int add_link(struct link_rows *rows, struct link_table *links, struct link *link)
{
    int error = row_set_add(rows->links, (const char *const[]){link->device, link->kind});

    /* Two links of one name do not exist: the table is out of date. */
    if (error == -EEXIST) {
        links->resync_due = true;
        return 0;
    }
    if (error < 0)
        return error;
    link->row = (uint32_t)error;
    if (rows->devices)
        error = row_set_add(rows->devices, &link->device);
    if (error >= 0)
        error = add_info(rows, links, link);
    return error < 0 ? error : add_peer(rows, links, link);
}

static int make_rows(struct link_rows *rows, struct link_table *links, const struct device_filter *filter)
{
    int error;

    error = row_set_new(link_labels, ELEMENTS(link_labels), &rows->links);
    if (error == 0 && rows->by_device)
        error = row_set_new(link_labels, 1, &rows->devices);
    if (error == 0)
        error = row_set_new(info_labels, ELEMENTS(info_labels), &rows->info);
    if (error == 0)
        error = row_set_new(peer_labels, ELEMENTS(peer_labels), &rows->peers);
    if (error == 0)
        error = row_set_new(excluded_labels, ELEMENTS(excluded_labels), &rows->excluded);
    for (size_t i = 0; i < links->count && error >= 0; i++) {
        struct link *link = links->items[i];

        link->row = LINK_NO_ROW;
        if (device_filter_match(filter, link->device, link->kind))
            error = add_link(rows, links, link);
        else
            error = exclude(rows, link->kind);
    }
    return error < 0 ? error : 0;
}

int link_rows_update(struct link_rows *rows, struct link_table *links, const struct device_filter *filter)
{
    struct link_rows fresh = {.generation = links->generation, .by_device = rows->by_device};
    int error;

    if (rows->generation == links->generation)
        return 0;
    error = make_rows(&fresh, links, filter);
    if (error < 0) {
        link_rows_done(&fresh);
        rows->generation = 0; /* the links have lost their old rows */
        return error;
    }
    row_set_seal(fresh.links);
    if (fresh.devices)
        row_set_seal(fresh.devices);
    row_set_seal(fresh.info);
    row_set_seal(fresh.peers);
    row_set_seal(fresh.excluded);
    link_rows_done(rows);
    *rows = fresh;
    return 0;
}
